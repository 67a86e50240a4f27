//! Lines that are drawn against their record, and nodes that only pipes name.

use super::super::pipe::{NodeType, System};
use super::super::sewers::{Joining, Sewers};
use super::tests::Town;
use super::{Change, Settings, check};

/// What one rule says of a town of which pipes alone name the nodes, and the changes that are offered.
#[track_caller]
fn found(town: &Town, rule: &str, has_rows: bool) -> (Vec<String>, Vec<Change>) {
    let nodes = if has_rows { town.nodes.clone() } else { Vec::new() };
    let sewers = Sewers::new(town.pipes.clone(), nodes, Joining::default());
    let findings = check(&sewers, &[], &Settings::default(), |it| it.id == rule).findings;
    let code = |row| town.pipes.iter().find(|pipe| pipe.row == row).map(|pipe| pipe.code.to_string());
    let codes = findings.iter().filter_map(|it| code(it.element)).collect();
    (codes, findings.into_iter().filter_map(|it| it.fix).flat_map(|fix| fix.changes).collect())
}

#[test]
fn a_line_drawn_from_its_end_to_its_start_is_turned_and_nothing_else() {
    for has_rows in [true, false] {
        let mut town = Town::new();
        assert_eq!(found(&town, "SW16", has_rows), (vec![], vec![]));
        town.pipes[1].line.reverse();
        let turn = Change::TurnLine(town.pipes[1].row);
        assert_eq!(found(&town, "SW16", has_rows), (vec!["b-c".to_owned()], vec![turn]), "{has_rows}");
        assert_eq!(found(&town, "SW29", has_rows).0, [""; 0], "a turned line is no other place");
    }
}

#[test]
fn a_line_whose_fall_agrees_with_the_drawing_is_told_and_left() {
    let mut town = Town::new();
    town.pipes[1].line.reverse();
    town.pipes[1].invert_down_m = Some(6.5);
    assert_eq!(found(&town, "SW16", false), (vec!["b-c".to_owned()], vec![]));
}

#[test]
fn ends_of_one_number_that_lie_apart_are_told_where_nodes_have_no_rows() {
    let mut town = Town::new();
    town.node("side", [40.0, -30.0], NodeType::Manhole, System::Foul);
    town.pipe(["side", "b"], System::Foul, 6.4);
    assert_eq!(found(&town, "SW29", false).0, [""; 0]);
    // Two of the three pipes at b meet: the third is the one astray, 9 m off.
    let astray = town.pipes[0].line[0];
    let end = town.pipes[5].line[1];
    let [east, south] = [0, 1].map(|axis| (end[axis] - astray[axis]) * 9.0 / 40.0);
    town.pipes[5].line[1] = [end[0] + east, end[1] + south];
    let (codes, changes) = found(&town, "SW29", false);
    assert_eq!((codes, changes), (vec!["side-b".to_owned()], vec![]));
    assert_eq!(found(&town, "SW16", false).0, [""; 0], "apart is not turned");
}
