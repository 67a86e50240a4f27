//! The colours, sizes and brush strokes that the kinds' styles are put together from.
//!
//! Colours come in pairs for the light and the dark map; they were measured against their grounds and under simulated
//! colour blindness, so take one of these rather than a new one.

use crate::model::expr::Expr;
use crate::model::style::{Ink, LabelRule, LineMark, Paint, Placement, Rule, ScaleRange, Size, Stroke};
use crate::text::Text;

/// The ground that everything lies on.
pub(super) const LAND: Ink = Ink::new(0xF4_F2EC, 0x20_252A);
/// Storm water.
pub(super) const STORM: Ink = Ink::new(0x1F_77B4, 0x5A_A9E6);
/// Sewage.
pub(super) const FOUL: Ink = Ink::new(0xA0_522D, 0xD6_905F);
/// Storm water and sewage together.
pub(super) const COMBINED: Ink = Ink::new(0x63_278A, 0xF0_B0E0);
/// Nobody knows.
pub(super) const UNKNOWN: Ink = Ink::new(0x6B_7280, 0x9A_A3AE);
/// The accent of the program.
pub(super) const ACCENT: Ink = Ink::new(0x0A_716C, 0x45_BDB3);
/// In order.
pub(super) const OK: Ink = Ink::new(0x17_713F, 0x5C_CB8F);
/// Somebody should look: notes of middle severity, bundled cables.
pub(super) const AMBER: Ink = Ink::new(0xB9_7A00, 0xF2_C462);
/// Wrong or urgent.
pub(super) const RED: Ink = Ink::new(0xB3_261E, 0xFF_6B6B);
/// Notes of low severity.
pub(super) const NOTE_BLUE: Ink = Ink::new(0x2F_6F9F, 0x74_B3E2);
/// Cases.
pub(super) const CASE: Ink = Ink::new(0x5B_3E8F, 0xB7_9CEB);
/// Labels.
pub(super) const TEXT: Ink = Ink::new(0x3C_4043, 0xD5_D9DD);
/// Labels of lesser things.
pub(super) const TEXT2: Ink = Ink::new(0x57_5E66, 0xAE_B6BE);
/// What is around labels and symbols.
pub(super) const HALO: Ink = Ink::new(0xFF_FFFF, 0x14_171A);
/// Names and borders of administrative areas.
pub(super) const DISTRICT: Ink = Ink::new(0x8B_5E83, 0xE6_C9E2);

/// Closer than this everything that has a symbol shows it at full size.
pub(super) const STREET_VIEW: ScaleRange = ScaleRange::closer_than(3_500.0);

/// Pixels at every scale.
pub(super) fn px(px: f32) -> Size {
    Size::Px(px)
}

/// Pixels at denominators, ascending.
pub(super) fn by_scale(stops: &[(f64, f32)]) -> Size {
    Size::ByScale(stops.to_vec())
}

/// True size on the ground in metres, with pixels by scale that it never falls below.
pub(super) fn ground(metres: f64, least: &[(f64, f32)]) -> Size {
    Size::Ground { metres, least: Box::new(by_scale(least)) }
}

/// The inside of an area.
pub(super) fn fill(ink: Ink) -> Paint {
    Paint::Fill { ink, opacity: 1.0 }
}

/// The inside of an area, seen through.
pub(super) fn tint(ink: Ink, opacity: f32) -> Paint {
    Paint::Fill { ink, opacity }
}

/// A solid line.
pub(super) fn line(ink: Ink, width: Size) -> Paint {
    Paint::Stroke(Stroke::solid(ink, width))
}

/// A solid line with round ends, which closes junctions.
pub(super) fn round_line(ink: Ink, width: Size) -> Paint {
    Paint::Stroke(Stroke::solid(ink, width).round())
}

/// A dashed line.
pub(super) fn dashes(ink: Ink, width: Size, dash: &[f32]) -> Paint {
    Paint::Stroke(Stroke::dashed(ink, width, dash))
}

/// Marks along a line.
pub(super) fn marks(mark: LineMark, ink: Ink, size: Size, every: f32) -> Paint {
    Paint::Marks { mark, ink, size, every, offset: Size::Px(0.0) }
}

/// A symbol of `assets/symbols`.
pub(super) fn symbol(id: &str, size: Size) -> Paint {
    Paint::Symbol { id: id.to_owned(), size }
}

/// A disc in a thin ring of the halo's colour.
pub(super) fn disc(ink: Ink, size: Size) -> Paint {
    Paint::Disc { ink, size, ring: Some(Stroke::solid(HALO, Size::Px(1.0))) }
}

/// A symbol for the features that pass a filter, with its legend row.
pub(super) fn symbol_rule(id: &str, size: &Size, filter: &str, name: (&'static str, &'static str)) -> Rule {
    Rule::all(vec![symbol(id, size.clone())]).when(filter).named(name.0, name.1)
}

/// A label in the common manner: regular weight, halo, at every scale, as often as there is room.
pub(super) fn label(zh: &'static str, en: &'static str, placement: Placement, priority: u8, size: Size) -> LabelRule {
    LabelRule {
        template: Text::new(zh, en),
        filter: None,
        scale: ScaleRange::ALL,
        placement,
        priority,
        size,
        ink: TEXT,
        halo: HALO,
        italic: false,
        medium: false,
        spacing: 0.0,
        offset: 0.0,
        once: false,
    }
}

/// The name of a thing that has a Latin one for maps in English, written once a view.
pub(super) fn name_label(placement: Placement, priority: u8, size: Size) -> LabelRule {
    LabelRule { once: true, ..label("{name}", "{name_en|name}", placement, priority, size) }
}

/// A filter known when the program was written.
pub(super) fn filter(words: &str) -> Option<Expr> {
    let parsed = Expr::parse(words);
    debug_assert!(parsed.is_ok(), "{words}: {parsed:?}");
    parsed.ok()
}
