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
use super::{
    archive, atomic, csv, dxf, exif, flatgeobuf, geojson, geojson_write, gpkg, gpx, kml, osm, shapefile, swmm,
    topojson, xlsx,
};
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::task::{Problems, Severity, Task};
use crate::text::encoding::Encoding;
use crate::text::{Lang, Text};

/// Checks a whole file and says what is in it.
pub type SurveyFn = fn(&Path, &ReadOptions, &mut Task) -> Result<Survey, ReadError>;
/// Hands over the features of a surveyed file.
pub type ReadFn = fn(&Path, &Survey, &mut Task, &mut Sink<'_>) -> Result<Problems, ReadError>;
/// Begins a file that is one stream of bytes.
pub type CreateFn = for<'a> fn(&'a mut dyn Write, &Schema, &WriteOptions) -> Result<Box<dyn Writer + 'a>, WriteError>;
/// Begins a file, or several of one stem, at a path where nothing is yet; all of them are moved into place at the end.
pub type CreateAtFn = fn(&Path, &Schema, &WriteOptions) -> Result<Box<dyn Writer>, WriteError>;
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
    pub create: Option<Create>,
}

/// How a format's files are begun.
#[derive(Clone, Copy, Debug)]
pub enum Create {
    /// One file, written from its beginning to its end.
    Stream(CreateFn),
    /// A file that is written here and there, or several that belong together.
    Files(CreateAtFn),
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
        create: Some(Create::Stream(geojson_write::create)),
    },
    Format {
        id: "geojsonl",
        name: Text::new("GeoJSON（每行一个要素）", "GeoJSON (one feature a line)"),
        endings: &["geojsonl", "ndjson", "geojsons", "jsonl", "geojsonseq"],
        is_begun: geojson::is_begun, // without the ending it is the GeoJSON reader that meets a second line
        survey: Some(geojson::survey_lines),
        read: Some(geojson::read),
        create: Some(Create::Stream(geojson_write::create_lines)),
    },
    Format {
        id: "gpkg",
        name: Text::new("GeoPackage", "GeoPackage"),
        endings: &["gpkg"],
        is_begun: gpkg::is_begun,
        survey: Some(gpkg::survey),
        read: Some(gpkg::read),
        create: Some(Create::Files(gpkg::create)),
    },
    Format {
        id: "shapefile",
        name: Text::new("Shapefile", "Shapefile"),
        endings: &["shp"],
        is_begun: shapefile::is_begun,
        survey: Some(shapefile::survey),
        read: Some(shapefile::read),
        create: Some(Create::Files(shapefile::write::create)),
    },
    Format {
        id: "shapefile-zip",
        name: Text::new("Shapefile 压缩包", "Shapefiles in a zip archive"),
        endings: &["zip", "shz"],
        is_begun: archive::is_begun,
        survey: Some(shapefile::survey_archive),
        read: Some(shapefile::read),
        create: None,
    },
    Format {
        id: "dbf",
        name: Text::new("dBASE 表格", "dBASE table"),
        endings: &["dbf"],
        is_begun: shapefile::is_table_begun,
        survey: Some(shapefile::survey_table),
        read: Some(shapefile::read),
        create: Some(Create::Files(shapefile::write::create_table)),
    },
    Format {
        id: "csv",
        name: Text::new("CSV 表格", "CSV table"),
        endings: &["csv", "txt"],
        is_begun: csv::is_begun,
        survey: Some(csv::survey),
        read: Some(csv::read),
        create: Some(Create::Stream(csv::create)),
    },
    Format {
        id: "tsv",
        name: Text::new("TSV 表格（制表符分隔）", "TSV table (tabs between cells)"),
        endings: &["tsv", "tab"],
        is_begun: csv::is_begun,
        survey: Some(csv::survey_tsv),
        read: Some(csv::read),
        create: Some(Create::Stream(csv::create_tsv)),
    },
    Format {
        id: "xlsx",
        name: Text::new("Excel 工作簿", "Excel workbook"),
        endings: &["xlsx", "xlsm"],
        is_begun: xlsx::is_begun,
        survey: Some(xlsx::survey),
        read: Some(xlsx::read),
        create: Some(Create::Files(xlsx::create)),
    },
    Format {
        id: "xls",
        name: Text::new("Excel 97–2003 工作簿", "Excel 97–2003 workbook"),
        endings: &["xls", "et"],
        is_begun: xlsx::is_xls_begun,
        survey: Some(xlsx::survey_xls),
        read: Some(xlsx::read),
        create: None,
    },
    Format {
        id: "ods",
        name: Text::new("OpenDocument 表格", "OpenDocument spreadsheet"),
        endings: &["ods"],
        is_begun: xlsx::is_ods_begun,
        survey: Some(xlsx::survey_ods),
        read: Some(xlsx::read),
        create: None,
    },
    Format {
        id: "flatgeobuf",
        name: Text::new("FlatGeobuf", "FlatGeobuf"),
        endings: &["fgb"],
        is_begun: flatgeobuf::is_begun,
        survey: Some(flatgeobuf::survey),
        read: Some(flatgeobuf::read),
        create: Some(Create::Files(flatgeobuf::create)),
    },
    Format {
        id: "kml",
        name: Text::new("KML", "KML"),
        endings: &["kml"],
        is_begun: kml::is_begun,
        survey: Some(kml::survey),
        read: Some(kml::read),
        create: Some(Create::Stream(kml::create)),
    },
    Format {
        id: "kmz",
        name: Text::new("KMZ（压缩的 KML）", "KMZ (KML, zipped)"),
        endings: &["kmz"],
        is_begun: kml::is_begun_zipped,
        survey: Some(kml::survey_zipped),
        read: Some(kml::read_zipped),
        create: Some(Create::Files(kml::create_zipped)),
    },
    Format {
        id: "gpx",
        name: Text::new("GPX（航点、航迹）", "GPX (waypoints, tracks)"),
        endings: &["gpx"],
        is_begun: gpx::is_begun,
        survey: Some(gpx::survey),
        read: Some(gpx::read),
        create: Some(Create::Stream(gpx::create)),
    },
    Format {
        id: "dxf",
        name: Text::new("AutoCAD DXF", "AutoCAD DXF"),
        endings: &["dxf"],
        is_begun: dxf::is_begun,
        survey: Some(dxf::survey),
        read: Some(dxf::read),
        create: Some(Create::Stream(dxf::write::create)),
    },
    Format {
        id: "osm",
        name: Text::new("OpenStreetMap", "OpenStreetMap"),
        endings: &["pbf", "osm"],
        is_begun: osm::is_begun,
        survey: Some(osm::survey),
        read: Some(osm::read),
        create: None,
    },
    Format {
        id: "swmm",
        name: Text::new("EPA SWMM 模型", "EPA SWMM model"),
        endings: &["inp"],
        is_begun: swmm::is_begun,
        survey: Some(swmm::survey),
        read: Some(swmm::read),
        create: None,
    },
    Format {
        id: "topojson",
        name: Text::new("TopoJSON", "TopoJSON"),
        endings: &["topojson"],
        is_begun: topojson::is_begun,
        survey: Some(topojson::survey),
        read: Some(topojson::read),
        create: None,
    },
    Format {
        id: "wkt",
        name: Text::new("WKT 几何文字", "Well-known text (WKT)"),
        endings: &["wkt"],
        is_begun: csv::is_wkt_begun,
        survey: Some(csv::survey_wkt),
        read: Some(csv::read),
        create: Some(Create::Stream(csv::create_wkt)),
    },
    Format {
        id: "photo",
        name: Text::new("照片（按拍摄位置）", "Photos, where they were taken"),
        endings: &["jpg", "jpeg", "heic", "heif", "png", "tif", "tiff", "webp"],
        is_begun: exif::is_begun,
        survey: Some(exif::survey),
        read: Some(exif::read),
        create: None,
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadOptions {
    /// Coordinates are in this CRS, whatever the file says.
    pub crs: Option<Crs>,
    /// Points, lines and areas together, rather than one layer for each.
    pub one_layer: bool,
    /// Name of the layer; the file's name without it.
    pub layer_name: Option<String>,
    /// Text is in this encoding, whatever the file says.
    pub encoding: Option<Encoding>,
    /// The columns that hold the place, in a table; guessed without it.
    pub place: Option<PlaceColumns>,
    /// The layers (sheets, tables) of the file that are wanted, by name; all without one.
    pub only: Vec<String>,
}

/// Where a table keeps the place of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceColumns {
    /// x or longitude in one column, y or latitude in another, by name.
    Xy(String, String),
    /// Well-known text in one column.
    Wkt(String),
    /// Rows have no place.
    Nowhere,
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
    /// The box around them, in their CRS.
    pub bounds: Bounds,
    /// Their own CRS where that is not [`Survey::crs`]: some formats give every layer its own.
    pub crs: Option<Crs>,
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
    /// How that CRS is known.
    pub crs_origin: CrsOrigin,
    /// The encoding of its text, where the format leaves a choice.
    pub encoding: Option<Encoding>,
    /// How the file was understood where it could be understood otherwise, with the evidence: for the person who decides.
    pub understood: Vec<Text>,
    /// The layers it can become.
    pub layers: Vec<Draft>,
    /// What is wrong with single features, in the order of the file.
    pub problems: Problems,
    /// Size of the file.
    pub bytes: u64,
    /// The format's own notes for the second pass.
    pub(super) plan: Arc<dyn Any + Send + Sync>,
}

