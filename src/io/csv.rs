//! Reading text tables: comma, tab, semicolon and the like between cells; and files of well-known text, a geometry a line.
//!
//! Two passes over blocks of whole rows, on all processors: the first infers types and collects problems, the second
//! hands over the features. Rows are numbered as a spreadsheet numbers them, names and blank rows included.

mod blocks;
mod dialect;
mod records;
mod write;

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::error::ReadError;
use super::format::{self, Format, ReadOptions, Sink, Survey};
use super::table::{Cells, Form, Header, Look, Plan};
use crate::model::feature::Feature;
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;
use blocks::Rows;
use dialect::Dialect;
use records::{Between, Records};

pub(super) use write::{create, create_tsv, create_wkt};

/// Whether a file that begins like this is a table: nothing in its bytes says so.
pub(super) fn is_begun(_: &[u8]) -> bool {
    false
}

/// Whether a file that begins like this is well-known text.
pub(super) fn is_wkt_begun(beginning: &[u8]) -> bool {
    let beginning = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    let line = beginning.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let is_plain = !line.contains(&b'"') && !line.contains(&b'\t');
    is_plain && std::str::from_utf8(line).is_ok_and(super::wkt::is_begun)
}

/// How the rows of a file become features.
struct FilePlan {
    dialect: Dialect,
    plan: Plan,
}

/// The first pass over a table.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let dialect = Dialect::of(path, options, None, task)?;
    let form = Form::of(&dialect.rows, options)?;
    survey_as(known("csv"), path, dialect, form, options, task)
}

/// The first pass over a table that should have tabs between its cells.
pub(super) fn survey_tsv(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    refuse_mapinfo(path)?;
    Ok(Survey { format: known("tsv"), ..survey(path, options, task)? })
}

/// The first pass over a file of well-known text.
pub(super) fn survey_wkt(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let dialect = Dialect::of(path, options, Some(Between::Shapes), task)?;
    let header = Header { rows: 0, names: vec!["wkt".to_owned()], understood: None };
    let options = ReadOptions { place: Some(format::PlaceColumns::Wkt("wkt".to_owned())), ..options.clone() };
    let form = Form::with_header(header, &dialect.rows, &options)?;
    let survey = survey_as(known("wkt"), path, dialect, form, &options, task)?;
    let has_place = survey.layers.iter().any(|layer| layer.geometry.is_some());
    match survey.problems.listed.first() {
        Some(first) if !has_place => Err(ReadError::NothingUsable { first: first.what.clone() }),
        _ => Ok(survey),
    }
}

/// Tables of `MapInfo` have the same ending; what they hold is in other files beside them.
fn refuse_mapinfo(path: &Path) -> Result<(), ReadError> {
    use std::io::Read as _;
    let mut beginning = Vec::new();
    std::fs::File::open(path)?.take(64).read_to_end(&mut beginning)?;
    let beginning = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&beginning).trim_ascii_start();
    if !beginning.get(..6).is_some_and(|head| head.eq_ignore_ascii_case(b"!table")) {
        return Ok(());
    }
    let what = Text::new(
        "这是 MapInfo 的 TAB 文件，请在 MapInfo 或 QGIS 中导出为 GeoPackage、Shapefile 或 GeoJSON",
        "this is a TAB file of MapInfo: export it as GeoPackage, Shapefile or GeoJSON from MapInfo or QGIS",
    );
    Err(ReadError::NotRead { what })
}

fn known(id: &str) -> &'static Format {
    format::format_named(id).unwrap_or(&format::FORMATS[0])
}

