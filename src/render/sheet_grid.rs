//! The coordinate grid of a sheet: lines across the map, numbers and ticks outside its frame, however the map is turned.

use std::sync::Arc;

use super::decor::{Align, round_length_m, write};
use super::paper::PX;
use super::scene::{Item, Scene};
use super::view::View;
use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::model::style::{Cap, Rgba};

/// About so far from one line to the next, millimetres.
const EVERY_MM: f64 = 70.0;
/// Most lines each way.
const MOST_LINES: usize = 100;
/// Places at which a line is looked at: over a large sheet it is not quite straight.
const PLACES: usize = 17;

/// The projected CRS of a place: CGCS2000 in 3-degree zones, with the zone's number before the easting.
pub(super) struct GridCrs {
    /// Zone, 25 to 45.
    pub(super) zone: u32,
    /// EPSG code; 4513 is zone 25.
    pub(super) epsg: u32,
    to_grid: Transform,
    to_world: Transform,
}

impl GridCrs {
    /// The zone of the middle of a view.
    pub(super) fn of(view: &View) -> Option<Self> {
        let [longitude, _] = Transform::new(Crs::WEB_MERCATOR, Crs::CGCS2000).ok()?.point(view.center_world).ok()?;
        let zone = (longitude / 3.0).round().clamp(25.0, 45.0) as u32;
        let epsg = 4513 + zone - 25;
        let to_grid = Transform::new(Crs::WEB_MERCATOR, Crs::Epsg(epsg)).ok()?;
        let to_world = Transform::new(Crs::Epsg(epsg), Crs::WEB_MERCATOR).ok()?;
        Some(Self { zone, epsg, to_grid, to_world })
    }

    /// Metres from one line to the next.
    pub(super) fn every_m(view: &View) -> f64 {
        round_length_m(view.ground_m_per_px(), EVERY_MM * PX)
    }
}

/// How the grid is drawn.
pub(super) struct GridLook {
    /// Colour of ticks and numbers.
    pub(super) ink: Rgba,
    /// Size of the numbers, pixels.
    pub(super) size: f32,
    /// Length of a tick.
    pub(super) tick: f32,
}

/// A line where it crosses the map.
struct Line {
    value: f64,
    /// 0 for an easting, 1 for a northing.
    axis: usize,
    /// Inside the frame, from end to end.
    path: Vec<[f64; 2]>,
}

/// Draws lines, ticks and numbers of the grid around a map that lies at `map` on the sheet.
pub(super) fn draw(scene: &mut Scene, view: &View, map: [f32; 4], look: &GridLook) {
    let Some(crs) = GridCrs::of(view) else { return };
    let lines = lines(&crs, view);
    let place = |[x, y]: [f64; 2]| [map[0] + x as f32, map[1] + y as f32];
    let first = scene.next_path();
    for line in &lines {
        scene.push_path(line.path.iter().map(|&at| place(at)), false);
    }
    let color = look.ink.with_opacity(0.28);
    scene.items.push(Item::Stroke { paths: first..scene.next_path(), color, width: 0.5, cap: Cap::Butt });
    let first = scene.next_path();
    let mut numbers = Vec::new();
    for line in &lines {
        for end in [line.path[0], line.path[line.path.len() - 1]] {
            let Some(side) = side_of(end, view.size_px) else { continue };
            let (at, [right, down]) = (place(end), side.outwards());
            scene.push_path([at, [at[0] + right * look.tick, at[1] + down * look.tick]], false);
            if matches!(side, Side::Top | Side::Left) {
                numbers.push((side, at, line));
            }
        }
    }
    let color = look.ink;
    scene.items.push(Item::Stroke { paths: first..scene.next_path(), color, width: 0.8, cap: Cap::Butt });
    write_numbers(scene, view, map[1], numbers, look);
}

/// Writes numbers above and at the left of the frame; one that would touch another is left out.
fn write_numbers(scene: &mut Scene, view: &View, top: f32, mut numbers: Vec<(Side, [f32; 2], &Line)>, look: &GridLook) {
    let along = |side: Side, at: [f32; 2]| if side == Side::Top { at[0] } else { at[1] };
    numbers.sort_by(|a, b| (a.0 as u8).cmp(&(b.0 as u8)).then(along(a.0, a.1).total_cmp(&along(b.0, b.1))));
    let mut last: Option<(Side, f32)> = None;
    for (side, at, line) in numbers {
        let text = number_text(line, view.rotation_rad != 0.0);
        let here = along(side, at);
        let least = text.chars().count() as f32 * look.size * 0.62 + 4.0;
        let is_close = last.is_some_and(|(before, there)| before == side && here - there < least);
        // Beside the upper left corner there is room for the numbers of one side alone.
        let is_in_corner = side == Side::Left && here - top < least / 2.0;
        if is_close || is_in_corner {
            continue;
        }
        last = Some((side, here));
        let beside = look.tick + look.size * 0.75;
        if side == Side::Top {
            write(scene, &text, [at[0], at[1] - beside], Align::Middle, look.ink, look.size);
        } else {
            upwards(scene, &text, [at[0] - beside, at[1]], look);
        }
    }
}

/// `39 401 500`; with its axis where the map is turned, since either may stand on either side then.
fn number_text(line: &Line, is_turned: bool) -> String {
    let digits = format!("{:.0}", line.value);
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    match (is_turned, line.axis) {
        (false, _) => text,
        (true, 0) => format!("{text} E"),
        (true, _) => format!("{text} N"),
    }
}

/// A side of the map's frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Top,
    Left,
    Bottom,
    Right,
}

