//! Districts, sub-districts (街道) and communities (社区): real names and codes, on groups of blocks that hang together.

use std::collections::{BTreeMap, BinaryHeap};

use super::blocks::{Cost, Town};
use super::cells::Cell;
use super::geography::Geography;
use super::names;
use super::plane::{P, add, distance, mul};
use super::rng::Rng;

/// A sub-district's code, the place it grows from, and how much room one of its communities has (m).
const STREETS: &[(&str, P, f64)] = &[
    ("360403001", [420., 2330.], 420.),
    ("360403002", [-820., 1930.], 420.),
    ("360403003", [-1250., 620.], 420.),
    ("360403092", [-2450., 1700.], 400.),
    ("360403004", [2300., 2150.], 480.),
    ("360403005", [6000., 4100.], 780.),
    ("360403006", [-4300., -1500.], 560.),
    ("360403091", [-5600., 500.], 700.),
    ("360402001", [0., -2450.], 480.),
    ("360402002", [1700., -250.], 500.),
    ("360402090", [-6900., -1300.], 600.),
    ("360402200", [4700., 250.], 600.),
    ("360402102", [6900., 2100.], 600.),
    ("360402103", [350., -5500.], 480.),
    ("360404004", [-2800., -5300.], 520.),
    ("360404005", [-7300., -3000.], 520.),
];

/// A community.
pub(super) struct Community {
    /// 12 digits.
    pub(super) code: String,
    /// Name in Chinese.
    pub(super) name: String,
    /// Its sub-district, as a place in [`Districts::streets`].
    pub(super) street: usize,
}

/// A sub-district.
pub(super) struct Street {
    /// 9 digits.
    pub(super) code: String,
    /// Name in Chinese.
    pub(super) name: String,
    /// Name of its district in Chinese.
    pub(super) district: String,
    /// Two capital letters for codes of things in it.
    pub(super) letters: String,
}

/// The town's division.
pub(super) struct Districts {
    /// Sub-districts with at least one community.
    pub(super) streets: Vec<Street>,
    /// Communities.
    pub(super) communities: Vec<Community>,
    /// The community of every block.
    pub(super) of_block: Vec<usize>,
    /// The code of every cell.
    pub(super) cell_codes: Vec<String>,
}

/// Divides the town.
pub(super) fn divide(ground: &Geography, town: &Town, cells: &[Cell], seed: u64) -> Districts {
    let used = used_streets(ground, town);
    let seeds: Vec<(usize, f64)> = used
        .iter()
        .map(|&(code, at, room)| {
            let communities = names::communities_of(code).count().max(1) as f64;
            (nearest(town, mul(at, ground.scale)), room * communities.sqrt())
        })
        .collect();
    let of_street = spread(town, &seeds, |_| true);
    let mut districts = Districts {
        streets: Vec::new(),
        communities: Vec::new(),
        of_block: vec![0; town.blocks.len()],
        cell_codes: Vec::new(),
    };
    let mut rng = Rng::new(seed, "communities");
    for (number, (code, ..)) in used.iter().enumerate() {
        let members: Vec<usize> = (0..town.blocks.len()).filter(|&block| of_street[block] == number).collect();
        if !members.is_empty() {
            districts.add_street(town, cells, code, &members, &mut rng);
        }
    }
    districts.number_cells(cells);
    districts
}

/// The sub-districts whose place is in the town; the first one if none is.
fn used_streets(ground: &Geography, town: &Town) -> Vec<(&'static str, P, f64)> {
    let near = |at: P| town.blocks.iter().any(|block| distance(block.center, mul(at, ground.scale)) < 400.0);
    let used: Vec<_> = STREETS.iter().copied().filter(|street| near(street.1)).collect();
    if used.is_empty() { vec![STREETS[0]] } else { used }
}

fn nearest(town: &Town, at: P) -> usize {
    let far = |block: usize| distance(town.blocks[block].center, at);
    (0..town.blocks.len()).min_by(|&a, &b| far(a).total_cmp(&far(b))).unwrap_or(0)
}

/// Gives every allowed block to the seed that reaches it first; a seed is a block and its speed.
fn spread(town: &Town, seeds: &[(usize, f64)], allowed: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut owner = vec![usize::MAX; town.blocks.len()];
    let mut queue: BinaryHeap<(Cost, usize, usize)> =
        seeds.iter().enumerate().map(|(number, &(block, _))| (Cost(0.0), block, number)).collect();
    while let Some((Cost(so_far), block, number)) = queue.pop() {
        if owner[block] != usize::MAX {
            continue;
        }
        owner[block] = number;
        for &(next, border_m) in &town.neighbours[block] {
            if owner[next] == usize::MAX && allowed(next) && border_m > 4.0 {
                let step = distance(town.blocks[block].center, town.blocks[next].center) / seeds[number].1;
                queue.push((Cost(so_far + step), next, number));
            }
        }
    }
    owner
}

