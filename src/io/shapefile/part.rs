//! One shapefile, open: rows of its table beside the records of its shapes, in batches.

use std::io;

use super::super::columns::ColumnNames;
use super::super::error::ReadError;
use super::super::gather::{Gather, Homes};
use super::super::lanes;
use super::super::source::Source;
use super::cell::{CellFault, Reading, Seen};
use super::dbf::Head;
use super::files::Files;
use super::memo::Memo;
use super::records::{RECORD_HEAD, Record, Records, records};
use super::shape::{ShapeFault, has_measures, shape};
use super::words::Told;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::task::{MOST_PROBLEMS, Task};
use crate::text;
use crate::text::Text;
use crate::text::encoding::Encoding;
use crate::text::guess::{Claim, Evidence, decide};

/// Rows that are read together, at most.
const BATCH_ROWS: u64 = 4096;
/// Bytes that are read together; one record may be larger.
const BATCH_BYTES: u64 = 1 << 20;
/// A larger record is not read.
const MOST_RECORD: u64 = 256 << 20;

/// One shapefile.
pub(super) struct Part {
    shapes: Option<Shapes>,
    table: Option<Table>,
    /// The row behind the last of each batch.
    ends: Vec<u64>,
    homes: Option<Homes>,
}

struct Shapes {
    source: Source,
    records: Records,
}

struct Table {
    source: Source,
    head: Head,
    names: Vec<String>,
    readings: Vec<Reading>,
    encoding: Encoding,
    memo: Option<Memo>,
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// Its shape.
    Shape(ShapeFault),
    /// The cell of this column.
    Cell(CellFault, usize),
    /// The file of shapes ends before it.
    NoShape,
    /// The table ends before it.
    NoRow,
    /// Its shape is larger than reading allows.
    TooLarge,
}

/// Rows (from 0) with what is wrong with them, and where they are in the file's coordinates.
pub(super) type Faults = Vec<(u64, Fault, Option<[f64; 2]>)>;

/// What a look at all rows has shown.
#[derive(Default)]
pub(super) struct Look {
    pub gather: Gather,
    pub faults: Faults,
    pub more_faults: u64,
    /// Rows marked as deleted.
    pub deleted: u64,
    /// Whether shapes have measures.
    pub has_measures: bool,
}

impl Look {
    fn merge(&mut self, later: Self) {
        self.gather.merge(later.gather);
        let room = MOST_PROBLEMS.saturating_sub(self.faults.len());
        self.more_faults += later.more_faults + later.faults.len().saturating_sub(room) as u64;
        self.faults.extend(later.faults.into_iter().take(room));
        self.deleted += later.deleted;
        self.has_measures |= later.has_measures;
    }
}

/// A feature with the place of its layer and its number in the file.
pub(super) type Placed = (usize, i64, Feature);

impl Part {
    /// Opens a shapefile: finds the records, and looks over the table for the types of its columns and its encoding.
    pub(super) fn open(
        files: Files,
        asked: Option<Encoding>,
        told: &mut Told,
        task: &mut Task,
    ) -> Result<Self, ReadError> {
        let shapes = match files.shp {
            Some(source) => {
                let records = records(&source, files.shx.as_ref(), task)?;
                told.records(&records, &source)?;
                Some(Shapes { source, records })
            }
            None => None,
        };
        let table = match files.dbf {
            Some(source) => Table::open(source, files.memo, files.cpg.as_deref(), asked, told, task)?,
            None => None,
        };
        let mut part = Self { shapes, table, ends: Vec::new(), homes: None };
        part.ends = part.cut();
        Ok(part)
    }

    /// Rows in all.
    pub(super) fn rows(&self) -> u64 {
        self.shape_count().max(self.table_count())
    }

    /// Records of the `.shp` file.
    pub(super) fn shape_count(&self) -> u64 {
        self.shapes.as_ref().map_or(0, |shapes| shapes.records.list.len() as u64)
    }

    /// Rows of the table.
    pub(super) fn table_count(&self) -> u64 {
        self.table.as_ref().map_or(0, |table| table.head.rows)
    }

    /// Whether there are shapes, a table.
    pub(super) fn has(&self) -> (bool, bool) {
        (self.shapes.is_some(), self.table.is_some())
    }

    /// The encoding of the table's text.
    pub(super) fn encoding(&self) -> Option<Encoding> {
        self.table.as_ref().map(|table| table.encoding)
    }

