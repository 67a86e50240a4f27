//! What is in memory as bytes and back, for files that only this program on this kind of machine reads.
//!
//! Numbers stand as the processor has them. A checksum follows the content, so that what comes back is what was written
//! or nothing; it is no protection against somebody who means harm.

use std::collections::HashMap;
use std::io::{Error, ErrorKind, Read, Result, Write};

use bytemuck::{AnyBitPattern, NoUninit};

use crate::model::value::Value;
use crate::task::Courtesy;

/// Longest text and most entries of a list of values; more is damage.
const MOST: u64 = 1 << 40;

/// So many bytes are read before others are looked for who are in more of a hurry.
const PIECE: usize = 1 << 20;

/// Bytes go out.
pub struct Packer<W> {
    out: W,
    sum: Sum,
}

/// Bytes come in.
pub struct Unpacker<R> {
    input: R,
    /// Bytes that can still come: no list is longer, whatever it says of itself.
    left: u64,
    sum: Sum,
    courtesy: Courtesy,
}

impl<W: Write> Packer<W> {
    /// Begins.
    pub fn new(out: W) -> Self {
        Self { out, sum: Sum::default() }
    }

    /// Writes a number.
    pub fn number(&mut self, number: u64) -> Result<()> {
        self.raw(&number.to_ne_bytes())
    }

    /// Writes a list of plain things.
    pub fn slice<T: NoUninit>(&mut self, list: &[T]) -> Result<()> {
        self.number(list.len() as u64)?;
        self.raw(bytemuck::cast_slice(list))
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) -> Result<()> {
        self.slice(text.as_bytes())
    }

    /// Writes a value.
    pub fn value(&mut self, value: &Value) -> Result<()> {
        match value {
            Value::Null => self.number(0),
            Value::Bool(yes) => self.number(1).and_then(|()| self.number(u64::from(*yes))),
            Value::Int(number) => self.number(2).and_then(|()| self.number(number.cast_unsigned())),
            Value::Real(number) => self.number(3).and_then(|()| self.number(number.to_bits())),
            Value::Text(text) => self.number(4).and_then(|()| self.text(text)),
            Value::Blob(bytes) => self.number(5).and_then(|()| self.slice(bytes)),
        }
    }

    /// Writes the checksum and lets everything out.
    pub fn finish(mut self) -> Result<()> {
        let sum = self.sum.finish();
        self.out.write_all(&sum.to_ne_bytes())?;
        self.out.flush()
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.sum.add(bytes);
        self.out.write_all(bytes)
    }
}

impl<R: Read> Unpacker<R> {
    /// Begins to read so many bytes.
    pub fn new(input: R, size: u64) -> Self {
        Self { input, left: size, sum: Sum::default(), courtesy: Courtesy::default() }
    }

    /// The same, which gives way while it reads.
    pub fn giving_way(self, courtesy: &Courtesy) -> Self {
        Self { courtesy: courtesy.clone(), ..self }
    }

    /// Reads a number.
    pub fn number(&mut self) -> Result<u64> {
        let mut bytes = [0; 8];
        self.raw(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    /// Reads a number that counts something in memory.
    pub fn count(&mut self) -> Result<usize> {
        usize::try_from(self.number()?).map_err(|_| damaged())
    }

    /// Reads a list of plain things.
    pub fn slice<T: NoUninit + AnyBitPattern>(&mut self) -> Result<Vec<T>> {
        let len = self.number()?;
        let size = len.checked_mul(size_of::<T>() as u64).filter(|&size| size <= self.left.min(MOST));
        let mut list = vec![T::zeroed(); size.map(|_| len as usize).ok_or_else(damaged)?];
        self.raw(bytemuck::cast_slice_mut(&mut list))?;
        Ok(list)
    }

    /// Reads a text.
    pub fn text(&mut self) -> Result<String> {
        String::from_utf8(self.slice()?).map_err(|_| damaged())
    }

    /// Reads a value.
    pub fn value(&mut self) -> Result<Value> {
        Ok(match self.number()? {
            0 => Value::Null,
            1 => Value::Bool(self.number()? != 0),
            2 => Value::Int(self.number()?.cast_signed()),
            3 => Value::Real(f64::from_bits(self.number()?)),
            4 => Value::Text(self.text()?),
            5 => Value::Blob(self.slice()?),
            _ => return Err(damaged()),
        })
    }

    /// Reads the checksum: an error if what was read is not what was written.
    pub fn finish(mut self) -> Result<()> {
        let sum = self.sum.finish();
        let mut bytes = [0; 8];
        self.input.read_exact(&mut bytes)?;
        if u64::from_ne_bytes(bytes) == sum { Ok(()) } else { Err(damaged()) }
    }

    fn raw(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(damaged)?;
        for piece in bytes.chunks_mut(PIECE) {
            self.courtesy.give_way();
            self.input.read_exact(piece)?;
        }
        self.sum.add(bytes);
        Ok(())
    }
}

/// What is said of bytes that nobody wrote so.
pub fn damaged() -> Error {
    Error::new(ErrorKind::InvalidData, "damaged")
}

/// A checksum at the speed of memory: four sums side by side over words of eight bytes.
#[derive(Default)]
struct Sum {
    lanes: [u64; 4],
    len: u64,
}

impl Sum {
    /// Adds one piece; where pieces end is part of the sum.
    fn add(&mut self, bytes: &[u8]) {
        const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;
        let mix = |lane: &mut u64, word: u64| *lane = (*lane ^ word).wrapping_mul(PRIME).rotate_left(29);
        let word = |bytes: &[u8]| {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        };
        let mut chunks = bytes.chunks_exact(32);
        for chunk in chunks.by_ref() {
            let words = chunk.chunks_exact(8);
            self.lanes.iter_mut().zip(words).for_each(|(lane, bytes)| mix(lane, word(bytes)));
        }
        self.len += bytes.len() as u64;
        mix(&mut self.lanes[3], self.len);
        let rest = chunks.remainder().chunks(8);
        self.lanes.iter_mut().zip(rest).for_each(|(lane, bytes)| mix(lane, word(bytes)));
    }

    fn finish(&self) -> u64 {
        self.lanes.iter().fold(self.len, |sum, lane| (sum.rotate_left(17) ^ lane).wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }
}

/// Rows by number that were changed since a block of text was written.
pub(super) fn pack_changed<W: Write>(changed: &HashMap<u32, Value>, out: &mut Packer<W>) -> Result<()> {
    let mut rows: Vec<_> = changed.iter().collect();
    rows.sort_unstable_by_key(|(row, _)| **row);
    out.number(rows.len() as u64)?;
    for (row, value) in rows {
        out.number(u64::from(*row))?;
        out.value(value)?;
    }
    Ok(())
}

/// See [`pack_changed`].
pub(super) fn unpack_changed<R: Read>(input: &mut Unpacker<R>) -> Result<HashMap<u32, Value>> {
    let mut changed = HashMap::new();
    for _ in 0..input.number()? {
        changed.insert(input.number()? as u32, input.value()?);
    }
    Ok(changed)
}
