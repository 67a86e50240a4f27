//! Answers about networks, places and shapes: knows edges and points, never what they stand for.

pub mod network;
pub mod route;
pub mod tracer;
