//! The window as a whole: lays out bars, panels and map, and carries out what they ask for.

use std::path::PathBuf;
use std::time::Instant;

use egui::{Area, Context, Frame, Id, Order, Panel, Rect, Stroke, Ui, ViewportCommand, pos2};

use super::ask::{Asks, UiAsk};
use super::diagnostics::{Diagnostics, diagnostics_ui};
use super::dialogs::FileDialogs;
use super::layers_panel::{LayersState, layers_ui};
use super::map_marks::{self, Lens};
use super::map_panel::{self, MapAsk, MapPanel, map_ui};
use super::note_form::note_form_ui;
use super::notices::{NoticesState, notices_ui};
use super::panels::Panels;
use super::right_panel::right_ui;
use super::small_dialogs::small_dialogs_ui;
use super::status_bar::{MapStatus, StatusState, status_ui};
use super::theme::{self, Tokens};
use super::{keys, menu, possible, toolbar};
use crate::model::geometry::Geometry;
use crate::session::Session;
use crate::session::action::action;
use crate::session::command::{CityCommand, Command};
use crate::session::place;
use crate::session::settings::Theme;

/// The map never gets narrower than this: then the right panel lies over it.
const LEAST_MAP: f32 = 480.0;
/// Widths of the left panel: at first, least, most.
const LEFT: [f32; 3] = [288.0, 220.0, 420.0];
/// Widths of the right panel.
const RIGHT: [f32; 3] = [344.0, 300.0, 480.0];
/// Heights of the dock.
const DOCK: [f32; 3] = [336.0, 160.0, 640.0];

