//! From layers, styles and a view to a scene.
//!
//! Everything with the same paint goes into one batch, so a pass is painted rule by rule, each in the order of the
//! features. Cost follows the screen: lines lose what cannot be seen at this scale, features smaller than half a pixel
//! are added up to cover values, points that would hide each other completely are painted once.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::cover::Cover;
use super::crowd;
use super::filter::Filter;
use super::hatch::Lines;
use super::levels::Levels;
use super::marks::{mark_shapes, spread};
use super::path::{self, Rect};
use super::scene::{Item, Scene};
use super::sizes::{Pixels, Scale};
use super::trace::{Traced, Tracer};
use super::view::View;
use crate::index::layer::LayerIndex;
use crate::model::geometry::Bounds;
use crate::model::schema::Schema;
use crate::model::style::{Cap, LineMark, Paint, Rgba, Rule, Style};
use crate::task::Cancel;

/// Pixels around the view in which features are still looked at: the largest symbol or line.
pub const MARGIN_PX: f64 = 64.0;

/// Fewest features that are worth a thread; after so many it looks whether to go on.
const CHUNK: usize = 4096;

/// An area or line whose box is smaller than this is added to the cover, in physical pixels.
const SMALL_AREA: f32 = 2.5;

/// A thin line whose box is smaller than this is added to the cover, in physical pixels.
const SHORT_LINE: f32 = 6.0;

/// Width of a thin line, in physical pixels.
const THIN_LINE: f32 = 1.6;

/// With more features than this to a square pixel, all over the layer, discs, thin lines and small areas are added to the
/// cover whatever their size: 20,000 in a window of 1280 × 800. A property of layer and scale, so that neighbouring tiles
/// agree.
const THRONG: f64 = 0.02;

/// An area of a throng whose box is smaller than this is added to the cover, in physical pixels.
const SMALL_IN_THRONG: f32 = 96.0;

/// A disc smaller than this is added to the cover, in physical pixels.
const SMALL_DISC: f32 = 2.5;

/// A layer to paint.
#[derive(Clone, Copy, Debug)]
pub struct MapLayer<'a> {
    /// Its geometry and style columns.
    pub index: &'a LayerIndex,
    /// Its fields.
    pub schema: &'a Schema,
    /// How it looks.
    pub style: &'a Style,
    /// 0 is clear, 1 is solid.
    pub opacity: f32,
    /// For small scales, if the layer is large.
    pub levels: Option<&'a Levels>,
}

/// What was looked at for a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Features with a rule at this scale, in or near the view.
    pub features: usize,
    /// Their positions.
    pub vertices: usize,
}

/// The scene of one layer without its labels; `None` if cancelled.
pub fn build_layer(layer: &MapLayer, view: &View, dark: bool, cancel: &Cancel) -> Option<(Scene, Count)> {
    if crowd::gathers(layer, view) {
        return crowd::build(layer, view, dark, cancel);
    }
    if let Some(levels) = layer.levels.filter(|levels| levels.serve(layer.style))
        && let Some(built) = levels.build(layer, view, dark, cancel)
    {
        return built;
    }
    let frame = Frame::new(layer, view, dark);
    let mut slots = Vec::new();
    if !frame.rules.is_empty() && layer.opacity > 0.0 {
        slots = layer.index.window_slots(view.bounds_world(frame.margin_px));
    }
    if slots.len() <= CHUNK {
        let (batches, count) = frame.batches(&slots, cancel)?;
        return Some((frame.scene(batches, layer.opacity), count));
    }
    let share = slots.len().div_ceil(rayon::current_num_threads() * 2).max(CHUNK);
    let parts: Option<Vec<(Batches, Count)>> =
        slots.par_chunks(share).map(|part| frame.batches(part, cancel)).collect();
    let (mut batches, mut count) = (Batches::new(), Count::default());
    for (part, more) in parts? {
        count.features += more.features;
        count.vertices += more.vertices;
        for (key, batch) in part {
            batches.entry(key).or_default().append(batch);
        }
    }
    Some((frame.scene(batches, layer.opacity), count))
}

/// The same of some of its features alone, without the layer's opacity.
pub(super) fn build_slots(
    layer: &MapLayer,
    view: &View,
    dark: bool,
    slots: &[u32],
    cancel: &Cancel,
) -> Option<(Scene, Count)> {
    let frame = Frame::new(layer, view, dark);
    let (batches, count) = frame.batches(slots, cancel)?;
    Some((frame.scene(batches, 1.0), count))
}

