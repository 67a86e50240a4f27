//! From a file to layers: which target each layer of the file goes to, and the feed of its rows.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::io::error::ReadError;
use crate::io::format::{self, Draft, ReadOptions, Survey};
use crate::kinds;
use crate::kinds::kind::Kind;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::store::error::StoreError;
use crate::store::import::{Import, ImportStop, Target};
use crate::store::reader::LayerInfo;
use crate::task::{Problem, Problems, Severity, Task};
use crate::text;
use crate::text::Text;

use super::answer::{Failure, FailureKind, ImportedLayer};
use super::command::ImportRequest;
use super::import_columns::Columns;
use super::import_rows::{Planned, Told, all_told};
use super::snapshot::kind_of;

/// Different values of one column of which it is remembered that reading keeps them.
const KNOWN: usize = 1000;

/// Files that have been looked into and given their targets.
pub(super) struct Plan {
    sources: Vec<Source>,
    targets: Vec<Planned>,
    strict: bool,
}

struct Source {
    path: PathBuf,
    survey: Survey,
    /// Layer of the file → place in `targets`.
    goes_to: Vec<usize>,
}

/// What came of the feed, shared between the writer's thread and the job's.
#[derive(Clone, Default)]
pub(super) struct Tally(Arc<Mutex<(Vec<u64>, Problems)>>);

/// What comes of the feed, while it runs.
struct Counted {
    features: Vec<u64>,
    told: Vec<Told>,
    problems: Problems,
    any_error: bool,
}

impl Plan {
    /// Looks into every file; nothing is written yet.
    pub(super) fn make(request: &ImportRequest, layers: &[LayerInfo], task: &mut Task<'_>) -> Result<Self, Failure> {
        let kind = request.kind.as_deref().map(find_kind).transpose()?;
        let mut plan = Self { sources: Vec::new(), targets: Vec::new(), strict: request.strict };
        for path in &request.paths {
            let options = ReadOptions { crs: request.crs, one_layer: request.one_layer, layer_name: None };
            let survey = format::survey(path, &options, task).map_err(|error| read_failure(path, &error))?;
            let mut problems = survey.problems.listed.iter();
            if request.strict && problems.any(|problem| problem.severity == Severity::Error) {
                return Err(strict_failure(survey.problems.listed));
            }
            let mut goes_to = Vec::new();
            for draft in &survey.layers {
                goes_to.push(plan.aim(draft, survey.crs, kind, request, layers)?);
            }
            let source = Source { path: path.clone(), survey, goes_to };
            plan.keep_what_is_lost(&source, task)?;
            plan.sources.push(source);
        }
        Ok(plan)
    }

    /// Finds or makes the target of one layer of a file.
    fn aim(
        &mut self,
        draft: &Draft,
        crs: Crs,
        kind: Option<&'static Kind>,
        request: &ImportRequest,
        layers: &[LayerInfo],
    ) -> Result<usize, Failure> {
        let wanted = request.layer.as_deref().or(kind.map(|kind| kind.id));
        let old = wanted.and_then(|word| {
            layers.iter().find(|info| info.schema.table == word || info.state.name.is(word)).map(|info| &info.schema)
        });
        if let Some(schema) = old {
            if !fits(schema.geometry, draft.geometry) {
                return Err(misfit(&schema.name, draft));
            }
            let to = kind_of(&schema.kind);
            let columns = Columns::of_old_layer(&schema.fields, to, &draft.fields, &request.map)?;
            return self.push(Target { schema: schema.clone(), append: true }, to, columns, draft, crs);
        }
        if let Some(kind) = kind
            && !fits(kind.geometry, draft.geometry)
        {
            return Err(misfit(&kind.name, draft));
        }
        let taken = |table: &str| {
            layers.iter().any(|info| info.schema.table.eq_ignore_ascii_case(table))
                || self.targets.iter().any(|planned| planned.target.schema.table.eq_ignore_ascii_case(table))
        };
        let name = wanted.unwrap_or(&draft.name).to_owned();
        let table = free_name(&name, taken);
        let mut schema = new_schema(table, &name, kind, draft, crs);
        if request.layer.is_some() {
            schema.name = Text::same(name);
        }
        let kind = kind.unwrap_or_else(kinds::plain);
        let columns = Columns::of_new_layer(&mut schema.fields, kind, &draft.fields, &request.map)?;
        self.push(Target { schema, append: false }, kind, columns, draft, crs)
    }

