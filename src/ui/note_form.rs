//! Writing a note: the form beside its place on the map. It goes when the note is in the city, not before.

mod draft;
mod offer;
mod photos;

use std::collections::BTreeMap;
use std::path::PathBuf;

use egui::{
    Align, Area, Context, Id, Key, Layout, Margin, Modifiers, Order, Pos2, Rect, RichText, Shape, Stroke, TextEdit, Ui,
    pos2, vec2,
};

pub use self::draft::{NoteFormState, NotePlace};
pub use self::offer::note_offer_ui;

use self::draft::{Draft, FIELDS, Stage};
use super::ask::{Asks, UiAsk};
use super::form;
use super::form_ui::{self, code_box, error_room};
use super::icons::icon;
use super::keys;
use super::signs::Signs;
use super::theme::{self, RADIUS, Tokens};
use super::visit;
use super::widgets::{
    Tone, button, choice_chip, field_error, floating_frame_of, hint_bar, icon_button, primary_button, text_button,
    text_field,
};
use crate::kinds;
use crate::model::schema::Field;
use crate::session::Session;
use crate::session::action::ActionId;
use crate::session::command::{Command, EditCommand, SettingsCommand};
use crate::session::notes::drafts::NotePhoto;
use crate::session::place;
use crate::session::settings::CoordinateStyle;
use crate::text::{Lang, Text};

/// Width of the form.
const WIDTH: f32 = 390.0;

/// What the form knows of the city.
struct Input<'a> {
    lang: Lang,
    fields: &'a [Field],
    /// The name in the settings.
    author: &'a str,
    coordinates: CoordinateStyle,
    /// The photo files, as far as they are read.
    photos: &'a BTreeMap<PathBuf, NotePhoto>,
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
        author: session.settings().author.trim(),
        coordinates: session.settings().coordinates,
        photos: session.note_photos(),
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
    // A list that is open takes the key for itself.
    let close_by_key = !keys::close_popup(ui.ctx()) && ui.input_mut(|it| it.consume_key(Modifiers::NONE, Key::Escape));
    let is_busy = state.is_saving();
    let NoteFormState { drafts, signs, thumbs, author, .. } = state;
    let Some(draft) = drafts.last_mut() else { return };
    let is_ready = draft.stage == Stage::Waiting && !draft.is_reading(input.photos);
    let mut end = if save_by_key || is_ready { End::Save } else { End::Open };
    if close_by_key || head(ui, input.lang, draft) {
        end = End::Keep;
    }
    line(ui);
    let is_still = draft.stage != Stage::Writing;
    egui::Frame::new().inner_margin(Margin::same(14)).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.add_enabled_ui(!is_still, |ui| {
            text(ui, input, draft);
            choices(ui, input, draft, signs);
            photos::photos(ui, input, draft, thumbs, asks);
            name_row(ui, input, author);
        });
        fills_itself(ui, input, draft);
        if bad_shape(ui, input.lang, draft, asks) {
            end = End::Keep;
        }
        if let Some(why) = &draft.failed {
            hint_bar(ui, Tone::Err, not_saved(input.lang, why));
        }
    });
    line(ui);
    let (stage, bad) = (draft.stage, draft.bad_shape.is_some());
    let may_save = input.read_only.is_none() && !bad && !is_busy;
    let left = egui::Frame::new()
        .inner_margin(Margin::symmetric(14, 10))
        .show(ui, |ui| feet(ui, input.lang, stage, may_save))
        .inner;
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
        End::Keep => {
            keep_name(input, state, asks);
            state.close();
        }
        End::Drop => {
            state.drafts.pop();
            state.close();
        }
        End::Save => save(input, state, asks),
    }
}

fn not_saved(lang: Lang, why: &Text) -> String {
    match lang {
        Lang::Zh => format!("没有保存：{}", why.zh),
        Lang::En => format!("Not saved. {}", why.en),
    }
}

