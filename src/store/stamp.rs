//! What a city file looks like from outside: proof that nobody changed it since.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Size, time and counters of a file; two equal stamps mean the same content.
///
/// SQLite's change counter alone does not move while a write-ahead log is in use, so the log's size and salts are in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileStamp {
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified_ns: u128,
    /// SQLite's change counter.
    pub change_counter: u32,
    /// Bytes of the write-ahead log beside it.
    pub wal_size: u64,
    /// The log's salts.
    pub wal_salts: [u8; 8],
    /// Whether an unfinished transaction's journal is beside it.
    pub has_journal: bool,
}

impl FileStamp {
    /// Looks at a file. It must not be open as a city in this process.
    ///
    /// # Errors
    /// What the file system says.
    pub fn read(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let since_1970 = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let mut header = Vec::new();
        File::open(path)?.take(28).read_to_end(&mut header)?;
        let counter = header.get(24..28).and_then(|bytes| bytes.try_into().ok());
        let mut wal = Vec::new();
        if let Ok(file) = File::open(beside(path, "-wal")) {
            file.take(24).read_to_end(&mut wal)?;
        }
        let size_of = |suffix| fs::metadata(beside(path, suffix)).map_or(0, |metadata| metadata.len());
        Ok(Self {
            size: metadata.len(),
            modified_ns: since_1970.map_or(0, |time| time.as_nanos()),
            change_counter: counter.map_or(0, u32::from_be_bytes),
            wal_size: size_of("-wal"),
            wal_salts: wal.get(16..24).and_then(|salts| salts.try_into().ok()).unwrap_or_default(),
            has_journal: size_of("-journal") > 0,
        })
    }

    /// Whether a program ended without tidying up.
    pub(super) fn has_leftovers(&self) -> bool {
        self.wal_size > 0 || self.has_journal
    }
}

/// The file that SQLite keeps beside another.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
