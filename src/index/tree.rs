//! A tree over the boxes of a layer's features, kept right by edits.
//!
//! Boxes are 32-bit metres from the middle of the layer, rounded outwards: a window never misses a feature and may meet
//! one that is a few centimetres off (more for layers wider than 160 km). Whoever needs the truth looks at the geometry.

use std::ops::ControlFlow;

use rstar::{AABB, PointDistance, RStarInsertionStrategy, RTree, RTreeObject, RTreeParams};

use super::arena::world_from_units;
use crate::model::geometry::Bounds;

/// One feature's box and its slot in the layer.
#[derive(Clone, Copy, Debug, PartialEq)]
struct BoxItem {
    min: [f32; 2],
    max: [f32; 2],
    slot: u32,
}

impl RTreeObject for BoxItem {
    type Envelope = AABB<[f32; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.min, self.max)
    }
}

impl PointDistance for BoxItem {
    fn distance_2(&self, point: &[f32; 2]) -> f32 {
        self.envelope().distance_2(point)
    }
}

#[derive(Clone, Debug)]
struct Params;

impl RTreeParams for Params {
    const MIN_SIZE: usize = 6;
    const MAX_SIZE: usize = 16;
    const REINSERTION_COUNT: usize = 4;
    type DefaultInsertionStrategy = RStarInsertionStrategy;
}

/// The tree. See the module's head.
#[derive(Clone, Debug)]
pub struct BoxTree {
    tree: RTree<BoxItem, Params>,
    origin: [f64; 2],
}

impl BoxTree {
    /// A tree over all boxes at once: slots and boxes in centimetres.
    pub fn build(boxes: impl Iterator<Item = (u32, [i32; 4])>, origin: [f64; 2]) -> Self {
        let items = boxes.map(|(slot, units)| item(slot, units, origin)).collect();
        Self { tree: RTree::bulk_load_with_params(items), origin }
    }

    /// Adds a feature.
    pub fn insert(&mut self, slot: u32, units: [i32; 4]) {
        self.tree.insert(item(slot, units, self.origin));
    }

    /// Takes a feature out, by the box it was put in with.
    pub fn remove(&mut self, slot: u32, units: [i32; 4]) {
        self.tree.remove(&item(slot, units, self.origin));
    }

    /// Calls `f` with every feature whose box may meet `world`.
    pub fn window(&self, world: &Bounds, f: &mut dyn FnMut(u32)) {
        let low = outward(world.min, self.origin, Side::Low);
        let high = outward(world.max, self.origin, Side::High);
        let window = AABB::from_corners(low, high);
        let met = self.tree.locate_in_envelope_intersecting_int(window, |item: &BoxItem| {
            f(item.slot);
            ControlFlow::<()>::Continue(())
        });
        debug_assert!(met.is_continue());
    }

    /// Features by the distance of their boxes from `point`, nearest first; each distance is a lower bound in metres.
    pub fn by_distance(&self, point: [f64; 2]) -> impl Iterator<Item = (u32, f64)> + '_ {
        let local = [(point[0] - self.origin[0]) as f32, (point[1] - self.origin[1]) as f32];
        self.tree.nearest_neighbor_iter_with_distance_2(local).map(move |(item, distance_2)| {
            let size = item.max.iter().chain(&item.min).chain(&local).fold(0.0_f32, |most, n| most.max(n.abs()));
            let slack = f64::from(size) * 4.0 * f64::from(f32::EPSILON) + f64::from(distance_2).sqrt() * 1e-6;
            (item.slot, (f64::from(distance_2).sqrt() - slack).max(0.0))
        })
    }

    /// The box around everything, Web Mercator metres, up to the tree's rounding.
    pub fn bounds(&self) -> Bounds {
        if self.tree.size() == 0 {
            return Bounds::EMPTY;
        }
        let all = self.tree.root().envelope();
        let world = |at: [f32; 2]| [f64::from(at[0]) + self.origin[0], f64::from(at[1]) + self.origin[1]];
        Bounds { min: world(all.lower()), max: world(all.upper()) }
    }

    /// How many boxes.
    pub fn len(&self) -> usize {
        self.tree.size()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tree.size() == 0
    }

    /// Bytes on the heap, near enough: leaves and the inner nodes above them.
    pub fn resident_bytes(&self) -> usize {
        let node = size_of::<rstar::RTreeNode<BoxItem>>();
        self.tree.size() * node + self.tree.size() * node / (Params::MAX_SIZE * 3 / 4)
    }
}

#[derive(Clone, Copy)]
enum Side {
    Low,
    High,
}

fn item(slot: u32, [west, south, east, north]: [i32; 4], origin: [f64; 2]) -> BoxItem {
    let min = outward(world_from_units([west, south]), origin, Side::Low);
    let max = outward(world_from_units([east, north]), origin, Side::High);
    BoxItem { min, max, slot }
}

fn outward(at: [f64; 2], origin: [f64; 2], side: Side) -> [f32; 2] {
    [0, 1].map(|axis| {
        let exact = at[axis] - origin[axis];
        let near = exact as f32;
        match side {
            Side::Low if f64::from(near) > exact => near.next_down(),
            Side::High if f64::from(near) < exact => near.next_up(),
            Side::Low | Side::High => near,
        }
    })
}
