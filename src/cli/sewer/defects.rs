//! `sewer defects`: a contractor's table of defects on the command line.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::Run;
use crate::cli::city::unexpected;
use crate::cli::console::{NumberOf, Reply, problem_json, problem_lines};
use crate::cli::import_words::{imported_json, mapped_line};
use crate::cli::table::count;
use crate::cli::words::Pair;
use crate::session::answer::{Answer, Failure, FailureKind, ImportedLayer};
use crate::session::command::{Command, ReadOptions};
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::defect_preview::DefectPreview;
use crate::session::sewer::defects::DefectImport;
use crate::task::{Problems, Severity};
use crate::text;
use crate::text::encoding::Encoding;
use crate::text::{Lang, Text};

/// `sewer defects`.
#[derive(Debug, Args)]
pub(in crate::cli) struct DefectsArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    #[arg(
        help = "缺陷表（CSV、XLSX …），列 pipe,code,grade,start_m,end_m，可另有检测、方向、环向、照片等 | Table of defects (CSV, XLSX …): pipe,code,grade,start_m,end_m, and inspection, direction, clock, photo …",
        long,
        value_name = "FILE"
    )]
    pub(super) import: PathBuf,
    /// 文件列=本程序字段，可多次 | Their column = our field; may be repeated
    #[arg(long, value_name = "THEIRS=OURS")]
    pub(super) map: Vec<Pair>,
    /// 本程序字段=每行都填的固定值，可多次，如 method=cctv | Our field = the value that every row gets, such as method=cctv; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(super) set: Vec<Pair>,
    /// 有一行被退回就整个不导入（退出码 4）；不加时其余照常导入（退出码 0） | Take nothing if one row is refused (exit 4); without it the others come in (exit 0)
    #[arg(long)]
    pub(super) strict: bool,
    /// 把退回的行连同原因存到文件（.csv、.xlsx …） | Keep refused rows in a file, with the reasons (.csv, .xlsx …)
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(super) rejects: Option<PathBuf>,
    /// 退回文件已存在时覆盖 | Replace an existing file of refused rows
    #[arg(long, requires = "rejects")]
    pub(super) overwrite: bool,
    /// 只看会怎样，不写入 | See what would come of it; write nothing
    #[arg(long, conflicts_with = "strict")]
    pub(super) dry_run: bool,
    /// 只要这个工作表，可多次 | This sheet alone; may be repeated
    #[arg(long, value_name = "SHEET")]
    pub(super) only: Vec<String>,
    /// 文件的文字编码（默认自动判断） | Encoding of the file's text (found out by default)
    #[arg(long, value_name = "E", value_parser = crate::cli::words::encoding)]
    pub(super) encoding: Option<Encoding>,
}

/// Takes a table of defects in, or tries it.
pub(super) fn defects(run: &mut Run, args: DefectsArgs) -> Result<Reply, Failure> {
    let pairs = |pairs: Vec<Pair>| pairs.into_iter().map(|pair| (pair.left, pair.right)).collect();
    let request = DefectImport {
        path: args.import,
        read: ReadOptions { encoding: args.encoding, only: args.only, ..ReadOptions::default() },
        map: pairs(args.map),
        set: pairs(args.set),
        strict: args.strict,
        rejects: args.rejects,
        replace_rejects: args.overwrite,
        ..DefectImport::default()
    };
    if args.dry_run {
        let found = run.ask_sewers(|desk, task| desk.preview_defects(&request, task))?;
        return tried(&found, run.lang());
    }
    match run.finish(Command::Sewer(SewerCommand::ImportDefects(Box::new(request))))? {
        Answer::Imported { layers, problems, rejects, datum } => {
            let words = |lang| taken_lines(&layers, &problems, &rejects, lang);
            let words = Text::owned(words(Lang::Zh), words(Lang::En));
            Ok(Reply::done(imported_json(&layers, &problems, &rejects, &datum), words))
        }
        _ => Err(unexpected()),
    }
}

/// What would come of the table; nothing was written.
fn tried(found: &DefectPreview, lang: Lang) -> Result<Reply, Failure> {
    let missing: Vec<&str> = found.missing().into_iter().map(|field| field.id.as_ref()).collect();
    if !missing.is_empty() {
        let (names, there) = (missing.join(", "), found.columns.iter().map(|it| it.name.as_str()).collect::<Vec<_>>());
        let there = there.join(", ");
        let text = text!(
            "缺少列：{names}；文件里有：{there}。可用 --map 文件列=本程序字段 指定",
            "Columns are missing: {names}; the file has: {there}. --map THEIRS=OURS names them"
        );
        return Err(Failure::new(FailureKind::Data, text));
    }
    let mapped = found.mapped.iter().map(|(from, to)| json!({"from": from, "to": to}));
    let json = json!({
        "dry_run": true,
        "inspections": found.inspections, "defects": found.defects,
        "refused": found.refused, "repeated": found.repeated,
        "mapped": mapped.collect::<Vec<_>>(),
        "problems": found.problems.listed.iter().map(problem_json).collect::<Vec<_>>(),
        "problems_omitted": found.problems.omitted,
    });
    let DefectPreview { inspections, defects, refused, .. } = found;
    let head = text!(
        "没有写入；将导入检测 {inspections} 次、缺陷 {defects} 处，退回 {refused} 行\n",
        "nothing was written; would come in: inspections {inspections}, defects {defects}; rows refused: {refused}\n"
    );
    let lines = format!(
        "{}{}{}",
        head.get(lang),
        mapped_line(&found.mapped, lang),
        problem_lines(&found.problems, NumberOf::Row, lang)
    );
    Ok(Reply::result(json, lines))
}

fn taken_lines(layers: &[ImportedLayer], problems: &Problems, rejects: &[(PathBuf, u64)], lang: Lang) -> String {
    let each = layers.iter().map(|layer| {
        let (name, rows) = (&layer.name, count(layer.features));
        let taken = text!("图层 {name}：读入 {rows} 行\n", "layer {name}: {rows} rows taken in\n");
        format!("{}{}", taken.get(lang), mapped_line(&layer.mapped, lang))
    });
    let mut lines: String = each.collect();
    if layers.is_empty() {
        lines.push_str(lang.pick("没有新的检测和缺陷\n", "no inspection or defect is new\n"));
    }
    let refused = problems.listed.iter().filter(|problem| problem.severity == Severity::Error).count();
    if refused > 0 {
        lines.push_str(text!("退回 {refused} 行\n", "{refused} rows refused\n").get(lang));
    }
    for (file, rows) in rejects {
        let file = file.display();
        lines.push_str(text!("退回的 {rows} 行存到 {file}\n", "{rows} refused rows are kept in {file}\n").get(lang));
    }
    lines.push_str(&problem_lines(problems, NumberOf::Row, lang));
    lines.trim_end().to_owned()
}
