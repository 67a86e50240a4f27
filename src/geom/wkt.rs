//! Which system a file's description means: well-known text of both generations (OGC 01-009, Esri's `.prj`, ISO 19162),
//! PROJJSON, a PROJ string, or a bare name.
//!
//! A number of EPSG is believed if nothing else in the text speaks against it; then the datum and the parameters of the
//! projection decide, since every program writes the names its own way. What EPSG has no number for becomes a system of
//! its own.

use super::catalogue::{self, Family, Projection};
use super::crs::{Crs, CrsError};
use super::definition::Definition;
use super::ellipsoid::{Ellipsoid, Helmert};
use super::own::{OwnCrs, OwnForm};
use super::wkt_facts::{Facts, Kind};

/// How a description was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognition {
    /// It names the system by its code.
    Code,
    /// It names the system, as Esri, QGIS or people do.
    Name,
    /// Datum and projection are those of a system of the list.
    Parameters,
    /// EPSG has no such system: the description itself is the definition.
    Definition,
}

/// The system that a description means.
///
/// # Errors
/// [`CrsError::NoCrs`] with the name that stands in it.
pub fn crs_from_wkt(text: &str) -> Result<Crs, CrsError> {
    recognise(text).map(|(crs, _)| crs)
}

/// The system that a description means, and how that is known.
///
/// # Errors
/// [`CrsError::NoCrs`] with the name that stands in it.
pub fn recognise(text: &str) -> Result<(Crs, Recognition), CrsError> {
    let text = text.trim_start_matches('\u{feff}').trim().trim_end_matches('\0').trim_end();
    let Some(facts) = Facts::read(text) else { return bare(text) };
    let no_crs = || CrsError::NoCrs(shortened(&facts.name));
    if let Some(line) = &facts.own_line {
        let own = OwnCrs { name: facts.name.clone(), form: line.parse()? };
        return Ok((own.learn()?, Recognition::Definition));
    }
    if let Some(shifted) = shifted_degrees(&facts.name) {
        return Ok((shifted, Recognition::Name));
    }
    let by_code = facts.code.map(Crs::Epsg).filter(|crs| crs.proj_string().is_some());
    if let Some(crs) = by_code.filter(|crs| !facts.speak_against(*crs)) {
        return Ok((crs, Recognition::Code));
    }
    if facts.is_web_mercator() {
        return Ok((Crs::WEB_MERCATOR, Recognition::Name));
    }
    if let Some(crs) = by_parameters(&facts) {
        return Ok((crs, Recognition::Parameters));
    }
    let form = OwnForm::Proj(facts.proj_string().or_else(|| facts.proj_extension.clone()).ok_or_else(no_crs)?);
    let own = OwnCrs { name: shortened(&facts.name), form }.learn().map_err(|_| no_crs())?;
    Ok((own, Recognition::Definition))
}

/// What is neither brackets nor braces: a code, a PROJ string, or a name that has lost its definition.
fn bare(text: &str) -> Result<(Crs, Recognition), CrsError> {
    if text.starts_with('+') {
        return Crs::parse(text).map(|crs| (crs, Recognition::Definition));
    }
    let by_code = || Crs::parse(text).ok().filter(|crs| *crs != Crs::Unknown).map(|crs| (crs, Recognition::Code));
    let by_name = || (text.len() < 200).then(|| by_name(text)).flatten().map(|crs| (crs, Recognition::Name));
    by_name().or_else(by_code).ok_or_else(|| CrsError::NoCrs(shortened(text)))
}

