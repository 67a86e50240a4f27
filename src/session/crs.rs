//! In which coordinate system a file is: what is held against the open city before a file is believed.
//!
//! And the systems of a bureau's own, which go with the person and with the city.

pub(super) mod check;
pub mod datum;
mod nearby;
pub mod systems;
