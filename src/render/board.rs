//! Which places of the picture are taken by words, and how words are laid out.

use super::font;
use super::path::{self, Rect};
use super::scene::PlacedGlyph;

/// Room that stays free around words, pixels.
const CLEARANCE: f32 = 3.0;

/// Side of a square of the board, pixels.
const SQUARE: f32 = 48.0;

/// From the base line up to the middle of the characters, ems.
const MIDDLE: f32 = 0.37;

/// A line steeper than this (cosine of 52°) has upright Chinese characters.
const STEEP: f32 = 0.6157;

/// Two neighbouring characters turn by no more than this (cosine of 32°).
const BEND: f32 = 0.848;

/// The part of a line under words is no longer than this many times the straight way.
const WINDING: f32 = 1.12;

/// A line that strays no more than this from the straight way counts as straight, in character heights; for Latin words,
/// which are torn apart by a bend, somewhat more.
const STRAIGHT: [f32; 2] = [0.2, 0.35];

/// Words ready to be laid out.
pub(super) struct Words {
    /// Glyph numbers and advances in pixels, extra room included.
    glyphs: Vec<(u32, f32)>,
    /// Width in pixels.
    pub(super) width: f32,
    /// Character height in pixels.
    pub(super) size: f32,
    /// Whether most characters are Chinese.
    wide: bool,
}

/// Words with their places and the boxes they take.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Each character.
    pub(super) glyphs: Vec<PlacedGlyph>,
    /// What they cover.
    boxes: Vec<Rect>,
}

impl Layout {
    /// The same, somewhere else.
    pub(super) fn moved(&self, [x, y]: [f32; 2]) -> Self {
        let glyph = |glyph: &PlacedGlyph| PlacedGlyph { at: [glyph.at[0] + x, glyph.at[1] + y], ..*glyph };
        let boxes = self.boxes.iter().map(|area| [area[0] + x, area[1] + y, area[2] + x, area[3] + y]);
        Self { glyphs: self.glyphs.iter().map(glyph).collect(), boxes: boxes.collect() }
    }

    /// The middle of its first box.
    pub(super) fn middle(&self) -> [f32; 2] {
        let [left, top, right, bottom] = self.boxes.first().copied().unwrap_or_default();
        [f32::midpoint(left, right), f32::midpoint(top, bottom)]
    }
}

impl Words {
    /// `spacing` is extra room between characters in ems.
    pub(super) fn new(text: &str, medium: bool, size: f32, spacing: f32) -> Self {
        let glyphs: Vec<(u32, f32)> =
            font::glyphs(medium, text).map(|(_, glyph, advance)| (glyph, (advance + spacing) * size)).collect();
        let width = glyphs.iter().map(|glyph| glyph.1).sum::<f32>() - spacing * size;
        let wide = text.chars().filter(|&character| font::is_wide(character)).count() * 2 > glyphs.len();
        Self { glyphs, width, size, wide }
    }

    /// On one level line, around this middle.
    pub(super) fn level(&self, middle: [f32; 2]) -> Layout {
        let [mut x, y] = [middle[0] - self.width / 2.0, middle[1] + MIDDLE * self.size];
        let glyphs = self.glyphs.iter().map(|&(id, advance)| {
            let glyph = PlacedGlyph { id, at: [x, y], turn_rad: 0.0 };
            x += advance;
            glyph
        });
        let (half_width, half_height) = (self.width / 2.0, self.size * 0.5);
        let [x, y] = middle;
        Layout {
            glyphs: glyphs.collect(),
            boxes: vec![[x - half_width, y - half_height, x + half_width, y + half_height]],
        }
    }

    /// Along a line around the place `middle` pixels from its beginning, `offset` pixels above it; `None` where the line
    /// is too short or bends too much.
    pub(super) fn along(&self, line: &[[f32; 2]], middle: f32, offset: f32) -> Option<Layout> {
        let start = middle - self.width / 2.0;
        let (from, to) = (path::station(line, start)?, path::station(line, start + self.width)?);
        let chord = path::distance(from.at, to.at);
        if chord * WINDING < self.width || self.glyphs.is_empty() {
            return None;
        }
        let toward = [(to.at[0] - from.at[0]) / chord, (to.at[1] - from.at[1]) / chord];
        if self.wide && toward[0].abs() < STEEP {
            return self.standing(line, middle, offset, toward[1] < 0.0);
        }
        self.lying(line, start, offset, toward[0] < 0.0)
    }

