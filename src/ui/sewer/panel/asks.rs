//! What is asked of each topic: where from, which way, by which rule, with how much money.

use egui::{Key, Ui};

use super::button_if;
use super::campaign::{CampaignState, campaign_ui};
use super::path::path_ui;
use crate::session::Session;
use crate::session::action::ActionId;
use crate::session::command::{Command, SettingsCommand};
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::place::SewerPlace;
use crate::session::sewer::questions::{Direction, ProfileCourse};
use crate::session::sewer::settings::SewerSettings;
use crate::session::sewer::users::UsersAsk;
use crate::session::sewer::{SewerAnswer, SewerAsk};
use crate::text::Text;
use crate::trades::sewer::basins::EndsAt;
use crate::trades::sewer::cjj181::PairRule;
use crate::trades::sewer::inspected::By;
use crate::trades::sewer::users::UserList;
use crate::ui::ask::{Asks, FilePurpose, UiAsk};
use crate::ui::sewer::ask;
use crate::ui::widgets::{button, choice_chip, field_error, icon_button, text_field};

/// What has been typed.
#[derive(Default)]
pub(super) struct AskState {
    pub(super) from: String,
    pub(super) to: String,
    /// Whether the shortest way may run against the flow.
    pub(super) any_way: bool,
    campaign: CampaignState,
    /// The places that were clicked, with the names that the fields have from them: a name may have namesakes.
    clicked: Vec<(String, SewerPlace)>,
    /// The questions whose places the fields have taken over.
    followed: [Option<SewerAsk>; 2],
    budget: String,
    /// Why the budget will not do.
    problem: Option<Text>,
}

/// Draws what belongs to a topic.
pub(super) fn asks_ui(ui: &mut Ui, session: &Session, topic: SewerTopic, state: &mut AskState, asks: &mut Asks) {
    match topic {
        SewerTopic::Trace => trace(ui, session, state, asks),
        SewerTopic::Profile => profile(ui, session, state, asks),
        SewerTopic::Condition => condition(ui, session, asks),
        SewerTopic::Inspected => inspected(ui, session, asks),
        SewerTopic::Plan => plan(ui, session, state, asks),
        SewerTopic::Basins => basins(ui, session, asks),
        SewerTopic::Users => users(ui, session, asks),
        SewerTopic::Capacity => capacity(ui, session, asks),
        SewerTopic::Checks => campaign_ui(ui, session, &mut state.campaign, asks),
        SewerTopic::Summary => {
            models(ui, session, asks);
            super::rules::joining_ui(ui, session, asks);
        }
        SewerTopic::Pipe | SewerTopic::Cross | SewerTopic::Defects => {}
    }
    ui.add_space(4.0);
}

fn asked(session: &Session, topic: SewerTopic) -> Option<&SewerAsk> {
    session.sewer().slot(topic).map(|slot| &slot.asked)
}

/// A field for a place; whether Enter was pressed in it.
pub(super) fn place_field(ui: &mut Ui, words: &mut String, name: &str, hint: &str) -> bool {
    let response = text_field(ui, words, name).on_hover_text(hint);
    if words.is_empty() && !response.has_focus() {
        let at = response.rect.left_center() + egui::vec2(8.0, 0.0);
        let color = crate::ui::theme::Tokens::of(ui).text2;
        crate::ui::widgets::text_in(ui, at, name, crate::ui::theme::body(), color, response.rect.width() - 16.0);
    }
    response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) && !words.trim().is_empty()
}

impl AskState {
    /// The fields say what was clicked on the map, once for each question.
    fn follow(&mut self, session: &Session, topic: SewerTopic) {
        let Some(slot) = session.sewer().slot(topic).filter(|slot| !slot.is_waiting()) else { return };
        let Some(answer) = &slot.answer else { return };
        let followed = &mut self.followed[usize::from(topic == SewerTopic::Profile)];
        if followed.as_ref() == Some(&slot.asked) {
            return;
        }
        *followed = Some(slot.asked.clone());
        let named = |place: &SewerPlace, name: &str| (name.to_owned(), place.clone());
        match (&slot.asked, answer.as_ref()) {
            (SewerAsk::Trace { from, .. }, SewerAnswer::Trace(found)) => self.take(&[named(from, &found.from.name)]),
            (SewerAsk::Path { from, to, .. }, SewerAnswer::Path(found)) => {
                self.take(&[named(from, &found.from.name), named(to, &found.to.name)]);
            }
            (SewerAsk::Profile(ProfileCourse::Down(from)), SewerAnswer::Profile(found)) => {
                let first = found.course.members.nodes.first().map_or("", |name| name);
                self.take(&[named(from, first)]);
                self.to.clear();
            }
            (SewerAsk::Profile(ProfileCourse::Joining([from, to])), SewerAnswer::Profile(found)) => {
                let nodes = &found.course.members.nodes;
                let [first, last] = [nodes.first(), nodes.last()].map(|name| name.map_or("", |name| name));
                self.take(&[named(from, first), named(to, last)]);
            }
            _ => {}
        }
    }

