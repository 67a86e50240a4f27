//! Notes made in a small city: a cell, a road and a sub-district.

use super::*;
use crate::session::NoWake;
use crate::session::answer::Answer;
use crate::session::command::{CityCommand, Command, EditCommand, LayerCommand, LookCommand, SettingsCommand};
use crate::session::settings::CoordinateStyle;
use crate::session::state::DetailRow;
use crate::text::Lang;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const CELL: &str = "360403001001001";

#[test]
fn a_note_knows_its_road_and_its_cell() {
    let mut desk = Desk::new();
    check(&mut desk, Geometry::point(116.0005, 29.7005), ["庐山北路", CELL]);
    // A line is where it begins, an area where its inside is.
    check(&mut desk, Geometry::line(&[[116.0005, 29.7005], [116.05, 29.75]]), ["庐山北路", CELL]);
    let ring = [[116.0004, 29.7004], [116.0006, 29.7004], [116.0006, 29.7006], [116.0004, 29.7006]];
    check(&mut desk, Geometry::polygon(&ring), ["庐山北路", CELL]);
    // Beyond the reach of the road there is still the sub-district; beyond that, nothing.
    check(&mut desk, Geometry::point(116.0005, 29.708), ["甘棠街道", ""]);
    check(&mut desk, Geometry::point(117.0, 30.0), ["", ""]);
}

#[test]
fn a_note_about_a_feature_is_where_the_feature_is_and_says_which() {
    let mut desk = Desk::new();
    let draft = NoteDraft { geometry: None, on: Some(("road".into(), 1)), ..note(None) };
    let id = desk.add(draft).unwrap();
    let row = desk.details("note", id);
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
    let mut desk = Desk::new();
    let bow = [[116.0, 29.7], [116.001, 29.701], [116.001, 29.7], [116.0, 29.701]];
    let failure = desk.add(note(Some(Geometry::polygon(&bow)))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Data);
    assert!(failure.text.zh.contains("自相交"), "{failure:?}");
    assert!(desk.session.rows("note", &[1]).is_err());
}

#[test]
fn a_note_past_its_day_is_overdue_whatever_the_row_says() {
    let mut desk = Desk::new();
    for (state, expected) in [("open", "是"), ("done", "否")] {
        let values = [("due", "2020-01-01"), ("state", state)].map(|(id, word)| (id.to_owned(), Value::from(word)));
        let draft = NoteDraft { values: values.to_vec(), ..note(Some(Geometry::point(116.0, 29.7))) };
        let id = desk.add(draft).unwrap();
        let row = desk.details("note", id);
        let shown = row.instead.iter().find_map(|(_, value)| value.as_ref().filter(|value| value.name.zh == "超期"));
        assert_eq!(shown.map(|value| value.value.zh.as_ref()), Some(expected), "{state}");
    }
}

#[test]
fn details_follow_the_language_and_the_way_of_writing_coordinates() {
    let mut desk = Desk::new();
    let row = desk.details("road", 1);
    assert_eq!((row.title.as_str(), row.subtitle.zh.as_ref()), ("庐山北路", "道路 · 庐山北路 · 甘棠街道"));
    desk.session.run(Command::Settings(SettingsCommand::Lang(Lang::En)));
    desk.session.run(Command::Settings(SettingsCommand::Coordinates(CoordinateStyle::Dms)));
    let row = desk.details("road", 1);
    assert_eq!(row.title, "Lushan North Road");
    assert_eq!(row.subtitle.en, "Road · Lushan North Road · Gantang Sub-district");
    let coordinates = row.derived.iter().find(|value| value.name.en == "Coordinates").expect("coordinates");
    assert!(coordinates.value.en.contains('′'), "{coordinates:?}");
}

#[test]
fn a_size_that_the_row_states_is_not_worked_out_again() {
    let mut desk = Desk::new();
    let has_area = |row: &DetailRow| row.derived.iter().any(|value| value.name.en == "Area");
    assert!(has_area(&desk.details("street", 1)));
    let cell = desk.details("cell", 1);
    assert!(!has_area(&cell) && cell.derived.iter().any(|value| value.name.en == "Perimeter"));
}

