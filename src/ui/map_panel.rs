//! The map: its panes, what lies over them, and the keys that are its own.

use egui::{EventFilter, Id, Key, Rect, Response, Role, Sense, Ui, WidgetInfo};

use super::ask::{Asks, UiAsk};
use super::camera::{Camera, View};
use super::map_buttons::{self, map_buttons_ui};
use super::map_grid::MapGrid;
use super::map_hand::{self, Hand, HandState, local};
use super::map_marks::{self, Lens, Marks, Outline};
use super::map_tiles::{Sight, Tiles, frame_end};
use super::overview_map::{self, OverviewMap, overview_ui};
use super::second_map::{self, SecondMap, divider_ui, head_ui};
use super::sewer::overlay::{OverPlace, SewerOverlay};
use super::status_bar;
use super::theme::Tokens;
use super::tools::{Tool, ToolKind};
use super::visit;
use crate::model::geometry::Bounds;
use crate::session::action::{ActionId, action};
use crate::session::command::{Command, LookCommand};
use crate::session::map::shown::Shown;
use crate::session::sewer::board::SewerTopic;
use crate::session::state::{CityView, FeatureRef};
use crate::session::{LookAt, Session};

/// One key press turns the map by so much.
const TURN_STEP_RAD: f64 = 15.0 * std::f64::consts::PI / 180.0;

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
    /// Whether the coordinate grid is drawn.
    pub has_grid: bool,
    marks: Marks,
    grid: MapGrid,
    hand: HandState,
    details: Option<Outlined>,
    second: Option<Box<SecondMap>>,
    /// The small map of the whole city.
    pub(super) overview: OverviewMap,
    /// What the sewer workbench has to say, and which of its topics are shown.
    pub(super) sewer: SewerOverlay,
    pub(super) sewer_topics: Vec<SewerTopic>,
    pointer_world: [f64; 2],
    city: Option<std::path::PathBuf>,
    /// Where all panes are on the screen, once they were shown.
    room: Option<Rect>,
}

/// What the details show; its outline is fetched again until the map's memory has it, and after every change.
struct Outlined {
    at: FeatureRef,
    outline: Option<Outline>,
    revision: u64,
}

impl MapPanel {
    /// The map as it was left: with or without the coordinate grid and the small map of the whole city.
    pub fn as_left(has_grid: bool, has_overview: bool) -> Self {
        let mut panel = Self { has_grid, ..Self::default() };
        panel.overview.is_open = has_overview;
        panel
    }

    /// The place under the pointer, or the last one.
    pub fn pointer_world(&self) -> [f64; 2] {
        self.pointer_world
    }

    /// Whether the pointer is over the map, as far as the last frame knows.
    pub(super) fn is_pointed_at(&self, ctx: &egui::Context) -> bool {
        ctx.pointer_hover_pos().is_some_and(|at| self.room().contains(at)) && !ctx.egui_is_using_pointer()
    }

    /// Id of the map among the widgets.
    pub fn id() -> Id {
        Id::unique("map")
    }

    /// The second map, if there is one.
    #[cfg(test)]
    pub(super) fn second(&self) -> Option<&SecondMap> {
        self.second.as_deref()
    }

    /// What an action does on the map; `false` if it is not the map's.
    pub fn act(&mut self, id: ActionId, session: &Session) -> bool {
        match id {
            ActionId::ZoomIn => self.camera.zoom(2.0),
            ActionId::ZoomOut => self.camera.zoom(0.5),
            ActionId::TurnLeft => self.turn(-TURN_STEP_RAD),
            ActionId::TurnRight => self.turn(TURN_STEP_RAD),
            ActionId::NorthUp => self.camera.turn_to(0.0),
            ActionId::PreviousView => self.camera.back(),
            ActionId::NextView => self.camera.forth(),
            ActionId::ZoomAll => {
                if let Some(bounds) = session.city().and_then(CityView::bounds_world) {
                    self.camera.go_to_bounds(&bounds);
                }
            }
            ActionId::ZoomSelection => self.zoom_to_selection(session),
            ActionId::CoordinateGrid => self.has_grid = !self.has_grid,
            ActionId::OverviewMap => self.overview.is_open = !self.overview.is_open,
            ActionId::SecondMap => self.open_second(session, false),
            ActionId::Swipe => self.open_second(session, true),
            _ => match ToolKind::of_action(id) {
                Some(kind) => self.tool.take_up(kind),
                None => return false,
            },
        }
        self.camera.settle();
        true
    }

    fn turn(&mut self, by_rad: f64) {
        // To the next whole step, so that a map turned by hand comes upright again.
        let steps = self.camera.view().rotation_rad / TURN_STEP_RAD;
        let next = if by_rad > 0.0 { (steps + 1e-6).floor() + 1.0 } else { (steps - 1e-6).ceil() - 1.0 };
        self.camera.turn_to(next * TURN_STEP_RAD);
    }

