//! EXPR: the small language of filters, in search box, command line and style rules.
//!
//! `diameter_mm >= 600 AND 类别 IN ('雨水', '污水')`: field names by id or by name in either language, `=` `<>` `<` `>` `<=` `>=`
//! `LIKE` `IN` `BETWEEN` `IS NULL` `AND` `OR` `NOT`, parentheses, text in single quotes (doubled inside), field names
//! with odd characters in double quotes, yes and no as `TRUE` `FALSE` `是` `否` `yes` `no`. `fid` is the row's number where
//! no field is called so. Anything else is an [`ExprError`] with its place.
//!
//! Comparing with what is unknown is neither true nor false (SQL's three values), so neither a condition nor its `NOT`
//! holds for a row without the value; only `IS NULL` does.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use super::expr_parse::{is_bare_word, parse, place_of};
use super::schema::{Field, Schema};
use super::value::{FieldType, Value};
use crate::text;
use crate::text::Text;

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// How it is written, in an EXPR and in SQL.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::Greater => ">",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
        }
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::Greater => order.is_gt(),
            Self::AtMost => order.is_le(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// A condition on one feature's values.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Both hold.
    And(Box<Expr>, Box<Expr>),
    /// One holds at least.
    Or(Box<Expr>, Box<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// A field against a value.
    Compare {
        /// Field, as written.
        field: String,
        /// How.
        comparison: Comparison,
        /// Against what.
        value: Value,
    },
    /// A field against a pattern with `%` and `_`, letter case aside.
    Like {
        /// Field, as written.
        field: String,
        /// The pattern.
        pattern: String,
    },
    /// A field is one of some values.
    In {
        /// Field, as written.
        field: String,
        /// The values.
        values: Vec<Value>,
    },
    /// A field is unknown.
    IsNull {
        /// Field, as written.
        field: String,
    },
}

/// Why some words are no EXPR.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {}", .at + 1, .what.en)]
pub struct ExprError {
    /// Place in the words: characters from the start, 0 where the words are not known.
    pub at: usize,
    /// What is wrong there.
    pub what: Text,
}

impl Expr {
    /// Reads an EXPR. Field names stay as written: see [`Expr::resolve`].
    ///
    /// # Errors
    /// The first word that does not fit, with its place.
    pub fn parse(words: &str) -> Result<Self, ExprError> {
        parse(words)
    }

    /// Reads what a person typed about a layer: parses, resolves and checks it, and every error has its place.
    ///
    /// # Errors
    /// The first word that does not fit, names no field or has no sense for its field.
    pub fn read(words: &str, schema: &Schema) -> Result<Self, ExprError> {
        let parsed = parse(words)?;
        let mut fields = Vec::new();
        parsed.fields(&mut fields);
        if let Some(field) = fields.iter().find(|field| known(field, schema).is_err()) {
            return Err(ExprError { at: place_of(words, field), ..unknown_field(field, schema) });
        }
        let resolved = parsed.resolve(schema)?;
        resolved.check(schema)?;
        Ok(resolved)
    }

    /// Adds the fields that it looks at, as written.
    pub fn fields(&self, found: &mut Vec<String>) {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.fields(found);
                right.fields(found);
            }
            Self::Not(inner) => inner.fields(found),
            Self::Compare { field, .. }
            | Self::Like { field, .. }
            | Self::In { field, .. }
            | Self::IsNull { field } => {
                found.push(field.clone());
            }
        }
    }

    /// The same with field words turned into field ids and, for coded fields, code names in either language into the
    /// stored values: `类别 = '雨水'` becomes `category = 'storm'`.
    ///
    /// # Errors
    /// The first name that is no field of `schema`.
    pub fn resolve(self, schema: &Schema) -> Result<Self, ExprError> {
        let known = |word: &str| known(word, schema);
        Ok(match self {
            Self::And(left, right) => Self::And(left.resolve(schema)?.into(), right.resolve(schema)?.into()),
            Self::Or(left, right) => Self::Or(left.resolve(schema)?.into(), right.resolve(schema)?.into()),
            Self::Not(inner) => Self::Not(inner.resolve(schema)?.into()),
            Self::Compare { field, comparison, value } => {
                let field = known(&field)?;
                Self::Compare { field: field.id.to_string(), comparison, value: stored_value(field, value) }
            }
            Self::Like { field, pattern } => like_codes(known(&field)?, pattern),
            Self::In { field, values } => {
                let field = known(&field)?;
                let values = values.into_iter().map(|value| stored_value(field, value)).collect();
                Self::In { field: field.id.to_string(), values }
            }
            Self::IsNull { field } => Self::IsNull { field: known(&field)?.id.to_string() },
        })
    }

    /// Whether every field is in `schema` and is compared with something of its type.
    ///
    /// # Errors
    /// The first name or value that is not; its place is not known here, see [`Expr::read`].
    pub fn check(&self, schema: &Schema) -> Result<(), ExprError> {
        let known = |word: &str| known(word, schema);
        match self {
            Self::And(left, right) | Self::Or(left, right) => left.check(schema).and_then(|()| right.check(schema)),
            Self::Not(inner) => inner.check(schema),
            Self::Compare { field, value, .. } => check_value(known(field)?, value),
            Self::In { field, values } => {
                let field = known(field)?;
                values.iter().try_for_each(|value| check_value(field, value))
            }
            Self::Like { field, .. } => check_like(known(field)?),
            Self::IsNull { field } => known(field).map(|_| ()),
        }
    }

    /// Whether it holds for the values that `get` gives by field name; comparing with what is unknown never holds.
    pub fn matches(&self, get: &dyn Fn(&str) -> Value) -> bool {
        self.truth(get) == Some(true)
    }

    /// True, false or unknown.
    fn truth(&self, get: &dyn Fn(&str) -> Value) -> Option<bool> {
        match self {
            Self::And(left, right) => match (left.truth(get), right.truth(get)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(left, right) => match (left.truth(get), right.truth(get)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(inner) => inner.truth(get).map(|holds| !holds),
            Self::Compare { field, comparison, value } => {
                compare(&get(field), value).map(|order| comparison.holds(order))
            }
            Self::Like { field, pattern } => match get(field) {
                Value::Text(text) => Some(is_like(&text, pattern)),
                Value::Int(number) => Some(is_like(&number.to_string(), pattern)),
                _ => None,
            },
            Self::In { field, values } => is_in(&get(field), values),
            Self::IsNull { field } => Some(get(field).is_null()),
        }
    }
}

/// Writes an EXPR that [`Expr::parse`] reads back as the same value.
impl fmt::Display for Expr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(left, right) => {
                write_inner(out, left, matches!(**left, Self::Or(..)))?;
                out.write_str(" AND ")?;
                write_inner(out, right, matches!(**right, Self::Or(..) | Self::And(..)))
            }
            Self::Or(left, right) => {
                write!(out, "{left} OR ")?;
                write_inner(out, right, matches!(**right, Self::Or(..)))
            }
            Self::Not(inner) => {
                out.write_str("NOT ")?;
                write_inner(out, inner, matches!(**inner, Self::Or(..) | Self::And(..)))
            }
            Self::Compare { field, comparison, value } => {
                write_field(out, field)?;
                write!(out, " {} ", comparison.sign())?;
                write_value(out, value)
            }
            Self::Like { field, pattern } => {
                write_field(out, field)?;
                write!(out, " LIKE '{}'", pattern.replace('\'', "''"))
            }
            Self::In { field, values } => {
                write_field(out, field)?;
                for (index, value) in values.iter().enumerate() {
                    out.write_str(if index == 0 { " IN (" } else { ", " })?;
                    write_value(out, value)?;
                }
                out.write_str(if values.is_empty() { " IN ()" } else { ")" })
            }
            Self::IsNull { field } => {
                write_field(out, field)?;
                out.write_str(" IS NULL")
            }
        }
    }
}