    /// The name of a column, as the file has it.
    pub(super) fn column_name(&self, column: usize) -> &str {
        self.table.as_ref().and_then(|table| table.names.get(column)).map_or("", String::as_str)
    }

    /// The columns as fields of a layer.
    pub(super) fn fields(&self) -> Vec<Field> {
        let Some(table) = &self.table else { return Vec::new() };
        let mut ids = ColumnNames::default();
        let field = |(name, reading): (&String, &Reading)| Field {
            name: Text::same(name.clone()),
            ..Field::new(ids.take(name), reading.field_type, "", "")
        };
        table.names.iter().zip(&table.readings).map(field).collect()
    }

    /// Says where the features go.
    pub(super) fn set_homes(&mut self, homes: Homes) {
        self.homes = Some(homes);
    }

    /// How many batches there are.
    pub(super) fn batches(&self) -> usize {
        self.ends.len()
    }

    /// The row behind the last of a batch.
    pub(super) fn end_of(&self, batch: usize) -> u64 {
        self.ends.get(batch).copied().unwrap_or(0)
    }

    /// Looks at all rows.
    pub(super) fn look(&self, task: &mut Task) -> Result<Look, ReadError> {
        let what = Text::new("正在检查文件", "Checking the file");
        let mut all = Look::default();
        lanes::in_order(self.batches(), &|batch| self.look_at(batch), &mut |batch, look| {
            all.merge(look?);
            Ok::<_, ReadError>(task.report(&what, self.end_of(batch), Some(self.rows()))?)
        })?;
        Ok(all)
    }

    fn look_at(&self, batch: usize) -> io::Result<Look> {
        let mut look = Look::default();
        self.each(batch, &mut |row, piece| {
            let Piece::Here { cells, shape: content } = piece else {
                look.deleted += 1;
                return;
            };
            let first = look.faults.len();
            let geometry = geometry(content, &mut |fault| look.faults.push((row, fault, None)));
            look.has_measures |= matches!(content, Content::Is(bytes) if has_measures(bytes));
            let bounds = geometry.as_ref().map(Geometry::bounds);
            if let Some(table) = &self.table {
                match cells {
                    Some(cells) => table.check(cells, &mut |fault| look.faults.push((row, fault, None))),
                    None => look.faults.push((row, Fault::NoRow, None)),
                }
            }
            let at = bounds.filter(|bounds| !bounds.is_empty()).map(|bounds| bounds.center());
            look.faults[first..].iter_mut().for_each(|fault| fault.2 = at);
            let values = || self.values(cells);
            look.gather.see_within(geometry.as_ref(), bounds.unwrap_or(Bounds::EMPTY), values);
        })?;
        Ok(look)
    }

    /// The features of a batch.
    pub(super) fn features(&self, batch: usize) -> io::Result<Vec<Placed>> {
        let mut features = Vec::new();
        self.each(batch, &mut |row, piece| {
            let (Piece::Here { cells, shape }, Some(homes)) = (piece, &self.homes) else { return };
            let (layer, geometry) = homes.put(geometry(shape, &mut |_| {}));
            let feature = Feature { id: 0, geometry, values: self.values(cells) };
            features.push((layer, i64::try_from(row + 1).unwrap_or(i64::MAX), feature));
        })?;
        Ok(features)
    }

    fn values(&self, cells: Option<&[u8]>) -> Vec<Value> {
        let Some(table) = &self.table else { return Vec::new() };
        match cells {
            Some(cells) => table.readings.iter().map(|reading| reading.value(cells, table.memo.as_ref()).0).collect(),
            None => vec![Value::Null; table.readings.len()],
        }
    }

