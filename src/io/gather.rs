//! From what was seen in a file to the layers it becomes: points, lines and areas apart, their extent, their first rows.
//!
//! A reader's first pass shows every feature to a [`Gather`] (one for each table, sheet or folder of the file, or one a
//! thread and then merged); [`Gather::into_layers`] makes the drafts, and [`Homes`] says in the second pass where each
//! feature goes.

use super::format::{Draft, ReadOptions};
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry, GeometryKind};
use crate::model::schema::Field;
use crate::model::value::Value;

/// Features shown before an import.
pub(super) const SAMPLE: usize = 20;
/// Larger features are not shown: twenty of them would be a burden.
pub(super) const MAX_SAMPLE_BYTES: usize = 1 << 20;
/// Groups of features that become layers of their own: points, lines, areas, collections, and those without a place.
pub(super) const GROUPS: usize = 5;
/// The group of those without a place.
pub(super) const NOWHERE: usize = 4;
/// What the names of layers end in where a file becomes several, by group.
pub(super) const ENDINGS: [&str; GROUPS] = ["points", "lines", "polygons", "collections", "rows"];

/// The group that a geometry belongs to.
pub(super) fn group_of(geometry: Option<&Geometry>) -> usize {
    geometry.map_or(NOWHERE, |geometry| geometry.kind().dimension().map_or(3, usize::from))
}

/// The kind of a layer that holds these kinds (one bit each), and whether single shapes must become multi ones for it.
pub(super) fn kind_of(kinds: u8) -> (Option<GeometryKind>, bool) {
    let mut found = GeometryKind::ALL.into_iter().filter(|kind| kinds & (1 << *kind as u8) != 0);
    let Some(first) = found.next() else { return (None, false) };
    let rest: Vec<GeometryKind> = found.collect();
    if rest.is_empty() {
        return (Some(first), false);
    }
    let is_mixture = rest.iter().any(|kind| kind.dimension() != first.dimension());
    match first.dimension().filter(|_| !is_mixture) {
        Some(0) => (Some(GeometryKind::MultiPoint), true),
        Some(1) => (Some(GeometryKind::MultiLineString), true),
        Some(_) => (Some(GeometryKind::MultiPolygon), true),
        None => (Some(GeometryKind::Collection), false),
    }
}

/// The group that each group joins: itself, or the first for one layer; features without a place join the largest.
pub(super) fn homes(features: [u64; GROUPS], one_layer: bool) -> [usize; GROUPS] {
    if one_layer {
        return [0; GROUPS];
    }
    let largest =
        (0..NOWHERE).filter(|&group| features[group] > 0).max_by_key(|&group| (features[group], NOWHERE - group));
    [0, 1, 2, 3, largest.unwrap_or(NOWHERE)]
}

/// What was seen of the features of one table.
#[derive(Debug, Default)]
pub(super) struct Gather {
    groups: [Group; GROUPS],
}

#[derive(Debug)]
struct Group {
    features: u64,
    bounds: Bounds,
    has_z: bool,
    /// One bit for each kind of geometry.
    kinds: u8,
    sample: Vec<Feature>,
}

impl Default for Group {
    fn default() -> Self {
        Self { features: 0, bounds: Bounds::EMPTY, has_z: false, kinds: 0, sample: Vec::new() }
    }
}

impl Group {
    fn merge(&mut self, later: Self) {
        self.features += later.features;
        self.bounds = self.bounds.union(&later.bounds);
        self.has_z |= later.has_z;
        self.kinds |= later.kinds;
        let room = SAMPLE.saturating_sub(self.sample.len());
        self.sample.extend(later.sample.into_iter().take(room));
    }
}

impl Gather {
    /// Takes note of one feature. `values` is only called while the first rows are collected; it may answer with plain
    /// text whose type is not known yet, see [`Gather::into_layers`].
    pub(super) fn see(&mut self, geometry: Option<&Geometry>, values: impl FnOnce() -> Vec<Value>) {
        let bounds = geometry.map_or(Bounds::EMPTY, Geometry::bounds);
        self.see_within(geometry, bounds, values);
    }

    /// The same, where the box around the geometry is known already.
    pub(super) fn see_within(
        &mut self,
        geometry: Option<&Geometry>,
        bounds: Bounds,
        values: impl FnOnce() -> Vec<Value>,
    ) {
        let group = &mut self.groups[group_of(geometry)];
        group.features += 1;
        if let Some(geometry) = geometry {
            group.bounds = group.bounds.union(&bounds);
            group.has_z |= geometry.has_z();
            group.kinds |= 1 << geometry.kind() as u8;
        }
        let bytes = geometry.map_or(0, |geometry| geometry.wkb().len());
        if group.sample.len() < SAMPLE && bytes < MAX_SAMPLE_BYTES {
            group.sample.push(Feature { id: 0, geometry: geometry.cloned(), values: values() });
        }
    }

