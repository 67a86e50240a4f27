//! A directed graph that lives: nodes and edges come and go one by one, and what can be reached is known at once.
//!
//! Nodes and edges are numbers that their owner gives meaning. An edge stands in two chains, one of those that leave its
//! first node and one of those that arrive at its last, so that adding and taking it away takes constant time, and a
//! trace the time of what it finds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::tracer::Tracer;

/// No edge: the end of a chain, or the place of an edge that is gone.
const NONE: u32 = u32::MAX;

/// Which way a question runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// With the edges.
    Down,
    /// Against the edges.
    Up,
}

/// See the module's head.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// From and to of each edge; `NONE` twice for one that is gone.
    ends: Vec<[u32; 2]>,
    /// The next edge that leaves the same node, and the next that arrives at the same node.
    next: Vec<[u32; 2]>,
    /// The edge before it in each of the two chains.
    before: Vec<[u32; 2]>,
    /// Of each node the first edge that leaves it and the first that arrives.
    first: Vec<[u32; 2]>,
}

/// What a trace has reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traced {
    /// Nodes in the order in which they were reached, those it began at among them.
    pub nodes: Vec<u32>,
    /// Edges in that order.
    pub edges: Vec<u32>,
}

/// A way from one node to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Edges from the beginning on; `true` for one that is gone along from its first node to its last.
    pub edges: Vec<(u32, bool)>,
    /// Sum of their costs.
    pub cost: f64,
}

impl Network {
    /// An empty network with room.
    pub fn with_capacity(nodes: usize, edges: usize) -> Self {
        Self {
            ends: Vec::with_capacity(edges),
            next: Vec::with_capacity(edges),
            before: Vec::with_capacity(edges),
            first: Vec::with_capacity(nodes),
        }
    }

    /// Numbers given to nodes so far.
    pub fn node_count(&self) -> usize {
        self.first.len()
    }

    /// Numbers given to edges so far, those that are gone among them.
    pub fn edge_count(&self) -> usize {
        self.ends.len()
    }

    /// Has all nodes up to a number; new ones touch nothing.
    pub fn reach_node(&mut self, node: u32) {
        if self.first.len() <= node as usize {
            self.first.resize(node as usize + 1, [NONE; 2]);
        }
    }

    /// Puts an edge between two nodes, in place of the one that had its number.
    pub fn set_edge(&mut self, edge: u32, from: u32, to: u32) {
        self.remove_edge(edge);
        self.reach_node(from.max(to));
        if self.ends.len() <= edge as usize {
            self.ends.resize(edge as usize + 1, [NONE; 2]);
            self.next.resize(edge as usize + 1, [NONE; 2]);
            self.before.resize(edge as usize + 1, [NONE; 2]);
        }
        self.ends[edge as usize] = [from, to];
        for (side, node) in [from, to].into_iter().enumerate() {
            let after = std::mem::replace(&mut self.first[node as usize][side], edge);
            self.next[edge as usize][side] = after;
            self.before[edge as usize][side] = NONE;
            if after != NONE {
                self.before[after as usize][side] = edge;
            }
        }
    }

    /// Takes an edge away; one that is not there is none.
    pub fn remove_edge(&mut self, edge: u32) {
        let Some(ends) = self.ends(edge) else { return };
        for (side, node) in ends.into_iter().enumerate() {
            let (before, after) = (self.before[edge as usize][side], self.next[edge as usize][side]);
            if before == NONE {
                self.first[node as usize][side] = after;
            } else {
                self.next[before as usize][side] = after;
            }
            if after != NONE {
                self.before[after as usize][side] = before;
            }
        }
        self.ends[edge as usize] = [NONE; 2];
    }

    /// First and last node of an edge; `None` for one that is not there.
    pub fn ends(&self, edge: u32) -> Option<[u32; 2]> {
        self.ends.get(edge as usize).copied().filter(|ends| ends[0] != NONE)
    }

