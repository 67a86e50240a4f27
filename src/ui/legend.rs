//! Signs of the legend: what a rule paints, small, drawn from the style itself so that legend and map never differ.

use egui::{Align2, Color32, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::icons::icon_char;
use super::signs::Signs;
use super::theme::{self, Tokens};
use super::widgets;
use crate::kinds::kind::Group;
use crate::model::feature::Feature;
use crate::model::geometry::GeometryKind;
use crate::model::ramp::{RAMPS, Ramp, ramp};
use crate::model::style::{Crowd, Ink, LineMark, Paint, Rgba, Rule, Size, Style};
use crate::render::crowd_legend::CrowdSign;
use crate::session::legend::LEGEND_DENOMINATOR;
use crate::session::state::LayerView;
use crate::text::Lang;

/// Where signs begin in a row of the layer tree, and how long a ramp is there.
const SIGN_X: f32 = 54.0;
const RAMP: f32 = 120.0;

/// The rule that stands for a whole layer.
fn chief(style: &Style) -> Option<&Rule> {
    let at_scale = style.rules.iter().find(|rule| rule.scale.holds(LEGEND_DENOMINATOR) && !rule.paints.is_empty());
    at_scale.or_else(|| style.rules.iter().find(|rule| !rule.paints.is_empty()))
}

/// Paints a layer's sign into a room of about 24 × 18.
pub fn layer_sign(ui: &Ui, room: Rect, layer: &LayerView, signs: &mut Signs) {
    match (&layer.style.crowd, chief(&layer.style)) {
        _ if !layer.has_geometry() => icon_sign(ui, room, "TABLE"),
        (Crowd::Heat { ramp, .. }, _) => ramp_sign(ui, swatch(room), ramp_of(ramp), false, 12),
        (Crowd::Clusters { ink, .. }, _) => cluster_sign(ui, room, *ink),
        (Crowd::Each, Some(rule)) => rule_sign(ui, room, rule, is_area(layer), signs),
        (Crowd::Each, None) => group_sign(ui, room, layer.group()),
    }
}

/// Whether a layer's features have an inside.
pub fn is_area(layer: &LayerView) -> bool {
    layer.schema.geometry.and_then(GeometryKind::dimension) == Some(2)
}

/// The ramp of a style, the first of all where it is not known.
fn ramp_of(id: &str) -> &'static Ramp {
    ramp(id).unwrap_or(&RAMPS[0])
}

/// Paints a ramp in so many steps, from left to right.
pub fn ramp_sign(ui: &Ui, room: Rect, ramp: &Ramp, reversed: bool, steps: usize) {
    let dark = ui.visuals().dark_mode;
    for (at, ink) in ramp.inks(steps, reversed).into_iter().enumerate() {
        let x = |at: usize| room.left() + room.width() * at as f32 / steps as f32;
        let part = Rect::from_x_y_ranges(x(at)..=x(at + 1), room.y_range());
        ui.painter().rect_filled(part, 0, color(ink.on(dark)));
    }
}

/// A disc that stands for several points.
fn cluster_sign(ui: &Ui, room: Rect, ink: Ink) {
    let ground = ink.on(ui.visuals().dark_mode);
    ui.painter().circle(room.center(), 8.0, color(ground), Stroke::new(1.0, Tokens::of(ui).raised));
    let words = color(ground.against());
    ui.painter().text(room.center(), Align2::CENTER_CENTER, CrowdSign::NUMBER, theme::medium(10.0), words);
}

/// The row of a legend for points that are shown together.
pub fn crowd_row(ui: &mut Ui, lang: Lang, sign: &CrowdSign, height: f32) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::CLICK);
    let (ink, middle, left) = (Tokens::of(ui).text2, rect.center().y, rect.left() + SIGN_X);
    let text = |x: f32, words: &str| widgets::text_in(ui, pos2(x, middle), words, theme::note(), ink, rect.right() - x);
    let words = match sign {
        CrowdSign::Disc { ink, name } => {
            cluster_sign(ui, Rect::from_min_size(pos2(left, middle - 9.0), vec2(24.0, 18.0)), *ink);
            text(left + 34.0, name.get(lang));
            name.get(lang).to_owned()
        }
        CrowdSign::Ramp { ramp, ends } => {
            let [few, many] = [ends[0].get(lang), ends[1].get(lang)];
            let first = left + text(left, few) + 6.0;
            let last = widgets::layout(ui, many, theme::note()).size().x + 14.0;
            let last = (first + RAMP).min(rect.right() - last).max(first);
            let strip = Rect::from_x_y_ranges(first..=last, middle - 5.0..=middle + 5.0);
            ramp_sign(ui, strip, ramp, false, RAMP as usize / 4);
            text(last + 6.0, many);
            format!("{few} – {many}")
        }
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    response
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
    match layer.style.rules.iter().find(is_for) {
        Some(rule) => rule_sign(ui, room, rule, is_area(layer), signs),
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
    paints_sign(ui, room, &rule.paints, is_area, signs);
}

/// Paints some paints over each other.
pub fn paints_sign(ui: &Ui, room: Rect, paints: &[Paint], is_area: bool, signs: &mut Signs) {
    let is_sign = |paint: &&Paint| matches!(paint, Paint::Symbol { .. });
    // Where a symbol says it all (a note, drawn as a point, a line or an area) the lines around it stay away.
    let has_symbol = paints.iter().any(|paint| is_sign(&paint));
    for paint in paints.iter().filter(|paint| !has_symbol || is_sign(paint)) {
        paint_sign(ui, room, paint, is_area, signs);
    }
}

/// Paints one of them.
pub fn paint_sign(ui: &Ui, room: Rect, paint: &Paint, is_area: bool, signs: &mut Signs) {
    let dark = ui.visuals().dark_mode;
    match paint {
        Paint::Fill { ink, opacity } => {
            _ = ui.painter().rect_filled(swatch(room), 2, color(ink.on(dark).with_opacity(*opacity)));
        }
        Paint::Hatch { ink, opacity, angle_deg, spacing_px, width, crossed } => {
            let stroke = Stroke::new(px(width).clamp(0.8, 2.0), color(ink.on(dark).with_opacity(*opacity)));
            let angles = [*angle_deg, *angle_deg + 90.0];
            for angle_deg in &angles[..if *crossed { 2 } else { 1 }] {
                hatch_sign(ui, swatch(room), *angle_deg, spacing_px.clamp(3.0, 8.0), stroke);
            }
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

/// Lines across a room, counter-clockwise from a line to the right.
pub(super) fn hatch_sign(ui: &Ui, room: Rect, angle_deg: f32, spacing: f32, stroke: Stroke) {
    let painter = ui.painter().with_clip_rect(room.intersect(ui.clip_rect()));
    let along = egui::Vec2::angled(-angle_deg.to_radians());
    let reach = room.size().length() / 2.0;
    let lines = (reach / spacing).ceil() as i32;
    for line in -lines..=lines {
        let middle = room.center() + along.rot90() * (line as f32 * spacing);
        painter.line_segment([middle - along * reach, middle + along * reach], stroke);
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