    /// Characters turned with the line; backwards if the line runs to the left.
    fn lying(&self, line: &[[f32; 2]], start: f32, offset: f32, backwards: bool) -> Option<Layout> {
        let mut layout = Layout { glyphs: Vec::with_capacity(self.glyphs.len()), boxes: Vec::new() };
        let mut before: Option<[f32; 2]> = None;
        let straight = self.straight(line, start);
        let walks = match straight {
            Some(_) => self.walks(|_| Some(1.0)),
            None => self
                .walks(|walked| self.stretch(line, start, walked, if backwards { -offset } else { offset }, backwards)),
        };
        for (&(id, advance), walk) in self.glyphs.iter().zip(walks?.windows(2)) {
            let place = |by: f32| {
                let walk = if backwards { self.width - by } else { by };
                straight.map_or_else(
                    || path::station(line, start + walk).map(|station| station.at),
                    |[from, along]| Some([from[0] + along[0] * walk, from[1] + along[1] * walk]),
                )
            };
            let (left, right) = (place(walk[0])?, place(walk[1])?);
            let step = path::distance(left, right).max(f32::MIN_POSITIVE);
            let ahead = [(right[0] - left[0]) / step, (right[1] - left[1]) / step];
            if before.is_some_and(|before| before[0] * ahead[0] + before[1] * ahead[1] < BEND) {
                return None;
            }
            before = Some(ahead);
            let down = [-ahead[1], ahead[0]];
            let rise = MIDDLE * self.size - offset;
            let at = [left[0] + down[0] * rise, left[1] + down[1] * rise];
            layout.glyphs.push(PlacedGlyph { id, at, turn_rad: ahead[1].atan2(ahead[0]) });
            let middle = [0, 1].map(|axis| f32::midpoint(left[axis], right[axis]) - down[axis] * offset);
            layout.boxes.push(turned_box(middle, [advance, self.size], ahead));
        }
        Some(layout)
    }

    /// How far along the line each character begins, and the last one ends: `stretch` says how much longer than the line
    /// the way beside it is at a place. What is gained or lost is so at both ends.
    fn walks(&self, stretch: impl Fn(f32) -> Option<f32>) -> Option<Vec<f32>> {
        let mut walks = vec![0.0];
        let mut walked = 0.0;
        for &(_, advance) in &self.glyphs {
            walked += advance / stretch(walked + advance / 2.0)?;
            walks.push(walked);
        }
        let shift = (self.glyphs.iter().map(|glyph| glyph.1).sum::<f32>() - walked) / 2.0;
        walks.iter_mut().for_each(|walk| *walk += shift);
        Some(walks)
    }

    /// How much longer the way `offset` pixels to the left of a line is than the line, about the place `walked` pixels
    /// from where the words begin: more than 1 on the outer side of a bend.
    fn stretch(&self, line: &[[f32; 2]], start: f32, walked: f32, offset: f32, backwards: bool) -> Option<f32> {
        let (walk, step) = (if backwards { self.width - walked } else { walked }, self.size);
        let turn = |at: f32| {
            let [from, to] = [at - step / 2.0, at + step / 2.0].map(|at| path::station(line, at).map(|it| it.at));
            let (from, to) = (from?, to?);
            Some((to[1] - from[1]).atan2(to[0] - from[0]))
        };
        let (Some(before), Some(after)) = (turn(start + walk - step / 2.0), turn(start + walk + step / 2.0)) else {
            return Some(1.0);
        };
        let bend = (after - before + std::f32::consts::PI).rem_euclid(std::f32::consts::TAU) - std::f32::consts::PI;
        // To the left of a line that turns right, clockwise on the screen, the way is longer.
        Some((1.0 + bend * offset / step).clamp(0.6, 1.7))
    }

    /// Beginning and direction of the straight line that the words may follow instead of one that hardly bends: they are
    /// easier to read so.
    fn straight(&self, line: &[[f32; 2]], start: f32) -> Option<[[f32; 2]; 2]> {
        let (from, to) = (path::station(line, start)?.at, path::station(line, start + self.width)?.at);
        let chord = path::distance(from, to).max(f32::MIN_POSITIVE);
        let along = [(to[0] - from[0]) / chord, (to[1] - from[1]) / chord];
        let steps = 8;
        let bends = (1..steps).any(|step| {
            let Some(at) = path::station(line, start + self.width * step as f32 / steps as f32) else { return true };
            let aside = (at.at[0] - from[0]) * along[1] - (at.at[1] - from[1]) * along[0];
            aside.abs() > STRAIGHT[usize::from(!self.wide)] * self.size
        });
        (!bends).then_some([from, along])
    }

