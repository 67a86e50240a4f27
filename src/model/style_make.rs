//! Makes rules from values: one colour, a colour for each value, classes of a number, size by value.

use super::classes::closed;
use super::expr::{Comparison, Expr};
use super::geometry::GeometryKind;
use super::ramp::{Ramp, RampKind};
use super::schema::Field;
use super::style::{Ink, Paint, Rule, ScaleRange, Size, Stroke, Style};
use super::value::{FieldType, Value};
use crate::text::Text;

/// Features that no class takes.
const REST: Ink = Ink::new(0x6B_72_80, 0x9A_A3_AE);

/// Rings around discs.
const RING: Ink = Ink::new(0xFF_FF_FF, 0x14_17_1A);

/// A tint that lets the ground through says too little about a class: colours of classes are at least so solid.
const CLASS_OPACITY: f32 = 0.8;

/// One colour for all features; nothing for rows without a place.
pub fn single(geometry: Option<GeometryKind>, ink: Ink) -> Style {
    let fill = || Paint::Fill { ink, opacity: 0.18 };
    let stroke = || Paint::Stroke(Stroke::solid(ink, Size::ByScale(vec![(2_500.0, 1.8), (50_000.0, 0.9)])));
    let disc = || disc(ink, Size::ByScale(vec![(2_500.0, 8.0), (50_000.0, 3.0)]));
    let paints = match geometry {
        Some(GeometryKind::Point | GeometryKind::MultiPoint) => vec![disc()],
        Some(GeometryKind::LineString | GeometryKind::MultiLineString) => vec![stroke()],
        Some(GeometryKind::Polygon | GeometryKind::MultiPolygon) => vec![fill(), stroke()],
        Some(GeometryKind::Collection) => vec![fill(), stroke(), disc()],
        None => Vec::new(),
    };
    Style::new(vec![Rule::all(paints)], Vec::new())
}

/// What classes of a layer can be painted with: the paints of its first rule that shows the whole of a feature, over those
/// that lie under them for the same features (a casing), or those of [`single`].
pub fn base(style: &Style, geometry: Option<GeometryKind>) -> Vec<Paint> {
    let Some(chief) = base_rule(style, geometry) else {
        return single(geometry, REST).rules.pop().map(|rule| rule.paints).unwrap_or_default();
    };
    let is_under = |other: &&Rule| {
        let goes_with = other.filter == chief.filter && other.scale == chief.scale;
        other.name.zh.is_empty() && other.pass < chief.pass && goes_with
    };
    let under = style.rules.iter().filter(is_under);
    under.chain([chief]).flat_map(|rule| rule.paints.iter().cloned()).collect()
}

/// The first rule that shows the whole of a feature: one with a name, if there is any, since what has none goes with
/// another rule.
fn base_rule(style: &Style, geometry: Option<GeometryKind>) -> Option<&Rule> {
    let is_area = geometry.and_then(GeometryKind::dimension) == Some(2);
    let shows = |paints: &[Paint]| main_ink(paints).is_some() && (has_inside(paints) || !is_area);
    let mut whole = style.rules.iter().filter(|rule| shows(&rule.paints));
    whole.clone().find(|rule| !rule.name.zh.is_empty()).or_else(|| whole.next())
}

/// Rules that take the place of those of `style`: seen at every scale at which the layer was, and painted in the pass of
/// the rule that gave their paints.
pub fn in_place_of(style: &Style, geometry: Option<GeometryKind>, rules: Vec<Rule>) -> Vec<Rule> {
    let (scale, pass) = (whole_scale(style), base_rule(style, geometry).map_or(0, |rule| rule.pass));
    rules.into_iter().map(|rule| rule.at(scale).pass(pass)).collect()
}

/// From the closest to the farthest look at which a layer is painted.
pub fn whole_scale(style: &Style) -> ScaleRange {
    let both = |left: ScaleRange, right: ScaleRange| ScaleRange {
        least: left.least.min(right.least),
        most: left.most.max(right.most),
    };
    style.rules.iter().map(|rule| rule.scale).reduce(both).unwrap_or(ScaleRange::ALL)
}

