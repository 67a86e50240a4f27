//! Lengths and areas on the ellipsoid (WGS 84; that of CGCS2000 differs by a tenth of a millimetre).
//!
//! Everything goes in as longitude and latitude in degrees; nothing here is measured on a projected plane.

use geo_types::{Geometry, LineString, Polygon};
use geographiclib_rs::{DirectGeodesic, Geodesic, InverseGeodesic, PolygonArea, Winding};

/// Up to this difference in longitude and latitude (1 km) the mid-latitude formula is right to 0.02 mm.
const SHORT_DEG: f64 = 0.01;
/// Semi-major axis of WGS 84, metres.
const A_M: f64 = 6_378_137.0;
/// First eccentricity of WGS 84, squared.
const E2: f64 = 0.006_694_379_990_141_317;

/// The shortest way between two places, metres.
pub fn distance_m(from: [f64; 2], to: [f64; 2]) -> f64 {
    let lon_diff = to[0] - from[0];
    let lat_diff = to[1] - from[1];
    if lon_diff.abs() < SHORT_DEG && lat_diff.abs() < SHORT_DEG && from[1].abs() < 80.0 {
        return short_distance_m(f64::midpoint(from[1], to[1]), lon_diff, lat_diff);
    }
    Geodesic::wgs84().inverse(from[1], from[0], to[1], to[0])
}

/// The direction in which that way begins: degrees clockwise from north, 0 to 360.
pub fn bearing_deg(from: [f64; 2], to: [f64; 2]) -> f64 {
    let (azimuth, _, _): (f64, f64, f64) = Geodesic::wgs84().inverse(from[1], from[0], to[1], to[0]);
    azimuth.rem_euclid(360.0)
}

/// Where one arrives after so many metres in a direction (degrees clockwise from north).
pub fn destination(from: [f64; 2], bearing_deg: f64, distance_m: f64) -> [f64; 2] {
    let (lat, lon): (f64, f64) = Geodesic::wgs84().direct(from[1], from[0], bearing_deg, distance_m);
    [lon, lat]
}

/// Length of a path, metres.
pub fn path_length_m(path: impl IntoIterator<Item = [f64; 2]>) -> f64 {
    let mut path = path.into_iter();
    let Some(mut last) = path.next() else { return 0.0 };
    let mut length_m = 0.0;
    for at in path {
        length_m += distance_m(last, at);
        last = at;
    }
    length_m
}

/// Area inside a ring, square metres, whichever way it turns; closed or not.
pub fn ring_area_m2(ring: impl IntoIterator<Item = [f64; 2]>) -> f64 {
    let geodesic = Geodesic::wgs84();
    let mut area = PolygonArea::new(&geodesic, Winding::CounterClockwise);
    let mut is_empty = true;
    for [lon, lat] in ring {
        area.add_point(lat, lon);
        is_empty = false;
    }
    if is_empty {
        return 0.0;
    }
    let (_, area_m2, _) = area.compute(true);
    area_m2.abs()
}

/// Length of the lines in a geometry, metres; borders of areas are no lines.
pub fn length_m(geometry: &Geometry<f64>) -> f64 {
    match geometry {
        Geometry::Line(line) => distance_m(line.start.into(), line.end.into()),
        Geometry::LineString(line) => line_length_m(line),
        Geometry::MultiLineString(lines) => lines.iter().map(line_length_m).sum(),
        Geometry::GeometryCollection(members) => members.iter().map(length_m).sum(),
        _ => 0.0,
    }
}

/// Area of the polygons in a geometry, holes taken off, square metres.
pub fn area_m2(geometry: &Geometry<f64>) -> f64 {
    match geometry {
        Geometry::Polygon(polygon) => polygon_area_m2(polygon),
        Geometry::MultiPolygon(polygons) => polygons.iter().map(polygon_area_m2).sum(),
        Geometry::Rect(rect) => polygon_area_m2(&rect.to_polygon()),
        Geometry::Triangle(triangle) => polygon_area_m2(&triangle.to_polygon()),
        Geometry::GeometryCollection(members) => members.iter().map(area_m2).sum(),
        _ => 0.0,
    }
}

/// Length of the borders of the polygons in a geometry, holes included, metres.
pub fn perimeter_m(geometry: &Geometry<f64>) -> f64 {
    let border_m = |polygon: &Polygon<f64>| {
        line_length_m(polygon.exterior()) + polygon.interiors().iter().map(line_length_m).sum::<f64>()
    };
    match geometry {
        Geometry::Polygon(polygon) => border_m(polygon),
        Geometry::MultiPolygon(polygons) => polygons.iter().map(border_m).sum(),
        Geometry::Rect(rect) => border_m(&rect.to_polygon()),
        Geometry::Triangle(triangle) => border_m(&triangle.to_polygon()),
        Geometry::GeometryCollection(members) => members.iter().map(perimeter_m).sum(),
        _ => 0.0,
    }
}

