//! Inspections of sewer pipes and the defects they found (CJJ 181-2012).

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use crate::model::feature::Feature;
use crate::model::schema::Field;
use crate::model::style::Style;
use crate::task::Problem;
use crate::text::Text;

/// One inspection of one pipe.
pub(super) fn sewer_inspection() -> Kind {
    Kind {
        id: "sewer_inspection",
        name: Text::new("管道检测", "Sewer inspection"),
        group: Group::Sewer,
        z_order: 0,
        geometry: None,
        fields: sewer_inspection_fields(),
        title: &["code", "pipe_code"],
        style: Style::default(),
        check: check::check,
    }
}

fn sewer_inspection_fields() -> Vec<Field> {
    vec![
        fields::code("检测编号", "Inspection number").aliases(&["work id", "job id", "检测编码", "编号"]),
        Field::text("pipe_code", "管段编号", "Pipe number").required().aliases(&[
            "exp no",
            "pipe id",
            "管段编码",
            "管道编号",
        ]),
        Field::text("from_node", "起始井", "Start manhole").aliases(&["s point", "起始井号"]),
        Field::text("to_node", "终止井", "End manhole").aliases(&["e point", "终止井号"]),
        Field::coded(
            "method",
            "检测方法",
            "Method",
            &[
                ("cctv", "电视检测 CCTV", "CCTV"),
                ("sonar", "声纳", "Sonar"),
                ("qv", "潜望镜 QV", "Pole camera"),
                ("other", "其他", "Other"),
            ],
        )
        .required()
        .aliases(&["detect method", "检测方式"]),
        Field::coded(
            "direction",
            "检测方向",
            "Direction",
            &[("with", "顺流", "With the flow"), ("against", "逆流", "Against the flow")],
        )
        .aliases(&["detect dir", "方向"]),
        Field::date("inspected_on", "检测日期", "Date").required().aliases(&[
            "sample time",
            "检测时间",
            "inspection date",
            "date",
            "日期",
        ]),
        Field::real("length_inspected_m", "检测长度", "Length inspected", "m")
            .range(0.0, 10_000.0)
            .aliases(&["inspected length", "检测长"]),
        Field::text("inspected_by", "检测单位", "Contractor").aliases(&["detect dep", "contractor"]),
        Field::text("inspector", "检测人", "Inspector").aliases(&["detect person", "operator", "检测员"]),
        Field::text("video", "录像文件", "Video").aliases(&["video filename", "cctv", "录像文件名", "视频"]),
        Field::coded(
            "area_class",
            "地区重要性",
            "Area",
            &[
                ("centre", "中心商业、甲类建筑附近", "Centre or class A buildings"),
                ("trunk", "交通干道、乙类建筑附近", "Trunk road or class B buildings"),
                ("road", "其他行车道路、丙类建筑附近", "Other road or class C buildings"),
                ("other", "其他区域", "Elsewhere"),
            ],
        )
        .aliases(&["area", "地区类别", "区域类型"]),
        Field::coded(
            "soil_class",
            "土质影响",
            "Soil",
            &[
                ("severe", "粉砂层、淤泥、强膨胀土、Ⅳ级湿陷性黄土", "Silt-sand, muck, strongly expansive, loess IV"),
                ("medium", "淤泥质土、红黏土、中膨胀土、Ⅲ级湿陷性黄土", "Mucky, red clay, medium expansive, loess III"),
                ("light", "弱膨胀土、Ⅰ、Ⅱ级湿陷性黄土", "Weakly expansive, loess I or II"),
                ("ordinary", "一般土质", "Ordinary"),
            ],
        )
        .aliases(&["soil", "土质", "土质类别"]),
        index("structure_f", "结构性缺陷参数 F", "Structural F"),
        index("density_sm", "结构性密度 SM", "Structural density SM").range(0.0, 100.0),
        index("ri", "修复指数 RI", "Repair index RI").aliases(&["repair index", "修复指数", "RI"]),
        grade("repair_grade", "修复等级", "Repair grade").aliases(&["struct class", "结构性等级"]),
        index("function_g", "功能性缺陷参数 G", "Functional G"),
        index("density_ym", "功能性密度 YM", "Functional density YM").range(0.0, 100.0),
        index("mi", "养护指数 MI", "Maintenance index MI").aliases(&["maintain index", "养护指数", "MI"]),
        grade("maintenance_grade", "养护等级", "Maintenance grade").aliases(&["func class", "功能性等级"]),
        fields::remark(),
    ]
}

