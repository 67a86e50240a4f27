//! The style of a layer: how its features are painted and labelled, tried out on the map while it is changed.
//!
//! The map follows the hand as a preview; Apply keeps the style as one step of the journal, Cancel gives it up, and Esc
//! asks whether to.
//! A style that is not kept yet waits for its layer while another one is looked at.

mod classes;
mod crowd;
mod draft;
mod fields;
mod head;
mod histogram;
mod ink;
mod labels;
mod paints;
mod ramp_choice;
mod rules;
mod scale;
mod size;
mod surveys;
mod symbol_choice;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use egui::{CollapsingHeader, Key, Modifiers, Popup, Rect, ScrollArea, Slider, Ui};

use super::ask::{Asks, UiAsk};
use super::layers_state::Fade;
use super::signs::Signs;
use super::visit;
use super::widgets::{self, Tone, empty, hint_bar};
use crate::model::geometry::GeometryKind;
use crate::model::style::{Ink, ScaleRange, Style};
use crate::model::style_make as make;
use crate::session::Session;
use crate::session::action::ActionId;
use crate::session::command::{Command, LayerCommand, LookCommand, StyleCommand};
use crate::session::state::{CityView, LayerView};
use crate::session::style::edit::FieldSurvey;
use crate::text::Lang;
use draft::{Draft, Form};
use surveys::Surveys;

/// While something is changed the map follows this often: every look paints all of its tiles anew.
const FOLLOW_EVERY_S: f64 = 0.2;

/// What the panel remembers between frames.
#[derive(Default)]
pub struct StyleState {
    /// The city that all this is about.
    city: Option<PathBuf>,
    /// Table name of the layer that is chosen in the layer tree.
    layer: Option<String>,
    drafts: BTreeMap<String, Draft>,
    preview: Option<Preview>,
    surveys: Surveys,
    signs: Signs,
    fade: Option<Fade>,
    /// Where the focus was at the end of the frame before.
    focus: Focus,
    /// The layer whose draft somebody is asked about: give it up or not.
    doubt: Option<String>,
    /// The layer that a file dialog was opened for.
    filed: Option<String>,
    /// Scale of the map beside the panel.
    denominator: Option<f64>,
}

/// Where the keyboard's focus is, seen from the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Elsewhere,
    /// On something of the panel.
    Inside,
    /// In one of its text fields.
    Typing,
}

/// What the map shows of a draft, and since when.
struct Preview {
    layer: String,
    style: Style,
    since_s: f64,
}

/// What every part of the panel has at hand.
struct Desk<'a> {
    lang: Lang,
    layer: &'a LayerView,
    signs: &'a mut Signs,
    surveys: &'a mut Surveys,
    /// The layer's main colour, for new parts.
    ink: Option<Ink>,
}

/// What the panel shows.
struct Shown<'a> {
    lang: Lang,
    city: &'a CityView,
    layer: &'a LayerView,
    survey: Option<&'a FieldSurvey>,
}

impl StyleState {
    /// The panel is about another layer from now on.
    pub(super) fn choose(&mut self, layer: Option<&LayerView>) {
        let table = layer.map(LayerView::table);
        if self.layer.as_deref() != table {
            self.layer = table.map(str::to_owned);
        }
    }

    /// The map beside the panel shows 1:`denominator`.
    pub(super) fn seen_at(&mut self, denominator: f64) {
        self.denominator = Some(denominator);
    }

    /// Whether the chosen layer has a style that is not kept yet.
    pub(super) fn is_at_work(&self) -> bool {
        let draft = self.layer.as_ref().and_then(|layer| self.drafts.get(layer));
        draft.is_some_and(|draft| draft.is_changed(f64::INFINITY))
    }

    /// The map shows what is kept again, as long as the panel is out of sight; drafts stay.
    pub(super) fn rest(&mut self, asks: &mut Asks) {
        if let Some(Preview { layer, .. }) = self.preview.take() {
            run(asks, StyleCommand::Preview { layer, style: None });
        }
    }

    /// What a file with the style is called at first.
    pub(super) fn file_name(&self, session: &Session) -> String {
        let layer = self.filed.as_ref().and_then(|table| session.city()?.layer(table));
        layer.map(|layer| format!("{}.citystyle.json", layer.name.get(session.lang()))).unwrap_or_default()
    }

