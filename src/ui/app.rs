//! The window as a whole: lays out bars, panels and map, and carries out what they ask for.

use std::path::PathBuf;
use std::time::Instant;

use egui::{Area, Context, Frame, Id, Order, Panel, Rect, Sense, Stroke, Ui, UiBuilder, ViewportCommand, vec2};

use super::ask::{Asks, UiAsk};
use super::diagnostics::{Diagnostics, diagnostics_ui};
use super::dialogs::FileDialogs;
use super::layers_panel::layers_ui;
use super::layers_state::LayersState;
use super::map_marks::{self, Lens};
use super::map_panel::{self, MapAsk, MapPanel, map_ui};
use super::map_spot::Spot;
use super::note_form::{note_form_ui, note_offer_ui};
use super::notices::{NoticesState, notices_ui};
use super::panels::Panels;
use super::print_dialog::print_ui;
use super::right_panel::{RightTab, right_in_room, right_ui};
use super::small_dialogs::small_dialogs_ui;
use super::status_bar::{MapStatus, StatusState, status_ui};
use super::theme::{self, Tokens};
use super::tour::Tour;
use super::widgets::icon_button;
use super::window_shape::{self, Keeping};
use super::{compare_marks, keys, menu, possible, toolbar};
use crate::model::geometry::Geometry;
use crate::session::Session;
use crate::session::action::action;
use crate::session::command::{CityCommand, Command, LookCommand};
use crate::session::place;
use crate::session::settings::{Theme, WindowShape};

/// The map never gets narrower than this: then the right panel lies over it.
const LEAST_MAP: f32 = 480.0;
/// Nor lower: then the dock gives way.
const LEAST_MAP_HEIGHT: f32 = 180.0;
/// Least and most width of the left panel.
const LEFT: [f32; 2] = [220.0, 420.0];
/// Widths of the right panel.
const RIGHT: [f32; 2] = [300.0, 480.0];
/// Width of the right panel over the map, where there is room; so much of the map stays free at its left.
const RIGHT_OVER: f32 = 344.0;
const LEAST_FREE: f32 = 280.0;
/// Heights of the dock.
const DOCK: [f32; 2] = [160.0, 640.0];

/// What stands around the map, in the order in which it comes at the start: one part a frame, so that none of the first
/// frames takes long over its letters, and the map comes first.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Part {
    Menu = 1,
    Toolbar,
    Status,
    Left,
    Right,
}

/// What is open around the map.
#[derive(Debug)]
pub(super) struct Shell {
    pub left: bool,
    pub right: bool,
    pub full_screen: bool,
    /// The panels at the left and right that were put away together.
    pub put_away: [bool; 2],
    /// Widths of the left and the right panel and height of the dock, as they stand.
    pub sizes: [f32; 3],
    /// A place that was gone to by its coordinates.
    pub spot: Option<Spot>,
    /// Whether the managed ground was what the last "zoom to everything" showed.
    pub was_home: bool,
    /// What of all this the settings are to keep.
    pub keeping: Keeping,
    title: String,
    dark: Option<bool>,
    pub diagnostics: Diagnostics,
    /// What the window does by itself, and writes down.
    pub tour: Option<Tour>,
    /// What this frame has taken before anything of it was drawn, milliseconds.
    logic_ms: f32,
    /// Parts of the window that are drawn: see [`Part`].
    parts: u8,
}

impl Shell {
    /// As it was left.
    fn new(window: &WindowShape, diagnostics: Diagnostics) -> Self {
        Self {
            left: window.left_open,
            right: window.right_open,
            full_screen: false,
            put_away: [true; 2],
            sizes: [window.left_width, window.right_width, window.dock_height],
            spot: None,
            was_home: false,
            keeping: Keeping::default(),
            title: String::new(),
            dark: None,
            diagnostics,
            tour: None,
            logic_ms: 0.0,
            parts: 0,
        }
    }
}

/// The window.
pub struct App {
    pub(super) session: Session,
    pub(super) map: MapPanel,
    pub(super) layers: LayersState,
    pub(super) status: StatusState,
    pub(super) notices: NoticesState,
    pub(super) files: FileDialogs,
    pub(super) panels: Panels,
    pub(super) shell: Shell,
}

