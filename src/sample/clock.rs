//! Days and instants of the sample city, counted back from one fixed day, so that the same seed gives the same rows.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::model::value::Value;

/// The day on which the sample was "taken".
fn today() -> Date {
    date(2026, 11, 20)
}

/// A day so many days ago (negative: to come).
pub(super) fn day(days_ago: i64) -> Value {
    let then = today().checked_sub(days_ago.days()).unwrap_or_else(|_| today());
    Value::Text(then.to_string())
}

/// An instant so many minutes before noon of that day, UTC (negative: to come).
pub(super) fn instant(minutes_ago: i64) -> Value {
    let noon = today().at(12, 0, 0, 0).to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |noon| noon.timestamp());
    let then = noon.checked_sub(SignedDuration::from_mins(minutes_ago)).unwrap_or(noon);
    Value::Text(then.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_geopackage_wants_them() {
        assert_eq!(instant(90).as_str(), Some("2026-11-20T10:30:00.000Z"));
        assert_eq!(day(20).as_str(), Some("2026-10-31"));
    }
}
