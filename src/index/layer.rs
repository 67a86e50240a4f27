//! One layer in memory: geometry, style columns and the tree over its boxes.
//!
//! A feature has a slot, its place in painting order; slots of deleted features stay empty until enough of them are
//! dead, then everything is packed anew. Distances and tolerances here are Web Mercator metres, which are longer than
//! metres on the ground by 1 / cos(latitude).

use std::collections::BTreeMap;
use std::io::{Read, Result, Write};

use rayon::prelude::*;

use super::arena::{Arena, NOWHERE, Paths, Transform, UNITS_PER_M, unit_bounds, world_bounds};
use super::columns::{Column, Lookup};
use super::memo::{Key, Memo};
use super::pack::{Packer, Unpacker, damaged};
use super::shapes;
use super::tree::BoxTree;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::Schema;
use crate::model::value::Value;

/// Dead words and slots that are worth no repacking.
const GARBAGE_LEAST: usize = 1 << 16;

/// Fewer features lie close together in memory anyway.
const GATHER_LEAST: usize = 1 << 12;

/// A feature found near a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The feature's id.
    pub id: i64,
    /// Distance in Web Mercator metres, 0 inside an area.
    pub distance_m: f64,
}

/// Collects a layer's rows, in painting order.
#[derive(Debug)]
pub struct LayerIndexBuilder {
    index: LayerIndex,
    lookups: Vec<Lookup>,
}

impl LayerIndexBuilder {
    /// For rows of `schema`, keeping the fields that `wanted` names (ids, or names in either language).
    pub fn new(schema: &Schema, wanted: &[String]) -> Self {
        let mut fields: Vec<usize> = wanted.iter().filter_map(|word| schema.field_index(word)).collect();
        fields.sort_unstable();
        fields.dedup();
        let columns = fields.iter().map(|_| Column::default()).collect();
        let lookups = fields.iter().map(|_| Lookup::default()).collect();
        Self { index: LayerIndex { fields, columns, ..LayerIndex::default() }, lookups }
    }

    /// The fields that are kept: places in the schema, ascending.
    pub fn fields(&self) -> &[usize] {
        &self.index.fields
    }

    /// Adds a row; `values` are those of [`LayerIndexBuilder::fields`] (missing ones are unknown). An id that came
    /// before is ignored.
    pub fn push(&mut self, id: i64, geometry: Option<&Geometry>, values: &[Value], transform: Transform) {
        let index = &mut self.index;
        if index.ids.last().is_some_and(|&last| id <= last) && index.slot(id).is_some() {
            return;
        }
        index.push_row(id, geometry, transform);
        for (place, (column, lookup)) in index.columns.iter_mut().zip(&mut self.lookups).enumerate() {
            column.push(values.get(place).unwrap_or(&Value::Null), lookup);
        }
    }

    /// The layer, still without a tree: see [`LayerIndex::build_tree`].
    pub fn finish(self) -> LayerIndex {
        let mut index = self.index;
        index.gather();
        index.tidy();
        index
    }
}

/// One layer in memory. See the module's head.
#[derive(Clone, Debug, Default)]
pub struct LayerIndex {
    arena: Arena,
    ids: Vec<i64>,
    starts: Vec<u32>,
    fields: Vec<usize>,
    columns: Vec<Column>,
    tree: Option<BoxTree>,
    bounds: Option<[i32; 4]>,
    /// So many ids from the first on are ascending.
    ascending: usize,
    /// Slots of the ids behind those.
    later: BTreeMap<i64, u32>,
    live: usize,
    /// Words of the arena that belong to no feature any more.
    dead_words: usize,
    memo: Memo,
}

/// Start of a slot whose feature was deleted; its id stays, so that undo finds the same slot again.
const DEAD: u32 = NOWHERE - 1;

impl LayerIndex {
    /// How many features.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// One more than the last slot.
    pub fn slots(&self) -> u32 {
        self.ids.len() as u32
    }

