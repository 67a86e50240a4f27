//! What drains to each plant, pumping station and outfall (厂网一体): every pipe belongs to one of them, or to none.
//!
//! Water is taken to run to the first plant, pumping station or outfall below it. Where it can part, a basin follows the
//! *main way*: of the pipes that leave a node and lead to an outlet at all, those that are no weir come first, then the
//! one with the lowest invert (which carries the dry-weather flow), then the largest, then the first. In a loop the main
//! way is the shortest way out. So the sums over all basins are those of the network.

use std::cmp::Ordering;

use crate::analysis::network::{Network, Way};
use crate::analysis::route::Routes;
use crate::text::Text;

use super::pipe::{Link, NodeType};
use super::sewers::Sewers;
use super::trace::{Beside, Sums};

/// The rule of the module's head, for reports.
pub const RULE: Text = Text::new(
    "管段归入其下游第一个处理厂、泵站或排放口；一井多出口时，在能到达出口的管段中依次按非堰、管底最低、管径最大取主流向；环内取最短出路",
    "A pipe belongs to the first plant, pumping station or outfall below it. Where water can part, the main way counts: \
     of the pipes that lead to an outlet no weir, then the lowest invert, then the largest; in a loop the shortest way out",
);

/// Where basins end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EndsAt {
    /// Plants, pumping stations and outfalls.
    #[default]
    All,
    /// Plants and outfalls: water is followed through pumping stations.
    Outlets,
}

/// The way that water takes from every node: see the module's head.
#[derive(Clone, Debug, Default)]
pub struct MainWay {
    routes: Routes,
    /// Of each node the pipe that leads on.
    next: Vec<Option<u32>>,
}

/// What drains to one end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Basin {
    /// The plant, pumping station or outfall; `None` for what reaches none.
    pub terminal: Option<u32>,
    /// Its pipes by number.
    pub pipes: Vec<u32>,
    /// Its nodes by number.
    pub nodes: Vec<u32>,
    /// What they add up to.
    pub sums: Sums,
    /// Length of those pipes that can also reach another end, by a way that is not the main one, metres.
    pub shared_m: f64,
    /// The next end that its own water goes to.
    pub passes_to: Option<u32>,
}

/// The nodes at which basins end, by number: plants, outfalls, pumping stations unless they are passed through, and
/// storage tanks that nothing leaves.
pub fn terminals(sewers: &Sewers, ends_at: EndsAt) -> Vec<u32> {
    let is_stop = |node: u32| ends_at == EndsAt::All && sewers.node_type(node) == NodeType::Pump;
    let nodes = sewers.nodes().map(|(node, _)| node);
    nodes.filter(|&node| sewers.is_outlet(node) || is_stop(node)).collect()
}

impl MainWay {
    /// The ways to the nearest of `ends`.
    pub fn to(sewers: &Sewers, ends: &[u32]) -> Self {
        Self::in_network(sewers, ends, &sewers.network().without_leaving(ends))
    }

    fn in_network(sewers: &Sewers, ends: &[u32], network: &Network) -> Self {
        let routes = network.routes_to(ends, |pipe| Some(sewers.length_m(pipe)));
        let group = network.order().group;
        let leads_on = |pipe: &u32| network.ends(*pipe).is_some_and(|[_, to]| routes.cost(to).is_some());
        let is_round =
            |pipe: &u32| network.ends(*pipe).is_some_and(|[from, to]| group[from as usize] == group[to as usize]);
        let next = (0..network.node_count() as u32).map(|node| {
            let shortest = routes.next(node)?;
            let is_in_loop = network.edges_at(node, Way::Down).any(|pipe| is_round(&pipe));
            if is_in_loop {
                return Some(shortest);
            }
            network.edges_at(node, Way::Down).filter(leads_on).min_by(|&a, &b| prefer(sewers, a, b))
        });
        let next = next.collect();
        Self { routes, next }
    }

    /// The pipe that leads on from a node; `None` at an end, and where there is no way to one.
    pub fn next(&self, node: u32) -> Option<u32> {
        self.next.get(node as usize).copied().flatten()
    }

    /// Whether a node is an end, or has a way to one.
    pub fn has_end(&self, node: u32) -> bool {
        self.routes.cost(node).is_some()
    }

    /// The pipes down to the end, and the end; `None` where there is none.
    pub fn down_from(&self, sewers: &Sewers, mut node: u32) -> Option<(Vec<u32>, u32)> {
        self.routes.cost(node)?;
        let mut pipes = Vec::new();
        while let Some(pipe) = self.next(node) {
            pipes.push(pipe);
            node = sewers.network().ends(pipe)?[1];
        }
        Some((pipes, node))
    }

    /// Of each node its end; `None` where there is none.
    fn ends(&self, sewers: &Sewers) -> Vec<Option<u32>> {
        let mut end_of: Vec<Option<u32>> = vec![None; self.next.len()];
        let mut walked = Vec::new();
        for start in 0..self.next.len() as u32 {
            let mut node = start;
            // Main ways never run in a circle, and each node is walked once.
            while end_of[node as usize].is_none() && self.has_end(node) {
                walked.push(node);
                match self.next(node).and_then(|pipe| sewers.network().ends(pipe)) {
                    Some([_, to]) => node = to,
                    None => end_of[node as usize] = Some(node),
                }
            }
            let end = end_of[node as usize];
            walked.drain(..).for_each(|node| end_of[node as usize] = end);
        }
        end_of
    }
}

