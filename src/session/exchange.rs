//! Files come in and go out: previews, imports, exports, each a job with progress and cancel.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::geom::crs::Crs;
use crate::io;
use crate::io::error::WriteError;
use crate::io::format::{self, ReadOptions, WriteOptions, Written};
use crate::kinds;
use crate::store::city::City;
use crate::store::command::{Action, Committed, Write};
use crate::store::create::{create_with, remove_leftovers};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::task::{Problem, Task};
use crate::text;
use crate::text::Text;

use super::Session;
use super::answer::{Answer, Failure, FailureKind};
use super::command::{ExchangeCommand, ExportRequest, ImportRequest, JobId, RowFilter};
use super::events::Event;
use super::import::{Plan, read_failure};
use super::librarian::Topic;
use super::rows::{Rows, find_schema};
use super::snapshot::{SAMPLE_KEY, world_bounds};
use super::state::{ImportPreview, PreviewLayer};

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
    pub(super) fn run_exchange(&mut self, command: ExchangeCommand) -> Result<Option<JobId>, Failure> {
        match command {
            ExchangeCommand::Survey { path, crs, one_layer } => Ok(Some(self.survey(path, crs, one_layer))),
            ExchangeCommand::Import(request) => self.import(request).map(Some),
            ExchangeCommand::Export(request) => self.export(request).map(Some),
            ExchangeCommand::Picture(request) => self.picture_job(request).map(Some),
        }
    }

    fn survey(&mut self, path: PathBuf, crs: Option<Crs>, one_layer: bool) -> JobId {
        let post = self.post.clone();
        let title = Text::new("查看文件", "Looking into the file");
        self.jobs.start(title, move |_, mut task| {
            let preview = preview(path, ReadOptions { crs, one_layer, layer_name: None }, &mut task)?;
            post.send(Event::Preview(Box::new(preview)));
            Ok(Answer::Done)
        })
    }

    fn import(&mut self, request: ImportRequest) -> Result<JobId, Failure> {
        let title = Text::new("导入文件", "Importing");
        let author = self.author();
        if let Some(path) = request.new_city.clone() {
            return Ok(self.jobs.start(title, move |_, mut task| {
                let plan = Plan::make(&request, &[], &mut task)?;
                let mut answer = Answer::Done;
                create_with(&path, false, |city| {
                    city.dress_with(super::styles::dress);
                    answer = import_into(city, plan, author, task)?.1;
                    Ok::<_, StoreError>(())
                })?;
                Ok(answer)
            }));
        }
        let open = self.opened()?;
        if let Some(reason) = &open.view.read_only {
            return Err(Failure::new(FailureKind::File, reason.clone()));
        }
        let (city, follower) = (Arc::clone(&open.city), open.keeper.follower());
        Ok(self.jobs.start(title, move |_, mut task| {
            remove_leftovers(city.path());
            let plan = Plan::make(&request, &city.reader()?.layers()?, &mut task)?;
            let (committed, answer) = import_into(&city, plan, author, task)?;
            follower.follow(committed);
            Ok(answer)
        }))
    }

    fn export(&mut self, request: ExportRequest) -> Result<JobId, Failure> {
        let city = Arc::clone(&self.opened()?.city);
        let (lang, title) = (self.lang(), Text::new("导出文件", "Exporting"));
        Ok(self.jobs.start(title, move |_, mut task| export(&city.reader()?, &request, lang, &mut task)))
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

/// Runs a plan in a city and waits for the commit.
fn import_into(
    city: &City,
    plan: Plan,
    author: String,
    task: Task<'static>,
) -> Result<(Committed, Answer), StoreError> {
    let (label, mut layers, cancel) = (plan.label(), plan.imported(), task.cancel().clone());
    let (feed, tally) = plan.into_feed(task);
    let write = Write { label, author, action: Action::Import(Box::new(feed)) };
    let committed = city.submit_stoppable(write, cancel).wait()?;
    let (features, problems) = tally.take();
    for (layer, features) in layers.iter_mut().zip(features) {
        layer.features = features;
    }
    Ok((committed, Answer::Imported { layers, problems }))
}

fn preview(path: PathBuf, options: ReadOptions, task: &mut Task<'_>) -> Result<ImportPreview, Failure> {
    let survey = match format::survey(&path, &options, task) {
        Ok(survey) => survey,
        Err(error) => {
            let failure = read_failure(&path, &error);
            if failure.kind == FailureKind::Cancelled {
                return Err(failure);
            }
            let (format, crs) = (Text::default(), options.crs.unwrap_or(Crs::WGS84));
            let refused = Some(failure.text);
            return Ok(ImportPreview { path, format, crs, layers: Vec::new(), problems: Vec::new(), refused });
        }
    };
    let crs = survey.crs;
    let layers = survey.layers.into_iter().map(|draft| PreviewLayer {
        guessed_kind: kinds::mapping::guess_kind(&draft.name, &draft.fields, draft.geometry),
        bounds_world: (!draft.bounds.is_empty()).then(|| world_bounds(draft.bounds, crs)).flatten(),
        name: draft.name,
        features: draft.features,
        geometry: draft.geometry,
        fields: draft.fields,
        sample: draft.sample,
    });
    let format = survey.format.name.clone();
    let mut problems = survey.problems.listed;
    if survey.problems.omitted > 0 {
        let more = survey.problems.omitted;
        let what = text!("另有 {more} 个问题没有列出", "{more} more problems are not listed");
        problems.push(Problem::warning("import.more-problems", what));
    }
    Ok(ImportPreview { path, format, crs, layers: layers.collect(), problems, refused: None })
}

fn export(
    reader: &Reader,
    request: &ExportRequest,
    lang: crate::text::Lang,
    task: &mut Task<'_>,
) -> Result<Answer, Failure> {
    let schema = find_schema(reader, &request.layer)?;
    let rows = Rows::new(&schema, &request.rows)?;
    let create = create_of(&request.path)?;
    let sample = reader.setting(SAMPLE_KEY)?.is_some();
    let options = WriteOptions {
        decimals: request.decimals,
        bbox: request.bbox,
        labels_not_codes: request.labels,
        lang,
        crs: request.crs,
        note: sample.then(|| Text::new("示例数据，全部为虚构", "Sample data, all of it invented")),
    };
    // What the format cannot do is refused before anything is begun on the disk.
    create(&mut std::io::sink(), &schema, &options).map_err(|error| write_failure(&error))?;
    let total = rows.count(reader)?;
    let words = Text::new("写出要素", "Writing features");
    let mut stopped: Option<Failure> = None;
    let written = io::atomic::write(&request.path, request.overwrite, |out| {
        let mut writer = create(out, &schema, &options)?;
        let mut batch = Vec::with_capacity(BATCH);
        let (mut done, mut trouble) = (0_u64, None);
        let outcome = rows.each(reader, &mut |feature| {
            batch.push(feature);
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
        writer.write_many(&batch)?;
        writer.finish()
    });
    match (stopped, written) {
        (Some(failure), _) => Err(failure),
        (None, Err(error)) => Err(write_failure(&error)),
        (None, Ok(written)) => {
            let Written { features, bytes, problems } = written;
            Ok(Answer::Exported { file: request.path.clone(), features, bytes, problems })
        }
    }
}

fn create_of(path: &Path) -> Result<format::CreateFn, Failure> {
    let create = format::format_by_ending(path).and_then(|format| format.create);
    create.ok_or_else(|| {
        let name = path.display();
        let text =
            text!("不能写出 {name}：请用 .geojson 或 .geojsonl", "{name} cannot be written: use .geojson or .geojsonl");
        Failure::new(FailureKind::Usage, text)
    })
}

/// A file that cannot be written.
pub(super) fn write_failure(error: &WriteError) -> Failure {
    let kind = match error {
        WriteError::WrongCrs { .. } => FailureKind::Usage,
        _ => FailureKind::File,
    };
    Failure::new(kind, error.headline())
}
