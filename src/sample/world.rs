//! Everything the layers are made from, in the plane: ground, streets, cells, plots, houses, sewers.

use super::arrange::Mesh;
use super::blocks::{self, Town};
use super::buildings::{self, Building};
use super::cells::{self, Cell};
use super::districts::{self, Districts};
use super::figures::Figures;
use super::finder::Finder;
use super::geography::Geography;
use super::land_use::{self, Plot};
use super::mesh;
use super::network::Network;
use super::plane::{P, along, left, point_along};
use super::streets;
use crate::task::{Cancelled, Task};
use crate::text::Text;

/// The town before it becomes rows.
pub(super) struct World {
    /// Chance begins here.
    pub(super) seed: u64,
    /// What is to be met.
    pub(super) figures: Figures,
    /// Water, hills, levels.
    pub(super) ground: Geography,
    /// Streets.
    pub(super) network: Network,
    /// Blocks and the vertices of cells.
    pub(super) town: Town,
    /// Cells.
    pub(super) cells: Vec<Cell>,
    /// Sub-districts and communities.
    pub(super) districts: Districts,
    /// Finds cells.
    pub(super) finder: Finder,
    /// Plots.
    pub(super) plots: Vec<Plot>,
    /// Houses.
    pub(super) buildings: Vec<Building>,
    /// Links inside the town: sewers, lamps and all else follow these.
    pub(super) town_links: Vec<bool>,
    /// Runs that have such links, by length in the town, longest first.
    pub(super) town_runs: Vec<usize>,
}

impl World {
    /// Makes the town.
    pub(super) fn new(seed: u64, scale: f64, task: &mut Task<'_>) -> Result<Self, Cancelled> {
        let say = |task: &mut Task<'_>, zh, en, done| task.report(&Text::new(zh, en), done, Some(100));
        let figures = Figures::new(scale);
        say(task, "描绘江湖与地形", "Drawing river, lakes and ground", 2)?;
        let ground = Geography::new(scale);
        say(task, "铺设道路", "Laying out streets", 6)?;
        let roads = streets::lay_out(&ground, seed, task)?;
        say(task, "划分街区", "Cutting blocks", 18)?;
        let mesh = mesh::build(&ground, &roads, task)?;
        let faces = mesh::faces(&mesh);
        let network = Network::new(&ground, &mesh, &roads, seed);
        say(task, "划分单元网格", "Cutting the unit grid", 28)?;
        let mut town = blocks::choose(&ground, &mesh, &faces, figures.area_m2);
        let cells = cells::cut(&mut town, figures.cells);
        task.check()?;
        let districts = districts::divide(&ground, &town, &cells, seed);
        let finder = Finder::new(cells.iter().map(|cell| town.partition.positions(&cell.ring)).collect());
        say(task, "建造房屋", "Building houses", 38)?;
        let (plots, buildings) = build(&ground, &mesh, &network, (&town, &cells, &finder), seed);
        let town_links = town_links(&network, &finder);
        let town_runs = town_runs(&network, &town_links);
        Ok(Self {
            seed,
            figures,
            ground,
            network,
            town,
            cells,
            districts,
            finder,
            plots,
            buildings,
            town_links,
            town_runs,
        })
    }

    /// The cell at a position.
    pub(super) fn cell_at(&self, at: P) -> Option<usize> {
        self.finder.find(at)
    }

    /// Codes of the cell, the community and the sub-district at a position.
    pub(super) fn codes_at(&self, at: P) -> Option<Codes<'_>> {
        self.cell_at(at).map(|cell| self.codes_of(cell))
    }

    /// Codes of a cell, its community and its sub-district.
    pub(super) fn codes_of(&self, cell: usize) -> Codes<'_> {
        let community = self.community_of(cell);
        let community = &self.districts.communities[community];
        let street = &self.districts.streets[community.street];
        Codes { cell: &self.districts.cell_codes[cell], community: &community.code, street: &street.code }
    }

    /// The community of a cell.
    pub(super) fn community_of(&self, cell: usize) -> usize {
        self.districts.of_block[self.cells[cell].block]
    }

    /// Two letters for codes of things at a position.
    pub(super) fn letters_at(&self, at: P) -> &str {
        let street = self.cell_at(at).map(|cell| self.districts.communities[self.community_of(cell)].street);
        street.map_or("JJ", |street| &self.districts.streets[street].letters)
    }

    /// Name of the run of street.
    pub(super) fn road_name(&self, run: usize) -> &str {
        &self.network.runs[run].name
    }
}

/// Codes of a place.
#[derive(Clone, Copy)]
pub(super) struct Codes<'a> {
    /// 15 characters.
    pub(super) cell: &'a str,
    /// 12 digits.
    pub(super) community: &'a str,
    /// 9 digits.
    pub(super) street: &'a str,
}

fn build(
    ground: &Geography,
    mesh: &Mesh,
    network: &Network,
    (town, cells, finder): (&Town, &[Cell], &Finder),
    seed: u64,
) -> (Vec<Plot>, Vec<Building>) {
    let mut plots = land_use::assign(ground, mesh, network, town, seed);
    let block_at = |at: P| finder.find(at).map(|cell| cells[cell].block);
    land_use::add_inner_streets(&mut plots, (ground, network), town.blocks.len(), &block_at);
    let buildings = buildings::build(&plots, seed);
    (plots, buildings)
}

/// Links with a cell on one side at least.
fn town_links(network: &Network, finder: &Finder) -> Vec<bool> {
    (0..network.links.len())
        .map(|link| {
            let (middle, ahead) = point_along(&network.line(link), network.links[link].length_m / 2.0);
            [-5.0, 5.0].into_iter().any(|side| finder.find(along(middle, left(ahead), side)).is_some())
        })
        .collect()
}

fn town_runs(network: &Network, links: &[bool]) -> Vec<usize> {
    let mut length_m = vec![0.0; network.runs.len()];
    for (link, _) in network.links.iter().zip(links).filter(|(_, inside)| **inside) {
        length_m[link.run] += link.length_m;
    }
    let mut runs: Vec<usize> = (0..length_m.len()).filter(|&run| length_m[run] > 0.0).collect();
    runs.sort_by(|&a, &b| length_m[b].total_cmp(&length_m[a]).then(a.cmp(&b)));
    runs
}
