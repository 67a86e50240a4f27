//! Where to start: three people, three first clicks each. Every line does what it says.

use egui::{
    Align, Align2, Area, Context, Frame, Id, Layout, Margin, Order, Rect, RichText, Sense, Stroke, Ui, WidgetInfo,
    pos2, vec2,
};

use super::ask::{Asks, UiAsk};
use super::icons::{icon, icon_at, icon_char};
use super::sheet::hold_keys;
use super::theme::{self, RADIUS_CARD, Tokens};
use super::widgets::{button, floating_frame_of, focus_ring, icon_button, primary_button, text_in};
use crate::session::Session;
use crate::session::action::{ActionId, Needs, action};
use crate::session::command::{CityCommand, Command, SettingsCommand};
use crate::session::exchange::formats;
use crate::text::{Lang, Text};

const WIDTH: f32 = 1000.0;
const CARD: f32 = 296.0;
/// Most recent cities that are listed.
const MOST_RECENT: usize = 3;

/// Whether the page is open, and what waits for a city.
#[derive(Debug, Default)]
pub struct WelcomeState {
    is_open: bool,
    /// An action chosen before a city was open: done once it is.
    later: Option<ActionId>,
}

impl WelcomeState {
    /// Opens the page.
    pub fn open(&mut self) {
        self.is_open = true;
    }

    /// Whether it is on the screen.
    pub fn is_open(&self) -> bool {
        self.is_open
    }
}

/// One card: who it is for, what they do here, what to click first.
struct Card {
    icon: &'static str,
    title: Text,
    what: Text,
    lines: [(ActionId, Text); 3],
}

fn cards() -> [Card; 3] {
    [
        Card {
            icon: "EYE",
            title: Text::new("规划 · 看图", "Planners · look"),
            what: Text::new("开图层、查地名、量距离、出张图。", "Layers, places, distances, a map on paper."),
            lines: [
                (ActionId::Palette, Text::new("搜“甘棠湖”，拼音也行", "Search “Gantang”, pinyin works")),
                (ActionId::MeasureLength, Text::new("量一段距离", "Measure a distance")),
                (ActionId::PrintMap, Text::new("打印地图，或存成 PDF", "Print the map, or save it as PDF")),
            ],
        },
        Card {
            icon: "MAP_PIN_PLUS",
            title: Text::new("巡查 · 标注", "Inspectors · note"),
            what: Text::new("点一下、写一句、放张照片，三步存好。", "Click, write a line, add a photo: saved."),
            lines: [
                (ActionId::NotePoint, Text::new("在地图上加一条标注", "Put a note on the map")),
                (ActionId::NoteList, Text::new("看有哪些没办结", "See which notes are open")),
                (ActionId::Identify, Text::new("点一个要素，改它的属性", "Click a feature and change it")),
            ],
        },
        Card {
            icon: "CHART_BAR",
            title: Text::new("分析 · 导出", "Analysts · export"),
            what: Text::new("排序、筛选、选中，导出给别人。", "Sort, filter, select, hand out to others."),
            lines: [
                (ActionId::AttributeTable, Text::new("打开属性表，点表头排序", "Open the table, click a head to sort")),
                (ActionId::SelectWhere, Text::new("按条件选出要素", "Select features by a condition")),
                (ActionId::ExportLayer, Text::new("导出图层", "Export a layer")),
            ],
        },
    ]
}

/// Draws the page while it is open, and does what waited for a city.
pub fn welcome_ui(ctx: &Context, session: &Session, state: &mut WelcomeState, asks: &mut Asks) {
    if session.city().is_some()
        && let Some(id) = state.later.take()
    {
        asks.push(UiAsk::Act(id));
    }
    if !state.is_open {
        return;
    }
    let input = Input { lang: session.lang(), has_city: session.city().is_some(), recent: &session.settings().recent };
    page(ctx, &input, state, asks);
    if !state.is_open && !session.settings().welcome_seen {
        asks.push(UiAsk::Run(Command::Settings(SettingsCommand::WelcomeSeen)));
    }
}

