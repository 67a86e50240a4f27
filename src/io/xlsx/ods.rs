//! OpenDocument spreadsheets (ISO 26300): rows from the stream of `content.xml`.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;

use super::book::{Open, TakeRow, damaged};
use super::cells::{Words, value_words};
use crate::io::archive::Archive;
use crate::io::clock;
use crate::io::error::ReadError;
use crate::io::source::Source;
use crate::io::table::MAX_COLUMNS;
use crate::io::xml_read::{Token, XmlReader};
use crate::task::Task;

/// Rows of the largest sheet that a spreadsheet program makes.
const MAX_ROWS: u32 = 1 << 20;

/// An open spreadsheet.
pub(super) struct Book {
    content: Source,
    sheets: Vec<String>,
}

impl Book {
    /// Unpacks the content and reads the sheets' names.
    pub(super) fn open(path: &Path, task: &mut Task) -> Result<Self, ReadError> {
        let mut archive = Archive::open(path)?;
        let place = archive.names().iter().position(|name| name == "content.xml").ok_or_else(damaged)?;
        let content = archive.source(place, task)?;
        let mut reader = XmlReader::open(&content, None)?;
        let mut sheets = Vec::new();
        loop {
            task.check()?;
            match reader.next()? {
                Token::Open if is_sheet(&reader) => sheets.extend(reader.attribute("name").map(str::to_owned)),
                Token::End => return Ok(Self { content, sheets }),
                _ => {}
            }
        }
    }

    /// The sheets' names.
    pub(super) fn sheets(&self) -> &[String] {
        &self.sheets
    }

    /// Hands over the rows of a sheet that say something, in their order.
    pub(super) fn rows(&self, sheet: &str, take: &mut TakeRow<'_>) -> Result<(), ReadError> {
        let mut reader = XmlReader::open(&self.content, None)?;
        loop {
            match reader.next()? {
                Token::Open if is_sheet(&reader) && reader.attribute("name") == Some(sheet) => break,
                Token::End => return Ok(()),
                _ => {}
            }
        }
        let mut row = 0;
        loop {
            match reader.next()? {
                Token::Open if reader.name() == "table-row" => {
                    let repeats = repeats(&reader, "number-rows-repeated", MAX_ROWS);
                    let cells = row_cells(&mut reader)?;
                    let is_blank = cells.iter().all(|cell| cell.trim().is_empty());
                    for again in 0..if is_blank { 0 } else { repeats } {
                        if row + again >= MAX_ROWS || put(row + again, &cells, take)?.is_break() {
                            return Ok(());
                        }
                    }
                    row = row.saturating_add(repeats);
                }
                Token::Close if reader.name() == "table" => return Ok(()),
                Token::End => return Ok(()),
                _ => {}
            }
        }
    }
}

/// Sheets stand beside each other; tables inside drawings do not count.
fn is_sheet(reader: &XmlReader) -> bool {
    reader.name() == "table" && reader.attribute("name").is_some()
}

fn repeats(reader: &XmlReader, attribute: &str, most: u32) -> u32 {
    reader.attribute(attribute).and_then(|count| count.parse().ok()).unwrap_or(1).clamp(1, most)
}

fn put(row: u32, cells: &[String], take: &mut TakeRow<'_>) -> Result<ControlFlow<()>, ReadError> {
    let mut open = Open::default();
    for (column, cell) in cells.iter().enumerate() {
        let words = match cell.parse() {
            Ok(number) if cell.len() > 15 => value_words(number),
            _ => Words { words: Cow::Borrowed(cell), fault: None },
        };
        let _ = open.put((row, column), words, take)?;
    }
    open.flush(take)
}

/// The words of the cells of the row that has begun.
fn row_cells(reader: &mut XmlReader) -> Result<Vec<String>, ReadError> {
    let mut cells: Vec<String> = Vec::new();
    let (mut again, mut value, mut words, mut in_note) = (1, None, String::new(), 0_u32);
    loop {
        let token = reader.next()?;
        match (token, reader.name()) {
            (Token::Open, "table-cell" | "covered-table-cell") => {
                again = repeats(reader, "number-columns-repeated", MAX_COLUMNS as u32 + 1);
                value = plain_value(reader);
                words.clear();
            }
            (Token::Open, "annotation") => in_note += 1,
            (Token::Close, "annotation") => in_note = in_note.saturating_sub(1),
            (Token::Open, "p") => reader.keeps_text = true,
            (Token::Close, "p") => {
                reader.keeps_text = false;
                if in_note == 0 {
                    if !words.is_empty() {
                        words.push('\n');
                    }
                    words.push_str(reader.text());
                }
            }
            (Token::Close, "table-cell" | "covered-table-cell") => {
                let cell = value.take().unwrap_or_else(|| std::mem::take(&mut words));
                let room = (MAX_COLUMNS + 1).saturating_sub(cells.len());
                cells.extend(std::iter::repeat_n(cell, room.min(again as usize)));
            }
            (Token::Close, "table-row") | (Token::End, _) => return Ok(cells),
            _ => {}
        }
    }
}

/// What the cell holds, where that is no text: the number with all its digits, the day, the truth.
fn plain_value(reader: &XmlReader) -> Option<String> {
    match reader.attribute("value-type")? {
        "float" | "percentage" | "currency" => reader.attribute("value").map(str::to_owned),
        "date" => reader.attribute("date-value").map(|date| match date.split_once('T') {
            Some((day, "00:00:00")) => day.to_owned(),
            Some(_) if date.len() == 19 => clock::instant(date).unwrap_or_else(|| date.to_owned()),
            _ => date.to_owned(),
        }),
        "boolean" => reader.attribute("boolean-value").map(str::to_ascii_uppercase),
        _ => None,
    }
}