impl App {
    /// The window without a city yet. `renderer` is the graphics driver's name.
    pub fn new(session: Session, renderer: String) -> Self {
        let window = session.settings().window.clone().sound();
        let mut panels = Panels::default();
        panels.right.tab = window_shape::tab_of(&window.right_tab);
        Self {
            session,
            map: MapPanel::as_left(window.map_grid, window.overview_map),
            layers: LayersState::default(),
            status: StatusState::default(),
            notices: NoticesState::default(),
            files: FileDialogs::default(),
            panels,
            shell: Shell::new(&window, Diagnostics::new(renderer)),
        }
    }

    /// The same, visiting places by itself.
    pub(super) fn on_tour(mut self, tour: Option<Tour>) -> Self {
        self.shell.tour = tour;
        self
    }

    /// Opens a city: the one asked for, the last one, or the sample city.
    pub fn open_first(mut self, city: Option<PathBuf>) -> Self {
        if city.is_none() && !self.session.settings().welcome_seen {
            self.panels.welcome.open();
        }
        self.session.run(Command::City(self.first_city(city)));
        self
    }

    fn first_city(&self, asked: Option<PathBuf>) -> CityCommand {
        let last = || self.session.settings().recent.iter().find(|path| path.exists()).cloned();
        match asked.or_else(last) {
            Some(path) => CityCommand::Open(path),
            None => CityCommand::OwnSample,
        }
    }

    /// One frame.
    pub fn frame(&mut self, ui: &mut Ui) {
        let started = Instant::now();
        let ctx = ui.ctx().clone();
        self.follow(&ctx);
        self.add_part(&ctx);
        self.tour_step();
        let mut asks = Asks::new();
        self.keys(ui, &mut asks);
        if !self.shell.full_screen {
            self.bars(ui, &mut asks);
        }
        let map = self.middle(ui, &mut asks);
        self.on_top(ui, map, &mut asks);
        self.put_spot_away(&ctx);
        self.put_sewer_away(&ctx);
        self.leave_full_screen(&ctx);
        let mut late = Vec::new();
        map_panel::map_keys(ui, &self.session, &mut self.map, &mut late);
        self.map_asks(late, &mut asks);
        Self::dropped(&ctx, &mut asks);
        if let Some(chosen) = self.files.poll(&ctx, self.session.lang()) {
            self.file_chosen(chosen, &mut asks);
        }
        for wish in asks {
            self.carry_out(&ctx, wish);
        }
        self.keep(&ctx);
        let own_ms = started.elapsed().as_secs_f32() * 1000.0 + std::mem::take(&mut self.shell.logic_ms);
        self.shell.diagnostics.add(own_ms);
        self.tour_look(&ctx, own_ms.into());
    }

