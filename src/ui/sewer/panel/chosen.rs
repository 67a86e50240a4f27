//! The row that was chosen in a list, in full: what a finding says and what mends it, evidence of a cross connection, how
//! a grade came about.

use egui::{Id, Key, Label, Modal, RichText, ScrollArea, Ui};

use super::button_if;
use crate::session::Session;
use crate::session::sewer::SewerAnswer;
use crate::session::sewer::checks::{CheckReport, FoundFault};
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::cross::CrossPlace;
use crate::session::sewer::marks::Progress;
use crate::session::sewer::progress::Became;
use crate::session::state::FeatureRef;
use crate::text::Lang;
use crate::trades::sewer::checks::Rule;
use crate::trades::sewer::cjj181::explain;
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::icons::icon;
use crate::ui::sheet::modal_frame;
use crate::ui::theme::{self, Tokens};
use crate::ui::visit;
use crate::ui::widgets::{button, card, primary_button, text_button, text_field};

/// Highest card; what is longer scrolls.
const MOST_HEIGHT: f32 = 200.0;
/// Highest list of what would be mended.
const MOST_LIST_HEIGHT: f32 = 320.0;

/// What is being written about a finding.
#[derive(Default)]
pub(super) struct ChosenState {
    /// Why it is no fault.
    because: String,
    /// Whether that is being written.
    is_excusing: bool,
    /// The row that it is about.
    of: Option<(&'static str, usize)>,
    /// Whether it is being asked if all is to be mended.
    is_mending: bool,
    /// Whether the details are to come to the front.
    pub(super) wants_details: bool,
}

/// A row of a list.
pub(super) struct Chosen {
    /// Its place in the whole list.
    pub(super) place: usize,
    /// The feature that it is about.
    pub(super) at: Option<FeatureRef>,
}

pub(super) fn chosen_ui(
    ui: &mut Ui,
    session: &Session,
    state: &mut ChosenState,
    (answer, table, chosen): (&SewerAnswer, &'static str, Option<Chosen>),
    asks: &mut Asks,
) {
    if let SewerAnswer::Check(report) = answer {
        mend_all(ui, session, state, report, asks);
    }
    let Some(Chosen { place, at }) = chosen else { return };
    if state.of != Some((table, place)) {
        let is_mending = state.is_mending;
        *state = ChosenState { of: Some((table, place)), is_mending, ..ChosenState::default() };
    }
    match (answer, table) {
        (SewerAnswer::Check(report), "findings") => {
            if let Some(fault) = report.findings.get(place) {
                framed(ui, |ui| fault_ui(ui, session, state, (report, fault), asks));
            }
        }
        (SewerAnswer::Check(report), "excused") => {
            if let Some(fault) = report.excused.get(place) {
                framed(ui, |ui| excused_ui(ui, session, fault, asks));
            }
        }
        (SewerAnswer::Progress(found), _) => {
            if let Some((became, fault)) = changed(found, table, place) {
                framed(ui, |ui| changed_ui(ui, session, state, (became, fault), asks));
            }
        }
        (SewerAnswer::Cross(report), "candidates") => {
            if let Some(found) = report.candidates.get(place) {
                framed(ui, |ui| cross_ui(ui, session, found, asks));
            }
        }
        (SewerAnswer::Condition(report), "rated") => {
            // The list is by grade, the report by pipe: the row says which.
            if let Some(rated) = report.pipes.iter().find(|rated| Some(&rated.at) == at.as_ref()) {
                let steps = explain::explain(&rated.rating, &rated.defects());
                framed(ui, |ui| {
                    strong(ui, &rated.code);
                    steps.iter().for_each(|step| note(ui, step.get(session.lang())));
                });
            }
        }
        (SewerAnswer::Plan(report), "planned") => {
            if let Some(planned) = report.items.get(place) {
                framed(ui, |ui| {
                    strong(ui, &format!("{} · {}", planned.code, planned.work().get(session.lang())));
                    note(ui, planned.item.reason.get(session.lang()));
                });
            }
        }
        _ => {}
    }
}

fn framed(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        ScrollArea::vertical().id_salt("chosen").max_height(MOST_HEIGHT).show(ui, contents);
    });
    ui.add_space(6.0);
}

fn strong(ui: &mut Ui, words: &str) {
    ui.add(Label::new(RichText::new(words).font(theme::medium(14.0))).wrap().selectable(true));
}

