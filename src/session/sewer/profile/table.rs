//! The table under a long profile: node, ground, invert, chainage under each node; diameter, slope, length under each pipe.

use super::{FAINT, INK, LEFT, LINE, RED, Sheet};
use crate::render::decor::{Align, width};
use crate::text::Text;
use crate::trades::sewer::profile::{Reach, Station};

/// Numbers under nodes run upward, and so need height.
const TALL: f32 = 78.0;
const MIDDLING: f32 = 56.0;
const LOW: f32 = 38.0;
/// Size of the numbers, pixels.
const SIZE: f32 = 10.5;
/// Least room between two numbers that run upward.
const ROOM: f32 = 13.0;

/// Height of the whole table.
pub(super) const HEIGHT: f32 = TALL + MIDDLING + TALL + LOW * 3.0 + MIDDLING;

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
    Pipes(fn(&Reach) -> Option<String>),
}

const ROWS: [Row; 7] = [
    Row {
        name: Text::new("井号", "Node"),
        height: TALL,
        cells: Cells::Nodes(|station, _| Some(station.code.to_string())),
    },
    Row {
        name: Text::new("地面标高 m", "Ground m"),
        height: MIDDLING,
        cells: Cells::Nodes(|station, _| metres(station.ground_m?)),
    },
    Row { name: Text::new("管底标高 m", "Invert m"), height: TALL, cells: Cells::Nodes(inverts) },
    Row { name: Text::new("管径 mm", "Diameter mm"), height: LOW, cells: Cells::Pipes(size) },
    Row {
        name: Text::new("坡度 ‰", "Slope ‰"),
        height: LOW,
        cells: Cells::Pipes(|reach| Some(format!("{:.2}", reach.slope? * 1000.0))),
    },
    Row {
        name: Text::new("距离 m", "Length m"),
        height: LOW,
        cells: Cells::Pipes(|reach| Some(format!("{:.2}", reach.chainages_m[1] - reach.chainages_m[0]))),
    },
    Row {
        name: Text::new("里程 m", "Chainage m"),
        height: MIDDLING,
        cells: Cells::Nodes(|station, _| Some(format!("{:.2}", station.chainage_m))),
    },
];

impl Sheet<'_> {
    /// Draws the table.
    pub(super) fn table(&mut self) {
        let [left, _, right, mut y] = self.scale.plot;
        let edge = 14.0;
        self.line(&[[edge, y], [right, y]], INK, 1.2);
        for row in &ROWS {
            let below = y + row.height;
            let middle = f32::midpoint(y, below);
            self.say(row.name.get(self.look.lang), [left - 10.0, middle], Align::Right, INK, 11.5);
            match row.cells {
                Cells::Nodes(cell) => self.under_nodes(cell, middle),
                Cells::Pipes(cell) => self.under_pipes(cell, [y, below]),
            }
            self.line(&[[edge, below], [right, below]], LINE, 0.8);
            y = below;
        }
        let top = self.scale.plot[3];
        self.line(&[[edge, top], [edge, y]], INK, 1.2);
        self.line(&[[LEFT, top], [LEFT, y]], INK, 1.2);
        self.line(&[[right, top], [right, y]], INK, 1.2);
        self.line(&[[edge, y], [right, y]], INK, 1.2);
    }

    /// Numbers that run upward; of those too near to each other the first is written, the last one always.
    fn under_nodes(&mut self, cell: fn(&Station, [Option<&Reach>; 2]) -> Option<String>, middle: f32) {
        let profile = self.profile;
        let last = profile.stations.len().saturating_sub(1);
        let right = self.scale.plot[2];
        let last_x = profile.stations.last().map_or(right, |station| self.scale.x(station.chainage_m));
        let mut free_from = f32::NEG_INFINITY;
        for (place, station) in profile.stations.iter().enumerate() {
            let at = self.scale.x(station.chainage_m);
            let is_free = at >= free_from && (place == last || at + ROOM <= last_x);
            let reaches = [place.checked_sub(1), Some(place)].map(|it| it.and_then(|it| profile.reaches.get(it)));
            let Some(words) = cell(station, reaches).filter(|_| is_free || place == last) else { continue };
            free_from = at + ROOM;
            let size = SIZE * (TALL / width(&words, SIZE).max(TALL)).max(0.6);
            self.say_up(&words, [at, middle], INK, size);
        }
    }

    /// Numbers between two nodes, upright or, where there is little room, running upward.
    fn under_pipes(&mut self, cell: fn(&Reach) -> Option<String>, [top, below]: [f32; 2]) {
        let profile = self.profile;
        let middle = f32::midpoint(top, below);
        for reach in &profile.reaches {
            let [from, to] = reach.chainages_m.map(|chainage| self.scale.x(chainage));
            let (words, ink) = match cell(reach) {
                Some(words) => (words, if reach.is_adverse { RED } else { INK }),
                None => ("—".to_owned(), FAINT),
            };
            let (room, at) = (to - from, [f32::midpoint(from, to), middle]);
            let fitting = [SIZE, 8.5].into_iter().find(|&size| width(&words, size) + 5.0 <= room);
            if let Some(size) = fitting {
                self.say(&words, at, Align::Middle, ink, size);
            } else if room >= ROOM && width(&words, 8.0) <= below - top - 2.0 {
                self.say_up(&words, at, ink, 8.0);
            }
            self.line(&[[to, top], [to, below]], LINE, 0.8);
        }
    }
}

/// The invert at a node: one number, or that of the pipe before and that of the pipe behind.
fn inverts(_: &Station, [before, behind]: [Option<&Reach>; 2]) -> Option<String> {
    let before = before.and_then(|reach| reach.inverts_m[1]);
    let behind = behind.and_then(|reach| reach.inverts_m[0]);
    match (before, behind) {
        (Some(before), Some(behind)) if (before - behind).abs() >= 0.0005 => Some(format!("{before:.3}/{behind:.3}")),
        (level, other) => metres(level.or(other)?),
    }
}

fn metres(level_m: f64) -> Option<String> {
    Some(format!("{level_m:.3}"))
}

/// `DN500`, or width by height of a section that is no circle.
fn size(reach: &Reach) -> Option<String> {
    let height = reach.diameter_mm?;
    Some(reach.width_mm.map_or_else(|| format!("DN{height}"), |width| format!("{width}×{height}")))
}
