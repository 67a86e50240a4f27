//! Points that lie close together as one disc with their number.
//!
//! Points are counted in squares of the world's own grid; a square joins its fullest neighbour if their middles are near.
//! Whether it does depends on squares close by alone, so that neighbouring tiles agree.

use std::sync::Arc;

use super::board::Words;
use super::build::{self, Count, MapLayer};
use super::crowd::{self, Crowded, Gatherer};
use super::scene::{Item, Scene, TextRun};
use super::view::View;
use crate::model::geometry::Bounds;
use crate::model::style::{Crowd, Ink, Rgba};
use crate::task::Cancel;

/// Smallest and largest side of a square, pixels.
const SIDES: [f64; 2] = [8.0, 200.0];

/// Discs of two points and of ten thousand, pixels across.
const SIZES: [f32; 2] = [22.0, 52.0];

/// Height of the characters of the number.
const TEXT_PX: f32 = 11.5;

/// A disc for a lone point whose own sign is not drawn at the scale.
const LONE_PX: f32 = 7.0;

/// What stands at one place of the map: a disc for several points, or a lone point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cluster {
    /// How many points.
    pub count: u64,
    /// Middle of the disc, Web Mercator metres.
    pub middle_world: [f64; 2],
    /// Around the points, Web Mercator metres.
    pub bounds_world: Bounds,
    /// Radius of the disc, logical pixels; 0 for a lone point, which has its own sign.
    pub radius_px: f32,
    /// Slot of one of its features, the only one of a lone point.
    pub slot: u32,
}

/// A square of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Square {
    count: u64,
    sum: [f64; 2],
    /// Around its points, pixels of the endless map.
    around: Bounds,
    /// One of its features.
    slot: u32,
}

impl Default for Square {
    fn default() -> Self {
        Self { count: 0, sum: [0.0; 2], around: Bounds::EMPTY, slot: 0 }
    }
}

impl Square {
    fn middle(&self) -> [f64; 2] {
        self.sum.map(|sum| sum / self.count as f64)
    }

    fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.sum = [0, 1].map(|axis| self.sum[axis] + other.sum[axis]);
        self.around = self.around.union(&other.around);
    }

    /// The same in the world, where a pixel is so many metres.
    fn cluster(&self, metres_per_px: f64) -> Cluster {
        let world = |[x, y]: [f64; 2]| [x * metres_per_px, -y * metres_per_px];
        let ([west, north], [east, south]) = (world(self.around.min), world(self.around.max));
        let words = Words::new(&self.count.to_string(), true, TEXT_PX, 0.0);
        Cluster {
            count: self.count,
            middle_world: world(self.middle()),
            bounds_world: Bounds::new(west, south, east, north),
            radius_px: if self.count > 1 { disc_px(self.count, &words) / 2.0 } else { 0.0 },
            slot: self.slot,
        }
    }
}

/// What stands near a place of a map with so many world metres to a pixel: discs that hold the place, the topmost last,
/// and lone points within `tolerance_m`. `None` where every point of the layer stands for itself.
pub fn near(layer: &MapLayer, at_world: [f64; 2], metres_per_px: f64, tolerance_m: f64) -> Option<Vec<Cluster>> {
    let reach_px = f64::from(SIZES[1]) + tolerance_m / metres_per_px;
    let view = View::new(at_world, metres_per_px, [reach_px * 2.0; 2]);
    let Crowd::Clusters { radius_px, .. } = layer.style.crowd else { return None };
    if !crowd::gathers(layer, &view) || !view.is_valid() {
        return None;
    }
    let (clusters, _) = clusters(layer, &view, side(radius_px));
    let found = clusters.iter().map(|square| square.cluster(metres_per_px));
    let is_near = |cluster: &Cluster| {
        let [x, y] = [0, 1].map(|axis| cluster.middle_world[axis] - at_world[axis]);
        x.hypot(y) <= (f64::from(cluster.radius_px) * metres_per_px).max(tolerance_m)
    };
    Some(found.filter(is_near).collect())
}

fn side(radius_px: f32) -> f64 {
    if radius_px.is_finite() { f64::from(radius_px).clamp(SIDES[0], SIDES[1]) } else { 40.0 }
}

