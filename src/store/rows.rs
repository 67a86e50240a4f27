//! Rows as they stand in a table, to and from features.

use geopackage::core::ident::quote;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use crate::model::feature::Feature;
use crate::model::geometry::Geometry;
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};

use super::catalog::Table;
use super::error::StoreError;
use super::gpb;

/// A row with what a [`Feature`] cannot say: the bytes of a geometry that the program does not read, which must
/// survive an undo all the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stored {
    /// Values and, where it can be read, the geometry.
    pub feature: Feature,
    /// The geometry column's bytes, where they are no geometry that we read.
    pub opaque: Option<Vec<u8>>,
}

impl From<Feature> for Stored {
    fn from(feature: Feature) -> Self {
        Self { feature, opaque: None }
    }
}

/// Key, geometry and the fields at `wanted`, in the order in which [`stored_of`] reads them.
pub(super) fn select_list(table: &Table, wanted: &[usize]) -> Result<String, StoreError> {
    let mut list = format!("{}, {}", table.key, table.geometry_sql()?);
    for &index in wanted {
        list.push_str(", ");
        list.push_str(&quote(&table.schema.fields[index].id)?);
    }
    Ok(list)
}

/// The row that [`select_list`] over all fields selected.
pub(super) fn stored_of(row: &Row<'_>, fields: &[Field]) -> Result<Stored, StoreError> {
    let (geometry, opaque) = geometry_of(row.get_ref(1)?);
    let values = fields.iter().enumerate();
    let values = values.map(|(at, field)| Ok(value_of(row.get_ref(at + 2)?, field.field_type)));
    let values = values.collect::<Result<_, StoreError>>()?;
    Ok(Stored { feature: Feature { id: row.get(0)?, geometry, values }, opaque })
}

fn geometry_of(cell: ValueRef<'_>) -> (Option<Geometry>, Option<Vec<u8>>) {
    let ValueRef::Blob(blob) = cell else { return (None, None) };
    match gpb::wkb_of(blob).and_then(|wkb| Geometry::from_wkb(wkb).ok()) {
        Some(geometry) => (Some(geometry), None),
        None => (None, Some(blob.to_vec())),
    }
}

/// The row with this id.
pub(super) fn find(conn: &Connection, table: &Table, id: i64) -> Result<Option<Stored>, StoreError> {
    let all: Vec<usize> = (0..table.schema.fields.len()).collect();
    let sql = format!("SELECT {} FROM {} WHERE {} = ?1", select_list(table, &all)?, table.from, table.key);
    let mut statement = conn.prepare_cached(&sql)?;
    let found = statement.query_row([id], |row| Ok(stored_of(row, &table.schema.fields))).optional()?;
    found.transpose()
}

/// A cell as a value of the field's type; what does not fit the type is kept as what it is.
pub(super) fn value_of(cell: ValueRef<'_>, field_type: FieldType) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) if field_type == FieldType::Bool && (0..=1).contains(&number) => {
            Value::Bool(number == 1)
        }
        ValueRef::Integer(number) if field_type == FieldType::Real && number.unsigned_abs() < 1 << 53 => {
            Value::Real(number as f64)
        }
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::from(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(blob) => Value::Blob(blob.to_vec()),
    }
}

/// A value on its way into a statement, without a copy.
pub(super) struct Cell<'a>(pub &'a Value);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Bool(yes) => ValueRef::Integer(i64::from(*yes)),
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Whether two values are the same once stored: a column's affinity may turn 1 into 1.0 or "1".
pub(super) fn same_value(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Text(text), number @ (Value::Int(_) | Value::Real(_)))
        | (number @ (Value::Int(_) | Value::Real(_)), Value::Text(text)) => {
            text.parse::<f64>().ok().is_some_and(|parsed| number.as_f64() == Some(parsed))
        }
        (Value::Int(left), Value::Int(right)) => left == right,
        _ if left.as_f64().is_some() => left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}

/// Whether two rows are the same once stored.
pub(super) fn same_row(left: &Feature, right: &Feature) -> bool {
    left.geometry == right.geometry
        && left.values.len() == right.values.len()
        && left.values.iter().zip(&right.values).all(|(left, right)| same_value(left, right))
}
