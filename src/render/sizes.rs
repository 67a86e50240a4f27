//! Sizes of styles in pixels, for one layer in one view: what depends on the scale is worked out once, what depends on a
//! field once per feature.

use super::view::View;
use crate::index::layer::LayerIndex;
use crate::model::schema::Schema;
use crate::model::style::{self, Size};

/// A [`Size`] at one scale, in logical pixels.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pixels {
    /// The same for every feature.
    Fixed(f32),
    /// `base` + field / `per`.
    Field { base: Box<Pixels>, field: Option<usize>, per: Box<Pixels> },
    /// From one size to another as a field grows.
    Between { field: Option<usize>, values: [f64; 2], px: [f32; 2] },
    /// Another size, but no less than this.
    AtLeast(f32, Box<Pixels>),
    /// So much more than another size.
    Plus(f32, Box<Pixels>),
}

/// Turns sizes into pixels, for one layer in one view.
#[derive(Clone, Copy)]
pub(super) struct Scale<'a> {
    schema: &'a Schema,
    /// Scale of the view.
    pub(super) denominator: f64,
    ground_m_per_px: f64,
}

impl<'a> Scale<'a> {
    /// For rows of `schema` in `view`.
    pub(super) fn new(schema: &'a Schema, view: &View) -> Self {
        Self { schema, denominator: view.denominator(), ground_m_per_px: view.ground_m_per_px() }
    }

    /// A size at this scale.
    pub(super) fn pixels(&self, size: &Size) -> Pixels {
        match size {
            Size::Px(_) | Size::ByScale(_) => {
                Pixels::Fixed(sane(size.px(self.denominator, self.ground_m_per_px, &|_| None)))
            }
            Size::Ground { metres, least } => {
                let true_px = sane((metres / self.ground_m_per_px) as f32);
                match self.pixels(least) {
                    Pixels::Fixed(least) => Pixels::Fixed(least.max(true_px)),
                    other => Pixels::AtLeast(true_px, Box::new(other)),
                }
            }
            Size::ByField { base, field, per } => Pixels::Field {
                base: Box::new(self.pixels(base)),
                field: self.schema.field_index(field),
                per: Box::new(self.pixels(per)),
            },
            Size::Between { field, values, px } => {
                Pixels::Between { field: self.schema.field_index(field), values: *values, px: px.map(sane) }
            }
            Size::Plus(size, more) => match self.pixels(size) {
                Pixels::Fixed(size) => Pixels::Fixed(sane(size + more)),
                other => Pixels::Plus(*more, Box::new(other)),
            },
        }
    }
}

impl Pixels {
    /// No feature has more, in logical pixels; infinite where a field could say anything.
    pub(super) fn most(&self) -> f32 {
        match self {
            Self::Fixed(px) => *px,
            Self::Field { .. } => f32::INFINITY,
            Self::Between { px, .. } => px[0].max(px[1]),
            Self::AtLeast(least, size) => size.most().max(*least),
            Self::Plus(more, size) => size.most() + more,
        }
    }

    /// Logical pixels for the feature in `slot`; a slot that no feature has gives the size without fields.
    pub(super) fn of(&self, index: &LayerIndex, slot: u32) -> f32 {
        match self {
            Self::Fixed(px) => *px,
            Self::Field { base, field, per } => {
                let more = number(index, *field, slot).map_or(0.0, |value| value as f32 / per.of(index, slot));
                sane(base.of(index, slot) + more)
            }
            Self::Between { field, values, px } => style::between(*values, *px, number(index, *field, slot)),
            Self::AtLeast(least, size) => size.of(index, slot).max(*least),
            Self::Plus(more, size) => sane(size.of(index, slot) + more),
        }
    }
}

fn number(index: &LayerIndex, field: Option<usize>, slot: u32) -> Option<f64> {
    let column = field.and_then(|field| index.column(field));
    column.filter(|_| slot < index.slots()).and_then(|column| column.number(slot as usize))
}

fn sane(px: f32) -> f32 {
    if px.is_finite() { px.clamp(-1000.0, 1000.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::index::layer::LayerIndexBuilder;
    use crate::model::schema::Field;
    use crate::model::value::Value;
    use crate::text::Text;

    #[test]
    fn a_size_worked_out_in_two_steps_is_the_size_of_the_style() {
        let schema = Schema {
            table: "pipe".into(),
            name: Text::same("pipe"),
            kind: "pipe".into(),
            geometry: None,
            crs: Crs::WEB_MERCATOR,
            z_order: 0,
            fields: vec![Field::int("dn", "管径", "Diameter")],
        };
        let mut builder = LayerIndexBuilder::new(&schema, &["dn".to_owned()]);
        builder.push(1, None, &[Value::Int(800)], &Some);
        builder.push(2, None, &[Value::Null], &Some);
        let index = builder.finish();
        let stops = Size::ByScale(vec![(1000.0, 3.0), (9000.0, 1.0)]);
        let by_field = Size::ByField {
            base: Box::new(stops.clone()),
            field: "dn".into(),
            per: Box::new(Size::ByScale(vec![(1000.0, 400.0), (9000.0, 800.0)])),
        };
        let ground = Size::Ground { metres: 16.0, least: Box::new(by_field.clone()) };
        let between = Size::Between { field: "dn".into(), values: [300.0, 900.0], px: [2.0, 8.0] };
        let sizes = [Size::Px(2.0), stops, by_field.clone(), ground, between, Size::Plus(Box::new(by_field), 2.5)];
        for denominator in [500.0, 3000.0, 20_000.0] {
            let view = View::at_scale([0.0, 0.0], denominator, [100.0, 100.0]);
            for size in &sizes {
                let pixels = Scale::new(&schema, &view).pixels(size);
                for (slot, dn) in [(0, Some(800.0)), (1, None), (u32::MAX, None)] {
                    let want = size.px(view.denominator(), view.ground_m_per_px(), &|_| dn);
                    assert!((pixels.of(&index, slot) - want).abs() < 1e-4, "{size:?}");
                }
            }
        }
    }
}
