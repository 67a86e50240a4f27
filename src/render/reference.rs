//! Pictures that somebody has looked at and kept in `tests/pictures`: what is painted today must be the same.
//!
//! Every part of every pixel may be off by [`TOLERANCE`], which is what processors differ by. Where one is off by more,
//! the new picture and one of the differences are written to a temporary folder. `UPDATE_PICTURES=1` keeps the new
//! pictures in place of the old ones; they are to be looked at before they are committed.

use std::path::{Path, PathBuf};

use image::ExtendedColorType::Rgb8;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ImageEncoder as _, ImageFormat};

use super::build::MapLayer;
use super::painter::Picture;
use crate::index::layer::{LayerIndex, LayerIndexBuilder};
use crate::model::geometry::Geometry;
use crate::model::schema::Schema;
use crate::model::style::Style;
use crate::model::value::Value;

/// How far a part of a pixel (red, green, blue) may be off, of 255.
const TOLERANCE: u8 = 2;

/// How two pictures of one size differ.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    /// The largest of any part of any pixel.
    worst: u8,
    /// Where that is.
    at: [u32; 2],
    /// Pixels that are off by too much.
    pixels: usize,
}

/// Complains if a picture is not the one that is kept under this name.
#[track_caller]
pub(crate) fn check(name: &str, picture: &Picture) {
    let kept_at = folder().join(format!("{name}.png"));
    assert!(picture.rgba.chunks_exact(4).all(|pixel| pixel[3] == 255), "{name}: there is nothing under a part of it");
    let kept = std::fs::read(&kept_at).ok().map(|png| decode(&png));
    let complaint = match &kept {
        None => "no picture is kept under this name".to_owned(),
        Some(kept) if [kept.width, kept.height] != [picture.width, picture.height] => {
            let size = |picture: &Picture| format!("{} × {}", picture.width, picture.height);
            format!("it has {} pixels, the kept one {}", size(picture), size(kept))
        }
        Some(kept) => match difference(picture, kept) {
            None => return,
            Some(Difference { worst, at: [x, y], pixels }) => {
                format!("{pixels} pixels differ, at {x}, {y} by {worst} of 255")
            }
        },
    };
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::write(&kept_at, encode(picture)).expect("the folder of pictures can be written to");
        return;
    }
    let written = write_for_a_look(name, picture, kept.as_ref());
    panic!("{name}: {complaint}\n  kept: {}\n{written}  UPDATE_PICTURES=1 keeps the new one", kept_at.display());
}

/// Complains if two pictures that should be the same are not; `name` is what the files to look at are called.
#[track_caller]
pub(crate) fn check_alike(name: &str, one: &Picture, other: &Picture) {
    assert_eq!([one.width, one.height], [other.width, other.height], "{name}: sizes");
    if let Some(difference) = difference(one, other) {
        panic!("{name}: {difference:?}\n{}", write_for_a_look(name, one, Some(other)));
    }
}

/// Names of the kept pictures that begin with some words.
pub(crate) fn kept(beginning: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder()).expect("the folder of pictures").flatten();
    let names = files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".png")?.to_owned()));
    let mut names: Vec<String> = names.filter(|name| name.starts_with(beginning)).collect();
    names.sort();
    names
}

/// Pictures of one size, row by row.
pub(crate) fn side_by_side(pictures: &[Picture], columns: usize) -> Picture {
    let [width, height] = pictures.first().map_or([0, 0], |first| [first.width as usize, first.height as usize]);
    let across = width * columns.min(pictures.len());
    let mut rgba = [0x80, 0x80, 0x80, 0xFF].repeat(across * height * pictures.len().div_ceil(columns));
    for (at, picture) in pictures.iter().enumerate() {
        assert_eq!([picture.width as usize, picture.height as usize], [width, height], "pictures of one size");
        let (left, top) = (at % columns * width, at / columns * height);
        for (row, pixels) in picture.rgba.chunks_exact(width * 4).enumerate() {
            rgba[((top + row) * across + left) * 4..][..width * 4].copy_from_slice(pixels);
        }
    }
    let rows = rgba.len() / 4 / across.max(1);
    Picture { width: across as u32, height: rows as u32, rgba }
}

/// A layer with all that drawing it needs.
pub(crate) struct OwnLayer {
    pub(crate) index: LayerIndex,
    pub(crate) schema: Schema,
    pub(crate) style: Style,
    pub(crate) opacity: f32,
}

