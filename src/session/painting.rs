//! The map's picture, painted off the drawing thread: the latest request wins, the last picture stays until then.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::render::map::{MapLayer, MapOptions, paint_map};
use crate::render::view::View;
use crate::task::Cancel;
use crate::text::Lang;

use super::events::{Event, Post};
use super::state::LayerView;

/// Which picture of the map is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapRequest {
    /// Middle, Web Mercator metres.
    pub center_world: [f64; 2],
    /// World metres per logical pixel.
    pub metres_per_px: f64,
    /// Width and height in logical pixels.
    pub size_px: [u32; 2],
    /// Physical pixels per logical pixel.
    pub pixel_ratio: f32,
    /// On the dark map.
    pub dark: bool,
}

impl MapRequest {
    /// The view that is painted.
    pub fn view(&self) -> View {
        View::new(self.center_world, self.metres_per_px, self.size_px.map(f64::from))
            .pixel_ratio(self.pixel_ratio.into())
    }

    /// Whether a picture being painted for `self` is still worth finishing when `newer` is asked for: the scale is
    /// near, and it shows some of the same ground.
    fn is_near(&self, newer: &Self) -> bool {
        let scale = self.metres_per_px / newer.metres_per_px;
        let apart = (0..2).map(|axis| (self.center_world[axis] - newer.center_world[axis]).abs()).fold(0.0, f64::max);
        let reach = newer.metres_per_px * f64::from(newer.size_px[0].min(newer.size_px[1])) * 0.5;
        (0.6..1.7).contains(&scale) && apart < reach && self.dark == newer.dark
    }
}

/// A picture of the map.
#[derive(Clone, Debug)]
pub struct MapPicture {
    /// What was asked for.
    pub request: MapRequest,
    /// Width and height in physical pixels.
    pub size: [usize; 2],
    /// RGBA, premultiplied.
    pub rgba: Vec<u8>,
    /// Features painted.
    pub features: usize,
    /// Positions painted.
    pub vertices: usize,
    /// From the request to the last pixel, milliseconds.
    pub millis: f64,
}

/// A request with all that it needs.
struct Order {
    request: MapRequest,
    layers: Vec<LayerView>,
    lang: Lang,
    asked: Instant,
}

#[derive(Default)]
struct Desk {
    next: Option<Order>,
    now: Option<(MapRequest, Cancel)>,
    closing: bool,
}

/// The painting thread.
pub(super) struct Painter {
    desk: Arc<(Mutex<Desk>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Painter {
    /// Starts it.
    pub(super) fn start(post: Post) -> Self {
        let desk: Arc<(Mutex<Desk>, Condvar)> = Arc::default();
        let shared = Arc::clone(&desk);
        let thread =
            std::thread::Builder::new().name("painter".into()).spawn(move || paint_orders(&shared, &post)).ok();
        Self { desk, thread }
    }

    /// Asks for a picture. Layers come topmost first.
    pub(super) fn request(&self, request: MapRequest, layers: Vec<LayerView>, lang: Lang) {
        let (lock, bell) = &*self.desk;
        let mut desk = lock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((now, cancel)) = &desk.now
            && !now.is_near(&request)
        {
            cancel.cancel();
        }
        desk.next = Some(Order { request, layers, lang, asked: Instant::now() });
        bell.notify_one();
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        let (lock, bell) = &*self.desk;
        let mut desk = lock.lock().unwrap_or_else(PoisonError::into_inner);
        desk.closing = true;
        if let Some((_, cancel)) = &desk.now {
            cancel.cancel();
        }
        bell.notify_one();
        drop(desk);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn paint_orders(desk: &(Mutex<Desk>, Condvar), post: &Post) {
    loop {
        let cancel = Cancel::default();
        let Some(order) = next_order(desk, &cancel) else { return };
        if let Some(picture) = paint(&order, &cancel) {
            post.send(Event::Map(picture));
        }
        desk.0.lock().unwrap_or_else(PoisonError::into_inner).now = None;
    }
}

fn next_order(desk: &(Mutex<Desk>, Condvar), cancel: &Cancel) -> Option<Order> {
    let (lock, bell) = desk;
    let mut desk = lock.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if desk.closing {
            return None;
        }
        if let Some(order) = desk.next.take() {
            desk.now = Some((order.request, cancel.clone()));
            return Some(order);
        }
        desk = bell.wait(desk).unwrap_or_else(PoisonError::into_inner);
    }
}

fn paint(order: &Order, cancel: &Cancel) -> Option<MapPicture> {
    let options = MapOptions { lang: order.lang, dark: order.request.dark, ..MapOptions::default() };
    let (picture, stats) =
        with_map_layers(&order.layers, |layers| paint_map(layers, &order.request.view(), &options, cancel))?;
    Some(MapPicture {
        request: order.request,
        size: [picture.width as usize, picture.height as usize],
        rgba: picture.rgba,
        features: stats.features,
        vertices: stats.vertices,
        millis: order.asked.elapsed().as_secs_f64() * 1e3,
    })
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
