//! What a map is made of: plain values without files, screens, clocks or chance.

pub mod bounds;
pub mod classes;
pub mod expr;
mod expr_parse;
pub mod feature;
pub mod geometry;
mod geometry_geo;
pub mod ground;
pub mod label;
pub mod ramp;
pub mod schema;
pub mod style;
pub mod style_make;
pub mod value;
