//! Drainage users (排水户): which node each joins, who lacks a permit, and what they discharge.
//!
//! A user joins the node that its record names. Where it names none, or one that is nowhere, the nearest node that is not
//! a storm one is taken, within a reach; storm nodes are taken by nearness only for users that say themselves that they
//! drain there, so that nobody is accused by a guess.
//!
//! Permits follow 城镇污水排入排水管网许可管理办法 (2015, amended 2022). Residents need none (article 4); everybody else
//! does unless a setting says otherwise.

use jiff::ToSpan as _;
use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::analysis::network::Way;
use crate::analysis::tracer::Tracer;
use crate::model::geometry::Geometry;
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::text;
use crate::text::Text;

use super::lateral::{Nearby, UserJoin, UserJoinedBy, join, recorded, system_at};
use super::pipe::{NodeType, RowReader, RowRef, System};
use super::sewers::Sewers;

/// One user, as its row says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    /// Its row; layers of users are counted by themselves.
    pub row: RowRef,
    /// 排水户编号; empty for none.
    pub code: Box<str>,
    /// Its name; empty for none.
    pub name: Box<str>,
    /// Code of what it is (`residential`, `catering` …); empty for unknown.
    pub user_type: Box<str>,
    /// Number of its permit; empty for none.
    pub permit_number: Box<str>,
    /// First day of the permit.
    pub permit_from: Option<Date>,
    /// Last day of the permit.
    pub permit_until: Option<Date>,
    /// What it drains into, as its record says.
    pub system: System,
    /// The node that it joins, as its record says; empty for none.
    pub node_code: Box<str>,
    /// Households.
    pub households: Option<i64>,
    /// People.
    pub population: Option<i64>,
    /// Discharge as recorded, m³/d.
    pub volume_m3_per_d: Option<f64>,
    /// Whether it has a grease trap; `None` where nobody wrote it down.
    pub has_grease_trap: Option<bool>,
    /// Road it lies at.
    pub road: Box<str>,
    /// Longitude and latitude in degrees; `None` for a row without a place.
    pub at: Option<[f64; 2]>,
}

/// The fields that are read of each user.
pub const USER_FIELDS: &[&str] = &[
    "code",
    "name",
    "user_type",
    "permit_number",
    "permit_from",
    "permit_until",
    "sewer_system",
    "node_code",
    "households",
    "population",
    "volume_m3_per_d",
    "has_grease_trap",
    "road_name",
];

/// Reads the rows of a layer of users.
#[derive(Debug)]
pub struct UserReader(RowReader);

impl UserReader {
    /// For a layer of the users' kind; `layer` is its number.
    pub fn new(layer: u16, schema: &Schema) -> Self {
        Self(RowReader::new(layer, schema, USER_FIELDS))
    }

    /// The fields to ask for.
    pub fn fields(&self) -> &[String] {
        self.0.fields()
    }

    /// One user; `layer` is the number of its layer.
    pub fn user(&self, row: RowRef, geometry: Option<&Geometry>, values: &[Value]) -> User {
        let get = |wanted: usize| self.0.value(values, wanted);
        let words = |wanted: usize| self.0.words(values, wanted);
        let day = |wanted: usize| get(wanted).as_str().and_then(|text| text.trim().parse::<Date>().ok());
        let count = |wanted: usize| get(wanted).as_i64().filter(|&number| number >= 0);
        User {
            row,
            code: words(0),
            name: words(1),
            user_type: words(2),
            permit_number: words(3),
            permit_from: day(4),
            permit_until: day(5),
            system: System::of_code(get(6).as_str().unwrap_or_default()),
            node_code: words(7),
            households: count(8),
            population: count(9),
            volume_m3_per_d: get(10).as_f64().filter(|volume| volume.is_finite() && *volume >= 0.0),
            has_grease_trap: get(11).as_bool(),
            road: words(12),
            at: geometry.and_then(|geometry| self.0.point(geometry)),
        }
    }
}

/// How a discharge that is not recorded is estimated; both numbers are assumptions and printed on reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadRules {
    /// Sewage of one person, litres a day.
    pub litres_per_head: f64,
    /// People of one household.
    pub heads_per_household: f64,
}

impl Default for LoadRules {
    fn default() -> Self {
        Self { litres_per_head: 150.0, heads_per_household: 2.6 }
    }
}

/// What said how much a user discharges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadBy {
    /// The record.
    Record,
    /// Its people.
    People,
    /// Its households.
    Households,
}

