//! A map on paper: the map at an exact scale in its frame, title, legend of what is visible, scale bar, north, coordinate
//! grid, overview, and a table of who drew what from what.

use std::sync::Arc;

use super::build::MapLayer;
use super::decor::{Align, length_text, round_length_m, write};
use super::ground::GroundLayer;
use super::map::{LAND, MapOptions, map_scene};
use super::paper::{Layout, PX, Paper, Parts};
use super::scene::{Item, Scene};
use super::sheet_focus::{self, Focus};
use super::sheet_grid::{self, GridCrs, GridLook};
use super::sheet_legend::{self, LegendRow};
use super::view::View;
use crate::model::geometry::Bounds;
use crate::model::style::{Cap, Rgba};
use crate::task::Cancel;
use crate::text;
use crate::text::{Lang, Text};

pub(super) const INK: Rgba = Rgba::hex(0x1E_2328);
pub(super) const FAINT: Rgba = Rgba::hex(0x5F_666D);
const LINE: Rgba = Rgba::hex(0xC9_C5BB);
const PAPER: Rgba = Rgba::hex(0xFF_FFFF);
const MARK: Rgba = Rgba::hex(0xB3_261E);

/// What stands on a sheet beside the map.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The paper.
    pub paper: Paper,
    /// Title above the map.
    pub title: String,
    /// A smaller line under the title; empty for none.
    pub subtitle: String,
    /// Where the data come from.
    pub source: String,
    /// Who drew it; empty for a line to write on.
    pub author: String,
    /// The day, as it is printed.
    pub date: String,
    /// Language of words and labels.
    pub lang: Lang,
    /// Whether the data are invented, which is then said beside the title, across the map and under it.
    pub is_sample: bool,
    /// What is on it.
    pub parts: Parts,
    /// Legend of what is visible.
    pub legend: Vec<LegendRow>,
    /// Base maps under the map, the lowest first.
    pub grounds: Vec<GroundLayer>,
    /// A small map of the whole city: see [`overview`].
    pub overview: Option<(Scene, View)>,
    /// The feature that it is about, if it is one of a series.
    pub focus: Option<Focus>,
    /// Physical pixels to a logical one.
    pub pixel_ratio: f64,
}

/// The sheet as a scene; `view` says middle, scale and turn of the map. `None` if cancelled.
pub fn sheet(layers: &[MapLayer], view: &View, sheet: &Sheet, cancel: &Cancel) -> Option<Scene> {
    let size_px = sheet.paper.size_px();
    let scene = Scene { size_px, pixel_ratio: sheet.pixel_ratio, background: Some(PAPER), ..Scene::default() };
    let view = View { size_px: sheet.paper.map_px(), pixel_ratio: sheet.pixel_ratio, ..*view };
    let options = MapOptions { lang: sheet.lang, grounds: sheet.grounds.clone(), ..MapOptions::default() };
    let (map, _) = map_scene(layers, &view, &options, cancel)?;
    let (layout, k) = (Layout::of(&sheet.paper), sheet.paper.measure() as f32);
    let mut desk = Desk { scene, layout, view, k, sheet };
    desk.scene.place(map, [layout.map[0], layout.map[1]]);
    if let Some(focus) = &sheet.focus {
        sheet_focus::draw(&mut desk.scene, &view, layout.map, focus, k);
    }
    if sheet.is_sample {
        desk.across();
    }
    if sheet.parts.grid {
        let look = GridLook { ink: FAINT, size: 9.6 * k, tick: 7.0 * k };
        sheet_grid::draw(&mut desk.scene, &view, layout.map, &look);
    }
    frame(&mut desk.scene, layout.map, 2.0, INK);
    frame(&mut desk.scene, layout.neat, 1.0, INK);
    desk.head();
    desk.scale();
    desk.legend();
    desk.overview();
    desk.table();
    desk.foot();
    Some(desk.scene)
}

/// A sheet that is being drawn.
struct Desk<'a> {
    scene: Scene,
    layout: Layout,
    view: View,
    /// How large words are beside those of an A3 sheet.
    k: f32,
    sheet: &'a Sheet,
}

