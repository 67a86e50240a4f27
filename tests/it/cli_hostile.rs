//! Broken and malicious files: a clear answer, never a crash, a hang or half an import.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::fixture::{Desk, collection, point};

/// What may come of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// Refused whole: exit code 4, the city as it was.
    Refused,
    /// So many features come in, the others are told of.
    Taken(u64),
    /// Either, as long as the answer is clear.
    Any,
}

use Fate::{Any, Refused, Taken};

#[test]
fn files_that_are_no_geojson_are_refused_whole() {
    let deep = "[".repeat(200_000);
    let deep_object = "{\"a\":".repeat(100_000);
    check(&[
        ("empty", "", Refused),
        ("brace", "{", Refused),
        ("words", "hello", Refused),
        ("null", "null", Refused),
        ("array", "[]", Refused),
        ("number", "1e5", Refused),
        ("other object", r#"{"a": 1}"#, Refused),
        ("deep arrays", &deep, Refused),
        ("deep objects", &deep_object, Refused),
        ("cut off", r#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Po"#, Refused),
        ("binary", "\0\u{1}\u{2}\u{3}PK", Refused),
        ("html", "<!DOCTYPE html><html></html>", Refused),
    ]);
}

#[test]
fn bad_features_are_told_of_and_the_good_ones_come_in() {
    let good = r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[116,29.7]}}"#;
    let with = |bad: &str| format!(r#"{{"type":"FeatureCollection","features":[{good},{bad}]}}"#);
    let geometry = |geometry: &str| with(&format!(r#"{{"type":"Feature","properties":{{}},"geometry":{geometry}}}"#));
    let nested = format!("{}{}", r#"{"type":"GeometryCollection","geometries":["#.repeat(60), "]}".repeat(60));
    check(&[
        ("feature is a number", &with("5"), Taken(1)),
        ("feature is null", &with("null"), Taken(1)),
        ("unknown geometry", &geometry(r#"{"type":"Circle","coordinates":[1,2]}"#), Taken(1)),
        ("no coordinates", &geometry(r#"{"type":"Point"}"#), Taken(1)),
        ("words for numbers", &geometry(r#"{"type":"Point","coordinates":["1","2"]}"#), Taken(1)),
        ("one number", &geometry(r#"{"type":"Point","coordinates":[1]}"#), Taken(1)),
        ("too big a number", &geometry(r#"{"type":"Point","coordinates":[1e400,2]}"#), Any),
        ("depth of another type", &geometry(r#"{"type":"Polygon","coordinates":[[1,2],[3,4]]}"#), Taken(1)),
        ("nested collections", &geometry(&nested), Any),
        ("open ring", &geometry(r#"{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,1]]]}"#), Any),
        ("ring of two", &geometry(r#"{"type":"Polygon","coordinates":[[[1,2],[3,4]]]}"#), Any),
        ("line of one", &geometry(r#"{"type":"LineString","coordinates":[[1,2]]}"#), Any),
        ("no geometry", &geometry("null"), Any),
        ("out of the world", &geometry(r#"{"type":"Point","coordinates":[4000000,30]}"#), Any),
        ("heights and more", &geometry(r#"{"type":"Point","coordinates":[116,29.7,1,2,3,4]}"#), Any),
        ("huge id", &with(&good.replacen('{', r#"{"id":99999999999999999999999,"#, 1)), Any),
        ("id is an object", &with(&good.replacen('{', r#"{"id":{},"#, 1)), Any),
        ("the same id twice", &with(good).replace("\"properties\"", r#""id":7,"properties""#), Any),
        ("properties are a list", &with(&good.replace("{}", "[1]")), Any),
        ("no features", r#"{"type":"FeatureCollection","features":[]}"#, Any),
        ("features are null", r#"{"type":"FeatureCollection","features":null}"#, Any),
        ("duplicate members", r#"{"type":"FeatureCollection","features":[],"features":[1],"type":"x"}"#, Any),
    ]);
}

#[test]
fn names_that_look_like_sql_are_only_names() {
    let names = [
        "'; drop table gpkg_contents; --",
        "\"; DELETE FROM t; --",
        "fid",
        "FID",
        "geom",
        "select",
        "",
        " ",
        "a b",
        "名称",
        "名称 ",
        "rowid",
        "ogc_fid",
        "😀",
        "\u{0}",
        "a\nb",
        "%s",
        "$1",
        "?1",
        "[x]",
        "`x`",
        "id",
        "ID",
    ];
    let properties: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!(*name))).collect();
    let long = json!({"x".repeat(5000): "y".repeat(100_000)});
    let file = collection(vec![point(1, 116.0, 29.7, properties.into()), point(2, 116.1, 29.7, long)]);
    let desk = Desk::new();
    desk.city_with_shops();
    desk.write("x.geojson", file.to_string());
    for layer in
        ["'; drop table shops; --", "\"x", "名 称", "select", "gpkg_contents", "sqlite_master", "citygrid_x", "-x"]
    {
        let layer = format!("--layer={layer}");
        let ran = desk.run(&["import", "x.geojson", "--into", "c.gpkg", &layer, "--json"]);
        assert!(matches!(ran.code, 0 | 2 | 4), "{layer}: {}{}", ran.out, ran.err);
        if ran.code == 0 {
            let table = ran.json()["layers"][0]["name"].as_str().expect("a name").to_owned();
            let rows = desk.json(&["query", "c.gpkg", &format!("--layer={table}")]);
            let first = &rows["features"][0]["properties"];
            let kept = first.as_object().expect("values").values().any(|value| value == names[0]);
            assert!(kept, "{layer}: {first}");
        }
    }
    assert_eq!(desk.rows("c.gpkg", "shops").len(), 3);
    assert_eq!(desk.run(&["check", "c.gpkg"]).code, 0);
    let db = rusqlite::Connection::open(desk.path("c.gpkg")).expect("SQLite");
    let contents: i64 = db.query_row("SELECT count(*) FROM gpkg_contents", [], |row| row.get(0)).expect("a count");
    assert!(contents >= 2, "{contents}");
}

#[test]
fn strict_imports_refuse_what_others_would_let_pass() {
    let desk = Desk::new();
    desk.city_with_shops();
    let bad = json!({"type": "Feature", "properties": {}, "geometry": {"type": "Circle"}});
    desk.write("x.geojson", collection(vec![point(1, 116.0, 29.7, json!({})), bad]).to_string());
    desk.fails(&["import", "x.geojson", "--into", "c.gpkg", "--strict"], 4, "data");
    assert_eq!(desk.json(&["history", "c.gpkg"]).as_array().map(Vec::len), Some(1));
    let told = desk.json(&["import", "x.geojson", "--into", "c.gpkg"]);
    let problem = &told["problems"][0];
    assert_eq!([&problem["severity"], &problem["feature"]], [&json!("error"), &json!(2)], "{told}");
}

/// Each file by name, its text, and what becomes of it in a city that has a layer already.
#[track_caller]
fn check(files: &[(&str, &str, Fate)]) {
    let desk = Desk::new();
    desk.city_with_shops();
    for (name, text, fate) in files {
        desk.write("x.geojson", text);
        let start = Instant::now();
        let ran = desk.run(&["import", "x.geojson", "--into", "c.gpkg", "--layer", "x", "--json"]);
        assert!(start.elapsed() < Duration::from_secs(20), "{name} takes too long");
        let told = ran.json();
        let got = match ran.code {
            0 => {
                Taken(told["layers"].as_array().expect("layers").iter().filter_map(|it| it["features"].as_u64()).sum())
            }
            4 => Refused,
            code => panic!("{name}: exit code {code}\n{}{}", ran.out, ran.err),
        };
        assert!(*fate == Any || *fate == got, "{name}: {got:?}, not {fate:?}\n{told}");
        if got == Refused {
            assert_eq!(told["error"]["kind"], "data", "{name}");
        } else {
            desk.run(&["undo", "c.gpkg"]);
        }
        // Into a new city: nothing is left of a refused file.
        let fresh = desk.run(&["import", "x.geojson", "--into", "fresh.gpkg"]);
        assert_eq!(fresh.code, ran.code, "{name}: {}", fresh.err);
        assert_eq!(desk.path("fresh.gpkg").exists(), fresh.code == 0, "{name}");
        _ = std::fs::remove_file(desk.path("fresh.gpkg"));
    }
    assert_eq!(desk.rows("c.gpkg", "shops").len(), 3);
    let checked = desk.run(&["check", "c.gpkg", "--layer", "shops"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
}
