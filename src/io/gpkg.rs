//! Reading GeoPackages (OGC 12-128r19) that other programs made, and cities of this one as a source of layers.
//!
//! The file is opened so that nothing in it changes or runs. What its catalogue says of extents, types and counts is
//! not believed: the first pass looks at every cell.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Row;

use super::error::ReadError;
use super::format::{self, CrsOrigin, Draft, ReadOptions, Sink, Survey};
use super::gather::{Gather, Homes};
use super::guess_crs::{Guess, guess_crs};
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{BadGeometry, Bounds};
use crate::model::schema::Field;
use crate::model::value::FieldType;
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;

mod blob;
mod catalog;
mod cell;
pub(super) mod open;
mod write;

use blob::Shape;
use catalog::Table;
use cell::{Misfits, fitting, natural};
use open::{Database, failed};
pub(super) use write::create;

/// Rows between two reports.
const REPORT: u64 = 2048;
/// Applications whose databases are no GeoPackages, though they begin alike: MBTiles.
const STRANGERS: [&[u8]; 1] = [b"MPBX"];

/// Whether a file that begins like this may be a GeoPackage: SQLite, and of no other application.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    let application = beginning.get(68..72).unwrap_or_default();
    beginning.starts_with(b"SQLite format 3\0") && !STRANGERS.contains(&application)
}

/// All that the second pass needs.
struct Plan {
    tables: Vec<TablePlan>,
}

struct TablePlan {
    sql: String,
    types: Vec<FieldType>,
    homes: Homes,
}

/// The first pass.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let database = Database::open(path, task)?;
    let mut no_views = Vec::new();
    let tables = wanted(&database, options, &mut no_views)?;
    let (total, bytes) = (total(&database, &tables), std::fs::metadata(path)?.len());
    let mut seen =
        Seen { problems: Problems::default(), understood: Vec::new(), rows: 0, total, bytes, is_guessed: false };
    for (title, error) in &no_views {
        seen.no_view(title, error);
    }
    let (mut drafts, mut plans, mut crs) = (Vec::new(), Vec::new(), None);
    for table in &tables {
        let Some(looked) = seen.look(&database, table, task)? else { continue };
        if looked.gather.features() == 0 {
            let title = &table.title;
            seen.understood.push(text!("图层“{title}”没有数据，已略过", "Layer “{title}” has no rows and is left out"));
            continue;
        }
        let types: Vec<FieldType> =
            table.fields.iter().zip(&looked.misfits).map(|(field, misfits)| misfits.settle(field.field_type)).collect();
        let fields = table.fields.iter().zip(&types).map(|(field, &field_type)| Field { field_type, ..field.clone() });
        let fields: Vec<Field> = fields.collect();
        let name = options.layer_name.as_deref().filter(|_| tables.len() == 1).unwrap_or(&table.title);
        let fit = |values: Vec<_>| values.into_iter().zip(&types).map(|(value, it)| fitting(value, *it)).collect();
        let (mut made, homes) = looked.gather.into_layers(name, &fields, options, drafts.len(), &fit);
        if options.crs.is_none() {
            seen.place(table, &mut made, &mut crs);
        }
        drafts.append(&mut made);
        plans.push(TablePlan { sql: table.select(), types, homes });
    }
    let Seen { problems, understood, is_guessed, .. } = seen;
    if drafts.is_empty() {
        return Err(nothing(&problems));
    }
    let (crs, crs_origin) = match (options.crs, crs) {
        (Some(crs), _) => (crs, CrsOrigin::Asked),
        (None, crs) if is_guessed => (crs.unwrap_or(Crs::Unknown), CrsOrigin::Guessed),
        (None, Some(crs)) => (crs, CrsOrigin::Declared),
        (None, None) => (Crs::WGS84, CrsOrigin::Format), // no layer has a place
    };
    Ok(Survey {
        format: format::format_named("gpkg").unwrap_or(&format::FORMATS[0]),
        crs,
        crs_origin,
        encoding: None,
        understood,
        layers: drafts,
        problems,
        bytes,
        plan: Arc::new(Plan { tables: plans }),
    })
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let plan = survey.plan.downcast_ref::<Plan>().ok_or_else(|| ReadError::NotSupported { path: path.to_owned() })?;
    let database = Database::open(path, task)?;
    let total = survey.layers.iter().map(|draft| draft.features).sum();
    let mut done = 0;
    for table in &plan.tables {
        let mut statement = database.conn.prepare(&table.sql).map_err(|error| failed(&error))?;
        let mut rows = statement.raw_query();
        let mut number = 0_i64;
        while let Some(row) = next(&mut rows, task)? {
            number += 1;
            done += 1;
            if done % REPORT == 0 {
                database.alive();
                task.report(&Text::new("正在读入要素", "Reading the features"), done, Some(total))?;
            }
            let Some((layer, feature)) = table.feature(row).map_err(|error| failed(&error))? else { continue };
            let number = if feature.id == 0 { number } else { feature.id };
            if sink(layer, number, feature).is_break() {
                return Err(ReadError::Stopped);
            }
        }
    }
    task.check()?;
    Ok(Problems::default())
}

