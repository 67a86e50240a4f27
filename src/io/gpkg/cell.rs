//! Cells of a table. SQLite lets anything stand anywhere, so what a column holds is what was seen in it.

use rusqlite::types::ValueRef;

use super::super::infer::{is_date, is_date_time};
use crate::model::value::{FieldType, Value};

/// Whole numbers beyond this are not exact as real numbers.
const EXACT_REAL: u64 = 1 << 53;

/// What cells a column was seen to hold that do not fit its declaration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Misfits(u8);

impl Misfits {
    const INT: u8 = 1;
    const LONG_INT: u8 = 2;
    const REAL: u8 = 4;
    const TEXT: u8 = 8;

    /// Looks at one cell of a column declared to hold this.
    pub(super) fn see(&mut self, cell: ValueRef<'_>, declared: FieldType) {
        self.0 |= match (cell, declared) {
            (ValueRef::Null | ValueRef::Blob(_), _) | (ValueRef::Integer(_), FieldType::Int) => 0,
            (ValueRef::Integer(0 | 1), FieldType::Bool) | (ValueRef::Real(_), FieldType::Real) => 0,
            (ValueRef::Integer(number), _) if number.unsigned_abs() > EXACT_REAL => Self::LONG_INT,
            (ValueRef::Integer(_), FieldType::Real) => 0,
            (ValueRef::Integer(_), _) => Self::INT,
            (ValueRef::Real(_), _) => Self::REAL,
            (ValueRef::Text(text), FieldType::Date) if is_date(text) => 0,
            (ValueRef::Text(text), FieldType::DateTime) if is_date_time(text) => 0,
            (ValueRef::Text(_), FieldType::Text | FieldType::Json | FieldType::Blob) => 0,
            (ValueRef::Text(_), _) => Self::TEXT,
        };
    }

    /// The narrowest type that holds all that was seen.
    pub(super) fn settle(self, declared: FieldType) -> FieldType {
        let only = |allowed: u8| self.0 & !allowed == 0;
        match declared {
            _ if self.0 == 0 => declared,
            FieldType::Bool if only(Self::INT | Self::LONG_INT) => FieldType::Int,
            FieldType::Bool | FieldType::Int if only(Self::INT | Self::REAL) => FieldType::Real,
            FieldType::Blob => FieldType::Blob,
            _ => FieldType::Text,
        }
    }
}

/// The cell as it is; `false` if some bytes of a text spell nothing.
pub(super) fn natural(cell: ValueRef<'_>) -> (Value, bool) {
    let value = match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::from(number),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => return (Value::Text(String::from_utf8_lossy(text).into_owned()), false),
        },
    };
    (value, true)
}

/// The value as a column of this type holds it. Bytes stand nowhere but in columns for bytes.
pub(super) fn fitting(value: Value, field_type: FieldType) -> Value {
    match (value, field_type) {
        (Value::Int(number), FieldType::Bool) => Value::Bool(number != 0),
        (Value::Int(number), FieldType::Real) => Value::Real(number as f64),
        (number @ (Value::Int(_) | Value::Real(_)), FieldType::Int | FieldType::Real) => number,
        (Value::Null, _) => Value::Null,
        (Value::Blob(bytes), FieldType::Blob) => Value::Blob(bytes),
        (Value::Blob(_), _) => Value::Null,
        (other, FieldType::Blob) => Value::Blob(other.to_string().into_bytes()),
        (Value::Text(text), _) => Value::Text(text),
        (other, _) => Value::Text(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_holds_what_was_seen_in_it() {
        let (one, long, real) = (ValueRef::Integer(1), ValueRef::Integer(i64::MAX), ValueRef::Real(0.5));
        check(FieldType::Int, &[one, ValueRef::Null], FieldType::Int);
        check(FieldType::Bool, &[one, ValueRef::Integer(7)], FieldType::Int);
        check(FieldType::Int, &[one, real], FieldType::Real);
        check(FieldType::Real, &[one, real], FieldType::Real);
        check(FieldType::Real, &[long, real], FieldType::Text);
        check(FieldType::Int, &[ValueRef::Text("无".as_bytes()), one], FieldType::Text);
        check(FieldType::Date, &[ValueRef::Text(b"2026-11-22")], FieldType::Date);
        check(FieldType::Date, &[ValueRef::Text("去年".as_bytes())], FieldType::Text);
    }

    /// Every cell fits the type that is chosen, and reads as it stood.
    #[track_caller]
    fn check(declared: FieldType, cells: &[ValueRef<'_>], expected: FieldType) {
        let mut misfits = Misfits::default();
        cells.iter().for_each(|cell| misfits.see(*cell, declared));
        assert_eq!(misfits.settle(declared), expected);
        for cell in cells {
            let (value, _) = natural(*cell);
            let words = value.to_string();
            assert_eq!(fitting(value, expected).to_string(), words);
        }
    }
}
