//! What is wrong with single features of the file; a click goes to those that have a place.

use egui::{Label, RichText, ScrollArea, Sense, Ui};

use super::super::ask::{Asks, UiAsk};
use super::super::show;
use super::super::theme;
use super::super::widgets::{Tone, hint_bar};
use crate::session::place;
use crate::task::{Problem, Severity};
use crate::text::Lang;

/// Most problems that are listed; the rest is counted.
const MOST_PROBLEMS: usize = 200;

/// Draws them.
pub(super) fn problems_ui(ui: &mut Ui, lang: Lang, problems: &[Problem], asks: &mut Asks) {
    if problems.is_empty() {
        return;
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let words = match lang {
        Lang::Zh => format!("{errors} 个错误（会略过），{} 个提醒", problems.len() - errors),
        Lang::En => format!("{errors} errors (left out), {} warnings", problems.len() - errors),
    };
    hint_bar(ui, if errors > 0 { Tone::Err } else { Tone::Warn }, words);
    ScrollArea::vertical().id_salt("problems").max_height(110.0).auto_shrink([false, true]).show(ui, |ui| {
        for problem in problems.iter().take(MOST_PROBLEMS) {
            let words = RichText::new(problem_words(problem, lang)).font(theme::note());
            let Some(at) = problem.at else {
                ui.label(words);
                continue;
            };
            if ui.add(Label::new(words.underline()).sense(Sense::click())).clicked() {
                let world = place::world_from_lonlat(at);
                asks.push(UiAsk::GoToScale(world, place::metres_per_px(2500.0, world)));
            }
        }
        if problems.len() > MOST_PROBLEMS {
            ui.label(format!("… {}", show::count((problems.len() - MOST_PROBLEMS) as u64)));
        }
    });
}

fn problem_words(problem: &Problem, lang: Lang) -> String {
    let what = problem.what.get(lang);
    match (problem.feature, lang) {
        (Some(number), Lang::Zh) => format!("第 {number} 个要素：{what}"),
        (Some(number), Lang::En) => format!("Feature {number}: {what}"),
        (None, _) => what.to_owned(),
    }
}