    /// The edges that leave a node (`Down`) or arrive at it (`Up`).
    pub fn edges_at(&self, node: u32, way: Way) -> impl Iterator<Item = u32> + '_ {
        let side = usize::from(way == Way::Up);
        let first = self.first.get(node as usize).map_or(NONE, |first| first[side]);
        std::iter::successors(some(first), move |&edge| some(self.next[edge as usize][side]))
    }

    /// All edges that touch a node; one that leads back to it comes twice.
    pub fn edges_around(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        self.edges_at(node, Way::Down).chain(self.edges_at(node, Way::Up))
    }

    /// How many edges leave a node (`Down`) or arrive at it (`Up`).
    pub fn degree(&self, node: u32, way: Way) -> usize {
        self.edges_at(node, way).count()
    }

    /// The edges that are there, by their numbers.
    pub fn edges(&self) -> impl Iterator<Item = (u32, [u32; 2])> + '_ {
        (0..).zip(&self.ends).filter(|(_, ends)| ends[0] != NONE).map(|(edge, ends)| (edge, *ends))
    }

    /// All that can be reached from some nodes, going one way, through edges that are `open`. Who traces again and again
    /// has a [`Tracer`] do it.
    pub fn trace(&self, starts: &[u32], way: Way, open: impl Fn(u32) -> bool) -> Traced {
        Tracer::new(self).trace(starts, way, open)
    }

    /// The cheapest way between two nodes; `way` is `None` where edges may be gone along in both directions. A cost below
    /// nought counts as nought; an edge without a cost is closed.
    pub fn cheapest_path(
        &self,
        from: u32,
        to: u32,
        way: Option<Way>,
        cost: impl Fn(u32) -> Option<f64>,
    ) -> Option<Path> {
        let mut best = vec![f64::INFINITY; self.first.len()];
        let mut came_by = vec![NONE; self.first.len()];
        *best.get_mut(from as usize)? = 0.0;
        let mut open = BinaryHeap::from([(Reverse(Cost(0.0)), from)]);
        while let Some((Reverse(Cost(so_far)), node)) = open.pop() {
            if node == to {
                return Some(self.path_back(from, to, &came_by, so_far));
            }
            if so_far > best[node as usize] {
                continue;
            }
            for towards in [Way::Down, Way::Up].into_iter().filter(|it| way.is_none_or(|way| way == *it)) {
                for edge in self.edges_at(node, towards) {
                    let next = self.ends[edge as usize][usize::from(towards == Way::Down)];
                    let Some(sum) = cost(edge).map(|cost| so_far + cost.max(0.0)) else { continue };
                    if sum < best[next as usize] {
                        best[next as usize] = sum;
                        came_by[next as usize] = edge;
                        open.push((Reverse(Cost(sum)), next));
                    }
                }
            }
        }
        None
    }

    fn path_back(&self, from: u32, to: u32, came_by: &[u32], cost: f64) -> Path {
        let mut edges = Vec::new();
        let mut node = to;
        while node != from {
            let edge = came_by[node as usize];
            let [first, last] = self.ends[edge as usize];
            let is_along = last == node;
            edges.push((edge, is_along));
            node = if is_along { first } else { last };
        }
        edges.reverse();
        Path { edges, cost }
    }

    /// The part of the network that each node belongs to, whichever way the edges run, and how many parts there are.
    /// Nodes without edges are parts of their own.
    pub fn parts(&self) -> (Vec<u32>, u32) {
        let mut above: Vec<u32> = (0..self.first.len() as u32).collect();
        for (_, [from, to]) in self.edges() {
            let (from, to) = (root(&mut above, from), root(&mut above, to));
            above[from.max(to) as usize] = from.min(to);
        }
        let mut numbers = vec![NONE; self.first.len()];
        let mut count = 0;
        for node in 0..self.first.len() as u32 {
            let root = root(&mut above, node);
            if root == node {
                numbers[node as usize] = count;
                count += 1;
            } else {
                // A root is the least of its part, so it has its number already.
                numbers[node as usize] = numbers[root as usize];
            }
        }
        (numbers, count)
    }

    /// The nodes in an order in which every edge runs forward, but for those of loops; of a loop the nodes stand
    /// together. `loops` says of each node the number of its loop (Tarjan's strongly connected components).
    pub fn order(&self) -> Order {
        Tarjan::new(self).run()
    }
}

