//! Files go out: rows of a layer into the format that the file's name says, or byte for byte as they came.

pub mod redact;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crate::geom::crs::Crs;
use crate::io::atomic;
use crate::io::error::WriteError;
use crate::io::format::{self, WriteOptions, Written};
use crate::model::schema::Schema;
use crate::store::city::City;
use crate::store::reader::Reader;
use crate::task::Task;
use crate::text;
use crate::text::{Lang, Text};

use self::redact::Redactor;
use super::Session;
use super::answer::{Answer, Failure, FailureKind};
use super::command::{ExportRequest, JobId, RowFilter};
use super::events::Event;
use super::exchange::{formats, lossless, passport};
use super::import::shift_problem;
use super::look::librarian::Topic;
use super::rows::{Rows, find_schema};
use super::snapshot::SAMPLE_KEY;

/// Rows handed to a writer at once.
const BATCH: usize = 4096;

/// The count under an export dialog.
#[derive(Default)]
pub(super) struct ExportCount {
    asked: Option<String>,
    request: u64,
    count: Option<u64>,
}

impl ExportCount {
    /// Takes in a count, unless the dialog has moved on.
    pub(super) fn arrive(&mut self, request: u64, count: u64) {
        if request == self.request {
            self.count = Some(count);
        }
    }
}

impl Session {
    pub(super) fn export(&mut self, request: ExportRequest) -> Result<JobId, Failure> {
        let city = Arc::clone(&self.opened()?.city);
        let (lang, title) = (self.lang(), Text::new("导出文件", "Exporting"));
        Ok(self.jobs.start(title, move |_, mut task| export(&city, &request, lang, &mut task)))
    }

    /// How many rows an export would write; `None` while it is counted (ask again when woken).
    pub fn export_count(&mut self, layer: &str, rows: &RowFilter) -> Option<u64> {
        let asked = format!("{layer} {rows:?} {}", self.city()?.revision);
        if self.lists.export_count.asked.as_ref() == Some(&asked) {
            return self.lists.export_count.count;
        }
        let rows = Rows::new(&self.layer(layer).ok()?.schema, rows).ok()?;
        let open = self.open.as_mut()?;
        let request = open
            .librarian
            .ask(Topic::ExportCount, move |reader, request| Ok(Event::ExportCount(request, rows.count(reader)?)));
        self.lists.export_count = ExportCount { asked: Some(asked), request, count: None };
        None
    }
}

fn export(city: &City, request: &ExportRequest, lang: Lang, task: &mut Task<'_>) -> Result<Answer, Failure> {
    let reader = city.reader()?;
    let schema = find_schema(&reader, &request.layer)?;
    let rows = Rows::new(&schema, &request.rows)?;
    check_ending(&request.path)?;
    passport::check_room(request)?;
    let is_sample = reader.setting(SAMPLE_KEY)?.is_some();
    let options = WriteOptions {
        decimals: request.decimals,
        bbox: request.bbox,
        labels_not_codes: request.labels,
        lang,
        crs: request.crs,
        note: is_sample.then(|| Text::new("示例数据，全部为虚构", "Sample data, all of it invented")),
        sheets: Vec::new(),
    };
    let mut written = match lossless::kept(&reader, request, &schema)?.filter(|_| !is_sample) {
        Some(kept) => lossless::write(&reader, request, (&schema, &rows), &options, kept, task)?,
        None => write_rows(&reader, request, (&schema, &rows), options, task)?,
    };
    // Between two datums the file is as exact as the shift.
    let [from, to] = [schema.crs, passport::crs_of(request, &schema)].map(shift_problem);
    if schema.geometry.is_some() && from.as_ref().map(|shift| &shift.what) != to.as_ref().map(|shift| &shift.what) {
        [from, to].into_iter().flatten().for_each(|shift| written.problems.push(shift));
    }
    let passport = if request.passport {
        let name = city.path().file_stem().unwrap_or_default().to_string_lossy();
        let source = passport::Source { city: &name, schema: &schema, written: &written, is_sample };
        Some(passport::write(&reader, request, &source, task)?)
    } else {
        None
    };
    let Written { features, bytes, problems } = written;
    Ok(Answer::Exported { file: request.path.clone(), features, bytes, problems, passport })
}

