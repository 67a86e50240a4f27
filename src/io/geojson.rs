//! Reading GeoJSON: RFC 7946 documents, one feature a line, and RFC 8142 records.
//!
//! Two passes. The first checks every byte, infers types, collects problems, and of files that are not too large keeps
//! what it has understood; the second hands over the features, from that or with the same parser once more. So the file
//! may be larger than memory.

use std::path::Path;
use std::sync::Arc;

use super::error::ReadError;
use super::format::{self, CrsOrigin, Format, ReadOptions, Sink, Survey};
use super::gather::{GROUPS, group_of};
use super::geojson_check::words;
use super::geojson_digest::{Digest, Kept, MOST_BYTES};
use super::geojson_draft::{Group, MAX_COLUMNS, Plan, layers};
use super::geojson_fault::Fault;
use super::geojson_parse::{Context, parse};
use super::geojson_run::{Pass, run};
use super::geojson_scan::{Batch, Head, Item, Layout, ScanError};
use super::lanes;
use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::model::feature::Feature;
use crate::task::{MOST_PROBLEMS, Problem, Problems, Task};
use crate::text;
use crate::text::Text;

/// Whether a file that begins like this may be GeoJSON.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    let beginning = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    let first = beginning.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_object = matches!(first, Some(b'{' | 0x1e)) && memchr::memmem::find(beginning, b"\"type\"").is_some();
    is_object && !super::topojson::is_begun(beginning)
}

/// The first pass over a file that should be one document; turns to lines or records where those are found.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    survey_as(path, Layout::Document, options, task)
}

/// The first pass over a file that should hold a feature a line; a document is taken too.
pub(super) fn survey_lines(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let begins_with_record = {
        use std::io::Read as _;
        let mut first = [0];
        std::fs::File::open(path)?.read(&mut first)? == 1 && first[0] == 0x1e
    };
    let layout = if begins_with_record { Layout::Records } else { Layout::Lines };
    match survey_as(path, layout, options, task) {
        Err(error @ (ReadError::NotWellFormed { .. } | ReadError::NothingUsable { .. } | ReadError::NotGeoJson)) => {
            survey_as(path, Layout::Document, options, task).map_err(|_| error)
        }
        done => done,
    }
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let plan = survey.plan.downcast_ref::<Plan>().ok_or_else(|| ReadError::NotSupported { path: path.to_owned() })?;
    let mut problems = Placed::new(survey.crs);
    let mut fold = |(rows, faults): Rows| {
        for (number, fault) in faults {
            problems.add(number, &fault);
        }
        rows.into_iter().try_for_each(|(layer, number, feature)| match sink(layer, number, feature) {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(ReadError::Stopped),
        })
    };
    let what = Text::new("正在读入要素", "Reading the features");
    let is_sparse = is_sparse(survey);
    if let Some(digests) = &plan.digests {
        let total = Some(survey.bytes);
        if is_sparse {
            for digest in digests {
                digest.features().try_for_each(|kept| fold(gathered(|rows| recall(kept, plan, rows))))?;
                task.report(&what, digest.end, total)?;
            }
            return Ok(problems.found);
        }
        let recalled = |batch: usize| gathered(|rows| digests[batch].features().for_each(|it| recall(it, plan, rows)));
        lanes::in_order(digests.len(), &recalled, &mut |batch, rows| {
            fold(rows)?;
            Ok::<_, ReadError>(task.report(&what, digests[batch].end, total)?)
        })?;
        return Ok(problems.found);
    }
    let pass = if is_sparse {
        let one_by_one = &mut |batch: Batch| {
            batch.items.iter().try_for_each(|item| {
                let mut rows = Rows::default();
                // The text was checked by the first pass: if it is malformed now, the file has changed.
                convert(&batch, item, plan, &mut rows).map_err(|_| ReadError::NotGeoJson)?;
                fold(rows)
            })
        };
        run(path, plan.layout, task, &what, &|batch| Ok(batch.clone()), one_by_one)?
    } else {
        let converted = |batch: &Batch| {
            let mut rows = Rows::default();
            batch.items.iter().try_for_each(|item| convert(batch, item, plan, &mut rows))?;
            Ok(rows)
        };
        run(path, plan.layout, task, &what, &converted, &mut fold)?
    };
    match pass {
        Pass::Whole(_) => Ok(problems.found),
        Pass::Wrong(_) => Err(ReadError::NotGeoJson), // the file has changed since the first pass
    }
}

