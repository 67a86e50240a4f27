//! Writing a note, pressed key by key.

use super::*;
use crate::model::geometry::Geometry;
use crate::model::value::Value;
use crate::session::answer::{Failure, FailureKind};
use crate::session::command::{LookCommand, NoteDraft};
use crate::session::state::{FeatureRef, Photo};
use crate::ui::sample;
use egui_kittest::{Harness, kittest::Queryable as _};
use std::path::Path;

/// The form, what it asked for, and the photos that are read.
type Form = (NoteFormState, Asks, BTreeMap<PathBuf, NotePhoto>);

#[test]
fn three_steps_make_a_note_of_medium_severity_on_the_feature() {
    let mut harness = harness(Lang::Zh, on_manhole());
    harness.get_by_label("内容").type_text("井盖与路面高差约 2 cm");
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    assert_eq!(
        saved(&harness),
        Some(NoteDraft {
            geometry: None,
            on: Some(("manhole".into(), 7)),
            text: "井盖与路面高差约 2 cm".into(),
            values: vec![("severity".into(), "mid".into()), ("state".into(), "open".into())],
            photos: Vec::new(),
        })
    );
    harness.get_by_label("正在保存…");

    let (state, asks, _) = harness.state_mut();
    asks.clear();
    state.arrive(Ok(FeatureRef { layer: "note".into(), id: 3 }), asks);
    assert!(!state.is_open());
    assert_eq!(state.drafts(), 0);
    let shown = UiAsk::Run(Command::Look(LookCommand::Show { layer: "note".into(), id: 3 }));
    assert_eq!(format!("{asks:?}"), format!("{:?}", [shown]));
}

#[test]
fn a_note_that_could_not_be_saved_is_there_again_with_its_words_and_the_reason() {
    let mut harness = harness(Lang::En, on_manhole());
    harness.get_by_label("Text").type_text("Lid broken");
    harness.get_by_label("Save").click();
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert!(!harness.state().0.is_open());

    let (state, asks, _) = harness.state_mut();
    state.arrive(Err(Failure::new(FailureKind::File, Text::new("磁盘已满", "The disk is full"))), asks);
    harness.run();
    harness.get_by_label("Not saved. The disk is full");
    assert_eq!(harness.get_by_label("Text").value().as_deref(), Some("Lid broken"));
    harness.get_by_label("Save");
}

#[test]
fn a_note_without_words_is_not_saved_and_says_why() {
    let mut harness = harness(Lang::En, on_manhole());
    harness.get_by_label("Save").click();
    harness.run();
    harness.get_by_label("Write a sentence or add a photo before saving");
    assert_eq!(saved(&harness), None);
}

#[test]
fn severity_and_photos_go_along_and_a_photo_can_be_taken_out() {
    let mut state = on_manhole();
    state.add_photos(["a.jpg", "b.png", "b.png"].map(PathBuf::from).to_vec());
    let mut harness = harness(Lang::En, state);
    harness.state_mut().2 = ["a.jpg", "b.png"].map(|name| (PathBuf::from(name), ready(name))).into();
    harness.run();
    harness.get_by_label("Text").type_text("Lid broken");
    harness.get_by_label("High").click();
    harness.get_by_label("Remove a.jpg").click();
    harness.run();
    harness.get_by_label("Save").click();
    harness.run();
    let note = saved(&harness).unwrap();
    assert_eq!(note.photos, [PathBuf::from("b.png")]);
    assert_eq!(note.values[0], ("severity".to_owned(), Value::from("high")));
}

#[test]
fn a_photo_that_cannot_be_read_is_refused_below_the_field_and_the_note_stays() {
    let mut state = on_manhole();
    state.add_photos(vec!["gone.jpg".into()]);
    let mut harness = harness(Lang::Zh, state);
    let asked: Vec<String> = harness.state().1.iter().map(|ask| format!("{ask:?}")).collect();
    assert!(asked.iter().any(|ask| ask.contains("NotePhotos([\"gone.jpg\"])")), "{asked:?}");
    harness.get_by_label("内容").type_text("井盖破损");
    harness.get_by_label("保存").click();
    harness.run();
    harness.get_by_label("正在读取照片…");

    let why = Text::new("图片文件无法读取：gone.jpg", "The picture file cannot be read: gone.jpg");
    harness.state_mut().2.insert("gone.jpg".into(), NotePhoto::Refused(why));
    harness.run();
    harness.get_by_label("图片文件无法读取：gone.jpg");
    assert!(harness.query_by_label("去掉 gone.jpg").is_none());
    assert_eq!(saved(&harness), None, "a person decides what becomes of the note without it");
    harness.get_by_label("保存").click();
    harness.run();
    assert!(saved(&harness).unwrap().photos.is_empty());
}

#[test]
fn saving_waits_for_the_photos() {
    let mut state = on_manhole();
    state.add_photos(vec!["a.jpg".into()]);
    let mut harness = harness(Lang::En, state);
    harness.get_by_label("Text").type_text("Lid broken");
    harness.get_by_label("Save").click();
    harness.run();
    assert_eq!(saved(&harness), None);
    harness.state_mut().2.insert("a.jpg".into(), ready("a.jpg"));
    harness.run();
    assert_eq!(saved(&harness).unwrap().photos, [Path::new("a.jpg")]);
}

#[test]
fn escape_closes_an_open_list_and_not_the_form() {
    let mut harness = harness(Lang::Zh, on_manhole());
    harness.get_by_role_and_label(egui::Role::ComboBox, "状态").click();
    harness.run();
    harness.get_by_label("在办");
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label("在办").is_none());
    assert!(harness.state().0.is_open());
    harness.key_press(Key::Escape);
    harness.run();
    assert!(!harness.state().0.is_open());
}

