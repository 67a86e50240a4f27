//! One feature's geometry on the screen, without what is too small to be seen.

use super::path::{self, Rect};
use super::pole;
use super::view::View;
use crate::index::arena::{Path, PathKind, Paths, UNITS_PER_M};

/// Positions nearer than this to the one before are left out, in physical pixels.
const STEP: f32 = 0.4;

/// Beyond so many pixels a place is far away.
const FAR: f64 = 30_000.0;

/// So many pixels around the picture are its surroundings.
const NEAR: f64 = 4_000.0;

/// Takes geometry from the world to the screen.
pub(super) struct Tracer {
    /// Screen position = matrix × (position − origin), origin in centimetres.
    origin: [f64; 2],
    matrix: [[f64; 2]; 2],
    middle: [f64; 2],
    pixel_ratio: f32,
}

/// A feature on the screen. Made once and filled again for each feature.
#[derive(Default)]
pub(super) struct Traced {
    points: Vec<[f32; 2]>,
    /// Kind and end of each path.
    paths: Vec<(PathKind, usize)>,
    /// The box around it.
    pub(super) bounds: Rect,
    /// Larger side of that box in physical pixels.
    pub(super) extent: f32,
}

impl Tracer {
    pub(super) fn new(view: &View) -> Self {
        let (sin, cos) = view.rotation_rad.sin_cos();
        let scale = 1.0 / (UNITS_PER_M * view.metres_per_px);
        Self {
            origin: view.center_world.map(|metres| metres * UNITS_PER_M),
            matrix: [[cos * scale, sin * scale], [sin * scale, -cos * scale]],
            middle: view.size_px.map(|side| side / 2.0),
            pixel_ratio: view.pixel_ratio as f32,
        }
    }

    #[inline]
    fn screen(&self, at: [i32; 2]) -> [f64; 2] {
        let east = f64::from(at[0]) - self.origin[0];
        let north = f64::from(at[1]) - self.origin[1];
        let [x, y] = self.matrix;
        [x[0] * east + x[1] * north + self.middle[0], y[0] * east + y[1] * north + self.middle[1]]
    }

    /// Fills `out` with a geometry; the number of its positions comes back.
    pub(super) fn trace(&self, geometry: Paths, out: &mut Traced) -> usize {
        let mut vertices = 0;
        *out = Traced {
            points: std::mem::take(&mut out.points),
            paths: std::mem::take(&mut out.paths),
            ..Traced::default()
        };
        out.points.clear();
        out.paths.clear();
        out.bounds = path::bounds(&[]);
        for path in geometry {
            vertices += path.len();
            self.trace_path(&path, out);
            out.paths.push((path.kind, out.points.len()));
        }
        let [left, top, right, bottom] = out.bounds;
        out.extent = (right - left).max(bottom - top) * self.pixel_ratio;
        vertices
    }

    fn trace_path(&self, path: &Path, out: &mut Traced) {
        let step_2 = if path.kind == PathKind::Points { -1.0 } else { (STEP / self.pixel_ratio).powi(2) };
        let start = out.points.len();
        let (mut before, mut first): (Option<[f64; 2]>, Option<[f64; 2]>) = (None, None);
        for at in path.positions() {
            let at = self.screen(at);
            first.get_or_insert(at);
            if path.kind != PathKind::Points && is_far(at) | before.is_some_and(is_far) {
                self.bridge(before.unwrap_or(at), at, out);
            }
            before = Some(at);
            let at = at.map(|n| n as f32);
            let last = out.points[start..].last();
            if last.is_none_or(|last| (at[0] - last[0]).powi(2) + (at[1] - last[1]).powi(2) >= step_2) {
                out.push(at);
            }
        }
        let (Some(first), Some(end)) = (first, before) else { return };
        let end_px = end.map(|n| n as f32);
        if path.kind == PathKind::Line && out.points.last() != Some(&end_px) {
            out.push(end_px);
        }
        if path.kind.is_ring() && (is_far(first) || is_far(end)) {
            self.bridge(end, first, out);
        }
    }

