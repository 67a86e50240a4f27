//! The sewer panel: topics, what is asked of each, numbers, lists that lead to the map, and where the result goes.

mod asks;
mod campaign;
mod chosen;
mod form;
mod hints;
mod number;
mod path;
mod rows;
mod rules;
mod sums;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use egui::{RichText, ScrollArea, Ui};

use super::ask;
use super::swmm_dialog::SwmmState;
use crate::session::Session;
use crate::session::action::{ActionId, action};
use crate::session::command::{Command, LookCommand, SelectMode};
use crate::session::sewer::board::{SewerSlot, SewerTopic};
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::out::OutFile;
use crate::session::sewer::profile::{ProfileLook, is_picture};
use crate::session::sewer::questions::{Direction, PathAnswer, ProfileCourse};
use crate::session::sewer::shown::SewerShown;
use crate::session::sewer::{SewerAnswer, SewerAsk};
use crate::session::state::FeatureRef;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::checks::RULES;
use crate::ui::ask::{Asks, FilePurpose, UiAsk};
use crate::ui::icons::icon;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::Tone as Mood;
use crate::ui::widgets::{choice_chip, empty, hint_bar, icon_button, primary_button};

use asks::AskState;
use chosen::{Chosen, ChosenState};
use form::FormState;
use rows::RowsState;

/// The topics in the order of the panel.
const TOPICS: [SewerTopic; 11] = [
    SewerTopic::Summary,
    SewerTopic::Trace,
    SewerTopic::Profile,
    SewerTopic::Checks,
    SewerTopic::Cross,
    SewerTopic::Condition,
    SewerTopic::Inspected,
    SewerTopic::Plan,
    SewerTopic::Basins,
    SewerTopic::Users,
    SewerTopic::Capacity,
];

/// What the panel remembers between frames.
pub struct SewerState {
    /// The topic that is open.
    pub topic: SewerTopic,
    /// Whether its result lies over the map.
    pub is_on_map: bool,
    /// 0 for the numbers, else which list.
    page: usize,
    ask: AskState,
    rows: RowsState,
    chosen: ChosenState,
    form: FormState,
    /// The SWMM model that goes out.
    pub(in crate::ui) swmm: SwmmState,
    /// What a file is being chosen for: the question and its topic.
    writing: Option<SewerAsk>,
    /// What a long profile goes to a file as.
    profile: ProfileFile,
    /// The result that the map is still to come to.
    pub(super) awaited: Option<Awaited>,
}

/// What a long profile goes to a file as.
#[derive(Clone, Copy)]
pub struct ProfileFile {
    /// How it is drawn.
    pub look: ProfileLook,
    /// The ending of its name.
    pub ending: &'static str,
    /// How many pages it has.
    pub pages: usize,
}

/// A result that was asked for: the map comes to it once, and not again when an edit changes it.
#[derive(Clone, Copy)]
pub(super) struct Awaited {
    /// Where it will be.
    pub(super) topic: SewerTopic,
    /// Whether it was asked on the map: then what is seen of it there will do.
    pub(super) is_of_map: bool,
    /// The room of the maps in the frame before, once the answer is there.
    pub(super) room: Option<egui::Rect>,
}

impl Default for SewerState {
    fn default() -> Self {
        Self {
            topic: SewerTopic::default(),
            is_on_map: true,
            page: 0,
            ask: AskState::default(),
            rows: RowsState::default(),
            chosen: ChosenState::default(),
            form: FormState::default(),
            swmm: SwmmState::default(),
            writing: None,
            profile: ProfileFile { look: ProfileLook::new(Lang::Zh), ending: "pdf", pages: 1 },
            awaited: None,
        }
    }
}

impl SewerState {
    /// Comes to a topic; its result is on the map then.
    pub fn open(&mut self, topic: SewerTopic) {
        if self.topic != topic {
            self.page = usize::from(matches!(topic, SewerTopic::Checks | SewerTopic::Cross));
        }
        self.topic = topic;
        self.is_on_map = true;
    }

    /// Opens the form of a new inspection, of a pipe if one is named.
    pub fn enter(&mut self, pipe: Option<String>) {
        self.open(SewerTopic::Condition);
        self.form.open(pipe);
    }

