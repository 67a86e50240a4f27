//! What each action does, in the transaction that is open.

use std::collections::BTreeSet;

use geopackage::GeoPackage;

use crate::model::feature::Delta;
use crate::model::schema::Schema;
use crate::task::Cancel;
use crate::text;
use crate::text::Text;

use super::adopt::{self, RESERVED_KEYS};
use super::catalog;
use super::codec::{EditRecord, Out, PhotoChange, RowChange};
use super::command::{Action, Changed, Committed, LayerState, NewPhoto, Write};
use super::edit::Edit;
use super::error::StoreError;
use super::hide::{self, Owner};
use super::import::{self, Import};
use super::journal::{self, NewStep, StepKind};
use super::layer_state::{self, StateChange};
use super::media;
use super::schema_sql;
use super::undo;

/// Does it; on an error, and when `cancel` says so, the caller rolls back.
pub(super) fn perform(package: &GeoPackage, write: Write, cancel: &Cancel) -> Result<Committed, StoreError> {
    let conn = package.connection();
    let log = Log { package, label: &write.label, author: &write.author, cancel };
    match write.action {
        Action::Edit { deltas, photos } => log.edit(deltas, &photos),
        Action::AddPhotos { layer, id, photos } => log.add_photos(&layer, id, &photos),
        Action::RemovePhoto { layer, id, photo } => {
            log.photos(&[PhotoChange { layer: catalog::table(conn, &layer)?.schema.table, id, photo, linked: false }])
        }
        Action::CreateLayer(schema) => log.create_layer(&schema),
        Action::RemoveLayer(layer) => log.remove_layer(&layer),
        Action::LayerState { table, state } => log.layer_states(vec![(table, state)]),
        Action::LayerStates(states) => log.layer_states(states),
        Action::Import(mut import) => log.import(import.as_mut()),
        Action::Visibility { table, visible } => {
            let table = catalog::table(conn, &table)?.schema.table;
            layer_state::set_visible(conn, &table, visible)?;
            Ok(unlogged(vec![Changed::State(table)]))
        }
        Action::Setting { key, value } => {
            if RESERVED_KEYS.contains(&key.as_str()) {
                return Err(StoreError::refused(text!("设置项“{key}”由程序保留", "The setting “{key}” is reserved")));
            }
            adopt::set_setting(conn, &key, value.as_deref())?;
            Ok(unlogged(vec![Changed::Settings]))
        }
        Action::Undo => undo::step(package, false),
        Action::Redo => undo::step(package, true),
        Action::TrimJournal { keep } => {
            undo::trim(conn, keep)?;
            Ok(unlogged(vec![Changed::History]))
        }
    }
}

fn unlogged(changed: Vec<Changed>) -> Committed {
    Committed { step: None, label: Text::default(), changed }
}

/// A command's words for the journal.
struct Log<'a> {
    package: &'a GeoPackage,
    label: &'a Text,
    author: &'a str,
    cancel: &'a Cancel,
}