    /// A style comes from a file, to be looked at before it is kept; what was tried out before gives way.
    pub(super) fn import(&mut self, path: PathBuf, session: &Session, asks: &mut Asks) {
        let Some(layer) = self.filed.take() else { return };
        let Ok(style) = session.style_from_file(&layer, &path) else {
            // The command stumbles over the same and says why.
            return run(asks, StyleCommand::Import { layer, path });
        };
        if let Some(view) = session.city().and_then(|city| city.layer(&layer)) {
            self.drafts.insert(layer, Draft::of(style, view));
        }
    }

    /// The style that is kept goes to a file.
    pub(super) fn export(&mut self, path: PathBuf, overwrite: bool, asks: &mut Asks) {
        let Some(layer) = self.filed.take() else { return };
        run(asks, StyleCommand::Export { layer, path, overwrite });
    }

    /// Another city starts afresh.
    fn follow(&mut self, city: &CityView) {
        if self.city.as_ref() != Some(&city.path) {
            *self = Self {
                city: Some(city.path.clone()),
                layer: self.layer.take(),
                signs: std::mem::take(&mut self.signs),
                denominator: self.denominator,
                ..Self::default()
            };
        }
    }

    /// Lets the map follow the draft, at once after a rest and then now and then.
    fn show(&mut self, ui: &Ui, layer: &str, asks: &mut Asks) {
        let now_s = ui.input(|input| input.time);
        let Some(draft) = self.drafts.get(layer).filter(|draft| draft.is_changed(now_s)) else {
            return self.rest(asks);
        };
        match &self.preview {
            Some(preview) if preview.layer == layer && preview.style == draft.style => return,
            Some(preview) if now_s - preview.since_s < FOLLOW_EVERY_S => {
                return ui.ctx().request_repaint_after_secs((FOLLOW_EVERY_S - (now_s - preview.since_s)) as f32 + 0.01);
            }
            _ => {}
        }
        let (layer, style) = (layer.to_owned(), draft.style.clone());
        run(asks, StyleCommand::Preview { layer: layer.clone(), style: Some(style.clone()) });
        self.preview = Some(Preview { layer, style, since_s: now_s });
    }

    /// Keeps the draft of a layer.
    fn apply(&mut self, layer: &str, now_s: f64, asks: &mut Asks) {
        let Some(draft) = self.drafts.get_mut(layer) else { return };
        let style = draft.send(now_s);
        // Keeping it ends the preview by itself.
        self.preview = None;
        run(asks, StyleCommand::Set { layer: layer.to_owned(), style });
    }

    /// Gives the draft of a layer up.
    fn cancel(&mut self, layer: &str, asks: &mut Asks) {
        self.drafts.remove(layer);
        self.doubt = None;
        self.rest(asks);
    }
}

fn run(asks: &mut Asks, command: StyleCommand) {
    asks.push(UiAsk::Run(Command::Style(command)));
}

/// Whether a layer's features are lines.
fn is_line(layer: &LayerView) -> bool {
    layer.schema.geometry.and_then(GeometryKind::dimension) == Some(1)
}

/// Draws the panel.
pub fn style_ui(ui: &mut Ui, session: &Session, state: &mut StyleState, asks: &mut Asks) {
    let lang = session.lang();
    let Some(city) = session.city() else {
        let words = lang.pick("还没有打开城市。", "No city is open.");
        if empty(ui, words, Some(("FOLDER_OPEN", lang.pick("打开城市…", "Open a city…")))) {
            asks.push(UiAsk::Act(ActionId::OpenCity));
        }
        return;
    };
    state.follow(city);
    ui.add_space(8.0);
    let chosen = state.layer.as_deref().and_then(|table| city.layer(table));
    head::layer_box(ui, lang, city, chosen, &mut state.signs, asks);
    let Some(layer) = chosen else {
        state.rest(asks);
        return;
    };
    if !layer.has_geometry() {
        state.rest(asks);
        let words = lang.pick("这个图层没有位置，地图上不绘制它。", "The rows of this layer have no place on the map.");
        _ = empty(ui, words, None);
        return;
    }
    let shown = Shown { lang, city, layer, survey: session.style_survey() };
    layer_ui(ui, &shown, state, asks);
}

