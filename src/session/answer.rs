//! What a command leads to, for callers that wait for it: the command line and the tests.

use std::path::PathBuf;

use crate::geom::crs::Crs;
use crate::model::geometry::{Bounds, GeometryKind};
use crate::render::paper::Paper;
pub use crate::render::paper::{PARTS, Parts};
use crate::task::{Problem, Problems};
use crate::text::{Lang, Text};

use super::command::RowFilter;

/// What came of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It is done; nothing to tell.
    Done,
    /// The sample city was written.
    Demo {
        /// The file.
        city: PathBuf,
        /// Over all rows, time stamps apart; hexadecimal.
        sha256: String,
        /// The seed it came from.
        seed: u64,
    },
    /// Files were taken in.
    Imported {
        /// Layers that were made or grew.
        layers: Vec<ImportedLayer>,
        /// What was wrong with whole columns and with single features.
        problems: Problems,
        /// Files that the refused features were kept in, and how many each has.
        rejects: Vec<(PathBuf, u64)>,
        /// Each file that has places, with whether it lies where its coordinate system puts it.
        datum: Vec<(PathBuf, super::crs::datum::DatumVerdict)>,
    },
    /// A file was written.
    Exported {
        /// The file.
        file: PathBuf,
        /// Features in it.
        features: u64,
        /// Its size.
        bytes: u64,
        /// Features that were left out, or that somebody should look at.
        problems: Problems,
        /// Its passport, if one was asked for.
        passport: Option<PathBuf>,
    },
    /// Rows were added or changed; the first of them, and the journal's step.
    Changed {
        /// Table name.
        layer: String,
        /// Row.
        id: i64,
        /// Number in the journal.
        step: i64,
        /// The step's words.
        label: Text,
    },
    /// A step was taken back or done again.
    Step {
        /// Number in the journal.
        step: i64,
        /// Its words.
        label: Text,
    },
    /// It is done, and these are the words for it.
    Told(Text),
    /// There was nothing to take back or do again.
    NothingToUndo,
}

/// One layer that an import made or added to.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedLayer {
    /// Table name.
    pub name: String,
    /// Kind's id.
    pub kind: String,
    /// Features added.
    pub features: u64,
    /// Columns of the file and the fields that they were read into: name there, id here.
    pub mapped: Vec<(String, String)>,
}

/// Why a command came to nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", text.en)]
pub struct Failure {
    /// What happened, what was kept, what to do.
    pub text: Text,
    /// Its class.
    pub kind: FailureKind,
    /// What was wrong with single features, where that is why.
    pub problems: Vec<Problem>,
}

/// Classes of failures; each has an exit code of its own on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The words make no sense: a name that does not exist, a broken condition.
    Usage,
    /// A file cannot be read or written, exists already, is locked or full.
    File,
    /// Data that were refused whole.
    Data,
    /// Another program changed the rows since.
    Conflict,
    /// The person stopped it.
    Cancelled,
}

impl FailureKind {
    /// The word in `--json` errors.
    pub fn code(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::File => "file",
            Self::Data => "data",
            Self::Conflict => "conflict",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Failure {
    /// A failure without single problems.
    pub fn new(kind: FailureKind, text: Text) -> Self {
        Self { text, kind, problems: Vec::new() }
    }
}

/// What `info` tells of a city.
#[derive(Clone, Debug, PartialEq)]
pub struct CityInfo {
    /// The file.
    pub path: PathBuf,
    /// Version of our tables in it; 0 for a GeoPackage that is not ours.
    pub format_version: u32,
    /// Whether its data are invented.
    pub is_sample: bool,
    /// Its layers, topmost first.
    pub layers: Vec<LayerFigures>,
    /// The bureau's figures by name (`grid_km2`, `cells`, `foul_sewer_km` …), in a fixed order.
    pub figures: Vec<(&'static str, f64)>,
}

/// Size of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerFigures {
    /// Table name.
    pub name: String,
    /// What a person reads.
    pub title: Text,
    /// Kind's id.
    pub kind: String,
    /// Geometry type.
    pub geometry: Option<GeometryKind>,
    /// CRS.
    pub crs: Crs,
    /// Rows.
    pub features: u64,
    /// Lengths of lines on the ellipsoid.
    pub length_m: f64,
    /// Areas of polygons on the ellipsoid.
    pub area_m2: f64,
    /// Around it, WGS 84 degrees.
    pub extent: Option<Bounds>,
}

/// A map without a window.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderRequest {
    /// The file; its ending names the format. With `{}` in its name each page of a series is a file of its own, which has
    /// the page's number and name there.
    pub path: PathBuf,
    /// Whether an existing file may go.
    pub overwrite: bool,
    /// Width and height, pixels.
    pub size_px: [u32; 2],
    /// Physical pixels for one logical: 2 draws everything twice as big.
    pub pixel_ratio: f32,
    /// What it shows.
    pub frame: RenderFrame,
    /// The scale's denominator; the frame then says the middle alone.
    pub denominator: Option<f64>,
    /// Table names or layer names; empty for the visible ones.
    pub layers: Vec<String>,
    /// Language of labels.
    pub lang: Lang,
    /// On the dark map; paper is always light.
    pub dark: bool,
    /// As a sheet of paper with frame, title and legend; the paper then says the size.
    pub sheet: Option<SheetRequest>,
}

/// A map on paper.
#[derive(Clone, Debug, PartialEq)]
pub struct SheetRequest {
    /// Its size.
    pub paper: Paper,
    /// Title; the city's file name if there is none.
    pub title: Option<String>,
    /// A smaller line under the title.
    pub subtitle: Option<String>,
    /// Where the data come from; the city's file name if there is nothing said.
    pub source: Option<String>,
    /// Who drew it; nobody if there is nothing said, and a line to sign on.
    pub author: Option<String>,
    /// What stands around the map.
    pub parts: Parts,
    /// Turn of the map, clockwise, radians.
    pub rotation_rad: f64,
    /// One page for each feature of a layer.
    pub series: Option<SeriesRequest>,
}

/// The pages of a series: one for each feature, in the order of their ids.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesRequest {
    /// Table name of the layer.
    pub layer: String,
    /// Which of its rows.
    pub rows: RowFilter,
    /// Room around a feature where the scale is made to fit it, as a share of its longer side.
    pub margin: f64,
    /// Whether all pages have the scale of the one that needs the smallest, if no other is asked for.
    pub one_scale: bool,
}

impl SeriesRequest {
    /// Every feature of a layer, with a little room around each, at one scale.
    pub fn of(layer: String) -> Self {
        Self { layer, rows: RowFilter::default(), margin: 0.05, one_scale: true }
    }
}

impl SheetRequest {
    /// A sheet of `A4` to `A0` paper, or of `WxH` millimetres, lying unless `upright`; `None` for any other word.
    pub fn on(paper: &str, upright: bool) -> Option<Self> {
        Some(Self::new(Paper::parse(paper, !upright)?))
    }

    /// A sheet with everything on it.
    pub fn new(paper: Paper) -> Self {
        let (title, subtitle, source, author) = (None, None, None, None);
        Self { paper, title, subtitle, source, author, parts: Parts::default(), rotation_rad: 0.0, series: None }
    }
}

/// What a map without a window shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RenderFrame {
    /// Everything.
    All,
    /// A box in WGS 84 degrees.
    Bounds(Bounds),
    /// Longitude, latitude (degrees) and the distance from the middle to the nearer edges in metres.
    Around([f64; 2], f64),
}
