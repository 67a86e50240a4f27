//! Words on the command line go to `cli`, none open the window.

use std::process::ExitCode;
use std::time::Instant;

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
