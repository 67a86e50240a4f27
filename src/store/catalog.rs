//! What tables there are and what their columns mean, for our own layers and for anybody's.
//!
//! What SQLite says about a table is the truth; our stored schema adds names, units and codes to it. So columns that
//! another program added show up, and columns that it removed do not.

use std::collections::BTreeMap;

use geopackage::core::ident::quote;
use geopackage::core::triggers::rtree_table_name;
use rusqlite::{Connection, OptionalExtension};

use crate::model::geometry::{Bounds, GeometryKind};
use crate::model::schema::{Code, Field, Schema};
use crate::model::value::FieldType;
use crate::text::Text;

use super::error::StoreError;
use super::schema_json;
use super::srs;

/// Names of tables that are registered as layers and are none.
const NO_LAYERS: &[&str] = &["layer_styles", "qgis_projects"];

/// A table that holds a layer, and how SQL gets at its rows.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// What the rows mean. `schema.table` is the name as SQLite has it, a field's id is its column.
    pub schema: Schema,
    /// The table, quoted, or a subquery that numbers the rows of a view.
    pub from: String,
    /// The row id, quoted.
    pub key: String,
    /// The column that is the row id, if one is.
    pub key_column: Option<String>,
    /// The geometry column.
    pub geometry: Option<GeometryColumn>,
    /// Whether rows can be written.
    pub editable: bool,
    /// Columns that SQLite computes.
    pub generated: Vec<String>,
}

/// The geometry column of a layer.
#[derive(Clone, Debug)]
pub(super) struct GeometryColumn {
    /// Its name.
    pub name: String,
    /// Its CRS in the file.
    pub srs_id: i32,
    /// Whether only multi geometries may stand in it.
    pub multi: bool,
    /// Whether its R-tree is there with the triggers that keep it right.
    pub indexed: bool,
}

impl Table {
    /// The table's name, quoted.
    pub(super) fn quoted(&self) -> Result<String, StoreError> {
        Ok(quote(&self.schema.table)?)
    }

    /// The geometry column, quoted; `NULL` for a table without.
    pub(super) fn geometry_sql(&self) -> Result<String, StoreError> {
        self.geometry.as_ref().map_or_else(|| Ok("NULL".to_owned()), |column| Ok(quote(&column.name)?))
    }

    /// The R-tree, quoted, if queries may believe it.
    pub(super) fn index(&self) -> Result<Option<String>, StoreError> {
        let Some(column) = self.geometry.as_ref().filter(|column| column.indexed) else { return Ok(None) };
        Ok(Some(quote(&rtree_table_name(&self.schema.table, &column.name))?))
    }

    /// A field's place and quoted column, by id or name.
    pub(super) fn field(&self, word: &str) -> Result<(usize, String), StoreError> {
        let unknown = || StoreError::UnknownField { layer: self.schema.table.clone(), field: word.to_owned() };
        let index = self.schema.field_index(word).ok_or_else(unknown)?;
        Ok((index, quote(&self.schema.fields[index].id)?))
    }
}

/// One row of `gpkg_contents` that is a layer.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    /// Table name as declared.
    pub table: String,
    /// Human-readable name.
    pub identifier: String,
    /// Extent, if it is known.
    pub bounds: Option<Bounds>,
}

/// Every layer's row of `gpkg_contents`, in the file's order.
pub(super) fn contents(conn: &Connection) -> Result<Vec<Contents>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT table_name, identifier, min_x, min_y, max_x, max_y FROM gpkg_contents
         WHERE data_type IN ('features', 'attributes') AND table_name NOT LIKE 'citygrid\\_%' ESCAPE '\\'
           AND EXISTS (SELECT 1 FROM sqlite_master WHERE name = table_name COLLATE NOCASE AND type IN ('table', 'view'))
         ORDER BY rowid",
    )?;
    let rows = statement.query_map([], |row| {
        let table: String = row.get(0)?;
        let number = |index: usize| row.get::<_, Option<f64>>(index).ok().flatten().filter(|n| n.is_finite());
        let bounds = (|| Some(Bounds::new(number(2)?, number(3)?, number(4)?, number(5)?)))();
        let identifier = row.get::<_, Option<String>>(1)?.filter(|it| !it.is_empty());
        let identifier = identifier.unwrap_or_else(|| table.clone());
        Ok(Contents { table, identifier, bounds: bounds.filter(|bounds| !bounds.is_empty()) })
    })?;
    let mut found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    found.retain(|contents| !NO_LAYERS.contains(&contents.table.to_lowercase().as_str()));
    Ok(found)
}

/// The layer of this table name, letter case aside.
pub(super) fn table(conn: &Connection, name: &str) -> Result<Table, StoreError> {
    let found = contents(conn)?.into_iter().find(|contents| contents.table.eq_ignore_ascii_case(name));
    let contents = found.ok_or_else(|| StoreError::UnknownLayer { layer: name.to_owned() })?;
    describe(conn, &contents)
}

