//! One feature, with all that can be worked out about it: size, coordinates, cell, community, nearest road, notes.

use std::ops::ControlFlow;

use geo::{Contains as _, Distance as _, Euclidean};

use crate::geom::crs::Crs;
use crate::geom::measure;
use crate::geom::transform::Transform;
use crate::kinds::overdue::is_overdue;
use crate::model::expr::{Comparison, Expr};
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::store::error::StoreError;
use crate::store::query::Query;
use crate::store::reader::Reader;
use crate::text;
use crate::text::{Lang, Text};

use crate::session::notes::{about, notes_about};
use crate::session::place;
use crate::session::settings::{CoordinateStyle, Settings, Units};
use crate::session::snapshot::mapped_bounds;
use crate::session::state::{Derived, DetailRow, FeatureRef, LayerView, title_of};

/// How far a road may be away and still be named as the nearest, metres.
pub(in crate::session) const ROAD_REACH_M: f64 = 150.0;
/// A size that a row states itself is not worked out a second time, if the two differ by no more than this share.
const SAME_SIZE: f64 = 0.005;

/// How a person wants to read what is worked out.
#[derive(Clone, Copy)]
pub(in crate::session) struct Manner {
    lang: Lang,
    units: Units,
    coordinates: CoordinateStyle,
}

impl Manner {
    /// As the settings say, in the language that is spoken.
    pub(super) fn of(settings: &Settings, lang: Lang) -> Self {
        Self { lang, units: settings.units, coordinates: settings.coordinates }
    }
}

/// The row with everything about it; `None` if it is gone.
pub(in crate::session) fn read_row(
    reader: &Reader,
    layers: &[LayerView],
    at: &FeatureRef,
    manner: Manner,
) -> Result<Option<DetailRow>, StoreError> {
    let Some(layer) = layers.iter().find(|layer| layer.table() == at.layer) else { return Ok(None) };
    let Some(feature) = reader.feature(&at.layer, at.id)? else { return Ok(None) };
    let lang = manner.lang;
    let shape = feature.geometry.as_ref().and_then(|geometry| in_degrees(geometry, layer.schema.crs));
    let mut derived = Vec::new();
    let mut around = Surroundings::default();
    if let Some(shape) = &shape {
        derived.extend(sizes(shape, manner, &|word, size| states(&layer.schema, &feature, word, size)));
        around = Surroundings::read(reader, layers, shape, lang)?;
        derived.extend(around.derived(at));
    }
    let own_road = own_road(reader, layers, (&layer.schema, &feature), lang)?;
    let bounds = shape.as_ref().map(Geometry::bounds).filter(|bounds| !bounds.is_empty());
    Ok(Some(DetailRow {
        at: at.clone(),
        title: title_of(layer.kind, &layer.schema, &feature, lang),
        subtitle: around.subtitle(&layer.name, own_road),
        derived,
        instead: instead(reader, layers, (&layer.schema, &feature), lang)?,
        photos: crate::session::notes::photos::thumbnails(reader, at)?,
        notes: notes_about(reader, layers, at)?,
        bounds_world: bounds.and_then(|bounds| mapped_bounds(bounds, Crs::WGS84, Crs::WEB_MERCATOR)),
        feature,
    }))
}

/// The road that the row itself names, in the language of the interface where the city knows that.
fn own_road(
    reader: &Reader,
    layers: &[LayerView],
    (schema, feature): (&Schema, &Feature),
    lang: Lang,
) -> Result<Option<String>, StoreError> {
    let Some(name) = word_of(schema, feature, "road_name") else { return Ok(None) };
    let road = layers.iter().find(|layer| layer.kind.id == "road" && layer.schema.field("name").is_some());
    let Some(road) = road.filter(|_| lang == Lang::En) else { return Ok(Some(name)) };
    let mut found = None;
    let named = Query { limit: Some(1), ..Query::filtered(field_is("name", name.as_str())) };
    reader.query(road.table(), &named, &mut |feature| {
        found = Some(title_of(road.kind, &road.schema, &feature, lang));
        ControlFlow::Break(())
    })?;
    Ok(found.or(Some(name)))
}

/// Whether the row states a size itself, in a field named so.
fn states(schema: &Schema, feature: &Feature, word: &str, size: f64) -> bool {
    let mut pairs = schema.fields.iter().zip(&feature.values);
    pairs.any(|(field, value)| {
        let is_same = |stated: f64| (stated - size).abs() <= size.abs() * SAME_SIZE;
        field.id.to_ascii_lowercase().contains(word) && value.as_f64().is_some_and(is_same)
    })
}

/// What stands in place of values that say nothing to a person, or were right only when they were stored.
fn instead(
    reader: &Reader,
    layers: &[LayerView],
    (schema, feature): (&Schema, &Feature),
    lang: Lang,
) -> Result<Vec<(usize, Option<Derived>)>, StoreError> {
    let mut instead = Vec::new();
    if let Some(about) = about(schema, feature)
        && let Some(layer) = layers.iter().find(|layer| layer.table() == about.at.layer)
    {
        let row = reader.feature(&about.at.layer, about.at.id)?;
        let (zh, en) = (&layer.name.zh, &layer.name.en);
        let (value, link) = if let Some(row) = row {
            let title = title_of(layer.kind, &layer.schema, &row, lang);
            (text!("{zh} · {title}", "{en} · {title}"), Some(about.at))
        } else {
            let id = about.at.id;
            (text!("{zh} {id}（已不在）", "{en} {id} (no longer there)"), None)
        };
        instead.push((about.layer_field, Some(Derived { name: Text::new("关于", "About"), value, link })));
        instead.push((about.id_field, None));
    }
    let overdue = is_overdue(schema, &feature.values, &jiff::Zoned::now());
    if let Some((index, yes)) = schema.field_index("overdue").zip(overdue) {
        let value = if yes { Text::new("是", "Yes") } else { Text::new("否", "No") };
        let name = schema.fields[index].name.clone();
        instead.push((index, Some(Derived { name, value, link: None })));
    }
    Ok(instead)
}

