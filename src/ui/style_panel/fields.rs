//! Rows of the style form: a label at the left, what can be set at its right. Every control has a name of its own.

use std::ops::RangeInclusive;

use egui::{ComboBox, DragValue, Response, RichText, Sense, Slider, Ui, pos2, vec2};

use crate::model::schema::{Field, Schema};
use crate::model::value::FieldType;
use crate::text::{Lang, Text};
use crate::ui::theme::{self, CONTROL, Tokens};
use crate::ui::widgets;

/// Width of the label column: narrower than in other forms, since the controls stand in cards.
const LABEL: f32 = 78.0;
/// Room of a number with its unit beside its slider.
const NUMBER: f32 = 56.0;

/// A label and what the caller puts beside it.
pub(super) fn row<R>(ui: &mut Ui, label: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    let mut words = widgets::layout_rows(ui, label, theme::body(), LABEL - 6.0, 2);
    if words.rows.len() > 1 {
        words = widgets::layout_rows(ui, label, theme::note(), LABEL - 6.0, 2);
    }
    let shown = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let (room, _) = ui.allocate_exact_size(vec2(LABEL - 4.0, CONTROL), Sense::hover());
        let at = pos2(room.left(), room.center().y - words.size().y / 2.0);
        ui.painter().galley_with_override_text_color(at, words, Tokens::of(ui).text2);
        add(ui)
    });
    shown.inner
}

/// Small quiet words below a row.
pub(super) fn remark(ui: &mut Ui, words: &str) {
    ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
}

/// A number that is dragged or typed.
pub(super) fn number<N: egui::emath::Numeric>(
    ui: &mut Ui,
    name: &str,
    value: &mut N,
    range: RangeInclusive<N>,
    (speed, unit): (f64, &str),
) -> Response {
    let decimals = if N::INTEGRAL { 0 } else { 2 };
    let drag = DragValue::new(value).range(range).speed(speed).max_decimals(decimals).suffix(unit);
    ui.add(drag.clamp_existing_to_range(false).update_while_editing(false)).accessible_name(name)
}

/// A whole row for a number of pixels.
pub(super) fn px_row(ui: &mut Ui, label: &str, name: &str, value: &mut f32, range: RangeInclusive<f32>) {
    row(ui, label, |ui| number(ui, name, value, range, (0.1, " px")));
}

/// A share from 0 to 1, shown in percent.
pub(super) fn share_row(ui: &mut Ui, label: &str, name: &str, share: &mut f32) {
    let mut percent = *share * 100.0;
    let changed = row(ui, label, |ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - NUMBER).max(40.0);
        let slider = Slider::new(&mut percent, 0.0..=100.0).fixed_decimals(0).suffix("%").trailing_fill(true);
        ui.add(slider.update_while_editing(false)).accessible_name(name).changed()
    });
    if changed {
        *share = percent / 100.0;
    }
}

/// A yes or no.
pub(super) fn switch_row(ui: &mut Ui, label: &str, name: &str, on: &mut bool) -> Response {
    row(ui, label, |ui| widgets::switch(ui, on, name))
}

/// One of several, by name, as wide as there is room.
pub(super) fn choice<T: PartialEq + Clone>(ui: &mut Ui, name: &str, value: &mut T, all: &[(T, String)]) -> bool {
    let now = all.iter().find(|(one, _)| one == value).map_or_else(String::new, |(_, word)| word.clone());
    let before = value.clone();
    let list = ComboBox::from_id_salt(name).width(ui.available_width()).selected_text(now).truncate().height(360.0);
    let shown = list.show_ui(ui, |ui| {
        for (one, word) in all {
            ui.selectable_value(value, one.clone(), word);
        }
    });
    shown.response.accessible_name(name);
    *value != before
}

/// The same as a whole row.
pub(super) fn choice_row<T: PartialEq + Clone>(
    ui: &mut Ui,
    label: &str,
    name: &str,
    value: &mut T,
    all: &[(T, String)],
) -> bool {
    row(ui, label, |ui| choice(ui, name, value, all))
}

/// Whether a field holds numbers that mean an amount.
pub(super) fn is_amount(field: &Field) -> bool {
    matches!(field.field_type, FieldType::Int | FieldType::Real) && field.codes.is_empty()
}

/// Whether a field can tell features apart by value.
pub(super) fn is_class(field: &Field) -> bool {
    !matches!(field.field_type, FieldType::Blob | FieldType::Json)
}

/// The fields of a layer that fit, for a list to choose from.
pub(super) fn fields(schema: &Schema, lang: Lang, fits: fn(&Field) -> bool) -> Vec<(String, String)> {
    let fitting = schema.fields.iter().filter(|field| fits(field));
    fitting.map(|field| (field.id.to_string(), field_words(field, lang))).collect()
}

/// A field's name, with its unit.
pub(super) fn field_words(field: &Field, lang: Lang) -> String {
    let name = field.name.get(lang);
    match (&*field.unit, lang) {
        ("", _) => name.to_owned(),
        (unit, Lang::Zh) => format!("{name}（{unit}）"),
        (unit, Lang::En) => format!("{name} ({unit})"),
    }
}

/// The words of a text in the language of the window. What was the same in both languages stays so.
pub(super) fn words_field(ui: &mut Ui, lang: Lang, name: &str, text: &mut Text) -> Response {
    let mut words = text.get(lang).to_owned();
    let response = widgets::text_field(ui, &mut words, name);
    if response.changed() {
        set_words(text, lang, words);
    }
    response
}

/// Gives a text other words in one language; the other follows where it said the same or nothing.
pub(super) fn set_words(text: &mut Text, lang: Lang, words: String) {
    let one = text.zh == text.en || text.zh.is_empty() || text.en.is_empty();
    match lang {
        _ if one => *text = Text::same(words),
        Lang::Zh => text.zh = words.into(),
        Lang::En => text.en = words.into(),
    }
}

/// What a control is called where several of a kind stand in one form.
pub(super) fn of(whole: &str, part: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("{whole}的{part}"),
        Lang::En => format!("{part} of {whole}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_in_the_other_language_only_where_it_said_the_same() {
        let mut one = Text::same("DN600");
        set_words(&mut one, Lang::En, "large".into());
        assert_eq!(one, Text::new("large", "large"));
        let mut two = Text::new("污水", "Foul");
        set_words(&mut two, Lang::Zh, "污水管".into());
        assert_eq!(two, Text::new("污水管", "Foul"));
    }
}
