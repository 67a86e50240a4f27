//! The network is what its rows say, and an edited one is the one that would have been read.

use std::collections::BTreeSet;

use geo_types as gt;
use proptest::prelude::*;

use super::pipe::{Node, NodeType, Pipe, RowReader, RowRef};
use super::sewers::{DirectionBy, JoinedBy, Joining, Sewers};
use crate::analysis::network::Way;
use crate::geom::crs::Crs;
use crate::geom::measure::path_length_m;
use crate::geom::plane::LocalPlane;
use crate::model::geometry::Geometry;

/// A place so many metres east and north of a corner of the city.
fn at(x_m: f64, y_m: f64) -> [f64; 2] {
    LocalPlane::at([115.99, 29.71]).to_lonlat([x_m, y_m])
}

fn node(id: i64, code: &str, place: Option<[f64; 2]>) -> Node {
    Node { row: RowRef { layer: 1, id }, code: code.into(), node_type: NodeType::Manhole, at: place, ..Node::default() }
}

fn pipe(id: i64, ends: [&str; 2], line: &[[f64; 2]]) -> Pipe {
    let [from_code, to_code] = ends.map(Into::into);
    let row = RowRef { layer: 0, id };
    Pipe { row, code: format!("P{id}").into(), from_code, to_code, line: line.to_vec(), ..Pipe::default() }
}

fn sewers(pipes: Vec<Pipe>, nodes: Vec<Node>) -> Sewers {
    Sewers::new(pipes, nodes, Joining::default())
}

/// What a network says, without the numbers it gave: of each pipe its ends as codes or places, and how it came by them.
fn told(sewers: &Sewers) -> BTreeSet<String> {
    let name = |number: u32| {
        let joint = sewers.node(number).expect("an end is a node");
        let place = joint.at.map(|[lon, lat]| format!("{lon:.7} {lat:.7}"));
        format!("{:?} {} {place:?}", joint.row.as_ref().map(|row| row.row), joint.code)
    };
    let pipes = sewers.pipes().map(|(number, pipe)| {
        let Some(flow) = sewers.flow(number) else { return format!("{:?} nowhere", pipe.row) };
        let [from, to] = flow.nodes.map(name);
        // Of an implied node the place is that of the first pipe that came; who came first is no fact of the city.
        let ends = [from, to]
            .map(|end| if end.starts_with("None") { end.split(' ').nth(1).map(str::to_owned) } else { Some(end) });
        let around: Vec<BTreeSet<i64>> = flow
            .nodes
            .map(|node| sewers.network().edges_around(node).filter_map(|it| Some(sewers.pipe(it)?.row.id)).collect())
            .to_vec();
        format!("{:?} {ends:?} {around:?} {:?} {:?} {:?}", pipe.row, flow.by, flow.joined_by, flow.is_drawn_against)
    });
    let lonely = sewers
        .nodes()
        .filter(|(number, joint)| joint.row.is_none() && sewers.network().edges_around(*number).next().is_none());
    pipes.chain(lonely.map(|(number, _)| format!("{number} is implied by nobody"))).collect()
}

#[track_caller]
fn check_flow(sewers: &Sewers, id: i64, ends: [&str; 2], by: DirectionBy) {
    let number = sewers.pipe_of_row(RowRef { layer: 0, id }).expect("a pipe");
    let flow = sewers.flow(number).expect("it lies in the network");
    assert_eq!((flow.nodes.map(|node| &*sewers.node(node).expect("a node").code), flow.by), (ends, by));
}

#[test]
fn the_record_says_where_a_pipe_ends_even_if_it_was_drawn_the_other_way() {
    let nodes = vec![node(1, "A", Some(at(0.0, 0.0))), node(2, "B", Some(at(30.0, 0.0)))];
    let mut drawn = pipe(1, ["A", "B"], &[at(30.0, 0.0), at(0.0, 0.0)]);
    drawn.invert_up_m = Some(10.0);
    drawn.invert_down_m = Some(12.0);
    let sewers = sewers(vec![drawn], nodes);
    check_flow(&sewers, 1, ["A", "B"], DirectionBy::Record);
    let flow = sewers.flow(0).expect("it lies in the network");
    assert!(flow.is_drawn_against && !flow.is_against_record);
    assert_eq!(sewers.line_along(0), [at(0.0, 0.0), at(30.0, 0.0)]);
    assert!(sewers.slope(0).is_some_and(|slope| (slope + 2.0 / 30.0).abs() < 1e-4));
}

