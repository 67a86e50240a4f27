//! `sewer plan`: the repair plan on the command line.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::condition::{SHOWN, four, pair_rule, rules_of};
use crate::cli::Run;
use crate::cli::console::Reply;
use crate::cli::table::{Table, count, real};
use crate::session::answer::Failure;
use crate::session::sewer::SewerDesk;
use crate::session::sewer::out::OutFile;
use crate::session::sewer::plan::{PlanAsk, PlanReport, PlannedPipe};
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::cjj181::PairRule;
use crate::trades::sewer::cjj181::explain::number;
use crate::trades::sewer::plan::Work;

/// Watched pipes shown to a person; `--json` and `--out` have all.
const SHOWN_WATCHED: usize = 20;

/// `sewer plan`.
#[derive(Debug, Args)]
pub(in crate::cli) struct PlanArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 预算，元 | What there is to spend, yuan
    #[arg(long, value_name = "YUAN", value_parser = budget)]
    pub(super) budget: Option<f64>,
    #[arg(
        help = "单价表，三列：work/措施/工作/修复方式（local 局部修复、whole 整体修复、cleaning 清淤疏通）、up_to_mm/管径上限/管径、yuan_per_m/单价/元/m | Unit costs, three columns: work/method/措施 (local, whole, cleaning), up_to_mm/diameter/管径上限, yuan_per_m/price/cost/单价",
        long,
        value_name = "FILE"
    )]
    pub(super) costs: Option<PathBuf>,
    /// 相邻缺陷规则：both 或 later | Close pairs: both or later
    #[arg(long, value_name = "both|later", value_parser = pair_rule)]
    pub(super) pair_rule: Option<PairRule>,
    /// 检测长度不足管长百分之几算部分检测，不取代之前的全长检测（默认按设置，未设为 80） | An inspection of less than this share of the pipe, percent, does not take the place of an earlier one of the whole (the setting's by default, else 80)
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) whole_percent: Option<u8>,
    /// 只需观察的管段隔几年再检测（默认按设置，未设为 5） | Years until a pipe that is only watched is inspected again (the setting's by default, else 5)
    #[arg(long, value_name = "YEARS", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) watch_years: Option<u32>,
    /// 写到文件：.xlsx（另有合计、观察两张表）、.csv（末尾为合计）、.geojson … | Write it to a file: .xlsx (totals and watched pipes on sheets of their own), .csv (totals at the end), .geojson …
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long, requires = "out")]
    pub(super) overwrite: bool,
}

fn budget(word: &str) -> Result<f64, String> {
    let amount = word.replace(',', "").parse().ok();
    amount.filter(|yuan: &f64| yuan.is_finite() && *yuan >= 0.0).ok_or_else(|| "yuan ≥ 0".to_owned())
}

/// Makes the repair plan.
pub(super) fn plan(run: &mut Run, args: PlanArgs) -> Result<Reply, Failure> {
    let lang = run.lang();
    let rules = rules_of(run, args.pair_rule, args.whole_percent);
    let settings = run.session.settings().sewer.clone();
    let out = args.out.map(|path| OutFile { path, overwrite: args.overwrite, lang });
    let (found, written) = run.ask_sewers(|desk, task| {
        let kept = settings.plan(args.budget);
        let costs = args.costs.as_deref().map_or(Ok(kept.costs), |path| SewerDesk::read_costs(path, task))?;
        let watch_years = args.watch_years.or(kept.watch_years);
        let plan = desk.plan(&PlanAsk { rules, costs, watch_years, ..kept }, task)?;
        let written = out.as_ref().map(|out| desk.write_plan(&plan, out, task)).transpose()?;
        Ok((plan, written))
    })?;
    let mut json = plan_json(&found);
    if let (Some(out), Some(written)) = (&out, &written) {
        json["file"] = json!(out.path.display().to_string());
        json["features"] = json!(written.features);
        let (path, items) = (out.path.display(), count(found.items.len() as u64));
        let watched = count(found.watched.len() as u64);
        let words = text!(
            "已写出养护计划 {path}：{items} 段，另有 {watched} 段只需观察",
            "repair plan of {items} pipes written to {path}, and {watched} to watch"
        );
        return Ok(Reply::done(json, words));
    }
    Ok(Reply::result(json, plan_lines(&found, lang)))
}

