//! What the rows of a layer look like: fields with names, units and coded values, and the geometry.
//!
//! A schema is data. The store makes a table from it, the formats map their columns to it, the forms draw it; none of
//! them knows what the layer means.

use std::borrow::Cow;

use super::geometry::GeometryKind;
use super::value::{FieldType, Value};
use crate::geom::crs::Crs;
use crate::text::{Lang, Text};

/// One allowed value of a field and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// What is stored.
    pub value: Cow<'static, str>,
    /// What a person reads.
    pub name: Text,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Column name in the file; a stable word, lower case, unit at its end (`length_m`).
    pub id: Cow<'static, str>,
    /// What a person reads.
    pub name: Text,
    /// What it holds.
    pub field_type: FieldType,
    /// Unit written behind numbers, `""` for none.
    pub unit: Cow<'static, str>,
    /// The allowed values; empty means any.
    pub codes: Vec<Code>,
    /// Whether a row without it is refused in the form (an import keeps the row and warns).
    pub required: bool,
    /// Smallest and largest number that makes sense.
    pub range: Option<(f64, f64)>,
    /// Other people's names for it, for import mapping; matched without case and punctuation.
    pub aliases: Vec<Cow<'static, str>>,
    /// Whether only the program fills it in.
    pub read_only: bool,
}

impl Field {
    /// A field with both names.
    pub fn new(id: impl Into<Cow<'static, str>>, field_type: FieldType, zh: &'static str, en: &'static str) -> Self {
        Self {
            id: id.into(),
            name: Text::new(zh, en),
            field_type,
            unit: Cow::Borrowed(""),
            codes: Vec::new(),
            required: false,
            range: None,
            aliases: Vec::new(),
            read_only: false,
        }
    }

    /// A text field.
    pub fn text(id: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self::new(id, FieldType::Text, zh, en)
    }

    /// A whole-number field.
    pub fn int(id: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self::new(id, FieldType::Int, zh, en)
    }

    /// A number field with its unit.
    pub fn real(id: &'static str, zh: &'static str, en: &'static str, unit: &'static str) -> Self {
        Self { unit: Cow::Borrowed(unit), ..Self::new(id, FieldType::Real, zh, en) }
    }

    /// A yes/no field.
    pub fn bool(id: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self::new(id, FieldType::Bool, zh, en)
    }

    /// A day.
    pub fn date(id: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self::new(id, FieldType::Date, zh, en)
    }

    /// An instant.
    pub fn datetime(id: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self::new(id, FieldType::DateTime, zh, en)
    }

    /// A text field whose values are coded: `(value, zh, en)`.
    pub fn coded(
        id: &'static str,
        zh: &'static str,
        en: &'static str,
        codes: &[(&'static str, &'static str, &'static str)],
    ) -> Self {
        let codes = codes.iter().map(|&(value, zh, en)| Code { value: value.into(), name: Text::new(zh, en) });
        Self { codes: codes.collect(), ..Self::text(id, zh, en) }
    }

    /// The same field, with a unit.
    pub fn unit(self, unit: &'static str) -> Self {
        Self { unit: Cow::Borrowed(unit), ..self }
    }

    /// The same field, which a form will not leave empty.
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same field, within bounds.
    pub fn range(self, least: f64, most: f64) -> Self {
        Self { range: Some((least, most)), ..self }
    }

    /// The same field, filled in by the program alone.
    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// The same field, with other people's names for it.
    pub fn aliases(self, aliases: &[&'static str]) -> Self {
        Self { aliases: aliases.iter().map(|&alias| Cow::Borrowed(alias)).collect(), ..self }
    }

    /// What a person reads for `value`: the code's name, yes/no, number; without the unit.
    pub fn display(&self, value: &Value, lang: Lang) -> String {
        if self.field_type == FieldType::Bool
            && let Some(yes) = value.as_bool()
        {
            return if yes { lang.pick("是", "Yes") } else { lang.pick("否", "No") }.to_owned();
        }
        let plain = value.to_string();
        match self.codes.iter().find(|code| code.value == plain) {
            Some(code) => code.name.get(lang).to_owned(),
            None => plain,
        }
    }

    /// Whether `word` names this field: its id or its name in either language.
    pub fn is_named(&self, word: &str) -> bool {
        self.id.eq_ignore_ascii_case(word) || self.name.is(word)
    }
}

/// The shape of a layer's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Table name in the file and word on the command line.
    pub table: String,
    /// What a person reads.
    pub name: Text,
    /// Id of the kind; `plain` for whatever a file brought.
    pub kind: String,
    /// What the rows look like on the map, `None` for rows without a place.
    pub geometry: Option<GeometryKind>,
    /// Coordinates as stored.
    pub crs: Crs,
    /// Where a new layer goes among the others: above those with a smaller or the same number.
    pub z_order: i32,
    /// Columns beside `fid` and `geom`, in order.
    pub fields: Vec<Field>,
}

impl Schema {
    /// The place of a field among the values of a row, by id or by name in either language.
    pub fn field_index(&self, word: &str) -> Option<usize> {
        let by_id = self.fields.iter().position(|field| field.id.eq_ignore_ascii_case(word));
        by_id.or_else(|| self.fields.iter().position(|field| field.name.is(word)))
    }

    /// The field by id or by name in either language.
    pub fn field(&self, word: &str) -> Option<&Field> {
        self.field_index(word).map(|index| &self.fields[index])
    }
}
