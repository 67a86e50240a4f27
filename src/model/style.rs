//! How a layer is drawn, as data: rules with filters and scale ranges, symbols, labels.
//!
//! Kinds state a default style; `render` draws it, the legend is made from it. Sizes are logical pixels at 100 %,
//! scales are denominators (`5000` for 1:5,000). Colours come in pairs, for the light and the dark map.

use super::classes::Method;
use super::expr::Expr;
use crate::text::Text;

/// Red, green, blue, alpha; not premultiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgba(pub [u8; 4]);

impl Rgba {
    /// From `0xRRGGBB`, opaque.
    pub const fn hex(rgb: u32) -> Self {
        Self([(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8, 255])
    }

    /// The same colour, seen through: 0 is clear, 1 is solid.
    pub fn with_opacity(self, opacity: f32) -> Self {
        let [red, green, blue, alpha] = self.0;
        Self([red, green, blue, (f32::from(alpha) * opacity.clamp(0.0, 1.0)).round() as u8])
    }

    /// What characters on a ground of this colour are written in: nearly black or white.
    pub fn against(self) -> Self {
        let [red, green, blue, _] = self.0.map(f32::from);
        let is_light = 0.299 * red + 0.587 * green + 0.114 * blue > 150.0;
        Self::hex(if is_light { 0x1F_23_26 } else { 0xFF_FF_FF })
    }
}

/// A colour on the light map and on the dark one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ink {
    /// On the light map and on paper.
    pub light: Rgba,
    /// On the dark map.
    pub dark: Rgba,
}

impl Ink {
    /// From two `0xRRGGBB`.
    pub const fn new(light: u32, dark: u32) -> Self {
        Self { light: Rgba::hex(light), dark: Rgba::hex(dark) }
    }

    /// The one for a map.
    pub fn on(self, dark_map: bool) -> Rgba {
        if dark_map { self.dark } else { self.light }
    }
}

/// Scales at which something is drawn: `least` ≤ denominator < `most`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleRange {
    /// Smallest denominator (closest look).
    pub least: f64,
    /// Largest denominator, not included (farthest look).
    pub most: f64,
}

impl ScaleRange {
    /// At every scale.
    pub const ALL: Self = Self { least: 0.0, most: f64::INFINITY };

    /// From 1:`most` inwards.
    pub const fn closer_than(most: f64) -> Self {
        Self { least: 0.0, most }
    }

    /// From 1:`least` outwards.
    pub const fn farther_than(least: f64) -> Self {
        Self { least, most: f64::INFINITY }
    }

    /// Between the two.
    pub const fn between(least: f64, most: f64) -> Self {
        Self { least, most }
    }

    /// Whether 1:`denominator` is one of them.
    pub fn holds(&self, denominator: f64) -> bool {
        self.least <= denominator && denominator < self.most
    }
}

/// A width or size that may depend on scale, ground and a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Size {
    /// So many pixels at every scale.
    Px(f32),
    /// Pixels at given denominators, ascending, straight in the logarithm between them, constant beyond.
    ByScale(Vec<(f64, f32)>),
    /// True size on the ground, but never under so many pixels (by scale).
    Ground {
        /// Metres on the ground.
        metres: f64,
        /// Least pixels.
        least: Box<Size>,
    },
    /// `base` + field / `per` pixels, where `per` is by scale too; `base` alone where the field is unknown.
    ByField {
        /// Pixels without the field.
        base: Box<Size>,
        /// Field id.
        field: String,
        /// Units of the field for one pixel.
        per: Box<Size>,
    },
    /// From one size to another as a field grows from one value to another, constant beyond; the first size where the
    /// field is unknown.
    Between {
        /// Field id.
        field: String,
        /// The field's values at both ends.
        values: [f64; 2],
        /// Pixels at both ends.
        px: [f32; 2],
    },
    /// So many pixels more than another size: a casing around a road.
    Plus(Box<Size>, f32),
}

