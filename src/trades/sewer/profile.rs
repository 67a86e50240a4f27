//! The long profile (纵断面) along a course of pipes: what lies how high at which chainage.
//!
//! A level that nobody recorded is missing here too: nothing is drawn where nothing is known. The one thing that is
//! worked out is a ground or floor from the other and the depth, where all but one of the three are recorded.

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use rustc_hash::FxHashSet;

use super::pipe::{NodeType, Pipe, RowRef, System};
use super::sewers::Sewers;
use super::ways::Course;

/// A pipe that ends this near to the crossed one's node joins it there and does not cross it, metres.
const AT_NODE_M: f64 = 1.0;

/// A long profile. Chainages are metres from its beginning, levels metres above the height datum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The nodes in order, one more than reaches.
    pub stations: Vec<Station>,
    /// The pipes in order.
    pub reaches: Vec<Reach>,
    /// Other pipes that cross in plan, by chainage.
    pub crossings: Vec<Crossing>,
    /// Its length, metres.
    pub length_m: f64,
}

/// A node of a profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Station {
    /// Its row; `None` for a node that pipes imply.
    pub row: Option<RowRef>,
    /// Its code; empty for none.
    pub code: Box<str>,
    /// What it is.
    pub node_type: NodeType,
    /// Longitude and latitude in degrees.
    pub at: Option<[f64; 2]>,
    /// Where it lies.
    pub chainage_m: f64,
    /// Level of the ground.
    pub ground_m: Option<f64>,
    /// Level of its floor.
    pub floor_m: Option<f64>,
    /// How far the water drops from the reach before to the reach behind; negative where it would have to climb.
    pub drop_m: Option<f64>,
}

/// A pipe of a profile. Pairs stand in the order of the profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// Its row.
    pub row: RowRef,
    /// Its code; empty for none.
    pub code: Box<str>,
    /// What it carries.
    pub system: System,
    /// Its material's code.
    pub material: Box<str>,
    /// Where it begins and ends.
    pub chainages_m: [f64; 2],
    /// Diameter, or height of a section that is no circle, millimetres.
    pub diameter_mm: Option<f64>,
    /// Width of a section that is no circle, millimetres.
    pub width_mm: Option<f64>,
    /// Levels of its invert.
    pub inverts_m: [Option<f64>; 2],
    /// Levels of its crown, the wall left out.
    pub crowns_m: [Option<f64>; 2],
    /// Ground above its crown.
    pub covers_m: [Option<f64>; 2],
    /// Fall along the flow, metres a metre; negative for adverse.
    pub slope: Option<f64>,
    /// Whether the profile runs with its flow.
    pub is_along: bool,
    /// Whether it falls against its flow though it runs by gravity.
    pub is_adverse: bool,
    /// Whether it is under pressure: a main, or a pump.
    pub is_pressure: bool,
}

/// Another pipe where it crosses in plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Crossing {
    /// Its row.
    pub row: RowRef,
    /// Its code; empty for none.
    pub code: Box<str>,
    /// What it carries.
    pub system: System,
    /// Where it crosses.
    pub chainage_m: f64,
    /// Longitude and latitude in degrees.
    pub at: [f64; 2],
    /// Height of its section, millimetres.
    pub diameter_mm: Option<f64>,
    /// Level of its invert there, straight between its ends; `None` unless both are known.
    pub invert_m: Option<f64>,
    /// Vertical room between the two, wall thicknesses left out; negative where they would pass through each other.
    pub gap_m: Option<f64>,
}

impl Profile {
    /// The profile along a course.
    pub fn along(sewers: &Sewers, course: &Course) -> Self {
        let mut chainage_m = 0.0;
        let mut stations: Vec<Station> = Vec::with_capacity(course.nodes.len());
        let mut reaches: Vec<Reach> = Vec::with_capacity(course.pipes.len());
        for (place, &node) in course.nodes.iter().enumerate() {
            stations.push(station(sewers, node, chainage_m));
            let Some(&(pipe, is_along)) = course.pipes.get(place) else { break };
            let end_m = chainage_m + sewers.length_m(pipe);
            reaches.extend(reach(sewers, pipe, is_along, [chainage_m, end_m]));
            chainage_m = end_m;
        }
        for (place, reach) in reaches.iter_mut().enumerate() {
            for side in 0..2 {
                let ground_m = stations.get(place + side).and_then(|station| station.ground_m);
                reach.covers_m[side] = ground_m.zip(reach.crowns_m[side]).map(|(ground, crown)| ground - crown);
            }
        }
        for (place, pair) in reaches.windows(2).enumerate() {
            let levels = pair[0].inverts_m[1].zip(pair[1].inverts_m[0]);
            stations[place + 1].drop_m = levels.map(|(before, behind)| before - behind);
        }
        let crossings = crossings(sewers, course, &reaches);
        Self { stations, reaches, crossings, length_m: chainage_m }
    }

