//! Many traces through one network, one after the other: what was seen is not cleared between them, so that each takes the
//! time of what it finds, however large the network is.

use super::network::{Network, Traced, Way};

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Tracer<'a> {
    network: &'a Network,
    /// Of each node the trace that saw it last.
    seen_in: Vec<u32>,
    /// Number of the trace that runs; the first has number 1.
    round: u32,
}

impl<'a> Tracer<'a> {
    /// Traces through this network.
    pub fn new(network: &'a Network) -> Self {
        Self { network, seen_in: vec![0; network.node_count()], round: 0 }
    }

    /// All that can be reached from some nodes, going one way, through edges that are `open`.
    pub fn trace(&mut self, starts: &[u32], way: Way, open: impl Fn(u32) -> bool) -> Traced {
        self.next_round();
        let far = usize::from(way == Way::Down);
        let mut traced = Traced::default();
        traced.nodes.extend(starts.iter().copied().filter(|&start| self.is_new(start)));
        let mut at = 0;
        while let Some(&node) = traced.nodes.get(at) {
            at += 1;
            let network = self.network;
            for edge in network.edges_at(node, way).filter(|&edge| open(edge)) {
                traced.edges.push(edge);
                traced.nodes.extend(network.ends(edge).map(|ends| ends[far]).filter(|&next| self.is_new(next)));
            }
        }
        traced
    }

    fn next_round(&mut self) {
        if self.round == u32::MAX {
            self.seen_in.fill(0);
            self.round = 0;
        }
        self.round += 1;
    }

    fn is_new(&mut self, node: u32) -> bool {
        let round = self.round;
        self.seen_in.get_mut(node as usize).is_some_and(|seen_in| std::mem::replace(seen_in, round) != round)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn one_trace_after_the_other_finds_what_each_finds_alone(
            edges in prop::collection::vec([0_u32..12, 0_u32..12], 1..30),
            shut in 0_u32..30,
        ) {
            let mut network = Network::default();
            (0..).zip(&edges).for_each(|(edge, &[from, to])| network.set_edge(edge, from, to));
            let mut tracer = Tracer::new(&network);
            for way in [Way::Down, Way::Up] {
                for start in 0..12 {
                    let found = tracer.trace(&[start, start], way, |edge| edge != shut);
                    prop_assert_eq!(found, network.trace(&[start], way, |edge| edge != shut));
                }
            }
        }
    }
}
