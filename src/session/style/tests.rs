//! Styles of layers as people meet them: tried out, kept, undone, found again tomorrow and in QGIS.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use crate::kinds;
use crate::model::classes::{self, Method};
use crate::model::geometry::Geometry;
use crate::model::ramp;
use crate::model::style::{Classing, Crowd, Size, Style};
use crate::model::style_make;
use crate::model::value::Value;

use crate::session::Session;
use crate::session::command::{CityCommand, Command, LayerCommand, StyleCommand};
use crate::session::state::LayerView;
use crate::session::test_city::TestCity;

/// A city with sewers of these diameters.
fn city_of_pipes(diameters_mm: &[i64]) -> TestCity {
    let mut city = TestCity::with_map();
    city.create("sewer_pipe");
    let pipe = |(at, diameter): (usize, &i64)| {
        let x = 115.9 + at as f64 * 0.001;
        (Geometry::line(&[[x, 29.7], [x, 29.71]]), vec![("diameter_mm", Value::Int(*diameter))])
    };
    city.add("sewer_pipe", diameters_mm.iter().enumerate().map(pipe));
    city
}

fn pipes(session: &Session) -> &LayerView {
    session.city().and_then(|city| city.layer("sewer_pipe")).expect("pipes")
}

/// Four classes of diameter with as many pipes each.
fn by_diameter(session: &Session) -> Style {
    let survey = session.field_survey("sewer_pipe", "管径").expect("a survey");
    let bounds = classes::breaks(&survey.numbers, Method::Quantile, 4);
    let view = pipes(session);
    let field = view.schema.field(&survey.field).expect("a field");
    let base = style_make::base(&view.kept_style, view.schema.geometry);
    let inks = ramp::ramp("blues").expect("in the list").inks(bounds.len() - 1, false);
    let classing = Classing::ByNumber {
        field: survey.field.clone(),
        method: Method::Quantile,
        classes: 4,
        ramp: "blues".to_owned(),
        reversed: false,
    };
    let rules = style_make::graduated(&base, field, &bounds, &inks);
    Style { rules, classing: Some(classing), ..Style::default() }
}

fn set(style: Style) -> Command {
    Command::Style(StyleCommand::Set { layer: "sewer_pipe".to_owned(), style })
}

const DIAMETERS: [i64; 9] = [200, 300, 300, 400, 600, 800, 1000, 1200, 1500];

#[test]
fn a_style_is_one_step_that_undo_takes_back_and_the_next_day_still_knows() {
    let mut city = city_of_pipes(&DIAMETERS);
    let usual = pipes(&city.session).style.clone();
    let style = by_diameter(&city.session);
    city.run(set(style.clone()));
    assert!(pipes(&city.session).has_own_style && *pipes(&city.session).kept_style == style);
    assert_eq!(city.session.city().and_then(|city| city.undo.clone()).expect("a step").zh, "图层“排水管”的样式");
    city.run(Command::City(CityCommand::Close));
    city.open();
    city.wait(|session| session.city().is_some_and(|city| city.revision > 0));
    assert_eq!(*pipes(&city.session).style, style);
    city.undo();
    assert!(!pipes(&city.session).has_own_style && pipes(&city.session).style == usual);
    city.redo();
    assert_eq!(*pipes(&city.session).style, style);
    city.run(Command::Style(StyleCommand::Reset("sewer_pipe".to_owned())));
    assert!(!pipes(&city.session).has_own_style && pipes(&city.session).style == usual);
}

