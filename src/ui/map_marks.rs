//! What lies over the map's picture: selection, the thing under the pointer, lines that a tool draws, boxes.

use std::collections::{HashSet, VecDeque};

use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use super::camera::Camera;
use super::theme::{self, RADIUS, Tokens};
use super::tools::Tool;
use super::widgets;
use crate::model::geometry::{Bounds, Coords, Geometry, Visitor};
use crate::session::Session;
use crate::session::place;
use crate::session::state::FeatureRef;

/// Outlines that are fetched in one frame; the rest follows in the next ones.
const A_FRAME: usize = 2000;
/// Selections of many layers, or of very many rows, are looked through in so many steps a frame.
const WALKS_A_FRAME: usize = 4;
/// The part of the world that is looked through reaches so far beyond the view, as a share of it.
const BEYOND: f64 = 0.25;
/// With more than this selected, of things as small as a cell of so many pixels one a cell is marked.
const THIN_FROM: usize = 2000;
const CELL_PX: f64 = 5.0;
/// Positions drawn in one frame at most.
const MOST_POSITIONS: usize = 100_000;
/// Radius of the ring around a point.
const RING_RADIUS: f32 = 12.0;
/// Widths of selection: yellow, and the dark outline under it.
const PICK_WIDTH: f32 = 3.6;
const PICK_EDGE_WIDTH: f32 = 6.4;
/// With more things than this on the map, rings and lines get thinner so that what they mark is still seen.
const CROWD: usize = 30;

/// A feature's paths in the world, with a box around them.
#[derive(Debug)]
pub struct Outline {
    paths: Vec<Vec<[f64; 2]>>,
    bounds: Bounds,
}

impl Outline {
    /// The outline of a feature, if it has a place.
    pub fn of(session: &Session, at: &FeatureRef) -> Option<Self> {
        Self::around(session.outline(at))
    }

    fn around(paths: Vec<Vec<[f64; 2]>>) -> Option<Self> {
        let mut bounds = Bounds::EMPTY;
        paths.iter().flatten().for_each(|position| bounds.extend(*position));
        (!bounds.is_empty()).then_some(Self { paths, bounds })
    }

    fn positions(&self) -> usize {
        self.paths.iter().map(Vec::len).sum()
    }
}

/// What is known now of selected things' outlines: those in and around the view.
#[derive(Debug, Default)]
pub struct Marks {
    /// Revisions of the selection and of the city that they are from, and where was looked.
    known: Option<([u64; 2], Looked)>,
    outlines: Vec<Outline>,
    /// Those of another view or selection; they take the place of the old ones when all are there.
    coming: Option<Vec<Outline>>,
    /// What is still to be done for them.
    waiting: VecDeque<Waiting>,
    /// Cells in which something small is marked already.
    cells: HashSet<[i64; 2]>,
}

/// One piece of the way to the outlines of a layer.
#[derive(Debug)]
enum Waiting {
    /// Rows of the selection after this one are to be looked for in the view.
    Seek(String, Option<i64>),
    /// Outlines of these rows are to be fetched.
    Fetch(String, Vec<i64>),
}

/// A part of the world that was looked through for what is selected there.
#[derive(Clone, Copy, Debug)]
struct Looked {
    bounds: Bounds,
    metres_per_px: f64,
    is_thinned: bool,
}

impl Looked {
    /// Whether it will do for another view. What was thinned out for one scale is too coarse for a closer one.
    fn serves(&self, camera: &Camera) -> bool {
        let view = camera.bounds_world();
        let zoom = camera.view().metres_per_px / self.metres_per_px;
        let is_inside = self.bounds.contains(view.min) && self.bounds.contains(view.max);
        is_inside && (!self.is_thinned || (0.8..2.0).contains(&zoom))
    }
}

impl Marks {
    /// Follows the session's selection and the view, some outlines a frame.
    pub fn follow(&mut self, ui: &Ui, session: &Session, camera: &Camera) {
        let selection = session.selection();
        if selection.is_empty() {
            *self = Self::default();
            return;
        }
        let now = [selection.revision, session.city().map_or(0, |city| city.revision)];
        let is_known = self.known.is_some_and(|(revisions, looked)| revisions == now && looked.serves(camera));
        if !is_known {
            self.look_through(session, camera, now);
        }
        self.fetch(session);
        if self.coming.is_some() {
            ui.ctx().request_repaint();
        }
    }

