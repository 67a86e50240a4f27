//! Any words as a geometry.

#![no_main]

use citygrid::io::wkt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|words: &str| {
    if let Ok(parsed) = wkt::parse(words) {
        let bounds = parsed.geometry.bounds();
        assert!(!bounds.min[0].is_nan() && !bounds.max[1].is_nan());
    }
});
