//! A day with the program on the command line: files in, notes, a mistake taken back, files out.

use serde_json::{Value as Json, json};

use crate::fixture::{Desk, png};

#[test]
fn a_file_comes_in_is_counted_and_goes_out_the_same() {
    let desk = Desk::new();
    desk.city_with_shops();

    let info = desk.json(&["info", "c.gpkg"]);
    let layer = &info["layers"].as_array().expect("layers").iter().find(|it| it["name"] == "shops").expect("shops");
    assert_eq!([&layer["features"], &layer["geometry"], &layer["kind"]], [&json!(3), &json!("Point"), &json!("plain")]);
    assert_eq!(rounded(&layer["extent"]), [116.0001, 29.7001, 116.0003, 29.7003]);
    assert!(info["figures"].is_object() && info["format_version"].is_u64(), "{info}");

    let out = desk.json(&["export", "c.gpkg", "--layer", "shops", "--out", "出.geojson"]);
    assert_eq!(out["features"], 3);
    assert_eq!(out["bytes"], desk.read("出.geojson").len());
    let exported: Json = serde_json::from_slice(&desk.read("出.geojson")).expect("GeoJSON");
    assert_eq!(essence(&exported), essence(&crate::fixture::shops()));

    desk.done(&["import", "出.geojson", "--into", "d.gpkg", "--layer", "shops"]);
    assert_eq!(essence(&json!({"features": desk.rows("d.gpkg", "shops")})), essence(&crate::fixture::shops()));
}

#[test]
fn rows_are_found_by_condition_place_box_and_number() {
    let desk = Desk::new();
    desk.city_with_shops();
    let check = |words: &[&str], expected: &[i64]| {
        let found = desk.json(&[&["query", "c.gpkg", "--layer", "shops"], words].concat());
        let mut ids: Vec<i64> =
            found["features"].as_array().expect("rows").iter().filter_map(|row| row["id"].as_i64()).collect();
        ids.sort_unstable();
        assert_eq!(ids, expected, "{words:?}");
    };
    check(&[], &[1, 2, 3]);
    check(&["--where", "seats >= 100"], &[1]);
    check(&["--where", "name = 'Cake ''n'' Tea' OR name LIKE '烟%'"], &[2, 3]);
    check(&["--where", "seats IS NULL"], &[3]);
    check(&["--where", "NOT (seats BETWEEN 1 AND 10) AND open = true"], &[1]);
    check(&["--where", "open = 是"], &[1, 3]);
    check(&["--where", "open = no OR fid = 3"], &[2, 3]);
    check(&["--bbox", "116.00015,29.7,116.01,29.8"], &[2, 3]);
    check(&["--near", "116.0003，29.7003，5"], &[3]);
    check(&["--ids", "1,3-9"], &[1, 3]);
    check(&["--limit", "0"], &[]);
}

#[test]
fn a_note_with_a_photo_is_left_and_taken_back_tomorrow() {
    let desk = Desk::new();
    desk.city_with_shops();
    desk.write("井盖.png", png());

    let words = ["note", "c.gpkg", "--at", "116.0,29.7", "--text", "井盖'破损\"", "--photo", "井盖.png"];
    let note = desk.json(&[&words[..], &["--set", "severity=紧急"]].concat());
    assert_eq!(note["layer"], "note");
    let rows = desk.rows("c.gpkg", "note");
    assert_eq!(rows[0]["id"], note["id"]);
    assert_eq!([&rows[0]["properties"]["text"], &rows[0]["properties"]["severity"]], ["井盖'破损\"", "high"]);

    let undone = desk.json(&["undo", "c.gpkg"]);
    assert!(undone["step"].is_i64() && !undone["zh"].as_str().expect("words").is_empty(), "{undone}");
    assert_eq!(desk.rows("c.gpkg", "note").len(), 0);
    let history = desk.json(&["history", "c.gpkg"]);
    let steps = history.as_array().expect("steps");
    assert_eq!(steps.iter().filter(|step| step["undone"] == true).count(), 1, "{history}");
    assert_eq!(steps.last().expect("a step")["step"], undone["step"]);

    desk.json(&["redo", "c.gpkg"]);
    assert_eq!(desk.rows("c.gpkg", "note"), rows);
    desk.fails(&["redo", "c.gpkg"], 2, "usage");
    assert_eq!(desk.done(&["check", "c.gpkg", "--json"]).json(), json!({"ok": true, "findings": []}));
}