    /// The feature's id, `None` for an empty slot.
    pub fn id(&self, slot: u32) -> Option<i64> {
        self.ids.get(slot as usize).copied().filter(|_| self.starts[slot as usize] != DEAD)
    }

    /// The slot of a feature.
    pub fn slot(&self, id: i64) -> Option<u32> {
        self.any_slot(id).filter(|&slot| self.starts[slot as usize] != DEAD)
    }

    /// Web Mercator metres around one feature; empty for none.
    pub fn bounds_of(&self, id: i64) -> Bounds {
        self.slot(id).map_or(Bounds::EMPTY, |slot| world_bounds(self.geometry(slot)))
    }

    fn any_slot(&self, id: i64) -> Option<u32> {
        let found = self.ids[..self.ascending].binary_search(&id).ok().map(|slot| slot as u32);
        found.or_else(|| self.later.get(&id).copied())
    }

    /// Web Mercator metres around all features; after deletions it may be larger than needed. Empty for none.
    pub fn bounds_world(&self) -> Bounds {
        let Some([west, south, east, north]) = self.bounds else { return Bounds::EMPTY };
        let metres = |units: i32| f64::from(units) / UNITS_PER_M;
        Bounds::new(metres(west), metres(south), metres(east), metres(north))
    }

    /// Makes the tree that answers windows quickly; without it every question looks at every feature.
    pub fn build_tree(&mut self) {
        self.tree = Some(self.make_tree());
    }

    /// The tree alone, for a thread that only reads: give it to [`LayerIndex::set_tree`].
    pub fn make_tree(&self) -> BoxTree {
        let boxed = |(_, slot): &(u32, u32)| Some((*slot, unit_bounds(self.geometry(*slot))?));
        let boxes: Vec<(u32, [i32; 4])> = self.by_place().par_iter().filter_map(boxed).collect();
        BoxTree::build(&boxes, self.bounds_world_center())
    }

    /// Takes a tree from [`LayerIndex::make_tree`]; nothing may have been edited in between.
    pub fn set_tree(&mut self, tree: BoxTree) {
        self.tree = Some(tree);
    }

    /// Whether there is a tree.
    pub fn has_tree(&self) -> bool {
        self.tree.is_some()
    }

    /// Calls `f` with the slots of all features whose box may meet `world`, in no particular order.
    pub fn window(&self, world: Bounds, f: &mut dyn FnMut(u32)) {
        let all = self.bounds_world();
        if world.contains(all.min) && world.contains(all.max) {
            return self.live_slots().filter(|&slot| self.start(slot) != NOWHERE).for_each(f);
        }
        let meets = |slot: u32| {
            let bounds = world_bounds(self.geometry(slot));
            !bounds.is_empty() && bounds.intersects(&world)
        };
        if let Some(tree) = &self.tree {
            return tree.window(&world, &mut |slot, is_sure| {
                if is_sure || meets(slot) {
                    f(slot);
                }
            });
        }
        self.live_slots().filter(|&slot| meets(slot)).for_each(f);
    }

    /// The slots of all features whose box may meet `world`, in painting order.
    pub fn window_slots(&self, world: Bounds) -> Vec<u32> {
        let mut slots = Vec::new();
        self.window(world, &mut |slot| slots.push(slot));
        if slots.len() < self.ids.len() / 32 {
            slots.sort_unstable();
            return slots;
        }
        // Many of them: a bit for each slot puts them in order sooner than sorting.
        let mut bits = vec![0_u64; self.ids.len().div_ceil(64)];
        slots.iter().for_each(|&slot| bits[slot as usize / 64] |= 1 << (slot % 64));
        slots.clear();
        for (word, mut left) in (0_u32..).zip(bits) {
            while left != 0 {
                slots.push(word * 64 + left.trailing_zeros());
                left &= left - 1;
            }
        }
        slots
    }

