//! City components (城市部件) of GB/T 47678.5.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::feature::Feature;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{LabelRule, Placement, Rule, ScaleRange, Style};
use crate::task::Problem;
use crate::text::Text;

/// A city component: one thing of one of the 153 national classes.
pub(super) fn component() -> Kind {
    Kind {
        id: "component",
        name: Text::new("城市部件", "City component"),
        group: Group::Devices,
        z_order: 72,
        geometry: Some(GeometryKind::Point),
        fields: component_fields(),
        title: &["class_code", "code"],
        style: style(),
        check: check_component,
    }
}

fn component_fields() -> Vec<Field> {
    vec![
        fields::code("部件标识码", "Identifier").aliases(&[
            "glbjbsm",
            "管理部件标识码",
            "objcode",
            "部件编码",
            "标识码",
        ]),
        Field { codes: fields::codes_from_table(CLASSES), ..Field::text("class_code", "部件类别", "Class") }
            .required()
            .aliases(&["glbjmc", "管理部件名称", "部件名称", "小类", "小类代码", "objname"]),
        Field::coded(
            "state",
            "部件状态",
            "State",
            &[
                ("sound", "完好", "Sound"),
                ("damaged", "破损", "Damaged"),
                ("lost", "丢失", "Lost"),
                ("abandoned", "废弃", "Abandoned"),
                ("removed", "移除", "Removed"),
            ],
        )
        .required()
        .aliases(&["glbjzt", "管理部件状态", "objstate", "状态", "status"]),
        Field::text("department_code", "主管部门代码", "Department code").aliases(&["zgbmdm", "deptcode1"]),
        Field::text("department", "主管部门", "Department").aliases(&["zgbmmc", "主管部门名称", "deptname1"]),
        Field::text("owner_code", "权属单位代码", "Owner code").aliases(&["qsdwdm", "deptcode2"]),
        fields::owner().aliases(&["qsdwmc", "权属单位名称", "deptname2"]),
        Field::text("maintainer_code", "养护单位代码", "Maintainer code").aliases(&["yhdwdm", "deptcode3"]),
        Field::text("maintainer", "养护单位", "Maintainer").aliases(&["yhdwmc", "养护单位名称", "deptname3"]),
        fields::cell_code(),
        Field::date("first_date", "初始日期", "First recorded").aliases(&["csrq", "ordate"]),
        Field::date("change_date", "变更日期", "Changed").aliases(&["bgrq", "chdate"]),
        Field::coded(
            "data_source",
            "数据来源",
            "Data source",
            &[
                ("surveyed", "实测", "Surveyed"),
                ("topographic", "地形图", "Topographic map"),
                ("base", "基础地理数据", "Base geodata"),
                ("other", "其他", "Other"),
            ],
        )
        .aliases(&["sjly", "datasource"]),
        Field::coded(
            "accuracy",
            "定位精度",
            "Accuracy",
            &[("A", "A 级 ±0.5 m", "A ±0.5 m"), ("B", "B 级 ±1 m", "B ±1 m"), ("C", "C 级 ±10 m", "C ±10 m")],
        )
        .aliases(&["精度", "精度等级"]),
        fields::street_code(),
        fields::community_code(),
        fields::remark(),
    ]
}

/// The classes of GB/T 47678.5-2026, annex A.
const CLASSES: &str = include_str!("../../data/components.csv");

fn check_component(kind: &Kind, feature: &Feature) -> Vec<Problem> {
    let mut found = check::check(kind, feature);
    let Some(code) = check::value(kind, feature, "code").as_str() else { return found };
    if !matches!(code.len(), 0 | 16 | 17) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        let what =
            Text::new("部件标识码应为 17 位数字（旧编码 16 位）", "An identifier has 17 digits (16 in the old scheme)");
        found.push(check::warning(kind, feature, "component.identifier", what));
    } else if let (17, Some(class)) = (code.len(), check::value(kind, feature, "class_code").as_str())
        && &code[6..11] != class
    {
        let what = Text::new("标识码第 7–11 位与部件类别不符", "Digits 7 to 11 of the identifier are not the class");
        found.push(check::warning(kind, feature, "component.class", what));
    }
    found
}

/// There are hundreds of thousands: dots, by what is wrong with them; street lamps in amber.
fn style() -> Style {
    let size = || look::by_scale(&[(1_000.0, 8.0), (2_500.0, 5.0), (5_000.0, 3.0)]);
    let dot = |ink, filter| Rule::all(vec![look::disc(ink, size())]).when(filter);
    let sound = "(state NOT IN ('damaged', 'lost', 'abandoned', 'removed') OR state IS NULL)";
    let lamp = format!("{sound} AND class_code = '01037'");
    let other = format!("{sound} AND (class_code <> '01037' OR class_code IS NULL)");
    let rules = vec![
        dot(look::AMBER, &lamp).named("路灯", "Street lamp"),
        dot(look::OK, &other).named("部件 完好", "Component, sound"),
        dot(look::CASE, "state = 'damaged'").named("部件 破损", "Component, damaged").pass(1),
        dot(look::RED, "state = 'lost'").named("部件 丢失", "Component, lost").pass(1),
        dot(look::UNKNOWN, "state IN ('abandoned', 'removed')").named("部件 废弃移除", "Component, given up"),
    ];
    let name = LabelRule {
        scale: ScaleRange::closer_than(800.0),
        ..look::label("{class_code}", "{class_code}", Placement::Around, 16, look::px(10.5))
    };
    let scale = ScaleRange::closer_than(5_000.0);
    Style::new(rules.into_iter().map(|rule| rule.at(scale)).collect(), vec![name])
}
