//! Places and sizes as people read and type them: coordinates, lengths, areas, scales.

use crate::geom::crs::Crs;
use crate::geom::gcj;
use crate::geom::measure;
use crate::geom::transform::Transform;
use crate::model::geometry::{Bounds, Geometry};
use crate::text::{Lang, Text};

use super::settings::{CoordinateStyle, Units};

/// Radius of the Web Mercator sphere, metres.
const RADIUS_M: f64 = 6_378_137.0;

/// Metres of a logical pixel on paper or glass: 96 to the inch.
const PX_M: f64 = 0.0254 / 96.0;

/// One mu in square metres.
const MU_M2: f64 = 10_000.0 / 15.0;

/// Longitude and latitude (WGS 84, which CGCS2000 equals to some decimetres, degrees) of a Web Mercator place.
pub fn lonlat_from_world(world: [f64; 2]) -> [f64; 2] {
    let latitude = (world[1] / RADIUS_M).sinh().atan().to_degrees();
    [(world[0] / RADIUS_M).to_degrees(), latitude]
}

/// Web Mercator metres of a longitude and latitude in degrees; latitudes beyond the square world are held at its edge.
pub fn world_from_lonlat(lonlat: [f64; 2]) -> [f64; 2] {
    let latitude = lonlat[1].clamp(-85.051_128_78, 85.051_128_78).to_radians();
    [lonlat[0].to_radians() * RADIUS_M, RADIUS_M * latitude.tan().asinh()]
}

/// A place as the person wants to read it: `115.99079°E 29.72505°N`.
pub fn format_place(world: [f64; 2], style: CoordinateStyle) -> String {
    let lonlat = lonlat_from_world(world);
    match style {
        CoordinateStyle::Degrees => degrees(lonlat),
        CoordinateStyle::Dms => format!("{} {}", dms(lonlat[0], 'E', 'W'), dms(lonlat[1], 'N', 'S')),
        CoordinateStyle::GaussKruger117 => match in_system(lonlat, Crs::Epsg(4548)) {
            Some([east_m, north_m]) => format!("E {east_m:.2}  N {north_m:.2}"),
            None => degrees(lonlat),
        },
        CoordinateStyle::Gcj02 => format!("GCJ-02 {}", degrees(gcj::gcj_from_wgs(lonlat))),
        CoordinateStyle::Bd09 => format!("BD-09 {}", degrees(gcj::bd_from_gcj(gcj::gcj_from_wgs(lonlat)))),
        CoordinateStyle::System(crs) => match in_system(lonlat, crs) {
            Some(at) if crs.is_geographic() => degrees(at),
            Some([east_m, north_m]) => format!("E {east_m:.2}  N {north_m:.2}"),
            None => degrees(lonlat),
        },
    }
}

/// Reads coordinates typed by a person; Web Mercator metres come back.
///
/// Degrees as `115.99, 29.72`, in either order where one number can only be a longitude or a letter says so; degrees,
/// minutes and seconds with signs; metres of zone 117 (EPSG:4548) with or without the zone's prefix.
pub fn parse_place(words: &str) -> Option<[f64; 2]> {
    let plain: String = words.trim().chars().map(half_width).collect();
    let parts = plain.split([',', ';']).flat_map(split_pair).collect::<Vec<_>>();
    let [first, second] = parts.as_slice() else { return None };
    let (first, second) = (Axis::read(first)?, Axis::read(second)?);
    let (lon, lat) = match (first.letter, second.letter) {
        (Some('N' | 'S'), _) | (_, Some('E' | 'W')) => (second.number, first.number),
        (Some(_), _) | (_, Some(_)) => (first.number, second.number),
        (None, None) if first.number.abs() <= 90.0 && second.number.abs() > 90.0 => (second.number, first.number),
        (None, None) => (first.number, second.number),
    };
    if lon.abs() <= 180.0 && lat.abs() <= 90.0 {
        return Some(world_from_lonlat([lon, lat]));
    }
    let east_m = if lon > 39_000_000.0 { lon - 39_000_000.0 } else { lon };
    let in_zone = (200_000.0..800_000.0).contains(&east_m) && (1_000_000.0..6_500_000.0).contains(&lat);
    let transform = Transform::new(Crs::Epsg(4548), Crs::WEB_MERCATOR).ok()?;
    in_zone.then(|| transform.point([east_m, lat]).ok()).flatten()
}

/// Length on the ground of a path in Web Mercator, metres on the ellipsoid.
pub fn length_m(path_world: &[[f64; 2]]) -> f64 {
    measure::path_length_m(path_world.iter().map(|&at| lonlat_from_world(at)))
}

