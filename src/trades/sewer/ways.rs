//! Ways through the network: the shortest between two nodes, the longest to an outlet, and what happens if pipes are
//! closed.

use rustc_hash::FxHashSet;

use crate::analysis::network::Way;

use super::basins::{EndsAt, terminals};
use super::sewers::Sewers;

/// Pipes one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Pipes by number; `true` for one that is passed with its flow.
    pub pipes: Vec<(u32, bool)>,
    /// Nodes by number: one more than pipes.
    pub nodes: Vec<u32>,
    /// Length, metres.
    pub length_m: f64,
}

impl Course {
    /// The course from a node along these pipes; it ends where a pipe does not go on from the one before.
    pub fn from_node(sewers: &Sewers, start: u32, pipes: impl IntoIterator<Item = u32>) -> Self {
        let mut course = Self { nodes: vec![start], ..Self::default() };
        let mut at = start;
        for pipe in pipes {
            let Some([from, to]) = sewers.network().ends(pipe) else { break };
            let is_along = from == at;
            if !is_along && to != at {
                break;
            }
            at = if is_along { to } else { from };
            course.pipes.push((pipe, is_along));
            course.nodes.push(at);
            course.length_m += sewers.length_m(pipe);
        }
        course
    }
}

/// The shortest course from one node to another: with the flow, or along pipes in whichever direction.
pub fn shortest(sewers: &Sewers, from: u32, to: u32, with_flow: bool) -> Option<Course> {
    let way = with_flow.then_some(Way::Down);
    let path = sewers.network().cheapest_path(from, to, way, |pipe| Some(sewers.length_m(pipe)))?;
    Some(Course::from_node(sewers, from, path.edges.into_iter().map(|(pipe, _)| pipe)))
}

/// The longest course to one of some nodes, and the pipes that were passed by because they lie in loops.
pub fn longest(sewers: &Sewers, ends: &[u32]) -> (Course, Vec<u32>) {
    let found = sewers.network().longest_to(ends, |pipe| sewers.length_m(pipe));
    let start = found.edges.first().and_then(|&pipe| sewers.end_of(pipe, Way::Up));
    let course = start.map(|start| Course::from_node(sewers, start, found.edges)).unwrap_or_default();
    (course, found.left_out)
}

/// What backs up when pipes are closed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Closure {
    /// Pipes above the closed ones whose water has no other way out, the closed ones themselves left out.
    pub pipes: Vec<u32>,
    /// Nodes whose water has no other way out.
    pub nodes: Vec<u32>,
    /// Pipes above the closed ones whose water goes another way.
    pub relieved: Vec<u32>,
    /// Of each closed pipe the other way from where it begins to an outlet, if there is one.
    pub bypasses: Vec<(u32, Option<Course>)>,
    /// Whether no plant, outfall or tank lies below, so that dead ends were taken for outlets.
    pub by_dead_ends: bool,
}

