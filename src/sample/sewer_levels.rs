//! Diameters and levels of sewers: pipes grow with the streets they drain, never shrink downstream, and fall; where a
//! foul sewer gets too deep a station pumps it up into a pressure main.

use super::sewer_layout::{NodeKind, Pipe, Sewers, Water};

/// A foul sewer deeper than this is pumped up.
const DEEPEST_M: f64 = 8.2;
/// A pressure main is so many manhole distances long, unless another sewer joins earlier.
const PRESSURE_PIPES: u32 = 6;

/// Kilometres of sewer upstream, and the diameter in mm that carries them.
const FOUL_SIZES: &[(f64, i64)] = &[
    (0.9, 300),
    (2.6, 400),
    (6.0, 500),
    (13.0, 600),
    (32.0, 800),
    (75.0, 1000),
    (150.0, 1200),
    (300.0, 1500),
    (f64::INFINITY, 1800),
];
const STORM_SIZES: &[(f64, i64)] = &[
    (0.12, 300),
    (0.32, 400),
    (0.7, 500),
    (1.3, 600),
    (2.6, 800),
    (4.8, 1000),
    (8.0, 1200),
    (13.0, 1500),
    (22.0, 1800),
    (f64::INFINITY, 2000),
];
/// Diameters in mm from the smallest to the largest.
pub(super) const NOMINAL: &[i64] = &[300, 400, 500, 600, 800, 1000, 1200, 1500, 1800, 2000];

impl Sewers {
    /// Works out everything from the upper ends down.
    pub(super) fn level(&mut self) {
        let (inflow, outflow) = self.topology();
        let mut waiting: Vec<usize> = inflow.iter().map(Vec::len).collect();
        let mut upstream_m = vec![0.0; self.nodes.len()];
        let mut pressure_left = vec![0_u32; self.nodes.len()];
        let mut todo: Vec<u32> = (0..self.nodes.len() as u32).filter(|&node| waiting[node as usize] == 0).collect();
        while let Some(node) = todo.pop() {
            let Some(pipe) = outflow[node as usize] else { continue };
            let to = self.pipes[pipe as usize].to;
            let arriving: Vec<Pipe> =
                inflow[node as usize].iter().map(|&other| self.pipes[other as usize].clone()).collect();
            let drained_m = upstream_m[node as usize] + self.pipes[pipe as usize].length_m;
            self.size(pipe, drained_m, &arriving);
            self.fall(pipe, &arriving);
            let single = inflow[node as usize].len() <= 1;
            let left = self.lift(pipe, if single { pressure_left[node as usize] } else { 0 });
            pressure_left[to as usize] = left;
            upstream_m[to as usize] += drained_m;
            waiting[to as usize] -= 1;
            if waiting[to as usize] == 0 {
                todo.push(to);
            }
        }
        self.settle_floors();
    }

    fn size(&mut self, pipe: u32, drained_m: f64, arriving: &[Pipe]) {
        let own = &mut self.pipes[pipe as usize];
        let sizes = if own.water == Water::Foul { FOUL_SIZES } else { STORM_SIZES };
        let km = drained_m / 1000.0 * if own.water == Water::Combined { 0.45 } else { 1.0 };
        let by_length = sizes.iter().find(|(most, _)| km <= *most).map_or(300, |size| size.1);
        own.diameter_mm = arriving.iter().map(|pipe| pipe.diameter_mm).fold(by_length, i64::max);
    }

    fn fall(&mut self, pipe: u32, arriving: &[Pipe]) {
        let own = &self.pipes[pipe as usize];
        let size_m = own.diameter_mm as f64 / 1000.0;
        let [from, to] = [own.from, own.to].map(|node| &self.nodes[node as usize]);
        let cover_m = if own.water == Water::Storm { 0.9 } else { 1.25 };
        let highest = from.ground_m - cover_m - size_m;
        // Crowns meet at a manhole, so that a larger pipe lies lower by the difference.
        let crowns = arriving.iter().map(|pipe| pipe.inverts_m[1] + pipe.diameter_mm as f64 / 1000.0 - size_m);
        let up = crowns.fold(highest, f64::min);
        let by_slope = up - least_slope(own.diameter_mm) * own.length_m;
        let down = by_slope.min(to.ground_m - cover_m - size_m);
        self.pipes[pipe as usize].inverts_m = [millimetres(up), millimetres(down)];
    }

    /// Turns a pipe that would be too deep into a pressure main; how many pipes more belong to it.
    fn lift(&mut self, pipe: u32, left: u32) -> u32 {
        let own = &self.pipes[pipe as usize];
        let [from, to] = [own.from as usize, own.to as usize];
        let depth = self.nodes[from].ground_m - own.inverts_m[0];
        let starts = left == 0 && own.water != Water::Storm && depth > DEEPEST_M;
        if (left == 0 && !starts) || self.nodes[to].kind != NodeKind::Manhole {
            return 0;
        }
        if starts {
            self.nodes[from].kind = NodeKind::Pump;
            self.nodes[from].bottom_m = own.inverts_m[0] - 1.2;
        }
        let size_m = own.diameter_mm as f64 / 1000.0;
        let inverts = [from, to].map(|node| millimetres(self.nodes[node].ground_m - 1.3 - size_m));
        let own = &mut self.pipes[pipe as usize];
        own.is_pressure = true;
        own.inverts_m = inverts;
        if starts { PRESSURE_PIPES - 1 } else { left - 1 }
    }

    /// The floor of a manhole is its lowest invert.
    pub(super) fn settle_floors(&mut self) {
        let mut lowest: Vec<f64> = self
            .nodes
            .iter()
            .map(|node| if node.kind == NodeKind::Pump { node.bottom_m } else { f64::INFINITY })
            .collect();
        for pipe in &self.pipes {
            for (end, invert) in [pipe.from, pipe.to].into_iter().zip(pipe.inverts_m) {
                lowest[end as usize] = lowest[end as usize].min(invert);
            }
        }
        for (node, lowest) in self.nodes.iter_mut().zip(lowest) {
            if lowest.is_finite() {
                node.bottom_m = millimetres(lowest);
            }
        }
    }
}

/// Metres of fall per metre.
fn least_slope(diameter_mm: i64) -> f64 {
    let permille = match diameter_mm {
        ..=300 => 3.0,
        301..=400 => 2.2,
        401..=500 => 1.7,
        501..=600 => 1.4,
        601..=800 => 1.1,
        801..=1000 => 0.9,
        1001..=1200 => 0.8,
        _ => 0.6,
    };
    permille / 1000.0
}

/// Rounded down to whole millimetres.
pub(super) fn millimetres(level_m: f64) -> f64 {
    (level_m * 1000.0).floor() / 1000.0
}