/// How a line ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cap {
    /// At the last position.
    #[default]
    Butt,
    /// Round beyond it.
    Round,
}

/// One stroke along a line or a border.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub ink: Ink,
    /// Opacity, 0 to 1.
    pub opacity: f32,
    /// Width.
    pub width: Size,
    /// On, off, on, off … in multiples of one pixel; empty is solid.
    pub dash: Vec<f32>,
    /// Line ends.
    pub cap: Cap,
    /// To the right of the line's direction, on the screen.
    pub offset: Size,
}

impl Stroke {
    /// A solid line.
    pub fn solid(ink: Ink, width: Size) -> Self {
        Self { ink, opacity: 1.0, width, dash: Vec::new(), cap: Cap::Butt, offset: Size::Px(0.0) }
    }

    /// A dashed line.
    pub fn dashed(ink: Ink, width: Size, dash: &[f32]) -> Self {
        Self { dash: dash.to_vec(), ..Self::solid(ink, width) }
    }

    /// The same with round ends.
    pub fn round(self) -> Self {
        Self { cap: Cap::Round, ..self }
    }

    /// The same, moved to the right.
    pub fn offset(self, offset: Size) -> Self {
        Self { offset, ..self }
    }

    /// The same, seen through.
    pub fn opacity(self, opacity: f32) -> Self {
        Self { opacity, ..self }
    }
}

/// Small marks repeated along a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineMark {
    /// A filled triangle in the direction of the line: flow.
    Arrow,
    /// A small cross.
    Cross,
    /// A short bar across the line: a wall, steps.
    Tick,
}

/// One thing drawn for a feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Paint {
    /// The inside of an area.
    Fill {
        /// Colour.
        ink: Ink,
        /// Opacity, 0 to 1.
        opacity: f32,
    },
    /// Lines across the inside of an area, at the same places of the ground wherever the area ends.
    Hatch {
        /// Colour.
        ink: Ink,
        /// Opacity, 0 to 1.
        opacity: f32,
        /// Direction of the lines, counter-clockwise from a line to the east, degrees; they turn with the map.
        angle_deg: f32,
        /// Pixels from one line to the next.
        spacing_px: f32,
        /// Width of a line.
        width: Size,
        /// Whether other lines cross them at right angles.
        crossed: bool,
    },
    /// A line, or the border of an area.
    Stroke(Stroke),
    /// Marks along a line.
    Marks {
        /// Which mark.
        mark: LineMark,
        /// Colour.
        ink: Ink,
        /// Size of one.
        size: Size,
        /// Pixels between two.
        every: f32,
        /// As [`Stroke::offset`].
        offset: Size,
    },
    /// A symbol from `assets/symbols`, on a point, at the middle of a line or inside an area.
    Symbol {
        /// File name without `.svg`.
        id: String,
        /// Height in pixels.
        size: Size,
    },
    /// A plain disc on a point.
    Disc {
        /// Colour inside.
        ink: Ink,
        /// Diameter.
        size: Size,
        /// Ring around it.
        ring: Option<Stroke>,
    },
}

/// What is painted for the features that pass a filter, at some scales.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Legend text; empty keeps the rule out of the legend.
    pub name: Text,
    /// Which features; `None` for all that no earlier rule with the same `pass` and scale took.
    pub filter: Option<Expr>,
    /// At which scales.
    pub scale: ScaleRange,
    /// Painting order inside the layer: every feature's pass 0 comes under every feature's pass 1 (casings under fills).
    pub pass: u8,
    /// What is painted, in order.
    pub paints: Vec<Paint>,
}

impl Rule {
    /// A rule for everything, at every scale, without a legend row.
    pub fn all(paints: Vec<Paint>) -> Self {
        Self { name: Text::default(), filter: None, scale: ScaleRange::ALL, pass: 0, paints }
    }

    /// The same with a legend row.
    pub fn named(self, zh: &'static str, en: &'static str) -> Self {
        Self { name: Text::new(zh, en), ..self }
    }

