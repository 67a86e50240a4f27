//! Where sewers lie: foul water runs along the streets to the treatment plants, storm water to the nearest shore.
//!
//! Each system is a forest: every node has one pipe out, towards its plant or outfall. A street that is not on a way
//! there has a summit in its middle and drains to both ends, so that nearly every street has its pipes.

use std::collections::BinaryHeap;

use super::blocks::Cost;
use super::geography::{Character, Geography};
use super::network::Network;
use super::plane::{P, cross, dot, point_along, sub, unit};
use super::rng::Rng;

/// Which water.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Water {
    /// Rain.
    Storm,
    /// Sewage.
    Foul,
    /// Both, in the old town.
    Combined,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NodeKind {
    /// Manhole.
    Manhole,
    /// Street inlet.
    Inlet,
    /// Pumping station.
    Pump,
    /// Where storm water leaves.
    Outfall,
    /// Treatment plant.
    Plant,
}

/// A node of a sewer system.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Where it is.
    pub(super) at: P,
    /// What it is.
    pub(super) kind: NodeKind,
    /// Which water.
    pub(super) water: Water,
    /// The run of street it lies in.
    pub(super) run: usize,
    /// Ground level, m.
    pub(super) ground_m: f64,
    /// Level of its floor, m.
    pub(super) bottom_m: f64,
}

/// A pipe. It runs downstream, from `from` to `to`.
#[derive(Clone, Debug)]
pub(super) struct Pipe {
    /// Upstream node.
    pub(super) from: u32,
    /// Downstream node.
    pub(super) to: u32,
    /// Which water.
    pub(super) water: Water,
    /// The run of street it lies in.
    pub(super) run: usize,
    /// Length in metres.
    pub(super) length_m: f64,
    /// Nominal diameter.
    pub(super) diameter_mm: i64,
    /// Inverts at both ends, m.
    pub(super) inverts_m: [f64; 2],
    /// Whether a pump pushes through it.
    pub(super) is_pressure: bool,
}

/// All sewers.
#[derive(Default)]
pub(super) struct Sewers {
    /// Nodes.
    pub(super) nodes: Vec<Node>,
    /// Pipes.
    pub(super) pipes: Vec<Pipe>,
}

/// A street node towards which its system drains, and the way there.
struct Flow {
    /// For every node of the network the link downstream.
    down: Vec<Option<usize>>,
    /// Cost to the sink; infinite where there is no way.
    cost: Vec<f64>,
}

/// A place where a system ends.
pub(super) struct Sink {
    /// Node of the street network.
    pub(super) node: u32,
    /// Where the plant or the outfall itself is.
    pub(super) at: P,
}

impl Sewers {
    /// Lays pipes of one system along `links`, with `way` for the side of the street.
    pub(super) fn lay(&mut self, ground: &Geography, network: &Network, links: &[bool], sinks: &[Sink], way: f64) {
        let flow = drain(ground, network, links, sinks);
        let mut number = vec![u32::MAX; network.nodes.len()];
        let is_foul = way < 0.0;
        for (link, _) in links.iter().enumerate().filter(|(_, laid)| **laid) {
            let nodes = &network.links[link].nodes;
            let (first, last) = (nodes[0], nodes[nodes.len() - 1]);
            if flow.cost[first as usize].is_finite() && first != last {
                let ends = [first, last].map(|node| self.street_node(ground, network, &mut number, (node, way), link));
                let into_first = flow.down[last as usize] == Some(link);
                let into_last = flow.down[first as usize] == Some(link);
                self.lay_link(ground, network, (link, way), ends, [into_first, into_last]);
            }
        }
        for sink in sinks.iter().filter(|sink| number[sink.node as usize] != u32::MAX) {
            let from = number[sink.node as usize];
            let kind = if is_foul { NodeKind::Plant } else { NodeKind::Outfall };
            let run = self.nodes[from as usize].run;
            let to = self.add_node(ground, sink.at, kind, self.nodes[from as usize].water, run);
            self.lay_line(ground, (&[self.nodes[from as usize].at, sink.at], way), to, run, Some(from));
        }
    }

    fn street_node(
        &mut self,
        ground: &Geography,
        network: &Network,
        number: &mut [u32],
        (node, way): (u32, f64),
        link: usize,
    ) -> u32 {
        if number[node as usize] == u32::MAX {
            let at = super::plane::along(network.nodes[node as usize], network.side[node as usize], way);
            let water = water_at(ground, at, way);
            number[node as usize] = self.add_node(ground, at, NodeKind::Manhole, water, network.links[link].run);
        }
        number[node as usize]
    }

