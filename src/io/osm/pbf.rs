//! OpenStreetMap's binary form (PBF): a row of compressed blocks, read many at once on all processors.
//!
//! <https://wiki.openstreetmap.org/wiki/PBF_Format>. Every length is held against the limits of that page before
//! anything is allocated for it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::ZlibDecoder;
use rayon::prelude::*;

use super::super::error::ReadError;
use super::element::{Element, Fold, Kinds, Place, See, Tag, place};
use super::wire::{Content, Garbled, Message, Packed, zigzag};
use crate::task::Task;
use crate::text;
use crate::text::Text;

/// Largest head of a block, bytes; largest block, packed or unpacked.
const MAX_HEAD: u64 = 64 << 10;
const MAX_BLOCK: u64 = 32 << 20;
/// Most elements in a block and words in its list: programs write 8,000 elements.
const MAX_ELEMENTS: usize = 500_000;
/// Blocks in memory at once.
const AT_ONCE: usize = 6;
/// What a reader has to know of a file to read it.
const KNOWN_FEATURES: [&str; 2] = ["OsmSchema-V0.6", "DenseNodes"];

/// Whether a file that begins like this is one.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    beginning.len() > 16 && beginning[..2] == [0, 0] && memchr::memmem::find(&beginning[..16], b"OSMHeader").is_some()
}

/// Where the blocks of a file lie.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    list: Vec<Block>,
    bytes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    at: u64,
    len: u32,
    /// What is in it, as far as that is known.
    kinds: Kinds,
}

impl Blocks {
    /// Finds the blocks of a file; their content is not looked at.
    pub(super) fn find(path: &Path, task: &Task) -> Result<Self, ReadError> {
        let mut file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut blocks = Self { list: Vec::new(), bytes };
        let mut at = 0;
        while at < bytes {
            task.check()?;
            file.seek(SeekFrom::Start(at))?;
            let truncated = ReadError::Truncated { bytes };
            let mut length = [0; 4];
            let Ok(()) = file.read_exact(&mut length) else { return Err(truncated) };
            let head_len = u64::from(u32::from_be_bytes(length));
            if head_len > MAX_HEAD {
                return Err(malformed(at));
            }
            let mut head = Vec::new();
            if (&file).take(head_len).read_to_end(&mut head)? as u64 != head_len {
                return Err(truncated);
            }
            let (kind, len) = block_head(&head).map_err(|_| malformed(at))?;
            let start = at + 4 + head_len;
            if len > MAX_BLOCK {
                return Err(malformed(at));
            }
            at = start + len;
            if at > bytes {
                return Err(truncated);
            }
            match kind {
                b"OSMData" => blocks.list.push(Block { at: start, len: len as u32, kinds: Kinds::ALL }),
                b"OSMHeader" => {
                    check_header(&unpacked(&mut file, start, len)?).map_err(|what| ReadError::Damaged { what })?;
                }
                _ => {} // for other programs
            }
        }
        Ok(blocks)
    }

    /// Shows all elements of these kinds to `see`, a block at a time, and hands over the notes in the file's order.
    pub(super) fn pass<T: Default + Send>(
        &mut self,
        path: &Path,
        want: Kinds,
        task: &mut Task,
        what: &Text,
        see: &See<'_, T>,
        fold: &mut Fold<'_, T>,
    ) -> Result<(), ReadError> {
        let mut file = File::open(path)?;
        task.report(what, 0, Some(self.bytes))?;
        let wanted: Vec<usize> = (0..self.list.len()).filter(|&block| self.list[block].kinds.meets(want)).collect();
        for some in wanted.chunks(AT_ONCE) {
            let packed: Vec<(u64, Vec<u8>)> = some
                .iter()
                .map(|&block| {
                    Ok((self.list[block].at, raw(&mut file, self.list[block].at, u64::from(self.list[block].len))?))
                })
                .collect::<Result<_, ReadError>>()?;
            let seen = packed.into_par_iter().map(|(at, bytes)| {
                let block = inflate(&bytes, at)?;
                drop(bytes);
                let mut notes = T::default();
                let kinds =
                    elements(&block, want, &mut |element| see(&mut notes, element)).map_err(|_| malformed(at))?;
                Ok((kinds, notes))
            });
            let seen: Vec<Result<(Kinds, T), ReadError>> = seen.collect();
            for (&block, seen) in some.iter().zip(seen) {
                let (kinds, notes) = seen?;
                self.list[block].kinds = kinds;
                fold(notes)?;
                let Block { at, len, .. } = self.list[block];
                task.report(what, at + u64::from(len), Some(self.bytes))?;
            }
        }
        Ok(())
    }
}

fn malformed(byte: u64) -> ReadError {
    ReadError::Damaged { what: text!("第 {byte} 字节处的数据块有误", "the block at byte {byte} is garbled") }
}

