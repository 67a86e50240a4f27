//! A copy of a city, made page by page while it stays open.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::task::Task;
use crate::text::Text;

use super::connect::{self, Mode, Shared};
use super::create::{draft_beside, put_in_place};
use super::error::StoreError;

/// Pages copied between two looks at the cancel switch: 4 MB.
const PAGES: i32 = 1024;

/// Copies an open city as it is at this moment.
pub(super) fn copy_open(shared: &Shared, to: &Path, overwrite: bool, task: &mut Task<'_>) -> Result<(), StoreError> {
    if shared.is_closing() {
        return Err(StoreError::Closed);
    }
    copy_as(&shared.path, shared.reading, to, overwrite, task)
}

/// Copies a file that nobody of us reads otherwise.
pub(super) fn copy(from: &Path, to: &Path, overwrite: bool, task: &mut Task<'_>) -> Result<(), StoreError> {
    copy_as(from, Mode::ReadOnly, to, overwrite, task)
}

fn copy_as(from: &Path, mode: Mode, to: &Path, overwrite: bool, task: &mut Task<'_>) -> Result<(), StoreError> {
    let to = std::path::absolute(to).map_err(|error| StoreError::io(to, error))?;
    if (!overwrite && to.exists()) || connect::is_open_here(&to) {
        return Err(StoreError::Exists { path: to });
    }
    let source = connect::open(from, mode)?;
    let source = source.connection();
    // One read transaction for all steps: a writer meanwhile neither spoils the copy nor starts it anew.
    source.execute_batch("BEGIN")?;
    source.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    let draft = draft_beside(&to)?;
    let mut target = Connection::open(&draft)?;
    target.execute_batch("PRAGMA synchronous = OFF")?;
    run(source, &mut target, task)?;
    // A copy of a file in WAL mode says that it is in WAL mode.
    target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    target.close().map_err(|(_, error)| error)?;
    put_in_place(draft, &to, overwrite)
}

fn run(source: &Connection, target: &mut Connection, task: &mut Task<'_>) -> Result<(), StoreError> {
    let what = Text::new("正在备份", "Backing up");
    let backup = Backup::new(source, target)?;
    loop {
        let step = backup.step(PAGES)?;
        let progress = backup.progress();
        let total = u64::from(progress.pagecount.unsigned_abs());
        let left = u64::from(progress.remaining.unsigned_abs());
        task.report(&what, total.saturating_sub(left), Some(total))?;
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    }
}
