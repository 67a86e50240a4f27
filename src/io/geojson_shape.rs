//! From nested arrays of numbers to a geometry.

use std::borrow::Cow;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::geojson_fault::Fault;
use crate::model::geometry::{Bounds, Geometry, GeometryKind, WkbWriter};

/// No geometry nests its coordinates deeper.
const MAX_LEVEL: u8 = 5;
/// Deepest nesting of geometry collections.
const MAX_COLLECTIONS: u32 = 12;

/// A geometry as it stands in the file, before anybody knows whether it makes sense.
#[derive(Debug, Default)]
pub(super) struct Shape<'a> {
    /// The member `type`; `None` if it is missing or no text.
    pub kind: Option<Cow<'a, str>>,
    /// The member `coordinates`.
    pub coordinates: Option<Nested>,
    /// The member `geometries`.
    pub members: Option<Vec<Result<Shape<'a>, Fault>>>,
}

/// A geometry that makes sense.
#[derive(Clone, Debug)]
pub(super) struct Built {
    pub geometry: Geometry,
    pub bounds: Bounds,
}

impl Shape<'_> {
    /// Makes the geometry; warnings go to `faults`.
    pub(super) fn build(&self, is_geographic: bool, faults: &mut Vec<Fault>) -> Result<Built, Fault> {
        let mut has_z = false;
        let mut bounds = Bounds::EMPTY;
        self.look(is_geographic, &mut has_z, &mut bounds, 0)?;
        if is_geographic && bounds.max[0].max(-bounds.min[0]) > 180.0 {
            let lon = if bounds.max[0] > 180.0 { bounds.max[0] } else { bounds.min[0] };
            faults.push(Fault::BeyondDateLine([lon, bounds.min[1]]));
        }
        let mut out = WkbWriter::new(has_z);
        self.write(&mut out, faults)?;
        let geometry = Geometry::from_writer(out).map_err(|_| Fault::BadCoordinates)?;
        Ok(Built { geometry, bounds })
    }

    /// Goes over everything once, to know heights and extent before a byte is written.
    fn look(&self, is_geographic: bool, has_z: &mut bool, bounds: &mut Bounds, depth: u32) -> Result<(), Fault> {
        if depth > MAX_COLLECTIONS {
            return Err(Fault::TooDeep);
        }
        for member in self.members.iter().flatten() {
            member.as_ref().map_err(Clone::clone)?.look(is_geographic, has_z, bounds, depth + 1)?;
        }
        let Some(nested) = &self.coordinates else { return Ok(()) };
        *has_z |= nested.any_z;
        for &[x, y, _] in &nested.positions {
            if is_geographic && !(x.abs() <= 540.0 && y.abs() <= 90.0) {
                return Err(Fault::OutOfRange([x, y]));
            }
            bounds.extend([x, y]);
        }
        Ok(())
    }

    fn write(&self, out: &mut WkbWriter, faults: &mut Vec<Fault>) -> Result<(), Fault> {
        let word = self.kind.as_deref().unwrap_or_default();
        let kind = GeometryKind::ALL.into_iter().find(|kind| kind.geojson_name() == word);
        let kind = kind.ok_or_else(|| Fault::UnknownType(word.chars().take(40).collect()))?;
        if kind == GeometryKind::Collection {
            let members = self.members.as_ref().ok_or(Fault::BadGeometry)?;
            out.head(kind, members.len());
            return members.iter().try_for_each(|member| member.as_ref().map_err(Clone::clone)?.write(out, faults));
        }
        let nested = self.coordinates.as_ref().ok_or(Fault::BadCoordinates)?;
        nested.write(kind, out, faults)
    }
}

/// Arrays of positions, flattened.
#[derive(Debug, Default)]
pub(super) struct Nested {
    positions: Vec<[f64; 3]>,
    /// How many arrays are around a position; the same for all.
    level: Option<u8>,
    /// Arrays of arrays, each at its end: how many are around it, and how many positions came before that end.
    ends: Vec<(u8, usize)>,
    any_z: bool,
    all_z: bool,
    fault: Option<Fault>,
}

