//! Verbs about what happened and how things are: `undo`, `redo`, `history`, `check`, `backup`.

use serde_json::{Value as Json, json};

use super::args::{BackupArgs, CheckArgs};
use super::city::{find_schema, lang_heads, unexpected};
use super::console::{Human, Reply};
use super::table::{Table, count};
use super::{Run, usage};
use crate::session::HistoryStep;
use crate::session::answer::{Answer, Failure};
use crate::session::command::{CityCommand, Command, HistoryCommand};
use crate::task::{Problem, Severity};
use crate::text;
use crate::text::{Lang, Text};

/// Takes the last step back.
pub(super) fn undo(run: &mut Run) -> Result<Reply, Failure> {
    let nothing = Text::new("没有可撤销的操作", "there is nothing to undo");
    let (json, Text { zh, en }) = stepped(run, HistoryCommand::Undo, nothing)?;
    Ok(Reply::done(json, text!("已撤销：{zh}", "undone: {en}")))
}

/// Does it again.
pub(super) fn redo(run: &mut Run) -> Result<Reply, Failure> {
    let nothing = Text::new("没有可重做的操作", "there is nothing to redo");
    let (json, Text { zh, en }) = stepped(run, HistoryCommand::Redo, nothing)?;
    Ok(Reply::done(json, text!("已重做：{zh}", "done again: {en}")))
}

/// The journal, oldest first.
pub(super) fn history(run: &mut Run) -> Result<Reply, Failure> {
    let steps = run.session.steps()?;
    Ok(Reply::result(steps.iter().map(step_json).collect(), history_lines(&steps, run.lang())))
}

/// What is wrong with the file and the data.
pub(super) fn check(run: &mut Run, args: &CheckArgs) -> Result<Reply, Failure> {
    let layer = args.layer.as_deref().map(|word| find_schema(run, word).map(|schema| schema.table));
    let layer = layer.transpose()?;
    let mut progress = run.console.progress();
    let findings = run.session.check(layer.as_deref(), &mut |report| progress.report(report));
    progress.clear();
    let findings = findings?;
    let json = json!({
        "ok": findings.is_empty(),
        "findings": findings.iter().map(finding_json).collect::<Vec<_>>(),
    });
    let lines = finding_lines(&findings, run.lang());
    Ok(Reply { json, human: Human::Result(lines), findings: !findings.is_empty() })
}

/// Copies the city.
pub(super) fn backup(run: &mut Run, args: BackupArgs) -> Result<Reply, Failure> {
    let file = args.out.display().to_string();
    run.finish(Command::City(CityCommand::Backup { path: args.out, overwrite: args.overwrite }))?;
    Ok(Reply::done(json!({ "file": file }), text!("已备份到 {file}", "copied to {file}")))
}

fn stepped(run: &mut Run, command: HistoryCommand, nothing: Text) -> Result<(Json, Text), Failure> {
    match run.finish(Command::History(command))? {
        Answer::Step { step, label } | Answer::Changed { step, label, .. } => {
            Ok((json!({"step": step, "zh": label.zh, "en": label.en}), label))
        }
        Answer::NothingToUndo => Err(usage(nothing)),
        _ => Err(unexpected()),
    }
}

fn step_json(step: &HistoryStep) -> Json {
    json!({
        "step": step.step,
        "time": step.time,
        "author": step.author,
        "zh": step.label.zh,
        "en": step.label.en,
        "undone": step.undone,
    })
}

fn history_lines(steps: &[HistoryStep], lang: Lang) -> String {
    let mut table = Table::new(lang_heads(
        lang,
        &[">步", "时间", "谁", "操作", "状态"],
        &[">Step", "Time", "Who", "What", "State"],
    ));
    for step in steps {
        table.row([
            step.step.to_string(),
            local_time(&step.time),
            step.author.clone(),
            step.label.get(lang).to_owned(),
            if step.undone { lang.pick("已撤销", "undone") } else { "" }.to_owned(),
        ]);
    }
    table.lines()
}

/// An instant as the clock on the wall shows it.
fn local_time(utc: &str) -> String {
    let instant = utc.parse::<jiff::Timestamp>().map(|instant| instant.to_zoned(jiff::tz::TimeZone::system()));
    instant.map_or_else(|_| utc.to_owned(), |zoned| zoned.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

fn finding_json(finding: &Problem) -> Json {
    json!({
        "rule": finding.rule,
        "severity": finding.severity.code(),
        "layer": finding.layer,
        "id": finding.feature,
        "at": finding.at,
        "zh": finding.what.zh,
        "en": finding.what.en,
    })
}

fn finding_lines(findings: &[Problem], lang: Lang) -> String {
    if findings.is_empty() {
        return lang.pick("没有发现问题\n", "nothing found\n").to_owned();
    }
    let mut table = Table::new(lang_heads(
        lang,
        &["程度", "图层", ">行号", "问题", "规则"],
        &["Severity", "Layer", ">Row", "What", "Rule"],
    ));
    for finding in findings {
        table.row([
            severity_name(finding.severity).get(lang).to_owned(),
            finding.layer.clone().unwrap_or_default(),
            finding.feature.map(|id| id.to_string()).unwrap_or_default(),
            finding.what.get(lang).to_owned(),
            finding.rule.to_owned(),
        ]);
    }
    let found = count(findings.len() as u64);
    format!("{}\n{}\n", table.lines(), text!("共 {found} 个问题", "{found} findings").get(lang))
}

fn severity_name(severity: Severity) -> Text {
    match severity {
        Severity::Error => Text::new("错误", "error"),
        Severity::Warning => Text::new("注意", "warning"),
    }
}
