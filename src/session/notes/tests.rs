//! Notes made in a small city: a cell, a road and a sub-district.

use super::*;
use crate::session::answer::Answer;
use crate::session::command::{Command, EditCommand, LookCommand, SettingsCommand};
use crate::session::settings::CoordinateStyle;
use crate::session::state::DetailRow;
use crate::session::test_city::TestCity;
use crate::text::Lang;

const CELL: &str = "360403001001001";

#[test]
fn a_note_knows_its_road_and_its_cell() {
    let mut city = small_city();
    check(&mut city, Geometry::point(116.0005, 29.7005), ["庐山北路", CELL]);
    // A line is where it begins, an area where its inside is.
    check(&mut city, Geometry::line(&[[116.0005, 29.7005], [116.05, 29.75]]), ["庐山北路", CELL]);
    let ring = [[116.0004, 29.7004], [116.0006, 29.7004], [116.0006, 29.7006], [116.0004, 29.7006]];
    check(&mut city, Geometry::polygon(&ring), ["庐山北路", CELL]);
    // Beyond the reach of the road there is still the sub-district; beyond that, nothing.
    check(&mut city, Geometry::point(116.0005, 29.708), ["甘棠街道", ""]);
    check(&mut city, Geometry::point(117.0, 30.0), ["", ""]);
}

#[test]
fn a_note_about_a_feature_is_where_the_feature_is_and_says_which() {
    let mut city = small_city();
    let draft = NoteDraft { geometry: None, on: Some(("road".into(), 1)), ..note(None) };
    let id = add(&mut city, draft).unwrap();
    let row = details(&mut city, "note", id);
    let about = row.instead.iter().find_map(|(_, value)| value.as_ref().filter(|value| value.name.en == "About"));
    let about = about.expect("a link");
    assert_eq!(about.value.zh, "道路 · 庐山北路");
    assert_eq!(about.link, Some(FeatureRef { layer: "road".into(), id: 1 }));
    let hidden: Vec<usize> = row.instead.iter().filter(|(_, value)| value.is_none()).map(|(index, _)| *index).collect();
    assert_eq!(hidden.len(), 1, "the bare number is not shown");
    assert_eq!(row.feature.values[hidden[0]], Value::Int(1));
}

#[test]
fn an_area_that_crosses_itself_is_refused_and_nothing_is_made() {
    let mut city = small_city();
    let bow = [[116.0, 29.7], [116.001, 29.701], [116.001, 29.7], [116.0, 29.701]];
    let failure = add(&mut city, note(Some(Geometry::polygon(&bow)))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Data);
    assert!(failure.text.zh.contains("自相交"), "{failure:?}");
    assert!(city.session.rows("note", &[1]).is_err());
}

#[test]
fn a_note_past_its_day_is_overdue_whatever_the_row_says() {
    let mut city = small_city();
    for (state, expected) in [("open", "是"), ("done", "否")] {
        let values = [("due", "2020-01-01"), ("state", state)].map(|(id, word)| (id.to_owned(), Value::from(word)));
        let draft = NoteDraft { values: values.to_vec(), ..note(Some(Geometry::point(116.0, 29.7))) };
        let id = add(&mut city, draft).unwrap();
        let row = details(&mut city, "note", id);
        let shown = row.instead.iter().find_map(|(_, value)| value.as_ref().filter(|value| value.name.zh == "超期"));
        assert_eq!(shown.map(|value| value.value.zh.as_ref()), Some(expected), "{state}");
    }
}

#[test]
fn details_follow_the_language_and_the_way_of_writing_coordinates() {
    let mut city = small_city();
    let row = details(&mut city, "road", 1);
    assert_eq!((row.title.as_str(), row.subtitle.zh.as_ref()), ("庐山北路", "道路 · 庐山北路 · 甘棠街道"));
    city.session.run(Command::Settings(SettingsCommand::Lang(Lang::En)));
    city.session.run(Command::Settings(SettingsCommand::Coordinates(CoordinateStyle::Dms)));
    let row = details(&mut city, "road", 1);
    assert_eq!(row.title, "Lushan North Road");
    assert_eq!(row.subtitle.en, "Road · Lushan North Road · Gantang Sub-district");
    let coordinates = row.derived.iter().find(|value| value.name.en == "Coordinates").expect("coordinates");
    assert!(coordinates.value.en.contains('′'), "{coordinates:?}");
}

