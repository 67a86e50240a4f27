//! What an OpenStreetMap file is made of, whichever way it is written down.

use super::super::error::ReadError;

/// A position: longitude and latitude (WGS 84) in steps of 10⁻⁷ degrees, the precision of OpenStreetMap itself.
pub(super) type Place = [i32; 2];

/// Steps of a [`Place`] in a degree.
const STEPS: f64 = 1e7;

/// A key and its value.
pub(super) type Tag<'a> = (&'a str, &'a str);

/// One node, way or relation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Element<'a> {
    Node {
        id: i64,
        at: Place,
        tags: &'a [Tag<'a>],
    },
    Way {
        id: i64,
        nodes: &'a [i64],
        tags: &'a [Tag<'a>],
    },
    /// `ways` are those members that are ways, whatever their role.
    Relation {
        id: i64,
        ways: &'a [i64],
        tags: &'a [Tag<'a>],
    },
}

/// Which elements a pass wants, or a block holds: a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(pub u8);

impl Kinds {
    pub(super) const NODES: Self = Self(1);
    pub(super) const WAYS: Self = Self(2);
    pub(super) const RELATIONS: Self = Self(4);
    pub(super) const ALL: Self = Self(7);

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Sees one element after another and notes in `T` what matters.
pub(super) type See<'a, T> = dyn Fn(&mut T, Element<'_>) + Sync + 'a;
/// Takes the notes of one piece of the file after another, in its order.
pub(super) type Fold<'a, T> = dyn FnMut(T) -> Result<(), ReadError> + 'a;

/// The value of a tag.
pub(super) fn tag<'a>(tags: &[Tag<'a>], key: &str) -> Option<&'a str> {
    tags.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
}

/// The nearest place on the globe's grid; `None` off the globe.
pub(super) fn place(lon: f64, lat: f64) -> Option<Place> {
    let is_on_globe = lon.abs() <= 180.0 && lat.abs() <= 90.0;
    is_on_globe.then(|| [(lon * STEPS).round() as i32, (lat * STEPS).round() as i32])
}

/// Longitude and latitude in degrees.
pub(super) fn lonlat(place: Place) -> [f64; 2] {
    place.map(|steps| f64::from(steps) / STEPS)
}
