//! Cases of the digital city management loop.

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

/// A case: reported, filed, dispatched, handled, checked, closed.
pub(super) fn case() -> Kind {
    Kind {
        id: "case",
        name: Text::new("案件", "Case"),
        group: Group::Notes,
        z_order: 90,
        geometry: Some(GeometryKind::Point),
        fields: case_fields(),
        title: &["code", "description"],
        style: style(),
        check: check_case,
    }
}

fn case_fields() -> Vec<Field> {
    vec![
        fields::code("案件号", "Case number").aliases(&["case no", "case id", "案件编号", "任务号", "编号"]),
        source(),
        state(),
        Field { codes: fields::codes_from_table(MATTERS), ..Field::text("matter_code", "事项类别", "Matter") }
            .aliases(&["sxdm", "sxmc", "事项代码", "事项名称", "案件小类", "小类"]),
        Field::text("description", "问题描述", "Description").required().aliases(&["desc", "描述", "案件描述"]),
        Field::text("place", "事发位置", "Place").aliases(&["sfwz", "address", "地址", "事发地点"]),
        Field::datetime("reported_at", "上报时间", "Reported").required().aliases(&[
            "report time",
            "案发时间",
            "created",
        ]),
        Field::datetime("filed_at", "立案时间", "Filed").aliases(&["file time"]),
        Field::datetime("dispatched_at", "派遣时间", "Dispatched").aliases(&["dispatch time"]),
        Field::datetime("deadline", "处置时限", "Deadline").aliases(&["截止时间", "时限", "due"]),
        Field::datetime("handled_at", "处置完成时间", "Handled").aliases(&["处置时间"]),
        Field::datetime("closed_at", "结案时间", "Closed").aliases(&["close time"]),
        Field::bool("overdue", "超期", "Overdue").read_only().aliases(&["是否超期"]),
        Field::text("department", "处置部门", "Department").aliases(&["专业部门", "主管部门名称", "zgbmmc"]),
        Field::text("handler", "处置人", "Handler").aliases(&["经办人", "承办人"]),
        Field::text("reporter", "上报人", "Reporter").aliases(&["监督员", "举报人"]),
        Field::int("rework_count", "返工次数", "Reworks").range(0.0, 100.0),
        Field::text("component_code", "部件标识码", "Component").aliases(&["glbjbsm", "部件编码"]),
        fields::road_name(),
        fields::cell_code(),
        fields::street_code(),
        fields::community_code(),
        fields::remark(),
    ]
}

/// The matters of GB/T 47678.5-2026, annex C.
const MATTERS: &str = include_str!("../../data/matters.csv");

fn source() -> Field {
    Field::coded(
        "source",
        "来源",
        "Source",
        &[
            ("patrol", "巡查上报", "Patrol"),
            ("video", "视频上报", "Video"),
            ("hotline", "12345热线", "12345 hotline"),
            ("opinion", "舆情智能监测", "Public-opinion monitoring"),
            ("public", "社会公众举报", "Public report"),
            ("uav", "无人机巡查", "Drone patrol"),
            ("iot", "物联感知", "Sensor alarm"),
            ("leader", "领导批示", "Instruction from a leader"),
            ("media", "媒体曝光", "Media"),
            ("transfer", "部门转办", "Transfer"),
            ("petition", "信访提案", "Petition or proposal"),
        ],
    )
    .required()
    .aliases(&["案件来源", "问题来源"])
}

fn state() -> Field {
    Field::coded(
        "state",
        "状态",
        "State",
        &[
            ("collected", "信息采集", "Collected"),
            ("accepted", "受理", "Accepted"),
            ("verifying", "核实", "Verifying"),
            ("rejected", "不予立案", "Not filed"),
            ("filed", "立案", "Filed"),
            ("dispatched", "派遣", "Dispatched"),
            ("returned", "退回", "Returned"),
            ("handling", "处置", "Handling"),
            ("extended", "延期", "Extended"),
            ("suspended", "挂账", "Suspended"),
            ("feedback", "反馈", "Reported done"),
            ("checking", "核查", "Checking"),
            ("rework", "返工", "Rework"),
            ("closed", "结案", "Closed"),
            ("cancelled", "作废", "Cancelled"),
        ],
    )
    .required()
    .aliases(&["status", "案件状态", "环节", "办理环节"])
}

fn check_case(kind: &Kind, feature: &Feature) -> Vec<Problem> {
    let mut found = check::check(kind, feature);
    let time = |field| check::value(kind, feature, field).as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    if let (Some(reported), Some(closed)) = (time("reported_at"), time("closed_at"))
        && closed < reported
    {
        let what = Text::new("结案早于上报", "It was closed before it was reported");
        found.push(check::warning(kind, feature, "case.times", what));
    }
    found
}

/// Symbol, states that it stands for, legend.
const LOOKS: [(&str, &str, &str, &str); 8] = [
    ("case-collected", "state IN ('collected', 'accepted', 'verifying') OR state IS NULL", "采集", "Collected"),
    ("case-filed", "state = 'filed'", "立案", "Filed"),
    ("case-dispatched", "state IN ('dispatched', 'returned')", "派遣", "Dispatched"),
    ("case-handling", "state IN ('handling', 'extended', 'rework')", "处置", "Handling"),
    ("case-checking", "state IN ('feedback', 'checking')", "核查", "Checking"),
    ("case-suspended", "state = 'suspended'", "挂账", "Suspended"),
    ("case-closed", "state = 'closed'", "结案", "Closed"),
    ("case-rejected", "state IN ('rejected', 'cancelled')", "不受理", "Not filed"),
];
/// States in which the clock of a case runs.
const RUNNING: &str = "(state NOT IN ('suspended', 'closed', 'rejected', 'cancelled') OR state IS NULL)";

fn style() -> Style {
    let near = ScaleRange::closer_than(20_000.0);
    let size = look::by_scale(&[(1_000.0, 28.0), (2_500.0, 26.0), (8_000.0, 20.0), (20_000.0, 14.0)]);
    // What is over and done with is smaller, and lies under the rest.
    let quiet = look::by_scale(&[(1_000.0, 24.0), (2_500.0, 20.0), (8_000.0, 11.0), (20_000.0, 7.0)]);
    let late = format!("{RUNNING} AND overdue = TRUE");
    let mut rules: Vec<Rule> = Vec::new();
    for (id, states, zh, en) in LOOKS {
        let filter = format!("({states}) AND (overdue = FALSE OR overdue IS NULL OR NOT {RUNNING})");
        let is_over = matches!(id, "case-closed" | "case-rejected");
        let size = if is_over { &quiet } else { &size };
        rules.push(look::symbol_rule(id, size, &filter, (zh, en)).at(near).pass(u8::from(!is_over)));
    }
    rules.push(look::symbol_rule("case-overdue", &size, &late, ("超期", "Overdue")).at(near).pass(2));
    let dots = look::by_scale(&[(20_000.0, 8.0), (100_000.0, 5.0)]);
    let dot = Rule::all(vec![look::disc(look::CASE, dots)]).when(RUNNING).named("办理中", "In progress");
    rules.push(dot.at(ScaleRange::farther_than(near.most)));
    let code = LabelRule {
        scale: ScaleRange::closer_than(1_500.0),
        ..look::label("{code}", "{code}", Placement::Around, 23, look::px(10.5))
    };
    Style::new(rules, vec![code])
}
