//! Words on the map: one pass over the whole view finds a place for each, or drops it.
//!
//! Names along lines first join the pieces of a line that carry the same words. Words are placed by priority, then by
//! layer from the top, then by id: the same view gives the same words at the same places.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::board::{Board, Clear, Layout, Words};
use super::build::MapLayer;
use super::chain;
use super::crowd;
use super::decor;
use super::filter::Filter;
use super::map::MapOptions;
use super::path::{self, Rect};
use super::scene::{Item, TextRun};
use super::sizes::Scale;
use super::trace::{Traced, Tracer};
use super::view::View;
use crate::model::label;
use crate::model::style::{Crowd, LabelRule, Paint, Placement};
use crate::model::value::Value;
use crate::task::Cancel;
use crate::text::Lang;

/// Width of the outline around characters, half of it on each side.
const HALO_PX: f32 = 3.0;

/// Most features that are looked at for one label rule: beyond that nobody could read the words.
const MOST_EACH: usize = 20_000;

/// Along a line the same words come again after so many times their width, and not before so many pixels.
const AGAIN: (f32, f32) = (5.0, 420.0);

/// From this priority on words may lie over symbols.
const OVER_SYMBOLS: u8 = 40;

/// Words that look for a place.
struct Candidate<'a> {
    rule: &'a LabelRule,
    layer: usize,
    key: LabelKey,
    size: f32,
    place: Place,
}

/// What words are: the same in every view.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct LabelKey {
    table: String,
    rule: usize,
    /// 0 where many features have one label.
    id: i64,
    text: String,
}

/// Where words may stand.
enum Place {
    /// Beside points, each with half the size of the symbol there.
    Around(Vec<([f32; 2], f32)>),
    /// Inside areas: middle, distance from the border, width of the area.
    Inside(Vec<([f32; 2], f32, f32)>),
    /// Along lines.
    Along(Vec<Vec<[f32; 2]>>),
}

/// Where the words of a view stand. The next view at the same scale keeps them there: words do not jump while the map
/// is moved.
#[derive(Clone, Debug, Default)]
pub struct LabelLayout {
    metres_per_px: f64,
    rotation_rad: f64,
    /// Corner of the view, logical pixels on the endless map.
    corner_px: [f64; 2],
    placed: HashMap<LabelKey, Vec<Layout>>,
}

impl LabelLayout {
    /// Where words stood in the view that this is the layout of, seen from another view of the same scale and turn.
    fn seen_from(&self, view: &View) -> Option<[f32; 2]> {
        let fits = self.metres_per_px == view.metres_per_px && self.rotation_rad == view.rotation_rad;
        let corner = view.corner_px();
        fits.then(|| [0, 1].map(|axis| (self.corner_px[axis] - corner[axis]) as f32))
    }
}

/// The words of a map as items, and where they stand; `None` if cancelled. Words of `before` keep their places.
pub(super) fn labels(
    layers: &[MapLayer],
    view: &View,
    options: &MapOptions,
    scene: &[Item],
    before: Option<&LabelLayout>,
    cancel: &Cancel,
) -> Option<(Vec<Item>, LabelLayout)> {
    let [width, height] = view.size_px.map(|side| side as f32);
    let (whole, beyond) = ([0.0, 0.0, width, height], options.beyond_px);
    let seen = [beyond, beyond, width - beyond, height - beyond];
    let mut board = Board::new(whole);
    decor::places(view, options.lang, &options.marks).into_iter().for_each(|area| board.block(area));
    scene.iter().filter_map(symbol_box).for_each(|area| board.add_symbol(area));
    let mut layout = LabelLayout {
        metres_per_px: view.metres_per_px,
        rotation_rad: view.rotation_rad,
        corner_px: view.corner_px(),
        placed: HashMap::new(),
    };
    let before = before.and_then(|before| Some((before, before.seen_from(view)?)));
    let mut items = Vec::new();
    let around = (beyond > 0.0).then_some((whole, Some(seen)));
    for (room, but) in std::iter::once((seen, None)).chain(around) {
        board.give(room, but);
        for candidate in candidates(layers, view, options.lang, room, cancel)? {
            if cancel.is_cancelled() {
                return None;
            }
            let placed = layout.placed.entry(candidate.key.clone()).or_default();
            let known = placed.len();
            let old = before.and_then(|(before, by)| Some((before.placed.get(&candidate.key)?, by)));
            let is_done = known > 0 && (candidate.rule.once || !matches!(candidate.place, Place::Along(_)));
            for (old, by) in old.into_iter().filter(|_| !is_done) {
                placed.extend(old.iter().map(|layout| layout.moved(by)).filter(|old| board.take(old, Clear::OfWords)));
            }
            place(&candidate, &mut board, placed);
            items.extend(placed[known..].iter().map(|layout| candidate.item(layout, options.dark)));
        }
    }
    layout.placed.retain(|_, placed| !placed.is_empty());
    items.reverse();
    Some((items, layout))
}

