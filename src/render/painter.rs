//! The one painter: a scene becomes pixels on the processor.
//!
//! The picture is cut into bands of rows that are painted side by side on all threads; the bands do not depend on how
//! many threads there are, so that a scene gives the same pixels everywhere. Symbols and discs are painted once each
//! and then stamped on whole pixels.

use std::sync::Arc;

use rayon::prelude::*;
use vello_cpu::color::{AlphaColor, Srgb};
use vello_cpu::kurbo::{self, Affine, BezPath, Join, Rect, Stroke};
use vello_cpu::peniko::{Extend, ImageQuality, ImageSampler};
use vello_cpu::{
    Image, ImageSource, Level, Pixmap, PixmapMut, RasterizerSettings, RenderContext, RenderSettings, Resources,
    TargetInit,
};

use super::font;
use super::scene::{Item, PathSpan, Scene, TextRun};
use super::sprite::{self, Sprite};
use crate::model::style::{Cap, Rgba};
use crate::task::Cancel;

/// Rows of a band, physical pixels.
const BAND: usize = 128;

/// A picture of so few rows, such as a tile, is painted in one go: others are painted beside it.
const WHOLE: usize = super::tile::TILE_PX as usize;

/// Pixels of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Physical pixels.
    pub width: u32,
    /// Physical pixels.
    pub height: u32,
    /// Red, green, blue, alpha, premultiplied, row by row from the top.
    pub rgba: Vec<u8>,
}

/// Paints a scene; `None` if cancelled.
pub fn paint(scene: &Scene, cancel: &Cancel) -> Option<Picture> {
    paint_with(scene, level(), cancel)
}

/// The processor's instructions that are painted with: the best it has. In tests those that every processor of its
/// kind has, so that pictures are compared with the same ones everywhere.
fn level() -> Level {
    if cfg!(test) { Level::baseline() } else { Level::try_detect().unwrap_or(Level::baseline()) }
}

/// A canvas to paint on, physical pixels.
pub(super) fn canvas(size: [u16; 2]) -> RenderContext {
    canvas_with(size, level())
}

fn canvas_with([width, height]: [u16; 2], level: Level) -> RenderContext {
    RenderContext::new_with(width, height, RenderSettings { level, ..RenderSettings::default() })
}

/// The same picture by the best instructions and by those that every processor has.
#[cfg(test)]
pub(super) fn at_both_levels(scene: &Scene) -> [Picture; 2] {
    [Level::try_detect().unwrap_or(Level::baseline()), Level::baseline()]
        .map(|level| paint_with(scene, level, &Cancel::default()).expect("nobody cancels"))
}

fn paint_with(scene: &Scene, level: Level, cancel: &Cancel) -> Option<Picture> {
    let [width, height] = scene.size_px.map(|side| (side * scene.pixel_ratio).round().clamp(1.0, 16_384.0) as usize);
    let mut rgba = vec![0; width * height * 4];
    if height <= WHOLE {
        Band::new(scene, level, 0, [width, height]).paint(&mut rgba);
        return (!cancel.is_cancelled()).then_some(Picture { width: width as u32, height: height as u32, rgba });
    }
    let all = rgba.par_chunks_mut(width * BAND * 4).enumerate().try_for_each(|(band, pixels)| {
        let rows = pixels.len() / (width * 4);
        (!cancel.is_cancelled()).then(|| Band::new(scene, level, band * BAND, [width, rows]).paint(pixels))
    });
    all.map(|()| Picture { width: width as u32, height: height as u32, rgba })
}

/// A colour as the painter wants it.
pub(super) fn alpha_color(color: Rgba) -> AlphaColor<Srgb> {
    let [red, green, blue, alpha] = color.0;
    AlphaColor::from_rgba8(red, green, blue, alpha)
}

/// Some rows of a picture.
struct Band<'a> {
    scene: &'a Scene,
    context: RenderContext,
    /// Rows above, physical pixels.
    top: usize,
    size: [usize; 2],
    /// First and last y that can be seen, logical pixels.
    seen: [f32; 2],
    /// From logical pixels of the scene to physical pixels of the band.
    place: Affine,
    open: Vec<Open>,
    path: BezPath,
    /// Whether the context holds anything.
    is_begun: bool,
}

/// What an [`Item::Pop`] ends.
enum Open {
    Layer,
    Clip,
}