/// Sends the note on its way; the form stays until it has arrived.
fn save(input: &Input<'_>, state: &mut NoteFormState, asks: &mut Asks) {
    if input.read_only.is_some() || state.is_saving() {
        return;
    }
    let Some(draft) = state.drafts.last_mut() else { return };
    draft.tried = true;
    draft.failed = None;
    let Some(note) = draft.finished(input.fields) else {
        draft.stage = Stage::Writing;
        return;
    };
    if draft.is_reading(input.photos) {
        draft.stage = Stage::Waiting;
        return;
    }
    draft.stage = Stage::Saving;
    keep_name(input, state, asks);
    visit::edit(asks, EditCommand::AddNote(note));
}

/// A name that was typed here goes into the settings, so that nobody is asked twice.
fn keep_name(input: &Input<'_>, state: &NoteFormState, asks: &mut Asks) {
    let name = state.author.trim();
    if input.author.is_empty() && !name.is_empty() {
        asks.push(UiAsk::Run(Command::Settings(SettingsCommand::Author(name.to_owned()))));
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
    if draft.tried && !draft.is_worth_keeping() {
        field_error(ui, lang.pick("写一句或加一张照片再保存", "Write a sentence or add a photo before saving"));
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
            labelled(ui, input.lang, field, half, |ui| _ = form_ui::line(ui, input.lang, field, due_words));
        }
    });
    let typed_enough = draft.tried || draft.words[3].chars().count() >= 8;
    let wrong = due.and_then(|field| form::parse(field, &draft.words[3]).err()).filter(|_| typed_enough);
    // The room makes up for the distance to what follows.
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        error_room(ui, wrong.as_ref().map(|what| what.get(input.lang)));
    });
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

/// Asks for a name where the settings have none.
fn name_row(ui: &mut Ui, input: &Input<'_>, author: &mut String) {
    if !input.author.is_empty() {
        return;
    }
    let name = input.lang.pick("巡查员姓名", "Inspector's name");
    ui.horizontal(|ui| {
        ui.label(RichText::new(name).color(Tokens::of(ui).text2));
        let why =
            input.lang.pick("写进每条标注和每步修改，只问一次", "Goes with each note and each change; asked once");
        text_field(ui, author, name).on_hover_text(why);
    });
}

/// What is wrong with the shape, and the way to draw it again; whether that was asked for.
fn bad_shape(ui: &mut Ui, lang: Lang, draft: &Draft, asks: &mut Asks) -> bool {
    let Some(why) = &draft.bad_shape else { return false };
    hint_bar(ui, Tone::Err, why.get(lang));
    let again = button(ui, "POLYGON", lang.pick("重新画", "Draw again")).clicked();
    if again {
        asks.push(UiAsk::Act(ActionId::NoteArea));
    }
    again
}

fn fills_itself(ui: &mut Ui, input: &Input<'_>, draft: &Draft) {
    let tokens = Tokens::of(ui);
    let place = match &draft.place {
        NotePlace::On(_) => String::new(),
        NotePlace::At(geometry) => {
            let middle = place::world_from_lonlat(geometry.bounds().center());
            format!(" · {}", place::format_place(middle, input.coordinates))
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
fn feet(ui: &mut Ui, lang: Lang, stage: Stage, may_save: bool) -> End {
    let mut end = End::Open;
    ui.horizontal(|ui| {
        let is_saving = stage == Stage::Saving;
        if ui.add_enabled_ui(!is_saving, |ui| text_button(ui, lang.pick("丢弃", "Discard"))).inner.clicked() {
            end = End::Drop;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let word = match stage {
                Stage::Writing => lang.pick("保存", "Save"),
                Stage::Waiting => lang.pick("正在读取照片…", "Reading photos…"),
                Stage::Saving => lang.pick("正在保存…", "Saving…"),
            };
            let may_save = may_save && stage == Stage::Writing;
            let save = ui.add_enabled_ui(may_save, |ui| primary_button(ui, Some("CHECK"), word)).inner;
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
