//! Writing workbooks: one sheet of rows, its first row frozen; codes as text, days as days; and a sheet that says what
//! the data are.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::geom::crs::Crs;
use crate::io::clock;
use crate::io::error::WriteError;
use crate::io::format::{ExtraSheet, WriteOptions, Writer, Written};
use crate::io::outgoing::Outgoing;
use crate::io::table::out::{Shape, position};
use crate::io::wkt::put_wkt;
use crate::model::feature::Feature;
use crate::model::geometry::Geometry;
use crate::model::schema::Schema;
use crate::model::value::{FieldType, Value};
use crate::task::Problem;
use crate::text;
use crate::text::{Lang, Text};

/// Rows of a sheet without the one that names the columns.
const MAX_ROWS: u32 = 1_048_575;
/// Characters of a cell.
const MAX_CELL: usize = 32_767;
/// Columns of a sheet.
const MAX_COLUMNS: usize = 16_384;
/// Larger whole numbers lose digits in a spreadsheet: they are written as text.
const MAX_EXACT: u64 = 999_999_999_999_999;
/// Features that wait until it is clear whether points have heights.
const FIRST: usize = 1000;
/// Narrowest and widest column, in characters.
const WIDTHS: (usize, usize) = (8, 48);

/// Begins a workbook.
pub(in crate::io) fn create(
    path: &Path,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer>, WriteError> {
    let outgoing = Outgoing::in_any_crs(schema, options)?;
    let columns = outgoing.columns.len() + 3;
    if columns > MAX_COLUMNS {
        let what = text!("列数 {columns} 超过 Excel 的上限", "{columns} columns are more than Excel holds");
        return Err(WriteError::NotSupported { what });
    }
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().map_err(failed)?;
    sheet.set_name(sheet_name(schema.name.get(options.lang))).map_err(failed)?;
    Ok(Box::new(BookWriter {
        path: path.to_owned(),
        book,
        outgoing,
        shape: Shape::of(schema.geometry),
        decimals: options.decimals.min(15),
        lang: options.lang,
        note: options.note.clone(),
        extra: options.sheets.clone(),
        title: schema.name.clone(),
        first: Some(Vec::new()),
        widths: Vec::new(),
        rows: 0,
        heights_left: 0,
        written: Written::default(),
        formats: Formats::default(),
    }))
}

/// What cells look like.
struct Formats {
    head: Format,
    text: Format,
    day: Format,
    instant: Format,
}

impl Default for Formats {
    fn default() -> Self {
        Self {
            head: Format::new().set_bold(),
            text: Format::new().set_num_format("@"),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            instant: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }
}

struct BookWriter {
    path: PathBuf,
    book: Workbook,
    outgoing: Outgoing,
    shape: Shape,
    decimals: u8,
    lang: Lang,
    note: Option<Text>,
    extra: Vec<ExtraSheet>,
    title: Text,
    /// The first features, until there are enough to see whether points have heights.
    first: Option<Vec<Feature>>,
    widths: Vec<usize>,
    rows: u32,
    heights_left: u64,
    written: Written,
    formats: Formats,
}

impl Writer for BookWriter {
    fn write(&mut self, feature: &Feature) -> Result<(), WriteError> {
        match &mut self.first {
            Some(first) if first.len() < FIRST => {
                first.push(feature.clone());
                Ok(())
            }
            _ => {
                self.begin()?;
                self.take(feature)
            }
        }
    }

    fn finish(mut self: Box<Self>) -> Result<Written, WriteError> {
        self.begin()?;
        self.end().map_err(failed)?;
        self.book.save(&self.path).map_err(failed)?;
        self.written.bytes = std::fs::metadata(&self.path)?.len();
        Ok(self.written)
    }
}

impl BookWriter {
    fn sheet(&mut self) -> Result<&mut Worksheet, XlsxError> {
        self.book.worksheet_from_index(0)
    }

    /// Names the columns and writes the features that have been waiting.
    fn begin(&mut self) -> Result<(), WriteError> {
        let Some(first) = self.first.take() else { return Ok(()) };
        self.shape = self.shape.with_heights(first.iter().filter_map(|feature| feature.geometry.as_ref()));
        self.name_columns().map_err(failed)?;
        first.iter().try_for_each(|feature| self.take(feature))
    }

    fn name_columns(&mut self) -> Result<(), XlsxError> {
        let lang = self.lang;
        let mut taken = BTreeSet::new();
        let names: Vec<&str> = self.outgoing.columns.iter().map(|column| column.field.name.get(lang)).collect();
        let names: Vec<&str> = names
            .into_iter()
            .zip(&self.outgoing.columns)
            .map(|(name, column)| if !name.is_empty() && taken.insert(name) { name } else { column.name.as_str() })
            .collect();
        let mut all = self.shape.names(self.outgoing.crs.is_geographic(), Some(lang), &names);
        all.extend(names.into_iter().map(str::to_owned));
        let head = self.formats.head.clone();
        let sheet = self.sheet()?;
        for (column, name) in all.iter().enumerate() {
            sheet.write_string_with_format(0, column as u16, name, &head)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        self.widths = all.iter().map(|name| width_of(name)).collect();
        Ok(())
    }

    fn take(&mut self, feature: &Feature) -> Result<(), WriteError> {
        let geometry = match self.outgoing.geometry(feature) {
            Ok(geometry) => geometry.map(Cow::into_owned),
            Err(what) => {
                self.written.problems.push(Problem::error("table.not-written", what).of_feature(feature.id));
                return Ok(());
            }
        };
        if self.rows == MAX_ROWS {
            let what = text!(
                "Excel 工作表最多 {MAX_ROWS} 行；请改用 CSV 或 GeoPackage",
                "a sheet of Excel holds {MAX_ROWS} rows at most; use CSV or GeoPackage"
            );
            return Err(WriteError::NotSupported { what });
        }
        self.rows += 1;
        self.row(feature, geometry.as_ref()).map_err(failed)?;
        self.written.features += 1;
        Ok(())
    }

    fn row(&mut self, feature: &Feature, geometry: Option<&Geometry>) -> Result<(), XlsxError> {
        let first = match self.shape {
            Shape::Nowhere => 0,
            Shape::Xy { has_z } => self.put_xy(feature.id, geometry, has_z)?,
            Shape::Wkt => self.put_shape(feature.id, geometry)?,
        };
        for place in 0..self.outgoing.columns.len() {
            let value = self.outgoing.value(feature, place).into_owned();
            let field_type = self.outgoing.columns[place].field.field_type;
            self.put_value(feature.id, first + place, &value, field_type)?;
        }
        Ok(())
    }

    fn put_xy(&mut self, id: i64, geometry: Option<&Geometry>, has_z: bool) -> Result<usize, XlsxError> {
        let numbers = position(geometry).unwrap_or_else(|problem| {
            self.written.problems.push(problem.of_feature(id));
            None
        });
        let (numbers, count) = (numbers.unwrap_or_default(), if has_z { 3 } else { 2 });
        self.heights_left += u64::from(!has_z && numbers[2].is_some());
        for (column, number) in numbers[..count].iter().enumerate() {
            if let Some(number) = number {
                self.put_number(column, rounded(*number, self.decimals))?;
            }
        }
        Ok(count)
    }

    fn put_shape(&mut self, id: i64, geometry: Option<&Geometry>) -> Result<usize, XlsxError> {
        let Some(geometry) = geometry else { return Ok(1) };
        let mut words = Vec::new();
        put_wkt(geometry, self.decimals, &mut words);
        if words.len() > MAX_CELL {
            let what = text!(
                "几何文字超过 {MAX_CELL} 个字符，Excel 单元格放不下，留空",
                "its geometry takes more than the {MAX_CELL} characters of a cell: left empty"
            );
            self.written.problems.push(Problem::error("table.long-cell", what).of_feature(id));
            return Ok(1);
        }
        self.put_words(0, &String::from_utf8_lossy(&words))?;
        Ok(1)
    }

    fn put_value(&mut self, id: i64, column: usize, value: &Value, field_type: FieldType) -> Result<(), XlsxError> {
        match value {
            Value::Null => Ok(()),
            Value::Bool(yes) => self.put_truth(column, *yes),
            Value::Int(number) if field_type == FieldType::Bool => self.put_truth(column, *number != 0),
            Value::Int(number) if number.unsigned_abs() > MAX_EXACT => self.put_words(column, &number.to_string()),
            Value::Int(number) => self.put_number(column, *number as f64),
            Value::Real(number) => self.put_number(column, *number),
            Value::Text(words) => match field_type {
                FieldType::Date | FieldType::DateTime => self.put_day(column, words),
                _ => self.put_text(id, column, words),
            },
            Value::Blob(_) => {
                let what = Text::new("Excel 放不下二进制内容，留空", "Excel has no room for bytes: left empty");
                self.written.problems.push(Problem::error("table.bytes", what).of_feature(id));
                Ok(())
            }
        }
    }

    fn put_number(&mut self, column: usize, number: f64) -> Result<(), XlsxError> {
        self.widen(column, || number.to_string());
        let row = self.rows;
        self.sheet()?.write_number(row, column as u16, number).map(|_| ())
    }

    fn put_truth(&mut self, column: usize, yes: bool) -> Result<(), XlsxError> {
        let row = self.rows;
        self.sheet()?.write_boolean(row, column as u16, yes).map(|_| ())
    }

    /// As text for good: a spreadsheet makes no number of it, even when somebody edits the cell.
    fn put_words(&mut self, column: usize, words: &str) -> Result<(), XlsxError> {
        self.widen(column, || words.to_owned());
        let (row, format) = (self.rows, self.formats.text.clone());
        self.sheet()?.write_string_with_format(row, column as u16, words, &format).map(|_| ())
    }

    fn put_text(&mut self, id: i64, column: usize, words: &str) -> Result<(), XlsxError> {
        if words.encode_utf16().count() <= MAX_CELL {
            return self.put_words(column, words);
        }
        let what = text!(
            "文字超过 {MAX_CELL} 个字符，Excel 单元格放不下，已截断",
            "its text is longer than the {MAX_CELL} characters of a cell: cut off"
        );
        self.written.problems.push(Problem::error("table.long-cell", what).of_feature(id));
        let mut units = 0;
        let fits = |character: &char| {
            units += character.len_utf16();
            units <= MAX_CELL
        };
        let cut: String = words.chars().take_while(fits).collect();
        self.put_words(column, &cut)
    }

    /// Days before 1900 are words in a spreadsheet, as is what is no day at all.
    fn put_day(&mut self, column: usize, words: &str) -> Result<(), XlsxError> {
        let local = clock::local(words);
        let plain = local.as_deref().unwrap_or(words);
        let is_day = plain.len() == 10;
        let row = self.rows;
        let format = if is_day { &self.formats.day } else { &self.formats.instant }.clone();
        match ExcelDateTime::parse_from_str(plain) {
            Ok(day) if day.to_excel() >= 1.0 => {
                self.widen(column, || plain.to_owned());
                self.sheet()?.write_datetime_with_format(row, column as u16, &day, &format).map(|_| ())
            }
            _ => self.put_words(column, words),
        }
    }

    fn widen(&mut self, column: usize, words: impl FnOnce() -> String) {
        if self.widths[column] < WIDTHS.1 && self.rows < 1000 {
            self.widths[column] = self.widths[column].max(width_of(&words()));
        }
    }

    /// A sheet of a few rows behind the large one.
    fn add_sheet(&mut self, extra: &ExtraSheet) -> Result<(), XlsxError> {
        let (lang, head) = (self.lang, self.formats.head.clone());
        let sheet = self.book.add_worksheet();
        sheet.set_name(sheet_name(extra.name.get(lang)))?.set_freeze_panes(1, 0)?;
        let mut widths: Vec<usize> = Vec::new();
        for (number, row) in extra.rows.iter().enumerate().take(MAX_ROWS as usize) {
            for (column, value) in row.iter().enumerate().take(MAX_COLUMNS) {
                let (at, place) = (number as u32, column as u16);
                widths.resize(widths.len().max(column + 1), 0);
                widths[column] = widths[column].max(width_of(&value.to_string()));
                match value {
                    Value::Null | Value::Blob(_) => continue,
                    Value::Int(whole) => sheet.write_number(at, place, *whole as f64)?,
                    Value::Real(number) => sheet.write_number(at, place, *number)?,
                    Value::Bool(yes) => sheet.write_boolean(at, place, *yes)?,
                    Value::Text(words) if number == 0 => sheet.write_string_with_format(at, place, words, &head)?,
                    Value::Text(words) => sheet.write_string(at, place, words)?,
                };
            }
        }
        for (column, width) in widths.into_iter().enumerate() {
            sheet.set_column_width(column as u16, (width + 2).clamp(WIDTHS.0, WIDTHS.1) as f64)?;
        }
        Ok(())
    }

    /// Widths, further sheets, the sheet about the data, and what a person should know.
    fn end(&mut self) -> Result<(), XlsxError> {
        let widths = self.widths.clone();
        let sheet = self.sheet()?;
        for (column, width) in widths.into_iter().enumerate() {
            sheet.set_column_width(column as u16, (width + 2).clamp(WIDTHS.0, WIDTHS.1) as f64)?;
        }
        let (lang, heights) = (self.lang, self.heights_left);
        let mut properties = DocProperties::new().set_title(self.title.get(lang));
        let mut about = vec![self.title.get(lang).to_owned()];
        if self.shape != Shape::Nowhere {
            let (zh, en) = self.outgoing.crs.title();
            let crs = self.outgoing.crs;
            about.push(text!("坐标系：{zh}（{crs}）", "Coordinate system: {en} ({crs})").get(lang).to_owned());
        }
        if let Some(note) = &self.note {
            properties = properties.set_comment(note.get(lang));
            about.push(note.get(lang).to_owned());
        }
        self.book.set_properties(&properties);
        for extra in std::mem::take(&mut self.extra) {
            self.add_sheet(&extra)?;
        }
        let has_more = self.note.is_some() || !matches!(self.outgoing.crs, Crs::WGS84 | Crs::CGCS2000);
        if has_more && about.len() > 1 {
            let sheet = self.book.add_worksheet();
            sheet.set_name(lang.pick("说明", "About"))?.set_column_width(0, 100)?;
            for (row, words) in about.iter().enumerate() {
                sheet.write_string(row as u32, 0, words)?;
            }
        }
        if heights > 0 {
            let what = text!("{heights} 个点的高程未写出", "the heights of {heights} points are not written");
            self.written.problems.push(Problem::warning("table.no-height", what));
        }
        Ok(())
    }
}

fn rounded(number: f64, decimals: u8) -> f64 {
    format!("{number:.*}", usize::from(decimals)).parse().unwrap_or(number)
}

/// Cells that words take: a Chinese character is two wide.
fn width_of(words: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(words.lines().next().unwrap_or_default())
}

/// What Excel takes as the name of a sheet: 31 characters, some of them not.
fn sheet_name(name: &str) -> String {
    let kept: String = name.chars().filter(|c| !"[]:*?/\\'".contains(*c) && !c.is_control()).take(31).collect();
    if kept.trim().is_empty() { "Sheet1".to_owned() } else { kept }
}

fn failed(error: XlsxError) -> WriteError {
    match error {
        XlsxError::IoError(error) => WriteError::Io(error),
        other => WriteError::NotSupported { what: Text::same(other.to_string()) },
    }
}
