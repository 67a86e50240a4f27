//! From layers to pixels: layers + styles + view make a [`scene::Scene`], the painter makes pixels of it.

mod board;
pub mod build;
mod chain;
pub mod clusters;
mod cover;
mod crowd;
pub mod crowd_legend;
pub mod decor;
pub mod filter;
pub mod font;
pub mod ground;
mod ground_shapes;
mod hatch;
mod heat;
mod label;
pub mod levels;
mod levels_build;
pub mod map;
mod marks;
pub mod painter;
pub mod paper;
pub mod path;
pub mod pdf;
pub mod pole;
pub mod scene;
pub mod sheet;
pub mod sheet_focus;
mod sheet_grid;
pub mod sheet_legend;
mod sizes;
mod sprite;
pub mod svg;
pub mod swatch;
pub mod symbol;
pub mod symbol_list;
pub mod tile;
mod trace;
pub mod view;

#[cfg(test)]
mod levels_tests;
#[cfg(test)]
mod map_tests;
#[cfg(test)]
mod picture_tests;
#[cfg(test)]
pub(crate) mod reference;