    /// A way between two places that were clicked runs as the panel's switch says.
    pub fn as_switched(&self, ask: SewerAsk) -> SewerAsk {
        match ask {
            SewerAsk::Path { from, to, .. } => SewerAsk::Path { from, to, with_flow: !self.ask.any_way },
            other => other,
        }
    }

    /// Whether the feature in the details came there by a row of a list: the list stays in front then.
    pub fn has_listed(&self, at: &FeatureRef) -> bool {
        self.rows.visited.as_ref() == Some(at)
    }

    /// Whether somebody wants to see the details of what is listed; said once.
    pub fn take_details_wish(&mut self) -> bool {
        std::mem::take(&mut self.rows.wants_details) | std::mem::take(&mut self.chosen.wants_details)
    }

    /// The topics whose results lie over the map.
    pub fn on_map(&self, session: &Session) -> Vec<SewerTopic> {
        let mut topics = Vec::new();
        if self.is_on_map {
            topics.push(self.topic);
        }
        let board = session.sewer();
        topics.push(SewerTopic::Pipe);
        if board.slot(SewerTopic::Profile).is_some() && !topics.contains(&SewerTopic::Profile) {
            topics.push(SewerTopic::Profile);
        }
        topics
    }

    /// The name of the file that a result goes to.
    pub fn file_name(&self, session: &Session) -> String {
        let lang = session.lang();
        let title = self.writing.as_ref().and_then(|ask| session.sewer().shown(ask.topic())).map(|shown| &shown.title);
        let name = title.map_or("", |title| title.get(lang)).replace(['/', '\\', ':', '→', ' '], "-");
        let ending = match self.writing.as_ref().map(SewerAsk::topic) {
            Some(SewerTopic::Profile) => self.profile.ending,
            Some(SewerTopic::Plan | SewerTopic::Users | SewerTopic::Inspected) => "xlsx",
            _ => "geojson",
        };
        format!("{}.{ending}", if name.is_empty() { lang.pick("管网结果", "sewers") } else { &name })
    }

    /// Asks for a file to write the answer of a topic to.
    pub fn write(&mut self, slot: &SewerSlot, asks: &mut Asks) {
        self.writing = Some(slot.asked.clone());
        asks.push(UiAsk::PickFile(FilePurpose::SewerOut));
    }

    /// Asks for a file to write a long profile to.
    pub fn write_profile(&mut self, slot: &SewerSlot, file: ProfileFile, asks: &mut Asks) {
        (self.writing, self.profile) = (Some(slot.asked.clone()), file);
        asks.push(UiAsk::PickFile(FilePurpose::SewerProfile));
    }

    /// The file was chosen.
    pub fn write_to(&mut self, path: PathBuf, lang: Lang, asks: &mut Asks) {
        let Some(ask) = self.writing.take() else { return };
        // The dialog has asked before it gave an existing file to write to.
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let is_series = ask.topic() == SewerTopic::Profile && self.profile.pages > 1 && ending != "pdf";
        // Of several files it has asked about none.
        let overwrite = !(is_series && is_picture(&path));
        let out = OutFile { path, overwrite, lang };
        run(asks, SewerCommand::Write { ask, out, look: self.profile.look });
    }
}

pub(in crate::ui) fn run(asks: &mut Asks, command: SewerCommand) {
    asks.push(UiAsk::Run(Command::Sewer(command)));
}

/// A bordered button that may be grey; in a row that wraps it wraps too.
pub(in crate::ui) fn button_if(ui: &mut Ui, is_possible: bool, icon_name: &str, word: &str) -> egui::Response {
    let button = egui::Button::new((icon(icon_name), word)).min_size(egui::vec2(0.0, theme::CONTROL));
    ui.add_enabled(is_possible, button).accessible_name(word)
}

