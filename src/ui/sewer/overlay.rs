//! Results of the sewer workbench over the map: traced pipes with their direction, marks of findings, defects at their
//! chainage. A hundred thousand pipes are drawn as quickly as the map moves: from afar only what can be told apart.

mod badges;
mod crowd;
mod levels;
mod marks;

use std::cell::RefCell;
use std::sync::Arc;

use egui::{Color32, Mesh, Painter, Pos2, Rect, Shape, Stroke, Ui, Vec2, pos2, vec2};

use self::crowd::{Crowd, Disc};
use self::levels::{Level, Segment};
use crate::model::geometry::Bounds;
use crate::session::Session;
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::shown::{SewerShown, Tone};
use crate::text::Lang;
use crate::ui::camera::{Camera, View};
use crate::ui::map_marks::{Lens, clip};
use crate::ui::theme::{self, Tokens};

/// With more positions than this a drawing is thinned out for the scale.
const MANY_POSITIONS: usize = 6_000;
/// Widths: what lies under a traced pipe, the pipe on it, and a pipe without it.
const UNDER_WIDTH: f32 = 9.0;
const PIPE_WIDTH: f32 = 2.4;
const BARE_WIDTH: f32 = 3.4;
/// Between two arrows along a pipe, and half an arrow's length.
const ARROW_EVERY: f32 = 64.0;
const ARROW: f32 = 4.6;
/// A piece shorter than this has no arrow.
const ARROW_FROM: f32 = 22.0;
/// Arrows drawn at most.
const MOST_ARROWS: usize = 3_000;
/// How much of the map is left under a trace.
const DIM: u8 = 158;

/// What lies over the map now.
#[derive(Default)]
pub(in crate::ui) struct SewerOverlay {
    layers: Vec<OverLayer>,
    lang: Lang,
    /// Meshes of the last frames, one a pane: as long as nothing moves, nothing is made anew.
    meshes: RefCell<Vec<KnownMesh>>,
    /// A place along the profile that is pointed at, Web Mercator metres.
    pub(in crate::ui) spot_world: Option<[f64; 2]>,
}

struct OverLayer {
    topic: SewerTopic,
    revision: u64,
    shown: Arc<SewerShown>,
    level: Level,
    crowd: Crowd,
}

struct KnownMesh {
    key: MeshKey,
    mesh: Arc<Mesh>,
}

#[derive(Clone, Copy, PartialEq)]
struct MeshKey {
    view: View,
    map: Rect,
    dark: bool,
    revisions: u64,
    place: OverPlace,
}

/// Under the selection, or over it: the defects of a pipe lie on the pipe that is marked as the one in the details.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::ui) enum OverPlace {
    Under,
    Over,
}

impl OverLayer {
    fn place(&self) -> OverPlace {
        if self.topic == SewerTopic::Pipe { OverPlace::Over } else { OverPlace::Under }
    }
}

impl SewerOverlay {
    /// Takes over what is to be shown.
    pub(in crate::ui) fn follow(&mut self, session: &Session, topics: &[SewerTopic], camera: &Camera) {
        let board = session.sewer();
        self.lang = session.lang();
        let wanted: Vec<_> = topics
            .iter()
            .filter_map(|&topic| Some((topic, board.slot(topic)?)))
            .filter_map(|(topic, slot)| Some((topic, slot.revision, slot.shown.as_ref()?)))
            .collect();
        let is_same = wanted.len() == self.layers.len()
            && wanted.iter().zip(&self.layers).all(|(new, old)| (new.0, new.1) == (old.topic, old.revision));
        if !is_same {
            let layer = |(topic, revision, shown): (SewerTopic, u64, &Arc<SewerShown>)| OverLayer {
                topic,
                revision,
                shown: Arc::clone(shown),
                level: Level::default(),
                crowd: Crowd::default(),
            };
            self.layers = wanted.into_iter().map(layer).collect();
        }
        let view = camera.view();
        for layer in &mut self.layers {
            layer.level.follow(&layer.shown.drawing, view.metres_per_px, MANY_POSITIONS);
            layer.crowd.follow(&layer.shown.drawing.points, view.metres_per_px, view.denominator());
        }
    }

