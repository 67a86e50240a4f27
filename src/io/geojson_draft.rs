//! From what was seen in a file to the layers it becomes: types of columns, kinds of geometry, ids; and features by
//! that plan.

use std::collections::HashMap;

use super::columns::{ColumnNames, ID_COLUMN};
use super::format::{Draft, ReadOptions};
use super::gather::{ENDINGS, GROUPS, MAX_SAMPLE_BYTES, SAMPLE, homes, kind_of};
use super::geojson_changes::Changes;
use super::geojson_digest::{Digest, Kept};
use super::geojson_parse::Parsed;
use super::geojson_scan::Layout;
use super::geojson_value::{self, Seen, value};
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::task::Problem;
use crate::text::Text;

/// Most columns of a layer; property names beyond are left out.
pub(super) const MAX_COLUMNS: usize = 1000;

/// What was seen of one group.
#[derive(Debug)]
pub(super) struct Group {
    features: u64,
    bounds: Bounds,
    has_z: bool,
    /// One bit for each kind of geometry.
    kinds: u8,
    columns: Columns,
    ids: Ids,
    sample: Vec<Sample>,
    changes: Changes,
    /// Whether there are more names than columns.
    pub(super) has_overflow: bool,
}

#[derive(Debug, Default)]
struct Columns {
    list: Vec<(String, Seen)>,
    index: HashMap<String, usize>,
}

/// Ids are collected while they may still become row ids.
#[derive(Debug, Default)]
struct Ids {
    positive: Vec<i64>,
    seen: Seen,
    any: bool,
    are_rows: bool,
}

#[derive(Debug)]
struct Sample {
    id: Option<String>,
    geometry: Option<Geometry>,
    properties: Vec<(String, String)>,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            features: 0,
            bounds: Bounds::EMPTY,
            has_z: false,
            kinds: 0,
            columns: Columns::default(),
            ids: Ids { are_rows: true, ..Ids::default() },
            sample: Vec::new(),
            changes: Changes::default(),
            has_overflow: false,
        }
    }
}

impl Group {
    /// Takes note of one feature.
    pub(super) fn see(&mut self, parsed: &Parsed<'_>) {
        self.features += 1;
        if let Some(place) = &parsed.place {
            self.bounds = self.bounds.union(&place.bounds);
            self.has_z |= place.geometry.has_z();
            self.kinds |= 1 << place.geometry.kind() as u8;
        }
        self.ids.see(parsed.id);
        self.changes.members(&parsed.foreign);
        for (guess, (name, json)) in parsed.properties.iter().enumerate() {
            match self.columns.place(name, guess) {
                Some(place) => {
                    self.columns.list[place].1.add(Seen::of(json));
                    self.changes.value(place, json);
                }
                None => self.has_overflow = true,
            }
        }
        if self.sample.len() < SAMPLE && weight(parsed) < MAX_SAMPLE_BYTES {
            let properties = parsed.properties.iter().map(|(name, json)| (name.to_string(), (*json).to_owned()));
            self.sample.push(Sample {
                id: parsed.id.map(str::to_owned),
                geometry: parsed.place.as_ref().map(|place| place.geometry.clone()),
                properties: properties.collect(),
            });
        }
    }

    /// Adds what was seen later in the file.
    pub(super) fn merge(&mut self, later: Self) {
        self.features += later.features;
        self.bounds = self.bounds.union(&later.bounds);
        self.has_z |= later.has_z;
        self.kinds |= later.kinds;
        self.has_overflow |= later.has_overflow;
        self.ids.merge(later.ids);
        let mut places = Vec::with_capacity(later.columns.list.len());
        for (guess, (name, seen)) in later.columns.list.into_iter().enumerate() {
            let place = self.columns.place(&name, guess);
            places.push(place);
            match place {
                Some(place) => self.columns.list[place].1.add(seen),
                None => self.has_overflow = true,
            }
        }
        self.changes.merge(later.changes, |column| places.get(column).copied().flatten());
        let room = SAMPLE.saturating_sub(self.sample.len());
        self.sample.extend(later.sample.into_iter().take(room));
    }

