//! A map on paper: the map at an exact scale in its frame, title, legend of what is visible, scale bar, north, coordinate
//! grid, overview, date and source.
//!
//! Lengths here are millimetres of paper until they become the scene's pixels, 96 to the inch.

use std::sync::Arc;

use super::build::MapLayer;
use super::decor::{Align, length_text, round_length_m, write};
use super::map::{LAND, MapOptions, map_scene};
use super::scene::{Item, Scene};
use super::swatch::swatch_scene;
use super::view::View;
use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::model::geometry::Bounds;
use crate::model::style::{Cap, Paint, Rgba, Rule, ScaleRange};
use crate::task::Cancel;
use crate::text;
use crate::text::{Lang, Text};

/// Pixels to a millimetre.
const PX: f64 = 96.0 / 25.4;

/// Between the paper's edge and the neat line.
const MARGIN_MM: f64 = 8.0;
/// Height of the title.
const TITLE_MM: f64 = 15.0;
/// Height of the line under the map.
const FOOT_MM: f64 = 8.0;
/// Room around the map for the numbers of the grid.
const GRID_MM: f64 = 5.0;
/// Width of the legend's column.
const LEGEND_MM: f64 = 52.0;
/// Height of a legend row and width of its picture.
const ROW_MM: f64 = 6.0;
const LEAST_ROW_MM: f64 = 4.0;
const SWATCH_MM: f64 = 9.0;
/// Size of the overview.
const OVERVIEW_MM: [f64; 2] = [46.0, 32.0];
/// About so far from one line of the grid to the next.
const GRID_EVERY_MM: f64 = 70.0;

const INK: Rgba = Rgba::hex(0x1E_2328);
const FAINT: Rgba = Rgba::hex(0x5F_666D);
const PAPER: Rgba = Rgba::hex(0xFF_FFFF);
const FRAME: Rgba = Rgba::hex(0xB3_261E);

/// A size of paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paper {
    /// Width and height, millimetres, as it lies on the table.
    pub size_mm: [f64; 2],
}

impl Paper {
    /// `A4` to `A0` (ISO 216), or `WxH` in millimetres; upright unless `landscape`.
    pub fn parse(word: &str, landscape: bool) -> Option<Self> {
        let upright = match word.trim().to_ascii_uppercase().as_str() {
            "A4" => [210.0, 297.0],
            "A3" => [297.0, 420.0],
            "A2" => [420.0, 594.0],
            "A1" => [594.0, 841.0],
            "A0" => [841.0, 1189.0],
            other => {
                let (width, height) = other.split_once(['X', '×'])?;
                let side = |word: &str| word.trim().parse::<f64>().ok().filter(|mm| (100.0..=2000.0).contains(mm));
                return Some(Self { size_mm: [side(width)?, side(height)?] });
            }
        };
        let [width, height] = upright;
        Some(Self { size_mm: if landscape { [height, width] } else { upright } })
    }

    /// Width and height of the map in its frame, logical pixels.
    pub fn map_px(&self) -> [f64; 2] {
        let Layout { map, .. } = Layout::of(self);
        [f64::from(map[2] - map[0]), f64::from(map[3] - map[1])]
    }
}

/// A row of the legend.
#[derive(Clone, Debug)]
pub struct LegendRow {
    /// What a person reads.
    pub name: Text,
    /// How it looks; `None` for a heading.
    pub rule: Option<Rule>,
}

/// What stands on a sheet beside the map.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The paper.
    pub paper: Paper,
    /// Title above the map.
    pub title: String,
    /// Where the data come from.
    pub source: String,
    /// The day, as it is printed.
    pub date: String,
    /// Language of words and labels.
    pub lang: Lang,
    /// Whether the data are invented, which is then said beside the title and across the map.
    pub is_sample: bool,
    /// Legend of what is visible.
    pub legend: Vec<LegendRow>,
    /// A small map of the whole city: see [`overview`].
    pub overview: Option<(Scene, View)>,
    /// Physical pixels to a logical one.
    pub pixel_ratio: f64,
}

/// Where things stand on the paper, pixels: left, top, right, bottom.
struct Layout {
    neat: [f32; 4],
    map: [f32; 4],
    /// The column beside the map, or the band under it.
    legend: [f32; 4],
}

