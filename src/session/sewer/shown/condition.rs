//! Ratings after CJJ 181, the repair plan, and kilometres inspected.

use std::sync::Arc;

use crate::model::schema::Field;
use crate::model::value::Value;
use crate::session::place;
use crate::session::sewer::condition::{ConditionReport, RatedPipe};
use crate::session::sewer::live::LiveNetwork;
use crate::session::sewer::plan::{PlanReport, PlannedPipe};
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::cjj181::explain;
use crate::trades::sewer::inspected::{Inspected, Share};
use crate::trades::sewer::plan::Work;

use super::{Bar, Bars, Drawing, Layers, SewerShown, ShownRow, ShownTable, Sum, Tone, count, length};

const GRADES: [&str; 4] = ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"];

/// `Ⅲ`.
pub(super) fn numeral(grade: u8) -> &'static str {
    GRADES[usize::from(grade.clamp(1, 4)) - 1]
}

/// Grades of the inspected pipes, the gravest first.
pub(super) fn rated(live: &LiveNetwork, report: &ConditionReport) -> SewerShown {
    let mut layers = Layers::of(live);
    let mut drawing = Drawing::default();
    let mut pipes: Vec<&RatedPipe> = report.pipes.iter().collect();
    pipes.sort_by(|a, b| {
        b.rating.ri.value.total_cmp(&a.rating.ri.value).then(b.rating.mi.value.total_cmp(&a.rating.mi.value))
    });
    let mut table = ShownTable::new("rated", Text::new("已检测管段", "Inspected pipes"), rated_fields());
    let mut by_index = [[(0_usize, 0.0_f64); 4]; 2];
    for rated in pipes {
        let row = layers.row(&rated.at);
        let tone = Tone::Grade(rated.rating.worst_grade().clamp(1, 4));
        if let Some(pipe) = live.sewers.pipe_of_row(row) {
            let grades = [rated.rating.ri.grade, rated.rating.mi.grade];
            for (shares, grade) in by_index.iter_mut().zip(grades) {
                let share = &mut shares[usize::from(grade.clamp(1, 4)) - 1];
                *share = (share.0 + 1, share.1 + live.sewers.length_m(pipe));
            }
            drawing.add_pipe(live, pipe, tone, false);
        }
        let values = rated_values(rated);
        table.push(ShownRow { at: Some(row), values, tone: Some(tone), ..ShownRow::default() });
    }
    let rated_m: f64 = by_index[0].iter().map(|(_, length_m)| length_m).sum();
    let network_m: f64 = live.sewers.pipes().map(|(pipe, _)| live.sewers.length_m(pipe)).sum();
    let share = if network_m > 0.0 { rated_m / network_m * 100.0 } else { 0.0 };
    let (pipes, never) = (report.pipes.len(), report.never);
    let names = [
        Text::new("修复等级 RI（结构性缺陷）", "Repair grade RI (structural)"),
        Text::new("养护等级 MI（功能性缺陷）", "Maintenance grade MI (functional)"),
    ];
    let bars = names.into_iter().zip(by_index).map(|(name, shares)| grade_bars(name, shares));
    let method = Text::new(
        "本结果在地图上按 RI、MI 中较重的等级着色；“按等级着色”按已写入图层的修复等级 RI。",
        "This result is coloured on the map by the graver of RI and MI; “Colour by grade” shows the repair grade RI as \
         it stands in the layer.",
    );
    SewerShown {
        title: Text::new("CJJ 181 检测评估", "Condition after CJJ 181"),
        subtitle: text!("按每段最近一次检测", "by the latest inspection of each pipe"),
        strip: text!("已评估 {pipes} 段，占全长 {share:.1}%", "{pipes} pipes rated, {share:.1} % of the length"),
        sums: vec![
            Sum::new(Text::new("已评估管段", "Pipes rated"), count(pipes)),
            Sum::new(Text::new("长度", "Length"), length(rated_m)),
            Sum::new(Text::new("占管网全长", "Share of the network"), Text::same(format!("{share:.1} %"))),
            Sum::new(Text::new("从未检测", "Never inspected"), count(never)),
            Sum::new(Text::new("读不懂的记录", "Records that make no sense"), count(report.problems.len()))
                .bad(!report.problems.is_empty()),
            Sum::new(Text::new("评估结果尚未写入图层", "Not yet in the layer"), count(report.unwritten))
                .bad(report.unwritten > 0),
        ],
        bars: bars.collect(),
        notes: [explain::rules(report.rules), method].into_iter().chain(report.parts()).collect(),
        tables: vec![table],
        drawing: Arc::new(drawing),
        layers,
    }
}

