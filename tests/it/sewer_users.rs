//! Drainage users and the load of the sewers, as a person asks for them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fixture::{Desk, collection, point};

/// Metres of a degree where the small town lies.
const METRES: [f64; 2] = [96_700.0, 110_900.0];

fn at(x_m: f64, y_m: f64) -> [f64; 2] {
    [116.0 + x_m / METRES[0], 29.7 + y_m / METRES[1]]
}

/// A foul sewer of two pipes into a plant, a storm manhole, and four users.
fn town() -> Desk {
    let desk = Desk::new();
    let node = |id: i64, code: &str, node_type: &str, system: &str, x_m: f64| {
        let [lon, lat] = at(x_m, 0.0);
        point(id, lon, lat, json!({"code": code, "node_type": node_type, "sewer_type": system}))
    };
    let nodes = vec![
        node(1, "W1", "manhole", "foul", 0.0),
        node(2, "W2", "manhole", "foul", 100.0),
        node(3, "WC", "plant", "foul", 200.0),
        node(4, "Y1", "manhole", "storm", 3.0),
    ];
    desk.write("nodes.geojson", collection(nodes).to_string());
    let pipe = |code: &str, from: &str, to: &str, x_m: f64, fall_m: f64| {
        json!({"type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [at(x_m, 0.0), at(x_m + 100.0, 0.0)]},
            "properties": {"code": code, "sewer_type": "foul", "diameter_mm": 300, "section": "circle", "material": "RCP",
                "from_node": from, "to_node": to, "invert_up_m": 20.0, "invert_down_m": 20.0 - fall_m}})
    };
    let pipes = vec![pipe("P1", "W1", "W2", 0.0, 1.0), pipe("P2", "W2", "WC", 100.0, -0.1)];
    desk.write("pipes.geojson", collection(pipes).to_string());
    let rows = "排水户编号,排水户名称,行业类别,排水许可证号,有效期至,接入井号,户数,日排水量,隔油池,经度,纬度\n\
        U1,幸福里,居民,,,W1,100,,,116.0,29.7001\n\
        U2,老王面馆,餐饮,浔排许2021第1号,2026-06-30,W1,,10,否,116.0,29.7001\n\
        U3,洗车行,洗车,,,Y1,,5,,116.0,29.7001\n\
        U4,山上作坊,其他,浔排许2025第2号,2029-06-30,,,2,,116.05,29.75\n";
    desk.write("users.csv", rows);
    for (file, kind) in [("nodes.geojson", "sewer_node"), ("pipes.geojson", "sewer_pipe")] {
        desk.done(&["import", file, "--into", "c.gpkg", "--kind", kind, "--layer", kind]);
    }
    desk.done(&[
        "import",
        "users.csv",
        "--into",
        "c.gpkg",
        "--kind",
        "drainage_user",
        "--layer",
        "users",
        "--crs",
        "EPSG:4326",
    ]);
    desk
}