    /// Adds what was seen later in the file.
    pub(super) fn merge(&mut self, later: Self) {
        self.groups.iter_mut().zip(later.groups).for_each(|(group, later)| group.merge(later));
    }

    /// How many features were seen.
    pub(super) fn features(&self) -> u64 {
        self.groups.iter().map(|group| group.features).sum()
    }

    /// The box around all of them.
    pub(super) fn bounds(&self) -> Bounds {
        self.groups.iter().fold(Bounds::EMPTY, |all, group| all.union(&group.bounds))
    }

    /// The layers called `name` that these features become, all with the same `fields`; the first of them stands at
    /// `first` among the layers of the file. `finish` turns the values that were collected for the first rows into what
    /// the fields hold.
    pub(super) fn into_layers(
        self,
        name: &str,
        fields: &[Field],
        options: &ReadOptions,
        first: usize,
        finish: &dyn Fn(Vec<Value>) -> Vec<Value>,
    ) -> (Vec<Draft>, Homes) {
        let counts = std::array::from_fn(|group| self.groups[group].features);
        let home = homes(counts, options.one_layer);
        let mut merged: [Group; GROUPS] = Default::default();
        for (index, group) in self.groups.into_iter().enumerate() {
            merged[home[index]].merge(group);
        }
        let used: Vec<usize> = (0..GROUPS).filter(|&group| merged[group].features > 0).collect();
        let mut homes = Homes { layer: [first; GROUPS], is_multi: [false; GROUPS] };
        for group in 0..GROUPS {
            homes.layer[group] += used.iter().position(|&used| used == home[group]).unwrap_or(0);
            homes.is_multi[group] = kind_of(merged[home[group]].kinds).1;
        }
        let is_one = used.len() == 1;
        let drafts = merged.into_iter().enumerate().filter(|(_, group)| group.features > 0).map(|(place, group)| {
            let (geometry, is_multi) = kind_of(group.kinds);
            let sample = group.sample.into_iter().map(|feature| Feature {
                geometry: feature.geometry.map(|geometry| if is_multi { geometry.to_multi() } else { geometry }),
                values: finish(feature.values),
                ..feature
            });
            Draft {
                name: if is_one { name.to_owned() } else { format!("{name}_{}", ENDINGS[place]) },
                geometry,
                has_z: group.has_z,
                fields: fields.to_vec(),
                features: group.features,
                bounds: group.bounds,
                crs: None,
                sample: sample.collect(),
            }
        });
        (drafts.collect(), homes)
    }
}

/// The layer of each group, and whether its shapes become multi ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Homes {
    layer: [usize; GROUPS],
    is_multi: [bool; GROUPS],
}

impl Homes {
    /// The place of a feature's layer among those of the file, and the feature's geometry as that layer has it.
    pub(super) fn put(&self, geometry: Option<Geometry>) -> (usize, Option<Geometry>) {
        let group = group_of(geometry.as_ref());
        let is_multi = self.is_multi[group];
        (self.layer[group], geometry.map(|geometry| if is_multi { geometry.to_multi() } else { geometry }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lines_and_areas_become_layers_of_their_own() {
        check(false, "城_points Point 1|城_lines MultiLineString 3");
    }

    #[test]
    fn or_one_layer_of_a_mixture() {
        check(true, "城 GeometryCollection 4");
    }

    /// A point, a line, a multi-line and a row without a place, which goes to the larger group.
    #[track_caller]
    fn check(one_layer: bool, expected: &str) {
        let line = Geometry::line(&[[0.0, 0.0], [1.0, 2.0]]);
        let places = [Some(Geometry::point(3.0, 3.0)), Some(line.clone()), Some(line.to_multi()), None];
        let mut gather = Gather::default();
        for place in &places {
            let mut one = Gather::default();
            one.see(place.as_ref(), || vec![Value::from("7")]);
            gather.merge(one);
        }
        assert_eq!((gather.features(), gather.bounds()), (4, Bounds::new(0.0, 0.0, 3.0, 3.0)));
        let options = ReadOptions { one_layer, ..ReadOptions::default() };
        let fields = [Field::int("a", "甲", "A")];
        let (drafts, homes) = gather.into_layers("城", &fields, &options, 5, &|_| vec![Value::Int(7)]);
        let said = drafts.iter().map(|draft| {
            let kind = draft.geometry.map_or("none", GeometryKind::geojson_name);
            assert!(draft.sample.iter().all(|feature| feature.values == [Value::Int(7)]));
            format!("{} {kind} {}", draft.name, draft.features)
        });
        assert_eq!(said.collect::<Vec<_>>().join("|"), expected);
        for place in places {
            let (layer, geometry) = homes.put(place);
            let kind = drafts[layer - 5].geometry;
            assert!(one_layer || geometry.is_none_or(|geometry| Some(geometry.kind()) == kind));
        }
    }
}
