//! Users and loads of the sample city: what was planted is found, what comes in arrives.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;

use super::SewerDesk;
use super::capacity::CapacityAsk;
use super::users::{UserCard, UsersAsk};
use crate::model::expr::Expr;
use crate::session::command::{CityCommand, Command};
use crate::session::test_city::TestCity;
use crate::store::city::City;
use crate::task::Task;
use crate::trades::sewer::manning::NoCapacity;
use crate::trades::sewer::users::UserList;

/// A small sample city, and where it is asked.
fn sample() -> (TestCity, SewerDesk) {
    let mut city = TestCity::without_city();
    let path = city.city_path();
    city.run(Command::City(CityCommand::Demo { path, seed: 4, scale: 0.06, overwrite: false }));
    city.open();
    let desk = city.session.sewers().expect("a city is open");
    (city, desk)
}

/// Codes of the users that something was made wrong with, by rule.
fn planted(city: &City) -> BTreeMap<String, BTreeSet<String>> {
    let fields = ["rule", "code"].map(str::to_owned);
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let read = city.reader().expect("it reads").scan("planted_user_fault", None, &fields, &mut |_, _, values| {
        let [rule, code] = [0, 1].map(|at| values[at].to_string());
        found.entry(rule).or_default().insert(code);
        std::ops::ControlFlow::Continue(())
    });
    read.expect("the table is there");
    found
}

#[test]
fn what_is_wrong_with_the_samples_users_is_found_and_nothing_else() {
    let (_city, desk) = sample();
    let ask = UsersAsk { on: Some(date(2026, 11, 20)), outfalls: true, ..UsersAsk::default() };
    let report = desk.users(&ask, &mut Task::silent()).expect("an answer");
    let planted = planted(desk.city());
    for (rule, list) in [
        ("user_unlicensed", UserList::Unlicensed),
        ("user_expired", UserList::Expired),
        ("user_no_trap", UserList::NoTrap),
        ("user_to_storm", UserList::Storm),
        ("user_no_lateral", UserList::NoLateral),
    ] {
        let on_list = report.listed.iter().filter(|listed| listed.list == list);
        let codes: BTreeSet<String> = on_list.map(|listed| listed.who.user.code.to_string()).collect();
        assert_eq!(planted.get(rule), Some(&codes), "{rule}");
    }
    let expiring = report.listed.iter().filter(|listed| listed.list == UserList::Expiring).count();
    assert_eq!((expiring, report.summary.by_nearest, report.summary.node_missing), (1, 0, 0));
    // Those on storm sewers drain to an outfall, and what an outfall gets is what its users discharge.
    let fouled: Vec<&UserCard> = report.outfalls.iter().flat_map(|outfall| &outfall.users).collect();
    assert!(fouled.len() >= planted["user_to_storm"].len(), "{}", fouled.len());
    for outfall in &report.outfalls {
        let sum: f64 = outfall.users.iter().filter_map(|who| Some(who.load?.0)).sum();
        assert!((sum - outfall.sum.volume_m3_per_d).abs() < 1e-9 && outfall.users.len() == outfall.sum.users);
    }
}

#[test]
fn the_samples_sewage_arrives_at_its_plants_and_outfalls() {
    let (_city, desk) = sample();
    let found = desk.capacity(&CapacityAsk::default(), &mut Task::silent()).expect("an answer");
    let came = found.in_l_per_s * 86.4;
    let went: f64 = found.sinks.iter().map(|sink| sink.mean_m3_per_d).sum();
    assert!(came > 100.0 && (went - came).abs() < 1e-6 * came, "{went} for {came}");
    assert!(found.sinks.iter().all(|sink| sink.is_outlet && !sink.is_loop));
    assert!(found.sinks.iter().any(|sink| sink.design_m3_per_d.is_some()), "a plant tells its design");
    let why =
        |reason: NoCapacity| NoCapacity::ALL.iter().position(|it| *it == reason).map(|place| found.without[place]);
    assert_eq!((why(NoCapacity::Adverse), why(NoCapacity::NoInverts)), (Some(2), Some(0)), "the planted slopes");
    let ratios: Vec<f64> = found.pipes.iter().filter_map(|pipe| pipe.load.ratio()).collect();
    assert!(ratios.is_sorted_by(|a, b| a >= b) && ratios[0] > 0.0, "the fullest come first");
    let foul = Expr::parse("sewer_type = 'foul'").expect("a condition");
    let some = desk.capacity(&CapacityAsk { filter: Some(foul), ..CapacityAsk::default() }, &mut Task::silent());
    let some = some.expect("an answer");
    assert!(some.pipes.iter().all(|pipe| pipe.system == "foul") && some.pipes.len() < found.pipes.len());
    assert_eq!((some.in_l_per_s, some.sinks.len()), (found.in_l_per_s, found.sinks.len()));
}
