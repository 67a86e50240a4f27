//! An open city file.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use geopackage::GeoPackage;
#[cfg(test)]
use rusqlite::Connection;

use crate::task::{Cancel, Problem, Task};
use crate::text::Text;

use super::adopt;
use super::backup;
use super::check;
use super::command::{Committed, Ticket, Write};
use super::connect::{self, Mode, Shared};
use super::create;
use super::error::StoreError;
use super::layer_styles::Dresser;
use super::migrate::{Format, TODAY};
use super::reader::Reader;
use super::stamp::FileStamp;
use super::writer::{Answer, Care, Job, Writer};

/// Why a city cannot be edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOnlyReason {
    /// The file or its folder may not be written.
    FilePermission,
    /// It is on a disc or a share that takes no writing.
    ReadOnlyMedium,
    /// Another program, or another window of this one, has it open for editing.
    LockedByOther,
    /// A newer version of this program made it.
    NewerFormat,
    /// It was opened for reading on purpose.
    Asked,
}

impl ReadOnlyReason {
    /// What the notice says.
    pub fn text(self) -> Text {
        match self {
            Self::FilePermission => Text::new("没有写入权限，只能查看", "No permission to write: read-only"),
            Self::ReadOnlyMedium => Text::new("介质只读，只能查看", "The medium is read-only"),
            Self::LockedByOther => Text::new(
                "文件正被其他窗口或程序编辑，只能查看",
                "Another window or program is editing the file: read-only",
            ),
            Self::NewerFormat => Text::new(
                "文件来自更新版本的程序，只能查看",
                "The file is from a newer version of the program: read-only",
            ),
            Self::Asked => Text::new("以只读方式打开", "Opened read-only"),
        }
    }
}

/// Whether a city can be edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It can.
    ReadWrite,
    /// It cannot.
    ReadOnly(ReadOnlyReason),
}

/// An open city file. Share it in an [`Arc`]; see the room's head.
pub struct City {
    shared: Arc<Shared>,
    access: Access,
    found_format: Option<i64>,
    stamp: FileStamp,
    writer: Mutex<Option<Thread>>,
}

struct Thread {
    jobs: Sender<Job>,
    handle: JoinHandle<Result<(), StoreError>>,
}

