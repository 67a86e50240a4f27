//! Traces, paths, closed pipes: what lies over the map, and what it adds up to.

use std::sync::Arc;

use crate::analysis::network::Way;
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::session::place;
use crate::session::sewer::live::LiveNetwork;
use crate::session::sewer::questions::{CloseAnswer, CourseAnswer, Direction, PathAnswer, TraceAnswer};
use crate::text;
use crate::text::Text;
use crate::trades::sewer::pipe::System;
use crate::trades::sewer::sewers::DirectionBy;
use crate::trades::sewer::trace::{Start, Sums};

use super::condition::{both, numeral, words};
use super::{
    Bar, Bars, Drawing, DrawnPoint, Layers, Mark, SewerShown, ShownRow, ShownTable, Sum, Tone, count, length,
    length_words,
};

/// What lies above or below a place.
pub(super) fn trace(live: &LiveNetwork, found: &TraceAnswer) -> SewerShown {
    let mut drawing = Drawing { dims: true, ..Drawing::default() };
    let is_start = |pipe: u32| found.from.start == Start::Pipe(pipe);
    found.pipes.iter().for_each(|&pipe| drawing.add_pipe(live, pipe, tone_of(live, pipe), true));
    let name = &found.from.name;
    if let Some(at) = start_of(live, found.from.start) {
        let words = text!("起点 {name}", "Start {name}");
        drawing.add_point(at, DrawnPoint { words, ..DrawnPoint::new(Mark::Start, Tone::Accent) });
    }
    let far = found.nodes.last().filter(|_| found.nodes.len() > 1 && found.direction == Direction::Up);
    if let Some((at, code)) = far.and_then(|&node| Some((live.sewers.node(node)?.at?, live.node_name(node)))) {
        let words = text!("最后到达 {code}", "Reached last {code}");
        drawing.add_point(at, DrawnPoint { words, ..DrawnPoint::new(Mark::Far, Tone::Accent) });
    }
    let title = match found.direction {
        Direction::Up => text!("{name} 以上", "Above {name}"),
        Direction::Down => text!("{name} 以下", "Below {name}"),
    };
    let mut notes = vec![direction_note(&found.sums)];
    notes.extend(found.from.note.clone());
    if found.pipes.iter().any(|&pipe| is_start(pipe)) {
        notes.push(Text::new("点在管段上时，这一整段计算在内", "Asked on a pipe: the whole of that pipe counts"));
    }
    SewerShown {
        title,
        subtitle: subtitle(live, found),
        strip: strip(&found.sums),
        sums: sums(&found.sums),
        bars: bars(&found.sums),
        notes,
        tables: vec![pipe_table(live, &found.pipes), node_table(live, &found.nodes)],
        drawing: Arc::new(drawing),
        layers: Layers::of(live),
    }
}

fn subtitle(live: &LiveNetwork, found: &TraceAnswer) -> Text {
    let systems: Vec<System> = found.sums.by_system.iter().map(|(system, _)| *system).collect();
    let ends = || {
        let ends = found.nodes.iter().filter(|&&node| live.sewers.network().degree(node, Way::Down) == 0);
        let names: Vec<Box<str>> = ends.take(3).map(|&node| live.node_name(node)).collect();
        names.join("、")
    };
    let zh = systems.iter().map(|it| system_name(*it).zh.into_owned()).collect::<Vec<_>>().join("、");
    let en = systems.iter().map(|it| system_name(*it).en.into_owned()).collect::<Vec<_>>().join(", ");
    match found.direction {
        Direction::Up => Text::owned(zh, en),
        Direction::Down => {
            let ends = ends();
            text!("{zh} · 流向 {ends}", "{en} · to {ends}")
        }
    }
}

/// A path from one place to another.
pub(super) fn path(live: &LiveNetwork, found: &PathAnswer) -> SewerShown {
    let (from, to) = (&found.from.name, &found.to.name);
    let title = text!("{from} → {to}", "{from} → {to}");
    if let Some(course) = &found.course {
        return SewerShown { title, ..course_shown(live, course) };
    }
    let note = if found.with_flow {
        Text::new("顺水流到不了", "No way leads there with the flow")
    } else {
        Text::new("两处不相连", "The two do not hang together")
    };
    SewerShown { title, subtitle: note, layers: Layers::of(live), ..SewerShown::default() }
}

