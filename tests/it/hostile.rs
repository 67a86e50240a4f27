//! Every reader against broken files: no crash, no hang, no more memory than the file is worth.
//!
//! The same seeds, laid out as a corpus, feed the fuzz targets in `tests/fuzz`, which go on for as long as one likes.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use citygrid::io::error::ReadError;
use citygrid::io::format::{self, FORMATS, Format, ReadOptions};
use citygrid::io::style_file;
use citygrid::model::style::Style;
use citygrid::task::{Problems, Task};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::memory::{alone, most_held_by};
use crate::seeds::{Seed, repacked, seeds, unpacked};

/// Broken files of each format.
const MUTANTS: u64 = 150;
/// Longest time for one file.
const LONGEST: Duration = Duration::from_secs(2);
/// After this a file is given up as one that hangs.
const HANGS: Duration = Duration::from_secs(30);
/// Memory that any file may take …
const ALWAYS_BYTES: usize = 100 << 20;
/// … beside so many times its size.
const MOST_TIMES: usize = 4;
/// What stands for a number that is too large, too small or none, in text.
const NUMBERS: [&[u8]; 8] =
    [b"99999999999999999999", b"-1", b"1e308", b"1e-400", b"NaN", b"4294967295", b"2000000", b"0x7fffffff"];

/// What came of a file.
#[derive(Debug)]
pub(crate) enum Came {
    /// It was refused as a whole.
    Refused(ReadError),
    /// So many features came out, and this was said of them.
    Read(u64, Problems),
}

#[test]
fn every_format_that_is_read_has_whole_files_to_break() {
    for format in readable() {
        let seeds = seeds(format);
        assert!(!seeds.is_empty(), "{}", format.id);
        let folder = tempfile::tempdir().expect("a folder");
        for seed in &seeds {
            let came = try_to_read(format.id, seed, folder.path());
            assert!(matches!(came, Came::Read(1.., _)), "{}: {came:?}", format.id);
        }
    }
}

#[test]
fn broken_files_do_no_harm() {
    for format in readable() {
        let seeds = seeds(format);
        let folder = tempfile::tempdir().expect("a folder");
        for number in 0..MUTANTS {
            let mutant = Breaker(ChaCha8Rng::seed_from_u64(number)).broken(&seeds, number as usize);
            try_to_read(&format!("{} {number}", format.id), &mutant, folder.path());
        }
    }
}

/// `cargo test --test it corpus -- --ignored`: then see `tests/fuzz/Cargo.toml`.
#[test]
#[ignore = "writes files that only the fuzz targets need"]
fn the_seeds_are_laid_out_as_a_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let folder = corpus.join("reader");
    fs::create_dir_all(&folder).expect("a folder");
    for (number, format) in (0_u8..).zip(readable()) {
        for (at, seed) in seeds(format).into_iter().enumerate() {
            let parts = seed.iter().filter(|(ending, _)| ["shp", "dbf"].contains(ending) || *ending == seed[0].0);
            let mut bytes = vec![number];
            for (ending, part) in parts {
                // Of files that belong together the first is told apart by its length.
                if *ending == "shp" {
                    bytes.extend((part.len() as u16).to_le_bytes());
                }
                bytes.extend(part);
            }
            fs::write(folder.join(format!("{}-{at}", format.id)), bytes).expect("written");
        }
    }
    let style = style_file::write(&Style::default());
    let words: [(&str, &[&str]); 4] = [
        ("wkt", &["POINT Z (1 2 3)", "SRID=4326;MULTIPOLYGON(((0 0,1 0,1 1)),((2 2,3 2,3 3,2 2)))", "POINT EMPTY"]),
        ("crs_wkt", &[r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]]]"#]),
        ("expr", &["length_m > 12.5 AND NOT (name LIKE '九江%' OR number IN (1, 2))", "moment IS NULL"]),
        ("style", &[&style]),
    ];
    for (target, seeds) in words {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).expect("a folder");
        for (at, words) in seeds.iter().enumerate() {
            fs::write(folder.join(at.to_string()), words).expect("written");
        }
    }
}

fn readable() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(|format| format.read.is_some())
}

/// Surveys and reads a file: in time and within its memory, or the test fails.
#[track_caller]
pub(crate) fn try_to_read(name: &str, seed: &Seed, folder: &Path) -> Came {
    let path = folder.join("seed").with_extension(seed[0].0);
    for (ending, bytes) in seed {
        fs::write(path.with_extension(ending), bytes).expect("written");
    }
    let size: usize = seed.iter().map(|(_, bytes)| bytes.len()).sum();
    let (mut came, mut took, most) = measured(name, &path);
    if took > LONGEST {
        // The machine may have been busy with something else.
        (came, took, _) = measured(name, &path);
    }
    if let Came::Refused(error) = &came {
        assert!(!error.to_string().is_empty(), "{name}: refused without a word");
    }
    assert!(took <= LONGEST, "{name}: takes {took:?}");
    assert!(most <= ALWAYS_BYTES + MOST_TIMES * size, "{name}: {} MB of memory for {size} bytes", most >> 20);
    came
}

