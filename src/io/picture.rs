//! Photos: what they are, which way up they are, and small versions of them.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use crate::text;
use crate::text::Text;
use crate::text::disk::{Doing, why};

/// Longest side of a thumbnail, pixels.
pub const THUMBNAIL_PX: u32 = 320;

/// Widest and highest photo that is taken in, pixels.
const MOST_PX: u32 = 20_000;

/// Largest photo file that is taken in, bytes.
pub const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Why a file is no photo that the city can hold.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// Not a JPEG, PNG or WebP file.
    #[error("not a JPEG, PNG or WebP picture")]
    NotAPicture,
    /// It says it is a picture, and cannot be read as one.
    #[error("the picture is damaged or too large: {0}")]
    Damaged(#[from] image::ImageError),
    /// Over [`MOST_BYTES`].
    #[error("the picture file is too large")]
    TooLarge,
    /// The file cannot be read.
    #[error("the picture file cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

impl PictureError {
    /// What a person reads.
    pub fn headline(&self) -> Text {
        match self {
            Self::NotAPicture => Text::new("不是 JPEG、PNG 或 WebP 图片", "Not a JPEG, PNG or WebP picture"),
            Self::Damaged(_) => Text::new("图片已损坏或尺寸过大", "The picture is damaged or too large"),
            Self::Io(cause) => {
                let Text { zh, en } = why(cause, Doing::Reading);
                text!("图片文件无法读取（{zh}）", "The picture file cannot be read ({en})")
            }
            Self::TooLarge => Text::new("图片文件超过 64 MB", "The picture file is over 64 MB"),
        }
    }
}

/// A picture in memory, right way up: width, height, RGBA with straight alpha.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width and height.
    pub size: [usize; 2],
    /// Pixels, row by row.
    pub rgba: Vec<u8>,
}

/// The bytes of a picture file.
///
/// # Errors
/// [`PictureError::Io`], [`PictureError::TooLarge`].
pub fn read_file(path: &std::path::Path) -> Result<Vec<u8>, PictureError> {
    let file = std::fs::File::open(path)?;
    if file.metadata()?.len() > MOST_BYTES {
        return Err(PictureError::TooLarge);
    }
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(file, MOST_BYTES), &mut bytes)?;
    Ok(bytes)
}

/// The MIME type of a file's bytes, by what they are, not by a name.
///
/// # Errors
/// [`PictureError::NotAPicture`].
pub fn mime_type(bytes: &[u8]) -> Result<&'static str, PictureError> {
    match image::guess_format(bytes) {
        Ok(ImageFormat::Jpeg) => Ok("image/jpeg"),
        Ok(ImageFormat::Png) => Ok("image/png"),
        Ok(ImageFormat::WebP) => Ok("image/webp"),
        _ => Err(PictureError::NotAPicture),
    }
}

/// The whole picture, turned as its EXIF orientation says.
///
/// # Errors
/// See [`PictureError`].
pub fn decode(bytes: &[u8]) -> Result<Picture, PictureError> {
    Ok(pixels(&upright(bytes)?))
}

/// A small JPEG of the picture, at most [`THUMBNAIL_PX`] on its longer side.
///
/// # Errors
/// See [`PictureError`].
pub fn thumbnail(bytes: &[u8]) -> Result<Vec<u8>, PictureError> {
    let small = upright(bytes)?.thumbnail(THUMBNAIL_PX, THUMBNAIL_PX).into_rgb8();
    let mut out = Cursor::new(Vec::new());
    small.write_to(&mut out, ImageFormat::Jpeg)?;
    Ok(out.into_inner())
}

