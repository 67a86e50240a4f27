//! Blocks: the land between streets, shores and other borders, and which of them make up the town.

use std::collections::{BTreeMap, BinaryHeap};

use super::arrange::{BORDER, Mesh};
use super::geography::{Character, Geography};
use super::mesh::Face;
use super::partition::Partition;
use super::plane::{P, along, distance, inside, left, ring_area, ring_center, sub, unit};

/// One block of the town.
pub(super) struct Block {
    /// Vertices around it, counter-clockwise.
    pub(super) ring: Vec<u32>,
    /// Area in m².
    pub(super) area_m2: f64,
    /// A place inside it.
    pub(super) center: P,
    /// How it is built.
    pub(super) character: Character,
    /// Whether it is a large park drawn by hand.
    pub(super) is_park: bool,
}

/// The town: its blocks, and the vertices they share.
pub(super) struct Town {
    /// Vertices; the first ones are the nodes of the street graph.
    pub(super) partition: Partition,
    /// Blocks.
    pub(super) blocks: Vec<Block>,
    /// Blocks that share an edge, with the length of it.
    pub(super) neighbours: Vec<Vec<(usize, f64)>>,
}

/// The largest block that is still taken as part of the town.
const LARGEST_M2: f64 = 850_000.0;
/// Blocks smaller than this join a neighbour.
const SMALLEST_M2: f64 = 3_600.0;

/// The blocks nearest to the middle whose area is `area_m2` in all.
pub(super) fn choose(ground: &Geography, mesh: &Mesh, faces: &[Face], area_m2: f64) -> Town {
    let land: Vec<&Face> = faces.iter().filter(|face| is_land(ground, mesh, face)).collect();
    let rings: Vec<Vec<u32>> = land.iter().map(|face| face.nodes.clone()).collect();
    let partition = Partition::new(mesh.nodes.clone());
    let areas: Vec<f64> = rings.iter().map(|ring| ring_area(&partition.positions(ring))).collect();
    let centers: Vec<P> = rings.iter().map(|ring| pole(&partition.positions(ring))).collect();
    let neighbours = neighbours(&partition, &rings);
    let chosen = grow(ground, &areas, &centers, &neighbours, area_m2);
    let rings = chosen.into_iter().map(|block| rings[block].clone()).collect();
    let rings = merge_small(&partition, mesh, rings);
    let blocks = rings.into_iter().map(|ring| block(ground, &partition, ring)).collect::<Vec<_>>();
    let rings: Vec<Vec<u32>> = blocks.iter().map(|block| block.ring.clone()).collect();
    let neighbours = self::neighbours(&partition, &rings);
    Town { partition, blocks, neighbours }
}

fn block(ground: &Geography, partition: &Partition, ring: Vec<u32>) -> Block {
    let points = partition.positions(&ring);
    let center = pole(&points);
    let is_park = ground.hills.iter().any(|hill| inside(&hill.ring, center));
    Block { area_m2: ring_area(&points), center, character: ground.character(center), is_park, ring }
}

/// A place inside a ring: its centre of gravity, or a point beside its longest edge.
pub(super) fn pole(points: &[P]) -> P {
    let center = ring_center(points);
    if inside(points, center) {
        return center;
    }
    let edge = |place: usize| [points[place], points[(place + 1) % points.len()]];
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| {
        let size = |place: usize| distance(edge(place)[0], edge(place)[1]);
        size(b).total_cmp(&size(a))
    });
    for place in order {
        let [a, b] = edge(place);
        let middle = [f64::midpoint(a[0], b[0]), f64::midpoint(a[1], b[1])];
        for depth in [20.0, 8.0, 2.0, 0.3] {
            let at = along(middle, left(unit(sub(b, a))), depth);
            if inside(points, at) {
                return at;
            }
        }
    }
    center
}

fn is_land(ground: &Geography, mesh: &Mesh, face: &Face) -> bool {
    let points: Vec<P> = face.nodes.iter().map(|&node| mesh.nodes[node as usize]).collect();
    let at = pole(&points);
    let wet = ground.waters.iter().any(|water| water.class != "creek" && water.holds(at));
    let area = ring_area(&points);
    let wild = face.edges.iter().all(|&edge| mesh.edges[edge as usize].class == BORDER)
        && !ground.hills.iter().any(|hill| inside(&hill.ring, at));
    !wet && area < LARGEST_M2 && (!wild || area < 60_000.0)
}

