//! On the map: what a comparison found, and the frame of a file that would come in.

use egui::{Color32, Painter, Rect, Shape, Stroke, Ui};

use super::map_marks::Lens;
use super::panels::Panels;
use super::theme::Tokens;
use crate::model::geometry::Bounds;
use crate::session::Session;
use crate::session::compare::{Comparison, Difference, DifferenceKind};

/// Differences that are drawn at once; nobody could tell more of them apart.
const MOST: usize = 2000;
/// Radius of the ring around a point.
const RING: f32 = 7.0;

/// The colour of a kind of difference, in list and map.
pub(super) fn color_of(kind: DifferenceKind, tokens: &Tokens) -> Color32 {
    match kind {
        DifferenceKind::Added => tokens.ok,
        DifferenceKind::Moved => tokens.warn,
        DifferenceKind::Changed => tokens.info,
        DifferenceKind::Gone => tokens.err,
    }
}

/// Shows where an import would lie, and what differs of a file that is held against a layer.
pub(super) fn coming_ui<'a>(ui: &Ui, lenses: impl Iterator<Item = Lens<'a>>, session: &Session, panels: &Panels) {
    for lens in lenses {
        let painter = ui.painter().with_clip_rect(lens.map);
        draw_frames(ui, &painter, &lens, panels.import.bounds_world());
        if let Some(comparison) = session.comparison() {
            draw(ui, &painter, &lens, comparison, panels.compare.current());
        }
    }
}

/// Draws the differences that are open: where a thing was thinly, where it is in the colour of its kind.
fn draw(ui: &Ui, painter: &Painter, lens: &Lens<'_>, comparison: &Comparison, current: Option<usize>) {
    let (tokens, seen) = (Tokens::of(ui), lens.camera.bounds_world());
    let is_seen = |it: &(usize, &Difference)| !it.1.taken && it.1.bounds_world.is_some_and(|at| at.intersects(&seen));
    let open = comparison.differences.iter().enumerate();
    for (place, difference) in open.filter(is_seen).take(MOST) {
        let width = if current == Some(place) { 4.0 } else { 2.4 };
        let color = color_of(difference.kind(), tokens);
        let [old, new] = &difference.paths_world;
        if difference.kind() == DifferenceKind::Gone {
            draw_paths(painter, lens, old, Stroke::new(width, color));
        } else {
            if difference.moved_m.is_some() {
                draw_paths(painter, lens, old, Stroke::new(1.2, tokens.text2));
                draw_way(painter, lens, old, new, color);
            }
            draw_paths(painter, lens, new, Stroke::new(width + 1.6, tokens.raised));
            draw_paths(painter, lens, new, Stroke::new(width, color));
        }
    }
}

fn draw_paths(painter: &Painter, lens: &Lens<'_>, paths: &[Vec<[f64; 2]>], stroke: Stroke) {
    for path in paths {
        match path.as_slice() {
            [] => {}
            [place] => _ = painter.circle_stroke(lens.at(*place), RING, stroke),
            _ => lens.polyline(painter, path, stroke),
        }
    }
}

/// An arrow from where a thing was to where it is.
fn draw_way(painter: &Painter, lens: &Lens<'_>, old: &[Vec<[f64; 2]>], new: &[Vec<[f64; 2]>], color: Color32) {
    let first = |paths: &[Vec<[f64; 2]>]| paths.first()?.first().copied();
    let (Some(old), Some(new)) = (first(old), first(new)) else { return };
    let (from, to) = (lens.at(old), lens.at(new));
    let reach = lens.map.expand(2000.0);
    if from.distance(to) > RING * 2.0 && reach.contains(from) && reach.contains(to) {
        painter.arrow(from, to - from, Stroke::new(1.6, color));
    }
}

/// Draws where the layers of a file would lie.
fn draw_frames(ui: &Ui, painter: &Painter, lens: &Lens<'_>, frames: impl Iterator<Item = Bounds>) {
    let (tokens, reach) = (Tokens::of(ui), lens.map.expand(64.0));
    for frame in frames {
        let ([west, south], [east, north]) = (frame.min, frame.max);
        let corners = [[west, south], [east, south], [east, north], [west, north], [west, south]];
        let on_screen: Vec<_> = corners[..4].iter().map(|corner| lens.at(*corner)).collect();
        let around = Rect::from_points(&on_screen);
        // What fills the map for itself would only darken it.
        if around.intersects(reach) && reach.contains_rect(around) {
            painter.add(Shape::convex_polygon(on_screen, tokens.draft.gamma_multiply(0.12), Stroke::NONE));
        }
        lens.polyline(painter, &corners, Stroke::new(3.6, tokens.raised));
        lens.polyline(painter, &corners, Stroke::new(1.8, tokens.draft));
    }
}
