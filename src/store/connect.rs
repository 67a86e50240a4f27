//! Connections to the file: how they are opened, and who holds one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use geopackage::{GeoPackage, OpenOptions};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, InterruptHandle, OpenFlags};

use crate::model::geometry::Bounds;
use crate::text::sound;

use super::error::StoreError;
use super::gpb;
use super::layer_styles::Dresser;
use super::migrate::Format;

/// How long a reader waits for a writer's short exclusive moment.
const READER_PATIENCE: Duration = Duration::from_secs(30);

/// How a connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// May write.
    ReadWrite,
    /// Reads.
    ReadOnly,
    /// Reads a file that nobody can change, without locks or sidecar files.
    Immutable,
}

/// Opens `path` as a GeoPackage, with the SQL functions that its triggers and our queries need.
pub(super) fn open(path: &Path, mode: Mode) -> Result<GeoPackage, StoreError> {
    let access = match mode {
        Mode::ReadWrite => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Mode::ReadOnly | Mode::Immutable => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if mode == Mode::Immutable {
        Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)
    } else {
        Connection::open_with_flags(path, flags)
    };
    prepare(connection.map_err(|error| StoreError::from(error).of_file(path))?).map_err(|error| error.of_file(path))
}

/// Makes a fresh connection one of ours.
pub(super) fn prepare(connection: Connection) -> Result<GeoPackage, StoreError> {
    connection.busy_timeout(READER_PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch("PRAGMA trusted_schema = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192")?;
    add_functions(&connection)?;
    let options = OpenOptions::new().allow_unsupported_extension_writes(true).busy_timeout(READER_PATIENCE);
    Ok(options.from_connection(connection)?)
}

/// `citygrid_hits(geometry, west, south, east, north)`: whether the geometry's box touches the other. Unlike the
/// standard functions it takes any rubbish in the column for "no". `citygrid_sounds(text, word)`: whether Chinese text
/// is spelt so.
fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("citygrid_hits", 5, flags, |ctx| {
        let ValueRef::Blob(blob) = ctx.get_raw(0) else { return Ok(false) };
        let asked = Bounds::new(ctx.get(1)?, ctx.get(2)?, ctx.get(3)?, ctx.get(4)?);
        Ok(gpb::bounds_of(blob).is_some_and(|found| found.intersects(&asked)))
    })?;
    connection.create_scalar_function("citygrid_sounds", 2, flags, |ctx| {
        let (ValueRef::Text(text), ValueRef::Text(word)) = (ctx.get_raw(0), ctx.get_raw(1)) else { return Ok(false) };
        let read = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
        Ok(sound::sounds_like(read(text), read(word)))
    })
}

fn immutable_uri(path: &Path) -> PathBuf {
    let mut uri = String::from("file:");
    let plain = path.to_string_lossy().replace('\\', "/");
    if !plain.starts_with('/') {
        uri.push('/');
    }
    for byte in plain.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b':' => uri.push(byte as char),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri.push_str("?immutable=1");
    uri.into()
}

/// What city, readers and writer thread have in common.
pub(super) struct Shared {
    /// The file, absolute.
    pub path: PathBuf,
    /// How readers open it.
    pub reading: Mode,
    /// The format this program writes, and the way to it.
    pub format: Format,
    /// Whether our tables are in the file.
    pub ours: AtomicBool,
    /// Set when the city closes.
    pub closing: AtomicBool,
    /// Readers in the middle of a query or holding a snapshot.
    pub reading_now: AtomicUsize,
    /// Puts styles into the words of other programs.
    pub dresser: OnceLock<Dresser>,
    slots: Mutex<Vec<Weak<Slot>>>,
    /// Its entry in [`OPEN`].
    name: PathBuf,
}

/// The files that this process has open as cities.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Whether this process has the file open as a city.
pub(super) fn is_open_here(path: &Path) -> bool {
    let name = name_of(path);
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).contains(&name)
}

/// One name for a file, whatever links lead to it.
fn name_of(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

impl Drop for Shared {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = open.iter().position(|name| *name == self.name) {
            open.swap_remove(at);
        }
    }
}

impl Shared {
    pub(super) fn new(path: PathBuf, reading: Mode, format: Format, ours: bool) -> Self {
        let name = name_of(&path);
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        Self {
            name,
            path,
            reading,
            format,
            ours: AtomicBool::new(ours),
            closing: AtomicBool::new(false),
            reading_now: AtomicUsize::new(0),
            dresser: OnceLock::new(),
            slots: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// A reader's place, known to [`Shared::end_readers`].
    pub(super) fn new_slot(&self) -> Result<Arc<Slot>, StoreError> {
        let package = open(&self.path, self.reading)?;
        let interrupt = package.connection().get_interrupt_handle();
        let slot = Arc::new(Slot { package: Mutex::new(Some(package)), interrupt });
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_closing() {
            return Err(StoreError::Closed);
        }
        slots.retain(|slot| slot.strong_count() > 0);
        slots.push(Arc::downgrade(&slot));
        Ok(slot)
    }

    /// Whether any reader lives.
    pub(super) fn has_readers(&self) -> bool {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.iter().any(|slot| slot.strong_count() > 0)
    }

    /// Stops what readers are doing and closes their connections. `closing` must be set before.
    pub(super) fn end_readers(&self) {
        let slots = std::mem::take(&mut *self.slots.lock().unwrap_or_else(PoisonError::into_inner));
        for slot in slots.iter().filter_map(Weak::upgrade) {
            slot.end();
        }
    }
}

/// One reader's connection, which closing the city takes away.
pub(super) struct Slot {
    pub package: Mutex<Option<GeoPackage>>,
    interrupt: InterruptHandle,
}

impl Slot {
    fn end(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            self.interrupt.interrupt();
            match self.package.try_lock() {
                Ok(mut package) => {
                    *package = None;
                    return;
                }
                Err(std::sync::TryLockError::Poisoned(poisoned)) => {
                    *poisoned.into_inner() = None;
                    return;
                }
                Err(std::sync::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        tracing::warn!("a reader did not end in time");
    }
}
