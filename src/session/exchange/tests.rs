//! Deliveries of other people from the file into the city: tried, taken in by a recipe, refused in part, compared.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::model::value::Value;
use crate::session::answer::{Answer, FailureKind};
use crate::session::command::{Command, CompareRequest, ExchangeCommand, ImportRequest, LayerRequest};
use crate::session::compare::{Comparison, DifferenceKind, TakenParts};
use crate::session::import::recipe::Recipe;
use crate::session::test_city::TestCity;

/// Writes points as GeoJSON: `code lon lat value` for each line.
fn write(city: &TestCity, name: &str, lines: &[(&str, f64, f64, &str)]) -> PathBuf {
    let feature = |(code, lon, lat, state): &(&str, f64, f64, &str)| {
        serde_json::json!({"type": "Feature", "properties": {"code": code, "备注": state},
            "geometry": {"type": "Point", "coordinates": [lon, lat]}})
    };
    let features: Vec<_> = lines.iter().map(feature).collect();
    city.write(name, serde_json::json!({"type": "FeatureCollection", "features": features}).to_string())
}

#[track_caller]
fn compare<'a>(city: &'a mut TestCity, path: &Path, key: Option<&str>) -> &'a Comparison {
    let import = ImportRequest { layer: Some("wells".to_owned()), ..request(path) };
    let request = CompareRequest { import, key: key.map(str::to_owned) };
    city.run(Command::Exchange(ExchangeCommand::Compare(request)));
    city.session.comparison().expect("a comparison")
}

/// Values of a field in all rows of a layer.
fn values(city: &TestCity, layer: &str, field: &str) -> Vec<String> {
    let reader = city.session.open.as_ref().expect("a city").city.reader().expect("a reader");
    let place = reader.schema(layer).expect("a layer").field_index(field).expect("a field");
    let mut values = Vec::new();
    reader
        .query(layer, &crate::store::query::Query::default(), &mut |row| {
            values.push(row.values[place].to_string());
            std::ops::ControlFlow::Continue(())
        })
        .expect("read");
    values
}

fn request(path: &Path) -> ImportRequest {
    ImportRequest { paths: vec![path.to_owned()], ..ImportRequest::default() }
}

#[track_caller]
fn check(comparison: &Comparison, same: u64, expected: [usize; 4]) {
    assert_eq!((comparison.same, DifferenceKind::ALL.map(|kind| comparison.count(kind))), (same, expected));
}

#[test]
fn a_trial_says_what_would_come_and_writes_nothing() {
    let city = TestCity::new();
    let path = write(&city, "kiosks.geojson", &[("K1", 116.0, 29.7, "好")]);
    let request = ImportRequest { kind: Some("kiosk".to_owned()), ..request(&path) };
    let trials = city.session.try_import(&request, &mut |_| {}).expect("tried");
    let becomes = trials[0].becomes[0].clone().expect("a layer");
    assert_eq!((becomes.kind.as_str(), trials[0].preview.layers[0].features), ("kiosk", 1));
    assert!(becomes.mapped.contains(&("code".to_owned(), "code".to_owned())));
    assert!(city.session.layers().expect("layers").is_empty());
}

#[test]
fn a_value_for_every_row_stands_in_every_row() {
    let mut city = TestCity::new();
    let path = write(&city, "wells.geojson", &[("J1", 116.0, 29.7, "a"), ("J2", 116.1, 29.7, "b")]);
    city.import(ImportRequest { set: vec![("类型".to_owned(), "污水".to_owned())], ..request(&path) });
    assert_eq!(values(&city, "wells", "类型"), ["污水", "污水"]);
    let wrong = ImportRequest {
        layer: Some("wells".to_owned()),
        set: vec![("没有".to_owned(), "1".to_owned())],
        ..request(&path)
    };
    let refused = city.try_run(Command::Exchange(ExchangeCommand::Import(wrong)));
    assert_eq!(refused.expect_err("no such field").kind, FailureKind::Usage);
}

