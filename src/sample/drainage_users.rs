//! Drainage users: one for each compound that is lived in, one for each school, hospital, works and the like, and shops
//! along the streets. Most are in order; so many are not, and are listed for people to find.

use std::collections::BTreeMap;

use super::Fault;
use super::clock::day;
use super::compounds::Compound;
use super::land_use::Use;
use super::names::Names;
use super::network::width_m;
use super::plane::{P, along, distance, left, nearest_on, ring_center, round_to, sub, unit};
use super::rng::Rng;
use super::rows::{Rows, point};
use super::sewer_layout::{NodeKind, Water};
use super::sewers::Sewerage;
use super::world::World;
use crate::model::value::Value;
use crate::text;
use crate::text::Text;

/// What shops along the streets are: code, how often, ends of their names, least and most discharge in m³/d.
const SHOPS: [Shop; 7] = [
    ("catering", 52, &["餐馆", "酒楼", "面馆", "小炒店", "火锅店", "烧烤店", "早餐店"], [2.0, 15.0]),
    ("car_wash", 14, &["洗车行", "汽车美容店"], [3.0, 12.0]),
    ("hotel", 9, &["宾馆", "酒店", "旅馆"], [20.0, 80.0]),
    ("market", 5, &["农贸市场", "菜市场"], [15.0, 60.0]),
    ("construction", 6, &["改造工程工地", "建设项目工地"], [10.0, 40.0]),
    ("industry", 5, &["汽修厂", "印刷厂", "食品加工坊"], [8.0, 60.0]),
    ("other", 9, &["洗衣店", "美发店", "健身馆"], [1.0, 8.0]),
];

