//! Photos: rows of one media table (OGC 18-000), hung on the rows of any layer.
//!
//! Each layer with photos has a mapping table of its own, as the standard wants it. Taking a photo off a row takes
//! away the mapping alone; the picture stays as long as a step of the journal may bring it back.

use std::collections::{BTreeMap, BTreeSet};

use geopackage::core::ident::quote;
use geopackage::{GeoPackage, NewRelation, RelationName};
use rusqlite::{Connection, OptionalExtension, params};

use crate::text::Text;

use super::adopt::PHOTOS;
use super::catalog::{self, exists};
use super::codec::{EditRecord, PhotoChange};
use super::command::NewPhoto;
use super::error::StoreError;

/// A photo without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhotoInfo {
    /// Its id among the city's photos.
    pub id: i64,
    /// File name.
    pub name: String,
    /// Media type.
    pub mime: String,
    /// Size in bytes.
    pub size: u64,
}

/// Puts a picture into the file; it hangs on nothing yet.
pub(super) fn add(conn: &Connection, photo: &NewPhoto) -> Result<i64, StoreError> {
    conn.prepare_cached(&format!(
        "INSERT INTO {PHOTOS} (name, content_type, thumbnail, data) VALUES (?1, ?2, ?3, ?4)"
    ))?
    .execute(params![
        photo.name,
        photo.mime,
        Some(&photo.thumbnail).filter(|thumbnail| !thumbnail.is_empty()),
        photo.bytes
    ])?;
    let id = conn.last_insert_rowid();
    conn.execute(
        "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE table_name = ?1",
        [PHOTOS],
    )?;
    Ok(id)
}

/// Hangs a photo on a row, or takes it off; the photo must be there, and must not hang, or hang, there already.
pub(super) fn apply(package: &GeoPackage, change: &PhotoChange) -> Result<(), StoreError> {
    let conn = package.connection();
    let mapping =
        if change.linked { Some(ensure_mapping(package, &change.layer)?) } else { mapping_of(conn, &change.layer)? };
    let Some(mapping) = mapping else { return Err(gone()) };
    let mapping = quote(&mapping)?;
    let there: bool = conn.query_row(
        &format!("SELECT EXISTS (SELECT 1 FROM {mapping} WHERE base_id = ?1 AND related_id = ?2)"),
        [change.id, change.photo],
        |row| row.get(0),
    )?;
    let in_file: bool =
        conn.query_row(&format!("SELECT EXISTS (SELECT 1 FROM {PHOTOS} WHERE id = ?1)"), [change.photo], |row| {
            row.get(0)
        })?;
    if there == change.linked || !in_file {
        return Err(gone());
    }
    let sql = if change.linked {
        format!("INSERT INTO {mapping} (base_id, related_id) VALUES (?1, ?2)")
    } else {
        format!("DELETE FROM {mapping} WHERE base_id = ?1 AND related_id = ?2")
    };
    conn.execute(&sql, [change.id, change.photo])?;
    Ok(())
}

/// The photos of a row, in the order in which they came.
pub(super) fn list(conn: &Connection, layer: &str, id: i64) -> Result<Vec<PhotoInfo>, StoreError> {
    let Some(mapping) = mapping_of(conn, layer)? else { return Ok(Vec::new()) };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT p.id, coalesce(p.name, ''), p.content_type, length(p.data) FROM {PHOTOS} p
         JOIN {} m ON m.related_id = p.id WHERE m.base_id = ?1 ORDER BY p.id",
        quote(&mapping)?
    ))?;
    let photos = statement.query_map([id], |row| {
        Ok(PhotoInfo {
            id: row.get(0)?,
            name: row.get(1)?,
            mime: row.get(2)?,
            size: row.get::<_, i64>(3)?.unsigned_abs(),
        })
    })?;
    Ok(photos.collect::<rusqlite::Result<_>>()?)
}

/// How many photos each row of a layer has; rows without any are left out.
pub(super) fn counts(conn: &Connection, layer: &str) -> Result<BTreeMap<i64, usize>, StoreError> {
    let Some(mapping) = mapping_of(conn, layer)? else { return Ok(BTreeMap::new()) };
    let mut statement =
        conn.prepare_cached(&format!("SELECT base_id, count(*) FROM {} GROUP BY base_id", quote(&mapping)?))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as usize)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A picture's bytes, or those of its small one.
