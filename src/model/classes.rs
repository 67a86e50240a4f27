//! Class bounds for numbers: where one colour ends and the next begins.

use crate::text;
use crate::text::Text;

/// How bounds are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Classes of the same width.
    Equal,
    /// Classes with the same number of features.
    #[default]
    Quantile,
    /// Natural breaks: as little spread inside the classes as there can be.
    Jenks,
    /// Round numbers.
    Pretty,
    /// Bounds that somebody typed.
    Manual,
}

/// Natural breaks look at so many numbers at most; of more, at an even sample.
const MOST_FOR_JENKS: usize = 4_000;

impl Method {
    /// Every method, in the order of a chooser.
    pub const ALL: [Self; 5] = [Self::Quantile, Self::Equal, Self::Jenks, Self::Pretty, Self::Manual];

    /// What a person reads.
    pub fn name(self) -> Text {
        match self {
            Self::Equal => Text::new("等间距", "Equal intervals"),
            Self::Quantile => Text::new("等数量（分位数）", "Equal counts (quantiles)"),
            Self::Jenks => Text::new("自然断点（Jenks）", "Natural breaks (Jenks)"),
            Self::Pretty => Text::new("整数断点", "Round numbers"),
            Self::Manual => Text::new("手动", "By hand"),
        }
    }

    /// The word in files and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Quantile => "quantile",
            Self::Jenks => "jenks",
            Self::Pretty => "pretty",
            Self::Manual => "manual",
        }
    }

    /// The method with this word.
    pub fn find(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.id() == id)
    }
}

/// The bounds of `classes` classes over ascending numbers, outer ones included: one more than classes, fewer where
/// values tie; none without numbers. A class holds its lower bound, the last one its upper bound too. By hand the bounds
/// begin as those of equal width.
pub fn breaks(sorted: &[f64], method: Method, classes: usize) -> Vec<f64> {
    let (Some(&least), Some(&most)) = (sorted.first(), sorted.last()) else { return Vec::new() };
    let classes = classes.max(1);
    let mut bounds = match method {
        _ if least == most => return vec![least, most],
        Method::Equal | Method::Manual => {
            let step = (most - least) / classes as f64;
            (0..classes).map(|class| least + step * class as f64).chain([most]).collect()
        }
        Method::Quantile => (0..classes).map(|class| sorted[class * sorted.len() / classes]).chain([most]).collect(),
        Method::Jenks => jenks(sorted, classes),
        Method::Pretty => pretty(least, most, classes),
    };
    bounds.dedup();
    bounds
}

/// The same bounds, with an open class before the first or after the last where numbers lie beyond them: its outer bound is
/// infinite. Nothing is lost, whatever bounds somebody chose.
pub fn reaching(sorted: &[f64], bounds: &[f64]) -> Vec<f64> {
    let bounds = closed(bounds);
    let (Some(&least), Some(&most)) = (bounds.first(), bounds.last()) else { return Vec::new() };
    let below = sorted.first().filter(|&&number| number < least).map(|_| f64::NEG_INFINITY);
    let above = sorted.last().filter(|&&number| number > most).map(|_| f64::INFINITY);
    below.into_iter().chain(bounds).chain(above).collect()
}

/// The bounds without those of open classes.
pub fn closed(bounds: &[f64]) -> Vec<f64> {
    bounds.iter().copied().filter(|bound| bound.is_finite()).collect()
}

/// That there are fewer classes than were asked for, because many values are the same; `None` if there are enough. Round
/// bounds only come near the number that was asked for, and bounds by hand are what somebody wants.
pub fn fewer(method: Method, asked: usize, made: usize) -> Option<Text> {
    let is_free = matches!(method, Method::Pretty | Method::Manual);
    (!is_free && made < asked).then(|| {
        text!(
            "相同的数值太多，只分成 {made} 级，不是 {asked} 级",
            "Many values are the same: only {made} of {asked} classes could be made"
        )
    })
}

/// How many of ascending numbers are in each class of these bounds.
pub fn counts(sorted: &[f64], bounds: &[f64]) -> Vec<u64> {
    let below = |bound: f64| sorted.partition_point(|&number| number < bound);
    let last = bounds.len().saturating_sub(2);
    let ends = |class: usize| {
        let end = if class == last {
            sorted.partition_point(|&it| it <= bounds[class + 1])
        } else {
            below(bounds[class + 1])
        };
        end.saturating_sub(below(bounds[class])) as u64
    };
    (0..bounds.len().saturating_sub(1)).map(ends).collect()
}

