//! Roads: overhead cables under treatment, new ducts, roads with a chief.

use std::collections::BTreeSet;

use super::clock::day;
use super::names::Names;
use super::network::width_m;
use super::plane::{P, along, ground_length_m, left, lon_lat, path_length, point_along, resample, stretch};
use super::rng::Rng;
use super::rows::{Rows, cents, line};
use super::world::World;

/// Stages with how often a road is mainly in each.
const STAGES: &[(&str, u32)] = &[
    ("not_started", 14),
    ("surveyed", 12),
    ("adopted", 14),
    ("in_work", 20),
    ("done", 26),
    ("accepted", 52),
    ("relapsed", 9),
];
const OPERATORS: &[(&str, u32)] =
    &[("telecom", 30), ("mobile", 26), ("unicom", 18), ("broadcast", 12), ("police", 5), ("other", 3), ("unknown", 6)];
/// Roads that the report names.
const DUCT_ROADS: &[&str] = &["庐峰路", "庐山北路", "滨江东路", "庾亮南路"];

/// Spans and ducts as rows.
pub(super) fn rows(world: &World) -> (Rows, Rows) {
    let mut rng = Rng::new(world.seed, "cables");
    let mut spans = Rows::new("cable_span");
    let mut poles = 0;
    let roads = chosen_roads(world, &mut rng);
    for (number, &run) in roads.iter().enumerate() {
        let has_duct = number < world.figures.duct_roads;
        add_spans(world, run, has_duct, &mut poles, &mut rng, &mut spans);
    }
    let ducts = ducts(world, &roads[..world.figures.duct_roads.min(roads.len())], &mut rng);
    (spans, ducts)
}

/// Runs of so many roads of different names: those with a duct first, then wide and narrow ones mixed.
fn chosen_roads(world: &World, rng: &mut Rng) -> Vec<usize> {
    let runs = &world.town_runs;
    let long_m = world.figures.duct_m / world.figures.duct_roads as f64 * 1.38;
    let named = DUCT_ROADS.iter().filter_map(|&name| runs.iter().copied().find(|&run| world.road_name(run) == name));
    let mut others: Vec<usize> =
        runs.iter().copied().filter(|&run| world.network.runs[run].length_m > long_m).collect();
    let mut rest = runs.clone();
    rng.shuffle(&mut others);
    rng.shuffle(&mut rest);
    rest.sort_by_key(|&run| u8::from(world.network.runs[run].length_m < 160.0));
    let with_duct = world.figures.duct_roads;
    let mut names = BTreeSet::new();
    let mut chosen: Vec<usize> = Vec::new();
    let candidates = named.filter(|&run| world.network.runs[run].length_m > long_m).chain(others);
    for run in candidates.take(with_duct * 40).chain(rest) {
        if chosen.len() == world.figures.cable_roads {
            break;
        }
        if names.insert(world.road_name(run)) {
            chosen.push(run);
        }
    }
    chosen
}

/// A side of the part of a run that lies in the town, where poles stand.
fn kerb(world: &World, run: usize, far_m: f64) -> Vec<P> {
    let path = resample(&world.network.runs[run].line, 10.0);
    let inside: Vec<P> = path.iter().copied().filter(|&at| world.cell_at(at).is_some()).collect();
    let path = if inside.len() > 3 { inside } else { path };
    let last = path.len() - 1;
    (0..=last)
        .map(|place| {
            let ahead = super::plane::sub(path[(place + 1).min(last)], path[place.saturating_sub(1)]);
            along(path[place], left(super::plane::unit(ahead)), -far_m)
        })
        .collect()
}

fn add_spans(world: &World, run: usize, has_duct: bool, poles: &mut usize, rng: &mut Rng, rows: &mut Rows) {
    let class = world.network.runs[run].class;
    let path = kerb(world, run, width_m(class) / 2.0 + 0.7);
    let total = path_length(&path).min(1400.0);
    let count = ((total / 42.0).round() as usize).max(1);
    let weights: Vec<u32> = STAGES.iter().map(|stage| stage.1).collect();
    let main_stage = rng.weighted(&weights);
    let letters = world.letters_at(path[0]).to_owned();
    let adopted_by =
        *rng.pick(&["中国电信九江分公司", "中国移动九江分公司", "中国联通九江分公司", "广电网络", "市城市管理局"]);
    for span in 0..count {
        let place = |number: usize| point_along(&path, total * number as f64 / count as f64).0;
        let ends = [place(span), place(span + 1)];
        *poles += 1;
        let stage = STAGES[if rng.chance(0.78) { main_stage } else { rng.weighted(&weights) }].0;
        let (treatment, crossing) = (treatment(stage, has_duct, rng), if rng.chance(0.08) { "road" } else { "along" });
        let clearance = if rng.chance(0.07) { rng.between(3.2, 4.4) } else { rng.between(4.6, 6.8) };
        let problem = match stage {
            "accepted" | "done" => None,
            _ => Some(*rng.pick(&["下垂", "杂乱", "废弃线缆", "净高不足", "无主线缆", "盘留过多"])),
        };
        let operator = OPERATORS[rng.weighted(&OPERATORS.iter().map(|it| it.1).collect::<Vec<_>>())].0;
        let geodesic_m = ground_length_m(&ends.map(lon_lat));
        rows.add(
            line(&ends),
            vec![
                ("code", format!("XL-{letters}-{:05}", rows.len() + 1).into()),
                ("road_name", world.road_name(run).into()),
                ("from_pole", format!("G{:05}", *poles).into()),
                ("to_pole", format!("G{:05}", *poles + 1).into()),
                ("operator", operator.into()),
                ("voltage", "weak".into()),
                ("cable_kind", (*rng.pick(&["fibre", "fibre", "fibre", "copper", "coax"])).into()),
                ("cable_count", (2 + rng.below(16) as i64).into()),
                ("in_use", ["used", "dead", "unknown"][rng.weighted(&[78, 14, 8])].into()),
                ("crossing", crossing.into()),
                ("clearance_m", super::plane::round_to(clearance, 10.0).into()),
                ("problem", problem.into()),
                ("stage", stage.into()),
                ("treatment", treatment.into()),
                ("zone_owner", (stage != "not_started" && stage != "surveyed").then_some(adopted_by).into()),
                ("deadline", day(-(10 + rng.below(150) as i64))),
                ("length_m", cents(geodesic_m)),
            ],
        );
    }
    *poles += 1;
}

