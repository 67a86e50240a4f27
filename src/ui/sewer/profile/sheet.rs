//! The dialog that writes a long profile to a file: paper, scales and format, beside a page as it will be.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use egui::{
    Color32, ColorImage, ComboBox, Context, Rect, RichText, Role, Stroke, StrokeKind, TextureHandle, TextureOptions,
    Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use crate::session::Session;
use crate::session::answer::Failure;
use crate::session::sewer::SewerAnswer;
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::profile::{Across, Paper, ProfileLook, ProfilePicture, USUAL_SCALES, paper_names};
use crate::task::Cancel;
use crate::text::{Lang, Text};
use crate::ui::ask::Asks;
use crate::ui::sewer::panel::{ProfileFile, SewerState};
use crate::ui::sheet::{Sheet, foot, sheet};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{Tone, choice_chip, field_error, hint_bar, icon_button, primary_button, section, text_button};

/// Endings to choose from: drawings, then rows.
const DRAWINGS: [(&str, &str); 3] = [("pdf", "PDF"), ("svg", "SVG"), ("png", "PNG")];
const ROWS: [(&str, &str); 3] = [("xlsx", "XLSX"), ("csv", "CSV"), ("geojson", "GeoJSON")];
/// Width of the fields.
const FIELDS: f32 = 300.0;
/// Widest dialog.
const WIDEST: f32 = 1200.0;
/// Room under the page for the way through the pages.
const UNDER: f32 = 36.0;
/// Most pixels of a preview's side.
const MOST_PX: f64 = 2400.0;

/// What the dialog remembers.
pub(super) struct SheetState {
    is_open: bool,
    /// Which of the named papers; none for one long picture.
    paper: Option<usize>,
    upright: bool,
    look: ProfileLook,
    ending: &'static str,
    page: usize,
    preview: Preview,
}

impl Default for SheetState {
    fn default() -> Self {
        Self {
            is_open: false,
            paper: Some(1),
            upright: false,
            look: ProfileLook::new(Lang::Zh),
            ending: "pdf",
            page: 0,
            preview: Preview::default(),
        }
    }
}

impl SheetState {
    /// Opens it, with the exaggeration of the chart where one was chosen there.
    pub(super) fn open(&mut self, exaggeration: Option<f64>) {
        self.is_open = true;
        self.page = 0;
        self.look.exaggeration = exaggeration;
    }

    fn look(&self, lang: Lang) -> ProfileLook {
        let paper = self.paper.and_then(|number| Paper::parse(paper_names().nth(number)?, !self.upright));
        let mut look = ProfileLook { lang, ..self.look };
        look.sheet.paper = paper;
        look
    }
}

