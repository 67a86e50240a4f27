//! Layers taken out of the city and kept in the file: what undoing an import, or removing a layer, does.
//!
//! The table gets a name of ours and loses its triggers and its rows in the standard's lists, so that no program shows
//! it and its own name is free. All of that is written down and put back word for word.

use geopackage::GeoPackage;
use geopackage::core::ident::quote;
use geopackage::core::triggers::rtree_table_name;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::model::value::{FieldType, Value};
use crate::text;

use super::adopt;
use super::catalog::{self, exists};
use super::codec::{In, Out};
use super::error::StoreError;
use super::media;
use super::rows::{Cell, value_of};
use super::schema_sql;
use super::source_text;

/// Where a layer is named, and in which column; the order in which rows may be put back.
const LISTS: [(&str, &str); 8] = [
    ("gpkg_contents", "table_name"),
    ("gpkg_geometry_columns", "table_name"),
    ("gpkg_ogr_contents", "table_name"),
    ("gpkg_data_columns", "table_name"),
    ("gpkg_metadata_reference", "table_name"),
    ("gpkg_extensions", "table_name"),
    ("gpkgext_relations", "base_table_name"),
    ("citygrid_layers", "table_name"),
];

/// The step that keeps a hidden table, and which of the step's things it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub step: i64,
    pub place: i64,
}

/// What is needed to put a layer back.
#[derive(Default)]
struct Record {
    table: String,
    /// Its geometry column, if the R-tree was renamed with it.
    indexed: Option<String>,
    /// Whether the table itself was renamed; a view is not.
    renamed: bool,
    triggers: Vec<String>,
    /// Rows of [`LISTS`]: list, column names, values.
    rows: Vec<(String, Vec<String>, Vec<Value>)>,
}

/// Takes a layer out of the city.
pub(super) fn hide_layer(package: &GeoPackage, layer: &str, owner: Owner) -> Result<(), StoreError> {
    let conn = package.connection();
    let table = catalog::table(conn, layer)?;
    let name = table.schema.table.clone();
    let mut record = Record { table: name.clone(), rows: take_rows(conn, &name)?, ..Record::default() };
    let rtree = table.geometry.as_ref().map(|column| rtree_table_name(&name, &column.name));
    let rtree = rtree.filter(|rtree| exists(conn, rtree).unwrap_or(false));
    record.renamed = is_table(conn, &name)?;
    record.indexed = table.geometry.as_ref().filter(|_| rtree.is_some()).map(|column| column.name.clone());
    if record.renamed {
        record.triggers = take_triggers(conn, &name)?;
    }
    let hidden = new_table(conn, owner, &record.write())?;
    if record.renamed {
        rename(conn, &name, &hidden)?;
        if let Some(rtree) = rtree {
            rename(conn, &rtree, &format!("rtree_{hidden}"))?;
        }
    }
    Ok(())
}

/// Brings a layer back; its table name.
pub(super) fn unhide_layer(package: &GeoPackage, owner: Owner) -> Result<String, StoreError> {
    let conn = package.connection();
    let damaged = || StoreError::Damaged { what: format!("the layer that step {} took out is missing", owner.step) };
    let (hidden, payload) = find(conn, owner)?.ok_or_else(damaged)?;
    let record = Record::read(&payload).ok_or_else(damaged)?;
    if record.renamed && exists(conn, &record.table)? {
        let table = &record.table;
        let what = text!("图层“{table}”已另有其表", "There is another table called “{table}” now");
        return Err(StoreError::Conflict { what });
    }
    if record.renamed {
        rename(conn, &hidden, &record.table)?;
        if let Some(column) = &record.indexed {
            rename(conn, &format!("rtree_{hidden}"), &rtree_table_name(&record.table, column))?;
        }
    }
    forget(conn, &hidden, owner)?;
    put_rows(conn, &record.rows)?;
    for trigger in &record.triggers {
        conn.execute_batch(trigger)?;
    }
    Ok(record.table)
}