/// Whether a paint can be seen on a geometry.
pub fn fits(paint: &Paint, geometry: Option<GeometryKind>) -> bool {
    let dimension = geometry.and_then(GeometryKind::dimension);
    match paint {
        Paint::Fill { .. } | Paint::Hatch { .. } => !matches!(dimension, Some(0 | 1)),
        Paint::Stroke(_) | Paint::Marks { .. } => dimension != Some(0),
        Paint::Disc { .. } => !matches!(dimension, Some(1 | 2)),
        Paint::Symbol { .. } => true,
    }
}

/// The colours of `n` classes that are painted with `base`, without the steps of a ramp that can hardly be told from the
/// ground: of thin lines and small discs more are left out than of an inside.
pub fn class_inks(base: &[Paint], ramp: &Ramp, n: usize, reversed: bool) -> Vec<Ink> {
    match ramp.kind {
        RampKind::Sequential => ramp.inks_on_land(n, reversed, !has_inside(base)),
        _ => ramp.inks(n, reversed),
    }
}

fn has_inside(paints: &[Paint]) -> bool {
    paints.iter().any(|paint| matches!(paint, Paint::Fill { .. } | Paint::Hatch { .. }))
}

/// One rule for each value, named as a person reads it, and one for all others. `values` come with how often each is
/// there; the colours are those of `ramp` in the same order.
pub fn categorised(base: &[Paint], field: &Field, values: &[(Value, u64)], ramp: &Ramp) -> Vec<Rule> {
    let base = solid(base);
    let mut rules: Vec<Rule> = Vec::with_capacity(values.len() + 1);
    for ((value, _), ink) in values.iter().zip(class_inks(&base, ramp, values.len(), false)) {
        let mut name = value_name(field, value);
        // A row of the legend stands for its name: two values that read alike are told apart by what is stored.
        if rules.iter().any(|rule| rule.name == name) {
            name = Text::owned(format!("{} ({value})", name.zh), format!("{} ({value})", name.en));
        }
        let filter = Expr::Compare { field: field.id.to_string(), comparison: Comparison::Equal, value: value.clone() };
        rules.push(Rule { name, filter: Some(filter), ..Rule::all(recolored(&base, ink)) });
    }
    let rest = Rule::all(recolored(&base, REST));
    rules.push(rest.named("其他", "Other"));
    rules
}

/// One rule for each class between two of the ascending `bounds`, which holds its lower bound; the last one holds its
/// upper bound too. An infinite outer bound makes an open class. Features without a number are left to [`no_data`].
pub fn graduated(base: &[Paint], field: &Field, bounds: &[f64], inks: &[Ink]) -> Vec<Rule> {
    let base = solid(base);
    classes(field, bounds).zip(inks).map(|(rule, &ink)| Rule { paints: recolored(&base, ink), ..rule }).collect()
}

/// A grey rule for the features without a value of the field, which no class takes; `base` are the paints of the classes.
pub fn no_data(base: &[Paint], field: &Field) -> Rule {
    let rule = Rule::all(recolored(&solid(base), REST)).named("无数据", "No data");
    Rule { filter: Some(Expr::IsNull { field: field.id.to_string() }), ..rule }
}

/// Whether a rule is a [`no_data`] one.
pub fn is_no_data(rule: &Rule) -> bool {
    matches!(rule.filter, Some(Expr::IsNull { .. }))
}

/// The same with sizes instead of colours: from `px[0]` in the first class to `px[1]` in the last.
pub fn graduated_sizes(base: &[Paint], field: &Field, bounds: &[f64], px: [f32; 2]) -> Vec<Rule> {
    let last = bounds.len().saturating_sub(2).max(1) as f32;
    let size = |class: usize| Size::Px(px[0] + (px[1] - px[0]) * class as f32 / last);
    let rules = classes(field, bounds).enumerate();
    rules.map(|(class, rule)| Rule { paints: resized(base, &size(class)), ..rule }).collect()
}

/// The same paints, larger with a field: so many pixels at its least and at its most value.
pub fn by_value_size(base: &[Paint], field: &Field, values: [f64; 2], px: [f32; 2]) -> Vec<Paint> {
    resized(base, &Size::Between { field: field.id.to_string(), values, px })
}