/// Draws the dialog while it is open.
pub(super) fn sheet_ui(
    ctx: &Context,
    session: &Session,
    state: &mut SheetState,
    sewer: &mut SewerState,
    asks: &mut Asks,
) {
    let slot = session.sewer().slot(SewerTopic::Profile);
    let found = slot.and_then(|slot| Some((slot.revision, Arc::clone(slot.answer.as_ref()?))));
    let (true, Some(slot), Some((revision, answer))) = (state.is_open, slot, found) else {
        if std::mem::take(&mut state.is_open) || state.preview.wish.is_some() {
            state.preview = Preview::default();
        }
        return;
    };
    let lang = session.lang();
    let screen = ctx.content_rect().size();
    let title = lang.pick("导出纵断面", "Export the long profile");
    let frame = Sheet { id: "profile-sheet", title, icon: "CHART_LINE", width: (screen.x - 48.0).min(WIDEST), lang };
    let closed = sheet(ctx, &frame, |ui| {
        let height = (screen.y - 176.0).clamp(240.0, 700.0);
        let whole = ui.available_rect_before_wrap();
        let whole = Rect::from_min_size(whole.min, vec2(whole.width(), height));
        let (left, right) = whole.split_left_right_at_x(whole.right() - FIELDS - 16.0);
        let mut fields =
            ui.new_child(UiBuilder::new().id_salt("fields").max_rect(right.with_min_x(right.left() + 16.0)));
        egui::ScrollArea::vertical().auto_shrink(false).show(&mut fields, |ui| fields_ui(ui, lang, state));
        let mut page = ui.new_child(UiBuilder::new().id_salt("page").max_rect(left));
        let look = state.look(lang);
        let ratio = f64::from(left.width()) * f64::from(ctx.pixels_per_point());
        state.preview.follow(ctx, session, &answer, Wish { revision, look, page: state.page, width_px: ratio as u32 });
        page_ui(&mut page, lang, state);
        ui.advance_cursor_after_rect(whole);
        let is_ready = state.preview.failure.is_none();
        foot(ui, |ui| {
            let write = |ui: &mut Ui| primary_button(ui, Some("EXPORT"), lang.pick("导出…", "Export…"));
            if ui.add_enabled_ui(is_ready || !is_drawing(state.ending), write).inner.clicked() {
                let pages = state.preview.picture.as_ref().map_or(1, |(picture, _)| picture.pages);
                sewer.write_profile(slot, ProfileFile { look, ending: state.ending, pages }, asks);
            }
            if text_button(ui, lang.pick("关闭", "Close")).clicked() {
                state.is_open = false;
            }
        });
    });
    if closed {
        state.is_open = false;
    }
}

fn is_drawing(ending: &str) -> bool {
    DRAWINGS.iter().any(|(drawing, _)| *drawing == ending)
}

fn fields_ui(ui: &mut Ui, lang: Lang, state: &mut SheetState) {
    ui.set_max_width(FIELDS - 12.0);
    ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
    section(ui, lang.pick("格式", "Format"), "");
    for endings in [DRAWINGS, ROWS] {
        ui.horizontal_wrapped(|ui| {
            for (ending, name) in endings {
                if choice_chip(ui, name, state.ending == ending).clicked() {
                    state.ending = ending;
                }
            }
        });
    }
    if !is_drawing(state.ending) {
        let words = lang.pick(
            "写出节点、管段和交叉管各一行：里程、标高、覆土、坡度、净距等。",
            "A row for each node, pipe and crossing: chainage, levels, cover, slope, clearance and more.",
        );
        return hint_bar(ui, Tone::Info, words);
    }
    section(ui, lang.pick("图纸", "Paper"), "");
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (number, name) in paper_names().enumerate() {
            if choice_chip(ui, name, state.paper == Some(number)).clicked() {
                state.paper = Some(number);
            }
        }
        if choice_chip(ui, lang.pick("长图", "One long"), state.paper.is_none()).clicked() {
            state.paper = None;
        }
    });
    if state.paper.is_some() {
        ui.horizontal(|ui| {
            for (upright, name) in [(false, lang.pick("横", "Landscape")), (true, lang.pick("竖", "Portrait"))] {
                if choice_chip(ui, name, state.upright == upright).clicked() {
                    state.upright = upright;
                }
            }
        });
    }
    section(ui, lang.pick("比例尺", "Scales"), "");
    scales(ui, lang, state);
    section(ui, lang.pick("内容", "Contents"), "");
    let words = lang.pick("缺测管底按里程内插（虚线）", "Bridge missing inverts by dashed lines");
    ui.checkbox(&mut state.look.has_bridges, words);
    let count = state.preview.picture.as_ref().map_or(1, |(picture, _)| picture.pages);
    if count > 1 && state.ending != "pdf" {
        let words = match lang {
            Lang::Zh => format!("{count} 页，每页一个文件：名-1.{} …", state.ending),
            Lang::En => format!("{count} pages, a file for each: name-1.{} …", state.ending),
        };
        hint_bar(ui, Tone::Info, words);
    }
}