impl Desk<'_> {
    /// Pixels of so many millimetres on an A3 sheet.
    fn mm(&self, mm: f32) -> f32 {
        mm * self.k * PX as f32
    }

    fn say(&mut self, text: &str, at: [f32; 2], align: Align, color: Rgba, size: f32) {
        write(&mut self.scene, text, at, align, color, size * self.k);
    }

    /// Words no wider than their room: smaller down to a limit, then cut.
    fn say_in(&mut self, text: &str, at: [f32; 2], align: Align, [most, least]: [f32; 2], room: f32) -> f32 {
        let wide = |text: &str, size: f32| super::decor::width(text, size * self.k);
        let size = (most * room / wide(text, most).max(1.0)).clamp(least, most);
        let mut words = text.to_owned();
        while wide(&words, size) > room && words.chars().count() > 1 {
            words = words.trim_end_matches('…').to_owned();
            words.pop();
            words.push('…');
        }
        let width = wide(&words, size);
        self.say(&words, at, align, INK, size);
        width
    }

    /// Title, line under it, and the mark of invented data beside it.
    fn head(&mut self) {
        let ([left, top, right, bottom], sheet) = (self.layout.head, self.sheet);
        let (mark, mark_size) = (sheet.lang.pick("示例数据 · 虚构", "Sample data · invented"), 12.0);
        let mark_width = super::decor::width(mark, mark_size * self.k) + self.mm(6.0);
        let room = right - left - if sheet.is_sample { (mark_width + self.mm(4.0)) * 2.0 } else { 0.0 };
        let has_subtitle = !sheet.subtitle.trim().is_empty();
        let middle = [f32::midpoint(left, right), top + (bottom - top) * if has_subtitle { 0.40 } else { 0.56 }];
        let width = self.say_in(&sheet.title, middle, Align::Middle, [28.0, 13.0], room);
        if has_subtitle {
            let at = [middle[0], middle[1] + self.mm(7.0)];
            self.say_in(sheet.subtitle.trim(), at, Align::Middle, [13.0, 9.5], right - left);
        }
        if sheet.is_sample {
            let from = middle[0] + width / 2.0 + self.mm(4.0);
            let half = self.mm(3.4);
            let area = [from, middle[1] - half, from + mark_width, middle[1] + half];
            frame(&mut self.scene, area, 1.4, MARK);
            self.say(mark, [from + mark_width / 2.0, middle[1]], Align::Middle, MARK, mark_size);
        }
    }

    /// North, the number of the scale, what the grid is, and the bar.
    fn scale(&mut self) {
        let ([left, top, right, bottom], sheet) = (self.layout.scale, self.sheet);
        if sheet.parts.north {
            self.north([left + self.mm(10.0), top + self.mm(8.0)]);
        }
        let denominator = grouped(self.view.denominator().round() as u64);
        self.say(&format!("1:{denominator}"), [right, top + self.mm(4.5)], Align::Right, INK, 24.0);
        let grid = length_text(GridCrs::every_m(&self.view));
        let paper = sheet.paper.words();
        let lines = [
            sheet.parts.grid.then(|| text!("坐标格网 {grid}", "Grid {grid}")),
            Some(text!("{paper} · 按实际大小打印", "{paper} · print at actual size", paper = paper.get(sheet.lang))),
        ];
        for (row, line) in lines.iter().flatten().enumerate() {
            let at = [right, top + self.mm(11.0 + 4.6 * row as f32)];
            self.say(line.get(sheet.lang), at, Align::Right, FAINT, 11.0);
        }
        if sheet.parts.scale_bar {
            self.scale_bar(left, bottom - self.mm(4.0), right - left);
        }
    }

    fn scale_bar(&mut self, left: f32, top: f32, room: f32) {
        let metres = round_length_m(self.view.ground_m_per_px(), f64::from(room - self.mm(8.0)));
        let length = (metres / self.view.ground_m_per_px()) as f32;
        let (left, high) = (left + self.mm(1.5), self.mm(1.4));
        // 1 and 5 are cut into fifths, 2 into quarters.
        let is_two = ((metres.log10() + 1e-9).fract().rem_euclid(1.0) - 2_f64.log10()).abs() < 1e-6;
        let parts: u8 = if is_two { 4 } else { 5 };
        for part in 0..parts {
            let from = left + length * f32::from(part) / f32::from(parts);
            let area = [from, top, from + length / f32::from(parts), top + high];
            fill(&mut self.scene, area, if part % 2 == 0 { INK } else { PAPER });
            frame(&mut self.scene, area, 0.8, INK);
        }
        let in_km = metres >= 1000.0;
        let number = |metres: f64| format!("{}", if in_km { metres / 1000.0 } else { metres });
        let unit = if in_km { "km" } else { "m" };
        let x = |mark: u8| left + length * f32::from(mark) / f32::from(parts);
        let half = |text: &str, k: f32| super::decor::width(text, 10.5 * k) / 2.0;
        // The last number bears the unit: it goes before those between.
        let whole = format!("{} {unit}", number(metres));
        let (middle, y, gap) = (x(parts), top - self.mm(2.4), self.mm(1.0));
        let mut free_from = f32::NEG_INFINITY;
        for mark in 0..parts {
            let text = number(metres * f64::from(mark) / f64::from(parts));
            let half_px = half(&text, self.k);
            let is_free = x(mark) - half_px > free_from && x(mark) + half_px + gap < middle - half(&whole, self.k);
            if is_free {
                self.say(&text, [x(mark), y], Align::Middle, INK, 10.5);
                free_from = x(mark) + half_px + gap;
            }
        }
        self.say(&whole, [middle, y], Align::Middle, INK, 10.5);
    }

    fn north(&mut self, [x, y]: [f32; 2]) {
        let (sin, cos) = (self.view.rotation_rad as f32).sin_cos();
        let unit = self.mm(1.0);
        let place = |right: f32, up: f32| [x + (right * cos + up * sin) * unit, y + (right * sin - up * cos) * unit];
        let first = self.scene.next_path();
        self.scene.push_path([place(0.0, 8.0), place(3.6, -7.5), place(0.0, -4.6)], true);
        self.scene.items.push(Item::Fill { paths: first..self.scene.next_path(), color: INK });
        let first = self.scene.next_path();
        self.scene.push_path([place(0.0, 8.0), place(-3.6, -7.5), place(0.0, -4.6), place(3.6, -7.5)], true);
        let (paths, width) = (first..self.scene.next_path(), 1.0 * self.k);
        self.scene.items.push(Item::Stroke { paths, color: INK, width, cap: Cap::Butt });
        let word = self.sheet.lang.pick("坐标北", "Grid north");
        self.say(word, [x, y + self.mm(12.0)], Align::Middle, INK, 11.0);
    }

    fn legend(&mut self) {
        if !self.sheet.parts.legend {
            return;
        }
        let has_overview = self.sheet.parts.overview && self.sheet.overview.is_some();
        let mut area = if has_overview { self.layout.legend } else { self.layout.long_legend };
        area[1] = self.heading(Text::new("图例", "Legend"), area);
        let areas: Vec<[f32; 4]> = std::iter::once(area).chain(self.layout.more_legend).collect();
        let (sheet, view) = (self.sheet, self.view);
        sheet_legend::draw(&mut self.scene, &areas, sheet, &view, self.k);
    }

    /// A heading with a line under it; where its contents begin.
    fn heading(&mut self, words: Text, [left, top, right, _]: [f32; 4]) -> f32 {
        self.say(words.get(self.sheet.lang), [left, top + self.mm(2.4)], Align::Left, INK, 15.0);
        let y = top + self.mm(5.4);
        self.rule([left, right], y, INK, 1.0);
        y + self.mm(1.6)
    }

    fn rule(&mut self, [left, right]: [f32; 2], y: f32, color: Rgba, width: f32) {
        let first = self.scene.next_path();
        self.scene.push_path([[left, y], [right, y]], false);
        self.scene.items.push(Item::Stroke { paths: first..self.scene.next_path(), color, width, cap: Cap::Butt });
    }

    /// The small map with the frame of the sheet's map on it.
    fn overview(&mut self) {
        let Some((map, small)) = self.sheet.overview.as_ref().filter(|_| self.sheet.parts.overview) else { return };
        let area = self.layout.overview;
        self.heading(Text::new("位置", "Location"), area);
        let [left, top, right, bottom] = overview_area(&self.sheet.paper);
        self.scene.place(map.clone(), [left, top]);
        let corners = [[0.0, 0.0], [self.view.size_px[0], 0.0], self.view.size_px, [0.0, self.view.size_px[1]]];
        let first = self.scene.next_path();
        let (view, [width, height]) = (self.view, [right - left, bottom - top]);
        let place = |corner: [f64; 2]| {
            let [x, y] = small.screen_from_world(view.world_from_screen(corner));
            [left + (x as f32).clamp(0.0, width), top + (y as f32).clamp(0.0, height)]
        };
        self.scene.push_path(corners.map(place), true);
        let paths = first..self.scene.next_path();
        self.scene.items.push(Item::Stroke { paths, color: MARK, width: 1.6, cap: Cap::Butt });
        frame(&mut self.scene, [left, top, right, bottom], 1.0, INK);
    }

    /// CRS, source, day, and lines to sign on.
    fn table(&mut self) {
        let ([left, top, right, bottom], sheet) = (self.layout.table, self.sheet);
        let crs = GridCrs::of(&self.view).map(|crs| {
            let (zone, epsg) = (crs.zone, crs.epsg);
            text!("CGCS2000 / 3 度带 {zone}（EPSG:{epsg}）", "CGCS2000 / 3° zone {zone} (EPSG:{epsg})")
        });
        let same = |words: &str| Text::same(words.to_owned());
        let rows = [
            crs.map(|crs| (Text::new("坐标系", "CRS"), crs)),
            (!sheet.source.trim().is_empty()).then(|| (Text::new("资料来源", "Source"), same(sheet.source.trim()))),
            sheet.parts.date.then(|| (Text::new("制图日期", "Date"), same(&sheet.date))),
            Some((Text::new("制图", "Drawn by"), same(sheet.author.trim()))),
            Some((Text::new("审核", "Checked by"), Text::default())),
        ];
        let rows: Vec<_> = rows.into_iter().flatten().collect();
        let row = self.mm(6.8).min((bottom - top) / rows.len() as f32);
        let mut y = bottom - row * rows.len() as f32;
        self.rule([left, right], y, INK, 1.0);
        let label = self.mm(if sheet.lang == Lang::Zh { 18.0 } else { 21.0 }).min((right - left) * 0.4);
        for (name, value) in &rows {
            let middle = y + row / 2.0;
            self.say(name.get(sheet.lang), [left, middle], Align::Left, FAINT, 11.0);
            if !value.get(sheet.lang).is_empty() {
                let at = [left + label, middle];
                self.say_in(value.get(sheet.lang), at, Align::Left, [11.0, 9.2], right - left - label);
            }
            y += row;
            self.rule([left, right], y, LINE, 0.8);
        }
    }

    fn foot(&mut self) {
        if !self.sheet.is_sample {
            return;
        }
        let text = Text::new(
            "本图数据为虚构，仅供演示；不得作为施工、执法或考核依据",
            "The data of this map are invented, for demonstration only; nothing may be built or decided by them",
        );
        let at = [self.layout.map[2], self.layout.foot_y];
        self.say(text.get(self.sheet.lang), at, Align::Right, FAINT, 10.5);
    }

    /// "Invented" in pale letters across the map.
    fn across(&mut self) {
        let [left, top, right, bottom] = self.layout.map;
        let (width, height) = (right - left, bottom - top);
        let text = self.sheet.lang.pick("示例数据", "SAMPLE DATA");
        let size = (width.hypot(height) / 9.0).min(220.0 * self.k);
        write(&mut self.scene, text, [0.0, 0.0], Align::Middle, MARK.with_opacity(0.10), size);
        let turn_rad = -(height / width).atan();
        let (sin, cos) = turn_rad.sin_cos();
        if let Some(Item::Text(run)) = self.scene.items.last_mut() {
            for glyph in &mut Arc::make_mut(run).glyphs {
                let [x, y] = glyph.at;
                glyph.at = [left + width / 2.0 + x * cos - y * sin, top + height / 2.0 + x * sin + y * cos];
                glyph.turn_rad = turn_rad;
            }
        }
    }
}

