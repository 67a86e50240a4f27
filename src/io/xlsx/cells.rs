//! A spreadsheet's cells as words: what a person sees in them, with every digit that is there.

use std::borrow::Cow;

use calamine::{DataRef, ExcelDateTime};

use crate::io::clock;

/// Larger whole numbers have lost digits: a spreadsheet keeps fifteen.
const FIRST_ROUNDED: f64 = 1e15;

/// A cell's words, and what is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words<'a> {
    pub words: Cow<'a, str>,
    pub fault: Option<CellFault>,
}

/// What can be wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellFault {
    /// `#N/A` and the like.
    Error,
    /// A number of so many digits that the last ones are made up.
    Rounded,
}

/// The words of a cell.
pub(super) fn words_of<'a>(cell: &DataRef<'a>) -> Words<'a> {
    match cell {
        DataRef::SharedString(words) => plain(Cow::Borrowed(*words)),
        DataRef::String(words) | DataRef::DateTimeIso(words) | DataRef::DurationIso(words) => {
            plain(Cow::Owned(words.clone()))
        }
        DataRef::Int(number) => value_words(*number as f64),
        DataRef::Float(number) => value_words(*number),
        DataRef::Bool(yes) => plain(Cow::Borrowed(if *yes { "TRUE" } else { "FALSE" })),
        DataRef::DateTime(at) => plain(Cow::Owned(date_words(at))),
        DataRef::Error(error) => Words { words: Cow::Owned(error.to_string()), fault: Some(CellFault::Error) },
        DataRef::Empty => plain(Cow::Borrowed("")),
    }
}

fn plain(words: Cow<'_, str>) -> Words<'_> {
    Words { words, fault: None }
}

/// Without exponent: what was a code should look like one.
pub(super) fn value_words(number: f64) -> Words<'static> {
    let is_rounded = number.abs() >= FIRST_ROUNDED && number.fract() == 0.0 && number.abs() < 1e30;
    let words = if number.abs() < 1e30 { number.to_string() } else { format!("{number:?}") };
    Words { words: Cow::Owned(words), fault: is_rounded.then_some(CellFault::Rounded) }
}

/// A day, an instant or a time of day. Spreadsheets know no time zones: their clock is the bureau's.
pub(super) fn date_words(at: &ExcelDateTime) -> String {
    let days = at.as_f64();
    if !(0.0..2_958_466.0).contains(&days) {
        return days.to_string();
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    if at.is_duration() || days < 1.0 {
        let seconds = (days * 86_400.0).round() as u64;
        return format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    if days.fract() == 0.0 {
        return format!("{year:04}-{month:02}-{day:02}");
    }
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    let clock = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}");
    clock::instant(&clock).unwrap_or(clock)
}
