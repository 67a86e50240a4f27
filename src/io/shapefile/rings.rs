//! Which rings of a shape are holes, and in which outer ring each lies.
//!
//! The description has outer rings clockwise and holes the other way, in any order. Where a file keeps to that, turning
//! decides, and a hole belongs to the smallest outer ring around it. Where all rings turn alike, what lies inside what
//! decides: a ring inside an odd number of others is a hole.

use super::shape::{Run, ShapeFault};
use crate::model::geometry::Bounds;

/// Sides of rings that are looked at for one shape: 5,000 holes in an outline of 50,000 positions stay below it.
const PATIENCE: u64 = 300_000_000;

/// One ring of a shape.
pub(super) struct Ring {
    /// Its first position.
    pub start: usize,
    /// The position behind its last.
    pub end: usize,
    /// Whether its last position is not its first.
    pub is_open: bool,
    bounds: Bounds,
    /// Positive if it turns clockwise.
    clockwise_area: f64,
}

impl Ring {
    /// The ring of these positions; none if they are too few to have an inside.
    pub(super) fn new(run: &Run<'_>, start: usize, end: usize) -> Option<Self> {
        if end - start < 3 {
            return None;
        }
        let is_open = run.at(start) != run.at(end - 1);
        if end - start + usize::from(is_open) < 4 {
            return None;
        }
        let origin = run.at(start);
        let (mut bounds, mut area, mut before) = (Bounds::EMPTY, 0.0, [0.0; 2]);
        for index in start..end {
            let at = run.at(index);
            bounds.extend(at);
            // From the first position, so that large coordinates do not eat the small differences.
            let [x, y] = [at[0] - origin[0], at[1] - origin[1]];
            area += before[1] * x - before[0] * y;
            before = [x, y];
        }
        Some(Self { start, end, is_open, bounds, clockwise_area: area })
    }
}

/// The polygons that the rings make: numbers of rings, the outer one first.
pub(super) fn arrange(run: &Run<'_>, rings: &[Ring], faults: &mut Vec<ShapeFault>) -> Vec<Vec<usize>> {
    if rings.len() < 2 {
        return (0..rings.len()).map(|ring| vec![ring]).collect();
    }
    let clockwise = rings.iter().filter(|ring| ring.clockwise_area > 0.0).count();
    let is_alike = clockwise == 0 || clockwise == rings.len();
    let around = Around::new(run, rings);
    let mut home = vec![None; rings.len()];
    for ring in 0..rings.len() {
        if is_alike {
            let outside = around.of(ring, |_| true);
            if outside.len() % 2 == 1 {
                home[ring] = smallest(rings, &outside);
            }
        } else if rings[ring].clockwise_area <= 0.0 {
            home[ring] = smallest(rings, &around.of(ring, |other| rings[other].clockwise_area > 0.0));
            if home[ring].is_none() {
                faults.push(ShapeFault::HoleAlone);
            }
        }
    }
    if is_alike && home.iter().any(Option::is_some) {
        faults.push(ShapeFault::RingsAlike);
    }
    if around.patience.get() == 0 {
        faults.push(ShapeFault::Tangled);
    }
    let mut polygons: Vec<Vec<usize>> = Vec::new();
    let mut place = vec![0; rings.len()];
    for ring in (0..rings.len()).filter(|&ring| home[ring].is_none()) {
        place[ring] = polygons.len();
        polygons.push(vec![ring]);
    }
    for ring in 0..rings.len() {
        if let Some(outer) = home[ring] {
            polygons[place[outer]].push(ring);
        }
    }
    polygons
}

fn smallest(rings: &[Ring], among: &[usize]) -> Option<usize> {
    let size = |ring: &&usize| rings[**ring].clockwise_area.abs();
    among.iter().min_by(|one, other| size(one).total_cmp(&size(other))).copied()
}

/// Finds the rings around a ring. Boxes sorted by their west side keep shapes of many thousand islands fast.
struct Around<'a> {
    run: &'a Run<'a>,
    rings: &'a [Ring],
    /// Sides of rings that may still be looked at.
    patience: std::cell::Cell<u64>,
    tree: rstar::RTree<rstar::primitives::GeomWithData<rstar::primitives::Rectangle<[f64; 2]>, usize>>,
}

impl<'a> Around<'a> {
    fn new(run: &'a Run<'a>, rings: &'a [Ring]) -> Self {
        let boxes = rings.iter().enumerate().map(|(ring, Ring { bounds, .. })| {
            let rectangle = rstar::primitives::Rectangle::from_corners(bounds.min, bounds.max);
            rstar::primitives::GeomWithData::new(rectangle, ring)
        });
        Self { run, rings, patience: std::cell::Cell::new(PATIENCE), tree: rstar::RTree::bulk_load(boxes.collect()) }
    }

    /// The rings that hold `ring`, among those that are wanted.
    fn of(&self, ring: usize, is_wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        let Bounds { min, max } = self.rings[ring].bounds;
        let inner = rstar::AABB::from_corners(min, max);
        let holds = |other: &usize| *other != ring && is_wanted(*other) && self.holds(*other, ring);
        let near = self.tree.locate_in_envelope_intersecting(inner).map(|found| found.data);
        near.filter(holds).collect()
    }

    fn holds(&self, outer: usize, inner: usize) -> bool {
        let (out, into) = (&self.rings[outer], &self.rings[inner]);
        let fits = (0..2)
            .all(|axis| out.bounds.min[axis] <= into.bounds.min[axis] && out.bounds.max[axis] >= into.bounds.max[axis]);
        if !fits {
            return false;
        }
        // Rings may touch: the first position that is not on the other's border decides.
        let decided = (into.start..into.end).find_map(|index| self.is_inside(out, self.run.at(index)));
        // All of it on the border: the same ring twice, where the later one is the inner.
        decided.unwrap_or(outer < inner)
    }

    /// Whether a position is inside a ring; nothing if it is on its border.
    fn is_inside(&self, ring: &Ring, [x, y]: [f64; 2]) -> Option<bool> {
        self.patience.set(self.patience.get().saturating_sub((ring.end - ring.start) as u64));
        if self.patience.get() == 0 {
            return Some(false);
        }
        let mut inside = false;
        let mut from = self.run.at(ring.end - 1);
        for index in ring.start..ring.end {
            let to = self.run.at(index);
            let turn = (to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]);
            let is_between = |axis: usize, at: f64| from[axis].min(to[axis]) <= at && at <= from[axis].max(to[axis]);
            if turn == 0.0 && is_between(0, x) && is_between(1, y) {
                return None;
            }
            if (from[1] > y) != (to[1] > y) && (turn > 0.0) == (to[1] > from[1]) {
                inside = !inside;
            }
            from = to;
        }
        Some(inside)
    }
}
