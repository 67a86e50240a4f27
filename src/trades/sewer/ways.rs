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
    /// Whether no plant, outfall or tank lies below some of the closed pipes, so that dead ends were taken for outlets.
    pub by_dead_ends: bool,
}

/// What happens if pipes are closed: whose water has no other way to an outlet then. Outlets are plants, outfalls and
/// tanks that nothing leaves. Water that none of them lies below, closed pipes or not, runs to the dead ends below it; so
/// what closing a pipe does in one part of a network is the same whatever is closed elsewhere.
pub fn close(sewers: &Sewers, closed: &[u32]) -> Closure {
    let network = sewers.network();
    let shut: FxHashSet<u32> = closed.iter().copied().collect();
    let mut outlets = terminals(sewers, EndsAt::Outlets);
    let mut has_outlet = vec![false; network.node_count()];
    network.trace(&outlets, Way::Up, |_| true).nodes.into_iter().for_each(|node| has_outlet[node as usize] = true);
    let nodes = sewers.nodes().map(|(node, _)| node).filter(|&node| !has_outlet[node as usize]);
    outlets.extend(nodes.filter(|&node| network.degree(node, Way::Down) == 0));
    let strays = |[from, to]: [u32; 2]| has_outlet[from as usize] && !has_outlet[to as usize];
    let is_open = |pipe: u32| !shut.contains(&pipe) && !network.ends(pipe).is_some_and(strays);
    let routes = network.routes_to(&outlets, |pipe| is_open(pipe).then(|| sewers.length_m(pipe)));
    let starts: Vec<u32> = closed.iter().filter_map(|&pipe| sewers.end_of(pipe, Way::Up)).collect();
    let above = network.trace(&starts, Way::Up, |_| true);
    let has_way = |node: u32| routes.cost(node).is_some();
    let by_dead_ends = starts.iter().any(|&start| !has_outlet[start as usize]);
    let mut closure = Closure { by_dead_ends, ..Closure::default() };
    closure.nodes = above.nodes.iter().copied().filter(|&node| !has_way(node)).collect();
    for pipe in above.edges.into_iter().filter(|pipe| !shut.contains(pipe)) {
        let is_relieved = sewers.end_of(pipe, Way::Down).is_some_and(has_way);
        let list = if is_relieved { &mut closure.relieved } else { &mut closure.pipes };
        list.push(pipe);
    }
    let bypass = |&pipe: &u32| {
        let start = sewers.end_of(pipe, Way::Up);
        let way = start.and_then(|start| Some((start, routes.way_from(network, start)?.0)));
        (pipe, way.map(|(start, pipes)| Course::from_node(sewers, start, pipes)))
    };
    closure.bypasses = closed.iter().map(bypass).collect();
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
            from_code: format!("n{from}").into(),
            to_code: format!("n{to}").into(),
            stated_length_m: Some(10.0 + id as f64),
            ..Pipe::default()
        });
        let nodes = outfalls.iter().enumerate().map(|(id, code)| Node {
            row: row(1, id),
            code: format!("n{code}").into(),
            node_type: NodeType::Outfall,
            ..Node::default()
        });
        Sewers::new(pipes.collect(), nodes.collect(), Joining::default())
    }

    fn number(sewers: &Sewers, code: u8) -> u32 {
        sewers.nodes_with_code(&format!("n{code}"))[0]
    }

    fn codes(sewers: &Sewers, nodes: &[u32]) -> BTreeSet<u8> {
        nodes.iter().filter_map(|&node| sewers.node(node)?.code[1..].parse().ok()).collect()
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
    fn a_pipe_has_the_same_by_pass_whatever_is_closed_in_another_part() {
        // 1 → 2 (outfall); 3 → 4 without an outlet, 3 → 6 → 4 the other way.
        let town = sewers(&[[1, 2], [3, 4], [3, 6], [6, 4]], &[2]);
        let bypass =
            |closed: &[u32]| close(&town, closed).bypasses.last().and_then(|it| it.1.clone()).map(|it| it.length_m);
        assert_eq!((bypass(&[1]), bypass(&[0, 1])), (Some(12.0 + 13.0), Some(12.0 + 13.0)));
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
            // What can be reached from each place, before and after, by one more place at a time on the way.
            let closure = |is_open: &dyn Fn(usize) -> bool| {
                let mut to = [[false; 10]; 10];
                (0..10).for_each(|at| to[at][at] = true);
                let open = pipes.iter().enumerate().filter(|(number, _)| is_open(*number));
                open.for_each(|(_, [a, b])| to[usize::from(*a)][usize::from(*b)] = true);
                for (over, a, b) in (0..1000).map(|it| (it / 100, it / 10 % 10, it % 10)) {
                    to[a][b] |= to[a][over] && to[over][b];
                }
                to
            };
            let (before, after) = (closure(&|_| true), closure(&|pipe| !closed.contains(&pipe)));
            let is_used = |at: usize| pipes.iter().flatten().any(|it| usize::from(*it) == at);
            // Water of a place goes to the outfalls that it could reach, else to where it could not run on from.
            let goals = |at: usize| -> Vec<usize> {
                let below: Vec<usize> = (0..10).filter(|&it| before[at][it] && is_used(it)).collect();
                let ends: Vec<usize> = below.iter().copied().filter(|&it| outfalls.contains(&(it as u8))).collect();
                let is_dead_end = |it: &usize| !pipes.iter().any(|pipe| usize::from(pipe[0]) == *it);
                if ends.is_empty() { below.into_iter().filter(is_dead_end).collect() } else { ends }
            };
            let starts: Vec<usize> = closed.iter().map(|&pipe| usize::from(pipes[pipe][0])).collect();
            let stuck: BTreeSet<u8> = (0..10)
                .filter(|&at| is_used(at) && starts.iter().any(|&start| before[at][start]))
                .filter(|&at| !goals(at).into_iter().any(|goal| after[at][goal]))
                .map(|at| at as u8)
                .collect();
            let numbers: Vec<u32> = closed.iter().map(|&pipe| pipe as u32).collect();
            let found = close(&sewers, &numbers);
            prop_assert_eq!(codes(&sewers, &found.nodes), stuck.clone());
            for (pipe, bypass) in &found.bypasses {
                prop_assert_eq!(bypass.is_none(), stuck.contains(&pipes[*pipe as usize][0]));
            }
        }

        #[test]
        fn what_is_closed_in_one_town_changes_nothing_in_another(
            pipes in prop::collection::vec([0_u8..7, 0_u8..7], 2..24),
            outfalls in prop::collection::btree_set(0_u8..7, 0..2),
            here in 0_usize..24,
            there in 0_usize..24,
        ) {
            let town: Vec<[u8; 2]> = pipes.iter().map(|ends| ends.map(|code| code + 10)).collect();
            let both: Vec<[u8; 2]> = pipes.iter().chain(&town).copied().collect();
            let (here, there) = (here % pipes.len(), pipes.len() + there % pipes.len());
            // The second town has no outlets.
            let outfalls: Vec<u8> = outfalls.into_iter().collect();
            let sewers = sewers(&both, &outfalls);
            let [here, there] = [here as u32, there as u32];
            let (one, other, all) = (close(&sewers, &[here]), close(&sewers, &[there]), close(&sewers, &[here, there]));
            let union = |a: &[u32], b: &[u32]| a.iter().chain(b).copied().collect::<BTreeSet<u32>>();
            let set = |it: &[u32]| it.iter().copied().collect::<BTreeSet<u32>>();
            prop_assert_eq!(set(&all.nodes), union(&one.nodes, &other.nodes));
            prop_assert_eq!(set(&all.pipes), union(&one.pipes, &other.pipes));
            prop_assert_eq!(set(&all.relieved), union(&one.relieved, &other.relieved));
            prop_assert_eq!(&all.bypasses, &[one.bypasses, other.bypasses].concat());
            prop_assert_eq!(all.by_dead_ends, one.by_dead_ends || other.by_dead_ends);
        }
    }
}
