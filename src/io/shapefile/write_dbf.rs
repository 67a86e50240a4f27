//! A table on its way out: `.dbf` in UTF-8, its columns as wide as their widest value.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::super::outgoing::Outgoing;
use crate::model::feature::Feature;
use crate::model::value::{FieldType, Value};
use crate::task::{Problem, Problems};
use crate::text;
use crate::text::encoding::Encoding;

/// Longest text of a cell, bytes.
const MOST_TEXT: usize = 254;
/// Longest name of a column, bytes.
const MOST_NAME: usize = 10;
/// Longer numbers are written with an exponent.
const MOST_DIGITS: usize = 24;
/// Most columns of a table that dBASE and GIS programs read.
const MOST_COLUMNS: usize = 255;

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Columns {
    list: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// Its place among the values of a feature; none for the number that stands in for missing columns.
    place: Option<usize>,
    letter: u8,
    is_real: bool,
}

/// How wide the values of each column are, as far as they were seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Widths(Vec<Width>);

#[derive(Clone, Copy, Debug, Default)]
struct Width {
    bytes: usize,
    decimals: usize,
    has_exponent: bool,
}

impl Widths {
    /// Adds what was seen elsewhere.
    pub(super) fn merge(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), Width::default());
        for (all, some) in self.0.iter_mut().zip(&other.0) {
            all.bytes = all.bytes.max(some.bytes);
            all.decimals = all.decimals.max(some.decimals);
            all.has_exponent |= some.has_exponent;
        }
    }

    fn of(&self, place: usize) -> Width {
        self.0.get(place).copied().unwrap_or_default()
    }
}

impl Width {
    fn see(&mut self, cell: &str) {
        self.bytes = self.bytes.max(cell.len());
        self.decimals = self.decimals.max(cell.split_once('.').map_or(0, |(_, digits)| digits.len()));
        self.has_exponent |= cell.contains('e');
    }
}

impl Columns {
    /// The columns that the format can hold; what it cannot hold, and new names, go to `problems`.
    pub(super) fn new(outgoing: &Outgoing, problems: &mut Problems) -> Self {
        let mut taken = BTreeSet::new();
        let mut list = Vec::new();
        for (place, column) in outgoing.columns.iter().enumerate() {
            let name = &column.name;
            if column.field.field_type == FieldType::Blob || list.len() == MOST_COLUMNS {
                let what = text!("字段“{name}”无法写入 .dbf，已略去", "a .dbf file cannot hold “{name}”: left out");
                problems.push(Problem::warning("shapefile.left-out", what));
                continue;
            }
            let short = short_name(name, &mut taken);
            if short != *name {
                let what = text!(
                    "字段名最长 {MOST_NAME} 字节：“{name}”写为“{short}”",
                    "names have at most {MOST_NAME} bytes: “{name}” is written as “{short}”"
                );
                problems.push(Problem::warning("shapefile.renamed", what));
            }
            let letter = match column.field.field_type {
                FieldType::Bool => b'L',
                FieldType::Int | FieldType::Real => b'N',
                FieldType::Date => b'D',
                FieldType::Text | FieldType::DateTime | FieldType::Json | FieldType::Blob => b'C',
            };
            let is_real = column.field.field_type == FieldType::Real;
            list.push(Column { name: short, place: Some(place), letter, is_real });
        }
        if list.is_empty() {
            // A table without columns opens in no other program.
            list.push(Column { name: "id".to_owned(), place: None, letter: b'N', is_real: false });
        }
        Self { list }
    }

    /// Appends the cells of a feature, each with its length in front; what a cell cannot hold goes to `problems`.
    pub(super) fn put_cells(
        &self,
        feature: &Feature,
        outgoing: &Outgoing,
        widths: &mut Widths,
        out: &mut Vec<u8>,
        problems: &mut Problems,
    ) {
        widths.0.resize(self.list.len(), Width::default());
        for (column, width) in self.list.iter().zip(&mut widths.0) {
            let cell = match column.place {
                None => Some(feature.id.to_string()),
                Some(place) => {
                    let value = outgoing.value(feature, place);
                    let (cell, is_whole) = cell(&value, outgoing.columns[place].field.field_type);
                    if !is_whole {
                        let name = &outgoing.columns[place].name;
                        let what = text!(
                            "字段“{name}”的值放不进 .dbf，已截断或置空",
                            "a .dbf file cannot hold all of “{name}”: cut, or left empty"
                        );
                        problems.push(Problem::warning("shapefile.cut-value", what).of_feature(feature.id));
                    }
                    cell
                }
            };
            let cell = cell.unwrap_or_default();
            width.see(&cell);
            out.extend_from_slice(&(cell.len() as u16).to_le_bytes());
            out.extend_from_slice(cell.as_bytes());
        }
    }

    /// Bytes of a row.
    pub(super) fn row_len(&self, widths: &Widths) -> usize {
        1 + (0..self.list.len()).map(|place| self.width(place, widths)).sum::<usize>()
    }

