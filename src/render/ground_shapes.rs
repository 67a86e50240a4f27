//! Base maps of vector tiles in the program's own quiet colours, light and dark.

use super::decor::{self, Align};
use super::ground::{GroundLayer, window};
use super::path::{self, Rect};
use super::scene::{Item, Scene};
use super::view::View;
use crate::geom::transform::degrees_from_mercator;
use crate::model::geometry::Bounds;
use crate::model::ground::{GroundShape, ShapeClass};
use crate::model::style::{Cap, Ink, Rgba};
use crate::task::Cancel;

/// What lies so far outside the view may still be seen in it: half a name.
const MARGIN_PX: f32 = 96.0;
/// A road this wide has an edge, pixels.
const CASED_PX: f32 = 3.0;
const NAME: Ink = Ink::new(0x57_5E66, 0xAE_B6BE);

/// How lines of a class are drawn.
struct Line {
    ink: Ink,
    casing: Option<Ink>,
    /// Width on the ground, metres, and the least and most on the map, pixels.
    width_m: f64,
    width_px: [f32; 2],
}

/// Draws the shapes that a view shows of a base map.
pub(super) fn lay(scene: &mut Scene, ground: &GroundLayer, view: &View, cancel: &Cancel) {
    let Some((seen, step)) = window(&*ground.backdrop, view, f64::from(MARGIN_PX)) else { return };
    let Some(way) = Way::new(ground, view) else { return };
    let shapes = ground.backdrop.shapes(&seen, step * view.pixel_ratio, cancel);
    let clip = [-MARGIN_PX, -MARGIN_PX, view.size_px[0] as f32 + MARGIN_PX, view.size_px[1] as f32 + MARGIN_PX];
    let near = |shape: &&GroundShape| {
        let mut bounds = Bounds::EMPTY;
        shape.parts.iter().flatten().for_each(|&at| bounds.extend(at));
        bounds.intersects(&seen)
    };
    let shapes: Vec<&GroundShape> = shapes.iter().filter(near).collect();
    let of = |class: ShapeClass| shapes.iter().copied().filter(move |shape| shape.class == class);
    for class in [ShapeClass::Green, ShapeClass::Water, ShapeClass::Building] {
        fill(scene, of(class), &way, clip, area_ink(class).on(scene.dark));
        if class == ShapeClass::Water {
            strokes(scene, of(ShapeClass::Stream), &way, clip, &line_of(ShapeClass::Stream), view);
        }
    }
    let lines = [ShapeClass::Path, ShapeClass::Street, ShapeClass::Road, ShapeClass::Highway, ShapeClass::Rail];
    for class in lines.into_iter().chain([ShapeClass::Border]) {
        strokes(scene, of(class), &way, clip, &line_of(class), view);
    }
    let ground_m_per_px = view.ground_m_per_px();
    for shape in of(ShapeClass::Place).filter(|shape| is_named(shape.rank, ground_m_per_px)) {
        let size = [15.0, 14.0, 13.0, 12.0, 11.0][usize::from(shape.rank.min(4))];
        if let Some(&at) = shape.parts.first().and_then(|part| part.first()) {
            decor::write(scene, &shape.name, way.screen(at), Align::Middle, NAME.on(scene.dark), size);
        }
    }
}

/// From the plane to the screen: over the size of a view it is straight, to a fraction of a pixel.
struct Way {
    origin: [f64; 2],
    screen: [f64; 2],
    /// Screen pixels to the right and down for one pixel of the plane to the right, and for one down.
    columns: [[f64; 2]; 2],
}

impl Way {
    fn new(ground: &GroundLayer, view: &View) -> Option<Self> {
        let middle = view.size_px.map(|side| side / 2.0);
        let source =
            |screen: [f64; 2]| ground.backdrop.px_from_lonlat(degrees_from_mercator(view.world_from_screen(screen)));
        let half = middle.map(|side| side.max(1.0));
        let across = |axis: usize| {
            let at = |sign: f64| {
                let mut at = middle;
                at[axis] += sign * half[axis];
                source(at)
            };
            let (before, after) = (at(-1.0)?, at(1.0)?);
            Some([0, 1].map(|part| (after[part] - before[part]) / (2.0 * half[axis])))
        };
        let ([a, c], [b, d]) = (across(0)?, across(1)?);
        let size = a * d - b * c;
        let columns = [[d / size, -c / size], [-b / size, a / size]];
        let is_sound = columns.iter().flatten().all(|number| number.is_finite());
        is_sound.then_some(Self { origin: source(middle)?, screen: middle, columns })
    }

