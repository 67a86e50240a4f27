//! What a bureau chose for its sewers: how the standard is read, and what work costs. Kept with the settings.

use serde::{Deserialize, Serialize};

use crate::trades::sewer::cjj181::{PairRule, Rules};
use crate::trades::sewer::plan::{Costs, UnitCost, Work};

use super::capacity::CapacityAsk;
use super::kept_rules::{KeptCapacityRules, KeptJoining, KeptUserRules};
use super::plan::PlanAsk;

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SewerSettings {
    /// Pair rule of CJJ 181: `both` or `later`; anything else is `both`.
    pub pair_rule: String,
    /// How much of a pipe an inspection has to see to take the place of an earlier one, percent; none for what the
    /// program assumes.
    pub whole_percent: Option<u8>,
    /// The bureau's unit costs; none for those that the program assumes.
    pub costs: Vec<KeptCost>,
    /// Years until a pipe that is only watched is inspected again; none for what the program assumes.
    pub watch_years: Option<u32>,
    /// How pipes find their nodes and their direction, where it differs from what the program assumes.
    pub joining: KeptJoining,
    /// How drainage users join, what they need and discharge, where it differs from what the program assumes.
    pub users: KeptUserRules,
    /// How the capacity of pipes is worked out, where it differs from what the program assumes.
    pub capacity: KeptCapacityRules,
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
        let usual = Rules::default();
        let whole_percent = self.whole_percent.filter(|percent| *percent <= 100).unwrap_or(usual.whole_percent);
        Rules { pairs, whole_percent }
    }

    /// How full the pipes run by these rules.
    pub fn loads(&self) -> CapacityAsk {
        CapacityAsk { rules: self.capacity.rules(), users: self.users.rules(), filter: None }
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

    /// The plan with this budget.
    pub fn plan(&self, budget_yuan: Option<f64>) -> PlanAsk {
        PlanAsk { rules: self.rules(), costs: self.costs(), budget_yuan, watch_years: self.watch_years }
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
