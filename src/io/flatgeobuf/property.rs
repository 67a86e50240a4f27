//! Values of FlatGeobuf: each behind the number of its column, in the bytes of the column's type.

use flatgeobuf::ColumnType;

use super::super::infer::{is_date, is_date_time};
use crate::model::value::{FieldType, Value};

/// Why the bytes make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Garbled;

/// What a column has held so far, where its declared type leaves a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held(u8);

impl Held {
    const DATE: u8 = 1;
    const DATE_TIME: u8 = 2;
    const OTHER: u8 = 4;

    /// Looks at one value of a column.
    pub(super) fn see(&mut self, value: &Value, declared: ColumnType) {
        self.0 |= match (declared, value) {
            (_, Value::Null) => 0,
            (ColumnType::DateTime, Value::Text(text)) if is_date(text.as_bytes()) => Self::DATE,
            (ColumnType::DateTime, Value::Text(text)) if is_date_time(text.as_bytes()) => Self::DATE_TIME,
            (ColumnType::DateTime, _) | (ColumnType::ULong, Value::Text(_)) => Self::OTHER,
            _ => 0,
        };
    }

    /// The narrowest type that holds all of it.
    pub(super) fn field_type(self, declared: ColumnType) -> FieldType {
        match declared {
            ColumnType::Bool => FieldType::Bool,
            ColumnType::ULong if self.0 & Self::OTHER != 0 => FieldType::Text,
            ColumnType::Float | ColumnType::Double => FieldType::Real,
            ColumnType::Json => FieldType::Json,
            ColumnType::Binary => FieldType::Blob,
            ColumnType::DateTime if self.0 == Self::DATE => FieldType::Date,
            ColumnType::DateTime if self.0 == Self::DATE_TIME => FieldType::DateTime,
            ColumnType::String | ColumnType::DateTime => FieldType::Text,
            _ => FieldType::Int,
        }
    }
}

/// Reads all values of a feature and hands them over with the place of their column.
///
/// # Errors
/// Bytes that end in the middle, columns that there are not, text that is no UTF-8.
pub(super) fn read(
    mut bytes: &[u8],
    columns: &[ColumnType],
    take: &mut dyn FnMut(usize, Value),
) -> Result<(), Garbled> {
    while !bytes.is_empty() {
        let column = usize::from(u16::from_le_bytes(fixed(&mut bytes)?));
        let value = value(&mut bytes, *columns.get(column).ok_or(Garbled)?)?;
        take(column, value);
    }
    Ok(())
}

fn value(bytes: &mut &[u8], column: ColumnType) -> Result<Value, Garbled> {
    Ok(match column {
        ColumnType::Byte => Value::Int(i8::from_le_bytes(fixed(bytes)?).into()),
        ColumnType::UByte => Value::Int(u8::from_le_bytes(fixed(bytes)?).into()),
        ColumnType::Bool => Value::Bool(u8::from_le_bytes(fixed(bytes)?) != 0),
        ColumnType::Short => Value::Int(i16::from_le_bytes(fixed(bytes)?).into()),
        ColumnType::UShort => Value::Int(u16::from_le_bytes(fixed(bytes)?).into()),
        ColumnType::Int => Value::Int(i32::from_le_bytes(fixed(bytes)?).into()),
        ColumnType::UInt => Value::Int(u32::from_le_bytes(fixed(bytes)?).into()),
        ColumnType::Long => Value::Int(i64::from_le_bytes(fixed(bytes)?)),
        ColumnType::ULong => {
            let number = u64::from_le_bytes(fixed(bytes)?);
            i64::try_from(number).map_or_else(|_| Value::Text(number.to_string()), Value::Int)
        }
        ColumnType::Float => Value::from(f64::from(f32::from_le_bytes(fixed(bytes)?))),
        ColumnType::Double => Value::from(f64::from_le_bytes(fixed(bytes)?)),
        ColumnType::Binary => Value::Blob(sized(bytes)?.to_vec()),
        ColumnType::String | ColumnType::Json | ColumnType::DateTime => {
            Value::from(std::str::from_utf8(sized(bytes)?).map_err(|_| Garbled)?)
        }
        _ => return Err(Garbled),
    })
}

fn fixed<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Garbled> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(Garbled)?;
    *bytes = rest;
    Ok(*head)
}

fn sized<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], Garbled> {
    let len = u32::from_le_bytes(fixed(bytes)?) as usize;
    let (head, rest) = bytes.split_at_checked(len).ok_or(Garbled)?;
    *bytes = rest;
    Ok(head)
}

/// The type of column for a field.
pub(super) fn column_type(field_type: FieldType) -> ColumnType {
    match field_type {
        FieldType::Bool => ColumnType::Bool,
        FieldType::Int => ColumnType::Long,
        FieldType::Real => ColumnType::Double,
        FieldType::Text => ColumnType::String,
        FieldType::Date | FieldType::DateTime => ColumnType::DateTime,
        FieldType::Blob => ColumnType::Binary,
        FieldType::Json => ColumnType::Json,
    }
}

/// Appends a value to the bytes of a feature; `false` if the column's type cannot hold it.
pub(super) fn write(column: u16, value: &Value, column_type: ColumnType, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    out.extend_from_slice(&column.to_le_bytes());
    match (column_type, value) {
        (ColumnType::Bool, Value::Bool(_) | Value::Int(_)) => out.push(u8::from(value.as_bool() == Some(true))),
        (ColumnType::Long, Value::Int(number)) => out.extend_from_slice(&number.to_le_bytes()),
        (ColumnType::Double, Value::Int(_) | Value::Real(_)) => {
            out.extend_from_slice(&value.as_f64().unwrap_or_default().to_le_bytes());
        }
        (ColumnType::Binary, Value::Blob(bytes)) => put_sized(bytes, out),
        (ColumnType::String | ColumnType::Json | ColumnType::DateTime, Value::Text(text)) => {
            put_sized(text.as_bytes(), out);
        }
        (ColumnType::String, Value::Bool(_) | Value::Int(_) | Value::Real(_)) => {
            put_sized(value.to_string().as_bytes(), out);
        }
        _ => {
            out.truncate(start);
            return false;
        }
    }
    true
}

fn put_sized(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_bytes_are_values_or_garbled(bytes: Vec<u8>, columns in proptest::collection::vec(0_u8..20, 0..4)) {
            let columns: Vec<ColumnType> = columns.into_iter().map(ColumnType).collect();
            let _ = read(&bytes, &columns, &mut |_, _| {});
        }
    }

    #[test]
    fn a_number_beyond_all_makes_the_column_words() {
        let mut bytes = 0_u16.to_le_bytes().to_vec();
        bytes.extend_from_slice(&u64::MAX.to_le_bytes());
        let mut held = Held::default();
        let done = read(&bytes, &[ColumnType::ULong], &mut |_, value| {
            held.see(&value, ColumnType::ULong);
            assert_eq!(value, Value::from("18446744073709551615"));
        });
        assert_eq!((done, held.field_type(ColumnType::ULong)), (Ok(()), FieldType::Text));
    }
}
