//! A picture as a list of plain things to paint, in order: what the painter, PDF and SVG are made from.
//!
//! Positions and sizes are logical pixels from the upper left corner. Coordinates of all paths lie in one block.

use std::ops::Range;
use std::sync::Arc;

use crate::model::style::{Cap, Rgba};

/// A run of positions in [`Scene::points`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathSpan {
    /// Index of the first position.
    pub start: u32,
    /// Index behind the last position.
    pub end: u32,
    /// Whether the last position is joined to the first.
    pub closed: bool,
    /// Smallest and largest y of the positions.
    pub y_range: [f32; 2],
}

/// One thing to paint.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// The inside of paths, by the non-zero rule.
    Fill {
        /// Which of [`Scene::paths`].
        paths: Range<u32>,
        /// Colour.
        color: Rgba,
    },
    /// Lines along paths; dashes are paths of their own.
    Stroke {
        /// Which of [`Scene::paths`].
        paths: Range<u32>,
        /// Colour.
        color: Rgba,
        /// Width.
        width: f32,
        /// Line ends.
        cap: Cap,
    },
    /// What features smaller than a pixel add up to: one cover value for each physical pixel of the whole picture.
    Cover {
        /// Colour.
        color: Rgba,
        /// Width of the picture in physical pixels.
        width: u16,
        /// 0 for nothing, 255 for a covered pixel, row by row.
        cover: Arc<[u8]>,
    },
    /// A picture, one colour for each physical pixel of the whole scene.
    Raster {
        /// Width of the scene in physical pixels.
        width: u16,
        /// Red, green, blue, alpha, not premultiplied, row by row.
        rgba: Arc<[u8]>,
    },
    /// A symbol.
    Symbol {
        /// Its name in `assets/symbols`.
        id: Arc<str>,
        /// Middle.
        at: [f32; 2],
        /// Height.
        size: f32,
    },
    /// A disc, perhaps with a ring around it.
    Disc {
        /// Middle.
        at: [f32; 2],
        /// Diameter.
        size: f32,
        /// Colour inside.
        color: Rgba,
        /// Colour and width of the ring, which lies on the edge.
        ring: Option<(Rgba, f32)>,
    },
    /// Words.
    Text(Arc<TextRun>),
    /// From here to the matching [`Item::Pop`], everything is seen through.
    Opacity(f32),
    /// From here to the matching [`Item::Pop`], nothing outside a box is painted: left, top, right, bottom.
    Clip([f32; 4]),
    /// Ends the last [`Item::Opacity`] or [`Item::Clip`].
    Pop,
}

/// Words with a place for each character.
#[derive(Clone, Debug, PartialEq)]
pub struct TextRun {
    /// What is written, for search and copy.
    pub text: String,
    /// Where its characters stand.
    pub glyphs: Vec<PlacedGlyph>,
    /// Character height (the em) in pixels.
    pub size: f32,
    /// Whether the characters are of medium weight.
    pub medium: bool,
    /// Whether they are slanted.
    pub italic: bool,
    /// Their colour.
    pub color: Rgba,
    /// Colour and width of the outline around them.
    pub halo: Option<(Rgba, f32)>,
}

/// A character of a [`TextRun`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedGlyph {
    /// Glyph number in the font.
    pub id: u32,
    /// Left end of its base line.
    pub at: [f32; 2],
    /// Turn, clockwise, radians.
    pub turn_rad: f32,
}

/// A picture as things to paint. See the module's head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// Width and height in logical pixels.
    pub size_px: [f64; 2],
    /// Physical pixels to one logical pixel.
    pub pixel_ratio: f64,
    /// Whether symbols are those of the dark map.
    pub dark: bool,
    /// Colour under everything.
    pub background: Option<Rgba>,
    /// What is painted, in order.
    pub items: Vec<Item>,
    /// Paths of the items.
    pub paths: Vec<PathSpan>,
    /// Positions of the paths.
    pub points: Vec<[f32; 2]>,
}

