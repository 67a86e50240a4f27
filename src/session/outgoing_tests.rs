//! Files that go out and what they say of themselves: byte for byte, with a passport, and blurred.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::geom::crs::Crs;
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::{
    CityCommand, Command, EditCommand, ExchangeCommand, ExportRequest, ImportRequest, ReadOptions, RowFilter,
};
use crate::session::redact::Profile;
use crate::session::{NoWake, Session};
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
    let mut desk = Desk::new();
    let file = desk.file("a.geojson", ODD);
    let problems = desk.import(&file, true);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(desk.export("out.geojson", |_| {}).0, ODD);
    // What is not plain (labels) or another format goes its usual way.
    assert_ne!(desk.export("named.geojson", |request| request.labels = true).0, ODD);

    let values = vec![("b".to_owned(), "9.25".to_owned())];
    desk.run(Command::Edit(EditCommand::Set { layer: "a".to_owned(), id: 1, values }));
    assert_eq!(desk.export("changed.geojson", |_| {}).0, ODD.replace("1.50", "9.25"));
    desk.run(Command::History(crate::session::command::HistoryCommand::Undo));
    assert_eq!(desk.export("undone.geojson", |_| {}).0, ODD);
}

#[test]
fn without_it_the_import_says_what_would_change() {
    let mut desk = Desk::new();
    let file = desk.file("a.geojson", ODD);
    let problems = desk.import(&file, false);
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
    assert_ne!(desk.export("out.geojson", |_| {}).0, ODD);
}

#[test]
fn a_passport_is_believed_until_the_file_is_touched() {
    let mut desk = Desk::new();
    let file = desk.file("a.geojson", ODD);
    desk.import(&file, false);
    for name in ["out.geojson", "out2.shp", "out3.csv"] {
        let (_, passport) = desk.export(name, |request| request.passport = true);
        let passport = std::fs::read_to_string(passport.expect("a passport")).expect("readable");
        let said: serde_json::Value = serde_json::from_str(&passport).expect("JSON");
        assert_eq!((&said["features"], &said["city"]), (&2.into(), &"city".into()), "{passport}");
        assert!(!passport.contains(desk.folder.path().to_str().expect("a path")), "{passport}");
        let path = desk.path(name);
        assert_eq!(desk.looks(&path), (true, false), "{name}");
    }
    let path = desk.path("out.geojson");
    let text = std::fs::read_to_string(&path).expect("readable").replace("乙", "丙");
    std::fs::write(&path, text).expect("written");
    assert_eq!(desk.looks(&path), (false, true));
    // A file of the same stem that the passport does not name is not its.
    std::fs::copy(&path, desk.path("out.json")).expect("copied");
    let other = desk.path("out.json");
    assert_eq!(desk.looks(&other), (false, false));
}

#[test]
fn a_passport_says_the_system_of_a_file_that_cannot_and_the_import_believes_it() {
    let mut desk = Desk::new();
    let file = desk.file("a.geojson", ODD);
    desk.import(&file, false);
    for (name, crs) in [("gcj.csv", Crs::Gcj02), ("plane.csv", Crs::Epsg(4548)), ("shifted.shp", Crs::Gcj02)] {
        let (_, passport) = desk.export(name, |request| (request.passport, request.crs) = (true, Some(crs)));
        let passport = std::fs::read_to_string(passport.expect("a passport")).expect("readable");
        let said: serde_json::Value = serde_json::from_str(&passport).expect("JSON");
        assert_eq!(said["crs"], crs.to_string(), "{passport}");
        let (path, read) = (desk.path(name), ReadOptions::default());
        desk.run(Command::Exchange(ExchangeCommand::Survey { path, read }));
        let preview = desk.session.take_preview().expect("a preview");
        assert_eq!(preview.crs, crs, "{name}");
        // A shapefile can say it itself.
        let is_said = preview.understood.iter().any(|text| text.zh.contains("数据护照写明坐标系"));
        assert_eq!(is_said, name.ends_with("csv"), "{name}");
        assert!(preview.understood.iter().any(|text| text.zh.contains("数据护照相符")), "{:?}", preview.problems);
    }
}

#[test]
fn an_export_that_holds_nothing_leaves_the_older_file() {
    let mut desk = Desk::new();
    let area = r#"{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[116,29],[116.1,29],[116.1,29.1],[116,29]]]}}"#;
    let file = desk.file("a.geojson", area);
    desk.import(&file, false);
    let older = desk.file("out.gpx", "older");
    let refused = desk.try_export("out.gpx", |request| request.overwrite = true).expect_err("areas");
    assert_eq!(refused.kind, FailureKind::Data, "{:?}", refused.text);
    assert_eq!(std::fs::read_to_string(older).expect("readable"), "older");
}