/// The colour that a person would name for these paints: that of the inside, of the disc, of the line.
pub fn main_ink(paints: &[Paint]) -> Option<Ink> {
    let inside = paints.iter().find_map(|paint| match paint {
        Paint::Fill { ink, .. } | Paint::Hatch { ink, .. } => Some(*ink),
        _ => None,
    });
    let disc = || paints.iter().find_map(|paint| if let Paint::Disc { ink, .. } = paint { Some(*ink) } else { None });
    let line = || {
        // The last of several lines lies on top: those under it are its casing.
        paints.iter().rev().find_map(|paint| if let Paint::Stroke(stroke) = paint { Some(stroke.ink) } else { None })
    };
    let marks = || paints.iter().find_map(|paint| if let Paint::Marks { ink, .. } = paint { Some(*ink) } else { None });
    inside.or_else(disc).or_else(line).or_else(marks)
}

/// The same paints with another main colour. A symbol has colours of its own; where there is nothing else a disc of its
/// size takes its place.
pub fn recolored(paints: &[Paint], ink: Ink) -> Vec<Paint> {
    let Some(old) = main_ink(paints) else {
        let plain = |paint: &Paint| match paint {
            Paint::Symbol { size, .. } => disc(ink, size.clone()),
            other => other.clone(),
        };
        return paints.iter().map(plain).collect();
    };
    let new = |other: Ink| if other == old { ink } else { other };
    let recolored = |paint: &Paint| {
        let mut paint = paint.clone();
        match &mut paint {
            Paint::Fill { ink, .. } | Paint::Hatch { ink, .. } | Paint::Marks { ink, .. } => *ink = new(*ink),
            Paint::Stroke(stroke) => stroke.ink = new(stroke.ink),
            Paint::Disc { ink, ring, .. } => {
                *ink = new(*ink);
                ring.iter_mut().for_each(|ring| ring.ink = new(ring.ink));
            }
            Paint::Symbol { .. } => {}
        }
        paint
    };
    paints.iter().map(recolored).collect()
}

fn disc(ink: Ink, size: Size) -> Paint {
    Paint::Disc { ink, size, ring: Some(Stroke::solid(RING, Size::Px(1.0))) }
}

fn solid(base: &[Paint]) -> Vec<Paint> {
    let solid = |paint: &Paint| match paint {
        Paint::Fill { ink, opacity } if *opacity < 0.5 => Paint::Fill { ink: *ink, opacity: CLASS_OPACITY },
        other => other.clone(),
    };
    base.iter().map(solid).collect()
}

/// Discs, symbols and marks of another size; lines of another width where there is nothing else.
fn resized(base: &[Paint], size: &Size) -> Vec<Paint> {
    let has_places = base.iter().any(|paint| matches!(paint, Paint::Disc { .. } | Paint::Symbol { .. }));
    let last_line = base.iter().rposition(|paint| matches!(paint, Paint::Stroke(_)));
    let resized = |(at, paint): (usize, &Paint)| {
        let mut paint = paint.clone();
        match &mut paint {
            Paint::Disc { size: old, .. } | Paint::Symbol { size: old, .. } => old.clone_from(size),
            Paint::Stroke(stroke) if !has_places => {
                // A casing stays as much wider as it was.
                let wider = match &stroke.width {
                    Size::Plus(_, more) => *more,
                    _ => 2.0,
                };
                let is_top = Some(at) == last_line;
                stroke.width = if is_top { size.clone() } else { Size::Plus(Box::new(size.clone()), wider) };
            }
            _ => {}
        }
        paint
    };
    base.iter().enumerate().map(resized).collect()
}

/// A rule without paints for each class.
fn classes<'a>(field: &'a Field, bounds: &'a [f64]) -> impl Iterator<Item = Rule> + 'a {
    let (decimals, last) = (decimals_of(&closed(bounds)), bounds.len().saturating_sub(2));
    bounds.windows(2).enumerate().map(move |(class, pair)| {
        let compare = |comparison, bound: f64| {
            let value = bound_value(field, bound);
            bound.is_finite().then(|| Expr::Compare { field: field.id.to_string(), comparison, value })
        };
        let upper = if class == last { Comparison::AtMost } else { Comparison::Less };
        let filter = match (compare(Comparison::AtLeast, pair[0]), compare(upper, pair[1])) {
            (Some(low), Some(high)) => Some(Expr::And(low.into(), high.into())),
            (low, high) => low.or(high),
        };
        let name = Text::same(class_name([pair[0], pair[1]], class == last, decimals, &field.unit));
        Rule { name, filter, ..Rule::all(Vec::new()) }
    })
}

