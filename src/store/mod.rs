//! The city file: one GeoPackage, one writer, any number of readers.
//!
//! [`City`](city::City) is the door: [`City::submit`](city::City::submit) queues a [`Write`](command::Write) to the one
//! writer thread and answers when it is durable; [`City::reader`](city::City::reader) gives a read-only connection of
//! its own. Nothing outside this room knows SQL, and this room does not know what a layer means.
//!
//! Nobody else may open the city's file by other means while a [`City`](city::City) is open (`File::open` included): on
//! Unix, closing any handle of a file drops the locks that the whole process holds on it.

pub mod city;
pub mod command;
pub mod create;
pub mod error;
pub mod import;
pub mod journal;
pub mod layer_styles;
pub mod media;
pub mod model_text;
pub mod query;
pub mod reader;
pub mod source_text;
pub mod stamp;

mod adopt;
mod append;
mod backup;
mod bounds;
mod catalog;
mod check;
mod codec;
mod connect;
mod edit;
mod expr_sql;
mod gpb;
mod hide;
mod layer_state;
mod migrate;
mod perform;
mod rows;
mod rtree;
mod schema_json;
mod schema_sql;
mod search;
mod srs;
mod undo;
mod writer;

#[cfg(test)]
mod tests;
