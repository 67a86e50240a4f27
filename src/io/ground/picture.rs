//! A PNG, JPEG or WebP with a world file: one cell, decoded when it is first seen.

use std::path::{Path, PathBuf};

use image::{ImageDecoder as _, ImageReader, Limits};

use super::cells::{Cell, Cells, Level, Source};
use super::{About, Body, GroundKind, damaged, refused, world_file};
use crate::geom::crs::Crs;
use crate::io::error::ReadError;
use crate::model::geometry::Bounds;

/// Most pixels: larger pictures belong into a GeoTIFF, of which parts can be read.
const MOST_PX: u64 = 64_000_000;

struct Whole(PathBuf);

pub(super) fn open(path: &Path, asked: Option<Crs>) -> Result<(About, Body), ReadError> {
    let plane = world_file::plane(path).ok_or_else(|| {
        damaged("旁边没有坐标文件（.pgw、.jgw 等）", "there is no world file (.pgw, .jgw …) beside it")
    })?;
    let decoder = ImageReader::open(path)?.with_guessed_format()?.into_decoder().map_err(refused)?;
    let (wide, high) = decoder.dimensions();
    if u64::from(wide) * u64::from(high) > MOST_PX || wide == 0 || high == 0 {
        return Err(ReadError::TooMuchMemory);
    }
    let size = [f64::from(wide), f64::from(high)];
    let about = About {
        name: String::new(),
        kind: GroundKind::Picture,
        attribution: String::new(),
        crs: world_file::crs(path, asked, &plane, size)?,
        plane,
        extent_px: Bounds::new(0.0, 0.0, size[0], size[1]),
        zooms: None,
    };
    let level = Level { factor: 1.0, cell: [wide, high], count: [1, 1] };
    Ok((about, Body::Cells(Cells::new(vec![level], Whole(path.to_owned())))))
}

impl Source for Whole {
    fn cell(&self, _level: usize, _at: [u64; 2]) -> Option<Cell> {
        let mut reader = ImageReader::open(&self.0).ok()?.with_guessed_format().ok()?;
        let mut limits = Limits::default();
        limits.max_alloc = Some(MOST_PX * 8);
        reader.limits(limits);
        let pixels = reader.decode().ok()?.into_rgba8();
        let size = [pixels.width() as usize, pixels.height() as usize];
        (size[0] as u64 * size[1] as u64 <= MOST_PX).then(|| Cell { size, rgba: pixels.into_raw() })
    }
}
