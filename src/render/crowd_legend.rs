//! What a legend says of points that are shown together: the one source for the layer tree and the printed sheet.

use crate::model::ramp::{RAMPS, Ramp, ramp};
use crate::model::style::{Crowd, Ink};
use crate::text::Text;

/// The sign of points that are shown together.
#[derive(Clone, Debug)]
pub enum CrowdSign {
    /// A density: colours, and what stands at both ends of them.
    Ramp {
        /// The colours.
        ramp: &'static Ramp,
        /// Words at the first and at the last.
        ends: [Text; 2],
    },
    /// Several features: a disc with [`CrowdSign::NUMBER`] in it.
    Disc {
        /// Its colour.
        ink: Ink,
        /// What the number in it says.
        name: Text,
    },
}

impl CrowdSign {
    /// What stands in a disc of a legend.
    pub const NUMBER: &'static str = "n";

    /// The sign of a crowd; `None` where every feature stands for itself.
    pub fn of(crowd: &Crowd) -> Option<Self> {
        match crowd {
            Crowd::Each => None,
            Crowd::Clusters { ink, .. } => Some(Self::Disc { ink: *ink, name: Text::new("n 个要素", "n features") }),
            Crowd::Heat { ramp: id, most, .. } => {
                // What the last colour stands for by itself follows the scale: it has no number.
                let ends = match most.filter(|most| *most > 0.0) {
                    Some(most) => [Text::same("0"), Text::same(format!("≥ {most}"))],
                    None => [Text::new("少", "Few"), Text::new("多", "Many")],
                };
                Some(Self::Ramp { ramp: ramp(id).unwrap_or(&RAMPS[0]), ends })
            }
        }
    }
}