impl City {
    /// Makes a new, empty city and opens it.
    ///
    /// # Errors
    /// `Exists` if there is such a file, and what SQLite says.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        create::create_with(path, false, |_| Ok::<_, StoreError>(()))?;
        Self::open(path)
    }

    /// Opens a city, or any other GeoPackage, without changing a byte of it. What cannot be written opens read-only.
    ///
    /// # Errors
    /// `NotSqlite`, `NotAGeoPackage`, `Io` for a file that is not there.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_as(path, TODAY, Care::Durable)
    }

    /// Opens it for reading alone, without a lock on others.
    ///
    /// # Errors
    /// As [`City::open`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let path = absolute(path)?;
        let (_, stamp) = look(&path)?;
        Self::read_only(path, ReadOnlyReason::Asked, TODAY, stamp)
    }

    pub(super) fn open_as(path: &Path, format: Format, care: Care) -> Result<Self, StoreError> {
        let path = absolute(path)?;
        let (protection, stamp) = look(&path)?;
        if let Some(reason) = protection {
            return Self::read_only(path, reason, format, stamp);
        }
        let recovered = stamp.has_leftovers();
        let package = connect::open(&path, Mode::ReadWrite)?;
        let found = adopt::format_version(package.connection()).map_err(|error| error.of_file(&path))?;
        if found.is_some_and(|found| found > format.version) {
            drop(package);
            return Self::read_only(path, ReadOnlyReason::NewerFormat, format, stamp);
        }
        let shared = Arc::new(Shared::new(path, Mode::ReadOnly, format, found.is_some()));
        match Writer::new(package, Arc::clone(&shared), care, recovered) {
            Ok(writer) => {
                let (jobs, handle) = writer.start()?;
                let writer = Mutex::new(Some(Thread { jobs, handle }));
                Ok(Self { shared, access: Access::ReadWrite, found_format: found, stamp, writer })
            }
            Err(StoreError::Locked) => {
                Self::read_only(shared.path.clone(), ReadOnlyReason::LockedByOther, format, stamp)
            }
            Err(StoreError::ReadOnly) => {
                Self::read_only(shared.path.clone(), ReadOnlyReason::FilePermission, format, stamp)
            }
            Err(error) => Err(error),
        }
    }

    fn read_only(path: PathBuf, reason: ReadOnlyReason, format: Format, stamp: FileStamp) -> Result<Self, StoreError> {
        let mut mode = Mode::ReadOnly;
        let opened = probe(&path, mode).or_else(|error| match error {
            // A file in WAL mode wants files beside it, which a place that takes no writing cannot have.
            // With unfinished business beside it, it must not be read without that.
            StoreError::Sqlite(_) | StoreError::ReadOnly
                if reason != ReadOnlyReason::LockedByOther && !stamp.has_leftovers() =>
            {
                mode = Mode::Immutable;
                probe(&path, mode)
            }
            other => Err(other),
        });
        let found = opened.map_err(|error| error.of_file(&path))?;
        let shared = Arc::new(Shared::new(path, mode, format, found.is_some()));
        let access = Access::ReadOnly(reason);
        Ok(Self { shared, access, found_format: found, stamp, writer: Mutex::new(None) })
    }

    /// From now on other programs are told how the layers look, with every command that changes it.
    pub fn dress_with(&self, dresser: Dresser) {
        let _ = self.shared.dresser.set(dresser);
    }

    /// Whether it can be edited.
    pub fn access(&self) -> Access {
        self.access
    }

    /// The file, absolute.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Whether it has our tables: otherwise it is anybody's GeoPackage, and the first command adds them.
    pub fn is_ours(&self) -> bool {
        self.shared.ours.load(Ordering::SeqCst)
    }

    /// The version of our tables: the file's, or the one that the first command will make.
    pub fn format_version(&self) -> i64 {
        let today = self.shared.format.version;
        self.found_format.filter(|_| !matches!(self.access, Access::ReadWrite)).unwrap_or(today)
    }

    /// What the file looked like from outside before it was opened.
    pub fn stamp_at_open(&self) -> &FileStamp {
        &self.stamp
    }

    /// Whether this process has a file open as a city: it must not be looked at from outside then.
    pub fn is_open_here(path: &Path) -> bool {
        connect::is_open_here(path)
    }

    /// A read-only connection of one's own, for one thread.
    ///
    /// # Errors
    /// `Closed`, and what SQLite says.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::new(Arc::clone(&self.shared))
    }

    /// Queues a command; the answer comes when it is durable.
    pub fn submit(&self, write: Write) -> Ticket {
        self.submit_stoppable(write, Cancel::default())
    }

    /// The same; until the commit begins `cancel` takes it back, and nothing has changed.
    pub fn submit_stoppable(&self, write: Write, cancel: Cancel) -> Ticket {
        let (sender, answer) = channel();
        let then = move |done| {
            let _ = sender.send(done); // nobody may be waiting any more
        };
        self.queue(write, cancel, Box::new(then));
        Ticket { answer }
    }

    /// Queues a command and calls `then` with the answer, on the writer's thread.
    pub fn submit_then(&self, write: Write, then: impl FnOnce(Result<Committed, StoreError>) + Send + 'static) {
        self.queue(write, Cancel::default(), Box::new(then));
    }

    fn queue(&self, write: Write, cancel: Cancel, answer: Answer) {
        if let Access::ReadOnly(reason) = self.access {
            return answer(Err(self.refusal(reason)));
        }
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let unsent = match &*thread {
            Some(thread) => thread.jobs.send(Job::Write(write, cancel, answer)).err().map(|error| error.0),
            None => Some(Job::Write(write, cancel, answer)),
        };
        drop(thread);
        if let Some(Job::Write(_, _, answer)) = unsent {
            answer(Err(StoreError::Closed));
        }
    }

    fn refusal(&self, reason: ReadOnlyReason) -> StoreError {
        match reason {
            ReadOnlyReason::LockedByOther => StoreError::Locked,
            ReadOnlyReason::NewerFormat => {
                StoreError::TooNew { found: self.found_format.unwrap_or_default(), known: self.shared.format.version }
            }
            _ => StoreError::ReadOnly,
        }
    }

    /// Copies the city as it is now to another file, while it stays open.
    ///
    /// # Errors
    /// `Exists` unless `overwrite`, `Cancelled`, `DiskFull`; nothing is left behind then.
    pub fn backup(&self, to: &Path, overwrite: bool, task: &mut Task<'_>) -> Result<(), StoreError> {
        backup::copy_open(&self.shared, to, overwrite, task)
    }

    /// Looks for damage: SQLite's own, indexes against geometry, the journal's chain, photos and references.
    ///
    /// # Errors
    /// Only if the check cannot be made; what it finds is in the list.
    pub fn check(&self, task: &mut Task<'_>) -> Result<Vec<Problem>, StoreError> {
        check::run(&self.shared, task)
    }

    /// Waits for what is queued, ends the readers and leaves one file behind. Again, it does nothing.
    ///
    /// # Errors
    /// What SQLite says; the file is whole all the same.
    pub fn close(&self) -> Result<(), StoreError> {
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.shared.closing.store(true, Ordering::SeqCst);
        let Some(Thread { jobs, handle }) = thread else {
            self.shared.end_readers();
            return Ok(());
        };
        drop(jobs);
        handle.join().unwrap_or(Err(StoreError::Closed))
    }

    /// Runs `look` on the write connection.
    #[cfg(test)]
    pub(super) fn probe<T: Send + 'static>(&self, look: impl FnOnce(&Connection) -> T + Send + 'static) -> T {
        let (sender, answer) = channel();
        let thread = self.writer.lock().unwrap();
        let probe = Box::new(move |conn: &Connection| sender.send(look(conn)).unwrap());
        thread.as_ref().unwrap().jobs.send(Job::Probe(probe)).unwrap();
        answer.recv().unwrap()
    }
}

