//! The map's pictures, painted off the drawing thread: tiles by a few workers, the words by whichever comes to them.
//!
//! A wish lists what one pane of the screen needs, most urgent first, and takes the place of the pane's wish before it.
//! What a worker has begun and the new wish does not name any more is dropped. Panes take turns: what is seen comes
//! first in all of them, then the words, then the overview, then what may be seen soon.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytemuck::allocation::pod_collect_to_vec;

use crate::index::layer::LayerIndex;
use crate::render::ground::GroundLayer;
use crate::render::map::{LabelLayout, MapLayer, MapOptions, paint_labels, paint_tile};
use crate::render::painter::Picture;
use crate::render::tile::{TILE_PX, Tile, WORDS_BEYOND_PX};
use crate::render::view::View;
use crate::task::{Cancel, Courtesy};
use crate::text::Lang;

use super::shown::Shown;
use crate::session::events::{Event, Post};
use crate::session::state::LayerView;

/// More workers than this wait for memory, not for each other.
const MOST_WORKERS: usize = 8;

/// Pieces that are finished within this time are shown in one frame.
const TOGETHER: Duration = Duration::from_millis(30);

/// A view of the map on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pane {
    /// The map.
    #[default]
    Main,
    /// The second map beside it, or over a part of it.
    Second,
    /// The small map of the whole city.
    Overview,
}

/// What a pane of the screen needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapWish {
    /// Which pane.
    pub pane: Pane,
    /// The layers on it.
    pub shown: Shown,
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
        /// Whether they were painted of all layers: what is read of the city later changes nothing on them.
        is_whole: bool,
        /// From the wish to the last pixel, milliseconds.
        millis: f64,
    },
}

impl MapPiece {
    /// Who asked for it.
    pub fn pane(&self) -> Pane {
        match self {
            Self::Tile(_, pixels) => pixels.pane,
            Self::Words { words, .. } => words.pane,
        }
    }
}

/// The words of a view, on nothing, cut into sheets; where there is none there are no words.
#[derive(Debug)]
pub struct Words {
    /// Who asked for them.
    pub pane: Pane,
    /// The number of the layers that they are of: see [`Shown::number`].
    pub layers: u64,
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
    /// Red, green, blue, alpha of each pixel as the bytes of one number, premultiplied: a texture takes them as they are.
    pub rgba: Vec<u32>,
}

/// What was painted.
#[derive(Debug)]
pub struct Pixels {
    /// Who asked for it.
    pub pane: Pane,
    /// The city's revision that it shows.
    pub revision: u64,
    /// Whether it was painted of all layers: what is read of the city later changes nothing on it.
    pub is_whole: bool,
    /// Width and height in physical pixels.
    pub size: [usize; 2],
    /// Red, green, blue, alpha of each pixel as the bytes of one number, premultiplied: a texture takes them as they are.
    pub rgba: Vec<u32>,
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
    grounds: Vec<GroundLayer>,
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

/// Work that nobody has begun. What has the smaller rank comes first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Open {
    rank: (Turn, usize, Pane),
    work: Work,
}

/// What comes before what, whichever pane it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Seen,
    Words,
    Overview,
    Ahead,
}

/// Work that somebody does.
struct Begun {
    pane: Pane,
    turn: Turn,
    work: Work,
    /// The revision that it shows.
    revision: u64,
    cancel: Cancel,
}

#[derive(Default)]
struct Desk {
    orders: BTreeMap<Pane, Arc<Order>>,
    /// Most urgent last.
    open: Vec<Open>,
    begun: Vec<Begun>,
    /// Where the last words of each pane stand.
    words: BTreeMap<Pane, Arc<LabelLayout>>,
    closing: bool,
}

impl Desk {
    /// Takes a pane's wish, in place of its last one; whoever does what is not wanted any more is told to stop.
    fn take(&mut self, order: Order) {
        let (pane, revision) = (order.wish.pane, order.revision);
        let wanted: Vec<Open> = all_work(&order.wish).collect();
        let of_pane = || self.begun.iter().filter(|begun| begun.pane == pane);
        for begun in of_pane() {
            let is_wanted = wanted.iter().any(|open| open.work == begun.work || is_near(&begun.work, &open.work));
            if !is_wanted || begun.revision != revision {
                begun.cancel.cancel();
            }
        }
        let is_begun = |work: &Work| of_pane().any(|begun| begun.work == *work && begun.revision == revision);
        let fresh: Vec<Open> = wanted.iter().copied().filter(|open| !is_begun(&open.work)).collect();
        self.open.retain(|open| open.rank.2 != pane);
        self.open.extend(fresh);
        self.open.sort_unstable_by_key(|open| std::cmp::Reverse(open.rank));
        if wanted.is_empty() {
            // A pane that lacks nothing, or is closed, keeps no layers in memory.
            self.orders.remove(&pane);
        } else {
            self.orders.insert(pane, Arc::new(order));
        }
    }