    /// Upright characters one below the other; upwards tells whether the line itself runs upwards.
    fn standing(&self, line: &[[f32; 2]], middle: f32, offset: f32, upwards: bool) -> Option<Layout> {
        let mut layout = Layout { glyphs: Vec::with_capacity(self.glyphs.len()), boxes: Vec::new() };
        let mut walked = -self.width / 2.0;
        for &(id, advance) in &self.glyphs {
            let by = walked + advance / 2.0;
            let station = path::station(line, if upwards { middle - by } else { middle + by })?;
            let [x, y] = [station.at[0] + offset, station.at[1]];
            let half = self.size / 2.0;
            let half_advance = (advance / 2.0).min(half);
            layout.glyphs.push(PlacedGlyph { id, at: [x - half_advance, y + MIDDLE * self.size], turn_rad: 0.0 });
            layout.boxes.push([x - half, y - half, x + half, y + half]);
            walked += advance;
        }
        Some(layout)
    }
}

fn turned_box(middle: [f32; 2], [width, height]: [f32; 2], ahead: [f32; 2]) -> Rect {
    let half_x = f32::midpoint(ahead[0].abs() * width, ahead[1].abs() * height);
    let half_y = f32::midpoint(ahead[1].abs() * width, ahead[0].abs() * height);
    [middle[0] - half_x, middle[1] - half_y, middle[0] + half_x, middle[1] + half_y]
}

/// The places that are taken.
pub(super) struct Board {
    seen: Rect,
    /// Words must stay inside this, and outside that.
    room: (Rect, Option<Rect>),
    columns: usize,
    squares: Vec<Vec<Rect>>,
    /// Symbols, which words keep clear of where they can.
    symbols: Vec<Vec<Rect>>,
}

/// What words keep clear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clear {
    /// Other words.
    OfWords,
    /// Other words and symbols.
    OfAll,
}

impl Board {
    /// An empty board; words must stay inside `seen`.
    pub(super) fn new(seen: Rect) -> Self {
        let count = |from: f32, to: f32| ((to - from) / SQUARE).ceil().clamp(1.0, 1000.0) as usize;
        let (columns, rows) = (count(seen[0], seen[2]), count(seen[1], seen[3]));
        let squares = vec![Vec::new(); columns * rows];
        Self { seen, room: (seen, None), columns, symbols: squares.clone(), squares }
    }

    /// Words must stay inside `room` from now on, and leave out another part of it.
    pub(super) fn give(&mut self, room: Rect, but: Option<Rect>) {
        self.room = (room, but);
    }

    fn has_room(&self, area: Rect) -> bool {
        let (room, but) = self.room;
        path::holds(room, area) && !but.is_some_and(|but| path::overlap(but, area))
    }

    /// Takes the places of a layout, if all of them are free and seen.
    pub(super) fn take(&mut self, layout: &Layout, clear: Clear) -> bool {
        let free = layout.boxes.iter().all(|&area| self.has_room(area) && self.is_free(area, clear));
        if free {
            for &area in &layout.boxes {
                self.touched(area).for_each(|square| self.squares[square].push(area));
            }
        }
        free
    }

    /// Keeps words out of a box.
    pub(super) fn block(&mut self, area: Rect) {
        if path::overlap(area, self.seen) {
            self.touched(area).for_each(|square| self.squares[square].push(area));
        }
    }

    /// Marks where a symbol stands.
    pub(super) fn add_symbol(&mut self, area: Rect) {
        if path::overlap(area, self.seen) {
            self.touched(area).for_each(|square| self.symbols[square].push(area));
        }
    }

    /// Whether nothing is in or near a box.
    fn is_free(&self, area: Rect, clear: Clear) -> bool {
        let [left, top, right, bottom] = area;
        let wide = [left - CLEARANCE, top - CLEARANCE, right + CLEARANCE, bottom + CLEARANCE];
        let meets = |taken: &[Rect], area: Rect| taken.iter().any(|&taken| path::overlap(taken, area));
        self.touched(wide).all(|square| {
            !(meets(&self.squares[square], wide) || clear == Clear::OfAll && meets(&self.symbols[square], area))
        })
    }

