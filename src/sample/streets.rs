//! Streets: the main roads drawn by hand, and between them roads that are traced along the [`Field`] at the distances
//! of their neighbourhood, from the wide ones to the lanes.

use super::field::Field;
use super::geography::{BARRIER, Character, Geography, HILL, SHORE, URBAN, WATER};
use super::plane::{P, add, along, distance, dot, meet, mul, resample, simplify, sub, unit};
use super::rng::{Rng, noise};
use crate::task::{Cancelled, Task};

/// A road before it is cut at junctions.
#[derive(Clone)]
pub(super) struct Road {
    /// 0 motorway, 1 arterial, 2 collector, 3 lane.
    pub(super) class: u8,
    /// Name in Chinese, for the roads drawn by hand.
    pub(super) name: Option<&'static str>,
    /// Middle line.
    pub(super) line: Vec<P>,
}

/// Distance between two points of a traced road.
const STEP_M: f64 = 14.0;
/// Size of the buckets in which points of roads are kept.
const BUCKET_M: f64 = 60.0;

/// Lays out all roads.
pub(super) fn lay_out(ground: &Geography, seed: u64, task: &Task) -> Result<Vec<Road>, Cancelled> {
    let field = Field::new(ground);
    let mut layout = Layout { ground, field: &field, taken: Taken::new(ground.bounds) };
    let mut roads = Vec::new();
    for road in &ground.main_roads {
        for line in made_parts(ground, &road.line) {
            layout.take_drawn(&line);
            roads.push(Road { class: road.class, name: Some(road.name), line });
        }
    }
    let mut rng = Rng::new(seed, "streets");
    for (class, gaps, tries_per_km2) in [(1, [1050.0, 1150.0], 4.0), (2, [430.0, 470.0], 16.0), (3, [1.0, 1.18], 620.0)]
    {
        task.check()?;
        layout.trace_class(class, gaps, tries_per_km2, &mut rng, &mut roads);
    }
    Ok(join_loose_ends(ground, &roads))
}

/// The parts of a line inside the part of the ground that is made.
fn made_parts(ground: &Geography, line: &[P]) -> Vec<Vec<P>> {
    line.split(|&at| !ground.is_made(at)).filter(|part| part.len() >= 3).map(<[P]>::to_vec).collect()
}

/// Points of the roads so far with their directions, in buckets.
struct Taken {
    west: f64,
    south: f64,
    columns: usize,
    rows: usize,
    buckets: Vec<Vec<(P, P)>>,
}

impl Taken {
    fn new([west, south, east, north]: [f64; 4]) -> Self {
        let columns = ((east - west) / BUCKET_M) as usize + 2;
        let rows = ((north - south) / BUCKET_M) as usize + 2;
        Self { west, south, columns, rows, buckets: vec![Vec::new(); columns * rows] }
    }

    fn column_row(&self, at: P) -> (i64, i64) {
        (((at[0] - self.west) / BUCKET_M).floor() as i64, ((at[1] - self.south) / BUCKET_M).floor() as i64)
    }

    fn put(&mut self, at: P, ahead: P) {
        let (column, row) = self.column_row(at);
        if column >= 0 && row >= 0 && (column as usize) < self.columns && (row as usize) < self.rows {
            self.buckets[row as usize * self.columns + column as usize].push((at, ahead));
        }
    }

    /// Whether a road runs the same way within `reach`.
    fn is_near(&self, at: P, ahead: P, reach: f64) -> bool {
        let (column, row) = self.column_row(at);
        let around = (reach / BUCKET_M) as i64 + 1;
        let clamp = |number: i64, most: usize| number.clamp(0, most as i64) as usize;
        let columns = clamp(column - around, self.columns)..clamp(column + around + 1, self.columns);
        (clamp(row - around, self.rows)..clamp(row + around + 1, self.rows)).any(|row| {
            self.buckets[row * self.columns..][columns.clone()].iter().flatten().any(|&(other, way)| {
                let off = sub(other, at);
                dot(off, off) < reach * reach && dot(way, ahead).abs() > std::f64::consts::FRAC_1_SQRT_2
            })
        })
    }
}

