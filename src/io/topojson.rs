//! Reading TopoJSON: arcs that neighbours share, and the objects made of them. Each object becomes a layer.
//!
//! <https://github.com/topojson/topojson-specification> 1.0. The text is held in memory once, the arcs as numbers; the
//! geometries are made one by one.

mod parts;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::columns::{ColumnNames, ID_COLUMN};
use super::error::ReadError;
use super::format::{self, CrsOrigin, ReadOptions, Sink, Survey};
use super::gather::{Gather, Homes};
use super::geojson_check::words;
use super::geojson_value::{Seen, value};
use super::guess_crs::guess_crs;
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry, GeometryKind, WkbWriter};
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;

use parts::{Arcs, Members, Quantum};

/// Largest file, bytes.
const MAX_BYTES: u64 = 512 << 20;
/// Positions that the geometries may have in all, for each byte of the file: arcs are shared, but not without end.
const POSITIONS_A_BYTE: u64 = 16;
/// Most columns of a layer.
const MAX_COLUMNS: usize = 1000;
/// Deepest nesting of collections.
const MAX_DEPTH: u32 = 12;
/// Geometries between two reports.
const STEP: u64 = 1024;

/// Whether a file that begins like this says that it is a topology.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    let Some(at) = memchr::memmem::find(beginning, b"\"Topology\"") else { return false };
    let before = beginning[..at].trim_ascii_end();
    let before = before.strip_suffix(b":").map(<[u8]>::trim_ascii_end);
    before.is_some_and(|before| before.ends_with(b"\"type\""))
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(default)]
    transform: Option<Quantum>,
    arcs: Arcs,
    #[serde(borrow)]
    objects: Members<'a>,
}

#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    properties: Option<Members<'a>>,
    #[serde(borrow, default)]
    arcs: Option<&'a RawValue>,
    #[serde(borrow, default)]
    coordinates: Option<&'a RawValue>,
    #[serde(borrow, default)]
    geometries: Option<Vec<&'a RawValue>>,
}

/// A topology ready to be walked.
struct Topology<'a> {
    arcs: Arcs,
    quantum: Option<Quantum>,
    objects: Vec<(String, &'a RawValue)>,
    /// Positions that may still be made.
    room: u64,
}

/// One layer's way from properties to columns.
struct LayerPlan {
    homes: Homes,
    /// Type of the column for the features' own ids.
    id: Option<FieldType>,
    keys: Vec<(String, FieldType)>,
}

type Plan = Vec<Option<LayerPlan>>;