fn note(ui: &mut Ui, words: &str) {
    let words = RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2);
    ui.add(Label::new(words).wrap().selectable(true));
}

fn may_write(session: &Session) -> bool {
    session.city().is_some_and(|city| city.read_only.is_none())
}

/// One button for all findings that can be mended safely; it asks first.
fn mend_all(ui: &mut Ui, session: &Session, state: &mut ChosenState, report: &CheckReport, asks: &mut Asks) {
    let lang = session.lang();
    let mends = report.findings.iter().filter(|fault| fault.fix.is_some()).count();
    if mends == 0 {
        state.is_mending = false;
        return;
    }
    let words = match lang {
        Lang::Zh => format!("处理全部 {mends} 个可自动处理的"),
        Lang::En => format!("Mend all {mends} that are safe"),
    };
    let tip = lang.pick("只做确定无误的改动，一步可撤销", "Only what is certain; one step that can be undone");
    if button_if(ui, may_write(session), "WRENCH", &words).on_hover_text(tip).clicked() {
        state.is_mending = true;
    }
    ui.add_space(4.0);
    if state.is_mending {
        let mendable: Vec<&FoundFault> = report.findings.iter().filter(|fault| fault.fix.is_some()).collect();
        match ask_to_mend(ui, lang, &mendable) {
            Some(true) => {
                // What was not on the list is not touched, whatever has come up since.
                let only = Some(mendable.iter().map(|fault| fault.key()).collect());
                super::run(asks, SewerCommand::Fix { ask: report.ask.clone(), only });
                state.is_mending = false;
            }
            Some(false) => state.is_mending = false,
            None => {}
        }
    }
}

/// Lists what would be changed; `true` to do it, `false` to leave it.
fn ask_to_mend(ui: &Ui, lang: Lang, faults: &[&FoundFault]) -> Option<bool> {
    let count = faults.len();
    let title = match lang {
        Lang::Zh => format!("处理 {count} 个问题？"),
        Lang::En => format!("Mend {count} findings?"),
    };
    let mut end = None;
    let modal = Modal::new(Id::unique("mend-all")).frame(modal_frame(ui.ctx())).show(ui.ctx(), |ui| {
        ui.set_width(480.0);
        ui.label(RichText::new(title).font(theme::title()));
        ui.add_space(4.0);
        note(
            ui,
            lang.pick("将作以下改动，合为一步，可撤销：", "These changes are made, as one step that can be undone:"),
        );
        ui.add_space(4.0);
        let line_height = ui.text_style_height(&egui::TextStyle::Body);
        ScrollArea::vertical().max_height(MOST_LIST_HEIGHT).auto_shrink([false, true]).show_rows(
            ui,
            line_height,
            count,
            |ui, shown| {
                for fault in &faults[shown] {
                    let fix = fault.fix.as_ref().map_or("", |fix| fix.get(lang));
                    let words = format!("{} · {} · {fix}", fault.rule, fault.code);
                    ui.add(Label::new(words).truncate());
                }
            },
        );
        ui.add_space(12.0);
        ui.horizontal(|ui| {
            if primary_button(ui, Some("WRENCH"), lang.pick("全部处理", "Mend all")).clicked() {
                end = Some(true);
            } else if text_button(ui, lang.pick("取消", "Cancel")).clicked() {
                end = Some(false);
            }
        });
    });
    end.or(modal.should_close().then_some(false))
}

fn fault_ui(
    ui: &mut Ui,
    session: &Session,
    state: &mut ChosenState,
    (report, fault): (&CheckReport, &FoundFault),
    asks: &mut Asks,
) {
    let lang = session.lang();
    let rule = Rule::find(fault.rule);
    let name = rule.map_or("", |rule| rule.name.get(lang));
    strong(ui, &format!("{} · {name} {}", fault.code, fault.rule));
    ui.add(Label::new(fault.what.get(lang)).wrap().selectable(true));
    if let Some(rule) = rule {
        note(ui, rule.why.get(lang));
    }
    if state.is_excusing {
        return excuse_ui(ui, session, state, fault, asks);
    }
    if let Some(fix) = &fault.fix {
        // What it does may take more than a line.
        let words = fix.get(lang);
        let mend = egui::Button::new((icon("WRENCH"), words)).wrap();
        if ui.add_enabled(may_write(session), mend).accessible_name(words).clicked() {
            let only = Some(vec![fault.key()]);
            super::run(asks, SewerCommand::Fix { ask: report.ask.clone(), only });
        }
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        let excuse = lang.pick("不算问题，因为…", "Not a fault, because…");
        if button_if(ui, may_write(session), "PROHIBIT", excuse).clicked() {
            state.is_excusing = true;
        }
        if button(ui, "INFO", lang.pick("详情", "Details")).clicked() {
            visit::show(asks, &fault.at);
            state.wants_details = true;
        }
    });
}

