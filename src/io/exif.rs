//! Photos as points: where they were taken (Exif 2.32), when, in which direction and with which camera.
//!
//! One photo is a file with one feature; an import of many puts them into one layer.

use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ::exif::{Exif, In, Rational, Reader, Tag, Value as Raw};
use jiff::civil;
use jiff::tz::{Offset, TimeZone};

use super::error::ReadError;
use super::format::{self, CrsOrigin, Draft, ReadOptions, Sink, Survey};
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry, GeometryKind};
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;

/// The layer that photos become.
const LAYER: &str = "照片";
/// Largest picture that is looked into, bytes.
const MAX_BYTES: u64 = 512 << 20;
/// Hours by which a camera's clock is taken to be ahead of UTC if it does not say: Beijing time.
const BEIJING: i8 = 8;

/// Whether a file that begins like this is a picture that can say where it was taken.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    let is_heif = beginning.get(4..8) == Some(b"ftyp")
        && [&b"heic"[..], b"heix", b"mif1", b"hevc", b"avif"].iter().any(|brand| beginning.get(8..12) == Some(brand));
    let is_webp = beginning.starts_with(b"RIFF") && beginning.get(8..12) == Some(b"WEBP");
    let starts: [&[u8]; 4] = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*"];
    is_heif || is_webp || starts.iter().any(|start| beginning.starts_with(start))
}

/// The first pass: the photo is read, and kept, for it is one row.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let bytes = std::fs::metadata(path)?.len();
    let what = Text::new("正在读取照片信息", "Reading the photo's particulars");
    task.report(&what, 0, Some(bytes))?;
    if bytes == 0 {
        return Err(ReadError::Empty);
    }
    if bytes > MAX_BYTES {
        return Err(ReadError::TooLarge { byte: 0, limit_mb: MAX_BYTES >> 20 });
    }
    let found = match Reader::new().continue_on_error(true).read_from_container(&mut BufReader::new(File::open(path)?))
    {
        Ok(found) => Some(found),
        Err(::exif::Error::PartialResult(part)) => Some(part.into_inner().0),
        Err(::exif::Error::Io(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => return Err(error.into()),
        Err(_) => None,
    };
    let mut problems = Problems::default();
    let at = found.as_ref().and_then(place);
    if at.is_none() {
        let name = path.file_name().unwrap_or_default().display();
        let what = text!("照片 {name} 没有记录拍摄位置", "the photo {name} does not say where it was taken");
        problems.push(Problem::warning("photo.no-place", what).of_feature(1));
    }
    let geometry = at.map(|[lon, lat]| Geometry::point(lon, lat));
    let feature = Feature { id: 0, geometry, values: values(path, found.as_ref()) };
    let draft = Draft {
        name: options.layer_name.clone().unwrap_or_else(|| LAYER.to_owned()),
        geometry: Some(GeometryKind::Point),
        has_z: false,
        fields: fields(),
        features: 1,
        bounds: feature.geometry.as_ref().map_or(Bounds::EMPTY, Geometry::bounds),
        crs: None,
        sample: vec![feature.clone()],
    };
    task.report(&what, bytes, Some(bytes))?;
    Ok(Survey {
        format: format::format_named("photo").unwrap_or(&format::FORMATS[0]),
        crs: options.crs.unwrap_or(Crs::WGS84),
        crs_origin: if options.crs.is_some() { CrsOrigin::Asked } else { CrsOrigin::Format },
        encoding: None,
        understood: understood(found.as_ref()),
        layers: vec![draft],
        problems,
        bytes,
        plan: Arc::new(feature),
    })
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    task.check()?;
    let feature = survey.plan.downcast_ref::<Feature>();
    let feature = feature.ok_or_else(|| ReadError::NotSupported { path: path.to_owned() })?;
    match sink(0, 1, feature.clone()) {
        ControlFlow::Continue(()) => Ok(Problems::default()),
        ControlFlow::Break(()) => Err(ReadError::Stopped),
    }
}

fn understood(found: Option<&Exif>) -> Vec<Text> {
    let mut said = vec![Text::new(
        "照片的位置按 EXIF 规定为 WGS 84；少数手机写的是 GCJ-02，若整体偏移约 500 米，请把坐标系改为 GCJ-02",
        "positions are WGS 84 by the Exif standard; a few phones write GCJ-02: if all are some 500 m off, choose that",
    )];
    let is_local =
        found.is_some_and(|found| local_time(found).is_some() && offset(found).is_none() && utc(found).is_none());
    if is_local {
        said.push(Text::new("拍摄时间没有时区，按北京时间读取", "the time has no time zone: taken for Beijing time"));
    }
    said
}

fn fields() -> Vec<Field> {
    vec![
        Field::text("file", "文件名", "File"),
        Field::datetime("taken_at", "拍摄时间", "Taken at"),
        Field::real("direction_deg", "方向", "Direction", "°"),
        Field::real("altitude_m", "海拔", "Altitude", "m"),
        Field::text("camera", "相机", "Camera"),
        Field::new("path", FieldType::Text, "文件路径", "Path"),
    ]
}

fn values(path: &Path, found: Option<&Exif>) -> Vec<Value> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let of = |read: fn(&Exif) -> Value| found.map_or(Value::Null, read);
    vec![
        name.into(),
        of(|found| taken_at(found).into()),
        of(|found| number(found, Tag::GPSImgDirection).into()),
        of(|found| {
            let is_below = found.get_field(Tag::GPSAltitudeRef, In::PRIMARY).and_then(|field| field.value.get_uint(0));
            let sign = if is_below == Some(1) { -1.0 } else { 1.0 };
            number(found, Tag::GPSAltitude).map(|altitude| altitude * sign).into()
        }),
        of(|found| camera(found).into()),
        Value::from(path.to_string_lossy().into_owned()),
    ]
}

