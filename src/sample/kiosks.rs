//! Waste kiosks beside the compounds they serve, and the plants that take what they collect.

use super::clock::day;
use super::compounds::Compound;
use super::names::english;
use super::plane::{P, along, distance, left, lerp, mul, sub, unit};
use super::rng::Rng;
use super::rows::{Rows, point};
use super::world::World;

/// A kiosk, for cases and notes on it.
pub(super) struct Kiosk {
    /// Where it stands.
    pub(super) at: P,
    /// Its name.
    pub(super) name: String,
}

/// Kiosks as rows: at the largest compounds, apart from each other.
pub(super) fn rows(world: &World, compounds: &[Compound]) -> (Rows, Vec<Kiosk>) {
    let mut rng = Rng::new(world.seed, "kiosks");
    let mut rows = Rows::new("kiosk");
    let mut placed: Vec<Kiosk> = Vec::new();
    let mut order: Vec<usize> = (0..compounds.len()).filter(|&it| compounds[it].is_managed.is_some()).collect();
    order.sort_by_key(|&it| (-compounds[it].households, it));
    for apart_m in [120.0, 80.0, 40.0, 0.0] {
        for &compound in &order {
            if placed.len() == world.figures.kiosks {
                return (rows, placed);
            }
            let at = gate(world, &compounds[compound], &mut rng);
            if placed.iter().all(|kiosk| distance(kiosk.at, at) > apart_m) {
                let name = add(world, &compounds[compound], at, placed.len(), &mut rng, &mut rows);
                placed.push(Kiosk { at, name });
            }
        }
    }
    (rows, placed)
}

/// Just inside the longest side of a compound.
fn gate(world: &World, compound: &Compound, rng: &mut Rng) -> P {
    let ring = &world.plots[compound.plot].ring;
    let edge = |place: usize| [ring[place], ring[(place + 1) % ring.len()]];
    let longest = (0..ring.len()).max_by(|&a, &b| {
        let size = |place: usize| distance(edge(place)[0], edge(place)[1]);
        size(a).total_cmp(&size(b))
    });
    let [a, b] = edge(longest.unwrap_or(0));
    along(lerp(a, b, rng.between(0.3, 0.7)), left(unit(sub(b, a))), 1.5)
}

fn add(world: &World, compound: &Compound, at: P, number: usize, rng: &mut Rng, rows: &mut Rows) -> String {
    let total = world.figures.kiosks;
    // 281 complete, 19 lack a class, 31 to be checked, 6 closed, spread evenly.
    let place = number * 337 / total.max(1);
    let state = match place * 167 % 337 {
        0..281 => "ok",
        281..300 => "missing",
        300..331 => "check",
        _ => "closed",
    };
    let households = compound.households.clamp(40, 900);
    let pairs = (households / 220).clamp(1, 4);
    let missing = if state == "missing" { rng.below(3) } else { 9 };
    let count = |class: usize, number: i64| if class == missing { 0 } else { number };
    let codes = world.codes_at(at);
    let name = format!("{}垃圾亭", compound.name);
    let run = world.plots[compound.plot].run;
    rows.add(
        point(at),
        vec![
            ("code", format!("K-{:03}", number + 1).into()),
            ("name", name.as_str().into()),
            ("site_type", "kiosk".into()),
            ("state", state.into()),
            ("recyclable_count", count(0, pairs).into()),
            ("food_count", count(1, pairs * 2).into()),
            ("hazardous_count", count(2, 1).into()),
            ("other_count", (pairs * 2).into()),
            ("container_l", (*rng.pick(&[120_i64, 240, 240])).into()),
            ("has_roof", rng.chance(0.92).into()),
            ("has_handwash", rng.chance(0.6).into()),
            ("has_camera", rng.chance(0.55).into()),
            ("has_lamp", rng.chance(0.8).into()),
            ("watch_hours", "06:30-09:00，18:00-20:30".into()),
            ("households_served", households.into()),
            ("compound_code", compound.code.as_str().into()),
            ("owner", "市城市管理局".into()),
            ("maintainer", "市环境卫生管理处".into()),
            ("built_on", day(300 + rng.below(1200) as i64)),
            ("checked_on", day(if state == "check" { 30 + rng.below(60) as i64 } else { 1 + rng.below(25) as i64 })),
            ("address", run.map_or("沿湖路", |run| world.road_name(run)).into()),
            ("street_code", codes.map(|codes| codes.street).into()),
            ("community_code", codes.map(|codes| codes.community).into()),
        ],
    );
    name
}

