//! Geometries of FlatGeobuf: flat arrays of coordinates, and where each part ends.

use flatgeobuf::{Geometry as Flat, GeometryType};

use crate::model::geometry::{BadGeometry, Geometry, GeometryKind, WkbWriter};

/// Deepest nesting of collections.
const MAX_DEPTH: u32 = 12;

/// The geometry; `None` for one without a position. `declared` is the type of all features, where they share one.
///
/// # Errors
/// See [`BadGeometry`].
pub(super) fn geometry(flat: &Flat<'_>, declared: GeometryType) -> Result<Option<Geometry>, BadGeometry> {
    let declared = if declared == GeometryType::Unknown { flat.type_() } else { declared };
    if is_empty(flat, 0)? {
        return Ok(None);
    }
    let mut out = WkbWriter::new(has_z(flat, 0));
    put(flat, declared, &mut out)?;
    Geometry::from_writer(out).map(Some)
}

/// The kinds that the program draws; curves and surfaces are refused by number.
fn kind_of(declared: GeometryType) -> Result<GeometryKind, BadGeometry> {
    let found = GeometryKind::ALL.into_iter().find(|kind| *kind as u8 == declared.0);
    found.ok_or(BadGeometry::Unsupported(u32::from(declared.0)))
}

fn parts<'a>(flat: &Flat<'a>) -> impl ExactSizeIterator<Item = Flat<'a>> {
    flat.parts().unwrap_or_default().into_iter()
}

fn has_z(flat: &Flat<'_>, depth: u32) -> bool {
    depth <= MAX_DEPTH && (flat.z().is_some_and(|z| !z.is_empty()) || parts(flat).any(|part| has_z(&part, depth + 1)))
}

fn is_empty(flat: &Flat<'_>, depth: u32) -> Result<bool, BadGeometry> {
    if depth > MAX_DEPTH {
        return Err(BadGeometry::TooDeep);
    }
    let mut is_all_empty = flat.xy().is_none_or(|xy| xy.is_empty());
    for part in parts(flat) {
        is_all_empty &= is_empty(&part, depth + 1)?;
    }
    Ok(is_all_empty)
}

fn put(flat: &Flat<'_>, declared: GeometryType, out: &mut WkbWriter) -> Result<(), BadGeometry> {
    let kind = kind_of(declared)?;
    let path = Path::new(flat)?;
    match kind {
        GeometryKind::Point => {
            out.head(kind, 1);
            if path.count != 1 {
                return Err(BadGeometry::Garbled);
            }
            path.put(0, 1, out);
        }
        GeometryKind::LineString => {
            out.head(kind, path.count);
            path.put(0, path.count, out);
        }
        GeometryKind::MultiPoint => {
            out.head(kind, path.count);
            for at in 0..path.count {
                out.head(GeometryKind::Point, 1);
                path.put(at, at + 1, out);
            }
        }
        GeometryKind::Polygon | GeometryKind::MultiLineString => {
            let ends = path.ends(flat)?;
            out.head(kind, ends.len());
            let mut start = 0;
            for end in ends {
                match kind {
                    GeometryKind::Polygon => out.ring(end - start),
                    _ => out.head(GeometryKind::LineString, end - start),
                }
                path.put(start, end, out);
                start = end;
            }
        }
        // A polygon alone may stand where several are declared, without being a part.
        GeometryKind::MultiPolygon if parts(flat).len() == 0 => {
            out.head(kind, 1);
            put(flat, GeometryType::Polygon, out)?;
        }
        GeometryKind::MultiPolygon => {
            out.head(kind, parts(flat).len());
            parts(flat).try_for_each(|part| put(&part, GeometryType::Polygon, out))?;
        }
        GeometryKind::Collection => {
            out.head(kind, parts(flat).len());
            parts(flat).try_for_each(|part| put(&part, part.type_(), out))?;
        }
    }
    Ok(())
}

/// The coordinates of one table.
struct Path<'a> {
    xy: flatbuffers::Vector<'a, f64>,
    z: Option<flatbuffers::Vector<'a, f64>>,
    count: usize,
}

impl<'a> Path<'a> {
    fn new(flat: &Flat<'a>) -> Result<Self, BadGeometry> {
        let xy = flat.xy().unwrap_or_default();
        let count = xy.len() / 2;
        let z = flat.z().filter(|z| !z.is_empty());
        if !xy.len().is_multiple_of(2) || z.is_some_and(|z| z.len() != count) {
            return Err(BadGeometry::Garbled);
        }
        Ok(Self { xy, z, count })
    }

    /// Where the parts end: as said, or all in one.
    fn ends(&self, flat: &Flat<'_>) -> Result<Vec<usize>, BadGeometry> {
        let said = flat.ends().filter(|ends| !ends.is_empty());
        let ends: Vec<usize> =
            said.map_or_else(|| vec![self.count], |ends| ends.iter().map(|end| end as usize).collect());
        let is_sound = ends.is_sorted() && ends.last() == Some(&self.count);
        if is_sound { Ok(ends) } else { Err(BadGeometry::Garbled) }
    }

    fn put(&self, start: usize, end: usize, out: &mut WkbWriter) {
        for at in start..end {
            let z = self.z.map_or(0.0, |z| z.get(at));
            out.position(self.xy.get(2 * at), self.xy.get(2 * at + 1), z);
        }
    }
}