    /// Takes over places unless they were typed.
    fn take(&mut self, places: &[(String, SewerPlace)]) {
        if places.iter().any(|(_, place)| matches!(place, SewerPlace::Words(_))) {
            return;
        }
        for (field, (name, _)) in [&mut self.from, &mut self.to].into_iter().zip(places) {
            field.clone_from(name);
        }
        self.clicked = places.to_vec();
    }

    /// The places that the fields name: those that were clicked while all of their names stand, for of two clicks either
    /// may be the upper end.
    pub(super) fn places(&self) -> [Option<SewerPlace>; 2] {
        let fields = [&self.from, &self.to];
        let stand = self.clicked.iter().zip(fields).all(|((name, _), words)| name == words);
        [0, 1].map(|field| {
            let words = fields[field].trim();
            let clicked = self.clicked.get(field).filter(|_| stand).map(|(_, place)| place.clone());
            (!words.is_empty()).then(|| clicked.unwrap_or_else(|| SewerPlace::Words(words.to_owned())))
        })
    }
}

pub(super) static PLACE_HINT: Text = Text::new(
    "井号或管段编号；node:编号、pipe:编号；图层/要素号；或 经度,纬度",
    "Number of a node or pipe; node:NUMBER, pipe:NUMBER; LAYER/ID; or LON,LAT",
);

fn trace(ui: &mut Ui, session: &Session, state: &mut AskState, asks: &mut Asks) {
    let lang = session.lang();
    state.follow(session, SewerTopic::Trace);
    let entered = place_field(
        ui,
        &mut state.from,
        lang.pick("起点：编号或 经度,纬度", "Start: number or LON,LAT"),
        PLACE_HINT.get(lang),
    );
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let [from, _] = state.places();
        let place = from.or_else(|| place_of_trace(session));
        let ways = [
            ("ARROW_LINE_UP", lang.pick("查上游", "Up"), Direction::Up),
            ("ARROW_LINE_DOWN", lang.pick("查下游", "Down"), Direction::Down),
        ];
        for (icon, word, direction) in ways {
            let clicked = button_if(ui, place.is_some(), icon, word).clicked();
            let clicked = clicked || (entered && direction == Direction::Up);
            if let Some(place) = place.clone().filter(|_| clicked) {
                asks.push(UiAsk::Sewer(ask::trace(place, direction)));
            }
        }
        if button(ui, "PATH", lang.pick("最长路径", "Longest")).clicked() {
            asks.push(UiAsk::Sewer(SewerAsk::Longest(None)));
        }
        if icon_button(ui, "CURSOR_CLICK", lang.pick("在地图上点起点", "Click the start on the map")).clicked() {
            asks.push(UiAsk::Act(ActionId::TraceUp));
        }
    });
    path_ui(ui, session, state, asks);
}

/// Where the trace on the map began: the other way is one click.
fn place_of_trace(session: &Session) -> Option<SewerPlace> {
    match asked(session, SewerTopic::Trace) {
        Some(SewerAsk::Trace { from, .. }) => Some(from.clone()),
        _ => None,
    }
}

