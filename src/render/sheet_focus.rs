//! The feature that a page of a series is about: it has an outline, and what lies around an area is paler.

use std::sync::Arc;

use super::path;
use super::scene::{Item, Scene};
use super::trace::{Traced, Tracer};
use super::view::View;
use crate::index::arena::PathKind;
use crate::index::layer::LayerIndex;
use crate::model::style::{Cap, Rgba};

const OUTLINE: Rgba = Rgba::hex(0xB3_261E);
const VEIL: Rgba = Rgba::hex(0xFF_FFFF);
/// How much of what lies around is hidden.
const VEIL_OPACITY: f32 = 0.45;
/// Widths on an A3 sheet, pixels: the border of an area, the band over a line, the ring around a point.
const BORDER_PX: f32 = 2.6;
const BAND_PX: f32 = 9.0;
const RING_PX: f32 = 34.0;
/// So far beyond the map a border is cut off, so that the cut is not seen, pixels.
const BEYOND: f32 = 30.0;

/// A feature that a sheet is about.
#[derive(Clone, Debug)]
pub struct Focus {
    /// What is in memory of its layer.
    pub index: Arc<LayerIndex>,
    /// Its number there.
    pub id: i64,
}

/// Draws it over a map that lies at `map` on the sheet; `k` is how large things are beside those of an A3 sheet.
pub(super) fn draw(scene: &mut Scene, view: &View, map: [f32; 4], focus: &Focus, k: f32) {
    let Some(slot) = focus.index.slot(focus.id) else { return };
    let mut traced = Traced::default();
    Tracer::new(view).trace(focus.index.geometry(slot), &mut traced);
    let [width, height] = view.size_px.map(|side| side as f32);
    let beyond = BEYOND * k;
    let clip = [-beyond, -beyond, width + beyond, height + beyond];
    let place = |[x, y]: [f32; 2]| [map[0] + x, map[1] + y];
    scene.items.push(Item::Clip(map));
    area(scene, &traced, (map, clip), &place, k);
    let first = scene.next_path();
    for (_, line) in traced.paths().filter(|(kind, _)| *kind == PathKind::Line) {
        path::clip_line(line, clip, |part, _| scene.push_path(part.iter().map(|&at| place(at)), false));
    }
    stroke(scene, first, OUTLINE.with_opacity(0.35), BAND_PX * k);
    for at in traced.points(clip) {
        let ring = Some((OUTLINE, BORDER_PX * k));
        scene.items.push(Item::Disc { at: place(at), size: RING_PX * k, color: OUTLINE.with_opacity(0.0), ring });
    }
    scene.items.push(Item::Pop);
}

/// Paler around, and a border.
fn area(
    scene: &mut Scene,
    traced: &Traced,
    (map, clip): ([f32; 4], [f32; 4]),
    place: &dyn Fn([f32; 2]) -> [f32; 2],
    k: f32,
) {
    let rings: Vec<(bool, Vec<[f32; 2]>)> = traced
        .paths()
        .filter(|(kind, _)| kind.is_ring())
        .map(|(kind, ring)| (kind == PathKind::Outer, path::clip_ring(ring, clip).into_iter().map(place).collect()))
        .filter(|(_, ring): &(bool, Vec<[f32; 2]>)| ring.len() > 2)
        .collect();
    if !traced.paths().any(|(kind, _)| kind.is_ring()) {
        return;
    }
    let [left, top, right, bottom] = map;
    let first = scene.next_path();
    scene.push_path([[left, top], [right, top], [right, bottom], [left, bottom]], true);
    for (is_outer, ring) in &rings {
        // The map runs one way round, the area in it the other, its holes as the map.
        let is_as_map = path::twice_area(ring) > 0.0;
        let turned = is_as_map == *is_outer;
        let positions = (0..ring.len()).map(|at| ring[if turned { ring.len() - 1 - at } else { at }]);
        scene.push_path(positions, true);
    }
    scene.items.push(Item::Fill { paths: first..scene.next_path(), color: VEIL.with_opacity(VEIL_OPACITY) });
    let first = scene.next_path();
    rings.iter().for_each(|(_, ring)| scene.push_path(ring.iter().copied(), true));
    stroke(scene, first, OUTLINE, BORDER_PX * k);
}

fn stroke(scene: &mut Scene, first: u32, color: Rgba, width: f32) {
    let paths = first..scene.next_path();
    if !paths.is_empty() {
        scene.items.push(Item::Stroke { paths, color, width, cap: Cap::Round });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::index::layer::LayerIndexBuilder;
    use crate::model::geometry::{Geometry, GeometryKind};
    use crate::model::schema::Schema;
    use crate::render::painter;
    use crate::task::Cancel;
    use crate::text::Text;

    #[test]
    fn around_an_area_the_map_is_paler_and_in_its_hole_too() {
        let square = |half: f64| [[-half, -half], [half, -half], [half, half], [-half, half], [-half, -half]];
        let schema = Schema {
            table: "lots".into(),
            name: Text::same("lots"),
            kind: "plain".into(),
            geometry: Some(GeometryKind::Polygon),
            crs: Crs::WEB_MERCATOR,
            z_order: 0,
            fields: Vec::new(),
        };
        let mut builder = LayerIndexBuilder::new(&schema, &[]);
        let ring = |half: f64| geo_types::LineString::from(square(half).to_vec());
        let lot = Geometry::from_geo(&geo_types::Polygon::new(ring(30.0), vec![ring(10.0)]).into());
        builder.push(7, Some(&lot), &[], &|at: [f64; 2]| Some(at));
        let focus = Focus { index: Arc::new(builder.finish()), id: 7 };
        let view = View::new([0.0, 0.0], 1.0, [100.0, 100.0]);
        let background = Some(Rgba::hex(0x00_0000));
        let mut scene = Scene { size_px: [100.0, 100.0], pixel_ratio: 1.0, background, ..Scene::default() };
        draw(&mut scene, &view, [0.0, 0.0, 100.0, 100.0], &focus, 1.0);
        let picture = painter::paint(&scene, &Cancel::default()).expect("not cancelled");
        let red_at = |x: usize, y: usize| picture.rgba[(y * 100 + x) * 4];
        let veil = red_at(5, 5);
        assert!(veil > 90, "paler outside: {veil}");
        assert_eq!([red_at(50, 50), red_at(95, 50)], [veil; 2], "as pale in the hole and at the other side");
        assert_eq!(red_at(30, 50), 0, "as it was inside");
        assert!(red_at(20, 50) > 150, "a red border");
    }
}
