//! The sheet at the left of the dialog: its picture, the hand that moves its map, the pages of a series.

use std::sync::Arc;

use egui::{
    Align2, Color32, ColorImage, CursorIcon, Rect, Response, Role, Sense, Stroke, StrokeKind, TextureHandle,
    TextureOptions, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::PrintState;
use crate::render::paper::Paper;
use crate::session::Session;
use crate::session::print::preview::SheetPicture;
use crate::text::Lang;
use crate::ui::status_bar::scale_words;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{field_error, icon_button};

/// Room around the sheet.
const EDGE: f32 = 16.0;
/// Room under it for the pages of a series, or for what is wrong.
const UNDER: f32 = 36.0;

/// What the preview remembers.
#[derive(Default)]
pub(super) struct Page {
    /// Which page of a series, from 0.
    pub(super) number: usize,
    shown: Option<(Arc<SheetPicture>, TextureHandle)>,
    /// So far the hand has moved the map since the picture was drawn, points.
    moved: Vec2,
    /// The picture that was on the screen when the hand let go.
    moved_on: Option<Arc<SheetPicture>>,
}

impl Page {
    /// Physical pixels to a logical one of the sheet, so that its picture fits the room.
    pub(super) fn ratio(ui: &Ui, paper: Paper) -> f32 {
        let width = place_of(ui, paper).width() * ui.ctx().pixels_per_point();
        (f64::from(width.round().max(1.0)) / paper.size_px()[0]) as f32
    }

    /// Takes over a new picture.
    fn follow(&mut self, ui: &Ui, picture: Option<&Arc<SheetPicture>>) {
        let Some(picture) = picture else {
            self.shown = None;
            return;
        };
        if self.shown.as_ref().is_some_and(|(shown, _)| Arc::ptr_eq(shown, picture)) {
            return;
        }
        let pixels = bytemuck::allocation::pod_collect_to_vec(&picture.rgba[..]);
        let image = ColorImage::new(picture.size, pixels);
        let texture = ui.ctx().load_texture("sheet", image, TextureOptions::LINEAR);
        self.shown = Some((Arc::clone(picture), texture));
        if self.moved_on.take().is_some() {
            self.moved = Vec2::ZERO;
        }
    }
}

/// Where the paper lies, in the middle of the room.
fn place_of(ui: &Ui, paper: Paper) -> Rect {
    let room = ui.max_rect();
    let room = room.with_max_y(room.bottom() - UNDER).shrink(EDGE);
    let [width, height] = paper.size_mm.map(|side| side as f32);
    let scale = (room.width() / width).min(room.height() / height).max(0.01);
    Rect::from_center_size(room.center(), vec2(width, height) * scale)
}

/// Draws the preview.
pub(super) fn page_ui(ui: &mut Ui, session: &Session, state: &mut PrintState) {
    let (room, tokens, lang) = (ui.max_rect(), Tokens::of(ui), session.lang());
    let preview = session.sheet_preview();
    state.page.follow(ui, preview.picture);
    ui.painter().rect_filled(room, theme::RADIUS, tokens.sunk);
    let sheet = place_of(ui, state.plan.paper());
    let response = ui.interact(sheet, ui.scope_id().with("sheet"), Sense::click_and_drag());
    drag(state, &response, sheet);
    ui.painter().rect_filled(sheet, 0, Color32::WHITE);
    paint(ui, state, sheet);
    ui.painter().rect_stroke(sheet, 0, Stroke::new(1.0, tokens.line_strong), StrokeKind::Outside);
    if preview.is_drawing {
        let words = lang.pick("正在绘制…", "Drawing…");
        ui.painter().text(room.left_top() + vec2(10.0, 8.0), Align2::LEFT_TOP, words, theme::note(), tokens.text2);
    }
    describe(ui, state, &response, lang);
    let under = Rect::from_min_max(pos2(room.left() + EDGE, room.bottom() - UNDER), room.right_bottom());
    ui.scope_builder(egui::UiBuilder::new().max_rect(under), |ui| {
        if let Some(failure) = preview.failure {
            field_error(ui, failure.get(lang));
        } else {
            pages(ui, state, lang);
        }
    });
}

/// The hand moves the map on the sheet; what it lets go of is the new middle.
fn drag(state: &mut PrintState, response: &Response, sheet: Rect) {
    if state.plan.series.is_some() {
        return;
    }
    let response =
        response.clone().on_hover_cursor(if response.dragged() { CursorIcon::Grabbing } else { CursorIcon::Grab });
    if response.dragged() {
        state.page.moved += response.drag_delta();
    }
    let Some((picture, _)) = state.page.shown.as_ref().filter(|_| response.drag_stopped()) else { return };
    let px_per_point = state.plan.paper().size_px()[0] / f64::from(sheet.width());
    let view = picture.view;
    let moved = [state.page.moved.x, state.page.moved.y].map(|side| f64::from(side) * px_per_point);
    state.plan.center_world = view.world_from_screen([0, 1].map(|axis| view.size_px[axis] / 2.0 - moved[axis]));
    state.page.moved_on = Some(Arc::clone(picture));
}

/// The picture; while the hand moves the map, the map of it at another place in its frame.
fn paint(ui: &Ui, state: &PrintState, sheet: Rect) {
    let Some((_, texture)) = &state.page.shown else { return };
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().image(texture.id(), sheet, whole, Color32::WHITE);
    if state.page.moved == Vec2::ZERO {
        return;
    }
    let paper = state.plan.paper();
    let [width, height] = paper.size_px();
    let [left, top, right, bottom] = paper.map_area_px();
    let share = |x: f64, y: f64| pos2((x / width) as f32, (y / height) as f32);
    let part = Rect::from_min_max(share(left, top), share(right, bottom));
    let at = |share: egui::Pos2| sheet.lerp_inside(share.to_vec2());
    let map = Rect::from_min_max(at(part.min), at(part.max)).shrink(1.0);
    let painter = ui.painter().with_clip_rect(map);
    painter.rect_filled(map, 0, Color32::WHITE);
    painter.image(texture.id(), map.translate(state.page.moved), part, Color32::WHITE);
}

/// The way through the pages of a series.
fn pages(ui: &mut Ui, state: &mut PrintState, lang: Lang) {
    let Some((picture, _)) = &state.page.shown else { return };
    if picture.pages < 2 && picture.name.is_none() {
        return;
    }
    let (page, pages, name) = (picture.page, picture.pages, picture.name.clone().unwrap_or_default());
    ui.horizontal(|ui| {
        let back = |ui: &mut Ui| icon_button(ui, "CARET_LEFT", lang.pick("上一页", "Page before"));
        if ui.add_enabled_ui(page > 0, back).inner.clicked() {
            state.page.number = page - 1;
        }
        ui.label(format!("{} / {pages}", page + 1));
        let forth = |ui: &mut Ui| icon_button(ui, "CARET_RIGHT", lang.pick("下一页", "Next page"));
        if ui.add_enabled_ui(page + 1 < pages, forth).inner.clicked() {
            state.page.number = page + 1;
        }
        ui.add(egui::Label::new(name).truncate());
    });
}

/// Gives the picture a voice.
fn describe(ui: &Ui, state: &PrintState, response: &Response, lang: Lang) {
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, lang.pick("打印预览", "Print preview")));
    let words = match &state.page.shown {
        Some((picture, _)) => format!(
            "{}, {}, {} / {}",
            state.plan.paper().words().get(lang),
            scale_words(picture.view.denominator()),
            picture.page + 1,
            picture.pages
        ),
        None => lang.pick("正在绘制", "being drawn").to_owned(),
    };
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_value(words));
}
