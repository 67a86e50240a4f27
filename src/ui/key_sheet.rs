//! All keys on one sheet, made from the list of actions; below them what the mouse does on the map.

use egui::{Context, RichText, ScrollArea, Ui};

use super::palette::keycap;
use super::sheet::{Sheet, sheet};
use super::theme::{self, Tokens};
use super::widgets::filter_field;
use crate::session::action::{ACTIONS, Action, Menu};
use crate::text::{Lang, Text};

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
fn gestures() -> [(&'static str, Text); 11] {
    [
        ("滚轮 / Wheel", Text::new("以指针为中心缩放", "Zoom at the pointer")),
        ("Ctrl + 滚轮 / Wheel", Text::new("细步缩放", "Zoom in small steps")),
        ("Space", Text::new("按住移动鼠标：任何工具中平移", "Hold and move: pan in any tool")),
        ("← ↑ ↓ →", Text::new("平移", "Pan")),
        ("Shift + 拖 / drag", Text::new("框选缩放", "Zoom to a box")),
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
    let frame = Sheet { id: "keys", title, icon: "KEYBOARD", width: 720.0, lang };
    if sheet(ctx, &frame, |ui| contents(ui, lang, &mut state.words)) {
        state.is_open = false;
    }
}

fn contents(ui: &mut Ui, lang: Lang, words: &mut String) {
    filter_field(ui, words, lang.pick("筛选", "Filter"));
    ui.add_space(8.0);
    let wanted = words.trim().to_lowercase();
    let room = (ui.ctx().content_rect().height() - 220.0).clamp(160.0, 560.0);
    ScrollArea::vertical().max_height(room).auto_shrink([false, true]).show(ui, |ui| {
        for menu in Menu::ALL {
            let actions = ACTIONS.iter().filter(|action| action.menu == menu && !action.keys.is_empty());
            let actions: Vec<&Action> = actions.filter(|action| holds(action, &wanted)).collect();
            if !actions.is_empty() {
                heading(ui, menu.name().get(lang));
                actions.iter().for_each(|action| line(ui, action.name.get(lang), action.keys));
            }
        }
        if wanted.is_empty() {
            heading(ui, lang.pick("地图与表单", "Map and forms"));
            gestures().iter().for_each(|(keys, what)| gesture(ui, what.get(lang), keys, lang));
        }
    });
}

fn holds(action: &Action, wanted: &str) -> bool {
    let texts = [&action.name.zh, &action.name.en].map(|name| name.to_lowercase());
    texts.iter().any(|name| name.contains(wanted)) || action.keys.to_lowercase().contains(wanted)
}

fn heading(ui: &mut Ui, words: &str) {
    ui.add_space(8.0);
    ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
}

fn line(ui: &mut Ui, words: &str, keys: &str) {
    ui.horizontal(|ui| {
        name(ui, words);
        for (index, keys) in keys.split('/').enumerate() {
            if index > 0 {
                ui.label(RichText::new("/").color(Tokens::of(ui).text3));
            }
            keycap(ui, keys);
        }
    });
}

/// Mouse words stand in both languages, split at ` / `.
fn gesture(ui: &mut Ui, words: &str, keys: &str, lang: Lang) {
    let keys = match (keys.split_once(" / "), lang) {
        (Some((zh, _)), Lang::Zh) => zh.to_owned(),
        (Some((zh, en)), Lang::En) => {
            let before = zh.rsplit_once("+ ").map(|(before, _)| format!("{before}+ ")).unwrap_or_default();
            format!("{before}{en}")
        }
        (None, _) => keys.to_owned(),
    };
    ui.horizontal(|ui| {
        name(ui, words);
        keycap(ui, &keys);
    });
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
    fn the_sheet_is_narrowed_by_words_and_by_keys() {
        let undo = crate::session::action::action(crate::session::action::ActionId::Undo);
        for (words, expected) in [("撤", true), ("undo", true), ("ctrl+z", true), ("print", false)] {
            assert_eq!(holds(undo, words), expected, "{words}");
        }
    }
}
