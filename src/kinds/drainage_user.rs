//! Drainage users (排水户): who drains into the sewers, by which permit, and at which node.
//!
//! Permits follow 城镇污水排入排水管网许可管理办法 (2015, amended 2022): whoever drains from industry, building, catering or
//! medical work needs one, residents do not (article 4); key users are listed apart from ordinary ones (article 5); a
//! permit holds for five years, that of a building site no longer than its works.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::feature::Feature;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{LabelRule, Placement, Rule, ScaleRange, Style};
use crate::task::Problem;
use crate::text;
use crate::text::Text;

/// Whoever drains into the sewers at one place.
pub(super) fn drainage_user() -> Kind {
    Kind {
        id: "drainage_user",
        name: Text::new("排水户", "Drainage user"),
        group: Group::Sewer,
        z_order: 72,
        geometry: Some(GeometryKind::Point),
        fields: [who(), permit(), lateral(), load(), place()].concat(),
        title: &["name", "code"],
        style: style(),
        check: check_user,
    }
}

fn who() -> Vec<Field> {
    vec![
        fields::code("排水户编号", "User number").aliases(&[
            "user id",
            "drainage user id",
            "排水户编码",
            "户号",
            "编号",
            "编码",
            "code",
            "id",
            "bm",
        ]),
        fields::name().aliases(&[
            "mc",
            "排水户名称",
            "排水单位",
            "单位名称",
            "企业名称",
            "商户名称",
            "排水户",
            "user name",
        ]),
        Field::coded(
            "user_type",
            "排水户类型",
            "User type",
            &[
                ("residential", "居民", "Residential"),
                ("catering", "餐饮", "Catering"),
                ("hotel", "宾馆", "Hotel"),
                ("hospital", "医疗", "Hospital"),
                ("school", "学校", "School"),
                ("market", "农贸市场", "Market"),
                ("car_wash", "洗车", "Car wash"),
                ("construction", "建筑工地", "Building site"),
                ("industry", "工业", "Industry"),
                ("public", "机关办公", "Offices and public"),
                ("other", "其他", "Other"),
            ],
        )
        .required()
        .aliases(&[
            "user category",
            "行业",
            "行业类别",
            "行业类型",
            "排水户类别",
            "经营类型",
            "业态",
            "类型",
            "type",
        ]),
    ]
}

fn permit() -> Vec<Field> {
    vec![
        Field::text("permit_number", "排水许可证号", "Permit number").aliases(&[
            "permit",
            "permit no",
            "licence",
            "license number",
            "许可证号",
            "许可证编号",
            "排水许可证",
            "排水许可证编号",
            "许可编号",
        ]),
        Field::coded(
            "permit_kind",
            "许可类别",
            "Permit kind",
            &[
                ("ordinary", "一般排水户", "Ordinary user"),
                ("key", "重点排水户", "Key user"),
                ("temporary", "临时（施工）", "Temporary (works)"),
            ],
        )
        .aliases(&["管理类别", "排水户级别", "重点排水户", "permit type"]),
        Field::date("permit_from", "许可起始", "Permit from").aliases(&[
            "issued",
            "issue date",
            "发证日期",
            "许可日期",
            "有效期起",
            "许可开始日期",
        ]),
        Field::date("permit_until", "许可截止", "Permit until").aliases(&[
            "expiry",
            "expiry date",
            "expires",
            "valid until",
            "有效期至",
            "有效期止",
            "到期日期",
            "截止日期",
            "许可结束日期",
        ]),
    ]
}

fn lateral() -> Vec<Field> {
    vec![
        Field::coded(
            "sewer_system",
            "接入管网",
            "Drains into",
            &[
                ("foul", "污水", "Foul"),
                ("storm", "雨水", "Storm"),
                ("combined", "合流", "Combined"),
                ("unknown", "不明", "Unknown"),
            ],
        )
        .aliases(&["接入系统", "接入管网类型", "接入管类型", "排入管网", "排水去向", "joined to"]),
        Field::text("node_code", "接入井号", "Node joined").aliases(&[
            "node",
            "manhole",
            "junction",
            "接入井",
            "接入井编号",
            "接入点",
            "接驳井",
            "接驳井号",
            "接户井号",
            "排水接入井",
        ]),
    ]
}

