//! A geometry as it stands in a GeoPackage (OGC 12-128r19, clause 2.1.3): a header, then well-known binary.

use crate::model::geometry::{BadGeometry, Bounds, Geometry, GeometryKind};

/// What a cell of the geometry column turned out to be.
#[derive(Debug)]
pub(super) enum Shape {
    /// A geometry with at least one position.
    Place(Geometry, Bounds),
    /// An empty one.
    Nowhere,
}

/// Takes header and geometry apart. The envelope of the header is not looked at: it is somebody's word.
///
/// # Errors
/// See [`BadGeometry`]; extended geometries and curves are [`BadGeometry::Unsupported`].
pub(super) fn shape(blob: &[u8]) -> Result<Shape, BadGeometry> {
    let head = blob.get(..8).filter(|head| head.starts_with(b"GP")).ok_or(BadGeometry::Garbled)?;
    let flags = head[3];
    if flags & 0x20 != 0 {
        return Err(BadGeometry::Unsupported(u32::from(flags)));
    }
    let envelope = match (flags >> 1) & 7 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return Err(BadGeometry::Garbled),
    };
    let geometry = Geometry::from_wkb(blob.get(8 + envelope..).ok_or(BadGeometry::Garbled)?)?;
    let bounds = geometry.bounds();
    Ok(if bounds.is_empty() { Shape::Nowhere } else { Shape::Place(geometry, bounds) })
}

/// Writes header and geometry into `out`, which is emptied first, and returns the geometry's box. Points go without
/// an envelope, as other programs write them.
pub(super) fn encode(geometry: &Geometry, srs_id: i32, out: &mut Vec<u8>) -> Bounds {
    let bounds = geometry.bounds();
    let has_envelope = !bounds.is_empty() && geometry.kind() != GeometryKind::Point;
    let flags = 1 | (u8::from(has_envelope) << 1) | (u8::from(bounds.is_empty()) << 4);
    out.clear();
    out.extend_from_slice(&[b'G', b'P', 0, flags]);
    out.extend_from_slice(&srs_id.to_le_bytes());
    if has_envelope {
        for number in [bounds.min[0], bounds.max[0], bounds.min[1], bounds.max[1]] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
    out.extend_from_slice(geometry.wkb());
    bounds
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_point_as_gdal_writes_it_is_read_and_written() {
        let mut blob = b"GP\0\x01\x8a\x11\0\0".to_vec();
        let point = Geometry::point(115.98, 29.71);
        blob.extend_from_slice(point.wkb());
        assert!(matches!(shape(&blob), Ok(Shape::Place(found, _)) if found == point));
        let mut again = Vec::new();
        assert_eq!(encode(&point, 4490, &mut again), point.bounds());
        assert_eq!(again, blob);
    }

    #[test]
    fn a_wrong_envelope_is_not_believed() {
        let line = Geometry::line(&[[1.0, 5.0], [3.0, 2.0]]);
        let mut blob = Vec::new();
        encode(&line, 4490, &mut blob);
        blob[8..40].fill(0xff);
        assert!(matches!(shape(&blob), Ok(Shape::Place(_, bounds)) if bounds == Bounds::new(1.0, 2.0, 3.0, 5.0)));
    }

    #[test]
    fn curves_and_extended_geometries_are_refused() {
        assert_eq!(shape(b"GP\0\x01\0\0\0\0\x01\x08\0\0\0\0\0\0\0").err(), Some(BadGeometry::Unsupported(8)));
        assert!(matches!(shape(b"GP\0\x21\0\0\0\0abc"), Err(BadGeometry::Unsupported(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_bytes_are_a_geometry_or_an_error(mut bytes: Vec<u8>, flags in 0_u8..16) {
            let _ = shape(&bytes);
            bytes.splice(0..0, [b'G', b'P', 0, flags, 0, 0, 0, 0]);
            if let Ok(Shape::Place(geometry, bounds)) = shape(&bytes) {
                prop_assert_eq!(geometry.bounds(), bounds);
            }
        }
    }
}