type Shop = (&'static str, u32, &'static [&'static str], [f64; 2]);

/// No node of the sewers lies nearer to a user that has no lateral, metres; the program looks within 50 m.
const LONELY_M: f64 = 62.0;

/// A user in the making.
struct User {
    at: P,
    name: String,
    trade: &'static str,
    /// Households, where people live.
    households: Option<i64>,
    volume_m3_per_d: Option<f64>,
    road: String,
    number: usize,
    /// The manhole it joins, as a place in the list of nodes.
    node: Option<usize>,
    fault: Option<Wrong>,
}

/// What is wrong with a user.
#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    Unlicensed,
    Expired,
    NoTrap,
    Storm,
    NoLateral,
}

/// Users as rows, and what is wrong with which of them.
pub(super) fn rows(world: &World, sewerage: &Sewerage, compounds: &[Compound]) -> (Rows, Vec<Fault>) {
    let mut rng = Rng::new(world.seed, "drainage users");
    let manholes = Manholes::new(sewerage);
    let mut users = homes_and_works(world, sewerage, &manholes, compounds, &mut rng);
    let first_shop = users.len();
    users.extend(shops(world, sewerage, &manholes, &mut rng));
    let shops = first_shop..users.len();
    spoil(&mut users, shops, &manholes, sewerage, world.figures.user_faults, &mut rng);
    users.extend(lonely(world, &manholes, sewerage, world.figures.user_faults[4], &mut rng));
    write(world, sewerage, &users, &mut rng)
}

/// The users of whole plots, each at the edge of its plot that is nearest to its manhole.
fn homes_and_works(
    world: &World,
    sewerage: &Sewerage,
    manholes: &Manholes,
    compounds: &[Compound],
    rng: &mut Rng,
) -> Vec<User> {
    let mut users = Vec::new();
    for compound in compounds {
        let plot = &world.plots[compound.plot];
        let (user_type, [least, most]) = match plot.land_use {
            Use::Residential | Use::OldQuarter if compound.households > 0 => ("residential", [0.0, 0.0]),
            Use::School => ("school", [30.0, 120.0]),
            Use::Hospital => ("hospital", [80.0, 400.0]),
            Use::Industrial => ("industry", [50.0, 600.0]),
            Use::Public => ("public", [5.0, 40.0]),
            Use::Commercial => ("other", [10.0, 60.0]),
            _ => continue,
        };
        let is_home = user_type == "residential";
        let volume_m3_per_d = (!is_home).then(|| round_to(rng.between(least, most), 10.0));
        let Some(node) = manholes.nearest(sewerage, world.town.blocks[plot.block].center, Water::Foul) else {
            continue;
        };
        users.push(User {
            at: edge_near(&plot.ring, sewerage.sewers.nodes[node].at),
            name: compound.name.clone(),
            trade: user_type,
            households: is_home.then_some(compound.households),
            volume_m3_per_d,
            road: plot.run.map_or("沿湖路", |run| world.road_name(run)).to_owned(),
            number: compound.plot % 180 + 1,
            node: Some(node),
            fault: None,
        });
    }
    users
}

/// The place of a ring that is nearest to another place.
fn edge_near(ring: &[P], to: P) -> P {
    let edges = (0..ring.len()).map(|place| nearest_on(ring[place], ring[(place + 1) % ring.len()], to));
    edges.min_by(|a, b| distance(*a, to).total_cmp(&distance(*b, to))).unwrap_or(to)
}

/// Shops beside manholes of the foul sewers, behind the kerb.
fn shops(world: &World, sewerage: &Sewerage, manholes: &Manholes, rng: &mut Rng) -> Vec<User> {
    let mut names = Names::new(world.seed, "drainage users");
    let weights = SHOPS.map(|shop| shop.1);
    let (nodes, pipes) = (&sewerage.sewers.nodes, &sewerage.sewers.pipes);
    let in_town: Vec<usize> =
        manholes.foul.iter().copied().filter(|&it| world.cell_at(nodes[it].at).is_some()).collect();
    let mut users = Vec::new();
    for _ in 0..if in_town.is_empty() { 0 } else { world.figures.shops } {
        let (user_type, _, tails, [least, most]) = SHOPS[rng.weighted(&weights)];
        let node = *rng.pick(&in_town);
        let own = &nodes[node];
        let ahead = manholes.outflow[node].map_or([1.0, 0.0], |pipe| sub(nodes[pipes[pipe].to as usize].at, own.at));
        let side = if rng.chance(0.5) { 1.0 } else { -1.0 };
        let far_m = width_m(world.network.runs[own.run].class) / 2.0 + rng.between(4.0, 9.0);
        let road = world.road_name(own.run);
        let stem = road.trim_end_matches(['路', '巷', '街', '里', '弄', '道', '大']);
        users.push(User {
            at: along(own.at, left(unit(ahead)), side * far_m),
            name: names.place(stem, tails),
            trade: user_type,
            households: None,
            volume_m3_per_d: Some(round_to(rng.between(least, most), 10.0)),
            road: road.to_owned(),
            number: rng.below(240) + 1,
            node: Some(node),
            fault: None,
        });
    }
    users
}

/// Makes so many of the shops unlicensed, expired, without grease trap, joined to a storm manhole; none twice.
fn spoil(
    users: &mut [User],
    shops: std::ops::Range<usize>,
    manholes: &Manholes,
    sewerage: &Sewerage,
    counts: [usize; 5],
    rng: &mut Rng,
) {
    let mut order: Vec<usize> = shops.collect();
    rng.shuffle(&mut order);
    let rules = [(Wrong::NoTrap, counts[2]), (Wrong::Storm, counts[3])];
    for (wrong, count) in rules.into_iter().chain([(Wrong::Unlicensed, counts[0]), (Wrong::Expired, counts[1])]) {
        let mut left = count;
        for &place in &order {
            let user = &mut users[place];
            if left == 0 || user.fault.is_some() || (wrong == Wrong::NoTrap && user.trade != "catering") {
                continue;
            }
            if wrong == Wrong::Storm {
                let near = manholes.nearest(sewerage, user.at, Water::Storm);
                let near = near.filter(|&node| distance(sewerage.sewers.nodes[node].at, user.at) < 45.0);
                let Some(node) = near else { continue };
                user.node = Some(node);
            }
            user.fault = Some(wrong);
            left -= 1;
        }
    }
}

/// Users in houses that lie far from every sewer.
fn lonely(world: &World, manholes: &Manholes, sewerage: &Sewerage, count: usize, rng: &mut Rng) -> Vec<User> {
    let mut names = Names::new(world.seed, "users without a lateral");
    let mut order: Vec<usize> = (0..world.buildings.len()).collect();
    rng.shuffle(&mut order);
    let mut users: Vec<User> = Vec::new();
    for building in order {
        let at = ring_center(&world.buildings[building].ring);
        let is_far = users.iter().all(|user| distance(user.at, at) > LONELY_M);
        if users.len() == count || !is_far || manholes.any_within(sewerage, at, LONELY_M) {
            continue;
        }
        let plot = &world.plots[world.buildings[building].plot];
        let road = plot.run.map_or("沿湖路", |run| world.road_name(run));
        let stem = road.trim_end_matches(['路', '巷', '街', '里', '弄', '道', '大']);
        users.push(User {
            at,
            name: names.place(stem, &["作坊", "仓库", "养护站", "训练场"]),
            trade: "other",
            households: None,
            volume_m3_per_d: Some(round_to(rng.between(1.0, 8.0), 10.0)),
            road: road.to_owned(),
            number: rng.below(240) + 1,
            node: None,
            fault: Some(Wrong::NoLateral),
        });
    }
    users
}

/// A permit: its number, its kind, how many days ago it began and ended.
struct Permit {
    number: Option<String>,
    kind: Option<&'static str>,
    days_ago: Option<[i64; 2]>,
}

/// Permits of five years, of building sites of a year and a half; so many users in order have one that ends soon.
fn permit(user: &User, number: usize, soon: &mut usize, rng: &mut Rng) -> Permit {
    let left = rng.below(1580) as i64;
    let is_key = rng.chance(0.2);
    if user.trade == "residential" || user.fault == Some(Wrong::Unlicensed) {
        return Permit { number: None, kind: None, days_ago: None };
    }
    let (kind, term) = match user.trade {
        "construction" => ("temporary", 540),
        "hospital" | "industry" => ("key", 1825),
        _ if is_key => ("key", 1825),
        _ => ("ordinary", 1825),
    };
    let until = match user.fault {
        Some(Wrong::Expired) => 1 + left % 700,
        None if *soon > 0 => {
            *soon -= 1;
            -(10 + left % 70)
        }
        _ => -(120 + left % (term - 240)),
    };
    let from = day(until + term);
    let year = from.as_str().and_then(|day| day.get(..4)).unwrap_or_default();
    let number = format!("浔排许{year}第{:05}号", number + 1);
    Permit { number: Some(number), kind: Some(kind), days_ago: Some([until + term, until]) }
}

fn write(world: &World, sewerage: &Sewerage, users: &[User], rng: &mut Rng) -> (Rows, Vec<Fault>) {
    let mut rows = Rows::new("drainage_user");
    let mut faults = Vec::new();
    let mut people = Names::new(world.seed, "drainage contacts");
    let mut soon = world.figures.expiring;
    for (number, user) in users.iter().enumerate() {
        let permit = permit(user, number, &mut soon, rng);
        let code = format!("PSH-{}-{:04}", world.letters_at(user.at), number + 1);
        let codes = world.codes_at(user.at);
        let is_kitchen = user.trade == "catering";
        let draws = [rng.chance(0.35), rng.chance(0.5)];
        let needs_works = matches!(user.trade, "hospital" | "industry" | "car_wash" | "construction");
        let system = system(sewerage, user, draws[0]);
        let days = |which: usize| permit.days_ago.map_or(Value::Null, |ago| day(ago[which]));
        let id = rows.add(
            point(user.at),
            vec![
                ("code", code.as_str().into()),
                ("name", user.name.as_str().into()),
                ("user_type", user.trade.into()),
                ("permit_number", permit.number.clone().into()),
                ("permit_kind", permit.kind.into()),
                ("permit_from", days(0)),
                ("permit_until", days(1)),
                ("sewer_system", system.into()),
                ("node_code", user.node.map(|node| sewerage.node_codes[node].as_str()).into()),
                ("households", user.households.into()),
                ("population", user.households.map(|households| households * 27 / 10).into()),
                ("volume_m3_per_d", user.volume_m3_per_d.into()),
                ("has_grease_trap", is_kitchen.then_some(user.fault != Some(Wrong::NoTrap)).into()),
                ("has_pretreatment", needs_works.then_some(draws[1] || user.trade == "hospital").into()),
                ("address", format!("{}{}号", user.road, user.number).into()),
                ("contact", people.person().into()),
                ("road_name", user.road.as_str().into()),
                ("street_code", codes.map(|codes| codes.street).into()),
                ("community_code", codes.map(|codes| codes.community).into()),
            ],
        );
        if let Some(wrong) = user.fault {
            let (rule, what) = told(wrong, user, sewerage, days(1).as_str());
            faults.push(Fault { rule, layer: "drainage_user", feature_id: id, code, what });
        }
    }
    (rows, faults)
}

/// What the record says it drains into; of those that join a storm manhole some records know it.
fn system(sewerage: &Sewerage, user: &User, is_known: bool) -> &'static str {
    match user.node.map(|node| sewerage.sewers.nodes[node].water) {
        None => "unknown",
        Some(Water::Storm) if is_known => "storm",
        Some(Water::Combined) => "combined",
        Some(_) => "foul",
    }
}

