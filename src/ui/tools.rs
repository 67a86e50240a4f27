//! The map's tools as small state machines: places and keys in, drafts and commands out. No egui, no pixels.
//!
//! Places are Web Mercator metres. A tool draws nothing; the map panel shows [`Tool::path`] and what it measures.

use crate::session::action::ActionId;
use crate::session::command::SelectMode;

/// What the left mouse button does on the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToolKind {
    /// Moves the map.
    Pan,
    /// Shows what is under the pointer.
    #[default]
    Identify,
    /// Selects by click or box.
    Select,
    /// Measures along a path.
    MeasureLength,
    /// Measures an area.
    MeasureArea,
    /// Writes a note at a point.
    NotePoint,
    /// Writes a note along a line.
    NoteLine,
    /// Writes a note for an area.
    NoteArea,
    /// Traces the sewers against the flow.
    TraceUp,
    /// Traces the sewers with the flow.
    TraceDown,
    /// Draws a long profile from one place to another.
    Profile,
    /// Finds the shortest way from one place to another.
    Path,
    /// Asks what backs up if a pipe is closed.
    ClosePipe,
}

impl ToolKind {
    /// The tool that an action takes up.
    pub fn of_action(id: ActionId) -> Option<Self> {
        Some(match id {
            ActionId::Pan => Self::Pan,
            ActionId::Identify => Self::Identify,
            ActionId::SelectTool => Self::Select,
            ActionId::MeasureLength => Self::MeasureLength,
            ActionId::MeasureArea => Self::MeasureArea,
            ActionId::NotePoint => Self::NotePoint,
            ActionId::NoteLine => Self::NoteLine,
            ActionId::NoteArea => Self::NoteArea,
            ActionId::TraceUp => Self::TraceUp,
            ActionId::TraceDown => Self::TraceDown,
            ActionId::SewerProfile => Self::Profile,
            ActionId::SewerPath => Self::Path,
            ActionId::ClosePipe => Self::ClosePipe,
            _ => return None,
        })
    }

    /// The action that takes it up.
    pub fn action(self) -> ActionId {
        match self {
            Self::Pan => ActionId::Pan,
            Self::Identify => ActionId::Identify,
            Self::Select => ActionId::SelectTool,
            Self::MeasureLength => ActionId::MeasureLength,
            Self::MeasureArea => ActionId::MeasureArea,
            Self::NotePoint => ActionId::NotePoint,
            Self::NoteLine => ActionId::NoteLine,
            Self::NoteArea => ActionId::NoteArea,
            Self::TraceUp => ActionId::TraceUp,
            Self::TraceDown => ActionId::TraceDown,
            Self::Profile => ActionId::SewerProfile,
            Self::Path => ActionId::SewerPath,
            Self::ClosePipe => ActionId::ClosePipe,
        }
    }

    /// Whether clicks put down one position after the other.
    pub fn draws(self) -> bool {
        let measures = matches!(self, Self::MeasureLength | Self::MeasureArea);
        measures || matches!(self, Self::NoteLine | Self::NoteArea | Self::Profile | Self::Path)
    }

    /// Whether the path closes to a ring.
    pub fn is_area(self) -> bool {
        matches!(self, Self::MeasureArea | Self::NoteArea)
    }

    /// Whether the left button drags the map along.
    pub fn drags_map(self) -> bool {
        !matches!(self, Self::Select)
    }

    /// Whether it asks the sewers something.
    pub fn asks_sewers(self) -> bool {
        matches!(self, Self::TraceUp | Self::TraceDown | Self::Profile | Self::Path | Self::ClosePipe)
    }

    fn least_positions(self) -> usize {
        if self.is_area() { 3 } else { 2 }
    }
}

/// What a click or key led to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Nothing beyond the tool itself.
    Nothing,
    /// Show what is at this place.
    Identify([f64; 2]),
    /// Change the selection by what is at this place.
    Pick([f64; 2], SelectMode),
    /// Something was asked of the sewers at these places.
    Sewer(ToolKind, Vec<[f64; 2]>),
    /// A note was drawn: its positions (one for a point), and whether they close to an area.
    Note(Vec<[f64; 2]>, bool),
    /// The tool was put away: nothing was being drawn when Esc came.
    PutAway,
}

/// The tool in hand, and what it has drawn so far.
#[derive(Clone, Debug, Default)]
pub struct Tool {
    kind: ToolKind,
    path: Vec<[f64; 2]>,
    /// A measure that is finished stays on the map until the next click.
    finished: bool,
}

impl Tool {
    /// Which one.
    pub fn kind(&self) -> ToolKind {
        self.kind
    }

    /// What is drawn so far.
    pub fn path(&self) -> &[[f64; 2]] {
        &self.path
    }

    /// Whether a drawing goes on.
    pub fn is_drawing(&self) -> bool {
        !self.path.is_empty() && !self.finished
    }

    /// Whether a finished measure is still shown.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Takes up another tool; what was drawn goes.
    pub fn take_up(&mut self, kind: ToolKind) {
        *self = Self { kind, ..Self::default() };
    }

