//! The street network as a planar graph with faces: roads are cleaned of loose ends and slivers, blocks are what lies
//! between them.

use std::collections::BTreeMap;

use super::arrange::{BORDER, Edge, Line, Mesh, arrange, cut_again};
use super::geography::Geography;
use super::plane::{P, along, distance, left, length, resample, ring_area, simplify, sub, unit};
use super::streets::{Road, Segments};
use crate::task::{Cancelled, Task};

/// A face: the nodes around it, counter-clockwise, and the edges between them (edge k joins node k and k + 1).
pub(super) struct Face {
    /// Nodes.
    pub(super) nodes: Vec<u32>,
    /// Edges.
    pub(super) edges: Vec<u32>,
}

/// Cuts roads and borders into a graph and cleans it.
pub(super) fn build(ground: &Geography, roads: &[Road], task: &Task) -> Result<Mesh, Cancelled> {
    let mut lines: Vec<Line> = roads
        .iter()
        .enumerate()
        .filter(|(_, road)| road.class > 0)
        .map(|(index, road)| Line { points: road.line.clone(), class: road.class, road: index as u32 })
        .collect();
    lines.extend(borders(ground, roads));
    task.check()?;
    let mut mesh = arrange(ground.bounds, &lines, 2.2);
    join_close_junctions(&mut mesh);
    let mut mesh = cut_again(ground.bounds, &mesh, 0.5);
    for _round in 0..4 {
        task.check()?;
        prune(&mut mesh, [160.0, 55.0]);
        keep_largest(&mut mesh);
        if drop_slivers(&mut mesh) == 0 {
            break;
        }
    }
    // Blocks must be free of streets: a lane that leads nowhere goes, a wide one stays where it leaves the town.
    prune(&mut mesh, [420.0, f64::INFINITY]);
    keep_largest(&mut mesh);
    Ok(mesh)
}

/// Shores, creeks, railway and hill edges, with cross lines to the nearest road that tie them to the network.
fn borders(ground: &Geography, roads: &[Road]) -> Vec<Line> {
    let mut borders: Vec<Vec<P>> = Vec::new();
    let mut ties: Vec<[P; 2]> = Vec::new();
    let mut add = |line: Vec<P>, every_m: f64, reach_m: f64, sides: &[f64]| {
        for at in resample(&line, every_m).windows(2) {
            let across = left(unit(sub(at[1], at[0])));
            for &side in sides {
                ties.push([at[0], along(at[0], across, side * reach_m)]);
            }
        }
        borders.push(line);
    };
    for water in ground.waters.iter().filter(|water| water.class == "lake") {
        let mut ring = water.ring.clone();
        ring.push(ring[0]);
        let outward = if ring_area(&water.ring) > 0.0 { -1.0 } else { 1.0 };
        add(simplify(&ring, 0.8), 170.0, 420.0, &[outward]);
    }
    for hill in &ground.hills {
        let mut ring = hill.ring.clone();
        ring.push(ring[0]);
        let outward = if ring_area(&hill.ring) > 0.0 { -1.0 } else { 1.0 };
        add(simplify(&ring, 0.8), 210.0, 420.0, &[outward]);
    }
    add(simplify(&ground.bank, 0.8), 130.0, 260.0, &[-1.0]);
    for creek in &ground.creeks {
        add(simplify(&creek.line, 0.8), 240.0, 200.0, &[1.0, -1.0]);
    }
    add(simplify(&ground.rail, 0.5), 260.0, 160.0, &[1.0, -1.0]);
    let segments = Segments::new(ground.bounds, roads);
    let made = borders.iter().flat_map(|line| made_parts(ground, line));
    let drawn: Vec<Vec<P>> = made.chain(ties.iter().filter_map(|tie| tie_to_road(ground, &segments, *tie))).collect();
    drawn.into_iter().map(|points| Line { points, class: BORDER, road: u32::MAX }).collect()
}

fn made_parts(ground: &Geography, line: &[P]) -> Vec<Vec<P>> {
    line.split(|&at| !ground.is_made(at)).filter(|part| part.len() >= 2).map(<[P]>::to_vec).collect()
}

