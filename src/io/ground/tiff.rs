//! GeoTIFF (OGC 19-008r4): tiles or strips of grey, colour or colour tables, of which those are read that a view needs,
//! at the overview that fits it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tiff::ColorType;
use tiff::TiffError;
use tiff::decoder::{ChunkType, Decoder, Limits};
use tiff::tags::Tag;

use super::cells::{Cell, Cells, Level, Source};
use super::plane::Plane;
use super::samples::{Disguised, Reader, Storage, palettes};
use super::{About, Body, GroundKind, damaged, world_file};
use crate::geom::crs::Crs;
use crate::geom::wkt::crs_from_wkt;
use crate::io::error::ReadError;
use crate::model::geometry::Bounds;
use crate::text;
use crate::text::Text;

/// Most pictures in one file that are looked at.
const MOST_PAGES: usize = 32;
/// Widest and highest picture, pixels.
const MOST_PX: u32 = 4_000_000;
/// Largest tile or strip, pixels.
const MOST_CHUNK_PX: u64 = 32_000_000;
/// Strips are taken together until they have so many rows or pixels.
const STRIP_ROWS: u32 = 128;
const STRIP_PX: u64 = 4_000_000;
/// Ways of packing that are read: none, LZW, JPEG, Deflate by its two numbers, `PackBits`.
const PACKINGS: [u16; 6] = [1, 5, 7, 8, 32_946, 32_773];
/// Keys of the `GeoKey` directory.
const RASTER_TYPE: u16 = 1025;
const CITATIONS: [u16; 3] = [1026, 3073, 2049];
const GEOGRAPHIC: u16 = 2048;
const PROJECTED: u16 = 3072;
/// Stands for a system that is spelled out elsewhere.
const USER_DEFINED: u16 = 32_767;

/// One picture of the file.
struct Page {
    /// Its place in the file.
    index: usize,
    size: [u32; 2],
    chunk: [u32; 2],
    /// Strips that make one cell.
    strips: Option<u32>,
    color: ColorType,
    storage: Storage,
    palette: Option<Vec<u16>>,
}

struct Pages {
    path: PathBuf,
    list: Vec<Page>,
    /// Bytes of the file that stand for colour tables.
    disguise: Vec<u64>,
    /// Readers that nobody uses, for each page.
    idle: Vec<Mutex<Vec<Reader>>>,
}

/// Whether a file that begins like this is a TIFF or `BigTIFF`.
pub(super) fn is_begun(head: &[u8]) -> bool {
    [&b"II*\0"[..], b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| head.starts_with(magic))
}

pub(super) fn open(path: &Path, asked: Option<Crs>) -> Result<(About, Body), ReadError> {
    let disguise = palettes(File::open(path)?).unwrap_or_default();
    let mut reader = reader(path, &disguise).map_err(refused)?;
    let mut pages = pages(&mut reader)?;
    reader.seek_to_image(0).map_err(refused)?;
    let size = pages[0].size.map(f64::from);
    let keys = Keys::read(&mut reader);
    let own = georeference(&mut reader, &keys);
    let has_own = own.is_some();
    let plane = own.or_else(|| world_file::plane(path)).ok_or_else(|| {
        damaged("没有坐标信息，旁边也没有 .tfw", "it does not say where it lies, and there is no .tfw beside it")
    })?;
    let said = if asked.is_none() && has_own { keys.crs()? } else { None };
    let crs = match asked.or(said) {
        Some(crs) => crs,
        None => world_file::crs(path, None, &plane, size)?,
    };
    let nodata = reader.get_tag_ascii_string(Tag::GdalNodata).ok();
    let nodata = nodata.and_then(|words| words.trim_matches(['\0', ' ']).parse::<f64>().ok());
    let nodata = nodata.filter(|value| (0.0..=65_535.0).contains(value)).map(|value| value as u16);
    look(&mut reader, &mut pages, nodata)?;
    let about = About {
        name: String::new(),
        kind: GroundKind::GeoTiff,
        attribution: String::new(),
        crs,
        plane,
        extent_px: Bounds::new(0.0, 0.0, size[0], size[1]),
        zooms: None,
    };
    let levels = pages.iter().map(|page| {
        let cell = [page.chunk[0], page.chunk[1] * page.strips.unwrap_or(1)];
        let count = [0, 1].map(|axis| u64::from(page.size[axis].div_ceil(cell[axis])));
        Level { factor: size[0] / f64::from(page.size[0]), cell, count }
    });
    let levels = levels.collect();
    let idle = pages.iter().map(|_| Mutex::default()).collect();
    let source = Pages { path: path.to_owned(), list: pages, disguise, idle };
    Ok((about, Body::Cells(Cells::new(levels, source))))
}

