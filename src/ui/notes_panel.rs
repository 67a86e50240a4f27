//! The list of notes: narrowed by state, severity, author and words; each leads to its place on the map.

use egui::{ComboBox, Rect, RichText, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::ask::{Asks, UiAsk};
use super::icons::icon;
use super::note_card::{is_done, is_overdue, paint_note, spoken, urgency};
use super::show;
use super::theme::{self, Tokens};
use super::visit;
use super::widgets::{choice_chip, empty, filter_field, icon_button, list_row};
use crate::model::schema::{Field, Schema};
use crate::session::Session;
use crate::session::action::{ActionId, action};
use crate::session::command::EditCommand;
use crate::session::state::{CityView, FeatureRef, NoteBrief};
use crate::text::{Lang, Text};

const ROW: f32 = 52.0;

/// The order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoteOrder {
    /// Latest first.
    #[default]
    Latest,
    /// Most urgent first.
    Urgent,
    /// Next deadline first; those without one last.
    Due,
}

impl NoteOrder {
    const ALL: [Self; 3] = [Self::Latest, Self::Urgent, Self::Due];

    fn name(self) -> Text {
        match self {
            Self::Latest => Text::new("最新在前", "Latest first"),
            Self::Urgent => Text::new("紧急在前", "Urgent first"),
            Self::Due => Text::new("期限在前", "Due first"),
        }
    }
}

/// What the list remembers between frames: how it is narrowed.
#[derive(Debug, Default)]
pub struct NotesState {
    /// Words that the text, author or place must hold.
    words: String,
    /// Code of the state; empty for all.
    state: String,
    /// Code of the severity; empty for all.
    severity: String,
    /// Author; empty for all.
    author: String,
    /// Overdue ones alone.
    overdue: bool,
    order: NoteOrder,
}

impl NotesState {
    /// The notes that pass, in order.
    fn pick<'a>(&self, schema: &Schema, notes: &'a [NoteBrief]) -> Vec<&'a NoteBrief> {
        let words: Vec<String> = self.words.split_whitespace().map(str::to_lowercase).collect();
        let mut picked: Vec<&NoteBrief> = notes.iter().filter(|note| self.passes(schema, note, &words)).collect();
        let code = |note: &NoteBrief, id: &str| show::field_code(schema, &note.feature.values, id).to_owned();
        match self.order {
            NoteOrder::Latest => {}
            NoteOrder::Urgent => picked.sort_by_key(|note| std::cmp::Reverse(urgency(&code(note, "severity")))),
            NoteOrder::Due => picked.sort_by_key(|note| {
                let due = code(note, "due");
                (due.is_empty(), due)
            }),
        }
        picked
    }

    fn passes(&self, schema: &Schema, note: &NoteBrief, words: &[String]) -> bool {
        let code = |id: &str| show::field_code(schema, &note.feature.values, id);
        let is = |wanted: &str, id: &str| wanted.is_empty() || code(id) == wanted;
        let text = || format!("{} {} {}", note.text, code("author"), code("place")).to_lowercase();
        is(&self.state, "state")
            && is(&self.severity, "severity")
            && (!self.overdue || is_overdue(schema, note))
            && is(&self.author, "author")
            && (words.is_empty() || {
                let text = text();
                words.iter().all(|word| text.contains(word.as_str()))
            })
    }

    fn narrows(&self) -> bool {
        let words = [&self.words, &self.state, &self.severity, &self.author];
        self.overdue || words.into_iter().any(|word| !word.is_empty())
    }
}

/// Draws the list.
pub fn notes_ui(ui: &mut Ui, session: &Session, state: &mut NotesState, asks: &mut Asks) {
    let Some(city) = session.city() else { return };
    let mut chosen = Vec::new();
    let shown = session.details().and_then(|details| details.hits.get(details.current));
    let list = List { lang: session.lang(), city, notes: session.notes(), shown };
    list_ui(ui, &list, state, &mut chosen);
    for wish in chosen {
        carry_out(session, wish, asks);
    }
}

