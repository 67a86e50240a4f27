//! What the first pass has understood of a file, in few bytes: the second pass reads it back instead of parsing the text
//! again. A file whose digest grows too large has none.

use super::geojson_parse::Parsed;
use crate::model::geometry::Geometry;

/// Bytes of one file's digest; more is forgotten.
pub(super) const MOST_BYTES: usize = 128 << 20;

/// Names in one batch; features with more of them are too odd to be worth it.
const MOST_NAMES: usize = 1 << 12;

/// One batch of features, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Digest {
    names: Vec<String>,
    /// Each feature: its number, its id, its geometry as well-known binary, then names and values.
    bytes: Vec<u8>,
    pub(super) features: usize,
    has_overflow: bool,
    /// Where the batch ends in the file.
    pub(super) end: u64,
}

/// One feature of a digest.
pub(super) struct Kept<'a> {
    pub(super) number: u64,
    pub(super) id: Option<&'a str>,
    pub(super) geometry: Option<Geometry>,
    /// Names and JSON values.
    pub(super) properties: Vec<(&'a str, &'a str)>,
}

impl Digest {
    /// The one of a batch of so many bytes that ends there in the file, without a feature yet.
    pub(super) fn of_batch(len: usize, end: u64) -> Self {
        // Coordinates as numbers of eight bytes, names once: mostly about half of the text.
        Self { end, bytes: Vec::with_capacity(len * 5 / 8), ..Self::default() }
    }

    /// Adds one feature.
    pub(super) fn add(&mut self, number: u64, parsed: &Parsed<'_>) {
        if self.has_overflow {
            return;
        }
        self.number(number);
        self.piece(parsed.id.unwrap_or_default().as_bytes());
        self.piece(parsed.place.as_ref().map(|place| place.geometry.wkb()).unwrap_or_default());
        self.number(parsed.properties.len() as u64);
        for (guess, (name, json)) in parsed.properties.iter().enumerate() {
            let is_guessed = self.names.get(guess).is_some_and(|known| known == name);
            let known = if is_guessed { Some(guess) } else { self.names.iter().position(|known| known == name) };
            let place = known.unwrap_or_else(|| {
                self.names.push(name.clone().into_owned());
                self.names.len() - 1
            });
            self.number(place as u64);
            self.piece(json.as_bytes());
            if self.names.len() > MOST_NAMES {
                self.has_overflow = true;
                return;
            }
        }
        self.features += 1;
    }

    /// Gives back what it does not use; bytes on the heap, `None` if it does not hold its batch.
    pub(super) fn shrunk(&mut self) -> Option<usize> {
        self.bytes.shrink_to_fit();
        (!self.has_overflow).then_some(self.bytes.len())
    }

    /// The features in order.
    pub(super) fn features(&self) -> impl Iterator<Item = Kept<'_>> {
        let mut rest = self.bytes.as_slice();
        (0..self.features).map_while(move |_| self.feature(&mut rest))
    }

    fn feature<'a>(&'a self, rest: &mut &'a [u8]) -> Option<Kept<'a>> {
        let number = take_number(rest)?;
        let id = Some(take_text(rest)?).filter(|id| !id.is_empty());
        let wkb = take_piece(rest)?;
        let geometry = if wkb.is_empty() { None } else { Some(Geometry::from_wkb(wkb).ok()?) };
        let count = take_number(rest)?;
        let mut property = || Some((self.names.get(take_number(rest)? as usize)?.as_str(), take_text(rest)?));
        let properties = (0..count).map_while(|_| property()).collect();
        Some(Kept { number, id, geometry, properties })
    }

    /// Seven bits a byte, the lowest first; the last byte has the highest bit clear.
    fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn piece(&mut self, piece: &[u8]) {
        self.number(piece.len() as u64);
        self.bytes.extend_from_slice(piece);
    }
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, more) = rest.split_first()?;
        *rest = more;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take_piece<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = take_number(rest)? as usize;
    let (piece, more) = rest.split_at_checked(len)?;
    *rest = more;
    Some(piece)
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    std::str::from_utf8(take_piece(rest)?).ok()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::geojson_shape::Built;
    use super::*;
    use crate::model::geometry::Bounds;

    #[test]
    fn what_goes_in_comes_out() {
        let long = "\"".to_owned() + &"九".repeat(100) + "\"";
        let place = Built { geometry: Geometry::line(&[[116.0, 29.7], [116.1, 29.8]]), bounds: Bounds::EMPTY };
        let features = [
            Parsed { id: Some("7"), place: Some(place), ..with(&[("管径", "600"), ("名称", &long)]) },
            with(&[("名称", "null"), ("管径", "3.5e2"), ("x", "{}")]),
            Parsed::default(),
        ];
        let mut digest = Digest::default();
        for (index, parsed) in features.iter().enumerate() {
            digest.add(index as u64 * 1000, parsed);
        }
        let kept: Vec<Kept> = digest.features().collect();
        assert_eq!(kept.len(), features.len());
        for (index, (kept, parsed)) in kept.iter().zip(&features).enumerate() {
            assert_eq!((kept.number, kept.id), (index as u64 * 1000, parsed.id));
            assert_eq!(kept.geometry.as_ref(), parsed.place.as_ref().map(|place| &place.geometry));
            let properties: Vec<(&str, &str)> =
                parsed.properties.iter().map(|(name, json)| (name.as_ref(), *json)).collect();
            assert_eq!(kept.properties, properties);
        }
    }

    fn with<'a>(properties: &[(&'a str, &'a str)]) -> Parsed<'a> {
        let properties = properties.iter().map(|&(name, json)| (Cow::Borrowed(name), json)).collect();
        Parsed { properties, ..Parsed::default() }
    }
}
