//! The table under the profile, as longitudinal sections have it: one column a node, one a pipe, as many as there is room
//! to read.

use egui::{Rect, Stroke, Ui, pos2};

use super::chart::Axes;
use crate::session::sewer::questions::ProfileAnswer;
use crate::text::{Lang, Text};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets;

/// Width of the rows' heads.
pub(super) const HEADS: f32 = 76.0;
/// Height of a row.
const ROW: f32 = 19.0;
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
            reaches(ui, lang, found, axes, row, middle);
        }
    }
}

/// One value a node; those that would run into the one before are left out.
fn stations(ui: &Ui, found: &ProfileAnswer, axes: &Axes, row: usize, middle: f32) {
    let color = Tokens::of(ui).text;
    let profile = &found.profile;
    let mut free_from = axes.plot.left() - 20.0;
    for (place, station) in profile.stations.iter().enumerate() {
        let x = axes.x(station.chainage_m);
        if x < axes.plot.left() - 1.0 || x > axes.plot.right() + 1.0 {
            continue;
        }
        let level = |level: Option<f64>| level.map_or("—".to_owned(), |level| format!("{level:.2}"));
        let words = match row {
            0 => station.code.to_string(),
            1 => format!("{:.1}", station.chainage_m),
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
        };
        let galley = widgets::layout(ui, &words, theme::note());
        let width = galley.size().x;
        let left =
            (x - width / 2.0).clamp(axes.plot.left() - 20.0, (axes.plot.right() + 12.0 - width).max(axes.plot.left()));
        if left < free_from {
            continue;
        }
        free_from = left + width + 8.0;
        let at = pos2(left, middle - galley.size().y / 2.0);
        ui.painter().galley_with_override_text_color(at, galley, color);
    }
}

/// One value a pipe, or for neighbours of one size: in the middle, where it fits.
fn reaches(ui: &Ui, _lang: Lang, found: &ProfileAnswer, axes: &Axes, row: usize, middle: f32) {
    let tokens = Tokens::of(ui);
    let mut at = 0;
    let reaches = &found.profile.reaches;
    while at < reaches.len() {
        let first = &reaches[at];
        let mut to = at;
        while row == 4 && to + 1 < reaches.len() && reaches[to + 1].diameter_mm == first.diameter_mm {
            to += 1;
        }
        let span = [
            axes.x(first.chainages_m[0]).max(axes.plot.left()),
            axes.x(reaches[to].chainages_m[1]).min(axes.plot.right()),
        ];
        let words = match row {
            4 => first.diameter_mm.map_or("—".to_owned(), |size| format!("DN{size:.0}")),
            _ => first.slope.map_or("—".to_owned(), |slope| format!("{:.2}", slope * 1000.0)),
        };
        at = to + 1;
        if span[1] - span[0] < 2.0 {
            continue;
        }
        if row == 4 {
            let plate = Rect::from_min_max(pos2(span[0] + 1.0, middle - 8.0), pos2(span[1] - 1.0, middle + 8.0));
            ui.painter().rect_filled(plate, 2, tokens.sunk);
            ui.painter().rect_stroke(plate, 2, Stroke::new(1.0, tokens.line), egui::StrokeKind::Inside);
        }
        let galley = widgets::layout(ui, &words, theme::note());
        if galley.size().x + 4.0 > span[1] - span[0] {
            continue;
        }
        let color = if row == 5 && first.is_adverse { tokens.err } else { tokens.text };
        let at = pos2(f32::midpoint(span[0], span[1]) - galley.size().x / 2.0, middle - galley.size().y / 2.0);
        ui.painter().galley_with_override_text_color(at, galley, color);
    }
}
