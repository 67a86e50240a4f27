//! The details of one feature: what it is called, what is stored, what is worked out, photos and notes about it.

use std::collections::BTreeMap;

use egui::{Align, Area, Id, Label, Layout, Margin, Order, Response, RichText, ScrollArea, Sense, Ui, vec2};

use super::ask::{Asks, FilePurpose, UiAsk};
use super::form::{FieldProblem, FormState};
use super::form_ui::{FormEnd, FormInput, form_ui};
use super::icons::{icon, icon_fill};
use super::legend;
use super::note_card::note_card;
use super::sewer;
use super::show;
use super::signs::Signs;
use super::theme::{self, Tokens};
use super::thumbs::Thumbs;
use super::visit;
use super::widgets::{button, empty, floating_frame, icon_button, primary_button, section, value_row, value_row_with};
use crate::model::feature::Feature;
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::session::Session;
use crate::session::action::ActionId;
use crate::session::command::{EditCommand, LookCommand, SelectMode};
use crate::session::sewer::pipe_card::PipeCard;
use crate::session::state::{CityView, Derived, DetailRow, FeatureRef, LayerView, Photo};
use crate::text::Lang;

/// How long it is said that something was copied, seconds.
const COPIED_S: f64 = 1.5;

/// What the panel remembers between frames.
#[derive(Default)]
pub struct DetailsState {
    /// Forms with words that are not saved yet, by feature; the panel may show something else meanwhile.
    forms: BTreeMap<FeatureRef, FormState>,
    /// A form that opens as soon as its row is read.
    wanted_form: Option<FeatureRef>,
    /// Whether empty fields are unfolded.
    shows_empty: bool,
    /// Until when it is said that the row was copied, in the window's seconds.
    copied_until_s: f64,
    thumbs: Thumbs,
    signs: Signs,
}

impl DetailsState {
    /// Opens the form on a feature once the details show it.
    pub fn edit(&mut self, at: FeatureRef) {
        self.wanted_form = Some(at);
    }

    /// How many forms hold words that are not saved.
    pub fn drafts(&self) -> usize {
        self.forms.values().filter(|form| form.is_changed()).count()
    }

    /// Opens the wanted form, and forgets forms of other features in which nothing was typed.
    fn settle(&mut self, row: &DetailRow, layer: &LayerView) {
        self.forms.retain(|at, form| *at == row.at || form.is_changed());
        if self.wanted_form.as_ref() == Some(&row.at) {
            self.wanted_form = None;
            let form = || FormState::new(&layer.schema, &row.title, &row.feature);
            self.forms.entry(row.at.clone()).or_insert_with(form);
        }
    }
}

/// What the panel shows: one row, its layer, its city.
pub(super) struct Shown<'a> {
    pub(super) lang: Lang,
    pub(super) city: &'a CityView,
    pub(super) layer: &'a LayerView,
    pub(super) row: &'a DetailRow,
    /// Which of how many under the pointer.
    pub(super) place: (usize, usize),
    pub(super) is_selected: bool,
    /// What the sewer workbench knows of it.
    pub(super) pipe: Option<&'a PipeCard>,
}

/// Draws the panel.
pub fn details_ui(ui: &mut Ui, session: &Session, state: &mut DetailsState, asks: &mut Asks) {
    let lang = session.lang();
    let Some((city, details)) = session.city().zip(session.details()) else {
        return nothing(ui, lang, session.city().is_some(), asks);
    };
    let Some((row, layer)) = details.row.as_ref().and_then(|row| Some((row, city.layer(&row.at.layer)?))) else {
        ui.add_space(16.0);
        ui.label(RichText::new(lang.pick("正在读取…", "Reading…")).color(Tokens::of(ui).text2));
        return;
    };
    state.settle(row, layer);
    let shown = Shown {
        lang,
        city,
        layer,
        row,
        place: (details.current, details.hits.len()),
        is_selected: session.selection().contains(&row.at.layer, row.at.id),
        pipe: sewer::card::card_of(session, &row.at),
    };
    if state.forms.contains_key(&row.at) {
        head(ui, &shown, &mut state.signs, asks);
        let check = |feature: &Feature| session.form_problems(&row.at.layer, feature);
        edit_ui(ui, &shown, state, &check, asks);
    } else {
        row_ui(ui, &shown, state, asks);
    }
}

