//! The layer that a style is written for in the words of another program.

use crate::model::geometry::GeometryKind;
use crate::model::schema::Schema;
use crate::text::Lang;

/// Finds the SVG of a symbol on the light map.
pub type SymbolSource<'a> = &'a dyn Fn(&str) -> Option<&'static str>;

/// What a style is written for.
#[derive(Clone, Copy)]
pub struct Sitter<'a> {
    /// The layer's fields and geometry.
    pub schema: &'a Schema,
    /// 0 is clear, 1 is solid.
    pub opacity: f32,
    /// Language of legends and labels.
    pub lang: Lang,
    /// Finds symbols.
    pub symbols: SymbolSource<'a>,
}

/// What a layer's features are, as symbols are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Marker,
    Line,
    Fill,
}

/// What a layer's symbols are drawn on; nothing for rows without a place.
pub(super) fn shape_of(schema: &Schema) -> Option<Shape> {
    Some(match schema.geometry? {
        // Other programs take a layer of mixed geometry apart by type: its points are what has a style.
        GeometryKind::Point | GeometryKind::MultiPoint | GeometryKind::Collection => Shape::Marker,
        GeometryKind::LineString | GeometryKind::MultiLineString => Shape::Line,
        GeometryKind::Polygon | GeometryKind::MultiPolygon => Shape::Fill,
    })
}
