//! Writing a note: the form beside its place on the map. What was typed stays until it is saved or thrown away.

use std::path::PathBuf;

use egui::{
    Align, Area, Context, Id, Key, Layout, Margin, Modifiers, Order, Pos2, Rect, RichText, Shape, Stroke, TextEdit, Ui,
    pos2, vec2,
};

use super::ask::{Asks, FilePurpose, UiAsk};
use super::form;
use super::form_ui::code_box;
use super::icons::icon;
use super::signs::Signs;
use super::theme::{self, RADIUS, Tokens};
use super::visit;
use super::widgets::{
    choice_chip, field_error, floating_frame_of, icon_button, primary_button, text_button, text_field,
};
use crate::kinds;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::session::Session;
use crate::session::command::{EditCommand, NoteDraft};
use crate::session::place;
use crate::session::state::FeatureRef;
use crate::text::{Lang, Text};

/// Width of the form.
const WIDTH: f32 = 390.0;
/// Fields of a note that a person fills in, beside its text; all others fill themselves.
const FIELDS: [&str; 4] = ["severity", "category", "state", "due"];
/// What they are before anybody chooses.
const PRESET: [&str; 4] = ["mid", "", "open", ""];

/// What a note is about.
#[derive(Clone, Debug, PartialEq)]
pub enum NotePlace {
    /// A feature; the note stands where it is.
    On(FeatureRef),
    /// A place, path or area in WGS 84 longitude and latitude.
    At(Geometry),
}

/// One note that is being written.
#[derive(Clone, Debug, PartialEq)]
struct Draft {
    place: NotePlace,
    /// What a person calls the feature; empty for a place of its own.
    title: String,
    text: String,
    /// Words of [`FIELDS`], in their order.
    words: [String; 4],
    photos: Vec<PathBuf>,
    tried: bool,
    takes_focus: bool,
}

impl Draft {
    fn new(place: NotePlace, title: String) -> Self {
        Self {
            place,
            title,
            text: String::new(),
            words: PRESET.map(str::to_owned),
            photos: Vec::new(),
            tried: false,
            takes_focus: true,
        }
    }

    fn is_worth_keeping(&self) -> bool {
        !self.text.trim().is_empty() || !self.photos.is_empty()
    }

    /// The note as typed; `None` while something in it must change first.
    fn finished(&self, fields: &[Field]) -> Option<NoteDraft> {
        if self.text.trim().is_empty() {
            return None;
        }
        let mut values = Vec::new();
        for (field, words) in self.filled(fields) {
            match form::parse(field, words).ok()? {
                Value::Null => {}
                value => values.push((field.id.to_string(), value)),
            }
        }
        let (geometry, on) = match &self.place {
            NotePlace::On(at) => (None, Some((at.layer.clone(), at.id))),
            NotePlace::At(geometry) => (Some(geometry.clone()), None),
        };
        Some(NoteDraft { geometry, on, text: self.text.trim().to_owned(), values, photos: self.photos.clone() })
    }

    fn filled<'a>(&'a self, fields: &'a [Field]) -> impl Iterator<Item = (&'a Field, &'a str)> {
        let pairs = FIELDS.iter().zip(&self.words);
        pairs.filter_map(|(id, words)| Some((fields.iter().find(|field| field.id == *id)?, words.as_str())))
    }
}

/// The note that is being written, and those left unfinished.
#[derive(Default)]
pub struct NoteFormState {
    /// The last is the one the form shows.
    drafts: Vec<Draft>,
    is_open: bool,
    signs: Signs,
}

impl NoteFormState {
    /// Opens the form about a feature, with what was typed about it before.
    pub fn start_on(&mut self, session: &Session, at: FeatureRef) {
        let row = session.details().and_then(|details| details.row.as_ref()).filter(|row| row.at == at);
        let title = row.map(|row| row.title.clone()).unwrap_or_default();
        self.start(NotePlace::On(at), title);
    }