/// Bounds at round numbers that hold all, in about so many classes.
fn pretty(least: f64, most: f64, classes: usize) -> Vec<f64> {
    let raw = (most - least) / classes as f64;
    let tenth = 10.0_f64.powf(raw.log10().floor());
    // As R and QGIS choose: a rounder unit is worth somewhat wider classes.
    let mut unit = tenth;
    for (by, bias) in [(2.0, 1.5), (5.0, 2.75), (10.0, 1.5)] {
        if by * tenth - raw < bias * (raw - unit) {
            unit = by * tenth;
        }
    }
    let (first, last) = ((least / unit).floor() as i64, (most / unit).ceil() as i64);
    // A tenth is no number of the computer, ten is: dividing by it leaves no crumbs.
    let whole = (1.0 / unit).round();
    let at = |step: i64| if unit < 1.0 { step as f64 / whole } else { step as f64 * unit };
    let exact = unit >= 1.0 || ((1.0 / unit) - whole).abs() < 1e-6;
    (first..=last).map(|step| if exact { at(step) } else { step as f64 * unit }).collect()
}

/// Fisher's exact classes: for every prefix of the numbers and every number of classes the least sum of squares, each
/// from the one before.
fn jenks(sorted: &[f64], classes: usize) -> Vec<f64> {
    let sample = even_sample(sorted);
    let classes = classes.min(sample.len());
    let sums = Sums::of(&sample);
    let count = sample.len();
    let mut least: Vec<f64> = (0..count).map(|end| sums.spread(0, end)).collect();
    let mut starts: Vec<Vec<u32>> = vec![vec![0; count]];
    for class in 1..classes {
        let mut next = vec![f64::INFINITY; count];
        let mut from = vec![0_u32; count];
        best_starts(
            class..count,
            class..count,
            &mut |end, start| least[start - 1] + sums.spread(start, end),
            &mut |end, start, cost| {
                next[end] = cost;
                from[end] = start as u32;
            },
        );
        least = next;
        starts.push(from);
    }
    let mut bounds = vec![sample[count - 1]];
    let mut end = count - 1;
    for from in starts.iter().rev() {
        let start = from[end] as usize;
        bounds.push(sample[start]);
        end = start.saturating_sub(1);
    }
    bounds.reverse();
    bounds
}

/// For each end the cheapest start of the last class. Best starts never go back as ends go on, so halves can be looked at
/// apart: n log n steps instead of n².
fn best_starts(
    ends: std::ops::Range<usize>,
    starts: std::ops::Range<usize>,
    cost: &mut dyn FnMut(usize, usize) -> f64,
    keep: &mut dyn FnMut(usize, usize, f64),
) {
    if ends.is_empty() {
        return;
    }
    let middle = usize::midpoint(ends.start, ends.end);
    let (mut best, mut at) = (f64::INFINITY, starts.start.min(middle));
    for start in starts.start..=middle.min(starts.end - 1) {
        let cost = cost(middle, start);
        if cost < best {
            (best, at) = (cost, start);
        }
    }
    keep(middle, at, best);
    best_starts(ends.start..middle, starts.start..at + 1, cost, keep);
    best_starts(middle + 1..ends.end, at..starts.end, cost, keep);
}

/// The numbers themselves, or so many of them at even distances with both ends.
fn even_sample(sorted: &[f64]) -> Vec<f64> {
    if sorted.len() <= MOST_FOR_JENKS {
        return sorted.to_vec();
    }
    let last = MOST_FOR_JENKS - 1;
    (0..MOST_FOR_JENKS).map(|at| sorted[at * (sorted.len() - 1) / last]).collect()
}

/// Running sums, from which the spread of any run comes in one step.
struct Sums(Vec<[f64; 2]>);

impl Sums {
    fn of(numbers: &[f64]) -> Self {
        // Around the middle, so that large numbers with small differences lose no digits.
        let middle = numbers[numbers.len() / 2];
        let mut sums = vec![[0.0; 2]];
        let (mut one, mut square) = (0.0, 0.0);
        for number in numbers {
            let number = number - middle;
            one += number;
            square += number * number;
            sums.push([one, square]);
        }
        Self(sums)
    }

