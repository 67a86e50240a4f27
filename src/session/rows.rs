//! Rows by filter, box, place or number: the one meaning of [`RowFilter`] for query, export and count.

use std::collections::BTreeSet;
use std::io::Write;
use std::ops::ControlFlow;

use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::io::format::{Create, WriteOptions, Written, format_named};
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::Schema;
use crate::store::error::StoreError;
use crate::store::query::Query;
use crate::store::reader::Reader;
use crate::task::{Problem, Problems};
use crate::text;

use super::answer::{Failure, FailureKind};
use super::command::RowFilter;
use super::export::write_failure;
use super::look::expr_failure;
use super::look::identify::{distance_m, in_degrees, window_in};
use super::map::memory::Indexes;
use super::snapshot::{Snapshot, mapped_bounds};
use super::state::LayerView;
use super::{HistoryStep, Session};

/// Rows asked for by number at once.
const CHUNK: usize = 500;

/// The schema of a layer by table name, or by its name in either language.
pub(super) fn find_schema(reader: &Reader, word: &str) -> Result<Schema, Failure> {
    let layers = reader.layers()?;
    let by_table = layers.iter().find(|info| info.schema.table == word);
    let found = by_table.or_else(|| layers.iter().find(|info| info.state.name.is(word)));
    found
        .map(|info| info.schema.clone())
        .ok_or_else(|| Failure::new(FailureKind::Usage, text!("没有图层“{word}”", "There is no layer “{word}”")))
}

/// A [`RowFilter`] made ready for one layer.
pub(super) struct Rows {
    query: Query,
    ids: Option<BTreeSet<i64>>,
    near: Option<([f64; 2], f64)>,
    /// Box in degrees that geometry must touch: the file's boxes are only near it.
    bounds: Option<Bounds>,
    limit: usize,
    crs: Crs,
    table: String,
}

impl Rows {
    /// For rows of `schema`.
    pub(super) fn new(schema: &Schema, rows: &RowFilter) -> Result<Self, Failure> {
        let filter = match &rows.filter {
            Some(filter) => {
                let resolved = filter.clone().resolve(schema).map_err(|error| expr_failure(&error))?;
                resolved.check(schema).map_err(|error| expr_failure(&error))?;
                Some(resolved)
            }
            None => None,
        };
        let near_window = rows.near.and_then(|(place, reach_m)| window_in(place, reach_m, schema.crs));
        let box_window = rows.bounds.and_then(|bounds| mapped_bounds(bounds, Crs::WGS84, schema.crs));
        let window = match (near_window, box_window) {
            (Some(near), Some(bounds)) => Some(Bounds {
                min: [near.min[0].max(bounds.min[0]), near.min[1].max(bounds.min[1])],
                max: [near.max[0].min(bounds.max[0]), near.max[1].min(bounds.max[1])],
            }),
            (near, bounds) => near.or(bounds),
        };
        Ok(Self {
            query: Query { filter, bounds: window, ..Query::default() },
            ids: rows.ids.as_ref().map(|ids| ids.iter().copied().collect()),
            near: rows.near,
            bounds: rows.bounds,
            limit: rows.limit.unwrap_or(usize::MAX),
            crs: schema.crs,
            table: schema.table.clone(),
        })
    }

    /// Goes through the rows; `f` may stop.
    pub(super) fn each(
        &self,
        reader: &Reader,
        f: &mut dyn FnMut(Feature) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut left = self.limit;
        let mut take = |feature: Feature| {
            if !self.holds(&feature) {
                return ControlFlow::Continue(());
            }
            if left == 0 {
                return ControlFlow::Break(());
            }
            left -= 1;
            f(feature)
        };
        match &self.ids {
            Some(ids) if self.query.filter.is_none() => {
                let ids: Vec<i64> = ids.iter().copied().collect();
                for chunk in ids.chunks(CHUNK) {
                    for feature in reader.features(&self.table, chunk)? {
                        if take(feature).is_break() {
                            return Ok(());
                        }
                    }
                }
                Ok(())
            }
            _ => reader.query(&self.table, &self.query, &mut take),
        }
    }

    /// How many rows there are.
    pub(super) fn count(&self, reader: &Reader) -> Result<u64, StoreError> {
        if self.ids.is_none() && self.near.is_none() && self.bounds.is_none() && self.limit == usize::MAX {
            return reader.count(&self.table, &self.query);
        }
        let mut count = 0;
        self.each(reader, &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        })?;
        Ok(count)
    }

    /// Whether a row passes what the file could only ask of boxes.
    fn holds(&self, feature: &Feature) -> bool {
        if self.ids.as_ref().is_some_and(|ids| !ids.contains(&feature.id)) {
            return false;
        }
        if self.near.is_none() && self.bounds.is_none() {
            return true;
        }
        let Some(shape) = feature.geometry.as_ref().and_then(|geometry| in_degrees(geometry, self.crs)) else {
            return false;
        };
        let near = self.near.is_none_or(|(place, reach_m)| distance_m(&shape, place) <= reach_m);
        near && self.bounds.is_none_or(|bounds| touches(&shape.to_geo(), bounds))
    }
}

fn touches(geometry: &geo::Geometry<f64>, bounds: Bounds) -> bool {
    use geo::Intersects as _;
    let [west, south] = bounds.min;
    let [east, north] = bounds.max;
    geometry.intersects(&geo::Rect::new((west, south), (east, north)))
}

