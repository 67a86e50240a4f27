//! The street network after cleaning: named roads as rows of the map, links between junctions for everything that
//! follows streets, and the two lines beside the middle of the street where sewers lie.

use super::arrange::{Edge, Mesh};
use super::geography::{Character, Geography};
use super::names::Names;
use super::plane::{P, along, distance, left, length, lerp, meet, mul, path_length, sub, unit};
use super::streets::Road;

/// A stretch of one road without a gap.
pub(super) struct Run {
    /// Name in Chinese.
    pub(super) name: String,
    /// 1 arterial, 2 collector, 3 lane.
    pub(super) class: u8,
    /// Nodes of the mesh along it.
    pub(super) nodes: Vec<u32>,
    /// Middle line.
    pub(super) line: Vec<P>,
    /// Length in metres.
    pub(super) length_m: f64,
}

/// A stretch of street between two junctions or ends.
pub(super) struct Link {
    /// Nodes of the mesh along it.
    pub(super) nodes: Vec<u32>,
    /// The run it is part of.
    pub(super) run: usize,
    /// As [`Run::class`].
    pub(super) class: u8,
    /// Length in metres.
    pub(super) length_m: f64,
}

/// Streets as rows and as a graph.
pub(super) struct Network {
    /// Named stretches.
    pub(super) runs: Vec<Run>,
    /// Stretches between junctions.
    pub(super) links: Vec<Link>,
    /// For every node of the mesh the step to the sewer line on the left (north-west) side.
    pub(super) side: Vec<P>,
    /// For every node of the mesh the links that end there.
    pub(super) ends: Vec<Vec<usize>>,
    /// Positions of the nodes.
    pub(super) nodes: Vec<P>,
}

/// Distance of a sewer from the middle of its street.
const SEWER_OFFSET_M: f64 = 2.7;

impl Network {
    /// Names roads and finds links.
    pub(super) fn new(ground: &Geography, mesh: &Mesh, roads: &[Road], seed: u64) -> Self {
        let streets = Mesh {
            nodes: mesh.nodes.clone(),
            edges: mesh.edges.iter().copied().filter(|edge| edge.class <= 3).collect(),
        };
        let runs = name_runs(ground, &streets, roads, seed);
        let degrees = streets.degrees(|_| true);
        let mut network = Self {
            runs,
            links: Vec::new(),
            side: Vec::new(),
            ends: vec![Vec::new(); mesh.nodes.len()],
            nodes: streets.nodes,
        };
        for run in 0..network.runs.len() {
            network.cut_run(run, &degrees);
        }
        for (number, link) in network.links.iter().enumerate() {
            network.ends[link.nodes[0] as usize].push(number);
            network.ends[link.nodes[link.nodes.len() - 1] as usize].push(number);
        }
        network.side = sides(&network);
        network
    }

    fn cut_run(&mut self, run: usize, degrees: &[u32]) {
        let own = &self.runs[run];
        let mut nodes = vec![own.nodes[0]];
        let mut found = Vec::new();
        for &node in &own.nodes[1..] {
            nodes.push(node);
            if degrees[node as usize] != 2 || node == own.nodes[own.nodes.len() - 1] {
                let line: Vec<P> = nodes.iter().map(|&node| self.nodes[node as usize]).collect();
                let link =
                    Link { length_m: path_length(&line), nodes: std::mem::take(&mut nodes), run, class: own.class };
                nodes = vec![node];
                found.push(link);
            }
        }
        self.links.extend(found);
    }

    /// The middle line of a link.
    pub(super) fn line(&self, link: usize) -> Vec<P> {
        self.links[link].nodes.iter().map(|&node| self.nodes[node as usize]).collect()
    }

    /// The line of a sewer in a link: on the left with `way` 1, on the right with -1.
    pub(super) fn sewer_line(&self, link: usize, way: f64) -> Vec<P> {
        let place = |&node: &u32| along(self.nodes[node as usize], self.side[node as usize], way);
        self.links[link].nodes.iter().map(place).collect()
    }

    /// The node at the other end of a link.
    pub(super) fn other_end(&self, link: usize, node: u32) -> u32 {
        let nodes = &self.links[link].nodes;
        if nodes[0] == node { nodes[nodes.len() - 1] } else { nodes[0] }
    }
}

/// Width of a road from edge to edge, metres.
pub(super) fn width_m(class: u8) -> f64 {
    [30.0, 26.0, 16.0, 8.5][usize::from(class.min(3))]
}

