//! Faults planted in the sewers, so many of each rule and none besides, for people to find.

use super::geography::Geography;
use super::network::Network;
use super::plane::{P, along, distance, ground_length_m, left, lon_lat, point_along};
use super::rng::Rng;
use super::sewer_layout::{NodeKind, Sewers, Water};
use super::sewer_levels::{NOMINAL, millimetres};
use crate::text;
use crate::text::Text;

/// What a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A pipe, by its place.
    Pipe(usize),
    /// A node, by its place.
    Node(usize),
}

/// One fault.
pub(super) struct Planted {
    /// `adverse_slope`, `big_into_small`, `cross_connection` or `orphan`.
    pub(super) rule: &'static str,
    /// What it is about.
    pub(super) target: Target,
    /// What is wrong.
    pub(super) what: Text,
}

/// Breaks one pipe, if it can be broken this way; gives the rule's word and what is wrong.
type Rule = fn(&mut Sewers, usize, &mut Rng) -> Option<(&'static str, Text)>;

/// Plants `counts` faults of the four rules, no two at the same manhole.
pub(super) fn plant(
    sewers: &mut Sewers,
    ground: &Geography,
    network: &Network,
    counts: [usize; 4],
    rng: &mut Rng,
) -> Vec<Planted> {
    let mut planted = Vec::new();
    let mut touched = vec![false; sewers.nodes.len()];
    let mut order: Vec<usize> = (0..sewers.pipes.len()).collect();
    rng.shuffle(&mut order);
    let rules: [(Rule, usize, bool); 3] =
        [(cross_connection, counts[2], true), (big_into_small, counts[1], false), (adverse_slope, counts[0], false)];
    for (rule, count, at_tip) in rules {
        let (mut left, shape) = (count, Shape::of(sewers));
        for &pipe in &order {
            if left == 0 {
                break;
            }
            let ends = [sewers.pipes[pipe].from, sewers.pipes[pipe].to];
            let free = ends.iter().all(|&end| !touched[end as usize]) && shape.is_plain(sewers, pipe, at_tip);
            if let Some((rule, what)) = free.then(|| rule(sewers, pipe, rng)).flatten() {
                ends.iter().chain(&[sewers.pipes[pipe].to]).for_each(|&end| touched[end as usize] = true);
                planted.push(Planted { rule, target: Target::Pipe(pipe), what });
                left -= 1;
            }
        }
    }
    sewers.settle_floors();
    planted.extend(orphans(sewers, ground, network, counts[3], rng));
    planted.sort_by_key(|fault| fault.rule);
    planted
}

/// How many pipes meet at every node.
struct Shape {
    inflow: Vec<u32>,
    single: Vec<Option<usize>>,
}

impl Shape {
    fn of(sewers: &Sewers) -> Self {
        let mut shape = Self { inflow: vec![0; sewers.nodes.len()], single: vec![None; sewers.nodes.len()] };
        for (number, pipe) in sewers.pipes.iter().enumerate() {
            shape.inflow[pipe.to as usize] += 1;
            shape.single[pipe.to as usize] = Some(number);
        }
        shape
    }

    /// Whether a pipe lies between ordinary manholes: at the upper end for a cross connection, in a row otherwise.
    fn is_plain(&self, sewers: &Sewers, pipe: usize, is_tip: bool) -> bool {
        let own = &sewers.pipes[pipe];
        let kinds = [own.from, own.to].map(|node| sewers.nodes[node as usize].kind);
        let above = self.single[own.from as usize];
        let row = match above {
            None => is_tip,
            Some(above) => {
                let size = sewers.pipes[above].diameter_mm;
                let plain = self.inflow[own.from as usize] == 1 && !sewers.pipes[above].is_pressure;
                !is_tip && plain && size == own.diameter_mm
            }
        };
        row && !own.is_pressure && kinds == [NodeKind::Manhole; 2] && self.inflow[own.to as usize] <= 2
    }
}

/// Leads the first pipe of a storm sewer into the foul manhole beside its end.
fn cross_connection(sewers: &mut Sewers, pipe: usize, _: &mut Rng) -> Option<(&'static str, Text)> {
    let own = &sewers.pipes[pipe];
    if own.water != Water::Storm {
        return None;
    }
    let [from, to] = [own.from, own.to].map(|node| sewers.nodes[node as usize].at);
    let near = |at: P| distance(at, to) < 14.0 && distance(at, from) > 12.0;
    let is_fit =
        |node: &super::sewer_layout::Node| node.water == Water::Foul && node.kind == NodeKind::Manhole && near(node.at);
    let other = sewers.nodes.iter().position(is_fit)?;
    let length_m = ground_length_m(&[lon_lat(from), lon_lat(sewers.nodes[other].at)]);
    let down = millimetres(own.inverts_m[0] - 0.003 * length_m);
    let carries = sewers.pipes.iter().find(|pipe| pipe.from as usize == other)?;
    if down < carries.inverts_m[0] || carries.diameter_mm < own.diameter_mm || carries.is_pressure {
        return None;
    }
    let own = &mut sewers.pipes[pipe];
    own.to = other as u32;
    own.length_m = length_m;
    own.inverts_m[1] = down;
    Some(("cross_connection", Text::new("雨水管接入污水井", "A storm sewer ends in a foul manhole")))
}

/// Makes one pipe of a row smaller than the one before it.
fn big_into_small(sewers: &mut Sewers, pipe: usize, rng: &mut Rng) -> Option<(&'static str, Text)> {
    let own = &mut sewers.pipes[pipe];
    let (before, place) = (own.diameter_mm, NOMINAL.iter().position(|&size| size == own.diameter_mm)?);
    if before < 500 {
        return None;
    }
    let after = NOMINAL[place - 1 - rng.below(2)];
    own.diameter_mm = after;
    let what = text!("大管接小管：DN{before} 接 DN{after}", "DN{before} runs into DN{after}");
    Some(("big_into_small", what))
}

/// Lifts the lower end of one pipe above its upper end.
fn adverse_slope(sewers: &mut Sewers, pipe: usize, rng: &mut Rng) -> Option<(&'static str, Text)> {
    let own = &sewers.pipes[pipe];
    let down = millimetres(own.inverts_m[0] + rng.between(0.06, 0.2));
    let crown = down + own.diameter_mm as f64 / 1000.0;
    if own.length_m < 22.0 || crown > sewers.nodes[own.to as usize].ground_m - 0.6 {
        return None;
    }
    let own = &mut sewers.pipes[pipe];
    own.inverts_m[1] = down;
    let permille = (own.inverts_m[0] - down) / own.length_m * 1000.0;
    Some(("adverse_slope", text!("逆坡 {permille:.1}‰", "Adverse slope {permille:.1}‰")))
}

/// Manholes that no pipe reaches.
fn orphans(sewers: &mut Sewers, ground: &Geography, network: &Network, count: usize, rng: &mut Rng) -> Vec<Planted> {
    let used: Vec<usize> = sewers.nodes.iter().map(|node| node.run).collect();
    let mut planted = Vec::new();
    while planted.len() < count {
        let own = used[rng.below(used.len())];
        let run = &network.runs[own];
        let (at, ahead) = point_along(&run.line, run.length_m * rng.between(0.1, 0.9));
        let at = along(at, left(ahead), -0.6);
        let near = sewers.nodes.iter().any(|node| distance(node.at, at) < 5.0);
        if near && rng.chance(0.98) {
            continue;
        }
        let water = if rng.chance(0.5) { Water::Foul } else { Water::Storm };
        let node = sewers.add_node(ground, at, NodeKind::Manhole, water, own);
        let floor = sewers.nodes[node as usize].ground_m - rng.between(1.4, 2.4);
        sewers.nodes[node as usize].bottom_m = millimetres(floor);
        planted.push(Planted {
            rule: "orphan",
            target: Target::Node(node as usize),
            what: Text::new("孤立检查井，没有管段相连", "A manhole that no pipe reaches"),
        });
    }
    planted
}
