//! Files of other people: no column and no value is lost, and what was done with them is said.

use serde_json::{Value as Json, json};

use crate::fixture::{Desk, collection, point};

#[test]
fn every_column_that_no_field_takes_stays_as_it_is() {
    let desk = Desk::new();
    let properties = json!({"FACILITYID": "F-7", "MANHOLEID": "M-7", "备用": " N/A ", "EMPTY": "", "EXTRA1": -99});
    desk.write("n.geojson", collection(vec![point(1, 116.0, 29.7, properties)]).to_string());
    let words = ["import", "n.geojson", "--into", "c.gpkg", "--kind", "sewer_node", "--map", "FACILITYID=code"];
    let told = desk.json(&words);
    assert_eq!(told["mapped"], json!([{"layer": "sewer_node", "from": "FACILITYID", "to": "code"}]));
    let row = &desk.rows("c.gpkg", "sewer_node")[0]["properties"];
    assert_eq!(row["code"], "F-7");
    let kept = ["MANHOLEID", "备用", "EMPTY", "EXTRA1"].map(|name| row[name].clone());
    assert_eq!(kept, [json!("M-7"), json!(" N/A "), json!(""), json!(-99)]);
}

#[test]
fn a_column_whose_values_cannot_all_be_read_is_kept_beside_the_field() {
    let desk = Desk::new();
    let ring = json!([[[116.0, 29.7], [116.001, 29.7], [116.001, 29.701], [116.0, 29.7]]]);
    let house = |kind: &str| {
        json!({"type": "Feature", "properties": {"TYPE": kind, "FLOORCOUNT": 6},
            "geometry": {"type": "Polygon", "coordinates": ring}})
    };
    desk.write("b.geojson", collection(vec![house("Residential"), house("RESIDENTIAL-HOUSE")]).to_string());
    let words = ["import", "b.geojson", "--into", "c.gpkg", "--kind", "building", "--json"];
    let told = desk.done(&words).json();
    let rows = desk.rows("c.gpkg", "building");
    let pairs: Vec<[&Json; 2]> =
        rows.iter().map(|row| [&row["properties"]["building_use"], &row["properties"]["TYPE"]]).collect();
    assert_eq!(pairs, [[&json!("residential"), &json!("Residential")], [&Json::Null, &json!("RESIDENTIAL-HOUSE")]]);
    assert!(rows[0]["properties"]["FLOORCOUNT"].is_null(), "what can be read is not kept twice");
    assert_eq!(numbers(&told, "import.kept"), [json!(null)]);
    assert_eq!(numbers(&told, "import.value"), [json!(2)]);

    // The next file finds the place that the first one made.
    let more = desk.done(&words).json();
    assert_eq!(numbers(&more, "import.dropped"), [Json::Null; 0]);
    assert_eq!(desk.rows("c.gpkg", "building")[3]["properties"]["TYPE"], "RESIDENTIAL-HOUSE");
}

#[test]
fn a_layer_that_is_there_says_what_it_took_in_part() {
    let desk = Desk::new();
    let kiosk = point(1, 116.0, 29.7, json!({"code": "K1", "other_count": 2.5}));
    desk.write("k.geojson", collection(vec![kiosk]).to_string());
    desk.done(&["new", "c.gpkg", "--layer", "kiosk"]);
    let words = ["import", "k.geojson", "--into", "c.gpkg", "--kind", "kiosk"];
    let told = desk.json(&words);
    assert_eq!(of_rule(&told, "import.rounded").len(), 1, "{told}");
    desk.json(&["undo", "c.gpkg"]);
    desk.json(&["layers", "c.gpkg", "--remove", "kiosk"]);
    assert_eq!(of_rule(&desk.json(&words), "import.rounded").len(), 0, "a new layer keeps it whole");
    assert_eq!(desk.rows("c.gpkg", "kiosk")[0]["properties"]["other_count_2"], 2.5);
}

#[test]
fn marks_for_unknown_are_counted_once_a_column() {
    let desk = Desk::new();
    let kiosk = |id: i64, count: i64| point(id, 116.0, 29.7, json!({"code": format!("K{id}"), "other_count": count}));
    desk.write("k.geojson", collection(vec![kiosk(1, -99), kiosk(2, 3), kiosk(3, -99)]).to_string());
    let told = desk.json(&["import", "k.geojson", "--into", "c.gpkg", "--kind", "kiosk"]);
    let marks = of_rule(&told, "import.unknown");
    assert_eq!(marks.len(), 1, "{told}");
    assert_eq!(marks[0]["zh"], "列“other_count”：“-99”按未知处理，2 次");
    assert_eq!(marks[0]["en"], "column “other_count”: “-99” taken as unknown, 2 times");
}

