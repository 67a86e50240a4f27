//! Simplified levels of a large layer, so that a map of the whole city costs what its pixels cost.
//!
//! Each level has a grain, a length on the ground that is at most one physical pixel wide where the level is used. What
//! is small against the grain is kept as marks: a step of a line, a short line, an area, a point, each a few bytes, those
//! of one class that share a grain added up. What is larger stays a feature with fewer positions. Features of one class
//! look the same at every scale of the style, so a class is a row of values that the style reads.
//!
//! Marks are painted by adding up how much of each pixel they cover, like small features of the exact way ([`build`]).
//!
//! [`build`]: super::build

use std::io::{Read, Result, Write};
use std::ops::Range;

use super::build::{Batches, Count, Frame, MapLayer, sizes};
use super::cover::Cover;
use super::scene::Scene;
use super::sizes::Scale;
use super::view::View;
use crate::index::arena::UNITS_PER_M;
use crate::index::layer::LayerIndex;
use crate::index::pack::{Packer, Unpacker, damaged};
use crate::model::expr::Expr;
use crate::model::geometry::Bounds;
use crate::model::schema::Schema;
use crate::model::style::{Crowd, Paint, Style};
use crate::task::Cancel;

/// Steps of a mark's place to one grain.
pub(super) const STEPS: f64 = 8.0;

/// Grains to the side of a block.
pub(super) const BLOCK: f64 = 64.0;

/// Added to a mark's place in its block: marks of one feature may lie beside the block of its first position.
pub(super) const BIAS: f64 = 512.0;

/// No mark reaches farther out of its block than this, grains.
const REACH: f64 = 20.0;

/// Steps of a length to one grain, and of an area to one square grain.
pub(super) const LENGTH_STEPS: f64 = 64.0;
/// See [`LENGTH_STEPS`].
pub(super) const AREA_STEPS: f64 = 256.0;

/// Wider lines are painted the exact way, physical pixels.
const WIDEST: f32 = 4.0;

/// A disc smaller than this may be a mark, physical pixels.
const SMALL_DISC: f32 = 2.5;

/// The levels of one layer. See the module's head.
#[derive(Debug)]
pub struct Levels {
    pub(super) key: LevelKey,
    /// A row for each class.
    pub(super) classes: LayerIndex,
    /// Fine to coarse.
    pub(super) steps: Vec<Level>,
    /// Features of the layer.
    pub(super) features: usize,
    /// Web Mercator metres around them.
    pub(super) bounds_world: Bounds,
}

/// What of a style decides how features fall into classes: levels serve every style that has the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LevelKey {
    pub(super) filters: Vec<Expr>,
    /// Ids of the fields that sizes read.
    pub(super) fields: Vec<String>,
}

/// One level.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// Web Mercator metres.
    pub(super) grain_m: f64,
    /// What is too large for a mark.
    pub(super) large: LayerIndex,
    pub(super) blocks: Vec<Block>,
    pub(super) parts: Vec<Part>,
    /// Steps of lines: x, y of the one end, and the way to the other as two bytes.
    pub(super) lines: Vec<[u16; 3]>,
    /// Short lines: x, y, length.
    pub(super) spots: Vec<[u16; 3]>,
    /// Areas: x, y, half the way along the longer side as two bytes, area, length of the border. Areas that were added
    /// up have no longer side.
    pub(super) patches: Vec<[u16; 5]>,
    /// Points: x, y, how many.
    pub(super) dots: Vec<[u16; 3]>,
}

/// A square of the world and the parts in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    /// Column and row, counted in blocks from the world's origin.
    pub(super) at: [i32; 2],
    pub(super) parts: Range<u32>,
}

/// Marks of one class in one block.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Part {
    pub(super) class: u32,
    pub(super) features: u32,
    pub(super) lines: Range<u32>,
    pub(super) spots: Range<u32>,
    pub(super) patches: Range<u32>,
    pub(super) dots: Range<u32>,
}

impl LevelKey {
    /// The one of a style.
    pub fn of(style: &Style) -> Self {
        let mut key = Self::default();
        for rule in &style.rules {
            key.filters.extend(rule.filter.iter().cloned());
            for paint in &rule.paints {
                paint.fields(&mut key.fields);
            }
        }
        let mut seen: Vec<Expr> = Vec::new();
        key.filters.retain(|filter| !seen.contains(filter) && (seen.push(filter.clone()), true).1);
        key.fields.sort();
        key.fields.dedup();
        key
    }
}

