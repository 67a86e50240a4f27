//! The base map as rows: water, green, railway, roads, sub-districts, cells.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::day;
use super::land_use::Use;
use super::names::english;
use super::network::width_m;
use super::plane::{P, ground_length_m, lon_lat, resample, simplify};
use super::rng::Rng;
use super::rows::{Rows, area, areas, cents, line};
use super::world::World;

/// Rivers, lakes, creeks.
pub(super) fn water(world: &World) -> Rows {
    let mut rows = Rows::new("water");
    for water in &world.ground.waters {
        let (water_type, level) = match water.class {
            "river" => ("river", 13.2),
            "lake" => ("lake", 15.6),
            _ => ("canal", 15.1),
        };
        if water.ring.iter().any(|&at| world.ground.is_made(at)) {
            rows.add(
                area(&water.ring),
                vec![
                    ("name", water.name.0.into()),
                    ("name_en", water.name.1.into()),
                    ("water_type", water_type.into()),
                    ("level_m", level.into()),
                    ("maintainer", "市水利局".into()),
                    ("remark", "示例数据，虚构".into()),
                ],
            );
        }
    }
    rows
}

/// Hills, parks and lawns.
pub(super) fn green(world: &World) -> Rows {
    let mut rows = Rows::new("green");
    let mut rng = Rng::new(world.seed, "green");
    for hill in world.ground.hills.iter().filter(|hill| hill.ring.iter().any(|&at| world.ground.is_made(at))) {
        let green_type = if hill.name.contains("森林") { "woodland" } else { "park" };
        rows.add(area(&hill.ring), green_row(hill.name.to_owned(), green_type));
    }
    let in_hill = |at: P| world.ground.hills.iter().any(|hill| super::plane::inside(&hill.ring, at));
    for plot in world.plots.iter().filter(|plot| plot.land_use == Use::Green) {
        if in_hill(world.town.blocks[plot.block].center) {
            continue;
        }
        let road = plot.run.map_or("沿湖", |run| world.road_name(run));
        let (name, green_type) = match plot.area_m2 {
            _ if plot.at_shore => (shore_park(world, plot.ring[0]), "park"),
            large if large > 16_000.0 => (format!("{road}公园"), "park"),
            middle if middle > 3_500.0 => (format!("{road}游园"), "park"),
            _ => (String::new(), *rng.pick(&["street", "attached", "protective"])),
        };
        rows.add(area(&plot.ring), green_row(name, green_type));
    }
    rows
}

fn green_row(name: String, green_type: &'static str) -> Vec<(&'static str, crate::model::value::Value)> {
    let name_en = if name.is_empty() { String::new() } else { english(&name) };
    vec![
        ("name", name.into()),
        ("name_en", name_en.into()),
        ("green_type", green_type.into()),
        ("maintainer", "市园林绿化服务中心".into()),
    ]
}

/// The park at a shore is called after its water.
fn shore_park(world: &World, at: P) -> String {
    let nearest = world
        .ground
        .waters
        .iter()
        .filter(|water| water.class != "creek")
        .min_by(|a, b| a.shore_distance(at).total_cmp(&b.shore_distance(at)));
    nearest.map_or_else(String::new, |water| match water.name.0 {
        "长江" => "滨江公园".to_owned(),
        "甘棠湖" => "甘棠公园".to_owned(),
        "南门湖" => "南湖公园".to_owned(),
        name => format!("{name}公园"),
    })
}

/// The railway.
pub(super) fn railway(world: &World) -> Rows {
    let mut rows = Rows::new("railway");
    let made: Vec<P> = world.ground.rail.iter().copied().filter(|&at| world.ground.is_made(at)).collect();
    if made.len() > 1 {
        rows.add(
            line(&simplify(&resample(&made, 40.0), 0.4)),
            vec![("name", "京九铁路".into()), ("name_en", "Beijing–Kowloon Railway".into()), ("tracks", 2_i64.into())],
        );
    }
    rows
}

/// Roads, each stretch without a gap one row.
pub(super) fn roads(world: &World) -> Rows {
    let mut rows = Rows::new("road");
    let at_node = names_at_nodes(world);
    for motorway in world.ground.main_roads.iter().filter(|road| road.class == 0) {
        let made: Vec<P> = motorway.line.iter().copied().filter(|&at| world.ground.is_made(at)).collect();
        if made.len() > 1 {
            rows.add(line(&made), road_row(world, rows.len(), (motorway.name, 0), &made, ["", ""]));
        }
    }
    for run in &world.network.runs {
        let other = |node: u32| at_node[&node].iter().find(|&&name| name != run.name).copied().unwrap_or("");
        let ends = [other(run.nodes[0]), other(run.nodes[run.nodes.len() - 1])];
        rows.add(line(&run.line), road_row(world, rows.len(), (&run.name, run.class), &run.line, ends));
    }
    rows
}

/// Names of the roads at every node.
fn names_at_nodes(world: &World) -> BTreeMap<u32, BTreeSet<&str>> {
    let mut names: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for run in &world.network.runs {
        for &node in &run.nodes {
            names.entry(node).or_default().insert(&run.name);
        }
    }
    names
}

