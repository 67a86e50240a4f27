//! How sewer pipes are drawn: by what they carry, how large they are and how close one looks.

use super::look;
use crate::model::style::{Ink, LabelRule, LineMark, Paint, Placement, Rule, ScaleRange, Size, Style};
use crate::text::Text;

/// What tells the sewer types apart: colour, dash, letters, side of the line on which the text stands.
struct Look {
    filter: &'static str,
    name: Text,
    /// Filter from afar, where small pipes are left out; pipes without a recorded size never are, or a network that
    /// records none would be a blank map.
    far: &'static str,
    /// Legend from afar.
    far_name: Text,
    ink: Ink,
    dash: &'static [f32],
    /// What is written beside a pipe from close by, and what from farther away, where one text does for many pipes of a
    /// street.
    template: &'static str,
    short: &'static str,
    label_offset: f32,
}

static LOOKS: [Look; 4] = [
    Look {
        filter: "sewer_type = 'storm'",
        name: Text::new("雨水 YS", "Storm YS"),
        far: LARGE_OR_UNKNOWN,
        far_name: Text::new("雨水 ≥DN600 或不详", "Storm ≥DN600 or no size"),
        ink: look::STORM,
        dash: &[],
        template: "YS[ {material:code}] DN{diameter_mm}[ {slope_permille:1}‰]",
        short: "YS DN{diameter_mm}",
        label_offset: 9.0,
    },
    Look {
        filter: "sewer_type = 'foul'",
        name: Text::new("污水 WS", "Foul WS"),
        far: LARGE_OR_UNKNOWN,
        far_name: Text::new("污水 ≥DN600 或不详", "Foul ≥DN600 or no size"),
        ink: look::FOUL,
        dash: &[],
        template: "WS[ {material:code}] DN{diameter_mm}[ {slope_permille:1}‰]",
        short: "WS DN{diameter_mm}",
        label_offset: -9.0,
    },
    Look {
        filter: "sewer_type = 'combined'",
        name: Text::new("合流 HS", "Combined HS"),
        far: LARGE_OR_UNKNOWN,
        far_name: Text::new("合流 ≥DN600 或不详", "Combined ≥DN600 or no size"),
        ink: look::COMBINED,
        dash: &[9.0, 4.0],
        template: "HS[ {material:code}] DN{diameter_mm}[ {slope_permille:1}‰]",
        short: "HS DN{diameter_mm}",
        label_offset: 9.0,
    },
    Look {
        filter: "(sewer_type NOT IN ('storm', 'foul', 'combined') OR sewer_type IS NULL)",
        name: Text::new("类型不明", "Unknown"),
        // Models name no type: all of their pipes are of this one.
        far: "",
        far_name: Text::new("类型不明", "Unknown"),
        ink: look::UNKNOWN,
        dash: &[2.5, 3.0],
        template: "[{material:code} ]DN{diameter_mm}[ {slope_permille:1}‰]",
        short: "DN{diameter_mm}",
        label_offset: 9.0,
    },
];
const LARGE_OR_UNKNOWN: &str = " AND (diameter_mm >= 600 OR diameter_mm IS NULL)";
/// One row of the legend says it for all types.
const PRESSURE: Text = Text::new("压力管", "Pressure main");
const GRAVITY: &str = "(is_pressure = FALSE OR is_pressure IS NULL)";
/// Closer than this all pipes are drawn; from here to [`LARGE`] those that carry a quarter of a
/// town: a city seen whole still shows its trunk sewers.
const ALL: ScaleRange = ScaleRange::closer_than(10_000.0);
const LARGE: ScaleRange = ScaleRange::between(ALL.most, 100_000.0);

/// Closer than this a pipe's material and slope are written too.
const ALL_WORDS: f64 = 1_500.0;

/// Colour, dash and letters by what it carries, width by diameter, arrows and text close by.
pub(super) fn style() -> Style {
    let near = LOOKS.iter().flat_map(Look::near);
    let pressure = LOOKS.iter().map(Look::pressure);
    let far = LOOKS.iter().map(Look::far);
    Style::new(near.chain(pressure).chain(far).collect(), LOOKS.iter().flat_map(Look::labels).collect())
}

/// Wider for larger pipes, and the closer the more so.
fn width() -> Size {
    Size::ByField {
        base: Box::new(look::by_scale(&[(2_500.0, 1.5), (8_000.0, 1.2), (15_000.0, 0.5)])),
        field: "diameter_mm".to_owned(),
        per: Box::new(look::by_scale(&[(2_500.0, 420.0), (8_000.0, 600.0), (15_000.0, 800.0)])),
    }
}

/// The same from afar, where a pipe without a recorded size has to be seen too, on the dark map as well.
fn far_width() -> Size {
    Size::ByField {
        base: Box::new(look::by_scale(&[(15_000.0, 0.8), (60_000.0, 0.6)])),
        field: "diameter_mm".to_owned(),
        per: Box::new(look::by_scale(&[(15_000.0, 1_000.0), (60_000.0, 2_500.0)])),
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
        Rule { name: PRESSURE, ..Rule::all(vec![outside, inside]).when(&filter).at(ALL) }
    }

    fn far(&self) -> Rule {
        let filter = format!("{}{}", self.filter, self.far);
        // Without dashes: so thin a line would be dust.
        let line = look::round_line(self.ink, far_width());
        Rule { name: self.far_name.clone(), ..Rule::all(vec![line]).when(&filter).at(LARGE) }
    }

    fn labels(&self) -> [LabelRule; 2] {
        let all = ScaleRange::closer_than(ALL_WORDS);
        [(self.template, all), (self.short, ScaleRange::between(all.most, look::STREET_VIEW.most))].map(
            |(template, scale)| LabelRule {
                filter: look::filter(self.filter),
                scale,
                ink: self.ink,
                offset: self.label_offset,
                ..look::label(template, template, Placement::Along, 30, look::px(10.5))
            },
        )
    }
}