/// A rule that is in force at the view's scale.
pub(super) struct Active<'a> {
    pub(super) rule: &'a Rule,
    filter: Option<Filter>,
    /// Size and offset of each of its paints.
    pub(super) sizes: Vec<[Pixels; 2]>,
}

/// What building one layer needs to know.
pub(super) struct Frame<'a> {
    pub(super) layer: &'a MapLayer<'a>,
    scale: Scale<'a>,
    tracer: Tracer,
    /// How far beyond the picture features still reach into it.
    pub(super) margin_px: f64,
    clip: Rect,
    view: View,
    dark: bool,
    /// In painting order; rules of one pass stand together.
    pub(super) rules: Vec<Active<'a>>,
    /// See [`THRONG`].
    is_throng: bool,
}

/// Pass, rule, paint and, for strokes and marks, width in 16ths of a pixel.
type Key = (u8, usize, usize, u32);
pub(super) type Batches = BTreeMap<Key, Batch>;

/// What one paint adds up to.
#[derive(Default)]
pub(super) struct Batch {
    paths: Scene,
    places: Vec<([f32; 2], f32)>,
    cover: Option<Cover>,
}

impl Batch {
    pub(super) fn cover(&mut self, view: &View) -> &mut Cover {
        self.cover.get_or_insert_with(|| Cover::new(view.size_physical()))
    }

    fn append(&mut self, other: Self) {
        self.paths.append(other.paths);
        self.places.extend(other.places);
        match (&mut self.cover, other.cover) {
            (Some(cover), Some(more)) => cover.add(&more),
            (cover, more) => *cover = cover.take().or(more),
        }
    }
}

