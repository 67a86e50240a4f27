//! The sewers of the town, laid, levelled, numbered, and as rows.

use std::collections::BTreeMap;

use super::clock::day;
use super::faults::{self, Planted};
use super::inspections::Inspected;
use super::network::width_m;
use super::plane::{P, along, distance, left, sub, unit};
use super::rng::Rng;
use super::rows::{Rows, cents, line, point, thousandths};
use super::sewer_layout::{self as layout, NodeKind, Pipe, Sewers, Water};
use super::sewer_levels::millimetres;
use super::sewer_sites;
use super::world::World;

/// Treatment plants: name, place, capacity in m³/d.
const PLANTS: &[(&str, P, f64)] = &[
    ("鹤问湖污水处理厂", [-6900., 800.], 100_000.),
    ("老鹳塘污水处理厂", [3400., 3150.], 60_000.),
    ("两河地下污水处理厂", [-3500., -3900.], 30_000.),
    ("蓝天碧水污水处理厂", [6300., 4600.], 50_000.),
    ("芳兰污水处理厂", [1500., -4300.], 20_000.),
];

/// All sewers with their codes.
pub(super) struct Sewerage {
    /// Nodes and pipes.
    pub(super) sewers: Sewers,
    /// Planted faults.
    pub(super) planted: Vec<Planted>,
    /// Code of every node.
    pub(super) node_codes: Vec<String>,
    /// Code of every pipe.
    pub(super) pipe_codes: Vec<String>,
    /// Year in which every pipe was laid.
    pub(super) years: Vec<i64>,
}

/// Lays everything.
pub(super) fn lay(world: &World) -> Sewerage {
    let mut rng = Rng::new(world.seed, "sewers");
    let (ground, network) = (&world.ground, &world.network);
    let mut sewers = Sewers::default();
    let sites: Vec<P> = PLANTS.iter().map(|plant| super::plane::mul(plant.1, ground.scale)).collect();
    let links = foul_links(world);
    sewers.lay(ground, network, &links, &sewer_sites::plants(ground, network, &links, &sites), -1.0);
    sewers.trim(|water| water != Water::Storm, world.figures.foul_m, &mut rng);
    let outfalls = sewer_sites::outfalls(ground, network, &world.town_links);
    let storm = layout::storm_links(ground, network, &world.town_links, &outfalls, &mut rng);
    sewers.lay(ground, network, &storm, &outfalls, 1.0);
    sewers.level();
    add_inlets(world, &mut sewers);
    let planted = faults::plant(&mut sewers, ground, network, world.figures.faults, &mut rng);
    let node_codes = node_codes(world, &sewers);
    let pipe_codes = pipe_codes(&sewers, &node_codes);
    let years = years(world, &sewers);
    Sewerage { sewers, planted, node_codes, pipe_codes, years }
}

/// Streets of the town; where they are too short for the figure, streets around it as well.
fn foul_links(world: &World) -> Vec<bool> {
    let length_m = |links: &[bool]| {
        let laid = world.network.links.iter().zip(links).filter(|(_, laid)| **laid);
        laid.map(|(link, _)| link.length_m).sum::<f64>()
    };
    let mut links = world.town_links.clone();
    for reach_m in [150.0, 400.0, 900.0, 2500.0] {
        if length_m(&links) > world.figures.foul_m * 1.06 {
            break;
        }
        for (link, laid) in links.iter_mut().enumerate() {
            let at = world.network.nodes[world.network.links[link].nodes[0] as usize];
            *laid |= (0..8).any(|turn| {
                let step =
                    [[1., 0.], [0.7, 0.7], [0., 1.], [-0.7, 0.7], [-1., 0.], [-0.7, -0.7], [0., -1.], [0.7, -0.7]];
                world.cell_at(along(at, step[turn], reach_m)).is_some()
            });
        }
    }
    links
}

/// Two inlets at every third manhole of a storm sewer, one at each kerb.
fn add_inlets(world: &World, sewers: &mut Sewers) {
    let (_, outflow) = sewers.topology();
    let count = sewers.nodes.len();
    for node in (0..count).filter(|node| node % 3 == 0) {
        let own = sewers.nodes[node].clone();
        let Some(pipe) = outflow[node] else { continue };
        let below = &sewers.nodes[sewers.pipes[pipe as usize].to as usize];
        if own.water != Water::Storm || own.kind != NodeKind::Manhole || below.kind != NodeKind::Manhole {
            continue;
        }
        let mut across = left(unit(sub(below.at, own.at)));
        if across[1] - across[0] < 0.0 {
            across = [-across[0], -across[1]];
        }
        let kerb_m = width_m(world.network.runs[own.run].class) / 2.0 - 0.4;
        for far in [kerb_m - 2.7, -kerb_m - 2.7] {
            let at = along(own.at, across, far);
            let inlet = sewers.add_node(&world.ground, at, NodeKind::Inlet, Water::Storm, own.run);
            connect(sewers, inlet, node as u32);
        }
    }
    sewers.settle_floors();
}