fn load() -> Vec<Field> {
    vec![
        Field::int("households", "户数", "Households").range(0.0, 100_000.0).aliases(&["hs", "居民户数", "总户数"]),
        Field::int("population", "人数", "People").range(0.0, 1e6).aliases(&["人口", "用水人数", "居住人口"]),
        Field::real("volume_m3_per_d", "日排水量", "Discharge", "m³/d").range(0.0, 1e6).aliases(&[
            "volume",
            "discharge",
            "daily volume",
            "排水量",
            "许可排水量",
            "日均排水量",
            "污水排放量",
        ]),
        Field::bool("has_grease_trap", "隔油池", "Grease trap").aliases(&[
            "grease trap",
            "隔油设施",
            "有隔油池",
            "是否有隔油池",
            "油水分离器",
        ]),
        Field::bool("has_pretreatment", "预处理设施", "Pretreatment").aliases(&[
            "pretreatment",
            "预处理",
            "沉淀池",
            "有预处理设施",
            "污水预处理设施",
        ]),
    ]
}

fn place() -> Vec<Field> {
    vec![
        fields::address(),
        Field::text("contact", "联系人", "Contact").aliases(&[
            "contact person",
            "负责人",
            "法定代表人",
            "联系电话",
            "电话",
        ]),
        fields::road_name(),
        fields::street_code(),
        fields::community_code(),
        fields::remark(),
    ]
}

/// Longest permit, days: five years.
const LONGEST_PERMIT_DAYS: i32 = 5 * 365 + 2;

fn check_user(kind: &Kind, feature: &Feature) -> Vec<Problem> {
    let mut found = check::check(kind, feature);
    let day = |field| check::value(kind, feature, field).as_str()?.parse::<jiff::civil::Date>().ok();
    if let (Some(from), Some(until)) = (day("permit_from"), day("permit_until")) {
        if until < from {
            let what =
                text!("许可截止 {until} 早于起始 {from}", "The permit ends on {until}, before it begins on {from}");
            found.push(check::warning(kind, feature, "user.permit-dates", what));
        } else if (until - from).get_days() > LONGEST_PERMIT_DAYS {
            let what = text!(
                "许可期 {from} 至 {until} 超过五年",
                "The permit from {from} to {until} is for more than five years"
            );
            found.push(check::warning(kind, feature, "user.permit-term", what));
        }
    }
    let has_number = check::value(kind, feature, "permit_number").as_str().is_some_and(|it| !it.trim().is_empty());
    if !has_number && day("permit_until").is_some() {
        let what = Text::new("有许可期限而没有许可证号", "There is a term of a permit but no number of one");
        found.push(check::warning(kind, feature, "user.permit-number", what));
    }
    found
}

fn style() -> Style {
    let scale = ScaleRange::closer_than(5_000.0);
    let size = look::by_scale(&[(1_000.0, 20.0), (2_500.0, 16.0), (5_000.0, 11.0)]);
    let rule = |id, filter: &str, zh, en| -> Rule { look::symbol_rule(id, &size, filter, (zh, en)).at(scale) };
    let rules = vec![
        rule("user-home", "user_type = 'residential'", "居民排水户", "Residential user"),
        rule("user-unlicensed", "permit_number IS NULL", "无排水许可证", "User without a permit"),
        rule("user-licensed", "permit_number IS NOT NULL", "有排水许可证", "User with a permit"),
    ];
    let name = LabelRule {
        scale: ScaleRange::closer_than(1_500.0),
        ..look::label("{name|code}", "{name|code}", Placement::Around, 18, look::px(10.5))
    };
    Style::new(rules, vec![name])
}