#[test]
fn an_area_that_crosses_itself_is_said_at_once_and_drawn_again() {
    let mut state = NoteFormState::default();
    let bow = [[116.0, 29.7], [116.001, 29.701], [116.001, 29.7], [116.0, 29.701]];
    state.start_at(Geometry::polygon(&bow));
    let mut harness = harness(Lang::En, state);
    harness.get_by_label("Text").type_text("Here");
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    assert_eq!(saved(&harness), None);
    harness.get_by_label("Draw again").click();
    harness.run();
    assert!(harness.state().1.iter().any(|ask| matches!(ask, UiAsk::Act(ActionId::NoteArea))));

    harness.state_mut().0.start_at(Geometry::polygon(&[bow[0], bow[2], bow[1], bow[3]]));
    harness.run();
    assert!(harness.query_by_label("Draw again").is_none());
    assert_eq!(harness.get_by_label("Text").value().as_deref(), Some("Here"));
}

#[test]
fn a_name_is_asked_for_once_and_goes_into_the_settings_before_the_note() {
    let mut harness = harness_of(Lang::Zh, on_manhole(), "");
    harness.get_by_label("内容").type_text("井盖破损");
    harness.run();
    harness.get_by_role_and_label(egui::Role::TextInput, "巡查员姓名").focus();
    harness.run();
    harness.get_by_role_and_label(egui::Role::TextInput, "巡查员姓名").type_text("李敏");
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    let asked = &harness.state().1;
    let name = asked
        .iter()
        .position(|ask| matches!(ask, UiAsk::Run(Command::Settings(SettingsCommand::Author(name))) if name == "李敏"));
    let note = asked.iter().position(|ask| matches!(ask, UiAsk::Run(Command::Edit(_))));
    assert!(name.is_some() && name < note, "{asked:?}");
}

#[test]
fn what_was_typed_is_kept_for_another_day_until_it_is_saved() {
    let mut state = on_manhole();
    state.drafts[0].text = "Half a sen".into();
    state.drafts[0].words[3] = "2026-".into();
    let kept = state.kept_notes();
    let mut tomorrow = NoteFormState::default();
    tomorrow.recall(kept);
    assert!(!tomorrow.is_open() && tomorrow.offers);
    tomorrow.start(NotePlace::On(FeatureRef { layer: "manhole".into(), id: 7 }), "WS-1".into());
    assert_eq!((tomorrow.drafts[0].text.as_str(), tomorrow.drafts[0].words[3].as_str()), ("Half a sen", "2026-"));

    tomorrow.drafts[0].stage = Stage::Saving;
    tomorrow.arrive(Ok(FeatureRef { layer: "note".into(), id: 1 }), &mut Asks::new());
    assert!(tomorrow.kept_notes().is_empty());
}

#[test]
fn what_was_typed_is_there_again_when_the_form_comes_back() {
    let mut harness = harness(Lang::En, on_manhole());
    harness.get_by_label("Text").type_text("Half a sen");
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert!(!harness.state().0.is_open());
    assert_eq!(harness.state().0.drafts(), 1);

    let state = &mut harness.state_mut().0;
    state.start_at(Geometry::point(116.0, 29.7));
    state.start(NotePlace::On(FeatureRef { layer: "manhole".into(), id: 7 }), "WS-1".into());
    harness.run();
    assert_eq!(harness.get_by_label("Text").value().as_deref(), Some("Half a sen"));
}

#[test]
fn words_left_at_a_place_come_along_to_the_next_place() {
    let mut state = NoteFormState::default();
    state.start_at(Geometry::point(116.0, 29.7));
    state.drafts[0].text = "Rubbish".into();
    state.close();
    state.start_at(Geometry::point(116.1, 29.8));
    assert_eq!(state.drafts.len(), 1);
    assert_eq!(state.drafts[0].text, "Rubbish");
    assert_eq!(state.geometry(), Some(&Geometry::point(116.1, 29.8)));
}

fn on_manhole() -> NoteFormState {
    let mut state = NoteFormState::default();
    state.start(NotePlace::On(FeatureRef { layer: "manhole".into(), id: 7 }), "WS-1".into());
    state
}

fn saved(harness: &Harness<'_, Form>) -> Option<NoteDraft> {
    harness.state().1.iter().find_map(|ask| match ask {
        UiAsk::Run(Command::Edit(EditCommand::AddNote(note))) => Some(note.clone()),
        _ => None,
    })
}

fn ready(name: &str) -> NotePhoto {
    let thumb_rgba = vec![128; 2 * 2 * 4].into();
    NotePhoto::Ready(Photo { id: -1, name: name.to_owned(), thumb_size: [2, 2], thumb_rgba })
}

fn harness(lang: Lang, state: NoteFormState) -> Harness<'static, Form> {
    harness_of(lang, state, "李敏")
}

fn harness_of(lang: Lang, state: NoteFormState, author: &'static str) -> Harness<'static, Form> {
    let fields = sample::note_schema().fields;
    let builder = Harness::builder().with_size(vec2(800.0, 700.0)).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(
        move |ui, (state, asks, photos): &mut Form| {
            state.follow_photos(photos, asks);
            let coordinates = CoordinateStyle::default();
            let input = Input { lang, fields: &fields, author, coordinates, photos, read_only: None };
            if state.is_open() {
                let thing = Rect::from_center_size(pos2(100.0, 200.0), vec2(30.0, 30.0));
                floating(ui.ctx(), &input, state, thing, asks);
            }
        },
        (state, Asks::new(), BTreeMap::new()),
    );
    harness.run();
    harness
}