    /// Writes the head of a table of so many rows. The date is that of the first description of the format, so that the
    /// same data make the same file.
    pub(super) fn put_head(&self, out: &mut impl Write, rows: u32, widths: &Widths) -> io::Result<()> {
        let mut head = [0; 32];
        head[..4].copy_from_slice(&[3, 95, 7, 26]);
        head[4..8].copy_from_slice(&rows.to_le_bytes());
        head[8..10].copy_from_slice(&(33 + 32 * self.list.len() as u16).to_le_bytes());
        head[10..12].copy_from_slice(&(self.row_len(widths) as u16).to_le_bytes());
        out.write_all(&head)?;
        for (place, column) in self.list.iter().enumerate() {
            let width = widths.of(place);
            let mut head = [0; 32];
            head[..column.name.len()].copy_from_slice(column.name.as_bytes());
            head[11] = if column.letter == b'N' && width.has_exponent { b'F' } else { column.letter };
            head[16] = self.width(place, widths) as u8;
            head[17] = if column.is_real { width.decimals.clamp(1, 15) as u8 } else { 0 };
            out.write_all(&head)?;
        }
        out.write_all(b"\r")
    }

    /// Writes a row from the cells that [`Columns::put_cells`] has made.
    pub(super) fn put_row(&self, out: &mut impl Write, mut cells: &[u8], widths: &Widths) -> io::Result<()> {
        let mut row = vec![b' '; self.row_len(widths)];
        let mut start = 1;
        for (place, column) in self.list.iter().enumerate() {
            let width = self.width(place, widths);
            let Some((len, rest)) = cells.split_first_chunk::<2>() else { break };
            let (cell, rest) = rest.split_at(usize::from(u16::from_le_bytes(*len)).min(rest.len()));
            cells = rest;
            // Numbers stand at the right of their cell, words at the left.
            let from = if column.letter == b'N' { start + width - cell.len().min(width) } else { start };
            let len = cell.len().min(width);
            row[from..from + len].copy_from_slice(&cell[..len]);
            if cell.is_empty() && column.letter == b'L' {
                row[start] = b'?';
            }
            start += width;
        }
        out.write_all(&row)
    }

    fn width(&self, place: usize, widths: &Widths) -> usize {
        let seen = widths.of(place).bytes;
        match self.list[place].letter {
            b'L' => 1,
            b'D' => 8,
            b'C' => seen.max(1),
            // Other programs choose the type of a whole number by the width: up to nine digits, or up to eighteen.
            _ if self.list[place].is_real => seen.max(12),
            _ if seen <= 9 => 9,
            _ => seen.max(18),
        }
    }
}

/// A value as it stands in a cell; nothing for null. `false` if the cell does not hold all of it.
fn cell(value: &Value, field_type: FieldType) -> (Option<String>, bool) {
    let cell = match (value, field_type) {
        (Value::Null, _) => return (None, true),
        (Value::Blob(_), _) => return (None, false),
        (_, FieldType::Bool) => value.as_bool().map(|yes| if yes { "T" } else { "F" }.to_owned()),
        (Value::Bool(yes), FieldType::Int) => Some(i64::from(*yes).to_string()),
        (Value::Int(number), FieldType::Int | FieldType::Real) => Some(number.to_string()),
        (Value::Real(number), FieldType::Int | FieldType::Real) => Some(real(*number)),
        (Value::Text(text), FieldType::Int | FieldType::Real) => {
            text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).map(|_| text.trim().to_owned())
        }
        (Value::Text(text), FieldType::Date) => {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            (digits.len() == 8 && text.len() == 10).then_some(digits)
        }
        (value, _) => Some(value.to_string()),
    };
    let Some(cell) = cell else { return (None, false) };
    let most = if matches!(field_type, FieldType::Int | FieldType::Real) { MOST_DIGITS } else { MOST_TEXT };
    if cell.len() <= most {
        return (Some(cell), true);
    }
    if most == MOST_DIGITS {
        return (None, false);
    }
    let end = Encoding::UTF_8.whole_len(&cell.as_bytes()[..most]);
    (Some(cell[..end].to_owned()), false)
}

/// The shortest digits that read back the same.
fn real(number: f64) -> String {
    let plain = number.to_string();
    if plain.len() <= MOST_DIGITS { plain } else { format!("{number:e}") }
}

/// A name of at most ten bytes that no other column has, letter case aside.
fn short_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let plain = if name.is_empty() { "field" } else { name };
    let cut = |most: usize| {
        let bytes = &plain.as_bytes()[..plain.len().min(most)];
        &plain[..Encoding::UTF_8.whole_len(bytes)]
    };
    let numbered = (1_u32..).map(|number| {
        let ending = format!("_{number}");
        format!("{}{ending}", cut(MOST_NAME - ending.len()))
    });
    let mut candidates = std::iter::once(cut(MOST_NAME).to_owned()).chain(numbered);
    candidates.find(|candidate| taken.insert(candidate.to_lowercase())).unwrap_or_default()
}