struct Input<'a> {
    lang: Lang,
    has_city: bool,
    recent: &'a [std::path::PathBuf],
}

fn page(ctx: &Context, input: &Input<'_>, state: &mut WelcomeState, asks: &mut Asks) {
    hold_keys(ctx, "welcome");
    let tokens = Tokens::of_ctx(ctx);
    let dark = ctx.global_style().visuals.dark_mode;
    let veil = super::theme::see_through(tokens.panel, 115);
    let screen = ctx.content_rect();
    let layer = egui::LayerId::new(Order::Middle, Id::unique("welcome-veil"));
    ctx.layer_painter(layer).rect_filled(screen, 0, veil);
    let area = Area::new(Id::unique("welcome")).order(Order::Foreground).anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0));
    let name = input.lang.pick("从这里开始", "Where to start");
    let mut chosen = None;
    area.accessible_name(name).show(ctx, |ui| {
        floating_frame_of(tokens, dark).fill(tokens.panel).show(ui, |ui| {
            ui.set_width(WIDTH.min(screen.width() - 16.0));
            chosen = contents(ui, input, asks);
        });
    });
    let by_key = ctx.input_mut(|it| it.consume_key(egui::Modifiers::NONE, egui::Key::Escape));
    match chosen {
        Some(Choice::Close) => state.is_open = false,
        Some(Choice::Do(id)) => {
            state.is_open = false;
            choose(id, input.has_city, state, asks);
        }
        None if by_key => state.is_open = false,
        None => {}
    }
}

/// What was clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Close,
    Do(ActionId),
}

/// Without a city, an action that needs one opens the sample city first.
fn choose(id: ActionId, has_city: bool, state: &mut WelcomeState, asks: &mut Asks) {
    if has_city || action(id).needs == Needs::Nothing {
        asks.push(UiAsk::Act(id));
    } else {
        state.later = Some(id);
        asks.push(UiAsk::Act(ActionId::SampleCity));
    }
}

fn contents(ui: &mut Ui, input: &Input<'_>, asks: &mut Asks) -> Option<Choice> {
    let lang = input.lang;
    let mut choice = None;
    Frame::new().inner_margin(Margin::symmetric(32, 24)).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(24.0, 20.0);
        choice = head(ui, lang);
        ui.horizontal_top(|ui| {
            for card in cards() {
                choice = card_ui(ui, lang, &card).or(choice);
            }
        });
        choice = files(ui, input, asks).or(choice);
    });
    ui.painter().hline(ui.max_rect().x_range(), ui.cursor().top(), Stroke::new(1.0, Tokens::of(ui).line));
    Frame::new().inner_margin(Margin::symmetric(32, 12)).show(ui, |ui| promises(ui, lang));
    choice
}

/// The mark, what this is, the way into the sample city.
fn head(ui: &mut Ui, lang: Lang) -> Option<Choice> {
    let tokens = Tokens::of(ui);
    let mut choice = None;
    ui.horizontal(|ui| {
        let (room, _) = ui.allocate_exact_size(vec2(56.0, 56.0), Sense::hover());
        mark(ui, room);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.label(RichText::new(lang.pick("城格 · 九江示范城", "citygrid · the sample city")).size(24.0));
            let words = lang.pick("一座虚构的城市，按实际工作的规模造出来，随便点、随便改：关掉再开，一步都不丢。", "An invented city of real size: click and change what you like, close and open it again, no step is lost.");
            ui.label(RichText::new(words).color(tokens.text2));
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, "X", lang.pick("关闭", "Close")).clicked() {
                choice = Some(Choice::Close);
            }
            if primary_button(ui, Some("MAP_TRIFOLD"), lang.pick("打开示范城", "Open the sample city")).clicked() {
                choice = Some(Choice::Do(ActionId::SampleCity));
            }
        });
    });
    choice
}