fn excuse_ui(ui: &mut Ui, session: &Session, state: &mut ChosenState, fault: &FoundFault, asks: &mut Asks) {
    let lang = session.lang();
    let name = lang.pick("为什么不算问题", "Why it is no fault");
    note(ui, name);
    let response = text_field(ui, &mut state.because, name);
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if !response.has_focus() && !entered {
        response.request_focus();
    }
    ui.horizontal(|ui| {
        let is_said = !state.because.trim().is_empty();
        let ok = ui.add_enabled_ui(is_said, |ui| primary_button(ui, None, lang.pick("确定", "OK"))).inner;
        if (ok.clicked() || entered) && is_said {
            let because = state.because.trim().to_owned();
            super::run(asks, SewerCommand::Excuse { key: fault.key(), because });
            *state = ChosenState::default();
        } else if text_button(ui, lang.pick("取消", "Cancel")).clicked() {
            state.is_excusing = false;
        }
    });
}

/// The finding of a row: all of them stand in one list, and in one each by what became of them.
fn changed<'a>(found: &'a Progress, table: &str, place: usize) -> Option<(Became, &'a FoundFault)> {
    let is_listed = |became: &Became| table == "changes" || table == became.code();
    let listed = Became::ALL.into_iter().filter(is_listed);
    listed.flat_map(|became| found.faults(became).iter().map(move |fault| (became, fault))).nth(place)
}

fn changed_ui(
    ui: &mut Ui,
    session: &Session,
    state: &mut ChosenState,
    (became, fault): (Became, &FoundFault),
    asks: &mut Asks,
) {
    let lang = session.lang();
    let name = Rule::find(fault.rule).map_or("", |rule| rule.name.get(lang));
    strong(ui, &format!("{} · {} · {name} {}", became.name().get(lang), fault.code, fault.rule));
    ui.add(Label::new(fault.what.get(lang)).wrap().selectable(true));
    // The feature of a finding that is gone may be gone with it.
    if became != Became::Gone && button(ui, "INFO", lang.pick("详情", "Details")).clicked() {
        visit::show(asks, &fault.at);
        state.wants_details = true;
    }
}

fn excused_ui(ui: &mut Ui, session: &Session, fault: &FoundFault, asks: &mut Asks) {
    let lang = session.lang();
    strong(ui, &format!("{} · {}", fault.code, fault.rule));
    ui.add(Label::new(fault.what.get(lang)).wrap());
    note(ui, fault.because.as_deref().unwrap_or_default());
    let words = lang.pick("撤回：还是问题", "Take it back: it is one");
    if button_if(ui, may_write(session), "ARROW_U_UP_LEFT", words).clicked() {
        super::run(asks, SewerCommand::Accuse(fault.key()));
    }
}

fn cross_ui(ui: &mut Ui, session: &Session, found: &CrossPlace, asks: &mut Asks) {
    let lang = session.lang();
    strong(ui, found.what.get(lang));
    for evidence in &found.evidence {
        note(ui, evidence.get(lang));
    }
    let Some((node, at, why)) = &found.open_first else { return };
    let words = match lang {
        Lang::Zh => format!("先开 {node}"),
        Lang::En => format!("Open {node} first"),
    };
    ui.horizontal_wrapped(|ui| {
        if button_if(ui, at.is_some(), "CROSSHAIR", &words).clicked()
            && let Some(at) = at
        {
            visit::visit(asks, session, at);
        }
        if let Some(pipe) = found.pipe_rows.first()
            && button(ui, "ARROW_LINE_UP", lang.pick("查它的上游", "Trace above it")).clicked()
        {
            let place = crate::session::sewer::place::SewerPlace::Row { layer: pipe.layer.clone(), id: pipe.id };
            let up = crate::session::sewer::questions::Direction::Up;
            asks.push(UiAsk::Sewer(crate::ui::sewer::ask::trace(place, up)));
        }
    });
    note(ui, why.get(lang));
}
