//! The coordinate grid over the map: quiet lines at round values of the coordinates that the window writes, with numbers
//! where they leave the map.

use egui::{Align2, Pos2, Rect, Stroke, Ui, Vec2, pos2, vec2};

use super::camera::View;
use super::map_marks::{Lens, clip};
use super::theme::{self, RADIUS, Tokens};
use super::widgets;
use crate::geom::catalogue;
use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::model::geometry::Bounds;
use crate::session::place;
use crate::session::settings::CoordinateStyle;

/// About so far from one line to the next, logical pixels.
const EVERY_PX: f64 = 130.0;
/// Legs of one line: what is straight in one projection is bent in another.
const LEGS: usize = 12;
/// A number that would be hidden at the edge moves inwards in such steps, at most so far, logical pixels.
const STEP_IN: f32 = 6.0;
const MOST_IN: f32 = 420.0;
/// More lines than this one way are no help.
const MOST_LINES: f64 = 60.0;
/// A zone has no sensible metres farther from its meridian than this, degrees.
const ZONE_REACH: f64 = 12.0;

/// The grid of one pane, worked out when the view changes.
#[derive(Default)]
pub(super) struct MapGrid {
    drawn_for: Option<(View, Rect, CoordinateStyle)>,
    lines: Vec<GridLine>,
}

/// One line on the screen with its number.
#[derive(Debug)]
struct GridLine {
    places: Vec<Pos2>,
    words: String,
    /// Where it comes into the map and where it leaves it.
    ends: [Pos2; 2],
}

impl MapGrid {
    /// Draws it over a pane; its numbers keep off `clear`.
    pub(super) fn draw(&mut self, ui: &Ui, lens: &Lens<'_>, style: CoordinateStyle, clear: &[Rect]) {
        let now = (lens.camera.view(), lens.map, style);
        if self.drawn_for.replace(now) != Some(now) {
            self.lines = lines(lens, style);
        }
        let (tokens, painter) = (Tokens::of(ui), ui.painter().with_clip_rect(lens.map));
        let stroke = Stroke::new(1.0, tokens.text.gamma_multiply(0.28));
        for line in &self.lines {
            painter.line(line.places.clone(), stroke);
        }
        let mut taken: Vec<Rect> = Vec::new();
        for line in &self.lines {
            for is_last in [false, true] {
                let galley = widgets::layout(ui, &line.words, theme::note());
                let size = galley.size() + vec2(6.0, 0.0);
                let taken_too: Vec<Rect> = clear.iter().chain(&taken).copied().collect();
                let Some(rect) = line.number_place(is_last, size, lens.map, &taken_too) else { continue };
                taken.push(rect.expand(4.0));
                painter.rect_filled(rect, RADIUS, tokens.panel.gamma_multiply(0.8));
                painter.galley_with_override_text_color(rect.min + vec2(3.0, 0.0), galley, tokens.text2);
            }
        }
    }
}

impl GridLine {
    /// Where its number stands at one of its ends: at the edge of the map, or as much farther in as it takes to be seen.
    fn number_place(&self, is_last: bool, size: Vec2, map: Rect, clear: &[Rect]) -> Option<Rect> {
        let is_free = |rect: &Rect| map.contains_rect(*rect) && !clear.iter().any(|other| other.intersects(*rect));
        let at_edge = within(number_place(self.ends[usize::from(is_last)], size, map), map);
        let way: Vec<Pos2> = if is_last { self.places.iter().rev().copied().collect() } else { self.places.clone() };
        let steps = (1..=(MOST_IN / STEP_IN) as usize).map(|step| along(&way, step as f32 * STEP_IN));
        let farther_in = steps.map_while(|at| at.map(|at| within(Rect::from_center_size(at, size), map)));
        std::iter::once(at_edge).chain(farther_in).find(is_free)
    }
}

