//! The window's own small widgets: buttons with words, chips, rows, fields. Each has an accessible name.

use egui::{
    Align, Align2, Color32, CornerRadius, Frame, Layout, Margin, Rect, Response, RichText, Role, Sense, Stroke,
    StrokeKind, TextEdit, Ui, UiBuilder, WidgetInfo, WidgetText, pos2, vec2,
};

use super::icons::{icon, icon_char};
use super::theme::{self, CONTROL, LABEL_WIDTH, RADIUS, RADIUS_CARD, Tokens, VALUE_ROW};

/// The meaning of a colour, for chips and bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// All is well.
    Ok,
    /// Look at it.
    Warn,
    /// It is wrong.
    Err,
    /// Worth knowing.
    Info,
}

impl Tone {
    /// Its colour for words and icons, and the ground under them.
    pub fn colors(self, tokens: &Tokens) -> (Color32, Color32) {
        match self {
            Self::Plain => (tokens.text2, tokens.sunk),
            Self::Ok => (tokens.ok, tokens.ok_bg),
            Self::Warn => (tokens.warn, tokens.warn_bg),
            Self::Err => (tokens.err, tokens.err_bg),
            Self::Info => (tokens.info, tokens.info_bg),
        }
    }

    /// The icon that says the same without colour.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Plain | Self::Info => "INFO",
            Self::Ok => "CHECK_CIRCLE",
            Self::Warn => "WARNING",
            Self::Err => "WARNING_OCTAGON",
        }
    }
}

/// A bordered button with an icon and a word.
pub fn button(ui: &mut Ui, icon_name: &str, word: &str) -> Response {
    let text = icon(icon_name);
    ui.add(egui::Button::new((text, word)).min_size(vec2(0.0, CONTROL))).accessible_name(word)
}

/// A bordered button with a word alone, for dialogs.
pub fn text_button(ui: &mut Ui, word: &str) -> Response {
    ui.add(egui::Button::new(word).min_size(vec2(72.0, CONTROL)))
}

/// The one filled button of a panel or dialog: what most people want here.
pub fn primary_button(ui: &mut Ui, icon_name: Option<&str>, word: &str) -> Response {
    let tokens = Tokens::of(ui);
    let words = RichText::new(word).color(tokens.on_accent);
    let atoms = match icon_name {
        Some(name) => egui::Button::new((icon(name).color(tokens.on_accent), words)),
        None => egui::Button::new(words),
    };
    let button = atoms.fill(tokens.accent).stroke(Stroke::NONE).min_size(vec2(72.0, CONTROL));
    let response = ui.add(button).accessible_name(word);
    focus_ring(ui, &response);
    response
}

/// A button that is an icon alone (close, copy, +, −): its name shows as a tip and is read aloud.
pub fn icon_button(ui: &mut Ui, icon_name: &str, name: &str) -> Response {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(CONTROL, CONTROL), Sense::click());
    if ui.is_rect_visible(rect) {
        let lit = response.hovered() && ui.is_enabled();
        if lit {
            ui.painter().rect_filled(rect.shrink(1.0), RADIUS, tokens.hover);
        }
        let color = if lit { tokens.text } else { tokens.text2 };
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, icon_char(icon_name), theme::icon_font(16.0), color);
        focus_ring(ui, &response);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    response.on_hover_text(name)
}

/// A flat button of a bar: icon and word side by side; filled when it is the one that is on.
pub fn bar_button(ui: &mut Ui, icon_name: &str, word: &str, on: bool) -> Response {
    let tokens = Tokens::of(ui);
    let words = (!word.is_empty()).then(|| layout(ui, word, theme::body()));
    let width = 32.0 + words.as_ref().map_or(0.0, |galley| galley.size().x + 8.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, 32.0), Sense::click());
    let color = if on { tokens.accent } else { tokens.text };
    let ground =
        if on { Some(tokens.selected) } else { (response.hovered() && ui.is_enabled()).then_some(tokens.hover) };
    if let Some(ground) = ground {
        ui.painter().rect_filled(rect, RADIUS, ground);
    }
    let icon_at = pos2(rect.left() + 16.0, rect.center().y);
    let painter = ui.painter();
    painter.text(icon_at, Align2::CENTER_CENTER, icon_char(icon_name), theme::icon_font(18.0), color);
    if let Some(galley) = words {
        painter.galley_with_override_text_color(
            pos2(rect.left() + 31.0, rect.center().y - galley.size().y / 2.0),
            galley,
            color,
        );
    }
    focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), on, word));
    response
}

