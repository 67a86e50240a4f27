//! Rules with conditions of their own: the list, and the one that is unfolded below it.

use egui::{Sense, Ui, pos2, vec2};

use super::Desk;
use super::draft::Draft;
use super::fields::{number, row, words_field};
use super::paints::paints_ui;
use super::scale::scale_rows;
use crate::model::style::Rule;
use crate::text::Lang;
use crate::ui::expr_field::{Condition, expr_field};
use crate::ui::legend;
use crate::ui::theme::{self, ROW, Tokens};
use crate::ui::widgets::{self, icon_button};

/// Draws the form.
pub(super) fn rules_ui(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft) {
    let lang = desk.lang;
    widgets::section(ui, lang.pick("规则", "Rules"), &draft.style.rules.len().to_string());
    let chosen = draft.rule.as_ref().map(|(at, _)| *at);
    ui.spacing_mut().item_spacing.y = 1.0;
    for (at, rule) in draft.style.rules.iter().enumerate() {
        if rule_row(ui, desk, rule, Some(at) == chosen) {
            draft.rule = if Some(at) == chosen { None } else { Some((at, filter_words(rule))) };
        }
    }
    ui.spacing_mut().item_spacing.y = 4.0;
    buttons(ui, lang, draft);
    let Some((at, words)) = &mut draft.rule else { return };
    if let Some(rule) = draft.style.rules.get_mut(*at) {
        ui.add_space(4.0);
        widgets::card(ui, |ui| rule_rows(ui, desk, rule, words));
    }
}

fn filter_words(rule: &Rule) -> String {
    rule.filter.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// What a rule is called: its legend text, else its condition.
fn title(rule: &Rule, lang: Lang) -> String {
    match (rule.name.get(lang), &rule.filter) {
        ("", Some(filter)) => filter.to_string(),
        ("", None) => lang.pick("所有要素", "All features").to_owned(),
        (name, _) => name.to_owned(),
    }
}

fn rule_row(ui: &mut Ui, desk: &mut Desk<'_>, rule: &Rule, chosen: bool) -> bool {
    let lang = desk.lang;
    let title = title(rule, lang);
    let (rect, response) = widgets::list_row(ui, ROW, chosen, &title);
    let sign = egui::Rect::from_center_size(pos2(rect.left() + 18.0, rect.center().y), vec2(24.0, 18.0));
    legend::rule_sign(ui, sign, rule, legend::is_area(desk.layer), desk.signs);
    let at = pos2(rect.left() + 38.0, rect.center().y);
    let width = (rect.width() - 44.0) * if rule.name.get(lang).is_empty() { 1.0 } else { 0.5 };
    widgets::text_in(ui, at, &title, theme::body(), Tokens::of(ui).text, width);
    if !rule.name.get(lang).is_empty() {
        let at = pos2(at.x + width + 6.0, at.y);
        let words = filter_words(rule);
        widgets::text_in(ui, at, &words, theme::note(), Tokens::of(ui).text2, rect.right() - at.x - 4.0);
    }
    let tip = format!("{title}\n{}\n{}", filter_words(rule), scale_words(rule, lang));
    response.on_hover_text(tip.trim()).clicked()
}

fn scale_words(rule: &Rule, lang: Lang) -> String {
    let end = |denominator: f64| format!("1:{}", denominator.round());
    match (rule.scale.most.is_finite(), rule.scale.least > 0.0) {
        (false, false) => lang.pick("所有比例尺", "All scales").to_owned(),
        (true, false) => format!("< {}", end(rule.scale.most)),
        (false, true) => format!("≥ {}", end(rule.scale.least)),
        (true, true) => format!("{} – {}", end(rule.scale.most), end(rule.scale.least)),
    }
}

fn buttons(ui: &mut Ui, lang: Lang, draft: &mut Draft) {
    let chosen = draft.rule.as_ref().map(|(at, _)| *at).filter(|at| *at < draft.style.rules.len());
    let last = draft.style.rules.len().saturating_sub(1);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        if icon_button(ui, "PLUS", lang.pick("添加规则", "Add a rule")).clicked() {
            let at = chosen.map_or(draft.style.rules.len(), |at| at + 1);
            draft.style.rules.insert(at, Rule::all(draft.base.clone()));
            draft.rule = Some((at, String::new()));
        }
        let on = |ui: &mut Ui, is_on: bool, icon: &str, word: &str| {
            ui.add_enabled_ui(is_on, |ui| icon_button(ui, icon, word)).inner.clicked()
        };
        if on(ui, chosen.is_some(), "COPY_SIMPLE", lang.pick("复制规则", "Duplicate the rule"))
            && let Some(at) = chosen
        {
            let copy = draft.style.rules[at].clone();
            draft.rule = Some((at + 1, filter_words(&copy)));
            draft.style.rules.insert(at + 1, copy);
        }
        if on(ui, chosen.is_some_and(|at| at > 0), "ARROW_UP", lang.pick("规则上移", "Move the rule up")) {
            swap(draft, chosen, -1);
        }
        if on(ui, chosen.is_some_and(|at| at < last), "ARROW_DOWN", lang.pick("规则下移", "Move the rule down")) {
            swap(draft, chosen, 1);
        }
        if on(ui, chosen.is_some(), "TRASH_SIMPLE", lang.pick("删除规则", "Remove the rule"))
            && let Some(at) = chosen
        {
            draft.style.rules.remove(at);
            draft.rule = None;
        }
    });
}

fn swap(draft: &mut Draft, chosen: Option<usize>, by: isize) {
    let Some((at, to)) = chosen.and_then(|at| Some((at, at.checked_add_signed(by)?))) else { return };
    draft.style.rules.swap(at, to);
    if let Some((chosen, _)) = &mut draft.rule {
        *chosen = to;
    }
}

/// Everything about one rule.
fn rule_rows(ui: &mut Ui, desk: &mut Desk<'_>, rule: &mut Rule, words: &mut String) {
    let lang = desk.lang;
    let label = lang.pick("图例文字", "Legend text");
    row(ui, label, |ui| words_field(ui, lang, label, &mut rule.name));
    expr_field(ui, lang, &desk.layer.schema, words);
    // Words that cannot be followed leave the rule as it was; what is wrong stands below them.
    match Condition::read(words, &desk.layer.schema) {
        Condition::None => rule.filter = None,
        Condition::Good(filter) => rule.filter = Some(filter),
        Condition::Bad(_) => {}
    }
    scale_rows(ui, lang, lang.pick("规则", "the rule"), &mut rule.scale);
    let label = lang.pick("绘制次序", "Pass");
    let tip = lang.pick(
        "次序大的画在上面：所有要素的第 0 遍都在第 1 遍之下（道路先画边、后画面）",
        "Higher comes on top: pass 0 of all features lies under pass 1 (casings under fills)",
    );
    row(ui, label, |ui| number(ui, label, &mut rule.pass, 0..=9, (0.05, ""))).on_hover_text(tip);
    let (room, _) = ui.allocate_exact_size(vec2(ui.available_width(), 9.0), Sense::hover());
    ui.painter().hline(room.x_range(), room.center().y, egui::Stroke::new(1.0, Tokens::of(ui).line));
    ui.push_id("rule", |ui| paints_ui(ui, desk, &mut rule.paints));
}
