//! PMTiles 3: web tiles in one file, found through directories along a Hilbert curve.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::cells::{Cell, Cells, Source};
use super::mbtiles::{plain, web_levels};
use super::shapes::{ShapeTiles, TileBytes};
use super::{
    About, Body, GroundKind, MOST_TILE_BYTES, MOST_ZOOM, damaged, decode, mercator_extent, mercator_plane, unpacked,
};
use crate::geom::crs::Crs;
use crate::io::error::ReadError;
use crate::text::Text;

/// Bytes of the header.
const HEADER: usize = 127;
/// Largest directory or metadata, packed and unpacked, bytes.
const MOST_DIRECTORY: usize = 32 << 20;
/// Directories below the root that are kept in memory.
const KEPT: usize = 64;
/// Directories from the root to a tile; the format has three at most.
const DEEPEST: usize = 4;

/// The tiles of an open file.
#[derive(Clone)]
struct Tiles {
    file: Arc<Mutex<File>>,
    root: Arc<[Entry]>,
    leaves: Arc<Mutex<BTreeMap<u64, Arc<[Entry]>>>>,
    leaf_start: u64,
    data_start: u64,
    zooms: Arc<[u8]>,
}

/// One row of a directory: so many tiles from a number on, or a directory.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    tile: u64,
    run: u64,
    offset: u64,
    length: u64,
}

pub(super) fn open(path: &Path) -> Result<(About, Body), ReadError> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut header = [0; HEADER];
    file.read_exact(&mut header).map_err(|_| ReadError::Truncated { bytes })?;
    let number = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap_or_default());
    let degrees = |at: usize| f64::from(i32::from_le_bytes(header[at..at + 4].try_into().unwrap_or_default())) / 1e7;
    if header[7] != 3 {
        return Err(damaged("不是第 3 版 PMTiles", "it is not version 3 of PMTiles"));
    }
    for packing in [header[97], header[98]] {
        if packing > 2 {
            return Err(damaged("压缩方式不是 gzip", "it is packed by something other than gzip"));
        }
    }
    let is_shapes = match header[99] {
        1 => true,
        2..=4 => false,
        _ => return Err(damaged("瓦片不是 PNG、JPEG、WebP 或 MVT", "its tiles are not PNG, JPEG, WebP or MVT")),
    };
    let root = directory(&read_part(&mut file, number(8), number(16), MOST_DIRECTORY)?).ok_or_else(no_directory)?;
    let meta = read_part(&mut file, number(24), number(32), MOST_DIRECTORY).ok();
    let meta: Option<serde_json::Value> =
        meta.and_then(|meta| unpacked(meta, MOST_DIRECTORY)).and_then(|meta| serde_json::from_slice(&meta).ok());
    let say = |name: &str| Some(meta.as_ref()?.get(name)?.as_str()?.chars().take(1000).collect::<String>());
    let (least, most) = (header[100].min(MOST_ZOOM), header[101].min(MOST_ZOOM));
    if least > most {
        return Err(damaged("缩放级别颠倒", "its zoom levels are the wrong way round"));
    }
    let zooms: Arc<[u8]> = (least..=most).rev().collect();
    let tiles = Tiles {
        file: Arc::new(Mutex::new(file)),
        root,
        leaves: Arc::default(),
        leaf_start: number(40),
        data_start: number(56),
        zooms: Arc::clone(&zooms),
    };
    let side = if is_shapes { 512 } else { tiles.side() };
    let side_px = f64::from(side) * f64::from(2_u32.pow(most.into()));
    let plane = mercator_plane(side_px);
    let about = About {
        name: say("name").unwrap_or_default(),
        kind: GroundKind::PmTiles,
        attribution: plain(&say("attribution").unwrap_or_default()),
        crs: Crs::WEB_MERCATOR,
        extent_px: mercator_extent(Some([102, 106, 110, 114].map(degrees)), &plane, side_px),
        plane,
        zooms: Some([least, most]),
    };
    let body = if is_shapes {
        Body::Shapes(ShapeTiles::new([least, most], f64::from(side), tiles))
    } else {
        Body::Cells(Cells::new(web_levels(&zooms, side), tiles))
    };
    Ok((about, body))
}

fn no_directory() -> ReadError {
    ReadError::Damaged { what: Text::new("目录无法读取", "its directory cannot be read") }
}

fn read_part(file: &mut File, offset: u64, length: u64, most: usize) -> Result<Vec<u8>, ReadError> {
    if length > most as u64 {
        return Err(ReadError::TooMuchMemory);
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(ReadError::Truncated { bytes: offset }) }
}

