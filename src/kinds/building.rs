//! Buildings of the base map.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{Ink, LabelRule, Placement, Rule, ScaleRange, Style};
use crate::text::Text;

/// A building.
pub(super) fn building() -> Kind {
    Kind {
        id: "building",
        name: Text::new("建筑", "Building"),
        group: Group::Base,
        z_order: 15,
        geometry: Some(GeometryKind::MultiPolygon),
        fields: building_fields(),
        title: &["name", "address", "code"],
        style: style(),
        check: check::check,
    }
}

fn building_fields() -> Vec<Field> {
    vec![
        fields::code("楼栋编号", "Building number").aliases(&["building id", "楼号", "编号", "facility id"]),
        fields::name().aliases(&["mc", "楼栋名称", "建筑名称", "building name"]),
        fields::name_en(),
        Field::coded(
            "building_use",
            "用途",
            "Use",
            &[
                ("residential", "住宅", "Residential"),
                ("commercial", "商业", "Commercial"),
                ("office", "办公", "Office"),
                ("industrial", "工业", "Industrial"),
                ("school", "学校", "School"),
                ("hospital", "医院", "Hospital"),
                ("public", "公共", "Public"),
                ("other", "其他", "Other"),
            ],
        )
        .aliases(&["use", "building", "type", "building type", "房屋用途", "建筑用途"]),
        Field::int("floors", "层数", "Floors").range(0.0, 200.0).aliases(&[
            "storeys",
            "stories",
            "floor count",
            "levels",
            "building:levels",
            "楼层",
            "cs",
        ]),
        Field::real("height_m", "高度", "Height", "m").range(0.0, 1000.0).aliases(&[
            "height",
            "structure height",
            "楼高",
            "建筑高度",
        ]),
        Field::int("households", "户数", "Households").range(0.0, 10_000.0).aliases(&["hs"]),
        fields::built_year(),
        fields::address(),
        Field::text("compound_code", "所属小区", "Compound").aliases(&["小区编号", "小区"]),
        fields::remark(),
    ]
}

fn style() -> Style {
    let inside = Ink::new(0xE2_DCD0, 0x2B_3137);
    let edge = Ink::new(0xCB_C3B3, 0x3A_424A);
    let near = ScaleRange::closer_than(4_000.0);
    let rules = vec![
        Rule::all(vec![look::fill(inside), look::line(edge, look::px(0.8))]).at(near).named("建筑", "Building"),
        Rule::all(vec![look::fill(inside)]).at(ScaleRange::between(near.most, 12_000.0)),
    ];
    let name = LabelRule {
        scale: ScaleRange::closer_than(1_500.0),
        ink: look::TEXT2,
        ..look::label("{name}", "{name_en|name}", Placement::Inside, 25, look::px(10.5))
    };
    Style::new(rules, vec![name])
}
