//! What the panel shows of a note, and what can be done there.

use super::*;
use crate::session::command::Command;
use crate::text::Text;
use crate::ui::sample;
use egui_kittest::{Harness, kittest::Queryable as _};

const TEXT: &str = "井盖与路面高差约 2 cm，夜间骑行有绊倒危险；旁边的雨水口也被落叶堵住，下雨时路面积水到路缘石。";

#[test]
fn a_long_text_is_shown_whole() {
    let harness = harness();
    assert!(harness.get_by_label(TEXT).rect().height() > 50.0, "it takes three lines");
}

#[test]
fn what_a_note_is_about_is_a_name_that_leads_there() {
    let mut harness = harness();
    assert!(harness.query_by_label("李敏").is_none(), "the stored value is not shown");
    harness.get_by_label("投放亭 · 甘棠湖投放点").click();
    harness.run();
    let asked =
        harness.state().1.iter().any(
            |ask| matches!(ask, UiAsk::Run(Command::Look(LookCommand::Show { layer, id: 12 })) if layer == "kiosk"),
        );
    assert!(asked, "{:?}", harness.state().1);
}

#[test]
fn copying_is_confirmed_and_copies_what_is_read() {
    let mut harness = harness();
    assert!(harness.query_by_label("已复制").is_none());
    harness.get_by_label("复制为文本").click();
    harness.step();
    harness.step();
    harness.get_by_label("已复制");
    let words = harness.state().1.iter().find_map(|ask| match ask {
        UiAsk::Copy(words) => Some(words.as_str()),
        _ => None,
    });
    let words = words.expect("words for the clipboard");
    assert!(words.contains("程度\t较重") && words.contains("关于\t投放亭 · 甘棠湖投放点"), "{words}");
    assert!(!words.contains("李敏"), "{words}");
}

fn harness() -> Harness<'static, (DetailsState, Asks)> {
    let city = sample::city();
    let values = [TEXT, "mid", "open", "李敏"].map(Value::from).into_iter().chain([Value::Null, Value::Null]);
    let at = FeatureRef { layer: "note".into(), id: 1 };
    let about = Derived {
        name: Text::new("关于", "About"),
        value: Text::same("投放亭 · 甘棠湖投放点"),
        link: Some(FeatureRef { layer: "kiosk".into(), id: 12 }),
    };
    let row = DetailRow {
        feature: Feature { id: 1, geometry: None, values: values.collect() },
        at,
        title: "标注 1".into(),
        subtitle: Text::new("标注", "Note"),
        derived: Vec::new(),
        instead: vec![(3, Some(about))],
        photos: Vec::new(),
        notes: Vec::new(),
        bounds_world: None,
    };
    let builder = Harness::builder().with_size(vec2(344.0, 600.0)).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(
        move |ui, (state, asks): &mut (DetailsState, Asks)| {
            let layer = &city.layers[0];
            let shown =
                Shown { lang: Lang::Zh, city: &city, layer, row: &row, place: (0, 1), is_selected: false, pipe: None };
            row_ui(ui, &shown, state, asks);
        },
        (DetailsState::default(), Asks::new()),
    );
    harness.run();
    harness
}
