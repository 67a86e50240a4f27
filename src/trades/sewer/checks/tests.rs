//! A small city without faults, in which each rule is made to fire, and made to be silent where something is excused.

use super::super::pipe::{Link, Node, NodeType, Pipe, RowRef, System};
use super::super::sewers::{Joining, Sewers};
use super::*;
use crate::geom::plane::LocalPlane;

const ORIGIN: [f64; 2] = [115.99, 29.71];

/// A foul sewer a → b → c → plant, a storm sewer s → t → outfall beside it, and their surveys.
#[derive(Clone)]
pub(super) struct Town {
    pub(super) nodes: Vec<Node>,
    pub(super) pipes: Vec<Pipe>,
    surveys: Vec<Survey>,
    settings: Settings,
}

fn place([x, y]: [f64; 2]) -> [f64; 2] {
    LocalPlane::at(ORIGIN).to_lonlat([x, y])
}

impl Town {
    pub(super) fn new() -> Self {
        let mut town =
            Self { nodes: Vec::new(), pipes: Vec::new(), surveys: Vec::new(), settings: Settings::default() };
        for (number, code) in (0..).zip(["a", "b", "c"]) {
            town.node(code, [40.0 * f64::from(number), 0.0], NodeType::Manhole, System::Foul);
        }
        town.node("plant", [120.0, 0.0], NodeType::Plant, System::Foul);
        for (number, code) in (0..).zip(["s", "t"]) {
            town.node(code, [40.0 * f64::from(number), 6.0], NodeType::Manhole, System::Storm);
        }
        town.node("out", [80.0, 6.0], NodeType::Outfall, System::Storm);
        for (number, ends) in (0..).zip([["a", "b"], ["b", "c"], ["c", "plant"]]) {
            town.pipe(ends, System::Foul, 6.0 - 0.2 * f64::from(number));
        }
        for (number, ends) in (0..).zip([["s", "t"], ["t", "out"]]) {
            town.pipe(ends, System::Storm, 8.0 - 0.2 * f64::from(number));
        }
        town
    }

    /// Ground at 10 m, floor at 5 m.
    pub(super) fn node(&mut self, code: &str, at: [f64; 2], node_type: NodeType, system: System) -> &mut Node {
        let id = self.nodes.len() as i64 + 1;
        self.nodes.push(Node {
            row: RowRef { layer: 0, id },
            code: code.into(),
            node_type,
            well: "drain".into(),
            system,
            ground_m: Some(10.0),
            bottom_m: Some(5.0),
            depth_m: Some(5.0),
            at: Some(place(at)),
            ..Node::default()
        });
        self.nodes.last_mut().expect("just added")
    }

    /// DN400 between two nodes, falling 0.2 m from a level.
    pub(super) fn pipe(&mut self, [from, to]: [&str; 2], system: System, level_m: f64) -> &mut Pipe {
        let id = self.pipes.len() as i64 + 1;
        let at = |code: &str| self.nodes.iter().find(|node| &*node.code == code).and_then(|node| node.at);
        self.pipes.push(Pipe {
            row: RowRef { layer: 1, id },
            code: format!("{from}-{to}").into(),
            system,
            diameter_mm: Some(400.0),
            section: "circle".into(),
            material: "RCP".into(),
            from_code: from.into(),
            to_code: to.into(),
            invert_up_m: Some(level_m),
            invert_down_m: Some(level_m - 0.2),
            line: [from, to].into_iter().filter_map(at).collect(),
            ..Pipe::default()
        });
        self.pipes.last_mut().expect("just added")
    }

    fn outcome(&self) -> Outcome {
        let sewers = Sewers::new(self.pipes.clone(), self.nodes.clone(), Joining::default());
        check(&sewers, &self.surveys, &self.settings, |_| true)
    }

    pub(super) fn sewers(&self) -> Sewers {
        Sewers::new(self.pipes.clone(), self.nodes.clone(), Joining::default())
    }

