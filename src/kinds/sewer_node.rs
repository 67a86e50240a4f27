//! Manholes, inlets, pumps, outfalls and plants of the sewers.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use super::sewer_pipe;
use crate::model::feature::Feature;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{LabelRule, Placement, Rule, ScaleRange, Style};
use crate::task::Problem;
use crate::text;
use crate::text::Text;

/// A manhole, inlet, pump, outfall or plant: where pipes meet, begin and end.
pub(super) fn sewer_node() -> Kind {
    Kind {
        id: "sewer_node",
        name: Text::new("排水节点", "Sewer node"),
        group: Group::Sewer,
        z_order: 70,
        geometry: Some(GeometryKind::Point),
        fields: sewer_node_fields(),
        title: &["name", "code"],
        style: style(),
        check: check_node,
    }
}

fn sewer_node_fields() -> Vec<Field> {
    vec![
        fields::code("井号", "Node number").aliases(NODE_CODE),
        node_type(),
        sewer_pipe::sewer_type(),
        fields::name().aliases(&["mc", "泵站名称", "排口名称", "厂名"]),
        well_type(),
        sewer_pipe::level("ground_level_m", "地面标高", "Ground level").aliases(GROUND),
        sewer_pipe::level("bottom_level_m", "井底标高", "Bottom level").aliases(BOTTOM),
        Field::real("depth_m", "井深", "Depth", "m").range(0.0, 50.0).aliases(&[
            "depth",
            "max depth",
            "manhole depth",
            "js",
            "深度",
        ]),
        Field::coded(
            "cover_material",
            "井盖材质",
            "Cover material",
            &[
                ("ductile_iron", "球墨铸铁", "Ductile iron"),
                ("cast_iron", "铸铁", "Cast iron"),
                ("composite", "复合材料", "Composite"),
                ("concrete", "混凝土", "Concrete"),
                ("other", "其他", "Other"),
            ],
        )
        .aliases(&["cover", "井盖", "井盖材料"]),
        Field::coded(
            "cover_shape",
            "井盖形状",
            "Cover shape",
            &[("round", "圆形", "Round"), ("square", "方形", "Square")],
        ),
        Field::int("cover_size_mm", "井盖尺寸", "Cover size").unit("mm").range(100.0, 3000.0).aliases(&["井盖规格"]),
        Field::coded(
            "cover_state",
            "井盖状况",
            "Cover state",
            &[
                ("ok", "完好", "Sound"),
                ("broken", "破损", "Broken"),
                ("missing", "缺失", "Missing"),
                ("buried", "覆盖", "Buried"),
            ],
        ),
        Field::text("receiving_water", "受纳水体", "Receiving water").aliases(&["receive water"]),
        Field::bool("has_flap", "拍门", "Flap gate").aliases(&["flap", "flap gate flag"]),
        Field::real("capacity_m3_per_d", "设计规模", "Design capacity", "m³/d").range(0.0, 1e8).aliases(&[
            "capacity",
            "处理能力",
            "设计能力",
        ]),
        fields::built_year(),
        fields::road_name(),
        fields::owner(),
        sewer_pipe::state(),
        Field::text("data_source", "数据来源", "Data source").aliases(&["datasource", "capture method", "sjly"]),
        fields::cell_code(),
        fields::remark(),
    ]
}

const NODE_CODE: &[&str] = &[
    "node id",
    "comb id",
    "outfall id",
    "manhole id",
    "catchbasin id",
    "facility id",
    "asset id",
    "junction id",
    "检查井编码",
    "雨水口编码",
    "排放口编码",
    "点号",
    "物探点号",
    "管点编号",
    "井编号",
    "窨井编号",
    "编号",
    "编码",
    "code",
    "id",
];
const GROUND: &[&str] = &[
    "surface ele",
    "surface elev",
    "rim elevation",
    "rim elev",
    "rim",
    "ground elevation",
    "ground elev",
    "elevation",
    "地面高程",
    "井口标高",
    "dmbg",
];
const BOTTOM: &[&str] =
    &["bot ele", "bottom elevation", "invert elevation", "invert", "sump elevation", "底部标高", "井底高程", "jdbg"];

fn node_type() -> Field {
    Field::coded(
        "node_type",
        "节点类型",
        "Node type",
        &[
            ("manhole", "检查井", "Manhole"),
            ("inlet", "雨水口", "Inlet"),
            ("junction", "暗井", "Junction"),
            ("pump", "泵站", "Pumping station"),
            ("outfall", "排放口", "Outfall"),
            ("plant", "污水处理厂", "Treatment plant"),
            ("storage", "调蓄池", "Storage tank"),
            ("septic", "化粪池", "Septic tank"),
            ("divider", "分流井", "Flow divider"),
            ("other", "其他", "Other"),
        ],
    )
    .required()
    .aliases(&["type", "point type", "feature", "附属物", "点类型", "类型"])
}

