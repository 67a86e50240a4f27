//! The one list of file formats, and what all of them have in common.
//!
//! To add a format, write its file and name it in [`FORMATS`].

use std::any::Any;
use std::fs::File;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::error::{ReadError, WriteError};
use super::{atomic, geojson, geojson_write};
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::task::{Problems, Task};
use crate::text::{Lang, Text};

/// Checks a whole file and says what is in it.
pub type SurveyFn = fn(&Path, &ReadOptions, &mut Task) -> Result<Survey, ReadError>;
/// Hands over the features of a surveyed file.
pub type ReadFn = fn(&Path, &Survey, &mut Task, &mut Sink<'_>) -> Result<Problems, ReadError>;
/// Begins a file.
pub type CreateFn = for<'a> fn(&'a mut dyn Write, &Schema, &WriteOptions) -> Result<Box<dyn Writer + 'a>, WriteError>;
/// Takes a feature: the place of its layer in [`Survey::layers`], its number in the file as problems name it (from 1),
/// and itself. `Break` ends the reading.
pub type Sink<'a> = dyn FnMut(usize, i64, Feature) -> ControlFlow<()> + 'a;

/// One file format.
#[derive(Debug)]
pub struct Format {
    /// The word on the command line.
    pub id: &'static str,
    /// What the user sees.
    pub name: Text,
    /// Endings of file names, without the dot, the usual one first.
    pub endings: &'static [&'static str],
    /// Whether a file that begins like this is one.
    pub is_begun: fn(&[u8]) -> bool,
    /// How it is read, if it can be.
    pub survey: Option<SurveyFn>,
    /// How the features come out of a surveyed file.
    pub read: Option<ReadFn>,
    /// How it is written, if it can be.
    pub create: Option<CreateFn>,
}

/// Every format, in the order in which dialogs list them.
pub static FORMATS: &[Format] = &[
    Format {
        id: "geojson",
        name: Text::new("GeoJSON", "GeoJSON"),
        endings: &["geojson", "json"],
        is_begun: geojson::is_begun,
        survey: Some(geojson::survey),
        read: Some(geojson::read),
        create: Some(geojson_write::create),
    },
    Format {
        id: "geojsonl",
        name: Text::new("GeoJSON（每行一个要素）", "GeoJSON (one feature a line)"),
        endings: &["geojsonl", "ndjson", "geojsons", "jsonl", "geojsonseq"],
        is_begun: |_| false, // found by ending, or by the GeoJSON reader when it meets a second line
        survey: Some(geojson::survey_lines),
        read: Some(geojson::read),
        create: Some(geojson_write::create_lines),
    },
];

/// The format with this id, or of files with this ending (without dot, letter case aside).
pub fn format_named(word: &str) -> Option<&'static Format> {
    let is_it = |format: &&Format| {
        format.id.eq_ignore_ascii_case(word) || format.endings.iter().any(|ending| ending.eq_ignore_ascii_case(word))
    };
    FORMATS.iter().find(is_it)
}

/// The format that the file's name asks for.
pub fn format_by_ending(path: &Path) -> Option<&'static Format> {
    format_named(path.extension()?.to_str()?)
}

/// How to understand a file.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Coordinates are in this CRS, whatever the file says.
    pub crs: Option<Crs>,
    /// Points, lines and areas together, rather than one layer for each.
    pub one_layer: bool,
    /// Name of the layer; the file's name without it.
    pub layer_name: Option<String>,
}

/// A layer that a file can become.
#[derive(Clone, Debug)]
pub struct Draft {
    /// A name for it.
    pub name: String,
    /// What all its features are; `Collection` for a mixture, `None` if no feature has a place.
    pub geometry: Option<GeometryKind>,
    /// Whether some positions have heights.
    pub has_z: bool,
    /// Its columns. Ids are good column names, names are as in the file.
    pub fields: Vec<Field>,
    /// How many features.
    pub features: u64,
    /// The box around them, in [`Survey::crs`].
    pub bounds: Bounds,
    /// The first features, up to twenty.
    pub sample: Vec<Feature>,
}

