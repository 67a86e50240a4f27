//! Every format that can be written and read: what goes out comes in again.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

use proptest::prelude::*;

use super::format::{FORMATS, Format, ReadOptions, WriteOptions, read, survey, write_file};
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{Coords, Geometry, GeometryKind, Visitor, WkbWriter};
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::task::{Cancel, Task};
use crate::text::Text;

/// What a format has no room for.
struct Limits {
    id: &'static str,
    /// Kinds of geometry that it does not hold.
    kinds: &'static [GeometryKind],
    /// Fields of [`schema`] that do not come back as they went.
    fields: &'static [&'static str],
    /// Whether it holds heights.
    heights: bool,
    /// Whether it holds rows without a place.
    nowhere: bool,
    /// Whether it holds places.
    places: bool,
    /// Whether it holds values beside the place.
    values: bool,
}

const ALL: Limits =
    Limits { id: "", kinds: &[], fields: &[], heights: true, nowhere: true, places: true, values: true };

/// Formats that hold everything are not named.
const LIMITS: &[Limits] = &[
    Limits { id: "dbf", places: false, ..ALL },
    Limits {
        id: "gpx",
        kinds: &[GeometryKind::Polygon, GeometryKind::MultiPolygon, GeometryKind::MultiPoint],
        nowhere: false,
        ..ALL
    },
    // Every part of a geometry becomes a thing of its own.
    Limits {
        id: "dxf",
        kinds: &[
            GeometryKind::Polygon,
            GeometryKind::MultiPolygon,
            GeometryKind::MultiLineString,
            GeometryKind::MultiPoint,
        ],
        nowhere: false,
        values: false,
        ..ALL
    },
    Limits { id: "wkt", nowhere: false, values: false, ..ALL },
];

const KINDS: [GeometryKind; 6] = [
    GeometryKind::Point,
    GeometryKind::LineString,
    GeometryKind::Polygon,
    GeometryKind::MultiPoint,
    GeometryKind::MultiLineString,
    GeometryKind::MultiPolygon,
];

#[test]
fn every_kind_of_geometry_comes_in_again_with_its_values() {
    for format in both_ways() {
        for kind in KINDS.into_iter().filter(|kind| !limits(format).kinds.contains(kind)) {
            check(format, kind, false);
        }
    }
}

#[test]
fn heights_come_in_again_where_the_format_has_room_for_them() {
    for format in both_ways().filter(|format| limits(format).heights) {
        for kind in KINDS.into_iter().filter(|kind| !limits(format).kinds.contains(kind)) {
            check(format, kind, true);
        }
    }
}

#[test]
fn what_a_format_has_no_room_for_is_told() {
    for (format, kind) in both_ways().flat_map(|format| KINDS.map(|kind| (format, kind))) {
        let (schema, rows) = (schema(kind), rows(kind, false));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("城市").with_extension(format.endings[0]);
        let options = WriteOptions::default();
        // A file that is refused as a whole is told of too.
        if let Ok(written) = write_file(&path, false, &schema, &options, |writer| writer.write_many(&rows)) {
            let is_told = written.features == rows.len() as u64 || !written.problems.is_empty();
            assert!(is_told, "{} {kind:?}: {written:?}", format.id);
        }
    }
}

#[test]
fn names_go_out_for_codes_where_that_is_asked() {
    let codes = &[("ok", "完好", "intact"), ("bad", "破损", "broken")];
    let fields = vec![Field::coded("state", "状态", "State", codes)];
    let schema = Schema { fields, ..schema(GeometryKind::Point) };
    let row = |code: &str, at| Feature {
        id: at,
        geometry: Some(Geometry::point(at as f64, 1.0)),
        values: vec![Value::from(code)],
    };
    let rows = [row("ok", 1), row("bad", 2)];
    let options = WriteOptions { labels_not_codes: true, ..WriteOptions::default() };
    for format in both_ways().filter(|format| limits(format).values) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("城市").with_extension(format.endings[0]);
        write_file(&path, false, &schema, &options, |writer| writer.write_many(&rows)).expect(format.id);
        let (fields, features) = read_all(&path, format);
        let place = fields.iter().position(|field| field.is_named("state") || field.is_named("状态")).expect(format.id);
        let mut words: Vec<String> = features.iter().map(|feature| feature.values[place].to_string()).collect();
        words.sort();
        assert_eq!(words, ["完好", "破损"], "{}", format.id);
    }
}

