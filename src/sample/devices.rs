//! Cameras, manhole sensors, lamp controllers and bridges.

use super::clock::{day, instant};
use super::components::Lamp;
use super::names::english;
use super::network::{self, junctions, width_m};
use super::plane::{P, along, distance, point_along, round_to};
use super::rng::Rng;
use super::rows::{Rows, cents, point};
use super::sewer_layout::NodeKind;
use super::sewers::Sewerage;
use super::world::World;

/// Cameras at the junctions of wide streets, apart from each other.
pub(super) fn cameras(world: &World) -> Rows {
    let mut rng = Rng::new(world.seed, "cameras");
    let mut rows = Rows::new("camera");
    let mut places: Vec<(u32, u8)> = junctions(&world.network)
        .filter(|&node| world.cell_at(world.network.nodes[node as usize]).is_some())
        .map(|node| {
            let links = &world.network.ends[node as usize];
            (node, links.iter().map(|&link| world.network.links[link].class).min().unwrap_or(3))
        })
        .collect();
    rng.shuffle(&mut places);
    places.sort_by_key(|place| place.1);
    let mut taken: Vec<P> = Vec::new();
    for apart_m in [380.0, 160.0, 60.0, 0.0] {
        for &(node, class) in &places {
            let junction = world.network.nodes[node as usize];
            if taken.len() == world.figures.cameras || taken.iter().any(|&other| distance(other, junction) < apart_m) {
                continue;
            }
            taken.push(junction);
            let corner = width_m(class) / 2.0 + 1.5;
            let at = along(junction, *rng.pick(&[[0.7, 0.7], [-0.7, 0.7], [0.7, -0.7], [-0.7, -0.7]]), corner);
            add_camera(world, (node, at), taken.len() - 1, &mut rng, &mut rows);
        }
    }
    rows
}

fn add_camera(world: &World, (node, at): (u32, P), number: usize, rng: &mut Rng, rows: &mut Rows) {
    // Those that are offline are spread over the town.
    let offline = world.figures.cameras - world.figures.cameras_online;
    let is_offline = (number + 1) * offline / world.figures.cameras > number * offline / world.figures.cameras;
    let name = junction_name(world, node);
    rows.add(
        point(at),
        vec![
            ("code", format!("JK-{}-{:03}", world.letters_at(at), number + 1).into()),
            ("name", name.as_str().into()),
            ("state", if is_offline { "offline" } else { "online" }.into()),
            ("camera_type", ["fixed", "ptz", "panorama"][rng.weighted(&[50, 38, 12])].into()),
            ("direction_deg", (5.0 * rng.below(72) as f64).into()),
            ("height_m", round_to(rng.between(4.5, 8.0), 10.0).into()),
            ("owner", "市城市管理局".into()),
            ("installed_on", day(400 + rng.below(900) as i64)),
            ("reported_at", instant(if is_offline { 1500 + rng.below(40_000) as i64 } else { rng.below(9) as i64 })),
            ("address", name.into()),
            ("cell_code", world.codes_at(at).map(|codes| codes.cell).into()),
        ],
    );
}

/// A junction is called after its two widest streets.
pub(super) fn junction_name(world: &World, node: u32) -> String {
    let mut roads: Vec<(u8, &str)> = world.network.ends[node as usize]
        .iter()
        .map(|&link| (world.network.links[link].class, world.road_name(world.network.links[link].run)))
        .collect();
    roads.sort_unstable();
    roads.dedup_by_key(|road| road.1);
    match roads.as_slice() {
        [one, two, ..] => format!("{}与{}路口", one.1, two.1),
        [one] => one.1.to_owned(),
        [] => String::new(),
    }
}

/// Sensors in manholes, mostly in the low old town.
pub(super) fn sensors(world: &World, sewerage: &Sewerage) -> Rows {
    let mut rng = Rng::new(world.seed, "sensors");
    let mut rows = Rows::new("manhole_sensor");
    let nodes = &sewerage.sewers.nodes;
    let mut order: Vec<(f64, usize)> = (0..nodes.len())
        .filter(|&node| nodes[node].kind == NodeKind::Manhole && world.cell_at(nodes[node].at).is_some())
        .map(|node| (nodes[node].ground_m + rng.between(0.0, 6.0), node))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut taken: Vec<P> = Vec::new();
    for (_, node) in order {
        let at = nodes[node].at;
        if taken.len() == world.figures.sensors {
            break;
        }
        if taken.iter().any(|&other| distance(other, at) < 120.0) {
            continue;
        }
        let number = taken.len();
        taken.push(at);
        let depth = nodes[node].ground_m - nodes[node].bottom_m;
        let state = if number % 13 == 4 {
            "alarm"
        } else if number % 20 == 9 {
            "offline"
        } else {
            "ok"
        };
        let level = depth * if state == "alarm" { rng.between(0.7, 0.95) } else { rng.between(0.05, 0.4) };
        rows.add(
            point(at),
            vec![
                ("code", format!("JG-{:03}", number + 1).into()),
                ("node_code", sewerage.node_codes[node].as_str().into()),
                ("state", state.into()),
                ("water_level_m", cents(level)),
                ("alarm_level_m", cents(depth * 0.65)),
                ("is_tilted", (number % 17 == 11).into()),
                ("battery_percent", (18 + rng.below(82) as i64).into()),
                ("reported_at", instant(if state == "offline" { 5000 } else { rng.below(30) as i64 })),
                ("installed_on", day(120 + rng.below(600) as i64)),
                ("owner", "市城市管理局".into()),
                ("address", world.road_name(nodes[node].run).into()),
            ],
        );
    }
    rows
}

