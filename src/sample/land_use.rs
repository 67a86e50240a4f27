//! What every block is used for, and the part of it behind the pavements.

use std::collections::BTreeMap;

use super::arrange::{BORDER, Mesh};
use super::blocks::{Block, Town};
use super::geography::{Character, Geography};
use super::inset::inset;
use super::network::{Network, width_m};
use super::plane::{P, along, distance, left, lerp, ring_area, sub, unit};
use super::rng::Rng;

/// What a block is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    /// Flats.
    Residential,
    /// Narrow lanes of the old town.
    OldQuarter,
    /// Shops and offices.
    Commercial,
    /// School.
    School,
    /// Hospital.
    Hospital,
    /// Works.
    Industrial,
    /// Offices of the city, museums.
    Public,
    /// Park or lawn.
    Green,
    /// Nothing yet.
    Empty,
}

/// A block's land.
pub(super) struct Plot {
    /// The block.
    pub(super) block: usize,
    /// What it is used for.
    pub(super) land_use: Use,
    /// How it is built.
    pub(super) character: Character,
    /// The land behind the pavements.
    pub(super) ring: Vec<P>,
    /// Area of it.
    pub(super) area_m2: f64,
    /// The street it belongs to by address, as a run.
    pub(super) run: Option<usize>,
    /// Whether it lies at a lake or the river.
    pub(super) at_shore: bool,
    /// Streets that lead through it, as pieces with half their width.
    pub(super) inner: Vec<([P; 2], f64)>,
}

/// Gives every block its use.
pub(super) fn assign(ground: &Geography, mesh: &Mesh, network: &Network, town: &Town, seed: u64) -> Vec<Plot> {
    let edges = edge_classes(mesh, network);
    let mut rng = Rng::new(seed, "land use");
    let mut plots = Vec::new();
    for (number, block) in town.blocks.iter().enumerate() {
        let ring = town.partition.positions(&block.ring);
        let sides: Vec<Side> = (0..block.ring.len()).map(|place| side(ground, &edges, block, &ring, place)).collect();
        let depths: Vec<f64> = sides.iter().map(|side| side.depth_m).collect();
        let Some(inner) = inset(&ring, &depths) else { continue };
        let at_shore = sides.iter().any(|side| side.is_shore);
        let area_m2 = ring_area(&inner);
        let land_use = choose(block, area_m2, at_shore, &mut rng);
        let longest = (0..ring.len()).filter(|&place| sides[place].run.is_some()).max_by(|&a, &b| {
            let size = |place: usize| distance(ring[place], ring[(place + 1) % ring.len()]);
            size(a).total_cmp(&size(b))
        });
        let run = longest.and_then(|place| sides[place].run);
        plots.push(Plot {
            block: number,
            land_use,
            character: block.character,
            ring: inner,
            area_m2,
            run,
            at_shore,
            inner: Vec::new(),
        });
    }
    plots
}

/// Tells plots of the streets, creeks and tracks inside them: blocks too small for a cell were joined across a lane, and
/// a creek that ends in a block bounds nothing.
pub(super) fn add_inner_streets(
    plots: &mut [Plot],
    (ground, network): (&Geography, &Network),
    blocks: usize,
    block_at: &dyn Fn(P) -> Option<usize>,
) {
    let mut plot_of = vec![None; blocks];
    plots.iter().enumerate().for_each(|(number, plot)| plot_of[plot.block] = Some(number));
    let mut lines: Vec<(&[P], f64)> =
        network.runs.iter().map(|run| (run.line.as_slice(), width_m(run.class) / 2.0 + 1.5)).collect();
    lines.extend(ground.creeks.iter().map(|creek| (creek.line.as_slice(), creek.half_m * 1.25 + 3.0)));
    lines.push((&ground.rail, 9.0));
    for (line, half_m) in lines {
        for pair in line.windows(2) {
            let across = left(unit(sub(pair[1], pair[0])));
            let middle = lerp(pair[0], pair[1], 0.5);
            let beside = [3.0, -3.0].map(|side| block_at(along(middle, across, side)));
            let own = beside[0].filter(|_| beside[0] == beside[1]).and_then(|block| plot_of[block]);
            if let Some(plot) = own {
                plots[plot].inner.push(([pair[0], pair[1]], half_m));
            }
        }
    }
}

