//! Symbols and discs painted once, to be stamped many times.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use vello_cpu::kurbo::{Affine, Circle, Shape as _, Stroke};
use vello_cpu::peniko::ImageAlphaType;
use vello_cpu::{PixelMetadata, Pixmap, RenderContext, Resources};

use super::painter::{self, alpha_color};
use super::symbol;
use crate::model::style::Rgba;

/// Pixels around a symbol for what stands out of its box.
const MARGIN: f64 = 2.0;

/// Sizes are cached in quarters of a physical pixel.
const STEPS: f64 = 4.0;

/// The cache begins anew at so many sprites.
const MOST: usize = 4096;

/// A small picture and where its middle is.
#[derive(Clone, Debug)]
pub(super) struct Sprite {
    /// The picture.
    pub(super) pixmap: Arc<Pixmap>,
    /// Middle in physical pixels from its upper left corner.
    pub(super) middle: [f64; 2],
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Symbol(Box<str>, bool, u32),
    Disc(u32, Rgba, Option<(Rgba, u32)>),
}

/// The symbol `size` physical pixels high; a grey disc if there is no such symbol.
pub(super) fn symbol(id: &str, dark: bool, size: f64) -> Sprite {
    let steps = in_steps(size);
    cached(Key::Symbol(id.into(), dark, steps), || {
        let size = f64::from(steps) / STEPS;
        match symbol::symbol(id, dark) {
            Some(symbol) => paint_symbol(symbol, size),
            None => paint_disc(size * 0.6, Rgba::hex(0x80_80_80), None),
        }
    })
}

/// A disc, sizes in physical pixels.
pub(super) fn disc(size: f64, color: Rgba, ring: Option<(Rgba, f64)>) -> Sprite {
    let steps = in_steps(size);
    let ring_steps = ring.map(|(color, width)| (color, in_steps(width)));
    cached(Key::Disc(steps, color, ring_steps), || paint_disc(f64::from(steps) / STEPS, color, ring))
}

/// Premultiplied pixels as the painter wants them.
pub(super) fn pixmap(mut rgba: Vec<u8>, size: [u16; 2]) -> Pixmap {
    rgba.shrink_to_fit();
    Pixmap::from_parts(rgba, size[0], size[1], PixelMetadata::new(ImageAlphaType::AlphaPremultiplied, true))
}

fn in_steps(size: f64) -> u32 {
    (size.clamp(0.25, 1024.0) * STEPS).round() as u32
}

fn cached(key: Key, paint: impl FnOnce() -> Sprite) -> Sprite {
    static SPRITES: LazyLock<RwLock<HashMap<Key, Sprite>>> = LazyLock::new(RwLock::default);
    if let Some(found) = SPRITES.read().ok().and_then(|sprites| sprites.get(&key).cloned()) {
        return found;
    }
    let sprite = paint();
    if let Ok(mut sprites) = SPRITES.write() {
        if sprites.len() >= MOST {
            sprites.clear();
        }
        sprites.insert(key, sprite.clone());
    }
    sprite
}

fn paint_symbol(symbol: &symbol::Symbol, size: f64) -> Sprite {
    let scale = size / symbol.size[1];
    canvas(symbol.size[0] * scale, size, |context, middle| {
        let corner = (middle[0] - symbol.size[0] * scale / 2.0, middle[1] - size / 2.0);
        context.set_transform(Affine::translate(corner) * Affine::scale(scale));
        for shape in &symbol.shapes {
            if let Some(color) = shape.fill {
                context.set_paint(alpha_color(color));
                context.fill_path(&shape.path);
            }
            if let Some((color, stroke)) = &shape.stroke {
                context.set_paint(alpha_color(*color));
                context.set_stroke(stroke.clone());
                context.stroke_path(&shape.path);
            }
        }
    })
}

fn paint_disc(size: f64, color: Rgba, ring: Option<(Rgba, f64)>) -> Sprite {
    let outer = size + ring.map_or(0.0, |ring| ring.1);
    canvas(outer, outer, |context, middle| {
        let circle = Circle::new((middle[0], middle[1]), size / 2.0).to_path(0.02);
        context.set_paint(alpha_color(color));
        context.fill_path(&circle);
        if let Some((color, width)) = ring {
            context.set_paint(alpha_color(color));
            context.set_stroke(Stroke::new(width));
            context.stroke_path(&circle);
        }
    })
}

/// A sprite with room for `width` × `height` and the margin; `draw` is told where its middle is.
fn canvas(width: f64, height: f64, draw: impl FnOnce(&mut RenderContext, [f64; 2])) -> Sprite {
    let size = [width, height].map(|length| ((length + 2.0 * MARGIN).ceil() as u16).next_multiple_of(2));
    let middle = size.map(|length| f64::from(length) / 2.0);
    let mut context = painter::canvas(size);
    draw(&mut context, middle);
    context.flush();
    let mut pixmap = Pixmap::new(size[0], size[1]);
    context.render(&mut pixmap, &mut Resources::new());
    Sprite { pixmap: Arc::new(pixmap), middle }
}
