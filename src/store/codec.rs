//! What the journal keeps of a step, as bytes.
//!
//! Names first, then numbers: every layer comes with the names of its columns, so that a step still fits after
//! another program added one. What an update leaves alone is one byte. Text and geometry stand as they are.

use std::collections::BTreeMap;

use crate::model::feature::Feature;
use crate::model::geometry::Geometry;
use crate::model::value::Value;

use super::rows::Stored;

/// The first byte of everything written here.
const VERSION: u8 = 1;
/// A value or geometry that is as in `old`.
const SAME: u8 = 0xff;

/// One row before and after, with the names of the columns its values belong to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RowChange {
    pub layer: String,
    pub id: i64,
    pub old: Option<Stored>,
    pub new: Option<Stored>,
}

impl RowChange {
    pub(super) fn inverse(self) -> Self {
        Self { old: self.new, new: self.old, ..self }
    }
}

/// A photo that was hung on a row, or taken off it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PhotoChange {
    pub layer: String,
    pub id: i64,
    pub photo: i64,
    pub linked: bool,
}

/// An edit as the journal keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct EditRecord {
    /// Column names by layer.
    pub columns: BTreeMap<String, Vec<String>>,
    pub rows: Vec<RowChange>,
    pub photos: Vec<PhotoChange>,
}

/// Writes bytes part by part.
#[derive(Default)]
pub(super) struct Out(pub Vec<u8>);

impl Out {
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(super) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.0.push(0),
            Value::Bool(no) if !no => self.0.push(1),
            Value::Bool(_) => self.0.push(2),
            Value::Int(number) => {
                self.0.push(3);
                self.signed(*number);
            }
            Value::Real(number) => {
                self.0.push(4);
                self.0.extend_from_slice(&number.to_le_bytes());
            }
            Value::Text(text) => {
                self.0.push(5);
                self.bytes(text.as_bytes());
            }
            Value::Blob(bytes) => {
                self.0.push(6);
                self.bytes(bytes);
            }
        }
    }

    fn place(&mut self, row: &Stored) {
        match (&row.feature.geometry, &row.opaque) {
            (Some(geometry), _) => {
                self.0.push(1);
                self.bytes(geometry.wkb());
            }
            (None, Some(opaque)) => {
                self.0.push(2);
                self.bytes(opaque);
            }
            (None, None) => self.0.push(0),
        }
    }

    fn row(&mut self, row: &Stored, like: Option<&Stored>) {
        if like.is_some_and(|like| like.feature.geometry == row.feature.geometry && like.opaque == row.opaque) {
            self.0.push(SAME);
        } else {
            self.place(row);
        }
        self.number(row.feature.values.len() as u64);
        for (at, value) in row.feature.values.iter().enumerate() {
            if like.is_some_and(|like| like.feature.values.get(at) == Some(value)) {
                self.0.push(SAME);
            } else {
                self.value(value);
            }
        }
    }
}

/// Reads what [`Out`] wrote. Everything is `None` once the bytes do not make sense.
pub(super) struct In<'a>(pub &'a [u8]);

impl<'a> In<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    /// A count of things that take a byte each at least, so that a garbled one cannot ask for memory.
    pub(super) fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.0.len())
    }

    pub(super) fn value(&mut self) -> Option<Value> {
        let tag = self.byte()?;
        self.value_after(tag)
    }

    fn value_after(&mut self, tag: u8) -> Option<Value> {
        Some(match tag {
            0 => Value::Null,
            1 => Value::Bool(false),
            2 => Value::Bool(true),
            3 => Value::Int(self.signed()?),
            4 => {
                let (number, rest) = self.0.split_at_checked(8)?;
                self.0 = rest;
                Value::Real(f64::from_le_bytes(number.try_into().ok()?))
            }
            5 => Value::Text(self.text()?),
            6 => Value::Blob(self.bytes()?.to_vec()),
            _ => return None,
        })
    }

    fn row(&mut self, id: i64, like: Option<&Stored>) -> Option<Stored> {
        let (geometry, opaque) = match self.byte()? {
            0 => (None, None),
            1 => (Some(Geometry::from_wkb(self.bytes()?).ok()?), None),
            2 => (None, Some(self.bytes()?.to_vec())),
            SAME => (like?.feature.geometry.clone(), like?.opaque.clone()),
            _ => return None,
        };
        let count = self.count()?;
        let values = (0..count).map(|at| match self.byte()? {
            SAME => like?.feature.values.get(at).cloned(),
            tag => self.value_after(tag),
        });
        let values = values.collect::<Option<Vec<_>>>()?;
        Some(Stored { feature: Feature { id, geometry, values }, opaque })
    }
}

