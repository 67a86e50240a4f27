//! A layer's schema as JSON text in the file. The file's form outlives the model's: rename nothing here.

use serde::{Deserialize, Serialize};

use crate::geom::crs::Crs;
use crate::model::geometry::GeometryKind;
use crate::model::schema::{Code, Field, Schema};
use crate::model::value::FieldType;
use crate::text::Text;

/// Writes what [`read`] reads. Name, geometry and CRS are the table's own affair; what only we know is here.
pub(super) fn write(schema: &Schema) -> String {
    let stored = StoredSchema {
        kind: schema.kind.clone(),
        name: (&schema.name).into(),
        z_order: schema.z_order,
        fields: schema.fields.iter().map(StoredField::from).collect(),
    };
    serde_json::to_string(&stored).unwrap_or_default() // strings and finite numbers: cannot fail
}

/// The schema without table name, geometry and CRS; `None` for anything that [`write`] did not write.
pub(super) fn read(json: &str) -> Option<Schema> {
    let stored: StoredSchema = serde_json::from_str(json).ok()?;
    Some(Schema {
        table: String::new(),
        name: stored.name.into(),
        kind: stored.kind,
        geometry: None::<GeometryKind>,
        crs: Crs::Unknown,
        z_order: stored.z_order,
        fields: stored.fields.into_iter().map(Field::from).collect(),
    })
}

#[derive(Deserialize, Serialize)]
struct StoredSchema {
    kind: String,
    name: StoredText,
    #[serde(default)]
    z_order: i32,
    fields: Vec<StoredField>,
}

#[derive(Deserialize, Serialize)]
struct StoredText {
    zh: String,
    en: String,
}

#[derive(Deserialize, Serialize)]
struct StoredField {
    id: String,
    name: StoredText,
    #[serde(rename = "type")]
    field_type: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    unit: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    codes: Vec<StoredCode>,
    #[serde(default, skip_serializing_if = "is_false")]
    required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<(Option<f64>, Option<f64>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    read_only: bool,
}

#[derive(Deserialize, Serialize)]
struct StoredCode {
    value: String,
    name: StoredText,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(yes: &bool) -> bool {
    !yes
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

const TYPES: [(FieldType, &str); 8] = [
    (FieldType::Bool, "bool"),
    (FieldType::Int, "int"),
    (FieldType::Real, "real"),
    (FieldType::Text, "text"),
    (FieldType::Date, "date"),
    (FieldType::DateTime, "datetime"),
    (FieldType::Blob, "blob"),
    (FieldType::Json, "json"),
];

impl From<&Text> for StoredText {
    fn from(text: &Text) -> Self {
        Self { zh: text.zh.to_string(), en: text.en.to_string() }
    }
}

impl From<StoredText> for Text {
    fn from(text: StoredText) -> Self {
        Self::owned(text.zh, text.en)
    }
}

impl From<&Field> for StoredField {
    fn from(field: &Field) -> Self {
        let word = TYPES.iter().find(|it| it.0 == field.field_type).map_or("text", |it| it.1);
        Self {
            id: field.id.to_string(),
            name: (&field.name).into(),
            field_type: word.to_owned(),
            unit: field.unit.to_string(),
            codes: field
                .codes
                .iter()
                .map(|code| StoredCode { value: code.value.to_string(), name: (&code.name).into() })
                .collect(),
            required: field.required,
            // JSON has no infinity: an open end is null.
            range: field.range.map(|(least, most)| (finite(least), finite(most))),
            aliases: field.aliases.iter().map(ToString::to_string).collect(),
            read_only: field.read_only,
        }
    }
}

impl From<StoredField> for Field {
    fn from(stored: StoredField) -> Self {
        let field_type = TYPES.iter().find(|it| it.1 == stored.field_type).map_or(FieldType::Text, |it| it.0);
        Self {
            id: stored.id.into(),
            name: stored.name.into(),
            field_type,
            unit: stored.unit.into(),
            codes: stored
                .codes
                .into_iter()
                .map(|code| Code { value: code.value.into(), name: code.name.into() })
                .collect(),
            required: stored.required,
            range: stored
                .range
                .map(|(least, most)| (least.unwrap_or(f64::NEG_INFINITY), most.unwrap_or(f64::INFINITY))),
            aliases: stored.aliases.into_iter().map(Into::into).collect(),
            read_only: stored.read_only,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_and_trait_of_a_field_comes_back() {
        for (field_type, _) in TYPES {
            check(Field::new("a", field_type, "甲", "A"));
        }
        check(Field::real("d", "管径", "Diameter", "mm").range(100.0, 4000.0).required().read_only());
        check(Field::real("l", "长度", "Length", "m").range(0.0, f64::INFINITY));
        check(Field::coded("c", "类别", "Category", &[("y", "雨水", "Storm"), ("w", "污水", "Foul")]));
        check(Field::text("t", "名'\"", "\\").aliases(&["名称", "NAME"]));
    }

    #[track_caller]
    fn check(field: Field) {
        let schema = Schema {
            table: String::new(),
            name: Text::new("层", "Layer"),
            kind: "k".to_owned(),
            geometry: None,
            crs: Crs::Unknown,
            z_order: 0,
            fields: vec![field],
        };
        assert_eq!(read(&write(&schema)), Some(schema));
    }
}
