//! The first rows of a layer as they are read now: a wrong encoding is seen here before anything comes in.

use egui::{Grid, Label, RichText, ScrollArea, Ui};

use super::super::show;
use super::super::theme::{self, Tokens};
use super::quiet;
use crate::session::state::PreviewLayer;
use crate::text::Lang;

/// Rows and columns that are shown.
const ROWS: usize = 6;
const COLUMNS: usize = 24;
/// Characters of a value that are shown.
const LETTERS: usize = 40;

/// Draws them.
pub(super) fn rows_ui(ui: &mut Ui, lang: Lang, layer: &PreviewLayer) {
    if layer.sample.is_empty() {
        let words = quiet(ui, lang.pick("没有行", "No rows"));
        ui.label(words);
        return;
    }
    let fields = &layer.fields[..layer.fields.len().min(COLUMNS)];
    ScrollArea::both().id_salt("rows").max_height(176.0).auto_shrink([false, true]).show(ui, |ui| {
        Grid::new("first-rows").striped(true).spacing([16.0, 4.0]).show(ui, |ui| {
            for field in fields {
                let name = RichText::new(field.name.zh.as_ref()).font(theme::note()).color(Tokens::of(ui).text2);
                ui.add(Label::new(name).extend());
            }
            ui.end_row();
            for feature in layer.sample.iter().take(ROWS) {
                for (field, value) in fields.iter().zip(&feature.values) {
                    let words: String = show::value_text(field, value, lang).chars().take(LETTERS).collect();
                    ui.add(Label::new(RichText::new(words).font(theme::note())).extend());
                }
                ui.end_row();
            }
        });
    });
}