    /// The same for the features that pass `filter` (an EXPR known when the program was written).
    ///
    /// # Panics
    /// If the filter is not an EXPR; every kind's style is built in a test.
    pub fn when(self, filter: &str) -> Self {
        let filter = Expr::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error:?}"));
        Self { filter: Some(filter), ..self }
    }

    /// The same at some scales.
    pub fn at(self, scale: ScaleRange) -> Self {
        Self { scale, ..self }
    }

    /// The same in a later pass.
    pub fn pass(self, pass: u8) -> Self {
        Self { pass, ..self }
    }
}

/// Where a label stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Beside a point, the first free side.
    Around,
    /// On the point itself, or inside an area at its pole of inaccessibility.
    Inside,
    /// Along a line, character by character.
    Along,
}

/// Text beside a layer's features.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelRule {
    /// What is written: a template of [`crate::model::label`].
    pub template: Text,
    /// Which features.
    pub filter: Option<Expr>,
    /// At which scales.
    pub scale: ScaleRange,
    /// Where.
    pub placement: Placement,
    /// Higher wins a free place.
    pub priority: u8,
    /// Character height.
    pub size: Size,
    /// Colour of the characters.
    pub ink: Ink,
    /// Colour around them.
    pub halo: Ink,
    /// Slanted, as names of water are.
    pub italic: bool,
    /// Medium weight rather than regular.
    pub medium: bool,
    /// Extra room between characters, in character heights.
    pub spacing: f32,
    /// Distance from a line's middle, upwards, in pixels.
    pub offset: f32,
    /// Whether one text is written once a view (a road in many pieces has one name).
    pub once: bool,
}

/// How a layer looks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Style {
    /// Painting rules, in legend order.
    pub rules: Vec<Rule>,
    /// Label rules.
    pub labels: Vec<LabelRule>,
    /// What is made of many points together.
    pub crowd: Crowd,
    /// How the rules were made, if from the values of a field.
    pub classing: Option<Classing>,
}

/// What a layer of points shows of many points together.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Crowd {
    /// Each of them.
    #[default]
    Each,
    /// Discs with the number of the points that lie close together.
    Clusters {
        /// Colour of a disc.
        ink: Ink,
        /// Points nearer than this stand together, pixels.
        radius_px: f32,
        /// From this denominator inwards every point stands alone.
        closer_than: f64,
    },
    /// How dense they lie, as colours.
    Heat {
        /// Id of a [ramp](super::ramp::Ramp).
        ramp: String,
        /// How far a point reaches.
        radius: Size,
        /// Id of a field that counts instead of the points.
        weight: Option<String>,
        /// The density that has the ramp's last colour: points inside a radius, near ones counting more, as QGIS counts
        /// them; `None` for the densest place of the layer at the scale.
        most: Option<f64>,
    },
}

impl Crowd {
    /// Whether points are shown together at 1:`denominator`, not each for itself.
    pub fn gathers(&self, denominator: f64) -> bool {
        match self {
            Self::Each => false,
            Self::Clusters { closer_than, .. } => denominator >= *closer_than,
            Self::Heat { .. } => true,
        }
    }
}

/// How rules were made from the values of a field: so that a style can be taken up again where it was left.
#[derive(Clone, Debug, PartialEq)]
pub enum Classing {
    /// One rule for each value.
    ByValue {
        /// Field id.
        field: String,
        /// Id of the [ramp](super::ramp::Ramp).
        ramp: String,
    },
    /// One rule for each class of a number.
    ByNumber {
        /// Field id.
        field: String,
        /// How the bounds were found.
        method: Method,
        /// How many classes were asked for.
        classes: usize,
        /// Id of the [ramp](super::ramp::Ramp).
        ramp: String,
        /// Whether the ramp runs from its last colour to its first.
        reversed: bool,
    },
}

impl Style {
    /// Rules and labels, every feature for itself.
    pub fn new(rules: Vec<Rule>, labels: Vec<LabelRule>) -> Self {
        Self { rules, labels, ..Self::default() }
    }

