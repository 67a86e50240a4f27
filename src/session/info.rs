//! What is in the city: layers, sizes, the bureau's figures, and rows that their kind finds odd.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::geom::crs::Crs;
use crate::geom::measure;
use crate::geom::transform::Transform;
use crate::model::expr::Expr;
use crate::model::geometry::Geometry;
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::store::error::StoreError;
use crate::store::query::Query;
use crate::store::reader::{LayerInfo, Reader};
use crate::task::{Problem, Task};
use crate::text::Text;

use super::Session;
use super::answer::{CityInfo, Failure, LayerFigures};
use super::figures::{FIGURES, Figure, Measure};
use super::look::identify::{anchor, in_degrees};
use super::rows::misplaced;
use super::snapshot::{SAMPLE_KEY, kind_of, mapped_bounds};

/// Most rows of one layer that a check lists; beyond it only their number matters.
const MOST_PROBLEMS: usize = 10_000;

impl Session {
    /// Layers and figures of the open city, each counted from its features.
    ///
    /// # Errors
    /// No city is open, or it cannot be read.
    pub fn info(&self) -> Result<CityInfo, Failure> {
        let open = self.opened()?;
        let reader = open.city.reader()?;
        let mut layers = reader.layers()?;
        layers.sort_by_key(|info| info.state.position);
        let sizes = layers.iter().map(|info| layer_figures(&reader, info)).collect::<Result<_, _>>()?;
        let figures = FIGURES.iter().map(|figure| Ok((figure.name, count(&reader, &layers, figure)?)));
        Ok(CityInfo {
            path: open.path(),
            format_version: u32::try_from(open.city.format_version()).unwrap_or_default(),
            is_sample: reader.setting(SAMPLE_KEY)?.is_some(),
            layers: sizes,
            figures: figures.collect::<Result<_, StoreError>>()?,
        })
    }
}

fn layer_figures(reader: &Reader, info: &LayerInfo) -> Result<LayerFigures, StoreError> {
    let mut size = Size::default();
    if info.schema.geometry.is_some() {
        reader.scan(&info.schema.table, None, &[], &mut |_, wkb, _| {
            size.add(wkb, info.schema.crs);
            ControlFlow::Continue(())
        })?;
    }
    Ok(LayerFigures {
        name: info.schema.table.clone(),
        title: info.state.name.clone(),
        kind: info.schema.kind.clone(),
        geometry: info.schema.geometry,
        crs: info.schema.crs,
        features: info.count,
        length_m: size.length_m,
        area_m2: size.area_m2,
        extent: info.bounds.and_then(|bounds| mapped_bounds(bounds, info.schema.crs, Crs::WGS84)),
    })
}

/// Length and area on the ellipsoid, summed.
#[derive(Default)]
struct Size {
    length_m: f64,
    area_m2: f64,
}

impl Size {
    fn add(&mut self, wkb: &[u8], crs: Crs) {
        let Ok(geometry) = Geometry::from_wkb(wkb) else { return };
        if geometry.kind().dimension() == Some(0) {
            return;
        }
        if let Some(shape) = in_degrees(&geometry, crs) {
            let shape = shape.to_geo();
            self.length_m += measure::length_m(&shape);
            self.area_m2 += measure::area_m2(&shape);
        }
    }
}

fn count(reader: &Reader, layers: &[LayerInfo], figure: &Figure) -> Result<f64, StoreError> {
    let mut total = 0.0;
    let mut different = BTreeSet::new();
    for info in layers.iter().filter(|info| info.schema.kind == figure.kind) {
        let schema = &info.schema;
        let filter = Expr::read(figure.filter, schema).ok();
        if filter.is_none() && !figure.filter.is_empty() {
            continue;
        }
        let query = Query { filter, ..Query::default() };
        if figure.measure == Measure::Count {
            total += reader.count(&schema.table, &query)? as f64;
            continue;
        }
        let mut size = Size::default();
        reader.query(&schema.table, &query, &mut |feature| {
            let value = |field: &str| schema.field_index(field).and_then(|index| feature.values.get(index));
            match figure.measure {
                Measure::LengthKm | Measure::AreaKm2 => {
                    feature.geometry.iter().for_each(|geometry| size.add(geometry.wkb(), schema.crs));
                }
                Measure::SumKm(field) => {
                    size.length_m += value(field).and_then(Value::as_f64).unwrap_or(0.0);
                }
                Measure::Different(field) => {
                    different.extend(value(field).filter(|value| !value.is_null()).map(ToString::to_string));
                }
                Measure::Count => {}
            }
            ControlFlow::Continue(())
        })?;
        total += if figure.measure == Measure::AreaKm2 { size.area_m2 / 1e6 } else { size.length_m / 1e3 };
    }
    Ok(if different.is_empty() { total } else { different.len() as f64 })
}

/// What is odd about the rows of a layer: what their kind finds, and places that are none.
pub(super) fn check_rows(reader: &Reader, schema: &Schema, task: &mut Task<'_>) -> Result<Vec<Problem>, StoreError> {
    let kind = kind_of(&schema.kind);
    let mut problems = Vec::new();
    let mut done = 0;
    let mut stopped = false;
    let to_degrees = Transform::new(schema.crs, Crs::WGS84).ok();
    reader.query(&schema.table, &Query::default(), &mut |feature| {
        done += 1;
        if done % 1000 == 0 {
            stopped = task.report(&Text::new("检查数据", "Checking data"), done, None).is_err();
        }
        let mut found = (kind.check)(kind, &feature);
        let place = feature.geometry.as_ref().zip(to_degrees.as_ref());
        found.extend(place.and_then(|(geometry, to_degrees)| misplaced(geometry, schema.crs, to_degrees)));
        if !found.is_empty() {
            let shape = feature.geometry.as_ref().and_then(|geometry| in_degrees(geometry, schema.crs));
            let at = shape.map(|shape| anchor(&shape));
            let placed = |problem: Problem| Problem { at, ..problem.of_feature(feature.id).in_layer(&schema.table) };
            problems.extend(found.into_iter().map(placed));
        }
        if stopped || problems.len() >= MOST_PROBLEMS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if stopped { Err(StoreError::Cancelled) } else { Ok(problems) }
}
