//! A photo as large as the window: leaf with the arrow keys, Esc goes back.

use std::sync::Arc;

use egui::{
    Align, Color32, ColorImage, Context, Id, Key, Layout, Modal, Modifiers, RichText, Sense, TextureHandle,
    TextureOptions, Ui, Vec2, vec2,
};

use super::theme::{self, Tokens};
use super::widgets::{floating_frame_of, icon_button};
use crate::session::{PhotoPixels, Session};
use crate::text::Lang;

/// Which photo is open.
#[derive(Default)]
pub struct PhotoState {
    photos: Vec<i64>,
    current: usize,
    /// The photo whose pixels are in the texture.
    texture: Option<(i64, TextureHandle)>,
}

impl PhotoState {
    /// Opens one of several photos.
    pub fn open(&mut self, photos: Vec<i64>, current: usize) {
        *self = Self { current: current.min(photos.len().saturating_sub(1)), photos, texture: None };
    }

    /// Whether a photo is on the screen.
    pub fn is_open(&self) -> bool {
        !self.photos.is_empty()
    }

    /// Puts it away.
    pub fn close(&mut self) {
        *self = Self::default();
    }

    fn photo(&self) -> Option<i64> {
        self.photos.get(self.current).copied()
    }

    /// Another one: forwards, or with `back` backwards, round the end.
    fn leaf(&mut self, steps: usize) {
        if !self.photos.is_empty() {
            self.current = (self.current + steps) % self.photos.len();
        }
    }
}

/// Draws the photo while one is open.
pub fn photo_ui(ctx: &Context, session: &mut Session, state: &mut PhotoState) {
    let Some(photo) = state.photo() else { return };
    let lang = session.lang();
    if state.texture.as_ref().is_none_or(|(shown, _)| *shown != photo) {
        state.texture = session.photo(photo).map(|pixels| (photo, upload(ctx, photo, &pixels)));
    }
    view(ctx, lang, state);
}

fn upload(ctx: &Context, photo: i64, pixels: &Arc<PhotoPixels>) -> TextureHandle {
    let [width, height] = pixels.size;
    let fits = width.checked_mul(height).and_then(|area| area.checked_mul(4)) == Some(pixels.rgba.len());
    let image = if fits && width > 0 {
        ColorImage::from_rgba_unmultiplied(pixels.size, &pixels.rgba)
    } else {
        ColorImage::filled([1, 1], Color32::GRAY)
    };
    ctx.load_texture(format!("large-photo-{photo}"), image, TextureOptions::LINEAR)
}

fn view(ctx: &Context, lang: Lang, state: &mut PhotoState) {
    let dark = ctx.global_style().visuals.dark_mode;
    let frame = floating_frame_of(Tokens::of_ctx(ctx), dark).inner_margin(8);
    let back = state.photos.len().saturating_sub(1);
    let modal = Modal::new(Id::unique("photo")).frame(frame).show(ctx, |ui| {
        let keys = [(Key::ArrowRight, 1), (Key::ArrowLeft, back), (Key::Space, 1)];
        for (key, steps) in keys {
            if ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
                state.leaf(steps);
            }
        }
        picture(ui, lang, state);
        foot(ui, lang, state, back)
    });
    if modal.inner || modal.should_close() {
        state.close();
    }
}

fn picture(ui: &mut Ui, lang: Lang, state: &PhotoState) {
    let room = ui.ctx().content_rect().size() - vec2(80.0, 120.0);
    if let Some((_, texture)) = &state.texture {
        let size = fit(texture.size_vec2(), room);
        ui.add(egui::Image::new(texture).fit_to_exact_size(size).alt_text(lang.pick("照片", "Photo")));
    } else {
        let (rect, _) = ui.allocate_exact_size(vec2(480.0, 320.0), Sense::hover());
        let words = lang.pick("正在读取照片…", "Reading the photo…");
        let color = Tokens::of(ui).text2;
        ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, words, theme::body(), color);
    }
}

/// The largest size inside `room` with the picture's shape; never larger than twice its pixels.
fn fit(picture: Vec2, room: Vec2) -> Vec2 {
    let scale = (room.x / picture.x).min(room.y / picture.y).min(2.0);
    picture * scale.max(0.0)
}

/// Way back, which of how many, way forth; whether the photo is put away.
fn foot(ui: &mut Ui, lang: Lang, state: &mut PhotoState, back: usize) -> bool {
    ui.horizontal(|ui| {
        if state.photos.len() > 1 {
            if icon_button(ui, "CARET_LEFT", lang.pick("上一张", "Previous photo")).clicked() {
                state.leaf(back);
            }
            let words = format!("{} / {}", state.current + 1, state.photos.len());
            ui.label(RichText::new(words).font(theme::note()));
            if icon_button(ui, "CARET_RIGHT", lang.pick("下一张", "Next photo")).clicked() {
                state.leaf(1);
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            icon_button(ui, "X", lang.pick("关闭", "Close")).clicked()
        })
        .inner
    })
    .inner
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::{Harness, kittest::Queryable as _};

    #[test]
    fn photos_are_leafed_with_keys_and_buttons_and_put_away_with_escape() {
        let mut state = PhotoState::default();
        state.open(vec![11, 12, 13], 0);
        let builder = Harness::builder().with_size(vec2(800.0, 600.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            |ui, state: &mut PhotoState| {
                if state.is_open() {
                    view(ui.ctx(), Lang::En, state);
                }
            },
            state,
        );
        harness.run();
        harness.key_press(Key::ArrowLeft);
        harness.run();
        assert_eq!(harness.state().photo(), Some(13));
        harness.get_by_label("Next photo").click();
        harness.run();
        assert_eq!(harness.state().photo(), Some(11));
        harness.key_press(Key::Escape);
        harness.run();
        assert!(!harness.state().is_open());
    }

    #[test]
    fn a_picture_fills_the_room_in_its_own_shape() {
        assert_eq!(fit(vec2(4000.0, 3000.0), vec2(800.0, 800.0)), vec2(800.0, 600.0));
        assert_eq!(fit(vec2(100.0, 50.0), vec2(800.0, 800.0)), vec2(200.0, 100.0));
    }
}
