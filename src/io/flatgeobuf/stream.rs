//! The bytes of a FlatGeobuf file: magic, header, index, features one behind the other, each checked before it is
//! looked into.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use flatgeobuf::{Feature, Header, size_prefixed_root_as_feature, size_prefixed_root_as_header};

use super::super::error::ReadError;
use crate::text::Text;

/// Largest header: a thousand columns with descriptions.
const MAX_HEADER: u32 = 10 << 20;
/// Largest single feature.
const MAX_FEATURE: u32 = 128 << 20;
/// Bytes of an entry of the index.
const NODE: u64 = 40;

/// A file being read from its beginning to its end.
pub(super) struct Stream {
    file: BufReader<File>,
    /// The header with its size in front; well formed.
    header: Vec<u8>,
    /// The last feature, likewise.
    feature: Vec<u8>,
    /// Bytes read and left.
    pub at: u64,
    pub len: u64,
    /// Features that are still to come, where the header says so.
    left: Option<u64>,
}

impl Stream {
    /// Opens the file and reads up to the first feature.
    ///
    /// # Errors
    /// The file is no FlatGeobuf, damaged or cut off.
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        if len == 0 {
            return Err(ReadError::Empty);
        }
        let file = BufReader::with_capacity(1 << 20, file);
        let mut stream = Self { file, header: Vec::new(), feature: Vec::new(), at: 0, len, left: None };
        let mut magic = [0; 8];
        stream.fill(&mut magic)?;
        if !super::is_begun(&magic) {
            return Err(damaged(Text::new("不是 FlatGeobuf 第 3 版", "it is no FlatGeobuf of version 3")));
        }
        stream.header = stream.table(MAX_HEADER)?;
        size_prefixed_root_as_header(&stream.header).map_err(|_| bad_header())?;
        let (count, node_size) = (stream.header()?.features_count(), stream.header()?.index_node_size());
        let index = index_bytes(count, node_size).filter(|index| *index <= len - stream.at);
        let index = index.ok_or(ReadError::Truncated { bytes: len })?;
        stream.file.seek(SeekFrom::Start(stream.at + index))?;
        stream.at += index;
        stream.left = Some(count).filter(|count| *count > 0);
        Ok(stream)
    }

    /// What the file says of itself.
    ///
    /// # Errors
    /// None in a file that was opened.
    pub(super) fn header(&self) -> Result<Header<'_>, ReadError> {
        size_prefixed_root_as_header(&self.header).map_err(|_| bad_header())
    }

    /// The next feature, `None` behind the last.
    ///
    /// # Errors
    /// The file is damaged or cut off.
    pub(super) fn next(&mut self) -> Result<Option<Feature<'_>>, ReadError> {
        let is_over = self.left.map_or(self.at >= self.len, |left| left == 0);
        if is_over {
            return Ok(None);
        }
        self.left = self.left.map(|left| left - 1);
        let mut feature = std::mem::take(&mut self.feature);
        self.table_into(MAX_FEATURE, &mut feature)?;
        self.feature = feature;
        let what = || Text::new("要素记录不合格式", "a feature is not well-formed");
        size_prefixed_root_as_feature(&self.feature).map(Some).map_err(|_| damaged(what()))
    }

    fn table(&mut self, most: u32) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        self.table_into(most, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads a table with its size in front. The size is believed only as far as the file goes.
    fn table_into(&mut self, most: u32, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
        let start = self.at;
        let mut size = [0; 4];
        self.fill(&mut size)?;
        let len = u32::from_le_bytes(size);
        if u64::from(len) > self.len - self.at {
            return Err(ReadError::Truncated { bytes: self.len });
        }
        if len > most {
            return Err(ReadError::TooLarge { byte: start, limit_mb: u64::from(most) >> 20 });
        }
        bytes.clear();
        bytes.extend_from_slice(&size);
        bytes.resize(4 + len as usize, 0);
        self.fill(&mut bytes[4..])
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ReadError> {
        self.file.read_exact(bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => ReadError::Truncated { bytes: self.len },
            _ => error.into(),
        })?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}

/// Bytes of the index before the features; `None` for numbers that no file can have.
fn index_bytes(count: u64, node_size: u16) -> Option<u64> {
    if node_size == 0 || count == 0 {
        return Some(0);
    }
    let node_size = u64::from(node_size.max(2));
    let (mut level, mut nodes) = (count, count);
    while level > 1 {
        level = level.div_ceil(node_size);
        nodes = nodes.checked_add(level)?;
    }
    // One feature has a leaf and a root.
    nodes.checked_add(u64::from(count == 1))?.checked_mul(NODE)
}

fn bad_header() -> ReadError {
    damaged(Text::new("文件头不合格式", "the header is not well-formed"))
}

fn damaged(what: Text) -> ReadError {
    ReadError::Damaged { what }
}
