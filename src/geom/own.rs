//! Systems of a bureau's own: what EPSG has no number for, and how it is written on one line.
//!
//! A system is a name and a form. The line is what settings, city files and the command line keep:
//!
//! ```text
//! +proj=tmerc +lat_0=0 +lon_0=115.9 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs
//! +base=EPSG:4548 +shift=-380000,-3260000 +turn=12.5 +scale=1.00002
//! +base=EPSG:2384 +position_vector=10,-20,30,1.1,-2.2,3.3,4.4
//! +base=EPSG:4490 +axis=neu
//! ```
//!
//! A [`Crs`] is two words long and copied everywhere, so it names such a system by its place in a list that lives as
//! long as the program. The list only grows and what is in it never changes: changing a system makes another one, and
//! layers keep the one they are in.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use super::crs::{Crs, CrsError};
use super::definition::{Definition, Words};
use super::ellipsoid::{Helmert, RotationSense};
use super::transform::Transform;

/// Most systems that one run of the program learns; a file full of them is no reason to fill the memory.
const MOST: usize = 4096;
/// Longest name and longest line, characters.
const MOST_CHARS: usize = 1000;
/// PROJ's word for axes that point north, east and up.
const NORTH_FIRST: &str = "neu";

static KNOWN: RwLock<Vec<Arc<OwnCrs>>> = RwLock::new(Vec::new());

/// A system of a bureau's own.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnCrs {
    /// What people call it; empty if nobody named it.
    pub name: String,
    /// What it is.
    pub form: OwnForm,
}

/// What such a system is.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnForm {
    /// A PROJ string, `+proj=tmerc …`.
    Proj(String),
    /// A local grid: a projected system moved, turned and scaled (四参数).
    PlaneShift {
        /// The projected system.
        base: Crs,
        /// From the local grid to it.
        shift: PlaneShift,
    },
    /// A system whose datum is shifted by parameters of its own (七参数).
    DatumShift {
        /// The system that gives ellipsoid and projection.
        base: Crs,
        /// From its datum to WGS 84 (for the purposes of a city, CGCS2000).
        shift: Helmert,
    },
    /// A system whose file has the axes exchanged: north or latitude first.
    Swapped {
        /// The system with its axes in the usual order.
        base: Crs,
    },
}

/// Four parameters from a local plane to a projected one: `E = dx + k·(x·cos t − y·sin t)`,
/// `N = dy + k·(x·sin t + y·cos t)`, with x east and y north.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneShift {
    /// Translation to the east and to the north, metres.
    pub shift_m: [f64; 2],
    /// Turn t, counter-clockwise, seconds of arc.
    pub turn_arcsec: f64,
    /// Factor k; 1 changes nothing.
    pub scale: f64,
}

impl PlaneShift {
    /// The projected position of a local one.
    pub fn base_from_local(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [cos, sin] = self.turned();
        [self.shift_m[0] + cos * x - sin * y, self.shift_m[1] + sin * x + cos * y]
    }

    /// The local position of a projected one.
    pub fn local_from_base(&self, [east_m, north_m]: [f64; 2]) -> [f64; 2] {
        let [cos, sin] = self.turned();
        let (east, north) = (east_m - self.shift_m[0], north_m - self.shift_m[1]);
        let square = self.scale * self.scale;
        [(cos * east + sin * north) / square, (cos * north - sin * east) / square]
    }

    fn turned(&self) -> [f64; 2] {
        let (sin, cos) = (self.turn_arcsec / 3600.0).to_radians().sin_cos();
        [self.scale * cos, self.scale * sin]
    }

    fn is_sound(&self) -> bool {
        self.shift_m.iter().all(|shift| shift.abs() <= 1e9)
            && self.turn_arcsec.abs() <= 360.0 * 3600.0
            && (0.5..=2.0).contains(&self.scale)
    }
}