impl<'a> Frame<'a> {
    pub(super) fn new(layer: &'a MapLayer<'a>, view: &View, dark: bool) -> Self {
        let scale = Scale::new(layer.schema, view);
        let in_force = |rule: &&Rule| rule.scale.holds(scale.denominator) && !rule.paints.is_empty();
        let compile = |rule: &'a Rule| Active {
            rule,
            filter: rule.filter.as_ref().map(|test| Filter::compile(test, layer.index, layer.schema)),
            sizes: rule.paints.iter().map(|paint| sizes(paint, &scale)).collect(),
        };
        let mut rules: Vec<Active> = layer.style.rules.iter().filter(in_force).map(compile).collect();
        rules.sort_by_key(|active| active.rule.pass);
        let reach = |active: &Active| active.sizes.iter().map(|[size, offset]| size.most() + offset.most().abs()).sum();
        let reaches = rules.iter().map(reach).fold(0.0, f32::max);
        let margin_px = f64::from(reaches + 2.0).min(MARGIN_PX);
        let margin = MARGIN_PX as f32;
        let [width, height] = view.size_px.map(|side| side as f32);
        let clip = [-margin, -margin, width + margin, height + margin];
        Self {
            layer,
            scale,
            tracer: Tracer::new(view),
            margin_px,
            clip,
            view: *view,
            dark,
            rules,
            is_throng: is_throng(layer.index.len(), layer.index.bounds_world(), view),
        }
    }

    /// The same for a part of a layer that is one, or is none, as a whole: see [`THRONG`].
    pub(super) fn in_throng(self, is_throng: bool) -> Self {
        Self { is_throng, ..self }
    }

    /// What a run of features adds up to; `None` if cancelled.
    pub(super) fn batches(&self, slots: &[u32], cancel: &Cancel) -> Option<(Batches, Count)> {
        let (mut batches, mut count) = (Batches::new(), Count::default());
        let mut traced = Traced::default();
        let mut chosen = Vec::new();
        for (turn, &slot) in slots.iter().enumerate() {
            if turn % CHUNK == 0 && cancel.is_cancelled() {
                return None;
            }
            self.choose(slot, &mut chosen);
            if chosen.is_empty() {
                continue;
            }
            count.features += 1;
            count.vertices += self.tracer.trace(self.layer.index.geometry(slot), &mut traced);
            if traced.is_empty() || !path::overlap(traced.bounds, self.clip) {
                continue;
            }
            for &rule in &chosen {
                let active = &self.rules[rule];
                for (paint, what) in active.rule.paints.iter().enumerate() {
                    let [size, offset] = &active.sizes[paint];
                    let one = Brush {
                        paint: what,
                        size: size.of(self.layer.index, slot),
                        offset: offset.of(self.layer.index, slot),
                    };
                    self.paint(&traced, &one, (active.rule.pass, rule, paint, 0), &mut batches);
                }
            }
        }
        Some((batches, count))
    }

    /// The first rule of each pass that takes the feature.
    pub(super) fn choose(&self, slot: u32, chosen: &mut Vec<usize>) {
        chosen.clear();
        let mut done = None;
        for (index, active) in self.rules.iter().enumerate() {
            let takes = |filter: &Filter| filter.holds(self.layer.index, slot);
            if done != Some(active.rule.pass) && active.filter.as_ref().is_none_or(takes) {
                chosen.push(index);
                done = Some(active.rule.pass);
            }
        }
    }

    fn paint(&self, traced: &Traced, brush: &Brush, mut key: Key, batches: &mut Batches) {
        let size = brush.size;
        let physical = size * self.view.pixel_ratio as f32;
        match brush.paint {
            Paint::Fill { .. } if traced.extent < SMALL_AREA => {
                self.cover_area(traced, 1.0, batches.entry(key).or_default());
            }
            Paint::Fill { .. } if self.is_throng && traced.extent < SMALL_IN_THRONG => {
                self.cover_rings(traced, batches.entry(key).or_default());
            }
            Paint::Fill { .. } => self.fill(traced, batches.entry(key).or_default()),
            Paint::Stroke(_) | Paint::Marks { .. } | Paint::Disc { .. } | Paint::Hatch { .. } if size <= 0.0 => {}
            Paint::Hatch { spacing_px, crossed, .. } if traced.extent < SMALL_AREA => {
                let share = (size / spacing_px.max(1.0) * if *crossed { 2.0 } else { 1.0 }).min(1.0);
                self.cover_area(traced, share, batches.entry(key).or_default());
            }
            Paint::Hatch { angle_deg, spacing_px, crossed, .. } => {
                key.3 = sixteenths(size);
                for angle in [Some(*angle_deg), crossed.then_some(angle_deg + 90.0)].into_iter().flatten() {
                    self.hatch(traced, angle, *spacing_px, batches.entry(key).or_default());
                }
            }
            Paint::Stroke(stroke) => {
                let is_short = traced.extent < SMALL_AREA || (traced.extent < SHORT_LINE && physical < THIN_LINE);
                if is_short {
                    return self.cover_lines(traced, size * inked(&stroke.dash), batches.entry(key).or_default());
                }
                if self.is_throng && physical < THIN_LINE && stroke.dash.is_empty() && brush.offset == 0.0 {
                    return self.cover_stripes(traced, size, batches.entry(key).or_default());
                }
                key.3 = sixteenths(size);
                self.stroke(traced, &stroke.dash, brush.offset, batches.entry(key).or_default());
            }
            Paint::Marks { mark, every, .. } => {
                key.3 = sixteenths(size);
                self.marks(traced, *mark, [size, *every, brush.offset], batches.entry(key).or_default());
            }
            Paint::Symbol { .. } => {
                let places = traced.anchors(self.clip).into_iter().map(|at| (at, size));
                batches.entry(key).or_default().places.extend(places);
            }
            Paint::Disc { .. } if physical < SMALL_DISC => {
                self.cover_discs(traced, size, batches.entry(key).or_default());
            }
            Paint::Disc { .. } => {
                let places = traced.points(self.clip).map(|at| (at, size));
                batches.entry(key).or_default().places.extend(places);
            }
        }
    }

    fn cover_area(&self, traced: &Traced, share: f32, batch: &mut Batch) {
        let ratio = self.view.pixel_ratio as f32;
        let area = traced.area() * ratio * ratio * share;
        if area > 0.0 {
            batch.cover(&self.view).area(traced.bounds.map(|side| side * ratio), area);
        }
    }

    fn cover_lines(&self, traced: &Traced, width: f32, batch: &mut Batch) {
        let ratio = self.view.pixel_ratio as f32;
        for (line, closed) in traced.lines() {
            let closing = if closed { line.first() } else { None };
            let line = line.iter().chain(closing).map(|at| at.map(|n| n * ratio));
            batch.cover(&self.view).line(line, width * ratio);
        }
    }

    fn cover_rings(&self, traced: &Traced, batch: &mut Batch) {
        let ratio = self.view.pixel_ratio as f32;
        let bounds = traced.bounds.map(|side| side * ratio);
        if ratio == 1.0 {
            return batch.cover(&self.view).rings(traced.rings(), bounds);
        }
        let rings: Vec<Vec<[f32; 2]>> =
            traced.rings().map(|ring| ring.iter().map(|at| at.map(|n| n * ratio)).collect()).collect();
        batch.cover(&self.view).rings(rings.iter().map(Vec::as_slice), bounds);
    }

    fn cover_stripes(&self, traced: &Traced, width: f32, batch: &mut Batch) {
        let ratio = self.view.pixel_ratio as f32;
        let cover = batch.cover(&self.view);
        for (line, closed) in traced.lines() {
            let closing = if closed { line.first() } else { None };
            let ends = line.iter().skip(1).chain(closing);
            for (from, to) in line.iter().zip(ends) {
                cover.stripe(from.map(|n| n * ratio), to.map(|n| n * ratio), width * ratio, 1.0);
            }
        }
    }

    /// Discs that are not larger than a pixel or two.
    fn cover_discs(&self, traced: &Traced, size: f32, batch: &mut Batch) {
        let ratio = self.view.pixel_ratio as f32;
        for at in traced.points(self.clip) {
            batch.cover(&self.view).disc(at.map(|n| n * ratio), size * ratio);
        }
    }

    fn fill(&self, traced: &Traced, batch: &mut Batch) {
        for ring in traced.rings() {
            if path::holds(self.clip, traced.bounds) {
                batch.paths.push_path(ring.iter().copied(), true);
            } else {
                batch.paths.push_path(path::clip_ring(ring, self.clip), true);
            }
        }
    }

    fn hatch(&self, traced: &Traced, angle_deg: f32, spacing_px: f32, batch: &mut Batch) {
        let lines = Lines::new(angle_deg, self.view.rotation_rad, spacing_px, self.view.corner_px());
        if path::holds(self.clip, traced.bounds) {
            lines.inside(&traced.rings().collect::<Vec<_>>(), &mut batch.paths);
        } else {
            let clipped: Vec<Vec<[f32; 2]>> = traced.rings().map(|ring| path::clip_ring(ring, self.clip)).collect();
            lines.inside(&clipped, &mut batch.paths);
        }
    }

    fn stroke(&self, traced: &Traced, dash: &[f32], offset: f32, batch: &mut Batch) {
        let whole = path::holds(self.clip, traced.bounds);
        for (line, closed) in traced.lines() {
            if whole && dash.is_empty() && (closed || offset == 0.0) {
                batch.paths.push_path(line.iter().copied(), closed);
                continue;
            }
            let line = if closed { self.opened(line, dash) } else { path::offset_line(line, offset) };
            path::clip_line(&line, self.clip, |part, start| {
                if dash.is_empty() {
                    batch.paths.push_path(part.iter().copied(), false);
                } else {
                    path::dashes(part, dash, start, |dash| batch.paths.push_path(dash.iter().copied(), false));
                }
            });
        }
    }

    /// A ring as a line from its beginning to its beginning. It has no corner there, so a solid one begins where that
    /// cannot be seen; dashes are counted from the ring's own beginning.
    fn opened(&self, ring: &[[f32; 2]], dash: &[f32]) -> Vec<[f32; 2]> {
        let is_outside = |at: &[f32; 2]| !inside(self.clip, *at);
        let start = if dash.is_empty() { ring.iter().position(is_outside).unwrap_or_default() } else { 0 };
        let (before, from) = ring.split_at(start);
        from.iter().chain(before).chain(ring.get(start)).copied().collect()
    }

    fn marks(&self, traced: &Traced, mark: LineMark, [size, every, offset]: [f32; 3], batch: &mut Batch) {
        for (line, _) in traced.lines() {
            let line = path::offset_line(line, offset);
            let length = path::length(&line);
            if length < size * 1.6 {
                continue;
            }
            let count = (length / every.max(size)).round().max(1.0);
            for index in 0..count as usize {
                let walk = (index as f32 + 0.5) * length / count;
                let station = path::station(&line, walk).filter(|found| inside(self.clip, found.at));
                if let Some(station) = station {
                    mark_shapes(mark, station, size, &mut batch.paths);
                }
            }
        }
    }

    /// Batches in order as items.
    pub(super) fn scene(&self, batches: Batches, opacity: f32) -> Scene {
        let mut scene = Scene::default();
        if opacity < 1.0 {
            scene.items.push(Item::Opacity(opacity));
        }
        for ((_, rule, paint, width), batch) in batches {
            let what = &self.rules[rule].rule.paints[paint];
            self.items(what, width as f32 / 16.0, batch, &mut scene);
        }
        if opacity < 1.0 {
            scene.items.push(Item::Pop);
        }
        scene
    }

    fn items(&self, paint: &Paint, width: f32, mut batch: Batch, scene: &mut Scene) {
        let color = self.color(paint);
        if matches!(paint, Paint::Disc { .. }) && self.is_throng {
            let (places, ratio) = (std::mem::take(&mut batch.places), self.view.pixel_ratio as f32);
            for (at, size) in places {
                batch.cover(&self.view).disc(at.map(|n| n * ratio), size * ratio);
            }
        }
        if let Some(cover) = batch.cover {
            let [width, _] = self.view.size_physical();
            scene.items.push(Item::Cover { color, width, cover: cover.to_alpha().into() });
        }
        let first = scene.next_path();
        scene.append(batch.paths);
        let paths = first..scene.next_path();
        match paint {
            Paint::Symbol { id, .. } => {
                let id: Arc<str> = id.as_str().into();
                let place = |(at, size)| Item::Symbol { id: Arc::clone(&id), at, size };
                scene.items.extend(spread(batch.places, 0.25, self.clip, self.view.corner_px()).into_iter().map(place));
            }
            Paint::Disc { ring, .. } => {
                let ring = ring.as_ref().map(|ring| {
                    (
                        ring.ink.on(self.dark).with_opacity(ring.opacity),
                        self.scale.pixels(&ring.width).of(self.layer.index, u32::MAX),
                    )
                });
                let place = |(at, size)| Item::Disc { at, size, color, ring };
                scene.items.extend(spread(batch.places, 0.4, self.clip, self.view.corner_px()).into_iter().map(place));
            }
            _ if paths.is_empty() => {}
            Paint::Fill { .. } | Paint::Marks { mark: LineMark::Arrow, .. } => {
                scene.items.push(Item::Fill { paths, color });
            }
            Paint::Stroke(stroke) => scene.items.push(Item::Stroke { paths, color, width, cap: stroke.cap }),
            Paint::Hatch { .. } => scene.items.push(Item::Stroke { paths, color, width, cap: Cap::Butt }),
            Paint::Marks { .. } => {
                let width = (width * 0.22).max(0.9);
                scene.items.push(Item::Stroke { paths, color, width, cap: Cap::Butt });
            }
        }
    }

    fn color(&self, paint: &Paint) -> Rgba {
        match paint {
            Paint::Fill { ink, opacity } | Paint::Hatch { ink, opacity, .. } => {
                ink.on(self.dark).with_opacity(*opacity)
            }
            Paint::Stroke(stroke) => stroke.ink.on(self.dark).with_opacity(stroke.opacity),
            Paint::Marks { ink, .. } | Paint::Disc { ink, .. } => ink.on(self.dark),
            Paint::Symbol { .. } => Rgba::hex(0),
        }
    }
}