fn connect(sewers: &mut Sewers, inlet: u32, manhole: u32) {
    sewers.add_pipe(inlet, manhole);
    let up = millimetres(sewers.nodes[inlet as usize].ground_m - 0.75);
    let floor = sewers.nodes[manhole as usize].bottom_m;
    let Some(pipe) = sewers.pipes.last_mut() else { return };
    let up = up.max(floor + 0.05);
    pipe.diameter_mm = 200;
    pipe.inverts_m = [up, millimetres((up - 0.01 * pipe.length_m).max(floor))];
}

/// Numbers like `WS-GT-0417`: water, sub-district, number.
fn node_codes(world: &World, sewers: &Sewers) -> Vec<String> {
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    sewers
        .nodes
        .iter()
        .map(|node| {
            let kind = match (node.kind, node.water) {
                (NodeKind::Pump, _) => "BZ",
                (NodeKind::Plant, _) => "WC",
                (NodeKind::Outfall, _) => "PK",
                (NodeKind::Inlet, _) => "YK",
                (_, Water::Storm) => "YS",
                (_, Water::Foul) => "WS",
                (_, Water::Combined) => "HS",
            };
            let prefix = format!("{kind}-{}", world.letters_at(node.at));
            let number = last.entry(prefix.clone()).or_default();
            *number += 1;
            format!("{prefix}-{number:04}")
        })
        .collect()
}

/// A pipe is called after its upper manhole, from which no other leaves.
fn pipe_codes(sewers: &Sewers, node_codes: &[String]) -> Vec<String> {
    sewers.pipes.iter().map(|pipe| format!("GD-{}", node_codes[pipe.from as usize])).collect()
}

/// Pipes of one street are of one age, by neighbourhood.
fn years(world: &World, sewers: &Sewers) -> Vec<i64> {
    use super::geography::Character;
    let mut rng = Rng::new(world.seed, "sewer years");
    let draws: Vec<f64> = (0..world.network.runs.len()).map(|_| rng.unit()).collect();
    let year = |pipe: &Pipe| {
        let run = &world.network.runs[pipe.run];
        let draw = draws[pipe.run];
        let (from, to) = match world.ground.character(run.line[0]) {
            Character::OldTown if draw < 0.6 => (1962.0, 1994.0),
            Character::OldTown | Character::Central => (1984.0, 2023.0),
            Character::NewDistrict => (2010.0, 2025.0),
            _ => (1996.0, 2024.0),
        };
        (from + (to - from) * draw) as i64
    };
    sewers.pipes.iter().map(year).collect()
}

fn water_code(water: Water) -> &'static str {
    match water {
        Water::Storm => "storm",
        Water::Foul => "foul",
        Water::Combined => "combined",
    }
}

fn material(pipe: &Pipe, year: i64, draw: f64) -> &'static str {
    match (pipe.is_pressure, pipe.diameter_mm, year) {
        (true, ..) if draw < 0.7 => "DI",
        (true, ..) => "ST",
        (_, 200, 2006..) => "PVC",
        (_, 200, _) => "CON",
        (_, ..=400, ..=1984) if draw < 0.5 => "CON",
        (_, ..=400, ..=1984) => "VCP",
        (_, 1200.., ..=1975) => "BR",
        (_, ..=500, 2006..) if draw < 0.85 => "HDPE",
        (_, 600..=800, 2012..) if draw < 0.25 => "GRP",
        (_, ..=400, ..=2005) if draw < 0.5 => "CON",
        _ => "RCP",
    }
}

/// Pipes as rows.
pub(super) fn pipe_rows(world: &World, sewerage: &Sewerage, inspected: &[Option<Inspected>]) -> Rows {
    let mut rng = Rng::new(world.seed, "pipe rows");
    let mut rows = Rows::new("sewer_pipe");
    for (number, pipe) in sewerage.sewers.pipes.iter().enumerate() {
        let ends = [pipe.from, pipe.to].map(|node| node as usize);
        let path = ends.map(|node| sewerage.sewers.nodes[node].at);
        let [up, down] = pipe.inverts_m;
        let year = sewerage.years[number];
        let rated = inspected[number].as_ref();
        let source = if year > 2012 { "竣工图" } else { "现场测绘" };
        rows.add(
            line(&path),
            vec![
                ("code", sewerage.pipe_codes[number].as_str().into()),
                ("sewer_type", water_code(pipe.water).into()),
                ("diameter_mm", pipe.diameter_mm.into()),
                ("section", "circle".into()),
                ("material", material(pipe, year, rng.unit()).into()),
                ("length_m", cents(pipe.length_m)),
                ("from_node", sewerage.node_codes[ends[0]].as_str().into()),
                ("to_node", sewerage.node_codes[ends[1]].as_str().into()),
                ("invert_up_m", thousandths(up)),
                ("invert_down_m", thousandths(down)),
                ("slope_permille", cents((up - down) / pipe.length_m * 1000.0)),
                ("is_pressure", pipe.is_pressure.into()),
                ("built_year", year.into()),
                ("road_name", world.road_name(pipe.run).into()),
                ("owner", "市城市管理局".into()),
                ("state", "in_use".into()),
                ("rating", rated.map(|it| it.grade).into()),
                ("inspected_on", rated.map_or(crate::model::value::Value::Null, |it| it.on.clone())),
                ("data_source", source.into()),
                ("surveyed_on", day(900 + (number % 500) as i64)),
            ],
        );
    }
    rows
}

