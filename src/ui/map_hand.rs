//! What the mouse does on a pane of the map: wheel, drag, click, the menu of a place, the thing under the pointer.

use egui::{CursorIcon, Key, PointerButton, Pos2, Rect, Response, Ui, Vec2};

use super::ask::UiAsk;
use super::camera::{Camera, View};
use super::map_marks::{self, Lens, Outline};
use super::map_menu;
use super::map_panel::MapAsk;
use super::sewer;
use super::tools::{Outcome, Tool, ToolKind};
use crate::kinds::kind::Group;
use crate::model::geometry::GeometryKind;
use crate::session::Session;
use crate::session::command::{Command, LookCommand, SelectMode};
use crate::session::map::clusters::{Disc, Glance};
use crate::session::map::shown::Shown;
use crate::session::state::FeatureRef;
use crate::text::Lang;

/// How far the pointer may be off, logical pixels.
const TOLERANCE_PX: f64 = 6.0;
/// Scroll points for twice the scale: one notch of a wheel is about 80.
const SCROLL_FOR_DOUBLE: f32 = 120.0;
/// What is left of a step of Ctrl + wheel (or a pinch, which comes in small steps anyway).
const FINE: f64 = 0.4;
/// The pointer rests this long before the tip comes.
const TIP_AFTER_S: f64 = 0.3;
/// After the last turn of the wheel, this long until the view counts as one to come back to.
const SETTLE_AFTER_S: f64 = 0.4;
/// A map that is let go of this near to north up is north up.
const NEARLY_NORTH_RAD: f64 = 0.035;
/// Nearer to the middle than this the pointer does not turn the map: its direction would jump.
const TURN_FROM_PX: f64 = 24.0;

/// What a pane remembers of the mouse from frame to frame.
#[derive(Default)]
pub(super) struct HandState {
    hover: Hover,
    gesture: Gesture,
}

#[derive(Default)]
struct Hover {
    /// A disc that stands for several features goes before any feature.
    disc: Option<Disc>,
    at: Option<FeatureRef>,
    outline: Option<Outline>,
    since: f64,
    /// Where the pointer was, and on which view.
    seen_at: Option<(Pos2, View)>,
    /// The place under the pointer, or the last one.
    world: [f64; 2],
}

#[derive(Default)]
struct Gesture {
    /// Where a box began, on the screen.
    box_from: Option<Pos2>,
    /// Where the pointer was when it last turned the map.
    turn_from: Option<[f64; 2]>,
    /// Time of the last turn of the wheel.
    wheel_at: Option<f64>,
    is_dragging: bool,
    /// The place of the context menu.
    menu_world: [f64; 2],
}

impl HandState {
    /// The place under the pointer, or the last one, Web Mercator metres.
    pub(super) fn pointer_world(&self) -> [f64; 2] {
        self.hover.world
    }

    /// Whether nothing goes on that will change the view further.
    pub(super) fn is_idle(&self) -> bool {
        self.gesture.wheel_at.is_none() && !self.gesture.is_dragging
    }

    /// Draws the thing under the pointer with its tip, and a box that is being dragged.
    pub(super) fn draw(&self, ui: &Ui, session: &Session, lens: &Lens<'_>, tool: &Tool, response: &Response) {
        let painter = ui.painter().with_clip_rect(lens.map);
        let rested = ui.input(|input| input.time) - self.hover.since >= TIP_AFTER_S;
        if let Some(disc) = &self.hover.disc {
            let words = disc_words(session, disc);
            let tip = response.hover_pos().filter(|_| rested).map(|at| (at, words.as_str()));
            map_marks::draw_disc_hover(ui, &painter, lens, (disc.middle_world, disc.radius_px), tip);
        } else if let Some(outline) = &self.hover.outline {
            let words = self.hover.at.as_ref().and_then(|at| session.hover_words(at)).unwrap_or_default();
            let tip = response.hover_pos().filter(|_| rested && !words.is_empty()).map(|at| (at, words.as_str()));
            map_marks::draw_hover(ui, &painter, lens, outline, tip);
        }
        if let (Some(from), Some(to)) = (self.gesture.box_from, response.interact_pointer_pos()) {
            map_marks::draw_box(ui, &painter, Rect::from_two_pos(from, to), box_words(session, tool, from, to));
        }
        if self.gesture.turn_from.is_some()
            && let Some(at) = response.interact_pointer_pos()
        {
            let words = super::turn_field::turn_words(lens.camera.view().rotation_rad);
            map_marks::readout(ui, &painter, at + Vec2::splat(14.0), &[words]);
        }
    }
}

/// A pane of the map with the tool in hand.
pub(super) struct Hand<'a> {
    /// Where the pane looks.
    pub(super) camera: &'a mut Camera,
    /// The tool, one for all panes.
    pub(super) tool: &'a mut Tool,
    /// What the pane remembers.
    pub(super) state: &'a mut HandState,
    /// The layers under the pointer.
    pub(super) shown: &'a Shown,
}