impl TablePlan {
    /// The row as a feature; `None` if its geometry cannot be read, of which the first pass has told.
    fn feature(&self, row: &Row<'_>) -> rusqlite::Result<Option<(usize, Feature)>> {
        let Ok(place) = place(row)? else { return Ok(None) };
        let (layer, geometry) = self.homes.put(place.map(|(geometry, _)| geometry));
        let mut values = Vec::with_capacity(self.types.len());
        for (at, field_type) in self.types.iter().enumerate() {
            values.push(fitting(natural(row.get_ref(at + 2)?).0, *field_type));
        }
        Ok(Some((layer, Feature { id: row_id(row)?, geometry, values })))
    }
}

impl Table {
    /// Key, geometry and columns of all rows.
    fn select(&self) -> String {
        let null = || "NULL".to_owned();
        let mut list = vec![self.key.clone().unwrap_or_else(null), self.geometry.clone().unwrap_or_else(null)];
        list.extend(self.columns.iter().cloned());
        format!("SELECT {} FROM \"{}\"", list.join(", "), self.name.replace('"', "\"\""))
    }
}

/// What the first pass has seen.
struct Seen {
    problems: Problems,
    understood: Vec<Text>,
    rows: u64,
    /// Rows in all, as far as anybody says.
    total: Option<u64>,
    /// Size of the file.
    bytes: u64,
    /// Whether the CRS of some layer is a guess.
    is_guessed: bool,
}

/// What was seen of one table.
struct Looked {
    gather: Gather,
    misfits: Vec<Misfits>,
}

