//! From a file to layers: which target each layer of the file goes to, and the feed of its rows.

mod columns;
mod feed;
mod local;
mod models;
mod paste;
pub mod recipe;
mod rejects;
pub(super) mod rows;
mod run;
pub(super) mod trial;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::geom::crs::Crs;
use crate::geom::own;
use crate::geom::shift;
use crate::geom::transform::Transform;
use crate::io::error::ReadError;
use crate::io::format::{self, Draft, Survey};
use crate::kinds;
use crate::kinds::kind::Kind;
use crate::model::geometry::{Bounds, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::store::import::Target;
use crate::store::reader::LayerInfo;
use crate::task::{Problem, Severity, Task};
use crate::text;
use crate::text::Text;

use self::columns::{Columns, Constants};
use self::feed::{Feed, Tally};
use self::recipe::shape_of;
use self::rows::Planned;
use super::answer::{Failure, FailureKind, ImportedLayer};
use super::command::ImportRequest;
use super::crs::datum::{DatumVerdict, Doubt};
use super::exchange::{lossless, passport};
use super::snapshot::kind_of;

/// Different values of one column of which it is remembered that reading keeps them.
const KNOWN: usize = 1000;

/// Files that have been looked into and given their targets.
pub(super) struct Plan {
    /// The files.
    pub(super) sources: Vec<Source>,
    /// Where their layers go.
    pub(super) targets: Vec<Planned>,
    /// Whether one bad feature is too many.
    pub(super) strict: bool,
    /// Where the refused features go.
    pub(super) rejects: Option<PathBuf>,
    /// Whether a file that is there may go for them.
    pub(super) replace_rejects: bool,
    /// What lies wholly outside of this box stays out, WGS 84 degrees.
    pub(super) within: Option<Bounds>,
    /// Whether the text of the features is kept.
    pub(super) lossless: bool,
}

/// One file that has been looked into.
pub(super) struct Source {
    /// The file.
    pub(super) path: PathBuf,
    /// What is in it.
    pub(super) survey: Survey,
    /// Layer of the file → place in [`Plan::targets`]; none for those that stay out.
    pub(super) goes_to: Vec<Option<usize>>,
    /// Whether it lies where its CRS puts it; none for a file without places.
    pub(super) datum: Option<DatumVerdict>,
}

/// What is wanted of one layer of a file.
struct Wanted<'a> {
    layer: Option<&'a str>,
    kind: Option<&'static Kind>,
    map: Vec<(String, String)>,
    set: &'a [(String, String)],
    /// Whether nobody named the kind: then it is no reason to add to the layer that is called after it.
    is_implied: bool,
}

impl Plan {
    /// Looks into every file; nothing is written yet.
    pub(super) fn make(request: &ImportRequest, layers: &[LayerInfo], task: &mut Task<'_>) -> Result<Self, Failure> {
        if let Some(path) = &request.rejects {
            super::export::check_rejects(path, request.replace_rejects)?;
        }
        let (strict, rejects) = (request.strict, request.rejects.clone());
        let (replace_rejects, within, lossless) = (request.replace_rejects, request.within, request.lossless);
        let (sources, targets) = (Vec::new(), Vec::new());
        let mut plan = Self { sources, targets, strict, rejects, replace_rejects, within, lossless };
        for path in &request.paths {
            plan.add_file(path, request, layers, task)?;
        }
        super::ground::refuse_elsewhere(&plan)?;
        plan.check_words(request)?;
        Ok(plan)
    }

    fn add_file(
        &mut self,
        path: &Path,
        request: &ImportRequest,
        layers: &[LayerInfo],
        task: &mut Task<'_>,
    ) -> Result<(), Failure> {
        let options = request.read.clone();
        let mut survey = passport::survey(path, &options, task).map_err(|error| read_failure(path, &error))?;
        let mut problems = survey.problems.listed.iter();
        if request.strict && problems.any(|problem| problem.severity == Severity::Error) {
            return Err(strict_failure(survey.problems.listed));
        }
        if let Some(recipe) = &request.recipe {
            let shape = shape_of(survey.layers.iter().map(|draft| (draft.name.as_str(), &draft.fields[..])));
            let misfits = recipe.misfits(&shape).into_iter();
            misfits.for_each(|what| survey.problems.push(Problem::warning("import.recipe", what)));
        }
        if request.is_place_unknown {
            local::put_in_plane(&mut survey, layers)?;
        }
        let mut shifts: Vec<Problem> = Vec::new();
        for draft in survey.layers.iter().filter(|draft| draft.geometry.is_some()) {
            let shift = shift_problem(draft.crs.unwrap_or(survey.crs));
            shifts.extend(shift.filter(|shift| shifts.iter().all(|known| known.what != shift.what)));
        }
        shifts.into_iter().for_each(|shift| survey.problems.push(shift));
        passport::check(path, &mut survey, task);
        lossless::warnings(&survey, self.lossless).into_iter().for_each(|problem| survey.problems.push(problem));
        let mut goes_to = self.with_other_photos(&survey).unwrap_or_default();
        for (place, draft) in survey.layers.iter().enumerate().skip(goes_to.len()) {
            let crs = draft.crs.unwrap_or(survey.crs);
            let wanted = wanted(draft, request, models::kind_of(&survey, place))?;
            goes_to.push(wanted.map(|wanted| self.aim(draft, crs, &wanted, layers)).transpose()?);
        }
        if !options.only.is_empty() && goes_to.iter().all(Option::is_none) {
            let (name, only) = (path.display(), options.only.join(", "));
            let text = text!("{name} 里没有图层“{only}”", "{name} has no layer “{only}”");
            return Err(Failure::new(FailureKind::Usage, text));
        }
        let nothing = DatumVerdict::CannotTell(Doubt::NothingHere);
        let datum = survey.layers.iter().any(|draft| draft.geometry.is_some()).then_some(nothing);
        let source = Source { path: path.to_owned(), survey, goes_to, datum };
        self.keep_what_is_lost(&source, task)?;
        self.sources.push(source);
        Ok(())
    }