    /// Sum of squared distances from the mean, of the numbers `start..=end`.
    fn spread(&self, start: usize, end: usize) -> f64 {
        let [one, square] = [0, 1].map(|power| self.0[end + 1][power] - self.0[start][power]);
        (square - one * one / (end + 1 - start) as f64).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(numbers: &[f64], method: Method, classes: usize, expected: &[f64]) {
        assert_eq!(breaks(numbers, method, classes), expected);
    }

    #[test]
    fn equal_classes_are_of_one_width_and_hold_both_ends() {
        check(&[0.0, 1.0, 9.0, 10.0], Method::Equal, 5, &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        check(&[3.0, 3.0], Method::Equal, 5, &[3.0, 3.0]);
        check(&[], Method::Equal, 5, &[]);
    }

    #[test]
    fn quantiles_hold_as_many_features_each() {
        for (count, classes) in [(100, 5), (103, 4), (17, 7), (18, 9)] {
            let numbers: Vec<f64> = (0..count).map(|n| f64::from(n * n)).collect();
            let counts = counts(&numbers, &breaks(&numbers, Method::Quantile, classes));
            assert_eq!(counts.len(), classes);
            assert_eq!(counts.iter().sum::<u64>(), count as u64);
            let (least, most) = (counts.iter().min(), counts.iter().max());
            assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{counts:?}");
        }
    }

    #[test]
    fn values_that_tie_make_fewer_classes_and_lose_nobody() {
        let pipes = [200.0, 300.0, 300.0, 300.0, 300.0, 300.0, 800.0];
        for method in Method::ALL {
            let bounds = breaks(&pipes, method, 5);
            assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]), "{method:?}: {bounds:?}");
            assert_eq!(counts(&pipes, &bounds).iter().sum::<u64>(), 7, "{method:?}: {bounds:?}");
        }
    }

    #[test]
    fn round_numbers_are_round_and_hold_all() {
        check(&[3.0, 97.0], Method::Pretty, 5, &[0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        check(&[0.12, 0.58], Method::Pretty, 5, &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
        check(&[-12.0, 1234.0], Method::Pretty, 3, &[-500.0, 0.0, 500.0, 1000.0, 1500.0]);
    }

    #[test]
    fn natural_breaks_are_the_best_of_all_there_could_be() {
        let mut seed = 7_u64;
        let mut dice = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((seed >> 40) % 50) as f64
        };
        for round in 0..60 {
            let mut numbers: Vec<f64> = (0..(5 + round % 6)).map(|_| dice()).collect();
            numbers.sort_by(f64::total_cmp);
            for classes in 2..=4 {
                let found = spread_of(&numbers, &jenks(&numbers, classes));
                let best = best_by_trying(&numbers, classes);
                assert!((found - best).abs() < 1e-9, "{numbers:?} in {classes}: {found} is not {best}");
            }
        }
    }

    #[test]
    fn natural_breaks_of_many_numbers_stand_in_the_gaps() {
        let numbers: Vec<f64> =
            (0..30_000).map(|n| f64::from(n / 10_000) * 100.0 + f64::from(n % 10_000) / 1e4).collect();
        let bounds = breaks(&numbers, Method::Jenks, 3);
        assert_eq!(bounds.iter().map(|bound| bound.round()).collect::<Vec<_>>(), [0.0, 100.0, 200.0, 201.0]);
    }

    /// Sum of squares inside the classes between these bounds; equal numbers at a bound may stand on either side.
    fn spread_of(numbers: &[f64], bounds: &[f64]) -> f64 {
        let last = bounds.len() - 2;
        let of = |class: usize| {
            let inside = |number: &&f64| **number >= bounds[class] && (**number < bounds[class + 1] || class == last);
            let members: Vec<f64> = numbers.iter().filter(inside).copied().collect();
            spread(&members)
        };
        (0..=last).map(of).sum()
    }

    fn spread(members: &[f64]) -> f64 {
        let mean = members.iter().sum::<f64>() / members.len().max(1) as f64;
        members.iter().map(|number| (number - mean).powi(2)).sum()
    }

    fn best_by_trying(numbers: &[f64], classes: usize) -> f64 {
        if classes == 1 || numbers.len() <= 1 {
            return spread(numbers);
        }
        let cut = |at: usize| spread(&numbers[at..]) + best_by_trying(&numbers[..at], classes - 1);
        (1..numbers.len()).map(cut).fold(spread(numbers), f64::min)
    }
}
