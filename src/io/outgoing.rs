//! What the writers have in common: names of columns, the CRS that goes out, codes by name.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::error::WriteError;
use super::format::WriteOptions;
use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::task::Problem;
use crate::text;
use crate::text::{Lang, Text};

/// How features of a schema leave the program.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// The CRS of the coordinates in the file.
    pub crs: Crs,
    /// One column for each value of a feature.
    pub columns: Vec<OutColumn>,
    transform: Transform,
    labels: Option<Lang>,
}

/// One column on its way out.
#[derive(Debug)]
pub(super) struct OutColumn {
    /// What it is called in the file.
    pub name: String,
    /// The field. Its type is text where names are written for codes.
    pub field: Field,
}

impl Outgoing {
    /// For a format that has no other CRS than WGS 84.
    ///
    /// # Errors
    /// [`WriteError::WrongCrs`] if another is asked for, [`WriteError::UnknownCrs`] if nobody says that the coordinates
    /// of an unknown system are degrees, [`WriteError::NotSupported`] if the way there is not known.
    pub(super) fn in_wgs84(schema: &Schema, options: &WriteOptions) -> Result<Self, WriteError> {
        if let Some(crs) = options.crs.filter(|crs| *crs != Crs::WGS84) {
            return Err(WriteError::WrongCrs { crs });
        }
        let is_placed = schema.geometry.is_some();
        if schema.crs == Crs::Unknown && is_placed && options.crs.is_none() {
            return Err(WriteError::UnknownCrs);
        }
        let from = if schema.crs == Crs::Unknown { Crs::WGS84 } else { schema.crs };
        Self::new(schema, options, from, Crs::WGS84)
    }

    /// For a format that can be in any CRS: the one asked for, or the layer's own.
    ///
    /// # Errors
    /// [`WriteError::NotSupported`] if the way to the CRS asked for is not known.
    pub(super) fn in_any_crs(schema: &Schema, options: &WriteOptions) -> Result<Self, WriteError> {
        Self::new(schema, options, schema.crs, options.crs.unwrap_or(schema.crs))
    }

    fn new(schema: &Schema, options: &WriteOptions, from: Crs, to: Crs) -> Result<Self, WriteError> {
        let transform = Transform::new(from, to)
            .map_err(|error| WriteError::NotSupported { what: Text::owned(error.zh(), error.en()) })?;
        let labels = options.labels_not_codes.then_some(options.lang);
        let columns = names(&schema.fields).into_iter().zip(&schema.fields).map(|(name, field)| {
            let is_named = labels.is_some() && !field.codes.is_empty();
            let field_type = if is_named { FieldType::Text } else { field.field_type };
            OutColumn { name, field: Field { field_type, ..field.clone() } }
        });
        Ok(Self { crs: to, columns: columns.collect(), transform, labels })
    }

    /// The feature's geometry in the CRS that goes out.
    ///
    /// # Errors
    /// Why it has no place there.
    pub(super) fn geometry<'a>(&self, feature: &'a Feature) -> Result<Option<Cow<'a, Geometry>>, Text> {
        let Some(geometry) = &feature.geometry else { return Ok(None) };
        if self.transform.is_identity() {
            return Ok(Some(Cow::Borrowed(geometry)));
        }
        let moved = geometry.try_map_xy(|at| self.transform.point(at));
        moved.map(|moved| Some(Cow::Owned(moved))).map_err(|error| Text::owned(error.zh(), error.en()))
    }

    /// The value of column `place`, by the name of its code if that is wanted; null where the feature has none.
    pub(super) fn value<'a>(&self, feature: &'a Feature, place: usize) -> Cow<'a, Value> {
        let Some(value) = feature.values.get(place) else { return Cow::Owned(Value::Null) };
        let coded = self.columns.get(place).map(|column| &column.field).filter(|field| !field.codes.is_empty());
        match (self.labels, coded) {
            (Some(lang), Some(field)) if !value.is_null() => Cow::Owned(Value::Text(field.display(value, lang))),
            _ => Cow::Borrowed(value),
        }
    }
}

/// What columns are called in a file: as the file called them that brought them, fields of ours by their id.
pub(super) fn names(fields: &[Field]) -> Vec<String> {
    let mut taken: BTreeSet<&str> = fields.iter().map(|field| field.id.as_ref()).collect();
    let named = fields.iter().map(|field| {
        let name = field.name.zh.as_ref();
        let is_theirs = name == field.name.en && !name.is_empty();
        let is_free = is_theirs && taken.insert(name);
        if is_free { name.to_owned() } else { field.id.to_string() }
    });
    named.collect()
}

/// What is stored as degrees goes out as it is, and is told of where it cannot be a longitude and latitude.
pub(super) fn off_the_globe(bounds: &Bounds) -> Option<Problem> {
    let farthest = |axis: usize| {
        let (least, most) = (bounds.min[axis], bounds.max[axis]);
        if most.abs() >= least.abs() { most } else { least }
    };
    let [lon, lat] = [farthest(0), farthest(1)];
    let is_off = !bounds.is_empty() && (lon.abs() > 180.0 || lat.abs() > 90.0);
    is_off.then(|| {
        let what = text!("({lon}, {lat}) 不是经纬度", "({lon}, {lat}) is no longitude and latitude");
        Problem::warning("data.place", what)
    })
}

/// The place of the field that names a feature to a person, if there is one.
pub(super) fn label_place(fields: &[Field]) -> Option<usize> {
    let words = ["name", "名称", "名字", "title", "标题", "label"];
    words.iter().find_map(|word| fields.iter().position(|field| field.is_named(word)))
}

/// The note in the language of the reader first.
pub(super) fn note_words(options: &WriteOptions) -> Option<String> {
    let note = options.note.as_ref()?;
    Some(match options.lang {
        Lang::Zh => format!("{} · {}", note.zh, note.en),
        Lang::En => format!("{} · {}", note.en, note.zh),
    })
}