    /// Features at most `tolerance_m` from a place, nearest first and of those the one painted last, at most `max`.
    pub fn pick(&self, point_world: [f64; 2], tolerance_m: f64, max: usize) -> Vec<Hit> {
        self.pick_of(point_world, tolerance_m, max, &|_| true)
    }

    /// The same of the features whose slot passes `is_meant`.
    pub fn pick_of(
        &self,
        at_world: [f64; 2],
        tolerance_m: f64,
        max: usize,
        is_meant: &dyn Fn(u32) -> bool,
    ) -> Vec<Hit> {
        let [x, y] = at_world;
        let mut found = Vec::new();
        self.window(Bounds::new(x, y, x, y).grown(tolerance_m.max(0.0)), &mut |slot| {
            let hit = self.hit(slot, at_world).filter(|(hit, _)| hit.distance_m <= tolerance_m);
            found.extend(hit.filter(|_| is_meant(slot)));
        });
        sorted_hits(found, max)
    }

    /// The `n` nearest features that are at most `max_distance_m` away, nearest first.
    pub fn nearest(&self, point_world: [f64; 2], max_distance_m: f64, n: usize) -> Vec<Hit> {
        let Some(tree) = self.tree.as_ref().filter(|_| n > 0) else {
            let [x, y] = point_world;
            let far = if max_distance_m.is_finite() { max_distance_m } else { 1e9 };
            return if n == 0 { Vec::new() } else { self.pick([x, y], far, n) };
        };
        let mut best: Vec<(Hit, u32)> = Vec::new();
        let mut reach = max_distance_m;
        for (slot, at_least) in tree.by_distance(point_world) {
            if at_least > reach {
                break;
            }
            best.extend(self.hit(slot, point_world).filter(|(hit, _)| hit.distance_m <= reach));
            if best.len() >= 2 * n + 64 {
                sort_hits(&mut best);
                best.truncate(n);
                reach = best[n - 1].0.distance_m;
            } else if best.len() == n {
                reach = best.iter().fold(0.0, |most, (hit, _)| hit.distance_m.max(most));
            }
        }
        sorted_hits(best, n)
    }

    /// Ids of the features inside a box whose slot passes `is_meant`: all of their geometry in it (`fully`), or a point
    /// of it at least. Ascending.
    pub fn inside(&self, world: Bounds, fully: bool, is_meant: &dyn Fn(u32) -> bool) -> Vec<i64> {
        let mut found = Vec::new();
        self.window(world, &mut |slot| {
            let paths = self.geometry(slot);
            let hit = if fully { shapes::is_within(paths, &world) } else { shapes::touches(paths, &world) };
            found.extend(self.id(slot).filter(|_| hit && is_meant(slot)));
        });
        found.sort_unstable();
        found
    }

