//! Writing a GeoPackage: one layer, with its index, its coordinate system and what its columns mean.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use geopackage::core::ident::quote;
use geopackage::core::schema::{ColumnConstraint, ConstraintKind, DataColumn};
use geopackage::core::types::{ColumnType, GeometryType, ZmFlag};
use geopackage::{BulkIndexOptions, ColumnSpec, GeoPackage, GeometrySpec, Srs, TableSchemaBuilder};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Statement, ToSql, params};

use super::super::columns::ColumnNames;
use super::super::error::WriteError;
use super::super::format::{WriteOptions, Writer, Written};
use super::super::outgoing::Outgoing;
use super::blob;
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::task::Problem;

/// The row's number.
const KEY: &str = "fid";
/// The geometry column.
const GEOMETRY: &str = "geom";
/// `organization` of the systems that only this program knows.
const OURS: &str = "CITYGRID";

/// Begins a file with one layer.
///
/// # Errors
/// See [`Outgoing::in_any_crs`], and what the disk says.
pub(in super::super) fn create(
    path: &Path,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer>, WriteError> {
    let outgoing = Outgoing::in_any_crs(schema, options)?;
    let package = GeoPackage::create(path).map_err(broken)?;
    let conn = package.connection();
    // The file gets its name when all is in it, so nothing has to be taken back on the way.
    let fast = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; BEGIN";
    conn.execute_batch(fast).map_err(broken)?;
    let srs_id = ensure_srs(&package, outgoing.crs).map_err(broken)?;
    let mut names = ColumnNames::default();
    let columns: Vec<String> = outgoing.columns.iter().map(|column| names.take(&column.name)).collect();
    make_table(&package, schema, &outgoing, &columns, options, srs_id).map_err(broken)?;
    describe(&package, &schema.table, &outgoing, &columns).map_err(broken)?;
    let insert = insert_sql(schema, &columns).map_err(broken)?;
    let (kind, table) = (schema.geometry, schema.table.clone());
    let seen = Seen { bounds: Bounds::EMPTY, with_z: 0, without_z: 0, is_mixed: false };
    let path = path.to_owned();
    Ok(Box::new(PackageWriter {
        package,
        path,
        outgoing,
        table,
        kind,
        srs_id,
        insert,
        seen,
        written: Written::default(),
    }))
}

struct PackageWriter {
    package: GeoPackage,
    path: PathBuf,
    outgoing: Outgoing,
    table: String,
    kind: Option<GeometryKind>,
    srs_id: i32,
    insert: String,
    seen: Seen,
    written: Written,
}

/// What is in the geometry column.
struct Seen {
    bounds: Bounds,
    with_z: u64,
    without_z: u64,
    /// Whether something in it is not of the kind that the layer has.
    is_mixed: bool,
}

impl Writer for PackageWriter {
    fn write(&mut self, feature: &Feature) -> Result<(), WriteError> {
        self.write_many(std::slice::from_ref(feature))
    }

    fn write_many(&mut self, features: &[Feature]) -> Result<(), WriteError> {
        let Self { package, outgoing, kind, srs_id, insert, seen, written, .. } = self;
        let conn = package.connection();
        let statement = conn.prepare_cached(insert).map_err(broken)?;
        let mut row = RowWriter { statement, outgoing, kind: *kind, srs_id: *srs_id, blob: Vec::new(), seen };
        for feature in features {
            match outgoing.geometry(feature) {
                Ok(geometry) => {
                    row.write(feature, geometry.as_deref())?;
                    written.features += 1;
                }
                Err(what) => written.problems.push(Problem::error("gpkg.not-written", what).of_feature(feature.id)),
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Written, WriteError> {
        let Self { package, path, table, kind, seen, mut written, .. } = *self;
        settle(package.connection(), &table, &seen).map_err(broken)?;
        if kind.is_some() {
            let layer = package.layer(&table).map_err(broken)?;
            layer.create_spatial_index_with(BulkIndexOptions::default()).map_err(broken)?;
        }
        package.connection().execute_batch("COMMIT").map_err(broken)?;
        drop(package);
        written.bytes = std::fs::metadata(&path)?.len();
        Ok(written)
    }
}

struct RowWriter<'a, S> {
    statement: S,
    outgoing: &'a Outgoing,
    kind: Option<GeometryKind>,
    srs_id: i32,
    blob: Vec<u8>,
    seen: &'a mut Seen,
}

impl<'c, S: std::ops::DerefMut<Target = Statement<'c>>> RowWriter<'_, S> {
    fn write(&mut self, feature: &Feature, geometry: Option<&Geometry>) -> Result<(), WriteError> {
        let mut place = 2;
        if self.kind.is_some() {
            match geometry {
                Some(geometry) => {
                    self.encode(geometry);
                    self.statement.raw_bind_parameter(2, &self.blob[..]).map_err(broken)?;
                }
                None => self.statement.raw_bind_parameter(2, rusqlite::types::Null).map_err(broken)?,
            }
            place = 3;
        }
        for (at, column) in self.outgoing.columns.iter().enumerate() {
            let value = self.outgoing.value(feature, at);
            self.statement.raw_bind_parameter(place + at, Cell(&value, &column.field)).map_err(broken)?;
        }
        self.statement.raw_bind_parameter(1, Some(feature.id).filter(|id| *id != 0)).map_err(broken)?;
        match self.statement.raw_execute() {
            // Two rows of one number, or a number that no row can have: this one gets another.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                self.statement.raw_bind_parameter(1, rusqlite::types::Null).map_err(broken)?;
                self.statement.raw_execute().map_err(broken)?;
            }
            done => _ = done.map_err(broken)?,
        }
        Ok(())
    }

    fn encode(&mut self, geometry: &Geometry) {
        let seen = &mut *self.seen;
        let is_single = self.kind.is_some_and(|kind| kind != geometry.kind() && geometry.to_multi().kind() == kind);
        let multi = is_single.then(|| geometry.to_multi());
        let geometry = multi.as_ref().unwrap_or(geometry);
        let around = blob::encode(geometry, self.srs_id, &mut self.blob);
        seen.bounds = seen.bounds.union(&around);
        *(if geometry.has_z() { &mut seen.with_z } else { &mut seen.without_z }) += 1;
        seen.is_mixed |= self.kind.is_some_and(|kind| kind != GeometryKind::Collection && kind != geometry.kind());
    }
}

/// A value on its way into a statement, without a copy.
struct Cell<'a>(&'a Value, &'a Field);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Bool(yes) => ValueRef::Integer(i64::from(*yes)),
            Value::Int(number) if self.1.field_type == FieldType::Bool => ValueRef::Integer(i64::from(*number != 0)),
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn make_table(
    package: &GeoPackage,
    schema: &Schema,
    outgoing: &Outgoing,
    columns: &[String],
    options: &WriteOptions,
    srs_id: i32,
) -> geopackage::Result<()> {
    let mut description = schema.name.en.to_string();
    if let Some(note) = &options.note {
        description.push_str(&format!(" · {} · {}", note.zh, note.en));
    }
    let mut builder = TableSchemaBuilder::new(&schema.table)
        .primary_key(KEY)
        .spatial_index(false)
        .identifier(schema.name.zh.as_ref())
        .description(description);
    for (name, column) in columns.iter().zip(&outgoing.columns) {
        builder = builder.column(ColumnSpec::new(name, column_type(column.field.field_type)));
    }
    if let Some(kind) = schema.geometry {
        // Heights are optional until all rows are in.
        let geometry = GeometrySpec::new(geometry_type(kind), srs_id).column_name(GEOMETRY).z(ZmFlag::Optional);
        package.create_layer(&builder.geometry(geometry))?;
    } else {
        package.create_attributes_table(&builder)?;
    }
    Ok(())
}

fn insert_sql(schema: &Schema, columns: &[String]) -> geopackage::Result<String> {
    let mut names = vec![quote(KEY)?];
    if schema.geometry.is_some() {
        names.push(quote(GEOMETRY)?);
    }
    for column in columns {
        names.push(quote(column)?);
    }
    let marks = vec!["?"; names.len()].join(", ");
    Ok(format!("INSERT INTO {} ({}) VALUES ({marks})", quote(&schema.table)?, names.join(", ")))
}

/// Names, units and codes, in the standard's schema extension.
fn describe(package: &GeoPackage, table: &str, outgoing: &Outgoing, columns: &[String]) -> geopackage::Result<()> {
    let mut titles: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, column) in columns.iter().zip(&outgoing.columns) {
        let field = &column.field;
        let title = field.name.zh.as_ref();
        let is_coded = !field.codes.is_empty() && !matches!(field.field_type, FieldType::Bool);
        if title == name && !is_coded && field.unit.is_empty() && field.field_type != FieldType::Json {
            continue;
        }
        let constraint = is_coded.then(|| format!("{table}_{name}").to_lowercase());
        if let Some(constraint) = &constraint {
            let codes = field.codes.iter().map(|code| code.value.to_string()).collect();
            let kind = ConstraintKind::Enum(codes);
            package.add_column_constraint(&ColumnConstraint { name: constraint.clone(), kind, description: None })?;
            name_codes(package.connection(), constraint, field)?;
        }
        // The short name must be the only one of its table, the title need not be.
        let uses = titles.entry(title).or_default();
        *uses += 1;
        let unit = if field.unit.is_empty() { String::new() } else { format!(" ({})", field.unit) };
        package.set_data_column(
            table,
            &DataColumn {
                column_name: name.clone(),
                name: (*uses == 1).then(|| title.to_owned()),
                title: Some(title.to_owned()),
                description: Some(format!("{title} / {}{unit}", field.name.en)),
                mime_type: (field.field_type == FieldType::Json).then(|| "application/json".to_owned()),
                constraint_name: constraint,
            },
        )?;
    }
    Ok(())
}

