//! Compounds (小区) and the houses in them: names, households, who manages them, renewal.

use super::land_use::Use;
use super::names::{Names, english};
use super::plane::{P, ring_center};
use super::rng::Rng;
use super::rows::{Rows, area, cents};
use super::world::World;

/// A compound, and what others need to know of it.
pub(super) struct Compound {
    /// The plot it covers.
    pub(super) plot: usize,
    /// Code.
    pub(super) code: String,
    /// Name in Chinese.
    pub(super) name: String,
    /// Households.
    pub(super) households: i64,
    /// Houses.
    pub(super) buildings: Vec<usize>,
    /// `None` where nobody lives.
    pub(super) is_managed: Option<bool>,
    /// Year of its first house.
    pub(super) built_year: i64,
}

/// Finds the compounds of the town.
pub(super) fn find(world: &World) -> Vec<Compound> {
    let mut houses: Vec<Vec<usize>> = vec![Vec::new(); world.plots.len()];
    for (number, building) in world.buildings.iter().enumerate() {
        houses[building.plot].push(number);
    }
    let mut names = Names::new(world.seed, "compounds");
    let mut found = Vec::new();
    for (plot, buildings) in houses.into_iter().enumerate() {
        let own = &world.plots[plot];
        if buildings.is_empty() || own.land_use == Use::Empty {
            continue;
        }
        let households: i64 = buildings.iter().map(|&house| world.buildings[house].households).sum();
        let built_year = buildings.iter().map(|&house| world.buildings[house].built_year).min().unwrap_or(2000);
        let name = name(world, plot, built_year, &mut names);
        let lived_in = matches!(own.land_use, Use::Residential | Use::OldQuarter) && households > 0;
        let code = format!("XQ-{}-{:04}", world.letters_at(world.town.blocks[own.block].center), found.len() + 1);
        let is_managed = lived_in.then_some(true);
        found.push(Compound { plot, code, name, households, buildings, is_managed, built_year });
    }
    choose_unmanaged(world, &mut found);
    found
}

fn name(world: &World, plot: usize, built_year: i64, names: &mut Names) -> String {
    let own = &world.plots[plot];
    let road = own.run.map_or("浔城", |run| world.road_name(run));
    let stem = road.trim_end_matches(['路', '巷', '街', '里', '弄', '道', '大']);
    match own.land_use {
        Use::School => names.place(stem, &["小学", "中学", "实验小学", "第二小学", "外国语学校"]),
        Use::Hospital => names.place(stem, &["医院", "社区卫生服务中心", "中医院"]),
        Use::Commercial => names.place(stem, &["广场", "商厦", "商业街", "购物中心", "大厦", "市场"]),
        Use::Industrial => names.place(stem, &["工业园", "机械厂", "产业园", "物流园", "仓储"]),
        Use::Public => names.place(stem, &["政务中心", "文化馆", "体育馆", "图书馆", "办公大院"]),
        Use::OldQuarter => names.place(stem, &["片区", "老街坊", "里坊"]),
        _ => names.compound(built_year < 2000),
    }
}

/// The oldest, smaller compounds have no management, chance aside: exactly as many as the bureau found.
fn choose_unmanaged(world: &World, compounds: &mut [Compound]) {
    let mut rng = Rng::new(world.seed, "unmanaged");
    let mut order: Vec<(f64, usize)> = compounds
        .iter()
        .enumerate()
        .filter(|(_, compound)| compound.is_managed.is_some())
        .map(|(number, compound)| (compound.built_year as f64 + rng.between(0.0, 14.0), number))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    for &(_, number) in order.iter().take(world.figures.unmanaged) {
        compounds[number].is_managed = Some(false);
    }
}

/// Compounds as rows.
pub(super) fn rows(world: &World, compounds: &[Compound]) -> Rows {
    let mut rng = Rng::new(world.seed, "compound rows");
    let mut rows = Rows::new("compound");
    for compound in compounds {
        let plot = &world.plots[compound.plot];
        let at = world.town.blocks[plot.block].center;
        let codes = world.codes_at(at);
        let (renewal, sewers) = renewal(compound, &mut rng);
        let company = compound.is_managed == Some(true);
        let company =
            company.then(|| format!("{}物业", rng.pick(&["恒泰", "浔安", "中海", "庐馨", "金碧", "万联", "绿源"])));
        let lived_in = compound.is_managed.is_some();
        rows.add(
            area(&plot.ring),
            vec![
                ("code", compound.code.as_str().into()),
                ("name", compound.name.as_str().into()),
                ("name_en", english(&compound.name).into()),
                ("land_use", land_use(plot.land_use).into()),
                ("households", lived_in.then_some(compound.households).into()),
                ("population", lived_in.then_some(compound.households * 27 / 10).into()),
                ("property_management", compound.is_managed.into()),
                ("management_company", company.into()),
                ("is_gated", (plot.land_use == Use::Residential && compound.is_managed == Some(true)).into()),
                ("renewal_state", lived_in.then_some(renewal).into()),
                ("sewers_renewed", lived_in.then_some(sewers).into()),
                ("built_year", compound.built_year.into()),
                ("building_count", (compound.buildings.len() as i64).into()),
                ("address", address(world, plot.run, compound.plot).into()),
                ("street_code", codes.map(|codes| codes.street).into()),
                ("community_code", codes.map(|codes| codes.community).into()),
            ],
        );
    }
    rows
}

fn renewal(compound: &Compound, rng: &mut Rng) -> (&'static str, bool) {
    if compound.built_year > 2004 {
        return ("none", false);
    }
    let state = ["none", "planned", "in_work", "done"][rng.weighted(&[46, 22, 10, 22])];
    (state, state == "done" && rng.chance(0.7))
}

fn land_use(land_use: Use) -> &'static str {
    match land_use {
        Use::Residential => "residential",
        Use::OldQuarter => "old_quarter",
        Use::Commercial => "commercial",
        Use::School => "school",
        Use::Hospital => "hospital",
        Use::Industrial => "industrial",
        Use::Public => "public",
        Use::Green | Use::Empty => "other",
    }
}

/// Houses as rows.
pub(super) fn building_rows(world: &World, compounds: &[Compound]) -> Rows {
    let mut rows = Rows::new("building");
    for compound in compounds {
        let plot = &world.plots[compound.plot];
        for (number, &house) in (1_i64..).zip(&compound.buildings) {
            let building = &world.buildings[house];
            let at: P = ring_center(&building.ring);
            let storey_m = if building.purpose == "residential" { 2.9 } else { 4.1 };
            let lived_in = building.households > 0;
            rows.add(
                area(&building.ring),
                vec![
                    ("code", format!("LD-{}-{:05}", world.letters_at(at), rows.len() + 1).into()),
                    ("name", format!("{}{number}栋", compound.name).into()),
                    ("name_en", format!("{}, Block {number}", english(&compound.name)).into()),
                    ("building_use", building.purpose.into()),
                    ("floors", building.floors.into()),
                    ("height_m", cents(building.floors as f64 * storey_m + 1.2)),
                    ("households", lived_in.then_some(building.households).into()),
                    ("built_year", building.built_year.into()),
                    ("address", format!("{}{number}栋", address(world, plot.run, compound.plot)).into()),
                    ("compound_code", compound.code.as_str().into()),
                ],
            );
        }
    }
    rows
}

/// Street and house number of a plot.
fn address(world: &World, run: Option<usize>, plot: usize) -> String {
    let road = run.map_or("沿湖路", |run| world.road_name(run));
    format!("{road}{}号", plot % 180 + 1)
}