#[test]
fn a_size_that_the_row_states_is_not_worked_out_again() {
    let mut city = small_city();
    let has_area = |row: &DetailRow| row.derived.iter().any(|value| value.name.en == "Area");
    assert!(has_area(&details(&mut city, "street", 1)));
    let cell = details(&mut city, "cell", 1);
    assert!(!has_area(&cell) && cell.derived.iter().any(|value| value.name.en == "Perimeter"));
}

#[test]
fn the_heading_names_the_road_that_the_row_names() {
    let mut city = small_city();
    let pipe = Geometry::line(&[[116.0002, 29.7005], [116.0004, 29.7005]]);
    city.create("sewer_pipe");
    city.add("sewer_pipe", [(pipe, vec![("road_name", "李公堤".into())])]);
    assert_eq!(details(&mut city, "sewer_pipe", 1).subtitle.zh, "排水管 · 李公堤 · 甘棠街道");
}

#[track_caller]
fn check(city: &mut TestCity, geometry: Geometry, [place, cell]: [&str; 2]) {
    let id = add(city, note(Some(geometry))).unwrap();
    let row = city.session.rows("note", &[id]).unwrap().remove(0);
    let schema = kinds::find("note").unwrap().schema(Crs::CGCS2000);
    let word = |id: &str| identify::word_of(&schema, &row, id).unwrap_or_default();
    assert_eq!([word("place"), word("cell_code")], [place, cell]);
}

fn note(geometry: Option<Geometry>) -> NoteDraft {
    NoteDraft { geometry, on: None, text: "井盖破损".into(), values: Vec::new(), photos: Vec::new() }
}

/// A cell, a road along its north and a sub-district around both.
fn small_city() -> TestCity {
    let mut city = TestCity::new();
    let square = |west: f64, south: f64, side: f64| {
        let (east, north) = (west + side, south + side);
        Geometry::polygon(&[[west, south], [east, south], [east, north], [west, north]]).to_multi()
    };
    let mut put = |kind: &str, geometry: Geometry, values: Vec<(&str, Value)>| {
        city.create(kind);
        city.add(kind, [(geometry, values)]);
    };
    let cell = square(116.0, 29.7, 0.001);
    let area_m2 = crate::geom::measure::area_m2(&cell.to_geo()) * 1.002;
    put("cell", cell, vec![("code", CELL.into()), ("area_m2", area_m2.into())]);
    let road = vec![("name", "庐山北路".into()), ("name_en", "Lushan North Road".into())];
    put("road", Geometry::line(&[[116.0, 29.7006], [116.001, 29.7006]]), road);
    let street = vec![("name", "甘棠街道".into()), ("name_en", "Gantang Sub-district".into())];
    put("street", square(115.99, 29.69, 0.02), street);
    city
}

fn add(city: &mut TestCity, draft: NoteDraft) -> Result<i64, Failure> {
    let end = city.try_run(Command::Edit(EditCommand::AddNote(draft)))?;
    let Answer::Changed { id, .. } = end else { panic!("{end:?}") };
    Ok(id)
}

/// What the details say of a row, read anew.
#[track_caller]
fn details(city: &mut TestCity, layer: &str, id: i64) -> DetailRow {
    // The list of layers follows the last commit.
    city.wait(|session| session.city().is_some_and(|city| city.layer(layer).is_some()));
    city.session.run(Command::Look(LookCommand::Show { layer: layer.to_owned(), id }));
    city.wait_for(|session| session.details()?.row.clone())
}
