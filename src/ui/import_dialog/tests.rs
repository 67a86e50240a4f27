//! The import dialog as a person meets it.

use egui::vec2;
use egui_kittest::{Harness, kittest::Queryable as _};

use super::*;
use crate::kinds;
use crate::model::feature::Feature;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::session::command::PlaceColumns;
use crate::session::state::PreviewLayer;
use crate::task::Problem;
use crate::text::encoding::Encoding;
use crate::ui::sample;

type Dialog = (ImportState, Asks, End);

/// A file of two lamps that looks like bridges.
pub(in super::super) fn sample_preview() -> ImportPreview {
    let field = |id: &'static str| Field::new(id, FieldType::Text, id, id);
    let row = |name: Value, other: &str| Feature { id: 1, geometry: None, values: vec![name, Value::from(other)] };
    let layer = PreviewLayer {
        name: "lamps".into(),
        features: 2,
        geometry: Some(GeometryKind::Point),
        fields: vec![field("桥名"), field("x1")],
        guessed_kind: kinds::find("bridge"),
        sample: vec![row(Value::Null, "7"), row(Value::from("浔阳桥"), "8")],
        bounds_world: None,
    };
    ImportPreview {
        format: Text::same("GeoJSON"),
        format_id: "geojson",
        crs_origin: CrsOrigin::Format,
        columns: layer.fields.iter().map(|field| field.name.zh.to_string()).collect(),
        layers: vec![layer],
        problems: vec![Problem::error("geojson.ring-open", Text::new("环没有闭合", "The ring is open")).of_feature(1)],
        ..ImportPreview::of("data/lamps.geojson".into(), Crs::WGS84)
    }
}

#[test]
fn import_takes_the_file_as_proposed() {
    let mut harness = harness(&["data/lamps.geojson"], sample_preview());
    harness.get_by_label_contains("2 features · points");
    harness.get_by_label("Import").click();
    harness.run();
    let request = imported(&mut harness).expect("a request");
    assert_eq!((request.layer.as_deref(), request.kind.as_deref()), (Some("lamps"), Some("bridge")));
    assert!(!harness.state().0.is_open());
}

#[test]
fn another_encoding_looks_into_the_file_again_and_shows_it() {
    let preview = ImportPreview { encoding: Some(Encoding::GB18030), ..sample_preview() };
    let mut harness = harness(&["data/lamps.geojson"], preview);
    harness.get_by_label("Encoding").click();
    harness.run();
    harness.get_by_label("Big5").click();
    harness.run();
    assert_eq!(harness.state().2, End::Again);
    assert_eq!(harness.state().0.reading.encoding, Some(Encoding::BIG5));
    harness.get_by_label("First rows").click();
    harness.run();
    harness.get_by_label("浔阳桥");
}

/// Nothing is taken in until somebody says that the place is right.
#[track_caller]
fn check_must_be_looked_at(preview: ImportPreview) {
    let mut harness = harness(&["data/lamps.geojson"], preview);
    harness.get_by_label("Import").click();
    harness.run();
    assert!(imported(&mut harness).is_none());
    harness.get_by_label("I have looked: the place is right").click();
    harness.run();
    harness.get_by_label("Import").click();
    harness.run();
    assert!(imported(&mut harness).is_some());
}

#[test]
fn a_guessed_crs_wants_to_be_looked_at() {
    let mut preview = ImportPreview { crs_origin: CrsOrigin::Guessed, ..sample_preview() };
    preview.layers[0].bounds_world = Some(Bounds::new(10.0, 10.0, 20.0, 20.0));
    check_must_be_looked_at(preview);
}

#[test]
fn a_file_far_from_the_city_comes_in_only_once_that_is_said_to_be_right() {
    let mut preview = ImportPreview { crs_origin: CrsOrigin::Declared, ..sample_preview() };
    let home = sample::city().home_world().unwrap_or(Bounds::new(0.0, 0.0, 10.0, 10.0));
    let [x, y] = [home.max[0] + 4e6, home.max[1]];
    preview.layers[0].bounds_world = Some(Bounds::new(x, y, x + 10.0, y + 10.0));
    check_must_be_looked_at(preview);
}

#[test]
fn the_axes_of_a_file_are_exchanged_and_put_back_by_a_switch() {
    let preview = ImportPreview { crs: Crs::Epsg(4548), crs_origin: CrsOrigin::Declared, ..sample_preview() };
    let mut harness = harness(&["data/lamps.geojson"], preview);
    for expected in [crate::geom::own::north_first(Crs::Epsg(4548)), Some(Crs::Epsg(4548))] {
        harness.get_by_label("Exchange the axes (north or latitude first)").click();
        harness.run();
        assert_eq!(harness.state().0.reading.options().crs, expected);
        assert_eq!(harness.state().2, End::Again);
    }
}