#[test]
fn a_reader_stops_when_it_is_asked_to() {
    let (schema, rows) = (schema(GeometryKind::Point), rows(GeometryKind::Point, false));
    let many: Vec<Feature> = rows
        .iter()
        .cycle()
        .take(5000)
        .enumerate()
        .map(|(at, row)| Feature { id: at as i64 + 1, ..row.clone() })
        .collect();
    for format in both_ways() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("城市").with_extension(format.endings[0]);
        write_file(&path, false, &schema, &WriteOptions::default(), |writer| writer.write_many(&many))
            .expect(format.id);
        let cancel = Cancel::default();
        cancel.cancel();
        let looked = survey(&path, &ReadOptions::default(), &mut Task::new(cancel, |_| {}));
        assert!(matches!(looked, Err(super::error::ReadError::Cancelled(_))), "{}", format.id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    /// A file with some bytes changed, or cut off, is read for what it has or refused.
    #[test]
    fn broken_files_are_refused_or_read(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        for format in both_ways() {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("a").with_extension(format.endings[0]);
            let (schema, rows) = (schema(GeometryKind::LineString), rows(GeometryKind::LineString, true));
            let options = WriteOptions::default();
            write_file(&path, false, &schema, &options, |writer| writer.write_many(&rows)).expect(format.id);
            let mut bytes = std::fs::read(&path).expect("readable");
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            if let Some(cut) = &cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            std::fs::write(&path, &bytes).expect("written");
            try_to_read(&path);
        }
    }
}

#[test]
fn files_cut_off_anywhere_are_refused_or_read() {
    for format in both_ways() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a").with_extension(format.endings[0]);
        let (schema, rows) = (schema(GeometryKind::Point), rows(GeometryKind::Point, false));
        write_file(&path, false, &schema, &WriteOptions::default(), |writer| writer.write_many(&rows))
            .expect(format.id);
        let bytes = std::fs::read(&path).expect("readable");
        let step = (bytes.len() / 200).max(1);
        for len in (0..bytes.len()).step_by(step) {
            std::fs::write(&path, &bytes[..len]).expect("written");
            try_to_read(&path);
        }
    }
}

fn try_to_read(path: &Path) {
    let task = &mut Task::silent();
    if let Ok(looked) = survey(path, &ReadOptions::default(), task) {
        let _ = read(path, &looked, task, &mut |_, _, _| ControlFlow::Continue(()));
    }
}

/// Formats that are written and read.
fn both_ways() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(|format| format.create.is_some() && format.read.is_some())
}

fn limits(format: &Format) -> &'static Limits {
    LIMITS.iter().find(|limits| limits.id == format.id).unwrap_or(&ALL)
}

/// Writes rows of one kind, reads them again and compares all that the format has room for.
#[track_caller]
fn check(format: &'static Format, kind: GeometryKind, has_z: bool) {
    let said = format!("{} {kind:?}", format.id);
    let limits = limits(format);
    let (schema, mut rows) = (schema(kind), rows(kind, has_z));
    rows.retain(|row| limits.nowhere || row.geometry.is_some());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("城市").with_extension(format.endings[0]);
    let written = write_file(&path, false, &schema, &WriteOptions::default(), |writer| writer.write_many(&rows));
    let written = written.unwrap_or_else(|error| panic!("{said}: {error}"));
    assert_eq!(written.features, rows.len() as u64, "{said}: {:?}", written.problems);
    let files = std::fs::read_dir(folder.path()).expect("a folder").map(|file| file.and_then(|file| file.metadata()));
    let bytes: u64 = files.map(|file| file.expect("a file").len()).sum();
    assert_eq!(written.bytes, bytes, "{said}");
    let (fields, features) = read_all(&path, format);
    if !limits.values {
        let sorted = |rows: &[Feature]| rows.iter().map(positions).collect::<BTreeSet<_>>();
        return assert_eq!(sorted(&features), sorted(&rows), "{said}");
    }
    let by_number = |fields: &[Field], features: Vec<Feature>| -> BTreeMap<String, Feature> {
        let place = fields.iter().position(|field| field.is_named("number") || field.is_named("号")).expect("a number");
        features.into_iter().map(|feature| (feature.values[place].to_string(), feature)).collect()
    };
    let (out, again) = (by_number(&schema.fields, rows), by_number(&fields, features));
    assert_eq!(out.keys().collect::<Vec<_>>(), again.keys().collect::<Vec<_>>(), "{said}");
    for (number, row) in &out {
        let found = &again[number];
        if limits.places {
            assert_eq!(positions(found), positions(row), "{said} {number}");
        }
        for (field, value) in schema.fields.iter().zip(&row.values) {
            if limits.fields.contains(&field.id.as_ref()) {
                continue;
            }
            let place = fields.iter().position(|it| it.is_named(&field.id) || it.is_named(&field.name.zh));
            let found = place.map(|place| &found.values[place]);
            // An instant may come without its milliseconds where they are none.
            let words = |value: &Value| (!value.is_null()).then(|| value.to_string().replace(".000Z", "Z"));
            assert_eq!(found.and_then(words), words(value), "{said} {number} {}", field.id);
        }
    }
}