    /// A click at a place.
    pub fn click(&mut self, at_world: [f64; 2], mode: SelectMode) -> Outcome {
        match self.kind {
            ToolKind::Pan => Outcome::Nothing,
            ToolKind::Identify => Outcome::Identify(at_world),
            ToolKind::Select => Outcome::Pick(at_world, mode),
            ToolKind::NotePoint => {
                self.take_up(ToolKind::Identify);
                Outcome::Note(vec![at_world], false)
            }
            // The tool stays in hand: one place after the other is asked about.
            ToolKind::TraceUp | ToolKind::TraceDown | ToolKind::ClosePipe => Outcome::Sewer(self.kind, vec![at_world]),
            ToolKind::Profile | ToolKind::Path => match self.path.pop() {
                Some(from) if from != at_world => Outcome::Sewer(self.kind, vec![from, at_world]),
                _ => {
                    self.path.push(at_world);
                    Outcome::Nothing
                }
            },
            _ => {
                if self.finished {
                    self.path.clear();
                    self.finished = false;
                }
                if self.path.last() != Some(&at_world) {
                    self.path.push(at_world);
                }
                Outcome::Nothing
            }
        }
    }

    /// Double click, right click or Enter: the drawing is done, if it has enough positions.
    pub fn finish(&mut self) -> Outcome {
        if self.kind == ToolKind::Profile && self.is_drawing() {
            return Outcome::Sewer(self.kind, std::mem::take(&mut self.path));
        }
        // One end of a way says nothing yet.
        if !self.is_drawing() || self.path.len() < self.kind.least_positions() {
            return Outcome::Nothing;
        }
        match self.kind {
            ToolKind::NoteLine | ToolKind::NoteArea => {
                let path = std::mem::take(&mut self.path);
                let is_area = self.kind.is_area();
                self.take_up(ToolKind::Identify);
                Outcome::Note(path, is_area)
            }
            _ => {
                self.finished = true;
                Outcome::Nothing
            }
        }
    }

    /// Backspace or Delete: the last position goes. Says whether there was one.
    pub fn step_back(&mut self) -> bool {
        self.finished = false;
        self.path.pop().is_some()
    }

    /// Esc: the drawing goes; with nothing drawn, the tool.
    pub fn escape(&mut self) -> Outcome {
        if !self.path.is_empty() {
            self.path.clear();
            self.finished = false;
            return Outcome::Nothing;
        }
        if self.kind == ToolKind::Identify {
            return Outcome::PutAway;
        }
        self.take_up(ToolKind::Identify);
        Outcome::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks a tool: digits click at (digit, 0), `<` steps back, `!` finishes, `e` escapes. Gives what is drawn and the last
    /// outcome that was not nothing.
    #[track_caller]
    fn check(kind: ToolKind, keys: &str, drawn: &[f64], last: Outcome) {
        let mut tool = Tool::default();
        tool.take_up(kind);
        let mut outcome = Outcome::Nothing;
        for key in keys.chars() {
            let now = match key {
                '<' => {
                    tool.step_back();
                    Outcome::Nothing
                }
                '!' => tool.finish(),
                'e' => tool.escape(),
                digit => {
                    let x = f64::from(digit.to_digit(10).unwrap_or(0));
                    tool.click([x, 0.0], SelectMode::Replace)
                }
            };
            if now != Outcome::Nothing {
                outcome = now;
            }
        }
        assert_eq!(tool.path().iter().map(|place| place[0]).collect::<Vec<_>>(), drawn);
        assert_eq!(outcome, last);
    }

    #[test]
    fn a_measure_grows_by_clicks_and_shrinks_by_backspace() {
        check(ToolKind::MeasureLength, "123<4", &[1.0, 2.0, 4.0], Outcome::Nothing);
    }

    #[test]
    fn a_finished_measure_stays_until_the_next_click_starts_anew() {
        check(ToolKind::MeasureArea, "123!", &[1.0, 2.0, 3.0], Outcome::Nothing);
        check(ToolKind::MeasureArea, "123!5", &[5.0], Outcome::Nothing);
    }

    #[test]
    fn two_clicks_at_one_place_are_one_position() {
        check(ToolKind::MeasureLength, "1122", &[1.0, 2.0], Outcome::Nothing);
    }

    #[test]
    fn a_note_along_a_line_is_handed_over_once_it_is_finished() {
        let note = Outcome::Note(vec![[1.0, 0.0], [2.0, 0.0]], false);
        check(ToolKind::NoteLine, "12!", &[], note);
    }

    #[test]
    fn a_profile_runs_between_two_clicks_or_from_one_down_to_the_outlet() {
        let between = Outcome::Sewer(ToolKind::Profile, vec![[1.0, 0.0], [2.0, 0.0]]);
        check(ToolKind::Profile, "12", &[], between);
        check(ToolKind::Profile, "1!", &[], Outcome::Sewer(ToolKind::Profile, vec![[1.0, 0.0]]));
        check(ToolKind::Profile, "11", &[1.0], Outcome::Nothing);
        check(ToolKind::Path, "12", &[], Outcome::Sewer(ToolKind::Path, vec![[1.0, 0.0], [2.0, 0.0]]));
        check(ToolKind::Path, "1!", &[1.0], Outcome::Nothing);
    }

    #[test]
    fn a_trace_is_asked_by_every_click_and_esc_puts_the_tool_away() {
        check(ToolKind::TraceUp, "12", &[], Outcome::Sewer(ToolKind::TraceUp, vec![[2.0, 0.0]]));
        check(ToolKind::ClosePipe, "ee", &[], Outcome::PutAway);
    }

    #[test]
    fn an_area_needs_three_positions() {
        check(ToolKind::NoteArea, "12!", &[1.0, 2.0], Outcome::Nothing);
        let note = Outcome::Note(vec![[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]], true);
        check(ToolKind::NoteArea, "123!", &[], note);
    }

    #[test]
    fn escape_drops_the_drawing_then_the_tool_then_says_so() {
        check(ToolKind::MeasureLength, "12e", &[], Outcome::Nothing);
        check(ToolKind::MeasureLength, "12eee", &[], Outcome::PutAway);
    }
}
