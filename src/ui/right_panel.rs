//! The right panel: details of one feature, the list of notes, the steps so far.

use egui::{Frame, Margin, Ui};

use super::ask::Asks;
use super::details_panel::{DetailsState, details_ui};
use super::history_panel::history_ui;
use super::notes_panel::{NotesState, notes_ui};
use super::theme::Tokens;
use super::widgets::tab;
use crate::session::Session;
use crate::session::state::FeatureRef;
use crate::text::Text;

/// The tabs, from left to right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RightTab {
    /// One feature.
    #[default]
    Details,
    /// All notes.
    Notes,
    /// The journal.
    History,
}

impl RightTab {
    const ALL: [Self; 3] = [Self::Details, Self::Notes, Self::History];

    fn name(self) -> (&'static str, Text) {
        match self {
            Self::Details => ("INFO", Text::new("详情", "Details")),
            Self::Notes => ("MAP_PIN", Text::new("标注", "Notes")),
            Self::History => ("CLOCK_COUNTER_CLOCKWISE", Text::new("记录", "History")),
        }
    }
}

/// What the panel remembers between frames.
#[derive(Default)]
pub struct RightState {
    /// The tab that is open.
    pub tab: RightTab,
    /// Details and forms.
    pub details: DetailsState,
    notes: NotesState,
    /// What the details showed last: something new brings them to the front.
    shown: Option<FeatureRef>,
}

impl RightState {
    /// Something new in the details comes to the front; a note picked in the list of notes leaves the list open.
    fn follow(&mut self, session: &Session) {
        let now = session.details().and_then(|details| details.hits.get(details.current)).cloned();
        if now == self.shown {
            return;
        }
        let layer = now.as_ref().and_then(|at| session.city()?.layer(&at.layer));
        let is_note = layer.is_some_and(|layer| layer.kind.id == "note");
        if now.is_some() && !(self.tab == RightTab::Notes && is_note) {
            self.tab = RightTab::Details;
        }
        self.shown = now;
    }
}

/// Draws the panel.
pub fn right_ui(ui: &mut Ui, session: &Session, state: &mut RightState, asks: &mut Asks) {
    state.follow(session);
    let lang = session.lang();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.add_space(8.0);
        for each in RightTab::ALL {
            let (icon, name) = each.name();
            if tab(ui, icon, name.get(lang), state.tab == each).clicked() {
                state.tab = each;
            }
        }
    });
    let line = egui::Stroke::new(1.0, Tokens::of(ui).line);
    ui.painter().hline(ui.max_rect().x_range(), ui.cursor().top() - ui.spacing().item_spacing.y, line);
    Frame::new().inner_margin(Margin::symmetric(12, 0)).show(ui, |ui| match state.tab {
        RightTab::Details => details_ui(ui, session, &mut state.details, asks),
        RightTab::Notes => notes_ui(ui, session, &mut state.notes, asks),
        RightTab::History => history_ui(ui, session, asks),
    });
}
