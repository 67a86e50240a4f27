//! One binary for every test that stands outside the program: the house's rules, and the program as a person runs it.

mod bombs;
mod cli_contract;
mod cli_delivery;
mod cli_hostile;
mod cli_import;
mod cli_kill;
mod cli_print;
mod cli_script;
mod cli_story;
mod cli_style;
mod fixture;
mod hostile;
mod layering;
mod memory;
mod seeds;
mod sewer_checks;
mod sewer_defects;
mod sewer_questions;
mod sewer_users;
mod tidy;
