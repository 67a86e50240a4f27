//! Areas from pieces of their borders: ways in any order and direction become rings, rings become polygons.
//!
//! Roles are often wrong in OpenStreetMap, so they are not asked: a ring inside an odd number of others is a hole. All
//! reckoning is in whole numbers and exact.

use std::collections::HashMap;

use super::element::{Place, lonlat};
use crate::model::geometry::{BadGeometry, Geometry, GeometryKind, WkbWriter};

/// Vertices that are looked at to find out which ring lies in which, at most; a hostile file is not reckoned out.
const MAX_LOOKS: usize = 200_000_000;

/// What became of the pieces.
#[derive(Debug, Default)]
pub(super) struct Rings {
    /// Closed rings, the last position the same as the first.
    pub closed: Vec<Vec<Place>>,
    /// Pieces that are part of no ring.
    pub loose: usize,
}

/// Joins pieces at their ends. Where more than two ends meet, rings that touch there are told apart.
pub(super) fn join(pieces: &[Vec<Place>]) -> Rings {
    let mut rings = Rings::default();
    let mut ends: HashMap<Place, Vec<usize>> = HashMap::new();
    let mut used = vec![true; pieces.len()];
    for (place, piece) in pieces.iter().enumerate() {
        let (Some(first), Some(last)) = (piece.first(), piece.last()) else { continue };
        if first == last {
            rings.take(piece.clone());
        } else {
            used[place] = false;
            ends.entry(*first).or_default().push(place);
            ends.entry(*last).or_default().push(place);
        }
    }
    for (place, piece) in pieces.iter().enumerate() {
        if !used[place] {
            walk(piece[0], pieces, &mut used, &mut ends, &mut rings);
        }
    }
    rings
}

/// Walks from a place along pieces not yet used, cuts off a ring whenever it comes back to where it has been, and steps
/// back from dead ends.
fn walk(
    from: Place,
    pieces: &[Vec<Place>],
    used: &mut [bool],
    ends: &mut HashMap<Place, Vec<usize>>,
    rings: &mut Rings,
) {
    let mut nodes = vec![from];
    let mut chain: Vec<usize> = Vec::new();
    let mut seen: HashMap<Place, usize> = HashMap::from([(from, 0)]);
    while let Some(&at) = nodes.last() {
        let next = ends.get_mut(&at).and_then(|there| {
            while there.last().is_some_and(|&piece| used[piece]) {
                there.pop();
            }
            there.pop()
        });
        let Some(next) = next else {
            seen.remove(&at);
            nodes.pop();
            rings.loose += usize::from(chain.pop().is_some());
            continue;
        };
        used[next] = true;
        chain.push(next);
        let (first, last) = (pieces[next][0], pieces[next][pieces[next].len() - 1]);
        let to = if first == at { last } else { first };
        let Some(&back) = seen.get(&to) else {
            seen.insert(to, nodes.len());
            nodes.push(to);
            continue;
        };
        let mut ring: Vec<Place> = vec![to];
        for piece in chain.drain(back..) {
            let is_forward = ring.last() == pieces[piece].first();
            let piece = pieces[piece].iter();
            if is_forward { ring.extend(piece.skip(1)) } else { ring.extend(piece.rev().skip(1)) }
        }
        nodes.drain(back + 1..).for_each(|node| _ = seen.remove(&node));
        rings.take(ring);
    }
}

impl Rings {
    /// A ring without an area is none.
    fn take(&mut self, ring: Vec<Place>) {
        if ring.len() >= 4 && twice_area(&ring) != 0 { self.closed.push(ring) } else { self.loose += 1 }
    }

    /// The polygons that these rings make. `None` if there is no ring, or far too many in one another.
    pub(super) fn into_area(self) -> Option<Geometry> {
        let polygons = nest(self.closed)?;
        write(&polygons).ok()
    }
}

/// A ring, with its extent and size.
struct Ring {
    places: Vec<Place>,
    min: Place,
    max: Place,
    twice_area: i128,
    /// How many rings it lies in, and the innermost of them.
    depth: usize,
    inside: Option<usize>,
}

impl Ring {
    fn new(places: Vec<Place>) -> Self {
        let (mut min, mut max) = ([i32::MAX; 2], [i32::MIN; 2]);
        for place in &places {
            for axis in 0..2 {
                min[axis] = min[axis].min(place[axis]);
                max[axis] = max[axis].max(place[axis]);
            }
        }
        let twice_area = twice_area(&places);
        Self { places, min, max, twice_area, depth: 0, inside: None }
    }

    fn may_hold(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.min[axis] <= other.min[axis] && other.max[axis] <= self.max[axis])
    }

    /// Whether the other ring, which does not cross this one, lies in it: its first corner that is not on the border
    /// tells.
    fn holds(&self, other: &Self, looks: &mut usize) -> bool {
        for &corner in &other.places {
            *looks += self.places.len();
            match side(&self.places, corner) {
                Some(is_inside) => return is_inside,
                None if *looks > MAX_LOOKS => return false,
                None => {}
            }
        }
        true
    }
}

