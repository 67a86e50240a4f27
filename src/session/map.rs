//! The map of an open city: what is in memory of it, and the pictures that are painted of that.
//!
//! One index per layer is filled from the file and follows every commit; tiles, words and the discs of crowded points
//! are made from it on threads, and what is worth it is kept beside the settings for the next start.

pub(super) mod cache;
pub mod clusters;
pub(super) mod keeper;
pub(super) mod last_look;
mod levelling;
pub(super) mod memory;
pub mod painting;
pub mod shown;
pub(super) mod turned_box;

#[cfg(test)]
mod picture_tests;
