//! How much of each pixel is covered by things too small to be painted one by one.
//!
//! Cover is counted in 256ths of a pixel and sums are whole numbers, so that the order of features and the number of
//! threads make no difference.

use super::path::{self, Rect};

/// Whole cover of one pixel.
const FULL: f32 = 256.0;

/// Positions along a line at which cover is added, per pixel.
const SAMPLES: f32 = 1.0;

/// One picture's cover, physical pixels.
#[derive(Clone, Debug)]
pub(super) struct Cover {
    size: [usize; 2],
    sums: Vec<u16>,
    /// Room for one polygon.
    strip: Vec<f32>,
}

impl Cover {
    pub(super) fn new(size: [u16; 2]) -> Self {
        let size = size.map(usize::from);
        Self { size, sums: vec![0; size[0] * size[1]], strip: Vec::new() }
    }

    /// Adds what another has.
    pub(super) fn add(&mut self, other: &Self) {
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, more)| *sum = sum.saturating_add(*more));
    }

    /// Adds an area of so many square pixels, spread evenly over its box.
    pub(super) fn area(&mut self, [left, top, right, bottom]: Rect, area: f32) {
        // An area without width still leaves a trace.
        let (left, right) = widened(left, right);
        let (top, bottom) = widened(top, bottom);
        let share = (area / ((right - left) * (bottom - top))).min(1.0);
        for y in pixels(top, bottom, self.size[1]) {
            let high = bottom.min(y as f32 + 1.0) - top.max(y as f32);
            for x in pixels(left, right, self.size[0]) {
                let wide = right.min(x as f32 + 1.0) - left.max(x as f32);
                self.put(x, y, share * wide * high);
            }
        }
    }

    /// Adds a disc of so many pixels across, row by row as wide as the disc is there.
    pub(super) fn disc(&mut self, [x, y]: [f32; 2], size: f32) {
        let radius = size / 2.0;
        if self.misses([x, y], radius) {
            return;
        }
        if size < 2.0 {
            return self.dab([x, y], size.max(1.0), size * size * std::f32::consts::FRAC_PI_4);
        }
        for row in pixels(y - radius, y + radius, self.size[1]) {
            let (low, top) = ((y - radius).max(row as f32), (y + radius).min(row as f32 + 1.0));
            let (high, up) = (top - low, f32::midpoint(low, top) - y);
            let half = (radius * radius - up * up).max(0.0).sqrt();
            for column in pixels(x - half, x + half, self.size[0]) {
                let wide = (x + half).min(column as f32 + 1.0) - (x - half).max(column as f32);
                self.put(column, row, wide * high);
            }
        }
    }

    /// Adds so much cover, evenly over a square around a place.
    #[inline]
    pub(super) fn dab(&mut self, [x, y]: [f32; 2], side: f32, cover: f32) {
        let half = side / 2.0;
        if self.misses([x, y], half) {
            return;
        }
        if side <= 1.0 {
            return self.spot([x, y], cover);
        }
        self.area([x - half, y - half, x + half, y + half], cover);
    }

    /// Adds a straight line of so many pixels' width, of which so much is inked. Each pixel gets what the line covers of
    /// it, measured across the line's steeper side alone.
    #[inline]
    pub(super) fn stripe(&mut self, from: [f32; 2], to: [f32; 2], width: f32, inked: f32) {
        let reach = width + (to[0] - from[0]).abs().max((to[1] - from[1]).abs());
        if self.misses(from, reach) {
            return;
        }
        // Rounding, which differs from tile to tile, must not decide for a line at half a right angle.
        let steep = (to[1] - from[1]).abs() > (to[0] - from[0]).abs() * 1.001;
        let (along, across) = if steep { (1, 0) } else { (0, 1) };
        let (from, to) = if from[along] <= to[along] { (from, to) } else { (to, from) };
        let run = to[along] - from[along];
        if run <= 0.0 {
            return;
        }
        let slope = (to[across] - from[across]) / run;
        let half = width * (1.0 + slope * slope).sqrt() / 2.0;
        for step in pixels(from[along], to[along], self.size[along]) {
            let (begin, end) = (from[along].max(step as f32), to[along].min(step as f32 + 1.0));
            let middle = from[across] + (f32::midpoint(begin, end) - from[along]) * slope;
            let (low, high) = (middle - half, middle + half);
            for side in pixels(low, high, self.size[across]) {
                let thick = high.min(side as f32 + 1.0) - low.max(side as f32);
                let (x, y) = if steep { (side, step) } else { (step, side) };
                self.put(x, y, thick * (end - begin) * inked);
            }
        }
    }

    /// Adds what rings in `bounds` hold between them; holes run the other way round. Each edge leaves in every row what it
    /// adds to the pixels behind it, and the sum along a row is the cover (Levien's font-rs counts so).
    pub(super) fn rings<'a>(&mut self, rings: impl Iterator<Item = &'a [[f32; 2]]>, bounds: Rect) {
        let [left, top, right, bottom] = bounds;
        let reach = (right - left).max(bottom - top);
        if self.misses([left, top], reach) {
            return;
        }
        let corner = [left.floor(), top.floor()];
        let size = [(right - corner[0]).ceil() as usize + 2, (bottom - corner[1]).ceil() as usize + 1];
        let mut strip = std::mem::take(&mut self.strip);
        strip.clear();
        strip.resize(size[0] * size[1], 0.0);
        for ring in rings {
            let ends = ring.iter().cycle().skip(1).take(ring.len());
            for (from, to) in ring.iter().zip(ends) {
                let [from, to] = [from, to].map(|at| [at[0] - corner[0], at[1] - corner[1]]);
                add_edge(&mut strip, size, from, to);
            }
        }
        for (row, line) in strip.chunks_exact(size[0]).enumerate() {
            let y = corner[1] as isize + row as isize;
            if !(0..self.size[1] as isize).contains(&y) {
                continue;
            }
            let mut sum = 0.0;
            for (column, step) in line.iter().enumerate() {
                sum += step;
                let x = corner[0] as isize + column as isize;
                if sum != 0.0 && (0..self.size[0] as isize).contains(&x) {
                    self.put(x as usize, y as usize, sum.abs().min(1.0));
                }
            }
        }
        self.strip = strip;
    }

    /// Adds a line of so many pixels' width.
    pub(super) fn line(&mut self, line: impl Iterator<Item = [f32; 2]>, width: f32) {
        let mut before = None;
        for to in line {
            let Some(from) = before.replace(to) else { continue };
            let length = path::distance(from, to);
            let count = (length * SAMPLES).ceil().clamp(1.0, 4096.0);
            let each = length * width / count;
            for index in 0..count as usize {
                let share = (index as f32 + 0.5) / count;
                self.spot([0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * share), each);
            }
        }
    }

    /// Adds so much cover around a place, shared among the four nearest pixels.
    fn spot(&mut self, at: [f32; 2], cover: f32) {
        // One more than the place, so that truncating is rounding down for everything that can be seen.
        let (x, y) = (at[0] + 0.5, at[1] + 0.5);
        let inside = x >= 0.0 && y >= 0.0 && x < (self.size[0] + 1) as f32 && y < (self.size[1] + 1) as f32;
        if !inside {
            return;
        }
        let (column, row) = (x as usize, y as usize);
        let (right, low) = (x - column as f32, y - row as f32);
        for (x, wide) in [(column, 1.0 - right), (column + 1, right)] {
            for (y, high) in [(row, 1.0 - low), (row + 1, low)] {
                if (1..=self.size[0]).contains(&x) && (1..=self.size[1]).contains(&y) {
                    self.put(x - 1, y - 1, cover * wide * high);
                }
            }
        }
    }

    /// Whether nothing within `reach` of a place is in the picture.
    #[inline]
    fn misses(&self, [x, y]: [f32; 2], reach: f32) -> bool {
        let reach = reach + 1.0;
        x < -reach || y < -reach || x > self.size[0] as f32 + reach || y > self.size[1] as f32 + reach
    }

    #[inline]
    fn put(&mut self, x: usize, y: usize, cover: f32) {
        let sum = &mut self.sums[y * self.size[0] + x];
        *sum = sum.saturating_add((cover * FULL + 0.5) as u16);
    }

    /// Cover as 0 to 255, row by row.
    pub(super) fn to_alpha(&self) -> Vec<u8> {
        self.sums.iter().map(|&sum| sum.min(255) as u8).collect()
    }
}