fn write_inner(out: &mut fmt::Formatter<'_>, inner: &Expr, bracketed: bool) -> fmt::Result {
    if bracketed { write!(out, "({inner})") } else { write!(out, "{inner}") }
}

fn write_field(out: &mut fmt::Formatter<'_>, field: &str) -> fmt::Result {
    if is_bare_word(field) { out.write_str(field) } else { write!(out, "\"{}\"", field.replace('"', "\"\"")) }
}

fn write_value(out: &mut fmt::Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Text(text) => write!(out, "'{}'", text.replace('\'', "''")),
        Value::Bool(yes) => out.write_str(if *yes { "TRUE" } else { "FALSE" }),
        Value::Real(number) => write!(out, "{number:?}"), // keeps ".0", so that it reads back as a real number
        Value::Null => out.write_str("NULL"),
        Value::Int(_) | Value::Blob(_) => write!(out, "{value}"),
    }
}

/// Order of two values; `None` where either is unknown or they cannot be compared.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Blob(left), Value::Blob(right)) => Some(left.cmp(right)),
        (Value::Real(left), Value::Real(right)) => left.partial_cmp(right),
        (Value::Real(left), right) => compare_int_real(right.as_i64()?, *left).map(Ordering::reverse),
        (left, Value::Real(right)) => compare_int_real(left.as_i64()?, *right),
        (left, right) => Some(left.as_i64()?.cmp(&right.as_i64()?)),
    }
}

/// Exact beyond 2^53 too, as SQLite compares.
fn compare_int_real(int: i64, real: f64) -> Option<Ordering> {
    const PAST_I64: f64 = 9_223_372_036_854_775_808.0;
    if real.is_nan() {
        None
    } else if real >= PAST_I64 {
        Some(Ordering::Less)
    } else if real < -PAST_I64 {
        Some(Ordering::Greater)
    } else {
        Some(int.cmp(&(real as i64)).then(0.0_f64.total_cmp(&(real.fract() + 0.0))))
    }
}

