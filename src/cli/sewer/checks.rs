//! `sewer check` and `sewer cross`: findings of the rules, marks, fixes and campaigns; cross connections.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value as Json, json};

use crate::cli::console::{Human, Reply};
use crate::cli::table::{Table, count, real};
use crate::cli::words::{On, Pair};
use crate::cli::{Run, usage};
use crate::session::answer::{Answer, Failure};
use crate::session::command::Command;
use crate::session::sewer::checks::{CheckAsk, CheckReport, FaultKey, FoundFault};
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::cross::{CrossPlace, CrossReport, OutfallPlace, way_code};
use crate::session::sewer::marks::{Progress, RuleProgress};
use crate::session::sewer::out::OutFile;
use crate::session::state::FeatureRef;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::checks::settings::SETTINGS;
use crate::trades::sewer::checks::{RULES, Rule, Settings};

/// Findings shown to a person who asked for no number.
const SHOWN: usize = 40;

/// `sewer check`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 只用这些规则，用逗号隔开，如 SW10,SW14 | These rules alone, with commas between: SW10,SW14
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    rules: Vec<String>,
    #[arg(
        help = "参数=数值，可多次，如 longest_m=60（见 --list-rules） | Parameter = value, such as longest_m=60; may be repeated (see --list-rules)",
        long,
        value_name = "PARAMETER=VALUE"
    )]
    set: Vec<Pair>,
    /// 最多列出多少个问题 | List so many findings at most
    #[arg(long, value_name = "N")]
    max: Option<usize>,
    /// 也列出标为“非错”的 | List those that are marked as no fault too
    #[arg(long)]
    excused: bool,
    /// 写到文件：.geojson、.csv、.xlsx … | Write them to a file: .geojson, .csv, .xlsx …
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long, requires = "out")]
    overwrite: bool,
    /// 自动处理有把握的问题，一步可撤销 | Mend what can be mended safely; one step for undo
    #[arg(long, conflicts_with_all = ["out", "max", "excused"])]
    fix: bool,
    /// 标记为非错：规则 图层/行号 | Mark a finding as no fault: RULE LAYER/ID
    #[arg(long, num_args = 2, value_names = ["RULE", "LAYER/ID"], requires = "because")]
    excuse: Vec<String>,
    /// 为什么不是错误 | Why it is no fault
    #[arg(long, value_name = "TEXT", requires = "excuse")]
    because: Option<String>,
    /// 取消非错标记：规则 图层/行号 | Take such a mark back: RULE LAYER/ID
    #[arg(long, num_args = 2, value_names = ["RULE", "LAYER/ID"], conflicts_with = "excuse")]
    unexcuse: Vec<String>,
    /// 把检查结果按批次名保存在城市里 | Keep the findings in the city under a name
    #[arg(long, value_name = "NAME", conflicts_with_all = ["fix", "excuse", "unexcuse", "out"])]
    keep: Option<String>,
    /// 与保存的批次比较：已消除、新增、仍在 | Compare with findings that were kept: fixed, new, remaining
    #[arg(long, value_name = "NAME", conflicts_with_all = ["fix", "excuse", "unexcuse", "keep", "out"])]
    against: Option<String>,
    /// 列出规则与参数 | List the rules and their parameters
    #[arg(long, conflicts_with_all = ["fix", "excuse", "unexcuse", "keep", "against", "out"])]
    list_rules: bool,
}

/// `sewer cross`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CrossArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 最多列出多少处 | List so many places at most
    #[arg(long, value_name = "N")]
    max: Option<usize>,
    /// 写到文件：.geojson、.csv、.xlsx … | Write them to a file: .geojson, .csv, .xlsx …
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long, requires = "out")]
    overwrite: bool,
}