/// Everything about one layer.
fn layer_ui(ui: &mut Ui, shown: &Shown<'_>, state: &mut StyleState, asks: &mut Asks) {
    let (lang, table) = (shown.lang, shown.layer.table());
    let now_s = ui.input(|input| input.time);
    take_in(shown, state, asks);
    let room = ui.max_rect();
    let escapes = is_escape(ui, state.focus);
    ui.add_space(4.0);
    head::head_ui(ui, shown, state, asks);
    head::doubt_ui(ui, shown, state, asks);
    if let Some(why) = &shown.city.read_only {
        hint_bar(ui, Tone::Warn, why.get(lang));
    }
    ui.add_space(4.0);
    ScrollArea::vertical().id_salt(("style", table)).auto_shrink(false).show(ui, |ui| {
        // The bar of the scroll area lies over its contents.
        ui.set_max_width(ui.available_width() - 6.0);
        sections(ui, shown, state, asks);
        ui.add_space(24.0);
    });
    if escapes && state.drafts.get(table).is_some_and(|draft| draft.is_changed(now_s)) {
        ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        // A second one takes the question back.
        state.doubt = if state.doubt.is_none() { Some(table.to_owned()) } else { None };
    }
    state.show(ui, table, asks);
    state.focus = focus_now(ui, room);
    if let Some(field) = state.surveys.ask(now_s) {
        run(asks, StyleCommand::Survey { layer: table.to_owned(), field });
    }
}

/// What happened since the last frame: another style is kept, values are known.
fn take_in(shown: &Shown<'_>, state: &mut StyleState, asks: &mut Asks) {
    let layer = shown.layer;
    if state.preview.as_ref().is_some_and(|preview| preview.layer != layer.table()) {
        state.rest(asks);
    }
    state.drafts.retain(|table, draft| table == layer.table() || draft.is_changed(f64::INFINITY));
    let draft = state.drafts.entry(layer.table().to_owned()).or_insert_with(|| Draft::new(layer));
    if draft.follow(layer) {
        state.preview = None;
    }
    // Something else has ended what is tried out, such as the undo of another step: the map follows the draft again.
    if let Some(preview) = state.preview.as_mut().filter(|_| layer.style == layer.kept_style) {
        preview.style = Style::clone(&layer.kept_style);
    }
    state.surveys.follow(layer, shown.survey);
    draft.settle(&layer.schema, &mut state.surveys);
}

/// Whether Esc asks about the draft: the pointer or the focus is in the panel, and nothing smaller takes the key. The key
/// itself has taken the focus away already, so what counts is where it was.
fn is_escape(ui: &Ui, before: Focus) -> bool {
    let is_pressed = ui.input(|input| input.key_pressed(Key::Escape));
    if is_pressed && before == Focus::Typing {
        // The key has left the field; it is nobody else's.
        ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        return false;
    }
    let is_here = before == Focus::Inside || ui.rect_contains_pointer(ui.max_rect());
    is_pressed && is_here && !Popup::is_any_open(ui.ctx())
}

/// Where the keyboard's focus is now.
fn focus_now(ui: &Ui, room: Rect) -> Focus {
    let focused = ui.memory(egui::Memory::focused).and_then(|id| ui.ctx().read_response(id));
    match focused {
        Some(focused) if !room.contains_rect(focused.rect) => Focus::Elsewhere,
        Some(_) if ui.ctx().text_edit_focused() => Focus::Typing,
        Some(_) => Focus::Inside,
        None => Focus::Elsewhere,
    }
}

/// The form, then labels, then what is true of the whole layer.
fn sections(ui: &mut Ui, shown: &Shown<'_>, state: &mut StyleState, asks: &mut Asks) {
    let (lang, layer) = (shown.lang, shown.layer);
    let StyleState { drafts, surveys, signs, denominator, .. } = state;
    let Some(draft) = drafts.get_mut(layer.table()) else { return };
    let ink = make::main_ink(&draft.base);
    let mut desk = Desk { lang, layer, signs, surveys, ink };
    form_box(ui, &desk, draft, *denominator);
    let unseen = denominator.and_then(|denominator| scale::unseen_words(&draft.style, denominator));
    let lifted = draft.lifted.filter(|_| make::whole_scale(&draft.style) == ScaleRange::ALL);
    if let Some(words) = lifted.map(scale::lifted_words).or(unseen) {
        fields::remark(ui, words.get(lang));
    }
    form_ui(ui, &mut desk, draft);
    if !matches!(draft.form, Form::Rules | Form::Heat) {
        ui.add_space(4.0);
        let words = lang.pick("比例尺范围", "Scale range");
        CollapsingHeader::new(words).id_salt("scale").default_open(true).show(ui, |ui| whole_scale(ui, lang, draft));
    }
    ui.add_space(4.0);
    let words = format!("{} · {}", lang.pick("注记", "Labels"), labels::state_words(draft, lang));
    let head = CollapsingHeader::new(words).id_salt("labels");
    head.show(ui, |ui| labels::labels_ui(ui, &mut desk, draft));
    widgets::section(ui, lang.pick("整个图层", "The whole layer"), "");
    opacity_row(ui, shown, &mut state.fade, asks);
}

