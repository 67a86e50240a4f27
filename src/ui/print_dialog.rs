//! Printing: a sheet of paper as it will be, its fields beside it, and where it goes.

mod fields;
mod page;
mod plan;

use std::path::{Path, PathBuf};

use egui::{Context, ProgressBar, RichText, Ui, UiBuilder, vec2};

use super::ask::{Asks, FilePurpose, SheetFile, UiAsk};
use super::camera::Camera;
use super::sheet::{Sheet, foot, sheet};
use super::theme::{self, Tokens};
use super::widgets::{Tone, hint_bar, primary_button, text_button};
use crate::session::Session;
use crate::session::answer::RenderRequest;
use crate::session::command::{Command, ExchangeCommand};
use crate::session::print::preview::PreviewWish;
use crate::session::state::{JobView, NoticeLevel};
use crate::text::{Lang, Text};
use page::Page;
use plan::Plan;

/// The picture is drawn anew once nothing has changed for so long, seconds.
const REST_S: f64 = 0.08;
/// Width of the fields.
const FIELDS: f32 = 348.0;
/// Widest dialog.
const WIDEST: f32 = 1360.0;

/// What the dialog remembers.
#[derive(Default)]
pub struct PrintState {
    is_open: bool,
    /// The city whose sheet it is.
    city: Option<PathBuf>,
    plan: Plan,
    page: Page,
    file: FileForm,
    /// What is being typed into the scale's field.
    scale_words: Option<String>,
    /// The last wish, and since when.
    wish: Option<(PreviewWish, f64)>,
    was_printing: bool,
    /// How the last printing ended.
    told: Option<(Tone, Text)>,
}

/// What is written.
#[derive(Clone, Copy, Debug)]
struct FileForm {
    kind: SheetFile,
    dpi: u32,
    /// Each page of a series into a file of its own.
    in_files: bool,
}

impl Default for FileForm {
    fn default() -> Self {
        Self { kind: SheetFile::Pdf, dpi: 300, in_files: false }
    }
}

impl PrintState {
    /// Opens the dialog on what the map shows; fields of the same city are as they were left.
    pub fn open(&mut self, session: &Session, camera: &Camera) {
        let Some(city) = session.city() else { return };
        if self.city.as_ref() != Some(&city.path) {
            *self = Self { city: Some(city.path.clone()), plan: Plan::of(session), ..Self::default() };
        }
        self.plan.show(camera);
        (self.is_open, self.told) = (true, None);
    }

    /// Whether it is on the screen.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// A file name to propose.
    pub fn file_name(&self) -> String {
        let bad = |letter: char| letter.is_control() || "/\\:*?\"<>|{}".contains(letter);
        let name: String =
            self.plan.title.trim().chars().map(|letter| if bad(letter) { '_' } else { letter }).collect();
        format!("{name}.{}", self.file.kind.ending())
    }

    /// Prints into the file that was chosen in a dialog, which has asked before replacing it; or into the folder, a file
    /// for each page.
    pub fn print(&mut self, session: &Session, chosen: &Path) -> Option<UiAsk> {
        let path = if self.prints_files() {
            let name = PathBuf::from(self.file_name());
            let stem = name.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            chosen.join(format!("{stem} {{}}.{}", self.file.kind.ending()))
        } else {
            chosen.to_owned()
        };
        // The dialog of the desktop may have been given another ending.
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let ratio = if ending == "png" { self.file.dpi as f32 / 96.0 } else { 1.0 };
        let request = self.plan.request(session, path, ratio).ok()?;
        // Nobody was asked about each of the files in a folder.
        let request = RenderRequest { overwrite: !self.prints_files(), ..request };
        self.told = None;
        Some(UiAsk::Run(Command::Exchange(ExchangeCommand::Picture(request))))
    }

    fn prints_files(&self) -> bool {
        self.plan.series.is_some() && (self.file.in_files || self.file.kind != SheetFile::Pdf)
    }

    fn purpose(&self) -> FilePurpose {
        if self.prints_files() { FilePurpose::SheetFolder } else { FilePurpose::Sheet(self.file.kind) }
    }
}

/// Draws the dialog while it is open. `camera` is what the map shows.
pub fn print_ui(ctx: &Context, session: &mut Session, camera: &Camera, state: &mut PrintState, asks: &mut Asks) {
    let is_of_city = session.city().is_some_and(|city| state.city.as_ref() == Some(&city.path));
    if !state.is_open || !is_of_city {
        if std::mem::take(&mut state.is_open) {
            session.end_preview();
        }
        return;
    }
    follow_printing(session, state);
    let lang = session.lang();
    let title = lang.pick("打印地图", "Print the map");
    let screen = ctx.content_rect().size();
    let width = (screen.x - 48.0).min(WIDEST);
    let frame = Sheet { id: "print", title, icon: "PRINTER", width, lang };
    let closed = sheet(ctx, &frame, |ui| {
        // Heading, foot and margins of the dialog take the rest.
        let height = (screen.y - 176.0).clamp(260.0, 860.0);
        body(ui, session, camera, state, height);
        foot_ui(ui, session, state, asks);
    });
    if closed {
        state.is_open = false;
        session.end_preview();
    }
}

