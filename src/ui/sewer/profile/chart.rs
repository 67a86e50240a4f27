//! The drawing of a long profile. What nobody recorded is not drawn.

use egui::{Align2, Color32, Mesh, Painter, Pos2, Rect, Shape, Stroke, Ui, pos2, vec2};

use super::names;
use crate::session::sewer::questions::ProfileAnswer;
use crate::session::sewer::shown::Tone;
use crate::text::Lang;
use crate::trades::sewer::profile::{Passing, Profile, Reach};
use crate::ui::map_marks::readout;
use crate::ui::theme::{self, Tokens};

/// Least distance between two lines of the level axis.
const LEVEL_PX: f64 = 28.0;
/// Narrower than this from node to node there are no shafts.
const SHAFT_FROM: f32 = 14.0;
/// Shorter on the screen a pipe has no arrow.
const ARROW_FROM: f32 = 28.0;
/// Most of the plot's height that levels take where it is filled.
const FILLED: f64 = 0.76;

/// Where chainages and levels are.
pub(super) struct Axes {
    /// The plot.
    pub(super) plot: Rect,
    from_m: f64,
    px_per_m: f64,
    level_px_per_m: f64,
    low_m: f64,
}

impl Axes {
    /// `lift_px` is how far the hand has moved the levels up.
    pub(super) fn new(profile: &Profile, plot: Rect, span: [f64; 2], exaggeration: Option<f64>, lift_px: f32) -> Self {
        let px_per_m = f64::from(plot.width()) / (span[1] - span[0]).max(1e-6);
        // What is looked at has the height to itself.
        let [low, high] = profile.levels_within(span).or_else(|| profile.levels_m()).unwrap_or([0.0, 1.0]);
        let (height, range) = (f64::from(plot.height()), (high - low).max(0.5));
        let fitted = height * FILLED / range;
        let level_px_per_m = exaggeration.map_or(fitted, |times| px_per_m * times);
        // Levels stand in the middle of the height, whatever their scale.
        let low_m = f64::midpoint(low, high) - (height / 2.0 + f64::from(lift_px)) / level_px_per_m;
        Self { plot, from_m: span[0], px_per_m, level_px_per_m, low_m }
    }

    /// How many times larger heights are than lengths.
    pub(super) fn exaggeration(&self) -> f64 {
        self.level_px_per_m / self.px_per_m
    }

    pub(super) fn x(&self, chainage_m: f64) -> f32 {
        self.plot.left() + ((chainage_m - self.from_m) * self.px_per_m) as f32
    }

    pub(super) fn y(&self, level_m: f64) -> f32 {
        self.plot.bottom() - ((level_m - self.low_m) * self.level_px_per_m) as f32
    }

    pub(super) fn chainage(&self, x: f32) -> f64 {
        self.from_m + f64::from(x - self.plot.left()) / self.px_per_m
    }

    fn at(&self, chainage_m: f64, level_m: f64) -> Pos2 {
        pos2(self.x(chainage_m), self.y(level_m))
    }

    fn sees(&self, chainages_m: [f64; 2]) -> bool {
        self.x(chainages_m[1]) >= self.plot.left() && self.x(chainages_m[0]) <= self.plot.right()
    }
}

pub(super) fn draw(ui: &Ui, lang: Lang, found: &ProfileAnswer, axes: &Axes) {
    let painter = ui.painter().with_clip_rect(axes.plot.expand2(vec2(1.0, 1.0)));
    let profile = &found.profile;
    levels(ui, axes);
    ground(ui, &painter, profile, axes);
    // Where nodes stand close they are lines behind the pipes, not shafts that hide them.
    let seen = profile.stations.iter().filter(|station| axes.sees([station.chainage_m; 2])).count();
    let is_crowded = axes.plot.width() < seen as f32 * SHAFT_FROM;
    if is_crowded {
        nodes(ui, &painter, profile, axes, true);
    }
    for reach in profile.reaches.iter().filter(|reach| axes.sees(reach.chainages_m)) {
        pipe(ui, &painter, reach, axes);
    }
    crossings(ui, &painter, profile, axes);
    if !is_crowded {
        nodes(ui, &painter, profile, axes, false);
    }
    names::draw(ui, &painter, lang, profile, axes);
    if profile.levels_m().is_none() {
        let words = lang.pick("这条路径没有记录任何标高", "No level is recorded along this course");
        let color = Tokens::of(ui).text2;
        painter.text(axes.plot.center(), Align2::CENTER_CENTER, words, theme::body(), color);
    }
    if found.is_sample {
        let words = lang.pick("示例数据，全部为虚构", "Sample data, all of it invented");
        let at = axes.plot.right_top() + vec2(-4.0, 2.0);
        painter.text(at, Align2::RIGHT_TOP, words, theme::note(), Tokens::of(ui).warn);
    }
}

