//! One feature, with all that can be worked out about it: size, coordinates, cell, community, nearest road, notes.

use std::ops::ControlFlow;

use geo::{Contains as _, Distance as _, Euclidean};

use crate::geom::crs::Crs;
use crate::geom::measure;
use crate::geom::transform::Transform;
use crate::model::expr::{Comparison, Expr};
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::value::Value;
use crate::store::error::StoreError;
use crate::store::query::Query;
use crate::store::reader::Reader;
use crate::text::{Lang, Text};

use super::notes::notes_about;
use super::place;
use super::settings::{CoordinateStyle, Units};
use super::snapshot::mapped_bounds;
use super::state::{Derived, DetailRow, FeatureRef, LayerView, title_of};

/// How far a road may be away and still be named as the nearest, metres.
const ROAD_REACH_M: f64 = 150.0;

/// The row with everything about it; `None` if it is gone.
pub(super) fn read_row(
    reader: &Reader,
    layers: &[LayerView],
    at: &FeatureRef,
    units: Units,
    lang: Lang,
) -> Result<Option<DetailRow>, StoreError> {
    let Some(layer) = layers.iter().find(|layer| layer.table() == at.layer) else { return Ok(None) };
    let Some(feature) = reader.feature(&at.layer, at.id)? else { return Ok(None) };
    let shape = feature.geometry.as_ref().and_then(|geometry| in_degrees(geometry, layer.schema.crs));
    let mut derived = Vec::new();
    let mut around = Surroundings::default();
    if let Some(shape) = &shape {
        derived.extend(sizes(shape, units));
        around = Surroundings::read(reader, layers, shape, lang)?;
        derived.extend(around.derived(at));
    }
    let bounds = shape.as_ref().map(Geometry::bounds).filter(|bounds| !bounds.is_empty());
    Ok(Some(DetailRow {
        at: at.clone(),
        title: title_of(layer.kind, &layer.schema, &feature, lang),
        subtitle: around.subtitle(&layer.name),
        derived,
        photos: super::photos::thumbnails(reader, at)?,
        notes: notes_about(reader, layers, at)?,
        bounds_world: bounds.and_then(|bounds| mapped_bounds(bounds, Crs::WGS84, Crs::WEB_MERCATOR)),
        feature,
    }))
}

/// A geometry in longitude and latitude.
pub(super) fn in_degrees(geometry: &Geometry, crs: Crs) -> Option<Geometry> {
    let transform = Transform::new(crs, Crs::WGS84).ok()?;
    geometry.try_map_xy(|at| transform.point(at)).ok()
}

fn sizes(shape: &Geometry, units: Units) -> Vec<Derived> {
    let geometry = shape.to_geo();
    let plain = |name: Text, value: Text| Derived { name, value, link: None };
    let mut sizes = Vec::new();
    let middle = place::world_from_lonlat(anchor(shape));
    let text = place::format_place(middle, CoordinateStyle::Degrees);
    sizes.push(plain(Text::new("坐标", "Coordinates"), Text::same(text)));
    match shape.kind().dimension() {
        Some(1) => {
            let length_m = measure::length_m(&geometry);
            let both = |lang| place::format_length(length_m, units, lang);
            sizes.push(plain(Text::new("长度", "Length"), Text::owned(both(Lang::Zh), both(Lang::En))));
        }
        Some(2) => {
            let area_m2 = measure::area_m2(&geometry);
            let both = |lang| place::format_area(area_m2, units, lang);
            sizes.push(plain(Text::new("面积", "Area"), Text::owned(both(Lang::Zh), both(Lang::En))));
            let perimeter_m = measure::perimeter_m(&geometry);
            let both = |lang| place::format_length(perimeter_m, units, lang);
            sizes.push(plain(Text::new("周长", "Perimeter"), Text::owned(both(Lang::Zh), both(Lang::En))));
        }
        _ => {}
    }
    sizes
}

/// The one place that stands for a geometry: a point itself, the middle position of a line, a place inside an area.
pub(super) fn anchor(shape: &Geometry) -> [f64; 2] {
    use geo::InteriorPoint as _;
    let geometry = shape.to_geo();
    if let geo::Geometry::LineString(line) = &geometry
        && let Some(middle) = line.0.get(line.0.len() / 2)
    {
        return [middle.x, middle.y];
    }
    geometry.interior_point().map_or_else(|| shape.bounds().center(), |at| [at.x(), at.y()])
}

/// What lies around a feature.
#[derive(Default)]
struct Surroundings {
    cell: Option<Named>,
    community: Option<Named>,
    street: Option<Named>,
    road: Option<Named>,
}

