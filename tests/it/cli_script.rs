//! Scripts: one JSON command a line, one answer a line.

use serde_json::{Value as Json, json};

use crate::fixture::Desk;

#[test]
fn every_line_is_answered_with_a_line() {
    let desk = Desk::new();
    desk.city_with_shops();
    let answers = check(
        &desk,
        &[],
        r#"
        # a comment
        {"note":{"at":[116,29.7],"text":"一\n二","set":{"severity":"low"}}}
        {"edit":{"layer":"shops","id":1,"set":{"seats":7,"open":false}}}
        {"query":{"layer":"shops","where":"seats = 7"}}
        {"delete":{"layer":"shops","ids":[2,3]}}
        {"undo":{}}
        {"layers":{}}
        "#,
        0,
    );
    assert_eq!(answers.len(), 6);
    assert_eq!([&answers[0]["layer"], &answers[1]["id"]], [&json!("note"), &json!(1)]);
    assert_eq!(answers[2]["features"].as_array().map(Vec::len), Some(1));
    assert_eq!(desk.rows("c.gpkg", "shops").len(), 3);
    assert_eq!(desk.rows("c.gpkg", "note")[0]["properties"]["text"], "一\n二");
}

#[test]
fn the_first_failure_ends_the_script_unless_told_to_go_on() {
    let desk = Desk::new();
    desk.city_with_shops();
    let lines = r#"
        {"undo":{"sideways":true}}
        {"edit":{"layer":"shops","id":1,"set":{"seats":9}}}
        not json
        {"demo":{"out":"x.gpkg"}}
        "#;
    let stopped = check(&desk, &[], lines, 2);
    assert_eq!(stopped.len(), 1);
    assert_eq!(stopped[0]["error"]["kind"], "usage");
    let all = check(&desk, &["--keep-going"], lines, 2);
    let failed: Vec<bool> = all.iter().map(|answer| answer["error"].is_object()).collect();
    assert_eq!(failed, [true, false, true, true]);
    assert_eq!(desk.rows("c.gpkg", "shops")[0]["properties"]["seats"], 9);
}

/// Runs a script from a file; its answers.
#[track_caller]
fn check(desk: &Desk, options: &[&str], lines: &str, code: i32) -> Vec<Json> {
    desk.write("steps.jsonl", lines);
    let ran = desk.run(&[&["script", "c.gpkg", "steps.jsonl"], options].concat());
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}