/// How the CRS of a file is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CrsOrigin {
    /// Whoever asked said so.
    Asked,
    /// The file says so.
    Declared,
    /// The format has no other.
    #[default]
    Format,
    /// Nothing says so; the numbers look like it.
    Guessed,
}

impl Survey {
    /// The columns of a table by name, those too that give the place and so are no fields; none for other formats.
    pub fn table_columns(&self) -> Vec<String> {
        csv::columns(self).or_else(|| xlsx::columns(self)).unwrap_or_default()
    }
}

impl std::fmt::Debug for Survey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { format, crs, crs_origin: _, encoding: _, understood: _, layers, problems, bytes, plan: _ } = self;
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
    /// Small tables behind the rows, in a workbook alone: each on a sheet of its own.
    pub sheets: Vec<ExtraSheet>,
}

/// A small table on a sheet of its own: sums, what numbers rest on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExtraSheet {
    /// What the sheet is called.
    pub name: Text,
    /// Its rows; the first names the columns.
    pub rows: Vec<Vec<Value>>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            decimals: 7,
            bbox: false,
            labels_not_codes: false,
            lang: Lang::Zh,
            crs: None,
            note: None,
            sheets: Vec::new(),
        }
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

/// Checks a whole file and says what is in it. The format is found by the file's beginning, among several by the ending
/// of its name; where no format knows the beginning, by the ending alone.
///
/// # Errors
/// See [`ReadError`]: the file is refused as a whole.
pub fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let format = format_of(path)?;
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
    match create {
        Create::Stream(create) => atomic::write(path, overwrite, |out| {
            let mut writer = create(out, schema, options)?;
            fill(writer.as_mut())?;
            something(writer.finish()?)
        }),
        Create::Files(create) => atomic::write_files(path, overwrite, |at| {
            let mut writer = create(at, schema, options)?;
            fill(writer.as_mut())?;
            something(writer.finish()?)
        }),
    }
}

/// Refuses a file in which none of the features has found room: it would take the place of a good one.
fn something(written: Written) -> Result<Written, WriteError> {
    let mut problems = written.problems.listed.iter();
    match problems.find(|problem| problem.severity == Severity::Error) {
        Some(problem) if written.features == 0 => Err(WriteError::NothingWritten { first: problem.what.clone() }),
        _ => Ok(written),
    }
}

fn format_of(path: &Path) -> Result<Option<&'static Format>, ReadError> {
    let mut beginning = Vec::new();
    File::open(path)?.take(4096).read_to_end(&mut beginning)?;
    let readable = || FORMATS.iter().filter(|format| format.survey.is_some());
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let has_ending = |format: &&Format| format.endings.iter().any(|known| known.eq_ignore_ascii_case(ending));
    let is_begun = |format: &&Format| (format.is_begun)(&beginning);
    let both = readable().find(|format| has_ending(format) && is_begun(format));
    Ok(both.or_else(|| readable().find(is_begun)).or_else(|| readable().find(has_ending)))
}