fn survey_as(
    format: &'static Format,
    path: &Path,
    dialect: Dialect,
    form: Form,
    options: &ReadOptions,
    task: &mut Task,
) -> Result<Survey, ReadError> {
    let (mut whole, mut rows) = (Look::default(), 0);
    let what = Text::new("正在检查文件", "Checking the file");
    blocks::run(path, &dialect, task, &what, &|block| look(block, &dialect, &form), &mut |(piece, count)| {
        whole.merge(piece, rows);
        rows += count;
        Ok(())
    })?;
    if whole.rows() == 0 {
        return Err(ReadError::NothingUsable { first: Text::new("没有数据行", "there is no row of data") });
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = options.layer_name.clone().or(stem).unwrap_or_else(|| "table".to_owned());
    let done = whole.finish(form, &name, options, 0);
    let understood = dialect.understood.iter().cloned().chain(done.understood).collect();
    let encoding = Some(dialect.encoding);
    Ok(Survey {
        format,
        crs: done.crs,
        crs_origin: done.crs_origin,
        encoding,
        understood,
        layers: done.drafts,
        problems: done.problems,
        bytes: std::fs::metadata(path)?.len(),
        plan: Arc::new(FilePlan { dialect: Dialect { rows: Vec::new(), ..dialect }, plan: done.plan }),
    })
}

/// The columns of a surveyed table; nothing for files of another format.
pub(super) fn columns(survey: &Survey) -> Option<Vec<String>> {
    survey.plan.downcast_ref::<FilePlan>().map(|plan| plan.plan.form.header.names.clone())
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let not_ours = || ReadError::NotSupported { path: path.to_owned() };
    let FilePlan { dialect, plan } = survey.plan.downcast_ref::<FilePlan>().ok_or_else(not_ours)?;
    let mut rows = 0;
    let what = Text::new("正在读入要素", "Reading the features");
    blocks::run(path, dialect, task, &what, &|block| convert(block, dialect, plan), &mut |(found, count)| {
        for (layer, number, feature) in found {
            if let ControlFlow::Break(()) = sink(layer, rows + number, feature) {
                return Err(ReadError::Stopped);
            }
        }
        rows += count;
        Ok(())
    })?;
    Ok(Problems::default())
}

/// What a block looks like, and how many rows it has.
fn look(block: Rows<'_>, dialect: &Dialect, form: &Form) -> (Look, i64) {
    let mut look = Look::default();
    let rows = each(block, dialect, form, &mut |number, cells, has_open_quote| {
        if has_open_quote {
            let what = Text::new("有一个引号没有配对，按文字读取", "a quote is never closed: it is taken as text");
            look.tell(Problem::warning("table.open-quote", what).of_feature(number));
        }
        if block.is_broken && cells.iter().any(|cell| cell.contains('\u{fffd}')) {
            look.tell(broken_text(number, dialect));
        }
        look.row(form, number, cells);
    });
    (look, rows)
}

fn broken_text(number: i64, dialect: &Dialect) -> Problem {
    let encoding = dialect.encoding;
    let what =
        text!("有些字节不是 {encoding} 文字，显示为 �", "some of its bytes are no text in {encoding}: they show as �");
    Problem::error("table.bad-text", what).of_feature(number)
}

/// Features with the place of their layer and their row, and how many rows there were.
fn convert(block: Rows<'_>, dialect: &Dialect, plan: &Plan) -> (Vec<(usize, i64, Feature)>, i64) {
    let mut found = Vec::new();
    let rows = each(block, dialect, &plan.form, &mut |number, cells, _| {
        let (layer, feature) = plan.feature(cells);
        found.push((layer, number, feature));
    });
    (found, rows)
}

/// Goes through the rows of data of a block: number in the block from 1, cells, and whether a quote stands open.
fn each(block: Rows<'_>, dialect: &Dialect, form: &Form, row: &mut dyn FnMut(i64, &Cells<'_>, bool)) -> i64 {
    let skipped = if block.are_first { form.header.rows as i64 } else { 0 };
    let (mut records, mut cells, mut number) = (Records::new(block.text, dialect.marks), Vec::<Cow<'_, str>>::new(), 0);
    while records.next(&mut cells) {
        number += 1;
        let is_blank = cells.iter().all(|cell| cell.trim().is_empty());
        if number > skipped && !is_blank {
            row(number, &cells, records.has_open_quote);
        }
    }
    number
}

#[cfg(test)]
mod tests;