fn line_length_m(line: &LineString<f64>) -> f64 {
    path_length_m(line.0.iter().map(|at| [at.x, at.y]))
}

fn polygon_area_m2(polygon: &Polygon<f64>) -> f64 {
    let ring_m2 = |ring: &LineString<f64>| ring_area_m2(ring.0.iter().map(|at| [at.x, at.y]));
    ring_m2(polygon.exterior()) - polygon.interiors().iter().map(ring_m2).sum::<f64>()
}

/// Pythagoras with the two radii of curvature in the middle: what is left out grows with the square of the length.
fn short_distance_m(mid_lat: f64, lon_diff: f64, lat_diff: f64) -> f64 {
    let [east_m, north_m] = metres_per_degree(mid_lat);
    (east_m * lon_diff).hypot(north_m * lat_diff)
}

/// How long a degree of longitude and one of latitude are at a latitude (degrees): metres.
pub fn metres_per_degree(lat: f64) -> [f64; 2] {
    let (sin, cos) = lat.to_radians().sin_cos();
    let w2 = 1.0 - E2 * sin * sin;
    let prime_vertical_m = A_M / w2.sqrt();
    let meridian_m = prime_vertical_m * (1.0 - E2) / w2;
    [(prime_vertical_m * cos).to_radians(), meridian_m.to_radians()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo_types::{Coord, MultiPolygon, Rect, line_string};

    #[test]
    fn short_ways_agree_with_the_geodesic() {
        for (lon, lat) in [(0.0099, 0.0099), (0.0099, 0.0), (0.0, 0.0099), (1e-5, -2e-5), (-0.003, 0.007)] {
            for start in [[115.98, 29.71], [0.0, 0.0], [-70.0, -79.0]] {
                let to = [start[0] + lon, start[1] + lat];
                let exact: f64 = Geodesic::wgs84().inverse(start[1], start[0], to[1], to[0]);
                let miss = (distance_m(start, to) - exact).abs() / exact;
                assert!(miss < 2e-8, "{start:?} to {to:?}: {miss:e}");
            }
        }
    }

    #[test]
    fn long_ways_cross_the_date_line() {
        close(distance_m([179.5, 0.0], [-179.5, 0.0]), 111_319.490_793, 1e-6);
        close(bearing_deg([115.98, 29.71], [115.98, 29.0]), 180.0, 1e-9);
        close(bearing_deg([115.98, 29.71], [115.97, 29.71]), 270.0, 0.01);
        let there = destination([115.98, 29.71], 37.0, 1234.5);
        close(distance_m([115.98, 29.71], there), 1234.5, 1e-4);
    }

    #[test]
    fn an_area_is_the_same_either_way_round_and_less_its_hole() {
        let degree = 12_308_778_361.469_452; // GeographicLib's own example: 0 to 1 degree
        let square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        close(ring_area_m2(square), degree, 1e-3);
        close(ring_area_m2(square.into_iter().rev()), degree, 1e-3);
        close(ring_area_m2(square.into_iter().chain([square[0]])), degree, 1e-3);
        let outer = Rect::new(Coord { x: 0.0, y: 0.0 }, Coord { x: 1.0, y: 1.0 }).to_polygon();
        let hole = Rect::new(Coord { x: 0.4, y: 0.4 }, Coord { x: 0.5, y: 0.5 }).to_polygon();
        let hole_m2 = area_m2(&hole.clone().into());
        let holed = Polygon::new(outer.exterior().clone(), vec![hole.exterior().clone()]);
        close(area_m2(&Geometry::MultiPolygon(MultiPolygon(vec![holed]))), degree - hole_m2, 1e-3);
    }

    #[test]
    fn empty_and_other_shapes_measure_nothing() {
        let line = Geometry::LineString(line_string![(x: 115.9, y: 29.7), (x: 116.0, y: 29.7)]);
        close(area_m2(&line) + perimeter_m(&line), 0.0, 0.0);
        close(length_m(&line), distance_m([115.9, 29.7], [116.0, 29.7]), 0.0);
        close(ring_area_m2([]) + path_length_m([]), 0.0, 0.0);
        close(ring_area_m2([[1.0, 1.0], [1.0, 1.0]]), 0.0, 0.0);
    }

    #[track_caller]
    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }
}
