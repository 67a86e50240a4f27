//! The plot of a long profile: levels, ground, pipes, manholes and what crosses.

use super::{EDGE, FAINT, GROUND, INK, LEFT, LINE, MARK, PAPER, PX_PER_PAPER_M, RED, SYSTEMS, Sheet, profile_title};
use crate::model::style::Ink;
use crate::render::decor::{Align, width};
use crate::session::sewer::questions::ProfileAnswer;
use crate::text;
use crate::trades::sewer::pipe::System;
use crate::trades::sewer::profile::{Crossing, Reach, Station};

impl Sheet<'_> {
    /// Level lines with their numbers.
    pub(super) fn levels(&mut self) {
        let [left, top, right, bottom] = self.scale.plot;
        let high_m = self.scale.low_m + f64::from(bottom - top) / (self.scale.px_per_m * self.scale.exaggeration);
        let step_m = step_m((high_m - self.scale.low_m) * 34.0 / f64::from(bottom - top));
        let decimals = usize::from(step_m < 1.0) + usize::from(step_m < 0.1);
        let is_known = self.profile.levels_m().is_some();
        let first = (self.scale.low_m / step_m).ceil() as i64;
        for number in (first..).take(200) {
            let level_m = number as f64 * step_m;
            if level_m > high_m {
                break;
            }
            let y = self.scale.y(level_m);
            self.line(&[[left, y], [right, y]], LINE, 0.8);
            if is_known && bottom - y > 7.0 {
                self.say(&format!("{level_m:.decimals$}"), [left - 8.0, y], Align::Right, FAINT, 10.5);
            }
        }
        self.say(self.look.lang.pick("标高 m", "Level m"), [left - 8.0, top - 12.0], Align::Right, FAINT, 10.5);
    }

    /// The ground from node to node, where both are known.
    pub(super) fn ground(&mut self) {
        let place = |station: &Station| Some([self.scale.x(station.chainage_m), self.scale.y(station.ground_m?)]);
        let places: Vec<Option<[f32; 2]>> = self.profile.stations.iter().map(place).collect();
        for run in places.split(Option::is_none) {
            let run: Vec<[f32; 2]> = run.iter().copied().flatten().collect();
            self.line(&run, GROUND, 2.0);
        }
    }

    pub(super) fn reach(&mut self, reach: &Reach) {
        let [from, to] = reach.chainages_m.map(|chainage| self.scale.x(chainage));
        let ink = if reach.is_adverse { RED } else { system_ink(reach.system) };
        let [Some(first), Some(last)] = reach.inverts_m.map(|level| level.map(|level| self.scale.y(level))) else {
            return self.gap(reach, [from, to]);
        };
        let bottom = [[from, first], [to, last]];
        if let [Some(crown), Some(end_crown)] = reach.crowns_m.map(|level| level.map(|level| self.scale.y(level))) {
            let ring = [bottom[0], bottom[1], [to, end_crown], [from, crown]];
            self.area(&ring, ink, if reach.is_adverse { 0.30 } else { 0.22 });
            self.line(&[[from, crown], [to, end_crown]], ink, 1.2);
        }
        self.line(&bottom, ink, 2.0);
    }

    /// What is known of a pipe without both levels: a tick at an end, and that the rest is missing.
    fn gap(&mut self, reach: &Reach, [from, to]: [f32; 2]) {
        let ink = system_ink(reach.system);
        for (level, x, towards) in [(reach.inverts_m[0], from, 1.0), (reach.inverts_m[1], to, -1.0)] {
            if let Some(y) = level.map(|level| self.scale.y(level)) {
                let length = (to - from).min(14.0) * towards;
                self.line(&[[x, y], [x + length, y]], ink, 2.0);
            }
        }
        let words = self.look.lang.pick("缺管底标高", "no inverts");
        let middle = [f32::midpoint(from, to), self.scale.plot[3] - 10.0];
        if width(words, 10.0) < to - from {
            self.say(words, middle, Align::Middle, RED, 10.0);
        } else {
            self.say("?", middle, Align::Middle, RED, 10.0);
        }
    }

    /// Manholes from floor to ground, and the lines that lead down to the table.
    pub(super) fn shafts(&mut self) {
        let bottom = self.scale.plot[3];
        for (place, station) in self.profile.stations.iter().enumerate() {
            let x = self.scale.x(station.chainage_m);
            let before =
                place.checked_sub(1).and_then(|it| self.profile.reaches.get(it)).and_then(|it| it.inverts_m[1]);
            let behind = self.profile.reaches.get(place).and_then(|it| it.inverts_m[0]);
            let inverts = [before, behind].into_iter().flatten();
            let lowest = station.floor_m.into_iter().chain(inverts).reduce(f64::min);
            let top_y = lowest.map_or(self.scale.plot[1], |level| self.scale.y(level));
            self.dashed(&[[x, top_y], [x, bottom]], FAINT, 0.7);
            if let Some((low, ground)) = lowest.zip(station.ground_m) {
                let [low, high] = [low, ground].map(|level| self.scale.y(level));
                let ring = [[x - 3.0, low], [x + 3.0, low], [x + 3.0, high], [x - 3.0, high]];
                self.area(&ring, PAPER, 0.85);
                self.outline(&ring, INK, 1.0);
            }
        }
    }

    pub(super) fn crossing(&mut self, crossing: &Crossing) {
        let x = self.scale.x(crossing.chainage_m);
        let ink = system_ink(crossing.system);
        let Some(invert_m) = crossing.invert_m else {
            // Where it crosses is known, how high is not.
            let [_, top, _, bottom] = self.scale.plot;
            return self.dashed(&[[x, top], [x, bottom]], ink, 0.8);
        };
        let height_m = crossing.diameter_mm.unwrap_or(0.0) / 1000.0;
        let (low, high) = (self.scale.y(invert_m), self.scale.y(invert_m + height_m));
        let half = [((height_m * self.scale.px_per_m) as f32 / 2.0).max(2.5), ((low - high) / 2.0).max(2.5)];
        let middle = [x, f32::midpoint(low, high)];
        let ring: Vec<[f32; 2]> = (0_u8..24)
            .map(|step| {
                let (sin, cos) = (f32::from(step) * std::f32::consts::TAU / 24.0).sin_cos();
                [middle[0] + half[0] * cos, middle[1] + half[1] * sin]
            })
            .collect();
        self.area(&ring, PAPER, 0.9);
        let is_clash = crossing.gap_m.is_some_and(|gap| gap < 0.0);
        self.outline(&ring, if is_clash { RED } else { ink }, 1.4);
    }

    /// Codes of the pipes that cross, where there is room for them at the upper edge.
    pub(super) fn crossing_names(&mut self) {
        let (profile, [_, top, right, _]) = (self.profile, self.scale.plot);
        let mut free_from = f32::NEG_INFINITY;
        for crossing in profile.crossings.iter().filter(|crossing| !crossing.code.is_empty()) {
            let (x, half) = (self.scale.x(crossing.chainage_m), width(&crossing.code, 9.0) / 2.0);
            if x - half < free_from || x + half > right {
                continue;
            }
            free_from = x + half + 6.0;
            self.say(&crossing.code, [x, top + 9.0], Align::Middle, system_ink(crossing.system), 9.0);
            if let Some(invert_m) = crossing.invert_m {
                let crown = self.scale.y(invert_m + crossing.diameter_mm.unwrap_or(0.0) / 1000.0);
                self.dashed(&[[x, top + 16.0], [x, crown.max(top + 16.0)]], system_ink(crossing.system), 0.6);
            }
        }
    }

    pub(super) fn frame(&mut self) {
        let [left, top, right, bottom] = self.scale.plot;
        self.outline(&[[left, top], [right, top], [right, bottom], [left, bottom]], INK, 1.2);
    }

    /// Title, scales and the mark of invented data.
    pub(super) fn head(&mut self, answer: &ProfileAnswer) {
        let lang = self.look.lang;
        let title = profile_title(answer);
        self.say(title.get(lang), [LEFT, 26.0], Align::Left, INK, 19.0);
        let flat = PX_PER_PAPER_M / self.scale.px_per_m;
        let (high, times) = (flat / self.scale.exaggeration, self.scale.exaggeration);
        let (flat, high, length) = (flat.round(), high.round(), answer.profile.length_m);
        let nodes = answer.profile.stations.len();
        let words = text!(
            "横 1:{flat}　纵 1:{high}（高程放大 {times} 倍）　全长 {length:.2} m　节点 {nodes}",
            "Across 1:{flat}, up 1:{high} (heights × {times}), length {length:.2} m, {nodes} nodes"
        );
        self.say(words.get(lang), [LEFT, 50.0], Align::Left, FAINT, 11.5);
        if answer.is_sample {
            let mark = lang.pick("示例数据 · 虚构", "Sample data · invented");
            let right = self.scene.size_px[0] as f32 - EDGE;
            let left = right - width(mark, 12.0) - 16.0;
            self.outline(&[[left, 14.0], [right, 14.0], [right, 38.0], [left, 38.0]], MARK, 1.4);
            self.say(mark, [f32::midpoint(left, right), 26.0], Align::Middle, MARK, 12.0);
        }
    }
}

fn system_ink(system: System) -> Ink {
    SYSTEMS[match system {
        System::Storm => 0,
        System::Foul => 1,
        System::Combined => 2,
        System::Unknown => 3,
    }]
}

/// The least round step that is no smaller.
fn step_m(least_m: f64) -> f64 {
    let power = 10_f64.powf(least_m.max(1e-3).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= least_m).unwrap_or(power * 10.0)
}