/// The tie from a border to the first road it meets.
fn tie_to_road(ground: &Geography, segments: &Segments, tie: [P; 2]) -> Option<Vec<P>> {
    if !ground.is_made(tie[0]) {
        return None;
    }
    let ahead = unit(sub(tie[1], tie[0]));
    let hit = segments.first_hit(usize::MAX, tie[0], ahead, distance(tie[0], tie[1]))?;
    Some(vec![tie[0], along(hit, ahead, 0.02)])
}

/// Makes one junction of two that are closer than 9 m; the one on the wider road stays where it is.
fn join_close_junctions(mesh: &mut Mesh) {
    let degrees = mesh.degrees(|_| true);
    let mut widest = vec![BORDER; mesh.nodes.len()];
    for edge in &mesh.edges {
        edge.ends.iter().for_each(|&end| widest[end as usize] = widest[end as usize].min(edge.class));
    }
    let mut moved: Vec<u32> = (0..mesh.nodes.len() as u32).collect();
    let mut fixed = vec![false; mesh.nodes.len()];
    for edge in &mesh.edges {
        let [a, b] = edge.ends;
        let is_close = mesh.edge_length(edge) < 9.0 && edge.ends.iter().all(|&end| degrees[end as usize] >= 3);
        if is_close && !fixed[a as usize] && !fixed[b as usize] {
            let (stay, go) = if widest[a as usize] <= widest[b as usize] { (a, b) } else { (b, a) };
            moved[go as usize] = stay;
            (fixed[a as usize], fixed[b as usize]) = (true, true);
        }
    }
    let mut edges: BTreeMap<[u32; 2], (u8, u32)> = BTreeMap::new();
    for edge in &mesh.edges {
        let [a, b] = edge.ends.map(|end| moved[end as usize]);
        if a != b {
            let best = edges.entry([a.min(b), a.max(b)]).or_insert((edge.class, edge.road));
            *best = (*best).min((edge.class, edge.road));
        }
    }
    mesh.edges = edges.into_iter().map(|(ends, (class, road))| Edge { ends, class, road }).collect();
}

/// Takes away dead ends: wide roads and lanes shorter than given, all of borders.
fn prune(mesh: &mut Mesh, [wide_m, lane_m]: [f64; 2]) {
    loop {
        let degrees = mesh.degrees(|_| true);
        let mut drop = vec![false; mesh.edges.len()];
        let around = incident(mesh);
        let loose = (0..mesh.nodes.len() as u32).filter(|&node| degrees[node as usize] == 1);
        for start in loose {
            let (chain, length_m, class) = dead_end(mesh, &around, start);
            let least_m = match class {
                BORDER => f64::INFINITY,
                3 => lane_m,
                _ => wide_m,
            };
            if length_m < least_m {
                for edge in chain {
                    drop[edge as usize] = true;
                }
            }
        }
        if !drop.contains(&true) {
            return;
        }
        retain(mesh, |index, _| !drop[index]);
    }
}

/// The edges from a loose end to the next junction or change of class, their length and class.
fn dead_end(mesh: &Mesh, around: &[Vec<u32>], start: u32) -> (Vec<u32>, f64, u8) {
    let mut chain = vec![around[start as usize][0]];
    let mut edge = &mesh.edges[chain[0] as usize];
    let class = edge.class;
    let (mut node, mut length_m) = (start, 0.0);
    loop {
        node = if edge.ends[0] == node { edge.ends[1] } else { edge.ends[0] };
        length_m += mesh.edge_length(edge);
        let next = around[node as usize].iter().find(|&&next| next != chain[chain.len() - 1]);
        match next {
            Some(&next) if around[node as usize].len() == 2 && mesh.edges[next as usize].class == class => {
                chain.push(next);
                edge = &mesh.edges[next as usize];
            }
            _ => return (chain, length_m, class),
        }
    }
}

/// Edges at every node.
pub(super) fn incident(mesh: &Mesh) -> Vec<Vec<u32>> {
    let mut around = vec![Vec::new(); mesh.nodes.len()];
    for (index, edge) in mesh.edges.iter().enumerate() {
        for end in edge.ends {
            around[end as usize].push(index as u32);
        }
    }
    around
}