/// How many features a disc stands for, and what a click on it does.
fn disc_words(session: &Session, disc: &Disc) -> String {
    let lang = session.lang();
    let layer = session.city().and_then(|city| city.layer(&disc.layer));
    let (count, name) = (disc.count, layer.map_or("", |layer| layer.name.get(lang)));
    match (lang, disc.is_one_place()) {
        (Lang::Zh, false) => format!("{name} · {count} 个要素，单击放大"),
        (Lang::Zh, true) => format!("{name} · {count} 个要素在同一处，单击逐个查看"),
        (Lang::En, false) => format!("{name} · {count} features, click to zoom in"),
        (Lang::En, true) => format!("{name} · {count} features at one place, click to look through them"),
    }
}

/// A place of the window as a place of a pane, logical pixels.
pub(super) fn local(map: Rect, at: Pos2) -> [f64; 2] {
    [f64::from(at.x - map.left()), f64::from(at.y - map.top())]
}

/// Lets the mouse do what it does.
pub(super) fn pointer(ui: &Ui, session: &Session, hand: &mut Hand<'_>, response: &Response, out: &mut Vec<MapAsk>) {
    let map = response.rect;
    if let Some(at) = response.hover_pos() {
        hand.state.hover.world = hand.camera.world_from_screen(local(map, at));
        wheel(ui, hand, local(map, at));
        extra_buttons(ui, hand);
    }
    settle_after_wheel(ui, hand);
    drag(ui, hand, response, out);
    clicks(ui, session, hand, response, out);
    context_menu(session, hand, response, out);
    hover(ui, session, hand, response);
}

fn ask(out: &mut Vec<MapAsk>, command: LookCommand) {
    out.push(MapAsk::Ask(UiAsk::Run(Command::Look(command))));
}

fn wheel(ui: &Ui, hand: &mut Hand<'_>, at: [f64; 2]) {
    let (scroll, pinch, now) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta(), input.time));
    let factor = f64::from((scroll / SCROLL_FOR_DOUBLE).exp2()) * f64::from(pinch).powf(FINE);
    if (factor - 1.0).abs() > 1e-6 {
        hand.camera.zoom_about(at, factor);
        hand.state.gesture.wheel_at = Some(now);
    }
}

fn settle_after_wheel(ui: &Ui, hand: &mut Hand<'_>) {
    let Some(last) = hand.state.gesture.wheel_at else { return };
    let since = ui.input(|input| input.time) - last;
    if since > SETTLE_AFTER_S {
        hand.camera.settle();
        hand.state.gesture.wheel_at = None;
    } else {
        ui.ctx().request_repaint_after_secs((SETTLE_AFTER_S - since) as f32 + 0.01);
    }
}

fn extra_buttons(ui: &Ui, hand: &mut Hand<'_>) {
    let (back, forth) = ui.input(|input| {
        (input.pointer.button_pressed(PointerButton::Extra1), input.pointer.button_pressed(PointerButton::Extra2))
    });
    if back {
        hand.camera.back();
    }
    if forth {
        hand.camera.forth();
    }
}

fn drag(ui: &Ui, hand: &mut Hand<'_>, response: &Response, out: &mut Vec<MapAsk>) {
    let (held, space, delta, origin) = ui.input(|input| {
        let pointer = &input.pointer;
        (input.modifiers, input.key_down(Key::Space), pointer.delta(), pointer.press_origin())
    });
    let space = space && !ui.ctx().text_edit_focused() && response.hovered();
    let selects = hand.tool.kind() == ToolKind::Select;
    if response.drag_started_by(PointerButton::Primary) && !space {
        if held.alt {
            hand.state.gesture.turn_from = origin.map(|at| local(response.rect, at));
        } else if selects || held.shift {
            hand.state.gesture.box_from = origin;
        }
    }
    hand.state.gesture.is_dragging = response.dragged();
    let gesture = &hand.state.gesture;
    let drags =
        response.dragged_by(PointerButton::Primary) && gesture.box_from.is_none() && gesture.turn_from.is_none();
    let pan = if drags || response.dragged_by(PointerButton::Middle) {
        response.drag_delta()
    } else if space {
        delta
    } else {
        Vec2::ZERO
    };
    if pan != Vec2::ZERO {
        hand.camera.pan_px([f64::from(pan.x), f64::from(pan.y)]);
    }
    turn(hand, response);
    if response.drag_stopped() {
        end_turn(hand);
        hand.camera.settle();
        box_drawn(hand, response, held, out);
    }
}

