//! The one writer: a thread with the write connection, and a queue in front of it.
//!
//! Between commands it sits in an open write transaction without changes. That is the city's lock: other programs, and
//! another window of this one, read but cannot write, nothing is left behind when the process dies, and no byte of the
//! file is touched. The first command that succeeds switches the file to WAL.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use geopackage::GeoPackage;
use rusqlite::{Connection, ErrorCode};

use crate::task::Cancel;
use crate::text::Text;

use super::adopt;
use super::command::{Action, Committed, Write};
use super::connect::Shared;
use super::error::StoreError;
use super::layer_styles::{self, Which};
use super::migrate;
use super::perform::perform;

/// How long a command waits for other programs.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits for readers of our own, which end by themselves.
const PATIENCE_WITH_OURSELVES: Duration = Duration::from_mins(1);

/// What is called with the answer to a command, on the writer's thread.
pub(super) type Answer = Box<dyn FnOnce(Result<Committed, StoreError>) + Send>;

/// A question about the write connection, for tests.
type Probe = Box<dyn FnOnce(&Connection) + Send>;

pub(super) enum Job {
    Write(Write, Cancel, Answer),
    #[cfg_attr(not(test), expect(dead_code, reason = "tests look at the write connection"))]
    Probe(Probe),
}

/// How the writer treats the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// Somebody's city: every command durable.
    Durable,
    /// A file that is being made and has no name yet: fast, flushed once at its end.
    Draft,
}

/// The thread's end of things.
pub(super) struct Writer {
    package: GeoPackage,
    shared: Arc<Shared>,
    care: Care,
    /// Whether the idle transaction that locks out others is open.
    holding: bool,
    /// Whether a command has succeeded since opening.
    settled: bool,
    wal: bool,
    /// Whether the file came to us in the middle of a crash.
    recovered: bool,
}

impl Writer {
    /// Takes the city's lock; `Locked` if somebody else has it.
    pub(super) fn new(
        package: GeoPackage,
        shared: Arc<Shared>,
        care: Care,
        recovered: bool,
    ) -> Result<Self, StoreError> {
        let conn = package.connection();
        let mode: String = conn.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        let wal = mode == "wal";
        let conn = package.connection();
        conn.busy_timeout(Duration::from_millis(400))?;
        conn.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
        let mut writer = Self { package, shared, care, holding: false, settled: false, wal, recovered };
        writer.set_synchronous()?;
        writer.conn().execute_batch("BEGIN IMMEDIATE")?;
        writer.holding = true;
        writer.conn().busy_timeout(Duration::from_millis(50))?;
        Ok(writer)
    }

    /// Starts the thread.
    pub(super) fn start(self) -> Result<(Sender<Job>, JoinHandle<Result<(), StoreError>>), StoreError> {
        let (jobs, queue) = channel();
        let path = self.shared.path.clone();
        let thread = std::thread::Builder::new().name("city writer".to_owned()).spawn(move || self.work(&queue));
        Ok((jobs, thread.map_err(|error| StoreError::io(&path, error))?))
    }

    fn work(mut self, queue: &Receiver<Job>) -> Result<(), StoreError> {
        while let Ok(job) = queue.recv() {
            match job {
                Job::Write(write, cancel, answer) => answer(self.run(write, &cancel)),
                Job::Probe(probe) => probe(self.package.connection()),
            }
        }
        self.finish()
    }

    fn conn(&self) -> &Connection {
        self.package.connection()
    }

    fn run(&mut self, write: Write, cancel: &Cancel) -> Result<Committed, StoreError> {
        self.begin()?;
        self.heed(Some(cancel));
        let done = self.prepare(&write.action).and_then(|()| {
            let performed = catch_unwind(AssertUnwindSafe(|| perform(&self.package, write, cancel)));
            performed.unwrap_or_else(|_| {
                Err(StoreError::refused(Text::new(
                    "程序内部错误，操作已撤回",
                    "An internal error; nothing was changed",
                )))
            })
        });
        // From here on nobody stops it: half a commit would be neither the old city nor the new one.
        self.heed(None);
        let done = if cancel.is_cancelled() { Err(StoreError::Cancelled) } else { done };
        let done = done.and_then(|committed| self.dress(&committed).map(|()| committed));
        let done = done.and_then(|committed| self.commit().map(|()| committed));
        if done.is_err() {
            self.roll_back();
        } else if !self.settled {
            self.settle();
        }
        self.hold();
        done
    }

    /// Tells other programs how the layers look now; at the first command of all of them.
    fn dress(&self, committed: &Committed) -> Result<(), StoreError> {
        let Some(dresser) = self.shared.dresser.get() else { return Ok(()) };
        let which = if self.settled { Which::Changed } else { Which::All };
        layer_styles::follow(self.conn(), &committed.changed, which, *dresser)
    }