impl Log<'_> {
    fn write(&self, kind: StepKind, rows: u64, payload: Vec<u8>) -> Result<i64, StoreError> {
        undo::drop_redo(self.package.connection())?;
        let step = NewStep { label: self.label, author: self.author, kind, rows, payload };
        journal::append(self.package.connection(), &step)
    }

    fn done(&self, step: i64, changed: Vec<Changed>) -> Committed {
        Committed { step: Some(step), label: self.label.clone(), changed }
    }

    fn edit(&self, deltas: Vec<Delta>, photos: &[NewPhoto]) -> Result<Committed, StoreError> {
        let conn = self.package.connection();
        let mut edit = Edit::new(self.package);
        let mut places = Vec::with_capacity(deltas.len());
        let mut hung = Vec::new();
        for delta in deltas {
            // Each row is done too quickly for SQLite's own look at the switch.
            if self.cancel.is_cancelled() {
                return Err(StoreError::Cancelled);
            }
            let deleted = delta.new.is_none();
            let done = edit.user(delta)?;
            if deleted {
                hung.extend(photos_of_deleted(self.package, &done.layer, done.id)?);
            }
            places.push((done.layer, done.id));
        }
        for photo in photos {
            let no_place = || StoreError::refused(Text::new("照片没有所属要素", "A photo belongs to no feature"));
            let (layer, id) = places.get(photo.delta).cloned().ok_or_else(no_place)?;
            hung.push(PhotoChange { layer, id, photo: media::add(conn, photo)?, linked: true });
        }
        for change in hung.iter().filter(|change| change.linked) {
            media::apply(self.package, change)?;
        }
        let record = EditRecord { photos: hung, ..edit.finish()? };
        self.log_edit(record)
    }

    /// An edit that changed nothing is no step.
    fn log_edit(&self, record: EditRecord) -> Result<Committed, StoreError> {
        if record.rows.is_empty() && record.photos.is_empty() {
            return Ok(unlogged(Vec::new()));
        }
        let step = self.write(StepKind::Edit, record.rows.len() as u64, record.write())?;
        Ok(self.done(step, changes_of(record)))
    }

    fn add_photos(&self, layer: &str, id: i64, photos: &[NewPhoto]) -> Result<Committed, StoreError> {
        let conn = self.package.connection();
        let table = catalog::table(conn, layer)?;
        if super::rows::find(conn, &table, id)?.is_none() {
            let what = text!("要素 {id} 已不存在", "Feature {id} does not exist any more");
            return Err(StoreError::Conflict { what });
        }
        let layer = table.schema.table;
        let added = photos
            .iter()
            .map(|photo| Ok(PhotoChange { layer: layer.clone(), id, photo: media::add(conn, photo)?, linked: true }));
        self.photos(&added.collect::<Result<Vec<_>, StoreError>>()?)
    }

    fn photos(&self, changes: &[PhotoChange]) -> Result<Committed, StoreError> {
        changes.iter().try_for_each(|change| media::apply(self.package, change))?;
        self.log_edit(EditRecord { photos: changes.to_vec(), ..EditRecord::default() })
    }

    fn create_layer(&self, schema: &Schema) -> Result<Committed, StoreError> {
        let table = schema_sql::create(self.package, schema)?;
        schema_sql::index(self.package, &table, 0)?;
        let name = table.schema.table;
        let step = self.write(StepKind::CreateLayer, 0, name.clone().into_bytes())?;
        Ok(self.done(step, vec![Changed::Layer(name)]))
    }

    fn remove_layer(&self, layer: &str) -> Result<Committed, StoreError> {
        let name = catalog::table(self.package.connection(), layer)?.schema.table;
        let step = self.write(StepKind::RemoveLayer, 0, name.clone().into_bytes())?;
        hide::hide_layer(self.package, &name, Owner { step, place: 0 })?;
        Ok(self.done(step, vec![Changed::Layer(name)]))
    }

    /// What one hand did is one step, however many layers it touched; layers that stay as they were are no part of it.
    fn layer_states(&self, states: Vec<(String, LayerState)>) -> Result<Committed, StoreError> {
        let conn = self.package.connection();
        let mut changes = Vec::new();
        for (layer, new) in states {
            let table = catalog::table(conn, &layer)?.schema.table;
            let old = layer_state::set(conn, &table, &new)?;
            if old != new {
                changes.push(StateChange { table, old, new });
            }
        }
        if changes.is_empty() {
            return Ok(unlogged(Vec::new()));
        }
        let step = self.write(StepKind::LayerState, 0, StateChange::write_all(&changes))?;
        Ok(self.done(step, changes.into_iter().map(|change| Changed::State(change.table)).collect()))
    }

    fn import(&self, import: &mut dyn Import) -> Result<Committed, StoreError> {
        let (imported, rows) = import::run(self.package, import)?;
        let changed = imported.iter().map(|it| Changed::Layer(it.table().to_owned())).collect();
        let mut out = Out(vec![1]);
        out.number(imported.len() as u64);
        imported.iter().for_each(|it| it.write(&mut out));
        let step = self.write(StepKind::Import, rows, out.0)?;
        Ok(self.done(step, changed))
    }
}

/// What an edit changed, for those who show it: rows in the readable form, and rows whose photos are others.
pub(super) fn changes_of(record: EditRecord) -> Vec<Changed> {
    let rows: BTreeSet<(String, i64)> = record.photos.iter().map(|change| (change.layer.clone(), change.id)).collect();
    let deltas: Vec<Delta> = record.rows.into_iter().map(delta_of).collect();
    let mut changed = Vec::new();
    if !deltas.is_empty() {
        changed.push(Changed::Rows(deltas));
    }
    changed.extend(rows.into_iter().map(|(layer, id)| Changed::Photos { layer, id }));
    changed
}

fn delta_of(change: RowChange) -> Delta {
    let readable = |row: super::rows::Stored| row.feature;
    Delta { layer: change.layer, id: change.id, old: change.old.map(readable), new: change.new.map(readable) }
}

/// A deleted row's photos are taken off it in the same step.
fn photos_of_deleted(package: &GeoPackage, layer: &str, id: i64) -> Result<Vec<PhotoChange>, StoreError> {
    let photos = media::list(package.connection(), layer, id)?;
    let mut changes = Vec::new();
    for photo in photos {
        let change = PhotoChange { layer: layer.to_owned(), id, photo: photo.id, linked: false };
        media::apply(package, &change)?;
        changes.push(change);
    }
    Ok(changes)
}
