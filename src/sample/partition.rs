//! Polygons that share their vertices, so that they tile without gap or overlap: outlines of groups of them, and cuts
//! that give both sides and every neighbour the same new vertex.

use std::collections::{BTreeMap, BTreeSet};

use super::plane::{P, along, cross, distance, dot, inside, lerp, meet, ring_area, sub, unit};

/// Vertices, and which edges were cut where.
pub(super) struct Partition {
    /// Positions of the vertices.
    pub(super) vertices: Vec<P>,
    cuts: BTreeMap<[u32; 2], u32>,
}

impl Partition {
    /// Around vertices that exist already.
    pub(super) fn new(vertices: Vec<P>) -> Self {
        Self { vertices, cuts: BTreeMap::new() }
    }

    /// The positions of a ring.
    pub(super) fn positions(&self, ring: &[u32]) -> Vec<P> {
        ring.iter().map(|&vertex| self.vertices[vertex as usize]).collect()
    }

    /// The ring with the vertices that cuts have put on its edges since it was made.
    pub(super) fn current(&self, ring: &[u32]) -> Vec<u32> {
        let mut out = Vec::with_capacity(ring.len() + 4);
        for (place, &from) in ring.iter().enumerate() {
            out.push(from);
            self.between(from, ring[(place + 1) % ring.len()], &mut out);
        }
        out
    }

    fn between(&self, from: u32, to: u32, out: &mut Vec<u32>) {
        if let Some(&middle) = self.cuts.get(&[from.min(to), from.max(to)]) {
            self.between(from, middle, out);
            out.push(middle);
            self.between(middle, to, out);
        }
    }

    /// Cuts a ring in two by one straight chord so that the first part has about `share` of the area.
    ///
    /// The chord runs as square to its long side as possible. `None` if no chord gives two sensible parts.
    pub(super) fn split(&mut self, ring: &[u32], share: f64) -> Option<[Vec<u32>; 2]> {
        let ring = self.current(ring);
        let points = self.positions(&ring);
        let chord = best_chord(&points, share)?;
        let [a, b] = chord.ends.map(|end| self.vertex_at(&ring, end));
        let ring = self.current(&ring);
        let (from, to) = (ring.iter().position(|&at| at == a)?, ring.iter().position(|&at| at == b)?);
        let (low, high) = (from.min(to), from.max(to));
        let first: Vec<u32> = ring[low..=high].to_vec();
        let second: Vec<u32> = ring[high..].iter().chain(&ring[..=low]).copied().collect();
        (first.len() > 2 && second.len() > 2).then_some([first, second])
    }

    /// The vertex at the end of a chord: an existing one nearby, or a new one on the edge.
    fn vertex_at(&mut self, ring: &[u32], end: ChordEnd) -> u32 {
        let (a, b) = (ring[end.edge], ring[(end.edge + 1) % ring.len()]);
        if end.share <= 0.0 {
            return a;
        }
        if end.share >= 1.0 {
            return b;
        }
        let at = lerp(self.vertices[a as usize], self.vertices[b as usize], end.share);
        let vertex = self.vertices.len() as u32;
        self.vertices.push(at);
        self.cuts.insert([a.min(b), a.max(b)], vertex);
        vertex
    }