/// Everything about one layer's table.
pub(super) fn describe(conn: &Connection, contents: &Contents) -> Result<Table, StoreError> {
    let (name, is_table, sql) = conn
        .prepare_cached(
            "SELECT name, type = 'table', coalesce(sql, '') FROM sqlite_master
             WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')",
        )?
        .query_row([&contents.table], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?, row.get::<_, String>(2)?))
        })?;
    let columns = columns(conn, &name)?;
    let geometry = geometry_column(conn, &name, &columns)?;
    let is_plain = is_table && !sql.trim_start().to_ascii_uppercase().starts_with("CREATE VIRTUAL");
    let (from, key, key_column, editable) = key_of(conn, &name, is_table, is_plain, &columns)?;
    let skip = |column: &Column| {
        key_column.as_ref() == Some(&column.name) || geometry.as_ref().is_some_and(|(it, _)| it.name == column.name)
    };
    let plain: Vec<Field> = fields(conn, &name, columns.iter().filter(|column| !skip(column)))?;
    let stored = stored_schema(conn, &name)?;
    let crs = geometry.as_ref().map_or(Ok(crate::geom::crs::Crs::Unknown), |(it, _)| srs::crs_of(conn, it.srs_id))?;
    let schema = Schema {
        table: name,
        name: stored.as_ref().map_or_else(|| Text::same(&contents.identifier), |it| it.name.clone()),
        kind: stored.as_ref().map_or_else(|| "plain".to_owned(), |it| it.kind.clone()),
        geometry: geometry.as_ref().map(|(_, kind)| *kind),
        crs,
        z_order: 0,
        fields: merge(plain, stored.map(|it| it.fields).unwrap_or_default()),
    };
    let generated = columns.iter().filter(|column| column.generated).map(|column| column.name.clone()).collect();
    Ok(Table { schema, from, key, key_column, geometry: geometry.map(|(it, _)| it), editable, generated })
}

/// A column as SQLite describes it.
struct Column {
    name: String,
    declared: String,
    key_place: i64,
    generated: bool,
}