/// Holds the rules against the network, or does something about what they found.
pub(super) fn check(run: &mut Run, args: CheckArgs) -> Result<Reply, Failure> {
    let ask = ask_of(&args)?;
    if args.list_rules {
        return Ok(Reply::result(rules_json(&ask.settings), rules_lines(&ask.settings, run.lang())));
    }
    if let (Some(key), Some(because)) = (key_of(&args.excuse)?, args.because) {
        return change(run, SewerCommand::Excuse { key, because });
    }
    if let Some(key) = key_of(&args.unexcuse)? {
        return change(run, SewerCommand::Accuse(key));
    }
    if let Some(campaign) = args.keep {
        return change(run, SewerCommand::KeepCheck { campaign, ask });
    }
    if args.fix {
        return change(run, SewerCommand::Fix { ask, only: None });
    }
    let lang = run.lang();
    if let Some(campaign) = args.against {
        let progress = run.ask_sewers(|desk, task| desk.progress(&campaign, &ask, task))?;
        let reply = Reply::result(progress_json(&progress), progress_lines(&progress, lang));
        return Ok(Reply { findings: reply.json["ok"] == json!(false), ..reply });
    }
    let out = args.out.map(|path| OutFile { path, overwrite: args.overwrite, lang });
    let (report, written) = run.ask_sewers(|desk, task| {
        let report = desk.check(&ask, task)?;
        let written = out.as_ref().map(|out| desk.write_findings(&report, out, task)).transpose()?;
        Ok((report, written))
    })?;
    let mut json = report_json(&report, args.max, args.excused);
    let human = match (&out, &written) {
        (Some(out), Some(written)) => {
            json["file"] = json!(out.path.display().to_string());
            json["features"] = json!(written.features);
            let (path, features) = (out.path.display(), count(written.features));
            Human::Message(text!("已写出 {features} 个问题：{path}", "{features} findings written to {path}"))
        }
        _ => Human::Result(report_lines(&report, args.max.unwrap_or(SHOWN), args.excused, lang)),
    };
    Ok(Reply { json, human, findings: !report.findings.is_empty() })
}

fn ask_of(args: &CheckArgs) -> Result<CheckAsk, Failure> {
    let mut settings = Settings::default();
    for pair in &args.set {
        settings.set(&pair.left, &pair.right).map_err(usage)?;
    }
    let rules = args.rules.iter().map(|id| id.trim().to_uppercase()).filter(|id| !id.is_empty()).collect();
    let ask = CheckAsk { rules, settings };
    ask.rules()?;
    Ok(ask)
}

/// `SW10 sewer_pipe/12`.
fn key_of(words: &[String]) -> Result<Option<FaultKey>, Failure> {
    let [rule, on] = words else { return Ok(None) };
    let on: On = on.parse().map_err(|error: crate::cli::words::BadWord| usage(error.0))?;
    Ok(Some(FaultKey { rule: rule.to_uppercase(), at: FeatureRef { layer: on.layer, id: on.id } }))
}

/// A change that is one step of the journal, or none where all was so already.
fn change(run: &mut Run, command: SewerCommand) -> Result<Reply, Failure> {
    match run.finish(Command::Sewer(command))? {
        Answer::Step { step, label } => {
            let json = json!({"step": step, "zh": label.zh, "en": label.en});
            Ok(Reply::done(json, label))
        }
        Answer::Told(words) => Ok(Reply::done(json!({"step": null, "zh": words.zh, "en": words.en}), words)),
        _ => Err(crate::cli::city::unexpected()),
    }
}

fn report_json(report: &CheckReport, max: Option<usize>, with_excused: bool) -> Json {
    let most = max.unwrap_or(usize::MAX);
    let counts: Map<String, Json> =
        report.counts.iter().filter(|count| count.open > 0).map(|it| (it.rule.id.to_owned(), json!(it.open))).collect();
    let total: usize = report.counts.iter().map(|count| count.open).sum();
    let listed: Vec<Json> = report.findings.iter().take(most).map(fault_json).collect();
    let mut json = json!({
        "ok": report.findings.is_empty(),
        "omitted": total - listed.len(),
        "findings": listed,
        "counts": counts,
        "excused": report.excused.len(),
        "notes": report.notes.iter().map(|note| json!({"zh": note.zh, "en": note.en})).collect::<Vec<_>>(),
        "settings": settings_json(&report.ask.settings),
    });
    if with_excused {
        json["excused_findings"] = report.excused.iter().map(fault_json).collect();
    }
    json
}

