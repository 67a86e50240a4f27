//! The style of a layer: its kind's, its own from the file, or a quiet one of its geometry.

use crate::kinds::kind::Kind;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Schema;
use crate::model::style::{Ink, Paint, Rule, Size, Stroke, Style};
use crate::store::command::LayerState;

/// Colours for layers that a file brought, told apart by place in the list; each holds 3 : 1 on land.
const PLAIN_INKS: [Ink; 6] = [
    Ink::new(0x7A_4E_9E, 0xC3_A0_E0),
    Ink::new(0x0A_71_6C, 0x45_BD_B3),
    Ink::new(0xA8_4A_1E, 0xE5_98_6B),
    Ink::new(0x2E_5E_8C, 0x82_B4_E4),
    Ink::new(0x8A_58_00, 0xE9_B4_4C),
    Ink::new(0x9C_2F_5F, 0xF0_8F_B5),
];

/// How a layer is drawn.
pub(super) fn style_of(kind: &Kind, schema: &Schema, _state: &LayerState) -> Style {
    if kind.style.rules.is_empty() { plain_style(schema) } else { kind.style.clone() }
}

/// One colour, chosen by the table's name so that it stays the same from day to day.
fn plain_style(schema: &Schema) -> Style {
    let sum = schema.table.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let ink = PLAIN_INKS[sum % PLAIN_INKS.len()];
    let paints = match schema.geometry {
        Some(GeometryKind::Point | GeometryKind::MultiPoint) => vec![disc(ink)],
        Some(GeometryKind::LineString | GeometryKind::MultiLineString) => vec![stroke(ink)],
        Some(GeometryKind::Polygon | GeometryKind::MultiPolygon) => vec![fill(ink), stroke(ink)],
        Some(GeometryKind::Collection) => vec![fill(ink), stroke(ink), disc(ink)],
        None => Vec::new(),
    };
    let mut rule = Rule::all(paints);
    rule.name = schema.name.clone();
    Style { rules: vec![rule], labels: Vec::new() }
}

fn fill(ink: Ink) -> Paint {
    Paint::Fill { ink, opacity: 0.18 }
}

fn stroke(ink: Ink) -> Paint {
    Paint::Stroke(Stroke::solid(ink, Size::ByScale(vec![(2_500.0, 1.8), (50_000.0, 0.9)])))
}

fn disc(ink: Ink) -> Paint {
    let ring = Stroke::solid(Ink::new(0xFF_FF_FF, 0x14_17_1A), Size::Px(1.0));
    Paint::Disc { ink, size: Size::ByScale(vec![(2_500.0, 8.0), (50_000.0, 3.0)]), ring: Some(ring) }
}
