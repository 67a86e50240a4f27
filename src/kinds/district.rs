//! The administrative areas: districts, sub-districts, communities.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{LabelRule, Placement, Rule, ScaleRange, Size, Style};
use crate::text::Text;

/// A district or county (区、县).
pub(super) fn district() -> Kind {
    Kind {
        id: "district",
        name: Text::new("区县", "District"),
        group: Group::Base,
        z_order: 50,
        geometry: Some(GeometryKind::MultiPolygon),
        fields: district_fields(),
        title: &["name", "code"],
        style: district_style(),
        check: check::check,
    }
}

fn district_fields() -> Vec<Field> {
    vec![
        fields::code("区划代码", "Division code").aliases(&["xzqdm", "adcode", "区划编码", "district code"]),
        fields::name().required().aliases(&["mc", "xzqmc", "district", "district name", "区"]),
        fields::name_en(),
        Field::int("population", "常住人口", "Population").range(0.0, 1e8).aliases(&["人口", "rk"]),
        fields::remark(),
    ]
}

/// A sub-district or town (街道、镇).
pub(super) fn street() -> Kind {
    Kind {
        id: "street",
        name: Text::new("街道", "Sub-district"),
        group: Group::Base,
        z_order: 51,
        geometry: Some(GeometryKind::MultiPolygon),
        fields: street_fields(),
        title: &["name", "code"],
        style: street_style(),
        check: check::check,
    }
}

fn street_fields() -> Vec<Field> {
    vec![
        fields::code("街道代码", "Sub-district code").aliases(&["jddm", "szjddm", "街道编码", "street code"]),
        fields::name().required().aliases(&["mc", "jdmc", "szjdmc", "street", "街道", "street name"]),
        fields::name_en(),
        Field::text("district_code", "所属区划代码", "District code").aliases(&["xzqdm", "adcode"]),
        Field::int("population", "常住人口", "Population").range(0.0, 1e8).aliases(&["人口", "rk"]),
        fields::remark(),
    ]
}

/// A community or village (社区、村).
pub(super) fn community() -> Kind {
    Kind {
        id: "community",
        name: Text::new("社区", "Community"),
        group: Group::Base,
        z_order: 52,
        geometry: Some(GeometryKind::MultiPolygon),
        fields: community_fields(),
        title: &["name", "code"],
        style: community_style(),
        check: check::check,
    }
}

fn community_fields() -> Vec<Field> {
    vec![
        fields::code("社区代码", "Community code").aliases(&["sqdm", "szsqdm", "社区编码", "community code"]),
        fields::name().required().aliases(&["mc", "sqmc", "szsqmc", "community", "社区"]),
        fields::name_en(),
        fields::street_code(),
        Field::int("households", "户数", "Households").range(0.0, 1e6).aliases(&["hs", "总户数"]),
        Field::int("population", "常住人口", "Population").range(0.0, 1e7).aliases(&["人口", "rk"]),
        fields::remark(),
    ]
}

fn district_style() -> Style {
    let width = look::by_scale(&[(5_000.0, 2.0), (100_000.0, 1.2)]);
    let border =
        Rule::all(vec![look::dashes(look::DISTRICT, width, &[14.0, 4.0, 3.0, 4.0])]).named("区县界", "District");
    let name = area_name(ScaleRange::farther_than(60_000.0), look::by_scale(&[(60_000.0, 15.0), (200_000.0, 14.0)]));
    Style::new(vec![border], vec![name])
}

fn street_style() -> Style {
    let width = look::by_scale(&[(5_000.0, 1.4), (100_000.0, 0.7)]);
    let border = Rule::all(vec![look::dashes(look::DISTRICT, width, &[9.0, 3.0, 2.0, 3.0])])
        .named("街道界", "Sub-district")
        .at(ScaleRange::closer_than(120_000.0));
    let name = area_name(ScaleRange::between(6_000.0, 60_000.0), look::by_scale(&[(15_000.0, 15.0), (40_000.0, 14.0)]));
    Style::new(vec![border], vec![name])
}

fn community_style() -> Style {
    let width = look::by_scale(&[(5_000.0, 0.9), (25_000.0, 0.5)]);
    let border = Rule::all(vec![look::dashes(look::DISTRICT, width, &[4.0, 3.0])])
        .named("社区界", "Community")
        .at(ScaleRange::closer_than(25_000.0));
    let name = LabelRule { priority: 45, ..area_name(ScaleRange::between(3_500.0, 12_000.0), look::px(12.0)) };
    Style::new(vec![border], vec![name])
}

/// Names of areas stand apart from others by colour and by room between their characters.
fn area_name(scale: ScaleRange, size: Size) -> LabelRule {
    LabelRule { scale, ink: look::DISTRICT, spacing: 0.15, ..look::name_label(Placement::Inside, 80, size) }
}