    /// Photos are files of one row each: imported together they are one layer.
    fn with_other_photos(&self, survey: &Survey) -> Option<Vec<Option<usize>>> {
        let is_photo = |survey: &Survey| survey.format.id == "photo";
        let earlier = self.sources.iter().find(|source| is_photo(&source.survey) && is_photo(survey))?;
        Some(earlier.goes_to.clone())
    }

    /// Refuses columns that no layer has: mistyped, they would be passed over.
    fn check_words(&self, request: &ImportRequest) -> Result<(), Failure> {
        if self.targets.is_empty() || request.recipe.is_some() {
            return Ok(());
        }
        let is_known = |word: &str| self.targets.iter().any(|it| it.theirs.iter().any(|field| field.is_named(word)));
        match request.map.iter().find(|(their, _)| !is_known(their)) {
            None => Ok(()),
            Some((word, _)) => {
                Err(Failure::new(FailureKind::Usage, text!("没有字段“{word}”", "There is no field “{word}”")))
            }
        }
    }

    /// Finds or makes the target of one layer of a file.
    fn aim(&mut self, draft: &Draft, crs: Crs, request: &Wanted<'_>, layers: &[LayerInfo]) -> Result<usize, Failure> {
        let kind = request.kind;
        let wanted = request.layer.or(kind.filter(|_| !request.is_implied).map(|kind| kind.id));
        let old = wanted.and_then(|word| {
            layers.iter().find(|info| info.schema.table == word || info.state.name.is(word)).map(|info| &info.schema)
        });
        if let Some(schema) = old {
            if !fits(schema.geometry, draft.geometry) {
                return Err(misfit(&schema.name, draft));
            }
            let to = kind_of(&schema.kind);
            let constants = Constants::of_old_layer(&schema.fields, request.set)?;
            let columns = Columns::of_old_layer(&schema.fields, to, &draft.fields, &request.map, constants.places())?;
            let target = Target { schema: schema.clone(), append: true };
            return self.push(target, to, columns, constants, draft, crs);
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
        let constants = Constants::of_new_layer(&mut schema.fields, request.set)?;
        let columns = Columns::of_new_layer(&mut schema.fields, kind, &draft.fields, &request.map, constants.places())?;
        self.push(Target { schema, append: false }, kind, columns, constants, draft, crs)
    }

    fn push(
        &mut self,
        target: Target,
        kind: &'static Kind,
        columns: Columns,
        constants: Constants,
        draft: &Draft,
        crs: Crs,
    ) -> Result<usize, Failure> {
        let ours = target.schema.crs;
        // A system that nothing can be converted from would put the layer nowhere.
        let is_none = crs == ours && (crs == Crs::Unknown || Transform::knows(crs));
        let transform = if is_none { None } else { Some(Transform::new(crs, ours)) };
        let transform = transform
            .transpose()
            .map_err(|error| Failure::new(FailureKind::Usage, Text::owned(error.zh(), error.en())))?;
        let to_degrees = to_degrees_at_risk(crs, draft.bounds);
        let place = (ours != Crs::WGS84).then(|| Transform::new(ours, Crs::WGS84).ok()).flatten();
        let theirs = draft.fields.clone();
        let planned = Planned { target, kind, columns, constants, theirs, transform, to_degrees, place };
        self.targets.push(planned);
        Ok(self.targets.len() - 1)
    }

    /// Gives a field of its own, where it stays as it came, to every column that is read into a field of the kind and
    /// loses something by it. Only the values can tell, and only a layer that is not made yet can get the field: so the
    /// file is read once more before the first row is written, unless no column is at risk. What a layer that is there
    /// cannot take is told of.
    fn keep_what_is_lost(&mut self, source: &Source, task: &mut Task<'_>) -> Result<(), Failure> {
        let watch = |place: &Option<usize>| place.map_or(Vec::new(), |place| self.targets[place].watch());
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
        for (place, lost) in source.goes_to.iter().zip(lost) {
            let Some(place) = *place else { continue };
            let Planned { target, columns, theirs, .. } = &mut self.targets[place];
            lost.into_iter().for_each(|column| columns.keep_twin(&mut target.schema.fields, theirs, column));
        }
        Ok(())
    }

    /// The rows, as the store takes them, and where to read afterwards what came of them.
    fn into_feed(self, task: Task<'static>) -> (Feed, Tally) {
        let tally = Tally::default();
        (Feed::new(self, task, tally.clone()), tally)
    }

    /// `sewer_pipe, sewer_node` for the journal.
    fn label(&self) -> Text {
        let files: Vec<String> =
            self.sources.iter().filter_map(|it| Some(it.path.file_name()?.to_string_lossy().into_owned())).collect();
        let files = files.join(", ");
        text!("导入 {files}", "Import {files}")
    }

    /// Each file with whether it lies where its CRS puts it.
    fn datums(&self) -> Vec<(PathBuf, DatumVerdict)> {
        self.sources.iter().filter_map(|source| Some((source.path.clone(), source.datum.clone()?))).collect()
    }

    /// The layers it would make or add to.
    fn imported(&self) -> Vec<ImportedLayer> {
        let imported = |planned: &Planned| ImportedLayer {
            name: planned.target.schema.table.clone(),
            kind: planned.kind.id.to_owned(),
            features: 0,
            mapped: planned.columns.mapped(&planned.target.schema.fields, &planned.theirs),
        };
        self.targets.iter().map(imported).collect()
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
    // Shifted coordinates are brought home and exchanged axes put right; whatever else came stays as surveyed.
    let crs = own::east_first(crs).unwrap_or(crs);
    let crs = if matches!(crs, Crs::Gcj02 | Crs::Bd09) { Crs::CGCS2000 } else { crs };
    let geometry = draft.geometry;
    if let Some(kind) = kind {
        return Schema { table, geometry: geometry.or(kind.geometry), ..kind.schema(crs) };
    }
    let (name, z_order) = (Text::same(name), kinds::plain_z_order(geometry));
    Schema { table, name, kind: "plain".into(), geometry, crs, z_order, fields: Vec::new() }
}

/// What the request says of a layer of a file; `None` if it stays out. `own_kind` is what the layer is if nobody says it.
fn wanted<'a>(
    draft: &Draft,
    request: &'a ImportRequest,
    own_kind: Option<&str>,
) -> Result<Option<Wanted<'a>>, Failure> {
    let only = &request.read.only;
    // A sheet of points and lines becomes layers that are called after it.
    if !only.is_empty() && !only.iter().any(|name| draft.name.starts_with(name.as_str())) {
        return Ok(None);
    }
    let kind_of = |word: Option<&str>| match word.or(own_kind) {
        Some("auto") => Ok(kinds::mapping::guess_kind(&draft.name, &draft.fields, draft.geometry)),
        word => word.map(find_kind).transpose(),
    };
    let own = request.each.iter().find(|each| each.of == draft.name);
    if own.is_some_and(|own| own.skip) {
        return Ok(None);
    }
    let is_theirs = |(their, _): &&(String, String)| draft.fields.iter().any(|field| field.is_named(their));
    Ok(Some(match own {
        Some(own) => Wanted {
            layer: own.layer.as_deref(),
            kind: kind_of(own.kind.as_deref())?,
            map: own.map.iter().filter(is_theirs).cloned().collect(),
            set: &own.set,
            is_implied: own.kind.is_none(),
        },
        None => Wanted {
            layer: request.layer.as_deref(),
            kind: kind_of(request.kind.as_deref())?,
            map: request.map.iter().filter(is_theirs).cloned().collect(),
            set: &request.set,
            is_implied: request.kind.is_none(),
        },
    }))
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

/// What is to be told of the shift of datum of a file's system, if it has one.
pub(super) fn shift_problem(crs: Crs) -> Option<Problem> {
    shift::note(crs).map(|(zh, en)| Problem::warning("crs.shift", Text::owned(zh, en)))
}

/// A file that is refused whole.
pub(super) fn read_failure(path: &Path, error: &ReadError) -> Failure {
    let kind = match error {
        ReadError::Io { .. } => FailureKind::File,
        ReadError::Cancelled(_) => FailureKind::Cancelled,
        _ => FailureKind::Data,
    };
    let (name, what) = (path.display(), error.headline());
    if let ReadError::NotSupported { .. } = error {
        let Text { zh, en } = super::exchange::formats::readable_words();
        let text = text!(
            "不认识这种文件：{name}。可以读入 {zh}",
            "{name} is of a kind that is not known here. What can be read: {en}"
        );
        return Failure::new(FailureKind::Data, text);
    }
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