/// What is wrong with a file: of a kind that is not read, or damaged.
fn refused(error: TiffError) -> ReadError {
    match error {
        TiffError::UnsupportedError(_) => not_read(),
        error => ReadError::Damaged { what: text!("{error}", "{error}") },
    }
}

fn not_read() -> ReadError {
    let what = Text::new(
        "这种 TIFF 的存储方式；请转为 8 位灰度或 RGB（如 gdal_translate -ot Byte，-expand rgb）",
        "TIFFs stored in this way; convert it to 8-bit grey or RGB (such as gdal_translate -ot Byte, or -expand rgb)",
    );
    ReadError::NotRead { what }
}

/// Tells every picture what stands for nothing, and what the coarsest uses of 16 bits.
fn look(reader: &mut Reader, pages: &mut [Page], nodata: Option<u16>) -> Result<(), ReadError> {
    pages.iter_mut().for_each(|page| page.storage.nodata = nodata);
    let Some(coarsest) = pages.last_mut() else { return Ok(()) };
    reader.seek_to_image(coarsest.index).map_err(refused)?;
    coarsest.storage.look(reader);
    let range = coarsest.storage.range;
    pages.iter_mut().for_each(|page| page.storage.range = range);
    reader.seek_to_image(0).map_err(refused)
}

fn reader(path: &Path, disguise: &[u64]) -> Result<Reader, TiffError> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = 192 << 20;
    limits.intermediate_buffer_size = 192 << 20;
    limits.ifd_value_size = 32 << 20;
    Ok(Decoder::new(Disguised::new(File::open(path)?, disguise.to_vec()))?.with_limits(limits))
}

/// The picture and its overviews, from fine to coarse.
fn pages(reader: &mut Reader) -> Result<Vec<Page>, ReadError> {
    let mut pages = vec![page(reader, 0)?];
    for index in 1..MOST_PAGES {
        if !reader.more_images() || reader.next_image().is_err() {
            break;
        }
        let kind = reader.find_tag_unsigned::<u32>(Tag::NewSubfileType).ok().flatten().unwrap_or_default();
        // An overview is a smaller version; masks and further pages are something else.
        if kind & 0b101 == 1
            && let Ok(page) = page(reader, index)
        {
            pages.push(page);
        }
    }
    let full = pages[0].size;
    let ratio = |page: &Page| f64::from(full[0]) / f64::from(page.size[0]);
    pages.retain(|page| {
        let other = f64::from(full[1]) / f64::from(page.size[1]);
        page.index == 0 || (ratio(page) > 1.0 && (ratio(page) / other - 1.0).abs() < 0.1)
    });
    pages.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    Ok(pages)
}

