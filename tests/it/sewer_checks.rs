//! The checks of the sewers through the program itself: planted faults, marks that stay, fixes that can be undone,
//! campaigns that are compared, files that go out.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::fixture::{Desk, collection, point};

/// Runs a check, which has findings or not; what it prints.
#[track_caller]
fn check(desk: &Desk, words: &[&str]) -> Json {
    let ran = desk.run(&[&["sewer", "check", "c.gpkg", "--json"], words].concat());
    let json = ran.json();
    assert_eq!(ran.code, i32::from(json["ok"] == false), "{words:?}\n{}{}", ran.out, ran.err);
    json
}

/// Rows that findings are about.
fn rows(json: &Json) -> BTreeSet<(String, i64)> {
    let findings = json["findings"].as_array().expect("findings").iter();
    findings.map(|it| (it["layer"].as_str().expect("a layer").to_owned(), it["id"].as_i64().expect("an id"))).collect()
}

/// Three foul pipes down to a plant; the second names a node that is nowhere, the third is recorded too long.
fn small_city(desk: &Desk) {
    let node = |id: i64, code: &str, what: &str| {
        let lon = 115.99 + 0.0004 * (id as f64);
        let levels = json!({"code": code, "node_type": what, "sewer_type": "foul", "well_type": "drain",
            "ground_level_m": 10.0, "bottom_level_m": 5.0, "depth_m": 5.0});
        point(id, lon, 29.71, levels)
    };
    let nodes = [node(0, "a", "manhole"), node(1, "b", "manhole"), node(2, "c", "manhole"), node(3, "p", "plant")];
    desk.write("nodes.geojson", collection(nodes.to_vec()).to_string());
    let pipe = |id: i64, ends: [&str; 2], length_m: Option<f64>| {
        let lons = [0, 1].map(|end| 115.99 + 0.0004 * ((id + end) as f64));
        let (from, to) = (ends[0], ends[1]);
        json!({"type": "Feature", "id": id + 1,
            "geometry": {"type": "LineString", "coordinates": [[lons[0], 29.71], [lons[1], 29.71]]},
            "properties": {"code": format!("P{id}"), "sewer_type": "foul", "diameter_mm": 400, "section": "circle",
                "material": "RCP", "from_node": from, "to_node": to, "invert_up_m": 6.0 - 0.2 * (id as f64),
                "invert_down_m": 5.8 - 0.2 * (id as f64), "length_m": length_m}})
    };
    let pipes = [pipe(0, ["a", "b"], None), pipe(1, ["b", "zz"], None), pipe(2, ["c", "p"], Some(45.0))];
    desk.write("pipes.geojson", collection(pipes.to_vec()).to_string());
    desk.done(&["import", "nodes.geojson", "--into", "c.gpkg", "--layer", "sewer_node", "--kind", "sewer_node"]);
    desk.done(&["import", "pipes.geojson", "--into", "c.gpkg", "--layer", "sewer_pipe", "--kind", "sewer_pipe"]);
}

#[test]
fn planted_faults_of_a_sample_city_are_found_and_nothing_else() {
    let desk = Desk::new();
    desk.json(&["demo", "c.gpkg", "--scale", "0.06", "--seed", "11"]);
    let planted = desk.rows("c.gpkg", "planted_fault");
    for (rule, word) in
        [("SW10", "adverse_slope"), ("SW12", "big_into_small"), ("SW14", "cross_connection"), ("SW06", "orphan")]
    {
        let faults = planted.iter().filter(|row| row["properties"]["rule"] == word);
        // A field called `feature_id` goes out as the feature's id.
        let expected: BTreeSet<(String, i64)> = faults
            .map(|it| {
                let layer = it["properties"]["layer"].as_str().expect("a layer");
                (layer.to_owned(), it["id"].as_i64().expect("an id"))
            })
            .collect();
        assert!(!expected.is_empty(), "{word}");
        assert_eq!(rows(&check(&desk, &["--rules", rule])), expected, "{rule}");
    }
    let cross = desk.json(&["sewer", "cross", "c.gpkg"]);
    let mixed = planted.iter().filter(|row| row["properties"]["rule"] == "cross_connection");
    let mixed: BTreeSet<&str> = mixed.map(|row| row["properties"]["code"].as_str().expect("a code")).collect();
    let first = cross["candidates"].as_array().expect("candidates").iter().take(mixed.len());
    let named: BTreeSet<&str> = first.filter_map(|it| it["pipes"][0].as_str()).collect();
    assert_eq!(named, mixed, "{cross}");
    let best = &cross["candidates"][0];
    assert_eq!([&best["from_system"], &best["to_system"]], ["storm", "foul"]);
    assert!(best["score"].as_f64().is_some_and(|score| score > 0.5 && score <= 1.0), "{best}");
    assert!(best["open_first"]["node"].is_string() && !best["zh"].as_str().expect("words").is_empty(), "{best}");
}