    /// Lets a switch interrupt what SQLite is doing, or nothing.
    fn heed(&self, cancel: Option<&Cancel>) {
        let heard = match cancel.cloned() {
            Some(cancel) => self.conn().progress_handler(2000, Some(move || cancel.is_cancelled())),
            None => self.conn().progress_handler(0, None::<fn() -> bool>),
        };
        if let Err(error) = heard {
            tracing::warn!(%error, "a command cannot be stopped");
        }
    }

    /// What must be before the first command: our tables, of today's format, after a copy of an older file.
    fn prepare(&mut self, action: &Action) -> Result<(), StoreError> {
        if self.settled {
            return Ok(());
        }
        let long = matches!(action, Action::Import(_));
        if long && !self.wal && self.care == Care::Durable && self.shared.has_readers() {
            // A long transaction in the old journal mode would lock out the readers that draw the map.
            self.switch_to_wal();
            self.begin()?;
        }
        let format = self.shared.format;
        match adopt::format_version(self.conn())? {
            None => adopt::adopt(&self.package, format.version),
            Some(found) if found < format.version => {
                migrate::keep_backup(&self.shared.path, found)?;
                migrate::migrate(&self.package, &format)
            }
            Some(_) => Ok(()),
        }
    }

    /// Opens the idle transaction, if it is not open.
    fn begin(&mut self) -> Result<(), StoreError> {
        if !self.holding {
            self.patiently(|conn| conn.execute_batch("BEGIN IMMEDIATE"))?;
            self.holding = true;
        }
        Ok(())
    }

    /// Opens the idle transaction again, so that nobody writes between two commands; if somebody was quicker, the
    /// next command waits for them.
    fn hold(&mut self) {
        if !self.holding && self.conn().execute_batch("BEGIN IMMEDIATE").is_ok() {
            self.holding = true;
        }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.patiently(|conn| conn.execute_batch("COMMIT"))?;
        self.holding = false;
        Ok(())
    }

    fn roll_back(&mut self) {
        // A full disk may have rolled back already.
        if !self.conn().is_autocommit()
            && let Err(error) = self.conn().execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "rolling back");
        }
        self.holding = !self.conn().is_autocommit();
    }

    /// After the first command: from now on the file has our tables, and the mode in which reading and writing do not
    /// wait for each other.
    fn settle(&mut self) {
        self.settled = true;
        self.shared.ours.store(true, Ordering::SeqCst);
        if !self.wal && self.care == Care::Durable {
            self.switch_to_wal();
        }
    }

    fn switch_to_wal(&mut self) {
        if self.holding && self.commit().is_err() {
            return;
        }
        let mode =
            self.patiently(|conn| conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)));
        match mode {
            Ok(mode) if mode == "wal" => self.wal = true,
            Ok(mode) => tracing::info!(mode, "this place has no write-ahead log"),
            Err(error) => tracing::warn!(%error, "no write-ahead log for now"),
        }
        if let Err(error) = self.set_synchronous() {
            tracing::warn!(%error, "setting the write mode");
        }
    }

    /// In WAL mode FULL flushes every commit. The old journal is flushed by FULL too, but only EXTRA flushes its
    /// removal, which is the commit. The level cannot change inside a transaction.
    fn set_synchronous(&self) -> Result<(), StoreError> {
        let level = match self.care {
            Care::Draft => "OFF",
            Care::Durable if self.wal => "FULL",
            Care::Durable => "EXTRA",
        };
        if self.care == Care::Draft {
            self.conn().query_row("PRAGMA journal_mode = MEMORY", [], |_| Ok(()))?;
        }
        Ok(self.conn().execute_batch(&format!("PRAGMA synchronous = {level}"))?)
    }

    /// Tries again while the file is busy: long while our own readers are at it, a little for others.
    fn patiently<T>(&self, action: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let start = Instant::now();
        loop {
            let error = match action(self.conn()) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let busy = matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
            let ours = self.shared.reading_now.load(Ordering::SeqCst) > 0;
            let patience = if ours { PATIENCE_WITH_OURSELVES } else { PATIENCE };
            if !busy || start.elapsed() >= patience {
                return Err(error.into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Leaves one file in DELETE mode behind, if we ever made it anything else.
    fn finish(mut self) -> Result<(), StoreError> {
        self.shared.end_readers();
        if self.holding {
            self.commit()?;
        }
        let ours = self.shared.ours.load(Ordering::SeqCst);
        if self.wal && (self.settled || (self.recovered && ours)) {
            let deadline = Instant::now() + Duration::from_secs(2);
            while let Err(error) = self.leave_wal() {
                if Instant::now() > deadline {
                    // Another program reads the file; its last reader will tidy up. Nothing is lost meanwhile.
                    tracing::warn!(%error, "the file stays in WAL mode");
                    break;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(())
    }

    fn leave_wal(&self) -> Result<(), StoreError> {
        self.conn().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        let mode: String = self.conn().query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
        if mode == "delete" { Ok(()) } else { Err(StoreError::Locked) }
    }
}