    /// Hands over the rows of a batch.
    fn each(&self, batch: usize, f: &mut dyn FnMut(u64, Piece<'_>)) -> io::Result<()> {
        let (first, end) = (batch.checked_sub(1).map_or(0, |before| self.end_of(before)), self.end_of(batch));
        let cells = match &self.table {
            Some(table) => table.head.rows_of(&table.source, first, end - first)?,
            None => Vec::new(),
        };
        let row_len = self.table.as_ref().map_or(1, |table| table.head.row_len);
        let mut cells = cells.chunks_exact(row_len);
        let shapes = self.shapes.as_ref().map(|shapes| shapes.batch(first, end)).transpose()?;
        for row in first..end {
            let cells = cells.next();
            if cells.is_some_and(is_deleted) {
                f(row, Piece::Deleted);
                continue;
            }
            let shape = shapes.as_ref().map_or(Content::Nowhere, |shapes| shapes.content((row - first) as usize));
            f(row, Piece::Here { cells, shape });
        }
        Ok(())
    }

    /// The rows behind the last of each batch.
    fn cut(&self) -> Vec<u64> {
        let row_len = self.table.as_ref().map_or(0, |table| table.head.row_len as u64);
        let lens = self.shapes.as_ref().map_or(&[][..], |shapes| &shapes.records.list);
        let (mut ends, mut bytes, mut begun) = (Vec::new(), 0, 0);
        for row in 0..self.rows() {
            bytes += row_len + lens.get(row as usize).map_or(0, |record| record.len());
            if bytes >= BATCH_BYTES || row + 1 - begun == BATCH_ROWS {
                ends.push(row + 1);
                (bytes, begun) = (0, row + 1);
            }
        }
        if begun < self.rows() {
            ends.push(self.rows());
        }
        ends
    }
}

/// One row as it stands in the files.
enum Piece<'a> {
    Deleted,
    Here { cells: Option<&'a [u8]>, shape: Content<'a> },
}

/// The shape of a row as it stands in the file.
#[derive(Clone, Copy)]
enum Content<'a> {
    Is(&'a [u8]),
    /// There is no file of shapes.
    Nowhere,
    Missing,
    TooLarge,
}

/// The geometry of a row; what is wrong with it goes to `tell`.
fn geometry(content: Content<'_>, tell: &mut dyn FnMut(Fault)) -> Option<Geometry> {
    match content {
        Content::Nowhere => None,
        Content::Missing => {
            tell(Fault::NoShape);
            None
        }
        Content::TooLarge => {
            tell(Fault::TooLarge);
            None
        }
        Content::Is(bytes) => {
            let mut faults = Vec::new();
            let made = shape(bytes, &mut faults);
            faults.into_iter().chain(made.as_ref().err().copied()).for_each(|fault| tell(Fault::Shape(fault)));
            made.ok().flatten()
        }
    }
}

impl Shapes {
    /// The records of these rows: in one piece where they stand close together, else one by one.
    fn batch(&self, first: u64, end: u64) -> io::Result<Batch> {
        let list = &self.records.list;
        let list = &list[(first as usize).min(list.len())..(end as usize).min(list.len())];
        let is_small = |record: &&Record| record.len() <= MOST_RECORD;
        let bytes: u64 = list.iter().filter(is_small).map(|record| record.len() + RECORD_HEAD).sum();
        let from = list.iter().map(|record| record.start()).min().unwrap_or(0);
        let to = list.iter().map(|record| record.end()).max().unwrap_or(0);
        let is_close = to - from <= 2 * bytes;
        let mut batch = Batch { bytes: Vec::new(), spans: Vec::with_capacity(list.len()) };
        if is_close {
            batch.bytes = self.source.read(from, to - from)?;
        }
        for record in list {
            let span = if is_close {
                let start = (record.start() - from) as usize;
                Some(start..start + record.len() as usize)
            } else if is_small(&record) {
                let start = batch.bytes.len();
                batch.bytes.extend(self.source.read(record.start(), record.len())?);
                Some(start..start + record.len() as usize)
            } else {
                None
            };
            batch.spans.push(span);
        }
        Ok(batch)
    }
}

/// The records of a batch of rows.
struct Batch {
    bytes: Vec<u8>,
    /// Where each of them is; none for one that was too large to read.
    spans: Vec<Option<std::ops::Range<usize>>>,
}

impl Batch {
    /// The content of a record; what the file's end has cut off is not there.
    fn content(&self, index: usize) -> Content<'_> {
        match self.spans.get(index) {
            None => Content::Missing,
            Some(None) => Content::TooLarge,
            Some(Some(span)) => {
                let end = span.end.min(self.bytes.len());
                Content::Is(&self.bytes[span.start.min(end)..end])
            }
        }
    }
}

