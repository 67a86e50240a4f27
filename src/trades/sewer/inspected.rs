//! How much of the sewers was inspected, each metre once: by year, method, road or sub-district.
//!
//! Within one line of the table and within one year's total a pipe counts once, however often it was inspected; parts of
//! a pipe that were inspected one by one are joined along it. A camera that went against the flow began at the
//! downstream end. An inspection that states no length has seen the whole pipe; none has seen more than the pipe.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::condition::{Inspection, length_m, pipes_by_code};
use super::sewers::Sewers;

/// What the lines of the table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// Years alone.
    Year,
    /// Methods within years.
    Method,
    /// Sub-districts (街道) within years.
    Street,
    /// Roads within years.
    Road,
}

impl By {
    /// The word on the command line.
    pub fn code(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Method => "method",
            Self::Street => "street",
            Self::Road => "road",
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Share {
    /// The year; `None` for inspections without a day.
    pub year: Option<i16>,
    /// Method's code, road or sub-district; empty for not stated, and where lines are years.
    pub key: String,
    /// Length inspected, each metre once.
    pub length_m: f64,
    /// Different pipes.
    pub pipes: usize,
    /// Inspections, repeated ones too.
    pub inspections: usize,
}

/// The whole table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspected {
    /// By year and key; empty where lines are years.
    pub shares: Vec<Share>,
    /// Whole years, oldest first.
    pub years: Vec<Share>,
    /// Ever: each metre once over all years.
    pub ever: Share,
    /// Length of all pipes.
    pub network_m: f64,
    /// Inspections that name no pipe of the network; they count with the length that they state.
    pub without_pipe: usize,
    /// Inspections whose day is yet to come; they do not count.
    pub future: usize,
}

/// A part of a pipe that one inspection saw; metres from the upstream end.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    pipe: u32,
    from_m: f64,
    to_m: f64,
}

/// Sums inspections up. `street_of` says in which sub-district a pipe lies.
pub fn inspected(
    sewers: &Sewers,
    inspections: &[Inspection],
    by: By,
    street_of: &dyn Fn(u32) -> Option<String>,
) -> Inspected {
    let known = pipes_by_code(sewers);
    let mut strangers: FxHashMap<&str, u32> = FxHashMap::default();
    let mut lines: BTreeMap<(Option<i16>, String), Vec<Stretch>> = BTreeMap::new();
    let mut years: BTreeMap<Option<i16>, Vec<Stretch>> = BTreeMap::new();
    let (mut all, mut without_pipe, mut others) = (Vec::with_capacity(inspections.len()), 0, 0);
    let future = inspections.iter().filter(|inspection| inspection.is_future).count();
    for inspection in inspections.iter().filter(|inspection| !inspection.is_future) {
        let pipe = known.get(&*inspection.pipe_code).copied();
        without_pipe += usize::from(pipe.is_none());
        let stretch = if let Some(pipe) = pipe {
            stretch(sewers, pipe, inspection)
        } else {
            // Without a code nobody can tell that two are of one pipe.
            let next = sewers.pipe_numbers() + others;
            let known = strangers.get(&*inspection.pipe_code).copied();
            let number = known.filter(|_| !inspection.pipe_code.is_empty()).unwrap_or(next);
            if number == next {
                others += 1;
                strangers.insert(&inspection.pipe_code, next);
            }
            Stretch { pipe: number, from_m: 0.0, to_m: inspection.length_m.unwrap_or_default() }
        };
        let key = match by {
            By::Year => None,
            By::Method => Some(inspection.method.to_string()),
            By::Road => {
                Some(pipe.and_then(|pipe| sewers.pipe(pipe)).map_or(String::new(), |pipe| pipe.road.to_string()))
            }
            By::Street => Some(pipe.and_then(street_of).unwrap_or_default()),
        };
        if let Some(key) = key {
            lines.entry((inspection.year(), key)).or_default().push(stretch);
        }
        years.entry(inspection.year()).or_default().push(stretch);
        all.push(stretch);
    }
    Inspected {
        shares: lines.into_iter().map(|((year, key), stretches)| share(year, key, stretches)).collect(),
        years: years.into_iter().map(|(year, stretches)| share(year, String::new(), stretches)).collect(),
        ever: share(None, String::new(), all),
        network_m: sewers.pipes().filter_map(|(number, _)| length_m(sewers, number)).sum(),
        without_pipe,
        future,
    }
}

fn stretch(sewers: &Sewers, pipe: u32, inspection: &Inspection) -> Stretch {
    let Some(whole_m) = length_m(sewers, pipe) else {
        return Stretch { pipe, from_m: 0.0, to_m: inspection.length_m.unwrap_or_default() };
    };
    let seen_m = inspection.length_m.map_or(whole_m, |length| length.min(whole_m));
    let from_m = if inspection.against_flow { whole_m - seen_m } else { 0.0 };
    Stretch { pipe, from_m, to_m: from_m + seen_m }
}

