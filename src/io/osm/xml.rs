//! OpenStreetMap's XML form, read as a stream.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::super::error::ReadError;
use super::element::{Element, Fold, Kinds, Place, See, place};
use crate::task::Task;
use crate::text;
use crate::text::Text;

/// Longest tag or text between tags, bytes.
const MAX_EVENT: u64 = 1 << 20;
/// Deepest nesting.
const MAX_DEPTH: u32 = 16;
/// Most tags, nodes or members of one element: ways have 2,000 nodes, the largest relations 32,000 members.
const MAX_PARTS: usize = 1 << 20;
/// Elements whose notes are handed over at once.
const BATCH: u32 = 4096;

/// Whether a file that begins like this is one.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    let found = memchr::memmem::find(beginning, b"<osm");
    found.is_some_and(|at| beginning.get(at + 4).is_some_and(|next| next.is_ascii_whitespace() || *next == b'>'))
}

/// Shows all elements of these kinds to `see`, and hands over the notes in the file's order.
pub(super) fn pass<T: Default>(
    path: &Path,
    want: Kinds,
    task: &mut Task,
    what: &Text,
    see: &See<'_, T>,
    fold: &mut Fold<'_, T>,
) -> Result<(), ReadError> {
    let file = File::open(path)?;
    let total = file.metadata()?.len();
    task.report(what, 0, Some(total))?;
    let mut reader = Reader::from_reader(Limited { inner: BufReader::with_capacity(1 << 16, file), used: 0 });
    let mut open = Open::default();
    let (mut buffer, mut notes, mut count, mut depth) = (Vec::new(), T::default(), 0_u32, 0_u32);
    let mut is_osm = false;
    loop {
        buffer.clear();
        reader.get_mut().used = 0;
        let event = reader.read_event_into(&mut buffer);
        let byte = reader.buffer_position();
        let event = event.map_err(|error| malformed(path, byte, total, &error))?;
        match event {
            Event::Eof if depth > 0 => return Err(ReadError::Truncated { bytes: total }),
            Event::Eof => break,
            Event::Start(start) => {
                depth += 1;
                is_osm |= start.name().0 == "osm";
                let is_kept = open.begin(&start).map_err(|error| malformed(path, byte, total, &error))?;
                if depth > MAX_DEPTH || !is_kept {
                    return Err(too_large(byte));
                }
            }
            Event::Empty(start) => {
                is_osm |= start.name().0 == "osm";
                let is_kept = open.begin(&start).map_err(|error| malformed(path, byte, total, &error))?;
                if !is_kept {
                    return Err(too_large(byte));
                }
                open.end(start.name().0, want, &mut |element| see(&mut notes, element));
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                open.end(end.name().0, want, &mut |element| see(&mut notes, element));
                count += 1;
            }
            _ => {}
        }
        count += 1;
        if count >= BATCH {
            count = 0;
            fold(std::mem::take(&mut notes))?;
            task.report(what, byte, Some(total))?;
        }
    }
    if !is_osm {
        return Err(ReadError::NothingUsable { first: Text::new("没有 <osm> 元素", "there is no <osm> element") });
    }
    fold(notes)?;
    task.report(what, total, Some(total))?;
    Ok(())
}

fn too_large(byte: u64) -> ReadError {
    ReadError::TooLarge { byte, limit_mb: MAX_EVENT >> 20 }
}

fn malformed(path: &Path, byte: u64, total: u64, error: &quick_xml::Error) -> ReadError {
    match error {
        quick_xml::Error::Io(cause) if cause.kind() == std::io::ErrorKind::FileTooLarge => too_large(byte),
        quick_xml::Error::Io(cause) => ReadError::Io(std::io::Error::new(cause.kind(), cause.to_string())),
        quick_xml::Error::Syntax(_) if byte >= total => ReadError::Truncated { bytes: total },
        error => {
            let line = line_of(path, byte).unwrap_or(1);
            ReadError::NotWellFormed { byte, line, what: text!("XML 有误（{error}）", "no XML: {error}") }
        }
    }
}