/// Writes a map as PNG that says how large it is on paper. `rgba` has straight alpha; `dpi` are pixels to the inch.
///
/// # Errors
/// The writer fails.
pub fn write_sized_png(out: &mut dyn std::io::Write, size: [u32; 2], rgba: &[u8], dpi: f64) -> std::io::Result<()> {
    /// Signature and header, which come before what is said of pixels: 8 bytes and 25.
    const HEAD: usize = 33;
    let mut png = Vec::new();
    write_png(&mut png, size, rgba)?;
    let per_metre = (dpi / 0.0254).round().clamp(0.0, f64::from(u32::MAX)) as u32;
    let mut chunk = b"pHYs".to_vec();
    chunk.extend([per_metre.to_be_bytes(), per_metre.to_be_bytes()].as_flattened());
    // The unit is the metre.
    chunk.push(1);
    let check = crc32(&chunk);
    out.write_all(&png[..HEAD])?;
    out.write_all(&(chunk.len() as u32 - 4).to_be_bytes())?;
    out.write_all(&chunk)?;
    out.write_all(&check.to_be_bytes())?;
    out.write_all(&png[HEAD..])
}

/// The check sum of a chunk of PNG (ISO/IEC 15948, annex D), bit by bit: chunks are small.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (if sum & 1 == 1 { 0xEDB8_8320 } else { 0 }))
    })
}

/// Writes a map as PNG. `rgba` has straight alpha.
///
/// # Errors
/// The writer fails.
pub fn write_png(out: &mut dyn std::io::Write, size: [u32; 2], rgba: &[u8]) -> std::io::Result<()> {
    let encoder = image::codecs::png::PngEncoder::new(out);
    let written = image::ImageEncoder::write_image(encoder, rgba, size[0], size[1], image::ExtendedColorType::Rgba8);
    written.map_err(|error| match error {
        image::ImageError::IoError(cause) => cause,
        other => std::io::Error::other(other),
    })
}

fn upright(bytes: &[u8]) -> Result<DynamicImage, PictureError> {
    mime_type(bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(PictureError::TooLarge);
    }
    let mut reader = ImageReader::new(Cursor::new(bytes));
    reader = reader.with_guessed_format().map_err(image::ImageError::IoError)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PX);
    limits.max_image_height = Some(MOST_PX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn pixels(picture: &DynamicImage) -> Picture {
    let rgba = picture.to_rgba8();
    Picture { size: [rgba.width() as usize, rgba.height() as usize], rgba: rgba.into_raw() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_says_how_many_pixels_there_are_to_the_inch() {
        let mut out = Vec::new();
        write_sized_png(&mut out, [2, 1], &[255; 8], 300.0).unwrap();
        assert_eq!(out[33..50], [0, 0, 0, 9, b'p', b'H', b'Y', b's', 0, 0, 0x2E, 0x23, 0, 0, 0x2E, 0x23, 1]);
        // The sum over the end of every PNG file is known.
        assert_eq!(crc32(b"IEND"), 0xAE42_6082);
        assert!(image::load_from_memory(&out).is_ok_and(|picture| picture.width() == 2));
    }

    #[test]
    fn a_text_file_is_no_photo() {
        assert!(matches!(decode(b"hello, I am not a picture"), Err(PictureError::NotAPicture)));
    }

    #[test]
    fn a_photo_cut_short_is_damaged() {
        let whole = png(40, 20);
        assert!(matches!(decode(&whole[..whole.len() / 2]), Err(PictureError::Damaged(_))));
    }

    #[test]
    fn a_photo_taken_sideways_stands_upright() {
        let sideways = with_orientation(&jpeg(40, 20), 6);
        assert_eq!(decode(&sideways).unwrap().size, [20, 40]);
    }

    #[test]
    fn a_thumbnail_is_small_and_keeps_its_shape() {
        let small = decode(&thumbnail(&png(1600, 800)).unwrap()).unwrap();
        assert_eq!(small.size, [320, 160]);
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut out = Vec::new();
        let rgba = vec![200; (width * height * 4) as usize];
        write_png(&mut out, [width, height], &rgba).unwrap();
        out
    }

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(width, height).write_to(&mut out, ImageFormat::Jpeg).unwrap();
        out.into_inner()
    }

    /// Puts an EXIF block with one orientation tag behind the JPEG's start marker.
    fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let tiff =
            [b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[orientation, 0, 0, 0, 0, 0, 0]]
                .concat();
        let len = u16::try_from(tiff.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &len, &tiff, &jpeg[2..]].concat()
    }
}