/// Icon and name of a topic.
pub fn topic_name(topic: SewerTopic) -> (&'static str, Text) {
    match topic {
        SewerTopic::Summary => ("GRAPH", Text::new("概况", "Network")),
        SewerTopic::Pipe => ("PIPE", Text::new("管段", "Pipe")),
        SewerTopic::Trace => ("ARROW_LINE_UP", Text::new("追溯", "Trace")),
        SewerTopic::Profile => ("CHART_LINE", Text::new("纵断面", "Profile")),
        SewerTopic::Checks => ("LIST_CHECKS", Text::new("检查", "Checks")),
        SewerTopic::Cross => ("ARROWS_SPLIT", Text::new("错混接", "Cross connections")),
        SewerTopic::Condition => ("CLIPBOARD_TEXT", Text::new("检测评估", "Condition")),
        SewerTopic::Inspected => ("CALENDAR_CHECK", Text::new("检测里程", "Inspected")),
        SewerTopic::Plan => ("WRENCH", Text::new("养护计划", "Plan")),
        SewerTopic::Basins => ("FACTORY", Text::new("厂网", "Basins")),
        SewerTopic::Users => ("USERS", Text::new("排水户", "Users")),
        SewerTopic::Capacity => ("GAUGE", Text::new("负荷", "Capacity")),
        SewerTopic::Defects => ("FILE_CSV", Text::new("导入缺陷", "Import defects")),
    }
}

/// The icon of a question: each of those that share a topic has its own.
pub fn ask_icon(ask: &SewerAsk) -> &'static str {
    match ask {
        SewerAsk::Trace { direction: Direction::Down, .. } => "ARROW_LINE_DOWN",
        SewerAsk::Path { .. } => "ARROWS_LEFT_RIGHT",
        SewerAsk::Longest(_) => "PATH",
        SewerAsk::Close(_) => "PROHIBIT",
        _ => topic_name(ask.topic()).0,
    }
}

/// Draws the panel.
pub fn sewer_ui(ui: &mut Ui, session: &Session, state: &mut SewerState, asks: &mut Asks) {
    let lang = session.lang();
    let Some(city) = session.city() else {
        let open = action(ActionId::OpenCity);
        if empty(ui, lang.pick("还没有打开城市。", "No city is open."), Some((open.icon, open.name.get(lang))))
        {
            asks.push(UiAsk::Act(ActionId::OpenCity));
        }
        return;
    };
    if !city.layers.iter().any(ask::is_pipes) {
        let import = action(ActionId::ImportFile);
        let words = lang.pick(
            "这个城市还没有排水管。导入管线文件或 SWMM 模型后，这里追溯、检查、评估。",
            "This city has no sewer pipes yet. Import pipes or a SWMM model: they are traced, checked and rated here.",
        );
        if empty(ui, words, Some((import.icon, import.name.get(lang)))) {
            asks.push(UiAsk::Act(ActionId::ImportFile));
        }
        return;
    }
    topics(ui, lang, state, asks);
    if state.form.is_open() {
        return form::form_ui(ui, session, &mut state.form, asks);
    }
    asks::asks_ui(ui, session, state.topic, &mut state.ask, asks);
    let Some(slot) = session.sewer().slot(state.topic) else {
        return nothing_yet(ui, session, state.topic, asks);
    };
    match (&slot.shown, &slot.failure) {
        (Some(shown), _) => answer(ui, session, state, (slot, shown), asks),
        (None, Some(failure)) => {
            ui.add_space(8.0);
            hint_bar(ui, Mood::Err, failure.text.get(lang));
        }
        (None, None) => {
            ui.add_space(16.0);
            ui.label(RichText::new(lang.pick("正在计算…", "Working…")).color(Tokens::of(ui).text2));
        }
    }
}

fn topics(ui: &mut Ui, lang: Lang, state: &mut SewerState, asks: &mut Asks) {
    ui.add_space(6.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        for topic in TOPICS {
            let (_, name) = topic_name(topic);
            if choice_chip(ui, name.get(lang), state.topic == topic).clicked() {
                asks.push(UiAsk::SewerTopic(topic));
            }
        }
    });
    ui.add_space(4.0);
    let line = egui::Stroke::new(1.0, Tokens::of(ui).line);
    ui.painter().hline(ui.max_rect().x_range(), ui.cursor().top(), line);
    ui.add_space(6.0);
}