/// What stands in and around a view, in the order of painting, and of how many points it was made.
fn clusters(layer: &MapLayer, view: &View, side: f64) -> (Vec<Square>, usize) {
    // Three squares decide about a fourth, and a disc reaches out of its own.
    let margin_px = side * 4.0 + f64::from(SIZES[1]);
    let window = view.bounds_world(margin_px);
    let slots = layer.index.window_slots(window);
    // The grid is the world's: it does not turn with the map.
    let north_up = View { rotation_rad: 0.0, ..*view };
    let mut points = Gatherer::new(layer, &north_up, None).points(&slots);
    // A feature of many points may have some at the other end of the world.
    points.retain(|point| {
        let [x, y] = point.at_px;
        window.contains([x * view.metres_per_px, -y * view.metres_per_px])
    });
    let mut clusters = Grid::new(&points, side).clusters();
    // Small ones first: a number is not hidden by a smaller one.
    clusters.sort_by(|a, b| a.count.cmp(&b.count).then_with(|| a.middle()[1].total_cmp(&b.middle()[1])));
    (clusters, points.len())
}

/// The scene of a layer whose points stand together; `None` if cancelled.
pub(super) fn build(
    layer: &MapLayer,
    view: &View,
    dark: bool,
    (ink, radius_px): (Ink, f32),
    cancel: &Cancel,
) -> Option<(Scene, Count)> {
    let (clusters, points) = clusters(layer, view, side(radius_px));
    if cancel.is_cancelled() {
        return None;
    }
    let lone: Vec<u32> = clusters.iter().filter(|cluster| cluster.count == 1).map(|cluster| cluster.slot).collect();
    let (mut scene, _) = build::build_slots(layer, view, dark, &lone, cancel)?;
    let is_drawn = layer.style.rules.iter().any(|rule| rule.scale.holds(view.denominator()) && !rule.paints.is_empty());
    for cluster in &clusters {
        let [x, y] = cluster.middle();
        let at = view.screen_from_world([x * view.metres_per_px, -y * view.metres_per_px]).map(|at| at as f32);
        let reach = SIZES[1];
        let is_near = (0..2).all(|axis| at[axis] > -reach && at[axis] < view.size_px[axis] as f32 + reach);
        if is_near && cluster.count > 1 {
            disc(cluster.count, at, ink.on(dark), dark, &mut scene);
        } else if is_near && !is_drawn {
            scene.items.push(Item::Disc { at, size: LONE_PX, color: ink.on(dark), ring: Some((ring(dark), 1.0)) });
        }
    }
    Some((scene, Count { features: points, vertices: points }))
}

/// A disc, larger for more, with the number in it.
fn disc(count: u64, at: [f32; 2], color: Rgba, dark: bool, scene: &mut Scene) {
    let text = count.to_string();
    let words = Words::new(&text, true, TEXT_PX, 0.0);
    let size = disc_px(count, &words);
    scene.items.push(Item::Disc { at, size, color: color.with_opacity(0.92), ring: Some((ring(dark), 1.5)) });
    let run = TextRun {
        text,
        glyphs: words.level(at).glyphs,
        size: TEXT_PX,
        medium: true,
        italic: false,
        color: color.against(),
        halo: None,
    };
    scene.items.push(Item::Text(Arc::new(run)));
}

/// How large a disc is with these words in it.
fn disc_px(count: u64, words: &Words) -> f32 {
    let share = ((count as f32).log10() / 4.0).clamp(0.0, 1.0);
    (SIZES[0] + (SIZES[1] - SIZES[0]) * share).max(words.width + 9.0)
}

fn ring(dark: bool) -> Rgba {
    Rgba::hex(if dark { 0x14_17_1A } else { 0xFF_FF_FF })
}

/// The squares around some points.
struct Grid {
    side: f64,
    size: [usize; 2],
    squares: Vec<Square>,
}

