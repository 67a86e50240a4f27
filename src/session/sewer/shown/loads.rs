//! What drains where: basins, drainage users, capacity and load.

use std::sync::Arc;

use crate::kinds::pipe_styles::LOAD_LIMITS;
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::session::place;
use crate::session::sewer::capacity::CapacityAnswer;
use crate::session::sewer::live::LiveNetwork;
use crate::session::sewer::questions::BasinsAnswer;
use crate::session::sewer::users::{OutfallReport, UserCard, UsersReport};
use crate::text;
use crate::text::Text;
use crate::trades::sewer::basins;
use crate::trades::sewer::manning::NoCapacity;
use crate::trades::sewer::pipe::NodeType;
use crate::trades::sewer::users::UserList;

use super::condition::{both, words};
use super::{
    Bar, Bars, Drawing, DrawnPoint, Layers, Mark, SewerShown, ShownRow, ShownTable, Sum, Tone, count, length,
    length_words,
};

/// What drains to each plant, pumping station and outfall.
pub(super) fn basins(live: &LiveNetwork, found: &BasinsAnswer) -> SewerShown {
    let mut drawing = Drawing::default();
    let fields = vec![
        Field::text("terminal", "去向", "Drains to"),
        Field::text("name", "名称", "Name"),
        Field::text("type", "类型", "Type"),
        Field::real("km", "长度", "Length", "km"),
        Field::int("pipes", "管段", "Pipes"),
        Field::int("users", "排水户", "Users"),
        Field::int("households", "居民户", "Households"),
        Field::real("volume", "排水量", "Discharge", "m³/d"),
        Field::real("shared_km", "可走他路", "Also elsewhere", "km"),
        Field::text("passes_to", "再流向", "Passes on to"),
    ];
    let mut table = ShownTable::new("basins", Text::new("分区", "Basins"), fields);
    let mut bars = Vec::new();
    for (place, basin) in found.basins.iter().enumerate() {
        let tone = if basin.terminal.is_some() { Tone::Step((place % 5) as u8) } else { Tone::Bad };
        basin.pipes.iter().for_each(|&pipe| drawing.add_pipe(live, pipe, tone, false));
        let name = basin_name(basin.terminal.as_deref(), &basin.name);
        if let Some(at) = basin.at {
            drawing.add_point(at, DrawnPoint { words: name.clone(), ..DrawnPoint::new(Mark::Start, tone) });
        }
        let row = basin.terminal.as_deref().and_then(|code| {
            let node = *live.sewers.nodes_with_code(code).first()?;
            Some(live.sewers.node(node)?.row.as_ref()?.row)
        });
        let km = |length_m: f64| Value::Real((length_m / 10.0).round() / 100.0);
        let values = vec![
            both(&basin_name(basin.terminal.as_deref(), "")),
            words(&basin.name),
            both(&node_type_name(basin.terminal.is_some().then_some(basin.node_type))),
            km(basin.sums.length_m),
            Value::Int(basin.sums.pipes as i64),
            Value::Int(basin.sums.uses.users as i64),
            Value::Int(basin.sums.uses.households),
            Value::Real((basin.sums.uses.volume_m3_per_d * 10.0).round() / 10.0),
            km(basin.shared_m),
            basin.passes_to.as_deref().map_or(Value::Null, Value::from),
        ];
        let place_world = basin.at.map(place::world_from_lonlat);
        table.push(ShownRow { at: row, place_world, values, tone: Some(tone) });
        if bars.len() < 12 {
            bars.push(Bar { name, amount: basin.sums.length_m, words: length(basin.sums.length_m), tone });
        }
    }
    let total: f64 = found.basins.iter().map(|basin| basin.sums.length_m).sum();
    let differ_m = total - found.network.length_m;
    SewerShown {
        title: Text::new("厂网一体：各去向的汇水管网", "What drains where"),
        subtitle: text!("{n} 个分区", "{n} basins", n = found.basins.len()),
        sums: vec![
            Sum::new(Text::new("管网全长", "Whole network"), length(found.network.length_m)),
            Sum::new(Text::new("各分区合计", "Sum of the basins"), length(total)),
            Sum::new(Text::new("差", "Difference"), Text::same(format!("{differ_m:.1} m")))
                .part()
                .bad(differ_m.abs() >= 1.0),
            Sum::new(
                Text::new("不在管网中（未投用、停用等）", "Not in the network (not in use yet, retired …)"),
                length(found.left_out.length_m),
            ),
        ],
        bars: vec![Bars { name: Text::new("按去向", "By outlet"), bars }],
        notes: vec![basins::RULE],
        tables: vec![table],
        drawing: Arc::new(drawing),
        layers: Layers::of(live),
        ..SewerShown::default()
    }
}

fn basin_name(terminal: Option<&str>, name: &str) -> Text {
    match (terminal, name) {
        (None, _) => Text::new("无出口", "No outlet"),
        (Some(code), "") => Text::same(code),
        (Some(_), name) => Text::same(name),
    }
}