impl User {
    /// Discharge in m³/d and what said so: the record, else its people, else its households; `None` where nothing does.
    /// Tables fill in 0 for what nobody wrote down, so that a 0 only counts where all that is said is 0.
    pub fn load_m3_per_d(&self, rules: &LoadRules) -> Option<(f64, LoadBy)> {
        let of_people = |people: f64| people * rules.litres_per_head / 1000.0;
        let said = [
            self.volume_m3_per_d.map(|volume| (volume, LoadBy::Record)),
            self.population.map(|people| (of_people(people as f64), LoadBy::People)),
            self.households.map(|count| (of_people(count as f64 * rules.heads_per_household), LoadBy::Households)),
        ];
        let mut said = said.into_iter().flatten();
        said.clone().find(|load| load.0 > 0.0).or_else(|| said.next())
    }
}

/// What a bureau may want otherwise; printed on reports.
#[derive(Clone, Debug, PartialEq)]
pub struct UserRules {
    /// A node this near may be joined by a user whose record names none, metres.
    pub reach_m: f64,
    /// Types that need no permit.
    pub exempt: Vec<String>,
    /// Types that have a kitchen.
    pub kitchens: Vec<String>,
    /// How long a permit holds whose record has no last day, years.
    pub permit_years: i32,
    /// A permit that ends within so many days is "expiring".
    pub expiring_days: i32,
    /// How discharges are estimated.
    pub load: LoadRules,
}

impl Default for UserRules {
    fn default() -> Self {
        Self {
            reach_m: 50.0,
            exempt: vec!["residential".to_owned()],
            kitchens: vec!["catering".to_owned()],
            permit_years: 5,
            expiring_days: 90,
            load: LoadRules::default(),
        }
    }
}

/// What drains into one node, or into all nodes of an area.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NodeUse {
    /// Households.
    pub households: i64,
    /// Drainage users.
    pub users: usize,
    /// Users with a kitchen.
    pub kitchens: usize,
    /// Discharge in m³/d, recorded or estimated by [`LoadRules`].
    pub volume_m3_per_d: f64,
}

impl NodeUse {
    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.households += other.households;
        self.users += other.users;
        self.kitchens += other.kitchens;
        self.volume_m3_per_d += other.volume_m3_per_d;
    }
}

/// What drains into each node that users join, by its number.
pub type NodeUses = FxHashMap<u32, NodeUse>;

/// What a permit is worth on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// None is needed.
    Exempt,
    /// There is none.
    Missing,
    /// There is one, whose last day nobody knows.
    NoTerm,
    /// It ended on that day.
    Expired(Date),
    /// It holds until that day.
    Valid(Date),
}

/// The lists a bureau works off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UserList {
    /// No permit, though one is needed.
    Unlicensed,
    /// The permit has run out.
    Expired,
    /// The permit runs out soon.
    Expiring,
    /// No node within reach.
    NoLateral,
    /// A kitchen without grease trap.
    NoTrap,
    /// Joined to a storm sewer.
    Storm,
}

impl UserList {
    /// All, in the order in which reports have them.
    pub const ALL: [Self; 6] =
        [Self::Unlicensed, Self::Expired, Self::Expiring, Self::NoLateral, Self::NoTrap, Self::Storm];

    /// Its word on the command line and in files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unlicensed => "unlicensed",
            Self::Expired => "expired",
            Self::Expiring => "expiring",
            Self::NoLateral => "no-lateral",
            Self::NoTrap => "no-trap",
            Self::Storm => "storm",
        }
    }

    /// What a person reads.
    pub fn name(self) -> Text {
        match self {
            Self::Unlicensed => Text::new("无排水许可证", "Without a permit"),
            Self::Expired => Text::new("许可证已过期", "Permit expired"),
            Self::Expiring => Text::new("许可证即将到期", "Permit expiring"),
            Self::NoLateral => Text::new("附近无接入井", "No lateral near"),
            Self::NoTrap => Text::new("餐饮无隔油池", "Kitchen without grease trap"),
            Self::Storm => Text::new("接入雨水管", "Joined to a storm sewer"),
        }
    }
}

/// A user that stands on a list, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its place among the users.
    pub user: usize,
    /// The list.
    pub list: UserList,
    /// Why.
    pub why: Text,
}

/// The users that water of an outfall comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct OutfallUsers {
    /// The outfall's node.
    pub node: u32,
    /// Pipes upstream of it.
    pub pipes: usize,
    /// Places of the users that join upstream of it.
    pub users: Vec<usize>,
    /// Their sum.
    pub sum: NodeUse,
}

