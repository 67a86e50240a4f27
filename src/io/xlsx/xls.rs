//! Workbooks of Excel 97 to 2003 (MS-XLS, BIFF8), which WPS writes to this day: records one after the other.

use std::borrow::Cow;
use std::path::Path;

use calamine::{ExcelDateTime, ExcelDateTimeType};

use super::book::{Open, TakeRow, damaged, locked};
use super::cells::{CellFault, Words, date_words, value_words};
use super::cfb;
use crate::io::error::ReadError;
use crate::text::Text;

/// The largest file that is read: it is held in memory.
const MAX_BYTES: u64 = 1 << 30;
/// The version of the records of Excel 97 and later.
const BIFF8: u16 = 0x0600;

/// Records, by the numbers of MS-XLS.
pub(super) mod record {
    pub(in super::super) const FORMULA: u16 = 0x0006;
    pub(in super::super) const END: u16 = 0x000a;
    pub(in super::super) const DATE_MODE: u16 = 0x0022;
    pub(in super::super) const PASSWORD: u16 = 0x002f;
    pub(in super::super) const CONTINUE: u16 = 0x003c;
    pub(in super::super) const SHEET: u16 = 0x0085;
    pub(in super::super) const MANY_RK: u16 = 0x00bd;
    pub(in super::super) const RICH_LABEL: u16 = 0x00d6;
    pub(in super::super) const STYLE: u16 = 0x00e0;
    pub(in super::super) const STRINGS: u16 = 0x00fc;
    pub(in super::super) const SHARED_LABEL: u16 = 0x00fd;
    pub(in super::super) const NUMBER: u16 = 0x0203;
    pub(in super::super) const LABEL: u16 = 0x0204;
    pub(in super::super) const TRUTH: u16 = 0x0205;
    pub(in super::super) const STRING: u16 = 0x0207;
    pub(in super::super) const RK: u16 = 0x027e;
    pub(in super::super) const FORMAT: u16 = 0x041e;
    pub(in super::super) const BEGIN: u16 = 0x0809;
}

/// An open workbook.
pub(super) struct Book {
    stream: Vec<u8>,
    sheets: Vec<Sheet>,
    strings: Vec<String>,
    /// For each style of a cell, whether it shows numbers as days.
    are_days: Vec<bool>,
    is_1904: bool,
}

struct Sheet {
    name: String,
    is_hidden: bool,
    at: usize,
}

