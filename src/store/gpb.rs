//! The GeoPackage header in front of a geometry's well-known binary.

use crate::model::geometry::{Bounds, Geometry, GeometryKind};

/// The well-known binary behind a GeoPackage header, in whatever byte order it stands; `None` if the header is garbled.
pub(super) fn wkb_of(blob: &[u8]) -> Option<&[u8]> {
    let flags = flags_of(blob)?;
    blob.get(8 + envelope_len(flags)?..)
}

/// The box of a stored geometry, from its header where that has one; `None` for an empty or unreadable one.
pub(super) fn bounds_of(blob: &[u8]) -> Option<Bounds> {
    let flags = flags_of(blob)?;
    let envelope = envelope_len(flags)?;
    if envelope > 0 {
        let number = |index: usize| {
            let bytes: [u8; 8] = blob.get(8 + 8 * index..16 + 8 * index)?.try_into().ok()?;
            Some(if flags & 1 == 1 { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
        };
        let found = Bounds::new(number(0)?, number(2)?, number(1)?, number(3)?);
        let finite = found.min.iter().chain(&found.max).all(|number| number.is_finite());
        return (finite && !found.is_empty()).then_some(found);
    }
    let wkb = blob.get(8..)?;
    if let Some(at) = plain_point(wkb) {
        return (at[0].is_finite() && at[1].is_finite()).then_some(Bounds { min: at, max: at });
    }
    Some(Geometry::from_wkb(wkb).ok()?.bounds()).filter(|found| !found.is_empty())
}

/// Writes header and geometry into `out`, which is emptied first, and returns the geometry's box.
///
/// Points get no envelope: their coordinates stand in the same place for every reader, and a million envelopes of
/// 32 bytes say nothing new.
pub(super) fn encode(geometry: &Geometry, srs_id: i32, out: &mut Vec<u8>) -> Bounds {
    let wkb = geometry.wkb();
    let bounds = match plain_point(wkb) {
        Some(at) if at[0].is_finite() => Bounds { min: at, max: at },
        Some(_) => Bounds::EMPTY,
        None => geometry.bounds(),
    };
    let with_envelope = !bounds.is_empty() && geometry.kind() != GeometryKind::Point;
    let flags = 1 | (u8::from(with_envelope) << 1) | (u8::from(bounds.is_empty()) << 4);
    out.clear();
    out.reserve(40 + wkb.len());
    out.extend_from_slice(&[b'G', b'P', 0, flags]);
    out.extend_from_slice(&srs_id.to_le_bytes());
    if with_envelope {
        for number in [bounds.min[0], bounds.max[0], bounds.min[1], bounds.max[1]] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
    out.extend_from_slice(wkb);
    bounds
}

/// Whether positions have heights or measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dimensions {
    pub z: bool,
    pub m: bool,
}

impl Dimensions {
    /// Those of either.
    pub(super) fn include(&mut self, other: Self) {
        self.z |= other.z;
        self.m |= other.m;
    }
}

/// A geometry's dimensions beyond x and y.
pub(super) fn dimensions(geometry: &Geometry) -> Dimensions {
    let wkb = geometry.wkb();
    let number = u32::from_le_bytes([wkb[1], wkb[2], wkb[3], wkb[4]]) / 1000;
    Dimensions { z: matches!(number, 1 | 3), m: matches!(number, 2 | 3) }
}

fn flags_of(blob: &[u8]) -> Option<u8> {
    (blob.len() >= 8 && blob.starts_with(b"GP")).then(|| blob[3])
}

fn envelope_len(flags: u8) -> Option<usize> {
    match (flags >> 1) & 7 {
        0 => Some(0),
        1 => Some(32),
        2 | 3 => Some(48),
        4 => Some(64),
        _ => None,
    }
}

/// The position of a little-endian point without looking at anything else.
fn plain_point(wkb: &[u8]) -> Option<[f64; 2]> {
    let (head, rest) = wkb.split_at_checked(5)?;
    let number = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
    if head[0] != 1 || !matches!(number, 1 | 1001 | 2001 | 3001) {
        return None;
    }
    let number = |at: usize| Some(f64::from_le_bytes(rest.get(at..at + 8)?.try_into().ok()?));
    Some([number(0)?, number(8)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_as_gdal_writes_it_is_read() {
        check("47500001 8A110000 01 01000000 1F85EB51B8FE5C40 F6285C8FC2B53D40");
    }

    #[track_caller]
    fn check(hex: &str) {
        let digits: Vec<u8> = hex.bytes().filter(|digit| *digit != b' ').collect();
        let blob: Vec<u8> =
            digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect();
        assert_eq!(bounds_of(&blob), Some(Bounds::new(115.98, 29.71, 115.98, 29.71)));
        let geometry = Geometry::from_wkb(wkb_of(&blob).unwrap()).unwrap();
        let mut again = Vec::new();
        encode(&geometry, 4490, &mut again);
        assert_eq!(again, blob);
    }

    #[test]
    fn garbage_has_no_geometry_and_no_box() {
        for blob in [&b""[..], b"GP", b"GP\0\x0f\0\0\0\0", b"XX\0\x01\0\0\0\0\x01", b"GP\0\x03\0\0\0\0\0\0"] {
            assert_eq!(bounds_of(blob), None, "{blob:?}");
            assert!(wkb_of(blob).is_none_or(|wkb| Geometry::from_wkb(wkb).is_err()), "{blob:?}");
        }
    }

    #[test]
    fn a_line_carries_its_box_in_the_header() {
        let line = Geometry::line(&[[1.0, 5.0], [3.0, 2.0]]);
        let mut blob = Vec::new();
        let bounds = encode(&line, 4490, &mut blob);
        assert_eq!(bounds, Bounds::new(1.0, 2.0, 3.0, 5.0));
        assert_eq!(bounds_of(&blob), Some(bounds));
        assert_eq!(wkb_of(&blob), Some(line.wkb()));
        assert_eq!(geopackage::core::geometry::blob_xy_envelope(&blob).unwrap(), Some([1.0, 3.0, 2.0, 5.0]));
    }
}
