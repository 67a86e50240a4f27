//! Distances and overlaps on the real geometry of the arena, in Web Mercator metres.

use super::arena::{PathKind, Paths};
use crate::model::geometry::Bounds;

/// Distance from `point` to a geometry, 0 inside an area (its holes are outside); `None` for no geometry.
pub fn distance(paths: Paths, point: [f64; 2]) -> Option<f64> {
    let mut nearest_2 = f64::INFINITY;
    let mut inside = false;
    for path in paths {
        if path.kind == PathKind::Points {
            nearest_2 = path.world().map(|at| between_2(at, point)).fold(nearest_2, f64::min);
            continue;
        }
        if let Some(first) = path.world().next() {
            nearest_2 = nearest_2.min(between_2(first, point));
        }
        for [from, to] in path.segments() {
            nearest_2 = nearest_2.min(to_segment_2(point, from, to));
            inside ^= path.kind.is_ring() && crosses_east(point, from, to);
        }
    }
    if inside {
        return Some(0.0);
    }
    nearest_2.is_finite().then(|| nearest_2.sqrt())
}

/// Whether all of a geometry lies in `window`, borders counting.
pub fn is_within(paths: Paths, window: &Bounds) -> bool {
    let mut any = false;
    for path in paths {
        any = true;
        if !path.world().all(|at| window.contains(at)) {
            return false;
        }
    }
    any
}

/// Whether a geometry and `window` share a point.
pub fn touches(paths: Paths, window: &Bounds) -> bool {
    let corner = window.min;
    let mut holds_corner = false;
    for path in paths {
        if path.world().any(|at| window.contains(at)) {
            return true;
        }
        if path.kind == PathKind::Points {
            continue;
        }
        for [from, to] in path.segments() {
            if segment_meets(from, to, window) {
                return true;
            }
            holds_corner ^= path.kind.is_ring() && crosses_east(corner, from, to);
        }
    }
    holds_corner
}

fn between_2(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
}

fn to_segment_2(point: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
    let along = [to[0] - from[0], to[1] - from[1]];
    let length_2 = along[0] * along[0] + along[1] * along[1];
    if length_2 == 0.0 {
        return between_2(point, from);
    }
    let share = ((point[0] - from[0]) * along[0] + (point[1] - from[1]) * along[1]) / length_2;
    let share = share.clamp(0.0, 1.0);
    between_2(point, [from[0] + share * along[0], from[1] + share * along[1]])
}

/// Whether the ray from `point` to the east crosses the segment; each height belongs to one of two neighbours.
fn crosses_east(point: [f64; 2], from: [f64; 2], to: [f64; 2]) -> bool {
    (from[1] > point[1]) != (to[1] > point[1])
        && point[0] < from[0] + (point[1] - from[1]) / (to[1] - from[1]) * (to[0] - from[0])
}

/// Whether a segment has a point in `window` (Liang–Barsky).
fn segment_meets(from: [f64; 2], to: [f64; 2], window: &Bounds) -> bool {
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for axis in 0..2 {
        let along = to[axis] - from[axis];
        if along == 0.0 {
            if from[axis] < window.min[axis] || from[axis] > window.max[axis] {
                return false;
            }
            continue;
        }
        let (a, b) = ((window.min[axis] - from[axis]) / along, (window.max[axis] - from[axis]) / along);
        enter = enter.max(a.min(b));
        leave = leave.min(a.max(b));
    }
    enter <= leave
}
