//! The head of the panel: which layer, Apply and Cancel, and what is done seldom.

use egui::{Align, ComboBox, Layout, Popup, RichText, Ui, vec2};

use super::{Shown, StyleState, run};
use crate::session::command::StyleCommand;
use crate::session::state::{CityView, LayerView};
use crate::text::Lang;
use crate::ui::ask::{Asks, FilePurpose, UiAsk};
use crate::ui::icons::icon;
use crate::ui::legend;
use crate::ui::signs::Signs;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{Tone, hint_bar, icon_button, primary_button, text_button};

/// Which layer, to choose another.
pub(super) fn layer_box(
    ui: &mut Ui,
    lang: Lang,
    city: &CityView,
    chosen: Option<&LayerView>,
    signs: &mut Signs,
    asks: &mut Asks,
) {
    ui.horizontal(|ui| {
        let (room, _) = ui.allocate_exact_size(vec2(28.0, theme::CONTROL), egui::Sense::hover());
        if let Some(layer) = chosen {
            legend::layer_sign(ui, room, layer, signs);
        }
        let words = chosen.map_or(lang.pick("选择图层", "Choose a layer"), |layer| layer.name.get(lang));
        let list = ComboBox::from_id_salt("layer").width(ui.available_width()).truncate().height(420.0);
        let words = RichText::new(words).font(theme::medium(14.0));
        let shown = list.selected_text(words).show_ui(ui, |ui| {
            for layer in city.layers.iter().filter(|layer| layer.has_geometry()) {
                let is_chosen = chosen.is_some_and(|chosen| chosen.table() == layer.table());
                if ui.selectable_label(is_chosen, layer.name.get(lang)).clicked() && !is_chosen {
                    asks.push(UiAsk::StyleLayer(layer.table().to_owned()));
                }
            }
        });
        shown.response.accessible_name(lang.pick("图层", "Layer"));
    });
}

/// Apply, cancel, and what is done seldom.
pub(super) fn head_ui(ui: &mut Ui, shown: &Shown<'_>, state: &mut StyleState, asks: &mut Asks) {
    let (lang, table) = (shown.lang, shown.layer.table());
    let now_s = ui.input(|input| input.time);
    let is_changed = state.drafts.get(table).is_some_and(|draft| draft.is_changed(now_s));
    let may_write = shown.city.read_only.is_none();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let apply = |ui: &mut Ui| primary_button(ui, Some("CHECK"), lang.pick("应用", "Apply"));
        let applies = ui.add_enabled_ui(is_changed && may_write, apply).inner.clicked();
        let cancel = |ui: &mut Ui| text_button(ui, lang.pick("取消", "Cancel"));
        let cancels = ui.add_enabled_ui(is_changed, cancel).inner.clicked();
        if applies {
            state.apply(table, now_s, asks);
        }
        if cancels {
            state.cancel(table, asks);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let more = icon_button(ui, "DOTS_THREE", lang.pick("更多", "More"));
            Popup::menu(&more).show(|ui| more_menu(ui, shown, state, is_changed, asks));
            let words = match (is_changed, shown.layer.has_own_style) {
                (true, _) => lang.pick("预览，未保留", "Preview, not kept"),
                (false, true) => lang.pick("自有样式", "A style of its own"),
                (false, false) => lang.pick("种类的样式", "Its kind's style"),
            };
            let words = RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2);
            ui.add(egui::Label::new(words).truncate());
        });
    });
}

/// Whether to give the draft up, where Esc has raised the question.
pub(super) fn doubt_ui(ui: &mut Ui, shown: &Shown<'_>, state: &mut StyleState, asks: &mut Asks) {
    let (lang, table) = (shown.lang, shown.layer.table());
    let now_s = ui.input(|input| input.time);
    let is_changed = state.drafts.get(table).is_some_and(|draft| draft.is_changed(now_s));
    if !is_changed || state.doubt.as_deref().is_some_and(|other| other != table) {
        state.doubt = None;
    }
    if state.doubt.is_none() {
        return;
    }
    ui.add_space(4.0);
    hint_bar(ui, Tone::Warn, lang.pick("放弃还没有应用的样式？", "Give up the style that is not applied yet?"));
    ui.horizontal(|ui| {
        if text_button(ui, lang.pick("放弃", "Give it up")).clicked() {
            state.cancel(table, asks);
        }
        if text_button(ui, lang.pick("继续编辑", "Go on editing")).clicked() {
            state.doubt = None;
        }
    });
}

fn more_menu(ui: &mut Ui, shown: &Shown<'_>, state: &mut StyleState, is_changed: bool, asks: &mut Asks) {
    let (lang, table) = (shown.lang, shown.layer.table());
    let may_write = shown.city.read_only.is_none();
    let reset =
        egui::Button::new((icon("ARROW_COUNTER_CLOCKWISE"), lang.pick("恢复种类的样式", "Its kind's own style")));
    if ui.add_enabled(may_write && shown.layer.has_own_style, reset).clicked() {
        state.drafts.remove(table);
        state.preview = None;
        run(asks, StyleCommand::Reset(table.to_owned()));
    }
    ui.separator();
    let import =
        egui::Button::new((icon("DOWNLOAD_SIMPLE"), lang.pick("从文件读入样式…", "Read a style from a file…")));
    if ui.add_enabled(may_write, import).clicked() {
        state.filed = Some(table.to_owned());
        asks.push(UiAsk::PickFile(FilePurpose::StyleImport));
    }
    let export = egui::Button::new((icon("EXPORT"), lang.pick("样式存为文件…", "Save the style to a file…")));
    let why = lang.pick("先应用，再存为文件", "Apply it first");
    if ui.add_enabled(!is_changed, export).on_disabled_hover_text(why).clicked() {
        state.filed = Some(table.to_owned());
        asks.push(UiAsk::PickFile(FilePurpose::StyleExport));
    }
}
