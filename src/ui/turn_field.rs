//! The turn of the map in the status bar: shown in degrees, typed or chosen, and north up again.

use egui::{Button, Popup, PopupCloseBehavior, RichText, Role, Ui, WidgetInfo};

use super::ask::{Asks, UiAsk};
use super::camera::View;
use super::icons::icon;
use super::status_bar::typed_field;
use super::theme::{self, Tokens};
use super::widgets;
use crate::session::action::{ActionId, action};
use crate::text::{Lang, Text};

/// Turns to choose from, degrees clockwise.
const TURNS: [f64; 5] = [-90.0, -45.0, 45.0, 90.0, 180.0];

/// The turn that is being typed.
#[derive(Debug, Default)]
pub(super) struct TurnState {
    words: String,
    wrong: Option<Text>,
}

/// Shows the turn of the map; its menu changes it.
pub(super) fn turn_field_ui(ui: &mut Ui, lang: Lang, view: View, state: &mut TurnState, asks: &mut Asks) {
    let words = turn_words(view.rotation_rad);
    let color = if view.rotation_rad == 0.0 { Tokens::of(ui).text2 } else { Tokens::of(ui).accent };
    let button = Button::new((icon("COMPASS").color(color), RichText::new(&words).font(theme::note()))).frame(false);
    let name = lang.pick("地图旋转（顺时针）", "Turn of the map (clockwise)");
    let response = ui.add(button).on_hover_text(name);
    let spoken = format!("{} {words}", lang.pick("旋转", "Rotation"));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
    let opens = response.clicked();
    Popup::menu(&response).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(170.0);
        if opens {
            words.trim_end_matches('°').clone_into(&mut state.words);
            state.wrong = None;
        }
        if let Some(rotation_rad) = menu(ui, lang, state, opens) {
            asks.push(UiAsk::Turn(rotation_rad));
            ui.close();
        }
    });
}

/// The turn that was typed or chosen, radians.
fn menu(ui: &mut Ui, lang: Lang, state: &mut TurnState, opens: bool) -> Option<f64> {
    let mut chosen = None;
    let (field, is_entered) = typed_field(ui, &mut state.words, lang.pick("输入角度", "Type an angle"), opens);
    if is_entered {
        match read_turn(&state.words) {
            Ok(degrees) => chosen = Some(degrees),
            Err(wrong) => {
                state.wrong = Some(wrong);
                field.request_focus();
            }
        }
    }
    if let Some(wrong) = &state.wrong {
        widgets::field_error(ui, wrong.get(lang));
    }
    ui.separator();
    if ui.selectable_label(false, action(ActionId::NorthUp).name.get(lang)).clicked() {
        chosen = Some(0.0);
    }
    for degrees in TURNS {
        if ui.selectable_label(false, turn_words(degrees.to_radians())).clicked() {
            chosen = Some(degrees);
        }
    }
    chosen.map(f64::to_radians)
}

/// `15°`, `-22.5°`.
pub(super) fn turn_words(rotation_rad: f64) -> String {
    let tenths = (rotation_rad.to_degrees() * 10.0).round() / 10.0;
    // Rounding may leave a zero with a sign.
    format!("{}°", tenths + 0.0)
}

/// Reads `15`, `-22.5°`, `３０`; any number of degrees, since a turn comes round.
fn read_turn(words: &str) -> Result<f64, Text> {
    let plain: String = words.trim().trim_end_matches(['°', '度']).chars().map(half_width).collect();
    let degrees = plain.trim().parse::<f64>().ok().filter(|degrees| degrees.is_finite() && degrees.abs() <= 3600.0);
    degrees.ok_or_else(|| Text::new("写成度数，如 15 或 -22.5", "Write degrees, such as 15 or -22.5"))
}

fn half_width(sign: char) -> char {
    match sign {
        '０'..='９' => char::from_u32(sign as u32 - 0xfee0).unwrap_or(sign),
        '－' | '−' => '-',
        '．' | '。' => '.',
        _ => sign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Key, vec2};
    use egui_kittest::{Harness, kittest::Queryable as _};

    #[test]
    fn turns_are_read_as_people_type_them() {
        for (words, degrees) in [("15", 15.0), (" -22.5° ", -22.5), ("３０度", 30.0), ("−90", -90.0)] {
            assert_eq!(read_turn(words), Ok(degrees), "{words}");
        }
        for words in ["", "north", "1e99", "nan"] {
            assert!(read_turn(words).is_err(), "{words}");
        }
        assert_eq!(turn_words(-0.0), "0°");
        assert_eq!(turn_words(f64::to_radians(-22.5)), "-22.5°");
    }

    #[test]
    fn a_typed_angle_turns_the_map_and_nonsense_is_told_apart() {
        let builder = Harness::builder().with_size(vec2(400.0, 600.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            |ui, (state, asks): &mut (TurnState, Asks)| turn_field_ui(ui, Lang::En, View::default(), state, asks),
            (TurnState::default(), Asks::new()),
        );
        harness.get_by_label("Rotation 0°").click();
        harness.run();
        harness.get_by_label("Type an angle").type_text("up");
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert!(harness.query_by_label_contains("Write degrees").is_some());
        harness.get_by_label("Type an angle").click();
        harness.run();
        harness.get_by_label("Type an angle").type_text("30");
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        let [UiAsk::Turn(rotation_rad)] = harness.state().1[..] else { panic!("{:?}", harness.state().1) };
        assert!((rotation_rad.to_degrees() - 30.0).abs() < 1e-9);
        harness.get_by_label("Rotation 0°").click();
        harness.run();
        harness.get_by_label("North up").click();
        harness.run();
        assert!(matches!(harness.state().1[..], [_, UiAsk::Turn(0.0)]));
    }
}
