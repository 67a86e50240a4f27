//! Units of a SWMM model: those of its flow decide whether lengths are feet or metres.

use super::inp::{Inp, Section};
use crate::task::Task;

/// A unit of flow, as SWMM spells it, with litres per second in it and whether the model is in US units then.
const FLOWS: &[(&str, f64, bool)] = &[
    ("CFS", 28.316_846_592, true),
    ("GPM", 0.063_090_196_4, true),
    ("MGD", 43.812_636_388_9, true),
    ("CMS", 1000.0, false),
    ("LPS", 1.0, false),
    ("MLD", 11.574_074_074_074_074, false),
];

/// Metres in a foot (international).
const FOOT_M: f64 = 0.3048;
/// Hectares in an acre.
const ACRE_HA: f64 = 0.404_685_642_24;

/// The units of one model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Units {
    /// The unit of flow, as SWMM spells it.
    pub flow: &'static str,
    /// Litres per second in it.
    pub flow_l_s: f64,
    /// Whether lengths are feet, diameters too, areas acres.
    pub is_us: bool,
}

impl Units {
    /// By the word of SWMM in any case.
    pub fn named(word: &str) -> Option<Self> {
        let found = FLOWS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(word));
        found.map(|&(flow, flow_l_s, is_us)| Self { flow, flow_l_s, is_us })
    }

    /// Those of a model's text.
    pub fn of_model(text: &[u8]) -> Self {
        let Ok(inp) = Inp::read(text, None, &Task::silent()) else { return Self::default() };
        let options = inp.lines.iter().filter(|line| line.section == Section::Options);
        let mut words = options.map(|line| inp.words(*line));
        let found = words.find(|words| words.first().is_some_and(|word| word.eq_ignore_ascii_case("FLOW_UNITS")));
        found.and_then(|words| Self::named(words.get(1)?)).unwrap_or_default()
    }

    /// The words for them, as the command line takes them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FLOWS.iter().map(|(name, ..)| *name)
    }

    /// Metres in a unit of length.
    pub fn length_m(self) -> f64 {
        if self.is_us { FOOT_M } else { 1.0 }
    }

    /// Millimetres in a unit of rainfall depth.
    pub(super) fn rain_mm(self) -> f64 {
        if self.is_us { 25.4 } else { 1.0 }
    }

    /// Hectares in a unit of subcatchment area.
    pub(super) fn area_ha(self) -> f64 {
        if self.is_us { ACRE_HA } else { 1.0 }
    }
}

/// What SWMM takes where a file names none.
impl Default for Units {
    fn default() -> Self {
        Self { flow: "CFS", flow_l_s: 28.316_846_592, is_us: true }
    }
}
