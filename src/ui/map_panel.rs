//! The map: its picture, what lies over it, and what mouse and keys do on it.

use egui::{
    CursorIcon, EventFilter, Id, Key, PointerButton, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};

use super::ask::{Asks, UiAsk};
use super::camera::{Camera, View};
use super::map_marks::{self, Lens, Marks, Outline};
use super::map_tiles::Tiles;
use super::theme::{self, Tokens};
use super::tools::{Outcome, Tool, ToolKind};
use super::{map_menu, status_bar};
use crate::kinds::kind::Group;
use crate::model::geometry::{Bounds, GeometryKind};
use crate::session::action::{ActionId, action};
use crate::session::command::{Command, LookCommand, SelectMode};
use crate::session::state::{CityView, FeatureRef};
use crate::session::{LookAt, Session};

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

/// What a click, drag or key on the map asks of the rest of the window.
#[derive(Debug)]
pub enum MapAsk {
    /// Something any panel may ask for.
    Ask(UiAsk),
    /// The note form for what was drawn: positions in the world, and whether they close to an area.
    Note(Vec<[f64; 2]>, bool),
}

/// What the map remembers from frame to frame.
#[derive(Default)]
pub struct MapPanel {
    /// Where it looks.
    pub camera: Camera,
    /// The tool in hand.
    pub tool: Tool,
    /// Ground and words.
    pub tiles: Tiles,
    /// So much at the right lies under a panel.
    pub covered_px: f32,
    marks: Marks,
    hover: Hover,
    gesture: Gesture,
    shown: Option<Shown>,
    city: Option<std::path::PathBuf>,
}

#[derive(Default)]
struct Hover {
    at: Option<FeatureRef>,
    outline: Option<Outline>,
    since: f64,
    /// Where the pointer was, and on which view.
    seen_at: Option<(Pos2, View)>,
    pointer_world: [f64; 2],
}

/// What the details show; its outline is fetched again until the map's memory has it, and after every change.
struct Shown {
    at: FeatureRef,
    outline: Option<Outline>,
    revision: u64,
}

#[derive(Default)]
struct Gesture {
    /// Where a box began, on the screen.
    box_from: Option<Pos2>,
    /// Time of the last turn of the wheel.
    wheel_at: Option<f64>,
    /// The place of the context menu.
    menu_world: [f64; 2],
}

impl MapPanel {
    /// The place under the pointer, or the last one.
    pub fn pointer_world(&self) -> [f64; 2] {
        self.hover.pointer_world
    }

    /// Id of the map among the widgets.
    pub fn id() -> Id {
        Id::unique("map")
    }

    /// What an action does on the map; `false` if it is not the map's.
    pub fn act(&mut self, id: ActionId, session: &Session) -> bool {
        match id {
            ActionId::ZoomIn => self.camera.zoom(2.0),
            ActionId::ZoomOut => self.camera.zoom(0.5),
            ActionId::PreviousView => self.camera.back(),
            ActionId::NextView => self.camera.forth(),
            ActionId::ZoomAll => {
                if let Some(bounds) = session.city().and_then(CityView::bounds_world) {
                    self.camera.go_to_bounds(&bounds);
                }
            }
            ActionId::ZoomSelection => self.zoom_to_selection(session),
            _ => match ToolKind::of_action(id) {
                Some(kind) => self.tool.take_up(kind),
                None => return false,
            },
        }
        self.camera.settle();
        true
    }

    fn zoom_to_selection(&mut self, session: &Session) {
        let mut bounds = Bounds::EMPTY;
        for (layer, rows) in &session.selection().rows {
            let outlines = rows.iter().take(5000).map(|&id| session.outline(&FeatureRef { layer: layer.clone(), id }));
            outlines.flatten().flatten().for_each(|position| bounds.extend(position));
        }
        if !bounds.is_empty() {
            self.camera.go_to_bounds(&bounds);
        }
    }

