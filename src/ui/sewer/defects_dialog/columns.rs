//! Which column fills which field: one list a field, those first that are needed.

use egui::{ComboBox, Grid, RichText, Ui};

use crate::session::sewer::defect_preview::{DefectPreview, PreviewField};
use crate::text::Lang;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::button;

/// Characters of a sample that are shown.
const LETTERS: usize = 12;

/// Draws the lists; what is chosen becomes a mapping of all columns, so that nothing is guessed beside it.
pub(super) fn columns_ui(ui: &mut Ui, lang: Lang, preview: &DefectPreview, map: &mut Option<Vec<(String, String)>>) {
    let mut chosen = None;
    Grid::new("defect-columns").num_columns(4).spacing([12.0, 4.0]).show(ui, |ui| {
        for (place, field) in preview.fields.iter().enumerate() {
            if let Some(column) = field_ui(ui, lang, preview, field, place) {
                chosen = Some((place, column));
            }
            if place % 2 == 1 {
                ui.end_row();
            }
        }
    });
    if let Some((place, column)) = chosen {
        *map = Some(mapping(preview, place, column));
    }
    if map.is_some() && button(ui, "ARROW_COUNTER_CLOCKWISE", lang.pick("重新推测", "Guess again")).clicked() {
        *map = None;
    }
}

/// One field; the column that was chosen for it now.
fn field_ui(
    ui: &mut Ui,
    lang: Lang,
    preview: &DefectPreview,
    field: &PreviewField,
    place: usize,
) -> Option<Option<usize>> {
    let tokens = Tokens::of(ui);
    let name = field.field.name.get(lang);
    let is_missing = field.is_needed && field.column.is_none() && !field.is_set;
    let shown = if field.is_needed { format!("{name} *") } else { name.to_owned() };
    let color = if is_missing { tokens.err } else { tokens.text2 };
    ui.label(RichText::new(shown).font(theme::body()).color(color));
    let none = lang.pick("（没有）", "(none)");
    let words = |column: usize| {
        let Some(column) = preview.columns.get(column) else { return none.to_owned() };
        let sample: String = column.sample.chars().take(LETTERS).collect();
        if sample.is_empty() { column.name.clone() } else { format!("{} · {sample}", column.name) }
    };
    let mut chosen = None;
    let list = ComboBox::from_id_salt(("defect-column", place)).width(230.0).height(320.0).truncate();
    let list = list.selected_text(field.column.map_or(none.to_owned(), words)).show_ui(ui, |ui| {
        if ui.selectable_label(field.column.is_none(), none).clicked() {
            chosen = Some(None);
        }
        for column in 0..preview.columns.len() {
            if ui.selectable_label(field.column == Some(column), words(column)).clicked() {
                chosen = Some(Some(column));
            }
        }
    });
    let label = match lang {
        Lang::Zh => format!("{name}取自"),
        Lang::En => format!("{name} from"),
    };
    list.response.accessible_name(label);
    chosen
}

/// Every column with its field, after one field got another column.
fn mapping(preview: &DefectPreview, place: usize, column: Option<usize>) -> Vec<(String, String)> {
    let field_of = |at: usize| {
        if column == Some(at) {
            return preview.fields[place].field.id.to_string();
        }
        let other = preview.fields.iter().enumerate().find(|(other, it)| *other != place && it.column == Some(at));
        other.map(|(_, it)| it.field.id.to_string()).unwrap_or_default()
    };
    preview.columns.iter().enumerate().map(|(at, it)| (it.id.clone(), field_of(at))).collect()
}
