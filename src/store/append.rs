//! Many rows of an existing layer at once: coming with an import, going with its undo, coming back with its redo.
//!
//! The triggers that keep R-tree and count right row by row are taken off for the while. Afterwards a few rows are
//! entered in the tree one by one, many make it worth while to pack the tree anew.

use geopackage::GeoPackage;
use geopackage::core::ident::quote;
use geopackage::core::triggers::rtree_table_name;
use rusqlite::{Connection, params};

use crate::text;

use super::bounds;
use super::catalog::{self, Table};
use super::error::StoreError;
use super::hide::{self, Owner};
use super::layer_state;
use super::rtree;
use super::schema_sql;

/// Up to so many rows are entered in an R-tree one by one, whatever its size.
const FEW: u64 = 5_000;

/// Rows of a layer by id, first to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub first: i64,
    pub last: i64,
    /// How many there are, which must be how many are found.
    pub count: u64,
}

/// A layer whose index and count are not kept right at the moment.
pub(super) struct Paused {
    triggers: Vec<(String, String)>,
    indexed: bool,
    counted: Option<u64>,
}

/// Takes off the triggers that keep index and count.
pub(super) fn pause(package: &GeoPackage, table: &Table) -> Result<Paused, StoreError> {
    let conn = package.connection();
    let name = &table.schema.table;
    let counted = schema_sql::is_counted(conn, name)?;
    let counted = counted.then(|| counted_rows(conn, table)).transpose()?;
    let indexed = table.index()?.is_some();
    let rtree = table.geometry.as_ref().map(|column| format!("{}_", rtree_table_name(name, &column.name)));
    let mut statement =
        conn.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE")?;
    let triggers = statement.query_map([name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut triggers = triggers.collect::<rusqlite::Result<Vec<_>>>()?;
    triggers.retain(|(trigger, _)| {
        let starts = |start: &str| trigger.to_lowercase().starts_with(&start.to_lowercase());
        rtree.as_deref().is_some_and(starts)
            || starts("trigger_insert_feature_count_")
            || starts("trigger_delete_feature_count_")
    });
    for (trigger, _) in &triggers {
        conn.execute_batch(&format!("DROP TRIGGER {}", quote(trigger)?))?;
    }
    Ok(Paused { triggers, indexed, counted })
}

/// Enters the rows of `range` in index and count, and puts the triggers back.
pub(super) fn resume_after_insert(
    package: &GeoPackage,
    table: &Table,
    paused: Paused,
    range: Range,
) -> Result<(), StoreError> {
    let conn = package.connection();
    if range.count > 0 {
        check_range(conn, table, range)?;
        let few = is_few(conn, table, &paused, range.count)?;
        if let (Some(index), Some(column)) = (table.index()?, &table.geometry) {
            if few {
                let (geom, key, from) = (quote(&column.name)?, &table.key, table.quoted()?);
                conn.execute(
                    &format!(
                        "INSERT INTO {index} SELECT {key}, ST_MinX({geom}), ST_MaxX({geom}), ST_MinY({geom}), ST_MaxY({geom})
                         FROM {from} WHERE {key} BETWEEN ?1 AND ?2 AND {geom} NOT NULL AND NOT ST_IsEmpty({geom})"
                    ),
                    [range.first, range.last],
                )?;
            } else {
                rebuild(package, table)?;
            }
        }
    }
    let count = paused.counted.map(|count| count + range.count);
    resume(conn, table, &paused, count)
}

/// Takes the rows of `range` out of index and count, and puts the triggers back.
fn resume_after_delete(package: &GeoPackage, table: &Table, paused: Paused, range: Range) -> Result<(), StoreError> {
    let conn = package.connection();
    let few = is_few(conn, table, &paused, range.count)?;
    if let Some(index) = table.index()? {
        if few {
            conn.execute(&format!("DELETE FROM {index} WHERE id BETWEEN ?1 AND ?2"), [range.first, range.last])?;
        } else {
            rebuild(package, table)?;
        }
    }
    let count = paused.counted.map(|count| count.saturating_sub(range.count));
    resume(conn, table, &paused, count)
}

/// Moves the rows of an appended range to a table of their own, out of everybody's sight.
pub(super) fn hide(package: &GeoPackage, layer: &str, range: Range, owner: Owner) -> Result<(), StoreError> {
    let conn = package.connection();
    let table = catalog::table(conn, layer)?;
    if range.count > 0 {
        check_range(conn, &table, range)?;
    }
    let hidden = hide::new_table(conn, owner, &[])?;
    let (from, key) = (table.quoted()?, &table.key);
    let columns = columns(&table)?;
    let key_alias = if table.key_column.is_none() { format!("{key} AS citygrid_rowid, ") } else { String::new() };
    let (first, last) = (range.first, range.last);
    conn.execute_batch(&format!(
        "CREATE TABLE {hidden} AS SELECT {key_alias}{columns} FROM {from} WHERE {key} BETWEEN {first} AND {last}"
    ))?;
    let paused = pause(package, &table)?;
    conn.execute(&format!("DELETE FROM {from} WHERE {key} BETWEEN ?1 AND ?2"), [range.first, range.last])?;
    resume_after_delete(package, &table, paused, range)?;
    let extent = bounds::measure(conn, &table)?;
    bounds::write(conn, &table, extent)?;
    layer_state::touch(conn, &table)
}

/// Brings back the rows that [`hide`] moved away.
pub(super) fn unhide(package: &GeoPackage, layer: &str, range: Range, owner: Owner) -> Result<(), StoreError> {
    let conn = package.connection();
    let table = catalog::table(conn, layer)?;
    let Some((hidden, _)) = hide::find(conn, owner)? else { return Err(changed(&table)) };
    let clash: bool = conn.query_row(
        &format!("SELECT EXISTS (SELECT 1 FROM {} WHERE {} BETWEEN ?1 AND ?2)", table.from, table.key),
        [range.first, range.last],
        |row| row.get(0),
    )?;
    if clash {
        return Err(changed(&table));
    }
    let paused = pause(package, &table)?;
    let columns = shared_columns(conn, &table, &hidden)?;
    let (to, key) = (table.quoted()?, &table.key);
    let (into, from) = if table.key_column.is_none() {
        (format!("{key}, {columns}"), format!("citygrid_rowid, {columns}"))
    } else {
        (columns.clone(), columns)
    };
    conn.execute_batch(&format!("INSERT INTO {to} ({into}) SELECT {from} FROM {hidden}; DROP TABLE {hidden}"))?;
    resume_after_insert(package, &table, paused, range)?;
    hide::forget(conn, &hidden, owner)?;
    let extent = bounds::measure(conn, &table)?;
    bounds::write(conn, &table, extent)?;
    layer_state::touch(conn, &table)
}

fn resume(conn: &Connection, table: &Table, paused: &Paused, count: Option<u64>) -> Result<(), StoreError> {
    for (trigger, sql) in &paused.triggers {
        conn.execute_batch(&format!("DROP TRIGGER IF EXISTS {}; {sql}", quote(trigger)?))?;
    }
    if let Some(count) = count {
        conn.execute(
            "UPDATE gpkg_ogr_contents SET feature_count = ?2 WHERE table_name = ?1 COLLATE NOCASE",
            params![table.schema.table, i64::try_from(count).unwrap_or(i64::MAX)],
        )?;
    }
    Ok(())
}

/// Packs the tree anew, without triggers: those are [`resume`]'s.
fn rebuild(package: &GeoPackage, table: &Table) -> Result<(), StoreError> {
    let Some(column) = &table.geometry else { return Ok(()) };
    rtree::build(package, table)?;
    rtree::drop_triggers(package.connection(), table, &rtree_table_name(&table.schema.table, &column.name))
}

fn is_few(conn: &Connection, table: &Table, paused: &Paused, count: u64) -> Result<bool, StoreError> {
    if !paused.indexed || count <= FEW {
        return Ok(true);
    }
    let there = paused.counted.map_or_else(|| counted_rows(conn, table), Ok)?;
    Ok(count.saturating_mul(20) <= there)
}

fn counted_rows(conn: &Connection, table: &Table) -> Result<u64, StoreError> {
    let count = conn
        .query_row(
            "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?1 COLLATE NOCASE",
            [&table.schema.table],
            |row| row.get::<_, Option<i64>>(0),
        )
        .ok()
        .flatten();
    match count {
        Some(count) => Ok(count.unsigned_abs()),
        None => count_all(conn, table),
    }
}

/// Counts the rows themselves.
pub(super) fn count_all(conn: &Connection, table: &Table) -> Result<u64, StoreError> {
    let sql = format!("SELECT count(*) FROM {}", table.from);
    Ok(conn.query_row(&sql, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
}

fn check_range(conn: &Connection, table: &Table, range: Range) -> Result<(), StoreError> {
    let sql = format!("SELECT count(*) FROM {} WHERE {} BETWEEN ?1 AND ?2", table.from, table.key);
    let found: i64 = conn.query_row(&sql, [range.first, range.last], |row| row.get(0))?;
    if found.unsigned_abs() == range.count { Ok(()) } else { Err(changed(table)) }
}

fn changed(table: &Table) -> StoreError {
    let (zh, en) = (&table.schema.name.zh, &table.schema.name.en);
    let what = text!(
        "图层“{zh}”中导入的要素已被他人增删",
        "Imported features of layer “{en}” have been added to or deleted by somebody else"
    );
    StoreError::Conflict { what }
}

/// Every stored column but a row id that is none, quoted.
fn columns(table: &Table) -> Result<String, StoreError> {
    let mut names = Vec::new();
    names.extend(table.key_column.as_deref());
    names.extend(table.geometry.as_ref().map(|column| column.name.as_str()));
    let plain = table.schema.fields.iter().map(|field| field.id.as_ref());
    names.extend(plain.filter(|name| !table.generated.iter().any(|generated| generated == name)));
    let quoted = names.into_iter().map(|name| Ok(quote(name)?)).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(quoted.join(", "))
}

/// The columns of a hidden table, all of which must still be in the layer.
fn shared_columns(conn: &Connection, table: &Table, hidden: &str) -> Result<String, StoreError> {
    let mut statement = conn.prepare("SELECT name FROM pragma_table_info(?1) WHERE name <> 'citygrid_rowid'")?;
    let names = statement.query_map([hidden], |row| row.get::<_, String>(0))?;
    let names = names.collect::<rusqlite::Result<Vec<_>>>()?;
    let known = |name: &String| {
        table.key_column.as_ref() == Some(name)
            || table.geometry.as_ref().is_some_and(|column| column.name == *name)
            || table.schema.fields.iter().any(|field| field.id == *name)
    };
    if names.is_empty() || !names.iter().all(known) {
        return Err(changed(table));
    }
    let quoted = names.iter().map(|name| Ok(quote(name)?)).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(quoted.join(", "))
}
