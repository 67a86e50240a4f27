//! Models in and out of the city, and a drawn network as a model.

use serde_json::json;

use super::{SwmmReport, SwmmRequest, Units, UserRules};
use crate::session::answer::Answer;
use crate::session::command::{Command, EditCommand, ImportRequest, ReadOptions};
use crate::session::test_city::TestCity;
use crate::task::{Problems, Task};

const MODEL: &str = "\
[TITLE]
街区模型

[OPTIONS]
FLOW_UNITS LPS

[JUNCTIONS]
J1 10.5 2.5 0 0 0
J2 10.0 2.0 0 0 0

[OUTFALLS]
O1 9 FREE NO

[CONDUITS]
C1 J1 J2 50 0.013 0 0.1 0 0
C2 J2 O1 60 0.013 0 0 0 0

[XSECTIONS]
C1 CIRCULAR 0.3 0 0 0 1
C2 CIRCULAR 0.4 0 0 0 1

[PATTERNS]
P1 HOURLY 1 2 3

[COORDINATES]
J1 100 200
J2 150 200
O1 210 200
";

/// An engineer's desk with a city on it.
struct Desk(TestCity);

impl Desk {
    fn new() -> Self {
        Self(TestCity::new())
    }

    #[track_caller]
    fn import(&mut self, name: &str, content: &str, request: ImportRequest) -> Vec<(String, String, u64)> {
        let request = ImportRequest { paths: vec![self.0.write(name, content)], ..request };
        let Answer::Imported { layers, .. } = self.0.import(request) else { panic!("not imported") };
        layers.into_iter().map(|layer| (layer.name, layer.kind, layer.features)).collect()
    }

    #[track_caller]
    fn model(&mut self, is_place_unknown: bool) -> Vec<(String, String, u64)> {
        self.import("m.inp", MODEL, ImportRequest { is_place_unknown, ..ImportRequest::default() })
    }

    #[track_caller]
    fn set(&mut self, layer: &str, id: i64, field: &str, value: &str) {
        let values = vec![(field.to_owned(), value.to_owned())];
        self.0.run(Command::Edit(EditCommand::Set { layer: layer.into(), id, values }));
    }

    #[track_caller]
    fn export(&self, request: SwmmRequest) -> (SwmmReport, String) {
        let request = SwmmRequest { path: self.0.path("out.inp"), overwrite: true, ..request };
        let report = self.0.session.sewers().unwrap().write_swmm(&request, &mut Task::silent()).unwrap();
        (report, self.0.read(&request.path))
    }
}

fn rules(problems: &Problems) -> Vec<&str> {
    problems.listed.iter().map(|problem| problem.rule).collect()
}

/// Lines of one section without comments, words apart by one space.
fn section(text: &str, name: &str) -> Vec<String> {
    let behind = text.lines().skip_while(|line| *line != format!("[{name}]")).skip(1);
    let lines = behind.take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with(";;"));
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    words.filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_model_becomes_sewers_by_itself_and_goes_out_as_it_came() {
    let mut desk = Desk::new();
    let layers = desk.model(false);
    let expected = [("nodes", "sewer_node", 3), ("links", "sewer_pipe", 2)];
    assert_eq!(layers, expected.map(|(name, kind, count)| (name.to_owned(), kind.to_owned(), count)));
    let (report, text) = desk.export(SwmmRequest::default());
    assert_eq!(text, MODEL);
    assert_eq!((report.nodes, report.links, report.length_m), (3, 2, 110.0));
    assert_eq!((report.added, report.changed, report.removed, rules(&report.problems)), (0, 0, 0, Vec::new()));
}

#[test]
fn edits_change_their_words_and_undo_takes_them_back() {
    let mut desk = Desk::new();
    desk.model(true);
    desk.set("links", 1, "diameter_mm", "350");
    desk.set("nodes", 1, "ground_level_m", "13.25");
    let (report, text) = desk.export(SwmmRequest::default());
    assert_eq!(report.changed, 2);
    let expected = MODEL.replace("C1 CIRCULAR 0.3 ", "C1 CIRCULAR 0.35 ").replace("J1 10.5 2.5 0", "J1 10.5 2.75 0");
    assert_eq!(text, expected);
    (0..2).for_each(|_| desk.0.undo());
    assert_eq!(desk.export(SwmmRequest::default()).1, MODEL);
}

#[test]
fn a_cleared_length_is_measured_and_a_cleared_size_is_told() {
    let mut desk = Desk::new();
    desk.model(true);
    desk.set("links", 1, "length_m", "");
    desk.set("links", 2, "diameter_mm", "");
    let (report, text) = desk.export(SwmmRequest::default());
    let length = section(&text, "CONDUITS")[0].split(' ').nth(3).and_then(|word| word.parse::<f64>().ok()).unwrap();
    assert!((length - 50.0).abs() < 2e-3, "{length}");
    assert_eq!(section(&text, "XSECTIONS")[1], "C2 CIRCULAR 0.3 0 0 0 1");
    assert_eq!(rules(&report.problems), ["swmm.size", "swmm.size"]);
    assert!((report.length_m - 110.0).abs() < 2e-3, "{}", report.length_m);
}

