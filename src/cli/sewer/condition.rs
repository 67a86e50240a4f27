//! `sewer rate`, `sewer inspected`: condition of sewers on the command line.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use crate::cli::Run;
use crate::cli::city::unexpected;
use crate::cli::console::{NumberOf, Reply, problem_json, problem_lines};
use crate::cli::table::{Table, count, real};
use crate::session::answer::{Answer, Failure};
use crate::session::command::Command;
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::condition::{ConditionReport, RatedPipe, day_words};
use crate::session::sewer::out::OutFile;
use crate::task::Problems;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::cjj181::explain::{ROMAN, explain, number, rules};
use crate::trades::sewer::cjj181::{PairRule, Rules};
use crate::trades::sewer::inspected::{By, Inspected, Share};

/// Pipes shown to a person who asked for none in particular.
pub(super) const SHOWN: usize = 40;

/// `sewer rate`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RateArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 相邻缺陷规则：both 两处都乘 1.1，later 只后一处（默认按设置，未设为 both） | Close pairs: both take the factor 1.1, or the later alone (the setting's by default, else both)
    #[arg(long, value_name = "both|later", value_parser = pair_rule)]
    pub(super) pair_rule: Option<PairRule>,
    /// 检测长度不足管长百分之几算部分检测，不取代之前的全长检测（默认按设置，未设为 80） | An inspection of less than this share of the pipe, percent, does not take the place of an earlier one of the whole (the setting's by default, else 80)
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) whole_percent: Option<u8>,
    /// 只评估这一管段 | This pipe alone, by its code
    #[arg(long, value_name = "CODE")]
    pub(super) pipe: Option<String>,
    /// 逐步说明每个数怎样得来 | Every step on the way to the numbers
    #[arg(long)]
    pub(super) explain: bool,
    /// 写到文件：.geojson、.csv、.xlsx … | Write the rated pipes to a file: .geojson, .csv, .xlsx …
    #[arg(long, value_name = "FILE", conflicts_with = "write")]
    pub(super) out: Option<PathBuf>,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long, requires = "out")]
    pub(super) overwrite: bool,
    /// 写入检测记录和管段，一步可撤销 | Write the ratings into inspections and pipes; one step for undo
    #[arg(long, conflicts_with_all = ["pipe", "explain"])]
    pub(super) write: bool,
}

/// `sewer inspected`.
#[derive(Debug, Args)]
pub(in crate::cli) struct InspectedArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 分项：year 年、method 方法、street 街道、road 道路 | Lines of the table: year, method, street (sub-district), road
    #[arg(long, value_name = "year|method|street|road", default_value = "year", value_parser = by_word)]
    pub(super) by: By,
}

pub(super) fn pair_rule(word: &str) -> Result<PairRule, String> {
    let known = [PairRule::Both, PairRule::Later];
    known.into_iter().find(|rule| rule.code() == word).ok_or_else(|| "both | later".to_owned())
}

fn by_word(word: &str) -> Result<By, String> {
    let known = [By::Year, By::Method, By::Street, By::Road];
    known.into_iter().find(|by| by.code() == word).ok_or_else(|| "year | method | street | road".to_owned())
}

/// Rates the pipes that were inspected, or writes their ratings.
pub(super) fn rate(run: &mut Run, args: &RateArgs) -> Result<Reply, Failure> {
    let rules = rules_of(run, args.pair_rule, args.whole_percent);
    if args.write {
        return match run.finish(Command::Sewer(SewerCommand::WriteRatings(rules)))? {
            Answer::Step { step, label } => {
                let pairs = rules.pairs.code();
                Ok(Reply::done(json!({"step": step, "pair_rule": pairs}), label))
            }
            Answer::Told(words) => Ok(Reply::done(json!({"step": null, "pair_rule": rules.pairs.code()}), words)),
            _ => Err(unexpected()),
        };
    }
    let lang = run.lang();
    let out = args.out.clone().map(|path| OutFile { path, overwrite: args.overwrite, lang });
    let found = run.ask_sewers(|desk, task| {
        let found = desk.rate(rules, args.pipe.as_deref(), task)?;
        if let Some(out) = &out {
            desk.write_rating(&found, out, task)?;
        }
        Ok(found)
    })?;
    let mut json = rating_json(&found, args.explain);
    if let Some(out) = &out {
        json["file"] = json!(out.path.display().to_string());
        let (path, pipes) = (out.path.display(), count(found.pipes.len() as u64));
        let words = text!("已写出 {path}：评估 {pipes} 段", "{pipes} rated pipes written to {path}");
        return Ok(Reply::done(json, words));
    }
    Ok(Reply::result(json, rating_lines(&found, args, lang)))
}

