//! `sewer trace`, `path`, `basins`, `close`, `longest`, `profile`: ways through the sewers on the command line.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::sums::{amount_json, length, sum_lines, sums_json};
use crate::cli::Run;
use crate::cli::console::{Human, Reply};
use crate::cli::table::{Table, count, real};
use crate::session::answer::Failure;
use crate::session::sewer::found::Which;
use crate::session::sewer::out::OutFile;
use crate::session::sewer::place::{FoundPlace, SewerPlace};
use crate::session::sewer::questions::{
    BasinAnswer, BasinsAnswer, CloseAnswer, CourseAnswer, Direction, PathAnswer, TraceAnswer, no_way,
};
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::basins::{EndsAt, RULE};
use crate::trades::sewer::pipe::NodeType;

/// Names shown to a person.
const SHOWN: usize = 12;

/// Where a result goes.
#[derive(Debug, Args)]
pub(in crate::cli) struct OutArgs {
    /// 写到文件：.geojson、.csv、.xlsx、.gpkg … | Write the result to a file: .geojson, .csv, .xlsx, .gpkg …
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long, requires = "out")]
    pub(super) overwrite: bool,
}

/// `sewer trace`.
#[derive(Debug, Args)]
pub(in crate::cli) struct TraceArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    city: PathBuf,
    /// 起点：编号、图层/行号 或 经度,纬度（编号重名时写 node:编号、pipe:编号） | Where it begins: a code, LAYER/ID or LON,LAT (node:CODE or pipe:CODE where both have it)
    #[arg(long, value_name = "CODE|LAYER/ID|LON,LAT", allow_hyphen_values = true)]
    from: String,
    /// 方向：up 上游，down 下游 | Which way: up or down
    #[arg(long, value_name = "up|down", value_parser = direction)]
    direction: Direction,
    /// 文件里写节点而不是管段 | The file gets the nodes, not the pipes
    #[arg(long, requires = "out")]
    nodes: bool,
    #[command(flatten)]
    out: OutArgs,
}

/// `sewer path`.
#[derive(Debug, Args)]
pub(in crate::cli) struct PathArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    city: PathBuf,
    /// 起点：编号、图层/行号 或 经度,纬度 | Where it begins: a code, LAYER/ID or LON,LAT
    #[arg(long, value_name = "CODE|LAYER/ID|LON,LAT", allow_hyphen_values = true)]
    from: String,
    /// 终点，写法相同 | Where it ends, said the same way
    #[arg(long, value_name = "CODE|LAYER/ID|LON,LAT", allow_hyphen_values = true)]
    to: String,
    /// 不论流向 | Whichever way the pipes run
    #[arg(long)]
    any_way: bool,
    #[command(flatten)]
    out: OutArgs,
}

/// `sewer basins`.
#[derive(Debug, Args)]
pub(in crate::cli) struct BasinsArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    city: PathBuf,
    /// 穿过泵站，只分到处理厂和排放口 | Follow the water through pumping stations, to plants and outfalls alone
    #[arg(long)]
    through_pumps: bool,
    /// 文件里每管段一行，而不是每分区一行 | The file gets a row for each pipe, not for each basin
    #[arg(long, requires = "out")]
    pipes: bool,
    #[command(flatten)]
    out: OutArgs,
}

/// `sewer close`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CloseArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    city: PathBuf,
    /// 要关闭的管段：编号、图层/行号 或 经度,纬度，可多次 | A pipe to close: its code, LAYER/ID or LON,LAT; may be repeated
    #[arg(long, value_name = "CODE|LAYER/ID|LON,LAT", required = true, allow_hyphen_values = true)]
    pipe: Vec<String>,
    #[command(flatten)]
    out: OutArgs,
}

/// `sewer longest`.
#[derive(Debug, Args)]
pub(in crate::cli) struct LongestArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    city: PathBuf,
    /// 到哪个节点（默认到任一处理厂或排放口） | To which node (any plant or outfall by default)
    #[arg(long, value_name = "CODE|LAYER/ID|LON,LAT", allow_hyphen_values = true)]
    to: Option<String>,
    #[command(flatten)]
    out: OutArgs,
}

macro_rules! has_city {
    ($($args:ident)*) => { $(impl $args {
        /// The city that is asked about.
        pub(super) fn city(&self) -> &std::path::Path {
            &self.city
        }
    })* };
}

has_city!(TraceArgs PathArgs BasinsArgs CloseArgs LongestArgs);

fn direction(word: &str) -> Result<Direction, String> {
    match word {
        "up" => Ok(Direction::Up),
        "down" => Ok(Direction::Down),
        _ => Err("up | down".to_owned()),
    }
}