fn nothing(ui: &mut Ui, lang: Lang, has_city: bool, asks: &mut Asks) {
    let (words, act) = if has_city {
        let words = lang.pick(
            "在地图上点一个要素，这里显示它的属性、照片和标注。",
            "Click a feature on the map: its values, photos and notes stand here.",
        );
        (words, ActionId::Identify)
    } else {
        let words = lang.pick("还没有打开城市。", "No city is open.");
        (words, ActionId::OpenCity)
    };
    let action = crate::session::action::action(act);
    if empty(ui, words, Some((action.icon, action.name.get(lang)))) {
        asks.push(UiAsk::Act(act));
    }
}

fn edit_ui(
    ui: &mut Ui,
    shown: &Shown<'_>,
    state: &mut DetailsState,
    check: &dyn Fn(&Feature) -> Vec<FieldProblem>,
    asks: &mut Asks,
) {
    let Some(form) = state.forms.get_mut(&shown.row.at) else { return };
    let input =
        FormInput { schema: &shown.layer.schema, lang: shown.lang, read_only: shown.city.read_only.as_ref(), check };
    match form_ui(ui, &input, form) {
        Some(FormEnd::Save(command)) => {
            if let Some(command) = command {
                visit::edit(asks, command);
            }
            state.forms.remove(&shown.row.at);
        }
        Some(FormEnd::Cancel) => {
            state.forms.remove(&shown.row.at);
        }
        None => {}
    }
}

/// Everything but the form.
pub(super) fn row_ui(ui: &mut Ui, shown: &Shown<'_>, state: &mut DetailsState, asks: &mut Asks) {
    head(ui, shown, &mut state.signs, asks);
    actions(ui, shown, state, asks);
    ui.add_space(4.0);
    ScrollArea::vertical().id_salt("details").auto_shrink(false).show(ui, |ui| {
        attributes(ui, shown, &mut state.shows_empty, asks);
        derived(ui, shown, asks);
        if let Some(card) = shown.pipe {
            let slope = shown.layer.schema.field_index("slope_permille");
            let stated = slope.and_then(|place| shown.row.feature.values.get(place)?.as_f64());
            sewer::card::card_ui(ui, shown.lang, card, stated, asks);
        }
        photos(ui, shown, &mut state.thumbs, asks);
        notes(ui, shown, asks);
        ui.add_space(16.0);
    });
}

/// Symbol, name and place; which of how many, with the way to the others.
fn head(ui: &mut Ui, shown: &Shown<'_>, signs: &mut Signs, asks: &mut Asks) {
    let tokens = Tokens::of(ui);
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let (room, _) = ui.allocate_exact_size(vec2(32.0, 36.0), Sense::hover());
        legend::feature_sign(ui, room, shown.layer, &shown.row.feature, signs);
        let (current, count) = shown.place;
        let arrows = if count > 1 { 104.0 } else { 0.0 };
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.set_width(ui.available_width() - arrows);
            let title = RichText::new(&shown.row.title).font(theme::title());
            let title = egui::Label::new(title).truncate().show_tooltip_when_elided(false).selectable(true);
            ui.add(title).on_hover_text(&shown.row.title);
            let subtitle = RichText::new(shown.row.subtitle.get(shown.lang)).font(theme::note()).color(tokens.text2);
            ui.add(egui::Label::new(subtitle).truncate());
        });
        if count > 1 {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| steps(ui, shown.lang, current, count, asks));
        }
    });
    ui.add_space(4.0);
}

fn steps(ui: &mut Ui, lang: Lang, current: usize, count: usize, asks: &mut Asks) {
    ui.spacing_mut().item_spacing.x = 2.0;
    if icon_button(ui, "CARET_RIGHT", lang.pick("下一个", "Next")).clicked() {
        visit::look(asks, LookCommand::Step(1));
    }
    if icon_button(ui, "CARET_LEFT", lang.pick("上一个", "Previous")).clicked() {
        visit::look(asks, LookCommand::Step(-1));
    }
    let words = format!("{} / {count}", current + 1);
    ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
}