/// The longest way to a plant or outfall.
pub(super) fn longest(live: &LiveNetwork, course: &CourseAnswer) -> SewerShown {
    let mut shown = course_shown(live, course);
    shown.title = Text::new("最长排水路径", "Longest way to an outlet");
    shown.subtitle = ends_of(course);
    let left = course.left_out.len();
    if left > 0 {
        shown.notes.push(text!("环路中的 {left} 段没有计算", "{left} pipes in loops are left out"));
    }
    shown
}

/// `WS-1 → WS-9`.
pub(super) fn ends_of(course: &CourseAnswer) -> Text {
    let name = |name: Option<&Box<str>>| name.map(ToString::to_string).unwrap_or_default();
    Text::same(format!("{} → {}", name(course.members.nodes.first()), name(course.members.nodes.last())))
}

fn course_shown(live: &LiveNetwork, course: &CourseAnswer) -> SewerShown {
    let pipes: Vec<u32> = course.course.pipes.iter().map(|(pipe, _)| *pipe).collect();
    SewerShown {
        strip: strip(&course.sums),
        sums: sums(&course.sums),
        bars: bars(&course.sums),
        notes: vec![direction_note(&course.sums)],
        tables: vec![pipe_table(live, &pipes), node_table(live, &course.course.nodes)],
        drawing: Arc::new(course_drawing(live, course)),
        layers: Layers::of(live),
        ..SewerShown::default()
    }
}

pub(super) fn course_drawing(live: &LiveNetwork, course: &CourseAnswer) -> Drawing {
    let mut drawing = Drawing { dims: true, ..Drawing::default() };
    course.course.pipes.iter().for_each(|&(pipe, _)| drawing.add_pipe(live, pipe, tone_of(live, pipe), true));
    let ends = [(course.course.nodes.first(), Mark::Start), (course.course.nodes.last(), Mark::Far)];
    for (node, mark) in ends {
        let Some(node) = node else { continue };
        if let Some(at) = live.sewers.node(*node).and_then(|joint| joint.at) {
            let words = Text::same(live.node_name(*node).to_string());
            drawing.add_point(at, DrawnPoint { words, ..DrawnPoint::new(mark, Tone::Accent) });
        }
    }
    drawing
}

/// What backs up when pipes are closed.
pub(super) fn close(live: &LiveNetwork, found: &CloseAnswer) -> SewerShown {
    let mut drawing = Drawing { dims: true, ..Drawing::default() };
    let [backs_up, relieved] = &found.pipes;
    relieved.iter().for_each(|&pipe| drawing.add_pipe(live, pipe, Tone::Good, false));
    backs_up.iter().for_each(|&pipe| drawing.add_pipe(live, pipe, Tone::Bad, true));
    for course in found.bypasses.iter().flatten() {
        course.course.pipes.iter().for_each(|&(pipe, _)| drawing.add_pipe(live, pipe, Tone::Good, true));
    }
    for closed in &found.closed {
        if let Start::Pipe(pipe) = closed.start {
            drawing.add_pipe(live, pipe, Tone::Bad, false);
            let line = live.sewers.line_along(pipe);
            if let Some(at) = middle(&line) {
                let name = &closed.name;
                let words = text!("关闭 {name}", "Closed {name}");
                drawing.add_point(at, DrawnPoint { words, ..DrawnPoint::new(Mark::Closed, Tone::Bad) });
            }
        }
    }
    let names: Vec<&str> = found.closed.iter().map(|place| place.name.as_str()).collect();
    let names = names.join("、");
    let mut lines = vec![bypass_sum(found)];
    let away = length_words(found.relieved.length_m);
    let pipes = found.relieved.pipes;
    lines.push(Sum::new(
        Text::new("改走他路", "Goes another way"),
        text!("{pipes} 段，{away}", "{pipes} pipes, {away}"),
    ));
    lines.push(Sum::new(Text::new("受阻管段", "Backs up: pipes"), count(found.sums.pipes)).bad(found.sums.pipes > 0));
    lines.extend(sums(&found.sums).into_iter().skip(1));
    let mut notes = vec![direction_note(&found.sums)];
    if found.by_dead_ends {
        notes.push(Text::new(
            "下游没有登记的处理厂或排放口的，以末端节点作为出口",
            "Where no plant or outfall is recorded below, dead ends are taken for outlets",
        ));
    }
    SewerShown {
        title: text!("关闭 {names}", "If {names} is closed"),
        subtitle: Text::new("红：排不出去；绿：可绕行", "red backs up, green finds another way"),
        strip: strip(&found.sums),
        sums: lines,
        bars: bars(&found.sums),
        notes,
        tables: vec![pipe_table(live, backs_up)],
        drawing: Arc::new(drawing),
        layers: Layers::of(live),
    }
}

