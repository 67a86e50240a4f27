//! Geometries from paths of positions that come one after the other: what KML and GPX have in common.

use crate::model::geometry::{BadGeometry, Geometry, GeometryKind, WkbWriter};

/// Longitude, latitude and height of one position.
pub(super) type Position = [f64; 3];

/// A simple geometry.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaf {
    /// One position.
    Point(Position),
    /// A path.
    Line(Vec<Position>),
    /// Rings, the outer one first.
    Area(Vec<Vec<Position>>),
}

impl Leaf {
    fn kind(&self) -> GeometryKind {
        match self {
            Self::Point(_) => GeometryKind::Point,
            Self::Line(_) => GeometryKind::LineString,
            Self::Area(_) => GeometryKind::Polygon,
        }
    }

    fn positions(&self) -> impl Iterator<Item = &Position> {
        let (point, paths): (&[Position], &[Vec<Position>]) = match self {
            Self::Point(point) => (std::slice::from_ref(point), &[]),
            Self::Line(path) => (path, &[]),
            Self::Area(rings) => (&[], rings),
        };
        point.iter().chain(paths.iter().flatten())
    }

    fn put(&self, out: &mut WkbWriter) {
        let put = |path: &[Position], out: &mut WkbWriter| path.iter().for_each(|[x, y, z]| out.position(*x, *y, *z));
        match self {
            Self::Point(point) => {
                out.head(GeometryKind::Point, 1);
                put(std::slice::from_ref(point), out);
            }
            Self::Line(path) => {
                out.head(GeometryKind::LineString, path.len());
                put(path, out);
            }
            Self::Area(rings) => {
                out.head(GeometryKind::Polygon, rings.len());
                for ring in rings {
                    out.ring(ring.len());
                    put(ring, out);
                }
            }
        }
    }
}

/// One geometry of all leaves; `None` without one. With `is_multi` a single leaf becomes a multi geometry too.
///
/// These formats write a height of 0 where nobody measured one, so heights that are all 0 are none.
///
/// # Errors
/// A number that is not finite.
pub(super) fn join(leaves: &[Leaf], is_multi: bool) -> Result<Option<Geometry>, BadGeometry> {
    let Some(first) = leaves.first() else { return Ok(None) };
    let has_z = leaves.iter().flat_map(Leaf::positions).any(|position| position[2] != 0.0);
    let mut out = WkbWriter::new(has_z);
    if is_multi || leaves.len() > 1 {
        let is_mixture = leaves.iter().any(|leaf| leaf.kind() != first.kind());
        let kind = match first.kind() {
            _ if is_mixture => GeometryKind::Collection,
            GeometryKind::Point => GeometryKind::MultiPoint,
            GeometryKind::LineString => GeometryKind::MultiLineString,
            _ => GeometryKind::MultiPolygon,
        };
        out.head(kind, leaves.len());
    }
    leaves.iter().for_each(|leaf| leaf.put(&mut out));
    Geometry::from_writer(out).map(Some)
}

/// Whether a position can be a longitude and latitude; beyond the date line counts.
pub(super) fn is_on_globe(position: &Position) -> bool {
    position[0].abs() <= 540.0 && position[1].abs() <= 90.0
}
