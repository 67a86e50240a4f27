//! The message bar on the map: what happened, what was kept, what to do. Errors and messages with a list of problems
//! stay, the rest goes after five seconds.

use std::time::Duration;

use egui::{Align, Align2, Frame, Id, Label, Layout, Margin, Rect, RichText, ScrollArea, Sense, Stroke, Ui};

use super::ask::{Asks, UiAsk};
use super::icons::icon_fill;
use super::sheet::{Sheet, sheet};
use super::theme::{self, RADIUS_CARD, Tokens};
use super::widgets::{self, Tone};
use crate::session::Session;
use crate::session::command::{Command, LookCommand};
use crate::session::place;
use crate::session::state::{Notice, NoticeLevel};
use crate::task::{Problem, Severity};
use crate::text::Lang;

/// How long a message stays that is no error and lists nothing.
const STAYS: Duration = Duration::from_secs(5);
/// Most bars at once; older ones wait.
const MOST_BARS: usize = 3;
/// Most rows of the problem list that are laid out.
const MOST_PROBLEMS: usize = 2000;
/// So many problems are shown with all their words; of more, each has one line.
const FEW_PROBLEMS: usize = 20;

/// What the message bar remembers: the list of problems that is open.
#[derive(Debug, Default)]
pub struct NoticesState {
    problems: Option<Vec<Problem>>,
}

impl NoticesState {
    /// Opens the list with these problems.
    pub fn show_problems(&mut self, problems: Vec<Problem>) {
        self.problems = Some(problems);
    }

    /// Whether the list is open.
    pub fn is_open(&self) -> bool {
        self.problems.is_some()
    }

    /// Closes the list.
    pub fn close(&mut self) {
        self.problems = None;
    }
}

/// Shows the bars at the top of the map.
pub fn notices_ui(ui: &mut Ui, session: &Session, state: &mut NoticesState, map: Rect, asks: &mut Asks) {
    close_old(ui, session, asks);
    let width = (map.width() - 24.0).min(720.0);
    let mut top = map.top() + 12.0;
    let mut bars: Vec<&Notice> = session.notices().iter().rev().take(MOST_BARS).collect();
    bars.sort_by_key(|notice| notice.id);
    for notice in bars {
        let area = egui::Area::new(Id::unique(("notice", notice.id)))
            .fixed_pos([map.center().x, top])
            .pivot(Align2::CENTER_TOP)
            .constrain(false)
            .order(egui::Order::Middle);
        let shown = area.show(ui.ctx(), |ui| {
            ui.set_max_width(width);
            bar(ui, notice, session.lang(), state, asks);
        });
        top = shown.response.rect.bottom() + 8.0;
    }
    problem_list(ui, session.lang(), state, asks);
}

fn close_old(ui: &Ui, session: &Session, asks: &mut Asks) {
    let goes = |notice: &&Notice| notice.level != NoticeLevel::Error && notice.details.is_empty();
    for notice in session.notices().iter().filter(goes) {
        match STAYS.checked_sub(notice.since.elapsed()) {
            Some(rest) if !rest.is_zero() => ui.ctx().request_repaint_after(rest),
            _ => asks.push(close(notice.id)),
        }
    }
}

fn close(id: u64) -> UiAsk {
    UiAsk::Run(Command::Look(LookCommand::CloseNotice(id)))
}

fn tone(level: NoticeLevel) -> Tone {
    match level {
        NoticeLevel::Info => Tone::Info,
        NoticeLevel::Ok => Tone::Ok,
        NoticeLevel::Warning => Tone::Warn,
        NoticeLevel::Error => Tone::Err,
    }
}

