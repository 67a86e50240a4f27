//! Mapbox Vector Tiles 2: the layers of one tile, their shapes and tags.
//!
//! The tile is a protocol buffer; numbers that it does not have room for end the reading, and what was read stays.

use super::pmtiles::varint;

/// Most positions of a tile.
const MOST_POSITIONS: usize = 2_000_000;

/// A layer of a tile, borrowed from its bytes.
#[derive(Default)]
pub(super) struct Layer<'a> {
    pub(super) name: &'a str,
    pub(super) extent: u32,
    keys: Vec<&'a str>,
    values: Vec<Value<'a>>,
    features: Vec<&'a [u8]>,
}

/// A value of a tag.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Number(f64),
}

/// A feature: what it is made of, and its parts in the tile's own units, y downwards.
pub(super) struct Feature<'a> {
    pub(super) tags: Vec<(&'a str, Value<'a>)>,
    pub(super) kind: FeatureKind,
    pub(super) parts: Vec<Vec<[i32; 2]>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FeatureKind {
    Point,
    Line,
    Area,
}

/// One field of a message.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed(u64, u32),
}

/// The fields of a message, as far as it can be read.
struct Message<'a>(&'a [u8]);

impl<'a> Iterator for Message<'a> {
    type Item = (u64, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let key = varint(&mut self.0)?;
        let mut take = |length: usize| {
            let (taken, rest) = self.0.split_at_checked(length)?;
            self.0 = rest;
            Some(taken)
        };
        let field = match key & 7 {
            0 => Field::Number(varint(&mut self.0)?),
            1 => Field::Fixed(u64::from_le_bytes(take(8)?.try_into().ok()?), 64),
            5 => Field::Fixed(u32::from_le_bytes(take(4)?.try_into().ok()?).into(), 32),
            2 => {
                let length = usize::try_from(varint(&mut self.0)?).ok()?;
                let (taken, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Field::Bytes(taken)
            }
            _ => return None,
        };
        Some((key >> 3, field))
    }
}

/// The layers of a tile.
pub(super) fn layers(tile: &[u8]) -> impl Iterator<Item = Layer<'_>> {
    Message(tile).filter_map(|(number, field)| match (number, field) {
        (3, Field::Bytes(bytes)) => Some(layer(bytes)),
        _ => None,
    })
}

fn layer(bytes: &[u8]) -> Layer<'_> {
    let mut layer = Layer { extent: 4096, ..Layer::default() };
    for (number, field) in Message(bytes) {
        match (number, field) {
            (1, Field::Bytes(name)) => layer.name = std::str::from_utf8(name).unwrap_or_default(),
            (2, Field::Bytes(feature)) => layer.features.push(feature),
            (3, Field::Bytes(key)) => layer.keys.push(std::str::from_utf8(key).unwrap_or_default()),
            (4, Field::Bytes(found)) => layer.values.push(value(found)),
            (5, Field::Number(extent)) => layer.extent = extent.clamp(1, 1 << 20) as u32,
            _ => {}
        }
    }
    layer
}

fn value(bytes: &[u8]) -> Value<'_> {
    let found = Message(bytes).find_map(|(number, field)| match (number, field) {
        (1, Field::Bytes(text)) => Some(Value::Text(std::str::from_utf8(text).ok()?)),
        (2, Field::Fixed(bits, 32)) => Some(Value::Number(f32::from_bits(bits as u32).into())),
        (3, Field::Fixed(bits, 64)) => Some(Value::Number(f64::from_bits(bits))),
        (4, Field::Number(whole)) => Some(Value::Number(whole as i64 as f64)),
        (5 | 7, Field::Number(whole)) => Some(Value::Number(whole as f64)),
        (6, Field::Number(folded)) => Some(Value::Number(unfolded(folded) as f64)),
        _ => None,
    });
    found.unwrap_or(Value::Text(""))
}

/// Numbers of both signs are folded together, the small ones first.
fn unfolded(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

impl<'a> Layer<'a> {
    /// The features that can be read.
    pub(super) fn features(&self) -> impl Iterator<Item = Feature<'a>> + '_ {
        let mut room = MOST_POSITIONS;
        self.features.iter().filter_map(move |bytes| self.feature(bytes, &mut room))
    }

    fn feature(&self, bytes: &'a [u8], room: &mut usize) -> Option<Feature<'a>> {
        let (mut tags, mut kind, mut parts) = (Vec::new(), None, Vec::new());
        for (number, field) in Message(bytes) {
            match (number, field) {
                (2, Field::Bytes(mut packed)) => {
                    while let (Some(key), Some(value)) = (varint(&mut packed), varint(&mut packed)) {
                        let key = self.keys.get(usize::try_from(key).ok()?);
                        tags.extend(key.copied().zip(self.values.get(usize::try_from(value).ok()?).copied()));
                    }
                }
                (3, Field::Number(1)) => kind = Some(FeatureKind::Point),
                (3, Field::Number(2)) => kind = Some(FeatureKind::Line),
                (3, Field::Number(3)) => kind = Some(FeatureKind::Area),
                (4, Field::Bytes(commands)) => parts = geometry(commands, room),
                _ => {}
            }
        }
        Some(Feature { tags, kind: kind?, parts })
    }
}

/// Move, line and close commands as parts.
fn geometry(mut commands: &[u8], room: &mut usize) -> Vec<Vec<[i32; 2]>> {
    let (mut parts, mut part, mut at) = (Vec::new(), Vec::new(), [0_i32; 2]);
    while let Some(command) = varint(&mut commands) {
        let (what, count) = (command & 7, command >> 3);
        if what == 7 {
            continue;
        }
        for _ in 0..count {
            let (Some(x), Some(y)) = (varint(&mut commands), varint(&mut commands)) else { break };
            if *room == 0 {
                break;
            }
            *room -= 1;
            at = [at[0].wrapping_add(unfolded(x) as i32), at[1].wrapping_add(unfolded(y) as i32)];
            if what == 1 && !part.is_empty() {
                parts.push(std::mem::take(&mut part));
            }
            part.push(at);
        }
    }
    parts.push(part);
    parts.retain(|part: &Vec<[i32; 2]>| !part.is_empty());
    parts
}