    /// Begins to find out what is selected in and around the view.
    fn look_through(&mut self, session: &Session, camera: &Camera, revisions: [u64; 2]) {
        let (view, selection) = (camera.bounds_world(), session.selection());
        let bounds = view.grown(view.width().max(view.height()) * BEYOND);
        let is_thinned = selection.len() > THIN_FROM;
        let looked = Looked { bounds, metres_per_px: camera.view().metres_per_px, is_thinned };
        self.known = Some((revisions, looked));
        self.waiting = selection.rows.keys().map(|layer| Waiting::Seek(layer.clone(), None)).collect();
        self.coming = Some(Vec::new());
        self.cells.clear();
    }

    /// Goes on where the last frame stopped. While the map's memory is being written the old marks stay, and the next
    /// frame tries again.
    fn fetch(&mut self, session: &Session) {
        let Some((_, looked)) = self.known else { return };
        let (mut room, mut walks) = (A_FRAME, WALKS_A_FRAME);
        while room > 0
            && walks > 0
            && let Some(next) = self.waiting.pop_front()
        {
            match next {
                Waiting::Seek(layer, after) => {
                    walks -= 1;
                    let Some(part) = session.selected_in(&layer, after, &looked.bounds) else {
                        return self.waiting.push_front(Waiting::Seek(layer, after));
                    };
                    if part.walked_to.is_some() {
                        self.waiting.push_front(Waiting::Seek(layer.clone(), part.walked_to));
                    }
                    self.waiting.push_front(Waiting::Fetch(layer, part.ids));
                }
                Waiting::Fetch(layer, mut ids) => {
                    let rest = ids.split_off(ids.len().min(room));
                    let Some(outlines) = session.outlines(&layer, &ids) else {
                        ids.extend(rest);
                        return self.waiting.push_front(Waiting::Fetch(layer, ids));
                    };
                    room -= ids.len();
                    outlines.into_iter().filter_map(Outline::around).for_each(|outline| self.add(outline));
                    if !rest.is_empty() {
                        self.waiting.push_front(Waiting::Fetch(layer, rest));
                    }
                }
            }
        }
        if self.waiting.is_empty()
            && let Some(coming) = self.coming.take()
        {
            self.outlines = coming;
        }
    }

    /// Of many things that are smaller than a cell, the first in each cell stands for all: nobody could tell them apart.
    fn add(&mut self, outline: Outline) {
        let Some((_, looked)) = self.known else { return };
        let cell_m = looked.metres_per_px * CELL_PX;
        let is_small = outline.bounds.width().max(outline.bounds.height()) < cell_m;
        let cell = outline.bounds.center().map(|metres| (metres / cell_m).floor() as i64);
        let is_told = !looked.is_thinned || !is_small || self.cells.insert(cell);
        if let Some(coming) = self.coming.as_mut().filter(|_| is_told) {
            coming.push(outline);
        }
    }

    /// Draws the selection and what the details show.
    pub fn draw(&self, painter: &Painter, tokens: &Tokens, lens: &Lens<'_>, shown: Option<&Outline>) {
        let seen = lens.camera.bounds_world();
        let mut left = MOST_POSITIONS;
        let picked = self.outlines.iter().chain(shown);
        let picked: Vec<&Outline> = picked
            .filter(|outline| outline.bounds.intersects(&seen))
            .take_while(|outline| {
                left = left.saturating_sub(outline.positions());
                left > 0
            })
            .collect();
        let (scale, radius) = if picked.len() > CROWD { (0.6, RING_RADIUS / 2.0) } else { (1.0, RING_RADIUS) };
        let strokes = [(PICK_EDGE_WIDTH, tokens.pick_edge), (PICK_WIDTH, tokens.pick)];
        let strokes = strokes.map(|(width, color)| Stroke::new(width * scale, color));
        // The way to the screen is gone once for both strokes.
        let mut runs: Vec<Vec<Pos2>> = Vec::new();
        for path in picked.iter().flat_map(|outline| &outline.paths) {
            match path.as_slice() {
                [] => {}
                [place] => runs.push(vec![lens.at(*place)]),
                _ => runs.append(&mut lens.runs(path)),
            }
        }
        for run in &runs {
            draw_run(painter, run.clone(), strokes[0], radius);
        }
        for run in runs {
            draw_run(painter, run, strokes[1], radius);
        }
    }
}

