//! Protocol buffers, read in place: fields of a message, packed numbers. Nothing is copied, nothing allocated.

/// Bytes that are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Garbled;

/// The content of one field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// A fixed number of four or eight bytes: nothing of OpenStreetMap is written so.
    Fixed,
}

impl<'a> Content<'a> {
    pub(super) fn bytes(self) -> Result<&'a [u8], Garbled> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(Garbled) }
    }

    pub(super) fn number(self) -> Result<u64, Garbled> {
        if let Self::Number(number) = self { Ok(number) } else { Err(Garbled) }
    }
}

/// The fields of a message, in the order in which they stand.
#[derive(Clone, Debug)]
pub(super) struct Message<'a>(pub &'a [u8]);

impl<'a> Message<'a> {
    fn field(&mut self) -> Result<(u64, Content<'a>), Garbled> {
        let key = varint(&mut self.0)?;
        let content = match key & 7 {
            0 => Content::Number(varint(&mut self.0)?),
            1 => take(&mut self.0, 8).map(|_| Content::Fixed)?,
            2 => {
                let length = usize::try_from(varint(&mut self.0)?).map_err(|_| Garbled)?;
                Content::Bytes(take(&mut self.0, length)?)
            }
            5 => take(&mut self.0, 4).map(|_| Content::Fixed)?,
            _ => return Err(Garbled),
        };
        Ok((key >> 3, content))
    }
}

impl<'a> Iterator for Message<'a> {
    type Item = Result<(u64, Content<'a>), Garbled>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

/// A row of numbers of any length, one behind the other. It ends early where the bytes are garbled.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed<'a>(pub &'a [u8]);

impl<'a> Packed<'a> {
    /// The numbers as signed ones, each the difference from the one before.
    pub(super) fn deltas(self) -> impl Iterator<Item = i64> + 'a {
        self.scan(0_i64, |last, raw| {
            *last = last.wrapping_add(zigzag(raw));
            Some(*last)
        })
    }
}

impl Iterator for Packed<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if self.0.is_empty() {
            return None;
        }
        let number = varint(&mut self.0).ok();
        if number.is_none() {
            self.0 = &[];
        }
        number
    }
}

/// A signed number, small ones of either sign in few bytes.
pub(super) fn zigzag(raw: u64) -> i64 {
    (raw >> 1) as i64 ^ -((raw & 1) as i64)
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Garbled> {
    let mut number = 0;
    for (place, &byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 127) << (7 * place).min(63);
        if byte < 128 {
            *bytes = &bytes[place + 1..];
            return Ok(number);
        }
    }
    Err(Garbled)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Garbled> {
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Garbled)?;
    *bytes = rest;
    Ok(taken)
}
