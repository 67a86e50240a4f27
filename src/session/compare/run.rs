//! Runs a comparison as a job, and takes over of it what a person wants, as one step.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::io::error::ReadError;
use crate::io::format;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Coords, Geometry, Visitor};
use crate::model::schema::Schema;
use crate::store::command::Action;
use crate::store::query::Query;
use crate::store::reader::Reader;
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;

use super::matching::{Matched, Matcher, Pair, Plane, SAME_M, is_same};
use super::{Comparison, Difference, DifferenceKind, TakenParts};
use crate::session::Session;
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::{CompareRequest, ImportRequest, JobId, LayerRequest};
use crate::session::crs;
use crate::session::events::Event;
use crate::session::import::rows::Told;
use crate::session::import::{Plan, read_failure};
use crate::session::rows::find_schema;

/// Rows that are fetched by their ids at once.
const CHUNK: usize = 500;
/// Positions that are kept for the map in all; what comes later is in the list alone.
const MOST_POSITIONS: usize = 1_000_000;
/// The field that names a thing in most kinds.
const USUAL_KEY: &str = "code";

impl Session {
    pub(in crate::session) fn compare(&mut self, request: CompareRequest) -> Result<JobId, Failure> {
        let open = self.opened()?;
        let (city, opening, post) = (std::sync::Arc::clone(&open.city), open.opening, self.post.clone());
        let title = Text::new("与图层比较", "Comparing with the layer");
        Ok(self.jobs.start(title, move |_, mut task| {
            let comparison = compare(&city.reader()?, request, &mut task)?;
            post.send(Event::Compared(opening, Box::new(comparison)));
            Ok(Answer::Done)
        }))
    }

    pub(in crate::session) fn take_differences(
        &mut self,
        which: &[usize],
        parts: TakenParts,
    ) -> Result<Option<JobId>, Failure> {
        let none = || Failure::new(FailureKind::Usage, Text::new("没有在比较", "Nothing is being compared"));
        let comparison = self.lists.comparison.as_ref().ok_or_else(none)?;
        if comparison.taking.is_some() {
            return Ok(None);
        }
        let table = comparison.schema.table.clone();
        let (mut deltas, mut taken) = (Vec::new(), Vec::new());
        let mut counts: BTreeMap<DifferenceKind, usize> = BTreeMap::new();
        for &place in which {
            let Some(difference) = comparison.differences.get(place).filter(|it| !it.taken) else { continue };
            if let Some(delta) = difference.delta(&table, parts) {
                deltas.push(delta);
                taken.push(place);
                *counts.entry(difference.kind()).or_default() += 1;
            }
        }
        if deltas.is_empty() {
            return Ok(None);
        }
        let file = comparison.file.file_name().unwrap_or_default().to_string_lossy();
        let words = |zh: bool| {
            let each = counts.iter().map(|(kind, count)| {
                if zh { format!("{} {count}", kind.name().zh) } else { format!("{count} {}", kind.code()) }
            });
            each.collect::<Vec<_>>().join(if zh { "，" } else { ", " })
        };
        let (zh, en) = (words(true), words(false));
        let label = text!("接收 {file}：{zh}", "Take over {file}: {en}");
        let job = self.submit(label, Action::Edit { deltas, photos: Vec::new() })?;
        if let Some(comparison) = &mut self.lists.comparison {
            comparison.taking = Some((job, taken));
        }
        Ok(Some(job))
    }

    /// Marks what was taken over once it is in the file.
    pub(in crate::session) fn settle_comparison(&mut self, job: JobId, is_done: bool) {
        let Some(comparison) = &mut self.lists.comparison else { return };
        if let Some((_, taken)) = comparison.taking.take_if(|(awaited, _)| *awaited == job)
            && is_done
        {
            taken.into_iter().for_each(|place| comparison.differences[place].taken = true);
        }
    }
}