/// For every ring those that share an edge with it, and how long that is.
fn neighbours(partition: &Partition, rings: &[Vec<u32>]) -> Vec<Vec<(usize, f64)>> {
    let mut owner: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    for (index, ring) in rings.iter().enumerate() {
        for (place, &from) in ring.iter().enumerate() {
            owner.insert((from, ring[(place + 1) % ring.len()]), index);
        }
    }
    let mut shared: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); rings.len()];
    for (&(from, to), &index) in &owner {
        if let Some(&other) = owner.get(&(to, from))
            && other != index
        {
            let [a, b] = [from, to].map(|vertex| partition.vertices[vertex as usize]);
            *shared[index].entry(other).or_default() += distance(a, b);
        }
    }
    shared.into_iter().map(|shared| shared.into_iter().collect()).collect()
}

/// A number that can be put in order: for queues.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Cost(pub(super) f64);

impl Eq for Cost {}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cost {
    /// Smaller is greater, so that the cheapest comes out of a heap first.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.total_cmp(&self.0)
    }
}

/// Takes the nearest neighbours of what is taken, from the middle outwards, until the area is reached.
fn grow(ground: &Geography, areas: &[f64], centers: &[P], next: &[Vec<(usize, f64)>], area_m2: f64) -> Vec<usize> {
    let price = |block: usize| {
        let off = sub(centers[block], ground.center);
        let south = if off[1] < 0.0 { 1.06 } else { 1.0 };
        (off[0] * off[0] * 0.36 + off[1] * off[1] * south).sqrt()
    };
    let Some(start) = (0..areas.len()).min_by(|&a, &b| price(a).total_cmp(&price(b))) else { return Vec::new() };
    let mut queue = BinaryHeap::from([(Cost(price(start)), start)]);
    let mut seen = vec![false; areas.len()];
    seen[start] = true;
    let (mut chosen, mut total) = (Vec::new(), 0.0);
    while let Some((_, block)) = queue.pop() {
        if total + areas[block] > area_m2 * 1.000_4 {
            continue;
        }
        total += areas[block];
        chosen.push(block);
        for &(other, _) in &next[block] {
            if !seen[other] {
                seen[other] = true;
                queue.push((Cost(price(other)), other));
            }
        }
    }
    chosen.sort_unstable();
    chosen
}

/// Joins blocks that are too small for a cell to the neighbour with the longest quiet border.
fn merge_small(partition: &Partition, mesh: &Mesh, mut rings: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
    let class: BTreeMap<[u32; 2], u8> = mesh.edges.iter().map(|edge| (edge.ends, edge.class)).collect();
    for _round in 0..3 {
        let mut joined = vec![false; rings.len()];
        let mut gone = vec![false; rings.len()];
        let next = neighbours(partition, &rings);
        for small in 0..rings.len() {
            if joined[small] || ring_area(&partition.positions(&rings[small])) > SMALLEST_M2 {
                continue;
            }
            let free = next[small].iter().filter(|(other, _)| !joined[*other]);
            let quiet = |other: usize| quiet_border(&class, partition, &rings[small], &rings[other]);
            let Some(&(other, _)) = free.max_by(|a, b| quiet(a.0).total_cmp(&quiet(b.0))) else { continue };
            let outline = partition.outline([rings[small].as_slice(), rings[other].as_slice()].into_iter());
            if let [ring] = outline.as_slice() {
                rings[other].clone_from(ring);
                (joined[small], joined[other], gone[small]) = (true, true, true);
            }
        }
        if !gone.contains(&true) {
            break;
        }
        rings = rings.into_iter().zip(gone).filter_map(|(ring, gone)| (!gone).then_some(ring)).collect();
    }
    rings
}

/// Length of the border between two rings, wide roads counted little.
fn quiet_border(class: &BTreeMap<[u32; 2], u8>, partition: &Partition, a: &[u32], b: &[u32]) -> f64 {
    let edges =
        |ring: &[u32]| (0..ring.len()).map(|place| (ring[place], ring[(place + 1) % ring.len()])).collect::<Vec<_>>();
    let theirs: std::collections::BTreeSet<(u32, u32)> = edges(b).into_iter().collect();
    let shared = edges(a).into_iter().filter(|&(from, to)| theirs.contains(&(to, from)));
    shared
        .map(|(from, to)| {
            let wide = class.get(&[from.min(to), from.max(to)]).is_some_and(|&class| class <= 2);
            let [p, q] = [from, to].map(|vertex| partition.vertices[vertex as usize]);
            distance(p, q) * if wide { 0.1 } else { 1.0 }
        })
        .sum()
}
