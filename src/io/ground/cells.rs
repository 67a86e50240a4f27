//! A plane cut into cells at several levels, of which a window is asked for: what tiles, strips and pictures have in
//! common. Cells are decoded when they are needed and kept while there is room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::geometry::Bounds;
use crate::model::ground::GroundPixels;
use crate::task::Cancel;

/// What decoded cells may take together, bytes.
const ROOM: usize = 64 << 20;
/// Widest and highest window, pixels.
const MOST_WINDOW_PX: f64 = 4096.0;
/// Most cells of a window that are not there already.
const MOST_CELLS: u64 = 20_000;
/// A picture may be so much finer than what is asked for.
const FINER: f64 = 1.42;
/// Halvings of the coarsest level, for what is looked at from further away than it was made for.
const MOST_HALVINGS: u32 = 10;
/// Levels that are looked through for what a finer one lacks.
const STAND_INS: usize = 4;

/// Decoded pixels: straight RGBA, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) size: [usize; 2],
    pub(super) rgba: Vec<u8>,
}

/// One level of a plane.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Level {
    /// Pixels at full size to one of the level.
    pub(super) factor: f64,
    /// Width and height of its cells, pixels of the level.
    pub(super) cell: [u32; 2],
    /// Cells across and down.
    pub(super) count: [u64; 2],
}

/// Where cells come from.
pub(super) trait Source: Send + Sync {
    /// A cell of a level; `None` where there is none, or none that can be read.
    fn cell(&self, level: usize, at: [u64; 2]) -> Option<Cell>;
}

/// Which cell: level, halvings, column, row.
type Key = (usize, u32, u64, u64);

/// See the module's head.
pub(super) struct Cells {
    /// From fine to coarse.
    levels: Vec<Level>,
    source: Box<dyn Source>,
    shelf: Mutex<Shelf>,
    /// Held while a cell is decoded that is too large to be in memory twice.
    large: Mutex<()>,
}

#[derive(Default)]
struct Shelf {
    cells: BTreeMap<Key, (Option<Arc<Placed>>, u64)>,
    bytes: usize,
    clock: u64,
}

/// A cell with its place on its halved level.
#[derive(Debug)]
struct Placed {
    origin: [i64; 2],
    cell: Cell,
}

impl Cells {
    /// Levels come from fine to coarse.
    pub(super) fn new(levels: Vec<Level>, source: impl Source + 'static) -> Self {
        Self { levels, source: Box::new(source), shelf: Mutex::default(), large: Mutex::default() }
    }

    /// See [`super::Ground::pixels`].
    pub(super) fn window(&self, window: &Bounds, step: f64, cancel: &Cancel) -> Option<GroundPixels> {
        if !(step.is_finite() && step > 0.0) || window.is_empty() {
            return None;
        }
        let most = step * FINER;
        let level = self.levels.iter().rposition(|level| level.factor <= most).unwrap_or(0);
        let factor = self.levels.get(level)?.factor;
        let halvings = (0..MOST_HALVINGS).take_while(|&by| factor * f64::from(2_u32 << by) <= most).count() as u32;
        let scale = factor * f64::from(1_u32 << halvings);
        let first = window.min.map(|side| (side / scale).floor() as i64 - 1);
        let last = window.max.map(|side| (side / scale).ceil() as i64 + 1);
        if (0..2).any(|axis| (window.max[axis] - window.min[axis]) / scale > MOST_WINDOW_PX) {
            return None;
        }
        let size = [0, 1].map(|axis| (last[axis] - first[axis]) as usize);
        let mut out = GroundPixels { origin: first, scale, size, rgba: vec![0; size[0] * size[1] * 4] };
        self.fill(&mut out, level, halvings, cancel)?.then_some(out)
    }