/// Where the small map lies on the sheet, under its heading.
fn overview_area(paper: &Paper) -> [f32; 4] {
    let [left, top, right, bottom] = Layout::of(paper).overview;
    let heading = (7.0 * paper.measure() * PX) as f32;
    [left, (top + heading).round(), right, bottom]
}

/// The view of the small map that shows `home_world` on every sheet of this paper.
pub fn overview_view(paper: &Paper, home_world: Bounds, pixel_ratio: f64) -> View {
    let [left, top, right, bottom] = overview_area(paper).map(f64::from);
    let room = home_world.width().max(home_world.height()) * 0.03;
    View::fit(home_world.grown(room), [right - left, bottom - top]).pixel_ratio(pixel_ratio)
}

/// The small map for [`Sheet::overview`]; `None` if cancelled.
pub fn overview(layers: &[MapLayer], view: View, cancel: &Cancel) -> Option<(Scene, View)> {
    let options = MapOptions { labels: false, background: Some(LAND.on(false)), ..MapOptions::default() };
    Some((map_scene(layers, &view, &options, cancel)?.0, view))
}

fn rectangle([left, top, right, bottom]: [f32; 4]) -> [[f32; 2]; 4] {
    [[left, top], [right, top], [right, bottom], [left, bottom]]
}

