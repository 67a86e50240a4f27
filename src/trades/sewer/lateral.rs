//! Where a drainage user joins the network: the node that its record names, else the nearest one that may be it.

use rustc_hash::FxHashMap;

use crate::geom::plane::LocalPlane;

use super::pipe::System;
use super::sewers::Sewers;
use super::users::User;

/// How a user found its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserJoinedBy {
    /// The record names it.
    Record,
    /// The record names none: it is the nearest.
    Nearest,
    /// The record names one that is nowhere: it is the nearest.
    NearestForMissing,
    /// No node lies within reach.
    Nothing,
}

/// Where a user joins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UserJoin {
    /// The node.
    pub node: Option<u32>,
    /// How it was found.
    pub by: UserJoinedBy,
    /// How far it is, metres on the plane; `None` where either has no place.
    pub away_m: Option<f64>,
}

/// What a node carries: as its row says, else what all its pipes carry.
pub fn system_at(sewers: &Sewers, node: u32) -> System {
    let said = sewers.node(node).and_then(|joint| joint.row.as_ref()).map_or(System::Unknown, |row| row.system);
    if said != System::Unknown {
        return said;
    }
    let mut carried = sewers.network().edges_around(node).filter_map(|pipe| Some(sewers.pipe(pipe)?.system));
    let Some(first) = carried.next() else { return System::Unknown };
    if carried.all(|system| system == first) { first } else { System::Unknown }
}

/// The node that a user's record names; of several with that code the one nearest to the user.
pub(super) fn recorded(sewers: &Sewers, user: &User) -> Option<u32> {
    if user.node_code.is_empty() {
        return None;
    }
    let named = sewers.nodes_with_code(&user.node_code);
    let far = |node: u32| away_m(sewers, user, node).unwrap_or(f64::INFINITY);
    named.iter().copied().min_by(|&a, &b| far(a).total_cmp(&far(b)))
}

fn away_m(sewers: &Sewers, user: &User, node: u32) -> Option<f64> {
    let plane = sewers.plane()?;
    let [a, b] = [user.at?, sewers.node(node)?.at?].map(|at| plane.from_lonlat(at));
    Some((a[0] - b[0]).hypot(a[1] - b[1]))
}

pub(super) fn join(sewers: &Sewers, user: &User, nearby: Option<&Nearby>) -> UserJoin {
    if let Some(node) = recorded(sewers, user) {
        return UserJoin { node: Some(node), by: UserJoinedBy::Record, away_m: away_m(sewers, user, node) };
    }
    match nearby.zip(user.at).and_then(|(nearby, at)| nearby.nearest(at, user.system == System::Storm)) {
        None => UserJoin { node: None, by: UserJoinedBy::Nothing, away_m: None },
        Some((node, away_m)) => {
            let is_named = !user.node_code.is_empty();
            let by = if is_named { UserJoinedBy::NearestForMissing } else { UserJoinedBy::Nearest };
            UserJoin { node: Some(node), by, away_m: Some(away_m) }
        }
    }
}

/// Finds the nearest node within a reach: nodes by squares as wide as the reach.
pub(super) struct Nearby {
    plane: LocalPlane,
    reach_m: f64,
    squares: FxHashMap<[i32; 2], Vec<Place>>,
}

struct Place {
    node: u32,
    at_m: [f64; 2],
    is_storm: bool,
}

impl Nearby {
    pub(super) fn new(sewers: &Sewers, reach_m: f64) -> Option<Self> {
        let reach_m = Some(reach_m).filter(|reach| reach.is_finite() && *reach > 0.0)?;
        let mut nearby = Self { plane: sewers.plane()?, reach_m, squares: FxHashMap::default() };
        for (node, joint) in sewers.nodes() {
            let Some(at_m) = joint.at.map(|at| nearby.plane.from_lonlat(at)) else { continue };
            let is_storm = system_at(sewers, node) == System::Storm;
            nearby.squares.entry(nearby.square(at_m)).or_default().push(Place { node, at_m, is_storm });
        }
        Some(nearby)
    }

    fn square(&self, at_m: [f64; 2]) -> [i32; 2] {
        at_m.map(|metres| (metres / self.reach_m).floor() as i32)
    }

    fn nearest(&self, at: [f64; 2], takes_storm: bool) -> Option<(u32, f64)> {
        let from_m = self.plane.from_lonlat(at);
        let [column, row] = self.square(from_m);
        let around =
            (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| [column.saturating_add(dx), row.saturating_add(dy)]));
        let places = around.filter_map(|square| self.squares.get(&square)).flatten();
        let near = places.filter(|place| takes_storm || !place.is_storm).map(|place| {
            let away_m = (place.at_m[0] - from_m[0]).hypot(place.at_m[1] - from_m[1]);
            (place.node, away_m)
        });
        near.filter(|near| near.1 <= self.reach_m).min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
    }
}