/// See [`Network::order`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Nodes, sources first.
    pub nodes: Vec<u32>,
    /// Of each node the group in which everything can be reached from everything; a node of no loop is a group of its
    /// own.
    pub group: Vec<u32>,
}

/// Tarjan's algorithm with a stack of its own: rivers of pipes are deeper than a thread's stack.
struct Tarjan<'a> {
    network: &'a Network,
    /// When each node was first seen; `NONE` before.
    seen_at: Vec<u32>,
    /// The earliest node that can be reached from it and is still open.
    low: Vec<u32>,
    is_open: Vec<bool>,
    stack: Vec<u32>,
    group: Vec<u32>,
    /// Nodes, sinks first.
    done: Vec<u32>,
    groups: u32,
    clock: u32,
}

impl<'a> Tarjan<'a> {
    fn new(network: &'a Network) -> Self {
        let count = network.first.len();
        Self {
            network,
            seen_at: vec![NONE; count],
            low: vec![NONE; count],
            is_open: vec![false; count],
            stack: Vec::new(),
            group: vec![NONE; count],
            done: Vec::with_capacity(count),
            groups: 0,
            clock: 0,
        }
    }

    fn run(mut self) -> Order {
        for node in 0..self.seen_at.len() as u32 {
            if self.seen_at[node as usize] == NONE {
                self.visit(node);
            }
        }
        self.done.reverse();
        Order { nodes: self.done, group: self.group }
    }

    fn visit(&mut self, start: u32) {
        let mut calls = vec![(start, self.enter(start))];
        while let Some((node, edge)) = calls.last_mut() {
            let node = *node;
            if *edge == NONE {
                self.leave(node);
                calls.pop();
                if let Some((before, _)) = calls.last() {
                    let low = self.low[node as usize];
                    let before = &mut self.low[*before as usize];
                    *before = low.min(*before);
                }
                continue;
            }
            let next = self.network.ends[*edge as usize][1];
            *edge = self.network.next[*edge as usize][0];
            if self.seen_at[next as usize] == NONE {
                let first = self.enter(next);
                calls.push((next, first));
            } else if self.is_open[next as usize] {
                self.low[node as usize] = self.low[node as usize].min(self.seen_at[next as usize]);
            }
        }
    }

    /// Opens a node; the first edge that leaves it comes back.
    fn enter(&mut self, node: u32) -> u32 {
        self.seen_at[node as usize] = self.clock;
        self.low[node as usize] = self.clock;
        self.clock += 1;
        self.is_open[node as usize] = true;
        self.stack.push(node);
        self.network.first[node as usize][0]
    }

    fn leave(&mut self, node: u32) {
        if self.low[node as usize] != self.seen_at[node as usize] {
            return;
        }
        while let Some(one) = self.stack.pop() {
            self.is_open[one as usize] = false;
            self.group[one as usize] = self.groups;
            self.done.push(one);
            if one == node {
                break;
            }
        }
        self.groups += 1;
    }
}

/// A cost that can stand in a heap.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Cost(pub(super) f64);