#[test]
fn a_photo_may_say_it_all() {
    let desk = Desk::new();
    desk.city_with_shops();
    desk.write("井盖.png", png());
    desk.json(&["note", "c.gpkg", "--on", "shops/1", "--photo", "井盖.png"]);
    assert_eq!(desk.rows("c.gpkg", "note").len(), 1);
    desk.done(&["check", "c.gpkg"]);
}

#[test]
fn a_note_about_a_feature_stands_where_the_feature_is() {
    let desk = Desk::new();
    desk.city_with_shops();
    desk.json(&["note", "c.gpkg", "--on", "shops/2", "--text", "桌子坏了"]);
    let note = &desk.rows("c.gpkg", "note")[0];
    assert_eq!(rounded(&note["geometry"]["coordinates"]), [116.0002, 29.7002]);
    assert_eq!([&note["properties"]["on_layer"], &note["properties"]["on_id"]], [&json!("shops"), &json!(2)]);
    desk.fails(&["note", "c.gpkg", "--on", "shops/99", "--text", "x"], 2, "usage");
}

#[test]
fn values_change_and_rows_go_and_come_back() {
    let desk = Desk::new();
    desk.city_with_shops();
    let before = desk.rows("c.gpkg", "shops");

    desk.json(&["edit", "c.gpkg", "--layer", "shops", "--ids", "1-2", "--set", "seats=30", "--set", "rating="]);
    desk.json(&["delete", "c.gpkg", "--layer", "shops", "--id", "3"]);
    let after = desk.rows("c.gpkg", "shops");
    assert_eq!(after.len(), 2);
    for row in &after {
        assert_eq!([&row["properties"]["seats"], &row["properties"]["rating"]], [&json!(30), &Json::Null]);
    }
    assert_eq!(after[0]["geometry"], before[0]["geometry"]);

    desk.json(&["undo", "c.gpkg"]);
    desk.json(&["undo", "c.gpkg"]);
    assert_eq!(desk.rows("c.gpkg", "shops"), before);
    let unchanged = desk.json(&["edit", "c.gpkg", "--layer", "shops", "--id", "2", "--set", "seats=8"]);
    assert_eq!([&unchanged["id"], &unchanged["step"]], [&json!(2), &Json::Null]);
    desk.fails(&["edit", "c.gpkg", "--layer", "shops", "--id", "1", "--set", "seats=many"], 2, "usage");
    desk.fails(&["edit", "c.gpkg", "--layer", "shops", "--id", "77", "--set", "seats=1"], 2, "usage");
}

#[test]
fn layers_of_a_kind_are_made_filled_and_taken_out() {
    let desk = Desk::new();
    desk.done(&["new", "c.gpkg", "--layer", "kiosk"]);
    let feature = crate::fixture::point(5, 116.0, 29.7, json!({"编号": "K-5", "名称": "甘棠湖投放点", "车位": 3}));
    desk.write("k.geojson", crate::fixture::collection(vec![feature]).to_string());
    let words = ["import", "k.geojson", "--into", "c.gpkg", "--layer", "kiosk", "--kind", "kiosk"];
    let imported = desk.json(&[&words[..], &["--map", "车位=other_count"]].concat());
    assert_eq!(imported["layers"], json!([{"name": "kiosk", "kind": "kiosk", "features": 1}]));
    let row = desk.rows("c.gpkg", "kiosk")[0]["properties"].clone();
    assert_eq!([&row["code"], &row["name"], &row["other_count"]], [&json!("K-5"), &json!("甘棠湖投放点"), &json!(3)]);

    desk.json(&["layers", "c.gpkg", "--remove", "kiosk"]);
    desk.fails(&["query", "c.gpkg", "--layer", "kiosk"], 2, "usage");
    desk.json(&["undo", "c.gpkg"]);
    assert_eq!(desk.rows("c.gpkg", "kiosk").len(), 1);
}

#[test]
fn every_kind_makes_a_layer_with_its_fields_and_its_names() {
    let desk = Desk::new();
    let kinds = desk.json(&["kinds"]);
    let kinds = kinds.as_array().expect("kinds");
    let words: Vec<String> =
        kinds.iter().map(|kind| format!("--layer={}", kind["zh"].as_str().expect("a name"))).collect();
    desk.done(&[vec!["new", "c.gpkg"], words.iter().map(String::as_str).collect()].concat());
    let layers = desk.json(&["layers", "c.gpkg"]);
    for kind in kinds {
        let layer = layers.as_array().expect("layers").iter().find(|layer| layer["name"] == kind["id"]);
        let layer = layer.unwrap_or_else(|| panic!("no layer {kind}"));
        for member in ["zh", "en", "geometry"] {
            assert_eq!(layer[member], kind[member], "{kind}");
        }
        let fields = kind["fields"].as_array().expect("fields").iter();
        let filter = fields.map(|field| format!("\"{}\" IS NULL", field["zh"].as_str().expect("a name")));
        let filter = filter.collect::<Vec<_>>().join(" AND ");
        let words = ["query", "c.gpkg", "--layer", kind["id"].as_str().expect("an id"), "--where", &filter];
        desk.done(if filter.is_empty() { &words[..4] } else { &words });
    }
    desk.done(&["check", "c.gpkg"]);
}