/// One edge of a ring: see [`Cover::rings`]. Places are in the strip.
fn add_edge(strip: &mut [f32], [width, height]: [usize; 2], from: [f32; 2], to: [f32; 2]) {
    let (sign, [from, to]) = if from[1] <= to[1] { (1.0, [from, to]) } else { (-1.0, [to, from]) };
    let run = to[1] - from[1];
    if run <= 0.0 {
        return;
    }
    let slope = (to[0] - from[0]) / run;
    for row in pixels(from[1], to[1], height) {
        let (high, low) = (from[1].max(row as f32), to[1].min(row as f32 + 1.0));
        let [a, b] = [high, low].map(|y| from[0] + (y - from[1]) * slope);
        let (left, right) = (a.min(b), a.max(b));
        let amount = (low - high) * sign;
        let line = &mut strip[row * width..][..width];
        let first = left as usize;
        let last = (right as usize).min(width - 2);
        if first >= last {
            // The edge stays in one column here.
            let behind = amount * (f32::midpoint(left, right) - first as f32);
            line[first] += amount - behind;
            line[first + 1] += behind;
            continue;
        }
        // What lies to the right of the edge, column by column.
        let steep = amount / (right - left);
        let mut before = 0.0;
        for column in first..=last {
            let (begin, end) = (left.max(column as f32), right.min(column as f32 + 1.0));
            let passed = steep * (begin - left);
            let here = steep * (end - begin);
            let covered = passed + here * (column as f32 + 1.0 - f32::midpoint(begin, end));
            line[column] += covered - before;
            before = covered;
        }
        line[last + 1] += amount - before;
    }
}