#[test]
fn a_mark_stays_is_listed_goes_out_with_the_city_and_can_be_undone() {
    let desk = Desk::new();
    small_city(&desk);
    let before = check(&desk, &["--rules", "sw25"]);
    assert_eq!(rows(&before), BTreeSet::from([("sewer_pipe".to_owned(), 3)]));
    desk.fails(&["sewer", "check", "c.gpkg", "--excuse", "SW25", "sewer_pipe/1", "--because", "x"], 2, "usage");
    desk.fails(&["sewer", "check", "c.gpkg", "--excuse", "SW99", "sewer_pipe/3", "--because", "x"], 2, "usage");
    desk.json(&["sewer", "check", "c.gpkg", "--excuse", "sw25", "sewer_pipe/3", "--because", "竖井内盘管"]);

    let after = check(&desk, &["--rules", "SW25", "--excused"]);
    assert_eq!([&after["ok"], &after["excused"]], [&json!(true), &json!(1)]);
    assert_eq!(after["excused_findings"][0]["because"], "竖井内盘管");
    let marks = desk.rows("c.gpkg", "sewer_excuse");
    assert_eq!([&marks[0]["properties"]["rule"], &marks[0]["properties"]["on_code"]], ["SW25", "P2"]);
    desk.done(&["backup", "c.gpkg", "d.gpkg"]);
    assert_eq!(desk.rows("d.gpkg", "sewer_excuse"), marks);

    // Another reason replaces the first; both are steps.
    desk.json(&["sewer", "check", "c.gpkg", "--excuse", "SW25", "sewer_pipe/3", "--because", "量测复核无误"]);
    assert_eq!(desk.rows("c.gpkg", "sewer_excuse")[0]["properties"]["because"], "量测复核无误");
    desk.json(&["sewer", "check", "c.gpkg", "--unexcuse", "SW25", "sewer_pipe/3"]);
    assert_eq!(rows(&check(&desk, &["--rules", "SW25"])), rows(&before));
    desk.json(&["undo", "c.gpkg"]);
    assert_eq!(check(&desk, &["--rules", "SW25"])["ok"], true);
}

#[test]
fn what_is_certain_is_mended_in_one_step_and_a_campaign_tells() {
    let desk = Desk::new();
    small_city(&desk);
    desk.json(&["sewer", "check", "c.gpkg", "--keep", "2026 春"]);
    desk.fails(&["sewer", "check", "c.gpkg", "--keep", "2026 春"], 2, "usage");
    let before = desk.rows("c.gpkg", "sewer_pipe");

    let fixed = desk.json(&["sewer", "check", "c.gpkg", "--fix"]);
    assert!(fixed["step"].is_i64(), "{fixed}");
    let pipes = desk.rows("c.gpkg", "sewer_pipe");
    assert_eq!(pipes[1]["properties"]["to_node"], "c");
    assert_eq!(
        pipes[2]["properties"]["length_m"], before[2]["properties"]["length_m"],
        "which length is right is open"
    );
    assert_eq!(check(&desk, &["--rules", "SW01"])["ok"], true);

    let ran = desk.run(&["sewer", "check", "c.gpkg", "--against", "2026 春", "--json"]);
    let progress = ran.json();
    assert_eq!((ran.code, &progress["ok"]), (1, &Json::Bool(false)));
    let rule = |id: &str| {
        let rules = progress["rules"].as_array().expect("rules");
        let it = rules.iter().find(|it| it["rule"] == id).expect("the rule");
        ["before", "fixed", "remaining", "new"].map(|member| it[member].as_u64().expect("a number"))
    };
    assert_eq!([rule("SW01"), rule("SW25"), rule("SW10")], [[1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]], "{progress}");

    desk.json(&["undo", "c.gpkg"]);
    assert_eq!(desk.rows("c.gpkg", "sewer_pipe"), before);
    desk.fails(&["sewer", "check", "c.gpkg", "--against", "nothing"], 2, "usage");
    desk.json(&["sewer", "check", "c.gpkg", "--fix"]);
    let again = desk.json(&["sewer", "check", "c.gpkg", "--fix"]);
    assert_eq!(again["step"], Json::Null);
}

