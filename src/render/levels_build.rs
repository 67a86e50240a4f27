//! Making the simplified levels of a layer: see [`levels`](super::levels).

use std::collections::HashMap;

use rayon::prelude::*;

use super::filter::Filter;
use super::levels::{AREA_STEPS, BIAS, BLOCK, Block, LENGTH_STEPS, Level, LevelKey, Levels, Part, STEPS, grain_units};
use crate::index::arena::{PathKind, unit_bounds};
use crate::index::layer::LayerIndex;
use crate::index::thin::thin;
use crate::model::schema::Schema;
use crate::model::style::{Crowd, Style};
use crate::task::{Cancel, Courtesy};

/// Smaller layers are painted quickly enough without.
const LEAST_FEATURES: usize = 20_000;

/// So many features in a view are painted quickly enough without.
const FEW_IN_VIEW: f64 = 60_000.0;

/// The view that is meant, pixels.
const VIEW_PX: [f64; 2] = [1280.0, 800.0];

/// The coarsest level shows the layer so small, pixels.
const LAST_PX: f64 = 400.0;

/// Lines up to this size are kept as steps, grains: a step fits into two bytes.
const LONG: f64 = 15.0;

/// Lines up to this size are kept as a spot, grains.
const SHORT: f64 = 0.75;

/// Areas up to this size are kept as a patch, grains.
const WIDE: f64 = 6.0;

/// Positions may move by this, grains.
const TOLERANCE: f64 = 0.3;

/// A level with a larger share of large features is worth nothing.
const MOST_LARGE: f64 = 0.7;

/// Most classes, filters and size fields that are worth it.
const MOST_CLASSES: usize = 4096;
const MOST_FILTERS: usize = 64;
const MOST_FIELDS: usize = 4;

impl Levels {
    /// Makes the levels of a layer in a style, giving way to whoever is in more of a hurry; `None` if it needs none, if no two features look alike, or if cancelled.
    pub fn make(
        index: &LayerIndex,
        schema: &Schema,
        style: &Style,
        cancel: &Cancel,
        courtesy: &Courtesy,
    ) -> Option<Self> {
        if index.len() < LEAST_FEATURES || style.crowd != Crowd::Each {
            return None;
        }
        let key = LevelKey::of(style);
        let classes = Classes::of(index, schema, &key)?;
        let bounds_world = index.bounds_world();
        let grains = grains(index.len(), [bounds_world.width(), bounds_world.height()]);
        let order = by_block(index, *grains.first()?);
        let mut steps = Vec::new();
        for grain_m in grains {
            if cancel.is_cancelled() {
                return None;
            }
            let level = make_level(index, &classes.of_slot, &order, grain_m, courtesy);
            if (level.large.len() as f64) < MOST_LARGE * index.len() as f64 {
                steps.push(level);
            }
        }
        let classes = index.extract(&classes.first, None);
        (!steps.is_empty()).then(|| Self { key, classes, steps, features: index.len(), bounds_world })
    }
}

/// Grains of the levels, metres, each twice the one before.
fn grains(features: usize, sides_m: [f64; 2]) -> Vec<f64> {
    let area_m2 = (sides_m[0] * sides_m[1]).max(1.0);
    let least = (FEW_IN_VIEW * area_m2 / (features as f64 * 4.0 * VIEW_PX[0] * VIEW_PX[1])).sqrt();
    let first = least.log2().ceil().exp2();
    let most = sides_m[0].max(sides_m[1]) / LAST_PX;
    let rest = std::iter::successors(Some(first), |grain| Some(grain * 2.0));
    rest.take_while(|grain| *grain <= most.max(first)).collect()
}

/// Which features look alike.
struct Classes {
    /// By slot.
    of_slot: Vec<u32>,
    /// A slot of each class.
    first: Vec<u32>,
}

