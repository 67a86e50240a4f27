//! The assumptions that the network and answers about drainage users and capacity rest on: changed here, kept with the settings, and
//! whatever is shown is worked out with them at once.

use egui::{Label, RichText, ScrollArea, Ui};

use super::number::{Number, number_row};
use crate::kinds;
use crate::model::schema::Code;
use crate::session::Session;
use crate::session::command::{Command, SettingsCommand};
use crate::session::sewer::SewerAsk;
use crate::session::sewer::capacity::CapacityAsk;
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::kept_rules::{KeptCapacityRules, KeptJoining, KeptUserRules, limits, set_roughness};
use crate::session::sewer::settings::SewerSettings;
use crate::session::sewer::users::UsersAsk;
use crate::text::{Lang, Text};
use crate::trades::sewer::capacity::{CapacityRules, Peaking, Split};
use crate::trades::sewer::sewers::Joining;
use crate::trades::sewer::users::{LoadRules, UserRules};
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{button, choice_chip, value_row_with};

/// Highest list of rules; what is longer scrolls, so that the answer stays in sight.
const MOST_HEIGHT: f32 = 260.0;

/// How pipes find their nodes and their direction, behind a fold. The session asks everything again by itself.
pub(super) fn joining_ui(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    let joining = session.sewer_joining();
    let mut new = joining;
    let is_reset = fold(ui, lang, ("joining", joining == Joining::default()), |ui| {
        let snap = Number::new(Text::new("接井距离", "Ends join within"), "m", limits::SNAP_M);
        if let Some(snap_m) = number_row(ui, lang, &snap, Some(joining.snap_m)).flatten() {
            new.snap_m = snap_m;
        }
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
            ui.label(lang.pick("流向先看", "Direction first by"));
            for (trusts_inverts, word) in
                [(false, lang.pick("记录", "the record")), (true, lang.pick("管底标高", "the inverts"))]
            {
                if choice_chip(ui, word, joining.trusts_inverts == trusts_inverts).clicked() {
                    new.trusts_inverts = trusts_inverts;
                }
            }
        });
    });
    if is_reset {
        new = Joining::default();
    }
    if new != joining {
        let settings = SewerSettings { joining: KeptJoining::of(new), ..session.settings().sewer.clone() };
        asks.push(UiAsk::Run(Command::Settings(SettingsCommand::Sewer(settings))));
    }
}

/// The rules of drainage users behind a fold.
pub(super) fn users_ui(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    let rules = session.settings().sewer.users.rules();
    let mut new = rules.clone();
    let is_reset = fold(ui, lang, ("user-rules", rules == UserRules::default()), |ui| {
        load_rows(ui, lang, &mut new);
        let years = Text::new("许可未写期限时按", "A permit without a last day holds");
        let years = Number::new(years, lang.pick("年", "years"), limits::PERMIT_YEARS).whole();
        if let Some(years) = number_row(ui, lang, &years, Some(f64::from(new.permit_years))).flatten() {
            new.permit_years = years as i32;
        }
        let days = Text::new("即将到期：提前", "Expiring: ends within");
        let days = Number::new(days, lang.pick("天", "days"), limits::EXPIRING_DAYS).whole();
        if let Some(days) = number_row(ui, lang, &days, Some(f64::from(new.expiring_days))).flatten() {
            new.expiring_days = days as i32;
        }
        types_row(ui, lang, lang.pick("不需许可", "Need no permit"), &mut new.exempt);
        types_row(ui, lang, lang.pick("有厨房", "With a kitchen"), &mut new.kitchens);
    });
    if is_reset {
        new = UserRules::default();
    }
    if new != rules {
        let users = KeptUserRules::of(&new);
        keep(session, SewerSettings { users, ..session.settings().sewer.clone() }, asks);
    }
}