impl Seen {
    /// Looks at all rows of a table; `None` for a view that cannot be computed.
    fn look(&mut self, database: &Database, table: &Table, task: &mut Task<'_>) -> Result<Option<Looked>, ReadError> {
        let mut statement = match database.conn.prepare(&table.select()) {
            Ok(statement) => statement,
            Err(error) if table.is_view => return Ok(self.no_view(&table.title, &error)),
            Err(error) => return Err(failed(&error)),
        };
        database.alive();
        let mut looked = Looked { gather: Gather::default(), misfits: vec![Misfits::default(); table.fields.len()] };
        let mut lost = Lost::default();
        let mut rows = statement.raw_query();
        let mut number = 0_i64;
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) => {
                    task.check()?;
                    return if table.is_view { Ok(self.no_view(&table.title, &error)) } else { Err(hopeless(&error)) };
                }
            };
            number += 1;
            self.rows += 1;
            if table.is_view && number.unsigned_abs() > self.bytes {
                return Ok(self.no_view(&table.title, &"more rows than the file has bytes"));
            }
            if self.rows.is_multiple_of(REPORT) {
                database.alive();
                task.report(&Text::new("正在检查文件", "Checking the file"), self.rows, self.total)?;
            }
            let id = Some(row_id(row).map_err(|error| failed(&error))?).filter(|id| *id != 0).unwrap_or(number);
            match place(row).map_err(|error| failed(&error))? {
                Err(bad) => self.problems.push(unreadable(bad).of_feature(id).in_layer(&table.title)),
                Ok(place) => looked.row(row, place, table, id, &mut lost).map_err(|error| failed(&error))?,
            }
        }
        lost.tell(table, &mut self.problems);
        Ok(Some(looked))
    }

    fn no_view(&mut self, title: &str, error: &dyn std::fmt::Display) -> Option<Looked> {
        let what = text!("视图算不出来，已略过（{error}）", "the view cannot be computed and is left out ({error})");
        self.problems.push(Problem::error("gpkg.view", what).in_layer(title));
        None
    }

    /// Says which CRS the layers of a table are in; the first one's is that of the file.
    fn place(&mut self, table: &Table, drafts: &mut [Draft], of_file: &mut Option<Crs>) {
        if table.geometry.is_none() {
            return;
        }
        let (title, name) = (&table.title, &table.crs_name);
        let crs = table.crs.unwrap_or_else(|| {
            if !name.is_empty() {
                self.understood.push(text!(
                    "图层“{title}”的坐标系“{name}”无法识别",
                    "The coordinate system “{name}” of layer “{title}” is not known"
                ));
            }
            let bounds = drafts.iter().fold(Bounds::EMPTY, |all, draft| all.union(&draft.bounds));
            let Guess { crs, why, is_doubtful } = guess_crs(&bounds);
            let Text { zh, en } = &why;
            self.understood.push(text!("图层“{title}”：{zh}", "Layer “{title}”: {en}"));
            if is_doubtful {
                self.problems.push(Problem::warning("gpkg.crs", why).in_layer(title));
            }
            self.is_guessed = true;
            crs
        });
        let file = *of_file.get_or_insert(crs);
        if file != crs {
            drafts.iter_mut().for_each(|draft| draft.crs = Some(crs));
            self.understood.push(text!(
                "图层“{title}”用自己的坐标系 {crs}",
                "Layer “{title}” is in a coordinate system of its own, {crs}"
            ));
        }
    }
}

impl Looked {
    fn row(
        &mut self,
        row: &Row<'_>,
        place: Option<(crate::model::geometry::Geometry, Bounds)>,
        table: &Table,
        id: i64,
        lost: &mut Lost,
    ) -> rusqlite::Result<()> {
        for (at, (field, misfits)) in table.fields.iter().zip(&mut self.misfits).enumerate() {
            let cell = row.get_ref(at + 2)?;
            misfits.see(cell, field.field_type);
            lost.see(cell, field.field_type, at, id);
        }
        let (geometry, bounds) = place.map_or((None, Bounds::EMPTY), |(geometry, bounds)| (Some(geometry), bounds));
        let values = || {
            let cells = (0..table.fields.len()).filter_map(|at| row.get_ref(at + 2).ok());
            cells.map(|cell| natural(cell).0).collect()
        };
        self.gather.see_within(geometry.as_ref(), bounds, values);
        Ok(())
    }
}

/// Cells of which something does not come in: how many, the column and the row of the first.
#[derive(Default)]
struct Lost {
    text: Option<(u64, usize, i64)>,
    bytes: Option<(u64, usize, i64)>,
}

impl Lost {
    fn see(&mut self, cell: rusqlite::types::ValueRef<'_>, declared: FieldType, column: usize, id: i64) {
        use rusqlite::types::ValueRef;
        let lost = match cell {
            ValueRef::Text(text) if std::str::from_utf8(text).is_err() => &mut self.text,
            ValueRef::Blob(_) if declared != FieldType::Blob => &mut self.bytes,
            _ => return,
        };
        lost.get_or_insert((0, column, id)).0 += 1;
    }

    fn tell(&self, table: &Table, problems: &mut Problems) {
        if let Some((count, column, id)) = self.text {
            let name = &table.fields[column].name.zh;
            let what = text!(
                "{count} 个值的文字编码有误（第一个在字段“{name}”）",
                "{count} values have broken characters (the first in field “{name}”)"
            );
            problems.push(Problem::warning("gpkg.text", what).of_feature(id).in_layer(&table.title));
        }
        if let Some((count, column, id)) = self.bytes {
            let name = &table.fields[column].name.zh;
            let what = text!(
                "{count} 个值是二进制，与字段类型不符，未读入（第一个在字段“{name}”）",
                "{count} values are bytes where the field holds none, and are left out (the first in field “{name}”)"
            );
            problems.push(Problem::warning("gpkg.bytes", what).of_feature(id).in_layer(&table.title));
        }
    }
}