    /// What the findings of a rule are about: codes of nodes and pipes.
    fn found(&self, rule: &str) -> Vec<String> {
        let outcome = self.outcome();
        let name = |row: RowRef| {
            let nodes = self.nodes.iter().filter(|node| node.row == row).map(|node| node.code.to_string());
            let pipes = self.pipes.iter().filter(|pipe| pipe.row == row).map(|pipe| pipe.code.to_string());
            nodes.chain(pipes).next().unwrap_or_else(|| format!("row {}", row.id))
        };
        outcome.findings.iter().filter(|finding| finding.rule == rule).map(|finding| name(finding.element)).collect()
    }
}

/// Changes the town, and holds what a rule finds against a list of codes.
#[track_caller]
fn check_rule(rule: &str, change: impl FnOnce(&mut Town), expected: &[&str]) {
    let mut town = Town::new();
    change(&mut town);
    assert_eq!(town.found(rule), expected, "{rule}: {:#?}", town.outcome().findings);
}

#[test]
fn a_sound_town_has_no_findings() {
    assert_eq!(Town::new().outcome().findings, []);
}

#[test]
fn every_rule_of_the_table_is_there_once_and_in_both_languages() {
    let ids: Vec<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(ids, (1..=39).map(|number| format!("SW{number:02}")).collect::<Vec<_>>());
    for rule in RULES {
        assert!([&rule.name, &rule.why].iter().all(|text| !text.zh.is_empty() && !text.en.is_empty()), "{}", rule.id);
    }
}

#[test]
fn names_that_lead_nowhere() {
    check_rule("SW01", |town| town.pipes[1].to_code = "nowhere".into(), &["b-c"]);
    check_rule("SW01", |town| town.pipes[1].to_code = Box::default(), &["b-c"]);
    check_rule("SW02", |town| town.pipes[0].to_code = "a".into(), &["a-b"]);
    check_rule("SW28", |town| town.pipes[1].code = "a-b".into(), &["a-b"]);
    check_rule("SW28", |town| town.nodes[4].code = "out".into(), &["out"]);
}

#[test]
fn pipes_that_lie_twice() {
    let copy = |town: &mut Town| {
        let mut copy = town.pipes[0].clone();
        copy.row.id = 77;
        town.pipes.push(copy);
    };
    check_rule("SW03", copy, &["row 77"].map(|_| "a-b"));
    check_rule("SW05", copy, &[]);
    check_rule(
        "SW03",
        |town| {
            town.pipe(["b", "a"], System::Foul, 6.0).code = "back".into();
        },
        &["back"],
    );
    // A storm sewer in the same trench is no copy.
    check_rule(
        "SW03",
        |town| {
            town.pipe(["a", "b"], System::Storm, 8.0);
        },
        &[],
    );
}

#[test]
fn things_in_the_same_place() {
    let beside = |town: &mut Town, away_m: f64| {
        town.node("a2", [away_m, 0.0], NodeType::Manhole, System::Foul);
        town.pipe(["a2", "b"], System::Foul, 6.0);
    };
    check_rule("SW04", |town| beside(town, 0.03), &["a2"]);
    check_rule("SW04", |town| beside(town, 0.5), &[]);
    let along = |town: &mut Town, level_m: f64| {
        town.node("x", [10.0, 0.01], NodeType::Manhole, System::Combined);
        town.node("y", [30.0, 0.01], NodeType::Manhole, System::Combined);
        town.pipe(["x", "y"], System::Combined, level_m);
    };
    check_rule("SW05", |town| along(town, 6.0), &["x-y"]);
    check_rule("SW05", |town| along(town, 8.0), &[]);
}

