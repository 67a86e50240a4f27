//! From the bytes of a table's row to values: the types that columns turn out to have, and what is wrong with a cell.

use std::borrow::Cow;

use super::dbf::{Column, ColumnKind};
use super::memo::Memo;
use crate::model::value::{FieldType, Value};
use crate::text::encoding::Encoding;
use crate::text::guess::Evidence;

/// What is wrong with a cell: its value is then unknown, or the words are as good as they can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellFault {
    /// Some bytes mean nothing in the encoding.
    Text,
    /// It is no number.
    Number,
    /// It is no day.
    Day,
    /// The file beside the table that should hold the text is missing or broken.
    Memo,
}

/// What the first look at a table has seen of a column.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// What its texts say about their encoding.
    pub evidence: Evidence,
    /// Numbers with a fraction or an exponent.
    has_fraction: bool,
    /// Whole numbers beyond 64 bits.
    has_long: bool,
}

impl Seen {
    /// Takes note of a cell.
    pub(super) fn see(&mut self, column: &Column, cell: &[u8]) {
        match column.kind {
            ColumnKind::Text => self.evidence.see(plain(cell)),
            ColumnKind::Number if !self.has_fraction => match number(cell) {
                Some(Number::Real(_)) => self.has_fraction = true,
                Some(Number::Long) => self.has_long = true,
                _ => {}
            },
            _ => {}
        }
    }

    /// Adds what was seen elsewhere.
    pub(super) fn merge(&mut self, other: &Self) {
        self.evidence.merge(&other.evidence);
        self.has_fraction |= other.has_fraction;
        self.has_long |= other.has_long;
    }
}

/// A column as its values are read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    column: Column,
    /// The type of the values.
    pub field_type: FieldType,
    /// The encoding of its text.
    pub encoding: Encoding,
}

impl Reading {
    /// How a column is read after a look at all of it.
    pub(super) fn new(column: &Column, seen: &Seen, encoding: Encoding) -> Self {
        let field_type = match column.kind {
            ColumnKind::Number if column.has_decimals || seen.has_fraction => FieldType::Real,
            ColumnKind::Number if seen.has_long => FieldType::Text, // a code: no number type keeps all of its digits
            ColumnKind::Number | ColumnKind::Int | ColumnKind::IntTurned => FieldType::Int,
            ColumnKind::Real | ColumnKind::RealTurned | ColumnKind::Money => FieldType::Real,
            ColumnKind::Truth => FieldType::Bool,
            ColumnKind::Day => FieldType::Date,
            ColumnKind::Instant => FieldType::DateTime,
            ColumnKind::MemoBytes => FieldType::Blob,
            ColumnKind::Text | ColumnKind::Memo => FieldType::Text,
        };
        Self { column: column.clone(), field_type, encoding }
    }

    /// What is wrong with the column's cell in a row; cheaper than making the value.
    pub(super) fn fault(&self, row: &[u8], memo: Option<&Memo>) -> Option<CellFault> {
        let cell = self.column.cell(row);
        match self.column.kind {
            ColumnKind::Text if plain(cell).is_ascii() => None,
            ColumnKind::Int | ColumnKind::IntTurned | ColumnKind::Truth => None,
            _ => self.value(row, memo).1,
        }
    }

    /// The value of the column's cell in a row.
    pub(super) fn value(&self, row: &[u8], memo: Option<&Memo>) -> (Value, Option<CellFault>) {
        let cell = self.column.cell(row);
        let found = match self.column.kind {
            ColumnKind::Text => return self.text(cell),
            ColumnKind::Memo | ColumnKind::MemoBytes => return self.memo(cell, memo),
            ColumnKind::Number => return self.number(cell),
            ColumnKind::Day => return day(cell),
            ColumnKind::Truth => match cell.first() {
                Some(b'T' | b't' | b'Y' | b'y') => Value::Bool(true),
                Some(b'F' | b'f' | b'N' | b'n') => Value::Bool(false),
                _ => Value::Null,
            },
            ColumnKind::Int => four(cell).map(|bytes| i64::from(i32::from_le_bytes(bytes))).into(),
            ColumnKind::IntTurned => {
                let turned = four(cell).map(|[first, rest @ ..]| [first ^ 0x80, rest[0], rest[1], rest[2]]);
                turned.filter(|_| cell != [0; 4]).map(|bytes| i64::from(i32::from_be_bytes(bytes))).into()
            }
            ColumnKind::Real => eight(cell).map(f64::from_le_bytes).map_or(Value::Null, Value::from),
            ColumnKind::RealTurned => eight(cell).filter(|_| cell != [0; 8]).map_or(Value::Null, sortable_real),
            ColumnKind::Money => {
                eight(cell).map_or(Value::Null, |bytes| Value::Real(i64::from_le_bytes(bytes) as f64 / 1e4))
            }
            ColumnKind::Instant => eight(cell).and_then(instant).map_or(Value::Null, Value::Text),
        };
        (found, None)
    }

    fn text(&self, cell: &[u8]) -> (Value, Option<CellFault>) {
        let bytes = plain(cell);
        if bytes.is_empty() {
            return (Value::Null, None);
        }
        // Only a cell that is filled to its end can have been cut in the middle of a character.
        let is_full = bytes.len() + 3 >= cell.len();
        let (words, is_broken) = if is_full { self.encoding.decode_cut(bytes) } else { self.encoding.decode(bytes) };
        (Value::Text(words.into_owned()), is_broken.then_some(CellFault::Text))
    }