/// The layers that are asked for, by the name of the table or by the one that a person reads.
fn wanted(
    database: &Database,
    options: &ReadOptions,
    no_views: &mut Vec<(String, rusqlite::Error)>,
) -> Result<Vec<Table>, ReadError> {
    let conn = &database.conn;
    if !catalog::has_contents(conn).map_err(|error| failed(&error))? {
        let first = Text::new("这是 SQLite 数据库，但不是 GeoPackage", "it is an SQLite database, but no GeoPackage");
        return Err(ReadError::NothingUsable { first });
    }
    let mut tables = catalog::tables(conn, no_views).map_err(|error| failed(&error))?;
    tables.retain(|table| {
        options.only.is_empty() || options.only.iter().any(|it| *it == table.name || *it == table.title)
    });
    Ok(tables)
}

/// About how many rows there are: what costs nothing to know.
fn total(database: &Database, tables: &[Table]) -> Option<u64> {
    let rows = tables.iter().filter(|table| !table.is_view).map(|table| {
        let (key, name) = (table.key.as_ref()?, table.name.replace('"', "\"\""));
        let sql = format!("SELECT max({key}) FROM \"{name}\"");
        database.conn.query_row(&sql, [], |row| row.get::<_, Option<i64>>(0)).ok().flatten().map(i64::unsigned_abs)
    });
    rows.flatten().reduce(u64::saturating_add)
}

fn next<'a>(rows: &'a mut rusqlite::Rows<'_>, task: &Task<'_>) -> Result<Option<&'a Row<'a>>, ReadError> {
    rows.next().map_err(|error| match task.check() {
        Err(cancelled) => cancelled.into(),
        Ok(()) => hopeless(&error),
    })
}

/// A query that was broken off though nobody asked for it.
fn hopeless(error: &rusqlite::Error) -> ReadError {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) {
        return ReadError::Damaged { what: Text::new("查询长时间没有结果", "a query gives no rows") };
    }
    failed(error)
}

/// The row's own number, where it has one that can be a row's number here too.
fn row_id(row: &Row<'_>) -> rusqlite::Result<i64> {
    Ok(row.get_ref(0)?.as_i64_or_null().ok().flatten().filter(|id| *id > 0).unwrap_or(0))
}

type Place = Option<(crate::model::geometry::Geometry, Bounds)>;

fn place(row: &Row<'_>) -> rusqlite::Result<Result<Place, BadGeometry>> {
    use rusqlite::types::ValueRef;
    Ok(match row.get_ref(1)? {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(blob) => blob::shape(blob).map(|shape| match shape {
            Shape::Place(geometry, bounds) => Some((geometry, bounds)),
            Shape::Nowhere => None,
        }),
        _ => Err(BadGeometry::Garbled),
    })
}

fn unreadable(bad: BadGeometry) -> Problem {
    let what = match bad {
        BadGeometry::Unsupported(_) => Text::new(
            "曲线等几何类型不支持，该要素未读入",
            "curves and other such geometry types are not supported: the feature is left out",
        ),
        BadGeometry::NotFinite => {
            Text::new("坐标不是有限数，该要素未读入", "a coordinate is not a finite number: the feature is left out")
        }
        BadGeometry::TooDeep => Text::new(
            "几何集合嵌套过深，该要素未读入",
            "geometry collections are nested too deeply: the feature is left out",
        ),
        BadGeometry::Garbled => {
            Text::new("几何数据已损坏，该要素未读入", "the geometry is garbled: the feature is left out")
        }
    };
    Problem::error("gpkg.geometry", what)
}

fn nothing(problems: &Problems) -> ReadError {
    let first = problems.listed.first().map(|problem| problem.what.clone());
    ReadError::NothingUsable {
        first: first.unwrap_or(Text::new("没有图层，或图层都是空的", "there is no layer, or all are empty")),
    }
}

#[cfg(test)]
#[path = "gpkg/tests.rs"]
mod tests;