fn plan_json(plan: &PlanReport) -> Json {
    let item = |(rank, it): (usize, &PlannedPipe)| {
        json!({
            "rank": rank, "pipe": it.code, "layer": it.at.layer, "id": it.at.id,
            "RI": four(it.rating.ri.value), "RI_grade": it.rating.ri.grade,
            "MI": four(it.rating.mi.value), "MI_grade": it.rating.mi.grade,
            "F": four(it.rating.structure.value), "SM": it.rating.structure.density.map(four),
            "diameter_mm": it.rating.segment.diameter_mm, "length_m": it.rating.segment.length_m.map(four),
            "repair": it.item.repair.map(Work::code), "repair_m": it.item.repair_m.map(four),
            "cleaning": it.item.cleans, "cleaning_m": it.item.cleaning_m.map(four),
            "yuan": it.item.yuan, "sum_yuan": it.item.sum_yuan, "fits": it.item.fits,
            "zh": it.item.reason.zh, "en": it.item.reason.en,
        })
    };
    let sums = Work::ALL.into_iter().zip(&plan.sums);
    let sums = sums.map(
        |(work, sum)| json!({"work": work.code(), "pipes": sum.pipes, "length_m": four(sum.length_m), "yuan": sum.yuan}),
    );
    let costs = plan
        .ask
        .costs
        .lines()
        .iter()
        .map(|line| json!({"work": line.work.code(), "up_to_mm": line.up_to_mm, "yuan_per_m": line.yuan_per_m}));
    json!({
        "pair_rule": plan.ask.rules.pairs.code(),
        "costs_assumed": plan.ask.costs.is_assumed(),
        "costs": costs.collect::<Vec<_>>(),
        "basis": plan.basis().iter().map(|words| json!({"zh": words.zh, "en": words.en})).collect::<Vec<_>>(),
        "budget_yuan": plan.ask.budget_yuan,
        "items": (1..).zip(&plan.items).map(item).collect::<Vec<_>>(),
        "watch_years": plan.ask.years(),
        "watch": plan.watched.iter().map(watched_json).collect::<Vec<_>>(),
        "sums": sums.collect::<Vec<_>>(),
        "yuan": plan.yuan, "unpriced": plan.unpriced, "unpriced_yuan": plan.unpriced_yuan, "future": plan.future, "sound": plan.sound,
        "fitting": plan.fitting, "fitting_yuan": plan.fitting_yuan,
    })
}

fn watched_json(it: &PlannedPipe) -> Json {
    json!({
        "pipe": it.code, "layer": it.at.layer, "id": it.at.id,
        "RI": four(it.rating.ri.value), "RI_grade": it.rating.ri.grade,
        "F": four(it.rating.structure.value), "length_m": it.rating.segment.length_m.map(four),
        "inspected_on": if it.on.is_empty() { None } else { Some(&it.on) },
        "next_on": if it.next_on.is_empty() { None } else { Some(&it.next_on) },
        "zh": it.item.reason.zh, "en": it.item.reason.en,
    })
}

fn plan_lines(plan: &PlanReport, lang: Lang) -> String {
    let heads = match lang {
        Lang::Zh => [">序号", "管段", ">RI", ">MI", "措施", ">修复 m", ">费用 元", ">累计 元"],
        Lang::En => [">Rank", "Pipe", ">RI", ">MI", "Work", ">Repair m", ">Yuan", ">In sum"],
    };
    let mut table = Table::new(heads);
    let metres = |length: Option<f64>| length.map_or("-".to_owned(), |length| real(length, 1));
    for (rank, it) in (1_usize..).zip(&plan.items).take(SHOWN) {
        table.row([
            format!("{}{rank}", it.item.fits.map_or("?", |fits| if fits { "" } else { "×" })),
            it.code.clone(),
            number(it.rating.ri.value),
            number(it.rating.mi.value),
            it.work().get(lang).to_owned(),
            metres(it.item.repair_m),
            it.item.yuan.map_or("-".to_owned(), |yuan| real(yuan, 0)),
            it.item.fits.map_or("-".to_owned(), |_| real(it.item.sum_yuan, 0)),
        ]);
    }
    let mut lines = table.lines();
    if plan.items.len() > SHOWN {
        let more = count((plan.items.len() - SHOWN) as u64);
        lines.push_str(text!("…还有 {more} 段，--out 写出全部\n", "… {more} more; --out writes them all\n").get(lang));
    }
    lines.push('\n');
    lines.push_str(&totals(plan, lang));
    lines.push_str(&watched_lines(plan, lang));
    plan.basis().iter().for_each(|words| lines.push_str(&format!("* {}\n", words.get(lang))));
    lines
}

