//! What a bureau chose for its drainage users and for the capacity of its pipes. Only what differs from the program's own
//! assumptions is kept, so that better ones of a later version still come through.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::trades::sewer::capacity::{CapacityRules, Peaking, Split};
use crate::trades::sewer::manning::ManningRules;
use crate::trades::sewer::sewers::Joining;
use crate::trades::sewer::users::{LoadRules, UserRules};

/// Least and most of each number, as forms and the command line take them.
pub mod limits {
    /// How far a pipe's drawn end may be from its node, metres.
    pub const SNAP_M: [f64; 2] = [0.001, 50.0];
    /// How far a user's node may be, metres.
    pub const REACH_M: [f64; 2] = [0.1, 10_000.0];
    /// Years of a permit.
    pub const PERMIT_YEARS: [f64; 2] = [1.0, 100.0];
    /// Days before a permit ends.
    pub const EXPIRING_DAYS: [f64; 2] = [0.0, 36_500.0];
    /// Litres a head and day.
    pub const LITRES: [f64; 2] = [0.1, 10_000.0];
    /// People of a household.
    pub const HEADS: [f64; 2] = [0.1, 100.0];
    /// Manning's n.
    pub const MANNING_N: [f64; 2] = [0.001, 1.0];
    /// A peak factor that is the same everywhere.
    pub const PEAK: [f64; 2] = [1.0, 20.0];
    /// How far banks go out for each metre up.
    pub const BANKS: [f64; 2] = [0.001, 100.0];
}

/// How pipes find their nodes and their direction, where a bureau has it otherwise than the program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptJoining {
    /// See [`Joining::snap_m`].
    pub snap_m: Option<f64>,
    /// See [`Joining::trusts_inverts`].
    pub trusts_inverts: bool,
}

impl KeptJoining {
    /// What differs from the program's own.
    pub fn of(joining: Joining) -> Self {
        let snap_m = differs(&joining.snap_m, &Joining::default().snap_m);
        Self { snap_m, trusts_inverts: joining.trusts_inverts }
    }

    /// All of it; a number that nobody can have meant counts as none.
    pub fn joining(&self) -> Joining {
        let usual = Joining::default();
        let snap_m = within(self.snap_m, limits::SNAP_M).unwrap_or(usual.snap_m);
        Joining { snap_m, trusts_inverts: self.trusts_inverts }
    }
}

/// How users join, what they need and what they discharge, where a bureau has it otherwise than the program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptUserRules {
    /// See [`UserRules::reach_m`].
    pub reach_m: Option<f64>,
    /// See [`UserRules::exempt`].
    pub exempt: Option<Vec<String>>,
    /// See [`UserRules::kitchens`].
    pub kitchens: Option<Vec<String>>,
    /// See [`UserRules::permit_years`].
    pub permit_years: Option<i32>,
    /// See [`UserRules::expiring_days`].
    pub expiring_days: Option<i32>,
    /// See [`LoadRules::litres_per_head`].
    pub litres_per_head: Option<f64>,
    /// See [`LoadRules::heads_per_household`].
    pub heads_per_household: Option<f64>,
}

impl KeptUserRules {
    /// What differs from the program's own.
    pub fn of(rules: &UserRules) -> Self {
        let usual = UserRules::default();
        Self {
            reach_m: differs(&rules.reach_m, &usual.reach_m),
            exempt: differs(&rules.exempt, &usual.exempt),
            kitchens: differs(&rules.kitchens, &usual.kitchens),
            permit_years: differs(&rules.permit_years, &usual.permit_years),
            expiring_days: differs(&rules.expiring_days, &usual.expiring_days),
            litres_per_head: differs(&rules.load.litres_per_head, &usual.load.litres_per_head),
            heads_per_household: differs(&rules.load.heads_per_household, &usual.load.heads_per_household),
        }
    }

    /// All rules; a number that nobody can have meant counts as none.
    pub fn rules(&self) -> UserRules {
        let usual = UserRules::default();
        let whole = |number: Option<i32>, limits: [f64; 2], usual: i32| {
            number.filter(|&number| is_within(f64::from(number), limits)).unwrap_or(usual)
        };
        UserRules {
            reach_m: within(self.reach_m, limits::REACH_M).unwrap_or(usual.reach_m),
            exempt: self.exempt.clone().unwrap_or(usual.exempt),
            kitchens: self.kitchens.clone().unwrap_or(usual.kitchens),
            permit_years: whole(self.permit_years, limits::PERMIT_YEARS, usual.permit_years),
            expiring_days: whole(self.expiring_days, limits::EXPIRING_DAYS, usual.expiring_days),
            load: LoadRules {
                litres_per_head: within(self.litres_per_head, limits::LITRES).unwrap_or(usual.load.litres_per_head),
                heads_per_household: within(self.heads_per_household, limits::HEADS)
                    .unwrap_or(usual.load.heads_per_household),
            },
        }
    }
}

/// How pipes are judged, where a bureau has it otherwise than the program. Words are those of the command line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptCapacityRules {
    /// `2021`, `formula` or a number; see [`peaking_of`].
    pub peaking: Option<String>,
    /// `equal` or `capacity`.
    pub split: Option<String>,
    /// Manning's n by material, those that differ.
    pub manning_n: BTreeMap<String, f64>,
    /// Manning's n of all others: a number, or `none`.
    pub other_n: Option<String>,
    /// See [`ManningRules::bank_slope`].
    pub bank_slope: Option<f64>,
}