fn fault_json(fault: &FoundFault) -> Json {
    let mut json = json!({
        "rule": fault.rule,
        "severity": fault.severity.code(),
        "layer": fault.at.layer,
        "id": fault.at.id,
        "code": fault.code,
        "at": fault.place,
        "zh": fault.what.zh,
        "en": fault.what.en,
    });
    if let Some(other) = &fault.other {
        json["other"] = json!({"layer": other.layer, "id": other.id});
    }
    if let Some(fix) = &fault.fix {
        json["fix"] = json!({"zh": fix.zh, "en": fix.en});
    }
    if let Some(because) = &fault.because {
        json["because"] = json!(because);
    }
    json
}

fn settings_json(settings: &Settings) -> Json {
    let numbers = SETTINGS.iter().map(|setting| (setting.id.to_owned(), json!(settings.value(setting))));
    let mut all: Map<String, Json> = numbers.collect();
    all.insert("nominal_mm".to_owned(), json!(settings.nominal_mm));
    Json::Object(all)
}

fn report_lines(report: &CheckReport, most: usize, with_excused: bool, lang: Lang) -> String {
    let mut lines = String::new();
    let marked = report.excused.len();
    if report.findings.is_empty() {
        lines.push_str(lang.pick("没有发现问题\n", "nothing found\n"));
    } else {
        lines.push_str(&count_lines(report, lang));
        lines.push('\n');
        lines.push_str(&fault_lines(&report.findings, most, lang));
        let total: usize = report.counts.iter().map(|count| count.open).sum();
        let (total, shown) = (count(total as u64), count(report.findings.len().min(most) as u64));
        let end = text!("\n共 {total} 个问题，列出 {shown} 个\n", "\n{total} findings, {shown} of them listed\n");
        lines.push_str(end.get(lang));
    }
    for note in &report.notes {
        lines.push_str(&format!("{}\n", note.get(lang)));
    }
    if marked > 0 {
        let words = text!("另有 {marked} 个标为非错\n", "{marked} more are marked as no fault\n");
        lines.push_str(words.get(lang));
        if with_excused {
            lines.push_str(&fault_lines(&report.excused, most, lang));
        }
    }
    lines
}

fn count_lines(report: &CheckReport, lang: Lang) -> String {
    let heads = if lang == Lang::Zh {
        ["规则", "名称", "程度", ">问题", ">非错"]
    } else {
        ["Rule", "Name", "Severity", ">Findings", ">No fault"]
    };
    let mut table = Table::new(heads);
    for it in report.counts.iter().filter(|count| count.open + count.excused > 0) {
        table.row([
            it.rule.id.to_owned(),
            it.rule.name.get(lang).to_owned(),
            it.rule.severity.name().get(lang).to_owned(),
            count(it.open as u64),
            count(it.excused as u64),
        ]);
    }
    table.lines()
}

fn fault_lines(faults: &[FoundFault], most: usize, lang: Lang) -> String {
    let mut lines = String::new();
    for fault in faults.iter().take(most) {
        let (rule, layer, id, code) = (fault.rule, &fault.at.layer, fault.at.id, &fault.code);
        lines.push_str(&format!("{rule}  {layer}/{id}  {code}  {}", fault.what.get(lang)));
        if let Some(fix) = &fault.fix {
            lines.push_str(&format!("  → {}", fix.get(lang)));
        }
        if let Some(because) = &fault.because {
            lines.push_str(&format!("  ({because})"));
        }
        lines.push('\n');
    }
    lines
}

fn rules_json(settings: &Settings) -> Json {
    let rule = |rule: &Rule| {
        json!({
            "rule": rule.id, "severity": rule.severity.code(),
            "zh": rule.name.zh, "en": rule.name.en, "why_zh": rule.why.zh, "why_en": rule.why.en,
        })
    };
    json!({"rules": RULES.iter().map(rule).collect::<Vec<_>>(), "settings": settings_json(settings)})
}

