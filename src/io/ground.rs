//! Base maps from disk: MBTiles, tile tables of GeoPackages, PMTiles, GeoTIFF and pictures with a world file.
//!
//! All of them are one thing here, a [`Ground`]: a plane of pixels, far too many to be in memory, of which a window is
//! asked for at some coarseness. It is opened once and read by many threads; what was decoded last stays within 64 MB.
//! Nothing that a file says of sizes and counts is believed before it is held against limits.

use std::path::Path;

use crate::geom::crs::Crs;
use crate::geom::transform::degrees_from_mercator;
use crate::model::geometry::Bounds;
use crate::model::ground::{GroundPixels, GroundShape};
use crate::task::Cancel;
use crate::text;
use crate::text::Text;

use super::error::ReadError;

mod cells;
mod gpkg_tiles;
mod mbtiles;
mod mvt;
mod picture;
mod place;
mod plane;
mod pmtiles;
mod samples;
mod shapes;
#[cfg(test)]
mod tests;
mod tiff;
mod world_file;

use cells::Cells;
pub use place::GroundPlace;
use plane::Plane;
use shapes::ShapeTiles;

/// Half the side of the square of Web Mercator, metres.
const MERCATOR_EDGE_M: f64 = 20_037_508.342_789_244;
/// Widest and highest tile, pixels.
const MOST_TILE_PX: u32 = 4096;
/// Largest stored tile, bytes.
const MOST_TILE_BYTES: usize = 16 << 20;
/// Deepest zoom level that is used.
const MOST_ZOOM: u8 = 24;

/// What sort of file a base map is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroundKind {
    /// A table of tiles in an SQLite file (MBTiles 1.3).
    MbTiles,
    /// A tile table of a GeoPackage (OGC 12-128r19, chapter 2.2).
    GeoPackage,
    /// Tiles in one file (PMTiles 3).
    PmTiles,
    /// A TIFF that knows its place (OGC 19-008r4), or has a world file.
    GeoTiff,
    /// A PNG, JPEG or WebP with a world file.
    Picture,
}

impl GroundKind {
    /// What a person reads.
    pub fn name(self) -> Text {
        match self {
            Self::MbTiles => Text::same("MBTiles"),
            Self::GeoPackage => Text::new("GeoPackage 瓦片", "GeoPackage tiles"),
            Self::PmTiles => Text::same("PMTiles"),
            Self::GeoTiff => Text::same("GeoTIFF"),
            Self::Picture => Text::new("带坐标文件的图片", "Picture with a world file"),
        }
    }
}

/// What a file says of itself.
struct About {
    name: String,
    kind: GroundKind,
    attribution: String,
    /// CRS of the plane; Web Mercator for tiles of the web.
    crs: Crs,
    plane: Plane,
    /// What is drawn of the plane, in its own pixels.
    extent_px: Bounds,
    zooms: Option<[u8; 2]>,
}

enum Body {
    Cells(Cells),
    Shapes(ShapeTiles),
}

/// A base map. See the module's head.
pub struct Ground {
    about: About,
    body: Body,
}

impl std::fmt::Debug for Ground {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Ground({}, {:?})", self.about.name, self.about.kind)
    }
}

impl Ground {
    /// Opens a base map; `asked` is the CRS of a picture that does not say it, or says it wrong.
    ///
    /// # Errors
    /// [`ReadError`]: no base map, damaged, or [`ReadError::UnknownCrs`] for a picture of an unknown system.
    pub fn open(path: &Path, asked: Option<Crs>) -> Result<Self, ReadError> {
        let mut head = [0; 72];
        let read = read_head(path, &mut head)?;
        let head = &head[..read];
        let (mut about, body) = match head {
            [] => return Err(ReadError::Empty),
            _ if head.starts_with(b"SQLite format 3\0") => sqlite(path)?,
            _ if head.starts_with(b"PMTiles") => pmtiles::open(path)?,
            _ if tiff::is_begun(head) => tiff::open(path, asked)?,
            _ if image::guess_format(head).is_ok() => picture::open(path, asked)?,
            _ => return Err(ReadError::NotSupported { path: path.to_owned() }),
        };
        if about.name.trim().is_empty() {
            about.name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        }
        Ok(Self { about, body })
    }

    /// Whether a file may be a base map, by its ending and what lies beside it: what is dropped on the window is looked
    /// at more closely then.
    pub fn is_likely(path: &Path) -> bool {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        match ending.as_str() {
            "mbtiles" | "pmtiles" | "tif" | "tiff" => true,
            "png" | "jpg" | "jpeg" | "webp" => world_file::beside(path).is_some(),
            "gpkg" => gpkg_tiles::is_all(path),
            _ => false,
        }
    }

    /// What it is called, by itself or by its file.
    pub fn name(&self) -> &str {
        &self.about.name
    }

    /// What sort of file it is.
    pub fn kind(&self) -> GroundKind {
        self.about.kind
    }

    /// Whose work it is, to be said on every print; empty where the file does not say.
    pub fn attribution(&self) -> &str {
        &self.about.attribution
    }

