//! The direction streets take at every place: along shores, the river and main roads near them, after the
//! neighbourhood's own angle between them. Two families of streets cross at right angles.

use super::geography::Geography;
use super::plane::{P, resample, sub, unit};
use super::rng::noise;

const SIZE_M: f64 = 50.0;

/// Directions on a grid, as the cosine and sine of twice the angle, since a street has no front and back.
pub(super) struct Field {
    west: f64,
    south: f64,
    columns: usize,
    rows: usize,
    double: Vec<P>,
}

impl Field {
    /// The directions that `ground` asks for.
    pub(super) fn new(ground: &Geography) -> Self {
        let [west, south, east, north] = ground.bounds;
        let (west, south) = (west - 100.0, south - 100.0);
        let columns = ((east + 150.0 - west) / SIZE_M) as usize + 1;
        let rows = ((north + 150.0 - south) / SIZE_M) as usize + 1;
        let mut field = Self { west, south, columns, rows, double: vec![double_angle(8.0, 0.35); columns * rows] };
        for (center, radius, angle) in ground.quarters() {
            field.pull(center, double_angle(angle, 1.0), radius * 0.8, 2.6);
        }
        for water in ground.waters.iter().filter(|water| water.class == "lake") {
            let closed: Vec<P> = water.ring.iter().chain(&water.ring[..1]).copied().collect();
            field.follow(&closed, 0.75, 330.0);
        }
        field.follow(&ground.bank, 0.75, 420.0);
        field.follow(&ground.rail, 0.5, 240.0);
        for creek in &ground.creeks {
            field.follow(&creek.line, 0.45, 200.0);
        }
        for hill in &ground.hills {
            field.follow(&hill.ring, 0.4, 300.0);
        }
        for road in &ground.main_roads {
            field.follow(&road.line, 0.4, 260.0);
        }
        field.bend();
        field
    }

    /// Pulls the directions around a line into the line's own.
    fn follow(&mut self, line: &[P], weight: f64, radius: f64) {
        for pair in resample(line, 60.0).windows(2) {
            let [x, y] = unit(sub(pair[1], pair[0]));
            self.pull(pair[0], [(x * x - y * y) * weight, 2.0 * x * y * weight], radius, 2.2);
        }
    }

    fn pull(&mut self, center: P, double: P, radius: f64, reach: f64) {
        let span = |at: f64, base: f64, most: usize| {
            let low = ((at - reach * radius - base) / SIZE_M).max(0.0) as usize;
            let high = ((at + reach * radius - base) / SIZE_M + 1.0).max(0.0) as usize;
            low.min(most)..high.min(most)
        };
        for row in span(center[1], self.south, self.rows) {
            for column in span(center[0], self.west, self.columns) {
                let at = self.position(column, row);
                let off = sub(at, center);
                let share = libm::exp(-(off[0] * off[0] + off[1] * off[1]) / (radius * radius));
                let here = &mut self.double[row * self.columns + column];
                *here = [here[0] + double[0] * share, here[1] + double[1] * share];
            }
        }
    }

    /// Turns everything a little by noise and makes all directions equally strong.
    fn bend(&mut self) {
        for row in 0..self.rows {
            for column in 0..self.columns {
                let turn = 0.21 * noise(self.position(column, row), 780.0, 41);
                let (sin, cos) = (libm::sin(turn), libm::cos(turn));
                let here = &mut self.double[row * self.columns + column];
                *here = unit([here[0] * cos - here[1] * sin, here[0] * sin + here[1] * cos]);
            }
        }
    }

    fn position(&self, column: usize, row: usize) -> P {
        [self.west + column as f64 * SIZE_M, self.south + row as f64 * SIZE_M]
    }

    /// The direction of family 0 or 1 at a position; `None` outside.
    pub(super) fn direction(&self, at: P, family: usize) -> Option<P> {
        let (x, y) = ((at[0] - self.west) / SIZE_M, (at[1] - self.south) / SIZE_M);
        let within = x >= 0.0 && y >= 0.0 && x < (self.columns - 1) as f64 && y < (self.rows - 1) as f64;
        if !within {
            return None;
        }
        let (i, j) = (x as usize, y as usize);
        let (u, v) = (x - i as f64, y - j as f64);
        let cell = |di: usize, dj: usize| self.double[(j + dj) * self.columns + i + di];
        let blend = |axis: usize| {
            let south = cell(0, 0)[axis] * (1.0 - u) + cell(1, 0)[axis] * u;
            let north = cell(0, 1)[axis] * (1.0 - u) + cell(1, 1)[axis] * u;
            south * (1.0 - v) + north * v
        };
        let [cos2, sin2] = unit([blend(0), blend(1)]);
        let cos = f64::midpoint(1.0, cos2).max(0.0).sqrt();
        let sin = (f64::midpoint(1.0, -cos2)).max(0.0).sqrt() * if sin2 < 0.0 { -1.0 } else { 1.0 };
        Some(if family == 0 { [cos, sin] } else { [-sin, cos] })
    }
}

fn double_angle(degrees: f64, weight: f64) -> P {
    let twice = degrees * std::f64::consts::PI / 90.0;
    [libm::cos(twice) * weight, libm::sin(twice) * weight]
}