impl KeptCapacityRules {
    /// What differs from the program's own.
    pub fn of(rules: &CapacityRules) -> Self {
        let usual = CapacityRules::default();
        let known: BTreeMap<&str, f64> = usual.manning.roughness.iter().map(|(code, n)| (code.as_str(), *n)).collect();
        let own = rules.manning.roughness.iter().filter(|(code, n)| known.get(code.as_str()) != Some(n));
        let (n, usual_n) = (other_n_word(rules.manning.other_n), other_n_word(usual.manning.other_n));
        Self {
            peaking: differs(&rules.peaking, &usual.peaking).map(peaking_word),
            split: differs(&rules.split, &usual.split).map(|split| split_word(split).to_owned()),
            manning_n: own.map(|(code, n)| (code.clone(), *n)).collect(),
            other_n: differs(&n, &usual_n),
            bank_slope: rules.manning.bank_slope,
        }
    }

    /// All rules; what nobody can have meant counts as none.
    pub fn rules(&self) -> CapacityRules {
        let mut manning =
            ManningRules { bank_slope: within(self.bank_slope, limits::BANKS), ..ManningRules::default() };
        for (code, n) in self.manning_n.iter().filter(|(_, n)| is_within(**n, limits::MANNING_N)) {
            set_roughness(&mut manning, code, *n);
        }
        if let Some(other_n) = self.other_n.as_deref().and_then(other_n_of) {
            manning.other_n = other_n;
        }
        let usual = CapacityRules::default();
        CapacityRules {
            manning,
            peaking: self.peaking.as_deref().and_then(peaking_of).unwrap_or(usual.peaking),
            split: self.split.as_deref().and_then(split_of).unwrap_or(usual.split),
        }
    }
}

/// Gives a material another roughness.
pub fn set_roughness(manning: &mut ManningRules, material: &str, n: f64) {
    match manning.roughness.iter_mut().find(|known| known.0.eq_ignore_ascii_case(material)) {
        Some(known) => known.1 = n,
        None => manning.roughness.push((material.to_owned(), n)),
    }
}

/// A peak factor by its word: `2021` for the table of GB 50014-2021, `formula` for that of 2006, or a number.
pub fn peaking_of(word: &str) -> Option<Peaking> {
    match word {
        "2021" => Some(Peaking::Gb2021),
        "formula" => Some(Peaking::Formula),
        _ => within(word.parse().ok(), limits::PEAK).map(Peaking::Fixed),
    }
}

fn peaking_word(peaking: Peaking) -> String {
    match peaking {
        Peaking::Gb2021 => "2021".to_owned(),
        Peaking::Formula => "formula".to_owned(),
        Peaking::Fixed(factor) => factor.to_string(),
    }
}

/// How water is split, by its word: `equal` or `capacity`.
pub fn split_of(word: &str) -> Option<Split> {
    [Split::Equal, Split::ByCapacity].into_iter().find(|split| split_word(*split) == word)
}

fn split_word(split: Split) -> &'static str {
    match split {
        Split::Equal => "equal",
        Split::ByCapacity => "capacity",
    }
}

/// Manning's n of materials that the table has not: a number, or `none` to leave such pipes without a capacity.
pub fn other_n_of(word: &str) -> Option<Option<f64>> {
    if word == "none" { Some(None) } else { within(word.parse().ok(), limits::MANNING_N).map(Some) }
}

fn other_n_word(n: Option<f64>) -> String {
    n.map_or_else(|| "none".to_owned(), |n| n.to_string())
}

fn differs<T: PartialEq + Clone>(value: &T, usual: &T) -> Option<T> {
    (value != usual).then(|| value.clone())
}

fn is_within(number: f64, [least, most]: [f64; 2]) -> bool {
    (least..=most).contains(&number)
}

fn within(number: Option<f64>, limits: [f64; 2]) -> Option<f64> {
    number.filter(|number| is_within(*number, limits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_comes_back_and_what_was_not_is_not_kept() {
        let usual = (UserRules::default(), CapacityRules::default());
        assert_eq!(KeptUserRules::of(&usual.0), KeptUserRules::default());
        assert_eq!(KeptCapacityRules::of(&usual.1), KeptCapacityRules::default());
        let users = UserRules { expiring_days: 30, exempt: Vec::new(), reach_m: 80.0, ..UserRules::default() };
        let mut manning = ManningRules { other_n: None, bank_slope: Some(1.5), ..ManningRules::default() };
        set_roughness(&mut manning, "hdpe", 0.009);
        set_roughness(&mut manning, "WOOD", 0.02);
        let capacity = CapacityRules { manning, peaking: Peaking::Fixed(2.25), split: Split::ByCapacity };
        let kept = (KeptUserRules::of(&users), KeptCapacityRules::of(&capacity));
        let words = serde_json::to_string(&kept).expect("words");
        let read: (KeptUserRules, KeptCapacityRules) = serde_json::from_str(&words).expect("what was written");
        assert_eq!((read.0.rules(), read.1.rules()), (users, capacity));
    }

    #[test]
    fn numbers_that_nobody_can_have_meant_count_as_none() {
        let words = r#"{"reach_m":-3,"permit_years":0,"expiring_days":30,"litres_per_head":1e300}"#;
        let users: KeptUserRules = serde_json::from_str(words).expect("rules");
        assert_eq!(users.rules(), UserRules { expiring_days: 30, ..UserRules::default() });
        let words = r#"{"peaking":"often","split":"","other_n":"-1","manning_n":{"RCP":0}}"#;
        let capacity: KeptCapacityRules = serde_json::from_str(words).expect("rules");
        assert_eq!(capacity.rules(), CapacityRules::default());
    }
}
