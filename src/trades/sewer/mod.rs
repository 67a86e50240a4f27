//! Sewers (排水管网): the live network and what is asked of it. What the standards leave open is a setting that reports
//! print.

pub mod basins;
pub mod capacity;
pub mod checks;
pub mod cjj181;
pub mod condition;
pub mod cross;
pub mod inspected;
mod joining;
pub mod joins;
pub mod lateral;
pub mod manning;
mod nodes;
mod parts;
pub mod pipe;
pub mod plan;
pub mod profile;
pub mod runnable;
pub mod section;
pub mod sewers;
pub mod summary;
pub mod trace;
pub mod users;
pub mod ways;

#[cfg(test)]
mod sewers_tests;
#[cfg(test)]
mod users_tests;