    fn open_second(&mut self, session: &Session, is_swipe: bool) {
        match &mut self.second {
            Some(second) => second.switch(is_swipe),
            None => self.second = Some(Box::new(SecondMap::new(session, &self.camera, is_swipe))),
        }
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
            self.second = None;
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
            Some(LookAt::Place(center_world, metres_per_px)) => {
                self.camera.go(View { center_world, metres_per_px, ..self.camera.view() });
            }
            None => {}
        }
    }
}

/// Shows the map in all the room there is. Gives back the map's place on the screen: the first one's, if there are two.
pub fn map_ui(ui: &mut Ui, session: &mut Session, panel: &mut MapPanel, out: &mut Vec<MapAsk>) -> Rect {
    let room = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(room);
    panel.room = Some(room);
    panel.close_second(session);
    let places = panel.second.as_ref().map(|second| second.places(room));
    let map = places.map_or(room, |[first, ..]| first);
    let response = ui.interact(map, MapPanel::id(), Sense::click_and_drag());
    panel.camera.resize([f64::from(map.width()), f64::from(map.height())]);
    ui.painter().rect_filled(room, 0, Tokens::of(ui).land);
    let second = second_pane(ui, panel.second.as_deref_mut(), places);
    if session.city().is_some() {
        panel.pointer(ui, session, &response, second.as_ref(), out);
    }
    if let Some(second) = &mut panel.second {
        second.go_along(&mut panel.camera);
    }
    panel.tiles_follow(ui, session, &response, second.as_ref());
    panel.paint(ui, session, &response, second.as_ref());
    if session.city().is_some() {
        panel.furniture(ui, session, map, out);
    }
    describe(ui, session, panel, &response);
    map
}

/// The second map where it stands beside the first one.
struct SecondPane {
    place: Rect,
    /// The part of it that is to be seen.
    clip: Rect,
    /// Over the first map it takes no clicks of its own.
    response: Option<Response>,
}

fn second_pane(ui: &Ui, second: Option<&mut SecondMap>, places: Option<[Rect; 3]>) -> Option<SecondPane> {
    let (second, [_, place, clip]) = second.zip(places)?;
    second.camera.resize([f64::from(place.width()), f64::from(place.height())]);
    let sense = || ui.interact(place, Id::unique("second-map"), Sense::click_and_drag());
    let response = (!second.is_swipe).then(sense);
    Some(SecondPane { place, clip, response })
}

impl MapPanel {
    fn close_second(&mut self, session: &mut Session) {
        if let Some(second) = self.second.as_mut().filter(|second| second.is_closing) {
            second.tiles.close(session);
            self.second = None;
        }
    }

    /// Mouse and pen on both maps.
    fn pointer(
        &mut self,
        ui: &Ui,
        session: &Session,
        response: &Response,
        pane: Option<&SecondPane>,
        out: &mut Vec<MapAsk>,
    ) {
        let Self { camera, tool, hand, second, .. } = self;
        let beyond = pane
            .zip(second.as_deref())
            .filter(|(pane, second)| second.is_swipe && response.hover_pos().is_some_and(|at| pane.clip.contains(at)));
        let shown = beyond.map_or(Shown::Visible, |(_, second)| second.shown.clone());
        let before = out.len();
        map_hand::pointer(ui, session, &mut Hand { camera, tool, state: hand, shown: &shown }, response, out);
        onto_discs(&self.sewer, &mut out[before..]);
        if response.hovered() {
            self.pointer_world = self.hand.pointer_world();
        }
        let Some((response, second)) = pane.and_then(|pane| pane.response.as_ref()).zip(self.second.as_deref_mut())
        else {
            return;
        };
        let SecondMap { camera, hand, shown, .. } = second;
        let mut hand = Hand { camera, tool: &mut self.tool, state: hand, shown };
        map_hand::pointer(ui, session, &mut hand, response, out);
        if response.hovered() {
            self.pointer_world = second.hand.pointer_world();
        }
    }

    fn tiles_follow(&mut self, ui: &Ui, session: &mut Session, response: &Response, pane: Option<&SecondPane>) {
        let stop = frame_end();
        let eye = |response: &Response| response.hover_pos().map(|at| local(response.rect, at));
        let pointer_px = eye(response);
        let sight = Sight { camera: &self.camera, shown: &Shown::Visible, pointer_px, stop };
        self.tiles.follow(ui.ctx(), session, sight);
        if let Some((pane, second)) = pane.zip(self.second.as_deref_mut()) {
            let pointer_px = pane.response.as_ref().map_or(pointer_px, eye);
            let sight = Sight { camera: &second.camera, shown: &second.shown, pointer_px, stop };
            second.tiles.follow(ui.ctx(), session, sight);
        }
    }