    fn screen(&self, at: [f64; 2]) -> [f32; 2] {
        let apart = [at[0] - self.origin[0], at[1] - self.origin[1]];
        let [right, down] = self.columns;
        [0, 1].map(|axis| (self.screen[axis] + apart[0] * right[axis] + apart[1] * down[axis]) as f32)
    }

    fn path(&self, part: &[[f64; 2]]) -> Vec<[f32; 2]> {
        part.iter().map(|&at| self.screen(at)).collect()
    }
}

fn fill<'a>(scene: &mut Scene, shapes: impl Iterator<Item = &'a GroundShape>, way: &Way, clip: Rect, color: Rgba) {
    let first = scene.next_path();
    for part in shapes.filter(|shape| shape.is_area).flat_map(|shape| &shape.parts) {
        scene.push_path(path::clip_ring(&way.path(part), clip), true);
    }
    let paths = first..scene.next_path();
    if !paths.is_empty() {
        scene.items.push(Item::Fill { paths, color });
    }
}

fn strokes<'a>(
    scene: &mut Scene,
    shapes: impl Iterator<Item = &'a GroundShape>,
    way: &Way,
    clip: Rect,
    line: &Line,
    view: &View,
) {
    let first = scene.next_path();
    for part in shapes.flat_map(|shape| &shape.parts) {
        path::clip_line(&way.path(part), clip, |piece, _| scene.push_path(piece.iter().copied(), false));
    }
    let paths = first..scene.next_path();
    if paths.is_empty() {
        return;
    }
    let width = ((line.width_m / view.ground_m_per_px()) as f32).clamp(line.width_px[0], line.width_px[1]);
    let cap = Cap::Round;
    if let Some(casing) = line.casing.filter(|_| width >= CASED_PX) {
        let color = casing.on(scene.dark);
        scene.items.push(Item::Stroke { paths: paths.clone(), color, width: width + 1.5, cap });
    }
    scene.items.push(Item::Stroke { paths, color: line.ink.on(scene.dark), width, cap });
}

fn area_ink(class: ShapeClass) -> Ink {
    match class {
        ShapeClass::Water => Ink::new(0xB8_D4E8, 0x16_364B),
        ShapeClass::Green => Ink::new(0xD4_E3C8, 0x22_362B),
        _ => Ink::new(0xE2_DCD0, 0x2B_3137),
    }
}

fn line_of(class: ShapeClass) -> Line {
    let line =
        |ink: Ink, casing: Option<Ink>, width_m: f64, width_px: [f32; 2]| Line { ink, casing, width_m, width_px };
    match class {
        ShapeClass::Stream => line(area_ink(ShapeClass::Water), None, 6.0, [0.8, 4.0]),
        ShapeClass::Highway => {
            line(Ink::new(0xF6_D9A0, 0x7A_6238), Some(Ink::new(0xC9_9F57, 0x15_181B)), 24.0, [1.6, 12.0])
        }
        ShapeClass::Road => {
            line(Ink::new(0xFF_F6DF, 0x5A_5747), Some(Ink::new(0xD9_C79C, 0x15_181B)), 16.0, [1.2, 9.0])
        }
        ShapeClass::Street => {
            line(Ink::new(0xFF_FFFF, 0x43_4B54), Some(Ink::new(0xD2_CCBF, 0x15_181B)), 8.0, [0.6, 7.0])
        }
        ShapeClass::Rail => line(Ink::new(0x9A_978F, 0x5C_636B), None, 3.0, [0.6, 1.6]),
        ShapeClass::Border => line(Ink::new(0x8B_5E83, 0xE6_C9E2), None, 0.0, [0.8, 0.8]),
        _ => line(Ink::new(0xD2_CCBF, 0x3A_424A), None, 2.5, [0.4, 2.0]),
    }
}

/// Names come at scales where they do not crowd.
fn is_named(rank: u8, ground_m_per_px: f64) -> bool {
    let [least, most] =
        [[100.0, 8000.0], [15.0, 800.0], [4.0, 120.0], [1.5, 30.0], [0.5, 8.0]][usize::from(rank.min(4))];
    (least..most).contains(&ground_m_per_px)
}