    /// Lowest and highest level of all that is known; `None` if nothing is.
    pub fn levels_m(&self) -> Option<[f64; 2]> {
        let stations = self.stations.iter().flat_map(|it| [it.ground_m, it.floor_m]);
        let reaches = self.reaches.iter().flat_map(|it| [it.inverts_m, it.crowns_m]).flatten();
        let tops = self.crossings.iter().map(|it| Some(it.invert_m? + it.diameter_mm.unwrap_or(0.0) / 1000.0));
        let crossings = self.crossings.iter().map(|it| it.invert_m).chain(tops);
        let known = stations.chain(reaches).chain(crossings).flatten();
        known.fold(None, |range, level| {
            let [low, high] = range.unwrap_or([level, level]);
            Some([level.min(low), level.max(high)])
        })
    }
}

fn station(sewers: &Sewers, number: u32, chainage_m: f64) -> Station {
    let Some(joint) = sewers.node(number) else { return Station { chainage_m, ..Station::default() } };
    let row = joint.row.as_ref();
    let level = |level: Option<f64>| level.filter(|&level| sewers.is_level(level));
    let (ground_m, floor_m) = row.map_or((None, None), |row| (level(row.ground_m), level(row.bottom_m)));
    let depth_m = row.and_then(|row| row.depth_m).filter(|depth| *depth > 0.0);
    Station {
        row: row.map(|row| row.row),
        code: joint.code.clone(),
        node_type: row.map_or(NodeType::Other, |row| row.node_type),
        at: joint.at,
        chainage_m,
        ground_m: ground_m.or_else(|| Some(floor_m? + depth_m?)),
        floor_m: floor_m.or_else(|| Some(ground_m? - depth_m?)),
        drop_m: None,
    }
}

fn reach(sewers: &Sewers, number: u32, is_along: bool, chainages_m: [f64; 2]) -> Option<Reach> {
    let (pipe, flow) = (sewers.pipe(number)?, sewers.flow(number)?);
    let mut inverts_m = flow.inverts_m;
    if !is_along {
        inverts_m.reverse();
    }
    let height_m = height_m(pipe);
    let slope = sewers.slope(number);
    Some(Reach {
        row: pipe.row,
        code: pipe.code.clone(),
        system: pipe.system,
        material: pipe.material.clone(),
        chainages_m,
        diameter_mm: pipe.diameter_mm.filter(|size| *size > 0.0),
        width_mm: pipe.width_mm.filter(|width| *width > 0.0 && !matches!(&*pipe.section, "" | "circle")),
        inverts_m,
        crowns_m: inverts_m.map(|invert| Some(invert? + height_m?)),
        covers_m: [None; 2],
        slope,
        is_along,
        is_adverse: pipe.is_gravity() && slope.is_some_and(|slope| slope < 0.0),
        is_pressure: !pipe.is_gravity(),
    })
}

