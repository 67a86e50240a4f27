//! Where the records of a `.shp` file are: by its index (`.shx`) where the two agree, else by walking from record to
//! record.

use super::super::error::ReadError;
use super::super::source::Source;
use crate::task::Task;
use crate::text::Text;

/// Bytes of the head of both files.
pub(super) const HEAD: u64 = 100;
/// Bytes in front of each record: its number and its length.
pub(super) const RECORD_HEAD: u64 = 8;
/// Bytes that are looked at together while walking.
const WALK: u64 = 1 << 20;

/// The place of a record in 16-bit words, as the file counts: its head, and the length of what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    words: u32,
    len_words: u32,
}

impl Record {
    /// Where its content begins.
    pub(super) fn start(self) -> u64 {
        u64::from(self.words) * 2 + RECORD_HEAD
    }

    /// Bytes of its content.
    pub(super) fn len(self) -> u64 {
        u64::from(self.len_words) * 2
    }

    /// The first byte behind it.
    pub(super) fn end(self) -> u64 {
        self.start() + self.len()
    }
}

/// The records of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    /// In the order of the rows.
    pub list: Vec<Record>,
    /// How they were found, where that is worth a word.
    pub found: Found,
}

/// How the records were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Found {
    /// By the index.
    #[default]
    Indexed,
    /// There is no index.
    Unindexed,
    /// The index does not fit the file.
    Misled,
}

/// Whether a file that begins like this is a `.shp` file.
pub(in crate::io) fn is_begun(beginning: &[u8]) -> bool {
    beginning.starts_with(&[0, 0, 0x27, 0x0a])
}

/// Finds the records; the index is believed only if every entry points to a record of that length.
pub(super) fn records(shp: &Source, shx: Option<&Source>, task: &mut Task) -> Result<Records, ReadError> {
    let Some(shx) = shx else { return Ok(Records { list: walked(shp, task)?, found: Found::Unindexed }) };
    match indexed(shp, shx, task)? {
        Some(list) => Ok(Records { list, found: Found::Indexed }),
        None => Ok(Records { list: walked(shp, task)?, found: Found::Misled }),
    }
}

fn indexed(shp: &Source, shx: &Source, task: &mut Task) -> Result<Option<Vec<Record>>, ReadError> {
    if shx.len() < HEAD || !is_begun(&shx.read(0, 4)?) {
        return Ok(None);
    }
    let (mut list, mut at, mut total) = (Vec::new(), HEAD, 0);
    while at < shx.len() {
        task.check()?;
        let block = shx.read(at, WALK)?;
        at += block.len() as u64;
        for entry in block.chunks_exact(8) {
            let record = Record { words: big_u32(entry), len_words: big_u32(&entry[4..]) };
            total += record.len() + RECORD_HEAD;
            // Entries that share bytes would let a small file stand for endless work.
            if record.end() > shp.len() || record.start() < HEAD || total > shp.len() {
                return Ok(None);
            }
            list.push(record);
        }
    }
    Ok(agrees(shp, &list, task)?.then_some(list))
}

/// Whether records stand where the index says. Where one follows another without a gap, a few heads are proof enough.
fn agrees(shp: &Source, list: &[Record], task: &Task) -> Result<bool, ReadError> {
    let is_gapless = list.windows(2).all(|pair| pair[0].end() + RECORD_HEAD == pair[1].start());
    let step = if is_gapless { (list.len() / 64).max(1) } else { 1 };
    for record in list.iter().step_by(step).chain(list.last()) {
        task.check()?;
        let head = shp.read(record.start() - RECORD_HEAD, RECORD_HEAD)?;
        if head.len() < 8 || big_u32(&head[4..]) != record.len_words {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Goes from record to record. It ends where the file does, or where no record can be.
fn walked(shp: &Source, task: &mut Task) -> Result<Vec<Record>, ReadError> {
    let what = Text::new("正在重建索引", "Making the index anew");
    let (mut list, mut at) = (Vec::new(), HEAD);
    let (mut block, mut block_start) = (Vec::new(), 0);
    while at + RECORD_HEAD <= shp.len() {
        if at < block_start || at + RECORD_HEAD > block_start + block.len() as u64 {
            task.report(&what, at, Some(shp.len()))?;
            (block, block_start) = (shp.read(at, WALK)?, at);
        }
        let head = &block[(at - block_start) as usize..];
        let record = Record { words: (at / 2) as u32, len_words: big_u32(&head[4..]) };
        let is_record = record.len() >= 4 && u32::try_from(at / 2).is_ok() && big_u32(head) < 1 << 31;
        if !is_record {
            break;
        }
        list.push(record);
        at = record.end();
    }
    Ok(list)
}

fn big_u32(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |four| u32::from_be_bytes(*four))
}
