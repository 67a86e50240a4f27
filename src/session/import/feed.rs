//! The rows of surveyed files on their way into the city: what goes in, what is refused, and what there is to tell.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::geom::crs::Crs;
use crate::io::error::ReadError;
use crate::io::format::{self, Draft};
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry};
use crate::store::error::StoreError;
use crate::store::import::{Import, ImportStop, Target};
use crate::store::model_text::NewModel;
use crate::store::source_text::NewText;
use crate::task::{Problem, Problems, Severity, Task};

use super::models;
use super::rejects::Rejects;
use super::rows::{Planned, Told, UNREAD, all_told};
use super::{Plan, Source, strict_text};
use crate::session::exchange::lossless::{self, Fed};
use crate::session::snapshot::mapped_bounds;

/// What came of the feed, shared between the writer's thread and the job's.
#[derive(Clone, Default)]
pub(super) struct Tally(Arc<Mutex<Outcome>>);

/// What came of a feed.
#[derive(Default)]
pub(in crate::session) struct Outcome {
    /// Features that went in, for each place in [`Plan::targets`].
    pub(in crate::session) features: Vec<u64>,
    /// What there is to tell.
    pub(in crate::session) problems: Problems,
    /// What was refused, and the file that it is to go to.
    pub(in crate::session) rejects: Option<(PathBuf, Rejects)>,
}

