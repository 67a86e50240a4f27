//! Reading workbooks: every sheet that says something becomes a table, as CSV does (see [`super::table`]).
//!
//! Rows are taken from the sheet one by one, so a cell far out costs nothing. Codes that the spreadsheet has rounded are
//! told of by row; error cells are empty; hidden rows and sheets are read like others.

mod book;
mod cells;
mod cfb;
mod guard;
mod ods;
mod write;
mod xls;

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::error::ReadError;
use super::format::{self, CrsOrigin, ReadOptions, Sink, Survey};
use super::infer::rounded_code;
use super::table::{FIRST_ROWS, Finished, Form, Look, Plan};
use crate::geom::crs::Crs;
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;
use book::{Book, Kind, Row};
use cells::CellFault;

pub(super) use write::create;

/// Names of the sheet on which a workbook of ours says what its data are.
const ABOUT: [&str; 2] = ["说明", "About"];

/// Whether a file that begins like this may be a workbook of Office Open XML.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(beginning, word).is_some();
    beginning.starts_with(b"PK\x03\x04") && (has(b"[Content_Types].xml") || has(b"xl/") || has(b"docProps/"))
}

/// Whether a file that begins like this is an OpenDocument spreadsheet.
pub(super) fn is_ods_begun(beginning: &[u8]) -> bool {
    let kind = b"application/vnd.oasis.opendocument.spreadsheet";
    beginning.starts_with(b"PK\x03\x04") && memchr::memmem::find(beginning, kind).is_some()
}

/// The first pass over a workbook of Office Open XML.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    survey_as(Kind::Xlsx, path, options, task)
}

/// Whether a file that begins like this may be a workbook of Excel 97 to 2003, or one with a password.
pub(super) fn is_xls_begun(beginning: &[u8]) -> bool {
    beginning.starts_with(&cfb::MAGIC)
}

/// The first pass over a workbook of Excel 97 to 2003.
pub(super) fn survey_xls(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    survey_as(Kind::Xls, path, options, task)
}

/// The first pass over an OpenDocument spreadsheet.
pub(super) fn survey_ods(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    survey_as(Kind::Ods, path, options, task)
}

/// How the sheets of a workbook become layers.
struct BookPlan {
    kind: Kind,
    sheets: Vec<(String, Plan)>,
}

