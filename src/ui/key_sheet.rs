//! All keys on one sheet, made from the list of actions; below them what the mouse does on the map.

use egui::{Context, RichText, ScrollArea, Ui};

use super::palette::keycap;
use super::sheet::{Sheet, sheet};
use super::theme::{self, Tokens};
use super::widgets::filter_field;
use crate::session::action::{ACTIONS, Action, Menu};
use crate::text::{Lang, Text};

/// From this width on the keys stand in two columns.
const TWO_COLUMNS: f32 = 640.0;

/// Whether the sheet is open, and the words that narrow it.
#[derive(Debug, Default)]
pub struct KeySheetState {
    is_open: bool,
    words: String,
}

impl KeySheetState {
    /// Opens it, or closes it if it is open.
    pub fn toggle(&mut self) {
        *self = Self { is_open: !self.is_open, words: String::new() };
    }

    /// Whether it is on the screen.
    pub fn is_open(&self) -> bool {
        self.is_open
    }
}

/// What the mouse and keys without an action do on the map.
fn gestures() -> [(&'static str, Text); 12] {
    [
        ("滚轮 / Wheel", Text::new("以指针为中心缩放", "Zoom at the pointer")),
        ("Ctrl + 滚轮 / Wheel", Text::new("细步缩放", "Zoom in small steps")),
        ("Space", Text::new("按住移动鼠标：任何工具中平移", "Hold and move: pan in any tool")),
        ("← ↑ ↓ →", Text::new("平移", "Pan")),
        ("Shift + 拖 / drag", Text::new("框选缩放", "Zoom to a box")),
        ("Alt + 拖 / drag", Text::new("旋转地图", "Turn the map")),
        ("Shift / Ctrl + 点 / click", Text::new("加入 / 移出选择", "Add to / take from the selection")),
        ("Enter", Text::new("画完", "Finish drawing")),
        ("Backspace", Text::new("去掉画的最后一点", "Take back the last point drawn")),
        ("Esc", Text::new("停止绘制，再取消工具，再取消选择", "Stop drawing, then the tool, then the selection")),
        ("Ctrl + Enter", Text::new("保存表单", "Save a form")),
        ("F6, Shift, Ctrl", Text::new("表格中点选、连选、加选", "In the table: pick, span, add")),
    ]
}

/// Draws the sheet while it is open.
pub fn key_sheet_ui(ctx: &Context, lang: Lang, state: &mut KeySheetState) {
    if !state.is_open {
        return;
    }
    let title = lang.pick("快捷键", "Keys");
    let frame = Sheet { id: "keys", title, icon: "KEYBOARD", width: 900.0, lang };
    if sheet(ctx, &frame, |ui| contents(ui, lang, &mut state.words)) {
        state.is_open = false;
    }
}

fn contents(ui: &mut Ui, lang: Lang, words: &mut String) {
    filter_field(ui, words, lang.pick("筛选", "Filter"));
    ui.add_space(4.0);
    let wanted = words.trim().to_lowercase();
    let sections = sections(lang, &wanted);
    let room = (ui.ctx().content_rect().height() - 150.0).clamp(160.0, 760.0);
    // A window offers its contents less height than they could have; the list takes it all the same.
    ScrollArea::vertical().max_height(room).min_scrolled_height(room).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().interact_size.y = 22.0;
        ui.spacing_mut().item_spacing.y = 2.0;
        if ui.available_width() < TWO_COLUMNS {
            sections.iter().for_each(|section| section_ui(ui, section));
            return;
        }
        let (left, right) = sections.split_at(half(&sections));
        ui.columns(2, |columns| {
            for (column, sections) in columns.iter_mut().zip([left, right]) {
                sections.iter().for_each(|section| section_ui(column, section));
            }
        });
    });
}

/// A heading with its lines: what is done, and the keys for it, any of them.
struct Section {
    name: String,
    lines: Vec<(String, Vec<String>)>,
}

/// The menus and then the gestures; those alone that hold the words wanted.
fn sections(lang: Lang, wanted: &str) -> Vec<Section> {
    let keys = |action: &Action| -> Vec<String> { action.keys.split('/').map(str::to_owned).collect() };
    let of_menu = |menu: Menu| {
        let actions = ACTIONS.iter().filter(|action| action.menu == menu && !action.keys.is_empty());
        let lines = actions.filter(|action| holds(action, wanted));
        let lines = lines.map(|action| (action.name.get(lang).to_owned(), keys(action)));
        Section { name: menu.name().get(lang).to_owned(), lines: lines.collect() }
    };
    let mut sections: Vec<Section> = Menu::ALL.into_iter().map(of_menu).collect();
    if wanted.is_empty() {
        let lines = gestures().into_iter().map(|(keys, what)| (what.get(lang).to_owned(), vec![gesture(keys, lang)]));
        let name = lang.pick("地图与表单", "Map and forms").to_owned();
        sections.push(Section { name, lines: lines.collect() });
    }
    sections.retain(|section| !section.lines.is_empty());
    sections
}

