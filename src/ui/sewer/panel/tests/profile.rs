//! The long profile in the dock: by keys, with heights as typed, and on its way to a file.

use super::*;

impl Window {
    /// The profile from W1 to W5.
    fn with_profile() -> Self {
        let mut window = Self::open();
        window.act(ActionId::SewerProfile);
        window.click_at(window.screen(at(1)), PointerButton::Primary);
        window.click_at(window.screen(at(5)), PointerButton::Primary);
        window.wait_lines(SewerTopic::Profile, 4);
        // The pointer stays on the map, where it would point at the course.
        window.harness.event(egui::Event::PointerMoved(Pos2::new(700.0, 120.0)));
        window.steps();
        window
    }

    fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.steps();
    }

    /// What a chart, a picture or a number says.
    #[track_caller]
    fn told_by(&self, label: &str) -> String {
        self.harness.get_by_label(label).value().unwrap_or_default()
    }

    /// Longitude of the place that chart and map point at.
    #[track_caller]
    fn pointed_lon(&self) -> f64 {
        place::lonlat_from_world(self.harness.state().map.sewer.spot_world.expect("a place on the map"))[0]
    }
}

#[test]
fn arrows_go_from_node_to_node_and_plus_and_nought_zoom() {
    let mut window = Window::with_profile();
    window.harness.get_by_label("纵断面图").focus();
    window.steps();
    for node in [2, 3, 4] {
        window.press(Key::ArrowRight);
        assert!((window.pointed_lon() - at(node)[0]).abs() < 2e-6, "W{node}");
    }
    window.press(Key::ArrowLeft);
    assert!((window.pointed_lon() - at(3)[0]).abs() < 2e-6);
    window.press(Key::End);
    assert!((window.pointed_lon() - at(5)[0]).abs() < 2e-6);
    let told = window.told_by("纵断面图");
    assert!(told.contains("P4") && told.contains("管底 16.50"), "{told}");
    assert!(!window.has("看全程"));
    window.press(Key::Plus);
    assert!(window.has("看全程"), "zoomed in");
    window.press(Key::Num0);
    assert!(!window.has("看全程"));
}

#[test]
fn heights_are_fitted_until_they_are_a_number() {
    let mut window = Window::with_profile();
    let fitted = window.told_by("高度放大");
    assert!(fitted.starts_with("× "), "{fitted}");
    window.click("自动");
    assert_eq!(window.told_by("高度放大"), fitted, "what was fitted stays as a number");
    window.click("自动");
    assert_eq!(window.told_by("高度放大"), fitted);
}

#[test]
fn a_profile_is_seen_as_pages_before_it_is_written() {
    let mut window = Window::with_profile();
    window.click("导出纵断面…");
    let told = |app: &mut Window, words: &str| {
        for _ in 0..3000 {
            app.steps();
            if app.has("纵断面预览") && app.told_by("纵断面预览").contains(words) {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("{words} is not {}", app.told_by("纵断面预览"));
    };
    // 387 m lie within one page of A2 at 1:1000, not of A3.
    told(&mut window, "1:1000, 1:100, 1 / 2");
    window.click("下一页");
    told(&mut window, "2 / 2");
    window.click("A2");
    told(&mut window, "1 / 1");
    window.click("长图");
    told(&mut window, "1 / 1");
    window.click("XLSX");
    assert!(!window.has("长图") && window.says("净距"), "rows have no paper");
    window.press(Key::Escape);
    assert!(!window.has("纵断面预览") && window.has("纵断面图"));
}
