//! What the sample city promises, tried on a small one.

use std::collections::{BTreeMap, BTreeSet};

use super::{SampleCity, SampleOptions, fingerprint, generate};
use crate::kinds;
use crate::model::feature::Feature;
use crate::model::value::Value;
use crate::task::{Cancel, Task};

fn small(seed: u64) -> SampleCity {
    generate(&SampleOptions { seed, scale: 0.06 }, &mut Task::silent()).expect("nobody stops it")
}

/// The rows of a layer, read by field id.
struct Table<'a> {
    kind: &'static kinds::kind::Kind,
    features: &'a [Feature],
}

impl<'a> Table<'a> {
    fn of(city: &'a SampleCity, kind: &str) -> Self {
        let layer = city.layers.iter().find(|layer| layer.kind == kind).expect("the layer is there");
        Self { kind: kinds::find(kind).expect("the kind is known"), features: &layer.features }
    }

    fn column(&self, field: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let place = self.kind.fields.iter().position(|it| it.id == field).expect("the field is there");
        self.features.iter().map(move |feature| &feature.values[place])
    }

    fn texts(&self, field: &str) -> Vec<&'a str> {
        self.column(field).map(|value| value.as_str().unwrap_or_default()).collect()
    }

    fn numbers(&self, field: &str) -> Vec<f64> {
        self.column(field).map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
    }
}

#[test]
fn the_same_seed_makes_the_same_city_and_another_seed_another() {
    let first = fingerprint(&small(5));
    assert_eq!(first, fingerprint(&small(5)));
    assert_ne!(first, fingerprint(&small(6)));
}

#[test]
fn a_cancelled_city_is_not_made() {
    let cancel = Cancel::default();
    cancel.cancel();
    assert!(generate(&SampleOptions::default(), &mut Task::new(cancel, |_| {})).is_err());
}

#[test]
fn every_value_passes_the_check_of_its_kind() {
    let city = small(1);
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for layer in &city.layers {
        let kind = kinds::find(layer.kind).expect("the kind is known");
        for problem in layer.features.iter().flat_map(|feature| (kind.check)(kind, feature)) {
            *found.entry(problem.rule).or_default() += 1;
        }
    }
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn whatever_has_a_name_on_the_map_has_one_in_latin_letters_too() {
    let city = small(1);
    for layer in &city.layers {
        let kind = kinds::find(layer.kind).expect("the kind is known");
        if !kind.fields.iter().any(|field| field.id == "name_en") {
            continue;
        }
        let table = Table::of(&city, layer.kind);
        for (name, name_en) in table.texts("name").into_iter().zip(table.texts("name_en")) {
            let is_latin = !name_en.is_empty() && name_en.chars().all(|letter| letter < '\u{300}' || letter == '–');
            assert!(name.is_empty() || is_latin, "{}: {name} is {name_en:?}", layer.kind);
        }
    }
}

#[test]
fn codes_are_there_and_not_given_twice() {
    let city = small(1);
    for layer in city.layers.iter().filter(|layer| !["case", "note"].contains(&layer.kind)) {
        let table = Table::of(&city, layer.kind);
        if table.kind.fields.iter().any(|field| field.id == "code") {
            let codes: BTreeSet<&str> = table.texts("code").into_iter().collect();
            assert_eq!(codes.len(), layer.features.len(), "{}", layer.kind);
        }
    }
}

#[test]
fn the_figures_are_met() {
    let city = small(1);
    let count = |kind: &str, field: &str, word: &str| {
        Table::of(&city, kind).column(field).filter(|value| value.to_string() == word).count()
    };
    let sum = |kind: &str, field: &str| Table::of(&city, kind).numbers(field).iter().sum::<f64>();
    let rows = |kind: &str| Table::of(&city, kind).features.len();
    assert_eq!(rows("cell"), 482);
    assert!((sum("cell", "area_m2") / 4.8e6 - 1.0).abs() < 0.001);
    assert_eq!((rows("kiosk"), count("compound", "property_management", "false")), (20, 31));
    assert_eq!((rows("camera"), count("camera", "state", "online")), (12, 11));
    assert_eq!((rows("manhole_sensor"), rows("lamp_controller"), rows("bridge")), (2, 12, 3));
    assert!((sum("sewer_inspection", "length_inspected_m") / 6324.84 - 1.0).abs() < 0.001);
    assert!((sum("cable_duct", "length_m") / 240.0 - 1.0).abs() < 0.001);
    let roads: BTreeSet<&str> = Table::of(&city, "cable_span").texts("road_name").into_iter().collect();
    assert_eq!((roads.len(), rows("chief_road"), rows("case"), rows("note")), (9, 4, 77, 13));
    let pipes = Table::of(&city, "sewer_pipe");
    let foul = pipes.numbers("length_m").into_iter().zip(pipes.texts("sewer_type")).filter(|pipe| pipe.1 != "storm");
    assert!((foul.map(|pipe| pipe.0).sum::<f64>() / 65_734.8 - 1.0).abs() < 0.001);
}

/// Edges of a polygon layer's rings, each with how often it is walked each way.
#[test]
fn cells_tile_without_gap_or_overlap() {
    use crate::model::geometry::{Coords, Visitor};
    struct Edges(BTreeMap<[[u64; 2]; 2], usize>);
    impl Visitor for Edges {
        fn path(&mut self, coords: Coords<'_>) {
            let points: Vec<[u64; 2]> = coords.iter().map(|at| at.map(f64::to_bits)).collect();
            for pair in points.windows(2) {
                *self.0.entry([pair[0], pair[1]]).or_default() += 1;
            }
        }
    }
    let city = small(2);
    let edges = |kind: &str| {
        let mut edges = Edges(BTreeMap::new());
        let features = Table::of(&city, kind).features.iter();
        features.filter_map(|feature| feature.geometry.as_ref()).for_each(|geometry| geometry.walk(&mut edges));
        edges.0
    };
    let border = |edges: &BTreeMap<[[u64; 2]; 2], usize>| {
        let open = edges.keys().filter(|[a, b]| !edges.contains_key(&[*b, *a])).copied();
        open.collect::<BTreeSet<_>>()
    };
    let cells = edges("cell");
    assert!(cells.values().all(|&walked| walked == 1), "no two cells lie on the same side of an edge");
    for parent in ["community", "street", "district"] {
        assert_eq!(border(&cells), border(&edges(parent)), "{parent}");
    }
}

#[test]
fn a_cell_code_begins_with_those_of_its_community_and_sub_district() {
    let city = small(2);
    let communities: BTreeSet<&str> = Table::of(&city, "community").texts("code").into_iter().collect();
    for code in Table::of(&city, "cell").texts("code") {
        assert!(code.len() == 15 && communities.contains(&code[..12]), "{code}");
    }
}

/// The network as its rows say it.
struct Net<'a> {
    node_type: BTreeMap<&'a str, &'a str>,
    pipes: Vec<Pipe<'a>>,
}