/// Alt + drag turns the map about its middle, as if it were held at the pointer.
fn turn(hand: &mut Hand<'_>, response: &Response) {
    let (Some(from), Some(to)) = (hand.state.gesture.turn_from, response.interact_pointer_pos()) else { return };
    let (to, middle) = (local(response.rect, to), hand.camera.size_px().map(|side| side / 2.0));
    let arm = |at: [f64; 2]| [at[0] - middle[0], at[1] - middle[1]];
    let (from, arm_to) = (arm(from), arm(to));
    if arm_to[0].hypot(arm_to[1]) < TURN_FROM_PX {
        return;
    }
    let by_rad = arm_to[1].atan2(arm_to[0]) - from[1].atan2(from[0]);
    if by_rad != 0.0 {
        hand.camera.turn_about(middle, by_rad);
        hand.state.gesture.turn_from = Some(to);
    }
}

fn end_turn(hand: &mut Hand<'_>) {
    let turned = hand.state.gesture.turn_from.take().is_some();
    let rotation_rad = hand.camera.view().rotation_rad;
    if turned && rotation_rad.abs() < NEARLY_NORTH_RAD {
        hand.camera.turn_about(hand.camera.size_px().map(|side| side / 2.0), -rotation_rad);
    }
}

fn box_drawn(hand: &mut Hand<'_>, response: &Response, held: egui::Modifiers, out: &mut Vec<MapAsk>) {
    let (Some(from), Some(to)) = (hand.state.gesture.box_from.take(), response.interact_pointer_pos()) else { return };
    let drawn = Rect::from_two_pos(from, to);
    let corners = [drawn.left_top(), drawn.right_top(), drawn.right_bottom(), drawn.left_bottom()];
    let corners = corners.map(|corner| local(response.rect, corner));
    if hand.tool.kind() == ToolKind::Select {
        let corners_world = corners.map(|corner| hand.camera.world_from_screen(corner));
        let (shown, denominator) = (hand.shown.clone(), hand.camera.view().denominator());
        let (fully, mode) = (is_inside(from, to), select_mode(held));
        ask(out, LookCommand::SelectBox { corners_world, shown, fully, mode, denominator });
    } else if (to - from).length() > 4.0 {
        hand.camera.go_to_screen_box(corners[0], corners[2]);
    }
}

/// A box drawn to the right selects what is inside it; drawn to the left, what it touches.
fn is_inside(from: Pos2, to: Pos2) -> bool {
    to.x >= from.x
}

fn box_words(session: &Session, tool: &Tool, from: Pos2, to: Pos2) -> &'static str {
    let lang = session.lang();
    match (tool.kind(), is_inside(from, to)) {
        (ToolKind::Select, true) => lang.pick("选中框内的", "Selects what is inside"),
        (ToolKind::Select, false) => lang.pick("选中碰到的", "Selects what it touches"),
        _ => lang.pick("放大到框", "Zooms to the box"),
    }
}

/// Shift adds, Ctrl takes away, both keep what is in both.
fn select_mode(held: egui::Modifiers) -> SelectMode {
    match (held.shift, held.command || held.ctrl) {
        (false, false) => SelectMode::Replace,
        (true, false) => SelectMode::Add,
        (false, true) => SelectMode::Remove,
        (true, true) => SelectMode::Intersect,
    }
}

fn clicks(ui: &Ui, session: &Session, hand: &mut Hand<'_>, response: &Response, out: &mut Vec<MapAsk>) {
    if response.clicked() || response.drag_started() || response.secondary_clicked() {
        ui.memory_mut(|memory| memory.request_focus(super::map_panel::MapPanel::id()));
    }
    let Some(at) = response.interact_pointer_pos() else { return };
    let here = local(response.rect, at);
    let outcome = if response.double_clicked() {
        if !hand.tool.kind().draws() && hand.tool.kind() != ToolKind::Select {
            hand.camera.zoom_about(here, 2.0);
            hand.camera.settle();
        }
        hand.tool.finish()
    } else if response.clicked() {
        let mode = ui.input(|input| select_mode(input.modifiers));
        hand.tool.click(hand.camera.world_from_screen(here), mode)
    } else {
        return;
    };
    if let Outcome::Identify(at_world) = outcome
        && let Some(disc) = session.disc(&glance(hand.camera, hand.shown, at_world))
        && !disc.is_one_place()
        && !hand.camera.is_on(&disc.bounds_world)
    {
        hand.camera.go_to_bounds(&disc.bounds_world);
        hand.camera.settle();
        return;
    }
    outcome_asks(session, hand.camera, hand.shown, outcome, out);
}

/// What is to be found at a place of a pane that looks so and shows these layers.
fn glance(camera: &Camera, shown: &Shown, at_world: [f64; 2]) -> Glance {
    let view = camera.view();
    let (metres_per_px, denominator) = (view.metres_per_px, view.denominator());
    Glance { at_world, tolerance_m: TOLERANCE_PX * metres_per_px, denominator, metres_per_px, shown: shown.clone() }
}

