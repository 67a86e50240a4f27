//! Paper: its sizes, and where on it map, title, legend and the rest have their places.
//!
//! Lengths here are millimetres of paper until they become the scene's pixels, 96 to the inch.

use crate::text;
use crate::text::Text;

/// Pixels to a millimetre.
pub(super) const PX: f64 = 96.0 / 25.4;

/// Shortest and longest side that a sheet may have: A5 and a long plotter's roll.
pub const SIDE_MM: [f64; 2] = [148.0, 2000.0];

/// Sizes by name (ISO 216), upright.
pub const NAMED: [(&str, [f64; 2]); 5] = [
    ("A4", [210.0, 297.0]),
    ("A3", [297.0, 420.0]),
    ("A2", [420.0, 594.0]),
    ("A1", [594.0, 841.0]),
    ("A0", [841.0, 1189.0]),
];

/// A size of paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paper {
    /// Width and height, millimetres, as it lies on the table.
    pub size_mm: [f64; 2],
}

impl Paper {
    /// `A4` to `A0`, or `WxH` in millimetres; upright unless `landscape`. `None` for any other word.
    pub fn parse(word: &str, landscape: bool) -> Option<Self> {
        let word = word.trim().to_ascii_uppercase();
        if let Some((_, upright)) = NAMED.iter().find(|(name, _)| *name == word) {
            let [width, height] = *upright;
            return Some(Self { size_mm: if landscape { [height, width] } else { *upright } });
        }
        let (width, height) = word.split_once(['X', '×'])?;
        let side = |word: &str| word.trim().parse::<f64>().ok().filter(|mm| (SIDE_MM[0]..=SIDE_MM[1]).contains(mm));
        Some(Self { size_mm: [side(width)?, side(height)?] })
    }

    /// Whether it stands.
    pub fn is_upright(&self) -> bool {
        self.size_mm[1] > self.size_mm[0]
    }

    /// `A3 横`, or its sides.
    pub fn words(&self) -> Text {
        let mut sides = self.size_mm;
        sides.sort_by(f64::total_cmp);
        let [width, height] = self.size_mm;
        match NAMED.iter().find(|(_, upright)| *upright == sides) {
            Some((name, _)) if self.is_upright() => text!("{name} 竖", "{name} portrait"),
            Some((name, _)) => text!("{name} 横", "{name} landscape"),
            None => text!("{width} × {height} mm", "{width} × {height} mm"),
        }
    }

    /// Width and height of the map in its frame, logical pixels.
    pub fn map_px(&self) -> [f64; 2] {
        let [left, top, right, bottom] = self.map_area_px();
        [right - left, bottom - top]
    }

    /// Where the map lies on the sheet: left, top, right, bottom, logical pixels.
    pub fn map_area_px(&self) -> [f64; 4] {
        Layout::of(self).map.map(f64::from)
    }

    /// Width and height of the sheet, logical pixels.
    pub fn size_px(&self) -> [f64; 2] {
        self.size_mm.map(|mm| mm * PX)
    }

    /// How large words and margins are beside those of an A3 sheet: a larger sheet is looked at from farther away.
    pub(super) fn measure(&self) -> f64 {
        let short = self.size_mm[0].min(self.size_mm[1]);
        let even = |short: f64| (short / 297.0).powf(0.55).min(1.9);
        // Below A4 nothing more can be left out, so that all of it shrinks.
        if short < 210.0 { even(210.0) * short / 210.0 } else { even(short) }
    }
}

/// What may be left off a sheet. The mark of invented data may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Legend of what is visible.
    pub legend: bool,
    /// Coordinate grid.
    pub grid: bool,
    /// Small map of the whole city.
    pub overview: bool,
    /// Scale bar.
    pub scale_bar: bool,
    /// North arrow.
    pub north: bool,
    /// The day.
    pub date: bool,
}

impl Default for Parts {
    fn default() -> Self {
        Self { legend: true, grid: true, overview: true, scale_bar: true, north: true, date: true }
    }
}

/// One part that may be left off.
pub struct Part {
    /// Its word on the command line.
    pub word: &'static str,
    /// What a person reads.
    pub name: Text,
    /// Where it is kept.
    pub of: fn(&mut Parts) -> &mut bool,
}

/// All parts, in the order of the dialog.
pub static PARTS: [Part; 6] = [
    Part { word: "legend", name: Text::new("图例", "Legend"), of: |parts| &mut parts.legend },
    Part { word: "grid", name: Text::new("坐标格网", "Coordinate grid"), of: |parts| &mut parts.grid },
    Part { word: "overview", name: Text::new("位置图", "Overview map"), of: |parts| &mut parts.overview },
    Part { word: "bar", name: Text::new("比例尺条", "Scale bar"), of: |parts| &mut parts.scale_bar },
    Part { word: "north", name: Text::new("指北针", "North arrow"), of: |parts| &mut parts.north },
    Part { word: "date", name: Text::new("制图日期", "Date"), of: |parts| &mut parts.date },
];

impl Parts {
    /// All but those that are named.
    ///
    /// # Errors
    /// The first word that names none.
    pub fn without<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        let mut parts = Self::default();
        for word in words {
            let part = PARTS.iter().find(|part| part.word == word || part.name.is(word)).ok_or(word)?;
            *(part.of)(&mut parts) = false;
        }
        Ok(parts)
    }
}

