//! Zip archives: names in any encoding, entries unpacked within a budget.
//!
//! What an archive's directory says about sizes is never trusted: bytes are counted while they come out. Small entries
//! are held in memory, large ones in a nameless file that the system removes.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::error::ReadError;
use super::source::Source;
use crate::task::Task;
use crate::text;
use crate::text::Text;
use crate::text::encoding::Encoding;
use crate::text::guess::Evidence;

/// All entries together unpack to at most this: 4 GB.
const MOST_BYTES: u64 = 4 << 30;
/// And to at most so many times the archive's size …
const MOST_TIMES: u64 = 200;
/// … or this, since small tables are mostly blanks: 100 MB.
const ALWAYS_BYTES: u64 = 100 << 20;
/// Entries up to this are held in memory, while all of them stay below twice as much: 32 MB.
const IN_MEMORY: u64 = 32 << 20;
/// More entries than this no archive of maps has.
const MOST_ENTRIES: usize = 100_000;

/// An open archive.
pub(super) struct Archive {
    zip: ZipArchive<BufReader<File>>,
    names: Vec<String>,
    /// Bytes that may still come out.
    budget: u64,
    in_memory: u64,
}

/// Whether a file that begins like this may be a zip archive.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    beginning.starts_with(b"PK\x03\x04") || beginning.starts_with(b"PK\x05\x06")
}

impl Archive {
    /// Opens an archive and reads its directory.
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path)?;
        let budget = file.metadata()?.len().saturating_mul(MOST_TIMES).clamp(ALWAYS_BYTES, MOST_BYTES);
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(refused)?;
        if zip.len() > MOST_ENTRIES {
            let what = text!("压缩包里的文件超过 {MOST_ENTRIES} 个", "it holds more than {MOST_ENTRIES} files");
            return Err(ReadError::Damaged { what });
        }
        let mut raw = Vec::with_capacity(zip.len());
        for index in 0..zip.len() {
            raw.push(zip.by_index_raw(index).map_err(refused)?.name_raw().to_vec());
        }
        Ok(Self { zip, names: names(&raw), budget, in_memory: 0 })
    }

    /// The entries by name, folders before them with `/`; the place of a name is the number of its entry.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The bytes of an entry.
    pub(super) fn source(&mut self, index: usize, task: &mut Task) -> Result<Source, ReadError> {
        let entry = self.zip.by_index(index).map_err(refused)?;
        let may_stay = self.in_memory < IN_MEMORY;
        let what = Text::new("正在解压", "Unpacking");
        let mut unpacked = Unpacked { bytes: Vec::new(), file: None, len: 0 };
        let (mut entry, mut block) = (entry, vec![0; 1 << 18]);
        loop {
            let read = entry.read(&mut block).map_err(damaged)?;
            if read == 0 {
                break;
            }
            self.budget = self.budget.checked_sub(read as u64).ok_or_else(too_much)?;
            unpacked.put(&block[..read], may_stay)?;
            task.report(&what, unpacked.len, Some(entry.size().max(unpacked.len + 1)))?;
        }
        if unpacked.file.is_none() {
            self.in_memory += unpacked.len;
        }
        unpacked.into_source()
    }
}

/// What has come out of an entry so far.
struct Unpacked {
    bytes: Vec<u8>,
    file: Option<File>,
    len: u64,
}

impl Unpacked {
    fn put(&mut self, block: &[u8], may_stay: bool) -> Result<(), ReadError> {
        self.len += block.len() as u64;
        if self.file.is_none() && (self.len > IN_MEMORY || !may_stay) {
            let mut file = tempfile::tempfile()?;
            file.write_all(&std::mem::take(&mut self.bytes))?;
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write_all(block)?,
            None => self.bytes.extend_from_slice(block),
        }
        Ok(())
    }

    fn into_source(self) -> Result<Source, ReadError> {
        let Some(mut file) = self.file else { return Ok(Source::of_bytes(self.bytes)) };
        file.seek(SeekFrom::Start(0))?;
        Ok(Source::of_file(file)?)
    }
}

/// Names as one program wrote them: all in one encoding. Windows programs write GBK and do not say so.
fn names(raw: &[Vec<u8>]) -> Vec<String> {
    let mut evidence = Evidence::default();
    raw.iter().for_each(|name| evidence.see(name));
    let encoding = evidence.guess().unwrap_or(Encoding::UTF_8);
    raw.iter().map(|name| encoding.decode(name).0.replace('\\', "/")).collect()
}

fn too_much() -> ReadError {
    ReadError::Damaged {
        what: Text::new("压缩包解压后过大，已拒绝", "it unpacks to far more than it should: refused")
    }
}

fn refused(error: ZipError) -> ReadError {
    match error {
        ZipError::Io(error) => damaged(error),
        ZipError::InvalidPassword | ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            let what =
                Text::new("压缩包有密码或压缩方式不支持", "the archive has a password, or is packed in a rare way");
            ReadError::Damaged { what }
        }
        _ => ReadError::Damaged { what: Text::new("压缩包目录有误", "the archive's directory is broken") },
    }
}

/// Packed bytes that make no sense are told apart from a disk that fails.
fn damaged(error: std::io::Error) -> ReadError {
    use std::io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    match error.kind() {
        InvalidData | InvalidInput | Other | UnexpectedEof => {
            ReadError::Damaged { what: Text::new("压缩包内容损坏", "what is packed in the archive is broken") }
        }
        _ => ReadError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zip::write::SimpleFileOptions;

    #[test]
    fn names_and_bytes_come_out() {
        let (_folder, path) = packed(&[("数据/管道.shp", b"abc"), ("数据/管道.dbf", b"")]);
        let mut archive = Archive::open(&path).expect("open");
        assert_eq!(archive.names(), ["数据/管道.shp", "数据/管道.dbf"]);
        let source = archive.source(0, &mut Task::silent()).expect("unpacked");
        assert_eq!(source.read(0, 9).expect("readable"), b"abc");
    }

    #[test]
    fn names_in_gbk_are_read() {
        let raw: Vec<Vec<u8>> = ["九江市\\道路.shp", "九江市\\道路.dbf"]
            .map(|name| Encoding::GB18030.codec().encode(name).0.to_vec())
            .into();
        assert_eq!(names(&raw), ["九江市/道路.shp", "九江市/道路.dbf"]);
    }

    #[test]
    fn a_bomb_is_refused_while_it_unpacks() {
        let zeros = vec![0; (ALWAYS_BYTES / 2) as usize + 1];
        let (_folder, path) = packed(&[("a", &zeros), ("b", &zeros)]);
        let mut archive = Archive::open(&path).expect("open");
        let done = [0, 1].map(|entry| archive.source(entry, &mut Task::silent()).is_ok());
        assert_eq!(done, [true, false]);
    }

    #[test]
    fn a_cut_archive_is_refused() {
        let (_folder, path) = packed(&[("a.shp", b"abc")]);
        let bytes = std::fs::read(&path).expect("readable");
        for len in 0..bytes.len() {
            std::fs::write(&path, &bytes[..len]).expect("written");
            assert!(Archive::open(&path).is_err(), "{len}");
        }
    }

    fn packed(entries: &[(&str, &[u8])]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.zip");
        let mut zip = zip::ZipWriter::new(File::create(&path).expect("a file"));
        for (name, bytes) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).expect("begun");
            zip.write_all(bytes).expect("written");
        }
        zip.finish().expect("ended");
        (folder, path)
    }
}
