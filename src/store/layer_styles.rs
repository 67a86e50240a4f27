//! The table in which QGIS looks for how layers look. What stands in it is made from the styles of the layers whenever they
//! change: other programs read it, this one never does.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::schema::Schema;

use super::catalog::{self, Contents, exists};
use super::command::{Changed, LayerState};
use super::error::StoreError;
use super::layer_state;

/// How a layer looks, in the words of other programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dress {
    /// QGIS's own style file.
    pub qml: String,
    /// OGC Styled Layer Descriptor 1.0.
    pub sld: String,
}

/// Puts a layer's style into the words of other programs; `None` where they have none for it. The store knows no style.
pub type Dresser = fn(&Schema, &LayerState) -> Option<Dress>;

/// The name of our style among others of a layer, and its owner.
const OURS: &str = "citygrid";

/// As QGIS and GDAL make it.
const CREATE: &str = "CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256),
    f_table_schema TEXT(256),
    f_table_name TEXT(256),
    f_geometry_column TEXT(256),
    styleName TEXT(30),
    styleQML TEXT,
    styleSLD TEXT,
    useAsDefault BOOLEAN,
    description TEXT,
    owner TEXT(30),
    ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))";

/// Columns without which a table of that name is something else.
const COLUMNS: [&str; 11] = [
    "f_table_catalog",
    "f_table_schema",
    "f_table_name",
    "f_geometry_column",
    "styleName",
    "styleQML",
    "styleSLD",
    "useAsDefault",
    "description",
    "owner",
    "update_time",
];

/// Which layers are dressed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that a command changed.
    Changed,
    /// All that have something to show: the first command of a program that may draw otherwise than the one before it.
    All,
}

/// Follows a command, in its transaction. That another program may see old colours is no reason to refuse what a person
/// wants: whatever fails here is taken back by itself.
pub(super) fn follow(conn: &Connection, changed: &[Changed], which: Which, dresser: Dresser) -> Result<(), StoreError> {
    let touched: BTreeSet<&str> = changed
        .iter()
        .filter_map(|changed| match changed {
            Changed::Layer(table) | Changed::State(table) => Some(table.as_str()),
            _ => None,
        })
        .collect();
    if touched.is_empty() && which == Which::Changed {
        return Ok(());
    }
    conn.execute_batch("SAVEPOINT dress")?;
    let done = dress(conn, &touched, which, dresser);
    if let Err(error) = done {
        tracing::warn!(%error, "styles for other programs");
        conn.execute_batch("ROLLBACK TO dress")?;
    }
    Ok(conn.execute_batch("RELEASE dress")?)
}

fn dress(conn: &Connection, touched: &BTreeSet<&str>, which: Which, dresser: Dresser) -> Result<(), StoreError> {
    let layers = catalog::contents(conn)?;
    for (place, contents) in layers.iter().enumerate() {
        let is_touched = touched.contains(contents.table.as_str());
        if is_touched || which == Which::All {
            dress_layer(conn, contents, place, is_touched, dresser)?;
        }
    }
    if is_usable(conn)? {
        let sql = "DELETE FROM layer_styles WHERE owner = ?1 AND NOT EXISTS
                   (SELECT 1 FROM gpkg_contents c WHERE c.table_name = f_table_name COLLATE NOCASE)";
        conn.execute(sql, [OURS])?;
    }
    Ok(())
}

fn dress_layer(
    conn: &Connection,
    contents: &Contents,
    place: usize,
    is_touched: bool,
    dresser: Dresser,
) -> Result<(), StoreError> {
    let table = catalog::describe(conn, contents)?;
    let state = layer_state::kept(conn, contents, place)?.state;
    // Nobody asked for our colours on the layers of another program's file.
    let is_foreign = table.schema.kind == "plain" && state.style.is_none() && !is_touched;
    let Some(column) = table.geometry.as_ref().filter(|_| !is_foreign) else { return Ok(()) };
    let Some(dress) = dresser(&table.schema, &state) else { return Ok(()) };
    if !exists(conn, "layer_styles")? {
        conn.execute_batch(CREATE)?;
        conn.execute(
            "INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier, description)
             VALUES ('layer_styles', 'attributes', 'layer_styles', '')",
            [],
        )?;
    }
    if is_usable(conn)? { put(conn, &table.schema.table, &column.name, &dress) } else { Ok(()) }
}

/// Whether the table is the one that QGIS knows.
fn is_usable(conn: &Connection) -> Result<bool, StoreError> {
    let mut statement = conn.prepare_cached("SELECT lower(name) FROM pragma_table_info('layer_styles')")?;
    let columns = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<BTreeSet<_>>>()?;
    Ok(COLUMNS.iter().all(|column| columns.contains(&column.to_lowercase())))
}

/// Keeps our one row of a layer; a style that somebody has made the layer's default in QGIS stays it.
fn put(conn: &Connection, table: &str, column: &str, dress: &Dress) -> Result<(), StoreError> {
    let found: Option<(i64, bool)> = conn
        .prepare_cached(
            "SELECT id, styleQML IS ?2 AND styleSLD IS ?3 AND f_geometry_column IS ?4 FROM layer_styles
             WHERE f_table_name = ?1 COLLATE NOCASE AND owner = ?5 AND styleName = ?5",
        )?
        .query_row(params![table, dress.qml, dress.sld, column, OURS], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let sql = match found {
        Some((_, true)) => return Ok(()),
        Some((id, false)) => format!(
            "UPDATE layer_styles SET f_geometry_column = ?2, styleQML = ?3, styleSLD = ?4, owner = ?5,
                    update_time = strftime('%Y-%m-%dT%H:%M:%fZ','now')
             WHERE id = {id} AND f_table_name = ?1 COLLATE NOCASE"
        ),
        None => "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,
                        styleQML, styleSLD, useAsDefault, description, owner, update_time)
                 SELECT '', '', ?1, ?2, ?5, ?3, ?4,
                        NOT EXISTS (SELECT 1 FROM layer_styles WHERE f_table_name = ?1 COLLATE NOCASE AND useAsDefault),
                        '城格 citygrid', ?5, strftime('%Y-%m-%dT%H:%M:%fZ','now')"
            .to_owned(),
    };
    conn.prepare_cached(&sql)?.execute(params![table, column, dress.qml, dress.sld, OURS])?;
    Ok(())
}
