//! Exit codes, errors for programs, and files that stay as they are.

use std::io::Read as _;

use serde_json::json;

use crate::fixture::{Desk, collection, point};

#[test]
fn wrong_words_are_exit_code_2() {
    let desk = Desk::new();
    desk.city_with_shops();
    let check = |words: &[&str]| {
        desk.fails(words, 2, "usage");
    };
    check(&["nonsense"]);
    check(&["info"]);
    check(&["info", "c.gpkg", "--lang", "fr"]);
    check(&["query", "c.gpkg"]);
    check(&["query", "c.gpkg", "--layer", "nothing"]);
    check(&["query", "c.gpkg", "--layer", "shops", "--where", "nothing = 1"]);
    check(&["query", "c.gpkg", "--layer", "shops", "--where", "seats = 1; DROP TABLE shops"]);
    check(&["query", "c.gpkg", "--layer", "shops", "--bbox", "3,2,1,0"]);
    check(&["query", "c.gpkg", "--layer", "shops", "--near", "29.7,116,5"]);
    check(&["query", "c.gpkg", "--layer", "shops", "--ids", "1-99999999999"]);
    check(&["query", "c.gpkg", "--layer", "shops", "--limit", "-1"]);
    check(&["export", "c.gpkg", "--layer", "shops", "--out", "x.nothing"]);
    check(&["export", "c.gpkg", "--layer", "shops", "--out", "x.geojson", "--crs", "EPSG:4548"]);
    check(&["export", "c.gpkg", "--layer", "shops", "--out", "x.geojsonl", "--crs", "EPSG:4490"]);
    check(&["render", "c.gpkg", "--out", "x.bmp"]);
    check(&["render", "c.gpkg", "--out", "x.png", "--size", "0x0"]);
    check(&["render", "c.gpkg", "--out", "x.png", "--layers", "shops,nothing"]);
    check(&["note", "c.gpkg", "--text", "where?"]);
    check(&["note", "c.gpkg", "--at", "116,29"]);
    check(&["note", "c.gpkg", "--at", "116,29", "--on", "shops/1", "--text", "which?"]);
    check(&["note", "c.gpkg", "--at", "116,29", "--text", "x", "--set", "severity=worst"]);
    check(&["import", "shops.geojson", "--into", "c.gpkg", "--kind", "nothing"]);
    check(&["import", "shops.geojson", "--into", "c.gpkg", "--crs", "mars"]);
    check(&["delete", "c.gpkg", "--layer", "shops", "--ids", "x"]);
    check(&["new", "d.gpkg", "--layer", "nothing"]);
    assert_eq!(desk.files(), ["c.gpkg", "shops.geojson"], "nothing was made on the way");
}

#[test]
fn files_that_cannot_be_read_or_written_are_exit_code_3() {
    let desk = Desk::new();
    desk.city_with_shops();
    desk.write("no.gpkg", "not a database, only words that are long enough to look like one to a hasty reader");
    desk.write("empty.gpkg", "");
    let check = |words: &[&str]| {
        desk.fails(words, 3, "file");
    };
    check(&["info", "absent.gpkg"]);
    check(&["info", "no.gpkg"]);
    check(&["info", "."]);
    check(&["import", "absent.geojson", "--into", "c.gpkg"]);
    check(&["import", "absent.geojson", "--into", "new.gpkg"]);
    check(&["export", "c.gpkg", "--layer", "shops", "--out", "no/folder/x.geojson"]);
    check(&["render", "c.gpkg", "--out", "no/folder/x.png"]);
    check(&["backup", "c.gpkg", "no/folder/x.gpkg"]);
    check(&["note", "c.gpkg", "--at", "116,29", "--text", "x", "--photo", "absent.png"]);
    check(&["script", "c.gpkg", "absent.jsonl"]);
    assert_eq!(desk.files(), ["c.gpkg", "empty.gpkg", "no.gpkg", "shops.geojson"]);
    assert_eq!(desk.json(&["history", "c.gpkg"]).as_array().map(Vec::len), Some(1), "the import alone");
}

#[test]
fn what_the_disk_says_is_said_in_both_languages_and_of_the_file_asked_for() {
    let desk = Desk::new();
    desk.city_with_shops();
    desk.write("script.jsonl", "");
    let check = |words: &[&str], zh: &str, en: &str| {
        let error = desk.fails(words, 3, "file");
        let said = ["zh", "en"].map(|lang| error[lang].as_str().expect("words").to_owned());
        assert!(said[0].contains(zh) && said[1].contains(en), "{error}");
        assert!(said.iter().all(|said| !said.contains("os error") && !said.contains(".citygrid-")), "{error}");
    };
    let to_nowhere = ["export", "c.gpkg", "--layer", "shops", "--out", "no/x.geojson"];
    check(&to_nowhere, "no/x.geojson：文件夹不存在", "no/x.geojson cannot be written: its folder does not exist");
    check(&["render", "c.gpkg", "--out", "no/x.png"], "文件夹不存在", "its folder does not exist");
    check(&["new", "no/x.gpkg"], "文件或它的文件夹不存在", "The file or its folder does not exist");
    check(&["import", "no.geojson", "--into", "c.gpkg"], "文件不存在", "it does not exist");
    check(&["script", "c.gpkg", "no.jsonl"], "文件不存在", "it does not exist");
    check(&["import", ".", "--into", "c.gpkg"], "这是文件夹", "it is a folder");
}