impl Levels {
    /// Whether they serve a style.
    pub fn serve(&self, style: &Style) -> bool {
        style.crowd == Crowd::Each && self.key == LevelKey::of(style)
    }

    /// Whether a view of the layer in a style needs nothing else.
    pub fn suffice(&self, schema: &Schema, style: &Style, view: &View) -> bool {
        self.serve(style) && self.level(schema, style, view).is_some()
    }

    /// Writes all but what says which styles they serve: see [`LevelKey`].
    pub fn pack<W: Write>(&self, out: &mut Packer<W>) -> Result<()> {
        self.classes.pack(out)?;
        out.number(self.features as u64)?;
        out.slice(&[self.bounds_world.min, self.bounds_world.max])?;
        out.number(self.steps.len() as u64)?;
        self.steps.iter().try_for_each(|level| level.pack(out))
    }

    /// Reads what [`Levels::pack`] writes, for the styles that have `key`.
    pub fn unpack<R: Read>(input: &mut Unpacker<R>, key: LevelKey) -> Result<Self> {
        let classes = LayerIndex::unpack(input)?;
        let features = input.count()?;
        let [min, max] = input.slice()?.try_into().map_err(|_| damaged())?;
        let steps = (0..input.number()?).map(|_| Level::unpack(input)).collect::<Result<_>>()?;
        Ok(Self { key, classes, steps, features, bounds_world: Bounds { min, max } })
    }

    /// Bytes on the heap, near enough.
    pub fn resident_bytes(&self) -> usize {
        self.classes.resident_bytes() + self.steps.iter().map(Level::resident_bytes).sum::<usize>()
    }

    /// The level for a view, unless something of the style must be painted the exact way there.
    fn level(&self, schema: &Schema, style: &Style, view: &View) -> Option<&Level> {
        let physical_m = view.metres_per_px / view.pixel_ratio;
        let level = self.steps.iter().rev().find(|level| level.grain_m <= physical_m)?;
        let scale = Scale::new(schema, view);
        let ratio = view.pixel_ratio as f32;
        let is_throng = super::build::is_throng(self.features, self.bounds_world, view);
        let in_force = style.rules.iter().filter(|rule| rule.scale.holds(scale.denominator));
        let fits = |paint: &Paint| {
            let [size, _] = sizes(paint, &scale);
            match paint {
                Paint::Fill { .. } => true,
                Paint::Stroke(_) => size.most() * ratio <= WIDEST,
                Paint::Disc { .. } => is_throng || size.most() * ratio < SMALL_DISC,
                _ => false,
            }
        };
        in_force.flat_map(|rule| &rule.paints).all(fits).then_some(level)
    }

    /// The scene of a layer from its level; `None` if there is none for it. The inner one is `None` if cancelled.
    pub(super) fn build(
        &self,
        layer: &MapLayer,
        view: &View,
        dark: bool,
        cancel: &Cancel,
    ) -> Option<Option<(Scene, Count)>> {
        let level = self.level(layer.schema, layer.style, view)?;
        let large = MapLayer { index: &level.large, levels: None, ..*layer };
        let is_throng = super::build::is_throng(self.features, self.bounds_world, view);
        let frame = Frame::new(&large, view, dark).in_throng(is_throng);
        let slots = level.large.window_slots(view.bounds_world(frame.margin_px));
        let Some((mut batches, mut count)) = frame.batches(&slots, cancel) else { return Some(None) };
        let classes = MapLayer { index: &self.classes, levels: None, ..*layer };
        let frame = Frame::new(&classes, view, dark).in_throng(is_throng);
        Marks { level, frame: &frame, view }.paint(&mut batches, &mut count);
        Some(Some((frame.scene(batches, layer.opacity), count)))
    }
}

impl Level {
    fn pack<W: Write>(&self, out: &mut Packer<W>) -> Result<()> {
        out.slice(&[self.grain_m])?;
        self.large.pack(out)?;
        let blocks: Vec<[i32; 4]> = self
            .blocks
            .iter()
            .map(|Block { at: [x, y], parts }| [*x, *y, parts.start as i32, parts.end as i32])
            .collect();
        out.slice(&blocks)?;
        let parts: Vec<[u32; 10]> = self.parts.iter().map(Part::numbers).collect();
        out.slice(&parts)?;
        out.slice(&self.lines)?;
        out.slice(&self.spots)?;
        out.slice(&self.patches)?;
        out.slice(&self.dots)
    }

