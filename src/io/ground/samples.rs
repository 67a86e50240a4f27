//! The samples of a TIFF's tiles and strips as bytes, pixel by pixel: planes are put together, bits spread out, 16 bits
//! stretched over what the picture uses of them, and colour tables kept out of the decoder's sight.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use tiff::decoder::{Decoder, DecodingResult};

/// Pictures of one file that are looked at, and tags of one picture.
const MOST_PAGES: usize = 64;
const MOST_TAGS: u64 = 4096;
/// The tag that says what samples mean, and its words for a colour table and for grey.
const PHOTOMETRIC: u16 = 262;
const PALETTE: u8 = 3;
const GRAY: u8 = 1;
/// Tiles or strips that are looked at to see what a picture uses of 16 bits.
const LOOKED_AT: u32 = 12;
/// Share of the samples that may lie outside of what is shown, on either side.
const OUTSIDE: f64 = 0.01;

/// A decoder of a file whose colour tables read as grey: their samples are wanted, which the decoder does not give.
pub(super) type Reader = Decoder<Disguised>;

/// A file with some bytes replaced.
pub(super) struct Disguised {
    file: BufReader<File>,
    at: u64,
    /// Bytes that read as [`GRAY`].
    gray: Vec<u64>,
}

impl Disguised {
    pub(super) fn new(file: File, gray: Vec<u64>) -> Self {
        Self { file: BufReader::new(file), at: 0, gray }
    }
}

impl Read for Disguised {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        for place in &self.gray {
            let byte = place.checked_sub(self.at).and_then(|place| into[..read].get_mut(usize::try_from(place).ok()?));
            byte.into_iter().for_each(|byte| *byte = GRAY);
        }
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Disguised {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

/// Where the pictures of a file say that they have a colour table.
pub(super) fn palettes(mut file: File) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    let mut head = [0; 16];
    file.read_exact(&mut head)?;
    let is_little = head[0] == b'I';
    let number = |bytes: &[u8]| {
        let digits = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if is_little { bytes.iter().rev().fold(0, digits) } else { bytes.iter().fold(0, digits) }
    };
    let is_big = number(&head[2..4]) == 43;
    // Bytes of a count of tags, of a tag, of an offset; and where in a tag its value stands.
    let (counts, tag, offset, value) = if is_big { (8, 20, 8, 12) } else { (2, 12, 4, 8) };
    let mut next = number(if is_big { &head[8..16] } else { &head[4..8] });
    for _ in 0..MOST_PAGES {
        if next == 0 {
            break;
        }
        let mut count = [0; 8];
        file.seek(SeekFrom::Start(next))?;
        file.read_exact(&mut count[..counts])?;
        let tags = number(&count[..counts]).min(MOST_TAGS);
        let mut directory = vec![0; tags as usize * tag + offset];
        file.read_exact(&mut directory)?;
        for place in 0..tags as usize {
            let entry = &directory[place * tag..][..tag];
            // A number of two bytes stands at the beginning of its room.
            let low = value + usize::from(!is_little);
            if number(&entry[..2]) == u64::from(PHOTOMETRIC) && entry[low] == PALETTE {
                found.push(next + (counts + place * tag + low) as u64);
            }
        }
        next = number(&directory[tags as usize * tag..]);
    }
    Ok(found)
}

/// How the samples of a picture are stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storage {
    /// Bits of a sample: 1, 2, 4, 8 or 16.
    pub(super) bits: u8,
    /// Samples of a pixel that are stored apart from each other; 1 if they stand together.
    pub(super) planes: u32,
    /// Tiles or strips of one plane.
    pub(super) per_plane: u32,
    /// Whether samples are numbers of a colour table: they are not stretched.
    pub(super) is_palette: bool,
    /// What is shown of 16 bits, from black to white.
    pub(super) range: [u16; 2],
    /// The sample of pixels that show nothing.
    pub(super) nodata: Option<u16>,
}