fn profile(ui: &mut Ui, session: &Session, state: &mut AskState, asks: &mut Asks) {
    let lang = session.lang();
    let hint = PLACE_HINT.get(lang);
    state.follow(session, SewerTopic::Profile);
    let mut entered =
        place_field(ui, &mut state.from, lang.pick("从：编号或 经度,纬度", "From: number or LON,LAT"), hint);
    entered |= place_field(ui, &mut state.to, lang.pick("到：空着就到出口", "To: empty for the outlet"), hint);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let [from, to] = state.places();
        let draw = button_if(ui, from.is_some(), "CHART_LINE", lang.pick("画纵断面", "Draw the profile"));
        if let Some(from) = from.filter(|_| draw.clicked() || entered) {
            asks.push(UiAsk::Sewer(SewerAsk::Profile(match to {
                Some(to) => ProfileCourse::Joining([from, to]),
                None => ProfileCourse::Down(from),
            })));
        }
        if button(ui, "PATH", lang.pick("最长路径", "Longest way")).clicked() {
            asks.push(UiAsk::Sewer(SewerAsk::Profile(ProfileCourse::Longest(None))));
        }
    });
}

fn condition(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    let settings = &session.settings().sewer;
    let pairs = settings.rules().pairs;
    let may_write = session.city().is_some_and(|city| city.read_only.is_none());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        ui.label(lang.pick("相邻两处缺陷的 1.1", "Factor 1.1 for close pairs"));
        let rules =
            [(PairRule::Both, lang.pick("两处都乘", "both")), (PairRule::Later, lang.pick("只乘后一处", "the later"))];
        for (rule, word) in rules {
            if choice_chip(ui, word, pairs == rule).clicked() && pairs != rule {
                let settings = SewerSettings { pair_rule: rule.code().to_owned(), ..settings.clone() };
                let rules = settings.rules();
                asks.push(UiAsk::Run(Command::Settings(SettingsCommand::Sewer(settings))));
                asks.push(UiAsk::Sewer(SewerAsk::Condition(rules)));
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        let mut act = |ui: &mut Ui, icon: &str, word: &str, id: ActionId| {
            if button_if(ui, may_write, icon, word).clicked() {
                asks.push(UiAsk::Act(id));
            }
        };
        act(ui, "PLUS_CIRCLE", lang.pick("录入检测", "Enter"), ActionId::EnterInspection);
        act(ui, "FILE_CSV", lang.pick("导入缺陷表", "Import"), ActionId::ImportDefects);
        act(ui, "PALETTE", lang.pick("按等级着色", "Colour by grade"), ActionId::PipesByGrade);
        act(ui, "FLOPPY_DISK", lang.pick("写入图层", "Write into the layers"), ActionId::WriteRatings);
    });
    super::hints::condition(ui, session, asks);
}

fn inspected(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    let now = match asked(session, SewerTopic::Inspected) {
        Some(SewerAsk::Inspected(by)) => Some(*by),
        _ => None,
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        let all = [
            (By::Year, lang.pick("按年", "By year")),
            (By::Method, lang.pick("按方法", "By method")),
            (By::Street, lang.pick("按街道", "By sub-district")),
            (By::Road, lang.pick("按道路", "By road")),
        ];
        for (by, word) in all {
            if choice_chip(ui, word, now == Some(by)).clicked() {
                asks.push(UiAsk::Sewer(SewerAsk::Inspected(by)));
            }
        }
    });
}

fn plan(ui: &mut Ui, session: &Session, state: &mut AskState, asks: &mut Asks) {
    let lang = session.lang();
    let settings = &session.settings().sewer;
    ui.horizontal(|ui| {
        ui.label(lang.pick("预算（元）", "Budget (yuan)"));
        let name = lang.pick("预算，回车重算", "Budget, Enter works it out");
        let response = ui
            .scope(|ui| {
                ui.set_width((ui.available_width() - 8.0).max(60.0));
                text_field(ui, &mut state.budget, name)
            })
            .inner;
        if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            match budget(&state.budget) {
                Ok(budget_yuan) => {
                    state.problem = None;
                    asks.push(UiAsk::Sewer(SewerAsk::Plan(settings.plan(budget_yuan))));
                }
                Err(problem) => state.problem = Some(problem),
            }
        }
    });
    if let Some(problem) = &state.problem {
        field_error(ui, problem.get(lang));
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        if button(ui, "TABLE", lang.pick("单价…", "Unit costs…")).clicked() {
            asks.push(UiAsk::Act(ActionId::UnitCosts));
        }
        if button(ui, "FILE_CSV", lang.pick("读入单价表…", "Read unit costs…")).clicked() {
            asks.push(UiAsk::PickFile(FilePurpose::SewerCosts));
        }
        let own = !settings.costs.is_empty();
        let usual = lang.pick("用程序的假定单价", "Use the assumed costs");
        if own && icon_button(ui, "ARROW_COUNTER_CLOCKWISE", usual).clicked() {
            let settings = SewerSettings { costs: Vec::new(), ..settings.clone() };
            asks.extend(ask::with_settings(session, settings));
        }
    });
}

