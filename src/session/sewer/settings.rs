//! What a bureau chose for its sewers: how the standard is read, and what work costs. Kept with the settings.

use serde::{Deserialize, Serialize};

use crate::trades::sewer::cjj181::{PairRule, Rules};
use crate::trades::sewer::plan::{Costs, UnitCost, Work};

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SewerSettings {
    /// Pair rule of CJJ 181: `both` or `later`; anything else is `both`.
    pub pair_rule: String,
    /// The bureau's unit costs; none for those that the program assumes.
    pub costs: Vec<KeptCost>,
}

/// One line of the cost table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptCost {
    /// `local`, `whole` or `cleaning`.
    pub work: String,
    /// Largest diameter it holds for, mm; none for all that are larger.
    #[serde(default)]
    pub up_to_mm: Option<f64>,
    /// Price of a metre, yuan.
    pub yuan_per_m: f64,
}

impl SewerSettings {
    /// How the standard is read.
    pub fn rules(&self) -> Rules {
        let pairs = if self.pair_rule == PairRule::Later.code() { PairRule::Later } else { PairRule::Both };
        Rules { pairs }
    }

    /// What work costs; a table that makes no sense is as none.
    pub fn costs(&self) -> Costs {
        let line = |kept: &KeptCost| {
            let (up_to_mm, yuan_per_m) = (kept.up_to_mm, kept.yuan_per_m);
            Some(UnitCost { work: Work::of(&kept.work)?, up_to_mm, yuan_per_m })
        };
        let lines: Vec<UnitCost> = self.costs.iter().filter_map(line).collect();
        if lines.is_empty() { Costs::default() } else { Costs::new(lines).unwrap_or_default() }
    }

    /// The same with these costs; assumed ones are kept as none.
    pub fn with_costs(self, costs: &Costs) -> Self {
        let line = |line: &UnitCost| KeptCost {
            work: line.work.code().to_owned(),
            up_to_mm: line.up_to_mm,
            yuan_per_m: line.yuan_per_m,
        };
        let costs = if costs.is_assumed() { Vec::new() } else { costs.lines().iter().map(line).collect() };
        Self { costs, ..self }
    }
}
