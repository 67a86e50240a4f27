//! What lies above each node and pipe, by system, and where its water ends.

use crate::analysis::network::{Network, Order, Way};

use super::super::pipe::{NodeType, System};
use super::super::sewers::Sewers;
use super::super::users::NodeUses;

/// Metres of each system, and m³/d of known sewage.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) length_m: [f64; 4],
    pub(super) volume: f64,
}

impl Sum {
    pub(super) fn add(&mut self, other: &Self, share: f64) {
        for (own, other) in self.length_m.iter_mut().zip(other.length_m) {
            *own += other * share;
        }
        self.volume += other.volume * share;
    }

    pub(super) fn share(&self, system: System) -> Option<f64> {
        let known: f64 = self.length_m[..3].iter().sum();
        (known > 0.0).then(|| self.length_m[system as usize] / known)
    }
}

/// What lies above each node and pipe, and where the water ends.
pub(super) struct Upstream<'a> {
    pub(super) sewers: &'a Sewers,
    /// Above each node.
    pub(super) nodes: Vec<Sum>,
    /// Above each pipe, itself too.
    pub(super) pipes: Vec<Sum>,
    /// Whether a plant, and whether an outfall, lies below each node.
    pub(super) ends: Vec<[bool; 2]>,
    /// Of each node the loop that it belongs to; a node of none is one of its own.
    loop_of: Vec<u32>,
}

impl<'a> Upstream<'a> {
    pub(super) fn of(sewers: &'a Sewers, uses: &NodeUses) -> Self {
        let plants: Vec<u32> = sewers.nodes().map(|(node, _)| node).filter(|&node| sewers.is_plant(node)).collect();
        let network = sewers.network().without_leaving(&plants);
        let order = network.order();
        let mut above = Self {
            sewers,
            nodes: vec![Sum::default(); network.node_count()],
            pipes: vec![Sum::default(); network.edge_count()],
            ends: vec![[false; 2]; network.node_count()],
            loop_of: Vec::new(),
        };
        uses.iter().for_each(|(&node, used)| above.nodes[node as usize].volume += used.volume_m3_per_d);
        for pipe in plants.iter().flat_map(|&plant| sewers.network().edges_at(plant, Way::Down)) {
            above.pass_down(pipe, Sum::default());
        }
        let is_one = |a: &u32, b: &u32| order.group[*a as usize] == order.group[*b as usize];
        order.nodes.chunk_by(is_one).for_each(|group| above.fill(&network, &order, group));
        let upstream: Vec<u32> = order.nodes.iter().rev().copied().collect();
        upstream.chunk_by(is_one).for_each(|group| above.find_ends(&network, group));
        above.loop_of = order.group;
        above
    }

    /// Works out what lies above the nodes of a loop, or above one node, and hands it on.
    fn fill(&mut self, network: &Network, order: &Order, group: &[u32]) {
        let mut sum = Sum::default();
        let (mut inner, mut leaving) = (Vec::new(), Vec::new());
        for &node in group {
            sum.add(&self.nodes[node as usize], 1.0);
            for pipe in network.edges_at(node, Way::Down) {
                let stays = |to: u32| order.group[to as usize] == order.group[node as usize];
                let is_inner = network.ends(pipe).is_some_and(|[_, to]| stays(to));
                if is_inner { inner.push(pipe) } else { leaving.push(pipe) }
            }
        }
        inner.iter().for_each(|&pipe| sum.add(&self.own(pipe), 1.0));
        inner.iter().for_each(|&pipe| self.pipes[pipe as usize] = sum);
        group.iter().for_each(|&node| self.nodes[node as usize] = sum);
        let mut part = Sum::default();
        part.add(&sum, 1.0 / leaving.len().max(1) as f64);
        leaving.into_iter().for_each(|pipe| self.pass_down(pipe, part));
    }

    /// Lets what lies above a pipe, and the pipe itself, lie above the node where it ends.
    fn pass_down(&mut self, pipe: u32, mut above: Sum) {
        above.add(&self.own(pipe), 1.0);
        self.pipes[pipe as usize] = above;
        if let Some([_, to]) = self.sewers.network().ends(pipe) {
            self.nodes[to as usize].add(&above, 1.0);
        }
    }

    fn own(&self, pipe: u32) -> Sum {
        let mut own = Sum::default();
        let system = self.sewers.pipe(pipe).map_or(System::Unknown, |pipe| pipe.system);
        own.length_m[system as usize] = self.sewers.length_m(pipe);
        own
    }

    fn find_ends(&mut self, network: &Network, group: &[u32]) {
        let mut reached = [false; 2];
        for &node in group {
            let node_type = self.sewers.node_type(node);
            let below = network.edges_at(node, Way::Down).filter_map(|pipe| network.ends(pipe));
            let below = below.map(|[_, to]| self.ends[to as usize]);
            let own = [node_type == NodeType::Plant, node_type == NodeType::Outfall];
            reached = below.chain([own]).fold(reached, |all, it| [all[0] | it[0], all[1] | it[1]]);
        }
        group.iter().for_each(|&node| self.ends[node as usize] = reached);
    }

    /// What lies above some pipes that arrive at one node, themselves too; a loop that several belong to counts once.
    pub(super) fn arriving(&self, pipes: impl Iterator<Item = u32>) -> Sum {
        let mut sum = Sum::default();
        let mut has_loop = false;
        for pipe in pipes {
            let stays = |[from, to]: [u32; 2]| self.loop_of[from as usize] == self.loop_of[to as usize];
            let is_round = self.sewers.network().ends(pipe).is_some_and(stays);
            if !is_round || !std::mem::replace(&mut has_loop, true) {
                sum.add(&self.pipes[pipe as usize], 1.0);
            }
        }
        sum
    }
}
