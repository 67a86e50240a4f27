//! Files that go out and what they say of themselves: byte for byte, with a passport, and blurred.

use std::path::{Path, PathBuf};

use super::redact::Profile;
use crate::geom::crs::Crs;
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::{
    Command, EditCommand, ExchangeCommand, ExportRequest, ImportRequest, ReadOptions, RowFilter,
};
use crate::session::test_city::TestCity;
use crate::task::Problems;

/// Odd in ways that an export of its own would even out.
const ODD: &str = r#"{ "maker": "甲", "type":"FeatureCollection",
  "features" : [
    {"geometry":{"coordinates":[116.10,29.70],"type":"Point"},"type":"Feature","id":"k-1","style":{"a":1},"properties":{"b":1.50,"name":null}},
    {"type":"Feature","id":"k-2","properties":{"name":"乙","b":2e0},"geometry":{"type":"Point","coordinates":[116.2,29.8]}}
 ]}
"#;

#[test]
fn a_lossless_import_goes_out_byte_for_byte_and_a_change_replaces_its_member_alone() {
    let mut city = TestCity::new();
    let file = city.write("a.geojson", ODD);
    let problems = import(&mut city, &file, true);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(export(&mut city, "out.geojson", |_| {}).0, ODD);
    // What is not plain (labels) or another format goes its usual way.
    assert_ne!(export(&mut city, "named.geojson", |request| request.labels = true).0, ODD);

    let values = vec![("b".to_owned(), "9.25".to_owned())];
    city.run(Command::Edit(EditCommand::Set { layer: "a".to_owned(), id: 1, values }));
    assert_eq!(export(&mut city, "changed.geojson", |_| {}).0, ODD.replace("1.50", "9.25"));
    city.undo();
    assert_eq!(export(&mut city, "undone.geojson", |_| {}).0, ODD);
}

#[test]
fn without_it_the_import_says_what_would_change() {
    let mut city = TestCity::new();
    let file = city.write("a.geojson", ODD);
    let problems = import(&mut city, &file, false);
    let told: Vec<(&str, &str)> =
        problems.listed.iter().map(|problem| (problem.rule, problem.what.zh.as_ref())).collect();
    assert_eq!(
        told,
        [
            ("lossless.members", "文件的成员“maker”没有读入，导出时不会有"),
            ("lossless.numbers", "列“b”有 2 个数字导出时写法会变：1.50 → 1.5"),
            ("lossless.members", "1 个要素的成员“style”没有读入，导出时不会有"),
        ]
    );
    assert_ne!(export(&mut city, "out.geojson", |_| {}).0, ODD);
}

#[test]
fn a_passport_is_believed_until_the_file_is_touched() {
    let mut city = TestCity::new();
    let file = city.write("a.geojson", ODD);
    import(&mut city, &file, false);
    for name in ["out.geojson", "out2.shp", "out3.csv"] {
        let (_, passport) = export(&mut city, name, |request| request.passport = true);
        let passport = city.read(passport.expect("a passport"));
        let said: serde_json::Value = serde_json::from_str(&passport).expect("JSON");
        assert_eq!((&said["features"], &said["city"]), (&2.into(), &"九江".into()), "{passport}");
        assert!(!passport.contains(city.folder().to_str().expect("a path")), "{passport}");
        let path = city.path(name);
        assert_eq!(looks(&mut city, &path), (true, false), "{name}");
    }
    let path = city.path("out.geojson");
    let text = city.read(&path).replace("乙", "丙");
    city.write("out.geojson", text);
    assert_eq!(looks(&mut city, &path), (false, true));
    // A file of the same stem that the passport does not name is not its.
    std::fs::copy(&path, city.path("out.json")).expect("copied");
    let other = city.path("out.json");
    assert_eq!(looks(&mut city, &other), (false, false));
}

#[test]
fn a_passport_says_the_system_of_a_file_that_cannot_and_the_import_believes_it() {
    let mut city = TestCity::new();
    let file = city.write("a.geojson", ODD);
    import(&mut city, &file, false);
    for (name, crs) in [("gcj.csv", Crs::Gcj02), ("plane.csv", Crs::Epsg(4548)), ("shifted.shp", Crs::Gcj02)] {
        let (_, passport) = export(&mut city, name, |request| (request.passport, request.crs) = (true, Some(crs)));
        let passport = city.read(passport.expect("a passport"));
        let said: serde_json::Value = serde_json::from_str(&passport).expect("JSON");
        assert_eq!(said["crs"], crs.to_string(), "{passport}");
        let (path, read) = (city.path(name), ReadOptions::default());
        city.run(Command::Exchange(ExchangeCommand::Survey { path, read }));
        let preview = city.session.take_preview().expect("a preview");
        assert_eq!(preview.crs, crs, "{name}");
        // A shapefile can say it itself.
        let is_said = preview.understood.iter().any(|text| text.zh.contains("数据护照写明坐标系"));
        assert_eq!(is_said, name.ends_with("csv"), "{name}");
        assert!(preview.understood.iter().any(|text| text.zh.contains("数据护照相符")), "{:?}", preview.problems);
    }
}

