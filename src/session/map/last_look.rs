//! The map that was last on the screen, kept with the rest of what is in memory: whatever a city's size, the next start
//! shows it before anything else is read.
//!
//! It is painted once more when the city is closed, all of it from finished layers, so that it never holds less than the
//! city does. What it shows is proved as everything in the [cache](super::cache) is; besides, it names the day, since
//! what is overdue today was not yesterday.

use std::io::{Read, Result, Write};

use bytemuck::allocation::pod_collect_to_vec;
use flate2::Compression;
use flate2::bufread::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rayon::prelude::*;

use crate::index::pack::{Packer, Unpacker, damaged};
use crate::render::map::{MapOptions, paint_labels, paint_tile};
use crate::render::tile::{TILE_PX, Tile, TileSet, WORDS_BEYOND_PX, words_view};
use crate::render::view::View;
use crate::store::reader::LayerInfo;
use crate::task::Cancel;
use crate::text::Lang;

use super::painting::{MapPiece, Pane, Pixels, Sheet, Words, cut, with_map_layers};
use crate::session::state::LayerView;

/// The revision of a city that was just opened.
const FIRST: u64 = 1;

/// What one look at the map shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::session) struct Look {
    /// The view on the screen.
    pub(in crate::session) view: View,
    /// On the dark map.
    pub(in crate::session) dark: bool,
    /// Language of the words.
    pub(in crate::session) lang: Lang,
}

/// A look and its picture: tiles, then words.
#[derive(Debug)]
pub(in crate::session) struct LastLook {
    pub(in crate::session) look: Look,
    pub(in crate::session) pieces: Vec<MapPiece>,
}

/// What decides whether a kept look shows the city as it is.
pub(in crate::session) fn key(layers: &[LayerInfo]) -> String {
    let today = jiff::Zoned::now().date();
    let layers: Vec<String> = layers
        .iter()
        .map(|info| format!("{:?} {:?} {} {} {}", info.schema, info.state, info.visible, info.count, info.revision))
        .collect();
    format!("{today} {layers:?}")
}

impl LastLook {
    /// Paints what a look shows of layers that are all in memory.
    pub(in crate::session) fn paint(look: Look, layers: &[LayerView]) -> Option<Self> {
        let Look { view, dark, lang } = look;
        let tiles = TileSet::of(&view, dark).tiles(&view, 0);
        let never = Cancel::default();
        let words = || {
            let (view, beyond_px) = (words_view(&view), WORDS_BEYOND_PX as f32);
            let options = MapOptions { lang, dark, beyond_px, ..MapOptions::default() };
            let painted = with_map_layers(layers, |layers| paint_labels(layers, &view, &options, None, &never));
            let sheets = cut(&painted?.0);
            let words = Words { pane: Pane::Main, layers: 0, view, dark, lang, sheets };
            Some(MapPiece::Words { words, revision: FIRST, is_whole: true, millis: 0.0 })
        };
        let tile = |tile: &Tile| {
            let painted = with_map_layers(layers, |layers| paint_tile(layers, &[], &tile.view(), dark, &never));
            let (picture, stats) = painted?;
            let pixels = pod_collect_to_vec(&picture.rgba);
            Some(MapPiece::Tile(*tile, whole(pixels, [stats.features, stats.vertices])))
        };
        let (ground, words) = rayon::join(|| tiles.par_iter().map(tile).collect::<Option<Vec<_>>>(), words);
        let mut pieces = ground?;
        pieces.push(words?);
        Some(Self { look, pieces })
    }

    /// Writes it.
    pub(super) fn pack<W: Write>(&self, out: &mut Packer<W>) -> Result<()> {
        let View { center_world, metres_per_px, rotation_rad, size_px, pixel_ratio } = self.look.view;
        out.slice(&[center_world, size_px, [metres_per_px, rotation_rad], [pixel_ratio, 0.0]])?;
        out.number(self.look.dark.into())?;
        out.text(self.look.lang.code())?;
        let packed: Vec<Vec<Vec<u8>>> = self.pieces.par_iter().map(deflated).collect::<Result<_>>()?;
        for (piece, packed) in self.pieces.iter().zip(packed) {
            match piece {
                MapPiece::Tile(tile, pixels) => {
                    out.slice(&[tile.column, tile.row, pixels.features as i64, pixels.vertices as i64])?;
                }
                MapPiece::Words { words, .. } => {
                    let sheets =
                        words.sheets.iter().map(|sheet| [sheet.at, sheet.size].map(|pair| pair.map(|n| n as u64)));
                    out.slice(&sheets.collect::<Vec<_>>())?;
                }
            }
            packed.iter().try_for_each(|bytes| out.slice(bytes))?;
        }
        Ok(())
    }