    /// Opens the form at a place, path or area in WGS 84 degrees. Words left from another place come along.
    pub fn start_at(&mut self, lonlat: Geometry) {
        let left = self.drafts.iter().position(|draft| matches!(draft.place, NotePlace::At(_)));
        if let Some(index) = left {
            let draft = self.drafts.remove(index);
            self.drafts.push(Draft { place: NotePlace::At(lonlat), takes_focus: true, ..draft });
            self.is_open = true;
        } else {
            self.start(NotePlace::At(lonlat), String::new());
        }
    }

    fn start(&mut self, place: NotePlace, title: String) {
        self.drafts.retain(Draft::is_worth_keeping);
        let known = self.drafts.iter().position(|draft| draft.place == place);
        let draft = match known {
            Some(index) => Draft { takes_focus: true, ..self.drafts.remove(index) },
            None => Draft::new(place, title),
        };
        self.drafts.push(draft);
        self.is_open = true;
    }

    /// Whether the form is on the screen.
    pub fn is_open(&self) -> bool {
        self.is_open && !self.drafts.is_empty()
    }

    /// Puts the form away; what was typed is kept.
    pub fn close(&mut self) {
        self.is_open = false;
    }

    /// How many unfinished notes are kept.
    pub fn drafts(&self) -> usize {
        self.drafts.iter().filter(|draft| draft.is_worth_keeping()).count()
    }

    /// Pictures more for the note; those that it has already are not taken twice.
    pub fn add_photos(&mut self, photos: Vec<PathBuf>) {
        if let Some(draft) = self.drafts.last_mut() {
            for photo in visit::pictures(photos) {
                if !draft.photos.contains(&photo) {
                    draft.photos.push(photo);
                }
            }
        }
    }

    /// Around what the note is about, Web Mercator metres: the form keeps clear of it.
    pub fn place_world(&self, session: &Session) -> Option<Bounds> {
        match &self.drafts.last().filter(|_| self.is_open)?.place {
            NotePlace::On(at) => {
                let mut bounds = Bounds::EMPTY;
                session.outline(at).iter().flatten().for_each(|position| bounds.extend(*position));
                (!bounds.is_empty()).then_some(bounds)
            }
            NotePlace::At(geometry) => {
                let degrees = geometry.bounds();
                let mut bounds = Bounds::EMPTY;
                bounds.extend(place::world_from_lonlat(degrees.min));
                bounds.extend(place::world_from_lonlat(degrees.max));
                Some(bounds)
            }
        }
    }

    /// What is being drawn the note for, if it has a place of its own; WGS 84 degrees.
    pub fn geometry(&self) -> Option<&Geometry> {
        match &self.drafts.last().filter(|_| self.is_open)?.place {
            NotePlace::At(geometry) => Some(geometry),
            NotePlace::On(_) => None,
        }
    }
}

/// What the form knows of the city.
struct Input<'a> {
    lang: Lang,
    fields: &'a [Field],
    author: &'a str,
    read_only: Option<&'a Text>,
}

/// Draws the form beside `thing`, the rectangle on the screen of what it is about.
pub fn note_form_ui(ctx: &Context, session: &Session, state: &mut NoteFormState, thing: Rect, asks: &mut Asks) {
    let Some(city) = session.city().filter(|_| state.is_open()) else { return };
    let layer = city.layers.iter().find(|layer| layer.kind.id == "note");
    let kind = kinds::find("note");
    let fields = layer.map(|layer| layer.schema.fields.as_slice()).or(kind.map(|kind| kind.fields.as_slice()));
    let input = Input {
        lang: session.lang(),
        fields: fields.unwrap_or_default(),
        author: &session.settings().author,
        read_only: city.read_only.as_ref(),
    };
    take_dropped(ctx, state);
    floating(ctx, &input, state, thing, asks);
}

/// Pictures dropped anywhere on the window while the form is open are meant for the note.
fn take_dropped(ctx: &Context, state: &mut NoteFormState) {
    let dropped = ctx.input_mut(|input| {
        let mut pictures = Vec::new();
        input.raw.dropped_files.retain(|file| {
            let mut taken = visit::pictures([file.path().to_owned()]);
            let is_other = taken.is_empty();
            pictures.append(&mut taken);
            is_other
        });
        pictures
    });
    state.add_photos(dropped);
}

