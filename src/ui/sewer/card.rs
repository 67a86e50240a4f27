//! What the sewer workbench knows of the pipe in the details: which way it runs and what says so, and its condition with
//! every step of the rating.

use egui::{Label, RichText, Ui};

use crate::kinds::pipe_slope;
use crate::session::Session;
use crate::session::place;
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::condition::RatedPipe;
use crate::session::sewer::pipe_card::PipeCard;
use crate::session::sewer::place::SewerPlace;
use crate::session::sewer::questions::{Direction, ProfileCourse};
use crate::session::sewer::{SewerAnswer, SewerAsk};
use crate::session::state::FeatureRef;
use crate::text::Lang;
use crate::trades::sewer::cjj181::explain;
use crate::trades::sewer::sewers::{DirectionBy, JoinedBy};
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::theme::{self, Tokens};
use crate::ui::visit;
use crate::ui::widgets::{button, field_error, section, value_row, value_row_with};

/// What is known of a row, if it is a pipe that was asked about.
pub(in crate::ui) fn card_of<'a>(session: &'a Session, at: &FeatureRef) -> Option<&'a PipeCard> {
    match session.sewer().slot(SewerTopic::Pipe)?.answer.as_deref()? {
        SewerAnswer::Pipe(Some(card)) if card.at == *at => Some(card),
        _ => None,
    }
}

/// Draws the card; `stated` is the gradient that the record states, per mille.
pub(in crate::ui) fn card_ui(ui: &mut Ui, lang: Lang, card: &PipeCard, stated: Option<f64>, asks: &mut Asks) {
    section(ui, lang.pick("在管网中", "In the network"), "");
    flow(ui, lang, card);
    stated_slope(ui, lang, card, stated);
    questions(ui, lang, card, asks);
    for (place, inspection) in card.inspections.iter().enumerate() {
        ui.push_id(("inspection", place), |ui| inspection_ui(ui, lang, inspection, asks));
    }
}

fn flow(ui: &mut Ui, lang: Lang, card: &PipeCard) {
    let Some(flow) = card.flow else {
        let words = lang.pick(
            "不在管网中（未投用、已废，或没有节点和位置）",
            "not in it (not in use yet, retired, or without nodes and a place)",
        );
        return value_row(ui, lang.pick("流向", "Flow"), words);
    };
    let [from, to] = &card.nodes;
    value_row(ui, lang.pick("流向", "Flow"), &format!("{from} → {to}"));
    let by = match flow.by {
        DirectionBy::Record => lang.pick("记录的起止井", "the record"),
        DirectionBy::Inverts => lang.pick("管底标高", "the inverts"),
        DirectionBy::Drawn => lang.pick("绘制方向", "the drawn line"),
    };
    value_row(ui, lang.pick("流向依据", "Said by"), by);
    let joined = |joined: JoinedBy| match joined {
        JoinedBy::Record => lang.pick("记录", "record"),
        JoinedBy::MissingNode => lang.pick("记录的井不存在", "node of the record is missing"),
        JoinedBy::Place => lang.pick("位置", "place"),
        JoinedBy::Nothing => lang.pick("无井", "no node"),
    };
    let [up, down] = flow.joined_by.map(joined);
    value_row(ui, lang.pick("两端接法", "Ends joined by"), &format!("{up} / {down}"));
    if let Some(slope) = card.slope {
        let words = format!("{} ‰", place::grouped(slope * 1000.0, 2));
        let is_adverse = slope < 0.0;
        let words = if is_adverse { words + lang.pick("，逆坡", ", adverse") } else { words };
        value_row(ui, lang.pick("沿流向坡度", "Fall along the flow"), &words);
    }
}