fn compare(reader: &Reader, request: CompareRequest, task: &mut Task<'_>) -> Result<Comparison, Failure> {
    let no_layer = || Failure::new(FailureKind::Usage, Text::new("没有说与哪个图层比较", "No layer to compare with"));
    let schema = find_schema(reader, request.import.layer.as_deref().ok_or_else(no_layer)?)?;
    let layers = reader.layers()?;
    let mut plan = Plan::make(&as_append(&request.import, &schema.table), &layers, task)?;
    crs::check::warn(reader, &layers, &mut plan, task)?;
    let compared = compared(&plan, &schema);
    let key = key_of(&request, &schema, &compared)?;
    let bounds = layers.into_iter().find(|info| info.schema.table == schema.table).and_then(|it| it.bounds);
    let plane = Plane::of(schema.crs, bounds);
    let mut matcher = Matcher::new(plane, key, compared.clone());
    hold_all(reader, &schema, &mut matcher, task)?;
    let mut problems = come_all(&plan, &mut matcher, task)?;
    let Matched { pairs, mut same, twice } = matcher.finish();
    for key in twice {
        let what = text!(
            "图层里有几个要素的编号都是“{key}”，按先后顺序对应",
            "several features of the layer are called “{key}”; they are taken in their order"
        );
        problems.push(Problem::warning("compare.key-twice", what).in_layer(schema.table.as_str()));
    }
    let mut differences = detail(reader, &schema, pairs, &compared, plane, &mut same)?;
    differences.sort_by_key(|it| (it.kind(), it.number.unwrap_or_default(), it.id()));
    draw_paths(&mut differences, schema.crs);
    Ok(Comparison {
        file: request.import.paths.first().cloned().unwrap_or_else(PathBuf::new),
        key: key.map(|place| schema.fields[place].id.to_string()),
        compared: compared.iter().map(|&place| schema.fields[place].id.to_string()).collect(),
        request,
        schema,
        same,
        differences,
        problems,
        datum: plan.sources.first().and_then(|source| source.datum.clone()),
        taking: None,
    })
}

/// The same request, all of it going to one layer that is there.
fn as_append(request: &ImportRequest, table: &str) -> ImportRequest {
    let layer = || Some(table.to_owned());
    let each = request.each.iter().map(|each| LayerRequest { layer: layer(), kind: None, ..each.clone() });
    ImportRequest { each: each.collect(), layer: layer(), kind: None, new_city: None, rejects: None, ..request.clone() }
}

/// Places of the fields that every layer of the file has something to say of.
fn compared(plan: &Plan, schema: &Schema) -> Vec<usize> {
    let says = |place: &usize| {
        plan.targets
            .iter()
            .all(|planned| planned.columns.sources[*place].is_some() || planned.constants.places().contains(place))
    };
    (0..schema.fields.len()).filter(says).collect()
}

fn key_of(request: &CompareRequest, schema: &Schema, compared: &[usize]) -> Result<Option<usize>, Failure> {
    let Some(word) = &request.key else {
        return Ok(schema.field_index(USUAL_KEY).filter(|place| compared.contains(place)));
    };
    if word.is_empty() {
        return Ok(None);
    }
    let place = schema.field_index(word).filter(|place| compared.contains(place));
    place.map(Some).ok_or_else(|| {
        let text = text!(
            "不能按“{word}”对应：图层没有这个字段，或文件没有对应的列",
            "“{word}” cannot tell things apart: the layer has no such field, or no column of the file fills it"
        );
        Failure::new(FailureKind::Usage, text)
    })
}