    /// Theme, title and camera follow the session.
    fn follow(&mut self, ctx: &Context) {
        let dark = self.session.settings().theme == Theme::Dark;
        if self.shell.dark.replace(dark) != Some(dark) {
            theme::set_dark(ctx, dark);
        }
        self.fit_screen(ctx);
        self.map.follow(&mut self.session);
        self.take_up_view();
        let title = title(&self.session);
        if self.shell.title != title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.shell.title = title;
        }
    }

    fn keys(&mut self, ui: &Ui, asks: &mut Asks) {
        keys::close_popup(ui.ctx());
        map_panel::tool_keys(ui, &mut self.map);
        asks.extend(keys::pasted(ui.ctx()).map(UiAsk::Paste));
        for id in keys::pressed(ui.ctx()) {
            if possible::is_possible(&self.session, action(id)) {
                asks.push(UiAsk::Act(id));
            }
        }
    }

    /// One more part of the window is drawn from this frame on.
    fn add_part(&mut self, ctx: &Context) {
        if self.shell.parts <= Part::Right as u8 {
            self.shell.parts += 1;
            ctx.request_repaint();
        }
    }

    /// Whether a part of the window is drawn yet; its place is kept free until then.
    fn has(&self, part: Part) -> bool {
        self.shell.parts > part as u8
    }

    fn bars(&mut self, ui: &mut Ui, asks: &mut Asks) {
        let frame = Frame::new().fill(Tokens::of(ui).panel);
        Panel::top("menu").exact_size(32.0).frame(frame).show_separator_line(false).show(ui, |ui| {
            if self.has(Part::Menu) {
                menu::menu_ui(ui, &self.session, asks);
            }
        });
        Panel::top("toolbar").exact_size(44.0).frame(frame).show(ui, |ui| {
            if self.has(Part::Toolbar) {
                toolbar::toolbar_ui(ui, &self.session, self.map.tool.kind(), asks);
            }
        });
        // Where the world begins nobody has pointed yet.
        let pointer_world = Some(self.map.pointer_world()).filter(|at| *at != [0.0; 2]);
        let map = MapStatus { view: self.map.camera.view(), pointer_world };
        Panel::bottom("status").exact_size(28.0).frame(frame).show(ui, |ui| {
            if self.has(Part::Status) {
                status_ui(ui, &self.session, map, &mut self.status, asks);
            }
        });
    }

    /// Panels and map; gives the map's place.
    fn middle(&mut self, ui: &mut Ui, asks: &mut Asks) -> Rect {
        self.panels.right.style.choose(self.session.city().and_then(|city| self.layers.current(city)));
        let denominator = self.map.camera.view().denominator();
        self.panels.right.style.seen_at(denominator);
        self.layers.denominator = denominator;
        if !self.shell.right {
            self.panels.right.style.rest(asks);
        }
        let frame = Frame::new().fill(Tokens::of(ui).panel);
        let [left_width, right_width, dock_height] = self.shell.sizes;
        let full = self.shell.full_screen;
        if self.shell.left && !full {
            let most = [LEFT[0], LEFT[1].min(ui.available_width() - LEAST_MAP)];
            let shown = sized(Panel::left("layers"), left_width, most).frame(frame).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                if self.has(Part::Left) {
                    layers_ui(ui, &self.session, &mut self.layers, asks);
                }
            });
            self.shell.sizes[0] = shown.response.rect.width();
        }
        let over = full || ui.available_width() < LEAST_MAP + RIGHT[0];
        if self.shell.right && !over {
            let most = [RIGHT[0], RIGHT[1].min(ui.available_width() - LEAST_MAP)];
            let shown = sized(Panel::right("details"), right_width, most).frame(frame).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                if self.has(Part::Right) {
                    right_in_room(ui, &self.session, &mut self.panels.right, asks);
                }
            });
            self.shell.sizes[1] = shown.response.rect.width();
        }
        if Panels::has_dock(&self.session) && !full {
            let most = [DOCK[0], DOCK[1].min(ui.available_height() - LEAST_MAP_HEIGHT)];
            let shown = sized(Panel::bottom("dock"), dock_height, most).frame(frame).show(ui, |ui| {
                ui.set_min_height(ui.available_height());
                self.panels.dock_ui(ui, &mut self.session, asks);
            });
            self.shell.sizes[2] = shown.response.rect.height();
        }
        let lies_over = over && self.shell.right && self.has_something_to_show();
        self.sewer_on_map(ui);
        let under_panel = if lies_over { over_width(ui.available_width()) } else { 0.0 };
        self.map.covered_px = under_panel.max(self.panels.compare.covered_px(ui.available_rect_before_wrap()));
        let mut out = Vec::new();
        let map = map_ui(ui, &mut self.session, &mut self.map, &mut out);
        self.map_asks(out, asks);
        compare_marks::coming_ui(ui, self.map.lenses(), &self.session, &self.panels);
        self.draft_note(ui);
        self.spot_ui(ui);
        self.sewer_strip(ui, asks);
        if lies_over {
            self.details_over_map(ui, asks);
        }
        map
    }

    /// Whether the right panel is worth the room that it would take from the map.
    fn has_something_to_show(&self) -> bool {
        self.session.details().is_some() || self.panels.right.tab != RightTab::Details
    }

    /// Shows the place that was gone to by its coordinates.
    fn spot_ui(&mut self, ui: &Ui) {
        let Some(spot) = self.shell.spot else { return };
        match spot.rest_s(ui.input(|input| input.time)) {
            Some(rest_s) => ui.ctx().request_repaint_after_secs(rest_s as f32 + 0.01),
            None => self.shell.spot = None,
        }
        let words = place::format_place(spot.at_world(), self.session.settings().coordinates);
        for lens in self.map.lenses() {
            spot.draw(ui, &ui.painter().with_clip_rect(lens.map), &lens, words.clone());
        }
    }

    /// Esc takes the mark of a place away before it takes anything else.
    fn put_spot_away(&mut self, ctx: &Context) {
        if self.shell.spot.is_none() || ctx.text_edit_focused() || egui::Popup::is_any_open(ctx) {
            return;
        }
        if ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape)) {
            self.shell.spot = None;
        }
    }

    fn map_asks(&mut self, out: Vec<MapAsk>, asks: &mut Asks) {
        if let Some((positions, is_area)) = map_panel::split(out, asks) {
            self.panels.note.start_at(note_geometry(&positions, is_area));
        }
    }

    /// Shows where the note that is being written will stand.
    fn draft_note(&self, ui: &Ui) {
        let Some(geometry) = self.panels.note.geometry() else { return };
        for lens in self.map.lenses() {
            map_marks::draw_draft(ui, &ui.painter().with_clip_rect(lens.map), &lens, geometry);
        }
    }

    /// The right panel over the map: never beyond it, where it would cover the table.
    fn details_over_map(&mut self, ui: &Ui, asks: &mut Asks) {
        let [room, free] = self.map.rooms();
        let rect = room.with_min_x(free.right());
        let (tokens, lang) = (Tokens::of(ui), self.session.lang());
        let area = Area::new(Id::unique("details-over")).order(Order::Middle).constrain(false);
        area.fixed_pos(rect.min).show(ui.ctx(), |ui| {
            ui.allocate_rect(rect, Sense::hover());
            let edge = Stroke::new(1.0, tokens.line_strong);
            ui.painter().rect(rect, 0, tokens.panel, edge, egui::StrokeKind::Inside);
            let inside = rect.shrink(1.0);
            let mut contents = ui.new_child(UiBuilder::new().id_salt("contents").max_rect(inside));
            contents.set_clip_rect(inside);
            right_ui(&mut contents, &self.session, &mut self.panels.right, asks);
            let corner = Rect::from_min_size(inside.right_top() + vec2(-32.0, 4.0), vec2(28.0, 28.0));
            let mut corner = ui.new_child(UiBuilder::new().id_salt("corner").max_rect(corner));
            if icon_button(&mut corner, "X", lang.pick("收起右栏", "Put the right panel away")).clicked() {
                // The panel comes back with the next thing that is clicked.
                self.panels.right.tab = RightTab::Details;
                asks.push(UiAsk::Run(Command::Look(LookCommand::ClearDetails)));
            }
        });
    }

    /// Messages, forms and dialogs over everything else.
    fn on_top(&mut self, ui: &mut Ui, map: Rect, asks: &mut Asks) {
        let ctx = ui.ctx().clone();
        let [_, free] = self.map.rooms();
        self.full_screen_ui(&ctx, free, asks);
        let below_strip = free.with_min_y(free.top() + self.sewer_strip_height());
        let room = below_strip.with_max_x(free.right().min(map.right()));
        notices_ui(ui, &self.session, &mut self.notices, room, asks);
        self.panels.note.follow(&ctx, &mut self.session, asks);
        note_offer_ui(&ctx, &self.session, &mut self.panels.note, map, asks);
        if let Some(bounds) = self.panels.note.place_world(&self.session) {
            let lens = Lens { camera: &self.map.camera, map };
            let thing = lens.rect(&bounds).expand(16.0).intersect(map);
            let thing =
                if thing.is_positive() { thing } else { Rect::from_center_size(map.center(), egui::Vec2::ZERO) };
            note_form_ui(&ctx, &self.session, &mut self.panels.note, thing, asks);
        }
        let view_world = self.map.camera.bounds_world();
        self.panels.dialogs_ui(&ctx, &mut self.session, view_world, asks);
        print_ui(&ctx, &mut self.session, &self.map.camera, &mut self.panels.print, asks);
        small_dialogs_ui(&ctx, &self.session, self.map.camera.view(), &mut self.panels.small, asks);
        diagnostics_ui(&ctx, &self.session, &mut self.shell.diagnostics, self.map.tiles.facts());
    }

    /// Files dropped on the window: a city is opened, a base map added, anything else is looked at for an import.
    fn dropped(ctx: &Context, asks: &mut Asks) {
        let files = ctx.input_mut(|input| std::mem::take(&mut input.raw.dropped_files));
        let paths = super::perform::laid_under(files.iter().map(|file| file.path().to_owned()).collect(), asks);
        if let [path] = paths.as_slice() {
            let is_city = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gpkg"));
            if is_city {
                asks.push(UiAsk::Run(Command::City(CityCommand::Open(path.clone()))));
                return;
            }
        }
        if !paths.is_empty() {
            asks.push(UiAsk::ImportFiles(paths));
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, _ctx: &Context, _frame: &mut eframe::Frame) {
        let started = Instant::now();
        self.session.poll();
        self.shell.logic_ms += started.elapsed().as_secs_f32() * 1000.0;
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.frame(ui);
    }

    fn on_exit(&mut self) {
        self.tour_end();
        self.keep_now();
        if let Some(command) = self.panels.note.keep_now() {
            self.session.run(command);
        }
    }
}