/// What a person wants with a note of the list.
#[derive(Debug)]
enum Wish<'a> {
    Visit(&'a NoteBrief),
    Edit(&'a NoteBrief),
    Close(&'a NoteBrief, bool),
    Delete(&'a NoteBrief),
    New,
}

fn carry_out(session: &Session, wish: Wish<'_>, asks: &mut Asks) {
    match wish {
        Wish::Visit(note) => visit::visit(asks, session, &note.at),
        Wish::Edit(note) => {
            visit::show(asks, &note.at);
            asks.push(UiAsk::EditForm(note.at.clone()));
        }
        Wish::Close(note, done) => {
            visit::edit(asks, EditCommand::CloseNote { layer: note.at.layer.clone(), id: note.at.id, done });
        }
        Wish::Delete(note) => {
            visit::edit(asks, EditCommand::Delete { layer: note.at.layer.clone(), ids: vec![note.at.id] });
        }
        Wish::New => asks.push(UiAsk::Act(ActionId::NotePoint)),
    }
}

/// What the list shows.
struct List<'a> {
    lang: Lang,
    city: &'a CityView,
    notes: &'a [NoteBrief],
    /// The feature that the details show.
    shown: Option<&'a FeatureRef>,
}

fn list_ui<'a>(ui: &mut Ui, list: &List<'a>, state: &mut NotesState, wishes: &mut Vec<Wish<'a>>) {
    let (lang, city, notes) = (list.lang, list.city, list.notes);
    let schema = notes.first().and_then(|note| city.layer(&note.at.layer)).map(|layer| &layer.schema);
    let Some(schema) = schema else {
        let words = lang.pick("还没有标注。", "There are no notes yet.");
        let new = action(ActionId::NotePoint);
        if empty(ui, words, Some((new.icon, new.name.get(lang)))) {
            wishes.push(Wish::New);
        }
        return;
    };
    filters(ui, lang, schema, state);
    let picked = state.pick(schema, notes);
    let count = format!("{} / {}", show::count(picked.len() as u64), show::count(notes.len() as u64));
    ui.horizontal(|ui| {
        author_box(ui, lang, schema, notes, &mut state.author);
        order_box(ui, lang, &mut state.order);
        ui.label(RichText::new(count).font(theme::note()).color(Tokens::of(ui).text2));
        if state.narrows() && icon_button(ui, "FUNNEL_X", lang.pick("清除筛选", "Show all")).clicked() {
            *state = NotesState { order: state.order, ..NotesState::default() };
        }
    });
    if picked.is_empty() {
        if empty(
            ui,
            lang.pick("没有符合的标注。", "No note passes."),
            Some(("FUNNEL_X", lang.pick("清除筛选", "Show all"))),
        ) {
            *state = NotesState { order: state.order, ..NotesState::default() };
        }
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("notes").auto_shrink(false).show_rows(ui, ROW, picked.len(), |ui, rows| {
        for note in &picked[rows] {
            row(ui, list, schema, note, wishes);
        }
    });
}

fn filters(ui: &mut Ui, lang: Lang, schema: &Schema, state: &mut NotesState) {
    ui.add_space(8.0);
    filter_field(ui, &mut state.words, lang.pick("筛选标注", "Filter notes"));
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        for (id, wanted) in [("state", &mut state.state), ("severity", &mut state.severity)] {
            if let Some(field) = schema.field(id) {
                codes(ui, lang, field, wanted);
            }
        }
        if choice_chip(ui, lang.pick("超期", "Overdue"), state.overdue).clicked() {
            state.overdue = !state.overdue;
        }
    });
}

/// One chip for each code; clicking the chosen one shows all again.
fn codes(ui: &mut Ui, lang: Lang, field: &Field, wanted: &mut String) {
    for code in &field.codes {
        let chosen = *wanted == code.value;
        if choice_chip(ui, code.name.get(lang), chosen).clicked() {
            *wanted = if chosen { String::new() } else { code.value.to_string() };
        }
    }
}

