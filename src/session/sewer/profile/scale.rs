//! Where chainages and levels are on a drawing of a profile.

/// Room between the frame of the plot and the first and the last node, pixels.
pub(super) const INSET: f32 = 20.0;
/// Pixels to a metre on paper.
pub(super) const PX_PER_PAPER_M: f64 = 96.0 / 0.0254;

/// Where chainages and levels are on one page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ProfileScale {
    /// The plot: left, top, right, bottom, pixels.
    pub(super) plot: [f32; 4],
    /// Where the heads of the table begin.
    pub(super) heads: f32,
    /// The stretch that is shown, metres.
    pub(super) span_m: [f64; 2],
    /// Denominators of the scales of lengths and of heights.
    pub(super) scales: [f64; 2],
    /// Level at the plot's lower edge, metres: the datum of the page.
    pub(super) low_m: f64,
    /// How large words are beside those of an A3 sheet.
    pub(super) size: f32,
}

impl ProfileScale {
    /// Pixels to a metre of chainage and of height.
    pub(super) fn px_per_m(&self) -> [f64; 2] {
        self.scales.map(|denominator| PX_PER_PAPER_M / denominator)
    }

    /// Where a chainage is, pixels from the left.
    pub(super) fn x(&self, chainage_m: f64) -> f32 {
        self.plot[0] + INSET + ((chainage_m - self.span_m[0]) * self.px_per_m()[0]) as f32
    }

    /// Where a level is, pixels from the top.
    pub(super) fn y(&self, level_m: f64) -> f32 {
        self.plot[3] - ((level_m - self.low_m) * self.px_per_m()[1]) as f32
    }

    /// Level at the plot's upper edge, metres.
    pub(super) fn high_m(&self) -> f64 {
        self.low_m + f64::from(self.plot[3] - self.plot[1]) / self.px_per_m()[1]
    }

    /// How many times larger heights are.
    pub(super) fn exaggeration(&self) -> f64 {
        self.scales[0] / self.scales[1]
    }
}

/// Places for columns that are no nearer to each other than `gap`, each as near to where it belongs as the others allow:
/// the least sum of squares. As they are, at even distances, where there is no room for all. `wished` ascends.
pub(super) fn spread(wished: &[f32], gap: f32, [from, to]: [f32; 2]) -> Vec<f32> {
    let room = to - from;
    let needed = gap * wished.len().saturating_sub(1) as f32;
    let gap = if needed > room { gap * room.max(0.0) / needed } else { gap };
    // With the gaps taken out, what is left has to ascend: blocks that would not are pooled at their mean.
    let mut blocks: Vec<(f32, usize)> = Vec::new();
    for (number, at) in wished.iter().enumerate() {
        let mut block = (at - gap * number as f32, 1);
        while let Some(&(mean, count)) = blocks.last().filter(|(mean, _)| *mean > block.0) {
            let whole = count + block.1;
            block = ((mean * count as f32 + block.0 * block.1 as f32) / whole as f32, whole);
            blocks.pop();
        }
        blocks.push(block);
    }
    let last = to - gap * wished.len().saturating_sub(1) as f32;
    let means = blocks.into_iter().flat_map(|(mean, count)| std::iter::repeat_n(mean, count));
    means.enumerate().map(|(number, mean)| mean.min(last).max(from) + gap * number as f32).collect()
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // what is compared is exact
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_with_room_stay_and_others_step_aside_evenly() {
        let check = |wished: &[f32], want: &[f32]| assert_eq!(spread(wished, 10.0, [0.0, 100.0]), want);
        check(&[0.0, 30.0, 100.0], &[0.0, 30.0, 100.0]);
        check(&[50.0, 52.0, 54.0], &[42.0, 52.0, 62.0]);
        check(&[0.0, 1.0], &[0.0, 10.0]);
        check(&[99.0, 100.0], &[90.0, 100.0]);
        check(&[], &[]);
    }

    proptest! {
        #[test]
        fn columns_keep_their_order_their_distance_and_the_frame(
            mut wished in prop::collection::vec(0.0_f32..500.0, 1..60),
        ) {
            wished.sort_by(f32::total_cmp);
            let placed = spread(&wished, 8.0, [0.0, 500.0]);
            prop_assert_eq!(placed.len(), wished.len());
            prop_assert!(placed.iter().all(|at| (-0.01..=500.01).contains(at)));
            prop_assert!(placed.windows(2).all(|pair| pair[1] - pair[0] > 7.98));
        }
    }
}
