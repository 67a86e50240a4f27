//! Labels: on or off, what is written, where, how large, at which scales.

use egui::{Popup, Ui};

use super::Desk;
use super::draft::Draft;
use super::fields::{choice, choice_row, fields, number, of, px_row, remark, row, set_words, switch_row};
use super::ink::ink_row;
use super::scale::scale_rows;
use super::size::size_rows;
use crate::model::schema::{Field, Schema};
use crate::model::style::{Ink, LabelRule, Placement, ScaleRange, Size};
use crate::model::value::FieldType;
use crate::text::{Lang, Text};
use crate::ui::expr_field::{Condition, expr_field};
use crate::ui::icons::icon;
use crate::ui::widgets::icon_button;

/// Draws the section.
pub(super) fn labels_ui(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft) {
    let lang = desk.lang;
    let label = lang.pick("显示注记", "Labels");
    let mut on = !draft.style.labels.is_empty();
    if switch_row(ui, label, label, &mut on).changed() {
        if on {
            draft.style.labels = std::mem::take(&mut draft.silent);
            if draft.style.labels.is_empty() {
                draft.style.labels.push(first(&desk.layer.schema));
            }
        } else {
            draft.silent = std::mem::take(&mut draft.style.labels);
        }
    }
    if draft.style.labels.is_empty() {
        return;
    }
    let count = draft.style.labels.len();
    draft.label = draft.label.min(count - 1);
    which(ui, lang, draft);
    let at = draft.label;
    if let Some(rule) = draft.style.labels.get_mut(at) {
        ui.push_id(("label", at, count), |ui| label_rows(ui, desk, rule));
    }
}

/// A label of the field that most likely is a name.
fn first(schema: &Schema) -> LabelRule {
    let named = |id: &str| schema.fields.iter().find(|field| field.id == id);
    let words = || schema.fields.iter().find(|field| field.field_type == FieldType::Text);
    let field = named("name").or_else(|| named("code")).or_else(words).or_else(|| schema.fields.first());
    let template = field.map(|field| format!("{{{}}}", field.id)).unwrap_or_default();
    let dimension = schema.geometry.and_then(crate::model::geometry::GeometryKind::dimension);
    LabelRule {
        template: Text::same(template),
        filter: None,
        scale: ScaleRange::closer_than(5_000.0),
        placement: match dimension {
            Some(1) => Placement::Along,
            Some(2) => Placement::Inside,
            _ => Placement::Around,
        },
        priority: 20,
        size: Size::Px(11.0),
        ink: Ink::new(0x3C_4043, 0xD5_D9DD),
        halo: Ink::new(0xFF_FFFF, 0x14_171A),
        italic: false,
        medium: false,
        spacing: 0.0,
        offset: 0.0,
        once: false,
    }
}

/// Which of several label rules is shown, and more or fewer of them.
fn which(ui: &mut Ui, lang: Lang, draft: &mut Draft) {
    let count = draft.style.labels.len();
    let name = |at: usize| format!("{} · {}", at + 1, draft.style.labels[at].template.get(lang));
    let all: Vec<(usize, String)> = (0..count).map(|at| (at, name(at))).collect();
    row(ui, lang.pick("注记规则", "Label rule"), |ui| {
        if icon_button(ui, "PLUS", lang.pick("添加注记规则", "Add a label rule")).clicked() {
            let copy = draft.style.labels[draft.label].clone();
            draft.style.labels.insert(draft.label + 1, copy);
            draft.label += 1;
        }
        let remove = |ui: &mut Ui| icon_button(ui, "TRASH_SIMPLE", lang.pick("删除注记规则", "Remove the label rule"));
        if ui.add_enabled_ui(count > 1, remove).inner.clicked() {
            draft.style.labels.remove(draft.label);
            draft.label = draft.label.saturating_sub(1);
            return;
        }
        choice(ui, lang.pick("注记规则", "Label rule"), &mut draft.label, &all);
    });
}