fn node_type_name(node_type: Option<NodeType>) -> Text {
    match node_type {
        None => Text::default(),
        Some(NodeType::Plant) => Text::new("处理厂", "Plant"),
        Some(NodeType::Pump) => Text::new("泵站", "Pumping station"),
        Some(NodeType::Outfall) => Text::new("排放口", "Outfall"),
        Some(NodeType::Storage) => Text::new("调蓄池", "Storage"),
        Some(_) => Text::new("其他", "Other"),
    }
}

/// The users on the lists that were asked for, and who drains to each outfall.
pub(super) fn users(live: &LiveNetwork, report: &UsersReport) -> SewerShown {
    let mut layers = Layers::of(live);
    let mut drawing = Drawing::default();
    let mut table = ShownTable::new("users", Text::new("名单", "On the lists"), user_fields());
    for listed in &report.listed {
        let row = layers.row(&listed.who.at);
        let tone = list_tone(listed.list);
        if let Some(at) = listed.who.user.at {
            drawing.add_point(at, DrawnPoint { at: Some(row), ..DrawnPoint::new(Mark::Finding(0), tone) });
        }
        let values = user_values(&listed.list.name(), &listed.why, &listed.who);
        table.push(ShownRow { at: Some(row), values, tone: Some(tone), ..ShownRow::default() });
    }
    let summary = &report.summary;
    let mut sums = vec![
        Sum::new(Text::new("排水户", "Drainage users"), count(summary.sum.users)),
        Sum::new(Text::new("许可有效", "With a valid permit"), count(summary.valid)).part(),
        Sum::new(Text::new("不需许可", "Need no permit"), count(summary.exempt)).part(),
        Sum::new(Text::new("许可期限不明", "Permit without a term"), count(summary.no_term)).part(),
        Sum::new(Text::new("居民户", "Households"), count(usize::try_from(summary.sum.households).unwrap_or(0))),
    ];
    let bars = UserList::ALL.into_iter().zip(summary.listed).map(|(list, listed)| Bar {
        name: list.name(),
        amount: listed as f64,
        words: count(listed),
        tone: list_tone(list),
    });
    let volume = place::grouped(summary.sum.volume_m3_per_d, 1);
    sums.push(Sum::new(Text::new("排水量", "Discharge"), Text::same(format!("{volume} m³/d"))));
    sums.push(Sum::new(Text::new("按记录接入", "Joined by record"), count(summary.by_record)));
    sums.push(Sum::new(Text::new("按最近井推定", "Joined to the nearest"), count(summary.by_nearest)));
    let mut tables = vec![table];
    if !report.outfalls.is_empty() {
        tables.push(outfalls(&mut layers, &report.outfalls));
    }
    let on = report.on;
    SewerShown {
        title: Text::new("排水户", "Drainage users"),
        subtitle: text!("截至 {on}", "as of {on}"),
        sums,
        bars: vec![Bars { name: Text::new("名单", "Lists"), bars: bars.collect() }],
        notes: report.basis(),
        tables,
        drawing: Arc::new(drawing),
        layers,
        ..SewerShown::default()
    }
}

fn list_tone(list: UserList) -> Tone {
    match list {
        UserList::Unlicensed | UserList::Storm => Tone::Bad,
        UserList::Expired | UserList::NoTrap | UserList::NoLateral => Tone::Warn,
        UserList::Expiring => Tone::Info,
    }
}

fn user_fields() -> Vec<Field> {
    vec![
        Field::text("list", "名单", "List"),
        Field::text("name", "排水户", "User"),
        Field::text("code", "编号", "Number"),
        Field::text("why", "原因", "Why"),
        Field::text("permit", "许可证号", "Permit"),
        Field::text("node", "接入井", "Joins"),
    ]
}

fn user_values(list: &Text, why: &Text, who: &UserCard) -> Vec<Value> {
    vec![
        both(list),
        words(&who.user.name),
        words(&who.user.code),
        both(why),
        words(&who.user.permit_number),
        words(&who.node),
    ]
}

fn outfalls(layers: &mut Layers, reports: &[OutfallReport]) -> ShownTable {
    let fields = vec![
        Field::text("code", "排放口", "Outfall"),
        Field::text("name", "名称", "Name"),
        Field::int("users", "上游排水户", "Users above"),
        Field::int("kitchens", "餐饮", "Kitchens"),
        Field::int("households", "居民户", "Households"),
        Field::int("pipes", "管段", "Pipes"),
    ];
    let mut table = ShownTable::new("outfalls", Text::new("排放口上游", "Above each outfall"), fields);
    for report in reports {
        let values = vec![
            words(&report.code),
            words(&report.name),
            Value::Int(report.sum.users as i64),
            Value::Int(report.sum.kitchens as i64),
            Value::Int(report.sum.households),
            Value::Int(report.pipes as i64),
        ];
        let is_fouled = report.system == "storm" && report.sum.users > 0;
        let tone = is_fouled.then_some(Tone::Bad);
        let place_world = report.place.map(place::world_from_lonlat);
        table.push(ShownRow { at: Some(layers.row(&report.at)), place_world, values, tone });
    }
    table
}

