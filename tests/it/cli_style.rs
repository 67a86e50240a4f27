//! How layers look, asked for and set without a window.

use serde_json::json;

use crate::fixture::{Desk, collection, point};

/// A city with a hundred wells, 1 to 100 metres deep.
fn city_with_wells() -> Desk {
    let desk = Desk::new();
    let well = |n: i64| {
        let state = if n % 4 == 0 { "dry" } else { "wet" };
        point(n, 116.0 + n as f64 * 1e-4, 29.7, json!({"depth": n, "state": state}))
    };
    desk.write("wells.geojson", collection((1..=100).map(well).collect()).to_string());
    desk.done(&["import", "wells.geojson", "--into", "c.gpkg"]);
    desk
}

#[test]
fn classes_of_a_number_are_made_told_and_taken_back() {
    let desk = city_with_wells();
    let style = |words: &[&str]| desk.json(&[&["style", "c.gpkg", "--layer", "wells"][..], words].concat());
    let made = style(&["--by", "depth", "--classes", "4", "--ramp", "blues"]);
    assert_eq!(made["layer"], "wells");
    let classes = made["classes"].as_array().expect("classes");
    let counts: Vec<_> = classes.iter().map(|class| class["count"].as_u64()).collect();
    assert_eq!(counts, [Some(25); 4]);
    let bounds: Vec<_> = classes.iter().map(|class| [class["from"].as_f64(), class["to"].as_f64()]).collect();
    assert_eq!(bounds[0], [Some(1.0), Some(26.0)]);
    assert_eq!(bounds[3], [Some(76.0), Some(100.0)]);
    assert_ne!(classes[0]["color"], "#e2f3ff", "the palest blue could not be told from the ground");
    assert_eq!(style(&[]), made, "it is kept");

    let typed = style(&["--by", "depth", "--breaks", "0,10,100"]);
    assert_eq!([&typed["classes"][0]["count"], &typed["classes"][1]["count"]], [&json!(9), &json!(91)]);
    desk.done(&["undo", "c.gpkg"]);
    assert_eq!(style(&[]), made);
    style(&["--reset"]);
    assert_eq!(style(&[])["classes"].as_array().map(Vec::len), Some(1));
}

#[test]
fn values_have_a_colour_each_and_the_rest_has_one() {
    let desk = city_with_wells();
    let made = desk.json(&["style", "c.gpkg", "--layer", "wells", "--by", "state"]);
    let of = |class: usize| (made["classes"][class]["name"].clone(), made["classes"][class]["count"].clone());
    assert_eq!([of(0), of(1)], [(json!("wet"), json!(75)), (json!("dry"), json!(25))]);
    assert_eq!(made["classes"][2]["count"], 0);
}

#[test]
fn a_style_goes_to_another_city_and_to_other_programs() {
    let desk = city_with_wells();
    desk.done(&["style", "c.gpkg", "--layer", "wells", "--by", "depth", "--out", "w.citystyle.json"]);
    desk.done(&["import", "wells.geojson", "--into", "other.gpkg"]);
    let taken = desk.json(&["style", "other.gpkg", "--layer", "wells", "--set", "w.citystyle.json"]);
    assert_eq!(taken, desk.json(&["style", "c.gpkg", "--layer", "wells"]));
    desk.done(&["style", "c.gpkg", "--layer", "wells", "--out", "w.qml"]);
    desk.done(&["style", "c.gpkg", "--layer", "wells", "--out", "w.sld"]);
    let qml = String::from_utf8(desk.read("w.qml")).expect("UTF-8");
    assert!(qml.contains("graduatedSymbol") && qml.contains("attr=\"depth\""), "{qml}");
    let sld = String::from_utf8(desk.read("w.sld")).expect("UTF-8");
    let document = roxmltree::Document::parse(&sld).expect("XML");
    assert_eq!(
        document.descendants().filter(|node| node.has_tag_name(("http://www.opengis.net/sld", "Rule"))).count(),
        5
    );
}

#[test]
fn wrong_words_are_told_with_what_there_is() {
    let desk = city_with_wells();
    let fails = |words: &[&str], code: i32, kind: &str| {
        desk.fails(&[&["style", "c.gpkg", "--layer", "wells"][..], words].concat(), code, kind)
    };
    fails(&["--by", "nothing"], 2, "usage");
    fails(&["--by", "depth", "--ramp", "rainbow"], 2, "usage");
    fails(&["--by", "depth", "--breaks", "5,1"], 2, "usage");
    fails(&["--by", "state", "--method", "jenks"], 2, "usage");
    fails(&["--out", "w.txt"], 2, "usage");
    fails(&["--set", "gone.citystyle.json"], 3, "file");
    desk.write("bad.citystyle.json", "{\"citystyle\": 1, \"rules\": [{\"paints\": [{\"type\": \"glow\"}]}]}");
    let error = fails(&["--set", "bad.citystyle.json"], 3, "file");
    assert!(error["zh"].as_str().is_some_and(|zh| zh.contains("rules[0].paints[0].type")), "{error}");
}

