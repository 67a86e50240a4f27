//! The style of a layer: its own from the file, its kind's, or a quiet one of its geometry.

pub mod edit;

use crate::io::sitter::Sitter;
use crate::io::{qml, sld, style_file};
use crate::kinds;
use crate::kinds::kind::Kind;
use crate::model::schema::Schema;
use crate::model::style::{Ink, Style};
use crate::model::style_make;
use crate::render::symbol_list::SYMBOLS;
use crate::store::command::LayerState;
use crate::store::layer_styles::Dress;
use crate::text::Lang;

/// Colours for layers that a file brought, told apart by place in the list; each holds 3 : 1 on land.
const PLAIN_INKS: [Ink; 6] = [
    Ink::new(0x7A_4E_9E, 0xC3_A0_E0),
    Ink::new(0x0A_71_6C, 0x45_BD_B3),
    Ink::new(0xA8_4A_1E, 0xE5_98_6B),
    Ink::new(0x2E_5E_8C, 0x82_B4_E4),
    Ink::new(0x8A_58_00, 0xE9_B4_4C),
    Ink::new(0x9C_2F_5F, 0xF0_8F_B5),
];

/// How a layer is drawn. A style of its own that this program cannot read, from a newer one perhaps, is left alone in the
/// file and not drawn.
pub(super) fn style_of(kind: &Kind, schema: &Schema, state: &LayerState) -> Style {
    let own = state.style.as_deref().and_then(|text| match style_file::read(text) {
        Ok(style) => Some(style),
        Err(error) => {
            tracing::warn!(%error, table = schema.table, "a layer's style cannot be read");
            None
        }
    });
    own.unwrap_or_else(|| usual_style(kind, schema))
}

/// How a layer without a style of its own is drawn.
pub(super) fn usual_style(kind: &Kind, schema: &Schema) -> Style {
    if kind.id == kinds::plain().id { plain_style(schema) } else { kind.style.clone() }
}

/// One colour, chosen by the table's name so that it stays the same from day to day.
fn plain_style(schema: &Schema) -> Style {
    let sum = schema.table.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let mut style = style_make::single(schema.geometry, PLAIN_INKS[sum % PLAIN_INKS.len()]);
    style.rules.iter_mut().for_each(|rule| rule.name = schema.name.clone());
    style
}

/// A layer's style in the words of other programs, for the city file: in Chinese, as all names that they read there.
pub(super) fn dress(schema: &Schema, state: &LayerState) -> Option<Dress> {
    let style = style_of(super::snapshot::kind_of(&schema.kind), schema, state);
    let sitter = Sitter { schema, opacity: state.opacity, lang: Lang::Zh, symbols: &light_symbol };
    Some(Dress { qml: qml::write(&style, &sitter)?, sld: sld::write(&style, &sitter)? })
}

/// The SVG of a symbol on the light map.
pub(super) fn light_symbol(id: &str) -> Option<&'static str> {
    SYMBOLS.iter().find(|(other, ..)| *other == id).map(|(_, light, _)| *light)
}

#[cfg(test)]
mod tests;
