//! One pass over a drawing: header and layer table, then the entities of its model space.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::super::error::ReadError;
use super::groups::{Entity, Groups, MAX_ENTITY};
use crate::task::Task;
use crate::text::Text;

/// Layers whose colours are kept.
const MAX_LAYERS: usize = 65_536;
/// Pairs between two looks at the clock.
const PAIRS: u32 = 4096;

/// What stands before the entities.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// `AC1015`.
    pub version: String,
    /// `ANSI_936`.
    pub code_page: String,
    /// `$INSUNITS`: 4 for millimetres, 6 for metres.
    pub units: i64,
    /// Colour numbers of layers, by the bytes of their names.
    pub colors: BTreeMap<Vec<u8>, i64>,
}

/// An entity, with what hangs on it: the vertices of an old polyline, the attributes of a block.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub entity: Entity,
    /// Vertices of `POLYLINE`: position, bulge, and flags.
    pub vertices: Vec<Vertex>,
    /// Tags and values of the block's attributes.
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A corner, and how the way to the next one bends: the tangent of a quarter of its angle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vertex {
    pub at: [f64; 3],
    pub bulge: f64,
    /// Bit 16: a control point of a spline, which lies beside the line.
    pub flags: i64,
}

/// Takes the entities in order.
pub(super) type Take<'a> = dyn FnMut(&Header, &Drawn) -> Result<(), ReadError> + 'a;

/// Goes over the file.
pub(super) fn pass(path: &Path, task: &mut Task, what: &Text, take: &mut Take<'_>) -> Result<Header, ReadError> {
    let file = File::open(path)?;
    let total = file.metadata()?.len();
    task.report(what, 0, Some(total))?;
    let mut groups = Groups::new(BufReader::with_capacity(1 << 16, file));
    let mut reader = Pass { header: Header::default(), drawn: Drawn::default(), part: Entity::default(), take };
    let (mut section, mut is_naming, mut count) = (Section::None, false, 0_u32);
    let (mut is_sound, mut is_ended) = (false, false);
    while let Some((code, value)) = groups.next()? {
        count += 1;
        let word = if code == 0 || code == 2 { value.trim_ascii() } else { value };
        if code == 0 {
            reader.part_ends(section)?;
            match word {
                b"SECTION" => (is_naming, is_sound) = (true, true),
                b"ENDSEC" => section = Section::None,
                b"EOF" => {
                    is_ended = true;
                    break;
                }
                _ => reader.part.begin(word),
            }
        } else if is_naming {
            is_naming = code != 2;
            section = if code == 2 { Section::named(word) } else { section };
        } else if section == Section::Header {
            reader.variable(code, word);
        } else if section != Section::None {
            let is_kept = reader.part.push(code, word);
            if !is_kept {
                return Err(ReadError::TooLarge { byte: groups.bytes, limit_mb: MAX_ENTITY as u64 >> 20 });
            }
        }
        if count.is_multiple_of(PAIRS) {
            task.report(what, groups.bytes, Some(total))?;
        }
    }
    reader.part_ends(section)?;
    reader.flush()?;
    if !is_sound {
        let first = Text::new("没有 SECTION", "there is no SECTION");
        return Err(ReadError::NothingUsable { first });
    }
    if !is_ended {
        return Err(ReadError::Truncated { bytes: total });
    }
    task.report(what, total, Some(total))?;
    Ok(reader.header)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Section {
    None,
    Header,
    Tables,
    Entities,
}

impl Section {
    fn named(word: &[u8]) -> Self {
        match word {
            b"HEADER" => Self::Header,
            b"TABLES" => Self::Tables,
            b"ENTITIES" => Self::Entities,
            _ => Self::None,
        }
    }
}

struct Pass<'a, 'b> {
    header: Header,
    /// The entity that waits for its parts.
    drawn: Drawn,
    /// What is being read.
    part: Entity,
    take: &'a mut Take<'b>,
}

impl Pass<'_, '_> {
    fn variable(&mut self, code: i32, value: &[u8]) {
        if code == 9 {
            self.part.begin(value);
            return;
        }
        let words = || String::from_utf8_lossy(value).trim().to_owned();
        match self.part.kind.as_str() {
            "$ACADVER" if code == 1 => self.header.version = words(),
            "$DWGCODEPAGE" => self.header.code_page = words(),
            "$INSUNITS" if code == 70 => self.header.units = words().parse().unwrap_or_default(),
            _ => {}
        }
    }

    /// What was being read is whole: an entity, or a part of the one before.
    fn part_ends(&mut self, section: Section) -> Result<(), ReadError> {
        let part = &self.part;
        match (section, part.kind.as_str()) {
            (Section::Tables, "LAYER") if self.header.colors.len() < MAX_LAYERS => {
                if let Some(name) = part.get(2) {
                    self.header.colors.insert(name.trim_ascii().to_vec(), part.whole(62).abs());
                }
            }
            (Section::Entities, "VERTEX") => {
                if let Some(at) = part.position(10) {
                    let bulge = part.number(42).unwrap_or_default();
                    self.drawn.vertices.push(Vertex { at, bulge, flags: part.whole(70) });
                }
            }
            (Section::Entities, "ATTRIB") => {
                if let (Some(tag), Some(value)) = (part.get(2), part.get(1)) {
                    self.drawn.attributes.push((tag.trim_ascii().to_vec(), value.to_vec()));
                }
            }
            (Section::Entities, "SEQEND" | "") | (Section::None | Section::Header | Section::Tables, _) => {}
            (Section::Entities, _) => {
                self.flush()?;
                std::mem::swap(&mut self.drawn.entity, &mut self.part);
            }
        }
        self.part.begin(b"");
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ReadError> {
        if !self.drawn.entity.kind.is_empty() {
            (self.take)(&self.header, &self.drawn)?;
        }
        self.drawn.entity.begin(b"");
        self.drawn.vertices.clear();
        self.drawn.attributes.clear();
        Ok(())
    }
}
