//! Users join the node that they name, or the nearest that may be it, and stand on the lists that they belong to.

use jiff::civil::{Date, date};

use super::cross::Sewage;
use super::lateral::{UserJoinedBy, system_at};
use super::pipe::{Node, NodeType, Pipe, RowRef, System};
use super::sewers::{Joining, Sewers};
use super::users::{LoadBy, LoadRules, NodeUse, Permit, User, UserList, UserRules, Users};
use crate::geom::plane::LocalPlane;

const ON: Date = date(2026, 11, 20);

fn at(x_m: f64, y_m: f64) -> [f64; 2] {
    LocalPlane::at([115.99, 29.71]).to_lonlat([x_m, y_m])
}

fn node(id: i64, code: &str, x_m: f64, system: System, node_type: NodeType) -> Node {
    let row = RowRef { layer: 1, id };
    Node { row, code: code.into(), at: Some(at(x_m, 0.0)), system, node_type, ..Node::default() }
}

/// A foul sewer F1 → F2 → F3 that ends at the outfall O, and a storm manhole S beside F1.
fn town() -> Sewers {
    let pipe = |id: i64, from: &str, to: &str| Pipe {
        row: RowRef { layer: 0, id },
        from_code: from.into(),
        to_code: to.into(),
        system: System::Foul,
        stated_length_m: Some(40.0),
        ..Pipe::default()
    };
    let nodes = vec![
        node(1, "F1", 0.0, System::Foul, NodeType::Manhole),
        node(2, "F2", 40.0, System::Foul, NodeType::Manhole),
        node(3, "F3", 80.0, System::Unknown, NodeType::Manhole),
        node(4, "O", 120.0, System::Storm, NodeType::Outfall),
        node(5, "S", 4.0, System::Storm, NodeType::Manhole),
    ];
    Sewers::new(vec![pipe(1, "F1", "F2"), pipe(2, "F2", "F3"), pipe(3, "F3", "O")], nodes, Joining::default())
}

fn user(x_m: f64, change: impl FnOnce(&mut User)) -> User {
    let mut user = User { at: Some(at(x_m, 5.0)), user_type: "catering".into(), ..User::default() };
    change(&mut user);
    user
}

#[track_caller]
fn check_join(user: User, node: Option<&str>, by: UserJoinedBy) {
    let town = town();
    let users = Users::new(&town, vec![user], UserRules::default());
    let (_, join) = users.user(0).expect("it is there");
    let found = join.node.and_then(|node| town.node(node)).map(|joint| &*joint.code);
    assert_eq!((found, join.by), (node, by));
}

#[track_caller]
fn check_lists(user: User, lists: &[UserList]) {
    let town = town();
    let users = Users::new(&town, vec![user], UserRules::default());
    let found: Vec<UserList> =
        UserList::ALL.into_iter().filter(|&list| !users.listed(&town, list, ON).is_empty()).collect();
    assert_eq!(found, lists);
    let counted = users.summary(&town, ON).listed.map(|listed| listed > 0);
    assert_eq!(counted, UserList::ALL.map(|list| lists.contains(&list)));
}

/// In order: a permit, a grease trap, a foul manhole.
fn sound(user: &mut User) {
    user.permit_number = "2024-1".into();
    user.permit_until = Some(date(2028, 1, 31));
    user.has_grease_trap = Some(true);
    user.node_code = "F2".into();
}

#[test]
fn a_user_joins_the_node_that_its_record_names_however_far() {
    check_join(user(900.0, |user| user.node_code = "F2".into()), Some("F2"), UserJoinedBy::Record);
    check_join(user(900.0, |user| user.at = None), None, UserJoinedBy::Nothing);
}

