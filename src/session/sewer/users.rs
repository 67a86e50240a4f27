//! Drainage users of the open city: read from their layers, joined to the network as it is now, put on the lists that a
//! bureau works off, and written to files.

use std::ops::ControlFlow;

use jiff::civil::Date;

use crate::geom::crs::Crs;
use crate::io::format::Written;
use crate::kinds;
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::{Code, Field, Schema};
use crate::model::value::Value;
use crate::task::Task;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::lateral::{UserJoin, UserJoinedBy};
use crate::trades::sewer::pipe::RowRef;
use crate::trades::sewer::users::{LoadBy, NodeUse, Permit, User, UserList, UserReader, UserRules, UserSummary, Users};

use super::SewerDesk;
use super::live::LiveNetwork;
use super::out::OutFile;
use crate::session::answer::Failure;
use crate::session::state::FeatureRef;

/// What is asked of the users.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsersAsk {
    /// By which rules.
    pub rules: UserRules,
    /// As they stand on this day; today if none is named.
    pub on: Option<Date>,
    /// Which lists; all where none is named.
    pub lists: Vec<UserList>,
    /// Whether to tell who drains to each outfall.
    pub outfalls: bool,
}

/// The users, as a report shows them.
#[derive(Clone, Debug, PartialEq)]
pub struct UsersReport {
    /// By which rules.
    pub rules: UserRules,
    /// On which day.
    pub on: Date,
    /// How they stand.
    pub summary: UserSummary,
    /// Those on the lists that were asked for, list by list.
    pub listed: Vec<ListedUser>,
    /// Who drains to each outfall, those with most users first.
    pub outfalls: Vec<OutfallReport>,
}

/// A user on a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedUser {
    /// The list.
    pub list: UserList,
    /// Why it is on it.
    pub why: Text,
    /// Who.
    pub who: UserCard,
}

/// A user in words.
#[derive(Clone, Debug, PartialEq)]
pub struct UserCard {
    /// Its row.
    pub at: FeatureRef,
    /// Its record.
    pub user: User,
    /// Where it joins.
    pub join: UserJoin,
    /// Code of the node that it joins; empty for none.
    pub node: String,
    /// What its permit is worth.
    pub permit: Permit,
    /// Discharge, m³/d, and what said so.
    pub load: Option<(f64, LoadBy)>,
}

/// Who drains to an outfall.
#[derive(Clone, Debug, PartialEq)]
pub struct OutfallReport {
    /// Its row.
    pub at: FeatureRef,
    /// Its code.
    pub code: String,
    /// Its name; empty for none.
    pub name: String,
    /// Code of what it carries.
    pub system: &'static str,
    /// Longitude and latitude in degrees.
    pub place: Option<[f64; 2]>,
    /// Pipes upstream.
    pub pipes: usize,
    /// Sum of the users upstream.
    pub sum: NodeUse,
    /// The users upstream.
    pub users: Vec<UserCard>,
}

impl UsersReport {
    /// What the numbers rest on, for the foot of a report.
    pub fn basis(&self) -> Vec<Text> {
        let UserRules { reach_m, permit_years, expiring_days, load, .. } = &self.rules;
        let names = |types: &[String], is_zh: bool| type_names(types, is_zh);
        let (exempt, kitchens) = (&self.rules.exempt, &self.rules.kitchens);
        let (exempt_zh, exempt_en) = (names(exempt, true), names(exempt, false));
        let (kitchens_zh, kitchens_en) = (names(kitchens, true), names(kitchens, false));
        let (litres, heads) = (load.litres_per_head, load.heads_per_household);
        vec![
            text!(
                "依据《城镇污水排入排水管网许可管理办法》；不需许可：{exempt_zh}；没有截止日期的许可按 {permit_years} 年计；{expiring_days} 天内到期为即将到期",
                "By the rules on permits to drain into sewers (amended 2022); no permit needed: {exempt_en}; permits without a last day hold {permit_years} years; expiring means within {expiring_days} days"
            ),
            text!(
                "没有接入井号的排水户按 {reach_m} m 内最近的非雨水井推定；有厨房：{kitchens_zh}",
                "Users whose record names no node join the nearest one within {reach_m} m that is no storm node; with a kitchen: {kitchens_en}"
            ),
            text!(
                "没有记录排水量的按每人每天 {litres} L、每户 {heads} 人估算（假定值）",
                "Discharges that are not recorded are estimated at {litres} L a head and day, {heads} people a household (assumptions)"
            ),
        ]
    }
}