/// Nodes as rows.
pub(super) fn node_rows(world: &World, sewerage: &Sewerage) -> Rows {
    let mut rng = Rng::new(world.seed, "node rows");
    let mut rows = Rows::new("sewer_node");
    let sewers = &sewerage.sewers;
    let (inflow, outflow) = sewers.topology();
    let mut pumps: BTreeMap<String, usize> = BTreeMap::new();
    for (number, node) in sewers.nodes.iter().enumerate() {
        let out = outflow[number].map(|pipe| &sewers.pipes[pipe as usize]);
        let road = world.road_name(node.run);
        let has_cover = matches!(node.kind, NodeKind::Manhole);
        let cover = ["ductile_iron", "cast_iron", "composite", "concrete"][rng.weighted(&[62, 16, 16, 6])];
        let cover_state = ["ok", "broken", "missing", "buried"][rng.weighted(&[950, 24, 3, 23])];
        let year = out.map(|_| outflow[number].map_or(2000, |pipe| sewerage.years[pipe as usize]));
        let depth = node.ground_m - node.bottom_m;
        let kind = node_kind(node.kind);
        let name = match node.kind {
            NodeKind::Pump => Some(numbered(&mut pumps, format!("{road}污水提升泵站"))),
            NodeKind::Plant => Some(plant_at(world, node.at).0.to_owned()),
            NodeKind::Outfall => Some(numbered(&mut pumps, format!("{road}雨水排口"))),
            _ => None,
        };
        let capacity = match node.kind {
            NodeKind::Plant => Some(plant_at(world, node.at).1),
            NodeKind::Pump => out.map(|pipe| (pipe.diameter_mm * pipe.diameter_mm / 40) as f64),
            _ => None,
        };
        let well = has_cover.then(|| well_type(sewers, number, &inflow, out));
        rows.add(
            point(node.at),
            vec![
                ("code", sewerage.node_codes[number].as_str().into()),
                ("node_type", kind.into()),
                ("sewer_type", water_code(node.water).into()),
                ("name", name.into()),
                ("well_type", well.into()),
                ("ground_level_m", cents(node.ground_m)),
                ("bottom_level_m", thousandths(node.bottom_m)),
                ("depth_m", thousandths(depth)),
                ("cover_material", has_cover.then_some(cover).into()),
                ("cover_shape", has_cover.then_some("round").into()),
                ("cover_size_mm", has_cover.then_some(700_i64).into()),
                ("cover_state", has_cover.then_some(cover_state).into()),
                ("receiving_water", (node.kind == NodeKind::Outfall).then(|| receiving(world, node.at)).into()),
                ("has_flap", (node.kind == NodeKind::Outfall).then_some(number % 3 != 0).into()),
                ("capacity_m3_per_d", capacity.into()),
                ("built_year", year.into()),
                ("road_name", road.into()),
                ("owner", "市城市管理局".into()),
                ("state", "in_use".into()),
                ("data_source", "现场测绘".into()),
                ("cell_code", world.codes_at(node.at).map(|codes| codes.cell).into()),
            ],
        );
    }
    rows
}

fn numbered(used: &mut BTreeMap<String, usize>, name: String) -> String {
    let number = used.entry(name.clone()).or_default();
    *number += 1;
    if *number == 1 { name } else { format!("{name}{number}") }
}

fn node_kind(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Manhole => "manhole",
        NodeKind::Inlet => "inlet",
        NodeKind::Pump => "pump",
        NodeKind::Outfall => "outfall",
        NodeKind::Plant => "plant",
    }
}

/// Where combined water passes into a foul sewer there is an intercepting well; pressure mains have their own.
fn well_type(sewers: &Sewers, number: usize, inflow: &[Vec<u32>], out: Option<&Pipe>) -> &'static str {
    let arriving = || inflow[number].iter().map(|&pipe| &sewers.pipes[pipe as usize]);
    match out {
        Some(out) if out.water == Water::Foul && arriving().any(|pipe| pipe.water == Water::Combined) => "intercepting",
        Some(out) if out.is_pressure || arriving().any(|pipe| pipe.is_pressure) => "pressure",
        Some(out) if arriving().any(|pipe| pipe.diameter_mm > 200 && pipe.inverts_m[1] > out.inverts_m[0] + 1.0) => {
            "drop"
        }
        _ => "drain",
    }
}

fn plant_at(world: &World, at: P) -> (&'static str, f64) {
    let far = |site: P| distance(super::plane::mul(site, world.ground.scale), at);
    let nearest = PLANTS.iter().min_by(|a, b| far(a.1).total_cmp(&far(b.1)));
    nearest.map_or(("污水处理厂", 10_000.0), |plant| (plant.0, plant.2))
}

fn receiving(world: &World, at: P) -> &'static str {
    let nearest = world.ground.waters.iter().min_by(|a, b| a.shore_distance(at).total_cmp(&b.shore_distance(at)));
    nearest.map_or("长江", |water| water.name.0)
}
