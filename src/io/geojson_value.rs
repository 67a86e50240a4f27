//! Values of properties: which types a column has seen, and the value as the column's type wants it.

use std::borrow::Cow;

use serde::de::{Deserializer as _, Visitor};

use crate::model::value::{FieldType, Value};

/// Whole numbers beyond this are not exact as real numbers.
const EXACT_REAL: u64 = 1 << 53;

/// The types of value that a column has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen(u16);

impl Seen {
    const BOOL: u16 = 1;
    const INT: u16 = 2;
    /// A whole number that no real number holds exactly.
    const LONG_INT: u16 = 4;
    const REAL: u16 = 8;
    /// A number that neither type holds.
    const HUGE: u16 = 16;
    const TEXT: u16 = 32;
    const DATE: u16 = 64;
    const DATE_TIME: u16 = 128;
    const JSON: u16 = 256;

    /// What one JSON value is.
    pub(super) fn of(json: &str) -> Self {
        let bits = match json.as_bytes() {
            [b'"', text @ .., b'"'] if is_date(text) => Self::DATE,
            [b'"', text @ .., b'"'] if is_date_time(text) => Self::DATE_TIME,
            [b'"', ..] => Self::TEXT,
            [b't' | b'f', ..] => Self::BOOL,
            [b'{' | b'[', ..] => Self::JSON,
            [b'n', ..] | [] => 0,
            _ => match number(json) {
                Some(Value::Int(int)) if int.unsigned_abs() > EXACT_REAL => Self::LONG_INT,
                Some(Value::Int(_)) => Self::INT,
                Some(_) => Self::REAL,
                None => Self::HUGE,
            },
        };
        Self(bits)
    }

    /// Adds what another piece of the column has seen.
    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The narrowest type that holds all of it exactly.
    pub(super) fn field_type(self) -> FieldType {
        let only = |allowed: u16| self.0 & !allowed == 0;
        match self.0 {
            0 => FieldType::Text,
            bits if bits & Self::JSON != 0 => FieldType::Json,
            Self::BOOL => FieldType::Bool,
            _ if only(Self::INT | Self::LONG_INT) => FieldType::Int,
            _ if only(Self::INT | Self::REAL) => FieldType::Real,
            Self::DATE => FieldType::Date,
            Self::DATE_TIME => FieldType::DateTime,
            _ => FieldType::Text,
        }
    }

    /// The type for ids: a mixture keeps the JSON, so that each id goes out as it came in.
    pub(super) fn id_type(self) -> FieldType {
        match self.field_type() {
            FieldType::Int => FieldType::Int,
            _ if self.0 & !(Self::TEXT | Self::DATE | Self::DATE_TIME) == 0 => FieldType::Text,
            _ => FieldType::Json,
        }
    }
}

/// A JSON value as a column of this type holds it; `true` if broken characters had to be replaced.
pub(super) fn value(json: &str, field_type: FieldType) -> (Value, bool) {
    let is_text = json.starts_with('"');
    let found = match (json.as_bytes().first(), field_type) {
        (None | Some(b'n'), _) => Value::Null,
        (_, FieldType::Json) => Value::Text(compact(json).into_owned()),
        (Some(b't'), FieldType::Bool) => Value::Bool(true),
        (Some(b'f'), FieldType::Bool) => Value::Bool(false),
        (_, FieldType::Int) if !is_text => number(json).unwrap_or_else(|| Value::from(json)),
        (_, FieldType::Real) if !is_text => json.parse::<f64>().map_or(Value::Null, Value::from),
        _ if is_text => {
            let (text, is_whole) = unescaped(json);
            return (Value::Text(text), !is_whole);
        }
        _ => Value::Text(compact(json).into_owned()),
    };
    (found, false)
}

/// The number, if a type of ours holds it: not `1e400`, not `1e-400`, no 20 digits.
pub(super) fn number(json: &str) -> Option<Value> {
    if !json.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return json.parse().ok().map(Value::Int);
    }
    let real = json.parse::<f64>().ok().filter(|real| real.is_finite())?;
    let mantissa = json.split(['e', 'E']).next().unwrap_or_default();
    let is_underflow = real == 0.0 && mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    (!is_underflow).then_some(Value::Real(real))
}

