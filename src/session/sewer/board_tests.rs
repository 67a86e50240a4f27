//! What the window shows of the sewers follows what it rests on, and nothing else.

use super::board::SewerTopic;
use super::command::SewerCommand;
use super::kept_rules::KeptJoining;
use super::place::SewerPlace;
use super::questions::Direction;
use super::settings::SewerSettings;
use super::{SewerAnswer, SewerAsk};
use crate::model::geometry::Geometry;
use crate::model::value::Value;
use crate::session::Session;
use crate::session::command::{Command, EditCommand, LayerCommand, SettingsCommand};
use crate::session::test_city::TestCity;

/// A pipe of foul water that rises by 1 m.
fn pipe(code: &str, ends: [&str; 2], x: f64) -> (Geometry, Vec<(&'static str, Value)>) {
    let values = vec![
        ("code", Value::from(code)),
        ("sewer_type", Value::from("foul")),
        ("from_node", Value::from(ends[0])),
        ("to_node", Value::from(ends[1])),
        ("invert_up_m", Value::Real(19.0)),
        ("invert_down_m", Value::Real(20.0)),
    ];
    (Geometry::line(&[[x, 29.7], [x + 0.001, 29.7]]), values)
}

/// A city with the pipes P1 from A to B and P2 from B to C, both rising by 1 m, and a kiosk.
fn town() -> TestCity {
    let mut town = TestCity::with_map();
    town.create("sewer_pipe");
    town.create("kiosk");
    town.add("sewer_pipe", [pipe("P1", ["A", "B"], 115.9), pipe("P2", ["B", "C"], 115.901)]);
    let values = vec![("code", Value::from("K1")), ("name", Value::from("亭"))];
    town.add("kiosk", [(Geometry::point(115.9, 29.71), values)]);
    town
}

/// Pipes of the trace that is shown, once nothing is awaited.
fn traced(session: &Session) -> Option<usize> {
    let slot = session.sewer().slot(SewerTopic::Trace).filter(|slot| !slot.is_waiting())?;
    match slot.answer.as_deref() {
        Some(SewerAnswer::Trace(found)) => Some(found.pipes.len()),
        _ => None,
    }
}

fn set(town: &mut TestCity, layer: &str, field: &str, value: &str) {
    let (layer, values) = (layer.to_owned(), vec![(field.to_owned(), value.to_owned())]);
    town.run(Command::Edit(EditCommand::Set { layer, id: 1, values }));
}

fn ask_what_lies_below(town: &mut TestCity) {
    let from = SewerPlace::Words("A".to_owned());
    town.run(Command::Sewer(SewerCommand::Ask(SewerAsk::Trace { from, direction: Direction::Down })));
}

#[test]
fn a_trace_follows_an_edit_of_a_pipe_and_does_not_mind_a_kiosk_or_a_new_layer_of_lamps() {
    let mut town = town();
    ask_what_lies_below(&mut town);
    town.wait(|session| traced(session) == Some(2));
    let asked = |town: &TestCity| town.session.sewer().slot(SewerTopic::Trace).map(|slot| slot.revision);
    let before = asked(&town);
    set(&mut town, "kiosk", "name", "一号亭");
    let shown = |session: &Session| session.city().and_then(|city| city.undo.clone());
    town.wait(|session| shown(session).is_some_and(|label| label.zh.contains("kiosk")));
    town.create("lamp_controller");
    town.wait(|session| session.city().is_some_and(|city| city.layer("lamp_controller").is_some()));
    assert_eq!((asked(&town), traced(&town.session)), (before, Some(2)));
    set(&mut town, "sewer_pipe", "to_node", "elsewhere");
    town.wait(|session| traced(session) == Some(1));
    town.undo();
    town.wait(|session| traced(session) == Some(2));
    let more = pipe("P3", ["C", "D"], 115.902);
    town.add("sewer_pipe", [more]);
    town.wait(|session| traced(session) == Some(3));
    town.run(Command::Layer(LayerCommand::Remove("sewer_pipe".to_owned())));
    town.wait(|session| session.sewer().slot(SewerTopic::Trace).is_some_and(|slot| slot.failure.is_some()));
}

#[test]
fn inverts_can_be_heard_before_the_record() {
    let mut town = town();
    ask_what_lies_below(&mut town);
    town.wait(|session| traced(session) == Some(2));
    let joining = KeptJoining { trusts_inverts: true, ..KeptJoining::default() };
    let sewer = SewerSettings { joining, ..SewerSettings::default() };
    town.run(Command::Settings(SettingsCommand::Sewer(sewer)));
    town.wait(|session| traced(session) == Some(0));
}
