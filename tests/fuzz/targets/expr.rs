//! Any words as a condition. What is understood is written and understood again.

#![no_main]

use citygrid::model::expr::Expr;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|words: &str| {
    if let Ok(expr) = Expr::parse(words) {
        let written = expr.to_string();
        let again = Expr::parse(&written).expect("what is written can be read");
        assert_eq!(again.to_string(), written);
    }
});