#[test]
fn a_style_is_tried_out_without_a_step_and_has_the_fields_it_needs() {
    let mut city = city_of_pipes(&DIAMETERS);
    city.wait(|session| pipes(session).index.is_some());
    let steps = city.session.steps().expect("steps").len();
    let (kept, mut tried) = (Arc::clone(&pipes(&city.session).kept_style), by_diameter(&city.session));
    let width = pipes(&city.session).schema.field("width_mm").expect("a field of pipes").clone();
    assert!(!holds(&city.session, "width_mm"), "the kind's style needs no width");
    let inks = ramp::ramp("blues").expect("in the list").inks(1, false);
    tried.rules.extend(style_make::graduated(&tried.rules[0].paints, &width, &[0.0, 2100.0], &inks));
    let preview = |style| Command::Style(StyleCommand::Preview { layer: "sewer_pipe".to_owned(), style });
    city.session.run(preview(Some(tried.clone())));
    assert!(*pipes(&city.session).style == tried && pipes(&city.session).kept_style == kept);
    city.wait(|session| holds(session, "width_mm"));
    assert!(*pipes(&city.session).style == tried, "what arrives from the file does not end it");
    city.session.run(preview(None));
    assert!(pipes(&city.session).style == kept);
    city.session.run(preview(Some(tried)));
    city.undo();
    assert!(pipes(&city.session).style == kept, "undo ends it");
    city.redo();
    assert_eq!(city.session.steps().expect("steps").len(), steps);
}

/// Whether the map has a field of the pipes at hand.
fn holds(session: &Session, field: &str) -> bool {
    let view = pipes(session);
    let Some((index, field)) = view.index.as_ref().zip(view.schema.field_index(field)) else { return false };
    index.read().unwrap_or_else(PoisonError::into_inner).column(field).is_some()
}

#[test]
fn a_survey_tells_numbers_and_values_of_a_field() {
    let mut city = city_of_pipes(&[300, 300, 800]);
    let survey = |field: &str| StyleCommand::Survey { layer: "sewer_pipe".to_owned(), field: field.to_owned() };
    city.session.run(Command::Style(survey("diameter_mm")));
    assert!(city.session.style_survey().is_none());
    city.wait(|session| session.style_survey().is_some());
    let found = city.session.style_survey().expect("a survey");
    assert_eq!(*found.numbers, [300.0, 300.0, 800.0]);
    assert_eq!(*found.words, [(Value::Int(300), 2), (Value::Int(800), 1)]);
    assert_eq!((found.distinct, found.unknown), (2, 0));
    let unknown = city.session.field_survey("sewer_pipe", "material").expect("a survey");
    assert_eq!((unknown.words.len(), unknown.unknown), (0, 3));
}

#[test]
fn a_style_file_takes_a_look_to_another_city() {
    let mut city = city_of_pipes(&DIAMETERS);
    let style = by_diameter(&city.session);
    city.run(set(style.clone()));
    let path = city.path("管径.citystyle.json");
    let layer = "排水管".to_owned();
    let export = || StyleCommand::Export { layer: layer.clone(), path: path.clone(), overwrite: false };
    city.run(Command::Style(export()));
    assert!(city.try_run(Command::Style(export())).is_err(), "nothing is overwritten unasked");
    let mut other = city_of_pipes(&[]);
    other.run(Command::Style(StyleCommand::Import { layer, path: path.clone() }));
    assert_eq!(*pipes(&other.session).kept_style, style);
    let text = "{\"citystyle\": 1, \"rules\": [{\"paints\": [{}]}]}";
    crate::io::atomic::write(&path, true, |out| Ok(out.write_all(text.as_bytes())?)).expect("written");
    let broken = StyleCommand::Import { layer: "sewer_pipe".to_owned(), path };
    let failure = other.try_run(Command::Style(broken)).expect_err("a broken file");
    assert!(failure.text.en.contains("rules[0].paints[0]"), "{}", failure.text.en);
}