    fn into_layer(mut self, name: String) -> (Draft, LayerPlan) {
        let (geometry, is_multi) = kind_of(self.kinds);
        let id = self.ids.plan();
        let mut fields = Vec::new();
        if let IdPlan::Column(field_type) = id {
            fields.push(Field { name: Text::same("id"), ..Field::new(ID_COLUMN, field_type, "", "") });
        }
        let mut names = ColumnNames::default();
        let mut plan = LayerPlan { id, is_multi, keys: Vec::new(), index: self.columns.index, changes: Vec::new() };
        for (name, seen) in self.columns.list {
            let field_type = seen.field_type();
            fields.push(Field { name: Text::same(name.clone()), ..Field::new(names.take(&name), field_type, "", "") });
            plan.keys.push((name, field_type));
        }
        plan.changes = self.changes.problems(plan.keys.iter().map(|(name, of)| (name.as_str(), *of)));
        let sample = std::mem::take(&mut self.sample);
        let sample = sample.iter().map(|sample| plan.sample(sample)).collect();
        let (features, bounds, has_z) = (self.features, self.bounds, self.has_z);
        (Draft { name, geometry, has_z, fields, features, bounds, crs: None, sample }, plan)
    }
}

/// Bytes that keeping a feature takes.
fn weight(parsed: &Parsed<'_>) -> usize {
    let properties: usize = parsed.properties.iter().map(|(name, json)| name.len() + json.len()).sum();
    properties + parsed.place.as_ref().map_or(0, |place| place.geometry.wkb().len())
}

impl Columns {
    /// The place of a name, a new one if need be. Features of one layer mostly have the same names in the same order.
    fn place(&mut self, name: &str, guess: usize) -> Option<usize> {
        if self.list.get(guess).is_some_and(|(known, _)| known == name) {
            return Some(guess);
        }
        if let Some(&place) = self.index.get(name) {
            return Some(place);
        }
        if self.list.len() == MAX_COLUMNS {
            return None;
        }
        self.list.push((name.to_owned(), Seen::default()));
        self.index.insert(name.to_owned(), self.list.len() - 1);
        Some(self.list.len() - 1)
    }
}

impl Ids {
    fn see(&mut self, id: Option<&str>) {
        let Some(id) = id else {
            self.are_rows = false;
            return;
        };
        self.any = true;
        self.seen.add(Seen::of(id));
        match geojson_value::number(id).filter(|_| !id.starts_with('"')) {
            Some(Value::Int(row)) if row > 0 && self.are_rows => self.positive.push(row),
            _ => self.are_rows = false,
        }
        if !self.are_rows {
            self.positive = Vec::new();
        }
    }

    fn merge(&mut self, later: Self) {
        self.any |= later.any;
        self.seen.add(later.seen);
        self.are_rows &= later.are_rows;
        if self.are_rows {
            self.positive.extend(later.positive);
        } else {
            self.positive = Vec::new();
        }
    }

    fn plan(&mut self) -> IdPlan {
        if !self.any {
            return IdPlan::Nothing;
        }
        self.positive.sort_unstable();
        let is_unique = self.positive.windows(2).all(|pair| pair[0] != pair[1]);
        if self.are_rows && is_unique { IdPlan::Row } else { IdPlan::Column(self.seen.id_type()) }
    }
}

/// What becomes of the member `id`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum IdPlan {
    /// There is none.
    Nothing,
    /// It is the row's id.
    Row,
    /// It stands in the first column.
    Column(FieldType),
}

/// How the features of a file become those of its layers.
#[derive(Debug)]
pub(super) struct Plan {
    /// How the features stand in the file.
    pub layout: Layout,
    /// Whether coordinates are degrees.
    pub is_geographic: bool,
    /// The layer of each group.
    pub layer_of: [usize; GROUPS],
    /// The layers.
    pub layers: Vec<LayerPlan>,
    /// Members of the file, beside its features, that are not taken in.
    pub foreign: Vec<String>,
    /// What the first pass has understood, unless that was too much to keep.
    pub digests: Option<Vec<Digest>>,
}