/// Length and number of pipes by grade, 1 to 4.
fn grade_bars(name: Text, shares: [(usize, f64); 4]) -> Bars {
    let bars = (1..).zip(shares).map(|(grade, (pipes, length_m))| {
        let (name, length) = (numeral(grade), super::length_words(length_m));
        let words = text!("{length} · {pipes} 段", "{length} · {pipes} pipes");
        Bar { name: text!("{name}级", "Grade {name}"), amount: length_m, words, tone: Tone::Grade(grade) }
    });
    Bars { name, bars: bars.collect() }
}

fn rated_fields() -> Vec<Field> {
    vec![
        Field::text("pipe", "管段", "Pipe"),
        Field::text("ri_grade", "RI 等级", "RI grade"),
        Field::real("ri", "RI", "RI", ""),
        Field::text("mi_grade", "MI 等级", "MI grade"),
        Field::real("mi", "MI", "MI", ""),
        Field::real("f", "F", "F", ""),
        Field::real("sm", "SM", "SM", ""),
        Field::real("g", "G", "G", ""),
        Field::real("ym", "YM", "YM", ""),
        Field::int("defects", "缺陷", "Defects"),
        Field::date("on", "检测日期", "Inspected"),
        Field::real("seen", "只检测了", "Part seen", "%"),
        Field::date("later_part", "之后部分检测", "Part seen later"),
        Field::text("road", "道路", "Road"),
    ]
}

fn rated_values(rated: &RatedPipe) -> Vec<Value> {
    let number = |value: f64| Value::Real((value * 10_000.0).round() / 10_000.0);
    let density = |value: Option<f64>| value.map_or(Value::Null, number);
    let rating = &rated.rating;
    vec![
        rated.code.as_str().into(),
        numeral(rating.ri.grade).into(),
        number(rating.ri.value),
        numeral(rating.mi.grade).into(),
        number(rating.mi.value),
        number(rating.structure.value),
        density(rating.structure.density),
        number(rating.function.value),
        density(rating.function.density),
        Value::Int(rated.defects.len() as i64),
        words(&rated.on),
        rated.seen_share.map_or(Value::Null, |share| Value::Real((share * 100.0).round())),
        words(&rated.later_part),
        words(&rated.road),
    ]
}

pub(super) fn words(words: &str) -> Value {
    if words.is_empty() { Value::Null } else { words.into() }
}