/// The way from the world to the screen, for painting.
pub struct Lens<'a> {
    /// The map's eye.
    pub camera: &'a Camera,
    /// The map on the screen.
    pub map: Rect,
}

impl Lens<'_> {
    /// A place on the screen; may lie far outside.
    pub fn at(&self, world: [f64; 2]) -> Pos2 {
        let [x, y] = self.camera.screen_from_world(world);
        pos2((x + f64::from(self.map.left())) as f32, (y + f64::from(self.map.top())) as f32)
    }

    /// The part of the screen that a box of the world takes up; may lie far outside.
    pub fn rect(&self, world: &Bounds) -> Rect {
        let [[west, south], [east, north]] = [world.min, world.max];
        Rect::from_points(&[[west, south], [east, south], [east, north], [west, north]].map(|corner| self.at(corner)))
    }

    /// Draws a feature's outline: a ring around a point, strokes along lines and borders.
    pub fn draw(&self, painter: &Painter, outline: &Outline, stroke: Stroke, ring_radius: f32) {
        for path in &outline.paths {
            match path.as_slice() {
                [] => {}
                [place] => draw_run(painter, vec![self.at(*place)], stroke, ring_radius),
                _ => self.polyline(painter, path, stroke),
            }
        }
    }

    /// Draws what of a path is on the screen.
    pub fn polyline(&self, painter: &Painter, path: &[[f64; 2]], stroke: Stroke) {
        self.runs(path).into_iter().for_each(|run| draw_run(painter, run, stroke, 0.0));
    }

    /// What of a path is on the screen, in pieces; positions closer than a pixel are left out.
    fn runs(&self, path: &[[f64; 2]]) -> Vec<Vec<Pos2>> {
        let room = self.map.expand(64.0);
        let mut runs: Vec<Vec<Pos2>> = Vec::new();
        let mut last: Option<[f64; 2]> = None;
        for place in path {
            let [x, y] = self.camera.screen_from_world(*place);
            let here = [x + f64::from(self.map.left()), y + f64::from(self.map.top())];
            let Some(before) = last else {
                last = Some(here);
                continue;
            };
            let is_end = place == &path[path.len() - 1];
            if !is_end && (here[0] - before[0]).abs() < 0.8 && (here[1] - before[1]).abs() < 0.8 {
                continue;
            }
            last = Some(here);
            let Some([from, to]) = clip(before, here, room) else { continue };
            match runs.last_mut().filter(|run| run.last().is_some_and(|end| end.distance(from) <= 0.01)) {
                Some(run) => run.push(to),
                None => runs.push(vec![from, to]),
            }
        }
        runs
    }
}

/// Draws a piece of a path; a single position as a ring.
fn draw_run(painter: &Painter, run: Vec<Pos2>, stroke: Stroke, ring_radius: f32) {
    match run[..] {
        [] => {}
        [place] => {
            painter.circle_stroke(place, ring_radius, stroke);
        }
        _ => {
            painter.add(Shape::line(run, stroke));
        }
    }
}

/// The part of a segment inside a box (Liang–Barsky), in f64 since its ends may be far away.
pub(super) fn clip(from: [f64; 2], to: [f64; 2], room: Rect) -> Option<[Pos2; 2]> {
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    let step = [to[0] - from[0], to[1] - from[1]];
    let least = [f64::from(room.left()), f64::from(room.top())];
    let most = [f64::from(room.right()), f64::from(room.bottom())];
    for axis in 0..2 {
        for (toward, distance) in [(-step[axis], from[axis] - least[axis]), (step[axis], most[axis] - from[axis])] {
            if toward == 0.0 && distance < 0.0 {
                return None;
            }
            let share = distance / toward;
            if toward < 0.0 {
                enter = enter.max(share);
            } else if toward > 0.0 {
                leave = leave.min(share);
            }
        }
    }
    let at = |share: f64| pos2((from[0] + step[0] * share) as f32, (from[1] + step[1] * share) as f32);
    (enter <= leave).then(|| [at(enter), at(leave)])
}