    /// Lays the cells into a window; whether there was any. `None` when cancelled.
    fn fill(&self, out: &mut GroundPixels, at_level: usize, halvings: u32, cancel: &Cancel) -> Option<bool> {
        let level = &self.levels[at_level];
        let half = f64::from(1_u32 << halvings);
        let span = |axis: usize| {
            let side = f64::from(level.cell[axis]) / half;
            let first = (out.origin[axis] as f64 / side).floor().max(0.0) as u64;
            let last = ((out.origin[axis] + out.size[axis] as i64) as f64 / side).ceil().max(0.0) as u64;
            first..last.min(level.count[axis])
        };
        let (columns, rows) = (span(0), span(1));
        let number = columns.end.saturating_sub(columns.start).saturating_mul(rows.end.saturating_sub(rows.start));
        if number > MOST_CELLS {
            return Some(false);
        }
        let mut any = false;
        for (row, column) in rows.flat_map(|row| columns.clone().map(move |column| (row, column))) {
            if cancel.is_cancelled() {
                return None;
            }
            match self.placed((at_level, halvings, column, row)) {
                Some(placed) => {
                    blit(out, &placed);
                    any = true;
                }
                None => any |= self.stand_in(out, at_level, halvings, [column, row]),
            }
        }
        Some(any)
    }

    /// Fills the place of a cell that is not there from a coarser level, as a set of tiles may end at different zooms.
    fn stand_in(&self, out: &mut GroundPixels, at_level: usize, halvings: u32, at: [u64; 2]) -> bool {
        let level = &self.levels[at_level];
        let half = f64::from(1_u32 << halvings);
        let corner = |axis: usize, more: u64| (at[axis] + more) as f64 * f64::from(level.cell[axis]) / half;
        let from = [0, 1].map(|axis| (corner(axis, 0).floor() as i64).max(out.origin[axis]));
        let to = [0, 1].map(|axis| (corner(axis, 1).ceil() as i64).min(out.origin[axis] + out.size[axis] as i64));
        for (coarse, stand_in) in self.levels.iter().enumerate().skip(at_level + 1).take(STAND_INS) {
            let ratio = out.scale / stand_in.factor;
            let middle = [0, 1].map(|axis| (corner(axis, 0) + 0.5) * ratio);
            let cell = [0, 1].map(|axis| (middle[axis] / f64::from(stand_in.cell[axis])).floor().max(0.0) as u64);
            if (0..2).any(|axis| cell[axis] >= stand_in.count[axis]) {
                continue;
            }
            let Some(placed) = self.placed((coarse, 0, cell[0], cell[1])) else { continue };
            for (y, x) in (from[1]..to[1]).flat_map(|y| (from[0]..to[0]).map(move |x| (y, x))) {
                let source = [x, y].map(|side| ((side as f64 + 0.5) * ratio).floor() as i64);
                if let Some(pixel) = placed.pixel(source) {
                    let to = ((y - out.origin[1]) as usize * out.size[0] + (x - out.origin[0]) as usize) * 4;
                    out.rgba[to..to + 4].copy_from_slice(pixel);
                }
            }
            return true;
        }
        false
    }

    fn placed(&self, key: Key) -> Option<Arc<Placed>> {
        if let Some(found) = self.shelved(key) {
            return found;
        }
        let (level, halvings, column, row) = key;
        let side = self.levels[level].cell;
        let is_large = u64::from(side[0]) * u64::from(side[1]) > 1 << 22;
        let _alone = is_large.then(|| self.large.lock().unwrap_or_else(PoisonError::into_inner));
        // Whoever held the lock may have made it.
        if let Some(found) = self.shelved(key).filter(|_| is_large) {
            return found;
        }
        let finer = (0..halvings).rev().find_map(|by| Some((by, self.shelved((level, by, column, row))?)));
        let (mut by, mut made) = match finer {
            Some((_, None)) => return None,
            Some((by, found)) => (by, found),
            None => {
                let origin = [column as i64 * i64::from(side[0]), row as i64 * i64::from(side[1])];
                let cell = self.source.cell(level, [column, row]);
                (0, cell.map(|cell| Arc::new(Placed { origin, cell })))
            }
        };
        self.shelve((level, by, column, row), made.clone());
        while by < halvings {
            by += 1;
            made = made.map(|made| Arc::new(made.halved()));
            self.shelve((level, by, column, row), made.clone());
        }
        made
    }

    fn shelved(&self, key: Key) -> Option<Option<Arc<Placed>>> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.clock += 1;
        let clock = shelf.clock;
        let (cell, used) = shelf.cells.get_mut(&key)?;
        *used = clock;
        Some(cell.clone())
    }

    fn shelve(&self, key: Key, cell: Option<Arc<Placed>>) {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.clock += 1;
        let entry = (cell, shelf.clock);
        shelf.bytes += weight(entry.0.as_ref());
        if let Some((old, _)) = shelf.cells.insert(key, entry) {
            shelf.bytes -= weight(old.as_ref());
        }
        if shelf.bytes > ROOM {
            shelf.tidy();
        }
    }
}

