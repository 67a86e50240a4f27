//! `sewer swmm`: the sewers as a model of EPA SWMM.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::users::LoadWords;
use crate::cli::Run;
use crate::cli::console::{NumberOf, Reply, problem_json};
use crate::cli::exchange::found_lines;
use crate::cli::words::BadWord;
use crate::session::answer::Failure;
use crate::session::sewer::swmm::{SwmmReport, SwmmRequest, Units};
use crate::task::{Problems, Severity};
use crate::text;
use crate::text::{Lang, Text};

/// `sewer swmm`.
#[derive(Debug, Args)]
pub(in crate::cli) struct SwmmArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 写到哪个模型文件（.inp） | The model to write (.inp)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// 覆盖已有文件 | Replace an existing file
    #[arg(long)]
    overwrite: bool,
    /// 管段与节点图层，逗号分隔（默认取唯一的管网） | Layers of pipes and nodes (those of the only network by default)
    #[arg(long, value_name = "LAYERS", value_delimiter = ',')]
    layers: Vec<String>,
    /// 新模型的流量单位：LPS（默认）、CMS、MLD、CFS、GPM、MGD | Unit of flow of a new model: LPS (the default), CMS, MLD, CFS, GPM, MGD
    #[arg(long, value_name = "UNITS", value_parser = units)]
    flow_units: Option<Units>,
    /// 没有出路的节点作为排放口 | Nodes without a way out become outfalls
    #[arg(long)]
    close_ends: bool,
    /// 把排水户的旱流量写到接入的节点（DWF） | Write what users discharge in dry weather to the nodes that they join (DWF)
    #[arg(long)]
    loads: bool,
    /// Who joins where.
    #[command(flatten)]
    load: LoadWords,
}

fn units(words: &str) -> Result<Units, BadWord> {
    Units::named(words.trim()).ok_or_else(|| {
        let names = Units::names().collect::<Vec<_>>();
        let (zh, en) = (names.join("、"), names.join(", "));
        BadWord(text!("“{words}”不是流量单位，可以是 {zh}", "“{words}” is no unit of flow: {en}"))
    })
}

/// Writes the model; a finding if something in it stands against a run.
pub(super) fn swmm(run: &mut Run, args: SwmmArgs) -> Result<Reply, Failure> {
    let request = SwmmRequest {
        path: args.out,
        overwrite: args.overwrite,
        layers: args.layers.into_iter().map(|layer| layer.trim().to_owned()).collect(),
        units: args.flow_units,
        close_ends: args.close_ends,
        loads: args.loads.then(|| args.load.rules(run.session.settings().sewer.users.rules())),
    };
    let report = run.ask_sewers(|desk, task| desk.write_swmm(&request, task))?;
    let file = request.path.display().to_string();
    let json = json!({
        "file": file,
        "model": report.model,
        "layers": report.layers,
        "nodes": report.nodes,
        "links": report.links,
        "length_m": report.length_m,
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "bytes": report.bytes,
        "problems": report.problems.listed.iter().map(problem_json).collect::<Vec<_>>(),
        "problems_omitted": report.problems.omitted,
    });
    Ok(Reply { findings: stands_against(&report.problems), ..Reply::done(json, message(&report, &file)) })
}

/// Whether something stands against a run. Of problems that are not listed nobody can say that they are all harmless.
fn stands_against(problems: &Problems) -> bool {
    problems.omitted > 0 || problems.listed.iter().any(|problem| problem.severity == Severity::Error)
}

fn message(report: &SwmmReport, file: &str) -> Text {
    let SwmmReport { nodes, links, added, changed, removed, problems, .. } = report;
    let km = report.length_m / 1000.0;
    let wrote = text!(
        "已写出 {nodes} 个节点、{links} 个连接，管长 {km:.3} km：{file}",
        "wrote {nodes} nodes and {links} links, {km:.3} km of conduits: {file}"
    );
    let since = report.model.as_ref().map(|model| {
        text!(
            "在模型 {model} 中：新增 {added}，修改 {changed}，删除 {removed}；其余原样写回",
            "in the model {model}: {added} new, {changed} changed, {removed} removed; the rest as it was"
        )
    });
    let said = |lang: Lang| {
        let mut lines = vec![wrote.get(lang).to_owned()];
        lines.extend(since.as_ref().map(|since| since.get(lang).to_owned()));
        lines.push(found_lines(problems, NumberOf::Row, lang));
        lines.join("\n").trim_end().to_owned()
    };
    Text::owned(said(Lang::Zh), said(Lang::En))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Problem;

    #[test]
    fn a_model_that_cannot_run_is_a_finding_and_one_with_assumptions_is_none() {
        let what = || Text::new("没有排放口", "no outfall");
        check(&[], false);
        check(&[Problem::warning("swmm.size", what())], false);
        check(&[Problem::warning("swmm.size", what()), Problem::error("swmm.no-outfall", what())], true);
    }

    #[track_caller]
    fn check(problems: &[Problem], expected: bool) {
        let problems = Problems { listed: problems.to_vec(), omitted: 0 };
        assert_eq!(stands_against(&problems), expected);
    }
}