fn bar(ui: &mut Ui, notice: &Notice, lang: Lang, state: &mut NoticesState, asks: &mut Asks) {
    let tone = tone(notice.level);
    let (color, ground) = tone.colors(Tokens::of(ui));
    let frame = Frame::new()
        .fill(ground)
        .stroke(Stroke::new(1.0, color))
        .corner_radius(RADIUS_CARD)
        .shadow(theme::floating_shadow(ui.visuals().dark_mode))
        .inner_margin(Margin { left: 12, right: 4, top: 3, bottom: 3 });
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(icon_fill(tone.icon()).color(color));
            let buttons = 40.0 + if notice.details.is_empty() { 0.0 } else { 90.0 };
            let words = Label::new(RichText::new(notice.text.get(lang))).wrap();
            let wide = widgets::layout(ui, notice.text.get(lang), theme::body()).size().x;
            let room = (ui.available_width() - buttons).min(wide + 2.0).max(80.0);
            ui.scope(|ui| {
                ui.set_max_width(room);
                ui.add(words);
            });
            if !notice.details.is_empty() && ui.button(details_words(notice, lang)).clicked() {
                state.show_problems(notice.details.clone());
            }
            if widgets::icon_button(ui, "X", lang.pick("关闭消息", "Close the message")).clicked() {
                asks.push(close(notice.id));
            }
        });
    });
}

fn details_words(notice: &Notice, lang: Lang) -> String {
    let count = notice.details.len();
    match lang {
        Lang::Zh => format!("查看 {count} 个问题"),
        Lang::En => format!("{count} problems"),
    }
}

fn problem_list(ui: &Ui, lang: Lang, state: &mut NoticesState, asks: &mut Asks) {
    let Some(problems) = &state.problems else { return };
    let title = lang.pick("问题列表", "Problems");
    let frame = Sheet { id: "problems", title, icon: "WARNING", width: 520.0, lang };
    let closed = sheet(ui.ctx(), &frame, |ui| {
        let words = match lang {
            Lang::Zh => format!("共 {} 个；点一行在地图上查看", problems.len()),
            Lang::En => format!("{} in all; click one to see it on the map", problems.len()),
        };
        ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
        let shown = problems.len().min(MOST_PROBLEMS);
        if shown <= FEW_PROBLEMS {
            // Room for every word.
            ScrollArea::vertical().max_height(360.0).auto_shrink([false, true]).show(ui, |ui| {
                problems.iter().for_each(|problem| whole_problem(ui, problem, lang, asks));
            });
            return;
        }
        ScrollArea::vertical().max_height(360.0).auto_shrink([false, true]).show_rows(
            ui,
            theme::ROW,
            shown,
            |ui, rows| {
                problems[rows].iter().for_each(|problem| problem_row(ui, problem, lang, asks));
            },
        );
    });
    if closed {
        state.problems = None;
    }
}

/// A problem with all its words, in as many lines as they need.
fn whole_problem(ui: &mut Ui, problem: &Problem, lang: Lang, asks: &mut Asks) {
    let tone = if problem.severity == Severity::Error { Tone::Err } else { Tone::Warn };
    let (color, _) = tone.colors(Tokens::of(ui));
    ui.horizontal_top(|ui| {
        ui.label(icon_fill(tone.icon()).color(color));
        let number = problem.feature.map(|feature| format!("#{feature} ")).unwrap_or_default();
        let words = RichText::new(format!("{number}{}", problem.what.get(lang)));
        let Some(at) = problem.at else {
            ui.add(Label::new(words).wrap());
            return;
        };
        if ui.add(Label::new(words.underline()).wrap().sense(Sense::click())).clicked() {
            go_to(at, asks);
        }
    });
}

fn go_to(at: [f64; 2], asks: &mut Asks) {
    let world = place::world_from_lonlat(at);
    asks.push(UiAsk::GoToScale(world, place::metres_per_px(2500.0, world)));
}

fn problem_row(ui: &mut Ui, problem: &Problem, lang: Lang, asks: &mut Asks) {
    let words = problem.what.get(lang);
    let (rect, response) = widgets::list_row(ui, theme::ROW, false, words);
    let tone = if problem.severity == Severity::Error { Tone::Err } else { Tone::Warn };
    let (color, _) = tone.colors(Tokens::of(ui));
    let builder = egui::UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(builder, |ui| {
        ui.add_space(4.0);
        ui.label(icon_fill(tone.icon()).color(color));
        if let Some(feature) = problem.feature {
            ui.label(RichText::new(format!("#{feature}")).color(Tokens::of(ui).text2));
        }
        ui.add(Label::new(words).truncate());
    });
    let clicked = response.on_hover_text(words).clicked();
    if let (true, Some(at)) = (clicked, problem.at) {
        go_to(at, asks);
    }
}