pub(super) fn frame(scene: &mut Scene, area: [f32; 4], width: f32, color: Rgba) {
    let first = scene.next_path();
    scene.push_path(rectangle(area), true);
    scene.items.push(Item::Stroke { paths: first..scene.next_path(), color, width, cap: Cap::Butt });
}

pub(super) fn fill(scene: &mut Scene, area: [f32; 4], color: Rgba) {
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

    fn plan(parts: Parts) -> Sheet {
        Sheet {
            paper: Paper::parse("A3", true).unwrap(),
            title: "八里湖片区排水管网图".to_owned(),
            subtitle: "九江市城市管理局".to_owned(),
            source: "城格".to_owned(),
            author: "李敏".to_owned(),
            date: "2026-11-22".to_owned(),
            lang: Lang::Zh,
            is_sample: true,
            parts,
            legend: vec![LegendRow { name: Text::new("道路", "Roads"), sign: None, is_member: false }],
            grounds: Vec::new(),
            overview: None,
            focus: None,
            pixel_ratio: 1.0,
        }
    }

    fn words(plan: &Sheet) -> Vec<String> {
        let view = View::at_scale([12_916_000.0, 3_465_000.0], 5000.0, plan.paper.map_px());
        let scene = sheet(&[], &view, plan, &Cancel::default()).unwrap();
        let words = |item: &Item| if let Item::Text(run) = item { Some(run.text.clone()) } else { None };
        scene.items.iter().filter_map(words).collect()
    }

    #[test]
    fn a_sheet_says_its_scale_and_that_its_data_are_invented() {
        let words = words(&plan(Parts::default()));
        let said = [
            "八里湖片区排水管网图",
            "九江市城市管理局",
            "1:5,000",
            "示例数据",
            "示例数据 · 虚构",
            "坐标北",
            "图例",
            "道路",
            "李敏",
            "2026-11-22",
        ];
        for word in said {
            assert!(words.iter().any(|known| known == word), "{word} is not in {words:?}");
        }
        // Two kilometres of map hold a line of the grid each way, with its number.
        let numbers = words.iter().filter(|word| word.split(' ').all(|part| part.parse::<u32>().is_ok()));
        assert!(numbers.filter(|word| word.matches(' ').count() == 2).count() >= 4, "{words:?}");
    }

    #[test]
    fn what_is_left_off_is_not_there_but_the_mark_of_invented_data_stays() {
        let bare = Parts::without(["legend", "坐标格网", "overview", "bar", "north", "date"]).unwrap();
        let words = words(&plan(bare));
        for word in ["图例", "道路", "坐标北", "2026-11-22", "0"] {
            assert!(words.iter().all(|known| known != word), "{word} is in {words:?}");
        }
        assert!(words.iter().any(|word| word == "示例数据"));
        assert_eq!(Parts::without(["legend", "mark"]), Err("mark"));
    }

    #[test]
    fn a_title_too_long_for_the_sheet_is_made_smaller_and_then_cut() {
        let long = Sheet { title: "甘棠湖周边排水管网".repeat(12), ..plan(Parts::default()) };
        assert!(words(&long).iter().any(|word| word.starts_with("甘棠湖周边") && word.ends_with('…')));
    }
}
