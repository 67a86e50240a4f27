//! Draws the attribute form: a row for each field, what is wrong below it, Save and Cancel above.

use egui::text::LayoutJob;
use egui::{
    Align, Align2, ComboBox, Key, Label, Layout, Margin, Modifiers, Rect, RichText, ScrollArea, TextEdit, TextFormat,
    Ui, UiBuilder, pos2, vec2,
};

use super::form::{FieldProblem, FormState};
use super::icons::icon_fill;
use super::theme::{self, CONTROL, LABEL_WIDTH, Tokens};
use super::widgets::{Tone, choice_chip, hint_bar, primary_button, text_button};
use crate::model::feature::Feature;
use crate::model::schema::{Field, Schema};
use crate::model::value::FieldType;
use crate::session::command::EditCommand;
use crate::text::{Lang, Text};

/// Height of the room below a field.
const ERROR_ROOM: f32 = 16.0;

/// What a form has to know of its row.
pub struct FormInput<'a> {
    /// The row's fields.
    pub schema: &'a Schema,
    /// Language.
    pub lang: Lang,
    /// Why nothing can be saved, if so.
    pub read_only: Option<&'a Text>,
    /// What a row would be refused for.
    pub check: &'a dyn Fn(&Feature) -> Vec<FieldProblem>,
}

/// How a person left the form.
#[derive(Debug)]
pub enum FormEnd {
    /// With this step; without one, nothing had changed.
    Save(Option<EditCommand>),
    /// What was typed may go.
    Cancel,
}

/// Draws the form; the end comes back once.
pub fn form_ui(ui: &mut Ui, input: &FormInput<'_>, state: &mut FormState) -> Option<FormEnd> {
    if let Some(reason) = input.read_only {
        hint_bar(ui, Tone::Warn, reason.get(input.lang));
        return text_button(ui, input.lang.pick("关闭", "Close")).clicked().then_some(FormEnd::Cancel);
    }
    let problems = state.problems(input.schema, input.check);
    let end = buttons(ui, input, state, &problems);
    ScrollArea::vertical().id_salt("form").auto_shrink(false).show(ui, |ui| {
        for (index, field) in input.schema.fields.iter().enumerate() {
            let problem = problems.iter().find(|(id, _)| *id == field.id).map(|(_, what)| what);
            field_row(ui, input, state, (index, field), problem);
        }
        ui.add_space(16.0);
    });
    end
}

fn buttons(ui: &mut Ui, input: &FormInput<'_>, state: &mut FormState, problems: &[FieldProblem]) -> Option<FormEnd> {
    let lang = input.lang;
    // Taken before the fields see it: Enter with Ctrl must not break a line.
    let by_key = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
    let mut end = None;
    ui.horizontal(|ui| {
        let save = primary_button(ui, Some("CHECK"), lang.pick("保存", "Save")).on_hover_text("Ctrl+Enter");
        if save.clicked() || by_key {
            state.tried = true;
            if problems.is_empty() {
                end = Some(FormEnd::Save(state.command(input.schema, input.check)));
            }
        }
        if text_button(ui, lang.pick("取消", "Cancel")).clicked() {
            end = Some(FormEnd::Cancel);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| state_words(ui, lang, state, problems.len()));
    });
    ui.add_space(4.0);
    end
}

fn state_words(ui: &mut Ui, lang: Lang, state: &FormState, problems: usize) {
    let tokens = Tokens::of(ui);
    let (words, color) = match (state.tried && problems > 0, state.is_changed()) {
        (true, _) => (lang.pick("有字段要改", "Some fields need a change"), tokens.err),
        (false, true) => (lang.pick("草稿已保留", "Draft is kept"), tokens.text2),
        (false, false) => return,
    };
    ui.label(RichText::new(words).font(theme::note()).color(color));
}