#[test]
fn qgis_finds_the_classes_of_a_style_and_undo_takes_them_back() {
    let mut city = city_of_pipes(&DIAMETERS);
    let path = city.city_path();
    let style = by_diameter(&city.session);
    city.run(set(style.clone()));
    let found = qml(&path, "sewer_pipe");
    let document = roxmltree::Document::parse_with_options(
        &found,
        roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() },
    );
    let document = document.expect("well-formed");
    let renderer = document.descendants().find(|node| node.has_tag_name("renderer-v2")).expect("a renderer");
    assert_eq!(renderer.attribute("type"), Some("graduatedSymbol"));
    assert_eq!(renderer.attribute("attr"), Some("diameter_mm"));
    let ranges = document.descendants().filter(|node| node.has_tag_name("range"));
    let bound = |node: roxmltree::Node<'_, '_>, name: &str| node.attribute(name).and_then(|it| it.parse::<f64>().ok());
    let lower: Vec<f64> = ranges.clone().filter_map(|node| bound(node, "lower")).collect();
    let upper: Vec<f64> = ranges.filter_map(|node| bound(node, "upper")).collect();
    assert_eq!(lower, [200.0, 300.0, 600.0, 1000.0]);
    assert_eq!(upper.last(), Some(&1500.0));
    // A bound belongs to one class alone, the upper one.
    assert!(upper.iter().zip(&lower[1..]).all(|(upper, next)| upper < next && next - upper < 1e-9), "{upper:?}");
    let colors = document.descendants().filter(|node| node.attribute("name") == Some("line_color"));
    let colors: Vec<&str> = colors.filter_map(|node| node.attribute("value")).collect();
    let light = |rule: &crate::model::style::Rule| style_make::main_ink(&rule.paints).map(|ink| ink.light.0);
    let expected: Vec<String> = style
        .rules
        .iter()
        .filter_map(light)
        .map(|[red, green, blue, alpha]| format!("{red},{green},{blue},{alpha}"))
        .collect();
    assert_eq!(colors, expected);
    city.undo();
    assert!(qml(&path, "sewer_pipe").contains("RuleRenderer"), "the kind's style again");
    city.run(Command::Layer(LayerCommand::Remove("sewer_pipe".to_owned())));
    assert_eq!(dressed(&path), [""; 0]);
    city.undo();
    assert_eq!(dressed(&path), ["sewer_pipe"]);
    let tables: Vec<&str> = city.session.city().expect("a city").layers.iter().map(LayerView::table).collect();
    assert_eq!(tables, ["sewer_pipe"], "the table of styles is no layer");
}

#[test]
fn every_kind_has_a_style_that_qgis_can_read() {
    let mut city = city_of_pipes(&[]);
    for kind in kinds::all().iter().filter(|kind| kind.id != "sewer_pipe" && kind.id != "plain") {
        city.create(kind.id);
    }
    let path = city.city_path();
    let places = kinds::all().iter().filter(|kind| kind.geometry.is_some() && kind.id != "plain").count();
    let dressed = dressed(&path);
    assert_eq!(dressed.len(), places, "{dressed:?}");
    for table in dressed {
        let text = qml(&path, &table);
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
        let document = roxmltree::Document::parse_with_options(&text, options).unwrap_or_else(|error| {
            panic!("{table}: {error}");
        });
        let count = |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).count();
        assert!(count("layer") > 0, "{table} has nothing to draw");
    }
}

#[test]
fn points_shown_together_are_painted_anew_as_a_whole() {
    let mut city = city_of_pipes(&[300]);
    let crowd = Crowd::Heat { ramp: "viridis".into(), radius: Size::Px(20.0), weight: None, most: None };
    let style = Style { crowd, ..(*pipes(&city.session).kept_style).clone() };
    city.run(set(style));
    city.add("sewer_pipe", [(Geometry::line(&[[115.9, 29.7], [115.9, 29.71]]), Vec::new())]);
    let elsewhere = crate::model::geometry::Bounds::new(0.0, 0.0, 1.0, 1.0);
    assert!(city.session.city().is_some_and(|city| city.is_stale(city.revision - 1, true, &elsewhere)));
}

/// The QGIS style that is kept for a layer.
fn qml(path: &Path, table: &str) -> String {
    let conn = rusqlite::Connection::open(path).expect("a file");
    let sql = "SELECT styleQML FROM layer_styles WHERE f_table_name = ?1 AND f_geometry_column = 'geom'
                 AND f_table_schema = '' AND useAsDefault = 1";
    conn.query_row(sql, [table], |row| row.get(0)).expect("a style")
}

/// The layers for which a style is kept.
fn dressed(path: &Path) -> Vec<String> {
    let conn = rusqlite::Connection::open(path).expect("a file");
    let mut statement = conn.prepare("SELECT f_table_name FROM layer_styles ORDER BY 1").expect("a table");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<rusqlite::Result<_>>().expect("names")
}
