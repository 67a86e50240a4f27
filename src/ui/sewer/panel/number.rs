//! A number in a row of its own: typed, and taken over with Enter or when the field is left. What makes no sense stays in
//! the field with the reason below it.

use egui::{RichText, Ui, vec2};

use crate::session::place;
use crate::text;
use crate::text::{Lang, Text};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{field_error, text_field, value_row_with};

/// Width of the field.
const FIELD: f32 = 84.0;

/// What a number is and may be.
pub(super) struct Number {
    name: Text,
    unit: &'static str,
    limits: [f64; 2],
    is_whole: bool,
    may_be_nothing: bool,
}

impl Number {
    pub(super) fn new(name: Text, unit: &'static str, limits: [f64; 2]) -> Self {
        Self { name, unit, limits, is_whole: false, may_be_nothing: false }
    }

    /// The same without a fraction.
    pub(super) fn whole(self) -> Self {
        Self { is_whole: true, ..self }
    }

    /// The same; an empty field is an answer too.
    pub(super) fn or_nothing(self) -> Self {
        Self { may_be_nothing: true, ..self }
    }

    fn read(&self, words: &str) -> Result<Option<f64>, Text> {
        let plain: String = words.trim().chars().map(narrow).filter(|letter| *letter != ',').collect();
        if plain.is_empty() && self.may_be_nothing {
            return Ok(None);
        }
        let [least, most] = self.limits;
        let number = plain.parse().ok().filter(|number| (least..=most).contains(number));
        let number = number.filter(|number: &f64| !self.is_whole || number.fract() == 0.0);
        number.map(Some).ok_or_else(|| {
            let [least, most] =
                self.limits.map(|limit| place::grouped(limit, if limit.fract() == 0.0 { 0 } else { 3 }));
            if self.is_whole {
                text!("应为 {least} 到 {most} 的整数", "A whole number from {least} to {most}")
            } else {
                text!("应为 {least} 到 {most} 的数", "A number from {least} to {most}")
            }
        })
    }
}

/// Digits as a Chinese keyboard may give them.
fn narrow(letter: char) -> char {
    match letter {
        '０'..='９' => char::from(b'0' + (letter as u32 - '０' as u32) as u8),
        '．' => '.',
        '，' => ',',
        other => other,
    }
}

/// What is being typed, and the value that it is to replace.
#[derive(Clone, Default)]
struct Draft {
    value: Option<f64>,
    words: String,
}

/// Draws the row; the new value once another was entered, `Some(None)` where the field was emptied.
pub(super) fn number_row(ui: &mut Ui, lang: Lang, number: &Number, value: Option<f64>) -> Option<Option<f64>> {
    let name = number.name.get(lang);
    let id = ui.scope_id().with(("number", &number.name.en));
    let kept = ui.data(|data| data.get_temp::<Draft>(id));
    // A value that has become another meanwhile is not the one that was being changed.
    let kept = kept.filter(|draft| draft.value == value).map(|draft| draft.words);
    let mut words = kept.clone().unwrap_or_else(|| value.map(|value| value.to_string()).unwrap_or_default());
    let response = value_row_with(ui, name, |ui| {
        let field = vec2(FIELD, theme::CONTROL);
        let response = ui.allocate_ui(field, |ui| text_field(ui, &mut words, name)).inner;
        ui.label(RichText::new(number.unit).color(Tokens::of(ui).text2));
        response
    });
    if response.changed() {
        ui.data_mut(|data| data.insert_temp(id, Draft { value, words: words.clone() }));
    }
    let (is_typing, is_left) = (response.has_focus(), response.lost_focus());
    if !is_left && (is_typing || kept.is_none()) {
        return None;
    }
    match number.read(&words) {
        Ok(new) if is_left => {
            ui.data_mut(|data| data.remove_temp::<Draft>(id));
            (new != value).then_some(new)
        }
        Ok(_) => None,
        Err(problem) => {
            field_error(ui, problem.get(lang));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: &Number, words: &str, expected: Option<Option<f64>>) {
        assert_eq!(number.read(words).ok(), expected, "{words}");
    }

    #[test]
    fn a_number_is_read_as_it_is_typed_and_refused_outside_its_limits() {
        let days = Number::new(Text::same("days"), "", [0.0, 36_500.0]).whole();
        check(&days, " 30 ", Some(Some(30.0)));
        check(&days, "１，０００", Some(Some(1000.0)));
        check(&days, "2.5", None);
        check(&days, "-1", None);
        check(&days, "", None);
        let n = Number::new(Text::same("n"), "", [0.001, 1.0]).or_nothing();
        check(&n, "0．013", Some(Some(0.013)));
        check(&n, "", Some(None));
        check(&n, "NaN", None);
    }
}
