//! One look for each value of a field: field, colours, and the values themselves.

use egui::{Align, CollapsingHeader, Layout, RichText, Ui};

use super::Desk;
use super::draft::Draft;
use super::fields::{choice_row, fields, is_class, of, remark, row, words_field};
use super::ink::ink_dot;
use super::paints::paints_ui;
use super::ramp_choice::ramp_box;
use crate::model::expr::{Comparison, Expr};
use crate::model::ramp::RampKind;
use crate::model::schema::Field;
use crate::model::style::{Classing, Rule};
use crate::model::style_make as make;
use crate::model::value::Value;
use crate::text::Lang;
use crate::ui::show;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{self, icon_button};

/// What becomes of a row.
enum Fate {
    Remove(usize),
    Swap(usize, usize),
}

/// Draws the form.
pub(super) fn values_ui(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft) {
    let Some(Classing::ByValue { mut field, mut ramp }) = draft.style.classing.clone() else { return };
    let lang = desk.lang;
    let label = lang.pick("字段", "Field");
    let all = fields(&desk.layer.schema, lang, is_class);
    if choice_row(ui, label, label, &mut field, &all) {
        draft.take_field(desk.layer.schema.field(&field), &desk.layer.schema);
        return;
    }
    let label = lang.pick("色带", "Ramp");
    let kinds = [RampKind::Qualitative, RampKind::Sequential, RampKind::Diverging];
    if row(ui, label, |ui| ramp_box(ui, lang, label, &mut ramp, (&kinds, false))) {
        draft.style.classing = Some(Classing::ByValue { field: field.clone(), ramp });
        draft.recolor();
    }
    let Some(field) = desk.layer.schema.field(&field).cloned() else { return };
    if draft.waits() || desk.surveys.of(&field.id).is_none() {
        remark(ui, lang.pick("正在读取数值…", "Reading the values…"));
        ui.ctx().request_repaint_after_secs(0.2);
    }
    value_rows(ui, desk, draft, &field);
    missing_ui(ui, desk, draft, &field);
    base_ui(ui, desk, draft);
}

/// A row for each value: colour, legend text, how many features, and what becomes of it.
fn value_rows(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft, field: &Field) {
    let lang = desk.lang;
    let count = draft.style.rules.len();
    widgets::section(ui, lang.pick("各类", "Values"), &count.to_string());
    let counts: Vec<String> =
        draft.style.rules.iter().map(|rule| features(desk, field, rule).map(show::count).unwrap_or_default()).collect();
    let room = count_room(ui, &counts);
    let mut fate = None;
    for (at, rule) in draft.style.rules.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let name = rule_name(rule, field, lang);
            let mut ink = make::main_ink(&rule.paints).unwrap_or(super::paints::NEW);
            if ink_dot(ui, lang, &of(&name, lang.pick("颜色", "Colour"), lang), &mut ink) {
                rule.paints = make::recolored(&rule.paints, ink);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                let named = |zh: &'static str, en: &'static str| format!("{} {name}", lang.pick(zh, en));
                if icon_button(ui, "X", &named("移除", "Remove")).clicked() {
                    fate = Some(Fate::Remove(at));
                }
                if icon_button(ui, "ARROW_UP", &named("上移", "Move up")).clicked() && at > 0 {
                    fate = Some(Fate::Swap(at, at - 1));
                }
                with_count(ui, (&counts[at], room), |ui| {
                    words_field(ui, lang, &of(&name, lang.pick("图例文字", "Legend text"), lang), &mut rule.name);
                });
            });
        });
    }
    match fate {
        Some(Fate::Remove(at)) => _ = draft.style.rules.remove(at),
        Some(Fate::Swap(one, other)) => draft.style.rules.swap(one, other),
        None => {}
    }
}

/// How many features a rule takes, as far as the values are known.
fn features(desk: &mut Desk<'_>, field: &Field, rule: &Rule) -> Option<u64> {
    let survey = desk.surveys.of(&field.id)?;
    let value = value_of(rule)?;
    Some(survey.words.iter().find(|(one, _)| one == value).map_or(0, |(_, count)| *count))
}

/// The value that a rule stands for.
fn value_of(rule: &Rule) -> Option<&Value> {
    match rule.filter.as_ref()? {
        Expr::Compare { comparison: Comparison::Equal, value, .. } => Some(value),
        _ => None,
    }
}

/// What a row is called by a screen reader: the value itself, whatever its legend text.
fn rule_name(rule: &Rule, field: &Field, lang: Lang) -> String {
    match (value_of(rule), &rule.filter) {
        (Some(value), _) => field.display(value, lang),
        (None, Some(filter)) => filter.to_string(),
        (None, None) => lang.pick("其他值", "Other values").to_owned(),
    }
}

/// Values that have no row, and the row for the rest.
fn missing_ui(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft, field: &Field) {
    let lang = desk.lang;
    let Some(survey) = desk.surveys.of(&field.id) else { return };
    let has = |value: &Value| draft.style.rules.iter().any(|rule| value_of(rule) == Some(value));
    let missing: Vec<(Value, u64)> = survey.words.iter().filter(|(value, _)| !has(value)).take(20).cloned().collect();
    let (distinct, unknown) = (survey.distinct, survey.unknown);
    let has_rest = draft.style.rules.iter().any(|rule| rule.filter.is_none());
    ui.horizontal_wrapped(|ui| {
        let words = match lang {
            Lang::Zh => format!("再加 {} 个值", missing.len()),
            Lang::En => format!("Add {} more values", missing.len()),
        };
        if !missing.is_empty() && widgets::button(ui, "PLUS", &words).clicked() {
            draft.add_values(field, &missing);
        }
        if !has_rest && widgets::button(ui, "PLUS", lang.pick("其他值", "Other values")).clicked() {
            let all = make::categorised(&draft.base, field, &[], &crate::model::ramp::RAMPS[0]);
            let scale = make::whole_scale(&draft.style);
            draft.style.rules.extend(all.into_iter().map(|rule| rule.at(scale)));
        }
        if widgets::button(ui, "ARROW_CLOCKWISE", lang.pick("重新分类", "Classify anew")).clicked() {
            draft.classify();
        }
    });
    let (distinct, unknown) = (show::count(distinct as u64), show::count(unknown));
    remark(
        ui,
        &match lang {
            Lang::Zh => format!("共 {distinct} 个不同的值；{unknown} 个要素没有值"),
            Lang::En => format!("{distinct} different values; {unknown} features without one"),
        },
    );
}

/// What all classes are painted with, folded.
pub(super) fn base_ui(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft) {
    let words = desk.lang.pick("所有各类的绘制项", "What all of them are painted with");
    ui.add_space(4.0);
    CollapsingHeader::new(words).id_salt("base").show(ui, |ui| {
        let mut base = draft.base.clone();
        paints_ui(ui, desk, &mut base);
        if base != draft.base {
            draft.set_base(base, &desk.layer.schema);
        }
    });
}

/// Width of a column of counts.
pub(super) fn count_room(ui: &Ui, counts: &[String]) -> f32 {
    counts.iter().map(|words| widgets::layout(ui, words, theme::note()).size().x + 4.0).fold(12.0, f32::max)
}

/// A widget with a count in its column at the right.
pub(super) fn with_count(ui: &mut Ui, (words, room): (&str, f32), add: impl FnOnce(&mut Ui)) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let quiet = RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2);
        let room = egui::vec2(room, theme::CONTROL);
        ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_width(room.x);
            ui.label(quiet);
        });
        add(ui);
    });
}