#[test]
fn problems_name_layer_and_feature_and_a_missing_column_is_one() {
    let desk = Desk::new();
    let kiosk = |id: i64, state: &str| point(id, 116.0, 29.7, json!({"名称": "亭", "状态": state}));
    let file = collection(vec![kiosk(11, "停用"), json!(5), kiosk(12, "nonsense"), kiosk(13, "停用")]);
    desk.write("k.geojson", file.to_string());
    let words = ["import", "k.geojson", "--into", "c.gpkg", "--kind", "kiosk", "--layer", "投放点"];
    let told = desk.json(&words);
    assert_eq!(numbers(&told, "field.missing"), [Json::Null], "{told}");
    assert_eq!(numbers(&told, "geojson.not-a-feature"), [json!(2)]);
    assert_eq!(numbers(&told, "import.value"), [json!(3)]);
    let problems = told["problems"].as_array().expect("problems");
    assert!(problems.iter().all(|problem| problem["layer"] == "投放点"), "{told}");
    assert_eq!(told["problems_omitted"], 0);

    let said = desk.run(&["import", "k.geojson", "--into", "d.gpkg", "--kind", "kiosk", "--lang", "zh"]).err;
    assert!(said.contains("第 3 个要素：") && said.contains("字段对应：名称 → name"), "{said}");
}

#[test]
fn problems_beyond_the_list_are_counted() {
    let desk = Desk::new();
    let bad = (0..10_050).map(|_| json!(5));
    let all = std::iter::once(point(1, 116.0, 29.7, json!({"a": 1}))).chain(bad);
    desk.write("x.geojson", collection(all.collect()).to_string());
    let told = desk.json(&["import", "x.geojson", "--into", "c.gpkg"]);
    assert_eq!(told["problems"].as_array().map(Vec::len), Some(10_000));
    assert_eq!(told["problems_omitted"], 50);
    let said = desk.run(&["import", "x.geojson", "--into", "c.gpkg"]).err;
    assert!(said.contains("10,050 problems:") && said.contains("… and 10,030 more"), "{said}");
}

#[test]
fn a_layer_that_is_there_says_which_columns_it_has_no_place_for() {
    let desk = Desk::new();
    desk.city_with_shops();
    let shop = |id: i64, owner: Json| point(id, 116.0, 29.7, json!({"NAME": " N/A ", "owner": owner}));
    desk.write(
        "more.geojson",
        collection(vec![shop(7, json!("A")), shop(8, Json::Null), shop(9, json!("B"))]).to_string(),
    );
    let told = desk.json(&["import", "more.geojson", "--into", "c.gpkg", "--layer", "shops"]);
    let dropped = of_rule(&told, "import.dropped");
    assert_eq!(dropped.len(), 1, "{told}");
    assert_eq!(dropped[0]["en"], "the layer has no field for column “owner”: 2 values were left out");
    assert_eq!(desk.rows("c.gpkg", "shops")[3]["properties"]["name"], " N/A ");
}

#[test]
fn features_outside_the_area_of_their_crs_are_told_of_by_every_verb() {
    let desk = Desk::new();
    let places = [[25_500_000.0, 3_288_402.0], [500_000.0, 3_288_402.0]];
    let [good, lost] = places.map(|[x, y]| point(1, x, y, json!({"name": "点"})));
    let lost = json!({"type": "Feature", "id": 2, "properties": lost["properties"], "geometry": lost["geometry"]});
    desk.write("p.geojson", collection(vec![good, lost]).to_string());
    let told = desk.json(&["import", "p.geojson", "--into", "c.gpkg", "--crs", "EPSG:4513"]);
    assert_eq!(numbers(&told, "import.place"), [json!(2)], "{told}");
    assert_eq!(told["layers"][0]["features"], 2);

    let checked = desk.run(&["check", "c.gpkg", "--json"]);
    assert_eq!((checked.code, &checked.json()["findings"][0]["rule"]), (1, &json!("data.place")));
    let out = desk.json(&["export", "c.gpkg", "--layer", "p", "--out", "o.geojson"]);
    assert_eq!((&out["features"], &out["problems"][0]["feature"]), (&json!(1), &json!(2)), "{out}");
    let said = desk.done(&["export", "c.gpkg", "--layer", "p", "--out", "o.geojson", "--overwrite"]).err;
    assert!(said.contains("row 2: "), "{said}");
    let asked = desk.done(&["query", "c.gpkg", "--layer", "p", "--json"]);
    assert!(asked.err.contains("1 more rows lie outside"), "{}", asked.err);
}

#[test]
fn a_longitude_that_is_none_is_found_and_not_passed_on_in_silence() {
    let desk = Desk::new();
    desk.write("p.geojson", collection(vec![point(1, 500.0, 29.7, json!({"name": "点"}))]).to_string());
    let told = desk.json(&["import", "p.geojson", "--into", "c.gpkg"]);
    assert_eq!(numbers(&told, "geojson.beyond-date-line"), [json!(1)]);
    let checked = desk.run(&["check", "c.gpkg", "--json"]);
    assert_eq!((checked.code, &checked.json()["findings"][0]["rule"]), (1, &json!("data.place")));
    let out = desk.json(&["export", "c.gpkg", "--layer", "p", "--out", "o.geojson"]);
    assert_eq!((&out["features"], &out["problems"][0]["rule"]), (&json!(1), &json!("data.place")), "{out}");
}

/// The problems that a rule has found.
fn of_rule<'a>(told: &'a Json, rule: &str) -> Vec<&'a Json> {
    let problems = told["problems"].as_array().expect("problems").iter();
    problems.filter(|problem| problem["rule"] == rule).collect()
}

/// The features that a rule has found, by their numbers in the file.
fn numbers(told: &Json, rule: &str) -> Vec<Json> {
    of_rule(told, rule).into_iter().map(|problem| problem["feature"].clone()).collect()
}
