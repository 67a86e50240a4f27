//! One record of a `.shp` file as a geometry.
//!
//! Source: ESRI Shapefile Technical Description, July 1998. Measures (M) are left behind; heights are kept.

use super::rings::{Ring, arrange};
use crate::model::geometry::{Geometry, GeometryKind, WkbWriter};

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShapeFault {
    /// It is shorter than its counts say.
    Cut,
    /// Its type is none of the description.
    UnknownType(i32),
    /// A surface of triangles.
    MultiPatch,
    /// A coordinate is infinite or not a number.
    NotFinite,
    /// A line of one position, or a ring of fewer than four.
    Short,
    /// Nothing is left of it.
    Nothing,
    /// A ring was open and has been closed.
    RingOpen,
    /// All rings turn the same way: which of them are holes was decided by what lies inside what.
    RingsAlike,
    /// A hole lies in no outer ring and became one.
    HoleAlone,
    /// So many rings lie inside each other that nobody waits for the answer.
    Tangled,
    /// Heights are missing or no numbers.
    HeightMissing,
}

impl ShapeFault {
    /// Whether the feature has lost its place.
    pub(super) fn is_error(self) -> bool {
        matches!(self, Self::Cut | Self::UnknownType(_) | Self::MultiPatch | Self::NotFinite | Self::Nothing)
    }
}

/// The shape types of the description, without their suffixes Z and M.
const POINT: i32 = 1;
const POLY_LINE: i32 = 3;
const POLYGON: i32 = 5;
const MULTI_POINT: i32 = 8;
const MULTI_PATCH: i32 = 31;

/// Whether a record's content has measures, which are left behind.
pub(super) fn has_measures(content: &[u8]) -> bool {
    matches!(little_i32(content, 0), Some(21 | 23 | 25 | 28))
}

/// The geometry of a record's content; `None` for a null shape. Warnings go to `faults`.
pub(super) fn shape(content: &[u8], faults: &mut Vec<ShapeFault>) -> Result<Option<Geometry>, ShapeFault> {
    let shape_type = little_i32(content, 0).ok_or(ShapeFault::Cut)?;
    if shape_type == 0 {
        return Ok(None);
    }
    if shape_type == MULTI_PATCH {
        return Err(ShapeFault::MultiPatch);
    }
    let (plain, has_z) = match shape_type {
        1 | 3 | 5 | 8 => (shape_type, false),
        11 | 13 | 15 | 18 => (shape_type - 10, true),
        21 | 23 | 25 | 28 => (shape_type - 20, false),
        other => return Err(ShapeFault::UnknownType(other)),
    };
    let content = &content[4..];
    if plain == POINT {
        return point(content, has_z, faults).map(Some);
    }
    let counts = content.get(32..).ok_or(ShapeFault::Cut)?;
    let (part_count, counts_len) = if plain == MULTI_POINT { (0, 4) } else { (count(counts, 0)?, 8) };
    let positions = count(counts, counts_len - 4)?;
    let parts = slice(counts, counts_len, part_count, 4)?;
    let after = counts_len + part_count * 4;
    let xy = slice(counts, after, positions, 16)?;
    let heights = if has_z { slice(counts, after + positions * 16 + 16, positions, 8).ok() } else { None };
    if has_z && heights.is_none() && positions > 0 {
        faults.push(ShapeFault::HeightMissing);
    }
    let run = Run { xy, heights };
    if (0..positions).any(|at| !run.is_finite(at)) {
        return Err(ShapeFault::NotFinite);
    }
    if heights.is_some() && (0..positions).any(|at| !run.raw_height(at).is_finite()) {
        faults.push(ShapeFault::HeightMissing);
    }
    match plain {
        MULTI_POINT => multi_point(&run),
        POLY_LINE => lines(&run, &bounds_of_parts(parts, positions)?, faults),
        POLYGON => areas(&run, &bounds_of_parts(parts, positions)?, faults),
        other => Err(ShapeFault::UnknownType(other)),
    }
    .map(Some)
}

/// Positions of a record: x and y of each, and apart from them the heights.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    xy: &'a [u8],
    heights: Option<&'a [u8]>,
}

impl Run<'_> {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.xy.len() / 16
    }

    /// x and y of a position.
    pub(super) fn at(&self, index: usize) -> [f64; 2] {
        [little_f64(self.xy, index * 16), little_f64(self.xy, index * 16 + 8)]
    }

    fn raw_height(&self, index: usize) -> f64 {
        self.heights.map_or(0.0, |heights| little_f64(heights, index * 8))
    }

    fn is_finite(&self, index: usize) -> bool {
        self.at(index).into_iter().all(f64::is_finite)
    }

    fn put(&self, index: usize, out: &mut WkbWriter) {
        let ([x, y], z) = (self.at(index), self.raw_height(index));
        out.position(x, y, if z.is_finite() { z } else { 0.0 });
    }
}