/// The place at so many pixels from the beginning of a line; `None` beyond its end.
fn along(way: &[Pos2], mut length: f32) -> Option<Pos2> {
    for leg in way.windows(2) {
        let leg_length = leg[0].distance(leg[1]);
        if length <= leg_length && leg_length > 0.0 {
            return Some(leg[0].lerp(leg[1], length / leg_length));
        }
        length -= leg_length;
    }
    None
}

/// A box moved as little as it takes to lie on the map.
fn within(rect: Rect, map: Rect) -> Rect {
    let by = |least: f32, most: f32, from: f32, to: f32| (from - least).max(0.0) + (to - most).min(0.0);
    let x = by(rect.left(), rect.right(), map.left() + 1.0, map.right() - 1.0);
    let y = by(rect.top(), rect.bottom(), map.top() + 1.0, map.bottom() - 1.0);
    rect.translate(vec2(x, y))
}

/// Where a number of this size stands for a line that meets the map's edge at `end`: inside, at that edge.
fn number_place(end: Pos2, size: Vec2, map: Rect) -> Rect {
    let near = |a: f32, b: f32| (a - b).abs() < 1.0;
    let (anchor, by) = if near(end.x, map.left()) {
        (Align2::LEFT_CENTER, vec2(2.0, 0.0))
    } else if near(end.x, map.right()) {
        (Align2::RIGHT_CENTER, vec2(-2.0, 0.0))
    } else if near(end.y, map.top()) {
        (Align2::CENTER_TOP, vec2(0.0, 2.0))
    } else {
        (Align2::CENTER_BOTTOM, vec2(0.0, -2.0))
    };
    anchor.anchor_size(end + by, size)
}

/// The way between the world and the coordinates that are written.
struct System {
    style: CoordinateStyle,
    /// From degrees to its own numbers and back; none for degrees that are written as they are.
    ways: Option<[Transform; 2]>,
    /// Whether its numbers are metres.
    is_metres: bool,
    /// The meridian that its metres make sense around, degrees.
    meridian: Option<f64>,
}

impl System {
    fn new(style: CoordinateStyle) -> Option<Self> {
        let crs = match style {
            CoordinateStyle::Degrees | CoordinateStyle::Dms => Crs::CGCS2000,
            CoordinateStyle::GaussKruger117 => Crs::Epsg(4548),
            CoordinateStyle::Gcj02 => Crs::Gcj02,
            CoordinateStyle::Bd09 => Crs::Bd09,
            CoordinateStyle::System(crs) => crs,
        };
        let there = Transform::new(Crs::CGCS2000, crs).ok()?;
        let back = Transform::new(crs, Crs::CGCS2000).ok()?;
        let ways = (!there.is_identity()).then_some([there, back]);
        let meridian = catalogue::entry(crs).and_then(|entry| entry.zone).map(|zone| zone.meridian_deg);
        Some(Self { style, ways, is_metres: !crs.is_geographic(), meridian })
    }

    /// East and north of a place of the world.
    fn own(&self, world: [f64; 2]) -> Option<[f64; 2]> {
        let lonlat = place::lonlat_from_world(world);
        let Some([there, _]) = &self.ways else { return Some(lonlat) };
        let in_reach = self.meridian.is_none_or(|meridian| (lonlat[0] - meridian).abs() < ZONE_REACH);
        if in_reach { there.point(lonlat).ok() } else { None }
    }

    fn world(&self, own: [f64; 2]) -> Option<[f64; 2]> {
        let lonlat = match &self.ways {
            Some([_, back]) => back.point(own).ok()?,
            None => own,
        };
        Some(place::world_from_lonlat(lonlat))
    }

