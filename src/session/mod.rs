//! The program without a screen: [`Session::run`] is the only way anything changes.
//!
//! The window, the command line and the tests are three callers of it. Quick things are done when `run` returns; long
//! ones become jobs on threads; whatever threads have to say arrives as one closed list of events in
//! [`Session::poll`]. Below this room nothing starts a thread; above it nothing opens a file.
//!
//! What it has: a [`map`] in memory, painted and followed through every commit; what is looked at (`look`), [`notes`] and
//! how layers look ([`style`]); ways in and out of the city ([`exchange`], with [`import`], [`compare`], [`export`] and the
//! question whether a file is where it says, [`crs`]); paper ([`mod@print`]); and a workbench for each trade ([`sewer`]).

pub mod action;
pub mod answer;
pub mod command;
pub mod compare;
pub mod crs;
pub mod deed;
pub mod exchange;
pub mod export;
pub mod ground;
pub mod import;
pub mod legend;
pub mod map;
pub mod notes;
pub mod place;
pub mod print;
pub mod settings;
pub mod sewer;
pub mod state;
pub mod style;
pub mod tour;

mod arrive;
mod city;
mod edit;
mod events;
mod figures;
mod info;
mod jobs;
mod layers;
mod look;
mod open_city;
mod render_file;
mod rows;
mod snapshot;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::render::view::View;
use crate::task::{Cancel, Problem, Report};
use crate::text::{Lang, Text};

use answer::{Answer, Failure, FailureKind};
use command::{Command, JobId};
use deed::Deed;
use events::{Event, Post};
pub use import::trial::Trial;
use jobs::Jobs;
pub use look::SelectedPart;
use map::painting::{MapPiece, MapWish, Painter, Pane};
use open_city::OpenCity;
use settings::Settings;
use state::{CityView, Details, Found, ImportPreview, JobView, NoteBrief, Notice, NoticeLevel, Selection, TableView};

/// Wakes whoever watches the session: the window repaints, the command line does nothing.
pub trait Wake: Send + Sync {
    /// Something happened; [`Session::poll`] has news.
    fn wake(&self);

    /// The same, with so much time left.
    fn wake_within(&self, _wait: Duration) {
        self.wake();
    }
}

/// Nobody watches: for callers that wait.
#[derive(Debug)]
pub struct NoWake;

impl Wake for NoWake {
    fn wake(&self) {}
}

/// Where the window should look next, said once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LookAt {
    /// A box, Web Mercator metres.
    Bounds(crate::model::geometry::Bounds),
    /// A place and a scale: Web Mercator metres, world metres per logical pixel.
    Place([f64; 2], f64),
}

/// A step of the journal, for the list.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryStep {
    /// Number in the journal.
    pub step: i64,
    /// UTC, ISO 8601.
    pub time: String,
    /// Who.
    pub author: String,
    /// What.
    pub label: Text,
    /// Whether it was taken back.
    pub undone: bool,
}

/// A photo in full size.
#[derive(Debug)]
pub struct PhotoPixels {
    /// Width and height.
    pub size: [usize; 2],
    /// RGBA, straight alpha.
    pub rgba: Vec<u8>,
}

/// The program. See the module's head.
pub struct Session {
    settings: Settings,
    settings_folder: PathBuf,
    /// The language of this run, where it is not that of the settings.
    spoken: Option<Lang>,
    open: Option<OpenCity>,
    openings: u64,
    /// Whether a map is shown: geometry is read into memory.
    has_map: bool,
    selection: Selection,
    look: look::Looking,
    lists: Lists,
    notices: Vec<Notice>,
    notice_count: u64,
    jobs: Jobs,
    /// The switch of commands that a caller waits for.
    cancel: Cancel,
    awaited: Option<JobId>,
    finished: BTreeMap<JobId, Result<Answer, Failure>>,
    /// What the commands were about that are not at their end.
    deeds: BTreeMap<JobId, Deed>,
    painter: Option<Painter>,
    pieces: Vec<MapPiece>,
    /// What the map on the screen shows.
    look_now: Option<map::last_look::Look>,
    preview: print::preview::Preview,
    sewer: sewer::board::SewerBoard,
    post: Post,
    events: Receiver<Event>,
}

/// Lists that the librarian fills.
#[derive(Default)]
struct Lists {
    table: look::table::Table,
    found: Vec<Found>,
    found_request: u64,
    notes: Vec<NoteBrief>,
    history: Vec<HistoryStep>,
    /// What is said when the undo or redo on its way is done.
    history_words: Option<(JobId, Text)>,
    preview: Option<ImportPreview>,
    look_at: Option<LookAt>,
    problems: Vec<Problem>,
    photos: notes::photos::PhotoShelf,
    notebook: notes::drafts::Notebook,
    export_count: export::ExportCount,
    comparison: Option<compare::Comparison>,
    styling: style::edit::Styling,
    /// Files made of pasted words.
    pasted: Vec<crate::io::paste::Pasted>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close_city();
    }
}