/// The pipes that are only watched, those that are due first.
fn watched_lines(plan: &PlanReport, lang: Lang) -> String {
    if plan.watched.is_empty() {
        return String::new();
    }
    let pipes = count(plan.watched.len() as u64);
    let head = text!("\n只需观察 {pipes} 段，不排序、不计费：\n", "\n{pipes} pipes to watch, without rank or cost:\n");
    let heads = match lang {
        Lang::Zh => ["管段", ">RI", "检测日期", "下次检测"],
        Lang::En => ["Pipe", ">RI", "Inspected", "Next"],
    };
    let mut table = Table::new(heads);
    let or_dash = |day: &str| if day.is_empty() { "-".to_owned() } else { day.to_owned() };
    for it in plan.watched.iter().take(SHOWN_WATCHED) {
        table.row([it.code.clone(), number(it.rating.ri.value), or_dash(&it.on), or_dash(&it.next_on)]);
    }
    let mut lines = format!("{}{}", head.get(lang), table.lines());
    if plan.watched.len() > SHOWN_WATCHED {
        let more = count((plan.watched.len() - SHOWN_WATCHED) as u64);
        lines.push_str(text!("…还有 {more} 段\n", "… {more} more\n").get(lang));
    }
    lines.push('\n');
    lines
}

/// Sums by work, the whole, and how far the budget reaches.
fn totals(plan: &PlanReport, lang: Lang) -> String {
    let mut lines = String::new();
    for (work, sum) in Work::ALL.into_iter().zip(&plan.sums) {
        let (Text { zh, en }, pipes, length) = (work.name(), count(sum.pipes as u64), real(sum.length_m, 1));
        let yuan = real(sum.yuan, 0);
        let words =
            text!("{zh}：{pipes} 段，{length} m，{yuan} 元\n", "{en}: {pipes} pipes, {length} m, {yuan} yuan\n");
        lines.push_str(words.get(lang));
    }
    let (yuan, unpriced, sound) = (real(plan.yuan, 0), plan.unpriced, count(plan.sound as u64));
    let total = text!(
        "合计 {yuan} 元；{sound} 段已检测无需处理\n",
        "in all {yuan} yuan; inspected pipes that need nothing: {sound}\n"
    );
    lines.push_str(total.get(lang));
    if unpriced > 0 {
        let part = real(plan.unpriced_yuan, 0);
        let words = text!(
            "{unpriced} 段缺管长、管径或单价，未能全部计价（?），不算在预算内；其中有单价的措施计 {part} 元，已在合计里\n",
            "pipes that lack length, diameter or price for a work (?), which the budget leaves out: {unpriced}; what has a price of \
             them, {part} yuan, is in the sum\n"
        );
        lines.push_str(words.get(lang));
    }
    if let Some(budget) = plan.ask.budget_yuan {
        let (budget, fitting, cost) = (real(budget, 0), count(plan.fitting as u64), real(plan.fitting_yuan, 0));
        let words = text!(
            "预算 {budget} 元：按序可做前 {fitting} 段，计 {cost} 元（× 为预算外）\n",
            "the budget of {budget} yuan reaches for the first {fitting} pipes, {cost} yuan (× is beyond it)\n"
        );
        lines.push_str(words.get(lang));
    }
    lines
}