/// The text of a JSON string; half surrogate pairs are replaced, and `false` says so.
pub(super) fn unescaped(json: &str) -> (String, bool) {
    if !json.contains('\\') {
        return (json[1..json.len() - 1].to_owned(), true);
    }
    if let Ok(text) = serde_json::from_str(json) {
        return (text, true);
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    (reader.deserialize_bytes(Lossy).unwrap_or_default(), false)
}

struct Lossy;

impl Visitor<'_> for Lossy {
    type Value = String;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("text")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Well-formed JSON without spaces between its words.
pub(super) fn compact(json: &str) -> Cow<'_, str> {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    if !json.contains(is_space) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for c in json.chars() {
        if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if is_space(c) {
            continue;
        } else {
            in_text = c == '"';
        }
        out.push(c);
    }
    Cow::Owned(out)
}

fn is_date(text: &[u8]) -> bool {
    let two = |at: usize| u32::from(text[at] - b'0') * 10 + u32::from(text[at + 1] - b'0');
    let digits = |range: std::ops::Range<usize>| text[range].iter().all(u8::is_ascii_digit);
    text.len() == 10
        && text[4] == b'-'
        && text[7] == b'-'
        && digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && (1..=12).contains(&two(5))
        && (1..=31).contains(&two(8))
}

/// `2026-11-22T06:03:27.000Z`, the form of GeoPackage; fractions may be missing.
fn is_date_time(text: &[u8]) -> bool {
    let Some((date, rest)) = text.split_at_checked(10) else { return false };
    if !is_date(date) || !matches!(rest.len(), 10 | 14) {
        return false;
    }
    let pattern = if rest.len() == 10 { "T00:00:00Z" } else { "T00:00:00.000Z" };
    let fits = rest.iter().zip(pattern.bytes()).all(|(&byte, want)| match want {
        b'0' => byte.is_ascii_digit(),
        _ => byte == want,
    });
    fits && rest[1..3] < b"24"[..] && rest[4] < b'6' && rest[7] < b'6'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_gets_the_narrowest_type_that_loses_nothing() {
        let rows: [(&[&str], FieldType); 13] = [
            (&["1", "null", "-9223372036854775808"], FieldType::Int),
            (&["1", "2.5"], FieldType::Real),
            (&["9007199254740993", "2.5"], FieldType::Text),
            (&["1", "9223372036854775808"], FieldType::Text),
            (&["1e400"], FieldType::Text),
            (&["-1e-7000"], FieldType::Text),
            (&["0e-7000", "-0.0"], FieldType::Real),
            (&["true", "false"], FieldType::Bool),
            (&["true", "1"], FieldType::Text),
            (&["\"a\"", "1", "{}"], FieldType::Json),
            (&["\"2026-11-22\"", "null"], FieldType::Date),
            (&["\"2026-11-22T06:03:27.000Z\"", "\"2026-11-22T06:03:27Z\""], FieldType::DateTime),
            (&["\"2026-13-22\"", "\"2026-11-22T26:03:27Z\""], FieldType::Text),
        ];
        for (column, expected) in rows {
            let mut seen = Seen::default();
            for json in column {
                seen.add(Seen::of(json));
            }
            assert_eq!(seen.field_type(), expected, "{column:?}");
        }
    }

    #[test]
    fn values_are_exact() {
        check("\"a\\n\\u4e2d\\ud83d\\ude00\"", FieldType::Text, Value::from("a\n中😀"));
        check("12345678901234567890", FieldType::Text, Value::from("12345678901234567890"));
        check("-9223372036854775808", FieldType::Int, Value::Int(i64::MIN));
        check("0.1", FieldType::Real, Value::Real(0.1));
        check("{ \"a b\" : [ 1.0 , \"\\\" \" ] }", FieldType::Json, Value::from("{\"a b\":[1.0,\"\\\" \"]}"));
        check("null", FieldType::Json, Value::Null);
        check("true", FieldType::Text, Value::from("true"));
        assert!(value("\"\\ud800x\"", FieldType::Text).1);
    }

    #[track_caller]
    fn check(json: &str, field_type: FieldType, expected: Value) {
        assert_eq!(value(json, field_type), (expected, false));
    }
}