    fn touched(&self, [left, top, right, bottom]: Rect) -> impl Iterator<Item = usize> + use<> {
        let columns = self.columns;
        let rows = self.squares.len() / columns;
        let place = |at: f32, from: f32, count: usize| (((at - from) / SQUARE).max(0.0) as usize).min(count - 1);
        let across = place(left, self.seen[0], columns)..=place(right, self.seen[0], columns);
        let down = place(top, self.seen[1], rows)..=place(bottom, self.seen[1], rows);
        down.flat_map(move |row| across.clone().map(move |column| row * columns + column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(layout: &Layout) -> Vec<i32> {
        layout.glyphs.iter().map(|glyph| glyph.turn_rad.to_degrees().round() as i32).collect()
    }

    #[test]
    fn latin_turns_with_the_line_and_never_stands_on_its_head() {
        let words = Words::new("DN800", false, 10.0, 0.0);
        for line in [[[0.0, 0.0], [100.0, 50.0]], [[100.0, 50.0], [0.0, 0.0]]] {
            let layout = words.along(&line, 55.0, 0.0).unwrap();
            assert_eq!(turns(&layout), [27; 5]);
            assert!(layout.glyphs[0].at[0] < layout.glyphs[4].at[0]);
        }
    }

    #[test]
    fn chinese_on_a_steep_line_stands_upright_and_reads_downwards() {
        let words = Words::new("庐山北路", true, 12.0, 0.1);
        for line in [[[50.0, 0.0], [40.0, 100.0]], [[40.0, 100.0], [50.0, 0.0]]] {
            let layout = words.along(&line, 50.0, 0.0).unwrap();
            assert_eq!(turns(&layout), [0; 4]);
            assert!(layout.glyphs.windows(2).all(|pair| pair[0].at[1] < pair[1].at[1]));
        }
        let flat = words.along(&[[0.0, 0.0], [100.0, 30.0]], 50.0, 0.0).unwrap();
        assert_eq!(turns(&flat), [17; 4]);
    }

    #[test]
    fn words_stand_above_their_line() {
        let words = Words::new("YS", false, 10.0, 0.0);
        let layout = words.along(&[[100.0, 0.0], [0.0, 0.0]], 50.0, 9.0).unwrap();
        assert!(layout.boxes.iter().all(|area| area[3] <= -3.9), "{:?}", layout.boxes);
    }

    #[test]
    fn a_line_that_bends_too_much_takes_no_words() {
        let words = Words::new("Binjiang Road", false, 12.0, 0.0);
        let hairpin = [[0.0, 0.0], [40.0, 0.0], [40.0, 6.0], [0.0, 6.0]];
        assert!(words.along(&hairpin, 43.0, 0.0).is_none());
        assert!(words.along(&[[0.0, 0.0], [20.0, 0.0]], 10.0, 0.0).is_none());
    }

    #[test]
    fn letters_beside_a_bend_stand_as_close_as_on_a_straight_line() {
        let bend: Vec<[f32; 2]> =
            (0..=60).map(|step| (step as f32 / 50.0).sin_cos()).map(|(x, y)| [x * 90.0, 90.0 - y * 90.0]).collect();
        let words = Words::new("WS HDPE DN600", false, 10.0, 0.0);
        let middle = path::length(&bend) / 2.0;
        for offset in [9.0, -9.0] {
            let layout = words.along(&bend, middle, offset).expect("room");
            let middles: Vec<[f32; 2]> =
                layout.boxes.iter().map(|b| [b[0] + b[2], b[1] + b[3]].map(|n| n / 2.0)).collect();
            for (pair, two) in middles.windows(2).zip(words.glyphs.windows(2)) {
                let (apart, want) = (path::distance(pair[0], pair[1]), f32::midpoint(two[0].1, two[1].1));
                assert!((apart / want - 1.0).abs() < 0.06, "{apart} for {want} at {offset}");
            }
        }
    }

    #[test]
    fn words_keep_three_pixels_apart_and_inside() {
        let mut board = Board::new([0.0, 0.0, 200.0, 100.0]);
        let words = Words::new("九江", false, 10.0, 0.0);
        let mut take = |middle| board.take(&words.level(middle), Clear::OfAll);
        assert!(take([50.0, 50.0]));
        assert!(!take([50.0, 62.0]));
        assert!(take([50.0, 63.5]));
        assert!(!take([5.0, 20.0]));
        assert!(!take([150.0, 98.0]));
    }

    #[test]
    fn words_keep_clear_of_symbols_where_they_are_asked_to() {
        let mut board = Board::new([0.0, 0.0, 200.0, 100.0]);
        board.add_symbol([40.0, 40.0, 60.0, 60.0]);
        let words = Words::new("九江", false, 10.0, 0.0);
        assert!(!board.take(&words.level([65.0, 50.0]), Clear::OfAll));
        assert!(board.take(&words.level([65.0, 50.0]), Clear::OfWords));
    }
}