struct Layout<'a> {
    ground: &'a Geography,
    field: &'a Field,
    taken: Taken,
}

impl Layout<'_> {
    /// Keeps traced roads of the same family away from a drawn one.
    fn take_drawn(&mut self, line: &[P]) {
        for pair in resample(line, 12.0).windows(2) {
            self.taken.put(pair[0], unit(sub(pair[1], pair[0])));
        }
    }

    fn may_run(&self, at: P, class: u8) -> bool {
        let cover = self.ground.cover_at(at);
        let forbidden = if class == 3 { WATER | SHORE | HILL | BARRIER } else { SHORE | HILL };
        self.ground.is_made(at) && cover & URBAN != 0 && cover & forbidden == 0
    }

    /// The distance from one road to the next of the same family.
    fn gap(&self, at: P, class: u8, gap: f64) -> f64 {
        if class < 3 {
            return gap;
        }
        let lane = match self.ground.character(at) {
            Character::OldTown => 62.0,
            Character::Central => 84.0,
            Character::Residential => 101.0,
            Character::NewDistrict => 122.0,
            Character::Suburb => 126.0,
            Character::Industry => 138.0,
        };
        lane * gap * (1.0 + 0.16 * noise(at, 420.0, 71))
    }

    fn trace_class(&mut self, class: u8, gaps: [f64; 2], tries_per_km2: f64, rng: &mut Rng, roads: &mut Vec<Road>) {
        let [west, south, east, north] = self.ground.bounds;
        let tries = ((east - west) * (north - south) / 1e6 * tries_per_km2) as usize;
        let least_m = [0.0, 1900.0, 480.0, 90.0][usize::from(class)];
        for attempt in 0..tries {
            let family = attempt % 2;
            let at = [rng.between(west, east), rng.between(south, north)];
            let reach = rng.between(300.0, 1150.0);
            let gap = self.gap(at, class, gaps[family]);
            let Some(ahead) = self.field.direction(at, family) else { continue };
            if !self.may_run(at, class) || self.taken.is_near(at, ahead, gap) {
                continue;
            }
            let most_m = if class == 3 { reach } else { f64::INFINITY };
            let line = self.trace(at, family, class, gaps[family], most_m);
            if line.len() as f64 * STEP_M < least_m {
                continue;
            }
            for (k, &point) in line.iter().enumerate() {
                let ahead = sub(line[(k + 1).min(line.len() - 1)], line[k.saturating_sub(1)]);
                self.taken.put(point, unit(ahead));
            }
            roads.push(Road { class, name: None, line: simplify(&line, 0.9) });
        }
    }

    /// A line through `start` along one family, both ways, until it meets something or gets too close to its own kind.
    fn trace(&self, start: P, family: usize, class: u8, gap: f64, most_m: f64) -> Vec<P> {
        let Some(direction) = self.field.direction(start, family) else { return Vec::new() };
        let mut back = self.walk(start, mul(direction, -1.0), family, class, gap, most_m);
        back.reverse();
        back.push(start);
        back.extend(self.walk(start, direction, family, class, gap, most_m));
        // A road may cross a creek or the railway, but not end on it.
        let free = |at: &P| self.ground.cover_at(*at) & (WATER | BARRIER) == 0;
        let last = back.iter().rposition(free).map_or(0, |place| place + 1);
        let first = back.iter().position(free).unwrap_or(last).min(last);
        back[first..last].to_vec()
    }

    fn walk(&self, start: P, mut ahead: P, family: usize, class: u8, gap: f64, most_m: f64) -> Vec<P> {
        let mut points = Vec::new();
        let mut at = start;
        let (first, least_turn) = (ahead, [0.0, 0.75, 0.35, -1.0][usize::from(class)]);
        while (points.len() as f64) * STEP_M < most_m.min(20_000.0) {
            let Some(mut direction) = self.field.direction(at, family) else { break };
            if dot(direction, ahead) < 0.0 {
                direction = mul(direction, -1.0);
            }
            if dot(direction, ahead) < 0.8 || dot(direction, first) < least_turn {
                break;
            }
            ahead = direction;
            at = along(at, ahead, STEP_M);
            if !self.may_run(at, class) || self.taken.is_near(at, ahead, self.gap(at, class, gap) * 0.62) {
                break;
            }
            points.push(at);
        }
        points
    }
}

