//! The ground the sample city stands on: river, lakes, creeks, hills, railway, and how the town is laid out on it.
//!
//! Outlines are drawn by hand after the true places and roughened; everything is in the plane of [`super::plane`].

use super::drawing::{CREEKS, HILLS, LAKES, MOTORWAY, NORTH_BANK, QUARTERS, RAILWAY, ROADS, SOUTH_BANK, URBAN_RING};
use super::plane::{P, distance, inside, mul, path_distance, resample, roughen, smooth};
use super::raster::Raster;
use super::rng::noise;

/// Ground under water.
pub(super) const WATER: u8 = 1;
/// Within 24 m of a lake or 40 m of the river: no road but a bridge.
pub(super) const SHORE: u8 = 2;
/// Hills and the large parks.
pub(super) const HILL: u8 = 4;
/// The town may grow here.
pub(super) const URBAN: u8 = 8;
/// Within 22 m of the railway or a creek: no lane.
pub(super) const BARRIER: u8 = 16;

/// How a neighbourhood is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Character {
    /// Narrow irregular lanes, courtyards, combined sewers.
    OldTown,
    /// Shops and flats of the 1980s and 1990s.
    Central,
    /// Slabs of flats in compounds.
    Residential,
    /// Towers and large blocks.
    NewDistrict,
    /// Halls.
    Industry,
    /// Loose edge of town.
    Suburb,
}

/// A lake, creek or river.
pub(super) struct Water {
    /// Name in Chinese and English.
    pub(super) name: (&'static str, &'static str),
    /// `river`, `lake` or `creek`.
    pub(super) class: &'static str,
    /// Its outline, not closed.
    pub(super) ring: Vec<P>,
}

/// A creek's middle line.
pub(super) struct Creek {
    /// Name in Chinese.
    pub(super) name: &'static str,
    /// Middle line.
    pub(super) line: Vec<P>,
    /// Half of its width.
    pub(super) half_m: f64,
}

/// A hill or park drawn by hand.
pub(super) struct Park {
    /// Name in Chinese.
    pub(super) name: &'static str,
    /// Its outline, not closed.
    pub(super) ring: Vec<P>,
}

/// A main road drawn by hand.
pub(super) struct MainRoad {
    /// Name in Chinese.
    pub(super) name: &'static str,
    /// 0 motorway, 1 arterial, 2 collector, 3 lane.
    pub(super) class: u8,
    /// Middle line.
    pub(super) line: Vec<P>,
}

/// Everything that is there before the first street.
pub(super) struct Geography {
    /// The drawing is this much larger than life (1 for the real city).
    pub(super) scale: f64,
    /// West, south, east, north of the part that is made.
    pub(super) bounds: [f64; 4],
    /// Where the town began.
    pub(super) center: P,
    /// Lakes, creeks, river.
    pub(super) waters: Vec<Water>,
    /// Creeks as lines.
    pub(super) creeks: Vec<Creek>,
    /// The town's bank of the river.
    pub(super) bank: Vec<P>,
    /// Hills and large parks.
    pub(super) hills: Vec<Park>,
    /// Railway.
    pub(super) rail: Vec<P>,
    /// Main roads.
    pub(super) main_roads: Vec<MainRoad>,
    /// What covers the ground, by 10 m.
    pub(super) cover: Raster<u8>,
    /// Metres to the nearest river or lake, by 20 m.
    pub(super) to_water: Raster<f32>,
}

