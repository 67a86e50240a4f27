//! Before and after: findings of now held against those that were kept under a name.

use std::sync::Arc;

use crate::model::schema::Field;
use crate::model::value::Value;
use crate::session::place;
use crate::session::sewer::checks::FoundFault;
use crate::session::sewer::live::LiveNetwork;
use crate::session::sewer::marks::Progress;
use crate::session::sewer::progress::Became;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::checks::Rule;

use super::condition::{both, words};
use super::{Bar, Bars, Drawing, DrawnPoint, Layers, Mark, SewerShown, ShownRow, ShownTable, Sum, Tone, count};

fn tone_of(became: Became) -> Tone {
    match became {
        Became::New => Tone::Bad,
        Became::Still => Tone::Warn,
        Became::Gone => Tone::Good,
    }
}

fn table_id(became: Became) -> &'static str {
    match became {
        Became::New => "new",
        Became::Still => "still",
        Became::Gone => "gone",
    }
}

/// What is new, what is there still and what is gone since a campaign was kept.
pub(super) fn progress(live: &LiveNetwork, found: &Progress) -> SewerShown {
    let mut layers = Layers::of(live);
    let mut drawing = Drawing::default();
    let mut all = ShownTable::new("changes", Text::new("全部变化", "All changes"), fields());
    let mut apart = Vec::new();
    for became in Became::ALL {
        let mut table = ShownTable::new(table_id(became), became.name(), fields());
        for fault in found.faults(became) {
            let row = fault_row(became, fault, &mut layers);
            if let Some(at) = fault.place {
                let mark = DrawnPoint::new(Mark::Finding(0), tone_of(became));
                drawing.add_point(at, DrawnPoint { at: row.at, ..mark });
            }
            all.push(row.clone());
            table.push(row);
        }
        apart.push(table);
    }
    let [new, still, gone] = Became::ALL.map(|became| found.faults(became).len());
    let before: usize = found.rules.iter().map(|rule| rule.before).sum();
    let excused: usize = found.rules.iter().map(|rule| rule.excused).sum();
    let bars = Became::ALL.map(|became| {
        let faults = found.faults(became).len();
        Bar { name: became.name(), amount: faults as f64, words: count(faults), tone: tone_of(became) }
    });
    let (campaign, day) = (&found.campaign, &found.checked_on);
    let tables = std::iter::once(all).chain(apart).chain([rule_table(found)]).collect();
    SewerShown {
        title: text!("与“{campaign}”比较", "Since “{campaign}”"),
        subtitle: text!("保存于 {day}", "kept on {day}"),
        strip: text!("新增 {new} · 仍在 {still} · 已消除 {gone}", "{new} new · {still} still there · {gone} gone"),
        sums: vec![
            Sum::new(Text::new("当时的问题", "Findings then"), count(before)),
            Sum::new(Text::new("已消除", "Gone"), count(gone)).part(),
            Sum::new(Text::new("后来标为不算问题", "Marked as no fault since"), count(excused)).part(),
            Sum::new(Text::new("仍在", "Still there"), count(still)).part(),
            Sum::new(Text::new("新增", "New"), count(new)).bad(new > 0),
        ],
        bars: vec![Bars { name: Text::new("变化", "Changes"), bars: bars.to_vec() }],
        notes: vec![Text::new(
            "只比较两次都检查过的规则；同一规则、同一要素的问题算同一个",
            "Rules that were asked both times are compared; a finding of one rule about one feature is the same finding",
        )],
        tables,
        drawing: Arc::new(drawing),
        layers,
    }
}

fn fields() -> Vec<Field> {
    vec![
        Field::text("became", "变化", "Became"),
        Field::text("what", "说明", "What"),
        Field::text("code", "对象", "Element"),
        Field::text("name", "规则", "Rule"),
        Field::text("severity", "级别", "Severity"),
        Field::text("rule", "编号", "Id"),
    ]
}

fn fault_row(became: Became, fault: &FoundFault, layers: &mut Layers) -> ShownRow {
    let values = vec![
        both(&became.name()),
        both(&fault.what),
        words(&fault.code),
        Rule::find(fault.rule).map_or(Value::Null, |rule| both(&rule.name)),
        both(&fault.severity.name()),
        fault.rule.into(),
    ];
    let place_world = fault.place.map(place::world_from_lonlat);
    ShownRow { at: Some(layers.row(&fault.at)), place_world, values, tone: Some(tone_of(became)) }
}

fn rule_table(found: &Progress) -> ShownTable {
    let fields = vec![
        Field::text("rule", "编号", "Id"),
        Field::text("name", "规则", "Rule"),
        Field::int("before", "当时", "Then"),
        Field::int("gone", "已消除", "Gone"),
        Field::int("excused", "不算问题", "No fault"),
        Field::int("still", "仍在", "Still"),
        Field::int("new", "新增", "New"),
    ];
    let mut table = ShownTable::new("rules", Text::new("按规则", "By rule"), fields);
    for rule in &found.rules {
        let numbers = [rule.before, rule.fixed, rule.excused, rule.remaining, rule.new];
        let mut values = vec![rule.rule.id.into(), both(&rule.rule.name)];
        values.extend(numbers.map(|number| Value::Int(number as i64)));
        let tone = if rule.new > 0 {
            Some(Tone::Bad)
        } else if rule.remaining > 0 {
            Some(Tone::Warn)
        } else {
            (rule.fixed > 0).then_some(Tone::Good)
        };
        table.push(ShownRow { values, tone, ..ShownRow::default() });
    }
    table
}