/// One paint at the size that one feature has.
struct Brush<'a> {
    paint: &'a Paint,
    size: f32,
    offset: f32,
}

/// See [`THRONG`].
pub(super) fn is_throng(features: usize, bounds_world: Bounds, view: &View) -> bool {
    let area_px = bounds_world.width() * bounds_world.height() / view.metres_per_px.powi(2);
    features as f64 > THRONG * area_px.max(10_000.0)
}

/// How much of a dashed line is line.
pub(super) fn inked(dash: &[f32]) -> f32 {
    let all: f32 = dash.iter().sum();
    if all > 0.0 && dash.len().is_multiple_of(2) { dash.iter().step_by(2).sum::<f32>() / all } else { 1.0 }
}

/// Size and offset of a paint.
pub(super) fn sizes(paint: &Paint, scale: &Scale) -> [Pixels; 2] {
    let none = Pixels::Fixed(0.0);
    match paint {
        Paint::Fill { .. } => [none.clone(), none],
        Paint::Hatch { width, .. } => [scale.pixels(width), none],
        Paint::Stroke(stroke) => [scale.pixels(&stroke.width), scale.pixels(&stroke.offset)],
        Paint::Marks { size, offset, .. } => [scale.pixels(size), scale.pixels(offset)],
        Paint::Symbol { size, .. } | Paint::Disc { size, .. } => [scale.pixels(size), none],
    }
}

fn sixteenths(width: f32) -> u32 {
    (width * 16.0).round().clamp(1.0, 1e6) as u32
}

fn inside(clip: Rect, at: [f32; 2]) -> bool {
    clip[0] <= at[0] && at[0] <= clip[2] && clip[1] <= at[1] && at[1] <= clip[3]
}
