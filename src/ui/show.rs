//! How values are written for a person: code names, local time, units, grouped counts.

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::text::Lang;

/// What a person reads for `value`, with its unit; empty for nothing known. Instants are in local time.
pub fn value_text(field: &Field, value: &Value, lang: Lang) -> String {
    if value.is_null() {
        return String::new();
    }
    let words = match (field.field_type, value) {
        (FieldType::DateTime, Value::Text(instant)) => local_time(instant, &TimeZone::system()),
        (_, Value::Blob(bytes)) => format!("{} {}", count(bytes.len() as u64), lang.pick("字节", "bytes")),
        _ => field.display(value, lang),
    };
    if field.unit.is_empty() || value.as_f64().is_none() { words } else { format!("{words} {}", field.unit) }
}

/// A UTC instant (ISO 8601) to the minute, on the clocks of `zone`; anything else as it is.
pub fn local_time(instant: &str, zone: &TimeZone) -> String {
    match instant.parse::<Timestamp>() {
        Ok(time) => time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => instant.to_owned(),
    }
}

/// A local time as typed (`2026-11-22 14:03`, or the day alone) as a UTC instant in ISO 8601.
pub fn instant_from_local(words: &str, zone: &TimeZone) -> Option<String> {
    let words = words.trim().replace(['/', '.'], "-");
    let time = words.parse::<Timestamp>().ok().or_else(|| {
        let local = civil::DateTime::strptime("%Y-%m-%d %H:%M", &words);
        let local = local.or_else(|_| words.parse::<civil::DateTime>()).ok()?;
        Some(local.to_zoned(zone.clone()).ok()?.timestamp())
    })?;
    Some(format!("{time:.3}"))
}

/// A day as typed (`2026-11-22`, `2026/1/2`, `2026.1.2`, `20261122`, `2026年1月2日`) in ISO 8601.
pub fn day_from_words(words: &str) -> Option<String> {
    let words = words.trim().trim_end_matches('日').replace(['/', '.', '年', '月'], "-");
    let mut parts = words.split('-');
    let day = match (parts.next()?, parts.next(), parts.next(), parts.next()) {
        (all, None, None, None) if all.len() == 8 && all.is_ascii() => {
            civil::Date::new(all[..4].parse().ok()?, all[4..6].parse().ok()?, all[6..].parse().ok()?)
        }
        (year, Some(month), Some(day), None) if year.len() == 4 => {
            civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
        }
        _ => return None,
    };
    Some(day.ok()?.to_string())
}

/// A count in groups of three: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The value of a field by its id, as a person reads it; empty if there is none.
pub fn field_text(schema: &Schema, values: &[Value], id: &str, lang: Lang) -> String {
    let index = schema.field_index(id);
    let text = index.and_then(|index| Some(value_text(&schema.fields[index], values.get(index)?, lang)));
    text.unwrap_or_default()
}

/// The stored words of a field by its id: a code, not its name.
pub fn field_code<'a>(schema: &Schema, values: &'a [Value], id: &str) -> &'a str {
    schema.field_index(id).and_then(|index| values.get(index)?.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_three() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn days_are_read_as_people_write_them_and_nonsense_is_refused() {
        for words in ["2026-01-02", "2026/1/2", "2026.01.2", "20260102", " 2026年1月2日 "] {
            assert_eq!(day_from_words(words).as_deref(), Some("2026-01-02"), "{words}");
        }
        for words in ["", "2026-13-01", "2026-02-30", "26-1-2", "tomorrow", "2026-1-2-3", "二〇二六年一月"] {
            assert_eq!(day_from_words(words), None, "{words}");
        }
    }

    #[test]
    fn instants_are_shown_and_typed_in_local_time() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(local_time("2026-11-22T06:03:27.000Z", &zone), "2026-11-22 14:03");
        assert_eq!(local_time("yesterday", &zone), "yesterday");
        assert_eq!(instant_from_local("2026/11/22 14:03", &zone).as_deref(), Some("2026-11-22T06:03:00.000Z"));
        assert_eq!(instant_from_local("soon", &zone), None);
    }

    #[test]
    fn a_value_has_its_unit_and_a_code_its_name() {
        let depth = Field::real("depth_m", "井深", "Depth", "m");
        let class = Field::coded("class", "类别", "Class", &[("ws", "污水", "Foul")]);
        assert_eq!(value_text(&depth, &Value::Real(2.84), Lang::Zh), "2.84 m");
        assert_eq!(value_text(&depth, &Value::Null, Lang::Zh), "");
        assert_eq!(value_text(&class, &Value::from("ws"), Lang::En), "Foul");
    }
}
