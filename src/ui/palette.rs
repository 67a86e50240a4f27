//! Search and actions in one: type, walk with the arrows, Enter goes there.

use egui::text::LayoutJob;
use egui::{
    Align, Align2, Color32, Context, Frame, Id, Key, Layout, Margin, Modal, Modifiers, Rect, RichText, ScrollArea,
    Sense, Stroke, TextEdit, TextFormat, Ui, WidgetInfo, pos2, vec2,
};

use super::ask::{Asks, UiAsk};
use super::icons::{icon_at, icon_char};
use super::palette_rows::{Entry, entries, marks};
use super::possible::is_possible;
use super::theme::{self, RADIUS, Tokens};
use super::visit;
use super::widgets::{floating_frame_of, text_in};
use crate::session::Session;
use crate::session::command::{Command, LayerCommand, LookCommand};
use crate::session::state::{CityView, FoundTarget};
use crate::text::Lang;

/// Width of the palette.
const WIDTH: f32 = 720.0;
/// From the top of the window.
const TOP: f32 = 92.0;
const ROW: f32 = 44.0;
const HEAD: f32 = 28.0;
/// Height of the list.
const LIST: f32 = 440.0;

/// What the palette remembers while it is open.
#[derive(Debug, Default)]
pub struct PaletteState {
    is_open: bool,
    words: String,
    /// The line that Enter takes.
    current: usize,
    /// Whether the list has to scroll to it.
    follows: bool,
    /// Words the session was asked for.
    asked: String,
}

impl PaletteState {
    /// Opens it, with these words in the field.
    pub fn open(&mut self, words: &str) {
        *self = Self { is_open: true, words: words.to_owned(), ..Self::default() };
    }

    /// Whether it is on the screen.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Puts it away.
    pub fn close(&mut self) {
        self.is_open = false;
    }
}

/// How a person leaves the palette with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// There, on the map and in the details.
    Go,
    /// In the details alone.
    Details,
}

/// Draws the palette while it is open.
pub fn palette_ui(ctx: &Context, session: &Session, state: &mut PaletteState, asks: &mut Asks) {
    if !state.is_open {
        return;
    }
    let lang = session.lang();
    let list = entries(&state.words, session.found(), lang, &|action| is_possible(session, action));
    if let Some((entry, way)) = modal(ctx, lang, &list, state, asks) {
        go(session, session.city(), &entry.target, way, asks);
        state.close();
    }
}

/// Draws it; the chosen line comes back.
fn modal<'a>(
    ctx: &Context,
    lang: Lang,
    list: &'a [Entry],
    state: &mut PaletteState,
    asks: &mut Asks,
) -> Option<(&'a Entry, Way)> {
    let id = Id::unique("palette");
    let area = Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, TOP));
    let dark = ctx.global_style().visuals.dark_mode;
    let frame = floating_frame_of(Tokens::of_ctx(ctx), dark).corner_radius(8);
    let mut chosen = None;
    let modal = Modal::new(id).area(area).frame(frame).backdrop_color(Color32::TRANSPARENT);
    let shown = modal.show(ctx, |ui| {
        ui.set_width(WIDTH.min(ctx.content_rect().width() - 32.0));
        ui.spacing_mut().item_spacing.y = 0.0;
        chosen = keys(ui, list, state);
        field(ui, lang, list, state, asks);
        chosen = rows_ui(ui, lang, list, state).or(chosen);
        foot(ui, lang);
    });
    if shown.should_close() {
        state.close();
    }
    let (index, way) = chosen?;
    let entry = list.get(index).filter(|entry| entry.is_possible)?;
    Some((entry, way))
}

/// Arrows and Enter, taken before the field sees them.
fn keys(ui: &mut Ui, list: &[Entry], state: &mut PaletteState) -> Option<(usize, Way)> {
    state.current = state.current.min(list.len().saturating_sub(1));
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let steps = [(Key::ArrowDown, 1), (Key::ArrowUp, list.len().saturating_sub(1)), (Key::PageDown, 8.min(list.len()))];
    for (key, step) in steps {
        if pressed(key) && !list.is_empty() {
            state.current = (state.current + step) % list.len();
            state.follows = true;
        }
    }
    let go = pressed(Key::Enter).then_some(Way::Go);
    let details = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter)).then_some(Way::Details);
    details.or(go).filter(|_| !list.is_empty()).map(|way| (state.current, way))
}

