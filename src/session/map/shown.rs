//! Which layers a view of the map shows: those whose eye is open, or a choice of its own.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::session::state::LayerView;

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// The layers whose eye is open.
    #[default]
    Visible,
    /// These, by table name.
    These(Arc<BTreeSet<String>>),
}

impl Shown {
    /// Whether a layer is among them.
    pub fn holds(&self, layer: &LayerView) -> bool {
        match self {
            Self::Visible => layer.visible,
            Self::These(tables) => tables.contains(layer.table()),
        }
    }

    /// The number by which tiles tell it apart; 0 for the layers whose eye is open.
    pub fn number(&self) -> u64 {
        let Self::These(tables) = self else { return 0 };
        let mut hasher = DefaultHasher::new();
        tables.hash(&mut hasher);
        hasher.finish().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_choice_has_the_same_number_and_another_one_another() {
        let these = |tables: &[&str]| Shown::These(Arc::new(tables.iter().map(|&table| table.to_owned()).collect()));
        assert_eq!(Shown::Visible.number(), 0);
        assert_eq!(these(&["road", "cable"]).number(), these(&["cable", "road"]).number());
        assert_ne!(these(&["road"]).number(), these(&["cable"]).number());
        assert_ne!(these(&[]).number(), 0);
    }
}