fn retain(mesh: &mut Mesh, keep: impl Fn(usize, &Edge) -> bool) {
    let mut index = 0;
    mesh.edges.retain(|edge| {
        index += 1;
        keep(index - 1, edge)
    });
}

/// Keeps the largest connected part of the graph.
fn keep_largest(mesh: &mut Mesh) {
    let around = incident(mesh);
    let mut part = vec![u32::MAX; mesh.nodes.len()];
    let mut sizes: Vec<usize> = Vec::new();
    for start in 0..mesh.nodes.len() {
        if part[start] != u32::MAX {
            continue;
        }
        let own = sizes.len() as u32;
        let mut todo = vec![start as u32];
        part[start] = own;
        let mut size = 0;
        while let Some(node) = todo.pop() {
            size += 1;
            for &edge in &around[node as usize] {
                for end in mesh.edges[edge as usize].ends {
                    if part[end as usize] == u32::MAX {
                        part[end as usize] = own;
                        todo.push(end);
                    }
                }
            }
        }
        sizes.push(size);
    }
    let largest = (0..sizes.len()).max_by_key(|&own| sizes[own]).unwrap_or(0) as u32;
    retain(mesh, |_, edge| part[edge.ends[0] as usize] == largest);
}

/// Takes away one lane of every sliver between two roads that nearly touch; how many there were.
fn drop_slivers(mesh: &mut Mesh) -> usize {
    let mut drop = vec![false; mesh.edges.len()];
    let mut count = 0;
    for face in faces(mesh) {
        let ring: Vec<P> = face.nodes.iter().map(|&node| mesh.nodes[node as usize]).collect();
        let area = ring_area(&ring);
        let around: f64 = face.edges.iter().map(|&edge| mesh.edge_length(&mesh.edges[edge as usize])).sum();
        if area > 900.0 && 2.0 * area / around > 13.0 {
            continue;
        }
        let lane = |edge: u32| mesh.edges[edge as usize].class == 3 || mesh.edges[edge as usize].class == BORDER;
        let weight = |edge: u32| mesh.edge_length(&mesh.edges[edge as usize]);
        let longest = face.edges.iter().copied().filter(|&edge| lane(edge) && mesh.edges[edge as usize].class == 3);
        if let Some(edge) = longest.max_by(|&a, &b| weight(a).total_cmp(&weight(b))) {
            drop[edge as usize] = true;
            count += 1;
        }
    }
    retain(mesh, |index, _| !drop[index]);
    count
}

/// The faces of the graph but the outer one. Dead ends and bridges between parts do not bound faces.
pub(super) fn faces(mesh: &Mesh) -> Vec<Face> {
    let used = bounding(mesh);
    let next = turns(mesh, &used);
    let mut seen = vec![false; mesh.edges.len() * 2];
    let mut faces = Vec::new();
    for start in 0..seen.len() {
        if seen[start] || !used[start / 2] {
            continue;
        }
        let (mut nodes, mut edges) = (Vec::new(), Vec::new());
        let mut half = start;
        while !seen[half] {
            seen[half] = true;
            nodes.push(mesh.edges[half / 2].ends[half % 2]);
            edges.push((half / 2) as u32);
            half = next[half] as usize;
        }
        let ring: Vec<P> = nodes.iter().map(|&node| mesh.nodes[node as usize]).collect();
        if ring_area(&ring) > 1.0 {
            faces.push(Face { nodes, edges });
        }
    }
    faces
}

/// Which edges have two different faces: all but dead ends and bridges.
fn bounding(mesh: &Mesh) -> Vec<bool> {
    let mut used = vec![true; mesh.edges.len()];
    loop {
        drop_loose(mesh, &mut used);
        let next = turns(mesh, &used);
        let mut face = vec![u32::MAX; mesh.edges.len() * 2];
        for start in 0..face.len() {
            let mut half = start;
            while used[half / 2] && face[half] == u32::MAX {
                face[half] = start as u32;
                half = next[half] as usize;
            }
        }
        let bridges: Vec<usize> =
            (0..used.len()).filter(|&edge| used[edge] && face[2 * edge] == face[2 * edge + 1]).collect();
        if bridges.is_empty() {
            return used;
        }
        for edge in bridges {
            used[edge] = false;
        }
        only_largest(mesh, &mut used);
    }
}

