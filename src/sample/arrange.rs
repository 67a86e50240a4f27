//! Cuts lines where they cross, so that they become a planar graph: nodes, and straight edges that meet only in nodes.

use std::collections::BTreeMap;

use super::plane::{P, along, distance, meet, sub};

/// A line to be cut.
pub(super) struct Line {
    /// Middle line.
    pub(super) points: Vec<P>,
    /// Road class 0–3, or [`BORDER`].
    pub(super) class: u8,
    /// Which road it belongs to.
    pub(super) road: u32,
}

/// The class of lines that are no roads: shores, creeks, railway.
pub(super) const BORDER: u8 = 9;

/// A straight edge of the graph.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// Its two nodes.
    pub(super) ends: [u32; 2],
    /// As [`Line::class`].
    pub(super) class: u8,
    /// As [`Line::road`].
    pub(super) road: u32,
}

/// A planar graph.
pub(super) struct Mesh {
    /// Positions.
    pub(super) nodes: Vec<P>,
    /// Edges, no two between the same nodes.
    pub(super) edges: Vec<Edge>,
}

impl Mesh {
    /// Length of an edge.
    pub(super) fn edge_length(&self, edge: &Edge) -> f64 {
        distance(self.nodes[edge.ends[0] as usize], self.nodes[edge.ends[1] as usize])
    }

    /// How many kept edges meet at each node.
    pub(super) fn degrees(&self, keep: impl Fn(&Edge) -> bool) -> Vec<u32> {
        let mut degrees = vec![0; self.nodes.len()];
        for edge in self.edges.iter().filter(|edge| keep(edge)) {
            for end in edge.ends {
                degrees[end as usize] += 1;
            }
        }
        degrees
    }
}

/// Cuts `lines` at their crossings. Points closer together than `snap_m` become one.
pub(super) fn arrange(bounds: [f64; 4], lines: &[Line], snap_m: f64) -> Mesh {
    // Snapping moves edges a little, which can make them cross anew.
    cut_again(bounds, &cut(bounds, lines, snap_m), snap_m * 0.4)
}

/// Cuts the edges of a graph where they cross after its nodes have been moved.
pub(super) fn cut_again(bounds: [f64; 4], mesh: &Mesh, snap_m: f64) -> Mesh {
    let pieces: Vec<Line> = mesh
        .edges
        .iter()
        .map(|edge| Line {
            points: edge.ends.map(|end| mesh.nodes[end as usize]).to_vec(),
            class: edge.class,
            road: edge.road,
        })
        .collect();
    cut(bounds, &pieces, snap_m)
}

fn cut(bounds: [f64; 4], lines: &[Line], snap_m: f64) -> Mesh {
    let mut points = Points::new(bounds, snap_m);
    for line in lines {
        line.points.iter().for_each(|&at| _ = points.id(at));
    }
    let crossings = crossings(bounds, lines);
    let mut edges: BTreeMap<[u32; 2], (u8, u32)> = BTreeMap::new();
    let mut segment = 0;
    for line in lines {
        let mut path = vec![points.id(line.points[0])];
        for pair in line.points.windows(2) {
            for &(_, at) in &crossings[segment] {
                path.push(points.id(at));
            }
            path.push(points.id(pair[1]));
            segment += 1;
        }
        for pair in path.windows(2).filter(|pair| pair[0] != pair[1]) {
            let key = [pair[0].min(pair[1]), pair[0].max(pair[1])];
            let best = edges.entry(key).or_insert((line.class, line.road));
            *best = (*best).min((line.class, line.road));
        }
    }
    let edges = edges.into_iter().map(|(ends, (class, road))| Edge { ends, class, road }).collect();
    Mesh { nodes: points.positions, edges }
}