pub(super) fn bytes(conn: &Connection, photo: i64, thumbnail: bool) -> Result<Option<Vec<u8>>, StoreError> {
    if !exists(conn, PHOTOS)? {
        return Ok(None);
    }
    let column = if thumbnail { "thumbnail" } else { "data" };
    let mut statement = conn.prepare_cached(&format!("SELECT {column} FROM {PHOTOS} WHERE id = ?1"))?;
    Ok(statement.query_row([photo], |row| row.get(0)).optional()?.flatten())
}

/// The table that says which photos hang on which rows of a layer, if it has one.
pub(super) fn mapping_of(conn: &Connection, layer: &str) -> Result<Option<String>, StoreError> {
    if !exists(conn, "gpkgext_relations")? {
        return Ok(None);
    }
    let mut statement = conn.prepare_cached(
        "SELECT mapping_table_name FROM gpkgext_relations
         WHERE base_table_name = ?1 COLLATE NOCASE AND related_table_name = ?2 AND relation_name = 'media'",
    )?;
    let found: Option<String> = statement.query_row([layer, PHOTOS], |row| row.get(0)).optional()?;
    Ok(found.filter(|mapping| exists(conn, mapping).unwrap_or(false)))
}

/// Drops a mapping table of ours; returns the photos that it named.
pub(super) fn drop_mapping(conn: &Connection, mapping: &str) -> Result<Vec<i64>, StoreError> {
    if !mapping.starts_with("citygrid_photos_") || !exists(conn, mapping)? {
        return Ok(Vec::new());
    }
    let quoted = quote(mapping)?;
    let mut statement = conn.prepare(&format!("SELECT related_id FROM {quoted}"))?;
    let photos = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    drop(statement);
    conn.execute_batch(&format!("DROP TABLE {quoted}"))?;
    conn.execute("DELETE FROM gpkg_extensions WHERE table_name = ?1", [mapping])?;
    Ok(photos)
}

/// Deletes those of `candidates` that hang on nothing and that no step of the journal names.
pub(super) fn sweep(conn: &Connection, candidates: BTreeSet<i64>) -> Result<(), StoreError> {
    if candidates.is_empty() {
        return Ok(());
    }
    let mut kept = BTreeSet::new();
    let mut statement = conn.prepare("SELECT payload FROM citygrid_journal WHERE kind = 'edit'")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let record = EditRecord::read(&row.get::<_, Vec<u8>>(0)?).unwrap_or_default();
        kept.extend(record.photos.iter().map(|change| change.photo));
    }
    for mapping in mappings(conn)? {
        let mut statement = conn.prepare(&format!("SELECT related_id FROM {}", quote(&mapping)?))?;
        for photo in statement.query_map([], |row| row.get::<_, i64>(0))? {
            kept.insert(photo?);
        }
    }
    for photo in candidates.difference(&kept) {
        conn.execute(&format!("DELETE FROM {PHOTOS} WHERE id = ?1"), [photo])?;
    }
    Ok(())
}

/// Every mapping table of ours, those of hidden layers too.
pub(super) fn mappings(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'citygrid\\_photos\\_%' ESCAPE '\\'",
    )?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn ensure_mapping(package: &GeoPackage, layer: &str) -> Result<String, StoreError> {
    let conn = package.connection();
    if let Some(mapping) = mapping_of(conn, layer)? {
        return Ok(mapping);
    }
    let table = catalog::table(conn, layer)?;
    let key = table.key_column.clone().unwrap_or_else(|| "rowid".to_owned());
    let name = &table.schema.table;
    let mut mapping = format!("citygrid_photos_{name}");
    while exists(conn, &mapping)? {
        mapping.push('_'); // a removed layer of the same name keeps its own
    }
    package.add_relation(
        &NewRelation::new(name, PHOTOS, RelationName::Media, &mapping)
            .base_primary_column(key)
            .related_primary_column("id"),
    )?;
    let index = quote(&format!("{mapping}_base"))?;
    conn.execute_batch(&format!("CREATE INDEX {index} ON {} (base_id)", quote(&mapping)?))?;
    Ok(mapping)
}

fn gone() -> StoreError {
    StoreError::Conflict { what: Text::new("照片已被他人改动", "The photo has been changed by somebody else") }
}