/// Joins what overlaps.
fn share(year: Option<i16>, key: String, mut stretches: Vec<Stretch>) -> Share {
    let inspections = stretches.len();
    stretches.sort_by(|a, b| a.pipe.cmp(&b.pipe).then(a.from_m.total_cmp(&b.from_m)));
    let (mut length_m, mut pipes) = (0.0, 0);
    let mut reached: Option<(u32, f64)> = None;
    for stretch in stretches {
        let done_m = match reached {
            Some((pipe, to_m)) if pipe == stretch.pipe => to_m,
            _ => {
                pipes += 1;
                f64::NEG_INFINITY
            }
        };
        length_m += (stretch.to_m - stretch.from_m.max(done_m)).max(0.0);
        reached = Some((stretch.pipe, done_m.max(stretch.to_m)));
    }
    Share { year, key, length_m, pipes, inspections }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trades::sewer::pipe::{Pipe, RowRef};
    use crate::trades::sewer::sewers::Joining;

    #[test]
    fn a_pipe_inspected_twice_in_a_year_counts_once() {
        check("A 2025 cctv with 40, A 2025 sonar with 40, B 2025 cctv with 30", &[("2025", 70.0, 2, 3)]);
    }

    #[test]
    fn years_are_counted_apart_and_ever_once() {
        check("A 2024 cctv with 40, A 2025 cctv with 40", &[("2024", 40.0, 1, 1), ("2025", 40.0, 1, 1)]);
        assert_eq!(table("A 2024 cctv with 40, A 2025 cctv with 40", By::Year).ever.length_m, 40.0);
    }

    #[test]
    fn parts_from_both_ends_are_joined_along_the_pipe() {
        check("A 2025 cctv with 15, A 2025 cctv against 20", &[("2025", 35.0, 1, 2)]);
        check("A 2025 cctv with 30, A 2025 cctv against 30", &[("2025", 40.0, 1, 2)]);
        check("A 2025 cctv against 20, A 2025 cctv against 10", &[("2025", 20.0, 1, 2)]);
    }

    #[test]
    fn no_inspection_has_seen_more_than_the_pipe_and_one_without_a_length_all_of_it() {
        check("A 2025 cctv with 99, B 2025 cctv with -", &[("2025", 70.0, 2, 2)]);
        check("X 2025 cctv with 12, X 2025 cctv with 9", &[("2025", 12.0, 1, 2)]);
    }

    #[test]
    fn inspections_that_name_no_pipe_at_all_count_each_for_itself() {
        check("- 2025 cctv with 12, - 2025 cctv with 9, - 2025 cctv with 30", &[("2025", 51.0, 3, 3)]);
    }

    #[test]
    fn methods_are_lines_within_their_year() {
        let found = table("A 2025 cctv with 40, A 2025 sonar with 10, B 2024 cctv with 30", By::Method);
        let lines: Vec<_> = found.shares.iter().map(|it| (it.year, it.key.as_str(), it.length_m)).collect();
        assert_eq!(lines, [(Some(2024), "cctv", 30.0), (Some(2025), "cctv", 40.0), (Some(2025), "sonar", 10.0)]);
        assert_eq!((found.ever.length_m, found.network_m), (70.0, 70.0));
    }

    #[track_caller]
    fn check(written: &str, expected: &[(&str, f64, usize, usize)]) {
        let found = table(written, By::Year).years;
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.year.unwrap_or_default().to_string(), it.length_m, it.pipes, it.inspections))
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(year, length, pipes, times)| ((*year).to_owned(), *length, *pipes, *times)).collect();
        assert_eq!(found, expected);
    }

    /// `PIPE YEAR METHOD DIRECTION LENGTH`, by commas, `-` for no code; A has 40 m, B 30 m.
    fn table(written: &str, by: By) -> Inspected {
        let pipe = |id, code: &str, length| Pipe {
            row: RowRef { layer: 0, id },
            code: code.into(),
            stated_length_m: Some(length),
            ..Pipe::default()
        };
        let sewers = Sewers::new(vec![pipe(1, "A", 40.0), pipe(2, "B", 30.0)], Vec::new(), Joining::default());
        let inspection = |words: &str| {
            let words: Vec<&str> = words.split_whitespace().collect();
            Inspection {
                pipe_code: words[0].trim_start_matches('-').into(),
                on: format!("{}-05-01", words[1]).into(),
                method: words[2].into(),
                against_flow: words[3] == "against",
                length_m: words[4].parse().ok(),
                ..Inspection::default()
            }
        };
        let inspections: Vec<Inspection> = written.split(',').map(inspection).collect();
        inspected(&sewers, &inspections, by, &|_| None)
    }
}
