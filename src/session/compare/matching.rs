//! Which thing of a delivery is which row of a layer: by a key, else by place and shape. Rows are known by key, hashes
//! and box, so that the layer need not be held in memory; of the delivery only what differs is kept.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Coords, Geometry, Visitor};
use crate::model::value::Value;

/// A shape that differs by less is the same: surveys and conversions round. Metres.
pub(super) const SAME_M: f64 = 0.01;
/// Without a key, a thing whose box lies so near is taken for the same one. Metres.
const NEAR_M: f64 = 3.0;
/// Positions of a shape that are measured; of longer ones every so many-th.
const MEASURED: usize = 200;

/// From the coordinates of a layer to metres in which nearby things can be compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane([f64; 2]);

impl Plane {
    /// For a layer whose rows lie around this box.
    pub(super) fn of(crs: Crs, around: Option<Bounds>) -> Self {
        let middle = around.filter(|bounds| !bounds.is_empty()).map_or(30.0, |bounds| bounds.center()[1]);
        if !crs.is_geographic() {
            return Self([1.0; 2]);
        }
        Self([111_320.0 * middle.to_radians().cos(), 110_574.0])
    }

    fn at(self, [x, y]: [f64; 2]) -> [f64; 2] {
        [x * self.0[0], y * self.0[1]]
    }

    fn bounds(self, geometry: Option<&Geometry>) -> Bounds {
        let bounds = geometry.map_or(Bounds::EMPTY, Geometry::bounds);
        if bounds.is_empty() { bounds } else { Bounds { min: self.at(bounds.min), max: self.at(bounds.max) } }
    }

    /// A number for a shape, the same for shapes that differ by rounding (mostly).
    fn hash(self, geometry: Option<&Geometry>) -> u64 {
        struct Hashed(DefaultHasher, Plane);
        impl Visitor for Hashed {
            fn path(&mut self, coords: Coords<'_>) {
                coords.len().hash(&mut self.0);
                for at in coords.iter() {
                    self.1.at(at).map(|metres| (metres / SAME_M).round() as i64).hash(&mut self.0);
                }
            }
        }
        let mut hashed = Hashed(DefaultHasher::new(), self);
        if let Some(geometry) = geometry {
            geometry.walk(&mut hashed);
        }
        hashed.0.finish()
    }

    /// How far the outlines of two shapes lie apart at most, metres: from each position of one to the nearest place of the
    /// other (the discrete Hausdorff distance, both ways).
    pub(super) fn distance_m(self, one: &Geometry, other: &Geometry) -> f64 {
        let (one, other) = (self.paths(one), self.paths(other));
        one_way_m(&one, &other).max(one_way_m(&other, &one))
    }

    fn paths(self, geometry: &Geometry) -> Vec<Vec<[f64; 2]>> {
        struct Paths(Vec<Vec<[f64; 2]>>, Plane);
        impl Visitor for Paths {
            fn path(&mut self, coords: Coords<'_>) {
                self.0.push(coords.iter().map(|at| self.1.at(at)).collect());
            }
        }
        let mut paths = Paths(Vec::new(), self);
        geometry.walk(&mut paths);
        paths.0
    }
}

fn one_way_m(from: &[Vec<[f64; 2]>], to: &[Vec<[f64; 2]>]) -> f64 {
    let count: usize = from.iter().map(Vec::len).sum();
    let step = count.div_ceil(MEASURED).max(1);
    let measured = from.iter().flatten().step_by(step);
    measured.map(|&at| to.iter().map(|path| to_path_m(at, path)).fold(f64::INFINITY, f64::min)).fold(0.0, f64::max)
}

fn to_path_m(at: [f64; 2], path: &[[f64; 2]]) -> f64 {
    if let [only] = path {
        return (only[0] - at[0]).hypot(only[1] - at[1]);
    }
    path.windows(2).map(|pair| to_segment_m(at, pair[0], pair[1])).fold(f64::INFINITY, f64::min)
}

fn to_segment_m(at: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
    let step = [to[0] - from[0], to[1] - from[1]];
    let length2 = step[0] * step[0] + step[1] * step[1];
    let share = if length2 > 0.0 { ((at[0] - from[0]) * step[0] + (at[1] - from[1]) * step[1]) / length2 } else { 0.0 };
    let share = share.clamp(0.0, 1.0);
    (from[0] + share * step[0] - at[0]).hypot(from[1] + share * step[1] - at[1])
}