    /// The outlines of a group of rings: counter-clockwise outside, clockwise around holes.
    pub(super) fn outline<'a>(&self, rings: impl Iterator<Item = &'a [u32]>) -> Vec<Vec<u32>> {
        let mut edges: BTreeSet<(u32, u32)> = BTreeSet::new();
        for ring in rings {
            for (place, &from) in ring.iter().enumerate() {
                let to = ring[(place + 1) % ring.len()];
                if !edges.remove(&(to, from)) {
                    edges.insert((from, to));
                }
            }
        }
        let mut out = Vec::new();
        while let Some((start, first)) = edges.pop_first() {
            let mut ring = vec![start];
            let (mut before, mut here) = (start, first);
            loop {
                // Where the line comes back to a vertex, what lies between is a ring of its own.
                if let Some(place) = ring.iter().rposition(|&vertex| vertex == here) {
                    out.push(ring.split_off(place));
                }
                ring.push(here);
                let Some(next) = self.sharpest(before, here, &edges) else { break };
                edges.remove(&(here, next));
                (before, here) = (here, next);
            }
        }
        out
    }

    /// Of the edges that leave `here`, the one farthest to the right: rings that touch in a vertex stay apart.
    fn sharpest(&self, before: u32, here: u32, edges: &BTreeSet<(u32, u32)>) -> Option<u32> {
        let at = |vertex: u32| self.vertices[vertex as usize];
        let ahead = unit(sub(at(here), at(before)));
        let turn = |next: u32| {
            let leaving = unit(sub(at(next), at(here)));
            let (side, forward) = (cross(ahead, leaving), dot(ahead, leaving));
            if side >= 0.0 { 1.0 - forward } else { forward - 1.0 }
        };
        let leaving = edges.range((here, 0)..=(here, u32::MAX)).map(|&(_, next)| next);
        leaving.max_by(|&a, &b| turn(a).total_cmp(&turn(b)))
    }
}

#[derive(Clone, Copy)]
struct ChordEnd {
    edge: usize,
    share: f64,
}

struct Chord {
    ends: [ChordEnd; 2],
    score: f64,
}

/// The chord with the best balance of right area, short length and square corners.
fn best_chord(points: &[P], share: f64) -> Option<Chord> {
    let area = ring_area(points);
    let axis = long_axis(points);
    let mut best: Option<Chord> = None;
    for turn in [0.0, 0.12, -0.12, 0.3, -0.3] {
        let across = unit(along([-axis[1], axis[0]], axis, turn));
        for shift in [0.0, -0.05, 0.05, -0.1, 0.1, -0.17, 0.17] {
            let (low, high) = reach(points, axis);
            for way in [share, 1.0 - share] {
                let offset = low + (high - low) * (way + shift).clamp(0.06, 0.94);
                consider(points, area, share, (mul(axis, offset), across, turn.abs()), &mut best);
            }
        }
    }
    best
}

fn mul(a: P, by: f64) -> P {
    [a[0] * by, a[1] * by]
}

/// The direction in which a ring is longest: that of its edges, weighted, which follows streets better than inertia.
fn long_axis(points: &[P]) -> P {
    let mut best = ([1.0, 0.0], f64::INFINITY);
    for (place, &from) in points.iter().enumerate() {
        let ahead = sub(points[(place + 1) % points.len()], from);
        if dot(ahead, ahead) < 100.0 {
            continue;
        }
        let axis = unit(ahead);
        let side = [-axis[1], axis[0]];
        let ((a, b), (c, d)) = (reach(points, axis), reach(points, side));
        let box_area = (b - a) * (d - c);
        if box_area < best.1 {
            best = (if b - a >= d - c { axis } else { side }, box_area);
        }
    }
    best.0
}

fn reach(points: &[P], axis: P) -> (f64, f64) {
    let along_axis = points.iter().map(|&at| dot(at, axis));
    along_axis.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)))
}

/// Looks at every piece of one cut line that lies inside the ring.
fn consider(points: &[P], area: f64, share: f64, (base, across, turn): (P, P, f64), best: &mut Option<Chord>) {
    let mut crossings: Vec<(f64, ChordEnd)> = Vec::new();
    let far = 1e5;
    let center = along(base, across, dot(sub(points[0], base), across));
    let line = [along(center, across, -far), along(center, across, far)];
    for edge in 0..points.len() {
        let ends = [points[edge], points[(edge + 1) % points.len()]];
        if let Some((t, u)) = meet(line, ends, 0.0)
            && u < 1.0
        {
            let size = distance(ends[0], ends[1]);
            let share = if u * size < 3.0 {
                0.0
            } else if (1.0 - u) * size < 3.0 {
                1.0
            } else {
                u
            };
            crossings.push((t, ChordEnd { edge, share }));
        }
    }
    crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
    for pair in crossings.windows(2) {
        let ends = [pair[0].1, pair[1].1];
        if let Some(score) = rate(points, area, share, ends) {
            let score = score + turn * 0.25;
            if best.as_ref().is_none_or(|best| score < best.score) {
                *best = Some(Chord { ends, score });
            }
        }
    }
}