/// The line on which a byte stands, from 1.
fn line_of(path: &Path, byte: u64) -> std::io::Result<u64> {
    let mut before = BufReader::new(File::open(path)?).take(byte);
    let mut lines = 1;
    loop {
        let block = before.fill_buf()?;
        if block.is_empty() {
            return Ok(lines);
        }
        lines += memchr::memchr_iter(b'\n', block).count() as u64;
        let length = block.len();
        before.consume(length);
    }
}

/// Stops a tag that never ends before it fills the memory.
struct Limited<R> {
    inner: R,
    used: u64,
}

impl<R: BufRead> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read(into)
    }
}

impl<R: BufRead> BufRead for Limited<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.used > MAX_EVENT { Err(std::io::ErrorKind::FileTooLarge.into()) } else { self.inner.fill_buf() }
    }

    fn consume(&mut self, amount: usize) {
        self.used += amount as u64;
        self.inner.consume(amount);
    }
}

/// The element that is being read.
#[derive(Default)]
struct Open {
    kind: Option<Kind>,
    id: i64,
    at: Option<Place>,
    is_gone: bool,
    parts: Vec<i64>,
    tags: Vec<(String, String)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Node,
    Way,
    Relation,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        match name {
            "node" => Some(Self::Node),
            "way" => Some(Self::Way),
            "relation" => Some(Self::Relation),
            _ => None,
        }
    }
}

impl Open {
    /// Takes a tag in; `false` if the element has too many parts.
    fn begin(&mut self, start: &BytesStart<'_>) -> Result<bool, quick_xml::Error> {
        let name = start.name().0;
        let word = |wanted: &str| -> Result<Option<String>, quick_xml::Error> {
            let found = start.try_get_attribute(wanted)?;
            found.map(|found| Ok(found.normalized_value(XmlVersion::Implicit1_0)?.into_owned())).transpose()
        };
        if let Some(kind) = Kind::named(name) {
            let number = |word: Option<String>| word.and_then(|word| word.parse::<f64>().ok());
            let at = number(word("lon")?).zip(number(word("lat")?)).and_then(|(lon, lat)| place(lon, lat));
            let id = word("id")?.and_then(|id| id.parse().ok());
            let is_deleted =
                word("visible")?.as_deref() == Some("false") || word("action")?.as_deref() == Some("delete");
            let (mut parts, mut tags) = (std::mem::take(&mut self.parts), std::mem::take(&mut self.tags));
            parts.clear();
            tags.clear();
            let is_gone = is_deleted || id.is_none();
            *self = Self { kind: Some(kind), id: id.unwrap_or_default(), at, is_gone, parts, tags };
            return Ok(true);
        }
        match (self.kind, name) {
            (Some(_), "tag") => {
                if let (Some(key), Some(value)) = (word("k")?, word("v")?) {
                    self.tags.push((key, value));
                }
            }
            (Some(Kind::Way), "nd") => self.parts.extend(word("ref")?.and_then(|id| id.parse::<i64>().ok())),
            (Some(Kind::Relation), "member") if word("type")?.as_deref() == Some("way") => {
                self.parts.extend(word("ref")?.and_then(|id| id.parse::<i64>().ok()));
            }
            _ => {}
        }
        Ok(self.tags.len() + self.parts.len() <= MAX_PARTS)
    }

    fn end(&mut self, name: &str, want: Kinds, see: &mut dyn FnMut(Element<'_>)) {
        let Some(kind) = self.kind.filter(|kind| Kind::named(name) == Some(*kind)) else { return };
        self.kind = None;
        if self.is_gone {
            return;
        }
        let tags: Vec<(&str, &str)> = self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let (id, tags) = (self.id, tags.as_slice());
        match kind {
            Kind::Node if want.meets(Kinds::NODES) => {
                if let Some(at) = self.at {
                    see(Element::Node { id, at, tags });
                }
            }
            Kind::Way if want.meets(Kinds::WAYS) => see(Element::Way { id, nodes: &self.parts, tags }),
            Kind::Relation if want.meets(Kinds::RELATIONS) => see(Element::Relation { id, ways: &self.parts, tags }),
            _ => {}
        }
    }
}