    /// Lays one link: all of it towards one end, or from a summit in its middle to both.
    fn lay_link(
        &mut self,
        ground: &Geography,
        network: &Network,
        (link, way): (usize, f64),
        ends: [u32; 2],
        into: [bool; 2],
    ) {
        let line = network.sewer_line(link, way);
        let run = network.links[link].run;
        if into[1] {
            self.lay_line(ground, (&line, way), ends[1], run, Some(ends[0]));
        } else if into[0] {
            let back: Vec<P> = line.iter().rev().copied().collect();
            self.lay_line(ground, (&back, way), ends[0], run, Some(ends[1]));
        } else {
            let size = super::plane::path_length(&line);
            let half = size / 2.0 - 5.0;
            if half > 16.0 {
                let mut first = super::plane::stretch(&line, 0.0, half);
                first.reverse();
                self.lay_line(ground, (&first, way), ends[0], run, None);
                let second = super::plane::stretch(&line, size - half, size);
                self.lay_line(ground, (&second, way), ends[1], run, None);
            }
        }
    }

    /// Lays pipes along a line down to a node, from a given node or a new one.
    fn lay_line(&mut self, ground: &Geography, (line, way): (&[P], f64), to: u32, run: usize, from: Option<u32>) {
        let places = manhole_places(line);
        let mut before = from.unwrap_or_else(|| {
            self.add_node(ground, places[0], NodeKind::Manhole, water_at(ground, places[0], way), run)
        });
        for (place, &at) in places.iter().enumerate().skip(1) {
            let next = if place == places.len() - 1 {
                to
            } else {
                self.add_node(ground, at, NodeKind::Manhole, water_at(ground, at, way), run)
            };
            self.add_pipe(before, next);
            let last = self.pipes.len() - 1;
            self.pipes[last].run = run;
            before = next;
        }
    }

    /// Adds a node; its level comes from the ground.
    pub(super) fn add_node(&mut self, ground: &Geography, at: P, kind: NodeKind, water: Water, run: usize) -> u32 {
        let ground_m = (ground.ground_m(at) * 100.0).round() / 100.0;
        self.nodes.push(Node { at, kind, water, run, ground_m, bottom_m: ground_m });
        self.nodes.len() as u32 - 1
    }

    /// Adds a pipe between two nodes; its water and street are those of the upper one.
    pub(super) fn add_pipe(&mut self, from: u32, to: u32) {
        let [a, b] = [from, to].map(|node| &self.nodes[node as usize]);
        self.pipes.push(Pipe {
            from,
            to,
            water: a.water,
            run: a.run,
            length_m: super::plane::ground_length_m(&[super::plane::lon_lat(a.at), super::plane::lon_lat(b.at)]),
            diameter_mm: 300,
            inverts_m: [0.0; 2],
            is_pressure: false,
        });
    }

    /// For every node the pipes that end there, and the one that leaves.
    pub(super) fn topology(&self) -> (Vec<Vec<u32>>, Vec<Option<u32>>) {
        let mut inflow = vec![Vec::new(); self.nodes.len()];
        let mut outflow = vec![None; self.nodes.len()];
        for (pipe, ends) in self.pipes.iter().enumerate() {
            inflow[ends.to as usize].push(pipe as u32);
            outflow[ends.from as usize] = Some(pipe as u32);
        }
        (inflow, outflow)
    }

    /// Takes away pipes without inflow until the system's pipes are `target_m` long, to a few metres.
    pub(super) fn trim(&mut self, is_own: impl Fn(Water) -> bool, target_m: f64, rng: &mut Rng) {
        let total: f64 = self.pipes.iter().filter(|pipe| is_own(pipe.water)).map(|pipe| pipe.length_m).sum();
        let mut excess_m = total - target_m;
        let (inflow, outflow) = self.topology();
        let mut waiting: Vec<usize> = inflow.iter().map(Vec::len).collect();
        let mut gone = vec![false; self.pipes.len()];
        let mut tips: Vec<u32> = (0..self.nodes.len() as u32)
            .filter(|&node| waiting[node as usize] == 0)
            .filter_map(|node| outflow[node as usize])
            .filter(|&pipe| is_own(self.pipes[pipe as usize].water))
            .collect();
        rng.shuffle(&mut tips);
        let mut tips = std::collections::VecDeque::from(tips);
        let mut refused = 0;
        while let Some(pipe) = tips.pop_front().filter(|_| refused < 4000) {
            let own = &self.pipes[pipe as usize];
            if own.length_m > excess_m || self.nodes[own.to as usize].kind != NodeKind::Manhole {
                refused += 1;
                continue;
            }
            excess_m -= own.length_m;
            gone[pipe as usize] = true;
            waiting[own.to as usize] -= 1;
            if waiting[own.to as usize] == 0
                && let Some(next) = outflow[own.to as usize]
            {
                tips.push_back(next);
            }
        }
        self.drop_pipes(&gone);
    }

