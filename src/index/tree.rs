//! A tree over the boxes of a layer's features, kept right by edits.
//!
//! One box of the tree stands for a few neighbours, so that a million features cost 8 MB and not 52. Boxes are 32-bit
//! metres from the middle of the layer, rounded outwards: a window never misses a feature and may meet some that lie
//! beside it. Whoever needs the truth looks at the geometry.

use std::io::{Read, Result, Write};
use std::ops::ControlFlow;

use rstar::{AABB, Envelope, PointDistance, RStarInsertionStrategy, RTree, RTreeObject, RTreeParams};

use super::arena::world_from_units;
use super::pack::{Packer, Unpacker, damaged};
use crate::model::geometry::Bounds;

/// Neighbours that share a box.
const TOGETHER: usize = 16;

/// Fewer features have a box each.
const ALONE_BELOW: usize = 1 << 12;

/// Place of a member that was taken out.
const NOBODY: u32 = u32::MAX;

/// A box and those in it: a run of [`BoxTree::members`].
#[derive(Clone, Copy, Debug, PartialEq)]
struct Group {
    min: [f32; 2],
    max: [f32; 2],
    first: u32,
    count: u32,
}

impl RTreeObject for Group {
    type Envelope = AABB<[f32; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.min, self.max)
    }
}

impl PointDistance for Group {
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
    tree: RTree<Group, Params>,
    /// Slots, group by group.
    members: Vec<u32>,
    live: usize,
    origin: [f64; 2],
}

impl BoxTree {
    /// A tree over all boxes at once: slots and boxes in centimetres, neighbours near each other in the list.
    pub fn build(boxes: &[(u32, [i32; 4])], origin: [f64; 2]) -> Self {
        let together = if boxes.len() < ALONE_BELOW { 1 } else { TOGETHER };
        let groups = (0_u32..).step_by(together).zip(boxes.chunks(together));
        let groups = groups.map(|(first, boxes)| {
            let all = boxes.iter().map(|(_, units)| *units).reduce(united).unwrap_or_default();
            group(all, origin, first, boxes.len() as u32)
        });
        Self {
            tree: RTree::bulk_load_with_params(groups.collect()),
            members: boxes.iter().map(|(slot, _)| *slot).collect(),
            live: boxes.len(),
            origin,
        }
    }

    /// Adds a feature.
    pub fn insert(&mut self, slot: u32, units: [i32; 4]) {
        let first = self.members.len() as u32;
        self.members.push(slot);
        self.tree.insert(group(units, self.origin, first, 1));
        self.live += 1;
    }

    /// Takes a feature out, by the box it was put in with.
    pub fn remove(&mut self, slot: u32, units: [i32; 4]) {
        let wanted = group(units, self.origin, 0, 1).envelope();
        let (members, mut found) = (&self.members, None);
        let met = self.tree.locate_in_envelope_intersecting_int(wanted, |group: &Group| {
            match members[run(group)].iter().position(|member| *member == slot) {
                Some(place) if group.envelope().contains_envelope(&wanted) => {
                    found = Some((*group, place));
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            }
        });
        let Some((group, place)) = found.filter(|_| met.is_break()) else { return };
        self.live -= 1;
        self.members[group.first as usize + place] = NOBODY;
        if self.members[run(&group)].iter().all(|&member| member == NOBODY) {
            self.tree.remove(&group);
        }
    }

    /// Calls `f` with every feature whose box may meet `world`, and whether it is sure to.
    pub fn window(&self, world: &Bounds, f: &mut dyn FnMut(u32, bool)) {
        let low = outward(world.min, self.origin, Side::Low);
        let high = outward(world.max, self.origin, Side::High);
        let window = AABB::from_corners(low, high);
        let met = self.tree.locate_in_envelope_intersecting_int(window, |group: &Group| {
            let is_sure = group.count == 1 || window.contains_envelope(&group.envelope());
            self.slots(group).for_each(|slot| f(slot, is_sure));
            ControlFlow::<()>::Continue(())
        });
        debug_assert!(met.is_continue());
    }

    /// Features by the distance of their boxes from `point`, nearest first; each distance is a lower bound in metres.
    pub fn by_distance(&self, point: [f64; 2]) -> impl Iterator<Item = (u32, f64)> + '_ {
        let local = [(point[0] - self.origin[0]) as f32, (point[1] - self.origin[1]) as f32];
        self.tree.nearest_neighbor_iter_with_distance_2(local).flat_map(move |(group, distance_2)| {
            let size = group.max.iter().chain(&group.min).chain(&local).fold(0.0_f32, |most, n| most.max(n.abs()));
            let slack = f64::from(size) * 4.0 * f64::from(f32::EPSILON) + f64::from(distance_2).sqrt() * 1e-6;
            let at_least_m = (f64::from(distance_2).sqrt() - slack).max(0.0);
            self.slots(group).map(move |slot| (slot, at_least_m))
        })
    }

    /// How many boxes.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Writes the tree: its groups, not its nodes, which are soon made.
    pub(super) fn pack<W: Write>(&self, out: &mut Packer<W>) -> Result<()> {
        let boxes: Vec<[f32; 4]> =
            self.tree.iter().map(|group| [group.min[0], group.min[1], group.max[0], group.max[1]]).collect();
        let runs: Vec<[u32; 2]> = self.tree.iter().map(|group| [group.first, group.count]).collect();
        out.slice(&boxes)?;
        out.slice(&runs)?;
        out.slice(&self.members)?;
        out.number(self.live as u64)?;
        out.slice(&self.origin)
    }

    /// Reads what [`BoxTree::pack`] writes.
    pub(super) fn unpack<R: Read>(input: &mut Unpacker<R>) -> Result<Self> {
        let (boxes, runs): (Vec<[f32; 4]>, Vec<[u32; 2]>) = (input.slice()?, input.slice()?);
        let (members, live): (Vec<u32>, usize) = (input.slice()?, input.count()?);
        let origin = input.slice()?.try_into().map_err(|_| damaged())?;
        let groups = boxes.iter().zip(&runs).map(|(&[west, south, east, north], &[first, count])| Group {
            min: [west, south],
            max: [east, north],
            first,
            count,
        });
        let groups: Vec<Group> = groups.collect();
        if groups.iter().any(|group| run(group).end > members.len()) {
            return Err(damaged());
        }
        Ok(Self { tree: RTree::bulk_load_with_params(groups), members, live, origin })
    }

    /// Bytes on the heap, near enough: members, leaves and the inner nodes above them.
    pub fn resident_bytes(&self) -> usize {
        let nodes = self.tree.size() * size_of::<rstar::RTreeNode<Group>>();
        self.members.capacity() * size_of::<u32>() + nodes + nodes / (Params::MAX_SIZE * 3 / 4)
    }

    fn slots(&self, group: &Group) -> impl Iterator<Item = u32> + '_ {
        self.members[run(group)].iter().copied().filter(|&slot| slot != NOBODY)
    }
}

fn run(group: &Group) -> std::ops::Range<usize> {
    group.first as usize..(group.first + group.count) as usize
}

#[derive(Clone, Copy)]
enum Side {
    Low,
    High,
}

fn group([west, south, east, north]: [i32; 4], origin: [f64; 2], first: u32, count: u32) -> Group {
    let min = outward(world_from_units([west, south]), origin, Side::Low);
    let max = outward(world_from_units([east, north]), origin, Side::High);
    Group { min, max, first, count }
}

fn united(a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
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