/// Draws a tool's path, up to the pointer while it grows, with what it measures.
pub fn draw_tool(
    ui: &Ui,
    painter: &Painter,
    lens: &Lens<'_>,
    tool: &Tool,
    pointer: Option<[f64; 2]>,
    session: &Session,
) {
    if tool.path().is_empty() {
        return;
    }
    let tokens = Tokens::of(ui);
    let mut path = tool.path().to_vec();
    if !tool.is_finished() {
        path.extend(pointer);
    }
    let mut line = path.clone();
    if tool.kind().is_area() {
        fill(painter, lens, &path, tokens.draft.gamma_multiply(0.18));
        line.extend(path.first().copied());
    }
    lens.polyline(painter, &line, Stroke::new(4.4, tokens.raised));
    lens.polyline(painter, &line, Stroke::new(2.0, tokens.draft));
    for place in tool.path() {
        painter.circle(lens.at(*place), 4.0, tokens.raised, Stroke::new(2.0, tokens.draft));
    }
    let end = lens.at(path[path.len() - 1]);
    readout(ui, painter, end + vec2(14.0, 14.0), &measure_words(session, &path, tool.kind().is_area()));
}

/// Collects the positions of a geometry as paths in the world.
#[derive(Default)]
struct Paths(Vec<Vec<[f64; 2]>>);

impl Visitor for Paths {
    fn path(&mut self, coords: Coords<'_>) {
        self.0.push(coords.iter().map(place::world_from_lonlat).collect());
    }
}

/// Draws where the pointer of another pane is: a fine cross.
pub(super) fn draw_cross(ui: &Ui, painter: &Painter, lens: &Lens<'_>, world: [f64; 2]) {
    let (tokens, at) = (Tokens::of(ui), lens.at(world));
    for stroke in [Stroke::new(3.0, tokens.raised), Stroke::new(1.0, tokens.accent)] {
        for (gap, reach) in [(vec2(4.0, 0.0), vec2(14.0, 0.0)), (vec2(0.0, 4.0), vec2(0.0, 14.0))] {
            painter.line_segment([at - reach, at - gap], stroke);
            painter.line_segment([at + gap, at + reach], stroke);
        }
    }
}

/// Draws where a note will stand that is being written; its geometry is in WGS 84 degrees.
pub fn draw_draft(ui: &Ui, painter: &Painter, lens: &Lens<'_>, lonlat: &Geometry) {
    let tokens = Tokens::of(ui);
    let mut paths = Paths::default();
    lonlat.walk(&mut paths);
    for path in &paths.0 {
        if let [place] = path.as_slice() {
            let at = lens.at(*place);
            painter.circle(at, 6.0, tokens.draft, Stroke::new(2.0, tokens.raised));
            continue;
        }
        lens.polyline(painter, path, Stroke::new(4.4, tokens.raised));
        lens.polyline(painter, path, Stroke::new(2.0, tokens.draft));
    }
}

/// `1.35 km` with the last leg, or area and way around it.
fn measure_words(session: &Session, path: &[[f64; 2]], is_area: bool) -> Vec<String> {
    let (units, lang) = (session.settings().units, session.lang());
    let length = |path: &[[f64; 2]]| place::format_length(place::length_m(path), units, lang);
    if is_area && path.len() > 2 {
        let mut ring = path.to_vec();
        ring.push(path[0]);
        let area = place::format_area(place::area_m2(&ring), units, lang);
        return vec![area, format!("{} {}", lang.pick("周长", "Around"), length(&ring))];
    }
    let whole = length(path);
    if path.len() > 2 {
        return vec![whole, format!("{} {}", lang.pick("末段", "Last leg"), length(&path[path.len() - 2..]))];
    }
    vec![whole]
}

