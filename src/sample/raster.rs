//! Cells of even size over the plane, for questions that are asked many times: is this water, how far is the shore.

use super::plane::{P, nearest_on, sub};

/// Cells with a value each.
pub(super) struct Raster<T> {
    bounds: [f64; 4],
    size_m: f64,
    columns: usize,
    rows: usize,
    cells: Vec<T>,
}

impl<T: Copy> Raster<T> {
    /// Cells of `size_m` over west, south, east, north, all with the same value.
    pub(super) fn new(bounds: [f64; 4], size_m: f64, value: T) -> Self {
        let columns = ((bounds[2] - bounds[0]) / size_m).ceil().max(1.0) as usize + 1;
        let rows = ((bounds[3] - bounds[1]) / size_m).ceil().max(1.0) as usize + 1;
        Self { bounds, size_m, columns, rows, cells: vec![value; columns * rows] }
    }

    /// West, south, east, north.
    pub(super) fn bounds(&self) -> [f64; 4] {
        self.bounds
    }

    /// The value at a position, `None` outside.
    pub(super) fn at(&self, at: P) -> Option<T> {
        self.place(at).map(|place| self.cells[place])
    }

    fn place(&self, at: P) -> Option<usize> {
        let (x, y) = ((at[0] - self.bounds[0]) / self.size_m, (at[1] - self.bounds[1]) / self.size_m);
        let within = x >= 0.0 && y >= 0.0 && x < self.columns as f64 && y < self.rows as f64;
        within.then(|| y as usize * self.columns + x as usize)
    }

    /// Changes every cell whose middle is inside the ring.
    pub(super) fn fill(&mut self, ring: &[P], mut change: impl FnMut(&mut T)) {
        for row in 0..self.rows {
            let y = self.bounds[1] + (row as f64 + 0.5) * self.size_m;
            let mut crossings: Vec<f64> = Vec::new();
            for (k, &a) in ring.iter().enumerate() {
                let b = ring[(k + 1) % ring.len()];
                if (a[1] > y) != (b[1] > y) {
                    crossings.push(a[0] + (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]));
                }
            }
            crossings.sort_by(f64::total_cmp);
            for pair in crossings.chunks_exact(2) {
                let column = |x: f64| ((x - self.bounds[0]) / self.size_m - 0.5).ceil().max(0.0) as usize;
                for place in column(pair[0])..column(pair[1]).min(self.columns) {
                    change(&mut self.cells[row * self.columns + place]);
                }
            }
        }
    }

    /// Changes every cell whose middle is within `half_m` of the path.
    pub(super) fn stroke(&mut self, path: &[P], half_m: f64, mut change: impl FnMut(&mut T)) {
        for pair in path.windows(2) {
            let low = [0, 1].map(|axis| pair[0][axis].min(pair[1][axis]) - half_m);
            let high = [0, 1].map(|axis| pair[0][axis].max(pair[1][axis]) + half_m);
            let clamp = |number: f64, most: usize| (number.max(0.0) as usize).min(most);
            let span = |axis: usize, most: usize| {
                let base = self.bounds[axis];
                clamp((low[axis] - base) / self.size_m, most)..clamp((high[axis] - base) / self.size_m + 1.0, most)
            };
            let (columns, rows) = (span(0, self.columns), span(1, self.rows));
            for row in rows {
                for column in columns.clone() {
                    let middle = [
                        self.bounds[0] + (column as f64 + 0.5) * self.size_m,
                        self.bounds[1] + (row as f64 + 0.5) * self.size_m,
                    ];
                    let off = sub(nearest_on(pair[0], pair[1], middle), middle);
                    if off[0] * off[0] + off[1] * off[1] <= half_m * half_m {
                        change(&mut self.cells[row * self.columns + column]);
                    }
                }
            }
        }
    }
}

impl Raster<f32> {
    /// Turns cells of 0 among cells of [`f32::MAX`] into distances to the nearest 0 in metres (within some per cent).
    pub(super) fn spread(&mut self) {
        let (near, diagonal) = (self.size_m as f32, self.size_m as f32 * std::f32::consts::SQRT_2);
        let (columns, rows) = (self.columns as i64, self.rows as i64);
        let mut pass = |forward: bool| {
            for step in 0..columns * rows {
                let place = if forward { step } else { columns * rows - 1 - step };
                let (row, column) = (place / columns, place % columns);
                let way = if forward { -1 } else { 1 };
                for (dc, dr, cost) in [(way, 0, near), (0, way, near), (-1, way, diagonal), (1, way, diagonal)] {
                    let (c, r) = (column + dc, row + dr);
                    if c >= 0 && c < columns && r >= 0 && r < rows {
                        let other = self.cells[(r * columns + c) as usize];
                        let here = &mut self.cells[place as usize];
                        *here = here.min(other + cost);
                    }
                }
            }
        };
        pass(true);
        pass(false);
    }

    /// The value between the middles of the four cells around a position; the nearest cell's outside.
    pub(super) fn between(&self, at: P) -> f32 {
        let x = ((at[0] - self.bounds[0]) / self.size_m - 0.5).clamp(0.0, self.columns as f64 - 1.001);
        let y = ((at[1] - self.bounds[1]) / self.size_m - 0.5).clamp(0.0, self.rows as f64 - 1.001);
        let (i, j) = (x as usize, y as usize);
        let (u, v) = ((x - i as f64) as f32, (y - j as f64) as f32);
        let cell = |di: usize, dj: usize| {
            self.cells[(j + dj).min(self.rows - 1) * self.columns + (i + di).min(self.columns - 1)]
        };
        let south = cell(0, 0) * (1.0 - u) + cell(1, 0) * u;
        let north = cell(0, 1) * (1.0 - u) + cell(1, 1) * u;
        south * (1.0 - v) + north * v
    }
}
