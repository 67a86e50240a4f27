//! The drawn lines cut into their straight pieces, in a grid of squares, so that what lies near is found without looking at
//! everything.

use super::places::is_possible;
use super::scene::Scene;

/// A piece in more squares than this is kept apart: one bad coordinate must not fill the memory.
const MOST_SQUARES: i64 = 64;
/// Most pieces that are kept apart; beyond it they are nonsense that other rules report.
const MOST_LONG: usize = 200;
/// Most pairs of boxes that are compared: thousands of lines on one spot end there, not in an endless search.
const MOST_TESTS: u64 = 300_000_000;

/// A straight piece of a pipe's drawn line, metres on the network's plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) pipe: u32,
    pub(super) ends: [[f64; 2]; 2],
    /// Distance from the line's first position to the piece's first.
    pub(super) along_m: f64,
}

impl Segment {
    /// The corners of its box, widened.
    fn low(&self, margin_m: f64) -> [f64; 2] {
        [0, 1].map(|axis| self.ends[0][axis].min(self.ends[1][axis]) - margin_m)
    }

    fn high(&self, margin_m: f64) -> [f64; 2] {
        [0, 1].map(|axis| self.ends[0][axis].max(self.ends[1][axis]) + margin_m)
    }

    pub(super) fn length_m(&self) -> f64 {
        let [a, b] = self.ends;
        (b[0] - a[0]).hypot(b[1] - a[1])
    }

    /// How far a place is, and where along the piece that is, metres.
    pub(super) fn spot(&self, at: [f64; 2]) -> (f64, f64) {
        let [a, b] = self.ends;
        let (dx, dy, length_m) = (b[0] - a[0], b[1] - a[1], self.length_m());
        if length_m == 0.0 {
            return ((at[0] - a[0]).hypot(at[1] - a[1]), 0.0);
        }
        let share = (((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / (length_m * length_m)).clamp(0.0, 1.0);
        let away_m = (at[0] - a[0] - share * dx).hypot(at[1] - a[1] - share * dy);
        (away_m, share * length_m)
    }
}

/// See the module's head.
pub(super) struct SegmentGrid {
    segments: Vec<Segment>,
    /// Square and piece, sorted by square.
    squares: Vec<(u64, u32)>,
    side_m: f64,
    /// Boxes are widened by so much.
    margin_m: f64,
    /// Pieces too long for the squares.
    long: Vec<u32>,
}

/// The pieces of all pipes in use.
pub(super) fn grid_of(scene: &Scene<'_>) -> SegmentGrid {
    let mut segments = Vec::new();
    if let Some(plane) = scene.sewers.plane() {
        // What has no place on the globe lies on nothing.
        for laid in scene.laid().filter(|laid| laid.pipe.line.iter().all(|&at| is_possible(at))) {
            let mut along_m = 0.0;
            let mut last: Option<[f64; 2]> = None;
            for &position in &laid.pipe.line {
                let here = plane.from_lonlat(position);
                if let Some(before) = last.filter(|before| *before != here) {
                    let segment = Segment { pipe: laid.number, ends: [before, here], along_m };
                    along_m += segment.length_m();
                    segments.push(segment);
                }
                last = Some(here);
            }
        }
    }
    SegmentGrid::new(segments, scene.settings.same_place_m)
}

impl SegmentGrid {
    pub(super) fn new(segments: Vec<Segment>, margin_m: f64) -> Self {
        let mut lengths: Vec<f64> = segments.iter().map(Segment::length_m).collect();
        let middle = lengths.len() / 2;
        let side_m = if lengths.is_empty() {
            50.0
        } else {
            lengths.select_nth_unstable_by(middle, f64::total_cmp).1.clamp(10.0, 500.0)
        };
        let squares = Vec::with_capacity(segments.len() * 3);
        let mut grid = Self { squares, segments, side_m, margin_m, long: Vec::new() };
        for (number, segment) in (0_u32..).zip(&grid.segments) {
            let [low, high] = [segment.low(margin_m), segment.high(margin_m)].map(|corner| square(corner, side_m));
            let count =
                (i64::from(high[0]) - i64::from(low[0]) + 1).saturating_mul(i64::from(high[1]) - i64::from(low[1]) + 1);
            if count > MOST_SQUARES {
                grid.long.push(number);
                continue;
            }
            for x in low[0]..=high[0] {
                grid.squares.extend((low[1]..=high[1]).map(|y| (key([x, y]), number)));
            }
        }
        grid.long.truncate(MOST_LONG);
        grid.squares.sort_unstable();
        grid
    }

    /// Hands over each pair of pieces of different pipes whose widened boxes touch; once.
    pub(super) fn pairs(&self, mut f: impl FnMut(&Segment, &Segment)) {
        let mut tests = 0_u64;
        for square in self.squares.chunk_by(|a, b| a.0 == b.0) {
            for (place, (here, first)) in square.iter().enumerate() {
                let first = &self.segments[*first as usize];
                for (_, second) in &square[place + 1..] {
                    let second = &self.segments[*second as usize];
                    // A pair that shares several squares is handed over in the one where its boxes first meet.
                    let corner = self.common_corner(first, second);
                    if corner.is_some_and(|corner| key(self::square(corner, self.side_m)) == *here) {
                        f(first, second);
                    }
                }
                tests += (square.len() - place) as u64;
            }
            if tests > MOST_TESTS {
                return;
            }
        }
        for (place, long) in self.long.iter().enumerate() {
            let first = &self.segments[*long as usize];
            for (number, second) in (0_u32..).zip(&self.segments) {
                let is_met = self.long[..=place].contains(&number);
                if !is_met && self.common_corner(first, second).is_some() {
                    f(first, second);
                }
            }
        }
    }

    /// Where the boxes of two pieces of different pipes begin to overlap.
    fn common_corner(&self, first: &Segment, second: &Segment) -> Option<[f64; 2]> {
        let [low, other_low] = [first, second].map(|it| it.low(self.margin_m));
        let [high, other_high] = [first, second].map(|it| it.high(self.margin_m));
        let corner = [0, 1].map(|axis| low[axis].max(other_low[axis]));
        let touch = (0..2).all(|axis| corner[axis] <= high[axis].min(other_high[axis]));
        (touch && first.pipe != second.pipe).then_some(corner)
    }

    /// Hands over the pieces whose boxes come within `reach_m` of a place; some twice.
    pub(super) fn near(&self, at: [f64; 2], reach_m: f64, mut f: impl FnMut(&Segment)) {
        let [low, high] = [-reach_m, reach_m].map(|reach| square([at[0] + reach, at[1] + reach], self.side_m));
        for x in low[0]..=high[0] {
            for y in low[1]..=high[1] {
                let key = key([x, y]);
                let from = self.squares.partition_point(|it| it.0 < key);
                let here = self.squares[from..].iter().take_while(|it| it.0 == key);
                here.for_each(|(_, number)| f(&self.segments[*number as usize]));
            }
        }
        self.long.iter().for_each(|number| f(&self.segments[*number as usize]));
    }
}

fn square([x, y]: [f64; 2], side_m: f64) -> [i32; 2] {
    [(x / side_m).floor() as i32, (y / side_m).floor() as i32]
}

fn key([x, y]: [i32; 2]) -> u64 {
    (u64::from(x as u32) << 32) | u64::from(y as u32)
}