fn field(ui: &mut Ui, lang: Lang, list: &[Entry], state: &mut PaletteState, asks: &mut Asks) {
    let tokens = Tokens::of(ui);
    Frame::new().inner_margin(Margin::symmetric(16, 10)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(icon_at("MAGNIFYING_GLASS", 20.0).color(tokens.accent));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                keycap(ui, "Esc");
                let count = match lang {
                    Lang::Zh => format!("{} 条", list.len()),
                    Lang::En => format!("{} lines", list.len()),
                };
                ui.label(RichText::new(count).font(theme::note()).color(tokens.text2));
                let hint = lang.pick(
                    "搜索地名、编号、坐标或操作，可用拼音全拼、首字母",
                    "Places, numbers, coordinates, actions; pinyin too",
                );
                let edit = TextEdit::singleline(&mut state.words)
                    .font(theme::title())
                    .frame(Frame::NONE)
                    .hint_text(RichText::new(hint).color(tokens.text2))
                    .desired_width(f32::INFINITY);
                let response = ui.add(edit).accessible_name(lang.pick("搜索", "Search"));
                response.request_focus();
            });
        });
    });
    if state.asked != state.words {
        state.asked.clone_from(&state.words);
        (state.current, state.follows) = (0, true);
        visit::look(asks, LookCommand::Search(state.words.clone()));
    }
    divider(ui);
}

fn divider(ui: &Ui) {
    ui.painter().hline(ui.max_rect().x_range(), ui.cursor().top(), Stroke::new(1.0, Tokens::of(ui).line));
}

fn rows_ui(ui: &mut Ui, lang: Lang, list: &[Entry], state: &mut PaletteState) -> Option<(usize, Way)> {
    let mut chosen = None;
    let room = LIST.min(ui.ctx().content_rect().height() - TOP - 140.0).max(ROW * 3.0);
    ScrollArea::vertical().max_height(room).auto_shrink([false, true]).show(ui, |ui| {
        if list.is_empty() {
            nothing(ui, lang);
        }
        for (index, entry) in list.iter().enumerate() {
            let is_new_group = index == 0 || list[index - 1].group != entry.group;
            if is_new_group {
                let count = list[index..].iter().take_while(|each| each.group == entry.group).count();
                group_head(ui, entry.group.get(lang), count);
            }
            let is_current = index == state.current;
            let response = row(ui, lang, entry, &state.words, is_current);
            if is_current && std::mem::take(&mut state.follows) {
                response.scroll_to_me(None);
            }
            if response.clicked() {
                chosen = Some((index, Way::Go));
            }
        }
    });
    chosen
}

fn nothing(ui: &mut Ui, lang: Lang) {
    let words = lang.pick(
        "没有找到。可以试全拼或拼音首字母、编号的一部分，或 116.0, 29.72",
        "Nothing found. Try pinyin or its initials, part of a number, or 116.0, 29.72",
    );
    Frame::new().inner_margin(Margin::symmetric(16, 16)).show(ui, |ui| {
        ui.label(RichText::new(words).color(Tokens::of(ui).text2));
    });
}

fn group_head(ui: &mut Ui, words: &str, count: usize) {
    let tokens = Tokens::of(ui);
    let (room, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEAD), Sense::hover());
    let middle = room.center().y + 2.0;
    let painter = ui.painter();
    painter.text(pos2(room.left() + 16.0, middle), Align2::LEFT_CENTER, words, theme::note(), tokens.text2);
    painter.text(pos2(room.right() - 16.0, middle), Align2::RIGHT_CENTER, count, theme::note(), tokens.text2);
}

