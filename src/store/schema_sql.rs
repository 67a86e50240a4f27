//! A new layer's table, made from its schema, and what other programs are told about its columns.

use geopackage::core::ddl::{CREATE_GPKG_DATA_COLUMN_CONSTRAINTS, CREATE_GPKG_DATA_COLUMNS};
use geopackage::core::ident::quote;
use geopackage::core::schema as extension;
use geopackage::core::types::{ColumnType, GeometryType};
use geopackage::{ColumnSpec, GeoPackage, GeometrySpec, TableSchemaBuilder};
use rusqlite::{Connection, params};

use crate::model::geometry::GeometryKind;
use crate::model::schema::{Field, Schema};
use crate::model::value::FieldType;
use crate::text;

use super::catalog::{self, Table, exists};
use super::error::StoreError;
use super::layer_state;
use super::rtree;
use super::source_text;
use super::srs;

/// The geometry column of our layers.
const GEOMETRY: &str = "geom";
/// The row id of our layers.
const KEY: &str = "fid";

/// Adds an empty layer, in the transaction that is open. The R-tree is left to [`index`]: an import fills the table
/// before it builds one.
pub(super) fn create(package: &GeoPackage, schema: &Schema) -> Result<Table, StoreError> {
    let conn = package.connection();
    check_names(conn, schema)?;
    source_text::forget(conn, &schema.table)?;
    let mut builder = TableSchemaBuilder::new(&schema.table)
        .primary_key(KEY)
        .spatial_index(false)
        .identifier(free_identifier(conn, &schema.name.zh, &schema.table)?)
        .description(schema.name.en.as_ref());
    if let Some(kind) = schema.geometry {
        let srs_id = srs::ensure(package, schema.crs)?;
        builder = builder.geometry(GeometrySpec::new(geometry_type(kind), srs_id).column_name(GEOMETRY));
    }
    for field in &schema.fields {
        builder = builder.column(ColumnSpec::new(field.id.as_ref(), column_type(field.field_type)));
    }
    if schema.geometry.is_some() {
        package.create_layer(&builder)?;
    } else {
        package.create_attributes_table(&builder)?;
    }
    describe_columns(conn, schema)?;
    let table = catalog::table(conn, &schema.table)?;
    layer_state::add(conn, &Table { schema: schema.clone(), ..table })?;
    catalog::table(conn, &schema.table)
}

/// Builds the R-tree over the `count` rows of a new table, and starts counting rows as GDAL does.
pub(super) fn index(package: &GeoPackage, table: &Table, count: u64) -> Result<(), StoreError> {
    rtree::build(package, table)?;
    count_rows(package.connection(), table, count)
}

/// GDAL's own way of knowing how many rows there are: a number, and two triggers that keep it right whoever writes.
pub(super) fn count_rows(conn: &Connection, table: &Table, count: u64) -> Result<(), StoreError> {
    let name = &table.schema.table;
    let (quoted, literal) = (table.quoted()?, name.replace('\'', "''"));
    conn.execute(
        "INSERT OR REPLACE INTO gpkg_ogr_contents (table_name, feature_count) VALUES (?1, ?2)",
        params![name, i64::try_from(count).unwrap_or(i64::MAX)],
    )?;
    for (event, sign) in [("insert", '+'), ("delete", '-')] {
        let trigger = quote(&format!("trigger_{event}_feature_count_{name}"))?;
        conn.execute_batch(&format!(
            "DROP TRIGGER IF EXISTS {trigger};
             CREATE TRIGGER {trigger} AFTER {event} ON {quoted} BEGIN
               UPDATE gpkg_ogr_contents SET feature_count = feature_count {sign} 1
               WHERE lower(table_name) = lower('{literal}');
             END;"
        ))?;
    }
    Ok(())
}

/// Whether the number in `gpkg_ogr_contents` can be believed.
pub(super) fn is_counted(conn: &Connection, table: &str) -> Result<bool, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT count(*) = 2 FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE
           AND lower(name) IN (lower('trigger_insert_feature_count_' || ?1),
                               lower('trigger_delete_feature_count_' || ?1))",
    )?;
    Ok(exists(conn, "gpkg_ogr_contents")? && statement.query_row([table], |row| row.get(0))?)
}

fn check_names(conn: &Connection, schema: &Schema) -> Result<(), StoreError> {
    let table = &schema.table;
    let lower = table.to_lowercase();
    if lower.is_empty()
        || lower.contains('\0')
        || ["citygrid_", "rtree_", "gpkg_", "sqlite_"].iter().any(|it| lower.starts_with(it))
    {
        return Err(StoreError::refused(text!("不能用“{table}”作图层名", "A layer cannot be called “{table}”")));
    }
    if exists(conn, table)? {
        return Err(StoreError::refused(text!("图层“{table}”已存在", "Layer “{table}” exists already")));
    }
    let mut seen = vec![KEY.to_owned(), GEOMETRY.to_owned()];
    for field in &schema.fields {
        let id = field.id.to_lowercase();
        if id.is_empty() || id.contains('\0') || seen.contains(&id) {
            return Err(StoreError::refused(text!("不能用“{id}”作字段名", "A field cannot be called “{id}”")));
        }
        seen.push(id);
    }
    Ok(())
}