/// The lines of the level axis with their numbers.
fn levels(ui: &Ui, axes: &Axes) {
    let tokens = Tokens::of(ui);
    let step = step_m(LEVEL_PX / axes.level_px_per_m);
    let decimals = if step < 0.1 { 2 } else { 1 };
    let top = axes.low_m + f64::from(axes.plot.height()) / axes.level_px_per_m;
    let (first, last) = ((axes.low_m / step).ceil() as i64, (top / step).floor() as i64);
    for number in first..=last.min(first + 200) {
        let level = number as f64 * step;
        let y = axes.y(level);
        ui.painter().hline(axes.plot.x_range(), y, Stroke::new(1.0, tokens.line));
        let words = format!("{level:.decimals$}");
        let at = pos2(axes.plot.left() - 6.0, y);
        ui.painter().text(at, Align2::RIGHT_CENTER, words, theme::note(), tokens.text2);
    }
    ui.painter().vline(axes.plot.left(), axes.plot.y_range(), Stroke::new(1.0, tokens.line_strong));
}

/// The least round step that is no smaller.
fn step_m(least_m: f64) -> f64 {
    let power = 10_f64.powf(least_m.max(1e-6).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= least_m).unwrap_or(power * 10.0)
}

/// The ground from node to node where both are known, and the earth below it.
fn ground(ui: &Ui, painter: &Painter, profile: &Profile, axes: &Axes) {
    let tokens = Tokens::of(ui);
    for pair in profile.stations.windows(2) {
        let (Some(from), Some(to)) = (pair[0].ground_m, pair[1].ground_m) else { continue };
        if !axes.sees([pair[0].chainage_m, pair[1].chainage_m]) {
            continue;
        }
        let [from, to] = [axes.at(pair[0].chainage_m, from), axes.at(pair[1].chainage_m, to)];
        let bottom = axes.plot.bottom();
        area(painter, [from, to, pos2(to.x, bottom), pos2(from.x, bottom)], tokens.sunk);
        painter.line_segment([from, to], Stroke::new(2.0, tokens.text2));
    }
}

fn area(painter: &Painter, corners: [Pos2; 4], color: Color32) {
    let mut mesh = Mesh::default();
    corners.into_iter().for_each(|corner| mesh.colored_vertex(corner, color));
    mesh.add_triangle(0, 1, 2);
    mesh.add_triangle(0, 2, 3);
    painter.add(Shape::mesh(mesh));
}

/// Invert and crown, the pipe between them in the colour of what it carries; red where it rises with the flow.
fn pipe(ui: &Ui, painter: &Painter, reach: &Reach, axes: &Axes) {
    let tokens = Tokens::of(ui);
    let [Some(from), Some(to)] = reach.inverts_m else { return };
    let color = if reach.is_adverse {
        tokens.err
    } else {
        theme::tone_color(Tone::of_system(reach.system), ui.visuals().dark_mode)
    };
    let inverts = [axes.at(reach.chainages_m[0], from), axes.at(reach.chainages_m[1], to)];
    if let [Some(top_from), Some(top_to)] = reach.crowns_m {
        let crowns = [axes.at(reach.chainages_m[0], top_from), axes.at(reach.chainages_m[1], top_to)];
        area(painter, [inverts[0], inverts[1], crowns[1], crowns[0]], theme::see_through(color, 48));
        painter.line_segment(crowns, Stroke::new(1.2, color));
    }
    let stroke = Stroke::new(if reach.is_adverse { 3.0 } else { 1.8 }, color);
    if reach.is_pressure {
        painter.extend(Shape::dashed_line(&inverts, stroke, 9.0, 3.0));
    } else {
        painter.line_segment(inverts, stroke);
    }
    arrow(painter, reach, inverts, axes, color);
}