/// Four cells, the sign of the program.
fn mark(ui: &Ui, room: Rect) {
    let accent = Tokens::of(ui).accent;
    let side = room.width() * 0.42;
    for (column, line, fill) in [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0, 0.55)] {
        let step = room.width() - side;
        let cell = Rect::from_min_size(room.min + vec2(column * step, line * step), vec2(side, side)).shrink(1.0);
        if fill > 0.0 {
            ui.painter().rect_filled(cell, 4, accent.gamma_multiply(fill));
        } else {
            ui.painter().rect_stroke(cell, 4, Stroke::new(3.0, accent), egui::StrokeKind::Inside);
        }
    }
}

fn card_ui(ui: &mut Ui, lang: Lang, card: &Card) -> Option<Choice> {
    let tokens = Tokens::of(ui);
    let mut choice = None;
    let frame = Frame::new()
        .fill(tokens.raised)
        .stroke(Stroke::new(1.0, tokens.line))
        .corner_radius(RADIUS_CARD)
        .inner_margin(Margin::same(20));
    frame.show(ui, |ui| {
        ui.set_width(CARD - 42.0);
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.vertical(|ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 12.0;
                ui.label(icon_at(card.icon, 24.0).color(tokens.accent));
                ui.label(RichText::new(card.title.get(lang)).font(theme::title()));
            });
            ui.label(RichText::new(card.what.get(lang)).color(tokens.text2));
            ui.spacing_mut().item_spacing.y = 0.0;
            for (id, words) in &card.lines {
                if line(ui, action(*id).icon, words.get(lang)) {
                    choice = Some(Choice::Do(*id));
                }
            }
        });
    });
    choice
}

/// One line that does something; whether it was clicked.
fn line(ui: &mut Ui, icon_name: &str, words: &str) -> bool {
    let tokens = Tokens::of(ui);
    let (room, response) = ui.allocate_exact_size(vec2(ui.available_width(), 36.0), Sense::click());
    ui.painter().hline(room.x_range(), room.top(), Stroke::new(1.0, tokens.line));
    let ink = if response.hovered() { tokens.accent } else { tokens.text };
    let middle = room.center().y;
    let (left, right) = (pos2(room.left() + 8.0, middle), pos2(room.right() - 8.0, middle));
    ui.painter().text(left, Align2::CENTER_CENTER, icon_char(icon_name), theme::icon_font(16.0), tokens.text2);
    ui.painter().text(right, Align2::CENTER_CENTER, icon_char("CARET_RIGHT"), theme::icon_font(14.0), tokens.text2);
    text_in(ui, pos2(room.left() + 24.0, middle), words, theme::body(), ink, room.width() - 44.0);
    focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, words));
    response.clicked()
}

/// Files: dropped, opened, new, or one of the last.
fn files(ui: &mut Ui, input: &Input<'_>, asks: &mut Asks) -> Option<Choice> {
    let lang = input.lang;
    let tokens = Tokens::of(ui);
    let mut choice = None;
    ui.horizontal_top(|ui| {
        let frame = Frame::new()
            .stroke(Stroke::new(1.0, tokens.line_strong))
            .corner_radius(RADIUS_CARD)
            .inner_margin(Margin::symmetric(20, 14));
        frame.show(ui, |ui| {
            ui.set_width((ui.available_width() - 220.0).max(200.0));
            ui.set_min_height(58.0);
            ui.label(icon_at("DOWNLOAD_SIMPLE", 24.0).color(tokens.text2));
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 4.0;
                ui.label(lang.pick("把文件拖到这里，就是你的城市", "Drop a file here: it is your city"));
                ui.label(RichText::new(format_words(lang)).font(theme::note()).color(tokens.text2));
                choice = recent(ui, input, asks);
            });
        });
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 8.0;
            for (id, words) in [
                (ActionId::OpenCity, lang.pick("打开文件…", "Open a file…")),
                (ActionId::NewCity, lang.pick("新建城市…", "New city…")),
            ] {
                if button(ui, action(id).icon, words).clicked() {
                    choice = Some(Choice::Do(id));
                }
            }
        });
    });
    choice
}