/// The identifier must be unique in the file, a layer's name need not be.
pub(super) fn free_identifier(conn: &Connection, name: &str, table: &str) -> Result<String, StoreError> {
    for candidate in [name.to_owned(), format!("{name} ({table})"), table.to_owned()] {
        let sql = "SELECT EXISTS (SELECT 1 FROM gpkg_contents WHERE identifier = ?1)";
        let taken: bool = conn.query_row(sql, [&candidate], |row| row.get(0))?;
        if !candidate.is_empty() && !taken {
            return Ok(candidate);
        }
    }
    Ok(format!("{table} {table}"))
}

fn geometry_type(kind: GeometryKind) -> GeometryType {
    match kind {
        GeometryKind::Point => GeometryType::Point,
        GeometryKind::LineString => GeometryType::LineString,
        GeometryKind::Polygon => GeometryType::Polygon,
        GeometryKind::MultiPoint => GeometryType::MultiPoint,
        GeometryKind::MultiLineString => GeometryType::MultiLineString,
        GeometryKind::MultiPolygon => GeometryType::MultiPolygon,
        GeometryKind::Collection => GeometryType::Geometry, // "anything, mixed"
    }
}

fn column_type(field_type: FieldType) -> ColumnType {
    match field_type {
        FieldType::Bool => ColumnType::Boolean,
        FieldType::Int => ColumnType::Integer,
        FieldType::Real => ColumnType::Double,
        FieldType::Text | FieldType::Json => ColumnType::Text(None),
        FieldType::Date => ColumnType::Date,
        FieldType::DateTime => ColumnType::DateTime,
        FieldType::Blob => ColumnType::Blob(None),
    }
}

/// Names, units and codes in the standard's schema extension, for other programs; we read our own JSON.
fn describe_columns(conn: &Connection, schema: &Schema) -> Result<(), StoreError> {
    prepare_extension(conn)?;
    let mut names = Vec::new();
    for field in &schema.fields {
        let constraint = constrain(conn, schema, field)?;
        let name = (!names.contains(&field.name.zh)).then(|| field.name.zh.clone());
        names.extend(name.clone());
        let mime = (field.field_type == FieldType::Json).then_some("application/json");
        conn.prepare_cached(
            "INSERT OR REPLACE INTO gpkg_data_columns
             (table_name, column_name, name, title, description, mime_type, constraint_name)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            schema.table,
            field.id,
            name,
            field.name.zh,
            description(field),
            mime,
            constraint
        ])?;
    }
    Ok(())
}

fn description(field: &Field) -> String {
    let unit = if field.unit.is_empty() { String::new() } else { format!(" ({})", field.unit) };
    format!("{} / {}{unit}", field.name.zh, field.name.en)
}

fn prepare_extension(conn: &Connection) -> Result<(), StoreError> {
    for (table, sql) in [
        ("gpkg_data_columns", CREATE_GPKG_DATA_COLUMNS),
        ("gpkg_data_column_constraints", CREATE_GPKG_DATA_COLUMN_CONSTRAINTS),
    ] {
        if !exists(conn, table)? {
            conn.execute_batch(sql)?;
        }
        conn.execute(
            "INSERT INTO gpkg_extensions (table_name, column_name, extension_name, definition, scope)
             SELECT ?1, NULL, ?2, ?3, ?4 WHERE NOT EXISTS
               (SELECT 1 FROM gpkg_extensions WHERE lower(table_name) = ?1 AND extension_name = ?2)",
            params![table, extension::EXTENSION_NAME, extension::EXTENSION_DEFINITION, extension::EXTENSION_SCOPE],
        )?;
    }
    Ok(())
}

/// A constraint of the field's codes or range, named after table and column; its name, if there is something to say.
fn constrain(conn: &Connection, schema: &Schema, field: &Field) -> Result<Option<String>, StoreError> {
    let name = format!("{}_{}", schema.table, field.id).to_lowercase();
    // A removed layer may have left constraints of the same name.
    conn.execute("DELETE FROM gpkg_data_column_constraints WHERE constraint_name = ?1", [&name])?;
    for code in &field.codes {
        conn.prepare_cached(
            "INSERT OR IGNORE INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description)
             VALUES (?1, 'enum', ?2, ?3)",
        )?
        .execute(params![name, code.value, format!("{} / {}", code.name.zh, code.name.en)])?;
    }
    if !field.codes.is_empty() {
        return Ok(Some(name));
    }
    let Some((least, most)) = field.range.filter(|(least, most)| least.is_finite() && most.is_finite()) else {
        return Ok(None);
    };
    let (includes_least, includes_most) = inclusive_columns(conn)?;
    conn.execute(
        &format!(
            "INSERT INTO gpkg_data_column_constraints
             (constraint_name, constraint_type, min, {includes_least}, max, {includes_most})
             VALUES (?1, 'range', ?2, 1, ?3, 1)"
        ),
        params![name, least, most],
    )?;
    Ok(Some(name))
}

/// GeoPackage 1.0 spelled these two columns another way.
fn inclusive_columns(conn: &Connection) -> Result<(&'static str, &'static str), StoreError> {
    let sql = "SELECT count(*) FROM pragma_table_info('gpkg_data_column_constraints') WHERE name = 'minIsInclusive'";
    let old: i64 = conn.query_row(sql, [], |row| row.get(0))?;
    Ok(if old > 0 { ("minIsInclusive", "maxIsInclusive") } else { ("min_is_inclusive", "max_is_inclusive") })
}