fn rules_lines(settings: &Settings, lang: Lang) -> String {
    let mut lines = String::new();
    for rule in RULES {
        let (id, name) = (rule.id, rule.name.get(lang));
        let (severity, why) = (rule.severity.name(), rule.why.get(lang));
        lines.push_str(&format!("{id}  {name} ({})\n      {why}\n", severity.get(lang)));
    }
    lines.push('\n');
    let heads = if lang == Lang::Zh {
        ["参数", ">值", "单位", "含义", "规则"]
    } else {
        ["Parameter", ">Value", "Unit", "Meaning", "Rules"]
    };
    let mut table = Table::new(heads);
    for setting in SETTINGS {
        let value = settings.value(setting).to_string();
        let (name, rules) = (setting.name.get(lang).to_owned(), setting.rules.to_owned());
        table.row([setting.id.to_owned(), value, setting.unit.to_owned(), name, rules]);
    }
    lines.push_str(&table.lines());
    let nominal: Vec<String> = settings.nominal_mm.iter().map(f64::to_string).collect();
    lines.push_str(&format!("nominal_mm  {}  SW24\n", nominal.join(",")));
    lines
}

fn progress_json(progress: &Progress) -> Json {
    let rule = |it: &RuleProgress| {
        json!({
            "rule": it.rule.id, "zh": it.rule.name.zh, "en": it.rule.name.en, "before": it.before,
            "fixed": it.fixed, "excused": it.excused, "remaining": it.remaining, "new": it.new,
        })
    };
    json!({
        "ok": progress.new.is_empty() && progress.remaining.is_empty(),
        "campaign": progress.campaign,
        "checked_on": progress.checked_on,
        "rules": progress.rules.iter().map(rule).collect::<Vec<_>>(),
        "new": progress.new.iter().map(fault_json).collect::<Vec<_>>(),
        "remaining": progress.remaining.iter().map(fault_json).collect::<Vec<_>>(),
        "gone": progress.gone.iter().map(fault_json).collect::<Vec<_>>(),
    })
}

fn progress_lines(progress: &Progress, lang: Lang) -> String {
    let heads = if lang == Lang::Zh {
        ["规则", "名称", ">当时", ">已消除", ">标为非错", ">仍在", ">新增"]
    } else {
        ["Rule", "Name", ">Then", ">Fixed", ">No fault", ">Remaining", ">New"]
    };
    let mut table = Table::new(heads);
    let numbers = |it: &RuleProgress| [it.before, it.fixed, it.excused, it.remaining, it.new];
    let mut sums = [0; 5];
    for it in progress.rules.iter().filter(|it| it.before + it.new > 0) {
        sums = std::array::from_fn(|column| sums[column] + numbers(it)[column]);
        let words = [it.rule.id.to_owned(), it.rule.name.get(lang).to_owned()];
        table.row(words.into_iter().chain(numbers(it).map(|number| count(number as u64))));
    }
    let all = [lang.pick("合计", "All").to_owned(), String::new()];
    table.row(all.into_iter().chain(sums.map(|number| count(number as u64))));
    let (name, day) = (&progress.campaign, &progress.checked_on);
    let head = text!("与批次“{name}”（{day}）比较\n", "Compared with “{name}” ({day})\n");
    format!("{}{}", head.get(lang), table.lines())
}

/// Looks for cross connections.
pub(super) fn cross(run: &mut Run, args: CrossArgs) -> Result<Reply, Failure> {
    let lang = run.lang();
    let out = args.out.map(|path| OutFile { path, overwrite: args.overwrite, lang });
    let (report, written) = run.ask_sewers(|desk, task| {
        let report = desk.cross(task)?;
        let written = out.as_ref().map(|out| desk.write_cross(&report, out, task)).transpose()?;
        Ok((report, written))
    })?;
    let mut json = cross_json(&report, args.max);
    if let (Some(out), Some(written)) = (&out, &written) {
        json["file"] = json!(out.path.display().to_string());
        json["features"] = json!(written.features);
        let (path, features) = (out.path.display(), count(written.features));
        let words = text!("已写出 {features} 处混接疑点：{path}", "{features} places written to {path}");
        return Ok(Reply::done(json, words));
    }
    Ok(Reply::result(json, cross_lines(&report, args.max.unwrap_or(SHOWN), lang)))
}

