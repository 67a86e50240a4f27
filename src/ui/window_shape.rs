//! How the window stands and where the map looks: kept in the settings once both rest, taken up at the next start.

use std::path::PathBuf;

use egui::{Context, Rect, Vec2, ViewportCommand, vec2};

use super::app::App;
use super::camera::View;
use super::right_panel::RightTab;
use crate::session::command::{Command, SettingsCommand};
use crate::session::settings::{KeptView, WindowShape};

/// So long everything must stay as it is before it is kept, seconds: not every frame of a drag is written down.
const REST_S: f64 = 2.0;
/// What title bar and task bar take of a screen's height.
const BARS: f32 = 72.0;

/// What is known of how the window stands.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    standing: Option<(WindowShape, Option<KeptView>)>,
    since_s: f64,
    /// The city whose kept view was taken up.
    placed: Option<PathBuf>,
    /// Whether the window was seen to fit its screen.
    is_fitted: bool,
}

impl App {
    /// A city that was looked at before is shown as it was left.
    pub(super) fn take_up_view(&mut self) {
        let Some(city) = self.session.city() else {
            self.shell.keeping.placed = None;
            return;
        };
        // Until its layers are known the map has not gone there itself.
        if city.home_world().is_none() || self.shell.keeping.placed.as_ref() == Some(&city.path) {
            return;
        }
        let path = city.path.clone();
        if let Some(kept) = self.session.settings().view_of(&path) {
            let KeptView { center_world, metres_per_px, rotation_rad, .. } = *kept;
            self.map.camera.go(View { center_world, metres_per_px, rotation_rad });
            self.map.camera.forget();
        }
        self.shell.keeping.placed = Some(path);
    }

    /// Keeps how things stand, once they have stood so for a while.
    pub(super) fn keep(&mut self, ctx: &Context) {
        let now_s = ctx.input(|input| input.time);
        let standing = (self.shape(ctx), self.kept_view());
        if self.shell.keeping.standing.as_ref() != Some(&standing) {
            let city_of = |(_, view): &(WindowShape, Option<KeptView>)| view.as_ref().map(|view| view.city.clone());
            let before = self.shell.keeping.standing.as_ref().map(city_of);
            if before.is_some_and(|before| before != city_of(&standing)) {
                // Another city: of the one before this is the last that is seen.
                self.keep_now();
            }
            self.shell.keeping.standing = Some(standing);
            self.shell.keeping.since_s = now_s;
        }
        let rest_s = self.shell.keeping.since_s + REST_S - now_s;
        if rest_s <= 0.0 {
            self.keep_now();
        } else if self.news().iter().any(Option::is_some) {
            ctx.request_repaint_after_secs(rest_s as f32 + 0.01);
        }
    }

    /// Keeps how things stand, at once.
    pub(super) fn keep_now(&mut self) {
        for command in self.news().into_iter().flatten() {
            self.session.run(Command::Settings(command));
        }
    }

    /// What the settings do not know yet.
    fn news(&self) -> [Option<SettingsCommand>; 2] {
        let Some((shape, view)) = &self.shell.keeping.standing else { return [None, None] };
        let settings = self.session.settings();
        let is_new = |view: &&KeptView| settings.view_of(&view.city) != Some(*view);
        let shape = (settings.window != *shape).then(|| SettingsCommand::Window(shape.clone()));
        [shape, view.as_ref().filter(is_new).map(|view| SettingsCommand::View(view.clone()))]
    }

    fn shape(&self, ctx: &Context) -> WindowShape {
        let before = self.session.settings().window.clone();
        let (inner, fills) = ctx.input(|input| {
            let viewport = input.viewport();
            (viewport.inner_rect, [viewport.maximized, viewport.fullscreen].contains(&Some(true)))
        });
        let size = inner.map_or(ctx.content_rect().size(), |inner| inner.size());
        let [left_width, right_width, dock_height] = self.shell.sizes;
        let shape = WindowShape {
            size: if fills { before.size } else { [size.x.round(), size.y.round()] },
            maximized: if self.shell.full_screen { before.maximized } else { fills },
            left_width,
            right_width,
            dock_height,
            left_open: self.shell.left,
            right_open: self.shell.right,
            right_tab: tab_code(self.panels.right.tab).to_owned(),
            map_grid: self.map.has_grid,
            overview_map: self.map.overview.is_open,
        };
        shape.sound()
    }

    /// Where the open city is looked at, once it is looked at.
    fn kept_view(&self) -> Option<KeptView> {
        let city = self.shell.keeping.placed.clone()?;
        let View { center_world, metres_per_px, rotation_rad } = self.map.camera.view();
        Some(KeptView { city, center_world, metres_per_px, rotation_rad })
    }

    /// A window that is larger than its screen is made to fit, once: nobody can reach the buttons beyond the edge.
    pub(super) fn fit_screen(&mut self, ctx: &Context) {
        let (screen, inner) = ctx.input(|input| (input.viewport().monitor_size, input.viewport().inner_rect));
        let (Some(screen), Some(inner)) = (screen, inner) else { return };
        if std::mem::replace(&mut self.shell.keeping.is_fitted, true) {
            return;
        }
        let fills = ctx.input(|input| input.viewport().maximized == Some(true));
        if let Some(size) = fitting(inner, screen).filter(|_| !fills) {
            ctx.send_viewport_cmd(ViewportCommand::InnerSize(size));
            ctx.send_viewport_cmd(ViewportCommand::Maximized(true));
        }
    }
}

/// The size that fits the screen, if the window's does not.
fn fitting(inner: Rect, screen: Vec2) -> Option<Vec2> {
    let most = screen - vec2(0.0, BARS);
    let is_sound = most.x > 100.0 && most.y > 100.0;
    let is_larger = inner.width() > most.x || inner.height() > most.y;
    (is_sound && is_larger).then(|| inner.size().min(most))
}

/// The word for a tab in the settings.
fn tab_code(tab: RightTab) -> &'static str {
    match tab {
        RightTab::Details => "details",
        RightTab::Notes => "notes",
        RightTab::History => "history",
        RightTab::Style => "style",
        RightTab::Sewer => "sewer",
    }
}

/// Reads what [`tab_code`] writes; details for anything else.
pub(super) fn tab_of(code: &str) -> RightTab {
    let all = [RightTab::Notes, RightTab::History, RightTab::Style, RightTab::Sewer];
    all.into_iter().find(|tab| tab_code(*tab) == code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn a_window_is_made_to_fit_a_smaller_screen_and_left_alone_on_a_larger_one() {
        let check = |screen: [f32; 2], expected: Option<[f32; 2]>| {
            let inner = Rect::from_min_size(pos2(0.0, 0.0), vec2(1600.0, 1000.0));
            assert_eq!(fitting(inner, screen.into()), expected.map(Vec2::from));
        };
        check([1920.0, 1080.0], None);
        check([1366.0, 768.0], Some([1366.0, 696.0]));
        check([1920.0, 1024.0], Some([1600.0, 952.0]));
        check([0.0, 0.0], None);
    }

    #[test]
    fn every_tab_comes_back_by_its_word() {
        for tab in [RightTab::Details, RightTab::Notes, RightTab::History, RightTab::Style, RightTab::Sewer] {
            assert_eq!(tab_of(tab_code(tab)), tab);
        }
        assert_eq!(tab_of("browser"), RightTab::Details);
    }
}
