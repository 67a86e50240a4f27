//! Rows by words that occur in them, as written or as they sound.

use geopackage::core::ident::quote;
use rusqlite::{Connection, params_from_iter};

use crate::model::value::Value;
use crate::text::sound;

use super::catalog::Table;
use super::error::StoreError;
use super::rows::{Cell, value_of};

/// Rows in which every word occurs in one of the fields at `wanted`.
pub(super) fn run(
    conn: &Connection,
    table: &Table,
    wanted: &[usize],
    words: &[&str],
    limit: usize,
) -> Result<Vec<(i64, Vec<Value>)>, StoreError> {
    if wanted.is_empty() || words.is_empty() {
        return Ok(Vec::new());
    }
    let columns = wanted.iter().map(|&at| Ok(quote(&table.schema.fields[at].id)?));
    let columns = columns.collect::<Result<Vec<_>, StoreError>>()?;
    let all = words.iter().map(|word| {
        let test = |column: &String| match sound::is_sound(word) {
            true => format!("{column} LIKE ? ESCAPE '\\' OR citygrid_sounds({column}, ?)"),
            false => format!("{column} LIKE ? ESCAPE '\\'"),
        };
        format!("({})", columns.iter().map(test).collect::<Vec<_>>().join(" OR "))
    });
    let all = all.collect::<Vec<_>>().join(" AND ");
    let binds = |word: &&str| {
        let like = Value::Text(pattern(word));
        let sound = sound::is_sound(word).then(|| Value::Text((*word).to_owned()));
        std::iter::repeat_n([Some(like), sound], columns.len()).flatten().flatten().collect::<Vec<_>>()
    };
    let bound = words.iter().flat_map(binds).collect::<Vec<_>>();
    let sql = format!("SELECT {}, {} FROM {} WHERE {all} LIMIT {limit}", table.key, columns.join(", "), table.from);
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(bound.iter().map(Cell)))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let values = wanted.iter().enumerate();
        let values =
            values.map(|(at, &field)| Ok(value_of(row.get_ref(at + 1)?, table.schema.fields[field].field_type)));
        found.push((row.get(0)?, values.collect::<Result<_, StoreError>>()?));
    }
    Ok(found)
}

/// `%` and `_` in a word are those characters.
fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for letter in word.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
