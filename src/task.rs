//! The vocabulary of waiting and of bad data: progress, cancel, [`Problem`].
//!
//! Nothing here starts a thread; long work is handed a [`Task`], tells it how far it is and asks whether to go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::text::Text;

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The thing was left out, or is wrong.
    Error,
    /// The thing was taken, and somebody should look at it.
    Warning,
}

impl Severity {
    /// The word on the command line and in files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something wrong with data, which never stops the rest: what, where, how bad.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// The rule that found it (`geojson.ring-open`, `sewer.adverse-slope`); stable, for filters and tests.
    pub rule: &'static str,
    /// The layer's table name, where there is one.
    pub layer: Option<String>,
    /// An import's feature number (from 1), or a stored feature's id.
    pub feature: Option<i64>,
    /// WGS 84 longitude and latitude, degrees.
    pub at: Option<[f64; 2]>,
    /// What is wrong, in both languages.
    pub what: Text,
}

impl Problem {
    /// An error without a place.
    pub fn error(rule: &'static str, what: Text) -> Self {
        Self { severity: Severity::Error, rule, layer: None, feature: None, at: None, what }
    }

    /// A warning without a place.
    pub fn warning(rule: &'static str, what: Text) -> Self {
        Self { severity: Severity::Warning, ..Self::error(rule, what) }
    }

    /// The same problem, of this feature.
    pub fn of_feature(self, feature: i64) -> Self {
        Self { feature: Some(feature), ..self }
    }

    /// The same problem, in this layer.
    pub fn in_layer(self, layer: impl Into<String>) -> Self {
        Self { layer: Some(layer.into()), ..self }
    }
}

/// Most problems of one piece of work that are kept one by one.
pub const MOST_PROBLEMS: usize = 10_000;

/// Problems up to a bound: beyond [`MOST_PROBLEMS`] they are only counted, so that a bad file does not fill the memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Problems {
    /// The first ones.
    pub listed: Vec<Problem>,
    /// How many more there were.
    pub omitted: u64,
}

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        if self.listed.len() < MOST_PROBLEMS {
            self.listed.push(problem);
        } else {
            self.omitted += 1;
        }
    }

    /// Adds what was found later.
    pub fn append(&mut self, later: Self) {
        self.omitted += later.omitted;
        later.listed.into_iter().for_each(|problem| self.push(problem));
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.omitted == 0
    }

    /// How many there were, listed or not.
    pub fn count(&self) -> u64 {
        self.listed.len() as u64 + self.omitted
    }
}

/// The work was stopped by the person who asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// A switch that stops a [`Task`] from another thread. Clones share the switch.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the work to stop at its next [`Task::check`].
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Lets work that somebody waits for go before work that nobody sees, where there are fewer cores than threads. Clones
/// share the count.
#[derive(Clone, Debug, Default)]
pub struct Courtesy(Arc<AtomicUsize>);

impl Courtesy {
    /// Longest pause for others: what stands back must come to its end, too.
    const MOST: Duration = Duration::from_millis(40);

    /// Somebody waits for what begins now.
    pub fn begin(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// It is done.
    pub fn end(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Stands back while others are waited for, for a moment. To be called now and then, every few milliseconds.
    pub fn give_way(&self) {
        let step = Duration::from_millis(2);
        let mut waited = Duration::ZERO;
        while self.0.load(Ordering::Relaxed) > 0 && waited < Self::MOST {
            std::thread::sleep(step);
            waited += step;
        }
    }
}

/// How far a piece of work is.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What is being done now.
    pub what: Text,
    /// Steps done.
    pub done: u64,
    /// Steps in all, if known.
    pub total: Option<u64>,
}

impl Report {
    /// From 0 to 1, if the end is known.
    pub fn fraction(&self) -> Option<f32> {
        self.total.filter(|&total| total > 0).map(|total| (self.done as f64 / total as f64).min(1.0) as f32)
    }
}

/// What long work is handed: a place to report to, at most ten times a second, and the switch that stops it.
pub struct Task<'a> {
    cancel: Cancel,
    sink: Box<dyn FnMut(Report) + Send + 'a>,
    last: Option<Instant>,
}

impl<'a> Task<'a> {
    /// Work that reports to `sink` and stops when `cancel` says so.
    pub fn new(cancel: Cancel, sink: impl FnMut(Report) + Send + 'a) -> Self {
        Self { cancel, sink: Box::new(sink), last: None }
    }

    /// Work that nobody watches or stops.
    pub fn silent() -> Self {
        Self::new(Cancel::default(), |_| {})
    }

    /// Fails if the work should stop.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.cancel.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// The switch, for worker threads of the same work.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Says how far the work is, and fails if it should stop.
    pub fn report(&mut self, what: &Text, done: u64, total: Option<u64>) -> Result<(), Cancelled> {
        let due = self.last.is_none_or(|last| last.elapsed() >= Duration::from_millis(100));
        if due || total == Some(done) {
            self.last = Some(Instant::now());
            (self.sink)(Report { what: what.clone(), done, total });
        }
        self.check()
    }
}
