//! The journal: every step that was done, who did it, and what takes it back.
//!
//! Entries are chained: each one's hash covers its own words and bytes and the hash before it, so that a missing or
//! altered entry shows. Whether a step is undone is no part of it. Undone steps are always the newest ones; a new step
//! drops them, because what they would redo is no longer what happened.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use crate::text::Text;

use super::adopt::{JOURNAL_BASE_KEY, set_setting, setting};
use super::catalog::exists;
use super::error::StoreError;

/// What kind of step it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Rows were added, changed or deleted, or photos hung on them.
    Edit,
    /// Rows came from outside.
    Import,
    /// An empty layer was added.
    CreateLayer,
    /// A layer was taken out.
    RemoveLayer,
    /// A layer got another name, place, opacity or style.
    LayerState,
}

impl StepKind {
    const ALL: [Self; 5] = [Self::Edit, Self::Import, Self::CreateLayer, Self::RemoveLayer, Self::LayerState];

    /// The word in the file and on the command line.
    pub fn code(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Import => "import",
            Self::CreateLayer => "create-layer",
            Self::RemoveLayer => "remove-layer",
            Self::LayerState => "layer-state",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// One step of the journal, as the history shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its number; numbers ascend and may have gaps.
    pub step: i64,
    /// When, UTC, `2026-11-22T06:03:27.000Z`.
    pub time: String,
    /// Who.
    pub author: String,
    /// What the undo menu says.
    pub label: Text,
    /// Whether it is taken back now.
    pub undone: bool,
    /// What kind of step.
    pub kind: StepKind,
    /// How many rows it touched.
    pub rows: u64,
}

/// A step on its way into the journal.
pub(super) struct NewStep<'a> {
    pub label: &'a Text,
    pub author: &'a str,
    pub kind: StepKind,
    pub rows: u64,
    pub payload: Vec<u8>,
}

/// A step with what takes it back.
pub(super) struct Entry {
    pub step: Step,
    pub payload: Vec<u8>,
}

const COLUMNS: &str = "step, time, author, label_zh, label_en, undone, kind, rows";

/// Adds a step behind all that are not undone; [`super::undo::drop_redo`] must have dropped the others.
pub(super) fn append(conn: &Connection, new: &NewStep<'_>) -> Result<i64, StoreError> {
    let previous = last_hash(conn)?;
    let time: String = conn.query_row("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", [], |row| row.get(0))?;
    let hash = hash(&previous, &time, new.author, new.label, new.kind.code(), &new.payload);
    conn.prepare_cached(
        "INSERT INTO citygrid_journal (time, author, label_zh, label_en, kind, rows, payload, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        time,
        new.author,
        new.label.zh,
        new.label.en,
        new.kind.code(),
        i64::try_from(new.rows).unwrap_or(i64::MAX),
        new.payload,
        hash
    ])?;
    Ok(conn.last_insert_rowid())
}

/// The step that undo would take back, or redo do again, with what does it.
pub(super) fn next(conn: &Connection, redo: bool) -> Result<Option<Entry>, StoreError> {
    let Some(step) = next_step(conn, redo)? else { return Ok(None) };
    let sql = "SELECT payload FROM citygrid_journal WHERE step = ?1";
    let payload = conn.query_row(sql, [step.step], |row| row.get(0))?;
    Ok(Some(Entry { step, payload }))
}

/// The step that undo would take back, or redo do again.
pub(super) fn next_step(conn: &Connection, redo: bool) -> Result<Option<Step>, StoreError> {
    if !exists(conn, "citygrid_journal")? {
        return Ok(None);
    }
    let order = if redo { "undone = 1 ORDER BY step ASC" } else { "undone = 0 ORDER BY step DESC" };
    let sql = format!("SELECT {COLUMNS} FROM citygrid_journal WHERE {order} LIMIT 1");
    let Some(step) = conn.query_row(&sql, [], step_of).optional()? else { return Ok(None) };
    step.map(Some).ok_or_else(|| StoreError::Damaged { what: "a journal entry of an unknown kind".to_owned() })
}

/// Marks a step as undone, or as done again.
pub(super) fn mark(conn: &Connection, step: i64, undone: bool) -> Result<(), StoreError> {
    conn.execute("UPDATE citygrid_journal SET undone = ?2 WHERE step = ?1", params![step, undone])?;
    Ok(())
}