impl Table {
    fn open(
        source: Source,
        memo: Option<(Source, bool)>,
        claimed: Option<&str>,
        asked: Option<Encoding>,
        told: &mut Told,
        task: &mut Task,
    ) -> Result<Option<Self>, ReadError> {
        let head = Head::read(&source)?;
        let version = source.read(0, 1)?.first().copied().unwrap_or(0);
        let memo = memo.map(|(memo, is_fpt)| Memo::open(memo, version, is_fpt)).transpose()?;
        let seen = first_look(&source, &head, task)?;
        let evidence = common_evidence(&head, &seen);
        let verdict = decide(asked, &claims(claimed, &head), &evidence);
        told.understood.extend(verdict.why);
        let encoding = verdict.encoding;
        let names: Vec<String> = head.columns.iter().map(|column| name(&column.name, encoding)).collect();
        let of_column = |place: usize| {
            let own = seen[place].evidence.guess().filter(|_| seen[place].evidence.speaks_against(encoding));
            own.filter(|_| asked.is_none()).unwrap_or(encoding)
        };
        let readings: Vec<Reading> = head
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| Reading::new(column, &seen[place], of_column(place)))
            .collect();
        for (name, reading) in names.iter().zip(&readings).filter(|(_, reading)| reading.encoding != encoding) {
            told.other_encoding(name, reading.encoding);
        }
        told.table(&head);
        Ok(Some(Self { source, head, names, readings, encoding, memo }))
    }

    fn check(&self, row: &[u8], tell: &mut dyn FnMut(Fault)) {
        for (place, reading) in self.readings.iter().enumerate() {
            if let Some(fault) = reading.fault(row, self.memo.as_ref()) {
                tell(Fault::Cell(fault, place));
            }
        }
    }
}

/// Looks over all of a table, by columns.
fn first_look(source: &Source, head: &Head, task: &mut Task) -> Result<Vec<Seen>, ReadError> {
    let what = Text::new("正在检查属性表", "Checking the table");
    let rows_at_once = (BATCH_BYTES / head.row_len as u64).max(1);
    let batches = head.rows.div_ceil(rows_at_once);
    let mut all = vec![Seen::default(); head.columns.len()];
    let work = |batch: usize| -> io::Result<Vec<Seen>> {
        let bytes = head.rows_of(source, batch as u64 * rows_at_once, rows_at_once)?;
        let mut seen = vec![Seen::default(); head.columns.len()];
        for row in bytes.chunks_exact(head.row_len).filter(|row| !is_deleted(row)) {
            head.columns.iter().zip(&mut seen).for_each(|(column, seen)| seen.see(column, column.cell(row)));
        }
        Ok(seen)
    };
    lanes::in_order(batches as usize, &work, &mut |batch, seen| {
        all.iter_mut().zip(seen?).for_each(|(all, seen)| all.merge(&seen));
        Ok::<_, ReadError>(task.report(&what, (batch as u64 + 1) * rows_at_once, Some(head.rows))?)
    })?;
    Ok(all)
}

/// What most of the texts say; columns that say something else do not count. Where all of them are ASCII, the names of
/// the columns speak.
fn common_evidence(head: &Head, seen: &[Seen]) -> Evidence {
    let mut found: Vec<(Encoding, Evidence)> = Vec::new();
    for own in seen.iter().map(|seen| &seen.evidence) {
        let Some(guess) = own.guess() else { continue };
        match found.iter_mut().find(|(encoding, _)| *encoding == guess) {
            Some((_, evidence)) => evidence.merge(own),
            None => found.push((guess, own.clone())),
        }
    }
    let most = found.into_iter().max_by_key(|(_, evidence)| evidence.texts());
    let mut evidence = most.map(|(_, evidence)| evidence).unwrap_or_default();
    if evidence.texts() == 0 {
        head.columns.iter().for_each(|column| evidence.see(&column.name));
    }
    evidence
}

fn is_deleted(row: &[u8]) -> bool {
    row.first() == Some(&b'*')
}

fn claims(claimed: Option<&str>, head: &Head) -> Vec<Claim> {
    let by_file = claimed.and_then(Encoding::parse).map(|encoding| {
        let who = Text::new(".cpg 文件", "the .cpg file");
        Claim { who, encoding }
    });
    let by_byte = head.language.map(|(byte, encoding)| Claim {
        who: text!(".dbf 的语言标志 0x{byte:02X} ", "the language byte 0x{byte:02X} of the .dbf file"),
        encoding,
    });
    by_file.into_iter().chain(by_byte).collect()
}

/// A column's name: ten bytes, which may have cut its last character in two.
fn name(bytes: &[u8], encoding: Encoding) -> String {
    let (words, is_broken) = encoding.decode_cut(bytes);
    let words = if is_broken { Encoding::GB18030.decode_cut(bytes).0 } else { words };
    words.trim().to_owned()
}
