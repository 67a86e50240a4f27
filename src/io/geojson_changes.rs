//! What a `GeoJSON` file would lose by coming in and going out again without its text: how numbers are written, members
//! that the standard does not know. Counted in the first pass, told once for each column.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::value::FieldType;
use crate::task::Problem;
use crate::text;

/// Names of members that are told one by one.
const MOST_NAMES: usize = 50;

/// What was seen of one group of features.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// By the place of the column.
    numbers: Vec<Numbers>,
    /// Members of features that no writer of ours knows, and how often.
    members: BTreeMap<String, u64>,
}

/// The numbers of one column.
#[derive(Clone, Debug, Default)]
struct Numbers {
    whole: u64,
    real: u64,
    /// Real numbers that are written in another way than we do.
    odd: u64,
    /// The first of each.
    first: [Option<String>; 3],
}

impl Changes {
    /// Takes note of a value in a column.
    pub(super) fn value(&mut self, column: usize, json: &str) {
        if !matches!(json.as_bytes().first(), Some(b'-' | b'0'..=b'9')) {
            return;
        }
        if self.numbers.len() <= column {
            self.numbers.resize_with(column + 1, Numbers::default);
        }
        let numbers = &mut self.numbers[column];
        let mut note = |kind: usize| {
            numbers.first[kind].get_or_insert_with(|| json.chars().take(40).collect());
        };
        if json.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
            note(1);
            let is_odd = !is_ours(json);
            if is_odd {
                note(2);
            }
            numbers.real += 1;
            numbers.odd += u64::from(is_odd);
        } else {
            note(0);
            numbers.whole += 1;
        }
    }

    /// Takes note of a feature's members that have no place in a layer.
    pub(super) fn members(&mut self, names: &[Cow<'_, str>]) {
        for name in names {
            self.member(name, 1);
        }
    }

    fn member(&mut self, name: &str, times: u64) {
        if let Some(known) = self.members.get_mut(name) {
            *known += times;
        } else if self.members.len() < MOST_NAMES {
            self.members.insert(name.to_owned(), times);
        } else {
            *self.members.entry("…".to_owned()).or_default() += times;
        }
    }

    /// Adds what was seen later; `place` says which column here is which there.
    pub(super) fn merge(&mut self, later: Self, place: impl Fn(usize) -> Option<usize>) {
        for (column, numbers) in later.numbers.into_iter().enumerate() {
            let Some(place) = place(column) else { continue };
            if self.numbers.len() <= place {
                self.numbers.resize_with(place + 1, Numbers::default);
            }
            let ours = &mut self.numbers[place];
            ours.whole += numbers.whole;
            ours.real += numbers.real;
            ours.odd += numbers.odd;
            ours.first.iter_mut().zip(numbers.first).for_each(|(ours, first)| *ours = ours.take().or(first));
        }
        later.members.iter().for_each(|(name, times)| self.member(name, *times));
    }

    /// What there is to tell, once the types of the columns are known.
    pub(super) fn problems<'a>(&self, columns: impl Iterator<Item = (&'a str, FieldType)>) -> Vec<Problem> {
        let numbers = self.numbers.iter().zip(columns);
        let rewritten: Vec<Rewritten<'a>> =
            numbers.filter_map(|(numbers, (name, of))| numbers.rewritten(name, of)).collect();
        let mut found: Vec<Problem> = Rewritten::problem(&rewritten).into_iter().collect();
        for (name, times) in &self.members {
            let what = text!(
                "{times} 个要素的成员“{name}”没有读入，导出时不会有",
                "{times} features have a member “{name}” that is not taken in: an export will be without it"
            );
            found.push(Problem::warning("lossless.members", what));
        }
        found
    }
}

/// A column with numbers that will be written in another way: how many, and one before and after.
struct Rewritten<'a> {
    column: &'a str,
    times: u64,
    before: String,
    after: String,
}

