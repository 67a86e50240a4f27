//! Rows written, one by one, with everything that must stay right beside them.

use std::collections::BTreeMap;
use std::rc::Rc;

use geopackage::GeoPackage;
use geopackage::core::ident::quote;
use rusqlite::{Connection, ToSql};

use crate::model::feature::{Delta, Feature};
use crate::model::geometry::{Bounds, Geometry, GeometryKind};
use crate::model::value::Value;
use crate::text;

use super::bounds;
use super::catalog::{self, Table};
use super::codec::{EditRecord, RowChange};
use super::error::StoreError;
use super::gpb::{self, Dimensions};
use super::layer_state;
use super::rows::{self, Cell, Stored};

/// An edit that is being made, in the transaction that is open.
pub(super) struct Edit<'a> {
    conn: &'a Connection,
    touched: BTreeMap<String, Touched>,
    record: EditRecord,
}

/// The row that a delta was about.
pub(super) struct Done {
    pub layer: String,
    pub id: i64,
}

/// A layer that the edit changes.
struct Touched {
    table: Rc<Table>,
    came: Bounds,
    went: Bounds,
    dimensions: Dimensions,
}

impl<'a> Edit<'a> {
    /// An edit of nothing yet.
    pub(super) fn new(package: &'a GeoPackage) -> Self {
        Self { conn: package.connection(), touched: BTreeMap::new(), record: EditRecord::default() }
    }

    /// What a person wants: the row must still be as `delta.old` says, if it says anything.
    pub(super) fn user(&mut self, delta: Delta) -> Result<Done, StoreError> {
        let table = self.table(&delta.layer)?;
        let current = if delta.id == 0 { None } else { rows::find(self.conn, &table, delta.id)? };
        if let Some(old) = &delta.old
            && !current.as_ref().is_some_and(|current| rows::same_row(&current.feature, old))
        {
            return Err(changed_meanwhile(&table, delta.id));
        }
        let mut new = delta.new.map(|new| fitting(&table, new)).transpose()?;
        if let (Some(current), Some(new)) = (&current, &mut new)
            && new.feature.geometry.is_none()
        {
            new.opaque.clone_from(&current.opaque); // what nobody could see, nobody meant to delete
        }
        let id = match (&current, new) {
            (None, None) => delta.id,
            (None, Some(new)) => self.insert(&table, delta.id, new, Missing::Default)?,
            (Some(current), Some(new)) => self.update(&table, current, new)?,
            (Some(current), None) => self.delete(&table, current)?,
        };
        let new = rows::find(self.conn, &table, id)?;
        if current != new {
            self.note(&table, id, current, new);
        }
        Ok(Done { layer: table.schema.table.clone(), id })
    }

    /// What the journal says: the row must be exactly as `change.old`, and becomes exactly as `change.new`.
    pub(super) fn exact(&mut self, change: RowChange, columns: &[String]) -> Result<(), StoreError> {
        let table = self.table(&change.layer)?;
        let current = rows::find(self.conn, &table, change.id)?;
        let places = columns.iter().map(|column| place_of(&table, column)).collect::<Result<Vec<_>, _>>()?;
        let as_recorded = |row: &Stored| {
            let values = places.iter().map(|&at| row.feature.values[at].clone()).collect();
            Stored { feature: Feature { values, ..row.feature.clone() }, opaque: row.opaque.clone() }
        };
        let same = match (&current, &change.old) {
            (None, None) => true,
            (Some(current), Some(old)) => {
                let current = as_recorded(current);
                current.opaque == old.opaque && rows::same_row(&current.feature, &old.feature)
            }
            _ => false,
        };
        if !same {
            return Err(changed_meanwhile(&table, change.id));
        }
        let width = table.schema.fields.len();
        let widened = change.new.as_ref().map(|new| {
            let mut row = current.clone().unwrap_or_default();
            row.feature.values.resize(width, Value::Null);
            places.iter().zip(&new.feature.values).for_each(|(&at, value)| row.feature.values[at] = value.clone());
            row.feature.geometry.clone_from(&new.feature.geometry);
            row.opaque.clone_from(&new.opaque);
            row
        });
        match (&current, widened) {
            (None, Some(new)) => self.insert(&table, change.id, new, Missing::Null).map(drop)?,
            (Some(current), Some(new)) => self.update(&table, current, new).map(drop)?,
            (Some(current), None) => self.delete(&table, current).map(drop)?,
            (None, None) => {}
        }
        let new = rows::find(self.conn, &table, change.id)?;
        self.note(&table, change.id, current, new);
        Ok(())
    }

