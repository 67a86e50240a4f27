//! The way from one coordinate reference system to another, point by point, by way of WGS 84 degrees.
//!
//! CGCS2000 and WGS 84 are one system here: they differ by some decimetres, and no public parameters say how.

use std::fmt;

use proj4rs::Proj;

use super::crs::{Crs, CrsError};
use super::definition::{Definition, Words};
use super::gcj;
use super::own::{self, OwnForm, PlaneShift};

/// Radius of the sphere of Web Mercator, metres.
const MERCATOR_RADIUS_M: f64 = 6_378_137.0;
/// Web Mercator has no poles: latitudes beyond are moved to here, so that shapes around a pole can be drawn.
const MERCATOR_MAX_LAT_DEG: f64 = 89.99;

/// A conversion between two systems, made once and used for many points.
pub struct Transform {
    from: Side,
    to: Side,
    is_identity: bool,
}

/// How one system's positions become WGS 84 degrees and back.
enum Side {
    Degrees,
    WebMercator,
    Gcj02,
    Bd09,
    /// Computed here.
    Defined(Crs, Box<Definition>),
    /// A local grid on a projected system.
    Local(Crs, PlaneShift, Box<Side>),
    /// With the axes exchanged.
    Swapped(Crs, Box<Side>),
    /// Computed by `proj4rs`: projections that no city of the bureau is in.
    Proj(Box<Projected>),
    Unknown,
}

struct Projected {
    crs: Crs,
    proj: Proj,
    wgs84: Proj,
}

impl fmt::Debug for Transform {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Transform({} to {})", self.from.crs(), self.to.crs())
    }
}

impl Transform {
    /// The conversion of positions in `from` to positions in `to`. An unknown CRS converts to itself only.
    ///
    /// # Errors
    /// [`CrsError::Unsupported`] for a CRS that has no definition or no projection here.
    pub fn new(from: Crs, to: Crs) -> Result<Self, CrsError> {
        if from == to {
            return Ok(Self { from: Side::Unknown, to: Side::Unknown, is_identity: true });
        }
        let (from, to) = (Side::new(from)?, Side::new(to)?);
        let is_identity = matches!((&from, &to), (Side::Degrees, Side::Degrees));
        Ok(Self { from, to, is_identity })
    }

    /// Whether positions of a CRS can be converted.
    pub fn knows(crs: Crs) -> bool {
        Side::new(crs).is_ok()
    }

    /// Whether positions of what a PROJ string says can be converted.
    pub(super) fn of_proj_string(words: &str) -> bool {
        Side::of_proj_string(Crs::Unknown, words).is_some()
    }

    /// Whether points come back as they are.
    pub fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// One position, converted.
    ///
    /// # Errors
    /// [`CrsError::OutOfRange`] for a position that either system does not have.
    pub fn point(&self, at: [f64; 2]) -> Result<[f64; 2], CrsError> {
        if self.is_identity {
            return Ok(at);
        }
        self.to.place_of_degrees(self.from.to_degrees(at)?)
    }
}

/// Web Mercator metres from WGS 84 degrees, without looking at the range: for points known to be on the map.
pub fn mercator_from_degrees([lon, lat]: [f64; 2]) -> [f64; 2] {
    let lat_rad = lat.clamp(-MERCATOR_MAX_LAT_DEG, MERCATOR_MAX_LAT_DEG).to_radians();
    [lon.to_radians() * MERCATOR_RADIUS_M, lat_rad.tan().asinh() * MERCATOR_RADIUS_M]
}

/// WGS 84 degrees from Web Mercator metres.
pub fn degrees_from_mercator([x, y]: [f64; 2]) -> [f64; 2] {
    [(x / MERCATOR_RADIUS_M).to_degrees(), (y / MERCATOR_RADIUS_M).sinh().atan().to_degrees()]
}

