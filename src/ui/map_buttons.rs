//! Buttons that stand on the map: nearer, farther, everything; and north, while it is not at the top.

use egui::{Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::ask::UiAsk;
use super::icons::icon_char;
use super::map_panel::MapAsk;
use super::theme::{self, Tokens};
use super::{possible, widgets};
use crate::session::Session;
use crate::session::action::{ActionId, action};

/// Side of a button.
pub(super) const SIDE: f32 = 34.0;
/// From the edge of the map.
pub(super) const EDGE: f32 = 12.0;

const BUTTONS: [ActionId; 3] = [ActionId::ZoomIn, ActionId::ZoomOut, ActionId::ZoomAll];
/// Between them and the north arrow.
const GAP: f32 = 8.0;

/// Where they stand on `map`, with the north arrow of a turned map.
pub(super) fn place(map: Rect, is_turned: bool) -> Rect {
    let rect = rect(map);
    if is_turned { rect.with_min_y(rect.top() - SIDE - GAP) } else { rect }
}

fn rect(map: Rect) -> Rect {
    let size = vec2(SIDE, SIDE * BUTTONS.len() as f32);
    Rect::from_min_size(map.right_bottom() - vec2(EDGE, EDGE) - size, size)
}

/// Shows them at the lower right of `map`, which is turned by so much.
pub(super) fn map_buttons_ui(ui: &Ui, session: &Session, map: Rect, rotation_rad: f64, out: &mut Vec<MapAsk>) {
    let rect = rect(map);
    let tokens = Tokens::of(ui);
    ground(ui, rect);
    for (row, id) in BUTTONS.into_iter().enumerate() {
        let top = rect.top() + SIDE * row as f32;
        let place = Rect::from_min_size(pos2(rect.left(), top), vec2(SIDE, SIDE));
        let response = button(ui, session, place, id, out);
        if row > 0 {
            ui.painter().hline(place.x_range().shrink(6.0), top, Stroke::new(1.0, tokens.line));
        }
        let mark = icon_char(action(id).icon);
        let center = response.rect.center();
        ui.painter().text(center, egui::Align2::CENTER_CENTER, mark, theme::icon_font(16.0), tokens.text);
    }
    if rotation_rad != 0.0 {
        let place = Rect::from_min_size(rect.min - vec2(0.0, SIDE + GAP), vec2(SIDE, SIDE));
        ground(ui, place);
        button(ui, session, place, ActionId::NorthUp, out);
        north_arrow(ui, place.center(), rotation_rad as f32);
    }
}

fn ground(ui: &Ui, rect: Rect) {
    let tokens = Tokens::of(ui);
    ui.painter().add(theme::floating_shadow(ui.visuals().dark_mode).as_shape(rect, theme::RADIUS_CARD));
    let stroke = Stroke::new(1.0, tokens.line_strong);
    ui.painter().rect(rect, theme::RADIUS_CARD, tokens.raised, stroke, StrokeKind::Inside);
}

fn button(ui: &Ui, session: &Session, place: Rect, id: ActionId, out: &mut Vec<MapAsk>) -> Response {
    let tokens = Tokens::of(ui);
    let response = ui.interact(place, ui.scope_id().with(("map-button", id)), Sense::click());
    if response.hovered() {
        ui.painter().rect_filled(place.shrink(2.0), theme::RADIUS, tokens.hover);
    }
    widgets::focus_ring(ui, &response);
    let name = action(id).name.get(session.lang());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let response = response.on_hover_text(possible::tip(session, action(id)));
    if response.clicked() {
        out.push(MapAsk::Ask(UiAsk::Act(id)));
    }
    response
}

/// A needle whose dark half points north.
fn north_arrow(ui: &Ui, center: Pos2, rotation_rad: f32) {
    let (tokens, (sin, cos)) = (Tokens::of(ui), rotation_rad.sin_cos());
    let at = |right: f32, up: f32| center + vec2(right * cos + up * sin, right * sin - up * cos);
    for (tip, color) in [(12.0, tokens.err), (-12.0, tokens.text3)] {
        let half = vec![at(0.0, tip), at(5.0, 0.0), at(-5.0, 0.0)];
        ui.painter().add(Shape::convex_polygon(half, color, Stroke::NONE));
    }
}