fn name_runs(ground: &Geography, streets: &Mesh, roads: &[Road], seed: u64) -> Vec<Run> {
    let mut names = Names::new(seed, "road names");
    roads.iter().filter_map(|road| road.name).for_each(|name| names.take(name));
    let mut by_road: Vec<Vec<u32>> = vec![Vec::new(); roads.len()];
    for (index, edge) in streets.edges.iter().enumerate() {
        by_road[edge.road as usize].push(index as u32);
    }
    let mut runs = Vec::new();
    for (road, edges) in roads.iter().zip(by_road).filter(|(_, edges)| !edges.is_empty()) {
        let at = streets.nodes[streets.edges[edges[0] as usize].ends[0] as usize];
        let is_old = matches!(ground.character(at), Character::OldTown);
        let class = if road.class == 3 && path_length(&road.line) > 520.0 { 2 } else { road.class };
        let name = road.name.map_or_else(|| names.road(class, is_old), str::to_owned);
        for nodes in paths(streets, &edges) {
            let mut line: Vec<P> = nodes.iter().map(|&node| streets.nodes[node as usize]).collect();
            let mut nodes = nodes;
            let chord = sub(line[line.len() - 1], line[0]);
            if chord[0] + chord[1] < 0.0 {
                line.reverse();
                nodes.reverse();
            }
            runs.push(Run { name: name.clone(), class: road.class, nodes, length_m: path_length(&line), line });
        }
    }
    runs
}

/// The paths that some edges form.
fn paths(streets: &Mesh, edges: &[u32]) -> Vec<Vec<u32>> {
    let part = Mesh {
        nodes: Vec::new(),
        edges: edges.iter().map(|&edge| streets.edges[edge as usize]).collect::<Vec<Edge>>(),
    };
    let mut around: std::collections::BTreeMap<u32, Vec<usize>> = std::collections::BTreeMap::new();
    for (index, edge) in part.edges.iter().enumerate() {
        edge.ends.iter().for_each(|&end| around.entry(end).or_default().push(index));
    }
    let mut used = vec![false; part.edges.len()];
    let mut out = Vec::new();
    let tips = around.iter().filter(|(_, edges)| edges.len() != 2).map(|(&node, _)| node);
    let starts: Vec<u32> = tips.chain(around.keys().copied()).collect();
    for start in starts {
        while let Some(&first) = around[&start].iter().find(|&&edge| !used[edge]) {
            let (mut path, mut edge, mut node) = (vec![start], first, start);
            loop {
                used[edge] = true;
                let ends = part.edges[edge].ends;
                node = if ends[0] == node { ends[1] } else { ends[0] };
                path.push(node);
                let open: Vec<usize> = around[&node].iter().copied().filter(|&edge| !used[edge]).collect();
                match open.as_slice() {
                    [next] if around[&node].len() == 2 => edge = *next,
                    _ => break,
                }
            }
            out.push(path);
        }
    }
    out
}

/// For every node the step that is [`SEWER_OFFSET_M`] to the left of all its streets, as nearly as can be.
fn sides(network: &Network) -> Vec<P> {
    let mut sums = vec![[0.0_f64; 5]; network.nodes.len()];
    for run in &network.runs {
        for pair in run.nodes.windows(2) {
            let [a, b] = [0, 1].map(|end| network.nodes[pair[end] as usize]);
            let [x, y] = left(unit(sub(b, a)));
            for &node in pair {
                let sum = &mut sums[node as usize];
                for (place, term) in [x * x, x * y, y * y, x, y].into_iter().enumerate() {
                    sum[place] += term;
                }
            }
        }
    }
    sums.into_iter().map(solve_side).collect()
}

/// Least squares for normals n: n · step = 2.7, held back where two streets nearly fold back on each other.
fn solve_side([xx, xy, yy, x, y]: [f64; 5]) -> P {
    let ease = 0.04 * (xx + yy) + 1e-6;
    let (a, d) = (xx + ease, yy + ease);
    let size = a * d - xy * xy;
    let step = mul([d * x - xy * y, a * y - xy * x], SEWER_OFFSET_M * 1.04 / size);
    match length(step) {
        far if far > 4.6 => mul(step, 4.6 / far),
        near if near < 1.6 => mul([-std::f64::consts::FRAC_1_SQRT_2, std::f64::consts::FRAC_1_SQRT_2], 2.2),
        _ => step,
    }
}

/// Where two middle lines cross: for bridges over creeks and railways.
pub(super) fn crossings(a: &[P], b: &[P]) -> Vec<P> {
    let mut found = Vec::new();
    for first in a.windows(2) {
        for second in b.windows(2) {
            let far = distance(first[0], second[0]) > distance(first[0], first[1]) + distance(second[0], second[1]);
            if !far && let Some((t, _)) = meet([first[0], first[1]], [second[0], second[1]], 0.0) {
                found.push(lerp(first[0], first[1], t));
            }
        }
    }
    found
}

/// Nodes of the mesh with the links around them, for those that have any.
pub(super) fn junctions(network: &Network) -> impl Iterator<Item = u32> + '_ {
    (0..network.nodes.len() as u32).filter(|&node| !network.ends[node as usize].is_empty())
}
