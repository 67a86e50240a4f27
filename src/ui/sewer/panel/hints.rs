//! What a person should know before the grades are read: rows of a table that were refused, grades that the layer does
//! not have yet.

use egui::{Label, RichText, Ui, vec2};

use super::button_if;
use crate::session::Session;
use crate::session::action::ActionId;
use crate::session::sewer::SewerAnswer;
use crate::session::sewer::board::SewerTopic;
use crate::text::Lang;
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::button;

pub(super) fn condition(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    let refused = session.problems().iter().filter(|problem| problem.rule.starts_with("defect")).count();
    if refused > 0 {
        let words = match lang {
            Lang::Zh => format!("上次导入缺陷表有 {refused} 个问题"),
            Lang::En => format!("The last table of defects had {refused} problems"),
        };
        line(ui, &words, |ui| {
            if button(ui, "WARNING", lang.pick("查看问题", "See the problems")).clicked() {
                asks.push(UiAsk::ShowProblems);
            }
        });
    }
    let answer = session.sewer().slot(SewerTopic::Condition).and_then(|slot| slot.answer.as_deref());
    if let Some(SewerAnswer::Condition(report)) = answer
        && report.unwritten > 0
    {
        let pipes = report.unwritten;
        let words = match lang {
            Lang::Zh => format!("{pipes} 段评估结果尚未写入图层，“按等级着色”还看不到"),
            Lang::En => format!("The grades of {pipes} pipes are not in the layer yet; colours by grade lack them"),
        };
        let may_write = session.city().is_some_and(|city| city.read_only.is_none());
        line(ui, &words, |ui| {
            if button_if(ui, may_write, "FLOPPY_DISK", lang.pick("现在写入", "Write them now")).clicked() {
                asks.push(UiAsk::Act(ActionId::WriteRatings));
            }
        });
    }
}

fn line(ui: &mut Ui, words: &str, act: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        ui.add(Label::new(RichText::new(words).font(theme::note()).color(Tokens::of(ui).warn)).wrap());
        act(ui);
    });
}
