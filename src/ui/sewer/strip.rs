//! The strip over the map that says what a question to the sewers came to, while its result lies there.

use egui::{Area, Id, Order, Rect, RichText, Ui, vec2};

use super::panel::{ask_icon, run};
use crate::session::Session;
use crate::session::action::ActionId;
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::command::SewerCommand;
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::icons::icon;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{floating_frame, icon_button};

/// Distance from the map's edges, and height.
const EDGE: f32 = 12.0;
const HEIGHT: f32 = 40.0;
/// A map narrower than this has no room for it.
const LEAST: f32 = 360.0;

/// How much of the top of the free part of the map the strip of a topic takes up.
pub(in crate::ui) fn strip_height(session: &Session, topic: SewerTopic, free: Rect) -> f32 {
    let shown = session.sewer().slot(topic).and_then(|slot| slot.shown.as_ref());
    let is_there = shown.is_some_and(|shown| !shown.strip.get(session.lang()).is_empty()) && free.width() >= LEAST;
    if is_there { EDGE + HEIGHT } else { 0.0 }
}

/// Shows the strip of a topic, if that has one. `free` is the part of the map that no panel lies over.
pub(in crate::ui) fn strip_ui(ui: &Ui, session: &Session, topic: SewerTopic, free: Rect, asks: &mut Asks) {
    let lang = session.lang();
    let Some(slot) = session.sewer().slot(topic) else { return };
    let Some(shown) = slot.shown.as_ref().filter(|shown| !shown.strip.get(lang).is_empty()) else { return };
    if free.width() < LEAST {
        return;
    }
    let tokens = Tokens::of(ui);
    let area = Area::new(Id::unique("sewer-strip")).order(Order::Middle).constrain(false);
    area.fixed_pos(free.min + vec2(EDGE, EDGE)).show(ui.ctx(), |ui| {
        floating_frame(ui).inner_margin(egui::Margin::symmetric(10, 5)).show(ui, |ui| {
            ui.set_max_width(free.width() - 2.0 * EDGE - 20.0);
            ui.set_height(HEIGHT - 10.0);
            ui.horizontal_centered(|ui| {
                ui.label(icon(ask_icon(&slot.asked)).color(tokens.accent));
                ui.label(RichText::new(shown.title.get(lang)).font(theme::medium(14.0)));
                ui.label(RichText::new("│").color(tokens.line_strong));
                ui.label(shown.strip.get(lang));
                if icon_button(ui, "X", lang.pick("从地图上拿掉", "Off the map")).clicked() {
                    match topic {
                        SewerTopic::Trace | SewerTopic::Profile => run(asks, SewerCommand::Forget(topic)),
                        _ => asks.push(UiAsk::Act(ActionId::HideSewer)),
                    }
                }
            });
        });
    });
}
