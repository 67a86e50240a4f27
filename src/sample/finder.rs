//! Finds the polygon that holds a position, among polygons that tile: the cell of a lamp, the block of a house.

use super::plane::{P, inside};

/// Polygons in buckets by their boxes.
pub(super) struct Finder {
    west: f64,
    south: f64,
    columns: usize,
    rows: usize,
    buckets: Vec<Vec<u32>>,
    rings: Vec<Vec<P>>,
}

const SIZE_M: f64 = 110.0;

impl Finder {
    /// Around these rings.
    pub(super) fn new(rings: Vec<Vec<P>>) -> Self {
        let all = bounds(rings.iter().flatten());
        let columns = ((all[2] - all[0]).max(0.0) / SIZE_M) as usize + 1;
        let rows = ((all[3] - all[1]).max(0.0) / SIZE_M) as usize + 1;
        let mut finder =
            Self { west: all[0], south: all[1], columns, rows, buckets: vec![Vec::new(); columns * rows], rings };
        for index in 0..finder.rings.len() {
            let [west, south, east, north] = bounds(finder.rings[index].iter());
            let (low, high) = (finder.place([west, south]), finder.place([east, north]));
            for row in low.1..=high.1 {
                for column in low.0..=high.0 {
                    finder.buckets[row * columns + column].push(index as u32);
                }
            }
        }
        finder
    }

    fn place(&self, at: P) -> (usize, usize) {
        let step = |at: f64, base: f64, most: usize| (((at - base) / SIZE_M).max(0.0) as usize).min(most - 1);
        (step(at[0], self.west, self.columns), step(at[1], self.south, self.rows))
    }

    /// The ring that holds `at`.
    pub(super) fn find(&self, at: P) -> Option<usize> {
        let (column, row) = self.place(at);
        let here = &self.buckets[row * self.columns + column];
        here.iter().map(|&ring| ring as usize).find(|&ring| inside(&self.rings[ring], at))
    }
}

fn bounds<'a>(points: impl Iterator<Item = &'a P>) -> [f64; 4] {
    points.fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |b, at| {
        [b[0].min(at[0]), b[1].min(at[1]), b[2].max(at[0]), b[3].max(at[1])]
    })
}
