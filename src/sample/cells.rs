//! Unit-grid cells of about 10,000 m²: every block is cut into as many as its area asks for.

use std::collections::BinaryHeap;

use super::blocks::{Cost, Town};
use super::plane::{P, ring_area, ring_center};

/// One cell.
pub(super) struct Cell {
    /// Vertices around it, counter-clockwise.
    pub(super) ring: Vec<u32>,
    /// The block it is part of.
    pub(super) block: usize,
    /// Area in m².
    pub(super) area_m2: f64,
    /// Centre of gravity.
    pub(super) center: P,
}

/// Cuts the town's blocks into `count` cells.
pub(super) fn cut(town: &mut Town, count: usize) -> Vec<Cell> {
    let areas: Vec<f64> = town.blocks.iter().map(|block| block.area_m2).collect();
    let shares = shares(&areas, count);
    let mut rings: Vec<(Vec<u32>, usize)> = Vec::with_capacity(count);
    for (block, &parts) in shares.iter().enumerate() {
        let ring = town.blocks[block].ring.clone();
        split_into(town, ring, parts, &mut |ring| rings.push((ring, block)));
    }
    top_up(town, &mut rings, count);
    rings
        .into_iter()
        .map(|(ring, block)| {
            let ring = town.partition.current(&ring);
            let points = town.partition.positions(&ring);
            Cell { area_m2: ring_area(&points), center: ring_center(&points), ring, block }
        })
        .collect()
}

/// How many cells each block becomes: at least one, `count` in all where that is possible.
fn shares(areas: &[f64], count: usize) -> Vec<usize> {
    let with = |size: f64| areas.iter().map(|area| ((area / size).round() as usize).max(1)).collect::<Vec<_>>();
    let (mut low, mut high) = (500.0, 100_000.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if with(middle).iter().sum::<usize>() > count { low = middle } else { high = middle }
    }
    with(high)
}

fn split_into(town: &mut Town, ring: Vec<u32>, parts: usize, done: &mut dyn FnMut(Vec<u32>)) {
    if parts > 1 {
        let first = parts / 2;
        if let Some([a, b]) = town.partition.split(&ring, first as f64 / parts as f64) {
            let area = |ring: &[u32]| ring_area(&town.partition.positions(ring));
            let own = area(&a) / (area(&a) + area(&b));
            let parts_a = ((own * parts as f64).round() as usize).clamp(1, parts - 1);
            split_into(town, a, parts_a, done);
            split_into(town, b, parts - parts_a, done);
            return;
        }
    }
    done(ring);
}

/// Cuts the largest cells until there are enough.
fn top_up(town: &mut Town, rings: &mut Vec<(Vec<u32>, usize)>, count: usize) {
    let area = |town: &Town, ring: &[u32]| ring_area(&town.partition.positions(&town.partition.current(ring)));
    let mut queue: BinaryHeap<(Cost, usize)> =
        rings.iter().enumerate().map(|(place, (ring, _))| (Cost(-area(town, ring)), place)).collect();
    while rings.len() < count {
        let Some((_, place)) = queue.pop() else { break };
        if let Some([a, b]) = town.partition.split(&rings[place].0, 0.5) {
            let block = rings[place].1;
            queue.push((Cost(-area(town, &a)), place));
            queue.push((Cost(-area(town, &b)), rings.len()));
            rings[place].0 = a;
            rings.push((b, block));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_share_the_cells_by_area() {
        assert_eq!(shares(&[10_000.0, 40_000.0, 2_000.0], 6), [1, 4, 1]);
    }
}
