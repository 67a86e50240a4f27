//! The rules of each trade, as pure functions over rows handed in: nothing here opens a file or starts a thread.

pub mod sewer;