/// The rules of capacity behind a fold, and where the water of several ways goes before it.
pub(super) fn capacity_ui(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    let settings = &session.settings().sewer;
    let (rules, users) = (settings.capacity.rules(), settings.users.rules());
    let (mut new, mut new_users) = (rules.clone(), users.clone());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        ui.label(lang.pick("分流处", "Where ways part"));
        let all = [
            (Split::Equal, lang.pick("平均分", "equal parts")),
            (Split::ByCapacity, lang.pick("按能力分", "by capacity")),
        ];
        for (split, word) in all {
            if choice_chip(ui, word, new.split == split).clicked() {
                new.split = split;
            }
        }
    });
    let is_usual = rules == CapacityRules::default() && users == UserRules::default();
    let is_reset = fold(ui, lang, ("capacity-rules", is_usual), |ui| {
        load_rows(ui, lang, &mut new_users);
        peaking_rows(ui, lang, &mut new);
        roughness_rows(ui, lang, &mut new);
    });
    if is_reset {
        (new, new_users) = (CapacityRules::default(), UserRules::default());
    }
    if (&new, &new_users) != (&rules, &users) {
        let (capacity, users) = (KeptCapacityRules::of(&new), KeptUserRules::of(&new_users));
        keep(session, SewerSettings { users, capacity, ..settings.clone() }, asks);
    }
}

/// Rules behind a fold; whether they are to be again as the program assumes.
fn fold(ui: &mut Ui, lang: Lang, (id, is_usual): (&'static str, bool), contents: impl FnOnce(&mut Ui)) -> bool {
    let name = RichText::new(lang.pick("规则与假定", "Rules and assumptions")).font(theme::note());
    let shown = egui::CollapsingHeader::new(name).id_salt(id).show_unindented(ui, |ui| {
        ScrollArea::vertical().id_salt(id).max_height(MOST_HEIGHT).auto_shrink([false, true]).show(ui, contents);
        let usual = lang.pick("恢复程序的假定", "As the program assumes");
        !is_usual && button(ui, "ARROW_COUNTER_CLOCKWISE", usual).clicked()
    });
    shown.body_returned.unwrap_or_default()
}

/// Where users join and what they discharge: both answers rest on it.
fn load_rows(ui: &mut Ui, lang: Lang, rules: &mut UserRules) {
    let reach = Number::new(Text::new("接入井距离", "Join within"), "m", limits::REACH_M);
    if let Some(reach_m) = number_row(ui, lang, &reach, Some(rules.reach_m)).flatten() {
        rules.reach_m = reach_m;
    }
    let LoadRules { litres_per_head, heads_per_household } = &mut rules.load;
    let litres = Number::new(Text::new("每人每日污水", "Sewage a head and day"), "L", limits::LITRES);
    if let Some(litres) = number_row(ui, lang, &litres, Some(*litres_per_head)).flatten() {
        *litres_per_head = litres;
    }
    let heads = Number::new(Text::new("每户人数", "People a household"), "", limits::HEADS);
    if let Some(heads) = number_row(ui, lang, &heads, Some(*heads_per_household)).flatten() {
        *heads_per_household = heads;
    }
}

fn codes_of(kind: &str, field: &str) -> &'static [Code] {
    let fields = kinds::find(kind).map_or(&[][..], |kind| &kind.fields);
    fields.iter().find(|it| it.id == field).map_or(&[], |field| &field.codes)
}

/// Types of users, of which any may be chosen.
fn types_row(ui: &mut Ui, lang: Lang, name: &str, types: &mut Vec<String>) {
    // The chips of two rows bear the same words. An id for each chip would be a box for each, which does not wrap.
    ui.push_id(name, |ui| value_row_with(ui, name, |ui| type_chips(ui, lang, types)));
}

fn type_chips(ui: &mut Ui, lang: Lang, types: &mut Vec<String>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        for code in codes_of("drainage_user", "user_type") {
            let is_chosen = types.iter().any(|it| *it == code.value);
            if choice_chip(ui, code.name.get(lang), is_chosen).clicked() {
                if is_chosen {
                    types.retain(|it| *it != code.value);
                } else {
                    types.push(code.value.to_string());
                }
            }
        }
    });
}

