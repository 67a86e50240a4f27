//! XML as a stream of tags, in any encoding, within bounds: for KML and GPX.
//!
//! Elements go by their local names. What no reader of maps needs is refused rather than expanded: entities of one's
//! own, nesting without end, a tag or text that fills the memory.

use std::io::{self, BufRead, BufReader, Read};

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::error::ReadError;
use super::source::{Source, SourceReader};
use crate::text;
use crate::text::Text;
use crate::text::encoding::Encoding;

/// Largest single tag or text: the coordinates of one line.
const MAX_EVENT: u64 = 128 << 20;
/// Deepest nesting.
const MAX_DEPTH: usize = 200;
/// Bytes that are looked at for an encoding.
const HEAD: u64 = 1024;
/// Bytes that are decoded at once.
const BLOCK: usize = 1 << 16;

/// What comes next in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// An element begins: see [`XmlReader::name`] and [`XmlReader::attribute`].
    Open,
    /// An element ends: see [`XmlReader::name`] and [`XmlReader::text`].
    Close,
    /// The document is over.
    End,
}

/// Reads a document from its beginning to its end.
pub(super) struct XmlReader {
    reader: Reader<Limited>,
    buffer: Vec<u8>,
    /// Elements that are open, by local name.
    open: Vec<String>,
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    /// An element without content has begun and ends at once.
    is_empty: bool,
    /// While this is set, elements inside do not begin the text anew: for text with markup in it.
    pub keeps_text: bool,
    len: u64,
    encoding: Encoding,
}

impl XmlReader {
    /// Begins to read; `asked` is the encoding, whatever the document says.
    ///
    /// # Errors
    /// Nothing is there, or the disk says no.
    pub(super) fn open(source: &Source, asked: Option<Encoding>) -> Result<Self, ReadError> {
        if source.len() == 0 {
            return Err(ReadError::Empty);
        }
        let encoding = asked.map_or_else(|| declared(source), Ok)?;
        let decoded = Decoded {
            bytes: source.reader(),
            decoder: encoding.codec().new_decoder_with_bom_removal(),
            raw: vec![0; BLOCK],
            is_utf8: encoding == Encoding::UTF_8,
            is_begun: false,
            out: Vec::new(),
            at: 0,
            ended: false,
            had_errors: false,
        };
        let limited = Limited { inner: BufReader::with_capacity(BLOCK, decoded), used: 0, lines: 0 };
        let mut reader = Reader::from_reader(limited);
        reader.config_mut().allow_dangling_amp = true;
        Ok(Self {
            reader,
            buffer: Vec::new(),
            open: Vec::new(),
            name: String::new(),
            attributes: Vec::new(),
            text: String::new(),
            is_empty: false,
            keeps_text: false,
            len: source.len(),
            encoding,
        })
    }

    /// The encoding of the document.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Whether some bytes spelt nothing in it.
    pub(super) fn had_errors(&self) -> bool {
        self.reader.get_ref().inner.get_ref().had_errors
    }

    /// About how many bytes have been read.
    pub(super) fn position(&self) -> u64 {
        self.reader.buffer_position().min(self.len)
    }

    /// Name of the element that has begun or ended, without prefix.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Name of the element around it.
    pub(super) fn around(&self) -> &str {
        self.open.last().map_or("", String::as_str)
    }

    /// An attribute of the element that has begun.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The text of the element that has ended.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Goes to the next tag.
    ///
    /// # Errors
    /// The document is not well-formed, ends in the middle, or is beyond the bounds.
    pub(super) fn next(&mut self) -> Result<Token, ReadError> {
        if self.is_empty {
            self.is_empty = false;
            return Ok(Token::Close);
        }
        if self.open.is_empty() && !self.keeps_text {
            self.text.clear();
        }
        loop {
            self.buffer.clear();
            self.reader.get_mut().used = 0;
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(failed(&self.reader, self.len, &error)),
            };
            match event {
                Event::Start(start) => {
                    let begun = begin(&start, &mut self.name, &mut self.attributes);
                    begun.map_err(|error| failed(&self.reader, self.len, &error))?;
                    if self.open.len() == MAX_DEPTH {
                        return Err(too_deep());
                    }
                    self.open.push(self.name.clone());
                    if !self.keeps_text {
                        self.text.clear();
                    }
                    return Ok(Token::Open);
                }
                Event::Empty(start) => {
                    let begun = begin(&start, &mut self.name, &mut self.attributes);
                    begun.map_err(|error| failed(&self.reader, self.len, &error))?;
                    if !self.keeps_text {
                        self.text.clear();
                    }
                    self.is_empty = true;
                    return Ok(Token::Open);
                }
                Event::End(_) => {
                    self.name = self.open.pop().unwrap_or_default();
                    return Ok(Token::Close);
                }
                Event::Text(text) => self.text.push_str(&text.xml10_content()),
                Event::CData(text) => self.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => match character(&reference) {
                    Some(Ok(character)) => self.text.push(character),
                    Some(Err(words)) => self.text.push_str(words),
                    None => return Err(self.entity()),
                },
                Event::Eof if self.open.is_empty() => return Ok(Token::End),
                Event::Eof => return Err(ReadError::Truncated { bytes: self.len }),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
            if self.text.len() as u64 > MAX_EVENT {
                return Err(too_large(self.position()));
            }
        }
    }