fn floating(ctx: &Context, input: &Input<'_>, state: &mut NoteFormState, thing: Rect, asks: &mut Asks) {
    let screen = ctx.content_rect().shrink(8.0);
    let to_right = thing.right() + 16.0 + WIDTH < screen.right();
    let x = if to_right { thing.right() + 16.0 } else { (thing.left() - 16.0 - WIDTH).max(screen.left()) };
    let tokens = Tokens::of_ctx(ctx);
    let dark = ctx.global_style().visuals.dark_mode;
    let area = Area::new(Id::unique("note-form")).order(Order::Middle).constrain_to(screen);
    let name = input.lang.pick("写标注", "Write a note");
    let shown = area.accessible_name(name).current_pos(pos2(x, thing.center().y - 60.0)).show(ctx, |ui| {
        ui.set_width(WIDTH);
        floating_frame_of(tokens, dark).show(ui, |ui| contents(ui, input, state, asks));
    });
    let form = shown.response.rect;
    let tip = tip_of(form, thing.center().y, to_right);
    let painter = ctx.layer_painter(shown.response.layer_id);
    painter.add(Shape::convex_polygon(tip.to_vec(), tokens.raised, Stroke::NONE));
    painter.add(Shape::line(tip.to_vec(), Stroke::new(1.0, tokens.line_strong)));
}

/// The form's tip, from its side towards the thing.
fn tip_of(form: Rect, y: f32, to_right: bool) -> [Pos2; 3] {
    let y = y.clamp(form.top() + 16.0, form.bottom() - 16.0);
    let (side, out) = if to_right { (form.left() + 1.0, -9.0) } else { (form.right() - 1.0, 9.0) };
    [pos2(side, y - 8.0), pos2(side + out, y), pos2(side, y + 8.0)]
}

fn contents(ui: &mut Ui, input: &Input<'_>, state: &mut NoteFormState, asks: &mut Asks) {
    let save_by_key = ui.input_mut(|it| it.consume_key(Modifiers::COMMAND, Key::Enter));
    let close_by_key = ui.input_mut(|it| it.consume_key(Modifiers::NONE, Key::Escape));
    let (Some(draft), signs) = (state.drafts.last_mut(), &mut state.signs) else { return };
    let mut end = if save_by_key { End::Save } else { End::Open };
    if close_by_key || head(ui, input.lang, draft) {
        end = End::Keep;
    }
    line(ui);
    egui::Frame::new().inner_margin(Margin::same(14)).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        text(ui, input, draft);
        choices(ui, input, draft, signs);
        photos(ui, input.lang, draft, asks);
        fills_itself(ui, input, draft);
    });
    line(ui);
    let left = egui::Frame::new().inner_margin(Margin::symmetric(14, 10)).show(ui, |ui| feet(ui, input)).inner;
    finish(if left == End::Open { end } else { left }, input, state, asks);
}

/// How the form is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Save,
    /// Put away with what was typed.
    Keep,
    /// Thrown away.
    Drop,
}

fn finish(end: End, input: &Input<'_>, state: &mut NoteFormState, asks: &mut Asks) {
    match end {
        End::Open => {}
        End::Keep => state.close(),
        End::Drop => {
            state.drafts.pop();
            state.close();
        }
        End::Save => {
            let Some(draft) = state.drafts.last_mut().filter(|_| input.read_only.is_none()) else { return };
            draft.tried = true;
            if let Some(note) = draft.finished(input.fields) {
                visit::edit(asks, EditCommand::AddNote(note));
                state.drafts.pop();
                state.close();
            }
        }
    }
}

fn line(ui: &Ui) {
    let y = ui.cursor().top();
    ui.painter().hline(ui.max_rect().x_range(), y, Stroke::new(1.0, Tokens::of(ui).line));
}