/// Draws the ring of keyboard focus.
pub fn focus_ring(ui: &Ui, response: &Response) {
    if response.has_focus() {
        let ring = Stroke::new(2.0, Tokens::of(ui).accent);
        ui.painter().rect_stroke(response.rect, RADIUS, ring, StrokeKind::Inside);
    }
}

/// A small label with a ground: states, counts, "sample data".
pub fn chip(ui: &mut Ui, word: &str, tone: Tone) -> Response {
    let (words, ground) = tone.colors(Tokens::of(ui));
    let galley = layout(ui, word, theme::note());
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(12.0, 4.0), Sense::hover());
    ui.painter().rect_filled(rect, RADIUS, ground);
    ui.painter().galley_with_override_text_color(rect.min + vec2(6.0, 2.0), galley, words);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, word));
    response
}

/// One of several chips of which a person chooses (severity, category).
pub fn choice_chip(ui: &mut Ui, word: &str, chosen: bool) -> Response {
    let tokens = Tokens::of(ui);
    let galley = layout(ui, word, theme::body());
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 20.0, CONTROL), Sense::click());
    let (ground, edge, words) = if chosen {
        (tokens.selected, tokens.accent, tokens.accent)
    } else if response.hovered() {
        (tokens.hover, tokens.line_strong, tokens.text)
    } else {
        (tokens.raised, tokens.line_strong, tokens.text)
    };
    ui.painter().rect(rect, RADIUS, ground, Stroke::new(1.0, edge), StrokeKind::Inside);
    let at = rect.center() - galley.size() / 2.0;
    ui.painter().galley_with_override_text_color(at, galley, words);
    focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), chosen, word));
    response
}

/// A section's heading with a count or note at its right.
pub fn section(ui: &mut Ui, words: &str, right: &str) {
    let tokens = Tokens::of(ui);
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.label(RichText::new(words).font(theme::note()).color(tokens.text2));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(right).font(theme::note()).color(tokens.text2));
        });
    });
}

/// A label and its value in a row with a line below.
pub fn value_row(ui: &mut Ui, label: &str, value: &str) {
    value_row_with(ui, label, |ui| {
        // One tip with both: a label that is cut off would add a tip of its own over the other.
        let tip = format!("{label}\n{value}");
        let value = RichText::new(value).color(Tokens::of(ui).text);
        let value = egui::Label::new(value).truncate().show_tooltip_when_elided(false).selectable(true);
        ui.add(value).on_hover_text(tip);
    });
}

/// The same with widgets of the caller as the value; words too long for one line may wrap there.
pub fn value_row_with<R>(ui: &mut Ui, label: &str, value: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = Tokens::of(ui);
    let whole = ui.available_rect_before_wrap();
    let room = Rect::from_min_size(whole.min, vec2(whole.width(), VALUE_ROW));
    let name = layout_rows(ui, label, theme::body(), LABEL_WIDTH - 8.0, 2);
    let half = name.size().y / 2.0;
    let middle = room.center().y.max(room.top() + 2.0 + half);
    ui.painter().galley_with_override_text_color(pos2(room.left(), middle - half), name, tokens.text2);
    let value_room = Rect::from_min_max(pos2(room.left() + LABEL_WIDTH, room.top()), pos2(room.right(), f32::INFINITY));
    let row = Rect::from_min_size(value_room.min, vec2(value_room.width(), VALUE_ROW));
    let builder = UiBuilder::new().max_rect(row).layout(Layout::left_to_right(Align::Center));
    let shown = ui.scope_builder(builder, |ui| {
        ui.set_min_height(VALUE_ROW);
        value(ui)
    });
    let bottom = shown.response.rect.bottom().max(room.bottom()).max(middle + half + 2.0);
    ui.painter().hline(room.x_range(), bottom, Stroke::new(1.0, tokens.line));
    let used = Rect::from_min_max(room.min, pos2(room.right(), bottom));
    ui.advance_cursor_after_rect(used);
    shown.inner
}

