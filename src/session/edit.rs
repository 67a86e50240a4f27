//! Rows of the open city change: forms, notes, photos, deletions. Each is one step that undo takes back whole.

use crate::kinds;
use crate::model::feature::{Delta, Feature};
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::store::command::Action;
use crate::text;
use crate::text::Text;

use super::Session;
use super::answer::{Failure, FailureKind};
use super::command::{EditCommand, JobId};

impl Session {
    pub(super) fn run_edit(&mut self, command: EditCommand) -> Result<Option<JobId>, Failure> {
        let job = match command {
            EditCommand::Change { label, deltas } => self.submit(label, Action::Edit { deltas, photos: Vec::new() }),
            EditCommand::Set { layer, id, values } => self.set_values(&layer, id, &values),
            EditCommand::AddNote(draft) => self.add_note(draft),
            EditCommand::CloseNote { layer, id, done } => self.close_note(&layer, id, done),
            EditCommand::AddPhotos { layer, id, photos } => self.add_photos(layer, id, &photos),
            EditCommand::RemovePhoto { layer, id, photo } => {
                self.submit(Text::new("移除照片", "Remove a photo"), Action::RemovePhoto { layer, id, photo })
            }
            EditCommand::Delete { layer, ids } => self.delete(&layer, &ids),
        };
        job.map(Some)
    }

    fn set_values(&mut self, layer: &str, id: i64, values: &[(String, String)]) -> Result<JobId, Failure> {
        let reader = self.opened()?.city.reader()?;
        let schema = super::rows::find_schema(&reader, layer)?;
        let Some(old) = reader.feature(&schema.table, id)? else {
            let text = text!("图层“{layer}”没有要素 {id}", "Layer “{layer}” has no feature {id}");
            return Err(Failure::new(FailureKind::Usage, text));
        };
        let mut new = old.clone();
        for (word, typed) in values {
            let Some(index) = schema.field_index(word) else {
                let text = text!("图层“{layer}”没有字段“{word}”", "Layer “{layer}” has no field “{word}”");
                return Err(Failure::new(FailureKind::Usage, text));
            };
            let typed = if typed.is_empty() { Value::Null } else { Value::from(typed.as_str()) };
            let value = kinds::convert::convert(typed, &schema.fields[index]);
            new.values[index] = value.map_err(|text| Failure::new(FailureKind::Data, text))?;
        }
        if let Some((_, text)) = problems_of(&schema, &new).into_iter().next() {
            return Err(Failure::new(FailureKind::Data, text));
        }
        let words: Vec<&str> = values.iter().map(|(word, _)| word.as_str()).collect();
        let words = words.join(", ");
        let label = text!("修改 {layer} {id}：{words}", "Change {layer} {id}: {words}");
        let delta = Delta { layer: schema.table.clone(), id, old: Some(old), new: Some(new) };
        self.submit(label, Action::Edit { deltas: vec![delta], photos: Vec::new() })
    }

    fn delete(&mut self, layer: &str, ids: &[i64]) -> Result<JobId, Failure> {
        let reader = self.opened()?.city.reader()?;
        let schema = super::rows::find_schema(&reader, layer)?;
        let rows = reader.features(&schema.table, ids)?;
        if rows.is_empty() {
            let text = text!("图层“{layer}”没有这些要素", "Layer “{layer}” has none of these features");
            return Err(Failure::new(FailureKind::Usage, text));
        }
        let count = rows.len();
        let (zh, en) = (&schema.name.zh, &schema.name.en);
        let label = text!("删除 {count} 个{zh}", "Delete {count} of {en}");
        let delta = |row: Feature| Delta { layer: schema.table.clone(), id: row.id, old: Some(row), new: None };
        let deltas = rows.into_iter().map(delta).collect();
        self.selection.rows.remove(&schema.table);
        self.selection.revision += 1;
        self.submit(label, Action::Edit { deltas, photos: Vec::new() })
    }

    /// What a form's values would be refused for: field id and words, none if it can be saved.
    pub fn form_problems(&self, layer: &str, feature: &Feature) -> Vec<(String, Text)> {
        self.city().and_then(|city| city.layer(layer)).map_or(Vec::new(), |layer| problems_of(&layer.schema, feature))
    }
}

/// What keeps a row from being saved.
fn problems_of(schema: &Schema, feature: &Feature) -> Vec<(String, Text)> {
    let pairs = schema.fields.iter().zip(&feature.values);
    let found = pairs.filter_map(|(field, value)| Some((field.id.to_string(), problem_of(field, value)?)));
    let mut found: Vec<(String, Text)> = found.collect();
    let known: Vec<String> = found.iter().map(|(field, _)| field.clone()).collect();
    let of_kind = super::sewer::condition::defect_problems(schema, feature);
    found.extend(of_kind.into_iter().filter(|(field, _)| !known.contains(field)));
    found
}

fn problem_of(field: &Field, value: &Value) -> Option<Text> {
    let (zh, en) = (&field.name.zh, &field.name.en);
    let is_empty = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
    if is_empty {
        return field.required.then(|| text!("请填写{zh}", "{en} is needed"));
    }
    let fits = match field.field_type {
        FieldType::Bool => value.as_bool().is_some(),
        FieldType::Int => value.as_i64().is_some(),
        FieldType::Real => value.as_f64().is_some(),
        FieldType::Date => value.as_str().is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok()),
        FieldType::DateTime => value.as_str().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()),
        FieldType::Json => {
            value.as_str().is_some_and(|json| serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok())
        }
        FieldType::Text => value.as_str().is_some(),
        FieldType::Blob => matches!(value, Value::Blob(_)),
    };
    if !fits {
        return Some(text!("{zh}的格式不对", "{en} has the wrong form"));
    }
    if let (Some((least, most)), Some(number)) = (field.range, value.as_f64())
        && !(least..=most).contains(&number)
    {
        return Some(text!("{zh}应在 {least} 到 {most} 之间", "{en} should be between {least} and {most}"));
    }
    let unknown = !field.codes.is_empty() && field.codes.iter().all(|code| code.value != value.to_string());
    unknown.then(|| text!("{zh}没有“{value}”这一取值", "{en} has no value “{value}”"))
}
