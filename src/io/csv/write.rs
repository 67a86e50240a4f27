//! Writing text tables as RFC 4180 wants them, with the mark by which spreadsheets know UTF-8; and well-known text.

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rayon::prelude::*;

use crate::geom::crs::Crs;
use crate::io::error::WriteError;
use crate::io::format::{WriteOptions, Writer, Written};
use crate::io::geojson_write_shape::put_number;
use crate::io::outgoing::{Outgoing, off_the_globe};
use crate::io::table::out::{Shape, position};
use crate::io::wkt::put_wkt;
use crate::model::feature::Feature;
use crate::model::geometry::Geometry;
use crate::model::schema::Schema;
use crate::model::value::{FieldType, Value};
use crate::task::{Problem, Problems};
use crate::text;
use crate::text::Text;

/// Features that one thread formats at once.
const CHUNK: usize = 512;
/// Chunks that are in memory at once.
const CHUNKS: usize = 32;
/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 20;
/// Longer numbers are rounded by spreadsheets.
const SPREADSHEET_DIGITS: usize = 15;

/// Begins a table with commas between its cells.
pub(in crate::io) fn create<'a>(
    out: &'a mut dyn Write,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer + 'a>, WriteError> {
    begin(out, schema, options, Some(b','))
}

/// Begins a table with tabs between its cells.
pub(in crate::io) fn create_tsv<'a>(
    out: &'a mut dyn Write,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer + 'a>, WriteError> {
    begin(out, schema, options, Some(b'\t'))
}

/// Begins a file of one geometry a line.
pub(in crate::io) fn create_wkt<'a>(
    out: &'a mut dyn Write,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer + 'a>, WriteError> {
    begin(out, schema, options, None)
}

/// All that does not change from feature to feature.
struct Form {
    outgoing: Outgoing,
    shape: Shape,
    /// Whether there is nothing but the shape.
    is_alone: bool,
    delimiter: u8,
    decimals: u8,
}

struct TableWriter<'a> {
    out: &'a mut dyn Write,
    form: Form,
    buffer: Vec<u8>,
    is_begun: bool,
    written: Written,
    told: Told,
}

fn begin<'a>(
    out: &'a mut dyn Write,
    schema: &Schema,
    options: &WriteOptions,
    delimiter: Option<u8>,
) -> Result<Box<dyn Writer + 'a>, WriteError> {
    let outgoing = Outgoing::in_any_crs(schema, options)?;
    let is_alone = delimiter.is_none();
    let shape = if is_alone { Shape::Wkt } else { Shape::of(schema.geometry) };
    let told = Told { columns: vec![ToldColumn::default(); outgoing.columns.len()], ..Told::default() };
    let delimiter = delimiter.unwrap_or(b',');
    let form = Form { outgoing, shape, is_alone, delimiter, decimals: options.decimals.min(15) };
    Ok(Box::new(TableWriter { out, form, buffer: Vec::new(), is_begun: false, written: Written::default(), told }))
}