impl Book {
    /// Opens a workbook and reads all but its cells.
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        if std::fs::metadata(path)?.len() > MAX_BYTES {
            return Err(ReadError::TooMuchMemory);
        }
        let bytes = std::fs::read(path)?;
        if cfb::stream(&bytes, &["EncryptedPackage"]).is_some() {
            return Err(locked());
        }
        let stream = cfb::stream(&bytes, &["Workbook", "Book"]).ok_or_else(damaged)?;
        drop(bytes);
        let mut book =
            Self { stream: Vec::new(), sheets: Vec::new(), strings: Vec::new(), are_days: Vec::new(), is_1904: false };
        book.read_head(&stream)?;
        book.stream = stream;
        Ok(book)
    }

    /// The sheets' names, and whether each is hidden.
    pub(super) fn sheets(&self) -> impl Iterator<Item = (String, bool)> {
        self.sheets.iter().map(|sheet| (sheet.name.clone(), sheet.is_hidden))
    }

    fn read_head(&mut self, stream: &[u8]) -> Result<(), ReadError> {
        let mut formats: Vec<(u16, bool)> = Vec::new();
        let mut records = Records { rest: stream };
        while let Some((kind, data)) = records.next() {
            match kind {
                record::BEGIN if u16_at(data, 0) != Some(BIFF8) => {
                    let first = Text::new(
                        "Excel 95 或更早的工作簿：请另存为新格式",
                        "a workbook of Excel 95 or older: save it in a newer format",
                    );
                    return Err(ReadError::NothingUsable { first });
                }
                record::PASSWORD => return Err(locked()),
                record::DATE_MODE => self.is_1904 = u16_at(data, 0) == Some(1),
                record::FORMAT => {
                    let words = data.get(2..).and_then(|data| Pieces::of(data).string(2)).unwrap_or_default();
                    formats.push((u16_at(data, 0).unwrap_or(0), shows_days(&words)));
                }
                record::STYLE => {
                    let number = u16_at(data, 2).unwrap_or(0);
                    let own = formats.iter().rev().find(|(known, _)| *known == number);
                    self.are_days.push(own.map_or_else(|| is_day_format(number), |(_, is_day)| *is_day));
                }
                record::SHEET => self.sheets.extend(Sheet::read(data)),
                record::STRINGS => self.strings = shared_strings(records.with_continued(data)),
                record::END => return Ok(()),
                _ => {}
            }
        }
        Err(damaged())
    }

    /// Hands over the rows of a sheet that say something, in their order.
    pub(super) fn rows(&self, sheet: &str, take: &mut TakeRow<'_>) -> Result<(), ReadError> {
        let sheet = self.sheets.iter().find(|known| known.name == sheet).ok_or_else(damaged)?;
        let records = Records { rest: self.stream.get(sheet.at..).ok_or_else(damaged)? };
        let (mut depth, mut open, mut formula) = (0_u32, Open::default(), None);
        for (kind, data) in records {
            match kind {
                record::BEGIN => depth += 1,
                record::END if depth <= 1 => return open.flush(take).map(|_| ()),
                record::END => depth -= 1,
                _ if depth != 1 => {} // a chart in the sheet
                record::STRING => {
                    let words = Pieces::of(data).string(2).unwrap_or_default();
                    let words = Words { words: Cow::Owned(words), fault: None };
                    if let Some(at) = formula.take()
                        && open.put(at, words, take)?.is_break()
                    {
                        return Ok(());
                    }
                }
                _ => {
                    let Some((row, column)) = u16_at(data, 0).zip(u16_at(data, 2)) else { continue };
                    let at = (u32::from(row), usize::from(column));
                    if kind == record::FORMULA && is_string_formula(data) {
                        formula = Some(at);
                    }
                    for (step, words) in self.cells(kind, data).into_iter().enumerate() {
                        if open.put((at.0, at.1 + step), words, take)?.is_break() {
                            return Ok(());
                        }
                    }
                }
            }
        }
        Err(ReadError::Truncated { bytes: self.stream.len() as u64 })
    }

    /// The words of the cells of a record, one beside the other.
    fn cells(&self, kind: u16, data: &[u8]) -> Vec<Words<'_>> {
        let style = u16_at(data, 4).unwrap_or(0);
        let one = match kind {
            record::NUMBER => f64_at(data, 6).map(|number| self.number(number, style)),
            record::RK => u32_at(data, 6).map(|bits| self.number(from_rk(bits), style)),
            record::SHARED_LABEL => {
                let words = u32_at(data, 6).and_then(|place| self.strings.get(place as usize));
                words.map(|words| Words { words: Cow::Borrowed(words), fault: None })
            }
            record::LABEL | record::RICH_LABEL => {
                let words = data.get(6..).and_then(|data| Pieces::of(data).string(2));
                words.map(|words| Words { words: Cow::Owned(words), fault: None })
            }
            record::TRUTH => data.get(6..8).map(|data| truth_or_error(data[0], data[1] != 0)),
            record::FORMULA => match data.get(6..14) {
                Some([1, _, value, .., 0xff, 0xff]) => Some(truth_or_error(*value, false)),
                Some([2, _, value, .., 0xff, 0xff]) => Some(truth_or_error(*value, true)),
                Some([.., 0xff, 0xff]) | None => None,
                Some(_) => f64_at(data, 6).map(|number| self.number(number, style)),
            },
            record::MANY_RK => {
                let pairs = data.get(4..data.len().saturating_sub(2)).unwrap_or_default().chunks_exact(6);
                let cell = |pair: &[u8]| Some(self.number(from_rk(u32_at(pair, 2)?), u16_at(pair, 0)?));
                return pairs.filter_map(cell).collect();
            }
            _ => None,
        };
        one.into_iter().collect()
    }

    fn number(&self, number: f64, style: u16) -> Words<'static> {
        if !number.is_finite() {
            return Words { words: Cow::Borrowed(""), fault: None };
        }
        if self.are_days.get(usize::from(style)).copied().unwrap_or(false) {
            let at = ExcelDateTime::new(number, ExcelDateTimeType::DateTime, self.is_1904);
            return Words { words: Cow::Owned(date_words(&at)), fault: None };
        }
        value_words(number)
    }
}

impl Sheet {
    fn read(data: &[u8]) -> Option<Self> {
        let is_table = *data.get(5)? == 0;
        let name = Pieces::of(data.get(6..)?).string(1)?;
        is_table.then_some(Self { name, is_hidden: *data.get(4)? & 3 != 0, at: u32_at(data, 0)? as usize })
    }
}

