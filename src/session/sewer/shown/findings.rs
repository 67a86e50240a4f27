//! Findings of the checks, and cross connections.

use std::sync::Arc;

use crate::model::schema::Field;
use crate::model::value::Value;
use crate::session::place;
use crate::session::sewer::checks::{CheckReport, FoundFault};
use crate::session::sewer::cross::{CrossReport, way_code};
use crate::session::sewer::live::LiveNetwork;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::checks::{Rule, Severity};

use super::condition::{both, words};
use super::ways::system_name;
use super::{
    Bar, Bars, Drawing, DrawnPoint, Layers, Mark, SewerShown, ShownRow, ShownTable, Sum, Tone, count, length_words,
};

/// Marks up to this number carry it on the map.
const NUMBERED: usize = 99;

fn tone_of(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Warn,
        Severity::Info => Tone::Info,
    }
}

/// What the rules found: by rule, one by one, and what is marked as no fault.
pub(super) fn checks(live: &LiveNetwork, report: &CheckReport) -> SewerShown {
    let mut layers = Layers::of(live);
    let mut drawing = Drawing::default();
    let findings = fault_table(
        ShownTable::new("findings", Text::new("问题", "Findings"), fault_fields()),
        &report.findings,
        &mut layers,
        Some(&mut drawing),
    );
    let excused_name = Text::new("不算问题", "No fault");
    let excused = ShownTable::new("excused", excused_name, fault_fields());
    let mut tables = vec![findings, rule_table(report)];
    if !report.excused.is_empty() {
        tables.push(fault_table(excused, &report.excused, &mut layers, None));
    }
    tables[0].omitted = report.omitted;
    let of = |severity: Severity| -> usize {
        report.counts.iter().filter(|count| count.rule.severity == severity).map(|count| count.open).sum()
    };
    let [errors, warnings, infos] = [Severity::Error, Severity::Warning, Severity::Info].map(of);
    let mends = report.findings.iter().filter(|fault| fault.fix.is_some()).count();
    let rules = report.counts.len();
    let mut worst: Vec<_> = report.counts.iter().filter(|count| count.open > 0).collect();
    worst.sort_by_key(|count| std::cmp::Reverse(count.open));
    let bars = worst.iter().take(12).map(|found| {
        let (id, Text { zh, en }) = (found.rule.id, &found.rule.name);
        let name = text!("{zh}", "{en}");
        let said = Text::same(format!("{} · {id}", place::grouped(found.open as f64, 0)));
        Bar { name, amount: found.open as f64, words: said, tone: tone_of(found.rule.severity) }
    });
    SewerShown {
        title: Text::new("管网检查", "Checks of the network"),
        subtitle: text!("{rules} 条规则", "{rules} rules"),
        strip: text!(
            "错误 {errors} · 注意 {warnings} · 提示 {infos}",
            "{errors} errors · {warnings} warnings · {infos} hints"
        ),
        sums: vec![
            Sum::new(Text::new("错误", "Errors"), count(errors)).bad(errors > 0),
            Sum::new(Text::new("注意", "Warnings"), count(warnings)),
            Sum::new(Text::new("提示", "Hints"), count(infos)),
            Sum::new(Text::new("可自动处理", "Can be mended safely"), count(mends)),
            Sum::new(Text::new("标为不算问题", "Marked as no fault"), count(report.excused.len())),
        ],
        bars: vec![Bars { name: Text::new("按规则", "By rule"), bars: bars.collect() }],
        notes: vec![Text::new(
            "规则编号 SW01–SW32 依据排水管网数据检查表；流向以记录为准，标高相反算问题",
            "Rules SW01 to SW32 follow the bureau's table of sewer checks; the record says the direction, inverts against it are a finding",
        )],
        tables,
        drawing: Arc::new(drawing),
        layers,
    }
}

fn fault_fields() -> Vec<Field> {
    vec![
        Field::int("number", "#", "#"),
        Field::text("what", "说明", "What"),
        Field::text("code", "对象", "Element"),
        Field::text("name", "规则", "Rule"),
        Field::text("severity", "级别", "Severity"),
        Field::bool("mends", "可处理", "Mendable"),
        Field::text("rule", "编号", "Id"),
    ]
}

fn fault_table(
    mut table: ShownTable,
    faults: &[FoundFault],
    layers: &mut Layers,
    mut drawing: Option<&mut Drawing>,
) -> ShownTable {
    for (number, fault) in (1..).zip(faults) {
        let (row, tone) = (layers.row(&fault.at), tone_of(fault.severity));
        if let (Some(drawing), Some(at)) = (drawing.as_deref_mut(), fault.place) {
            let mark = Mark::Finding(if number <= NUMBERED { number as u32 } else { 0 });
            drawing.add_point(at, DrawnPoint { at: Some(row), ..DrawnPoint::new(mark, tone) });
        }
        let what = match &fault.because {
            Some(because) => {
                let Text { zh, en } = &fault.what;
                text!("{zh}（不算问题：{because}）", "{en} (no fault: {because})")
            }
            None => fault.what.clone(),
        };
        let values = vec![
            Value::Int(number as i64),
            both(&what),
            words(&fault.code),
            Rule::find(fault.rule).map_or(Value::Null, |rule| both(&rule.name)),
            both(&fault.severity.name()),
            Value::Bool(fault.fix.is_some()),
            fault.rule.into(),
        ];
        let place_world = fault.place.map(place::world_from_lonlat);
        table.push(ShownRow { at: Some(row), place_world, values, tone: Some(tone) });
    }
    table
}