/// Controllers on lamps, street by street.
pub(super) fn controllers(world: &World, lamps: &[Lamp]) -> Rows {
    let mut rng = Rng::new(world.seed, "lamp controllers");
    let mut rows = Rows::new("lamp_controller");
    let wide: Vec<&Lamp> = lamps.iter().filter(|lamp| world.network.runs[lamp.run].class == 1).collect();
    let lamps: Vec<&Lamp> = if wide.len() > world.figures.controllers * 2 { wide } else { lamps.iter().collect() };
    let start = rng.below(lamps.len().saturating_sub(world.figures.controllers).max(1));
    for (number, lamp) in lamps.iter().skip(start).take(world.figures.controllers).enumerate() {
        let state = match number % 25 {
            7 => "fault",
            16 => "offline",
            _ => "ok",
        };
        rows.add(
            point(lamp.at),
            vec![
                ("code", format!("DK-{:03}", number + 1).into()),
                ("lamp_code", lamp.code.as_str().into()),
                ("state", state.into()),
                ("power_w", (*rng.pick(&[120.0, 150.0, 180.0, 250.0])).into()),
                ("brightness_percent", if state == "ok" { 100_i64 } else { 0 }.into()),
                ("reported_at", instant(if state == "offline" { 9000 } else { rng.below(20) as i64 })),
                ("installed_on", day(200 + rng.below(500) as i64)),
                ("road_name", world.road_name(lamp.run).into()),
                ("owner", "市路灯管理所".into()),
            ],
        );
    }
    rows
}

struct Place {
    at: P,
    run: usize,
    bridge_type: &'static str,
    over: String,
    rank: f64,
}

/// Bridges: every crossing of water first, then crossings of the railway, then footbridges over the widest streets.
pub(super) fn bridges(world: &World) -> Rows {
    let mut rng = Rng::new(world.seed, "bridges");
    let mut rows = Rows::new("bridge");
    let mut places = crossings(world);
    places.extend(footbridges(world, &mut rng));
    places.sort_by(|a, b| a.rank.total_cmp(&b.rank).then(a.run.cmp(&b.run)).then(a.at[0].total_cmp(&b.at[0])));
    let mut taken: Vec<P> = Vec::new();
    for place in places {
        if taken.len() == world.figures.bridges {
            break;
        }
        let apart_m = if place.bridge_type == "river" { 6.0 } else { 25.0 };
        if taken.iter().any(|&other| distance(other, place.at) < apart_m) {
            continue;
        }
        taken.push(place.at);
        add_bridge(world, &place, taken.len(), &mut rng, &mut rows);
    }
    rows
}

fn crossings(world: &World) -> Vec<Place> {
    let mut places = Vec::new();
    for (number, run) in world.network.runs.iter().enumerate() {
        let class = f64::from(run.class);
        for creek in &world.ground.creeks {
            places.extend(network::crossings(&run.line, &creek.line).into_iter().map(|at| Place {
                at,
                run: number,
                bridge_type: "river",
                over: creek.name.to_owned(),
                rank: class,
            }));
        }
        places.extend(network::crossings(&run.line, &world.ground.rail).into_iter().map(|at| Place {
            at,
            run: number,
            bridge_type: "railway",
            over: "铁路".to_owned(),
            rank: 10.0 + class,
        }));
    }
    places.retain(|place| world.ground.is_made(place.at));
    places
}

/// Places half way between two junctions of an arterial.
fn footbridges(world: &World, rng: &mut Rng) -> Vec<Place> {
    let links = (0..world.network.links.len()).filter(|&link| {
        let own = &world.network.links[link];
        world.town_links[link] && own.length_m > 60.0 && own.class <= 2
    });
    links
        .map(|link| {
            let own = &world.network.links[link];
            let at = point_along(&world.network.line(link), own.length_m / 2.0).0;
            Place {
                at,
                run: own.run,
                bridge_type: "footbridge",
                over: String::new(),
                rank: 20.0 + f64::from(own.class) + rng.unit(),
            }
        })
        .collect()
}

fn add_bridge(world: &World, place: &Place, number: usize, rng: &mut Rng, rows: &mut Rows) {
    let road = world.road_name(place.run);
    let width = width_m(world.network.runs[place.run].class);
    let (name, length, width) = match place.bridge_type {
        "river" => (format!("{road}{}桥", place.over.trim_end_matches('河')), rng.between(32.0, 70.0), width + 3.0),
        "railway" => (format!("{road}跨铁路桥"), rng.between(60.0, 240.0), width + 1.0),
        _ => (format!("{road}{number}号人行天桥"), width + 8.0, 4.0),
    };
    rows.add(
        point(place.at),
        vec![
            ("code", format!("QL-{number:03}").into()),
            ("name_en", english(&name).into()),
            ("name", name.into()),
            ("bridge_type", place.bridge_type.into()),
            ("length_m", cents(length)),
            ("width_m", cents(width)),
            ("condition", ["A", "B", "C", "D"][rng.weighted(&[30, 48, 19, 3])].into()),
            ("load_limit_t", (place.bridge_type != "footbridge").then(|| *rng.pick(&[30.0, 40.0, 49.0])).into()),
            ("built_year", (1986 + rng.below(38) as i64).into()),
            ("maintained_on", day(20 + rng.below(340) as i64)),
            ("owner", "市市政工程管理处".into()),
            ("road_name", road.into()),
        ],
    );
}