fn bypass_sum(found: &CloseAnswer) -> Sum {
    let name = Text::new("绕行", "By-pass");
    let ways: Vec<&CourseAnswer> = found.bypasses.iter().flatten().collect();
    if ways.is_empty() {
        return Sum::new(name, Text::new("没有", "none")).bad(true);
    }
    let way = length_words(ways.iter().map(|way| way.course.length_m).sum());
    Sum::new(name, text!("有，{way}", "yes, {way}"))
}

/// The middle of a line by its positions: for a mark that only has to lie on it.
fn middle(line: &[[f64; 2]]) -> Option<[f64; 2]> {
    match line {
        [] => None,
        [from, to] => Some([f64::midpoint(from[0], to[0]), f64::midpoint(from[1], to[1])]),
        _ => Some(line[line.len() / 2]),
    }
}

fn start_of(live: &LiveNetwork, start: Start) -> Option<[f64; 2]> {
    match start {
        Start::Node(node) => live.sewers.node(node)?.at,
        Start::Pipe(pipe) => middle(&live.sewers.line_along(pipe)),
    }
}

pub(super) fn tone_of(live: &LiveNetwork, pipe: u32) -> Tone {
    live.sewers.pipe(pipe).map_or(Tone::Unknown, |pipe| Tone::of_system(pipe.system))
}

/// `10.88 km · 271 段 · 272 井`.
fn strip(sums: &Sums) -> Text {
    let (length, pipes, nodes) =
        (length_words(sums.length_m), place::grouped(sums.pipes as f64, 0), place::grouped(sums.nodes as f64, 0));
    text!("{length} · {pipes} 段 · {nodes} 井", "{length} · {pipes} pipes · {nodes} nodes")
}

/// What pipes and nodes add up to, one number a line.
pub(super) fn sums(sums: &Sums) -> Vec<Sum> {
    let mut lines = vec![
        Sum::new(Text::new("管段", "Pipes"), count(sums.pipes)),
        Sum::new(Text::new("节点", "Nodes"), count(sums.nodes)),
        Sum::new(Text::new("长度", "Length"), length(sums.length_m)),
    ];
    for (system, amount) in &sums.by_system {
        lines.push(Sum::new(system_name(*system), length(amount.length_m)).part());
    }
    if sums.devices > 0 {
        lines.push(Sum::new(Text::new("水泵、闸、堰", "Pumps, orifices, weirs"), count(sums.devices)).part());
    }
    let uses = &sums.uses;
    lines.push(Sum::new(Text::new("排水户", "Drainage users"), count(uses.users)));
    lines.push(Sum::new(Text::new("餐饮等有厨房的", "With a kitchen"), count(uses.kitchens)).part());
    lines.push(Sum::new(Text::new("居民户", "Households"), count(usize::try_from(uses.households).unwrap_or(0))));
    let volume = place::grouped(uses.volume_m3_per_d, 1);
    lines.push(Sum::new(Text::new("排水量", "Discharge"), Text::same(format!("{volume} m³/d"))));
    let inspected = length_words(sums.inspected_m);
    let share = sums.inspected_share().map_or_else(String::new, |share| format!(" · {:.0} %", share * 100.0));
    lines.push(Sum::new(Text::new("检测过", "Ever inspected"), Text::same(inspected + &share)));
    if let Some(grade) = sums.worst_grade {
        let name = numeral(u8::try_from(grade).unwrap_or(1));
        lines.push(Sum::new(Text::new("最重等级", "Worst grade"), text!("{name}级", "{name}")).bad(grade >= 3));
    }
    lines
}

/// Length by diameter and by material.
pub(super) fn bars(sums: &Sums) -> Vec<Bars> {
    let tone = sums.by_system.first().map_or(Tone::Unknown, |(system, _)| Tone::of_system(*system));
    let sizes = sums.by_size.iter().map(|(size, amount)| Bar {
        name: size.words().map_or(Text::new("管径不明", "no size"), Text::same),
        amount: amount.length_m,
        words: length(amount.length_m),
        tone,
    });
    let materials = sums.by_material.iter().map(|(code, amount)| Bar {
        name: material_name(code),
        amount: amount.length_m,
        words: length(amount.length_m),
        tone: Tone::Accent,
    });
    vec![
        Bars { name: Text::new("按管径", "By diameter"), bars: sizes.collect() },
        Bars { name: Text::new("按管材", "By material"), bars: materials.collect() },
    ]
    .into_iter()
    .filter(|bars| !bars.bars.is_empty())
    .collect()
}

