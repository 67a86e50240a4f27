//! Where a base map lies: WGS 84 degrees, its datum, its plane, its pixels, and back.
//!
//! Tile sets of Chinese web maps are Web Mercator of shifted degrees (GCJ-02, BD-09). No file says so; who adds the base
//! map does, and then the base map is moved, not the data.

use super::plane::Plane;
use crate::geom::crs::{Crs, CrsError};
use crate::geom::transform::{Transform, degrees_from_mercator, mercator_from_degrees};

/// See the module's head.
#[derive(Debug)]
pub struct GroundPlace {
    /// To the datum's degrees and back.
    shift: [Transform; 2],
    native: Native,
    plane: Plane,
}

/// From the datum's degrees to the plane.
#[derive(Debug)]
enum Native {
    Mercator,
    Degrees,
    Projected(Box<[Transform; 2]>),
}

impl GroundPlace {
    /// A base map whose file is in `crs`, in a datum: GCJ-02 and BD-09 shift its degrees, anything else leaves them.
    pub(super) fn new(crs: Crs, datum: Crs, plane: Plane) -> Result<Self, CrsError> {
        let both = |from: Crs, to: Crs| Ok([Transform::new(from, to)?, Transform::new(to, from)?]);
        let shift = if matches!(datum, Crs::Gcj02 | Crs::Bd09) { datum } else { Crs::WGS84 };
        let native = match crs {
            Crs::WEB_MERCATOR => Native::Mercator,
            Crs::WGS84 | Crs::CGCS2000 | Crs::Gcj02 | Crs::Bd09 => Native::Degrees,
            crs => Native::Projected(Box::new(both(Crs::WGS84, crs)?)),
        };
        // Degrees that a file says are shifted are shifted once.
        let shift = if matches!(crs, Crs::Gcj02 | Crs::Bd09) { crs } else { shift };
        Ok(Self { shift: both(Crs::WGS84, shift)?, native, plane })
    }

    /// The pixel at WGS 84 degrees; `None` where the base map's system has no such place.
    pub fn px_from_lonlat(&self, lonlat: [f64; 2]) -> Option<[f64; 2]> {
        let degrees = self.shift[0].point(lonlat).ok()?;
        let at = match &self.native {
            Native::Mercator => mercator_from_degrees(degrees),
            Native::Degrees => degrees,
            Native::Projected(ways) => ways[0].point(degrees).ok()?,
        };
        finite(self.plane.px_from_plane(at))
    }

    /// The WGS 84 degrees of a pixel.
    pub fn lonlat_from_px(&self, px: [f64; 2]) -> Option<[f64; 2]> {
        let at = self.plane.plane_from_px(px);
        let degrees = match &self.native {
            Native::Mercator => degrees_from_mercator(at),
            Native::Degrees => at,
            Native::Projected(ways) => ways[1].point(at).ok()?,
        };
        finite(self.shift[1].point(degrees).ok()?)
    }
}

fn finite(at: [f64; 2]) -> Option<[f64; 2]> {
    at.iter().all(|side| side.is_finite()).then_some(at)
}
