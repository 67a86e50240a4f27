//! Polygons made smaller: the land of a block behind its pavements, and rectangles that fit into it.

use super::plane::{
    P, add, along, cross, distance, dot, inside, left, meet, mul, nearest_on, path_distance, ring_area, sub, unit,
};

/// A ring moved inwards by a distance of its own at each edge (edge k begins at point k). `None` if nothing is left.
///
/// Where edges are too short to be moved cleanly they are left out first, by growing tolerance.
pub(super) fn inset(ring: &[P], depths: &[f64]) -> Option<Vec<P>> {
    for tolerance in [0.6, 2.0, 5.0] {
        let (points, depths) = thin(ring, depths, tolerance);
        if points.len() < 3 {
            return None;
        }
        let depths: Vec<f64> = depths.iter().map(|depth| depth + tolerance * 0.5).collect();
        let moved = offset(&points, &depths);
        if is_clean(ring, &points, &depths, &moved) {
            return Some(moved);
        }
    }
    None
}

/// Leaves out points that lie within `tolerance` of the line between their neighbours, and very short edges.
fn thin(ring: &[P], depths: &[f64], tolerance: f64) -> (Vec<P>, Vec<f64>) {
    let (mut points, mut kept) = (ring.to_vec(), depths.to_vec());
    let mut place = 0;
    let mut steady = 0;
    while points.len() > 3 && steady < points.len() {
        let count = points.len();
        place %= count;
        let (before, after) = ((place + count - 1) % count, (place + 1) % count);
        let off = distance(nearest_on(points[before], points[after], points[place]), points[place]);
        let same = (kept[before] - kept[place]).abs() < 0.1;
        if (off < tolerance && same) || distance(points[place], points[after]) < tolerance {
            kept[before] = kept[before].max(kept[place]);
            points.remove(place);
            kept.remove(place);
            steady = 0;
        } else {
            place += 1;
            steady += 1;
        }
    }
    (points, kept)
}

fn offset(points: &[P], depths: &[f64]) -> Vec<P> {
    let count = points.len();
    (0..count)
        .map(|place| {
            let before = (place + count - 1) % count;
            let (a, b) =
                (unit(sub(points[place], points[before])), unit(sub(points[(place + 1) % count], points[place])));
            let (p, q) = (left(a), left(b));
            let turn = cross(a, b);
            if turn.abs() < 0.08 {
                let both = unit(add(p, q));
                return along(points[place], both, depths[before].max(depths[place]));
            }
            // Where the two moved edges meet.
            let start = along(points[place], p, depths[before]);
            let other = along(points[place], q, depths[place]);
            along(start, a, cross(sub(other, start), b) / turn)
        })
        .collect()
}

fn is_clean(ring: &[P], points: &[P], depths: &[f64], moved: &[P]) -> bool {
    let area = ring_area(moved);
    let shallow = depths.iter().copied().fold(f64::INFINITY, f64::min);
    if area < 250.0 || area > ring_area(points) {
        return false;
    }
    let closed: Vec<P> = ring.iter().chain(&ring[..1]).copied().collect();
    if moved.iter().any(|&at| !inside(ring, at) || path_distance(&closed, at) < shallow * 0.85) {
        return false;
    }
    let edge = |place: usize| [moved[place], moved[(place + 1) % moved.len()]];
    (0..moved.len()).all(|a| {
        let reversed = dot(sub(edge(a)[1], edge(a)[0]), sub(points[(a + 1) % points.len()], points[a])) < 0.0;
        !reversed
            && (a + 2..moved.len())
                .filter(|&b| a != 0 || b != moved.len() - 1)
                .all(|b| meet(edge(a), edge(b), 0.0).is_none())
    })
}

/// A rectangle by its middle, its direction and its half sizes along and across.
#[derive(Clone, Copy)]
pub(super) struct Rect {
    /// Middle.
    pub(super) center: P,
    /// Direction of its length.
    pub(super) axis: P,
    /// Half of its length and of its width.
    pub(super) half: P,
}

impl Rect {
    /// The point at `u` along and `v` across, from -1 to 1.
    pub(super) fn at(&self, u: f64, v: f64) -> P {
        along(along(self.center, self.axis, self.half[0] * u), left(self.axis), self.half[1] * v)
    }

    /// Its corners, counter-clockwise.
    pub(super) fn corners(&self) -> [P; 4] {
        [self.at(-1.0, -1.0), self.at(1.0, -1.0), self.at(1.0, 1.0), self.at(-1.0, 1.0)]
    }

    /// Whether it lies inside a ring.
    pub(super) fn fits(&self, ring: &[P]) -> bool {
        let corners = self.corners();
        if !corners.iter().all(|&corner| inside(ring, corner)) {
            return false;
        }
        // With all corners inside, an edge of the ring cuts the rectangle only if it crosses a side.
        !ring.iter().enumerate().any(|(place, &from)| {
            let edge = [from, ring[(place + 1) % ring.len()]];
            let near = distance(nearest_on(edge[0], edge[1], self.center), self.center);
            near < self.half[0] + self.half[1]
                && (0..4).any(|side| meet([corners[side], corners[(side + 1) % 4]], edge, 0.0).is_some())
        })
    }

    /// Whether it lies at least `far` from a piece of street.
    pub(super) fn keeps_off(&self, street: [P; 2], far: f64) -> bool {
        let grown = self.grown(far);
        let corners = grown.corners();
        let crossed = (0..4).any(|side| meet([corners[side], corners[(side + 1) % 4]], street, 0.0).is_some());
        !crossed && !inside(&corners, street[0])
    }

    /// The same with `margin_m` more on every side.
    pub(super) fn grown(&self, margin_m: f64) -> Self {
        Self { half: add(self.half, [margin_m, margin_m]), ..*self }
    }
}

/// West, south, east, north of a ring in the frame of `axis`.
pub(super) fn frame(ring: &[P], axis: P) -> [f64; 4] {
    let side = left(axis);
    ring.iter().fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |b, &at| {
        let (u, v) = (dot(at, axis), dot(at, side));
        [b[0].min(u), b[1].min(v), b[2].max(u), b[3].max(v)]
    })
}

/// The position at `u` along `axis` and `v` across it.
pub(super) fn in_frame(axis: P, u: f64, v: f64) -> P {
    add(mul(axis, u), mul(left(axis), v))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_shrinks_by_each_edge_s_own_depth() {
        let ring = [[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]];
        let small = inset(&ring, &[10.0, 20.0, 10.0, 20.0]).expect("much is left");
        assert!((ring_area(&small) - 79.4 * 59.4).abs() < 1.0);
        assert!(inset(&ring, &[60.0; 4]).is_none());
    }

    #[test]
    fn a_rectangle_fits_only_inside() {
        let ring = [[0.0, 0.0], [100.0, 0.0], [100.0, 30.0], [0.0, 30.0]];
        let rect = Rect { center: [50.0, 15.0], axis: [1.0, 0.0], half: [20.0, 6.0] };
        assert!(rect.fits(&ring));
        assert!(!Rect { half: [60.0, 6.0], ..rect }.fits(&ring));
        assert!(rect.keeps_off([[0.0, 28.0], [100.0, 28.0]], 6.0));
        assert!(!rect.keeps_off([[0.0, 24.0], [100.0, 24.0]], 6.0));
    }
}