/// What can be dropped, from the list of formats.
fn format_words(lang: Lang) -> String {
    let read = formats::readable().map(|format| format.name().get(lang));
    // What a name says in brackets is too much for a first look.
    let brief = read.map(|name| name.split(['（', '(']).next().unwrap_or(name).trim());
    let mut names = vec!["GeoPackage"];
    brief.for_each(|name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    let rest = lang.pick("；坐标系先给你看，再导入", "; you see the coordinates before anything comes in");
    names.join(" · ") + rest
}

fn recent(ui: &mut Ui, input: &Input<'_>, asks: &mut Asks) -> Option<Choice> {
    let mut choice = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        for path in input.recent.iter().take(MOST_RECENT) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let link = ui.link(RichText::new(name).font(theme::note()).color(Tokens::of(ui).accent));
            if link.on_hover_text(path.display().to_string()).clicked() {
                asks.push(UiAsk::Run(Command::City(CityCommand::Open(path.clone()))));
                choice = Some(Choice::Close);
            }
        }
    });
    choice
}

fn promises(ui: &mut Ui, lang: Lang) {
    let color = Tokens::of(ui).text2;
    let promises = [
        ("WIFI_SLASH", lang.pick("不联网", "No network")),
        ("FILE", lang.pick("一座城一个文件", "One city, one file")),
        ("CHECK_CIRCLE", lang.pick("不用按保存", "No need to save")),
        ("ARROW_U_UP_LEFT", lang.pick("明天也能撤销", "Undo works tomorrow, too")),
    ];
    ui.horizontal(|ui| {
        for (sign, words) in promises {
            ui.label(icon(sign).color(color));
            ui.label(RichText::new(words).font(theme::note()).color(color));
            ui.add_space(12.0);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let words = lang.pick("帮助 → 从这里开始，随时再打开", "Help → Where to start opens this again");
            ui.label(RichText::new(words).font(theme::note()).color(color));
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::{Harness, kittest::Queryable as _};

    type Page = (WelcomeState, Asks);

    #[test]
    fn every_line_of_every_card_does_what_it_says_in_both_languages() {
        for lang in [Lang::Zh, Lang::En] {
            for (id, words) in cards().iter().flat_map(|card| &card.lines) {
                let mut harness = harness(lang, true);
                harness.get_by_label(words.get(lang)).click();
                harness.run();
                assert_eq!(acts(&harness), [*id]);
                assert!(!harness.state().0.is_open());
            }
        }
    }

    #[test]
    fn without_a_city_the_sample_city_is_opened_first() {
        let mut harness = harness(Lang::En, false);
        harness.get_by_label("Put a note on the map").click();
        harness.run();
        assert_eq!(acts(&harness), [ActionId::SampleCity]);
        assert_eq!(harness.state().0.later, Some(ActionId::NotePoint));
    }

    fn acts(harness: &Harness<'_, Page>) -> Vec<ActionId> {
        let acts = harness.state().1.iter().filter_map(|ask| match ask {
            UiAsk::Act(id) => Some(*id),
            _ => None,
        });
        acts.collect()
    }

    fn harness(lang: Lang, has_city: bool) -> Harness<'static, Page> {
        let state = WelcomeState { is_open: true, later: None };
        let builder = Harness::builder().with_size(vec2(1200.0, 700.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            move |ui, (state, asks): &mut Page| {
                if state.is_open() {
                    let recent = ["九江.gpkg".into()];
                    page(ui.ctx(), &Input { lang, has_city, recent: &recent }, state, asks);
                }
            },
            (state, Asks::new()),
        );
        harness.run();
        harness
    }
}