/// A directory, packed or not; `None` where it breaks the rules.
fn directory(bytes: &[u8]) -> Option<Arc<[Entry]>> {
    let bytes = unpacked(bytes.to_vec(), MOST_DIRECTORY)?;
    let mut rest = &bytes[..];
    let count = varint(&mut rest)?;
    // Each entry takes four bytes at least.
    if count > bytes.len() as u64 / 4 {
        return None;
    }
    let mut entries = vec![Entry { tile: 0, run: 0, offset: 0, length: 0 }; count as usize];
    let mut tile = 0_u64;
    for entry in &mut entries {
        tile = tile.checked_add(varint(&mut rest)?)?;
        entry.tile = tile;
    }
    for entry in &mut entries {
        entry.run = varint(&mut rest)?;
    }
    for entry in &mut entries {
        entry.length = varint(&mut rest)?;
    }
    let mut next = 0_u64;
    for entry in &mut entries {
        entry.offset = match varint(&mut rest)? {
            0 => next,
            offset => offset - 1,
        };
        next = entry.offset.checked_add(entry.length)?;
    }
    Some(entries.into())
}

/// A number in groups of seven bits, the lowest first.
pub(super) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// The number of a tile: all tiles of lower zooms, then along the Hilbert curve of its own.
fn tile_number(zoom: u8, [column, row]: [u64; 2]) -> u64 {
    let before = ((1_u64 << (2 * u32::from(zoom))) - 1) / 3;
    let (mut x, mut y, mut along) = (column, row, 0_u64);
    for bit in (0..zoom).rev() {
        let side = 1_u64 << bit;
        let (right, down) = (u64::from(x & side > 0), u64::from(y & side > 0));
        along += side * side * ((3 * right) ^ down);
        if down == 0 {
            if right == 1 {
                (x, y) = ((side - 1).wrapping_sub(x), (side - 1).wrapping_sub(y));
            }
            (x, y) = (y, x);
        }
    }
    before + along
}

impl Tiles {
    fn find(&self, tile: u64) -> Option<Vec<u8>> {
        let mut entries = Arc::clone(&self.root);
        for _ in 0..DEEPEST {
            let at = entries.partition_point(|entry| entry.tile <= tile).checked_sub(1)?;
            let entry = entries[at];
            if entry.run > 0 {
                let offset = self.data_start.checked_add(entry.offset)?;
                return (tile - entry.tile < entry.run).then(|| self.part(offset, entry.length, MOST_TILE_BYTES))?;
            }
            entries = self.leaf(entry)?;
        }
        None
    }

    fn leaf(&self, entry: Entry) -> Option<Arc<[Entry]>> {
        let kept = || self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = kept().get(&entry.offset) {
            return Some(Arc::clone(leaf));
        }
        let bytes = self.part(self.leaf_start.checked_add(entry.offset)?, entry.length, MOST_DIRECTORY)?;
        let leaf = directory(&bytes)?;
        let mut leaves = kept();
        if leaves.len() >= KEPT {
            leaves.clear();
        }
        leaves.insert(entry.offset, Arc::clone(&leaf));
        Some(leaf)
    }

    fn part(&self, offset: u64, length: u64, most: usize) -> Option<Vec<u8>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        read_part(&mut file, offset, length, most).ok()
    }

    /// Width of the first tile, pixels.
    fn side(&self) -> u32 {
        let mut entries = Arc::clone(&self.root);
        for _ in 0..DEEPEST {
            let Some(&entry) = entries.last() else { break };
            if entry.run > 0 {
                let tile = self.find(entry.tile).and_then(|bytes| decode(&bytes));
                return tile.map_or(256, |tile| tile.size[0].max(1) as u32);
            }
            let Some(leaf) = self.leaf(entry) else { break };
            entries = leaf;
        }
        256
    }
}

impl TileBytes for Tiles {
    fn tile(&self, zoom: u8, at: [u64; 2]) -> Option<Vec<u8>> {
        self.find(tile_number(zoom, at))
    }
}

impl Source for Tiles {
    fn cell(&self, level: usize, at: [u64; 2]) -> Option<Cell> {
        decode(&unpacked(self.tile(*self.zooms.get(level)?, at)?, MOST_TILE_BYTES)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_numbered_as_the_specification_says() {
        let numbers = [(0, [0, 0], 0), (1, [0, 0], 1), (1, [0, 1], 2), (1, [1, 1], 3), (1, [1, 0], 4), (2, [0, 0], 5)];
        for (zoom, at, number) in numbers {
            assert_eq!(tile_number(zoom, at), number, "{zoom} {at:?}");
        }
        // From the reference implementation's tests.
        assert_eq!(tile_number(12, [3423, 1763]), 19_078_479);
    }

    #[test]
    fn a_directory_that_says_it_is_endless_is_refused() {
        assert_eq!(directory(&[0xff, 0xff, 0xff, 0xff, 0x0f]), None);
        assert!(directory(&[0x00]).is_some_and(|entries| entries.is_empty()));
    }
}