/// What a tool's outcome asks of the session, on a pane that looks so and shows these layers.
pub(super) fn outcome_asks(session: &Session, camera: &Camera, shown: &Shown, outcome: Outcome, out: &mut Vec<MapAsk>) {
    match outcome {
        Outcome::Nothing => {}
        Outcome::Identify(at_world) => ask(out, LookCommand::Identify(glance(camera, shown, at_world))),
        Outcome::Pick(at_world, mode) => match session.hover(&glance(camera, shown, at_world)) {
            Some(FeatureRef { layer, id }) => ask(out, LookCommand::Select { layer, ids: vec![id], mode }),
            None if mode == SelectMode::Replace => ask(out, LookCommand::ClearSelection),
            None => {}
        },
        Outcome::Sewer(kind, places) => {
            let places = places.into_iter().map(|at| sewer::ask::place(session, &glance(camera, shown, at)));
            out.extend(sewer::ask::of_tool(kind, places.collect()).map(|ask| MapAsk::Ask(UiAsk::Sewer(ask))));
        }
        Outcome::Note(positions, is_area) => out.push(MapAsk::Note(positions, is_area)),
        Outcome::PutAway => {
            ask(out, LookCommand::ClearSelection);
            ask(out, LookCommand::ClearDetails);
        }
    }
}

/// Right click: ends a drawing, or opens the menu of the place.
fn context_menu(session: &Session, hand: &mut Hand<'_>, response: &Response, out: &mut Vec<MapAsk>) {
    if response.secondary_clicked() {
        if hand.tool.is_drawing() {
            let outcome = hand.tool.finish();
            outcome_asks(session, hand.camera, hand.shown, outcome, out);
            return;
        }
        hand.state.gesture.menu_world = hand.state.hover.world;
    }
    let place = glance(hand.camera, hand.shown, hand.state.gesture.menu_world);
    response.context_menu(|ui| map_menu::map_menu_ui(ui, session, &place, out));
}

fn hover(ui: &Ui, session: &Session, hand: &mut Hand<'_>, response: &Response) {
    let now = ui.input(|input| input.time);
    let view = hand.camera.view();
    let hover = &mut hand.state.hover;
    let seen_at = response.hover_pos().map(|at| (at, view));
    let is_moving = seen_at != hover.seen_at;
    hover.seen_at = seen_at;
    let looks = matches!(hand.tool.kind(), ToolKind::Pan | ToolKind::Identify | ToolKind::Select)
        || hand.tool.kind().asks_sewers();
    if !response.hovered() || response.dragged() || !looks {
        (hover.disc, hover.at, hover.outline) = (None, None, None);
    } else if is_moving {
        let glance = glance(hand.camera, hand.shown, hover.world);
        hover.disc = session.disc(&glance);
        let found = if hover.disc.is_none() { session.hover(&glance) } else { None };
        let found = found.filter(|at| is_worth_a_hover(session, at));
        if found != hover.at {
            hover.outline = found.as_ref().and_then(|at| Outline::of(session, at));
            hover.at = found;
        }
        hover.since = now;
    }
    let has_tip = hover.at.is_some() || hover.disc.is_some();
    if has_tip && now - hover.since < TIP_AFTER_S {
        ui.ctx().request_repaint_after_secs((TIP_AFTER_S - (now - hover.since)) as f32 + 0.01);
    }
    response.clone().on_hover_cursor(cursor(hand, response));
}

/// Areas of the base map lie under everything: their outlines would follow the pointer everywhere.
fn is_worth_a_hover(session: &Session, at: &FeatureRef) -> bool {
    let layer = session.city().and_then(|city| city.layer(&at.layer));
    layer.is_some_and(|layer| {
        let is_area = layer.schema.geometry.and_then(GeometryKind::dimension) == Some(2);
        !(is_area && matches!(layer.group(), Group::Base | Group::Grid))
    })
}

fn cursor(hand: &Hand<'_>, response: &Response) -> CursorIcon {
    let gesture = &hand.state.gesture;
    match hand.tool.kind() {
        _ if gesture.turn_from.is_some() || response.dragged_by(PointerButton::Middle) => CursorIcon::Grabbing,
        ToolKind::Pan if response.dragged() => CursorIcon::Grabbing,
        ToolKind::Pan => CursorIcon::Grab,
        ToolKind::Identify if response.dragged() => CursorIcon::Grabbing,
        ToolKind::Identify if hand.state.hover.at.is_some() || hand.state.hover.disc.is_some() => {
            CursorIcon::PointingHand
        }
        ToolKind::Identify => CursorIcon::Default,
        _ => CursorIcon::Crosshair,
    }
}