/// Scales of lengths and of heights; an exaggeration stands for the second.
fn scales(ui: &mut Ui, lang: Lang, state: &mut SheetState) {
    let across = state.look.sheet.across;
    let words = |across: Across| match across {
        Across::Usual => lang.pick("自动", "Automatic").to_owned(),
        Across::OnePage => lang.pick("放进一页", "All on one page").to_owned(),
        Across::At(scale) => format!("1:{scale}"),
    };
    ui.horizontal(|ui| {
        ui.label(lang.pick("横向", "Lengths"));
        let list = ComboBox::from_id_salt("across").selected_text(words(across)).width(150.0);
        let list = list.show_ui(ui, |ui| {
            let usual = USUAL_SCALES.into_iter().filter(|scale| *scale >= 100.0).map(Across::At);
            for choice in [Across::Usual, Across::OnePage].into_iter().chain(usual) {
                ui.selectable_value(&mut state.look.sheet.across, choice, words(choice));
            }
        });
        list.response.accessible_name(lang.pick("横向比例尺", "Scale of lengths"));
    });
    let words = |up: Option<f64>| up.map_or(lang.pick("自动", "Automatic").to_owned(), |scale| format!("1:{scale}"));
    let chosen = match state.look.exaggeration {
        Some(times) => format!("× {times}"),
        None => words(state.look.sheet.up),
    };
    ui.horizontal(|ui| {
        ui.label(lang.pick("纵向", "Heights"));
        let list = ComboBox::from_id_salt("up").selected_text(chosen).width(150.0);
        let list = list.show_ui(ui, |ui| {
            let usual = USUAL_SCALES.into_iter().filter(|scale| *scale <= 5000.0).map(Some);
            for choice in std::iter::once(None).chain(usual) {
                let is_chosen = state.look.exaggeration.is_none() && state.look.sheet.up == choice;
                if ui.selectable_label(is_chosen, words(choice)).clicked() {
                    (state.look.sheet.up, state.look.exaggeration) = (choice, None);
                }
            }
        });
        list.response.accessible_name(lang.pick("纵向比例尺", "Scale of heights"));
    });
}

/// The page, and the way through the pages.
fn page_ui(ui: &mut Ui, lang: Lang, state: &mut SheetState) {
    let (room, tokens) = (ui.max_rect(), Tokens::of(ui));
    ui.painter().rect_filled(room, theme::RADIUS, tokens.sunk);
    let under = Rect::from_min_max(pos2(room.left() + 16.0, room.bottom() - UNDER), room.right_bottom());
    let room = room.with_max_y(room.bottom() - UNDER).shrink(12.0);
    let mut told = lang.pick("正在绘制", "being drawn").to_owned();
    let mut place = Rect::from_center_size(room.center(), egui::Vec2::ZERO);
    if let Some((picture, texture)) = &state.preview.picture {
        let size = texture.size_vec2();
        place = Rect::from_center_size(room.center(), size * (room.width() / size.x).min(room.height() / size.y));
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture.id(), place, whole, Color32::WHITE);
        ui.painter().rect_stroke(place, 0, Stroke::new(1.0, tokens.line_strong), StrokeKind::Outside);
        let [across, up] = picture.scales;
        told = format!("1:{across}, 1:{up}, {} / {}", picture.page + 1, picture.pages);
    }
    let response = ui.interact(place, ui.scope_id().with("sheet"), egui::Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, lang.pick("纵断面预览", "Preview of the profile")));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_value(told.as_str()));
    ui.scope_builder(UiBuilder::new().max_rect(under), |ui| match &state.preview.failure {
        Some(failure) => field_error(ui, failure.get(lang)),
        None => pages_ui(ui, lang, state),
    });
}