fn page(reader: &mut Reader, index: usize) -> Result<Page, ReadError> {
    let (wide, high) = reader.dimensions().map_err(refused)?;
    let color = reader.colortype().map_err(refused)?;
    let is_known = matches!(
        color,
        ColorType::Gray(1 | 2 | 4 | 8 | 16)
            | ColorType::GrayA(8 | 16)
            | ColorType::RGB(8 | 16)
            | ColorType::RGBA(8 | 16)
            | ColorType::YCbCr(8)
            | ColorType::Multiband { bit_depth: 8 | 16, .. }
    );
    let is_apart = reader.find_tag_unsigned::<u16>(Tag::PlanarConfiguration).ok().flatten() == Some(2);
    if !is_known || (is_apart && matches!(color, ColorType::YCbCr(_))) {
        return Err(not_read());
    }
    let packing = reader.find_tag_unsigned::<u16>(Tag::Compression).ok().flatten().unwrap_or(1);
    if !PACKINGS.contains(&packing) {
        let what = Text::new(
            "这种压缩方式；请转为 DEFLATE、LZW 或 JPEG",
            "this way of packing; convert it to DEFLATE, LZW or JPEG",
        );
        return Err(ReadError::NotRead { what });
    }
    let (chunk_wide, chunk_high) = reader.chunk_dimensions();
    let chunk = [chunk_wide, chunk_high.min(high.max(1))];
    let is_sound = [wide, high].iter().all(|side| (1..=MOST_PX).contains(side)) && chunk.iter().all(|side| *side > 0);
    if !is_sound || u64::from(chunk[0]) * u64::from(chunk[1]) > MOST_CHUNK_PX {
        return Err(ReadError::TooMuchMemory);
    }
    let strips = (reader.get_chunk_type() == ChunkType::Strip).then(|| {
        let by_px = (STRIP_PX / (u64::from(chunk[0]) * u64::from(chunk[1]))).max(1) as u32;
        STRIP_ROWS.div_ceil(chunk[1]).min(by_px)
    });
    // Grey with a table of colours was disguised.
    let palette = if matches!(color, ColorType::Gray(_)) { reader.get_tag_u16_vec(Tag::ColorMap).ok() } else { None };
    let storage = Storage {
        bits: color.bit_depth(),
        planes: if is_apart { u32::from(color.num_samples()) } else { 1 },
        per_plane: wide.div_ceil(chunk[0]).saturating_mul(high.div_ceil(chunk[1])),
        is_palette: palette.is_some(),
        range: [0, u16::MAX],
        nodata: None,
    };
    Ok(Page { index, size: [wide, high], chunk, strips, color, storage, palette })
}

/// The plane that the file's own tags say.
fn georeference(reader: &mut Reader, keys: &Keys) -> Option<Plane> {
    let tag = |reader: &mut Reader, tag| reader.get_tag_f64_vec(tag).ok();
    // A pixel's number is that of its middle, or of its corner.
    let half = if keys.short(RASTER_TYPE) == Some(2) { 0.5 } else { 0.0 };
    if let Some(m) = tag(reader, Tag::ModelTransformationTag).filter(|m| m.len() == 16) {
        let corner = |from: usize| m[from + 3] - half * (m[from] + m[from + 1]);
        return Plane::new([corner(0), m[0], m[1], corner(4), m[4], m[5]]);
    }
    let scale = tag(reader, Tag::ModelPixelScaleTag).filter(|scale| scale.len() >= 2)?;
    let tie = tag(reader, Tag::ModelTiepointTag).filter(|tie| tie.len() >= 6)?;
    let (x, y) = (tie[3] - (tie[0] + half) * scale[0], tie[4] + (tie[1] + half) * scale[1]);
    Plane::new([x, scale[0], 0.0, y, 0.0, -scale[1]])
}

/// The `GeoKey` directory.
#[derive(Default)]
struct Keys {
    directory: Vec<u16>,
    words: String,
}

impl Keys {
    fn read(reader: &mut Reader) -> Self {
        let directory = reader.get_tag_u16_vec(Tag::GeoKeyDirectoryTag).unwrap_or_default();
        Self { directory, words: reader.get_tag_ascii_string(Tag::GeoAsciiParamsTag).unwrap_or_default() }
    }

    fn entry(&self, key: u16) -> Option<&[u16]> {
        self.directory.get(4..)?.chunks_exact(4).find(|entry| entry[0] == key)
    }

    fn short(&self, key: u16) -> Option<u16> {
        self.entry(key).filter(|entry| entry[1] == 0).map(|entry| entry[3])
    }

    fn text(&self, key: u16) -> Option<&str> {
        let entry = self.entry(key).filter(|entry| entry[1] == 34_737)?;
        self.words.get(usize::from(entry[3])..usize::from(entry[3]) + usize::from(entry[2]))
    }

    /// The system, by its EPSG code or spelled out in a citation; `None` where nothing is said.
    fn crs(&self) -> Result<Option<Crs>, ReadError> {
        let codes = [self.short(PROJECTED), self.short(GEOGRAPHIC)];
        let code = codes.into_iter().flatten().find(|code| *code != 0);
        if let Some(code) = code.filter(|code| *code != USER_DEFINED) {
            return Crs::parse(&format!("EPSG:{code}")).map(Some).map_err(|_| unknown(format!("EPSG:{code}")));
        }
        let wkt = CITATIONS.iter().filter_map(|key| self.text(*key)).find_map(|words| {
            let wkt = &words[words.find("PROJCS[").or_else(|| words.find("GEOGCS["))?..];
            crs_from_wkt(wkt.trim_end_matches('|')).ok()
        });
        let citation = || CITATIONS.iter().find_map(|key| self.text(*key)).unwrap_or("—");
        match (wkt, code) {
            (None, Some(_)) => Err(unknown(citation().trim_end_matches('|').chars().take(60).collect())),
            (wkt, _) => Ok(wkt),
        }
    }
}