/// How many users there are and how they stand on a day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserSummary {
    /// All of them together.
    pub sum: NodeUse,
    /// That need no permit.
    pub exempt: usize,
    /// With a permit that holds.
    pub valid: usize,
    /// With a permit whose last day nobody knows.
    pub no_term: usize,
    /// On each list of [`UserList::ALL`].
    pub listed: [usize; 6],
    /// Kitchens of which nobody wrote down whether they have a grease trap.
    pub trap_unknown: usize,
    /// Joined to the node that the record names.
    pub by_record: usize,
    /// Joined to the nearest node.
    pub by_nearest: usize,
    /// Whose record names a node that is nowhere.
    pub node_missing: usize,
    /// Whose discharge is recorded, estimated, and not known at all.
    pub loads: [usize; 3],
    /// Discharge of users that join no node, m³/d.
    pub unjoined_m3_per_d: f64,
}

/// The users of a city beside its network.
#[derive(Clone, Debug)]
pub struct Users {
    rules: UserRules,
    rows: Vec<User>,
    joins: Vec<UserJoin>,
}

impl Users {
    /// Finds the node of every user.
    pub fn new(sewers: &Sewers, users: Vec<User>, rules: UserRules) -> Self {
        let needs_search = users.iter().any(|user| recorded(sewers, user).is_none());
        let nearby = needs_search.then(|| Nearby::new(sewers, rules.reach_m)).flatten();
        let joins = users.iter().map(|user| join(sewers, user, nearby.as_ref())).collect();
        Self { rules, rows: users, joins }
    }

    /// By which rules.
    pub fn rules(&self) -> &UserRules {
        &self.rules
    }

    /// All users, each with its join.
    pub fn each(&self) -> impl Iterator<Item = (&User, &UserJoin)> {
        self.rows.iter().zip(&self.joins)
    }

    /// A user by its place.
    pub fn user(&self, place: usize) -> Option<(&User, &UserJoin)> {
        self.rows.get(place).zip(self.joins.get(place))
    }

    /// What a user's permit is worth on a day.
    pub fn permit(&self, user: &User, on: Date) -> Permit {
        if self.rules.exempt.iter().any(|exempt| **exempt == *user.user_type) {
            return Permit::Exempt;
        }
        if user.permit_number.is_empty() {
            return Permit::Missing;
        }
        let counted = || {
            // A building site's permit ends with its works, so nothing can be counted from its first day.
            let from = user.permit_from.filter(|_| &*user.user_type != "construction")?;
            from.checked_add(self.rules.permit_years.years()).ok()?.yesterday().ok()
        };
        match user.permit_until.or_else(counted) {
            None => Permit::NoTerm,
            Some(until) if until < on => Permit::Expired(until),
            Some(until) => Permit::Valid(until),
        }
    }

    /// Whether a user has a kitchen.
    pub fn has_kitchen(&self, user: &User) -> bool {
        self.rules.kitchens.iter().any(|kitchen| **kitchen == *user.user_type)
    }

    /// What one user adds to its node.
    pub fn use_of(&self, user: &User) -> NodeUse {
        NodeUse {
            households: user.households.unwrap_or_default(),
            users: 1,
            kitchens: usize::from(self.has_kitchen(user)),
            volume_m3_per_d: user.load_m3_per_d(&self.rules.load).map_or(0.0, |load| load.0),
        }
    }

    /// What drains into each node.
    pub fn node_uses(&self) -> NodeUses {
        let mut uses = NodeUses::default();
        for (user, join) in self.each() {
            if let Some(node) = join.node {
                uses.entry(node).or_default().add(&self.use_of(user));
            }
        }
        uses
    }

    /// The users on a list, as they stand on a day.
    pub fn listed(&self, sewers: &Sewers, list: UserList, on: Date) -> Vec<Listed> {
        let found = self.each().enumerate().filter_map(|(place, (user, join))| {
            let why = self.why(sewers, (user, join), list, on)?;
            Some(Listed { user: place, list, why })
        });
        found.collect()
    }

    fn why(&self, sewers: &Sewers, (user, join): (&User, &UserJoin), list: UserList, on: Date) -> Option<Text> {
        match (list, self.permit(user, on)) {
            (UserList::Unlicensed, Permit::Missing) => Some(Text::new("没有排水许可证号", "There is no permit number")),
            (UserList::Expired, Permit::Expired(until)) => {
                let days = (on - until).get_days();
                Some(text!("{until} 到期，已过 {days} 天", "It ended on {until}, {days} days ago"))
            }
            (UserList::Expiring, Permit::Valid(until)) => {
                let days = (until - on).get_days();
                let is_soon = days <= self.rules.expiring_days;
                is_soon.then(|| text!("{until} 到期，还有 {days} 天", "It ends on {until}, in {days} days"))
            }
            (UserList::NoLateral, _) if join.by == UserJoinedBy::Nothing => Some(self.why_no_lateral(user)),
            (UserList::NoTrap, _) if self.has_kitchen(user) && user.has_grease_trap == Some(false) => {
                Some(Text::new("没有隔油池", "It has no grease trap"))
            }
            (UserList::Storm, _) => why_storm(sewers, user, join),
            _ => None,
        }
    }

