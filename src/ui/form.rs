//! The attribute form, made from a layer's schema: keeps what was typed until it is saved or given up.
//!
//! This half knows no screen: it turns a row into words and words back into a row. `form_ui` draws it.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use super::show;
use crate::kinds::pipe_slope;
use crate::model::feature::{Delta, Feature};
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::session::command::EditCommand;
use crate::session::state::FeatureRef;
use crate::text;
use crate::text::Text;

/// Field id, and what is wrong with its value.
pub type FieldProblem = (String, Text);

/// One row being edited.
#[derive(Clone, Debug)]
pub struct FormState {
    /// Which row.
    pub at: FeatureRef,
    /// What a person calls it.
    pub title: String,
    old: Feature,
    before: Vec<String>,
    /// One text for each field of the schema.
    pub texts: Vec<String>,
    /// Whether saving was tried: from then on every problem is shown, not only those of touched fields.
    pub tried: bool,
    /// Whether the first field still has to get the keyboard.
    pub takes_focus: bool,
}

impl FormState {
    /// A form on a row as it is now.
    pub fn new(schema: &Schema, title: &str, row: &Feature) -> Self {
        let value = |index: usize| row.values.get(index).unwrap_or(&Value::Null);
        let texts: Vec<String> =
            schema.fields.iter().enumerate().map(|(index, field)| words_of(field, value(index))).collect();
        Self {
            at: FeatureRef { layer: schema.table.clone(), id: row.id },
            title: title.to_owned(),
            old: row.clone(),
            before: texts.clone(),
            texts,
            tried: false,
            takes_focus: true,
        }
    }

    /// Whether a field was changed.
    pub fn is_touched(&self, index: usize) -> bool {
        self.texts.get(index) != self.before.get(index)
    }

    /// Whether anything was changed.
    pub fn is_changed(&self) -> bool {
        self.texts != self.before
    }

