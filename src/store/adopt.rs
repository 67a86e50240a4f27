//! Our own tables in a GeoPackage: what they are, and how a plain GeoPackage becomes a city.

use geopackage::core::ddl::CREATE_GPKG_EXTENSIONS;
use geopackage::{ColumnSpec, GeoPackage, TableSchemaBuilder, core::types::ColumnType};
use rusqlite::{Connection, OptionalExtension, params};

use super::catalog::{self, exists};
use super::error::StoreError;
use super::layer_state;

/// The key of the format version in `citygrid_settings`.
pub(super) const FORMAT_KEY: &str = "format_version";
/// The key of the hash before the journal's oldest entry.
pub(super) const JOURNAL_BASE_KEY: &str = "journal_base";
/// The key of the newest revision of any layer.
pub(super) const REVISION_KEY: &str = "revision";
/// Keys of [`TABLES`]' `citygrid_settings` that no command may set.
pub(super) const RESERVED_KEYS: [&str; 3] = [FORMAT_KEY, JOURNAL_BASE_KEY, REVISION_KEY];

/// The media table (OGC 18-000): any program may show what is in it.
pub(super) const PHOTOS: &str = "citygrid_photos";

/// Tables that only this program understands. `citygrid_hidden` lists what undo took out of the city: the tables
/// themselves are called `citygrid_hidden_1`, `_2` …
const TABLES: &[(&str, &str)] = &[
    ("citygrid_settings", "CREATE TABLE citygrid_settings (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)"),
    (
        "citygrid_layers",
        "CREATE TABLE citygrid_layers (
            table_name TEXT PRIMARY KEY NOT NULL COLLATE NOCASE,
            schema TEXT,
            name_zh TEXT NOT NULL,
            name_en TEXT NOT NULL,
            position INTEGER NOT NULL,
            group_id TEXT NOT NULL DEFAULT '',
            opacity REAL NOT NULL DEFAULT 1.0,
            style TEXT,
            visible INTEGER NOT NULL DEFAULT 1,
            revision INTEGER NOT NULL DEFAULT 0)",
    ),
    (
        "citygrid_journal",
        "CREATE TABLE citygrid_journal (
            step INTEGER PRIMARY KEY AUTOINCREMENT,
            time TEXT NOT NULL,
            author TEXT NOT NULL,
            label_zh TEXT NOT NULL,
            label_en TEXT NOT NULL,
            kind TEXT NOT NULL,
            rows INTEGER NOT NULL,
            payload BLOB NOT NULL,
            hash BLOB NOT NULL,
            undone INTEGER NOT NULL DEFAULT 0)",
    ),
    (
        "citygrid_hidden",
        "CREATE TABLE citygrid_hidden (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            step INTEGER NOT NULL,
            place INTEGER NOT NULL,
            payload BLOB NOT NULL)",
    ),
];

/// Whether our tables are in the file, and of which format.
pub(super) fn format_version(conn: &Connection) -> Result<Option<i64>, StoreError> {
    if !exists(conn, "citygrid_settings")? {
        return Ok(None);
    }
    let version: Option<String> = conn
        .query_row("SELECT value FROM citygrid_settings WHERE key = ?1", [FORMAT_KEY], |row| row.get(0))
        .optional()?;
    Ok(version.and_then(|version| version.parse().ok()))
}

/// Adds our tables, in the transaction that is open.
pub(super) fn adopt(package: &GeoPackage, version: i64) -> Result<(), StoreError> {
    let conn = package.connection();
    if !exists(conn, "gpkg_extensions")? {
        conn.execute_batch(CREATE_GPKG_EXTENSIONS)?;
    }
    for (name, sql) in TABLES {
        if !exists(conn, name)? {
            conn.execute_batch(sql)?;
        }
        register(conn, name)?;
    }
    if !exists(conn, "gpkg_ogr_contents")? {
        conn.execute_batch(
            "CREATE TABLE gpkg_ogr_contents (
                table_name TEXT NOT NULL PRIMARY KEY, feature_count INTEGER DEFAULT NULL)",
        )?;
    }
    // Registered as attributes, the photos also keep GDAL from listing every table that is not registered at all.
    if !exists(conn, PHOTOS)? {
        package.create_attributes_table(
            &TableSchemaBuilder::new(PHOTOS)
                .primary_key("id")
                .identifier("照片 Photos (citygrid)")
                .column(ColumnSpec::new("name", ColumnType::Text(None)))
                .column(ColumnSpec::new("content_type", ColumnType::Text(None)).not_null())
                .column(ColumnSpec::new("thumbnail", ColumnType::Blob(None)))
                .column(ColumnSpec::new("data", ColumnType::Blob(None)).not_null()),
        )?;
    }
    for contents in catalog::contents(conn)? {
        layer_state::ensure(conn, &contents.table)?;
    }
    set_setting(conn, FORMAT_KEY, Some(&version.to_string()))
}

/// Names a table of ours in `gpkg_extensions`, so that nobody takes it for data without a meaning.
pub(super) fn register(conn: &Connection, table: &str) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope)
         SELECT ?1, NULL, 'citygrid_city', 'Private tables of the program citygrid; other programs may ignore them',
                'write-only'
         WHERE NOT EXISTS (SELECT 1 FROM gpkg_extensions WHERE table_name = ?1 AND extension_name = 'citygrid_city')",
        [table],
    )?;
    Ok(())
}

/// Forgets what [`register`] said.
pub(super) fn unregister(conn: &Connection, table: &str) -> Result<(), StoreError> {
    conn.execute("DELETE FROM gpkg_extensions WHERE table_name = ?1 AND extension_name = 'citygrid_city'", [table])?;
    Ok(())
}

/// One of our own settings.
pub(super) fn setting(conn: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    if !exists(conn, "citygrid_settings")? {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached("SELECT value FROM citygrid_settings WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

/// Keeps or forgets a setting.
pub(super) fn set_setting(conn: &Connection, key: &str, value: Option<&str>) -> Result<(), StoreError> {
    match value {
        Some(value) => conn.execute(
            "INSERT INTO citygrid_settings (key, value) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            params![key, value],
        )?,
        None => conn.execute("DELETE FROM citygrid_settings WHERE key = ?1", [key])?,
    };
    Ok(())
}