/// All steps, oldest first.
pub(super) fn history(conn: &Connection) -> Result<Vec<Step>, StoreError> {
    if !exists(conn, "citygrid_journal")? {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM citygrid_journal ORDER BY step"))?;
    let steps = statement.query_map([], step_of)?;
    Ok(steps.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Steps with their payloads, for those who must clean up behind them: all undone ones, or all but the newest `keep`.
pub(super) fn doomed(conn: &Connection, which: Doomed) -> Result<Vec<Entry>, StoreError> {
    let (condition, keep) = match which {
        Doomed::Undone => ("undone = 1", 0),
        Doomed::Old { keep } => (
            "step NOT IN (SELECT step FROM citygrid_journal ORDER BY step DESC LIMIT ?1)",
            i64::try_from(keep).unwrap_or(i64::MAX),
        ),
    };
    // `?1 = ?1` keeps the parameter count the same for both.
    let sql = format!("SELECT {COLUMNS}, payload FROM citygrid_journal WHERE {condition} AND ?1 = ?1 ORDER BY step");
    let mut statement = conn.prepare(&sql)?;
    let rows = statement.query_map([keep], |row| Ok((step_of(row)?, row.get(8)?)))?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(rows.into_iter().filter_map(|(step, payload)| Some(Entry { step: step?, payload })).collect())
}

/// Which steps are about to be forgotten.
#[derive(Clone, Copy)]
pub(super) enum Doomed {
    /// Those that a new step makes pointless.
    Undone,
    /// All but so many of the newest.
    Old {
        /// How many stay.
        keep: usize,
    },
}

/// Forgets a step. Forgetting the oldest ones moves the beginning of the chain.
pub(super) fn forget(conn: &Connection, step: i64, from_the_beginning: bool) -> Result<(), StoreError> {
    if from_the_beginning {
        let hash: Vec<u8> =
            conn.query_row("SELECT hash FROM citygrid_journal WHERE step = ?1", [step], |row| row.get(0))?;
        set_setting(conn, JOURNAL_BASE_KEY, Some(&hex(&hash)))?;
    }
    conn.execute("DELETE FROM citygrid_journal WHERE step = ?1", [step])?;
    Ok(())
}

/// The first step whose hash is not what its words, its bytes and the chain before it say.
pub(super) fn first_broken(conn: &Connection) -> Result<Option<i64>, StoreError> {
    if !exists(conn, "citygrid_journal")? {
        return Ok(None);
    }
    let mut previous = base(conn)?;
    let mut undone_before = false;
    let mut statement =
        conn.prepare(&format!("SELECT {COLUMNS}, payload, hash FROM citygrid_journal ORDER BY step"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (time, author): (String, String) = (row.get(1)?, row.get(2)?);
        let label = Text::owned(row.get(3)?, row.get(4)?);
        let (kind, payload, found): (String, Vec<u8>, Vec<u8>) = (row.get(6)?, row.get(8)?, row.get(9)?);
        let undone: bool = row.get(5)?;
        let expected = hash(&previous, &time, &author, &label, &kind, &payload);
        if found != expected || (undone_before && !undone) {
            return Ok(Some(row.get(0)?));
        }
        previous = found;
        undone_before = undone;
    }
    Ok(None)
}

fn step_of(row: &Row<'_>) -> rusqlite::Result<Option<Step>> {
    let Some(kind) = StepKind::from_code(&row.get::<_, String>(6)?) else { return Ok(None) };
    Ok(Some(Step {
        step: row.get(0)?,
        time: row.get(1)?,
        author: row.get(2)?,
        label: Text::owned(row.get(3)?, row.get(4)?),
        undone: row.get(5)?,
        kind,
        rows: row.get::<_, i64>(7)?.unsigned_abs(),
    }))
}

fn last_hash(conn: &Connection) -> Result<Vec<u8>, StoreError> {
    let sql = "SELECT hash FROM citygrid_journal ORDER BY step DESC LIMIT 1";
    match conn.query_row(sql, [], |row| row.get(0)).optional()? {
        Some(hash) => Ok(hash),
        None => base(conn),
    }
}

fn base(conn: &Connection) -> Result<Vec<u8>, StoreError> {
    let hex = setting(conn, JOURNAL_BASE_KEY)?.unwrap_or_default();
    let digits: Vec<u8> = hex.bytes().filter_map(|digit| Some((digit as char).to_digit(16)? as u8)).collect();
    Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn hash(previous: &[u8], time: &str, author: &str, label: &Text, kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in [
        previous,
        time.as_bytes(),
        author.as_bytes(),
        label.zh.as_bytes(),
        label.en.as_bytes(),
        kind.as_bytes(),
        payload,
    ] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