/// The classes of a load ratio, the emptiest first; [`LOAD_LIMITS`] lie between them.
static LOADS: [Text; 4] = [
    Text::new("≤ 0.5", "≤ 0.5"),
    Text::new("0.5–0.8", "0.5–0.8"),
    Text::new("0.8–1", "0.8–1"),
    Text::new("> 1（超负荷）", "> 1, over full"),
];

fn load_class(ratio: f64) -> usize {
    LOAD_LIMITS.iter().position(|most| ratio <= *most).unwrap_or(LOAD_LIMITS.len())
}

/// The colours of the layer of loads, which are those of the grades.
fn load_tone(class: usize) -> Tone {
    Tone::Grade(class as u8 + 1)
}

/// Pipes by how full they run.
pub(super) fn capacity(live: &LiveNetwork, found: &CapacityAnswer) -> SewerShown {
    let mut layers = Layers::of(live);
    let mut drawing = Drawing::default();
    let mut table = ShownTable::new("loads", Text::new("管段负荷", "Pipes by load"), load_fields());
    let mut classes = [(0_usize, 0.0_f64); LOADS.len()];
    for pipe in &found.pipes {
        let row = layers.row(&pipe.at);
        let ratio = pipe.load.ratio().filter(|_| found.knows_load());
        let tone = ratio.map_or(Tone::Unknown, |ratio| load_tone(load_class(ratio)));
        if let Some(ratio) = ratio {
            let class = &mut classes[load_class(ratio)];
            *class = (class.0 + 1, class.1 + pipe.length_m);
        }
        drawing.add_pipe(live, pipe.load.pipe, tone, false);
        let full = pipe.load.full;
        let hundredth = |value: f64| Value::Real((value * 100.0).round() / 100.0);
        let values = vec![
            words(&pipe.code),
            ratio.map_or(Value::Null, |ratio| Value::Real((ratio * 1000.0).round() / 1000.0)),
            hundredth(pipe.load.peak_l_per_s),
            full.ok().map_or(Value::Null, |full| hundredth(full.l_per_s)),
            pipe.diameter_mm.map_or(Value::Null, Value::Real),
            full.err().map_or(Value::Null, |why| both(&why.name())),
        ];
        table.push(ShownRow { at: Some(row), values, tone: Some(tone), ..ShownRow::default() });
    }
    let (over, over_length) = (found.over, length_words(found.over_m));
    let mut sums = vec![
        Sum::new(Text::new("管段", "Pipes"), count(found.pipes.len())),
        Sum::new(
            Text::new("超过满流", "More than full"),
            text!("{over} 段，{over_length}", "{over} pipes, {over_length}"),
        )
        .bad(over > 0),
        Sum::new(Text::new("进入管网", "Comes in"), Text::same(format!("{:.1} L/s", found.in_l_per_s))),
        Sum::new(
            Text::new("没有接入井的排水量", "Of users that join no node"),
            Text::same(format!("{:.1} m³/d", found.unjoined_m3_per_d)),
        )
        .bad(found.unjoined_m3_per_d > 0.0),
        Sum::new(Text::new("排水量不明的排水户", "Users without a discharge"), count(found.users_without_load)),
        Sum::new(
            Text::new("环路、分流点", "Loops, places of parting"),
            Text::same(format!("{}, {}", found.loops, found.splits)),
        ),
    ];
    let without: usize = found.without.iter().sum();
    if without > 0 {
        sums.push(Sum::new(Text::new("无法计算的管段", "Pipes that cannot be worked out"), count(without)));
    }
    for (reason, pipes) in NoCapacity::ALL.into_iter().zip(found.without).filter(|(_, pipes)| *pipes > 0) {
        sums.push(Sum::new(reason.name(), count(pipes)).part());
    }
    let bars = LOADS.iter().zip(classes).enumerate().map(|(class, (name, (pipes, length_m)))| {
        let length = length_words(length_m);
        let words = text!("{length} · {pipes} 段", "{length} · {pipes}");
        Bar { name: name.clone(), amount: length_m, words, tone: load_tone(class) }
    });
    SewerShown {
        title: Text::new("排水能力与旱流负荷", "Capacity and dry-weather load"),
        subtitle: Text::new("高峰旱流量 ÷ 满流能力", "peak dry-weather flow to full flow"),
        sums,
        bars: vec![Bars { name: Text::new("按负荷率", "By load ratio"), bars: bars.collect() }],
        notes: found.basis(),
        tables: vec![table],
        drawing: Arc::new(drawing),
        layers,
        ..SewerShown::default()
    }
}

fn load_fields() -> Vec<Field> {
    vec![
        Field::text("pipe", "管段", "Pipe"),
        Field::real("ratio", "负荷率", "Load", ""),
        Field::real("peak", "高峰流量", "Peak", "L/s"),
        Field::real("full", "满流能力", "Full flow", "L/s"),
        Field::real("diameter_mm", "管径", "Diameter", "mm"),
        Field::text("why", "无法计算的原因", "Why no capacity"),
    ]
}
