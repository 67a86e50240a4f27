//! Rows of a layer, filled by field id.

use super::plane::{P, lon_lat, ring_area};
use crate::kinds::kind::Kind;
use crate::model::feature::Feature;
use crate::model::geometry::Geometry;
use crate::model::value::Value;

/// A layer in the making.
pub(super) struct Rows {
    kind: &'static Kind,
    features: Vec<Feature>,
}

impl Rows {
    /// An empty layer of a kind.
    ///
    /// # Panics
    /// If there is no such kind: the generator names only kinds that the program has.
    pub(super) fn new(kind: &str) -> Self {
        let kind = crate::kinds::find(kind).unwrap_or_else(|| panic!("no kind {kind}"));
        Self { kind, features: Vec::new() }
    }

    /// Adds a row and gives its id. Fields that are not named stay unknown.
    pub(super) fn add(&mut self, geometry: impl Into<Option<Geometry>>, values: Vec<(&'static str, Value)>) -> i64 {
        let id = self.features.len() as i64 + 1;
        let mut row = vec![Value::Null; self.kind.fields.len()];
        let mut next = 0;
        for (field, value) in values {
            let ids = self.kind.fields.iter().map(|field| field.id.as_ref());
            // Values come nearly always in the order of the fields.
            let place = ids.clone().skip(next).position(|id| id == field).map(|place| place + next);
            let place = place.or_else(|| ids.clone().position(|id| id == field));
            debug_assert!(place.is_some(), "{} has no field {field}", self.kind.id);
            if let Some(place) = place {
                row[place] = value;
                next = place + 1;
            }
        }
        self.features.push(Feature { id, geometry: geometry.into(), values: row });
        id
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.features.len()
    }

    /// The finished layer.
    pub(super) fn finish(self) -> super::SampleLayer {
        super::SampleLayer { kind: self.kind.id, features: self.features }
    }
}

/// A point in degrees.
pub(super) fn point(at: P) -> Geometry {
    let [lon, lat] = lon_lat(at);
    Geometry::point(lon, lat)
}

/// A path in degrees.
pub(super) fn line(path: &[P]) -> Geometry {
    let mut degrees: Vec<[f64; 2]> = path.iter().map(|&at| lon_lat(at)).collect();
    degrees.dedup();
    Geometry::line(&degrees)
}

/// A polygon in degrees as a multipolygon of one, whichever way round the ring runs.
pub(super) fn area(ring: &[P]) -> Geometry {
    let mut ring = ring.to_vec();
    if ring_area(&ring) < 0.0 {
        ring.reverse();
    }
    areas(&[ring])
}

/// Polygons in degrees from rings: counter-clockwise ones are outlines, clockwise ones holes in the outline around them.
pub(super) fn areas(rings: &[Vec<P>]) -> Geometry {
    use geo_types as gt;
    let closed = |ring: &[P]| {
        let degrees = ring.iter().chain(&ring[..1]).map(|&at| lon_lat(at));
        gt::LineString(degrees.map(|[x, y]| gt::Coord { x, y }).collect())
    };
    let (outer, holes): (Vec<&Vec<P>>, Vec<&Vec<P>>) = rings.iter().partition(|ring| ring_area(ring) > 0.0);
    let polygons = outer.iter().map(|ring| {
        let own = holes.iter().filter(|hole| holds(ring, hole));
        gt::Polygon::new(closed(ring), own.map(|hole| closed(hole)).collect())
    });
    Geometry::from_geo(&gt::Geometry::MultiPolygon(gt::MultiPolygon(polygons.collect())))
}

/// Whether a hole lies in an outline: a point just beside one of its edges does.
fn holds(outline: &[P], hole: &[P]) -> bool {
    let middle = super::plane::lerp(hole[0], hole[1], 0.5);
    let across = super::plane::left(super::plane::unit(super::plane::sub(hole[1], hole[0])));
    super::plane::inside(outline, super::plane::along(middle, across, 0.05))
}

/// A number rounded to two places.
pub(super) fn cents(number: f64) -> Value {
    Value::Real(super::plane::round_to(number, 100.0))
}

/// A level or length rounded to millimetres.
pub(super) fn thousandths(number: f64) -> Value {
    Value::Real(super::plane::round_to(number, 1000.0))
}