/// Drops for good what the step keeps; the photos that hung on it come back, for who decides about them.
pub(super) fn drop_hidden(conn: &Connection, step: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = conn.prepare("SELECT place FROM citygrid_hidden WHERE step = ?1")?;
    let places = statement.query_map([step], |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut photos = Vec::new();
    for place in places {
        let owner = Owner { step, place };
        let Some((hidden, payload)) = find(conn, owner)? else { continue };
        conn.execute_batch(&format!("DROP TABLE IF EXISTS \"rtree_{hidden}\"; DROP TABLE IF EXISTS {hidden}"))?;
        let record = Record::read(&payload).unwrap_or_default();
        for (_, columns, values) in record.rows.iter().filter(|row| row.0 == "gpkgext_relations") {
            let mapping = columns.iter().position(|column| column == "mapping_table_name");
            if let Some(mapping) = mapping.and_then(|at| values[at].as_str()) {
                photos.extend(media::drop_mapping(conn, mapping)?);
            }
        }
        if !exists(conn, &record.table)? {
            source_text::forget(conn, &record.table)?;
        }
        forget(conn, &hidden, owner)?;
    }
    Ok(photos)
}

/// Lists a new hidden table and returns its name; the caller makes it.
pub(super) fn new_table(conn: &Connection, owner: Owner, payload: &[u8]) -> Result<String, StoreError> {
    conn.execute(
        "INSERT INTO citygrid_hidden (step, place, payload) VALUES (?1, ?2, ?3)",
        params![owner.step, owner.place, payload],
    )?;
    let hidden = format!("citygrid_hidden_{}", conn.last_insert_rowid());
    adopt::register(conn, &hidden)?;
    Ok(hidden)
}

/// Name and record of a hidden table.
pub(super) fn find(conn: &Connection, owner: Owner) -> Result<Option<(String, Vec<u8>)>, StoreError> {
    let mut statement =
        conn.prepare_cached("SELECT id, payload FROM citygrid_hidden WHERE step = ?1 AND place = ?2")?;
    let found = statement.query_row([owner.step, owner.place], |row| {
        Ok((format!("citygrid_hidden_{}", row.get::<_, i64>(0)?), row.get(1)?))
    });
    Ok(found.optional()?)
}

/// Takes a hidden table off the list.
pub(super) fn forget(conn: &Connection, hidden: &str, owner: Owner) -> Result<(), StoreError> {
    adopt::unregister(conn, hidden)?;
    conn.execute("DELETE FROM citygrid_hidden WHERE step = ?1 AND place = ?2", [owner.step, owner.place])?;
    Ok(())
}

fn is_table(conn: &Connection, name: &str) -> Result<bool, StoreError> {
    let sql = "SELECT type = 'table' FROM sqlite_master WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')";
    Ok(conn.query_row(sql, [name], |row| row.get(0))?)
}

/// Views and triggers of others that name the table are left alone, as SQLite did before it began to rewrite them.
fn rename(conn: &Connection, from: &str, to: &str) -> Result<(), StoreError> {
    conn.execute_batch("PRAGMA legacy_alter_table = ON")?;
    let done = conn.execute_batch(&format!("ALTER TABLE {} RENAME TO {}", quote(from)?, quote(to)?));
    conn.execute_batch("PRAGMA legacy_alter_table = OFF")?;
    Ok(done?)
}

fn take_triggers(conn: &Connection, table: &str) -> Result<Vec<String>, StoreError> {
    let mut statement =
        conn.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE")?;
    let triggers = statement.query_map([table], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut taken = Vec::new();
    for (name, sql) in triggers.collect::<rusqlite::Result<Vec<_>>>()? {
        conn.execute_batch(&format!("DROP TRIGGER {}", quote(&name)?))?;
        taken.push(sql);
    }
    Ok(taken)
}

fn take_rows(conn: &Connection, table: &str) -> Result<Vec<(String, Vec<String>, Vec<Value>)>, StoreError> {
    let mut taken = Vec::new();
    for (list, column) in LISTS {
        if !exists(conn, list)? {
            continue;
        }
        let mut statement = conn.prepare(&format!("SELECT * FROM {list} WHERE {column} = ?1 COLLATE NOCASE"))?;
        let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query([table])?;
        while let Some(row) = rows.next()? {
            let values = (0..names.len()).map(|at| Ok(value_of(row.get_ref(at)?, FieldType::Blob)));
            taken.push((list.to_owned(), names.clone(), values.collect::<Result<_, StoreError>>()?));
        }
    }
    for (list, column) in LISTS.iter().rev() {
        if exists(conn, list)? {
            conn.execute(&format!("DELETE FROM {list} WHERE {column} = ?1 COLLATE NOCASE"), [table])?;
        }
    }
    Ok(taken)
}

fn put_rows(conn: &Connection, rows: &[(String, Vec<String>, Vec<Value>)]) -> Result<(), StoreError> {
    for (list, columns, values) in rows {
        let mut values = values.clone();
        if let Some(at) = columns.iter().position(|column| list == "gpkg_contents" && column == "identifier") {
            // Meanwhile another layer may have got the name.
            let identifier = values[at].to_string();
            let table = columns.iter().position(|column| column == "table_name");
            let table = table.map(|at| values[at].to_string()).unwrap_or_default();
            values[at] = schema_sql::free_identifier(conn, &identifier, &table)?.into();
        }
        let names = columns.iter().map(|column| Ok(quote(column)?)).collect::<Result<Vec<_>, StoreError>>()?;
        let marks = vec!["?"; names.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", quote(list)?, names.join(", "));
        conn.execute(&sql, params_from_iter(values.iter().map(Cell)))?;
    }
    Ok(())
}

impl Record {
    fn write(&self) -> Vec<u8> {
        let mut out = Out(vec![1]);
        out.bytes(self.table.as_bytes());
        out.bytes(self.indexed.as_deref().unwrap_or_default().as_bytes());
        out.0.push(u8::from(self.renamed));
        out.number(self.triggers.len() as u64);
        self.triggers.iter().for_each(|trigger| out.bytes(trigger.as_bytes()));
        out.number(self.rows.len() as u64);
        for (list, columns, values) in &self.rows {
            out.bytes(list.as_bytes());
            out.number(columns.len() as u64);
            for (column, value) in columns.iter().zip(values) {
                out.bytes(column.as_bytes());
                out.value(value);
            }
        }
        out.0
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut input = In(bytes);
        (input.byte()? == 1).then_some(())?;
        let table = input.text()?;
        let indexed = Some(input.text()?).filter(|column| !column.is_empty());
        let renamed = input.byte()? == 1;
        let count = input.count()?;
        let triggers = (0..count).map(|_| input.text()).collect::<Option<_>>()?;
        let mut rows = Vec::new();
        for _ in 0..input.count()? {
            let list = input.text()?;
            let count = input.count()?;
            let cells = (0..count).map(|_| Some((input.text()?, input.value()?)));
            let (columns, values) = cells.collect::<Option<Vec<_>>>()?.into_iter().unzip();
            rows.push((list, columns, values));
        }
        Some(Self { table, indexed, renamed, triggers, rows })
    }
}