fn row(ui: &mut Ui, lang: Lang, entry: &Entry, words: &str, is_current: bool) -> egui::Response {
    let tokens = Tokens::of(ui);
    let (room, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    if is_current || response.hovered() {
        let ground = if is_current { tokens.selected } else { tokens.hover };
        ui.painter().rect_filled(room, 0, ground);
    }
    let color = if entry.is_possible { tokens.text } else { tokens.text3 };
    let sign_at = pos2(room.left() + 28.0, room.center().y);
    ui.painter().text(sign_at, Align2::CENTER_CENTER, icon_char(entry.icon), theme::icon_font(18.0), tokens.text2);
    let right = right_words(ui, lang, entry, room, is_current);
    let (left, width) = (room.left() + 52.0, right - room.left() - 60.0);
    let top = if entry.detail.is_empty() { room.center().y - 10.0 } else { room.top() + 4.0 };
    title(ui, entry, words, color, Rect::from_min_size(pos2(left, top), vec2(width, 18.0)));
    text_in(ui, pos2(left, room.top() + 32.0), &entry.detail, theme::note(), tokens.text2, width);
    response.widget_info(|| WidgetInfo::selected(egui::Role::ListItem, entry.is_possible, is_current, &entry.title));
    response
}

/// The name with the typed letters in the accent.
fn title(ui: &Ui, entry: &Entry, words: &str, color: Color32, room: Rect) {
    let tokens = Tokens::of(ui);
    let mut job = LayoutJob::default();
    let mut written = 0;
    let plain = TextFormat::simple(theme::body(), color);
    for mark in marks(&entry.title, words) {
        job.append(&entry.title[written..mark.start], 0.0, plain.clone());
        job.append(&entry.title[mark.clone()], 0.0, TextFormat::simple(theme::medium(14.0), tokens.accent));
        written = mark.end;
    }
    job.append(&entry.title[written..], 0.0, plain);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room.width());
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(room.min, galley, color);
}

/// Keys of an action, or what Enter does with the line that is current; where they begin.
fn right_words(ui: &Ui, lang: Lang, entry: &Entry, room: Rect, is_current: bool) -> f32 {
    let tokens = Tokens::of(ui);
    let words = match (&entry.target, is_current) {
        (FoundTarget::Action(_), _) => entry.keys.to_owned(),
        (FoundTarget::Feature(_), true) => {
            lang.pick("定位 Enter   详情 Ctrl+Enter", "Go Enter   Details Ctrl+Enter").to_owned()
        }
        (FoundTarget::Layer(_), true) => lang.pick("显示 Enter", "Show Enter").to_owned(),
        (FoundTarget::Place(_), true) => lang.pick("定位 Enter", "Go Enter").to_owned(),
        _ => String::new(),
    };
    let at = pos2(room.right() - 16.0, room.center().y);
    ui.painter().text(at, Align2::RIGHT_CENTER, words, theme::note(), tokens.text2).left()
}

fn foot(ui: &mut Ui, lang: Lang) {
    divider(ui);
    let tokens = Tokens::of(ui);
    let frame = Frame::new().fill(tokens.sunk).inner_margin(Margin::symmetric(16, 6));
    frame.corner_radius(egui::CornerRadius { nw: 0, ne: 0, sw: 8, se: 8 }).show(ui, |ui| {
        ui.horizontal(|ui| {
            let pairs = [
                ("↑ ↓", lang.pick("选", "choose")),
                ("Enter", lang.pick("去", "go")),
                (">", lang.pick("只看操作", "actions only")),
            ];
            for (key, words) in pairs {
                keycap(ui, key);
                ui.label(RichText::new(words).font(theme::note()).color(tokens.text2));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let words = lang.pick("也可直接输入 116.0, 29.72 或网格编码", "Or type 116.0, 29.72 or a cell code");
                ui.label(RichText::new(words).font(theme::note()).color(tokens.text2));
            });
        });
    });
}

/// A key as it is drawn on a keyboard.
pub(super) fn keycap(ui: &mut Ui, key: &str) {
    let tokens = Tokens::of(ui);
    let frame = Frame::new()
        .fill(tokens.sunk)
        .stroke(Stroke::new(1.0, tokens.line_strong))
        .corner_radius(RADIUS)
        .inner_margin(Margin::symmetric(6, 1));
    frame.show(ui, |ui| ui.label(RichText::new(key).font(theme::note()).color(tokens.text2)));
}