    /// Goes where the session says; a city seen for the first time is shown whole.
    pub fn follow(&mut self, session: &mut Session) {
        let look_at = session.take_look_at();
        let path = session.city().map(|city| city.path.clone());
        let is_new = path != self.city;
        if is_new {
            self.camera.forget();
            self.tool.take_up(ToolKind::Identify);
            if let Some(bounds) = session.city().and_then(CityView::home_world) {
                self.camera.go_to_bounds(&bounds);
                self.camera.forget();
                self.city = path;
            } else if path.is_none() {
                self.city = None;
            }
        }
        match look_at.filter(|_| !is_new) {
            Some(LookAt::Bounds(bounds)) => self.camera.go_to_bounds(&bounds),
            Some(LookAt::Place(center_world, metres_per_px)) => self.camera.go(View { center_world, metres_per_px }),
            None => {}
        }
    }
}

/// Shows the map in all the room there is. Gives back the map's place on the screen.
pub fn map_ui(ui: &mut Ui, session: &mut Session, panel: &mut MapPanel, out: &mut Vec<MapAsk>) -> Rect {
    let map = ui.available_rect_before_wrap();
    let response = ui.interact(map, MapPanel::id(), Sense::click_and_drag());
    ui.advance_cursor_after_rect(map);
    panel.camera.resize([f64::from(map.width()), f64::from(map.height())]);
    ui.painter().rect_filled(map, 0, Tokens::of(ui).land);
    if session.city().is_some() {
        pointer(ui, session, panel, &response, out);
    }
    let eye = response.hover_pos().map(|at| local(map, at));
    panel.tiles.follow(ui.ctx(), session, &panel.camera, eye);
    paint(ui, session, panel, &response);
    if session.city().is_some() {
        let free = map.with_max_x(map.right() - panel.covered_px);
        status_bar::scale_bar(ui, free, panel.camera.view());
        zoom_buttons(ui, session, free, out);
    }
    describe(ui, session, panel, &response);
    map
}

fn ask(out: &mut Vec<MapAsk>, command: LookCommand) {
    out.push(MapAsk::Ask(UiAsk::Run(Command::Look(command))));
}

fn local(map: Rect, at: Pos2) -> [f64; 2] {
    [f64::from(at.x - map.left()), f64::from(at.y - map.top())]
}

fn pointer(ui: &Ui, session: &Session, panel: &mut MapPanel, response: &Response, out: &mut Vec<MapAsk>) {
    let map = response.rect;
    if let Some(at) = response.hover_pos() {
        panel.hover.pointer_world = panel.camera.world_from_screen(local(map, at));
        wheel(ui, panel, local(map, at));
        extra_buttons(ui, panel);
    }
    settle_after_wheel(ui, panel);
    drag(ui, panel, response, out);
    clicks(ui, session, panel, response, out);
    context_menu(session, panel, response, out);
    hover(ui, session, panel, response);
}

fn wheel(ui: &Ui, panel: &mut MapPanel, at: [f64; 2]) {
    let (scroll, pinch, now) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta(), input.time));
    let factor = f64::from((scroll / SCROLL_FOR_DOUBLE).exp2()) * f64::from(pinch).powf(FINE);
    if (factor - 1.0).abs() > 1e-6 {
        panel.camera.zoom_about(at, factor);
        panel.gesture.wheel_at = Some(now);
    }
}

fn settle_after_wheel(ui: &Ui, panel: &mut MapPanel) {
    let Some(last) = panel.gesture.wheel_at else { return };
    let since = ui.input(|input| input.time) - last;
    if since > SETTLE_AFTER_S {
        panel.camera.settle();
        panel.gesture.wheel_at = None;
    } else {
        ui.ctx().request_repaint_after_secs((SETTLE_AFTER_S - since) as f32 + 0.01);
    }
}