#[test]
fn where_there_is_no_place_to_look_at_a_system_is_asked_for_or_none() {
    let preview = ImportPreview {
        crs: Crs::Unknown,
        crs_origin: CrsOrigin::Guessed,
        has_place_columns: true,
        ..sample_preview()
    };
    let mut harness = harness(&["data/lamps.geojson"], preview);
    assert!(harness.query_by_label("I have looked: the place is right").is_none());
    harness.get_by_label("Choose a coordinate system");
    harness.get_by_label("Import").click();
    harness.run();
    assert!(imported(&mut harness).is_none(), "nobody has said where it lies");
    harness.get_by_label("Read as a table without places").click();
    harness.run();
    assert_eq!(harness.state().2, End::Again);
    assert_eq!(harness.state().0.reading.place(), Some(PlaceColumns::Nowhere));
}

#[test]
fn a_recipe_reads_the_file_in_its_system_and_an_answer_to_an_older_question_is_not_taken() {
    let guessed = ImportPreview { crs: Crs::Unknown, crs_origin: CrsOrigin::Guessed, ..sample_preview() };
    let mut harness = harness(&["data/lamps.geojson"], guessed.clone());
    let (state, asks, _) = harness.state_mut();
    let mut request = state.request(true).expect("a request");
    request.read.crs = Some(Crs::Epsg(4548));
    state.follow(Recipe::of(&request, guessed.shape()), asks);
    let Some(UiAsk::Run(Command::Exchange(ExchangeCommand::Survey { read, .. }))) = asks.last() else {
        panic!("{asks:?}")
    };
    let read = read.clone();
    assert_eq!(read.crs, Some(Crs::Epsg(4548)));
    state.take(guessed.clone(), None);
    assert!(state.misfits.is_none(), "that was read otherwise");
    let asked = ImportPreview { read, crs: Crs::Epsg(4548), crs_origin: CrsOrigin::Asked, ..guessed };
    state.take(asked, None);
    harness.run();
    harness.get_by_label("Set as the recipe says; all columns fit.");
    harness.get_by_label("As you said");
    harness.get_by_label("Import").click();
    harness.run();
    assert_eq!(imported(&mut harness).expect("a request").read.crs, Some(Crs::Epsg(4548)));
}

#[test]
fn a_system_that_was_agreed_to_goes_into_the_recipe() {
    let mut preview = ImportPreview { crs: Crs::Epsg(4548), crs_origin: CrsOrigin::Guessed, ..sample_preview() };
    preview.layers[0].bounds_world = Some(Bounds::new(10.0, 10.0, 20.0, 20.0));
    let mut harness = harness(&["data/lamps.geojson"], preview);
    harness.get_by_label("I have looked: the place is right").click();
    harness.run();
    let (recipe, _) = harness.state().0.recipe().expect("a recipe");
    let mut request = ImportRequest::default();
    recipe.apply(&mut request);
    assert_eq!(request.read.crs, Some(Crs::Epsg(4548)));
}

#[test]
fn problems_are_counted_and_listed_before_anything_comes_in() {
    let harness = harness(&["data/lamps.geojson"], sample_preview());
    harness.get_by_label("1 error (left out), 0 warnings");
    harness.get_by_label("Feature 1: The ring is open");
}

#[test]
fn how_far_a_file_lies_from_the_city_is_said() {
    let mut preview = sample_preview();
    let home = sample::city().home_world().expect("a place");
    preview.layers[0].bounds_world = Some(Bounds::new(home.max[0] + 1e6, home.min[1], home.max[0] + 1e6, home.max[1]));
    let harness = harness(&["data/lamps.geojson"], preview);
    harness.get_by_label_contains("km from the city");
}

#[test]
fn the_columns_of_the_place_are_chosen_for_a_table_alone() {
    let mut harness = harness(&["data/lamps.geojson"], sample_preview());
    assert!(harness.query_by_label("Columns x and y").is_none());
    let preview = &mut harness.state_mut().0.answer.as_mut().expect("an answer").0;
    (preview.has_place_columns, preview.columns) = (true, vec!["桥名".to_owned(), "x1".to_owned()]);
    harness.run();
    harness.get_by_label("Columns x and y").click();
    harness.run();
    assert_eq!((&harness.state().2, harness.state().0.reading.place()), (&End::Open, None), "nothing is chosen yet");
    for (choice, column) in [("x or longitude", "桥名"), ("y or latitude", "x1")] {
        harness.get_by_label(choice).click();
        harness.run();
        harness.get_all_by_label(column).last().expect("a column").click();
        harness.run();
    }
    assert_eq!(harness.state().0.reading.place(), Some(PlaceColumns::Xy("桥名".into(), "x1".into())));
    assert_eq!(harness.state().2, End::Again);
}

