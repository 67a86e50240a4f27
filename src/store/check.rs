//! Looking for damage in a city file. Nothing is changed.

use std::collections::BTreeSet;

use geopackage::core::ident::quote;
use geopackage::{Finding, GeoPackage, GpkgVersion, Severity};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::model::geometry::{Bounds, Geometry};
use crate::model::value::{FieldType, Value};
use crate::task::{Problem, Task};
use crate::text;
use crate::text::Text;

use super::adopt::PHOTOS;
use super::append::count_all;
use super::bounds;
use super::catalog::{self, Contents, Table, exists};
use super::connect::{self, Shared};
use super::error::StoreError;
use super::gpb;
use super::journal;
use super::media;
use super::rows::value_of;
use super::schema_sql;

/// Findings of one kind that are listed one by one; more are a number.
const LISTED: usize = 100;

/// Every check over the file as it is now.
pub(super) fn run(shared: &Shared, task: &mut Task<'_>) -> Result<Vec<Problem>, StoreError> {
    if shared.is_closing() {
        return Err(StoreError::Closed);
    }
    let package = connect::open(&shared.path, shared.reading)?;
    let conn = package.connection();
    let cancel = task.cancel().clone();
    conn.progress_handler(2000, Some(move || cancel.is_cancelled()))?;
    conn.execute_batch("BEGIN")?;
    let mut problems = Vec::new();
    let layers = catalog::contents(conn)?;
    let total = Some(layers.len() as u64 + 4);
    task.report(&Text::new("检查数据库结构", "Checking the database"), 0, total)?;
    let done = integrity(conn, &mut problems);
    note(done, &mut problems)?;
    task.report(&Text::new("检查空间索引", "Checking spatial indexes"), 1, total)?;
    let done = standard(&package, &mut problems);
    note(done, &mut problems)?;
    task.report(&Text::new("检查操作日志", "Checking the journal"), 2, total)?;
    let done = chain(conn, &mut problems);
    note(done, &mut problems)?;
    task.report(&Text::new("检查照片", "Checking photos"), 3, total)?;
    let done = photos(conn, &mut problems);
    note(done, &mut problems)?;
    for (done, contents) in layers.iter().enumerate() {
        task.report(&Text::new("检查图层", "Checking layers"), done as u64 + 4, total)?;
        let done = layer(&package, contents, &mut problems);
        note(done, &mut problems)?;
    }
    Ok(problems)
}