impl EditRecord {
    /// The bytes that [`EditRecord::read`] reads.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Out(vec![VERSION]);
        let layers: Vec<&String> = self.columns.keys().collect();
        out.number(layers.len() as u64);
        for (layer, columns) in &self.columns {
            out.bytes(layer.as_bytes());
            out.number(columns.len() as u64);
            columns.iter().for_each(|column| out.bytes(column.as_bytes()));
        }
        let place = |layer: &String| layers.binary_search(&layer).unwrap_or_default() as u64;
        out.number(self.rows.len() as u64);
        for change in &self.rows {
            out.number(place(&change.layer));
            out.signed(change.id);
            out.0.push(u8::from(change.old.is_some()) | (u8::from(change.new.is_some()) << 1));
            change.old.iter().for_each(|old| out.row(old, None));
            change.new.iter().for_each(|new| out.row(new, change.old.as_ref()));
        }
        out.number(self.photos.len() as u64);
        for photo in &self.photos {
            out.bytes(photo.layer.as_bytes());
            out.signed(photo.id);
            out.signed(photo.photo);
            out.0.push(u8::from(photo.linked));
        }
        out.0
    }

    /// `None` if the bytes are not what [`EditRecord::write`] wrote.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut input = In(bytes);
        if input.byte()? != VERSION {
            return None;
        }
        let mut record = Self::default();
        let mut layers = Vec::new();
        for _ in 0..input.count()? {
            let layer = input.text()?;
            let count = input.count()?;
            let columns = (0..count).map(|_| input.text()).collect::<Option<Vec<_>>>()?;
            layers.push(layer.clone());
            record.columns.insert(layer, columns);
        }
        for _ in 0..input.count()? {
            record.rows.push(read_change(&mut input, &layers)?);
        }
        for _ in 0..input.count()? {
            record.photos.push(PhotoChange {
                layer: input.text()?,
                id: input.signed()?,
                photo: input.signed()?,
                linked: input.byte()? == 1,
            });
        }
        input.0.is_empty().then_some(record)
    }
}

fn read_change(input: &mut In<'_>, layers: &[String]) -> Option<RowChange> {
    let layer = layers.get(usize::try_from(input.number()?).ok()?)?.clone();
    let id = input.signed()?;
    let sides = input.byte()?;
    let old = if sides & 1 == 1 { Some(input.row(id, None)?) } else { None };
    let new = if sides & 2 == 2 { Some(input.row(id, old.as_ref())?) } else { None };
    Some(RowChange { layer, id, old, new })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserts_updates_and_deletes_come_back() {
        let lamp = |height: f64, name: &str| Stored {
            feature: Feature {
                id: 7,
                geometry: Some(Geometry::point(1.0, 2.0)),
                values: vec![Value::Real(height), Value::from(name), Value::Null, Value::Bool(true), Value::Int(-5)],
            },
            opaque: None,
        };
        let odd = Stored { opaque: Some(vec![1, 2, 3]), ..Stored::from(Feature { id: 7, ..Feature::default() }) };
        check(None, Some(lamp(8.0, "灯")));
        check(Some(lamp(8.0, "灯")), Some(lamp(9.0, "灯")));
        check(Some(lamp(8.0, "")), None);
        check(Some(odd.clone()), Some(odd));
    }

    #[track_caller]
    fn check(old: Option<Stored>, new: Option<Stored>) {
        let record = EditRecord {
            columns: BTreeMap::from([
                ("a".to_owned(), vec![]),
                ("lamp".to_owned(), vec!["height".to_owned(), "名".to_owned()]),
            ]),
            rows: vec![RowChange { layer: "lamp".to_owned(), id: 7, old, new }],
            photos: vec![PhotoChange { layer: "lamp".to_owned(), id: 7, photo: 3, linked: true }],
        };
        let bytes = record.write();
        assert_eq!(EditRecord::read(&bytes), Some(record));
        for end in 0..bytes.len() {
            assert_eq!(EditRecord::read(&bytes[..end]), None, "cut off at {end}");
        }
    }

    #[test]
    fn numbers_of_every_size_come_back() {
        for number in [0, 1, -1, 63, -64, 64, 300, i64::MAX, i64::MIN] {
            let mut out = Out::default();
            out.signed(number);
            assert_eq!(In(&out.0).signed(), Some(number));
        }
    }
}
