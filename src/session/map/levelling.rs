//! Makes the simplified levels of large layers on a thread of its own, when the keeper has nothing better to do.
//!
//! A layer that is edited is left alone at once, so that the edit does not wait for the thread, and is made anew when
//! the hand has rested. Until then the old levels are shown: at their scales an edit is smaller than a pixel.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::model::geometry::Bounds;
use crate::model::schema::Schema;
use crate::model::style::Style;
use crate::render::levels::Levels;
use crate::task::{Cancel, Courtesy};

use super::memory::Shared;

/// After so long without an edit a layer is made anew.
const REST: Duration = Duration::from_millis(1500);

/// See the module's head.
#[derive(Default)]
pub(super) struct Levelling {
    /// Tables to be made, and the box that edits have touched since they were made last.
    waiting: BTreeMap<String, Bounds>,
    /// Not before.
    rest_until: Option<Instant>,
    running: Option<Running>,
    turn: u64,
    courtesy: Courtesy,
}

struct Running {
    table: String,
    touched: Bounds,
    turn: u64,
    cancel: Cancel,
}

/// A layer to make levels of.
pub(super) struct Order {
    pub(super) index: Shared,
    pub(super) schema: Schema,
    pub(super) style: Style,
}

impl Levelling {
    /// With nothing to do yet.
    pub(super) fn giving_way(courtesy: Courtesy) -> Self {
        let mut levelling = Self::default();
        levelling.courtesy = courtesy;
        levelling
    }

    /// A layer whose levels are missing.
    pub(super) fn want(&mut self, table: &str) {
        self.leave(table);
        self.waiting.entry(table.to_owned()).or_insert(Bounds::EMPTY);
    }

    /// A layer that is about to be edited: it is let go of first.
    pub(super) fn leave(&mut self, table: &str) {
        if let Some(running) = self.running.take_if(|running| running.table == table) {
            running.cancel.cancel();
            let touched = self.waiting.entry(running.table).or_insert(Bounds::EMPTY);
            *touched = touched.union(&running.touched);
        }
    }

    /// A layer that was edited in a box.
    pub(super) fn edited(&mut self, table: &str, touched: Bounds) {
        let before = self.waiting.entry(table.to_owned()).or_insert(Bounds::EMPTY);
        *before = before.union(&touched);
        self.rest_until = Some(Instant::now() + REST);
    }

    /// Whether the levels of a layer show less than the layer holds: they must not be kept for the next start.
    pub(super) fn is_behind(&self, table: &str) -> bool {
        self.waiting.contains_key(table) || self.running.as_ref().is_some_and(|running| running.table == table)
    }

    /// How long there is nothing to begin; `None` for ever.
    pub(super) fn pause(&self) -> Option<Duration> {
        let is_due = self.running.is_none() && !self.waiting.is_empty();
        is_due.then(|| self.rest_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now())))
    }

    /// The next layer, if its time has come.
    pub(super) fn next(&mut self) -> Option<String> {
        self.pause().filter(Duration::is_zero)?;
        self.waiting.keys().next().cloned()
    }

    /// A layer that is gone or needs no levels.
    pub(super) fn forget(&mut self, table: &str) {
        self.leave(table);
        self.waiting.remove(table);
    }

    /// Begins with one; `done` is called on the thread with the turn and what was made.
    pub(super) fn begin(&mut self, table: &str, order: Order, done: impl FnOnce(u64, Option<Levels>) + Send + 'static) {
        let touched = self.waiting.remove(table).unwrap_or(Bounds::EMPTY);
        self.turn += 1;
        let (turn, cancel, courtesy) = (self.turn, Cancel::default(), self.courtesy.clone());
        self.running = Some(Running { table: table.to_owned(), touched, turn, cancel: cancel.clone() });
        let work = move || {
            let Order { index, schema, style } = order;
            let index = index.read().unwrap_or_else(PoisonError::into_inner);
            let made = Levels::make(&index, &schema, &style, &cancel, &courtesy);
            drop(index);
            done(turn, made);
        };
        // Without a thread the layer is painted the exact way.
        if std::thread::Builder::new().name("levels".into()).spawn(work).is_err() {
            self.running = None;
        }
    }

    /// Ends a turn: the table and what has changed on the map; `None` for one that was given up.
    pub(super) fn end(&mut self, turn: u64) -> Option<(String, Bounds)> {
        self.running.take_if(|running| running.turn == turn).map(|running| (running.table, running.touched))
    }
}

impl Drop for Levelling {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.cancel.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_behind_from_the_edit_until_they_are_made_anew() {
        let mut levelling = Levelling::default();
        assert!(!levelling.is_behind("pipes"));
        levelling.edited("pipes", Bounds::new(0.0, 0.0, 1.0, 1.0));
        assert!(levelling.is_behind("pipes") && !levelling.is_behind("lamps"));
        let order = Order { index: Shared::default(), schema: schema(), style: Style::default() };
        levelling.begin("pipes", order, |_, _| {});
        assert!(levelling.is_behind("pipes"));
        assert_eq!(levelling.end(1), Some(("pipes".to_owned(), Bounds::new(0.0, 0.0, 1.0, 1.0))));
        assert!(!levelling.is_behind("pipes"));
    }

    fn schema() -> Schema {
        crate::kinds::plain().schema(crate::geom::crs::Crs::WGS84)
    }
}
