//! One note in a few words: severity, text, who and when, state.

use egui::{Align2, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::icons::icon_char;
use super::show;
use super::theme::{self, RADIUS_CARD, Tokens};
use super::widgets::{Tone, text_in};
use crate::kinds::overdue;
use crate::model::schema::Schema;
use crate::session::state::NoteBrief;
use crate::text::Lang;

/// How urgent a note is, from least to most; unknown codes count as least.
pub(super) fn urgency(severity: &str) -> u8 {
    match severity {
        "high" => 2,
        "mid" => 1,
        _ => 0,
    }
}

/// The colour of a severity.
pub(super) fn tone(severity: &str) -> Tone {
    match urgency(severity) {
        2 => Tone::Err,
        1 => Tone::Warn,
        _ => Tone::Info,
    }
}

/// The words under a note's text: author, local time, state, photos.
pub(super) fn meta(lang: Lang, schema: &Schema, note: &NoteBrief) -> String {
    let values = &note.feature.values;
    let mut parts: Vec<String> =
        ["author", "created", "state"].map(|id| show::field_text(schema, values, id, lang)).to_vec();
    if note.photos > 0 {
        parts.push(match lang {
            Lang::Zh => format!("{} 张照片", note.photos),
            Lang::En if note.photos == 1 => "1 photo".to_owned(),
            Lang::En => format!("{} photos", note.photos),
        });
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

/// Whether it is closed.
pub(super) fn is_done(schema: &Schema, note: &NoteBrief) -> bool {
    show::field_code(schema, &note.feature.values, "state") == "done"
}

/// Whether it is past its day and not closed, as of now.
pub(super) fn is_overdue(schema: &Schema, note: &NoteBrief) -> bool {
    overdue::is_overdue(schema, &note.feature.values, &jiff::Zoned::now()) == Some(true)
}

/// What is read aloud of it.
pub(super) fn spoken(lang: Lang, schema: &Schema, note: &NoteBrief) -> String {
    if !is_overdue(schema, note) {
        return note.text.clone();
    }
    match lang {
        Lang::Zh => format!("{}，超期", note.text),
        Lang::En => format!("{}, overdue", note.text),
    }
}

/// A note as a card that can be clicked.
pub(super) fn note_card(ui: &mut Ui, lang: Lang, schema: &Schema, note: &NoteBrief) -> Response {
    let tokens = Tokens::of(ui);
    let (room, response) = ui.allocate_exact_size(vec2(ui.available_width(), 52.0), Sense::click());
    let ground = if response.hovered() { tokens.hover } else { tokens.raised };
    let edge = if response.has_focus() { Stroke::new(2.0, tokens.accent) } else { Stroke::new(1.0, tokens.line) };
    ui.painter().rect(room, RADIUS_CARD, ground, edge, StrokeKind::Inside);
    paint_note(ui, lang, schema, note, room.shrink2(vec2(8.0, 0.0)));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), spoken(lang, schema, note)));
    response
}

/// Sign, text and the line below it, without ground.
pub(super) fn paint_note(ui: &Ui, lang: Lang, schema: &Schema, note: &NoteBrief, room: egui::Rect) {
    let tokens = Tokens::of(ui);
    let done = is_done(schema, note);
    let (color, _) = tone(show::field_code(schema, &note.feature.values, "severity")).colors(tokens);
    let sign = icon_char(if done { "CHECK_CIRCLE" } else { "MAP_PIN" });
    let sign_at = pos2(room.left() + 12.0, room.center().y);
    ui.painter().text(sign_at, Align2::CENTER_CENTER, sign, theme::icon_font(20.0), color);
    let (left, width) = (room.left() + 32.0, room.width() - 32.0);
    let first = note.text.lines().next().unwrap_or_default();
    let words = if done { tokens.text2 } else { tokens.text };
    text_in(ui, pos2(left, room.center().y - 9.0), first, theme::body(), words, width);
    let (mut left, mut width) = (left, width);
    if is_overdue(schema, note) {
        let words = lang.pick("超期", "Overdue");
        let used = text_in(ui, pos2(left, room.center().y + 11.0), words, theme::note(), tokens.err, width) + 8.0;
        (left, width) = (left + used, width - used);
    }
    let below = meta(lang, schema, note);
    text_in(ui, pos2(left, room.center().y + 11.0), &below, theme::note(), tokens.text2, width);
}
