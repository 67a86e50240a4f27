//! Textures of small photos, made once and kept while they are shown.

use std::collections::BTreeMap;

use egui::{ColorImage, Context, TextureHandle, TextureOptions};

use crate::session::state::Photo;

/// Textures by photo.
#[derive(Default)]
pub(super) struct Thumbs {
    textures: BTreeMap<i64, TextureHandle>,
}

impl std::fmt::Debug for Thumbs {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.textures.keys()).finish()
    }
}

impl Thumbs {
    /// Forgets all others.
    pub(super) fn keep(&mut self, photos: impl Iterator<Item = i64>) {
        let wanted: Vec<i64> = photos.collect();
        self.textures.retain(|photo, _| wanted.contains(photo));
    }

    /// The texture of a photo. Bytes that do not fit its size give a grey square rather than a wrong picture.
    pub(super) fn texture(&mut self, ctx: &Context, photo: &Photo) -> TextureHandle {
        let load = || ctx.load_texture(format!("photo-{}", photo.id), pixels(photo), TextureOptions::LINEAR);
        self.textures.entry(photo.id).or_insert_with(load).clone()
    }
}

fn pixels(photo: &Photo) -> ColorImage {
    let [width, height] = photo.thumb_size;
    if width > 0
        && height > 0
        && width.checked_mul(height).and_then(|area| area.checked_mul(4)) == Some(photo.thumb_rgba.len())
    {
        ColorImage::from_rgba_unmultiplied(photo.thumb_size, &photo.thumb_rgba)
    } else {
        ColorImage::filled([1, 1], egui::Color32::GRAY)
    }
}