impl Classes {
    fn of(index: &LayerIndex, schema: &Schema, key: &LevelKey) -> Option<Self> {
        if key.filters.len() > MOST_FILTERS || key.fields.len() > MOST_FIELDS {
            return None;
        }
        let filters: Vec<Filter> = key.filters.iter().map(|test| Filter::compile(test, index, schema)).collect();
        let columns = key.fields.iter().filter_map(|field| index.column(schema.field_index(field)?));
        let columns: Vec<_> = columns.collect();
        if columns.iter().any(|column| column.dictionary().is_none()) {
            return None;
        }
        let mut known: HashMap<(u64, [u16; MOST_FIELDS]), u32> = HashMap::new();
        let mut classes = Self { of_slot: vec![0; index.slots() as usize], first: Vec::new() };
        for slot in index.live_slots() {
            let passed = filters.iter().enumerate().filter(|(_, filter)| filter.holds(index, slot));
            let bits = passed.fold(0_u64, |bits, (place, _)| bits | 1 << place);
            let mut codes = [0; MOST_FIELDS];
            codes.iter_mut().zip(&columns).for_each(|(code, column)| *code = column.code(slot as usize) as u16);
            let class = *known.entry((bits, codes)).or_insert_with(|| {
                classes.first.push(slot);
                classes.first.len() as u32 - 1
            });
            if classes.first.len() > MOST_CLASSES {
                return None;
            }
            classes.of_slot[slot as usize] = class;
        }
        Some(classes)
    }
}

/// Slots with a geometry behind the number of their block of the finest level: blocks of coarser levels are runs too.
fn by_block(index: &LayerIndex, grain_m: f64) -> Vec<(u64, u32)> {
    let side = grain_units(grain_m) * BLOCK;
    let placed = |slot: u32| {
        let first = index.geometry(slot).next()?.positions().next()?;
        let [column, row] = first.map(|at| (f64::from(at) / side).floor() as i32);
        Some((interleaved(column, row), slot))
    };
    let mut order: Vec<(u64, u32)> = (0..index.slots()).into_par_iter().filter_map(placed).collect();
    order.par_sort_unstable();
    order
}

/// Column and row bit by bit in turn, in the order of the numbers' sizes.
fn interleaved(column: i32, row: i32) -> u64 {
    let spread = |number: i32| {
        let mut bits = u64::from(number.cast_unsigned() ^ 1 << 31);
        for (shift, mask) in [
            (16, 0x0000_FFFF_0000_FFFF),
            (8, 0x00FF_00FF_00FF_00FF),
            (4, 0x0F0F_0F0F_0F0F_0F0F),
            (2, 0x3333_3333_3333_3333),
            (1, 0x5555_5555_5555_5555),
        ] {
            bits = (bits | bits << shift) & mask;
        }
        bits
    };
    spread(column) | spread(row) << 1
}

fn make_level(index: &LayerIndex, class_of: &[u32], order: &[(u64, u32)], grain_m: f64, courtesy: &Courtesy) -> Level {
    let side = grain_units(grain_m) * BLOCK;
    let block_of = |slot: u32| {
        let first = index.geometry(slot).next().and_then(|path| path.positions().next()).unwrap_or_default();
        first.map(|at| (f64::from(at) / side).floor() as i32)
    };
    let mut level = Level { grain_m, ..Level::default() };
    let (mut large, mut rest) = (Vec::new(), order);
    let mut maker = Maker::default();
    while let Some(&(_, first)) = rest.first() {
        let at = block_of(first);
        let len = rest.iter().position(|(_, slot)| block_of(*slot) != at).unwrap_or(rest.len());
        courtesy.give_way();
        let (block, after) = rest.split_at(len);
        rest = after;
        maker.begin(at, grain_m);
        for &(_, slot) in block {
            if !maker.take(index, slot, class_of[slot as usize]) {
                large.push(slot);
            }
        }
        maker.finish(at, &mut level);
    }
    large.sort_unstable();
    level.large = index.extract(&large, Some(grain_m * TOLERANCE));
    level.large.build_tree();
    level.lines.shrink_to_fit();
    level.spots.shrink_to_fit();
    level.patches.shrink_to_fit();
    level.dots.shrink_to_fit();
    level
}