impl Side {
    fn new(crs: Crs) -> Result<Self, CrsError> {
        let unsupported = || CrsError::Unsupported(crs);
        Ok(match crs {
            Crs::WGS84 | Crs::CGCS2000 => Self::Degrees,
            Crs::WEB_MERCATOR => Self::WebMercator,
            Crs::Gcj02 => Self::Gcj02,
            Crs::Bd09 => Self::Bd09,
            Crs::Unknown => return Err(unsupported()),
            Crs::Epsg(_) => {
                let words = crs.proj_string().ok_or_else(unsupported)?;
                Self::of_proj_string(crs, words).ok_or_else(unsupported)?
            }
            Crs::Own(_) => {
                let own = crs.own().ok_or_else(unsupported)?;
                match &own.form {
                    OwnForm::Proj(words) => Self::of_proj_string(crs, words).ok_or_else(unsupported)?,
                    OwnForm::PlaneShift { base, shift } => Self::Local(crs, *shift, Box::new(Self::new(*base)?)),
                    OwnForm::DatumShift { base, shift } => {
                        let definition = own::shifted(*base, shift).ok_or_else(unsupported)?;
                        Self::Defined(crs, Box::new(definition))
                    }
                    OwnForm::Swapped { base } => Self::Swapped(crs, Box::new(Self::new(*base)?)),
                }
            }
        })
    }

    fn of_proj_string(crs: Crs, words: &str) -> Option<Self> {
        if let Some(definition) = Definition::read(words) {
            return Some(Self::Defined(crs, Box::new(definition)));
        }
        // Degrees are counted from Greenwich here, and are degrees.
        let meridian = Words::read(words).get("pm").unwrap_or("greenwich");
        if !matches!(meridian, "greenwich" | "0") {
            return None;
        }
        let proj = Proj::from_proj_string(words).ok()?;
        let wgs84 = Proj::from_proj_string("+proj=longlat +datum=WGS84 +no_defs").ok()?;
        let is_both_ways = !proj.is_geocent() && proj.has_inverse() && proj.has_forward();
        is_both_ways.then(|| Self::Proj(Box::new(Projected { crs, proj, wgs84 })))
    }

    fn crs(&self) -> Crs {
        match self {
            Self::Degrees => Crs::WGS84,
            Self::WebMercator => Crs::WEB_MERCATOR,
            Self::Gcj02 => Crs::Gcj02,
            Self::Bd09 => Crs::Bd09,
            Self::Defined(crs, _) | Self::Local(crs, ..) | Self::Swapped(crs, _) => *crs,
            Self::Proj(projected) => projected.crs,
            Self::Unknown => Crs::Unknown,
        }
    }

    fn to_degrees(&self, at: [f64; 2]) -> Result<[f64; 2], CrsError> {
        match self {
            Self::Degrees | Self::Unknown => checked_degrees(at, self.crs()),
            Self::WebMercator => checked_degrees(degrees_from_mercator(at), Crs::WEB_MERCATOR),
            Self::Gcj02 => checked_degrees(at, Crs::Gcj02).map(gcj::wgs_from_gcj),
            Self::Bd09 => checked_degrees(at, Crs::Bd09).map(|at| gcj::wgs_from_gcj(gcj::gcj_from_bd(at))),
            Self::Defined(crs, definition) => {
                let known = if definition.plane.is_none() { checked_degrees(at, *crs)? } else { at };
                let found = definition.wgs84_from_place(known).filter(|[lon, lat]| lon.is_finite() && lat.is_finite());
                found.ok_or(CrsError::OutOfRange { at, crs: *crs })
            }
            Self::Local(crs, shift, base) => {
                base.to_degrees(shift.base_from_local(at)).map_err(|_| CrsError::OutOfRange { at, crs: *crs })
            }
            Self::Swapped(crs, base) => {
                base.to_degrees([at[1], at[0]]).map_err(|_| CrsError::OutOfRange { at, crs: *crs })
            }
            Self::Proj(projected) => projected.to_degrees(at),
        }
    }

    fn place_of_degrees(&self, at: [f64; 2]) -> Result<[f64; 2], CrsError> {
        match self {
            Self::Degrees | Self::Unknown => Ok(at),
            Self::WebMercator => Ok(mercator_from_degrees(at)),
            Self::Gcj02 => Ok(gcj::gcj_from_wgs(at)),
            Self::Bd09 => Ok(gcj::bd_from_gcj(gcj::gcj_from_wgs(at))),
            Self::Defined(crs, definition) => {
                definition.place_from_wgs84(at).ok_or(CrsError::OutOfRange { at, crs: *crs })
            }
            Self::Local(_, shift, base) => base.place_of_degrees(at).map(|place| shift.local_from_base(place)),
            Self::Swapped(_, base) => base.place_of_degrees(at).map(|[x, y]| [y, x]),
            Self::Proj(projected) => projected.place_of_degrees(at),
        }
    }
}