/// Which way the water runs, under the middle of what is seen of a pipe.
fn arrow(painter: &Painter, reach: &Reach, [from, to]: [Pos2; 2], axes: &Axes, color: Color32) {
    let (left, right) = (from.x.max(axes.plot.left()), to.x.min(axes.plot.right()));
    if right - left < ARROW_FROM {
        return;
    }
    let x = f32::midpoint(left, right);
    let y = from.y + (to.y - from.y) * (x - from.x) / (to.x - from.x).max(1e-3) + 6.0;
    let ahead = if reach.is_along { 5.0 } else { -5.0 };
    let corners = vec![pos2(x + ahead, y), pos2(x - ahead * 0.4, y - 3.0), pos2(x - ahead * 0.4, y + 3.0)];
    painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
}

/// A shaft from the ground to its floor; a node whose levels are not known is a tick at the bottom.
fn nodes(ui: &Ui, painter: &Painter, profile: &Profile, axes: &Axes, is_crowded: bool) {
    let tokens = Tokens::of(ui);
    for (place, station) in profile.stations.iter().enumerate() {
        let x = axes.x(station.chainage_m);
        if x < axes.plot.left() - 2.0 || x > axes.plot.right() + 2.0 {
            continue;
        }
        let lowest = || {
            let before = place.checked_sub(1).and_then(|it| profile.reaches.get(it)?.inverts_m[1]);
            let behind = profile.reaches.get(place).and_then(|it| it.inverts_m[0]);
            before.into_iter().chain(behind).reduce(f64::min)
        };
        match (station.ground_m, station.floor_m.or_else(lowest)) {
            (Some(ground), Some(floor)) if is_crowded => {
                painter.vline(x, axes.y(ground)..=axes.y(floor), Stroke::new(1.0, tokens.line_strong));
            }
            (Some(ground), Some(floor)) => {
                let shaft = Rect::from_x_y_ranges(x - 2.0..=x + 2.0, axes.y(ground)..=axes.y(floor));
                painter.rect(shaft, 0, tokens.raised, Stroke::new(1.0, tokens.text), egui::StrokeKind::Middle);
            }
            _ => {
                let bottom = axes.plot.bottom();
                painter.vline(x, bottom - 8.0..=bottom, Stroke::new(1.0, tokens.text3));
            }
        }
    }
}

/// Other pipes, cut through: as high as they are, and as wide as that looks without exaggeration.
fn crossings(ui: &Ui, painter: &Painter, profile: &Profile, axes: &Axes) {
    let tokens = Tokens::of(ui);
    for crossing in &profile.crossings {
        let x = axes.x(crossing.chainage_m);
        if x < axes.plot.left() || x > axes.plot.right() {
            continue;
        }
        let color = theme::tone_color(Tone::of_system(crossing.system), ui.visuals().dark_mode);
        let Some(invert) = crossing.invert_m else {
            // Nobody knows how high: a mark at the axis says that it is there.
            let bottom = axes.plot.bottom() - 1.0;
            let corners = [vec2(0.0, -9.0), vec2(4.0, -4.5), vec2(0.0, 0.0), vec2(-4.0, -4.5)];
            let corners = corners.map(|corner| pos2(x, bottom) + corner).to_vec();
            painter.add(Shape::convex_polygon(corners, tokens.raised, Stroke::new(1.5, color)));
            continue;
        };
        let size_m = crossing.diameter_mm.unwrap_or(0.0) / 1000.0;
        let (bottom, top) = (axes.y(invert), axes.y(invert + size_m));
        let half = ((size_m * axes.px_per_m / 2.0) as f32).clamp(3.0, 12.0);
        let cut = Rect::from_x_y_ranges(x - half..=x + half, top.min(bottom - 4.0)..=bottom);
        let edge = if crossing.passing == Some(Passing::Through) { tokens.err } else { color };
        painter.rect(cut, 255, theme::see_through(color, 60), Stroke::new(1.6, edge), egui::StrokeKind::Middle);
    }
}

