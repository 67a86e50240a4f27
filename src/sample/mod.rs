//! The sample city: Jiujiang in outline, invented, made in seconds from a seed.
//!
//! Ground and water come first ([`geography`]), then streets ([`streets`], [`mesh`], [`network`]), blocks and the unit grid
//! between them ([`blocks`], [`cells`], [`districts`]), what is built on them ([`land_use`], [`buildings`]), sewers under
//! them ([`sewers`]), and then one file for each subject makes rows of the kinds that the program knows. All of it works in a
//! plane of metres ([`plane`]); only rows are in degrees.
//!
//! The totals are the bureau's own figures ([`figures`]). Every number of chance comes from [`rng`], one stream for each
//! subject; nothing depends on hash order, threads or the platform's mathematics.

#![allow(clippy::cast_possible_wrap, reason = "counts and grid places of a city are far below every limit")]
#![allow(clippy::many_single_char_names, reason = "plane geometry is written with the letters of its textbooks")]
#![allow(clippy::similar_names, reason = "ring and rng, link and line are the words of the subject")]

mod arrange;
mod base_rows;
mod blocks;
mod buildings;
mod cables;
mod cases;
mod cells;
mod clock;
mod components;
mod compounds;
mod devices;
mod districts;
mod drainage_users;
mod drawing;
mod faults;
mod field;
mod figures;
mod finder;
mod fingerprint;
mod geography;
mod inset;
mod inspections;
mod kiosks;
mod land_use;
mod mesh;
mod names;
mod network;
mod notes;
mod partition;
mod plane;
mod raster;
mod rng;
mod rows;
mod sewer_layout;
mod sewer_levels;
mod sewer_rating;
mod sewer_sites;
mod sewers;
mod streets;
#[cfg(test)]
mod tests;
mod world;

pub use fingerprint::fingerprint;

use crate::model::feature::Feature;
use crate::task::{Cancelled, Task};
use crate::text::Text;

/// Which sample city.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleOptions {
    /// The same seed gives the same rows.
    pub seed: u64,
    /// Size: 1 is the real city of 80 km²; taken between 0.01 and 20.
    pub scale: f64,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self { seed: 1, scale: 1.0 }
    }
}

/// One layer of the sample city.
#[derive(Debug)]
pub struct SampleLayer {
    /// Id of its kind.
    pub kind: &'static str,
    /// Rows with ids from 1, values in the order of the kind's fields, geometry in CGCS2000 degrees (EPSG:4490).
    pub features: Vec<Feature>,
}

/// A fault planted in the sewers, or something wrong with a drainage user, for people to find.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// `adverse_slope`, `big_into_small`, `cross_connection` or `orphan`; of users `user_unlicensed`, `user_expired`,
    /// `user_no_trap`, `user_to_storm` or `user_no_lateral`.
    pub rule: &'static str,
    /// Kind of the layer that it is in.
    pub layer: &'static str,
    /// The faulty row.
    pub feature_id: i64,
    /// Its code.
    pub code: String,
    /// What is wrong.
    pub what: Text,
}

/// The sample city.
#[derive(Debug)]
pub struct SampleCity {
    /// Its layers, in the order in which they are written.
    pub layers: Vec<SampleLayer>,
    /// The faults planted in the sewers; there are no others.
    pub faults: Vec<Fault>,
    /// What is wrong with drainage users.
    pub user_faults: Vec<Fault>,
}

/// Makes the sample city.
///
/// # Errors
/// [`Cancelled`] when the task is stopped.
pub fn generate(options: &SampleOptions, task: &mut Task<'_>) -> Result<SampleCity, Cancelled> {
    let scale = if options.scale.is_finite() { options.scale.clamp(0.01, 20.0) } else { 1.0 };
    let world = world::World::new(options.seed, scale, task)?;
    task.report(&Text::new("铺设排水管网", "Laying sewers"), 46, Some(100))?;
    let sewerage = sewers::lay(&world);
    let compounds = compounds::find(&world);
    let (user_rows, user_faults) = drainage_users::rows(&world, &sewerage, &compounds);
    let (kiosk_rows, kiosks) = kiosks::rows(&world, &compounds);
    let mut layers = base_layers(&world, &compounds, task)?;
    layers.push(kiosk_rows.finish());
    layers.extend(sewer_layers(&world, &sewerage, task)?);
    layers.push(user_rows.finish());
    layers.extend(trade_layers(&world, &sewerage, &kiosks, task)?);
    let faults = faults_of(&sewerage);
    task.report(&Text::new("示例城市已生成", "The sample city is made"), 100, Some(100))?;
    Ok(SampleCity { layers, faults, user_faults })
}

fn base_layers(
    world: &world::World,
    compounds: &[compounds::Compound],
    task: &mut Task<'_>,
) -> Result<Vec<SampleLayer>, Cancelled> {
    task.report(&Text::new("绘制底图", "Drawing the base map"), 58, Some(100))?;
    let [districts, streets, communities, cells] = base_rows::grid(world);
    let rows = [
        base_rows::water(world),
        base_rows::green(world),
        compounds::rows(world, compounds),
        compounds::building_rows(world, compounds),
        base_rows::roads(world),
        base_rows::railway(world),
        districts,
        streets,
        communities,
        cells,
    ];
    Ok(rows.into_iter().map(rows::Rows::finish).collect())
}

fn sewer_layers(
    world: &world::World,
    sewerage: &sewers::Sewerage,
    task: &mut Task<'_>,
) -> Result<Vec<SampleLayer>, Cancelled> {
    task.report(&Text::new("编排管网台账", "Writing up the sewers"), 72, Some(100))?;
    let (inspected, inspections, defects) = inspections::inspect(world, sewerage);
    let rows =
        [sewers::node_rows(world, sewerage), sewers::pipe_rows(world, sewerage, &inspected), inspections, defects];
    Ok(rows.into_iter().map(rows::Rows::finish).collect())
}

fn trade_layers(
    world: &world::World,
    sewerage: &sewers::Sewerage,
    kiosks: &[kiosks::Kiosk],
    task: &mut Task<'_>,
) -> Result<Vec<SampleLayer>, Cancelled> {
    task.report(&Text::new("布设城市部件", "Placing lamps, trees and covers"), 82, Some(100))?;
    let (components, lamps) = components::rows(world, sewerage);
    task.report(&Text::new("登记案件与标注", "Entering cases and notes"), 92, Some(100))?;
    let (spans, ducts) = cables::rows(world);
    let rows = [
        kiosks::plant_rows(world),
        cables::chief_rows(world),
        spans,
        ducts,
        devices::cameras(world),
        devices::sensors(world, sewerage),
        devices::controllers(world, &lamps),
        devices::bridges(world),
        components,
        cases::rows(world),
        notes::rows(world, sewerage, kiosks),
    ];
    Ok(rows.into_iter().map(rows::Rows::finish).collect())
}

fn faults_of(sewerage: &sewers::Sewerage) -> Vec<Fault> {
    let fault = |planted: &faults::Planted| {
        let (layer, place, code) = match planted.target {
            faults::Target::Pipe(pipe) => ("sewer_pipe", pipe, &sewerage.pipe_codes[pipe]),
            faults::Target::Node(node) => ("sewer_node", node, &sewerage.node_codes[node]),
        };
        Fault {
            rule: planted.rule,
            layer,
            feature_id: place as i64 + 1,
            code: code.clone(),
            what: planted.what.clone(),
        }
    };
    sewerage.planted.iter().map(fault).collect()
}
