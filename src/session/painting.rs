//! The map's pictures, painted off the drawing thread: tiles by a few workers, the words by whichever comes to them.
//!
//! A wish lists what the screen needs, most urgent first, and takes the place of the wish before it. What a worker has
//! begun and the new wish does not name any more is dropped.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::render::map::{LabelLayout, MapLayer, MapOptions, paint_labels, paint_tile};
use crate::render::painter::Picture;
use crate::render::tile::{TILE_PX, Tile};
use crate::render::view::View;
use crate::task::Cancel;
use crate::text::Lang;

use super::events::{Event, Post};
use super::state::LayerView;

/// More workers than this wait for memory, not for each other.
const MOST_WORKERS: usize = 8;

/// What the screen needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapWish {
    /// Tiles that are seen, most urgent first.
    pub tiles: Vec<Tile>,
    /// The view whose words are missing, if they are.
    pub labels: Option<View>,
    /// Tiles that may be seen soon.
    pub ahead: Vec<Tile>,
    /// On the dark map.
    pub dark: bool,
}

/// A finished piece of the map.
#[derive(Debug)]
pub enum MapPiece {
    /// A tile of the ground.
    Tile(Tile, Pixels),
    /// The words of a view.
    Words {
        /// The words.
        words: Words,
        /// The city's revision that they show.
        revision: u64,
        /// From the wish to the last pixel, milliseconds.
        millis: f64,
    },
}

/// The words of a view, on nothing, cut into sheets; where there is none there are no words.
#[derive(Debug)]
pub struct Words {
    /// The view.
    pub view: View,
    /// On the dark map.
    pub dark: bool,
    /// Their language.
    pub lang: Lang,
    /// The sheets.
    pub sheets: Vec<Sheet>,
}

/// A part of a picture.
#[derive(Debug)]
pub struct Sheet {
    /// Upper left corner in the picture, physical pixels.
    pub at: [usize; 2],
    /// Width and height in physical pixels.
    pub size: [usize; 2],
    /// RGBA, premultiplied.
    pub rgba: Vec<u8>,
}

/// What was painted.
#[derive(Debug)]
pub struct Pixels {
    /// The city's revision that it shows.
    pub revision: u64,
    /// Width and height in physical pixels.
    pub size: [usize; 2],
    /// RGBA, premultiplied.
    pub rgba: Vec<u8>,
    /// Features painted.
    pub features: usize,
    /// Positions painted.
    pub vertices: usize,
    /// From the wish to the last pixel, milliseconds.
    pub millis: f64,
}

/// A wish with all that it needs.
struct Order {
    wish: MapWish,
    layers: Arc<[LayerView]>,
    lang: Lang,
    /// Which opening of a city it belongs to, and the revision of that.
    opening: u64,
    revision: u64,
    asked: Instant,
}

/// One piece of work.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Tile(Tile),
    Labels(View),
}

#[derive(Default)]
struct Desk {
    order: Option<Arc<Order>>,
    /// Work of the order that nobody has begun, most urgent last.
    open: Vec<Work>,
    /// Work that was begun, the revision that it shows, and its switch.
    begun: Vec<(Work, u64, Cancel)>,
    /// Where the last words stand.
    words: Option<Arc<LabelLayout>>,
    closing: bool,
}

type Shared = Arc<(Mutex<Desk>, Condvar)>;

/// The painting threads.
pub(super) struct Painter {
    desk: Shared,
    threads: Vec<JoinHandle<()>>,
}

impl Painter {
    /// Starts one for each core.
    pub(super) fn start(post: &Post) -> Self {
        let desk: Shared = Arc::default();
        let workers = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, MOST_WORKERS);
        let start = |number: usize| {
            let (desk, post) = (Arc::clone(&desk), post.clone());
            let work = move || work_on(&desk, &post);
            std::thread::Builder::new().name(format!("painter-{number}")).spawn(work).ok()
        };
        let threads = (0..workers).filter_map(start).collect();
        Self { desk, threads }
    }

    /// Takes a wish, in place of the last one, for an opening of a city at a revision. Layers come topmost first.
    pub(super) fn wish(&self, wish: MapWish, layers: &[LayerView], lang: Lang, [opening, revision]: [u64; 2]) {
        let (lock, bell) = &*self.desk;
        let mut desk = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted: Vec<Work> = all_work(&wish).collect();
        for (work, shows, cancel) in &desk.begun {
            let is_wanted = wanted.contains(work) || wanted.iter().any(|other| is_near(work, other));
            if !is_wanted || *shows != revision {
                cancel.cancel();
            }
        }
        let is_begun = |work: &Work| desk.begun.iter().any(|(begun, shows, _)| begun == work && *shows == revision);
        desk.open = wanted.into_iter().filter(|work| !is_begun(work)).rev().collect();
        desk.order =
            Some(Arc::new(Order { wish, layers: layers.into(), lang, opening, revision, asked: Instant::now() }));
        bell.notify_all();
    }

    /// Drops all wishes.
    pub(super) fn rest(&self) {
        let mut desk = self.desk.0.lock().unwrap_or_else(PoisonError::into_inner);
        desk.begun.iter().for_each(|(_, _, cancel)| cancel.cancel());
        desk.open.clear();
        desk.order = None;
        desk.words = None;
    }
}