/// Says which bounds a class holds: `200 – <400`, the last one `400 – 600`, open ones `<200` and `≥600`.
fn class_name([least, most]: [f64; 2], is_last: bool, decimals: usize, unit: &str) -> String {
    let space = if unit.is_empty() { "" } else { " " };
    if least.is_infinite() {
        return format!("<{most:.decimals$}{space}{unit}");
    }
    if most.is_infinite() {
        return format!("≥{least:.decimals$}{space}{unit}");
    }
    if least == most {
        return format!("{least:.decimals$}{space}{unit}");
    }
    let less = if is_last { "" } else { "<" };
    format!("{least:.decimals$} – {less}{most:.decimals$}{space}{unit}")
}

fn bound_value(field: &Field, bound: f64) -> Value {
    let is_whole = bound.fract() == 0.0 && bound.abs() < 9e15;
    if field.field_type == FieldType::Int && is_whole { Value::Int(bound as i64) } else { Value::Real(bound) }
}

/// As many decimals as it takes to tell the bounds apart by a tenth of the narrowest class, and none that say nothing.
pub fn decimals_of(bounds: &[f64]) -> usize {
    let narrowest = bounds.windows(2).map(|pair| pair[1] - pair[0]).filter(|width| *width > 0.0);
    let narrowest = narrowest.fold(f64::INFINITY, f64::min);
    let mut decimals =
        if narrowest.is_finite() { (1.0 - narrowest.log10().floor()).clamp(0.0, 9.0) as usize } else { 9 };
    let shown = |decimals: usize| bounds.iter().map(move |bound| format!("{bound:.decimals$}").parse::<f64>());
    while decimals > 0 && shown(decimals).eq(shown(decimals - 1)) {
        decimals -= 1;
    }
    decimals
}

