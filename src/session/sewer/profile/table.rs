//! The table under a long profile: levels, cover, chainage and code of each node; size, slope and length of each pipe.

use super::plot::LEADER;
use super::scale::{INSET, ProfileScale, spread};
use super::{FAINT, INK, LINE, RED, SMALLEST, Sheet, stake};
use crate::kinds;
use crate::model::style::Ink;
use crate::model::value::Value;
use crate::render::decor::{Align, width};
use crate::text::{Lang, Text};
use crate::trades::sewer::profile::{Profile, Reach, Station};

/// Height of the lines that lead from the nodes to their columns, and of rows by what is in them, pixels of an A3 sheet.
const LEADERS: f32 = 14.0;
const TALL: f32 = 78.0;
const MIDDLING: f32 = 50.0;
const LOW: f32 = 26.0;
/// Size of the numbers.
const SIZE: f32 = 10.0;
/// Least room between two numbers that run upward.
const ROOM: f32 = 12.5;

/// Height of the whole table.
pub(super) const HEIGHT: f32 = LEADERS + MIDDLING + TALL + MIDDLING + LOW * 3.0 + MIDDLING + TALL;

/// A row of the table.
struct Row {
    name: Text,
    height: f32,
    cells: Cells,
}

enum Cells {
    /// Under each node, with the reaches before and behind it.
    Nodes(fn(&Station, [Option<&Reach>; 2]) -> Option<String>),
    /// Under each pipe.
    Pipes(fn(&Reach, Lang) -> Option<String>),
    /// Under pipes that follow each other and say the same.
    Runs(fn(&Reach, Lang) -> Option<String>),
}

const ROWS: [Row; 8] = [
    Row {
        name: Text::new("地面标高 m", "Ground m"),
        height: MIDDLING,
        cells: Cells::Nodes(|station, _| Some(worked_out(station, format!("{:.3}", station.ground_m?)))),
    },
    Row { name: Text::new("管底标高 m", "Invert m"), height: TALL, cells: Cells::Nodes(inverts) },
    Row { name: Text::new("覆土 m", "Cover m"), height: MIDDLING, cells: Cells::Nodes(covers) },
    Row { name: Text::new("管径 mm　管材", "Diameter mm, material"), height: LOW, cells: Cells::Runs(size) },
    Row {
        name: Text::new("坡度 ‰", "Slope ‰"),
        height: LOW,
        cells: Cells::Pipes(|reach, _| Some(format!("{:.2}", reach.slope? * 1000.0))),
    },
    Row { name: Text::new("距离 m", "Length m"), height: LOW, cells: Cells::Pipes(length) },
    Row {
        name: Text::new("里程桩号", "Chainage"),
        height: MIDDLING,
        cells: Cells::Nodes(|station, _| Some(stake(station.chainage_m))),
    },
    Row {
        name: Text::new("井号", "Node"),
        height: TALL,
        cells: Cells::Nodes(|station, _| Some(station.code.to_string())),
    },
];

/// The nodes of a page and where their columns stand: under them, or beside where they stand too close.
pub(super) fn columns(profile: &Profile, scale: &ProfileScale) -> Vec<(usize, f32)> {
    let stations: Vec<(usize, f32)> =
        profile.stations_within(scale.span_m).map(|(number, it)| (number, scale.x(it.chainage_m))).collect();
    let wished: Vec<f32> = stations.iter().map(|(_, x)| *x).collect();
    let (gap, room) = (ROOM * scale.size, [scale.plot[0] + INSET * 0.5, scale.plot[2] - INSET * 0.5]);
    if gap * wished.len().saturating_sub(1) as f32 > room[1] - room[0] {
        // Some will be left out anyway: the others stay where they are.
        return stations;
    }
    stations.iter().map(|(number, _)| *number).zip(spread(&wished, gap, room)).collect()
}