/// Where things stand on the paper, pixels: left, top, right, bottom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) neat: [f32; 4],
    /// Room of the title.
    pub(super) head: [f32; 4],
    pub(super) map: [f32; 4],
    /// North, the scale and its bar.
    pub(super) scale: [f32; 4],
    pub(super) legend: [f32; 4],
    /// The legend where there is no overview.
    pub(super) long_legend: [f32; 4],
    /// Where a long legend goes on.
    pub(super) more_legend: Option<[f32; 4]>,
    /// Heading and small map.
    pub(super) overview: [f32; 4],
    /// Who, when, from what.
    pub(super) table: [f32; 4],
    /// The line under the map.
    pub(super) foot_y: f32,
}

impl Layout {
    /// A column at the right of a lying sheet, a band under the map of an upright one.
    pub(super) fn of(paper: &Paper) -> Self {
        let ([width, height], k) = (paper.size_mm, paper.measure());
        let margin = 7.5 * k;
        let neat = [margin, margin, width - margin, height - margin];
        let (left, top) = (neat[0] + 11.0 * k, neat[1] + 22.0 * k);
        let (inner_right, foot) = (neat[2] - 4.0 * k, neat[3] - 4.0 * k);
        let (map, scale, legend, long_legend, more, overview, table);
        if paper.is_upright() {
            let bottom = foot - 72.0 * k - 8.0 * k;
            map = [left, top, neat[2] - 11.0 * k, bottom];
            let (band, third) = ([bottom + 7.0 * k, foot - 5.0 * k], (map[2] - map[0]) / 3.0);
            let columns = [map[0] + third - 3.0 * k, map[0] + third * 2.0 + 6.0 * k];
            scale = [map[0], band[0], columns[0], band[0] + 34.0 * k];
            overview = [map[0], band[0] + 36.0 * k, columns[0], band[1]];
            legend = [columns[0] + 6.0 * k, band[0], columns[1] - 6.0 * k, band[1]];
            long_legend = legend;
            table = [columns[1], band[1] - 36.0 * k, map[2], band[1]];
            more = Some([columns[1], band[0] + 7.0 * k, map[2], table[1] - 2.0 * k]);
        } else {
            let column = (76.0 * k).min(width * 0.25);
            let (from, bottom) = (inner_right - column, foot - 8.0 * k);
            map = [left, top, from - 9.0 * k, bottom];
            scale = [from, top, inner_right, top + 34.0 * k];
            table = [from, bottom - 36.0 * k, inner_right, bottom];
            overview = [from, table[1] - 49.0 * k, inner_right, table[1] - 4.0 * k];
            legend = [from, scale[3] + 5.0 * k, inner_right, overview[1] - 3.0 * k];
            long_legend = [from, legend[1], inner_right, table[1] - 4.0 * k];
            more = None;
        }
        let px = |area: [f64; 4]| area.map(|mm| (mm * PX).round() as f32);
        let head = px([map[0], neat[1], map[2], top - 6.0 * k]);
        let foot_y = ((foot - 1.0 * k) * PX) as f32;
        let (neat, map, scale, legend) = (px(neat), px(map), px(scale), px(legend));
        let (long_legend, overview, table) = (px(long_legend), px(overview), px(table));
        let more_legend = more.map(px);
        Self { neat, head, map, scale, legend, long_legend, more_legend, overview, table, foot_y }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_has_the_sizes_of_the_standard() {
        let a3 = Paper::parse("A3", true).unwrap();
        assert_eq!(a3.size_mm, [420.0, 297.0]);
        assert_eq!(Paper::parse("a0", false).unwrap().size_mm, [841.0, 1189.0]);
        assert_eq!(Paper::parse("500x300", false).unwrap().size_mm, [500.0, 300.0]);
        assert!(Paper::parse("A7", false).is_none() && Paper::parse("100x300", true).is_none());
        assert_eq!(a3.words(), Text::new("A3 横", "A3 landscape"));
    }

    #[test]
    fn nothing_on_a_sheet_lies_on_anything_else_and_the_map_is_the_largest() {
        let words = ["A4", "A3", "A2", "A1", "A0", "500x300", "148x148", "300x1200", "2000x400"];
        for (word, landscape) in words.into_iter().flat_map(|word| [(word, true), (word, false)]) {
            let paper = Paper::parse(word, landscape).unwrap();
            let layout = Layout::of(&paper);
            let mut areas = vec![layout.map, layout.scale, layout.legend, layout.overview, layout.table];
            areas.extend(layout.more_legend);
            for (at, area) in areas.iter().enumerate() {
                assert!(area[0] < area[2] && area[1] < area[3], "{word} {landscape} {at}: {area:?}");
                assert!(area[0] >= layout.neat[0] && area[2] <= layout.neat[2] && area[3] <= layout.neat[3]);
                for other in &areas[at + 1..] {
                    let is_apart = (0..2).any(|axis| area[axis + 2] <= other[axis] || other[axis + 2] <= area[axis]);
                    assert!(is_apart, "{word} {landscape} {at}: {area:?} {other:?}");
                }
            }
            let [width, height] = paper.map_px();
            let [whole_width, whole_height] = paper.size_px();
            assert!(width * height > 0.3 * whole_width * whole_height, "{word} {landscape}: {width} x {height}");
        }
    }
}
