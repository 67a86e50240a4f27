//! What was measured beside what is kept in the repository: how many times faster than the peer, and how long.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

/// So much worse than the kept figure is worth a word.
const WORSE: f64 = 0.8;

/// Figures of this run and of the one that is kept.
pub(crate) struct Ratios {
    kept: BTreeMap<String, f64>,
    seen: BTreeMap<String, f64>,
    worse: Vec<String>,
}

impl Ratios {
    /// Those that are kept.
    pub(crate) fn kept() -> Result<Self, Box<dyn Error>> {
        let text = std::fs::read_to_string(path()).unwrap_or_default();
        let row = |line: &str| {
            let (name, ratio) = line.split_once('\t').ok_or("a ratio has no value")?;
            Ok::<_, Box<dyn Error>>((name.to_owned(), ratio.parse()?))
        };
        let kept = text.lines().map(row).collect::<Result<_, _>>()?;
        Ok(Self { kept, seen: BTreeMap::new(), worse: Vec::new() })
    }

    /// Prints a figure beside its peer's and the kept ratio; a larger ratio is better.
    pub(crate) fn add(&mut self, name: &str, ours: f64, unit: &str, peer: &str, theirs: Option<f64>) {
        let Some(theirs) = theirs else {
            println!("{name:<44} {ours:>10.3} {unit:<3} ({peer}: not measured)");
            return;
        };
        let ratio = theirs / ours;
        let before = self.kept.get(name).copied();
        let kept = before.map_or(String::new(), |before| format!(", kept {before:.1} ×"));
        let is_worse = before.is_some_and(|before| ratio < before * WORSE);
        let mark = if is_worse { "  ← WORSE" } else { "" };
        println!("{name:<44} {ours:>10.3} {unit:<3} {peer} {theirs:.3}, {ratio:.1} ×{kept}{mark}");
        if is_worse {
            self.worse.push(name.to_owned());
        }
        self.seen.insert(name.to_owned(), ratio);
    }

    /// Says what has become worse; with `record` the figures of this run are kept from now on.
    pub(crate) fn finish(mut self, record: bool) -> Result<(), Box<dyn Error>> {
        if !self.worse.is_empty() {
            println!("over 20 % worse than kept: {}", self.worse.join("; "));
        }
        if record {
            self.kept.append(&mut self.seen);
            let rows: Vec<String> = self.kept.iter().map(|(name, ratio)| format!("{name}\t{ratio:.2}\n")).collect();
            std::fs::write(path(), rows.concat())?;
        }
        Ok(())
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/bench/ratios.tsv")
}