#[test]
fn what_is_joined_to_nothing() {
    let alone = |town: &mut Town| {
        town.node("lone", [60.0, 40.0], NodeType::Manhole, System::Foul);
    };
    check_rule("SW06", alone, &["lone"]);
    // The pipe of this one is out of use.
    check_rule(
        "SW06",
        |town| {
            alone(town);
            town.pipe(["a", "lone"], System::Foul, 6.0).is_out_of_use = true;
        },
        &[],
    );
    let apart = |town: &mut Town, end: NodeType| {
        town.node("x", [0.0, 80.0], NodeType::Manhole, System::Foul);
        town.node("y", [40.0, 80.0], end, System::Foul);
        town.pipe(["x", "y"], System::Foul, 6.0);
    };
    check_rule("SW07", |town| apart(town, NodeType::Manhole), &["x-y"]);
    check_rule("SW15", |town| apart(town, NodeType::Manhole), &[]);
    check_rule("SW07", |town| apart(town, NodeType::Plant), &[]);
}

#[test]
fn ends_that_miss() {
    check_rule("SW08", |town| town.pipes[0].line[1] = place([38.0, 0.0]), &["a-b"]);
    let loose = |town: &mut Town, end: [f64; 2]| {
        let pipe = town.pipe(["a", "b"], System::Foul, 6.5);
        (pipe.code, pipe.from_code, pipe.to_code) = ("stub".into(), Box::default(), Box::default());
        pipe.line = vec![place([20.0, -30.0]), place(end)];
    };
    check_rule("SW08", |town| loose(town, [20.0, -0.6]), &["stub"]);
    check_rule("SW08", |town| loose(town, [20.0, -5.0]), &[]);
    let over = |town: &mut Town, system: System| {
        town.node("over", [20.0, 0.0], NodeType::Manhole, system);
        town.node("side", [20.0, -20.0], NodeType::Manhole, system);
        town.pipe(["over", "side"], system, 6.0);
    };
    check_rule("SW08", |town| over(town, System::Foul), &["over"]);
    check_rule("SW08", |town| over(town, System::Storm), &[]);
    // A gully may stand over a sewer: its own pipe leads to a manhole.
    check_rule(
        "SW08",
        |town| {
            over(town, System::Foul);
            town.nodes[7].node_type = NodeType::Inlet;
        },
        &[],
    );
}

#[test]
fn a_node_far_from_everything() {
    let many = |town: &mut Town, away_m: f64| {
        for number in 0..10 {
            town.node(&format!("n{number}"), [40.0 * f64::from(number), 90.0], NodeType::Manhole, System::Foul);
        }
        town.node("far", [away_m, 0.0], NodeType::Manhole, System::Foul);
    };
    check_rule("SW09", |town| many(town, 90_000.0), &["far"]);
    check_rule("SW09", |town| many(town, 900.0), &[]);
}

#[test]
fn slopes() {
    let rises = |town: &mut Town| town.pipes[1].invert_down_m = Some(5.9);
    check_rule("SW10", rises, &["b-c"]);
    let excused: [fn(&mut Town); 3] = [
        |town| town.pipes[1].is_pressure = true,
        |town| town.nodes[2].well = "siphon".into(),
        |town| town.pipes[1].link = Link::Pump,
    ];
    for excuse in excused {
        check_rule(
            "SW10",
            |town| {
                rises(town);
                excuse(town);
            },
            &[],
        );
    }
    let steep = |town: &mut Town| town.pipes[4].invert_up_m = Some(17.0);
    check_rule("SW11", steep, &["t-out"]);
    check_rule(
        "SW11",
        |town| {
            steep(town);
            town.nodes[6].well = "drop".into();
        },
        &[],
    );
}