/// The plan in its order.
pub(super) fn planned(live: &LiveNetwork, report: &PlanReport) -> SewerShown {
    let mut layers = Layers::of(live);
    let mut drawing = Drawing::default();
    let mut table = ShownTable::new("planned", Text::new("计划", "Plan"), planned_fields());
    let mut watch = ShownTable::new("watched", Text::new("观察", "To watch"), watched_fields());
    for (rank, planned) in (1..).zip(&report.items) {
        let row = layers.row(&planned.at);
        let tone = Tone::Grade(planned.rating.worst_grade());
        drawing.add_line(row, planned.line.iter().copied(), tone, planned.item.fits == Some(true));
        let values = planned_values(rank, planned);
        table.push(ShownRow { at: Some(row), values, tone: Some(tone), ..ShownRow::default() });
    }
    for watched in &report.watched {
        let row = layers.row(&watched.at);
        let tone = Tone::Grade(watched.rating.worst_grade());
        drawing.add_line(row, watched.line.iter().copied(), tone, false);
        watch.push(ShownRow {
            at: Some(row),
            values: watched_values(watched),
            tone: Some(tone),
            ..ShownRow::default()
        });
    }
    let yuan = |yuan: f64| {
        let words = place::grouped(yuan, 0);
        text!("{words} 元", "{words} yuan")
    };
    let mut sums = vec![
        Sum::new(Text::new("列入计划", "Pipes in the plan"), count(report.items.len())),
        Sum::new(Text::new("费用合计", "Cost of all"), yuan(report.yuan)),
    ];
    let mut subtitle = Text::new("先按 RI、再按 MI 从重到轻", "by RI, then MI, the worst first");
    if let Some(budget) = report.ask.budget_yuan {
        sums.push(Sum::new(Text::new("预算", "Budget"), yuan(budget)));
        let (fitting, cost) = (report.fitting, place::grouped(report.fitting_yuan, 0));
        let within = text!("{fitting} 段，{cost} 元", "{fitting} pipes, {cost} yuan");
        let whole = place::grouped(budget, 0);
        subtitle = text!(
            "预算 {whole} 元，预算内 {fitting} 段、{cost} 元；先按 RI、再按 MI",
            "budget {whole} yuan, {fitting} pipes for {cost} yuan within it; by RI, then MI"
        );
        sums.push(Sum::new(Text::new("预算内", "Within the budget"), within).part());
    }
    for (work, sum) in Work::ALL.into_iter().zip(report.sums) {
        let (pipes, length, cost) = (sum.pipes, super::length_words(sum.length_m), place::grouped(sum.yuan, 0));
        let words = text!("{pipes} 段，{length}，{cost} 元", "{pipes} pipes, {length}, {cost} yuan");
        sums.push(Sum::new(work.name(), words).part());
    }
    sums.push(
        Sum::new(Text::new("未能全部计价，不占预算", "Not priced in full, outside the budget"), count(report.unpriced))
            .bad(report.unpriced > 0),
    );
    sums.push(Sum::new(Text::new("只需观察", "To watch"), count(report.watched.len())));
    sums.push(Sum::new(Text::new("检测后无需处理", "Inspected, nothing to do"), count(report.sound)));
    SewerShown {
        title: Text::new("养护修复计划", "Repair plan"),
        subtitle,
        strip: Text::default(),
        sums,
        bars: Vec::new(),
        notes: report.basis(),
        tables: vec![table, watch],
        drawing: Arc::new(drawing),
        layers,
    }
}

fn planned_fields() -> Vec<Field> {
    vec![
        Field::int("rank", "#", "#"),
        Field::text("pipe", "管段", "Pipe"),
        Field::text("work", "措施", "Work"),
        Field::real("yuan", "费用", "Cost", "元"),
        Field::real("repair_m", "修复", "Repair", "m"),
        Field::real("cleaning_m", "清淤", "Cleaning", "m"),
        Field::real("ri", "RI", "RI", ""),
        Field::real("mi", "MI", "MI", ""),
        Field::real("sum_yuan", "累计", "Cumulative", "元"),
        Field::bool("fits", "预算内", "Within budget"),
        Field::text("road", "道路", "Road"),
        Field::text("reason", "依据", "Why"),
    ]
}

fn planned_values(rank: i64, planned: &PlannedPipe) -> Vec<Value> {
    let item = &planned.item;
    let tenth = |value: Option<f64>| value.map_or(Value::Null, |value| Value::Real((value * 10.0).round() / 10.0));
    let hundredth = |value: f64| Value::Real((value * 100.0).round() / 100.0);
    vec![
        Value::Int(rank),
        planned.code.as_str().into(),
        both(&planned.work()),
        item.yuan.map_or(Value::Null, Value::Real),
        tenth(item.repair_m),
        tenth(item.cleaning_m),
        hundredth(planned.rating.ri.value),
        hundredth(planned.rating.mi.value),
        item.fits.map_or(Value::Null, |_| Value::Real(item.sum_yuan)),
        item.fits.into(),
        words(&planned.road),
        both(&item.reason),
    ]
}

fn watched_fields() -> Vec<Field> {
    vec![
        Field::text("pipe", "管段", "Pipe"),
        Field::date("next_on", "下次检测", "Next inspection"),
        Field::date("on", "检测日期", "Inspected"),
        Field::real("ri", "RI", "RI", ""),
        Field::real("f", "F", "F", ""),
        Field::text("road", "道路", "Road"),
        Field::text("reason", "依据", "Why"),
    ]
}