impl Rewritten<'_> {
    /// One line for all columns.
    fn problem(all: &[Self]) -> Option<Problem> {
        let Self { column, times, before, after } = all.first()?;
        let what = if all.len() == 1 {
            text!(
                "列“{column}”有 {times} 个数字导出时写法会变：{before} → {after}",
                "column “{column}”: {times} numbers will be written in another way: {before} → {after}"
            )
        } else {
            let (count, times) = (all.len(), all.iter().map(|it| it.times).sum::<u64>());
            text!(
                "{count} 列共 {times} 个数字导出时写法会变，数值不变；如列“{column}”：{before} → {after}",
                "{times} numbers in {count} columns will be written in another way, their values stay; column “{column}”: \
                 {before} → {after}"
            )
        };
        Some(Problem::warning("lossless.numbers", what))
    }
}

impl Numbers {
    fn rewritten<'a>(&self, column: &'a str, field_type: FieldType) -> Option<Rewritten<'a>> {
        let [whole, real, odd] = &self.first;
        let (times, before, is_text) = match field_type {
            FieldType::Real => (self.whole + self.odd, odd.as_ref().or(whole.as_ref()), false),
            FieldType::Text => (self.whole + self.real, whole.as_ref().or(real.as_ref()), true),
            _ => return None,
        };
        let before = before.filter(|_| times > 0)?;
        let after = if is_text { format!("\"{before}\"") } else { ours(before)? };
        Some(Rewritten { column, times, before: before.clone(), after })
    }
}

/// Members of a file, beside its features, that are not taken in.
pub(super) fn of_file(names: &[String]) -> Vec<Problem> {
    let problem = |name: &String| {
        let what = text!(
            "文件的成员“{name}”没有读入，导出时不会有",
            "the file has a member “{name}” that is not taken in: an export will be without it"
        );
        Problem::warning("lossless.members", what)
    };
    names.iter().take(MOST_NAMES).map(problem).collect()
}

/// Whether we would write a real number just so. Most are plain, which their digits tell.
fn is_ours(json: &str) -> bool {
    let bytes = json.as_bytes();
    let is_plain = json.len() <= 15
        && !json.contains(['e', 'E'])
        && !json.trim_start_matches('-').starts_with("0.000")
        && (!bytes.ends_with(b"0") || json.ends_with(".0"));
    is_plain || ours(json).as_deref() == Some(json)
}

fn ours(json: &str) -> Option<String> {
    serde_json::to_string(&json.parse::<f64>().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_will_look_different_are_counted_by_column() {
        check(&["1.5", "2.0", "-0.25"], FieldType::Real, None);
        check(&["1.50", "2"], FieldType::Real, Some("2 numbers will be written in another way: 1.50 → 1.5"));
        check(&["3"], FieldType::Real, Some("1 numbers will be written in another way: 3 → 3.0"));
        check(
            &["1e3", "null", "\"1.50\""],
            FieldType::Real,
            Some("1 numbers will be written in another way: 1e3 → 1000.0"),
        );
        check(
            &["7", "12345678901234567890"],
            FieldType::Text,
            Some("2 numbers will be written in another way: 7 → \"7\""),
        );
        check(&["7", "8"], FieldType::Int, None);
        check(&["1.50", "{}"], FieldType::Json, None);
    }

    proptest::proptest! {
        #[test]
        fn plain_digits_are_told_apart_as_writing_them_would(whole in -99_999_i64..99_999, part in "[0-9]{1,12}") {
            let json = format!("{whole}.{part}");
            proptest::prop_assert_eq!(is_ours(&json), ours(&json).as_deref() == Some(json.as_str()), "{}", json);
        }
    }

    #[track_caller]
    fn check(column: &[&str], field_type: FieldType, expected: Option<&str>) {
        let mut changes = Changes::default();
        column.iter().for_each(|json| changes.value(0, json));
        let mut whole = Changes::default();
        whole.merge(changes, Some);
        let found = whole.problems(std::iter::once(("x", field_type)));
        let words = found.first().map(|problem| problem.what.en.as_ref().trim_start_matches("column “x”: "));
        assert_eq!((words, found.len() <= 1), (expected, true));
    }
}