#[test]
fn a_cleared_length_without_a_line_is_an_error_and_no_zero() {
    let mut desk = Desk::new();
    let bare = MODEL.split("[COORDINATES]").next().unwrap();
    desk.import("m.inp", bare, ImportRequest::default());
    desk.set("links", 1, "length_m", "");
    let (report, text) = desk.export(SwmmRequest::default());
    assert_eq!((rules(&report.problems), text.as_str()), (vec!["swmm.no-length"], bare));
}

#[test]
fn the_size_of_a_round_pipe_may_stand_in_the_column_of_the_width() {
    let mut desk = Desk::new();
    desk.model(true);
    desk.set("links", 1, "diameter_mm", "");
    desk.set("links", 1, "width_mm", "450");
    let (report, text) = desk.export(SwmmRequest::default());
    assert_eq!(
        (section(&text, "XSECTIONS")[0].as_str(), rules(&report.problems)),
        ("C1 CIRCULAR 0.45 0 0 0 1", vec![])
    );
}

#[test]
fn a_deleted_pipe_leaves_the_model() {
    let mut desk = Desk::new();
    desk.model(true);
    desk.0.run(Command::Edit(EditCommand::Delete { layer: "links".into(), ids: vec![1] }));
    let (report, text) = desk.export(SwmmRequest::default());
    assert_eq!((report.removed, report.links), (1, 1));
    assert_eq!(text, MODEL.replace("C1 J1 J2 50 0.013 0 0.1 0 0\n", "").replace("C1 CIRCULAR 0.3 0 0 0 1\n", ""));
}

#[test]
fn a_model_of_an_unknown_place_keeps_its_lengths() {
    let mut desk = Desk::new();
    desk.model(true);
    let layers = desk.0.session.layers().unwrap();
    let links = layers.iter().find(|layer| layer.schema.table == "links").unwrap();
    assert!(links.schema.crs.own().is_some() && links.bounds_world.is_some());
    let rows = desk.0.session.rows("links", &[1]).unwrap();
    let to_degrees = crate::geom::transform::Transform::new(links.schema.crs, crate::geom::crs::Crs::WGS84).unwrap();
    let shape = rows[0].geometry.as_ref().unwrap().try_map_xy(|at| to_degrees.point(at)).unwrap();
    let length_m = crate::geom::measure::length_m(&shape.to_geo());
    assert!((length_m - 50.0).abs() < 1e-3, "{length_m}");
}

#[test]
fn a_model_keeps_its_units_and_two_networks_are_told_apart() {
    let mut desk = Desk::new();
    desk.model(true);
    let request = SwmmRequest { path: desk.0.path("x.inp"), units: Units::named("CFS"), ..SwmmRequest::default() };
    let sewers = desk.0.session.sewers().unwrap();
    let refused = sewers.write_swmm(&request, &mut Task::silent()).unwrap_err();
    assert!(refused.text.en.contains("this model is in LPS"), "{}", refused.text.en);
    desk.model(true);
    let request = SwmmRequest { units: None, ..request };
    let refused = desk.0.session.sewers().unwrap().write_swmm(&request, &mut Task::silent()).unwrap_err();
    assert!(refused.text.en.contains("more than one network"), "{}", refused.text.en);
    let layers = ["nodes_2", "links_2"].map(str::to_owned).to_vec();
    let (_, text) = desk.export(SwmmRequest { layers, ..SwmmRequest::default() });
    assert_eq!(text, MODEL);
}

/// Three pipes and their nodes as they are drawn: no node references, one level missing, a space in a name.
fn drawn(desk: &mut Desk) {
    let feature = |geometry: &str, at: serde_json::Value, values: serde_json::Value| json!({"type": "Feature", "properties": values, "geometry": {"type": geometry, "coordinates": at}});
    let point = |at: [f64; 2], values| feature("Point", json!(at), values);
    let nodes = [
        point(
            [116.0, 29.7],
            json!({"code": "W 1", "node_type": "manhole", "sewer_type": "foul",
            "bottom_level_m": 15.0, "ground_level_m": 17.5, "dry_flow_l_s": 1.25}),
        ),
        point([116.001, 29.7], json!({"code": "W2", "node_type": "manhole", "sewer_type": "foul"})),
        point(
            [116.003, 29.7],
            json!({"code": "O1", "node_type": "outfall", "sewer_type": "foul",
            "bottom_level_m": 12.0}),
        ),
    ];
    let line = |from: f64, to: f64, values| feature("LineString", json!([[from, 29.7], [to, 29.7]]), values);
    let pipes = [
        line(116.0, 116.001, json!({"code": "P1", "sewer_type": "foul", "diameter_mm": 300, "material": "HDPE"})),
        line(116.001, 116.003, json!({"code": "P2", "sewer_type": "foul", "diameter_mm": 400, "length_m": 195.5})),
        line(116.0005, 116.003, json!({"code": "P3", "sewer_type": "foul", "state": "planned"})),
    ];
    for (kind, features) in [("sewer_node", nodes), ("sewer_pipe", pipes)] {
        let content = json!({"type": "FeatureCollection", "features": features}).to_string();
        let request =
            ImportRequest { kind: Some(kind.into()), read: ReadOptions::default(), ..ImportRequest::default() };
        desk.import(&format!("{kind}.geojson"), &content, request);
    }
}