/// The line at what is pointed at, with what is known there.
pub(super) fn draw_pointer(ui: &Ui, lang: Lang, found: &ProfileAnswer, axes: &Axes, at_m: f64, bottom: f32) {
    let tokens = Tokens::of(ui);
    let x = axes.x(at_m);
    if x < axes.plot.left() - 1.0 || x > axes.plot.right() + 1.0 {
        return;
    }
    let painter = ui.painter();
    let line = [pos2(x, axes.plot.top()), pos2(x, bottom)];
    painter.extend(Shape::dashed_line(&line, Stroke::new(1.2, tokens.accent), 4.0, 3.0));
    if let Some(invert) = invert_at(&found.profile, at_m) {
        painter.circle(pos2(x, axes.y(invert)), 4.0, tokens.accent, Stroke::new(1.5, tokens.raised));
    }
    let clipped = painter.with_clip_rect(axes.plot.expand2(vec2(60.0, 12.0)));
    readout(ui, &clipped, pos2(x + 10.0, axes.plot.top() + 4.0), &words_at(found, at_m, lang));
}

/// What stands at a chainage, in words.
pub(super) fn words_at(found: &ProfileAnswer, at_m: f64, lang: Lang) -> Vec<String> {
    let profile = &found.profile;
    let reach = profile.reaches.iter().find(|reach| (reach.chainages_m[0]..=reach.chainages_m[1]).contains(&at_m));
    let mut first = vec![reach.map_or_else(String::new, |reach| reach.code.to_string()), format!("{at_m:.1} m")];
    first.extend(reach.and_then(|reach| reach.size().words()));
    first.extend(reach.and_then(|reach| reach.slope).map(|slope| format!("{:.2} ‰", slope * 1000.0)));
    let kind = |reach: &Reach| match (reach.is_pressure, reach.is_siphon, reach.is_adverse) {
        (true, ..) => lang.pick("压力管", "pressure").to_owned(),
        (_, true, _) => lang.pick("倒虹管", "siphon").to_owned(),
        (.., true) => lang.pick("逆坡", "adverse").to_owned(),
        _ => String::new(),
    };
    first.extend(reach.map(kind));
    first.retain(|words| !words.is_empty());
    let level = |name: &str, level: Option<f64>| level.map(|level| format!("{name} {level:.2}"));
    let ground = profile.ground_at(at_m);
    let [invert, crown] = reach.map_or([None; 2], |reach| reach.levels_at(at_m));
    let second: Vec<String> = [
        level(lang.pick("地面", "ground"), ground),
        level(lang.pick("管底", "invert"), invert),
        level(lang.pick("覆土", "cover"), ground.zip(crown).map(|(ground, crown)| ground - crown)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut lines = vec![first.join(" · ")];
    if !second.is_empty() {
        lines.push(second.join(" · "));
    }
    lines
}

fn invert_at(profile: &Profile, at_m: f64) -> Option<f64> {
    let reach = profile.reaches.iter().find(|reach| (reach.chainages_m[0]..=reach.chainages_m[1]).contains(&at_m))?;
    reach.levels_at(at_m)[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trades::sewer::profile::Station;

    #[test]
    fn between_two_nodes_levels_run_straight_and_a_gap_stays_a_gap() {
        let station = |chainage_m, ground_m| Station { chainage_m, ground_m, ..Station::default() };
        let reach = |chainages_m, inverts_m| Reach { chainages_m, inverts_m, ..Reach::default() };
        let profile = Profile {
            stations: vec![station(0.0, Some(10.0)), station(50.0, Some(9.0)), station(80.0, None)],
            reaches: vec![reach([0.0, 50.0], [Some(8.0), Some(7.5)]), reach([50.0, 80.0], [Some(7.5), None])],
            length_m: 80.0,
            ..Profile::default()
        };
        assert_eq!((profile.ground_at(25.0), invert_at(&profile, 25.0)), (Some(9.5), Some(7.75)));
        assert_eq!((profile.ground_at(60.0), invert_at(&profile, 60.0)), (None, None));
    }

    #[test]
    fn steps_of_the_level_axis_are_round() {
        for (least, step) in [(0.3, 0.5), (1.0, 1.0), (1.1, 2.0), (7.0, 10.0), (0.02, 0.02)] {
            assert!((step_m(least) - step).abs() < 1e-9, "{least}");
        }
    }
}