/// A geometry in longitude and latitude.
pub(in crate::session) fn in_degrees(geometry: &Geometry, crs: Crs) -> Option<Geometry> {
    let transform = Transform::new(crs, Crs::WGS84).ok()?;
    geometry.try_map_xy(|at| transform.point(at)).ok()
}

/// Coordinates, length, area, perimeter. `is_stated` says whether the row has a size of that name itself.
fn sizes(shape: &Geometry, manner: Manner, is_stated: &dyn Fn(&str, f64) -> bool) -> Vec<Derived> {
    let geometry = shape.to_geo();
    let units = manner.units;
    let plain = |name: Text, value: Text| Derived { name, value, link: None };
    let long = |name: Text, length_m: f64| {
        let both = |lang| place::format_length(length_m, units, lang);
        plain(name, Text::owned(both(Lang::Zh), both(Lang::En)))
    };
    let middle = place::world_from_lonlat(anchor(shape));
    let coordinates = place::format_place(middle, manner.coordinates);
    let mut sizes = vec![plain(Text::new("坐标", "Coordinates"), Text::same(coordinates))];
    match shape.kind().dimension() {
        Some(1) => {
            let length_m = measure::length_m(&geometry);
            if !is_stated("length", length_m) {
                sizes.push(long(Text::new("长度", "Length"), length_m));
            }
        }
        Some(2) => {
            let area_m2 = measure::area_m2(&geometry);
            // In mu it says something that square metres do not.
            if units == Units::Mu || !is_stated("area", area_m2) {
                let both = |lang| place::format_area(area_m2, units, lang);
                sizes.push(plain(Text::new("面积", "Area"), Text::owned(both(Lang::Zh), both(Lang::En))));
            }
            sizes.push(long(Text::new("周长", "Perimeter"), measure::perimeter_m(&geometry)));
        }
        _ => {}
    }
    sizes
}

/// The one place that stands for a geometry: a point itself, the middle position of a line, a place inside an area.
pub(in crate::session) fn anchor(shape: &Geometry) -> [f64; 2] {
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

    /// `污水检查井 · 庐山北路 · 甘棠街道`. The road that the row names goes before the nearest one.
    fn subtitle(&self, layer: &Text, own_road: Option<String>) -> Text {
        let name = |named: &Option<Named>| named.as_ref().map(|named| named.name.clone());
        let places = [own_road.or_else(|| name(&self.road)), name(&self.street)];
        let rest: String = places.into_iter().flatten().flat_map(|name| [" · ".to_owned(), name]).collect();
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
    let found = nearest(reader, &layer.schema, lonlat, reach_m)?;
    Ok(found.map(|feature| Named {
        at: FeatureRef { layer: layer.table().to_owned(), id: feature.id },
        name: title_of(layer.kind, &layer.schema, &feature, lang),
    }))
}

/// The row of a layer that holds a point (`reach_m` 0), or the nearest within reach.
pub(in crate::session) fn nearest(
    reader: &Reader,
    schema: &Schema,
    lonlat: [f64; 2],
    reach_m: f64,
) -> Result<Option<Feature>, StoreError> {
    let Some(window) = window_in(lonlat, reach_m, schema.crs) else { return Ok(None) };
    let mut best: Option<(f64, Feature)> = None;
    reader.query(&schema.table, &Query::within(window), &mut |feature| {
        let shape = feature.geometry.as_ref().and_then(|geometry| in_degrees(geometry, schema.crs));
        if let Some(distance) = shape.map(|shape| distance_m(&shape, lonlat))
            && distance <= reach_m
            && best.as_ref().is_none_or(|(least, _)| distance < *least)
        {
            best = Some((distance, feature));
        }
        ControlFlow::Continue(())
    })?;
    Ok(best.map(|(_, feature)| feature))
}

/// The words of a field, if there are any.
pub(in crate::session) fn word_of(schema: &Schema, feature: &Feature, id: &str) -> Option<String> {
    let word = feature.values.get(schema.field_index(id)?)?.as_str()?.trim();
    (!word.is_empty()).then(|| word.to_owned())
}

/// A box in a layer's CRS that holds everything within reach of a place.
pub(in crate::session) fn window_in(lonlat: [f64; 2], reach_m: f64, crs: Crs) -> Option<Bounds> {
    let north = (reach_m + 0.01) / 111_000.0;
    let east = north / lonlat[1].to_radians().cos().max(0.01);
    let window = Bounds::new(lonlat[0] - east, lonlat[1] - north, lonlat[0] + east, lonlat[1] + north);
    mapped_bounds(window, Crs::WGS84, crs)
}

/// From a geometry in degrees to a place, metres; 0 inside an area. Good to a part in a thousand within a city.
pub(in crate::session) fn distance_m(shape: &Geometry, lonlat: [f64; 2]) -> f64 {
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
pub(in crate::session) fn field_is(field: &str, value: impl Into<Value>) -> Expr {
    Expr::Compare { field: field.to_owned(), comparison: Comparison::Equal, value: value.into() }
}
