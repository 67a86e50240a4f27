//! Where features begin and end in a file, and what must stand between them.

use super::*;

#[test]
fn features_are_found_whatever_their_strings_hold() {
    check(
        r#"{"type":"FeatureCollection","features":[{"a":"}]\"{"}, {"b":{"c":[]}}]}"#,
        &[r#"{"a":"}]\"{"}"#, r#"{"b":{"c":[]}}"#],
    );
    check(
        r#" {"features" : [ 1 , "x,]" , [[],{}] , null ] , "type":"FeatureCollection"} "#,
        &["1", r#""x,]""#, "[[],{}]", "null"],
    );
    check(r#"{"features":[]}"#, &[]);
}

#[test]
fn other_documents_stay_whole() {
    check(r#"{"type":"Feature","features":[1]}"#, &[r#"{"type":"Feature","features":[1]}"#]);
    check("\u{feff}{\"type\":\"Point\"}", &[r#"{"type":"Point"}"#]);
    check("[1,2]", &[]);
}

#[test]
fn what_lies_between_the_features_is_checked() {
    let broken = [
        r#"{"features":[1 2]}"#,
        r#"{"features":[1,]}"#,
        r#"{"features":[,1]}"#,
        r#"{"features":[1],}"#,
        r#"{"features":[1]}}"#,
        r#"{"features":[1]"#,
        r#"{"features":[1], "a":tru}"#,
        r#"{"features":[{"a":1]}"#,
        r#"{"features"[1]}"#,
        r"{features:[1]}",
        r#"{"features":[1]} {"#,
    ];
    for text in broken {
        assert!(split(text.as_bytes(), Layout::Document).is_err(), "{text}");
    }
}

#[test]
fn blocks_may_end_anywhere() {
    let long = format!(r#"{{"features":[{}]}}"#, vec![r#"{"a":"b\\\""}, -12.5"#; 40_000].join(" ,"));
    let (found, _) = split(long.as_bytes(), Layout::Document).expect("well-formed");
    assert_eq!(found.len(), 80_000);
    assert!(found.chunks(2).all(|pair| pair == [r#"{"a":"b\\\""}"#, "-12.5"]));
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (found, _) = split(text.as_bytes(), Layout::Document).expect("well-formed");
    assert_eq!(found, expected);
}

fn split(text: &[u8], layout: Layout) -> Result<(Vec<String>, Head), ScanError> {
    let mut found = Vec::new();
    let head = scan(text, layout, &mut |batch| {
        let items = batch.items.iter().map(|item| String::from_utf8_lossy(&batch.text[item.range.clone()]).into());
        found.extend(items);
        ControlFlow::Continue(())
    })?;
    Ok((found, head))
}