    fn why_no_lateral(&self, user: &User) -> Text {
        let reach_m = self.rules.reach_m;
        if user.at.is_none() {
            return Text::new("没有位置，也没有接入井号", "It has neither a place nor a node that it joins");
        }
        if user.node_code.is_empty() {
            return text!("{reach_m} m 内没有可接入的井", "No node to join lies within {reach_m} m");
        }
        let code = &user.node_code;
        text!("井 {code} 不存在，{reach_m} m 内也没有井", "Node {code} is nowhere and none lies within {reach_m} m")
    }

    /// How many there are and how they stand on a day.
    pub fn summary(&self, sewers: &Sewers, on: Date) -> UserSummary {
        let mut summary = UserSummary::default();
        for (user, join) in self.each() {
            summary.sum.add(&self.use_of(user));
            match self.permit(user, on) {
                Permit::Exempt => summary.exempt += 1,
                Permit::Valid(_) => summary.valid += 1,
                Permit::NoTerm => summary.no_term += 1,
                Permit::Missing | Permit::Expired(_) => {}
            }
            match join.by {
                UserJoinedBy::Record => summary.by_record += 1,
                UserJoinedBy::Nearest | UserJoinedBy::NearestForMissing => summary.by_nearest += 1,
                UserJoinedBy::Nothing => {}
            }
            let is_named = !user.node_code.is_empty();
            summary.node_missing += usize::from(is_named && join.by != UserJoinedBy::Record);
            summary.trap_unknown += usize::from(self.has_kitchen(user) && user.has_grease_trap.is_none());
            let load = user.load_m3_per_d(&self.rules.load);
            summary.loads[load.map_or(2, |load| usize::from(load.1 != LoadBy::Record))] += 1;
            if join.node.is_none() {
                summary.unjoined_m3_per_d += load.map_or(0.0, |load| load.0);
            }
        }
        for (count, list) in summary.listed.iter_mut().zip(UserList::ALL) {
            *count = self.listed(sewers, list, on).len();
        }
        summary
    }

    /// Who drains to each outfall, those with most users first; a user above two outfalls is told of both. What comes to
    /// a plant drains to the plant, not to the outfall below it.
    pub fn outfalls(&self, sewers: &Sewers) -> Vec<OutfallUsers> {
        let mut users_at: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
        for (place, join) in self.joins.iter().enumerate() {
            if let Some(node) = join.node.filter(|&node| !sewers.is_plant(node)) {
                users_at.entry(node).or_default().push(place);
            }
        }
        let mut tracer = Tracer::new(sewers.network());
        let mut upstream = |node: u32| {
            let traced = tracer.trace(&[node], Way::Up, |pipe| sewers.passes_on(pipe));
            let on = traced.nodes.iter().filter_map(|node| users_at.get(node));
            let mut users: Vec<usize> = on.flatten().copied().collect();
            users.sort_unstable();
            let mut sum = NodeUse::default();
            users.iter().for_each(|&place| sum.add(&self.use_of(&self.rows[place])));
            OutfallUsers { node, pipes: traced.edges.len(), users, sum }
        };
        let outfalls = sewers.nodes().map(|(node, _)| node);
        let outfalls = outfalls.filter(|&node| sewers.node_type(node) == NodeType::Outfall);
        let mut found: Vec<OutfallUsers> = outfalls.map(&mut upstream).collect();
        found.sort_by(|a, b| b.users.len().cmp(&a.users.len()).then(a.node.cmp(&b.node)));
        found
    }
}

/// A user drains into a storm sewer if the node that its record names is one, or if its record says so itself; where the
/// network has another system at that node, one record stands against the other.
fn why_storm(sewers: &Sewers, user: &User, join: &UserJoin) -> Option<Text> {
    let named = join.node.filter(|_| join.by == UserJoinedBy::Record);
    let code = named.and_then(|node| sewers.node(node)).map(|joint| &*joint.code).unwrap_or_default();
    match named.map_or(System::Unknown, |node| system_at(sewers, node)) {
        System::Storm => Some(text!("接入雨水井 {code}", "It joins the storm node {code}")),
        _ if user.system != System::Storm => None,
        System::Unknown => Some(Text::new("记录写明排入雨水管", "Its record says that it drains into a storm sewer")),
        other => {
            let other = other.name();
            let (zh, en) = (other.zh, other.en);
            Some(text!(
                "记录写明排入雨水管，而所接的井 {code} 是{zh}井：两处记录有一处不对",
                "Its record says storm sewer, but the node that it joins, {code}, is {en}: one of the two is wrong"
            ))
        }
    }
}
