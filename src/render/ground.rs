//! Base maps under a map: fetched in their own plane, warped to the view, and laid under everything.
//!
//! Where a pixel of the view lies in the base map is reckoned at every sixteenth pixel and filled in between: a shift of
//! Chinese web maps or another projection costs next to nothing so. The base map moves, the data stay where they are.

use std::fmt::Debug;
use std::sync::Arc;

use rayon::prelude::*;

use super::decor::{self, Align};
use super::ground_shapes;
use super::scene::{Item, Scene};
use super::view::View;
use crate::geom::transform::degrees_from_mercator;
use crate::model::geometry::Bounds;
use crate::model::ground::{GroundPixels, GroundShape};
use crate::model::style::Ink;
use crate::task::Cancel;

/// Pixels between two places that are reckoned.
const MESH: usize = 16;
/// Rows and columns that are fetched in one go.
const BLOCK: usize = 256;
/// How bright a dimmed base map is on the dark map.
const DIMMED: f32 = 0.55;
/// What says whose work a base map is.
const CREDIT: Ink = Ink::new(0x57_5E66, 0xAE_B6BE);
const CREDIT_PX: f32 = 10.0;

/// A base map, opened and put in its place.
pub trait Backdrop: Send + Sync + Debug {
    /// The pixel of its plane at WGS 84 degrees, if it has such a place.
    fn px_from_lonlat(&self, lonlat: [f64; 2]) -> Option<[f64; 2]>;
    /// What it covers, in its own pixels.
    fn extent_px(&self) -> Bounds;
    /// The pixels of a window of its plane, each for about `step` of its own.
    fn pixels(&self, window: &Bounds, step: f64, cancel: &Cancel) -> Option<GroundPixels>;
    /// The shapes in a window, for a map whose pixel is `step` of its own.
    fn shapes(&self, window: &Bounds, step: f64, cancel: &Cancel) -> Vec<GroundShape>;
    /// Whether it has shapes rather than pixels.
    fn is_drawn(&self) -> bool;
    /// Whose work it is; empty where nobody says.
    fn attribution(&self) -> &str;
}

/// A base map as it is shown.
#[derive(Clone, Debug)]
pub struct GroundLayer {
    /// The base map.
    pub backdrop: Arc<dyn Backdrop>,
    /// 0 is clear, 1 is solid.
    pub opacity: f32,
    /// Whether it is darker on the dark map.
    pub dim: bool,
}

impl PartialEq for GroundLayer {
    fn eq(&self, other: &Self) -> bool {
        let is_same = Arc::ptr_eq(&self.backdrop, &other.backdrop);
        is_same && self.opacity == other.opacity && self.dim == other.dim
    }
}

/// Lays base maps into a scene, the lowest first; `None` if cancelled.
pub(super) fn lay(scene: &mut Scene, grounds: &[GroundLayer], view: &View, cancel: &Cancel) -> Option<()> {
    for ground in grounds.iter().filter(|ground| ground.opacity > 0.0 && view.is_valid()) {
        if ground.backdrop.is_drawn() {
            let faded = ground.opacity < 1.0;
            scene.items.extend(faded.then_some(Item::Opacity(ground.opacity)));
            ground_shapes::lay(scene, ground, view, cancel);
            scene.items.extend(faded.then_some(Item::Pop));
        } else if let Some(rgba) = warped(ground, view, scene.dark, cancel) {
            scene.items.push(Item::Raster { width: view.size_physical()[0], rgba: rgba.into() });
        }
        if cancel.is_cancelled() {
            return None;
        }
    }
    Some(())
}

/// Writes whose work the base maps are into the lower right corner.
pub(super) fn credit(scene: &mut Scene, grounds: &[GroundLayer], view: &View) {
    let mut words: Vec<&str> = grounds.iter().map(|ground| ground.backdrop.attribution()).collect();
    words.retain(|words| !words.is_empty());
    words.dedup();
    if words.is_empty() {
        return;
    }
    let at = view.size_px.map(|side| side as f32 - 8.0);
    decor::write(scene, &words.join(" · "), at, Align::Right, CREDIT.on(scene.dark), CREDIT_PX);
}

/// A window of a base map's plane around what a view shows, and its pixels to one physical pixel of the view.
pub(super) fn window(backdrop: &dyn Backdrop, view: &View, margin_px: f64) -> Option<(Bounds, f64)> {
    let mesh = Mesh { backdrop, view };
    let size = view.size_physical().map(f64::from);
    let mut bounds = Bounds::EMPTY;
    for (x, y) in (0..=8).flat_map(|y| (0..=8).map(move |x| (x, y))) {
        let share = |step: i32, side: f64| f64::from(step) / 8.0 * (side + 2.0 * margin_px) - margin_px;
        if let Some(at) = mesh.source([share(x, size[0]), share(y, size[1])]) {
            bounds.extend(at);
        }
    }
    let step = mesh.step(size.map(|side| side / 2.0))?;
    (!bounds.is_empty()).then_some((bounds, step))
}

/// The base map as the view shows it, straight RGBA; `None` where it shows nothing of it.
fn warped(ground: &GroundLayer, view: &View, dark: bool, cancel: &Cancel) -> Option<Vec<u8>> {
    let [width, height] = view.size_physical().map(usize::from);
    let mesh = Mesh { backdrop: &*ground.backdrop, view };
    let tone = Tone { opacity: ground.opacity.clamp(0.0, 1.0), light: if dark && ground.dim { DIMMED } else { 1.0 } };
    let mut rgba = vec![0; width * height * 4];
    let band = |(number, rows): (usize, &mut [u8])| {
        let columns = (0..width).step_by(BLOCK);
        columns.map(|left| mesh.paint(rows, width, [left, number * BLOCK], tone, cancel)).fold(false, |a, b| a | b)
    };
    let any = if height <= super::tile::TILE_PX as usize {
        rgba.chunks_mut(width * BLOCK * 4).enumerate().map(band).fold(false, |a, b| a | b)
    } else {
        rgba.par_chunks_mut(width * BLOCK * 4).enumerate().map(band).reduce(|| false, |a, b| a | b)
    };
    any.then_some(rgba)
}

