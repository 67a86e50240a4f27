//! Splitting a GeoJSON file into features without reading what is in them.
//!
//! Only strings and braces are looked at, a few bytes at a time with SIMD, and the text goes on in batches of whole
//! features. What lies between the features is checked here, the features themselves by whoever parses them: together
//! every byte of the file. Memory is bounded by the batch and by the largest single feature.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::{ControlFlow, Range};

use memchr::{memchr, memchr2, memchr3};

use super::geojson_check::check_json;

/// Bytes read at once, and least size of a batch.
const BLOCK: usize = 256 * 1024;
/// Largest single feature, and largest document that is no collection.
pub(super) const MAX_ELEMENT: usize = 128 << 20;
/// Names of unknown members that are remembered.
const MOST_FOREIGN: usize = 50;
/// Members of a document that are written again, or that are its features.
const OWN_MEMBERS: [&str; 5] = ["name", "bbox", "features", "geometry", "properties"];
/// Separates the records of RFC 8142.
const RECORD: u8 = 0x1e;

/// How features stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// One JSON text.
    Document,
    /// One JSON text on each line.
    Lines,
    /// JSON texts after record separators (RFC 8142).
    Records,
}

/// Some whole features of a file.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// A piece of the file.
    pub text: Vec<u8>,
    /// Where it begins in the file.
    pub base: u64,
    /// Whether the features are members of a collection, rather than JSON texts of their own.
    pub is_in_collection: bool,
    /// The features in it.
    pub items: Vec<Item>,
}

/// One feature's place.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Bytes in the batch.
    pub range: Range<usize>,
    /// Its number in the file, from 1: of the feature, or of the line.
    pub number: u64,
}

/// What a document says around its features.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    /// The member `type`.
    pub kind: Option<String>,
    /// The member `crs`, as JSON.
    pub crs: Option<String>,
    /// Whether there is an array of features.
    pub has_features: bool,
    /// The names of members that are nothing to us, the first of them.
    pub foreign: Vec<String>,
}

/// Why a file cannot be split.
#[derive(Debug)]
pub(super) enum ScanError {
    Io(io::Error),
    Malformed {
        byte: u64,
        what: String,
    },
    Encoding {
        byte: u64,
        utf16: bool,
    },
    Truncated {
        bytes: u64,
    },
    TooLarge {
        byte: u64,
    },
    Empty,
    /// Another JSON text begins on the next line.
    IsLines,
    /// It begins with a record separator.
    IsRecords,
    /// Nobody wants more batches.
    Stopped,
}

impl From<io::Error> for ScanError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Splits `file` and gives the batches to `emit` in order.
pub(super) fn scan<R: Read>(
    file: R,
    layout: Layout,
    emit: &mut dyn FnMut(Batch) -> ControlFlow<()>,
) -> Result<Head, ScanError> {
    let mut scanner = Scanner {
        file,
        buffer: Vec::new(),
        at: 0,
        base: 0,
        ended: false,
        items: Vec::new(),
        is_in_collection: false,
        number: 0,
        emit,
    };
    scanner.skip_byte_order_mark()?;
    match layout {
        Layout::Document => scanner.document(),
        Layout::Lines => scanner.separated(b'\n'),
        Layout::Records => scanner.separated(RECORD),
    }
}

struct Scanner<'a, R> {
    file: R,
    /// What is read and not emitted.
    buffer: Vec<u8>,
    /// Place in the buffer.
    at: usize,
    /// Place of the buffer in the file.
    base: u64,
    ended: bool,
    items: Vec<Item>,
    is_in_collection: bool,
    number: u64,
    emit: &'a mut dyn FnMut(Batch) -> ControlFlow<()>,
}