    /// Whether nothing more is on its way of what a pane sees.
    fn is_last_seen(&self, pane: Pane) -> bool {
        let is_open = self.open.iter().any(|open| open.rank.2 == pane && open.rank.0 != Turn::Ahead);
        let is_begun = self.begun.iter().any(|begun| begun.pane == pane && begun.turn != Turn::Ahead);
        !is_open && !is_begun
    }

    /// The most urgent work that nobody has begun, with its order.
    fn next(&mut self) -> Option<(Work, Turn, Arc<Order>)> {
        while let Some(open) = self.open.pop() {
            if let Some(order) = self.orders.get(&open.rank.2) {
                return Some((open.work, open.rank.0, Arc::clone(order)));
            }
        }
        None
    }
}

type Shared = Arc<(Mutex<Desk>, Condvar)>;

/// The painting threads.
pub(in crate::session) struct Painter {
    desk: Shared,
    courtesy: Courtesy,
    threads: Vec<JoinHandle<()>>,
}

impl Painter {
    /// Starts one for each core.
    pub(in crate::session) fn start(post: &Post) -> Self {
        let (desk, courtesy) = (Shared::default(), Courtesy::default());
        let workers = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, MOST_WORKERS);
        let start = |number: usize| {
            let (desk, post, courtesy) = (Arc::clone(&desk), post.clone(), courtesy.clone());
            let work = move || work_on(&desk, &post, &courtesy);
            std::thread::Builder::new().name(format!("painter-{number}")).spawn(work).ok()
        };
        let threads = (0..workers).filter_map(start).collect();
        Self { desk, courtesy, threads }
    }

    /// Who gives way to what is painted for the eye.
    pub(in crate::session) fn courtesy(&self) -> Courtesy {
        self.courtesy.clone()
    }

    /// Takes a pane's wish, in place of its last one, for an opening of a city at a revision. Layers come topmost first.
    pub(in crate::session) fn wish(
        &self,
        wish: MapWish,
        layers: &[LayerView],
        mut grounds: Vec<GroundLayer>,
        lang: Lang,
        [opening, revision]: [u64; 2],
    ) {
        let (lock, bell) = &*self.desk;
        let layers: Arc<[LayerView]> = shown_layers(layers, &wish.shown);
        // The small map shows what the city is made of.
        grounds.retain(|_| wish.pane != Pane::Overview);
        let order = Order { wish, layers, grounds, lang, opening, revision, asked: Instant::now() };
        lock.lock().unwrap_or_else(PoisonError::into_inner).take(order);
        bell.notify_all();
    }

    /// Drops all wishes.
    pub(in crate::session) fn rest(&self) {
        let mut desk = self.desk.0.lock().unwrap_or_else(PoisonError::into_inner);
        desk.begun.iter().for_each(|begun| begun.cancel.cancel());
        desk.open.clear();
        desk.orders.clear();
        desk.words.clear();
    }
}

/// The layers with their eyes as a pane has them.
fn shown_layers(layers: &[LayerView], shown: &Shown) -> Arc<[LayerView]> {
    layers.iter().map(|layer| LayerView { visible: shown.holds(layer), ..layer.clone() }).collect()
}

/// Whether a tile of another scale or turn is worth finishing: it is a better stand-in than what is on the screen. While
/// the scale changes from frame to frame nothing would ever be finished otherwise.
fn is_near(begun: &Work, wanted: &Work) -> bool {
    let (Work::Tile(begun), Work::Tile(wanted)) = (begun, wanted) else { return false };
    let zoom = begun.set.metres_per_px / wanted.set.metres_per_px;
    let turn_rad = (begun.set.rotation_rad - wanted.set.rotation_rad).abs();
    let is_alike = begun.set.dark == wanted.set.dark && begun.set.layers == wanted.set.layers;
    (0.6..1.7).contains(&zoom) && turn_rad < 0.3 && is_alike
}