#[test]
fn inverts_speak_where_no_record_does_and_a_setting_hears_them_first() {
    let nodes = || vec![node(1, "A", Some(at(0.0, 0.0))), node(2, "B", Some(at(30.0, 0.0)))];
    let line = [at(0.1, 0.0), at(29.9, 0.0)];
    let rising = |mut pipe: Pipe| {
        (pipe.invert_up_m, pipe.invert_down_m) = (Some(10.0), Some(10.2));
        pipe
    };
    let unrecorded = sewers(vec![rising(pipe(1, ["", ""], &line))], nodes());
    check_flow(&unrecorded, 1, ["B", "A"], DirectionBy::Inverts);
    assert_eq!(unrecorded.flow(0).map(|flow| flow.inverts_m), Some([Some(10.2), Some(10.0)]));
    check_flow(&sewers(vec![pipe(1, ["", ""], &line)], nodes()), 1, ["A", "B"], DirectionBy::Drawn);
    let recorded = vec![rising(pipe(1, ["A", "B"], &line))];
    check_flow(&sewers(recorded.clone(), nodes()), 1, ["A", "B"], DirectionBy::Record);
    let trusting = Sewers::new(recorded, nodes(), Joining { trusts_inverts: true, ..Joining::default() });
    check_flow(&trusting, 1, ["B", "A"], DirectionBy::Inverts);
    let mut main = rising(pipe(1, ["", ""], &line));
    main.is_pressure = true;
    check_flow(&sewers(vec![main], nodes()), 1, ["A", "B"], DirectionBy::Drawn);
}

#[test]
fn levels_that_only_mark_a_gap_say_nothing() {
    let mut pipes: Vec<Pipe> = (1..8).map(|id| pipe(id, ["A", "B"], &[])).collect();
    for (pipe, inverts) in pipes.iter_mut().zip([[21.0, 20.0], [22.0, 21.0], [-99.0, 20.0], [0.0, 20.0]]) {
        (pipe.invert_up_m, pipe.invert_down_m) = (Some(inverts[0]), Some(inverts[1]));
    }
    let high = sewers(pipes.clone(), Vec::new());
    assert_eq!(high.flow(2).map(|flow| flow.inverts_m), Some([None, Some(20.0)]));
    assert_eq!(high.flow(3).map(|flow| flow.inverts_m), Some([None, Some(20.0)]));
    // By the sea 0 m is a level like any other.
    for (pipe, inverts) in pipes.iter_mut().zip([[1.0, 0.0], [2.0, 1.0], [0.5, 0.2], [0.0, -1.0]]) {
        (pipe.invert_up_m, pipe.invert_down_m) = (Some(inverts[0]), Some(inverts[1]));
    }
    assert_eq!(sewers(pipes, Vec::new()).flow(3).map(|flow| flow.inverts_m), Some([Some(0.0), Some(-1.0)]));
}

#[test]
fn ends_without_a_record_meet_where_they_lie_together_and_nowhere_else() {
    let pipes = vec![
        pipe(1, ["", ""], &[at(0.0, 0.0), at(30.0, 0.0)]),
        pipe(2, ["", ""], &[at(30.2, 0.1), at(60.0, 0.0)]),
        // Crosses the first without a node, and begins beside the last.
        pipe(3, ["", ""], &[at(15.0, -10.0), at(15.0, 10.0)]),
        pipe(4, ["", ""], &[at(61.0, 0.0), at(90.0, 0.0)]),
    ];
    let sewers = sewers(pipes, vec![node(9, "W", Some(at(60.0, 0.3)))]);
    let below = sewers.network().trace(&[sewers.flow(0).expect("joined").nodes[0]], Way::Down, |_| true);
    assert_eq!(below.edges, [0, 1]);
    assert_eq!(sewers.flow(1).map(|flow| flow.joined_by), Some([JoinedBy::Nothing, JoinedBy::Place]));
    assert_eq!(sewers.network().parts().1, 3);
}

#[test]
fn pipes_that_name_the_same_missing_node_meet_there() {
    let sewers = sewers(vec![pipe(1, ["A", "X"], &[]), pipe(2, ["X", "B"], &[])], vec![node(1, "A", None)]);
    let traced = sewers.network().trace(&[0], Way::Down, |_| true);
    assert_eq!((traced.edges, sewers.nodes_with_code("X").len()), (vec![0, 1], 1));
    assert_eq!(sewers.flow(0).map(|flow| flow.joined_by), Some([JoinedBy::Record, JoinedBy::MissingNode]));
}