#[test]
fn an_export_that_holds_nothing_leaves_the_older_file() {
    let mut city = TestCity::new();
    let area = r#"{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[116,29],[116.1,29],[116.1,29.1],[116,29]]]}}"#;
    let file = city.write("a.geojson", area);
    import(&mut city, &file, false);
    let older = city.write("out.gpx", "older");
    let refused = try_export(&mut city, "out.gpx", |request| request.overwrite = true).expect_err("areas");
    assert_eq!(refused.kind, FailureKind::Data, "{:?}", refused.text);
    assert_eq!(city.read(older), "older");
}

#[test]
fn a_layer_of_an_unknown_system_is_no_geojson_unless_somebody_says_so() {
    let mut city = TestCity::new();
    let file = city.write("a.csv", "x,y,n\n500.5,300.5,1\n501.5,301.5,2\n");
    import(&mut city, &file, false);
    let refused = try_export(&mut city, "out.geojson", |_| {}).expect_err("somewhere");
    assert_eq!(refused.kind, FailureKind::Usage, "{:?}", refused.text);
    try_export(&mut city, "out.csv", |_| {}).expect("as it is");
}

#[test]
fn an_old_datum_says_how_it_is_converted() {
    let mut city = TestCity::new();
    let file = city.write("a.geojson", ODD);
    import(&mut city, &file, false);
    let shifted = |answer: &Answer| match answer {
        Answer::Exported { problems, .. } => problems.listed.iter().any(|problem| problem.rule == "crs.shift"),
        other => panic!("{other:?}"),
    };
    let plain = try_export(&mut city, "a.shp", |request| request.crs = Some(Crs::Epsg(4548))).expect("written");
    let old = try_export(&mut city, "b.shp", |request| request.crs = Some(Crs::Epsg(2436))).expect("written");
    assert_eq!([shifted(&plain), shifted(&old)], [false, true]);
    let old = city.path("b.shp");
    let problems = import(&mut city, &old, false);
    assert!(problems.listed.iter().any(|problem| problem.rule == "crs.shift"), "{problems:?}");
}

#[test]
fn a_blurred_export_has_the_listed_fields_and_no_exact_place() {
    let mut city = TestCity::new();
    let file = city.write("a.geojson", ODD);
    import(&mut city, &file, true);
    let profile = Profile::new(Some(vec!["name".to_owned()]), Some(1000.0));
    let (text, _) = export(&mut city, "out.geojson", |request| request.profile = Some(profile.clone()));
    let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let feature = &told["features"][1];
    assert_eq!(feature["properties"], serde_json::json!({"name": "乙"}));
    let lon = feature["geometry"]["coordinates"][0].as_f64().expect("a number");
    assert!(lon != 116.2 && (lon - 116.2).abs() < 0.006, "{text}");
    assert!(!text.contains("k-2") && !text.contains("style"), "{text}");
}

#[track_caller]
fn import(city: &mut TestCity, path: &Path, lossless: bool) -> Problems {
    match city.import(ImportRequest { paths: vec![path.to_owned()], lossless, ..ImportRequest::default() }) {
        Answer::Imported { problems, .. } => problems,
        other => panic!("{other:?}"),
    }
}

/// The text of what is written, where it is text, and where its passport is.
#[track_caller]
fn export(city: &mut TestCity, name: &str, change: impl FnOnce(&mut ExportRequest)) -> (String, Option<PathBuf>) {
    match try_export(city, name, change).expect("done") {
        Answer::Exported { passport, .. } => (std::fs::read_to_string(city.path(name)).unwrap_or_default(), passport),
        other => panic!("{other:?}"),
    }
}

fn try_export(city: &mut TestCity, name: &str, change: impl FnOnce(&mut ExportRequest)) -> Result<Answer, Failure> {
    let mut request = ExportRequest {
        layer: "a".to_owned(),
        rows: RowFilter::default(),
        path: city.path(name),
        overwrite: false,
        crs: None,
        decimals: 8,
        labels: false,
        bbox: false,
        passport: false,
        profile: None,
    };
    change(&mut request);
    city.try_run(Command::Exchange(ExchangeCommand::Export(request)))
}

/// Whether a look into a file finds that its passport agrees, and whether it finds that it does not.
#[track_caller]
fn looks(city: &mut TestCity, path: &Path) -> (bool, bool) {
    let (path, read) = (path.to_owned(), ReadOptions::default());
    city.run(Command::Exchange(ExchangeCommand::Survey { path, read }));
    let preview = city.session.take_preview().expect("a preview");
    let agrees = preview.understood.iter().any(|text| text.zh.contains("数据护照相符"));
    (agrees, preview.problems.iter().any(|problem| problem.rule == "import.passport"))
}