/// Longitude and latitude. A pair of zeros is what cameras write that do not know.
fn place(found: &Exif) -> Option<[f64; 2]> {
    let angle = |tag: Tag, reference: Tag, negative: char| {
        let [degrees, minutes, seconds] = three(found, tag)?;
        let is_negative = words(found, reference)?.starts_with(negative);
        let angle = degrees + minutes / 60.0 + seconds / 3600.0;
        Some(if is_negative { -angle } else { angle })
    };
    let lon = angle(Tag::GPSLongitude, Tag::GPSLongitudeRef, 'W')?;
    let lat = angle(Tag::GPSLatitude, Tag::GPSLatitudeRef, 'S')?;
    let is_place = lon.abs() <= 180.0 && lat.abs() <= 90.0 && (lon, lat) != (0.0, 0.0);
    is_place.then_some([lon, lat])
}

/// Degrees, minutes, seconds, or hours, minutes, seconds; what is missing behind is zero.
fn three(found: &Exif, tag: Tag) -> Option<[f64; 3]> {
    let Raw::Rational(parts) = &found.get_field(tag, In::PRIMARY)?.value else { return None };
    let mut three = [0.0; 3];
    for (place, part) in parts.iter().take(3).enumerate() {
        three[place] = real(*part)?;
    }
    (!parts.is_empty()).then_some(three)
}

fn real(part: Rational) -> Option<f64> {
    // Seconds that are not known are written 0/0.
    if part.denom == 0 { (part.num == 0).then_some(0.0) } else { Some(part.to_f64()) }
}

fn number(found: &Exif, tag: Tag) -> Option<f64> {
    let Raw::Rational(parts) = &found.get_field(tag, In::PRIMARY)?.value else { return None };
    parts.first().filter(|part| part.denom != 0).map(Rational::to_f64)
}

fn words(found: &Exif, tag: Tag) -> Option<String> {
    let Raw::Ascii(parts) = &found.get_field(tag, In::PRIMARY)?.value else { return None };
    let words = String::from_utf8_lossy(parts.first()?).trim_matches(['\0', ' ']).to_owned();
    (!words.is_empty()).then_some(words)
}

/// Maker and model; many models begin with their maker.
fn camera(found: &Exif) -> Option<String> {
    let (make, model) = (words(found, Tag::Make), words(found, Tag::Model));
    match (make, model) {
        (Some(make), Some(model)) if model.to_lowercase().starts_with(&make.to_lowercase()) => Some(model),
        (Some(make), Some(model)) => Some(format!("{make} {model}")),
        (make, model) => model.or(make),
    }
}

/// The instant in UTC: by the camera's time zone, by the satellites' clock, or by Beijing time.
fn taken_at(found: &Exif) -> Option<String> {
    let local = local_time(found);
    let with_zone = |offset: Offset| TimeZone::fixed(offset).to_timestamp(local?).ok();
    let at =
        offset(found).and_then(with_zone).or_else(|| utc(found)).or_else(|| with_zone(jiff::tz::offset(BEIJING)))?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string())
}

/// `2026:11:22 14:03:27`, by the camera's clock.
fn local_time(found: &Exif) -> Option<civil::DateTime> {
    let words = words(found, Tag::DateTimeOriginal).or_else(|| words(found, Tag::DateTime))?;
    civil::DateTime::strptime("%Y:%m:%d %H:%M:%S", words.get(..19)?).ok()
}