/// Whether two values say the same: nothing and empty words do, and whole numbers and numbers.
pub(in crate::session) fn is_same(one: &Value, other: &Value) -> bool {
    let is_nothing = |value: &Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
    match (one, other) {
        _ if is_nothing(one) || is_nothing(other) => is_nothing(one) && is_nothing(other),
        (Value::Text(one), Value::Text(other)) => one == other,
        (Value::Blob(one), Value::Blob(other)) => one == other,
        _ => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() <= 1e-9 * one.abs().max(other.abs()),
            _ => false,
        },
    }
}

/// A row as it is recognised again.
struct Known {
    id: i64,
    key: Option<String>,
    values: u64,
    shape: u64,
    bounds: Bounds,
}

/// A thing of the delivery that was not found unchanged.
struct Come {
    known: Known,
    number: i64,
    row: Feature,
}

/// What belongs together: a row's id, and a thing of the delivery with its number there; none where the other side lacks
/// it.
pub(in crate::session) type Pair = (Option<i64>, Option<(i64, Feature)>);

/// What a comparison came to.
pub(super) struct Matched {
    /// Everything that may differ.
    pub(super) pairs: Vec<Pair>,
    /// Things that are the same on both sides.
    pub(super) same: u64,
    /// Keys that stand for several things of one side.
    pub(super) twice: Vec<String>,
}

/// See the module's head.
pub(super) struct Matcher {
    plane: Plane,
    /// Place of the key among the values.
    key: Option<usize>,
    /// Places of the values that are compared.
    compared: Vec<usize>,
    rows: Vec<Known>,
    /// Rows that wait for their counterpart, by key and by shape.
    by_key: BTreeMap<String, VecDeque<usize>>,
    by_shape: BTreeMap<u64, Vec<usize>>,
    /// Whether the row has found its counterpart.
    is_met: Vec<bool>,
    come: Vec<Come>,
    pairs: Vec<Pair>,
    same: u64,
    twice: Vec<String>,
}

impl Matcher {
    /// For rows with a key at this place among their values, of which these are compared.
    pub(super) fn new(plane: Plane, key: Option<usize>, compared: Vec<usize>) -> Self {
        Self {
            plane,
            key,
            compared,
            rows: Vec::new(),
            by_key: BTreeMap::new(),
            by_shape: BTreeMap::new(),
            is_met: Vec::new(),
            come: Vec::new(),
            pairs: Vec::new(),
            same: 0,
            twice: Vec::new(),
        }
    }

    fn known(&self, row: &Feature) -> Known {
        let mut values = DefaultHasher::new();
        for value in self.compared.iter().map(|&place| &row.values[place]) {
            match value {
                Value::Text(words) if words.is_empty() => 0_u8.hash(&mut values),
                Value::Null => 0_u8.hash(&mut values),
                Value::Text(words) => words.hash(&mut values),
                Value::Blob(bytes) => bytes.hash(&mut values),
                // To nine digits, so that a number that was written and read is the same.
                other => format!("{:.9e}", other.as_f64().unwrap_or_default() + 0.0).hash(&mut values),
            }
        }
        let key = self.key.map(|place| row.values[place].to_string().trim().to_owned());
        Known {
            id: row.id,
            key: key.filter(|key| !key.is_empty()),
            values: values.finish(),
            shape: self.plane.hash(row.geometry.as_ref()),
            bounds: self.plane.bounds(row.geometry.as_ref()),
        }
    }

    /// A row of the layer. All of them come before the first thing of the delivery.
    pub(super) fn hold(&mut self, row: &Feature) {
        let (known, place) = (self.known(row), self.rows.len());
        match &known.key {
            Some(key) => {
                let of_key = self.by_key.entry(key.clone()).or_default();
                if of_key.len() == 1 {
                    self.twice.push(key.clone());
                }
                of_key.push_back(place);
            }
            None => self.by_shape.entry(known.shape).or_default().push(place),
        }
        self.rows.push(known);
        self.is_met.push(false);
    }