    /// The paths of a feature; none for an empty slot.
    pub fn geometry(&self, slot: u32) -> Paths<'_> {
        self.arena.paths(self.start(slot))
    }

    /// The fields that are kept: places in the schema, ascending.
    pub fn fields(&self) -> &[usize] {
        &self.fields
    }

    /// The column of a field by its place in the schema.
    pub fn column(&self, field: usize) -> Option<&Column> {
        self.fields.binary_search(&field).ok().map(|place| &self.columns[place])
    }

    /// All columns, in the order of [`LayerIndex::fields`].
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The value of a field by its place in the schema; unknown if the field is not kept.
    pub fn value(&self, slot: u32, field: usize) -> Value {
        self.column(field).map_or(Value::Null, |column| column.get(slot as usize))
    }

    /// Gives a kept field of a row another value.
    pub fn set_value(&mut self, slot: u32, field: usize, value: &Value) {
        if let Ok(place) = self.fields.binary_search(&field) {
            self.memo.forget();
            self.columns[place].set(slot as usize, value);
        }
    }

    /// Of a whole row's values those that are kept.
    pub fn kept(&self, row: &[Value]) -> Vec<Value> {
        self.fields.iter().map(|&field| row.get(field).cloned().unwrap_or_default()).collect()
    }

    /// A number about all features together: worked out once for a key, and again after an edit.
    pub fn remembered(&self, key: Key, work_out: impl FnOnce() -> f64) -> f64 {
        self.memo.number(key, work_out)
    }

    /// An edit: puts a feature in, replaces it or (`None`) takes it out. `values` are those of [`LayerIndex::fields`].
    pub fn apply(&mut self, id: i64, new: Option<(Option<&Geometry>, &[Value], Transform)>) {
        self.memo.forget();
        match (self.slot(id), new) {
            (None, None) => {}
            (Some(slot), None) => self.remove(slot),
            (Some(slot), Some((geometry, values, transform))) => self.replace(slot, geometry, values, transform),
            (None, Some((geometry, values, transform))) if self.any_slot(id).is_some() => {
                let slot = self.any_slot(id).unwrap_or_default();
                self.live += 1;
                self.replace(slot, geometry, values, transform);
            }
            (None, Some((geometry, values, transform))) => {
                let slot = self.slots();
                self.push_row(id, geometry, transform);
                for (place, column) in self.columns.iter_mut().enumerate() {
                    column.push_slow(values.get(place).unwrap_or(&Value::Null));
                }
                self.plant(slot);
            }
        }
        let slots_dead = self.ids.len() - self.live;
        let words_dead = self.dead_words > GARBAGE_LEAST && self.dead_words * 4 > self.arena.total_words();
        if words_dead || (slots_dead > GARBAGE_LEAST && slots_dead * 4 > self.ids.len()) {
            self.repack();
        }
    }

    /// Writes all of it.
    pub fn pack<W: Write>(&self, out: &mut Packer<W>) -> Result<()> {
        self.arena.pack(out)?;
        out.slice(&self.ids)?;
        out.slice(&self.starts)?;
        out.slice(&self.fields.iter().map(|&field| field as u64).collect::<Vec<_>>())?;
        self.columns.iter().try_for_each(|column| column.pack(out))?;
        out.slice(&self.bounds.into_iter().flatten().collect::<Vec<_>>())?;
        [self.ascending, self.live, self.dead_words].into_iter().try_for_each(|number| out.number(number as u64))?;
        out.slice(&self.later.keys().copied().collect::<Vec<_>>())?;
        out.slice(&self.later.values().copied().collect::<Vec<_>>())?;
        out.number(u64::from(self.tree.is_some()))?;
        self.tree.iter().try_for_each(|tree| tree.pack(out))
    }

    /// Reads what [`LayerIndex::pack`] writes.
    ///
    /// # Errors
    /// If it is shorter, or no such thing. Whether every number in it is right the checksum says alone.
    pub fn unpack<R: Read>(input: &mut Unpacker<R>) -> Result<Self> {
        let arena = Arena::unpack(input)?;
        let (ids, starts): (Vec<i64>, Vec<u32>) = (input.slice()?, input.slice()?);
        let fields: Vec<usize> = input.slice::<u64>()?.into_iter().map(|field| field as usize).collect();
        let columns = fields.iter().map(|_| Column::unpack(input, ids.len())).collect::<Result<_>>()?;
        let bounds = input.slice::<i32>()?.try_into().ok();
        let [ascending, live, dead_words] = [input.count()?, input.count()?, input.count()?];
        let later = input.slice::<i64>()?.into_iter().zip(input.slice::<u32>()?).collect();
        let tree = if input.number()? == 1 { Some(BoxTree::unpack(input)?) } else { None };
        if starts.len() != ids.len() || ascending > ids.len() {
            return Err(damaged());
        }
        let memo = Memo::default();
        Ok(Self { arena, ids, starts, fields, columns, tree, bounds, ascending, later, live, dead_words, memo })
    }

    /// Some of the features as a layer of their own, in the order of `slots`: their kept values, and their geometry with
    /// no position moved by more than `tolerance_m`, or none at all.
    pub fn extract(&self, slots: &[u32], tolerance_m: Option<f64>) -> Self {
        let mut part = Self { fields: self.fields.clone(), ..Self::default() };
        let mut columns: Vec<(Column, Lookup)> = self.columns.iter().map(|_| Default::default()).collect();
        for &slot in slots {
            part.push_row(self.ids[slot as usize], None, &|_| None);
            if let Some(tolerance_m) = tolerance_m {
                let new = part.slots() - 1;
                let start = part.arena.push_thinned(&self.arena, self.start(slot), tolerance_m * UNITS_PER_M);
                part.starts[new as usize] = start;
                part.grow(new);
            }
            for ((column, lookup), old) in columns.iter_mut().zip(&self.columns) {
                column.push(&old.get(slot as usize), lookup);
            }
        }
        part.columns = columns.into_iter().map(|(column, _)| column).collect();
        part.tidy();
        part
    }

    /// Bytes on the heap, near enough.
    pub fn resident_bytes(&self) -> usize {
        let rows = self.ids.capacity() * 8 + self.starts.capacity() * 4 + self.later.len() * 24;
        let columns: usize = self.columns.iter().map(Column::resident_bytes).sum();
        rows + columns + self.arena.resident_bytes() + self.tree.as_ref().map_or(0, BoxTree::resident_bytes)
    }

    /// Slots in use, in painting order.
    pub fn live_slots(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.slots()).filter(|&slot| self.starts[slot as usize] != DEAD)
    }

    /// Where the feature's coordinates begin, [`NOWHERE`] if it has none.
    fn start(&self, slot: u32) -> u32 {
        self.starts.get(slot as usize).copied().filter(|&start| start != DEAD).unwrap_or(NOWHERE)
    }

    fn hit(&self, slot: u32, point: [f64; 2]) -> Option<(Hit, u32)> {
        let distance_m = shapes::distance(self.geometry(slot), point)?;
        Some((Hit { id: self.id(slot)?, distance_m }, slot))
    }

    fn bounds_world_center(&self) -> [f64; 2] {
        if self.bounds.is_some() { self.bounds_world().center() } else { [0.0; 2] }
    }

    fn push_row(&mut self, id: i64, geometry: Option<&Geometry>, transform: Transform) {
        let slot = self.slots();
        let start = geometry.map_or(NOWHERE, |geometry| self.arena.push(geometry, transform));
        if self.ascending == self.ids.len() && self.ids.last().is_none_or(|&last| last < id) {
            self.ascending += 1;
        } else {
            self.later.insert(id, slot);
        }
        self.ids.push(id);
        self.starts.push(start);
        self.live += 1;
        self.grow(slot);
    }

    fn replace(&mut self, slot: u32, geometry: Option<&Geometry>, values: &[Value], transform: Transform) {
        self.uproot(slot);
        self.dead_words += self.arena.len_words(self.start(slot));
        self.starts[slot as usize] = geometry.map_or(NOWHERE, |geometry| self.arena.push(geometry, transform));
        for (place, column) in self.columns.iter_mut().enumerate() {
            column.set(slot as usize, values.get(place).unwrap_or(&Value::Null));
        }
        self.grow(slot);
        self.plant(slot);
    }

    fn remove(&mut self, slot: u32) {
        self.uproot(slot);
        self.dead_words += self.arena.len_words(self.start(slot));
        self.starts[slot as usize] = DEAD;
        self.live -= 1;
    }

    fn uproot(&mut self, slot: u32) {
        if let (Some(units), Some(tree)) = (unit_bounds(self.geometry(slot)), &mut self.tree) {
            tree.remove(slot, units);
        }
    }

    fn plant(&mut self, slot: u32) {
        if let (Some(units), Some(tree)) = (unit_bounds(self.geometry(slot)), &mut self.tree) {
            tree.insert(slot, units);
        }
    }

    fn grow(&mut self, slot: u32) {
        if let Some(new) = unit_bounds(self.geometry(slot)) {
            let [west, south, east, north] = self.bounds.unwrap_or(new);
            self.bounds = Some([west.min(new[0]), south.min(new[1]), east.max(new[2]), north.max(new[3])]);
        }
    }

    /// Gives back memory that was reserved for more.
    fn tidy(&mut self) {
        self.ids.shrink_to_fit();
        self.starts.shrink_to_fit();
        self.arena.shrink();
        self.columns.iter_mut().for_each(Column::shrink);
    }

    /// Lays coordinates of neighbours side by side in memory: a picture reads a part of the block, not pages of all of
    /// it. Slots, and so the painting order, stay.
    fn gather(&mut self) {
        if self.live < GATHER_LEAST {
            return;
        }
        let order = self.by_place();
        let mut arena = Arena::with_room_for(&self.arena);
        for (_, slot) in order {
            self.starts[slot as usize] = arena.push_from(&self.arena, self.starts[slot as usize]);
        }
        self.arena = arena;
    }

    /// All slots with a geometry, neighbours near each other, behind the number that orders them.
    fn by_place(&self) -> Vec<(u32, u32)> {
        let Some([west, south, east, north]) = self.bounds else { return Vec::new() };
        let side = f64::from(east.saturating_sub(west).max(north.saturating_sub(south)).max(1));
        let share = |at: i32, from: i32| ((f64::from(at) - f64::from(from)) / side * 65_535.0) as u32;
        let placed = |slot: u32| {
            let first = self.geometry(slot).next()?.positions().next()?;
            Some((interleaved(share(first[0], west), share(first[1], south)), slot))
        };
        let mut order: Vec<(u32, u32)> = (0..self.slots()).into_par_iter().filter_map(placed).collect();
        order.par_sort_unstable();
        order
    }

    /// Leaves everything dead behind.
    fn repack(&mut self) {
        let mut fresh = Self { fields: self.fields.clone(), ..Self::default() };
        let mut columns: Vec<(Column, Lookup)> = self.columns.iter().map(|_| Default::default()).collect();
        for slot in self.live_slots() {
            let start = fresh.arena.push_from(&self.arena, self.start(slot));
            fresh.push_row(self.ids[slot as usize], None, &|_| None);
            let new = fresh.slots() - 1;
            fresh.starts[new as usize] = start;
            fresh.grow(new);
            for ((column, lookup), old) in columns.iter_mut().zip(&self.columns) {
                column.push(&old.get(slot as usize), lookup);
            }
        }
        fresh.columns = columns.into_iter().map(|(column, _)| column).collect();
        fresh.gather();
        if self.has_tree() {
            fresh.build_tree();
        }
        *self = fresh;
    }
}

/// The lower 16 bits of two numbers, bit by bit in turn (Morton's order): near places get near numbers.
fn interleaved(x: u32, y: u32) -> u32 {
    let spread = |number: u32| {
        let number = (number | number << 8) & 0x00FF_00FF;
        let number = (number | number << 4) & 0x0F0F_0F0F;
        let number = (number | number << 2) & 0x3333_3333;
        (number | number << 1) & 0x5555_5555
    };
    spread(x & 0xFFFF) | spread(y & 0xFFFF) << 1
}

fn sort_hits(hits: &mut [(Hit, u32)]) {
    hits.sort_by(|(a, a_slot), (b, b_slot)| a.distance_m.total_cmp(&b.distance_m).then(b_slot.cmp(a_slot)));
}

fn sorted_hits(mut hits: Vec<(Hit, u32)>, max: usize) -> Vec<Hit> {
    sort_hits(&mut hits);
    hits.into_iter().take(max).map(|(hit, _)| hit).collect()
}
