//! The plot of a long profile: levels, ground, pipes, manholes and what crosses.

use super::pages::ProfilePages;
use super::room::Remark;
use super::scale::INSET;
use super::{FAINT, GROUND, INK, LINE, PAPER, RED, SYSTEMS, Sheet, stake};
use crate::model::style::Ink;
use crate::render::decor::{Align, width};
use crate::render::scene::Item;
use crate::text;
use crate::trades::sewer::pipe::System;
use crate::trades::sewer::profile::{Crossing, Passing, Reach, Station};

/// Dashes of lines that lead somewhere, of levels that nobody measured, of pipes under pressure, and of match lines.
pub(super) const LEADER: (f32, &[f32]) = (0.7, &[4.0, 3.0]);
pub(super) const GUESS: (f32, &[f32]) = (1.2, &[5.0, 4.0]);
pub(super) const PRESSED: (f32, &[f32]) = (1.8, &[9.0, 3.0]);
const MATCH: (f32, &[f32]) = (1.3, &[12.0, 3.0, 2.0, 3.0]);
/// Narrower than this from node to node there are no shafts, pixels of an A3 sheet.
const SHAFT_FROM: f32 = 14.0;
/// Least distance between two numbers of the level axis.
const LEVEL_PX: f64 = 30.0;

impl Sheet<'_> {
    /// Draws the plot.
    pub(super) fn plot(&mut self) {
        let (profile, span_m) = (self.profile, self.scale.span_m);
        let [_, top, _, bottom] = self.scale.plot;
        self.levels();
        // A little beyond the ends, for the shafts there; what lies farther is on another page.
        let [from, to] = span_m.map(|chainage| self.scale.x(chainage));
        self.scene.items.push(Item::Clip([from - 6.0, top, to + 6.0, bottom]));
        self.ground();
        if self.look.has_bridges {
            self.bridges();
        }
        // Where nodes stand close they are lines behind the pipes, not shafts that hide them.
        let is_crowded = (to - from) < self.columns.len() as f32 * SHAFT_FROM * self.scale.size;
        if is_crowded {
            self.shafts(is_crowded);
        }
        profile.reaches_within(span_m).for_each(|(_, reach)| self.reach(reach));
        if !is_crowded {
            self.shafts(is_crowded);
        }
        profile.crossings_within(span_m).for_each(|crossing| self.crossing(crossing));
        self.scene.items.push(Item::Pop);
        self.boxed(self.scale.plot, INK, 1.2);
    }

    /// Level lines, and the staff at the left with its numbers and the datum.
    fn levels(&mut self) {
        let [left, top, right, bottom] = self.scale.plot;
        let (low_m, high_m) = (self.scale.low_m, self.scale.high_m());
        if self.profile.levels_within(self.scale.span_m).is_none() {
            return;
        }
        let (size, step_m) =
            (self.scale.size, step_m(LEVEL_PX * f64::from(self.scale.size) / self.scale.px_per_m()[1]));
        let decimals = usize::from(step_m < 1.0) + usize::from(step_m < 0.1);
        let first = (low_m / step_m - 1e-6).ceil() as i64;
        let last = (high_m / step_m + 1e-6).floor() as i64;
        for number in first..=last.min(first + 500) {
            let level_m = number as f64 * step_m;
            let y = self.scale.y(level_m);
            self.line(&[[left, y], [right, y]], LINE, 0.8);
            let above = self.scale.y(level_m + step_m).max(top);
            let block = [[left - 7.0, y], [left, y], [left, above], [left - 7.0, above]];
            if number.rem_euclid(2) == 0 {
                self.area(&block, INK, 1.0);
            }
            self.outline(&block, INK, 0.8);
            if bottom - y > 14.0 * size && y - top > 14.0 * size {
                self.say(&format!("{level_m:.decimals$}"), [left - 12.0, y], Align::Right, INK, 10.0 * size);
            }
        }
        let words = text!("基准 {low_m:.2} m", "Datum {low_m:.2} m");
        let at = [left - 12.0, bottom - 5.0 * size];
        self.say(words.get(self.look.lang), at, Align::Right, INK, 10.0 * size);
        let words = self.look.lang.pick("标高 m", "Level m");
        self.say(words, [left - 12.0, top + 4.0 * size], Align::Right, FAINT, 10.0 * size);
    }

    /// The ground from node to node, where both are known.
    fn ground(&mut self) {
        for pair in self.profile.stations.windows(2) {
            let [Some(from), Some(to)] = [pair[0].ground_m, pair[1].ground_m] else { continue };
            if pair[1].chainage_m < self.scale.span_m[0] || pair[0].chainage_m > self.scale.span_m[1] {
                continue;
            }
            let at = |station: &Station, level: f64| [self.scale.x(station.chainage_m), self.scale.y(level)];
            let ends = [at(&pair[0], from), at(&pair[1], to)];
            self.line(&ends, GROUND, 2.0);
        }
    }

    /// Where an invert may be between those that are known.
    fn bridges(&mut self) {
        for bridge in self.profile.bridges() {
            let ends = bridge.map(|[chainage, level]| [self.scale.x(chainage), self.scale.y(level)]);
            self.dashed(&ends, FAINT, GUESS);
        }
    }

    fn reach(&mut self, reach: &Reach) {
        let [from, to] = reach.chainages_m.map(|chainage| self.scale.x(chainage));
        let ink = if reach.is_adverse { RED } else { system_ink(reach.system) };
        let [Some(first), Some(last)] = reach.inverts_m.map(|level| level.map(|level| self.scale.y(level))) else {
            return self.gap(reach, [from, to]);
        };
        let bottom = [[from, first], [to, last]];
        let mut top = bottom;
        if let [Some(crown), Some(end_crown)] = reach.crowns_m.map(|level| level.map(|level| self.scale.y(level))) {
            top = [[from, crown], [to, end_crown]];
            let ring = [bottom[0], bottom[1], top[1], top[0]];
            self.area(&ring, ink, if reach.is_adverse { 0.30 } else { 0.20 });
        }
        if reach.is_pressure {
            self.dashed(&top, ink, PRESSED);
            self.dashed(&bottom, ink, PRESSED);
        } else {
            self.line(&top, ink, 1.2);
            self.line(&bottom, ink, 2.0);
        }
        self.arrow(reach, [bottom, top], ink);
    }

    /// Which way the water runs, in the middle of what is seen of a pipe, and what kind of pipe it is.
    fn arrow(&mut self, reach: &Reach, [bottom, top]: [[[f32; 2]; 2]; 2], ink: Ink) {
        let size = self.scale.size;
        let [start, end] = self.scale.span_m.map(|chainage| self.scale.x(chainage));
        let [from, to] = [bottom[0][0].max(start), bottom[1][0].min(end)];
        if to - from < 26.0 * size {
            return;
        }
        let x = f32::midpoint(from, to);
        let share = (x - bottom[0][0]) / (bottom[1][0] - bottom[0][0]).max(1e-3);
        let y_on = |line: [[f32; 2]; 2]| line[0][1] + (line[1][1] - line[0][1]) * share;
        let y = y_on(bottom) + 6.0 * size;
        let (ahead, half) = (if reach.is_along { 6.0 * size } else { -6.0 * size }, 2.6 * size);
        self.line(&[[x - ahead * 1.6, y], [x + ahead * 0.4, y]], ink, 1.0);
        self.area(&[[x + ahead, y], [x, y - half], [x, y + half]], ink, 1.0);
        let lang = self.look.lang;
        let words = if reach.is_pressure {
            lang.pick("压力管", "pressure")
        } else if reach.is_siphon {
            lang.pick("倒虹管", "siphon")
        } else if reach.is_adverse {
            lang.pick("逆坡", "adverse")
        } else {
            return;
        };
        if width(words, 9.0 * size) < to - from - 8.0 {
            let at = [x, y_on(top) - 7.0 * size];
            self.remarks.push(Remark { forms: vec![words], at, ink, size: 9.0 * size });
        }
    }

    /// What is known of a pipe without both levels: a tick at an end, and that the rest is missing.
    fn gap(&mut self, reach: &Reach, [from, to]: [f32; 2]) {
        let (ink, size) = (system_ink(reach.system), self.scale.size);
        for (level, x, towards) in [(reach.inverts_m[0], from, 1.0), (reach.inverts_m[1], to, -1.0)] {
            if let Some(y) = level.map(|level| self.scale.y(level)) {
                let length = (to - from).min(14.0) * towards;
                self.line(&[[x, y], [x + length, y]], ink, 2.0);
            }
        }
        let words = self.look.lang.pick("缺管底标高", "no inverts");
        let [start, end] = self.scale.span_m.map(|chainage| self.scale.x(chainage));
        let (from, to) = (from.max(start), to.min(end));
        let at = [f32::midpoint(from, to), self.scale.plot[3] - 22.0 * size];
        let forms = if width(words, 9.5 * size) < to - from { vec![words, "?"] } else { vec!["?"] };
        self.remarks.push(Remark { forms, at, ink: RED, size: 9.5 * size });
    }

    /// Manholes from floor to ground, and the lines that lead down to the table.
    fn shafts(&mut self, is_crowded: bool) {
        let bottom = self.scale.plot[3];
        for (place, station) in self.profile.stations_within(self.scale.span_m) {
            let x = self.scale.x(station.chainage_m);
            let [before, behind] = self.profile.beside(place);
            let inverts = [before.and_then(|it| it.inverts_m[1]), behind.and_then(|it| it.inverts_m[0])];
            let lowest = station.floor_m.into_iter().chain(inverts.into_iter().flatten()).reduce(f64::min);
            let top_y = lowest.or(station.ground_m).map_or(bottom - 12.0, |level| self.scale.y(level));
            self.dashed(&[[x, top_y], [x, bottom]], FAINT, LEADER);
            if let Some((low, ground)) = lowest.zip(station.ground_m) {
                let [low, high] = [low, ground].map(|level| self.scale.y(level));
                if is_crowded {
                    self.line(&[[x, low], [x, high]], FAINT, 0.8);
                    continue;
                }
                let ring = [[x - 3.0, low], [x + 3.0, low], [x + 3.0, high], [x - 3.0, high]];
                self.area(&ring, PAPER, 0.85);
                self.outline(&ring, INK, 1.0);
            }
        }
    }

    fn crossing(&mut self, crossing: &Crossing) {
        let (x, bottom) = (self.scale.x(crossing.chainage_m), self.scale.plot[3]);
        let ink = system_ink(crossing.system);
        let Some(invert_m) = crossing.invert_m else {
            // Where it crosses is known, how high is not: a mark at the axis.
            let ring = [[x, bottom - 8.0], [x + 3.5, bottom - 4.0], [x, bottom], [x - 3.5, bottom - 4.0]];
            return self.outline(&ring, ink, 1.3);
        };
        let height_m = crossing.diameter_mm.unwrap_or(0.0) / 1000.0;
        let (low, high) = (self.scale.y(invert_m), self.scale.y(invert_m + height_m));
        let across = (height_m * self.scale.px_per_m()[0]) as f32;
        let half = [(across / 2.0).max(2.5), ((low - high) / 2.0).max(2.5)];
        let middle = [x, f32::midpoint(low, high)];
        let ring: Vec<[f32; 2]> = (0_u8..24)
            .map(|step| {
                let (sin, cos) = (f32::from(step) * std::f32::consts::TAU / 24.0).sin_cos();
                [middle[0] + half[0] * cos, middle[1] + half[1] * sin]
            })
            .collect();
        self.area(&ring, PAPER, 0.9);
        let is_clash = crossing.passing == Some(Passing::Through);
        self.outline(&ring, if is_clash { RED } else { ink }, 1.4);
    }

    /// Where this page meets the one before and the one behind.
    pub(super) fn match_lines(&mut self, page: usize, pages: &ProfilePages) {
        let ([left, top, right, bottom], size) = (self.scale.plot, self.scale.size);
        let middle = f32::midpoint(top, bottom);
        self.room.edges = [left + 2.0, right - 2.0];
        let neighbours = [
            page.checked_sub(1).map(|before| (before, self.scale.span_m[0], -1.0)),
            Some(page + 1).filter(|behind| *behind < pages.count()).map(|behind| (behind, self.scale.span_m[1], 1.0)),
        ];
        for (other, chainage_m, side) in neighbours.into_iter().flatten() {
            let (x, stake, number) = (self.scale.x(chainage_m), stake(chainage_m), other + 1);
            self.dashed(&[[x, top], [x, bottom]], RED, MATCH);
            let words = text!("接第 {number} 页　{stake}", "Match line {stake}, see page {number}");
            self.say_up(words.get(self.look.lang), [x + side * INSET * 0.52, middle], RED, 9.5 * size);
            // Beyond the line nothing else is said.
            self.room.edges[usize::from(side > 0.0)] = x - side * 5.0;
        }
    }
}

pub(super) fn system_ink(system: System) -> Ink {
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
