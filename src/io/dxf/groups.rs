//! The lines of a DXF file in pairs: a number that says what the next line means, and that line.

use std::io::{BufRead, Read};

use super::super::error::ReadError;
use crate::text::Text;

/// Longest line, bytes.
const MAX_LINE: u64 = 1 << 20;
/// Longest entity, bytes.
pub(super) const MAX_ENTITY: usize = 256 << 20;

/// Reads pairs of lines.
pub(super) struct Groups<R> {
    input: R,
    pub bytes: u64,
    line: u64,
    code: i32,
    value: Vec<u8>,
    scratch: Vec<u8>,
}

impl<R: BufRead> Groups<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, bytes: 0, line: 0, code: 0, value: Vec::new(), scratch: Vec::new() }
    }

    /// The next pair; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<(i32, &[u8])>, ReadError> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let is_there = self.line(&mut scratch)?;
        let word = std::str::from_utf8(&scratch).unwrap_or_default().trim();
        if !is_there || (word.is_empty() && self.input.fill_buf()?.is_empty()) {
            return Ok(None);
        }
        let Ok(code) = word.parse() else {
            let what = Text::new("这里应是组码（整数）", "a group code, a whole number, should stand here");
            return Err(ReadError::NotWellFormed { byte: self.bytes, line: self.line, what });
        };
        self.scratch = scratch;
        self.code = code;
        let mut value = std::mem::take(&mut self.value);
        if !self.line(&mut value)? {
            return Err(ReadError::Truncated { bytes: self.bytes });
        }
        self.value = value;
        Ok(Some((self.code, &self.value)))
    }

    fn line(&mut self, into: &mut Vec<u8>) -> Result<bool, ReadError> {
        into.clear();
        let read = (&mut self.input).take(MAX_LINE).read_until(b'\n', into)? as u64;
        if read == MAX_LINE && into.last() != Some(&b'\n') {
            return Err(ReadError::TooLarge { byte: self.bytes, limit_mb: MAX_LINE >> 20 });
        }
        self.bytes += read;
        self.line += 1;
        while matches!(into.last(), Some(b'\n' | b'\r')) {
            into.pop();
        }
        Ok(read > 0)
    }
}

/// What stands in one entity, in one block of memory that is used again for the next.
#[derive(Debug, Default)]
pub(super) struct Entity {
    /// `LINE`, `INSERT`, …
    pub kind: String,
    list: Vec<(i32, usize, usize)>,
    bytes: Vec<u8>,
}

impl Entity {
    /// Empties it for an entity of this kind.
    pub(super) fn begin(&mut self, kind: &[u8]) {
        String::from_utf8_lossy(kind).trim().clone_into(&mut self.kind);
        self.list.clear();
        self.bytes.clear();
    }

    /// Adds a pair; `false` if the entity is too large.
    pub(super) fn push(&mut self, code: i32, value: &[u8]) -> bool {
        if self.bytes.len() + 24 * self.list.len() > MAX_ENTITY {
            return false;
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.list.push((code, start, self.bytes.len()));
        true
    }

    /// All pairs in order.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (i32, &[u8])> {
        self.list.iter().map(|&(code, start, end)| (code, &self.bytes[start..end]))
    }

    /// The first value with this code.
    pub(super) fn get(&self, code: i32) -> Option<&[u8]> {
        self.pairs().find(|(known, _)| *known == code).map(|(_, value)| value)
    }

    /// A finite number.
    pub(super) fn number(&self, code: i32) -> Option<f64> {
        number(self.get(code)?)
    }

    /// A whole number; 0 where there is none.
    pub(super) fn whole(&self, code: i32) -> i64 {
        self.number(code).unwrap_or_default() as i64
    }

    /// A position at `code`, `code + 10`, `code + 20`.
    pub(super) fn position(&self, code: i32) -> Option<[f64; 3]> {
        Some([self.number(code)?, self.number(code + 10)?, self.number(code + 20).unwrap_or_default()])
    }

    /// All numbers with this code.
    pub(super) fn numbers(&self, code: i32) -> impl Iterator<Item = f64> {
        self.pairs().filter(move |(known, _)| *known == code).filter_map(|(_, value)| number(value))
    }

    /// All positions at `code`, in order: each begins with its x.
    pub(super) fn positions(&self, code: i32) -> Vec<[f64; 3]> {
        let mut found: Vec<[f64; 3]> = Vec::new();
        for (other, value) in self.pairs() {
            let Some(number) = number(value) else { continue };
            if other == code {
                found.push([number, 0.0, 0.0]);
            } else if let Some(last) = found.last_mut() {
                if other == code + 10 {
                    last[1] = number;
                } else if other == code + 20 {
                    last[2] = number;
                }
            }
        }
        found
    }
}

/// A finite number, far from where sums overflow.
pub(super) fn number(value: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
    (number.abs() < 1e100).then_some(number)
}