impl Layout {
    fn of(paper: &Paper) -> Self {
        let [width, height] = paper.size_mm;
        let neat = [MARGIN_MM, MARGIN_MM, width - MARGIN_MM, height - MARGIN_MM];
        let (top, bottom) = (neat[1] + TITLE_MM, neat[3] - FOOT_MM - GRID_MM);
        let right = neat[2] - LEGEND_MM - GRID_MM;
        let map = [neat[0] + GRID_MM, top, right, bottom];
        let legend = [right + GRID_MM + 2.0, top, neat[2] - 3.0, bottom];
        let px = |area: [f64; 4]| area.map(|mm| (mm * PX).round() as f32);
        Self { neat: px(neat), map: px(map), legend: px(legend) }
    }
}

/// The legend of layers at one scale: a heading for each layer that is drawn, and its named rules.
pub fn legend_rows<'a>(layers: impl Iterator<Item = (&'a Text, &'a [Rule])>, denominator: f64) -> Vec<LegendRow> {
    let mut rows = Vec::new();
    for (name, rules) in layers {
        let in_force = |rule: &&Rule| rule.scale.holds(denominator) && !rule.paints.is_empty();
        let drawn: Vec<&Rule> = rules.iter().filter(in_force).collect();
        // The same name at several scales is one row.
        let mut named: Vec<&Rule> = Vec::new();
        for rule in drawn.iter().filter(|rule| !rule.name.zh.is_empty()) {
            if !named.iter().any(|known| known.name == rule.name) {
                named.push(rule);
            }
        }
        match (named.len(), drawn.first()) {
            (_, None) => {}
            (0 | 1, Some(first)) => {
                let rule = named.first().unwrap_or(first);
                rows.push(LegendRow { name: name.clone(), rule: Some((*rule).clone()) });
            }
            _ => {
                rows.push(LegendRow { name: name.clone(), rule: None });
                rows.extend(
                    named.into_iter().map(|rule| LegendRow { name: rule.name.clone(), rule: Some(rule.clone()) }),
                );
            }
        }
    }
    rows
}

/// The sheet as a scene; `view` says middle and scale of the map. `None` if cancelled.
pub fn sheet(layers: &[MapLayer], view: &View, sheet: &Sheet, cancel: &Cancel) -> Option<Scene> {
    let layout = Layout::of(&sheet.paper);
    let size_px = sheet.paper.size_mm.map(|mm| mm * PX);
    let mut scene = Scene { size_px, pixel_ratio: sheet.pixel_ratio, background: Some(PAPER), ..Scene::default() };
    let view = View { size_px: sheet.paper.map_px(), pixel_ratio: sheet.pixel_ratio, ..*view };
    let options = MapOptions { lang: sheet.lang, ..MapOptions::default() };
    let (map, _) = map_scene(layers, &view, &options, cancel)?;
    scene.place(map, [layout.map[0], layout.map[1]]);
    if sheet.is_sample {
        across(&mut scene, layout.map, sheet.lang);
    }
    grid(&mut scene, &view, layout.map);
    frame(&mut scene, layout.map, 2.0, INK);
    frame(&mut scene, layout.neat, 1.0, INK);
    head(&mut scene, &layout, sheet);
    foot(&mut scene, &layout, &view, sheet);
    legend(&mut scene, &layout, &view, sheet);
    place_overview(&mut scene, &layout, &view, sheet);
    Some(scene)
}

fn head(scene: &mut Scene, layout: &Layout, sheet: &Sheet) {
    let [left, top, right, _] = layout.neat;
    let middle = top + (TITLE_MM * PX) as f32 / 2.0;
    write(scene, &sheet.title, [f32::midpoint(left, right), middle], Align::Middle, INK, 28.0);
    if sheet.is_sample {
        let mark = sheet.lang.pick("示例数据，纯属虚构", "Sample data, invented");
        write(scene, mark, [right - 12.0, middle], Align::Right, Rgba::hex(0x8A_5800), 13.0);
    }
}

fn foot(scene: &mut Scene, layout: &Layout, view: &View, sheet: &Sheet) {
    let [left, _, right, bottom] = layout.neat;
    let middle = bottom - (FOOT_MM * PX) as f32 / 2.0;
    let (date, source) = (&sheet.date, &sheet.source);
    let text = text!("资料来源：{source}　制图日期：{date}", "Source: {source}   Drawn on {date}");
    write(scene, text.get(sheet.lang), [left + 12.0, middle], Align::Left, FAINT, 11.0);
    let zone = grid_crs(view).map(|(_, meridian)| meridian).unwrap_or_default();
    let text = text!(
        "CGCS2000 三度带，中央经线 {zone}°，格网单位：米",
        "CGCS2000, 3-degree zone, meridian {zone}°, grid in metres"
    );
    write(scene, text.get(sheet.lang), [right - 12.0, middle], Align::Right, FAINT, 11.0);
}