/// The first pass.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let text = text_of(path)?;
    let mut topology = Topology::parse(&text)?;
    let objects = std::mem::take(&mut topology.objects);
    let mut problems = Problems::default();
    let mut bounds = Bounds::EMPTY;
    let (mut layers, mut plan, mut number) = (Vec::new(), Plan::new(), 0);
    let what = Text::new("正在检查文件", "Checking the file");
    for (name, object) in &objects {
        if !options.only.is_empty() && !options.only.contains(name) {
            plan.push(None);
            continue;
        }
        let mut gather = Gather::default();
        let mut columns = Columns::default();
        each(object, 0, &mut |shape| {
            number += 1;
            if u64::is_multiple_of(number, STEP) {
                task.report(&what, number, None)?;
            }
            match topology.geometry(shape, 0) {
                Ok(geometry) => {
                    columns.see(shape);
                    bounds = bounds.union(&geometry.as_ref().map_or(Bounds::EMPTY, Geometry::bounds));
                    gather.see(geometry.as_ref(), || columns.raw(shape));
                }
                Err(Fault::TooMuch) => return Err(ReadError::TooMuchMemory),
                Err(Fault::Bad) => {
                    let what =
                        Text::new("几何有误：弧段不存在或嵌套不对", "its geometry names no arcs, or is nested wrongly");
                    problems.push(Problem::error("topojson.bad-geometry", what).of_feature(number as i64));
                }
            }
            Ok(())
        })?;
        if gather.features() == 0 {
            plan.push(None);
            continue;
        }
        let name = options.layer_name.as_ref().filter(|_| objects.len() == 1).unwrap_or(name);
        let (fields, id, keys) = columns.fields();
        let finish = |raw: Vec<Value>| typed(raw, id, &keys);
        let (drafts, homes) = gather.into_layers(name, &fields, options, layers.len(), &finish);
        layers.extend(drafts);
        plan.push(Some(LayerPlan { homes, id, keys }));
    }
    if layers.is_empty() {
        let first = problems.listed.into_iter().next().map(|problem| problem.what);
        return Err(ReadError::NothingUsable {
            first: first.unwrap_or(Text::new("没有要素", "there is no feature"))
        });
    }
    let mut understood = Vec::new();
    let (crs, crs_origin) = crs_of(options, &bounds, &mut understood, &mut problems);
    Ok(Survey {
        format: format::format_named("topojson").unwrap_or(&format::FORMATS[0]),
        crs,
        crs_origin,
        encoding: None,
        understood,
        layers,
        problems,
        bytes: text.len() as u64,
        plan: Arc::new(plan),
    })
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let plan = survey.plan.downcast_ref::<Plan>().ok_or_else(|| ReadError::NotSupported { path: path.to_owned() })?;
    let text = text_of(path)?;
    let mut topology = Topology::parse(&text)?;
    let objects = std::mem::take(&mut topology.objects);
    let what = Text::new("正在读入要素", "Reading the features");
    let mut number = 0;
    for ((_, object), layer) in objects.iter().zip(plan) {
        let Some(layer) = layer else { continue };
        each(object, 0, &mut |shape| {
            number += 1;
            if u64::is_multiple_of(number, STEP) {
                task.report(&what, number, None)?;
            }
            let Ok(geometry) = topology.geometry(shape, 0) else { return Ok(()) };
            let values = typed(raw(shape, &layer.keys), layer.id, &layer.keys);
            let (place, geometry) = layer.homes.put(geometry);
            match sink(place, number as i64, Feature { id: 0, geometry, values }) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(ReadError::Stopped),
            }
        })?;
    }
    Ok(Problems::default())
}

fn text_of(path: &Path) -> Result<String, ReadError> {
    let bytes = std::fs::metadata(path)?.len();
    match bytes {
        0 => return Err(ReadError::Empty),
        1..=MAX_BYTES => {}
        _ => return Err(ReadError::TooMuchMemory),
    }
    String::from_utf8(std::fs::read(path)?).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + memchr::memchr_iter(b'\n', &error.as_bytes()[..good]).count() as u64;
        let utf16 = error.as_bytes().starts_with(b"\xff\xfe") || error.as_bytes().starts_with(b"\xfe\xff");
        ReadError::Encoding { byte: good as u64, line, utf16 }
    })
}

fn crs_of(
    options: &ReadOptions,
    bounds: &Bounds,
    understood: &mut Vec<Text>,
    problems: &mut Problems,
) -> (Crs, CrsOrigin) {
    let globe = Bounds::new(-540.0, -90.0, 540.0, 90.0);
    let is_globe = bounds.is_empty() || (globe.contains(bounds.min) && globe.contains(bounds.max));
    match options.crs {
        Some(crs) => (crs, CrsOrigin::Asked),
        None if is_globe => (Crs::WGS84, CrsOrigin::Format),
        None => {
            let guess = guess_crs(bounds);
            if guess.is_doubtful {
                problems.push(Problem::warning("topojson.crs", guess.why.clone()));
            }
            understood.push(guess.why);
            (guess.crs, CrsOrigin::Guessed)
        }
    }
}

/// Why there is no geometry.
enum Fault {
    Bad,
    TooMuch,
}

impl<'a> Topology<'a> {
    fn parse(text: &'a str) -> Result<Self, ReadError> {
        let text_start = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file: File<'a> = serde_json::from_str(text_start).map_err(|error| malformed(text, &error))?;
        let File { transform, mut arcs, objects } = file;
        if let Some(quantum) = transform {
            arcs.expand(quantum);
        }
        Ok(Self { arcs, quantum: transform, objects: objects.0, room: POSITIONS_A_BYTE * text.len() as u64 })
    }

    /// The geometry of a shape; `None` for one of type null.
    fn geometry(&mut self, shape: &Shape<'_>, depth: u32) -> Result<Option<Geometry>, Fault> {
        let Some(kind) = shape.kind.as_deref() else { return Ok(None) };
        let mut out = WkbWriter::new(false);
        self.write(kind, shape, depth, &mut out)?;
        Geometry::from_writer(out).map(Some).map_err(|_| Fault::Bad)
    }

