//! Words on the command line go to `cli`, none open the window.

use std::process::ExitCode;

fn main() -> ExitCode {
    citygrid::cli::run(std::env::args_os(), window())
}

#[cfg(feature = "gui")]
fn window() -> Option<citygrid::cli::Window> {
    Some(citygrid::ui::run)
}

#[cfg(not(feature = "gui"))]
fn window() -> Option<citygrid::cli::Window> {
    None
}