/// All that a wish asks for, with its rank.
fn all_work(wish: &MapWish) -> impl Iterator<Item = Open> {
    let pane = wish.pane;
    let turn = move |turn: Turn| if pane == Pane::Overview { Turn::Overview } else { turn };
    let of = move |at: Turn, work: Vec<Work>| {
        work.into_iter().enumerate().map(move |(index, work)| Open { rank: (turn(at), index, pane), work })
    };
    let tiles = |tiles: &[Tile]| tiles.iter().copied().map(Work::Tile).collect();
    let labels = wish.labels.iter().copied().map(Work::Labels).collect();
    of(Turn::Seen, tiles(&wish.tiles)).chain(of(Turn::Words, labels)).chain(of(Turn::Ahead, tiles(&wish.ahead)))
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

fn work_on((lock, bell): &(Mutex<Desk>, Condvar), post: &Post, courtesy: &Courtesy) {
    loop {
        let cancel = Cancel::default();
        let Some(Taken { work, turn, order, words }) = next_work(lock, bell, &cancel) else { return };
        let is_awaited = turn != Turn::Ahead;
        if is_awaited {
            courtesy.begin();
        }
        let piece = match work {
            Work::Tile(tile) => paint_one(&order, tile, &cancel).map(|piece| (piece, None)),
            Work::Labels(view) => paint_words(&order, &view, words.as_deref(), &cancel),
        };
        if is_awaited {
            courtesy.end();
        }
        let mut desk = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let pane = order.wish.pane;
        desk.begun.retain(|begun| begun.pane != pane || begun.work != work || begun.revision != order.revision);
        if let Some((piece, layout)) = piece {
            let is_open = desk.orders.get(&pane).is_some_and(|now| now.opening == order.opening);
            if let Some(layout) = layout.filter(|_| is_open) {
                desk.words.insert(pane, layout);
            }
            // The last of what is seen is shown at once, what comes before it with it: each frame takes time from painting.
            let is_last = desk.is_last_seen(pane);
            drop(desk);
            post.send_within(Event::Map(order.opening, piece), if is_last { Duration::ZERO } else { TOGETHER });
        }
    }
}

/// Work that somebody takes on, and where the last words of its pane stand.
struct Taken {
    work: Work,
    turn: Turn,
    order: Arc<Order>,
    words: Option<Arc<LabelLayout>>,
}

fn next_work(lock: &Mutex<Desk>, bell: &Condvar, cancel: &Cancel) -> Option<Taken> {
    let mut desk: MutexGuard<Desk> = lock.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if desk.closing {
            return None;
        }
        if let Some((work, turn, order)) = desk.next() {
            let pane = order.wish.pane;
            desk.begun.push(Begun { pane, turn, work, revision: order.revision, cancel: cancel.clone() });
            let words = desk.words.get(&pane).cloned();
            return Some(Taken { work, turn, order, words });
        }
        desk = bell.wait(desk).unwrap_or_else(PoisonError::into_inner);
    }
}

fn paint_one(order: &Order, tile: Tile, cancel: &Cancel) -> Option<MapPiece> {
    let (view, dark) = (tile.view(), tile.set.dark);
    let painted = with_map_layers(&order.layers, |layers| paint_tile(layers, &order.grounds, &view, dark, cancel));
    let (picture, stats) = painted?;
    // What is read of the city later shows nothing else in what needs no more now.
    let is_whole = order.layers.iter().all(|layer| layer.is_ready(&view));
    let pixels = pixels(order, picture, [stats.features, stats.vertices]);
    Some(MapPiece::Tile(tile, Pixels { is_whole, ..pixels }))
}

fn paint_words(
    order: &Order,
    view: &View,
    before: Option<&LabelLayout>,
    cancel: &Cancel,
) -> Option<(MapPiece, Option<Arc<LabelLayout>>)> {
    let beyond_px = WORDS_BEYOND_PX as f32;
    let options = MapOptions { lang: order.lang, dark: order.wish.dark, beyond_px, ..MapOptions::default() };
    let painted = with_map_layers(&order.layers, |layers| paint_labels(layers, view, &options, before, cancel));
    let (picture, layout) = painted?;
    let (pane, layers) = (order.wish.pane, order.wish.shown.number());
    let words = Words { pane, layers, view: *view, dark: options.dark, lang: order.lang, sheets: cut(&picture) };
    let piece = MapPiece::Words { words, revision: order.revision, is_whole: false, millis: millis_since(order.asked) };
    Some((piece, Some(Arc::new(layout))))
}

fn pixels(order: &Order, picture: Picture, [features, vertices]: [usize; 2]) -> Pixels {
    Pixels {
        pane: order.wish.pane,
        revision: order.revision,
        is_whole: false,
        size: [picture.width as usize, picture.height as usize],
        rgba: pod_collect_to_vec(&picture.rgba),
        features,
        vertices,
        millis: millis_since(order.asked),
    }
}

