//! EXPR as SQL with bound parameters: no word of a person ever becomes a word of SQL.

use geopackage::core::ident::quote;

use crate::model::expr::Expr;
use crate::model::value::Value;

use super::catalog::Table;
use super::error::StoreError;

/// From here on a list of values goes over as one JSON parameter: SQLite has a limit on the number of parameters.
const LONG_LIST: usize = 100;

/// The condition as SQL; its values are pushed to `bound` in the order of the question marks.
pub(super) fn condition(expr: &Expr, table: &Table, bound: &mut Vec<Value>) -> Result<String, StoreError> {
    let mut sql = String::new();
    write(expr, table, bound, &mut sql)?;
    Ok(sql)
}

fn write(expr: &Expr, table: &Table, bound: &mut Vec<Value>, sql: &mut String) -> Result<(), StoreError> {
    match expr {
        Expr::And(..) | Expr::Or(..) => {
            let mut parts = Vec::new();
            chain(expr, matches!(expr, Expr::And(..)), &mut parts);
            let word = if matches!(expr, Expr::And(..)) { " AND " } else { " OR " };
            write_balanced(&parts, word, table, bound, sql)?;
        }
        Expr::Not(inner) => {
            sql.push_str("NOT (");
            write(inner, table, bound, sql)?;
            sql.push(')');
        }
        Expr::Compare { field, comparison, value } => {
            sql.push_str(&column(field, table)?);
            sql.push_str(&format!(" {} ?", comparison.sign()));
            bound.push(value.clone());
        }
        Expr::Like { field, pattern } => {
            // SQLite's LIKE has no escape character unless it is named, as ours has none.
            sql.push_str(&format!("{} LIKE ?", column(field, table)?));
            bound.push(Value::Text(pattern.clone()));
        }
        Expr::In { field, values } => write_in(&column(field, table)?, values, bound, sql),
        Expr::IsNull { field } => sql.push_str(&format!("{} IS NULL", column(field, table)?)),
    }
    Ok(())
}

/// The parts of `a AND b AND c …`, however they are bracketed; a loop, because such chains get long.
fn chain<'a>(expr: &'a Expr, and: bool, parts: &mut Vec<&'a Expr>) {
    let mut todo = vec![expr];
    while let Some(expr) = todo.pop() {
        match expr {
            Expr::And(left, right) if and => todo.extend([&**right, &**left]),
            Expr::Or(left, right) if !and => todo.extend([&**right, &**left]),
            other => parts.push(other),
        }
    }
}

/// Brackets a chain as a balanced tree: SQLite refuses expressions more than a thousand deep.
fn write_balanced(
    parts: &[&Expr],
    word: &str,
    table: &Table,
    bound: &mut Vec<Value>,
    sql: &mut String,
) -> Result<(), StoreError> {
    sql.push('(');
    if let [one] = parts {
        write(one, table, bound, sql)?;
    } else {
        let (left, right) = parts.split_at(parts.len() / 2);
        write_balanced(left, word, table, bound, sql)?;
        sql.push_str(word);
        write_balanced(right, word, table, bound, sql)?;
    }
    sql.push(')');
    Ok(())
}

fn write_in(column: &str, values: &[Value], bound: &mut Vec<Value>, sql: &mut String) {
    let plain = |value: &Value| matches!(value, Value::Null | Value::Int(_) | Value::Text(_) | Value::Real(_));
    if values.len() < LONG_LIST || !values.iter().all(plain) {
        let marks = vec!["?"; values.len()].join(", ");
        sql.push_str(&format!("{column} IN ({marks})"));
        bound.extend(values.iter().cloned());
        return;
    }
    let list: Vec<serde_json::Value> = values
        .iter()
        .map(|value| match value {
            Value::Int(number) => (*number).into(),
            Value::Real(number) => (*number).into(),
            Value::Text(text) => text.as_str().into(),
            _ => serde_json::Value::Null,
        })
        .collect();
    sql.push_str(&format!("{column} IN (SELECT value FROM json_each(?))"));
    bound.push(Value::Text(serde_json::Value::Array(list).to_string()));
}

/// A field's column; `fid` is the row's id where no field is called so.
pub(super) fn column(word: &str, table: &Table) -> Result<String, StoreError> {
    if let Some(index) = table.schema.field_index(word) {
        return Ok(quote(&table.schema.fields[index].id)?);
    }
    let is_key = table.key_column.as_deref().is_some_and(|key| key.eq_ignore_ascii_case(word));
    if is_key || word.eq_ignore_ascii_case("fid") {
        return Ok(table.key.clone());
    }
    Err(StoreError::UnknownField { layer: table.schema.table.clone(), field: word.to_owned() })
}