#[test]
fn the_heading_names_the_road_that_the_row_names() {
    let mut desk = Desk::new();
    let pipe = Geometry::line(&[[116.0002, 29.7005], [116.0004, 29.7005]]);
    desk.put("sewer_pipe", pipe, &[("road_name", "李公堤")]);
    assert_eq!(desk.details("sewer_pipe", 1).subtitle.zh, "排水管 · 李公堤 · 甘棠街道");
}

#[track_caller]
fn check(desk: &mut Desk, geometry: Geometry, [place, cell]: [&str; 2]) {
    let id = desk.add(note(Some(geometry))).unwrap();
    let row = desk.session.rows("note", &[id]).unwrap().remove(0);
    let schema = kinds::find("note").unwrap().schema(Crs::CGCS2000);
    let word = |id: &str| identify::word_of(&schema, &row, id).unwrap_or_default();
    assert_eq!([word("place"), word("cell_code")], [place, cell]);
}

fn note(geometry: Option<Geometry>) -> NoteDraft {
    NoteDraft { geometry, on: None, text: "井盖破损".into(), values: Vec::new(), photos: Vec::new() }
}

/// A city in a folder of its own.
struct Desk {
    session: Session,
    _folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::headless(folder.path().join("settings"), Arc::new(NoWake));
        let path = folder.path().join("c.gpkg");
        let mut desk = Self { session, _folder: folder };
        desk.finish(Command::City(CityCommand::New { path, overwrite: false }));
        let square = |west: f64, south: f64, side: f64| {
            let (east, north) = (west + side, south + side);
            Geometry::polygon(&[[west, south], [east, south], [east, north], [west, north]]).to_multi()
        };
        let cell = square(116.0, 29.7, 0.001);
        let area_m2 = crate::geom::measure::area_m2(&cell.to_geo()) * 1.002;
        desk.put("cell", cell, &[("code", CELL), ("area_m2", &area_m2.to_string())]);
        let road = [("name", "庐山北路"), ("name_en", "Lushan North Road")];
        desk.put("road", Geometry::line(&[[116.0, 29.7006], [116.001, 29.7006]]), &road);
        let street = [("name", "甘棠街道"), ("name_en", "Gantang Sub-district")];
        desk.put("street", square(115.99, 29.69, 0.02), &street);
        desk
    }

    /// A row of a kind, in a layer made for it.
    fn put(&mut self, kind: &str, geometry: Geometry, values: &[(&str, &str)]) {
        self.finish(Command::Layer(LayerCommand::Create { kind: kind.to_owned() }));
        let schema = kinds::find(kind).unwrap().schema(Crs::CGCS2000);
        let mut row = Feature { id: 0, geometry: Some(geometry), values: vec![Value::Null; schema.fields.len()] };
        for (id, value) in values {
            let index = schema.field_index(id).unwrap();
            row.values[index] = kinds::convert::convert((*value).into(), &schema.fields[index]).unwrap();
        }
        let delta = Delta { layer: schema.table, id: 0, old: None, new: Some(row) };
        self.finish(Command::Edit(EditCommand::Change { label: Text::default(), deltas: vec![delta] }));
    }

    #[track_caller]
    fn finish(&mut self, command: Command) -> Answer {
        self.session.finish(command, &mut |_| {}).unwrap()
    }

    fn add(&mut self, draft: NoteDraft) -> Result<i64, Failure> {
        let end = self.session.finish(Command::Edit(EditCommand::AddNote(draft)), &mut |_| {})?;
        let Answer::Changed { id, .. } = end else { panic!("{end:?}") };
        Ok(id)
    }

    /// What the details say of a row, read anew.
    #[track_caller]
    fn details(&mut self, layer: &str, id: i64) -> DetailRow {
        let start = Instant::now();
        // The list of layers follows the last commit.
        while self.session.city().is_none_or(|city| city.layer(layer).is_none()) {
            assert!(start.elapsed() < Duration::from_secs(20), "no layer {layer}");
            std::thread::sleep(Duration::from_millis(2));
            self.session.poll();
        }
        self.session.run(Command::Look(LookCommand::Show { layer: layer.to_owned(), id }));
        loop {
            if let Some(row) = self.session.details().and_then(|details| details.row.clone()) {
                return row;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "no details of {layer} {id}");
            std::thread::sleep(Duration::from_millis(2));
            self.session.poll();
        }
    }
}
