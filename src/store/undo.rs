//! Back and forth in the journal, and forgetting what is behind.

use std::collections::BTreeSet;

use geopackage::GeoPackage;
use rusqlite::Connection;

use crate::text::Text;

use super::append;
use super::catalog::exists;
use super::codec::{EditRecord, In};
use super::command::{Changed, Committed};
use super::edit::Edit;
use super::error::StoreError;
use super::hide::{self, Owner};
use super::import::Imported;
use super::journal::{self, Doomed, Entry, StepKind};
use super::layer_state::{self, StateChange};
use super::media;
use super::perform::changes_of;

/// Takes the last step back, or does the first undone one again. Nothing to do is not an error.
pub(super) fn step(package: &GeoPackage, redo: bool) -> Result<Committed, StoreError> {
    let conn = package.connection();
    let Some(entry) = journal::next(conn, redo)? else {
        return Ok(Committed { step: None, label: Text::default(), changed: Vec::new() });
    };
    let changed = match entry.step.kind {
        StepKind::Edit => edit(package, &entry, redo)?,
        StepKind::Import => import(package, &entry, redo)?,
        StepKind::CreateLayer => layer(package, &entry, redo)?,
        StepKind::RemoveLayer => layer(package, &entry, !redo)?,
        StepKind::LayerState => state(conn, &entry, redo)?,
    };
    journal::mark(conn, entry.step.step, !redo)?;
    Ok(Committed { step: Some(entry.step.step), label: entry.step.label, changed })
}

/// Forgets the undone steps, because something else is about to happen.
pub(super) fn drop_redo(conn: &Connection) -> Result<(), StoreError> {
    forget(conn, Doomed::Undone, false)
}

/// Forgets all but the newest `keep` steps.
pub(super) fn trim(conn: &Connection, keep: usize) -> Result<(), StoreError> {
    forget(conn, Doomed::Old { keep }, true)
}

fn forget(conn: &Connection, which: Doomed, from_the_beginning: bool) -> Result<(), StoreError> {
    if !exists(conn, "citygrid_journal")? {
        return Ok(());
    }
    let mut photos = BTreeSet::new();
    for entry in journal::doomed(conn, which)? {
        photos.extend(hide::drop_hidden(conn, entry.step.step)?);
        if entry.step.kind == StepKind::Edit {
            let record = EditRecord::read(&entry.payload).unwrap_or_default();
            photos.extend(record.photos.iter().map(|change| change.photo));
        }
        journal::forget(conn, entry.step.step, from_the_beginning)?;
    }
    media::sweep(conn, photos)
}

fn damaged(entry: &Entry) -> StoreError {
    StoreError::Damaged { what: format!("step {} of the journal cannot be read", entry.step.step) }
}

fn edit(package: &GeoPackage, entry: &Entry, redo: bool) -> Result<Vec<Changed>, StoreError> {
    let mut record = EditRecord::read(&entry.payload).ok_or_else(|| damaged(entry))?;
    if !redo {
        record.rows = record.rows.into_iter().rev().map(super::codec::RowChange::inverse).collect();
        record.photos.reverse();
        record.photos.iter_mut().for_each(|change| change.linked = !change.linked);
    }
    let mut edit = Edit::new(package);
    for change in record.rows {
        let columns = record.columns.get(&change.layer).ok_or_else(|| damaged(entry))?;
        edit.exact(change, columns)?;
    }
    for change in &record.photos {
        media::apply(package, change)?;
    }
    let done = EditRecord { photos: record.photos, ..edit.finish()? };
    Ok(changes_of(done))
}

fn import(package: &GeoPackage, entry: &Entry, redo: bool) -> Result<Vec<Changed>, StoreError> {
    let mut input = In(&entry.payload);
    let all = (|| {
        (input.byte()? == 1).then_some(())?;
        let count = input.count()?;
        (0..count).map(|_| Imported::read(&mut input)).collect::<Option<Vec<_>>>()
    })();
    let all = all.ok_or_else(|| damaged(entry))?;
    let mut places: Vec<usize> = (0..all.len()).collect();
    if !redo {
        places.reverse();
    }
    for at in places {
        let owner = Owner { step: entry.step.step, place: i64::try_from(at).unwrap_or(i64::MAX) };
        match (&all[at], redo) {
            (Imported::New { .. }, true) => hide::unhide_layer(package, owner).map(drop)?,
            (Imported::New { table }, false) => hide::hide_layer(package, table, owner)?,
            (Imported::Appended { table, range }, true) => append::unhide(package, table, *range, owner)?,
            (Imported::Appended { table, range }, false) => append::hide(package, table, *range, owner)?,
        }
    }
    Ok(all.iter().map(|it| Changed::Layer(it.table().to_owned())).collect())
}

/// A layer that comes back, or goes.
fn layer(package: &GeoPackage, entry: &Entry, comes: bool) -> Result<Vec<Changed>, StoreError> {
    let table = String::from_utf8(entry.payload.clone()).map_err(|_| damaged(entry))?;
    let owner = Owner { step: entry.step.step, place: 0 };
    if comes {
        hide::unhide_layer(package, owner)?;
    } else {
        hide::hide_layer(package, &table, owner)?;
    }
    Ok(vec![Changed::Layer(table)])
}

fn state(conn: &Connection, entry: &Entry, redo: bool) -> Result<Vec<Changed>, StoreError> {
    let mut changes = StateChange::read_all(&entry.payload).ok_or_else(|| damaged(entry))?;
    if !redo {
        changes.reverse();
    }
    for change in &changes {
        layer_state::set(conn, &change.table, if redo { &change.new } else { &change.old })?;
    }
    Ok(changes.into_iter().map(|change| Changed::State(change.table)).collect())
}