    /// The layer's row before and after, as it is stored.
    fn note(&mut self, table: &Table, id: i64, old: Option<Stored>, new: Option<Stored>) {
        let layer = table.schema.table.clone();
        let names = || table.schema.fields.iter().map(|field| field.id.to_string()).collect();
        self.record.columns.entry(layer.clone()).or_insert_with(names);
        self.record.rows.push(RowChange { layer, id, old, new });
    }

    /// Keeps extents, time stamps and revisions right, and returns what was done.
    pub(super) fn finish(self) -> Result<EditRecord, StoreError> {
        for touched in self.touched.values() {
            let is_touched = self.record.rows.iter().any(|change| change.layer == touched.table.schema.table);
            if is_touched {
                bounds::settle(self.conn, &touched.table, &touched.came, &touched.went)?;
                bounds::declare_dimensions(self.conn, &touched.table, touched.dimensions)?;
                layer_state::touch(self.conn, &touched.table)?;
            }
        }
        Ok(self.record)
    }

    fn table(&mut self, layer: &str) -> Result<Rc<Table>, StoreError> {
        let key = layer.to_lowercase();
        if let Some(touched) = self.touched.get(&key) {
            return Ok(Rc::clone(&touched.table));
        }
        let table = Rc::new(catalog::table(self.conn, layer)?);
        if !table.editable {
            let name = &table.schema.name;
            let (zh, en) = (&name.zh, &name.en);
            return Err(StoreError::refused(text!(
                "图层“{zh}”是只读视图",
                "Layer “{en}” is a view and cannot be edited"
            )));
        }
        let touched = Touched {
            table: Rc::clone(&table),
            came: Bounds::EMPTY,
            went: Bounds::EMPTY,
            dimensions: Dimensions::default(),
        };
        self.touched.insert(key, touched);
        Ok(table)
    }

    /// Bounds of a geometry that went into, or came out of, a layer's table.
    fn moved(&mut self, table: &Table, came: Option<(Bounds, Dimensions)>, went: Option<&Stored>) {
        let Some(touched) = self.touched.get_mut(&table.schema.table.to_lowercase()) else { return };
        if let Some((bounds, dimensions)) = came {
            touched.came = touched.came.union(&bounds);
            touched.dimensions.include(dimensions);
        }
        if let Some(row) = went {
            let opaque = row.opaque.as_deref().and_then(gpb::bounds_of);
            let bounds = row.feature.geometry.as_ref().map(Geometry::bounds).or(opaque).unwrap_or(Bounds::EMPTY);
            touched.went = touched.went.union(&bounds);
        }
    }

    fn insert(&mut self, table: &Table, id: i64, new: Stored, missing: Missing) -> Result<i64, StoreError> {
        let blob = self.geometry_cell(table, &new);
        let mut names = Vec::new();
        let mut cells: Vec<&dyn ToSql> = Vec::new();
        if id != 0 {
            names.push(table.key.clone());
            cells.push(&id);
        }
        if let (Some(column), Some(blob)) = (&table.geometry, &blob) {
            names.push(quote(&column.name)?);
            cells.push(blob);
        }
        let wrapped: Vec<Cell<'_>> = new.feature.values.iter().map(Cell).collect();
        for (field, cell) in table.schema.fields.iter().zip(&wrapped) {
            let left_out = cell.0.is_null() && missing == Missing::Default;
            if !left_out && !table.generated.iter().any(|name| *name == field.id) {
                names.push(quote(&field.id)?);
                cells.push(cell);
            }
        }
        let sql = if names.is_empty() {
            format!("INSERT INTO {} DEFAULT VALUES", table.quoted()?)
        } else {
            let marks = vec!["?"; names.len()].join(", ");
            format!("INSERT INTO {} ({}) VALUES ({marks})", table.quoted()?, names.join(", "))
        };
        self.conn.prepare_cached(&sql)?.execute(&cells[..])?;
        Ok(if id == 0 { self.conn.last_insert_rowid() } else { id })
    }

