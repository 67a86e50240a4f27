//! Waste kiosks and collection points.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::feature::Feature;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{Ink, LabelRule, Placement, Rule, ScaleRange, Style};
use crate::task::Problem;
use crate::text;
use crate::text::Text;

/// A four-class waste kiosk (四分类垃圾亭) or collection point.
pub(super) fn kiosk() -> Kind {
    Kind {
        id: "kiosk",
        name: Text::new("四分类垃圾亭", "Waste kiosk"),
        group: Group::Waste,
        z_order: 80,
        geometry: Some(GeometryKind::Point),
        fields: kiosk_fields(),
        title: &["name", "code"],
        style: style(),
        check: check_kiosk,
    }
}

fn kiosk_fields() -> Vec<Field> {
    vec![
        fields::code("编号", "Number").aliases(&["kiosk id", "亭号", "编号", "编码"]),
        fields::name().aliases(&["mc", "垃圾亭名称", "点位名称"]),
        Field::coded(
            "site_type",
            "点位类型",
            "Site type",
            &[
                ("kiosk", "垃圾亭", "Kiosk"),
                ("drop_off", "投放点", "Drop-off point"),
                ("collection", "收集点", "Collection point"),
            ],
        )
        .aliases(&["type", "类型"]),
        state(),
        containers("recyclable_count", "可回收物桶数", "Recyclables").aliases(&["可回收物", "蓝桶", "recyclable"]),
        containers("food_count", "厨余垃圾桶数", "Food waste").aliases(&[
            "厨余垃圾",
            "湿垃圾",
            "易腐垃圾",
            "绿桶",
            "food",
        ]),
        containers("hazardous_count", "有害垃圾桶数", "Hazardous waste").aliases(&["有害垃圾", "红桶", "hazardous"]),
        containers("other_count", "其他垃圾桶数", "Residual waste").aliases(&[
            "其他垃圾",
            "干垃圾",
            "灰桶",
            "residual",
        ]),
        Field::int("container_l", "单桶容积", "Container volume").unit("L").range(10.0, 5000.0).aliases(&["容积"]),
        Field::bool("has_roof", "雨棚", "Roof").aliases(&["顶棚", "roof"]),
        Field::bool("has_handwash", "洗手池", "Hand-wash").aliases(&["洗手设施", "handwash"]),
        Field::bool("has_camera", "监控", "Camera").aliases(&["摄像头", "camera"]),
        Field::bool("has_lamp", "照明", "Lamp").aliases(&["灯", "lamp"]),
        Field::text("watch_hours", "值守时段", "Watch hours").aliases(&["值守时间", "投放时间", "开放时间"]),
        Field::int("households_served", "服务户数", "Households served")
            .range(0.0, 100_000.0)
            .aliases(&["覆盖户数", "户数"]),
        Field::text("compound_code", "所属小区", "Compound").aliases(&["小区编号", "小区", "小区名称"]),
        fields::owner(),
        Field::text("maintainer", "保洁单位", "Cleaned by").aliases(&["环卫单位", "作业单位"]),
        Field::date("built_on", "建成日期", "Built").aliases(&["建设日期", "投用日期"]),
        Field::date("checked_on", "上次检查", "Last check").aliases(&["检查日期", "最近检查"]),
        fields::address(),
        fields::street_code(),
        fields::community_code(),
        fields::remark(),
    ]
}

/// Fields that count the containers of the four classes of GB/T 19095-2019, with what a person calls the class.
static CLASSES: [(&str, Text); 4] = [
    ("recyclable_count", Text::new("可回收物", "recyclables")),
    ("food_count", Text::new("厨余垃圾", "food waste")),
    ("hazardous_count", Text::new("有害垃圾", "hazardous waste")),
    ("other_count", Text::new("其他垃圾", "residual waste")),
];

fn containers(id: &'static str, zh: &'static str, en: &'static str) -> Field {
    Field::int(id, zh, en).range(0.0, 100.0)
}

fn state() -> Field {
    Field::coded(
        "state",
        "状态",
        "State",
        &[
            ("ok", "四类齐全", "All four classes"),
            ("missing", "缺类", "A class missing"),
            ("check", "待查", "To be checked"),
            ("closed", "停用", "Closed"),
        ],
    )
    .aliases(&["status", "运行状态"])
}

fn check_kiosk(kind: &Kind, feature: &Feature) -> Vec<Problem> {
    let mut found = check::check(kind, feature);
    let is = |field, word| check::value(kind, feature, field).as_str() == Some(word);
    let counted = CLASSES.iter().any(|(field, _)| !check::value(kind, feature, field).is_null());
    // A kiosk that is marked as incomplete says so already.
    if is("state", "closed") || is("state", "missing") || is("site_type", "drop_off") || !counted {
        return found;
    }
    let absent = CLASSES.iter().filter(|(field, _)| check::number(kind, feature, field).unwrap_or(0.0) < 1.0);
    let absent: Vec<&Text> = absent.map(|(_, class)| class).collect();
    if !absent.is_empty() {
        let zh = absent.iter().map(|class| class.zh.as_ref()).collect::<Vec<_>>().join("、");
        let en = absent.iter().map(|class| class.en.as_ref()).collect::<Vec<_>>().join(", ");
        let what = text!("四分类垃圾亭缺少：{zh}", "A four-class kiosk lacks: {en}");
        found.push(check::warning(kind, feature, "kiosk.classes", what));
    }
    found
}

fn style() -> Style {
    let near = ScaleRange::closer_than(12_000.0);
    let size = look::by_scale(&[(1_000.0, 30.0), (2_500.0, 24.0), (8_000.0, 15.0), (12_000.0, 12.0)]);
    let food = Ink::new(0x1B_8A3C, 0x58_C97B);
    let rules = vec![
        look::symbol_rule("kiosk-ok", &size, "state = 'ok'", ("四类齐全", "All four classes")).at(near),
        look::symbol_rule("kiosk-missing", &size, "state = 'missing'", ("缺类", "A class missing")).at(near),
        look::symbol_rule("kiosk-check", &size, "state = 'check' OR state IS NULL", ("待查", "To be checked")).at(near),
        look::symbol_rule("kiosk-closed", &size, "state = 'closed'", ("停用", "Closed")).at(near),
        Rule::all(vec![look::disc(food, look::by_scale(&[(12_000.0, 7.0), (60_000.0, 4.0)]))])
            .when("state <> 'closed' OR state IS NULL")
            .at(ScaleRange::between(near.most, 60_000.0)),
    ];
    let name = LabelRule {
        scale: ScaleRange::closer_than(1_500.0),
        ..look::label("{name|code}", "{code|name}", Placement::Around, 22, look::px(10.5))
    };
    Style::new(rules, vec![name])
}
