//! How large a network is, how it hangs together, and what that was taken from.

use super::sewers::{DirectionBy, JoinedBy, Sewers};

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Pipes, those out of use too.
    pub pipes: usize,
    /// Pipes that lie nowhere in the network: out of use, or with neither nodes nor a line.
    pub apart: usize,
    /// Nodes that are rows.
    pub nodes: usize,
    /// Nodes that pipes imply.
    pub implied_nodes: usize,
    /// Length of all pipes, metres.
    pub length_m: f64,
    /// Length of those that lie in the network, metres.
    pub network_m: f64,
    /// Parts that hang together, of one pipe or more.
    pub parts: usize,
    /// Length of the longest of them, metres.
    pub largest_part_m: f64,
    /// How many pipe ends found their node by the record, …
    pub ends_by_record: usize,
    /// … by lying at a node, …
    pub ends_by_place: usize,
    /// … named a node that is nowhere, …
    pub ends_misnamed: usize,
    /// … or name none and lie at none.
    pub ends_without_node: usize,
    /// How many pipe ends, joined one way or another, meet the end of another pipe.
    pub ends_met: usize,
    /// How many pipes run as the record says, …
    pub directions_by_record: usize,
    /// … as their inverts fall, …
    pub directions_by_inverts: usize,
    /// … or as they were drawn, because nothing else tells.
    pub directions_as_drawn: usize,
}

/// Sums a network up.
pub fn summary(sewers: &Sewers) -> Summary {
    let mut sums = Summary::default();
    for (_, joint) in sewers.nodes() {
        *if joint.row.is_some() { &mut sums.nodes } else { &mut sums.implied_nodes } += 1;
    }
    let (part_of, count) = sewers.network().parts();
    let mut part_m: Vec<Option<f64>> = vec![None; count as usize];
    for (pipe, _) in sewers.pipes() {
        let length_m = sewers.length_m(pipe);
        sums.pipes += 1;
        sums.length_m += length_m;
        let Some(flow) = sewers.flow(pipe) else {
            sums.apart += 1;
            continue;
        };
        sums.network_m += length_m;
        *part_m[part_of[flow.nodes[0] as usize] as usize].get_or_insert(0.0) += length_m;
        for by in flow.joined_by {
            *match by {
                JoinedBy::Record => &mut sums.ends_by_record,
                JoinedBy::Place => &mut sums.ends_by_place,
                JoinedBy::MissingNode => &mut sums.ends_misnamed,
                JoinedBy::Nothing => &mut sums.ends_without_node,
            } += 1;
        }
        let network = sewers.network();
        let meets = |node: &u32| network.edges_around(*node).any(|other| other != pipe);
        sums.ends_met += flow.nodes.iter().filter(|node| meets(node)).count();
        *match flow.by {
            DirectionBy::Record => &mut sums.directions_by_record,
            DirectionBy::Inverts => &mut sums.directions_by_inverts,
            DirectionBy::Drawn => &mut sums.directions_as_drawn,
        } += 1;
    }
    sums.parts = part_m.iter().flatten().count();
    sums.largest_part_m = part_m.into_iter().flatten().fold(0.0, f64::max);
    sums
}

#[cfg(test)]
mod tests {
    use super::super::pipe::{Node, Pipe, RowRef};
    use super::super::sewers::Joining;
    use super::*;

    #[test]
    fn it_says_what_each_end_and_each_direction_was_taken_from() {
        let pipe = |id: i64, ends: [&str; 2], length_m: f64| Pipe {
            row: RowRef { layer: 0, id },
            from_code: ends[0].into(),
            to_code: ends[1].into(),
            stated_length_m: Some(length_m),
            ..Pipe::default()
        };
        let mut drawn = pipe(3, ["", ""], 0.0);
        drawn.line = vec![[115.99, 29.71], [115.99, 29.711]];
        let mut retired = pipe(4, ["A", "B"], 5.0);
        retired.is_out_of_use = true;
        let pipes = vec![pipe(1, ["A", "B"], 30.0), pipe(2, ["B", "gone"], 20.0), drawn, retired];
        let node = |id: i64, code: &str| Node { row: RowRef { layer: 1, id }, code: code.into(), ..Node::default() };
        let found = summary(&Sewers::new(pipes, vec![node(1, "A"), node(2, "B")], Joining::default()));
        assert_eq!((found.pipes, found.apart, found.nodes, found.implied_nodes), (4, 1, 2, 3));
        assert_eq!((found.parts, found.ends_by_record, found.ends_misnamed, found.ends_without_node), (2, 3, 1, 2));
        assert_eq!((found.directions_by_record, found.directions_as_drawn, found.ends_met), (2, 1, 2));
        // The retired one is in the sum of all, not in the network.
        assert!((found.length_m - found.network_m - 5.0).abs() < 1e-9, "{found:?}");
        assert!((found.largest_part_m - 110.8).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn a_pipe_that_comes_back_to_its_own_node_meets_no_other() {
        let round = |id: i64, node: &str| Pipe {
            row: RowRef { layer: 0, id },
            from_code: node.into(),
            to_code: node.into(),
            stated_length_m: Some(1.0),
            ..Pipe::default()
        };
        let met = |pipes: Vec<Pipe>| summary(&Sewers::new(pipes, Vec::new(), Joining::default())).ends_met;
        assert_eq!(met(vec![round(1, "A")]), 0);
        assert_eq!(met(vec![round(1, "A"), round(2, "A")]), 4);
    }
}
