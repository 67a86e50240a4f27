//! What goes out, and that it comes in again as it was.

use std::ops::ControlFlow;

use expect_test::{Expect, expect};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::columns::ColumnNames;
use super::super::format::{Create, CreateFn, FORMATS, Format, ReadOptions, read, survey, write_file};
use super::*;
use crate::geom::crs::Crs;
use crate::model::geometry::{GeometryKind, WkbWriter};
use crate::task::Task;

#[test]
fn a_document_is_rfc_7946() {
    let options = WriteOptions {
        bbox: true,
        labels_not_codes: true,
        note: Some(Text::new("虚构数据", "invented")),
        ..WriteOptions::default()
    };
    check(
        0,
        &options,
        expect![[r#"
        {"type":"FeatureCollection","name":"管道","note":{"zh":"虚构数据","en":"invented"},"features":[
        {"type":"Feature","id":"a-1","properties":{"category":"雨水","Their \"name\"":600,"length_m":2.0,"active":true,"more":{"b":1},"photo":"AQIDBA=="},"geometry":{"type":"LineString","coordinates":[[115.98,29.71],[116.2,29.73]]}},
        {"type":"Feature","properties":{"category":null,"Their \"name\"":null,"length_m":null,"active":null,"more":null,"photo":null},"geometry":null}
        ],"bbox":[115.98,29.71,116.2,29.73]}
    "#]],
    );
}

#[test]
fn a_line_holds_a_whole_feature() {
    let options = WriteOptions {
        bbox: true,
        note: Some(Text::new("虚构数据", "invented")),
        decimals: 3,
        ..WriteOptions::default()
    };
    check(
        1,
        &options,
        expect![[r#"
        {"type":"Feature","note":{"zh":"虚构数据","en":"invented"},"id":"a-1","bbox":[115.98,29.71,116.2,29.73],"properties":{"category":"storm","Their \"name\"":600,"length_m":2.0,"active":true,"more":{"b":1},"photo":"AQIDBA=="},"geometry":{"type":"LineString","coordinates":[[115.98,29.71],[116.2,29.73]]}}
        {"type":"Feature","properties":{"category":null,"Their \"name\"":null,"length_m":null,"active":null,"more":null,"photo":null},"geometry":null}
    "#]],
    );
}

#[test]
fn another_crs_than_wgs_84_is_refused() {
    let refused = |crs| {
        let options = WriteOptions { crs: Some(crs), ..WriteOptions::default() };
        let creates = [create as CreateFn, create_lines];
        creates.iter().filter(|create| create(&mut Vec::<u8>::new(), &pipes(), &options).is_err()).count()
    };
    assert_eq!([refused(Crs::Epsg(4548)), refused(Crs::CGCS2000), refused(Crs::WGS84)], [2, 2, 0]);
}

#[test]
fn what_is_no_longitude_and_latitude_goes_out_and_is_told_of() {
    let schema = Schema { crs: Crs::CGCS2000, fields: Vec::new(), ..pipes() };
    let features = [(1, [500.0, 30.0]), (2, [116.0, 29.7]), (3, [116.0, -95.0])];
    let features =
        features.map(|(id, [x, y])| Feature { id, geometry: Some(Geometry::point(x, y)), values: Vec::new() });
    let (text, written) = written(&FORMATS[0], &schema, &WriteOptions::default(), &features);
    let told: Vec<_> = written.problems.listed.iter().map(|problem| (problem.rule, problem.feature)).collect();
    assert_eq!(told, [("data.place", Some(1)), ("data.place", Some(3))]);
    assert_eq!((written.features, text.contains("[500,30]")), (3, true), "{text}");
}

#[test]
fn features_outside_the_crs_are_left_out_and_named() {
    let schema = Schema { crs: Crs::WEB_MERCATOR, fields: Vec::new(), ..pipes() };
    let features = [Geometry::point(0.0, 0.0), Geometry::point(1e12, 0.0)];
    let features = features.map(|geometry| Feature { id: 1, geometry: Some(geometry), values: Vec::new() });
    let (text, written) = written(&FORMATS[0], &schema, &WriteOptions::default(), &features);
    assert_eq!((written.features, written.problems.count()), (1, 1));
    assert_eq!(written.bytes, text.len() as u64);
    assert!(serde_json::from_str::<IgnoredAny>(&text).is_ok());
}

#[test]
fn the_ending_of_a_name_chooses_the_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let feature = Feature { id: 1, geometry: Some(Geometry::point(0.0, 0.0)), values: Vec::new() };
    let schema = Schema { crs: Crs::WGS84, fields: Vec::new(), ..pipes() };
    let write = |name: &str| {
        let path = folder.path().join(name);
        let done = write_file(&path, false, &schema, &WriteOptions::default(), |writer| writer.write(&feature));
        (done.map(|written| written.bytes), std::fs::read_to_string(path).unwrap_or_default())
    };
    let (bytes, text) = write("管道.GeoJSONL");
    assert_eq!(bytes.expect("written"), text.len() as u64);
    assert_eq!(text.lines().count(), 1);
    assert!(write("管道.json").1.starts_with("{\"type\":\"FeatureCollection\""));
    assert!(matches!(write("管道.json").0, Err(WriteError::Exists { .. })));
    assert!(matches!(write("管道.dwg").0, Err(WriteError::NotSupported { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_goes_out_comes_in_again(layer in layers()) {
        for format in &FORMATS[..2] {
            let (schema, features) = &layer;
            let (text, _) = written(format, schema, &WriteOptions::default(), features);
            let (names, again) = read_again(format, &text);
            let expected: Vec<String> = schema.fields.iter().map(|field| field.name.zh.to_string()).collect();
            prop_assert_eq!(names, expected);
            prop_assert_eq!(&again, features);
        }
    }
}

/// One feature with everything, in plane coordinates.
#[track_caller]
fn check(format: usize, options: &WriteOptions, expected: Expect) {
    let geometry = Geometry::line(&[[401_296.435_6, 3_288_402.358_3], [422_601.594_1, 3_290_451.825_8]]);
    let values = vec![
        Value::from("a-1"),
        Value::from("storm"),
        Value::Int(600),
        Value::Real(2.0),
        Value::Int(1),
        Value::from("{ \"b\" : 1 }"),
        Value::Blob(vec![1, 2, 3, 4]),
    ];
    let empty = Feature { id: 8, geometry: None, values: vec![Value::Null; 7] };
    let features = [Feature { id: 7, geometry: Some(geometry), values }, empty];
    expected.assert_eq(&written(&FORMATS[format], &pipes(), options, &features).0);
}

fn pipes() -> Schema {
    let theirs = |field: Field| Field { name: Text::same("Their \"name\""), ..field };
    Schema {
        table: "sewer_pipe".to_owned(),
        name: Text::new("管道", "Pipes"),
        kind: "sewer_pipe".to_owned(),
        geometry: Some(GeometryKind::LineString),
        crs: Crs::Epsg(4548),
        z_order: 0,
        fields: vec![
            Field::text(ID_COLUMN, "编号", "Id"),
            Field::coded("category", "类别", "Category", &[("storm", "雨水", "Storm")]),
            theirs(Field::int("their_name", "", "")),
            Field::real("length_m", "长度", "Length", "m"),
            Field::bool("active", "启用", "Active"),
            Field::new("more", FieldType::Json, "更多", "More"),
            Field::new("photo", FieldType::Blob, "照片", "Photo"),
        ],
    }
}

fn written(format: &Format, schema: &Schema, options: &WriteOptions, features: &[Feature]) -> (String, Written) {
    let mut out = Vec::new();
    let Some(Create::Stream(create)) = format.create else { panic!("{} is no stream", format.id) };
    let mut writer = create(&mut out, schema, options).expect("begun");
    let (some, rest) = features.split_at(features.len() / 2);
    for feature in some {
        writer.write(feature).expect("written");
    }
    writer.write_many(rest).expect("written");
    let written = writer.finish().expect("ended");
    (String::from_utf8(out).expect("UTF-8"), written)
}

fn read_again(format: &Format, text: &str) -> (Vec<String>, Vec<Feature>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a").with_extension(format.endings[0]);
    std::fs::write(&path, text).expect("written");
    let seen = survey(&path, &ReadOptions::default(), &mut Task::silent()).expect("readable");
    assert_eq!((seen.layers.len(), seen.problems.count()), (1, 0));
    let names = seen.layers[0].fields.iter().map(|field| field.name.zh.to_string()).collect();
    let mut features = Vec::new();
    let mut sink = |_, _, feature| {
        features.push(feature);
        ControlFlow::Continue(())
    };
    read(&path, &seen, &mut Task::silent(), &mut sink).expect("readable");
    (names, features)
}

/// A layer of one kind of geometry with columns of every type.
fn layers() -> impl Strategy<Value = (Schema, Vec<Feature>)> {
    let types = vec![
        FieldType::Bool,
        FieldType::Int,
        FieldType::Real,
        FieldType::Text,
        FieldType::Date,
        FieldType::DateTime,
        FieldType::Json,
    ];
    let columns = proptest::collection::btree_map("[a-z]{1,3}|\\PC{1,8}|Name|name|fid", select(types), 0..6);
    (columns, select(GeometryKind::ALL.to_vec())).prop_flat_map(|(columns, kind)| {
        let mut names = ColumnNames::default();
        let fields: Vec<Field> = columns
            .into_iter()
            .map(|(name, field_type)| Field {
                name: Text::same(name.clone()),
                ..Field::new(names.take(&name), field_type, "", "")
            })
            .collect();
        let values: Vec<BoxedStrategy<Value>> = fields.iter().map(|field| values(field.field_type)).collect();
        let schema = Schema { geometry: Some(kind), crs: Crs::CGCS2000, fields, ..pipes() };
        let features = vec((geometries(kind), values), 1..20).prop_map(|rows| {
            let row = |(id, (geometry, values))| Feature { id, geometry: Some(geometry), values };
            (1..).zip(rows).map(row).collect()
        });
        (Just(schema), features)
    })
}

fn values(field_type: FieldType) -> BoxedStrategy<Value> {
    let known = match field_type {
        FieldType::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        FieldType::Int => any::<i64>().prop_map(Value::Int).boxed(),
        FieldType::Real => any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::Real).boxed(),
        FieldType::Date => "20[0-9]{2}-0[1-9]-[12][0-9]".prop_map(Value::Text).boxed(),
        FieldType::DateTime => {
            "20[0-9]{2}-0[1-9]-[12][0-9]T1[0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z".prop_map(Value::Text).boxed()
        }
        FieldType::Json => vec(any::<Option<i8>>(), 0..3)
            .prop_map(|list| Value::from(format!("{{\"a b\":{}}}", serde_json::json!(list))))
            .boxed(),
        _ => any::<String>().prop_map(Value::Text).boxed(),
    };
    prop_oneof![4 => known, 1 => Just(Value::Null)].boxed()
}

/// Positions on the grid that seven decimals hold; rings turn as RFC 7946 wants them.
fn geometries(kind: GeometryKind) -> impl Strategy<Value = Geometry> {
    let position = || (-1_790_000_000..1_790_000_000_i64, -890_000_000..890_000_000_i64, -99_999..99_999_i64);
    (any::<bool>(), vec(vec(position(), 2..6), 0..4)).prop_map(move |(has_z, paths)| {
        let mut out = WkbWriter::new(has_z && !paths.is_empty()); // no heights without positions
        write_kind(kind, &paths, &mut out);
        Geometry::from_writer(out).expect("well formed")
    })
}

type Path = Vec<(i64, i64, i64)>;

fn write_kind(kind: GeometryKind, paths: &[Path], out: &mut WkbWriter) {
    let put = |out: &mut WkbWriter, at: &(i64, i64, i64)| {
        out.position(at.0 as f64 / 1e7, at.1 as f64 / 1e7, at.2 as f64 / 1e3);
    };
    let part = match kind {
        GeometryKind::Point => {
            out.head(kind, 1);
            return put(out, paths.first().map_or(&(0, 0, 0), |path| &path[0]));
        }
        GeometryKind::LineString => {
            let path = paths.first().map_or(&[][..], |path| path.as_slice());
            out.head(kind, path.len());
            return path.iter().for_each(|at| put(out, at));
        }
        GeometryKind::Polygon => {
            out.head(kind, paths.len());
            for (ring, path) in paths.iter().enumerate() {
                let (x, y, z) = path[0];
                let mut corners = [(x, y, z), (x + 100, y, z), (x + 100, y + 50, z), (x, y, z)];
                if ring > 0 {
                    corners.reverse();
                }
                out.ring(corners.len());
                for at in &corners {
                    put(out, at);
                }
            }
            return;
        }
        GeometryKind::MultiPoint => GeometryKind::Point,
        GeometryKind::MultiLineString => GeometryKind::LineString,
        GeometryKind::MultiPolygon => GeometryKind::Polygon,
        GeometryKind::Collection => {
            out.head(kind, 3);
            write_kind(GeometryKind::MultiPolygon, paths, out);
            write_kind(GeometryKind::Point, paths, out);
            return write_kind(GeometryKind::LineString, paths, out);
        }
    };
    out.head(kind, paths.len());
    for path in paths {
        write_kind(part, std::slice::from_ref(path), out);
    }
}