/// Sums up what was inspected.
pub(super) fn inspected(run: &mut Run, args: &InspectedArgs) -> Result<Reply, Failure> {
    let found = run.ask_sewers(|desk, task| desk.inspected(args.by, task))?;
    let lang = run.lang();
    Ok(Reply::result(inspected_json(&found, args.by), inspected_lines(&found, args.by, lang)))
}

/// How the standard is read: as typed, else as the settings say.
pub(super) fn rules_of(run: &Run, pairs: Option<PairRule>, whole_percent: Option<u8>) -> Rules {
    let kept = run.session.settings().sewer.rules();
    Rules { pairs: pairs.unwrap_or(kept.pairs), whole_percent: whole_percent.unwrap_or(kept.whole_percent) }
}

/// A value without what arithmetic left behind it: four decimals, as reports have them.
pub(super) fn four(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// Every step of a rating, and what its length and inspection are.
fn steps(pipe: &RatedPipe) -> Vec<Text> {
    let mut steps = explain(&pipe.rating, &pipe.defects());
    if let Some(length) = pipe.rating.segment.length_m.filter(|_| pipe.is_length_drawn) {
        let words = text!(
            "管长没有记录，取图上量得的 {length:.2} m",
            "its length is not recorded: the drawn one is taken, {length:.2} m"
        );
        steps.insert(1, words);
    }
    if let Some(share) = pipe.seen_share {
        let percent = share * 100.0;
        let words = text!("部分检测：只检测了管长的 {percent:.0}%", "partly inspected: {percent:.0} % of its length");
        steps.insert(1, words);
    }
    if !pipe.later_part.is_empty() {
        let (on, later) = (&pipe.on, &pipe.later_part);
        let words = text!(
            "{later} 的检测只检测了一部分，仍以 {on} 的全长检测为准",
            "the inspection of {later} saw a part alone; that of the whole on {on} counts"
        );
        steps.insert(1, words);
    }
    steps
}

fn rating_json(found: &ConditionReport, explained: bool) -> Json {
    let pipe = |it: &RatedPipe| {
        let (structure, function) = (&it.rating.structure, &it.rating.function);
        let mut json = json!({
            "pipe": it.code,
            "S": four(structure.mean), "Smax": four(structure.highest), "SM": structure.density.map(four),
            "F": four(structure.value), "F_grade": structure.grade,
            "Y": four(function.mean), "Ymax": four(function.highest), "YM": function.density.map(four),
            "G": four(function.value), "G_grade": function.grade,
            "RI": four(it.rating.ri.value), "RI_grade": it.rating.ri.grade,
            "MI": four(it.rating.mi.value), "MI_grade": it.rating.mi.grade,
            "n": [structure.n(), function.n()], "n2": [structure.n2, function.n2],
            "SM_class": structure.extent, "YM_class": function.extent,
            "K": [it.rating.ri.k, it.rating.mi.k], "E": [it.rating.ri.e, it.rating.mi.e], "T": it.rating.ri.t,
            "length_m": it.rating.segment.length_m.map(four), "diameter_mm": it.rating.segment.diameter_mm,
            "length_by": if it.is_length_drawn { "drawing" } else { "record" },
            "seen_share": it.seen_share.map(four),
            "later_part_on": Some(&it.later_part).filter(|day| !day.is_empty()),
            "inspection": it.inspection_code, "inspected_on": it.on, "method": it.method,
            "inspections": it.inspections, "defects": it.defects.len(),
            "layer": it.at.layer, "id": it.at.id,
        });
        if explained {
            let steps = steps(it);
            json["steps"] = steps.iter().map(|step| json!({"zh": step.zh, "en": step.en})).collect();
        }
        json
    };
    let basis = rules(found.rules);
    json!({
        "pair_rule": found.rules.pairs.code(),
        "basis": {"zh": basis.zh, "en": basis.en},
        "pipes": found.pipes.iter().map(pipe).collect::<Vec<_>>(),
        "never_inspected": found.never,
        "whole_percent": found.rules.whole_percent,
        "problems": found.problems.iter().map(problem_json).collect::<Vec<_>>(),
    })
}

fn rating_lines(found: &ConditionReport, args: &RateArgs, lang: Lang) -> String {
    let mut lines = String::new();
    let mut worst: Vec<&RatedPipe> = found.pipes.iter().collect();
    worst.sort_by(|a, b| {
        let by = |of: fn(&RatedPipe) -> f64| of(b).total_cmp(&of(a));
        by(|it| it.rating.ri.value).then(by(|it| it.rating.mi.value)).then_with(|| a.code.cmp(&b.code))
    });
    let shown = if args.pipe.is_some() { worst.len() } else { worst.len().min(SHOWN) };
    let heads = match lang {
        Lang::Zh => ["管段", "检测日期", ">F", ">SM", ">RI", "修复", ">G", ">YM", ">MI", "养护"],
        Lang::En => ["Pipe", "Inspected", ">F", ">SM", ">RI", "Repair", ">G", ">YM", ">MI", "Upkeep"],
    };
    let mut table = Table::new(heads);
    for pipe in &worst[..shown] {
        let (rating, density) = (&pipe.rating, |it: Option<f64>| it.map_or("-".to_owned(), number));
        table.row([
            pipe.code.clone(),
            day_words(&pipe.on, pipe.seen_share, !pipe.later_part.is_empty()),
            number(rating.structure.value),
            density(rating.structure.density),
            number(rating.ri.value),
            ROMAN[usize::from(rating.ri.grade.min(4))].to_owned(),
            number(rating.function.value),
            density(rating.function.density),
            number(rating.mi.value),
            ROMAN[usize::from(rating.mi.grade.min(4))].to_owned(),
        ]);
    }
    lines.push_str(&table.lines());
    if args.explain {
        for pipe in &worst[..shown] {
            lines.push_str(&format!("\n{}\n", pipe.code));
            for step in steps(pipe) {
                lines.push_str(&format!("  {}\n", step.get(lang)));
            }
        }
    }
    lines.push_str(&format!("\n{}\n", rules(found.rules).get(lang)));
    if args.pipe.is_none() {
        lines.push_str(grades(found).get(lang));
    }
    if let Some(words) = found.parts() {
        let mark = Text::new("（日期后为所占百分比，* 为后者）", " (percent behind the day; * for the latter)");
        lines.push_str(&format!("{}{}\n", words.get(lang), mark.get(lang)));
    }
    let problems = Problems { listed: found.problems.clone(), omitted: 0 };
    lines + &problem_lines(&problems, NumberOf::Row, lang)
}

/// How many pipes have each grade; the latest inspection of a pipe counts.
fn grades(found: &ConditionReport) -> Text {
    let mut numbers = [[0_u64; 4]; 2];
    for pipe in &found.pipes {
        for (row, grade) in numbers.iter_mut().zip([pipe.rating.ri.grade, pipe.rating.mi.grade]) {
            row[usize::from(grade.clamp(1, 4)) - 1] += 1;
        }
    }
    let words = |row: [u64; 4]| {
        let pairs = ROMAN[1..].iter().zip(row).map(|(roman, number)| format!("{roman} {}", count(number)));
        pairs.collect::<Vec<_>>().join(" · ")
    };
    let (repair, upkeep, rated, never) =
        (words(numbers[0]), words(numbers[1]), count(found.pipes.len() as u64), count(found.never as u64));
    text!(
        "评估 {rated} 段（每段以最近一次检测为准），未检测 {never} 段；修复等级 {repair}；养护等级 {upkeep}\n",
        "{rated} pipes rated by the latest inspection of each, {never} never inspected; repair {repair}; maintenance {upkeep}\n"
    )
}

fn share_json(share: &Share) -> Json {
    json!({
        "year": share.year, "key": share.key, "km": share.length_m / 1000.0,
        "length_m": share.length_m, "pipes": share.pipes, "inspections": share.inspections,
    })
}

fn inspected_json(found: &Inspected, by: By) -> Json {
    let list = |shares: &[Share]| shares.iter().map(share_json).collect::<Vec<_>>();
    json!({
        "by": by.code(),
        "rows": list(if by == By::Year { &found.years } else { &found.shares }),
        "years": list(&found.years),
        "ever": share_json(&found.ever),
        "network_m": found.network_m,
        "without_pipe": found.without_pipe,
        "future": found.future,
    })
}

fn inspected_lines(found: &Inspected, by: By, lang: Lang) -> String {
    let heads = match lang {
        Lang::Zh => ["年", "分项", ">里程 km", ">管段", ">检测次数"],
        Lang::En => ["Year", "Of which", ">km", ">Pipes", ">Inspections"],
    };
    let mut table = Table::new(heads);
    let mut line = |share: &Share, key: &str| {
        let year = share.year.map_or_else(|| lang.pick("无日期", "no date").to_owned(), |year| year.to_string());
        table.row([
            year,
            key.to_owned(),
            format!("{:.3}", share.length_m / 1000.0),
            count(share.pipes as u64),
            count(share.inspections as u64),
        ]);
    };
    for year in &found.years {
        line(year, lang.pick("全年", "whole year"));
        for share in found.shares.iter().filter(|share| share.year == year.year) {
            let key = if share.key.is_empty() { lang.pick("未注明", "not stated") } else { &share.key };
            let key = if by == By::Method { method_name(key, lang) } else { key.to_owned() };
            line(share, &format!("  {key}"));
        }
    }
    let (ever, network) = (real(found.ever.length_m / 1000.0, 3), real(found.network_m / 1000.0, 3));
    let (pipes, strangers) = (count(found.ever.pipes as u64), found.without_pipe);
    let mut lines = table.lines();
    let words = text!(
        "\n历年合计（每米只计一次）{ever} km，{pipes} 段；管网 {network} km\n",
        "\never inspected, each metre once: {ever} km of {pipes} pipes; the network has {network} km\n"
    );
    lines.push_str(words.get(lang));
    if strangers > 0 {
        let words = text!(
            "{strangers} 次检测的管段编号在管网中没有，按所写长度计\n",
            "inspections that name no pipe of the network, counted as long as they say: {strangers}\n"
        );
        lines.push_str(words.get(lang));
    }
    let future = found.future;
    if future > 0 {
        let words = text!(
            "{future} 次检测的日期在今天之后，没有计入\n",
            "inspections dated after today, not counted: {future}\n"
        );
        lines.push_str(words.get(lang));
    }
    lines
}

fn method_name(code: &str, lang: Lang) -> String {
    let field = crate::kinds::find("sewer_inspection")
        .and_then(|kind| kind.fields.iter().find(|field| field.id == "method"))
        .and_then(|field| field.codes.iter().find(|known| known.value == code));
    field.map_or(code, |code| code.name.get(lang)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::state::FeatureRef;
    use crate::trades::sewer::cjj181::defects::DefectKind;
    use crate::trades::sewer::cjj181::{Area, Defect, Segment, Soil, rate};

    #[test]
    fn the_members_that_programs_read_stay() {
        let json = rating_json(&report(&[("PL", 3, 5.0), ("CK", 2, 12.0), ("SL", 1, 13.2)]), true);
        let pipe = &json["pipes"][0];
        let members = ["S", "Smax", "SM", "F", "F_grade", "Y", "Ymax", "YM", "G", "G_grade"];
        let found: Vec<String> = members.iter().map(|member| pipe[member].to_string()).collect();
        assert_eq!(found[1..2], ["5.0"]);
        assert_eq!(found[3..], ["5.0", "3", "0.0", "0.0", "null", "0.0", "1"]);
        assert_eq!([&pipe["S"], &pipe["SM"]].map(ToString::to_string), ["2.5833", "0.1"]);
        let indexes = ["pipe", "RI", "RI_grade", "MI", "MI_grade"].map(|member| pipe[member].to_string());
        assert_eq!(indexes, ["\"WS-1\"", "4.25", "3", "0.0", "1"]);
        assert_eq!((&json["pair_rule"], json["never_inspected"].as_u64()), (&json!("both"), Some(7)));
        assert!(pipe["steps"].as_array().is_some_and(|steps| steps.len() > 5));
    }

    #[test]
    fn people_read_the_rule_and_the_steps() {
        let args = RateArgs {
            city: PathBuf::new(),
            pair_rule: None,
            whole_percent: None,
            pipe: None,
            explain: true,
            out: None,
            overwrite: false,
            write: false,
        };
        let lines = rating_lines(&report(&[]), &args, Lang::Zh);
        for words in ["WS-1", "缺陷都乘 1.1", "没有计分的缺陷", "未检测 7 段", "以最近一次检测为准"]
        {
            assert!(lines.contains(words), "{words}: {lines}");
        }
    }

    fn report(defects: &[(&str, u8, f64)]) -> ConditionReport {
        let segment = Segment {
            length_m: Some(30.0),
            diameter_mm: Some(600.0),
            area: Some(Area::Trunk),
            soil: Some(Soil::Ordinary),
        };
        let defect = |&(code, grade, at): &(&str, u8, f64)| {
            Defect::new(DefectKind::of(code).expect("a code"), grade, at, at).expect("a defect")
        };
        let defects: Vec<Defect> = defects.iter().map(defect).collect();
        let at = FeatureRef { layer: "sewer_pipe".to_owned(), id: 1 };
        let pipe = RatedPipe {
            code: "WS-1".to_owned(),
            road: String::new(),
            inspection: None,
            inspection_code: String::new(),
            on: String::new(),
            method: String::new(),
            inspections: 1,
            line: Vec::new(),
            rating: rate(&segment, &defects, Rules::default()),
            defects: Vec::new(),
            seen_share: None,
            later_part: String::new(),
            is_length_drawn: false,
            at,
        };
        ConditionReport { pipes: vec![pipe], never: 7, ..ConditionReport::default() }
    }
}
