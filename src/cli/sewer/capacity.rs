//! `sewer capacity`: what pipes carry full, and how full they run, on the command line.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::users::{LoadWords, both, positive};
use crate::cli::Run;
use crate::cli::console::Reply;
use crate::cli::rows::expression;
use crate::cli::table::{Table, count, real};
use crate::cli::usage;
use crate::cli::words::Pair;
use crate::session::answer::{Answer, Failure};
use crate::session::command::Command;
use crate::session::sewer::capacity::{CapacityAnswer, CapacityAsk, LoadedPipe, LoadedSink};
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::kept_rules::{other_n_of, peaking_of, set_roughness, split_of};
use crate::session::sewer::out::OutFile;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::capacity::{CapacityRules, Peaking, Split};
use crate::trades::sewer::manning::{ManningRules, NoCapacity};

/// Pipes shown to a person.
const SHOWN: usize = 25;

/// `sewer capacity`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CapacityArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 只列出符合条件的管段（水仍流过全部管网） | Tell of these pipes alone; water runs through all of them
    #[arg(long = "where", value_name = "EXPR")]
    filter: Option<String>,
    /// 变化系数：2021（GB 50014-2021 表）、formula（2.7/Q^0.11）或一个数（默认取设置，原为 2021） | Peak factor: 2021 (table of GB 50014-2021), formula (2.7/Q^0.11), or a number (2021, or as the settings have it)
    #[arg(long, value_name = "2021|formula|N", value_parser = peaking)]
    peaking: Option<Peaking>,
    /// 多出口处怎样分流：equal 平均、capacity 按能力（默认取设置，原为 equal） | Where ways part: equal parts, or by capacity (equal, or as the settings have it)
    #[arg(long, value_name = "equal|capacity", value_parser = split)]
    split: Option<Split>,
    /// 管材=粗糙系数 n，可多次，如 HDPE=0.009 | Material = Manning's n, such as HDPE=0.009; may be repeated
    #[arg(long, value_name = "MATERIAL=N")]
    n: Vec<Pair>,
    /// 其他管材的粗糙系数，none 为不计算（默认取设置，原为 0.013） | Manning's n of all others; none leaves them without a capacity (0.013, or as the settings have it)
    #[arg(long, value_name = "N|none", value_parser = other_n)]
    other_n: Option<OtherN>,
    /// 梯形断面边坡系数 m（1:m）；没有它梯形不计算 | Bank slope m (1:m) of trapezoids, which have no capacity without it
    #[arg(long, value_name = "M", value_parser = positive)]
    bank_slope: Option<f64>,
    /// Who joins where.
    #[command(flatten)]
    load: LoadWords,
    /// 写成图层“旱流负荷”（按负荷率着色，有图例），已有就更新，一步可撤销 | Write the layer of loads, coloured by ratio with a legend, or bring it up to date; one step for undo
    #[arg(long, conflicts_with = "out")]
    layer: bool,
    /// 写到文件：.geojson、.xlsx、.csv … | Write it to a file: .geojson, .xlsx, .csv …
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long, requires = "out")]
    overwrite: bool,
}

/// Manning's n of materials that the table has not.
#[derive(Clone, Copy, Debug)]
struct OtherN(Option<f64>);

fn peaking(word: &str) -> Result<Peaking, String> {
    peaking_of(word).ok_or_else(|| "2021 | formula | 1–20".to_owned())
}

fn split(word: &str) -> Result<Split, String> {
    split_of(word).ok_or_else(|| "equal | capacity".to_owned())
}

fn other_n(word: &str) -> Result<OtherN, String> {
    other_n_of(word).map(OtherN).ok_or_else(|| "none | 0.001–1".to_owned())
}

/// Tells how full the sewers run.
pub(super) fn capacity(run: &mut Run, args: CapacityArgs) -> Result<Reply, Failure> {
    let lang = run.lang();
    let kept = run.session.settings().sewer.loads();
    let users = args.load.rules(kept.users);
    let manning = manning(&args, kept.rules.manning)?;
    let (peaking, split) = (args.peaking.unwrap_or(kept.rules.peaking), args.split.unwrap_or(kept.rules.split));
    let rules = CapacityRules { manning, peaking, split };
    let filter = args.filter.as_deref().map(expression).transpose()?;
    let ask = CapacityAsk { rules, users, filter };
    if args.layer {
        return keep(run, ask);
    }
    let out = args.out.map(|path| OutFile { path, overwrite: args.overwrite, lang });
    let (found, written) = run.ask_sewers(|desk, task| {
        let found = desk.capacity(&ask, task)?;
        let written = out.as_ref().map(|out| desk.write_capacity(&found, out, task)).transpose()?;
        Ok((found, written))
    })?;
    let mut json = answer_json(&found);
    if let (Some(out), Some(written)) = (&out, &written) {
        json["file"] = json!(out.path.display().to_string());
        json["features"] = json!(written.features);
        let (path, pipes) = (out.path.display(), count(written.features));
        return Ok(Reply::done(json, text!("已写出 {path}：{pipes} 段", "{pipes} pipes written to {path}")));
    }
    Ok(Reply::result(json, answer_lines(&found, lang)))
}

