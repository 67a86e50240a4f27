//! Long work on threads of its own: each job has a title, reports, a switch, and one end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::task::{Cancel, Task};
use crate::text::Text;

use super::answer::{Answer, Failure, FailureKind};
use super::command::JobId;
use super::events::{Event, Post};
use super::state::JobView;

/// The jobs that run.
pub(super) struct Jobs {
    running: Vec<(JobView, Cancel)>,
    /// Edits on their way into the file: too quick to be shown, long enough to be stopped when there are many rows.
    edits: Vec<(JobId, Cancel)>,
    views: Vec<JobView>,
    last: u64,
    post: Post,
}

impl Jobs {
    /// No job yet.
    pub(super) fn new(post: Post) -> Self {
        Self { running: Vec::new(), edits: Vec::new(), views: Vec::new(), last: 0, post }
    }

    /// A number for a command whose end somebody may wait for.
    pub(super) fn number(&mut self) -> JobId {
        self.last += 1;
        JobId(self.last)
    }

    /// Starts a job. A panic in it ends the job, not the program: it works on a snapshot, nothing is half changed.
    pub(super) fn start(
        &mut self,
        title: Text,
        work: impl FnOnce(JobId, Task<'static>) -> Result<Answer, Failure> + Send + 'static,
    ) -> JobId {
        let (id, cancel) = (self.number(), Cancel::default());
        let view = JobView { id, title, report: None };
        self.running.push((view, cancel.clone()));
        self.refresh();
        let post = self.post.clone();
        let thread = std::thread::Builder::new().name("job".into()).spawn(move || {
            let reports = post.clone();
            let task = Task::new(cancel, move |report| reports.send(Event::Report(id, report)));
            let end = catch_unwind(AssertUnwindSafe(|| work(id, task))).unwrap_or_else(|_| Err(panicked()));
            post.send(Event::Finished(id, end));
        });
        if thread.is_err() {
            self.post.send(Event::Finished(id, Err(panicked())));
        }
        id
    }

    /// Remembers how an edit can be stopped.
    pub(super) fn add_edit(&mut self, id: JobId, cancel: Cancel) {
        self.edits.push((id, cancel));
    }

    /// Asks a job to stop.
    pub(super) fn cancel(&self, id: JobId) {
        self.edits.iter().filter(|(edit, _)| *edit == id).for_each(|(_, cancel)| cancel.cancel());
        self.running.iter().filter(|(view, _)| view.id == id).for_each(|(_, cancel)| cancel.cancel());
    }

    /// Asks all jobs to stop. Edits go on: what somebody has typed goes into the file before it is closed.
    pub(super) fn cancel_all(&self) {
        self.running.iter().for_each(|(_, cancel)| cancel.cancel());
    }

    /// Takes in how far a job is.
    pub(super) fn report(&mut self, id: JobId, report: crate::task::Report) {
        if let Some((view, _)) = self.running.iter_mut().find(|(view, _)| view.id == id) {
            view.report = Some(report);
        }
        self.refresh();
    }

    /// A job has ended.
    pub(super) fn end(&mut self, id: JobId) -> Option<JobView> {
        self.edits.retain(|(edit, _)| *edit != id);
        let place = self.running.iter().position(|(view, _)| view.id == id)?;
        let (view, _) = self.running.remove(place);
        self.refresh();
        Some(view)
    }

    /// The jobs that run, oldest first.
    pub(super) fn views(&self) -> &[JobView] {
        &self.views
    }

    fn refresh(&mut self) {
        self.views = self.running.iter().map(|(view, _)| view.clone()).collect();
    }
}

fn panicked() -> Failure {
    Failure::new(
        FailureKind::Data,
        Text::new(
            "程序内部出错，操作已中止，城市文件没有改动",
            "Something went wrong inside the program; the work was stopped and the city is unchanged",
        ),
    )
}