/// How good a chord is (0 is best); `None` for one that is no chord or leaves a scrap.
fn rate(points: &[P], area: f64, share: f64, ends: [ChordEnd; 2]) -> Option<f64> {
    let count = points.len();
    let at = |end: ChordEnd| lerp(points[end.edge], points[(end.edge + 1) % count], end.share);
    let corner = |end: ChordEnd| (end.edge + usize::from(end.share >= 1.0)) % count;
    let [from, to] = ends.map(at);
    let size = distance(from, to);
    if size < 8.0 || !inside(points, lerp(from, to, 0.5)) {
        return None;
    }
    let mut part = vec![from];
    let (first, last) = (corner(ends[0]), corner(ends[1]));
    let mut place = first;
    while place != last {
        place = (place + 1) % count;
        part.push(points[place]);
    }
    if ends[1].share > 0.0 && ends[1].share < 1.0 {
        part.push(to);
    }
    let own = ring_area(&part).abs() / area;
    let blocked = (0..count).any(|edge| {
        let segment = [points[edge], points[(edge + 1) % count]];
        meet([from, to], segment, 0.0).is_some_and(|(t, _)| t * size > 1.0 && (1.0 - t) * size > 1.0)
    });
    let off = (own - share).abs().min((own - (1.0 - share)).abs());
    (!blocked && own > 0.04 && own < 0.96).then(|| off * 2.2 + size / area.sqrt() * 0.35)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_squares() -> (Partition, [Vec<u32>; 2]) {
        let vertices = vec![[0., 0.], [100., 0.], [200., 0.], [200., 100.], [100., 100.], [0., 100.]];
        (Partition::new(vertices), [vec![0, 1, 4, 5], vec![1, 2, 3, 4]])
    }

    #[test]
    fn a_cut_gives_the_neighbour_the_new_vertex() {
        let (mut partition, [left, right]) = two_squares();
        let wide = partition.outline([left.as_slice(), right.as_slice()].into_iter());
        assert_eq!(wide.len(), 1);
        partition.split(&left, 0.5).expect("a square can be cut");
        let neighbour = partition.current(&right).len();
        assert!(neighbour == 4 || neighbour == 5);
        assert!((ring_area(&partition.positions(&partition.current(&right))) - 10_000.0).abs() < 1e-6);
    }

    #[test]
    fn the_parts_have_the_area_of_the_whole() {
        let (mut partition, [left, _]) = two_squares();
        let parts = partition.split(&left, 0.3).expect("a square can be cut");
        let areas = parts.map(|part| ring_area(&partition.positions(&part)));
        assert!((areas[0] + areas[1] - 10_000.0).abs() < 1e-6, "{areas:?}");
        assert!((areas[0].min(areas[1]) - 3000.0).abs() < 600.0, "{areas:?}");
    }

    #[test]
    fn areas_that_touch_in_a_corner_have_outlines_of_their_own() {
        let vertices = vec![[0., 0.], [1., 0.], [1., 1.], [0., 1.], [2., 1.], [2., 2.], [1., 2.]];
        let partition = Partition::new(vertices);
        let rings = partition.outline([[0, 1, 2, 3].as_slice(), [2, 4, 5, 6].as_slice()].into_iter());
        assert_eq!(rings.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4]);
    }

    #[test]
    fn the_outline_of_two_neighbours_leaves_out_what_they_share() {
        let (partition, [left, right]) = two_squares();
        let rings = partition.outline([left.as_slice(), right.as_slice()].into_iter());
        assert_eq!(rings[0].len(), 6);
    }
}