/// The words of the features in a part of the picture, in the order in which they find their places; `None` if cancelled.
fn candidates<'a>(
    layers: &'a [MapLayer<'a>],
    view: &'a View,
    lang: Lang,
    seen: Rect,
    cancel: &Cancel,
) -> Option<Vec<Candidate<'a>>> {
    let mut candidates = Vec::new();
    for (layer, map_layer) in layers.iter().enumerate() {
        if cancel.is_cancelled() {
            return None;
        }
        Collector::new(map_layer, layer, view, lang, seen).collect(&mut candidates);
    }
    let order = |one: &Candidate| (std::cmp::Reverse(one.rule.priority), std::cmp::Reverse(one.layer), one.key.id);
    candidates.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.key.text.cmp(&b.key.text)));
    Some(candidates)
}

/// Whether a layer has anything to say at the view's scale.
pub(super) fn has_words(layer: &MapLayer, view: &View) -> bool {
    let denominator = view.denominator();
    matches!(layer.style.crowd, Crowd::Clusters { .. })
        || layer.style.labels.iter().any(|rule| rule.scale.holds(denominator))
}

/// Whether symbols of a layer stand in the view, so that words are to be kept clear of them.
pub(super) fn symbols_matter(layer: &MapLayer, view: &View) -> bool {
    let scale = Scale::new(layer.schema, view);
    let rules = layer.style.rules.iter().filter(|rule| rule.scale.holds(scale.denominator));
    rules.flat_map(|rule| &rule.paints).any(|paint| matches!(paint, Paint::Symbol { .. } | Paint::Disc { .. }))
}

impl Candidate<'_> {
    fn item(&self, layout: &Layout, dark: bool) -> Item {
        Item::Text(Arc::new(TextRun {
            text: self.key.text.clone(),
            glyphs: layout.glyphs.clone(),
            size: self.size,
            medium: self.rule.medium,
            italic: self.rule.italic,
            color: self.rule.ink.on(dark),
            halo: Some((self.rule.halo.on(dark), HALO_PX)),
        }))
    }
}

/// Tries the places of a candidate in order and adds those that are free to `placed`, which holds the places that it
/// has already.
fn place(candidate: &Candidate, board: &mut Board, placed: &mut Vec<Layout>) {
    let rule = candidate.rule;
    if rule.once && !placed.is_empty() {
        return;
    }
    let words = Words::new(&candidate.key.text, rule.medium, candidate.size, rule.spacing);
    match &candidate.place {
        // A feature with many points has words at each or none of them anew: the old places are all there were.
        Place::Around(_) | Place::Inside(_) if !placed.is_empty() => {}
        Place::Around(points) => {
            for &(at, radius) in points {
                placed.extend(around(&words, at, radius).find(|layout| board.take(layout, Clear::OfAll)));
                if rule.once && !placed.is_empty() {
                    return;
                }
            }
        }
        Place::Inside(areas) => {
            for &(at, room, width) in areas {
                let fits = room >= words.size * 0.5 && width * 1.1 >= words.width;
                let layout = clearances(rule)
                    .iter()
                    .filter(|_| fits)
                    .find_map(|&clear| inside(&words, at, room).find(|layout| board.take(layout, clear)));
                placed.extend(layout);
                if rule.once && !placed.is_empty() {
                    return;
                }
            }
        }
        Place::Along(lines) => {
            for line in lines {
                along(&words, line, rule, board, placed);
                if rule.once && !placed.is_empty() {
                    return;
                }
            }
        }
    }
}

/// What words keep clear of, at best and at worst: names by which people find their way may lie over a symbol where there
/// is no other place.
fn clearances(rule: &LabelRule) -> &'static [Clear] {
    if rule.priority >= OVER_SYMBOLS { &[Clear::OfAll, Clear::OfWords] } else { &[Clear::OfAll] }
}

/// The middle part of a symbol that is large enough to be worth keeping clear of.
fn symbol_box(item: &Item) -> Option<Rect> {
    let (at, size) = match item {
        Item::Symbol { at, size, .. } | Item::Disc { at, size, .. } => (at, *size),
        _ => return None,
    };
    let half = size * 0.42;
    (size >= 8.0).then_some([at[0] - half, at[1] - half, at[0] + half, at[1] + half])
}

