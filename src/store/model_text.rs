//! Models of other programs that layers came out of: the whole text, and which row was which element of it. What the
//! city does not model stays there and goes out again with what it does.
//!
//! Three tables of ours, made when the first model comes. Beside each row stand the sums of its geometry and values as the
//! import left them, as for the [texts of rows](super::source_text): they tell later what has changed since.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::feature::Feature;
use crate::model::schema::Schema;
use crate::model::value::Value;

use super::adopt::register;
use super::catalog::{self, exists};
use super::error::StoreError;
use super::import::Import;
use super::reader::Reader;
use super::rows;
use super::source_text::{SUM, sums};

const MODELS: &str = "citygrid_models";
const LAYERS: &str = "citygrid_model_layers";
const ROWS: &str = "citygrid_model_rows";

/// A piece of a model on its way into the city; layers and rows belong to the model before them.
#[derive(Clone, Copy, Debug)]
pub enum NewModel<'a> {
    /// The model itself.
    Text {
        /// The word for its format.
        format: &'a str,
        /// What people call it: the name of its file.
        name: &'a str,
        /// The file, byte for byte.
        text: &'a [u8],
    },
    /// A layer that came out of it.
    Layer {
        /// The target's place in [`Import::targets`].
        target: usize,
        /// What the layer is in the model.
        role: &'a str,
    },
    /// A row that came out of it.
    Row {
        /// The target's place.
        target: usize,
        /// The row's id.
        row: i64,
        /// Its number in the model.
        number: i64,
    },
}

/// A model that layers came out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    /// Its number in the city.
    pub id: i64,
    /// The word for its format.
    pub format: String,
    /// What people call it.
    pub name: String,
    /// Table names of its layers, whether they are there or not, and what each is in the model.
    pub layers: Vec<(String, String)>,
}

/// What a row was in its model, and what is other now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRow {
    /// The model.
    pub model: i64,
    /// The row's number in it.
    pub number: i64,
    /// Whether the geometry is another now.
    pub is_moved: bool,
    /// Ids of the fields whose values are others now.
    pub changed: BTreeSet<String>,
}

impl Reader {
    /// The models that layers came out of, the last one first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn models(&self) -> Result<Vec<ModelInfo>, StoreError> {
        self.with(|conn| {
            if !exists(conn, MODELS)? {
                return Ok(Vec::new());
            }
            let mut statement =
                conn.prepare_cached(&format!("SELECT model, format, name FROM {MODELS} ORDER BY model DESC"))?;
            let found = statement.query_map([], |row| {
                Ok(ModelInfo { id: row.get(0)?, format: row.get(1)?, name: row.get(2)?, layers: Vec::new() })
            })?;
            let mut models = found.collect::<rusqlite::Result<Vec<_>>>()?;
            let sql = format!("SELECT table_name, role FROM {LAYERS} WHERE model = ?1 ORDER BY rowid");
            let mut statement = conn.prepare_cached(&sql)?;
            for model in &mut models {
                let layers = statement.query_map([model.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
                model.layers = layers.collect::<rusqlite::Result<_>>()?;
            }
            Ok(models)
        })
    }

    /// The text of a model; `None` if there is no such model.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn model_text(&self, model: i64) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|conn| {
            if !exists(conn, MODELS)? {
                return Ok(None);
            }
            let sql = format!("SELECT text FROM {MODELS} WHERE model = ?1");
            Ok(conn.query_row(&sql, [model], |row| row.get(0)).optional()?)
        })
    }

    /// What rows of a layer were in their model, and what of each is other now; `None` for rows that came otherwise.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn model_rows(&self, schema: &Schema, features: &[Feature]) -> Result<Vec<Option<ModelRow>>, StoreError> {
        self.with(|conn| {
            if !exists(conn, ROWS)? {
                return Ok(vec![None; features.len()]);
            }
            let sql = format!("SELECT fields FROM {LAYERS} WHERE table_name = ?1");
            let fields: Option<String> = conn.query_row(&sql, [&schema.table], |row| row.get(0)).optional()?;
            let fields: Vec<String> = serde_json::from_str(fields.as_deref().unwrap_or("[]")).unwrap_or_default();
            let places: Vec<Option<usize>> =
                schema.fields.iter().map(|field| fields.iter().position(|then| *then == field.id)).collect();
            let sql = format!("SELECT model, number, sums FROM {ROWS} WHERE table_name = ?1 AND row = ?2");
            let mut statement = conn.prepare_cached(&sql)?;
            let mut found = Vec::with_capacity(features.len());
            for feature in features {
                let row = statement.query_row(params![schema.table, feature.id], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
                });
                found.push(row.optional()?.map(|(model, number, then)| {
                    let (is_moved, changed) = differences(schema, feature, &places, &then);
                    ModelRow { model, number, is_moved, changed }
                }));
            }
            Ok(found)
        })
    }
}

