//! A workbook's sheets, row by row.

use std::borrow::Cow;
use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::Path;

use calamine::{Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};

use super::cells::{CellFault, Words, words_of};
use super::{guard, ods, xls};
use crate::io::error::ReadError;
use crate::io::table::MAX_COLUMNS;
use crate::task::Task;
use crate::text::Text;

/// The kinds of workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Office Open XML (ISO 29500).
    Xlsx,
    /// Excel 97 to 2003 (MS-XLS).
    Xls,
    /// OpenDocument (ISO 26300).
    Ods,
}

/// An open workbook.
pub(super) enum Book {
    Xlsx(Box<Xlsx<BufReader<File>>>),
    Xls(xls::Book),
    Ods(ods::Book),
}

/// One row: its number as the spreadsheet shows it, its cells, and what is wrong with some of them, by column.
pub(super) struct Row<'a> {
    pub number: i64,
    pub cells: &'a [Cow<'a, str>],
    pub faults: &'a [(usize, CellFault)],
}

/// Takes a row; `Break` ends the sheet.
pub(super) type TakeRow<'a> = dyn FnMut(Row<'_>) -> Result<ControlFlow<()>, ReadError> + 'a;

impl Book {
    /// Opens a workbook that has been found harmless.
    ///
    /// # Errors
    /// See [`ReadError`]: a bomb, a password, damage.
    pub(super) fn open(path: &Path, kind: Kind, task: &mut Task) -> Result<Self, ReadError> {
        match kind {
            Kind::Xlsx => {
                guard::check_archive(path, task)?;
                let book = Xlsx::new(BufReader::new(File::open(path)?)).map_err(|error| xlsx_error(&error))?;
                Ok(Self::Xlsx(Box::new(book)))
            }
            Kind::Xls => xls::Book::open(path).map(Self::Xls),
            Kind::Ods => ods::Book::open(path, task).map(Self::Ods),
        }
    }

    /// The sheets' names, and whether each is hidden.
    pub(super) fn sheets(&self) -> Vec<(String, bool)> {
        match self {
            Self::Xlsx(book) => {
                let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
                sheets.map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible)).collect()
            }
            Self::Xls(book) => book.sheets().collect(),
            Self::Ods(book) => book.sheets().iter().map(|name| (name.clone(), false)).collect(),
        }
    }

    /// Hands over the rows of a sheet that say something, in their order.
    ///
    /// # Errors
    /// [`ReadError::Damaged`], and whatever `take` returns.
    pub(super) fn rows(&mut self, sheet: &str, take: &mut TakeRow<'_>) -> Result<(), ReadError> {
        match self {
            Self::Xlsx(book) => xlsx_rows(book, sheet, take),
            Self::Xls(book) => book.rows(sheet, take),
            Self::Ods(book) => book.rows(sheet, take),
        }
    }
}

/// Cells of a stream until they are a row.
#[derive(Default)]
pub(super) struct Open<'a> {
    row: u32,
    cells: Vec<Cow<'a, str>>,
    faults: Vec<(usize, CellFault)>,
}

impl<'a> Open<'a> {
    /// Adds a cell; the row before it goes out when the cell begins another.
    pub(super) fn put(
        &mut self,
        (row, column): (u32, usize),
        cell: Words<'a>,
        take: &mut TakeRow<'_>,
    ) -> Result<ControlFlow<()>, ReadError> {
        let flow = if row == self.row { ControlFlow::Continue(()) } else { self.flush(take)? };
        self.row = row;
        if column <= MAX_COLUMNS && !(cell.words.is_empty() && cell.fault.is_none()) {
            if self.cells.len() <= column {
                self.cells.resize(column + 1, Cow::Borrowed(""));
            }
            self.faults.extend(cell.fault.map(|fault| (column, fault)));
            self.cells[column] = cell.words;
        }
        Ok(flow)
    }

    /// Hands the row over, if it says something.
    pub(super) fn flush(&mut self, take: &mut TakeRow<'_>) -> Result<ControlFlow<()>, ReadError> {
        let says_something = self.cells.iter().any(|cell| !cell.trim().is_empty());
        let row = Row { number: i64::from(self.row) + 1, cells: &self.cells, faults: &self.faults };
        let flow = if says_something { take(row)? } else { ControlFlow::Continue(()) };
        self.cells.clear();
        self.faults.clear();
        Ok(flow)
    }
}

fn xlsx_rows(book: &mut Xlsx<BufReader<File>>, sheet: &str, take: &mut TakeRow<'_>) -> Result<(), ReadError> {
    let mut cells = match book.worksheet_cells_reader(sheet) {
        Err(XlsxError::NotAWorksheet(_)) => return Ok(()),
        other => other.map_err(|error| xlsx_error(&error))?,
    };
    let mut open = Open::default();
    while let Some(cell) = cells.next_cell().map_err(|error| xlsx_error(&error))? {
        let (row, column) = cell.get_position();
        if open.put((row, column as usize), words_of(cell.get_value()), take)?.is_break() {
            return Ok(());
        }
    }
    open.flush(take).map(|_| ())
}

fn xlsx_error(error: &XlsxError) -> ReadError {
    match error {
        XlsxError::Password => locked(),
        _ => damaged(),
    }
}

pub(super) fn locked() -> ReadError {
    let what = Text::new("工作簿有密码：请先去掉密码再读入", "the workbook has a password: remove it first");
    ReadError::NothingUsable { first: what }
}

pub(super) fn damaged() -> ReadError {
    ReadError::Damaged { what: Text::new("工作簿已损坏", "the workbook is damaged") }
}