impl<'a> Band<'a> {
    fn new(scene: &'a Scene, level: Level, top: usize, size: [usize; 2]) -> Self {
        let ratio = scene.pixel_ratio;
        let seen = [top, top + size[1]].map(|row| (row as f64 / ratio) as f32);
        let place = Affine::translate((0.0, -(top as f64))) * Affine::scale(ratio);
        let context = canvas_with(size.map(|side| side as u16), level);
        Self { scene, context, top, size, seen, place, open: Vec::new(), path: BezPath::new(), is_begun: false }
    }

    fn paint(mut self, pixels: &mut [u8]) {
        let background = self.scene.background.map_or([0; 4], |color| premultiplied(color, 255));
        pixels.chunks_exact_mut(4).for_each(|pixel| pixel.copy_from_slice(&background));
        for item in &self.scene.items {
            match item {
                // What is pixels already needs no paths: it goes straight onto what is painted so far.
                Item::Cover { color, width, cover } if self.open.is_empty() => {
                    self.hand_over(pixels);
                    self.cover_directly(*color, usize::from(*width), cover, pixels);
                }
                Item::Symbol { .. } | Item::Disc { .. } if self.open.is_empty() => {
                    if let Some((sprite, at)) = self.sprite(item) {
                        self.hand_over(pixels);
                        self.stamp_directly(&sprite, at, pixels);
                    }
                }
                item => self.item(item),
            }
        }
        while !self.open.is_empty() {
            self.pop();
        }
        self.hand_over(pixels);
        if background[3] == 255 {
            // Layers seen through lose a 255th of the ground in rounding.
            pixels.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
        }
    }

    /// Paints what the context has gathered, and lets it begin anew.
    fn hand_over(&mut self, pixels: &mut [u8]) {
        if !std::mem::take(&mut self.is_begun) {
            return;
        }
        self.context.flush();
        if let Some(target) = PixmapMut::new(self.size[0] as u16, self.size[1] as u16, pixels) {
            let settings = RasterizerSettings { target_init: TargetInit::SrcOver, ..RasterizerSettings::default() };
            self.context.render_with(target, &mut Resources::new(), settings);
        }
        self.context.reset();
    }

    fn cover_directly(&self, color: Rgba, width: usize, cover: &[u8], pixels: &mut [u8]) {
        let Some(rows) = self.rows(width, cover) else { return };
        let shades: Vec<[u8; 4]> = (0..=255).map(|share| premultiplied(color, share)).collect();
        for (pixel, &share) in pixels.chunks_exact_mut(4).zip(rows).filter(|(_, share)| **share > 0) {
            lay_over(pixel, &shades[usize::from(share)]);
        }
    }