/// The heading; whether the form is put away.
fn head(ui: &mut Ui, lang: Lang, draft: &Draft) -> bool {
    let words = match &draft.place {
        NotePlace::On(_) if lang == Lang::Zh => format!("标注：{}", draft.title),
        NotePlace::On(_) => format!("Note: {}", draft.title),
        NotePlace::At(geometry) => match geometry.kind().dimension() {
            Some(1) => lang.pick("标注：线", "Note along a line").to_owned(),
            Some(2) => lang.pick("标注：面", "Note for an area").to_owned(),
            _ => lang.pick("标注：点", "Note at a point").to_owned(),
        },
    };
    let frame = egui::Frame::new().inner_margin(Margin { left: 14, right: 8, top: 6, bottom: 6 });
    frame
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(icon("MAP_PIN_PLUS").color(Tokens::of(ui).accent));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let name = lang.pick("收起，草稿保留", "Put away, the draft is kept");
                    let close = icon_button(ui, "X", name).clicked();
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.add(egui::Label::new(RichText::new(words).font(theme::medium(14.0))).truncate());
                    });
                    close
                })
                .inner
            })
            .inner
        })
        .inner
}

fn text(ui: &mut Ui, input: &Input<'_>, draft: &mut Draft) {
    let lang = input.lang;
    let hint =
        RichText::new(lang.pick("看到什么，哪里不对", "What you see, what is wrong")).color(Tokens::of(ui).text2);
    let edit = TextEdit::multiline(&mut draft.text).desired_rows(3).desired_width(f32::INFINITY).hint_text(hint);
    let response = ui.add(edit.margin(Margin::symmetric(10, 8))).accessible_name(lang.pick("内容", "Text"));
    if std::mem::take(&mut draft.takes_focus) {
        response.request_focus();
    }
    if draft.tried && draft.text.trim().is_empty() {
        field_error(ui, lang.pick("写一句再保存", "Write a sentence before saving"));
    }
}

/// Severity and category as chips; state and deadline in one line.
fn choices(ui: &mut Ui, input: &Input<'_>, draft: &mut Draft, signs: &mut Signs) {
    let [severity, category, state, due] = FIELDS.map(|id| input.fields.iter().find(|field| field.id == id));
    let [severity_words, category_words, state_words, due_words] = &mut draft.words;
    if let Some(field) = severity {
        severity_chips(ui, input.lang, field, severity_words, signs);
    }
    if let Some(field) = category {
        chips(ui, input.lang, field, category_words);
    }
    ui.horizontal(|ui| {
        let half = ui.available_width() / 2.0 - 8.0;
        if let Some(field) = state {
            labelled(ui, input.lang, field, half, |ui| code_box(ui, input.lang, field, state_words));
        }
        if let Some(field) = due {
            labelled(ui, input.lang, field, half, |ui| {
                text_field(ui, due_words, field.name.get(input.lang)).on_hover_text("2026-11-22");
            });
        }
    });
    let typed_enough = draft.tried || draft.words[3].chars().count() >= 8;
    if let Some(Err(what)) = due.map(|field| form::parse(field, &draft.words[3])).filter(|_| typed_enough) {
        field_error(ui, what.get(input.lang));
    }
}

/// The severities with the signs that they have on the map.
fn severity_chips(ui: &mut Ui, lang: Lang, field: &Field, words: &mut String, signs: &mut Signs) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        for code in &field.codes {
            let name = code.name.get(lang);
            // Room for the sign in front of the name.
            let chip = choice_chip(ui, &format!("      {name}"), *words == code.value).accessible_name(name);
            let room = Rect::from_min_size(chip.rect.min, vec2(34.0, chip.rect.height()));
            signs.paint(ui, room, &format!("note-{}-open", code.value), 18.0);
            if chip.clicked() {
                *words = code.value.to_string();
            }
        }
    });
}

