//! File formats: what comes in from other programs and what goes out to them.
//!
//! A format knows files and the model, never the city file. Reading takes two passes: [`format::survey`] checks the
//! whole file and says what is in it, [`format::read`] hands over the features; both stream, whatever the file's size.
//! Bad features become [`Problem`](crate::task::Problem)s, a file that is broken as a whole a [`error::ReadError`].

pub mod atomic;
mod columns;
pub mod error;
pub mod format;
mod geojson;
mod geojson_check;
mod geojson_draft;
mod geojson_fault;
mod geojson_parse;
mod geojson_run;
mod geojson_scan;
mod geojson_shape;
mod geojson_value;
mod geojson_write;
mod geojson_write_shape;
pub mod picture;
mod qgis_expr;
pub mod qml;
mod qml_symbol;
pub mod sitter;
pub mod sld;
pub mod style_file;
mod style_write;
mod xml;
