//! A pipe is one line, whatever its file made of it: parts are put together where they touch or lie nearest.

use crate::geom::measure::{distance_m, path_length_m};

/// Parts whose ends are nearer than this touch, metres.
const TOUCH_M: f64 = 0.01;

/// Most parts that are tried against each other; of more the longest is the pipe.
const MOST_PARTS: usize = 200;

/// A line made of parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct OneLine {
    /// Longitude and latitude in degrees, in the direction of the first part.
    pub(super) line: Vec<[f64; 2]>,
    /// How much of it nobody drew: the ways between parts that do not touch, metres.
    pub(super) gap_m: f64,
}

/// How a part goes on a line: behind it or before it, turned or as it was drawn.
#[derive(Clone, Copy)]
struct Joint {
    part: usize,
    is_before: bool,
    is_turned: bool,
    gap_m: f64,
}

/// Puts parts (degrees) together. Each time the one goes on that lies nearest to either end.
pub(super) fn one_line(mut parts: Vec<Vec<[f64; 2]>>) -> OneLine {
    parts.retain(|part| !part.is_empty());
    if parts.len() > MOST_PARTS {
        let length_m = |part: &Vec<[f64; 2]>| path_length_m(part.iter().copied());
        let longest = parts.into_iter().max_by(|a, b| length_m(a).total_cmp(&length_m(b)));
        return OneLine { line: longest.unwrap_or_default(), gap_m: 0.0 };
    }
    let mut parts = parts.into_iter();
    let mut whole = OneLine { line: parts.next().unwrap_or_default(), gap_m: 0.0 };
    let mut rest: Vec<Vec<[f64; 2]>> = parts.collect();
    while let Some(joint) = nearest(&whole.line, &rest) {
        let mut part = rest.remove(joint.part);
        if joint.is_turned {
            part.reverse();
        }
        let (mut front, mut back) = if joint.is_before { (part, whole.line) } else { (whole.line, part) };
        if joint.gap_m < TOUCH_M {
            back.remove(0);
        } else {
            whole.gap_m += joint.gap_m;
        }
        front.append(&mut back);
        whole.line = front;
    }
    whole
}

fn nearest(line: &[[f64; 2]], parts: &[Vec<[f64; 2]>]) -> Option<Joint> {
    let (&first, &last) = (line.first()?, line.last()?);
    let ways = parts.iter().enumerate().filter_map(|(part, path)| {
        let (&start, &end) = (path.first()?, path.last()?);
        let way = |is_before, is_turned, from, to| Joint { part, is_before, is_turned, gap_m: distance_m(from, to) };
        Some([
            way(false, false, last, start),
            way(false, true, last, end),
            way(true, false, first, end),
            way(true, true, first, start),
        ])
    });
    ways.flatten().min_by(|a, b| a.gap_m.total_cmp(&b.gap_m))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_line_cut_up_and_shuffled_is_put_together_again(
            count in 2_usize..20,
            cuts in prop::collection::btree_set(1_usize..19, 0..5),
            order in any::<u64>(),
        ) {
            let line: Vec<[f64; 2]> = (0..count).map(|at| [116.0 + 0.001 * at as f64, 29.7]).collect();
            let mut ends: Vec<usize> = cuts.into_iter().filter(|&cut| cut < count - 1).collect();
            ends.push(count - 1);
            let mut start = 0;
            let mut parts = Vec::new();
            for (number, end) in ends.into_iter().enumerate() {
                let mut part = line[start..=end].to_vec();
                if order >> number & 1 == 1 {
                    part.reverse();
                }
                parts.insert((order >> (8 * number % 56)) as usize % (parts.len() + 1), part);
                start = end;
            }
            let mut found = one_line(parts);
            if found.line.first() != line.first() {
                found.line.reverse();
            }
            prop_assert_eq!(found, OneLine { line, gap_m: 0.0 });
        }
    }
}
