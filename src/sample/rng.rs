//! Chance, the same on every platform: one stream of numbers per subject, so that a change in one subject leaves the
//! others as they were.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// A stream of numbers.
pub(super) struct Rng(ChaCha8Rng);

impl Rng {
    /// The stream of `subject` in the city of `seed`.
    pub(super) fn new(seed: u64, subject: &str) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(
            subject
                .bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
        );
        Self(rng)
    }

    /// From 0 (included) to 1 (not included).
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// From `least` to `most`.
    pub(super) fn between(&mut self, least: f64, most: f64) -> f64 {
        least + (most - least) * self.unit()
    }

    /// From 0 to `count` - 1; 0 if there are none.
    pub(super) fn below(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { (self.0.next_u64() % count as u64) as usize }
    }

    /// True in `share` of all cases.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// One of `things`.
    pub(super) fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }

    /// A place in `weights`, as often as its weight says.
    pub(super) fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u32 = weights.iter().sum();
        let mut left = self.below(total as usize) as u32;
        for (place, &weight) in weights.iter().enumerate() {
            if left < weight {
                return place;
            }
            left -= weight;
        }
        0
    }

    /// Puts `things` in random order.
    pub(super) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

/// Smooth noise between -1 and 1 whose hills are about `size_m` wide; `layer` chooses another landscape.
pub(super) fn noise(at: [f64; 2], size_m: f64, layer: u64) -> f64 {
    let (x, y) = (at[0] / size_m, at[1] / size_m);
    let (i, j) = (x.floor(), y.floor());
    let (u, v) = (ease(x - i), ease(y - j));
    let corner = |di: i64, dj: i64| lattice(i as i64 + di, j as i64 + dj, layer);
    let south = corner(0, 0) * (1.0 - u) + corner(1, 0) * u;
    let north = corner(0, 1) * (1.0 - u) + corner(1, 1) * u;
    south * (1.0 - v) + north * v
}

fn ease(t: f64) -> f64 {
    t * t * (3.0 - 2.0 * t)
}

fn lattice(i: i64, j: i64, layer: u64) -> f64 {
    let mut hash = (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (j as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        ^ layer.wrapping_mul(0x1656_67b1_9e37_79f9);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((hash ^ (hash >> 31)) >> 11) as f64 / 4_503_599_627_370_496.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_the_same_numbers_whenever_it_is_asked() {
        let draw = |subject| {
            let mut rng = Rng::new(7, subject);
            [rng.below(1000), rng.below(1000), rng.below(1000)]
        };
        assert_eq!(draw("streets"), draw("streets"));
        assert_ne!(draw("streets"), draw("cells"));
    }

    #[test]
    fn noise_is_smooth_and_bounded() {
        for step in 0..1000 {
            let at = [f64::from(step) * 3.7, f64::from(step) * -1.3];
            let here = noise(at, 100.0, 1);
            assert!(here.abs() <= 1.0);
            assert!((here - noise([at[0] + 0.1, at[1]], 100.0, 1)).abs() < 0.01);
        }
    }
}