/// A row of a dialog: its name in a column so wide, and what stands behind it.
pub fn dialog_row<R>(ui: &mut Ui, name: &str, name_width: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let (room, _) = ui.allocate_exact_size(vec2(name_width, CONTROL), Sense::hover());
        let color = Tokens::of(ui).text2;
        ui.painter().text(pos2(room.left(), room.center().y), Align2::LEFT_CENTER, name, theme::body(), color);
        add(ui)
    })
    .inner
}

/// A field that narrows the list below it.
pub fn filter_field(ui: &mut Ui, words: &mut String, hint: &str) -> Response {
    hint_field(ui, words, hint, "FUNNEL_SIMPLE")
}

/// A field to search with.
pub fn search_field(ui: &mut Ui, words: &mut String, hint: &str) -> Response {
    hint_field(ui, words, hint, "MAGNIFYING_GLASS")
}

fn hint_field(ui: &mut Ui, words: &mut String, hint: &str, icon_name: &str) -> Response {
    let tokens = Tokens::of(ui);
    let field = TextEdit::singleline(words)
        .hint_text(RichText::new(hint).color(tokens.text2))
        .desired_width(f32::INFINITY)
        .min_size(vec2(0.0, 32.0))
        .align(Align2::LEFT_CENTER)
        .prefix(icon(icon_name).color(tokens.text2))
        .margin(Margin::symmetric(8, 4));
    ui.add(field).accessible_name(hint)
}

/// A one-line field.
pub fn text_field(ui: &mut Ui, words: &mut String, name: &str) -> Response {
    let field = TextEdit::singleline(words)
        .desired_width(f32::INFINITY)
        .min_size(vec2(0.0, CONTROL))
        .align(Align2::LEFT_CENTER)
        .margin(Margin::symmetric(8, 3));
    ui.add(field).accessible_name(name)
}

/// Gives a field the keyboard in the frame in which it comes onto the screen, and leaves it alone from then on.
pub fn focus_when_it_comes(ui: &Ui, field: &Response) {
    let (id, now) = (field.id.with("comes"), ui.ctx().cumulative_frame_nr());
    let before = ui.data_mut(|data| {
        let before = data.get_temp::<u64>(id);
        data.insert_temp(id, now);
        before
    });
    if before.is_none_or(|before| before + 1 < now) {
        field.request_focus();
    }
}

/// What is wrong with the field above.
pub fn field_error(ui: &mut Ui, words: &str) {
    let color = Tokens::of(ui).err;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(super::icons::icon_fill("WARNING_OCTAGON").color(color).size(14.0));
        ui.label(RichText::new(words).font(theme::note()).color(color));
    });
}

/// A switch that is on or off.
pub fn switch(ui: &mut Ui, on: &mut bool, name: &str) -> Response {
    let tokens = Tokens::of(ui);
    let (rect, mut response) = ui.allocate_exact_size(vec2(36.0, 20.0), Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), *on, name));
    let (ground, knob) = if *on { (tokens.accent, tokens.on_accent) } else { (tokens.sunk, tokens.text2) };
    let edge = if *on { tokens.accent } else { tokens.line_strong };
    ui.painter().rect(rect, 10, ground, Stroke::new(1.0, edge), StrokeKind::Inside);
    let x = if *on { rect.right() - 10.0 } else { rect.left() + 10.0 };
    ui.painter().circle_filled(pos2(x, rect.center().y), 6.0, knob);
    if response.has_focus() {
        ui.painter().rect_stroke(rect.expand(2.0), 12, Stroke::new(2.0, tokens.accent), StrokeKind::Inside);
    }
    response
}