impl Geography {
    /// The ground of a city of `scale` × 80 km²: larger ones are drawn larger, smaller ones are its middle.
    pub(super) fn new(scale: f64) -> Self {
        let grow = scale.max(1.0).sqrt();
        let drawn = |points: &[P]| points.iter().map(|&at| mul(at, grow)).collect::<Vec<_>>();
        let bounds = bounds(scale, grow);
        let bank = smooth(&drawn(SOUTH_BANK), false, 12);
        let creeks: Vec<Creek> = CREEKS
            .iter()
            .map(|&(name, half_m, line)| Creek { name: name.0, line: smooth(&drawn(line), false, 6), half_m })
            .collect();
        let waters = waters(&drawn, &bank, &creeks);
        let hill = |&(name, rough, ring): &(&'static str, f64, &[P])| Park {
            name,
            ring: roughen(&smooth(&drawn(ring), true, 10), 45.0, rough, 90 + name.len() as u64),
        };
        let hills: Vec<Park> = HILLS.iter().map(hill).collect();
        let rail = smooth(&drawn(RAILWAY), false, 10);
        let cover = cover(bounds, &waters, &hills, &creeks, &rail, &smooth(&drawn(URBAN_RING), true, 10));
        let to_water = to_water(&cover, &waters);
        let main_roads = main_roads(&drawn, &bank, grow);
        let center = mul([-250.0, 900.0], grow);
        Self { scale: grow, bounds, center, waters, creeks, bank, hills, rail, main_roads, cover, to_water }
    }

    /// What covers the ground at a position; nothing outside the part that is made.
    pub(super) fn cover_at(&self, at: P) -> u8 {
        self.cover.at(at).unwrap_or(0)
    }

    /// Whether a position is in the part that is made.
    pub(super) fn is_made(&self, at: P) -> bool {
        let [west, south, east, north] = self.bounds;
        at[0] > west && at[0] < east && at[1] > south && at[1] < north
    }

    /// How the town is built at a position.
    pub(super) fn character(&self, at: P) -> Character {
        let at = mul(at, 1.0 / self.scale);
        QUARTERS
            .iter()
            .map(|&(center, radius, _, character)| {
                (distance(center, at) / radius + 0.1 * noise(at, 400.0, 31), character)
            })
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map_or(Character::Suburb, |best| best.1)
    }

    /// Neighbourhoods with center, radius and the angle of their streets in degrees.
    pub(super) fn quarters(&self) -> impl Iterator<Item = (P, f64, f64)> + '_ {
        QUARTERS.iter().map(|&(center, radius, angle, _)| (mul(center, self.scale), radius * self.scale, angle))
    }

    /// Height of the ground in metres (1985 datum): low at the water, rising to the hills in the south-east.
    pub(super) fn ground_m(&self, at: P) -> f64 {
        let from_water_m = f64::from(self.to_water.between(at).min(6000.0));
        let rise = 5.2 * (1.0 - libm::exp(-from_water_m / 650.0)) + from_water_m * 0.0011;
        let roll = 1.1 * noise(at, 900.0, 51) + 0.35 * noise(at, 330.0, 52);
        let inland = (-at[1] / self.scale - 2500.0).max(0.0) * 0.0016;
        16.6 + rise + roll * (from_water_m / 300.0).min(1.0) + inland
    }
}

fn bounds(scale: f64, grow: f64) -> [f64; 4] {
    let whole = [-8500.0 * grow, -7300.0 * grow, 8700.0 * grow, 6900.0 * grow];
    if scale >= 1.0 {
        return whole;
    }
    let reach = (scale * 80e6 / std::f64::consts::PI).sqrt() * 1.9 + 450.0;
    let middle = [-250.0, 900.0];
    [
        whole[0].max(middle[0] - reach),
        whole[1].max(middle[1] - reach),
        whole[2].min(middle[0] + reach),
        whole[3].min(middle[1] + reach),
    ]
}

fn waters(drawn: &dyn Fn(&[P]) -> Vec<P>, bank: &[P], creeks: &[Creek]) -> Vec<Water> {
    let mut river = bank.to_vec();
    river.extend(smooth(&drawn(NORTH_BANK), false, 12).into_iter().rev());
    let mut waters = vec![Water { name: ("长江", "Yangtze"), class: "river", ring: river }];
    for (layer, &(name, rough, ring)) in (0..).zip(LAKES) {
        let ring = roughen(&smooth(&drawn(ring), true, 10), 24.0, rough, 10 + 3 * layer);
        waters.push(Water { name, class: "lake", ring });
    }
    for (creek, &(name, _, _)) in creeks.iter().zip(CREEKS) {
        waters.push(Water { name, class: "creek", ring: ribbon(&creek.line, creek.half_m) });
    }
    waters
}

