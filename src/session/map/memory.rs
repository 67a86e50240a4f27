//! The map's memory of the city: one index per layer, filled from the file and kept right by every edit.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Zoned;

use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::index::layer::{LayerIndex, LayerIndexBuilder};
use crate::kinds::kind::Kind;
use crate::kinds::overdue;
use crate::model::feature::Delta;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::Schema;
use crate::model::style::Style;
use crate::model::value::Value;
use crate::render::levels::Levels;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

use crate::session::legend::LayerSums;

/// A layer's index, shared with the painter and the window.
pub(in crate::session) type Shared = Arc<RwLock<LayerIndex>>;

/// Indexes by table name.
#[derive(Default)]
pub(in crate::session) struct Indexes(BTreeMap<String, Held>);

/// One layer in memory, and what is summed up of it.
#[derive(Default)]
struct Held {
    index: Option<Shared>,
    levels: Option<Arc<Levels>>,
    sums: LayerSums,
}

/// What says how a layer's rows are to be taken.
#[derive(Clone, Copy)]
pub(super) struct LayerWords<'a> {
    /// What its rows mean.
    pub(super) kind: &'static Kind,
    /// Their shape.
    pub(super) schema: &'a Schema,
    /// How they are drawn.
    pub(super) style: &'a Style,
}

impl Indexes {
    /// The index of a layer, if it has been read.
    pub(in crate::session) fn get(&self, table: &str) -> Option<Shared> {
        self.0.get(table)?.index.clone()
    }

    /// The simplified levels of a layer, if there are any.
    pub(in crate::session) fn levels(&self, table: &str) -> Option<Arc<Levels>> {
        self.0.get(table)?.levels.clone()
    }

    /// Keeps the simplified levels of a layer.
    pub(super) fn put_levels(&mut self, table: &str, levels: Option<Arc<Levels>>) {
        self.0.entry(table.to_owned()).or_default().levels = levels;
    }

    /// What is summed up of a layer; nothing until it has been read.
    pub(in crate::session) fn sums(&self, table: &str) -> LayerSums {
        self.0.get(table).map(|held| held.sums.clone()).unwrap_or_default()
    }

    /// Keeps a freshly read index; its sums stay what they were until they are made anew, and so do its levels if
    /// nothing else has come of it than what they were made of (`is_known`).
    pub(in crate::session) fn put(&mut self, table: &str, index: LayerIndex, is_known: bool) {
        let held = self.0.entry(table.to_owned()).or_default();
        held.index = Some(Arc::new(RwLock::new(index)));
        held.levels.take_if(|_| !is_known);
    }

    /// Sums a layer up anew, which takes a look at every feature.
    pub(super) fn sum_up(&mut self, layer: LayerWords<'_>) {
        if let Some(held) = self.0.get_mut(&layer.schema.table) {
            let Some(index) = &held.index else { return };
            let index = index.read().unwrap_or_else(PoisonError::into_inner);
            held.sums = LayerSums::of(layer.kind, layer.schema, layer.style, &index);
        }
    }

    /// Forgets how many features each row of a legend stands for.
    pub(super) fn forget_counts(&mut self, table: &str) {
        if let Some(held) = self.0.get_mut(table) {
            held.sums.counts = Arc::default();
        }
    }

    /// Whether a layer was read without a field that a style of it needs.
    pub(in crate::session) fn lacks(&self, schema: &Schema, style: &Style) -> bool {
        let Some(index) = self.get(&schema.table) else { return false };
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        wanted_words(schema, style)
            .iter()
            .filter_map(|word| schema.field_index(word))
            .any(|field| index.column(field).is_none())
    }

    /// Whether nothing has been read yet.
    pub(in crate::session) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets a layer.
    pub(in crate::session) fn forget(&mut self, table: &str) {
        self.0.remove(table);
    }

    /// Lets an index follow edits of its layer; the box around all that was and is comes back, Web Mercator metres.
    pub(in crate::session) fn apply(&self, schema: &Schema, deltas: &[Delta]) -> Bounds {
        let mut touched = Bounds::EMPTY;
        let Some(index) = self.get(&schema.table) else { return touched };
        let Ok(to_world) = Transform::new(schema.crs, Crs::WEB_MERCATOR) else { return touched };
        let place = |at: [f64; 2]| to_world.point(at).ok();
        let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
        for delta in deltas {
            touched = touched.union(&index.bounds_of(delta.id));
            let new = delta.new.as_ref();
            let kept = new.map(|feature| index.kept(&feature.values));
            index.apply(
                delta.id,
                new.zip(kept.as_deref()).map(|(feature, kept)| (feature.geometry.as_ref(), kept, &place as _)),
            );
            touched = touched.union(&index.bounds_of(delta.id));
        }
        let slots: Vec<u32> = deltas.iter().filter_map(|delta| index.slot(delta.id)).collect();
        tell_time_of(&mut index, &slots, schema, &Zoned::now());
        touched
    }