/// Whether a row lies elsewhere than `then`, and the ids of the fields whose values are others.
fn differences(schema: &Schema, feature: &Feature, places: &[Option<usize>], then: &[u8]) -> (bool, BTreeSet<String>) {
    let now = sums(feature);
    let sum = |sums: &[u8], place: usize| sums.get(place * SUM..(place + 1) * SUM).map(<[u8]>::to_vec);
    let mut changed = BTreeSet::new();
    for (place, field) in schema.fields.iter().enumerate() {
        let is_same = match places[place] {
            Some(before) => sum(then, before + 1) == sum(&now, place + 1),
            None => feature.values.get(place).is_none_or(Value::is_null),
        };
        if !is_same {
            changed.insert(field.id.to_string());
        }
    }
    (sum(then, 0) != sum(&now, 0), changed)
}

/// Keeps the models that an import hands over, once its rows are in; `rows` are their ids, for each target.
pub(super) fn keep(
    conn: &Connection,
    import: &mut dyn Import,
    tables: &[String],
    rows: &[Vec<i64>],
) -> Result<(), StoreError> {
    ensure(conn)?;
    let tables = tables.iter().map(|name| catalog::table(conn, name)).collect::<Result<Vec<_>, _>>()?;
    let sql =
        format!("INSERT OR REPLACE INTO {ROWS} (table_name, row, model, number, sums) VALUES (?1, ?2, ?3, ?4, ?5)");
    let mut insert = conn.prepare(&sql)?;
    let mut model = 0;
    import.models(rows, &mut |new| {
        match new {
            NewModel::Text { format, name, text } => {
                let sql = format!("INSERT INTO {MODELS} (format, name, text) VALUES (?1, ?2, ?3)");
                conn.execute(&sql, params![format, name, text])?;
                model = conn.last_insert_rowid();
            }
            NewModel::Layer { target, role } => {
                let schema = &tables[target].schema;
                let fields: Vec<&str> = schema.fields.iter().map(|field| field.id.as_ref()).collect();
                let sql = format!(
                    "INSERT OR REPLACE INTO {LAYERS} (table_name, model, role, fields) VALUES (?1, ?2, ?3, ?4)"
                );
                let fields = serde_json::json!(fields).to_string();
                conn.execute(&sql, params![schema.table, model, role, fields])?;
            }
            NewModel::Row { target, row, number } => {
                let Some(stored) = rows::find(conn, &tables[target], row)? else { return Ok(()) };
                let name = &tables[target].schema.table;
                insert.execute(params![name, row, model, number, sums(&stored.feature)])?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// Forgets what came of a layer's rows, and the models of which nothing is left.
pub(super) fn forget(conn: &Connection, table: &str) -> Result<(), StoreError> {
    if exists(conn, ROWS)? {
        conn.execute(&format!("DELETE FROM {ROWS} WHERE table_name = ?1"), [table])?;
        conn.execute(&format!("DELETE FROM {LAYERS} WHERE table_name = ?1"), [table])?;
        conn.execute(&format!("DELETE FROM {MODELS} WHERE model NOT IN (SELECT model FROM {LAYERS})"), [])?;
    }
    Ok(())
}

/// Forgets rows that had these ids before.
pub(super) fn forget_rows(conn: &Connection, table: &str, first: i64, last: i64) -> Result<(), StoreError> {
    if exists(conn, ROWS)? {
        let sql = format!("DELETE FROM {ROWS} WHERE table_name = ?1 AND row BETWEEN ?2 AND ?3");
        conn.execute(&sql, params![table, first, last])?;
    }
    Ok(())
}

fn ensure(conn: &Connection) -> Result<(), StoreError> {
    conn.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {MODELS} (
            model INTEGER PRIMARY KEY AUTOINCREMENT,
            format TEXT NOT NULL,
            name TEXT NOT NULL,
            text BLOB NOT NULL);
         CREATE TABLE IF NOT EXISTS {LAYERS} (
            table_name TEXT PRIMARY KEY COLLATE NOCASE,
            model INTEGER NOT NULL,
            role TEXT NOT NULL,
            fields TEXT NOT NULL);
         CREATE TABLE IF NOT EXISTS {ROWS} (
            table_name TEXT NOT NULL COLLATE NOCASE,
            row INTEGER NOT NULL,
            model INTEGER NOT NULL,
            number INTEGER NOT NULL,
            sums BLOB NOT NULL,
            PRIMARY KEY (table_name, row))"
    ))?;
    register(conn, MODELS)?;
    register(conn, LAYERS)?;
    register(conn, ROWS)
}