/// What kind of block follows, and its length.
fn block_head(head: &[u8]) -> Result<(&[u8], u64), Garbled> {
    let (mut kind, mut length) = (&[][..], 0);
    for field in Message(head) {
        match field? {
            (1, content) => kind = content.bytes()?,
            (3, content) => length = content.number()?,
            _ => {}
        }
    }
    Ok((kind, length))
}

fn raw(file: &mut File, at: u64, len: u64) -> Result<Vec<u8>, ReadError> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    let read = file.take(len).read_to_end(&mut bytes)? as u64;
    if read == len { Ok(bytes) } else { Err(ReadError::Truncated { bytes: at + read }) }
}

fn unpacked(file: &mut File, at: u64, len: u64) -> Result<Vec<u8>, ReadError> {
    inflate(&raw(file, at, len)?, at)
}

/// The content of a block.
fn inflate(bytes: &[u8], at: u64) -> Result<Vec<u8>, ReadError> {
    let mut content = None;
    for field in Message(bytes) {
        match field.map_err(|_| malformed(at))? {
            (1, Content::Bytes(plain)) => content = Some(plain.to_vec()),
            (3, Content::Bytes(packed)) => {
                let mut plain = Vec::new();
                let read = ZlibDecoder::new(packed).take(MAX_BLOCK + 1).read_to_end(&mut plain);
                let is_whole = read.is_ok() && plain.len() as u64 <= MAX_BLOCK;
                content = Some(is_whole.then_some(plain).ok_or_else(|| malformed(at))?);
            }
            (4..=7, Content::Bytes(_)) => {
                let what = Text::new(
                    "数据块不是用 zlib 压缩的，请用 osmium 转换后再导入",
                    "the block is not compressed by zlib: convert the file with osmium and import again",
                );
                return Err(ReadError::Damaged { what });
            }
            _ => {}
        }
    }
    content.ok_or_else(|| malformed(at))
}

/// Refuses files that cannot be understood without something that this reader lacks.
fn check_header(header: &[u8]) -> Result<(), Text> {
    for field in Message(header) {
        let Ok(field) = field else {
            return Err(Text::new("文件头已损坏", "the header is damaged"));
        };
        if let (4, Content::Bytes(feature)) = field
            && !KNOWN_FEATURES.iter().any(|known| known.as_bytes() == feature)
        {
            let feature = String::from_utf8_lossy(feature);
            return Err(text!("不支持带“{feature}”的文件", "files with “{feature}” are not supported"));
        }
    }
    Ok(())
}

/// The list of words of a block, and how its coordinates are written.
struct Words<'a> {
    list: Vec<&'a str>,
    granularity: i64,
    lon_offset: i64,
    lat_offset: i64,
}

impl<'a> Words<'a> {
    fn of(block: &'a [u8]) -> Result<Self, Garbled> {
        let mut words = Self { list: Vec::new(), granularity: 100, lon_offset: 0, lat_offset: 0 };
        for field in Message(block) {
            match field? {
                (1, content) => {
                    for word in Message(content.bytes()?) {
                        let word = word?.1.bytes()?;
                        words.list.push(std::str::from_utf8(word).unwrap_or_default());
                        if words.list.len() > MAX_ELEMENTS {
                            return Err(Garbled);
                        }
                    }
                }
                (17, content) => words.granularity = content.number()? as i64,
                (19, content) => words.lat_offset = content.number()? as i64,
                (20, content) => words.lon_offset = content.number()? as i64,
                _ => {}
            }
        }
        Ok(words)
    }

    fn word(&self, place: u64) -> &'a str {
        usize::try_from(place).ok().and_then(|place| self.list.get(place)).copied().unwrap_or_default()
    }

    /// A position from numbers as written; far off the globe where they make no sense.
    fn place(&self, lon: i64, lat: i64) -> Option<Place> {
        let degrees = |offset: i64, number: i64| {
            (i128::from(offset) + i128::from(self.granularity) * i128::from(number)) as f64 * 1e-9
        };
        place(degrees(self.lon_offset, lon), degrees(self.lat_offset, lat))
    }

    fn tags(&self, keys: Packed<'a>, values: Packed<'a>, tags: &mut Vec<Tag<'a>>) {
        tags.clear();
        tags.extend(keys.zip(values).map(|(key, value)| (self.word(key), self.word(value))));
    }
}