/// What to do to get an answer.
fn nothing_yet(ui: &mut Ui, session: &Session, topic: SewerTopic, asks: &mut Asks) {
    let (lang, rules) = (session.lang(), RULES.len());
    let (words, act) = match topic {
        SewerTopic::Trace => (
            Text::new(
                "拿起追溯工具，在地图上点管段或井；或在上面输入编号。结果随每次修改自动更新。",
                "Take up a trace tool and click a pipe or a node on the map, or type a number above. \
                 The result follows every edit.",
            ),
            ActionId::TraceUp,
        ),
        SewerTopic::Profile => (
            Text::new(
                "拿起纵断面工具，在地图上点两处；只点一处再按回车，画到出口。",
                "Take up the profile tool and click two places on the map; one place and Enter goes down to the outlet.",
            ),
            ActionId::SewerProfile,
        ),
        SewerTopic::Checks => (
            text!(
                "按 {rules} 条规则检查管网：逆坡、大管接小管、缺失与异常值、无出口等。",
                "Holds the network against {rules} rules: adverse slopes, large into small, missing and odd values, no outlet …"
            ),
            ActionId::SewerChecks,
        ),
        SewerTopic::Cross => (
            Text::new(
                "找出污水进雨水、雨水进污水的可疑接点，按可能性排列，并说先开哪口井。",
                "Finds where foul sewers may run into storm sewers and back, ranked, and says which manhole to open first.",
            ),
            ActionId::SewerCross,
        ),
        _ => (Text::new("还没有结果。", "There is no result yet."), ActionId::SewerPanel),
    };
    let action = action(act);
    if empty(ui, words.get(lang), Some((action.icon, action.name.get(lang)))) {
        match ask::usual(session, topic) {
            Some(ask) => asks.push(UiAsk::Sewer(ask)),
            None => asks.push(UiAsk::Act(act)),
        }
    }
}

fn answer(
    ui: &mut Ui,
    session: &Session,
    state: &mut SewerState,
    (slot, shown): (&SewerSlot, &SewerShown),
    asks: &mut Asks,
) {
    let lang = session.lang();
    head(ui, slot, shown, lang);
    tools(ui, session, state, (slot, shown), asks);
    state.page = state.page.min(shown.tables.len());
    pages(ui, lang, state, shown);
    ui.add_space(4.0);
    match state.page.checked_sub(1).and_then(|page| shown.tables.get(page)) {
        Some(table) => {
            if let Some(answer) = &slot.answer {
                let row = |place: usize| table.rows.get(place).and_then(|row| shown.layers.feature(row.at?));
                let chosen = state.rows.chosen.map(|place| Chosen { place, at: row(place) });
                chosen::chosen_ui(ui, session, &mut state.chosen, (answer, table.id, chosen), asks);
            }
            rows::table_ui(ui, session, &mut state.rows, (slot.revision, shown, table), asks);
            if let Some(rule) = state.rows.take_rule(table) {
                state.page = 1;
                state.rows.start_with(rule);
            }
        }
        None => {
            ScrollArea::vertical().id_salt("sewer-sums").auto_shrink(false).show(ui, |ui| {
                sums::sums_ui(ui, lang, shown);
                ui.add_space(16.0);
            });
        }
    }
}

fn head(ui: &mut Ui, slot: &SewerSlot, shown: &SewerShown, lang: Lang) {
    let tokens = Tokens::of(ui);
    let title = RichText::new(shown.title.get(lang)).font(theme::title());
    ui.add(egui::Label::new(title).truncate().selectable(true));
    let ms = slot.took.as_secs_f64() * 1000.0;
    let at = &slot.answered_at;
    let fresh = match lang {
        Lang::Zh => format!("用时 {ms:.0} ms · 依据 {at} 的数据"),
        Lang::En => format!("in {ms:.0} ms · data of {at}"),
    };
    let subtitle = shown.subtitle.get(lang);
    let words = if subtitle.is_empty() { fresh } else { format!("{subtitle} · {fresh}") };
    ui.add(egui::Label::new(RichText::new(words).font(theme::note()).color(tokens.text2)).wrap());
    ui.add_space(4.0);
}