    fn unpack<R: Read>(input: &mut Unpacker<R>) -> Result<Self> {
        let [grain_m] = input.slice()?.try_into().map_err(|_| damaged())?;
        let large = LayerIndex::unpack(input)?;
        let block = |[x, y, start, end]: [i32; 4]| Block { at: [x, y], parts: start as u32..end as u32 };
        let blocks = input.slice()?.into_iter().map(block).collect();
        let parts = input.slice()?.into_iter().map(Part::from_numbers).collect();
        let [lines, spots] = [input.slice()?, input.slice()?];
        Ok(Self { grain_m, large, blocks, parts, lines, spots, patches: input.slice()?, dots: input.slice()? })
    }

    fn resident_bytes(&self) -> usize {
        let marks = (self.lines.len() + self.spots.len() + self.dots.len()) * 6 + self.patches.len() * 10;
        marks
            + self.parts.len() * size_of::<Part>()
            + self.blocks.len() * size_of::<Block>()
            + self.large.resident_bytes()
    }
}

impl Part {
    fn numbers(&self) -> [u32; 10] {
        let Self { class, features, lines, spots, patches, dots } = self;
        let [a, b, c, d] = [lines, spots, patches, dots].map(|run| [run.start, run.end]);
        [*class, *features, a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]]
    }

    fn from_numbers([class, features, a, b, c, d, e, f, g, h]: [u32; 10]) -> Self {
        Self { class, features, lines: a..b, spots: c..d, patches: e..f, dots: g..h }
    }

    fn has_marks_for(&self, paint: &Paint) -> bool {
        match paint {
            Paint::Fill { .. } => !self.patches.is_empty(),
            Paint::Stroke(_) => !(self.lines.is_empty() && self.spots.is_empty() && self.patches.is_empty()),
            Paint::Disc { .. } => !self.dots.is_empty(),
            _ => false,
        }
    }
}

/// What painting the marks of a level needs to know.
struct Marks<'a> {
    level: &'a Level,
    frame: &'a Frame<'a>,
    view: &'a View,
}

/// The way from a block to physical pixels: place = origin + x × east + y × north, in steps of a mark's place.
#[derive(Clone, Copy)]
struct Grid {
    origin: [f32; 2],
    east: [f32; 2],
    north: [f32; 2],
    /// Physical pixels to a grain.
    grain_px: f32,
}

impl Grid {
    fn at(&self, x: u16, y: u16) -> [f32; 2] {
        let (x, y) = (f32::from(x), f32::from(y));
        [0, 1].map(|axis| self.origin[axis] + x * self.east[axis] + y * self.north[axis])
    }

    /// The other end of a step.
    fn end(&self, from: [f32; 2], way: u16) -> [f32; 2] {
        let [x, y] = way.to_le_bytes().map(|byte| f32::from(byte.cast_signed()));
        [0, 1].map(|axis| from[axis] + x * self.east[axis] + y * self.north[axis])
    }
}

/// A small area on the screen: a rectangle with its longer side, or a square around its middle.
struct Patch {
    middle: [f32; 2],
    /// Half of the longer side.
    half: [f32; 2],
    area: f32,
}

impl Patch {
    fn new(grid: &Grid, [x, y]: [u16; 2], way: u16, area: f32) -> Self {
        let middle = grid.at(x, y);
        let end = grid.end(middle, way);
        Self { middle, half: [end[0] - middle[0], end[1] - middle[1]], area }
    }

    /// Spreads so much cover over the area and `more` around it.
    fn fill(&self, more: f32, cover: f32, out: &mut Cover) {
        let half = (self.half[0].powi(2) + self.half[1].powi(2)).sqrt();
        if half < 0.7 {
            return out.dab(self.middle, (self.area.sqrt() + more).max(1.0), cover);
        }
        let grown = (half + more / 2.0) / half;
        let [x, y] = self.half.map(|side| side * grown);
        let width = (self.area / (2.0 * half) + more).max(0.5);
        let share = cover / (width * 2.0 * half * grown);
        let ([low, high], [left, right]) =
            ([self.middle[1] - y, self.middle[1] + y], [self.middle[0] - x, self.middle[0] + x]);
        out.stripe([left, low], [right, high], width, share.min(1.0));
    }
}

