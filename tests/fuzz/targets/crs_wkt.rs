//! Any words as a coordinate system, as `.prj` files hold it.

#![no_main]

use citygrid::geom::wkt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|words: &str| {
    let _ = wkt::recognise(words);
});
