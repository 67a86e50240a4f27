//! Geometry on the ground: coordinate systems, lengths and areas. Knows `geo` types and numbers, nothing of ours.

pub mod catalogue;
pub mod crs;
mod definition;
pub mod ellipsoid;
pub mod gcj;
pub mod krueger;
pub mod measure;
pub mod own;
pub mod plane;
pub mod shift;
pub mod transform;
pub mod wkt;
mod wkt_facts;
mod wkt_tree;
mod wkt_write;