#[derive(Clone)]
struct Pipe<'a> {
    code: &'a str,
    water: &'a str,
    ends: [&'a str; 2],
    diameter_mm: f64,
    inverts_m: [f64; 2],
    is_pressure: bool,
}

impl<'a> Net<'a> {
    fn of(city: &'a SampleCity) -> Self {
        let (nodes, pipes) = (Table::of(city, "sewer_node"), Table::of(city, "sewer_pipe"));
        let node_type = nodes.texts("code").into_iter().zip(nodes.texts("node_type")).collect();
        let text = |field: &str| pipes.texts(field);
        let number = |field: &str| pipes.numbers(field);
        let (codes, waters, from, to) = (text("code"), text("sewer_type"), text("from_node"), text("to_node"));
        let (sizes, up, down) = (number("diameter_mm"), number("invert_up_m"), number("invert_down_m"));
        let pressure: Vec<bool> = pipes.column("is_pressure").map(|value| value.as_bool() == Some(true)).collect();
        let pipe = |it: usize| Pipe {
            code: codes[it],
            water: waters[it],
            ends: [from[it], to[it]],
            diameter_mm: sizes[it],
            inverts_m: [up[it], down[it]],
            is_pressure: pressure[it],
        };
        Self { node_type, pipes: (0..codes.len()).map(pipe).collect() }
    }

    fn arriving(&self) -> BTreeMap<&'a str, Vec<&Pipe<'a>>> {
        let mut into: BTreeMap<&str, Vec<&Pipe<'_>>> = BTreeMap::new();
        self.pipes.iter().for_each(|pipe| into.entry(pipe.ends[1]).or_default().push(pipe));
        into
    }
}

/// Codes of the planted faults of one rule.
fn planted<'a>(city: &'a SampleCity, rule: &str) -> BTreeSet<&'a str> {
    city.faults.iter().filter(|fault| fault.rule == rule).map(|fault| fault.code.as_str()).collect()
}

#[test]
fn faults_name_rows_that_are_there() {
    let city = small(3);
    for fault in &city.faults {
        let place = usize::try_from(fault.feature_id - 1).expect("ids begin at 1");
        assert_eq!(Table::of(&city, fault.layer).texts("code")[place], fault.code);
    }
    assert_eq!(city.faults.len(), 2 + 2 + 2 + 1);
}

#[test]
fn gravity_sewers_fall_but_for_the_planted_ones() {
    let city = small(3);
    let net = Net::of(&city);
    let rising = net.pipes.iter().filter(|pipe| !pipe.is_pressure && pipe.inverts_m[1] > pipe.inverts_m[0]);
    assert_eq!(rising.map(|pipe| pipe.code).collect::<BTreeSet<_>>(), planted(&city, "adverse_slope"));
}

