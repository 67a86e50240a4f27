//! Rows by words that occur in them, as written or as they sound.

use geopackage::core::ident::quote;
use rusqlite::{Connection, params_from_iter};

use crate::model::value::Value;
use crate::text::sound;

use super::catalog::Table;
use super::error::StoreError;
use super::rows::{Cell, value_of};

/// Shorter words are met so often that ordering all that they are met in would keep the person waiting; bytes.
const LEAST_RANKED: usize = 3;

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
        let by_sound = sound::is_sound(word);
        let test = |column: &String| {
            let spelt = format!("{column} LIKE ? ESCAPE '\\'");
            if by_sound { format!("{spelt} OR citygrid_sounds({column}, ?)") } else { spelt }
        };
        format!("({})", columns.iter().map(test).collect::<Vec<_>>().join(" OR "))
    });
    let all = all.collect::<Vec<_>>().join(" AND ");
    let binds = |word: &&str| {
        let like = Value::Text(pattern(word));
        let sound = sound::is_sound(word).then(|| Value::Text((*word).to_owned()));
        std::iter::repeat_n([Some(like), sound], columns.len()).flatten().flatten().collect::<Vec<_>>()
    };
    let mut bound = words.iter().flat_map(binds).collect::<Vec<_>>();
    let mut sql = format!("SELECT {}, {} FROM {} WHERE {all}", table.key, columns.join(", "), table.from);
    let phrase = words.join(" ");
    if phrase.len() >= LEAST_RANKED {
        let (order, likes) = order(&columns, words, &phrase);
        sql.push_str(&format!(" ORDER BY {order}, {}", table.key));
        bound.extend(likes);
    }
    sql.push_str(&format!(" LIMIT {limit}"));
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

/// What is found whole comes before what begins so, before what holds the words, before what only sounds like them: the
/// limit cuts off what is least likely to be meant. The expression, and what it binds.
fn order(columns: &[String], words: &[&str], phrase: &str) -> (String, Vec<Value>) {
    let like = columns.iter().map(|column| format!("{column} LIKE ? ESCAPE '\\'")).collect::<Vec<_>>().join(" OR ");
    let spelled = vec![format!("({like})"); words.len()].join(" AND ");
    let sql = format!("CASE WHEN {like} THEN 0 WHEN {like} THEN 1 WHEN {spelled} THEN 2 ELSE 3 END");
    let whole = escaped(phrase);
    let likes = [whole.clone(), format!("{whole}%")].into_iter().chain(words.iter().map(|word| pattern(word)));
    let binds = likes.flat_map(|like| std::iter::repeat_n(Value::Text(like), columns.len()));
    (sql, binds.collect())
}

fn pattern(word: &str) -> String {
    format!("%{}%", escaped(word))
}

/// `%` and `_` in a word are those characters.
fn escaped(word: &str) -> String {
    let mut escaped = String::new();
    for letter in word.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}