fn extra_buttons(ui: &Ui, panel: &mut MapPanel) {
    let (back, forth) = ui.input(|input| {
        (input.pointer.button_pressed(PointerButton::Extra1), input.pointer.button_pressed(PointerButton::Extra2))
    });
    if back {
        panel.camera.back();
    }
    if forth {
        panel.camera.forth();
    }
}

fn drag(ui: &Ui, panel: &mut MapPanel, response: &Response, out: &mut Vec<MapAsk>) {
    let (shift, space, delta) =
        ui.input(|input| (input.modifiers.shift, input.key_down(Key::Space), input.pointer.delta()));
    let space = space && !ui.ctx().text_edit_focused() && response.hovered();
    let selects = panel.tool.kind() == ToolKind::Select;
    if response.drag_started_by(PointerButton::Primary) && (selects || shift) && !space {
        panel.gesture.box_from = ui.input(|input| input.pointer.press_origin());
    }
    let drags = response.dragged_by(PointerButton::Primary) && panel.gesture.box_from.is_none();
    let pan = if drags || response.dragged_by(PointerButton::Middle) {
        response.drag_delta()
    } else if space {
        delta
    } else {
        vec2(0.0, 0.0)
    };
    if pan != vec2(0.0, 0.0) {
        panel.camera.pan_px([f64::from(pan.x), f64::from(pan.y)]);
    }
    if response.drag_stopped() {
        panel.camera.settle();
        box_drawn(ui, panel, response, selects, out);
    }
}

fn box_drawn(ui: &Ui, panel: &mut MapPanel, response: &Response, selects: bool, out: &mut Vec<MapAsk>) {
    let (Some(from), Some(to)) = (panel.gesture.box_from.take(), response.interact_pointer_pos()) else { return };
    let (one, two) = (
        panel.camera.world_from_screen(local(response.rect, from)),
        panel.camera.world_from_screen(local(response.rect, to)),
    );
    let mut world = Bounds::EMPTY;
    world.extend(one);
    world.extend(two);
    let mode = ui.input(|input| select_mode(input.modifiers));
    let fully = is_inside(from, to);
    let denominator = panel.camera.view().denominator();
    if selects {
        ask(out, LookCommand::SelectBox { world, fully, mode, denominator });
    } else if (to - from).length() > 4.0 {
        panel.camera.go_to_bounds(&world);
    }
}

