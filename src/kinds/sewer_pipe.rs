//! Sewer pipes and channels.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::sewer_pipe_look;
use crate::model::feature::Feature;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::task::Problem;
use crate::text;
use crate::text::Text;

/// A sewer pipe or channel between two nodes, drawn in the direction of flow.
pub(super) fn sewer_pipe() -> Kind {
    Kind {
        id: "sewer_pipe",
        name: Text::new("排水管", "Sewer pipe"),
        group: Group::Sewer,
        z_order: 60,
        geometry: Some(GeometryKind::LineString),
        fields: sewer_pipe_fields(),
        title: &["code"],
        style: sewer_pipe_look::style(),
        check: check_pipe,
    }
}

fn sewer_pipe_fields() -> Vec<Field> {
    vec![
        fields::code("管段编号", "Pipe number").aliases(PIPE_CODE),
        sewer_type(),
        Field::int("diameter_mm", "管径", "Diameter").unit("mm").range(50.0, 10_000.0).aliases(&[
            "diameter",
            "dn",
            "pipe size",
            "size",
            "inside diameter",
            "pipe diameter",
            "nominal diameter",
            "am size",
            "gj",
            "管径mm",
            "公称直径",
            "断面尺寸",
            // Of a section that is no circle it is the height.
            "height",
            "pipe height",
            "pipe heigh",
            "section height",
            "断面高",
            "渠高",
        ]),
        section(),
        Field::int("width_mm", "断面宽", "Section width").unit("mm").range(50.0, 20_000.0).aliases(&[
            "width",
            "pipe width",
            "宽度",
            "渠宽",
        ]),
        material(),
        link_type(),
        Field::real("manning_n", "粗糙系数 n", "Manning n", "").range(0.005, 0.5).aliases(&[
            "roughness",
            "manning",
            "糙率",
            "粗糙度",
        ]),
        fields::length_m(),
        Field::text("from_node", "起点井号", "From node").aliases(FROM_NODE),
        Field::text("to_node", "终点井号", "To node").aliases(TO_NODE),
        level("invert_up_m", "起点管底标高", "Upstream invert").aliases(INVERT_UP),
        level("invert_down_m", "终点管底标高", "Downstream invert").aliases(INVERT_DOWN),
        Field::real("slope_permille", "坡度", "Gradient", "‰").range(-1000.0, 1000.0).aliases(&[
            "slope permille",
            "坡度千分比",
            "pd",
        ]),
        Field::bool("is_pressure", "压力管", "Pressure main").aliases(&["pressure type", "forcemain", "压力"]),
        fields::built_year(),
        fields::road_name(),
        fields::owner(),
        state(),
        rating(),
        Field::date("inspected_on", "最近检测", "Last inspected").aliases(&[
            "检测日期",
            "condition date",
            "inspection date",
            "index date",
        ]),
        Field::text("data_source", "数据来源", "Data source").aliases(&["datasource", "capture method", "sjly"]),
        Field::date("surveyed_on", "采集日期", "Surveyed").aliases(&["record date", "探测日期", "cjrq"]),
        fields::remark(),
    ]
}