#[track_caller]
fn measured(name: &str, path: &Path) -> (Came, Duration, usize) {
    let _alone = alone();
    let (sender, answer) = mpsc::channel();
    let path = path.to_owned();
    thread::spawn(move || {
        let ((came, took), most) = most_held_by(|| {
            let start = Instant::now();
            let came = read(&path).unwrap_or_else(Came::Refused);
            (came, start.elapsed())
        });
        sender.send((came, took, most))
    });
    match answer.recv_timeout(HANGS) {
        Ok(measured) => measured,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{name}: hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("{name}: crashes the reader"),
    }
}

fn read(path: &Path) -> Result<Came, ReadError> {
    let task = &mut Task::silent();
    let survey = format::survey(path, &ReadOptions::default(), task)?;
    let mut features = 0;
    let mut problems = survey.problems.clone();
    let later = format::read(path, &survey, task, &mut |layer, _, feature| {
        // What is promised of a feature holds: it has a layer, its values and a geometry that is whole.
        assert_eq!(feature.values.len(), survey.layers[layer].fields.len());
        let bounds = feature.geometry.map(|geometry| geometry.bounds());
        assert!(bounds.is_none_or(|bounds| !bounds.min[0].is_nan()));
        features += 1;
        ControlFlow::Continue(())
    })?;
    problems.append(later);
    Ok(Came::Read(features, problems))
}

/// Breaks files, always in the same ways.
struct Breaker(ChaCha8Rng);

impl Breaker {
    fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end.max(1) as u64) as usize
    }

    /// A place from which `len` bytes go on within `bytes`.
    fn run(&mut self, bytes: &[u8], len: usize) -> std::ops::Range<usize> {
        let len = (1 + self.below(len)).min(bytes.len());
        let start = self.below(bytes.len() - len + 1);
        start..start + len
    }

    fn broken(&mut self, seeds: &[Seed], number: usize) -> Seed {
        let mut seed = seeds[number % seeds.len()].clone();
        let other = &seeds[self.below(seeds.len())];
        let (part, other) = (self.below(seed.len()), &other[self.below(other.len())].1);
        let bytes = &mut seed[part].1;
        let entries = if self.below(3) > 0 { unpacked(bytes) } else { None };
        match entries {
            Some(mut entries) if !entries.is_empty() => {
                let entry = self.below(entries.len());
                self.damage(&mut entries[entry].1, other);
                *bytes = repacked(entries);
            }
            _ => self.damage(bytes, other),
        }
        seed
    }

    fn damage(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        for _ in 0..=self.below(3) {
            if bytes.is_empty() {
                return;
            }
            match self.below(8) {
                0 => self.flip(bytes),
                1 => bytes.truncate(self.below(bytes.len())),
                2 => self.repeat(bytes),
                3 | 4 => self.huge_number(bytes),
                5 => self.huge_digits(bytes),
                6 => drop(bytes.drain(self.run(bytes, 64))),
                _ => {
                    let (from, into) = (self.run(other, 512), self.run(bytes, 64));
                    drop(bytes.splice(into, other[from].iter().copied()));
                }
            }
        }
    }

    fn flip(&mut self, bytes: &mut [u8]) {
        for _ in 0..8 {
            let at = self.below(bytes.len());
            bytes[at] ^= 1 << self.below(8);
        }
    }

    fn repeat(&mut self, bytes: &mut Vec<u8>) {
        let block = bytes[self.run(bytes, 256)].repeat(1 + self.below(100));
        let at = self.below(bytes.len());
        drop(bytes.splice(at..at, block));
    }

    /// As a length in a header may be: of two, four or eight bytes, in either order.
    fn huge_number(&mut self, bytes: &mut [u8]) {
        let number = [u64::MAX, 0x7fff_ffff_7fff_ffff, 0x8000_0000_8000_0000, 2_000_000, 0xffff_fff0][self.below(5)];
        let number = if self.below(2) == 0 { number.to_le_bytes() } else { number.rotate_left(32).to_be_bytes() };
        let len = [2, 4, 8][self.below(3)].min(bytes.len());
        let at = if self.below(2) == 0 { self.below(bytes.len().min(200)) } else { self.below(bytes.len()) };
        let at = at.min(bytes.len() - len);
        bytes[at..at + len].copy_from_slice(&number[..len]);
    }

    /// As a number in a text may be.
    fn huge_digits(&mut self, bytes: &mut Vec<u8>) {
        let from = self.below(bytes.len());
        let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else { return };
        let len = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        drop(bytes.splice(start..start + len, NUMBERS[self.below(NUMBERS.len())].iter().copied()));
    }
}