#[test]
fn no_sewer_runs_into_a_smaller_one_but_for_the_planted_ones() {
    let city = small(3);
    let net = Net::of(&city);
    let arriving = net.arriving();
    let largest =
        |node: &str| arriving.get(node).into_iter().flatten().map(|pipe| pipe.diameter_mm).fold(0.0, f64::max);
    let small = net.pipes.iter().filter(|pipe| largest(pipe.ends[0]) > pipe.diameter_mm);
    assert_eq!(small.map(|pipe| pipe.code).collect::<BTreeSet<_>>(), planted(&city, "big_into_small"));
}

#[test]
fn storm_and_foul_water_meet_only_at_the_planted_connections() {
    let city = small(3);
    let net = Net::of(&city);
    let out: BTreeMap<&str, &Pipe<'_>> = net.pipes.iter().map(|pipe| (pipe.ends[0], pipe)).collect();
    let mixed = net
        .pipes
        .iter()
        .filter(|pipe| out.get(pipe.ends[1]).is_some_and(|next| (pipe.water == "storm") != (next.water == "storm")));
    assert_eq!(mixed.map(|pipe| pipe.code).collect::<BTreeSet<_>>(), planted(&city, "cross_connection"));
}

#[test]
fn all_water_arrives_at_a_plant_or_an_outfall() {
    let city = small(3);
    let net = Net::of(&city);
    let out: BTreeMap<&str, &str> = net.pipes.iter().map(|pipe| (pipe.ends[0], pipe.ends[1])).collect();
    let joined: BTreeSet<&str> = net.pipes.iter().flat_map(|pipe| pipe.ends).collect();
    let lone = net.node_type.keys().filter(|node| !joined.contains(*node)).copied().collect::<BTreeSet<_>>();
    assert_eq!(lone, planted(&city, "orphan"));
    for &start in &joined {
        let mut node = start;
        for _ in 0..net.pipes.len() {
            let Some(&next) = out.get(node) else { break };
            node = next;
        }
        assert!(matches!(net.node_type[node], "plant" | "outfall"), "{start} ends at {node}");
    }
}

#[test]
fn every_source_and_severity_comes_up() {
    let city = generate(&SampleOptions { seed: 1, scale: 0.06 }, &mut Task::silent()).expect("nobody stops it");
    let words = |kind, field| Table::of(&city, kind).texts(field).into_iter().collect::<BTreeSet<_>>().len();
    assert_eq!((words("case", "source"), words("case", "state")), (5, 15));
    assert_eq!((words("note", "severity"), words("note", "state")), (3, 3));
}

#[test]
fn users_join_manholes_that_are_there_and_what_is_wrong_with_them_is_listed() {
    let city = small(3);
    let users = Table::of(&city, "drainage_user");
    let nodes = Table::of(&city, "sewer_node");
    let storm: BTreeMap<&str, bool> = nodes
        .texts("code")
        .into_iter()
        .zip(nodes.texts("sewer_type").into_iter().map(|water| water == "storm"))
        .collect();
    let planted = |rule: &str| -> BTreeSet<&str> {
        city.user_faults.iter().filter(|fault| fault.rule == rule).map(|fault| fault.code.as_str()).collect()
    };
    let codes = users.texts("code");
    let with = |is: &dyn Fn(usize) -> bool| -> BTreeSet<&str> {
        (0..codes.len()).filter(|&place| is(place)).map(|place| codes[place]).collect()
    };
    let (types, permits) = (users.texts("user_type"), users.texts("permit_number"));
    let (until, joined) = (users.texts("permit_until"), users.texts("node_code"));
    let traps: Vec<&Value> = users.column("has_grease_trap").collect();
    let is_home = |place: usize| types[place] == "residential";
    assert_eq!(with(&|it| !is_home(it) && permits[it].is_empty()), planted("user_unlicensed"));
    assert_eq!(with(&|it| !until[it].is_empty() && until[it] < "2026-11-20"), planted("user_expired"));
    assert_eq!(with(&|it| types[it] == "catering" && traps[it].as_bool() != Some(true)), planted("user_no_trap"));
    assert_eq!(with(&|it| storm.get(joined[it]) == Some(&true)), planted("user_to_storm"));
    assert_eq!(with(&|it| joined[it].is_empty()), planted("user_no_lateral"));
    assert!(joined.iter().all(|code| code.is_empty() || storm.contains_key(code)));
    assert_eq!(city.user_faults.len(), 4 + 3 + 3 + 2 + 2);
    for fault in &city.user_faults {
        let place = usize::try_from(fault.feature_id - 1).expect("ids begin at 1");
        assert_eq!(codes[place], fault.code);
    }
}

#[test]
fn every_household_of_a_compound_drains_somewhere() {
    let city = small(3);
    let sum = |kind: &str| {
        let households = Table::of(&city, kind).numbers("households");
        households.into_iter().filter(|count| count.is_finite()).sum::<f64>()
    };
    assert!(sum("compound") > 1000.0);
    assert!((sum("drainage_user") - sum("compound")).abs() < 0.5);
}