const PIPE_CODE: &[&str] = &[
    "pipe id",
    "exp no",
    "facility id",
    "asset id",
    "gisid",
    "gdbm",
    "管段编码",
    "管线编号",
    "管道编号",
    "编号",
    "编码",
    "compkey",
    "code",
    "id",
];
const FROM_NODE: &[&str] = &[
    "in junc id",
    "from",
    "from node",
    "upstream node",
    "upstream manhole",
    "upstream m",
    "up node",
    "us node",
    "us manhole",
    "from mh",
    "start node",
    "qdbm",
    "起点编码",
    "起点点号",
    "上游井号",
    "上游井",
    "起始井",
    "s point",
];
const TO_NODE: &[&str] = &[
    "out junc id",
    "to",
    "downstream node",
    "downstream manhole",
    "downstream",
    "down node",
    "ds node",
    "ds manhole",
    "to mh",
    "end node",
    "zdbm",
    "终点编码",
    "终点点号",
    "下游井号",
    "下游井",
    "终止井",
    "e point",
];
const INVERT_UP: &[&str] = &[
    "in elev",
    "upstream invert",
    "upstream elevation",
    "upstream e",
    "invert us",
    "us invert",
    "up invert",
    "upstream inv",
    "inv up",
    "up elev",
    "起点管底高程",
    "起点高程",
    "上游管底标高",
    "上游管底高程",
    "qdgdbg",
];
const INVERT_DOWN: &[&str] = &[
    "out elev",
    "downstream invert",
    "downstream elevation",
    "downstre 1",
    "invert ds",
    "ds invert",
    "down invert",
    "downstream inv",
    "inv down",
    "dn elev",
    "终点管底高程",
    "终点高程",
    "下游管底标高",
    "下游管底高程",
    "zdgdbg",
];

/// What a sewer carries; the letters of CJJ 61 (YS, WS, HS) stand in the labels.
pub(super) fn sewer_type() -> Field {
    Field::coded(
        "sewer_type",
        "排水类型",
        "Sewer type",
        &[
            ("storm", "雨水", "Storm"),
            ("foul", "污水", "Foul"),
            ("combined", "合流", "Combined"),
            ("unknown", "不明", "Unknown"),
        ],
    )
    .required()
    .aliases(&[
        "pipe category",
        "junc category",
        "sewer ty",
        "category",
        "water type",
        "system type",
        "类别",
        "管线类型",
        "管类",
        "排水类",
        "排水类别",
        "排水性质",
        "pslx",
    ])
}

/// A level above the height datum, in metres.
pub(super) fn level(id: &'static str, zh: &'static str, en: &'static str) -> Field {
    Field::real(id, zh, en, "m").range(-50.0, 6000.0)
}

/// Whether a part of the network is in use.
pub(super) fn state() -> Field {
    Field::coded(
        "state",
        "使用状态",
        "State",
        &[
            ("planned", "拟建", "Planned"),
            ("building", "在建", "Under construction"),
            ("in_use", "在用", "In use"),
            ("to_retire", "待废", "To be retired"),
            ("retired", "已废", "Retired"),
            ("other", "其他", "Other"),
        ],
    )
    .aliases(&["status", "asset status", "lifecycle status", "lifecycle", "service status", "service st", "状态"])
}

/// What leads the water on: a pipe or channel, or a part that a model gives two nodes (EPA SWMM's links).
fn link_type() -> Field {
    Field::coded(
        "link_type",
        "连接类型",
        "Link type",
        &[
            ("conduit", "管渠", "Conduit"),
            ("pump", "水泵", "Pump"),
            ("orifice", "孔口", "Orifice"),
            ("weir", "堰", "Weir"),
            ("outlet", "出流装置", "Outlet"),
        ],
    )
    .aliases(&["link type", "连接方式"])
}

fn section() -> Field {
    Field::coded(
        "section",
        "断面形式",
        "Section",
        &[
            ("circle", "圆形", "Circle"),
            ("trapezoid", "梯形", "Trapezoid"),
            ("triangle", "三角形", "Triangle"),
            ("ellipse", "椭圆形", "Ellipse"),
            ("rectangle", "矩形", "Rectangle"),
            ("irregular", "不规则", "Irregular"),
        ],
    )
    .aliases(&["shape type", "pipe shape", "cross section shape", "section shape", "断面", "断面类型"])
}