fn watched_values(watched: &PlannedPipe) -> Vec<Value> {
    let hundredth = |value: f64| Value::Real((value * 100.0).round() / 100.0);
    vec![
        watched.code.as_str().into(),
        words(&watched.next_on),
        words(&watched.on),
        hundredth(watched.rating.ri.value),
        hundredth(watched.rating.structure.value),
        words(&watched.road),
        both(&watched.item.reason),
    ]
}

/// Words in both languages in one cell; [`cell_words`] takes the right ones out again.
pub(super) fn both(text: &Text) -> Value {
    Value::Text(format!("{}{BOTH}{}", text.zh, text.en))
}

/// Stands between the languages of a cell: a character that no data have.
const BOTH: char = '\u{1f}';

/// A cell's words in one language.
pub fn cell_words(words: &str, lang: Lang) -> &str {
    match (words.split_once(BOTH), lang) {
        (Some((zh, _)), Lang::Zh) => zh,
        (Some((_, en)), Lang::En) => en,
        (None, _) => words,
    }
}

/// Kilometres inspected.
pub(super) fn inspected(found: &Inspected) -> SewerShown {
    let fields = vec![
        Field::int("year", "年", "Year"),
        Field::text("key", "分项", "Of"),
        Field::real("km", "检测长度", "Inspected", "km"),
        Field::int("pipes", "管段", "Pipes"),
        Field::int("inspections", "检测次数", "Inspections"),
    ];
    let mut table = ShownTable::new("inspected", Text::new("检测里程", "Kilometres inspected"), fields);
    let shares = if found.shares.is_empty() { &found.years } else { &found.shares };
    for share in shares {
        table.push(ShownRow { values: share_values(share), ..ShownRow::default() });
    }
    let part = if found.network_m > 0.0 { found.ever.length_m / found.network_m * 100.0 } else { 0.0 };
    let most = found.years.iter().map(|year| year.length_m).fold(0.0, f64::max);
    let bars = found.years.iter().map(|year| Bar {
        name: year.year.map_or(Text::new("无日期", "No day"), |year| Text::same(year.to_string())),
        amount: year.length_m.min(most),
        words: length(year.length_m),
        tone: Tone::Accent,
    });
    SewerShown {
        title: Text::new("检测里程", "Kilometres inspected"),
        subtitle: Text::new("每一米只计一次", "each metre counts once"),
        sums: vec![
            Sum::new(Text::new("历年合计（不重复）", "Ever, each metre once"), length(found.ever.length_m)),
            Sum::new(Text::new("占管网全长", "Share of the network"), Text::same(format!("{part:.1} %"))),
            Sum::new(Text::new("检测管段", "Pipes"), count(found.ever.pipes)),
            Sum::new(Text::new("检测次数", "Inspections"), count(found.ever.inspections)),
            Sum::new(Text::new("找不到管段的检测", "Inspections without a pipe"), count(found.without_pipe))
                .bad(found.without_pipe > 0),
            Sum::new(Text::new("日期在今天之后，未计入", "Dated after today, not counted"), count(found.future))
                .bad(found.future > 0),
        ],
        bars: vec![Bars { name: Text::new("按年", "By year"), bars: bars.collect() }],
        tables: vec![table],
        ..SewerShown::default()
    }
}

fn share_values(share: &Share) -> Vec<Value> {
    vec![
        share.year.map_or(Value::Null, |year| Value::Int(year.into())),
        method_words(&share.key),
        Value::Real((share.length_m / 10.0).round() / 100.0),
        Value::Int(share.pipes as i64),
        Value::Int(share.inspections as i64),
    ]
}

/// A method's name for its code; roads and sub-districts are their own names.
fn method_words(key: &str) -> Value {
    let method =
        crate::kinds::find("sewer_inspection").and_then(|kind| kind.fields.iter().find(|it| it.id == "method"));
    let code = method.and_then(|field| field.codes.iter().find(|code| code.value == key));
    code.map_or_else(|| words(key), |code| both(&code.name))
}