fn treatment(stage: &str, has_duct: bool, rng: &mut Rng) -> Option<&'static str> {
    match stage {
        "not_started" | "surveyed" => None,
        _ if has_duct && rng.chance(0.7) => Some("underground"),
        _ => Some(["bundle", "tidy", "cut", "move", "merge"][rng.weighted(&[46, 24, 18, 7, 5])]),
    }
}

/// One duct on each road, all of them together exactly as long as the figure.
fn ducts(world: &World, roads: &[usize], rng: &mut Rng) -> Rows {
    let mut rows = Rows::new("cable_duct");
    let weights: Vec<f64> = roads.iter().map(|_| rng.between(0.75, 1.25)).collect();
    let sum: f64 = weights.iter().sum();
    for (&run, weight) in roads.iter().zip(weights) {
        let path = kerb(world, run, width_m(world.network.runs[run].class) / 2.0 + 2.2);
        let length_m = super::plane::round_to(world.figures.duct_m * weight / sum, 10.0);
        let duct = measured(&path, length_m);
        let geodesic_m = ground_length_m(&duct.iter().map(|&at| lon_lat(at)).collect::<Vec<_>>());
        let holes = *rng.pick(&[6_i64, 8, 12, 18]);
        rows.add(
            line(&duct),
            vec![
                ("code", format!("RD-{:03}", rows.len() + 1).into()),
                ("road_name", world.road_name(run).into()),
                ("holes_total", holes.into()),
                ("holes_used", (rng.below(holes as usize - 1) as i64).into()),
                ("length_m", cents(geodesic_m)),
                ("hole_mm", 110_i64.into()),
                ("built_on", day(200 + rng.below(700) as i64)),
                ("owner", "市城市管理局".into()),
            ],
        );
    }
    rows
}

/// The beginning of a path that is `length_m` long on the ground.
fn measured(path: &[P], length_m: f64) -> Vec<P> {
    let start = 6.0_f64.min(path_length(path) * 0.02);
    let mut plane_m = length_m;
    let mut part = stretch(path, start, start + plane_m);
    for _ in 0..4 {
        let ground_m = ground_length_m(&part.iter().map(|&at| lon_lat(at)).collect::<Vec<_>>());
        plane_m *= length_m / ground_m.max(0.1);
        part = stretch(path, start, start + plane_m);
    }
    part
}

/// Roads with a chief: the longest ones of different names.
pub(super) fn chief_rows(world: &World) -> Rows {
    let mut rng = Rng::new(world.seed, "road chiefs");
    let mut names = Names::new(world.seed, "chiefs");
    let mut rows = Rows::new("chief_road");
    let mut used = BTreeSet::new();
    let chiefs: Vec<String> = (0..50).map(|_| names.person()).collect();
    let leaders: Vec<String> = (0..6).map(|_| names.person()).collect();
    let units =
        ["市政工程管理处", "园林绿化服务中心", "环境卫生管理处", "城管执法支队", "数字化城管中心", "路灯管理所"];
    let mut order = world.town_runs.clone();
    order.sort_by_key(|&run| world.network.runs[run].class > 2);
    let longest = order.iter().filter(|&&run| used.insert(world.road_name(run).to_owned()));
    for (number, &run) in longest.take(world.figures.chief_roads).enumerate() {
        let own = &world.network.runs[run];
        let codes = world.codes_at(point_along(&own.line, own.length_m / 2.0).0);
        let is_key = number < world.figures.key_roads;
        let geodesic_m = ground_length_m(&own.line.iter().map(|&at| lon_lat(at)).collect::<Vec<_>>());
        let staff = [names.person(), names.person()].join("、");
        rows.add(
            line(&own.line),
            vec![
                ("code", format!("LZ-{:03}", number + 1).into()),
                ("name", own.name.as_str().into()),
                ("length_m", cents(geodesic_m)),
                ("chief", chiefs[number % chiefs.len()].as_str().into()),
                ("unit", units[number % units.len()].into()),
                ("grid_staff", staff.into()),
                ("liaison", names.person().into()),
                ("phone", format!("0792-555{:04}", rng.below(10_000)).into()),
                ("is_key_road", is_key.into()),
                ("leader", is_key.then(|| leaders[number % leaders.len()].as_str()).into()),
                ("patrolled_on", day(rng.below(21) as i64)),
                ("street_code", codes.map(|codes| codes.street).into()),
                ("remark", "示例数据，人名与电话均为虚构".into()),
            ],
        );
    }
    rows
}
