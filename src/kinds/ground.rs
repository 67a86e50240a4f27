//! The ground of the base map: water and green.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{Ink, LabelRule, Placement, Rule, ScaleRange, Style};
use crate::text::Text;

/// A river, lake or pond.
pub(super) fn water() -> Kind {
    Kind {
        id: "water",
        name: Text::new("水系", "Water"),
        group: Group::Base,
        z_order: 11,
        geometry: Some(GeometryKind::MultiPolygon),
        fields: water_fields(),
        title: &["name"],
        style: water_style(),
        check: check::check,
    }
}

fn water_fields() -> Vec<Field> {
    vec![
        fields::name().aliases(&["mc", "水体名称", "湖泊名称", "river", "lake"]),
        fields::name_en(),
        Field::coded(
            "water_type",
            "类型",
            "Type",
            &[
                ("river", "河流", "River"),
                ("lake", "湖泊", "Lake"),
                ("pond", "坑塘", "Pond"),
                ("canal", "渠道", "Canal"),
            ],
        )
        .aliases(&["water", "natural", "type", "水体类型"]),
        Field::real("level_m", "常水位", "Normal level", "m").range(-500.0, 9000.0).aliases(&["水位", "water level"]),
        Field::text("maintainer", "管护单位", "Maintainer").aliases(&["管理单位"]),
        fields::remark(),
    ]
}

/// A park, lawn or wood.
pub(super) fn green() -> Kind {
    Kind {
        id: "green",
        name: Text::new("绿地", "Green space"),
        group: Group::Base,
        z_order: 10,
        geometry: Some(GeometryKind::MultiPolygon),
        fields: green_fields(),
        title: &["name"],
        style: green_style(),
        check: check::check,
    }
}

fn green_fields() -> Vec<Field> {
    vec![
        fields::name().aliases(&["mc", "绿地名称", "公园名称", "park"]),
        fields::name_en(),
        Field::coded(
            "green_type",
            "类型",
            "Type",
            &[
                ("park", "公园", "Park"),
                ("street", "街头绿地", "Street green"),
                ("protective", "防护绿地", "Protective green"),
                ("attached", "附属绿地", "Attached green"),
                ("woodland", "林地", "Woodland"),
            ],
        )
        .aliases(&["leisure", "type", "绿地类型"]),
        Field::text("maintainer", "养护单位", "Maintainer").aliases(&["yhdw", "管护单位"]),
        fields::remark(),
    ]
}

fn water_style() -> Style {
    let water = Ink::new(0xB8_D4E8, 0x16_364B);
    let shore = Ink::new(0x93_B9D4, 0x2A_5774);
    let rule = Rule::all(vec![look::fill(water), look::line(shore, look::px(1.0))]).named("水面", "Water");
    let name = LabelRule {
        ink: Ink::new(0x22_567F, 0x8C_C4EA),
        italic: true,
        spacing: 0.08,
        ..look::name_label(
            Placement::Inside,
            90,
            look::by_scale(&[(2_500.0, 16.0), (40_000.0, 20.0), (150_000.0, 13.0)]),
        )
    };
    Style::new(vec![rule], vec![name])
}

fn green_style() -> Style {
    let rule = Rule::all(vec![look::fill(Ink::new(0xD4_E3C8, 0x22_362B))]).named("绿地", "Green");
    let name = LabelRule {
        scale: ScaleRange::closer_than(60_000.0),
        ink: Ink::new(0x41_693B, 0x9C_C79A),
        ..look::name_label(Placement::Inside, 41, look::px(12.0))
    };
    Style::new(vec![rule], vec![name])
}
