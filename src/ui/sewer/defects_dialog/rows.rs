//! The first rows as they are read, or those that are refused, each with its number in the file and the reason.

use egui::{Grid, Label, RichText, ScrollArea, Ui};

use crate::session::sewer::defect_preview::{DefectPreview, PreviewRow};
use crate::text::Lang;
use crate::ui::icons::icon;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::choice_chip;

/// Height of the table, and characters of a cell that are shown.
const HEIGHT: f32 = 190.0;
const LETTERS: usize = 24;

/// Draws either of the two.
pub(super) fn rows_ui(ui: &mut Ui, lang: Lang, preview: &DefectPreview, shows_refused: &mut bool) {
    *shows_refused &= preview.refused > 0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        if choice_chip(ui, lang.pick("前几行", "First rows"), !*shows_refused).clicked() {
            *shows_refused = false;
        }
        let refused = match lang {
            Lang::Zh => format!("退回的行 {}", preview.refused),
            Lang::En => format!("Refused rows {}", preview.refused),
        };
        if preview.refused > 0 && choice_chip(ui, &refused, *shows_refused).clicked() {
            *shows_refused = true;
        }
        let listed = preview.refused_rows.len();
        if *shows_refused && preview.refused > listed {
            let words = match lang {
                Lang::Zh => format!("列出前 {listed} 行，导入时可全部另存"),
                Lang::En => format!("the first {listed}; all can be kept in a file"),
            };
            ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
        }
    });
    let rows = if *shows_refused { &preview.refused_rows } else { &preview.first_rows };
    ScrollArea::both().id_salt(("defect-rows", *shows_refused)).max_height(HEIGHT).auto_shrink([false, true]).show(
        ui,
        |ui| {
            Grid::new(("defect-grid", *shows_refused)).striped(true).spacing([14.0, 4.0]).show(ui, |ui| {
                table(ui, lang, preview, rows);
            });
        },
    );
}

fn table(ui: &mut Ui, lang: Lang, preview: &DefectPreview, rows: &[PreviewRow]) {
    let shown: Vec<usize> = (0..preview.fields.len())
        .filter(|&at| preview.fields[at].column.is_some() || preview.fields[at].is_set)
        .collect();
    let note = |words: String| RichText::new(words).font(theme::note());
    let color = Tokens::of(ui).text2;
    ui.add(Label::new(note(lang.pick("行", "Row").to_owned()).color(color)).extend());
    ui.add(Label::new(note(lang.pick("结果", "Result").to_owned()).color(color)).extend());
    for &at in &shown {
        ui.add(Label::new(note(preview.fields[at].field.name.get(lang).to_owned()).color(color)).extend());
    }
    ui.end_row();
    for row in rows {
        let place = if row.sheet.is_empty() { row.number.to_string() } else { format!("{} {}", row.sheet, row.number) };
        ui.add(Label::new(note(place)).extend());
        result(ui, lang, row);
        for &at in &shown {
            let cell = row.cells.get(at).map_or("", String::as_str);
            let words: String = cell.chars().take(LETTERS).collect();
            ui.add(Label::new(note(words)).extend());
        }
        ui.end_row();
    }
}

/// A tick, or why the row is refused.
fn result(ui: &mut Ui, lang: Lang, row: &PreviewRow) {
    let tokens = Tokens::of(ui);
    match &row.refused {
        None => {
            let name = lang.pick("可导入", "Comes in");
            ui.label(icon("CHECK_CIRCLE").color(tokens.ok).size(14.0)).on_hover_text(name);
        }
        Some(why) => {
            let why = RichText::new(why.get(lang)).font(theme::note()).color(tokens.err);
            ui.add(Label::new(why).extend());
        }
    }
}
