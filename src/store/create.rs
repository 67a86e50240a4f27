//! A new city file: made under another name beside its place, flushed, then given its name in one step.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use geopackage::GeoPackage;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempPath;

use super::adopt;
use super::city::City;
use super::connect;
use super::error::StoreError;
use super::migrate::TODAY;
use super::stamp::beside;
use super::writer::Care;

/// How a draft's name begins and ends.
const DRAFT: (&str, &str) = (".citygrid-", ".gpkg");
/// A draft that nobody has touched for so long belongs to a program that was killed.
const LEFT_BEHIND: Duration = Duration::from_hours(1);

/// Makes a city at `path` from what `fill` does to an empty one. Until that is done nobody sees the file; if it fails
/// nothing is left. Writing is fast meanwhile, because only the end is flushed.
///
/// # Errors
/// `Exists` unless `overwrite`, `Locked` if the file to be replaced is in use, and whatever `fill` returns.
pub fn create_with<T, E: From<StoreError>>(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&City) -> Result<T, E>,
) -> Result<T, E> {
    let path = std::path::absolute(path).map_err(|error| StoreError::io(path, error))?;
    if !overwrite && path.exists() {
        return Err(StoreError::Exists { path }.into());
    }
    if connect::is_open_here(&path) {
        return Err(StoreError::Locked.into());
    }
    remove_leftovers(&path);
    let draft = draft_beside(&path)?;
    make_empty(&draft)?;
    let filled = {
        let city = City::open_as(&draft, TODAY, Care::Draft)?;
        let filled = fill(&city)?;
        city.close()?;
        filled
    };
    put_in_place(draft, &path, overwrite)?;
    Ok(filled)
}

/// Removes drafts that a killed program left in the folder of `path`: old, and held by nobody. Whatever cannot be looked
/// at stays.
pub fn remove_leftovers(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let modified = entry.metadata().ok().filter(fs::Metadata::is_file).and_then(|it| it.modified().ok());
        let age = modified.and_then(|time| time.elapsed().ok()).unwrap_or_default();
        let is_draft = name.starts_with(DRAFT.0) && name.ends_with(DRAFT.1);
        if is_draft && age > LEFT_BEHIND && !is_held(&entry.path()) {
            let removed = fs::remove_file(entry.path());
            remove_sidecars(&entry.path());
            tracing::info!(%name, ?removed, "a draft that was left behind");
        }
    }
}

/// Whether a program works on the file at this moment.
fn is_held(path: &Path) -> bool {
    // Closing a second handle of a file would drop this process's own locks on it.
    if connect::is_open_here(path) {
        return true;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let locked = Connection::open_with_flags(path, flags).and_then(|conn| {
        conn.busy_timeout(Duration::ZERO)?;
        conn.execute_batch("BEGIN IMMEDIATE; ROLLBACK")
    });
    let code = locked.err().and_then(|error| error.sqlite_error_code());
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// An empty file with a name of its own in the same folder; deleted when dropped.
pub(super) fn draft_beside(path: &Path) -> Result<TempPath, StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let draft = tempfile::Builder::new().prefix(DRAFT.0).suffix(DRAFT.1).tempfile_in(folder);
    Ok(draft.map_err(|error| StoreError::io(path, error))?.into_temp_path())
}

/// Flushes a finished draft and gives it its name.
pub(super) fn put_in_place(draft: TempPath, path: &Path, overwrite: bool) -> Result<(), StoreError> {
    let failed = |error| StoreError::io(path, error);
    allow_for_others(&draft, path).map_err(failed)?;
    File::options().write(true).open(&draft).and_then(|file| file.sync_all()).map_err(failed)?;
    if overwrite && path.exists() {
        settle_old(path)?;
        draft.persist(path).map_err(|error| failed(error.error))?;
    } else {
        draft.persist_noclobber(path).map_err(|error| failed(error.error))?;
    }
    flush_folder(path);
    Ok(())
}

/// A temporary file is its maker's alone; a city is as open as the file it replaces, or as any other.
#[cfg(unix)]
fn allow_for_others(draft: &Path, path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let usual = || fs::Permissions::from_mode(0o644);
    fs::set_permissions(draft, fs::metadata(path).map_or_else(|_| usual(), |old| old.permissions()))
}

#[cfg(not(unix))]
fn allow_for_others(_: &Path, _: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Makes the rename itself durable, where a folder can be flushed.
fn flush_folder(path: &Path) {
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all(); // Windows has no such thing
    }
}

/// Finishes what an old file has beside it, before another file takes its name: a stale log would be replayed into it.
fn settle_old(path: &Path) -> Result<(), StoreError> {
    let settled = Connection::open(path).map_err(StoreError::from).and_then(|conn| {
        conn.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT")?;
        conn.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        Ok(())
    });
    match settled {
        Err(StoreError::Locked) => return Err(StoreError::Locked),
        Err(error) => tracing::info!(%error, "the file to be replaced is no database"),
        Ok(()) => {}
    }
    remove_sidecars(path);
    Ok(())
}

fn remove_sidecars(path: &Path) {
    for suffix in ["-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(beside(path, suffix)); // usually there is none
    }
}

fn make_empty(path: &Path) -> Result<(), StoreError> {
    let package = GeoPackage::create(path)?;
    let conn = package.connection();
    conn.execute_batch("PRAGMA synchronous = OFF; BEGIN")?;
    adopt::adopt(&package, TODAY.version)?;
    conn.execute_batch("COMMIT")?;
    Ok(())
}