/// What happens if pipes are closed: whose water has no other way to an outlet then. Outlets are plants, outfalls and
/// tanks that nothing leaves; where none of them lies below the pipes, the dead ends below are taken for outlets.
pub fn close(sewers: &Sewers, closed: &[u32]) -> Closure {
    let network = sewers.network();
    let shut: FxHashSet<u32> = closed.iter().copied().collect();
    let side = |way: Way| -> Vec<u32> { closed.iter().filter_map(|&pipe| sewers.end_of(pipe, way)).collect() };
    let below = network.trace(&side(Way::Down), Way::Down, |_| true);
    let mut outlets = terminals(sewers, EndsAt::Outlets);
    let reached: FxHashSet<u32> = below.nodes.iter().copied().collect();
    let by_dead_ends = !outlets.iter().any(|node| reached.contains(node));
    if by_dead_ends {
        outlets.extend(below.nodes.iter().filter(|&&node| network.degree(node, Way::Down) == 0));
    }
    let open = |pipe: u32| (!shut.contains(&pipe)).then(|| sewers.length_m(pipe));
    let routes = network.routes_to(&outlets, open);
    let above = network.trace(&side(Way::Up), Way::Up, |_| true);
    let has_way = |node: u32| routes.cost(node).is_some();
    let mut closure = Closure { by_dead_ends, ..Closure::default() };
    closure.nodes = above.nodes.iter().copied().filter(|&node| !has_way(node)).collect();
    for pipe in above.edges.into_iter().filter(|pipe| !shut.contains(pipe)) {
        let is_relieved = sewers.end_of(pipe, Way::Down).is_some_and(has_way);
        let list = if is_relieved { &mut closure.relieved } else { &mut closure.pipes };
        list.push(pipe);
    }
    closure.bypasses = closed
        .iter()
        .map(|&pipe| {
            let start = sewers.end_of(pipe, Way::Up);
            let way = start.and_then(|start| Some((start, routes.way_from(network, start)?.0)));
            (pipe, way.map(|(start, pipes)| Course::from_node(sewers, start, pipes)))
        })
        .collect();
    closure
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the numbers compared are exact
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::pipe::{Node, NodeType, Pipe, RowRef};
    use super::super::sewers::Joining;
    use super::*;

    /// Pipes between numbered nodes, ten metres each and a metre more from one to the next; some nodes are outfalls.
    fn sewers(pipes: &[[u8; 2]], outfalls: &[u8]) -> Sewers {
        let row = |layer, id: usize| RowRef { layer, id: id as i64 };
        let pipes = pipes.iter().enumerate().map(|(id, [from, to])| Pipe {
            row: row(0, id),
            from_code: from.to_string().into(),
            to_code: to.to_string().into(),
            stated_length_m: Some(10.0 + id as f64),
            ..Pipe::default()
        });
        let nodes = outfalls.iter().enumerate().map(|(id, code)| Node {
            row: row(1, id),
            code: code.to_string().into(),
            node_type: NodeType::Outfall,
            ..Node::default()
        });
        Sewers::new(pipes.collect(), nodes.collect(), Joining::default())
    }

    fn number(sewers: &Sewers, code: u8) -> u32 {
        sewers.nodes_with_code(&code.to_string())[0]
    }

    fn codes(sewers: &Sewers, nodes: &[u32]) -> BTreeSet<u8> {
        nodes.iter().filter_map(|&node| sewers.node(node)?.code.parse().ok()).collect()
    }

    #[test]
    fn a_closed_pipe_backs_up_what_has_no_other_way() {
        //  1 → 2 → 3 → 4 (outfall), 2 → 5 → 4 as the other way, 6 → 3
        let town = sewers(&[[1, 2], [2, 3], [3, 4], [2, 5], [5, 4], [6, 3]], &[4]);
        let closure = close(&town, &[1]);
        assert!(closure.pipes.is_empty() && closure.nodes.is_empty() && !closure.by_dead_ends);
        assert_eq!(closure.relieved, [0]);
        let bypass = closure.bypasses[0].1.as_ref().expect("a way round");
        assert_eq!((codes(&town, &bypass.nodes), bypass.length_m), (BTreeSet::from([2, 4, 5]), 27.0));
        let closure = close(&town, &[2]);
        assert_eq!(codes(&town, &closure.nodes), BTreeSet::from([3, 6]));
        assert_eq!((closure.pipes.clone(), closure.bypasses[0].1.as_ref()), (vec![5, 1], None));
        assert_eq!(closure.relieved, [0]);
        // Both ways closed.
        let closure = close(&town, &[1, 3]);
        assert_eq!(codes(&town, &closure.nodes), BTreeSet::from([1, 2]));
    }

    #[test]
    fn where_nobody_recorded_an_outlet_dead_ends_are_taken_for_outlets_and_it_is_said() {
        let closure = close(&sewers(&[[1, 2], [2, 3]], &[]), &[1]);
        assert!(closure.by_dead_ends);
        assert_eq!((closure.pipes, closure.nodes.len()), (vec![0], 2));
    }

    #[test]
    fn the_shortest_course_runs_with_the_flow_unless_any_way_will_do() {
        let town = sewers(&[[1, 2], [3, 2], [3, 4]], &[]);
        let [one, four] = [number(&town, 1), number(&town, 4)];
        assert_eq!(shortest(&town, one, four, true), None);
        let course = shortest(&town, one, four, false).expect("a way");
        assert_eq!((course.pipes, course.length_m), (vec![(0, true), (1, false), (2, true)], 33.0));
        assert_eq!(shortest(&town, one, one, true).expect("there already").nodes, [one]);
    }

    #[test]
    fn the_longest_course_passes_loops_by() {
        let town = sewers(&[[1, 2], [2, 3], [3, 2], [3, 4], [5, 3]], &[4]);
        let (course, left_out) = longest(&town, &[number(&town, 4)]);
        assert_eq!((course.length_m, left_out), (10.0 + 11.0 + 13.0, vec![2]));
    }

    proptest! {
        #[test]
        fn what_backs_up_is_what_reached_an_outlet_and_cannot_any_more(
            pipes in prop::collection::vec([0_u8..10, 0_u8..10], 1..24),
            outfalls in prop::collection::btree_set(0_u8..10, 1..3),
            closed in prop::collection::btree_set(0_usize..24, 1..3),
        ) {
            let outfalls: Vec<u8> = outfalls.into_iter().collect();
            let closed: Vec<usize> = closed.into_iter().filter(|&pipe| pipe < pipes.len()).collect();
            let sewers = sewers(&pipes, &outfalls);
            let reaches = |start: u8, goals: &dyn Fn(u8) -> bool, open: &dyn Fn(usize) -> bool| {
                let mut seen = BTreeSet::from([start]);
                loop {
                    let before = seen.len();
                    for (number, [from, to]) in pipes.iter().enumerate() {
                        if open(number) && seen.contains(from) {
                            seen.insert(*to);
                        }
                    }
                    if seen.len() == before {
                        return seen.into_iter().any(goals);
                    }
                }
            };
            let below = |code: u8| closed.iter().any(|&pipe| reaches(pipes[pipe][1], &|it| it == code, &|_| true));
            let by_dead_ends = !outfalls.iter().any(|&code| below(code));
            let leaves = |code: u8| pipes.iter().any(|pipe| pipe[0] == code);
            let is_outlet = |code: u8| outfalls.contains(&code) || (by_dead_ends && below(code) && !leaves(code));
            let is_above = |code: u8| reaches(code, &|it| closed.iter().any(|&pipe| pipes[pipe][0] == it), &|_| true);
            let stuck: BTreeSet<u8> = (0..10)
                .filter(|&code| pipes.iter().flatten().any(|it| *it == code) && is_above(code))
                .filter(|&code| !reaches(code, &is_outlet, &|pipe| !closed.contains(&pipe)))
                .collect();
            let numbers: Vec<u32> = closed.iter().map(|&pipe| pipe as u32).collect();
            let found = close(&sewers, &numbers);
            prop_assert_eq!(found.by_dead_ends, by_dead_ends);
            prop_assert_eq!(codes(&sewers, &found.nodes), stuck.clone());
            for (pipe, bypass) in &found.bypasses {
                prop_assert_eq!(bypass.is_none(), stuck.contains(&pipes[*pipe as usize][0]));
            }
        }
    }
}
