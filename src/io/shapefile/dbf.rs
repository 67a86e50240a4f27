//! The table of a shapefile: dBASE III to V and FoxPro (`.dbf`). What its head says, and which bytes of a row are whose.
//!
//! Sources: dBASE 7 file structure (dBASE Inc.), Visual FoxPro table structure (Microsoft), the ESRI Shapefile Technical
//! Description of July 1998 for the part that shapefiles use.

use super::super::error::ReadError;
use super::super::source::Source;
use crate::text::Text;
use crate::text::encoding::Encoding;

/// Most columns that a head can have room for.
const MOST_COLUMNS: usize = 2048;

/// What the head of a table says.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// The columns, in the order of the file.
    pub columns: Vec<Column>,
    /// Where the first row begins.
    pub start: u64,
    /// Bytes of a row, with the mark of deleted rows in front.
    pub row_len: usize,
    /// Rows that are there, whatever the head says.
    pub rows: u64,
    /// Rows that the head promises.
    pub promised: u64,
    /// The encoding that the language byte stands for, and that byte.
    pub language: Option<(u8, Encoding)>,
}

/// One column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Its name as it stands there.
    pub name: Vec<u8>,
    /// How its bytes are to be read.
    pub kind: ColumnKind,
    /// Where it begins in a row.
    pub start: usize,
    /// Its bytes.
    pub len: usize,
    /// Whether it is a number with digits behind the point.
    pub has_decimals: bool,
}

/// How the bytes of a column spell a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// Words.
    Text,
    /// A number in digits.
    Number,
    /// `T`, `F`, `Y`, `N`.
    Truth,
    /// `20261122`.
    Day,
    /// A whole number of four bytes, the lowest first.
    Int,
    /// The same, the highest first and with its sign turned: dBASE 7.
    IntTurned,
    /// A number of eight bytes.
    Real,
    /// A number of eight bytes in the order that sorts: dBASE 7.
    RealTurned,
    /// Ten-thousandths in eight bytes.
    Money,
    /// A day and the milliseconds in it, four bytes each.
    Instant,
    /// The number of a block in the file beside: words.
    Memo,
    /// The number of a block in the file beside: bytes.
    MemoBytes,
}

/// Whether a file that begins like this may be a table. The first byte alone says too little.
pub(in crate::io) fn is_begun(beginning: &[u8]) -> bool {
    let Some(head) = beginning.get(..32) else { return false };
    let is_version =
        matches!(head[0], 0x02..=0x05 | 0x30..=0x32 | 0x43 | 0x63 | 0x7b | 0x83 | 0x8b | 0x8e | 0xcb | 0xf5 | 0xfb);
    let (start, row_len) = (u16::from_le_bytes([head[8], head[9]]), u16::from_le_bytes([head[10], head[11]]));
    is_version && (1..=12).contains(&head[2]) && (1..=31).contains(&head[3]) && start >= 33 && row_len > 0
}

impl Head {
    /// Reads the head of a table.
    pub(super) fn read(source: &Source) -> Result<Self, ReadError> {
        let first = source.read(0, 32)?;
        let Some(head) = first.first_chunk::<32>() else { return Err(no_table()) };
        let version = head[0];
        let start = u64::from(u16::from_le_bytes([head[8], head[9]]));
        let row_len = usize::from(u16::from_le_bytes([head[10], head[11]]));
        if start < 33 || row_len == 0 {
            return Err(no_table());
        }
        let bytes = source.read(32, start - 32)?;
        let columns = columns(&bytes, version, row_len);
        let promised = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        let room = source.len().saturating_sub(start) / row_len as u64;
        let rows = promised.min(room);
        let language = language(head[29]).map(|encoding| (head[29], encoding));
        Ok(Self { columns, start, row_len, rows, promised, language })
    }