/// Features with the place of their layer and their number, and what only showed when their text was read.
type Rows = (Vec<(usize, i64, Feature)>, Vec<(u64, Fault)>);

/// Whether most cells of most rows are empty: then a small file has large rows, and no more than one is made at a time.
fn is_sparse(survey: &Survey) -> bool {
    let cells = survey.layers.iter().map(|draft| draft.features.saturating_mul(draft.fields.len() as u64));
    cells.fold(0, u64::saturating_add) > survey.bytes / 2
}

fn gathered(fill: impl FnOnce(&mut Rows)) -> Rows {
    let mut rows = Rows::default();
    fill(&mut rows);
    rows
}

fn convert(batch: &Batch, item: &Item, plan: &Plan, (rows, faults): &mut Rows) -> Result<(), ScanError> {
    let context = Context { is_geographic: plan.is_geographic, is_in_collection: batch.is_in_collection };
    let base = batch.base + item.range.start as u64;
    let number = i64::try_from(item.number).unwrap_or(i64::MAX);
    let done = parse(&batch.text[item.range.clone()], base, context, &mut |parsed| {
        let Ok(parsed) = parsed else { return };
        let layer = plan.layer_of[group_of(parsed.place.as_ref().map(|place| &place.geometry))];
        let Some(layer_plan) = plan.layers.get(layer) else { return };
        let (feature, is_lossy) = layer_plan.feature(parsed);
        rows.push((layer, number, feature));
        if is_lossy {
            faults.push((item.number, Fault::BadText));
        }
    });
    if plan.layout == Layout::Document { done } else { Ok(()) }
}

/// The row of a feature that the first pass has kept.
fn recall(kept: Kept<'_>, plan: &Plan, (rows, faults): &mut Rows) {
    let layer = plan.layer_of[group_of(kept.geometry.as_ref())];
    let (Some(layer_plan), number) = (plan.layers.get(layer), kept.number) else { return };
    let (feature, is_lossy) = layer_plan.kept(kept);
    rows.push((layer, i64::try_from(number).unwrap_or(i64::MAX), feature));
    if is_lossy {
        faults.push((number, Fault::BadText));
    }
}

fn survey_as(path: &Path, layout: Layout, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let assumed = options.crs.unwrap_or(Crs::WGS84);
    let (layout, mut seen, head) = first_pass(path, layout, assumed.is_geographic(), task)?;
    let is_other = |kind: &str| !kind.eq_ignore_ascii_case("FeatureCollection");
    if head.has_features && head.kind.as_deref().is_some_and(is_other) {
        return Err(ReadError::NotGeoJson);
    }
    let named = if options.crs.is_none() { named_crs(head.crs.as_deref())? } else { None };
    let (crs, crs_origin) = match (options.crs, named) {
        (Some(crs), _) => (crs, CrsOrigin::Asked),
        (None, Some(crs)) => (crs, CrsOrigin::Declared),
        (None, None) => (Crs::WGS84, CrsOrigin::Format),
    };
    if crs.is_geographic() != assumed.is_geographic() {
        (_, seen, _) = first_pass(path, layout, crs.is_geographic(), task)?;
    }
    if seen.taken == 0 {
        return Err(nothing(layout, &head, seen));
    }
    let mut problems = Placed::new(crs);
    problems.head(&head);
    seen.faults.iter().for_each(|(number, fault)| problems.add(*number, fault));
    problems.found.omitted += seen.more_faults;
    if seen.groups.iter().any(|group| group.has_overflow) {
        problems.too_many_columns();
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = options.layer_name.clone().or(stem).unwrap_or_else(|| "layer".to_owned());
    let (drafts, layer_of, plans) = layers(seen.groups, options, &name);
    let digests = seen.digests;
    let plan = Plan {
        layout,
        is_geographic: crs.is_geographic(),
        layer_of,
        layers: plans,
        foreign: if head.has_features { head.foreign } else { Vec::new() },
        digests,
    };
    Ok(Survey {
        format: format_of(layout),
        crs,
        crs_origin,
        encoding: None,
        understood: Vec::new(),
        layers: drafts,
        problems: problems.found,
        bytes: std::fs::metadata(path)?.len(),
        plan: Arc::new(plan),
    })
}

fn format_of(layout: Layout) -> &'static Format {
    let id = if layout == Layout::Document { "geojson" } else { "geojsonl" };
    format::format_named(id).unwrap_or(&format::FORMATS[0])
}