    /// The band's rows of a cover.
    fn rows<'c>(&self, width: usize, cover: &'c [u8]) -> Option<&'c [u8]> {
        let first = self.top * width;
        cover.get(first..first + width * self.size[1]).filter(|_| width == self.size[0])
    }

    fn item(&mut self, item: &Item) {
        self.is_begun = true;
        match item {
            Item::Fill { paths, color } => {
                if self.collect(paths.clone(), 1.0) {
                    self.context.set_transform(self.place);
                    self.context.set_paint(alpha_color(*color));
                    self.context.fill_path(&self.path);
                }
            }
            Item::Stroke { paths, color, width, cap } => {
                if self.collect(paths.clone(), width + 1.0) {
                    self.stroke(*color, *width, *cap);
                }
            }
            Item::Cover { color, width, cover } => self.cover(*color, usize::from(*width), cover),
            Item::Raster { width, rgba } => self.raster(usize::from(*width), rgba),
            Item::Symbol { .. } | Item::Disc { .. } => {
                if let Some((sprite, at)) = self.sprite(item) {
                    let corner = self.corner(&sprite, at).map(f64::from);
                    self.image(Arc::clone(&sprite.pixmap), corner);
                }
            }
            Item::Text(run) => self.text(run),
            Item::Opacity(opacity) => {
                self.context.push_opacity_layer(*opacity);
                self.open.push(Open::Layer);
            }
            Item::Clip([left, top, right, bottom]) => {
                self.context.set_transform(self.place);
                let rect = Rect::new((*left).into(), (*top).into(), (*right).into(), (*bottom).into());
                self.context.push_clip_rect(&rect);
                self.open.push(Open::Clip);
            }
            Item::Pop => self.pop(),
        }
    }

    fn pop(&mut self) {
        match self.open.pop() {
            Some(Open::Layer) => self.context.pop_layer(),
            Some(Open::Clip) => self.context.pop_clip(),
            None => {}
        }
    }

    fn sees(&self, y: f32, size: f32) -> bool {
        y + size >= self.seen[0] && y - size <= self.seen[1]
    }

    /// Gathers the paths that reach into the band; whether there are any.
    fn collect(&mut self, paths: std::ops::Range<u32>, margin: f32) -> bool {
        self.path.truncate(0);
        for span in &self.scene.paths[paths.start as usize..paths.end as usize] {
            if span.y_range[1] + margin >= self.seen[0] && span.y_range[0] - margin <= self.seen[1] {
                add_path(self.scene, *span, &mut self.path);
            }
        }
        !self.path.is_empty()
    }

    fn stroke(&mut self, color: Rgba, width: f32, cap: Cap) {
        // A line thinner than a pixel is painted one pixel wide and fainter: it stays even along its way.
        let least = 1.0 / self.scene.pixel_ratio as f32;
        let color = if width < least { color.with_opacity(width / least) } else { color };
        let caps = match cap {
            Cap::Butt => kurbo::Cap::Butt,
            Cap::Round => kurbo::Cap::Round,
        };
        let join = if width > 2.0 { Join::Round } else { Join::Bevel };
        self.context.set_transform(self.place);
        self.context.set_paint(alpha_color(color));
        self.context.set_stroke(Stroke::new(f64::from(width.max(least))).with_caps(caps).with_join(join));
        self.context.stroke_path(&self.path);
    }

    fn cover(&mut self, color: Rgba, width: usize, cover: &[u8]) {
        let Some(rows) = self.rows(width, cover) else { return };
        if rows.iter().all(|&share| share == 0) {
            return;
        }
        let shades: Vec<[u8; 4]> = (0..=255).map(|share| premultiplied(color, share)).collect();
        let mut rgba = vec![0; rows.len() * 4];
        for (pixel, &share) in rgba.chunks_exact_mut(4).zip(rows) {
            if share > 0 {
                pixel.copy_from_slice(&shades[usize::from(share)]);
            }
        }
        let pixmap = sprite::pixmap(rgba, self.size.map(|side| side as u16));
        self.image(Arc::new(pixmap), [0.0, 0.0]);
    }

    fn raster(&mut self, width: usize, rgba: &[u8]) {
        let first = self.top * width * 4;
        let Some(rows) = rgba.get(first..first + width * self.size[1] * 4).filter(|_| width == self.size[0]) else {
            return;
        };
        let pixels = rows.chunks_exact(4).flat_map(|pixel| {
            let [red, green, blue, alpha] = [pixel[0], pixel[1], pixel[2], pixel[3]];
            premultiplied(Rgba([red, green, blue, 255]), alpha)
        });
        let pixmap = sprite::pixmap(pixels.collect(), self.size.map(|side| side as u16));
        self.image(Arc::new(pixmap), [0.0, 0.0]);
    }

    /// Paints an image with its upper left corner at a whole physical pixel of the band.
    fn image(&mut self, pixmap: Arc<Pixmap>, corner: [f64; 2]) {
        let rect = Rect::new(0.0, 0.0, f64::from(pixmap.width()), f64::from(pixmap.height()));
        let sampler =
            ImageSampler { x_extend: Extend::Pad, y_extend: Extend::Pad, quality: ImageQuality::Low, alpha: 1.0 };
        self.context.set_transform(Affine::translate((corner[0], corner[1])));
        self.context.set_paint(Image { image: ImageSource::Pixmap(pixmap), sampler });
        self.context.fill_rect(&rect);
    }

    /// The small picture of a symbol or disc and where its middle is, if the band sees it.
    fn sprite(&self, item: &Item) -> Option<(Sprite, [f32; 2])> {
        let ratio = self.scene.pixel_ratio;
        match item {
            Item::Symbol { id, at, size } if self.sees(at[1], *size) => {
                Some((sprite::symbol(id, self.scene.dark, f64::from(*size) * ratio), *at))
            }
            Item::Disc { at, size, color, ring } if self.sees(at[1], size + ring.map_or(0.0, |ring| ring.1)) => {
                let ring = ring.map(|(color, width)| (color, f64::from(width) * ratio));
                Some((sprite::disc(f64::from(*size) * ratio, *color, ring), *at))
            }
            _ => None,
        }
    }

    /// Where the upper left pixel of a sprite comes to lie in the band.
    fn corner(&self, sprite: &Sprite, at: [f32; 2]) -> [i32; 2] {
        let corner = |axis: usize| (f64::from(at[axis]) * self.scene.pixel_ratio - sprite.middle[axis]).round() as i32;
        [corner(0), corner(1) - self.top as i32]
    }

    fn stamp_directly(&self, sprite: &Sprite, at: [f32; 2], pixels: &mut [u8]) {
        let [left, top] = self.corner(sprite, at);
        let [width, height] = self.size.map(|side| side as i32);
        let (wide, high) = (i32::from(sprite.pixmap.width()), i32::from(sprite.pixmap.height()));
        let columns = left.max(0)..(left + wide).min(width);
        if columns.is_empty() {
            return;
        }
        let source = sprite.pixmap.data_as_u8_slice();
        for y in top.max(0)..(top + high).min(height) {
            let from = ((y - top) * wide + columns.start - left) as usize * 4;
            let to = (y * width + columns.start) as usize * 4;
            let len = columns.len() * 4;
            let over = source[from..from + len].chunks_exact(4);
            pixels[to..to + len].chunks_exact_mut(4).zip(over).for_each(|(pixel, over)| lay_over(pixel, over));
        }
    }

    fn text(&mut self, run: &TextRun) {
        let face = font::face(run.medium);
        let slant = if run.italic { Affine::skew(-font::SLANT, 0.0) } else { Affine::IDENTITY };
        let seen: Vec<_> = run.glyphs.iter().filter(|glyph| self.sees(glyph.at[1], run.size * 1.5)).collect();
        let transforms: Vec<Affine> = seen
            .iter()
            .map(|glyph| {
                let at = (f64::from(glyph.at[0]), f64::from(glyph.at[1]));
                let turn = Affine::rotate(f64::from(glyph.turn_rad));
                self.place * Affine::translate(at) * turn * Affine::scale(f64::from(run.size)) * slant
            })
            .collect();
        if let Some((color, width)) = run.halo {
            self.context.set_paint(alpha_color(color));
            for (glyph, transform) in seen.iter().zip(&transforms) {
                self.context.set_transform(*transform);
                self.context.fill_path(&face.halo(glyph.id, width / run.size));
            }
        }
        self.context.set_paint(alpha_color(run.color));
        for (glyph, transform) in seen.iter().zip(&transforms) {
            self.context.set_transform(*transform);
            self.context.fill_path(&face.shape(glyph.id));
        }
    }
}

