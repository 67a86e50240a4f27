//! Runs looks into files, and imports, as jobs.

use std::path::PathBuf;
use std::sync::Arc;

use super::feed::Outcome;
use super::recipe::Recipe;
use super::{Plan, read_failure};
use crate::geom::crs::Crs;
use crate::io::atomic::Kept;
use crate::io::format::{Draft, ReadOptions, Survey};
use crate::kinds;
use crate::session::Session;
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::{ImportRequest, JobId};
use crate::session::crs;
use crate::session::events::Event;
use crate::session::exchange::{formats, passport};
use crate::session::snapshot::world_bounds;
use crate::session::state::{ImportPreview, PreviewLayer};
use crate::session::style;
use crate::store::city::City;
use crate::store::command::{Action, Committed, Write};
use crate::store::create::{create_with, remove_leftovers};
use crate::store::error::StoreError;
use crate::task::{Problem, Task};
use crate::text;
use crate::text::{Lang, Text};

impl Session {
    pub(in crate::session) fn survey(&mut self, path: PathBuf, read: ReadOptions) -> JobId {
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

    pub(in crate::session) fn import(&mut self, request: ImportRequest) -> Result<JobId, Failure> {
        let title = Text::new("导入文件", "Importing");
        let (author, lang) = (self.author(), self.lang());
        if let Some(path) = request.new_city.clone() {
            return Ok(self.jobs.start(title, move |_, mut task| {
                let _kept = keep(&request);
                let plan = Plan::make(&request, &[], &mut task)?;
                let mut answer = Answer::Done;
                create_with(&path, false, |city| {
                    city.dress_with(style::dress);
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
            let _kept = keep(&request);
            remove_leftovers(city.path());
            let reader = city.reader()?;
            let layers = reader.layers()?;
            let mut plan = Plan::make(&request, &layers, &mut task)?;
            crs::check::warn(&reader, &layers, &mut plan, &mut task)?;
            drop(reader);
            let (committed, answer) = import_into(&city, plan, author, lang, task)?;
            follower.follow(committed);
            Ok(answer)
        }))
    }
}

/// Keeps what is read, and the city that is made of it, from being written over with refused rows.
fn keep(request: &ImportRequest) -> Vec<Kept> {
    request.paths.iter().chain(&request.new_city).map(|path| Kept::new(path)).collect()
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
    let replace = plan.replace_rejects;
    let (feed, tally) = plan.into_feed(task);
    let write = Write { label, author, action: Action::Import(Box::new(feed)) };
    let committed = city.submit_stoppable(write, cancel).wait()?;
    let Outcome { features, mut problems, rejects } = tally.take();
    for (layer, features) in layers.iter_mut().zip(features) {
        layer.features = features;
    }
    let written = rejects.map_or(Ok(Vec::new()), |(path, rejects)| rejects.write(&path, replace, lang));
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
                reader.map(|reader| crs::check::verdict(&reader, &reader.layers()?, (&path, &survey), &[], task));
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
        has_place_columns: formats::has_place_columns(survey.format),
        columns: survey.table_columns(),
        crs_origin: survey.crs_origin,
        encoding: survey.encoding,
        understood: survey.understood.clone(),
        layers: survey.layers.iter().map(layer).collect(),
        problems,
        ..ImportPreview::of(path, survey.crs)
    }
}