impl Nested {
    fn write(&self, kind: GeometryKind, out: &mut WkbWriter, faults: &mut Vec<Fault>) -> Result<(), Fault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let level = match kind {
            GeometryKind::Point => 0,
            GeometryKind::LineString | GeometryKind::MultiPoint => 1,
            GeometryKind::Polygon | GeometryKind::MultiLineString => 2,
            _ => 3,
        };
        let is_empty_point = kind == GeometryKind::Point && self.positions.is_empty() && self.ends == [(0, 0)];
        if is_empty_point {
            out.head(kind, 1);
            out.position(f64::NAN, f64::NAN, f64::NAN);
            return Ok(());
        }
        if self.level.is_some_and(|found| found != level) || self.ends.iter().any(|(end, _)| *end > level) {
            return Err(Fault::BadNesting);
        }
        if self.ends.iter().any(|(end, _)| *end == level) {
            return Err(Fault::BadCoordinates); // a position without numbers
        }
        if self.any_z && !self.all_z {
            faults.push(Fault::HeightMissing);
        }
        self.write_parts(kind, out, faults)
    }

    fn write_parts(&self, kind: GeometryKind, out: &mut WkbWriter, faults: &mut Vec<Fault>) -> Result<(), Fault> {
        let all = &self.positions;
        match kind {
            GeometryKind::Point => {
                out.head(kind, 1);
                put(&all[..1.min(all.len())], out);
            }
            GeometryKind::MultiPoint => {
                out.head(kind, all.len());
                for position in all {
                    out.head(GeometryKind::Point, 1);
                    put(&[*position], out);
                }
            }
            GeometryKind::LineString => write_line(all, out)?,
            GeometryKind::MultiLineString => {
                out.head(kind, self.paths(1, 0..self.ends.len()).count());
                for path in self.paths(1, 0..self.ends.len()) {
                    write_line(path, out)?;
                }
            }
            GeometryKind::Polygon => self.write_polygon(1, 0..self.ends.len(), out, faults)?,
            _ => {
                let polygons: Vec<usize> = (0..self.ends.len()).filter(|&index| self.ends[index].0 == 1).collect();
                out.head(kind, polygons.len());
                let mut start = 0;
                for end in polygons {
                    self.write_polygon(2, start..end, out, faults)?;
                    start = end + 1;
                }
            }
        }
        Ok(())
    }

    /// The runs of positions whose arrays end at `level`, among these ends.
    fn paths(&self, level: u8, among: std::ops::Range<usize>) -> impl Iterator<Item = &[[f64; 3]]> {
        let mut start = among.start.checked_sub(1).map_or(0, |before| self.ends[before].1);
        self.ends[among].iter().filter(move |(end, _)| *end == level).map(move |&(_, end)| {
            let path = &self.positions[start..end];
            start = end;
            path
        })
    }

    fn write_polygon(
        &self,
        ring_level: u8,
        among: std::ops::Range<usize>,
        out: &mut WkbWriter,
        faults: &mut Vec<Fault>,
    ) -> Result<(), Fault> {
        out.head(GeometryKind::Polygon, self.paths(ring_level, among.clone()).count());
        for ring in self.paths(ring_level, among) {
            let (Some(first), Some(last)) = (ring.first(), ring.last()) else { return Err(Fault::ShortRing) };
            let is_open = first[..2] != last[..2];
            let count = ring.len() + usize::from(is_open);
            if count < 4 {
                return Err(Fault::ShortRing);
            }
            out.ring(count);
            put(ring, out);
            if is_open {
                faults.push(Fault::RingOpen([first[0], first[1]]));
                put(&[*first], out);
            }
        }
        Ok(())
    }

    /// Reads the array whose first number is at hand: a position.
    fn position<'de, A: SeqAccess<'de>>(&mut self, first: f64, level: u8, seq: &mut A) -> Result<(), A::Error> {
        let mut numbers = [first, 0.0, 0.0];
        let mut count = 1;
        while let Some(item) = seq.next_element_seed(Item { nested: self, level: level + 1 })? {
            match item {
                Found::Number(number) if count < 3 => numbers[count] = number,
                Found::Number(_) => {}
                Found::Other => self.fail(Fault::BadCoordinates),
            }
            count += 1;
        }
        if count < 2 {
            self.fail(Fault::BadCoordinates);
        }
        if self.level.is_some_and(|found| found != level) {
            self.fail(Fault::BadNesting);
        }
        self.level = Some(level);
        self.all_z = count > 2 && (self.all_z || self.positions.is_empty());
        self.any_z |= count > 2;
        if self.positions.is_empty() {
            self.positions.reserve(8);
        }
        self.positions.push(numbers);
        Ok(())
    }

    fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
    }
}

fn write_line(path: &[[f64; 3]], out: &mut WkbWriter) -> Result<(), Fault> {
    if path.len() == 1 {
        return Err(Fault::ShortLine);
    }
    out.head(GeometryKind::LineString, path.len());
    put(path, out);
    Ok(())
}

fn put(path: &[[f64; 3]], out: &mut WkbWriter) {
    for [x, y, z] in path {
        out.position(*x, *y, *z);
    }
}

impl<'de> serde::Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut nested = Self::default();
        let found = deserializer.deserialize_any(Item { nested: &mut nested, level: 0 })?;
        if matches!(found, Found::Number(_)) || (nested.positions.is_empty() && nested.ends.is_empty()) {
            nested.fail(Fault::BadCoordinates);
        }
        Ok(nested)
    }
}

/// What one item of an array turned out to be. Arrays have gone into the nest already.
enum Found {
    Number(f64),
    Other,
}

/// Reads one item of an array that has so many arrays around it. Nothing that is well-formed is an error here.
struct Item<'a> {
    nested: &'a mut Nested,
    level: u8,
}

impl Item<'_> {
    fn no_number(self) -> Found {
        self.nested.fail(Fault::BadCoordinates);
        Found::Other
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for Item<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        if self.level > MAX_LEVEL {
            // Read without recursion, however deep it goes.
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            self.nested.fail(Fault::BadNesting);
            return Ok(Found::Other);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = Found;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("coordinates")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Found, A::Error> {
        let Self { nested, level } = self;
        let mut is_first = true;
        while let Some(item) = seq.next_element_seed(Item { nested, level: level + 1 })? {
            match item {
                Found::Number(number) if is_first => {
                    nested.position(number, level, &mut seq)?;
                    return Ok(Found::Other);
                }
                Found::Number(_) => nested.fail(Fault::BadNesting),
                Found::Other => {}
            }
            is_first = false;
        }
        nested.ends.push((level, nested.positions.len()));
        Ok(Found::Other)
    }

    fn visit_f64<E>(self, number: f64) -> Result<Found, E> {
        Ok(Found::Number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Found, E> {
        Ok(Found::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Found, E> {
        Ok(Found::Number(number as f64))
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(self.no_number())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(self.no_number())
    }

    fn visit_str<E>(self, _: &str) -> Result<Found, E> {
        Ok(self.no_number())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.no_number())
    }
}
