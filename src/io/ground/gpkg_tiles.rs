//! Tile tables of GeoPackages (OGC 12-128r19, chapter 2.2): any CRS, any tile size, rows counted from the north.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::OptionalExtension as _;

use super::cells::{Cell, Cells, Level, Source};
use super::mbtiles::plain;
use super::plane::Plane;
use super::{About, Body, GroundKind, MOST_TILE_BYTES, MOST_TILE_PX, damaged, decode};
use crate::geom::crs::Crs;
use crate::geom::wkt::crs_from_wkt;
use crate::io::error::ReadError;
use crate::io::gpkg::open::{Database, failed};
use crate::model::geometry::Bounds;
use crate::task::Task;

/// Most zoom levels of a table.
const MOST_LEVELS: usize = 40;

/// Table, name, system, upper left corner, and what its contents are said to cover.
type Found = (String, String, i64, [f64; 2], [Option<f64>; 4]);

struct Tiles {
    database: Mutex<Database>,
    sql: String,
    /// The zoom level of each level, from the deepest up.
    zooms: Vec<i64>,
}

/// One row of `gpkg_tile_matrix`.
struct Matrix {
    zoom: i64,
    count: [i64; 2],
    tile: [i64; 2],
    pixel: [f64; 2],
}

/// Whether a GeoPackage holds tiles and no features: such a file is no city.
pub(super) fn is_all(path: &Path) -> bool {
    let sql = "SELECT sum(data_type = 'tiles') > 0 AND sum(data_type = 'features') = 0 FROM gpkg_contents";
    let asked = Database::open(path, &Task::silent()).ok().map(|database| {
        database.conn.query_row(sql, [], |row| row.get::<_, Option<bool>>(0)).ok().flatten().unwrap_or_default()
    });
    asked.unwrap_or_default()
}

/// Opens the first tile table of a file; `None` where there is none.
pub(super) fn open(path: &Path) -> Result<Option<(About, Body)>, ReadError> {
    let database = Database::open(path, &Task::silent())?;
    let has = "SELECT count(*) FROM sqlite_master WHERE name IN ('gpkg_contents', 'gpkg_tile_matrix_set', 'gpkg_tile_matrix')";
    let count: i64 = database.conn.query_row(has, [], |row| row.get(0)).map_err(|error| failed(&error))?;
    if count < 3 {
        return Ok(None);
    }
    let sql = "SELECT c.table_name, coalesce(c.identifier, ''), s.srs_id, s.min_x, s.max_y, c.min_x, c.min_y, c.max_x, c.max_y
        FROM gpkg_contents c JOIN gpkg_tile_matrix_set s ON s.table_name = c.table_name
        WHERE c.data_type = 'tiles' ORDER BY c.rowid LIMIT 1";
    let found: Option<Found> = database
        .conn
        .query_row(sql, [], |row| {
            let side = |at: usize| row.get::<_, Option<f64>>(at);
            let sides = [side(5)?, side(6)?, side(7)?, side(8)?];
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, [row.get(3)?, row.get(4)?], sides))
        })
        .optional()
        .map_err(|error| failed(&error))?;
    let Some((table, name, srs, corner, sides)) = found else { return Ok(None) };
    let quoted = table.replace('"', "\"\"");
    let mut matrices = matrices(&database, &table)?;
    // A level without a single tile would hide those that have some.
    let sql = format!("SELECT EXISTS (SELECT 1 FROM \"{quoted}\" WHERE zoom_level = ?1)");
    matrices.retain(|matrix| {
        database.alive();
        database.conn.query_row(&sql, [matrix.zoom], |row| row.get(0)).unwrap_or_default()
    });
    let finest = matrices.first().ok_or_else(|| damaged("瓦片表没有级别", "its tile table has no zoom level"))?;
    let plane = Plane::north_up(corner, finest.pixel);
    let whole = [0, 1].map(|axis| (finest.count[axis] * finest.tile[axis]) as f64);
    let about = About {
        name: if name.is_empty() { table.clone() } else { name },
        kind: GroundKind::GeoPackage,
        attribution: plain(&attribution(&database, &table).unwrap_or_default()),
        crs: crs_of(&database, srs)?,
        plane,
        extent_px: extent(&plane, sides, whole),
        zooms: matrices.last().map(|last| [last.zoom, finest.zoom].map(|zoom| zoom.clamp(0, 255) as u8)),
    };
    let levels = matrices.iter().map(|matrix| Level {
        factor: matrix.pixel[0] / finest.pixel[0],
        cell: matrix.tile.map(|side| side as u32),
        count: matrix.count.map(|count| count as u64),
    });
    let levels = levels.collect();
    let sql = format!(
        "SELECT tile_data FROM \"{quoted}\" WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3 LIMIT 1"
    );
    let zooms = matrices.iter().map(|matrix| matrix.zoom).collect();
    let tiles = Tiles { database: Mutex::new(database), sql, zooms };
    Ok(Some((about, Body::Cells(Cells::new(levels, tiles)))))
}