fn actions(ui: &mut Ui, shown: &Shown<'_>, state: &mut DetailsState, asks: &mut Asks) {
    let (lang, at) = (shown.lang, &shown.row.at);
    let may_write = shown.city.read_only.is_none();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let why = shown.city.read_only.as_ref().map_or("", |why| why.get(lang));
        let write = |ui: &mut Ui, add: &dyn Fn(&mut Ui) -> egui::Response| {
            ui.add_enabled_ui(may_write, |ui| add(ui)).inner.on_disabled_hover_text(why).clicked()
        };
        if write(ui, &|ui| primary_button(ui, Some("MAP_PIN_PLUS"), lang.pick("标注", "Note"))) {
            asks.push(UiAsk::NoteOn(at.clone()));
        }
        if write(ui, &|ui| button(ui, "PENCIL_SIMPLE", lang.pick("编辑", "Edit"))) {
            state.edit(at.clone());
        }
        let has_place = shown.row.bounds_world.is_some();
        let zoom = ui.add_enabled_ui(has_place, |ui| button(ui, "FRAME_CORNERS", lang.pick("缩放", "Zoom"))).inner;
        if let Some(bounds) = shown.row.bounds_world.filter(|_| zoom.clicked()) {
            asks.push(UiAsk::ZoomTo(visit::with_surroundings(&bounds)));
        }
        let copy = icon_button(ui, "COPY", lang.pick("复制为文本", "Copy as text"));
        if copy.clicked() {
            asks.push(UiAsk::Copy(as_text(shown)));
            state.copied_until_s = ui.input(|input| input.time) + COPIED_S;
        }
        copied(ui, lang, &copy, state.copied_until_s);
        let more = icon_button(ui, "DOTS_THREE", lang.pick("更多", "More"));
        egui::Popup::menu(&more).show(|ui| more_menu(ui, shown, may_write, asks));
    });
}

/// Says below its button that the row is on the clipboard, for a moment.
fn copied(ui: &Ui, lang: Lang, button: &Response, until_s: f64) {
    let left_s = until_s - ui.input(|input| input.time);
    if left_s <= 0.0 {
        return;
    }
    ui.ctx().request_repaint_after_secs(left_s as f32);
    let area = Area::new(Id::unique("copied")).order(Order::Tooltip).interactable(false);
    area.fixed_pos(button.rect.left_bottom() + vec2(0.0, 4.0)).show(ui.ctx(), |ui| {
        floating_frame(ui).inner_margin(Margin::symmetric(8, 4)).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(icon_fill("CHECK_CIRCLE").color(Tokens::of(ui).ok));
                ui.label(lang.pick("已复制", "Copied"));
            });
        });
    });
}

fn more_menu(ui: &mut Ui, shown: &Shown<'_>, may_write: bool, asks: &mut Asks) {
    let (lang, at) = (shown.lang, &shown.row.at);
    let select = |mode| LookCommand::Select { layer: at.layer.clone(), ids: vec![at.id], mode };
    let (word, mode) = if shown.is_selected {
        (lang.pick("移出选择", "Remove from the selection"), SelectMode::Remove)
    } else {
        (lang.pick("加入选择", "Add to the selection"), SelectMode::Add)
    };
    if ui.button((icon("SELECTION_PLUS"), word)).clicked() {
        visit::look(asks, select(mode));
    }
    if ui.button((icon("TABLE"), lang.pick("在属性表中显示", "Show in the table"))).clicked() {
        visit::look(asks, select(SelectMode::Replace));
        asks.push(UiAsk::OpenTable(at.layer.clone()));
    }
    let photos = ui.add_enabled(may_write, egui::Button::new((icon("CAMERA"), lang.pick("添加照片…", "Add photos…"))));
    if photos.clicked() {
        asks.push(UiAsk::PickFile(FilePurpose::FeaturePhotos));
    }
    let delete = ui.add_enabled(may_write, egui::Button::new((icon("TRASH"), lang.pick("删除", "Delete"))));
    if delete.clicked() {
        visit::edit(asks, EditCommand::Delete { layer: at.layer.clone(), ids: vec![at.id] });
    }
}

/// What a person reads of one field.
enum Line<'a> {
    /// The stored value.
    Stored(String),
    /// Something that is worked out in its place.
    Instead(&'a Derived),
    /// Nothing is known.
    Empty,
}

/// The fields with what is read of each; those that say nothing to a person are left out.
fn lines<'a>(shown: &Shown<'a>) -> impl Iterator<Item = (&'a Field, Line<'a>)> {
    let Shown { lang, layer, row, .. } = *shown;
    let pairs = layer.schema.fields.iter().zip(&row.feature.values).enumerate();
    pairs.filter_map(move |(index, (field, value))| {
        let instead = row.instead.iter().find(|(of, _)| *of == index);
        let line = match instead {
            Some((_, derived)) => Line::Instead(derived.as_ref()?),
            None if is_empty(value) => Line::Empty,
            None => Line::Stored(show::value_text(field, value, lang)),
        };
        Some((field, line))
    })
}

