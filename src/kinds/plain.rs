//! Layers of no known kind: whatever a file brings.

use super::check;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::style::{Ink, Rule, Style};
use crate::text::Text;

/// A layer without a meaning of its own; its fields are those of the file.
pub(super) fn plain() -> Kind {
    Kind {
        id: "plain",
        name: Text::new("普通图层", "Plain layer"),
        group: Group::Other,
        z_order: 45,
        geometry: Some(GeometryKind::Collection),
        fields: Vec::new(),
        title: &[],
        style: style(),
        check: check::check,
    }
}

/// Where a layer of no known kind goes: areas over the ground, lines and points over the networks.
pub fn plain_z_order(geometry: Option<GeometryKind>) -> i32 {
    match geometry.and_then(GeometryKind::dimension) {
        Some(2) => 45,
        _ => 85,
    }
}

fn style() -> Style {
    let ink = Ink::new(0x4A_6A8A, 0x8F_B3D6);
    let width = look::by_scale(&[(2_500.0, 2.0), (40_000.0, 1.2)]);
    let size = look::by_scale(&[(2_500.0, 9.0), (40_000.0, 5.0)]);
    let paints = vec![look::tint(ink, 0.18), look::line(ink, width), look::disc(ink, size)];
    Style::new(vec![Rule::all(paints)], Vec::new())
}