struct Side {
    depth_m: f64,
    is_shore: bool,
    run: Option<usize>,
}

/// For every edge of the mesh its class and run.
fn edge_classes(mesh: &Mesh, network: &Network) -> BTreeMap<[u32; 2], (u8, Option<usize>)> {
    let mut edges: BTreeMap<[u32; 2], (u8, Option<usize>)> =
        mesh.edges.iter().map(|edge| (edge.ends, (edge.class, None))).collect();
    for (number, run) in network.runs.iter().enumerate() {
        for pair in run.nodes.windows(2) {
            edges.insert([pair[0].min(pair[1]), pair[0].max(pair[1])], (run.class, Some(number)));
        }
    }
    edges
}

fn side(
    ground: &Geography,
    edges: &BTreeMap<[u32; 2], (u8, Option<usize>)>,
    block: &Block,
    ring: &[P],
    place: usize,
) -> Side {
    let next = (place + 1) % ring.len();
    let (a, b) = (block.ring[place], block.ring[next]);
    let middle = lerp(ring[place], ring[next], 0.5);
    match edges.get(&[a.min(b), a.max(b)]) {
        Some(&(class, run)) if class != BORDER => {
            let pavement = match (class, block.character) {
                (3, Character::OldTown) => 0.6,
                (3, _) => 2.4,
                (2, _) => 3.6,
                _ => 4.6,
            };
            Side { depth_m: width_m(class) / 2.0 + pavement, is_shore: false, run }
        }
        _ => {
            let from_water = f64::from(ground.to_water.between(middle));
            let creek = ground.creeks.iter().filter(|creek| super::plane::path_distance(&creek.line, middle) < 12.0);
            let creek_m = creek.map(|creek| creek.half_m * 1.2 + 9.0).fold(0.0, f64::max);
            let rail = super::plane::path_distance(&ground.rail, middle) < 6.0;
            let depth_m = if creek_m > 0.0 {
                creek_m
            } else if rail {
                16.0
            } else if from_water < 30.0 {
                9.0
            } else {
                3.0
            };
            Side { depth_m, is_shore: from_water < 30.0 && creek_m == 0.0, run: None }
        }
    }
}

/// Uses in the order of the weights below.
const USES: [Use; 9] = [
    Use::Residential,
    Use::OldQuarter,
    Use::Commercial,
    Use::School,
    Use::Hospital,
    Use::Industrial,
    Use::Public,
    Use::Green,
    Use::Empty,
];

fn choose(block: &Block, area_m2: f64, at_shore: bool, rng: &mut Rng) -> Use {
    let weights: [u32; 9] = match block.character {
        Character::OldTown => [6, 70, 13, 4, 1, 0, 3, 3, 0],
        Character::Central => [64, 6, 14, 5, 1, 1, 3, 6, 0],
        Character::Residential => [72, 0, 8, 5, 1, 2, 2, 8, 2],
        Character::NewDistrict => [58, 0, 11, 5, 1, 2, 4, 13, 6],
        Character::Industry => [22, 0, 5, 2, 0, 56, 1, 6, 8],
        Character::Suburb => [46, 0, 6, 3, 0, 16, 1, 13, 15],
    };
    let drawn = USES[rng.weighted(&weights)];
    if block.is_park || (at_shore && area_m2 < 42_000.0) {
        return Use::Green;
    }
    match drawn {
        Use::School | Use::Hospital if !(7_500.0..60_000.0).contains(&area_m2) => Use::Residential,
        Use::Industrial if area_m2 < 5_000.0 => Use::Commercial,
        Use::Residential if area_m2 < 2_000.0 => Use::Commercial,
        other if area_m2 < 900.0 && other != Use::OldQuarter => Use::Green,
        other => other,
    }
}
