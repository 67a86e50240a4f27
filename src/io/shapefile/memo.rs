//! Texts that are too long for a row: the file beside the table (`.dbt` of dBASE III and IV, `.fpt` of FoxPro).

use super::super::source::Source;

/// Longer texts are cut: nobody reads a megabyte in a table.
const MOST_BYTES: u64 = 1 << 20;

/// An open memo file.
#[derive(Clone, Debug)]
pub(super) struct Memo {
    source: Source,
    block_len: u64,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// Text until two bytes 0x1A; blocks of 512 bytes.
    Third,
    /// Each block says how long it is.
    Fourth,
    /// The same, the highest byte first.
    FoxPro,
}

impl Memo {
    /// The memo file of a table with this version byte.
    pub(super) fn open(source: Source, version: u8, is_fpt: bool) -> std::io::Result<Self> {
        let head = source.read(0, 24)?;
        let number = |at: usize| head.get(at..at + 2).map_or([0; 2], |two| [two[0], two[1]]);
        let (form, block_len) = match version {
            _ if is_fpt => (Form::FoxPro, u64::from(u16::from_be_bytes(number(6)))),
            0x83 => (Form::Third, 512),
            _ => (Form::Fourth, u64::from(u16::from_le_bytes(number(20)))),
        };
        let block_len = if block_len == 0 { 512 } else { block_len };
        Ok(Self { source, block_len, form })
    }

    /// The bytes that a cell refers to: a block's number in ten digits, or in four bytes. Nothing for an empty cell;
    /// `Err` where the block is not there.
    pub(super) fn bytes(&self, cell: &[u8]) -> Result<Option<Vec<u8>>, ()> {
        let block = if let &[a, b, c, d] = cell {
            u64::from(u32::from_le_bytes([a, b, c, d]))
        } else {
            let digits = std::str::from_utf8(cell).unwrap_or("?").trim_matches([' ', '\0']);
            if digits.is_empty() { 0 } else { digits.parse().map_err(|_| ())? }
        };
        if block == 0 {
            return Ok(None);
        }
        let start = block.checked_mul(self.block_len).filter(|&start| start < self.source.len()).ok_or(())?;
        self.block(start).map(Some).ok_or(())
    }

    fn block(&self, start: u64) -> Option<Vec<u8>> {
        if self.form == Form::Third {
            return self.until_end_mark(start);
        }
        let head = self.source.read(start, 8).ok()?;
        let head = head.first_chunk::<8>()?;
        let len = [head[4], head[5], head[6], head[7]];
        let len = match self.form {
            Form::FoxPro => u64::from(u32::from_be_bytes(len)),
            _ if head[..2] != [0xff, 0xff] => return self.until_end_mark(start),
            _ => u64::from(u32::from_le_bytes(len)).saturating_sub(8),
        };
        (start + 8 + len <= self.source.len()).then_some(())?;
        self.source.read(start + 8, len.min(MOST_BYTES)).ok()
    }

    fn until_end_mark(&self, start: u64) -> Option<Vec<u8>> {
        let mut found = Vec::new();
        while (found.len() as u64) < MOST_BYTES {
            let piece = self.source.read(start + found.len() as u64, 4096).ok()?;
            if piece.is_empty() {
                break;
            }
            if let Some(end) = memchr::memchr(0x1a, &piece) {
                found.extend_from_slice(&piece[..end]);
                break;
            }
            found.extend_from_slice(&piece);
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_three_forms_are_found() {
        let block = |text: &[u8]| {
            let mut bytes = vec![0; 512];
            bytes.extend_from_slice(text);
            bytes.resize(1024, 0);
            bytes
        };
        check(block(b"pipe\x1a\x1a"), 0x83, false, b"         1", Ok(Some(b"pipe")));
        let mut fourth = block(b"\xff\xff\x08\0\x0c\0\0\0pipe");
        fourth[20..22].copy_from_slice(&512_u16.to_le_bytes());
        check(fourth, 0x8b, false, b"0000000001", Ok(Some(b"pipe")));
        let mut foxpro = block(b"\0\0\0\x01\0\0\0\x04pipe");
        foxpro[6..8].copy_from_slice(&64_u16.to_be_bytes());
        check(foxpro.clone(), 0x30, true, &8_u32.to_le_bytes(), Ok(Some(b"pipe")));
        check(foxpro.clone(), 0x30, true, &[0; 4], Ok(None));
        check(foxpro, 0x30, true, &99_u32.to_le_bytes(), Err(()));
    }

    #[test]
    fn a_length_beyond_the_file_is_not_believed() {
        let mut bytes = vec![0; 64];
        bytes.extend_from_slice(b"\0\0\0\x01\xff\xff\xff\xffpipe");
        bytes[6..8].copy_from_slice(&64_u16.to_be_bytes());
        check(bytes, 0x30, true, &1_u32.to_le_bytes(), Err(()));
    }

    #[track_caller]
    fn check(file: Vec<u8>, version: u8, is_fpt: bool, cell: &[u8], expected: Result<Option<&[u8]>, ()>) {
        let memo = Memo::open(Source::of_bytes(file), version, is_fpt).expect("readable");
        assert_eq!(memo.bytes(cell), expected.map(|found| found.map(<[u8]>::to_vec)));
    }
}