    fn entity(&self) -> ReadError {
        let (byte, line) = (self.position(), self.reader.get_ref().lines + 1);
        let what = Text::new("不支持自定义实体", "entities of one's own are not supported");
        ReadError::NotWellFormed { byte, line, what }
    }
}

/// The character of a reference, or the words of one of XML's own entities; `None` for any other.
fn character(reference: &quick_xml::events::BytesRef<'_>) -> Option<Result<char, &'static str>> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(Ok(character)),
        Ok(None) => resolve_predefined_entity(reference).map(Err),
        Err(_) => None,
    }
}

fn begin(start: &BytesStart<'_>, name: &mut String, attributes: &mut Vec<(String, String)>) -> quick_xml::Result<()> {
    name.clear();
    name.push_str(start.local_name().as_ref());
    attributes.clear();
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned();
        attributes.push((attribute.key.local_name().as_ref().to_owned(), value));
    }
    Ok(())
}

fn failed(reader: &Reader<Limited>, len: u64, error: &quick_xml::Error) -> ReadError {
    let (byte, line) = (reader.buffer_position().min(len), reader.get_ref().lines + 1);
    match error {
        quick_xml::Error::Io(cause) if cause.kind() == io::ErrorKind::FileTooLarge => too_large(byte),
        quick_xml::Error::Io(cause) => ReadError::Io(io::Error::new(cause.kind(), cause.to_string())),
        quick_xml::Error::Encoding(_) => ReadError::Encoding { byte, line, utf16: false },
        quick_xml::Error::Syntax(_) if reader.buffer_position() >= len => ReadError::Truncated { bytes: len },
        error => ReadError::NotWellFormed { byte, line, what: text!("XML 有误（{error}）", "no XML: {error}") },
    }
}

fn too_large(byte: u64) -> ReadError {
    ReadError::TooLarge { byte, limit_mb: MAX_EVENT >> 20 }
}

fn too_deep() -> ReadError {
    ReadError::Damaged { what: Text::new("XML 元素嵌套过深", "XML elements are nested too deeply") }
}

/// The encoding that a document has by its first bytes or by its own words; UTF-8 if it says nothing.
fn declared(source: &Source) -> Result<Encoding, ReadError> {
    let head = source.read(0, HEAD)?;
    match head.as_slice() {
        [0xff, 0xfe, ..] | [b'<', 0, ..] => return Ok(encoding_rs::UTF_16LE.into()),
        [0xfe, 0xff, ..] | [0, b'<', ..] => return Ok(encoding_rs::UTF_16BE.into()),
        _ => {}
    }
    let end = memchr::memmem::find(&head, b"?>").unwrap_or_default();
    let head = String::from_utf8_lossy(&head[..end]).into_owned();
    let said = head.split_once("encoding").and_then(|(_, rest)| rest.split(['"', '\'']).nth(1));
    // A document that is read byte by byte up to here is not in UTF-16, whatever it says.
    let said = said.and_then(Encoding::parse).filter(|it| !it.to_string().starts_with("UTF-16"));
    Ok(said.unwrap_or(Encoding::UTF_8))
}

/// Looks at a document as it says itself, and once more in GBK where it is not in the UTF-8 that it claims: many
/// programs write the one and say the other.
pub(super) fn in_utf8_or_gbk<T>(
    asked: Option<Encoding>,
    understood: &mut Vec<Text>,
    mut look: impl FnMut(Option<Encoding>) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    match look(asked) {
        Err(ReadError::Encoding { line, .. }) if asked.is_none() => {
            understood.push(text!(
                "第 {line} 行不是 UTF-8，全文按 GB18030 读入",
                "Line {line} is no UTF-8: the whole text is read as GB18030"
            ));
            look(Some(Encoding::GB18030))
        }
        looked => looked,
    }
}

