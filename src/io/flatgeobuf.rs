//! Reading FlatGeobuf, version 3: one layer, its header checked and then each feature before it is looked into.

use std::path::Path;
use std::sync::Arc;

use flatgeobuf::{ColumnType, Feature as FlatFeature, GeometryType, Header};

use super::columns::ColumnNames;
use super::error::ReadError;
use super::format::{self, CrsOrigin, ReadOptions, Sink, Survey};
use super::gather::{Gather, Homes};
use super::guess_crs::guess_crs;
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{BadGeometry, Bounds, Geometry};
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;

mod property;
mod shape;
mod stream;
mod write;

use property::{Garbled, Held};
use stream::Stream;
pub(super) use write::create;

/// Features between two reports.
const REPORT: i64 = 1024;
/// Most columns that are read.
const MAX_COLUMNS: usize = 1000;

/// Whether a file that begins like this is FlatGeobuf of version 3.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    beginning.starts_with(b"fgb\x03fgb")
}

/// All that the second pass needs.
struct Plan {
    columns: Vec<ColumnType>,
    types: Vec<FieldType>,
    homes: Homes,
}

/// The first pass.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let mut stream = Stream::open(path)?;
    let head = Head::of(&stream.header()?)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = options.layer_name.clone().or_else(|| head.name.clone()).or(stem).unwrap_or_default();
    let (mut gather, mut problems) = (Gather::default(), Problems::default());
    let mut held = vec![Held::default(); head.columns.len()];
    let (mut number, len) = (0, stream.len);
    loop {
        let at = stream.at;
        let Some(feature) = stream.next()? else { break };
        number += 1;
        if number % REPORT == 0 {
            task.report(&Text::new("正在检查文件", "Checking the file"), at, Some(len))?;
        }
        if feature.columns().is_some_and(|own| !own.is_empty()) {
            problems.push(own_columns().of_feature(number));
            continue;
        }
        match parts(&feature, head.geometry_type, &head.columns) {
            Ok((geometry, values)) => {
                for ((held, value), column) in held.iter_mut().zip(&values).zip(&head.columns) {
                    held.see(value, *column);
                }
                gather.see(geometry.as_ref(), || values);
            }
            Err(problem) => problems.push(problem.of_feature(number)),
        }
    }
    task.check()?;
    if gather.features() == 0 {
        let first = problems.listed.first().map(|problem| problem.what.clone());
        return Err(ReadError::NothingUsable {
            first: first.unwrap_or(Text::new("没有要素", "there is no feature"))
        });
    }
    let types: Vec<FieldType> = held.iter().zip(&head.columns).map(|(held, column)| held.field_type(*column)).collect();
    let fields: Vec<Field> =
        head.fields.iter().zip(&types).map(|(field, &it)| Field { field_type: it, ..field.clone() }).collect();
    let fit = |values: Vec<Value>| values.into_iter().zip(&types).map(|(value, it)| fitting(value, *it)).collect();
    let (crs, crs_origin, understood) = head.crs(options, &gather.bounds(), &mut problems);
    let (layers, homes) = gather.into_layers(&name, &fields, options, 0, &fit);
    Ok(Survey {
        format: format::format_named("flatgeobuf").unwrap_or(&format::FORMATS[0]),
        crs,
        crs_origin,
        encoding: None,
        understood,
        layers,
        problems,
        bytes: len,
        plan: Arc::new(Plan { columns: head.columns, types, homes }),
    })
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let plan = survey.plan.downcast_ref::<Plan>().ok_or_else(|| ReadError::NotSupported { path: path.to_owned() })?;
    let mut stream = Stream::open(path)?;
    let geometry_type = stream.header()?.geometry_type();
    let (mut number, len) = (0, stream.len);
    loop {
        let at = stream.at;
        let Some(feature) = stream.next()? else { break };
        number += 1;
        if number % REPORT == 0 {
            task.report(&Text::new("正在读入要素", "Reading the features"), at, Some(len))?;
        }
        if feature.columns().is_some_and(|own| !own.is_empty()) {
            continue;
        }
        let Ok((geometry, values)) = parts(&feature, geometry_type, &plan.columns) else { continue };
        let (layer, geometry) = plan.homes.put(geometry);
        let values = values.into_iter().zip(&plan.types).map(|(value, it)| fitting(value, *it)).collect();
        if sink(layer, number, Feature { id: 0, geometry, values }).is_break() {
            return Err(ReadError::Stopped);
        }
    }
    Ok(Problems::default())
}