    /// Draws the lines that have this place on a pane: under the words of the map.
    pub(in crate::ui) fn draw(&self, ui: &Ui, painter: &Painter, lens: &Lens<'_>, place: OverPlace) {
        if self.layers.iter().all(|layer| layer.place() != place) {
            return;
        }
        let dark = ui.visuals().dark_mode;
        // What was asked last steps forward; a profile beside a list of findings leaves the map as it is.
        let dims = self.layers.first().filter(|layer| layer.place() == place).map(|layer| &layer.shown.drawing);
        if dims.is_some_and(|drawing| drawing.dims && !drawing.lines.is_empty()) {
            painter.rect_filled(lens.map, 0, theme::see_through(Tokens::of(ui).land, DIM));
        }
        painter.add(Shape::Mesh(self.mesh(lens, dark, place)));
    }

    /// Draws the marks with their words: over the words of the map, which would hide them.
    pub(in crate::ui) fn draw_marks(&self, ui: &Ui, painter: &Painter, lens: &Lens<'_>) {
        for place in [OverPlace::Under, OverPlace::Over] {
            for layer in self.layers.iter().filter(|layer| layer.place() == place) {
                marks::draw(ui, painter, lens, (&layer.shown.drawing.points, &layer.crowd), self.lang);
            }
        }
    }

    /// Around the findings that the disc at a place of a map stands for, Web Mercator metres.
    pub(in crate::ui) fn disc_at(&self, at_world: [f64; 2], metres_per_px: f64) -> Option<Bounds> {
        // A digit is about seven pixels wide.
        let radius_px = |disc: &Disc| marks::disc_radius(disc.count.to_string().len() as f32 * 7.0);
        let holds = |disc: &&Disc| {
            let [x, y] = [0, 1].map(|axis| disc.at_world[axis] - at_world[axis]);
            x.hypot(y) <= f64::from(radius_px(disc)) * metres_per_px
        };
        let mut layers = self.layers.iter().rev();
        layers.find_map(|layer| layer.crowd.all().rev().find(holds).map(|disc| disc.bounds))
    }

    /// Draws the place along the profile that is pointed at, over everything.
    pub(in crate::ui) fn draw_spot(&self, ui: &Ui, painter: &Painter, lens: &Lens<'_>) {
        if let Some(spot) = self.spot_world {
            let tokens = Tokens::of(ui);
            painter.circle(lens.at(spot), 7.0, tokens.accent, Stroke::new(3.0, tokens.raised));
        }
    }

    fn mesh(&self, lens: &Lens<'_>, dark: bool, place: OverPlace) -> Arc<Mesh> {
        let layers = || self.layers.iter().filter(|layer| layer.place() == place);
        let revisions = layers().fold(0_u64, |sum, layer| sum.wrapping_mul(31).wrapping_add(layer.revision));
        let key = MeshKey { view: lens.camera.view(), map: lens.map, dark, revisions, place };
        let mut known = self.meshes.borrow_mut();
        if let Some(found) = known.iter().find(|known| known.key == key) {
            return Arc::clone(&found.mesh);
        }
        // A defect is seen on the stroke of the selection, not in it.
        let wider = if place == OverPlace::Over { 2.0 } else { 0.0 };
        let mut brush = Brush { lens, dark, mesh: Mesh::default(), arrows: 0, wider };
        // What lies under pipes comes under all of them, so that none hides another.
        for pass in [Pass::Under, Pass::Pipes] {
            layers().for_each(|layer| brush.layer(layer, pass));
        }
        let mesh = Arc::new(brush.mesh);
        known.retain(|known| known.key.map != lens.map || known.key.place != place);
        known.push(KnownMesh { key, mesh: Arc::clone(&mesh) });
        mesh
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Pass {
    Under,
    Pipes,
}

/// Makes triangles of pipes.
struct Brush<'a> {
    lens: &'a Lens<'a>,
    dark: bool,
    mesh: Mesh,
    arrows: usize,
    /// Added to the widths of grades, logical pixels.
    wider: f32,
}

impl Brush<'_> {
    fn layer(&mut self, layer: &OverLayer, pass: Pass) {
        let seen = self.lens.camera.bounds_world();
        let drawing = &layer.shown.drawing;
        if let Some(segments) = layer.level.segments() {
            let is_seen = |segment: &&Segment| segment.bounds().intersects(&seen);
            segments.iter().filter(is_seen).for_each(|segment| {
                self.stretch([segment.from, segment.to], segment.tone, segment.is_lit, pass);
            });
            return;
        }
        for line in &drawing.lines {
            for pair in drawing.path(line).windows(2) {
                self.stretch([pair[0], pair[1]], line.tone, line.is_lit, pass);
            }
        }
    }

