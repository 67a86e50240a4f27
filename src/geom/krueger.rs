//! Transverse Mercator (Gauss–Krüger) by Krüger's series to the sixth order in the third flattening.
//!
//! C. F. F. Karney, “Transverse Mercator with an accuracy of a few nanometers”, J. Geodesy 85 (2011) 475–485, equations
//! 7–11 and 35–36. Within 4,000 km of the central meridian the error is below a hundredth of a micrometre, so a layer
//! far outside its zone is as exact as one within.

use super::ellipsoid::Ellipsoid;

/// Farther from the central meridian the series is not used: nobody projects a city onto a meridian across the globe.
const MAX_FROM_MERIDIAN_DEG: f64 = 80.0;
/// The same limit on the plane, as a part of the rectifying radius.
const MAX_ETA: f64 = 2.6;

/// A Gauss–Krüger plane.
#[derive(Clone, Debug, PartialEq)]
pub struct TransverseMercator {
    /// Its parameters, as they are given.
    pub given: Gauss,
    e: f64,
    /// Scale times rectifying radius, metres.
    radius_m: f64,
    alpha: [f64; 6],
    beta: [f64; 6],
    /// Northing of the latitude of origin before the false northing, metres.
    origin_m: f64,
}

/// What a Gauss–Krüger plane is given by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauss {
    /// Central meridian, degrees.
    pub meridian_deg: f64,
    /// Latitude of origin, degrees.
    pub origin_deg: f64,
    /// Scale on the central meridian.
    pub scale: f64,
    /// False easting, metres.
    pub false_easting_m: f64,
    /// False northing, metres.
    pub false_northing_m: f64,
}

impl TransverseMercator {
    /// The plane on an ellipsoid; none for parameters that make no plane.
    pub fn new(on: Ellipsoid, given: Gauss) -> Option<Self> {
        let Gauss { meridian_deg, origin_deg, scale, false_easting_m, false_northing_m } = given;
        let is_plane = meridian_deg.abs() <= 360.0
            && origin_deg.abs() < 90.0
            && (0.5..2.0).contains(&scale)
            && false_easting_m.abs() <= 1e9
            && false_northing_m.abs() <= 1e9;
        if !is_plane {
            return None;
        }
        let n = on.f / (2.0 - on.f);
        let n2 = n * n;
        let radius_m = scale * on.a_m / (1.0 + n) * (1.0 + n2 * (0.25 + n2 * (1.0 / 64.0 + n2 / 256.0)));
        let mut plane = Self { given, e: on.e2().sqrt(), radius_m, alpha: alpha(n), beta: beta(n), origin_m: 0.0 };
        plane.origin_m = plane.rectified(origin_deg, 0.0)[0] * radius_m;
        Some(plane)
    }

    /// Easting and northing in metres of a place in degrees; none far away from the meridian.
    pub fn plane_from_degrees(&self, [lon, lat]: [f64; 2]) -> Option<[f64; 2]> {
        let from_meridian = wrapped(lon - self.given.meridian_deg);
        if !(from_meridian.abs() <= MAX_FROM_MERIDIAN_DEG && lat.abs() <= 90.0) {
            return None;
        }
        let [xi, eta] = self.rectified(lat, from_meridian);
        let east_m = self.radius_m * eta + self.given.false_easting_m;
        Some([east_m, self.radius_m * xi - self.origin_m + self.given.false_northing_m])
    }

    /// Degrees of an easting and northing in metres; none for numbers that no place of this plane has.
    pub fn degrees_from_plane(&self, [east_m, north_m]: [f64; 2]) -> Option<[f64; 2]> {
        let xi = (north_m - self.given.false_northing_m + self.origin_m) / self.radius_m;
        let eta = (east_m - self.given.false_easting_m) / self.radius_m;
        if !(eta.abs() <= MAX_ETA && xi.abs() <= std::f64::consts::FRAC_PI_2 + 1e-9) {
            return None;
        }
        let [sum_xi, sum_eta] = wave(&self.beta, xi, eta);
        let (xi, eta) = (xi - sum_xi, eta - sum_eta);
        let conformal = xi.sin() / eta.sinh().hypot(xi.cos());
        let lat = self.tan_from_conformal(conformal).atan().to_degrees();
        let lon = self.given.meridian_deg + eta.sinh().atan2(xi.cos()).to_degrees();
        Some([wrapped(lon), lat])
    }

    /// Rectified coordinates of a latitude and a longitude from the meridian, both in degrees.
    fn rectified(&self, lat: f64, from_meridian: f64) -> [f64; 2] {
        let conformal = self.conformal(lat.to_radians().tan());
        let (sin, cos) = from_meridian.to_radians().sin_cos();
        let xi = conformal.atan2(cos);
        let eta = (sin / conformal.hypot(cos)).asinh();
        let [sum_xi, sum_eta] = wave(&self.alpha, xi, eta);
        [xi + sum_xi, eta + sum_eta]
    }

    /// Tangent of the conformal latitude from that of the geodetic one.
    fn conformal(&self, tan: f64) -> f64 {
        let root = tan.hypot(1.0);
        let sigma = (self.e * (self.e * tan / root).atanh()).sinh();
        tan * sigma.hypot(1.0) - sigma * root
    }

