//! Geometry on the ground: coordinate systems, lengths and areas. Knows `geo` types and numbers, nothing of ours.

pub mod crs;
pub mod gcj;
pub mod measure;
pub mod transform;
