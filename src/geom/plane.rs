//! A flat sheet of metres around one place, for questions of nearness inside a city.

use super::measure::metres_per_degree;

/// Metres east and north of a place: right to a thousandth within 50 km of it, which is more than a tolerance asks for.
/// Lengths that people are shown come from [`measure`](super::measure).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalPlane {
    origin_lonlat: [f64; 2],
    metres_per_degree: [f64; 2],
}

impl LocalPlane {
    /// The sheet that touches the ellipsoid at a place, longitude and latitude in degrees.
    pub fn at(origin_lonlat: [f64; 2]) -> Self {
        Self { origin_lonlat, metres_per_degree: metres_per_degree(origin_lonlat[1]) }
    }

    /// The sheet that touches the ellipsoid in the middle of these places, longitude and latitude in degrees: at their
    /// median, so that a stray one bends nothing. `None` if there are none.
    pub fn amid(places: impl Iterator<Item = [f64; 2]>) -> Option<Self> {
        let (mut lons, mut lats): (Vec<f64>, Vec<f64>) = places.map(|[lon, lat]| (lon, lat)).unzip();
        let middle = lons.len() / 2;
        if lons.is_empty() {
            return None;
        }
        let [lon, lat] = [&mut lons, &mut lats].map(|all| *all.select_nth_unstable_by(middle, f64::total_cmp).1);
        Some(Self::at([lon, lat]))
    }

    /// Metres east and north of the origin.
    pub fn from_lonlat(&self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        let [origin_lon, origin_lat] = self.origin_lonlat;
        [(lon - origin_lon) * self.metres_per_degree[0], (lat - origin_lat) * self.metres_per_degree[1]]
    }

    /// Longitude and latitude of a place on the sheet, degrees.
    pub fn to_lonlat(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [origin_lon, origin_lat] = self.origin_lonlat;
        [origin_lon + x / self.metres_per_degree[0], origin_lat + y / self.metres_per_degree[1]]
    }
}

#[cfg(test)]
mod tests {
    use super::super::measure::distance_m;
    use super::*;

    #[test]
    fn distances_on_the_sheet_are_those_on_the_ground() {
        let origin = [115.99, 29.71];
        let plane = LocalPlane::at(origin);
        for at in [[115.991, 29.711], [116.05, 29.65], [115.8, 29.9]] {
            let [x, y] = plane.from_lonlat(at);
            let (flat, true_m) = (x.hypot(y), distance_m(origin, at));
            assert!((flat / true_m - 1.0).abs() < 2e-3, "{at:?}: {flat} for {true_m}");
            let back = plane.to_lonlat([x, y]);
            assert!((back[0] - at[0]).abs() < 1e-12 && (back[1] - at[1]).abs() < 1e-12, "{back:?}");
        }
    }
}