/// Flags a gradient of the record that is not what the inverts make it.
fn stated_slope(ui: &mut Ui, lang: Lang, card: &PipeCard, stated: Option<f64>) {
    let (Some(stated), Some(flow), Some(slope)) = (stated, card.flow, card.slope) else { return };
    let computed = slope * 1000.0;
    // The record's gradient runs as the record does; where that does not say the direction, only its size is compared.
    let differs = if flow.by == DirectionBy::Record {
        pipe_slope::differs(stated, computed)
    } else {
        pipe_slope::differs(stated.abs(), computed.abs())
    };
    if differs {
        let (stated, computed) = (place::grouped(stated, 2), place::grouped(computed, 2));
        let words = match lang {
            Lang::Zh => format!("记录的坡度 {stated} ‰ 与标高算得的 {computed} ‰ 不符"),
            Lang::En => format!("The record says {stated} ‰, the inverts make it {computed} ‰"),
        };
        field_error(ui, &words);
    }
}

fn questions(ui: &mut Ui, lang: Lang, card: &PipeCard, asks: &mut Asks) {
    let place = || SewerPlace::Row { layer: card.at.layer.clone(), id: card.at.id };
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        let mut ask = |ui: &mut Ui, icon: &str, word: &str, ask: SewerAsk| {
            if button(ui, icon, word).clicked() {
                asks.push(UiAsk::Sewer(ask));
            }
        };
        let trace = |direction| super::ask::trace(place(), direction);
        ask(ui, "ARROW_LINE_UP", lang.pick("上游", "Upstream"), trace(Direction::Up));
        ask(ui, "ARROW_LINE_DOWN", lang.pick("下游", "Downstream"), trace(Direction::Down));
        ask(ui, "CHART_LINE", lang.pick("纵断面", "Profile"), SewerAsk::Profile(ProfileCourse::Down(place())));
    });
}

/// One inspection: its grades, its defects, and behind a fold every step from these to those.
fn inspection_ui(ui: &mut Ui, lang: Lang, inspection: &RatedPipe, asks: &mut Asks) {
    let head = [inspection.on.as_str(), inspection.inspection_code.as_str()];
    let head = head.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" · ");
    section(ui, lang.pick("CJJ 181 检测", "CJJ 181 inspection"), &head);
    let rating = &inspection.rating;
    let grade = |grade: u8| ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"][usize::from(grade.clamp(1, 4)) - 1];
    let (ri, mi) = (rating.ri, rating.mi);
    let repair = explain::repair_grade(ri.grade);
    let words = format!("{} {} · {}", grade(ri.grade), explain::number(ri.value), repair.get(lang));
    wrapped_row(ui, lang.pick("修复指数 RI", "Repair RI"), &words);
    let maintenance = explain::maintenance_grade(mi.grade);
    let words = format!("{} {} · {}", grade(mi.grade), explain::number(mi.value), maintenance.get(lang));
    wrapped_row(ui, lang.pick("养护指数 MI", "Maintenance MI"), &words);
    for defect in &inspection.defects {
        let (kind, from, to) = (defect.defect.kind(), defect.defect.start_m(), defect.defect.end_m());
        let span = if to > from { format!("{from:.2}–{to:.2} m") } else { format!("{from:.2} m") };
        let name = format!("{} {}", kind.code, kind.name().get(lang));
        let mut words = format!("{} · {span}", grade(defect.defect.grade()));
        for more in [&defect.clock, &defect.photo] {
            if !more.is_empty() {
                words = format!("{words} · {more}");
            }
        }
        value_row_with(ui, &name, |ui| {
            if ui.link(RichText::new(words).color(Tokens::of(ui).accent)).clicked() {
                visit::show(asks, &defect.at);
            }
        });
    }
    let fold = lang.pick("计算过程", "How it was worked out");
    egui::CollapsingHeader::new(RichText::new(fold).font(theme::note())).id_salt("steps").show(ui, |ui| {
        for step in explain::explain(rating, &inspection.defects()) {
            let words = RichText::new(step.get(lang)).font(theme::note()).color(Tokens::of(ui).text2);
            ui.add(Label::new(words).wrap().selectable(true));
        }
    });
}

fn wrapped_row(ui: &mut Ui, name: &str, words: &str) {
    value_row_with(ui, name, |ui| {
        ui.add(Label::new(RichText::new(words).color(Tokens::of(ui).text)).wrap().selectable(true));
    });
}