#[test]
fn an_adverse_slope_is_found_where_inverts_are_trusted_first_too() {
    let mut town = Town::new();
    town.pipes[1].invert_down_m = Some(5.9);
    let joining = Joining { trusts_inverts: true, ..Joining::default() };
    let sewers = Sewers::new(town.pipes.clone(), town.nodes.clone(), joining);
    let found = check(&sewers, &[], &town.settings, |rule| rule.id == "SW10");
    assert_eq!(found.findings.iter().map(|it| it.element).collect::<Vec<_>>(), [town.pipes[1].row]);
    // Where nothing is recorded the inverts say the direction: there is no slope against it.
    for pipe in &mut town.pipes {
        (pipe.from_code, pipe.to_code) = (Box::default(), Box::default());
    }
    assert_eq!(town.found("SW10"), [""; 0]);
    assert_eq!(town.found("SW16"), ["b-c"]);
}

#[test]
fn sizes_along_a_sewer() {
    let small = |town: &mut Town| town.pipes[2].diameter_mm = Some(300.0);
    check_rule("SW12", small, &["c-plant"]);
    check_rule(
        "SW12",
        |town| {
            small(town);
            town.nodes[2].well = "intercepting".into();
        },
        &[],
    );
    check_rule(
        "SW12",
        |town| {
            small(town);
            town.pipes[1].section = "trapezoid".into();
        },
        &[],
    );
    // A larger sewer beside a smaller one at the junction counts, unless the smallest is to be judged by.
    let junction = |town: &mut Town, by_smallest: f64| {
        town.settings.by_smallest = by_smallest;
        town.node("side", [80.0, -40.0], NodeType::Manhole, System::Foul);
        town.pipe(["side", "c"], System::Foul, 6.0).diameter_mm = Some(600.0);
    };
    check_rule("SW12", |town| junction(town, 0.0), &["c-plant"]);
    check_rule("SW12", |town| junction(town, 1.0), &[]);
    check_rule("SW13", |town| town.pipes[1].diameter_mm = Some(500.0), &["b-c"]);
    check_rule("SW13", |town| town.pipes[1].diameter_mm = Some(300.0), &[]);
    check_rule("SW24", |town| town.pipes[1].diameter_mm = Some(410.0), &["b-c"]);
    check_rule("SW24", |town| town.pipes[1].diameter_mm = Some(1350.0), &[]);
}

#[test]
fn systems_that_meet() {
    check_rule("SW14", |town| town.pipes[3].to_code = "b".into(), &["s-t"]);
    check_rule("SW14", |town| town.pipes[0].to_code = "t".into(), &["a-b"]);
    check_rule("SW14", |town| town.pipes[1].system = System::Unknown, &[]);
    let combined = |town: &mut Town, well: &str| {
        town.pipes[0].system = System::Combined;
        town.nodes[1].well = well.into();
    };
    check_rule("SW14", |town| combined(town, "drain"), &["a-b"]);
    check_rule("SW14", |town| combined(town, "intercepting"), &[]);
    // Foul and storm water may run into a combined sewer.
    check_rule(
        "SW14",
        |town| {
            town.pipes[1].system = System::Combined;
            town.pipes[2].system = System::Combined;
            town.pipes[3].to_code = "b".into();
        },
        &[],
    );
    check_rule(
        "SW14",
        |town| {
            town.pipe(["b", "t"], System::Storm, 6.0).code = "branch".into();
        },
        &["branch"],
    );
    check_rule("SW14", |town| town.nodes[3].system = System::Storm, &["c-plant"]);
}