fn peaking_rows(ui: &mut Ui, lang: Lang, rules: &mut CapacityRules) {
    value_row_with(ui, lang.pick("变化系数", "Peak factor"), |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
            let is_fixed = matches!(rules.peaking, Peaking::Fixed(_));
            let all = [
                (Peaking::Gb2021, lang.pick("GB 50014-2021 表", "table of GB 50014-2021")),
                (Peaking::Formula, lang.pick("2.7/Q^0.11（2006）", "2.7/Q^0.11 (2006)")),
            ];
            for (peaking, word) in all {
                if choice_chip(ui, word, rules.peaking == peaking).clicked() {
                    rules.peaking = peaking;
                }
            }
            if choice_chip(ui, lang.pick("固定值", "the same everywhere"), is_fixed).clicked() && !is_fixed {
                rules.peaking = Peaking::Fixed(2.0);
            }
        });
    });
    if let Peaking::Fixed(factor) = &mut rules.peaking {
        let row = Number::new(Text::new("固定变化系数", "The factor"), "", limits::PEAK);
        if let Some(new) = number_row(ui, lang, &row, Some(*factor)).flatten() {
            *factor = new;
        }
    }
}

/// Manning's n by material, of all others, and the banks of trapezoids.
fn roughness_rows(ui: &mut Ui, lang: Lang, rules: &mut CapacityRules) {
    let names = codes_of("sewer_pipe", "material");
    for (material, n) in rules.manning.roughness.clone() {
        let known = names.iter().find(|code| code.value == material.as_str());
        let name = |lang: Lang| format!("n {}", known.map_or(material.as_str(), |code| code.name.get(lang)));
        let row = Number::new(Text::owned(name(Lang::Zh), name(Lang::En)), "", limits::MANNING_N);
        if let Some(n) = number_row(ui, lang, &row, Some(n)).flatten() {
            set_roughness(&mut rules.manning, &material, n);
        }
    }
    let others = Number::new(Text::new("n 其他管材", "n of all others"), "", limits::MANNING_N).or_nothing();
    if let Some(n) = number_row(ui, lang, &others, rules.manning.other_n) {
        rules.manning.other_n = n;
    }
    let banks = Number::new(Text::new("梯形边坡 1:m", "Banks of trapezoids, 1:m"), "", limits::BANKS).or_nothing();
    if let Some(slope) = number_row(ui, lang, &banks, rules.manning.bank_slope) {
        rules.manning.bank_slope = slope;
    }
    let note = lang.pick(
        "管段自己记录的 n 优先。空着：其他管材、梯形断面不计算。",
        "The n of a pipe's own record comes first. Left empty: other materials and trapezoids have no capacity.",
    );
    ui.add(Label::new(RichText::new(note).font(theme::note()).color(Tokens::of(ui).text2)).wrap());
}

/// Keeps the settings, and asks once more whatever rests on them.
fn keep(session: &Session, settings: SewerSettings, asks: &mut Asks) {
    let (users, capacity) = (settings.users.rules(), settings.capacity.rules());
    asks.push(UiAsk::Run(Command::Settings(SettingsCommand::Sewer(settings))));
    for (_, slot) in session.sewer().slots() {
        let again = match &slot.asked {
            SewerAsk::Users(ask) => SewerAsk::Users(UsersAsk { rules: users.clone(), ..ask.clone() }),
            SewerAsk::Capacity(ask) => {
                let (rules, users) = (capacity.clone(), users.clone());
                SewerAsk::Capacity(CapacityAsk { rules, users, ..ask.clone() })
            }
            // Sums say how much drains into what was found.
            SewerAsk::Trace { .. }
            | SewerAsk::Path { .. }
            | SewerAsk::Close(_)
            | SewerAsk::Longest(_)
            | SewerAsk::Basins(_)
            | SewerAsk::Profile(_)
            | SewerAsk::Cross => slot.asked.clone(),
            _ => continue,
        };
        asks.push(UiAsk::Run(Command::Sewer(SewerCommand::Ask(again))));
    }
}