/// A box drawn to the right selects what is inside it; drawn to the left, what it touches.
fn is_inside(from: Pos2, to: Pos2) -> bool {
    to.x >= from.x
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

fn clicks(ui: &Ui, session: &Session, panel: &mut MapPanel, response: &Response, out: &mut Vec<MapAsk>) {
    if response.clicked() || response.drag_started() || response.secondary_clicked() {
        response.request_focus();
    }
    let Some(at) = response.interact_pointer_pos() else { return };
    let here = local(response.rect, at);
    let outcome = if response.double_clicked() {
        if !panel.tool.kind().draws() && panel.tool.kind() != ToolKind::Select {
            panel.camera.zoom_about(here, 2.0);
            panel.camera.settle();
        }
        panel.tool.finish()
    } else if response.clicked() {
        let mode = ui.input(|input| select_mode(input.modifiers));
        panel.tool.click(panel.camera.world_from_screen(here), mode)
    } else {
        return;
    };
    outcome_asks(session, panel, outcome, out);
}

fn outcome_asks(session: &Session, panel: &MapPanel, outcome: Outcome, out: &mut Vec<MapAsk>) {
    let view = panel.camera.view();
    let tolerance_m = TOLERANCE_PX * view.metres_per_px;
    let denominator = view.denominator();
    match outcome {
        Outcome::Nothing => {}
        Outcome::Identify(at_world) => ask(out, LookCommand::Identify { at_world, tolerance_m, denominator }),
        Outcome::Pick(at_world, mode) => match session.hover(at_world, tolerance_m, denominator) {
            Some(FeatureRef { layer, id }) => ask(out, LookCommand::Select { layer, ids: vec![id], mode }),
            None if mode == SelectMode::Replace => ask(out, LookCommand::ClearSelection),
            None => {}
        },
        Outcome::Note(positions, is_area) => out.push(MapAsk::Note(positions, is_area)),
        Outcome::PutAway => {
            ask(out, LookCommand::ClearSelection);
            ask(out, LookCommand::ClearDetails);
        }
    }
}

/// Right click: ends a drawing, or opens the menu of the place.
fn context_menu(session: &Session, panel: &mut MapPanel, response: &Response, out: &mut Vec<MapAsk>) {
    if response.secondary_clicked() {
        if panel.tool.is_drawing() {
            let outcome = panel.tool.finish();
            outcome_asks(session, panel, outcome, out);
            return;
        }
        panel.gesture.menu_world = panel.hover.pointer_world;
    }
    let view = panel.camera.view();
    let place = map_menu::MenuPlace {
        world: panel.gesture.menu_world,
        tolerance_m: TOLERANCE_PX * view.metres_per_px,
        denominator: view.denominator(),
    };
    response.context_menu(|ui| map_menu::map_menu_ui(ui, session, place, out));
}

fn hover(ui: &Ui, session: &Session, panel: &mut MapPanel, response: &Response) {
    let now = ui.input(|input| input.time);
    let seen_at = response.hover_pos().map(|at| (at, panel.camera.view()));
    let is_moving = seen_at != panel.hover.seen_at;
    panel.hover.seen_at = seen_at;
    let looks = matches!(panel.tool.kind(), ToolKind::Pan | ToolKind::Identify | ToolKind::Select);
    if !response.hovered() || response.dragged() || !looks {
        panel.hover.at = None;
        panel.hover.outline = None;
    } else if is_moving {
        let view = panel.camera.view();
        let tolerance_m = TOLERANCE_PX * view.metres_per_px;
        let found = session.hover(panel.hover.pointer_world, tolerance_m, view.denominator());
        let found = found.filter(|at| is_worth_a_hover(session, at));
        if found != panel.hover.at {
            panel.hover.outline = found.as_ref().and_then(|at| Outline::of(session, at));
            panel.hover.at = found;
        }
        panel.hover.since = now;
    }
    if panel.hover.at.is_some() && now - panel.hover.since < TIP_AFTER_S {
        ui.ctx().request_repaint_after_secs((TIP_AFTER_S - (now - panel.hover.since)) as f32 + 0.01);
    }
    response.clone().on_hover_cursor(cursor(panel, response));
}

/// Areas of the base map lie under everything: their outlines would follow the pointer everywhere.
fn is_worth_a_hover(session: &Session, at: &FeatureRef) -> bool {
    let layer = session.city().and_then(|city| city.layer(&at.layer));
    layer.is_some_and(|layer| {
        let is_area = layer.schema.geometry.and_then(GeometryKind::dimension) == Some(2);
        !(is_area && matches!(layer.group(), Group::Base | Group::Grid))
    })
}

fn cursor(panel: &MapPanel, response: &Response) -> CursorIcon {
    match panel.tool.kind() {
        _ if response.dragged_by(PointerButton::Middle) => CursorIcon::Grabbing,
        ToolKind::Pan if response.dragged() => CursorIcon::Grabbing,
        ToolKind::Pan => CursorIcon::Grab,
        ToolKind::Identify if response.dragged() => CursorIcon::Grabbing,
        ToolKind::Identify if panel.hover.at.is_some() => CursorIcon::PointingHand,
        ToolKind::Identify => CursorIcon::Default,
        _ => CursorIcon::Crosshair,
    }
}

/// Keys of the map: arrows pan, Enter, Backspace and Esc belong to the tool. Nothing while a text field has the focus.
///
/// Comes after all panels and dialogs: a key they have taken is not the map's.
pub fn map_keys(ui: &Ui, session: &Session, panel: &mut MapPanel, out: &mut Vec<MapAsk>) {
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(MapPanel::id(), filter));
    let is_free = ui.memory(egui::Memory::focused).is_none_or(|id| id == MapPanel::id());
    let is_covered = egui::Popup::is_any_open(ui.ctx()) || ui.memory(|memory| memory.top_modal_layer().is_some());
    if !is_free || is_covered || session.city().is_none() {
        return;
    }
    let (pan, enter, escape) = ui.input_mut(|input| {
        let mut press = |key| f64::from(u8::from(input.consume_key(egui::Modifiers::NONE, key)));
        let x = press(Key::ArrowLeft) - press(Key::ArrowRight);
        let y = press(Key::ArrowUp) - press(Key::ArrowDown);
        ([x, y], press(Key::Enter) > 0.0, press(Key::Escape) > 0.0)
    });
    if pan != [0.0, 0.0] {
        let size = panel.camera.size_px();
        panel.camera.pan_px([pan[0] * size[0] / 5.0, pan[1] * size[1] / 5.0]);
        panel.camera.settle();
    }
    let outcome = match (enter, escape) {
        (true, _) => panel.tool.finish(),
        (_, true) => panel.tool.escape(),
        _ => return,
    };
    outcome_asks(session, panel, outcome, out);
}