impl OwnLayer {
    /// Of rows in the schema's own fields, their places in Web Mercator metres.
    pub(crate) fn new(schema: Schema, style: Style, rows: &[(Geometry, Vec<Value>)]) -> Self {
        let fields = [style.fields(), style.label_fields()].concat();
        let mut builder = LayerIndexBuilder::new(&schema, &fields);
        for (id, (geometry, values)) in (1..).zip(rows) {
            let wanted: Vec<Value> = builder.fields().iter().map(|&field| values[field].clone()).collect();
            builder.push(id, Some(geometry), &wanted, &Some);
        }
        let mut index = builder.finish();
        index.build_tree();
        Self { index, schema, style, opacity: 1.0 }
    }
}

/// Layers as the painter takes them.
pub(crate) fn map_layers(layers: &[OwnLayer]) -> Vec<MapLayer<'_>> {
    fn borrow(OwnLayer { index, schema, style, opacity }: &OwnLayer) -> MapLayer<'_> {
        MapLayer { index, schema, style, opacity: *opacity, levels: None }
    }
    layers.iter().map(borrow).collect()
}

/// The part of a picture from these columns and rows on.
pub(crate) fn lower_right(picture: &Picture, [left, top]: [u32; 2]) -> Picture {
    let rows = picture.rgba.chunks_exact(picture.width as usize * 4).skip(top as usize);
    let rgba = rows.flat_map(|row| row[left as usize * 4..].to_vec()).collect();
    Picture { width: picture.width - left, height: picture.height - top, rgba }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures")
}

fn difference(one: &Picture, other: &Picture) -> Option<Difference> {
    let (mut found, width) = (Difference { worst: 0, at: [0, 0], pixels: 0 }, one.width as usize);
    for (place, (one, other)) in one.rgba.chunks_exact(4).zip(other.rgba.chunks_exact(4)).enumerate() {
        if one == other {
            continue;
        }
        let off = one.iter().zip(other).map(|(one, other)| one.abs_diff(*other)).max().unwrap_or_default();
        found.pixels += usize::from(off > TOLERANCE);
        if off > found.worst {
            (found.worst, found.at) = (off, [(place % width) as u32, (place / width) as u32]);
        }
    }
    (found.worst > TOLERANCE).then_some(found)
}

/// Writes the picture and, beside a kept one of its size, their difference; says where.
fn write_for_a_look(name: &str, picture: &Picture, kept: Option<&Picture>) -> String {
    let folder = std::env::temp_dir().join("citygrid-pictures");
    let write = |what: &str, picture: &Picture| {
        let path = folder.join(format!("{name}{what}.png"));
        let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, encode(picture)));
        written.map_or_else(|error| format!("  not written: {error}\n"), |()| format!("  see: {}\n", path.display()))
    };
    let new = write("", picture);
    let kept = kept.filter(|kept| kept.rgba.len() == picture.rgba.len() && kept.width == picture.width);
    new + &kept.map(|kept| write("-difference", &contrast(picture, kept))).unwrap_or_default()
}

/// White where pictures are the same, the darker the more they differ: what may be off is not seen, 20 of 255 is black.
fn contrast(one: &Picture, other: &Picture) -> Picture {
    let part = |(one, other): (&u8, &u8)| {
        let off = one.abs_diff(*other);
        if off > TOLERANCE { 200_u8.saturating_sub(off.saturating_mul(10)) } else { 255 }
    };
    let rgba = one.rgba.iter().zip(&other.rgba).map(part);
    Picture { rgba: rgba.collect(), ..*one }
}

fn decode(png: &[u8]) -> Picture {
    let image = image::load_from_memory_with_format(png, ImageFormat::Png).expect("a kept picture is a PNG").to_rgba8();
    Picture { width: image.width(), height: image.height(), rgba: image.into_raw() }
}

fn encode(picture: &Picture) -> Vec<u8> {
    let rgb: Vec<u8> = picture.rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive);
    encoder.write_image(&rgb, picture.width, picture.height, Rgb8).expect("a PNG");
    png
}

#[test]
fn a_pixel_that_is_off_by_three_is_found_and_one_that_is_off_by_two_is_not() {
    let picture = |grey: u8| Picture {
        width: 3,
        height: 2,
        rgba: [[90, 90, 90, 255].repeat(4), vec![90, grey, 90, 255], vec![90, 90, 90, 255]].concat(),
    };
    assert_eq!(difference(&picture(92), &picture(90)), None);
    assert_eq!(difference(&picture(88), &picture(91)), Some(Difference { worst: 3, at: [1, 1], pixels: 1 }));
    assert_eq!(decode(&encode(&picture(7))), picture(7));
}