/// A tab's head; a line in the accent stands under the one that is open.
pub fn tab(ui: &mut Ui, icon_name: &str, word: &str, open: bool) -> Response {
    let tokens = Tokens::of(ui);
    let galley = layout(ui, word, theme::body());
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 32.0, 36.0), Sense::click());
    let color = if open || response.hovered() { tokens.text } else { tokens.text2 };
    let painter = ui.painter();
    let icon_at = pos2(rect.left() + 12.0, rect.center().y);
    painter.text(icon_at, Align2::CENTER_CENTER, icon_char(icon_name), theme::icon_font(16.0), color);
    let words_at = pos2(rect.left() + 24.0, rect.center().y - galley.size().y / 2.0);
    painter.galley_with_override_text_color(words_at, galley, color);
    if open {
        painter.hline(rect.x_range(), rect.bottom() - 1.0, Stroke::new(2.0, tokens.accent));
    }
    focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), open, word));
    response
}

/// A card: raised ground with a border.
pub fn card<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let tokens = Tokens::of(ui);
    let frame = Frame::new()
        .fill(tokens.raised)
        .stroke(Stroke::new(1.0, tokens.line))
        .corner_radius(RADIUS_CARD)
        .inner_margin(Margin::same(12));
    frame.show(ui, contents).inner
}

/// The frame of anything that lies on the map.
pub fn floating_frame(ui: &Ui) -> Frame {
    floating_frame_of(Tokens::of(ui), ui.visuals().dark_mode)
}

/// The same where there is no [`Ui`] yet.
pub fn floating_frame_of(tokens: &Tokens, dark: bool) -> Frame {
    Frame::new()
        .fill(tokens.raised)
        .stroke(Stroke::new(1.0, tokens.line_strong))
        .corner_radius(RADIUS_CARD)
        .shadow(theme::floating_shadow(dark))
}

/// What an empty panel says: one sentence, and one button that puts something there.
pub fn empty(ui: &mut Ui, words: &str, action: Option<(&str, &str)>) -> bool {
    ui.add_space(16.0);
    ui.label(RichText::new(words).color(Tokens::of(ui).text2));
    ui.add_space(8.0);
    action.is_some_and(|(icon_name, word)| button(ui, icon_name, word).clicked())
}

/// A coloured bar with an icon and words.
pub fn hint_bar(ui: &mut Ui, tone: Tone, words: impl Into<WidgetText>) {
    let (color, ground) = tone.colors(Tokens::of(ui));
    let frame = Frame::new().fill(ground).corner_radius(RADIUS).inner_margin(Margin::symmetric(8, 6));
    frame.show(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.label(super::icons::icon_fill(tone.icon()).color(color));
            ui.add(egui::Label::new(words).wrap());
        });
    });
}

/// One row of a list or tree, as wide as the panel: lit under the pointer, filled when chosen.
pub fn list_row(ui: &mut Ui, height: f32, chosen: bool, name: &str) -> (Rect, Response) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    if chosen {
        ui.painter().rect_filled(rect, CornerRadius::ZERO, tokens.selected);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, CornerRadius::ZERO, tokens.hover);
    }
    focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, ui.is_enabled(), chosen, name));
    (rect, response)
}

/// Lays words out on one line, in no colour yet.
pub fn layout(ui: &Ui, words: &str, font: egui::FontId) -> std::sync::Arc<egui::Galley> {
    ui.painter().layout_no_wrap(words.to_owned(), font, Color32::PLACEHOLDER)
}

/// Lays words out on one line that ends with `…` where the room does.
pub fn layout_clipped(ui: &Ui, words: &str, font: egui::FontId, width: f32) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(words.to_owned(), font, Color32::PLACEHOLDER);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(0.0));
    ui.painter().layout_job(job)
}

/// Lays words out on so many lines at most; the last ends with `…` where the room does.
pub fn layout_rows(ui: &Ui, words: &str, font: egui::FontId, width: f32, rows: usize) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple(words.to_owned(), font, Color32::PLACEHOLDER, width.max(0.0));
    job.wrap.max_rows = rows;
    ui.painter().layout_job(job)
}

/// Words at a place, clipped to a width, middle of their height at `at`.
pub fn text_in(ui: &Ui, at: egui::Pos2, words: &str, font: egui::FontId, color: Color32, width: f32) -> f32 {
    let galley = layout_clipped(ui, words, font, width);
    let used = galley.size().x;
    ui.painter().galley_with_override_text_color(pos2(at.x, at.y - galley.size().y / 2.0), galley, color);
    used
}