/// Whether a file that begins like this is XML with a root of this name.
pub(super) fn is_begun(beginning: &[u8], root: &str) -> bool {
    let plain: Vec<u8> = beginning.iter().copied().filter(|byte| *byte != 0).collect();
    let found = memchr::memmem::find(&plain, format!("<{root}").as_bytes())
        .or_else(|| memchr::memmem::find(&plain, format!(":{root}").as_bytes()));
    let after = found.and_then(|at| plain.get(at + root.len() + 1));
    after.is_some_and(|next| next.is_ascii_whitespace() || *next == b'>')
}

/// Any encoding as UTF-8. UTF-8 itself goes through unchanged, so that broken characters show.
struct Decoded {
    bytes: SourceReader,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    is_utf8: bool,
    is_begun: bool,
    out: Vec<u8>,
    at: usize,
    ended: bool,
    had_errors: bool,
}

impl Decoded {
    fn more(&mut self) -> io::Result<()> {
        self.out.clear();
        self.at = 0;
        let read = self.bytes.read(&mut self.raw)?;
        self.ended = read == 0;
        let raw = &self.raw[..read];
        if self.is_utf8 {
            let mark: &[u8] = if self.is_begun { b"" } else { b"\xef\xbb\xbf" };
            self.out.extend_from_slice(raw.strip_prefix(mark).unwrap_or(raw));
        } else {
            self.out.resize(self.decoder.max_utf8_buffer_length(read).unwrap_or(4 * BLOCK), 0);
            let (_, _, written, had_errors) = self.decoder.decode_to_utf8(raw, &mut self.out, self.ended);
            self.out.truncate(written);
            self.had_errors |= had_errors;
        }
        self.is_begun = true;
        Ok(())
    }
}

impl Read for Decoded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() && !self.ended {
            self.more()?;
        }
        let len = into.len().min(self.out.len() - self.at);
        into[..len].copy_from_slice(&self.out[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}

/// Stops a tag that never ends before it fills the memory, and counts lines.
struct Limited {
    inner: BufReader<Decoded>,
    used: u64,
    lines: u64,
}

impl Read for Limited {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read(into)
    }
}

impl BufRead for Limited {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used > MAX_EVENT { Err(io::ErrorKind::FileTooLarge.into()) } else { self.inner.fill_buf() }
    }

    fn consume(&mut self, amount: usize) {
        let consumed = &self.inner.buffer()[..amount];
        self.lines += memchr::memchr_iter(b'\n', consumed).count() as u64;
        self.used += amount as u64;
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_come_out_of_any_encoding() {
        let words =
            |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?><a b='&lt;城'>九&#27743;</a>");
        let gbk = encoding_rs::GBK.encode(&words("gb2312")).0.into_owned();
        let utf16: Vec<u8> = "\u{feff}"
            .chars()
            .chain(words("UTF-16").chars())
            .collect::<String>()
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [gbk, utf16, words("UTF-8").into_bytes(), format!("\u{feff}{}", words("utf-8")).into_bytes()] {
            check(&bytes, "<a 城>=九江</a>");
        }
    }

    #[test]
    fn entities_of_ones_own_are_refused() {
        let bomb = b"<!DOCTYPE a [<!ENTITY x \"ha\"><!ENTITY y \"&x;&x;\">]><a>&y;</a>";
        check(bomb, "<a > refused");
        check(b"<a>&amp;&#x4e2d;</a>", "<a >=&\u{4e2d}</a>");
    }

    #[test]
    fn a_document_that_ends_early_or_goes_too_deep_is_refused() {
        check(b"<a><b>", "<a ><b > refused");
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        assert!(tokens(deep.as_bytes()).ends_with("refused"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_bytes_end(
            bytes in proptest::collection::vec(
                proptest::sample::select(b"<a/>&;\"'!-[]? \xff\x00x".to_vec()), 0..200)
        ) {
            tokens(&bytes);
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(tokens(bytes), expected);
    }

    fn tokens(bytes: &[u8]) -> String {
        let mut out = String::new();
        let Ok(mut xml) = XmlReader::open(&Source::of_bytes(bytes.to_vec()), None) else { return "refused".to_owned() };
        loop {
            match xml.next() {
                Ok(Token::Open) => {
                    let attribute = xml.attribute("b").unwrap_or_default().trim_start_matches('<').to_owned();
                    out.push_str(&format!("<{} {attribute}>", xml.name()));
                }
                Ok(Token::Close) => out.push_str(&format!("={}</{}>", xml.text(), xml.name())),
                Ok(Token::End) => return out,
                Err(_) => return out + " refused",
            }
        }
    }
}