    /// Lets a layer follow the time.
    pub(super) fn tell_time(&self, schema: &Schema) -> Bounds {
        let Some(index) = self.get(&schema.table).filter(|_| overdue::flag(schema).is_some()) else {
            return Bounds::EMPTY;
        };
        tell_time(&mut index.write().unwrap_or_else(PoisonError::into_inner), schema, &Zoned::now())
    }
}

/// The fields that an index of a layer keeps for a style: places in the schema, ascending.
pub(super) fn wanted_fields(schema: &Schema, style: &Style) -> Vec<usize> {
    LayerIndexBuilder::new(schema, &wanted_words(schema, style)).fields().to_vec()
}

/// The same as words: what the style reads, and what is needed to keep that true as time goes by.
pub(super) fn wanted_words(schema: &Schema, style: &Style) -> Vec<String> {
    let mut wanted = [style.fields(), style.label_fields()].concat();
    wanted.extend(overdue::fields_beside(schema, &wanted));
    wanted
}

/// Reads a layer's geometry and the columns that drawing needs; `bounds` in the layer's CRS for a part of it.
pub(in crate::session) fn read_index(
    reader: &Reader,
    schema: &Schema,
    style: &Style,
    bounds: Option<Bounds>,
) -> Result<LayerIndex, StoreError> {
    let mut builder = LayerIndexBuilder::new(schema, &wanted_words(schema, style));
    let fields: Vec<String> = builder.fields().iter().map(|&index| schema.fields[index].id.to_string()).collect();
    let Ok(to_world) = Transform::new(schema.crs, Crs::WEB_MERCATOR) else { return Ok(builder.finish()) };
    let place = |at: [f64; 2]| to_world.point(at).ok();
    reader.scan(&schema.table, bounds, &fields, &mut |id, wkb, values| {
        let geometry = Geometry::from_wkb(wkb).ok();
        builder.push(id, geometry.as_ref(), values, &place);
        ControlFlow::Continue(())
    })?;
    let mut index = builder.finish();
    tell_time(&mut index, schema, &Zoned::now());
    Ok(index)
}

/// Marks what is past its time now, whatever the file says: its flag was right on the day it was written. The box around
/// all that has changed comes back, Web Mercator metres.
pub(super) fn tell_time(index: &mut LayerIndex, schema: &Schema, now: &Zoned) -> Bounds {
    if overdue::flag(schema).is_none() {
        return Bounds::EMPTY;
    }
    let slots: Vec<u32> = index.live_slots().collect();
    tell_time_of(index, &slots, schema, now)
}

/// The same of some rows.
fn tell_time_of(index: &mut LayerIndex, slots: &[u32], schema: &Schema, now: &Zoned) -> Bounds {
    let mut touched = Bounds::EMPTY;
    let Some(flag) = overdue::flag(schema).filter(|&flag| index.column(flag).is_some()) else { return touched };
    let mut values = vec![Value::Null; schema.fields.len()];
    for &slot in slots {
        for &field in index.fields() {
            values[field] = index.value(slot, field);
        }
        let Some(is_late) = overdue::is_overdue(schema, &values, now) else { continue };
        if values[flag] != Value::Bool(is_late) {
            index.set_value(slot, flag, &Value::Bool(is_late));
            touched = index.id(slot).map_or(touched, |id| touched.union(&index.bounds_of(id)));
        }
    }
    touched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;

    #[test]
    fn a_note_is_marked_late_when_its_day_is_over_whatever_its_row_says() {
        let kind = kinds::find("note").expect("a kind of the list");
        let schema = kind.schema(Crs::CGCS2000);
        let mut builder = LayerIndexBuilder::new(&schema, &wanted_words(&schema, &kind.style));
        let fields = builder.fields().to_vec();
        for (id, (due, state)) in (1..).zip([("2026-11-22", "open"), ("2026-11-22", "done"), ("", "open")]) {
            let value = |field: usize| match &*schema.fields[field].id {
                "due" => Value::from(due),
                "state" => Value::from(state),
                "overdue" => Value::Bool(false),
                _ => Value::Null,
            };
            let values: Vec<Value> = fields.iter().map(|&field| value(field)).collect();
            builder.push(id, Some(&Geometry::point(116.0, 29.7)), &values, &Some);
        }
        let mut index = builder.finish();
        let mut late = |day: &str| -> Vec<i64> {
            let now: Zoned = format!("{day}T09:00[Asia/Shanghai]").parse().expect("a time");
            tell_time(&mut index, &schema, &now);
            let flag = overdue::flag(&schema).expect("notes have a clock");
            let is_late = |slot: &u32| index.value(*slot, flag) == Value::Bool(true);
            index.live_slots().filter(is_late).filter_map(|slot| index.id(slot)).collect()
        };
        assert_eq!(["2026-11-22", "2026-11-23", "2026-11-22"].map(&mut late), [vec![], vec![1], vec![]]);
    }
}