impl Scene {
    /// Adds a path; fewer than two positions are left out.
    pub fn push_path(&mut self, points: impl IntoIterator<Item = [f32; 2]>, closed: bool) {
        let start = self.points.len();
        let mut y_range = [f32::INFINITY, f32::NEG_INFINITY];
        self.points.extend(points.into_iter().inspect(|at| {
            y_range = [y_range[0].min(at[1]), y_range[1].max(at[1])];
        }));
        if self.points.len() < start + 2 {
            self.points.truncate(start);
            return;
        }
        let (start, end) = (start as u32, self.points.len() as u32);
        self.paths.push(PathSpan { start, end, closed, y_range });
    }

    /// The paths so far: where the next item's begin.
    pub fn next_path(&self) -> u32 {
        self.paths.len() as u32
    }

    /// The positions of a path.
    pub fn positions(&self, path: PathSpan) -> &[[f32; 2]] {
        &self.points[path.start as usize..path.end as usize]
    }

    /// Puts another scene on top with its upper left corner at `corner`, cut at its edges. What it has as cover of whole
    /// pixels moves by whole pixels.
    pub fn place(&mut self, mut other: Self, corner: [f32; 2]) {
        let [left, top] = corner;
        let [width, height] = other.size_px.map(|side| side as f32);
        let (from, to) = (other.physical_size(), self.physical_size());
        let at = corner.map(|side| (f64::from(side) * self.pixel_ratio).round().max(0.0) as usize);
        other.points.iter_mut().for_each(|[x, y]| (*x, *y) = (*x + left, *y + top));
        other.paths.iter_mut().for_each(|path| path.y_range = path.y_range.map(|y| y + top));
        for item in &mut other.items {
            match item {
                Item::Symbol { at, .. } | Item::Disc { at, .. } => *at = [at[0] + left, at[1] + top],
                Item::Text(run) => {
                    let run = Arc::make_mut(run);
                    run.glyphs.iter_mut().for_each(|glyph| glyph.at = [glyph.at[0] + left, glyph.at[1] + top]);
                }
                Item::Clip(area) => *area = [area[0] + left, area[1] + top, area[2] + left, area[3] + top],
                Item::Cover { width, cover, .. } => {
                    *cover = moved_pixels::<1>(cover, from, to, at).into();
                    *width = to[0] as u16;
                }
                Item::Raster { width, rgba } => {
                    *rgba = moved_pixels::<4>(rgba, from, to, at).into();
                    *width = to[0] as u16;
                }
                Item::Fill { .. } | Item::Stroke { .. } | Item::Opacity(_) | Item::Pop => {}
            }
        }
        self.items.push(Item::Clip([left, top, left + width, top + height]));
        if let Some(color) = other.background {
            let first = self.next_path();
            let right = left + width;
            self.push_path([[left, top], [right, top], [right, top + height], [left, top + height]], true);
            self.items.push(Item::Fill { paths: first..self.next_path(), color });
        }
        self.append(other);
        self.items.push(Item::Pop);
    }

    fn physical_size(&self) -> [usize; 2] {
        self.size_px.map(|side| (side * self.pixel_ratio).round().clamp(1.0, 16_384.0) as usize)
    }

    /// Puts another scene of the same view on top.
    pub fn append(&mut self, other: Self) {
        let (points, paths) = (self.points.len() as u32, self.paths.len() as u32);
        self.points.extend(other.points);
        self.paths.extend(other.paths.into_iter().map(|path| PathSpan {
            start: path.start + points,
            end: path.end + points,
            ..path
        }));
        let moved = |range: Range<u32>| range.start + paths..range.end + paths;
        self.items.extend(other.items.into_iter().map(|item| match item {
            Item::Fill { paths, color } => Item::Fill { paths: moved(paths), color },
            Item::Stroke { paths, color, width, cap } => Item::Stroke { paths: moved(paths), color, width, cap },
            other => other,
        }));
    }
}

/// A picture's pixels of so many bytes inside a larger one.
fn moved_pixels<const BYTES: usize>(pixels: &[u8], from: [usize; 2], to: [usize; 2], at: [usize; 2]) -> Vec<u8> {
    let mut moved = vec![0; to[0] * to[1] * BYTES];
    let wide = from[0].min(to[0].saturating_sub(at[0]));
    for (row, line) in pixels.chunks_exact(from[0] * BYTES).enumerate().take(to[1].saturating_sub(at[1])) {
        let start = ((at[1] + row) * to[0] + at[0]) * BYTES;
        moved[start..start + wide * BYTES].copy_from_slice(&line[..wide * BYTES]);
    }
    moved
}
