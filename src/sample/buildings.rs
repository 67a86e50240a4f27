//! Houses on the plots: slabs in rows, towers, courtyards, halls, shops, schools, each form by the use of the land.

use super::geography::Character;
use super::inset::{Rect, frame, in_frame};
use super::land_use::{Plot, Use};
use super::plane::{P, cross, dot, left, ring_area, sub, unit};
use super::rng::Rng;

/// A house.
pub(super) struct Building {
    /// The plot it stands on, as a place in the list of plots.
    pub(super) plot: usize,
    /// Its outline, counter-clockwise.
    pub(super) ring: Vec<P>,
    /// A code of the field `building_use`.
    pub(super) purpose: &'static str,
    /// Floors.
    pub(super) floors: i64,
    /// Flats.
    pub(super) households: i64,
    /// Year.
    pub(super) built_year: i64,
}

/// How the houses of a plot stand.
struct Plan {
    /// Least and most length along a row, and width.
    length_m: (f64, f64),
    width_m: (f64, f64),
    /// Between two houses of a row, and between two rows.
    gap_m: f64,
    row_gap_m: f64,
    /// Share of places that stay free.
    free: f64,
    /// Shapes that may be taken.
    shapes: &'static [Shape],
}

impl Plan {
    fn sized(&self, by: f64) -> Self {
        let both = |(least, most): (f64, f64)| (least * by, most * by);
        Self { length_m: both(self.length_m), width_m: both(self.width_m), free: self.free * by, ..*self }
    }
}

#[derive(Clone, Copy)]
enum Shape {
    Bar,
    Stepped,
    Corner,
    Yard,
    Comb,
    Cross,
}

/// Builds on all plots.
pub(super) fn build(plots: &[Plot], seed: u64) -> Vec<Building> {
    let mut rng = Rng::new(seed, "buildings");
    let mut out = Vec::new();
    for (number, plot) in plots.iter().enumerate() {
        let Some(plan) = plan(plot) else { continue };
        let year = year(plot, &mut rng);
        let storeys = storeys(plot, year, &mut rng);
        // Where nothing of the usual size fits, smaller houses stand.
        let rects = [1.0, 0.62, 0.4].into_iter().find_map(|size| {
            let rects = place(plot, &plan.sized(size), storeys.1, &mut rng);
            (!rects.is_empty()).then_some(rects)
        });
        for rect in rects.unwrap_or_default() {
            let floors = rng.between(storeys.0 as f64, storeys.1 as f64 + 1.0) as i64;
            let ring = shape(&rect, *rng.pick(plan.shapes));
            let purpose = purpose(plot.land_use, &mut rng);
            let flats = ring_area(&ring) * floors as f64 / if floors > 12 { 118.0 } else { 92.0 };
            let households = if purpose == "residential" { (flats as i64).max(1) } else { 0 };
            let built_year = (year + rng.below(3) as i64).min(2025);
            out.push(Building { plot: number, ring, purpose, floors, households, built_year });
        }
    }
    out
}

