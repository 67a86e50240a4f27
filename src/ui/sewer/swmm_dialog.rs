//! The dialog before a SWMM model is written: which network, in which units, what becomes of ends without a way out.

use std::path::PathBuf;

use egui::{ComboBox, Context, Label, RichText, Ui, vec2};

use super::ask;
use super::panel::run;
use crate::session::Session;
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::swmm::{SwmmRequest, Units};
use crate::session::state::LayerView;
use crate::text::Lang;
use crate::ui::ask::{Asks, FilePurpose, UiAsk};
use crate::ui::sheet::{Sheet, foot, sheet};
use crate::ui::theme::{self, LABEL_WIDTH, Tokens};
use crate::ui::widgets::{Tone, choice_chip, dialog_row, field_error, hint_bar, primary_button, text_button};

/// What the dialog remembers.
#[derive(Debug, Default)]
pub struct SwmmState {
    is_open: bool,
    /// Table names of the layers that were chosen, where there is a choice; all until somebody chooses.
    layers: Option<Vec<String>>,
    units: Option<Units>,
    close_ends: bool,
    /// Whether the discharge of users is written to their nodes.
    has_loads: bool,
}

impl SwmmState {
    /// Opens the dialog.
    pub fn open(&mut self) {
        self.is_open = true;
    }

    /// The name of the file, after the city's.
    pub fn file_name(session: &Session) -> String {
        let path = session.city().map(|city| city.path.clone()).unwrap_or_default();
        format!("{}.inp", path.file_stem().unwrap_or_default().to_string_lossy())
    }

    /// The file was chosen: the model is written.
    pub fn write_to(&mut self, session: &Session, path: PathBuf, asks: &mut Asks) {
        self.is_open = false;
        let loads = self.has_loads.then(|| session.settings().sewer.users.rules());
        // The dialog has asked before it gave an existing file to write to.
        let (layers, units, close_ends) = (self.layers.clone().unwrap_or_default(), self.units, self.close_ends);
        let request = SwmmRequest { path, overwrite: true, layers, units, close_ends, loads };
        run(asks, SewerCommand::WriteSwmm(Box::new(request)));
    }
}

/// Draws the dialog while it is open.
pub(in crate::ui) fn swmm_ui(ctx: &Context, session: &Session, state: &mut SwmmState, asks: &mut Asks) {
    let Some(city) = session.city().filter(|_| state.is_open) else {
        state.is_open = false;
        return;
    };
    let lang = session.lang();
    let title = lang.pick("写成 SWMM 模型", "Write a SWMM model");
    let frame = Sheet { id: "swmm", title, icon: "EXPORT", width: 520.0, lang };
    let mut is_done = false;
    let closed = sheet(ctx, &frame, |ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        is_done = contents(ui, lang, &city.layers, city.is_sample, state, asks);
    });
    if closed || is_done {
        state.is_open = false;
    }
}

/// Everything in the dialog; whether it was given up.
fn contents(
    ui: &mut Ui,
    lang: Lang,
    layers: &[LayerView],
    is_sample: bool,
    state: &mut SwmmState,
    asks: &mut Asks,
) -> bool {
    let note = lang.pick(
        "写成 EPA SWMM 5 的 .inp。由模型导入的管网写回原模型：没有改动的内容原样保留。",
        "Writes an .inp of EPA SWMM 5. A network that came from a model goes back into its text: what was not changed stays as it was.",
    );
    ui.add(Label::new(RichText::new(note).color(Tokens::of(ui).text2)).wrap());
    let sewers: Vec<&LayerView> = layers.iter().filter(|layer| ask::is_sewer(layer)).collect();
    let has_choice = sewers.iter().filter(|layer| ask::is_pipes(layer)).count() > 1;
    if has_choice {
        let all = || sewers.iter().map(|layer| layer.table().to_owned()).collect();
        let chosen = state.layers.get_or_insert_with(all);
        row(ui, lang.pick("图层", "Layers"), |ui| layer_chips(ui, lang, &sewers, chosen));
    } else {
        state.layers = None;
    }
    let chosen = state.layers.as_deref();
    let is_chosen = |layer: &LayerView| chosen.is_none_or(|chosen| chosen.iter().any(|it| it == layer.table()));
    let has_pipes = sewers.iter().any(|layer| ask::is_pipes(layer) && is_chosen(layer));
    if !has_pipes {
        field_error(ui, lang.pick("先选管线图层", "Choose a layer of pipes first"));
    }
    // The sample city's own layers bear the tables of their kinds; others have come from files.
    let has_sample = is_sample && sewers.iter().any(|layer| is_chosen(layer) && layer.table() == layer.kind.id);
    row(ui, lang.pick("流量单位", "Unit of flow"), |ui| units_box(ui, lang, &mut state.units));
    let ends = lang.pick("没有出路的端点作为排放口", "Ends without a way out become outfalls");
    ui.checkbox(&mut state.close_ends, ends);
    let loads = lang.pick(
        "把排水户的旱流量写到接入的节点（DWF）",
        "Write what users discharge in dry weather to the nodes that they join (DWF)",
    );
    ui.checkbox(&mut state.has_loads, loads);
    if has_sample {
        hint_bar(ui, Tone::Warn, lang.pick("这是虚构的示例数据。", "These are invented sample data."));
    }
    let told = lang.pick(
        "写完后会列出补上的内容和妨碍运行的问题。",
        "What was made up, and what stands against a run, is listed afterwards.",
    );
    ui.add(Label::new(RichText::new(told).font(theme::note()).color(Tokens::of(ui).text2)).wrap());
    foot(ui, |ui| {
        let file = lang.pick("选择文件…", "Choose the file…");
        let choose = ui.add_enabled_ui(has_pipes, |ui| primary_button(ui, Some("FOLDER_OPEN"), file)).inner;
        if choose.clicked() {
            asks.push(UiAsk::PickFile(FilePurpose::SewerModel));
        }
        text_button(ui, lang.pick("取消", "Cancel")).clicked()
    })
}

fn row<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    dialog_row(ui, name, LABEL_WIDTH, add)
}

/// Layers of pipes and nodes, of which any may go out together.
fn layer_chips(ui: &mut Ui, lang: Lang, sewers: &[&LayerView], chosen: &mut Vec<String>) {
    chosen.retain(|table| sewers.iter().any(|layer| layer.table() == table));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for layer in sewers {
            let is_chosen = chosen.iter().any(|table| table == layer.table());
            if choice_chip(ui, layer.name.get(lang), is_chosen).clicked() {
                if is_chosen {
                    chosen.retain(|table| table != layer.table());
                } else {
                    chosen.push(layer.table().to_owned());
                }
            }
        }
    });
}

fn units_box(ui: &mut Ui, lang: Lang, units: &mut Option<Units>) {
    let own = lang.pick("模型原有的；新模型用 LPS", "the model's own; LPS for a new one");
    let list = ComboBox::from_id_salt("swmm-units").width(260.0).selected_text(units.map_or(own, |units| units.flow));
    let list = list.show_ui(ui, |ui| {
        ui.selectable_value(units, None, own);
        for name in Units::names() {
            ui.selectable_value(units, Units::named(name), name);
        }
    });
    let name = lang.pick("流量单位", "Unit of flow");
    list.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, name));
}
