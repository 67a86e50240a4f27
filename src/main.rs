//! Words on the command line go to `cli`, none open the window.

use std::process::ExitCode;
use std::time::Instant;

/// Rows of an import are made on some threads and let go on another: the systems' own allocators are slow at that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let started = Instant::now();
    citygrid::cli::run(std::env::args_os(), window(), started)
}

#[cfg(feature = "gui")]
fn window() -> Option<citygrid::cli::Window> {
    Some(citygrid::ui::run)
}

#[cfg(not(feature = "gui"))]
fn window() -> Option<citygrid::cli::Window> {
    None
}
