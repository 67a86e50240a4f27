//! The shortest way between two places: typed, or clicked on the map one after the other.

use egui::Ui;

use super::asks::{AskState, PLACE_HINT, place_field};
use super::button_if;
use crate::session::Session;
use crate::session::action::ActionId;
use crate::session::sewer::SewerAsk;
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::widgets::{icon_button, switch};

/// Where to, which way, and the button; the start is that of the trace above.
pub(super) fn path_ui(ui: &mut Ui, session: &Session, state: &mut AskState, asks: &mut Asks) {
    let lang = session.lang();
    let name = lang.pick("终点：最短路径到哪里", "End: where the shortest way leads");
    let entered = place_field(ui, &mut state.to, name, PLACE_HINT.get(lang));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let ends = state.places();
        let is_possible = ends.iter().all(Option::is_some);
        let find = button_if(ui, is_possible, "ARROWS_LEFT_RIGHT", lang.pick("最短路径", "Shortest way"));
        let mut is_with_flow = !state.any_way;
        let name = lang.pick("最短路径顺水流", "Shortest way with the flow");
        let is_switched = switch(ui, &mut is_with_flow, name).changed();
        state.any_way = !is_with_flow;
        ui.label(lang.pick("顺水流", "with the flow"));
        let pick = lang.pick("在地图上点起点和终点", "Click start and end on the map");
        if icon_button(ui, "CURSOR_CLICK", pick).clicked() {
            asks.push(UiAsk::Act(ActionId::SewerPath));
        }
        // A way that is on the map is looked for again; there may be one only against the flow.
        let is_shown = session.sewer().slots().any(|(_, slot)| matches!(slot.asked, SewerAsk::Path { .. }));
        if let [Some(from), Some(to)] = ends
            && (find.clicked() || entered || (is_switched && is_shown))
        {
            asks.push(UiAsk::Sewer(SewerAsk::Path { from, to, with_flow: is_with_flow }));
        }
    });
}