fn unknown(name: String) -> ReadError {
    ReadError::UnknownCrs { name }
}

impl Pages {
    fn with_reader<T>(&self, page: usize, f: impl FnOnce(&mut Reader) -> Option<T>) -> Option<T> {
        let idle = || self.idle[page].lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut reader = if let Some(reader) = kept {
            reader
        } else {
            let mut reader = reader(&self.path, &self.disguise).ok()?;
            reader.seek_to_image(self.list[page].index).ok()?;
            reader
        };
        let made = f(&mut reader);
        idle().push(reader);
        made
    }
}

impl Source for Pages {
    fn cell(&self, level: usize, [column, row]: [u64; 2]) -> Option<Cell> {
        let page = self.list.get(level)?;
        let across = u64::from(page.size[0].div_ceil(page.chunk[0]));
        let numbers: Vec<u32> = match page.strips {
            None => vec![u32::try_from(row * across + column).ok()?],
            Some(strips) => {
                let all = page.size[1].div_ceil(page.chunk[1]);
                let first = u32::try_from(row).ok()?.checked_mul(strips)?;
                (first..first.saturating_add(strips).min(all)).collect()
            }
        };
        self.with_reader(level, |reader| {
            let mut out: Option<Cell> = None;
            for number in numbers {
                let (size, samples) = page.storage.chunk(reader, number)?;
                let cell = page.cell(size, &samples, page.storage.nothing())?;
                match &mut out {
                    None => out = Some(cell),
                    Some(out) => {
                        out.size[1] += cell.size[1];
                        out.rgba.extend(cell.rgba);
                    }
                }
            }
            out
        })
    }
}

impl Page {
    /// Samples as straight RGBA.
    fn cell(&self, size: [usize; 2], samples: &[u8], nodata: Option<u8>) -> Option<Cell> {
        let count = usize::from(self.color.num_samples());
        let pixels = samples.chunks_exact(count);
        if pixels.len() < size[0] * size[1] {
            return None;
        }
        let mut rgba = Vec::with_capacity(size[0] * size[1] * 4);
        let seen = |is_nodata: bool| if is_nodata { 0 } else { 255 };
        for pixel in pixels.take(size[0] * size[1]) {
            let is_nodata = nodata.is_some_and(|nodata| pixel.iter().take(3).all(|part| *part == nodata));
            rgba.extend(match (self.color, pixel) {
                (ColorType::Gray(_), &[index]) if self.palette.is_some() => {
                    let [red, green, blue] = self.palette_color(index);
                    [red, green, blue, seen(is_nodata)]
                }
                (ColorType::YCbCr(_), &[y, cb, cr]) => {
                    let [red, green, blue] = rgb_from_ycbcr([y, cb, cr]);
                    [red, green, blue, seen(is_nodata)]
                }
                (_, &[gray]) => [gray, gray, gray, seen(is_nodata)],
                (_, &[gray, alpha]) => [gray, gray, gray, alpha],
                (ColorType::RGBA(_), &[red, green, blue, alpha]) => [red, green, blue, alpha],
                (_, &[red, green, blue, ..]) => [red, green, blue, seen(is_nodata)],
                (_, &[]) => [0; 4],
            });
        }
        Some(Cell { size, rgba })
    }

    fn palette_color(&self, index: u8) -> [u8; 3] {
        let map = self.palette.as_deref().unwrap_or_default();
        let part =
            |part: usize| map.get(part * map.len() / 3 + usize::from(index)).map_or(0, |value| (value >> 8) as u8);
        [part(0), part(1), part(2)]
    }
}

/// The colours of JPEG (ITU-R BT.601, full range).
fn rgb_from_ycbcr(pixel: [u8; 3]) -> [u8; 3] {
    let [y, cb, cr] = pixel.map(f32::from);
    let (cb, cr) = (cb - 128.0, cr - 128.0);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb]
        .map(|part| part.round().clamp(0.0, 255.0) as u8)
}