/// One field: its name in the label column, its widget, and below it what is wrong.
fn field_row(
    ui: &mut Ui,
    input: &FormInput<'_>,
    state: &mut FormState,
    (index, field): (usize, &Field),
    problem: Option<&Text>,
) {
    let name = field.name.get(input.lang);
    ui.horizontal_top(|ui| {
        label(ui, name, field.required);
        ui.vertical(|ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 0.0;
            let takes_focus = std::mem::take(&mut state.takes_focus) && is_typed(field);
            let response = ui.push_id(index, |ui| widget(ui, input.lang, field, &mut state.texts[index])).inner;
            if let Some(response) = response {
                if takes_focus {
                    response.request_focus();
                }
                // Esc leaves the field; it does not put away the row as well.
                if response.lost_focus() {
                    ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
                }
            }
            let what = problem.filter(|_| state.tried || state.is_touched(index));
            error_room(ui, what.map(|what| what.get(input.lang)));
        });
    });
}

/// Room below a field for what is wrong with it. It is always there: words that come must not move the fields below.
pub(super) fn error_room(ui: &mut Ui, what: Option<&str>) {
    let room = Rect::from_min_size(ui.available_rect_before_wrap().min, vec2(ui.available_width(), ERROR_ROOM));
    if let Some(what) = what {
        let color = Tokens::of(ui).err;
        let builder = UiBuilder::new().max_rect(room).layout(Layout::left_to_right(Align::Center));
        // A child of its own: what it takes up is not counted here.
        let mut inner = ui.new_child(builder);
        inner.spacing_mut().item_spacing.x = 4.0;
        inner.label(icon_fill("WARNING_OCTAGON").color(color).size(13.0));
        inner.add(Label::new(RichText::new(what).font(theme::note()).color(color)).truncate());
    }
    ui.advance_cursor_after_rect(room);
}

/// A field's name, on two lines where one is too short, with a star where it must be filled in.
fn label(ui: &mut Ui, name: &str, required: bool) {
    let tokens = Tokens::of(ui);
    let (room, response) = ui.allocate_exact_size(vec2(LABEL_WIDTH - 8.0, CONTROL), egui::Sense::hover());
    let mut job = LayoutJob::default();
    job.append(name, 0.0, TextFormat::simple(theme::body(), tokens.text2));
    if required {
        job.append("*", 2.0, TextFormat::simple(theme::body(), tokens.err));
    }
    job.wrap.max_width = room.width();
    job.wrap.max_rows = 2;
    let galley = ui.painter().layout_job(job);
    let top = if galley.rows.len() > 1 { room.top() + 2.0 } else { room.center().y - galley.size().y / 2.0 };
    ui.painter().galley(pos2(room.left(), top), galley, tokens.text2);
    response.on_hover_text(name);
}

fn is_typed(field: &Field) -> bool {
    !field.read_only && field.codes.is_empty() && !matches!(field.field_type, FieldType::Bool | FieldType::Blob)
}

/// The widget that suits the field; `None` where there is nothing to type.
fn widget(ui: &mut Ui, lang: Lang, field: &Field, words: &mut String) -> Option<egui::Response> {
    let name = field.name.get(lang);
    if field.read_only || field.field_type == FieldType::Blob {
        read_only(ui, lang, field, words);
        None
    } else if !field.codes.is_empty() {
        code_box(ui, lang, field, words);
        None
    } else if field.field_type == FieldType::Bool {
        yes_no(ui, lang, name, words);
        None
    } else if is_long(field, words) {
        let rows = words.lines().count().clamp(3, 8);
        let edit = TextEdit::multiline(words).desired_rows(rows).desired_width(f32::INFINITY);
        Some(ui.add(edit.margin(Margin::symmetric(8, 5))).accessible_name(name))
    } else {
        Some(line(ui, lang, field, words))
    }
}

fn read_only(ui: &mut Ui, lang: Lang, field: &Field, words: &str) {
    let shown = match field.codes.iter().find(|code| code.value == words) {
        Some(code) => code.name.get(lang),
        None if words.is_empty() => "—",
        None => words,
    };
    let color = Tokens::of(ui).text2;
    ui.add_space(5.0);
    ui.label(RichText::new(shown).color(color)).on_hover_text(lang.pick("由程序填写", "Filled in by the program"));
}

