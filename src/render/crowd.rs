//! Many points shown together: which they are and where they lie, for clusters and for heat.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rayon::prelude::*;

use super::build::{Count, MapLayer};
use super::clusters;
use super::filter::Filter;
use super::heat::{self, Heat};
use super::scene::{Item, Scene};
use super::sizes::Scale;
use super::view::View;
use crate::index::arena::PathKind;
use crate::model::geometry::GeometryKind;
use crate::model::ramp;
use crate::model::style::{Crowd, Size};
use crate::task::Cancel;

/// Tells the density of the densest place apart from other numbers about a layer.
const DENSEST: u64 = 1;

/// A point on the endless map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Crowded {
    /// Its feature.
    pub(super) slot: u32,
    /// Logical pixels to the right of and below the world's origin.
    pub(super) at_px: [f64; 2],
    /// How much it counts.
    pub(super) weight: f64,
}

/// Whether a layer shows its points together in this view.
pub(super) fn gathers(layer: &MapLayer, view: &View) -> bool {
    let is_points = layer.schema.geometry.and_then(GeometryKind::dimension) == Some(0);
    is_points && layer.style.crowd.gathers(view.denominator())
}

/// The scene of such a layer; `None` if cancelled.
pub(super) fn build(layer: &MapLayer, view: &View, dark: bool, cancel: &Cancel) -> Option<(Scene, Count)> {
    if layer.opacity <= 0.0 {
        return Some((Scene::default(), Count::default()));
    }
    let (mut scene, count) = match &layer.style.crowd {
        Crowd::Each => (Scene::default(), Count::default()),
        Crowd::Clusters { ink, radius_px, .. } => clusters::build(layer, view, dark, (*ink, *radius_px), cancel)?,
        Crowd::Heat { .. } => heat(layer, view, dark, cancel)?,
    };
    if layer.opacity < 1.0 {
        scene.items.insert(0, Item::Opacity(layer.opacity));
        scene.items.push(Item::Pop);
    }
    Some((scene, count))
}

fn heat(layer: &MapLayer, view: &View, dark: bool, cancel: &Cancel) -> Option<(Scene, Count)> {
    let Crowd::Heat { ramp, radius, weight, most } = &layer.style.crowd else {
        return Some((Scene::default(), Count::default()));
    };
    let radius_px = radius_px(layer, view, radius);
    let crowd = Gatherer::new(layer, view, weight.as_deref());
    let slots = layer.index.window_slots(view.bounds_world(radius_px * 1.3 + 8.0));
    let points = crowd.points(&slots);
    let most = most.filter(|most| *most > 0.0).unwrap_or_else(|| densest(layer, view, radius, weight.as_deref()));
    let ramp = ramp::ramp(ramp).or_else(|| ramp::ramp(ramp::USUAL))?;
    let item = Heat { ramp, radius_px, most, dark }.item(view, &points, cancel)?;
    let count = Count { features: points.len(), vertices: points.len() };
    Some((Scene { items: vec![item], ..Scene::default() }, count))
}

/// The density of the densest place of a layer about the scale of a view. Worked out at round scales, at the middle of the
/// layer and with north up, once for all tiles and all turns; between two round scales it goes over from one to the other.
fn densest(layer: &MapLayer, view: &View, radius: &Size, weight: Option<&str>) -> f64 {
    let scale = view.metres_per_px.log2();
    let (below, share) = (scale.floor(), scale - scale.floor());
    let at = |scale: f64| densest_at(layer, scale, radius, weight);
    match share {
        0.0 => at(below),
        // Density runs with a power of the scale.
        _ => at(below).powf(1.0 - share) * at(below + 1.0).powf(share),
    }
}

/// The same where a pixel is two to the power of `scale` metres of the world.
fn densest_at(layer: &MapLayer, scale: f64, radius: &Size, weight: Option<&str>) -> f64 {
    let view = View::new(layer.index.bounds_world().center(), scale.exp2(), [1.0; 2]);
    let radius_px = radius_px(layer, &view, radius);
    let mut hasher = DefaultHasher::new();
    let tests = layer.style.rules.iter().filter(|rule| !rule.paints.is_empty()).map(|rule| &rule.filter);
    tests.for_each(|test| format!("{test:?}").hash(&mut hasher));
    weight.hash(&mut hasher);
    layer.index.remembered([DENSEST, scale.to_bits(), radius_px.to_bits(), hasher.finish()], || {
        let all: Vec<u32> = layer.index.live_slots().collect();
        heat::densest(&Gatherer::new(layer, &view, weight).points(&all), radius_px)
    })
}

/// How far a point of the layer reaches in a view, logical pixels.
fn radius_px(layer: &MapLayer, view: &View, radius: &Size) -> f64 {
    let px = Scale::new(layer.schema, view).pixels(radius).of(layer.index, u32::MAX);
    f64::from(px).clamp(1.0, heat::FARTHEST_PX)
}

/// Finds the points of a layer.
pub(super) struct Gatherer<'a> {
    layer: &'a MapLayer<'a>,
    /// A feature that passes none is not drawn at any scale; `None` takes every feature.
    filters: Option<Vec<Filter>>,
    weight: Option<usize>,
    view: View,
}

impl<'a> Gatherer<'a> {
    /// For one view; `weight` is the field that counts.
    pub(super) fn new(layer: &'a MapLayer<'a>, view: &View, weight: Option<&str>) -> Self {
        // Points are counted far away too, where their own signs are not drawn: scales do not matter here.
        let rules = || layer.style.rules.iter().filter(|rule| !rule.paints.is_empty());
        let takes_all = rules().next().is_none() || rules().any(|rule| rule.filter.is_none());
        let tests = rules().filter_map(|rule| rule.filter.as_ref());
        let compiled = || tests.map(|test| Filter::compile(test, layer.index, layer.schema)).collect();
        let filters = (!takes_all).then(compiled);
        Self { layer, filters, weight: weight.and_then(|field| layer.schema.field_index(field)), view: *view }
    }