/// Scale, bar, north and the legend, from the top of their column down.
fn legend(scene: &mut Scene, layout: &Layout, view: &View, sheet: &Sheet) {
    let [left, top, right, bottom] = layout.legend;
    let bottom = bottom - (OVERVIEW_MM[1] * PX) as f32 - 12.0;
    let mut y = top + 14.0;
    north(scene, [right - 16.0, y + 20.0], view.rotation_rad as f32, sheet.lang);
    let denominator = grouped(view.denominator().round() as u64);
    write(scene, &format!("1 : {denominator}"), [left, y], Align::Left, INK, 18.0);
    y += 24.0;
    scale_bar(scene, [left, y], view, f64::from(right - left) - 44.0);
    y += 40.0;
    write(scene, sheet.lang.pick("图例", "Legend"), [left, y], Align::Left, INK, 15.0);
    y += (ROW_MM * PX) as f32;
    // A long legend moves closer together before it is cut.
    let row_mm = (f64::from(bottom - y) / PX / sheet.legend.len().max(1) as f64).clamp(LEAST_ROW_MM, ROW_MM);
    let (row, swatch_px) = ((row_mm * PX) as f32, [SWATCH_MM * PX, (row_mm - 0.8) * PX]);
    let room = ((bottom - y) / row).floor().max(0.0) as usize;
    for line in sheet.legend.iter().take(room) {
        let name = line.name.get(sheet.lang);
        match &line.rule {
            None => write(scene, name, [left, y], Align::Left, INK, 11.5),
            Some(rule) => {
                let picture = swatch_scene(&at_scale(rule, view.denominator()), false, swatch_px, sheet.pixel_ratio);
                scene.place(picture, [left, y - swatch_px[1] as f32 / 2.0]);
                write(scene, name, [left + swatch_px[0] as f32 + 8.0, y], Align::Left, INK, 11.0);
            }
        }
        y += row;
    }
    if sheet.legend.len() > room {
        let more = sheet.legend.len() - room;
        let text = text!("另有 {more} 项", "and {more} more");
        write(scene, text.get(sheet.lang), [left, y], Align::Left, FAINT, 10.0);
    }
}

/// The rule as it looks at this scale.
fn at_scale(rule: &Rule, denominator: f64) -> Rule {
    let mut rule = Rule { scale: ScaleRange::between(denominator * 0.99, denominator * 1.01), ..rule.clone() };
    // What may be a point or an area is known by its symbol.
    let is_point = |paint: &Paint| matches!(paint, Paint::Symbol { .. } | Paint::Disc { .. });
    if rule.paints.iter().any(is_point) {
        rule.paints.retain(is_point);
    }
    rule
}

fn scale_bar(scene: &mut Scene, [left, top]: [f32; 2], view: &View, most_px: f64) {
    let metres = round_length_m(view.ground_m_per_px(), most_px);
    let length = (metres / view.ground_m_per_px()) as f32;
    for part in 0..4 {
        let from = left + length * part as f32 / 4.0;
        let area = [from, top, from + length / 4.0, top + 5.0];
        fill(scene, area, if part % 2 == 0 { INK } else { PAPER });
        frame(scene, area, 0.8, INK);
    }
    write(scene, "0", [left, top + 14.0], Align::Left, INK, 10.0);
    write(scene, &length_text(metres), [left + length, top + 14.0], Align::Middle, INK, 10.0);
}

fn north(scene: &mut Scene, [x, y]: [f32; 2], rotation_rad: f32, lang: Lang) {
    let (sin, cos) = rotation_rad.sin_cos();
    let place = |right: f32, up: f32| [x + right * cos + up * sin, y + right * sin - up * cos];
    let first = scene.next_path();
    scene.push_path([place(0.0, 20.0), place(8.0, -12.0), place(0.0, -6.0), place(-8.0, -12.0)], true);
    scene.items.push(Item::Fill { paths: first..scene.next_path(), color: INK });
    write(scene, lang.pick("坐标北", "Grid N"), [x - 4.0, y + 22.0], Align::Middle, INK, 10.0);
}

