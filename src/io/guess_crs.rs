//! Which coordinate system numbers look like, where a file does not say: degrees, metres of a Gauss–Krüger zone whose
//! number stands before the easting, or neither.
//!
//! A proposal with its reason; a person decides.

use crate::geom::crs::Crs;
use crate::model::geometry::Bounds;
use crate::text;
use crate::text::Text;

/// Longitudes and latitudes of the country with its seas, degrees.
const CHINA_DEG: Bounds = Bounds { min: [73.0, 3.0], max: [136.0, 54.0] };
/// Northings of the country, metres from the equator.
const NORTHINGS_M: std::ops::RangeInclusive<f64> = 300_000.0..=6_000_000.0;
/// Eastings within a zone, metres, the central meridian at 500,000.
const EASTINGS_M: std::ops::RangeInclusive<f64> = 150_000.0..=850_000.0;
/// Metres by which the zone's number is put before the easting.
const ZONE_M: f64 = 1_000_000.0;

/// What numbers look like, and why.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Guess {
    /// The system; unknown if the numbers do not tell.
    pub crs: Crs,
    /// The reason, for the person who decides.
    pub why: Text,
    /// Whether that person should look at it before anything else.
    pub is_doubtful: bool,
}

/// Looks at the box around all positions.
pub(super) fn guess_crs(bounds: &Bounds) -> Guess {
    let doubtful = |crs: Crs, why: Text| Guess { crs, why, is_doubtful: true };
    if bounds.is_empty() {
        return doubtful(Crs::Unknown, Text::new("没有坐标", "there are no coordinates"));
    }
    if within(bounds, &CHINA_DEG) {
        let why = Text::new(
            "坐标在中国的经纬度范围内，按 WGS 84 经纬度读取",
            "the numbers are longitudes and latitudes of China: read as WGS 84 degrees",
        );
        return Guess { crs: Crs::WGS84, why, is_doubtful: false };
    }
    if is_swapped(bounds) {
        let why = Text::new(
            "坐标像是纬度在前、经度在后：请选 WGS 84 经纬度（EPSG:4326）并交换坐标轴",
            "the numbers look like latitude before longitude: choose WGS 84 degrees (EPSG:4326) and exchange the axes",
        );
        return doubtful(Crs::Unknown, why);
    }
    if let Some(zone) = zone_of(bounds) {
        return doubtful(zone_crs(zone), zone_words(zone));
    }
    // Numbers that make sense as they are need no exchange, even where they would make sense the other way round too.
    let is_plain = is_plain_easting(bounds);
    if !is_plain && (zone_of(&swapped(bounds)).is_some() || is_plain_easting(&swapped(bounds))) {
        let why = Text::new(
            "坐标像是高斯平面坐标，但 X（北）在前、Y（东）在后：请选择坐标系并交换坐标轴",
            "the numbers look like Gauss–Krüger metres with the northing first: choose the coordinate system and exchange \
             the axes",
        );
        return doubtful(Crs::Unknown, why);
    }
    if is_plain {
        let why = Text::new(
            "坐标像是不带带号的高斯平面坐标，无法判断中央经线，请选择坐标系",
            "the numbers look like Gauss–Krüger metres without a zone number: the central meridian cannot be told, \
             choose the coordinate system",
        );
        return doubtful(Crs::Unknown, why);
    }
    let [x, y] = bounds.center();
    let why = text!(
        "坐标（约 {x:.0}, {y:.0}）不像经纬度或国家坐标，可能是地方坐标系，请选择",
        "the numbers (about {x:.0}, {y:.0}) are neither degrees nor a national grid, perhaps a local one: choose it"
    );
    doubtful(Crs::Unknown, why)
}

/// Whether the numbers are latitudes and longitudes of the country, in this order.
pub(super) fn is_swapped(bounds: &Bounds) -> bool {
    !within(bounds, &CHINA_DEG) && within(&swapped(bounds), &CHINA_DEG)
}