/// Writes rows as the format has them.
fn write_rows(
    reader: &Reader,
    request: &ExportRequest,
    (schema, rows): (&Schema, &Rows),
    mut options: WriteOptions,
    task: &mut Task<'_>,
) -> Result<Written, Failure> {
    let mut redactor = request.profile.as_ref().map(|profile| Redactor::new(schema, profile)).transpose()?;
    let outgoing = redactor.as_ref().map_or_else(|| schema.clone(), |redactor| redactor.schema.clone());
    if outgoing.crs != schema.crs
        && formats::writable_by_ending(&request.path).is_some_and(formats::FileType::has_crs_choice)
    {
        options.crs = options.crs.or(Some(schema.crs).filter(|crs| *crs != Crs::Unknown));
    }
    let total = rows.count(reader)?;
    let words = Text::new("写出要素", "Writing features");
    let mut stopped: Option<Failure> = None;
    let written = format::write_file(&request.path, request.overwrite, &outgoing, &options, |writer| {
        let mut batch = Vec::with_capacity(BATCH);
        let (mut done, mut trouble) = (0_u64, None);
        let outcome = rows.each(reader, &mut |feature| {
            batch.push(match &mut redactor {
                Some(redactor) => redactor.apply(feature),
                None => feature,
            });
            if batch.len() < BATCH {
                return ControlFlow::Continue(());
            }
            done += batch.len() as u64;
            trouble = writer.write_many(&batch).err();
            batch.clear();
            let go_on = trouble.is_none() && task.report(&words, done, Some(total)).is_ok();
            if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if let Some(error) = trouble {
            return Err(error);
        }
        if let Err(failure) = outcome.map_err(Failure::from).and_then(|()| Ok(task.check()?)) {
            stopped = Some(failure);
            return Err(WriteError::from(std::io::Error::other("stopped")));
        }
        writer.write_many(&batch)
    });
    match (stopped, written) {
        (Some(failure), _) => Err(failure),
        (None, Err(error)) => Err(write_failure(&error)),
        (None, Ok(mut written)) => {
            let small = redactor.and_then(|redactor| redactor.problem());
            small.into_iter().for_each(|problem| written.problems.push(problem));
            Ok(written)
        }
    }
}

/// Refuses a name whose ending no format that is written has, before anything is counted.
pub(super) fn check_ending(path: &Path) -> Result<(), Failure> {
    if format::format_by_ending(path).is_some_and(|format| format.create.is_some()) {
        return Ok(());
    }
    let written = format::FORMATS.iter().filter(|format| format.create.is_some());
    let endings: Vec<String> = written.filter_map(|format| Some(format!(".{}", format.endings.first()?))).collect();
    let (name, zh, en) = (path.display(), endings.join(" "), endings.join(", "));
    let text = text!("不能写出 {name}：文件名的结尾可以是 {zh}", "{name} cannot be written: names end in {en}");
    Err(Failure::new(FailureKind::Usage, text))
}

/// Whether refused rows can go to a file: it is of a kind that is written, is none that the program works on, and is not
/// there yet unless it may go.
///
/// # Errors
/// It cannot be.
pub(super) fn check_rejects(path: &Path, overwrite: bool) -> Result<(), Failure> {
    check_ending(path)?;
    atomic::refuse_kept(path).map_err(|error| write_failure(&error))?;
    if !overwrite && path.symlink_metadata().is_ok() {
        return Err(write_failure(&WriteError::Exists { path: path.to_owned() }));
    }
    Ok(())
}

/// A file that cannot be written.
pub(super) fn write_failure(error: &WriteError) -> Failure {
    let kind = match error {
        WriteError::Kept { .. } | WriteError::WrongCrs { .. } | WriteError::UnknownCrs => FailureKind::Usage,
        WriteError::NothingWritten { .. } => FailureKind::Data,
        _ => FailureKind::File,
    };
    Failure::new(kind, error.headline())
}

#[cfg(test)]
mod tests;
