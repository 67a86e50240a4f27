//! Writing a note, pressed key by key.

use super::*;
use crate::session::command::Command;
use crate::ui::sample;
use egui_kittest::{Harness, kittest::Queryable as _};

type Form = (NoteFormState, Asks);

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
    assert!(!harness.state().0.is_open());
}

#[test]
fn a_note_without_words_is_not_saved_and_says_why() {
    let mut harness = harness(Lang::En, on_manhole());
    harness.get_by_label("Save").click();
    harness.run();
    harness.get_by_label("Write a sentence before saving");
    assert_eq!(saved(&harness), None);
}

#[test]
fn severity_and_photos_go_along_and_a_photo_can_be_taken_out() {
    let mut state = on_manhole();
    state.add_photos(["a.jpg", "b.png", "b.png", "c.txt"].map(PathBuf::from).to_vec());
    let mut harness = harness(Lang::En, state);
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

fn harness(lang: Lang, state: NoteFormState) -> Harness<'static, Form> {
    let fields = sample::note_schema().fields;
    let builder = Harness::builder().with_size(vec2(800.0, 600.0)).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(
        move |ui, (state, asks): &mut Form| {
            let input = Input { lang, fields: &fields, author: "李敏", read_only: None };
            if state.is_open() {
                let thing = Rect::from_center_size(pos2(100.0, 200.0), vec2(30.0, 30.0));
                floating(ui.ctx(), &input, state, thing, asks);
            }
        },
        (state, Asks::new()),
    );
    harness.run();
    harness
}