/// Of two pipes that leave a node, the main one is the less: no weir, the lower invert, the larger, the first.
fn prefer(sewers: &Sewers, a: u32, b: u32) -> Ordering {
    let is_weir = |pipe: u32| sewers.pipe(pipe).is_some_and(|row| row.link == Link::Weir);
    let invert_m = |pipe: u32| sewers.flow(pipe).and_then(|flow| flow.inverts_m[0]).unwrap_or(f64::INFINITY);
    let size_mm = |pipe: u32| sewers.pipe(pipe).and_then(|row| row.diameter_mm).unwrap_or(0.0);
    let by_weir = is_weir(a).cmp(&is_weir(b));
    by_weir.then(invert_m(a).total_cmp(&invert_m(b))).then(size_mm(b).total_cmp(&size_mm(a))).then(a.cmp(&b))
}

/// All basins, the longest first; what reaches no end comes last, if there is any.
pub fn basins(sewers: &Sewers, ends_at: EndsAt, beside: &Beside) -> Vec<Basin> {
    let terminals = terminals(sewers, ends_at);
    let cut = sewers.network().without_leaving(&terminals);
    let main_way = MainWay::in_network(sewers, &terminals, &cut);
    let end_of = main_way.ends(sewers);
    let mut place_of = vec![terminals.len(); sewers.node_numbers() as usize];
    for (place, &terminal) in terminals.iter().enumerate() {
        place_of[terminal as usize] = place;
    }
    let place =
        |node: u32| end_of.get(node as usize).copied().flatten().map_or(terminals.len(), |end| place_of[end as usize]);
    let mut basins: Vec<Basin> =
        terminals.iter().map(|&node| Basin { terminal: Some(node), ..Basin::default() }).collect();
    basins.push(Basin::default());
    let reached = Reached::of(&cut, &terminals);
    for (pipe, [_, to]) in sewers.network().edges() {
        let basin = &mut basins[place(to)];
        basin.pipes.push(pipe);
        if reached.is_several(to) {
            basin.shared_m += sewers.length_m(pipe);
        }
    }
    for (node, _) in sewers.nodes() {
        basins[place(node)].nodes.push(node);
    }
    let below = |terminal: u32| {
        // An end is where its own basin stops; what leaves it goes on by the same rule.
        let leaving = sewers.network().edges_at(terminal, Way::Down).filter_map(|pipe| {
            let [_, to] = sewers.network().ends(pipe)?;
            end_of[to as usize].filter(|&end| end != terminal).map(|end| (pipe, end))
        });
        leaving.min_by(|(a, _), (b, _)| prefer(sewers, *a, *b)).map(|(_, end)| end)
    };
    for basin in &mut basins {
        basin.sums = Sums::of(sewers, &basin.pipes, &basin.nodes, beside);
        basin.passes_to = basin.terminal.and_then(below);
    }
    let is_there = |basin: &Basin| basin.terminal.is_some() || basin.sums.pipes > 0 || basin.sums.nodes > 0;
    basins.retain(is_there);
    let is_last = |basin: &Basin| basin.terminal.is_none();
    basins.sort_by(|a, b| is_last(a).cmp(&is_last(b)).then(b.sums.length_m.total_cmp(&a.sums.length_m)));
    basins
}

/// How many ends can be reached from each node, as far as it matters: none, this one, several.
struct Reached(Vec<Option<Result<u32, Several>>>);

#[derive(Clone, Copy, PartialEq, Eq)]
struct Several;

impl Reached {
    /// `network` ends at the terminals.
    fn of(network: &Network, terminals: &[u32]) -> Self {
        let order = network.order();
        let mut found: Vec<Option<Result<u32, Several>>> = vec![None; network.node_count()];
        terminals.iter().for_each(|&terminal| found[terminal as usize] = Some(Ok(terminal)));
        let both = |a, b| match (a, b) {
            (None, other) | (other, None) => other,
            (Some(Ok(a)), Some(Ok(b))) if a == b => Some(Ok(a)),
            _ => Some(Err(Several)),
        };
        let nodes: Vec<u32> = order.nodes.iter().rev().copied().collect();
        for group in nodes.chunk_by(|&a, &b| order.group[a as usize] == order.group[b as usize]) {
            // What one node of a loop reaches, all of it do.
            let mut all = found[group[0] as usize];
            for &node in group {
                for to in network.edges_at(node, Way::Down).filter_map(|pipe| Some(network.ends(pipe)?[1])) {
                    all = both(all, found[to as usize]);
                }
            }
            group.iter().for_each(|&node| found[node as usize] = all);
        }
        Self(found)
    }