/// Shows the elements of a block, and says what is in it.
fn elements(block: &[u8], want: Kinds, see: &mut dyn FnMut(Element<'_>)) -> Result<Kinds, Garbled> {
    let words = Words::of(block)?;
    let mut kinds = Kinds(0);
    let mut count = 0;
    let mut tags = Vec::new();
    let mut ids = Vec::new();
    for field in Message(block) {
        let (2, group) = field? else { continue };
        for field in Message(group.bytes()?) {
            let (number, content) = field?;
            let kind = match number {
                1 | 2 => Kinds::NODES,
                3 => Kinds::WAYS,
                4 => Kinds::RELATIONS,
                _ => continue,
            };
            kinds.0 |= kind.0;
            count += 1;
            if count > MAX_ELEMENTS {
                return Err(Garbled);
            }
            if !want.meets(kind) {
                continue;
            }
            let bytes = content.bytes()?;
            match number {
                1 => node(bytes, &words, &mut tags, see)?,
                2 => dense(bytes, &words, &mut tags, see)?,
                3 => way(bytes, &words, &mut tags, &mut ids, see)?,
                _ => relation(bytes, &words, &mut tags, &mut ids, see)?,
            }
        }
    }
    Ok(kinds)
}

fn node<'a>(
    bytes: &'a [u8],
    words: &Words<'a>,
    tags: &mut Vec<Tag<'a>>,
    see: &mut dyn FnMut(Element<'_>),
) -> Result<(), Garbled> {
    let (mut id, mut lat, mut lon) = (0, 0, 0);
    let (mut keys, mut values) = (Packed::default(), Packed::default());
    for field in Message(bytes) {
        match field? {
            (1, content) => id = zigzag(content.number()?),
            (2, content) => keys = Packed(content.bytes()?),
            (3, content) => values = Packed(content.bytes()?),
            (8, content) => lat = zigzag(content.number()?),
            (9, content) => lon = zigzag(content.number()?),
            _ => {}
        }
    }
    words.tags(keys, values, tags);
    if let Some(at) = words.place(lon, lat) {
        see(Element::Node { id, at, tags });
    }
    Ok(())
}

fn dense<'a>(
    bytes: &'a [u8],
    words: &Words<'a>,
    tags: &mut Vec<Tag<'a>>,
    see: &mut dyn FnMut(Element<'_>),
) -> Result<(), Garbled> {
    let [mut ids, mut lats, mut lons, mut rest] = [const { Packed(&[]) }; 4];
    for field in Message(bytes) {
        match field? {
            (1, content) => ids = Packed(content.bytes()?),
            (8, content) => lats = Packed(content.bytes()?),
            (9, content) => lons = Packed(content.bytes()?),
            (10, content) => rest = Packed(content.bytes()?),
            _ => {}
        }
    }
    for ((id, lat), lon) in ids.deltas().zip(lats.deltas()).zip(lons.deltas()) {
        tags.clear();
        while let Some(key) = rest.next().filter(|key| *key != 0) {
            let Some(value) = rest.next() else { break };
            tags.push((words.word(key), words.word(value)));
        }
        if let Some(at) = words.place(lon, lat) {
            see(Element::Node { id, at, tags });
        }
    }
    Ok(())
}

fn way<'a>(
    bytes: &'a [u8],
    words: &Words<'a>,
    tags: &mut Vec<Tag<'a>>,
    nodes: &mut Vec<i64>,
    see: &mut dyn FnMut(Element<'_>),
) -> Result<(), Garbled> {
    let mut id = 0;
    let (mut keys, mut values) = (Packed::default(), Packed::default());
    nodes.clear();
    for field in Message(bytes) {
        match field? {
            (1, content) => id = content.number()? as i64,
            (2, content) => keys = Packed(content.bytes()?),
            (3, content) => values = Packed(content.bytes()?),
            (8, content) => nodes.extend(Packed(content.bytes()?).deltas()),
            _ => {}
        }
    }
    words.tags(keys, values, tags);
    see(Element::Way { id, nodes, tags });
    Ok(())
}

fn relation<'a>(
    bytes: &'a [u8],
    words: &Words<'a>,
    tags: &mut Vec<Tag<'a>>,
    ways: &mut Vec<i64>,
    see: &mut dyn FnMut(Element<'_>),
) -> Result<(), Garbled> {
    let mut id = 0;
    let [mut keys, mut values, mut members, mut types] = [const { Packed(&[]) }; 4];
    for field in Message(bytes) {
        match field? {
            (1, content) => id = content.number()? as i64,
            (2, content) => keys = Packed(content.bytes()?),
            (3, content) => values = Packed(content.bytes()?),
            (9, content) => members = Packed(content.bytes()?),
            (10, content) => types = Packed(content.bytes()?),
            _ => {}
        }
    }
    ways.clear();
    ways.extend(members.deltas().zip(types).filter(|(_, kind)| *kind == 1).map(|(member, _)| member));
    words.tags(keys, values, tags);
    see(Element::Relation { id, ways, tags });
    Ok(())
}