impl Sheet<'_> {
    /// Draws the table.
    pub(super) fn table(&mut self) {
        let [left, _, right, mut y] = self.scale.plot;
        let (edge, size) = (self.scale.heads, self.scale.size);
        let start = y;
        y += LEADERS * size;
        self.leaders([start, y]);
        self.lettered();
        self.line(&[[edge, y], [right, y]], INK, 1.0);
        for row in &ROWS {
            let below = y + row.height * size;
            let middle = f32::midpoint(y, below);
            let at = [edge + 6.0 * size, middle];
            self.say_within(row.name.get(self.look.lang), at, Align::Left, (INK, 11.0 * size), left - at[0] - 4.0);
            match row.cells {
                Cells::Nodes(cell) => self.under_nodes(cell, [y, below]),
                Cells::Pipes(cell) => self.under_pipes(cell, [y, below], false),
                Cells::Runs(cell) => self.under_pipes(cell, [y, below], true),
            }
            self.line(&[[edge, below], [right, below]], LINE, 0.8);
            y = below;
        }
        self.boxed([edge, start, right, y], INK, 1.2);
        self.line(&[[left, start], [left, y]], INK, 1.0);
    }

    /// Where the page has more nodes than room, of those too near to each other the first is lettered, the last one always.
    fn lettered(&mut self) {
        let gap = ROOM * self.scale.size * 0.98;
        let last = self.columns.last().map(|(_, x)| *x);
        let mut free_from = f32::NEG_INFINITY;
        self.is_lettered.clear();
        for (place, (_, x)) in self.columns.iter().enumerate() {
            let is_last = place + 1 == self.columns.len();
            let is_free = *x >= free_from && (is_last || last.is_none_or(|last| *x + gap <= last));
            self.is_lettered.push(is_free || is_last);
            if is_free {
                free_from = *x + gap;
            }
        }
        self.dumb = self.is_lettered.iter().filter(|is_lettered| !**is_lettered).count();
    }

    fn leaders(&mut self, [top, below]: [f32; 2]) {
        for (number, column) in self.columns.clone() {
            let x = self.scale.x(self.profile.stations[number].chainage_m);
            self.dashed(&[[x, top], [column, below]], FAINT, LEADER);
        }
    }

    /// Numbers that run upward in the columns of the nodes.
    fn under_nodes(&mut self, cell: fn(&Station, [Option<&Reach>; 2]) -> Option<String>, [top, below]: [f32; 2]) {
        let (profile, size, middle) = (self.profile, self.scale.size, f32::midpoint(top, below));
        for (place, (number, x)) in self.columns.clone().into_iter().enumerate() {
            if !self.is_lettered[place] {
                continue;
            }
            let Some(words) = cell(&profile.stations[number], profile.beside(number)) else {
                self.say("—", [x, middle], Align::Middle, FAINT, SIZE * size);
                continue;
            };
            let fitting = (below - top - 4.0) / width(&words, SIZE * size).max(1.0);
            self.say_up(&words, [x, middle], INK, SIZE * size * fitting.min(1.0));
        }
    }

    /// The cell of a pipe between the columns of its nodes; at the edge of the page where a node is on another.
    fn cell_of(&self, reach: usize) -> [f32; 2] {
        let column = |number: usize| {
            let first = self.columns.first()?.0;
            self.columns.get(number.checked_sub(first)?).map(|(_, x)| *x)
        };
        [column(reach).unwrap_or(self.scale.plot[0]), column(reach + 1).unwrap_or(self.scale.plot[2])]
    }

    /// Numbers between two nodes, upright or, where there is little room, running upward.
    fn under_pipes(&mut self, cell: fn(&Reach, Lang) -> Option<String>, [top, below]: [f32; 2], joins: bool) {
        let lang = self.look.lang;
        let mut cells: Vec<([f32; 2], Option<String>, bool)> = Vec::new();
        for (number, reach) in self.profile.reaches_within(self.scale.span_m) {
            let (place, words) = (self.cell_of(number), cell(reach, lang));
            match cells.last_mut() {
                Some((before, same, _)) if joins && *same == words => before[1] = place[1],
                _ => cells.push((place, words, reach.is_adverse && !joins)),
            }
        }
        // Whose cell is too narrow for its number.
        let mut crowded = Vec::new();
        let mut taken: Vec<[f32; 2]> = Vec::new();
        for ([from, to], words, is_bad) in cells {
            self.line(&[[to, top], [to, below]], LINE, 0.8);
            self.line(&[[from, top], [from, below]], LINE, 0.8);
            let (words, ink) = match words {
                Some(words) => (words, if is_bad { RED } else { INK }),
                None => ("—".to_owned(), FAINT),
            };
            match self.in_cell(&words, [from, to], [top, below], ink) {
                Some(wide) => taken.push([-0.5, 0.5].map(|side| f32::midpoint(from, to) + side * wide)),
                None => crowded.push((f32::midpoint(from, to), words, ink)),
            }
        }
        self.where_free(crowded, taken, [top, below]);
    }

    /// Writes what stands in a cell as large as it fits; how wide that is.
    fn in_cell(&mut self, words: &str, [from, to]: [f32; 2], [top, below]: [f32; 2], ink: Ink) -> Option<f32> {
        let (room, at) = (to - from, [f32::midpoint(from, to), f32::midpoint(top, below)]);
        let size = self.scale.size;
        // All of it, or at least what stands first.
        let forms = [words, words.split(' ').next().unwrap_or_default()];
        let sizes = [SIZE, 8.5, 7.5].map(|it| it * size);
        let mut flat = forms.into_iter().flat_map(|words| sizes.map(|size| (words, size)));
        if let Some((words, fitting)) = flat.find(|(words, size)| width(words, *size) + 4.0 <= room) {
            self.say(words, at, Align::Middle, ink, fitting);
            return Some(width(words, fitting));
        }
        let (words, fitting) = self.upward(words, below - top)?;
        (room >= ROOM * size * 0.9).then(|| self.say_up(&words, at, ink, fitting))?;
        Some(ROOM * size * 0.9)
    }

    /// The form of words that runs upward in a row so high, and its size.
    fn upward(&self, words: &str, high: f32) -> Option<(String, f32)> {
        let size = self.scale.size;
        let forms = [words, words.split(' ').next().unwrap_or_default()].into_iter();
        let mut forms =
            forms.map(|words| (words, 8.5 * size * ((high - 2.0) / width(words, 8.5 * size).max(1.0)).min(1.0)));
        let (words, fitting) = forms.find(|(_, fitting)| *fitting >= SMALLEST * size)?;
        Some((words.to_owned(), fitting))
    }

    /// Of numbers whose cells are too narrow those that have room across the borders: every so many-th stays.
    fn where_free(&mut self, crowded: Vec<(f32, String, Ink)>, mut taken: Vec<[f32; 2]>, [top, below]: [f32; 2]) {
        let half = ROOM * self.scale.size * 0.45;
        for (x, words, ink) in crowded {
            let Some((words, fitting)) = self.upward(&words, below - top) else { continue };
            if taken.iter().any(|it| x - half < it[1] && it[0] < x + half) {
                continue;
            }
            taken.push([x - half, x + half]);
            self.clear([x - half, top + 1.0, x + half, below - 1.0]);
            self.say_up(&words, [x, f32::midpoint(top, below)], ink, fitting);
        }
    }
}

