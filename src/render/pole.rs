//! The pole of inaccessibility: the place inside an area that is farthest from its border, for names and symbols.
//!
//! As in Mapbox's polylabel: squares are split, best first, until none can hold a place that is better by the precision.

use std::collections::BinaryHeap;

use super::path;

/// A place inside an area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pole {
    /// The place.
    pub at: [f32; 2],
    /// Its distance from the border; below zero if it is outside.
    pub distance: f32,
}

/// Most squares that are looked at, whatever the area's shape.
const MOST: usize = 600;

struct Square {
    at: [f32; 2],
    half: f32,
    distance: f32,
}

impl Square {
    fn new(at: [f32; 2], half: f32, rings: &[&[[f32; 2]]]) -> Self {
        Self { at, half, distance: signed_distance(rings, at) }
    }

    /// No place in it is farther inside than this.
    fn at_most(&self) -> f32 {
        self.distance + self.half * std::f32::consts::SQRT_2
    }
}

impl PartialEq for Square {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Square {}
impl PartialOrd for Square {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Square {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at_most().total_cmp(&other.at_most())
    }
}

/// The pole of the area inside `rings` (outer rings and holes, even-odd), to a pixel or a 40th of its size.
pub fn pole(rings: &[&[[f32; 2]]]) -> Option<Pole> {
    let all: Vec<[f32; 2]> = rings.iter().flat_map(|ring| ring.iter().copied()).collect();
    let [left, top, right, bottom] = path::bounds(&all);
    let (width, height) = (right - left, bottom - top);
    let side = width.min(height);
    if !(side > 0.0 && width.max(height).is_finite()) {
        return all.first().map(|&at| Pole { at, distance: 0.0 });
    }
    let precision = (side / 40.0).max(1.0);
    let mut best = Square::new([f32::midpoint(left, right), f32::midpoint(top, bottom)], 0.0, rings);
    let mut queue = BinaryHeap::new();
    let (across, down) = ((width / side).ceil().min(16.0) as usize, (height / side).ceil().min(16.0) as usize);
    let half = (width / across as f32).max(height / down as f32) / 2.0;
    for column in 0..across {
        for row in 0..down {
            let at = [left + half * (2 * column + 1) as f32, top + half * (2 * row + 1) as f32];
            queue.push(Square::new(at, half, rings));
        }
    }
    for _ in 0..MOST {
        let Some(square) = queue.pop().filter(|square| square.at_most() > best.distance + precision) else { break };
        let half = square.half / 2.0;
        for [x, y] in [[-half, -half], [half, -half], [-half, half], [half, half]] {
            queue.push(Square::new([square.at[0] + x, square.at[1] + y], half, rings));
        }
        if square.distance > best.distance {
            best = square;
        }
    }
    Some(Pole { at: best.at, distance: best.distance })
}

/// Distance from the border, below zero outside.
fn signed_distance(rings: &[&[[f32; 2]]], at: [f32; 2]) -> f32 {
    let (mut inside, mut nearest_2) = (false, f32::INFINITY);
    for ring in rings {
        let Some(&last) = ring.last() else { continue };
        let mut from = last;
        for &to in *ring {
            if (from[1] > at[1]) != (to[1] > at[1])
                && at[0] < (to[0] - from[0]) * (at[1] - from[1]) / (to[1] - from[1]) + from[0]
            {
                inside = !inside;
            }
            nearest_2 = nearest_2.min(segment_distance_2(at, from, to));
            from = to;
        }
    }
    if inside { nearest_2.sqrt() } else { -nearest_2.sqrt() }
}

fn segment_distance_2(at: [f32; 2], from: [f32; 2], to: [f32; 2]) -> f32 {
    let along = [to[0] - from[0], to[1] - from[1]];
    let length_2 = along[0] * along[0] + along[1] * along[1];
    let share = if length_2 > 0.0 {
        (((at[0] - from[0]) * along[0] + (at[1] - from[1]) * along[1]) / length_2).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (at[0] - from[0] - share * along[0]).powi(2) + (at[1] - from[1] - share * along[1]).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pole_of_an_l_is_in_its_corner_and_not_in_its_gap() {
        let ring = [[0.0, 0.0], [40.0, 0.0], [40.0, 100.0], [100.0, 100.0], [100.0, 140.0], [0.0, 140.0]];
        let pole = pole(&[&ring]).unwrap();
        assert!(pole.at[0] < 30.0 && pole.at[1] > 100.0 && pole.distance > 22.0, "{pole:?}");
    }

    #[test]
    fn the_pole_keeps_out_of_holes() {
        let outer = [[0.0, 0.0], [100.0, 0.0], [100.0, 40.0], [0.0, 40.0]];
        let hole = [[30.0, 5.0], [70.0, 5.0], [70.0, 35.0], [30.0, 35.0]];
        let pole = pole(&[&outer, &hole]).unwrap();
        assert!(pole.at[0] < 30.0 || pole.at[0] > 70.0, "{pole:?}");
        assert!(pole.distance > 13.0, "{pole:?}");
    }

    #[test]
    fn no_area_has_no_pole_far_away() {
        assert_eq!(pole(&[]), None);
        assert_eq!(pole(&[&[[3.0, 4.0], [3.0, 4.0]]]).map(|pole| pole.at), Some([3.0, 4.0]));
    }
}