fn go(session: &Session, city: Option<&CityView>, target: &FoundTarget, way: Way, asks: &mut Asks) {
    match target {
        FoundTarget::Action(id) => asks.push(UiAsk::Act(*id)),
        FoundTarget::Feature(at) if way == Way::Details => visit::show(asks, at),
        FoundTarget::Feature(at) => visit::visit(asks, session, at),
        FoundTarget::Place(world) => asks.push(UiAsk::Spot(*world)),
        FoundTarget::Layer(table) => {
            let layers = vec![table.clone()];
            asks.push(UiAsk::Run(Command::Layer(LayerCommand::Visible { layers, visible: true })));
            let bounds = city.and_then(|city| city.layer(table)).and_then(|layer| layer.bounds_world);
            asks.extend(bounds.map(UiAsk::ZoomTo));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::action::ActionId;
    use egui_kittest::{Harness, kittest::Queryable as _};

    struct Open {
        state: PaletteState,
        asks: Asks,
        chosen: Option<(String, Way)>,
    }

    #[test]
    fn typing_searches_and_enter_takes_the_first_line() {
        let mut harness = harness(Lang::En);
        harness.get_by_label("Search").type_text("attribute t");
        harness.run();
        let searched =
            harness.state().asks.iter().any(
                |ask| matches!(ask, UiAsk::Run(Command::Look(LookCommand::Search(words))) if words == "attribute t"),
            );
        assert!(searched);
        harness.key_press(Key::Enter);
        harness.run();
        assert_eq!(harness.state().chosen, Some(("Attribute table".to_owned(), Way::Go)));
    }

    #[test]
    fn the_arrows_walk_round_the_list() {
        for (keys, expected) in [
            (&[Key::ArrowDown][..], "缩小"),
            (&[Key::ArrowDown, Key::ArrowDown][..], "全图"),
            (&[Key::ArrowDown, Key::ArrowUp][..], "放大"),
            (&[Key::ArrowUp][..], "缩放到图层"),
        ] {
            let mut harness = harness(Lang::Zh);
            harness.get_by_label("搜索").type_text("zoom");
            harness.run();
            for key in keys {
                harness.key_press(*key);
                harness.run();
            }
            harness.key_press(Key::Enter);
            harness.run();
            assert_eq!(harness.state().chosen.as_ref().map(|(title, _)| title.as_str()), Some(expected), "{keys:?}");
        }
    }

    #[test]
    fn escape_puts_the_palette_away_and_a_click_takes_a_line() {
        let mut harness = harness(Lang::En);
        harness.key_press(Key::Escape);
        harness.run();
        assert!(!harness.state().state.is_open());

        let mut harness = self::harness(Lang::En);
        harness.get_by_label("Search").type_text("undo");
        harness.run();
        harness.get_by_label("Undo").click();
        harness.run();
        assert_eq!(harness.state().chosen, Some(("Undo".to_owned(), Way::Go)));
    }

    #[test]
    fn what_is_not_possible_now_is_shown_and_not_done() {
        let mut harness = harness(Lang::En);
        harness.get_by_label("Search").type_text("delete");
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert_eq!(harness.state().chosen, None);
        assert!(harness.state().state.is_open());
    }

    fn harness(lang: Lang) -> Harness<'static, Open> {
        let mut state = PaletteState::default();
        state.open("");
        let builder = Harness::builder().with_size(vec2(1000.0, 700.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            move |ui, open: &mut Open| {
                if open.state.is_open() {
                    let possible = |action: &crate::session::action::Action| action.id != ActionId::DeleteSelected;
                    let list = entries(&open.state.words, &[], lang, &possible);
                    if let Some((entry, way)) = modal(ui.ctx(), lang, &list, &mut open.state, &mut open.asks) {
                        open.chosen = Some((entry.title.clone(), way));
                        open.state.close();
                    }
                }
            },
            Open { state, asks: Asks::new(), chosen: None },
        );
        harness.run();
        harness
    }
}