/// The invert at a node: one number, or that of the pipe before and that of the pipe behind.
fn inverts(_: &Station, [before, behind]: [Option<&Reach>; 2]) -> Option<String> {
    pair(before.and_then(|reach| reach.inverts_m[1]), behind.and_then(|reach| reach.inverts_m[0]), 3)
}

/// The ground above the crown: of the pipe before and of the pipe behind where they differ.
fn covers(station: &Station, [before, behind]: [Option<&Reach>; 2]) -> Option<String> {
    let words = pair(before.and_then(|reach| reach.covers_m[1]), behind.and_then(|reach| reach.covers_m[0]), 2)?;
    Some(worked_out(station, words))
}

/// In brackets what rests on a ground that nobody measured.
fn worked_out(station: &Station, words: String) -> String {
    if station.is_ground_derived { format!("({words})") } else { words }
}

/// One number, or both where they read differently.
fn pair(before: Option<f64>, behind: Option<f64>, decimals: usize) -> Option<String> {
    let [before, behind] = [before, behind].map(|level| level.map(|level| format!("{level:.decimals$}")));
    match (before, behind) {
        (Some(before), Some(behind)) if before != behind => Some(format!("{before}/{behind}")),
        (level, other) => level.or(other),
    }
}

/// `DN500 HDPE`, or width by height of a section that is no circle.
fn size(reach: &Reach, lang: Lang) -> Option<String> {
    let size = reach.size().words()?;
    Some(if reach.material.is_empty() { size } else { format!("{size} {}", material_name(&reach.material, lang)) })
}

/// What a material is called.
fn material_name(code: &str, lang: Lang) -> String {
    let fields = kinds::find("sewer_pipe").map(|kind| &kind.fields[..]).unwrap_or_default();
    let field = fields.iter().find(|field| field.id == "material");
    field.map_or_else(|| code.to_owned(), |field| field.display(&Value::from(code), lang))
}

/// The length on the map, and the recorded one where it is another.
fn length(reach: &Reach, lang: Lang) -> Option<String> {
    let drawn_m = reach.length_m();
    let stated =
        reach.other_length_m().map(|stated| format!("{drawn_m:.2} ({} {stated:.2})", lang.pick("记录", "rec.")));
    Some(stated.unwrap_or_else(|| format!("{drawn_m:.2}")))
}
