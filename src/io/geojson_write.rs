//! Writing GeoJSON: RFC 7946 (WGS 84 alone, right-hand rings, ids) as one document, or one feature a line.
//!
//! Features are formatted straight into bytes, many at once on all processors, and written in order.

use std::borrow::Cow;
use std::io::Write;

use rayon::prelude::*;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::columns::ID_COLUMN;
use super::error::WriteError;
use super::format::{WriteOptions, Writer, Written};
use super::geojson_value::compact;
use super::geojson_write_shape::write_geometry;
use super::outgoing::{Outgoing, off_the_globe};
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::task::{Problem, Problems};
use crate::text::{Lang, Text};

/// Features that one thread formats at once.
const CHUNK: usize = 512;
/// Chunks that are in memory at once.
const CHUNKS: usize = 32;
/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 20;

/// Begins a document: one `FeatureCollection`.
pub(super) fn create<'a>(
    out: &'a mut dyn Write,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer + 'a>, WriteError> {
    let form = Form::new(schema, options, false)?;
    let mut buffer = b"{\"type\":\"FeatureCollection\",\"name\":".to_vec();
    put_text(&mut buffer, schema.name.get(options.lang));
    if let Some(note) = &options.note {
        put_note(&mut buffer, note);
    }
    buffer.extend_from_slice(b",\"features\":[");
    Ok(Box::new(JsonWriter { out, form, buffer, bounds: Bounds::EMPTY, written: Written::default() }))
}

/// Begins a file of one feature a line. The note stands in the first feature.
pub(super) fn create_lines<'a>(
    out: &'a mut dyn Write,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer + 'a>, WriteError> {
    let form = Form::new(schema, options, true)?;
    Ok(Box::new(JsonWriter { out, form, buffer: Vec::new(), bounds: Bounds::EMPTY, written: Written::default() }))
}

struct JsonWriter<'a> {
    out: &'a mut dyn Write,
    form: Form,
    buffer: Vec<u8>,
    bounds: Bounds,
    written: Written,
}

impl Writer for JsonWriter<'_> {
    fn write(&mut self, feature: &Feature) -> Result<(), WriteError> {
        let chunk = self.form.chunk(std::slice::from_ref(feature));
        self.take(chunk)
    }

    fn write_many(&mut self, features: &[Feature]) -> Result<(), WriteError> {
        for some in features.chunks(CHUNK * CHUNKS) {
            let form = &self.form;
            let chunks: Vec<Chunk> = some.par_chunks(CHUNK).map(|chunk| form.chunk(chunk)).collect();
            chunks.into_iter().try_for_each(|chunk| self.take(chunk))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Written, WriteError> {
        if !self.form.is_lines {
            self.buffer.extend_from_slice(b"\n]");
            if self.form.bbox && !self.bounds.is_empty() {
                self.buffer.push(b',');
                put_bbox(&mut self.buffer, &self.bounds, self.form.decimals);
            }
            self.buffer.extend_from_slice(b"}\n");
        }
        self.flush()?;
        self.out.flush()?;
        Ok(self.written)
    }
}

impl JsonWriter<'_> {
    fn take(&mut self, chunk: Chunk) -> Result<(), WriteError> {
        let is_first = self.written.features == 0 && chunk.features > 0;
        let mut text = chunk.text.as_slice();
        if is_first && !self.form.is_lines {
            text = &text[1..]; // no comma before the first
        }
        if is_first
            && self.form.is_lines
            && let Some(note) = &self.form.note
        {
            self.buffer.extend_from_slice(b"{\"type\":\"Feature\"");
            put_note(&mut self.buffer, note);
            text = &text[b"{\"type\":\"Feature\"".len()..];
        }
        self.buffer.extend_from_slice(text);
        self.bounds = self.bounds.union(&chunk.bounds);
        self.written.features += chunk.features;
        self.written.problems.append(chunk.problems);
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.out.write_all(&self.buffer)?;
        self.written.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Formatted features.
struct Chunk {
    text: Vec<u8>,
    features: u64,
    bounds: Bounds,
    problems: Problems,
}

/// All that does not change from feature to feature.
pub(super) struct Form {
    columns: Vec<Column>,
    /// Place of the column that holds the feature's own id.
    id_column: Option<usize>,
    outgoing: Outgoing,
    /// Digits behind the point of a coordinate.
    pub(super) decimals: u8,
    bbox: bool,
    is_lines: bool,
    /// Language of code names, if they are written.
    labels: Option<Lang>,
    note: Option<Text>,
}

struct Column {
    /// The property's name, quoted, with its colon.
    key: Vec<u8>,
    field: Field,
}

impl Form {
    /// For features of a schema, each on a line of its own or as members of a document.
    pub(super) fn new(schema: &Schema, options: &WriteOptions, is_lines: bool) -> Result<Self, WriteError> {
        let outgoing = Outgoing::in_wgs84(schema, options)?;
        Ok(Self {
            columns: columns(&outgoing, &schema.fields),
            id_column: schema.fields.iter().position(|field| field.id == ID_COLUMN),
            outgoing,
            decimals: options.decimals.min(15),
            bbox: options.bbox,
            is_lines,
            labels: options.labels_not_codes.then_some(options.lang),
            note: options.note.clone().filter(|_| is_lines),
        })
    }

    fn chunk(&self, features: &[Feature]) -> Chunk {
        let text = Vec::with_capacity(features.len() * 320);
        let mut chunk = Chunk { text, features: 0, bounds: Bounds::EMPTY, problems: Problems::default() };
        for feature in features {
            let start = chunk.text.len();
            match self.feature(feature, &mut chunk.text) {
                Ok(bounds) => {
                    chunk.features += 1;
                    chunk.bounds = chunk.bounds.union(&bounds);
                    if let Some(problem) = off_the_globe(&bounds) {
                        chunk.problems.push(problem.of_feature(feature.id));
                    }
                }
                Err(what) => {
                    chunk.text.truncate(start);
                    chunk.problems.push(Problem::error("geojson.not-written", what).of_feature(feature.id));
                }
            }
        }
        chunk
    }

    /// The geometry of a feature as it goes out.
    pub(super) fn geometry<'a>(&self, feature: &'a Feature) -> Result<Option<Cow<'a, Geometry>>, Text> {
        self.outgoing.geometry(feature)
    }

    /// The value of one column as it goes out.
    pub(super) fn put_column(&self, feature: &Feature, place: usize, out: &mut Vec<u8>) {
        match (self.columns.get(place), feature.values.get(place)) {
            (Some(column), Some(value)) => put_value(out, value, &column.field, self.labels),
            _ => out.extend_from_slice(b"null"),
        }
    }

    /// What a column is called.
    pub(super) fn column_name(&self, place: usize) -> &str {
        self.outgoing.columns.get(place).map_or("", |column| &column.name)
    }

    /// A feature, with the comma or the line's end that parts it from the others.
    pub(super) fn feature(&self, feature: &Feature, out: &mut Vec<u8>) -> Result<Bounds, Text> {
        let geometry = self.outgoing.geometry(feature)?;
        let geometry = geometry.as_ref().map(Cow::as_ref);
        let around = geometry.map_or(Bounds::EMPTY, Geometry::bounds);
        if !self.is_lines {
            out.extend_from_slice(b",\n");
        }
        out.extend_from_slice(b"{\"type\":\"Feature\"");
        self.put_id(feature, out);
        if self.bbox && self.is_lines && !around.is_empty() {
            out.push(b',');
            put_bbox(out, &around, self.decimals);
        }
        out.extend_from_slice(b",\"properties\":{");
        self.put_properties(feature, out);
        out.extend_from_slice(b"},\"geometry\":");
        match geometry {
            Some(geometry) => write_geometry(geometry, self.decimals, out),
            None => out.extend_from_slice(b"null"),
        }
        out.push(b'}');
        if self.is_lines {
            out.push(b'\n');
        }
        Ok(around)
    }

    fn put_id(&self, feature: &Feature, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(b",\"id\":");
        match self.id_column.and_then(|place| Some((feature.values.get(place)?, &self.columns[place].field))) {
            Some((Value::Null, _)) => out.truncate(start),
            Some((value, field)) => put_value(out, value, field, None),
            None if feature.id == 0 => out.truncate(start),
            None => put_json(out, &feature.id),
        }
    }

    fn put_properties(&self, feature: &Feature, out: &mut Vec<u8>) {
        let mut is_first = true;
        for (place, (column, value)) in self.columns.iter().zip(&feature.values).enumerate() {
            if Some(place) == self.id_column {
                continue;
            }
            if !is_first {
                out.push(b',');
            }
            is_first = false;
            out.extend_from_slice(&column.key);
            put_value(out, value, &column.field, self.labels);
        }
    }
}

