//! One row of a layer, and what may happen to it.

use super::geometry::Geometry;
use super::value::Value;

/// One row: its id, its place, its values in the schema's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feature {
    /// The row's id in its table; 0 for one that has none yet.
    pub id: i64,
    /// Where it is, in the layer's CRS.
    pub geometry: Option<Geometry>,
    /// One value for each field of the schema.
    pub values: Vec<Value>,
}

/// One row before and after: an insert has no old, a delete no new; the inverse swaps the two.
#[derive(Clone, Debug, PartialEq)]
pub struct Delta {
    /// The layer's table name.
    pub layer: String,
    /// The row's id; 0 for an insert that lets the file choose.
    pub id: i64,
    /// What was there.
    pub old: Option<Feature>,
    /// What is there now.
    pub new: Option<Feature>,
}

impl Delta {
    /// What takes this change back.
    pub fn inverse(self) -> Self {
        Self { old: self.new, new: self.old, ..self }
    }
}