#[test]
fn a_file_in_a_crs_that_nobody_knows_is_bad_data() {
    let desk = Desk::new();
    let mut file = crate::fixture::shops();
    file["crs"] = json!({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::99999"}});
    desk.write("x.geojson", file.to_string());
    desk.fails(&["import", "x.geojson", "--into", "c.gpkg"], 4, "data");
    desk.done(&["import", "x.geojson", "--into", "c.gpkg", "--crs", "EPSG:4326"]);
}

#[test]
fn no_verb_replaces_a_file_unasked() {
    let desk = Desk::new();
    desk.city_with_shops();
    desk.write("old.geojson", "precious");
    desk.write("old.png", "precious");
    desk.write("old.gpkg", "precious");
    let check = |words: &[&str], file: &str| {
        desk.fails(words, 3, "file");
        assert_eq!(desk.read(file), b"precious", "{words:?}");
    };
    check(&["export", "c.gpkg", "--layer", "shops", "--out", "old.geojson"], "old.geojson");
    check(&["render", "c.gpkg", "--out", "old.png"], "old.png");
    check(&["backup", "c.gpkg", "old.gpkg"], "old.gpkg");
    check(&["demo", "old.gpkg", "--scale", "0.02"], "old.gpkg");
    check(&["new", "old.gpkg"], "old.gpkg");
    check(&["import", "shops.geojson", "--into", "old.gpkg"], "old.gpkg");

    desk.json(&["export", "c.gpkg", "--layer", "shops", "--out", "old.geojson", "--overwrite"]);
    assert!(desk.read("old.geojson").starts_with(b"{"));
    // A city may not be written over itself, even when asked to.
    assert_ne!(desk.run(&["backup", "c.gpkg", "c.gpkg", "--overwrite"]).code, 0);
    assert_eq!(desk.rows("c.gpkg", "shops").len(), 3);
}

#[test]
fn findings_are_exit_code_1() {
    let desk = Desk::new();
    desk.write("k.geojson", collection(vec![point(1, 116.0, 29.7, json!({"name": "no number"}))]).to_string());
    desk.done(&["import", "k.geojson", "--into", "c.gpkg", "--kind", "kiosk", "--layer", "kiosk"]);
    let ran = desk.run(&["check", "c.gpkg", "--json"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let answer = ran.json();
    assert_eq!(answer["ok"], false);
    let finding = &answer["findings"][0];
    assert_eq!([&finding["layer"], &finding["id"]], [&json!("kiosk"), &json!(1)]);
    for member in ["rule", "severity", "zh", "en"] {
        assert!(finding[member].is_string(), "{member}: {finding}");
    }
}

#[test]
fn a_broken_condition_is_shown_with_a_mark_under_the_place() {
    let desk = Desk::new();
    desk.city_with_shops();
    let error = desk.fails(&["query", "c.gpkg", "--layer", "shops", "--where", "seats ?? 5"], 2, "usage");
    let lines: Vec<&str> = error["en"].as_str().expect("words").lines().collect();
    let [.., words, mark] = lines[..] else { panic!("{lines:?}") };
    assert_eq!((words, mark), ("  seats ?? 5", "        ^"));
}

#[test]
fn people_are_answered_in_their_language() {
    let desk = Desk::new();
    desk.city_with_shops();
    let check = |words: &[&str], lang: &str, expected: &str| {
        let ran = desk.run(&[words, &["--lang", lang]].concat());
        assert!(format!("{}{}", ran.out, ran.err).contains(expected), "{}{}", ran.out, ran.err);
    };
    check(&["info", "c.gpkg"], "zh", "数量");
    check(&["info", "c.gpkg"], "en", "Features");
    check(&["info", "absent.gpkg"], "zh", "错误：");
    check(&["kinds", "kiosk"], "zh", "四类齐全");
    check(&["kinds"], "en", "Sewer pipe");
    check(&["query", "c.gpkg", "--layer", "shops", "--limit", "1"], "zh", "浔阳楼");
    check(&["--help"], "zh", "读入");
    check(&["help", "import"], "en", "Take files into a city");
}

#[test]
fn programs_get_one_value_and_quiet_means_quiet() {
    let desk = Desk::new();
    desk.city_with_shops();
    for words in [&["layers", "c.gpkg"][..], &["kinds"], &["history", "c.gpkg"], &["info", "c.gpkg"]] {
        let ran = desk.done(&[words, &["--json"]].concat());
        assert_eq!((ran.out.lines().count(), ran.err.as_str()), (1, ""), "{words:?}");
    }
    let ran = desk.done(&["note", "c.gpkg", "--at", "116,29.7", "--text", "x", "--quiet"]);
    assert_eq!((ran.out, ran.err), (String::new(), String::new()));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let desk = Desk::new();
    let many = (1..3000).map(|id| point(id, 116.0, 29.7, json!({"name": "名".repeat(40)}))).collect();
    desk.write("many.geojson", collection(many).to_string());
    desk.done(&["import", "many.geojson", "--into", "c.gpkg"]);
    let mut child = desk.command(&["query", "c.gpkg", "--layer", "many", "--json"]).spawn().expect("starts");
    let mut first = [0; 16];
    child.stdout.take().expect("piped").read_exact(&mut first).expect("some output");
    let output = child.wait_with_output().expect("ends");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && err.is_empty(), "{:?} {err}", output.status);
}

#[test]
fn without_a_window_the_program_says_so() {
    if cfg!(feature = "gui") {
        return;
    }
    let desk = Desk::new();
    desk.fails(&["open", "c.gpkg"], 2, "usage");
}