/// Geometry and values of one feature.
fn parts(
    feature: &FlatFeature<'_>,
    declared: GeometryType,
    columns: &[ColumnType],
) -> Result<(Option<Geometry>, Vec<Value>), Problem> {
    let geometry = feature.geometry().map(|flat| shape::geometry(&flat, declared)).transpose();
    let geometry = geometry.map_err(unreadable)?.flatten();
    let mut values = vec![Value::Null; columns.len()];
    let bytes = feature.properties().map(|bytes| bytes.bytes()).unwrap_or_default();
    property::read(bytes, columns, &mut |place, value| values[place] = value).map_err(|Garbled| {
        let what = Text::new("属性数据已损坏，该要素未读入", "the values are garbled: the feature is left out");
        Problem::error("flatgeobuf.values", what)
    })?;
    Ok((geometry, values))
}

/// The value as a column of this type holds it.
fn fitting(value: Value, field_type: FieldType) -> Value {
    match (value, field_type) {
        (Value::Int(number), FieldType::Text) => Value::Text(number.to_string()),
        (value, _) => value,
    }
}

/// What the header says, without the bytes that it stands in.
struct Head {
    name: Option<String>,
    geometry_type: GeometryType,
    columns: Vec<ColumnType>,
    fields: Vec<Field>,
    /// The CRS, if it is known here.
    crs: Option<Crs>,
    /// What the file calls it; empty if it says nothing.
    crs_name: String,
}

impl Head {
    fn of(header: &Header<'_>) -> Result<Self, ReadError> {
        let mut head = Self {
            name: header.name().filter(|name| !name.trim().is_empty()).map(|name| name.chars().take(200).collect()),
            geometry_type: header.geometry_type(),
            columns: Vec::new(),
            fields: Vec::new(),
            crs: None,
            crs_name: String::new(),
        };
        let mut names = ColumnNames::default();
        for column in header.columns().unwrap_or_default() {
            if head.columns.len() == MAX_COLUMNS {
                let what = text!("字段超过 {MAX_COLUMNS} 个", "it has more than {MAX_COLUMNS} columns");
                return Err(ReadError::Damaged { what });
            }
            let id = names.take(column.name());
            head.columns.push(column.type_());
            head.fields.push(Field { name: Text::same(column.name()), ..Field::new(id, FieldType::Text, "", "") });
        }
        if let Some(crs) = header.crs() {
            let words = match (crs.org(), crs.code_string(), crs.code()) {
                (org, _, code) if code > 0 => format!("{}:{code}", org.unwrap_or("EPSG")),
                (Some(org), Some(code), _) => format!("{org}:{code}"),
                _ => String::new(),
            };
            let by_wkt = || crs.wkt().and_then(|wkt| crate::geom::wkt::crs_from_wkt(wkt).ok());
            head.crs = Crs::parse(&words).ok().filter(|crs| *crs != Crs::Unknown).or_else(by_wkt);
            head.crs_name = crs.name().filter(|name| !name.is_empty()).map_or(words, str::to_owned);
        }
        Ok(head)
    }

    /// The CRS, how it is known, and what a person should know of that.
    fn crs(&self, options: &ReadOptions, bounds: &Bounds, problems: &mut Problems) -> (Crs, CrsOrigin, Vec<Text>) {
        match (options.crs, self.crs) {
            (Some(crs), _) => return (crs, CrsOrigin::Asked, Vec::new()),
            (None, Some(crs)) => return (crs, CrsOrigin::Declared, Vec::new()),
            (None, None) => {}
        }
        let guess = guess_crs(bounds);
        let mut understood = Vec::new();
        if !self.crs_name.is_empty() {
            let name = &self.crs_name;
            understood
                .push(text!("文件的坐标系“{name}”无法识别", "The file's coordinate system “{name}” is not known"));
        }
        if guess.is_doubtful {
            problems.push(Problem::warning("flatgeobuf.crs", guess.why.clone()));
        }
        understood.push(guess.why);
        (guess.crs, CrsOrigin::Guessed, understood)
    }
}

fn unreadable(bad: BadGeometry) -> Problem {
    let what = match bad {
        BadGeometry::Unsupported(_) => Text::new(
            "曲线、曲面等几何类型不支持，该要素未读入",
            "curves, surfaces and other such geometry types are not supported: the feature is left out",
        ),
        BadGeometry::NotFinite => {
            Text::new("坐标不是有限数，该要素未读入", "a coordinate is not a finite number: the feature is left out")
        }
        BadGeometry::Garbled | BadGeometry::TooDeep => {
            Text::new("几何数据已损坏，该要素未读入", "the geometry is garbled: the feature is left out")
        }
    };
    Problem::error("flatgeobuf.geometry", what)
}

fn own_columns() -> Problem {
    let what = Text::new(
        "要素有自己的字段定义，不支持，该要素未读入",
        "the feature has columns of its own, which is not supported: it is left out",
    );
    Problem::error("flatgeobuf.columns", what)
}

#[cfg(test)]
#[path = "flatgeobuf/tests.rs"]
mod tests;