fn codes(rows: &Value, list: &str) -> BTreeSet<String> {
    let rows = rows["users"].as_array().expect("a list");
    let on_list = rows.iter().filter(|row| row["list"] == list);
    on_list.map(|row| row["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn a_bureaus_table_of_users_is_taken_in_and_put_on_its_lists() {
    let desk = town();
    let found = desk.json(&["sewer", "users", "c.gpkg", "--on", "2026-11-20"]);
    let check = |list: &str, expected: &[&str]| {
        let expected: BTreeSet<String> = expected.iter().map(|&code| code.to_owned()).collect();
        assert_eq!(codes(&found, list), expected, "{list}: {found:#}");
    };
    check("unlicensed", &["U3"]);
    check("expired", &["U2"]);
    check("expiring", &[]);
    check("no-lateral", &["U4"]);
    check("no-trap", &["U2"]);
    check("storm", &["U3"]);
    let summary = &found["summary"];
    assert_eq!((&summary["users"], &summary["households"], &summary["kitchens"]), (&json!(4), &json!(100), &json!(1)));
    assert_eq!(summary["volume_m3_per_d"], json!(39.0 + 10.0 + 5.0 + 2.0));
    let earlier = desk.json(&["sewer", "users", "c.gpkg", "--on", "2026-06-01", "--list", "expiring"]);
    assert_eq!(codes(&earlier, "expiring"), BTreeSet::from(["U2".to_owned()]));
    assert_eq!(earlier["users"].as_array().map(Vec::len), Some(1), "the list that was asked for alone");
}

#[test]
fn lists_go_to_files_and_wrong_words_are_refused() {
    let desk = town();
    let words = ["sewer", "users", "c.gpkg", "--list", "storm", "--on", "2026-11-20", "--out", "storm.geojson"];
    assert_eq!(desk.json(&words)["features"], 1);
    let written: Value = serde_json::from_slice(&desk.read("storm.geojson")).expect("GeoJSON");
    assert_eq!(written["features"][0]["properties"]["code"], "U3");
    desk.fails(&words, 3, "file");
    desk.fails(&["sewer", "users", "c.gpkg", "--list", "nobody"], 2, "usage");
    desk.fails(&["sewer", "users", "c.gpkg", "--on", "soon"], 2, "usage");
    desk.fails(&["sewer", "capacity", "c.gpkg", "--where", "nothing = 1"], 2, "usage");
    desk.fails(&["sewer", "capacity", "c.gpkg", "--n", "HDPE=slippery"], 2, "usage");
}

#[test]
fn pipes_are_told_how_full_they_run_and_water_ends_at_the_plant() {
    let desk = town();
    let found = desk.json(&["sewer", "capacity", "c.gpkg"]);
    let pipe = |code: &str| {
        let pipes = found["pipes"].as_array().expect("a list");
        pipes.iter().find(|pipe| pipe["pipe"] == code).expect("the pipe").clone()
    };
    // 49 m³/d are 0.567 L/s, 2.7 times that at the peak; 300 mm at 1 % and n = 0.013 carry 96.7 L/s.
    let first = pipe("P1");
    let near = |value: &Value, expected: f64| (value.as_f64().expect("a number") / expected - 1.0).abs() < 2e-3;
    assert!(near(&first["full_l_per_s"], 96.70) && near(&first["ratio"], 49.0 / 86.4 * 2.7 / 96.70), "{first}");
    assert_eq!((&first["n"], &first["n_by"]), (&json!(0.013), &json!("material")));
    let second = pipe("P2");
    assert_eq!((&second["ratio"], &second["no_capacity"]), (&Value::Null, &json!("adverse")));
    assert!(near(&second["mean_l_per_s"], 49.0 / 86.4));
    let sinks = found["sinks"].as_array().expect("a list");
    let ends: Vec<(&Value, &Value)> = sinks.iter().map(|sink| (&sink["node"], &sink["is_outlet"])).collect();
    assert_eq!(ends, [(&json!("WC"), &json!(true)), (&json!("Y1"), &json!(false))]);
    assert!(near(&sinks[0]["mean_m3_per_d"], 49.0) && near(&sinks[1]["mean_m3_per_d"], 5.0));
    assert_eq!(found["summary"]["unjoined_m3_per_d"], json!(2.0));

    let one = desk.json(&["sewer", "capacity", "c.gpkg", "--where", "code = 'P2'", "--out", "load.csv"]);
    assert_eq!((&one["features"], &one["summary"]["pipes"]), (&json!(1), &json!(1)));
    assert!(String::from_utf8(desk.read("load.csv")).expect("text").contains("adverse"));
}

#[test]
fn loads_become_a_layer_with_a_legend_that_is_brought_up_to_date() {
    let desk = town();
    let first = desk.json(&["sewer", "capacity", "c.gpkg", "--layer"]);
    assert!(first["step"].is_i64(), "{first}");
    let again = desk.json(&["sewer", "capacity", "c.gpkg", "--layer"]);
    assert_eq!(again["step"], Value::Null, "{again}");
    desk.done(&[
        "render",
        "c.gpkg",
        "--out",
        "load.svg",
        "--sheet",
        "A4",
        "--scale",
        "2000",
        "--around",
        "116.001,29.7,100",
        "--lang",
        "zh",
    ]);
    let sheet = String::from_utf8(desk.read("load.svg")).expect("UTF-8");
    for words in ["旱流负荷", "负荷率 ≤0.5"] {
        assert!(sheet.contains(words), "{words} is not in the legend");
    }
    // A hundred times as much: what had room runs over.
    let flood = desk.json(&["sewer", "capacity", "c.gpkg", "--layer", "--litres", "60000"]);
    assert!(flood["step"].is_i64());
    let rows = desk.json(&["query", "c.gpkg", "--layer", "sewer_load", "--where", "load_ratio > 1"]);
    assert!(rows.to_string().contains("P1"), "{rows}");
    desk.done(&["undo", "c.gpkg"]);
    let rows = desk.json(&["query", "c.gpkg", "--layer", "sewer_load", "--where", "load_ratio > 1"]);
    assert!(!rows.to_string().contains("P1"), "{rows}");
}

#[test]
fn the_sample_citys_users_are_found_as_they_were_planted() {
    let desk = Desk::new();
    desk.json(&["demo", "c.gpkg", "--scale", "0.06", "--seed", "7"]);
    let planted = desk.rows("c.gpkg", "planted_user_fault");
    let found = desk.json(&["sewer", "users", "c.gpkg", "--on", "2026-11-20", "--outfalls"]);
    let pairs = [
        ("user_unlicensed", "unlicensed"),
        ("user_expired", "expired"),
        ("user_no_trap", "no-trap"),
        ("user_to_storm", "storm"),
        ("user_no_lateral", "no-lateral"),
    ];
    for (rule, list) in pairs {
        let of_rule = planted.iter().filter(|row| row["properties"]["rule"] == rule);
        let expected: BTreeSet<String> =
            of_rule.map(|row| row["properties"]["code"].as_str().expect("a code").to_owned()).collect();
        assert_eq!(codes(&found, list), expected, "{list}");
        assert!(!expected.is_empty(), "{rule}");
    }
    assert_eq!(found["summary"]["joined_by_nearest"], 0);
    let outfalls = found["outfalls"].as_array().expect("a list");
    let fouled: usize = outfalls.iter().map(|outfall| outfall["who"].as_array().map_or(0, Vec::len)).sum();
    assert!(fouled >= 2, "those on storm sewers drain to an outfall");
    let load = desk.json(&["sewer", "capacity", "c.gpkg"]);
    let sum = |key: &str| load["summary"][key].as_f64().expect("a number");
    let went: f64 =
        load["sinks"].as_array().expect("a list").iter().filter_map(|it| it["mean_m3_per_d"].as_f64()).sum();
    assert!((went - sum("in_l_per_s") * 86.4).abs() < 1e-6 * went, "what comes in arrives");
}
