//! FlatGeobuf files that are odd, or lie.

use std::ops::ControlFlow;

use super::super::format::{WriteOptions, write_file};
use super::*;
use crate::model::geometry::{GeometryKind, WkbWriter};
use crate::model::schema::Schema;

#[test]
fn collections_and_mixtures_keep_their_parts() {
    let mut nested = WkbWriter::new(false);
    nested.head(GeometryKind::Collection, 2);
    nested.head(GeometryKind::MultiPolygon, 1);
    nested.head(GeometryKind::Polygon, 1);
    nested.ring(4);
    [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]].iter().for_each(|[x, y]| nested.position(*x, *y, 0.0));
    nested.head(GeometryKind::Collection, 1);
    nested.head(GeometryKind::Point, 1);
    nested.position(7.0, 8.0, 0.0);
    let nested = Geometry::from_writer(nested).expect("well formed");
    let rows = [nested, Geometry::point(1.0, 2.0), Geometry::line(&[[0.0, 0.0], [3.0, 4.0]])];
    let (_, mut again) = round(&schema(Crs::CGCS2000), &rows, true);
    again.sort_by_key(|geometry| std::cmp::Reverse(geometry.as_ref().map_or(0, |it| it.wkb().len())));
    let kinds: Vec<_> = again.iter().flatten().map(Geometry::kind).collect();
    assert_eq!(kinds, [GeometryKind::Collection, GeometryKind::LineString, GeometryKind::Point]);
    assert_eq!(again[0].as_ref(), Some(&rows[0]));
}

#[test]
fn every_crs_comes_in_again() {
    for crs in [Crs::CGCS2000, Crs::Epsg(4548), Crs::Gcj02, Crs::Bd09] {
        let (survey, _) = round(&schema(crs), &[Geometry::point(116.0, 29.7)], true);
        assert_eq!((survey.crs, survey.crs_origin), (crs, CrsOrigin::Declared));
    }
    let (survey, _) = round(&schema(Crs::Unknown), &[Geometry::point(116.0, 29.7)], true);
    assert_eq!((survey.crs, survey.crs_origin), (Crs::WGS84, CrsOrigin::Guessed));
}

#[test]
fn a_multi_line_of_one_line_says_where_it_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.fgb");
    let line = Geometry::line(&[[0.0, 0.0], [3.0, 4.0], [5.0, 0.0]]);
    let row = Feature { id: 0, geometry: Some(line), values: Vec::new() };
    let schema = Schema { geometry: Some(GeometryKind::MultiLineString), ..schema(Crs::WGS84) };
    write_file(&path, false, &schema, &WriteOptions::default(), |writer| writer.write(&row)).expect("written");
    let mut stream = Stream::open(&path).expect("readable");
    let feature = stream.next().expect("readable").expect("a feature");
    let ends = feature.geometry().and_then(|flat| flat.ends()).expect("ends");
    assert_eq!(ends.iter().collect::<Vec<_>>(), [3]);
}

#[test]
fn a_header_that_claims_two_million_features_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.fgb");
    let mut header = flatbuffers::FlatBufferBuilder::new();
    let arguments = flatgeobuf::HeaderArgs { features_count: 2_000_000, ..flatgeobuf::HeaderArgs::default() };
    let table = Header::create(&mut header, &arguments);
    header.finish_size_prefixed(table, None);
    let bytes = [b"fgb\x03fgb\0", header.finished_data(), &[0; 900]].concat();
    std::fs::write(&path, bytes).expect("written");
    let refused = survey(&path, &ReadOptions::default(), &mut Task::silent());
    assert!(matches!(refused, Err(ReadError::Truncated { .. })));
}

#[test]
fn values_of_no_type_are_told() {
    let schema = Schema { fields: vec![Field::int("n", "数", "N")], ..schema(Crs::WGS84) };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.fgb");
    let row = Feature { id: 3, geometry: Some(Geometry::point(1.0, 2.0)), values: vec![Value::from("三")] };
    let written =
        write_file(&path, false, &schema, &WriteOptions::default(), |writer| writer.write(&row)).expect("written");
    assert_eq!(written.problems.listed[0].feature, Some(3));
}

fn schema(crs: Crs) -> Schema {
    Schema {
        table: "t".to_owned(),
        name: Text::new("城", "City"),
        kind: "plain".to_owned(),
        geometry: Some(GeometryKind::Collection),
        crs,
        z_order: 0,
        fields: Vec::new(),
    }
}

fn round(schema: &Schema, geometries: &[Geometry], one_layer: bool) -> (Survey, Vec<Option<Geometry>>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.fgb");
    let rows: Vec<Feature> =
        geometries.iter().map(|it| Feature { id: 0, geometry: Some(it.clone()), values: Vec::new() }).collect();
    write_file(&path, false, schema, &WriteOptions::default(), |writer| writer.write_many(&rows)).expect("written");
    let looked =
        survey(&path, &ReadOptions { one_layer, ..ReadOptions::default() }, &mut Task::silent()).expect("readable");
    let mut again = Vec::new();
    let mut sink = |_, _, feature: Feature| {
        again.push(feature.geometry);
        ControlFlow::Continue(())
    };
    read(&path, &looked, &mut Task::silent(), &mut sink).expect("readable");
    (looked, again)
}