    fn update(&mut self, table: &Table, current: &Stored, new: Stored) -> Result<i64, StoreError> {
        let id = current.feature.id;
        let moved = current.feature.geometry != new.feature.geometry || current.opaque != new.opaque;
        let blob = if moved { self.geometry_cell(table, &new) } else { None };
        let mut sets = Vec::new();
        let mut cells: Vec<&dyn ToSql> = Vec::new();
        if let Some(column) = table.geometry.as_ref().filter(|_| moved) {
            self.moved(table, None, Some(current));
            sets.push(format!("{} = ?", quote(&column.name)?));
            cells.push(&blob);
        }
        let wrapped: Vec<Cell<'_>> = new.feature.values.iter().map(Cell).collect();
        for ((field, cell), old) in table.schema.fields.iter().zip(&wrapped).zip(&current.feature.values) {
            if cell.0 != old && !table.generated.iter().any(|name| *name == field.id) {
                sets.push(format!("{} = ?", quote(&field.id)?));
                cells.push(cell);
            }
        }
        if sets.is_empty() {
            return Ok(id);
        }
        cells.push(&id);
        let sql = format!("UPDATE {} SET {} WHERE {} = ?", table.quoted()?, sets.join(", "), table.key);
        self.conn.prepare_cached(&sql)?.execute(&cells[..])?;
        Ok(id)
    }

    fn delete(&mut self, table: &Table, current: &Stored) -> Result<i64, StoreError> {
        self.moved(table, None, Some(current));
        let sql = format!("DELETE FROM {} WHERE {} = ?1", table.quoted()?, table.key);
        self.conn.prepare_cached(&sql)?.execute([current.feature.id])?;
        Ok(current.feature.id)
    }

    /// The geometry column's new content.
    fn geometry_cell(&mut self, table: &Table, row: &Stored) -> Option<Vec<u8>> {
        let column = table.geometry.as_ref()?;
        let Some(geometry) = &row.feature.geometry else {
            let bounds = row.opaque.as_deref().and_then(gpb::bounds_of).unwrap_or(Bounds::EMPTY);
            self.moved(table, Some((bounds, Dimensions::default())), None);
            return row.opaque.clone();
        };
        let mut blob = Vec::new();
        let bounds = gpb::encode(geometry, column.srs_id, &mut blob);
        self.moved(table, Some((bounds, gpb::dimensions(geometry))), None);
        Some(blob)
    }
}

/// What an insert does with values that are not known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// The column's own default.
    Default,
    /// Nothing, whatever the default.
    Null,
}

/// A feature that the table can take: as many values as fields, geometry of the declared type.
fn fitting(table: &Table, feature: Feature) -> Result<Stored, StoreError> {
    let (found, expected) = (feature.values.len(), table.schema.fields.len());
    if found != expected {
        return Err(StoreError::refused(text!(
            "要素有 {found} 个属性值，图层有 {expected} 个字段",
            "The feature has {found} values, the layer {expected} fields"
        )));
    }
    let geometry = feature.geometry.map(|geometry| fitting_geometry(table, geometry)).transpose()?;
    Ok(Feature { geometry, ..feature }.into())
}

/// The geometry as the table's column wants it: single parts become multi ones where those are declared.
pub(super) fn fitting_geometry(table: &Table, geometry: Geometry) -> Result<Geometry, StoreError> {
    let wanted = table.schema.geometry;
    if wanted == Some(GeometryKind::Collection) || wanted == Some(geometry.kind()) {
        return Ok(geometry);
    }
    let multi = if table.geometry.as_ref().is_some_and(|column| column.multi) { geometry.to_multi() } else { geometry };
    if wanted == Some(multi.kind()) {
        return Ok(multi);
    }
    let (found, layer) = (multi.kind().geojson_name(), &table.schema.name);
    let (zh, en) = (&layer.zh, &layer.en);
    Err(StoreError::refused(text!("图层“{zh}”不能存放 {found}", "Layer “{en}” cannot hold a {found}")))
}

fn place_of(table: &Table, column: &str) -> Result<usize, StoreError> {
    let place = table.schema.fields.iter().position(|field| field.id.eq_ignore_ascii_case(column));
    place.ok_or_else(|| {
        let (zh, en) = (&table.schema.name.zh, &table.schema.name.en);
        let what = text!("图层“{zh}”已没有字段“{column}”", "Layer “{en}” has no field “{column}” any more");
        StoreError::Conflict { what }
    })
}

fn changed_meanwhile(table: &Table, id: i64) -> StoreError {
    let (zh, en) = (&table.schema.name.zh, &table.schema.name.en);
    let what =
        text!("图层“{zh}”的要素 {id} 已被他人改动", "Feature {id} of layer “{en}” has been changed by somebody else");
    StoreError::Conflict { what }
}