/// How far apart two boxes in Web Mercator lie, metres on the ground; `None` if they meet.
pub fn gap_m(one: &Bounds, other: &Bounds) -> Option<f64> {
    if one.intersects(other) {
        return None;
    }
    let nearest = |axis: usize| {
        let (low, high) = (one.min[axis].max(other.min[axis]), one.max[axis].min(other.max[axis]));
        if low <= high {
            [low; 2]
        } else if one.max[axis] < other.min[axis] {
            [one.max[axis], other.min[axis]]
        } else {
            [one.min[axis], other.max[axis]]
        }
    };
    let ([from_x, to_x], [from_y, to_y]) = (nearest(0), nearest(1));
    Some(length_m(&[[from_x, from_y], [to_x, to_y]]))
}

/// `0.4`, `128`: kilometres of about so many metres.
pub fn about_km(metres: f64) -> String {
    if metres < 10_000.0 { format!("{:.1}", metres / 1000.0) } else { grouped(metres / 1000.0, 0) }
}

/// Area on the ground inside a ring in Web Mercator, square metres on the ellipsoid.
pub fn area_m2(ring_world: &[[f64; 2]]) -> f64 {
    measure::ring_area_m2(ring_world.iter().map(|&at| lonlat_from_world(at))).abs()
}

/// Direction of the last leg of a path in Web Mercator, degrees clockwise from north.
pub fn bearing_deg(path_world: &[[f64; 2]]) -> Option<f64> {
    let [.., from, to] = path_world else { return None };
    Some(measure::bearing_deg(lonlat_from_world(*from), lonlat_from_world(*to)))
}

/// `38.2 m`, `1.35 km`.
pub fn format_length(length_m: f64, _units: Units, _lang: Lang) -> String {
    if length_m < 1000.0 { format!("{length_m:.1} m") } else { format!("{} km", grouped(length_m / 1000.0, 2)) }
}

/// `10,212 m²`, `1.35 km²`, `15.3 亩`.
pub fn format_area(area_m2: f64, units: Units, lang: Lang) -> String {
    match units {
        Units::Metric if area_m2 < 1e6 => format!("{} m²", grouped(area_m2, 0)),
        Units::Metric => format!("{} km²", grouped(area_m2 / 1e6, 3)),
        Units::Mu => format!("{} {}", grouped(area_m2 / MU_M2, 2), lang.pick("亩", "mu")),
    }
}

/// Why a drawn shape cannot be taken: an area whose edge crosses itself has no inside that two people would agree on.
pub fn shape_problem(shape: &Geometry) -> Option<Text> {
    use geo::Validation as _;
    let geo::Geometry::Polygon(area) = shape.to_geo() else { return None };
    (!area.is_valid()).then(|| {
        Text::new(
            "这个面的边线自相交或围不成面，不能保存，请重新画",
            "The edge of this area crosses itself or encloses nothing; it cannot be saved, draw it again",
        )
    })
}