/// `+08:00`.
fn offset(found: &Exif) -> Option<Offset> {
    let words = words(found, Tag::OffsetTimeOriginal).or_else(|| words(found, Tag::OffsetTime))?;
    let (sign, rest) = (if words.starts_with('-') { -1 } else { 1 }, words.get(1..)?);
    let (hours, minutes) = rest.split_once(':')?;
    let seconds =
        hours.parse::<i32>().ok()?.checked_mul(3600)?.checked_add(minutes.parse::<i32>().ok()?.checked_mul(60)?)?;
    Offset::from_seconds(sign * seconds).ok()
}

/// The satellites' date and time.
fn utc(found: &Exif) -> Option<jiff::Timestamp> {
    let day = civil::Date::strptime("%Y:%m:%d", words(found, Tag::GPSDateStamp)?).ok()?;
    let [hours, minutes, seconds] = three(found, Tag::GPSTimeStamp)?.map(|part| part as i8);
    let time = civil::Time::new(hours, minutes, seconds, 0).ok()?;
    TimeZone::UTC.to_timestamp(day.to_datetime(time)).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use ::exif::Field as ExifField;
    use ::exif::experimental::Writer;
    use proptest::prelude::*;

    use super::*;
    use crate::text::Lang;

    fn field(tag: Tag, value: Raw) -> ExifField {
        ExifField { tag, ifd_num: In::PRIMARY, value }
    }

    fn ascii(words: &str) -> Raw {
        Raw::Ascii(vec![words.as_bytes().to_vec()])
    }

    fn angle(degrees: u32, minutes: u32, hundredths: u32) -> Raw {
        Raw::Rational(vec![(degrees, 1).into(), (minutes, 1).into(), (hundredths, 100).into()])
    }

    /// A photo taken in Jiujiang at 14:03 Beijing time, as a TIFF without a picture.
    fn photo(more: Vec<ExifField>) -> Vec<u8> {
        let mut fields = vec![
            field(Tag::GPSLatitudeRef, ascii("N")),
            field(Tag::GPSLatitude, angle(29, 42, 1800)),
            field(Tag::GPSLongitudeRef, ascii("E")),
            field(Tag::GPSLongitude, angle(115, 59, 3600)),
            field(Tag::GPSImgDirection, Raw::Rational(vec![(905, 10).into()])),
            field(Tag::GPSAltitude, Raw::Rational(vec![(32, 1).into()])),
            field(Tag::Make, ascii("HUAWEI")),
            field(Tag::Model, ascii("HUAWEI Mate 60")),
            field(Tag::DateTimeOriginal, ascii("2026:11:22 14:03:27")),
        ];
        fields.extend(more);
        let mut writer = Writer::new();
        fields.iter().for_each(|field| writer.push_field(field));
        let mut out = Cursor::new(Vec::new());
        writer.write(&mut out, true).unwrap();
        out.into_inner()
    }

    fn surveyed(bytes: &[u8]) -> Result<Survey, ReadError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("现场 1.tif");
        std::fs::write(&path, bytes).unwrap();
        format::survey(&path, &ReadOptions::default(), &mut Task::silent())
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        let survey = surveyed(bytes).unwrap();
        let row = &survey.layers[0].sample[0];
        let place = row.geometry.as_ref().map_or([0.0; 2], |geometry| geometry.bounds().min);
        let words: Vec<String> = row.values.iter().take(5).map(ToString::to_string).collect();
        let problems = survey.problems.listed.iter().map(|problem| problem.what.get(Lang::En));
        let said = format!("{:.4} {:.4} {} {}", place[0], place[1], words.join("|"), problems.collect::<String>());
        assert_eq!(said.trim(), expected);
    }

    #[test]
    fn a_photo_is_a_point_where_it_was_taken() {
        check(&photo(Vec::new()), "115.9933 29.7050 现场 1.tif|2026-11-22T06:03:27.000Z|90.5|32|HUAWEI Mate 60");
        let abroad = vec![field(Tag::OffsetTimeOriginal, ascii("-02:30"))];
        check(&photo(abroad), "115.9933 29.7050 现场 1.tif|2026-11-22T16:33:27.000Z|90.5|32|HUAWEI Mate 60");
    }

    #[test]
    fn a_photo_without_a_place_is_a_row_and_a_problem() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82";
        check(png, "0.0000 0.0000 现场 1.tif|||| the photo 现场 1.tif does not say where it was taken");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn garbled_photos_are_read_or_refused(cut in 0..2000_usize, place in 0..400_usize, byte: u8) {
            let mut bytes = photo(Vec::new());
            bytes.truncate(cut.max(1));
            let place = place % bytes.len();
            bytes[place] = byte;
            let _ = surveyed(&bytes);
        }
    }
}