/// Lets roads that end in the open run on to the next road ahead, where one is near and no water lies between.
fn join_loose_ends(ground: &Geography, roads: &[Road]) -> Vec<Road> {
    let segments = Segments::new(ground.bounds, roads);
    let mut joined = roads.to_vec();
    for (index, road) in joined.iter_mut().enumerate() {
        if road.name.is_some() {
            extend_drawn(&segments, index, road);
            continue;
        }
        let reach = if road.class == 3 { 170.0 } else { 420.0 };
        for _end in 0..2 {
            road.line.reverse();
            let last = road.line.len() - 1;
            let tail = road.line[last];
            let ahead = unit(sub(tail, road.line[last.saturating_sub(2)]));
            if let Some(hit) = segments.first_hit(index, tail, ahead, reach)
                && is_dry(ground, tail, hit)
            {
                road.line.push(along(hit, ahead, 0.05));
            }
        }
    }
    joined
}

/// Drawn roads that end beside another road are led onto it.
fn extend_drawn(segments: &Segments, index: usize, road: &mut Road) {
    for _end in 0..2 {
        road.line.reverse();
        let last = road.line.len() - 1;
        let ahead = unit(sub(road.line[last], road.line[last - 1]));
        if let Some(hit) = segments.first_hit(index, road.line[last], ahead, 90.0) {
            road.line.push(along(hit, ahead, 0.05));
        }
    }
}

fn is_dry(ground: &Geography, from: P, to: P) -> bool {
    let steps = (distance(from, to) / 6.0).ceil().max(1.0) as usize;
    let wet = WATER | BARRIER;
    (1..=steps).all(|k| ground.cover_at(add(from, mul(sub(to, from), k as f64 / steps as f64))) & wet == 0)
}

/// Pieces of roads in buckets, for rays.
pub(super) struct Segments {
    bounds: [f64; 4],
    columns: usize,
    rows: usize,
    buckets: Vec<Vec<(usize, [P; 2])>>,
}

impl Segments {
    const SIZE_M: f64 = 80.0;

    /// The pieces of `roads` but motorways.
    pub(super) fn new(bounds: [f64; 4], roads: &[Road]) -> Self {
        let columns = ((bounds[2] - bounds[0]) / Self::SIZE_M) as usize + 2;
        let rows = ((bounds[3] - bounds[1]) / Self::SIZE_M) as usize + 2;
        let mut segments = Self { bounds, columns, rows, buckets: vec![Vec::new(); columns * rows] };
        for (index, road) in roads.iter().enumerate().filter(|(_, road)| road.class > 0) {
            for pair in road.line.windows(2) {
                for bucket in segments.touched(pair[0], pair[1]) {
                    segments.buckets[bucket].push((index, [pair[0], pair[1]]));
                }
            }
        }
        segments
    }

    fn touched(&self, a: P, b: P) -> Vec<usize> {
        let span = |axis: usize, most: usize| {
            let (low, high) = (a[axis].min(b[axis]), a[axis].max(b[axis]));
            let place = |at: f64| (((at - self.bounds[axis]) / Self::SIZE_M).max(0.0) as usize).min(most - 1);
            place(low)..=place(high)
        };
        let columns = span(0, self.columns);
        span(1, self.rows).flat_map(|row| columns.clone().map(move |column| row * self.columns + column)).collect()
    }

    /// The first road but `own` that a ray meets.
    pub(super) fn first_hit(&self, own: usize, from: P, ahead: P, reach: f64) -> Option<P> {
        let to = along(from, ahead, reach);
        let mut best = f64::INFINITY;
        for bucket in self.touched(from, to) {
            for (index, segment) in &self.buckets[bucket] {
                if *index != own
                    && let Some((t, _)) = meet([from, to], *segment, 0.0)
                {
                    best = best.min(t);
                }
            }
        }
        best.is_finite().then(|| along(from, sub(to, from), best))
    }
}
