//! The boundaries of a hatch: polylines with bulges, or edges (lines, arcs, ellipses, splines) one after the other. What
//! lies inside an odd number of others is a hole, as hatches are drawn.
//!
//! Group codes by Autodesk, DXF Reference (2012), "Boundary path data".

use super::drawing::Vertex;
use super::groups::{Entity, number};
use super::shape::{Fineness, Spline, arc, bent, near, turn_to};

/// Most positions of one hatch; one with more is left out.
const MOST_POSITIONS: usize = 2_000_000;
/// Sides of rings that are looked at to find what lies in what; beyond, rings are areas of their own.
const PATIENCE: usize = 50_000_000;
/// Kinds of boundary: a polyline, and the box of a text.
const POLYLINE: i64 = 2;
const TEXT_BOX: i64 = 8;

/// Positions of a closed path, the first not repeated.
pub(super) type Ring = Vec<[f64; 3]>;

/// The areas of a hatch, each its outline and its holes; `None` if there is none.
pub(super) fn areas(entity: &Entity, fineness: Fineness) -> Option<Vec<Vec<Ring>>> {
    let numbers: Vec<(i32, f64)> = entity.pairs().filter_map(|(code, value)| Some((code, number(value)?))).collect();
    let z = numbers.iter().find(|(code, _)| *code == 30).map_or(0.0, |(_, z)| *z);
    let first = numbers.iter().position(|(code, _)| *code == 92)?;
    let numbers = &numbers[first..];
    let end = numbers.iter().position(|(code, _)| *code == 75).unwrap_or(numbers.len());
    let (mut rings, mut positions) = (Vec::new(), 0);
    for boundary in parts(&numbers[..end], 92) {
        let flags = boundary[0].1 as i64;
        if flags & TEXT_BOX != 0 {
            continue;
        }
        let ring = if flags & POLYLINE != 0 { polyline(boundary, z, fineness) } else { edges(boundary, z, fineness) };
        positions += ring.len();
        if positions > MOST_POSITIONS {
            return None;
        }
        rings.extend(Some(ring).filter(|ring| ring.len() > 2));
    }
    (!rings.is_empty()).then(|| arrange(rings))
}

/// The pieces that begin with a code.
fn parts(numbers: &[(i32, f64)], code: i32) -> impl Iterator<Item = &[(i32, f64)]> {
    let starts: Vec<usize> = (0..numbers.len()).filter(|&at| numbers[at].0 == code).collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([numbers.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| &numbers[start..end])
}

fn polyline(boundary: &[(i32, f64)], z: f64, fineness: Fineness) -> Ring {
    let mut vertices: Vec<Vertex> = Vec::new();
    for &(code, number) in boundary {
        match (code, vertices.last_mut()) {
            (10, _) => vertices.push(Vertex { at: [number, 0.0, z], bulge: 0.0, flags: 0 }),
            (20, Some(last)) => last.at[1] = number,
            (42, Some(last)) => last.bulge = number,
            // The objects that the hatch was made of follow.
            (97, _) => break,
            _ => {}
        }
    }
    let mut ring = if vertices.is_empty() { Vec::new() } else { bent(&vertices, true, fineness) };
    open(&mut ring);
    ring
}

/// The edges in their order, each turned the way that continues the one before.
fn edges(boundary: &[(i32, f64)], z: f64, fineness: Fineness) -> Ring {
    let mut ring: Ring = Vec::new();
    for edge in parts(boundary, 72) {
        let Some(mut path) = Edge(edge).path(z, fineness).filter(|path| path.len() > 1) else { continue };
        if let Some(end) = ring.last() {
            let [to_first, to_last] = [path[0], path[path.len() - 1]].map(|at| (at[0] - end[0]).hypot(at[1] - end[1]));
            if to_last < to_first {
                path.reverse();
            }
        }
        let is_joined = ring.last().is_some_and(|end| near(*end, path[0]));
        ring.extend(path.into_iter().skip(usize::from(is_joined)));
        if ring.len() > MOST_POSITIONS {
            break;
        }
    }
    open(&mut ring);
    ring
}

/// Takes the last position away where it repeats the first.
fn open(ring: &mut Ring) {
    while ring.len() > 1 && near(ring[0], ring[ring.len() - 1]) {
        ring.pop();
    }
}

/// One edge: its kind, and the numbers behind it.
struct Edge<'a>(&'a [(i32, f64)]);