fn author_box(ui: &mut Ui, lang: Lang, schema: &Schema, notes: &[NoteBrief], author: &mut String) {
    let everybody = lang.pick("所有人", "Everybody");
    let shown = if author.is_empty() { everybody } else { author.as_str() }.to_owned();
    let list = ComboBox::from_id_salt("author").selected_text(shown).width(104.0).show_ui(ui, |ui| {
        let mut names: Vec<&str> =
            notes.iter().map(|note| show::field_code(schema, &note.feature.values, "author")).collect();
        names.sort_unstable();
        names.dedup();
        ui.selectable_value(author, String::new(), everybody);
        for name in names.into_iter().filter(|name| !name.is_empty()) {
            ui.selectable_value(author, name.to_owned(), name);
        }
    });
    list.response.accessible_name(lang.pick("标注人", "Author"));
}

fn order_box(ui: &mut Ui, lang: Lang, order: &mut NoteOrder) {
    let list = ComboBox::from_id_salt("order").width(112.0).selected_text(order.name().get(lang).to_owned()).show_ui(
        ui,
        |ui| {
            for each in NoteOrder::ALL {
                ui.selectable_value(order, each, each.name().get(lang));
            }
        },
    );
    list.response.accessible_name(lang.pick("排序", "Order"));
}

fn row<'a>(ui: &mut Ui, list: &List<'_>, schema: &Schema, note: &'a NoteBrief, wishes: &mut Vec<Wish<'a>>) {
    let lang = list.lang;
    let name = spoken(lang, schema, note);
    let (room, response) = list_row(ui, ROW, list.shown == Some(&note.at), &name);
    let buttons = 68.0;
    let text_room = Rect::from_min_max(room.min, pos2(room.right() - buttons, room.bottom()));
    paint_note(ui, lang, schema, note, text_room);
    if response.clicked() {
        wishes.push(Wish::Visit(note));
    }
    let buttons_room = Rect::from_min_size(pos2(room.right() - buttons, room.top() + 12.0), vec2(buttons, 28.0));
    let builder = UiBuilder::new().max_rect(buttons_room).id_salt(note.at.id);
    ui.scope_builder(builder, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            row_buttons(ui, list, is_done(schema, note), note, wishes);
        });
    });
    ui.advance_cursor_after_rect(room);
}

