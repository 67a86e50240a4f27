//! What the map has in memory, kept between runs beside the program's settings: a second start reads it in one go
//! instead of the city row by row.
//!
//! The city is the truth. Each file says of which rows in which shape it is made, and the stamp beside them how the city
//! looked from outside when they were known to be right. Whatever differs, is missing, cut off or damaged is made anew;
//! the folder may be deleted at any time.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read as _, Result, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use crate::index::layer::LayerIndex;
use crate::index::pack::{Packer, Unpacker, damaged};
use crate::model::style::Style;
use crate::render::levels::{LevelKey, Levels};
use crate::store::reader::LayerInfo;
use crate::store::stamp::FileStamp;
use crate::task::Courtesy;

use super::last_look::{self, LastLook};
use super::memory::wanted_words;

/// Begins each file; the last byte grows with its form.
const MAGIC: [u8; 8] = *b"CITYMAP\x01";

/// Cities that are kept; those not opened for longest go first.
const MOST_CITIES: usize = 12;

/// Bytes of all of them.
const MOST_BYTES: u64 = 4 << 30;

/// The folder with all cities' folders.
const FOLDER: &str = "map";

/// The name, where a table's would be, of the map that was last on the screen.
const LOOK: &str = "";

/// The file that says how the city looked.
const STAMP: &str = "stamp";

/// The kept memory of one city.
#[derive(Clone, Debug)]
pub(in crate::session) struct Cache {
    folder: PathBuf,
    is_sound: bool,
    courtesy: Courtesy,
}

impl Cache {
    /// That of a city which looked so before it was opened.
    pub(in crate::session) fn of(settings: &Path, city: &Path, stamp: &FileStamp) -> Self {
        let name = hex(&Sha256::digest(city.as_os_str().as_encoded_bytes())[..12]);
        let folder = settings.join(FOLDER).join(name);
        let is_sound = fs::read_to_string(folder.join(STAMP)).is_ok_and(|kept| kept == words(stamp));
        Self { folder, is_sound, courtesy: Courtesy::default() }
    }

    /// The same, which gives way while it reads.
    pub(in crate::session) fn giving_way(self, courtesy: Courtesy) -> Self {
        Self { courtesy, ..self }
    }

    /// The simplified levels of a layer.
    pub(in crate::session) fn levels(&self, info: &LayerInfo, style: &Style) -> Option<Levels> {
        let key = LevelKey::of(style);
        self.read(&info.schema.table, "levels", &levels_key(info, style), |input| Levels::unpack(input, key))
    }

    /// The index of a layer with the columns that a style wants.
    pub(in crate::session) fn index(&self, info: &LayerInfo, style: &Style) -> Option<LayerIndex> {
        self.read(&info.schema.table, "index", &index_key(info, style), LayerIndex::unpack)
    }

    /// Keeps the simplified levels of a layer.
    pub(super) fn keep_levels(&self, info: &LayerInfo, style: &Style, levels: &Levels) {
        self.write(&info.schema.table, "levels", &levels_key(info, style), |out| levels.pack(out));
    }

    /// Keeps the index of a layer.
    pub(super) fn keep_index(&self, info: &LayerInfo, style: &Style, index: &LayerIndex) {
        self.write(&info.schema.table, "index", &index_key(info, style), |out| index.pack(out));
    }

    /// The map that was last on the screen.
    pub(in crate::session) fn last_look(&self, layers: &[LayerInfo]) -> Option<LastLook> {
        self.read(LOOK, "view", &key(&last_look::key(layers)), LastLook::unpack)
    }

    /// Keeps the map that is on the screen.
    pub(in crate::session) fn keep_last_look(&self, layers: &[LayerInfo], last: &LastLook) {
        self.write(LOOK, "view", &key(&last_look::key(layers)), |out| last.pack(out));
    }

    /// Says that what is kept belongs to a city that looks so; `None` that nobody knows. Makes room for others.
    pub(in crate::session) fn seal(&self, stamp: Option<&FileStamp>) {
        let path = self.folder.join(STAMP);
        let done = match stamp {
            Some(stamp) if self.folder.is_dir() => fs::write(path, words(stamp)),
            Some(_) => Ok(()),
            None => fs::remove_file(path),
        };
        if let Err(error) = done {
            tracing::debug!(%error, "the map's cache has no stamp");
        }
        if let Some(all) = self.folder.parent() {
            make_room(all, &self.folder);
        }
    }

