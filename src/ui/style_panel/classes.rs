//! Classes of a number: field, method, how many, colours or sizes, and the classes themselves.

use egui::{DragValue, Ui};

use super::Desk;
use super::draft::Draft;
use super::fields::{choice_row, fields, is_amount, number, of, remark, row, words_field};
use super::histogram::histogram;
use super::ink::ink_dot;
use super::ramp_choice::ramp_box;
use super::values::{base_ui, count_room, with_count};
use crate::model::classes::{Method, closed, counts, fewer, reaching};
use crate::model::ramp::RampKind;
use crate::model::schema::Field;
use crate::model::style::Classing;
use crate::model::style_make as make;
use crate::text;
use crate::text::Text;
use crate::ui::legend;
use crate::ui::show;
use crate::ui::theme::color_of;
use crate::ui::widgets;

/// What the classes are made of, read out of the style.
struct Making {
    field: String,
    method: Method,
    classes: usize,
    ramp: String,
    reversed: bool,
}

/// Draws the form.
pub(super) fn classes_ui(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft) {
    let Some(Classing::ByNumber { field, method, classes, ramp, reversed }) = draft.style.classing.clone() else {
        return;
    };
    let mut making = Making { field, method, classes, ramp, reversed };
    let lang = desk.lang;
    let label = lang.pick("字段", "Field");
    let all = fields(&desk.layer.schema, lang, is_amount);
    if choice_row(ui, label, label, &mut making.field, &all) {
        draft.take_field(desk.layer.schema.field(&making.field), &desk.layer.schema);
        return;
    }
    shown_by(ui, desk, draft, &mut making);
    let label = lang.pick("方法", "Method");
    let methods = Method::ALL.map(|method| (method, method.name().get(lang).to_owned()));
    let mut is_new = choice_row(ui, label, label, &mut making.method, &methods);
    let label = lang.pick("级数", "Classes");
    is_new |= row(ui, label, |ui| number(ui, label, &mut making.classes, 2..=9, (0.05, ""))).changed();
    let Making { field, method, classes, ramp, reversed } = making;
    draft.style.classing = Some(Classing::ByNumber { field: field.clone(), method, classes, ramp, reversed });
    if is_new {
        draft.classify();
    }
    let Some(field) = desk.layer.schema.field(&field).cloned() else { return };
    spread(ui, desk, draft, &field);
    class_rows(ui, desk, draft, &field);
    base_ui(ui, desk, draft);
}

/// Colours or sizes, and which.
fn shown_by(ui: &mut Ui, desk: &Desk<'_>, draft: &mut Draft, making: &mut Making) {
    let lang = desk.lang;
    let label = lang.pick("区别", "Shown by");
    let mut by_size = draft.sizes.is_some();
    let ways = [(false, lang.pick("颜色", "Colour").to_owned()), (true, lang.pick("大小", "Size").to_owned())];
    // The border of an area says nothing about a number by its width.
    let is_offered = by_size || !legend::is_area(desk.layer);
    if is_offered && choice_row(ui, label, label, &mut by_size, &ways) {
        draft.sizes = by_size.then_some(if super::is_line(desk.layer) { [1.0, 6.0] } else { [4.0, 20.0] });
        draft.classify();
    }
    if let Some(px) = &mut draft.sizes {
        let label = lang.pick("大小", "Size");
        let before = *px;
        row(ui, label, |ui| {
            number(ui, lang.pick("最小大小", "Least size"), &mut px[0], 0.2..=100.0, (0.1, " px"));
            remark(ui, "–");
            number(ui, lang.pick("最大大小", "Largest size"), &mut px[1], 0.2..=100.0, (0.1, " px"));
        });
        if *px != before {
            draft.classify();
        }
        return;
    }
    let label = lang.pick("色带", "Ramp");
    let changed = row(ui, label, |ui| {
        let before = making.reversed;
        let turn = widgets::icon_button(ui, "SWAP", lang.pick("色带反向", "Turn the ramp round"));
        if turn.clicked() {
            making.reversed = !before;
        }
        let kinds = [RampKind::Sequential, RampKind::Diverging];
        ramp_box(ui, lang, label, &mut making.ramp, (&kinds, making.reversed)) || making.reversed != before
    });
    if changed && let Some(Classing::ByNumber { ramp, reversed, .. }) = &mut draft.style.classing {
        (*ramp, *reversed) = (making.ramp.clone(), making.reversed);
        draft.recolor();
    }
}