/// `1200000`, `1,200,000`, `120万`; nothing for no budget.
fn budget(words: &str) -> Result<Option<f64>, Text> {
    let plain: String = words.chars().filter(|letter| !letter.is_whitespace() && *letter != ',').collect();
    if plain.is_empty() {
        return Ok(None);
    }
    let (digits, times) = plain.strip_suffix('万').map_or((plain.as_str(), 1.0), |digits| (digits, 10_000.0));
    let number: Option<f64> = digits.parse().ok().filter(|it: &f64| it.is_finite() && *it >= 0.0);
    let wrong = || Text::new("预算要写成数字，如 1200000 或 120万", "A budget is a number, as 1200000");
    number.map(|number| Some(number * times)).ok_or_else(wrong)
}

fn basins(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    let now = match asked(session, SewerTopic::Basins) {
        Some(SewerAsk::Basins(ends_at)) => Some(*ends_at),
        _ => None,
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        let all = [
            (EndsAt::All, lang.pick("到泵站、厂、排口", "To pumps, plants, outfalls")),
            (EndsAt::Outlets, lang.pick("穿过泵站", "Through pumps")),
        ];
        for (ends_at, word) in all {
            if choice_chip(ui, word, now == Some(ends_at)).clicked() {
                asks.push(UiAsk::Sewer(SewerAsk::Basins(ends_at)));
            }
        }
    });
}

fn users(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    let now = match asked(session, SewerTopic::Users) {
        Some(SewerAsk::Users(ask)) => Some(ask.clone()),
        _ => None,
    };
    let lists = now.as_ref().map(|ask| ask.lists.clone());
    let rules = session.settings().sewer.users.rules();
    let base = UsersAsk { outfalls: true, rules, ..now.unwrap_or_default() };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        if choice_chip(ui, lang.pick("全部名单", "All lists"), lists.as_ref().is_some_and(Vec::is_empty)).clicked()
        {
            asks.push(UiAsk::Sewer(SewerAsk::Users(UsersAsk { lists: Vec::new(), ..base.clone() })));
        }
        for list in UserList::ALL {
            let is_on = lists.as_deref() == Some(&[list][..]);
            if choice_chip(ui, list.name().get(lang), is_on).clicked() {
                asks.push(UiAsk::Sewer(SewerAsk::Users(UsersAsk { lists: vec![list], ..base.clone() })));
            }
        }
    });
    super::rules::users_ui(ui, session, asks);
}

fn capacity(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    super::rules::capacity_ui(ui, session, asks);
    let may_write = session.city().is_some_and(|city| city.read_only.is_none());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        let colour = button_if(ui, may_write, "PALETTE", lang.pick("按负荷率着色", "Colour by load"));
        let tip = lang.pick(
            "写入“旱流负荷”图层，有图例，可打印；再按一次就更新",
            "Writes the layer of loads, with a legend and for print; once more brings it up to date",
        );
        if colour.on_hover_text(tip).clicked() {
            asks.push(UiAsk::Act(ActionId::PipesByLoad));
        }
    });
}

/// Models that come in and go out.
fn models(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    let may_write = session.city().is_some_and(|city| city.read_only.is_none());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        let import = lang.pick("导入管线或模型…", "Import pipes or a model…");
        if button_if(ui, may_write, "DOWNLOAD_SIMPLE", import).clicked() {
            asks.push(UiAsk::Act(ActionId::ImportFile));
        }
        if button(ui, "EXPORT", lang.pick("写成 SWMM 模型…", "Write a SWMM model…")).clicked() {
            asks.push(UiAsk::Act(ActionId::WriteSwmm));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_read_as_people_write_it() {
        assert_eq!(budget("1,200,000"), Ok(Some(1_200_000.0)));
        assert_eq!(budget(" 120万 "), Ok(Some(1_200_000.0)));
        assert_eq!(budget(""), Ok(None));
        assert!(budget("viel").is_err() && budget("-3").is_err());
    }
}
