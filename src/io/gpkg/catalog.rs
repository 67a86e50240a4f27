//! What is in a GeoPackage: its tables, their columns, their coordinate systems.

use std::collections::BTreeMap;

use geopackage::core::ident::quote;
use rusqlite::{Connection, OptionalExtension};

use super::super::columns::ColumnNames;
use crate::geom::crs::Crs;
use crate::model::schema::{Code, Field};
use crate::model::value::FieldType;
use crate::text::Text;

/// Tables that other programs list among the layers, though they are none.
const NO_LAYERS: [&str; 2] = ["layer_styles", "qgis_projects"];
/// Most columns of a table that are read.
const MAX_COLUMNS: usize = 1000;

/// A table of features or of rows without a place.
#[derive(Debug)]
pub(super) struct Table {
    /// As SQLite knows it.
    pub name: String,
    /// What a person reads.
    pub title: String,
    /// Whether it is computed from other tables.
    pub is_view: bool,
    /// The row's number, quoted, where rows have one.
    pub key: Option<String>,
    /// The geometry column, quoted.
    pub geometry: Option<String>,
    /// The CRS of its coordinates; `None` where the file does not say, or says it in words that nobody here knows.
    pub crs: Option<Crs>,
    /// What the file says about the CRS.
    pub crs_name: String,
    /// The other columns, quoted.
    pub columns: Vec<String>,
    /// What they hold by declaration.
    pub fields: Vec<Field>,
}

/// Whether the file says that it is a GeoPackage with something in it.
pub(super) fn has_contents(conn: &Connection) -> rusqlite::Result<bool> {
    exists(conn, "gpkg_contents")
}