/// What said the directions.
fn direction_note(sums: &Sums) -> Text {
    let [record, inverts, drawn] = sums.by_direction.map(|amount| amount.pipes);
    text!(
        "流向依据：记录的起止井 {record} 段，管底标高 {inverts} 段，绘制方向 {drawn} 段",
        "Direction of flow: by the record {record}, by inverts {inverts}, as drawn {drawn} pipes"
    )
}

/// What a direction rests on.
pub(super) fn direction_by(by: DirectionBy) -> Text {
    match by {
        DirectionBy::Record => Text::new("记录", "record"),
        DirectionBy::Inverts => Text::new("标高", "inverts"),
        DirectionBy::Drawn => Text::new("绘制", "drawn"),
    }
}

/// 雨水, 污水 …
pub(super) fn system_name(system: System) -> Text {
    match system {
        System::Storm => Text::new("雨水", "Storm"),
        System::Foul => Text::new("污水", "Foul"),
        System::Combined => Text::new("合流", "Combined"),
        System::Unknown => Text::new("类型不明", "Unknown"),
    }
}

fn material_name(code: &str) -> Text {
    if code.is_empty() {
        return Text::new("管材不明", "no material");
    }
    let pipes = crate::kinds::find("sewer_pipe");
    let field = pipes.and_then(|kind| kind.fields.iter().find(|field| field.id == "material"));
    let known = field.and_then(|field| field.codes.iter().find(|known| known.value == code));
    known.map_or_else(|| Text::same(code), |known| known.name.clone())
}

/// Pipes as a list, in their order.
pub(super) fn pipe_table(live: &LiveNetwork, pipes: &[u32]) -> ShownTable {
    let fields = vec![
        Field::text("pipe", "管段", "Pipe"),
        Field::text("system", "类型", "System"),
        Field::real("diameter_mm", "管径", "Diameter", "mm"),
        Field::real("length_m", "长度", "Length", "m"),
        Field::real("slope_permille", "坡度", "Gradient", "‰"),
        Field::text("direction_by", "流向依据", "Direction by"),
        Field::int("rating", "等级", "Grade"),
        Field::text("road", "道路", "Road"),
    ];
    let mut table = ShownTable::new("pipes", Text::new("管段", "Pipes"), fields);
    for &number in pipes {
        let Some(pipe) = live.sewers.pipe(number) else { continue };
        if table.rows.len() >= super::MOST_ROWS {
            table.omitted += 1;
            continue;
        }
        let slope = live.sewers.slope(number).map(|slope| (slope * 100_000.0).round() / 100.0);
        let values = vec![
            Value::Text(live.pipe_name(number).into()),
            both(&system_name(pipe.system)),
            pipe.diameter_mm.map_or(Value::Null, Value::Real),
            Value::Real((live.sewers.length_m(number) * 100.0).round() / 100.0),
            slope.map_or(Value::Null, Value::Real),
            live.sewers.flow(number).map_or(Value::Null, |flow| both(&direction_by(flow.by))),
            pipe.rating.map_or(Value::Null, Value::Int),
            words(&pipe.road),
        ];
        let is_adverse = pipe.is_gravity() && slope.is_some_and(|slope| slope < 0.0);
        let tone = if is_adverse { Tone::Bad } else { Tone::of_system(pipe.system) };
        table.push(ShownRow { at: Some(pipe.row), values, tone: Some(tone), ..ShownRow::default() });
    }
    table
}

/// Nodes as a list, in their order.
fn node_table(live: &LiveNetwork, nodes: &[u32]) -> ShownTable {
    let fields = vec![
        Field::text("node", "节点", "Node"),
        Field::real("ground_m", "地面标高", "Ground", "m"),
        Field::real("floor_m", "井底标高", "Floor", "m"),
        Field::text("road", "道路", "Road"),
    ];
    let mut table = ShownTable::new("nodes", Text::new("节点", "Nodes"), fields);
    for &number in nodes {
        let Some(joint) = live.sewers.node(number) else { continue };
        if table.rows.len() >= super::MOST_ROWS {
            table.omitted += 1;
            continue;
        }
        let row = joint.row.as_ref();
        let level = |level: Option<f64>| level.map_or(Value::Null, Value::Real);
        let values = vec![
            Value::Text(live.node_name(number).into()),
            level(row.and_then(|row| row.ground_m)),
            level(row.and_then(|row| row.bottom_m)),
            row.map_or(Value::Null, |row| words(&row.road)),
        ];
        let place_world = joint.at.map(place::world_from_lonlat);
        table.push(ShownRow { at: row.map(|row| row.row), place_world, values, tone: None });
    }
    table
}