    fn is_several(&self, node: u32) -> bool {
        matches!(self.0.get(node as usize), Some(Some(Err(Several))))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::pipe::{Node, Pipe, RowRef};
    use super::super::sewers::Joining;
    use super::*;

    /// Pipes between numbered nodes, each with the invert where it begins; some nodes are ends.
    fn sewers(pipes: &[([u8; 2], u8)], ends: &[(u8, NodeType)]) -> Sewers {
        let row = |layer, id: usize| RowRef { layer, id: id as i64 };
        let pipes = pipes.iter().enumerate().map(|(id, &([from, to], invert))| Pipe {
            row: row(0, id),
            from_code: format!("n{from}").into(),
            to_code: format!("n{to}").into(),
            stated_length_m: Some(10.0 + id as f64),
            invert_up_m: Some(f64::from(invert) + 1.0),
            ..Pipe::default()
        });
        let nodes = ends.iter().enumerate().map(|(id, &(code, node_type))| Node {
            row: row(1, id),
            code: format!("n{code}").into(),
            node_type,
            ..Node::default()
        });
        Sewers::new(pipes.collect(), nodes.collect(), Joining::default())
    }

    fn told(sewers: &Sewers, ends_at: EndsAt) -> Vec<String> {
        let code = |node: Option<u32>| {
            node.and_then(|node| sewers.node(node)).map_or("-", |joint| &joint.code[1..]).to_owned()
        };
        let basins = basins(sewers, ends_at, &Beside::default());
        basins
            .iter()
            .map(|it| {
                format!("{} {} m {} shared > {}", code(it.terminal), it.sums.length_m, it.shared_m, code(it.passes_to))
            })
            .collect()
    }

    #[test]
    fn a_pumping_station_has_a_basin_and_passes_it_on() {
        let town =
            sewers(&[([1, 2], 5), ([2, 3], 4), ([4, 3], 4), ([5, 6], 1)], &[(2, NodeType::Pump), (3, NodeType::Plant)]);
        assert_eq!(told(&town, EndsAt::All), ["3 23 m 0 shared > -", "2 10 m 0 shared > 3", "- 13 m 0 shared > -"]);
        assert_eq!(told(&town, EndsAt::Outlets), ["3 33 m 0 shared > -", "- 13 m 0 shared > -"]);
    }

    #[test]
    fn where_water_parts_the_lowest_invert_leads_on_and_what_is_shared_is_told() {
        let town = sewers(&[([1, 2], 9), ([2, 3], 5), ([2, 4], 7)], &[(3, NodeType::Plant), (4, NodeType::Outfall)]);
        assert_eq!(told(&town, EndsAt::All), ["3 21 m 10 shared > -", "4 12 m 0 shared > -"]);
        // The lowest pipe of all is no way to anywhere.
        let town = sewers(&[([1, 2], 9), ([2, 3], 5), ([2, 4], 3)], &[(3, NodeType::Plant)]);
        assert_eq!(told(&town, EndsAt::All), ["3 21 m 0 shared > -", "- 12 m 0 shared > -"]);
    }

    proptest! {
        #[test]
        fn every_pipe_belongs_to_one_basin_whose_end_it_can_reach(
            pipes in prop::collection::vec(([0_u8..12, 0_u8..12], 0_u8..5), 1..30),
            ends in prop::collection::btree_map(0_u8..12, prop_oneof![Just(NodeType::Pump), Just(NodeType::Outfall)], 0..4),
        ) {
            let ends: Vec<_> = ends.into_iter().collect();
            let sewers = sewers(&pipes, &ends);
            let found = basins(&sewers, EndsAt::All, &Beside::default());
            let mut all: Vec<u32> = found.iter().flat_map(|basin| basin.pipes.iter().copied()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..pipes.len() as u32).collect::<Vec<_>>());
            let whole: f64 = sewers.pipes().map(|(pipe, _)| sewers.length_m(pipe)).sum();
            prop_assert!((found.iter().map(|basin| basin.sums.length_m).sum::<f64>() - whole).abs() < 1e-9);
            let is_end = |code: u8| ends.iter().any(|(end, _)| *end == code);
            for basin in &found {
                let name = basin.terminal.and_then(|node| sewers.node(node)).map(|joint| joint.code[1..].to_owned());
                let mut shared_m = 0.0;
                for &pipe in &basin.pipes {
                    // The slow way: walk on from everything that was reached, but from no end.
                    let mut reached = BTreeSet::from([pipes[pipe as usize].0[1]]);
                    loop {
                        let before = reached.len();
                        let more: Vec<u8> = pipes.iter().map(|it| it.0).filter(|[from, _]| reached.contains(from) && !is_end(*from)).map(|[_, to]| to).collect();
                        reached.extend(more);
                        if reached.len() == before {
                            break;
                        }
                    }
                    reached.retain(|&code| is_end(code));
                    shared_m += if reached.len() > 1 { sewers.length_m(pipe) } else { 0.0 };
                    match &name {
                        Some(name) => prop_assert!(reached.contains(&name.parse().expect("a number"))),
                        None => prop_assert!(reached.is_empty()),
                    }
                }
                prop_assert!((shared_m - basin.shared_m).abs() < 1e-9);
            }
        }
    }
}