fn road_row(
    world: &World,
    number: usize,
    (name, class): (&str, u8),
    path: &[P],
    ends: [&str; 2],
) -> Vec<(&'static str, crate::model::value::Value)> {
    let index = usize::from(class);
    let length_m = ground_length_m(&path.iter().map(|&at| lon_lat(at)).collect::<Vec<_>>());
    let is_alley = class == 3 && name.ends_with(['巷', '里', '弄']);
    let road_class = if is_alley { "lane" } else { ["motorway", "arterial", "collector", "branch"][index] };
    let letters = world.letters_at(path[path.len() / 2]);
    vec![
        ("code", format!("DL-{letters}-{:04}", number + 1).into()),
        ("name", name.into()),
        ("name_en", english(name).into()),
        ("road_class", road_class.into()),
        ("width_m", width_m(class).into()),
        ("lanes", [6_i64, 6, 4, if is_alley { 1 } else { 2 }][index].into()),
        ("one_way", (is_alley && number.is_multiple_of(3)).into()),
        ("sanitation_class", ["1", "1", "2", if is_alley { "4" } else { "3" }][index].into()),
        ("length_m", cents(length_m)),
        ("from_place", ends[0].into()),
        ("to_place", ends[1].into()),
        ("surface", if is_alley { "concrete" } else { "asphalt" }.into()),
        ("maintainer", if class <= 2 { "市市政工程管理处" } else { "街道办事处" }.into()),
    ]
}

/// Districts, sub-districts, communities and cells, each tiled by the next.
pub(super) fn grid(world: &World) -> [Rows; 4] {
    let homes = homes(world);
    let group = |key: &dyn Fn(usize) -> String| {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        (0..world.cells.len()).for_each(|cell| groups.entry(key(cell)).or_default().push(cell));
        groups
    };
    let outline = |cells: &[usize]| {
        let rings = world.town.partition.outline(cells.iter().map(|&cell| world.cells[cell].ring.as_slice()));
        areas(&rings.iter().map(|ring| world.town.partition.positions(ring)).collect::<Vec<_>>())
    };
    let people = |cells: &[usize]| (cells.iter().map(|&cell| homes[cell]).sum::<i64>() * 27) / 10;
    let (mut districts, mut streets, mut communities) =
        (Rows::new("district"), Rows::new("street"), Rows::new("community"));
    for (code, cells) in group(&|cell| world.codes_of(cell).street[..6].to_owned()) {
        let own = world.districts.streets.iter().find(|street| street.code.starts_with(&code));
        let name = own.map_or(String::new(), |street| street.district.clone());
        districts.add(
            outline(&cells),
            vec![
                ("code", code.into()),
                ("name_en", english(&name).into()),
                ("name", name.into()),
                ("population", people(&cells).into()),
                ("remark", "示例数据，边界虚构".into()),
            ],
        );
    }
    for (code, cells) in group(&|cell| world.codes_of(cell).street.to_owned()) {
        let own = world.districts.streets.iter().find(|street| street.code == code);
        let name = own.map_or(String::new(), |street| street.name.clone());
        streets.add(
            outline(&cells),
            vec![
                ("district_code", code[..6].into()),
                ("code", code.into()),
                ("name_en", english(&name).into()),
                ("name", name.into()),
                ("population", people(&cells).into()),
                ("remark", "示例数据，边界虚构".into()),
            ],
        );
    }
    for (code, cells) in group(&|cell| world.codes_of(cell).community.to_owned()) {
        let name = world.districts.communities[world.community_of(cells[0])].name.clone();
        communities.add(
            outline(&cells),
            vec![
                ("street_code", code[..9].into()),
                ("code", code.into()),
                ("name_en", english(&name).into()),
                ("name", name.into()),
                ("households", cells.iter().map(|&cell| homes[cell]).sum::<i64>().into()),
                ("population", people(&cells).into()),
                ("remark", "示例数据，边界虚构".into()),
            ],
        );
    }
    [districts, streets, communities, cells(world)]
}

fn cells(world: &World) -> Rows {
    let mut rows = Rows::new("cell");
    let mut order: Vec<usize> = (0..world.cells.len()).collect();
    order.sort_by(|&a, &b| world.districts.cell_codes[a].cmp(&world.districts.cell_codes[b]));
    for cell in order {
        let ring = world.town.partition.positions(&world.cells[cell].ring);
        let codes = world.codes_of(cell);
        rows.add(
            area(&ring),
            vec![
                ("code", codes.cell.into()),
                ("area_m2", cents(world.cells[cell].area_m2)),
                ("community_code", codes.community.into()),
                ("street_code", codes.street.into()),
                ("start_date", day(1055)),
            ],
        );
    }
    rows
}

/// Households in every cell.
fn homes(world: &World) -> Vec<i64> {
    let mut homes = vec![0; world.cells.len()];
    for building in world.buildings.iter().filter(|building| building.households > 0) {
        if let Some(cell) = world.cell_at(super::plane::ring_center(&building.ring)) {
            homes[cell] += building.households;
        }
    }
    homes
}
