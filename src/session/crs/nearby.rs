//! How far it is from a place to the nearest line, point or edge of a layer that the city has: what a new layer is held
//! against when its coordinate system is in doubt.

use std::ops::ControlFlow;

use rstar::{AABB, PointDistance, RTree, RTreeObject};

use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::model::geometry::{Bounds, Coords, Geometry, GeometryKind, Visitor};
use crate::model::schema::Schema;
use crate::store::error::StoreError;
use crate::store::reader::{LayerInfo, Reader};
use crate::task::{Cancelled, Task};
use crate::text::Text;

use crate::session::snapshot::mapped_bounds;

/// Beyond this distance nothing is near: a city block or two.
pub(in crate::session) const REACH_M: f64 = 200.0;
/// Layers that a new one is held against, at most.
const MOST_LAYERS: usize = 10;
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

/// What a new layer is, as far as it says what to hold it against.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Likeness<'a> {
    /// What it is called in its file.
    pub(super) name: &'a str,
    /// The layer that it is to go to, or the id of the kind that it is.
    pub(super) goes_to: Option<&'a str>,
    /// Points, lines or areas.
    pub(super) geometry: Option<GeometryKind>,
}

impl Likeness<'_> {
    /// Whether a layer holds things of the same sort.
    fn is_of(&self, info: &LayerInfo) -> bool {
        let Schema { table, name, kind, .. } = &info.schema;
        let is_asked = self.goes_to.is_some_and(|word| word == table.as_str() || word == kind.as_str());
        let begins = |word: &str| !word.is_empty() && self.name.starts_with(word);
        is_asked || begins(table) || begins(&name.zh) || begins(&name.en)
    }
}

/// The layers that are worth reading, the likeliest first: those of the same sort, then in turn those with lines, those
/// of the same dimension, and the rest, the largest of each first. A city has more layers than can be looked at, and its
/// many lines must not leave the buildings out that a delivery of buildings lies on.
fn in_turn<'a>(layers: &'a [LayerInfo], likeness: &Likeness<'_>) -> Vec<&'a LayerInfo> {
    let dimension = |info: &LayerInfo| info.schema.geometry.and_then(GeometryKind::dimension);
    let own = likeness.geometry.and_then(GeometryKind::dimension);
    let mut groups: [Vec<&LayerInfo>; 4] = Default::default();
    for info in
        layers.iter().filter(|info| info.count > 0 && info.schema.geometry.is_some() && info.schema.kind != "note")
    {
        let group = match dimension(info) {
            _ if likeness.is_of(info) => 0,
            Some(1) => 1,
            found if found == own => 2,
            _ => 3,
        };
        groups[group].push(info);
    }
    groups.iter_mut().for_each(|group| group.sort_by_key(|info| std::cmp::Reverse(info.count)));
    let [same, others @ ..] = groups;
    let longest = others.iter().map(Vec::len).max().unwrap_or_default();
    let turns = (0..longest).flat_map(|turn| others.iter().filter_map(move |group| group.get(turn).copied()));
    same.into_iter().chain(turns.collect::<Vec<_>>()).collect()
}

/// The layers of a city that have something in the windows (degrees), as far as they are worth reading.
pub(in crate::session) fn read(
    reader: &Reader,
    layers: &[LayerInfo],
    likeness: &Likeness<'_>,
    windows: &[Bounds],
    task: &Task<'_>,
) -> Result<Vec<Nearby>, NearbyError> {
    let mut found = Vec::new();
    for info in in_turn(layers, likeness) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;
    use crate::store::command::LayerState;

    #[test]
    fn a_city_of_many_lines_still_holds_buildings_against_its_buildings() {
        let layer = |table: &str, kind: &str, geometry: GeometryKind, count: u64| {
            let of_kind = kinds::find(kind).unwrap_or_else(kinds::plain).schema(Crs::CGCS2000);
            let schema = Schema { table: table.to_owned(), geometry: Some(geometry), ..of_kind };
            let state = LayerState {
                name: Text::same(table.to_owned()),
                opacity: 1.0,
                position: 0,
                group: String::new(),
                style: None,
            };
            let (bounds, revision) = (None, 0);
            LayerInfo { schema, state, visible: true, count, bounds, revision, editable: true, indexed: true }
        };
        let mut layers: Vec<LayerInfo> =
            (0..12).map(|number| layer(&format!("line{number}"), "plain", GeometryKind::LineString, 9000)).collect();
        layers.push(layer("component", "component", GeometryKind::Point, 100_000));
        layers.push(layer("building", "building", GeometryKind::MultiPolygon, 100));
        layers.push(layer("green", "green", GeometryKind::MultiPolygon, 5000));
        let areas = Likeness { geometry: Some(GeometryKind::MultiPolygon), ..Likeness::default() };
        let first = |likeness: Likeness<'_>| in_turn(&layers, &likeness)[0].schema.table.clone();
        assert_eq!(first(Likeness { name: "building_gcj", ..areas }), "building");
        assert_eq!(first(Likeness { goes_to: Some("building"), name: "新测", ..areas }), "building");
        let unnamed: Vec<String> = in_turn(&layers, &areas).iter().map(|info| info.schema.table.clone()).collect();
        assert!(unnamed[..MOST_LAYERS].iter().any(|table| table == "building"), "{unnamed:?}");
        assert_eq!(unnamed.len(), layers.len());
    }
}