/// Whether a tile of another scale is worth finishing: it is a better stand-in than what is on the screen. While the
/// scale changes from frame to frame nothing would ever be finished otherwise.
fn is_near(begun: &Work, wanted: &Work) -> bool {
    let (Work::Tile(begun), Work::Tile(wanted)) = (begun, wanted) else { return false };
    let zoom = begun.set.metres_per_px / wanted.set.metres_per_px;
    (0.6..1.7).contains(&zoom) && begun.set.dark == wanted.set.dark
}

fn all_work(wish: &MapWish) -> impl Iterator<Item = Work> {
    let labels = wish.labels.iter().copied().map(Work::Labels);
    let (seen, ahead) = (wish.tiles.iter(), wish.ahead.iter());
    seen.copied().map(Work::Tile).chain(labels).chain(ahead.copied().map(Work::Tile))
}

impl Drop for Painter {
    fn drop(&mut self) {
        self.rest();
        let (lock, bell) = &*self.desk;
        lock.lock().unwrap_or_else(PoisonError::into_inner).closing = true;
        bell.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn work_on((lock, bell): &(Mutex<Desk>, Condvar), post: &Post) {
    loop {
        let cancel = Cancel::default();
        let Some((work, order, words)) = next_work(lock, bell, &cancel) else { return };
        let piece = match work {
            Work::Tile(tile) => paint_one(&order, tile, &cancel).map(|piece| (piece, None)),
            Work::Labels(view) => paint_words(&order, &view, words.as_deref(), &cancel),
        };
        let mut desk = lock.lock().unwrap_or_else(PoisonError::into_inner);
        desk.begun.retain(|(begun, revision, _)| *begun != work || *revision != order.revision);
        if let Some((piece, layout)) = piece {
            if layout.is_some() && desk.order.is_some() {
                desk.words = layout;
            }
            post.send(Event::Map(order.opening, piece));
        }
    }
}

type Begun = (Work, Arc<Order>, Option<Arc<LabelLayout>>);

fn next_work(lock: &Mutex<Desk>, bell: &Condvar, cancel: &Cancel) -> Option<Begun> {
    let mut desk: MutexGuard<Desk> = lock.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if desk.closing {
            return None;
        }
        if let Some((work, order)) = desk.open.pop().zip(desk.order.clone()) {
            desk.begun.push((work, order.revision, cancel.clone()));
            return Some((work, order, desk.words.clone()));
        }
        desk = bell.wait(desk).unwrap_or_else(PoisonError::into_inner);
    }
}

fn paint_one(order: &Order, tile: Tile, cancel: &Cancel) -> Option<MapPiece> {
    let (view, dark) = (tile.view(), tile.set.dark);
    let painted = with_map_layers(&order.layers, |layers| paint_tile(layers, &view, dark, cancel));
    let (picture, stats) = painted?;
    Some(MapPiece::Tile(tile, pixels(order, picture, [stats.features, stats.vertices])))
}

fn paint_words(
    order: &Order,
    view: &View,
    before: Option<&LabelLayout>,
    cancel: &Cancel,
) -> Option<(MapPiece, Option<Arc<LabelLayout>>)> {
    let options = MapOptions { lang: order.lang, dark: order.wish.dark, ..MapOptions::default() };
    let painted = with_map_layers(&order.layers, |layers| paint_labels(layers, view, &options, before, cancel));
    let (picture, layout) = painted?;
    let words = Words { view: *view, dark: options.dark, lang: order.lang, sheets: cut(&picture) };
    let piece = MapPiece::Words { words, revision: order.revision, millis: millis_since(order.asked) };
    Some((piece, Some(Arc::new(layout))))
}

fn pixels(order: &Order, picture: Picture, [features, vertices]: [usize; 2]) -> Pixels {
    Pixels {
        revision: order.revision,
        size: [picture.width as usize, picture.height as usize],
        rgba: picture.rgba,
        features,
        vertices,
        millis: millis_since(order.asked),
    }
}

fn millis_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

/// The parts of a picture that are not clear, of a tile's size at most.
fn cut(picture: &Picture) -> Vec<Sheet> {
    let (side, [width, height]) = (TILE_PX as usize, [picture.width as usize, picture.height as usize]);
    let mut sheets = Vec::new();
    for (top, left) in (0..height).step_by(side).flat_map(|top| (0..width).step_by(side).map(move |left| (top, left))) {
        let size = [side.min(width - left), side.min(height - top)];
        let rows = (top..top + size[1]).map(|row| &picture.rgba[(row * width + left) * 4..][..size[0] * 4]);
        if rows.clone().any(|row| row.iter().any(|&part| part != 0)) {
            sheets.push(Sheet { at: [left, top], size, rgba: rows.flatten().copied().collect() });
        }
    }
    sheets
}

/// Hands the painter what is visible and in memory, bottom first, holding the indexes for reading meanwhile.
pub(super) fn with_map_layers<T>(layers: &[LayerView], f: impl FnOnce(&[MapLayer<'_>]) -> T) -> T {
    let mut shown: Vec<&LayerView> = layers.iter().rev().filter(|layer| layer.visible).collect();
    shown.retain(|layer| layer.index.is_some());
    let guards: Vec<_> = shown
        .iter()
        .filter_map(|layer| layer.index.as_ref())
        .map(|index| index.read().unwrap_or_else(PoisonError::into_inner))
        .collect();
    let map_layers: Vec<MapLayer<'_>> = shown
        .iter()
        .zip(&guards)
        .map(|(layer, index)| MapLayer { index, schema: &layer.schema, style: &layer.style, opacity: layer.opacity })
        .collect();
    f(&map_layers)
}