/// How features become rows of one layer.
#[derive(Debug)]
pub(super) struct LayerPlan {
    id: IdPlan,
    is_multi: bool,
    keys: Vec<(String, FieldType)>,
    index: HashMap<String, usize>,
    /// What an export would write in another way.
    pub(super) changes: Vec<Problem>,
}

impl LayerPlan {
    /// The row for a feature; `true` if broken characters had to be replaced.
    pub(super) fn feature(&self, parsed: Parsed<'_>) -> (Feature, bool) {
        let geometry = parsed.place.map(|place| self.shaped(place.geometry));
        let properties = parsed.properties.iter().map(|(name, json)| (name.as_ref(), *json));
        self.row(parsed.id, geometry, properties)
    }

    /// The same for a feature that the first pass has kept.
    pub(super) fn kept(&self, kept: Kept<'_>) -> (Feature, bool) {
        let geometry = kept.geometry.map(|geometry| self.shaped(geometry));
        self.row(kept.id, geometry, kept.properties.into_iter())
    }

    /// The values alone.
    pub(super) fn values<'a>(
        &self,
        id: Option<&str>,
        properties: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Vec<Value> {
        self.row(id, None, properties).0.values
    }

    fn sample(&self, sample: &Sample) -> Feature {
        let properties = sample.properties.iter().map(|(name, json)| (name.as_str(), json.as_str()));
        self.row(sample.id.as_deref(), sample.geometry.clone().map(|it| self.shaped(it)), properties).0
    }

    fn shaped(&self, geometry: Geometry) -> Geometry {
        if self.is_multi { geometry.to_multi() } else { geometry }
    }

    fn row<'a>(
        &self,
        id: Option<&str>,
        geometry: Option<Geometry>,
        properties: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> (Feature, bool) {
        let first = usize::from(matches!(self.id, IdPlan::Column(_)));
        let mut feature = Feature { id: 0, geometry, values: vec![Value::Null; first + self.keys.len()] };
        let mut is_lossy = false;
        match (self.id, id) {
            (IdPlan::Row, Some(id)) => feature.id = id.parse().unwrap_or(0),
            (IdPlan::Column(field_type), Some(id)) => (feature.values[0], is_lossy) = value(id, field_type),
            _ => {}
        }
        for (guess, (name, json)) in properties.enumerate() {
            let is_guessed = self.keys.get(guess).is_some_and(|(known, _)| known == name);
            let place = if is_guessed { Some(guess) } else { self.index.get(name).copied() };
            let Some(place) = place else { continue };
            let (value, lossy) = value(json, self.keys[place].1);
            feature.values[first + place] = value;
            is_lossy |= lossy;
        }
        (feature, is_lossy)
    }
}

/// The layers that a file becomes, and how.
pub(super) fn layers(
    groups: [Group; GROUPS],
    options: &ReadOptions,
    name: &str,
) -> (Vec<Draft>, [usize; GROUPS], Vec<LayerPlan>) {
    let home = homes(std::array::from_fn(|index| groups[index].features), options.one_layer);
    let mut merged: [Group; GROUPS] = Default::default();
    for (index, group) in groups.into_iter().enumerate() {
        merged[home[index]].merge(group);
    }
    let used: Vec<usize> = (0..GROUPS).filter(|&index| merged[index].features > 0).collect();
    let is_one = used.len() == 1;
    let mut layer_of = [0; GROUPS];
    for (index, group_home) in home.into_iter().enumerate() {
        layer_of[index] = used.iter().position(|&used| used == group_home).unwrap_or(0);
    }
    let (drafts, plans) = merged
        .into_iter()
        .zip(ENDINGS)
        .filter(|(group, _)| group.features > 0)
        .map(|(group, ending)| group.into_layer(if is_one { name.to_owned() } else { format!("{name}_{ending}") }))
        .unzip();
    (drafts, layer_of, plans)
}
