//! Vector tiles as quiet shapes: which of their features are drawn, and as what, by the layer names of OpenMapTiles and
//! of Protomaps.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::mvt::{self, Feature, FeatureKind, Value};
use super::{MOST_TILE_BYTES, unpacked};
use crate::model::geometry::Bounds;
use crate::model::ground::{GroundShape, ShapeClass};
use crate::task::Cancel;

/// Positions of tiles that are kept in memory: 16 bytes each.
const ROOM: usize = 2_000_000;
/// Most tiles of a window.
const MOST_TILES: u64 = 256;
/// Levels above that stand in for a tile that is not there.
const STAND_INS: u8 = 4;

/// Where the bytes of tiles come from; rows are counted from the north.
pub(super) trait TileBytes: Send + Sync {
    fn tile(&self, zoom: u8, at: [u64; 2]) -> Option<Vec<u8>>;
}

/// See the module's head.
pub(super) struct ShapeTiles {
    zooms: [u8; 2],
    /// Width of a tile, pixels.
    side: f64,
    source: Box<dyn TileBytes>,
    shelf: Mutex<Shelf>,
}

type Key = (u8, u64, u64);

#[derive(Default)]
struct Shelf {
    tiles: BTreeMap<Key, Arc<[GroundShape]>>,
    positions: usize,
}

impl ShapeTiles {
    pub(super) fn new(zooms: [u8; 2], side: f64, source: impl TileBytes + 'static) -> Self {
        Self { zooms, side, source: Box::new(source), shelf: Mutex::default() }
    }

    /// See [`super::Ground::shapes`].
    pub(super) fn window(&self, window: &Bounds, step: f64, cancel: &Cancel) -> Vec<GroundShape> {
        if window.is_empty() || !(step.is_finite() && step > 0.0) {
            return Vec::new();
        }
        // One level for each time the map is half as large; a tile's shapes are made for about its own size.
        let [least, most] = self.zooms;
        let up = step.log2().round().clamp(0.0, 30.0) as u8;
        let zoom = most.saturating_sub(up).max(least);
        let side = self.side * f64::from(2_u32.pow((most - zoom).into()));
        let count = 1_u64 << zoom;
        let span = |axis: usize| {
            let first = (window.min[axis] / side).floor().max(0.0) as u64;
            first..((window.max[axis] / side).ceil().max(0.0) as u64).min(count)
        };
        let (columns, rows) = (span(0), span(1));
        let number = columns.end.saturating_sub(columns.start).saturating_mul(rows.end.saturating_sub(rows.start));
        let mut keys: Vec<Key> = Vec::new();
        if number <= MOST_TILES {
            keys.extend(rows.flat_map(|row| columns.clone().map(move |column| (zoom, column, row))));
        }
        let mut tiles: BTreeMap<Key, Arc<[GroundShape]>> = BTreeMap::new();
        for (zoom, column, row) in keys {
            if cancel.is_cancelled() {
                return Vec::new();
            }
            for up in 0..=STAND_INS.min(zoom - least) {
                let key = (zoom - up, column >> up, row >> up);
                let shapes = self.tile(key);
                if !shapes.is_empty() {
                    tiles.insert(key, shapes);
                    break;
                }
            }
        }
        let mut all: Vec<GroundShape> = tiles.values().flat_map(|shapes| shapes.iter().cloned()).collect();
        all.sort_by_key(|shape| shape.class);
        all
    }

    fn tile(&self, key: Key) -> Arc<[GroundShape]> {
        let shelf = || self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shapes) = shelf().tiles.get(&key) {
            return Arc::clone(shapes);
        }
        let (zoom, column, row) = key;
        let bytes = self.source.tile(zoom, [column, row]).and_then(|bytes| unpacked(bytes, MOST_TILE_BYTES));
        let scale = self.side * f64::from(2_u32.pow((self.zooms[1] - zoom).into()));
        let shapes: Arc<[GroundShape]> =
            bytes.map(|bytes| shapes(&bytes, [column, row], scale)).unwrap_or_default().into();
        let mut shelf = shelf();
        if shelf.positions > ROOM {
            *shelf = Shelf::default();
        }
        shelf.positions += 16 + shapes.iter().flat_map(|shape| &shape.parts).map(Vec::len).sum::<usize>();
        shelf.tiles.insert(key, Arc::clone(&shapes));
        shapes
    }
}

