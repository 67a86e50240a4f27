//! The map in the window, as people meet it: turned, doubled, swept, with grid and overview, alone on the screen.

use std::sync::Arc;

use egui::{Key, Modifiers, PointerButton, Pos2, pos2, vec2};
use egui_kittest::{Harness, kittest::Queryable as _};
use tempfile::TempDir;

use super::app::App;
use super::map_panel::MapPanel;
use super::test_steps;
use super::theme;
use crate::model::geometry::Geometry;
use crate::session::command::{Command, EditCommand, NoteDraft};
use crate::session::place;
use crate::session::test_city::TestCity;

/// Where the two notes of the city stand, WGS 84 degrees.
const NOTES: [[f64; 2]; 2] = [[115.98, 29.71], [116.0, 29.73]];

struct Window {
    harness: Harness<'static, App>,
    _folder: Arc<TempDir>,
}

impl Window {
    /// A window with a city of two notes, all of it in memory.
    fn open() -> Self {
        let mut city = TestCity::with_map();
        for [longitude, latitude] in NOTES {
            city.run(Command::Edit(EditCommand::AddNote(NoteDraft {
                geometry: Some(Geometry::point(longitude, latitude)),
                on: None,
                text: format!("井盖松动 {longitude}"),
                values: Vec::new(),
                photos: Vec::new(),
            })));
        }
        let (session, folder) = city.into_session();
        let app = App::new(session, String::new());
        let builder = Harness::builder().with_size(vec2(1280.0, 800.0)).with_context_setup(theme::install);
        let harness = builder.build_ui_state(|ui, app: &mut App| app.frame(ui), app);
        let mut window = Self { harness, _folder: folder };
        window.wait(|app| app.session.city().is_some_and(|city| city.layers.iter().all(|it| it.index.is_some())));
        window
    }

    fn steps(&mut self) {
        test_steps::steps(&mut self.harness);
    }

    #[track_caller]
    fn wait(&mut self, is_so: impl Fn(&App) -> bool) {
        test_steps::wait(&mut self.harness, is_so);
    }

    fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.steps();
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.steps();
    }

    fn has(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    fn map(&self) -> &MapPanel {
        &self.harness.state().map
    }

    fn degrees(&self) -> f64 {
        self.map().camera.view().rotation_rad.to_degrees()
    }

    /// A place of the map on the screen.
    fn screen(&self, lonlat: [f64; 2]) -> Pos2 {
        let corner = self.harness.get_by_role_and_label(egui::Role::Canvas, "地图").rect().min;
        let [x, y] = self.map().camera.screen_from_world(place::world_from_lonlat(lonlat));
        corner + vec2(x as f32, y as f32)
    }

    fn click_at(&mut self, at: Pos2, button: PointerButton) {
        for pressed in [true, false] {
            self.harness.event(egui::Event::PointerMoved(at));
            let modifiers = Modifiers::NONE;
            self.harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
            self.harness.step();
        }
        self.steps();
    }
}

#[test]
fn a_map_turned_by_keys_says_so_finds_what_is_clicked_and_comes_upright_again() {
    let mut window = Window::open();
    assert!(!window.has("正北朝上") && window.has("旋转 0°"));
    window.press(Modifiers::CTRL, Key::CloseBracket);
    window.press(Modifiers::CTRL, Key::CloseBracket);
    window.press(Modifiers::CTRL, Key::OpenBracket);
    assert!((window.degrees() - 15.0).abs() < 1e-9 && window.has("旋转 15°"));
    for note in NOTES {
        window.click_at(window.screen(note), PointerButton::Primary);
        let title = format!("井盖松动 {}", note[0]);
        let is_shown = move |app: &App| {
            let row = app.session.details().and_then(|details| details.row.as_ref());
            row.is_some_and(|row| row.feature.values.iter().any(|value| value.as_str() == Some(&title)))
        };
        window.wait(is_shown);
    }
    window.click("正北朝上");
    assert!(window.degrees() == 0.0 && !window.has("正北朝上"));
}

#[test]
fn a_box_drawn_on_a_turned_map_selects_what_is_in_it_there() {
    let mut window = Window::open();
    window.press(Modifiers::CTRL, Key::CloseBracket);
    window.press(Modifiers::NONE, Key::Num1);
    let at = window.screen(NOTES[1]);
    let [from, to] = [at - vec2(30.0, 20.0), at + vec2(30.0, 20.0)];
    let button = |pos, pressed| egui::Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    for event in [egui::Event::PointerMoved(from), button(from, true), egui::Event::PointerMoved(at)] {
        window.harness.event(event);
        window.harness.step();
    }
    for event in [egui::Event::PointerMoved(to), button(to, false)] {
        window.harness.event(event);
        window.harness.step();
    }
    window.wait(|app| app.session.selection().len() == 1);
}

#[test]
fn a_turned_view_is_there_again_when_the_city_is_opened_again() {
    let mut window = Window::open();
    window.press(Modifiers::CTRL, Key::OpenBracket);
    window.harness.state_mut().keep_now();
    window.harness.run_steps(40);
    window.harness.state_mut().keep_now();
    let app = window.harness.state();
    let path = app.session.city().map(|city| city.path.clone()).expect("a city");
    let kept = app.session.settings().view_of(&path).expect("a view");
    assert!((kept.rotation_rad.to_degrees() + 15.0).abs() < 1e-9);
}