fn read_all(path: &Path, format: &Format) -> (Vec<Field>, Vec<Feature>) {
    let task = &mut Task::silent();
    let options = ReadOptions { one_layer: true, ..ReadOptions::default() };
    let looked = survey(path, &options, task).unwrap_or_else(|error| panic!("{}: {error}", format.id));
    assert_eq!(looked.format.id, format.id);
    assert_eq!(looked.layers.len(), 1, "{}: {:?}", format.id, looked.layers);
    let mut features = Vec::new();
    let mut sink = |_, _, feature| {
        features.push(feature);
        ControlFlow::Continue(())
    };
    read(path, &looked, task, &mut sink).unwrap_or_else(|error| panic!("{}: {error}", format.id));
    let draft = &looked.layers[0];
    assert_eq!(draft.features, features.len() as u64, "{}", format.id);
    assert_eq!(draft.sample.first().map(|row| &row.values), features.first().map(|row| &row.values), "{}", format.id);
    (draft.fields.clone(), features)
}

/// All positions, to the ten-millionth: a ring may turn the other way, a part may come before another.
fn positions(feature: &Feature) -> Vec<[i64; 3]> {
    struct Collect(Vec<[i64; 3]>);
    impl Visitor for Collect {
        fn path(&mut self, coords: Coords<'_>) {
            let whole = |number: f64| (number * 1e7).round() as i64;
            self.0.extend((0..coords.len()).map(|at| {
                let [x, y] = coords.xy(at);
                [whole(x), whole(y), whole(coords.z(at).unwrap_or_default())]
            }));
        }
    }
    let mut all = Collect(Vec::new());
    feature.geometry.iter().for_each(|geometry| geometry.walk(&mut all));
    all.0.sort_unstable();
    all.0
}

fn schema(kind: GeometryKind) -> Schema {
    Schema {
        table: "city".to_owned(),
        name: Text::new("城市设施", "Facilities"),
        kind: "plain".to_owned(),
        geometry: Some(kind),
        crs: Crs::WGS84,
        z_order: 0,
        fields: vec![
            Field::int("number", "号", "Number"),
            Field { name: Text::same("名称"), ..Field::text("名称", "", "") },
            Field::text("code", "编码", "Code"),
            Field::real("length_m", "长度", "Length", "m"),
            Field::bool("active", "启用", "Active"),
            Field::new("day", FieldType::Date, "日期", "Day"),
            Field::new("moment", FieldType::DateTime, "时刻", "Moment"),
        ],
    }
}

/// Two rows with everything, one with nothing but its number, one without a place.
fn rows(kind: GeometryKind, has_z: bool) -> Vec<Feature> {
    let full = |number: i64, name: &str| {
        vec![
            Value::Int(number),
            Value::from(name),
            Value::from("0360402"),
            Value::Real(12.5),
            Value::Bool(number % 2 == 0),
            Value::from("2026-11-22"),
            Value::from("2026-11-22T06:03:27.000Z"),
        ]
    };
    let mut empty = vec![Value::Null; 7];
    empty[0] = Value::Int(3);
    let values = [full(1, "九江 <市> & \"区\""), full(2, "浔阳区"), empty, full(4, "无处")];
    (1..)
        .zip(values)
        .map(|(id, values)| {
            let geometry = (id != 4).then(|| geometry(kind, has_z, 115.9 + id as f64 / 100.0));
            Feature { id, geometry, values }
        })
        .collect()
}

fn geometry(kind: GeometryKind, has_z: bool, lon: f64) -> Geometry {
    let mut out = WkbWriter::new(has_z);
    let (single, count) = match kind {
        GeometryKind::MultiPoint => (GeometryKind::Point, 2),
        GeometryKind::MultiLineString => (GeometryKind::LineString, 2),
        GeometryKind::MultiPolygon => (GeometryKind::Polygon, 2),
        single => (single, 1),
    };
    if count > 1 {
        out.head(kind, count);
    }
    for part in 0..count {
        let lat = 29.7 + part as f64;
        let path: &[[f64; 2]] = match single {
            GeometryKind::Point => &[[0.0, 0.0]],
            GeometryKind::LineString => &[[0.0, 0.0], [0.001, 0.002], [0.003, 0.0]],
            _ => &[[0.0, 0.0], [0.004, 0.0], [0.004, 0.004], [0.0, 0.004], [0.0, 0.0]],
        };
        out.head(single, if single == GeometryKind::Polygon { 2 } else { path.len() });
        let put = |out: &mut WkbWriter, at: &[f64; 2]| out.position(lon + at[0], lat + at[1], 12.25 + at[0] * 1000.0);
        if single == GeometryKind::Polygon {
            out.ring(path.len());
        }
        path.iter().for_each(|at| put(&mut out, at));
        if single == GeometryKind::Polygon {
            let hole = [[0.001, 0.001], [0.001, 0.002], [0.002, 0.002], [0.002, 0.001], [0.001, 0.001]];
            out.ring(hole.len());
            hole.iter().for_each(|at| put(&mut out, at));
        }
    }
    Geometry::from_writer(out).expect("well formed")
}