#[test]
fn values_beyond_the_bounds_that_were_typed_have_classes_too() {
    let desk = city_with_wells();
    let made = desk.json(&["style", "c.gpkg", "--layer", "wells", "--by", "depth", "--breaks", "20,40,60"]);
    let classes = made["classes"].as_array().expect("classes");
    let said: Vec<_> =
        classes.iter().map(|class| [&class["name"], &class["from"], &class["to"], &class["count"]]).collect();
    let none = json!(null);
    let expected = [
        [&json!("<20"), &none, &json!(20.0), &json!(19)],
        [&json!("20 – <40"), &json!(20.0), &json!(40.0), &json!(20)],
        [&json!("40 – <60"), &json!(40.0), &json!(60.0), &json!(20)],
        [&json!("≥60"), &json!(60.0), &none, &json!(41)],
    ];
    assert_eq!(said, expected);
}

#[test]
fn classes_are_seen_at_the_scales_at_which_the_layer_was() {
    let desk = city_with_wells();
    let style = |words: &[&str]| desk.done(&[&["style", "c.gpkg", "--layer", "wells"][..], words].concat());
    let read = |name: &str| serde_json::from_slice::<serde_json::Value>(&desk.read(name)).expect("JSON");
    style(&["--out", "near.citystyle.json"]);
    let mut near = read("near.citystyle.json");
    for rule in near["rules"].as_array_mut().expect("rules") {
        rule["scale"] = json!([0.0, 25_000.0]);
    }
    desk.write("near.citystyle.json", near.to_string());
    style(&["--set", "near.citystyle.json"]);
    style(&["--by", "depth", "--out", "classes.citystyle.json"]);
    let classes = read("classes.citystyle.json");
    let scales: Vec<_> = classes["rules"].as_array().expect("rules").iter().map(|rule| &rule["scale"]).collect();
    assert_eq!(scales, [&json!([0.0, 25_000.0]); 5]);
}

#[test]
fn a_style_that_the_layer_cannot_follow_is_refused_and_nothing_changes() {
    let desk = city_with_wells();
    let style = |words: &[&str]| desk.json(&[&["style", "c.gpkg", "--layer", "wells"][..], words].concat());
    let before = style(&["--by", "depth", "--out", "depth.citystyle.json"]);
    let refused = |file: &str| desk.fails(&["style", "c.gpkg", "--layer", "wells", "--set", file], 4, "data");

    let other = String::from_utf8(desk.read("depth.citystyle.json")).expect("UTF-8").replace("depth", "girth");
    desk.write("girth.citystyle.json", other);
    let error = refused("girth.citystyle.json");
    assert!(
        ["zh", "en"].iter().all(|lang| error[lang].as_str().is_some_and(|words| words.contains("girth"))),
        "{error}"
    );

    let line = json!({
        "type": "Feature", "properties": {},
        "geometry": {"type": "LineString", "coordinates": [[116.0, 29.7], [116.1, 29.7]]},
    });
    desk.write("lines.geojson", collection(vec![line]).to_string());
    desk.done(&["import", "lines.geojson", "--into", "lines.gpkg"]);
    desk.done(&["style", "lines.gpkg", "--layer", "lines", "--out", "line.citystyle.json"]);
    refused("line.citystyle.json");

    desk.done(&["style", "c.gpkg", "--layer", "wells", "--out", "w.qml"]);
    let error = refused("w.qml");
    assert!(error["en"].as_str().is_some_and(|words| words.contains(".citystyle.json")), "{error}");
    assert_eq!(style(&[]), before);
}

#[test]
fn fewer_classes_than_were_asked_for_are_told() {
    let desk = Desk::new();
    let well = |n: i64| point(n, 116.0 + n as f64 * 1e-4, 29.7, json!({"depth": n % 2}));
    desk.write("wells.geojson", collection((1..=10).map(well).collect()).to_string());
    desk.done(&["import", "wells.geojson", "--into", "c.gpkg"]);
    let ran = desk.done(&["style", "c.gpkg", "--layer", "wells", "--by", "depth", "--classes", "4"]);
    assert!(ran.err.contains('4'), "{}", ran.err);
    let ran = desk.done(&["style", "c.gpkg", "--layer", "wells", "--by", "depth", "--classes", "1"]);
    assert_eq!(ran.err, "");
}