    /// The points of some features.
    pub(super) fn points(&self, slots: &[u32]) -> Vec<Crowded> {
        let (sin, cos) = self.view.rotation_rad.sin_cos();
        let per_m = 1.0 / self.view.metres_per_px;
        let index = self.layer.index;
        let column = self.weight.and_then(|field| index.column(field));
        let add = |slot: u32, out: &mut Vec<Crowded>| {
            let is_drawn =
                self.filters.as_ref().is_none_or(|filters| filters.iter().any(|filter| filter.holds(index, slot)));
            if !is_drawn {
                return;
            }
            // Of a weight that is asked for, what is unknown counts nothing.
            let weight = match (self.weight, column) {
                (None, _) => 1.0,
                (Some(_), column) => column.and_then(|column| column.number(slot as usize)).unwrap_or(0.0).max(0.0),
            };
            for path in index.geometry(slot).filter(|path| path.kind == PathKind::Points) {
                out.extend(path.world().map(|[east, north]| {
                    let (x, y) = (east * per_m, -north * per_m);
                    Crowded { slot, at_px: [x * cos - y * sin, x * sin + y * cos], weight }
                }));
            }
        };
        let of_all = |slots: &[u32]| {
            let mut points = Vec::with_capacity(slots.len());
            slots.iter().for_each(|&slot| add(slot, &mut points));
            points
        };
        if slots.len() < 20_000 {
            return of_all(slots);
        }
        slots.par_chunks(8_192).flat_map_iter(of_all).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::index::layer::{LayerIndex, LayerIndexBuilder};
    use crate::model::geometry::Geometry;
    use crate::model::schema::Schema;
    use crate::model::style::{Ink, Paint, Rule, Size, Style};
    use crate::render::painter;
    use crate::text::Text;

    const INK: Ink = Ink::new(0xB0_20_20, 0xF0_80_80);

    fn check_seam(shapes: &[Geometry], style: Style) {
        let schema = Schema {
            table: "t".into(),
            name: Text::same("t"),
            kind: "plain".into(),
            geometry: shapes.first().map(Geometry::kind),
            crs: Crs::WEB_MERCATOR,
            z_order: 0,
            fields: Vec::new(),
        };
        let mut builder = LayerIndexBuilder::new(&schema, &[]);
        (1..).zip(shapes).for_each(|(id, shape)| builder.push(id, Some(shape), &[], &Some));
        let mut index: LayerIndex = builder.finish();
        index.build_tree();
        let layer = MapLayer { index: &index, schema: &schema, style: &style, opacity: 1.0, levels: None };
        let paint = |corner: [f64; 2], size: [f64; 2]| {
            let view = View { rotation_rad: 0.3, ..View::new([0.0; 2], 2.0, size) }.with_corner_px(corner);
            let (mut scene, _) = super::super::build::build_layer(&layer, &view, false, &Cancel::default())?;
            (scene.size_px, scene.pixel_ratio) = (view.size_px, view.pixel_ratio);
            painter::paint(&scene, &Cancel::default())
        };
        let whole = paint([-256.0, -128.0], [512.0, 256.0]).expect("a picture").rgba;
        let left = paint([-256.0, -128.0], [256.0, 256.0]).expect("a picture").rgba;
        let right = paint([0.0, -128.0], [256.0, 256.0]).expect("a picture").rgba;
        let rows = left.chunks_exact(256 * 4).zip(right.chunks_exact(256 * 4));
        let joined: Vec<u8> = rows.flat_map(|(left, right)| [left, right].concat()).collect();
        let differ = joined.iter().zip(&whole).filter(|(one, other)| one.abs_diff(**other) > 8).count();
        let inked = whole.chunks_exact(4).filter(|pixel| pixel[3] > 0).count();
        assert!(inked > 2_000, "{inked} pixels are painted");
        assert!(differ <= 8, "{differ} of {} parts differ between two tiles and one picture", whole.len());
    }

    fn points() -> Vec<Geometry> {
        (0..900)
            .map(|n| Geometry::point(f64::from(n * 7_919 % 1_200 - 600), f64::from(n * 104_729 % 800 - 400)))
            .collect()
    }

    #[test]
    fn clusters_and_their_numbers_go_on_beyond_the_edge_of_a_tile() {
        let crowd = Crowd::Clusters { ink: INK, radius_px: 30.0, closer_than: 1.0 };
        let disc = Paint::Disc { ink: INK, size: Size::Px(6.0), ring: None };
        check_seam(&points(), Style { crowd, ..Style::new(vec![Rule::all(vec![disc])], Vec::new()) });
    }

    #[test]
    fn heat_goes_on_beyond_the_edge_of_a_tile_whatever_it_is_measured_by() {
        for most in [None, Some(3.0)] {
            let crowd = Crowd::Heat { ramp: "reds".into(), radius: Size::Px(25.0), weight: None, most };
            check_seam(&points(), Style { crowd, ..Style::default() });
        }
    }

    #[test]
    fn lines_across_an_area_go_on_beyond_the_edge_of_a_tile() {
        let shape = Geometry::polygon(&[[-500.0, -180.0], [480.0, -250.0], [510.0, 230.0], [-420.0, 210.0]]);
        let width = Size::Px(1.5);
        let hatch = Paint::Hatch { ink: INK, opacity: 1.0, angle_deg: 30.0, spacing_px: 7.0, width, crossed: true };
        check_seam(&[shape], Style::new(vec![Rule::all(vec![hatch])], Vec::new()));
    }
}
