//! Before and after: today's findings kept under a name, and held against those of another day.

use egui::{ComboBox, Key, Ui};

use super::button_if;
use crate::session::Session;
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::checks::CheckAsk;
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::{SewerAnswer, SewerAsk};
use crate::text::Lang;
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{
    choice_chip, field_error, focus_when_it_comes, primary_button, text_button, text_field, text_in, value_row_with,
};

/// The name that is being typed.
#[derive(Default)]
pub(super) struct CampaignState {
    name: String,
    is_naming: bool,
}

/// What the checks were asked, and which campaigns are kept.
fn asked(session: &Session) -> Option<(&CheckAsk, Option<&str>, &[(String, String)])> {
    let slot = session.sewer().slot(SewerTopic::Checks)?;
    let campaigns = match slot.answer.as_deref() {
        Some(SewerAnswer::Check(report)) => report.campaigns.as_slice(),
        Some(SewerAnswer::Progress(found)) => found.campaigns.as_slice(),
        _ => &[],
    };
    match &slot.asked {
        SewerAsk::Check(ask) => Some((ask, None, campaigns)),
        SewerAsk::Progress { campaign, ask } => Some((ask, Some(campaign), campaigns)),
        _ => None,
    }
}

pub(super) fn campaign_ui(ui: &mut Ui, session: &Session, state: &mut CampaignState, asks: &mut Asks) {
    let lang = session.lang();
    let Some((ask, compared, campaigns)) = asked(session) else { return };
    let may_write = session.city().is_some_and(|city| city.read_only.is_none());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        if choice_chip(ui, lang.pick("今天的问题", "Findings of today"), compared.is_none()).clicked() {
            asks.push(UiAsk::Sewer(SewerAsk::Check(ask.clone())));
        }
        if !campaigns.is_empty() {
            compare_list(ui, lang, (ask, compared, campaigns), asks);
        }
        let keep = lang.pick("保存为批次…", "Keep under a name…");
        let tip =
            lang.pick("保存今天的问题，清理、整改后再来比较", "Keeps the findings of today, to be compared later");
        if button_if(ui, may_write && !state.is_naming, "FLOPPY_DISK", keep).on_hover_text(tip).clicked() {
            state.is_naming = true;
            state.name.clear();
        }
    });
    if state.is_naming {
        name_ui(ui, lang, state, (ask, campaigns), asks);
    }
}

fn compare_list(
    ui: &mut Ui,
    lang: Lang,
    (ask, compared, campaigns): (&CheckAsk, Option<&str>, &[(String, String)]),
    asks: &mut Asks,
) {
    let name = lang.pick("与批次比较", "Compare with a campaign");
    let list = ComboBox::from_id_salt("campaign").width(150.0).selected_text(compared.unwrap_or(name)).truncate();
    let list = list.show_ui(ui, |ui| {
        // The latest is what one compares with most.
        let mut by_day: Vec<_> = campaigns.iter().collect();
        by_day.sort_by(|a, b| b.1.cmp(&a.1));
        for (campaign, day) in by_day {
            let is_shown = compared == Some(campaign);
            if ui.selectable_label(is_shown, format!("{campaign} · {day}")).clicked() {
                asks.push(UiAsk::Sewer(SewerAsk::Progress { campaign: campaign.clone(), ask: ask.clone() }));
            }
        }
    });
    list.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, name));
}

fn name_ui(
    ui: &mut Ui,
    lang: Lang,
    state: &mut CampaignState,
    (ask, campaigns): (&CheckAsk, &[(String, String)]),
    asks: &mut Asks,
) {
    let title = lang.pick("批次名称", "Name of the campaign");
    let response = value_row_with(ui, title, |ui| {
        ui.set_width(ui.available_width());
        let response = text_field(ui, &mut state.name, title);
        if state.name.is_empty() {
            let hint = lang.pick("如 2026年上半年", "as Spring 2026");
            let at = response.rect.left_center() + egui::vec2(8.0, 0.0);
            text_in(ui, at, hint, theme::body(), Tokens::of(ui).text3, response.rect.width() - 16.0);
        }
        response
    });
    focus_when_it_comes(ui, &response);
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let name = state.name.trim().to_owned();
    let is_taken = campaigns.iter().any(|(known, _)| *known == name);
    if is_taken {
        field_error(ui, lang.pick("已有这个批次，请另取名称", "There is one of this name; choose another"));
    }
    ui.horizontal(|ui| {
        let is_said = !name.is_empty() && !is_taken;
        let keep = lang.pick("保存批次", "Keep it");
        let clicked = ui.add_enabled_ui(is_said, |ui| primary_button(ui, None, keep)).inner.clicked();
        if (clicked || entered) && is_said {
            super::run(asks, SewerCommand::KeepCheck { campaign: name, ask: ask.clone() });
            state.is_naming = false;
        } else if text_button(ui, lang.pick("取消", "Cancel")).clicked() {
            state.is_naming = false;
        }
    });
}
