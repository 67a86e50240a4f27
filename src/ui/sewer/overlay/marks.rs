//! Marks over the map: where a question was asked, its far end, findings, closed pipes, defects.

use std::collections::HashSet;

use egui::{Align2, Painter, Pos2, Rect, Stroke, StrokeKind, Ui, vec2};

use super::around;
use super::badges::{has_thread, set_apart};
use super::crowd::{Crowd, Disc};
use crate::session::sewer::shown::{DrawnPoint, Mark, Tone};
use crate::text::{Lang, Text};
use crate::ui::icons::icon_char;
use crate::ui::map_marks::{Lens, readout};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets;

/// Findings nearer to each other than this are one mark where there are many.
const CELL_PX: f32 = 14.0;
/// From so many in view on they are thinned out.
const MANY: usize = 400;
/// Callouts beside marks, at most.
const MOST_WORDS: usize = 40;
/// Marks at most.
const MOST_MARKS: usize = 4_000;
/// Least radius of a disc that stands for several findings, and what its number has beside it.
const DISC: f32 = 12.0;
const BESIDE_NUMBER: f32 = 6.0;

/// Draws marks: those that stand together as discs with their number, then the others with their words.
pub(super) fn draw(ui: &Ui, painter: &Painter, lens: &Lens<'_>, (points, crowd): (&[DrawnPoint], &Crowd), lang: Lang) {
    let view = lens.camera.bounds_world();
    let view = view.grown(lens.camera.view().metres_per_px * 24.0);
    let seen: Vec<(Pos2, &DrawnPoint)> =
        crowd.lone(points, view).map(|point| (lens.at(point.at_world), point)).collect();
    let (is_crowd, mut cells, mut drawn) = (seen.len() > MANY, HashSet::new(), 0);
    let mut places: Vec<Rect> = Vec::new();
    let mut defects: Vec<(Pos2, u8, &DrawnPoint)> = Vec::new();
    for (at, point) in seen {
        if let Mark::Defect(grade) = point.mark {
            if defects.len() < MANY {
                defects.push((at, grade, point));
            }
            continue;
        }
        let cell = [(at.x / CELL_PX) as i32, (at.y / CELL_PX) as i32];
        if is_crowd && !cells.insert(cell) {
            continue;
        }
        drawn += 1;
        if drawn > MOST_MARKS {
            break;
        }
        // Among numbers that count, one that ranks would be read as a count.
        let is_plain = crowd.has_discs() && matches!(point.mark, Mark::Finding(_));
        mark(ui, painter, at, (if is_plain { Mark::Finding(0) } else { point.mark }, point.tone));
        if point.words != Text::default() && places.len() < MOST_WORDS {
            words(ui, painter, at, point.words.get(lang), &mut places);
        }
    }
    for disc in crowd.discs(view) {
        disc_mark(ui, painter, lens.at(disc.at_world), disc);
    }
    draw_defects(ui, painter, &defects, lang);
}

/// Badges of defects, the gravest on top, with their words: the gravest have the first say there too.
fn draw_defects(ui: &Ui, painter: &Painter, defects: &[(Pos2, u8, &DrawnPoint)], lang: Lang) {
    let tokens = Tokens::of(ui);
    let given: Vec<(Pos2, u8)> = defects.iter().map(|(at, grade, _)| (*at, *grade)).collect();
    let badges = set_apart(&given);
    for badge in &badges {
        let home = given[badge.of].0;
        if has_thread(home, badge.at) {
            painter.line_segment([home, badge.at], Stroke::new(1.5, tokens.pick_edge));
            painter.circle_filled(home, 2.5, tokens.pick_edge);
        }
    }
    let mut places: Vec<Rect> = badges.iter().map(|badge| around(badge.at, 18.0)).collect();
    for badge in &badges {
        let point = defects[badge.of].2;
        mark(ui, painter, badge.at, (point.mark, point.tone));
    }
    for badge in badges.iter().rev().take(MOST_WORDS) {
        let mut said = defects[badge.of].2.words.get(lang).to_owned();
        if badge.more > 0 {
            let more = badge.more;
            said = match lang {
                Lang::Zh => format!("{said}，另 {more} 处"),
                Lang::En => format!("{said}, {more} more"),
            };
        }
        words(ui, painter, badge.at, &said, &mut places);
    }
}

/// Radius of a disc, logical pixels, with a number so wide.
pub(super) fn disc_radius(number_width: f32) -> f32 {
    DISC.max(number_width / 2.0 + BESIDE_NUMBER)
}

/// Several findings as one disc.
fn disc_mark(ui: &Ui, painter: &Painter, at: Pos2, disc: &Disc) {
    let tokens = Tokens::of(ui);
    let color = theme::tone_color(disc.tone, ui.visuals().dark_mode);
    let number = painter.layout_no_wrap(disc.count.to_string(), theme::medium(11.5), tokens.raised);
    let radius = disc_radius(number.size().x);
    painter.circle(at, radius, color, Stroke::new(1.5, tokens.raised));
    painter.galley(at - number.size() / 2.0, number, tokens.raised);
}

/// Words beside a mark, if they hide no others.
fn words(ui: &Ui, painter: &Painter, at: Pos2, words: &str, places: &mut Vec<Rect>) {
    let from = at + vec2(14.0, 10.0);
    let place = Rect::from_min_size(from, widgets::layout(ui, words, theme::body()).size() + vec2(18.0, 10.0));
    if places.iter().all(|other| !other.intersects(place)) {
        readout(ui, painter, from, &[words.to_owned()]);
        places.push(place);
    }
}

fn mark(ui: &Ui, painter: &Painter, at: Pos2, (mark, tone): (Mark, Tone)) {
    let tokens = Tokens::of(ui);
    let color = theme::tone_color(tone, ui.visuals().dark_mode);
    match mark {
        Mark::Start => {
            painter.circle(at, 10.0, theme::TRACE, Stroke::new(2.0, tokens.pick_edge));
            painter.circle(at, 5.0, tokens.raised, Stroke::new(3.0, color));
        }
        Mark::Far => {
            painter.circle(at, 6.0, tokens.raised, Stroke::new(2.5, tokens.pick_edge));
        }
        Mark::Finding(number) => {
            let radius = if number > 0 { 9.0 } else { 5.0 };
            painter.circle(at, radius, color, Stroke::new(1.5, tokens.raised));
            if number > 0 {
                let font = theme::medium(11.0);
                painter.text(at, Align2::CENTER_CENTER, number.to_string(), font, tokens.raised);
            }
        }
        Mark::Closed => {
            painter.circle(at, 11.0, color, Stroke::new(2.0, tokens.raised));
            painter.text(at, Align2::CENTER_CENTER, icon_char("X"), theme::icon_font(16.0), tokens.raised);
        }
        Mark::Defect(grade) => {
            let plate = around(at, 16.0);
            painter.rect(plate, 3, color, Stroke::new(1.5, tokens.pick_edge), StrokeKind::Outside);
            let numeral = ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"][usize::from(grade.clamp(1, 4)) - 1];
            painter.text(at, Align2::CENTER_CENTER, numeral, theme::medium(12.0), tokens.pick_edge);
        }
    }
}