/// Words on a small panel on the map.
pub fn readout(ui: &Ui, painter: &Painter, at: Pos2, lines: &[String]) {
    let tokens = Tokens::of(ui);
    let galleys: Vec<_> = lines
        .iter()
        .enumerate()
        .map(|(row, words)| widgets::layout(ui, words, if row == 0 { theme::body() } else { theme::note() }))
        .collect();
    let width = galleys.iter().map(|galley| galley.size().x).fold(0.0, f32::max);
    let height: f32 = galleys.iter().map(|galley| galley.size().y).sum();
    let size = vec2(width + 16.0, height + 8.0);
    let clip = painter.clip_rect();
    let min = pos2(at.x.min(clip.right() - size.x), at.y.min(clip.bottom() - size.y));
    let rect = Rect::from_min_size(min, size);
    painter.rect(rect, RADIUS, tokens.raised, Stroke::new(1.0, tokens.line_strong), StrokeKind::Inside);
    let mut top = rect.top() + 4.0;
    for galley in galleys {
        let height = galley.size().y;
        painter.galley_with_override_text_color(pos2(rect.left() + 8.0, top), galley, tokens.text);
        top += height;
    }
}

/// Fills a ring that may be concave or cross itself; big coordinates are held near the map.
fn fill(painter: &Painter, lens: &Lens<'_>, ring: &[[f64; 2]], color: Color32) {
    if ring.len() < 3 {
        return;
    }
    let near = lens.map.expand(4000.0);
    let points: Vec<Pos2> = ring.iter().map(|place| near.clamp(lens.at(*place))).collect();
    for [a, b, c] in triangles(&points) {
        painter.add(Shape::convex_polygon(vec![a, b, c], color, Stroke::NONE));
    }
}