fn name_codes(conn: &Connection, constraint: &str, field: &Field) -> rusqlite::Result<()> {
    let mut statement = conn.prepare(
        "UPDATE gpkg_data_column_constraints SET description = ?3 WHERE constraint_name = ?1 AND value = ?2",
    )?;
    for code in &field.codes {
        statement.execute(params![constraint, code.value, format!("{} / {}", code.name.zh, code.name.en)])?;
    }
    Ok(())
}

/// What is only known when all rows are in: extent, heights, whether the declared kind holds.
fn settle(conn: &Connection, table: &str, seen: &Seen) -> rusqlite::Result<()> {
    if !seen.bounds.is_empty() {
        let Bounds { min, max } = seen.bounds;
        conn.execute(
            "UPDATE gpkg_contents SET min_x = ?2, min_y = ?3, max_x = ?4, max_y = ?5 WHERE table_name = ?1",
            params![table, min[0], min[1], max[0], max[1]],
        )?;
    }
    if seen.with_z + seen.without_z == 0 {
        return Ok(());
    }
    let z = match (seen.with_z, seen.without_z) {
        (0, _) => 0,
        (_, 0) => 1,
        _ => 2,
    };
    conn.execute("UPDATE gpkg_geometry_columns SET z = ?2 WHERE table_name = ?1", params![table, z])?;
    if seen.is_mixed {
        let sql = "UPDATE gpkg_geometry_columns SET geometry_type_name = 'GEOMETRY' WHERE table_name = ?1";
        conn.execute(sql, [table])?;
    }
    Ok(())
}

