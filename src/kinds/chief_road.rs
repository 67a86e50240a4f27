//! Roads under a road chief (路长制).

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{Paint, Rule, ScaleRange, Stroke, Style};
use crate::text::Text;

/// A road or part of one that a road chief answers for.
pub(super) fn chief_road() -> Kind {
    Kind {
        id: "chief_road",
        name: Text::new("路长路段", "Road-chief road"),
        group: Group::Roads,
        z_order: 31,
        geometry: Some(GeometryKind::LineString),
        fields: chief_road_fields(),
        title: &["name", "code"],
        style: style(),
        check: check::check,
    }
}

fn chief_road_fields() -> Vec<Field> {
    vec![
        fields::code("编号", "Number"),
        fields::name().required().aliases(&["mc", "道路名称", "路段名称", "路名"]),
        Field::text("from_place", "起点", "From").aliases(&["起点位置"]),
        Field::text("to_place", "止点", "To").aliases(&["终点", "终点位置"]),
        fields::length_m(),
        Field::text("chief", "路长", "Road chief").required().aliases(&["路长姓名", "road chief"]),
        Field::text("unit", "责任单位", "Unit").aliases(&["单位", "路长单位", "包路单位"]),
        Field::text("grid_staff", "网格员", "Grid staff").aliases(&["网格人员"]),
        Field::text("liaison", "网格联络员", "Liaison").aliases(&["联络员"]),
        Field::text("phone", "联系电话", "Phone").aliases(&["电话", "手机"]),
        Field::bool("is_key_road", "重点道路", "Key road").aliases(&["是否重点"]),
        Field::text("leader", "包挂领导", "Bureau leader").aliases(&["包路领导"]),
        Field::date("patrolled_on", "最近巡查", "Last patrol").aliases(&["巡查日期"]),
        fields::street_code(),
        fields::remark(),
    ]
}

/// A quiet band that lets the road be seen; close by only a line in its middle, because the pipes lie there.
fn style() -> Style {
    let band = Stroke::solid(look::ACCENT, look::by_scale(&[(3_500.0, 9.0), (15_000.0, 5.0), (24_000.0, 3.0)]));
    let middle = look::dashes(look::ACCENT, look::px(1.4), &[12.0, 6.0]);
    let far = ScaleRange::between(look::STREET_VIEW.most, 24_000.0);
    let rules = vec![
        Rule::all(vec![Paint::Stroke(band.round().opacity(0.4))]).at(far).named("路长路段", "Road-chief road"),
        Rule::all(vec![middle]).at(look::STREET_VIEW),
    ];
    Style::new(rules, Vec::new())
}