    /// Draws both maps and all that lies over them.
    fn paint(&mut self, ui: &Ui, session: &Session, response: &Response, pane: Option<&SecondPane>) {
        let map = response.rect;
        self.follow_details(session);
        self.sewer.follow(session, &self.sewer_topics, &self.camera);
        let hovered = |response: &Response| response.hovered().then_some(self.pointer_world);
        let beside = pane.and_then(|pane| hovered(pane.response.as_ref()?));
        let clear = self.furniture_places(map);
        let mut over = Over {
            tool: &self.tool,
            details: self.details.as_ref(),
            sewer: &self.sewer,
            has_grid: self.has_grid,
            cross: hovered(response),
            clear: &clear,
        };
        let lens = Lens { camera: &self.camera, map };
        self.tiles.draw_ground(ui, map, map, &self.camera);
        // What is swept over the first map lies over its ground and under the selection and the words of both.
        let swept = pane.filter(|pane| pane.response.is_none()).map(|pane| pane.clip);
        let words = swept.map_or(map, |clip| map.with_max_x(clip.left()));
        if let Some((pane, second)) = pane.zip(self.second.as_deref_mut()) {
            second.tiles.draw_ground(ui, pane.place, pane.clip, &second.camera);
            if let Some(response) = &pane.response {
                let lens = Lens { camera: &second.camera, map: pane.place };
                over.mark(ui, session, &lens, &mut second.marks);
                second.tiles.draw_words(ui, pane.place, pane.clip, &second.camera);
                over.draw(ui, session, &lens, &mut second.grid, &second.hand, response);
            }
        }
        over.cross = beside;
        over.mark(ui, session, &lens, &mut self.marks);
        self.tiles.draw_words(ui, map, words, &self.camera);
        if let Some((pane, second)) = pane.zip(self.second.as_deref()).filter(|_| swept.is_some()) {
            second.tiles.draw_words(ui, pane.place, pane.clip, &second.camera);
        }
        over.draw(ui, session, &lens, &mut self.grid, &self.hand, response);
    }

    /// What stands on the map and can be clicked: divider, the second map's head, overview, scale bar, buttons.
    fn furniture(&mut self, ui: &mut Ui, session: &mut Session, map: Rect, out: &mut Vec<MapAsk>) {
        let (room, free, beside) = (self.room(), self.free(map), self.second_clip());
        if let Some((second, clip)) = self.second.as_mut().zip(beside) {
            divider_ui(ui, session, second, room);
            head_ui(ui, session, second, clip, out);
            if !second.is_swipe {
                status_bar::scale_bar(ui, clip, second.camera.view());
            }
        }
        overview_ui(ui, session, &mut self.overview, &mut self.camera, free, frame_end());
        let view = self.camera.view();
        status_bar::scale_bar(ui, free, view);
        map_buttons_ui(ui, session, free, view.rotation_rad, out);
    }

    /// Where all that stands, for numbers of the grid that it would hide.
    fn furniture_places(&self, map: Rect) -> Vec<Rect> {
        let (free, view) = (self.free(map), self.camera.view());
        let mut places = vec![
            map_buttons::place(free, view.rotation_rad != 0.0),
            status_bar::scale_bar_place(free, view),
            self.room().with_min_x(self.room().right() - self.covered_px),
        ];
        places.extend(self.overview.is_open.then(|| overview_map::place(free)));
        if let Some((second, clip)) = self.second.as_ref().zip(self.second_clip()) {
            places.push(second_map::head_place(clip));
            places.extend((!second.is_swipe).then(|| status_bar::scale_bar_place(clip, second.camera.view())));
        }
        places
    }

    fn room(&self) -> Rect {
        self.room.unwrap_or(Rect::ZERO)
    }

    /// The part of a pane that no panel lies over.
    fn free(&self, pane: Rect) -> Rect {
        pane.with_max_x(pane.right().min(self.room().right() - self.covered_px))
    }

    /// How much of the right of the first map's pane lies under a panel or a dialog, pixels.
    fn covered_of_pane_px(&self) -> f64 {
        let pane = self.camera.size_px()[0];
        let covered = f64::from(self.covered_px) - (f64::from(self.room().width()) - pane);
        covered.clamp(0.0, pane * 0.8)
    }

    /// What of the second map is to be seen.
    fn second_clip(&self) -> Option<Rect> {
        let [_, _, clip] = self.second.as_ref()?.places(self.room());
        Some(self.free(clip))
    }

    /// All the room of the maps, and what of it no panel lies over.
    pub(super) fn rooms(&self) -> [Rect; 2] {
        [self.room(), self.free(self.room())]
    }