    /// The row as typed. A field that was not touched keeps its value exactly, but for a gradient that was computed from
    /// inverts and length: it is computed anew with them.
    ///
    /// # Errors
    /// Every field whose words are no value of its type.
    pub fn edited(&self, schema: &Schema) -> Result<Feature, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let mut new = self.old.clone();
        new.values.resize(schema.fields.len(), Value::Null);
        for (index, field) in schema.fields.iter().enumerate() {
            if !self.is_touched(index) {
                continue;
            }
            match parse(field, &self.texts[index]) {
                Ok(value) => new.values[index] = value,
                Err(what) => problems.push((field.id.to_string(), what)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        if let Some((field, slope)) = pipe_slope::following(schema, &self.old, &new) {
            new.values[field] = Value::Real(slope);
        }
        Ok(new)
    }

    /// Everything that keeps the row from being saved; `check` looks at a row whose words are all values.
    pub fn problems(&self, schema: &Schema, check: &dyn Fn(&Feature) -> Vec<FieldProblem>) -> Vec<FieldProblem> {
        match self.edited(schema) {
            Ok(new) => check(&new),
            Err(problems) => problems,
        }
    }

    /// The step that saves it; `None` if it cannot be saved or nothing has changed.
    pub fn command(&self, schema: &Schema, check: &dyn Fn(&Feature) -> Vec<FieldProblem>) -> Option<EditCommand> {
        let new = self.edited(schema).ok().filter(|new| check(new).is_empty())?;
        if new == self.old {
            return None;
        }
        let (zh, en) = (&schema.name.zh, schema.name.en.to_lowercase());
        let label = Text::owned(format!("修改{zh} {}", self.title), format!("Change {en} {}", self.title));
        let delta = Delta { layer: self.at.layer.clone(), id: self.at.id, old: Some(self.old.clone()), new: Some(new) };
        Some(EditCommand::Change { label, deltas: vec![delta] })
    }
}

/// The words that stand in a field for a value: what [`parse`] reads back.
fn words_of(field: &Field, value: &Value) -> String {
    match (field.field_type, value) {
        (FieldType::DateTime, Value::Text(instant)) => show::local_time(instant, &TimeZone::system()),
        (FieldType::Bool, value) => value.as_bool().map_or_else(String::new, |yes| yes.to_string()),
        (FieldType::Blob, _) => String::new(),
        _ => value.to_string(),
    }
}

/// Reads a field's words; nothing but spaces is no value.
///
/// # Errors
/// What the field would take instead.
pub fn parse(field: &Field, words: &str) -> Result<Value, Text> {
    let trimmed = words.trim();
    if trimmed.is_empty() {
        return Ok(Value::Null);
    }
    match field.field_type {
        FieldType::Bool => match trimmed {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(Text::new("填“是”或“否”", "Say yes or no")),
        },
        FieldType::Int => narrow(trimmed)
            .parse()
            .map(Value::Int)
            .map_err(|_| Text::new("要填整数，如 12", "A whole number is needed, such as 12")),
        FieldType::Real => narrow(trimmed)
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(Value::Real)
            .ok_or(Text::new("要填数字，如 2.84", "A number is needed, such as 2.84")),
        FieldType::Date => show::day_from_words(&narrow(trimmed))
            .map(Value::Text)
            .ok_or(Text::new("日期写成 2026-11-22", "Write the day as 2026-11-22")),
        FieldType::DateTime => show::instant_from_local(&narrow(trimmed), &TimeZone::system())
            .map(Value::Text)
            .ok_or(Text::new("时间写成 2026-11-22 14:03", "Write the time as 2026-11-22 14:03")),
        FieldType::Json => serde_json::from_str::<serde::de::IgnoredAny>(trimmed)
            .map(|_| Value::Text(trimmed.to_owned()))
            .map_err(|error| no_json(&error)),
        FieldType::Text => Ok(Value::Text(words.trim_end().to_owned())),
        FieldType::Blob => Err(Text::new("这里不能改二进制内容", "Bytes cannot be changed here")),
    }
}

fn no_json(error: &serde_json::Error) -> Text {
    let (line, column) = (error.line(), error.column());
    text!("不是 JSON：第 {line} 行第 {column} 列", "No JSON: line {line}, column {column}")
}

/// Full-width digits and signs as a Chinese keyboard types them, in their narrow form; without group commas.
fn narrow(words: &str) -> Cow<'_, str> {
    if words.is_ascii() && !words.contains(',') {
        return Cow::Borrowed(words);
    }
    let narrow = words.chars().filter(|&letter| letter != ',' && letter != '，').map(|letter| match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        '。' => '.',
        '—' | '−' => '-',
        '\u{3000}' => ' ',
        _ => letter,
    });
    Cow::Owned(narrow.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::text::Lang;

    #[test]
    fn words_become_values_of_the_fields_type() {
        check("depth_m", "３．５", Ok(Value::Real(3.5)));
        check("depth_m", "1,250.5", Ok(Value::Real(1250.5)));
        check("depth_m", "", Ok(Value::Null));
        check("pipes", "4", Ok(Value::Int(4)));
        check("built", "2021/6/1", Ok(Value::from("2021-06-01")));
        check("lit", "true", Ok(Value::Bool(true)));
        check("extra", "{\"a\": [1]}", Ok(Value::from("{\"a\": [1]}")));
        check("code", "WS-1 ", Ok(Value::from("WS-1")));
    }

    #[test]
    fn words_that_are_no_value_are_refused_with_what_would_do() {
        check("depth_m", "deep", Err("A number is needed, such as 2.84"));
        check("depth_m", "inf", Err("A number is needed, such as 2.84"));
        check("pipes", "1.5", Err("A whole number is needed, such as 12"));
        check("built", "2021-02-30", Err("Write the day as 2026-11-22"));
        check("extra", "{", Err("No JSON: line 1, column 1"));
    }

    #[test]
    fn only_touched_fields_change_and_the_step_says_what_was_done() {
        let schema = manhole();
        let row = row();
        let mut form = FormState::new(&schema, "WS-YQ-0417", &row);
        assert!(form.command(&schema, &|_| Vec::new()).is_none(), "nothing was changed");

        form.texts[1] = "3.1".to_owned();
        let Some(EditCommand::Change { label, deltas }) = form.command(&schema, &|_| Vec::new()) else {
            panic!("no step");
        };
        assert_eq!(label.get(Lang::Zh), "修改检查井 WS-YQ-0417");
        assert_eq!(label.get(Lang::En), "Change manhole WS-YQ-0417");
        let mut expected = row.clone();
        expected.values[1] = Value::Real(3.1);
        assert_eq!((deltas[0].old.as_ref(), deltas[0].new.as_ref()), (Some(&row), Some(&expected)));
    }

    #[test]
    fn what_the_session_refuses_is_not_saved() {
        let schema = manhole();
        let mut form = FormState::new(&schema, "WS-YQ-0417", &row());
        form.texts[0] = String::new();
        let refuse = |row: &Feature| match row.values[0] {
            Value::Null => vec![("code".to_owned(), Text::new("必填", "Required"))],
            _ => Vec::new(),
        };
        assert_eq!(form.problems(&schema, &refuse).len(), 1);
        assert!(form.command(&schema, &refuse).is_none());
    }

    #[track_caller]
    fn check(field: &str, words: &str, expected: Result<Value, &str>) {
        let schema = manhole();
        let parsed = parse(schema.field(field).unwrap(), words);
        assert_eq!(parsed.as_ref().map_err(|what| what.get(Lang::En)), expected.as_ref().map_err(|what| *what));
    }

    fn manhole() -> Schema {
        Schema {
            table: "manhole".into(),
            name: Text::new("检查井", "Manhole"),
            kind: "manhole".into(),
            geometry: None,
            crs: Crs::CGCS2000,
            z_order: 0,
            fields: vec![
                Field::text("code", "编号", "Number"),
                Field::real("depth_m", "井深", "Depth", "m"),
                Field::int("pipes", "管段数", "Pipes"),
                Field::date("built", "建成", "Built"),
                Field::bool("lit", "照明", "Lit"),
                Field::new("extra", FieldType::Json, "其他", "Other"),
            ],
        }
    }

    fn row() -> Feature {
        let values = vec![
            Value::from("WS-YQ-0417"),
            Value::Real(2.84),
            Value::Null,
            Value::from("2021-06-01"),
            Value::Int(1),
            Value::Null,
        ];
        Feature { id: 7, geometry: None, values }
    }
}
