//! Column names from other people's files: unique for SQLite, which looks past letter case, and never one of the
//! names that the city file keeps for itself.

use std::collections::BTreeSet;

/// The column for a feature's own id, where that id cannot be the row's. Its name is `id`, and it goes out as `id`.
pub(super) const ID_COLUMN: &str = "feature_id";

/// Longest column name, characters.
const MAX_LEN: usize = 60;
const RESERVED: [&str; 8] = ["fid", "geom", "geometry", "ogc_fid", "rowid", "oid", "_rowid_", ID_COLUMN];

/// Gives out column names.
#[derive(Debug)]
pub(super) struct ColumnNames {
    taken: BTreeSet<String>,
}

impl Default for ColumnNames {
    fn default() -> Self {
        Self { taken: RESERVED.map(str::to_owned).into() }
    }
}

impl ColumnNames {
    /// The name of a column for a property of that name: the same, if it can be.
    pub(super) fn take(&mut self, name: &str) -> String {
        let plain: String = name.trim().chars().filter(|c| !c.is_control() && !matches!(c, '"' | '`')).collect();
        let plain: String = plain.chars().take(MAX_LEN).collect();
        let plain = if plain.is_empty() { "field".to_owned() } else { plain };
        let numbered = (2..).map(|number: u64| format!("{plain}_{number}"));
        let mut candidates = std::iter::once(plain.clone()).chain(numbered);
        candidates.find(|candidate| self.taken.insert(candidate.to_lowercase())).unwrap_or(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_where_they_can() {
        check("管径 类别 code 2024", "管径 类别 code 2024");
    }

    #[test]
    fn names_that_sqlite_takes_for_one_are_told_apart() {
        check("Name name NAME name_2", "Name name_2 NAME_3 name_2_2");
        check("fid FID geom rowid feature_id", "fid_2 FID_3 geom_2 rowid_2 feature_id_2");
        check("a\"b a\u{0}b", "ab ab_2");
    }

    #[track_caller]
    fn check(names: &str, expected: &str) {
        let mut columns = ColumnNames::default();
        let found: Vec<String> = names.split(' ').map(|name| columns.take(name)).collect();
        assert_eq!(found.join(" "), expected);
    }
}
