//! What a PROJ string says, for the systems that are computed here: degrees and Gauss–Krüger planes, with or without a
//! shift of datum. Whatever else PROJ can say is left to [`proj4rs`].

use super::ellipsoid::{Ellipsoid, Helmert};
use super::krueger::{Gauss, TransverseMercator};

/// A coordinate system that is computed here.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Definition {
    pub(super) ellipsoid: Ellipsoid,
    /// The way to WGS 84. Without one, degrees are taken for those of WGS 84, as PROJ does.
    pub(super) to_wgs84: Option<Helmert>,
    /// Degrees, if there is no plane.
    pub(super) plane: Option<Plane>,
}

/// A plane, and the metres of its unit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plane {
    pub(super) gauss: TransverseMercator,
    pub(super) unit_m: f64,
}

/// The `+key=value` pairs of a PROJ string.
pub(super) struct Words<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Words<'a> {
    /// Splits a PROJ string; a key that stands twice counts where it stands first, as in PROJ.
    pub(super) fn read(words: &'a str) -> Self {
        let pairs = words.split_whitespace().filter_map(|word| {
            let (key, value) = word.strip_prefix('+')?.split_once('=').unwrap_or((&word[1..], ""));
            Some((key, value))
        });
        Self(pairs.collect())
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    /// A finite number, or the usual one if the key is not there; none for a word that is no number.
    pub(super) fn number(&self, key: &str, usual: f64) -> Option<f64> {
        let Some(word) = self.get(key) else { return Some(usual) };
        word.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Numbers with commas between.
    pub(super) fn numbers(&self, key: &str) -> Option<Vec<f64>> {
        self.get(key)?.split(',').map(|word| word.parse().ok().filter(|number: &f64| number.is_finite())).collect()
    }

    fn has_only(&self, keys: &[&str]) -> bool {
        self.0.iter().all(|(key, _)| keys.contains(key))
    }
}

/// Keys that are understood here; a string with any other is not computed here.
const UNDERSTOOD: [&str; 22] = [
    "proj", "lat_0", "lon_0", "k", "k_0", "x_0", "y_0", "zone", "south", "a", "b", "rf", "f", "ellps", "datum",
    "towgs84", "units", "to_meter", "no_defs", "type", "wktext", "approx",
];

impl Definition {
    /// Reads a PROJ string; none for what is not computed here or makes no sense.
    pub(super) fn read(words: &str) -> Option<Self> {
        let words = Words::read(words);
        if !words.has_only(&UNDERSTOOD) {
            return None;
        }
        let (ellipsoid, to_wgs84) = datum(&words)?;
        let given = match words.get("proj")? {
            "longlat" | "latlong" | "lonlat" | "latlon" => return Some(Self { ellipsoid, to_wgs84, plane: None }),
            "tmerc" | "etmerc" => gauss(&words)?,
            "utm" => utm(&words)?,
            _ => return None,
        };
        let plane = Plane { gauss: TransverseMercator::new(ellipsoid, given)?, unit_m: unit_m(&words)? };
        Some(Self { ellipsoid, to_wgs84, plane: Some(plane) })
    }

    /// WGS 84 degrees of a position; none for one that the plane does not have.
    pub(super) fn wgs84_from_place(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        let degrees = match &self.plane {
            Some(plane) => plane.gauss.degrees_from_plane(at.map(|number| number * plane.unit_m))?,
            None => at,
        };
        let Some(shift) = &self.to_wgs84 else { return Some(degrees) };
        let centred = shift.wgs84_from_datum(self.ellipsoid.geocentric(degrees));
        Some(Ellipsoid::WGS84.degrees(centred))
    }

    /// The position of WGS 84 degrees; none beyond the reach of the plane.
    pub(super) fn place_from_wgs84(&self, at: [f64; 2]) -> Option<[f64; 2]> {
        let degrees = match &self.to_wgs84 {
            Some(shift) => {
                let centred = shift.datum_from_wgs84(Ellipsoid::WGS84.geocentric(at));
                self.ellipsoid.degrees(centred)
            }
            None => at,
        };
        match &self.plane {
            Some(plane) => Some(plane.gauss.plane_from_degrees(degrees)?.map(|metres| metres / plane.unit_m)),
            None => Some(degrees),
        }
    }
}

fn datum(words: &Words<'_>) -> Option<(Ellipsoid, Option<Helmert>)> {
    let ellipsoid = match (words.get("datum"), words.get("ellps"), words.get("a")) {
        (Some("WGS84"), None, None) => Ellipsoid::WGS84,
        (None, Some(name), None) => Ellipsoid::named(name)?,
        (None, None, Some(_)) => {
            let a_m = words.number("a", 0.0)?;
            let inverse = match (words.get("b"), words.get("rf"), words.get("f")) {
                (Some(_), None, None) => {
                    let b_m = words.number("b", a_m)?;
                    if a_m == b_m { 0.0 } else { a_m / (a_m - b_m) }
                }
                (None, Some(_), None) => words.number("rf", 0.0)?,
                (None, None, Some(_)) => 1.0 / words.number("f", 0.0)?,
                (None, None, None) => 0.0,
                _ => return None,
            };
            Ellipsoid::new(a_m, inverse)?
        }
        (None, None, None) => Ellipsoid::WGS84,
        _ => return None,
    };
    let shift = match words.get("towgs84") {
        Some(_) => Some(Helmert::from_towgs84(&words.numbers("towgs84")?)?),
        None => None,
    };
    // No shift between two ellipsoids of which one is the other moves nothing by more than a tenth of a millimetre.
    let is_none = shift.is_some_and(|shift| shift.numbers() == [0.0; 7] && ellipsoid.a_m == Ellipsoid::WGS84.a_m);
    Some((ellipsoid, shift.filter(|_| !is_none)))
}

fn gauss(words: &Words<'_>) -> Option<Gauss> {
    let scale = if words.get("k_0").is_some() { words.number("k_0", 1.0) } else { words.number("k", 1.0) };
    Some(Gauss {
        meridian_deg: words.number("lon_0", 0.0)?,
        origin_deg: words.number("lat_0", 0.0)?,
        scale: scale?,
        false_easting_m: words.number("x_0", 0.0)?,
        false_northing_m: words.number("y_0", 0.0)?,
    })
}

fn utm(words: &Words<'_>) -> Option<Gauss> {
    let zone: u8 = words.get("zone")?.parse().ok().filter(|zone| (1..=60).contains(zone))?;
    Some(Gauss {
        meridian_deg: f64::from(zone) * 6.0 - 183.0,
        origin_deg: 0.0,
        scale: 0.9996,
        false_easting_m: 500_000.0,
        false_northing_m: if words.get("south").is_some() { 10_000_000.0 } else { 0.0 },
    })
}

fn unit_m(words: &Words<'_>) -> Option<f64> {
    let usual = match words.get("units") {
        None | Some("m") => 1.0,
        Some("km") => 1000.0,
        Some("mm") => 0.001,
        Some(_) => return None,
    };
    words.number("to_meter", usual).filter(|unit_m| (1e-4..=1e6).contains(unit_m))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_computed_here_is_left_to_others() {
        for words in ["", "+proj=lcc +lat_1=25", "+proj=tmerc +nadgrids=x.gsb", "+proj=tmerc +lon_0=abc", "+proj=utm"] {
            assert_eq!(Definition::read(words), None, "{words}");
        }
    }

    #[test]
    fn a_plane_in_kilometres_is_the_same_plane() {
        let metres = Definition::read("+proj=tmerc +lon_0=117 +k=1 +x_0=500000 +ellps=GRS80").expect("a plane");
        let kilometres = Definition::read("+proj=tmerc +lon_0=117 +k=1 +x_0=500000 +ellps=GRS80 +units=km");
        let [m, km] = [&metres, &kilometres.expect("a plane")].map(|it| it.place_from_wgs84([116.0, 29.7]));
        assert_eq!(m.map(|at| at.map(|number| number / 1000.0)), km);
    }
}