/// The shapes of a tile, in the plane, where the tile is `side` pixels wide.
fn shapes(bytes: &[u8], at: [u64; 2], side: f64) -> Vec<GroundShape> {
    let mut out = Vec::new();
    for layer in mvt::layers(bytes) {
        let unit = side / f64::from(layer.extent);
        for feature in layer.features() {
            let Some((class, rank)) = class_of(layer.name, &feature) else { continue };
            let placed = |[x, y]: [i32; 2]| {
                [at[0] as f64 * side + f64::from(x) * unit, at[1] as f64 * side + f64::from(y) * unit]
            };
            let name = if class == ShapeClass::Place { name_of(&feature) } else { String::new() };
            if class == ShapeClass::Place && name.is_empty() {
                continue;
            }
            let parts = feature.parts.iter().map(|part| part.iter().map(|&at| placed(at)).collect()).collect();
            out.push(GroundShape { class, is_area: feature.kind == FeatureKind::Area, parts, name, rank });
        }
    }
    out
}

fn tag<'a>(feature: &Feature<'a>, key: &str) -> Option<Value<'a>> {
    feature.tags.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
}

fn word<'a>(feature: &Feature<'a>, key: &str) -> &'a str {
    match tag(feature, key) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// Chinese first: the maps are of Chinese cities.
fn name_of(feature: &Feature<'_>) -> String {
    let names = ["name:zh", "name:zh-Hans", "name", "name:latin", "name:en"];
    let found = names.iter().map(|key| word(feature, key)).find(|name| !name.is_empty());
    found.unwrap_or_default().chars().take(40).collect()
}

/// What a feature is drawn as, and the rank of a name; `None` for what a quiet map leaves out.
fn class_of(layer: &str, feature: &Feature<'_>) -> Option<(ShapeClass, u8)> {
    let kind =
        ["class", "kind", "pmap:kind", "subclass"].iter().map(|key| word(feature, key)).find(|it| !it.is_empty());
    let kind = kind.unwrap_or_default();
    let class = match (layer, feature.kind) {
        ("water", FeatureKind::Area) => ShapeClass::Water,
        ("water" | "waterway", FeatureKind::Line) => ShapeClass::Stream,
        ("park" | "landcover" | "landuse" | "natural", FeatureKind::Area) => green(kind)?,
        ("building" | "buildings", FeatureKind::Area) => ShapeClass::Building,
        ("transportation" | "roads" | "transit", FeatureKind::Line) => road(kind)?,
        ("boundary" | "boundaries", FeatureKind::Line) => ShapeClass::Border,
        ("place" | "places", FeatureKind::Point) => return Some((ShapeClass::Place, rank(feature, kind)?)),
        _ => return None,
    };
    Some((class, 0))
}

fn green(kind: &str) -> Option<ShapeClass> {
    let words = [
        "wood",
        "forest",
        "grass",
        "park",
        "garden",
        "farmland",
        "meadow",
        "scrub",
        "cemetery",
        "pitch",
        "golf_course",
        "nature_reserve",
        "national_park",
        "protected_area",
        "grassland",
        "orchard",
        "allotments",
        "public_park",
        "recreation_ground",
        "village_green",
    ];
    words.contains(&kind).then_some(ShapeClass::Green)
}

fn road(kind: &str) -> Option<ShapeClass> {
    Some(match kind {
        "motorway" | "trunk" | "highway" => ShapeClass::Highway,
        "primary" | "secondary" | "tertiary" | "major_road" | "medium_road" => ShapeClass::Road,
        "minor" | "service" | "minor_road" | "street" | "residential" | "unclassified" => ShapeClass::Street,
        "path" | "track" | "pedestrian" | "footway" | "cycleway" => ShapeClass::Path,
        "rail" | "transit" => ShapeClass::Rail,
        _ => return None,
    })
}

/// 0 for countries and large cities, 4 for quarters.
fn rank(feature: &Feature<'_>, kind: &str) -> Option<u8> {
    let detail = ["kind_detail", "pmap:kind_detail"].iter().map(|key| word(feature, key)).find(|it| !it.is_empty());
    Some(match detail.unwrap_or(kind) {
        "country" | "state" | "province" | "region" => 0,
        "city" => 1,
        "town" | "locality" => 2,
        "suburb" | "village" | "borough" => 3,
        "quarter" | "neighbourhood" | "hamlet" | "macrohood" => 4,
        _ => return None,
    })
}