impl Tally {
    /// What came of it.
    pub(super) fn take(&self) -> Outcome {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// See the module's head.
pub(super) struct Feed {
    plan: Plan,
    /// For each target of the plan its place among those of the store: two files may go to one layer.
    slots: Vec<usize>,
    targets: Vec<Target>,
    task: Task<'static>,
    tally: Tally,
    /// What went in, for each file of the plan.
    fed: Vec<Fed>,
}

impl Feed {
    /// The feed of a plan, which tells `tally` what came of it.
    pub(super) fn new(plan: Plan, task: Task<'static>, tally: Tally) -> Self {
        let mut targets: Vec<Target> = Vec::new();
        let mut slots = Vec::new();
        for planned in &plan.targets {
            let same = |target: &Target| target.append && target.schema.table == planned.target.schema.table;
            let slot = targets.iter().position(same).unwrap_or(targets.len());
            if slot == targets.len() {
                targets.push(planned.target.clone());
            }
            slots.push(slot);
        }
        Self { plan, slots, targets, task, tally, fed: Vec::new() }
    }
}

impl Import for Feed {
    fn targets(&self) -> Vec<Target> {
        self.targets.clone()
    }

    fn feed(&mut self, sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>) -> Result<(), ImportStop> {
        let targets = &self.plan.targets;
        let mut counted = Counted {
            features: vec![0; targets.len()],
            told: targets.iter().map(|_| Told::default()).collect(),
            problems: Problems::default(),
            any_error: false,
            unplaced: BTreeMap::new(),
            rejects: self.plan.rejects.as_ref().map(|_| Rejects::default()),
            fed: Vec::new(),
        };
        let slots = &self.slots;
        let mut into_slot = |place: usize, row: Feature| sink(slots[place], row);
        for source in &self.plan.sources {
            counted.fed.push(Fed::new());
            let windows = windows(source, self.plan.within);
            feed_source(source, &windows, targets, &mut self.task, &mut counted, &mut into_slot)?;
        }
        if self.plan.strict && counted.any_error {
            return Err(ImportStop::Refused(strict_text()));
        }
        self.fed = counted.fed;
        let problems = all_told(targets, &counted.told, counted.problems);
        let rejects = self.plan.rejects.clone().zip(counted.rejects);
        let outcome = Outcome { features: counted.features, problems, rejects };
        *self.tally.0.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
        Ok(())
    }

    fn keeps_texts(&self) -> bool {
        self.plan.lossless
    }

    fn texts(
        &mut self,
        rows: &[Vec<i64>],
        sink: &mut dyn FnMut(NewText<'_>) -> Result<(), StoreError>,
    ) -> Result<(), ImportStop> {
        lossless::hand_over(&self.plan, &self.slots, &self.fed, rows, &mut self.task, sink)
    }

    fn keeps_models(&self) -> bool {
        self.plan.sources.iter().any(|source| models::is_model(&source.survey))
    }

    fn models(
        &mut self,
        rows: &[Vec<i64>],
        sink: &mut dyn FnMut(NewModel<'_>) -> Result<(), StoreError>,
    ) -> Result<(), ImportStop> {
        models::hand_over(&self.plan, &self.slots, &self.fed, rows, sink)
    }
}

/// What comes of the feed, while it runs.
struct Counted {
    features: Vec<u64>,
    told: Vec<Told>,
    problems: Problems,
    any_error: bool,
    /// Feature of the file that is being read → places of its problems that do not know yet where it lies.
    unplaced: BTreeMap<i64, Vec<usize>>,
    /// What was refused, if somebody wants it.
    rejects: Option<Rejects>,
    /// What went in, for each file so far.
    fed: Vec<Fed>,
}

impl Counted {
    fn note(&mut self, problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            self.any_error |= is_too_much(&problem);
            self.problems.push(problem);
        }
    }

    /// What the file itself has to tell, in the layer that it goes to, if that is one.
    fn note_file(&mut self, problems: Problems, layer: Option<&str>) {
        self.problems.omitted += problems.omitted;
        for problem in problems.listed {
            let problem = match layer {
                Some(layer) => problem.in_layer(layer),
                None => problem,
            };
            let place = self.problems.listed.len();
            if let (Some(number), None, Some(_)) = (problem.feature, problem.at, layer) {
                self.unplaced.entry(number).or_default().push(place);
            }
            self.note([problem]);
        }
    }

    /// Where the feature lies that the file's own problems named by its number.
    fn place(&mut self, number: i64, row: &Feature, planned: &Planned) {
        let Some(places) = self.unplaced.remove(&number) else { return };
        let at = planned.lonlat(row);
        for place in places {
            if let Some(problem) = self.problems.listed.get_mut(place) {
                problem.at = at;
            }
        }
    }
}

/// Whether a problem is one too many for who takes no bad feature: something is left out, or a value is not read.
pub(super) fn is_too_much(problem: &Problem) -> bool {
    problem.severity == Severity::Error || problem.rule == UNREAD
}

/// For each layer of a file the box that features have to meet, in its own coordinates.
pub(in crate::session) fn windows(source: &Source, within: Option<Bounds>) -> Vec<Option<Bounds>> {
    let crs = |draft: &Draft| draft.crs.unwrap_or(source.survey.crs);
    let window = |draft: &Draft| mapped_bounds(within?, Crs::WGS84, crs(draft));
    source.survey.layers.iter().map(window).collect()
}

fn feed_source(
    source: &Source,
    windows: &[Option<Bounds>],
    targets: &[Planned],
    task: &mut Task<'_>,
    counted: &mut Counted,
    sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>,
) -> Result<(), ImportStop> {
    let mut stop: Option<StoreError> = None;
    let layer = match source.goes_to[..] {
        [Some(only)] => Some(targets[only].target.schema.table.as_str()),
        _ => None,
    };
    counted.unplaced.clear();
    counted.note_file(source.survey.problems.clone(), layer);
    if let Some(rejects) = &mut counted.rejects {
        rejects.begin_file(source);
    }
    let later = format::read(&source.path, &source.survey, task, &mut |layer, number, feature| {
        let Some(place) = source.goes_to[layer] else { return ControlFlow::Continue(()) };
        let bounds = || feature.geometry.as_ref().map(Geometry::bounds);
        if let Some((window, bounds)) = windows[layer].and_then(|window| Some((window, bounds()?)))
            && !window.intersects(&bounds)
        {
            return ControlFlow::Continue(());
        }
        if let Some(rejects) = &mut counted.rejects {
            rejects.see(number);
        }
        match feed_one(&targets[place], place, number, feature, counted, sink) {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some((feature, why))) => {
                if let (Some(rejects), Some(feature)) = (&mut counted.rejects, feature) {
                    rejects.add(layer, number, feature, why);
                }
                ControlFlow::Continue(())
            }
            Err(error) => {
                stop = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    match (stop, later) {
        (Some(error), _) => Err(error.into()),
        (None, Err(ReadError::Cancelled(_))) => Err(ImportStop::Cancelled),
        (None, Err(error)) => Err(ImportStop::Refused(error.headline())),
        (None, Ok(later)) => {
            if let Some(rejects) = &mut counted.rejects {
                rejects.add_unread(source.survey.problems.listed.iter().chain(&later.listed));
                rejects.add_texts(source, task).map_err(|error| match error {
                    ReadError::Cancelled(_) => ImportStop::Cancelled,
                    error => ImportStop::Refused(error.headline()),
                })?;
            }
            counted.note_file(later, layer);
            Ok(())
        }
    }
}

/// One feature into its layer. What is refused comes back, as it was where somebody keeps it, with the reason.
fn feed_one(
    planned: &Planned,
    place: usize,
    number: i64,
    feature: Feature,
    counted: &mut Counted,
    sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>,
) -> Result<Option<(Option<Feature>, crate::text::Text)>, StoreError> {
    let kept = counted.rejects.is_some().then(|| feature.clone());
    let (row, problems) = planned.row(feature, number, &mut counted.told[place]);
    let Some(row) = row else {
        let why = problems.last().map(|problem| problem.what.clone()).unwrap_or_default();
        counted.note(problems);
        return Ok(Some((kept, why)));
    };
    // With a file for what is refused nothing is lost: a row of which a value would be goes there whole.
    let lost = problems.iter().find(|problem| problem.rule == UNREAD && problem.severity == Severity::Error);
    if let Some(why) = lost.filter(|_| kept.is_some()).map(|problem| problem.what.clone()) {
        counted.note(problems);
        return Ok(Some((kept, why)));
    }
    counted.note(problems);
    if !counted.unplaced.is_empty() {
        counted.place(number, &row, planned);
    }
    match sink(place, row) {
        Ok(()) => {
            counted.features[place] += 1;
            if let Some(fed) = counted.fed.last_mut() {
                fed.push((number, place));
            }
            Ok(None)
        }
        Err(StoreError::Refused { what }) => {
            let problem = Problem::error("import.refused", what.clone()).of_feature(number);
            counted.note([problem.in_layer(planned.target.schema.table.as_str())]);
            Ok(Some((kept, what)))
        }
        Err(error) => Err(error),
    }
}
