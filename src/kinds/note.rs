//! Notes that inspectors leave on the map.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{Ink, LabelRule, Paint, Placement, Rule, ScaleRange, Size, Style};
use crate::text;
use crate::text::Text;

/// What somebody saw at a place: words, severity, state, photos.
pub(super) fn note() -> Kind {
    Kind {
        id: "note",
        name: Text::new("标注", "Note"),
        group: Group::Notes,
        z_order: 92,
        geometry: Some(GeometryKind::Collection),
        fields: note_fields(),
        title: &["text"],
        style: style(),
        check: check::check,
    }
}

fn note_fields() -> Vec<Field> {
    vec![
        // Not required: a photo may say it all. Whoever makes a note sees to it that there is one of the two.
        Field::text("text", "内容", "Text").aliases(&["content", "description", "描述", "标注内容"]),
        category(),
        Field::coded(
            "severity",
            "程度",
            "Severity",
            &[("low", "一般", "Low"), ("mid", "较重", "Medium"), ("high", "紧急", "High")],
        )
        .required()
        .aliases(&["严重程度", "priority"]),
        Field::coded(
            "state",
            "状态",
            "State",
            &[("open", "待办", "Open"), ("work", "在办", "In work"), ("done", "办结", "Done")],
        )
        .required()
        .aliases(&["status", "办理状态"]),
        Field::text("author", "标注人", "Author").aliases(&["created by", "上报人", "创建人"]),
        Field::datetime("created", "标注时间", "Created").read_only().aliases(&[
            "created at",
            "time",
            "创建时间",
            "上报时间",
        ]),
        Field::date("due", "期限", "Due").aliases(&["deadline", "截止日期"]),
        Field::bool("overdue", "超期", "Overdue").read_only(),
        Field::text("on_layer", "所在图层", "On layer").read_only(),
        Field::int("on_id", "所在要素", "On feature").read_only(),
        Field::text("place", "位置", "Place").aliases(&["address", "地址"]),
        fields::cell_code(),
        Field::datetime("closed_at", "办结时间", "Closed").read_only(),
        Field::text("closed_by", "办结人", "Closed by").read_only(),
    ]
}

fn category() -> Field {
    Field::coded(
        "category",
        "类别",
        "Category",
        &[
            ("sewer", "排水", "Sewer"),
            ("waste", "环卫", "Sanitation"),
            ("road", "道路", "Road"),
            ("cable", "线缆", "Cables"),
            ("green", "园林", "Green space"),
            ("device", "设施", "Device"),
            ("order", "市容秩序", "Street order"),
            ("data", "数据问题", "Data"),
            ("other", "其他", "Other"),
        ],
    )
    .aliases(&["type", "类型", "分类"])
}

const SEVERITIES: [(&str, Ink, &str, &str); 3] = [
    ("low", look::NOTE_BLUE, "一般", "Low"),
    ("mid", look::AMBER, "较重", "Medium"),
    ("high", look::RED, "紧急", "High"),
];
const NEAR: ScaleRange = ScaleRange::closer_than(20_000.0);

/// Colour and mark tell the severity, filling the state; graver ones lie on top.
fn style() -> Style {
    let mut rules = Vec::new();
    for (pass, (severity, ink, zh, en)) in (0_u8..).zip(SEVERITIES) {
        rules.extend(severity_rules(severity, ink, (zh, en)).map(|rule| rule.pass(pass)));
    }
    let words = LabelRule {
        scale: ScaleRange::closer_than(1_500.0),
        ..look::label("{text}", "{text}", Placement::Around, 24, look::px(11.0))
    };
    Style::new(rules, vec![words])
}

fn severity_rules(severity: &str, ink: Ink, (zh, en): (&str, &str)) -> [Rule; 5] {
    // Whatever has no severity yet is shown as middling rather than lost.
    let which = match severity {
        "mid" => "(severity = 'mid' OR severity IS NULL)".to_owned(),
        _ => format!("severity = '{severity}'"),
    };
    let in_time = "(overdue = FALSE OR overdue IS NULL)";
    let states = [
        ("done", "state = 'done'".to_owned(), "办结", "done"),
        ("open", format!("(state = 'open' OR state IS NULL) AND {in_time}"), "待办", "open"),
        ("work", format!("state = 'work' AND {in_time}"), "在办", "in work"),
        ("overdue", "(state <> 'done' OR state IS NULL) AND overdue = TRUE".to_owned(), "超期", "overdue"),
    ];
    let [done, open, work, overdue] = states.map(|(state, filter, state_zh, state_en)| {
        let name = text!("{zh}·{state_zh}", "{en}, {state_en}");
        let paints = paints(ink, format!("note-{severity}-{state}"));
        Rule { name, ..Rule::all(paints).when(&format!("{which} AND {filter}")).at(NEAR) }
    });
    let dot = Rule::all(vec![look::disc(ink, look::by_scale(&[(20_000.0, 8.0), (100_000.0, 5.0)]))])
        .when(&format!("{which} AND (state <> 'done' OR state IS NULL)"))
        .at(ScaleRange::farther_than(NEAR.most));
    let name = text!("{zh}·未办结", "{en}, not done");
    [done, open, work, overdue, Rule { name, ..dot }]
}

/// A note may be a line or an area too; its symbol stands in the middle.
fn paints(ink: Ink, id: String) -> Vec<Paint> {
    let size = look::by_scale(&[(1_000.0, 28.0), (2_500.0, 26.0), (8_000.0, 20.0), (20_000.0, 14.0)]);
    vec![look::tint(ink, 0.1), look::dashes(ink, Size::Px(2.0), &[7.0, 4.0]), Paint::Symbol { id, size }]
}