fn is_in(value: &Value, values: &[Value]) -> Option<bool> {
    let mut answer = Some(false);
    for candidate in values {
        match compare(value, candidate) {
            Some(Ordering::Equal) => return Some(true),
            Some(_) => {}
            None => answer = None,
        }
    }
    answer
}

/// SQL's LIKE: `%` is any run, `_` one character, ASCII letter case aside.
fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut in_pattern) = (0, 0);
    let mut retry: Option<(usize, usize)> = None; // place after the last `%`, and where its run ends so far
    while at < text.len() {
        let fits = pattern.get(in_pattern).is_some_and(|&c| c == '_' || c.eq_ignore_ascii_case(&text[at]));
        if pattern.get(in_pattern) == Some(&'%') {
            in_pattern += 1;
            retry = Some((in_pattern, at));
        } else if fits {
            at += 1;
            in_pattern += 1;
        } else if let Some((after, run_end)) = retry {
            retry = Some((after, run_end + 1));
            (in_pattern, at) = (after, run_end + 1);
        } else {
            return false;
        }
    }
    pattern[in_pattern..].iter().all(|&c| c == '%')
}

/// What stands in the file for a value that a person wrote: a code for its name, a truth value for yes and no.
fn stored_value(field: &Field, value: Value) -> Value {
    let word = value.to_string();
    let by_value = field.codes.iter().find(|code| code.value == word);
    if let Some(code) = by_value.or_else(|| field.codes.iter().find(|code| code.name.is(&word))) {
        return code_value(field, &code.value);
    }
    if field.field_type == FieldType::Bool && matches!(value, Value::Text(_)) {
        match word.to_ascii_lowercase().as_str() {
            "是" | "yes" | "true" => return Value::Bool(true),
            "否" | "no" | "false" => return Value::Bool(false),
            _ => {}
        }
    }
    value
}

fn code_value(field: &Field, code: &str) -> Value {
    let number = (field.field_type == FieldType::Int).then(|| code.parse::<i64>().ok()).flatten();
    number.map_or_else(|| Value::from(code), Value::Int)
}

/// A pattern over a coded field looks at the names of the codes too, since those are what a person sees.
fn like_codes(field: &Field, pattern: String) -> Expr {
    let named = |text: &Text| is_like(&text.zh, &pattern) || is_like(&text.en, &pattern);
    let codes = field.codes.iter().filter(|code| named(&code.name) && !is_like(&code.value, &pattern));
    let values: Vec<Value> = codes.map(|code| code_value(field, &code.value)).collect();
    let like = Expr::Like { field: field.id.to_string(), pattern };
    if values.is_empty() {
        return like;
    }
    Expr::Or(like.into(), Expr::In { field: field.id.to_string(), values }.into())
}

/// The field that a word names.
fn known<'a>(word: &str, schema: &'a Schema) -> Result<&'a Field, ExprError> {
    static ROW_NUMBER: LazyLock<Field> = LazyLock::new(|| Field::int("fid", "行号", "Row"));
    let row_number = || word.eq_ignore_ascii_case("fid").then(|| &*ROW_NUMBER);
    schema.field(word).or_else(row_number).ok_or_else(|| unknown_field(word, schema))
}

fn unknown_field(word: &str, schema: &Schema) -> ExprError {
    let (zh, en) = (&schema.name.zh, &schema.name.en);
    ExprError { at: 0, what: text!("“{zh}”中没有字段“{word}”", "“{en}” has no field “{word}”") }
}

fn check_value(field: &Field, value: &Value) -> Result<(), ExprError> {
    let id = &field.id;
    let words = matches!(value, Value::Text(_));
    let what = match (field.field_type, value) {
        (_, Value::Null) => text!("判断“{id}”是否为空请写 IS NULL", "write IS NULL to ask whether “{id}” is unknown"),
        (FieldType::Int | FieldType::Real, _) if words => {
            text!("字段“{id}”是数字，不能与文字“{value}”比较", "field “{id}” holds numbers, “{value}” is text")
        }
        (FieldType::Bool, _) if words || !matches!(value.as_f64(), Some(0.0 | 1.0)) => {
            text!("字段“{id}”只能与 TRUE 或 FALSE 比较", "field “{id}” can only be compared with TRUE or FALSE")
        }
        (FieldType::Text | FieldType::Date | FieldType::DateTime | FieldType::Json, _) if !words => {
            text!("字段“{id}”是文字，请写成 '{value}'", "field “{id}” holds text: write '{value}'")
        }
        (FieldType::Blob, _) => text!("字段“{id}”不能比较", "field “{id}” cannot be compared"),
        _ => return Ok(()),
    };
    Err(ExprError { at: 0, what })
}

fn check_like(field: &Field) -> Result<(), ExprError> {
    let id = &field.id;
    if matches!(field.field_type, FieldType::Bool | FieldType::Real | FieldType::Blob) {
        return Err(ExprError {
            at: 0,
            what: text!("字段“{id}”不是文字，不能用 LIKE", "LIKE needs text, field “{id}” holds none"),
        });
    }
    Ok(())
}

#[cfg(test)]
#[path = "expr_tests.rs"]
mod tests;
