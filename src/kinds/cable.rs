//! Overhead cables and the ducts they are to go into.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::feature::Feature;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{Ink, LineMark, Rule, ScaleRange, Style};
use crate::task::Problem;
use crate::text;
use crate::text::Text;

/// One span of overhead cable and how far its treatment is.
pub(super) fn cable_span() -> Kind {
    Kind {
        id: "cable_span",
        name: Text::new("架空线缆", "Overhead cable"),
        group: Group::Roads,
        z_order: 55,
        geometry: Some(GeometryKind::LineString),
        fields: cable_span_fields(),
        title: &["road_name", "code"],
        style: span_style(),
        check: check::check,
    }
}

fn cable_span_fields() -> Vec<Field> {
    vec![
        fields::code("线缆档编号", "Span number").aliases(&["span id", "档号", "编号"]),
        fields::road_name(),
        Field::text("from_pole", "起杆", "From pole").aliases(&["起点杆号"]),
        Field::text("to_pole", "止杆", "To pole").aliases(&["终点杆号"]),
        operator(),
        Field::coded(
            "voltage",
            "强弱电",
            "Voltage",
            &[("weak", "弱电", "Telecom"), ("low", "低压", "Low voltage"), ("medium", "10 kV", "10 kV")],
        )
        .aliases(&["电压", "电压等级"]),
        Field::coded(
            "cable_kind",
            "线缆类型",
            "Cable kind",
            &[
                ("fibre", "光缆", "Optical fibre"),
                ("copper", "电缆", "Copper"),
                ("coax", "同轴", "Coaxial"),
                ("power", "电力", "Power"),
                ("other", "其他", "Other"),
            ],
        ),
        Field::int("cable_count", "线缆条数", "Cables").range(0.0, 500.0).aliases(&["条数"]),
        Field::coded(
            "in_use",
            "使用情况",
            "Use",
            &[("used", "在用", "In use"), ("dead", "废弃", "Dead"), ("unknown", "不明", "Unknown")],
        ),
        Field::coded(
            "crossing",
            "跨越类型",
            "Crossing",
            &[
                ("along", "沿路", "Along the road"),
                ("road", "跨路", "Over a road"),
                ("river", "跨河", "Over water"),
                ("railway", "跨铁路", "Over a railway"),
                ("house", "入户", "To a house"),
            ],
        ),
        Field::real("clearance_m", "对地净高", "Clearance", "m").range(0.0, 100.0).aliases(&["净高", "clearance"]),
        Field::text("problem", "问题", "Problems").aliases(&["问题类型"]),
        stage(),
        treatment(),
        Field::text("zone_owner", "认领单位", "Adopted by").aliases(&["分区认领"]),
        Field::date("deadline", "阶段时限", "Stage deadline").aliases(&["时限", "完成时限"]),
        fields::length_m(),
        fields::remark(),
    ]
}

/// A duct for telecom cables.
pub(super) fn cable_duct() -> Kind {
    Kind {
        id: "cable_duct",
        name: Text::new("弱电管道", "Cable duct"),
        group: Group::Roads,
        z_order: 54,
        geometry: Some(GeometryKind::LineString),
        fields: cable_duct_fields(),
        title: &["road_name", "code"],
        style: duct_style(),
        check: check_duct,
    }
}

fn cable_duct_fields() -> Vec<Field> {
    vec![
        fields::code("管道编号", "Duct number").aliases(&["duct id", "编号"]),
        fields::road_name(),
        Field::int("holes_total", "孔数", "Holes").range(1.0, 500.0).aliases(&["总孔数", "holes"]),
        Field::int("holes_used", "占用孔数", "Holes used").range(0.0, 500.0).aliases(&["已用孔数", "used holes"]),
        fields::length_m(),
        Field::int("hole_mm", "孔径", "Hole size").unit("mm").range(10.0, 1000.0),
        Field::date("built_on", "建成日期", "Built").aliases(&["built", "竣工日期"]),
        fields::owner(),
        fields::remark(),
    ]
}

