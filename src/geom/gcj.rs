//! GCJ-02 and BD-09: the shifted coordinates of Chinese web maps, both ways.
//!
//! Everything is longitude and latitude in degrees. The shift is the one in public circulation; it holds inside a crude
//! box around China and is none outside. The way back has no formula: it is found by iteration, to less than 1e-11°.

use std::f64::consts::PI;

/// Krasovsky semi-major axis that the shift is reckoned with, metres.
const A: f64 = 6_378_245.0;
/// Its first eccentricity, squared.
const E2: f64 = 0.006_693_421_622_965_943;
/// Enough for the slowest place; three or four steps are usual.
const MAX_STEPS: usize = 50;

/// GCJ-02 from WGS 84.
pub fn gcj_from_wgs(at: [f64; 2]) -> [f64; 2] {
    let [lon, lat] = at;
    if !is_shifted(at) {
        return at;
    }
    let (x, y) = (lon - 105.0, lat - 35.0);
    let m = 1.0 - E2 * lat.to_radians().sin().powi(2);
    let metres_per_degree_lat = A * (1.0 - E2) / (m * m.sqrt()) * PI / 180.0;
    let metres_per_degree_lon = A / m.sqrt() * lat.to_radians().cos() * PI / 180.0;
    [lon + east_m(x, y) / metres_per_degree_lon, lat + north_m(x, y) / metres_per_degree_lat]
}

/// WGS 84 from GCJ-02.
pub fn wgs_from_gcj(at: [f64; 2]) -> [f64; 2] {
    inverse(at, gcj_from_wgs)
}

/// BD-09 from GCJ-02.
pub fn bd_from_gcj([lon, lat]: [f64; 2]) -> [f64; 2] {
    const WAVE: f64 = PI * 3000.0 / 180.0;
    let radius = lon.hypot(lat) + 0.000_02 * (lat * WAVE).sin();
    let angle_rad = lat.atan2(lon) + 0.000_003 * (lon * WAVE).cos();
    [radius * angle_rad.cos() + 0.0065, radius * angle_rad.sin() + 0.006]
}

/// GCJ-02 from BD-09.
pub fn gcj_from_bd(at: [f64; 2]) -> [f64; 2] {
    inverse(at, bd_from_gcj)
}

/// Whether the shift applies at this place.
fn is_shifted([lon, lat]: [f64; 2]) -> bool {
    (72.004..=137.8347).contains(&lon) && (0.8293..=55.8271).contains(&lat)
}

/// The place that `shift` takes to `at`: each step takes off the shift of the last guess. On the rim of the box, where
/// the shift jumps, there may be none; the last guess is then half a kilometre off at most.
fn inverse(at: [f64; 2], shift: fn([f64; 2]) -> [f64; 2]) -> [f64; 2] {
    let mut guess = at;
    for _ in 0..MAX_STEPS {
        let shifted = shift(guess);
        let miss = [at[0] - shifted[0], at[1] - shifted[1]];
        guess = [guess[0] + miss[0], guess[1] + miss[1]];
        if miss[0].abs().max(miss[1].abs()) < 1e-12 {
            break;
        }
    }
    guess
}

fn north_m(x: f64, y: f64) -> f64 {
    let plane = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * x.abs().sqrt();
    let short = 20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin();
    let middle = 20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin();
    let long = 160.0 * (y / 12.0 * PI).sin() + 320.0 * (y / 30.0 * PI).sin();
    plane + (short + middle + long) * 2.0 / 3.0
}

fn east_m(x: f64, y: f64) -> f64 {
    let plane = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * x.abs().sqrt();
    let short = 20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin();
    let middle = 20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin();
    let long = 150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin();
    plane + (short + middle + long) * 2.0 / 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A millimetre is 1e-8 degrees; the way back is a thousand times better than that.
        #[test]
        fn every_place_in_china_comes_back(lon in 73.0..136.0, lat in 3.0..54.0) {
            let gcj = gcj_from_wgs([lon, lat]);
            let [from_gcj, from_bd] = [gcj, gcj_from_bd(bd_from_gcj(gcj))].map(wgs_from_gcj);
            for back in [from_gcj, from_bd] {
                prop_assert!((back[0] - lon).hypot(back[1] - lat) < 1e-11, "{back:?}");
            }
            let shift_deg = (gcj[0] - lon).hypot(gcj[1] - lat);
            prop_assert!((0.0003..0.02).contains(&shift_deg), "{shift_deg}");
        }

        #[test]
        fn no_place_abroad_is_shifted(lon in -180.0..180.0, lat in -90.0..90.0) {
            prop_assume!(!is_shifted([lon, lat]));
            prop_assert_eq!(gcj_from_wgs([lon, lat]), [lon, lat]);
        }
    }

    #[test]
    fn the_shift_is_the_published_one() {
        check([115.98, 29.71], [115.985_030_570, 29.707_397_287], [115.991_609_300, 29.713_059_458]);
        check([115.9, 29.66], [115.904_917_625, 29.657_259_624], [115.911_370_206, 29.663_508_328]);
        check([115.65, 29.67], [115.655_070_309, 29.667_309_250], [115.661_566_138, 29.673_405_204]);
        check([114.55, 29.03], [114.554_998_055, 29.026_922_590], [114.561_547_375, 29.032_676_451]);
        check([116.397_128, 39.916_527], [116.403_372_494, 39.917_930_749], [116.409_739_337, 39.924_269_294]);
        check([103.82, 1.35], [103.821_382_836, 1.350_590_218], [103.827_901_058, 1.356_726_289]);
    }

    #[test]
    fn nothing_is_shifted_abroad() {
        check([139.767, 35.681], [139.767, 35.681], [139.773_532_997, 35.686_938_556]);
    }

    #[test]
    fn hostile_numbers_come_to_an_end() {
        for odd in [f64::NAN, f64::INFINITY, -1e300, 137.8347, 72.004] {
            let _ = wgs_from_gcj([odd, 30.0]);
            let _ = gcj_from_bd([116.0, odd]);
        }
    }

    #[track_caller]
    fn check(wgs: [f64; 2], gcj: [f64; 2], bd: [f64; 2]) {
        close(gcj_from_wgs(wgs), gcj, 1e-9);
        close(bd_from_gcj(gcj_from_wgs(wgs)), bd, 1e-9);
        close(wgs_from_gcj(gcj_from_wgs(wgs)), wgs, 1e-11);
        close(wgs_from_gcj(gcj_from_bd(bd_from_gcj(gcj_from_wgs(wgs)))), wgs, 1e-11);
    }

    #[track_caller]
    fn close(found: [f64; 2], expected: [f64; 2], tolerance_deg: f64) {
        let miss = (found[0] - expected[0]).abs().max((found[1] - expected[1]).abs());
        assert!(miss < tolerance_deg, "{found:?} is not {expected:?}");
    }
}