#[test]
fn without_a_name_the_nearest_node_within_reach_is_taken_but_no_storm_node_by_a_guess() {
    check_join(user(5.0, |_| {}), Some("F1"), UserJoinedBy::Nearest);
    check_join(user(5.0, |user| user.system = System::Storm), Some("S"), UserJoinedBy::Nearest);
    check_join(user(78.0, |user| user.node_code = "X".into()), Some("F3"), UserJoinedBy::NearestForMissing);
    check_join(user(-49.0, |_| {}), Some("F1"), UserJoinedBy::Nearest);
    check_join(user(-50.0, |_| {}), None, UserJoinedBy::Nothing);
}

#[test]
fn a_user_in_order_is_on_no_list() {
    check_lists(user(5.0, sound), &[]);
    check_lists(user(5.0, |user| user.user_type = "residential".into()), &[]);
}

#[test]
fn a_permit_holds_through_its_last_day() {
    let until = |day: Date| {
        move |user: &mut User| {
            sound(user);
            user.permit_until = Some(day);
        }
    };
    check_lists(user(5.0, until(date(2026, 11, 19))), &[UserList::Expired]);
    check_lists(user(5.0, until(ON)), &[UserList::Expiring]);
    check_lists(user(5.0, until(date(2027, 2, 18))), &[UserList::Expiring]);
    check_lists(user(5.0, until(date(2027, 2, 19))), &[]);
}

#[test]
fn a_permit_without_a_last_day_holds_five_years_but_not_a_building_sites() {
    let town = town();
    let users = Users::new(&town, Vec::new(), UserRules::default());
    let permit = |user_type: &str, from: Option<Date>| {
        let user = user(5.0, |user| {
            (user.user_type, user.permit_number, user.permit_from) = (user_type.into(), "1".into(), from);
        });
        users.permit(&user, ON)
    };
    assert_eq!(permit("catering", Some(date(2021, 11, 20))), Permit::Expired(date(2026, 11, 19)));
    assert_eq!(permit("catering", Some(date(2021, 11, 21))), Permit::Valid(ON));
    assert_eq!(permit("construction", Some(date(2021, 11, 20))), Permit::NoTerm);
    assert_eq!(permit("catering", None), Permit::NoTerm);
    assert_eq!(permit("residential", None), Permit::Exempt);
}

#[test]
fn users_out_of_order_are_on_their_lists() {
    let but = |change: fn(&mut User)| {
        user(5.0, |user| {
            sound(user);
            change(user);
        })
    };
    check_lists(but(|user| user.permit_number = "".into()), &[UserList::Unlicensed]);
    check_lists(but(|user| user.has_grease_trap = Some(false)), &[UserList::NoTrap]);
    check_lists(but(|user| user.node_code = "S".into()), &[UserList::Storm]);
    check_lists(but(|user| user.system = System::Storm), &[UserList::Storm]);
    check_lists(but(|user| (user.node_code, user.at) = ("X".into(), Some(at(500.0, 0.0)))), &[UserList::NoLateral]);
    // What nobody wrote down is no fault, and a car wash has no kitchen.
    check_lists(but(|user| user.has_grease_trap = None), &[]);
    check_lists(but(|user| (user.user_type, user.has_grease_trap) = ("car_wash".into(), Some(false))), &[]);
}

#[test]
fn a_user_is_on_a_storm_sewer_by_the_network_and_a_record_against_it_is_no_more_than_that() {
    let town = town();
    let says_storm = |node: &str| {
        user(5.0, |user| {
            sound(user);
            (user.name, user.system, user.node_code) = (node.into(), System::Storm, node.into());
        })
    };
    let users = Users::new(&town, vec![says_storm("F1"), says_storm("S")], UserRules::default());
    let listed = users.listed(&town, UserList::Storm, ON);
    let why: Vec<&str> = listed.iter().map(|listed| &*listed.why.en).collect();
    assert_eq!(
        why,
        [
            "Its record says storm sewer, but the node that it joins, F1, is foul: one of the two is wrong",
            "It joins the storm node S",
        ]
    );
    let misjoined = Sewage::of(&town, &users).misjoined;
    assert_eq!(misjoined.iter().map(|user| &*user.name).collect::<Vec<_>>(), ["S"]);
}

