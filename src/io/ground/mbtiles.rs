//! MBTiles 1.3: web tiles in an SQLite table, rows counted from the south; pictures, or vector tiles.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::OptionalExtension as _;

use super::cells::{Cell, Cells, Level, Source};
use super::shapes::{ShapeTiles, TileBytes};
use super::{About, Body, GroundKind, MOST_TILE_BYTES, MOST_ZOOM, decode, mercator_extent, mercator_plane};
use crate::geom::crs::Crs;
use crate::io::error::ReadError;
use crate::io::gpkg::open::{Database, failed};
use crate::task::Task;

/// The tiles of an open file. SQLite's connections are for one thread at a time; decoding is done outside.
#[derive(Clone)]
pub(super) struct Tiles {
    database: Arc<Mutex<Database>>,
    /// Zoom levels from the deepest up.
    zooms: Arc<[u8]>,
}

/// Opens a file; `None` where it is no MBTiles.
pub(super) fn open(path: &Path) -> Result<Option<(About, Body)>, ReadError> {
    let database = Database::open(path, &Task::silent())?;
    let has_tiles = "SELECT count(*) FROM sqlite_master WHERE name = 'tiles' AND type IN ('table', 'view')";
    let conn = &database.conn;
    let count: i64 = conn.query_row(has_tiles, [], |row| row.get(0)).map_err(|error| failed(&error))?;
    if count == 0 {
        return Ok(None);
    }
    let say = |name: &str| meta(&database, name);
    let zoom = |sql: &str| {
        let found = conn.query_row(sql, [], |row| row.get::<_, Option<i64>>(0)).map_err(|error| failed(&error))?;
        Ok::<_, ReadError>(found.map(|zoom| zoom.clamp(0, MOST_ZOOM.into()) as u8))
    };
    let (least, most) = (zoom("SELECT min(zoom_level) FROM tiles")?, zoom("SELECT max(zoom_level) FROM tiles")?);
    let (Some(least), Some(most)) = (least, most) else { return Err(ReadError::Empty) };
    let first = first_tile(&database, most)?;
    let is_shapes = say("format").is_some_and(|format| format.eq_ignore_ascii_case("pbf"));
    let side = if is_shapes { 512 } else { decode(&first).map_or(256, |tile| tile.size[0].max(1)) };
    let side_px = side as f64 * f64::from(2_u32.pow(most.into()));
    let bounds = say("bounds").and_then(|words| {
        let sides: Vec<f64> = words.split(',').filter_map(|side| side.trim().parse().ok()).collect();
        <[f64; 4]>::try_from(sides).ok()
    });
    let plane = mercator_plane(side_px);
    let about = About {
        name: say("name").unwrap_or_default(),
        kind: GroundKind::MbTiles,
        attribution: plain(&say("attribution").unwrap_or_default()),
        crs: Crs::WEB_MERCATOR,
        extent_px: mercator_extent(bounds, &plane, side_px),
        plane,
        zooms: Some([least, most]),
    };
    let zooms: Arc<[u8]> = (least..=most).rev().filter(|&zoom| has_tile(&database, zoom)).collect();
    let tiles = Tiles { database: Arc::new(Mutex::new(database)), zooms: Arc::clone(&zooms) };
    let body = if is_shapes {
        Body::Shapes(ShapeTiles::new([least, most], f64::from(side as u32), tiles))
    } else {
        Body::Cells(Cells::new(web_levels(&zooms, side as u32), tiles))
    };
    Ok(Some((about, body)))
}

/// The levels of web tiles, from the deepest zoom up.
pub(super) fn web_levels(zooms: &[u8], side: u32) -> Vec<Level> {
    let deepest = zooms.first().copied().unwrap_or_default();
    let level = |&zoom: &u8| Level {
        factor: f64::from(2_u32.pow(deepest.saturating_sub(zoom).into())),
        cell: [side; 2],
        count: [1 << zoom; 2],
    };
    zooms.iter().map(level).collect()
}

fn meta(database: &Database, name: &str) -> Option<String> {
    database.alive();
    let sql = "SELECT value FROM metadata WHERE name = ?1";
    database.conn.query_row(sql, [name], |row| row.get(0)).ok().filter(|value: &String| value.len() < 4096)
}

/// Attributions are written for web pages.
pub(super) fn plain(words: &str) -> String {
    let mut out = String::new();
    let mut is_tag = false;
    for letter in words.chars() {
        match letter {
            '<' => is_tag = true,
            '>' if is_tag => is_tag = false,
            _ if is_tag => {}
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out.replace("&copy;", "©").replace("&amp;", "&").trim().to_owned()
}

/// A level without a single tile would hide those that have some.
fn has_tile(database: &Database, zoom: u8) -> bool {
    database.alive();
    let sql = "SELECT EXISTS (SELECT 1 FROM tiles WHERE zoom_level = ?1)";
    database.conn.query_row(sql, [zoom], |row| row.get(0)).unwrap_or_default()
}

fn first_tile(database: &Database, zoom: u8) -> Result<Vec<u8>, ReadError> {
    database.alive();
    let sql = "SELECT tile_data FROM tiles WHERE zoom_level = ?1 AND length(tile_data) < ?2 LIMIT 1";
    let found = database.conn.query_row(sql, (zoom, MOST_TILE_BYTES as i64), |row| row.get(0)).optional();
    Ok(found.map_err(|error| failed(&error))?.unwrap_or_default())
}

impl TileBytes for Tiles {
    fn tile(&self, zoom: u8, [column, row]: [u64; 2]) -> Option<Vec<u8>> {
        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        database.alive();
        let sql = "SELECT tile_data FROM tiles WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3";
        let mut statement = database.conn.prepare_cached(sql).ok()?;
        let from_south = (1_i64 << zoom) - 1 - row as i64;
        statement
            .query_row((zoom, column as i64, from_south), |row| {
                let blob = row.get_ref(0)?.as_blob().ok().filter(|blob| blob.len() <= MOST_TILE_BYTES);
                Ok(blob.map(<[u8]>::to_vec))
            })
            .ok()?
    }
}

impl Source for Tiles {
    fn cell(&self, level: usize, at: [u64; 2]) -> Option<Cell> {
        decode(&self.tile(*self.zooms.get(level)?, at)?)
    }
}
