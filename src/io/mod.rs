//! File formats: what comes in from other programs and what goes out to them.
//!
//! A format knows files and the model, never the city file. Reading takes two passes: [`format::survey`] checks the
//! whole file and says what is in it, [`format::read`] hands over the features; both stream, whatever the file's size.
//! Bad features become [`Problem`](crate::task::Problem)s, a file that is broken as a whole a [`error::ReadError`].

mod archive;
pub mod atomic;
mod clock;
mod columns;
mod csv;
mod dxf;
pub mod error;
mod exif;
mod flatgeobuf;
pub mod format;
mod gather;
mod geojson;
mod geojson_changes;
mod geojson_check;
mod geojson_digest;
mod geojson_draft;
mod geojson_fault;
mod geojson_parse;
mod geojson_run;
mod geojson_scan;
mod geojson_shape;
mod geojson_value;
mod geojson_write;
mod geojson_write_shape;
mod gpkg;
mod gpx;
pub mod ground;
mod guess_crs;
mod infer;
mod kml;
mod lanes;
mod leaves;
pub mod lossless;
mod osm;
mod outgoing;
pub mod paste;
pub mod picture;
mod qgis_expr;
pub mod qml;
mod qml_symbol;
mod shapefile;
pub mod sitter;
pub mod sld;
mod source;
pub mod style_file;
mod style_write;
pub mod swmm;
mod table;
mod topojson;
pub mod wkt;
mod words;
mod xlsx;
mod xml;
mod xml_read;

#[cfg(test)]
mod format_tests;