impl Session {
    /// The session of a window: settings live in `settings_folder`, geometry is kept in memory, a painter waits.
    pub fn new(settings_folder: PathBuf, wake: Arc<dyn Wake>) -> Self {
        let mut session = Self::headless(settings_folder, wake);
        session.has_map = true;
        session.painter = Some(Painter::start(&session.post));
        session
    }

    /// The session of a caller without a map: the command line, a test.
    pub fn headless(settings_folder: PathBuf, wake: Arc<dyn Wake>) -> Self {
        let (sender, events) = channel();
        let post = Post { sender, wake };
        Self {
            settings: Settings::load(&settings_folder),
            settings_folder,
            spoken: None,
            open: None,
            openings: 0,
            has_map: false,
            selection: Selection::default(),
            look: look::Looking::default(),
            lists: Lists::default(),
            notices: Vec::new(),
            notice_count: 0,
            jobs: Jobs::new(post.clone()),
            cancel: Cancel::default(),
            awaited: None,
            finished: BTreeMap::new(),
            deeds: BTreeMap::new(),
            painter: None,
            pieces: Vec::new(),
            look_now: None,
            preview: print::preview::Preview::default(),
            sewer: sewer::board::SewerBoard::default(),
            post,
            events,
        }
    }

    /// Takes a command. Quick ones are done when it returns; what goes on is told apart by its number. Whatever fails
    /// becomes a notice.
    pub fn run(&mut self, command: Command) -> Option<JobId> {
        let deed = Deed::of(&command);
        let adds_note = matches!(command, Command::Edit(command::EditCommand::AddNote(_)));
        let result = match command {
            Command::City(command) => self.run_city(command),
            Command::Edit(command) => self.run_edit(command),
            Command::Layer(command) => self.run_layer(command),
            Command::Style(command) => self.run_style(command),
            Command::Ground(command) => self.run_ground(command),
            Command::Exchange(command) => self.run_exchange(command),
            Command::Sewer(command) => self.run_sewer(command),
            Command::History(command) => self.run_history(command),
            Command::Look(command) => self.run_look(command).map(|()| None),
            Command::Settings(command) => self.run_settings(command).map(|()| None),
            Command::CancelJob(job) => {
                self.jobs.cancel(job);
                Ok(None)
            }
        };
        let job = match result {
            Ok(job) => job,
            Err(failure) => {
                let job = self.jobs.number();
                self.post.send(Event::Finished(job, Err(failure)));
                Some(job)
            }
        };
        match (deed, job) {
            (Some(deed), Some(job)) => _ = self.deeds.insert(job, deed),
            (Some(deed), None) => self.forgive(deed),
            (None, _) => {}
        }
        if adds_note {
            self.lists.notebook.add(job);
        }
        job
    }