/// The eight places beside a point, best first.
fn around(words: &Words, at: [f32; 2], radius: f32) -> impl Iterator<Item = Layout> {
    let (aside, above) = (radius + 3.0 + words.width / 2.0, radius + 2.0 + words.size / 2.0);
    let up = radius * 0.7 + words.size * 0.35;
    let steps = [
        [aside, 0.0],
        [aside * 0.95, -up],
        [aside * 0.95, up],
        [-aside, 0.0],
        [-aside * 0.95, -up],
        [-aside * 0.95, up],
        [0.0, -above],
        [0.0, above],
    ];
    steps.into_iter().map(move |step| words.level([at[0] + step[0], at[1] + step[1]]))
}

/// Places inside an area, best first: its middle, then lines above and below it that are still well inside.
fn inside(words: &Words, at: [f32; 2], room: f32) -> impl Iterator<Item = Layout> {
    let line = words.size * 1.6;
    let lines = if room.is_finite() { ((room - words.size * 0.5) / line).clamp(0.0, 3.0) as i32 } else { 0 };
    let steps = std::iter::once(0).chain((1..=lines).flat_map(|step| [-step, step]));
    steps.map(move |step| words.level([at[0], at[1] + line * step as f32]))
}

/// Places words along a line: once, or again and again on a long one, but not near those in `placed`.
fn along(words: &Words, line: &[[f32; 2]], rule: &LabelRule, board: &mut Board, placed: &mut Vec<Layout>) {
    let length = path::length(line);
    let apart = (words.width * AGAIN.0).max(AGAIN.1);
    let times = if rule.once { 1.0 } else { (length / apart).floor().max(1.0) };
    let old = placed.len();
    for time in 0..times as usize {
        let (from, to) = (length * time as f32 / times, length * (time as f32 + 1.0) / times);
        let layout = clearances(rule).iter().find_map(|&clear| {
            middles(from, to, words.width).find_map(|middle| {
                let layout = words.along(line, middle, rule.offset)?;
                let at = layout.middle();
                let is_near = placed[..old].iter().any(|other| path::distance(other.middle(), at) < apart * 0.7);
                (!is_near && board.take(&layout, clear)).then_some(layout)
            })
        });
        placed.extend(layout);
    }
}

/// Places for the middle of words of some width between two places of a line, from the centre outwards.
fn middles(from: f32, to: f32, width: f32) -> impl Iterator<Item = f32> {
    let (center, slack) = (f32::midpoint(from, to), (to - from - width) / 2.0);
    let step = (width / 3.0).max(20.0);
    let steps = if slack >= 0.0 { (slack / step).floor().min(8.0) as i32 } else { -1 };
    (0..=steps).flat_map(move |index| {
        let by = index as f32 * step;
        [Some(center + by), (index > 0).then_some(center - by)].into_iter().flatten()
    })
}

/// What finds one layer's candidates.
struct Collector<'a> {
    layer: &'a MapLayer<'a>,
    number: usize,
    scale: Scale<'a>,
    tracer: Tracer,
    view: &'a View,
    lang: Lang,
    seen: Rect,
}

impl<'a> Collector<'a> {
    fn new(layer: &'a MapLayer<'a>, number: usize, view: &'a View, lang: Lang, seen: Rect) -> Self {
        let scale = Scale::new(layer.schema, view);
        Self { layer, number, scale, tracer: Tracer::new(view), view, lang, seen }
    }

    fn collect(&self, out: &mut Vec<Candidate<'a>>) {
        let style = self.layer.style;
        let rules = style.labels.iter().enumerate();
        let in_force: Vec<(usize, &LabelRule)> =
            rules.filter(|(_, rule)| rule.scale.holds(self.scale.denominator)).collect();
        // Where points are counted together they have no names of their own.
        let is_together = matches!(style.crowd, Crowd::Clusters { .. }) && crowd::gathers(self.layer, self.view);
        if in_force.is_empty() || is_together || self.layer.opacity <= 0.0 {
            return;
        }
        let mut slots = Vec::new();
        self.layer.index.window(self.view.bounds_world(0.0), &mut |slot| slots.push(slot));
        slots.sort_unstable();
        for (number, rule) in in_force {
            self.collect_rule(rule, number, &slots, out);
        }
    }

