//! Writing KML and KMZ: placemarks with the layer's columns as a schema, all of them in the document itself. Other
//! programs look for the schema of a zipped document there, and not above a folder.

use std::borrow::Cow;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::super::error::WriteError;
use super::super::format::{WriteOptions, Writer, Written};
use super::super::geojson_write_shape::put_number;
use super::super::outgoing::{Outgoing, label_place, note_words, off_the_globe};
use super::super::xml::Xml;
use crate::model::feature::Feature;
use crate::model::geometry::{Coords, Geometry, GeometryKind, Visitor};
use crate::model::schema::Schema;
use crate::model::value::{FieldType, Value};
use crate::task::Problem;
use crate::text::Text;

/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 20;
/// Digits behind the point of a height: millimetres.
const HEIGHT_DECIMALS: u8 = 3;
/// The schema's name inside the document.
const SCHEMA: &str = "fields";
/// The reference to it.
const SCHEMA_URL: &str = "#fields";

/// Begins a document.
pub(in super::super) fn create<'a>(
    out: &'a mut dyn Write,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer + 'a>, WriteError> {
    Ok(Box::new(KmlWriter::new(Plain(out), schema, options)?))
}

/// Begins an archive with a document in it.
///
/// # Errors
/// What the disk says.
pub(in super::super) fn create_zipped(
    path: &Path,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer>, WriteError> {
    let mut zip = ZipWriter::new(File::create_new(path)?);
    zip.start_file("doc.kml", SimpleFileOptions::default()).map_err(std::io::Error::from)?;
    Ok(Box::new(KmlWriter::new(Zipped(zip), schema, options)?))
}

/// Where the bytes of a document go.
trait Target {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()>;

    /// Ends it; bytes in the file, where that is not what was put.
    fn end(self) -> std::io::Result<Option<u64>>;
}

struct Plain<'a>(&'a mut dyn Write);

impl Target for Plain<'_> {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }

    fn end(self) -> std::io::Result<Option<u64>> {
        self.0.flush()?;
        Ok(None)
    }
}

struct Zipped(ZipWriter<File>);

impl Target for Zipped {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }

    fn end(self) -> std::io::Result<Option<u64>> {
        let file = self.0.finish().map_err(std::io::Error::from)?;
        Ok(Some(file.metadata()?.len()))
    }
}

struct KmlWriter<T> {
    target: T,
    outgoing: Outgoing,
    /// The column that names a placemark.
    label: Option<usize>,
    decimals: u8,
    xml: Xml,
    written: Written,
    /// Columns of bytes, which the format has no room for, and whether that was told.
    lost_bytes: bool,
}

impl<T: Target> KmlWriter<T> {
    fn new(target: T, schema: &Schema, options: &WriteOptions) -> Result<Self, WriteError> {
        let outgoing = Outgoing::in_wgs84(schema, options)?;
        let mut xml = Xml::default();
        xml.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        xml.open("kml", &[("xmlns", "http://www.opengis.net/kml/2.2")]);
        xml.open("Document", &[]);
        let name = schema.name.get(options.lang);
        xml.text("name", &[], name);
        if let Some(note) = note_words(options) {
            xml.text("description", &[], &note);
        }
        xml.open("Schema", &[("name", name), ("id", SCHEMA)]);
        for column in &outgoing.columns {
            xml.open("SimpleField", &[("type", type_of(column.field.field_type)), ("name", &column.name)]);
            let title = column.field.name.get(options.lang);
            if title != column.name && !title.is_empty() {
                xml.text("displayName", &[], title);
            }
            xml.close();
        }
        xml.close();
        let (label, decimals) = (label_place(&schema.fields), options.decimals.min(15));
        Ok(Self { target, outgoing, label, decimals, xml, written: Written::default(), lost_bytes: false })
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.target.put(self.xml.out.as_bytes())?;
        self.written.bytes += self.xml.out.len() as u64;
        self.xml.out.clear();
        Ok(())
    }