/// A number with commas between thousands: `1,095.58`.
pub fn grouped(number: f64, decimals: usize) -> String {
    let plain = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::new();
    if number < 0.0 {
        out.push('-');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// The scale's denominator where a logical pixel is so many world metres, at a place: 96 pixels an inch, true on the ground.
pub fn denominator(metres_per_px: f64, at_world: [f64; 2]) -> f64 {
    metres_per_px / (at_world[1] / RADIUS_M).cosh() / PX_M
}

/// World metres per logical pixel for a scale at a place; the inverse of [`denominator`].
pub fn metres_per_px(denominator: f64, at_world: [f64; 2]) -> f64 {
    denominator * PX_M * (at_world[1] / RADIUS_M).cosh()
}

/// The scale that shows a box in a window of so many logical pixels.
pub fn metres_per_px_for(bounds: &Bounds, size_px: [f64; 2]) -> f64 {
    let fit = (bounds.width() / size_px[0]).max(bounds.height() / size_px[1]);
    (fit * 1.08).max(0.02)
}

fn degrees([lon, lat]: [f64; 2]) -> String {
    let (east, north) = (if lon < 0.0 { 'W' } else { 'E' }, if lat < 0.0 { 'S' } else { 'N' });
    format!("{:.5}°{east} {:.5}°{north}", lon.abs(), lat.abs())
}

fn dms(degrees: f64, positive: char, negative: char) -> String {
    format_dms(degrees, true, if degrees < 0.0 { negative } else { positive })
}

/// Degrees, minutes and seconds of a longitude or latitude: `115°59′20″E`, with hundredths of a second or without.
pub fn format_dms(degrees: f64, hundredths: bool, side: char) -> String {
    let parts = if hundredths { 100 } else { 1 };
    let all = (degrees.abs() * 3600.0 * parts as f64).round() as u64;
    let (whole, minutes) = (all / (3600 * parts), all / (60 * parts) % 60);
    let seconds = (all % (60 * parts)) as f64 / parts as f64;
    let (width, decimals) = if hundredths { (5, 2) } else { (2, 0) };
    format!("{whole}°{minutes:02}′{seconds:0width$.decimals$}″{side}")
}

fn in_system(lonlat: [f64; 2], crs: Crs) -> Option<[f64; 2]> {
    Transform::new(Crs::CGCS2000, crs).ok()?.point(lonlat).ok()
}

/// Full-width digits, signs and letters as their plain selves.
fn half_width(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
        '\u{3000}' | '、' => ' ',
        '东' => 'E',
        '北' => 'N',
        _ => letter,
    }
}

/// Cuts `115.9°E 29.7°N` or `116 29.7` in two where there is no comma; a sexagesimal number keeps its blanks.
fn split_pair(words: &str) -> Vec<String> {
    let words = words.trim();
    if let Some(end) = words.find(['E', 'W', 'N', 'S', 'e', 'w', 'n', 's']) {
        let (head, tail) = words.split_at(end + 1);
        let rest = tail.trim();
        let parts = if rest.is_empty() { vec![head] } else { vec![head, rest] };
        return parts.into_iter().map(str::to_owned).collect();
    }
    let numbers: Vec<&str> = words.split_whitespace().collect();
    if numbers.len() == 2 { numbers.into_iter().map(str::to_owned).collect() } else { vec![words.to_owned()] }
}

/// One typed coordinate.
struct Axis {
    number: f64,
    letter: Option<char>,
}

impl Axis {
    fn read(words: &str) -> Option<Self> {
        let upper = words.trim().to_ascii_uppercase();
        let letter = upper.chars().find(|it| matches!(it, 'E' | 'W' | 'N' | 'S'));
        let negative = upper.trim_start().starts_with('-') || matches!(letter, Some('W' | 'S'));
        let cleaned: String = upper.chars().map(|it| if it.is_ascii_digit() || it == '.' { it } else { ' ' }).collect();
        let signs = upper.chars().filter(|it| !it.is_ascii_digit() && *it != '.');
        if signs.clone().any(|it| !"-+ EWNS°º度'′’分\"″”秒".contains(it)) {
            return None;
        }
        let parts: Vec<f64> = cleaned.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let number = match parts.as_slice() {
            [whole] => *whole,
            [whole, minutes] if *minutes < 60.0 => whole + minutes / 60.0,
            [whole, minutes, seconds] if *minutes < 60.0 && *seconds < 60.0 => {
                whole + minutes / 60.0 + seconds / 3600.0
            }
            _ => return None,
        };
        Some(Self { number: if negative { -number } else { number }, letter })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_however_they_are_typed() {
        for typed in [
            "115.98, 29.71",
            "29.71,115.98",
            "115.98 29.71",
            "１１５．９８，２９．７１",
            "29.71N 115.98E",
            "115.98°E 29.71°N",
            "115°58′48″E 29°42′36″N",
            "401296.4356, 3288402.3583",
            "39401296.4356 3288402.3583",
        ] {
            check(typed, Some([115.98, 29.71]));
        }
    }

    #[test]
    fn words_and_half_typed_numbers_are_no_place() {
        for typed in ["甘棠湖", "115.98", "1,2,3", "", "WS-YQ-0417", "999,999", "3604 0300"] {
            check(typed, None);
        }
    }

    #[test]
    fn a_place_is_written_in_the_style_asked_for() {
        let world = world_from_lonlat([115.98, 29.71]);
        assert_eq!(format_place(world, CoordinateStyle::Degrees), "115.98000°E 29.71000°N");
        assert_eq!(format_place(world, CoordinateStyle::Dms), "115°58′48.00″E 29°42′36.00″N");
        assert_eq!(format_place(world, CoordinateStyle::GaussKruger117), "E 401296.44  N 3288402.36");
    }

    #[test]
    fn an_area_that_crosses_itself_is_no_area() {
        let square = [[116.0, 29.7], [116.001, 29.7], [116.001, 29.701], [116.0, 29.701]];
        let bow = [square[0], square[2], square[1], square[3]];
        assert_eq!(shape_problem(&Geometry::polygon(&square)), None);
        assert!(shape_problem(&Geometry::polygon(&bow)).is_some());
        assert!(shape_problem(&Geometry::polygon(&[square[0], square[1], square[1]])).is_some());
        assert_eq!(shape_problem(&Geometry::line(&bow)), None, "a path may cross itself");
    }

    #[test]
    fn scale_and_pixel_size_are_inverse() {
        let world = world_from_lonlat([116.0, 29.7]);
        let pixel_m = metres_per_px(2500.0, world);
        assert!((denominator(pixel_m, world) - 2500.0).abs() < 1e-6);
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(1_095.58, 2), "1,095.58");
        assert_eq!(grouped(-8034.0, 0), "-8,034");
        assert_eq!(grouped(999.0, 0), "999");
    }

    #[track_caller]
    fn check(typed: &str, lonlat: Option<[f64; 2]>) {
        match (parse_place(typed).map(lonlat_from_world), lonlat) {
            (Some(found), Some(wanted)) => {
                assert!((0..2).all(|axis| (found[axis] - wanted[axis]).abs() < 1e-6), "{typed}: {found:?}");
            }
            (found, wanted) => assert_eq!(found, wanted, "{typed}"),
        }
    }
}
