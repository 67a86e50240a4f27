//! How dense points lie, as colours.
//!
//! Weights are gathered in small squares of the endless map and spread from there, so that neighbouring tiles come to the
//! same numbers on either side of their seam. What the ramp's last colour means is fixed, or follows from the layer and
//! the scale; never from what a picture happens to show.

use rayon::prelude::*;

use super::crowd::Crowded;
use super::scene::Item;
use super::view::View;
use crate::model::ramp::Ramp;
use crate::task::Cancel;

/// Squares to a point's reach: more would not be seen.
const FINENESS: f64 = 10.0;

/// No square is smaller, physical pixels.
const FINEST: f64 = 2.0;

/// No point reaches farther, logical pixels.
pub(super) const FARTHEST_PX: f64 = 200.0;

/// Up to this share of the most the colours come in, beyond they are as solid as they get.
const COMES_IN: f32 = 0.2;

/// How solid that is.
const SOLID: f32 = 0.85;

/// So many points are worth all threads.
const MANY: usize = 50_000;

/// What a density is painted with.
pub(super) struct Heat<'a> {
    /// Its colours.
    pub(super) ramp: &'a Ramp,
    /// How far a point reaches, logical pixels.
    pub(super) radius_px: f64,
    /// The density of the ramp's last colour.
    pub(super) most: f64,
    /// On the dark map.
    pub(super) dark: bool,
}

/// Squares of one view.
struct Squares {
    /// Side, physical pixels.
    side: f64,
    /// The first square on the endless map.
    first: [i64; 2],
    size: [usize; 2],
    sums: Vec<f32>,
}

impl Heat<'_> {
    /// The picture of these points, which lie on the endless map of the view; `None` if cancelled.
    pub(super) fn item(&self, view: &View, points: &[Crowded], cancel: &Cancel) -> Option<Item> {
        let reach = self.radius_px * view.pixel_ratio;
        let side = (reach / FINENESS).max(FINEST);
        let mut weights = Squares::around(view, side, (reach / side).ceil() as usize + 2);
        for point in points {
            weights.add(point.at_px.map(|at| at * view.pixel_ratio), point.weight);
        }
        let densities = weights.spread(reach / side, cancel)?;
        Some(self.picture(view, &densities))
    }

    fn picture(&self, view: &View, densities: &Squares) -> Item {
        let shades = self.shades();
        let [width, height] = view.size_physical().map(usize::from);
        let corner = view.corner_px().map(|at| at * view.pixel_ratio);
        let per_most = if self.most > 0.0 { (255.0 / self.most) as f32 } else { 0.0 };
        let columns: Vec<(usize, f32)> = (0..width).map(|x| densities.place(0, corner[0] + x as f64 + 0.5)).collect();
        let mut rgba = Vec::with_capacity(width * height * 4);
        for y in 0..height {
            let row = densities.place(1, corner[1] + y as f64 + 0.5);
            for column in &columns {
                let shade = (densities.between(*column, row) * per_most).clamp(0.0, 255.0) as usize;
                rgba.extend_from_slice(&shades[shade]);
            }
        }
        Item::Raster { width: width as u16, rgba: rgba.into() }
    }

    /// Straight red, green, blue and alpha for each 256th of the most.
    fn shades(&self) -> Vec<[u8; 4]> {
        let shade = |at: u16| {
            let share = f32::from(at) / 255.0;
            self.ramp.ink(f64::from(share)).on(self.dark).with_opacity((share / COMES_IN).min(1.0) * SOLID).0
        };
        (0..256).map(shade).collect()
    }
}

/// What a point has of itself at a distance, in its reach: QGIS counts so too.
fn kernel(distance: f64) -> f64 {
    if distance < 1.0 { (1.0 - distance * distance).powi(2) } else { 0.0 }
}

/// The density of the densest place, of all points of a layer at one scale: positions in logical pixels.
pub(super) fn densest(points: &[Crowded], radius_px: f64) -> f64 {
    let side = radius_px / 2.0;
    let square = |point: &Crowded| (point.at_px.map(|at| (at / side).floor() as i64), point.weight);
    let mut squares: Vec<([i64; 2], f64)> =
        if points.len() < MANY { points.iter().map(square).collect() } else { points.par_iter().map(square).collect() };
    squares.par_sort_by_key(|(at, _)| *at);
    let mut sums: Vec<([i64; 2], f64)> = Vec::new();
    for (at, weight) in squares {
        match sums.last_mut() {
            Some((last, sum)) if *last == at => *sum += weight,
            _ => sums.push((at, weight)),
        }
    }
    let weight_at = |at: [i64; 2]| sums.binary_search_by_key(&at, |(at, _)| *at).map_or(0.0, |found| sums[found].1);
    let near: Vec<([i64; 2], f64)> = (-2..=2)
        .flat_map(|x: i64| (-2..=2).map(move |y: i64| [x, y]))
        .map(|step| (step, kernel((step[0] as f64).hypot(step[1] as f64) / 2.0)))
        .filter(|(_, share)| *share > 0.0)
        .collect();
    let density = |(at, _): &([i64; 2], f64)| -> f64 {
        near.iter().map(|(step, share)| weight_at([at[0] + step[0], at[1] + step[1]]) * share).sum()
    };
    sums.par_iter().map(density).reduce(|| 0.0, f64::max)
}