#[test]
fn a_layer_of_an_unknown_system_is_no_geojson_unless_somebody_says_so() {
    let mut desk = Desk::new();
    let file = desk.file("a.csv", "x,y,n\n500.5,300.5,1\n501.5,301.5,2\n");
    desk.import(&file, false);
    let refused = desk.try_export("out.geojson", |_| {}).expect_err("somewhere");
    assert_eq!(refused.kind, FailureKind::Usage, "{:?}", refused.text);
    desk.try_export("out.csv", |_| {}).expect("as it is");
}

#[test]
fn an_old_datum_says_how_it_is_converted() {
    let mut desk = Desk::new();
    let file = desk.file("a.geojson", ODD);
    desk.import(&file, false);
    let shifted = |answer: &Answer| match answer {
        Answer::Exported { problems, .. } => problems.listed.iter().any(|problem| problem.rule == "crs.shift"),
        other => panic!("{other:?}"),
    };
    let plain = desk.try_export("a.shp", |request| request.crs = Some(Crs::Epsg(4548))).expect("written");
    let old = desk.try_export("b.shp", |request| request.crs = Some(Crs::Epsg(2436))).expect("written");
    assert_eq!([shifted(&plain), shifted(&old)], [false, true]);
    let problems = desk.import(&desk.path("b.shp"), false);
    assert!(problems.listed.iter().any(|problem| problem.rule == "crs.shift"), "{problems:?}");
}

#[test]
fn a_blurred_export_has_the_listed_fields_and_no_exact_place() {
    let mut desk = Desk::new();
    let file = desk.file("a.geojson", ODD);
    desk.import(&file, true);
    let profile = Profile::new(Some(vec!["name".to_owned()]), Some(1000.0));
    let (text, _) = desk.export("out.geojson", |request| request.profile = Some(profile.clone()));
    let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let feature = &told["features"][1];
    assert_eq!(feature["properties"], serde_json::json!({"name": "乙"}));
    let lon = feature["geometry"]["coordinates"][0].as_f64().expect("a number");
    assert!(lon != 116.2 && (lon - 116.2).abs() < 0.006, "{text}");
    assert!(!text.contains("k-2") && !text.contains("style"), "{text}");
}

struct Desk {
    folder: tempfile::TempDir,
    session: Session,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let session = Session::headless(folder.path().join("settings"), Arc::new(NoWake));
        let mut desk = Self { folder, session };
        let path = desk.path("city.gpkg");
        desk.run(Command::City(CityCommand::New { path: path.clone(), overwrite: false }));
        desk.run(Command::City(CityCommand::Open(path)));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).expect("written");
        self.path(name)
    }

    #[track_caller]
    fn run(&mut self, command: Command) -> Answer {
        self.session.finish(command, &mut |_| {}).expect("done")
    }

    #[track_caller]
    fn import(&mut self, path: &Path, lossless: bool) -> Problems {
        let request = ImportRequest { paths: vec![path.to_owned()], lossless, ..ImportRequest::default() };
        match self.run(Command::Exchange(ExchangeCommand::Import(request))) {
            Answer::Imported { problems, .. } => problems,
            other => panic!("{other:?}"),
        }
    }

    /// The text of what is written, where it is text, and where its passport is.
    #[track_caller]
    fn export(&mut self, name: &str, change: impl FnOnce(&mut ExportRequest)) -> (String, Option<PathBuf>) {
        match self.try_export(name, change).expect("done") {
            Answer::Exported { passport, .. } => {
                (std::fs::read_to_string(self.path(name)).unwrap_or_default(), passport)
            }
            other => panic!("{other:?}"),
        }
    }

    fn try_export(&mut self, name: &str, change: impl FnOnce(&mut ExportRequest)) -> Result<Answer, Failure> {
        let mut request = ExportRequest {
            layer: "a".to_owned(),
            rows: RowFilter::default(),
            path: self.path(name),
            overwrite: false,
            crs: None,
            decimals: 8,
            labels: false,
            bbox: false,
            passport: false,
            profile: None,
        };
        change(&mut request);
        self.session.finish(Command::Exchange(ExchangeCommand::Export(request)), &mut |_| {})
    }

    /// Whether a look into a file finds that its passport agrees, and whether it finds that it does not.
    #[track_caller]
    fn looks(&mut self, path: &Path) -> (bool, bool) {
        let (path, read) = (path.to_owned(), ReadOptions::default());
        self.run(Command::Exchange(ExchangeCommand::Survey { path, read }));
        let preview = self.session.take_preview().expect("a preview");
        let agrees = preview.understood.iter().any(|text| text.zh.contains("数据护照相符"));
        (agrees, preview.problems.iter().any(|problem| problem.rule == "import.passport"))
    }
}