impl OutArgs {
    /// The file, if there is to be one.
    pub(super) fn file(self, lang: Lang) -> Option<OutFile> {
        let overwrite = self.overwrite;
        self.out.map(|path| OutFile { path, overwrite, lang })
    }
}

/// What lies upstream or downstream.
pub(super) fn trace(run: &mut Run, args: TraceArgs) -> Result<Reply, Failure> {
    let which = if args.nodes { Which::Nodes } else { Which::Pipes };
    let (from, file) = (SewerPlace::Words(args.from), args.out.file(run.lang()));
    let (found, written) = run.ask_sewers(|desk, task| {
        let found = desk.trace(&from, args.direction, task)?;
        let written = file.as_ref().map(|file| desk.write_trace(&found, which, file, task)).transpose()?;
        Ok((found, written.map(|written| written.features)))
    })?;
    tell_note(run, &found.from);
    let mut json = trace_json(&found);
    tell_file(run, &mut json, file.as_ref(), written);
    Ok(Reply::result(json, trace_lines(&found, run.lang())))
}

fn trace_json(found: &TraceAnswer) -> Json {
    let TraceAnswer { members, sums, .. } = found;
    let mut json = json!({
        "from": place_json(&found.from),
        "direction": if found.direction == Direction::Up { "up" } else { "down" },
    });
    add(&mut json, sums_json(sums));
    add(&mut json, json!({ "pipe_codes": members.pipes, "node_codes": members.nodes }));
    json
}

fn trace_lines(found: &TraceAnswer, lang: Lang) -> String {
    let name = &found.from.name;
    let head = match found.direction {
        Direction::Up => text!("{name} 的上游", "Upstream of {name}"),
        Direction::Down => text!("{name} 的下游", "Downstream of {name}"),
    };
    let away = found.from.away_m.map(|away| text!("（距所给位置 {away:.1} m）", " ({away:.1} m from the place given)"));
    let away = away.map(|away| away.get(lang).to_owned()).unwrap_or_default();
    format!("{}{away}\n\n{}", head.get(lang), sum_lines(&found.sums, lang))
}

/// The shortest way.
pub(super) fn path(run: &mut Run, args: PathArgs) -> Result<Reply, Failure> {
    let [from, to] = [args.from, args.to].map(SewerPlace::Words);
    let file = args.out.file(run.lang());
    let (found, written) = run.ask_sewers(|desk, task| {
        let found = desk.path(&from, &to, !args.any_way, task)?;
        let both = file.as_ref().zip(found.course.as_ref());
        let written = both.map(|(file, course)| desk.write_course(course, file, task)).transpose()?;
        Ok((found, written.map(|written| written.features)))
    })?;
    tell_note(run, &found.from);
    tell_note(run, &found.to);
    let mut json = path_json(&found);
    let Some(course) = &found.course else { return Ok(without_way(&found, run.lang())) };
    add(&mut json, course_json(course));
    tell_file(run, &mut json, file.as_ref(), written);
    Ok(Reply::result(json, course_lines(course, run.lang())))
}

fn path_json(PathAnswer { from, to, with_flow, course }: &PathAnswer) -> Json {
    json!({"from": place_json(from), "to": place_json(to), "with_flow": with_flow, "found": course.is_some()})
}

/// What is said where no way leads between two places: an answer, and one that scripts can tell by the exit code.
fn without_way(found: &PathAnswer, lang: Lang) -> Reply {
    let lines = format!("{}\n", no_way(&found.from, &found.to, found.with_flow).text.get(lang));
    Reply { json: path_json(found), human: Human::Result(lines), findings: true }
}

/// The same for who needs the way for something else; `None` where there is one.
pub(super) fn if_no_way(run: &mut Run, from: &str, to: &str, with_flow: bool) -> Result<Option<Reply>, Failure> {
    let [from, to] = [from, to].map(|words| SewerPlace::Words(words.to_owned()));
    let found = run.ask_sewers(|desk, task| desk.path(&from, &to, with_flow, task))?;
    Ok(found.course.is_none().then(|| without_way(&found, run.lang())))
}

fn course_json(course: &CourseAnswer) -> Json {
    let mut json = sums_json(&course.sums);
    add(
        &mut json,
        json!({
            "pipe_codes": course.members.pipes,
            "node_codes": course.members.nodes,
            "against_flow": course.course.pipes.iter().filter(|(_, is_along)| !is_along).count(),
            "left_out": course.left_out,
        }),
    );
    json
}

