//! Other pipes that cross the course of a profile in plan.

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use rustc_hash::FxHashSet;

use super::{Crossing, Passing, Reach, between, height_m};
use crate::trades::sewer::section::Size;
use crate::trades::sewer::sewers::Sewers;
use crate::trades::sewer::ways::Course;

/// A pipe that ends this near to the crossed one's node joins it there and does not cross it, metres.
const AT_NODE_M: f64 = 1.0;

/// A straight piece of the course, on the plane.
struct Piece {
    ends: [[f64; 2]; 2],
    reach: usize,
    /// Share of the pipe's length at its two ends, in the order of the profile.
    shares: [f64; 2],
}

/// The pieces of a line, and the share of its length at which each begins and ends.
fn pieces(line: &[[f64; 2]]) -> impl Iterator<Item = ([[f64; 2]; 2], [f64; 2])> + '_ {
    let length = |pair: &[[f64; 2]]| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
    let whole: f64 = line.windows(2).map(length).sum();
    line.windows(2).scan(0.0, move |so_far, pair| {
        let from = *so_far;
        *so_far += length(pair);
        Some(([pair[0], pair[1]], [from, *so_far].map(|at| if whole > 0.0 { at / whole } else { 0.0 })))
    })
}

/// All other pipes that cross a course in plan.
pub(super) fn crossings(sewers: &Sewers, course: &Course, reaches: &[Reach]) -> Vec<Crossing> {
    let Some(plane) = sewers.plane() else { return Vec::new() };
    let on_plane = |pipe: u32, is_along: bool| {
        let mut line: Vec<[f64; 2]> = sewers.line_along(pipe).into_iter().map(|at| plane.from_lonlat(at)).collect();
        if !is_along {
            line.reverse();
        }
        line
    };
    let mut own = Vec::new();
    for (reach, &(pipe, is_along)) in course.pipes.iter().enumerate() {
        own.extend(pieces(&on_plane(pipe, is_along)).map(|(ends, shares)| {
            GeomWithData::new(Rectangle::from_corners(ends[0], ends[1]), Piece { ends, reach, shares })
        }));
    }
    let tree = RTree::bulk_load(own);
    let passed: FxHashSet<u32> = course.pipes.iter().map(|(pipe, _)| *pipe).collect();
    let nodes: FxHashSet<u32> = course.nodes.iter().copied().collect();
    let mut found = Vec::new();
    for (number, pipe) in sewers.pipes().filter(|(number, _)| !passed.contains(number)) {
        let Some(flow) = sewers.flow(number) else { continue };
        let Some(line) = boxed(&pipe.line, &plane, &tree).then(|| on_plane(number, true)) else { continue };
        let joints = flow.nodes.into_iter().filter(|node| nodes.contains(node));
        let joints: Vec<[f64; 2]> =
            joints.filter_map(|node| sewers.node(node)?.at).map(|at| plane.from_lonlat(at)).collect();
        let first = found.len();
        for (ends, shares) in pieces(&line) {
            for piece in tree.locate_in_envelope_intersecting(AABB::from_corners(ends[0], ends[1])) {
                let Some(([own_share, share], at)) = meet(piece.data.ends, ends) else { continue };
                if joints.iter().any(|joint| (joint[0] - at[0]).hypot(joint[1] - at[1]) <= AT_NODE_M) {
                    continue;
                }
                let reach = &reaches[piece.data.reach];
                let [from_m, to_m] = reach.chainages_m;
                let chainage_m = between([from_m, to_m], between(piece.data.shares, own_share)).max(from_m).min(to_m);
                // Where it runs through a bend, two pieces meet it in one place.
                if found[first..].iter().any(|it: &Crossing| (it.chainage_m - chainage_m).abs() < 0.01) {
                    continue;
                }
                let invert_m =
                    flow.inverts_m[0].zip(flow.inverts_m[1]).map(|(a, b)| between([a, b], between(shares, share)));
                let crown_m = invert_m.zip(height_m(pipe)).map(|(invert, height)| invert + height);
                let meeting = meeting(reach, chainage_m, [invert_m, crown_m]);
                let size = Size::of(pipe);
                found.push(Crossing {
                    row: pipe.row,
                    code: pipe.code.clone(),
                    system: pipe.system,
                    chainage_m,
                    at: plane.to_lonlat(at),
                    diameter_mm: size.height_mm,
                    width_mm: size.width_mm,
                    is_shaped: size.is_shaped,
                    invert_m,
                    crown_m,
                    passing: meeting.map(|(passing, _)| passing),
                    gap_m: meeting.map(|(_, gap_m)| gap_m),
                });
            }
        }
    }
    found.sort_by(|a, b| a.chainage_m.total_cmp(&b.chainage_m).then(a.row.cmp(&b.row)));
    found
}

/// Whether the box around a line touches that of the whole course.
fn boxed(
    line: &[[f64; 2]],
    plane: &crate::geom::plane::LocalPlane,
    tree: &RTree<GeomWithData<Rectangle<[f64; 2]>, Piece>>,
) -> bool {
    use rstar::Envelope as _;
    let points: Vec<[f64; 2]> = line.iter().map(|&at| plane.from_lonlat(at)).collect();
    tree.root().envelope().intersects(&AABB::from_points(&points))
}

/// Where two straight pieces meet: the share of each at that place, and the place. Parallel ones meet nowhere.
fn meet([a, b]: [[f64; 2]; 2], [c, d]: [[f64; 2]; 2]) -> Option<([f64; 2], [f64; 2])> {
    let ([rx, ry], [sx, sy]) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let cross = rx * sy - ry * sx;
    if cross == 0.0 {
        return None;
    }
    let [qx, qy] = [c[0] - a[0], c[1] - a[1]];
    let shares = [(qx * sy - qy * sx) / cross, (qx * ry - qy * rx) / cross];
    let is_on = shares.iter().all(|share| (0.0..=1.0).contains(share));
    is_on.then(|| (shares, [a[0] + shares[0] * rx, a[1] + shares[0] * ry]))
}

/// How a pipe passes a reach, and the room between the two.
fn meeting(reach: &Reach, chainage_m: f64, levels_m: [Option<f64>; 2]) -> Option<(Passing, f64)> {
    let ([own_invert, own_crown], [invert, crown]) = (reach.levels_at(chainage_m), levels_m);
    let (over_m, under_m) = (invert? - own_crown?, own_invert? - crown?);
    let passing = match (over_m >= 0.0, under_m >= 0.0) {
        (true, _) => Passing::Above,
        (false, true) => Passing::Below,
        (false, false) => Passing::Through,
    };
    Some((passing, over_m.max(under_m)))
}