fn told(wrong: Wrong, user: &User, sewerage: &Sewerage, until: Option<&str>) -> (&'static str, Text) {
    match wrong {
        Wrong::Unlicensed => ("user_unlicensed", Text::new("没有排水许可证", "There is no permit")),
        Wrong::Expired => {
            let until = until.unwrap_or_default();
            ("user_expired", text!("许可证已于 {until} 到期", "The permit ended on {until}"))
        }
        Wrong::NoTrap => ("user_no_trap", Text::new("餐饮没有隔油池", "A kitchen without grease trap")),
        Wrong::Storm => {
            let node = user.node.map_or("", |node| &sewerage.node_codes[node]);
            ("user_to_storm", text!("接入雨水井 {node}", "It joins the storm manhole {node}"))
        }
        Wrong::NoLateral => {
            ("user_no_lateral", Text::new("50 m 内没有可接入的井", "There is no node to join within 50 m"))
        }
    }
}

/// Finds manholes by place.
struct Manholes {
    /// The pipe that leaves each node.
    outflow: Vec<Option<usize>>,
    /// Foul and combined manholes that a pipe leaves.
    foul: Vec<usize>,
    /// All nodes by squares.
    squares: BTreeMap<[i64; 2], Vec<usize>>,
}

/// Side of a square, metres.
const SQUARE_M: f64 = 80.0;