fn type_names(types: &[String], is_zh: bool) -> String {
    let field = kinds::find("drainage_user").and_then(|kind| kind.fields.iter().find(|field| field.id == "user_type"));
    let codes = field.map_or(&[][..], |field| &field.codes);
    let name = |code: &String| {
        let known = codes.iter().find(|known| known.value == *code);
        known.map_or(code.clone(), |known| if is_zh { known.name.zh.to_string() } else { known.name.en.to_string() })
    };
    let names: Vec<String> = types.iter().map(name).collect();
    match (names.is_empty(), is_zh) {
        (true, true) => "无".to_owned(),
        (true, false) => "none".to_owned(),
        (false, true) => names.join("、"),
        (false, false) => names.join(", "),
    }
}

/// The rows of all layers of users, and the tables that `RowRef::layer` counts.
#[derive(Debug, Default)]
pub(super) struct UserRows {
    pub(super) users: Vec<User>,
    pub(super) tables: Vec<String>,
}

impl SewerDesk {
    /// Reads the users; none where the city has no layer of them.
    pub(super) fn user_rows(&self, task: &Task<'_>) -> Result<UserRows, Failure> {
        let reader = self.city().reader()?;
        reader.snapshot()?;
        let mut rows = UserRows::default();
        for info in reader.layers()? {
            if info.schema.kind != "drainage_user" {
                continue;
            }
            task.check()?;
            let layer = rows.tables.len() as u16;
            let user = UserReader::new(layer, &info.schema);
            reader.scan(&info.schema.table, None, user.fields(), &mut |id, wkb, values| {
                let geometry = Geometry::from_wkb(wkb).ok();
                rows.users.push(user.user(RowRef { layer, id }, geometry.as_ref(), values));
                ControlFlow::Continue(())
            })?;
            rows.tables.push(info.schema.table);
        }
        Ok(rows)
    }

    /// The users: how they stand, those on lists, and who drains to each outfall.
    ///
    /// # Errors
    /// The city cannot be read; cancelled.
    pub fn users(&self, ask: &UsersAsk, task: &mut Task<'_>) -> Result<UsersReport, Failure> {
        task.report(&Text::new("核对排水户", "Looking at drainage users"), 0, None)?;
        let UserRows { users, tables } = self.user_rows(task)?;
        let on = ask.on.unwrap_or_else(|| jiff::Zoned::now().date());
        let lists = if ask.lists.is_empty() { UserList::ALL.to_vec() } else { ask.lists.clone() };
        self.with(task, |live| {
            let users = Users::new(&live.sewers, users, ask.rules.clone());
            let cards = Cards { live, users: &users, tables: &tables, on };
            let listed = lists.iter().flat_map(|&list| users.listed(&live.sewers, list, on));
            let listed =
                listed.filter_map(|it| Some(ListedUser { list: it.list, why: it.why, who: cards.card(it.user)? }));
            UsersReport {
                summary: users.summary(&live.sewers, on),
                listed: listed.collect(),
                outfalls: if ask.outfalls { cards.outfalls() } else { Vec::new() },
                rules: ask.rules.clone(),
                on,
            }
        })
    }

    /// Writes the users on the lists of a report.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_users(&self, report: &UsersReport, out: &OutFile, task: &mut Task<'_>) -> Result<Written, Failure> {
        let schema = user_schema();
        let rows: Vec<Feature> = (1..).zip(&report.listed).map(|(id, listed)| user_row(id, listed, out)).collect();
        self.write_rows(out, &schema, &rows, task)
    }

    /// Writes who drains to each outfall of a report: a row for an outfall and a user; outfalls without users have one
    /// row of their own.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_outfall_users(
        &self,
        report: &UsersReport,
        out: &OutFile,
        task: &mut Task<'_>,
    ) -> Result<Written, Failure> {
        let mut rows = Vec::new();
        for outfall in &report.outfalls {
            let nobody = outfall.users.is_empty().then_some(None);
            for who in outfall.users.iter().map(Some).chain(nobody) {
                rows.push(outfall_row(rows.len() as i64 + 1, outfall, who));
            }
        }
        self.write_rows(out, &outfall_schema(), &rows, task)
    }
}

/// Puts users into words.
struct Cards<'a> {
    live: &'a LiveNetwork,
    users: &'a Users,
    tables: &'a [String],
    on: Date,
}

impl Cards<'_> {
    fn card(&self, place: usize) -> Option<UserCard> {
        let (user, join) = self.users.user(place)?;
        let table = self.tables.get(usize::from(user.row.layer))?;
        let node = join.node.and_then(|node| self.live.sewers.node(node));
        Some(UserCard {
            at: FeatureRef { layer: table.clone(), id: user.row.id },
            user: user.clone(),
            join: *join,
            node: node.map(|joint| joint.code.to_string()).unwrap_or_default(),
            permit: self.users.permit(user, self.on),
            load: user.load_m3_per_d(&self.users.rules().load),
        })
    }

    fn outfalls(&self) -> Vec<OutfallReport> {
        let report = |found: crate::trades::sewer::users::OutfallUsers| {
            let row = self.live.sewers.node_row(found.node)?;
            Some(OutfallReport {
                at: self.live.feature(row.row),
                code: row.code.to_string(),
                name: row.name.to_string(),
                system: row.system.code(),
                place: row.at,
                pipes: found.pipes,
                sum: found.sum,
                users: found.users.iter().filter_map(|&place| self.card(place)).collect(),
            })
        };
        self.users.outfalls(&self.live.sewers).into_iter().filter_map(report).collect()
    }
}

