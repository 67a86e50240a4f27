//! What reports by itself: cameras, manhole sensors, lamp controllers.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{LabelRule, Placement, Rule, ScaleRange, Style};
use crate::text::Text;

/// A video camera.
pub(super) fn camera() -> Kind {
    Kind {
        id: "camera",
        name: Text::new("监控", "Camera"),
        group: Group::Devices,
        z_order: 76,
        geometry: Some(GeometryKind::Point),
        fields: camera_fields(),
        title: &["name", "code"],
        style: camera_style(),
        check: check::check,
    }
}

fn camera_fields() -> Vec<Field> {
    vec![
        fields::code("编号", "Number").aliases(&["camera id", "设备编号", "编码"]),
        fields::name().aliases(&["mc", "点位名称", "监控名称"]),
        Field::coded("state", "状态", "State", &[("online", "在线", "Online"), ("offline", "离线", "Offline")])
            .required()
            .aliases(&["status", "在线状态", "设备状态"]),
        Field::coded(
            "camera_type",
            "类型",
            "Type",
            &[("fixed", "枪机", "Fixed"), ("ptz", "球机", "Pan-tilt-zoom"), ("panorama", "全景", "Panorama")],
        )
        .aliases(&["设备类型"]),
        Field::real("direction_deg", "朝向", "Direction", "°").range(0.0, 360.0).aliases(&["方位角"]),
        Field::real("height_m", "安装高度", "Height", "m").range(0.0, 200.0),
        fields::owner(),
        Field::date("installed_on", "安装日期", "Installed").aliases(&["install date"]),
        Field::datetime("reported_at", "最近上报", "Last report").aliases(&["上报时间"]),
        fields::address(),
        fields::cell_code(),
        fields::remark(),
    ]
}

/// A sensor under a manhole cover: water level and tilt.
pub(super) fn manhole_sensor() -> Kind {
    Kind {
        id: "manhole_sensor",
        name: Text::new("井盖传感器", "Manhole sensor"),
        group: Group::Devices,
        z_order: 75,
        geometry: Some(GeometryKind::Point),
        fields: manhole_sensor_fields(),
        title: &["code", "node_code"],
        style: sensor_style(),
        check: check::check,
    }
}

fn manhole_sensor_fields() -> Vec<Field> {
    vec![
        fields::code("编号", "Number").aliases(&["sensor id", "设备编号", "编码"]),
        Field::text("node_code", "所在井", "Manhole").aliases(&["井号", "检查井编号"]),
        Field::coded(
            "state",
            "状态",
            "State",
            &[("ok", "正常", "Normal"), ("alarm", "报警", "Alarm"), ("offline", "离线", "Offline")],
        )
        .required()
        .aliases(&["status", "设备状态"]),
        Field::real("water_level_m", "液位", "Water level", "m").range(0.0, 50.0).aliases(&["水位", "level"]),
        Field::real("alarm_level_m", "报警液位", "Alarm level", "m").range(0.0, 50.0).aliases(&["报警水位"]),
        Field::bool("is_tilted", "井盖倾斜", "Cover tilted").aliases(&["倾斜"]),
        Field::int("battery_percent", "电量", "Battery").unit("%").range(0.0, 100.0),
        Field::datetime("reported_at", "最近上报", "Last report").aliases(&["上报时间"]),
        Field::date("installed_on", "安装日期", "Installed").aliases(&["install date"]),
        fields::owner(),
        fields::address(),
        fields::remark(),
    ]
}

/// A controller of one street lamp.
pub(super) fn lamp_controller() -> Kind {
    Kind {
        id: "lamp_controller",
        name: Text::new("单灯控制", "Lamp controller"),
        group: Group::Devices,
        z_order: 74,
        geometry: Some(GeometryKind::Point),
        fields: lamp_controller_fields(),
        title: &["code", "lamp_code"],
        style: lamp_style(),
        check: check::check,
    }
}

fn lamp_controller_fields() -> Vec<Field> {
    vec![
        fields::code("编号", "Number").aliases(&["lamp id", "设备编号", "编码"]),
        Field::text("lamp_code", "路灯编号", "Lamp number").aliases(&["灯杆号", "灯杆编号"]),
        Field::coded(
            "state",
            "状态",
            "State",
            &[("ok", "正常", "Normal"), ("fault", "故障", "Fault"), ("offline", "离线", "Offline")],
        )
        .required()
        .aliases(&["status", "设备状态"]),
        Field::real("power_w", "功率", "Power", "W").range(0.0, 5000.0),
        Field::int("brightness_percent", "亮度", "Brightness").unit("%").range(0.0, 100.0),
        Field::datetime("reported_at", "最近上报", "Last report").aliases(&["上报时间"]),
        Field::date("installed_on", "安装日期", "Installed").aliases(&["install date"]),
        fields::road_name(),
        fields::owner(),
        fields::remark(),
    ]
}

fn camera_style() -> Style {
    let size = look::by_scale(&[(1_000.0, 24.0), (2_500.0, 19.0), (5_000.0, 16.0)]);
    let rules = vec![
        look::symbol_rule("camera-online", &size, "state = 'online'", ("监控 在线", "Camera online")),
        look::symbol_rule(
            "camera-offline",
            &size,
            "state <> 'online' OR state IS NULL",
            ("监控 离线", "Camera offline"),
        ),
    ];
    Style::new(rules.into_iter().map(|rule| rule.at(ScaleRange::closer_than(7_000.0))).collect(), labels())
}

fn sensor_style() -> Style {
    let size = look::by_scale(&[(1_000.0, 24.0), (2_500.0, 20.0), (5_000.0, 14.0)]);
    let grey = look::disc(look::UNKNOWN, look::px(9.0));
    let rules = vec![
        look::symbol_rule("sensor-ok", &size, "state = 'ok'", ("传感正常", "Sensor normal")).at(look::STREET_VIEW),
        look::symbol_rule("sensor-alarm", &size, "state = 'alarm'", ("传感报警", "Sensor alarm"))
            .at(ScaleRange::closer_than(12_000.0))
            .pass(1),
        Rule::all(vec![grey])
            .when("state NOT IN ('ok', 'alarm') OR state IS NULL")
            .named("传感离线", "Sensor offline")
            .at(look::STREET_VIEW),
    ];
    Style::new(rules, labels())
}

/// Seen close a lamp has its symbol, before that it is a dot.
fn lamp_style() -> Style {
    let near = ScaleRange::closer_than(1_500.0);
    let dots = ScaleRange::between(near.most, look::STREET_VIEW.most);
    let size = look::px(20.0);
    let (ok, fault) = ("state = 'ok'", "state <> 'ok' OR state IS NULL");
    let dot = |ink, filter| Rule::all(vec![look::disc(ink, look::px(5.0))]).when(filter).at(dots);
    let rules = vec![
        look::symbol_rule("lamp-on", &size, ok, ("单灯正常", "Lamp normal")).at(near),
        look::symbol_rule("lamp-fault", &size, fault, ("单灯故障", "Lamp fault")).at(near),
        dot(look::AMBER, ok),
        dot(look::RED, fault),
    ];
    Style::new(rules, labels())
}

fn labels() -> Vec<LabelRule> {
    let code = look::label("{code}", "{code}", Placement::Around, 18, look::px(10.5));
    vec![LabelRule { scale: ScaleRange::closer_than(1_000.0), ..code }]
}