/// For every segment, in order, where others cross it: share of its length and position.
fn crossings(bounds: [f64; 4], lines: &[Line]) -> Vec<Vec<(f64, P)>> {
    let segments: Vec<([P; 2], usize)> = lines
        .iter()
        .enumerate()
        .flat_map(|(index, line)| line.points.windows(2).map(move |pair| ([pair[0], pair[1]], index)))
        .collect();
    let buckets = bucket(bounds, &segments);
    let mut found: Vec<Vec<(f64, P)>> = vec![Vec::new(); segments.len()];
    for bucket in &buckets {
        for (place, &a) in bucket.iter().enumerate() {
            for &b in &bucket[place + 1..] {
                let (a, b) = (a.min(b) as usize, a.max(b) as usize);
                if segments[a].1 == segments[b].1 && b - a <= 1 {
                    continue;
                }
                if let Some((t, u)) = meet(segments[a].0, segments[b].0, 0.3) {
                    let [from, to] = segments[a].0;
                    let at = along(from, sub(to, from), t.clamp(0.0, 1.0));
                    found[a].push((t, at));
                    found[b].push((u, at));
                }
            }
        }
    }
    for crossings in &mut found {
        crossings.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1[0].total_cmp(&y.1[0])));
        crossings.dedup_by_key(|crossing| crossing.1.map(f64::to_bits));
    }
    found
}

fn bucket(bounds: [f64; 4], segments: &[([P; 2], usize)]) -> Vec<Vec<u32>> {
    const SIZE_M: f64 = 60.0;
    let columns = ((bounds[2] - bounds[0]) / SIZE_M) as usize + 2;
    let rows = ((bounds[3] - bounds[1]) / SIZE_M) as usize + 2;
    let mut buckets = vec![Vec::new(); columns * rows];
    for (index, (ends, _)) in segments.iter().enumerate() {
        let span = |axis: usize, most: usize| {
            let low = ends[0][axis].min(ends[1][axis]) - 0.5 - bounds[axis];
            let high = ends[0][axis].max(ends[1][axis]) + 0.5 - bounds[axis];
            let place = |at: f64| ((at / SIZE_M).max(0.0) as usize).min(most - 1);
            place(low)..=place(high)
        };
        for row in span(1, rows) {
            for column in span(0, columns) {
                buckets[row * columns + column].push(index as u32);
            }
        }
    }
    buckets
}

/// Positions with numbers; what lies closer together than `snap_m` has one number.
struct Points {
    bounds: [f64; 4],
    snap_m: f64,
    size_m: f64,
    columns: i64,
    buckets: Vec<Vec<u32>>,
    positions: Vec<P>,
}

impl Points {
    fn new(bounds: [f64; 4], snap_m: f64) -> Self {
        let size_m = 16.0;
        let columns = ((bounds[2] - bounds[0]) / size_m) as i64 + 3;
        let rows = ((bounds[3] - bounds[1]) / size_m) as i64 + 3;
        let buckets = vec![Vec::new(); (columns * rows) as usize];
        Self { bounds, snap_m, size_m, columns, buckets, positions: Vec::new() }
    }

    fn place(&self, at: P, dc: i64, dr: i64) -> usize {
        let column = (((at[0] - self.bounds[0]) / self.size_m) as i64 + 1 + dc).clamp(0, self.columns - 1);
        let row = (((at[1] - self.bounds[1]) / self.size_m) as i64 + 1 + dr).max(0);
        ((row * self.columns + column) as usize).min(self.buckets.len() - 1)
    }

    fn id(&mut self, at: P) -> u32 {
        let mut best = (self.snap_m, None);
        for (dc, dr) in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)] {
            for &id in &self.buckets[self.place(at, dc, dr)] {
                let far = distance(self.positions[id as usize], at);
                if far < best.0 {
                    best = (far, Some(id));
                }
            }
        }
        best.1.unwrap_or_else(|| {
            let id = self.positions.len() as u32;
            self.positions.push(at);
            let place = self.place(at, 0, 0);
            self.buckets[place].push(id);
            id
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_crossing_lines_become_four_edges() {
        let line = |points: &[P], road| Line { points: points.to_vec(), class: 3, road };
        let lines = [line(&[[0.0, 50.0], [100.0, 50.0]], 0), line(&[[50.0, 0.0], [50.0, 100.0]], 1)];
        let mesh = arrange([0.0, 0.0, 100.0, 100.0], &lines, 2.0);
        assert_eq!((mesh.nodes.len(), mesh.edges.len()), (5, 4));
    }

    #[test]
    fn an_end_just_beside_a_line_is_joined_to_it() {
        let line = |points: &[P], road| Line { points: points.to_vec(), class: 3, road };
        let lines = [line(&[[0.0, 50.0], [100.0, 50.0]], 0), line(&[[50.0, 50.2], [50.0, 100.0]], 1)];
        let mesh = arrange([0.0, 0.0, 100.0, 100.0], &lines, 2.0);
        assert_eq!(mesh.edges.len(), 3);
    }
}
