//! Ways with the edges to the nearest of several goals, from everywhere at once, and the longest way to them.
//!
//! A way ends at the first goal that it comes to.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::network::{Cost, Network, Way};

/// No edge.
const NONE: u32 = u32::MAX;

/// The cheapest ways to the nearest goal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routes {
    cost: Vec<f64>,
    next: Vec<u32>,
    /// How many nodes are nearer; only told of nodes that have a way.
    rank: Vec<u32>,
}

impl Routes {
    /// What the way from a node costs; `None` if there is none. A goal is there already.
    pub fn cost(&self, node: u32) -> Option<f64> {
        self.cost.get(node as usize).copied().filter(|cost| cost.is_finite())
    }

    /// The first edge of the way from a node; `None` at a goal, and where there is no way.
    pub fn next(&self, node: u32) -> Option<u32> {
        self.next.get(node as usize).copied().filter(|&edge| edge != NONE)
    }

    /// The edges from a node to its goal, and the goal; `None` if there is no way.
    pub fn way_from(&self, network: &Network, mut node: u32) -> Option<(Vec<u32>, u32)> {
        self.cost(node)?;
        let mut edges = Vec::new();
        while let Some(edge) = self.next(node) {
            edges.push(edge);
            node = network.ends(edge)?[1];
        }
        Some((edges, node))
    }
}

/// The longest way to a goal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Longest {
    /// Edges from its beginning to the goal.
    pub edges: Vec<u32>,
    /// Sum of their lengths.
    pub length: f64,
    /// Edges that lie in loops and were passed by, so that the way has an end.
    pub left_out: Vec<u32>,
}

impl Network {
    /// The network without the edges that leave some nodes: whoever comes to one of them stays.
    #[must_use]
    pub fn without_leaving(&self, nodes: &[u32]) -> Self {
        let mut network = self.clone();
        for &node in nodes {
            let leaving: Vec<u32> = network.edges_at(node, Way::Down).collect();
            leaving.into_iter().for_each(|edge| network.remove_edge(edge));
        }
        network
    }

    /// The cheapest ways from everywhere to the nearest of `goals`. A cost below nought counts as nought; an edge without
    /// a cost is closed.
    pub fn routes_to(&self, goals: &[u32], cost: impl Fn(u32) -> Option<f64>) -> Routes {
        let count = self.node_count();
        let mut routes = Routes { cost: vec![f64::INFINITY; count], next: vec![NONE; count], rank: vec![0; count] };
        let mut is_done = vec![false; count];
        let mut open = BinaryHeap::new();
        for &goal in goals.iter().filter(|&&goal| (goal as usize) < count) {
            routes.cost[goal as usize] = 0.0;
            open.push((Reverse(Cost(0.0)), Reverse(goal)));
        }
        let mut rank = 0;
        while let Some((Reverse(Cost(so_far)), Reverse(node))) = open.pop() {
            if std::mem::replace(&mut is_done[node as usize], true) {
                continue;
            }
            routes.rank[node as usize] = rank;
            rank += 1;
            for edge in self.edges_at(node, Way::Up) {
                let (Some([from, _]), Some(cost)) = (self.ends(edge), cost(edge)) else { continue };
                let sum = so_far + cost.max(0.0);
                if sum < routes.cost[from as usize] {
                    routes.cost[from as usize] = sum;
                    routes.next[from as usize] = edge;
                    open.push((Reverse(Cost(sum)), Reverse(from)));
                }
            }
        }
        routes
    }

    /// The longest way to any of `goals`. Of a loop only the shortest ways through it are taken: a way round it has no
    /// longest.
    pub fn longest_to(&self, goals: &[u32], length: impl Fn(u32) -> f64) -> Longest {
        let routes = self.routes_to(goals, |edge| Some(length(edge)));
        let order = self.without_leaving(goals).order();
        let (mut best, mut via) = (vec![f64::NEG_INFINITY; self.node_count()], vec![NONE; self.node_count()]);
        let mut left_out = Vec::new();
        let mut start = None;
        for node in downstream_first(&order.nodes, &order.group, &routes) {
            if routes.cost(node).is_none() {
                continue;
            }
            if routes.next(node).is_none() {
                best[node as usize] = 0.0;
                continue;
            }
            for edge in self.edges_at(node, Way::Down) {
                let Some([from, to]) = self.ends(edge) else { continue };
                if routes.cost(to).is_none() {
                    continue;
                }
                if order.group[from as usize] == order.group[to as usize] && routes.next(from) != Some(edge) {
                    left_out.push(edge);
                    continue;
                }
                let sum = best[to as usize] + length(edge);
                if sum > best[node as usize] {
                    (best[node as usize], via[node as usize]) = (sum, edge);
                }
            }
            let is_longest = start.is_none_or(|start: u32| best[node as usize] > best[start as usize]);
            start = if is_longest { Some(node) } else { start };
        }
        let length = start.map_or(0.0, |start| best[start as usize]);
        let mut edges = Vec::new();
        let mut at = start;
        while let Some(edge) = at.map(|node| via[node as usize]).filter(|&edge| edge != NONE) {
            edges.push(edge);
            at = self.ends(edge).map(|ends| ends[1]);
        }
        Longest { edges, length, left_out }
    }
}