impl Marks<'_> {
    fn paint(&self, batches: &mut Batches, count: &mut Count) {
        let margin_px = REACH * self.level.grain_m / self.view.metres_per_px + self.frame.margin_px;
        let seen = self.view.bounds_world(margin_px);
        let side_m = BLOCK * self.level.grain_m;
        for block in &self.level.blocks {
            let [west, south] = block.at.map(|number| f64::from(number) * side_m);
            if seen.intersects(&Bounds::new(west, south, west + side_m, south + side_m)) {
                let grid = self.grid([west, south]);
                for part in &self.level.parts[range(&block.parts)] {
                    self.paint_part(part, &grid, batches);
                    count.features += part.features as usize;
                    count.vertices += part.lines.len() * 2 + part.spots.len() + part.patches.len() + part.dots.len();
                }
            }
        }
    }

    fn grid(&self, corner_world: [f64; 2]) -> Grid {
        let step_m = self.level.grain_m / STEPS;
        let ratio = self.view.pixel_ratio;
        let screen = |x: f64, y: f64| {
            let at = self.view.screen_from_world([corner_world[0] + x * step_m, corner_world[1] + y * step_m]);
            at.map(|n| n * ratio)
        };
        // Ways are measured over the whole block, where they have the most digits.
        let (origin, far) = (screen(-BIAS, -BIAS), BLOCK * STEPS);
        let way = |to: [f64; 2]| [0, 1].map(|axis| ((to[axis] - origin[axis]) / far) as f32);
        Grid {
            origin: origin.map(|n| n as f32),
            east: way(screen(far - BIAS, -BIAS)),
            north: way(screen(-BIAS, far - BIAS)),
            grain_px: (self.level.grain_m / self.view.metres_per_px * ratio) as f32,
        }
    }

    fn paint_part(&self, part: &Part, grid: &Grid, batches: &mut Batches) {
        let mut chosen = Vec::new();
        self.frame.choose(part.class, &mut chosen);
        let ratio = self.view.pixel_ratio as f32;
        for rule in chosen {
            let active = &self.frame.rules[rule];
            for (place, paint) in active.rule.paints.iter().enumerate() {
                let size = active.sizes[place][0].of(self.frame.layer.index, part.class) * ratio;
                let key = (active.rule.pass, rule, place, 0);
                if !part.has_marks_for(paint) {
                    continue;
                }
                let cover = batches.entry(key).or_default().cover(self.view);
                match paint {
                    Paint::Fill { .. } => self.fill(part, grid, cover),
                    Paint::Stroke(stroke) if size > 0.0 => {
                        let inked = super::build::inked(&stroke.dash);
                        self.stroke(part, grid, [size, inked], cover);
                    }
                    Paint::Disc { .. } if size > 0.0 => self.discs(part, grid, size, cover),
                    _ => {}
                }
            }
        }
    }

    fn fill(&self, part: &Part, grid: &Grid, cover: &mut Cover) {
        for &[x, y, way, area, _] in &self.level.patches[range(&part.patches)] {
            let area = f32::from(area) / AREA_STEPS as f32 * grid.grain_px * grid.grain_px;
            Patch::new(grid, [x, y], way, area).fill(0.0, area, cover);
        }
    }

    fn stroke(&self, part: &Part, grid: &Grid, [width, inked]: [f32; 2], cover: &mut Cover) {
        for &[x, y, way] in &self.level.lines[range(&part.lines)] {
            let from = grid.at(x, y);
            cover.stripe(from, grid.end(from, way), width, inked);
        }
        let length_px = |length: u16| f32::from(length) / LENGTH_STEPS as f32 * grid.grain_px;
        for &[x, y, length] in &self.level.spots[range(&part.spots)] {
            cover.dab(grid.at(x, y), width.max(1.0), length_px(length) * width * inked);
        }
        for &[x, y, way, area, length] in &self.level.patches[range(&part.patches)] {
            let area = f32::from(area) / AREA_STEPS as f32 * grid.grain_px * grid.grain_px;
            Patch::new(grid, [x, y], way, area).fill(width, length_px(length) * width * inked, cover);
        }
    }

    fn discs(&self, part: &Part, grid: &Grid, size: f32, cover: &mut Cover) {
        for &[x, y, count] in &self.level.dots[range(&part.dots)] {
            // Points of one grain hide each other, unless they are smaller than it.
            let times = if size < 2.0 { count.min(8) } else { 1 };
            (0..times).for_each(|_| cover.disc(grid.at(x, y), size));
        }
    }
}

fn range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// A grain in centimetres.
pub(super) fn grain_units(grain_m: f64) -> f64 {
    grain_m * UNITS_PER_M
}