fn course_lines(course: &CourseAnswer, lang: Lang) -> String {
    let names = |names: &[Box<str>]| match names {
        [first @ .., last] if first.len() > SHOWN => format!("{} → … → {last}", first[..SHOWN].join(" → ")),
        all => all.join(" → "),
    };
    let mut lines = format!("{}\n\n{}", names(&course.members.nodes), sum_lines(&course.sums, lang));
    if !course.left_out.is_empty() {
        let pipes = course.left_out.len();
        let words = text!(
            "\n环上的 {pipes} 段没有计入（绕环没有最长路径）\n",
            "\n{pipes} pipes in loops were passed by (round a loop no path is the longest)\n"
        );
        lines.push_str(words.get(lang));
    }
    lines
}

/// What drains where.
pub(super) fn basins(run: &mut Run, args: BasinsArgs) -> Result<Reply, Failure> {
    let ends_at = if args.through_pumps { EndsAt::Outlets } else { EndsAt::All };
    let file = args.out.file(run.lang());
    let (found, written) = run.ask_sewers(|desk, task| {
        let found = desk.basins(ends_at, task)?;
        let written = match &file {
            Some(file) if args.pipes => Some(desk.write_basin_pipes(&found, file, task)?),
            Some(file) => Some(desk.write_basins(&found, file, task)?),
            None => None,
        };
        Ok((found, written.map(|written| written.features)))
    })?;
    let mut json = basins_json(&found);
    tell_file(run, &mut json, file.as_ref(), written);
    Ok(Reply::result(json, basin_lines(&found, run.lang())))
}

fn basins_json(found: &BasinsAnswer) -> Json {
    let basin = |basin: &BasinAnswer| {
        let mut json = json!({
            "terminal": basin.terminal,
            "name": basin.name,
            "type": basin.terminal.as_ref().map(|_| basin.node_type.code()),
            "at": basin.at,
            "passes_to": basin.passes_to,
            "shared_m": basin.shared_m,
        });
        add(&mut json, sums_json(&basin.sums));
        add(&mut json, json!({ "pipe_codes": basin.members.pipes }));
        json
    };
    json!({
        "rule": {"zh": RULE.zh, "en": RULE.en},
        "ends_at": if found.ends_at == EndsAt::All { "plants, pumps, outfalls" } else { "plants, outfalls" },
        "network": amount_json(&found.network),
        "left_out": amount_json(&found.left_out),
        "basins": found.basins.iter().map(basin).collect::<Vec<_>>(),
    })
}

fn basin_lines(found: &BasinsAnswer, lang: Lang) -> String {
    let mut table = Table::new(match lang {
        Lang::Zh => ["排向", "名称", "类型", ">管段", ">长度 km", ">另有出路 km", ">户数", ">排水户", "再排向"],
        Lang::En => {
            ["Drains to", "Name", "Type", ">Pipes", ">km", ">km with another way", ">Households", ">Users", "Passes to"]
        }
    });
    let is_shown = |basin: &&BasinAnswer| basin.terminal.is_some() || basin.sums.pipes > 0 || basin.sums.uses.users > 0;
    for basin in found.basins.iter().filter(is_shown) {
        let none = lang.pick("（无出路）", "(no way out)").to_owned();
        let kind = basin.terminal.as_ref().map(|_| node_type(basin.node_type));
        table.row([
            basin.terminal.as_deref().map_or(none, str::to_owned),
            basin.name.to_string(),
            kind.map(|kind| kind.get(lang).to_owned()).unwrap_or_default(),
            count(basin.sums.pipes as u64),
            format!("{:.3}", basin.sums.length_m / 1000.0),
            format!("{:.3}", basin.shared_m / 1000.0),
            real(basin.sums.uses.households as f64, 0),
            count(basin.sums.uses.users as u64),
            basin.passes_to.as_deref().unwrap_or_default().to_owned(),
        ]);
    }
    let (whole, out) = (length(found.network.length_m), length(found.left_out.length_m));
    let out_pipes = count(found.left_out.pipes as u64);
    let foot = text!(
        "合计 {whole}（即全网）；不在管网中的 {out_pipes} 段 {out}",
        "{whole} in all, which is the whole network; not in the network: {out_pipes} pipes, {out}"
    );
    format!("{}\n{}\n{}\n", table.lines(), foot.get(lang), RULE.get(lang))
}

/// What a node is, in words.
fn node_type(node_type: NodeType) -> Text {
    match node_type {
        NodeType::Plant => Text::new("处理厂", "plant"),
        NodeType::Pump => Text::new("泵站", "pumping station"),
        NodeType::Outfall => Text::new("排放口", "outfall"),
        NodeType::Storage => Text::new("调蓄池", "storage tank"),
        _ => Text::same(node_type.code()),
    }
}