    /// The step from line to line that is no shorter than `least` of its own units.
    fn step(&self, least: f64) -> f64 {
        if self.style == CoordinateStyle::Dms {
            let seconds = least * 3600.0;
            let nice = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0];
            let whole = [1.0, 60.0, 3600.0].into_iter().flat_map(|unit| nice.map(|step| step * unit));
            if let Some(step) = whole.filter(|_| seconds > 0.5).find(|&step| step >= seconds) {
                return step / 3600.0;
            }
        }
        let power = 10_f64.powf(least.log10().floor());
        [1.0, 2.0, 5.0].map(|step| step * power).into_iter().find(|&step| step >= least).unwrap_or(power * 10.0)
    }

    /// The number of a line: as the grid of a printed sheet, or as coordinates are written.
    fn words(&self, axis: usize, value: f64, step: f64) -> String {
        if self.is_metres {
            let decimals = (-step.log10().floor()).max(0.0) as usize;
            return format!("{value:.decimals$}");
        }
        let side = match (axis, value < 0.0) {
            (0, false) => 'E',
            (0, true) => 'W',
            (_, false) => 'N',
            (_, true) => 'S',
        };
        if self.style == CoordinateStyle::Dms {
            return place::format_dms(value, step < 1.0 / 3600.0, side);
        }
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        format!("{:.decimals$}°{side}", value.abs())
    }
}

/// All lines of a view.
fn lines(lens: &Lens<'_>, style: CoordinateStyle) -> Vec<GridLine> {
    let Some(system) = System::new(style) else { return Vec::new() };
    let Some((seen, least)) = extent(lens, &system) else { return Vec::new() };
    let step = system.step(least);
    let mut found = Vec::new();
    for axis in 0..2 {
        let first = (seen.min[axis] / step).ceil();
        let last = (seen.max[axis] / step).floor().min(first + MOST_LINES);
        let mut number = first;
        while number <= last {
            found.extend(line(lens, &system, &seen, axis, number * step).map(|(places, ends)| GridLine {
                places,
                ends,
                words: system.words(axis, number * step, step),
            }));
            number += 1.0;
        }
    }
    found
}

/// The box of coordinates that a view shows, and how many of their units [`EVERY_PX`] are at least.
fn extent(lens: &Lens<'_>, system: &System) -> Option<(Bounds, f64)> {
    let (camera, [width, height]) = (lens.camera, lens.camera.size_px());
    let mut seen = Bounds::EMPTY;
    for part in 0..=8 {
        let share = f64::from(part) / 8.0;
        let (x, y) = (width * share, height * share);
        for at in [[x, 0.0], [x, height], [0.0, y], [width, y]] {
            seen.extend(system.own(camera.world_from_screen(at))?);
        }
    }
    let View { center_world: [x, y], metres_per_px, .. } = camera.view();
    let far = metres_per_px * EVERY_PX;
    let (here, east, north) = (system.own([x, y])?, system.own([x + far, y])?, system.own([x, y + far])?);
    let least = (east[0] - here[0]).abs().max((north[1] - here[1]).abs());
    (least > 0.0 && least.is_finite()).then_some((seen, least))
}