#[test]
fn a_backup_is_the_same_city() {
    let desk = Desk::new();
    desk.city_with_shops();
    desk.json(&["backup", "c.gpkg", "备份.gpkg"]);
    assert_eq!(desk.rows("备份.gpkg", "shops"), desk.rows("c.gpkg", "shops"));
    assert_eq!(desk.json(&["history", "备份.gpkg"]), desk.json(&["history", "c.gpkg"]));
    desk.fails(&["backup", "c.gpkg", "备份.gpkg"], 3, "file");
    desk.json(&["backup", "c.gpkg", "备份.gpkg", "--overwrite"]);
}

#[test]
fn a_map_is_drawn_without_a_window() {
    let desk = Desk::new();
    desk.city_with_shops();
    let words = ["render", "c.gpkg", "--out", "图.png", "--size", "320x200", "--around", "116.0002,29.7002,60"];
    assert_eq!(desk.json(&words), json!({"file": "图.png", "width": 320, "height": 200}));
    let picture = image::load_from_memory(&desk.read("图.png")).expect("a picture").to_rgb8();
    assert_eq!(picture.dimensions(), (320, 200));
    let first = *picture.get_pixel(0, 0);
    assert!(picture.pixels().any(|pixel| *pixel != first), "the map is empty");
    desk.fails(&words, 3, "file");
}

#[test]
fn the_file_is_left_as_one_geopackage() {
    let desk = Desk::new();
    desk.city_with_shops();
    desk.json(&["note", "c.gpkg", "--at", "116,29.7", "--text", "x"]);
    assert_eq!(desk.files(), ["c.gpkg", "shops.geojson"], "no journal file stays behind");
    let db = rusqlite::Connection::open(desk.path("c.gpkg")).expect("SQLite");
    let ask = |sql: &str| db.query_row(sql, [], |row| row.get::<_, String>(0)).expect(sql);
    assert_eq!(ask("PRAGMA integrity_check"), "ok");
    assert_eq!(ask("PRAGMA journal_mode"), "delete");
    assert_eq!(ask("SELECT printf('%X', application_id) FROM pragma_application_id"), "47504B47");
    assert_eq!(ask("SELECT data_type FROM gpkg_contents WHERE table_name = 'shops'"), "features");
}

#[test]
fn the_sample_city_comes_out_the_same_from_the_same_seed() {
    let desk = Desk::new();
    let first = desk.json(&["demo", "a.gpkg", "--seed", "7", "--scale", "0.02"]);
    let again = desk.json(&["demo", "b.gpkg", "--seed", "7", "--scale", "0.02"]);
    assert_eq!(first["sha256"], again["sha256"]);
    assert_eq!([&first["seed"], &first["city"]], [&json!(7), &json!("a.gpkg")]);
    assert_eq!(first["sha256"].as_str().map(str::len), Some(64));
    desk.fails(&["demo", "a.gpkg", "--scale", "0.02"], 3, "file");
    desk.json(&["note", "a.gpkg", "--at", "116,29.7", "--text", "mine"]);
    desk.fails(&["demo", "a.gpkg", "--scale", "0.02", "--overwrite"], 3, "file");
}

/// Features by id: coordinates to a tenth of a millimetre, and values.
fn essence(collection: &Json) -> Vec<(i64, Vec<i64>, Json)> {
    let features = collection["features"].as_array().expect("features");
    let essence = features.iter().map(|feature| {
        let at = feature["geometry"]["coordinates"].as_array().expect("a point");
        let at = at.iter().map(|number| (number.as_f64().expect("a number") * 1e7).round() as i64);
        let mut values = feature["properties"].clone();
        values.sort_all_objects();
        (feature["id"].as_i64().expect("an id"), at.collect(), values)
    });
    let mut essence: Vec<_> = essence.collect();
    essence.sort_by_key(|feature| feature.0);
    essence
}

fn rounded(numbers: &Json) -> Vec<f64> {
    let numbers = numbers.as_array().expect("numbers").iter();
    numbers.map(|number| (number.as_f64().expect("a number") * 1e6).round() / 1e6).collect()
}
