//! From a file to layers: which target each layer of the file goes to, what each column means there, and the feed.

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
use crate::model::geometry::GeometryKind;
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::store::error::StoreError;
use crate::store::import::{Import, ImportStop, Target};
use crate::store::reader::LayerInfo;
use crate::task::{Problem, Severity, Task};
use crate::text;
use crate::text::Text;

use super::answer::{Failure, FailureKind, ImportedLayer};
use super::command::ImportRequest;
use super::snapshot::kind_of;

/// Problems kept of one import; beyond it they are only counted.
const MOST_PROBLEMS: usize = 10_000;

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

/// One target and how rows get there.
struct Planned {
    target: Target,
    kind: &'static Kind,
    /// For each field of the target the column of the file it comes from.
    columns: Vec<Option<usize>>,
    /// From the file's CRS to the layer's, where they differ.
    transform: Option<Transform>,
}

/// What came of the feed, shared between the writer's thread and the job's.
#[derive(Clone, Default)]
pub(super) struct Tally(Arc<Mutex<Counted>>);

#[derive(Default)]
struct Counted {
    features: Vec<u64>,
    problems: Vec<Problem>,
}

impl Plan {
    /// Looks into every file; nothing is written yet.
    pub(super) fn make(request: &ImportRequest, layers: &[LayerInfo], task: &mut Task<'_>) -> Result<Self, Failure> {
        let kind = request.kind.as_deref().map(find_kind).transpose()?;
        let mut plan = Self { sources: Vec::new(), targets: Vec::new(), strict: request.strict };
        for path in &request.paths {
            let options = ReadOptions { crs: request.crs, one_layer: request.one_layer, layer_name: None };
            let survey = format::survey(path, &options, task).map_err(|error| read_failure(path, &error))?;
            let errors = survey.problems.iter().filter(|problem| problem.severity == Severity::Error);
            if request.strict && errors.count() > 0 {
                return Err(strict_failure(survey.problems));
            }
            let mut goes_to = Vec::new();
            for draft in &survey.layers {
                goes_to.push(plan.aim(draft, survey.crs, kind, request, layers)?);
            }
            plan.sources.push(Source { path: path.clone(), survey, goes_to });
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
            return self.push(schema.clone(), true, to, draft, crs, request);
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
        let schema = new_schema(table, &name, kind, draft, crs, request);
        self.push(schema, false, kind.unwrap_or_else(kinds::plain), draft, crs, request)
    }

    fn push(
        &mut self,
        schema: Schema,
        append: bool,
        kind: &'static Kind,
        draft: &Draft,
        crs: Crs,
        request: &ImportRequest,
    ) -> Result<usize, Failure> {
        let columns = columns(&schema.fields, &draft.fields, kind, &request.map)?;
        let transform = if crs == schema.crs { None } else { Some(Transform::new(crs, schema.crs)) };
        let transform = transform
            .transpose()
            .map_err(|error| Failure::new(FailureKind::Usage, Text::owned(error.zh(), error.en())))?;
        self.targets.push(Planned { target: Target { schema, append }, kind, columns, transform });
        Ok(self.targets.len() - 1)
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
        };
        self.targets.iter().map(imported).collect()
    }
}

