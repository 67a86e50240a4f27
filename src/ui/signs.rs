//! Map symbols as small textures, painted once for each size and theme by the map's own painter.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Color32, ColorImage, Rect, TextureHandle, TextureOptions, Ui, pos2, vec2};

use crate::render::painter;
use crate::render::scene::{Item, Scene};
use crate::task::Cancel;

/// Room of a symbol beside its height: pins and flags stand out of their box.
const ROOM: f32 = 1.25;

/// Symbol, theme, height and pixel ratio in hundredths.
type Key = (String, bool, u32, u32);

/// Textures of the symbols shown so far; there are some dozens in all.
#[derive(Default)]
pub struct Signs {
    textures: BTreeMap<Key, Option<TextureHandle>>,
}

impl Signs {
    /// Paints a symbol in the middle of a room, so many logical pixels high.
    pub fn paint(&mut self, ui: &Ui, room: Rect, id: &str, height: f32) {
        let ratio = ui.pixels_per_point();
        let dark = ui.visuals().dark_mode;
        let key = (id.to_owned(), dark, (height * 100.0) as u32, (ratio * 100.0) as u32);
        let texture = self.textures.entry(key).or_insert_with(|| texture(ui, id, height, ratio, dark));
        let Some(texture) = texture else { return };
        let side = height * ROOM;
        // On whole pixels: a symbol half a pixel off is a blurred one.
        let snap = |value: f32| (value * ratio).round() / ratio;
        let min = pos2(snap(room.center().x - side / 2.0), snap(room.center().y - side / 2.0));
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        let size = texture.size_vec2() / ratio;
        ui.painter().image(texture.id(), Rect::from_min_size(min, vec2(size.x, size.y)), whole, Color32::WHITE);
    }
}

fn texture(ui: &Ui, id: &str, height: f32, ratio: f32, dark: bool) -> Option<TextureHandle> {
    let side = height * ROOM;
    let symbol = Item::Symbol { id: Arc::from(id), at: [side / 2.0, side / 2.0], size: height };
    let scene = Scene {
        size_px: [f64::from(side); 2],
        pixel_ratio: f64::from(ratio),
        dark,
        items: vec![symbol],
        ..Scene::default()
    };
    let picture = painter::paint(&scene, &Cancel::default())?;
    let size = [picture.width as usize, picture.height as usize];
    let image = ColorImage::from_rgba_premultiplied(size, &picture.rgba);
    Some(ui.ctx().load_texture(format!("sign {id}"), image, TextureOptions::LINEAR))
}