    /// Field ids that drawing needs for each feature.
    pub fn fields(&self) -> Vec<String> {
        let mut found = Vec::new();
        for rule in &self.rules {
            if let Some(filter) = &rule.filter {
                filter.fields(&mut found);
            }
            for paint in &rule.paints {
                paint.fields(&mut found);
            }
        }
        if let Crowd::Heat { radius, weight, .. } = &self.crowd {
            radius.fields(&mut found);
            found.extend(weight.clone());
        }
        found.sort();
        found.dedup();
        found
    }

    /// Field ids that labels need for each feature they are written beside.
    pub fn label_fields(&self) -> Vec<String> {
        let mut found = Vec::new();
        for label in &self.labels {
            if let Some(filter) = &label.filter {
                filter.fields(&mut found);
            }
            super::label::fields(&label.template.zh, &mut found);
            super::label::fields(&label.template.en, &mut found);
        }
        found.sort();
        found.dedup();
        found
    }
}

impl Paint {
    /// Adds the ids of the fields that sizes read.
    pub fn fields(&self, found: &mut Vec<String>) {
        match self {
            Self::Fill { .. } => {}
            Self::Hatch { width, .. } => width.fields(found),
            Self::Stroke(stroke) => [&stroke.width, &stroke.offset].into_iter().for_each(|size| size.fields(found)),
            Self::Marks { size, offset, .. } => [size, offset].into_iter().for_each(|size| size.fields(found)),
            Self::Symbol { size, .. } | Self::Disc { size, .. } => size.fields(found),
        }
    }
}

impl Size {
    /// Pixels at 1:`denominator`, where one pixel is `metres_per_px` metres on the ground.
    pub fn px(&self, denominator: f64, metres_per_px: f64, field: &dyn Fn(&str) -> Option<f64>) -> f32 {
        match self {
            Self::Px(px) => *px,
            Self::ByScale(stops) => by_scale(stops, denominator),
            Self::Ground { metres, least } => {
                let true_px = (metres / metres_per_px) as f32;
                true_px.max(least.px(denominator, metres_per_px, field))
            }
            Self::ByField { base, field: name, per } => {
                let base = base.px(denominator, metres_per_px, field);
                let per = per.px(denominator, metres_per_px, field);
                base + field(name).map_or(0.0, |value| value as f32 / per)
            }
            Self::Between { field: name, values, px } => between(*values, *px, field(name)),
            Self::Plus(size, more) => size.px(denominator, metres_per_px, field) + more,
        }
    }

    fn fields(&self, found: &mut Vec<String>) {
        match self {
            Self::Px(_) | Self::ByScale(_) => {}
            Self::Ground { least: size, .. } | Self::Plus(size, _) => size.fields(found),
            Self::Between { field, .. } => found.push(field.clone()),
            Self::ByField { base, field, per } => {
                found.push(field.clone());
                base.fields(found);
                per.fields(found);
            }
        }
    }
}

fn by_scale(stops: &[(f64, f32)], denominator: f64) -> f32 {
    let Some(after) = stops.iter().position(|stop| stop.0 >= denominator) else {
        return stops.last().map_or(0.0, |stop| stop.1);
    };
    if after == 0 {
        return stops[0].1;
    }
    let (near, far) = (stops[after - 1], stops[after]);
    let share = (denominator / near.0).ln() / (far.0 / near.0).ln();
    near.1 + (far.1 - near.1) * share as f32
}

/// The size at a value of [`Size::Between`].
pub fn between([least, most]: [f64; 2], px: [f32; 2], value: Option<f64>) -> f32 {
    let share = value.map_or(0.0, |value| if most == least { 1.0 } else { (value - least) / (most - least) });
    let share = if share.is_finite() { share.clamp(0.0, 1.0) as f32 } else { 0.0 };
    px[0] + (px[1] - px[0]) * share
}