impl Districts {
    fn add_street(&mut self, town: &Town, cells: &[Cell], code: &str, members: &[usize], rng: &mut Rng) {
        let (name, district) = names::street(code);
        let street = self.streets.len();
        self.streets.push(Street { code: code.to_owned(), letters: names::letters(&name), name, district });
        let inside: std::collections::BTreeSet<usize> = members.iter().copied().collect();
        let cell_count = cells.iter().filter(|cell| inside.contains(&cell.block)).count();
        let names: Vec<(String, String)> = names::communities_of(code).collect();
        let least = cell_count.div_ceil(900);
        let count = names.len().min(cell_count / 9).min(members.len() / 3).max(1).max(least.min(names.len()));
        let mut parts = groups(town, members, &inside, count, rng);
        parts.sort_by(|a, b| center(town, a)[0].total_cmp(&center(town, b)[0]));
        for (part, (code, name)) in parts.into_iter().zip(names) {
            for block in part {
                self.of_block[block] = self.communities.len();
            }
            self.communities.push(Community { code, name, street });
        }
    }

    /// Numbers the cells of every community in rows from north to south, each row from west to east.
    fn number_cells(&mut self, cells: &[Cell]) {
        let mut order: Vec<usize> = (0..cells.len()).collect();
        let row = |cell: &Cell| -(cell.center[1] / 110.0).floor();
        order.sort_by(|&a, &b| {
            let key = |cell: &Cell| (self.of_block[cell.block], row(cell), cell.center[0]);
            let (a, b) = (key(&cells[a]), key(&cells[b]));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2))
        });
        self.cell_codes = vec![String::new(); cells.len()];
        let (mut community, mut number) = (usize::MAX, 0);
        for cell in order {
            let own = self.of_block[cells[cell].block];
            number = if own == community { number + 1 } else { 1 };
            community = own;
            self.cell_codes[cell] = format!("{}{}", self.communities[own].code, sequence(number));
        }
    }
}

/// Three characters: digits as far as they go, then a letter first.
fn sequence(number: usize) -> String {
    if number < 1000 {
        return format!("{number:03}");
    }
    let over = number - 1000;
    let letter = char::from(b'A' + (over / 100 % 26) as u8);
    format!("{letter}{:02}", over % 100)
}

fn center(town: &Town, blocks: &[usize]) -> P {
    let sum = blocks.iter().fold([0.0; 2], |sum, &block| add(sum, town.blocks[block].center));
    mul(sum, 1.0 / blocks.len().max(1) as f64)
}

/// Cuts a sub-district's blocks into `count` groups that hang together and are about equally large.
fn groups(
    town: &Town,
    members: &[usize],
    inside: &std::collections::BTreeSet<usize>,
    count: usize,
    rng: &mut Rng,
) -> Vec<Vec<usize>> {
    let mut shuffled = members.to_vec();
    rng.shuffle(&mut shuffled);
    let mut seeds: Vec<usize> = Vec::new();
    for _ in 0..count {
        // The block farthest from all seeds among some tried: spread out, yet not regular.
        let at = |block: usize| town.blocks[block].center;
        let far = |block: usize| seeds.iter().map(|&seed| distance(at(seed), at(block))).fold(f64::INFINITY, f64::min);
        let tried = shuffled.iter().take(60).copied().filter(|block| !seeds.contains(block));
        let Some(best) = tried.max_by(|&a, &b| far(a).total_cmp(&far(b)).then(b.cmp(&a))) else { break };
        seeds.push(best);
        rng.shuffle(&mut shuffled);
    }
    let mut parts = Vec::new();
    for _round in 0..4 {
        let with_speed: Vec<(usize, f64)> = seeds.iter().map(|&seed| (seed, 1.0)).collect();
        let owner = spread(town, &with_speed, |block| inside.contains(&block));
        let mut by_seed: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        members.iter().filter(|&&block| owner[block] != usize::MAX).for_each(|&block| {
            by_seed.entry(owner[block]).or_default().push(block);
        });
        parts = by_seed.into_values().collect();
        seeds = parts.iter().map(|part| middle(town, part)).collect();
        let left: Vec<usize> = members.iter().copied().filter(|&block| owner[block] == usize::MAX).collect();
        if let (false, Some(first)) = (left.is_empty(), parts.first_mut()) {
            first.extend(left);
        }
    }
    parts
}

/// The block nearest to the middle of its group.
fn middle(town: &Town, part: &[usize]) -> usize {
    let at = center(town, part);
    let far = |block: usize| distance(town.blocks[block].center, at);
    part.iter().copied().min_by(|&a, &b| far(a).total_cmp(&far(b))).unwrap_or(0)
}