#[test]
fn the_second_map_has_layers_of_its_own_and_goes_where_the_first_one_goes() {
    let mut window = Window::open();
    window.press(Modifiers::CTRL, Key::M);
    let size = window.map().camera.size_px();
    window.click("此图的图层");
    window.click("全不选");
    window.click("此图的图层");
    let second = window.map().second().expect("a second map");
    let city = window.harness.state().session.city().expect("a city");
    assert!(city.layers.iter().all(|layer| layer.visible && !second.shown.holds(layer)));
    assert!(size[0] < 400.0, "{size:?}");
    window.press(Modifiers::CTRL, Key::Plus);
    let (first, second) = (window.map().camera.view(), window.map().second().map(|second| second.camera.view()));
    assert_eq!(second, Some(first));
    window.click("改为卷帘");
    assert!(window.map().second().is_some_and(|second| second.is_swipe));
    assert!(window.map().camera.size_px()[0] > size[0] * 1.5);
    assert!(window.has("两图分隔线"));
    window.click("收起第二张图");
    assert!(window.map().second().is_none() && !window.has("两图分隔线"));
}

#[test]
fn the_arrow_keys_move_the_divider_of_a_swipe() {
    let mut window = Window::open();
    window.press(Modifiers::CTRL | Modifiers::ALT, Key::M);
    let before = window.harness.get_by_label("两图分隔线").rect().center();
    window.harness.get_by_label("两图分隔线").focus();
    window.steps();
    for _ in 0..3 {
        window.press(Modifiers::NONE, Key::ArrowRight);
    }
    assert!(window.harness.get_by_label("两图分隔线").rect().center().x > before.x + 10.0);
}

#[test]
fn a_click_on_the_overview_moves_the_map() {
    let mut window = Window::open();
    window.press(Modifiers::CTRL, Key::Num8);
    let overview = window.harness.get_by_label("鹰眼图").rect();
    window.press(Modifiers::CTRL, Key::Plus);
    window.click_at(pos2(overview.left() + 20.0, overview.bottom() - 20.0), PointerButton::Primary);
    let [longitude, latitude] = place::lonlat_from_world(window.map().camera.view().center_world);
    assert!(longitude < NOTES[0][0] && latitude < NOTES[0][1] + 0.005, "{longitude} {latitude}");
    window.press(Modifiers::CTRL, Key::Num8);
    assert!(!window.has("鹰眼图"));
}

#[test]
fn the_grid_comes_and_goes() {
    let mut window = Window::open();
    let shapes = |window: &mut Window| {
        window.steps();
        window.harness.output().shapes.len()
    };
    let bare = shapes(&mut window);
    window.press(Modifiers::CTRL, Key::G);
    assert!(shapes(&mut window) >= bare + 20);
    window.press(Modifiers::CTRL, Key::G);
    assert!(shapes(&mut window) < bare + 10);
}

#[test]
fn full_screen_is_the_map_alone_and_esc_leads_back() {
    let mut window = Window::open();
    let before = window.map().camera.size_px();
    window.press(Modifiers::NONE, Key::F11);
    let alone = window.map().camera.size_px();
    assert!(!window.has("项目") && alone[0] > before[0] + 500.0 && alone[1] > before[1] + 100.0, "{alone:?}");
    window.press(Modifiers::NONE, Key::Escape);
    assert!(window.has("项目"));
    window.press(Modifiers::CTRL, Key::Tab);
    assert!(!window.harness.state().shell.left && !window.harness.state().shell.right);
    window.press(Modifiers::CTRL, Key::Tab);
    assert!(window.harness.state().shell.left && window.harness.state().shell.right);
}

#[test]
fn keys_stay_in_a_dialog_until_the_map_behind_it_is_clicked() {
    let mut window = Window::open();
    // Whoever was at the map when the dialog came up is at the dialog now.
    window.click_at(window.screen([115.981, 29.711]), PointerButton::Primary);
    window.press(Modifiers::CTRL, Key::P);
    let before = window.map().camera.view();
    for (held, key) in [(Modifiers::NONE, Key::ArrowLeft), (Modifiers::NONE, Key::PageUp), (Modifiers::CTRL, Key::Z)] {
        window.press(held, key);
    }
    let app = window.harness.state();
    assert_eq!(app.map.camera.view(), before);
    let can_redo = app.session.city().is_some_and(|city| city.redo.is_some());
    assert!(!can_redo, "nothing behind a dialog is undone");
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!window.has("打印地图"));
    window.press(Modifiers::NONE, Key::PageUp);
    assert!(window.map().camera.view().metres_per_px < before.metres_per_px);
}

#[test]
fn a_bookmark_keeps_the_turn_of_the_map() {
    let mut window = Window::open();
    window.press(Modifiers::CTRL, Key::CloseBracket);
    window.press(Modifiers::CTRL, Key::B);
    window.harness.get_by_label("书签名称").type_text("湖边");
    window.steps();
    window.click("添加");
    window.wait(|app| app.session.city().is_some_and(|city| city.bookmarks.len() == 1));
    window.click("正北朝上");
    window.press(Modifiers::CTRL, Key::Num7);
    window.click("湖边");
    assert!((window.degrees() - 15.0).abs() < 1e-9);
}

#[test]
fn what_is_drawn_for_a_place_is_on_both_maps_and_panels_lie_at_the_right_of_both() {
    let mut window = Window::open();
    assert_eq!(window.map().lenses().count(), 1);
    window.press(Modifiers::CTRL, Key::M);
    window.press(Modifiers::NONE, Key::F11);
    window.click_at(window.screen(NOTES[0]), PointerButton::Primary);
    window.wait(|app| app.session.details().is_some_and(|details| details.row.is_some()));
    let places: Vec<egui::Rect> = window.map().lenses().map(|lens| lens.map).collect();
    let put_away = window.harness.get_by_label("收起右栏").rect();
    assert!(places.len() == 2 && !places[0].intersects(put_away) && places[1].contains_rect(put_away), "{places:?}");
    window.click("改为卷帘");
    assert_eq!(window.map().lenses().count(), 1, "a swept map looks where the first one does");
}