    /// A thing of the delivery.
    pub(super) fn come(&mut self, number: i64, row: Feature) {
        let known = self.known(&row);
        let Some(key) = &known.key else { return self.come_by_shape(Come { known, number, row }) };
        // Two of one key are taken in the order of the file.
        let Some(place) = self.by_key.get_mut(key).and_then(VecDeque::pop_front) else {
            self.pairs.push((None, Some((number, row))));
            return;
        };
        self.is_met[place] = true;
        let old = &self.rows[place];
        if old.values == known.values && old.shape == known.shape {
            self.same += 1;
        } else {
            self.pairs.push((Some(old.id), Some((number, row))));
        }
    }

    fn come_by_shape(&mut self, come: Come) {
        let of_shape = self.by_shape.get_mut(&come.known.shape);
        let same = of_shape.and_then(|places| {
            let at = places.iter().position(|&place| self.rows[place].values == come.known.values)?;
            Some(places.remove(at))
        });
        match same {
            Some(place) => {
                self.is_met[place] = true;
                self.same += 1;
            }
            None => self.come.push(come),
        }
    }

    /// Brings together what is left, the surest first, and says what belongs together.
    pub(super) fn finish(mut self) -> Matched {
        let waiting = std::mem::take(&mut self.come);
        let waiting = self.meet(waiting, Self::of_same_shape);
        let waiting = self.meet_by_values(waiting);
        let grid = self.grid();
        let waiting = self.meet(waiting, |matcher, come| matcher.nearest(&grid, &come.known.bounds));
        self.pairs.extend(waiting.into_iter().map(|come| (None, Some((come.number, come.row)))));
        let gone = self.rows.iter().zip(&self.is_met).filter(|(_, is_met)| !**is_met);
        self.pairs.extend(gone.map(|(row, _)| (Some(row.id), None)));
        Matched { pairs: self.pairs, same: self.same, twice: self.twice }
    }

    /// Pairs those for which `find` names a row; the rest comes back.
    fn meet(&mut self, waiting: Vec<Come>, find: impl Fn(&Self, &Come) -> Option<usize>) -> Vec<Come> {
        let mut left = Vec::new();
        for come in waiting {
            match find(self, &come) {
                Some(place) => self.pair(place, come),
                None => left.push(come),
            }
        }
        left
    }

    fn pair(&mut self, place: usize, come: Come) {
        self.is_met[place] = true;
        self.pairs.push((Some(self.rows[place].id), Some((come.number, come.row))));
    }

    fn of_same_shape(&self, come: &Come) -> Option<usize> {
        // Rows without a place all have the same shape: that says nothing.
        let places = self.by_shape.get(&come.known.shape).filter(|_| !come.known.bounds.is_empty())?;
        places.iter().copied().find(|&place| !self.is_met[place])
    }

    /// Things that have all their values of their own and nobody else's: they moved.
    fn meet_by_values(&mut self, waiting: Vec<Come>) -> Vec<Come> {
        let mut rows: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        let free = (0..self.rows.len()).filter(|&place| !self.is_met[place] && self.rows[place].key.is_none());
        free.for_each(|place| rows.entry(self.rows[place].values).or_default().push(place));
        let mut count: BTreeMap<u64, usize> = BTreeMap::new();
        waiting.iter().for_each(|come| *count.entry(come.known.values).or_default() += 1);
        self.meet(waiting, |_, come| match rows.get(&come.known.values).map(Vec::as_slice) {
            Some([place]) if count.get(&come.known.values) == Some(&1) => Some(*place),
            _ => None,
        })
    }

    /// Rows that have no counterpart yet, by the cell of the middle of their box.
    fn grid(&self) -> BTreeMap<[i64; 2], Vec<usize>> {
        let mut grid: BTreeMap<[i64; 2], Vec<usize>> = BTreeMap::new();
        for (place, row) in self.rows.iter().enumerate() {
            if !self.is_met[place] && row.key.is_none() && !row.bounds.is_empty() {
                grid.entry(cell(&row.bounds)).or_default().push(place);
            }
        }
        grid
    }

    /// The row whose box lies nearest, if it lies near.
    fn nearest(&self, grid: &BTreeMap<[i64; 2], Vec<usize>>, bounds: &Bounds) -> Option<usize> {
        if bounds.is_empty() {
            return None;
        }
        let [x, y] = cell(bounds);
        let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| [x + dx, y + dy]));
        let near = around.filter_map(|cell| grid.get(&cell)).flatten().copied();
        let free = near.filter(|&place| !self.is_met[place]);
        let measured = free.map(|place| (boxes_apart_m(&self.rows[place].bounds, bounds), place));
        measured.filter(|(apart_m, _)| *apart_m <= NEAR_M).min_by(|one, other| one.0.total_cmp(&other.0)).map(|it| it.1)
    }
}

