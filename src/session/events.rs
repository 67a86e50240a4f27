//! What threads tell the session. One closed list, so that what can change the window is a list one can read.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::model::feature::Feature;
use crate::store::error::StoreError;
use crate::task::Report;
use crate::text::Text;

use super::Wake;
use super::answer::{Answer, Failure, FailureKind};
use super::command::JobId;
use super::map::painting::MapPiece;
use super::snapshot::Snapshot;
use super::state::{DetailRow, Found, ImportPreview, NoteBrief};
use super::style::edit::FieldSurvey;
use super::{HistoryStep, PhotoPixels};

/// News from a thread.
pub(super) enum Event {
    /// A job is so far.
    Report(JobId, Report),
    /// A command has come to its end.
    Finished(JobId, Result<Answer, Failure>),
    /// A file was opened by a job.
    Opened(Box<super::open_city::Opened>),
    /// The open city looks like this now. The first value says which opening of a city it belongs to.
    Snapshot(u64, Snapshot),
    /// A piece of the map. The first value says which opening of a city it shows.
    Map(u64, MapPiece),
    /// The details panel's row.
    Details {
        /// Asked for by this request; older answers are dropped.
        request: u64,
        /// The row; `None` if it is gone.
        row: Option<DetailRow>,
    },
    /// What the search box found.
    Found(u64, Vec<Found>),
    /// Rows by a condition, to be selected.
    Selected(super::look::Picked),
    /// Rows in a box, to change the selection so.
    SelectedBox(Vec<super::look::Picked>, super::command::SelectMode),
    /// The attribute table's order.
    TableIds(u64, Result<Vec<i64>, Text>),
    /// Rows of the attribute table from this place on.
    TableRows(u64, usize, Vec<Arc<Feature>>),
    /// Notes for the list.
    Notes(Vec<NoteBrief>),
    /// Steps of the journal, latest first.
    History(Vec<HistoryStep>),
    /// A file looked into.
    Preview(Box<ImportPreview>),
    /// A file held against a layer of this opening of a city.
    Compared(u64, Box<super::compare::Comparison>),
    /// How many rows an export would write.
    ExportCount(u64, u64),
    /// What is in a field, for a style made from it.
    FieldSurvey(u64, FieldSurvey),
    /// The sewers have answered the question of this job.
    Sewer(JobId, Box<super::sewer::board::Arrived>),
    /// A sheet of paper, small.
    Sheet(u64, Result<super::print::preview::SheetPicture, Failure>),
    /// A photo in full size.
    Photo(i64, Option<Arc<PhotoPixels>>),
    /// A photo file for a note that is being written.
    NotePhoto(std::path::PathBuf, Result<super::notes::drafts::ReadPhoto, Failure>),
    /// Something went wrong that nobody waits for.
    Trouble(Failure),
}

/// The way from a thread to the session.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) sender: Sender<Event>,
    pub(super) wake: Arc<dyn Wake>,
}

impl Post {
    /// Sends news and wakes whoever watches. After the session has gone nobody listens, and that is fine.
    pub(super) fn send(&self, event: Event) {
        let _ = self.sender.send(event);
        self.wake.wake();
    }

    /// Sends news that can wait for so long, in company of others.
    pub(super) fn send_within(&self, event: Event, wait: Duration) {
        let _ = self.sender.send(event);
        self.wake.wake_within(wait);
    }
}

/// The classes of failures that callers tell apart, from the store's finer ones.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::UnknownLayer { .. } | StoreError::UnknownField { .. } | StoreError::BadExpr { .. } => {
                FailureKind::Usage
            }
            StoreError::Conflict { .. } => FailureKind::Conflict,
            StoreError::Cancelled => FailureKind::Cancelled,
            StoreError::Refused { .. } => FailureKind::Data,
            _ => FailureKind::File,
        };
        tracing::debug!(%error, "store");
        Self::new(kind, error.headline())
    }
}

impl From<crate::task::Cancelled> for Failure {
    fn from(_: crate::task::Cancelled) -> Self {
        Self::new(FailureKind::Cancelled, Text::new("已取消，什么也没有改动", "Cancelled; nothing was changed"))
    }
}
