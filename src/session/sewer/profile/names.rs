//! Words in the plot of a long profile: what crosses, what special nodes are, how far water drops.

use super::plot::{LEADER, system_ink};
use super::{FAINT, INK, PAPER, RED, Sheet};
use crate::render::decor::{Align, width};
use crate::text;
use crate::text::Text;
use crate::trades::sewer::pipe::NodeType;
use crate::trades::sewer::profile::{Crossing, Passing, Station};

/// Rows of names at the upper edge, and the height of one.
const ROWS: usize = 2;
const ROW: f32 = 23.0;
/// Size of the words.
const SIZE: f32 = 8.5;
/// Drops from so far on are written at the node; all are in the table, metres.
const DROP_M: f64 = 0.5;

impl Sheet<'_> {
    /// Writes all of them.
    pub(super) fn names(&mut self) {
        self.crossing_names();
        self.unknown_names();
        self.node_names();
        self.drops();
    }

    /// Of what crosses at a known level: code, size, invert and clearance at the upper edge, a line leading down.
    fn crossing_names(&mut self) {
        let (profile, [left, top, right, _], size) = (self.profile, self.scale.plot, self.scale.size);
        let lang = self.look.lang;
        let (mut free_from, mut placed) = ([left; ROWS], Vec::new());
        for crossing in profile.crossings_within(self.scale.span_m) {
            let Some(invert_m) = crossing.invert_m else { continue };
            let words = [name(crossing), levels(crossing, invert_m).get(lang).to_owned()];
            let wide = words.iter().map(|words| width(words, SIZE * size)).fold(0.0, f32::max);
            let x = self.scale.x(crossing.chainage_m);
            let middle = x.clamp(left + wide / 2.0 + 2.0, (right - wide / 2.0 - 2.0).max(left + wide / 2.0 + 2.0));
            let Some(row) = (0..ROWS).find(|&row| middle - wide / 2.0 >= free_from[row] + 4.0) else {
                self.left_out += 1;
                continue;
            };
            free_from[row] = middle + wide / 2.0;
            let y = top + (8.0 + ROW * row as f32) * size;
            let is_clash = crossing.passing == Some(Passing::Through);
            let ink = if is_clash { RED } else { system_ink(crossing.system) };
            let crown = self.scale.y(crossing.crown_m.unwrap_or(invert_m));
            let from = y + 16.0 * size;
            self.dashed(&[[x, from], [x, crown.max(from)]], ink, LEADER);
            placed.push((words, [middle, y], wide, ink));
        }
        // Words stand over the lines that lead down from those above them.
        for (words, [middle, y], wide, ink) in placed {
            self.clear([middle - wide / 2.0 - 1.0, y - 5.0 * size, middle + wide / 2.0 + 1.0, y + 15.0 * size]);
            self.say(&words[0], [middle, y], Align::Middle, ink, SIZE * size);
            self.say(&words[1], [middle, y + 10.0 * size], Align::Middle, ink, SIZE * size);
        }
    }

    /// Of what crosses nobody knows how high: code, and that it is so, at the axis.
    fn unknown_names(&mut self) {
        let (profile, [left, _, right, bottom], size) = (self.profile, self.scale.plot, self.scale.size);
        let mut free_from = left;
        for crossing in profile.crossings_within(self.scale.span_m).filter(|it| it.invert_m.is_none()) {
            let unknown = self.look.lang.pick("标高不明", "level not known");
            let words = format!("{} {unknown}", name(crossing));
            let (x, wide) = (self.scale.x(crossing.chainage_m) + 6.0, width(&words, SIZE * size));
            if x < free_from || x + wide > right - 2.0 {
                self.left_out += 1;
                continue;
            }
            free_from = x + wide + 12.0;
            let at = [x, bottom - 6.0 * size];
            self.say(&words, at, Align::Left, system_ink(crossing.system), SIZE * size);
        }
    }

    /// What nodes are that are no plain manholes, above the ground.
    fn node_names(&mut self) {
        let (profile, size) = (self.profile, self.scale.size);
        let mut free_from = self.scale.plot[0];
        for (_, station) in profile.stations_within(self.scale.span_m) {
            let (Some(name), Some(ground_m)) = (node_name(station), station.ground_m) else { continue };
            let (words, x) = (name.get(self.look.lang), self.scale.x(station.chainage_m));
            let half = width(words, 9.0 * size) / 2.0;
            let middle = x.max(self.scale.plot[0] + half + 2.0).min(self.scale.plot[2] - half - 2.0);
            if middle - half < free_from {
                continue;
            }
            free_from = middle + half + 4.0;
            let y = self.scale.y(ground_m) - 9.0 * size;
            self.clear([middle - half, y - 5.0 * size, middle + half, y + 5.0 * size]);
            self.say(words, [middle, y], Align::Middle, INK, 9.0 * size);
        }
    }

    /// Takes lines away under words.
    fn clear(&mut self, [left, top, right, bottom]: [f32; 4]) {
        self.area(&[[left, top], [right, top], [right, bottom], [left, bottom]], PAPER, 0.92);
    }

    /// How far water drops at a node, and where it would have to climb.
    fn drops(&mut self) {
        let (size, mut free_from) = (self.scale.size, f32::NEG_INFINITY);
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
            let at = [self.scale.x(station.chainage_m) + 6.0, f32::midpoint(first, last)];
            if at[0] < free_from {
                continue;
            }
            let wide = width(words.get(self.look.lang), 9.0 * size);
            free_from = at[0] + wide + 2.0;
            self.clear([at[0] - 1.0, at[1] - 6.0 * size, at[0] + wide + 1.0, at[1] + 6.0 * size]);
            self.say(words.get(self.look.lang), at, Align::Left, ink, 9.0 * size);
        }
    }
}

/// `YS-0417 DN300`.
fn name(crossing: &Crossing) -> String {
    let size = crossing.diameter_mm.map(|size| format!("DN{size}"));
    let words: Vec<&str> = [&*crossing.code].into_iter().chain(size.as_deref()).filter(|it| !it.is_empty()).collect();
    words.join(" ")
}

/// Its invert, and how far from the pipe of the profile it passes.
fn levels(crossing: &Crossing, invert_m: f64) -> Text {
    let gap_m = crossing.gap_m.unwrap_or_default();
    match crossing.passing {
        Some(Passing::Above) => text!("底 {invert_m:.2} 上穿净距 {gap_m:.2}", "inv {invert_m:.2}, {gap_m:.2} above"),
        Some(Passing::Below) => text!("底 {invert_m:.2} 下穿净距 {gap_m:.2}", "inv {invert_m:.2}, {gap_m:.2} below"),
        Some(Passing::Through) => text!("底 {invert_m:.2} 相碰 {gap_m:.2}", "inv {invert_m:.2}, clash {gap_m:.2}"),
        None => text!("底 {invert_m:.2} 净距不明", "inv {invert_m:.2}"),
    }
}

fn node_name(station: &Station) -> Option<Text> {
    Some(match (station.node_type, &*station.well) {
        (NodeType::Pump, _) => Text::new("泵站", "Pump"),
        (NodeType::Outfall, _) => Text::new("排放口", "Outfall"),
        (NodeType::Plant, _) => Text::new("污水处理厂", "Plant"),
        (NodeType::Storage, _) => Text::new("调蓄池", "Storage"),
        (_, "siphon") => Text::new("倒虹井", "Siphon"),
        (_, "drop") => Text::new("跌水井", "Drop manhole"),
        (_, "intercepting") => Text::new("截流井", "Interceptor"),
        _ => return None,
    })
}