impl Storage {
    /// The samples of a tile or strip, those of a pixel together, and its size.
    pub(super) fn chunk(&self, reader: &mut Reader, number: u32) -> Option<([usize; 2], Vec<u8>)> {
        let size = dimensions(reader, number);
        if self.planes == 1 {
            let decoded = reader.read_chunk(number).ok()?;
            return Some((size, self.bytes(decoded, size)?));
        }
        let planes = self.planes as usize;
        let mut together = vec![0; size[0] * size[1] * planes];
        for plane in 0..self.planes {
            let number = number.checked_add(plane.checked_mul(self.per_plane)?)?;
            let own = dimensions(reader, number);
            let decoded = reader.read_chunk(number).ok()?;
            let samples = self.bytes(decoded, own)?;
            for (row, line) in samples.chunks_exact(own[0].max(1)).take(size[1]).enumerate() {
                let first = row * size[0] * planes + plane as usize;
                let into = together.get_mut(first..).unwrap_or_default().iter_mut().step_by(planes);
                into.zip(&line[..size[0].min(own[0])]).for_each(|(into, sample)| *into = *sample);
            }
        }
        Some((size, together))
    }

    /// The sample that stands for nothing, among those that [`Self::chunk`] gives.
    pub(super) fn nothing(&self) -> Option<u8> {
        let nodata = self.nodata?;
        match self.bits {
            16 => Some(0),
            bits => u8::try_from(nodata).ok().map(|value| self.spread(value, bits)),
        }
    }

    /// Looks at some of the picture to see what it uses of 16 bits.
    pub(super) fn look(&mut self, reader: &mut Reader) {
        if self.bits != 16 {
            return;
        }
        let mut counts = vec![0_u64; 1 << 16];
        let every = (self.per_plane / LOOKED_AT).max(1);
        for number in (0..self.per_plane).step_by(every as usize) {
            for plane in 0..self.planes {
                let Some(number) = plane.checked_mul(self.per_plane).and_then(|first| first.checked_add(number)) else {
                    continue;
                };
                let Ok(DecodingResult::U16(samples)) = reader.read_chunk(number) else { continue };
                let seen = samples.iter().filter(|sample| Some(**sample) != self.nodata);
                seen.for_each(|sample| counts[usize::from(*sample)] += 1);
            }
        }
        let total: u64 = counts.iter().sum();
        let at = |share: f64| {
            let mut left = (total as f64 * share) as u64;
            let is_passed = |count: &u64| {
                let is_it = left < *count;
                left = left.saturating_sub(*count);
                is_it
            };
            counts.iter().position(is_passed).unwrap_or(0) as u16
        };
        let (low, high) = (at(OUTSIDE), at(1.0 - OUTSIDE));
        self.range = if high > low { [low, high] } else { [0, u16::MAX] };
    }

    fn bytes(&self, decoded: DecodingResult, [wide, high]: [usize; 2]) -> Option<Vec<u8>> {
        match decoded {
            DecodingResult::U8(samples) if self.bits == 8 => Some(samples),
            DecodingResult::U8(packed) => {
                let bits = usize::from(self.bits);
                let stride = (wide * bits).div_ceil(8);
                let mut samples = Vec::with_capacity(wide * high);
                for line in packed.chunks_exact(stride.max(1)).take(high) {
                    samples.extend((0..wide).map(|x| {
                        let shift = 8 - bits - x * bits % 8;
                        let sample = line[x * bits / 8] >> shift & ((1_u16 << bits) - 1) as u8;
                        self.spread(sample, self.bits)
                    }));
                }
                Some(samples)
            }
            DecodingResult::U16(samples) => Some(samples.into_iter().map(|sample| self.stretched(sample)).collect()),
            _ => None,
        }
    }

    /// A sample of few bits as one of eight.
    fn spread(&self, sample: u8, bits: u8) -> u8 {
        let most = ((1_u16 << bits.min(8)) - 1).max(1);
        if self.is_palette { sample } else { (u16::from(sample) * 255 / most).min(255) as u8 }
    }

    /// A sample of 16 bits as one of eight; 0 stands for nothing alone, where something does.
    fn stretched(&self, sample: u16) -> u8 {
        let [low, high] = self.range.map(u32::from);
        let least = u32::from(self.nodata.is_some());
        if Some(sample) == self.nodata {
            return 0;
        }
        let shown = u32::from(sample).clamp(low, high) - low;
        (shown * 255 / (high - low).max(1)).max(least) as u8
    }
}

fn dimensions(reader: &Reader, number: u32) -> [usize; 2] {
    let (wide, high) = reader.chunk_data_dimensions(number);
    [wide as usize, high as usize]
}
