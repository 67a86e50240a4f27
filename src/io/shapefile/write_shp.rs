//! Shapes on their way out: `.shp` and `.shx`.
//!
//! Source: ESRI Shapefile Technical Description, July 1998. Outer rings turn clockwise, holes the other way.

use std::io::{self, Write};

use crate::model::geometry::{Bounds, Coords, Geometry, GeometryKind, Visitor};

/// What programs write for "no measure": anything below -1e38.
const NO_MEASURE: f64 = -1e39;

/// The shape type of all records of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShapeType {
    /// 0 for points, 1 for lines, 2 for areas; none for a file of null shapes.
    pub dimension: Option<u8>,
    /// Whether a record holds many points rather than one.
    pub is_multi: bool,
    /// Whether positions have heights.
    pub has_z: bool,
}

impl ShapeType {
    fn number(self) -> i32 {
        let plain = match (self.dimension, self.is_multi) {
            (None, _) => return 0,
            (Some(0), false) => 1,
            (Some(0), true) => 8,
            (Some(1), _) => 3,
            (Some(_), _) => 5,
        };
        if self.has_z { plain + 10 } else { plain }
    }
}

/// What stands in the head of both files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    bounds: Bounds,
    z: [f64; 2],
}

impl Extent {
    /// Of nothing.
    pub(super) const EMPTY: Self = Self { bounds: Bounds::EMPTY, z: [f64::INFINITY, f64::NEG_INFINITY] };

    fn extend(&mut self, at: [f64; 2], z: f64) {
        self.bounds.extend(at);
        self.z = [self.z[0].min(z), self.z[1].max(z)];
    }

    fn union(&mut self, other: &Self) {
        self.bounds = self.bounds.union(&other.bounds);
        self.z = [self.z[0].min(other.z[0]), self.z[1].max(other.z[1])];
    }
}

/// Writes the 100 bytes at the beginning of a file of so many bytes.
pub(super) fn put_head(out: &mut impl Write, bytes: u64, shape_type: ShapeType, extent: &Extent) -> io::Result<()> {
    let mut head = [0; 100];
    head[..4].copy_from_slice(&9994_u32.to_be_bytes());
    head[24..28].copy_from_slice(&((bytes / 2) as u32).to_be_bytes());
    head[28..32].copy_from_slice(&1000_u32.to_le_bytes());
    head[32..36].copy_from_slice(&shape_type.number().to_le_bytes());
    if !extent.bounds.is_empty() {
        let Bounds { min, max } = extent.bounds;
        let z = if shape_type.has_z { extent.z } else { [0.0; 2] };
        for (place, number) in [min[0], min[1], max[0], max[1], z[0], z[1]].into_iter().enumerate() {
            head[36 + place * 8..44 + place * 8].copy_from_slice(&number.to_le_bytes());
        }
    }
    out.write_all(&head)
}

/// One geometry on its way into a record.
#[derive(Debug, Default)]
pub(super) struct Record {
    positions: Vec<[f64; 2]>,
    heights: Vec<f64>,
    /// Where each line or ring begins.
    parts: Vec<usize>,
    /// Rings of the polygon at hand that are done.
    rings: usize,
    is_area: bool,
}

impl Record {
    /// Appends the content of a record to `out`; what has no position becomes a null shape.
    pub(super) fn put(
        &mut self,
        geometry: Option<&Geometry>,
        shape_type: ShapeType,
        extent: &mut Extent,
        out: &mut Vec<u8>,
    ) {
        *self = Self { is_area: shape_type.dimension == Some(2), ..std::mem::take(self) };
        self.positions.clear();
        self.heights.clear();
        self.parts.clear();
        if let Some(geometry) = geometry.filter(|_| shape_type.dimension.is_some()) {
            geometry.walk(self);
        }
        if self.positions.is_empty() {
            out.extend_from_slice(&0_i32.to_le_bytes());
            return;
        }
        out.extend_from_slice(&shape_type.number().to_le_bytes());
        let mut own = Extent::EMPTY;
        self.positions.iter().zip(&self.heights).for_each(|(at, z)| own.extend(*at, *z));
        extent.union(&own);
        if shape_type.dimension == Some(0) && !shape_type.is_multi {
            let [x, y] = self.positions[0];
            put_numbers(out, &[x, y]);
            if shape_type.has_z {
                put_numbers(out, &[self.heights[0], NO_MEASURE]);
            }
            return;
        }
        let Bounds { min, max } = own.bounds;
        put_numbers(out, &[min[0], min[1], max[0], max[1]]);
        if shape_type.dimension != Some(0) {
            put_count(out, self.parts.len());
        }
        put_count(out, self.positions.len());
        if shape_type.dimension != Some(0) {
            self.parts.iter().for_each(|part| put_count(out, *part));
        }
        self.positions.iter().for_each(|at| put_numbers(out, at));
        if shape_type.has_z {
            put_numbers(out, &own.z);
            put_numbers(out, &self.heights);
        }
    }

    /// Closes the ring that begins at `start`, and turns it as its place among the rings wants.
    fn finish_ring(&mut self, start: usize) {
        if self.positions[start..].first() != self.positions.last() {
            self.positions.push(self.positions[start]);
            self.heights.push(self.heights[start]);
        }
        let ring = &self.positions[start..];
        let [x0, y0] = ring[0];
        let turn: f64 = ring
            .windows(2)
            .map(|pair| (pair[0][0] - x0) * (pair[1][1] - y0) - (pair[1][0] - x0) * (pair[0][1] - y0))
            .sum();
        let is_outer = self.rings == 0;
        if (turn > 0.0) == is_outer {
            self.positions[start..].reverse();
            self.heights[start..].reverse();
        }
        self.rings += 1;
    }
}

impl Visitor for Record {
    fn begin(&mut self, _: GeometryKind, _: usize) {
        self.rings = 0;
    }

    fn path(&mut self, coords: Coords<'_>) {
        let start = self.positions.len();
        for index in 0..coords.len() {
            let at = coords.xy(index);
            if at[0].is_finite() {
                self.positions.push(at);
                self.heights.push(coords.z(index).unwrap_or(0.0));
            }
        }
        if self.positions.len() > start {
            self.parts.push(start);
            if self.is_area {
                self.finish_ring(start);
            }
        }
    }
}

fn put_numbers(out: &mut Vec<u8>, numbers: &[f64]) {
    numbers.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u32).to_le_bytes());
}