impl<R: Read> Scanner<'_, R> {
    /// UTF-16 is told by its mark, or by every other byte being zero.
    fn skip_byte_order_mark(&mut self) -> Result<(), ScanError> {
        self.more()?;
        let utf16 = match self.buffer.as_slice() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
            [one, other, ..] => (*one == 0) != (*other == 0),
            _ => false,
        };
        if utf16 {
            return Err(ScanError::Encoding { byte: 0, utf16 });
        }
        if self.buffer.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        Ok(())
    }

    fn document(&mut self) -> Result<Head, ScanError> {
        match self.peek_word()? {
            None => Err(ScanError::Empty),
            Some(RECORD) => Err(ScanError::IsRecords),
            Some(b'{') => self.object(),
            Some(_) => {
                while self.more()? {}
                match self.check_json(self.at..self.buffer.len()) {
                    Err(ScanError::Malformed { what, .. }) if what.starts_with("EOF") => Err(self.truncated()),
                    checked => checked.map(|()| Head::default()),
                }
            }
        }
    }

    /// The outermost object. Without an array of features it goes on as a whole.
    fn object(&mut self) -> Result<Head, ScanError> {
        let (start, mut head) = (self.at, Head::default());
        self.at += 1;
        let mut is_first = true;
        loop {
            match self.need_word()? {
                b'}' if is_first => break,
                b'"' => self.member(&mut head)?,
                _ => return Err(self.malformed("key must be a string")),
            }
            is_first = false;
            match self.need_word()? {
                b'}' => break,
                b',' => self.at += 1,
                _ => return Err(self.malformed("expected `,` or `}`")),
            }
            if self.need_word()? != b'"' {
                return Err(self.malformed("key must be a string"));
            }
        }
        self.at += 1;
        let end = self.at;
        self.end_of_document(&head)?;
        if !head.has_features {
            self.push(start..end);
        }
        self.cut()?;
        Ok(head)
    }

    /// Nothing may follow, unless the file turns out to hold one text a line.
    fn end_of_document(&mut self, head: &Head) -> Result<(), ScanError> {
        let end = self.at;
        let Some(next) = self.peek_word()? else { return Ok(()) };
        let on_new_line = self.buffer.get(end..self.at).is_some_and(|gap| gap.contains(&b'\n'));
        if next == b'{' && on_new_line && !head.has_features {
            return Err(ScanError::IsLines);
        }
        Err(self.malformed("trailing characters"))
    }

    fn member(&mut self, head: &mut Head) -> Result<(), ScanError> {
        let start = self.at;
        self.skip_string()?;
        let key = self.check_string(start..self.at)?;
        if self.need_word()? != b':' {
            return Err(self.malformed("expected `:`"));
        }
        self.at += 1;
        let first = self.need_word()?;
        let may_be_collection = head.kind.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("FeatureCollection"));
        if key == "features" && first == b'[' && may_be_collection {
            head.has_features = true;
            self.is_in_collection = true;
            return self.features();
        }
        let start = self.at;
        self.skip_value()?;
        self.check_json(start..self.at)?;
        if key == "type" || key == "crs" {
            let text = String::from_utf8_lossy(&self.buffer[start..self.at]).into_owned();
            match key.as_str() {
                "type" => head.kind = serde_json::from_str(&text).ok(),
                _ => head.crs = Some(text),
            }
        } else if head.foreign.len() < MOST_FOREIGN && !OWN_MEMBERS.contains(&key.as_str()) {
            head.foreign.push(key);
        }
        Ok(())
    }

    /// The array of features: here the file may be of any length.
    fn features(&mut self) -> Result<(), ScanError> {
        self.at += 1;
        if self.need_word()? == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.need_word()?;
            let start = self.at;
            self.skip_value()?;
            self.push(start..self.at);
            match self.need_word()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return Err(self.malformed("expected `,` or `]`")),
            }
            if self.at >= BLOCK {
                self.cut()?;
            }
        }
        self.at += 1;
        self.cut()
    }

    /// JSON texts with a separator between them; empty ones count for the line number alone.
    fn separated(&mut self, separator: u8) -> Result<Head, ScanError> {
        let mut any = false;
        loop {
            let start = self.at;
            let found = loop {
                match memchr(separator, &self.buffer[self.at..]) {
                    Some(distance) => break Some(self.at + distance),
                    None => self.at = self.buffer.len(),
                }
                if !self.more()? {
                    break None;
                }
            };
            let end = found.unwrap_or(self.buffer.len());
            let text = &self.buffer[start..end];
            self.number += u64::from(separator == b'\n' || !text.trim_ascii().is_empty());
            if !text.trim_ascii().is_empty() {
                any = true;
                self.items.push(Item { range: start..end, number: self.number });
            }
            self.at = found.map_or(end, |end| end + 1);
            if found.is_none() {
                self.cut()?;
                return if any { Ok(Head::default()) } else { Err(ScanError::Empty) };
            }
            if self.at >= BLOCK {
                self.cut()?;
            }
        }
    }

    /// Goes behind one value without looking whether it is right inside.
    fn skip_value(&mut self) -> Result<(), ScanError> {
        match self.buffer[self.at] {
            b'{' => self.skip_object(),
            b'[' => self.skip_array(),
            b'"' => self.skip_string(),
            _ => self.skip_scalar(),
        }
    }

    /// A number or a word; it may go on in the next block.
    fn skip_scalar(&mut self) -> Result<(), ScanError> {
        let start = self.at;
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b'[' | b'{' | b'"' | b':') || is_space(*byte);
        loop {
            if let Some(distance) = self.buffer[self.at..].iter().position(ends) {
                self.at += distance;
                return if self.at == start { Err(self.malformed("expected value")) } else { Ok(()) };
            }
            self.at = self.buffer.len();
            if !self.more()? {
                return Err(self.truncated());
            }
        }
    }

    /// Braces alone say where an object ends; whether its brackets fit is for the parser.
    fn skip_object(&mut self) -> Result<(), ScanError> {
        let mut depth = 0_usize;
        loop {
            let Some(distance) = memchr3(b'{', b'}', b'"', &self.buffer[self.at..]) else {
                self.at = self.buffer.len();
                if !self.more()? {
                    return Err(self.truncated());
                }
                continue;
            };
            self.at += distance;
            match self.buffer[self.at] {
                b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'{' => depth += 1,
                _ => depth -= 1,
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn skip_array(&mut self) -> Result<(), ScanError> {
        let mut depth = 0_usize;
        loop {
            match self.need()? {
                b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn skip_string(&mut self) -> Result<(), ScanError> {
        self.at += 1;
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            match memchr2(b'"', b'\\', rest) {
                Some(distance) if rest[distance] == b'"' => {
                    self.at += distance + 1;
                    return Ok(());
                }
                Some(distance) => self.at += distance + 2,
                None => {
                    self.at = self.at.max(self.buffer.len());
                    if !self.more()? {
                        return Err(self.truncated());
                    }
                }
            }
        }
    }

    fn push(&mut self, range: Range<usize>) {
        self.number += 1;
        self.items.push(Item { range, number: self.number });
    }

    /// Gives away what is scanned.
    fn cut(&mut self) -> Result<(), ScanError> {
        let rest = self.buffer.split_off(self.at);
        let text = std::mem::replace(&mut self.buffer, rest);
        let (base, items) = (self.base, std::mem::take(&mut self.items));
        self.base += text.len() as u64;
        self.at = 0;
        if items.is_empty() {
            return Ok(());
        }
        match (self.emit)(Batch { text, base, is_in_collection: self.is_in_collection, items }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ScanError::Stopped),
        }
    }

    /// Reads on; `false` at the end of the file.
    fn more(&mut self) -> Result<bool, ScanError> {
        if self.ended {
            return Ok(false);
        }
        if self.buffer.len() > MAX_ELEMENT {
            return Err(ScanError::TooLarge { byte: self.base });
        }
        self.buffer.reserve(BLOCK);
        let read = self.file.by_ref().take(BLOCK as u64).read_to_end(&mut self.buffer)?;
        self.ended = read == 0;
        Ok(read > 0)
    }

    /// The byte here, or `None` at the end of the file.
    fn peek(&mut self) -> Result<Option<u8>, ScanError> {
        while self.at >= self.buffer.len() {
            if !self.more()? {
                return Ok(None);
            }
        }
        Ok(Some(self.buffer[self.at]))
    }

    fn need(&mut self) -> Result<u8, ScanError> {
        self.peek()?.ok_or_else(|| self.truncated())
    }

    /// The next byte that is no space.
    fn peek_word(&mut self) -> Result<Option<u8>, ScanError> {
        while let Some(byte) = self.peek()? {
            if !is_space(byte) {
                return Ok(Some(byte));
            }
            self.at += 1;
        }
        Ok(None)
    }

    fn need_word(&mut self) -> Result<u8, ScanError> {
        self.peek_word()?.ok_or_else(|| self.truncated())
    }

    fn check_json(&self, range: Range<usize>) -> Result<(), ScanError> {
        check_json(&self.buffer[range.clone()], self.base + range.start as u64)
    }

    fn check_string(&self, range: Range<usize>) -> Result<String, ScanError> {
        self.check_json(range.clone())?;
        let text = String::from_utf8_lossy(&self.buffer[range]);
        // A lone surrogate is well-formed and no key that matters.
        Ok(serde_json::from_str::<Cow<'_, str>>(&text).map_or_else(|_| text.clone().into_owned(), Cow::into_owned))
    }

    fn malformed(&self, what: &str) -> ScanError {
        ScanError::Malformed { byte: self.base + self.at as u64, what: what.to_owned() }
    }

    fn truncated(&self) -> ScanError {
        ScanError::Truncated { bytes: self.base + self.buffer.len() as u64 }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
#[path = "geojson_scan_tests.rs"]
mod tests;