    fn stretch(&mut self, ends_world: [[f64; 2]; 2], tone: Tone, is_lit: bool, pass: Pass) {
        if pass == Pass::Under && !is_lit {
            return;
        }
        let room = self.lens.map.expand(16.0);
        let [from, to] = ends_world.map(|end| self.on_screen(end));
        let Some([from, to]) = clip(from, to, room) else { return };
        let color = theme::tone_color(tone, self.dark);
        if pass == Pass::Under {
            return self.bar(from, to, UNDER_WIDTH, UNDER_WIDTH * 0.4, theme::TRACE);
        }
        let width = match tone {
            Tone::Grade(grade) => [1.6, 2.4, 3.6, 5.0][usize::from(grade.clamp(1, 4)) - 1] + self.wider,
            _ if is_lit => PIPE_WIDTH,
            _ => BARE_WIDTH,
        };
        self.bar(from, to, width, width * 0.3, color);
        if is_lit {
            self.arrows(from, to, color);
        }
    }

    fn on_screen(&self, world: [f64; 2]) -> [f64; 2] {
        let [x, y] = self.lens.camera.screen_from_world(world);
        [x + f64::from(self.lens.map.left()), y + f64::from(self.lens.map.top())]
    }

    /// A thick line, a little longer than it is so that bends close.
    fn bar(&mut self, from: Pos2, to: Pos2, width: f32, longer: f32, color: Color32) {
        let way = to - from;
        let way = if way.length() < 0.01 { Vec2::X } else { way.normalized() };
        let (side, along) = (way.rot90() * (width / 2.0), way * longer);
        self.quad([from - along - side, to + along - side, to + along + side, from - along + side], color);
    }

    fn quad(&mut self, corners: [Pos2; 4], color: Color32) {
        let first = self.mesh.vertices.len() as u32;
        corners.into_iter().for_each(|corner| self.mesh.colored_vertex(corner, color));
        self.mesh.add_triangle(first, first + 1, first + 2);
        self.mesh.add_triangle(first, first + 2, first + 3);
    }

    /// Triangles that say which way the water runs.
    fn arrows(&mut self, from: Pos2, to: Pos2, color: Color32) {
        let way = to - from;
        let length = way.length();
        if length < ARROW_FROM || self.arrows >= MOST_ARROWS {
            return;
        }
        let way = way / length;
        let count = (length / ARROW_EVERY).ceil().max(1.0);
        for number in 0..count as usize {
            let middle = from + way * (length * (number as f32 + 0.5) / count);
            let (tip, back, side) = (middle + way * ARROW, middle - way * ARROW, way.rot90() * ARROW);
            let first = self.mesh.vertices.len() as u32;
            [tip, back + side, back - side].into_iter().for_each(|corner| self.mesh.colored_vertex(corner, color));
            self.mesh.add_triangle(first, first + 1, first + 2);
            self.arrows += 1;
        }
    }
}

/// A box around a place, for a look at it.
pub(in crate::ui) fn around(at: Pos2, size: f32) -> Rect {
    Rect::from_center_size(pos2(at.x, at.y), vec2(size, size))
}