/// What the first pass has seen, in a batch or in the whole file.
struct FirstLook {
    groups: [Group; GROUPS],
    taken: u64,
    faults: Vec<(u64, Fault)>,
    more_faults: u64,
    /// The first line that is no JSON at all.
    malformed: Option<(u64, String)>,
    /// Whether any line was well-formed.
    any_json: bool,
    /// What was understood, while there is room for it.
    digests: Option<Vec<Digest>>,
    digest_bytes: usize,
}

impl Default for FirstLook {
    fn default() -> Self {
        Self {
            groups: Default::default(),
            taken: 0,
            faults: Vec::new(),
            more_faults: 0,
            malformed: None,
            any_json: false,
            digests: Some(Vec::new()),
            digest_bytes: 0,
        }
    }
}

fn first_pass(
    path: &Path,
    layout: Layout,
    is_geographic: bool,
    task: &mut Task,
) -> Result<(Layout, FirstLook, Head), ReadError> {
    let mut seen = FirstLook::default();
    let what = Text::new("正在检查文件", "Checking the file");
    let mut fold = |later: FirstLook| {
        seen.merge(later);
        Ok(())
    };
    match run(path, layout, task, &what, &|batch| look(batch, layout, is_geographic), &mut fold)? {
        Pass::Whole(head) => Ok((layout, seen, head)),
        Pass::Wrong(other) if layout == Layout::Document => first_pass(path, other, is_geographic, task),
        Pass::Wrong(_) => Err(ReadError::NotGeoJson),
    }
}

fn look(batch: &Batch, layout: Layout, is_geographic: bool) -> Result<FirstLook, ScanError> {
    let mut seen = FirstLook::default();
    let context = Context { is_geographic, is_in_collection: batch.is_in_collection };
    let mut digest = Digest::of_batch(batch.text.len(), batch.base + batch.text.len() as u64);
    for item in &batch.items {
        let base = batch.base + item.range.start as u64;
        let done = parse(&batch.text[item.range.clone()], base, context, &mut |parsed| match parsed {
            Ok(parsed) => {
                seen.taken += 1;
                let group = group_of(parsed.place.as_ref().map(|place| &place.geometry));
                seen.groups[group].see(&parsed);
                digest.add(item.number, &parsed);
                seen.faults.extend(parsed.faults.into_iter().map(|fault| (item.number, fault)));
            }
            Err(fault) => seen.faults.push((item.number, fault)),
        });
        match done {
            Err(ScanError::Malformed { byte, what }) if layout != Layout::Document => {
                seen.bad_line(item.number, byte, what);
            }
            Err(ScanError::Encoding { byte, .. }) if layout != Layout::Document => {
                seen.bad_line(item.number, byte, "invalid UTF-8".to_owned());
            }
            Err(error) => return Err(error),
            Ok(()) => seen.any_json = true,
        }
    }
    seen.keep(digest);
    Ok(seen)
}