/// The projected CRS of the place and its central meridian: CGCS2000, 3-degree zones (EPSG:4534 is 75°).
fn grid_crs(view: &View) -> Option<(Transform, u32)> {
    let [longitude, _] = Transform::new(Crs::WEB_MERCATOR, Crs::CGCS2000).ok()?.point(view.center_world).ok()?;
    let zone = (longitude / 3.0).round().clamp(25.0, 45.0) as u32;
    let crs = Crs::Epsg(4534 + zone - 25);
    Some((Transform::new(Crs::WEB_MERCATOR, crs).ok()?, zone * 3))
}

/// Lines of the coordinate grid as thin crosses, and their numbers outside the frame.
fn grid(scene: &mut Scene, view: &View, map: [f32; 4]) {
    let Some((transform, _)) = grid_crs(view) else { return };
    let every = round_length_m(view.ground_m_per_px(), GRID_EVERY_MM * PX);
    let at = |x: f32, y: f32| {
        let world = view.world_from_screen([f64::from(x - map[0]), f64::from(y - map[1])]);
        transform.point(world).ok()
    };
    // Over one sheet the grid is straight to a fraction of a pixel: its lines are found on the frame's sides.
    let sides = [
        ([map[0], map[3]], [map[2], map[3]], 0, Align::Middle, [0.0, 9.0]),
        ([map[0], map[1]], [map[2], map[1]], 0, Align::Middle, [0.0, -8.0]),
        ([map[0], map[3]], [map[0], map[1]], 1, Align::Middle, [-9.0, 0.0]),
        ([map[2], map[3]], [map[2], map[1]], 1, Align::Middle, [9.0, 0.0]),
    ];
    let mut ticks: Vec<Vec<([f32; 2], f64)>> = Vec::new();
    for (from, to, axis, _, _) in &sides {
        let (Some(start), Some(end)) = (at(from[0], from[1]), at(to[0], to[1])) else { return };
        let mut found = Vec::new();
        let mut value = (start[*axis] / every).ceil() * every;
        while value <= end[*axis] && found.len() < 100 {
            let share = ((value - start[*axis]) / (end[*axis] - start[*axis])) as f32;
            found.push(([0, 1].map(|side| from[side] + (to[side] - from[side]) * share), value));
            value += every;
        }
        ticks.push(found);
    }
    let first = scene.next_path();
    for pair in [[0, 1], [2, 3]] {
        for (from, value) in &ticks[pair[0]] {
            if let Some((to, _)) = ticks[pair[1]].iter().find(|(_, other)| other == value) {
                scene.push_path([*from, *to], false);
            }
        }
    }
    let color = INK.with_opacity(0.28);
    scene.items.push(Item::Stroke { paths: first..scene.next_path(), color, width: 0.5, cap: Cap::Butt });
    for ((_, _, axis, align, by), found) in sides.iter().zip(&ticks) {
        for (place, value) in found {
            let text = format!("{value:.0}");
            let place = [place[0] + by[0], place[1] + by[1]];
            if *axis == 0 {
                write(scene, &text, place, *align, FAINT, 9.5);
            } else {
                upwards(scene, &text, place);
            }
        }
    }
}

/// Words that run upwards, around a place.
fn upwards(scene: &mut Scene, text: &str, [x, y]: [f32; 2]) {
    write(scene, text, [0.0, 0.0], Align::Middle, FAINT, 9.5);
    if let Some(Item::Text(run)) = scene.items.last_mut() {
        for glyph in &mut Arc::make_mut(run).glyphs {
            let [right, down] = glyph.at;
            glyph.at = [x + down, y - right];
            glyph.turn_rad = -std::f32::consts::FRAC_PI_2;
        }
    }
}

/// "Invented" in pale letters across the map.
fn across(scene: &mut Scene, [left, top, right, bottom]: [f32; 4], lang: Lang) {
    let (width, height) = (right - left, bottom - top);
    let text = lang.pick("示例数据", "SAMPLE DATA");
    let size = (width.hypot(height) / 9.0).min(220.0);
    write(scene, text, [0.0, 0.0], Align::Middle, INK.with_opacity(0.07), size);
    let turn_rad = -(height / width).atan();
    let (sin, cos) = turn_rad.sin_cos();
    if let Some(Item::Text(run)) = scene.items.last_mut() {
        for glyph in &mut Arc::make_mut(run).glyphs {
            let [x, y] = glyph.at;
            glyph.at = [left + width / 2.0 + x * cos - y * sin, top + height / 2.0 + x * sin + y * cos];
            glyph.turn_rad = turn_rad;
        }
    }
}