/// The area within `half_m` of a line, a little uneven.
fn ribbon(line: &[P], half_m: f64) -> Vec<P> {
    let even = resample(line, 30.0);
    let side = |k: usize, way: f64| {
        let ahead = super::plane::sub(even[(k + 1).min(even.len() - 1)], even[k.saturating_sub(1)]);
        let half = half_m * (1.0 + 0.18 * noise(even[k], 120.0, if way > 0.0 { 61 } else { 62 }));
        super::plane::along(even[k], super::plane::left(super::plane::unit(ahead)), way * half)
    };
    let right = (0..even.len()).map(|k| side(k, -1.0));
    right.chain((0..even.len()).rev().map(|k| side(k, 1.0))).collect()
}

fn cover(bounds: [f64; 4], waters: &[Water], hills: &[Park], creeks: &[Creek], rail: &[P], urban: &[P]) -> Raster<u8> {
    let mut cover = Raster::new(bounds, 10.0, 0);
    cover.fill(urban, |cell| *cell |= URBAN);
    for hill in hills {
        cover.fill(&hill.ring, |cell| *cell |= HILL);
    }
    for water in waters {
        let margin = if water.class == "river" { 40.0 } else { 24.0 };
        if water.class != "creek" {
            let closed: Vec<P> = water.ring.iter().chain(&water.ring[..1]).copied().collect();
            cover.stroke(&closed, margin, |cell| *cell |= SHORE);
        }
        cover.fill(&water.ring, |cell| *cell |= WATER);
    }
    for creek in creeks {
        cover.stroke(&creek.line, creek.half_m + 16.0, |cell| *cell |= BARRIER);
    }
    cover.stroke(rail, 24.0, |cell| *cell |= BARRIER);
    cover
}

fn to_water(cover: &Raster<u8>, waters: &[Water]) -> Raster<f32> {
    let mut far = Raster::new(cover.bounds(), 20.0, f32::MAX);
    for water in waters {
        far.fill(&water.ring, |cell| *cell = 0.0);
    }
    far.spread();
    far
}

fn main_roads(drawn: &dyn Fn(&[P]) -> Vec<P>, bank: &[P], grow: f64) -> Vec<MainRoad> {
    let mut roads: Vec<MainRoad> = ROADS
        .iter()
        .map(|&(name, class, line)| MainRoad { name, class, line: resample(&smooth(&drawn(line), false, 8), 28.0) })
        .collect();
    let along_bank: Vec<P> = resample(bank, 28.0);
    let riverside: Vec<P> = along_bank
        .windows(3)
        .map(|at| {
            let ahead = super::plane::unit(super::plane::sub(at[2], at[0]));
            super::plane::along(at[1], super::plane::left(ahead), -78.0)
        })
        .filter(|at| at[0] > -8050.0 * grow && at[0] < 8300.0 * grow)
        .collect();
    let middle = riverside.iter().position(|at| at[0] > 300.0 * grow).unwrap_or(riverside.len() - 1);
    roads.insert(0, MainRoad { name: "滨江西路", class: 1, line: riverside[..=middle].to_vec() });
    roads.insert(1, MainRoad { name: "滨江东路", class: 1, line: riverside[middle..].to_vec() });
    roads.push(MainRoad { name: "福银高速", class: 0, line: smooth(&drawn(MOTORWAY), false, 12) });
    roads
}

impl Water {
    /// Whether a position is in it.
    pub(super) fn holds(&self, at: P) -> bool {
        inside(&self.ring, at)
    }

    /// Metres from a position to its shore.
    pub(super) fn shore_distance(&self, at: P) -> f64 {
        let close = [self.ring[self.ring.len() - 1], self.ring[0]];
        path_distance(&self.ring, at).min(path_distance(&close, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_causeway_runs_between_the_two_lakes_on_dry_ground() {
        let ground = Geography::new(0.1);
        let causeway = ground.main_roads.iter().find(|road| road.name == "李公堤").expect("it is there");
        for &at in &causeway.line {
            assert!(ground.waters.iter().all(|water| !water.holds(at)), "{at:?}");
        }
    }

    #[test]
    fn the_ground_falls_to_the_water() {
        let ground = Geography::new(0.2);
        assert!(ground.ground_m([1500.0, 300.0]) > ground.ground_m([300.0, 2520.0]));
    }
}