/// Writes the layer of loads.
fn keep(run: &mut Run, ask: CapacityAsk) -> Result<Reply, Failure> {
    match run.finish(Command::Sewer(SewerCommand::KeepLoads(Box::new(ask))))? {
        Answer::Step { step, label } => Ok(Reply::done(json!({"step": step, "zh": label.zh, "en": label.en}), label)),
        Answer::Told(words) => Ok(Reply::done(json!({"step": null, "zh": words.zh, "en": words.en}), words)),
        _ => Err(crate::cli::city::unexpected()),
    }
}

fn manning(args: &CapacityArgs, usual: ManningRules) -> Result<ManningRules, Failure> {
    let mut rules = ManningRules {
        other_n: args.other_n.map_or(usual.other_n, |n| n.0),
        bank_slope: args.bank_slope.or(usual.bank_slope),
        ..usual
    };
    for Pair { left, right } in &args.n {
        let n = positive(right).map_err(|_| {
            usage(text!("粗糙系数“{left}={right}”看不懂，应如 HDPE=0.009", "write HDPE=0.009, not “{left}={right}”"))
        })?;
        set_roughness(&mut rules, left, n);
    }
    Ok(rules)
}

fn answer_json(found: &CapacityAnswer) -> Json {
    let without = NoCapacity::ALL.into_iter().zip(found.without).filter(|(_, pipes)| *pipes > 0);
    let without = without.map(|(why, pipes)| (why.code().to_owned(), json!(pipes)));
    json!({
        "basis": both(&found.basis()),
        "summary": {
            "pipes": found.pipes.len(), "length_m": found.length_m,
            "overloaded": found.over, "overloaded_m": found.over_m,
            "without_capacity": without.collect::<serde_json::Map<_, _>>(),
            "n_by": {"record": found.roughness[0], "material": found.roughness[1], "setting": found.roughness[2]},
            "users": found.users[0], "users_unjoined": found.users[1], "users_without_load": found.users_without_load,
            "in_l_per_s": found.in_l_per_s, "unjoined_m3_per_d": found.unjoined_m3_per_d,
            "loops": found.loops, "splits": found.splits,
        },
        "sinks": found.sinks.iter().map(sink_json).collect::<Vec<_>>(),
        "load_known": found.knows_load(),
        "pipes": found.pipes.iter().map(|pipe| pipe_json(pipe, found.knows_load())).collect::<Vec<_>>(),
    })
}

fn pipe_json(pipe: &LoadedPipe, knows_load: bool) -> Json {
    let full = pipe.load.full.ok();
    json!({
        "layer": pipe.at.layer, "id": pipe.at.id, "pipe": pipe.code, "system": pipe.system,
        "diameter_mm": pipe.diameter_mm, "length_m": pipe.length_m,
        "slope_permille": full.map(|full| full.slope * 1000.0), "n": full.map(|full| full.n), "n_by": pipe.n_by(),
        "full_l_per_s": full.map(|full| full.l_per_s),
        "velocity_m_per_s": full.map(|full| full.velocity_m_per_s),
        "mean_l_per_s": pipe.load.mean_l_per_s, "peak_l_per_s": pipe.load.peak_l_per_s,
        "ratio": pipe.load.ratio().filter(|_| knows_load), "no_capacity": pipe.load.full.err().map(NoCapacity::code),
        "in_loop": pipe.load.is_in_loop,
    })
}

fn sink_json(sink: &LoadedSink) -> Json {
    json!({
        "layer": sink.at.as_ref().map(|at| &at.layer), "id": sink.at.as_ref().map(|at| at.id),
        "node": sink.code, "name": sink.name, "is_outlet": sink.is_outlet, "is_loop": sink.is_loop,
        "mean_m3_per_d": sink.mean_m3_per_d, "design_m3_per_d": sink.design_m3_per_d,
    })
}