/// Backspace and Delete take back the last position of a drawing; called before the actions see the keys.
pub fn tool_keys(ui: &Ui, panel: &mut MapPanel) {
    if !panel.tool.is_drawing() || ui.ctx().text_edit_focused() {
        return;
    }
    let back = ui.input_mut(|input| {
        input.consume_key(egui::Modifiers::NONE, Key::Backspace)
            || input.consume_key(egui::Modifiers::NONE, Key::Delete)
    });
    if back {
        panel.tool.step_back();
    }
}

fn paint(ui: &Ui, session: &Session, panel: &mut MapPanel, response: &Response) {
    let map = response.rect;
    panel.tiles.draw(ui, map, &panel.camera);
    panel.marks.follow(ui, session, &panel.camera);
    follow_details(session, panel);
    let tokens = Tokens::of(ui);
    let painter = ui.painter().with_clip_rect(map);
    let lens = Lens { camera: &panel.camera, map };
    let shown = panel.shown.as_ref().and_then(|shown| shown.outline.as_ref());
    panel.marks.draw(&painter, tokens, &lens, shown);
    if let Some(outline) = &panel.hover.outline {
        let rested = ui.input(|input| input.time) - panel.hover.since >= TIP_AFTER_S;
        let words = panel.hover.at.as_ref().and_then(|at| session.hover_words(at)).unwrap_or_default();
        let tip = response.hover_pos().filter(|_| rested && !words.is_empty()).map(|at| (at, words.as_str()));
        map_marks::draw_hover(ui, &painter, &lens, outline, tip);
    }
    let pointer = response.hovered().then_some(panel.hover.pointer_world);
    map_marks::draw_tool(ui, &painter, &lens, &panel.tool, pointer, session);
    if let (Some(from), Some(to)) = (panel.gesture.box_from, response.interact_pointer_pos()) {
        map_marks::draw_box(ui, &painter, Rect::from_two_pos(from, to), box_words(session, panel, from, to));
    }
}

fn box_words(session: &Session, panel: &MapPanel, from: Pos2, to: Pos2) -> &'static str {
    let lang = session.lang();
    match (panel.tool.kind(), is_inside(from, to)) {
        (ToolKind::Select, true) => lang.pick("选中框内的", "Selects what is inside"),
        (ToolKind::Select, false) => lang.pick("选中碰到的", "Selects what it touches"),
        _ => lang.pick("放大到框", "Zooms to the box"),
    }
}