/// How pixels are changed on their way.
#[derive(Clone, Copy)]
struct Tone {
    opacity: f32,
    light: f32,
}

/// The way from physical pixels of a view to a base map.
#[derive(Clone, Copy)]
struct Mesh<'a> {
    backdrop: &'a dyn Backdrop,
    view: &'a View,
}

impl Mesh<'_> {
    fn source(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let world = self.view.world_from_screen([x / self.view.pixel_ratio, y / self.view.pixel_ratio]);
        self.backdrop.px_from_lonlat(degrees_from_mercator(world))
    }

    /// Pixels of the base map to one of the view, around a place.
    fn step(&self, [x, y]: [f64; 2]) -> Option<f64> {
        let here = self.source([x, y])?;
        let apart = |there: [f64; 2]| (there[0] - here[0]).hypot(there[1] - here[1]);
        let (right, down) = (apart(self.source([x + 1.0, y])?), apart(self.source([x, y + 1.0])?));
        Some(right.min(down)).filter(|step| step.is_finite() && *step > 0.0)
    }

    /// Paints one block of a band of rows; whether there was anything.
    fn paint(&self, rows: &mut [u8], width: usize, corner: [usize; 2], tone: Tone, cancel: &Cancel) -> bool {
        let size = [BLOCK.min(width - corner[0]), rows.len() / (width * 4)];
        let nodes = size.map(|side| side.div_ceil(MESH) + 1);
        let place = |column: usize, row: usize| {
            self.source([(corner[0] + column * MESH) as f64, (corner[1] + row * MESH) as f64])
        };
        let mesh: Vec<Option<[f64; 2]>> = (0..nodes[1])
            .flat_map(|row| (0..nodes[0]).map(move |column| (column, row)))
            .map(|(x, y)| place(x, y))
            .collect();
        let mut bounds = Bounds::EMPTY;
        mesh.iter().flatten().for_each(|&at| bounds.extend(at));
        let extent = self.backdrop.extent_px();
        if cancel.is_cancelled() || bounds.is_empty() || !bounds.intersects(&extent) {
            return false;
        }
        let middle = [0, 1].map(|axis| (corner[axis] + size[axis] / 2) as f64);
        let Some(step) = self.step(middle) else { return false };
        let seen = Bounds {
            min: [0, 1].map(|axis| bounds.min[axis].max(extent.min[axis])),
            max: [0, 1].map(|axis| bounds.max[axis].min(extent.max[axis])),
        };
        let Some(pixels) = self.backdrop.pixels(&seen, step, cancel) else { return false };
        for (y, x) in (0..size[1]).flat_map(|y| (0..size[0]).map(move |x| (y, x))) {
            let (column, row) = (x / MESH, y / MESH);
            let corners = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| mesh[(row + dy) * nodes[0] + column + dx]);
            let [Some(a), Some(b), Some(c), Some(d)] = corners else { continue };
            let share = [(x % MESH) as f64 + 0.5, (y % MESH) as f64 + 0.5].map(|part| part / MESH as f64);
            let at = [0, 1].map(|axis| {
                let (top, bottom) =
                    (a[axis] + (b[axis] - a[axis]) * share[0], c[axis] + (d[axis] - c[axis]) * share[0]);
                top + (bottom - top) * share[1]
            });
            if extent.contains(at) {
                let to = (y * width + corner[0] + x) * 4;
                rows[to..to + 4].copy_from_slice(&toned(sample(&pixels, at), tone));
            }
        }
        true
    }
}

/// The colour between four pixels, each weighed by its alpha: edges of what is clear get no fringe.
fn sample(pixels: &GroundPixels, at: [f64; 2]) -> [f32; 4] {
    let place = [0, 1].map(|axis| at[axis] / pixels.scale - pixels.origin[axis] as f64 - 0.5);
    let first = place.map(f64::floor);
    let share = [0, 1].map(|axis| (place[axis] - first[axis]) as f32);
    let mut sum = [0.0_f32; 4];
    for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        let x = (first[0] as i64 + dx).clamp(0, pixels.size[0] as i64 - 1) as usize;
        let y = (first[1] as i64 + dy).clamp(0, pixels.size[1] as i64 - 1) as usize;
        let Some(pixel) = pixels.rgba.get((y * pixels.size[0] + x) * 4..).and_then(|rest| rest.first_chunk::<4>())
        else {
            continue;
        };
        let part = |share: f32, near: i64| if near == 0 { 1.0 - share } else { share };
        let alpha = f32::from(pixel[3]) * part(share[0], dx) * part(share[1], dy);
        (0..3).for_each(|part| sum[part] += f32::from(pixel[part]) * alpha);
        sum[3] += alpha;
    }
    let solid = sum[3].max(1e-6);
    [sum[0] / solid, sum[1] / solid, sum[2] / solid, sum[3]]
}

fn toned([red, green, blue, alpha]: [f32; 4], tone: Tone) -> [u8; 4] {
    let part = |value: f32| (value * tone.light).round() as u8;
    [part(red), part(green), part(blue), (alpha * tone.opacity).round() as u8]
}
