//! Other people's SQLite files: opened so that they change nothing, run nothing and take no more than their share.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::error::ReadError;
use crate::task::{Cancelled, Task};
use crate::text;
use crate::text::Text;

/// Largest text, blob or row.
const MAX_VALUE: i32 = 256 << 20;
/// A query that gives no row for so long is a trap, or hopeless.
const PATIENCE: Duration = Duration::from_secs(30);
/// Steps of SQLite's machine between two looks at the clock: well below a millisecond.
const STEPS: i32 = 20_000;
/// Milliseconds since [`Database::open`].
type Clock = Arc<AtomicU64>;

/// A connection that only reads.
pub(in crate::io) struct Database {
    pub conn: Connection,
    opened: Instant,
    /// When the last row came.
    last_row: Clock,
}

impl Database {
    /// Opens the file; nothing in it can be run that has side effects, and `task` stops every query.
    ///
    /// # Errors
    /// What the disk says; a file that is no database shows at the first query.
    pub(in crate::io) fn open(path: &Path, task: &Task<'_>) -> Result<Self, ReadError> {
        std::fs::metadata(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = if has_log(path) {
            Connection::open_with_flags(path, flags)
        } else {
            Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)
        };
        let database =
            Self { conn: conn.map_err(|error| failed(&error))?, opened: Instant::now(), last_row: Clock::default() };
        database.prepare(task).map_err(|error| failed(&error))?;
        Ok(database)
    }

    fn prepare(&self, task: &Task<'_>) -> rusqlite::Result<()> {
        let conn = &self.conn;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        conn.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE)?;
        conn.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        conn.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        let (cancel, opened, last_row) = (task.cancel().clone(), self.opened, Arc::clone(&self.last_row));
        conn.progress_handler(
            STEPS,
            Some(move || {
                let waiting = opened.elapsed().saturating_sub(Duration::from_millis(last_row.load(Ordering::Relaxed)));
                cancel.is_cancelled() || waiting > PATIENCE
            }),
        )?;
        conn.execute_batch("PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA cache_size = -16384")?;
        self.alive();
        Ok(())
    }

    /// Tells that a row has come, and another may take its time.
    pub(in crate::io) fn alive(&self) {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_row.store(now, Ordering::Relaxed);
    }
}

/// Why SQLite does not go on, for a file as a whole.
pub(in crate::io) fn failed(error: &rusqlite::Error) -> ReadError {
    let code = error.sqlite_error_code();
    let what = error.to_string();
    match code {
        Some(ErrorCode::OperationInterrupted) => ReadError::Cancelled(Cancelled),
        Some(ErrorCode::NotADatabase) => {
            ReadError::Damaged { what: Text::new("不是 SQLite 数据库", "it is no SQLite database") }
        }
        Some(
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::CannotOpen | ErrorCode::PermissionDenied,
        ) => ReadError::Io(std::io::Error::other(what)),
        _ => ReadError::Damaged {
            what: text!("数据库读不出来（{what}）", "the database cannot be read ({what})")
        },
    }
}

/// Whether rows may still stand in a log beside the file, because another program has it open or was killed.
fn has_log(path: &Path) -> bool {
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        std::fs::metadata(PathBuf::from(name)).is_ok_and(|file| file.len() > 0)
    };
    beside("-wal") || beside("-journal")
}

/// A name by which SQLite reads the file without locks and without files beside it.
fn immutable_uri(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let plain = absolute.to_string_lossy().replace('\\', "/");
    let mut uri = String::from(if plain.starts_with('/') { "file:" } else { "file:/" });
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
