//! The checks and the finder of cross connections on the sample city, whose faults are known, and on small towns.

use std::collections::BTreeMap;

use super::super::cross::{CrossConnections, Sewage, cross_connections};
use super::super::pipe::{NodeType, RowReader, RowRef, System};
use super::super::sewers::{Joining, Sewers};
use super::tests::Town;
use super::*;
use crate::sample::{self, SampleOptions};
use crate::task::Task;

/// Rows of the sample city as the network takes them.
fn sample_town(seed: u64, scale: f64) -> (Sewers, sample::SampleCity) {
    let city = sample::generate(&SampleOptions { seed, scale }, &mut Task::silent()).expect("nobody stops it");
    let layer = |kind: &str| city.layers.iter().find(|layer| layer.kind == kind).expect("a layer");
    let schema = |kind: &str| crate::kinds::find(kind).expect("a kind").schema(crate::geom::crs::Crs::CGCS2000);
    let (pipe_schema, node_schema) = (schema("sewer_pipe"), schema("sewer_node"));
    let readers = (RowReader::pipes(0, &pipe_schema), RowReader::nodes(1, &node_schema));
    let pipes = layer("sewer_pipe").features.iter();
    let pipes =
        pipes.map(|row| readers.0.pipe(row.id, row.geometry.as_ref(), &readers.0.pick(&pipe_schema, &row.values)));
    let nodes = layer("sewer_node").features.iter();
    let nodes =
        nodes.map(|row| readers.1.node(row.id, row.geometry.as_ref(), &readers.1.pick(&node_schema, &row.values)));
    (Sewers::new(pipes.collect(), nodes.collect(), Joining::default()), city)
}

/// Rule of each planted fault, and the row it is about.
fn planted(city: &sample::SampleCity) -> Vec<(&'static str, RowRef)> {
    let rule = |fault: &sample::Fault| match fault.rule {
        "adverse_slope" => "SW10",
        "big_into_small" => "SW12",
        "cross_connection" => "SW14",
        _ => "SW06",
    };
    let row = |fault: &sample::Fault| RowRef { layer: u16::from(fault.layer == "sewer_node"), id: fault.feature_id };
    city.faults.iter().map(|fault| (rule(fault), row(fault))).collect()
}

#[test]
fn planted_faults_are_found_and_little_else() {
    let (sewers, city) = sample_town(3, 0.12);
    let planted = planted(&city);
    let outcome = check(&sewers, &[], &Settings::default(), |_| true);
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &outcome.findings {
        if !planted.contains(&(finding.rule, finding.element)) && finding.severity != Severity::Info {
            *others.entry(finding.rule).or_default() += 1;
        }
    }
    for fault in &planted {
        let found = outcome.findings.iter().any(|finding| (finding.rule, finding.element) == *fault);
        assert!(found, "{fault:?} is not found");
    }
    // Streets bend: now and then two sewers of the town cross in a place where nobody planted anything.
    let precision = planted.len() as f64 / (planted.len() + others.values().sum::<usize>()) as f64;
    assert!(precision > 0.9, "{precision}: {others:?}");
}

#[test]
fn planted_cross_connections_come_first() {
    let (sewers, city) = sample_town(4, 0.12);
    let found = cross_connections(&sewers, &Sewage::default());
    let planted = planted(&city);
    let planted: Vec<RowRef> = planted.into_iter().filter(|fault| fault.0 == "SW14").map(|fault| fault.1).collect();
    let place = |row: &RowRef| {
        let has = |pipe: &u32| sewers.pipe(*pipe).is_some_and(|pipe| pipe.row == *row);
        found.candidates.iter().position(|candidate| candidate.pipes.iter().any(has))
    };
    assert!(!planted.is_empty());
    for row in &planted {
        assert!(place(row).is_some_and(|place| place < planted.len()), "{row:?}: {:?}", found.candidates);
    }
}

