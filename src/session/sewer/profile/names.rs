//! Words in the plot of a long profile: what crosses, what special nodes are, how far water drops.

use super::plot::{LEADER, system_ink};
use super::{FAINT, INK, PAPER, RED, Sheet};
use crate::render::decor::{Align, width};
use crate::text;
use crate::text::Text;
use crate::trades::sewer::pipe::NodeType;
use crate::trades::sewer::profile::{Crossing, Passing};

/// Rows of names at the upper edge, and the height of one.
const ROWS: usize = 2;
const ROW: f32 = 23.0;
/// Size of the words.
const SIZE: f32 = 8.5;
/// Drops from so far on are written at the node; all are in the table, metres.
const DROP_M: f64 = 0.5;

impl Sheet<'_> {
    /// Writes all of them: first what is wrong, last what the table tells as well.
    pub(super) fn names(&mut self) {
        self.crossing_names(true);
        self.node_names();
        self.drops();
        self.crossing_names(false);
        self.unknown_names();
        self.remarks();
    }

    /// Of what crosses at a known level: code, size, invert and clearance at the upper edge, a line leading down. Those that
    /// would pass through the pipe come first.
    fn crossing_names(&mut self, are_clashes: bool) {
        let (profile, top, size) = (self.profile, self.scale.plot[1], self.scale.size);
        let lang = self.look.lang;
        let mut placed = Vec::new();
        for crossing in profile.crossings_within(self.scale.span_m) {
            let is_clash = crossing.passing == Some(Passing::Through);
            let Some(invert_m) = crossing.invert_m.filter(|_| is_clash == are_clashes) else { continue };
            let words = [name(crossing), levels(crossing, invert_m).get(lang).to_owned()];
            let x = self.scale.x(crossing.chainage_m);
            let Some(([middle, row_top], words)) = self.crossing_place(x, words, is_clash) else {
                self.left_out += 1;
                continue;
            };
            let y = top + row_top;
            let ink = if is_clash { RED } else { system_ink(crossing.system) };
            let crown = self.scale.y(crossing.crown_m.unwrap_or(invert_m));
            let from = y + 16.0 * size;
            self.dashed(&[[x, from], [x, crown.max(from)]], ink, LEADER);
            placed.push((words, [middle, y], ink));
        }
        // Words stand over the lines that lead down from those above them.
        for (words, [middle, y], ink) in placed {
            let wide = wide(&words, size);
            self.clear([middle - wide / 2.0 - 1.0, y - 5.0 * size, middle + wide / 2.0 + 1.0, y + 15.0 * size]);
            self.say(&words[0], [middle, y], Align::Middle, ink, SIZE * size);
            self.say(&words[1], [middle, y + 10.0 * size], Align::Middle, ink, SIZE * size);
        }
    }

    /// Where the words of a crossing stand: around it or a little beside, in the first row with room; what is wrong is made
    /// shorter before it is left out.
    fn crossing_place(&mut self, x: f32, words: [String; 2], is_clash: bool) -> Option<([f32; 2], [String; 2])> {
        let size = self.scale.size;
        let short = is_clash.then(|| {
            let gap = words[1].rsplit_once(' ').map_or("", |(_, gap)| gap);
            let code = words[0].split(' ').next().unwrap_or_default();
            [code.to_owned(), format!("{} {gap}", self.look.lang.pick("相碰", "clash"))]
        });
        for words in [words].into_iter().chain(short) {
            let wide = wide(&words, size);
            for row in 0..ROWS {
                let row_top = (8.0 + ROW * row as f32) * size;
                let y = self.scale.plot[1] + row_top;
                for aside in [0.0, 0.45, -0.45] {
                    let middle = self.room.middle(x + aside * wide, wide + 4.0);
                    let half = wide / 2.0 + 2.0;
                    if self.room.take([middle - half, y - 5.0 * size, middle + half, y + 16.0 * size]) {
                        return Some(([middle, row_top], words));
                    }
                }
            }
        }
        None
    }

    /// Of what crosses nobody knows how high: code, and that it is so, at the axis.
    fn unknown_names(&mut self) {
        let (profile, bottom, size) = (self.profile, self.scale.plot[3], self.scale.size);
        for crossing in profile.crossings_within(self.scale.span_m).filter(|it| it.invert_m.is_none()) {
            let unknown = self.look.lang.pick("标高不明", "level not known");
            let words = format!("{} {unknown}", name(crossing));
            let (x, wide) = (self.scale.x(crossing.chainage_m), width(&words, SIZE * size));
            let y = bottom - 6.0 * size;
            let ink = system_ink(crossing.system);
            // Behind its mark, or before it; other marks stay to be seen.
            let mut middles = [x + wide / 2.0 + 6.0, x - wide / 2.0 - 6.0].into_iter();
            let half = wide / 2.0 + 1.0;
            match middles.find(|it| self.room.take([it - half, y - 5.0 * size, it + half, y + 5.0 * size])) {
                Some(middle) => self.say(&words, [middle, y], Align::Middle, ink, SIZE * size),
                None => self.left_out += 1,
            }
        }
    }

    /// What nodes are that are no plain manholes, above the ground.
    fn node_names(&mut self) {
        let (profile, size) = (self.profile, self.scale.size);
        for (_, station) in profile.stations_within(self.scale.span_m) {
            let (Some(name), Some(ground_m)) = (station.special_name(), station.ground_m) else { continue };
            let (words, x) = (name.get(self.look.lang), self.scale.x(station.chainage_m));
            let middle = self.room.middle(x, width(words, 9.0 * size) + 2.0);
            let lifts = [9.0, 20.0, 31.0].map(|lift| lift * size);
            let ground = self.scale.y(ground_m);
            let _ = lifts.into_iter().any(|lift| self.say_if_free(words, [middle, ground - lift], INK, 9.0 * size));
        }
    }

    /// Takes lines away under words.
    pub(super) fn clear(&mut self, [left, top, right, bottom]: [f32; 4]) {
        self.area(&[[left, top], [right, top], [right, bottom], [left, bottom]], PAPER, 0.92);
    }

    /// How far water drops at a node, and where it would have to climb.
    fn drops(&mut self) {
        let size = self.scale.size;
        for (place, station) in self.profile.stations_within(self.scale.span_m) {
            let Some(drop_m) = station.drop_m.filter(|drop| *drop >= DROP_M || *drop <= -0.005) else { continue };
            let [before, behind] = self.profile.beside(place);
            // Water that comes the other way climbs what the course drops.
            let is_along = before.or(behind).is_none_or(|reach| reach.is_along);
            let falls_m = if is_along { drop_m } else { -drop_m };
            let by_m = falls_m.abs();
            let (words, ink) = match (falls_m >= 0.0, station.node_type) {
                (true, _) => (text!("跌 {by_m:.2}", "drop {by_m:.2}"), INK),
                (false, NodeType::Pump) => (text!("提升 {by_m:.2}", "lift {by_m:.2}"), FAINT),
                (false, _) => (text!("逆 {by_m:.2}", "rise {by_m:.2}"), RED),
            };
            let levels = [before.and_then(|it| it.inverts_m[1]), behind.and_then(|it| it.inverts_m[0])];
            let [Some(first), Some(last)] = levels.map(|level| level.map(|level| self.scale.y(level))) else {
                continue;
            };
            let (words, x, y) =
                (words.get(self.look.lang), self.scale.x(station.chainage_m), f32::midpoint(first, last));
            let aside = width(words, 9.0 * size) / 2.0 + 6.0;
            let _ = [aside, -aside].into_iter().any(|aside| self.say_if_free(words, [x + aside, y], ink, 9.0 * size));
        }
    }
}