    /// Takes away pipes, and nodes that have none left.
    pub(super) fn drop_pipes(&mut self, gone: &[bool]) {
        let mut place = 0;
        self.pipes.retain(|_| {
            place += 1;
            !gone[place - 1]
        });
        let mut used = vec![false; self.nodes.len()];
        for pipe in &self.pipes {
            used[pipe.from as usize] = true;
            used[pipe.to as usize] = true;
        }
        let mut number = vec![0; self.nodes.len()];
        let mut next = 0;
        for (node, &used) in used.iter().enumerate() {
            number[node] = next;
            next += u32::from(used);
        }
        let mut place = 0;
        self.nodes.retain(|_| {
            place += 1;
            used[place - 1]
        });
        for pipe in &mut self.pipes {
            pipe.from = number[pipe.from as usize];
            pipe.to = number[pipe.to as usize];
        }
    }
}

fn water_at(ground: &Geography, at: P, way: f64) -> Water {
    match ground.character(at) {
        _ if way > 0.0 => Water::Storm,
        Character::OldTown => Water::Combined,
        _ => Water::Foul,
    }
}

/// Which links carry storm sewers: all wide streets, a share of the lanes outside the old town, and every street on
/// the way from these to the water.
pub(super) fn storm_links(
    ground: &Geography,
    network: &Network,
    links: &[bool],
    sinks: &[Sink],
    rng: &mut Rng,
) -> Vec<bool> {
    let flow = drain(ground, network, links, sinks);
    let mut chosen = vec![false; links.len()];
    for link in (0..links.len()).filter(|&link| links[link]) {
        let middle = network.nodes[network.links[link].nodes[0] as usize];
        let share = match (network.links[link].class, ground.character(middle)) {
            (_, Character::OldTown) => 0.0,
            (3, Character::NewDistrict) => 0.06,
            (3, _) => 0.02,
            _ => 1.0,
        };
        if !rng.chance(share) {
            continue;
        }
        chosen[link] = true;
        let nodes = &network.links[link].nodes;
        for end in [nodes[0], nodes[nodes.len() - 1]] {
            let mut node = end;
            while let Some(next) = flow.down[node as usize].filter(|&next| !chosen[next]) {
                chosen[next] = true;
                node = network.other_end(next, node);
            }
        }
    }
    chosen
}

/// The cheapest way from every street node to a sink: along wide streets rather than lanes, downhill rather than up.
fn drain(ground: &Geography, network: &Network, links: &[bool], sinks: &[Sink]) -> Flow {
    let heights: Vec<f64> = network.nodes.iter().map(|&at| ground.ground_m(at)).collect();
    let mut flow = Flow { down: vec![None; network.nodes.len()], cost: vec![f64::INFINITY; network.nodes.len()] };
    let mut queue = BinaryHeap::new();
    for sink in sinks {
        flow.cost[sink.node as usize] = 0.0;
        queue.push((Cost(0.0), sink.node));
    }
    while let Some((Cost(so_far), node)) = queue.pop() {
        if so_far > flow.cost[node as usize] {
            continue;
        }
        for &link in network.ends[node as usize].iter().filter(|&&link| links[link]) {
            let next = network.other_end(link, node);
            let wide = [0.8, 0.8, 0.88, 1.15][usize::from(network.links[link].class)];
            let rise = (heights[node as usize] - heights[next as usize]).max(0.0);
            let cost = so_far + network.links[link].length_m * wide + rise * 160.0;
            if cost < flow.cost[next as usize] {
                flow.cost[next as usize] = cost;
                flow.down[next as usize] = Some(link);
                queue.push((Cost(cost), next));
            }
        }
    }
    flow
}

/// Manholes along a line: at its ends and bends, and between them every 30 to 45 m.
fn manhole_places(line: &[P]) -> Vec<P> {
    let mut places = vec![line[0]];
    let mut piece = vec![line[0]];
    for place in 1..line.len() {
        piece.push(line[place]);
        let is_last = place == line.len() - 1;
        let bends = !is_last && {
            let (before, after) = (unit(sub(line[place], line[place - 1])), unit(sub(line[place + 1], line[place])));
            cross(before, after).abs() > 0.24 || dot(before, after) < 0.0
        };
        let long = super::plane::path_length(&piece);
        let apart = long > 14.0 && super::plane::path_length(&line[place..]) > 14.0;
        if is_last || (bends && apart) {
            let spans = (long / 51.0).ceil().max(1.0) as usize;
            for span in 1..=spans {
                places.push(point_along(&piece, long * span as f64 / spans as f64).0);
            }
            piece = vec![line[place]];
        }
    }
    places
}