    /// Reads what [`LastLook::pack`] writes.
    pub(super) fn unpack<R: Read>(input: &mut Unpacker<R>) -> Result<Self> {
        let [center_world, size_px, [metres_per_px, rotation_rad], [pixel_ratio, _]] =
            <[[f64; 2]; 4]>::try_from(input.slice()?).map_err(|_| damaged())?;
        let view = View { center_world, metres_per_px, rotation_rad, size_px, pixel_ratio };
        let dark = input.number()? != 0;
        let lang = Lang::from_code(&input.text()?).ok_or_else(damaged)?;
        let set = TileSet::of(&view, dark);
        let mut packed = Vec::new();
        for _ in set.tiles(&view, 0) {
            let [column, row, features, vertices] = <[i64; 4]>::try_from(input.slice()?).map_err(|_| damaged())?;
            packed.push((Tile { set, column, row }, [features, vertices].map(|n| n as usize), input.slice::<u8>()?));
        }
        let places: Vec<[[u64; 2]; 2]> = input.slice()?;
        let sheets = places.into_iter().map(|place| Ok((place.map(|pair| pair.map(|n| n as usize)), input.slice()?)));
        let sheets: Vec<([[usize; 2]; 2], Vec<u8>)> = sheets.collect::<Result<_>>()?;
        let tile = |(tile, counts, bytes): &(Tile, [usize; 2], Vec<u8>)| {
            let pixels = inflated(bytes, [TILE_PX as usize; 2])?;
            Ok(MapPiece::Tile(*tile, whole(pixels, *counts)))
        };
        let sheet = |([at, size], bytes): &([[usize; 2]; 2], Vec<u8>)| {
            Ok(Sheet { at: *at, size: *size, rgba: inflated(bytes, *size)? })
        };
        let mut pieces: Vec<MapPiece> = packed.par_iter().map(tile).collect::<Result<_>>()?;
        let sheets = sheets.par_iter().map(sheet).collect::<Result<_>>()?;
        let words = Words { pane: Pane::Main, layers: 0, view: words_view(&view), dark, lang, sheets };
        pieces.push(MapPiece::Words { words, revision: FIRST, is_whole: true, millis: 0.0 });
        Ok(Self { look: Look { view, dark, lang }, pieces })
    }
}

fn whole(rgba: Vec<u32>, [features, vertices]: [usize; 2]) -> Pixels {
    let size = [TILE_PX as usize; 2];
    Pixels { pane: Pane::Main, revision: FIRST, is_whole: true, size, rgba, features, vertices, millis: 0.0 }
}

fn deflated(piece: &MapPiece) -> Result<Vec<Vec<u8>>> {
    let deflate = |rgba: &[u32]| {
        let mut out = ZlibEncoder::new(Vec::new(), Compression::fast());
        out.write_all(bytemuck::cast_slice(rgba))?;
        out.finish()
    };
    match piece {
        MapPiece::Tile(_, pixels) => Ok(vec![deflate(&pixels.rgba)?]),
        MapPiece::Words { words, .. } => words.sheets.iter().map(|sheet| deflate(&sheet.rgba)).collect(),
    }
}

fn inflated(bytes: &[u8], [width, height]: [usize; 2]) -> Result<Vec<u32>> {
    let side = 0..=TILE_PX as usize;
    if !side.contains(&width) || !side.contains(&height) {
        return Err(damaged());
    }
    let mut rgba = vec![0_u32; width * height];
    ZlibDecoder::new(bytes).read_exact(bytemuck::cast_slice_mut(&mut rgba))?;
    Ok(rgba)
}
