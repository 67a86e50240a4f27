//! A sheet composed and printed in the window, on a small city.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui_kittest::{Harness, kittest::Queryable as _};
use tempfile::TempDir;

use super::*;
use crate::model::geometry::Geometry;
use crate::session::test_city::TestCity;

/// The window's part that prints, and the folder it prints into.
struct Desk {
    session: Session,
    camera: Camera,
    state: PrintState,
    asks: Asks,
    folder: Arc<TempDir>,
}

/// Three kiosks in a city of their own, the dialog open on it.
fn desk() -> Harness<'static, Desk> {
    let mut city = TestCity::new();
    city.create("kiosk");
    let kiosk =
        |at: usize| (Geometry::point(115.99 + at as f64 * 0.01, 29.7), vec![("name", format!("亭{at}").into())]);
    city.add("kiosk", (1..=3).map(kiosk));
    let (session, folder) = city.into_session();
    let mut state = PrintState::default();
    let camera = Camera::default();
    state.open(&session, &camera);
    let builder = Harness::builder().with_size(vec2(1280.0, 1000.0)).with_context_setup(theme::install);
    let desk = Desk { session, camera, state, asks: Asks::new(), folder };
    builder.build_ui_state(
        |ui, desk: &mut Desk| {
            desk.session.poll();
            print_ui(ui.ctx(), &mut desk.session, &desk.camera, &mut desk.state, &mut desk.asks);
        },
        desk,
    )
}

/// What is said of the preview, once it says this.
#[track_caller]
fn wait_for(harness: &mut Harness<'static, Desk>, words: &str) {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        harness.run_steps(2);
        let said = harness.get_by_label("打印预览").value().unwrap_or_default();
        if said.contains(words) && !harness.state().session.sheet_preview().is_drawing {
            return;
        }
        assert!(Instant::now() < end, "{said}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Prints to a path as if it had been chosen in the desktop's dialog, and waits for the end.
#[track_caller]
fn print(harness: &mut Harness<'static, Desk>, path: &str) {
    harness.get_by_label("输出…").click();
    harness.run_steps(2);
    assert!(matches!(harness.state().asks.last(), Some(UiAsk::PickFile(_))));
    let desk = harness.state_mut();
    let path = desk.folder.path().join(path);
    let Some(UiAsk::Run(command)) = desk.state.print(&desk.session, &path) else { panic!("nothing to print") };
    let _ = desk.session.run(command);
    let end = Instant::now() + Duration::from_mins(1);
    while harness.state().session.printing().is_some() {
        assert!(Instant::now() < end, "it never ended");
        harness.run_steps(1);
        std::thread::sleep(Duration::from_millis(5));
    }
    harness.run_steps(2);
}

#[test]
fn a_sheet_is_chosen_seen_and_printed_at_its_true_size() {
    let mut harness = desk();
    wait_for(&mut harness, "A3 横");
    harness.get_by_label("A4").click();
    harness.get_by_label("竖").click();
    wait_for(&mut harness, "A4 竖");
    harness.get_by_label("A3").click();
    harness.get_by_label("横").click();
    harness.get_by_role_and_label(egui::Role::TextInput, "图幅比例尺").focus();
    harness.run_steps(2);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.get_by_role_and_label(egui::Role::TextInput, "图幅比例尺").type_text("1:7500");
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    wait_for(&mut harness, "A3 横, 1:7,500");
    let before = harness.state().session.sheet_preview().picture.cloned().expect("a picture");
    harness.get_by_role_and_label(egui::Role::TextInput, "标题").focus();
    harness.run_steps(2);
    harness.get_by_role_and_label(egui::Role::TextInput, "标题").type_text(" 分类亭");
    harness.run_steps(3);
    wait_for(&mut harness, "A3 横");
    let after = harness.state().session.sheet_preview().picture.cloned().expect("a picture");
    assert!(before.size == after.size && before.rgba != after.rgba, "the title is seen");

    print(&mut harness, "图.pdf");
    let pdf = std::fs::read(harness.state().folder.path().join("图.pdf")).expect("the file");
    let text = String::from_utf8_lossy(&pdf);
    let sides = text.split("/MediaBox").nth(1).expect("a page").trim_start().trim_start_matches('[');
    let sides: Vec<f64> = sides.split([' ', ']']).filter_map(|side| side.parse().ok()).take(4).collect();
    let mm = [sides[2], sides[3]].map(|points| (points / 72.0 * 25.4 * 10.0).round() / 10.0);
    assert_eq!(mm, [420.0, 297.0], "{sides:?}");
    assert!(harness.query_by_label_contains("已输出 1 页").is_some());
}

#[test]
fn a_hand_moves_the_map_on_the_sheet_by_as_much_as_itself() {
    let mut harness = desk();
    wait_for(&mut harness, "A3 横");
    let view = harness.state().session.sheet_preview().picture.expect("a picture").view;
    let sheet = harness.get_by_label("打印预览").rect();
    let by = egui::vec2(60.0, -30.0);
    harness.drag_at(sheet.center());
    harness.run_steps(2);
    harness.hover_at(sheet.center() + by);
    harness.run_steps(2);
    harness.drop_at(sheet.center() + by);
    harness.run_steps(2);
    let px_per_point = Plan::default().paper().size_px()[0] / f64::from(sheet.width());
    let world_m = |side: f32| f64::from(side) * px_per_point * view.metres_per_px;
    let [x, y] = harness.state().state.plan.center_world;
    let off = [x - (view.center_world[0] - world_m(by.x)), y - (view.center_world[1] + world_m(by.y))];
    assert!(off.iter().all(|off| off.abs() < view.metres_per_px * 2.0), "{off:?}");
    wait_for(&mut harness, "A3 横");
    let moved = harness.state().session.sheet_preview().picture.expect("a picture").view;
    assert!((moved.center_world[0] - x).abs() < 0.01, "the picture follows");
}

#[test]
fn a_series_shows_its_pages_and_becomes_a_file_for_each() {
    let mut harness = desk();
    harness.get_by_label("一个要素一页").click();
    wait_for(&mut harness, "1 / 3");
    harness.get_by_label("下一页").click();
    wait_for(&mut harness, "2 / 3");
    harness.get_by_label("亭2");
    harness.get_by_role_and_label(egui::Role::TextInput, "条件").focus();
    harness.run_steps(2);
    harness.get_by_role_and_label(egui::Role::TextInput, "条件").type_text("name <> '亭2'");
    wait_for(&mut harness, "2 / 2");
    harness.get_by_label("每页一个文件").click_accesskit();
    harness.run_steps(2);
    print(&mut harness, "");
    let title = harness.state().state.plan.title.clone();
    for (number, name) in [(1, "亭1"), (2, "亭3")] {
        let file = harness.state().folder.path().join(format!("{title} {number} {name}.pdf"));
        assert!(file.exists(), "{}", file.display());
    }
    assert!(harness.query_by_label_contains("已输出 2 个文件").is_some());
}