impl OwnCrs {
    /// Takes the system into the list; the same one again is the same [`Crs`].
    ///
    /// # Errors
    /// [`CrsError::NoCrs`] for a form that cannot be computed, and for one more than anybody needs.
    pub fn learn(self) -> Result<Crs, CrsError> {
        let no_crs = || CrsError::NoCrs(self.form.to_string());
        if self.name.chars().count() > MOST_CHARS || !self.form.is_computed() {
            return Err(no_crs());
        }
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        let place = known.iter().position(|each| **each == self);
        if place.is_none() && known.len() == MOST {
            return Err(no_crs());
        }
        let place = place.unwrap_or_else(|| {
            known.push(Arc::new(self));
            known.len() - 1
        });
        Ok(Crs::Own(place as u32))
    }
}

/// The system as a file has it that puts north or latitude first; none for systems of one's own and the unknown one.
pub fn north_first(base: Crs) -> Option<Crs> {
    OwnCrs { name: String::new(), form: OwnForm::Swapped { base } }.learn().ok()
}

/// The system whose axes a file has exchanged, if [`north_first`] made it.
pub fn east_first(crs: Crs) -> Option<Crs> {
    match crs.own()?.form {
        OwnForm::Swapped { base } => Some(base),
        _ => None,
    }
}

/// The system at a place of the list.
pub(super) fn known(place: u32) -> Option<Arc<OwnCrs>> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(place as usize).cloned()
}

impl OwnForm {
    /// Whether positions can be converted: the words make sense, and a base is one that can bear the shift.
    fn is_computed(&self) -> bool {
        match self {
            Self::Proj(words) => {
                words.chars().count() <= MOST_CHARS
                    && words.chars().all(|c| !c.is_control() && c != '"')
                    && Transform::of_proj_string(words)
            }
            Self::PlaneShift { base, shift } => {
                matches!(base, Crs::Epsg(_)) && !base.is_geographic() && shift.is_sound() && Transform::knows(*base)
            }
            Self::DatumShift { base, shift } => {
                Helmert::from_towgs84(&shift.numbers()).is_some() && shifted(*base, shift).is_some()
            }
            Self::Swapped { base } => !matches!(base, Crs::Own(_) | Crs::Unknown) && Transform::knows(*base),
        }
    }

    /// Whether positions are longitude and latitude in degrees.
    pub(super) fn is_geographic(&self) -> bool {
        match self {
            Self::Proj(words) => {
                matches!(Words::read(words).get("proj"), Some("longlat" | "latlong" | "lonlat" | "latlon"))
            }
            // Exchanged degrees are none: what reads degrees would miss their place.
            Self::PlaneShift { .. } | Self::Swapped { .. } => false,
            Self::DatumShift { base, .. } => base.is_geographic(),
        }
    }
}

/// The definition of an EPSG system on a datum of other parameters.
pub(super) fn shifted(base: Crs, shift: &Helmert) -> Option<Definition> {
    let Crs::Epsg(_) = base else { return None };
    Some(Definition { to_wgs84: Some(*shift), ..Definition::read(base.proj_string()?)? })
}

impl fmt::Display for OwnForm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proj(words) => out.write_str(words),
            Self::PlaneShift { base, shift } => {
                let PlaneShift { shift_m: [east, north], turn_arcsec, scale } = shift;
                write!(out, "+base={base} +shift={east},{north} +turn={turn_arcsec} +scale={scale}")
            }
            Self::DatumShift { base, shift } => {
                let key = match shift.sense {
                    RotationSense::PositionVector => "position_vector",
                    RotationSense::CoordinateFrame => "coordinate_frame",
                };
                let numbers = shift.numbers().map(|number| number.to_string()).join(",");
                write!(out, "+base={base} +{key}={numbers}")
            }
            Self::Swapped { base } => write!(out, "+base={base} +axis={NORTH_FIRST}"),
        }
    }
}

impl FromStr for OwnForm {
    type Err = CrsError;

    /// Reads what `Display` writes.
    fn from_str(line: &str) -> Result<Self, CrsError> {
        let no_crs = || CrsError::NoCrs(line.trim().chars().take(MOST_CHARS).collect());
        let words = Words::read(line);
        let form = match words.get("base") {
            Some(base) => {
                let base = Crs::parse(base).map_err(|_| no_crs())?;
                on_base(base, &words).ok_or_else(no_crs)?
            }
            None => Self::Proj(line.split_whitespace().collect::<Vec<_>>().join(" ")),
        };
        if form.is_computed() { Ok(form) } else { Err(no_crs()) }
    }
}