#[test]
fn storm_and_foul_sewers_share_no_head_and_no_dead_end() {
    let at_head = |town: &mut Town, system: System| {
        town.node("head", [-40.0, 3.0], NodeType::Manhole, System::Unknown);
        town.pipe(["head", "a"], system, 6.3).code = "first".into();
        town.pipe(["head", "s"], System::Storm, 8.3).code = "second".into();
    };
    check_rule("SW14", |town| at_head(town, System::Foul), &["second"]);
    // What nobody says is no finding.
    check_rule("SW14", |town| at_head(town, System::Unknown), &[]);
    let at_end = |town: &mut Town, own: System, goes_on: bool| {
        town.node("end", [160.0, 3.0], NodeType::Manhole, own);
        town.pipe(["b", "end"], System::Foul, 5.0).code = "first".into();
        town.pipe(["t", "end"], System::Storm, 7.0).code = "second".into();
        if goes_on {
            town.node("beyond", [200.0, 3.0], NodeType::Outfall, System::Unknown);
            town.pipe(["end", "beyond"], System::Unknown, 4.0);
        }
    };
    check_rule("SW14", |town| at_end(town, System::Unknown, false), &["second"]);
    check_rule("SW14", |town| at_end(town, System::Storm, false), &["first"]);
    check_rule("SW14", |town| at_end(town, System::Combined, false), &[]);
    // What goes on may be combined: nobody says it, and nothing ends here.
    check_rule("SW14", |town| at_end(town, System::Unknown, true), &[]);
    check_rule("SW14", |town| at_end(town, System::Storm, true), &[]);
}

#[test]
fn what_leaves_a_plant_is_clean() {
    let effluent = |town: &mut Town| {
        town.node("river", [160.0, 0.0], NodeType::Outfall, System::Storm);
        town.pipe(["plant", "river"], System::Storm, 5.0);
    };
    check_rule("SW14", effluent, &[]);
}

#[test]
fn where_the_water_ends() {
    check_rule("SW15", |town| town.nodes[3].node_type = NodeType::Manhole, &["plant"]);
    check_rule("SW35", |town| town.nodes[3].node_type = NodeType::Manhole, &["a-b"]);
    check_rule("SW15", |town| town.nodes[3].node_type = NodeType::Pump, &[]);
    check_rule("SW23", |town| town.nodes[3].node_type = NodeType::Pump, &["plant"]);
    let circle = |town: &mut Town, is_pressure: bool| {
        town.pipe(["c", "a"], System::Foul, 5.5).is_pressure = is_pressure;
    };
    check_rule("SW17", |town| circle(town, false), &["a-b"]);
    check_rule("SW17", |town| circle(town, true), &[]);
}

#[test]
fn a_reversed_pipe_is_told_once_and_can_be_turned() {
    let mut town = Town::new();
    // b → c is recorded as c → b, with its inverts as they are.
    let pipe = &mut town.pipes[1];
    (pipe.from_code, pipe.to_code) = ("c".into(), "b".into());
    (pipe.invert_up_m, pipe.invert_down_m) = (pipe.invert_down_m, pipe.invert_up_m);
    pipe.line.reverse();
    // A second sewer into c, so that c is a beginning for more than one pipe: it is none, as before.
    assert_eq!(town.found("SW16"), ["b-c"]);
    assert_eq!(town.found("SW15"), [""; 0]);
    let outcome = town.outcome();
    let fix = outcome.findings.iter().find(|finding| finding.rule == "SW16").and_then(|finding| finding.fix.clone());
    assert_eq!(fix.expect("a fix").changes, [Change::Reverse { row: town.pipes[1].row, line: true }]);
    // With inverts that fall as recorded nobody is sure.
    let mut unsure = Town::new();
    (unsure.pipes[1].from_code, unsure.pipes[1].to_code) = ("c".into(), "b".into());
    unsure.pipes[1].line.reverse();
    assert_eq!(unsure.found("SW16"), [""; 0]);
    assert_eq!(unsure.found("SW15"), ["b"]);
}

#[test]
fn lengths() {
    let long = |town: &mut Town| {
        town.nodes[0].at = Some(place([-60.0, 0.0]));
        town.pipes[0].line[0] = place([-60.0, 0.0]);
    };
    check_rule("SW18", long, &["a-b"]);
    check_rule(
        "SW18",
        |town| {
            long(town);
            town.pipes[0].is_pressure = true;
        },
        &[],
    );
    check_rule(
        "SW18",
        |town| {
            town.nodes[0].at = town.nodes[1].at;
            town.pipes[0].line[0] = town.pipes[0].line[1];
        },
        &["a-b"],
    );
    check_rule("SW25", |town| town.pipes[0].stated_length_m = Some(41.0), &["a-b"]);
    check_rule("SW25", |town| town.pipes[0].stated_length_m = Some(40.5), &[]);
}

