//! Residential compounds and the other blocks between the roads.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{Ink, LabelRule, Placement, Rule, ScaleRange, Style};
use crate::text::Text;

/// A compound or block: who lives in it, who manages it, how far its renewal is.
pub(super) fn compound() -> Kind {
    Kind {
        id: "compound",
        name: Text::new("小区与地块", "Compound"),
        group: Group::Base,
        z_order: 12,
        geometry: Some(GeometryKind::MultiPolygon),
        fields: compound_fields(),
        title: &["name", "code"],
        style: style(),
        check: check::check,
    }
}

fn compound_fields() -> Vec<Field> {
    vec![
        fields::code("编号", "Number"),
        fields::name().aliases(&["mc", "小区名称", "小区", "compound", "estate"]),
        fields::name_en(),
        land_use(),
        Field::int("households", "户数", "Households").range(0.0, 100_000.0).aliases(&["hs", "总户数", "居民户数"]),
        Field::int("population", "人数", "Residents").range(0.0, 1e6).aliases(&["人口", "居住人口"]),
        Field::bool("property_management", "有物业", "Property management").aliases(&[
            "是否有物业",
            "物业",
            "managed",
            "物业管理",
        ]),
        Field::text("management_company", "物业公司", "Management company").aliases(&["物业企业", "物业服务企业"]),
        Field::bool("is_gated", "封闭小区", "Gated").aliases(&["封闭", "是否封闭"]),
        Field::coded(
            "renewal_state",
            "老旧小区改造",
            "Renewal",
            &[
                ("none", "未列入", "Not listed"),
                ("planned", "已列入计划", "Planned"),
                ("in_work", "改造中", "In work"),
                ("done", "已完成", "Done"),
            ],
        )
        .aliases(&["改造状态", "改造进度", "renewal", "renewal state"]),
        Field::bool("sewers_renewed", "管网已改造", "Sewers renewed").aliases(&["雨污分流改造"]),
        fields::built_year(),
        Field::int("building_count", "楼栋数", "Buildings").range(0.0, 10_000.0).aliases(&["栋数"]),
        fields::address(),
        fields::street_code(),
        fields::community_code(),
        fields::remark(),
    ]
}

fn land_use() -> Field {
    Field::coded(
        "land_use",
        "用途",
        "Use",
        &[
            ("residential", "居住", "Residential"),
            ("old_quarter", "老街区", "Old quarter"),
            ("school", "学校", "School"),
            ("hospital", "医院", "Hospital"),
            ("commercial", "商业", "Shops"),
            ("industrial", "工业", "Works"),
            ("sports", "体育", "Sports"),
            ("public", "公共", "Public"),
            ("other", "其他", "Other"),
        ],
    )
    .aliases(&["用地性质", "地块用途", "landuse", "type"])
}

/// Uses that have a colour of their own; all others look like a residential compound.
const USES: [(&str, Ink, &str, &str); 6] = [
    ("school", Ink::new(0xEE_E6D2, 0x2B_2B27), "学校", "School"),
    ("hospital", Ink::new(0xF3_E1E1, 0x33_282A), "医院", "Hospital"),
    ("commercial", Ink::new(0xED_E3E0, 0x30_2A2C), "商业", "Shops"),
    ("industrial", Ink::new(0xE6_E4EA, 0x29_2A31), "工业", "Works"),
    ("sports", Ink::new(0xDF_B9A6, 0x4A_362F), "体育", "Sports"),
    ("old_quarter", Ink::new(0xEF_E9DD, 0x2A_2A29), "老街区", "Old quarter"),
];
const RESIDENTIAL: Ink = Ink::new(0xF0_EDE4, 0x24_2A2F);

fn style() -> Style {
    let scale = ScaleRange::closer_than(20_000.0);
    let mut rules: Vec<Rule> = Vec::new();
    for (code, ink, zh, en) in USES {
        let filter = format!("land_use = '{code}'");
        rules.push(Rule::all(vec![look::fill(ink)]).when(&filter).named(zh, en).at(scale));
    }
    rules.push(Rule::all(vec![look::fill(RESIDENTIAL)]).named("小区", "Compound").at(scale));
    let name = LabelRule {
        scale: ScaleRange::closer_than(6_000.0),
        ink: look::TEXT2,
        ..look::name_label(Placement::Inside, 40, look::by_scale(&[(2_500.0, 12.0), (6_000.0, 11.0)]))
    };
    Style::new(rules, vec![name])
}
