//! Features that go out as they came in, and with what has changed.

use super::super::format::{ReadOptions, read, survey};
use super::*;
use crate::model::feature::Feature;
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::text::Text as Words;

/// Odd in every way that a writer of its own would even out.
const ODD: &str = r#"{ "maker": {"x": [1.50]},
  "type":"FeatureCollection", "bbox": [116.0,29,117,30],
  "features" : [
    {"geometry":{"coordinates":[116.10,29.70],"type":"Point"},"type":"Feature","style":{"a":1},"properties":{"b":1.50,"a":null}},
  {"type":"Feature","id":"k-2","properties":{"a":2e0},"geometry":null}
 ], "end": true}
"#;

#[test]
fn what_nobody_changed_goes_out_byte_for_byte() {
    for text in [
        ODD,
        "{\"type\":\"Feature\",\"properties\":{\"a\":1.0},\"geometry\":null}\n\n {\"properties\":{\"a\":2},\"type\":\"Feature\",\"geometry\":null}\n",
    ] {
        let (around, rows) = kept(text);
        assert_eq!(written(around, &rows, true), text);
    }
}

#[test]
fn only_the_changed_members_are_replaced() {
    check(0, false, &[(1, Stood::Property("b".into()))], "\"b\":1.50", "\"b\":7.0");
    check(
        0,
        true,
        &[],
        "\"coordinates\":[116.10,29.70],\"type\":\"Point\"",
        "\"type\":\"Point\",\"coordinates\":[1,2]",
    );
    check(0, false, &[(0, Stood::Nowhere)], "\"a\":null}", "\"a\":null,\"name\":\"新\"}");
    check(1, false, &[(0, Stood::Id)], "\"id\":\"k-2\"", "\"id\":\"新\"");
    check(1, false, &[(0, Stood::Property("a".into()))], "\"a\":2e0", "\"a\":\"新\"");
}

#[test]
fn a_box_that_may_no_longer_fit_is_left_out_and_told_of() {
    let (around, rows) = kept(ODD);
    let text = written(around, &rows[1..], false);
    assert!(!text.contains("bbox") && text.contains("\"maker\": {\"x\": [1.50]}") && text.contains("\"end\": true"));
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
}

/// The odd document with one row changed says `then` where it said `before`, and nothing else is different.
#[track_caller]
fn check(row: usize, is_moved: bool, changed: &[(usize, Stood)], before: &str, then: &str) {
    let (around, mut rows) = kept(ODD);
    rows[row].is_moved = is_moved;
    rows[row].changed = changed.to_vec();
    assert!(ODD.contains(before), "{before}");
    assert_eq!(written(around, &rows, true), ODD.replace(before, then));
}

fn kept(text: &str) -> (Around, Vec<Original>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.geojson");
    std::fs::write(&path, text).expect("written");
    let seen = survey(&path, &ReadOptions::default(), &mut Task::silent()).expect("readable");
    assert_eq!(obstacle(&seen), None);
    let mut rows = Vec::new();
    let around = texts(&path, &seen, &mut Task::silent(), &mut |_, gap, text| {
        rows.push(Original { gap: gap.to_vec(), text: text.to_vec(), ..Original::default() });
        ControlFlow::Continue(())
    });
    let mut read_rows = 0;
    let counted = read(&path, &seen, &mut Task::silent(), &mut |_, _, _| {
        read_rows += 1;
        ControlFlow::Continue(())
    });
    assert!(counted.is_ok() && read_rows == rows.len());
    (around.expect("readable").expect("features"), rows)
}

fn written(around: Around, rows: &[Original], is_whole: bool) -> String {
    let schema = Schema {
        table: "t".to_owned(),
        name: Words::same("t"),
        kind: "plain".into(),
        geometry: None,
        crs: Crs::WGS84,
        z_order: 0,
        fields: vec![Field::text("name", "名称", "Name"), Field::real("b", "b", "b", "")],
    };
    let feature =
        Feature {
            id: 1, geometry: Some(Geometry::point(1.0, 2.0)), values: vec![Value::from("新"), Value::Real(7.0)]
        };
    let mut out = Vec::new();
    let options = WriteOptions::default();
    let mut writer = LosslessWriter::new(&mut out, &schema, &options, around, is_whole).expect("begun");
    rows.iter().for_each(|row| writer.write(&feature, Some(row)).expect("written"));
    let done = writer.finish().expect("ended");
    assert_eq!((done.features, done.problems.is_empty()), (rows.len() as u64, is_whole));
    String::from_utf8(out).expect("UTF-8")
}
