//! How far it is from a place to the nearest line, point or edge of a layer that the city has: what a new layer is held
//! against when its coordinate system is in doubt.

use std::ops::ControlFlow;

use rstar::{AABB, PointDistance, RTree, RTreeObject};

use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::model::geometry::{Bounds, Coords, Geometry, GeometryKind, Visitor};
use crate::store::error::StoreError;
use crate::store::reader::{LayerInfo, Reader};
use crate::task::{Cancelled, Task};
use crate::text::Text;

use super::snapshot::mapped_bounds;

/// Beyond this distance nothing is near: a city block or two.
pub(super) const REACH_M: f64 = 200.0;
/// Layers that a new one is held against, at most.
const MOST_LAYERS: usize = 8;
/// Edges of one layer that are looked at; a layer with more in these places is left out.
const MOST_EDGES: usize = 400_000;
/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_320.0;

/// A layer of the city, ready for the question.
pub(super) struct Nearby {
    /// Its name.
    pub(super) name: Text,
    edges: RTree<Edge>,
    /// Metres of a degree of longitude, in the middle of what was read.
    degree_m: f64,
}

/// A straight piece in metres, or a point.
struct Edge([[f64; 2]; 2]);

impl RTreeObject for Edge {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.0[0], self.0[1])
    }
}

impl PointDistance for Edge {
    fn distance_2(&self, at: &[f64; 2]) -> f64 {
        let [from, to] = self.0;
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let square = dx * dx + dy * dy;
        let along = if square == 0.0 { 0.0 } else { ((at[0] - from[0]) * dx + (at[1] - from[1]) * dy) / square };
        let along = along.clamp(0.0, 1.0);
        let (x, y) = (from[0] + along * dx - at[0], from[1] + along * dy - at[1]);
        x * x + y * y
    }
}

impl Nearby {
    /// From paths in degrees; a path of one place is a point.
    pub(super) fn new(name: Text, paths: impl IntoIterator<Item = Vec<[f64; 2]>>, middle_lat: f64) -> Self {
        let degree_m = DEGREE_M * middle_lat.to_radians().cos();
        let metres = |[lon, lat]: [f64; 2]| [lon * degree_m, lat * DEGREE_M];
        let edges = paths.into_iter().flat_map(|path| {
            let path: Vec<[f64; 2]> = path.into_iter().map(metres).collect();
            let single = if let [only] = path[..] { Some(Edge([only, only])) } else { None };
            let pieces: Vec<Edge> = path.windows(2).map(|pair| Edge([pair[0], pair[1]])).collect();
            single.into_iter().chain(pieces)
        });
        Self { name, edges: RTree::bulk_load(edges.collect()), degree_m }
    }

    /// Metres to the nearest edge or point; none beyond [`REACH_M`].
    pub(super) fn distance_m(&self, [lon, lat]: [f64; 2]) -> Option<f64> {
        let at = [lon * self.degree_m, lat * DEGREE_M];
        let (_, square) = self.edges.nearest_neighbor_iter_with_distance_2(at).next()?;
        Some(square.sqrt()).filter(|distance| *distance <= REACH_M)
    }
}

/// The layers of a city that have something in the windows (degrees), those with lines first.
pub(super) fn read(
    reader: &Reader,
    layers: &[LayerInfo],
    windows: &[Bounds],
    task: &Task<'_>,
) -> Result<Vec<Nearby>, NearbyError> {
    let mut likely: Vec<&LayerInfo> = layers
        .iter()
        .filter(|info| info.count > 0 && info.schema.geometry.is_some() && info.schema.kind != "note")
        .collect();
    let dimension = |info: &LayerInfo| info.schema.geometry.and_then(GeometryKind::dimension);
    likely.sort_by_key(|info| (dimension(info) != Some(1), std::cmp::Reverse(info.count)));
    let mut found = Vec::new();
    for info in likely {
        task.check()?;
        if let Some(nearby) = read_layer(reader, info, windows)? {
            found.push(nearby);
        }
        if found.len() == MOST_LAYERS {
            break;
        }
    }
    Ok(found)
}

/// Why the neighbours are not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum NearbyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Takes the paths of geometries, in degrees.
struct InDegrees<'a> {
    to_degrees: &'a Transform,
    paths: &'a mut Vec<Vec<[f64; 2]>>,
}

impl Visitor for InDegrees<'_> {
    fn path(&mut self, coords: Coords<'_>) {
        self.paths.push(coords.iter().filter_map(|at| self.to_degrees.point(at).ok()).collect());
    }
}

fn read_layer(reader: &Reader, info: &LayerInfo, windows: &[Bounds]) -> Result<Option<Nearby>, StoreError> {
    let Ok(to_degrees) = Transform::new(info.schema.crs, Crs::WGS84) else { return Ok(None) };
    let (mut paths, mut edges) = (Vec::new(), 0);
    let mut middle = Bounds::EMPTY;
    for window in windows {
        let Some(own) = mapped_bounds(*window, Crs::WGS84, info.schema.crs) else { continue };
        middle = middle.union(window);
        reader.scan(&info.schema.table, Some(own), &[], &mut |_, wkb, _| {
            if let Ok(geometry) = Geometry::from_wkb(wkb) {
                edges += geometry.coord_count();
                geometry.walk(&mut InDegrees { to_degrees: &to_degrees, paths: &mut paths });
            }
            if edges > MOST_EDGES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
    }
    let is_useful = edges > 0 && edges <= MOST_EDGES;
    Ok(is_useful.then(|| Nearby::new(info.schema.name.clone(), paths, middle.center()[1])))
}