fn follow_details(session: &Session, panel: &mut MapPanel) {
    let shown = session.details().and_then(|details| details.hits.get(details.current));
    let revision = session.city().map_or(0, |city| city.revision);
    let known = panel.shown.as_ref().filter(|known| known.outline.is_some() && known.revision == revision);
    if shown != known.map(|known| &known.at) {
        panel.shown = shown.map(|at| Shown { at: at.clone(), outline: Outline::of(session, at), revision });
    }
}

fn zoom_buttons(ui: &mut Ui, session: &Session, map: Rect, out: &mut Vec<MapAsk>) {
    let buttons = [ActionId::ZoomIn, ActionId::ZoomOut, ActionId::ZoomAll];
    let side = 34.0;
    let size = vec2(side, side * buttons.len() as f32);
    let rect = Rect::from_min_size(map.right_bottom() - vec2(12.0, 12.0) - size, size);
    let tokens = Tokens::of(ui);
    let stroke = egui::Stroke::new(1.0, tokens.line_strong);
    ui.painter().add(theme::floating_shadow(ui.visuals().dark_mode).as_shape(rect, theme::RADIUS_CARD));
    ui.painter().rect(rect, theme::RADIUS_CARD, tokens.raised, stroke, egui::StrokeKind::Inside);
    for (row, id) in buttons.into_iter().enumerate() {
        let top = rect.top() + side * row as f32;
        let place = Rect::from_min_size(pos2(rect.left(), top), vec2(side, side));
        let icon = action(id).icon;
        let name = action(id).name.get(session.lang()).to_owned();
        let response = ui.interact(place, ui.scope_id().with(("zoom", row)), Sense::click());
        if response.hovered() {
            ui.painter().rect_filled(place.shrink(2.0), theme::RADIUS, tokens.hover);
        }
        if row > 0 {
            ui.painter().hline(place.x_range().shrink(6.0), top, egui::Stroke::new(1.0, tokens.line));
        }
        let mark = super::icons::icon_char(icon);
        ui.painter().text(place.center(), egui::Align2::CENTER_CENTER, mark, theme::icon_font(16.0), tokens.text);
        super::widgets::focus_ring(ui, &response);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        if response.on_hover_text(super::possible::tip(session, action(id))).clicked() {
            out.push(MapAsk::Ask(UiAsk::Act(id)));
        }
    }
}

/// Gives the map a voice: name, what is selected, scale, and what is drawn.
fn describe(ui: &Ui, session: &Session, panel: &MapPanel, response: &Response) {
    let lang = session.lang();
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, lang.pick("地图", "Map")));
    let scale = status_bar::scale_words(panel.camera.view().denominator());
    let picked = session.selection().len();
    let tool = action(panel.tool.kind().action()).name.get(lang);
    let words = match lang {
        crate::text::Lang::Zh => format!("已选 {picked}，{scale}，{tool}"),
        crate::text::Lang::En => format!("{picked} selected, {scale}, {tool}"),
    };
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_value(words));
}

/// Moves the map as a panel asked; `false` if it asked for something else.
pub fn go(panel: &mut MapPanel, wish: &UiAsk) -> bool {
    match wish {
        UiAsk::ZoomTo(bounds) => panel.camera.go_to_bounds(bounds),
        UiAsk::GoTo(center_world) => {
            let metres_per_px = panel.camera.view().metres_per_px;
            panel.camera.go(View { center_world: *center_world, metres_per_px });
        }
        UiAsk::GoToScale(center_world, metres_per_px) => {
            panel.camera.go(View { center_world: *center_world, metres_per_px: *metres_per_px });
        }
        _ => return false,
    }
    true
}

/// The panels' wishes among the map's.
pub fn split(out: Vec<MapAsk>, asks: &mut Asks) -> Option<(Vec<[f64; 2]>, bool)> {
    let mut note = None;
    for wish in out {
        match wish {
            MapAsk::Ask(wish) => asks.push(wish),
            MapAsk::Note(positions, is_area) => note = Some((positions, is_area)),
        }
    }
    note
}