fn row_buttons<'a>(ui: &mut Ui, list: &List<'_>, done: bool, note: &'a NoteBrief, wishes: &mut Vec<Wish<'a>>) {
    let (lang, may_write) = (list.lang, list.city.read_only.is_none());
    let (sign, word) = if done {
        ("ARROW_COUNTER_CLOCKWISE", lang.pick("重新打开", "Open again"))
    } else {
        ("CHECK", lang.pick("办结", "Close the note"))
    };
    if ui.add_enabled_ui(may_write, |ui| icon_button(ui, sign, word)).inner.clicked() {
        wishes.push(Wish::Close(note, !done));
    }
    let more = icon_button(ui, "DOTS_THREE", lang.pick("更多", "More"));
    egui::Popup::menu(&more).show(|ui| {
        if ui.button((icon("FRAME_CORNERS"), lang.pick("缩放", "Zoom"))).clicked() {
            wishes.push(Wish::Visit(note));
        }
        let edit = egui::Button::new((icon("PENCIL_SIMPLE"), lang.pick("编辑", "Edit")));
        if ui.add_enabled(may_write, edit).clicked() {
            wishes.push(Wish::Edit(note));
        }
        let delete = egui::Button::new((icon("TRASH"), lang.pick("删除", "Delete")));
        if ui.add_enabled(may_write, delete).clicked() {
            wishes.push(Wish::Delete(note));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::feature::Feature;
    use crate::ui::sample;
    use egui_kittest::{Harness, kittest::Queryable as _};

    #[test]
    fn the_list_is_narrowed_by_state_severity_author_and_words() {
        check(|state| state.words = "井盖".into(), "1");
        check(|state| state.words = "李敏".into(), "1 3");
        check(|state| state.state = "done".into(), "2 5");
        check(|state| state.severity = "high".into(), "3");
        check(|state| state.author = "王强".into(), "2");
        check(|state| state.overdue = true, "4");
        check(|state| state.order = NoteOrder::Urgent, "3 1 2 4 5");
        check(|state| state.order = NoteOrder::Due, "4 5 3 1 2");
    }

    #[test]
    fn a_note_is_closed_and_opened_again_from_its_row() {
        for (note, button, done) in [(0, "办结", true), (1, "重新打开", false)] {
            let mut harness = harness(Lang::Zh, vec![notes()[note].clone()]);
            harness.get_by_role_and_label(egui::Role::Button, button).click();
            harness.run();
            assert_eq!(*harness.state(), [format!("close {} {done}", note + 1)]);
        }
    }

    #[test]
    fn a_note_past_its_day_says_so() {
        let harness = harness(Lang::En, vec![notes()[3].clone()]);
        harness.get_by_label("积水, overdue");
    }

    #[test]
    fn a_click_on_a_row_leads_to_the_note() {
        let mut harness = harness(Lang::En, vec![notes()[2].clone()]);
        harness.get_by_label("路灯不亮").click();
        harness.run();
        assert_eq!(*harness.state(), ["visit 3"]);
    }

    #[test]
    fn an_empty_list_offers_the_first_note() {
        let mut harness = harness(Lang::En, Vec::new());
        harness.get_by_label("Note at a point").click();
        harness.run();
        assert_eq!(*harness.state(), ["new"]);
    }

    #[track_caller]
    fn check(narrow: fn(&mut NotesState), expected: &str) {
        let mut state = NotesState::default();
        narrow(&mut state);
        let notes = notes();
        let picked = state.pick(&sample::note_schema(), &notes);
        let ids: Vec<String> = picked.iter().map(|note| note.at.id.to_string()).collect();
        assert_eq!(ids.join(" "), expected);
    }

    fn notes() -> Vec<NoteBrief> {
        let note = |id, text: &str, author: &str, severity: &str, state: &str, due: Option<&str>| {
            let values = [text, severity, state, author, ""].map(Into::into).into_iter().chain([due.into()]).collect();
            let at = FeatureRef { layer: "note".into(), id };
            NoteBrief { at, text: text.into(), feature: Feature { id, geometry: None, values }, photos: 0 }
        };
        vec![
            note(1, "井盖高差", "李敏", "mid", "open", Some("2999-12-24")),
            note(2, "灯箱坏", "王强", "low", "done", None),
            note(3, "路灯不亮", "李敏", "high", "work", Some("2999-12-01")),
            note(4, "积水", "陈静", "low", "open", Some("2020-01-01")),
            note(5, "落叶", "陈静", "low", "done", Some("2020-01-02")),
        ]
    }

    /// What was asked for, in words.
    fn harness(lang: Lang, notes: Vec<NoteBrief>) -> Harness<'static, Vec<String>> {
        let city = sample::city();
        let mut state = NotesState::default();
        let builder = Harness::builder().with_size(vec2(344.0, 500.0)).with_context_setup(theme::install);
        builder.build_ui_state(
            move |ui, asked: &mut Vec<String>| {
                let mut wishes = Vec::new();
                let list = List { lang, city: &city, notes: &notes, shown: None };
                list_ui(ui, &list, &mut state, &mut wishes);
                asked.extend(wishes.iter().map(|wish| match wish {
                    Wish::Visit(note) => format!("visit {}", note.at.id),
                    Wish::Edit(note) => format!("edit {}", note.at.id),
                    Wish::Close(note, done) => format!("close {} {done}", note.at.id),
                    Wish::Delete(note) => format!("delete {}", note.at.id),
                    Wish::New => "new".to_owned(),
                }));
            },
            Vec::new(),
        )
    }
}