/// What is in a file: the answer of the first pass, and all that the second needs.
#[derive(Clone)]
pub struct Survey {
    /// The format it turned out to be.
    pub format: &'static Format,
    /// The CRS of its coordinates.
    pub crs: Crs,
    /// The layers it can become.
    pub layers: Vec<Draft>,
    /// What is wrong with single features, in the order of the file.
    pub problems: Problems,
    /// Size of the file.
    pub bytes: u64,
    /// The format's own notes for the second pass.
    pub(super) plan: Arc<dyn Any + Send + Sync>,
}

impl std::fmt::Debug for Survey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { format, crs, layers, problems, bytes, plan: _ } = self;
        let mut shown = out.debug_struct("Survey");
        shown.field("format", &format.id).field("crs", crs).field("layers", layers);
        shown.field("problems", problems).field("bytes", bytes).finish()
    }
}

/// How to write a file.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// Digits behind the point of a coordinate: 7 is a centimetre.
    pub decimals: u8,
    /// Whether the box around everything is written too.
    pub bbox: bool,
    /// Coded values by name rather than by code.
    pub labels_not_codes: bool,
    /// Language of those names.
    pub lang: Lang,
    /// Coordinates in this CRS rather than the format's own. GeoJSON has no other than WGS 84.
    pub crs: Option<Crs>,
    /// A sentence about the data, written where the format has room: that a city is invented.
    pub note: Option<Text>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { decimals: 7, bbox: false, labels_not_codes: false, lang: Lang::Zh, crs: None, note: None }
    }
}

/// A file being written, feature by feature; the features are in the CRS of the schema it was begun with.
pub trait Writer {
    /// Adds one feature.
    ///
    /// # Errors
    /// What the disk says. A feature that the format cannot hold is left out with a problem.
    fn write(&mut self, feature: &Feature) -> Result<(), WriteError>;

    /// Adds many: faster, since formats may share the work among processors.
    ///
    /// # Errors
    /// As [`Writer::write`].
    fn write_many(&mut self, features: &[Feature]) -> Result<(), WriteError> {
        features.iter().try_for_each(|feature| self.write(feature))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// What the disk says.
    fn finish(self: Box<Self>) -> Result<Written, WriteError>;
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// Features in the file.
    pub features: u64,
    /// Its size.
    pub bytes: u64,
    /// Features that were left out, and why; and those that are written but should be looked at.
    pub problems: Problems,
}

/// Checks a whole file and says what is in it. The format is found by the ending of its name, else by its beginning.
///
/// # Errors
/// See [`ReadError`]: the file is refused as a whole.
pub fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let by_ending = format_by_ending(path).filter(|format| format.survey.is_some());
    let format = match by_ending {
        Some(format) => Some(format),
        None => format_by_beginning(path)?,
    };
    let not_supported = || ReadError::NotSupported { path: path.to_owned() };
    let survey = format.and_then(|format| format.survey).ok_or_else(not_supported)?;
    survey(path, options, task)
}

/// Hands over the features of a surveyed file in its order. What comes back is what [`Survey::problems`] did not say.
///
/// # Errors
/// See [`ReadError`]; [`ReadError::Stopped`] if `sink` broke off.
pub fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let not_supported = || ReadError::NotSupported { path: path.to_owned() };
    let read = survey.format.read.ok_or_else(not_supported)?;
    read(path, survey, task, sink)
}

/// Writes a whole file: `fill` is handed the writer, and the file appears only when all went well.
///
/// # Errors
/// See [`WriteError`]; without `overwrite` a file that is there stays.
pub fn write_file(
    path: &Path,
    overwrite: bool,
    schema: &Schema,
    options: &WriteOptions,
    fill: impl FnOnce(&mut dyn Writer) -> Result<(), WriteError>,
) -> Result<Written, WriteError> {
    let create = format_by_ending(path).and_then(|format| format.create).ok_or_else(|| {
        let what = Text::new("不支持这种文件", "no format has this ending");
        WriteError::NotSupported { what }
    })?;
    atomic::write(path, overwrite, |out| {
        let mut writer = create(out, schema, options)?;
        fill(writer.as_mut())?;
        writer.finish()
    })
}

fn format_by_beginning(path: &Path) -> Result<Option<&'static Format>, ReadError> {
    let mut beginning = Vec::new();
    File::open(path)?.take(4096).read_to_end(&mut beginning)?;
    Ok(FORMATS.iter().find(|format| format.survey.is_some() && (format.is_begun)(&beginning)))
}
