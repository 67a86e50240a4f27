//! The text that rows had in the file they came from, where somebody asked to keep it: so that what nobody has changed
//! can go out again as it came in, to the last byte.
//!
//! Two tables of ours, made when the first such import comes. Beside each text stand short sums of the row's geometry and
//! values as the import left them: they tell later what has changed since. A row that is deleted keeps its text, since
//! undo brings the row back.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest as _, Sha256};

use crate::model::feature::Feature;
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;

use super::adopt::register;
use super::catalog::{self, exists};
use super::error::StoreError;
use super::import::Import;
use super::model_text;
use super::reader::Reader;
use super::rows;

const FILES: &str = "citygrid_source_files";
const TEXTS: &str = "citygrid_source_texts";

/// Bytes of the sum of one value.
pub(super) const SUM: usize = 8;

/// What a file said around its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileText {
    /// Everything before the first row.
    pub head: Vec<u8>,
    /// Everything after the last.
    pub tail: Vec<u8>,
    /// Whether the file has a row a line, rather than being one document.
    pub is_lines: bool,
    /// For each field of the layer where its value stood in a row.
    pub members: Vec<(String, Member)>,
}

/// Where the value of a field stood in the text of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// Nowhere: the field has no column in the file.
    None,
    /// It was the row's id.
    Id,
    /// It was the property of this name.
    Property(String),
}

/// A piece of a file on its way into the city.
#[derive(Clone, Copy, Debug)]
pub enum NewText<'a> {
    /// What a file said around the rows that went to one target.
    File {
        /// Which of the import's files.
        file: usize,
        /// The target's place in [`Import::targets`].
        target: usize,
        /// What it said.
        text: &'a FileText,
    },
    /// One row's text.
    Row {
        /// Which of the import's files.
        file: usize,
        /// The target's place.
        target: usize,
        /// The row's id in the target's table.
        row: i64,
        /// Its number in the file.
        number: i64,
        /// What stood between it and the row before.
        gap: &'a [u8],
        /// The row itself.
        text: &'a [u8],
    },
}

/// The text of a row, and what is no longer as the text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowText {
    /// What stood between it and the row before.
    pub gap: Vec<u8>,
    /// The row itself.
    pub text: Vec<u8>,
    /// Whether the geometry is another now.
    pub is_moved: bool,
    /// The fields whose values are others now, by their place in the schema, and where each stood.
    pub changed: Vec<(usize, Member)>,
}