fn sized(panel: Panel, first: f32, [least, most]: [f32; 2]) -> Panel {
    let most = most.max(least);
    panel.resizable(true).default_size(first.clamp(least, most)).size_range(least..=most)
}

/// Width of the right panel where it lies over a map of this width.
fn over_width(map_width: f32) -> f32 {
    (map_width - LEAST_FREE).clamp(RIGHT[0], RIGHT_OVER).min(map_width)
}

fn title(session: &Session) -> String {
    let lang = session.lang();
    let Some(city) = session.city() else { return lang.pick("城格", "citygrid 城格").to_owned() };
    let file = city.path.file_name().unwrap_or_default().to_string_lossy();
    let sample = if city.is_sample { lang.pick(" [示例数据]", " [sample data]") } else { "" };
    let locked = if city.read_only.is_some() { lang.pick(" [只读]", " [read-only]") } else { "" };
    format!("{} — {file}{sample}{locked}", lang.pick("城格", "citygrid"))
}

/// What was drawn on the map, in WGS 84 degrees.
fn note_geometry(positions_world: &[[f64; 2]], is_area: bool) -> Geometry {
    let mut degrees: Vec<[f64; 2]> = positions_world.iter().map(|place| place::lonlat_from_world(*place)).collect();
    match degrees[..] {
        [[longitude, latitude]] => Geometry::point(longitude, latitude),
        _ if is_area => {
            degrees.extend(degrees.first().copied());
            Geometry::polygon(&degrees)
        }
        _ => Geometry::line(&degrees),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Wake;
    use crate::session::settings::Settings;
    use egui::{Key, Modifiers};
    use egui_kittest::{Harness, kittest::Queryable as _};
    use std::sync::Arc;

    struct Asleep;

    impl Wake for Asleep {
        fn wake(&self) {}
    }

    /// The window without a city, settings in a folder of its own.
    fn harness(size: [f32; 2]) -> Harness<'static, App> {
        let folder = tempfile::tempdir().expect("a folder for settings").keep();
        let app = App::new(Session::headless(folder, Arc::new(Asleep)), String::new());
        let builder = Harness::builder().with_size(vec2(size[0], size[1])).with_context_setup(theme::install);
        builder.build_ui_state(|ui, app: &mut App| app.frame(ui), app)
    }

    #[test]
    fn the_window_speaks_both_languages_and_switches_without_a_restart() {
        let mut harness = harness([1600.0, 1000.0]);
        harness.run();
        harness.get_by_label("浏览");
        harness.get_by_label("切换到 English").click();
        harness.run();
        harness.get_by_label("Pan");
        harness.get_by_label("Note at a point");
        harness.get_by_label("切换到中文").click();
        harness.run();
        harness.get_by_label("浏览");
    }

    #[test]
    fn every_menu_can_be_opened_and_its_words_are_in_the_font() {
        let mut harness = harness([1600.0, 1000.0]);
        for _ in 0..2 {
            for menu in crate::session::action::Menu::ALL {
                harness.run();
                let name = menu.name();
                let name = name.get(harness.state().session.lang()).to_owned();
                // A tool may bear the same word; the menu row comes first.
                let mut named = harness.get_all_by_role_and_label(egui::Role::Button, &name);
                named.next().expect("a menu").click();
                drop(named);
                harness.run();
                harness.key_press(Key::Escape);
            }
            harness.run();
            harness.state_mut().act(&Context::default(), crate::session::action::ActionId::SwitchLanguage);
        }
    }

    #[test]
    fn a_narrow_window_keeps_every_tool_within_reach() {
        let mut harness = harness([800.0, 520.0]);
        harness.run();
        for name in ["浏览", "识别", "标注点", "属性表", "导入文件…"] {
            harness.get_by_label(name);
        }
    }

    #[test]
    fn brackets_and_f12_open_and_close_what_lies_around_the_map() {
        let mut harness = harness([1600.0, 1000.0]);
        harness.run();
        harness.key_press(Key::OpenBracket);
        harness.run();
        assert!(!harness.state().shell.left);
        harness.key_press_modifiers(Modifiers::NONE, Key::F12);
        harness.run();
        assert!(harness.query_all_by_label("诊断信息").next().is_some());
    }

    #[test]
    fn a_place_by_its_coordinates_is_come_close_to_and_marked_until_esc() {
        let mut harness = harness([1280.0, 800.0]);
        harness.run();
        let at = place::world_from_lonlat([115.99, 29.72]);
        harness.state_mut().carry_out(&Context::default(), UiAsk::Spot(at));
        harness.run();
        let view = harness.state().map.camera.view();
        assert!(harness.state().shell.spot.is_some());
        assert!(view.denominator() < 2501.0 && view.center_world == at, "{view:?}");
        harness.key_press(Key::Escape);
        harness.run();
        assert!(harness.state().shell.spot.is_none());
    }

    #[test]
    fn over_a_narrow_map_the_right_panel_leaves_room_and_can_be_put_away() {
        let mut harness = harness([800.0, 600.0]);
        harness.state_mut().panels.right.tab = RightTab::Notes;
        harness.run();
        assert!(harness.state().map.covered_px >= RIGHT[0]);
        assert!(harness.state().map.camera.size_px()[0] >= f64::from(LEAST_MAP));
        let close = harness.get_by_label("收起右栏").rect();
        assert!(close.right() <= 800.0 && close.bottom() <= 600.0, "{close:?}");
        harness.get_by_label("收起右栏").click();
        harness.run();
        assert!(harness.state().map.covered_px == 0.0 && harness.state().shell.right);
    }

    #[test]
    fn panels_are_as_they_were_left() {
        let folder = tempfile::tempdir().expect("a folder for settings");
        let window = WindowShape { left_open: false, right_tab: "history".to_owned(), ..WindowShape::default() };
        let left = Settings { window, ..Settings::default() };
        left.save(folder.path()).expect("saved");
        let app = App::new(Session::headless(folder.path().to_owned(), Arc::new(Asleep)), String::new());
        assert!(!app.shell.left && app.shell.right && app.panels.right.tab == RightTab::History);

        let mut harness = harness([1600.0, 1000.0]);
        harness.key_press(Key::CloseBracket);
        harness.run_steps(40);
        let kept = &harness.state().session.settings().window;
        assert!(kept.left_open && !kept.right_open);
        assert_eq!(kept.size, [1600.0, 1000.0]);
    }
}
