//! Words in the chart: special nodes, what crosses, how far water drops. Those that would run into another are left out;
//! pointing at the place tells all.

use egui::{Align2, Color32, Painter, Pos2, Rect, Ui, pos2, vec2};

use super::chart::Axes;
use crate::session::sewer::shown::Tone;
use crate::text::Lang;
use crate::trades::sewer::pipe::NodeType;
use crate::trades::sewer::profile::{Crossing, Passing, Profile};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets;

/// Drops from so far on have their number, metres.
const DROP_M: f64 = 0.5;

pub(super) fn draw(ui: &Ui, painter: &Painter, lang: Lang, profile: &Profile, axes: &Axes) {
    let span_m = [axes.plot.left(), axes.plot.right()].map(|x| axes.chainage(x));
    let mut names = Names { ui, painter, plot: axes.plot, taken: Vec::new() };
    let tokens = Tokens::of(ui);
    for (_, station) in profile.stations_within(span_m) {
        let Some(name) = station.special_name() else { continue };
        let y = station.ground_m.map_or(axes.plot.top() + 16.0, |ground| axes.y(ground));
        names.put(pos2(axes.x(station.chainage_m), y - 3.0), Align2::CENTER_BOTTOM, name.get(lang), tokens.text);
    }
    for crossing in profile.crossings_within(span_m) {
        let x = axes.x(crossing.chainage_m);
        let color = theme::tone_color(Tone::of_system(crossing.system), ui.visuals().dark_mode);
        let is_clash = crossing.passing == Some(Passing::Through);
        let color = if is_clash { tokens.err } else { color };
        if let Some(top) = crossing.crown_m.or(crossing.invert_m) {
            names.put(pos2(x, axes.y(top) - 4.0), Align2::CENTER_BOTTOM, &crossing_words(crossing), color);
        } else {
            let words = format!("{} {}", crossing.code, lang.pick("标高不明", "level not known"));
            names.put(pos2(x + 7.0, axes.plot.bottom() - 1.0), Align2::LEFT_BOTTOM, &words, color);
        }
    }
    for (place, station) in profile.stations_within(span_m) {
        let Some(drop_m) = station.drop_m.filter(|drop| drop.abs() >= DROP_M) else { continue };
        let [before, behind] = profile.beside(place);
        let [Some(from), Some(to)] = [before.and_then(|it| it.inverts_m[1]), behind.and_then(|it| it.inverts_m[0])]
        else {
            continue;
        };
        let falls = (drop_m > 0.0) == before.or(behind).is_none_or(|reach| reach.is_along);
        let color = match (falls, station.node_type) {
            (false, kind) if kind != NodeType::Pump => tokens.err,
            _ => tokens.text2,
        };
        let words = format!("{}{:.2}", if falls { "↓" } else { "↑" }, drop_m.abs());
        let at = pos2(axes.x(station.chainage_m) + 6.0, f32::midpoint(axes.y(from), axes.y(to)));
        names.put(at, Align2::LEFT_CENTER, &words, color);
    }
}

/// Its code, and the room that there is.
fn crossing_words(crossing: &Crossing) -> String {
    let gap = crossing.gap_m.map(|gap| format!("{gap:.2}"));
    [&*crossing.code].into_iter().chain(gap.as_deref()).filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Words that stand, and the room they take.
struct Names<'a> {
    ui: &'a Ui,
    painter: &'a Painter,
    plot: Rect,
    taken: Vec<Rect>,
}

impl Names<'_> {
    /// Writes words where nothing stands yet.
    fn put(&mut self, at: Pos2, anchor: Align2, words: &str, color: Color32) {
        let galley = widgets::layout(self.ui, words, theme::note());
        let place = anchor.anchor_size(at, galley.size());
        let is_free = !self.taken.iter().any(|taken| taken.intersects(place.expand2(vec2(3.0, 0.0))));
        if words.is_empty() || !is_free || !self.plot.contains_rect(place) {
            return;
        }
        self.taken.push(place);
        self.painter.galley_with_override_text_color(place.min, galley, color);
    }
}