fn label_rows(ui: &mut Ui, desk: &mut Desk<'_>, rule: &mut LabelRule) {
    let lang = desk.lang;
    let whole = lang.pick("注记", "Label");
    let name = |part: &str| of(whole, part, lang);
    template_row(ui, desk, &mut rule.template);
    filter_rows(ui, desk, rule);
    let label = lang.pick("位置", "Place");
    let places = [
        (Placement::Around, lang.pick("点旁", "Beside a point")),
        (Placement::Inside, lang.pick("点上或面内", "On a point, inside an area")),
        (Placement::Along, lang.pick("沿线", "Along a line")),
    ];
    let places = places.map(|(place, word)| (place, word.to_owned()));
    choice_row(ui, label, &name(label), &mut rule.placement, &places);
    if rule.placement == Placement::Along {
        let label = lang.pick("离线", "Off the line");
        px_row(ui, label, &name(label), &mut rule.offset, -40.0..=40.0);
    }
    let label = lang.pick("字高", "Height");
    size_rows(ui, desk, label, &name(label), &mut rule.size);
    let label = lang.pick("颜色", "Colour");
    ink_row(ui, lang, label, &name(label), &mut rule.ink);
    let label = lang.pick("描边", "Halo");
    ink_row(ui, lang, label, &name(label), &mut rule.halo);
    let label = lang.pick("中粗", "Medium");
    switch_row(ui, label, &name(label), &mut rule.medium);
    let label = lang.pick("斜体", "Slanted");
    switch_row(ui, label, &name(label), &mut rule.italic);
    let label = lang.pick("字距", "Spacing");
    row(ui, label, |ui| number(ui, &name(label), &mut rule.spacing, 0.0..=3.0, (0.02, "")));
    let label = lang.pick("优先级", "Priority");
    row(ui, label, |ui| number(ui, &name(label), &mut rule.priority, 0..=99, (0.2, "")));
    let label = lang.pick("同文一次", "Once a view");
    switch_row(ui, label, &name(label), &mut rule.once);
    scale_rows(ui, lang, whole, &mut rule.scale);
}

/// The words, with a list of the fields that can stand in them.
fn template_row(ui: &mut Ui, desk: &Desk<'_>, template: &mut Text) {
    let lang = desk.lang;
    let label = lang.pick("内容", "Words");
    let any: fn(&Field) -> bool = |field| field.field_type != FieldType::Blob;
    row(ui, label, |ui| {
        let insert = icon_button(ui, "FUNCTION", lang.pick("插入字段", "Insert a field"));
        Popup::menu(&insert).show(|ui| {
            egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
                for (id, name) in fields(&desk.layer.schema, lang, any) {
                    if ui.button((icon("COLUMNS"), name.as_str())).accessible_name(&name).clicked() {
                        let words = format!("{}{{{id}}}", template.get(lang));
                        set_words(template, lang, words);
                    }
                }
            });
        });
        super::fields::words_field(ui, lang, lang.pick("注记的内容", "Words of the label"), template);
    });
    remark(
        ui,
        lang.pick(
            "{字段}，{字段:1} 保留一位小数，[…] 在字段为空时略去",
            "{field}, {field:1} with one decimal, […] left out where empty",
        ),
    );
}

/// Which features have the label: kept as words while they are typed.
fn filter_rows(ui: &mut Ui, desk: &Desk<'_>, rule: &mut LabelRule) {
    let id = ui.scope_id().with("filter words");
    let kept = rule.filter.as_ref().map(ToString::to_string).unwrap_or_default();
    let known: Option<(String, String)> = ui.data(|data| data.get_temp(id));
    // Typed words go with the condition that they made: another condition brings its own.
    let mut words = known.filter(|(of, _)| *of == kept).map_or_else(|| kept.clone(), |(_, words)| words);
    expr_field(ui, desk.lang, &desk.layer.schema, &mut words);
    match Condition::read(&words, &desk.layer.schema) {
        Condition::None => rule.filter = None,
        Condition::Good(filter) => rule.filter = Some(filter),
        Condition::Bad(_) => {}
    }
    let now = rule.filter.as_ref().map(ToString::to_string).unwrap_or_default();
    ui.data_mut(|data| data.insert_temp(id, (now, words)));
}

/// What the section says beside the heading of the labels.
pub(super) fn state_words(draft: &Draft, lang: Lang) -> String {
    match draft.style.labels.len() {
        0 => lang.pick("关", "Off").to_owned(),
        count => count.to_string(),
    }
}