#[test]
fn what_only_fills_the_column_joins_nothing_far_apart() {
    for filler in ["0", "-", "无", "null", "-99"] {
        let pipes = vec![
            pipe(1, ["A", filler], &[at(0.0, 0.0), at(30.0, 0.0)]),
            pipe(2, [filler, "B"], &[at(6000.0, 0.0), at(6030.0, 0.0)]),
            pipe(3, [filler, "B"], &[at(30.1, 0.0), at(60.0, 0.0)]),
        ];
        let found = sewers(pipes.clone(), Vec::new());
        let start = found.flow(0).expect("joined").nodes[0];
        assert_eq!(found.network().trace(&[start], Way::Down, |_| true).edges, [0, 2], "{filler}");
        assert_eq!(found.flow(0).map(|flow| flow.joined_by[1]), Some(JoinedBy::Nothing));
        // A node that is really called so is meant where it is.
        let named = sewers(pipes, vec![node(1, filler, Some(at(6000.0, 0.0)))]);
        let joined = |pipe: u32, end: usize| named.flow(pipe).map(|flow| flow.joined_by[end]);
        assert_eq!((joined(0, 1), joined(1, 0)), (Some(JoinedBy::Nothing), Some(JoinedBy::Record)), "{filler}");
    }
}

#[test]
fn a_code_that_all_nodes_have_is_believed_of_the_node_beside_the_end() {
    let place = |number: i64| at(30.0 * number as f64, 0.0);
    let nodes = (0..3000).map(|id| node(id, "W", Some(place(id)))).collect();
    let pipes = (0..2999).map(|id| pipe(id, ["W", "W"], &[place(id), place(id + 1)])).collect();
    let found = sewers(pipes, nodes);
    assert_eq!(found.network().trace(&[0], Way::Down, |_| true).edges.len(), 2999);
    assert!(found.pipes().all(|(number, _)| found.flow(number).is_some_and(|flow| flow.by == DirectionBy::Record)));
}

#[test]
fn a_stray_place_bends_no_distance() {
    let mut nodes = vec![node(1, "stray", Some([0.0, 0.0]))];
    nodes.extend((2..10).map(|id| node(id, &format!("N{id}"), Some(at(30.0 * id as f64, 0.0)))));
    let found = sewers(Vec::new(), nodes);
    let near = found.nodes_near(at(60.0 + 29.0, 0.0), 29.5);
    assert_eq!(near.iter().map(|(_, away_m)| away_m.round()).collect::<Vec<_>>(), [1.0, 29.0]);
    assert_eq!(found.nodes_near(at(60.0, 0.0), 1e9).len(), 9);
}

#[test]
fn a_pipe_that_is_not_in_use_leads_nowhere_and_a_length_below_nought_is_none() {
    let mut planned = pipe(1, ["A", "B"], &[at(0.0, 0.0), at(30.0, 0.0)]);
    planned.is_out_of_use = true;
    let mut odd = pipe(2, ["B", "C"], &[]);
    odd.stated_length_m = Some(-5.0);
    let found = sewers(vec![planned, odd], Vec::new());
    assert_eq!((found.flow(0), found.length_m(1), found.network().edges().count()), (None, 0.0, 1));
}

#[test]
fn a_pipe_drawn_in_parts_is_as_long_as_all_of_them() {
    let schema = crate::kinds::find("sewer_pipe").expect("a kind").schema(Crs::WGS84);
    let reader = RowReader::pipes(0, &schema);
    let check = |parts: &[&[[f64; 2]]], line: &[[f64; 2]], gap_m: f64| {
        let lines = parts.iter().map(|part| part.iter().map(|&[x, y]| gt::Coord { x, y }).collect());
        let geometry = Geometry::from_geo(&gt::Geometry::MultiLineString(gt::MultiLineString(lines.collect())));
        let pipe = reader.pipe(1, Some(&geometry), &[]);
        assert_eq!(pipe.line, line, "{parts:?}");
        assert!((pipe.gap_m - gap_m).abs() < 0.01, "{} m in {parts:?}", pipe.gap_m);
        let drawn_m: f64 = parts.iter().map(|part| path_length_m(part.iter().copied())).sum();
        assert!((sewers(vec![pipe], Vec::new()).length_m(0) - drawn_m).abs() < 0.01);
    };
    let [a, b, c, d] = [at(0.0, 0.0), at(1000.0, 0.0), at(1000.0, 10.0), at(1000.0, 20.0)];
    check(&[&[a, b], &[b, c, d]], &[a, b, c, d], 0.0);
    check(&[&[a, b], &[d, c, b]], &[a, b, c, d], 0.0);
    check(&[&[b, c], &[c, d], &[b, a]], &[a, b, c, d], 0.0);
    // What does not touch is the pipe as well; what nobody drew adds no length.
    check(&[&[a, b], &[d, at(1000.0, 30.0)]], &[a, b, d, at(1000.0, 30.0)], 20.0);
}