fn pages_ui(ui: &mut Ui, lang: Lang, state: &mut SheetState) {
    let Some((picture, _)) = &state.preview.picture else {
        ui.label(RichText::new(lang.pick("正在绘制…", "Drawing…")).color(Tokens::of(ui).text2));
        return;
    };
    let (page, pages, [across, up]) = (picture.page, picture.pages, picture.scales);
    ui.horizontal(|ui| {
        let back = |ui: &mut Ui| icon_button(ui, "CARET_LEFT", lang.pick("上一页", "Page before"));
        if ui.add_enabled_ui(page > 0, back).inner.clicked() {
            state.page = page - 1;
        }
        ui.label(format!("{} / {pages}", page + 1));
        let forth = |ui: &mut Ui| icon_button(ui, "CARET_RIGHT", lang.pick("下一页", "Next page"));
        if ui.add_enabled_ui(page + 1 < pages, forth).inner.clicked() {
            state.page = page + 1;
        }
        let words = match lang {
            Lang::Zh => format!("横 1:{across:.0}　纵 1:{up:.0}"),
            Lang::En => format!("Across 1:{across:.0}, up 1:{up:.0}"),
        };
        ui.label(RichText::new(words).color(Tokens::of(ui).text2));
    });
}

/// What is to be seen.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Wish {
    revision: u64,
    look: ProfileLook,
    page: usize,
    /// Width that there is for it, physical pixels.
    width_px: u32,
}

/// A page as it will be, drawn off the drawing thread.
#[derive(Default)]
struct Preview {
    wish: Option<Wish>,
    coming: Option<Receiver<Result<ProfilePicture, Failure>>>,
    cancel: Cancel,
    picture: Option<(ProfilePicture, TextureHandle)>,
    failure: Option<Text>,
}

impl Drop for Preview {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Preview {
    /// Has what is wanted drawn, and takes it in; what was drawn before stays until then.
    fn follow(&mut self, ctx: &Context, session: &Session, answer: &Arc<SewerAnswer>, wish: Wish) {
        if self.wish != Some(wish) {
            self.wish = Some(wish);
            self.cancel.cancel();
            self.cancel = Cancel::default();
            self.coming = self.start(ctx, session, answer, wish);
        }
        let Some(coming) = &self.coming else { return };
        match coming.try_recv() {
            Ok(Ok(mut picture)) => {
                let pixels = bytemuck::allocation::pod_collect_to_vec(&std::mem::take(&mut picture.rgba)[..]);
                let image = ColorImage::new(picture.size, pixels);
                let texture = ctx.load_texture("profile-sheet", image, TextureOptions::LINEAR);
                (self.picture, self.failure, self.coming) = (Some((picture, texture)), None, None);
            }
            Ok(Err(failure)) => (self.failure, self.coming) = (Some(failure.text), None),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                let text = Text::new("这一页画不出来", "This page cannot be drawn");
                (self.failure, self.coming) = (Some(text), None);
            }
        }
    }

    fn start(
        &self,
        ctx: &Context,
        session: &Session,
        answer: &Arc<SewerAnswer>,
        wish: Wish,
    ) -> Option<Receiver<Result<ProfilePicture, Failure>>> {
        let desk = session.sewers().ok()?;
        let (send, coming) = channel();
        let (ctx, answer, cancel) = (ctx.clone(), Arc::clone(answer), self.cancel.clone());
        let draw = move || {
            let SewerAnswer::Profile(found) = answer.as_ref() else { return };
            let paper_px = wish.look.sheet.paper.map_or(MOST_PX, |paper| paper.size_px()[0]);
            let pixel_ratio = (f64::from(wish.width_px).min(MOST_PX) / paper_px).clamp(0.1, 3.0);
            let look = ProfileLook { pixel_ratio, ..wish.look };
            let picture = desk.profile_page(found, &look, wish.page, &cancel);
            // Nobody waits for a page that is no longer wanted.
            if !cancel.is_cancelled() {
                _ = send.send(picture);
                ctx.request_repaint();
            }
        };
        std::thread::Builder::new().name("profile page".into()).spawn(draw).ok().map(|_| coming)
    }
}