    /// Adds the places where a step from or to far away enters and leaves the surroundings of the picture: beyond them
    /// 32 bits are too few, and whatever cuts the step later on must do so between near places.
    fn bridge(&self, from: [f64; 2], to: [f64; 2], out: &mut Traced) {
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        for axis in 0..2 {
            let along = to[axis] - from[axis];
            let (low, high) = (-NEAR - from[axis], self.middle[axis] * 2.0 + NEAR - from[axis]);
            if along == 0.0 {
                if low > 0.0 || high < 0.0 {
                    return;
                }
                continue;
            }
            enter = enter.max((low / along).min(high / along));
            leave = leave.min((low / along).max(high / along));
        }
        if enter < leave {
            for share in [enter, leave].into_iter().filter(|&share| share > 0.0 && share < 1.0) {
                out.push([0, 1].map(|axis| (from[axis] + (to[axis] - from[axis]) * share) as f32));
            }
        }
    }
}

/// Whether a place is so far from the picture that 32 bits place it badly.
fn is_far(at: [f64; 2]) -> bool {
    at.iter().any(|n| n.abs() > FAR)
}

impl Traced {
    fn push(&mut self, at: [f32; 2]) {
        let [left, top, right, bottom] = self.bounds;
        self.bounds = [left.min(at[0]), top.min(at[1]), right.max(at[0]), bottom.max(at[1])];
        self.points.push(at);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = (PathKind, &[[f32; 2]])> {
        let mut start = 0;
        self.paths.iter().map(move |&(kind, end)| {
            let path = &self.points[start..end];
            start = end;
            (kind, path)
        })
    }

    /// Outer rings and holes.
    pub(super) fn rings(&self) -> impl Iterator<Item = &[[f32; 2]]> {
        self.paths().filter(|(kind, path)| kind.is_ring() && path.len() > 2).map(|(_, path)| path)
    }

    /// Lines and rings, with whether they are closed.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&[[f32; 2]], bool)> {
        let lines = self.paths().filter(|(kind, path)| *kind != PathKind::Points && path.len() > 1);
        lines.map(|(kind, path)| (path, kind.is_ring()))
    }

    /// Area in square pixels; half its box if too little is left of its rings.
    pub(super) fn area(&self) -> f32 {
        if self.rings().next().is_none() {
            let [left, top, right, bottom] = self.bounds;
            return (right - left) * (bottom - top) / 2.0;
        }
        let rings = self.paths().filter(|(kind, _)| kind.is_ring());
        let twice: f32 = rings.map(|(_, ring)| path::twice_area(ring)).sum();
        twice.abs() / 2.0
    }

    /// Positions that stand on their own, inside `clip`.
    pub(super) fn points(&self, clip: Rect) -> impl Iterator<Item = [f32; 2]> {
        let points = self.paths().filter(|(kind, _)| *kind == PathKind::Points).flat_map(|(_, path)| path);
        points.copied().filter(move |at| path::holds(clip, [at[0], at[1], at[0], at[1]]))
    }

    /// Where symbols stand: on each point, at the middle of each line, inside an area.
    pub(super) fn anchors(&self, clip: Rect) -> Vec<[f32; 2]> {
        let mut anchors: Vec<[f32; 2]> = self.points(clip).collect();
        for (_, line) in self.paths().filter(|(kind, _)| *kind == PathKind::Line) {
            let middle = path::station(line, path::length(line) / 2.0).map(|station| station.at);
            anchors.extend(middle.or(line.first().copied()));
        }
        if self.paths.iter().any(|(kind, _)| *kind == PathKind::Outer) {
            let [left, top, right, bottom] = self.bounds;
            let middle = [f32::midpoint(left, right), f32::midpoint(top, bottom)];
            // The whole area's place, not that of the part in the picture: neighbouring tiles must agree.
            let rings: Vec<&[[f32; 2]]> = self.rings().collect();
            anchors.push(pole::pole(&rings).map_or(middle, |pole| pole.at));
        }
        anchors
    }

    /// The place farthest inside the part of the area that can be seen.
    pub(super) fn pole(&self, clip: Rect) -> Option<pole::Pole> {
        if path::holds(clip, self.bounds) {
            let rings: Vec<&[[f32; 2]]> = self.rings().collect();
            return pole::pole(&rings);
        }
        let clipped: Vec<Vec<[f32; 2]>> = self.rings().map(|ring| path::clip_ring(ring, clip)).collect();
        let rings: Vec<&[[f32; 2]]> = clipped.iter().filter(|ring| ring.len() > 2).map(Vec::as_slice).collect();
        pole::pole(&rings)
    }
}