impl Projected {
    fn to_degrees(&self, at: [f64; 2]) -> Result<[f64; 2], CrsError> {
        let start = if self.proj.is_latlong() { [at[0].to_radians(), at[1].to_radians()] } else { at };
        let [lon, lat] = self.convert(&self.proj, &self.wgs84, start, at)?;
        checked_degrees([lon.to_degrees(), lat.to_degrees()], self.crs)
    }

    fn place_of_degrees(&self, at: [f64; 2]) -> Result<[f64; 2], CrsError> {
        let radians = [at[0].to_radians(), at[1].to_radians()];
        let found = self.convert(&self.wgs84, &self.proj, radians, at)?;
        Ok(if self.proj.is_latlong() { [found[0].to_degrees(), found[1].to_degrees()] } else { found })
    }

    fn convert(&self, from: &Proj, to: &Proj, start: [f64; 2], at: [f64; 2]) -> Result<[f64; 2], CrsError> {
        let mut point = (start[0], start[1], 0.0);
        let done = proj4rs::transform::transform(from, to, &mut point);
        let is_place = done.is_ok() && point.0.is_finite() && point.1.is_finite();
        if is_place { Ok([point.0, point.1]) } else { Err(CrsError::OutOfRange { at, crs: self.crs }) }
    }
}

