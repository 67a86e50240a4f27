//! What is said with a command that takes files in, holds them against a layer, or writes them.

use std::path::PathBuf;

use crate::geom::crs::Crs;
use crate::io::format::ReadOptions;
use crate::model::expr::Expr;
use crate::model::geometry::Bounds;

/// What comes in, and how.
#[derive(Clone, Debug, Default)]
pub struct ImportRequest {
    /// The files.
    pub paths: Vec<PathBuf>,
    /// How to understand them, where they do not say or say wrong.
    pub read: ReadOptions,
    /// The layer to make or to append to; the file's name if there is none.
    pub layer: Option<String>,
    /// Kind's id; `None` is `plain`.
    pub kind: Option<String>,
    /// Their field name → our field id, over what is guessed.
    pub map: Vec<(String, String)>,
    /// Refuse the whole file if one feature is bad.
    pub strict: bool,
    /// What lies wholly outside of this box stays out, WGS 84 degrees.
    pub within: Option<Bounds>,
    /// A city file to make for it, where none is open: the city appears whole or not at all.
    pub new_city: Option<PathBuf>,
    /// Our field → the value that every row gets, as a person types it.
    pub set: Vec<(String, String)>,
    /// Layers of the files that go another way than the rest.
    pub each: Vec<LayerRequest>,
    /// Where the features that are refused go, to be mended; its ending names the format.
    pub rejects: Option<PathBuf>,
    /// Whether a file that is there may go for them.
    pub replace_rejects: bool,
    /// The recipe that all this came from: columns of it that the file does not have are told of, not refused.
    pub recipe: Option<Box<crate::session::import::recipe::Recipe>>,
    /// Keep the text of the features, so that an export gives it back (`GeoJSON`).
    pub lossless: bool,
    /// Nobody knows where the coordinates lie: they go on a plane of their own, in the middle of the city.
    pub is_place_unknown: bool,
}

/// What comes of one layer of a file, in place of what the request says for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerRequest {
    /// Its name in the file.
    pub of: String,
    /// Whether it stays out.
    pub skip: bool,
    /// The layer to make or to append to; its name in the file if there is none.
    pub layer: Option<String>,
    /// Kind's id; `None` is `plain`.
    pub kind: Option<String>,
    /// Their field name → our field id, over what is guessed.
    pub map: Vec<(String, String)>,
    /// Our field → the value that every row gets, as a person types it.
    pub set: Vec<(String, String)>,
}

/// A delivery to be held against a layer.
#[derive(Clone, Debug, Default)]
pub struct CompareRequest {
    /// The file, the layer that it is held against, and how its columns are read.
    pub import: ImportRequest,
    /// The field that names a thing on both sides; `code` where the layer has it, else place and shape tell.
    pub key: Option<String>,
}

/// Which rows of a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowFilter {
    /// Condition, as a person writes it.
    pub filter: Option<Expr>,
    /// Box in WGS 84 degrees.
    pub bounds: Option<Bounds>,
    /// These rows alone.
    pub ids: Option<Vec<i64>>,
    /// Around longitude, latitude (degrees): within so many metres.
    pub near: Option<([f64; 2], f64)>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// What goes out, and how.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// Table name or layer name.
    pub layer: String,
    /// Which rows.
    pub rows: RowFilter,
    /// The file; its ending names the format.
    pub path: PathBuf,
    /// Whether an existing file may go.
    pub overwrite: bool,
    /// CRS of the file where the format has a choice.
    pub crs: Option<Crs>,
    /// Decimals of a coordinate in degrees.
    pub decimals: u8,
    /// Names of coded values instead of the codes.
    pub labels: bool,
    /// Whether a bounding box is written.
    pub bbox: bool,
    /// Whether a passport is written beside it: where it comes from and what is in it.
    pub passport: bool,
    /// What is left out and blurred.
    pub profile: Option<crate::session::export::redact::Profile>,
}