    /// The way to the screen of each pane: what is drawn for a place of the world is drawn on both maps.
    pub(super) fn lenses(&self) -> impl Iterator<Item = Lens<'_>> {
        let places = self.second.as_ref().map(|second| second.places(self.room()));
        let first = Lens { camera: &self.camera, map: places.map_or(self.room(), |[first, ..]| first) };
        // A swept map looks where the first one does.
        let beside = self.second.as_ref().zip(places).filter(|(second, _)| !second.is_swipe);
        let beside = beside.map(|(second, [_, map, _])| Lens { camera: &second.camera, map });
        std::iter::once(first).chain(beside)
    }

    fn follow_details(&mut self, session: &Session) {
        let shown = session.details().and_then(|details| details.hits.get(details.current));
        let revision = session.city().map_or(0, |city| city.revision);
        let known = self.details.as_ref().filter(|known| known.outline.is_some() && known.revision == revision);
        if shown != known.map(|known| &known.at) {
            let outlined = |at: &FeatureRef| Outlined { at: at.clone(), outline: Outline::of(session, at), revision };
            self.details = shown.map(outlined);
        }
    }
}

/// A click on a disc of findings is about all of them, not about what lies below.
fn onto_discs(sewer: &SewerOverlay, wishes: &mut [MapAsk]) {
    for wish in wishes {
        if let MapAsk::Ask(UiAsk::Run(Command::Look(LookCommand::Identify(glance)))) = wish
            && let Some(bounds) = sewer.disc_at(glance.at_world, glance.metres_per_px)
        {
            *wish = MapAsk::Ask(UiAsk::ZoomTo(visit::with_surroundings(&bounds)));
        }
    }
}

/// What lies over a pane's picture.
struct Over<'a> {
    tool: &'a Tool,
    details: Option<&'a Outlined>,
    sewer: &'a SewerOverlay,
    has_grid: bool,
    /// Where the pointer is on the other pane, Web Mercator metres.
    cross: Option<[f64; 2]>,
    /// What stands on the map, for numbers that would be hidden by it.
    clear: &'a [Rect],
}

impl Over<'_> {
    /// What is selected or shown in the details: under the words of the map.
    fn mark(&self, ui: &Ui, session: &Session, lens: &Lens<'_>, marks: &mut Marks) {
        let painter = ui.painter().with_clip_rect(lens.map);
        self.sewer.draw(ui, &painter, lens, OverPlace::Under);
        marks.follow(ui, session, lens.camera);
        marks.draw(&painter, Tokens::of(ui), lens, self.details.and_then(|details| details.outline.as_ref()));
        self.sewer.draw(ui, &painter, lens, OverPlace::Over);
    }

    /// What lies over the words.
    fn draw(
        &self,
        ui: &Ui,
        session: &Session,
        lens: &Lens<'_>,
        grid: &mut MapGrid,
        hand: &HandState,
        response: &Response,
    ) {
        let painter = ui.painter().with_clip_rect(lens.map);
        if self.has_grid && session.city().is_some() {
            grid.draw(ui, lens, session.settings().coordinates, self.clear);
        }
        let pointer = response.hovered().then_some(hand.pointer_world());
        map_marks::draw_tool(ui, &painter, lens, self.tool, pointer.or(self.cross), session);
        self.sewer.draw_marks(ui, &painter, lens);
        self.sewer.draw_spot(ui, &painter, lens);
        hand.draw(ui, session, lens, self.tool, response);
        if let Some(world) = self.cross {
            map_marks::draw_cross(ui, &painter, lens, world);
        }
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
    let is_covered = is_covered || super::sheet::holds_keys(ui.ctx());
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
    map_hand::outcome_asks(session, &panel.camera, &Shown::Visible, outcome, out);
}

/// Backspace and Delete take back the last position of a drawing; called before the actions see the keys.
pub fn tool_keys(ui: &Ui, panel: &mut MapPanel) {
    if !panel.tool.is_drawing() || ui.ctx().text_edit_focused() || super::sheet::holds_keys(ui.ctx()) {
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
    let covered_px = panel.covered_of_pane_px();
    match wish {
        UiAsk::ZoomTo(bounds) => panel.camera.go_to_bounds_beside(bounds, covered_px),
        UiAsk::GoTo(center_world) => {
            panel.camera.go_beside(View { center_world: *center_world, ..panel.camera.view() }, covered_px);
        }
        UiAsk::GoToScale(center_world, metres_per_px) => {
            let (center_world, metres_per_px) = (*center_world, *metres_per_px);
            panel.camera.go_beside(View { center_world, metres_per_px, ..panel.camera.view() }, covered_px);
        }
        UiAsk::GoToView(view) => panel.camera.go(*view),
        UiAsk::Turn(rotation_rad) => panel.camera.turn_to(*rotation_rad),
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
