//! Deliveries on the command line: looked at first, taken in by a recipe, held against a layer.

use serde_json::{Value as Json, json};

use crate::fixture::{Desk, collection, point};

fn wells(rows: &[(&str, f64, &str)]) -> String {
    let row = |(place, (code, lon, state)): (usize, &(&str, f64, &str))| {
        point(place as i64 + 1, *lon, 29.7, json!({"code": code, "状态": state}))
    };
    collection(rows.iter().enumerate().map(row).collect()).to_string()
}

#[test]
fn a_dry_run_tells_everything_and_makes_no_file() {
    let desk = Desk::new();
    desk.write("井.geojson", wells(&[("J1", 116.0, "好")]));
    let words = ["import", "井.geojson", "--dry-run", "--into", "c.gpkg", "--kind", "kiosk", "--set", "name=甲"];
    let file = desk.json(&words)["files"][0].clone();
    assert_eq!([&file["format"], &file["crs"], &file["crs_origin"]], ["geojson", "EPSG:4326", "format"]);
    let layer = &file["layers"][0];
    assert_eq!((layer["features"].as_u64(), layer["becomes"]["kind"].as_str()), (Some(1), Some("kiosk")));
    assert_eq!(layer["becomes"]["mapped"][0], json!({"from": "code", "to": "code"}));
    assert_eq!(desk.files(), ["井.geojson"]);
    let said = desk.done(&["import", "井.geojson", "--dry-run", "--lang", "zh"]).out;
    assert!(said.contains("1 个要素，Point") && said.contains("格式规定"), "{said}");
}

#[test]
fn a_recipe_is_saved_and_followed_and_words_come_before_it() {
    let desk = Desk::new();
    desk.write("a.geojson", wells(&[("J1", 116.0, "好")]));
    desk.write("b.geojson", wells(&[("J2", 116.1, "坏")]));
    let first = ["import", "a.geojson", "--into", "c.gpkg", "--layer", "井", "--set", "来源=普查"];
    desk.done(&[&first[..], &["--save-recipe", "r.json"]].concat());
    desk.done(&["import", "b.geojson", "--into", "c.gpkg", "--recipe", "r.json"]);
    let of = |layer: &str, field: &str| -> Vec<Json> {
        desk.rows("c.gpkg", layer).iter().map(|row| row["properties"][field].clone()).collect()
    };
    assert_eq!((of("井", "code"), of("井", "来源")), (vec![json!("J1"), json!("J2")], vec![json!("普查"); 2]));
    desk.done(&["import", "b.geojson", "--into", "c.gpkg", "--recipe", "r.json", "--layer", "other"]);
    assert_eq!(of("other", "code"), ["J2"]);
    desk.write("bad.json", "{}");
    desk.fails(&["import", "b.geojson", "--into", "c.gpkg", "--recipe", "bad.json"], 4, "data");
}

#[test]
fn a_layer_of_the_file_that_is_not_there_is_refused_by_its_name() {
    let desk = Desk::new();
    desk.write("a.geojson", wells(&[("J1", 116.0, "好")]));
    let error = desk.fails(&["import", "a.geojson", "--into", "c.gpkg", "--only", "Sheet9"], 2, "usage");
    assert!(error["en"].as_str().is_some_and(|words| words.contains("Sheet9")), "{error}");
    desk.fails(&["import", "a.geojson", "--into", "c.gpkg", "--set", "x"], 2, "usage");
}

#[test]
fn a_delivery_is_compared_and_a_part_of_it_taken_over() {
    let desk = Desk::new();
    desk.write("wells.geojson", wells(&[("A", 116.0, "好"), ("B", 116.1, "好"), ("C", 116.2, "好")]));
    desk.done(&["import", "wells.geojson", "--into", "c.gpkg"]);
    desk.write("new.geojson", wells(&[("A", 116.0, "坏"), ("B", 116.101, "好"), ("D", 116.3, "好")]));
    let compare = ["import", "new.geojson", "--into", "c.gpkg", "--compare", "wells"];
    let told = desk.json(&compare);
    let counts = ["same", "added", "moved", "changed", "gone", "taken"].map(|word| told[word].clone());
    assert_eq!(counts, [0, 1, 1, 1, 1, 0].map(|count: i32| json!(count)));
    let changed = told["differences"].as_array().expect("a list").iter().find(|it| it["kind"] == "changed");
    assert_eq!(changed.expect("one")["fields"], json!([{"field": "状态", "old": "好", "new": "坏"}]));
    let taken = desk.json(&[&compare[..], &["--take", "added,changed"]].concat());
    assert_eq!(taken["taken"], 2);
    let codes: Vec<Json> = desk.rows("c.gpkg", "wells").iter().map(|row| row["properties"]["code"].clone()).collect();
    assert_eq!(codes, ["A", "B", "C", "D"]);
    let said = desk.done(&[&compare[..], &["--lang", "zh"]].concat()).out;
    assert!(said.starts_with("相同 2，新增 0，移动 1，变更 0，消失 1"), "{said}");
    desk.fails(&[&compare[..], &["--take", "sideways"]].concat(), 2, "usage");
}
