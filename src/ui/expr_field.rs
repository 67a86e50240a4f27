//! A field for a condition (EXPR): says below itself what is wrong and where, and offers the layer's fields.

use egui::{Key, Response, RichText, Ui};

use super::icons::icon;
use super::theme::{self, Tokens};
use super::widgets::{field_error, text_field};
use crate::model::expr::Expr;
use crate::model::schema::Schema;
use crate::text::Lang;

/// What a condition's words mean now.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Condition {
    /// Nothing is typed: every row passes.
    #[default]
    None,
    /// They can be followed.
    Good(Expr),
    /// They cannot; why, in both languages.
    Bad(crate::text::Text),
}

impl Condition {
    /// Reads the words against a layer's fields.
    pub(super) fn read(words: &str, schema: &Schema) -> Self {
        if words.trim().is_empty() {
            return Self::None;
        }
        match Expr::read(words, schema) {
            Ok(expr) => Self::Good(expr),
            Err(error) => Self::Bad(crate::text::Text::owned(
                format!("第 {} 个字：{}", error.at + 1, error.what.zh),
                format!("Character {}: {}", error.at + 1, error.what.en),
            )),
        }
    }
}

/// Draws the field; whether its words are to be followed now (Enter).
pub(super) fn expr_field(ui: &mut Ui, lang: Lang, schema: &Schema, words: &mut String) -> bool {
    let response = ui.horizontal(|ui| {
        let fields = super::widgets::icon_button(ui, "FUNCTION", lang.pick("插入字段", "Insert a field"));
        egui::Popup::menu(&fields).show(|ui| field_menu(ui, lang, schema, words));
        text_field(ui, words, lang.pick("条件", "Condition"))
    });
    hint(ui, lang, schema, words);
    is_entered(ui, &response.inner)
}

fn is_entered(ui: &Ui, response: &Response) -> bool {
    response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}

/// What is wrong, or an example while nothing is typed.
fn hint(ui: &mut Ui, lang: Lang, schema: &Schema, words: &str) {
    match Condition::read(words, schema) {
        Condition::Bad(what) => field_error(ui, what.get(lang)),
        Condition::Good(_) => {}
        Condition::None => {
            let example = example(schema, lang);
            ui.label(RichText::new(example).font(theme::note()).color(Tokens::of(ui).text2));
        }
    }
}

fn example(schema: &Schema, lang: Lang) -> String {
    let coded = schema.fields.iter().find_map(|field| Some((field, field.codes.first()?)));
    let number = schema.fields.iter().find(|field| field.field_type == crate::model::value::FieldType::Real);
    let word = lang.pick("例如", "For example");
    match (coded, number) {
        (Some((field, code)), _) => format!("{word} {} = '{}'", quoted(field.name.get(lang)), code.name.get(lang)),
        (None, Some(field)) => format!("{word} {} >= 2", field.id),
        (None, None) => String::new(),
    }
}

/// The layer's fields; a click puts the field's name behind what is typed.
pub(super) fn field_menu(ui: &mut Ui, lang: Lang, schema: &Schema, words: &mut String) {
    egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
        for field in &schema.fields {
            let label =
                (icon("COLUMNS"), field.name.get(lang), RichText::new(field.id.as_ref()).color(Tokens::of(ui).text2));
            if ui.button(label).accessible_name(field.name.get(lang)).clicked() {
                if !words.is_empty() && !words.ends_with(' ') {
                    words.push(' ');
                }
                words.push_str(&quoted(&field.id));
                words.push(' ');
            }
        }
    });
}

/// A field's id as EXPR takes it: in double quotes where it has odd characters.
fn quoted(id: &str) -> String {
    let plain = id.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
        && id.chars().next().is_some_and(|letter| !letter.is_ascii_digit());
    if plain { id.to_owned() } else { format!("\"{}\"", id.replace('"', "\"\"")) }
}
