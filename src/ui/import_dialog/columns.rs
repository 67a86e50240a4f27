//! The columns of the layer that is shown: a value of each and the field it becomes; or the first rows as they are read.

use egui::{Align2, ComboBox, ScrollArea, Sense, Ui, pos2, vec2};

use super::super::import_state::{Choices, LayerChoices};
use super::super::theme::{self, Tokens};
use super::super::widgets::{choice_chip, text_in};
use super::{quiet, sample_rows};
use crate::session::state::ImportPreview;
use crate::text::Lang;

/// Either of the two.
pub(super) fn columns_ui(
    ui: &mut Ui,
    lang: Lang,
    choices: &mut Choices,
    preview: &ImportPreview,
    shows_rows: &mut bool,
) {
    let current = choices.current;
    let Some(layer) = choices.shown().filter(|layer| !layer.columns.is_empty()) else { return };
    let has_fields = !layer.kind.fields.is_empty();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let tabs = [(false, lang.pick("字段对应", "Fields")), (true, lang.pick("前几行", "First rows"))];
        for (rows, words) in tabs.into_iter().filter(|(rows, _)| *rows || has_fields) {
            if choice_chip(ui, words, (*shows_rows || !has_fields) == rows).clicked() {
                *shows_rows = rows;
            }
        }
        let known = layer.columns.iter().filter(|column| column.ours.is_some()).count();
        let words = match lang {
            Lang::Zh => format!("{known} / {} 列已对上，其余原样保留", layer.columns.len()),
            Lang::En => format!("{known} of {} matched, the rest stay as they are", layer.columns.len()),
        };
        let words = quiet(ui, if has_fields { words } else { String::new() });
        ui.label(words);
    });
    if *shows_rows || !has_fields {
        if let Some(layer) = preview.layers.get(current) {
            sample_rows::rows_ui(ui, lang, layer);
        }
        return;
    }
    let mut assigned = None;
    ScrollArea::vertical().id_salt("columns").max_height(176.0).auto_shrink([false, true]).show(ui, |ui| {
        for index in 0..layer.columns.len() {
            if let Some(ours) = column_row(ui, lang, layer, index) {
                assigned = Some((index, ours));
            }
        }
    });
    if let Some((column, ours)) = assigned {
        layer.assign(column, ours);
    }
}

/// One column; the field that was chosen for it now.
fn column_row(ui: &mut Ui, lang: Lang, choices: &LayerChoices, index: usize) -> Option<Option<usize>> {
    let column = &choices.columns[index];
    let tokens = Tokens::of(ui);
    let mut chosen = None;
    ui.horizontal(|ui| {
        let (room, _) = ui.allocate_exact_size(vec2(390.0, theme::CONTROL), Sense::hover());
        let middle = room.center().y;
        text_in(ui, pos2(room.left(), middle), &column.theirs.name.zh, theme::body(), tokens.text, 180.0);
        text_in(ui, pos2(room.left() + 190.0, middle), &column.sample, theme::note(), tokens.text2, 170.0);
        let arrow = super::super::icons::icon_char("ARROW_RIGHT");
        let at = pos2(room.right() - 10.0, middle);
        ui.painter().text(at, Align2::CENTER_CENTER, arrow, theme::icon_font(14.0), tokens.text2);
        let keep = lang.pick("原样保留", "Keep as it is");
        let name_of = |place: usize| choices.kind.fields.get(place).map_or(keep, |field| field.name.get(lang));
        let list = ComboBox::from_id_salt(("ours", index)).width(240.0).height(320.0);
        let list = list.selected_text(column.ours.map_or(keep, name_of).to_owned()).show_ui(ui, |ui| {
            if ui.selectable_label(column.ours.is_none(), keep).clicked() {
                chosen = Some(None);
            }
            for place in 0..choices.kind.fields.len() {
                if ui.selectable_label(column.ours == Some(place), name_of(place)).clicked() {
                    chosen = Some(Some(place));
                }
            }
        });
        list.response.accessible_name(format!("{} {}", column.theirs.name.zh, lang.pick("对应", "becomes")));
    });
    chosen
}