#[test]
fn a_line_drawn_against_its_record_is_turned_and_its_values_stay() {
    let desk = Desk::new();
    let pipe = |id: i64, ends: [&str; 2], lons: [f64; 2]| {
        json!({"type": "Feature", "id": id,
            "geometry": {"type": "LineString", "coordinates": [[lons[0], 29.71], [lons[1], 29.71]]},
            "properties": {"code": format!("P{id}"), "sewer_type": "foul", "from_node": ends[0], "to_node": ends[1],
                "invert_up_m": 7.0 - 0.2 * (id as f64), "invert_down_m": 6.8 - 0.2 * (id as f64)}})
    };
    // Nodes have no rows; the second line runs from c to b.
    let pipes = [
        pipe(1, ["a", "b"], [115.9900, 115.9904]),
        pipe(2, ["b", "c"], [115.9908, 115.9904]),
        pipe(3, ["c", "d"], [115.9908, 115.9912]),
    ];
    desk.write("pipes.geojson", collection(pipes.to_vec()).to_string());
    desk.done(&["import", "pipes.geojson", "--into", "c.gpkg", "--layer", "sewer_pipe", "--kind", "sewer_pipe"]);
    let before = desk.rows("c.gpkg", "sewer_pipe");
    assert_eq!(rows(&check(&desk, &["--rules", "SW16,SW29"])), BTreeSet::from([("sewer_pipe".to_owned(), 2)]));
    desk.json(&["sewer", "check", "c.gpkg", "--rules", "SW16", "--fix"]);
    let after = desk.rows("c.gpkg", "sewer_pipe");
    assert_eq!(after[1]["geometry"]["coordinates"], json!([[115.9904, 29.71], [115.9908, 29.71]]));
    assert_eq!(after[1]["properties"], before[1]["properties"]);
    assert_eq!(check(&desk, &["--rules", "SW16,SW29"])["ok"], true);
}

#[test]
fn findings_go_out_and_parameters_can_be_set() {
    let desk = Desk::new();
    small_city(&desk);
    let ran = desk.run(&["sewer", "check", "c.gpkg", "--out", "f.geojson", "--json"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let file: Json = serde_json::from_slice(&desk.read("f.geojson")).expect("GeoJSON");
    assert_eq!(file["features"].as_array().map(Vec::len), ran.json()["features"].as_u64().map(|it| it as usize));
    let first = &file["features"][0];
    assert_eq!([&first["properties"]["rule"], &first["geometry"]["type"]], ["SW01", "Point"]);
    for name in ["f.csv", "f.xlsx"] {
        assert_eq!(desk.run(&["sewer", "check", "c.gpkg", "--out", name]).code, 1);
        assert!(!desk.read(name).is_empty());
    }
    assert_eq!(check(&desk, &["--rules", "SW18"])["ok"], true);
    assert_eq!(check(&desk, &["--rules", "SW18", "--set", "longest_m=30"])["counts"]["SW18"], 3);
    desk.fails(&["sewer", "check", "c.gpkg", "--set", "nothing=1"], 2, "usage");
    desk.fails(&["sewer", "check", "c.gpkg", "--rules", "SW99"], 2, "usage");
    let listed = desk.json(&["sewer", "check", "c.gpkg", "--list-rules"]);
    assert_eq!(listed["rules"].as_array().map(Vec::len), Some(39));
    assert_eq!(
        desk.json(&["sewer", "cross", "c.gpkg"]),
        json!({"candidates": [], "total": 0, "excused": 0, "outfalls": []})
    );
}