    /// The bytes of so many rows from `first` (from 0).
    pub(super) fn rows_of(&self, source: &Source, first: u64, count: u64) -> std::io::Result<Vec<u8>> {
        let first = first.min(self.rows);
        let count = count.min(self.rows - first);
        let row_len = self.row_len as u64;
        source.read(self.start + first * row_len, count * row_len)
    }
}

impl Column {
    /// Its bytes in a row; fewer where the row is shorter than the columns.
    pub(super) fn cell<'a>(&self, row: &'a [u8]) -> &'a [u8] {
        let end = (self.start + self.len).min(row.len());
        &row[self.start.min(end)..end]
    }
}

fn columns(bytes: &[u8], version: u8, row_len: usize) -> Vec<Column> {
    let is_seventh = version & 7 == 4;
    let (skip, size, name_len) = if is_seventh { (36, 48, 32) } else { (0, 32, 11) };
    let mut columns = Vec::new();
    let mut start = 1;
    for head in bytes.get(skip..).unwrap_or_default().chunks_exact(size).take(MOST_COLUMNS) {
        if matches!(head[0], 0x0d | 0) {
            break;
        }
        let letter = head[name_len];
        let (mut len, decimals) =
            if is_seventh { (usize::from(head[33]), head[34]) } else { (usize::from(head[16]), head[17]) };
        if letter == b'C' && !is_seventh {
            len += usize::from(decimals) << 8; // Clipper and FoxPro: longer texts
        }
        let name = head[..name_len].split(|&byte| byte == 0).next().unwrap_or_default();
        let is_foxpro = matches!(version, 0x30..=0x32 | 0xf5 | 0xfb);
        let is_hidden = is_foxpro && (letter == b'0' || head[18] & 1 != 0);
        if let Some(kind) = kind(letter, len, is_foxpro).filter(|_| !is_hidden && start < row_len) {
            let has_decimals = decimals > 0 && kind == ColumnKind::Number;
            columns.push(Column { name: name.to_vec(), kind, start, len, has_decimals });
        }
        start += len;
    }
    columns
}

fn kind(letter: u8, len: usize, is_foxpro: bool) -> Option<ColumnKind> {
    Some(match (letter.to_ascii_uppercase(), len) {
        (b'N' | b'F', _) => ColumnKind::Number,
        (b'L', _) => ColumnKind::Truth,
        (b'D', 8) => ColumnKind::Day,
        (b'I', 4) if is_foxpro => ColumnKind::Int,
        (b'I' | b'+', 4) => ColumnKind::IntTurned,
        (b'B', 8) if is_foxpro => ColumnKind::Real,
        (b'O', 8) if is_foxpro => ColumnKind::Real,
        (b'O', 8) => ColumnKind::RealTurned,
        (b'Y', 8) => ColumnKind::Money,
        (b'T' | b'@', 8) => ColumnKind::Instant,
        (b'M', 4 | 10) => ColumnKind::Memo,
        (b'B' | b'G' | b'P', 4 | 10) => ColumnKind::MemoBytes,
        _ => ColumnKind::Text,
    })
    .filter(|_| len > 0)
}

/// The encodings of language bytes that name one. 0x57 is "whatever Windows uses here", which says nothing.
fn language(byte: u8) -> Option<Encoding> {
    let label = match byte {
        0x4d | 0x7a => "936",
        0x4f | 0x78 => "950",
        0x13 | 0x7b => "932",
        0x4e | 0x79 => "949",
        0x50 | 0x7c => "windows-874",
        0x03 | 0x58 | 0x59 => "1252",
        0xc8 => "windows-1250",
        0xc9 => "windows-1251",
        0xcb => "windows-1253",
        0xca => "windows-1254",
        0x7d => "windows-1255",
        0x7e => "windows-1256",
        0x26 | 0x65 => "ibm866",
        _ => return None,
    };
    Encoding::parse(label)
}

fn no_table() -> ReadError {
    ReadError::Damaged { what: Text::new(".dbf 文件头有误", "the head of the .dbf file is broken") }
}