/// Kind and bytes of one record after the other.
struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Records<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, len) = (u16_at(self.rest, 0)?, usize::from(u16_at(self.rest, 2)?));
        let data = self.rest.get(4..4 + len)?;
        self.rest = &self.rest[4 + len..];
        Some((kind, data))
    }
}

impl<'a> Records<'a> {
    /// The record, and those that go on with it.
    fn with_continued(&mut self, data: &'a [u8]) -> Vec<&'a [u8]> {
        let mut pieces = vec![data];
        loop {
            let before = self.rest;
            if let Some((record::CONTINUE, more)) = self.next() {
                pieces.push(more);
            } else {
                self.rest = before;
                return pieces;
            }
        }
    }
}

/// Bytes in pieces; text that goes on in the next says anew how wide its characters are.
struct Pieces<'a> {
    list: Vec<&'a [u8]>,
    current: usize,
    at: usize,
}

impl<'a> Pieces<'a> {
    fn of(data: &'a [u8]) -> Self {
        Self { list: vec![data], current: 0, at: 0 }
    }

    fn byte(&mut self) -> Option<u8> {
        while self.at >= self.list.get(self.current)?.len() {
            (self.current, self.at) = (self.current + 1, 0);
        }
        self.at += 1;
        Some(self.list[self.current][self.at - 1])
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        (0..bytes).try_fold(0, |number, place| Some(number | usize::from(self.byte()?) << (8 * place)))
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let room = self.list.get(self.current)?.len() - self.at;
            if room >= bytes {
                self.at += bytes;
                return Some(());
            }
            bytes -= room;
            (self.current, self.at) = (self.current + 1, 0);
        }
        Some(())
    }

    /// A string whose length takes so many bytes.
    fn string(&mut self, len_bytes: usize) -> Option<String> {
        let count = self.number(len_bytes)?;
        let flags = self.byte()?;
        let runs = if flags & 8 != 0 { self.number(2)? } else { 0 };
        let extra = if flags & 4 != 0 { self.number(4)? } else { 0 };
        let mut is_wide = flags & 1 != 0;
        let mut units = Vec::with_capacity(count.min(1 << 10));
        for _ in 0..count {
            if self.at >= self.list.get(self.current)?.len() {
                is_wide = self.byte()? & 1 != 0;
            }
            units.push(self.number(if is_wide { 2 } else { 1 })? as u16);
        }
        self.skip(runs * 4 + extra)?;
        Some(String::from_utf16_lossy(&units))
    }
}

/// The list of strings; how many it claims to hold is not asked.
fn shared_strings(pieces: Vec<&[u8]>) -> Vec<String> {
    let mut pieces = Pieces { list: pieces, current: 0, at: 8 };
    std::iter::from_fn(|| pieces.string(2)).collect()
}

fn is_string_formula(data: &[u8]) -> bool {
    matches!(data.get(6..14), Some([0, .., 0xff, 0xff]))
}

fn truth_or_error(value: u8, is_error: bool) -> Words<'static> {
    if !is_error {
        return Words { words: Cow::Borrowed(if value == 0 { "FALSE" } else { "TRUE" }), fault: None };
    }
    let words = match value {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0f => "#VALUE!",
        0x17 => "#REF!",
        0x1d => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    };
    Words { words: Cow::Borrowed(words), fault: Some(CellFault::Error) }
}

/// A number in four bytes: the upper half of a real one, or a whole one; perhaps in hundredths.
fn from_rk(bits: u32) -> f64 {
    let number = if bits & 2 == 0 { f64::from_bits(u64::from(bits & !3) << 32) } else { f64::from((bits as i32) >> 2) };
    if bits & 1 == 0 { number } else { number / 100.0 }
}

/// The formats that every workbook has.
fn is_day_format(number: u16) -> bool {
    matches!(number, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Whether a format of the workbook's own has letters of days and hours outside quotes and brackets.
fn shows_days(format: &str) -> bool {
    let (mut in_quotes, mut in_brackets, mut is_escaped) = (false, false, false);
    let positive = format.chars().take_while(|&character| character != ';');
    positive.fold(false, |found, character| {
        let is_plain = !in_quotes && !in_brackets && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        match character {
            '"' => in_quotes = !in_quotes,
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ => return found || (is_plain && matches!(character, 'y' | 'Y' | 'd' | 'D' | 'h' | 'H' | 's' | 'S')),
        }
        found
    })
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]))
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at + 4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

fn f64_at(data: &[u8], at: usize) -> Option<f64> {
    let low = u64::from(u32_at(data, at)?);
    Some(f64::from_bits(low | u64::from(u32_at(data, at + 4)?) << 32))
}