fn plan(plot: &Plot) -> Option<Plan> {
    use Shape::{Bar, Comb, Corner, Cross, Stepped, Yard};
    let towers = matches!(plot.character, Character::NewDistrict);
    Some(match plot.land_use {
        Use::Residential if towers => Plan {
            length_m: (26.0, 44.0),
            width_m: (15.0, 18.0),
            gap_m: 15.0,
            row_gap_m: 36.0,
            free: 0.08,
            shapes: &[Stepped, Cross, Stepped, Bar],
        },
        Use::Residential => Plan {
            length_m: (30.0, 62.0),
            width_m: (11.0, 13.0),
            gap_m: 8.5,
            row_gap_m: 19.0,
            free: 0.05,
            shapes: &[Bar, Stepped, Stepped, Bar, Comb],
        },
        Use::OldQuarter => Plan {
            length_m: (8.0, 17.0),
            width_m: (8.0, 11.5),
            gap_m: 1.6,
            row_gap_m: 2.6,
            free: 0.1,
            shapes: &[Bar, Bar, Corner, Bar, Yard],
        },
        Use::Commercial => Plan {
            length_m: (30.0, 58.0),
            width_m: (20.0, 34.0),
            gap_m: 12.0,
            row_gap_m: 14.0,
            free: 0.12,
            shapes: &[Bar, Corner, Yard, Stepped],
        },
        Use::School => Plan {
            length_m: (38.0, 66.0),
            width_m: (13.0, 17.0),
            gap_m: 14.0,
            row_gap_m: 24.0,
            free: 0.3,
            shapes: &[Bar, Comb, Corner],
        },
        Use::Hospital => Plan {
            length_m: (36.0, 60.0),
            width_m: (18.0, 24.0),
            gap_m: 16.0,
            row_gap_m: 20.0,
            free: 0.2,
            shapes: &[Cross, Comb, Bar],
        },
        Use::Industrial => Plan {
            length_m: (44.0, 92.0),
            width_m: (22.0, 34.0),
            gap_m: 14.0,
            row_gap_m: 15.0,
            free: 0.15,
            shapes: &[Bar, Bar, Bar, Corner],
        },
        Use::Public => Plan {
            length_m: (34.0, 60.0),
            width_m: (20.0, 28.0),
            gap_m: 22.0,
            row_gap_m: 28.0,
            free: 0.35,
            shapes: &[Yard, Corner, Cross],
        },
        Use::Green | Use::Empty => return None,
    })
}

/// The direction of rows: along the side that lies nearest to east and west, since flats look south.
fn row_axis(plot: &Plot) -> P {
    let southern = matches!(plot.land_use, Use::Residential | Use::School | Use::Hospital);
    let mut best = ([1.0, 0.0], 0.0);
    for (place, &from) in plot.ring.iter().enumerate() {
        let ahead = sub(plot.ring[(place + 1) % plot.ring.len()], from);
        let axis = unit(ahead);
        let axis = if axis[0] < 0.0 { [-axis[0], -axis[1]] } else { axis };
        let weight = dot(ahead, ahead).sqrt() * if southern { axis[0] * axis[0] * axis[0] } else { 1.0 };
        if weight > best.1 {
            best = (axis, weight);
        }
    }
    if southern && best.0[0] < 0.72 { left(best.0) } else { best.0 }
}

/// Rectangles in rows that fit into the plot.
fn place(plot: &Plot, plan: &Plan, most_floors: i64, rng: &mut Rng) -> Vec<Rect> {
    let axis = row_axis(plot);
    let axis = if axis[0] < 0.0 { [-axis[0], -axis[1]] } else { axis };
    let [west, south, east, north] = frame(&plot.ring, axis);
    let mut found: Vec<Rect> = Vec::new();
    let mut v = south + 1.0 + rng.unit() * 2.0;
    let light = if most_floors > 12 { 1.25 } else { 1.0 };
    while v < north {
        let depth = rng.between(plan.width_m.0, plan.width_m.1);
        let mut u = west + rng.unit() * 4.0;
        while u < east - plan.length_m.0 {
            let size = rng.between(plan.length_m.0, plan.length_m.1);
            let step = match fit(plot, axis, (u, v), (size, depth), plan) {
                Some(rect) => {
                    if !rng.chance(plan.free) {
                        found.push(rect);
                    }
                    rect.half[0] * 2.0 + plan.gap_m * rng.between(0.9, 1.3)
                }
                None => 4.0_f64.max(plan.length_m.0 * 0.2),
            };
            u += step;
        }
        v += depth + plan.row_gap_m * light * rng.between(0.95, 1.15);
    }
    found
}

/// The longest house that stands at a place.
fn fit(plot: &Plot, axis: P, (u, v): (f64, f64), (size, depth): (f64, f64), plan: &Plan) -> Option<Rect> {
    [size, size * 0.75, plan.length_m.0].into_iter().filter(|&long| long >= plan.length_m.0).find_map(|long| {
        let center = in_frame(axis, u + long / 2.0, v + depth / 2.0);
        let rect = Rect { center, axis, half: [long / 2.0, depth / 2.0] };
        let is_free = plot.inner.iter().all(|(street, half_m)| rect.keeps_off(*street, *half_m));
        (is_free && rect.fits(&plot.ring)).then_some(rect)
    })
}