/// Bytes of a cell with what it costs to know of it.
fn weight(cell: Option<&Arc<Placed>>) -> usize {
    128 + cell.map_or(0, |cell| cell.cell.rgba.len())
}

impl Shelf {
    /// Drops what was used longest ago, until a quarter of the room is free.
    fn tidy(&mut self) {
        let mut old: Vec<(u64, Key)> = self.cells.iter().map(|(key, (_, used))| (*used, *key)).collect();
        old.sort_unstable();
        for (used, key) in old {
            if self.bytes <= ROOM / 4 * 3 || used == self.clock {
                return;
            }
            if let Some((cell, _)) = self.cells.remove(&key) {
                self.bytes -= weight(cell.as_ref());
            }
        }
    }
}

impl Placed {
    fn pixel(&self, at: [i64; 2]) -> Option<&[u8]> {
        let at = [0, 1].map(|axis| at[axis] - self.origin[axis]);
        let is_inside = (0..2).all(|axis| (0..self.cell.size[axis] as i64).contains(&at[axis]));
        let first = (at[1] as usize).checked_mul(self.cell.size[0])?.checked_add(at[0] as usize)?.checked_mul(4)?;
        self.cell.rgba.get(first..first + 4).filter(|_| is_inside)
    }

    /// Half as wide and high: each pixel is the mean of those of the even grid that lie in it, weighed by their alpha.
    fn halved(&self) -> Self {
        let origin = self.origin.map(|side| side.div_euclid(2));
        let end = |axis: usize| (self.origin[axis] + self.cell.size[axis] as i64 + 1).div_euclid(2);
        let size = [0, 1].map(|axis| (end(axis) - origin[axis]).max(0) as usize);
        let mut rgba = Vec::with_capacity(size[0] * size[1] * 4);
        for (y, x) in (0..size[1] as i64).flat_map(|y| (0..size[0] as i64).map(move |x| (y, x))) {
            let four = [[0, 0], [1, 0], [0, 1], [1, 1]];
            let places = four.map(|[dx, dy]| [2 * (origin[0] + x) + dx, 2 * (origin[1] + y) + dy]);
            rgba.extend(mean(places.iter().filter_map(|&at| self.pixel(at))));
        }
        Self { origin, cell: Cell { size, rgba } }
    }
}

fn mean<'a>(pixels: impl Iterator<Item = &'a [u8]>) -> [u8; 4] {
    let (mut sums, mut alpha, mut count) = ([0_u32; 3], 0_u32, 0_u32);
    for pixel in pixels {
        let weight = u32::from(pixel[3]);
        (0..3).for_each(|part| sums[part] += u32::from(pixel[part]) * weight);
        (alpha, count) = (alpha + weight, count + 1);
    }
    if alpha == 0 {
        return [0; 4];
    }
    let part = |sum: u32| ((sum + alpha / 2) / alpha) as u8;
    [part(sums[0]), part(sums[1]), part(sums[2]), ((alpha + count / 2) / count) as u8]
}

/// Copies what a cell has of a window.
fn blit(out: &mut GroundPixels, placed: &Placed) {
    let from = [0, 1].map(|axis| out.origin[axis].max(placed.origin[axis]));
    let end = |axis: usize| {
        let (out_end, end) = (out.origin[axis] + out.size[axis] as i64, placed.origin[axis]);
        out_end.min(end + placed.cell.size[axis] as i64)
    };
    let (right, bottom) = (end(0), end(1));
    if right <= from[0] {
        return;
    }
    let len = (right - from[0]) as usize * 4;
    for y in from[1]..bottom {
        let source = (y - placed.origin[1]) as usize * placed.cell.size[0] + (from[0] - placed.origin[0]) as usize;
        let target = (y - out.origin[1]) as usize * out.size[0] + (from[0] - out.origin[0]) as usize;
        if let Some(pixels) = placed.cell.rgba.get(source * 4..source * 4 + len) {
            out.rgba[target * 4..target * 4 + len].copy_from_slice(pixels);
        }
    }
}