    /// Tangent of the geodetic latitude from that of the conformal one, by Newton's steps (two or three are enough).
    fn tan_from_conformal(&self, conformal: f64) -> f64 {
        let e2m = 1.0 - self.e * self.e;
        let mut tan = conformal / e2m;
        for _ in 0..6 {
            let now = self.conformal(tan);
            let slope = (1.0 + e2m * tan * tan) / (e2m * now.hypot(1.0) * tan.hypot(1.0));
            let step = (conformal - now) * slope;
            tan += step;
            if step.abs() <= 1e-15 * tan.abs().max(1.0) {
                break;
            }
        }
        tan
    }
}

/// The six waves that tell the rectified from the spherical plane.
fn wave(terms: &[f64; 6], xi: f64, eta: f64) -> [f64; 2] {
    let mut sum = [0.0; 2];
    for (order, term) in (1_u8..).zip(terms) {
        let twice = 2.0 * f64::from(order);
        sum[0] += term * (twice * xi).sin() * (twice * eta).cosh();
        sum[1] += term * (twice * xi).cos() * (twice * eta).sinh();
    }
    sum
}

/// Longitude between −180 and 180 degrees.
fn wrapped(lon: f64) -> f64 {
    if lon.abs() <= 180.0 { lon } else { (lon + 180.0).rem_euclid(360.0) - 180.0 }
}

/// A polynomial without constant term: `c[0]·n + c[1]·n² + …`, from the power `first` on.
fn series(n: f64, first: i32, terms: &[f64]) -> f64 {
    terms.iter().rev().fold(0.0, |sum, term| sum * n + term) * n.powi(first)
}

fn alpha(n: f64) -> [f64; 6] {
    [
        series(n, 1, &[1.0 / 2.0, -2.0 / 3.0, 5.0 / 16.0, 41.0 / 180.0, -127.0 / 288.0, 7891.0 / 37_800.0]),
        series(n, 2, &[13.0 / 48.0, -3.0 / 5.0, 557.0 / 1440.0, 281.0 / 630.0, -1_983_433.0 / 1_935_360.0]),
        series(n, 3, &[61.0 / 240.0, -103.0 / 140.0, 15_061.0 / 26_880.0, 167_603.0 / 181_440.0]),
        series(n, 4, &[49_561.0 / 161_280.0, -179.0 / 168.0, 6_601_661.0 / 7_257_600.0]),
        series(n, 5, &[34_729.0 / 80_640.0, -3_418_889.0 / 1_995_840.0]),
        series(n, 6, &[212_378_941.0 / 319_334_400.0]),
    ]
}

fn beta(n: f64) -> [f64; 6] {
    [
        series(n, 1, &[1.0 / 2.0, -2.0 / 3.0, 37.0 / 96.0, -1.0 / 360.0, -81.0 / 512.0, 96_199.0 / 604_800.0]),
        series(n, 2, &[1.0 / 48.0, 1.0 / 15.0, -437.0 / 1440.0, 46.0 / 105.0, -1_118_711.0 / 3_870_720.0]),
        series(n, 3, &[17.0 / 480.0, -37.0 / 840.0, -209.0 / 4480.0, 5569.0 / 90_720.0]),
        series(n, 4, &[4397.0 / 161_280.0, -11.0 / 504.0, -830_251.0 / 7_257_600.0]),
        series(n, 5, &[4583.0 / 161_280.0, -108_847.0 / 3_991_680.0]),
        series(n, 6, &[20_648_693.0 / 638_668_800.0]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A hundredth of a millimetre is 1e-10 degrees, and no number makes a panic.
        #[test]
        fn every_place_in_reach_comes_back(lon in 60.0..175.0, lat in -85.0..85.0) {
            let plane = plane(117.0);
            let there = plane.plane_from_degrees([lon, lat]).expect("in reach");
            let back = plane.degrees_from_plane(there).expect("a place");
            prop_assert!((back[0] - lon).hypot(back[1] - lat) < 1e-10, "{back:?}");
        }

        #[test]
        fn numbers_that_are_no_place_are_none(x in prop::num::f64::ANY, y in prop::num::f64::ANY) {
            let plane = plane(117.0);
            let finite = |at: [f64; 2]| at.iter().all(|number| number.is_finite());
            prop_assert!(plane.plane_from_degrees([x, y]).is_none_or(finite));
            prop_assert!(plane.degrees_from_plane([x, y]).is_none_or(finite));
        }
    }

    #[test]
    fn a_place_on_the_meridian_has_the_false_easting() {
        let [east_m, north_m] = plane(117.0).plane_from_degrees([117.0, 0.0]).expect("a place");
        assert_eq!([east_m, north_m], [500_000.0, 0.0]);
    }

    #[track_caller]
    fn plane(meridian_deg: f64) -> TransverseMercator {
        let given =
            Gauss { meridian_deg, origin_deg: 0.0, scale: 1.0, false_easting_m: 500_000.0, false_northing_m: 0.0 };
        TransverseMercator::new(Ellipsoid::WGS84, given).expect("a plane")
    }
}