/// What backs up.
pub(super) fn close(run: &mut Run, args: CloseArgs) -> Result<Reply, Failure> {
    let places: Vec<SewerPlace> = args.pipe.into_iter().map(SewerPlace::Words).collect();
    let file = args.out.file(run.lang());
    let (found, written) = run.ask_sewers(|desk, task| {
        let found = desk.close(&places, task)?;
        let written = file.as_ref().map(|file| desk.write_closure(&found, file, task)).transpose()?;
        Ok((found, written.map(|written| written.features)))
    })?;
    let mut json = json!({
        "closed": found.closed.iter().map(place_json).collect::<Vec<_>>(),
        "by_dead_ends": found.by_dead_ends,
        "relieved": amount_json(&found.relieved),
        "bypasses": found.bypasses.iter().map(|bypass| bypass.as_ref().map(course_json)).collect::<Vec<_>>(),
    });
    let mut backs_up = sums_json(&found.sums);
    add(&mut backs_up, json!({ "pipe_codes": found.backs_up.pipes, "node_codes": found.backs_up.nodes }));
    json["backs_up"] = backs_up;
    tell_file(run, &mut json, file.as_ref(), written);
    Ok(Reply::result(json, close_lines(&found, run.lang())))
}

fn close_lines(found: &CloseAnswer, lang: Lang) -> String {
    let mut lines = String::new();
    for (closed, bypass) in found.closed.iter().zip(&found.bypasses) {
        let name = &closed.name;
        let words = match bypass.as_ref() {
            Some(course) => {
                let (length_m, end) = (length(course.course.length_m), course.members.nodes.last());
                let (pipes, end) = (course.members.pipes.len(), end.map(|end| &**end).unwrap_or_default());
                text!(
                    "关闭 {name}：有旁路，{pipes} 段 {length_m} 到 {end}\n",
                    "{name} closed: there is a by-pass of {pipes} pipes, {length_m}, to {end}\n"
                )
            }
            None => text!("关闭 {name}：没有旁路\n", "{name} closed: there is no by-pass\n"),
        };
        lines.push_str(words.get(lang));
    }
    if found.by_dead_ends {
        let words = Text::new(
            "下游没有登记的处理厂或排放口的，以断头端点为出口\n",
            "Where no plant or outfall is recorded below, dead ends were taken for outlets\n",
        );
        lines.push_str(words.get(lang));
    }
    let (pipes, metres) = (count(found.relieved.pipes as u64), length(found.relieved.length_m));
    let relieved =
        text!("上游另有出路的：{pipes} 段 {metres}\n", "Upstream with another way out: {pipes} pipes, {metres}\n");
    lines.push_str(relieved.get(lang));
    lines.push_str(lang.pick("\n壅水的上游\n\n", "\nWhat backs up\n\n"));
    lines + &sum_lines(&found.sums, lang)
}

/// The longest path.
pub(super) fn longest(run: &mut Run, args: LongestArgs) -> Result<Reply, Failure> {
    let (to, file) = (args.to.map(SewerPlace::Words), args.out.file(run.lang()));
    let (found, written) = run.ask_sewers(|desk, task| {
        let found = desk.longest(to.as_ref(), task)?;
        let written = file.as_ref().map(|file| desk.write_course(&found, file, task)).transpose()?;
        Ok((found, written.map(|written| written.features)))
    })?;
    let mut json = course_json(&found);
    tell_file(run, &mut json, file.as_ref(), written);
    Ok(Reply::result(json, course_lines(&found, run.lang())))
}

fn place_json(place: &FoundPlace) -> Json {
    let mut json = json!({
        "name": place.name,
        "is": if place.is_pipe() { "pipe" } else { "node" },
        "away_m": place.away_m,
    });
    if let Some(note) = &place.note {
        json["note"] = json!({ "zh": note.zh, "en": note.en });
    }
    json
}

/// Says what else might have been meant.
pub(super) fn tell_note(run: &Run, place: &FoundPlace) {
    if let Some(note) = &place.note {
        run.console.say(note);
    }
}

/// Says that a file was written.
pub(super) fn tell_file(run: &Run, json: &mut Json, file: Option<&OutFile>, rows: Option<u64>) {
    let (Some(file), Some(rows)) = (file, rows) else { return };
    let name = file.path.display().to_string();
    let shown = count(rows);
    run.console.say(&text!("已写出 {shown} 行：{name}", "wrote {shown} rows: {name}"));
    json["file"] = json!(name);
    json["features"] = json!(rows);
}

/// Adds the members of one object to another.
pub(super) fn add(json: &mut Json, more: Json) {
    if let (Json::Object(json), Json::Object(more)) = (json, more) {
        json.extend(more);
    }
}