impl Edge<'_> {
    fn get(&self, code: i32) -> Option<f64> {
        self.0.iter().find(|(known, _)| *known == code).map(|(_, number)| *number)
    }

    fn all(&self, code: i32) -> impl Iterator<Item = f64> {
        self.0.iter().filter(move |(known, _)| *known == code).map(|(_, number)| *number)
    }

    fn positions(&self, code: i32, z: f64) -> Vec<[f64; 3]> {
        self.all(code).zip(self.all(code + 10)).map(|(x, y)| [x, y, z]).collect()
    }

    fn path(&self, z: f64, fineness: Fineness) -> Option<Ring> {
        let at = |code: i32| Some([self.get(code)?, self.get(code + 10)?, z]);
        match self.0.first()?.1 as i64 {
            1 => Some(vec![at(10)?, at(11)?]),
            2 => {
                let radius = self.get(40)?;
                Some(self.turned(at(10)?, [radius, 0.0], [0.0, radius], fineness))
            }
            3 => {
                let ([x, y, _], ratio) = (at(11)?, self.get(40)?);
                Some(self.turned(at(10)?, [x, y], [-y * ratio, x * ratio], fineness))
            }
            4 => {
                let spline = Spline {
                    degree: self.get(94).map_or(0, |degree| degree.max(0.0) as usize),
                    knots: self.all(40).collect(),
                    weights: self.all(42).collect(),
                    controls: self.positions(10, z),
                    fits: self.positions(11, z),
                };
                Some(spline.path(fineness))
            }
            _ => None,
        }
    }

    /// An arc between its two angles. Those of one that turns clockwise are counted clockwise.
    fn turned(&self, center: [f64; 3], major: [f64; 2], minor: [f64; 2], fineness: Fineness) -> Ring {
        let [from, to] = [50, 51].map(|code| self.get(code).unwrap_or_default().to_radians());
        if self.get(73) == Some(0.0) {
            let mut path = arc(center, major, minor, -to, turn_to(-to, -from), fineness);
            path.reverse();
            return path;
        }
        arc(center, major, minor, from, turn_to(from, to), fineness)
    }
}

/// Outlines with their holes.
fn arrange(rings: Vec<Ring>) -> Vec<Vec<Ring>> {
    let sides: usize = rings.iter().map(Vec::len).sum();
    if rings.len() == 1 || sides.saturating_mul(rings.len()) > PATIENCE {
        return rings.into_iter().map(|ring| vec![ring]).collect();
    }
    let around: Vec<Vec<usize>> = (0..rings.len())
        .map(|ring| {
            (0..rings.len()).filter(|&other| other != ring && is_inside(rings[ring][0], &rings[other])).collect()
        })
        .collect();
    // The outline of a hole is the innermost one around it: the one that most others are around.
    let home: Vec<Option<usize>> = around
        .iter()
        .map(|outside| {
            let is_hole = outside.len() % 2 == 1;
            outside.iter().copied().filter(|_| is_hole).max_by_key(|&other| around[other].len())
        })
        .collect();
    let mut areas: Vec<Vec<Ring>> = Vec::new();
    let mut place = vec![0; rings.len()];
    for ring in (0..rings.len()).filter(|&ring| home[ring].is_none()) {
        place[ring] = areas.len();
        areas.push(vec![rings[ring].clone()]);
    }
    for (ring, outline) in home.iter().enumerate() {
        if let Some(area) = outline.and_then(|outline| areas.get_mut(place[outline])) {
            area.push(rings[ring].clone());
        }
    }
    areas
}

fn is_inside([x, y, _]: [f64; 3], ring: &Ring) -> bool {
    let mut is_inside = false;
    let mut before = ring[ring.len() - 1];
    for &at in ring {
        let crosses = (at[1] > y) != (before[1] > y);
        if crosses && x < (before[0] - at[0]) * (y - at[1]) / (before[1] - at[1]) + at[0] {
            is_inside = !is_inside;
        }
        before = at;
    }
    is_inside
}