/// Width of the words of a crossing.
fn wide(words: &[String; 2], size: f32) -> f32 {
    words.iter().map(|words| width(words, SIZE * size)).fold(0.0, f32::max)
}

/// `YS-0417 DN300`.
fn name(crossing: &Crossing) -> String {
    let size = crossing.size().words();
    let words: Vec<&str> = [&*crossing.code].into_iter().chain(size.as_deref()).filter(|it| !it.is_empty()).collect();
    words.join(" ")
}

/// Its invert, and how far from the pipe of the profile it passes.
fn levels(crossing: &Crossing, invert_m: f64) -> Text {
    // To the centimetre, and no zero below zero.
    let gap_m = (crossing.gap_m.unwrap_or_default() * 100.0).round() / 100.0 + 0.0;
    match crossing.passing {
        Some(Passing::Above) => text!("底 {invert_m:.2} 上穿净距 {gap_m:.2}", "inv {invert_m:.2}, {gap_m:.2} above"),
        Some(Passing::Below) => text!("底 {invert_m:.2} 下穿净距 {gap_m:.2}", "inv {invert_m:.2}, {gap_m:.2} below"),
        Some(Passing::Through) => text!("底 {invert_m:.2} 相碰 {gap_m:.2}", "inv {invert_m:.2}, clash {gap_m:.2}"),
        None => text!("底 {invert_m:.2} 净距不明", "inv {invert_m:.2}"),
    }
}
