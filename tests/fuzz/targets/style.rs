//! Any words as a style file. What is understood is written and understood again.

#![no_main]

use citygrid::io::style_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|words: &str| {
    if let Ok(style) = style_file::read(words) {
        let written = style_file::write(&style);
        let again = style_file::read(&written).expect("what is written can be read");
        assert_eq!(style_file::write(&again), written);
    }
});