/// A plant with a place of its own: name, place, capacity in t/d.
type Site = (&'static str, P, f64);

/// Waste plants by type: its code, the end of their names, those with a place.
const PLANTS: [(&str, &str, &[Site]); 3] = [
    (
        "incinerator",
        "焚烧发电厂",
        &[("浔东", [7600., 3500.], 1500.), ("柴桑", [-7600., -2400.], 1200.), ("庐南", [900., -4250.], 800.)],
    ),
    ("kitchen", "厨余垃圾处理站", &[]),
    ("bulky", "大件垃圾拆解点", &[]),
];

/// Incinerators, kitchen-waste plants and bulky-waste yards as rows.
pub(super) fn plant_rows(world: &World) -> Rows {
    let mut rng = Rng::new(world.seed, "waste plants");
    let mut rows = Rows::new("waste_plant");
    let mut taken: Vec<P> = Vec::new();
    for ((plant_type, tail, fixed), count) in PLANTS.into_iter().zip(world.figures.waste_plants) {
        for number in 0..count {
            let wish = fixed.get(number).map(|site| mul(site.1, world.ground.scale));
            let at = site(world, wish, &taken, &mut rng);
            taken.push(at);
            let letters = world.letters_at(at);
            let quarter = world.cell_at(at).map(|cell| &world.districts.communities[world.community_of(cell)].name);
            let quarter = quarter.map_or("浔城", |name| name.trim_end_matches("社区").trim_end_matches('村'));
            let name = fixed.get(number).map_or(format!("{quarter}{tail}"), |site| format!("{}{tail}", site.0));
            let capacity = fixed.get(number).map_or(10.0 + 5.0 * rng.below(9) as f64, |site| site.2);
            let state = if number + 1 == count && count > 4 { "building" } else { "running" };
            rows.add(
                point(at),
                vec![
                    ("code", format!("HW-{letters}-{:02}", rows.len() + 1).into()),
                    ("name_en", english(&name).into()),
                    ("name", name.into()),
                    ("plant_type", plant_type.into()),
                    ("capacity_t_per_day", capacity.into()),
                    ("state", state.into()),
                    (
                        "maintainer",
                        (*rng.pick(&["浔环能源有限公司", "庐洁环境科技有限公司", "市环境卫生管理处"])).into(),
                    ),
                    ("built_year", (2008 + rng.below(16) as i64).into()),
                    ("address", format!("{quarter}附近").into()),
                    ("remark", "示例数据，位置虚构".into()),
                ],
            );
        }
    }
    rows
}

/// A plot for a plant: near the wish if there is one, else on works or free land, far from the others.
fn site(world: &World, wish: Option<P>, taken: &[P], rng: &mut Rng) -> P {
    use super::land_use::Use;
    let centers = world.plots.iter().map(|plot| (plot, world.town.blocks[plot.block].center));
    if let Some(wish) = wish {
        let nearest = centers.min_by(|a, b| distance(a.1, wish).total_cmp(&distance(b.1, wish)));
        return nearest.map_or(wish, |plot| plot.1);
    }
    let free: Vec<P> = centers
        .filter(|(plot, _)| matches!(plot.land_use, Use::Industrial | Use::Empty | Use::Public | Use::Commercial))
        .map(|plot| plot.1)
        .collect();
    let apart = |at: P| taken.iter().map(|&other| distance(other, at)).fold(f64::INFINITY, f64::min);
    let tried: Vec<P> = (0..12).map(|_| if free.is_empty() { world.ground.center } else { *rng.pick(&free) }).collect();
    tried.into_iter().max_by(|&a, &b| apart(a).total_cmp(&apart(b))).unwrap_or(world.ground.center)
}