/// One defect that an inspection found.
pub(super) fn sewer_defect() -> Kind {
    Kind {
        id: "sewer_defect",
        name: Text::new("管道缺陷", "Sewer defect"),
        group: Group::Sewer,
        z_order: 0,
        geometry: None,
        fields: sewer_defect_fields(),
        title: &["defect", "pipe_code"],
        style: Style::default(),
        check: check_defect,
    }
}

fn sewer_defect_fields() -> Vec<Field> {
    vec![
        Field::text("inspection_code", "检测编号", "Inspection number").required().aliases(&[
            "work id",
            "检测编码",
            "inspection",
            "inspection id",
        ]),
        Field::text("pipe_code", "管段编号", "Pipe number").required().aliases(&[
            "exp no",
            "pipe id",
            "管段编码",
            "管道编号",
            "pipe",
            "pipe code",
            "管段",
        ]),
        defect(),
        grade("grade", "等级", "Grade").required().aliases(&["缺陷等级", "class"]),
        Field::real("start_m", "起点距离", "From", "m").required().range(0.0, 10_000.0).aliases(&[
            "distance",
            "距离",
            "起始距离",
            "start",
            "起点",
            "缺陷距离",
            "纵向距离",
        ]),
        Field::real("end_m", "终点距离", "To", "m").range(0.0, 10_000.0).aliases(&["终止距离", "end", "终点"]),
        Field::text("clock", "环向位置", "Clock position").aliases(&["时钟", "时钟表示", "时钟位置", "clock position"]),
        Field::real("score", "分值", "Score", "").range(0.0, 10.0).aliases(&["得分"]),
        Field::text("photo", "照片", "Photo").aliases(&["图片", "照片序号", "照片编号", "照片文件"]),
        Field::text("description", "描述", "Description").aliases(&["缺陷描述", "内部状况描述"]),
    ]
}

/// The four grades of CJJ 181-2012, light to grave, as they are stored in whole-number fields.
pub(super) const GRADES: &[(&str, &str, &str)] =
    &[("1", "Ⅰ级", "Grade I"), ("2", "Ⅱ级", "Grade II"), ("3", "Ⅲ级", "Grade III"), ("4", "Ⅳ级", "Grade IV")];

fn grade(id: &'static str, zh: &'static str, en: &'static str) -> Field {
    fields::with_codes(Field::int(id, zh, en), GRADES)
}

fn index(id: &'static str, zh: &'static str, en: &'static str) -> Field {
    Field::real(id, zh, en, "").range(0.0, 15.0)
}

fn defect() -> Field {
    Field::coded(
        "defect",
        "缺陷代码",
        "Defect",
        &[
            ("PL", "破裂 PL", "Crack or collapse PL"),
            ("BX", "变形 BX", "Deformation BX"),
            ("FS", "腐蚀 FS", "Corrosion FS"),
            ("CK", "错口 CK", "Displaced joint CK"),
            ("QF", "起伏 QF", "Sag QF"),
            ("TJ", "脱节 TJ", "Separated joint TJ"),
            ("TL", "接口材料脱落 TL", "Joint seal hanging out TL"),
            ("AJ", "支管暗接 AJ", "Hidden lateral AJ"),
            ("CR", "异物穿入 CR", "Foreign object CR"),
            ("SL", "渗漏 SL", "Infiltration SL"),
            ("CJ", "沉积 CJ", "Deposits CJ"),
            ("JG", "结垢 JG", "Scale or grease JG"),
            ("ZW", "障碍物 ZW", "Obstacle ZW"),
            ("CQ", "残墙、坝根 CQ", "Remains of a wall CQ"),
            ("SG", "树根 SG", "Roots SG"),
            ("FZ", "浮渣 FZ", "Scum FZ"),
        ],
    )
    .required()
    .aliases(&["code", "defect code", "缺陷", "缺陷名称", "代码"])
}

fn check_defect(kind: &Kind, feature: &Feature) -> Vec<Problem> {
    let mut found = check::check(kind, feature);
    let start = check::number(kind, feature, "start_m");
    let end = check::number(kind, feature, "end_m");
    if start.zip(end).is_some_and(|(start, end)| end < start) {
        let what = Text::new("终点距离小于起点距离", "It ends before it begins");
        found.push(check::warning(kind, feature, "defect.backwards", what));
    }
    let highest = match check::value(kind, feature, "defect").as_str() {
        Some("TL") => 2,
        Some("FS" | "AJ" | "CR" | "FZ") => 3,
        _ => 4,
    };
    if check::value(kind, feature, "grade").as_i64().is_some_and(|grade| grade > highest) {
        let what = Text::new("该缺陷没有这一等级（CJJ 181）", "This defect has no such grade (CJJ 181)");
        found.push(check::warning(kind, feature, "defect.grade", what));
    }
    found
}