    fn push(
        &mut self,
        target: Target,
        kind: &'static Kind,
        columns: Columns,
        draft: &Draft,
        crs: Crs,
    ) -> Result<usize, Failure> {
        let ours = target.schema.crs;
        let transform = if crs == ours { None } else { Some(Transform::new(crs, ours)) };
        let transform = transform
            .transpose()
            .map_err(|error| Failure::new(FailureKind::Usage, Text::owned(error.zh(), error.en())))?;
        let to_degrees = to_degrees_at_risk(crs, draft.bounds);
        let theirs = draft.fields.clone();
        self.targets.push(Planned { target, kind, columns, theirs, transform, to_degrees });
        Ok(self.targets.len() - 1)
    }

    /// Gives a field of its own, where it stays as it came, to every column that is read into a field of the kind and
    /// loses something by it. Only the values can tell, and only a layer that is not made yet can get the field: so the
    /// file is read once more before the first row is written, unless no column is at risk. What a layer that is there
    /// cannot take is told of.
    fn keep_what_is_lost(&mut self, source: &Source, task: &mut Task<'_>) -> Result<(), Failure> {
        let watch = |&place: &usize| self.targets[place].watch();
        let mut watched: Vec<Vec<Watched>> = source.goes_to.iter().map(watch).collect();
        let mut lost: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); watched.len()];
        if watched.iter().all(Vec::is_empty) {
            return Ok(());
        }
        let read = format::read(&source.path, &source.survey, task, &mut |layer, _, feature| {
            let lost = &mut lost[layer];
            watched[layer].retain_mut(|column| match feature.values.get(column.column) {
                Some(value) if !column.keeps(value) => !lost.insert(column.column),
                _ => true,
            });
            let is_settled = watched.iter().all(Vec::is_empty);
            if is_settled { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match read {
            Ok(_) | Err(ReadError::Stopped) => {}
            Err(error) => return Err(read_failure(&source.path, &error)),
        }
        for (&place, lost) in source.goes_to.iter().zip(lost) {
            let Planned { target, columns, theirs, .. } = &mut self.targets[place];
            lost.into_iter().for_each(|column| columns.keep_twin(&mut target.schema.fields, theirs, column));
        }
        Ok(())
    }

    /// The rows, as the store takes them, and where to read afterwards what came of them.
    pub(super) fn into_feed(self, task: Task<'static>) -> (Feed, Tally) {
        let tally = Tally::default();
        (Feed { plan: self, task, tally: tally.clone() }, tally)
    }

    /// `sewer_pipe, sewer_node` for the journal.
    pub(super) fn label(&self) -> Text {
        let files: Vec<String> =
            self.sources.iter().filter_map(|it| Some(it.path.file_name()?.to_string_lossy().into_owned())).collect();
        let files = files.join(", ");
        text!("导入 {files}", "Import {files}")
    }

    /// The layers it would make or add to.
    pub(super) fn imported(&self) -> Vec<ImportedLayer> {
        let imported = |planned: &Planned| ImportedLayer {
            name: planned.target.schema.table.clone(),
            kind: planned.kind.id.to_owned(),
            features: 0,
            mapped: planned.columns.mapped(&planned.target.schema.fields, &planned.theirs),
        };
        self.targets.iter().map(imported).collect()
    }
}

impl Tally {
    /// Features per target, and problems.
    pub(super) fn take(&self) -> (Vec<u64>, Problems) {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A column on its way into a field, watched for values that do not survive it.
struct Watched {
    column: usize,
    field: Field,
    /// Texts of which it is known that they survive: coded columns repeat a few.
    known: BTreeSet<String>,
}

impl Planned {
    /// The columns of which something may be lost, where a field for them can still be made.
    fn watch(&self) -> Vec<Watched> {
        if self.target.append {
            return Vec::new();
        }
        let at_risk = self.columns.at_risk(&self.target.schema.fields, &self.theirs);
        at_risk.into_iter().map(|(column, field)| Watched { column, field, known: BTreeSet::new() }).collect()
    }
}

impl Watched {
    fn keeps(&mut self, value: &Value) -> bool {
        if value.is_null() || value.as_str().is_some_and(|words| self.known.contains(words)) {
            return true;
        }
        let keeps = kinds::convert::keeps(value, &self.field);
        if let Some(words) = value.as_str().filter(|_| keeps && self.known.len() < KNOWN) {
            self.known.insert(words.to_owned());
        }
        keeps
    }
}

/// Rows of surveyed files on their way into the city.
pub(super) struct Feed {
    plan: Plan,
    task: Task<'static>,
    tally: Tally,
}

impl Import for Feed {
    fn targets(&self) -> Vec<Target> {
        self.plan.targets.iter().map(|planned| planned.target.clone()).collect()
    }

    fn feed(&mut self, sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>) -> Result<(), ImportStop> {
        let targets = &self.plan.targets;
        let mut counted = Counted {
            features: vec![0; targets.len()],
            told: targets.iter().map(|_| Told::default()).collect(),
            problems: Problems::default(),
            any_error: false,
        };
        for source in &self.plan.sources {
            feed_source(source, targets, &mut self.task, &mut counted, sink)?;
        }
        if self.plan.strict && counted.any_error {
            return Err(ImportStop::Refused(strict_text()));
        }
        let problems = all_told(targets, &counted.told, counted.problems);
        *self.tally.0.lock().unwrap_or_else(PoisonError::into_inner) = (counted.features, problems);
        Ok(())
    }
}

impl Counted {
    fn note(&mut self, problems: impl IntoIterator<Item = Problem>) {
        for problem in problems {
            self.any_error |= problem.severity == Severity::Error;
            self.problems.push(problem);
        }
    }

    /// What the file itself has to tell, in the layer that it goes to, if that is one.
    fn note_file(&mut self, problems: Problems, layer: Option<&str>) {
        self.problems.omitted += problems.omitted;
        let in_layer = |problem: Problem| match layer {
            Some(layer) => problem.in_layer(layer),
            None => problem,
        };
        self.note(problems.listed.into_iter().map(in_layer));
    }
}

fn feed_source(
    source: &Source,
    targets: &[Planned],
    task: &mut Task<'_>,
    counted: &mut Counted,
    sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>,
) -> Result<(), ImportStop> {
    let mut stop: Option<StoreError> = None;
    let layer = match source.goes_to[..] {
        [only] => Some(targets[only].target.schema.table.as_str()),
        _ => None,
    };
    counted.note_file(source.survey.problems.clone(), layer);
    let later = format::read(&source.path, &source.survey, task, &mut |layer, number, feature| {
        let place = source.goes_to[layer];
        let planned = &targets[place];
        let (row, problems) = planned.row(feature, number, &mut counted.told[place]);
        counted.note(problems);
        let Some(row) = row else { return ControlFlow::Continue(()) };
        match sink(place, row) {
            Ok(()) => counted.features[place] += 1,
            Err(StoreError::Refused { what }) => {
                let problem = Problem::error("import.refused", what).of_feature(number);
                counted.note([problem.in_layer(planned.target.schema.table.as_str())]);
            }
            Err(error) => {
                stop = Some(error);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
    match (stop, later) {
        (Some(error), _) => Err(error.into()),
        (None, Err(ReadError::Cancelled(_))) => Err(ImportStop::Cancelled),
        (None, Err(error)) => Err(ImportStop::Refused(error.headline())),
        (None, Ok(later)) => {
            counted.note_file(later, layer);
            Ok(())
        }
    }
}

/// The way to degrees for features of which some may have no place there. Degrees themselves were looked at by whoever
/// read the file; of other coordinates the box around all of them tells, so that a good file costs nothing.
fn to_degrees_at_risk(crs: Crs, bounds: Bounds) -> Option<Transform> {
    if crs.is_geographic() || bounds.is_empty() {
        return None;
    }
    let to_degrees = Transform::new(crs, Crs::WGS84).ok()?;
    let [x, y] = bounds.center();
    let across = [bounds.min[0], x, bounds.max[0]];
    let up = [bounds.min[1], y, bounds.max[1]];
    let is_safe = across.iter().all(|&x| up.iter().all(|&y| to_degrees.point([x, y]).is_ok()));
    (!is_safe).then_some(to_degrees)
}

/// The schema of a layer that an import makes, before the file's columns come to it.
fn new_schema(table: String, name: &str, kind: Option<&'static Kind>, draft: &Draft, crs: Crs) -> Schema {
    // Shifted coordinates are brought home; whatever else came stays as surveyed.
    let crs = if matches!(crs, Crs::Gcj02 | Crs::Bd09) { Crs::CGCS2000 } else { crs };
    let geometry = draft.geometry;
    if let Some(kind) = kind {
        return Schema { table, geometry: geometry.or(kind.geometry), ..kind.schema(crs) };
    }
    let (name, z_order) = (Text::same(name), kinds::plain_z_order(geometry));
    Schema { table, name, kind: "plain".into(), geometry, crs, z_order, fields: Vec::new() }
}

fn find_kind(word: &str) -> Result<&'static Kind, Failure> {
    let found = kinds::find(word).or_else(|| kinds::all().iter().find(|kind| kind.name.is(word)));
    found.ok_or_else(|| Failure::new(FailureKind::Usage, text!("没有“{word}”这种图层", "There is no kind “{word}”")))
}

/// Whether a layer of one geometry can hold features of another: the same dimension, or anything in a mixture.
fn fits(layer: Option<GeometryKind>, features: Option<GeometryKind>) -> bool {
    match (layer, features) {
        (_, None) | (Some(GeometryKind::Collection), _) => true,
        (None, Some(_)) => false,
        (Some(layer), Some(features)) => layer.dimension() == features.dimension(),
    }
}

fn misfit(layer: &Text, draft: &Draft) -> Failure {
    let name = draft.geometry.map_or("", GeometryKind::geojson_name);
    let (zh, en) = (&layer.zh, &layer.en);
    let text = text!("“{zh}”不能存放 {name} 要素", "“{en}” cannot hold {name} features");
    Failure::new(FailureKind::Data, text)
}

fn free_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let reserved = |table: &str| {
        let lower = table.to_ascii_lowercase();
        ["gpkg_", "rtree_", "sqlite_", "citygrid_"].iter().any(|prefix| lower.starts_with(prefix))
    };
    let base = if name.trim().is_empty() { "layer" } else { name.trim() };
    let base = if reserved(base) { format!("layer_{base}") } else { base.to_owned() };
    let candidates = (2..).map(|number| format!("{base}_{number}"));
    std::iter::once(base.clone()).chain(candidates).find(|table| !taken(table)).unwrap_or(base)
}

/// A file that is refused whole.
pub(super) fn read_failure(path: &Path, error: &ReadError) -> Failure {
    let kind = match error {
        ReadError::Io { .. } => FailureKind::File,
        ReadError::Cancelled(_) => FailureKind::Cancelled,
        _ => FailureKind::Data,
    };
    let (name, what) = (path.display(), error.headline());
    Failure::new(kind, Text::owned(format!("{name}：{}", what.zh), format!("{name}: {}", what.en)))
}

fn strict_failure(problems: Vec<Problem>) -> Failure {
    Failure { text: strict_text(), kind: FailureKind::Data, problems }
}

fn strict_text() -> Text {
    Text::new(
        "文件中有不合格的要素，按严格方式未导入",
        "The file has bad features; taken strictly, nothing was imported",
    )
}