fn hold_all(reader: &Reader, schema: &Schema, matcher: &mut Matcher, task: &mut Task<'_>) -> Result<(), Failure> {
    let words = Text::new("读图层", "Reading the layer");
    let (mut done, total) = (0, reader.count(&schema.table, &Query::default())?);
    reader.query(&schema.table, &Query::default(), &mut |row| {
        matcher.hold(&row);
        done += 1;
        let go_on = done % 1024 != 0 || task.report(&words, done, Some(total)).is_ok();
        if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(task.check()?)
}

/// Every row of the file, as it would be in the layer; what was wrong with them.
fn come_all(plan: &Plan, matcher: &mut Matcher, task: &mut Task<'_>) -> Result<Problems, Failure> {
    let mut problems = Problems::default();
    for source in &plan.sources {
        let mut told: Vec<Told> = plan.targets.iter().map(|_| Told::default()).collect();
        problems.append(source.survey.problems.clone());
        let later = format::read(&source.path, &source.survey, task, &mut |layer, number, feature| {
            if let Some(place) = source.goes_to[layer] {
                let (row, found) = plan.targets[place].row(feature, number, &mut told[place]);
                found.into_iter().for_each(|problem| problems.push(problem));
                if let Some(row) = row {
                    matcher.come(number, row);
                }
            }
            ControlFlow::Continue(())
        });
        match later {
            Ok(later) => problems.append(later),
            Err(ReadError::Cancelled(cancelled)) => return Err(cancelled.into()),
            Err(error) => return Err(read_failure(&source.path, &error)),
        }
    }
    Ok(problems)
}

/// What differs of each pair. Pairs that turn out to be the same but for rounding are counted there.
fn detail(
    reader: &Reader,
    schema: &Schema,
    pairs: Vec<Pair>,
    compared: &[usize],
    plane: Plane,
    same: &mut u64,
) -> Result<Vec<Difference>, Failure> {
    let ids: Vec<i64> = pairs.iter().filter_map(|(id, _)| *id).collect();
    let mut rows: BTreeMap<i64, Feature> = BTreeMap::new();
    for chunk in ids.chunks(CHUNK) {
        rows.extend(reader.features(&schema.table, chunk)?.into_iter().map(|row| (row.id, row)));
    }
    let mut differences = Vec::new();
    for (id, come) in pairs {
        let old = id.and_then(|id| rows.remove(&id));
        let (number, new) = come.map_or((None, None), |(number, row)| (Some(number), Some(row)));
        let (moved_m, fields, new) = match (&old, new) {
            (Some(old), Some(new)) => between(old, new, compared, plane),
            (_, new) => (None, Vec::new(), new),
        };
        if old.is_some() && new.is_some() && moved_m.is_none() && fields.is_empty() {
            *same += 1;
            continue;
        }
        let (paths_world, bounds_world) = ([Vec::new(), Vec::new()], None);
        differences.push(Difference { number, old, new, moved_m, fields, taken: false, paths_world, bounds_world });
    }
    Ok(differences)
}

/// How far a thing moved, which fields have another value, and the row as it would be.
fn between(
    old: &Feature,
    new: Feature,
    compared: &[usize],
    plane: Plane,
) -> (Option<f64>, Vec<usize>, Option<Feature>) {
    let moved_m = match (&old.geometry, &new.geometry) {
        (Some(one), Some(other)) => Some(plane.distance_m(one, other)).filter(|moved_m| *moved_m > SAME_M),
        // It had no place and has one now. A delivery without places says nothing of them.
        (None, Some(_)) => Some(0.0),
        (_, None) => None,
    };
    let differs = |place: &usize| !is_same(&old.values[*place], &new.values[*place]);
    let fields: Vec<usize> = compared.iter().copied().filter(differs).collect();
    let mut whole = old.clone();
    fields.iter().for_each(|&place| whole.values[place].clone_from(&new.values[place]));
    if moved_m.is_some() {
        whole.geometry = new.geometry;
    }
    (moved_m, fields, Some(whole))
}

/// Works out what the map shows of them.
fn draw_paths(differences: &mut [Difference], crs: Crs) {
    let Ok(transform) = Transform::new(crs, Crs::WEB_MERCATOR) else { return };
    let mut left = MOST_POSITIONS;
    for difference in differences {
        let mut around = Bounds::EMPTY;
        for (side, row) in [&difference.old, &difference.new].into_iter().enumerate() {
            let Some(geometry) = row.as_ref().and_then(|row| row.geometry.as_ref()) else { continue };
            let Ok(world) = geometry.try_map_xy(|at| transform.point(at)) else { continue };
            let bounds = world.bounds();
            around = around.union(&bounds);
            let positions = world.coord_count();
            if positions <= left {
                left -= positions;
                difference.paths_world[side] = paths(&world);
            }
        }
        difference.bounds_world = (!around.is_empty()).then_some(around);
    }
}

fn paths(geometry: &Geometry) -> Vec<Vec<[f64; 2]>> {
    struct Paths(Vec<Vec<[f64; 2]>>);
    impl Visitor for Paths {
        fn path(&mut self, coords: Coords<'_>) {
            self.0.push(coords.iter().collect());
        }
    }
    let mut paths = Paths(Vec::new());
    geometry.walk(&mut paths);
    paths.0
}