/// The line on which the coordinate `axis` has `value`, on the screen, with its ends at the map's edges.
fn line(lens: &Lens<'_>, system: &System, seen: &Bounds, axis: usize, value: f64) -> Option<(Vec<Pos2>, [Pos2; 2])> {
    let other = 1 - axis;
    let mut places: Vec<[f64; 2]> = Vec::with_capacity(LEGS + 1);
    for leg in 0..=LEGS {
        let share = leg as f64 / LEGS as f64;
        let mut own = [value; 2];
        own[other] = seen.min[other] + (seen.max[other] - seen.min[other]) * share;
        let [x, y] = lens.camera.screen_from_world(system.world(own)?);
        places.push([x + f64::from(lens.map.left()), y + f64::from(lens.map.top())]);
    }
    let inside = places.windows(2).filter_map(|leg| clip(leg[0], leg[1], lens.map));
    let inside: Vec<[Pos2; 2]> = inside.collect();
    let (first, last) = (inside.first()?[0], inside.last()?[1]);
    let drawn = std::iter::once(first).chain(inside.iter().map(|leg| leg[1])).map(|at| pos2(at.x, at.y)).collect();
    Some((drawn, [first, last]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::camera::Camera;

    fn camera(denominator: f64, rotation_rad: f64) -> Camera {
        let center_world = place::world_from_lonlat([115.99, 29.71]);
        let mut camera = Camera::default();
        camera.resize([1200.0, 800.0]);
        camera.go(View { center_world, metres_per_px: place::metres_per_px(denominator, center_world), rotation_rad });
        camera
    }

    fn grid(camera: &Camera, style: CoordinateStyle) -> Vec<GridLine> {
        lines(&Lens { camera, map: Rect::from_min_size(pos2(0.0, 0.0), vec2(1200.0, 800.0)) }, style)
    }

    #[test]
    fn lines_lie_where_the_window_writes_their_coordinate() {
        for rotation_rad in [0.0, 0.5] {
            let camera = camera(5000.0, rotation_rad);
            for line in grid(&camera, CoordinateStyle::GaussKruger117) {
                for at in line.places {
                    let world = camera.world_from_screen([f64::from(at.x), f64::from(at.y)]);
                    let written = place::format_place(world, CoordinateStyle::GaussKruger117);
                    let near = |words: &str| {
                        let number: f64 = words.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("metres");
                        (number - line.words.parse::<f64>().expect("a number")).abs() < 0.2
                    };
                    assert!(written.split("  ").any(near), "{written} is not on {}", line.words);
                }
            }
        }
    }

    #[test]
    fn steps_are_round_in_the_units_of_the_coordinates() {
        let words = |denominator: f64, style| -> Vec<String> {
            grid(&camera(denominator, 0.0), style).into_iter().map(|line| line.words).collect()
        };
        assert!(words(5000.0, CoordinateStyle::Degrees).contains(&"115.990°E".to_owned()));
        assert!(words(5000.0, CoordinateStyle::Dms).contains(&"115°59′20″E".to_owned()));
        let metres = words(5000.0, CoordinateStyle::GaussKruger117);
        assert!(metres.iter().all(|words| words.ends_with("00")) && metres.len() > 8, "{metres:?}");
        let count = words(500.0, CoordinateStyle::Gcj02).len();
        assert!((8..30).contains(&count), "{count}");
    }

    #[test]
    fn where_zone_117_has_no_metres_there_is_no_grid_of_metres() {
        assert!(grid(&camera(20_000_000.0, 0.0), CoordinateStyle::GaussKruger117).is_empty());
        assert!(!grid(&camera(20_000_000.0, 0.0), CoordinateStyle::Degrees).is_empty());
    }

    #[test]
    fn numbers_are_whole_and_keep_off_what_stands_on_the_map() {
        let map = Rect::from_min_size(pos2(0.0, 0.0), vec2(1200.0, 800.0));
        let clear = [
            Rect::from_min_max(pos2(1154.0, 640.0), pos2(1188.0, 788.0)),
            Rect::from_min_max(pos2(0.0, 0.0), pos2(400.0, 60.0)),
        ];
        for rotation_rad in [0.0, 0.4, 1.2, -0.7] {
            let lines = grid(&camera(5000.0, rotation_rad), CoordinateStyle::GaussKruger117);
            let numbers = lines.iter().flat_map(|line| [false, true].map(|is_last| (line, is_last)));
            let places = numbers.map(|(line, is_last)| line.number_place(is_last, vec2(60.0, 16.0), map, &clear));
            let places: Vec<Rect> = places.flatten().collect();
            let is_seen = |rect: &Rect| map.contains_rect(*rect) && !clear.iter().any(|it| it.intersects(*rect));
            assert!(places.iter().all(is_seen), "{places:?} at {rotation_rad}");
            assert!(places.len() + 4 > lines.len() * 2, "{} of {} lines", places.len(), lines.len());
        }
    }
}