fn attributes(ui: &mut Ui, shown: &Shown<'_>, shows_empty: &mut bool, asks: &mut Asks) {
    let lang = shown.lang;
    let mut empty = 0;
    section(ui, lang.pick("属性", "Attributes"), "");
    for (field, line) in lines(shown) {
        let name = field.name.get(lang);
        match line {
            Line::Stored(words) => stored_row(ui, name, &words),
            Line::Instead(derived) => derived_row(ui, lang, derived, asks),
            Line::Empty => {
                empty += 1;
                if *shows_empty {
                    value_row(ui, name, "—");
                }
            }
        }
    }
    if empty > 0 {
        let words = match (*shows_empty, lang) {
            (false, Lang::Zh) => format!("{empty} 个空字段"),
            (false, Lang::En) => format!("{empty} empty fields"),
            (true, Lang::Zh) => "收起空字段".to_owned(),
            (true, Lang::En) => "Fold empty fields".to_owned(),
        };
        let caret = if *shows_empty { "CARET_DOWN" } else { "CARET_RIGHT" };
        let fold = egui::Button::new((icon(caret).size(12.0), RichText::new(&words).font(theme::note())));
        if ui.add(fold.frame(false)).accessible_name(words).clicked() {
            *shows_empty = !*shows_empty;
        }
    }
}

/// A value in full, on as many lines as it takes.
fn stored_row(ui: &mut Ui, name: &str, words: &str) {
    value_row_with(ui, name, |ui| {
        let words = RichText::new(words).color(Tokens::of(ui).text);
        ui.add(Label::new(words).wrap().selectable(true)).on_hover_text(name);
    });
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|words| words.trim().is_empty())
}

fn derived(ui: &mut Ui, shown: &Shown<'_>, asks: &mut Asks) {
    if shown.row.derived.is_empty() {
        return;
    }
    section(ui, shown.lang.pick("算得", "Derived"), "");
    for value in &shown.row.derived {
        derived_row(ui, shown.lang, value, asks);
    }
}

fn derived_row(ui: &mut Ui, lang: Lang, derived: &Derived, asks: &mut Asks) {
    let name = derived.name.get(lang);
    let words = derived.value.get(lang);
    let Some(link) = &derived.link else {
        return value_row(ui, name, words);
    };
    value_row_with(ui, name, |ui| {
        ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Wrap);
        let link_to = ui.link(RichText::new(words).color(Tokens::of(ui).accent));
        if link_to.on_hover_text(lang.pick("看这个要素", "Go to this feature")).clicked() {
            visit::show(asks, link);
        }
    });
}

fn photos(ui: &mut Ui, shown: &Shown<'_>, thumbs: &mut Thumbs, asks: &mut Asks) {
    let photos = &shown.row.photos;
    if photos.is_empty() {
        return;
    }
    thumbs.keep(photos.iter().map(|photo| photo.id));
    section(ui, shown.lang.pick("照片", "Photos"), &photos.len().to_string());
    ui.horizontal_wrapped(|ui| {
        for (place, photo) in photos.iter().enumerate() {
            if thumbnail(ui, thumbs, photo).clicked() {
                asks.push(UiAsk::ShowPhoto(photos.iter().map(|photo| photo.id).collect(), place));
            }
        }
    });
}

fn thumbnail(ui: &mut Ui, thumbs: &mut Thumbs, photo: &Photo) -> egui::Response {
    let texture = thumbs.texture(ui.ctx(), photo);
    let image = egui::Image::new(&texture).fit_to_exact_size(vec2(96.0, 72.0)).corner_radius(theme::RADIUS);
    ui.add(egui::Button::image(image).frame(false)).accessible_name(&photo.name).on_hover_text(&photo.name)
}

fn notes(ui: &mut Ui, shown: &Shown<'_>, asks: &mut Asks) {
    let notes = &shown.row.notes;
    if notes.is_empty() {
        return;
    }
    section(ui, shown.lang.pick("关于它的标注", "Notes about it"), &notes.len().to_string());
    for note in notes {
        let Some(layer) = shown.city.layer(&note.at.layer) else { continue };
        if note_card(ui, shown.lang, &layer.schema, note).clicked() {
            visit::show(asks, &note.at);
        }
        ui.add_space(4.0);
    }
}

/// The row as lines of name and value, for the clipboard.
fn as_text(shown: &Shown<'_>) -> String {
    let (lang, row) = (shown.lang, shown.row);
    let mut lines = vec![row.title.clone(), row.subtitle.get(lang).to_owned()];
    for (field, line) in self::lines(shown) {
        match line {
            Line::Stored(words) => lines.push(format!("{}\t{words}", field.name.get(lang))),
            Line::Instead(derived) => lines.push(derived_words(derived, lang)),
            Line::Empty => {}
        }
    }
    lines.extend(row.derived.iter().map(|derived| derived_words(derived, lang)));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

fn derived_words(derived: &Derived, lang: Lang) -> String {
    format!("{}\t{}", derived.name.get(lang), derived.value.get(lang))
}

#[cfg(test)]
mod tests;
