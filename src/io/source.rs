//! Bytes that can be read at any place, by several threads at once: a file, or what came out of an archive.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// Where bytes come from. Clones read the same bytes.
#[derive(Clone, Debug)]
pub(super) struct Source {
    bytes: Bytes,
    len: u64,
}

#[derive(Clone, Debug)]
enum Bytes {
    File(Arc<File>),
    Memory(Arc<[u8]>),
}

impl Source {
    /// The bytes of a file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::of_file(File::open(path)?)
    }

    /// The bytes of an open file.
    pub(super) fn of_file(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { bytes: Bytes::File(Arc::new(file)), len })
    }

    /// Bytes in memory.
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self { len: bytes.len() as u64, bytes: Bytes::Memory(bytes.into()) }
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Up to `len` bytes from `start`; fewer where the end comes first.
    pub(super) fn read(&self, start: u64, len: u64) -> io::Result<Vec<u8>> {
        let len = len.min(self.len.saturating_sub(start));
        let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        let mut found = vec![0; len];
        match &self.bytes {
            Bytes::File(file) => read_at(file, &mut found, start)?,
            Bytes::Memory(bytes) => {
                let start = usize::try_from(start).unwrap_or(usize::MAX).min(bytes.len());
                found.copy_from_slice(&bytes[start..start + len]);
            }
        }
        Ok(found)
    }

    /// All of them in order.
    pub(super) fn reader(&self) -> SourceReader {
        SourceReader { source: self.clone(), at: 0 }
    }
}

/// Reads a [`Source`] from its beginning to its end.
#[derive(Debug)]
pub(super) struct SourceReader {
    source: Source,
    at: u64,
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let found = self.source.read(self.at, buffer.len() as u64)?;
        buffer[..found.len()].copy_from_slice(&found);
        self.at += found.len() as u64;
        Ok(found.len())
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], start: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, start)
}

#[cfg(windows)]
fn read_at(file: &File, mut buffer: &mut [u8], mut start: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, start)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                start += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_memory_give_the_same_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("数据");
        std::fs::write(&path, b"0123456789").expect("written");
        for source in [Source::open(&path).expect("open"), Source::of_bytes(b"0123456789".to_vec())] {
            let piece = |start, len| String::from_utf8(source.read(start, len).expect("readable")).expect("digits");
            assert_eq!([piece(2, 3), piece(8, 9), piece(99, u64::MAX)], ["234", "89", ""]);
            let mut all = String::new();
            source.reader().read_to_string(&mut all).expect("readable");
            assert_eq!((all.as_str(), source.len()), ("0123456789", 10));
        }
    }
}