fn chips(ui: &mut Ui, lang: Lang, field: &Field, words: &mut String) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for code in &field.codes {
            let chosen = *words == code.value;
            if choice_chip(ui, code.name.get(lang), chosen).clicked() {
                // The chosen one can be taken back where nothing is needed.
                *words = if chosen && !field.required { String::new() } else { code.value.to_string() };
            }
        }
    });
}

fn labelled(ui: &mut Ui, lang: Lang, field: &Field, width: f32, add: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, theme::CONTROL), Layout::left_to_right(Align::Center), |ui| {
        ui.set_max_width(width);
        ui.label(RichText::new(field.name.get(lang)).color(Tokens::of(ui).text2));
        add(ui);
    });
}

fn photos(ui: &mut Ui, lang: Lang, draft: &mut Draft, asks: &mut Asks) {
    let mut removed = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for (index, photo) in draft.photos.iter().enumerate() {
            let name = photo.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if photo_chip(ui, lang, &name) {
                removed = Some(index);
            }
        }
        let add = lang.pick("添加照片，也可拖入", "Add photos, or drop them here");
        if super::widgets::button(ui, "CAMERA", add).clicked() {
            asks.push(UiAsk::PickFile(FilePurpose::NotePhotos));
        }
    });
    if let Some(index) = removed {
        draft.photos.remove(index);
    }
}

/// A photo that will be stored with the note; whether it is taken out again.
fn photo_chip(ui: &mut Ui, lang: Lang, name: &str) -> bool {
    let tokens = Tokens::of(ui);
    let frame =
        egui::Frame::new().fill(tokens.sunk).corner_radius(RADIUS).inner_margin(Margin { left: 8, ..Margin::ZERO });
    let shown = frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.label(icon("IMAGE").color(tokens.text2));
            let words = RichText::new(name).font(theme::note());
            ui.scope(|ui| {
                ui.set_max_width(160.0);
                ui.add(egui::Label::new(words).truncate()).on_hover_text(name);
            });
            icon_button(ui, "X", &format!("{} {name}", lang.pick("去掉", "Remove"))).clicked()
        })
        .inner
    });
    shown.inner
}

fn fills_itself(ui: &mut Ui, input: &Input<'_>, draft: &Draft) {
    let tokens = Tokens::of(ui);
    let place = match &draft.place {
        NotePlace::On(_) => String::new(),
        NotePlace::At(geometry) => {
            let [longitude, latitude] = geometry.bounds().center();
            format!(" · {longitude:.5}°E {latitude:.5}°N")
        }
    };
    let author = if input.author.is_empty() { String::new() } else { format!(" · {}", input.author) };
    let words = match input.lang {
        Lang::Zh => format!("自动带上：单元网格 · 道路 · 坐标 · 时间{author}{place}"),
        Lang::En => format!("Fills itself: grid cell · road · coordinates · time{author}{place}"),
    };
    let frame = egui::Frame::new().fill(tokens.sunk).corner_radius(RADIUS).inner_margin(Margin::symmetric(10, 6));
    frame.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.label(icon("INFO").color(tokens.text2));
            ui.add(egui::Label::new(RichText::new(words).font(theme::note()).color(tokens.text2)).wrap());
        });
    });
    if let Some(reason) = input.read_only {
        field_error(ui, reason.get(input.lang));
    }
}

/// The buttons at the foot.
fn feet(ui: &mut Ui, input: &Input<'_>) -> End {
    let lang = input.lang;
    let mut end = End::Open;
    ui.horizontal(|ui| {
        if text_button(ui, lang.pick("丢弃", "Discard")).clicked() {
            end = End::Drop;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let save = |ui: &mut Ui| primary_button(ui, Some("CHECK"), lang.pick("保存", "Save"));
            let save = ui.add_enabled_ui(input.read_only.is_none(), save).inner;
            if save.on_hover_text("Ctrl+Enter").clicked() {
                end = End::Save;
            }
            if text_button(ui, lang.pick("稍后再写", "Later")).on_hover_text("Esc").clicked() {
                end = End::Keep;
            }
        });
    });
    end
}

#[cfg(test)]
mod tests;
