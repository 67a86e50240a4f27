//! Verbs that write files: `export`, `render`.

use std::path::Path;

use serde_json::json;

use super::args::RowArgs;
use super::city::{find_schema, unexpected};
use super::console::{NumberOf, Reply, problem_json, problem_lines};
use super::exchange_args::{ExportArgs, RenderArgs};
use super::rows::row_filter;
use super::table::count;
use super::{Run, usage};
use crate::session::answer::{Answer, Failure, PARTS, Parts, RenderFrame, RenderRequest, SeriesRequest, SheetRequest};
use crate::session::command::{Command, ExchangeCommand, ExportRequest};
use crate::session::export::redact::Profile;
use crate::task::Problems;
use crate::text;
use crate::text::{Lang, Text};

/// Writes a layer to a file.
pub(super) fn export(run: &mut Run, args: ExportArgs) -> Result<Reply, Failure> {
    let schema = find_schema(run, &args.layer)?;
    let request = ExportRequest {
        rows: row_filter(args.rows, &schema)?,
        layer: schema.table,
        path: args.out,
        overwrite: args.overwrite,
        crs: args.crs.as_ref().map(|crs| run.crs(crs)).transpose()?,
        decimals: args.decimals,
        labels: args.labels,
        bbox: args.write_bbox,
        passport: args.passport,
        profile: profile(args.profile.as_deref(), args.fields, args.round_m)?,
    };
    let answer = run.finish(Command::Exchange(ExchangeCommand::Export(request)))?;
    let Answer::Exported { file, features, bytes, problems, passport } = answer else {
        return Err(unexpected());
    };
    let file = file.display().to_string();
    let rows = count(features);
    let Text { zh, en } = text!("已写出 {rows} 个要素：{file}", "wrote {rows} features: {file}");
    let lines = |lang, message: &str| format!("{message}\n{}", found_lines(&problems, NumberOf::Row, lang));
    let (zh, en) = (lines(Lang::Zh, &zh), lines(Lang::En, &en));
    let message = Text::owned(zh.trim_end().to_owned(), en.trim_end().to_owned());
    let json = json!({
        "file": file,
        "features": features,
        "bytes": bytes,
        "passport": passport,
        "problems": problems.listed.iter().map(problem_json).collect::<Vec<_>>(),
        "problems_omitted": problems.omitted,
    });
    Ok(Reply::done(json, message))
}

/// What is left out and blurred, of a file and in place of what it says; nothing if nobody asked.
fn profile(path: Option<&Path>, fields: Option<Vec<String>>, round_m: Option<f64>) -> Result<Option<Profile>, Failure> {
    let kept = path.map(Profile::read).transpose()?;
    if kept.is_none() && fields.is_none() && round_m.is_none() {
        return Ok(None);
    }
    let kept = kept.unwrap_or_default();
    Ok(Some(Profile::new(fields.or(kept.fields), round_m.or(kept.round_m))))
}

/// Draws a map into a picture.
pub(super) fn render(run: &mut Run, args: RenderArgs) -> Result<Reply, Failure> {
    let sheet = args.sheet.as_deref().map(|word| sheet(run, word, &args)).transpose()?;
    let layers = args.layers.iter().filter(|word| !word.trim().is_empty());
    let layers = layers.map(|word| find_schema(run, word.trim()).map(|schema| schema.table));
    let request = RenderRequest {
        layers: layers.collect::<Result<_, _>>()?,
        overwrite: args.overwrite,
        size_px: args.size.0,
        pixel_ratio: args.dpi.unwrap_or(args.ratio),
        frame: match (args.bbox, args.around) {
            (Some(bbox), _) => RenderFrame::Bounds(bbox.0),
            (None, Some(near)) => RenderFrame::Around(near.at, near.metres),
            (None, None) => RenderFrame::All,
        },
        denominator: args.scale,
        lang: run.lang(),
        dark: args.dark,
        path: args.out,
        sheet,
    };
    let mut progress = run.console.progress();
    let drawn = run.session.render(&request, &mut |report| progress.report(report));
    progress.clear();
    let drawn = drawn?;
    let ([width, height], pages, file) = (drawn.size, drawn.pages, request.path.display().to_string());
    let is_series = request.sheet.as_ref().is_some_and(|sheet| sheet.series.is_some());
    let Text { zh, en } = drawn.scale_words();
    let message = match (is_series, drawn.in_files) {
        (false, _) => text!("已画出 {width}×{height}：{file}", "drew {width}×{height}: {file}"),
        (true, false) => text!("已画出 {pages} 页{zh}：{file}", "pages drawn: {pages}{en}: {file}"),
        (true, true) => text!("已画出 {pages} 个文件{zh}：{file}", "files drawn: {pages}{en}: {file}"),
    };
    let scale = drawn.one_scale.map(f64::round);
    let mut json = json!({ "file": file, "width": width, "height": height });
    if is_series {
        json["pages"] = pages.into();
        json["scale"] = scale.into();
    }
    Ok(Reply::done(json, message))
}

fn sheet(run: &mut Run, word: &str, args: &RenderArgs) -> Result<SheetRequest, Failure> {
    let no_paper = || {
        usage(text!(
            "纸张应为 A4 到 A0，或毫米的 宽x高，不能是“{word}”",
            "paper is A4 to A0, or WxH in millimetres, not “{word}”"
        ))
    };
    let sheet = SheetRequest::on(word, args.portrait).ok_or_else(no_paper)?;
    let no_part = |word: &str| {
        let all: Vec<&str> = PARTS.iter().map(|part| part.word).collect();
        let all = all.join(", ");
        usage(text!("“{word}”不是图幅的部分，可选：{all}", "“{word}” is no part of a sheet; these are: {all}"))
    };
    let parts = Parts::without(args.without.iter().map(|word| word.trim())).map_err(no_part)?;
    let series = args.series.as_deref().map(|word| series(run, word, args)).transpose()?;
    Ok(SheetRequest {
        title: args.title.clone(),
        subtitle: args.subtitle.clone(),
        source: args.source.clone(),
        author: args.author.clone(),
        parts,
        rotation_rad: args.turn.to_radians(),
        series,
        ..sheet
    })
}

fn series(run: &mut Run, word: &str, args: &RenderArgs) -> Result<SeriesRequest, Failure> {
    let schema = find_schema(run, word)?;
    let rows = RowArgs { filter: args.filter.clone(), ..RowArgs::default() };
    let rows = row_filter(rows, &schema)?;
    Ok(SeriesRequest { rows, one_scale: !args.fit_each, ..SeriesRequest::of(schema.table) })
}

/// How many problems there are, and the first of them.
pub(super) fn found_lines(problems: &Problems, number_of: NumberOf, lang: Lang) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let found = count(problems.count());
    format!(
        "{}{}",
        text!("{found} 个问题：\n", "{found} problems:\n").get(lang),
        problem_lines(problems, number_of, lang)
    )
}