impl Grid {
    fn new(points: &[Crowded], side: f64) -> Self {
        let square = |point: &Crowded| point.at_px.map(|at| (at / side).floor() as i64);
        let (mut first, mut last) = ([i64::MAX; 2], [i64::MIN; 2]);
        for at in points.iter().map(square) {
            first = [0, 1].map(|axis| first[axis].min(at[axis]));
            last = [0, 1].map(|axis| last[axis].max(at[axis]));
        }
        if points.is_empty() {
            return Self { side, size: [0; 2], squares: Vec::new() };
        }
        let size = [0, 1].map(|axis| (last[axis] - first[axis] + 1) as usize);
        let mut grid = Self { side, size, squares: vec![Square::default(); size[0] * size[1]] };
        for point in points {
            let at = square(point);
            let place = (at[1] - first[1]) as usize * size[0] + (at[0] - first[0]) as usize;
            grid.squares[place].join(&Square {
                count: 1,
                sum: point.at_px,
                around: Bounds { min: point.at_px, max: point.at_px },
                slot: point.slot,
            });
            grid.squares[place].slot = point.slot;
        }
        grid
    }

    /// The squares that stand for themselves, with those that have joined them.
    fn clusters(&self) -> Vec<Square> {
        let chosen: Vec<usize> = (0..self.squares.len()).map(|at| self.fullest_near(at)).collect();
        let mut joined = self.squares.clone();
        for (at, &to) in chosen.iter().enumerate() {
            // What it would join must stand for itself, otherwise whole chains would run together.
            if to != at && chosen[to] == to && self.squares[at].count > 0 {
                let square = std::mem::take(&mut joined[at]);
                joined[to].join(&square);
            }
        }
        joined.retain(|square| square.count > 0);
        joined
    }

    /// The fullest square near one, itself perhaps; of equally full ones the one to the south-east.
    fn fullest_near(&self, at: usize) -> usize {
        let own = &self.squares[at];
        if own.count == 0 {
            return at;
        }
        let (column, row) = (at % self.size[0], at / self.size[0]);
        let rows = row.saturating_sub(1)..=(row + 1).min(self.size[1] - 1);
        let columns = column.saturating_sub(1)..=(column + 1).min(self.size[0] - 1);
        let near = rows.flat_map(|row| columns.clone().map(move |column| row * self.size[0] + column));
        let is_near = |&other: &usize| {
            let square = &self.squares[other];
            square.count > 0 && {
                let ([x, y], [east, south]) = (own.middle(), square.middle());
                (east - x).hypot(south - y) < self.side
            }
        };
        near.filter(is_near).max_by_key(|&other| (self.squares[other].count, other)).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(places: impl Iterator<Item = [f64; 2]>) -> Vec<Crowded> {
        (0..).zip(places).map(|(slot, at_px)| Crowded { slot, at_px, weight: 1.0 }).collect()
    }

    fn counts(points: &[Crowded]) -> Vec<u64> {
        let mut counts: Vec<u64> = Grid::new(points, 40.0).clusters().iter().map(|square| square.count).collect();
        counts.sort_unstable();
        counts
    }

    #[test]
    fn points_on_both_sides_of_a_grid_line_stand_together() {
        let near = points([[39.0, 10.0], [41.0, 10.0], [42.0, 12.0], [300.0, 10.0]].into_iter());
        assert_eq!(counts(&near), [1, 3]);
    }

    #[test]
    fn nobody_is_lost_or_counted_twice() {
        let many = points((0..5_000).map(|n| [f64::from(n * 7_919 % 997), f64::from(n * 104_729 % 1_009)]));
        assert_eq!(counts(&many).iter().sum::<u64>(), 5_000);
    }

    #[test]
    fn what_is_far_away_changes_nothing_here() {
        let all = points((0..3_000).map(|n| [f64::from(n * 7_919 % 1_997), f64::from(n * 104_729 % 1_009)]));
        let here = |cluster: &Square| (900.0..1_100.0).contains(&cluster.middle()[0]);
        let found = |points: &[Crowded]| -> Vec<(u64, [i64; 2])> {
            let clusters = Grid::new(points, 40.0).clusters();
            let near = clusters.iter().filter(|cluster| here(cluster));
            let mut near: Vec<_> = near.map(|it| (it.count, it.middle().map(|at| (at * 1e3) as i64))).collect();
            near.sort_unstable();
            near
        };
        let margin = 40.0 * 4.0;
        let part: Vec<Crowded> =
            all.iter().filter(|point| (900.0 - margin..1_100.0 + margin).contains(&point.at_px[0])).copied().collect();
        let (whole, part) = (found(&all), found(&part));
        assert!(whole.len() > 10 && whole == part, "{whole:?}\n{part:?}");
    }
}