    /// The CRS that it says it is in; a shift of Chinese web maps is never said by a file.
    pub fn crs(&self) -> Crs {
        self.about.crs
    }

    /// Lowest and highest zoom level of tiles.
    pub fn zooms(&self) -> Option<[u8; 2]> {
        self.about.zooms
    }

    /// Whether it is drawn from shapes, in the program's own colours.
    pub fn is_drawn(&self) -> bool {
        matches!(self.body, Body::Shapes(_))
    }

    /// What it covers, in the pixels of its plane.
    pub fn extent_px(&self) -> Bounds {
        self.about.extent_px
    }

    /// The way between places and its pixels, for a base map in a datum.
    ///
    /// # Errors
    /// [`crate::geom::crs::CrsError`] for a system that cannot be converted.
    pub fn place(&self, datum: Crs) -> Result<GroundPlace, crate::geom::crs::CrsError> {
        GroundPlace::new(self.about.crs, datum, self.about.plane)
    }

    /// The pixels of a window of the plane, each for about `step` pixels at full size; `None` where there is nothing, for
    /// a base map of shapes, and when cancelled.
    pub fn pixels(&self, window: &Bounds, step: f64, cancel: &Cancel) -> Option<GroundPixels> {
        match &self.body {
            Body::Cells(cells) => cells.window(window, step, cancel),
            Body::Shapes(_) => None,
        }
    }

    /// The shapes in a window of the plane, for a map whose pixel is `step` pixels at full size.
    pub fn shapes(&self, window: &Bounds, step: f64, cancel: &Cancel) -> Vec<GroundShape> {
        match &self.body {
            Body::Cells(_) => Vec::new(),
            Body::Shapes(tiles) => tiles.window(window, step, cancel),
        }
    }
}

fn read_head(path: &Path, head: &mut [u8]) -> std::io::Result<usize> {
    use std::io::Read as _;
    let mut file = std::fs::File::open(path)?;
    let mut read = 0;
    while read < head.len() {
        match file.read(&mut head[read..])? {
            0 => break,
            some => read += some,
        }
    }
    Ok(read)
}

fn sqlite(path: &Path) -> Result<(About, Body), ReadError> {
    match mbtiles::open(path)? {
        Some(found) => Ok(found),
        None => gpkg_tiles::open(path)?.ok_or_else(|| damaged("没有瓦片表", "it has no table of tiles")),
    }
}

fn damaged(zh: &'static str, en: &'static str) -> ReadError {
    ReadError::Damaged { what: Text::new(zh, en) }
}

fn refused(what: impl std::fmt::Display) -> ReadError {
    ReadError::Damaged { what: text!("{what}", "{what}") }
}

/// A picture of a tile as straight RGBA.
fn decode(bytes: &[u8]) -> Option<cells::Cell> {
    let mut reader = image::ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MOST_TILE_PX);
    limits.max_image_height = Some(MOST_TILE_PX);
    limits.max_alloc = Some(128 << 20);
    reader.limits(limits);
    let pixels = reader.decode().ok()?.into_rgba8();
    let size = [pixels.width() as usize, pixels.height() as usize];
    Some(cells::Cell { size, rgba: pixels.into_raw() })
}

/// Bytes that may be packed by gzip, unpacked up to a limit.
fn unpacked(bytes: Vec<u8>, most: usize) -> Option<Vec<u8>> {
    use std::io::Read as _;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return (bytes.len() <= most).then_some(bytes);
    }
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).take(most as u64 + 1).read_to_end(&mut out).ok()?;
    (out.len() <= most).then_some(out)
}

/// The plane of web tiles: Web Mercator from its north-western corner, with `side_px` pixels along the world.
fn mercator_plane(side_px: f64) -> Plane {
    let size = 2.0 * MERCATOR_EDGE_M / side_px;
    Plane::north_up([-MERCATOR_EDGE_M, MERCATOR_EDGE_M], [size, size])
}

/// WGS 84 degrees as pixels of such a plane; nonsense is the whole world.
fn mercator_extent(lonlat: Option<[f64; 4]>, plane: &Plane, side_px: f64) -> Bounds {
    let whole = Bounds::new(0.0, 0.0, side_px, side_px);
    let Some([west, south, east, north]) = lonlat else { return whole };
    let is_sound = [west, south, east, north].iter().all(|side| side.is_finite()) && west < east && south < north;
    if !is_sound {
        return whole;
    }
    let edge = degrees_from_mercator([MERCATOR_EDGE_M, MERCATOR_EDGE_M])[1];
    let mut extent = Bounds::EMPTY;
    for lonlat in [[west, south.clamp(-edge, edge)], [east, north.clamp(-edge, edge)]] {
        extent.extend(plane.px_from_plane(crate::geom::transform::mercator_from_degrees(lonlat)));
    }
    let clamped = |at: [f64; 2]| at.map(|side| side.clamp(0.0, side_px));
    Bounds { min: clamped(extent.min), max: clamped(extent.max) }
}