/// The view of the small map that shows `home_world` on every sheet.
pub fn overview_view(home_world: Bounds, pixel_ratio: f64) -> View {
    let size_px = OVERVIEW_MM.map(|mm| (mm * PX).round());
    let room = home_world.width().max(home_world.height()) * 0.03;
    View::fit(home_world.grown(room), size_px).pixel_ratio(pixel_ratio)
}

/// The small map for [`Sheet::overview`]; `None` if cancelled.
pub fn overview(layers: &[MapLayer], view: View, cancel: &Cancel) -> Option<(Scene, View)> {
    let options = MapOptions { labels: false, background: Some(LAND.on(false)), ..MapOptions::default() };
    Some((map_scene(layers, &view, &options, cancel)?.0, view))
}

/// The small map with the frame of the sheet's map on it.
fn place_overview(scene: &mut Scene, layout: &Layout, view: &View, sheet: &Sheet) {
    let Some((map, small)) = &sheet.overview else { return };
    let [width, height] = small.size_px.map(|side| side as f32);
    let (left, top) = (layout.legend[0], layout.legend[3] - height);
    scene.place(map.clone(), [left, top]);
    let corners = [[0.0, 0.0], [view.size_px[0], 0.0], view.size_px, [0.0, view.size_px[1]]];
    let first = scene.next_path();
    let place = |corner: [f64; 2]| {
        let [x, y] = small.screen_from_world(view.world_from_screen(corner));
        [left + (x as f32).clamp(0.0, width), top + (y as f32).clamp(0.0, height)]
    };
    scene.push_path(corners.map(place), true);
    scene.items.push(Item::Stroke { paths: first..scene.next_path(), color: FRAME, width: 1.6, cap: Cap::Butt });
    frame(scene, [left, top, left + width, top + height], 1.0, INK);
}

fn rectangle([left, top, right, bottom]: [f32; 4]) -> [[f32; 2]; 4] {
    [[left, top], [right, top], [right, bottom], [left, bottom]]
}

fn frame(scene: &mut Scene, area: [f32; 4], width: f32, color: Rgba) {
    let first = scene.next_path();
    scene.push_path(rectangle(area), true);
    scene.items.push(Item::Stroke { paths: first..scene.next_path(), color, width, cap: Cap::Butt });
}

fn fill(scene: &mut Scene, area: [f32; 4], color: Rgba) {
    let first = scene.next_path();
    scene.push_path(rectangle(area), true);
    scene.items.push(Item::Fill { paths: first..scene.next_path(), color });
}

/// `2500` → `2,500`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper() -> Paper {
        Paper::parse("A3", true).unwrap()
    }

    #[test]
    fn paper_has_the_sizes_of_the_standard() {
        assert_eq!(paper().size_mm, [420.0, 297.0]);
        assert_eq!(Paper::parse("a0", false).unwrap().size_mm, [841.0, 1189.0]);
        assert_eq!(Paper::parse("500x300", false).unwrap().size_mm, [500.0, 300.0]);
        assert!(Paper::parse("A7", false).is_none() && Paper::parse("0x9", true).is_none());
    }

    #[test]
    fn a_sheet_says_its_scale_and_that_its_data_are_invented() {
        let plan = Sheet {
            paper: paper(),
            title: "八里湖片区排水管网图".to_owned(),
            source: "城格".to_owned(),
            date: "2026-11-22".to_owned(),
            lang: Lang::Zh,
            is_sample: true,
            legend: vec![LegendRow { name: Text::new("道路", "Roads"), rule: None }],
            overview: None,
            pixel_ratio: 1.0,
        };
        let view = View::at_scale([12_916_000.0, 3_465_000.0], 5000.0, plan.paper.map_px());
        let scene = sheet(&[], &view, &plan, &Cancel::default()).unwrap();
        let words: Vec<&str> = scene
            .items
            .iter()
            .filter_map(|item| if let Item::Text(run) = item { Some(run.text.as_str()) } else { None })
            .collect();
        for word in ["八里湖片区排水管网图", "1 : 5,000", "示例数据", "坐标北", "图例", "道路"] {
            assert!(words.contains(&word), "{word} is not in {words:?}");
        }
        // Two kilometres of map hold at least one line of the grid each way, with its number on both sides.
        let numbers = words.iter().filter(|word| word.len() >= 6 && word.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(numbers.count() >= 4, "{words:?}");
    }
}
