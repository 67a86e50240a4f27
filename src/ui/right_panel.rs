//! The right panel: details of one feature, the list of notes, the steps so far, the style of a layer.

use egui::{Align2, Frame, Margin, Response, Role, Sense, Stroke, Ui, UiBuilder, WidgetInfo, vec2};

use super::ask::Asks;
use super::details_panel::{DetailsState, details_ui};
use super::history_panel::history_ui;
use super::icons::icon_char;
use super::notes_panel::{NotesState, notes_ui};
use super::sewer::panel::{SewerState, sewer_ui};
use super::style_panel::{StyleState, style_ui};
use super::theme::{self, Tokens};
use super::widgets::{self, tab};
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
    /// How a layer looks.
    Style,
    /// The sewer workbench.
    Sewer,
}

impl RightTab {
    const ALL: [Self; 5] = [Self::Details, Self::Style, Self::Sewer, Self::Notes, Self::History];

    fn name(self) -> (&'static str, Text) {
        match self {
            Self::Details => ("INFO", Text::new("详情", "Details")),
            Self::Notes => ("MAP_PIN", Text::new("标注", "Notes")),
            Self::History => ("CLOCK_COUNTER_CLOCKWISE", Text::new("记录", "History")),
            Self::Style => ("PALETTE", Text::new("样式", "Style")),
            Self::Sewer => ("TREE_STRUCTURE", Text::new("管网", "Sewers")),
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
    /// How a layer looks.
    pub style: StyleState,
    /// The sewer workbench.
    pub sewer: SewerState,
    notes: NotesState,
    /// What the details showed last: something new brings them to the front.
    shown: Option<FeatureRef>,
}

impl RightState {
    /// Something new in the details comes to the front; a note picked in the list of notes leaves the list open, so does
    /// a row of the sewer workbench, and whoever tries out a style looks at features meanwhile.
    fn follow(&mut self, session: &Session) {
        let now = session.details().and_then(|details| details.hits.get(details.current)).cloned();
        if self.sewer.take_details_wish() && now.is_some() {
            self.tab = RightTab::Details;
        }
        if now == self.shown {
            return;
        }
        let layer = now.as_ref().and_then(|at| session.city()?.layer(&at.layer));
        let is_note = layer.is_some_and(|layer| layer.kind.id == "note");
        let stays = match self.tab {
            RightTab::Notes => is_note,
            RightTab::Style => self.style.is_at_work(),
            RightTab::Sewer => now.as_ref().is_some_and(|at| self.sewer.has_listed(at)),
            RightTab::Details | RightTab::History => false,
        };
        if now.is_some() && !stays {
            self.tab = RightTab::Details;
        }
        self.shown = now;
    }
}

/// Draws the panel in the room that there is: what finds no room in it makes it no wider.
pub fn right_in_room(ui: &mut Ui, session: &Session, state: &mut RightState, asks: &mut Asks) {
    let room = ui.available_rect_before_wrap();
    let mut contents = ui.new_child(UiBuilder::new().id_salt("right").max_rect(room));
    contents.set_clip_rect(room.intersect(ui.clip_rect()));
    right_ui(&mut contents, session, state, asks);
    ui.advance_cursor_after_rect(room);
}

/// Draws the panel.
pub fn right_ui(ui: &mut Ui, session: &Session, state: &mut RightState, asks: &mut Asks) {
    state.follow(session);
    tabs(ui, session, state);
    if state.tab != RightTab::Style {
        state.style.rest(asks);
    }
    let line = Stroke::new(1.0, Tokens::of(ui).line);
    ui.painter().hline(ui.max_rect().x_range(), ui.cursor().top() - ui.spacing().item_spacing.y, line);
    Frame::new().inner_margin(Margin::symmetric(12, 0)).show(ui, |ui| match state.tab {
        RightTab::Details => details_ui(ui, session, &mut state.details, asks),
        RightTab::Notes => notes_ui(ui, session, &mut state.notes, asks),
        RightTab::History => history_ui(ui, session, asks),
        RightTab::Style => style_ui(ui, session, &mut state.style, asks),
        RightTab::Sewer => sewer_ui(ui, session, &mut state.sewer, asks),
    });
}

/// The tabs' heads; where they find no room only the open one has its word.
fn tabs(ui: &mut Ui, session: &Session, state: &mut RightState) {
    let lang = session.lang();
    let width = |each: &RightTab| widgets::layout(ui, each.name().1.get(lang), theme::body()).size().x + 32.0;
    let needed = RightTab::ALL.iter().map(width).sum::<f32>() + 8.0;
    // The button that puts a panel over the map away stands at the right end.
    let is_narrow = needed + 36.0 > ui.available_width();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.add_space(8.0);
        for each in RightTab::ALL {
            let (icon, name) = each.name();
            let (name, open) = (name.get(lang), state.tab == each);
            let head = if is_narrow && !open { bare_tab(ui, icon, name) } else { tab(ui, icon, name, open) };
            if head.clicked() {
                state.tab = each;
            }
        }
    });
}

/// A tab's head without its word, which shows as a tip.
fn bare_tab(ui: &mut Ui, icon_name: &str, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(40.0, 36.0), Sense::click());
    let tokens = Tokens::of(ui);
    let color = if response.hovered() { tokens.text } else { tokens.text2 };
    let font = theme::icon_font(16.0);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, icon_char(icon_name), font, color);
    widgets::focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), false, name));
    response.on_hover_text(name)
}