fn point(content: &[u8], has_z: bool, faults: &mut Vec<ShapeFault>) -> Result<Geometry, ShapeFault> {
    let xy = content.get(..16).ok_or(ShapeFault::Cut)?;
    let heights = content.get(16..24).filter(|_| has_z);
    let run = Run { xy, heights };
    if !run.is_finite(0) {
        return Err(ShapeFault::NotFinite);
    }
    if has_z && (heights.is_none() || !run.raw_height(0).is_finite()) {
        faults.push(ShapeFault::HeightMissing);
    }
    let mut out = WkbWriter::new(heights.is_some());
    out.head(GeometryKind::Point, 1);
    run.put(0, &mut out);
    made(out)
}

fn multi_point(run: &Run<'_>) -> Result<Geometry, ShapeFault> {
    if run.len() == 0 {
        return Err(ShapeFault::Nothing);
    }
    let mut out = WkbWriter::new(run.heights.is_some());
    out.head(GeometryKind::MultiPoint, run.len());
    for index in 0..run.len() {
        out.head(GeometryKind::Point, 1);
        run.put(index, &mut out);
    }
    made(out)
}

fn lines(run: &Run<'_>, parts: &[(usize, usize)], faults: &mut Vec<ShapeFault>) -> Result<Geometry, ShapeFault> {
    let paths: Vec<(usize, usize)> = parts.iter().copied().filter(|(start, end)| end - start > 1).collect();
    if paths.len() < parts.len() {
        faults.push(ShapeFault::Short);
    }
    let mut out = WkbWriter::new(run.heights.is_some());
    match paths.len() {
        0 => return Err(ShapeFault::Nothing),
        1 => {}
        many => out.head(GeometryKind::MultiLineString, many),
    }
    for &(start, end) in &paths {
        out.head(GeometryKind::LineString, end - start);
        (start..end).for_each(|index| run.put(index, &mut out));
    }
    made(out)
}

fn areas(run: &Run<'_>, parts: &[(usize, usize)], faults: &mut Vec<ShapeFault>) -> Result<Geometry, ShapeFault> {
    let mut rings = Vec::with_capacity(parts.len());
    let (mut any_short, mut any_open) = (false, false);
    for &(start, end) in parts {
        match Ring::new(run, start, end) {
            Some(ring) => {
                any_open |= ring.is_open;
                rings.push(ring);
            }
            None => any_short = true,
        }
    }
    if any_short {
        faults.push(ShapeFault::Short);
    }
    if any_open {
        faults.push(ShapeFault::RingOpen);
    }
    let polygons = arrange(run, &rings, faults);
    let mut out = WkbWriter::new(run.heights.is_some());
    match polygons.len() {
        0 => return Err(ShapeFault::Nothing),
        1 => {}
        many => out.head(GeometryKind::MultiPolygon, many),
    }
    for members in &polygons {
        out.head(GeometryKind::Polygon, members.len());
        for &member in members {
            let Ring { start, end, is_open, .. } = rings[member];
            out.ring(end - start + usize::from(is_open));
            (start..end).for_each(|index| run.put(index, &mut out));
            if is_open {
                run.put(start, &mut out);
            }
        }
    }
    made(out)
}

fn made(out: WkbWriter) -> Result<Geometry, ShapeFault> {
    Geometry::from_writer(out).map_err(|_| ShapeFault::NotFinite)
}

/// Where the parts begin and end; they must follow one another. A file without parts means one.
fn bounds_of_parts(parts: &[u8], positions: usize) -> Result<Vec<(usize, usize)>, ShapeFault> {
    let mut starts = Vec::with_capacity(parts.len() / 4 + 1);
    for part in 0..parts.len() / 4 {
        starts.push(count(parts, part * 4)?);
    }
    if starts.is_empty() && positions > 0 {
        starts.push(0);
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([positions]).collect();
    let bounds: Vec<(usize, usize)> = starts.into_iter().zip(ends).collect();
    let are_ordered = bounds.iter().all(|(start, end)| start <= end && *end <= positions);
    if are_ordered { Ok(bounds) } else { Err(ShapeFault::Cut) }
}

fn count(bytes: &[u8], at: usize) -> Result<usize, ShapeFault> {
    little_i32(bytes, at).and_then(|count| usize::try_from(count).ok()).ok_or(ShapeFault::Cut)
}

fn slice(bytes: &[u8], start: usize, count: usize, size: usize) -> Result<&[u8], ShapeFault> {
    let end = count.checked_mul(size).and_then(|len| len.checked_add(start));
    end.and_then(|end| bytes.get(start..end)).ok_or(ShapeFault::Cut)
}

fn little_i32(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..)?.first_chunk().map(|four| i32::from_le_bytes(*four))
}

fn little_f64(bytes: &[u8], at: usize) -> f64 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(f64::NAN, |eight| f64::from_le_bytes(*eight))
}
