//! Plants that treat the city's waste.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{LabelRule, Placement, ScaleRange, Style};
use crate::text::Text;

/// A plant that burns, digests or takes apart waste.
pub(super) fn waste_plant() -> Kind {
    Kind {
        id: "waste_plant",
        name: Text::new("垃圾处理设施", "Waste plant"),
        group: Group::Waste,
        z_order: 79,
        geometry: Some(GeometryKind::Point),
        fields: waste_plant_fields(),
        title: &["name", "code"],
        style: style(),
        check: check::check,
    }
}

fn waste_plant_fields() -> Vec<Field> {
    vec![
        fields::code("编号", "Number"),
        fields::name().required().aliases(&["mc", "厂名", "设施名称"]),
        fields::name_en(),
        Field::coded(
            "plant_type",
            "设施类型",
            "Plant type",
            &[
                ("incinerator", "焚烧厂", "Incinerator"),
                ("kitchen", "厨余处理厂", "Kitchen-waste plant"),
                ("bulky", "大件垃圾拆解点", "Bulky-waste yard"),
            ],
        )
        .required()
        .aliases(&["type", "类型"]),
        Field::real("capacity_t_per_day", "处理能力", "Capacity", "t/d").range(0.0, 100_000.0).aliases(&[
            "capacity",
            "设计规模",
            "日处理能力",
        ]),
        Field::coded(
            "state",
            "运行状态",
            "State",
            &[
                ("running", "运行", "Running"),
                ("building", "在建", "Under construction"),
                ("stopped", "停运", "Stopped"),
            ],
        )
        .aliases(&["status", "状态"]),
        Field::text("maintainer", "运营单位", "Operator").aliases(&["operator", "运营商"]),
        fields::built_year(),
        fields::address(),
        fields::remark(),
    ]
}

fn style() -> Style {
    let size = look::by_scale(&[(2_500.0, 26.0), (15_000.0, 20.0), (100_000.0, 15.0)]);
    let plant = |id, filter, zh, en| look::symbol_rule(id, &size, filter, (zh, en));
    let name = LabelRule {
        scale: ScaleRange::closer_than(15_000.0),
        ..look::name_label(Placement::Around, 38, look::px(11.5))
    };
    let rules = vec![
        plant("incinerator", "plant_type = 'incinerator'", "焚烧厂", "Incinerator"),
        plant("kitchen-plant", "plant_type = 'kitchen'", "厨余处理厂", "Kitchen-waste plant"),
        plant("bulky-plant", "plant_type = 'bulky'", "大件垃圾拆解点", "Bulky-waste yard"),
    ];
    Style::new(rules, vec![name])
}
