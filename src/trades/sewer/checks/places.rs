//! Places that are none: coordinates beyond the globe, or no numbers.

use crate::text;

use super::scene::Scene;
use super::{Finding, Found};

/// Whether there is such a place, by longitude and latitude in degrees.
pub(super) fn is_possible([lon, lat]: [f64; 2]) -> bool {
    (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat)
}

/// SW38.
pub(super) fn impossible(scene: &Scene<'_>, found: &mut Found) {
    for (_, pipe) in scene.sewers.pipes() {
        let Some([lon, lat]) = pipe.line.iter().copied().find(|&at| !is_possible(at)) else { continue };
        // It is shown where the line has a place.
        let at = pipe.line.iter().copied().find(|&at| is_possible(at));
        found.add(Finding::new(
            pipe.row,
            at,
            text!(
                "坐标不可能：({lon}, {lat})，重合与相交不再检查",
                "No such place: ({lon}, {lat}); what it lies on or crosses is not checked"
            ),
        ));
    }
    for (_, row) in scene.rows() {
        if let Some([lon, lat]) = row.at.filter(|&at| !is_possible(at)) {
            found.add(Finding::new(
                row.row,
                None,
                text!("坐标不可能：({lon}, {lat})", "No such place: ({lon}, {lat})"),
            ));
        }
    }
}