    fn read<T>(
        &self,
        table: &str,
        what: &str,
        key: &[u8; 32],
        unpack: impl FnOnce(&mut Unpacker<BufReader<File>>) -> Result<T>,
    ) -> Option<T> {
        if !self.is_sound {
            return None;
        }
        let read = || {
            let file = File::open(self.path(table, what))?;
            let size = file.metadata()?.len();
            let mut input = BufReader::with_capacity(1 << 16, file);
            let mut head = [0; 40];
            input.read_exact(&mut head)?;
            if head[..8] != MAGIC || head[8..] != *key {
                return Err(damaged());
            }
            let mut input = Unpacker::new(input, size - head.len() as u64).giving_way(&self.courtesy);
            let found = unpack(&mut input)?;
            input.finish().map(|()| found)
        };
        read().inspect_err(|error| tracing::debug!(%error, table, what, "not in the map's cache")).ok()
    }

    fn write(
        &self,
        table: &str,
        what: &str,
        key: &[u8; 32],
        pack: impl FnOnce(&mut Packer<&mut BufWriter<File>>) -> Result<()>,
    ) {
        let path = self.path(table, what);
        let draft = path.with_extension("part");
        let write = || {
            fs::create_dir_all(&self.folder)?;
            let mut out = BufWriter::with_capacity(1 << 16, File::create(&draft)?);
            out.write_all(&MAGIC)?;
            out.write_all(key)?;
            let mut packer = Packer::new(&mut out);
            pack(&mut packer)?;
            packer.finish()?;
            drop(out);
            fs::rename(&draft, &path)
        };
        if let Err(error) = write() {
            tracing::debug!(%error, table, what, "the map's cache cannot be written");
            let _ = fs::remove_file(&draft);
        }
    }

    fn path(&self, table: &str, what: &str) -> PathBuf {
        self.folder.join(hex(&Sha256::digest(table.as_bytes())[..8])).with_extension(what)
    }
}

/// What decides whether a kept index is that of a layer: its rows, their shape, and the fields that are kept.
fn index_key(info: &LayerInfo, style: &Style) -> [u8; 32] {
    let wanted = wanted_words(&info.schema, style);
    key(&format!("{} {} {:?} {wanted:?}", info.revision, info.count, info.schema))
}

fn levels_key(info: &LayerInfo, style: &Style) -> [u8; 32] {
    key(&format!("{} {} {:?} {:?}", info.revision, info.count, info.schema, LevelKey::of(style)))
}

fn key(words: &str) -> [u8; 32] {
    let version = concat!(env!("CARGO_PKG_VERSION"), " ");
    let order = if cfg!(target_endian = "big") { "big " } else { "" };
    Sha256::new().chain_update(version).chain_update(order).chain_update(words).finalize().into()
}

fn words(stamp: &FileStamp) -> String {
    format!("{stamp:?}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |words, byte| words + &format!("{byte:02x}"))
}

/// Deletes the cities that nobody has opened for longest, until the rest is few and small enough.
fn make_room(all: &Path, but: &Path) {
    let Ok(entries) = fs::read_dir(all) else { return };
    let mut cities: Vec<(SystemTime, u64, PathBuf)> = entries.flatten().map(|entry| weigh(entry.path())).collect();
    cities.sort_by_key(|(time, ..)| std::cmp::Reverse(*time));
    let mut bytes = 0;
    for (number, (_, size, path)) in cities.into_iter().enumerate() {
        bytes += size;
        if (number >= MOST_CITIES || bytes > MOST_BYTES) && path != but {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

fn weigh(folder: PathBuf) -> (SystemTime, u64, PathBuf) {
    let files = fs::read_dir(&folder).into_iter().flatten().flatten().filter_map(|file| file.metadata().ok());
    let (mut time, mut bytes) = (SystemTime::UNIX_EPOCH, 0);
    for file in files {
        time = time.max(file.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        bytes += file.len();
    }
    (time, bytes, folder)
}

#[cfg(test)]
mod tests;
