//! How the values of a field are spread, with the bounds of its classes over them; a bound can be dragged.

use egui::{Color32, CursorIcon, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::size::figures;
use crate::model::classes::closed;
use crate::text::Lang;
use crate::ui::theme::{self, Tokens};

/// Height of the bars.
const HEIGHT: f32 = 64.0;
/// Room for the figures below.
const FOOT: f32 = 16.0;
/// Bars; fewer where the panel is narrow.
const BARS: usize = 48;

/// Draws ascending numbers as bars in the colours of their classes. Gives the bounds anew while one of them is dragged.
pub(super) fn histogram(
    ui: &mut Ui,
    lang: Lang,
    numbers: &[f64],
    bounds: &[f64],
    color_of: &dyn Fn(usize) -> Option<Color32>,
) -> Option<Vec<f64>> {
    let (Some(&least), Some(&most)) = (numbers.first(), numbers.last()) else { return None };
    // Round bounds reach beyond the numbers; those of open classes are nowhere.
    let shown = closed(bounds);
    let least = shown.first().map_or(least, |bound| bound.min(least));
    let most = shown.last().map_or(most, |bound| bound.max(most));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT + FOOT), Sense::hover());
    let words = format!("{} {} – {}", lang.pick("数值分布", "Spread of values"), figures(least), figures(most));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
    if most <= least {
        return None;
    }
    let plot = Rect::from_min_size(rect.min, vec2(rect.width(), HEIGHT));
    let axis = Axis { plot, least, most };
    bars(ui, &axis, numbers, bounds, color_of);
    foot(ui, rect, [least, most]);
    let mut moved = None;
    for at in 1..bounds.len().saturating_sub(1) {
        if let Some(bound) = handle(ui, lang, &axis, bounds, at) {
            let mut new = bounds.to_vec();
            new[at] = bound;
            moved = Some(new);
        }
    }
    moved
}

struct Axis {
    plot: Rect,
    least: f64,
    most: f64,
}

impl Axis {
    fn x(&self, value: f64) -> f32 {
        let share = (value - self.least) / (self.most - self.least);
        self.plot.left() + self.plot.width() * share as f32
    }

    fn value(&self, x: f32) -> f64 {
        let share = f64::from((x - self.plot.left()) / self.plot.width());
        self.least + (self.most - self.least) * share.clamp(0.0, 1.0)
    }
}

fn bars(ui: &Ui, axis: &Axis, numbers: &[f64], bounds: &[f64], color_of: &dyn Fn(usize) -> Option<Color32>) {
    let edge = |bar: usize| axis.least + (axis.most - axis.least) * bar as f64 / BARS as f64;
    let below = |value: f64| numbers.partition_point(|number| *number < value);
    let run = |bar: usize| below(edge(bar))..if bar + 1 == BARS { numbers.len() } else { below(edge(bar + 1)) };
    let highest = (0..BARS).map(|bar| run(bar).len()).max().unwrap_or(1).max(1);
    let plain = Tokens::of(ui).line_strong;
    for bar in 0..BARS {
        // The root shows that there is something where others are a thousand times as many.
        let run = run(bar);
        if run.is_empty() {
            continue;
        }
        let share = (run.len() as f32 / highest as f32).sqrt();
        // A bound may lie inside a bar: the value in its middle says in which class most of them are.
        let color = class_of(numbers[usize::midpoint(run.start, run.end)], bounds).and_then(color_of).unwrap_or(plain);
        let x = axis.x(edge(bar))..=axis.x(edge(bar + 1)) - 0.5;
        let y = axis.plot.bottom() - share * HEIGHT..=axis.plot.bottom();
        ui.painter().rect_filled(Rect::from_x_y_ranges(x, y), 0, color);
    }
    ui.painter().hline(axis.plot.x_range(), axis.plot.bottom(), Stroke::new(1.0, plain));
}

/// The class that holds a value; the last one holds its upper bound too.
fn class_of(value: f64, bounds: &[f64]) -> Option<usize> {
    let last = bounds.len().checked_sub(2)?;
    let class = bounds.partition_point(|bound| *bound <= value).checked_sub(1)?;
    if class > last { (value == bounds[last + 1]).then_some(last) } else { Some(class) }
}

fn foot(ui: &Ui, rect: Rect, [least, most]: [f64; 2]) {
    let (font, color) = (theme::note(), Tokens::of(ui).text2);
    let painter = ui.painter();
    painter.text(rect.left_bottom(), egui::Align2::LEFT_BOTTOM, figures(least), font.clone(), color);
    painter.text(rect.right_bottom(), egui::Align2::RIGHT_BOTTOM, figures(most), font, color);
}

/// The line of one inner bound; its new place while it is dragged.
fn handle(ui: &Ui, lang: Lang, axis: &Axis, bounds: &[f64], at: usize) -> Option<f64> {
    let x = axis.x(bounds[at]);
    let grip = Rect::from_center_size(pos2(x, axis.plot.center().y), vec2(9.0, HEIGHT));
    let response = ui.interact(grip, ui.scope_id().with(("bound", at)), Sense::drag());
    let tokens = Tokens::of(ui);
    let is_lit = response.hovered() || response.dragged();
    let stroke = if is_lit { Stroke::new(2.0, tokens.accent) } else { Stroke::new(1.0, tokens.text) };
    ui.painter().vline(x, axis.plot.y_range(), stroke);
    let words = format!("{} {} {}", lang.pick("界线", "Bound"), at, figures(bounds[at]));
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, &words));
    if is_lit {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
    }
    let pointer = response.interact_pointer_pos().filter(|_| response.dragged())?;
    let room = (axis.most - axis.least) * 1e-4;
    let (from, to) = (bounds[at - 1] + room, bounds[at + 1] - room);
    (from < to).then(|| axis.value(pointer.x).clamp(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_the_colour_of_the_class_that_holds_it() {
        let bounds = [f64::NEG_INFINITY, 0.0, 300.0, 600.0];
        let classes = [-4.0, 0.0, 299.0, 300.0, 600.0, 601.0].map(|value| class_of(value, &bounds));
        assert_eq!(classes, [Some(0), Some(1), Some(1), Some(2), Some(2), None]);
    }
}