/// Preview at the left, fields at the right.
fn body(ui: &mut Ui, session: &mut Session, camera: &Camera, state: &mut PrintState, height: f32) {
    let whole = ui.available_rect_before_wrap();
    let whole = egui::Rect::from_min_size(whole.min, vec2(whole.width(), height));
    let (left, right) = whole.split_left_right_at_x(whole.right() - FIELDS - 16.0);
    let mut fields = ui.new_child(UiBuilder::new().id_salt("fields").max_rect(right.with_min_x(right.left() + 16.0)));
    egui::ScrollArea::vertical().auto_shrink(false).show(&mut fields, |ui| {
        ui.set_max_width(FIELDS - 12.0);
        fields::fields_ui(ui, session, camera, state);
    });
    let mut preview = ui.new_child(UiBuilder::new().id_salt("preview").max_rect(left));
    let ratio = Page::ratio(&preview, state.plan.paper());
    wish(ui.ctx(), session, state, ratio);
    page::page_ui(&mut preview, session, state);
    ui.advance_cursor_after_rect(whole);
}

/// Asks for the picture, once the fields rest.
fn wish(ctx: &Context, session: &mut Session, state: &mut PrintState, ratio: f32) {
    let Ok(request) = state.plan.request(session, PathBuf::new(), ratio) else { return };
    let (wish, now_s) = (PreviewWish { request, page: state.page.number }, ctx.input(|input| input.time));
    let since_s = match &state.wish {
        Some((before, since_s)) if *before == wish => *since_s,
        Some(_) => now_s,
        // Nothing is on the screen yet: no reason to wait.
        None => now_s - REST_S,
    };
    let rest_s = since_s + REST_S - now_s;
    if rest_s <= 0.0 {
        session.preview_sheet(&wish);
    } else {
        ctx.request_repaint_after_secs(rest_s as f32 + 0.005);
    }
    state.wish = Some((wish, since_s));
}

/// Notices the end of a printing.
fn follow_printing(session: &Session, state: &mut PrintState) {
    let is_printing = session.printing().is_some();
    if std::mem::replace(&mut state.was_printing, is_printing) && !is_printing {
        state.told = session.notices().last().map(|notice| {
            let tone = match notice.level {
                NoticeLevel::Ok => Tone::Ok,
                NoticeLevel::Info => Tone::Info,
                NoticeLevel::Warning => Tone::Warn,
                NoticeLevel::Error => Tone::Err,
            };
            (tone, notice.text.clone())
        });
    }
}

fn foot_ui(ui: &mut Ui, session: &Session, state: &mut PrintState, asks: &mut Asks) {
    let lang = session.lang();
    if let Some((tone, text)) = &state.told {
        ui.add_space(8.0);
        hint_bar(ui, *tone, text.get(lang));
    }
    if let Some(job) = session.printing() {
        foot(ui, |ui| progress(ui, job, lang, asks));
        return;
    }
    foot(ui, |ui| {
        let is_ready = state.plan.request(session, PathBuf::new(), 1.0).is_ok();
        let print = |ui: &mut Ui| primary_button(ui, Some("PRINTER"), lang.pick("输出…", "Print to a file…"));
        let print = ui.add_enabled_ui(is_ready, print).inner;
        if print.on_disabled_hover_text(lang.pick("先改正条件", "Correct the condition first")).clicked() {
            asks.push(UiAsk::PickFile(state.purpose()));
        }
        if text_button(ui, lang.pick("关闭", "Close")).clicked() {
            state.is_open = false;
        }
    });
}

/// Pages done, and the way to stop.
fn progress(ui: &mut Ui, job: &JobView, lang: Lang, asks: &mut Asks) {
    if text_button(ui, lang.pick("停止输出", "Stop printing")).clicked() {
        asks.push(UiAsk::Run(Command::CancelJob(job.id)));
    }
    let (done, total) = job.report.as_ref().map_or((0, 0), |report| (report.done, report.total.unwrap_or(0)));
    ui.label(RichText::new(format!("{done} / {total}")).color(Tokens::of(ui).text2));
    let share = job.report.as_ref().and_then(crate::task::Report::fraction).unwrap_or(0.0);
    let bar = ProgressBar::new(share).desired_width(220.0).desired_height(4.0).fill(Tokens::of(ui).accent);
    ui.add(bar).accessible_name(job.title.get(lang));
    ui.label(RichText::new(job.title.get(lang)).font(theme::body()));
}

#[cfg(test)]
mod tests;
