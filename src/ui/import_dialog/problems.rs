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

/// Height of the list at most, of a line of it, and of the bar above it with what lies between.
const LIST: f32 = 110.0;
const LINE: f32 = 26.0;
const BAR: f32 = 52.0;

/// The room that they take at the foot of the dialog, where they are seen without scrolling.
pub(super) fn height(problems: &[Problem]) -> f32 {
    if problems.is_empty() { 0.0 } else { BAR + (problems.len() as f32 * LINE).min(LIST) }
}

/// Draws them.
pub(super) fn problems_ui(ui: &mut Ui, lang: Lang, problems: &[Problem], asks: &mut Asks) {
    if problems.is_empty() {
        return;
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let words = match lang {
        Lang::Zh => format!("{errors} 个错误（会略过），{} 个提醒", problems.len() - errors),
        Lang::En => {
            let [errors, warnings] = [(errors, "error"), (problems.len() - errors, "warning")].map(counted);
            format!("{errors} (left out), {warnings}")
        }
    };
    hint_bar(ui, if errors > 0 { Tone::Err } else { Tone::Warn }, words);
    ScrollArea::vertical().id_salt("problems").max_height(LIST).auto_shrink([false, true]).show(ui, |ui| {
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

/// `1 error`, `2 errors`.
fn counted((count, word): (usize, &str)) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn problem_words(problem: &Problem, lang: Lang) -> String {
    let what = problem.what.get(lang);
    match (problem.feature, lang) {
        (Some(number), Lang::Zh) => format!("第 {number} 个要素：{what}"),
        (Some(number), Lang::En) => format!("Feature {number}: {what}"),
        (None, _) => what.to_owned(),
    }
}
