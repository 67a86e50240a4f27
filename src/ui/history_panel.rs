//! The steps of the city's journal, latest first: a click goes back, or forth, to just after that step.

use egui::{Align2, ScrollArea, Ui, pos2};
use jiff::tz::TimeZone;

use super::ask::{Asks, UiAsk};
use super::icons::icon_char;
use super::show;
use super::theme::{self, Tokens};
use super::widgets::{Tone, empty, hint_bar, list_row, text_in};
use crate::session::command::{Command, HistoryCommand};
use crate::session::{HistoryStep, Session};
use crate::text::Lang;

const ROW: f32 = 44.0;

/// Draws the list.
pub fn history_ui(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let Some(city) = session.city() else { return };
    let lang = session.lang();
    if let Some(reason) = &city.read_only {
        hint_bar(ui, Tone::Warn, reason.get(lang));
    }
    let commands = list_ui(ui, lang, session.history(), city.read_only.is_none());
    asks.extend(commands.into_iter().map(|command| UiAsk::Run(Command::History(command))));
}

/// The list; the steps back or forth that were asked for come back.
fn list_ui(ui: &mut Ui, lang: Lang, history: &[HistoryStep], may_write: bool) -> Vec<HistoryCommand> {
    if history.is_empty() {
        let words = lang.pick(
            "还没有修改。每一步都会记在这里，明天也能撤销。",
            "Nothing has been changed yet. Every step stands here and can be undone tomorrow, too.",
        );
        empty(ui, words, None);
        return Vec::new();
    }
    let zone = TimeZone::system();
    let mut commands = Vec::new();
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("history").auto_shrink(false).show_rows(ui, ROW, history.len(), |ui, rows| {
        for index in rows {
            let is_now = is_now(history, index);
            let clicked = row(ui, lang, &history[index], is_now, &zone);
            if clicked && may_write {
                commands = way_to(history, index);
            }
        }
    });
    commands
}

/// Whether the city is as it was just after this step.
fn is_now(history: &[HistoryStep], index: usize) -> bool {
    history.iter().position(|step| !step.undone) == Some(index)
}

/// From now to just after the step: undo the newer ones, or redo up to it. A step that was undone before others were
/// made cannot be done again: there is no way to it.
fn way_to(history: &[HistoryStep], index: usize) -> Vec<HistoryCommand> {
    if !history[index].undone {
        let newer = history[..index].iter().filter(|step| !step.undone).count();
        return vec![HistoryCommand::Undo; newer];
    }
    let again = history.iter().take_while(|step| step.undone).count();
    if index < again { vec![HistoryCommand::Redo; again - index] } else { Vec::new() }
}

fn row(ui: &mut Ui, lang: Lang, step: &HistoryStep, is_now: bool, zone: &TimeZone) -> bool {
    let tokens = Tokens::of(ui);
    let words = step.label.get(lang);
    let (room, response) = list_row(ui, ROW, is_now, words);
    let (sign, color) = match (is_now, step.undone) {
        (true, _) => ("CARET_RIGHT", tokens.accent),
        (false, true) => ("ARROW_U_UP_LEFT", tokens.text3),
        (false, false) => ("CHECK", tokens.text2),
    };
    let sign_at = pos2(room.left() + 16.0, room.center().y);
    ui.painter().text(sign_at, Align2::CENTER_CENTER, icon_char(sign), theme::icon_font(16.0), color);
    let (left, width) = (room.left() + 34.0, room.width() - 42.0);
    let ink = if step.undone { tokens.text3 } else { tokens.text };
    text_in(ui, pos2(left, room.top() + 14.0), words, theme::body(), ink, width);
    let mut below = vec![show::local_time(&step.time, zone), step.author.clone()];
    if step.undone {
        below.push(lang.pick("已撤销", "undone").to_owned());
    }
    below.retain(|part| !part.is_empty());
    text_in(ui, pos2(left, room.top() + 32.0), &below.join(" · "), theme::note(), tokens.text2, width);
    let tip = match (is_now, step.undone) {
        (true, _) => lang.pick("现在在这里", "This is now"),
        (false, true) => lang.pick("重做到这一步", "Redo up to this step"),
        (false, false) => lang.pick("回到这一步之后", "Go back to just after this step"),
    };
    response.on_hover_text(tip).clicked()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;
    use egui_kittest::{Harness, kittest::Queryable as _};

    #[test]
    fn the_way_back_undoes_newer_steps_and_the_way_forth_redoes() {
        // Latest first; `x` was taken back.
        check("...", 0, "");
        check("...", 2, "Undo Undo");
        check("x..", 2, "Undo");
        check("xx.", 0, "Redo Redo");
        check("xx.", 1, "Redo");
        check(".x.", 1, "");
        check(".x.", 2, "Undo");
    }

    #[test]
    fn a_click_on_a_step_goes_there() {
        let builder = Harness::builder().with_size(egui::vec2(344.0, 300.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            |ui, asked: &mut Vec<HistoryCommand>| asked.extend(list_ui(ui, Lang::En, &steps("..."), true)),
            Vec::new(),
        );
        harness.get_by_label("Step 1").click();
        harness.run();
        assert_eq!(*harness.state(), [HistoryCommand::Undo; 2]);
    }

    #[track_caller]
    fn check(history: &str, index: usize, expected: &str) {
        let way = way_to(&steps(history), index);
        assert_eq!(way.iter().map(|step| format!("{step:?}")).collect::<Vec<_>>().join(" "), expected);
    }

    fn steps(history: &str) -> Vec<HistoryStep> {
        let count = history.len();
        let step = |(index, mark): (usize, char)| HistoryStep {
            step: (count - index) as i64,
            time: "2026-11-22T06:03:27.000Z".into(),
            author: "李敏".into(),
            label: Text::owned(format!("第 {} 步", count - index), format!("Step {}", count - index)),
            undone: mark == 'x',
        };
        history.chars().enumerate().map(step).collect()
    }
}