    fn memo(&self, cell: &[u8], memo: Option<&Memo>) -> (Value, Option<CellFault>) {
        let found = match memo {
            Some(memo) => memo.bytes(cell),
            None if plain(cell).is_empty() || cell.iter().all(|&byte| byte == 0) => Ok(None),
            None => Err(()),
        };
        match found {
            Err(()) => (Value::Null, Some(CellFault::Memo)),
            Ok(None) => (Value::Null, None),
            Ok(Some(bytes)) if self.column.kind == ColumnKind::MemoBytes => (Value::Blob(bytes), None),
            Ok(Some(bytes)) => {
                let (words, is_broken) = self.encoding.decode_cut(plain(&bytes));
                (Value::Text(words.replace("\r\n", "\n")), is_broken.then_some(CellFault::Text))
            }
        }
    }

    fn number(&self, cell: &[u8]) -> (Value, Option<CellFault>) {
        let value = match (number(cell), self.field_type) {
            (Some(Number::None), _) => Value::Null,
            (Some(_), FieldType::Text) => Value::Text(String::from_utf8_lossy(trimmed(cell)).into_owned()),
            (Some(Number::Int(number)), FieldType::Int) => Value::Int(number),
            (Some(Number::Int(number)), _) => Value::Real(number as f64),
            (Some(Number::Real(number)), _) => Value::Real(number),
            (Some(Number::Long), _) => real(trimmed(cell)).map_or(Value::Null, Value::from),
            (None, _) => return (Value::Null, Some(CellFault::Number)),
        };
        (value, None)
    }
}

enum Number {
    /// Nothing is there, or stars: the number did not fit when it was written.
    None,
    Int(i64),
    Real(f64),
    /// A whole number beyond 64 bits.
    Long,
}

fn number(cell: &[u8]) -> Option<Number> {
    let digits = trimmed(cell);
    if digits.is_empty() || digits[0] == b'*' {
        return Some(Number::None);
    }
    let unsigned = digits.strip_prefix(b"-").or(digits.strip_prefix(b"+")).unwrap_or(digits);
    let is_whole = !unsigned.is_empty() && unsigned.iter().all(u8::is_ascii_digit);
    if is_whole {
        let parsed = std::str::from_utf8(digits).ok()?.parse().map_or(Number::Long, Number::Int);
        return Some(parsed);
    }
    // `1.#IND`, `nan`, `-inf`: what C programs write for "no number".
    let is_nothing = unsigned.eq_ignore_ascii_case(b"nan") || unsigned.starts_with(b"1.#");
    let is_infinite = unsigned.to_ascii_lowercase().starts_with(b"inf");
    if is_nothing || is_infinite {
        return Some(Number::None);
    }
    real(digits).filter(|number| number.is_finite()).map(Number::Real)
}

/// `1.5`, `1.5e3`, and `1,5` of programs that follow the language of Windows.
fn real(digits: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(digits).ok()?;
    let plain = if text.contains(',') { Cow::Owned(text.replacen(',', ".", 1)) } else { Cow::Borrowed(text) };
    plain.parse().ok()
}

/// `20261122`; blanks and zeros are no day.
fn day(cell: &[u8]) -> (Value, Option<CellFault>) {
    let digits = trimmed(cell);
    if digits.iter().all(|&byte| matches!(byte, b'0' | b' ' | b'/' | b'-')) {
        return (Value::Null, None);
    }
    let is_digits = digits.len() == 8 && digits.iter().all(u8::is_ascii_digit);
    let text = if is_digits { std::str::from_utf8(digits).unwrap_or_default() } else { "" };
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<i16>().ok()).unwrap_or(0);
    match jiff::civil::Date::new(part(0..4), part(4..6) as i8, part(6..8) as i8) {
        Ok(day) => (Value::Text(day.to_string()), None),
        Err(_) => (Value::Null, Some(CellFault::Day)),
    }
}

/// A Julian day and the milliseconds in it.
fn instant(bytes: [u8; 8]) -> Option<String> {
    let number = |at: usize| i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let (day, milliseconds) = (number(0), number(4));
    if day == 0 {
        return None;
    }
    let unix = i64::from(day).checked_sub(2_440_588)?.checked_mul(86_400_000)?.checked_add(i64::from(milliseconds))?;
    let at = jiff::Timestamp::from_millisecond(unix).ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// Eight bytes, the highest first; the sign bit is turned, and all bits of negative numbers.
fn sortable_real(bytes: [u8; 8]) -> Value {
    let bits = u64::from_be_bytes(bytes);
    let bits = if bits >> 63 == 1 { bits ^ (1 << 63) } else { !bits };
    Value::from(f64::from_bits(bits))
}

/// A text without the blanks that fill the cell, up to the first zero byte.
fn plain(cell: &[u8]) -> &[u8] {
    let end = memchr::memchr(0, cell).unwrap_or(cell.len());
    cell[..end].trim_ascii_end()
}

fn trimmed(cell: &[u8]) -> &[u8] {
    plain(cell).trim_ascii()
}

fn four(cell: &[u8]) -> Option<[u8; 4]> {
    cell.try_into().ok()
}

fn eight(cell: &[u8]) -> Option<[u8; 8]> {
    cell.try_into().ok()
}