impl Writer for TableWriter<'_> {
    fn write(&mut self, feature: &Feature) -> Result<(), WriteError> {
        self.write_many(std::slice::from_ref(feature))
    }

    fn write_many(&mut self, features: &[Feature]) -> Result<(), WriteError> {
        for some in features.chunks(CHUNK * CHUNKS) {
            self.begin(some);
            let form = &self.form;
            let chunks: Vec<Chunk> = some.par_chunks(CHUNK).map(|chunk| form.chunk(chunk)).collect();
            chunks.into_iter().try_for_each(|chunk| self.take(chunk))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Written, WriteError> {
        self.begin(&[]);
        self.flush()?;
        self.out.flush()?;
        self.told.problems(&self.form, &mut self.written.problems);
        Ok(self.written)
    }
}

impl TableWriter<'_> {
    /// Names the columns, once it can be seen whether there are heights.
    fn begin(&mut self, first: &[Feature]) {
        if std::mem::replace(&mut self.is_begun, true) || self.form.is_alone {
            return;
        }
        let first = first.iter().filter_map(|feature| feature.geometry.as_ref());
        self.form.shape = self.form.shape.with_heights(first);
        self.buffer.extend_from_slice("\u{feff}".as_bytes());
        let names: Vec<&str> = self.form.outgoing.columns.iter().map(|column| column.name.as_str()).collect();
        let mut all = self.form.shape.names(self.form.outgoing.crs.is_geographic(), None, &names);
        all.extend(names.iter().map(|name| (*name).to_owned()));
        for (place, name) in all.iter().enumerate() {
            if place > 0 {
                self.buffer.push(self.form.delimiter);
            }
            put_words(name, self.form.delimiter, &mut self.buffer);
        }
        self.buffer.extend_from_slice(b"\r\n");
    }

    fn take(&mut self, chunk: Chunk) -> Result<(), WriteError> {
        self.buffer.extend_from_slice(&chunk.text);
        self.written.features += chunk.features;
        self.written.problems.append(chunk.problems);
        self.told.merge(&chunk.told);
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
    problems: Problems,
    told: Told,
}

impl Form {
    fn chunk(&self, features: &[Feature]) -> Chunk {
        let told = Told { columns: vec![ToldColumn::default(); self.outgoing.columns.len()], ..Told::default() };
        let text = Vec::with_capacity(features.len() * 128);
        let mut chunk = Chunk { text, features: 0, problems: Problems::default(), told };
        for feature in features {
            match self.outgoing.geometry(feature) {
                Ok(geometry) => self.row(feature, geometry.as_deref(), &mut chunk),
                Err(what) => chunk.problems.push(Problem::error("table.not-written", what).of_feature(feature.id)),
            }
        }
        chunk
    }

    fn row(&self, feature: &Feature, geometry: Option<&Geometry>, chunk: &mut Chunk) {
        if self.is_alone && geometry.is_none() {
            chunk.told.without_place += 1;
            return;
        }
        let bounds = geometry.filter(|_| self.outgoing.crs == Crs::WGS84).map(Geometry::bounds);
        if let Some(problem) = bounds.and_then(|bounds| off_the_globe(&bounds)) {
            chunk.problems.push(problem.of_feature(feature.id));
        }
        chunk.features += 1;
        match self.shape {
            Shape::Nowhere => {}
            Shape::Xy { has_z } => self.put_xy(feature.id, geometry, has_z, chunk),
            Shape::Wkt => self.put_shape(geometry, &mut chunk.text),
        }
        if !self.is_alone {
            for place in 0..self.outgoing.columns.len() {
                if place > 0 || self.shape != Shape::Nowhere {
                    chunk.text.push(self.delimiter);
                }
                self.put_value(place, &self.outgoing.value(feature, place), chunk);
            }
        }
        chunk.text.extend_from_slice(b"\r\n");
    }

    fn put_shape(&self, geometry: Option<&Geometry>, out: &mut Vec<u8>) {
        let is_quoted = geometry.is_some() && !self.is_alone && self.delimiter == b',';
        let quote: &[u8] = if is_quoted { b"\"" } else { b"" };
        out.extend_from_slice(quote);
        if let Some(geometry) = geometry {
            put_wkt(geometry, self.decimals, out);
        }
        out.extend_from_slice(quote);
    }

    fn put_xy(&self, id: i64, geometry: Option<&Geometry>, has_z: bool, chunk: &mut Chunk) {
        let numbers = position(geometry).unwrap_or_else(|problem| {
            chunk.problems.push(problem.of_feature(id));
            None
        });
        let numbers = numbers.unwrap_or_default();
        chunk.told.without_height += u64::from(!has_z && numbers[2].is_some());
        for (place, number) in numbers[..if has_z { 3 } else { 2 }].iter().enumerate() {
            if place > 0 {
                chunk.text.push(self.delimiter);
            }
            if let Some(number) = number {
                put_number(&mut chunk.text, *number, self.decimals);
            }
        }
    }

    fn put_value(&self, place: usize, value: &Value, chunk: &mut Chunk) {
        let out = &mut chunk.text;
        let told = &mut chunk.told.columns[place];
        let is_bool = self.outgoing.columns[place].field.field_type == FieldType::Bool;
        match value {
            Value::Null => {}
            Value::Int(number) if is_bool => out.extend_from_slice(if *number == 0 { b"false" } else { b"true" }),
            Value::Bool(yes) => out.extend_from_slice(yes.to_string().as_bytes()),
            Value::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Value::Real(number) => out.extend_from_slice(format!("{number:?}").as_bytes()), // `2.0` stays a real number
            Value::Text(words) => {
                told.formulas += u64::from(words.starts_with(['=', '+', '@']));
                told.codes += u64::from(is_code(words));
                put_words(words, self.delimiter, out);
            }
            Value::Blob(bytes) => {
                told.blobs += 1;
                out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
            }
        }
    }
}

/// Digits that a spreadsheet changes when it opens the file: too many of them, or zeros before.
fn is_code(words: &str) -> bool {
    let is_long = words.len() > SPREADSHEET_DIGITS || (words.len() > 1 && words.starts_with('0'));
    is_long && words.bytes().all(|byte| byte.is_ascii_digit())
}

/// Words in quotes where they need them; empty words are told from nothing.
fn put_words(words: &str, delimiter: u8, out: &mut Vec<u8>) {
    let needs = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n');
    let is_quoted = words.is_empty() || words.bytes().any(needs) || words.starts_with(' ') || words.ends_with(' ');
    if !is_quoted {
        out.extend_from_slice(words.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in words.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// What a person should know of the whole file.
#[derive(Clone, Debug, Default)]
struct Told {
    columns: Vec<ToldColumn>,
    without_height: u64,
    without_place: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct ToldColumn {
    formulas: u64,
    codes: u64,
    blobs: u64,
}

impl Told {
    fn merge(&mut self, other: &Self) {
        self.without_height += other.without_height;
        self.without_place += other.without_place;
        for (told, other) in self.columns.iter_mut().zip(&other.columns) {
            told.formulas += other.formulas;
            told.codes += other.codes;
            told.blobs += other.blobs;
        }
    }

    fn problems(&self, form: &Form, out: &mut Problems) {
        let crs = form.outgoing.crs;
        if form.shape != Shape::Nowhere && !matches!(crs, Crs::WGS84 | Crs::CGCS2000) {
            let what = text!(
                "文件里写不下坐标系，交给别人时请说明：{crs}",
                "the file cannot say its coordinate system; tell whoever gets it: {crs}"
            );
            out.push(Problem::warning("table.no-crs", what));
        }
        if form.is_alone && !form.outgoing.columns.is_empty() {
            let what =
                Text::new("WKT 文件只有几何，属性未写出", "a WKT file holds geometry alone: no attribute is written");
            out.push(Problem::warning("wkt.no-attributes", what));
        }
        let (heights, places) = (self.without_height, self.without_place);
        if heights > 0 {
            let what = text!(
                "{heights} 个点的高程未写出：前面的点没有高程",
                "{heights} heights are not written: the first points have none"
            );
            out.push(Problem::error("table.no-height", what));
        }
        if places > 0 {
            let what = text!("{places} 行没有位置，未写出", "{places} rows without a place are not written");
            out.push(Problem::error("wkt.no-place", what));
        }
        for (column, told) in form.outgoing.columns.iter().zip(&self.columns) {
            let (name, ToldColumn { formulas, codes, blobs }) = (&column.name, *told);
            if formulas > 0 {
                let what = text!(
                    "“{name}”有 {formulas} 格以 =、+ 或 @ 开头，电子表格会当作公式",
                    "{formulas} cells of “{name}” begin with =, + or @: a spreadsheet takes them for formulas"
                );
                out.push(Problem::warning("table.formula", what));
            }
            if codes > 0 {
                let what = text!(
                    "“{name}”有 {codes} 个编码，用 Excel 直接打开会丢位数；请用“数据→从文本”按文本导入，或导出为 XLSX",
                    "“{name}” holds {codes} codes whose digits Excel changes on opening; import them as text, or export XLSX"
                );
                out.push(Problem::warning("table.code", what));
            }
            if blobs > 0 {
                let what =
                    text!("“{name}”的二进制内容写成了 Base64 文字", "bytes in “{name}” are written as Base64 text");
                out.push(Problem::warning("table.bytes", what));
            }
        }
    }
}
