//! A delivery held against a layer: what is new, what moved, what has other values, what is gone; and what of it is taken.

mod matching;
mod run;

use std::path::PathBuf;

use crate::model::feature::{Delta, Feature};
use crate::model::geometry::Bounds;
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::task::Problems;
use crate::text::Text;

use super::command::{CompareRequest, JobId};
use super::crs::datum::DatumVerdict;

/// What happened to a thing between the layer and the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// It is in the delivery alone.
    Added,
    /// It lies elsewhere, or its shape is another.
    Moved,
    /// Some of its values are others; it may have moved as well.
    Changed,
    /// It is in the layer alone.
    Gone,
}

impl DifferenceKind {
    /// All, in the order of lists.
    pub const ALL: [Self; 4] = [Self::Added, Self::Moved, Self::Changed, Self::Gone];

    /// The word on the command line.
    pub fn code(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Moved => "moved",
            Self::Changed => "changed",
            Self::Gone => "gone",
        }
    }

    /// What a person reads.
    pub fn name(self) -> Text {
        match self {
            Self::Added => Text::new("新增", "Added"),
            Self::Moved => Text::new("移动", "Moved"),
            Self::Changed => Text::new("变更", "Changed"),
            Self::Gone => Text::new("消失", "Gone"),
        }
    }
}

/// Which parts of differences are taken over. What moved and has other values too is taken in halves if need be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenParts {
    /// New things come in.
    pub added: bool,
    /// Things get their new place and shape.
    pub moved: bool,
    /// Things get their new values.
    pub changed: bool,
    /// Things that are gone are deleted.
    pub gone: bool,
}

impl TakenParts {
    /// Everything.
    pub const ALL: Self = Self { added: true, moved: true, changed: true, gone: true };

    /// Reads `all`, or words of [`DifferenceKind::code`] with commas between; the word that is none of them otherwise.
    ///
    /// # Errors
    /// That word.
    pub fn parse(words: &str) -> Result<Self, String> {
        let mut parts = Self::default();
        for word in words.split([',', '，', '、']).map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "all" => parts = Self::ALL,
                "added" => parts.added = true,
                "moved" => parts.moved = true,
                "changed" => parts.changed = true,
                "gone" => parts.gone = true,
                _ => return Err(word.to_owned()),
            }
        }
        Ok(parts)
    }
}

/// One thing that is not the same on both sides.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Its number in the file, from 1; none for what is gone.
    pub number: Option<i64>,
    /// As the layer has it; none for what is new.
    pub old: Option<Feature>,
    /// As it would be: the delivery's values, and the layer's where the delivery has none to say. None for what is gone.
    pub new: Option<Feature>,
    /// How far it moved, metres, if it did.
    pub moved_m: Option<f64>,
    /// Places of the fields that have another value.
    pub fields: Vec<usize>,
    /// Whether it was taken over.
    pub taken: bool,
    /// Its old and its new paths, Web Mercator metres, for the map; empty beyond what a map can show.
    pub paths_world: [Vec<Vec<[f64; 2]>>; 2],
    /// Around both, Web Mercator metres.
    pub bounds_world: Option<Bounds>,
}

impl Difference {
    /// What it is, above all.
    pub fn kind(&self) -> DifferenceKind {
        match (&self.old, &self.new) {
            (None, _) => DifferenceKind::Added,
            (_, None) => DifferenceKind::Gone,
            _ if self.fields.is_empty() => DifferenceKind::Moved,
            _ => DifferenceKind::Changed,
        }
    }

    /// The row's id in the layer; 0 for what is new.
    pub fn id(&self) -> i64 {
        self.old.as_ref().map_or(0, |old| old.id)
    }

    /// Old and new value of a field, by its place.
    pub fn values(&self, place: usize) -> [&Value; 2] {
        const NOTHING: &Value = &Value::Null;
        let old = self.old.as_ref().and_then(|row| row.values.get(place)).unwrap_or(NOTHING);
        let new = self.new.as_ref().and_then(|row| row.values.get(place)).unwrap_or(NOTHING);
        [old, new]
    }

    /// The change of the layer that takes these parts of it over; `None` if that is none.
    pub(super) fn delta(&self, layer: &str, parts: TakenParts) -> Option<Delta> {
        let delta = |id, old, new| Some(Delta { layer: layer.to_owned(), id, old, new });
        match (&self.old, &self.new) {
            (None, Some(new)) if parts.added => delta(0, None, Some(Feature { id: 0, ..new.clone() })),
            (Some(old), None) if parts.gone => delta(old.id, Some(old.clone()), None),
            (Some(old), Some(new)) => {
                let mut taken = old.clone();
                if parts.moved && self.moved_m.is_some() {
                    taken.geometry.clone_from(&new.geometry);
                }
                if parts.changed {
                    self.fields.iter().for_each(|&place| taken.values[place].clone_from(&new.values[place]));
                }
                let differs = taken != *old;
                if differs { delta(old.id, Some(old.clone()), Some(taken)) } else { None }
            }
            _ => None,
        }
    }
}

/// A file held against a layer.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What was asked for, to ask again.
    pub request: CompareRequest,
    /// The file.
    pub file: PathBuf,
    /// The layer.
    pub schema: Schema,
    /// Id of the field by which things were recognised; none if place and shape told.
    pub key: Option<String>,
    /// Ids of the layer's fields that the file has something to say of.
    pub compared: Vec<String>,
    /// Things that are the same on both sides.
    pub same: u64,
    /// Those that are not: new ones first, then moved, changed and gone ones.
    pub differences: Vec<Difference>,
    /// What was wrong with the file, and keys that stand for several things.
    pub problems: Problems,
    /// Whether the file lies where its CRS puts it; none for one without places.
    pub datum: Option<DatumVerdict>,
    /// What is on its way into the city.
    pub(super) taking: Option<(JobId, Vec<usize>)>,
}

impl Comparison {
    /// One that nothing was asked for, for the tests of panels.
    #[cfg(test)]
    pub(crate) fn of(
        file: PathBuf,
        schema: Schema,
        key: Option<String>,
        differences: Vec<Difference>,
        problems: Problems,
    ) -> Self {
        let compared = schema.fields.iter().map(|field| field.id.to_string()).collect();
        let request = CompareRequest::default();
        let datum = None;
        Self { request, file, schema, key, compared, same: 0, differences, problems, datum, taking: None }
    }

    /// How many of a kind are still open.
    pub fn count(&self, kind: DifferenceKind) -> usize {
        self.differences.iter().filter(|difference| !difference.taken && difference.kind() == kind).count()
    }

    /// Places of all differences of which some of these parts can still be taken.
    pub fn open(&self, parts: TakenParts) -> Vec<usize> {
        let is_open = |difference: &Difference| {
            let moved = difference.old.is_some() && difference.moved_m.is_some() && parts.moved;
            let wanted = match difference.kind() {
                DifferenceKind::Added => parts.added,
                DifferenceKind::Gone => parts.gone,
                DifferenceKind::Moved => moved,
                DifferenceKind::Changed => parts.changed || moved,
            };
            !difference.taken && wanted
        };
        self.differences.iter().enumerate().filter(|(_, it)| is_open(it)).map(|(place, _)| place).collect()
    }
}
