//! One feature's text to its parts: typed serde straight into flat coordinates, properties as slices of the text.
//!
//! Whatever is well-formed JSON is read; what makes no sense becomes a [`Fault`] of that feature.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::geojson_check::check_json;
use super::geojson_fault::Fault;
use super::geojson_scan::ScanError;
use super::geojson_shape::{Built, Nested, Shape};

/// The parts of one feature; the slices are well-formed JSON values.
#[derive(Debug, Default)]
pub(super) struct Parsed<'a> {
    /// The member `id`, a number or a text.
    pub id: Option<&'a str>,
    /// Where it is.
    pub place: Option<Built>,
    /// Names and values in the file's order; of a name that stands twice the last counts.
    pub properties: Vec<(Cow<'a, str>, &'a str)>,
    /// Warnings.
    pub faults: Vec<Fault>,
    /// The names of members that have no place in a layer.
    pub foreign: Vec<Cow<'a, str>>,
}

/// What must be known of a file to understand a feature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// Coordinates are degrees.
    pub is_geographic: bool,
    /// The element is a member of a collection, where only features belong.
    pub is_in_collection: bool,
}

/// What an element of a file may be. Members that do not belong to its type are not looked at.
#[derive(Debug, Default)]
struct Element<'a> {
    kind: Option<Cow<'a, str>>,
    id: Option<&'a RawValue>,
    geometry: Option<Result<Shape<'a>, Fault>>,
    properties: Option<&'a RawValue>,
    features: Option<&'a RawValue>,
    coordinates: Option<Nested>,
    members: Option<Members<'a>>,
    foreign: Vec<Cow<'a, str>>,
}

/// Reads the text of one element: a feature, or in place of one a bare geometry or a whole collection.
///
/// # Errors
/// Only for text that is not well-formed; everything else is a result for `take`.
pub(super) fn parse<'a>(
    text: &'a [u8],
    base: u64,
    context: Context,
    take: &mut dyn FnMut(Result<Parsed<'a>, Fault>),
) -> Result<(), ScanError> {
    let plain = std::str::from_utf8(text)
        .map_err(|error| ScanError::Encoding { byte: base + error.valid_up_to() as u64, utf16: false })?;
    let element = match serde_json::from_str::<Element<'a>>(plain) {
        Ok(element) => element,
        Err(error) => {
            check_json(text, base)?;
            let is_object = plain.trim_start().starts_with('{');
            take(Err(if is_object { unreadable(&error) } else { Fault::NotAFeature }));
            return Ok(());
        }
    };
    match element.features {
        Some(features) if element.kind.as_deref() == Some("FeatureCollection") => {
            let Ok(features) = serde_json::from_str::<Vec<&'a RawValue>>(features.get()) else {
                take(Err(Fault::NotAFeature));
                return Ok(());
            };
            for feature in features {
                match serde_json::from_str::<Element<'a>>(feature.get()) {
                    Ok(element) => take(element.understand(Context { is_in_collection: true, ..context })),
                    Err(error) => take(Err(unreadable(&error))),
                }
            }
        }
        _ => take(element.understand(context)),
    }
    Ok(())
}

fn unreadable(error: &serde_json::Error) -> Fault {
    Fault::Unreadable(error.to_string().split(" at line ").next().unwrap_or_default().to_owned())
}

impl<'a> Element<'a> {
    fn understand(self, context: Context) -> Result<Parsed<'a>, Fault> {
        let mut parsed = Parsed::default();
        let shape = match self.kind.as_deref() {
            Some("Feature") => self.geometry.transpose()?,
            Some("FeatureCollection") => return Err(Fault::NotAFeature),
            Some(_) if self.coordinates.is_some() || self.members.is_some() => {
                if context.is_in_collection {
                    parsed.faults.push(Fault::BareGeometry);
                }
                Some(Shape { kind: self.kind, coordinates: self.coordinates, members: self.members.map(|them| them.0) })
            }
            Some(other) => return Err(Fault::UnknownType(other.chars().take(40).collect())),
            // Without a type, a geometry and properties are still a feature.
            None if self.geometry.is_some() && self.properties.is_some() => self.geometry.transpose()?,
            None => return Err(Fault::NotAFeature),
        };
        if let Some(shape) = shape.filter(|shape| !shape.is_null()) {
            parsed.place = Some(shape.build(context.is_geographic, &mut parsed.faults)?);
        }
        parsed.read_id(self.id);
        parsed.read_properties(self.properties)?;
        parsed.foreign = self.foreign;
        Ok(parsed)
    }
}