#[test]
fn levels() {
    let set = |ground: f64, bottom: f64, depth: f64| {
        move |town: &mut Town| {
            let node = &mut town.nodes[0];
            (node.ground_m, node.bottom_m, node.depth_m) = (Some(ground), Some(bottom), Some(depth));
        }
    };
    check_rule("SW19", set(10.0, 10.5, -0.5), &["a"]);
    check_rule("SW19", set(25.0, 5.0, 20.0), &["a"]);
    check_rule("SW20", set(10.0, 5.0, 4.9), &["a"]);
    check_rule("SW20", set(10.0, 5.0, 4.95), &[]);
    check_rule("SW21", set(10.0, 6.1, 3.9), &["a-b"]);
    check_rule("SW21", set(10.0, 6.05, 3.95), &[]);
    check_rule("SW22", set(6.3, 5.0, 1.3), &["a-b"]);
    check_rule("SW36", set(6.3, 5.0, 1.3), &[]);
    check_rule("SW36", set(6.9, 5.0, 1.9), &["a-b"]);
    check_rule("SW36", set(7.0, 5.0, 2.0), &[]);
}

#[test]
fn marks_for_missing_values_are_no_values() {
    let mark = |town: &mut Town| {
        town.pipes[0].invert_up_m = Some(-99.0);
        town.nodes[0].ground_m = Some(9999.0);
    };
    check_rule("SW34", mark, &["a", "a-b"]);
    check_rule("SW34", |town| town.pipes[0].diameter_mm = Some(9999.0), &["a-b"]);
    for silent in ["SW10", "SW19", "SW20", "SW22", "SW26", "SW27"] {
        check_rule(silent, mark, &[]);
    }
    let mut town = Town::new();
    mark(&mut town);
    let fixes: Vec<Change> =
        town.outcome().findings.into_iter().filter_map(|it| it.fix).flat_map(|it| it.changes).collect();
    let rows = [town.nodes[0].row, town.pipes[0].row];
    assert_eq!(fixes, [Change::Clear(rows[0], "ground_level_m"), Change::Clear(rows[1], "invert_up_m")]);
}

#[test]
fn a_place_beyond_the_globe_is_one_finding_and_lies_on_nothing() {
    for bad in [f64::INFINITY, f64::NAN, 400.0] {
        let mut town = Town::new();
        town.pipes[0].line[1] = [bad, 29.7];
        assert_eq!((town.found("SW38"), town.found("SW05")), (vec!["a-b".to_owned()], Vec::new()));
    }
}

#[test]
fn values() {
    check_rule("SW23", |town| town.nodes[1].node_type = NodeType::Outfall, &["b"]);
    check_rule("SW26", |town| town.pipes[0].diameter_mm = None, &["a-b"]);
    check_rule("SW26", |town| town.nodes[0].ground_m = None, &["a"]);
    check_rule(
        "SW26",
        |town| {
            (town.pipes[0].invert_up_m, town.pipes[0].is_pressure) = (None, true);
        },
        &[],
    );
    check_rule("SW27", |town| town.pipes[0].material = "wood".into(), &["a-b"]);
    check_rule("SW27", |town| town.pipes[0].diameter_mm = Some(40_000.0), &["a-b"]);
    check_rule(
        "SW29",
        |town| {
            let twin = town.node("a", [0.0, 0.0], NodeType::Manhole, System::Foul);
            twin.ground_m = Some(10.4);
        },
        &["a"],
    );
}