#[test]
fn the_nearest_pipe_is_found_with_the_place_along_its_flow() {
    let mut against = pipe(1, ["", ""], &[at(0.0, 0.0), at(100.0, 0.0)]);
    (against.invert_up_m, against.invert_down_m) = (Some(9.0), Some(10.0));
    let sewers = sewers(vec![against, pipe(2, ["", ""], &[at(0.0, 50.0), at(100.0, 50.0)])], Vec::new());
    let spot = sewers.pipe_near(at(30.0, 4.0), 20.0).expect("a pipe is near");
    assert_eq!(spot.pipe, 0);
    assert!((spot.away_m - 4.0).abs() < 0.01 && (spot.chainage_m - 70.0).abs() < 0.1, "{spot:?}");
    assert_eq!(sewers.pipe_near(at(30.0, 24.0), 20.0), None);
}

/// One edit of a row; codes and places come from short lists, so that rows meet.
#[derive(Clone, Debug)]
enum Edit {
    Pipe(i64, [usize; 2], [usize; 2], u8),
    NoPipe(i64),
    Node(i64, usize, usize),
    NoNode(i64),
}

const CODES: [&str; 5] = ["", "A", "B", "C", "0"];

/// Places of ends; nodes may lie a little beside them.
fn place(number: usize) -> [f64; 2] {
    at(40.0 * (number % 4) as f64 + 0.4 * (number / 4) as f64, 10.0 * (number % 2) as f64)
}

fn edit() -> impl Strategy<Value = Edit> {
    let codes = || [0_usize..5, 0_usize..5];
    let places = || [0_usize..4, 0_usize..4];
    prop_oneof![
        4 => (1_i64..6, codes(), places(), 0_u8..4).prop_map(|(id, codes, places, falls)| Edit::Pipe(id, codes, places, falls)),
        1 => (1_i64..6).prop_map(Edit::NoPipe),
        3 => (1_i64..5, 0_usize..5, 0_usize..8).prop_map(|(id, code, place)| Edit::Node(id, code, place)),
        1 => (1_i64..5).prop_map(Edit::NoNode),
    ]
}

proptest! {
    #[test]
    fn an_edited_network_is_the_one_that_would_have_been_read(edits in prop::collection::vec(edit(), 1..40)) {
        let mut live = sewers(Vec::new(), Vec::new());
        let (mut pipes, mut nodes) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
        for edit in edits {
            match edit {
                Edit::Pipe(id, codes, places, falls) => {
                    let mut new = pipe(id, codes.map(|it| CODES[it]), &places.map(place));
                    let [up, down] = [[20.0, 19.0], [20.0, 21.0], [0.0, 1.0], [0.5, 0.0]][usize::from(falls)];
                    (new.invert_up_m, new.invert_down_m) = (Some(up), Some(down));
                    pipes.insert(id, new.clone());
                    live.set_pipe(new);
                }
                Edit::NoPipe(id) => {
                    pipes.remove(&id);
                    live.remove_pipe(RowRef { layer: 0, id });
                }
                Edit::Node(id, code, number) => {
                    // Two nodes of one code or one place are a fault of their own; which of them is meant is no fact.
                    let is_taken = |other: &Node| other.row.id != id && (code > 0 && *other.code == *CODES[code] || other.at == Some(place(number)));
                    if nodes.values().any(is_taken) {
                        continue;
                    }
                    let new = node(id, CODES[code], Some(place(number)));
                    nodes.insert(id, new.clone());
                    live.set_node(new);
                }
                Edit::NoNode(id) => {
                    nodes.remove(&id);
                    live.remove_node(RowRef { layer: 1, id });
                }
            }
            let read = sewers(pipes.values().cloned().collect(), nodes.values().cloned().collect());
            prop_assert_eq!(told(&live), told(&read));
        }
    }
}