#[derive(Clone)]
struct Named {
    at: FeatureRef,
    name: String,
}

impl Surroundings {
    fn read(reader: &Reader, layers: &[LayerView], shape: &Geometry, lang: Lang) -> Result<Self, StoreError> {
        let point = anchor(shape);
        let holder = |kind: &str| around(reader, layers, kind, point, 0.0, lang);
        Ok(Self {
            cell: holder("cell")?,
            community: holder("community")?,
            street: holder("street")?,
            road: around(reader, layers, "road", point, ROAD_REACH_M, lang)?,
        })
    }

    fn derived(&self, at: &FeatureRef) -> Vec<Derived> {
        let rows = [
            (Text::new("单元网格", "Unit grid cell"), &self.cell),
            (Text::new("社区", "Community"), &self.community),
            (Text::new("街道", "Sub-district"), &self.street),
            (Text::new("最近道路", "Nearest road"), &self.road),
        ];
        let found = rows.into_iter().filter_map(|(name, named)| Some((name, named.as_ref()?)));
        found
            .filter(|(_, named)| named.at != *at)
            .map(|(name, named)| Derived { name, value: Text::same(named.name.clone()), link: Some(named.at.clone()) })
            .collect()
    }

    /// `污水检查井 · 庐山北路 · 甘棠街道`.
    fn subtitle(&self, layer: &Text) -> Text {
        let places = [&self.road, &self.street].into_iter().flatten().map(|named| named.name.as_str());
        let rest: String = places.flat_map(|name| [" · ", name]).collect();
        Text::owned(format!("{}{rest}", layer.zh), format!("{}{rest}", layer.en))
    }
}

/// The feature of a kind that holds a point (`reach_m` 0), or the nearest within reach.
fn around(
    reader: &Reader,
    layers: &[LayerView],
    kind: &str,
    lonlat: [f64; 2],
    reach_m: f64,
    lang: Lang,
) -> Result<Option<Named>, StoreError> {
    let Some(layer) = layers.iter().find(|layer| layer.kind.id == kind && layer.has_geometry()) else {
        return Ok(None);
    };
    let Some(window) = window_in(lonlat, reach_m, layer.schema.crs) else { return Ok(None) };
    let mut best: Option<(f64, Feature)> = None;
    reader.query(layer.table(), &Query::within(window), &mut |feature| {
        let shape = feature.geometry.as_ref().and_then(|geometry| in_degrees(geometry, layer.schema.crs));
        if let Some(distance) = shape.map(|shape| distance_m(&shape, lonlat))
            && distance <= reach_m
            && best.as_ref().is_none_or(|(least, _)| distance < *least)
        {
            best = Some((distance, feature));
        }
        ControlFlow::Continue(())
    })?;
    Ok(best.map(|(_, feature)| Named {
        at: FeatureRef { layer: layer.table().to_owned(), id: feature.id },
        name: title_of(layer.kind, &layer.schema, &feature, lang),
    }))
}

/// A box in a layer's CRS that holds everything within reach of a place.
pub(super) fn window_in(lonlat: [f64; 2], reach_m: f64, crs: Crs) -> Option<Bounds> {
    let north = (reach_m + 0.01) / 111_000.0;
    let east = north / lonlat[1].to_radians().cos().max(0.01);
    let window = Bounds::new(lonlat[0] - east, lonlat[1] - north, lonlat[0] + east, lonlat[1] + north);
    mapped_bounds(window, Crs::WGS84, crs)
}

/// From a geometry in degrees to a place, metres; 0 inside an area. Good to a part in a thousand within a city.
pub(super) fn distance_m(shape: &Geometry, lonlat: [f64; 2]) -> f64 {
    let squeeze = lonlat[1].to_radians().cos();
    let flat = shape.try_map_xy(|[lon, lat]| {
        Ok::<_, std::convert::Infallible>([(lon - lonlat[0]) * squeeze * 111_320.0, (lat - lonlat[1]) * 110_850.0])
    });
    let Ok(flat) = flat.map(|flat| flat.to_geo());
    let origin = geo::Point::new(0.0, 0.0);
    if flat.contains(&origin) {
        return 0.0;
    }
    Euclidean.distance(&flat, &geo::Geometry::Point(origin))
}

/// The condition that a field has a value.
pub(super) fn field_is(field: &str, value: impl Into<Value>) -> Expr {
    Expr::Compare { field: field.to_owned(), comparison: Comparison::Equal, value: value.into() }
}