fn on_base(base: Crs, words: &Words<'_>) -> Option<OwnForm> {
    if let Some(shift_m) = words.numbers("shift") {
        let shift_m = shift_m.try_into().ok()?;
        let (turn_arcsec, scale) = (words.number("turn", 0.0)?, words.number("scale", 1.0)?);
        return Some(OwnForm::PlaneShift { base, shift: PlaneShift { shift_m, turn_arcsec, scale } });
    }
    if let Some(axis) = words.get("axis") {
        return (axis == NORTH_FIRST).then_some(OwnForm::Swapped { base });
    }
    let (numbers, sense) = match words.numbers("position_vector") {
        Some(numbers) => (numbers, RotationSense::PositionVector),
        None => (words.numbers("coordinate_frame")?, RotationSense::CoordinateFrame),
    };
    Some(OwnForm::DatumShift { base, shift: Helmert { sense, ..Helmert::from_towgs84(&numbers)? } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINES: [&str; 7] = [
        "+proj=tmerc +lat_0=0 +lon_0=115.9 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs",
        "+proj=lcc +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +x_0=0 +y_0=0 +ellps=krass +units=m +no_defs",
        "+base=EPSG:4548 +shift=380000,3260000.5 +turn=12.5 +scale=1.00002",
        "+base=EPSG:2384 +position_vector=10,-20,30.25,1.1,-2.2,3.3,4.4",
        "+base=EPSG:4214 +coordinate_frame=10,-20,30.25,1.1,-2.2,3.3,4.4",
        "+base=GCJ02 +axis=neu",
        "+base=EPSG:4548 +axis=neu",
    ];

    #[test]
    fn the_line_reads_back_and_the_same_system_is_the_same_crs() {
        for line in LINES {
            let form: OwnForm = line.parse().expect(line);
            assert_eq!(form.to_string(), line);
            let own = OwnCrs { name: "城建坐标系".into(), form };
            let crs = own.clone().learn().expect(line);
            assert_eq!(own.learn(), Ok(crs));
            assert_eq!(crs.is_geographic(), line.contains("4214"));
        }
    }

    #[test]
    fn lines_that_are_no_system_are_refused() {
        for line in [
            "",
            "tmerc",
            "+proj=nothing",
            "+proj=tmerc +lon_0=x",
            "+base=EPSG:4548",
            "+base=EPSG:4490 +shift=1,2",
            "+base=GCJ02 +position_vector=1,2,3",
            "+base=EPSG:4548 +shift=1,2 +scale=0",
            "+base=EPSG:4548 +shift=NaN,2",
            "+base=EPSG:2384 +position_vector=1,2,3,4",
            "+base=EPSG:4548 +axis=enu",
            "+base=UNKNOWN +axis=neu",
        ] {
            assert!(line.parse::<OwnForm>().is_err(), "{line}");
        }
    }

    #[test]
    fn every_form_goes_there_and_back() {
        for line in LINES {
            let crs = OwnCrs { name: String::new(), form: line.parse().expect(line) }.learn().expect(line);
            let [there, back] = [(Crs::WGS84, crs), (crs, Crs::WGS84)].map(|(a, b)| Transform::new(a, b).expect(line));
            let place = there.point([116.0, 29.7]).expect(line);
            let again = back.point(place).expect(line);
            assert!((again[0] - 116.0).hypot(again[1] - 29.7) < 1e-7, "{line}: {again:?}");
        }
    }

    proptest! {
        /// A tenth of a millimetre, whatever the grid.
        #[test]
        fn a_local_grid_comes_back(x in -1e5..1e5, y in -1e5..1e5, turn in -6e5..6e5, scale in 0.9..1.1, east in -4e7..4e7) {
            let shift = PlaneShift { shift_m: [east, 3e6], turn_arcsec: turn, scale };
            let again = shift.local_from_base(shift.base_from_local([x, y]));
            prop_assert!((again[0] - x).hypot(again[1] - y) < 1e-4, "{again:?}");
        }

        #[test]
        fn any_line_is_read_or_refused(line in "(\\+[a-z0-9_]{1,9}(=[-a-zA-Z0-9:.,]{0,12})? ?){0,6}") {
            let _ = line.parse::<OwnForm>();
        }
    }
}
