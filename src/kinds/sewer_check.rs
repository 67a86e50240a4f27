//! What people make of the checks of the sewers: marks that something is no fault, and the findings of a day that is
//! compared with later.

use super::check;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{Rule, ScaleRange, Style};
use crate::text::Text;

/// “Not a fault, because …”: a finding of one rule about one row that is left out from now on.
pub(super) fn sewer_excuse() -> Kind {
    Kind {
        id: "sewer_excuse",
        name: Text::new("非错标记", "No-fault mark"),
        group: Group::Sewer,
        z_order: 0,
        geometry: None,
        fields: vec![
            rule(),
            Field::text("on_layer", "所在图层", "On layer").required(),
            Field::int("on_id", "所在要素", "On feature").required(),
            Field::text("on_code", "要素编号", "Feature's number"),
            Field::text("because", "原因", "Because").required(),
            Field::text("author", "标记人", "Author"),
            Field::datetime("created", "标记时间", "Created").read_only(),
        ],
        title: &["rule", "on_code"],
        style: Style::default(),
        check: check::check,
    }
}

/// One finding that was kept under a name, to see later what has become of it.
pub(super) fn sewer_finding() -> Kind {
    Kind {
        id: "sewer_finding",
        name: Text::new("管网检查结果", "Sewer check finding"),
        group: Group::Sewer,
        z_order: 75,
        geometry: Some(GeometryKind::Point),
        fields: vec![
            Field::text("campaign", "检查批次", "Campaign").required(),
            Field::date("checked_on", "检查日期", "Checked on"),
            rule(),
            Field::coded(
                "severity",
                "程度",
                "Severity",
                &[("error", "错误", "Error"), ("warning", "注意", "Warning"), ("info", "提示", "Hint")],
            ),
            Field::text("on_layer", "所在图层", "On layer").required(),
            Field::int("on_id", "所在要素", "On feature").required(),
            Field::text("on_code", "要素编号", "Feature's number"),
            Field::text("what", "问题", "What"),
            Field::text("what_en", "问题（英文）", "What, in English"),
        ],
        title: &["rule", "on_code"],
        style: style(),
        check: check::check,
    }
}

/// How many findings a rule had when they were kept under a name.
pub(super) fn sewer_campaign() -> Kind {
    Kind {
        id: "sewer_campaign",
        name: Text::new("管网检查批次", "Sewer check campaign"),
        group: Group::Sewer,
        z_order: 0,
        geometry: None,
        fields: vec![
            Field::text("campaign", "检查批次", "Campaign").required(),
            Field::date("checked_on", "检查日期", "Checked on").required(),
            rule(),
            Field::int("findings", "问题数", "Findings").required(),
            Field::int("excused", "非错数", "Marked as no fault"),
        ],
        title: &["campaign", "rule"],
        style: Style::default(),
        check: check::check,
    }
}

fn rule() -> Field {
    Field::text("rule", "规则", "Rule").required()
}

fn style() -> Style {
    let size = look::by_scale(&[(1_000.0, 12.0), (5_000.0, 9.0), (20_000.0, 6.0)]);
    let disc = |ink, filter: &str, zh, en| {
        let dot = Rule::all(vec![look::disc(ink, size.clone())]).when(filter);
        dot.named(zh, en).at(ScaleRange::closer_than(30_000.0))
    };
    let rules = vec![
        disc(look::NOTE_BLUE, "(severity = 'info' OR severity IS NULL)", "检查：提示", "Check: hint"),
        disc(look::AMBER, "severity = 'warning'", "检查：注意", "Check: warning"),
        disc(look::RED, "severity = 'error'", "检查：错误", "Check: error"),
    ];
    Style::new(rules, Vec::new())
}
