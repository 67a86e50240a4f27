//! How tests let the whole window go on: news is taken in, frames are drawn, until something is so.

use std::time::{Duration, Instant};

use egui_kittest::Harness;

use super::app::App;

/// A few frames, each after what the threads have to say.
pub(super) fn steps(harness: &mut Harness<'_, App>) {
    for _ in 0..4 {
        harness.state_mut().session.poll();
        harness.step();
    }
}

/// Frames until something is so, which must not take long.
#[track_caller]
pub(super) fn wait(harness: &mut Harness<'_, App>, is_so: impl Fn(&App) -> bool) {
    let start = Instant::now();
    while !is_so(harness.state()) {
        assert!(start.elapsed() < Duration::from_secs(20), "waited too long");
        steps(harness);
        std::thread::sleep(Duration::from_millis(2));
    }
    steps(harness);
}