/// All layers, in the order of the file. Views of which not even the columns can be known go to `no_views`, by title.
pub(super) fn tables(conn: &Connection, no_views: &mut Vec<(String, rusqlite::Error)>) -> rusqlite::Result<Vec<Table>> {
    let mut statement = conn.prepare(
        "SELECT m.name, m.type = 'view', c.identifier, c.srs_id FROM gpkg_contents c
         JOIN sqlite_master m ON m.name = c.table_name COLLATE NOCASE AND m.type IN ('table', 'view')
         WHERE lower(c.data_type) IN ('features', 'attributes', 'aspatial')
           AND c.table_name NOT LIKE 'citygrid\\_%' ESCAPE '\\'
         ORDER BY c.rowid",
    )?;
    let rows = statement.query_map([], |row| {
        let title: Option<String> = row.get(2)?;
        Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?, title, row.get::<_, Option<i64>>(3).unwrap_or_default()))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (name, is_view, title, srs_id) = row?;
        if NO_LAYERS.contains(&name.to_lowercase().as_str()) {
            continue;
        }
        let title = title.filter(|title| !title.trim().is_empty()).unwrap_or_else(|| name.clone());
        match table(conn, name, title.clone(), is_view, srs_id) {
            Ok(table) => found.push(table),
            Err(error) if is_view => no_views.push((title, error)),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn table(
    conn: &Connection,
    name: String,
    title: String,
    is_view: bool,
    srs_id: Option<i64>,
) -> rusqlite::Result<Table> {
    let columns = columns(conn, &name)?;
    let declared = geometry_column(conn, &name)?;
    let geometry =
        declared.as_ref().and_then(|(column, _)| columns.iter().find(|it| it.name.eq_ignore_ascii_case(column)));
    let (crs, crs_name) = match declared.as_ref().map_or(srs_id, |(_, srs_id)| *srs_id).filter(|_| geometry.is_some()) {
        Some(srs_id) => crs_of(conn, srs_id)?,
        None => (None, String::new()),
    };
    let mut keys = columns.iter().filter(|column| column.is_key);
    let key = keys.next().filter(|key| keys.next().is_none() && key.declared == "INTEGER");
    let described = descriptions(conn, &name)?;
    let mut names = ColumnNames::default();
    let mut table = Table {
        name,
        title,
        is_view,
        key: key.and_then(|key| quote(&key.name).ok()),
        geometry: geometry.and_then(|column| quote(&column.name).ok()),
        crs,
        crs_name,
        columns: Vec::new(),
        fields: Vec::new(),
    };
    let is_own = |column: &&Column| ![key, geometry].into_iter().flatten().any(|known| known.name == column.name);
    for column in columns.iter().filter(is_own).take(MAX_COLUMNS) {
        let Ok(quoted) = quote(&column.name) else { continue };
        table.columns.push(quoted);
        let id = names.take(&column.name);
        table.fields.push(field(conn, id, column, described.get(&column.name.to_lowercase()))?);
    }
    Ok(table)
}

/// A column as SQLite describes it.
struct Column {
    name: String,
    /// Upper case.
    declared: String,
    is_key: bool,
}

fn columns(conn: &Connection, table: &str) -> rusqlite::Result<Vec<Column>> {
    let mut statement =
        conn.prepare_cached("SELECT name, upper(type), pk > 0 FROM pragma_table_xinfo(?1) WHERE hidden <> 1")?;
    let rows = statement
        .query_map([table], |row| Ok(Column { name: row.get(0)?, declared: row.get(1)?, is_key: row.get(2)? }))?;
    rows.collect()
}

fn geometry_column(conn: &Connection, table: &str) -> rusqlite::Result<Option<(String, Option<i64>)>> {
    if !exists(conn, "gpkg_geometry_columns")? {
        return Ok(None);
    }
    let sql = "SELECT column_name, srs_id FROM gpkg_geometry_columns WHERE table_name = ?1 COLLATE NOCASE";
    conn.prepare_cached(sql)?.query_row([table], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// What an id of `gpkg_spatial_ref_sys` means, and what the file calls it.
fn crs_of(conn: &Connection, srs_id: i64) -> rusqlite::Result<(Option<Crs>, String)> {
    if srs_id <= 0 || !exists(conn, "gpkg_spatial_ref_sys")? {
        return Ok((None, String::new()));
    }
    let sql = "SELECT coalesce(organization, ''), organization_coordsys_id, coalesce(definition, ''), srs_name
               FROM gpkg_spatial_ref_sys WHERE srs_id = ?1";
    let row = conn.prepare_cached(sql)?.query_row([srs_id], |row| {
        let texts = (row.get::<_, String>(0)?, row.get::<_, String>(2)?, row.get::<_, Option<String>>(3)?);
        Ok((texts, row.get::<_, Option<i64>>(1)?.unwrap_or_default()))
    });
    let Some(((organization, definition, name), code)) = row.optional()? else {
        return Ok((None, format!("srs_id {srs_id}")));
    };
    let words = format!("{organization}:{code}");
    let shown = name.filter(|name| !name.is_empty()).unwrap_or_else(|| words.clone());
    let by_code = match (organization.to_ascii_uppercase().as_str(), code) {
        ("CITYGRID", 900_002) => Some(Crs::Gcj02),
        ("CITYGRID", 900_009) => Some(Crs::Bd09),
        ("EPSG" | "ESRI" | "OGC", _) => Crs::parse(&words).ok(),
        _ => None,
    };
    Ok((by_code.or_else(|| crate::geom::wkt::crs_from_wkt(&definition).ok()), shown))
}

/// A row of `gpkg_data_columns`.
#[derive(Default)]
struct Described {
    title: Option<String>,
    description: Option<String>,
    mime: Option<String>,
    constraint: Option<String>,
}

fn descriptions(conn: &Connection, table: &str) -> rusqlite::Result<BTreeMap<String, Described>> {
    if !exists(conn, "gpkg_data_columns")? {
        return Ok(BTreeMap::new());
    }
    let mut statement = conn.prepare_cached(
        "SELECT lower(column_name), coalesce(title, name), description, mime_type, constraint_name
         FROM gpkg_data_columns WHERE table_name = ?1 COLLATE NOCASE",
    )?;
    let rows = statement.query_map([table], |row| {
        let described =
            Described { title: row.get(1)?, description: row.get(2)?, mime: row.get(3)?, constraint: row.get(4)? };
        Ok((row.get(0)?, described))
    })?;
    rows.collect()
}

fn field(conn: &Connection, id: String, column: &Column, described: Option<&Described>) -> rusqlite::Result<Field> {
    let is_json = described.is_some_and(|it| it.mime.as_deref() == Some("application/json"));
    let field_type = if is_json { FieldType::Json } else { FieldType::of_declared(&column.declared) };
    let mut field = Field::new(id, field_type, "", "");
    field.name = Text::same(column.name.clone());
    let Some(described) = described else { return Ok(field) };
    if let Some(title) = described.title.as_deref().filter(|title| !title.trim().is_empty() && *title != column.name) {
        let (en, unit) = english(title, described.description.as_deref()).unwrap_or((&column.name, ""));
        field.name = Text::owned(title.to_owned(), en.to_owned());
        field.unit = unit.to_owned().into();
    }
    if let Some(constraint) = &described.constraint {
        field.codes = codes(conn, constraint)?;
    }
    Ok(field)
}

/// The English name and the unit behind the title, as this program writes them: `管径 / diameter (mm)`.
fn english<'a>(title: &str, description: Option<&'a str>) -> Option<(&'a str, &'a str)> {
    let rest = description?.strip_prefix(title)?.strip_prefix(" / ")?;
    let with_unit = rest.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
    Some(with_unit.unwrap_or((rest, "")))
}

fn codes(conn: &Connection, constraint: &str) -> rusqlite::Result<Vec<Code>> {
    if !exists(conn, "gpkg_data_column_constraints")? {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(
        "SELECT value, coalesce(description, '') FROM gpkg_data_column_constraints
         WHERE constraint_name = ?1 AND constraint_type = 'enum' AND value NOT NULL ORDER BY rowid LIMIT 10000",
    )?;
    let rows = statement.query_map([constraint], |row| {
        let (value, meaning) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        let name = match meaning.split_once(" / ") {
            Some((zh, en)) => Text::owned(zh.to_owned(), en.to_owned()),
            None if meaning.is_empty() => Text::same(value.clone()),
            None => Text::same(meaning),
        };
        Ok(Code { value: value.into(), name })
    })?;
    rows.collect()
}

fn exists(conn: &Connection, name: &str) -> rusqlite::Result<bool> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE)";
    conn.prepare_cached(sql)?.query_row([name], |row| row.get(0))
}