/// Collects the marks of one block.
#[derive(Default)]
struct Maker {
    corner: [f64; 2],
    grain: f64,
    features: HashMap<u32, u32>,
    lines: Vec<(u32, [u16; 3])>,
    spots: Vec<Sum>,
    patches: Vec<Sum>,
    dots: Vec<Sum>,
    path: Vec<[i32; 2]>,
}

/// A mark that others may be added to, in grains.
#[derive(Clone, Copy)]
struct Sum {
    class: u32,
    at: [f64; 2],
    /// Half the way along the longer side of an area, in grains; none for others.
    half: [f64; 2],
    /// Length, area or number, and a second amount.
    amounts: [f64; 2],
}

impl Maker {
    fn begin(&mut self, at: [i32; 2], grain_m: f64) {
        self.grain = grain_units(grain_m);
        self.corner = at.map(|number| f64::from(number) * self.grain * BLOCK);
    }

    /// Takes a feature as marks; false if it is too large.
    fn take(&mut self, index: &LayerIndex, slot: u32, class: u32) -> bool {
        let Some([west, south, east, north]) = unit_bounds(index.geometry(slot)) else { return true };
        let extent = (f64::from(east) - f64::from(west)).max(f64::from(north) - f64::from(south)) / self.grain;
        let is_area = index.geometry(slot).any(|path| path.kind.is_ring());
        if extent > if is_area { WIDE } else { LONG } {
            return false;
        }
        let middle = [f64::midpoint(west.into(), east.into()), f64::midpoint(south.into(), north.into())];
        let middle = self.local(middle);
        let (mut area, mut border, mut length) = (0.0, 0.0, 0.0);
        let mut longest = [0.0; 2];
        for path in index.geometry(slot) {
            match path.kind {
                PathKind::Points => {
                    for at in path.positions() {
                        let at = self.local(at.map(f64::from));
                        self.dots.push(Sum { class, at, half: [0.0; 2], amounts: [1.0, 0.0] });
                    }
                }
                PathKind::Line if extent > SHORT => {
                    self.path.clear();
                    self.path.extend(path.positions());
                    self.take_line(class);
                }
                PathKind::Line => {
                    length += path.segments().map(|[a, b]| (b[0] - a[0]).hypot(b[1] - a[1])).sum::<f64>();
                }
                PathKind::Outer | PathKind::Hole => {
                    for [a, b] in path.segments() {
                        let [a, b] = [a, b].map(|at| self.grains(at));
                        area +=
                            ((a[0] - middle[0]) * (b[1] - middle[1]) - (b[0] - middle[0]) * (a[1] - middle[1])) / 2.0;
                        let edge = [b[0] - a[0], b[1] - a[1]];
                        border += edge[0].hypot(edge[1]);
                        if edge[0].hypot(edge[1]) > f64::hypot(longest[0], longest[1]) {
                            longest = edge;
                        }
                    }
                }
            }
        }
        if length > 0.0 {
            let amounts = [grain_units(length) / self.grain, 0.0];
            self.spots.push(Sum { class, at: middle, half: [0.0; 2], amounts });
        }
        if is_area {
            self.patches.push(Sum {
                class,
                at: middle,
                half: longest.map(|side| side / 2.0),
                amounts: [area.max(0.0), border],
            });
        }
        *self.features.entry(class).or_default() += 1;
        true
    }

    fn take_line(&mut self, class: u32) {
        thin(&mut self.path, self.grain * TOLERANCE);
        // The ends of steps are rounded, not their lengths: a line stays whole.
        let place = |at: &[i32; 2]| self.local(at.map(f64::from)).map(|n| (n * STEPS).round());
        let places: Vec<[f64; 2]> = self.path.iter().map(place).collect();
        for pair in places.windows(2) {
            let way = [0, 1].map(|axis| (pair[1][axis] - pair[0][axis]) as i8);
            let [x, y] = pair[0].map(|n| (n + BIAS) as u16);
            self.lines.push((class, [x, y, u16::from_le_bytes(way.map(i8::cast_unsigned))]));
        }
    }