impl FirstLook {
    fn merge(&mut self, later: Self) {
        self.groups.iter_mut().zip(later.groups).for_each(|(group, later)| group.merge(later));
        self.taken += later.taken;
        let room = MOST_PROBLEMS.saturating_sub(self.faults.len());
        self.more_faults += later.more_faults + later.faults.len().saturating_sub(room) as u64;
        self.faults.extend(later.faults.into_iter().take(room));
        self.malformed = self.malformed.take().or(later.malformed);
        self.any_json |= later.any_json;
        self.digest_bytes += later.digest_bytes;
        let both = self.digests.take().zip(later.digests).filter(|_| self.digest_bytes <= MOST_BYTES);
        self.digests = both.map(|(mut digests, later)| {
            digests.extend(later);
            digests
        });
    }

    /// Keeps what was understood of a batch, unless it gets too much.
    fn keep(&mut self, mut digest: Digest) {
        let bytes = digest.shrunk();
        self.digest_bytes = bytes.unwrap_or_default();
        self.digests = bytes.map(|_| vec![digest]);
    }

    fn bad_line(&mut self, number: u64, byte: u64, what: String) {
        self.faults.push((number, Fault::Malformed(what.clone())));
        self.malformed.get_or_insert((byte, what));
    }
}

/// Why a file without one good feature is refused.
fn nothing(layout: Layout, head: &Head, seen: FirstLook) -> ReadError {
    if let (Some((byte, what)), false) = (seen.malformed, seen.any_json) {
        let line = seen.faults.first().map_or(1, |(number, _)| *number);
        return ReadError::NotWellFormed { byte, line, what: words(&what) };
    }
    let is_known = |kind: &str| {
        kind == "Feature"
            || kind.eq_ignore_ascii_case("FeatureCollection")
            || crate::model::geometry::GeometryKind::ALL.iter().any(|known| known.geojson_name() == kind)
    };
    let is_geojson = head.kind.as_deref().is_some_and(is_known);
    let first = seen.faults.first().map(|(number, fault)| fault.problem(*number).what);
    let is_odd = matches!(seen.faults.first(), None | Some((_, Fault::NotAFeature | Fault::UnknownType(_))));
    if !is_geojson && (layout == Layout::Document || is_odd) {
        return ReadError::NotGeoJson;
    }
    ReadError::NothingUsable { first: first.unwrap_or(Text::new("没有要素", "there is no feature")) }
}

/// The CRS that the member `crs` of older files names; `None` where it says nothing.
fn named_crs(member: Option<&str>) -> Result<Option<Crs>, ReadError> {
    let member: serde_json::Value = member.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let properties = &member["properties"];
    let name = [&member, &properties["name"], &properties["code"], &properties["href"]].into_iter().find_map(|value| {
        match value {
            serde_json::Value::String(name) => Some(name.clone()),
            serde_json::Value::Number(code) => Some(code.to_string()),
            _ => None,
        }
    });
    let Some(name) = name else { return Ok(None) };
    Crs::parse(&name).map(Some).map_err(|_| ReadError::UnknownCrs { name })
}

/// Problems with their places on the map.
struct Placed {
    found: Problems,
    to_wgs84: Option<Transform>,
}

impl Placed {
    fn new(crs: Crs) -> Self {
        Self { found: Problems::default(), to_wgs84: Transform::new(crs, Crs::WGS84).ok() }
    }

    fn add(&mut self, number: u64, fault: &Fault) {
        let at = fault.place().and_then(|at| self.to_wgs84.as_ref()?.point(at).ok());
        self.found.push(Problem { at, ..fault.problem(number) });
    }

    /// A collection that does not quite say it is one.
    fn head(&mut self, head: &Head) {
        if head.has_features && head.kind.as_deref() != Some("FeatureCollection") {
            let what =
                Text::new("文件没有写明是 FeatureCollection", "the file does not say that it is a FeatureCollection");
            self.found.push(Problem::warning("geojson.no-type", what));
        }
    }

    fn too_many_columns(&mut self) {
        let what = text!(
            "属性名超过 {MAX_COLUMNS} 个，其余的已忽略",
            "there are more than {MAX_COLUMNS} property names: the rest is left out"
        );
        self.found.push(Problem::warning("geojson.too-many-properties", what));
    }
}

#[cfg(test)]
#[path = "geojson_tests.rs"]
mod tests;
