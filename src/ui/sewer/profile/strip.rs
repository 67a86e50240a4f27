//! The table under the profile, as longitudinal sections have it: one column a node, one a pipe, as many as there is room
//! to read.

use std::sync::Arc;

use egui::{Color32, Galley, Rect, Stroke, Ui, pos2};

use super::chart::Axes;
use crate::session::sewer::questions::ProfileAnswer;
use crate::text::{Lang, Text};
use crate::trades::sewer::profile::{Profile, Reach};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets;

/// Width of the rows' heads.
pub(super) const HEADS: f32 = 76.0;
/// Height of a row.
const ROW: f32 = 19.0;
/// Least distance between two values of a row.
const GAP: f32 = 8.0;
/// The plot is never lower than this while there are rows.
const LEAST_PLOT: f32 = 90.0;

/// The rows, the one that is given up last first.
const ROWS: [Text; 6] = [
    Text::new("井号", "Node"),
    Text::new("里程 m", "Chainage m"),
    Text::new("地面 m", "Ground m"),
    Text::new("管底 m", "Invert m"),
    Text::new("管径", "Size"),
    Text::new("坡度 ‰", "Gradient ‰"),
];

/// How many rows there is room for.
pub(super) fn rows_in(height: f32) -> usize {
    (((height - LEAST_PLOT) / ROW).floor().max(0.0) as usize).min(ROWS.len())
}

/// Height of so many rows.
pub(super) fn height(rows: usize) -> f32 {
    rows as f32 * ROW
}

pub(super) fn draw(ui: &Ui, lang: Lang, found: &ProfileAnswer, axes: &Axes, room: Rect, rows: usize) {
    let tokens = Tokens::of(ui);
    for (row, name) in ROWS.iter().take(rows).enumerate() {
        let top = axes.plot.bottom() + row as f32 * ROW;
        let middle = top + ROW / 2.0;
        ui.painter().hline(room.x_range(), top, Stroke::new(1.0, tokens.line));
        widgets::text_in(ui, pos2(room.left(), middle), name.get(lang), theme::note(), tokens.text2, HEADS - 8.0);
        if row < 4 {
            stations(ui, found, axes, row, middle);
        } else {
            reaches(ui, found, axes, row, middle);
        }
    }
}

/// One value a node; those that would run into the one before are left out, and those that would hide the last.
fn stations(ui: &Ui, found: &ProfileAnswer, axes: &Axes, row: usize, middle: f32) {
    let color = Tokens::of(ui).text;
    let profile = &found.profile;
    let is_seen = |x: f32| x >= axes.plot.left() - 1.0 && x <= axes.plot.right() + 1.0;
    let laid = |place: usize| {
        let x = axes.x(profile.stations.get(place)?.chainage_m);
        let galley = is_seen(x).then(|| widgets::layout(ui, &station_words(profile, place, row), theme::note()))?;
        let width = galley.size().x;
        let left =
            (x - width / 2.0).clamp(axes.plot.left() - 20.0, (axes.plot.right() + 12.0 - width).max(axes.plot.left()));
        Some((left, galley))
    };
    // Where the course ends is read first.
    let last = profile.stations.len().saturating_sub(1);
    let end = laid(last);
    let free_to = end.as_ref().map_or(f32::INFINITY, |(left, _)| left - GAP);
    let mut free_from = axes.plot.left() - 20.0;
    for (left, galley) in (0..last).filter_map(&laid) {
        let right = left + galley.size().x;
        if left < free_from || right > free_to {
            continue;
        }
        free_from = right + GAP;
        put(ui, left, middle, galley, color);
    }
    if let Some((left, galley)) = end {
        put(ui, left, middle, galley, color);
    }
}

fn put(ui: &Ui, left: f32, middle: f32, galley: Arc<Galley>, color: Color32) {
    let at = pos2(left, middle - galley.size().y / 2.0);
    ui.painter().galley_with_override_text_color(at, galley, color);
}

/// What a row says of a node.
fn station_words(profile: &Profile, place: usize, row: usize) -> String {
    let station = &profile.stations[place];
    let level = |level: Option<f64>| level.map_or("—".to_owned(), |level| format!("{level:.2}"));
    match row {
        0 => station.code.to_string(),
        1 => format!("{:.1}", station.chainage_m),
        2 if station.is_ground_derived => format!("({})", level(station.ground_m)),
        2 => level(station.ground_m),
        _ => {
            let before = place.checked_sub(1).and_then(|it| profile.reaches.get(it)?.inverts_m[1]);
            let behind = profile.reaches.get(place).and_then(|it| it.inverts_m[0]);
            match (before, behind) {
                // A drop: both levels.
                (Some(a), Some(b)) if (a - b).abs() >= 0.005 => format!("{a:.2}/{b:.2}"),
                (a, b) => level(a.or(b)),
            }
        }
    }
}

/// One value a run of pipes that say the same: the size on a plate where it fits, the gradient in the middle of its run,
/// left out where it would run into the one before.
fn reaches(ui: &Ui, found: &ProfileAnswer, axes: &Axes, row: usize, middle: f32) {
    let tokens = Tokens::of(ui);
    let reaches = &found.profile.reaches;
    let mut free_from = axes.plot.left() - 20.0;
    let mut at = 0;
    while at < reaches.len() {
        let first = &reaches[at];
        let words = reach_words(first, row);
        let is_like =
            |reach: &&Reach| reach_words(reach, row) == words && (row == 4 || reach.is_adverse == first.is_adverse);
        // The first is like itself.
        at += reaches[at..].iter().take_while(is_like).count().max(1);
        let last = &reaches[at - 1];
        let span =
            [axes.x(first.chainages_m[0]).max(axes.plot.left()), axes.x(last.chainages_m[1]).min(axes.plot.right())];
        if span[1] < span[0] || row == 4 && span[1] - span[0] < 2.0 {
            continue;
        }
        if row == 4 {
            let plate = Rect::from_min_max(pos2(span[0] + 1.0, middle - 8.0), pos2(span[1] - 1.0, middle + 8.0));
            ui.painter().rect_filled(plate, 2, tokens.sunk);
            ui.painter().rect_stroke(plate, 2, Stroke::new(1.0, tokens.line), egui::StrokeKind::Inside);
        }
        let galley = widgets::layout(ui, &words, theme::note());
        let width = galley.size().x;
        let left = f32::midpoint(span[0], span[1]) - width / 2.0;
        let fits = if row == 4 { width + 4.0 <= span[1] - span[0] } else { left >= free_from };
        if !fits {
            continue;
        }
        free_from = left + width + GAP;
        let color = if row == 5 && first.is_adverse { tokens.err } else { tokens.text };
        put(ui, left, middle, galley, color);
    }
}

/// What a row says of a pipe.
fn reach_words(reach: &Reach, row: usize) -> String {
    match row {
        4 => reach.size().words().unwrap_or_else(|| "—".to_owned()),
        _ => reach.slope.map_or("—".to_owned(), |slope| format!("{:.2}", slope * 1000.0)),
    }
}