    /// Takes a command and waits for its end, passing on how far it is: for the command line and the tests.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn finish(&mut self, command: Command, on_report: &mut dyn FnMut(&Report)) -> Result<Answer, Failure> {
        self.run(command).map_or(Ok(Answer::Done), |job| self.wait(job, on_report))
    }

    /// Waits for the end of what was begun.
    fn wait(&mut self, job: JobId, on_report: &mut dyn FnMut(&Report)) -> Result<Answer, Failure> {
        self.awaited = Some(job);
        let end = loop {
            if let Some(end) = self.finished.remove(&job) {
                break end;
            }
            match self.events.recv_timeout(Duration::from_millis(50)) {
                Ok(Event::Report(of, report)) if of == job => on_report(&report),
                Ok(event) => self.arrive(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break Err(no_city()),
            }
            // A job has a switch of its own: stopping one, or closing its city, stops nothing that comes later.
            if self.cancel.is_cancelled() {
                self.jobs.cancel(job);
            }
        };
        self.awaited = None;
        end
    }

    /// The switch that stops what [`Session::finish`] waits for, for a signal handler.
    pub fn cancel_switch(&self) -> Cancel {
        self.cancel.clone()
    }

    /// Takes in what threads have finished. Call once a frame, or when woken.
    pub fn poll(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.arrive(event);
        }
        self.identify_clicked();
        // Reports of success close themselves; errors and lists of problems stay until somebody has read them.
        let stays =
            |notice: &Notice| notice.level == NoticeLevel::Error || notice.since.elapsed() < Duration::from_secs(5);
        self.notices.retain(|notice| stays(notice) || !notice.details.is_empty());
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The language of the interface.
    pub fn lang(&self) -> Lang {
        self.spoken.unwrap_or_else(|| self.settings.lang())
    }

    /// Speaks another language than the settings say, as long as this session lives: the command line's own.
    pub fn speak(&mut self, lang: Lang) {
        self.spoken = Some(lang);
    }

    /// The open city.
    pub fn city(&self) -> Option<&CityView> {
        self.open.as_ref().map(|open| &open.view)
    }

    /// What is selected.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// What the details panel shows.
    pub fn details(&self) -> Option<&Details> {
        self.look.details.as_ref()
    }

    /// The attribute table.
    pub fn table(&self) -> Option<&TableView> {
        self.lists.table.view.as_ref()
    }

    /// What the search box found for its last words.
    pub fn found(&self) -> &[Found] {
        &self.lists.found
    }

    /// Notes of the city, latest first, for the list.
    pub fn notes(&self) -> &[NoteBrief] {
        &self.lists.notes
    }

    /// Steps of the journal, latest first.
    pub fn history(&self) -> &[HistoryStep] {
        &self.lists.history
    }

    /// Messages that are open.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Jobs that run.
    pub fn jobs(&self) -> &[JobView] {
        self.jobs.views()
    }

    /// The answer to the last survey of a file, until it is taken.
    pub fn take_preview(&mut self) -> Option<ImportPreview> {
        self.lists.preview.take()
    }

    /// A file that is held against a layer, until that is ended.
    pub fn comparison(&self) -> Option<&compare::Comparison> {
        self.lists.comparison.as_ref()
    }

    /// Where the window should look next, until it is taken (a city was opened, a search result chosen).
    pub fn take_look_at(&mut self) -> Option<LookAt> {
        self.lists.look_at.take()
    }

    /// Problems of the last import, for the list that zooms to each.
    pub fn problems(&self) -> &[Problem] {
        &self.lists.problems
    }

    /// Says what a pane of the screen needs of the map, in place of what it needed before.
    pub fn wish_map(&mut self, wish: MapWish) {
        if let (Some(painter), Some(open)) = (&self.painter, &self.open) {
            let now = [open.opening, open.view.revision];
            let grounds = ground::shown(&open.view.grounds);
            painter.wish(wish, &open.view.layers, grounds, self.lang(), now);
        }
    }

    /// Remembers what the map on the screen shows, for the next start.
    pub fn looks_at(&mut self, view: View, dark: bool) {
        self.look_now = Some(map::last_look::Look { view, dark, lang: self.lang() });
    }

    /// Finished pieces of the map for a pane, oldest first.
    pub fn take_map(&mut self, pane: Pane) -> Vec<MapPiece> {
        let (own, others) = std::mem::take(&mut self.pieces).into_iter().partition(|piece| piece.pane() == pane);
        self.pieces = others;
        own
    }

    /// The name that goes with each change: the one set, or the one the machine knows the person by.
    pub fn author(&self) -> String {
        let set = self.settings.author.trim();
        if !set.is_empty() {
            return set.to_owned();
        }
        ["USERNAME", "USER"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default()
    }

    fn notify(&mut self, level: NoticeLevel, text: Text, details: Vec<Problem>) {
        self.notice_count += 1;
        // The same message again replaces itself.
        self.notices.retain(|notice| notice.text != text);
        let (id, since) = (self.notice_count, Instant::now());
        self.notices.push(Notice { id, level, text, details, about: None, since });
    }

    /// Says that something failed; the message stays until it is closed, or until the same kind of thing goes well.
    fn complain(&mut self, failure: Failure, about: Option<Deed>) {
        self.notify(NoticeLevel::Error, failure.text, failure.problems);
        if let Some(notice) = self.notices.last_mut() {
            notice.about = about;
        }
    }

    /// Something went well: what was said of its failure before is no longer news.
    fn forgive(&mut self, deed: Deed) {
        self.notices.retain(|notice| notice.level != NoticeLevel::Error || notice.about != Some(deed));
    }

    /// The open city, or the failure that says there is none.
    fn opened(&self) -> Result<&OpenCity, Failure> {
        self.open.as_ref().ok_or_else(no_city)
    }

    fn opened_mut(&mut self) -> Result<&mut OpenCity, Failure> {
        self.open.as_mut().ok_or_else(no_city)
    }
}

fn no_city() -> Failure {
    Failure::new(FailureKind::Usage, Text::new("没有打开的城市", "No city is open"))
}

#[cfg(test)]
pub(crate) mod test_city;