fn matrices(database: &Database, table: &str) -> Result<Vec<Matrix>, ReadError> {
    database.alive();
    let sql = "SELECT zoom_level, matrix_width, matrix_height, tile_width, tile_height, pixel_x_size, pixel_y_size
        FROM gpkg_tile_matrix WHERE table_name = ?1 ORDER BY pixel_x_size LIMIT ?2";
    let read = || {
        let mut statement = database.conn.prepare(sql)?;
        let rows = statement.query_map((table, MOST_LEVELS as i64), |row| {
            Ok(Matrix {
                zoom: row.get(0)?,
                count: [row.get(1)?, row.get(2)?],
                tile: [row.get(3)?, row.get(4)?],
                pixel: [row.get(5)?, row.get(6)?],
            })
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    let mut matrices = read().map_err(|error| failed(&error))?;
    matrices.retain(|matrix| {
        let is_size = |side: &i64| (1..=i64::from(MOST_TILE_PX)).contains(side);
        matrix.tile.iter().all(is_size)
            && matrix.count.iter().all(|count| (1..=1 << 31).contains(count))
            && matrix.pixel.iter().all(|size| size.is_finite() && *size > 0.0)
    });
    Ok(matrices)
}

fn extent(plane: &Plane, sides: [Option<f64>; 4], whole: [f64; 2]) -> Bounds {
    let all = Bounds::new(0.0, 0.0, whole[0], whole[1]);
    let [Some(west), Some(south), Some(east), Some(north)] = sides else { return all };
    let mut said = Bounds::EMPTY;
    [[west, south], [east, north]].into_iter().for_each(|at| said.extend(plane.px_from_plane(at)));
    let is_sound = said.min.iter().chain(&said.max).all(|side| side.is_finite()) && said.intersects(&all);
    let clamped = |at: [f64; 2]| [0, 1].map(|axis| at[axis].clamp(0.0, whole[axis]));
    if is_sound { Bounds { min: clamped(said.min), max: clamped(said.max) } } else { all }
}

fn crs_of(database: &Database, srs: i64) -> Result<Crs, ReadError> {
    database.alive();
    let sql = "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?1";
    let read =
        |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?));
    let (body, code, wkt) = database.conn.query_row(sql, [srs], read).map_err(|error| failed(&error))?;
    let listed = Crs::parse(&format!("{body}:{code}")).ok();
    listed.or_else(|| crs_from_wkt(&wkt).ok()).ok_or(ReadError::UnknownCrs { name: format!("{body}:{code}") })
}

/// Whose work it is, in the contents' description.
fn attribution(database: &Database, table: &str) -> Option<String> {
    database.alive();
    let sql = "SELECT description FROM gpkg_contents WHERE table_name = ?1";
    let words: Option<String> = database.conn.query_row(sql, [table], |row| row.get(0)).ok()?;
    words.filter(|words| words.contains('©') && words.len() < 4096)
}

impl Source for Tiles {
    fn cell(&self, level: usize, [column, row]: [u64; 2]) -> Option<Cell> {
        let zoom = *self.zooms.get(level)?;
        let bytes = {
            let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
            database.alive();
            let mut statement = database.conn.prepare_cached(&self.sql).ok()?;
            let read = statement.query_row((zoom, column as i64, row as i64), |row| {
                let blob = row.get_ref(0)?.as_blob().ok().filter(|blob| blob.len() <= MOST_TILE_BYTES);
                Ok(blob.map(<[u8]>::to_vec))
            });
            read.ok()??
        };
        decode(&bytes)
    }
}