#[test]
fn layers_that_are_not_wanted_stay_out_and_two_files_go_to_one_layer() {
    let mut city = TestCity::new();
    let one = write(&city, "wells.geojson", &[("J1", 116.0, 29.7, "a")]);
    let two = write(&city, "b.geojson", &[("J2", 116.1, 29.7, "b")]);
    let skip = LayerRequest { of: "wells".to_owned(), skip: true, ..LayerRequest::default() };
    city.import(ImportRequest { each: vec![skip], paths: vec![one.clone(), two.clone()], ..request(&one) });
    let tables: Vec<String> =
        city.session.layers().expect("layers").iter().map(|layer| layer.table().to_owned()).collect();
    assert_eq!(tables, ["b"]);
    let layer = Some("b".to_owned());
    city.import(ImportRequest { layer, paths: vec![one.clone(), two], ..request(&one) });
    assert_eq!(values(&city, "b", "code"), ["J2", "J1", "J2"]);
}

#[test]
fn what_is_refused_is_kept_in_a_file_with_the_reason_and_what_can_be_placed_is() {
    let mut city = TestCity::new();
    let good = r#"{"type":"Feature","properties":{"code":"J1","other_count":"viele"},"geometry":{"type":"Point","coordinates":[116,29.7]}}"#;
    let path = city.write("w.geojson", format!(r#"{{"type":"FeatureCollection","features":[{good},5]}}"#));
    let rejects = city.path("退回.geojson");
    let answer =
        city.import(ImportRequest { kind: Some("kiosk".to_owned()), rejects: Some(rejects.clone()), ..request(&path) });
    let Answer::Imported { problems, rejects: kept, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(kept, [(rejects.clone(), 1)]);
    let written = city.read(&rejects);
    assert!(written.contains("reject_reason") && written.contains("\"reject_row\":2"), "{written}");
    let value = problems.listed.iter().find(|problem| problem.rule == "import.value").expect("a bad number");
    let at = value.at.expect("a place");
    assert!((at[0] - 116.0).abs() < 1e-6 && (at[1] - 29.7).abs() < 1e-6, "{at:?}");
}

#[test]
fn what_could_not_be_read_is_kept_with_its_values_and_its_text_as_it_was() {
    let mut city = TestCity::new();
    let good = r#"{"type":"Feature","properties":{"编号":"a"},"geometry":{"type":"Point","coordinates":[116,29.7]}}"#;
    let bad = r#"{"type":"Feature","properties":{"编号":"b"},"geometry":{"type":"Point","coordinates":["x",29.7]}}"#;
    let path = city.write("w.geojson", format!(r#"{{"type":"FeatureCollection","features":[{good},{bad}]}}"#));
    let rejects = city.path("r.geojson");
    city.session.speak(crate::text::Lang::En);
    city.import(ImportRequest { rejects: Some(rejects.clone()), ..request(&path) });
    let written = city.read(&rejects);
    let told: serde_json::Value = serde_json::from_str(&written).expect("JSON");
    let kept = &told["features"][0]["properties"];
    assert_eq!((&kept["编号"], &kept["reject_source"]), (&"b".into(), &bad.into()), "{written}");
    assert_eq!(kept["reject_reason"], "its coordinates are not numbers, two or more each");
}

#[test]
fn a_value_that_would_be_lost_is_refused_strictly_counted_beforehand_and_kept_if_asked() {
    let mut city = TestCity::new();
    let path = city.write("k.csv", "code,lon,lat,other_count\nA,116.0,29.7,2\nB,116.1,29.7,四个\n");
    let first = city.write("kiosk.csv", "code,lon,lat,other_count\nZ,116.0,29.7,2\n");
    city.import(ImportRequest { kind: Some("kiosk".to_owned()), ..request(&first) });
    let append = ImportRequest { layer: Some("kiosk".to_owned()), ..request(&path) };
    let tried = city.session.try_import(&append, &mut |_| {}).expect("tried");
    let unread = tried[0].preview.problems.iter().filter(|problem| problem.rule == "import.value").count();
    assert_eq!(unread, 1);
    let strict = ImportRequest { strict: true, ..append.clone() };
    assert_eq!(city.session.try_import(&strict, &mut |_| {}).expect_err("a word").kind, FailureKind::Data);
    let refused = city.try_run(Command::Exchange(ExchangeCommand::Import(strict)));
    assert_eq!(refused.expect_err("a word").kind, FailureKind::Data);
    let rejects = city.path("r.csv");
    city.import(ImportRequest { rejects: Some(rejects.clone()), ..append });
    assert_eq!(values(&city, "kiosk", "code"), ["Z", "A"]);
    let kept = city.read(&rejects);
    assert!(kept.contains("四个") && kept.contains('B'), "{kept}");
}

#[test]
fn exchanged_axes_are_put_right_when_somebody_says_so() {
    let mut city = TestCity::new();
    let path = write(&city, "wells.geojson", &[("A", 29.7, 116.0, "x")]);
    let refused = city.try_run(Command::Exchange(ExchangeCommand::Import(request(&path))));
    assert!(refused.expect_err("no degrees").text.en.contains("--swap-axes"));
    let mut swapped = request(&path);
    swapped.read.crs = crate::geom::own::north_first(crate::geom::crs::Crs::WGS84);
    city.import(swapped);
    let reader = city.session.open.as_ref().expect("a city").city.reader().expect("a reader");
    let layer = &reader.layers().expect("layers")[0];
    assert_eq!(layer.schema.crs, crate::geom::crs::Crs::WGS84);
    assert!(layer.bounds.is_some_and(|bounds| bounds.contains([116.0, 29.7])), "{:?}", layer.bounds);
}

#[test]
fn a_row_that_comes_in_without_its_place_is_not_refused() {
    let mut city = TestCity::new();
    let path = city.write("公厕.csv", "code,lon,lat\nA,116.0,29.7\nB,116.1,29.7\nC,?,29.7\n");
    let answer = city.import(ImportRequest { rejects: Some(city.path("r.csv")), ..request(&path) });
    let Answer::Imported { problems, rejects, .. } = answer else { panic!("{answer:?}") };
    assert_eq!((problems.count(), rejects), (1, Vec::new()));
    assert_eq!(values(&city, "公厕", "code"), ["A", "B", "C"]);
}

#[test]
fn a_recipe_takes_the_next_delivery_in_and_tells_what_does_not_fit() {
    let mut city = TestCity::new();
    let path = write(&city, "wells.geojson", &[("J1", 116.0, 29.7, "a")]);
    let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
    let first = ImportRequest { kind: Some("kiosk".to_owned()), map: vec![pair("备注", "name")], ..request(&path) };
    let shape = city.session.try_import(&first, &mut |_| {}).expect("tried")[0].preview.shape();
    let recipe = Recipe::of(&first, shape);
    let point = r#"{"type":"Point","coordinates":[116,29.7]}"#;
    let row = format!(r#"{{"type":"Feature","properties":{{"code":"K","新":1}},"geometry":{point}}}"#);
    let next = city.write("next.geojson", format!(r#"{{"type":"FeatureCollection","features":[{row}]}}"#));
    let mut second = request(&next);
    recipe.apply(&mut second);
    let Answer::Imported { problems, .. } = city.import(second) else { panic!("no import") };
    let misfits: Vec<&str> = problems
        .listed
        .iter()
        .filter(|problem| problem.rule == "import.recipe")
        .map(|problem| problem.what.zh.as_ref())
        .collect();
    assert_eq!(misfits, ["方案用过的列这次没有：备注", "方案没见过的新列：新"]);
    assert_eq!(values(&city, "kiosk", "code"), ["K"]);
}

#[test]
fn a_delivery_is_compared_by_code_and_taken_over_in_one_step() {
    let mut city = TestCity::new();
    let old = [("A", 116.0, 29.7, "x"), ("B", 116.01, 29.7, "x"), ("C", 116.02, 29.7, "x"), ("D", 116.03, 29.7, "x")];
    let path = write(&city, "wells.geojson", &old);
    city.import(request(&path));
    let new = [("A", 116.0, 29.7, "x"), ("B", 116.011, 29.7, "x"), ("C", 116.02, 29.7, "y"), ("E", 116.04, 29.7, "x")];
    let path = write(&city, "2026.geojson", &new);
    let comparison = compare(&mut city, &path, None);
    assert_eq!(comparison.key.as_deref(), Some("code"));
    check(comparison, 1, [1, 1, 1, 1]);
    let moved_m = comparison.differences.iter().find_map(|it| it.moved_m).expect("a move");
    assert!((moved_m - 96.7).abs() < 1.0, "{moved_m}");

    let which = comparison.open(TakenParts::ALL);
    city.run(Command::Exchange(ExchangeCommand::Take { which, parts: TakenParts::ALL }));
    check(city.session.comparison().expect("it stays open"), 1, [0, 0, 0, 0]);
    assert_eq!(values(&city, "wells", "code"), ["A", "B", "C", "E"]);
    check(compare(&mut city, &path, None), 4, [0, 0, 0, 0]);
    city.undo();
    assert_eq!(values(&city, "wells", "code"), ["A", "B", "C", "D"]);
    assert_eq!(values(&city, "wells", "备注"), ["x"; 4]);
}

#[test]
fn what_moved_and_changed_can_be_taken_in_halves() {
    let mut city = TestCity::new();
    let path = write(&city, "wells.geojson", &[("A", 116.0, 29.7, "x")]);
    city.import(request(&path));
    let path = write(&city, "2026.geojson", &[("A", 116.001, 29.7, "y")]);
    check(compare(&mut city, &path, Some("code")), 0, [0, 0, 1, 0]);
    let parts = TakenParts { moved: true, ..TakenParts::default() };
    city.run(Command::Exchange(ExchangeCommand::Take { which: vec![0], parts }));
    assert_eq!(values(&city, "wells", "备注"), ["x"]);
    let comparison = compare(&mut city, &path, Some("code"));
    check(comparison, 0, [0, 0, 1, 0]);
    assert_eq!(comparison.differences[0].moved_m, None);
}

#[test]
fn without_a_key_place_tells_and_a_wrong_key_is_refused() {
    let mut city = TestCity::new();
    let path = write(&city, "wells.geojson", &[("A", 116.0, 29.7, "x"), ("B", 116.01, 29.7, "x")]);
    city.import(request(&path));
    let path = write(&city, "2026.geojson", &[("A9", 116.0, 29.7, "x"), ("B", 116.01, 29.7, "x")]);
    let comparison = compare(&mut city, &path, Some(""));
    check(comparison, 1, [0, 0, 1, 0]);
    let [old, new] = comparison.differences[0].values(0);
    assert_eq!([old, new], [&Value::from("A"), &Value::from("A9")]);
    let import = ImportRequest { layer: Some("wells".to_owned()), ..request(&path) };
    let request = CompareRequest { import, key: Some("没有".to_owned()) };
    let refused = city.try_run(Command::Exchange(ExchangeCommand::Compare(request)));
    assert_eq!(refused.expect_err("no such field").kind, FailureKind::Usage);
}

/// A hundred thousand rows take two seconds in the released program; ten thousand in a slow build stay far below.
#[test]
fn a_large_delivery_is_compared_while_one_waits() {
    let mut city = TestCity::new();
    let codes: Vec<String> = (0..10_000).map(|number| format!("J{number}")).collect();
    let codes = &codes;
    let row = |shift: f64| {
        let at = move |number: usize| 116.0 + (number % 100) as f64 * 1e-3 + shift;
        codes
            .iter()
            .enumerate()
            .map(move |(number, code)| (code.as_str(), at(number), 29.0 + number as f64 * 1e-5, "x"))
    };
    let old: Vec<_> = row(0.0).collect();
    let path = write(&city, "wells.geojson", &old);
    city.import(request(&path));
    let new: Vec<_> = row(0.0).take(5000).chain(row(1e-4).skip(5000)).collect();
    let path = write(&city, "2026.geojson", &new);
    let since = Instant::now();
    check(compare(&mut city, &path, None), 5000, [0, 5000, 0, 0]);
    assert!(since.elapsed().as_secs() < 20, "{:?}", since.elapsed());
}