/// Nodes in an order in which every edge that a longest way may take runs backward: groups from the last to the first,
/// of a loop those nearest to a goal first.
fn downstream_first(nodes: &[u32], group: &[u32], routes: &Routes) -> Vec<u32> {
    let mut nodes: Vec<u32> = nodes.iter().rev().copied().collect();
    for loop_nodes in nodes.chunk_by_mut(|&a, &b| group[a as usize] == group[b as usize]) {
        if loop_nodes.len() > 1 {
            loop_nodes.sort_by_key(|&node| (routes.cost(node).is_none(), routes.rank[node as usize]));
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn network(edges: &[([u32; 2], u32)]) -> Network {
        let mut network = Network::default();
        (0..).zip(edges).for_each(|(edge, &([from, to], _))| network.set_edge(edge, from, to));
        network
    }

    /// The slow way: every way that visits no node twice.
    fn longest(edges: &[([u32; 2], u32)], goal: u32, node: u32, visited: &mut Vec<u32>) -> Option<u32> {
        if node == goal {
            return Some(0);
        }
        visited.push(node);
        let mut best = None;
        for &([from, to], length) in edges {
            if from == node && !visited.contains(&to) {
                best = best.max(longest(edges, goal, to, visited).map(|rest| rest + length));
            }
        }
        visited.pop();
        best
    }

    proptest! {
        #[test]
        fn ways_to_goals_cost_what_going_round_and_round_finds(
            edges in prop::collection::vec(([0_u32..10, 0_u32..10], 0_u32..20), 1..30),
            goals in prop::collection::vec(0_u32..10, 1..3),
        ) {
            let network = network(&edges);
            let routes = network.routes_to(&goals, |edge| Some(f64::from(edges[edge as usize].1)));
            let mut best = [u32::MAX; 10];
            goals.iter().for_each(|goal| best[*goal as usize] = 0);
            for _ in 0..10 {
                for &([from, to], cost) in &edges {
                    best[from as usize] = best[from as usize].min(best[to as usize].saturating_add(cost));
                }
            }
            for node in 0..network.node_count() as u32 {
                let slow = Some(best[node as usize]).filter(|cost| *cost < u32::MAX).map(f64::from);
                prop_assert_eq!(routes.cost(node), slow);
                let Some((way, goal)) = routes.way_from(&network, node) else { continue };
                prop_assert!(goals.contains(&goal));
                prop_assert_eq!(Some(way.iter().map(|&edge| f64::from(edges[edge as usize].1)).sum()), slow);
            }
        }

        #[test]
        fn where_nothing_runs_in_loops_no_way_is_longer(
            edges in prop::collection::vec(([0_u32..9, 0_u32..9], 1_u32..20), 1..22),
            goal in 0_u32..9,
        ) {
            let edges: Vec<_> = edges.into_iter().filter(|([from, to], _)| from < to).collect();
            let found = network(&edges).longest_to(&[goal], |edge| f64::from(edges[edge as usize].1));
            let slow = (0..9).filter_map(|node| longest(&edges, goal, node, &mut Vec::new())).max();
            prop_assert_eq!(found.length, slow.map_or(0.0, f64::from));
            prop_assert!(found.left_out.is_empty());
        }

        #[test]
        fn with_loops_the_longest_way_is_a_way_and_passes_nothing_twice(
            edges in prop::collection::vec(([0_u32..9, 0_u32..9], 1_u32..20), 1..30),
            goal in 0_u32..9,
        ) {
            let network = network(&edges);
            let found = network.longest_to(&[goal], |edge| f64::from(edges[edge as usize].1));
            let slow = (0..9).filter_map(|node| longest(&edges, goal, node, &mut Vec::new())).max();
            prop_assert!(found.length <= slow.map_or(0.0, f64::from));
            prop_assert_eq!(found.edges.is_empty(), slow.is_none_or(|slow| slow == 0));
            let steps: Vec<[u32; 2]> = found.edges.iter().map(|&edge| edges[edge as usize].0).collect();
            prop_assert!(steps.windows(2).all(|pair| pair[0][1] == pair[1][0]));
            prop_assert!(steps.last().is_none_or(|last| last[1] == goal));
            let mut passed: Vec<u32> = steps.iter().map(|step| step[0]).collect();
            passed.sort_unstable();
            passed.dedup();
            prop_assert_eq!(passed.len(), steps.len());
        }
    }
}
