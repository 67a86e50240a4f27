//! Files come in and go out: previews, imports, exports, each a job with progress and cancel.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::geom::crs::Crs;
use crate::io::error::WriteError;
use crate::io::format::{self, Draft, ReadOptions, Survey, WriteOptions, Written};
use crate::kinds;
use crate::model::schema::Schema;
use crate::store::city::City;
use crate::store::command::{Action, Committed, Write};
use crate::store::create::{create_with, remove_leftovers};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::task::{Problem, Task};
use crate::text;
use crate::text::{Lang, Text};

use super::Session;
use super::answer::{Answer, Failure, FailureKind};
use super::command::{ExchangeCommand, ExportRequest, ImportRequest, JobId, RowFilter};
use super::crs_check;
use super::events::Event;
use super::import::{Plan, read_failure, shift_problem};
use super::import_feed::Outcome;
use super::librarian::Topic;
use super::lossless;
use super::passport;
use super::recipe::Recipe;
use super::redact::Redactor;
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
            ExchangeCommand::Survey { path, read } => {
                self.refuse_the_open_city(&path)?;
                Ok(Some(self.survey(path, read)))
            }
            ExchangeCommand::Import(request) => {
                request.paths.iter().try_for_each(|path| self.refuse_the_open_city(path))?;
                self.import(request).map(Some)
            }
            ExchangeCommand::Export(request) => self.export(request).map(Some),
            ExchangeCommand::Picture(request) => self.picture_job(request).map(Some),
            ExchangeCommand::Compare(request) => self.compare(request).map(Some),
            ExchangeCommand::Take { which, parts } => self.take_differences(&which, parts),
            ExchangeCommand::EndCompare => {
                self.lists.comparison = None;
                Ok(None)
            }
            ExchangeCommand::KeepRecipe(recipe) => self.keep_recipe(*recipe).map(|()| None),
            ExchangeCommand::SaveProfile { path, profile } => self.save_profile(&path, &profile).map(|()| None),
            ExchangeCommand::SaveRecipe { path, recipe } => self.save_recipe(&path, &recipe).map(|()| None),
        }
    }

    /// A city is no source for itself: to look into its file by another way would let go of the locks on it.
    pub(super) fn refuse_the_open_city(&self, path: &Path) -> Result<(), Failure> {
        let is_it = |city: &Path| city.canonicalize().is_ok_and(|city| path.canonicalize().is_ok_and(|it| it == city));
        if self.open.as_ref().is_some_and(|open| is_it(open.city.path())) {
            let text = Text::new(
                "这就是已打开的城市文件，不能导入自己",
                "This is the city that is open: it cannot be imported into itself",
            );
            return Err(Failure::new(FailureKind::Usage, text));
        }
        Ok(())
    }

    fn survey(&mut self, path: PathBuf, read: ReadOptions) -> JobId {
        let (post, folder) = (self.post.clone(), self.settings_folder.clone());
        let city = self.open.as_ref().map(|open| Arc::clone(&open.city));
        let title = Text::new("查看文件", "Looking into the file");
        self.jobs.start(title, move |_, mut task| {
            let mut preview = preview(path, read.clone(), city.as_deref(), &mut task)?;
            preview.read = read;
            preview.recipe = Recipe::remembered(&folder, &preview.shape());
            post.send(Event::Preview(Box::new(preview)));
            Ok(Answer::Done)
        })
    }

    fn import(&mut self, request: ImportRequest) -> Result<JobId, Failure> {
        let title = Text::new("导入文件", "Importing");
        let (author, lang) = (self.author(), self.lang());
        if let Some(path) = request.new_city.clone() {
            return Ok(self.jobs.start(title, move |_, mut task| {
                let plan = Plan::make(&request, &[], &mut task)?;
                let mut answer = Answer::Done;
                create_with(&path, false, |city| {
                    city.dress_with(super::styles::dress);
                    answer = import_into(city, plan, author, lang, task)?.1;
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
            let reader = city.reader()?;
            let layers = reader.layers()?;
            let mut plan = Plan::make(&request, &layers, &mut task)?;
            crs_check::warn(&reader, &layers, &mut plan, &mut task)?;
            drop(reader);
            let (committed, answer) = import_into(&city, plan, author, lang, task)?;
            follower.follow(committed);
            Ok(answer)
        }))
    }

    fn export(&mut self, request: ExportRequest) -> Result<JobId, Failure> {
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

/// Runs a plan in a city and waits for the commit.
fn import_into(
    city: &City,
    plan: Plan,
    author: String,
    lang: Lang,
    task: Task<'static>,
) -> Result<(Committed, Answer), StoreError> {
    let (label, mut layers, cancel) = (plan.label(), plan.imported(), task.cancel().clone());
    let datum = plan.datums();
    let (feed, tally) = plan.into_feed(task);
    let write = Write { label, author, action: Action::Import(Box::new(feed)) };
    let committed = city.submit_stoppable(write, cancel).wait()?;
    let Outcome { features, mut problems, rejects } = tally.take();
    for (layer, features) in layers.iter_mut().zip(features) {
        layer.features = features;
    }
    let written = rejects.map_or(Ok(Vec::new()), |(path, rejects)| rejects.write(&path, lang));
    let rejects = written.unwrap_or_else(|error| {
        problems.push(Problem::warning("import.rejects", error.headline()));
        Vec::new()
    });
    Ok((committed, Answer::Imported { layers, problems, rejects, datum }))
}

fn preview(
    path: PathBuf,
    options: ReadOptions,
    city: Option<&City>,
    task: &mut Task<'_>,
) -> Result<ImportPreview, Failure> {
    match passport::survey(&path, &options, task) {
        Ok(mut survey) => {
            passport::check(&path, &mut survey, task);
            let reader = city.map(City::reader).transpose()?;
            let datum =
                reader.map(|reader| crs_check::verdict(&reader, &reader.layers()?, (&path, &survey), &[], task));
            Ok(ImportPreview { datum: datum.transpose()?.flatten(), ..preview_of(path, &survey) })
        }
        Err(error) => {
            let failure = read_failure(&path, &error);
            if failure.kind == FailureKind::Cancelled {
                return Err(failure);
            }
            let nothing = ImportPreview::of(path, options.crs.unwrap_or(Crs::WGS84));
            Ok(ImportPreview { refused: Some(failure.text), ..nothing })
        }
    }
}

/// What was found in a file, for a person.
pub(super) fn preview_of(path: PathBuf, survey: &Survey) -> ImportPreview {
    let layer = |draft: &Draft| PreviewLayer {
        guessed_kind: kinds::mapping::guess_kind(&draft.name, &draft.fields, draft.geometry),
        bounds_world: (!draft.bounds.is_empty())
            .then(|| world_bounds(draft.bounds, draft.crs.unwrap_or(survey.crs)))
            .flatten(),
        name: draft.name.clone(),
        features: draft.features,
        geometry: draft.geometry,
        fields: draft.fields.clone(),
        sample: draft.sample.clone(),
    };
    let mut problems = survey.problems.listed.clone();
    if survey.problems.omitted > 0 {
        let more = survey.problems.omitted;
        let what = text!("另有 {more} 个问题没有列出", "{more} more problems are not listed");
        problems.push(Problem::warning("import.more-problems", what));
    }
    ImportPreview {
        format: survey.format.name.clone(),
        format_id: survey.format.id,
        has_place_columns: super::formats::has_place_columns(survey.format),
        columns: survey.table_columns(),
        crs_origin: survey.crs_origin,
        encoding: survey.encoding,
        understood: survey.understood.clone(),
        layers: survey.layers.iter().map(layer).collect(),
        problems,
        ..ImportPreview::of(path, survey.crs)
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
        && super::formats::writable_by_ending(&request.path).is_some_and(super::formats::FileType::has_crs_choice)
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

/// A file that cannot be written.
pub(super) fn write_failure(error: &WriteError) -> Failure {
    let kind = match error {
        WriteError::WrongCrs { .. } | WriteError::UnknownCrs => FailureKind::Usage,
        WriteError::NothingWritten { .. } => FailureKind::Data,
        _ => FailureKind::File,
    };
    Failure::new(kind, error.headline())
}
