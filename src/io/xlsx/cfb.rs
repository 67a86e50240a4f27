//! Compound files (MS-CFB): the folder inside a file in which Excel 97 to 2003 keeps its workbook.

/// The first bytes.
pub(super) const MAGIC: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// Sector numbers from here on mean that nothing follows.
const FIRST_MARK: u32 = 0xffff_fffa;
/// Sectors of the table that stand in the header itself.
const HEADER_ENTRIES: usize = 109;
/// Bytes of an entry of the directory.
const ENTRY: usize = 128;

/// The bytes of the first of these streams that is there; `None` too if the file is garbled.
pub(super) fn stream(bytes: &[u8], names: &[&str]) -> Option<Vec<u8>> {
    let file = Compound::read(bytes)?;
    let directory = file.chain(u32_at(bytes, 48)?)?;
    let entries: Vec<Entry> = directory.chunks_exact(ENTRY).filter_map(Entry::read).collect();
    let root = entries.iter().find(|entry| entry.kind == 5)?;
    let found = names.iter().find_map(|name| entries.iter().find(|entry| entry.kind == 2 && entry.name == *name))?;
    let mut stream = if found.size < u32_at(bytes, 56)? {
        let (small, table) = (file.chain(root.start)?, file.chain(u32_at(bytes, 60)?)?);
        let table: Vec<u32> = words(&table).collect();
        follow(found.start, &table, |sector| small.get(sector * 64..)?.get(..64))?
    } else {
        file.chain(found.start)?
    };
    stream.truncate(found.size as usize);
    Some(stream)
}

struct Entry {
    name: String,
    kind: u8,
    start: u32,
    size: u32,
}

impl Entry {
    fn read(bytes: &[u8]) -> Option<Self> {
        let len = usize::from(u16::from_le_bytes([bytes[64], bytes[65]])).saturating_sub(2).min(62);
        let units: Vec<u16> = bytes[..len].chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
        let name = String::from_utf16_lossy(&units);
        Some(Self { name, kind: bytes[66], start: u32_at(bytes, 116)?, size: u32_at(bytes, 120)? })
    }
}

struct Compound<'a> {
    bytes: &'a [u8],
    sector: usize,
    /// Which sector follows on which.
    table: Vec<u32>,
}

impl<'a> Compound<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let shift = *bytes.get(30)?;
        if !bytes.starts_with(&MAGIC) || !matches!(shift, 9 | 12) {
            return None;
        }
        let mut file = Self { bytes, sector: 1 << shift, table: Vec::new() };
        let mut places: Vec<u32> = words(bytes.get(76..76 + HEADER_ENTRIES * 4)?).collect();
        let mut next = u32_at(bytes, 68)?;
        let most = bytes.len() / file.sector;
        for _ in 0..most {
            let Some(more) = file.sector_at(next as usize).filter(|_| next < FIRST_MARK) else { break };
            let more: Vec<u32> = words(more).collect();
            let (last, more) = more.split_last()?;
            places.extend(more);
            next = *last;
        }
        for place in places.into_iter().filter(|&place| place < FIRST_MARK).take(most) {
            file.table.extend(words(file.sector_at(place as usize)?));
        }
        Some(file)
    }

    fn sector_at(&self, number: usize) -> Option<&'a [u8]> {
        let start = number.checked_add(1)?.checked_mul(self.sector)?;
        let rest = self.bytes.get(start..)?;
        (!rest.is_empty()).then(|| &rest[..rest.len().min(self.sector)])
    }

    fn chain(&self, start: u32) -> Option<Vec<u8>> {
        follow(start, &self.table, |sector| self.sector_at(sector))
    }
}

/// The sectors that follow on each other; no chain is longer than the table, whatever it says.
fn follow<'a>(start: u32, table: &[u32], sector: impl Fn(usize) -> Option<&'a [u8]>) -> Option<Vec<u8>> {
    let (mut out, mut next) = (Vec::new(), start);
    for _ in 0..=table.len() {
        if next >= FIRST_MARK {
            return Some(out);
        }
        out.extend_from_slice(sector(next as usize)?);
        next = *table.get(next as usize)?;
    }
    None
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    words(bytes.get(at..at + 4)?).next()
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}