impl Side {
    fn outwards(self) -> [f32; 2] {
        match self {
            Self::Top => [0.0, -1.0],
            Self::Left => [-1.0, 0.0],
            Self::Bottom => [0.0, 1.0],
            Self::Right => [1.0, 0.0],
        }
    }
}

/// The side on which a place lies; none for one inside, where a line ends with its zone.
fn side_of([x, y]: [f64; 2], [width, height]: [f64; 2]) -> Option<Side> {
    const NEAR: f64 = 0.01;
    let far = [(Side::Top, y), (Side::Left, x), (Side::Bottom, height - y), (Side::Right, width - x)];
    far.into_iter().find(|(_, away)| away.abs() < NEAR).map(|(side, _)| side)
}

fn lines(crs: &GridCrs, view: &View) -> Vec<Line> {
    let every = GridCrs::every_m(view);
    let [width, height] = view.size_px;
    let corners = [[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]];
    let around: Vec<[f64; 2]> =
        corners.iter().filter_map(|&at| crs.to_grid.point(view.world_from_screen(at)).ok()).collect();
    if around.len() < corners.len() {
        return Vec::new();
    }
    let range = |axis: usize| {
        let values = around.iter().map(|at| at[axis]);
        // The sides bend a little between the corners.
        let [least, most] = [values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max)];
        [least - every * 0.1, most + every * 0.1]
    };
    let ranges = [range(0), range(1)];
    let mut found = Vec::new();
    for axis in 0..2 {
        let [least, most] = ranges[axis];
        let first = (least / every).ceil();
        for step in 0..MOST_LINES {
            let value = (first + step as f64) * every;
            if value > most {
                break;
            }
            let [from, to] = ranges[1 - axis];
            let whole: Vec<[f64; 2]> = (0..PLACES)
                .filter_map(|place| {
                    let other = from + (to - from) * place as f64 / (PLACES - 1) as f64;
                    let at = if axis == 0 { [value, other] } else { [other, value] };
                    Some(view.screen_from_world(crs.to_world.point(at).ok()?))
                })
                .collect();
            let path = clipped(&whole, view.size_px);
            if path.len() > 1 {
                found.push(Line { value, axis, path });
            }
        }
    }
    found
}

/// What of an almost straight path lies in the frame.
fn clipped(path: &[[f64; 2]], size: [f64; 2]) -> Vec<[f64; 2]> {
    let mut inside: Vec<[f64; 2]> = Vec::new();
    for pair in path.windows(2) {
        let Some([from, to]) = clip([pair[0], pair[1]], size) else { continue };
        if inside.last().is_none_or(|last| (last[0] - from[0]).hypot(last[1] - from[1]) > 1e-6) {
            inside.push(from);
        }
        inside.push(to);
    }
    inside
}

/// The part of a segment between 0 and `size` on both axes.
fn clip([from, to]: [[f64; 2]; 2], size: [f64; 2]) -> Option<[[f64; 2]; 2]> {
    let by = [to[0] - from[0], to[1] - from[1]];
    let [mut enter, mut leave] = [0.0_f64, 1.0_f64];
    for axis in 0..2 {
        if by[axis].abs() < 1e-12 {
            if !(0.0..=size[axis]).contains(&from[axis]) {
                return None;
            }
            continue;
        }
        let [one, two] = [-from[axis] / by[axis], (size[axis] - from[axis]) / by[axis]];
        enter = enter.max(one.min(two));
        leave = leave.min(one.max(two));
    }
    let at = |share: f64| [from[0] + by[0] * share, from[1] + by[1] * share];
    (enter < leave).then(|| [at(enter), at(leave)])
}

/// Words that run upwards, around a place.
fn upwards(scene: &mut Scene, text: &str, [x, y]: [f32; 2], look: &GridLook) {
    write(scene, text, [0.0, 0.0], Align::Middle, look.ink, look.size);
    if let Some(Item::Text(run)) = scene.items.last_mut() {
        for glyph in &mut Arc::make_mut(run).glyphs {
            let [right, down] = glyph.at;
            glyph.at = [x + down, y - right];
            glyph.turn_rad = -std::f32::consts::FRAC_PI_2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(rotation_rad: f64) -> View {
        let view = View::at_scale([12_911_800.0, 3_470_000.0], 7500.0, [1130.0, 900.0]);
        View { rotation_rad, ..view }
    }

    #[test]
    fn lines_stand_at_round_numbers_and_run_from_side_to_side_however_the_map_is_turned() {
        for rotation_rad in [0.0, 0.4, -1.2, 2.9] {
            let view = view(rotation_rad);
            let crs = GridCrs::of(&view).expect("a zone");
            assert_eq!([crs.zone, crs.epsg], [39, 4527]);
            let lines = lines(&crs, &view);
            assert!(lines.len() >= 6, "{} lines", lines.len());
            for line in lines {
                for end in [line.path[0], line.path[line.path.len() - 1]] {
                    assert!(side_of(end, view.size_px).is_some(), "{end:?}");
                    let grid = crs.to_grid.point(view.world_from_screen(end)).expect("in the zone");
                    assert!((grid[line.axis] - line.value).abs() < 0.5, "{grid:?} {}", line.value);
                    assert!((line.value / 500.0).fract().abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn numbers_have_gaps_between_thousands_and_say_their_axis_on_a_turned_map() {
        let line = |axis| Line { value: 39_401_500.0, axis, path: Vec::new() };
        assert_eq!(number_text(&line(0), false), "39 401 500");
        assert_eq!(number_text(&line(1), true), "39 401 500 N");
    }
}