impl Manholes {
    fn new(sewerage: &Sewerage) -> Self {
        let nodes = &sewerage.sewers.nodes;
        let (_, outflow) = sewerage.sewers.topology();
        let outflow: Vec<Option<usize>> = outflow.iter().map(|pipe| pipe.map(|pipe| pipe as usize)).collect();
        let mut squares: BTreeMap<[i64; 2], Vec<usize>> = BTreeMap::new();
        for (number, node) in nodes.iter().enumerate() {
            squares.entry(square(node.at)).or_default().push(number);
        }
        let mut manholes = Self { outflow, foul: Vec::new(), squares };
        manholes.foul = (0..nodes.len()).filter(|&node| manholes.takes(sewerage, node, Water::Foul)).collect();
        manholes
    }

    /// Whether a node is a manhole that a pipe leaves, for storm water or for what is not.
    fn takes(&self, sewerage: &Sewerage, node: usize, water: Water) -> bool {
        let own = &sewerage.sewers.nodes[node];
        let is_storm = own.water == Water::Storm;
        own.kind == NodeKind::Manhole && is_storm == (water == Water::Storm) && self.outflow[node].is_some()
    }

    /// The nearest manhole for a water, within a kilometre or so.
    fn nearest(&self, sewerage: &Sewerage, at: P, water: Water) -> Option<usize> {
        let far = |node: usize| distance(sewerage.sewers.nodes[node].at, at);
        for reach in [1, 3, 12] {
            let near = self.around(at, reach).filter(|&node| self.takes(sewerage, node, water));
            let best = near.min_by(|&a, &b| far(a).total_cmp(&far(b)).then(a.cmp(&b)));
            // One that lies outside of the squares may be nearer than one in their corners.
            if let Some(best) = best.filter(|&node| far(node) <= reach as f64 * SQUARE_M) {
                return Some(best);
            }
        }
        None
    }

    fn any_within(&self, sewerage: &Sewerage, at: P, reach_m: f64) -> bool {
        self.around(at, 1).any(|node| distance(sewerage.sewers.nodes[node].at, at) < reach_m)
    }

    /// Nodes in the squares around a place.
    fn around(&self, at: P, reach: i64) -> impl Iterator<Item = usize> + '_ {
        let [column, row] = square(at);
        let squares =
            (column - reach..=column + reach).flat_map(move |x| (row - reach..=row + reach).map(move |y| [x, y]));
        squares.filter_map(|square| self.squares.get(&square)).flatten().copied()
    }
}

fn square(at: P) -> [i64; 2] {
    at.map(|metres| (metres / SQUARE_M).floor() as i64)
}