fn columns(conn: &Connection, table: &str) -> Result<Vec<Column>, StoreError> {
    let mut statement =
        conn.prepare_cached("SELECT name, upper(type), pk, hidden FROM pragma_table_xinfo(?1) WHERE hidden <> 1")?;
    let rows = statement.query_map([table], |row| {
        let hidden: i64 = row.get(3)?;
        Ok(Column { name: row.get(0)?, declared: row.get(1)?, key_place: row.get(2)?, generated: hidden >= 2 })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn geometry_column(
    conn: &Connection,
    table: &str,
    columns: &[Column],
) -> Result<Option<(GeometryColumn, GeometryKind)>, StoreError> {
    if !exists(conn, "gpkg_geometry_columns")? {
        return Ok(None);
    }
    let declared: Option<(String, String, i32)> = conn
        .prepare_cached(
            "SELECT column_name, upper(geometry_type_name), srs_id FROM gpkg_geometry_columns
             WHERE table_name = ?1 COLLATE NOCASE",
        )?
        .query_row([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((column, kind, srs_id)) = declared else { return Ok(None) };
    let Some(column) = columns.iter().find(|it| it.name.eq_ignore_ascii_case(&column)) else { return Ok(None) };
    let indexed = is_indexed(conn, table, &column.name)?;
    let geometry = GeometryColumn { name: column.name.clone(), srs_id, multi: kind.starts_with("MULTI"), indexed };
    Ok(Some((geometry, kind_of(&kind))))
}

/// Whether the R-tree exists and triggers of either generation keep it: one without the other cannot be believed.
fn is_indexed(conn: &Connection, table: &str, column: &str) -> Result<bool, StoreError> {
    let rtree = rtree_table_name(table, column);
    let mut statement = conn.prepare_cached(
        "SELECT count(*) FILTER (WHERE type = 'table' AND name = ?1 COLLATE NOCASE) = 1
            AND count(*) FILTER (WHERE type = 'trigger' AND tbl_name = ?2 COLLATE NOCASE
                                 AND lower(name) IN (lower(?1 || '_insert'), lower(?1 || '_delete'))) = 2
         FROM sqlite_master",
    )?;
    Ok(statement.query_row([rtree.as_str(), table], |row| row.get(0))?)
}

/// GeoPackage's name for a geometry type to ours; what we do not draw counts as anything.
fn kind_of(declared: &str) -> GeometryKind {
    let plain = |kind: &&GeometryKind| kind.geojson_name().to_uppercase() == declared;
    GeometryKind::ALL.iter().find(plain).copied().unwrap_or(GeometryKind::Collection)
}

type Key = (String, String, Option<String>, bool);

fn key_of(
    conn: &Connection,
    table: &str,
    is_table: bool,
    is_plain: bool,
    columns: &[Column],
) -> Result<Key, StoreError> {
    let from = quote(table)?;
    let mut keys = columns.iter().filter(|column| column.key_place > 0);
    if let (Some(key), None) = (keys.next(), keys.next())
        && key.declared == "INTEGER"
    {
        return Ok((from, quote(&key.name)?, Some(key.name.clone()), is_plain));
    }
    if is_table && conn.prepare(&format!("SELECT _rowid_ FROM {from} LIMIT 0")).is_ok() {
        return Ok((from, "_rowid_".to_owned(), None, is_plain));
    }
    // A view: GeoPackage asks for the key in the first column; where it is none, rows are counted.
    if let Some(first) = columns.first().filter(|first| !is_table && first.declared == "INTEGER") {
        return Ok((from, quote(&first.name)?, Some(first.name.clone()), false));
    }
    let numbered = format!("(SELECT row_number() OVER () AS \"citygrid row\", * FROM {from})");
    Ok((numbered, "\"citygrid row\"".to_owned(), None, false))
}

fn fields<'a>(
    conn: &Connection,
    table: &str,
    columns: impl Iterator<Item = &'a Column>,
) -> Result<Vec<Field>, StoreError> {
    let described = descriptions(conn, table)?;
    columns.map(|column| field(conn, column, described.get(&column.name.to_lowercase()))).collect()
}

fn field(conn: &Connection, column: &Column, described: Option<&Described>) -> Result<Field, StoreError> {
    let json = described.is_some_and(|it| it.mime.as_deref() == Some("application/json"));
    let field_type = if json { FieldType::Json } else { FieldType::of_declared(&column.declared) };
    let title = described.and_then(|it| it.title.clone()).filter(|title| !title.is_empty());
    let mut field = Field::new(column.name.clone(), field_type, "", "");
    field.name = Text::same(title.unwrap_or_else(|| column.name.clone()));
    field.read_only = column.generated;
    if let Some(constraint) = described.and_then(|it| it.constraint.as_deref()) {
        (field.codes, field.range) = constraint_of(conn, constraint)?;
    }
    Ok(field)
}

/// A row of `gpkg_data_columns`.
struct Described {
    title: Option<String>,
    mime: Option<String>,
    constraint: Option<String>,
}

fn descriptions(conn: &Connection, table: &str) -> Result<BTreeMap<String, Described>, StoreError> {
    if !exists(conn, "gpkg_data_columns")? {
        return Ok(BTreeMap::new());
    }
    let mut statement = conn.prepare_cached(
        "SELECT lower(column_name), coalesce(title, name), mime_type, constraint_name FROM gpkg_data_columns
         WHERE table_name = ?1 COLLATE NOCASE",
    )?;
    let rows = statement.query_map([table], |row| {
        Ok((row.get(0)?, Described { title: row.get(1)?, mime: row.get(2)?, constraint: row.get(3)? }))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

type Allowed = (Vec<Code>, Option<(f64, f64)>);

fn constraint_of(conn: &Connection, name: &str) -> Result<Allowed, StoreError> {
    if !exists(conn, "gpkg_data_column_constraints")? {
        return Ok((Vec::new(), None));
    }
    let mut statement = conn.prepare_cached(
        "SELECT constraint_type, value, min, max, description FROM gpkg_data_column_constraints
         WHERE constraint_name = ?1 ORDER BY rowid",
    )?;
    let mut rows = statement.query([name])?;
    let (mut codes, mut range) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let meaning: Option<String> = row.get(4)?;
        match (row.get::<_, String>(0)?.as_str(), row.get::<_, Option<String>>(1)?) {
            ("enum", Some(value)) => {
                let name = Text::same(meaning.filter(|it| !it.is_empty()).unwrap_or_else(|| value.clone()));
                codes.push(Code { value: value.into(), name });
            }
            ("range", _) => range = row.get::<_, Option<f64>>(2)?.zip(row.get::<_, Option<f64>>(3)?),
            _ => {}
        }
    }
    Ok((codes, range))
}

fn stored_schema(conn: &Connection, table: &str) -> Result<Option<Schema>, StoreError> {
    if !exists(conn, "citygrid_layers")? {
        return Ok(None);
    }
    let row: Option<(Option<String>, String, String)> = conn
        .prepare_cached("SELECT schema, name_zh, name_en FROM citygrid_layers WHERE table_name = ?1 COLLATE NOCASE")?
        .query_row([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((json, zh, en)) = row else { return Ok(None) };
    let plain = || Schema {
        table: table.to_owned(),
        name: Text::default(),
        kind: "plain".to_owned(),
        geometry: None,
        crs: crate::geom::crs::Crs::Unknown,
        z_order: 0,
        fields: Vec::new(),
    };
    let schema = json.and_then(|json| schema_json::read(&json)).unwrap_or_else(plain);
    Ok(Some(Schema { name: Text::owned(zh, en), ..schema }))
}

/// The stored fields that still have a column, in their order, then the columns that nobody described to us.
fn merge(mut actual: Vec<Field>, stored: Vec<Field>) -> Vec<Field> {
    let mut merged = Vec::with_capacity(actual.len());
    for field in stored {
        if let Some(at) = actual.iter().position(|it| it.id.eq_ignore_ascii_case(&field.id)) {
            let id = actual.remove(at).id;
            merged.push(Field { id, ..field });
        }
    }
    merged.extend(actual);
    merged
}

/// Whether the file has a table or view of this name, letter case aside.
pub(super) fn exists(conn: &Connection, name: &str) -> Result<bool, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE)",
    )?;
    Ok(statement.query_row([name], |row| row.get(0))?)
}