/// Outer rings with their holes, each turned the right way: outer rings counter-clockwise.
fn nest(closed: Vec<Vec<Place>>) -> Option<Vec<Vec<Vec<Place>>>> {
    let mut rings: Vec<Ring> = closed.into_iter().map(Ring::new).collect();
    rings.sort_by_key(|ring| std::cmp::Reverse(ring.twice_area.abs()));
    let mut looks = 0;
    for place in 1..rings.len() {
        let (larger, rest) = rings.split_at_mut(place);
        let ring = &mut rest[0];
        looks += larger.len();
        // The smallest that holds it is the nearest around it.
        let around = (0..larger.len())
            .rev()
            .find(|&other| larger[other].may_hold(ring) && larger[other].holds(ring, &mut looks));
        if looks > MAX_LOOKS {
            return None;
        }
        ring.inside = around;
        ring.depth = around.map_or(0, |other| larger[other].depth + 1);
    }
    let mut polygon_of = vec![0; rings.len()];
    let mut polygons: Vec<Vec<Vec<Place>>> = Vec::new();
    for (place, ring) in rings.into_iter().enumerate() {
        let is_hole = ring.depth % 2 == 1;
        let mut places = ring.places;
        if (ring.twice_area > 0) == is_hole {
            places.reverse();
        }
        if let Some(outer) = ring.inside.filter(|_| is_hole) {
            polygons[polygon_of[outer]].push(places);
        } else {
            polygon_of[place] = polygons.len();
            polygons.push(vec![places]);
        }
    }
    (!polygons.is_empty()).then_some(polygons)
}

fn write(polygons: &[Vec<Vec<Place>>]) -> Result<Geometry, BadGeometry> {
    let mut out = WkbWriter::new(false);
    if polygons.len() != 1 {
        out.head(GeometryKind::MultiPolygon, polygons.len());
    }
    for rings in polygons {
        out.head(GeometryKind::Polygon, rings.len());
        for ring in rings {
            out.ring(ring.len());
            for [lon, lat] in ring.iter().copied().map(lonlat) {
                out.position(lon, lat, 0.0);
            }
        }
    }
    Geometry::from_writer(out)
}

/// Twice the area in steps, positive if the ring turns counter-clockwise.
fn twice_area(ring: &[Place]) -> i128 {
    ring.windows(2).map(|pair| cross([0, 0], pair[0], pair[1])).sum()
}

/// Positive if `b` is to the left of the way from `from` to `a`.
fn cross(from: Place, a: Place, b: Place) -> i128 {
    let [a, b] = [a, b].map(|to| [0, 1].map(|axis: usize| i128::from(to[axis]) - i128::from(from[axis])));
    a[0] * b[1] - a[1] * b[0]
}

/// Whether a place is inside a closed ring; `None` on its border.
fn side(ring: &[Place], at: Place) -> Option<bool> {
    let mut is_inside = false;
    for pair in ring.windows(2) {
        let [from, to] = [pair[0], pair[1]];
        let (low, high) = if from[1] <= to[1] { (from, to) } else { (to, from) };
        if at[1] < low[1] || at[1] > high[1] {
            continue;
        }
        let turn = cross(low, high, at);
        let is_within = (from[0].min(to[0])..=from[0].max(to[0])).contains(&at[0]);
        if turn == 0 && is_within {
            return None;
        }
        // A ray to the west: the lower end of an edge counts, the upper does not.
        if low[1] <= at[1] && at[1] < high[1] && turn < 0 {
            is_inside = !is_inside;
        }
    }
    Some(is_inside)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A square with this corner and side, counter-clockwise and closed.
    fn square(x: i32, y: i32, side: i32) -> Vec<Place> {
        vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    }

    /// Cuts closed rings into pieces of one edge.
    fn pieces(rings: &[Vec<Place>]) -> Vec<Vec<Place>> {
        rings.iter().flat_map(|ring| ring.windows(2).map(<[Place]>::to_vec)).collect()
    }

    /// Rings of each polygon, and the area of all in square steps.
    fn shape(pieces: &[Vec<Place>]) -> (Vec<usize>, i128) {
        let rings = join(pieces);
        assert_eq!(rings.loose, 0);
        let polygons = nest(rings.closed).unwrap_or_default();
        let area = polygons.iter().flatten().map(|ring| twice_area(ring)).sum::<i128>() / 2;
        let mut counts: Vec<usize> = polygons.iter().map(Vec::len).collect();
        counts.sort_unstable();
        (counts, area)
    }

    #[test]
    fn an_island_in_a_hole_is_a_polygon_of_its_own() {
        let rings = [square(0, 0, 100), square(10, 10, 50), square(20, 20, 10), square(70, 70, 10)];
        assert_eq!(shape(&pieces(&rings)), (vec![1, 3], 10_000 - 2_500 + 100 - 100));
    }

    #[test]
    fn rings_that_touch_at_a_corner_are_told_apart() {
        let rings = [square(0, 0, 100), square(0, 0, 20), square(100, 100, 30)];
        assert_eq!(shape(&pieces(&rings)).1, 10_000 - 400 + 900);
    }

    #[test]
    fn a_spur_and_a_gap_do_not_spoil_the_rest() {
        let mut cut = pieces(&[square(0, 0, 10), square(50, 50, 10)]);
        cut.remove(6);
        cut.push(vec![[10, 10], [12, 12]]);
        let rings = join(&cut);
        assert_eq!((rings.closed.len(), rings.loose), (1, 4));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn order_and_direction_of_the_pieces_do_not_matter(
            cut in Just(pieces(&[square(0, 0, 90), square(10, 10, 30), square(50, 50, 30), square(15, 15, 8)])).prop_shuffle(),
            turned in proptest::collection::vec(any::<bool>(), 16),
        ) {
            let mut cut = cut;
            cut.iter_mut().zip(turned).filter(|(_, turned)| *turned).for_each(|(piece, _)| piece.reverse());
            prop_assert_eq!(shape(&cut), (vec![1, 3], 8_100 - 900 - 900 + 64));
        }
    }
}
