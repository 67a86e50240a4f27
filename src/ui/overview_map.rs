//! The overview: the whole city on a small map in the corner, with the frame of what the large one shows. A click or drag
//! on it moves the large one.

use std::sync::Arc;
use std::time::Instant;

use egui::{Id, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::camera::{Camera, View};
use super::map_buttons::{EDGE, SIDE};
use super::map_hand::local;
use super::map_marks::Lens;
use super::map_tiles::{Sight, Tiles};
use super::theme::{self, Tokens};
use crate::kinds::kind::Group;
use crate::model::geometry::{Bounds, GeometryKind};
use crate::session::Session;
use crate::session::map::painting::Pane;
use crate::session::map::shown::Shown;
use crate::session::state::{CityView, LayerView};

/// Its size, and the share of the map that it takes at most.
const SIZE: [f32; 2] = [224.0, 168.0];
const MOST_OF_MAP: f32 = 0.35;
/// A frame smaller than this is hard to see: a ring goes around it.
const SMALL_FRAME: f32 = 10.0;

/// What it remembers from frame to frame.
pub(super) struct OverviewMap {
    /// Whether it is on the map.
    pub(super) is_open: bool,
    camera: Camera,
    tiles: Tiles,
    /// The part of the world that it shows, and in which size.
    fitted: Option<(Bounds, [f64; 2])>,
}

impl Default for OverviewMap {
    fn default() -> Self {
        Self { is_open: false, camera: Camera::default(), tiles: Tiles::of_pane(Pane::Overview), fitted: None }
    }
}

impl OverviewMap {
    /// Lays the city out in the room there is.
    fn fit(&mut self, whole: Bounds, size_px: [f64; 2]) {
        if self.fitted.replace((whole, size_px)) != Some((whole, size_px)) {
            self.camera.resize(size_px);
            self.camera.go_to_bounds(&whole);
            self.camera.forget();
        }
    }
}

/// Where it stands on `map`.
pub(super) fn place(map: Rect) -> Rect {
    let size = vec2(SIZE[0].min(map.width() * MOST_OF_MAP), SIZE[1].min(map.height() * MOST_OF_MAP));
    Rect::from_min_size(map.right_bottom() - vec2(EDGE * 2.0 + SIDE, EDGE) - size, size)
}

/// The layers that it shows, of those whose eye is open: areas, and lines of the base map, of roads and of what files
/// brought. At its size anything else would hide them.
fn ground(city: &CityView) -> Shown {
    let is_ground = |layer: &&LayerView| {
        let is_line_of = matches!(layer.group(), Group::Base | Group::Roads | Group::Other);
        match layer.schema.geometry.and_then(GeometryKind::dimension) {
            Some(2) => layer.group() != Group::Notes,
            Some(1) => is_line_of,
            _ => false,
        }
    };
    let shown = city.layers.iter().filter(|layer| layer.visible).filter(is_ground);
    Shown::These(Arc::new(shown.map(|layer| layer.table().to_owned()).collect()))
}

/// Shows it at the lower right of `map`, beside the buttons there. `main` is where the large map looks.
pub(super) fn overview_ui(
    ui: &Ui,
    session: &mut Session,
    overview: &mut OverviewMap,
    main: &mut Camera,
    map: Rect,
    stop: Instant,
) {
    let whole = session.city().and_then(|city| city.home_world().or_else(|| city.bounds_world()));
    let Some(whole) = whole.filter(|_| overview.is_open) else {
        if overview.fitted.take().is_some() {
            overview.tiles.close(session);
        }
        return;
    };
    let rect = place(map);
    overview.fit(whole, [f64::from(rect.width()), f64::from(rect.height())]);
    pointer(ui, session, overview, main, rect);
    let shown = session.city().map_or(Shown::Visible, ground);
    let sight = Sight { camera: &overview.camera, shown: &shown, pointer_px: None, stop };
    overview.tiles.follow(ui.ctx(), session, sight);
    let tokens = Tokens::of(ui);
    ui.painter().add(theme::floating_shadow(ui.visuals().dark_mode).as_shape(rect, theme::RADIUS));
    ui.painter().rect_filled(rect, 0, tokens.land);
    overview.tiles.draw_ground(ui, rect, rect, &overview.camera);
    draw_frame(ui, &Lens { camera: &overview.camera, map: rect }, main);
    ui.painter().rect_stroke(rect, 0, Stroke::new(1.0, tokens.line_strong), StrokeKind::Outside);
}

fn pointer(ui: &Ui, session: &Session, overview: &OverviewMap, main: &mut Camera, rect: Rect) {
    let response = ui.interact(rect, Id::unique("overview-map"), Sense::click_and_drag());
    let name = session.lang().pick("鹰眼图", "Overview map");
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, name));
    if let Some(at) = response.interact_pointer_pos().filter(|_| response.clicked() || response.dragged()) {
        let center_world = overview.camera.world_from_screen(local(rect, at));
        main.go_along(View { center_world, ..main.view() });
    }
    if response.clicked() || response.drag_stopped() {
        main.settle();
    }
    response.on_hover_cursor(egui::CursorIcon::Move);
}

fn draw_frame(ui: &Ui, lens: &Lens<'_>, main: &Camera) {
    let (tokens, painter) = (Tokens::of(ui), ui.painter().with_clip_rect(lens.map));
    let frame: Vec<Pos2> = main.corners_world().map(|corner| lens.at(corner)).to_vec();
    let around = Rect::from_points(&frame);
    if !around.expand(SMALL_FRAME).intersects(lens.map) {
        return;
    }
    painter.add(Shape::convex_polygon(frame.clone(), tokens.accent.gamma_multiply(0.14), Stroke::NONE));
    for stroke in [Stroke::new(3.6, tokens.raised), Stroke::new(1.8, tokens.accent)] {
        painter.add(Shape::closed_line(frame.clone(), stroke));
        if around.size().max_elem() < SMALL_FRAME {
            painter.circle_stroke(around.center(), SMALL_FRAME, stroke);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::Schema;

    #[test]
    fn the_whole_city_is_laid_out_once_and_again_when_it_grows() {
        let mut overview = OverviewMap::default();
        let city = Bounds::new(12_900_000.0, 3_460_000.0, 12_930_000.0, 3_480_000.0);
        overview.fit(city, [224.0, 168.0]);
        let view = overview.camera.view();
        let seen = overview.camera.bounds_world();
        assert!(seen.contains(city.min) && seen.contains(city.max));
        overview.fit(city, [224.0, 168.0]);
        assert_eq!(overview.camera.view(), view);
        overview.fit(city.grown(5000.0), [224.0, 168.0]);
        assert!(overview.camera.view().metres_per_px > view.metres_per_px);
    }

    #[test]
    fn signs_of_points_do_not_hide_the_ground() {
        let mut city = crate::ui::sample::city();
        let area = |table: &str, visible| {
            let schema = crate::ui::sample::manhole_schema();
            let schema = Schema { table: table.to_owned(), geometry: Some(GeometryKind::Polygon), ..schema };
            LayerView { visible, ..crate::ui::sample::layer(schema, "plain") }
        };
        city.layers.extend([area("district", true), area("hidden", false)]);
        let shown = ground(&city);
        let held: Vec<&str> = city.layers.iter().filter(|layer| shown.holds(layer)).map(LayerView::table).collect();
        assert_eq!(held, ["district"]);
    }
}