fn material() -> Field {
    Field::coded(
        "material",
        "管材",
        "Material",
        &[
            ("RCP", "钢筋混凝土", "Reinforced concrete"),
            ("CON", "混凝土", "Concrete"),
            ("HDPE", "高密度聚乙烯", "HDPE"),
            ("PE", "聚乙烯", "Polyethylene"),
            ("PVC", "聚氯乙烯", "PVC"),
            ("VCP", "陶土", "Vitrified clay"),
            ("CI", "铸铁", "Cast iron"),
            ("DI", "球墨铸铁", "Ductile iron"),
            ("GRP", "玻璃钢夹砂", "Glass-reinforced plastic"),
            ("ST", "钢", "Steel"),
            ("AC", "石棉水泥", "Asbestos cement"),
            ("BR", "砖石", "Brick or stone"),
            ("OTH", "其他", "Other"),
        ],
    )
    .aliases(&["pipe material", "am materia", "pipe type", "mat", "gc", "材质", "管道材质", "材料"])
}

fn rating() -> Field {
    let rating = Field::int("rating", "缺陷等级", "CJJ 181 grade");
    fields::with_codes(rating, super::sewer_inspection::GRADES).aliases(&[
        "condition grade",
        "等级",
        "修复等级",
        "struct class",
    ])
}

/// Columns that state one size of a section, the width where another column is its height.
const ONE_SIZE: &[&str] = &["pipesize", "size"];
/// Columns that state a section's height, as [`super::mapping`] compares names.
const HEIGHTS: &[&str] = &["height", "pipeheight", "pipeheigh", "sectionheight", "断面高", "渠高"];

/// Where a table has a size and a height, the size is the width: a circle has no height of its own. `names` are those of
/// the columns, `guessed` the fields that were taken for them.
pub(super) fn pair_sizes(names: &[String], guessed: &mut [Option<usize>], kind: &Kind) {
    let place = |id: &str| kind.fields.iter().position(|field| field.id == id);
    let [Some(diameter), Some(width)] = ["diameter_mm", "width_mm"].map(place) else { return };
    let column = |words: &[&str]| names.iter().position(|name| words.contains(&name.as_str()));
    let (Some(size), Some(height)) = (column(ONE_SIZE), column(HEIGHTS)) else { return };
    if guessed[size] == Some(diameter) && guessed[height].is_none() && !guessed.contains(&Some(width)) {
        (guessed[size], guessed[height]) = (Some(width), Some(diameter));
    }
}

/// Puts the one size of a circle where it belongs, in whichever column the file had it.
pub(super) fn settle_size(fields: &[Field], values: &mut [Value]) {
    let place = |id: &str| fields.iter().position(|field| field.id == id);
    let [Some(diameter), Some(width)] = ["diameter_mm", "width_mm"].map(place) else { return };
    let section = place("section").and_then(|place| values[place].as_str());
    if matches!(section, None | Some("circle")) && values[diameter].is_null() {
        values[diameter] = std::mem::take(&mut values[width]);
    }
}

fn check_pipe(kind: &Kind, feature: &Feature) -> Vec<Problem> {
    let mut found = check::check(kind, feature);
    let from = check::value(kind, feature, "from_node");
    if from.as_str().is_some_and(|from| !from.is_empty()) && from == check::value(kind, feature, "to_node") {
        let what = Text::new("起点与终点是同一个井", "It begins and ends at the same node");
        found.push(check::warning(kind, feature, "pipe.loop", what));
    }
    let number = |field| check::number(kind, feature, field);
    if let (Some(up), Some(down)) = (number("invert_up_m"), number("invert_down_m")) {
        found.extend(check_gradient(kind, feature, up - down));
    }
    found
}

fn check_gradient(kind: &Kind, feature: &Feature, fall_m: f64) -> Option<Problem> {
    let slope = check::number(kind, feature, "slope_permille")?;
    let length = check::number(kind, feature, "length_m").filter(|length| *length >= 1.0)?;
    let from_levels = fall_m / length * 1000.0;
    if (from_levels - slope).abs() <= (slope.abs() * 0.1).max(0.5) {
        return None;
    }
    let what = text!(
        "坡度 {slope:.2}‰ 与管底标高算得的 {from_levels:.2}‰ 不符",
        "The gradient is {slope:.2}‰, the inverts make it {from_levels:.2}‰"
    );
    Some(check::warning(kind, feature, "pipe.slope", what))
}