fn widened(from: f32, to: f32) -> (f32, f32) {
    if to - from >= 0.25 { (from, to) } else { (f32::midpoint(from, to) - 0.125, f32::midpoint(from, to) + 0.125) }
}

fn pixels(from: f32, to: f32, count: usize) -> std::ops::Range<usize> {
    from.floor().max(0.0) as usize..(to.ceil().max(0.0) as usize).min(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(draw: impl Fn(&mut Cover), want: f32) -> Cover {
        let mut cover = Cover::new([8, 8]);
        draw(&mut cover);
        let sum = cover.sums.iter().map(|&sum| f32::from(sum)).sum::<f32>() / FULL;
        assert!((sum - want).abs() < 0.03 * want + 0.02, "{sum} is not {want}");
        cover
    }

    #[test]
    fn cover_adds_up_to_the_area() {
        check(|cover| cover.area([1.2, 1.3, 2.1, 2.8], 0.9), 0.9);
        check(|cover| cover.line([[1.0, 1.5], [5.0, 4.5]].into_iter(), 0.8), 4.0);
        check(|cover| (0..2).for_each(|_| cover.area([1.0, 1.0, 2.0, 2.0], 1.0)), 2.0);
        check(|cover| cover.stripe([1.0, 1.5], [5.0, 4.5], 0.8, 1.0), 4.0);
        check(|cover| cover.stripe([5.2, 6.5], [5.0, 1.5], 1.4, 0.5), 3.5);
        check(|cover| cover.dab([3.3, 3.6], 2.0, 1.5), 1.5);
        check(|cover| cover.disc([3.3, 4.1], 1.5), 1.767);
        let house = [[1.2, 1.4], [6.3, 1.4], [6.3, 4.9], [1.2, 4.9]];
        let yard = [[2.0, 2.0], [2.0, 4.0], [3.5, 4.0], [3.5, 2.0]];
        check(|cover| cover.rings([&house[..]].into_iter(), [1.2, 1.4, 6.3, 4.9]), 17.85);
        check(|cover| cover.rings([&house[..], &yard[..]].into_iter(), [1.2, 1.4, 6.3, 4.9]), 14.85);
        let kite = [[3.1, 0.6], [7.7, 3.0], [3.1, 6.4], [0.5, 3.2]];
        check(|cover| cover.rings([&kite[..]].into_iter(), [0.5, 0.6, 7.7, 6.4]), 20.88);
        let size = 5.0_f32;
        let cover = check(|cover| cover.disc([4.0, 4.0], size), 19.63);
        assert_eq!((cover.sums[0], cover.sums[8 + 1]), (0, 0), "a disc has no corners");
    }

    #[test]
    fn a_pixel_is_covered_once_at_most() {
        let cover = check(|cover| (0..3).for_each(|_| cover.area([1.0, 1.0, 2.0, 2.0], 1.0)), 3.0);
        assert_eq!(cover.to_alpha().iter().map(|&alpha| u32::from(alpha)).sum::<u32>(), 255);
    }

    #[test]
    fn what_is_outside_leaves_nothing() {
        check(|cover| cover.area([-5.0, -5.0, -4.0, -4.0], 1.0), 0.0);
        check(|cover| cover.line([[-9.0, -9.0], [-2.0, -2.0]].into_iter(), 1.0), 0.0);
        check(|cover| cover.area([30.0, 1.0, 31.0, 2.0], 1.0), 0.0);
        check(|cover| cover.stripe([-9.0, -9.0], [-2.0, 40.0], 1.0, 1.0), 0.0);
    }
}