#[test]
fn a_foul_sewer_in_a_storm_sewer_is_found_with_the_outfall_that_it_fouls() {
    let mut town = Town::new();
    town.pipes[0].to_code = "t".into();
    let sewers = town.sewers();
    let found = cross_connections(&sewers, &Sewage::default());
    let name = |node: u32| sewers.node(node).map(|node| node.code.to_string()).unwrap_or_default();
    let best = &found.candidates[0];
    assert_eq!((name(best.node), best.from, best.to), ("t".to_owned(), System::Foul, System::Storm));
    assert!(best.score > 0.7 && best.purity == Some(1.0), "{best:?}");
    assert_eq!(best.open_first.as_ref().map(|look| name(look.node)), Some("a".to_owned()));
    let [outfall] = &found.outfalls[..] else { panic!("{:?}", found.outfalls) };
    assert_eq!(
        (name(outfall.node), outfall.joins.iter().map(|&it| name(it)).collect()),
        ("out".to_owned(), vec!["t".to_owned()])
    );
    assert!((outfall.foul_m - 40.0).abs() < 0.1 && (outfall.storm_m - 80.0).abs() < 0.1, "{outfall:?}");
    assert_eq!(cross_connections(&Town::new().sewers(), &Sewage::default()), CrossConnections::default());
}

#[test]
fn treated_water_fouls_no_outfall() {
    let mut town = Town::new();
    town.node("river", [160.0, 0.0], NodeType::Outfall, System::Storm);
    town.pipe(["plant", "river"], System::Storm, 5.0);
    assert_eq!(cross_connections(&town.sewers(), &Sewage::default()), CrossConnections::default());
}

#[test]
fn a_loop_counts_once_above_what_it_runs_into() {
    let mut town = Town::new();
    // a → b → a goes round, and one pipe of 40 m leads from b into the storm sewer.
    town.pipe(["b", "a"], System::Foul, 5.8);
    town.pipes[1].to_code = "t".into();
    let sewers = town.sewers();
    let found = cross_connections(&sewers, &Sewage::default());
    let best = found.candidates.iter().find(|it| it.to == System::Storm).expect("a candidate");
    assert!((best.upstream_m - 120.0).abs() < 0.5, "{best:?}");
}

#[test]
fn where_two_systems_begin_in_one_manhole_that_manhole_is_opened() {
    let mut town = Town::new();
    town.pipes[3].from_code = "a".into();
    let sewers = town.sewers();
    let found = cross_connections(&sewers, &Sewage::default());
    let name = |node: u32| sewers.node(node).map(|node| node.code.to_string()).unwrap_or_default();
    let [only] = &found.candidates[..] else { panic!("{:?}", found.candidates) };
    assert_eq!((name(only.node), only.upstream_m, only.purity), ("a".to_owned(), 0.0, None));
    assert_eq!(only.open_first.as_ref().map(|look| name(look.node)), Some("a".to_owned()));
}

#[test]
fn in_a_mixed_sewer_the_manhole_that_halves_the_search_is_opened_first() {
    let mut town = Town::new();
    // Ten more storm pipes come down to s, and half way a foul sewer of 300 m.
    for number in 0..10 {
        let code = format!("u{number}");
        town.node(&code, [-40.0 * f64::from(number + 1), 6.0], NodeType::Manhole, System::Storm);
        let below = if number == 0 { "s".to_owned() } else { format!("u{}", number - 1) };
        town.pipe([&code, &below], System::Storm, 8.2 + 0.2 * f64::from(number));
    }
    for number in 0..4 {
        let code = format!("f{number}");
        town.node(&code, [-200.0, 6.0 - 40.0 * f64::from(number + 1)], NodeType::Manhole, System::Foul);
        let below = if number == 0 { "u4".to_owned() } else { format!("f{}", number - 1) };
        town.pipe([&code, &below], System::Foul, 9.5 + 0.2 * f64::from(number));
    }
    // All of it ends in the foul sewer.
    town.pipes[3].to_code = "b".into();
    let sewers = town.sewers();
    let found = cross_connections(&sewers, &Sewage::default());
    let name = |node: u32| sewers.node(node).map(|node| node.code.to_string()).unwrap_or_default();
    let into_foul = found.candidates.iter().find(|it| it.to == System::Foul).expect("a candidate");
    assert!(into_foul.purity.is_some_and(|purity| purity > 0.6 && purity < 0.9), "{into_foul:?}");
    assert_eq!(into_foul.open_first.as_ref().map(|look| name(look.node)), Some("u3".to_owned()));
}
