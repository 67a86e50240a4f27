//! The R-tree of a layer: packed in one go, kept by triggers.
//!
//! GeoPackage 1.4 has other triggers than 1.3, and older GDAL knows the names of 1.3 by heart. So a file has the
//! triggers of the version that it declares. Our own cities are 1.4; what other programs made keeps its version.

use geopackage::core::GpkgVersion;
use geopackage::core::ident::quote;
use geopackage::core::triggers::{EXTENSION_NAME, rtree_table_name};
use geopackage::{BulkIndexOptions, GeoPackage};
use rusqlite::{Connection, params};

use super::catalog::{Table, exists};
use super::error::StoreError;

/// Packs a new tree over all rows, in place of an old one, and installs the triggers of the file's version.
pub(super) fn build(package: &GeoPackage, table: &Table) -> Result<(), StoreError> {
    let conn = package.connection();
    let Some(column) = &table.geometry else { return Ok(()) };
    let rtree = rtree_table_name(&table.schema.table, &column.name);
    drop_triggers(conn, table, &rtree)?;
    if exists(conn, &rtree)? {
        conn.execute_batch(&format!("DROP TABLE {}", quote(&rtree)?))?;
    }
    conn.execute(
        "DELETE FROM gpkg_extensions WHERE lower(table_name) = lower(?1) AND lower(column_name) = lower(?2)
           AND extension_name = ?3",
        params![table.schema.table, column.name, EXTENSION_NAME],
    )?;
    package.layer(&table.schema.table)?.create_spatial_index_with(BulkIndexOptions::default())?;
    if !matches!(package.version(), GpkgVersion::V1_4) {
        drop_triggers(conn, table, &rtree)?;
        conn.execute_batch(&triggers_1_3(table, &column.name, &rtree)?)?;
    }
    Ok(())
}

/// Removes every trigger that keeps the tree.
pub(super) fn drop_triggers(conn: &Connection, table: &Table, rtree: &str) -> Result<(), StoreError> {
    let mut statement = conn.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE
           AND lower(substr(name, 1, length(?2) + 1)) = lower(?2) || '_'",
    )?;
    let names = statement.query_map(params![table.schema.table, rtree], |row| row.get::<_, String>(0))?;
    for name in names.collect::<rusqlite::Result<Vec<_>>>()? {
        conn.execute_batch(&format!("DROP TRIGGER {}", quote(&name)?))?;
    }
    Ok(())
}

/// The triggers of GeoPackage 1.3, Annex F.3, word for word.
fn triggers_1_3(table: &Table, column: &str, rtree: &str) -> Result<String, StoreError> {
    let (t, c, i, r) = (table.quoted()?, quote(column)?, &table.key, quote(rtree)?);
    let name = |suffix: &str| quote(&format!("{rtree}_{suffix}"));
    let put = format!(
        "INSERT OR REPLACE INTO {r} VALUES (NEW.{i}, ST_MinX(NEW.{c}), ST_MaxX(NEW.{c}), ST_MinY(NEW.{c}), ST_MaxY(NEW.{c}))"
    );
    let some = format!("(NEW.{c} NOTNULL AND NOT ST_IsEmpty(NEW.{c}))");
    let none = format!("(NEW.{c} ISNULL OR ST_IsEmpty(NEW.{c}))");
    Ok(format!(
        "CREATE TRIGGER {} AFTER INSERT ON {t} WHEN (new.{c} NOT NULL AND NOT ST_IsEmpty(NEW.{c})) BEGIN {put}; END;
         CREATE TRIGGER {} AFTER UPDATE OF {c} ON {t} WHEN OLD.{i} = NEW.{i} AND {some} BEGIN {put}; END;
         CREATE TRIGGER {} AFTER UPDATE OF {c} ON {t} WHEN OLD.{i} = NEW.{i} AND {none} BEGIN
           DELETE FROM {r} WHERE id = OLD.{i}; END;
         CREATE TRIGGER {} AFTER UPDATE ON {t} WHEN OLD.{i} != NEW.{i} AND {some} BEGIN
           DELETE FROM {r} WHERE id = OLD.{i}; {put}; END;
         CREATE TRIGGER {} AFTER UPDATE ON {t} WHEN OLD.{i} != NEW.{i} AND {none} BEGIN
           DELETE FROM {r} WHERE id IN (OLD.{i}, NEW.{i}); END;
         CREATE TRIGGER {} AFTER DELETE ON {t} WHEN old.{c} NOT NULL BEGIN DELETE FROM {r} WHERE id = OLD.{i}; END;",
        name("insert")?,
        name("update1")?,
        name("update2")?,
        name("update3")?,
        name("update4")?,
        name("delete")?,
    ))
}
