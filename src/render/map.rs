//! A whole map: layers in order, labels over all of them.

use std::time::Instant;

use rayon::prelude::*;

use super::build::build_layer;
pub use super::build::{Count, MapLayer};
use super::decor::{self, Mark};
use super::ground::{self, GroundLayer};
use super::label;
pub use super::label::LabelLayout;
use super::painter::{self, Picture};
use super::scene::Scene;
use super::view::View;
use crate::model::style::{Ink, Rgba};
use crate::task::Cancel;
use crate::text::Lang;

/// Ground inside the city.
pub const LAND: Ink = Ink::new(0xF4_F2_EC, 0x20_25_2A);
/// Ground outside the city.
pub const OUTSIDE: Ink = Ink::new(0xEC_EA_E3, 0x1C_21_25);

/// What a map looks like beside its layers.
#[derive(Clone, Debug, PartialEq)]
pub struct MapOptions {
    /// What stands on the map: scale bar, north arrow, mark of invented data.
    pub marks: Vec<Mark>,
    /// Language of the labels.
    pub lang: Lang,
    /// Dark colours.
    pub dark: bool,
    /// Whether there are labels.
    pub labels: bool,
    /// Colour under everything; `None` is the land's, clear is nothing.
    pub background: Option<Rgba>,
    /// Base maps under everything, the lowest first.
    pub grounds: Vec<GroundLayer>,
    /// So far on every side the view reaches beyond what is seen now, pixels: words find their places in what is seen as
    /// if there were no more, then around it.
    pub beyond_px: f32,
}

impl Default for MapOptions {
    fn default() -> Self {
        Self {
            marks: Vec::new(),
            lang: Lang::Zh,
            dark: false,
            labels: true,
            background: None,
            grounds: Vec::new(),
            beyond_px: 0.0,
        }
    }
}

/// What a picture was made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Features in or near the view with a rule at its scale.
    pub features: usize,
    /// Their positions.
    pub vertices: usize,
    /// Labels that found a place.
    pub labels: usize,
    /// From layers to scene, milliseconds.
    pub build_millis: f64,
    /// From scene to pixels, milliseconds.
    pub paint_millis: f64,
}

/// The scene of a map, layers in painting order; `None` if cancelled.
pub fn map_scene(layers: &[MapLayer], view: &View, options: &MapOptions, cancel: &Cancel) -> Option<(Scene, Stats)> {
    let start = Instant::now();
    let background = options.background.unwrap_or(LAND.on(options.dark));
    let mut scene = empty_scene(view, options.dark, Some(background));
    let mut stats = Stats::default();
    if view.is_valid() {
        ground::lay(&mut scene, &options.grounds, view, cancel)?;
        let parts: Option<Vec<_>> =
            layers.par_iter().map(|layer| build_layer(layer, view, options.dark, cancel)).collect();
        for (part, count) in parts? {
            stats.features += count.features;
            stats.vertices += count.vertices;
            scene.append(part);
        }
        if options.labels {
            let (words, _) = label::labels(layers, view, options, &scene.items, None, cancel)?;
            stats.labels = words.len();
            scene.items.extend(words);
        }
        ground::credit(&mut scene, &options.grounds, view);
        decor::decorate(&mut scene, view, options.lang, &options.marks);
    }
    stats.build_millis = start.elapsed().as_secs_f64() * 1000.0;
    Some((scene, stats))
}

/// Paints the ground of a map over its base maps, without its words, on the calling thread as far as it goes: one tile of
/// many.
pub fn paint_tile(
    layers: &[MapLayer],
    grounds: &[GroundLayer],
    view: &View,
    dark: bool,
    cancel: &Cancel,
) -> Option<(Picture, Stats)> {
    let start = Instant::now();
    let mut scene = empty_scene(view, dark, Some(LAND.on(dark)));
    let mut stats = Stats::default();
    ground::lay(&mut scene, grounds, view, cancel)?;
    for layer in layers {
        let (part, count) = build_layer(layer, view, dark, cancel)?;
        stats.features += count.features;
        stats.vertices += count.vertices;
        scene.append(part);
    }
    stats.build_millis = start.elapsed().as_secs_f64() * 1000.0;
    let picture = painter::paint(&scene, cancel)?;
    stats.paint_millis = start.elapsed().as_secs_f64() * 1000.0 - stats.build_millis;
    Some((picture, stats))
}

/// Paints the words of a view alone, on nothing. Words of `before` keep their places.
pub fn paint_labels(
    layers: &[MapLayer],
    view: &View,
    options: &MapOptions,
    before: Option<&LabelLayout>,
    cancel: &Cancel,
) -> Option<(Picture, LabelLayout)> {
    let mut scene = empty_scene(view, options.dark, None);
    let mut symbols = Vec::new();
    let has_words = layers.iter().any(|layer| label::has_words(layer, view));
    for layer in layers.iter().filter(|layer| has_words && label::symbols_matter(layer, view)) {
        symbols.extend(build_layer(layer, view, options.dark, cancel)?.0.items);
    }
    let (words, layout) = label::labels(layers, view, options, &symbols, before, cancel)?;
    scene.items = words;
    Some((painter::paint(&scene, cancel)?, layout))
}

fn empty_scene(view: &View, dark: bool, background: Option<Rgba>) -> Scene {
    Scene { size_px: view.size_px, pixel_ratio: view.pixel_ratio, dark, background, ..Scene::default() }
}

/// Paints a map, layers in painting order; `None` if cancelled.
pub fn paint_map(layers: &[MapLayer], view: &View, options: &MapOptions, cancel: &Cancel) -> Option<(Picture, Stats)> {
    let (scene, mut stats) = map_scene(layers, view, options, cancel)?;
    let start = Instant::now();
    let picture = painter::paint(&scene, cancel)?;
    stats.paint_millis = start.elapsed().as_secs_f64() * 1000.0;
    Some((picture, stats))
}