impl UserCard {
    /// The last day of its permit, if anybody knows.
    pub fn permit_until(&self) -> Option<Date> {
        match self.permit {
            Permit::Valid(until) | Permit::Expired(until) => Some(until),
            Permit::Exempt | Permit::Missing | Permit::NoTerm => None,
        }
    }

    /// How it found its node, as a word in files.
    pub fn joined_by(&self) -> &'static str {
        match self.join.by {
            UserJoinedBy::Record => "record",
            UserJoinedBy::Nearest => "nearest",
            UserJoinedBy::NearestForMissing => "nearest-for-missing",
            UserJoinedBy::Nothing => "nothing",
        }
    }
}

/// Fields of the users' kind, under their own names and codes.
fn fields_of_users(ids: &[&str]) -> Vec<Field> {
    let fields = kinds::find("drainage_user").map_or(&[][..], |kind| &kind.fields);
    ids.iter().filter_map(|id| fields.iter().find(|field| field.id == *id).cloned()).collect()
}

const WHO: &[&str] = &["code", "name", "user_type", "permit_number", "permit_until", "node_code", "households"];

/// Words, or nothing where there are none.
fn words(words: &str) -> Value {
    if words.is_empty() { Value::Null } else { words.into() }
}

fn who_values(who: &UserCard) -> Vec<Value> {
    vec![
        words(&who.user.code),
        words(&who.user.name),
        words(&who.user.user_type),
        words(&who.user.permit_number),
        who.permit_until().map(|day| day.to_string()).into(),
        words(&who.node),
        who.user.households.into(),
        who.load.map(|load| (load.0 * 1000.0).round() / 1000.0).into(),
    ]
}

fn discharge() -> Field {
    Field::real("volume_m3_per_d", "日排水量（含估算）", "Discharge, estimated ones too", "m³/d")
}

fn user_schema() -> Schema {
    let codes = UserList::ALL.map(|list| Code { value: list.code().into(), name: list.name() }).to_vec();
    let mut fields = vec![Field { codes, ..Field::text("list", "清单", "List") }];
    fields.extend(fields_of_users(WHO));
    fields.push(discharge());
    fields.extend(fields_of_users(&["road_name"]));
    fields.push(Field::text("why", "原因", "Why"));
    fields.push(Field::text("layer", "图层", "Layer"));
    fields.push(Field::int("feature_id", "要素号", "Feature"));
    Schema {
        table: "sewer_users".to_owned(),
        name: Text::new("排水户清单", "Drainage users on lists"),
        kind: "plain".to_owned(),
        geometry: Some(GeometryKind::Point),
        crs: Crs::WGS84,
        z_order: 0,
        fields,
    }
}

fn user_row(id: i64, listed: &ListedUser, out: &OutFile) -> Feature {
    let who = &listed.who;
    let mut values = vec![listed.list.code().into()];
    values.extend(who_values(who));
    values.push(words(&who.user.road));
    values.push(listed.why.get(out.lang).into());
    values.push(who.at.layer.as_str().into());
    values.push(who.at.id.into());
    Feature { id, geometry: who.user.at.map(|[lon, lat]| Geometry::point(lon, lat)), values }
}

fn outfall_schema() -> Schema {
    let mut fields = vec![
        Field::text("outfall", "排放口", "Outfall"),
        Field::text("outfall_name", "排放口名称", "Outfall's name"),
        Field::text("outfall_system", "排放口类型", "Outfall carries"),
        Field::int("upstream_pipes", "上游管段", "Pipes upstream"),
    ];
    fields.extend(fields_of_users(WHO));
    fields.push(discharge());
    Schema {
        table: "sewer_outfall_users".to_owned(),
        name: Text::new("排放口上游排水户", "Users upstream of outfalls"),
        kind: "plain".to_owned(),
        geometry: Some(GeometryKind::Point),
        crs: Crs::WGS84,
        z_order: 0,
        fields,
    }
}

fn outfall_row(id: i64, outfall: &OutfallReport, who: Option<&UserCard>) -> Feature {
    let mut values: Vec<Value> =
        vec![words(&outfall.code), words(&outfall.name), outfall.system.into(), (outfall.pipes as i64).into()];
    values.extend(who.map_or(vec![Value::Null; WHO.len() + 1], who_values));
    let place = who.map_or(outfall.place, |who| who.user.at.or(outfall.place));
    Feature { id, geometry: place.map(|[lon, lat]| Geometry::point(lon, lat)), values }
}
