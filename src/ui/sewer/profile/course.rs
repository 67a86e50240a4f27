//! The course of a profile on the map: from a chainage to its place and back.

use std::collections::BTreeMap;

use crate::session::sewer::questions::ProfileAnswer;
use crate::session::sewer::shown::SewerShown;

/// A pipe's path in the direction of the profile, Web Mercator metres, and the chainages at its ends.
struct Stretch {
    path: Vec<[f64; 2]>,
    chainages_m: [f64; 2],
}

/// See the module's head.
#[derive(Default)]
pub(super) struct OnMap(Vec<Stretch>);

impl OnMap {
    pub(super) fn of(found: &ProfileAnswer, shown: &SewerShown) -> Self {
        let lines: BTreeMap<_, _> = shown.drawing.lines.iter().map(|line| (line.at, line)).collect();
        let stretch = |reach: &crate::trades::sewer::profile::Reach| {
            let mut path = shown.drawing.path(lines.get(&reach.row)?).to_vec();
            if !reach.is_along {
                path.reverse();
            }
            Some(Stretch { path, chainages_m: reach.chainages_m })
        };
        Self(found.profile.reaches.iter().filter_map(stretch).collect())
    }

    /// The place at a chainage, as far along the drawn line as along the pipe.
    pub(super) fn place_at(&self, chainage_m: f64) -> Option<[f64; 2]> {
        let stretch = self.0.iter().find(|it| (it.chainages_m[0]..=it.chainages_m[1]).contains(&chainage_m))?;
        let [from, to] = stretch.chainages_m;
        let share = if to > from { (chainage_m - from) / (to - from) } else { 0.0 };
        let mut rest = share * length(&stretch.path);
        for pair in stretch.path.windows(2) {
            let step = apart(pair[0], pair[1]);
            if rest <= step && step > 0.0 {
                return Some(between(pair[0], pair[1], rest / step));
            }
            rest -= step;
        }
        stretch.path.last().copied()
    }

    /// The chainage nearest to a place, if it is within reach.
    pub(super) fn chainage_near(&self, at: [f64; 2], reach: f64) -> Option<f64> {
        let mut best: Option<(f64, f64)> = None;
        for stretch in &self.0 {
            let ([from, to], whole) = (stretch.chainages_m, length(&stretch.path));
            let mut before = 0.0;
            for pair in stretch.path.windows(2) {
                let step = apart(pair[0], pair[1]);
                let share = share_on(pair[0], pair[1], at);
                let away = apart(between(pair[0], pair[1], share), at);
                if away <= best.map_or(reach, |best| best.0) {
                    let along = if whole > 0.0 { (before + share * step) / whole } else { 0.0 };
                    best = Some((away, from + (to - from) * along));
                }
                before += step;
            }
        }
        best.map(|(_, chainage)| chainage)
    }
}

fn apart(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

fn length(path: &[[f64; 2]]) -> f64 {
    path.windows(2).map(|pair| apart(pair[0], pair[1])).sum()
}

fn between(a: [f64; 2], b: [f64; 2], share: f64) -> [f64; 2] {
    [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]
}

/// How far along a segment its point nearest to a place is, 0 to 1.
fn share_on(a: [f64; 2], b: [f64; 2], at: [f64; 2]) -> f64 {
    let way = [b[0] - a[0], b[1] - a[1]];
    let square = way[0] * way[0] + way[1] * way[1];
    if square == 0.0 { 0.0 } else { (((at[0] - a[0]) * way[0] + (at[1] - a[1]) * way[1]) / square).clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chainage_and_its_place_lead_to_each_other() {
        let stretch = |path: &[[f64; 2]], chainages_m| Stretch { path: path.to_vec(), chainages_m };
        // The second line is drawn twice as long as the pipe: what counts is the share.
        let course = OnMap(vec![
            stretch(&[[0.0, 0.0], [30.0, 0.0]], [0.0, 30.0]),
            stretch(&[[30.0, 0.0], [30.0, 60.0], [70.0, 60.0]], [30.0, 80.0]),
        ]);
        assert_eq!(course.place_at(15.0), Some([15.0, 0.0]));
        assert_eq!(course.place_at(60.0), Some([30.0, 60.0]));
        assert_eq!(course.place_at(80.0), Some([70.0, 60.0]));
        assert_eq!(course.place_at(81.0), None);
        for chainage in [0.0, 7.0, 29.0, 55.0, 79.0] {
            let place = course.place_at(chainage).expect("a place");
            let back = course.chainage_near([place[0], place[1] + 0.5], 2.0).expect("a chainage");
            assert!((back - chainage).abs() < 1.0, "{chainage} {back}");
        }
        assert_eq!(course.chainage_near([15.0, 20.0], 10.0), None);
    }
}