#[test]
fn what_comes_to_a_plant_drains_to_no_outfall() {
    let pipe = |id: i64, from: &str, to: &str| Pipe {
        row: RowRef { layer: 0, id },
        from_code: from.into(),
        to_code: to.into(),
        ..Pipe::default()
    };
    let nodes = vec![
        node(1, "F1", 0.0, System::Foul, NodeType::Manhole),
        node(2, "P", 40.0, System::Foul, NodeType::Plant),
        node(3, "O", 80.0, System::Unknown, NodeType::Outfall),
    ];
    let town = Sewers::new(vec![pipe(1, "F1", "P"), pipe(2, "P", "O")], nodes, Joining::default());
    let at = |code: &str| user(0.0, |user| (user.node_code, user.volume_m3_per_d) = (code.into(), Some(1.0)));
    let users = Users::new(&town, vec![at("F1"), at("P"), at("O")], UserRules::default());
    let outfalls = users.outfalls(&town);
    assert_eq!((outfalls[0].pipes, outfalls[0].users.as_slice()), (1, &[2][..]));
}

#[test]
fn a_node_without_a_system_carries_what_all_its_pipes_carry() {
    let town = town();
    let system = |code: &str| system_at(&town, town.nodes_with_code(code)[0]);
    assert_eq!([system("F3"), system("S")], [System::Foul, System::Storm]);
}

#[test]
fn discharges_are_recorded_or_counted_by_people_or_by_households() {
    let load = |change: fn(&mut User)| user(0.0, change).load_m3_per_d(&LoadRules::default());
    assert_eq!(load(|user| user.volume_m3_per_d = Some(7.5)), Some((7.5, LoadBy::Record)));
    assert_eq!(load(|user| (user.population, user.households) = (Some(200), Some(1))), Some((30.0, LoadBy::People)));
    assert_eq!(load(|user| user.households = Some(100)), Some((39.0, LoadBy::Households)));
    // Tables fill in 0 for what nobody wrote down.
    let nothing = |households: i64| {
        let zeros = |user: &mut User| {
            (user.volume_m3_per_d, user.population, user.households) = (Some(0.0), Some(0), Some(households));
        };
        user(0.0, zeros).load_m3_per_d(&LoadRules::default())
    };
    assert_eq!([nothing(110), nothing(0)], [Some((42.9, LoadBy::Households)), Some((0.0, LoadBy::Record))]);
    assert_eq!(load(|_| {}), None);
}

#[test]
fn what_drains_into_nodes_adds_up_at_the_outfall() {
    let town = town();
    let home = user(1.0, |user| {
        (user.user_type, user.households, user.node_code) = ("residential".into(), Some(100), "F1".into());
    });
    let kitchen = user(81.0, |user| user.volume_m3_per_d = Some(11.0));
    let lost = user(900.0, |user| user.volume_m3_per_d = Some(5.0));
    let users = Users::new(&town, vec![home, kitchen, lost], UserRules::default());
    let uses = users.node_uses();
    let first = NodeUse { households: 100, users: 1, kitchens: 0, volume_m3_per_d: 39.0 };
    assert_eq!((uses.len(), uses[&town.nodes_with_code("F1")[0]]), (2, first));
    let outfalls = users.outfalls(&town);
    assert_eq!((outfalls.len(), outfalls[0].pipes, outfalls[0].users.as_slice()), (1, 3, &[0, 1][..]));
    assert_eq!(outfalls[0].sum, NodeUse { households: 100, users: 2, kitchens: 1, volume_m3_per_d: 50.0 });
    let summary = users.summary(&town, ON);
    assert_eq!((summary.unjoined_m3_per_d, summary.loads, summary.sum.users), (5.0, [2, 1, 0], 3));
    assert_eq!((summary.by_record, summary.by_nearest, summary.node_missing), (1, 1, 0));
}
