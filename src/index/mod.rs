//! Where things are: compact geometry, boxes and style columns in memory, one [`layer::LayerIndex`] per layer.

pub mod arena;
pub mod columns;
pub mod layer;
pub mod memo;
pub mod pack;
pub mod shapes;
pub mod thin;
pub mod tree;

#[cfg(test)]
mod layer_tests;