fn survey_as(kind: Kind, path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let mut book = Book::open(path, kind, task)?;
    let sheets = book.sheets();
    let mut understood = Vec::new();
    let mut looked = Vec::new();
    for (sheet, is_hidden) in &sheets {
        task.check()?;
        if !options.only.is_empty() && !options.only.contains(sheet) {
            continue;
        }
        let Some((form, look)) = look(&mut book, sheet, options, sheets.len() == 1, task)? else { continue };
        if *is_hidden {
            understood.push(text!("工作表“{sheet}”是隐藏的，也读入", "the sheet “{sheet}” is hidden; it is read too"));
        }
        looked.push((sheet.clone(), form, look));
    }
    if looked.is_empty() {
        return Err(ReadError::NothingUsable {
            first: Text::new("各工作表都没有数据行", "no sheet has a row of data"),
        });
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let file = options.layer_name.clone().or(stem).unwrap_or_else(|| "table".to_owned());
    let is_one = looked.len() == 1;
    let mut whole = Whole { understood, ..Whole::default() };
    for (sheet, form, look) in looked {
        let name = if is_one { file.clone() } else { sheet_name(&file, &sheet) };
        let finished = look.finish(form, &name, options, whole.drafts.len());
        whole.add(sheet, finished, is_one);
    }
    whole.into_survey(kind, path)
}

/// A sheet is called by its own name, but for the names that every workbook has.
fn sheet_name(file: &str, sheet: &str) -> String {
    let plain = sheet.trim_end_matches(|c: char| c.is_ascii_digit()).trim();
    let is_usual = ["Sheet", "sheet", "工作表", "表"].contains(&plain);
    if is_usual { format!("{file}_{sheet}") } else { sheet.to_owned() }
}

/// What the sheets become together.
#[derive(Default)]
struct Whole {
    drafts: Vec<format::Draft>,
    plans: Vec<(String, Plan)>,
    understood: Vec<Text>,
    problems: Problems,
    crs: Option<(Crs, CrsOrigin)>,
}

impl Whole {
    fn add(&mut self, sheet: String, finished: Finished, is_one: bool) {
        let Finished { mut drafts, plan, crs, crs_origin, understood, mut problems } = finished;
        let has_place = drafts.iter().any(|draft| draft.geometry.is_some());
        if has_place {
            let (of_file, _) = *self.crs.get_or_insert((crs, crs_origin));
            for draft in drafts.iter_mut().filter(|_| of_file != crs) {
                draft.crs = Some(crs);
            }
        }
        for problem in problems.listed.iter_mut().filter(|_| !is_one) {
            problem.layer = Some(sheet.clone());
        }
        self.understood.extend(understood.into_iter().map(|Text { zh, en }| {
            if is_one { Text { zh, en } } else { text!("工作表“{sheet}”：{zh}", "sheet “{sheet}”: {en}") }
        }));
        self.drafts.extend(drafts);
        self.problems.append(problems);
        self.plans.push((sheet, plan));
    }

    fn into_survey(self, kind: Kind, path: &Path) -> Result<Survey, ReadError> {
        let id = match kind {
            Kind::Xlsx => "xlsx",
            Kind::Xls => "xls",
            Kind::Ods => "ods",
        };
        let (crs, crs_origin) = self.crs.unwrap_or((Crs::WGS84, CrsOrigin::Guessed));
        Ok(Survey {
            format: format::format_named(id).unwrap_or(&format::FORMATS[0]),
            crs,
            crs_origin,
            encoding: None,
            understood: self.understood,
            layers: self.drafts,
            problems: self.problems,
            bytes: std::fs::metadata(path)?.len(),
            plan: Arc::new(BookPlan { kind, sheets: self.plans }),
        })
    }
}

/// The first pass over one sheet; nothing for one without data.
fn look(
    book: &mut Book,
    sheet: &str,
    options: &ReadOptions,
    is_one: bool,
    task: &mut Task,
) -> Result<Option<(Form, Look)>, ReadError> {
    let mut first: Vec<Vec<String>> = Vec::new();
    book.rows(sheet, &mut |row| {
        let place = (row.number - 1) as usize;
        if place >= FIRST_ROWS {
            return Ok(ControlFlow::Break(()));
        }
        first.resize(place + 1, Vec::new());
        first[place] = row.cells.iter().map(std::string::ToString::to_string).collect();
        Ok(ControlFlow::Continue(()))
    })?;
    let form = form(&first, options, is_one)?;
    let is_about = ABOUT.contains(&sheet) && form.header.names.len() <= 1;
    if is_about || form.header.names.is_empty() {
        return Ok(None);
    }
    let mut look = Look::default();
    let width = form.header.names.len();
    let mut cells: Vec<Cow<'static, str>> = Vec::new();
    let what = text!("正在检查工作表“{sheet}”", "Checking the sheet “{sheet}”");
    book.rows(sheet, &mut |row| {
        task.report(&what, row.number as u64, None)?;
        if row.number > form.header.rows as i64 {
            tell_faults(&mut look, &form, &row);
            fill(&mut cells, &row, width);
            look.row(&form, row.number, &cells);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Some((form, look)).filter(|(_, look)| look.rows() > 0))
}

/// Columns that were asked for need not be on every sheet.
fn form(first: &[Vec<String>], options: &ReadOptions, is_one: bool) -> Result<Form, ReadError> {
    match Form::of(first, options) {
        Err(ReadError::NothingUsable { .. }) if !is_one => {
            Form::of(first, &ReadOptions { place: None, ..options.clone() })
        }
        form => form,
    }
}

/// The row's cells as wide as the table, without errors.
fn fill(cells: &mut Vec<Cow<'static, str>>, row: &Row<'_>, width: usize) {
    cells.clear();
    cells.extend(row.cells.iter().map(|cell| Cow::Owned(cell.to_string())));
    cells.resize(width.max(cells.len()), Cow::Borrowed(""));
    for (column, fault) in row.faults {
        if *fault == CellFault::Error {
            cells[*column] = Cow::Borrowed("");
        }
    }
}

fn tell_faults(look: &mut Look, form: &Form, row: &Row<'_>) {
    for (column, fault) in row.faults {
        let Some(name) = form.header.names.get(*column) else { continue };
        let word = &row.cells[*column];
        look.tell(match fault {
            CellFault::Rounded => rounded_code(row.number, name, word),
            CellFault::Error => {
                let what = text!("“{name}”是错误值 {word}，按空值读取", "“{name}” is the error {word}: taken as empty");
                Problem::error("table.cell-error", what).of_feature(row.number)
            }
        });
    }
}

/// The columns of a surveyed workbook, those of all sheets; nothing for files of another format.
pub(super) fn columns(survey: &Survey) -> Option<Vec<String>> {
    let plan = survey.plan.downcast_ref::<BookPlan>()?;
    let mut names: Vec<String> = Vec::new();
    for name in plan.sheets.iter().flat_map(|(_, plan)| &plan.form.header.names) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Some(names)
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let not_ours = || ReadError::NotSupported { path: path.to_owned() };
    let plan = survey.plan.downcast_ref::<BookPlan>().ok_or_else(not_ours)?;
    let mut book = Book::open(path, plan.kind, task)?;
    let what = Text::new("正在读入要素", "Reading the features");
    let total: u64 = survey.layers.iter().map(|layer| layer.features).sum();
    let mut done = 0;
    for (sheet, plan) in &plan.sheets {
        let width = plan.form.header.names.len();
        let mut cells = Vec::new();
        book.rows(sheet, &mut |row| {
            if row.number <= plan.form.header.rows as i64 {
                return Ok(ControlFlow::Continue(()));
            }
            fill(&mut cells, &row, width);
            let (layer, feature) = plan.feature(&cells);
            done += 1;
            task.report(&what, done, Some(total))?;
            match sink(layer, row.number, feature) {
                ControlFlow::Continue(()) => Ok(ControlFlow::Continue(())),
                ControlFlow::Break(()) => Err(ReadError::Stopped),
            }
        })?;
    }
    Ok(Problems::default())
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod xls_tests;
