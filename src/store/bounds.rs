//! A layer's extent in `gpkg_contents`, kept exact by every edit.
//!
//! Growing is a comparison. Shrinking happens only when something on the border goes; then the R-tree's root says
//! which few rows are the new border, and their geometry says where exactly it is.

use geopackage::core::ident::quote;
use geopackage::core::triggers::rtree_table_name;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

use crate::model::geometry::Bounds;

use super::catalog::Table;
use super::error::StoreError;
use super::gpb::{self, Dimensions};

/// Writes the extent after `came` was added and `went` taken away, and the time of the change.
pub(super) fn settle(conn: &Connection, table: &Table, came: &Bounds, went: &Bounds) -> Result<(), StoreError> {
    if table.geometry.is_none() {
        return write(conn, table, None);
    }
    let now = match declared(conn, table)? {
        Some(declared) if !touches_border(&declared, went) => Some(declared.union(came)),
        _ => measure(conn, table)?,
    };
    write(conn, table, now)
}

/// The extent of all rows, from their geometry.
pub(super) fn measure(conn: &Connection, table: &Table) -> Result<Option<Bounds>, StoreError> {
    match indexed(conn, table)? {
        Some(bounds) => Ok(bounds),
        None => scan(conn, table, "1", &[]),
    }
}

/// Writes extent and time of change.
pub(super) fn write(conn: &Connection, table: &Table, bounds: Option<Bounds>) -> Result<(), StoreError> {
    conn.prepare_cached(
        "UPDATE gpkg_contents SET min_x = ?2, min_y = ?3, max_x = ?4, max_y = ?5,
                last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
         WHERE table_name = ?1 COLLATE NOCASE",
    )?
    .execute(params![
        table.schema.table,
        bounds.map(|it| it.min[0]),
        bounds.map(|it| it.min[1]),
        bounds.map(|it| it.max[0]),
        bounds.map(|it| it.max[1]),
    ])?;
    Ok(())
}

/// Says in `gpkg_geometry_columns` that heights or measures may occur, once they do.
pub(super) fn declare_dimensions(conn: &Connection, table: &Table, found: Dimensions) -> Result<(), StoreError> {
    for column in [("z", found.z), ("m", found.m)].into_iter().filter(|it| it.1).map(|it| it.0) {
        conn.execute(
            &format!(
                "UPDATE gpkg_geometry_columns SET {column} = 2 WHERE table_name = ?1 COLLATE NOCASE AND {column} = 0"
            ),
            [&table.schema.table],
        )?;
    }
    Ok(())
}

/// About where a layer is, from its R-tree's root alone.
pub(super) fn rough(conn: &Connection, table: &Table) -> Result<Option<Bounds>, StoreError> {
    let (Some(column), Some(_)) = (&table.geometry, table.index()?) else { return Ok(None) };
    root(conn, table, &column.name)
}

fn declared(conn: &Connection, table: &Table) -> Result<Option<Bounds>, StoreError> {
    let mut statement = conn
        .prepare_cached("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = ?1 COLLATE NOCASE")?;
    let numbers: Option<[Option<f64>; 4]> = statement
        .query_row([&table.schema.table], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))
        .optional()?;
    let bounds = numbers.and_then(|[west, south, east, north]| Some(Bounds::new(west?, south?, east?, north?)));
    Ok(bounds.filter(|bounds| !bounds.is_empty()))
}

fn touches_border(declared: &Bounds, went: &Bounds) -> bool {
    !went.is_empty() && (0..2).any(|axis| went.min[axis] <= declared.min[axis] || went.max[axis] >= declared.max[axis])
}

/// Outer `None`: there is no index to ask. Inner `None`: nothing is in it.
fn indexed(conn: &Connection, table: &Table) -> Result<Option<Option<Bounds>>, StoreError> {
    let (Some(column), Some(index)) = (&table.geometry, table.index()?) else { return Ok(None) };
    let Some(around) = root(conn, table, &column.name)? else { return Ok(Some(None)) };
    let key = &table.key;
    let mut exact = Bounds::EMPTY;
    for (side, number) in
        [("minx <=", around.min[0]), ("miny <=", around.min[1]), ("maxx >=", around.max[0]), ("maxy >=", around.max[1])]
    {
        let condition = format!("{key} IN (SELECT id FROM {index} WHERE {side} ?1)");
        match scan(conn, table, &condition, &[number])? {
            Some(bounds) => exact = exact.union(&bounds),
            None => return Ok(None), // a root that promises more than there is: ask the rows
        }
    }
    Ok(Some(Some(exact)))
}

fn root(conn: &Connection, table: &Table, column: &str) -> Result<Option<Bounds>, StoreError> {
    let nodes = quote(&format!("{}_node", rtree_table_name(&table.schema.table, column)))?;
    let node: Vec<u8> = conn.query_row(&format!("SELECT data FROM {nodes} WHERE nodeno = 1"), [], |row| row.get(0))?;
    Ok(root_bounds(&node))
}

/// The box around all cells of an R-tree's root: big-endian count at byte 2, then 24 bytes a cell.
fn root_bounds(node: &[u8]) -> Option<Bounds> {
    let count = usize::from(u16::from_be_bytes([*node.get(2)?, *node.get(3)?]));
    let mut bounds = Bounds::EMPTY;
    for cell in node.get(4..)?.chunks_exact(24).take(count) {
        let number = |at: usize| {
            let start = 8 + 4 * at;
            f64::from(f32::from_be_bytes([cell[start], cell[start + 1], cell[start + 2], cell[start + 3]]))
        };
        bounds = bounds.union(&Bounds::new(number(0), number(2), number(1), number(3)));
    }
    (!bounds.is_empty()).then_some(bounds)
}

fn scan(conn: &Connection, table: &Table, condition: &str, numbers: &[f64]) -> Result<Option<Bounds>, StoreError> {
    let sql = format!("SELECT {} FROM {} WHERE {condition}", table.geometry_sql()?, table.from);
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(numbers))?;
    let mut bounds = Bounds::EMPTY;
    while let Some(row) = rows.next()? {
        if let ValueRef::Blob(blob) = row.get_ref(0)?
            && let Some(found) = gpb::bounds_of(blob)
        {
            bounds = bounds.union(&found);
        }
    }
    Ok((!bounds.is_empty()).then_some(bounds))
}