/// Letters and digits alone, in small letters: what is left of a name when programs have had their way with it.
pub(super) fn squeezed(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn shortened(text: &str) -> String {
    text.chars().take(120).collect()
}

/// `CGCS2000_3_Degree_GK_CM_117E`, `Xian_1980_GK_Zone_20`, `CGCS2000 / 3-degree Gauss-Kruger zone 39`, and the degrees
/// of a datum.
fn by_name(name: &str) -> Option<Crs> {
    if let Some(shifted) = shifted_degrees(name) {
        return Some(shifted);
    }
    let squeezed = squeezed(name);
    let (family, rest) = family_at_start(&squeezed)?;
    if rest.is_empty() {
        return Some(degrees_of(family));
    }
    let (width, rest) = match rest.strip_prefix("3degree") {
        Some(rest) => (3, rest),
        None => (6, rest.strip_prefix("6degree").unwrap_or(rest)),
    };
    if let Some(zone) = rest.strip_prefix("utmzone") {
        let (number, south) = (zone.trim_end_matches(['n', 's']).parse::<u32>().ok()?, zone.ends_with('s'));
        let code = number + if south { 32_700 } else { 32_600 };
        return Some(Crs::Epsg(code)).filter(|_| family == Family::Wgs84 && (1..=60).contains(&number));
    }
    let rest = ["gausskruger", "gausskrueger", "gk"].iter().find_map(|word| rest.strip_prefix(word))?;
    let number = |digits: &str| digits.trim_end_matches('e').parse::<f64>().ok();
    let (meridian, has_prefix) = match (rest.strip_prefix("zone"), rest.strip_prefix("cm")) {
        (Some(zone), _) => (if width == 3 { number(zone)? * 3.0 } else { number(zone)? * 6.0 - 3.0 }, true),
        (None, Some(meridian)) => (number(meridian)?, false),
        (None, None) => return None,
    };
    catalogue::gauss_kruger(family, width, meridian, has_prefix)
}

fn shifted_degrees(name: &str) -> Option<Crs> {
    let squeezed = squeezed(name);
    if squeezed.contains("gcj02") {
        return Some(Crs::Gcj02);
    }
    squeezed.contains("bd09").then_some(Crs::Bd09)
}

fn family_at_start(squeezed: &str) -> Option<(Family, &str)> {
    const NAMES: [(&str, Family); 11] = [
        ("gcschinageodeticcoordinatesystem2000", Family::Cgcs2000),
        ("chinageodeticcoordinatesystem2000", Family::Cgcs2000),
        ("cgcs2000", Family::Cgcs2000),
        ("gcsxian1980", Family::Xian1980),
        ("xian1980", Family::Xian1980),
        ("gcsbeijing1954", Family::Beijing1954),
        ("beijing1954", Family::Beijing1954),
        ("gcsnewbeijing", Family::NewBeijing),
        ("newbeijing", Family::NewBeijing),
        ("gcswgs1984", Family::Wgs84),
        ("wgs1984", Family::Wgs84),
    ];
    let found = NAMES.iter().find_map(|(name, family)| Some((*family, squeezed.strip_prefix(name)?)));
    found.or_else(|| Some((Family::Wgs84, squeezed.strip_prefix("wgs84")?)))
}

/// The family that a datum or its system is named after.
pub(super) fn family_of_datum(names: &[&str], on: Option<Ellipsoid>) -> Option<Family> {
    let squeezed: String = names.iter().map(|name| squeezed(name)).collect::<Vec<_>>().join(" ");
    let has = |word: &str| squeezed.contains(word);
    let family = if has("cgcs2000") || has("china2000") || has("chinageodetic") || has("国家大地") {
        Family::Cgcs2000
    } else if has("xian1980") || has("xian80") || has("西安") {
        Family::Xian1980
    } else if has("newbeijing") {
        Family::NewBeijing
    } else if has("beijing1954") || has("beijing54") || has("北京") {
        Family::Beijing1954
    } else if has("wgs1984") || has("wgs84") || has("worldgeodeticsystem1984") {
        Family::Wgs84
    } else {
        // Nothing else sits on the ellipsoid of 1975.
        return on.filter(|on| on.a_m == 6_378_140.0).map(|_| Family::Xian1980);
    };
    let usual = Definition::read(degrees_of(family).proj_string()?)?.ellipsoid;
    let same = |on: Ellipsoid| (on.a_m - usual.a_m).abs() < 0.5 && (on.f - usual.f).abs() < 1e-7;
    on.is_none_or(same).then_some(family)
}

/// The longitude and latitude of a family.
fn degrees_of(family: Family) -> Crs {
    match family {
        Family::Cgcs2000 => Crs::CGCS2000,
        Family::Xian1980 => Crs::Epsg(4610),
        Family::Beijing1954 => Crs::Epsg(4214),
        Family::NewBeijing => Crs::Epsg(4555),
        Family::Wgs84 | Family::Shifted => Crs::WGS84,
    }
}

/// The system of the list with the datum, meridian, scale and false coordinates that the text gives.
fn by_parameters(facts: &Facts) -> Option<Crs> {
    let family = facts.family()?;
    let degrees = degrees_of(family);
    let base = match facts.kind {
        Kind::Degrees => degrees,
        Kind::Plane => zone_of(facts, family)?,
        Kind::Other => return None,
    };
    let Some(shift) = facts.shift_other_than(degrees) else { return Some(base) };
    let name = facts.name.clone();
    OwnCrs { name, form: OwnForm::DatumShift { base, shift } }.learn().ok()
}

fn zone_of(facts: &Facts, family: Family) -> Option<Crs> {
    let (given, unit_m) = facts.gauss()?;
    if given.origin_deg != 0.0 || unit_m != 1.0 {
        return None;
    }
    let near = |a: f64, b: f64, within: f64| (a - b).abs() <= within;
    let fits = |entry: &&catalogue::Entry| {
        let Some(zone) = entry.zone.filter(|_| entry.family == family) else { return false };
        let prefix_m = if zone.has_prefix { f64::from(zone.number) * 1e6 } else { 0.0 };
        let scale = if zone.projection == Projection::Utm { 0.9996 } else { 1.0 };
        let south = zone.projection == Projection::Utm && entry.code().is_some_and(|code| code > 32_700);
        near(zone.meridian_deg, given.meridian_deg, 1e-7)
            && near(given.scale, scale, 1e-9)
            && near(given.false_easting_m, prefix_m + 500_000.0, 1e-3)
            && near(given.false_northing_m, if south { 1e7 } else { 0.0 }, 1e-3)
    };
    let found: Vec<_> = catalogue::entries().iter().filter(fits).collect();
    // Without a zone before the easting the planes of 3 and of 6 degrees are one; the name tells which is meant.
    let name = squeezed(&facts.name);
    let says_six = ["gkcm", "gausskrugercm"].iter().any(|word| name.contains(word)) && !name.contains("3degree");
    let wanted = if says_six { 6 } else { 3 };
    let best = found.iter().find(|entry| entry.zone.is_some_and(|zone| zone.width_deg == wanted));
    best.or(found.first()).map(|entry| entry.crs)
}

impl Facts {
    /// The family that the text names.
    fn family(&self) -> Option<Family> {
        if self.meridian_of_zero_deg != 0.0 {
            return None;
        }
        family_of_datum(&[&self.datum, &self.degrees_name], self.ellipsoid)
    }

    /// A shift of datum that EPSG's definition of the same degrees does not have. No shift at all is none.
    fn shift_other_than(&self, degrees: Crs) -> Option<Helmert> {
        let shift = self.to_wgs84.filter(|shift| shift.numbers() != [0.0; 7])?;
        let usual = degrees.proj_string().and_then(Definition::read).and_then(|usual| usual.to_wgs84);
        (usual != Some(shift)).then_some(shift)
    }

    /// Whether the parameters are not those of the code: somebody changed the definition and left the number.
    fn speak_against(&self, crs: Crs) -> bool {
        if self.shift_other_than(crs).is_some() {
            return true;
        }
        let Some(usual) = crs.proj_string().and_then(Definition::read) else { return false };
        let Some((given, unit_m)) = self.gauss() else { return false };
        let Some(plane) = &usual.plane else { return true };
        let theirs = plane.gauss.given;
        let differs = |a: f64, b: f64, by: f64| (a - b).abs() > by;
        differs(given.meridian_deg, theirs.meridian_deg, 1e-6)
            || differs(given.origin_deg, theirs.origin_deg, 1e-6)
            || differs(given.scale, theirs.scale, 1e-8)
            || differs(given.false_easting_m, theirs.false_easting_m, 0.01)
            || differs(given.false_northing_m, theirs.false_northing_m, 0.01)
            || differs(unit_m, plane.unit_m, 1e-9)
    }
}

#[cfg(test)]
#[path = "wkt_tests.rs"]
mod tests;