fn rule_table(report: &CheckReport) -> ShownTable {
    let fields = vec![
        Field::text("rule", "编号", "Id"),
        Field::text("name", "规则", "Rule"),
        Field::text("severity", "级别", "Severity"),
        Field::int("open", "问题", "Findings"),
        Field::int("excused", "不算", "No fault"),
        Field::text("why", "判定", "When it fires"),
    ];
    let mut table = ShownTable::new("rules", Text::new("规则", "Rules"), fields);
    for found in &report.counts {
        let values = vec![
            found.rule.id.into(),
            both(&found.rule.name),
            both(&found.rule.severity.name()),
            Value::Int(found.open as i64),
            Value::Int(found.excused as i64),
            both(&found.rule.why),
        ];
        let tone = (found.open > 0).then(|| tone_of(found.rule.severity));
        table.push(ShownRow { values, tone, ..ShownRow::default() });
    }
    table
}

/// Places where systems are joined that should not be, likeliest first, and storm outfalls that foul water can reach.
pub(super) fn cross(live: &LiveNetwork, report: &CrossReport) -> SewerShown {
    let mut layers = Layers::of(live);
    let mut drawing = Drawing::default();
    let fields = vec![
        Field::int("number", "#", "#"),
        Field::text("node", "节点", "Node"),
        Field::text("what", "说明", "What"),
        Field::real("score", "可能性", "Score", ""),
        Field::text("from", "从", "From"),
        Field::text("to", "进", "Into"),
        Field::real("purity", "上游纯度", "Purity above", "%"),
        Field::text("above", "上游长度", "Sewer above"),
        Field::text("open_first", "先开", "Open first"),
        Field::text("way", "方式", "How"),
    ];
    let mut table = ShownTable::new("candidates", Text::new("可疑点", "Candidates"), fields);
    for (number, found) in (1..).zip(&report.candidates) {
        let row = found.at.as_ref().or(found.pipe_rows.first()).map(|at| layers.row(at));
        let tone = if found.score >= 0.7 {
            Tone::Bad
        } else if found.score >= 0.45 {
            Tone::Warn
        } else {
            Tone::Info
        };
        if let Some(at) = found.place {
            let mark = Mark::Finding(if number <= NUMBERED { number as u32 } else { 0 });
            drawing.add_point(at, DrawnPoint { at: row, ..DrawnPoint::new(mark, tone) });
        }
        let values = vec![
            Value::Int(number as i64),
            words(&found.node),
            both(&found.what),
            Value::Real((found.score * 100.0).round() / 100.0),
            both(&system_name(found.from)),
            both(&system_name(found.to)),
            found.purity.map_or(Value::Null, |share| Value::Real((share * 1000.0).round() / 10.0)),
            length_words(found.upstream_m).into(),
            found.open_first.as_ref().map_or(Value::Null, |(node, ..)| words(node)),
            way_code(found.way).into(),
        ];
        let place_world = found.place.map(place::world_from_lonlat);
        table.push(ShownRow { at: row, place_world, values, tone: Some(tone) });
    }
    let into = |foul: bool| {
        let is_foul = |system| matches!(system, crate::trades::sewer::pipe::System::Foul);
        report.candidates.iter().filter(|it| is_foul(it.from) == foul).count()
    };
    SewerShown {
        title: Text::new("错混接排查", "Cross connections"),
        subtitle: Text::new("最可能的在前", "the likeliest first"),
        sums: vec![
            Sum::new(Text::new("可疑点", "Candidates"), count(report.candidates.len()))
                .bad(!report.candidates.is_empty()),
            Sum::new(Text::new("污水进雨水等", "From foul sewers"), count(into(true))).part(),
            Sum::new(Text::new("雨水、合流进污水等", "From storm and combined sewers"), count(into(false))).part(),
            Sum::new(
                Text::new("上游有污水的雨水排口", "Storm outfalls with foul water above"),
                count(report.outfalls.len()),
            )
            .bad(!report.outfalls.is_empty()),
            Sum::new(Text::new("标为不算问题", "Marked as no fault"), count(report.excused)),
        ],
        notes: vec![Text::new(
            "可能性 0–1：接法、上下游类型、去向、排水户等证据相加，见每一条的说明",
            "Score 0 to 1: how they meet, systems above and below, where the water ends, users; each candidate says its evidence",
        )],
        tables: vec![table, outfall_table(report, &mut layers)],
        drawing: Arc::new(drawing),
        layers,
        ..SewerShown::default()
    }
}

fn outfall_table(report: &CrossReport, layers: &mut Layers) -> ShownTable {
    let fields = vec![
        Field::text("node", "雨水排口", "Storm outfall"),
        Field::text("foul", "上游污水管", "Foul above"),
        Field::text("combined", "合流管", "Combined"),
        Field::text("storm", "雨水管", "Storm"),
        Field::int("joins", "混入点", "Joins"),
        Field::int("users", "排水户", "Users"),
    ];
    let mut table = ShownTable::new("fouled", Text::new("受污染排口", "Fouled outfalls"), fields);
    for outfall in &report.outfalls {
        let above = &outfall.above;
        let values = vec![
            words(&outfall.node),
            length_words(above.foul_m).into(),
            length_words(above.combined_m).into(),
            length_words(above.storm_m).into(),
            Value::Int(above.joins.len() as i64),
            Value::Int(above.users as i64),
        ];
        let at = outfall.at.as_ref().map(|at| layers.row(at));
        let place_world = outfall.place.map(place::world_from_lonlat);
        table.push(ShownRow { at, place_world, values, tone: Some(Tone::Bad) });
    }
    table
}