fn answer_lines(found: &CapacityAnswer, lang: Lang) -> String {
    let heads = match lang {
        Lang::Zh => ["管段", ">负荷率 %", ">高峰 L/s", ">满流 L/s", ">管径 mm", ">坡度 ‰", ">n"],
        Lang::En => ["Pipe", ">Load, %", ">Peak, L/s", ">Full, L/s", ">Diameter, mm", ">Gradient, ‰", ">n"],
    };
    let mut table = Table::new(heads);
    let fullest = found.pipes.iter().filter_map(|pipe| Some((pipe, pipe.load.ratio()?, pipe.load.full.ok()?)));
    for (pipe, ratio, full) in fullest.take(SHOWN) {
        table.row([
            pipe.code.clone(),
            if found.knows_load() { real(ratio * 100.0, 1) } else { "—".to_owned() },
            real(pipe.load.peak_l_per_s, 2),
            real(full.l_per_s, 1),
            pipe.diameter_mm.map_or_else(String::new, |size| real(size, 0)),
            real(full.slope * 1000.0, 2),
            full.n.to_string(),
        ]);
    }
    let basis: Vec<String> = found.basis().iter().map(|words| format!("{}\n", words.get(lang))).collect();
    [table.lines(), "\n".to_owned(), sink_lines(found, lang), "\n".to_owned(), sum_lines(found, lang), basis.concat()]
        .concat()
}

fn sink_lines(found: &CapacityAnswer, lang: Lang) -> String {
    let heads = match lang {
        Lang::Zh => ["水的去向", "名称", ">旱流 m³/d", ">设计 m³/d", "说明"],
        Lang::En => ["Where it ends", "Name", ">Dry-weather m³/d", ">Design m³/d", ""],
    };
    let mut table = Table::new(heads);
    for sink in found.sinks.iter().take(SHOWN) {
        let note = match (sink.is_loop, sink.is_outlet) {
            (true, _) => lang.pick("没有出口的环路", "a loop without a way out"),
            (false, false) => lang.pick("断头：不是厂、排口或调蓄池", "a dead end: no plant, outfall or tank"),
            (false, true) => "",
        };
        table.row([
            sink.code.clone(),
            sink.name.clone(),
            real(sink.mean_m3_per_d, 1),
            sink.design_m3_per_d.map_or_else(String::new, |design| real(design, 0)),
            note.to_owned(),
        ]);
    }
    let more = found.sinks.len().saturating_sub(SHOWN);
    let words = text!("还有 {more} 处\n", "{more} more\n");
    format!("{}{}", table.lines(), if more > 0 { words.get(lang) } else { "" })
}

fn sum_lines(found: &CapacityAnswer, lang: Lang) -> String {
    let mut lines = Vec::new();
    let (pipes, km, over, over_km) = (
        count(found.pipes.len() as u64),
        real(found.length_m / 1000.0, 3),
        count(found.over as u64),
        real(found.over_m / 1000.0, 3),
    );
    lines.push(text!(
        "{pipes} 段，{km} km；超负荷 {over} 段，{over_km} km",
        "{pipes} pipes, {km} km; overloaded {over}, {over_km} km"
    ));
    let (users, lost, unknown) =
        (count(found.users[0] as u64), count(found.users[1] as u64), count(found.users_without_load as u64));
    let (flow, unjoined) = (real(found.in_l_per_s * 86.4, 1), real(found.unjoined_m3_per_d, 1));
    lines.push(text!(
        "排水户 {users}，进入管网 {flow} m³/d；无处接入 {lost} 户（{unjoined} m³/d），排水量不明 {unknown} 户",
        "{users} users, {flow} m³/d into the network; {lost} join no node ({unjoined} m³/d), {unknown} of unknown discharge"
    ));
    if !found.knows_load() {
        lines.push(Text::new(
            "没有排水户数据：负荷率无从得知，只算出满流能力",
            "No users, or none of known discharge: the load is not known, only what the pipes can carry",
        ));
    }
    let (loops, splits) = (found.loops, found.splits);
    lines.push(text!(
        "有水的环路 {loops} 个，分流处 {splits} 个",
        "{loops} loops with water, {splits} nodes where it parts"
    ));
    for (why, pipes) in NoCapacity::ALL.into_iter().zip(found.without).filter(|(_, pipes)| *pipes > 0) {
        let (name, pipes) = (why.name(), count(pipes as u64));
        let (zh, en) = (name.zh, name.en);
        lines.push(text!("无法计算 {pipes} 段：{zh}", "{pipes} without a capacity: {en}"));
    }
    lines.iter().map(|line| format!("{}\n", line.get(lang))).collect::<String>()
}
