//! How sewer pipes are drawn: by what they carry, how large they are and how close one looks.

use super::look;
use crate::model::style::{Ink, LabelRule, LineMark, Paint, Placement, Rule, ScaleRange, Size, Style};
use crate::text::Text;

/// What tells the sewer types apart: colour, dash, letters, side of the line on which the text stands.
struct Look {
    filter: &'static str,
    name: Text,
    /// Legend of the pressure mains; empty but once, because one row says it for all.
    pressure_name: Text,
    ink: Ink,
    dash: &'static [f32],
    template: &'static str,
    label_offset: f32,
}

static LOOKS: [Look; 4] = [
    Look {
        filter: "sewer_type = 'storm'",
        name: Text::new("雨水 YS", "Storm YS"),
        pressure_name: Text::new("", ""),
        ink: look::STORM,
        dash: &[],
        template: "YS[ {material:code}] DN{diameter_mm}[ {slope_permille:1}‰]",
        label_offset: 9.0,
    },
    Look {
        filter: "sewer_type = 'foul'",
        name: Text::new("污水 WS", "Foul WS"),
        pressure_name: Text::new("压力管", "Pressure main"),
        ink: look::FOUL,
        dash: &[],
        template: "WS[ {material:code}] DN{diameter_mm}[ {slope_permille:1}‰]",
        label_offset: -9.0,
    },
    Look {
        filter: "sewer_type = 'combined'",
        name: Text::new("合流 HS", "Combined HS"),
        pressure_name: Text::new("", ""),
        ink: look::COMBINED,
        dash: &[9.0, 4.0],
        template: "HS[ {material:code}] DN{diameter_mm}[ {slope_permille:1}‰]",
        label_offset: 9.0,
    },
    Look {
        filter: "(sewer_type NOT IN ('storm', 'foul', 'combined') OR sewer_type IS NULL)",
        name: Text::new("类型不明", "Unknown"),
        pressure_name: Text::new("", ""),
        ink: look::UNKNOWN,
        dash: &[2.5, 3.0],
        template: "[{material:code} ]DN{diameter_mm}[ {slope_permille:1}‰]",
        label_offset: 9.0,
    },
];
const GRAVITY: &str = "(is_pressure = FALSE OR is_pressure IS NULL)";
/// Closer than this all pipes are drawn; from here to [`LARGE`] those that carry a quarter of a town.
const ALL: ScaleRange = ScaleRange::closer_than(10_000.0);
const LARGE: ScaleRange = ScaleRange::between(ALL.most, 25_000.0);

/// Colour, dash and letters by what it carries, width by diameter, arrows and text close by.
pub(super) fn style() -> Style {
    let near = LOOKS.iter().flat_map(Look::near);
    let pressure = LOOKS.iter().map(Look::pressure);
    let far = LOOKS.iter().map(Look::far);
    Style::new(near.chain(pressure).chain(far).collect(), LOOKS.iter().map(Look::label).collect())
}

/// Wider for larger pipes, and the closer the more so.
fn width() -> Size {
    Size::ByField {
        base: Box::new(look::by_scale(&[(2_500.0, 1.5), (8_000.0, 1.2), (15_000.0, 0.5)])),
        field: "diameter_mm".to_owned(),
        per: Box::new(look::by_scale(&[(2_500.0, 420.0), (8_000.0, 600.0), (15_000.0, 800.0)])),
    }
}

impl Look {
    fn stroke(&self) -> Paint {
        if self.dash.is_empty() {
            look::round_line(self.ink, width())
        } else {
            look::dashes(self.ink, width(), self.dash)
        }
    }

    fn near(&self) -> [Rule; 2] {
        let filter = format!("{} AND {GRAVITY}", self.filter);
        let pipe = Rule::all(vec![self.stroke()]).when(&filter).at(ALL);
        [Rule { name: self.name.clone(), ..pipe }, self.arrows()]
    }

    /// Which way the water flows; over all pipes.
    fn arrows(&self) -> Rule {
        let size = look::by_scale(&[(1_000.0, 9.2), (2_500.0, 8.0), (4_000.0, 6.5)]);
        let arrows = look::marks(LineMark::Arrow, self.ink, size, 64.0);
        Rule::all(vec![arrows]).when(self.filter).at(ScaleRange::closer_than(4_000.0)).pass(2)
    }

    /// Two lines with the ground between them.
    fn pressure(&self) -> Rule {
        let outside = look::line(self.ink, Size::Plus(Box::new(width()), 2.4));
        let inside = look::line(look::LAND, width());
        let filter = format!("{} AND is_pressure = TRUE", self.filter);
        Rule { name: self.pressure_name.clone(), ..Rule::all(vec![outside, inside]).when(&filter).at(ALL) }
    }

    fn far(&self) -> Rule {
        let filter = format!("{} AND diameter_mm >= 600", self.filter);
        Rule::all(vec![self.stroke()]).when(&filter).at(LARGE)
    }

    fn label(&self) -> LabelRule {
        LabelRule {
            filter: look::filter(self.filter),
            scale: look::STREET_VIEW,
            ink: self.ink,
            offset: self.label_offset,
            ..look::label(self.template, self.template, Placement::Along, 30, look::px(10.5))
        }
    }
}