fn cross_json(report: &CrossReport, max: Option<usize>) -> Json {
    let outfall = |it: &OutfallPlace| {
        json!({
            "node": it.node, "layer": it.at.as_ref().map(|at| &at.layer), "id": it.at.as_ref().map(|at| at.id),
            "at": it.place, "storm_m": it.above.storm_m, "foul_m": it.above.foul_m,
            "combined_m": it.above.combined_m, "joins": it.joins, "users": it.above.users,
            "volume_m3_per_d": it.above.volume_m3_per_d,
        })
    };
    let listed = report.candidates.iter().take(max.unwrap_or(usize::MAX));
    json!({
        "candidates": listed.map(candidate_json).collect::<Vec<_>>(),
        "total": report.candidates.len(),
        "excused": report.excused,
        "outfalls": report.outfalls.iter().map(outfall).collect::<Vec<_>>(),
    })
}

fn candidate_json(it: &CrossPlace) -> Json {
    let look = |(node, at, why): &(String, Option<FeatureRef>, Text)| json!({"node": node, "layer": at.as_ref().map(|at| &at.layer), "id": at.as_ref().map(|at| at.id), "zh": why.zh, "en": why.en});
    let texts = |texts: &[Text]| texts.iter().map(|text| json!({"zh": text.zh, "en": text.en})).collect::<Vec<_>>();
    json!({
        "node": it.node,
        "from_system": it.from.code(),
        "to_system": it.to.code(),
        "score": it.score,
        "zh": it.what.zh,
        "en": it.what.en,
        "kind": way_code(it.way),
        "layer": it.at.as_ref().map(|at| &at.layer),
        "id": it.at.as_ref().map(|at| at.id),
        "at": it.place,
        "pipes": it.pipes,
        "pipe_rows": it.pipe_rows.iter().map(|at| json!({"layer": at.layer, "id": at.id})).collect::<Vec<_>>(),
        "purity": it.purity,
        "upstream_m": it.upstream_m,
        "volume_m3_per_d": it.volume_m3_per_d,
        "evidence": texts(&it.evidence),
        "open_first": it.open_first.as_ref().map(look),
    })
}

fn cross_lines(report: &CrossReport, most: usize, lang: Lang) -> String {
    let mut lines = String::new();
    for (rank, it) in (1..).zip(report.candidates.iter().take(most)) {
        lines.push_str(&format!("{rank:>3}. {:.2}  {}\n", it.score, it.what.get(lang)));
        let evidence: Vec<&str> = it.evidence.iter().map(|text| text.get(lang)).collect();
        lines.push_str(&format!("     {}\n", evidence.join(lang.pick("；", "; "))));
        if let Some((node, _, why)) = &it.open_first {
            let why = why.get(lang);
            let words = text!("     先开井 {node}：{why}\n", "     open {node} first: {why}\n");
            lines.push_str(words.get(lang));
        }
    }
    let (total, shown) = (report.candidates.len(), report.candidates.len().min(most));
    let end = text!("共 {total} 处疑点，列出 {shown} 处\n", "{total} places, {shown} of them listed\n");
    lines.push_str(end.get(lang));
    if !report.outfalls.is_empty() {
        lines.push_str(lang.pick("\n上游有污水的雨水排口\n", "\nStorm outfalls with foul water above\n"));
        let heads = if lang == Lang::Zh {
            ["排口", ">雨水 m", ">污水 m", ">合流 m", ">接入点", ">排水户"]
        } else {
            ["Outfall", ">Storm m", ">Foul m", ">Combined m", ">Joins", ">Users"]
        };
        let mut table = Table::new(heads);
        for it in &report.outfalls {
            let lengths = [it.above.storm_m, it.above.foul_m, it.above.combined_m].map(|length| real(length, 0));
            let numbers = [it.joins.len(), it.above.users].map(|number| count(number as u64));
            table.row(std::iter::once(it.node.clone()).chain(lengths).chain(numbers));
        }
        lines.push_str(&table.lines());
    }
    lines
}