/// Where the result goes: a file, a selection, a layer, off the map.
fn tools(
    ui: &mut Ui,
    session: &Session,
    state: &mut SewerState,
    (slot, shown): (&SewerSlot, &SewerShown),
    asks: &mut Asks,
) {
    let lang = session.lang();
    let may_write = session.city().is_some_and(|city| city.read_only.is_none());
    let topic = slot.asked.topic();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let has_rows = shown.tables.first().is_some_and(|table| !table.rows.is_empty());
        if has_rows && primary_button(ui, Some("EXPORT"), lang.pick("导出…", "Export…")).clicked() {
            state.write(slot, asks);
        }
        if topic != SewerTopic::Inspected {
            if icon_button(ui, "SELECTION_PLUS", lang.pick("选中", "Select")).clicked() {
                select(shown, asks);
            }
            let keep = lang.pick("存为图层", "Keep as a layer");
            if may_write && has_rows && icon_button(ui, "STACK", keep).clicked() {
                match &slot.asked {
                    SewerAsk::Capacity(ask) => run(asks, SewerCommand::KeepLoads(Box::new(ask.clone()))),
                    _ => run(asks, SewerCommand::Keep(topic)),
                }
            }
            if let Some(bounds) = shown.drawing.bounds {
                if icon_button(ui, "FRAME_CORNERS", lang.pick("缩放到结果", "Zoom to the result")).clicked() {
                    asks.push(UiAsk::ZoomTo(crate::ui::visit::with_surroundings(&bounds)));
                }
                let (eye, words) = if state.is_on_map {
                    ("EYE", lang.pick("不在地图上显示", "Take it off the map"))
                } else {
                    ("EYE_SLASH", lang.pick("在地图上显示", "Show it on the map"))
                };
                if icon_button(ui, eye, words).clicked() {
                    state.is_on_map = !state.is_on_map;
                }
            }
        }
        if let Some(along) = along(slot)
            && icon_button(ui, "CHART_LINE", lang.pick("沿此路径画纵断面", "Long profile along it")).clicked()
        {
            asks.push(UiAsk::Sewer(along));
        }
        if icon_button(ui, "X", lang.pick("清除结果", "Clear the result")).clicked() {
            run(asks, SewerCommand::Forget(topic));
        }
        if slot.is_waiting() {
            ui.label(icon("CLOCK").color(Tokens::of(ui).text2))
                .on_hover_text(lang.pick("正在更新", "Being brought up to date"));
        }
    });
    ui.add_space(4.0);
}

/// The long profile along what was found, if that is one way.
fn along(slot: &SewerSlot) -> Option<SewerAsk> {
    Some(SewerAsk::Profile(match (&slot.asked, slot.answer.as_deref()?) {
        (SewerAsk::Path { from, to, with_flow }, SewerAnswer::Path(PathAnswer { course: Some(_), .. })) => {
            ProfileCourse::Between { from: from.clone(), to: to.clone(), with_flow: *with_flow }
        }
        (SewerAsk::Longest(to), _) => ProfileCourse::Longest(to.clone()),
        _ => return None,
    }))
}

/// Selects every feature of the answer.
fn select(shown: &SewerShown, asks: &mut Asks) {
    let mut mode = SelectMode::Replace;
    asks.push(UiAsk::Run(Command::Look(LookCommand::ClearSelection)));
    for (layer, ids) in shown.features() {
        asks.push(UiAsk::Run(Command::Look(LookCommand::Select { layer, ids, mode })));
        mode = SelectMode::Add;
    }
}

/// Numbers, and each list with how many rows it has.
fn pages(ui: &mut Ui, lang: Lang, state: &mut SewerState, shown: &SewerShown) {
    if shown.tables.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        if choice_chip(ui, lang.pick("概要", "Summary"), state.page == 0).clicked() {
            state.page = 0;
        }
        for (place, table) in shown.tables.iter().enumerate() {
            let words = format!("{} {}", table.name.get(lang), table.rows.len() + table.omitted);
            if choice_chip(ui, &words, state.page == place + 1).clicked() {
                state.page = place + 1;
            }
        }
    });
}
