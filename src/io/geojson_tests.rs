//! What comes in from GeoJSON files, good and bad, and whether it goes out the same.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use expect_test::{Expect, expect};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde::de::IgnoredAny;

use super::super::format::{read, survey};
use super::super::geojson_scan::scan;
use super::*;
use crate::task::Cancel;
use crate::text::Lang;

#[test]
fn points_lines_and_areas_become_layers_of_their_own() {
    check(
        r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordinates":[116,29]}},
            {"type":"Feature","properties":{"b":"x"},"geometry":{"type":"LineString","coordinates":[[1,2],[3,4]]}},
            {"type":"Feature","properties":{"a":2.5},"geometry":{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}},
            {"type":"Feature","properties":null,"geometry":null}]}"#,
        expect![[r#"
            a_points Some(MultiPoint) 3 in EPSG:4326: a Real
              #0 MULTIPOINT(116.0 29.0) [Real(1.0)]
              #0 MULTIPOINT(1.0 2.0,3.0 4.0) [Real(2.5)]
              #0 nowhere [Null]
            a_lines Some(LineString) 1 in EPSG:4326: b Text
              #0 LINESTRING(1.0 2.0,3.0 4.0) [Text("x")]
        "#]],
    );
}

#[test]
fn one_layer_takes_everything() {
    let options = ReadOptions { one_layer: true, layer_name: Some("甲".to_owned()), ..ReadOptions::default() };
    let text = r#"{"type":"GeometryCollection","geometries":[
        {"type":"Point","coordinates":[1,2,3]},{"coordinates":[[[0,0],[2,0],[2,2],[0,0]]],"type":"Polygon"}]}"#;
    expect![[r"
        甲 Some(Collection) 1 in EPSG:4326: 
          #0 GEOMETRYCOLLECTION(POINT(1.0 2.0),POLYGON((0.0 0.0,2.0 0.0,2.0 2.0,0.0 0.0))) []
    "]]
    .assert_eq(&shown("a.json", text.as_bytes(), &options));
}

#[test]
fn values_keep_what_they_are() {
    check(
        r#"{"type":"Feature","geometry":null,"properties":{"int":-5,"big":12345678901234567890,"real":1e3,"huge":1e400,
            "yes":true,"nested":{ "a": [1, {"b": null}] },"text":"\u4e2d\n","day":"2026-11-22","nothing":null,"\u0061":1}}"#,
        expect![[r#"
            a None 1 in EPSG:4326: int Int, big Text, real Real, huge Text, yes Bool, nested Json, text Text, day Date, nothing Text, a Int
              #0 nowhere [Int(-5), Text("12345678901234567890"), Real(1000.0), Text("1e400"), Bool(true), Text("{\"a\":[1,{\"b\":null}]}"), Text("中\n"), Text("2026-11-22"), Null, Int(1)]
        "#]],
    );
}

#[test]
fn hostile_names_become_good_columns() {
    check(
        r#"{"type":"Feature","geometry":null,"properties":{"fid":1,"geom":2,"Name":3,"name":4,"":5,"a\"b":6,"name":7,"rowid":8}}"#,
        expect![[r#"
            a None 1 in EPSG:4326: fid_2="fid" Int, geom_2="geom" Int, Name Int, name_2="name" Int, field="" Int, ab="a\"b" Int, rowid_2="rowid" Int
              #0 nowhere [Int(1), Int(2), Int(3), Int(7), Int(5), Int(6), Int(8)]
        "#]],
    );
}

#[test]
fn ids_become_rows_only_if_they_can() {
    let feature = |id: &str| format!(r#"{{"type":"Feature","id":{id},"geometry":null,"properties":{{"id":"p"}}}}"#);
    let all = |ids: &[&str]| {
        let features: Vec<String> = ids.iter().map(|id| feature(id)).collect();
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    };
    check(
        &all(&["7", "3"]),
        expect![[r#"
        a None 2 in EPSG:4326: id Text
          #7 nowhere [Text("p")]
          #3 nowhere [Text("p")]
    "#]],
    );
    check(
        &all(&["7", "7"]),
        expect![[r#"
        a None 2 in EPSG:4326: feature_id="id" Int, id Text
          #0 nowhere [Int(7), Text("p")]
          #0 nowhere [Int(7), Text("p")]
    "#]],
    );
    check(
        &all(&["\"a\"", "\"b\""]),
        expect![[r#"
        a None 2 in EPSG:4326: feature_id="id" Text, id Text
          #0 nowhere [Text("a"), Text("p")]
          #0 nowhere [Text("b"), Text("p")]
    "#]],
    );
    check(
        &all(&["\"a\"", "5", "2.50"]),
        expect![[r#"
        a None 3 in EPSG:4326: feature_id="id" Json, id Text
          #0 nowhere [Text("\"a\""), Text("p")]
          #0 nowhere [Text("5"), Text("p")]
          #0 nowhere [Text("2.50"), Text("p")]
    "#]],
    );
    check(
        &all(&["{}", "null"]),
        expect![[r#"
        a None 2 in EPSG:4326: id Text
          #0 nowhere [Text("p")]
          #0 nowhere [Text("p")]
        warning geojson.bad-id 1: its id is no number or text: left out
    "#]],
    );
}

#[test]
fn bad_features_are_left_out_and_named() {
    let geometries = [
        r#"{"type":"Point","coordinates":[116,29]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2]]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[2,0],[0,0]]]}"#,
        r#"{"type":"LineString","coordinates":[[0,0]]}"#,
        r#"{"type":"Point","coordinates":[116]}"#,
        r#"{"type":"Point","coordinates":[116,null]}"#,
        r#"{"type":"Point","coordinates":["116","29"]}"#,
        r#"{"type":"Point","coordinates":[[116,29]]}"#,
        r#"{"type":"Point","coordinates":[401296,3288402]}"#,
        r#"{"type":"Point","coordinates":[1e400,29]}"#,
        r#"{"type":"Circle","coordinates":[116,29]}"#,
        r#"{"type":"MultiPolygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}"#,
        "7",
    ];
    let features: Vec<String> =
        geometries.iter().map(|it| format!(r#"{{"type":"Feature","properties":{{}},"geometry":{it}}}"#)).collect();
    let text = format!(r#"{{"type":"FeatureCollection","features":[{},5,null]}}"#, features.join(","));
    check(
        &text,
        expect![[r"
        a_points Some(Point) 1 in EPSG:4326: 
          #0 POINT(116.0 29.0) []
        a_polygons Some(Polygon) 1 in EPSG:4326: 
          #0 POLYGON((0.0 0.0,2.0 0.0,2.0 2.0,0.0 0.0)) []
        warning geojson.ring-open 2: a ring was open and has been closed
        error geojson.short-ring 3: a ring has fewer than four positions
        error geojson.short-line 4: a line has fewer than two positions
        error geojson.bad-coordinates 5: its coordinates are not numbers, two or more each
        error geojson.bad-coordinates 6: its coordinates are not numbers, two or more each
        error geojson.bad-coordinates 7: its coordinates are not numbers, two or more each
        error geojson.bad-nesting 8: its coordinates do not fit its type
        error geojson.out-of-range 9: (401296, 3288402) is no longitude and latitude; if it is projected, choose its coordinate system
        error geojson.unreadable 10: it cannot be read: number out of range
        error geojson.unknown-type 11: “Circle” is no type of GeoJSON
        error geojson.bad-nesting 12: its coordinates do not fit its type
        error geojson.bad-geometry 13: its geometry is no object
        error geojson.not-a-feature 14: it is no GeoJSON feature
        error geojson.not-a-feature 15: it is no GeoJSON feature
    "]],
    );
}

#[test]
fn older_files_may_name_their_crs() {
    let text = |crs: &str| {
        format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{}},"geometry":{{"type":"Point",
            "coordinates":[401296,3288402]}}}}],"crs":{{"type":"name","properties":{{"name":"{crs}"}}}}}}"#
        )
    };
    check(
        &text("urn:ogc:def:crs:EPSG::4548"),
        expect![[r"
        a Some(Point) 1 in EPSG:4548: 
          #0 POINT(401296.0 3288402.0) []
    "]],
    );
    check(
        &text("urn:ogc:def:crs:OGC:1.3:CRS84"),
        expect![[r"
        Nothing in the file can be used: (401296, 3288402) is no longitude and latitude; if it is projected, choose its coordinate system
    "]],
    );
    check(
        &text("my own"),
        expect![[r"
        The file's coordinate system “my own” is not known: choose one and import again
    "]],
    );
}

#[test]
fn one_feature_a_line_is_judged_line_by_line() {
    let text = "{\"type\":\"Feature\",\"properties\":{\"a\":1},\"geometry\":null}\r\n\n{\"type\":\"Feature\"\n\
                {\"type\":\"Feature\",\"properties\":{\"a\":2},\"geometry\":null}";
    for name in ["a.geojsonl", "a.json"] {
        let expected = expect![[r"
            a None 2 in EPSG:4326: a Int
              #0 nowhere [Int(1)]
              #0 nowhere [Int(2)]
            error geojson.not-well-formed 3: this line is no JSON: EOF while parsing an object
        "]];
        expected.assert_eq(&shown(name, text.as_bytes(), &ReadOptions::default()));
    }
    let records = "\u{1e}{\"type\":\"Feature\",\n\"properties\":{\"a\":1},\"geometry\":null}\n\u{1e}{\"type\":\"Point\",\"coordinates\":[1,2]}\n";
    expect![[r"
        a Some(Point) 2 in EPSG:4326: a Int
          #0 nowhere [Int(1)]
          #0 POINT(1.0 2.0) [Null]
    "]]
    .assert_eq(&shown("a.json", records.as_bytes(), &ReadOptions::default()));
    let document =
        "{\"type\":\"FeatureCollection\",\n\"features\":[{\"type\":\"Feature\",\"properties\":{},\"geometry\":null}]}";
    expect![[r"
        a None 1 in EPSG:4326: 
          #0 nowhere []
    "]]
    .assert_eq(&shown("a.ndjson", document.as_bytes(), &ReadOptions::default()));
}

#[test]
fn files_that_are_broken_as_a_whole_are_refused() {
    let good = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null}"#;
    let rows: [(&str, Expect); 12] = [
        (
            "",
            expect![[r"
            The file is empty
        "]],
        ),
        (
            " \n",
            expect![[r"
            The file is empty
        "]],
        ),
        (
            good,
            expect![[r"
            The file ends in the middle, after 90 bytes: copy or download it again
        "]],
        ),
        (
            &format!("{good},{{\"type\":\"Feature\",\"properties\":{{\"a\":}}}}]}}"),
            expect![[r"
            The file is not well-formed: line 1 (byte 127): expected value
        "]],
        ),
        (
            &format!("{good}]}}\n]"),
            expect![[r"
            The file is not well-formed: line 2 (byte 93): trailing characters
        "]],
        ),
        (
            &format!("{good},{{\"type\":\"Feature\",\"geometry\":{{\"type\":\"Point\",\"coordinates\":[NaN,1]}}}}]}}"),
            expect![[r"
            The file is not well-formed: line 1 (byte 151): expected value
        "]],
        ),
        (
            r#"{"type":"FeatureCollection","features":[]}"#,
            expect![[r"
            Nothing in the file can be used: there is no feature
        "]],
        ),
        (
            r#"{"type":"Thing","objects":{}}"#,
            expect![[r"
            The file holds JSON, but no GeoJSON
        "]],
        ),
        (
            "[1,2]",
            expect![[r"
            The file holds JSON, but no GeoJSON
        "]],
        ),
        (
            "[1,2",
            expect![[r"
            The file ends in the middle, after 4 bytes: copy or download it again
        "]],
        ),
        (
            r#"{"type":"Point","coordinates":[1]}"#,
            expect![[r"
            Nothing in the file can be used: its coordinates are not numbers, two or more each
        "]],
        ),
        (
            r#"{"type":"Point","coordinates":[401296,3288402]}"#,
            expect![[r"
            Nothing in the file can be used: (401296, 3288402) is no longitude and latitude; if it is projected, choose its coordinate system
        "]],
        ),
    ];
    for (text, expected) in rows {
        expected.assert_eq(&shown("a.geojson", text.as_bytes(), &ReadOptions::default()));
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    let good = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null}"#;
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    expect![[r"
        The file is in UTF-16: save it as UTF-8 and import again
    "]]
    .assert_eq(&shown("a.json", &utf16, &ReadOptions::default()));
    expect![[r"
        The text is not in UTF-8: line 1 (byte 9)
    "]]
    .assert_eq(&shown("a.json", b"{\"type\":\"\xd6\xd0\"}", &ReadOptions::default()));
}

#[test]
fn deep_nesting_neither_crashes_nor_takes_long() {
    let deep = 100_000;
    let in_coordinates = |inside: String| {
        format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","geometry":{inside},"properties":{{}}}}]}}"#
        )
    };
    let arrays = format!("{}{}", "[".repeat(deep), "]".repeat(deep));
    let collections = format!("{}{}", r#"{"type":"GeometryCollection","geometries":["#.repeat(deep), "]}".repeat(deep));
    let texts = [
        arrays.clone(),
        "[".repeat(deep),
        r#"{"":"#.repeat(deep),
        in_coordinates(format!(r#"{{"type":"Point","coordinates":{arrays}}}"#)),
        in_coordinates(collections),
        format!(r#"{{"type":"Feature","geometry":null,"properties":{{"a":{arrays}}}}}"#),
    ];
    for text in texts {
        shown("a.json", text.as_bytes(), &ReadOptions::default());
    }
}

#[test]
fn a_reading_can_be_cancelled_and_broken_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.json");
    std::fs::write(&path, r#"{"type":"Point","coordinates":[1,2]}"#).expect("written");
    let cancel = Cancel::default();
    cancel.cancel();
    let cancelled = survey(&path, &ReadOptions::default(), &mut Task::new(cancel, |_| {}));
    assert!(matches!(cancelled, Err(ReadError::Cancelled(_))));
    let seen = survey(&path, &ReadOptions::default(), &mut Task::silent()).expect("readable");
    let stopped = read(&path, &seen, &mut Task::silent(), &mut |_, _, _| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(ReadError::Stopped)));
}

#[test]
fn features_and_problems_are_numbered_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.json");
    let point = r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}"#;
    std::fs::write(&path, format!(r#"{{"type":"FeatureCollection","features":[{point},7,{point}]}}"#))
        .expect("written");
    let seen = survey(&path, &ReadOptions::default(), &mut Task::silent()).expect("readable");
    assert_eq!(seen.problems.listed[0].feature, Some(2));
    let mut numbers = Vec::new();
    let mut sink = |_, number, _| {
        numbers.push(number);
        ControlFlow::Continue(())
    };
    read(&path, &seen, &mut Task::silent(), &mut sink).expect("readable");
    assert_eq!(numbers, [1, 3]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What serde_json reads is well-formed here, and nothing else is.
    #[test]
    fn only_well_formed_files_pass(edits in vec((any::<u16>(), select(b"{}[]\",:\\ \n1e-.nu\xc3\x00".to_vec()), 0..3), 0..4)) {
        let mut text = br#" {"type":"FeatureCollection", "a":[{}, "}"],"features" : [{"type":"Feature","id":1,"properties":
            {"b\"{":"\u4e2d\\","c":[1,{"d":null}],"e":-1.5e3},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}
            , null,{"type":"Point","coordinates":[1,2]}], "z":true} "#.to_vec();
        for (at, byte, how) in edits {
            let at = usize::from(at) % text.len();
            match how {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => drop(text.remove(at)),
            }
        }
        let is_json = serde_json::from_slice::<IgnoredAny>(&text).is_ok() && std::str::from_utf8(&text).is_ok();
        if let Some(passed) = passes(&text) {
            prop_assert_eq!(passed, is_json, "{}", String::from_utf8_lossy(&text));
        }
    }
}

/// Whether the first pass finds nothing malformed; `None` where it would go on line by line.
fn passes(text: &[u8]) -> Option<bool> {
    let mut is_good = true;
    let scanned = scan(text, Layout::Document, &mut |batch| {
        is_good &= look(&batch, Layout::Document, true).is_ok();
        ControlFlow::Continue(())
    });
    if matches!(scanned, Err(ScanError::IsLines)) { None } else { Some(is_good && scanned.is_ok()) }
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&shown("a.geojson", text.as_bytes(), &ReadOptions::default()));
}

/// Everything that reading a file gives, as text.
fn shown(name: &str, bytes: &[u8], options: &ReadOptions) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    let seen = match survey(&path, options, &mut Task::silent()) {
        Ok(seen) => seen,
        Err(error) => return format!("{}\n", error.headline().get(Lang::En)),
    };
    let mut rows = vec![String::new(); seen.layers.len()];
    let problems = read(&path, &seen, &mut Task::silent(), &mut |layer, _, feature| {
        let place = feature.geometry.map_or("nowhere".to_owned(), |it| format!("{it:?}"));
        let _ = writeln!(rows[layer], "  #{} {place} {:?}", feature.id, feature.values);
        ControlFlow::Continue(())
    });
    let mut out = String::new();
    for (draft, rows) in seen.layers.iter().zip(rows) {
        let fields: Vec<String> = draft
            .fields
            .iter()
            .map(|field| match field.name.zh.as_ref() {
                name if name == field.id => format!("{} {:?}", field.id, field.field_type),
                name => format!("{}={name:?} {:?}", field.id, field.field_type),
            })
            .collect();
        let _ = writeln!(
            out,
            "{} {:?} {} in {}: {}",
            draft.name,
            draft.geometry,
            draft.features,
            seen.crs,
            fields.join(", ")
        );
        out.push_str(&rows);
    }
    for problem in seen.problems.listed.iter().chain(&problems.expect("readable").listed) {
        let (severity, rule, what) = (problem.severity.code(), problem.rule, &problem.what.en);
        let _ = writeln!(out, "{severity} {rule} {:?}: {what}", problem.feature.unwrap_or(0));
    }
    out
}