fn millis_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

/// The parts of a picture that are not clear, of a tile's size at most.
pub(in crate::session) fn cut(picture: &Picture) -> Vec<Sheet> {
    let (side, [width, height]) = (TILE_PX as usize, [picture.width as usize, picture.height as usize]);
    let mut sheets = Vec::new();
    for (top, left) in (0..height).step_by(side).flat_map(|top| (0..width).step_by(side).map(move |left| (top, left))) {
        let size = [side.min(width - left), side.min(height - top)];
        let rows = (top..top + size[1]).map(|row| &picture.rgba[(row * width + left) * 4..][..size[0] * 4]);
        if rows.clone().any(|row| row.iter().any(|&part| part != 0)) {
            sheets.push(Sheet {
                at: [left, top],
                size,
                rgba: pod_collect_to_vec(&rows.flatten().copied().collect::<Vec<u8>>()),
            });
        }
    }
    sheets
}

/// Hands the painter what is visible and in memory, bottom first, holding the indexes for reading meanwhile.
pub(in crate::session) fn with_map_layers<'a, T>(layers: &'a [LayerView], f: impl FnOnce(&[MapLayer<'_>]) -> T) -> T {
    static UNREAD: LazyLock<LayerIndex> = LazyLock::new(LayerIndex::default);
    let mut shown: Vec<&LayerView> = layers.iter().rev().filter(|layer| layer.visible).collect();
    shown.retain(|layer| layer.index.is_some() || layer.levels.is_some());
    let read = |index: &'a Arc<RwLock<LayerIndex>>| index.read().unwrap_or_else(PoisonError::into_inner);
    let guards: Vec<_> = shown.iter().map(|layer| layer.index.as_ref().map(read)).collect();
    let map_layers: Vec<MapLayer<'_>> = shown
        .iter()
        .zip(&guards)
        .map(|(layer, index)| MapLayer {
            index: index.as_deref().unwrap_or(&UNREAD),
            schema: &layer.schema,
            style: &layer.style,
            opacity: layer.opacity,
            levels: layer.levels.as_deref(),
        })
        .collect();
    f(&map_layers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tile::TileSet;

    fn order(pane: Pane, tiles: usize, ahead: usize) -> Order {
        let layers = u64::from(pane == Pane::Second);
        let set = TileSet { layers, ..TileSet::of(&View::new([0.0; 2], 1.0, [600.0; 2]), false) };
        let row = |row: i64, count: usize| (0..count as i64).map(|column| Tile { set, column, row }).collect();
        let wish = MapWish { pane, tiles: row(0, tiles), ahead: row(1, ahead), ..MapWish::default() };
        Order {
            wish,
            layers: Arc::default(),
            grounds: Vec::new(),
            lang: Lang::Zh,
            opening: 1,
            revision: 1,
            asked: Instant::now(),
        }
    }

    fn panes(desk: &mut Desk) -> Vec<Pane> {
        std::iter::from_fn(|| desk.next()).map(|(_, _, order)| order.wish.pane).collect()
    }

    #[test]
    fn panes_take_turns_and_what_is_not_seen_comes_last() {
        let mut desk = Desk::default();
        desk.take(order(Pane::Overview, 1, 0));
        desk.take(order(Pane::Main, 2, 1));
        desk.take(order(Pane::Second, 2, 1));
        let (main, second) = (Pane::Main, Pane::Second);
        assert_eq!(panes(&mut desk), [main, second, main, second, Pane::Overview, main, second]);
    }

    #[test]
    fn a_wish_takes_the_place_of_the_same_panes_wish_alone() {
        let mut desk = Desk::default();
        desk.take(order(Pane::Main, 3, 0));
        desk.take(order(Pane::Second, 1, 0));
        let begun = |pane, turn, work| Begun { pane, turn, work, revision: 1, cancel: Cancel::default() };
        let (work, turn, taken) = desk.next().expect("work");
        desk.begun.push(begun(taken.wish.pane, turn, work));
        desk.take(order(Pane::Second, 0, 0));
        assert!(!desk.begun[0].cancel.is_cancelled() && !desk.orders.contains_key(&Pane::Second));
        assert_eq!(panes(&mut desk), [Pane::Main; 2]);
        desk.take(order(Pane::Main, 0, 0));
        assert!(desk.begun[0].cancel.is_cancelled());
    }
}