impl<'a> Parsed<'a> {
    fn read_id(&mut self, id: Option<&'a RawValue>) {
        let Some(id) = id.map(RawValue::get) else { return };
        match id.as_bytes()[0] {
            b'"' | b'-' | b'0'..=b'9' => self.id = Some(id),
            b'n' => {}
            _ => self.faults.push(Fault::BadId),
        }
    }

    fn read_properties(&mut self, properties: Option<&'a RawValue>) -> Result<(), Fault> {
        let Some(properties) = properties.map(RawValue::get) else { return Ok(()) };
        match properties.as_bytes()[0] {
            b'{' => {
                let Properties(found) = serde_json::from_str(properties).map_err(|error| unreadable(&error))?;
                self.properties = found;
            }
            b'n' => {}
            _ => self.faults.push(Fault::BadProperties),
        }
        Ok(())
    }
}

pub(super) struct Properties<'a>(pub Vec<(Cow<'a, str>, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for Properties<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Properties<'de>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("properties")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Properties<'de>, A::Error> {
                let mut found = Vec::with_capacity(16);
                while let Some(Word(name)) = map.next_key()? {
                    found.push((name, map.next_value::<&'de RawValue>()?.get()));
                }
                Ok(Properties(found))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// A key, borrowed where it has no escapes (a plain `Cow` field never borrows).
struct Word<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Word<'de>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, word: &'de str) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Borrowed(word)))
            }

            fn visit_str<E>(self, word: &str) -> Result<Word<'de>, E> {
                Ok(Word(Cow::Owned(word.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrow)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Element<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Element<'de>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element<'de>, A::Error> {
                let mut element = Element::default();
                while let Some(Word(key)) = map.next_key()? {
                    match key.as_ref() {
                        "type" => element.kind = text_of(map.next_value()?),
                        "id" => element.id = Some(map.next_value()?),
                        "geometry" => element.geometry = Some(map.next_value::<Geometry>()?.0),
                        "properties" => element.properties = Some(map.next_value()?),
                        "features" => element.features = Some(map.next_value()?),
                        "coordinates" => element.coordinates = Some(map.next_value()?),
                        "geometries" => element.members = Some(map.next_value()?),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            if key != "bbox" {
                                element.foreign.push(key);
                            }
                        }
                    }
                }
                Ok(element)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The text that a value is, borrowed where it has no escapes.
fn text_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    let json = raw.get();
    match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
        _ => serde_json::from_str(json).ok().map(Cow::Owned),
    }
}

/// A member `geometry`: a shape, null (a shape of nothing), or something that is none.
struct Geometry<'a>(Result<Shape<'a>, Fault>);

impl Shape<'_> {
    fn is_null(&self) -> bool {
        self.kind.is_none() && self.coordinates.is_none() && self.members.is_none()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Geometry<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Geometry<'de>;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a geometry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Geometry<'de>, A::Error> {
        let mut shape = Shape::default();
        let mut any = false;
        while let Some(Word(key)) = map.next_key()? {
            any = true;
            match key.as_ref() {
                "type" => shape.kind = text_of(map.next_value()?),
                "coordinates" => shape.coordinates = Some(map.next_value()?),
                "geometries" => shape.members = Some(map.next_value::<Members>()?.0),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let is_something = any && !shape.is_null();
        Ok(Geometry(if is_something { Ok(shape) } else { Err(Fault::UnknownType(String::new())) }))
    }

    fn visit_unit<E>(self) -> Result<Geometry<'de>, E> {
        Ok(Geometry(Ok(Shape::default())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Geometry<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Geometry(Err(Fault::BadGeometry)))
    }

    fn visit_str<E>(self, _: &str) -> Result<Geometry<'de>, E> {
        Ok(Geometry(Err(Fault::BadGeometry)))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Geometry<'de>, E> {
        Ok(Geometry(Err(Fault::BadGeometry)))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Geometry<'de>, E> {
        Ok(Geometry(Err(Fault::BadGeometry)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Geometry<'de>, E> {
        Ok(Geometry(Err(Fault::BadGeometry)))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Geometry<'de>, E> {
        Ok(Geometry(Err(Fault::BadGeometry)))
    }
}

/// A member `geometries`. Nested collections recurse, and `serde_json` ends that at 128.
#[derive(Debug)]
struct Members<'a>(Vec<Result<Shape<'a>, Fault>>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Vec::<Geometry<'a>>::deserialize(deserializer)?;
        let nothing = |shape: Shape<'a>| if shape.is_null() { Err(Fault::BadGeometry) } else { Ok(shape) };
        Ok(Self(members.into_iter().map(|member| member.0.and_then(nothing)).collect()))
    }
}