/// How the style is shown and changed.
fn form_box(ui: &mut Ui, desk: &Desk<'_>, draft: &mut Draft, denominator: Option<f64>) {
    let fitting = Form::ALL.into_iter().filter(|form| form.fits(&desk.layer.schema));
    let all: Vec<(Form, String)> = fitting.map(|form| (form, form.name().get(desk.lang).to_owned())).collect();
    let (label, mut form) = (desk.lang.pick("样式", "Style"), draft.form);
    if fields::choice_row(ui, label, desk.lang.pick("样式种类", "Kind of style"), &mut form, &all) {
        draft.take_form(form, &desk.layer.schema);
        denominator.into_iter().for_each(|denominator| draft.lift(denominator));
    }
}

fn form_ui(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft) {
    ui.push_id(draft.form, |ui| match draft.form {
        Form::Single => {
            ui.add_space(4.0);
            if let Some(rule) = draft.style.rules.first_mut() {
                paints::paints_ui(ui, desk, &mut rule.paints);
            }
        }
        Form::Values => values::values_ui(ui, desk, draft),
        Form::Classes => classes::classes_ui(ui, desk, draft),
        Form::Rules => rules::rules_ui(ui, desk, draft),
        Form::Heat => crowd::heat_ui(ui, desk, draft),
        Form::Clusters => crowd::clusters_ui(ui, desk, draft),
    });
}

/// One range for all rules, where they are not set one by one.
fn whole_scale(ui: &mut Ui, lang: Lang, draft: &mut Draft) {
    let before = make::whole_scale(&draft.style);
    let mut scale = before;
    scale::scale_rows(ui, lang, lang.pick("图层", "the layer"), &mut scale);
    if scale != before {
        let fits = |old: ScaleRange| if draft.form == Form::Clusters { within(old, scale) } else { scale };
        draft.style.rules.iter_mut().for_each(|rule| rule.scale = fits(rule.scale));
    }
}

/// A rule's own range, as far as the layer's goes.
fn within(old: ScaleRange, whole: ScaleRange) -> ScaleRange {
    let both = ScaleRange { least: old.least.max(whole.least), most: old.most.min(whole.most) };
    if both.least < both.most { both } else { whole }
}

/// The map shows an opacity while the hand moves it; the file gets one step when the hand lets go.
fn opacity_row(ui: &mut Ui, shown: &Shown<'_>, fade: &mut Option<Fade>, asks: &mut Asks) {
    let (layer, label) = (shown.layer, shown.lang.pick("不透明度", "Opacity"));
    let now = fade.as_ref().filter(|fade| fade.layer == layer.table());
    let mut percent = now.map_or(layer.opacity * 100.0, |fade| fade.percent);
    let name = shown.lang.pick("图层不透明度", "Opacity of the layer");
    let changed = fields::row(ui, label, |ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - 60.0).max(40.0);
        let slider = Slider::new(&mut percent, 0.0..=100.0).fixed_decimals(0).suffix("%").trailing_fill(true);
        ui.add_enabled(shown.city.read_only.is_none(), slider.update_while_editing(false))
            .accessible_name(name)
            .changed()
    });
    let (now_s, is_held) = ui.input(|input| (input.time, input.pointer.any_down() || !input.keys_down.is_empty()));
    if changed {
        fade.get_or_insert_with(|| Fade::new(layer.table(), percent)).percent = percent;
    }
    let Some(moving) = fade else { return };
    let (layer, opacity) = (moving.layer.clone(), moving.percent / 100.0);
    if is_held {
        if moving.newly_shown(now_s).is_some() {
            visit::look(asks, LookCommand::FadeLayer { layer, opacity });
        }
        ui.ctx().request_repaint_after_secs(0.1);
    } else {
        *fade = None;
        asks.push(UiAsk::Run(Command::Layer(LayerCommand::Opacity { layer, opacity })));
    }
}

#[cfg(test)]
mod tests;
