//! Bridges that the bureau looks after.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{LabelRule, Placement, Rule, ScaleRange, Style};
use crate::text::Text;

/// A bridge.
pub(super) fn bridge() -> Kind {
    Kind {
        id: "bridge",
        name: Text::new("桥梁", "Bridge"),
        group: Group::Devices,
        z_order: 73,
        geometry: Some(GeometryKind::Point),
        fields: bridge_fields(),
        title: &["name", "code"],
        style: style(),
        check: check::check,
    }
}

fn bridge_fields() -> Vec<Field> {
    vec![
        fields::code("编号", "Number").aliases(&["bridge id", "桥梁编号", "编码"]),
        fields::name().required().aliases(&["mc", "桥名", "桥梁名称"]),
        fields::name_en(),
        Field::coded(
            "bridge_type",
            "类型",
            "Type",
            &[
                ("river", "跨河桥", "Over water"),
                ("flyover", "立交桥", "Flyover"),
                ("footbridge", "人行天桥", "Footbridge"),
                ("railway", "跨铁路桥", "Over a railway"),
            ],
        )
        .aliases(&["桥梁类型", "type"]),
        fields::length_m(),
        Field::real("width_m", "宽度", "Width", "m").range(0.5, 200.0).aliases(&["width", "桥宽"]),
        Field::coded(
            "condition",
            "技术状况",
            "Condition",
            &[
                ("A", "A 级 完好", "A sound"),
                ("B", "B 级 良好", "B good"),
                ("C", "C 级 合格", "C fair"),
                ("D", "D 级 不合格", "D poor"),
                ("E", "E 级 危险", "E dangerous"),
            ],
        )
        .aliases(&["技术等级", "状况等级", "grade"]),
        Field::real("load_limit_t", "限载", "Load limit", "t").range(0.0, 500.0),
        fields::built_year(),
        Field::date("maintained_on", "最近养护", "Last maintained").aliases(&["养护日期"]),
        fields::owner(),
        fields::road_name(),
        fields::remark(),
    ]
}

fn style() -> Style {
    let size = look::by_scale(&[(1_000.0, 26.0), (2_500.0, 22.0), (20_000.0, 13.0)]);
    let bridge = Rule::all(vec![look::symbol("bridge", size)]).named("桥梁", "Bridge");
    let name = LabelRule {
        scale: ScaleRange::closer_than(6_000.0),
        ..look::name_label(Placement::Around, 36, look::px(11.5))
    };
    Style::new(vec![bridge.at(ScaleRange::closer_than(25_000.0))], vec![name])
}
