//! The clock of tables that know no time zones is the bureau's, eight hours ahead of UTC; instants are kept in UTC.

use jiff::civil::DateTime;
use jiff::{Timestamp, tz};

/// Hours that the bureau's clock is ahead of UTC.
const AHEAD_H: i8 = 8;

/// The instant at which the bureau's clock shows this: `2026-01-05T13:30:00` is `2026-01-05T05:30:00Z`.
pub(super) fn instant(clock: &str) -> Option<String> {
    let shown: DateTime = clock.parse().ok()?;
    let at = shown.to_zoned(tz::TimeZone::fixed(tz::offset(AHEAD_H))).ok()?.timestamp();
    Some(if at.subsec_nanosecond() == 0 { at.to_string() } else { format!("{at:.3}") })
}

/// What the bureau's clock shows at an instant, without a zone; `None` for what is no instant.
pub(super) fn local(instant: &str) -> Option<String> {
    let at: Timestamp = instant.parse().ok()?;
    let shown = at.to_zoned(tz::TimeZone::fixed(tz::offset(AHEAD_H))).datetime();
    Some(if at.subsec_nanosecond() == 0 { shown.to_string() } else { format!("{shown:.3}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_there_and_back() {
        for (shown, utc) in [
            ("2026-01-05T13:30:00", "2026-01-05T05:30:00Z"),
            ("2026-01-01T00:00:00", "2025-12-31T16:00:00Z"),
            ("2026-01-05T13:30:00.250", "2026-01-05T05:30:00.250Z"),
        ] {
            assert_eq!((instant(shown).as_deref(), local(utc).as_deref()), (Some(utc), Some(shown)));
        }
        assert_eq!((instant("13:30"), local("2026-01-05")), (None, None));
    }
}