    fn placemark(&mut self, feature: &Feature, geometry: Option<&Geometry>) {
        self.xml.out.push('\n');
        self.xml.open("Placemark", &[]);
        if let Some(label) = self.label {
            let name = self.outgoing.value(feature, label);
            if !name.is_null() {
                self.xml.text("name", &[], &name.to_string());
            }
        }
        self.xml.open("ExtendedData", &[]);
        self.xml.open("SchemaData", &[("schemaUrl", SCHEMA_URL)]);
        for (place, column) in self.outgoing.columns.iter().enumerate() {
            let value = self.outgoing.value(feature, place);
            if let Some(words) = words(&value, column.field.field_type) {
                self.xml.text("SimpleData", &[("name", &column.name)], &words);
            }
            self.lost_bytes |= matches!(value.as_ref(), Value::Blob(_));
        }
        self.xml.close();
        self.xml.close();
        if let Some(geometry) = geometry {
            geometry.walk(&mut ShapeWriter { xml: &mut self.xml, decimals: self.decimals, open: Vec::new() });
        }
        self.xml.close();
    }
}

impl<T: Target> Writer for KmlWriter<T> {
    fn write(&mut self, feature: &Feature) -> Result<(), WriteError> {
        let geometry = match self.outgoing.geometry(feature) {
            Ok(geometry) => geometry.map(Cow::into_owned),
            Err(what) => {
                self.written.problems.push(Problem::error("kml.not-written", what).of_feature(feature.id));
                return Ok(());
            }
        };
        let geometry = geometry.filter(|geometry| !geometry.is_empty());
        if let Some(problem) = geometry.as_ref().and_then(|geometry| off_the_globe(&geometry.bounds())) {
            self.written.problems.push(problem.of_feature(feature.id));
        }
        self.placemark(feature, geometry.as_ref());
        self.written.features += 1;
        if self.xml.out.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<Written, WriteError> {
        self.xml.out.push('\n');
        for _ in ["Document", "kml"] {
            self.xml.close();
        }
        self.xml.out.push('\n');
        self.flush()?;
        if self.lost_bytes {
            let what = Text::new(
                "KML 不能存放二进制值，这些值未写出",
                "KML has no room for bytes: those values are not written",
            );
            self.written.problems.push(Problem::warning("kml.bytes", what));
        }
        let Self { target, mut written, .. } = *self;
        if let Some(bytes) = target.end()? {
            written.bytes = bytes;
        }
        Ok(written)
    }
}

/// A value in KML's words; `None` for nothing, and for what has no words.
fn words(value: &Value, field_type: FieldType) -> Option<String> {
    match value {
        Value::Null | Value::Blob(_) => None,
        Value::Bool(_) | Value::Int(_) if field_type == FieldType::Bool => {
            Some(if value.as_bool() == Some(true) { "1" } else { "0" }.to_owned())
        }
        value => Some(value.to_string()),
    }
}

/// KML's name for a type.
fn type_of(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Bool => "bool",
        FieldType::Int => "int",
        FieldType::Real => "double",
        _ => "string",
    }
}

struct ShapeWriter<'a> {
    xml: &'a mut Xml,
    decimals: u8,
    /// Kinds that are open, and how many rings the innermost polygon has so far.
    open: Vec<(GeometryKind, usize)>,
}

impl Visitor for ShapeWriter<'_> {
    fn begin(&mut self, kind: GeometryKind, _: usize) {
        self.open.push((kind, 0));
        let name = match kind {
            GeometryKind::Point => "Point",
            GeometryKind::LineString => "LineString",
            GeometryKind::Polygon => "Polygon",
            _ => "MultiGeometry",
        };
        self.xml.open(name, &[]);
    }

    fn path(&mut self, coords: Coords<'_>) {
        let Some((kind, rings)) = self.open.last_mut() else { return };
        *rings += 1;
        let is_ring = *kind == GeometryKind::Polygon;
        if is_ring {
            self.xml.open(if *rings == 1 { "outerBoundaryIs" } else { "innerBoundaryIs" }, &[]);
            self.xml.open("LinearRing", &[]);
        }
        let mut words = Vec::with_capacity(coords.len() * 24);
        for at in 0..coords.len() {
            if at > 0 {
                words.push(b' ');
            }
            let [lon, lat] = coords.xy(at);
            put_number(&mut words, lon, self.decimals);
            words.push(b',');
            put_number(&mut words, lat, self.decimals);
            if let Some(height) = coords.z(at) {
                words.push(b',');
                put_number(&mut words, height, HEIGHT_DECIMALS);
            }
        }
        self.xml.text("coordinates", &[], &String::from_utf8_lossy(&words));
        if is_ring {
            self.xml.close();
            self.xml.close();
        }
    }

    fn end(&mut self, _: GeometryKind) {
        self.open.pop();
        self.xml.close();
    }
}