/// How many sections stand in the left column so that the right one is no longer than it.
fn half(sections: &[Section]) -> usize {
    let rows = |sections: &[Section]| sections.iter().map(|section| section.lines.len() + 1).sum::<usize>();
    (1..=sections.len()).find(|&at| rows(&sections[..at]) >= rows(&sections[at..])).unwrap_or(sections.len())
}

fn holds(action: &Action, wanted: &str) -> bool {
    let texts = [&action.name.zh, &action.name.en].map(|name| name.to_lowercase());
    texts.iter().any(|name| name.contains(wanted)) || action.keys.to_lowercase().contains(wanted)
}

fn section_ui(ui: &mut Ui, section: &Section) {
    ui.add_space(8.0);
    ui.label(RichText::new(&section.name).font(theme::note()).color(Tokens::of(ui).text2));
    for (what, keys) in &section.lines {
        ui.horizontal(|ui| {
            name(ui, what);
            for (index, keys) in keys.iter().enumerate() {
                if index > 0 {
                    ui.label(RichText::new("/").color(Tokens::of(ui).text3));
                }
                keycap(ui, keys);
            }
        });
    }
}

/// Mouse words stand in both languages, split at ` / `.
fn gesture(keys: &str, lang: Lang) -> String {
    match (keys.split_once(" / "), lang) {
        (Some((zh, _)), Lang::Zh) => zh.to_owned(),
        (Some((zh, en)), Lang::En) => {
            let before = zh.rsplit_once("+ ").map(|(before, _)| format!("{before}+ ")).unwrap_or_default();
            format!("{before}{en}")
        }
        (None, _) => keys.to_owned(),
    }
}

fn name(ui: &mut Ui, words: &str) {
    ui.scope(|ui| {
        ui.set_width(ui.available_width() * 0.55);
        ui.add(egui::Label::new(words).truncate());
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::{Harness, kittest::Queryable as _};

    #[test]
    fn every_key_of_every_action_stands_on_the_sheet_in_both_languages() {
        for lang in [Lang::Zh, Lang::En] {
            let builder = Harness::builder().with_size(egui::vec2(720.0, 3000.0)).with_context_setup(theme::install);
            let mut words = String::new();
            let harness = builder.build_ui(move |ui| contents(ui, lang, &mut words));
            for action in ACTIONS.iter().filter(|action| !action.keys.is_empty() && action.menu == Menu::Project) {
                harness.get_by_label(action.name.get(lang));
            }
        }
    }

    #[test]
    fn the_two_columns_are_about_as_long_as_each_other() {
        for lang in [Lang::Zh, Lang::En] {
            let sections = sections(lang, "");
            let (left, right) = sections.split_at(half(&sections));
            let rows = |sections: &[Section]| sections.iter().map(|section| section.lines.len() + 1).sum::<usize>();
            assert!(rows(left) >= rows(right) && !right.is_empty());
            assert!(rows(left) - rows(right) < 24, "{} {}", rows(left), rows(right));
        }
        assert_eq!(half(&[]), 0);
    }

    #[test]
    fn most_keys_are_seen_at_once() {
        let builder = Harness::builder().with_size(egui::vec2(1280.0, 800.0)).with_context_setup(theme::install);
        let mut state = KeySheetState::default();
        state.toggle();
        let mut harness = builder.build_ui(move |ui| key_sheet_ui(ui.ctx(), Lang::Zh, &mut state));
        harness.run();
        let keyed: Vec<&Action> = ACTIONS.iter().filter(|action| !action.keys.is_empty()).collect();
        let is_seen = |action: &&&Action| {
            let mut named = harness.query_all_by_label(action.name.get(Lang::Zh));
            named.any(|node| node.rect().bottom() < 750.0)
        };
        let seen = keyed.iter().filter(is_seen).count();
        assert!(seen * 3 > keyed.len() * 2, "{seen} of {}", keyed.len());
    }

    #[test]
    fn the_sheet_is_narrowed_by_words_and_by_keys() {
        let undo = crate::session::action::action(crate::session::action::ActionId::Undo);
        for (words, expected) in [("撤", true), ("undo", true), ("ctrl+z", true), ("print", false)] {
            assert_eq!(holds(undo, words), expected, "{words}");
        }
    }
}
