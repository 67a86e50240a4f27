//! The offer to go on with a note that was left unfinished when the city was last open.

use egui::{Align2, Area, Context, Id, Margin, Order, Rect, RichText};

use super::draft::NoteFormState;
use crate::session::Session;
use crate::text::Lang;
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::icons::icon;
use crate::ui::theme::Tokens;
use crate::ui::visit;
use crate::ui::widgets::{floating_frame_of, icon_button, primary_button, text_button};

/// Letters of the note that are shown.
const SHOWN_LETTERS: usize = 16;

/// How the offer was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    GoOn,
    Discard,
    NotNow,
}

/// Shows the offer at the foot of the map while there is one.
pub fn note_offer_ui(ctx: &Context, session: &Session, state: &mut NoteFormState, map: Rect, asks: &mut Asks) {
    let Some(choice) = card(ctx, session.lang(), state, map) else { return };
    let place = state.place_world(session);
    answer(choice, state);
    if let Some(bounds) = place.filter(|_| choice == Choice::GoOn) {
        asks.push(UiAsk::ZoomTo(visit::with_surroundings(&bounds)));
    }
}

fn answer(choice: Choice, state: &mut NoteFormState) {
    match choice {
        Choice::GoOn => state.resume(),
        Choice::Discard => {
            state.drafts.pop();
        }
        Choice::NotNow => state.offers = false,
    }
}

fn card(ctx: &Context, lang: Lang, state: &NoteFormState, map: Rect) -> Option<Choice> {
    let draft = state.drafts.last().filter(|_| state.offers && !state.is_open)?;
    let words = words(lang, &draft.text);
    let frame = floating_frame_of(Tokens::of_ctx(ctx), ctx.global_style().visuals.dark_mode);
    let name = lang.pick("没写完的标注", "An unfinished note");
    let area = Area::new(Id::unique("note-offer")).order(Order::Middle).accessible_name(name);
    let mut choice = None;
    area.pivot(Align2::CENTER_BOTTOM).fixed_pos([map.center().x, map.bottom() - 48.0]).show(ctx, |ui| {
        frame.inner_margin(Margin { left: 12, right: 4, top: 6, bottom: 6 }).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(icon("NOTE_PENCIL").color(Tokens::of(ui).accent));
                ui.label(RichText::new(words));
                if primary_button(ui, None, lang.pick("继续写", "Go on")).clicked() {
                    choice = Some(Choice::GoOn);
                }
                if text_button(ui, lang.pick("丢弃", "Discard")).clicked() {
                    choice = Some(Choice::Discard);
                }
                if icon_button(ui, "X", lang.pick("以后再说，草稿保留", "Not now, the draft is kept")).clicked()
                {
                    choice = Some(Choice::NotNow);
                }
            });
        });
    });
    choice
}

fn words(lang: Lang, text: &str) -> String {
    let mut start: String = text.trim().chars().take(SHOWN_LETTERS).collect();
    if text.trim().chars().nth(SHOWN_LETTERS).is_some() {
        start.push('…');
    }
    match lang {
        Lang::Zh => format!("上次有一条标注没写完：“{start}”"),
        Lang::En => format!("A note was left unfinished: “{start}”"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::geometry::Geometry;
    use crate::session::notes::drafts::KeptNote;
    use crate::ui::theme;
    use egui_kittest::{Harness, kittest::Queryable as _};

    #[test]
    fn a_note_of_yesterday_is_offered_and_taken_up_with_its_words() {
        let mut harness = harness(Lang::Zh);
        harness.get_by_label("上次有一条标注没写完：“井盖与路面高差约 2 cm，行人…”");
        harness.get_by_label("继续写").click();
        harness.run();
        assert!(harness.state().is_open());
        assert_eq!(harness.state().drafts[0].text, "井盖与路面高差约 2 cm，行人绊脚");
        assert!(harness.query_by_label("继续写").is_none());
    }

    #[test]
    fn an_offer_can_be_put_off_or_thrown_away() {
        for (button, left) in [("Not now, the draft is kept", 1), ("Discard", 0)] {
            let mut harness = harness(Lang::En);
            harness.get_by_label(button).click();
            harness.run();
            assert!(!harness.state().is_open() && harness.query_by_label("Go on").is_none());
            assert_eq!(harness.state().drafts(), left, "{button}");
        }
    }

    fn harness(lang: Lang) -> Harness<'static, NoteFormState> {
        let mut state = NoteFormState::default();
        let note = KeptNote { text: "井盖与路面高差约 2 cm，行人绊脚".into(), ..KeptNote::default() };
        state.recall(vec![note.at(&Geometry::point(116.0, 29.7))]);
        let builder = Harness::builder().with_size(egui::vec2(900.0, 300.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            move |ui, state: &mut NoteFormState| {
                let map = ui.ctx().content_rect();
                if let Some(choice) = card(ui.ctx(), lang, state, map) {
                    answer(choice, state);
                }
            },
            state,
        );
        harness.run();
        harness
    }
}