#[test]
fn water_that_turns_back() {
    let back = |town: &mut Town, size: f64, drop_m: f64| {
        town.node("x", [50.0, -40.0], NodeType::Manhole, System::Foul);
        let pipe = town.pipe(["x", "b"], System::Foul, 5.8 + drop_m + 0.2);
        pipe.diameter_mm = Some(size);
        pipe.line[0] = place([70.0, -20.0]);
        town.nodes[7].at = Some(place([70.0, -20.0]));
    };
    check_rule("SW30", |town| back(town, 400.0, 0.0), &["x-b"]);
    check_rule("SW30", |town| back(town, 300.0, 0.5), &[]);
}

#[test]
fn crossings_need_a_node_where_the_pipes_would_touch() {
    let across = |town: &mut Town, system: System, level_m: Option<f64>| {
        town.node("x", [20.0, -20.0], NodeType::Manhole, system);
        town.node("y", [20.0, 3.0], NodeType::Plant, system);
        let pipe = town.pipe(["x", "y"], system, 6.0);
        (pipe.invert_up_m, pipe.invert_down_m) = (level_m, level_m.map(|level| level - 0.1));
    };
    check_rule("SW33", |town| across(town, System::Foul, Some(6.0)), &["x-y"]);
    check_rule("SW33", |town| across(town, System::Foul, Some(7.0)), &[]);
    check_rule("SW33", |town| across(town, System::Unknown, Some(6.0)), &["x-y"]);
    check_rule("SW33", |town| across(town, System::Unknown, None), &[]);
    check_rule("SW33", |town| across(town, System::Storm, Some(6.0)), &[]);
    check_rule("SW33", |town| across(town, System::Foul, None), &["x-y"]);
    check_rule("SW33", |town| across(town, System::Storm, None), &[]);
}

#[test]
fn inspections() {
    let survey = |defects: &[(&str, f64, Option<f64>)], length_m: f64| {
        let defects = (1..).zip(defects).map(|(id, (word, start_m, end_m))| {
            let (long, code) = Long::split(word);
            let (row, code) = (RowRef { layer: 3, id }, code.into());
            SurveyDefect { row, code, start_m: Some(*start_m), end_m: *end_m, long }
        });
        let survey = Survey {
            row: Some(RowRef { layer: 2, id: 9 }),
            pipe: 0,
            length_m: Some(length_m),
            defects: defects.collect(),
            ..Survey::default()
        };
        move |town: &mut Town| town.surveys.push(survey)
    };
    check_rule("SW31", survey(&[("PL", 40.4, None)], 40.4), &[]);
    check_rule("SW31", survey(&[("PL", 40.6, None)], 42.0), &["row 9", "row 1"]);
    check_rule("SW32", survey(&[("KSPL", 3.0, None), ("JSPL", 9.0, None), ("KSFS", 2.0, Some(5.0))], 40.0), &[]);
    check_rule("SW32", survey(&[("KSPL", 3.0, None), ("JSFS", 9.0, None)], 40.0), &["row 1", "row 2"]);
}

#[test]
fn a_wrong_name_is_mended_where_one_node_lies_at_the_end() {
    let fixes = |change: &dyn Fn(&mut Town)| {
        let mut town = Town::new();
        change(&mut town);
        town.outcome().findings.into_iter().filter_map(|it| it.fix).flat_map(|it| it.changes).collect::<Vec<_>>()
    };
    let row = RowRef { layer: 1, id: 2 };
    let named = [Change::Text(row, "to_node", "c".into())];
    assert_eq!(fixes(&|town| town.pipes[1].to_code = "nowhere".into()), named);
    assert_eq!(fixes(&|town| town.pipes[1].to_code = Box::default()), named);
    assert_eq!(fixes(&|town| town.pipes[1].to_code = "t".into()), named);
    // Two nodes there: nobody knows which.
    assert_eq!(
        fixes(&|town| {
            town.node("c2", [80.2, 0.0], NodeType::Manhole, System::Foul);
            town.pipe(["c2", "plant"], System::Foul, 5.6).code = "c2".into();
            town.pipes[1].to_code = "nowhere".into();
        }),
        []
    );
}
