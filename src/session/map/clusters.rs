//! Discs that stand for several points: which one is under the pointer, and which features it stands for.

use crate::index::layer::LayerIndex;
use crate::model::geometry::Bounds;
use crate::model::style::{Crowd, ScaleRange, Style};
use crate::render::build::MapLayer;
use crate::render::clusters::{Cluster, near};
use crate::render::filter::Drawn;

use super::shown::Shown;
use crate::session::Session;
use crate::session::state::LayerView;

/// Points that are no farther apart are at one place: no scale tells them apart. Web Mercator metres.
const ONE_PLACE_M: f64 = 1.0;

/// Where a pointer is on a map, and how that map looks there.
#[derive(Clone, Debug, PartialEq)]
pub struct Glance {
    /// Web Mercator metres.
    pub at_world: [f64; 2],
    /// How far a line or point may be away, world metres.
    pub tolerance_m: f64,
    /// Map scale's denominator: what is not drawn is not found.
    pub denominator: f64,
    /// World metres to a logical pixel.
    pub metres_per_px: f64,
    /// The layers of the map.
    pub shown: Shown,
}

/// A disc of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Disc {
    /// Table name of its layer.
    pub layer: String,
    /// How many features it stands for.
    pub count: u64,
    /// Its middle, Web Mercator metres.
    pub middle_world: [f64; 2],
    /// Its radius, logical pixels.
    pub radius_px: f32,
    /// Around its features, Web Mercator metres.
    pub bounds_world: Bounds,
}

impl Disc {
    /// Whether all its features are at one place.
    pub fn is_one_place(&self) -> bool {
        self.bounds_world.width().max(self.bounds_world.height()) < ONE_PLACE_M
    }
}

impl Session {
    /// The disc under the pointer, unless a feature of a higher layer lies there. Quick; nothing while the map's memory is
    /// being written.
    pub fn disc(&self, glance: &Glance) -> Option<Disc> {
        let layers = self.city().map(|city| city.layers.as_slice()).unwrap_or_default();
        let shown = || layers.iter().filter(|layer| glance.shown.holds(layer));
        if !shown().any(|layer| has_discs(layer, glance.denominator)) {
            return None;
        }
        for layer in shown() {
            let Some(index) = layer.index.as_ref().and_then(|index| index.try_read().ok()) else { continue };
            let Some(found) = clusters(layer, &index, glance) else {
                let drawn = Drawn::at(&layer.style, glance.denominator, &index, &layer.schema);
                let is_drawn = |slot| drawn.holds(&index, slot);
                if index.pick_of(glance.at_world, glance.tolerance_m, 1, &is_drawn).is_empty() {
                    continue;
                }
                return None;
            };
            if let Some(disc) = found.into_iter().rfind(|cluster| cluster.count > 1) {
                let Cluster { count, middle_world, radius_px, bounds_world, .. } = disc;
                let layer = layer.table().to_owned();
                return Some(Disc { layer, count, middle_world, radius_px, bounds_world });
            }
        }
        None
    }
}

fn has_discs(layer: &LayerView, denominator: f64) -> bool {
    matches!(layer.style.crowd, Crowd::Clusters { .. }) && layer.style.crowd.gathers(denominator)
}

/// The discs and lone points of a layer under the pointer, the topmost last; `None` where all points stand for themselves.
pub(in crate::session) fn clusters(layer: &LayerView, index: &LayerIndex, glance: &Glance) -> Option<Vec<Cluster>> {
    if !has_discs(layer, glance.denominator) {
        return None;
    }
    let LayerView { schema, style, opacity, .. } = layer;
    let layer = MapLayer { index, schema, style, opacity: *opacity, levels: None };
    near(&layer, glance.at_world, glance.metres_per_px, glance.tolerance_m)
}

/// The features, by id, that discs and lone points stand for; at most so many.
pub(in crate::session) fn members(
    layer: &LayerView,
    index: &LayerIndex,
    clusters: &[Cluster],
    most: usize,
) -> Vec<i64> {
    // Points are counted at scales too at which their own signs are not drawn.
    let rules = layer.style.rules.iter().map(|rule| rule.clone().at(ScaleRange::ALL)).collect();
    let drawn = Drawn::at(&Style::new(rules, Vec::new()), 1.0, index, &layer.schema);
    let counts = |slot| layer.style.rules.is_empty() || drawn.holds(index, slot);
    let mut ids = Vec::new();
    for cluster in clusters.iter().rev() {
        if cluster.count == 1 {
            ids.extend(index.id(cluster.slot));
        } else {
            // A place in memory is a hundredth of a metre off at most.
            ids.extend(index.inside(cluster.bounds_world.grown(0.02), false, &counts));
        }
    }
    ids.truncate(most);
    ids
}
