//! One attribute value, and the types a field may have.

use std::fmt;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Real,
    /// Words.
    Text,
    /// A day, `2026-11-22`.
    Date,
    /// An instant in UTC, `2026-11-22T06:03:27.000Z`.
    DateTime,
    /// Bytes.
    Blob,
    /// A nested JSON value, kept as its text.
    Json,
}

impl FieldType {
    /// The one that the declared type of a GeoPackage's column (upper case) stands for: GeoPackage's own names first,
    /// then SQLite's rules of affinity.
    pub fn of_declared(declared: &str) -> Self {
        let word = declared.split('(').next().unwrap_or_default().trim();
        match word {
            "BOOLEAN" | "BOOL" => Self::Bool,
            "DATE" => Self::Date,
            "DATETIME" | "TIMESTAMP" => Self::DateTime,
            "JSON" => Self::Json,
            "BLOB" => Self::Blob,
            "NUMERIC" | "DECIMAL" | "NUMBER" => Self::Real,
            _ if word.contains("INT") => Self::Int,
            _ if ["REAL", "FLOA", "DOUB"].iter().any(|part| word.contains(part)) => Self::Real,
            _ => Self::Text,
        }
    }
}

/// One attribute value. Dates are ISO 8601 text, as in GeoPackage.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing is known.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite number.
    Real(f64),
    /// Words, a date, an instant or nested JSON, by the field's type.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    /// Whether nothing is known.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The words, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Real(number) => Some(*number),
            Self::Bool(yes) => Some(f64::from(u8::from(*yes))),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(yes) => Some(i64::from(*yes)),
            _ => None,
        }
    }

    /// The truth value, if it is one (SQLite keeps them as 0 and 1).
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(yes) => Some(*yes),
            Self::Int(number) => Some(*number != 0),
            _ => None,
        }
    }
}

/// The value as plain text: nothing for null, `true`/`false`, shortest number that reads back the same.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(yes) => write!(out, "{yes}"),
            Self::Int(number) => write!(out, "{number}"),
            Self::Real(number) => write!(out, "{number}"),
            Self::Text(text) => out.write_str(text),
            Self::Blob(bytes) => write!(out, "[{} B]", bytes.len()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    /// A number that is not finite is unknown.
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Real(number) } else { Self::Null }
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