/// What is wrong with where a row is: no place on the globe by its layer's CRS, or none of longitude and latitude.
pub(super) fn misplaced(geometry: &Geometry, crs: Crs, to_degrees: &Transform) -> Option<Problem> {
    let Ok(shape) = geometry.try_map_xy(|at| to_degrees.point(at)) else {
        let what = text!(
            "位置超出坐标系 {crs} 的范围，地图上看不到",
            "its place lies outside the area of {crs}: no map shows it"
        );
        return Some(Problem::error("data.place", what));
    };
    let bounds = shape.bounds();
    let globe = Bounds::new(-180.0, -90.0, 180.0, 90.0);
    let outside = [bounds.min, bounds.max].into_iter().find(|corner| !globe.contains(*corner));
    let [lon, lat] = outside.filter(|_| !bounds.is_empty())?;
    let what = text!("({lon}, {lat}) 不是经纬度", "({lon}, {lat}) is no longitude and latitude");
    Some(Problem::error("data.place", what))
}

/// The journal, oldest first.
pub(super) fn steps(reader: &Reader) -> Result<Vec<HistoryStep>, StoreError> {
    let step = |step: crate::store::journal::Step| HistoryStep {
        step: step.step,
        time: step.time,
        author: step.author,
        label: step.label,
        undone: step.undone,
    };
    Ok(reader.history()?.into_iter().map(step).collect())
}

impl Session {
    /// Layers of the open city, topmost first, as they are in the file now (without geometry in memory).
    ///
    /// # Errors
    /// No city is open, or it cannot be read.
    pub fn layers(&self) -> Result<Vec<LayerView>, Failure> {
        Ok(Snapshot::read(&self.opened()?.city.reader()?, &Indexes::default())?.layers)
    }

    /// The shape of a layer's rows, by table name or by its name in either language, as it is in the file now.
    ///
    /// # Errors
    /// There is no such layer, or the city cannot be read.
    pub fn schema(&self, layer: &str) -> Result<Schema, Failure> {
        find_schema(&self.opened()?.city.reader()?, layer)
    }

    /// Rows by number, in the layer's CRS, as they are in the file now.
    ///
    /// # Errors
    /// One of them does not exist, or the city cannot be read.
    pub fn rows(&self, layer: &str, ids: &[i64]) -> Result<Vec<Feature>, Failure> {
        let reader = self.opened()?.city.reader()?;
        let schema = find_schema(&reader, layer)?;
        let found = reader.features(&schema.table, ids)?;
        let known: BTreeSet<i64> = found.iter().map(|feature| feature.id).collect();
        match ids.iter().find(|id| !known.contains(id)) {
            None => Ok(found),
            Some(id) => {
                let text = text!("图层“{layer}”没有要素 {id}", "Layer “{layer}” has no feature {id}");
                Err(Failure::new(FailureKind::Usage, text))
            }
        }
    }

    /// Writes rows of a layer as a GeoJSON `FeatureCollection` (WGS 84); how many there are, and what is wrong with where
    /// they are: a row without a place on the globe cannot be in it.
    ///
    /// # Errors
    /// The layer or a field does not exist, or the city cannot be read.
    pub fn query(&self, layer: &str, rows: &RowFilter, out: &mut dyn Write) -> Result<(u64, Problems), Failure> {
        let reader = self.opened()?.city.reader()?;
        let schema = find_schema(&reader, layer)?;
        let rows = Rows::new(&schema, rows)?;
        let create = format_named("geojson").and_then(|format| format.create);
        let Some(Create::Stream(create)) = create else { return Ok((0, Problems::default())) };
        let mut writer = create(out, &schema, &WriteOptions::default()).map_err(|error| write_failure(&error))?;
        let mut failed = None;
        rows.each(&reader, &mut |feature| match writer.write(&feature) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })?;
        let written = failed.map_or_else(|| writer.finish(), Err);
        let Written { features, problems, .. } = written.map_err(|error| write_failure(&error))?;
        Ok((features, problems))
    }

    /// The journal, oldest first.
    ///
    /// # Errors
    /// The city cannot be read.
    pub fn steps(&self) -> Result<Vec<HistoryStep>, Failure> {
        Ok(steps(&self.opened()?.city.reader()?)?)
    }

    /// Integrity of the file and of the data, of one layer or all.
    ///
    /// # Errors
    /// The city cannot be read, or the work was stopped.
    pub fn check(
        &self,
        layer: Option<&str>,
        on_report: &mut dyn FnMut(&crate::task::Report),
    ) -> Result<Vec<crate::task::Problem>, Failure> {
        let open = self.opened()?;
        let reader = open.city.reader()?;
        let only = layer.map(|word| find_schema(&reader, word)).transpose()?;
        let (sender, reports) = std::sync::mpsc::channel();
        let mut task = crate::task::Task::new(self.cancel_switch(), move |report| drop(sender.send(report)));
        let mut problems = open.city.check(&mut task)?;
        for info in reader.layers()? {
            if only.as_ref().is_none_or(|schema| schema.table == info.schema.table) {
                problems.extend(super::info::check_rows(&reader, &info.schema, &mut task)?);
            }
            reports.try_iter().for_each(|report| on_report(&report));
        }
        if let Some(schema) = only {
            problems.retain(|problem| problem.layer.as_ref().is_none_or(|layer| *layer == schema.table));
        }
        Ok(problems)
    }
}