fn columns(outgoing: &Outgoing, fields: &[Field]) -> Vec<Column> {
    let columns = outgoing.columns.iter().zip(fields).map(|(column, field)| {
        let mut key = Vec::new();
        put_text(&mut key, &column.name);
        key.push(b':');
        Column { key, field: field.clone() }
    });
    columns.collect()
}

fn put_value(out: &mut Vec<u8>, value: &Value, field: &Field, labels: Option<Lang>) {
    if let Some(lang) = labels.filter(|_| !field.codes.is_empty() && !value.is_null()) {
        return put_text(out, &field.display(value, lang));
    }
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(yes) => put_json(out, yes),
        Value::Int(number) if field.field_type == FieldType::Bool => put_json(out, &(*number != 0)),
        Value::Int(number) => put_json(out, number),
        Value::Real(number) => put_json(out, number), // `null` for what is not finite
        Value::Text(text) if field.field_type == FieldType::Json => put_nested(out, text),
        Value::Text(text) => put_text(out, text),
        Value::Blob(bytes) => put_text(out, &base64(bytes)),
    }
}

fn put_nested(out: &mut Vec<u8>, text: &str) {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(json) if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
            out.extend_from_slice(compact(json.get()).as_bytes());
        }
        _ => put_text(out, text),
    }
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_json(out, text);
}

/// Writing to memory does not fail, nor do these types.
fn put_json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let done = serde_json::to_writer(out, value);
    debug_assert!(done.is_ok(), "plain values have JSON");
}

fn put_note(out: &mut Vec<u8>, note: &Text) {
    out.extend_from_slice(b",\"note\":{\"zh\":");
    put_text(out, &note.zh);
    out.extend_from_slice(b",\"en\":");
    put_text(out, &note.en);
    out.push(b'}');
}

pub(super) fn put_bbox(out: &mut Vec<u8>, bounds: &Bounds, decimals: u8) {
    out.extend_from_slice(b"\"bbox\":[");
    for (index, number) in bounds.min.into_iter().chain(bounds.max).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        super::geojson_write_shape::put_number(out, number, decimals);
    }
    out.push(b']');
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let three = [chunk[0], chunk.get(1).copied().unwrap_or(0), chunk.get(2).copied().unwrap_or(0)];
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for digit in 0..4 {
            let is_padding = digit > chunk.len();
            let place = (bits >> (18 - 6 * digit) & 63) as usize;
            out.push(if is_padding { '=' } else { DIGITS[place] as char });
        }
    }
    out
}

#[cfg(test)]
#[path = "geojson_write_tests.rs"]
mod tests;