/// Ears cut off a simple ring; what is left of a ring that crosses itself stays unfilled.
fn triangles(points: &[Pos2]) -> Vec<[Pos2; 3]> {
    let turn = |a: Pos2, b: Pos2, c: Pos2| (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    let doubled: f32 = (0..points.len())
        .map(|at| (points[at], points[(at + 1) % points.len()]))
        .map(|(a, b)| a.x * b.y - b.x * a.y)
        .sum();
    let sign = doubled.signum();
    let mut ring = points.to_vec();
    let mut found = Vec::new();
    while ring.len() > 3 {
        let count = ring.len();
        let is_ear = |at: &usize| {
            let (a, b, c) = (ring[(at + count - 1) % count], ring[*at], ring[(at + 1) % count]);
            let inside =
                |p: Pos2| turn(a, b, p) * sign >= 0.0 && turn(b, c, p) * sign >= 0.0 && turn(c, a, p) * sign >= 0.0;
            turn(a, b, c) * sign > 0.0 && !ring.iter().any(|&p| p != a && p != b && p != c && inside(p))
        };
        let Some(ear) = (0..count).find(is_ear) else { return found };
        found.push([ring[(ear + count - 1) % count], ring[ear], ring[(ear + 1) % count]]);
        ring.remove(ear);
    }
    if let [a, b, c] = ring[..] {
        found.push([a, b, c]);
    }
    found
}

/// Draws a box that is being dragged, and says what it does.
pub fn draw_box(ui: &Ui, painter: &Painter, rect: Rect, words: &str) {
    let tokens = Tokens::of(ui);
    painter.rect(rect, 0, tokens.accent.gamma_multiply(0.12), Stroke::new(2.0, tokens.accent), StrokeKind::Inside);
    if rect.width() > 4.0 {
        readout(ui, painter, rect.right_bottom() + vec2(10.0, 10.0), &[words.to_owned()]);
    }
}

/// Draws the thing under the pointer, and after a while a one-line tip.
pub fn draw_hover(ui: &Ui, painter: &Painter, lens: &Lens<'_>, outline: &Outline, tip: Option<(Pos2, &str)>) {
    let tokens = Tokens::of(ui);
    lens.draw(painter, outline, Stroke::new(2.0, tokens.accent), RING_RADIUS);
    draw_tip(ui, painter, lens, tip);
}

/// Draws a disc under the pointer, by its middle in the world and its radius on the screen, and after a while a tip.
pub(super) fn draw_disc_hover(
    ui: &Ui,
    painter: &Painter,
    lens: &Lens<'_>,
    (middle_world, radius): ([f64; 2], f32),
    tip: Option<(Pos2, &str)>,
) {
    painter.circle_stroke(lens.at(middle_world), radius + 2.0, Stroke::new(2.0, Tokens::of(ui).accent));
    draw_tip(ui, painter, lens, tip);
}

fn draw_tip(ui: &Ui, painter: &Painter, lens: &Lens<'_>, tip: Option<(Pos2, &str)>) {
    let tokens = Tokens::of(ui);
    if let Some((at, words)) = tip {
        let galley = widgets::layout(ui, words, theme::note());
        let size = galley.size() + vec2(16.0, 8.0);
        let below = Rect::from_min_size(at + vec2(12.0, 18.0), size);
        let rect = if lens.map.contains_rect(below) {
            below
        } else {
            Rect::from_min_size(Align2::RIGHT_BOTTOM.anchor_size(at - vec2(8.0, 8.0), size).min, size)
        };
        painter.rect(rect, RADIUS, tokens.raised, Stroke::new(1.0, tokens.line_strong), StrokeKind::Inside);
        painter.galley_with_override_text_color(rect.min + vec2(8.0, 4.0), galley, tokens.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_cut_at_the_edge_of_the_map_however_far_its_ends_are() {
        let room = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 100.0));
        let cut = clip([-1e12, 50.0], [1e12, 50.0], room);
        assert_eq!(cut, Some([pos2(0.0, 50.0), pos2(100.0, 50.0)]));
        assert_eq!(clip([-10.0, -10.0], [-5.0, 200.0], room), None);
        assert_eq!(clip([10.0, 10.0], [20.0, 20.0], room), Some([pos2(10.0, 10.0), pos2(20.0, 20.0)]));
    }

    #[test]
    fn of_a_crowd_of_small_things_one_a_cell_is_marked_and_large_ones_all() {
        let line = |x: f64, length: f64| Outline::around(vec![vec![[x, 0.0], [x + length, 0.0]]]).expect("a line");
        for (is_thinned, expected) in [(true, 3), (false, 4)] {
            let looked = Looked { bounds: Bounds::new(0.0, 0.0, 9e3, 9e3), metres_per_px: 2.0, is_thinned };
            let mut marks = Marks { known: Some(([0; 2], looked)), coming: Some(Vec::new()), ..Marks::default() };
            for outline in [line(0.0, 2.0), line(1.0, 2.0), line(11.0, 2.0), line(0.0, 300.0)] {
                marks.add(outline);
            }
            assert_eq!(marks.coming.map(|coming| coming.len()), Some(expected));
        }
    }

    #[test]
    fn marks_serve_while_the_view_stays_inside_and_a_crowd_is_looked_at_again_from_close_by() {
        let mut camera = Camera::default();
        camera.go_to_bounds(&Bounds::new(0.0, 0.0, 1000.0, 1000.0));
        let (view, metres_per_px) = (camera.bounds_world(), camera.view().metres_per_px);
        let looked = |is_thinned| Looked { bounds: view.grown(500.0), metres_per_px, is_thinned };
        assert!(looked(true).serves(&camera));
        camera.zoom(2.0);
        assert!(looked(false).serves(&camera) && !looked(true).serves(&camera));
        camera.pan_px([4000.0, 0.0]);
        assert!(!looked(false).serves(&camera));
    }

    #[test]
    fn a_concave_ring_is_filled_to_its_true_area() {
        let ring = [pos2(0.0, 0.0), pos2(4.0, 0.0), pos2(4.0, 4.0), pos2(2.0, 1.0), pos2(0.0, 4.0)];
        let area: f32 = triangles(&ring)
            .iter()
            .map(|[a, b, c]| ((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)).abs() / 2.0)
            .sum();
        assert!((area - 10.0).abs() < 1e-4, "{area}");
    }
}