/// The id of the CRS in the file, added if it is not there.
fn ensure_srs(package: &GeoPackage, crs: Crs) -> geopackage::Result<i32> {
    let (organization, code) = match crs {
        Crs::Epsg(code) => ("EPSG", i32::try_from(code).unwrap_or(i32::MAX)),
        Crs::Gcj02 => (OURS, 900_002),
        Crs::Bd09 => (OURS, 900_009),
        Crs::Own(_) => (OURS, 910_000),
        Crs::Unknown => return Ok(-1),
    };
    let name = match crs {
        Crs::Gcj02 => "GCJ-02 (shifted, not WGS 84)".to_owned(),
        Crs::Bd09 => "BD-09 (shifted, not WGS 84)".to_owned(),
        _ => crs.title().1,
    };
    package.add_srs(&Srs {
        name,
        srs_id: code,
        organization: organization.to_owned(),
        organization_coordsys_id: code,
        definition: crs.definition_wkt().unwrap_or_else(|| "undefined".to_owned()),
        description: None,
        definition_wkt2: None,
        epoch: None,
    })?;
    Ok(code)
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

/// What the disk, or SQLite on its behalf, says.
fn broken<E: Into<geopackage::Error>>(error: E) -> WriteError {
    let error: geopackage::Error = error.into();
    let code = match &error {
        geopackage::Error::Sqlite(error) => error.sqlite_error_code(),
        _ => None,
    };
    let kind = match code {
        Some(ErrorCode::DiskFull) => std::io::ErrorKind::StorageFull,
        Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => std::io::ErrorKind::PermissionDenied,
        _ => std::io::ErrorKind::Other,
    };
    WriteError::Io(std::io::Error::new(kind, error.to_string()))
}