impl Squares {
    /// The squares of a view and `margin` more on every side.
    fn around(view: &View, side: f64, margin: usize) -> Self {
        let corner = view.corner_px().map(|at| at * view.pixel_ratio);
        let size = view.size_physical().map(f64::from);
        let first = corner.map(|at| (at / side).floor() as i64 - margin as i64);
        let count = |axis: usize| ((corner[axis] + size[axis]) / side).ceil() as i64 + margin as i64 - first[axis];
        let size = [count(0).max(2) as usize, count(1).max(2) as usize];
        Self { side, first, size, sums: vec![0.0; size[0] * size[1]] }
    }

    /// Adds a weight to the four squares whose middles are nearest.
    fn add(&mut self, at: [f64; 2], weight: f64) {
        let inside = |axis: usize| {
            let place = at[axis] / self.side - 0.5 - self.first[axis] as f64;
            (place >= 0.0 && place + 1.0 < self.size[axis] as f64).then(|| (place as usize, place.fract() as f32))
        };
        let (Some((x, right)), Some((y, down))) = (inside(0), inside(1)) else { return };
        let weight = weight as f32;
        let parts = [(1.0 - right, 1.0 - down), (right, 1.0 - down), (1.0 - right, down), (right, down)];
        for (corner, (across, along)) in parts.into_iter().enumerate() {
            self.sums[(y + corner / 2) * self.size[0] + x + corner % 2] += weight * across * along;
        }
    }

    /// What every square has with all others in reach, which is in squares.
    fn spread(&self, reach: f64, cancel: &Cancel) -> Option<Self> {
        let far = reach.ceil() as i64;
        let shares: Vec<(i64, i64, f32)> = (-far..=far)
            .flat_map(|y| (-far..=far).map(move |x| (x, y)))
            .map(|(x, y)| (x, y, kernel((x as f64).hypot(y as f64) / reach) as f32))
            .filter(|share| share.2 > 0.0)
            .collect();
        let mut sums = vec![0.0_f32; self.sums.len()];
        let [width, height] = self.size.map(|side| side as i64);
        for y in 0..height {
            if cancel.is_cancelled() {
                return None;
            }
            for x in 0..width {
                let weight = self.sums[(y * width + x) as usize];
                if weight == 0.0 {
                    continue;
                }
                for (right, down, share) in &shares {
                    let (x, y) = (x + right, y + down);
                    if (0..width).contains(&x) && (0..height).contains(&y) {
                        sums[(y * width + x) as usize] += weight * share;
                    }
                }
            }
        }
        Some(Self { sums, ..*self })
    }

    /// Where a pixel lies between the middles of two squares along an axis: the first of them and the share of the second.
    fn place(&self, axis: usize, at: f64) -> (usize, f32) {
        let place = (at / self.side - 0.5 - self.first[axis] as f64).clamp(0.0, self.size[axis] as f64 - 1.001);
        (place as usize, place.fract() as f32)
    }

    fn between(&self, (x, right): (usize, f32), (y, down): (usize, f32)) -> f32 {
        let row = |y: usize| {
            let start = y * self.size[0] + x;
            self.sums[start] + (self.sums[start + 1] - self.sums[start]) * right
        };
        let (above, below) = (row(y), row(y + 1));
        above + (below - above) * down
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ramp::ramp;

    /// Points in a heap around 300, 200 and some others.
    fn points() -> Vec<Crowded> {
        let heap = (0..400).map(|n| [300.0 + f64::from(n % 20) - 10.0, 200.0 + f64::from(n / 20) - 10.0]);
        let others = (0..60).map(|n| [f64::from(n * 37 % 640), f64::from(n * 53 % 400)]);
        heap.chain(others).map(|at_px| Crowded { slot: 0, at_px, weight: 1.0 }).collect()
    }

    fn heat() -> Heat<'static> {
        Heat { ramp: ramp("reds").expect("in the list"), radius_px: 30.0, most: 150.0, dark: false }
    }

    fn picture(corner: [f64; 2], size: [f64; 2]) -> Vec<u8> {
        let view = View::new([0.0; 2], 1.0, size).pixel_ratio(1.5).with_corner_px(corner);
        match heat().item(&view, &points(), &Cancel::default()) {
            Some(Item::Raster { rgba, .. }) => rgba.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn neighbouring_tiles_are_one_picture() {
        let whole = picture([0.0, 0.0], [640.0, 400.0]);
        let [left, right] = [picture([0.0, 0.0], [320.0, 400.0]), picture([320.0, 0.0], [320.0, 400.0])];
        let rows = left.chunks_exact(480 * 4).zip(right.chunks_exact(480 * 4));
        let joined: Vec<u8> = rows.flat_map(|(left, right)| [left, right].concat()).collect();
        assert!(joined == whole, "the halves differ from the whole");
    }

    #[test]
    fn where_no_point_reaches_it_is_clear_and_the_heap_has_the_last_colour() {
        let whole = picture([-200.0, 0.0], [640.0, 400.0]);
        let at = |x: usize, y: usize| &whole[((y * 3 / 2) * 960 + x * 3 / 2) * 4..][..4];
        assert_eq!(at(20, 200)[3], 0);
        let last = heat().ramp.ink(1.0).light.0;
        assert_eq!(at(500, 200)[..3], last[..3]);
    }

    #[test]
    fn the_densest_place_is_about_as_dense_as_counting_says() {
        let points = points();
        let at = |x: f64, y: f64| -> f64 {
            points.iter().map(|point| kernel((point.at_px[0] - x).hypot(point.at_px[1] - y) / 30.0)).sum()
        };
        let true_most = at(300.0, 200.0);
        let found = densest(&points, 30.0);
        assert!((found / true_most - 1.0).abs() < 0.2, "{found} is not {true_most}");
    }
}