fn value_name(field: &Field, value: &Value) -> Text {
    use crate::text::Lang;
    let words = [Lang::Zh, Lang::En].map(|lang| field.display(value, lang));
    if words.iter().any(|words| words.trim().is_empty()) {
        return Text::new("（空白）", "(blank)");
    }
    let unit = if value.as_f64().is_some() && !field.unit.is_empty() && field.codes.is_empty() {
        format!(" {}", field.unit)
    } else {
        String::new()
    };
    let [zh, en] = words.map(|words| words + &unit);
    Text::owned(zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ramp::ramp;

    fn diameter() -> Field {
        Field::int("diameter_mm", "管径", "Diameter").unit("mm")
    }

    fn line() -> Vec<Paint> {
        single(Some(GeometryKind::LineString), REST).rules[0].paints.clone()
    }

    #[test]
    fn classes_take_their_lower_bound_and_the_last_one_its_upper_too() {
        let inks = ramp("blues").expect("in the list").inks(3, false);
        let rules = graduated(&line(), &diameter(), &[200.0, 400.0, 750.5, 1500.0], &inks);
        let said: Vec<String> = rules.iter().map(|rule| rule.filter.as_ref().expect("a filter").to_string()).collect();
        let expected = [
            "diameter_mm >= 200 AND diameter_mm < 400",
            "diameter_mm >= 400 AND diameter_mm < 750.5",
            "diameter_mm >= 750.5 AND diameter_mm <= 1500",
        ];
        assert_eq!(said, expected);
        let names: Vec<&str> = rules.iter().map(|rule| &*rule.name.zh).collect();
        assert_eq!(names, ["200 – <400 mm", "400 – <750 mm", "750 – 1500 mm"]);
        assert_eq!(rules.iter().filter_map(|rule| main_ink(&rule.paints)).collect::<Vec<_>>(), inks);
    }

    #[test]
    fn features_without_a_value_are_grey_and_no_class() {
        let rule = no_data(&line(), &diameter());
        assert_eq!(rule.filter.as_ref().map(ToString::to_string).as_deref(), Some("diameter_mm IS NULL"));
        assert!(is_no_data(&rule) && main_ink(&rule.paints) == Some(REST));
        let bounds = [200.0, 400.0, 800.0];
        let inks = ramp("blues").expect("in the list").inks(2, false);
        assert!(!graduated(&line(), &diameter(), &bounds, &inks).iter().any(is_no_data));
    }

    #[test]
    fn numbers_beyond_the_bounds_have_open_classes() {
        use crate::model::classes::reaching;
        let bounds = reaching(&[-5.0, 100.0, 900.0], &[0.0, 300.0, 600.0]);
        let rules = graduated_sizes(&line(), &diameter(), &bounds, [1.0, 4.0]);
        let said: Vec<String> = rules.iter().map(|rule| rule.filter.as_ref().expect("a filter").to_string()).collect();
        let expected = [
            "diameter_mm < 0",
            "diameter_mm >= 0 AND diameter_mm < 300",
            "diameter_mm >= 300 AND diameter_mm < 600",
            "diameter_mm >= 600",
        ];
        assert_eq!(said, expected);
        let names: Vec<&str> = rules.iter().map(|rule| &*rule.name.zh).collect();
        assert_eq!(names, ["<0 mm", "0 – <300 mm", "300 – <600 mm", "≥600 mm"]);
        assert_eq!(reaching(&[0.0, 600.0], &bounds), [0.0, 300.0, 600.0]);
    }

    #[test]
    fn bounds_are_rounded_but_never_to_the_same_words() {
        assert_eq!(decimals_of(&[0.0, 1000.0, 3000.0]), 0);
        assert_eq!(decimals_of(&[0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0]), 2);
        assert_eq!(decimals_of(&[10.0, 10.001, 10.002]), 3);
        assert_eq!(decimals_of(&[29.687_123_4, 29.7, 31.0]), 3);
        assert_eq!(decimals_of(&[5.0, 5.0]), 0);
    }

    #[test]
    fn values_are_named_as_people_read_them_and_the_rest_has_a_row() {
        let field = Field::coded("state", "状态", "State", &[("ok", "正常", "Fine"), ("bad", "损坏", "Broken")]);
        let values = [(Value::from("ok"), 9), (Value::from("bad"), 2), (Value::from(""), 1)];
        let rules = categorised(&line(), &field, &values, ramp("okabe").expect("in the list"));
        let names: Vec<&str> = rules.iter().map(|rule| &*rule.name.zh).collect();
        assert_eq!(names, ["正常", "损坏", "（空白）", "其他"]);
        assert_eq!(rules[1].filter.as_ref().map(ToString::to_string).as_deref(), Some("state = 'bad'"));
        assert!(rules[3].filter.is_none());
    }

    #[test]
    fn another_colour_keeps_casings_and_takes_the_place_of_symbols() {
        let [white, red, blue] = [0xFF_FF_FF, 0xFF_00_00, 0x00_00_FF].map(|rgb| Ink::new(rgb, rgb));
        let cased =
            [Paint::Stroke(Stroke::solid(white, Size::Px(5.0))), Paint::Stroke(Stroke::solid(red, Size::Px(3.0)))];
        let inks: Vec<Ink> =
            recolored(&cased, blue).iter().filter_map(|paint| main_ink(std::slice::from_ref(paint))).collect();
        assert_eq!(inks, [white, blue]);
        let symbol = [Paint::Symbol { id: "pump".into(), size: Size::Px(9.0) }];
        assert!(
            matches!(&recolored(&symbol, blue)[..], [Paint::Disc { ink, size: Size::Px(9.0), .. }] if *ink == blue)
        );
    }

    #[test]
    fn sizes_grow_with_the_value_between_both_ends() {
        let paints = by_value_size(&line(), &diameter(), [200.0, 1000.0], [1.0, 9.0]);
        let Paint::Stroke(stroke) = &paints[0] else { panic!("a line: {paints:?}") };
        let px = |value: Option<f64>| stroke.width.px(2500.0, 0.66, &|_| value);
        let sizes = [Some(0.0), Some(200.0), Some(600.0), Some(5000.0), None].map(px);
        assert_eq!(sizes, [1.0, 1.0, 5.0, 9.0, 1.0]);
    }

    #[test]
    fn a_line_keeps_its_casing_when_its_paints_are_taken_over() {
        let [white, grey, red] = [0xFF_FF_FF, 0x80_80_80, 0xFF_00_00].map(|rgb| Ink::new(rgb, rgb));
        let line = |ink, px| Paint::Stroke(Stroke::solid(ink, Size::Px(px)));
        let style = Style::new(
            vec![
                Rule::all(vec![line(grey, 6.0)]).when("class = 'lane'"),
                Rule::all(vec![line(white, 4.0)]).when("class = 'lane'").pass(1).named("巷", "Lane"),
                Rule::all(vec![line(red, 9.0)]).when("class = 'arterial'"),
            ],
            Vec::new(),
        );
        assert_eq!(base(&style, Some(GeometryKind::LineString)), [line(grey, 6.0), line(white, 4.0)]);
    }
}
