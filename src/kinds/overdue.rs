//! Whether a note or a case is past its time. The flag in the row is right on the day it is written; this is right now.

use jiff::{Timestamp, Zoned, civil};

use crate::model::schema::Schema;
use crate::model::value::Value;

/// How long a row of a kind may take.
struct Clock {
    kind: &'static str,
    /// Field of the last day or instant.
    deadline: &'static str,
    /// States in which nobody is waited for.
    stopped: &'static [&'static str],
}

const CLOCKS: [Clock; 2] = [
    Clock { kind: "note", deadline: "due", stopped: &["done"] },
    Clock { kind: "case", deadline: "deadline", stopped: &["suspended", "closed", "rejected", "cancelled"] },
];

/// The field with the flag.
const FLAG: &str = "overdue";

/// The fields that say whether a row is past its time, to be at hand with any of `wanted` that is the flag.
pub fn fields_beside(schema: &Schema, wanted: &[String]) -> Vec<String> {
    let clock = CLOCKS.iter().find(|clock| clock.kind == schema.kind).filter(|_| wanted.iter().any(|id| id == FLAG));
    clock.map_or_else(Vec::new, |clock| vec![clock.deadline.to_owned(), "state".to_owned()])
}

/// Place of the flag in a schema that has a clock.
pub fn flag(schema: &Schema) -> Option<usize> {
    CLOCKS.iter().find(|clock| clock.kind == schema.kind).and_then(|_| schema.field_index(FLAG))
}

/// Whether a row is past its deadline and not closed; `None` where there is no deadline. A note due today is in time.
pub fn is_overdue(schema: &Schema, values: &[Value], now: &Zoned) -> Option<bool> {
    let clock = CLOCKS.iter().find(|clock| clock.kind == schema.kind)?;
    let word = |id: &str| schema.field_index(id).and_then(|index| values.get(index)?.as_str());
    let deadline = word(clock.deadline)?.trim();
    let is_past = match deadline.parse::<Timestamp>() {
        Ok(instant) => instant < now.timestamp(),
        Err(_) => deadline.parse::<civil::Date>().ok()? < now.date(),
    };
    let is_stopped = word("state").is_some_and(|state| clock.stopped.contains(&state));
    Some(is_past && !is_stopped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;

    #[test]
    fn a_note_is_late_the_day_after_it_was_due_until_it_is_done() {
        check("note", "due", "2026-11-21", "open", Some(true));
        check("note", "due", "2026-11-22", "work", Some(false));
        check("note", "due", "2026-11-21", "done", Some(false));
        check("note", "due", "", "open", None);
        check("note", "due", "soon", "open", None);
    }

    #[test]
    fn a_case_is_late_from_the_instant_on_while_its_clock_runs() {
        check("case", "deadline", "2026-11-22T06:00:00.000Z", "handling", Some(true));
        check("case", "deadline", "2026-11-22T06:10:00.000Z", "handling", Some(false));
        check("case", "deadline", "2026-11-22T06:00:00.000Z", "suspended", Some(false));
    }

    #[test]
    fn other_kinds_have_no_clock() {
        check("road", "name", "2020-01-01", "", None);
    }

    /// At 14:03 in Jiujiang on 22 November 2026.
    #[track_caller]
    fn check(kind: &str, field: &str, deadline: &str, state: &str, expected: Option<bool>) {
        let schema = crate::kinds::find(kind).expect("a kind").schema(Crs::CGCS2000);
        let mut values = vec![Value::Null; schema.fields.len()];
        for (id, word) in [(field, deadline), ("state", state)] {
            if let Some(index) = schema.field_index(id) {
                values[index] = word.into();
            }
        }
        let now = "2026-11-22T06:03:00Z".parse::<Timestamp>().expect("an instant");
        let now = now.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
        assert_eq!(is_overdue(&schema, &values, &now), expected);
    }
}
