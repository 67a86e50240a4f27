//! The photos of a note that is being written: small pictures, each with a way out, and what was not taken.

use std::path::PathBuf;

use egui::{Margin, RichText, Ui, vec2};

use super::Input;
use super::draft::Draft;
use crate::session::notes::drafts::NotePhoto;
use crate::ui::ask::{Asks, FilePurpose, UiAsk};
use crate::ui::icons::icon;
use crate::ui::theme::{self, RADIUS, Tokens};
use crate::ui::thumbs::Thumbs;
use crate::ui::widgets::{button, field_error, icon_button};

/// Size of a small picture.
const SMALL: egui::Vec2 = vec2(72.0, 54.0);

/// The photos, the button for more, and what is wrong with those that were refused.
pub(super) fn photos(ui: &mut Ui, input: &Input<'_>, draft: &mut Draft, thumbs: &mut Thumbs, asks: &mut Asks) {
    let mut removed = None;
    let read = |path: &PathBuf| input.photos.get(path);
    thumbs.keep(draft.photos.iter().filter_map(|path| match read(path)? {
        NotePhoto::Ready(photo) => Some(photo.id),
        _ => None,
    }));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for (index, path) in draft.photos.iter().enumerate() {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if tile(ui, input, read(path), &name, thumbs) {
                removed = Some(index);
            }
        }
        let add = input.lang.pick("添加照片，也可拖入", "Add photos, or drop them here");
        if button(ui, "CAMERA", add).clicked() {
            asks.push(UiAsk::PickFile(FilePurpose::NotePhotos));
        }
    });
    if let Some(index) = removed {
        draft.photos.remove(index);
    }
    for why in &draft.refused {
        field_error(ui, why.get(input.lang));
    }
}

/// A photo that will be stored with the note; whether it is taken out again.
fn tile(ui: &mut Ui, input: &Input<'_>, photo: Option<&NotePhoto>, name: &str, thumbs: &mut Thumbs) -> bool {
    let tokens = Tokens::of(ui);
    let frame = egui::Frame::new().fill(tokens.sunk).corner_radius(RADIUS).inner_margin(Margin::same(4));
    let shown = frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            if let Some(NotePhoto::Ready(photo)) = photo {
                let texture = thumbs.texture(ui.ctx(), photo);
                let image = egui::Image::new(&texture).fit_to_exact_size(SMALL).corner_radius(RADIUS).alt_text(name);
                ui.add(image).on_hover_text(name);
            } else {
                ui.label(icon("IMAGE").color(tokens.text2));
                let words = RichText::new(input.lang.pick("正在读取…", "Reading…")).font(theme::note());
                ui.label(words.color(tokens.text2)).on_hover_text(name);
            }
            icon_button(ui, "X", &format!("{} {name}", input.lang.pick("去掉", "Remove"))).clicked()
        })
        .inner
    });
    shown.inner
}
