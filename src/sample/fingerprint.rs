//! One number that says whether two sample cities are the same.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::SampleCity;
use crate::model::value::Value;

/// SHA-256 over all rows and faults in order, in hexadecimal.
pub fn fingerprint(city: &SampleCity) -> String {
    let mut hash = Sha256::new();
    for layer in &city.layers {
        hash.update(layer.kind);
        for feature in &layer.features {
            hash.update(feature.id.to_le_bytes());
            hash.update(feature.geometry.as_ref().map_or(&[][..], |geometry| geometry.wkb()));
            feature.values.iter().for_each(|value| add(&mut hash, value));
        }
    }
    for fault in city.faults.iter().chain(&city.user_faults) {
        hash.update(fault.rule);
        hash.update(fault.code.as_bytes());
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A tag for the type, the length where it varies, the value.
fn add(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hash.update([0]),
        Value::Bool(yes) => hash.update([1, u8::from(*yes)]),
        Value::Int(number) => {
            hash.update([2]);
            hash.update(number.to_le_bytes());
        }
        Value::Real(number) => {
            hash.update([3]);
            hash.update(number.to_le_bytes());
        }
        Value::Text(text) => {
            hash.update([4]);
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        Value::Blob(bytes) => {
            hash.update([5]);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
    }
}