/// The outline of a form inside its rectangle.
fn shape(rect: &Rect, shape: Shape) -> Vec<P> {
    let at = |points: &[(f64, f64)]| points.iter().map(|&(u, v)| rect.at(u, v)).collect::<Vec<_>>();
    let ring = match shape {
        Shape::Bar => rect.corners().to_vec(),
        Shape::Stepped => at(&[
            (-1., -0.8),
            (-0.34, -0.8),
            (-0.34, -1.),
            (0.34, -1.),
            (0.34, -0.8),
            (1., -0.8),
            (1., 0.85),
            (0.5, 0.85),
            (0.5, 1.),
            (-0.5, 1.),
            (-0.5, 0.85),
            (-1., 0.85),
        ]),
        Shape::Corner => at(&[(-1., -1.), (1., -1.), (1., 1.), (0.35, 1.), (0.35, -0.1), (-1., -0.1)]),
        Shape::Yard => {
            at(&[(-1., -1.), (1., -1.), (1., 1.), (0.45, 1.), (0.45, -0.2), (-0.45, -0.2), (-0.45, 1.), (-1., 1.)])
        }
        Shape::Comb => at(&[
            (-1., -1.),
            (1., -1.),
            (1., 0.55),
            (0.8, 0.55),
            (0.8, 1.),
            (0.3, 1.),
            (0.3, 0.55),
            (-0.3, 0.55),
            (-0.3, 1.),
            (-0.8, 1.),
            (-0.8, 0.55),
            (-1., 0.55),
        ]),
        Shape::Cross => at(&[
            (-0.45, -1.),
            (0.45, -1.),
            (0.45, -0.6),
            (1., -0.6),
            (1., 0.55),
            (0.45, 0.55),
            (0.45, 1.),
            (-0.45, 1.),
            (-0.45, 0.55),
            (-1., 0.55),
            (-1., -0.6),
            (-0.45, -0.6),
        ]),
    };
    debug_assert!(cross(rect.axis, left(rect.axis)) > 0.0);
    ring
}

fn year(plot: &Plot, rng: &mut Rng) -> i64 {
    let (from, to) = match plot.character {
        Character::OldTown => (1958.0, 1996.0),
        Character::Central => (1979.0, 2006.0),
        Character::Residential => (1992.0, 2014.0),
        Character::NewDistrict => (2009.0, 2024.0),
        Character::Industry => (1988.0, 2020.0),
        Character::Suburb => (1985.0, 2021.0),
    };
    rng.between(from, to) as i64
}

/// Fewest and most floors.
fn storeys(plot: &Plot, year: i64, rng: &mut Rng) -> (i64, i64) {
    match plot.land_use {
        Use::OldQuarter => (1, 3),
        Use::Residential if matches!(plot.character, Character::NewDistrict) => {
            *rng.pick(&[(17, 26), (11, 18), (26, 33)])
        }
        Use::Residential if year > 2006 => *rng.pick(&[(6, 7), (9, 11), (11, 18)]),
        Use::Residential => *rng.pick(&[(5, 6), (6, 7), (4, 6)]),
        Use::Commercial => *rng.pick(&[(2, 4), (3, 6), (5, 12)]),
        Use::Hospital => (3, 9),
        Use::School | Use::Public => (3, 5),
        _ => (1, 2),
    }
}

fn purpose(land_use: Use, rng: &mut Rng) -> &'static str {
    match land_use {
        Use::Residential | Use::OldQuarter => {
            if rng.chance(0.94) {
                "residential"
            } else {
                "commercial"
            }
        }
        Use::Commercial => {
            if rng.chance(0.7) {
                "commercial"
            } else {
                "office"
            }
        }
        Use::School => "school",
        Use::Hospital => "hospital",
        Use::Industrial => "industrial",
        Use::Public => {
            if rng.chance(0.5) {
                "public"
            } else {
                "office"
            }
        }
        Use::Green | Use::Empty => "other",
    }
}