/// How the values are spread; a bound that is dragged makes the bounds somebody's own.
fn spread(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft, field: &Field) {
    let lang = desk.lang;
    let dark = ui.visuals().dark_mode;
    let Some(survey) = desk.surveys.of(&field.id) else {
        remark(ui, lang.pick("正在读取数值…", "Reading the values…"));
        ui.ctx().request_repaint_after_secs(0.2);
        return;
    };
    let unknown = survey.unknown;
    let numbers = std::sync::Arc::clone(&survey.numbers);
    if numbers.is_empty() {
        remark(ui, lang.pick("这个字段还没有数值", "No feature has a value in this field"));
        return;
    }
    ui.add_space(4.0);
    let bounds = draft.bounds();
    let color = |class: usize| {
        let rule = draft.style.rules.get(class)?;
        make::main_ink(&rule.paints).map(|ink| color_of(ink.on(dark)))
    };
    if let Some(bounds) = histogram(ui, lang, &numbers, &bounds, &color) {
        set_by_hand(draft, desk, field, &bounds);
    }
    if let Some(Classing::ByNumber { method, classes, .. }) = &draft.style.classing
        && let Some(words) = fewer(*method, *classes, draft.classed()).filter(|_| !draft.waits())
    {
        remark(ui, words.get(lang));
    }
    if unknown > 0 {
        let count = show::count(unknown);
        let words = if draft.style.rules.iter().any(make::is_no_data) {
            text!("{count} 个要素没有数值，画作“无数据”", "{count} features have no value and are drawn as “No data”")
        } else {
            text!("{count} 个要素没有数值，不绘制", "{count} features have no value and are not drawn")
        };
        remark(ui, words.get(lang));
    }
}

/// The classes have these bounds from now on; values beyond them have open classes.
fn set_by_hand(draft: &mut Draft, desk: &mut Desk<'_>, field: &Field, bounds: &[f64]) {
    let numbers = desk.surveys.of(&field.id).map(|survey| std::sync::Arc::clone(&survey.numbers)).unwrap_or_default();
    let bounds = reaching(&numbers, bounds);
    if let Some(Classing::ByNumber { method, classes, .. }) = &mut draft.style.classing {
        *method = Method::Manual;
        *classes = closed(&bounds).len().saturating_sub(1);
    }
    draft.set_bounds(field, &bounds, &desk.layer.schema);
}

/// A row for each class: colour, legend text, how many features.
fn class_rows(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft, field: &Field) {
    let lang = desk.lang;
    let bounds = draft.bounds();
    let counts = desk.surveys.of(&field.id).map(|survey| counts(&survey.numbers, &bounds)).unwrap_or_default();
    let mut words: Vec<String> = counts.into_iter().map(show::count).collect();
    // The rule for features without a value comes after the classes.
    words.extend(desk.surveys.of(&field.id).map(|survey| show::count(survey.unknown)));
    let room = count_room(ui, &words);
    let is_manual = matches!(draft.style.classing, Some(Classing::ByNumber { method: Method::Manual, .. }));
    let by_size = draft.sizes.is_some();
    widgets::section(ui, lang.pick("各级", "Classes"), &draft.classed().to_string());
    for (class, rule) in draft.style.rules.iter_mut().enumerate() {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let name = if make::is_no_data(rule) {
                Text::new("无数据", "No data").get(lang).to_owned()
            } else {
                format!("{} {}", lang.pick("级", "Class"), class + 1)
            };
            match make::main_ink(&rule.paints) {
                Some(mut ink) if !by_size => {
                    if ink_dot(ui, lang, &of(&name, lang.pick("颜色", "Colour"), lang), &mut ink) {
                        rule.paints = make::recolored(&rule.paints, ink);
                    }
                }
                _ => _ = super::paints::sign(ui, desk, &rule.paints),
            }
            let count = words.get(class).map(String::as_str).unwrap_or_default();
            with_count(ui, (count, room), |ui| {
                words_field(ui, lang, &of(&name, lang.pick("图例文字", "Legend text"), lang), &mut rule.name);
            });
        });
    }
    if is_manual {
        bound_rows(ui, desk, draft, field, &bounds);
    }
}

/// The bounds themselves, where somebody sets them by hand.
fn bound_rows(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft, field: &Field, bounds: &[f64]) {
    let lang = desk.lang;
    let mut bounds = closed(bounds);
    widgets::section(ui, lang.pick("界线", "Bounds"), &field.unit);
    let before = bounds.clone();
    ui.horizontal_wrapped(|ui| {
        for at in 0..bounds.len() {
            let least = at.checked_sub(1).map_or(f64::NEG_INFINITY, |one| bounds[one]);
            let most = bounds.get(at + 1).copied().unwrap_or(f64::INFINITY);
            let speed = (bounds[bounds.len() - 1] - bounds[0]).abs().max(1e-6) / 400.0;
            let drag = DragValue::new(&mut bounds[at]).range(least..=most).speed(speed).max_decimals(4);
            let name = format!("{} {}", lang.pick("界线", "Bound"), at + 1);
            ui.add(drag.clamp_existing_to_range(false).update_while_editing(false)).accessible_name(name);
        }
    });
    if bounds != before {
        set_by_hand(draft, desk, field, &bounds);
    }
}