impl Reader {
    /// What the file said from which rows of a layer came first, if that was kept; and whether no row of the layer has
    /// been added, changed or deleted since.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn file_text(&self, schema: &Schema) -> Result<Option<(FileText, bool)>, StoreError> {
        self.with(|conn| {
            if !exists(conn, FILES)? {
                return Ok(None);
            }
            let sql = format!("SELECT min(file) FROM {FILES} WHERE table_name = ?1");
            let first: Option<i64> = conn.query_row(&sql, [&schema.table], |row| row.get(0))?;
            let Some(text) = first.map(|file| file_of(conn, &schema.table, file)).transpose()?.flatten() else {
                return Ok(None);
            };
            let sql = format!(
                "SELECT f.revision = l.revision FROM {FILES} f JOIN citygrid_layers l ON l.table_name = f.table_name
                 WHERE f.table_name = ?1 AND f.file = ?2"
            );
            let is_same = conn.query_row(&sql, params![schema.table, first], |row| row.get(0)).optional()?;
            Ok(Some((text, is_same == Some(true))))
        })
    }

    /// The rows of a layer that have a text, and where each stood: number of the file, and place in it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn text_places(&self, table: &str) -> Result<BTreeMap<i64, (i64, i64)>, StoreError> {
        self.with(|conn| {
            if !exists(conn, TEXTS)? {
                return Ok(BTreeMap::new());
            }
            let sql = format!("SELECT row, file, number FROM {TEXTS} WHERE table_name = ?1");
            let mut statement = conn.prepare_cached(&sql)?;
            let places = statement.query_map([table], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
            Ok(places.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The texts of rows as they are now.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn row_texts(&self, schema: &Schema, features: &[Feature]) -> Result<Vec<Option<RowText>>, StoreError> {
        self.with(|conn| {
            let mut files = BTreeMap::new();
            features.iter().map(|feature| row_text(conn, schema, feature, &mut files)).collect()
        })
    }
}

/// Keeps the texts that an import hands over, once its rows are in; `rows` are their ids, for each target.
pub(super) fn keep(
    conn: &Connection,
    import: &mut dyn Import,
    tables: &[String],
    rows: &[Vec<i64>],
) -> Result<(), StoreError> {
    ensure(conn)?;
    let sql = format!("SELECT coalesce(max(file), 0) + 1 FROM {FILES}");
    let base: i64 = conn.query_row(&sql, [], |row| row.get(0))?;
    let tables = tables.iter().map(|name| catalog::table(conn, name)).collect::<Result<Vec<_>, _>>()?;
    let insert = format!(
        "INSERT OR REPLACE INTO {TEXTS} (table_name, row, file, number, gap, text, sums) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    );
    let mut insert = conn.prepare(&insert)?;
    import.texts(rows, &mut |new| match new {
        NewText::File { file, target, text } => write_file(conn, &tables[target].schema, base + file as i64, text),
        NewText::Row { file, target, row, number, gap, text } => {
            let Some(stored) = rows::find(conn, &tables[target], row)? else { return Ok(()) };
            let (name, sums) = (&tables[target].schema.table, sums(&stored.feature));
            insert.execute(params![name, row, base + file as i64, number, gap, text, sums])?;
            Ok(())
        }
    })?;
    Ok(())
}

/// Forgets the texts of a layer: of those that its name had before, or of what is dropped for good.
pub(super) fn forget(conn: &Connection, table: &str) -> Result<(), StoreError> {
    model_text::forget(conn, table)?;
    if exists(conn, TEXTS)? {
        conn.execute(&format!("DELETE FROM {TEXTS} WHERE table_name = ?1"), [table])?;
        conn.execute(&format!("DELETE FROM {FILES} WHERE table_name = ?1"), [table])?;
    }
    Ok(())
}

/// Forgets the texts of rows that had these ids before.
pub(super) fn forget_rows(conn: &Connection, table: &str, first: i64, last: i64) -> Result<(), StoreError> {
    model_text::forget_rows(conn, table, first, last)?;
    if exists(conn, TEXTS)? {
        let sql = format!("DELETE FROM {TEXTS} WHERE table_name = ?1 AND row BETWEEN ?2 AND ?3");
        conn.execute(&sql, params![table, first, last])?;
    }
    Ok(())
}

fn ensure(conn: &Connection) -> Result<(), StoreError> {
    conn.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {FILES} (
            file INTEGER NOT NULL,
            table_name TEXT NOT NULL COLLATE NOCASE,
            is_lines INTEGER NOT NULL,
            head BLOB NOT NULL,
            tail BLOB NOT NULL,
            members TEXT NOT NULL,
            revision INTEGER NOT NULL,
            PRIMARY KEY (table_name, file));
         CREATE TABLE IF NOT EXISTS {TEXTS} (
            table_name TEXT NOT NULL COLLATE NOCASE,
            row INTEGER NOT NULL,
            file INTEGER NOT NULL,
            number INTEGER NOT NULL,
            gap BLOB NOT NULL,
            text BLOB NOT NULL,
            sums BLOB NOT NULL,
            PRIMARY KEY (table_name, row))"
    ))?;
    register(conn, FILES)?;
    register(conn, TEXTS)
}

/// The members are kept in the order of the fields, as the sums are.
fn write_file(conn: &Connection, schema: &Schema, file: i64, text: &FileText) -> Result<(), StoreError> {
    let member = |field: &Field| {
        let id = field.id.as_ref();
        match text.members.iter().find(|(known, _)| known == id) {
            None | Some((_, Member::None)) => serde_json::json!([id]),
            Some((_, Member::Id)) => serde_json::json!([id, null]),
            Some((_, Member::Property(name))) => serde_json::json!([id, name]),
        }
    };
    let members = schema.fields.iter().map(member).collect::<serde_json::Value>().to_string();
    let (table, layers) = (&schema.table, "SELECT revision FROM citygrid_layers WHERE table_name = ?1");
    let revision: i64 = conn.query_row(layers, [table], |row| row.get(0))?;
    let sql = format!(
        "INSERT OR IGNORE INTO {FILES} (file, table_name, is_lines, head, tail, members, revision)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    );
    conn.execute(&sql, params![file, table, text.is_lines, text.head, text.tail, members, revision])?;
    Ok(())
}

fn file_of(conn: &Connection, table: &str, file: i64) -> Result<Option<FileText>, StoreError> {
    let sql = format!("SELECT is_lines, head, tail, members FROM {FILES} WHERE table_name = ?1 AND file = ?2");
    let mut statement = conn.prepare_cached(&sql)?;
    let found = statement.query_row(params![table, file], |row| {
        let members: String = row.get(3)?;
        Ok(FileText { is_lines: row.get(0)?, head: row.get(1)?, tail: row.get(2)?, members: members_of(&members) })
    });
    Ok(found.optional()?)
}

fn members_of(json: &str) -> Vec<(String, Member)> {
    let list: Vec<Vec<Option<String>>> = serde_json::from_str(json).unwrap_or_default();
    let member = |words: Vec<Option<String>>| {
        let mut words = words.into_iter();
        let field = words.next()??;
        Some((field, words.next().map_or(Member::None, |name| name.map_or(Member::Id, Member::Property))))
    };
    list.into_iter().filter_map(member).collect()
}

fn row_text(
    conn: &Connection,
    schema: &Schema,
    feature: &Feature,
    files: &mut BTreeMap<i64, Option<FileText>>,
) -> Result<Option<RowText>, StoreError> {
    if !exists(conn, TEXTS)? {
        return Ok(None);
    }
    let sql = format!("SELECT file, gap, text, sums FROM {TEXTS} WHERE table_name = ?1 AND row = ?2");
    let mut statement = conn.prepare_cached(&sql)?;
    let found = statement.query_row(params![schema.table, feature.id], |row| {
        Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, row.get::<_, Vec<u8>>(3)?))
    });
    let Some((file, gap, text, kept)) = found.optional()? else { return Ok(None) };
    if let std::collections::btree_map::Entry::Vacant(entry) = files.entry(file) {
        entry.insert(file_of(conn, &schema.table, file)?);
    }
    let Some(members) = files.get(&file).and_then(Option::as_ref).map(|file| &file.members) else { return Ok(None) };
    let now = sums(feature);
    let sum = |sums: &[u8], place: usize| sums.get(place * SUM..(place + 1) * SUM).map(<[u8]>::to_vec);
    let mut changed = Vec::new();
    for (place, field) in schema.fields.iter().enumerate() {
        let then = members.iter().position(|(id, _)| *id == field.id);
        let is_same = match then {
            Some(then) => sum(&kept, then + 1) == sum(&now, place + 1),
            None => feature.values.get(place).is_none_or(Value::is_null),
        };
        if !is_same {
            changed.push((place, then.map_or(Member::None, |then| members[then].1.clone())));
        }
    }
    Ok(Some(RowText { gap, text, is_moved: sum(&kept, 0) != sum(&now, 0), changed }))
}

/// The sum of the geometry, then those of the values.
pub(super) fn sums(feature: &Feature) -> Vec<u8> {
    let mut out = Vec::with_capacity((feature.values.len() + 1) * SUM);
    let mut put = |kind: u8, bytes: &[u8]| {
        let sum = Sha256::new().chain_update([kind]).chain_update(bytes).finalize();
        out.extend_from_slice(&sum[..SUM]);
    };
    match &feature.geometry {
        Some(geometry) => put(1, geometry.wkb()),
        None => put(0, &[]),
    }
    for value in &feature.values {
        match value {
            Value::Null => put(0, &[]),
            Value::Bool(yes) => put(1, &i64::from(*yes).to_le_bytes()),
            Value::Int(number) => put(1, &number.to_le_bytes()),
            Value::Real(number) => put(2, &number.to_le_bytes()),
            Value::Text(text) => put(3, text.as_bytes()),
            Value::Blob(bytes) => put(4, bytes),
        }
    }
    out
}