    fn write(&mut self, kind: &str, shape: &Shape<'_>, depth: u32, out: &mut WkbWriter) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::Bad);
        }
        let kind = GeometryKind::ALL.into_iter().find(|known| known.geojson_name() == kind).ok_or(Fault::Bad)?;
        match kind {
            GeometryKind::Point => {
                let at: [f64; 2] = first_two(parsed::<Vec<f64>>(shape.coordinates)?)?;
                self.point(at, out);
            }
            GeometryKind::MultiPoint => {
                let all: Vec<Vec<f64>> = parsed(shape.coordinates)?;
                out.head(kind, all.len());
                all.into_iter().try_for_each(|at| first_two(at).map(|at| self.point(at, out)))?;
            }
            GeometryKind::LineString => self.line(&parsed::<Vec<i64>>(shape.arcs)?, out)?,
            GeometryKind::MultiLineString => {
                let lines: Vec<Vec<i64>> = parsed(shape.arcs)?;
                out.head(kind, lines.len());
                lines.iter().try_for_each(|line| self.line(line, out))?;
            }
            GeometryKind::Polygon => self.polygon(&parsed::<Vec<Vec<i64>>>(shape.arcs)?, out)?,
            GeometryKind::MultiPolygon => {
                let polygons: Vec<Vec<Vec<i64>>> = parsed(shape.arcs)?;
                out.head(kind, polygons.len());
                polygons.iter().try_for_each(|polygon| self.polygon(polygon, out))?;
            }
            GeometryKind::Collection => {
                let members = shape.geometries.as_deref().unwrap_or_default();
                out.head(kind, members.len());
                for member in members {
                    let member: Shape<'_> = parsed(Some(member))?;
                    self.write(member.kind.as_deref().ok_or(Fault::Bad)?, &member, depth + 1, out)?;
                }
            }
        }
        Ok(())
    }

    /// Positions of points are rounded like those of arcs, but no differences.
    fn point(&self, at: [f64; 2], out: &mut WkbWriter) {
        let [x, y] = self.quantum.map_or(at, |quantum| quantum.position(at));
        out.head(GeometryKind::Point, 1);
        out.position(x, y, 0.0);
    }

    fn line(&mut self, arcs: &[i64], out: &mut WkbWriter) -> Result<(), Fault> {
        let path = self.path(arcs)?;
        if path.len() < 2 {
            return Err(Fault::Bad);
        }
        out.head(GeometryKind::LineString, path.len());
        path.iter().for_each(|[x, y]| out.position(*x, *y, 0.0));
        Ok(())
    }

    fn polygon(&mut self, rings: &[Vec<i64>], out: &mut WkbWriter) -> Result<(), Fault> {
        out.head(GeometryKind::Polygon, rings.len());
        for ring in rings {
            let mut path = self.path(ring)?;
            if path.first() != path.last() {
                path.extend(path.first().copied());
            }
            if path.len() < 4 {
                return Err(Fault::Bad);
            }
            out.ring(path.len());
            path.iter().for_each(|[x, y]| out.position(*x, *y, 0.0));
        }
        Ok(())
    }

    /// Arcs one behind the other; `!index` is an arc backwards. Where two meet the position is not repeated.
    fn path(&mut self, arcs: &[i64]) -> Result<Vec<[f64; 2]>, Fault> {
        let mut path: Vec<[f64; 2]> = Vec::new();
        for &index in arcs {
            let place = usize::try_from(if index < 0 { !index } else { index }).map_err(|_| Fault::Bad)?;
            let arc = self.arcs.get(place).ok_or(Fault::Bad)?;
            self.room = self.room.checked_sub(arc.len() as u64).ok_or(Fault::TooMuch)?;
            let skip = usize::from(!path.is_empty());
            if index < 0 { path.extend(arc.iter().rev().skip(skip)) } else { path.extend(arc.iter().skip(skip)) }
        }
        Ok(path)
    }
}

fn parsed<'a, T: Deserialize<'a>>(json: Option<&'a RawValue>) -> Result<T, Fault> {
    serde_json::from_str(json.ok_or(Fault::Bad)?.get()).map_err(|_| Fault::Bad)
}

