//! The tool bar: icons with words in groups, and the search field at the right. A narrow window drops words, last group first.

use egui::{Align2, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::ask::{Asks, UiAsk};
use super::icons::icon_char;
use super::possible;
use super::theme::{self, RADIUS, Tokens};
use super::tools::ToolKind;
use super::widgets;
use crate::session::Session;
use crate::session::action::{ActionId, action};
use crate::text::Lang;

/// Groups from left to right.
const GROUPS: [&[ActionId]; 6] = [
    &[ActionId::Undo, ActionId::Redo],
    &[ActionId::Pan, ActionId::Identify, ActionId::SelectTool],
    &[ActionId::MeasureLength, ActionId::MeasureArea],
    &[ActionId::NotePoint, ActionId::NoteLine, ActionId::NoteArea, ActionId::EditForm],
    &[ActionId::TraceUp, ActionId::TraceDown, ActionId::SewerProfile],
    &[ActionId::AttributeTable, ActionId::NoteList, ActionId::ImportFile, ActionId::ExportLayer],
];
/// Width of the search field, and the least it shrinks to: words go only when it can shrink no more.
const SEARCH: [f32; 2] = [344.0, 152.0];
/// A search field narrower than this shows no key.
const KEY_FROM: f32 = 220.0;
/// Between two buttons.
const GAP: f32 = 2.0;
/// A divider without the gap beside it.
const DIVIDER: f32 = 9.0;
/// Left of the first button, and right of the search field.
const ENDS: [f32; 2] = [8.0, 12.0];

/// Shows the bar. `tool` is the one in hand.
pub fn toolbar_ui(ui: &mut Ui, session: &Session, tool: ToolKind, asks: &mut Asks) {
    let lang = session.lang();
    let worded = worded_groups(room_for_groups(ui.available_width()), &widths(ui, lang));
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        ui.add_space(ENDS[0]);
        for (at, group) in GROUPS.iter().enumerate() {
            if at > 0 {
                divider(ui);
            }
            for &id in *group {
                action_button(ui, session, id, at > 0 && at < worded, tool, asks);
            }
        }
        search_box(ui, lang, asks);
    });
}

/// What the search field leaves to the groups of buttons in a bar of this width.
fn room_for_groups(width: f32) -> f32 {
    width - ENDS[0] - ENDS[1] - GAP - SEARCH[1]
}

/// How many groups, from the left, keep their words in so much room. Undo and redo never have any.
fn worded_groups(room: f32, widths: &[[f32; 2]; GROUPS.len()]) -> usize {
    let total = |worded: usize| -> f32 {
        let groups = widths.iter().enumerate().map(|(at, [words, icons])| if at < worded { words } else { icons });
        groups.sum::<f32>() + (DIVIDER + GAP) * (GROUPS.len() - 1) as f32
    };
    (1..=GROUPS.len()).rev().find(|&worded| total(worded) <= room).unwrap_or(1)
}

/// Width of each group with words and without.
fn widths(ui: &Ui, lang: Lang) -> [[f32; 2]; GROUPS.len()] {
    std::array::from_fn(|at| {
        let icons = GROUPS[at].len() as f32 * (32.0 + GAP);
        let words = |&id: &ActionId| widgets::layout(ui, action(id).short.get(lang), theme::body()).size().x + 8.0;
        let extra = if at == 0 { 0.0 } else { GROUPS[at].iter().map(words).sum() };
        [icons + extra, icons]
    })
}

fn action_button(ui: &mut Ui, session: &Session, id: ActionId, worded: bool, tool: ToolKind, asks: &mut Asks) {
    let action = action(id);
    let word = if worded { action.short.get(session.lang()) } else { "" };
    let is_on = ToolKind::of_action(id) == Some(tool);
    let tip = possible::tip(session, action);
    let shown = ui.add_enabled_ui(possible::is_possible(session, action), |ui| {
        widgets::bar_button(ui, action.icon, word, is_on).accessible_name(action.name.get(session.lang()))
    });
    if shown.inner.on_hover_text(&tip).on_disabled_hover_text(&tip).clicked() {
        asks.push(UiAsk::Act(id));
    }
}

fn divider(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(DIVIDER, 24.0), Sense::hover());
    ui.painter().vline(rect.center().x, rect.y_range(), Stroke::new(1.0, Tokens::of(ui).line));
}

/// Looks like a field and opens the palette, which is one.
fn search_box(ui: &mut Ui, lang: Lang, asks: &mut Asks) {
    let tokens = Tokens::of(ui);
    let left = ui.available_width() - ENDS[1];
    if left < SEARCH[1] {
        if left > 34.0 && widgets::icon_button(ui, "MAGNIFYING_GLASS", lang.pick("搜索", "Search")).clicked() {
            asks.push(UiAsk::Act(ActionId::Palette));
        }
        return;
    }
    let width = left.min(SEARCH[0]);
    ui.add_space((left - width - GAP).max(0.0));
    let (rect, response) = ui.allocate_exact_size(vec2(width, 32.0), Sense::click());
    let ground = if response.hovered() { tokens.hover } else { tokens.raised };
    ui.painter().rect(rect, RADIUS, ground, Stroke::new(1.0, tokens.line_strong), StrokeKind::Inside);
    let middle = rect.center().y;
    let icon_at = pos2(rect.left() + 17.0, middle);
    ui.painter().text(
        icon_at,
        Align2::CENTER_CENTER,
        icon_char("MAGNIFYING_GLASS"),
        theme::icon_font(16.0),
        tokens.text2,
    );
    let hint = lang.pick("搜索地名、编号、坐标，或执行操作", "Search places, numbers, coordinates");
    let right = if width < KEY_FROM { 8.0 } else { 60.0 };
    widgets::text_in(ui, pos2(rect.left() + 32.0, middle), hint, theme::body(), tokens.text2, width - 32.0 - right);
    if width >= KEY_FROM {
        let key = Rect::from_center_size(pos2(rect.right() - 30.0, middle), vec2(48.0, 20.0));
        ui.painter().rect(key, RADIUS, tokens.sunk, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
        ui.painter().text(key.center(), Align2::CENTER_CENTER, "Ctrl K", theme::note(), tokens.text2);
    }
    widgets::focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, action(ActionId::Palette).name.get(lang)));
    if response.clicked() {
        asks.push(UiAsk::Act(ActionId::Palette));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::Harness;

    #[test]
    fn words_go_from_the_last_group_first_and_icons_stay() {
        let widths = [[68.0, 68.0], [240.0, 102.0], [170.0, 68.0], [330.0, 136.0], [224.0, 102.0], [330.0, 136.0]];
        assert_eq!(worded_groups(2000.0, &widths), 6);
        assert_eq!(worded_groups(1300.0, &widths), 5);
        assert_eq!(worded_groups(930.0, &widths), 3);
        assert_eq!(worded_groups(100.0, &widths), 1);
    }

    #[test]
    fn on_a_usual_screen_every_tool_has_its_word() {
        for (lang, width, expected) in [(Lang::Zh, 1520.0, GROUPS.len()), (Lang::En, 1920.0, GROUPS.len())] {
            let builder = Harness::builder().with_size(vec2(width, 44.0)).with_context_setup(theme::install);
            let mut harness = builder.build_ui_state(
                move |ui, worded: &mut usize| *worded = worded_groups(room_for_groups(width), &widths(ui, lang)),
                0,
            );
            harness.run();
            assert_eq!(*harness.state(), expected, "{lang:?}");
        }
    }
}