/// Height of the section, if it is one.
fn height_m(pipe: &Pipe) -> Option<f64> {
    pipe.diameter_mm.filter(|size| *size > 0.0).map(|size| size / 1000.0)
}

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
fn crossings(sewers: &Sewers, course: &Course, reaches: &[Reach]) -> Vec<Crossing> {
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
                let along = between(piece.data.shares, own_share);
                let chainage_m = between(reach.chainages_m, along);
                // Where it runs through a bend, two pieces meet it in one place.
                if found[first..].iter().any(|it: &Crossing| (it.chainage_m - chainage_m).abs() < 0.01) {
                    continue;
                }
                let invert_m =
                    flow.inverts_m[0].zip(flow.inverts_m[1]).map(|(a, b)| between([a, b], between(shares, share)));
                found.push(Crossing {
                    row: pipe.row,
                    code: pipe.code.clone(),
                    system: pipe.system,
                    chainage_m,
                    at: plane.to_lonlat(at),
                    diameter_mm: pipe.diameter_mm.filter(|size| *size > 0.0),
                    invert_m,
                    gap_m: gap_m(reach, along, invert_m, height_m(pipe)),
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

fn between([from, to]: [f64; 2], share: f64) -> f64 {
    from + share * (to - from)
}

/// Room between a reach and a pipe over or under it.
fn gap_m(reach: &Reach, share: f64, invert_m: Option<f64>, height_m: Option<f64>) -> Option<f64> {
    let level = |[from, to]: [Option<f64>; 2]| Some(between([from?, to?], share));
    let (own_invert, own_crown) = (level(reach.inverts_m)?, level(reach.crowns_m)?);
    let (invert, crown) = (invert_m?, invert_m? + height_m?);
    Some((invert - own_crown).max(own_invert - crown))
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // what is compared is copied or missing
mod tests {
    use super::super::pipe::Node;
    use super::super::sewers::Joining;
    use super::super::ways::shortest;
    use super::*;
    use crate::geom::plane::LocalPlane;

    fn at(x_m: f64, y_m: f64) -> [f64; 2] {
        LocalPlane::at([115.99, 29.71]).to_lonlat([x_m, y_m])
    }

    fn pipe(id: i64, ends: [&str; 2], inverts_m: [f64; 2], line: &[[f64; 2]]) -> Pipe {
        let level = |level: f64| (!level.is_nan()).then_some(level);
        Pipe {
            row: RowRef { layer: 0, id },
            code: format!("P{id}").into(),
            from_code: ends[0].into(),
            to_code: ends[1].into(),
            invert_up_m: level(inverts_m[0]),
            invert_down_m: level(inverts_m[1]),
            diameter_mm: Some(500.0),
            line: line.to_vec(),
            ..Pipe::default()
        }
    }

    fn node(id: i64, code: &str, place: [f64; 2], ground_m: f64, depth_m: f64) -> Node {
        Node {
            row: RowRef { layer: 1, id },
            code: code.into(),
            ground_m: Some(ground_m),
            depth_m: Some(depth_m),
            at: Some(place),
            ..Node::default()
        }
    }

    /// A → B → C of 100 m each with a drop of 0.2 m at B, crossed at 50 m by P3 a metre above and joined at B by P4.
    fn town() -> Sewers {
        let [a, b, c] = [at(0.0, 0.0), at(100.0, 0.0), at(200.0, 0.0)];
        let pipes = vec![
            pipe(1, ["A", "B"], [16.0, 15.5], &[a, b]),
            pipe(2, ["B", "C"], [15.3, 15.4], &[b, c]),
            pipe(3, ["D", "E"], [17.6, 17.4], &[at(50.0, -40.0), at(50.0, 40.0)]),
            pipe(4, ["F", "B"], [f64::NAN, 15.6], &[at(100.0, 60.0), b]),
            pipe(5, ["G", "H"], [f64::NAN, 12.0], &[at(150.0, -40.0), at(150.0, 40.0)]),
        ];
        Sewers::new(pipes, vec![node(1, "A", a, 20.0, 4.0), node(2, "B", b, 19.0, 3.7)], Joining::default())
    }

    fn along(sewers: &Sewers, from: &str, to: &str) -> Profile {
        let [from, to] = [from, to].map(|code| sewers.nodes_with_code(code)[0]);
        Profile::along(sewers, &shortest(sewers, from, to, false).expect("a way"))
    }

    #[test]
    fn a_profile_has_levels_where_they_are_known_and_gaps_elsewhere() {
        let profile = along(&town(), "A", "C");
        let [one, two] = &profile.reaches[..] else { panic!("two reaches") };
        assert_eq!((one.inverts_m, one.crowns_m), ([Some(16.0), Some(15.5)], [Some(16.5), Some(16.0)]));
        assert_eq!(one.covers_m, [Some(3.5), Some(3.0)]);
        assert_eq!((two.covers_m, two.is_adverse, one.is_adverse), ([Some(19.0 - 15.8), None], true, false));
        let [first, second, third] = &profile.stations[..] else { panic!("three stations") };
        assert_eq!((first.floor_m, first.ground_m, first.drop_m), (Some(16.0), Some(20.0), None));
        assert!(second.drop_m.is_some_and(|drop| (drop - 0.2).abs() < 1e-9));
        assert_eq!((third.ground_m, third.floor_m, &*third.code), (None, None, "C"));
        assert!((profile.length_m - 200.0).abs() < 0.5 && third.chainage_m == profile.length_m);
        assert_eq!(profile.levels_m(), Some([15.3, 20.0]));
    }

    #[test]
    fn pipes_that_cross_are_told_with_their_room_and_those_that_join_are_not() {
        let profile = along(&town(), "A", "C");
        let told: Vec<(&str, f64, Option<f64>)> =
            profile.crossings.iter().map(|it| (&*it.code, it.chainage_m.round(), it.gap_m)).collect();
        let [(p3, 50.0, Some(gap_m)), ("P5", 150.0, None)] = told[..] else { panic!("{told:?}") };
        // Its invert is 17.5 there, the crown of P1 16.25.
        assert!(p3 == "P3" && (gap_m - 1.25).abs() < 1e-6, "{gap_m}");
    }

    #[test]
    fn against_the_flow_everything_is_the_other_way_round_but_the_fall() {
        let town = town();
        let (down, up) = (along(&town, "A", "B"), along(&town, "B", "A"));
        let ([down], [up]) = (&down.reaches[..], &up.reaches[..]) else { panic!("one reach each") };
        assert_eq!((up.inverts_m, up.slope, up.is_along), ([Some(15.5), Some(16.0)], down.slope, false));
        assert_eq!((up.covers_m, up.is_adverse), ([Some(3.0), Some(3.5)], false));
    }
}