#[test]
fn a_way_of_reading_that_makes_no_sense_is_said_and_taken_back() {
    let mut harness = harness(&["data/lamps.geojson"], sample_preview());
    let state = &mut harness.state_mut().0;
    state.reading.encoding = Some(Encoding::BIG5);
    let refused = Some(Text::new("读不懂", "Makes no sense"));
    let read = state.reading.options();
    state.take(ImportPreview { read, refused, ..sample_preview() }, None);
    assert_eq!(state.reading.encoding, None);
    harness.run();
    harness.get_by_label("Makes no sense");
    harness.get_by_label("Import");
}

#[test]
fn a_refused_file_says_why_and_cannot_be_imported() {
    let refused = Some(Text::new("不是 GeoJSON", "No GeoJSON"));
    let harness = harness(&["data/lamps.geojson"], ImportPreview { refused, ..sample_preview() });
    harness.get_by_label("No GeoJSON");
    assert!(harness.query_by_label("Import").is_none());
}

#[test]
fn the_answer_for_another_file_is_not_taken() {
    let mut state = ImportState::default();
    state.start(vec!["b.geojson".into()], &mut Asks::new());
    state.take(sample_preview(), None);
    assert!(state.answer.is_none());
}

#[test]
fn files_of_one_shape_follow_the_first() {
    let mut harness = harness(&["data/lamps.geojson", "b.geojson", "c.geojson"], sample_preview());
    harness.get_by_label("1 of 3");
    harness.get_by_label("The other files of this shape the same way").click();
    harness.run();
    harness.get_by_label("Import").click();
    harness.run();
    imported(&mut harness).expect("a request");
    let state = &mut harness.state_mut().0;
    state.take(ImportPreview { path: "b.geojson".into(), ..sample_preview() }, None);
    assert!(state.goes_with_all());
    state.next(&mut Asks::new());
    state.take(ImportPreview { path: "c.geojson".into(), crs: Crs::Gcj02, ..sample_preview() }, None);
    assert!(!state.goes_with_all(), "another place is asked about");
}

#[test]
fn a_remembered_recipe_is_offered_and_says_what_does_not_fit() {
    let (recipe, _) = {
        let mut state = ImportState::default();
        state.start(vec!["data/lamps.geojson".into()], &mut Asks::new());
        state.take(sample_preview(), None);
        state.recipe().expect("a recipe")
    };
    let mut preview = ImportPreview { recipe: Some(recipe), ..sample_preview() };
    preview.layers[0].fields.push(Field::new("新", FieldType::Text, "新", "新"));
    let mut harness = harness(&["data/lamps.geojson"], preview.clone());
    harness.get_by_label("As the last file of this shape").click();
    harness.run();
    let (state, asks, end) = harness.state_mut();
    finish(end.clone(), None, state, asks);
    assert!(matches!(asks.last(), Some(UiAsk::Run(Command::Exchange(ExchangeCommand::Survey { .. })))));
    state.take(preview, None);
    harness.run();
    harness.get_by_label_contains("columns that the recipe has never seen: 新");
}

fn imported(harness: &mut Harness<'_, Dialog>) -> Option<ImportRequest> {
    let (state, asks, end) = harness.state_mut();
    finish(std::mem::replace(end, End::Open), Some(&sample::city()), state, asks);
    asks.iter().find_map(|ask| match ask {
        UiAsk::Run(Command::Exchange(ExchangeCommand::Import(request))) => Some(request.clone()),
        _ => None,
    })
}

fn harness(files: &[&str], preview: ImportPreview) -> Harness<'static, Dialog> {
    let mut state = ImportState::default();
    let mut asks = Asks::new();
    state.start(files.iter().map(PathBuf::from).collect(), &mut asks);
    state.take(preview, None);
    let city = sample::city();
    let builder = Harness::builder().with_size(vec2(820.0, 900.0)).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(
        move |ui, (state, asks, end): &mut Dialog| {
            let left = contents(ui, Lang::En, Some(&city), state, asks);
            if left != End::Open {
                *end = left;
            }
        },
        (state, asks, End::Open),
    );
    harness.run();
    harness
}