/// A list of the allowed values by their names; a value outside of it stays until another is chosen.
pub(super) fn code_box(ui: &mut Ui, lang: Lang, field: &Field, words: &mut String) {
    let known = field.codes.iter().find(|code| code.value == words.as_str());
    let shown = match known {
        Some(code) => code.name.get(lang).to_owned(),
        None if words.is_empty() => lang.pick("未填", "Not filled in").to_owned(),
        None => format!("{words} {}", lang.pick("（不在代码表）", "(not a known code)")),
    };
    let list = ComboBox::from_id_salt(field.id.as_ref()).width(ui.available_width()).selected_text(shown).truncate();
    let shown = list.height(320.0).show_ui(ui, |ui| {
        if !field.required {
            ui.selectable_value(words, String::new(), lang.pick("未填", "Not filled in"));
        }
        for code in &field.codes {
            ui.selectable_value(words, code.value.to_string(), code.name.get(lang));
        }
    });
    shown.response.accessible_name(field.name.get(lang));
}

fn yes_no(ui: &mut Ui, lang: Lang, name: &str, words: &mut String) {
    let choices =
        [("true", lang.pick("是", "Yes")), ("false", lang.pick("否", "No")), ("", lang.pick("不详", "Unknown"))];
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (value, word) in choices {
            if choice_chip(ui, word, words.as_str() == value).accessible_name(format!("{name} {word}")).clicked() {
                value.clone_into(words);
            }
        }
    });
}

fn is_long(field: &Field, words: &str) -> bool {
    let named_long = matches!(field.id.as_ref(), "text" | "remark" | "description" | "reason" | "result");
    match field.field_type {
        FieldType::Json => true,
        FieldType::Text => named_long || words.contains('\n') || words.chars().count() > 40,
        _ => false,
    }
}

/// A field of one line, with its unit, and what may be typed in it.
pub(super) fn line(ui: &mut Ui, lang: Lang, field: &Field, words: &mut String) -> egui::Response {
    let color = Tokens::of(ui).text2;
    let mut edit = TextEdit::singleline(words)
        .desired_width(f32::INFINITY)
        .min_size(vec2(0.0, CONTROL))
        .align(Align2::LEFT_CENTER)
        .margin(Margin::symmetric(8, 3));
    if let Some(hint) = hint(field, lang) {
        edit = edit.hint_text(RichText::new(hint).color(color));
    }
    if !field.unit.is_empty() {
        edit = edit.suffix(RichText::new(field.unit.as_ref()).color(color));
    }
    ui.add(edit).accessible_name(field.name.get(lang))
}