    fn collect_rule(&self, rule: &'a LabelRule, number: usize, slots: &[u32], out: &mut Vec<Candidate<'a>>) {
        let MapLayer { index, schema, .. } = self.layer;
        let filter = rule.filter.as_ref().map(|test| Filter::compile(test, index, schema));
        let (fields, size) = (self.fields(rule), self.scale.pixels(&rule.size));
        let template = rule.template.get(self.lang);
        let mut groups: BTreeMap<(String, i64), Candidate> = BTreeMap::new();
        let mut traced = Traced::default();
        let passing = slots.iter().filter(|&&slot| filter.as_ref().is_none_or(|filter| filter.holds(index, slot)));
        for &slot in passing.take(MOST_EACH) {
            let Some(id) = index.id(slot) else { continue };
            self.tracer.trace(index.geometry(slot), &mut traced);
            if !path::overlap(traced.bounds, self.seen) {
                continue;
            }
            let Some(text) = self.text(template, &fields, slot) else { continue };
            // What is written once, and what runs along lines, is one candidate for all features with the same words.
            let together = rule.once || rule.placement == Placement::Along;
            let id = if together { 0 } else { id };
            let candidate = groups.entry((text.clone(), id)).or_insert_with(|| Candidate {
                rule,
                layer: self.number,
                key: LabelKey { table: schema.table.clone(), rule: number, id, text },
                size: size.of(index, slot),
                place: empty_place(rule.placement),
            });
            self.add_place(&traced, &mut candidate.place);
        }
        out.extend(groups.into_values().map(|candidate| Candidate { place: best_first(candidate.place), ..candidate }));
    }

    /// Places in the schema of the fields that the words need.
    fn fields(&self, rule: &LabelRule) -> Vec<(String, usize)> {
        let mut words = Vec::new();
        label::fields(rule.template.get(self.lang), &mut words);
        words
            .into_iter()
            .filter_map(|word| Some((self.layer.schema.field_index(&word)?, word)))
            .map(|(at, word)| (word, at))
            .collect()
    }

    fn text(&self, template: &str, fields: &[(String, usize)], slot: u32) -> Option<String> {
        let values: Vec<Value> = fields.iter().map(|&(_, field)| self.layer.index.value(slot, field)).collect();
        let get = |word: &str| {
            let place = fields.iter().position(|(name, _)| name == word)?;
            Some((&self.layer.schema.fields[fields[place].1], &values[place]))
        };
        let text = label::fill(template, self.lang, &get)?;
        let first_line = text.lines().next().unwrap_or_default().trim();
        let short: String = first_line.chars().take(40).collect();
        (!short.is_empty()).then_some(short)
    }

    fn add_place(&self, traced: &Traced, place: &mut Place) {
        match place {
            Place::Around(points) => {
                let radius = self.symbol_radius();
                points.extend(traced.anchors(self.seen).into_iter().map(|at| (at, radius)));
            }
            Place::Inside(areas) => {
                areas.extend(traced.points(self.seen).map(|at| (at, f32::INFINITY, f32::INFINITY)));
                let visible = [0, 1, 2, 3].map(|side| {
                    let (own, view) = (traced.bounds[side], self.seen[side]);
                    if side < 2 { own.max(view) } else { own.min(view) }
                });
                if let Some(pole) = traced.pole(self.seen).filter(|_| traced.rings().next().is_some()) {
                    areas.push((pole.at, pole.distance, visible[2] - visible[0]));
                }
            }
            Place::Along(lines) => {
                for (line, _) in traced.lines() {
                    path::clip_line(line, self.seen, |part, _| lines.push(part.to_vec()));
                }
            }
        }
    }

    /// Half the largest symbol of the layer at this scale.
    fn symbol_radius(&self) -> f32 {
        let rules = self.layer.style.rules.iter().filter(|rule| rule.scale.holds(self.scale.denominator));
        let sizes = rules.flat_map(|rule| &rule.paints).filter_map(|paint| match paint {
            Paint::Symbol { size, .. } | Paint::Disc { size, .. } => {
                Some(self.scale.pixels(size).of(self.layer.index, u32::MAX))
            }
            _ => None,
        });
        sizes.fold(0.0, f32::max) / 2.0
    }
}

fn empty_place(placement: Placement) -> Place {
    match placement {
        Placement::Around => Place::Around(Vec::new()),
        Placement::Inside => Place::Inside(Vec::new()),
        Placement::Along => Place::Along(Vec::new()),
    }
}

fn best_first(place: Place) -> Place {
    match place {
        Place::Along(pieces) => Place::Along(chain::join(pieces)),
        Place::Inside(mut areas) => {
            areas.sort_by(|a, b| b.1.total_cmp(&a.1));
            Place::Inside(areas)
        }
        Place::Around(points) => Place::Around(points),
    }
}