/// What is open around the map.
#[derive(Debug)]
pub(super) struct Shell {
    pub left: bool,
    pub right: bool,
    pub full_screen: bool,
    title: String,
    dark: Option<bool>,
    pub diagnostics: Diagnostics,
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
        let diagnostics = Diagnostics::new(renderer);
        let shell =
            Shell { left: true, right: true, full_screen: false, title: String::new(), dark: None, diagnostics };
        Self {
            session,
            map: MapPanel::default(),
            layers: LayersState::default(),
            status: StatusState::default(),
            notices: NoticesState::default(),
            files: FileDialogs::default(),
            panels: Panels::default(),
            shell,
        }
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
        let mut asks = Asks::new();
        self.keys(ui, &mut asks);
        self.bars(ui, &mut asks);
        let map = self.middle(ui, &mut asks);
        self.on_top(ui, map, &mut asks);
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
        self.shell.diagnostics.add(started.elapsed().as_secs_f32() * 1000.0);
    }

    /// Theme, title and camera follow the session.
    fn follow(&mut self, ctx: &Context) {
        let dark = self.session.settings().theme == Theme::Dark;
        if self.shell.dark.replace(dark) != Some(dark) {
            theme::set_dark(ctx, dark);
        }
        self.map.follow(&mut self.session);
        let title = title(&self.session);
        if self.shell.title != title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.shell.title = title;
        }
    }

    fn keys(&mut self, ui: &Ui, asks: &mut Asks) {
        map_panel::tool_keys(ui, &mut self.map);
        for id in keys::pressed(ui.ctx()) {
            if possible::is_possible(&self.session, action(id)) {
                asks.push(UiAsk::Act(id));
            }
        }
    }

    fn bars(&mut self, ui: &mut Ui, asks: &mut Asks) {
        let frame = Frame::new().fill(Tokens::of(ui).panel);
        Panel::top("menu").exact_size(32.0).frame(frame).show_separator_line(false).show(ui, |ui| {
            menu::menu_ui(ui, &self.session, asks);
        });
        Panel::top("toolbar").exact_size(44.0).frame(frame).show(ui, |ui| {
            toolbar::toolbar_ui(ui, &self.session, self.map.tool.kind(), asks);
        });
        let map = MapStatus { view: self.map.camera.view(), pointer_world: self.map.pointer_world() };
        Panel::bottom("status").exact_size(28.0).frame(frame).show(ui, |ui| {
            status_ui(ui, &self.session, map, &mut self.status, asks);
        });
    }

    /// Panels and map; gives the map's place.
    fn middle(&mut self, ui: &mut Ui, asks: &mut Asks) -> Rect {
        let frame = Frame::new().fill(Tokens::of(ui).panel);
        if self.shell.left {
            sized(Panel::left("layers"), LEFT).frame(frame).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                layers_ui(ui, &self.session, &mut self.layers, asks);
            });
        }
        let over = ui.available_width() < LEAST_MAP + RIGHT[0];
        if self.shell.right && !over {
            sized(Panel::right("details"), RIGHT).frame(frame).show(ui, |ui| {
                ui.set_min_width(ui.available_width());
                right_ui(ui, &self.session, &mut self.panels.right, asks);
            });
        }
        if Panels::has_dock(&self.session) {
            sized(Panel::bottom("dock"), DOCK).frame(frame).show(ui, |ui| {
                ui.set_min_height(ui.available_height());
                self.panels.dock_ui(ui, &mut self.session, asks);
            });
        }
        let mut out = Vec::new();
        let map = map_ui(ui, &mut self.session, &mut self.map, &mut out);
        self.map_asks(out, asks);
        self.draft_note(ui, map);
        if self.shell.right && over && self.session.details().is_some() {
            self.details_over_map(ui, map, asks);
        }
        map
    }

    fn map_asks(&mut self, out: Vec<MapAsk>, asks: &mut Asks) {
        if let Some((positions, is_area)) = map_panel::split(out, asks) {
            self.panels.note.start_at(note_geometry(&positions, is_area));
        }
    }

    /// Shows where the note that is being written will stand.
    fn draft_note(&self, ui: &Ui, map: Rect) {
        let Some(geometry) = self.panels.note.geometry() else { return };
        let painter = ui.painter().with_clip_rect(map);
        map_marks::draw_draft(ui, &painter, &Lens { camera: &self.map.camera, map }, geometry);
    }

    fn details_over_map(&mut self, ui: &Ui, map: Rect, asks: &mut Asks) {
        let width = RIGHT[0].min(map.width());
        let tokens = Tokens::of(ui);
        let frame = Frame::new().fill(tokens.panel).stroke(Stroke::new(1.0, tokens.line_strong));
        let area = Area::new(Id::unique("details-over")).order(Order::Middle).constrain(false);
        area.fixed_pos(pos2(map.right() - width, map.top())).show(ui.ctx(), |ui| {
            frame.show(ui, |ui| {
                ui.set_width(width);
                ui.set_height(map.height());
                right_ui(ui, &self.session, &mut self.panels.right, asks);
            });
        });
    }

    /// Messages, forms and dialogs over everything else.
    fn on_top(&mut self, ui: &mut Ui, map: Rect, asks: &mut Asks) {
        let ctx = ui.ctx().clone();
        notices_ui(ui, &self.session, &mut self.notices, map, asks);
        if let Some(bounds) = self.panels.note.place_world(&self.session) {
            let lens = Lens { camera: &self.map.camera, map };
            let thing = Rect::from_two_pos(lens.at(bounds.min), lens.at(bounds.max)).expand(16.0).intersect(map);
            let thing =
                if thing.is_positive() { thing } else { Rect::from_center_size(map.center(), egui::Vec2::ZERO) };
            note_form_ui(&ctx, &self.session, &mut self.panels.note, thing, asks);
        }
        let view_world = self.map.camera.bounds_world();
        self.panels.dialogs_ui(&ctx, &mut self.session, view_world, asks);
        small_dialogs_ui(&ctx, &self.session, self.map.camera.view(), &mut self.panels.small, asks);
        diagnostics_ui(&ctx, &self.session, &mut self.shell.diagnostics, self.map.tiles.facts());
    }

    /// Files dropped on the window: a city is opened, anything else is looked at for an import.
    fn dropped(ctx: &Context, asks: &mut Asks) {
        let files = ctx.input_mut(|input| std::mem::take(&mut input.raw.dropped_files));
        let paths: Vec<PathBuf> = files.iter().map(|file| file.path().to_owned()).collect();
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
        self.session.poll();
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.frame(ui);
    }
}

fn sized(panel: Panel, [first, least, most]: [f32; 3]) -> Panel {
    panel.resizable(true).default_size(first).size_range(least..=most)
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
    use egui::{Key, Modifiers, vec2};
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
}