#[test]
fn a_drawn_network_becomes_a_model_that_is_whole() {
    let mut desk = Desk::new();
    drawn(&mut desk);
    let (report, text) = desk.export(SwmmRequest::default());
    assert_eq!(
        section(&text, "JUNCTIONS"),
        ["W_1 15 2.5 0 0 0", "W2 14.007 0 0 0 0"].map(|line| {
            let level = text.lines().find_map(|line| line.strip_prefix("W2 ")?.split_whitespace().next());
            line.replace("14.007", level.unwrap())
        })
    );
    assert_eq!(section(&text, "OUTFALLS"), ["O1 12 FREE NO"]);
    let conduits = section(&text, "CONDUITS");
    assert!(conduits[0].starts_with("P1 W_1 W2 96.7") && conduits[0].contains(" 0.01 15 14.0"), "{conduits:?}");
    assert!(conduits[1].starts_with("P2 W2 O1 195.5 0.013 14.0") && conduits[1].ends_with(" 12 0 0"), "{conduits:?}");
    assert_eq!(section(&text, "XSECTIONS"), ["P1 CIRCULAR 0.3 0 0 0 1", "P2 CIRCULAR 0.4 0 0 0 1"]);
    assert_eq!(section(&text, "DWF"), ["W_1 FLOW 1.25"]);
    assert_eq!(section(&text, "COORDINATES"), ["W_1 116 29.7", "W2 116.001 29.7", "O1 116.003 29.7"]);
    assert!(text.contains("FLOW_UNITS           LPS") && text.contains("Units      Degrees"));
    assert_eq!(rules(&report.problems), ["swmm.not-in-use", "swmm.name", "swmm.level"]);
    assert!((report.length_m - 195.5 - 96.75).abs() < 0.1, "{}", report.length_m);
}

#[test]
fn users_give_nodes_their_dry_weather_flow_when_that_is_asked_for() {
    let mut desk = Desk::new();
    drawn(&mut desk);
    let user = |lon: f64, node: Option<&str>, volume: f64| {
        json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, 29.7]},
            "properties": {"code": format!("U{volume}"), "node_code": node, "volume_m3_per_d": volume}})
    };
    let users = [user(116.001, Some("W2"), 86.4), user(116.0, Some("W 1"), 43.2), user(116.4, None, 10.0)];
    let content = json!({"type": "FeatureCollection", "features": users}).to_string();
    let request = ImportRequest { kind: Some("drainage_user".into()), ..ImportRequest::default() };
    desk.import("users.geojson", &content, request);
    let (_, text) = desk.export(SwmmRequest::default());
    assert_eq!(section(&text, "DWF"), ["W_1 FLOW 1.25"], "not without being asked");
    let (report, text) = desk.export(SwmmRequest { loads: Some(UserRules::default()), ..SwmmRequest::default() });
    assert_eq!(section(&text, "DWF"), ["W_1 FLOW 1.25", "W2 FLOW 1"], "a flow of its own stays");
    assert!(text.contains(";;旱流量") && text.contains("Dry-weather flow of drainage users"), "{text}");
    let told = report.problems.listed.iter().find(|problem| problem.rule == "swmm.dry-flow").unwrap();
    assert!(told.what.en.starts_with("1 nodes") && told.what.en.contains("10.0 m³/d"), "{}", told.what.en);
}

#[test]
fn what_a_model_has_no_field_for_is_told_once_and_words_go_above_the_line() {
    let mut desk = Desk::new();
    desk.model(true);
    desk.set("links", 1, "sewer_type", "foul");
    desk.set("links", 2, "sewer_type", "foul");
    desk.set("nodes", 3, "remark", "通河闸门");
    let (report, text) = desk.export(SwmmRequest::default());
    assert_eq!(text, MODEL.replace("O1 9 FREE NO", ";通河闸门\nO1 9 FREE NO"));
    assert_eq!(rules(&report.problems), ["swmm.no-field"]);
    assert!(report.problems.listed[0].what.en.contains("Sewer type 2"), "{}", report.problems.listed[0].what.en);
}

#[test]
fn nodes_alone_are_a_model_too() {
    let mut desk = Desk::new();
    let bare = "[OPTIONS]\nFLOW_UNITS LPS\n\n[JUNCTIONS]\nJ1 1 2 0 0 0\n\n[OUTFALLS]\nO1 0 FREE NO\n";
    desk.import("m.inp", bare, ImportRequest::default());
    assert_eq!(desk.export(SwmmRequest::default()).1, bare);
}