impl Drop for City {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "closing the city");
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    std::path::absolute(path).map_err(|error| StoreError::io(path, error))
}

/// Opens, looks at the format and closes.
fn probe(path: &Path, mode: Mode) -> Result<Option<i64>, StoreError> {
    let package: GeoPackage = connect::open(path, mode)?;
    adopt::format_version(package.connection())
}

/// What can be seen from outside: why the file cannot be written, and its stamp. A file that this process has open
/// already is not looked at, because closing a second handle of it would drop the locks on the first.
fn look(path: &Path) -> Result<(Option<ReadOnlyReason>, FileStamp), StoreError> {
    if connect::is_open_here(path) {
        return Ok((None, FileStamp::default()));
    }
    let stamp = FileStamp::read(path).map_err(|error| StoreError::io(path, error))?;
    Ok((write_protection(path)?, stamp))
}

fn write_protection(path: &Path) -> Result<Option<ReadOnlyReason>, StoreError> {
    let reason = |error: &io::Error| match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => Some(ReadOnlyReason::ReadOnlyMedium),
        io::ErrorKind::PermissionDenied => Some(ReadOnlyReason::FilePermission),
        _ => None,
    };
    if let Err(error) = OpenOptions::new().write(true).open(path) {
        return reason(&error).map(Some).ok_or_else(|| StoreError::io(path, error));
    }
    // The journal must find room beside the file.
    let folder = path.parent().unwrap_or(Path::new("."));
    match tempfile::Builder::new().prefix(".citygrid-").tempfile_in(folder) {
        Err(error) => Ok(reason(&error)),
        Ok(_) => Ok(None),
    }
}