impl Eq for Cost {}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cost {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

fn some(edge: u32) -> Option<u32> {
    (edge != NONE).then_some(edge)
}

fn root(above: &mut [u32], mut node: u32) -> u32 {
    while above[node as usize] != node {
        let over = above[above[node as usize] as usize];
        above[node as usize] = over;
        node = over;
    }
    node
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn network(edges: &[[u32; 2]]) -> Network {
        let mut network = Network::default();
        (0..).zip(edges).for_each(|(edge, &[from, to])| network.set_edge(edge, from, to));
        network
    }

    /// The slow way: go round until nothing is new.
    fn reached(edges: &[[u32; 2]], start: u32, way: Way) -> BTreeSet<u32> {
        let mut found = BTreeSet::from([start]);
        loop {
            let before = found.len();
            for &[from, to] in edges {
                let [near, far] = if way == Way::Down { [from, to] } else { [to, from] };
                if found.contains(&near) {
                    found.insert(far);
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }

    proptest! {
        #[test]
        fn a_trace_finds_what_going_round_finds(
            edges in prop::collection::vec([0_u32..12, 0_u32..12], 1..30),
            gone in prop::collection::vec(0_usize..30, 0..10),
        ) {
            let mut network = network(&edges);
            gone.iter().for_each(|&edge| network.remove_edge(edge as u32));
            let left: Vec<[u32; 2]> =
                (0..edges.len()).filter(|edge| !gone.contains(edge)).map(|edge| edges[edge]).collect();
            for way in [Way::Down, Way::Up] {
                for start in 0..network.node_count() as u32 {
                    let traced = network.trace(&[start], way, |_| true);
                    let nodes: BTreeSet<u32> = traced.nodes.iter().copied().collect();
                    prop_assert_eq!(traced.nodes.len(), nodes.len());
                    prop_assert_eq!(&nodes, &reached(&left, start, way));
                    let near = |ends: [u32; 2]| if way == Way::Down { ends[0] } else { ends[1] };
                    let between = left.iter().filter(|ends| nodes.contains(&near(**ends))).count();
                    prop_assert_eq!(traced.edges.len(), between);
                }
            }
        }

        #[test]
        fn an_order_runs_downstream_and_a_loop_is_what_reaches_itself(
            edges in prop::collection::vec([0_u32..12, 0_u32..12], 1..30),
        ) {
            let network = network(&edges);
            let Order { nodes, group } = network.order();
            let place = |node: u32| nodes.iter().position(|it| *it == node).expect("every node has a place");
            for &[from, to] in &edges {
                let is_loop = reached(&edges, to, Way::Down).contains(&from);
                prop_assert_eq!(group[from as usize] == group[to as usize], is_loop);
                prop_assert!(is_loop || place(from) < place(to));
            }
        }

        #[test]
        fn a_path_costs_what_its_edges_cost_and_none_is_cheaper(
            edges in prop::collection::vec(([0_u32..9, 0_u32..9], 1_u32..20), 1..25),
        ) {
            let ends: Vec<[u32; 2]> = edges.iter().map(|edge| edge.0).collect();
            let network = network(&ends);
            let cost = |edge: u32| Some(f64::from(edges[edge as usize].1));
            // Bellman and Ford, both ways open.
            let mut best = vec![f64::INFINITY; network.node_count()];
            best[ends[0][0] as usize] = 0.0;
            for _ in 0..best.len() {
                for (edge, &[from, to]) in (0..).zip(&ends) {
                    let cost = cost(edge).expect("open");
                    best[to as usize] = best[to as usize].min(best[from as usize] + cost);
                    best[from as usize] = best[from as usize].min(best[to as usize] + cost);
                }
            }
            for to in 0..network.node_count() as u32 {
                let path = network.cheapest_path(ends[0][0], to, None, cost);
                prop_assert_eq!(path.as_ref().map(|path| path.cost), Some(best[to as usize]).filter(|it| it.is_finite()));
                let sum: f64 = path.iter().flat_map(|path| &path.edges).filter_map(|(edge, _)| cost(*edge)).sum();
                prop_assert!(path.is_none() || (sum - best[to as usize]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn parts_are_told_apart_whichever_way_the_edges_run() {
        let mut network = network(&[[0, 1], [2, 1], [4, 3]]);
        network.reach_node(5);
        let (parts, count) = network.parts();
        assert_eq!((parts, count), (vec![0, 0, 0, 1, 1, 2], 3));
    }

    #[test]
    fn a_very_long_sewer_is_no_deeper_than_a_short_one() {
        let edges: Vec<[u32; 2]> = (0..300_000).map(|node| [node, node + 1]).collect();
        let network = network(&edges);
        assert_eq!(network.order().nodes.first(), Some(&0));
        assert_eq!(network.trace(&[300_000], Way::Up, |_| true).edges.len(), 300_000);
    }
}