/// Degrees that can be meant: a pole at most, and not more than once around.
fn checked_degrees(at: [f64; 2], crs: Crs) -> Result<[f64; 2], CrsError> {
    let is_place = at[0].abs() <= 540.0 && at[1].abs() <= 90.0;
    if is_place { Ok(at) } else { Err(CrsError::OutOfRange { at, crs }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projected_coordinates_are_those_of_proj() {
        // Each plane with its like of another number: the same metres behind the number of the zone.
        let planes = [(4548, 0.0), (4527, 39e6), (4509, 0.0), (4498, 20e6)];
        at_places(
            &planes,
            [
                [401_296.435_6, 3_288_402.358_3],
                [349_914.845_0, 3_282_320.518_2],
                [261_304.878_1, 3_215_071.868_7],
                [422_601.594_1, 3_290_451.825_8],
                [461_366.692_8, 3_309_095.462_4],
                [354_828.744_5, 3_287_800.072_1],
            ],
        );
        at_places(
            &[(4547, 0.0), (4526, 38e6)],
            [
                [691_615.395_4, 3_289_608.215_3],
                [640_401.141_9, 3_282_195.069_3],
                [553_576.356_4, 3_212_719.192_2],
                [712_868.850_2, 3_292_211.176_3],
                [751_159.138_3, 3_311_870.163_9],
                [645_171.255_5, 3_287_800.072_1],
            ],
        );
        // No public parameters: latitude and longitude are kept, only the ellipsoid is another.
        at_places(
            &[(2384, 0.0), (2363, 39e6)],
            [
                [401_296.389_1, 3_288_403.890_6],
                [349_914.774_3, 3_282_322.047_7],
                [261_304.765_7, 3_215_073.366_8],
                [422_601.557_7, 3_290_453.359_1],
                [461_366.674_6, 3_309_097.004_4],
                [354_828.676_1, 3_287_801.604_2],
            ],
        );
        at_places(
            &[(3857, 0.0)],
            [
                [12_910_834.542_2, 3_466_327.248_7],
                [12_851_835.212_1, 3_458_639.477_0],
                [12_751_647.670_4, 3_379_464.917_1],
                [12_935_324.830_2, 3_468_890.859_8],
                [12_979_852.626_5, 3_490_702.241_3],
                [12_857_401.186_6, 3_465_045.634_7],
            ],
        );
    }

    #[test]
    fn every_zone_goes_there_and_back() {
        for code in (4491..=4554).chain([3857, 4610, 4214, 2436, 32650]) {
            let (there, back) = both_ways(Crs::WGS84, Crs::Epsg(code));
            let at = [116.0, 29.7];
            // A datum shift loses the height that it makes: a few millimetres.
            let tolerance_deg = if matches!(code, 4214 | 2436) { 1e-7 } else { 1e-10 };
            let plane = there.point(at).expect("in reach");
            let again = back.point(plane).expect("the way back");
            assert!((again[0] - at[0]).hypot(again[1] - at[1]) < tolerance_deg, "{code}: {again:?}");
        }
    }

    #[test]
    fn feet_are_feet() {
        // New York Long Island, US survey feet: by PROJ.
        let (there, _) = both_ways(Crs::WGS84, Crs::Epsg(2263));
        let [x, y] = there.point([-73.985_7, 40.748_4]).expect("in reach");
        assert!((x - 988_212.24).abs() < 1.0 && (y - 211_939.28).abs() < 1.0, "{x} {y}");
    }

    #[test]
    fn exchanged_axes_are_put_right() {
        let (there, back) = both_ways(Crs::WGS84, own::north_first(Crs::Epsg(4548)).expect("a system"));
        let (plain, _) = both_ways(Crs::WGS84, Crs::Epsg(4548));
        let at = [116.0, 29.7];
        let [x, y] = plain.point(at).expect("in reach");
        assert_eq!(there.point(at), Ok([y, x]));
        let again = back.point([y, x]).expect("in reach");
        assert!((again[0] - at[0]).hypot(again[1] - at[1]) < 1e-10, "{again:?}");
    }

    #[test]
    fn cgcs2000_is_wgs84_and_shifted_maps_are_not() {
        assert!(Transform::new(Crs::CGCS2000, Crs::WGS84).expect("known").is_identity());
        let (there, back) = both_ways(Crs::CGCS2000, Crs::Bd09);
        let shifted = there.point([115.98, 29.71]).expect("in range");
        assert!((shifted[0] - 115.991_609_300).hypot(shifted[1] - 29.713_059_458) < 1e-9);
        let again = back.point(shifted).expect("in range");
        assert!((again[0] - 115.98).hypot(again[1] - 29.71) < 1e-11);
    }

    #[test]
    fn places_that_are_none_are_refused() {
        let (there, back) = both_ways(Crs::WGS84, Crs::WEB_MERCATOR);
        for at in [[401_296.0, 3_288_402.0], [f64::NAN, 0.0], [0.0, f64::INFINITY], [116.0, -90.1]] {
            assert!(there.point(at).is_err(), "{at:?}");
        }
        assert!(back.point([f64::NAN, 0.0]).is_err());
        assert!(there.point([116.0, 90.0]).expect("a pole").iter().all(|n| n.is_finite()));
        assert!(Transform::new(Crs::Unknown, Crs::WGS84).is_err());
        assert!(Transform::new(Crs::Epsg(4479), Crs::WGS84).is_err());
        // Grads from Paris.
        assert!(Transform::new(Crs::Epsg(4807), Crs::WGS84).is_err());
        assert!(Transform::new(Crs::Unknown, Crs::Unknown).is_ok());
    }

    fn both_ways(one: Crs, other: Crs) -> (Transform, Transform) {
        (Transform::new(one, other).expect("known"), Transform::new(other, one).expect("known"))
    }

    /// Six places in and around Jiujiang, in planes that differ by what stands before the easting.
    #[track_caller]
    fn at_places(planes: &[(u32, f64)], metres: [[f64; 2]; 6]) {
        const PLACES: [[f64; 2]; 6] =
            [[115.98, 29.71], [115.45, 29.65], [114.55, 29.03], [116.20, 29.73], [116.60, 29.90], [115.50, 29.70]];
        for (code, before_m) in planes {
            for (degrees, [east_m, north_m]) in PLACES.into_iter().zip(metres) {
                check(*code, degrees, [east_m + before_m, north_m]);
            }
        }
    }

    /// Within a tenth of a millimetre, both ways.
    #[track_caller]
    fn check(code: u32, degrees: [f64; 2], metres: [f64; 2]) {
        let (there, back) = both_ways(Crs::WGS84, Crs::Epsg(code));
        let found = there.point(degrees).expect("in range");
        assert!((found[0] - metres[0]).hypot(found[1] - metres[1]) < 1e-4, "{code}: {found:?}");
        let again = back.point(found).expect("in range");
        assert!((again[0] - degrees[0]).hypot(again[1] - degrees[1]) < 1e-10, "{code}: {again:?}");
    }
}