fn well_type() -> Field {
    Field::coded(
        "well_type",
        "井类型",
        "Manhole kind",
        &[
            ("drain", "排水井", "Drainage"),
            ("connection", "接户井", "House connection"),
            ("gate", "闸阀井", "Gate"),
            ("overflow", "溢流井", "Overflow"),
            ("siphon", "倒虹井", "Siphon"),
            ("vent", "透气井", "Vent"),
            ("pressure", "压力井", "Pressure"),
            ("monitoring", "检测井", "Monitoring"),
            ("flap", "拍门井", "Flap gate"),
            ("intercepting", "截流井", "Intercepting"),
            ("water_seal", "水封井", "Water seal"),
            ("drop", "跌水井", "Drop"),
            ("other", "其他", "Other"),
        ],
    )
    .aliases(&["junc type", "检查井类型"])
}

fn check_node(kind: &Kind, feature: &Feature) -> Vec<Problem> {
    let mut found = check::check(kind, feature);
    let number = |field| check::number(kind, feature, field);
    let (Some(ground), Some(bottom)) = (number("ground_level_m"), number("bottom_level_m")) else {
        return found;
    };
    if bottom > ground {
        let what = text!(
            "井底 {bottom:.2} m 高于地面 {ground:.2} m",
            "The bottom, {bottom:.2} m, is above the ground, {ground:.2} m"
        );
        found.push(check::warning(kind, feature, "node.bottom-above-ground", what));
    } else if let Some(depth) = number("depth_m")
        && (ground - bottom - depth).abs() > 0.05
    {
        let from_levels = ground - bottom;
        let what = text!(
            "井深 {depth:.2} m 与标高算得的 {from_levels:.2} m 不符",
            "The depth is {depth:.2} m, the levels make it {from_levels:.2} m"
        );
        found.push(check::warning(kind, feature, "node.depth", what));
    }
    found
}

fn style() -> Style {
    let labels = vec![
        LabelRule {
            filter: look::filter(MANHOLES),
            scale: ScaleRange::closer_than(1_500.0),
            ..look::label("{code}", "{code}", Placement::Around, 20, look::px(10.5))
        },
        LabelRule {
            filter: look::filter("node_type IN ('pump', 'outfall', 'plant', 'storage')"),
            scale: ScaleRange::closer_than(8_000.0),
            ..look::label("{name|code}", "{name|code}", Placement::Around, 35, look::px(11.5))
        },
    ];
    Style::new(manhole_rules().into_iter().chain(special_rules()).collect(), labels)
}

/// Whatever is none of the things with a symbol of their own.
const MANHOLES: &str = "(node_type NOT IN ('inlet', 'pump', 'outfall', 'plant') OR node_type IS NULL)";

fn manhole_rules() -> [Rule; 4] {
    let size = look::by_scale(&[(1_000.0, 18.0), (2_500.0, 15.0), (5_000.0, 6.0), (8_000.0, 4.0)]);
    let scale = ScaleRange::closer_than(6_000.0);
    [
        ("manhole-storm", "sewer_type = 'storm'", "雨水井", "Storm manhole"),
        ("manhole-foul", "sewer_type = 'foul'", "污水井", "Foul manhole"),
        ("manhole-combined", "sewer_type = 'combined'", "合流井", "Combined manhole"),
        (
            "manhole-unknown",
            "(sewer_type NOT IN ('storm', 'foul', 'combined') OR sewer_type IS NULL)",
            "不明井",
            "Unknown manhole",
        ),
    ]
    .map(|(id, which, zh, en)| look::symbol_rule(id, &size, &format!("{MANHOLES} AND {which}"), (zh, en)).at(scale))
}

fn special_rules() -> [Rule; 4] {
    let inlet = look::by_scale(&[(500.0, 16.0), (1_000.0, 13.0), (2_000.0, 9.0)]);
    let size = look::by_scale(&[(1_000.0, 26.0), (2_500.0, 22.0), (15_000.0, 16.0), (40_000.0, 14.0)]);
    let inlet = look::symbol_rule("inlet", &inlet, "node_type = 'inlet'", ("雨水口", "Inlet"));
    let pump = look::symbol_rule("pump", &size, "node_type = 'pump'", ("泵站", "Pumping station"));
    let outfall = look::symbol_rule("outfall", &size, "node_type = 'outfall'", ("排放口", "Outfall"));
    let plant = look::symbol_rule("plant", &size, "node_type = 'plant'", ("污水处理厂", "Treatment plant"));
    let from = ScaleRange::closer_than;
    [
        inlet.at(from(1_500.0)).pass(1),
        pump.at(from(20_000.0)).pass(2),
        outfall.at(from(20_000.0)).pass(2),
        plant.at(from(80_000.0)).pass(2),
    ]
}