/// Whether the numbers are those of some national system, in either order of axes.
pub(super) fn is_national(bounds: &Bounds) -> bool {
    let fits = |bounds: &Bounds| within(bounds, &CHINA_DEG) || zone_of(bounds).is_some() || is_plain_easting(bounds);
    !bounds.is_empty() && (fits(bounds) || fits(&swapped(bounds)))
}

fn within(inner: &Bounds, outer: &Bounds) -> bool {
    outer.contains(inner.min) && outer.contains(inner.max)
}

fn swapped(bounds: &Bounds) -> Bounds {
    let [min, max] = [bounds.min, bounds.max].map(|[x, y]| [y, x]);
    Bounds { min, max }
}

fn is_plain_easting(bounds: &Bounds) -> bool {
    [bounds.min, bounds.max].iter().all(|[x, y]| EASTINGS_M.contains(x) && NORTHINGS_M.contains(y))
}

/// The number before the easting, the same for all positions.
fn zone_of(bounds: &Bounds) -> Option<u32> {
    let zone = (bounds.min[0] / ZONE_M).floor();
    let is_zone = (13.0..=23.0).contains(&zone) || (25.0..=45.0).contains(&zone);
    let plain = Bounds {
        min: [bounds.min[0] - zone * ZONE_M, bounds.min[1]],
        max: [bounds.max[0] - zone * ZONE_M, bounds.max[1]],
    };
    (is_zone && is_plain_easting(&plain)).then_some(zone as u32)
}

/// CGCS2000 in this zone: 13 to 23 are six degrees wide, 25 to 45 three.
fn zone_crs(zone: u32) -> Crs {
    Crs::Epsg(if zone < 24 { 4491 + zone - 13 } else { 4513 + zone - 25 })
}

fn zone_words(zone: u32) -> Text {
    let width = if zone < 24 { 6 } else { 3 };
    text!(
        "东坐标以带号 {zone} 开头，按 CGCS2000 {width}度带第 {zone} 带读取；若是 1980 西安或 1954 北京坐标系，请另选",
        "the eastings begin with zone {zone}: read as CGCS2000, {width}-degree zone {zone}; choose another system if \
         it is Xi'an 1980 or Beijing 1954"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_and_zones_are_known_by_their_numbers() {
        check([115.9, 29.6, 116.1, 29.8], Crs::WGS84);
        check([39_401_296.0, 3_284_000.0, 39_402_000.0, 3_285_000.0], Crs::Epsg(4527));
        check([20_401_296.0, 3_284_000.0, 20_402_000.0, 3_285_000.0], Crs::Epsg(4498));
    }

    #[test]
    fn what_the_numbers_do_not_tell_is_not_made_up() {
        check([401_296.0, 3_284_000.0, 402_000.0, 3_285_000.0], Crs::Unknown);
        check([29.6, 115.9, 29.8, 116.1], Crs::Unknown);
        check([3_284_000.0, 39_401_296.0, 3_285_000.0, 39_402_000.0], Crs::Unknown);
        check([0.0, 0.0, 420.0, 297.0], Crs::Unknown);
    }

    #[test]
    fn an_exchange_of_axes_is_proposed_only_where_the_numbers_make_no_sense_as_they_are() {
        let told = |west, south, east, north| guess_crs(&Bounds::new(west, south, east, north)).why.en;
        assert!(told(3_284_000.0, 401_296.0, 3_285_000.0, 402_000.0).contains("exchange"));
        // Both ways round they are metres of a zone.
        assert!(!told(530_800.0, 498_000.0, 531_000.0, 498_100.0).contains("exchange"));
    }

    #[track_caller]
    fn check([west, south, east, north]: [f64; 4], expected: Crs) {
        let guess = guess_crs(&Bounds::new(west, south, east, north));
        assert_eq!(guess.crs, expected, "{}", guess.why.en);
        assert_eq!(guess.is_doubtful, expected != Crs::WGS84);
    }
}
