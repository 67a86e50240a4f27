//! Signs of the legend: what a rule paints, small, drawn from the style itself so that legend and map never differ.

use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use super::icons::icon_char;
use super::signs::Signs;
use super::theme::{self, Tokens};
use crate::kinds::kind::Group;
use crate::model::feature::Feature;
use crate::model::style::{LineMark, Paint, Rgba, Rule, Size, Style};
use crate::session::legend::LEGEND_DENOMINATOR;
use crate::session::state::LayerView;

/// The rule that stands for a whole layer.
fn chief(style: &Style) -> Option<&Rule> {
    let at_scale = style.rules.iter().find(|rule| rule.scale.holds(LEGEND_DENOMINATOR) && !rule.paints.is_empty());
    at_scale.or_else(|| style.rules.iter().find(|rule| !rule.paints.is_empty()))
}

/// Paints a layer's sign into a room of about 24 × 18.
pub fn layer_sign(ui: &Ui, room: Rect, layer: &LayerView, signs: &mut Signs) {
    let is_area = layer.schema.geometry.and_then(crate::model::geometry::GeometryKind::dimension) == Some(2);
    match chief(&layer.style) {
        _ if !layer.has_geometry() => icon_sign(ui, room, "TABLE"),
        Some(rule) => rule_sign(ui, room, rule, is_area, signs),
        None => group_sign(ui, room, layer.group()),
    }
}

/// Paints the sign of one feature: what its layer's style paints for its values.
pub fn feature_sign(ui: &Ui, room: Rect, layer: &LayerView, feature: &Feature, signs: &mut Signs) {
    let get = |id: &str| {
        let value = layer.schema.field_index(id).and_then(|index| feature.values.get(index));
        value.cloned().unwrap_or_default()
    };
    let is_for = |rule: &&Rule| {
        let passes = rule.filter.as_ref().is_none_or(|filter| filter.matches(&get));
        passes && rule.scale.holds(LEGEND_DENOMINATOR) && !rule.paints.is_empty()
    };
    let is_area = layer.schema.geometry.and_then(crate::model::geometry::GeometryKind::dimension) == Some(2);
    match layer.style.rules.iter().find(is_for) {
        Some(rule) => rule_sign(ui, room, rule, is_area, signs),
        None => layer_sign(ui, room, layer, signs),
    }
}

/// Paints the icon of a group of layers.
pub fn group_sign(ui: &Ui, room: Rect, group: Group) {
    icon_sign(ui, room, group_icon(group));
}

fn icon_sign(ui: &Ui, room: Rect, name: &str) {
    let (font, color) = (theme::icon_font(16.0), Tokens::of(ui).text2);
    ui.painter().text(room.center(), Align2::CENTER_CENTER, icon_char(name), font, color);
}

/// The icon of a group of layers.
pub fn group_icon(group: Group) -> &'static str {
    match group {
        Group::Notes => "MAP_PIN",
        Group::Sewer => "PIPE",
        Group::Waste => "RECYCLE",
        Group::Roads => "ROAD_HORIZON",
        Group::Devices => "SECURITY_CAMERA",
        Group::Grid => "GRID_FOUR",
        Group::Other => "STACK",
        Group::Base => "MAP_TRIFOLD",
    }
}

/// Paints what a rule paints.
pub fn rule_sign(ui: &Ui, room: Rect, rule: &Rule, is_area: bool, signs: &mut Signs) {
    let dark = ui.visuals().dark_mode;
    let is_sign = |paint: &&Paint| matches!(paint, Paint::Symbol { .. });
    // Where a symbol says it all (a note, drawn as a point, a line or an area) the lines around it stay away.
    let has_symbol = rule.paints.iter().any(|paint| is_sign(&paint));
    for paint in rule.paints.iter().filter(|paint| !has_symbol || is_sign(paint)) {
        match paint {
            Paint::Fill { ink, opacity } => {
                ui.painter().rect_filled(swatch(room), 2, color(ink.on(dark).with_opacity(*opacity)));
            }
            Paint::Stroke(stroke) => {
                let color = color(stroke.ink.on(dark).with_opacity(stroke.opacity));
                let width = px(&stroke.width).clamp(0.8, 4.0);
                stroke_sign(ui, room, Stroke::new(width, color), &stroke.dash, is_area);
            }
            Paint::Marks { mark, ink, .. } => marks_sign(ui, room, *mark, color(ink.on(dark))),
            Paint::Symbol { id, size } => signs.paint(ui, room, id, px(size).clamp(12.0, 18.0)),
            Paint::Disc { ink, size, ring } => {
                let radius = (px(size) / 2.0).clamp(2.5, 6.0);
                let ring = ring.as_ref().map_or(Stroke::NONE, |ring| Stroke::new(1.0, color(ring.ink.on(dark))));
                ui.painter().circle(room.center(), radius, color(ink.on(dark)), ring);
            }
        }
    }
}

fn px(size: &Size) -> f32 {
    size.px(LEGEND_DENOMINATOR, LEGEND_DENOMINATOR * (0.0254 / 96.0), &|_| None)
}

fn color(rgba: Rgba) -> Color32 {
    super::theme::color_of(rgba)
}

fn swatch(room: Rect) -> Rect {
    Rect::from_center_size(room.center(), vec2(room.width().min(22.0), 14.0))
}

fn stroke_sign(ui: &Ui, room: Rect, stroke: Stroke, dash: &[f32], is_area: bool) {
    let rect = swatch(room);
    if is_area {
        ui.painter().rect_stroke(rect, 2, Stroke::new(stroke.width.min(1.5), stroke.color), StrokeKind::Inside);
        return;
    }
    let line = [pos2(rect.left() - 1.0, rect.center().y), pos2(rect.right() + 1.0, rect.center().y)];
    if dash.is_empty() {
        ui.painter().line_segment(line, stroke);
    } else {
        let (on, off): (Vec<f32>, Vec<f32>) =
            dash.chunks(2).map(|pair| (pair[0].max(0.5), pair.get(1).copied().unwrap_or(3.0).max(0.5))).unzip();
        ui.painter().extend(Shape::dashed_line_with_offset(&line, stroke, &on, &off, 0.0));
    }
}

fn marks_sign(ui: &Ui, room: Rect, mark: LineMark, color: Color32) {
    let at = room.center();
    let line = |from: Pos2, to: Pos2| ui.painter().line_segment([from, to], Stroke::new(1.4, color));
    match mark {
        LineMark::Arrow => {
            let points = vec![at + vec2(4.5, 0.0), at + vec2(-3.5, -4.0), at + vec2(-3.5, 4.0)];
            ui.painter().add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        LineMark::Cross => {
            for x in [-5.0, 5.0] {
                line(at + vec2(x - 2.5, -2.5), at + vec2(x + 2.5, 2.5));
                line(at + vec2(x - 2.5, 2.5), at + vec2(x + 2.5, -2.5));
            }
        }
        LineMark::Tick => {
            for x in [-6.0, 0.0, 6.0] {
                line(at + vec2(x, -3.5), at + vec2(x, 3.5));
            }
        }
    }
}