    /// Centimetres as grains from the block's corner.
    fn local(&self, at: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|axis| (at[axis] - self.corner[axis]) / self.grain)
    }

    /// Web Mercator metres as grains from the block's corner.
    fn grains(&self, world: [f64; 2]) -> [f64; 2] {
        self.local(world.map(grain_units))
    }

    /// Adds the block to a level and is empty again.
    fn finish(&mut self, at: [i32; 2], level: &mut Level) {
        let first = level.parts.len() as u32;
        let mut features: Vec<(u32, u32)> = self.features.drain().collect();
        features.sort_unstable();
        self.lines.sort_unstable();
        let mut lines = self.lines.drain(..).peekable();
        let [spots, patches, dots] = [&mut self.spots, &mut self.patches, &mut self.dots].map(added_up);
        let mut sums = [spots, patches, dots].map(|sums| sums.into_iter().peekable());
        for (class, features) in features {
            let mut part = Part { class, features, ..Part::default() };
            let begin = level.lines.len() as u32;
            while let Some((_, line)) = lines.next_if(|(of, _)| *of == class) {
                level.lines.push(line);
            }
            part.lines = begin..level.lines.len() as u32;
            let [spots, patches, dots] = &mut sums;
            let three = |[x, y, _, a, _]: [u16; 5]| [x, y, a];
            part.spots = moved(spots, class, [LENGTH_STEPS, 0.0], &mut level.spots, three);
            part.patches = moved(patches, class, [AREA_STEPS, LENGTH_STEPS], &mut level.patches, |mark| mark);
            part.dots = moved(dots, class, [1.0, 0.0], &mut level.dots, three);
            level.parts.push(part);
        }
        level.blocks.push(Block { at, parts: first..level.parts.len() as u32 });
    }
}

/// Marks of one class in one grain become one, at their common middle.
fn added_up(sums: &mut Vec<Sum>) -> Vec<Sum> {
    let cell = |sum: &Sum| (sum.class, sum.at.map(|n| n.floor() as i32));
    sums.sort_by_key(cell);
    let mut added: Vec<Sum> = Vec::new();
    for more in sums.drain(..) {
        match added.last_mut() {
            Some(sum) if cell(sum) == cell(&more) => {
                let share = more.amounts[0] / (sum.amounts[0] + more.amounts[0]).max(f64::MIN_POSITIVE);
                // The middle of marks of one grain lies in that grain, so the next one still finds it.
                sum.at = [0, 1].map(|axis| sum.at[axis] + (more.at[axis] - sum.at[axis]) * share);
                sum.amounts = [0, 1].map(|place| sum.amounts[place] + more.amounts[place]);
                sum.half = [0.0; 2];
            }
            _ => added.push(more),
        }
    }
    added
}

/// Moves the marks of one class into a list; the run that they fill comes back.
fn moved<T>(
    sums: &mut std::iter::Peekable<std::vec::IntoIter<Sum>>,
    class: u32,
    steps: [f64; 2],
    out: &mut Vec<T>,
    pack: fn([u16; 5]) -> T,
) -> std::ops::Range<u32> {
    let begin = out.len() as u32;
    while let Some(sum) = sums.next_if(|sum| sum.class == class) {
        let [x, y] = sum.at.map(|n| (n * STEPS + BIAS).round() as u16);
        let [a, b] = [0, 1].map(|place| (sum.amounts[place] * steps[place]).round().min(f64::from(u16::MAX)) as u16);
        let half = sum.half.map(|n| ((n * STEPS).round() as i8).cast_unsigned());
        out.push(pack([x, y, u16::from_le_bytes(half), a, b]));
    }
    begin..out.len() as u32
}