/// What may be typed here, where that is not plain.
fn hint(field: &Field, lang: Lang) -> Option<String> {
    match (field.field_type, field.range) {
        // In letters: a day in figures would look as if it were filled in.
        (FieldType::Date, _) => Some(lang.pick("年-月-日", "yyyy-mm-dd").to_owned()),
        (FieldType::DateTime, _) => Some(lang.pick("年-月-日 时:分", "yyyy-mm-dd hh:mm").to_owned()),
        (FieldType::Int | FieldType::Real, Some((least, most))) => {
            Some(format!("{least} {} {most}", lang.pick("至", "to")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::model::value::Value;
    use egui_kittest::{Harness, kittest::Queryable as _};

    struct Form {
        schema: Schema,
        state: FormState,
        end: Option<FormEnd>,
        /// How often Esc was left to the map.
        escapes: usize,
    }

    #[test]
    fn a_number_that_is_none_is_said_below_its_field_and_not_saved() {
        let mut harness = harness(Lang::En);
        type_into(&mut harness, "Depth", "deep");
        harness.get_by_label("A number is needed, such as 2.84");
        harness.get_by_label("Save").click();
        harness.run();
        assert!(harness.state().end.is_none());

        type_into(&mut harness, "Depth", "3.5");
        harness.get_by_label("Save").click();
        harness.run();
        let Some(FormEnd::Save(Some(EditCommand::Change { label, deltas }))) = &harness.state().end else {
            panic!("{:?}", harness.state().end);
        };
        assert_eq!(label.en, "Change manhole WS-1");
        assert_eq!(deltas[0].new.as_ref().unwrap().values[1], Value::Real(3.5));
    }

    #[test]
    fn a_required_field_that_is_empty_is_said_when_saving_is_tried() {
        let mut harness = harness(Lang::Zh);
        type_into(&mut harness, "编号", "");
        assert!(harness.state().state.is_changed());
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
        harness.run();
        harness.get_by_label("必填");
        assert!(harness.state().end.is_none());
    }

    #[test]
    fn a_coded_value_is_chosen_by_its_name() {
        let mut harness = harness(Lang::Zh);
        harness.get_by_label("类别").click();
        harness.run();
        harness.get_by_label("雨水").click();
        harness.run();
        assert_eq!(harness.state().state.texts[2], "ys");
    }

    #[test]
    fn cancel_gives_up_what_was_typed() {
        let mut harness = harness(Lang::En);
        type_into(&mut harness, "Depth", "9");
        harness.get_by_label("Cancel").click();
        harness.run();
        assert!(matches!(harness.state().end, Some(FormEnd::Cancel)));
    }

    #[test]
    fn words_below_a_field_do_not_move_the_fields_below() {
        let mut harness = harness(Lang::En);
        let top = |harness: &Harness<'static, Form>| harness.get_by_label("Class").rect().top();
        let before = top(&harness);
        type_into(&mut harness, "Depth", "deep");
        harness.get_by_label("A number is needed, such as 2.84");
        assert_eq!(top(&harness), before);
    }

    #[test]
    fn escape_leaves_a_field_and_is_nobody_elses() {
        let mut harness = harness(Lang::En);
        harness.get_by_label("Depth").focus();
        harness.run();
        harness.key_press(Key::Escape);
        harness.run();
        assert!(!harness.get_by_label("Depth").is_focused());
        assert_eq!(harness.state().escapes, 0);
        harness.key_press(Key::Escape);
        harness.run();
        assert_eq!(harness.state().escapes, 1);
    }

    fn type_into(harness: &mut Harness<'static, Form>, field: &str, words: &str) {
        harness.get_by_label(field).focus();
        harness.run();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        harness.key_press(Key::Delete);
        if !words.is_empty() {
            harness.get_by_label(field).type_text(words);
        }
        harness.run();
    }

    fn harness(lang: Lang) -> Harness<'static, Form> {
        let schema = Schema {
            table: "manhole".into(),
            name: Text::new("检查井", "Manhole"),
            kind: "manhole".into(),
            geometry: None,
            crs: Crs::CGCS2000,
            z_order: 0,
            fields: vec![
                Field::text("code", "编号", "Number").required(),
                Field::real("depth_m", "井深", "Depth", "m"),
                Field::coded("class", "类别", "Class", &[("ws", "污水", "Foul"), ("ys", "雨水", "Storm")]),
            ],
        };
        let row = Feature { id: 1, geometry: None, values: vec!["WS-1".into(), Value::Real(2.0), Value::from("ws")] };
        let state = FormState::new(&schema, "WS-1", &row);
        Harness::builder().with_size(vec2(360.0, 400.0)).with_context_setup(theme::install).build_ui_state(
            move |ui, form: &mut Form| {
                let check = |row: &Feature| match row.values[0] {
                    Value::Null => vec![("code".to_owned(), Text::new("必填", "Required"))],
                    _ => Vec::new(),
                };
                let input = FormInput { schema: &form.schema, lang, read_only: None, check: &check };
                if let Some(end) = form_ui(ui, &input, &mut form.state) {
                    form.end = Some(end);
                }
                form.escapes += usize::from(ui.input(|input| input.key_pressed(Key::Escape)));
            },
            Form { schema, state, end: None, escapes: 0 },
        )
    }
}