fn operator() -> Field {
    Field::coded(
        "operator",
        "权属单位",
        "Operator",
        &[
            ("telecom", "电信", "China Telecom"),
            ("mobile", "移动", "China Mobile"),
            ("unicom", "联通", "China Unicom"),
            ("broadcast", "广电", "Broadcasting"),
            ("power", "电力", "Power grid"),
            ("police", "公安", "Police"),
            ("other", "其他", "Other"),
            ("unknown", "不明", "Unknown"),
        ],
    )
    .aliases(&["owner", "权属", "运营商", "qsdw"])
}

fn stage() -> Field {
    Field::coded(
        "stage",
        "进度",
        "Stage",
        &[
            ("not_started", "未开始", "Not started"),
            ("surveyed", "已摸排", "Surveyed"),
            ("adopted", "已分区认领", "Adopted"),
            ("in_work", "施工中", "In work"),
            ("done", "已完成", "Done"),
            ("accepted", "已验收", "Accepted"),
            ("relapsed", "反弹", "Relapsed"),
        ],
    )
    .required()
    .aliases(&["progress", "整治进度", "状态"])
}

fn treatment() -> Field {
    Field::coded(
        "treatment",
        "整治方式",
        "Treatment",
        &[
            ("cut", "剪除", "Cut"),
            ("bundle", "捆扎", "Bundle"),
            ("tidy", "规整", "Tidy"),
            ("underground", "入地", "Underground"),
            ("move", "迁改", "Move"),
            ("merge", "并杆", "Merge poles"),
        ],
    )
    .aliases(&["method", "整治措施"])
}

fn check_duct(kind: &Kind, feature: &Feature) -> Vec<Problem> {
    let mut found = check::check(kind, feature);
    let number = |field| check::number(kind, feature, field);
    if let (Some(total), Some(used)) = (number("holes_total"), number("holes_used"))
        && used > total
    {
        let what = text!("占用 {used} 孔，多于总数 {total} 孔", "{used} holes are used of {total}");
        found.push(check::warning(kind, feature, "duct.holes", what));
    }
    found
}

const SCALE: ScaleRange = ScaleRange::closer_than(7_000.0);

/// Three looks for the seven stages: what still hangs, what is bundled, what is gone from the air.
fn span_style() -> Style {
    let underground = Ink::new(0x00_805A, 0x3C_CB97);
    let width = look::by_scale(&[(1_000.0, 2.6), (2_500.0, 2.0), (7_000.0, 1.2)]);
    let cross = look::by_scale(&[(1_000.0, 8.0), (2_500.0, 6.5), (7_000.0, 4.0)]);
    let dots = look::by_scale(&[(1_000.0, 4.0), (2_500.0, 3.2), (7_000.0, 2.0)]);
    let untreated = vec![look::line(look::RED, width.clone()), look::marks(LineMark::Cross, look::RED, cross, 26.0)];
    let bundled = vec![look::dashes(look::AMBER, width, &[9.0, 4.0])];
    let buried = vec![look::dashes(underground, dots, &[3.0, 3.0])];
    let rules = vec![
        Rule::all(untreated).when("stage NOT IN ('done', 'accepted') OR stage IS NULL").named("未整治", "Untreated"),
        Rule::all(bundled)
            .when("stage IN ('done', 'accepted') AND (treatment <> 'underground' OR treatment IS NULL)")
            .named("修剪捆扎", "Trimmed and bundled"),
        Rule::all(buried)
            .when("stage IN ('done', 'accepted') AND treatment = 'underground'")
            .named("已入地", "Underground"),
    ];
    Style::new(rules.into_iter().map(|rule| rule.at(SCALE)).collect(), Vec::new())
}

/// Two walls with the holes between them.
fn duct_style() -> Style {
    let duct = Ink::new(0x2E_5E8C, 0x82_B4E4);
    let outside = look::by_scale(&[(1_000.0, 7.0), (2_500.0, 5.5), (7_000.0, 3.5)]);
    let inside = look::by_scale(&[(1_000.0, 4.6), (2_500.0, 3.4), (7_000.0, 1.9)]);
    let core = look::by_scale(&[(1_000.0, 1.6), (2_500.0, 1.2), (7_000.0, 0.7)]);
    let paints = vec![look::line(duct, outside), look::line(look::LAND, inside), look::dashes(duct, core, &[6.0, 4.0])];
    Style::new(vec![Rule::all(paints).at(SCALE).named("弱电管道", "Cable duct")], Vec::new())
}
