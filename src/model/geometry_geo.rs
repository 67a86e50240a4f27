//! Between a geometry's bytes and the `geo` types that algorithms use.

use geo_types as gt;

use super::geometry::{Coords, GeometryKind, Visitor, WkbWriter};

/// Writes what algorithms use as bytes.
pub(super) fn write_geo(geometry: &gt::Geometry<f64>, out: &mut WkbWriter) {
    match geometry {
        gt::Geometry::Point(point) => {
            out.head(GeometryKind::Point, 1);
            out.position(point.x(), point.y(), 0.0);
        }
        gt::Geometry::Line(line) => write_line(&gt::LineString(vec![line.start, line.end]), out),
        gt::Geometry::LineString(line) => write_line(line, out),
        gt::Geometry::Polygon(polygon) => write_polygon(polygon, out),
        gt::Geometry::Rect(rect) => write_polygon(&rect.to_polygon(), out),
        gt::Geometry::Triangle(triangle) => write_polygon(&triangle.to_polygon(), out),
        gt::Geometry::MultiPoint(points) => {
            out.head(GeometryKind::MultiPoint, points.0.len());
            points.0.iter().for_each(|point| write_geo(&gt::Geometry::Point(*point), out));
        }
        gt::Geometry::MultiLineString(lines) => {
            out.head(GeometryKind::MultiLineString, lines.0.len());
            lines.0.iter().for_each(|line| write_line(line, out));
        }
        gt::Geometry::MultiPolygon(polygons) => {
            out.head(GeometryKind::MultiPolygon, polygons.0.len());
            polygons.0.iter().for_each(|polygon| write_polygon(polygon, out));
        }
        gt::Geometry::GeometryCollection(members) => {
            out.head(GeometryKind::Collection, members.0.len());
            members.0.iter().for_each(|member| write_geo(member, out));
        }
    }
}

fn write_line(line: &gt::LineString<f64>, out: &mut WkbWriter) {
    out.head(GeometryKind::LineString, line.0.len());
    line.0.iter().for_each(|at| out.position(at.x, at.y, 0.0));
}

fn write_polygon(polygon: &gt::Polygon<f64>, out: &mut WkbWriter) {
    let empty = polygon.exterior().0.is_empty();
    out.head(GeometryKind::Polygon, if empty { 0 } else { 1 + polygon.interiors().len() });
    for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()).filter(|_| !empty) {
        out.ring(ring.0.len());
        ring.0.iter().for_each(|at| out.position(at.x, at.y, 0.0));
    }
}

/// Collects a walk into `geo` types.
#[derive(Default)]
pub(super) struct GeoBuilder {
    paths: Vec<gt::LineString<f64>>,
    open: Vec<Vec<gt::Geometry<f64>>>,
    /// The whole, once the walk is over.
    pub(super) done: Option<gt::Geometry<f64>>,
}

impl Visitor for GeoBuilder {
    fn begin(&mut self, _: GeometryKind, _: usize) {
        self.open.push(Vec::new());
    }

    fn path(&mut self, coords: Coords<'_>) {
        self.paths.push(gt::LineString(coords.iter().map(|[x, y]| gt::Coord { x, y }).collect()));
    }

    fn end(&mut self, kind: GeometryKind) {
        let members = self.open.pop().unwrap_or_default();
        let mut paths = std::mem::take(&mut self.paths).into_iter();
        let built = match kind {
            GeometryKind::Point => match paths.next().and_then(|path| path.0.first().copied()) {
                Some(at) if !at.x.is_nan() => gt::Geometry::Point(at.into()),
                _ => gt::Geometry::MultiPoint(gt::MultiPoint(Vec::new())),
            },
            GeometryKind::LineString => gt::Geometry::LineString(paths.next().unwrap_or(gt::LineString(Vec::new()))),
            GeometryKind::Polygon => {
                let outer = paths.next().unwrap_or(gt::LineString(Vec::new()));
                gt::Geometry::Polygon(gt::Polygon::new(outer, paths.collect()))
            }
            GeometryKind::MultiPoint => gt::Geometry::MultiPoint(gt::MultiPoint(
                members.into_iter().filter_map(|member| gt::Point::try_from(member).ok()).collect(),
            )),
            GeometryKind::MultiLineString => gt::Geometry::MultiLineString(gt::MultiLineString(
                members.into_iter().filter_map(|member| gt::LineString::try_from(member).ok()).collect(),
            )),
            GeometryKind::MultiPolygon => gt::Geometry::MultiPolygon(gt::MultiPolygon(
                members.into_iter().filter_map(|member| gt::Polygon::try_from(member).ok()).collect(),
            )),
            GeometryKind::Collection => gt::Geometry::GeometryCollection(gt::GeometryCollection(members)),
        };
        match self.open.last_mut() {
            Some(parent) => parent.push(built),
            None => self.done = Some(built),
        }
    }
}