fn drop_loose(mesh: &Mesh, used: &mut [bool]) {
    let around = incident(mesh);
    let mut degree: Vec<usize> =
        around.iter().map(|edges| edges.iter().filter(|&&edge| used[edge as usize]).count()).collect();
    let mut todo: Vec<u32> = (0..degree.len() as u32).filter(|&node| degree[node as usize] == 1).collect();
    while let Some(node) = todo.pop() {
        let Some(&edge) = around[node as usize].iter().find(|&&edge| used[edge as usize]) else { continue };
        used[edge as usize] = false;
        for end in mesh.edges[edge as usize].ends {
            degree[end as usize] -= 1;
            if degree[end as usize] == 1 {
                todo.push(end);
            }
        }
    }
}

/// Keeps the largest connected part of the used edges.
fn only_largest(mesh: &Mesh, used: &mut [bool]) {
    let edges = mesh.edges.iter().zip(used.iter()).map(|(edge, &used)| (*edge, used));
    let (kept, places): (Vec<Edge>, Vec<usize>) =
        edges.enumerate().filter(|(_, (_, used))| *used).map(|(place, (edge, _))| (edge, place)).unzip();
    let mut part = Mesh { nodes: mesh.nodes.clone(), edges: kept };
    for (number, edge) in part.edges.iter_mut().enumerate() {
        edge.road = places[number] as u32;
    }
    keep_largest(&mut part);
    used.fill(false);
    part.edges.iter().for_each(|edge| used[edge.road as usize] = true);
}

/// For every half edge (2 × edge + 0 forwards, + 1 backwards) the one that follows around the face on its left.
fn turns(mesh: &Mesh, used: &[bool]) -> Vec<u32> {
    let mut out: Vec<Vec<(f64, u32)>> = vec![Vec::new(); mesh.nodes.len()];
    for (index, edge) in mesh.edges.iter().enumerate().filter(|(index, _)| used[*index]) {
        for side in 0..2 {
            let ahead = sub(mesh.nodes[edge.ends[1 - side] as usize], mesh.nodes[edge.ends[side] as usize]);
            out[edge.ends[side] as usize].push((turn(ahead), (2 * index + side) as u32));
        }
    }
    let mut next = vec![0; mesh.edges.len() * 2];
    for leaving in &mut out {
        leaving.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (place, &(_, half)) in leaving.iter().enumerate() {
            let before = leaving[(place + leaving.len() - 1) % leaving.len()].1;
            next[(half ^ 1) as usize] = before;
        }
    }
    next
}

/// Grows with the angle of a vector, from 0 to 4, without trigonometry.
fn turn(ahead: P) -> f64 {
    let [x, y] = [ahead[0] / length(ahead).max(1e-12), ahead[1] / length(ahead).max(1e-12)];
    let share = x / (x.abs() + y.abs()).max(1e-12);
    if y >= 0.0 { 1.0 - share } else { 3.0 + share }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_with_a_diagonal_and_a_dead_end_has_two_faces() {
        let line = |points: &[P]| Line { points: points.to_vec(), class: 3, road: 0 };
        let lines = [
            line(&[[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0], [0.0, 0.0]]),
            line(&[[0.0, 0.0], [100.0, 100.0]]),
            line(&[[100.0, 100.0], [160.0, 140.0]]),
        ];
        let mesh = arrange([0.0, 0.0, 200.0, 200.0], &lines, 1.0);
        let faces = faces(&mesh);
        assert_eq!(faces.len(), 2);
        for face in faces {
            let ring: Vec<P> = face.nodes.iter().map(|&node| mesh.nodes[node as usize]).collect();
            assert!((ring_area(&ring) - 5000.0).abs() < 1e-6);
        }
    }
}