/// Lays a premultiplied colour over a premultiplied pixel.
#[inline]
fn lay_over(pixel: &mut [u8], over: &[u8]) {
    let rest = 255 - u32::from(over[3]);
    for (part, over) in pixel.iter_mut().zip(over) {
        *part = over.saturating_add(((u32::from(*part) * rest + 127) / 255) as u8);
    }
}

fn add_path(scene: &Scene, span: PathSpan, out: &mut BezPath) {
    for (index, &[x, y]) in scene.positions(span).iter().enumerate() {
        let at = (f64::from(x), f64::from(y));
        if index == 0 { out.move_to(at) } else { out.line_to(at) }
    }
    if span.closed {
        out.close_path();
    }
}

/// Cover in a colour as RGBA with straight alpha: what a file that holds pictures wants.
pub(super) fn cover_rgba(color: Rgba, cover: &[u8]) -> Vec<u8> {
    let [red, green, blue, alpha] = color.0;
    let seen = |share: u8| ((u32::from(alpha) * u32::from(share) + 127) / 255) as u8;
    cover.iter().flat_map(|&share| [red, green, blue, seen(share)]).collect()
}

/// The same as a PNG file.
pub(super) fn cover_png(color: Rgba, size: [usize; 2], cover: &[u8]) -> Option<Vec<u8>> {
    png(size, cover_rgba(color, cover))
}

/// Straight red, green, blue and alpha as a PNG file.
pub(super) fn png(size: [usize; 2], rgba: Vec<u8>) -> Option<Vec<u8>> {
    let pixels = image::RgbaImage::from_raw(size[0] as u32, size[1] as u32, rgba)?;
    let mut png = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut png, image::ImageFormat::Png).ok()?;
    Some(png.into_inner())
}

fn premultiplied(color: Rgba, share: u8) -> [u8; 4] {
    let [red, green, blue, alpha] = color.0.map(u32::from);
    let alpha = (alpha * u32::from(share) + 127) / 255;
    let part = |channel: u32| ((channel * alpha + 127) / 255) as u8;
    [part(red), part(green), part(blue), alpha as u8]
}