fn first_two(numbers: Vec<f64>) -> Result<[f64; 2], Fault> {
    match numbers.as_slice() {
        [x, y, ..] => Ok([*x, *y]),
        _ => Err(Fault::Bad),
    }
}

fn malformed(text: &str, error: &serde_json::Error) -> ReadError {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let byte = (before + error.column()) as u64;
    match error.classify() {
        serde_json::error::Category::Eof => ReadError::Truncated { bytes: text.len() as u64 },
        serde_json::error::Category::Data => {
            let message = error.to_string();
            let first = text!("不是 TopoJSON（{message}）", "no TopoJSON: {message}");
            ReadError::NothingUsable { first }
        }
        _ => ReadError::NotWellFormed { byte, line: error.line() as u64, what: words(&error.to_string()) },
    }
}

/// Shows the features of an object: the members of a collection, or the object itself.
fn each(
    object: &RawValue,
    depth: u32,
    see: &mut dyn FnMut(&Shape<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let Ok(shape) = serde_json::from_str::<Shape<'_>>(object.get()) else { return Ok(()) };
    match &shape.geometries {
        // A collection within a collection is one feature.
        Some(members) if depth == 0 && shape.kind.as_deref() == Some("GeometryCollection") => {
            members.iter().try_for_each(|member| each(member, depth + 1, see))
        }
        _ => see(&shape),
    }
}

/// What was seen of the properties of a layer.
#[derive(Default)]
struct Columns {
    keys: Vec<(String, Seen)>,
    index: std::collections::HashMap<String, usize>,
    id: Seen,
    has_id: bool,
}

impl Columns {
    fn see(&mut self, shape: &Shape<'_>) {
        if let Some(id) = shape.id {
            self.has_id = true;
            self.id.add(Seen::of(id.get()));
        }
        for (name, json) in shape.properties.iter().flat_map(|members| &members.0) {
            let seen = Seen::of(json.get());
            match self.index.get(name) {
                Some(&place) => self.keys[place].1.add(seen),
                None if self.keys.len() < MAX_COLUMNS => {
                    self.index.insert(name.clone(), self.keys.len());
                    self.keys.push((name.clone(), seen));
                }
                None => {}
            }
        }
    }

    /// Id and properties as JSON.
    fn raw(&self, shape: &Shape<'_>) -> Vec<Value> {
        raw(shape, &self.keys)
    }

    fn fields(self) -> (Vec<Field>, Option<FieldType>, Vec<(String, FieldType)>) {
        let id = self.has_id.then(|| self.id.id_type());
        let mut names = ColumnNames::default();
        let mut fields: Vec<Field> = Vec::new();
        if let Some(field_type) = id {
            fields.push(Field { name: Text::same("id"), ..Field::new(ID_COLUMN, field_type, "", "") });
        }
        let keys: Vec<(String, FieldType)> =
            self.keys.into_iter().map(|(name, seen)| (name, seen.field_type())).collect();
        for (name, field_type) in &keys {
            let field = Field::new(names.take(name), *field_type, "", "");
            fields.push(Field { name: Text::same(name.clone()), ..field });
        }
        (fields, id, keys)
    }
}

/// The JSON of the id and of each key.
fn raw<T>(shape: &Shape<'_>, keys: &[(String, T)]) -> Vec<Value> {
    let mut values = vec![Value::Null; keys.len() + 1];
    values[0] = shape.id.map(|id| id.get().to_owned()).into();
    for (guess, (name, json)) in shape.properties.iter().flat_map(|members| &members.0).enumerate() {
        let is_guessed = keys.get(guess).is_some_and(|(known, _)| known == name);
        let place = if is_guessed { Some(guess) } else { keys.iter().position(|(known, _)| known == name) };
        if let Some(place) = place {
            values[place + 1] = Value::from(json.get());
        }
    }
    values
}

/// Values by the types of their columns, from JSON.
fn typed(raw: Vec<Value>, id: Option<FieldType>, keys: &[(String, FieldType)]) -> Vec<Value> {
    let types = std::iter::once(id).chain(keys.iter().map(|(_, field_type)| Some(*field_type)));
    let typed = raw.into_iter().zip(types).filter_map(|(raw, field_type)| {
        let field_type = field_type?;
        Some(raw.as_str().map_or(Value::Null, |json| value(json, field_type).0))
    });
    typed.collect()
}

#[cfg(test)]
mod tests;