/// A check that cannot be made is a finding, not the end of all checks.
fn note(done: Result<(), StoreError>, problems: &mut Vec<Problem>) -> Result<(), StoreError> {
    match done {
        Err(StoreError::Cancelled) => Err(StoreError::Cancelled),
        Err(error) => {
            let what = text!("检查中断：{error}", "A check could not be finished: {error}");
            problems.push(Problem::error("file.unreadable", what));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn integrity(conn: &Connection, problems: &mut Vec<Problem>) -> Result<(), StoreError> {
    let mut statement = conn.prepare("PRAGMA integrity_check(100)")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    for line in lines {
        let line = line?;
        if line != "ok" {
            problems
                .push(Problem::error("file.damaged", text!("数据库损坏：{line}", "The database is damaged: {line}")));
        }
    }
    Ok(())
}

/// What the GeoPackage library finds; our own private tables are no finding.
fn standard(package: &GeoPackage, problems: &mut Vec<Problem>) -> Result<(), StoreError> {
    for finding in package.validate()? {
        if matches!(&finding, Finding::UnrecognisedExtension { extension_name, .. } if extension_name == "citygrid_city")
        {
            continue;
        }
        if matches!(finding, Finding::SpatialIndexOutOfStep { .. }) {
            continue; // every index is audited below, whatever its triggers
        }
        if matches!(finding, Finding::LegacySpatialIndexTriggers { .. })
            && !matches!(package.version(), GpkgVersion::V1_4)
        {
            continue; // the triggers of the version that the file declares
        }
        let words = finding.to_string();
        let what = text!("GeoPackage 规范：{words}", "GeoPackage standard: {words}");
        let problem = match (&finding, finding.severity()) {
            (_, Severity::Advisory) => continue,
            (Finding::StaleSpatialIndex { .. }, _) => {
                Problem::error("file.index", text!("空间索引失效：{words}", "The spatial index is out of use: {words}"))
            }
            (_, Severity::Error) => Problem::error("file.standard", what),
            _ => Problem::warning("file.standard", what),
        };
        problems.push(match finding.table_name() {
            Some(table) => problem.in_layer(table),
            None => problem,
        });
    }
    Ok(())
}

fn chain(conn: &Connection, problems: &mut Vec<Problem>) -> Result<(), StoreError> {
    if let Some(step) = journal::first_broken(conn)? {
        problems.push(Problem::error(
            "file.journal",
            text!("操作日志自第 {step} 步起被改动或缺失", "The journal was altered or cut at step {step}"),
        ));
    }
    Ok(())
}

/// Photos that hang on rows or pictures that are not there.
fn photos(conn: &Connection, problems: &mut Vec<Problem>) -> Result<(), StoreError> {
    if !exists(conn, PHOTOS)? {
        return Ok(());
    }
    for contents in catalog::contents(conn)? {
        let Some(mapping) = media::mapping_of(conn, &contents.table)? else { continue };
        let table = catalog::describe(conn, &contents)?;
        let sql = format!(
            "SELECT m.base_id, m.related_id,
                    EXISTS (SELECT 1 FROM {PHOTOS} p WHERE p.id = m.related_id)
             FROM {} m WHERE NOT EXISTS (SELECT 1 FROM {} t WHERE t.{} = m.base_id)
                OR NOT EXISTS (SELECT 1 FROM {PHOTOS} p WHERE p.id = m.related_id) LIMIT {LISTED}",
            quote(&mapping)?,
            table.from,
            table.key
        );
        let mut statement = conn.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, photo, picture): (i64, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let what = if picture {
                text!("照片 {photo} 所属的要素 {id} 不存在", "Photo {photo} hangs on feature {id}, which is not there")
            } else {
                text!("要素 {id} 的照片 {photo} 不存在", "Photo {photo} of feature {id} is not there")
            };
            problems.push(Problem::error("file.photo", what).in_layer(&table.schema.table).of_feature(id));
        }
    }
    Ok(())
}

fn layer(package: &GeoPackage, contents: &Contents, problems: &mut Vec<Problem>) -> Result<(), StoreError> {
    let conn = package.connection();
    let table = catalog::describe(conn, contents)?;
    let done = index(package, &table, problems);
    note(done, problems)?;
    geometries(conn, &table, contents, problems)?;
    counts(conn, &table, problems)?;
    references(conn, &table, problems)
}

/// An R-tree that does not say where the rows are.
fn index(package: &GeoPackage, table: &Table, problems: &mut Vec<Problem>) -> Result<(), StoreError> {
    if table.index()?.is_none() {
        return Ok(());
    }
    let audit = package.layer(&table.schema.table)?.audit_spatial_index()?;
    if !audit.is_consistent() {
        let (missing, extra, wrong) = (audit.missing, audit.extra, audit.not_covering);
        let what = text!(
            "空间索引与几何不符：缺 {missing}，多 {extra}，错 {wrong}",
            "The spatial index is wrong: {missing} missing, {extra} stale, {wrong} misplaced"
        );
        problems.push(Problem::error("file.index", what).in_layer(&table.schema.table));
    }
    Ok(())
}

/// Geometries that cannot be read, and an extent that does not hold them all.
fn geometries(
    conn: &Connection,
    table: &Table,
    contents: &Contents,
    problems: &mut Vec<Problem>,
) -> Result<(), StoreError> {
    let Some(column) = &table.geometry else { return Ok(()) };
    let name = &table.schema.table;
    let sql = format!("SELECT {}, {} FROM {}", table.key, quote(&column.name)?, table.from);
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut unread = 0_usize;
    while let Some(row) = rows.next()? {
        let readable = match row.get_ref(1)? {
            ValueRef::Null => true,
            ValueRef::Blob(blob) => gpb::wkb_of(blob).is_some_and(|wkb| Geometry::from_wkb(wkb).is_ok()),
            _ => false,
        };
        if !readable {
            unread += 1;
            if unread <= LISTED {
                let what = Text::new("几何无法读取", "The geometry cannot be read");
                problems.push(Problem::warning("file.geometry", what).in_layer(name).of_feature(row.get(0)?));
            }
        }
    }
    if unread > LISTED {
        let more = unread - LISTED;
        let what = text!("另有 {more} 个几何无法读取", "{more} more geometries cannot be read");
        problems.push(Problem::warning("file.geometry", what).in_layer(name));
    }
    let true_bounds = bounds::measure(conn, table)?;
    if let (Some(found), Some(declared)) = (true_bounds, contents.bounds)
        && !holds(&declared, &found)
    {
        let what = Text::new("登记的图层范围小于实际范围", "The declared extent does not hold all features");
        problems.push(Problem::warning("file.extent", what).in_layer(name));
    }
    Ok(())
}

/// Whether the declared extent holds what was found, but for the last digits, which other programs round.
fn holds(declared: &Bounds, found: &Bounds) -> bool {
    let size = declared.width().max(declared.height());
    let [west, south] = declared.min;
    let [east, north] = declared.max;
    let farthest = [west, south, east, north].into_iter().fold(0.0_f64, |most, at| most.max(at.abs()));
    let declared = declared.grown((size * 1e-9).max(farthest * 1e-12));
    declared.contains(found.min) && declared.contains(found.max)
}

fn counts(conn: &Connection, table: &Table, problems: &mut Vec<Problem>) -> Result<(), StoreError> {
    let name = &table.schema.table;
    if !schema_sql::is_counted(conn, name)? {
        return Ok(());
    }
    let sql = "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?1 COLLATE NOCASE";
    let declared: Option<i64> = conn.query_row(sql, [name], |row| row.get(0)).unwrap_or_default();
    let found = count_all(conn, table)?;
    if let Some(declared) = declared.filter(|declared| declared.unsigned_abs() != found) {
        let what = text!("登记的要素数 {declared} 与实际 {found} 不符", "{declared} features declared, {found} found");
        problems.push(Problem::warning("file.count", what).in_layer(name));
    }
    Ok(())
}

/// Rows that name another row by layer and id (notes do) which is not there.
fn references(conn: &Connection, table: &Table, problems: &mut Vec<Problem>) -> Result<(), StoreError> {
    let field = |id: &str| table.schema.fields.iter().find(|field| field.id == id);
    let (Some(layer), Some(row)) = (field("on_layer"), field("on_id")) else { return Ok(()) };
    let (layer, row) = (quote(&layer.id)?, quote(&row.id)?);
    let (from, key) = (&table.from, &table.key);
    let mut statement = conn.prepare(&format!(
        "SELECT DISTINCT {layer} FROM {from} WHERE {layer} IS NOT NULL AND {layer} <> '' AND {row} IS NOT NULL"
    ))?;
    let named = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<BTreeSet<_>>>()?;
    for name in named {
        let missing = match catalog::table(conn, &name) {
            Ok(other) => format!("NOT EXISTS (SELECT 1 FROM {} o WHERE o.{} = n.{row})", other.from, other.key),
            Err(_) => "1".to_owned(),
        };
        let sql = format!("SELECT n.{key}, n.{row} FROM {from} n WHERE n.{layer} = ?1 AND {missing} LIMIT {LISTED}");
        let mut statement = conn.prepare(&sql)?;
        let mut rows = statement.query([&name])?;
        while let Some(found) = rows.next()? {
            let (id, target): (i64, Value) = (found.get(0)?, value_of(found.get_ref(1)?, FieldType::Int));
            let what = text!("所指的 {name}/{target} 不存在", "It points to {name}/{target}, which is not there");
            problems.push(Problem::warning("file.reference", what).in_layer(&table.schema.table).of_feature(id));
        }
    }
    Ok(())
}