fn cell(bounds: &Bounds) -> [i64; 2] {
    bounds.center().map(|metres| (metres / NEAR_M).floor() as i64)
}

/// How far the corners of two boxes lie apart at most: shapes lie at least so far apart.
fn boxes_apart_m(one: &Bounds, other: &Bounds) -> f64 {
    let corners = [(one.min, other.min), (one.max, other.max)];
    corners.map(|(one, other)| (one[0] - other[0]).hypot(one[1] - other[1])).into_iter().fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as `key@metres:value`, one for each word; what became of them, old id → number.
    #[track_caller]
    fn check(key: bool, rows: &str, come: &str, same: u64, expected: &str) {
        let mut matcher = Matcher::new(Plane([1.0; 2]), key.then_some(0), vec![0, 1]);
        let row = |(place, word): (usize, &str)| {
            let (name, rest) = word.split_once('@').unwrap_or_default();
            let (at, value) = rest.split_once(':').unwrap_or_default();
            let geometry = at.parse().ok().map(|x: f64| Geometry::point(x, 0.0));
            Feature { id: place as i64 + 1, geometry, values: vec![Value::from(name), Value::from(value)] }
        };
        rows.split(' ').enumerate().map(row).for_each(|row| matcher.hold(&row));
        for (place, word) in come.split(' ').enumerate() {
            matcher.come(place as i64 + 1, row((place, word)));
        }
        let matched = matcher.finish();
        let word = |number: Option<i64>| number.map_or("-".to_owned(), |number| number.to_string());
        let mut pairs: Vec<String> = matched
            .pairs
            .iter()
            .map(|(id, come)| format!("{}>{}", word(*id), word(come.as_ref().map(|it| it.0))))
            .collect();
        pairs.sort();
        assert_eq!((pairs.join(" ").as_str(), matched.same), (expected, same), "{rows} | {come}");
    }

    #[test]
    fn a_key_tells_which_is_which_wherever_it_went() {
        check(true, "a@0:x b@10:y c@20:z", "b@9000:y a@0:x d@20:z", 1, "->3 2>1 3>-");
        check(true, "a@0:x", "a@0:y", 0, "1>1");
    }

    #[test]
    fn without_a_key_shape_then_values_then_nearness_tell() {
        check(false, "a@0:x b@100:y", "a@0:z b@100:y", 1, "1>1");
        check(false, "a@0:x b@100:y", "b@500:y a@0:x", 1, "2>1");
        check(false, "a@0:x b@100:y", "c@2:z b@100:y", 1, "1>1");
        check(false, "a@0:x", "c@50:z", 0, "->1 1>-");
    }

    #[test]
    fn rows_without_a_key_are_not_taken_for_those_that_have_one() {
        check(true, "a@0:x @10:y", "@0:x @10:q", 0, "->1 1>- 2>2");
    }

    #[test]
    fn rows_without_a_place_are_told_by_their_values_alone() {
        check(false, "a@:x b@:y", "a@:x c@:z", 1, "->2 2>-");
    }

    #[test]
    fn shapes_are_measured_from_outline_to_outline() {
        let square = |x: f64| Geometry::polygon(&[[x, 0.0], [x + 10.0, 0.0], [x + 10.0, 10.0], [x, 10.0]]);
        let plane = Plane([1.0; 2]);
        assert!((plane.distance_m(&square(0.0), &square(2.0)) - 2.0).abs() < 1e-9);
        assert_eq!(plane.distance_m(&square(0.0), &square(0.0)), 0.0);
        let line = |y: f64| Geometry::line(&[[0.0, 0.0], [50.0, y], [100.0, 0.0]]);
        assert!((plane.distance_m(&line(0.0), &line(5.0)) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn values_that_say_the_same_are_the_same() {
        let same = |one: Value, other: Value| is_same(&one, &other);
        assert!(same(Value::Null, Value::from("")) && same(Value::Int(3), Value::Real(3.0)));
        assert!(!same(Value::from("3"), Value::Int(3)) && !same(Value::Null, Value::Int(0)));
    }
}