impl Tally {
    /// Features per target, and problems.
    pub(super) fn take(&self) -> (Vec<u64>, Vec<Problem>) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut counted.features), std::mem::take(&mut counted.problems))
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
        let mut counted = Counted { features: vec![0; self.plan.targets.len()], problems: Vec::new() };
        for source in &self.plan.sources {
            feed_source(source, &self.plan.targets, &mut self.task, &mut counted, sink)?;
        }
        if self.plan.strict && counted.problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(ImportStop::Refused(strict_text()));
        }
        *self.tally.0.lock().unwrap_or_else(PoisonError::into_inner) = counted;
        Ok(())
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
    note(&mut counted.problems, source.survey.problems.iter().cloned());
    let mut read = 0_i64;
    let later = format::read(&source.path, &source.survey, task, &mut |layer, feature| {
        read += 1;
        let place = source.goes_to[layer];
        let planned = &targets[place];
        let (row, problems) = planned.row(feature, read);
        note(&mut counted.problems, problems.into_iter());
        let Some(row) = row else { return ControlFlow::Continue(()) };
        match sink(place, row) {
            Ok(()) => counted.features[place] += 1,
            Err(StoreError::Refused { what }) => {
                note(&mut counted.problems, std::iter::once(Problem::error("import.refused", what).of_feature(read)));
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
            note(&mut counted.problems, later.into_iter());
            Ok(())
        }
    }
}

impl Planned {
    /// A feature of the file as a row of the target; none if it cannot be placed.
    fn row(&self, feature: Feature, number: i64) -> (Option<Feature>, Vec<Problem>) {
        let mut problems = Vec::new();
        let fields = &self.target.schema.fields;
        let mut values = Vec::with_capacity(fields.len());
        let mut given = feature.values;
        for (field, column) in fields.iter().zip(&self.columns) {
            let value = column.and_then(|column| given.get_mut(column)).map(std::mem::take).unwrap_or_default();
            values.push(self.value(value, field, number, &mut problems));
        }
        let geometry = match (feature.geometry, &self.transform) {
            (Some(geometry), Some(transform)) => match geometry.try_map_xy(|at| transform.point(at)) {
                Ok(geometry) => Some(geometry),
                Err(error) => {
                    let what = Text::owned(error.zh(), error.en());
                    problems.push(Problem::error("import.crs", what).of_feature(number));
                    return (None, problems);
                }
            },
            (geometry, _) => geometry,
        };
        let id = if self.target.append { 0 } else { feature.id };
        let row = Feature { id, geometry, values };
        if self.kind.id != "plain" {
            let found = (self.kind.check)(self.kind, &row);
            problems.extend(found.into_iter().map(|problem| problem.of_feature(number)));
        }
        (Some(row), problems)
    }

    fn value(&self, value: Value, field: &Field, number: i64, problems: &mut Vec<Problem>) -> Value {
        if self.kind.id == "plain" && !self.target.append || value.is_null() {
            return value;
        }
        kinds::convert::convert(value, field).unwrap_or_else(|what| {
            problems.push(Problem::warning("import.value", what).of_feature(number));
            Value::Null
        })
    }
}

fn note(problems: &mut Vec<Problem>, new: impl Iterator<Item = Problem>) {
    let room = MOST_PROBLEMS.saturating_sub(problems.len());
    problems.extend(new.take(room));
}

/// For each field of a layer the column of the file that it comes from: as the person says, else as the kind guesses,
/// else by name.
fn columns(
    fields: &[Field],
    theirs: &[Field],
    kind: &Kind,
    map: &[(String, String)],
) -> Result<Vec<Option<usize>>, Failure> {
    let guessed = kinds::mapping::guess(theirs, kind);
    let mut columns: Vec<Option<usize>> = fields
        .iter()
        .map(|field| {
            let by_guess = kind
                .fields
                .iter()
                .position(|own| own.id == field.id)
                .and_then(|own| guessed.iter().position(|meant| *meant == Some(own)));
            by_guess.or_else(|| theirs.iter().position(|their| their.id == field.id || their.name == field.name))
        })
        .collect();
    for (their, our) in map {
        let no_field = |word: &str| {
            let text = text!("没有字段“{word}”", "There is no field “{word}”");
            Failure::new(FailureKind::Usage, text)
        };
        let from = theirs.iter().position(|field| field.is_named(their)).ok_or_else(|| no_field(their))?;
        if our.is_empty() {
            // Nothing of ours: the column stays what it is, whatever was guessed.
            forget(&mut columns, fields, theirs, from);
            continue;
        }
        let to = fields.iter().position(|field| field.is_named(our)).ok_or_else(|| no_field(our))?;
        columns.iter_mut().filter(|column| **column == Some(from)).for_each(|column| *column = None);
        columns[to] = Some(from);
    }
    Ok(columns)
}

/// Takes a column off the field that was guessed for it; a field that is the column itself keeps it.
fn forget(columns: &mut [Option<usize>], fields: &[Field], theirs: &[Field], from: usize) {
    for (column, field) in columns.iter_mut().zip(fields) {
        if *column == Some(from) && field.id != theirs[from].id {
            *column = None;
        }
    }
}

/// The schema of a layer that an import makes: the kind's fields, then those of the file that it has no place for.
fn new_schema(
    table: String,
    name: &str,
    kind: Option<&'static Kind>,
    draft: &Draft,
    crs: Crs,
    request: &ImportRequest,
) -> Schema {
    // Shifted coordinates are brought home; whatever else came stays as surveyed.
    let crs = if matches!(crs, Crs::Gcj02 | Crs::Bd09) { Crs::CGCS2000 } else { crs };
    let Some(kind) = kind else {
        let (name, geometry, fields) = (Text::same(name), draft.geometry, draft.fields.clone());
        let z_order = kinds::plain_z_order(geometry);
        return Schema { table, name, kind: "plain".into(), geometry, crs, z_order, fields };
    };
    let mut schema = Schema { table, geometry: draft.geometry.or(kind.geometry), ..kind.schema(crs) };
    if request.layer.is_some() {
        schema.name = Text::same(name);
    }
    let guessed = kinds::mapping::guess(&draft.fields, kind);
    for (field, meant) in draft.fields.iter().zip(guessed) {
        let known = schema.fields.iter().any(|own| own.id.eq_ignore_ascii_case(&field.id));
        let said = request.map.iter().find(|(their, _)| field.is_named(their)).map(|(_, our)| our.is_empty());
        if said.unwrap_or(meant.is_none()) && !known {
            schema.fields.push(field.clone());
        }
    }
    schema
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
        ReadError::UnknownCrs { .. } => FailureKind::Usage,
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
