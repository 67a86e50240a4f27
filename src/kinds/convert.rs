//! One value from another program, made into what a field holds.

use super::synonyms::SYNONYMS;
use crate::model::schema::{Code, Field};
use crate::model::value::{FieldType, Value};
use crate::text;
use crate::text::Text;

/// Makes `value` what `field` holds: words to numbers, dates and codes; what other programs write for "unknown"
/// (nothing, `-99`, `NULL`) to null.
///
/// # Errors
/// Why it cannot be, in words for the person who imports.
pub fn convert(value: Value, field: &Field) -> Result<Value, Text> {
    if let Value::Text(words) = &value
        && is_nothing(words)
    {
        return Ok(Value::Null);
    }
    if value.is_null() {
        return Ok(Value::Null);
    }
    if !field.codes.is_empty() {
        return coded(value, field);
    }
    match field.field_type {
        FieldType::Bool => yes_or_no(&value).map(Value::Bool).ok_or_else(|| misfit(&value, field)),
        FieldType::Int => whole_number(value, field),
        FieldType::Real => real_number(value, field),
        FieldType::Text | FieldType::Json => match value {
            Value::Blob(_) => Err(misfit(&value, field)),
            _ => Ok(Value::Text(value.to_string().trim().to_owned())),
        },
        FieldType::Date => day(&value).map(Value::from).ok_or_else(|| misfit(&value, field)),
        FieldType::DateTime => instant(&value).map(Value::from).ok_or_else(|| misfit(&value, field)),
        FieldType::Blob => match value {
            Value::Blob(_) => Ok(value),
            _ => Err(misfit(&value, field)),
        },
    }
}

/// Whether [`convert`] may lose something of a column of this type: a word that is no code of ours, a fraction, a time.
pub fn may_lose(from: FieldType, field: &Field) -> bool {
    let is_year = field.field_type == FieldType::Int && field.id.ends_with("year");
    match (field.field_type, from) {
        _ if !field.codes.is_empty() => true,
        (FieldType::Text | FieldType::Json, from) => from == FieldType::Blob,
        (FieldType::Real, FieldType::Int | FieldType::Real) | (FieldType::Bool, FieldType::Bool) => false,
        (FieldType::Int, FieldType::Int) => is_year,
        _ => true,
    }
}

/// Whether [`convert`] loses nothing of a value but the way it is written.
pub fn keeps(value: &Value, field: &Field) -> bool {
    convert(value.clone(), field).is_ok_and(|read| is_whole(value, &read, field))
}

/// Whether what was read is the whole value: no fraction was rounded, no time of day cut off.
pub fn is_whole(value: &Value, read: &Value, field: &Field) -> bool {
    match read {
        Value::Int(whole) if field.codes.is_empty() => number(value) == Some(*whole as f64),
        Value::Text(_) if field.field_type == FieldType::Date => is_whole_day(value),
        _ => true,
    }
}

fn is_whole_day(value: &Value) -> bool {
    match unix_time(value) {
        Some(at) => at.as_millisecond() % 86_400_000 == 0,
        None => date_and_time(value).is_some_and(|at| at.time() == jiff::civil::Time::midnight()),
    }
}

fn misfit(value: &Value, field: &Field) -> Text {
    let mut words = value.to_string();
    if let Some((end, _)) = words.char_indices().nth(60) {
        words.truncate(end);
        words.push('…');
    }
    let (zh, en) = (&field.name.zh, &field.name.en);
    text!("“{words}”不能作为“{zh}”", "“{words}” cannot be read as “{en}”")
}

/// What people and programs write where they know nothing.
fn is_nothing(words: &str) -> bool {
    let words = words.trim();
    let nothing = ["", "null", "<null>", "none", "nan", "n/a", "na", "-", "--", "—", "/", "\\", "无数据", "<空>"];
    nothing.iter().any(|word| word.eq_ignore_ascii_case(words))
}

fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Text(words) => plain_number(words)?,
        _ => value.as_f64()?,
    };
    number.is_finite().then_some(number)
}

/// Reads `1,095.58`, `ＤＮ800`, `0.35 m` and `3.4‰`: full-width characters, thousands, a leading DN or Φ, a trailing unit.
fn plain_number(words: &str) -> Option<f64> {
    let half: String = words.trim().chars().map(half_width).collect();
    let half = half.trim_start_matches(['D', 'N', 'd', 'n', 'Φ', 'φ', 'Ø', 'ø', ' ']);
    let end = half.rfind(|character: char| character.is_ascii_digit() || character == '.').map_or(0, |last| last + 1);
    let (digits, unit) = half.split_at(end);
    let is_unit = unit.chars().count() <= 6 && !unit.contains(['-', '/', ':', '~', 'x', 'X', '×', '*']);
    let plain = if is_thousands(digits) { digits.replace(',', "") } else { digits.to_owned() };
    let only_number = plain.chars().all(|character| character.is_ascii_digit() || "+-.eE".contains(character));
    (is_unit && only_number).then(|| plain.parse().ok()).flatten()
}

fn half_width(character: char) -> char {
    match character {
        '！'..='～' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        '\u{3000}' => ' ',
        '−' | '–' => '-',
        _ => character,
    }
}

/// `1,095` and `1,095,000.5`, but not `12,5`.
fn is_thousands(digits: &str) -> bool {
    let whole = digits.split('.').next().unwrap_or_default().trim_start_matches(['+', '-']);
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    rest.peek().is_some() && (1..=3).contains(&first.len()) && rest.all(|group| group.len() == 3)
}

/// `-99`, `-9999` and their like mean "unknown" wherever the field cannot hold them.
fn is_unknown_mark(number: f64, field: &Field) -> bool {
    let is_mark = [-1.0, -9.0, -99.0, -999.0, -9999.0, -99_999.0, 9999.0, 99_999.0, 999_999.0].contains(&number);
    let impossible = field.range.is_some_and(|(least, most)| !(least..=most).contains(&number));
    let is_zero_size = number == 0.0 && field.range.is_some_and(|(least, _)| least > 0.0);
    is_zero_size || number.abs() > 1e30 || (is_mark && impossible)
}

fn real_number(value: Value, field: &Field) -> Result<Value, Text> {
    let number = number(&value).ok_or_else(|| misfit(&value, field))?;
    Ok(if is_unknown_mark(number, field) { Value::Null } else { Value::Real(number) })
}

fn whole_number(value: Value, field: &Field) -> Result<Value, Text> {
    if field.id.ends_with("year")
        && let Some(year) = year(&value)
    {
        return Ok(Value::Int(year));
    }
    // Digits that a f64 would round stay exact.
    if let Value::Int(whole) = value {
        return Ok(if is_unknown_mark(whole as f64, field) { Value::Null } else { value });
    }
    let number = number(&value).ok_or_else(|| misfit(&value, field))?;
    if is_unknown_mark(number, field) {
        return Ok(Value::Null);
    }
    if number.abs() > 9e15 { Err(misfit(&value, field)) } else { Ok(Value::Int(number.round() as i64)) }
}

/// The year of a day, where a file has whole days.
fn year(value: &Value) -> Option<i64> {
    let is_day = value.as_str().is_none_or(|words| words.trim().len() > 4);
    if !is_day {
        return None;
    }
    day(value)?.get(..4)?.parse().ok()
}

/// Yes or no in the words, letters and numbers of both languages.
fn yes_or_no(value: &Value) -> Option<bool> {
    if let Some(words) = value.as_str() {
        let is_one_of = |list: &[&str]| list.iter().any(|word| word.eq_ignore_ascii_case(words.trim()));
        if is_one_of(&["是", "有", "yes", "y", "true", "t", "1", "1.0", "√", "对", "压力流", "forced"]) {
            return Some(true);
        }
        if is_one_of(&["否", "无", "没有", "no", "n", "false", "f", "0", "0.0", "×", "不是", "重力流", "gravity"])
        {
            return Some(false);
        }
        return None;
    }
    match value.as_f64()? {
        0.0 => Some(false),
        1.0 => Some(true),
        _ => None,
    }
}

/// A code by its stored value, by its name in either language, or by a word of its name (`雨水` for `雨水 YS`).
fn coded(value: Value, field: &Field) -> Result<Value, Text> {
    let words = match &value {
        Value::Real(real) if real.fract() == 0.0 => (*real as i64).to_string(),
        _ => value.to_string(),
    };
    let words = words.trim();
    let wanted = letters(words);
    // A material that nobody knows is not "another one".
    if field.id == "material" && ["unknown", "unk", "不明", "未知", "不详"].contains(&wanted.as_str()) {
        return Ok(Value::Null);
    }
    let found = field
        .codes
        .iter()
        .find(|code| code.value == words || code.name.is(words))
        .or_else(|| field.codes.iter().find(|code| letters(&code.value) == wanted))
        .or_else(|| {
            field.codes.iter().find(|code| letters(&code.name.zh) == wanted || letters(&code.name.en) == wanted)
        })
        .or_else(|| field.codes.iter().find(|code| is_same_number(&code.value, &wanted)))
        .or_else(|| synonym(&wanted, field))
        .or_else(|| only_one_contains(words, field));
    let Some(code) = found else { return Err(misfit(&value, field)) };
    match field.field_type {
        FieldType::Int => code.value.parse().map(Value::Int).map_err(|_| misfit(&value, field)),
        _ => Ok(Value::Text(code.value.to_string())),
    }
}

/// A code of digits that lost its leading zeros in a spreadsheet.
fn is_same_number(code: &str, wanted: &str) -> bool {
    let is_digits = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    code.starts_with('0') && is_digits(code) && is_digits(wanted) && code.trim_start_matches('0') == wanted
}

fn letters(words: &str) -> String {
    words.chars().map(half_width).filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A Chinese word of two characters or more that stands in the name of one code only.
fn only_one_contains<'a>(words: &str, field: &'a Field) -> Option<&'a Code> {
    let is_chinese = words.chars().count() >= 2 && words.chars().all(|one| !one.is_ascii());
    let mut matching = field.codes.iter().filter(|code| is_chinese && code.name.zh.contains(words));
    let first = matching.next()?;
    matching.next().is_none().then_some(first)
}

/// A code that other people write otherwise.
fn synonym<'a>(wanted: &str, field: &'a Field) -> Option<&'a Code> {
    let of_field = SYNONYMS.iter().filter(|(id, _, _)| *id == field.id);
    let meant = of_field.filter(|(_, _, words)| words.iter().any(|word| letters(word) == wanted));
    let mut codes = meant.filter_map(|(_, stored, _)| field.codes.iter().find(|code| code.value == *stored));
    codes.next()
}

/// `2026-11-22` from ISO, `2026/11/22`, `2026年11月22日`, `20261122`, `2026-11-22-08-30`, with or without a time, and from
/// Unix milliseconds.
fn day(value: &Value) -> Option<String> {
    if let Some(at) = unix_time(value) {
        return Some(at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string());
    }
    Some(date_and_time(value)?.date().to_string())
}

/// The same as an instant; a time without a zone is the bureau's, eight hours ahead of UTC.
fn instant(value: &Value) -> Option<String> {
    let words = value.as_str().unwrap_or_default().trim();
    let at = unix_time(value).or_else(|| words.parse::<jiff::Timestamp>().ok()).or_else(|| {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
        Some(date_and_time(value)?.to_zoned(zone).ok()?.timestamp())
    })?;
    Some(format!("{at:.3}"))
}

/// Milliseconds since 1970, as web map servers write dates into GeoJSON; small numbers are something else.
fn unix_time(value: &Value) -> Option<jiff::Timestamp> {
    let millis = match value {
        Value::Int(number) => *number,
        Value::Real(number) if number.fract() == 0.0 && number.abs() < 9e15 => *number as i64,
        _ => return None,
    };
    let is_packed_day = (18_000_101..=21_001_231).contains(&millis);
    if millis.abs() < 86_400_000 || is_packed_day {
        return None;
    }
    let at = jiff::Timestamp::from_millisecond(millis).ok()?;
    let year = at.to_zoned(jiff::tz::TimeZone::UTC).year();
    (1800..=2200).contains(&year).then_some(at)
}

fn date_and_time(value: &Value) -> Option<jiff::civil::DateTime> {
    let words = value.to_string();
    let words: String = words.trim().chars().map(half_width).collect();
    let is_packed = matches!(words.len(), 8 | 14) && words.bytes().all(|byte| byte.is_ascii_digit());
    let mut numbers = Vec::new();
    if is_packed {
        numbers.push(words[..4].parse().ok()?);
        for at in (4..words.len()).step_by(2) {
            numbers.push(words[at..at + 2].parse().ok()?);
        }
    } else {
        let parts = words.split(|one: char| !one.is_ascii_digit()).filter(|part| !part.is_empty());
        for part in parts.take(6) {
            numbers.push(part.parse::<i16>().ok()?);
        }
    }
    let [year, month, day] = *numbers.get(..3)? else { return None };
    if !(1800..=2200).contains(&year) {
        return None;
    }
    let small = |at: usize| i8::try_from(numbers.get(at).copied().unwrap_or(0)).ok();
    jiff::civil::DateTime::new(
        year,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        small(3)?,
        small(4)?,
        small(5)?,
        0,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Converts into a field of a kind; `!` stands for a refusal.
    #[track_caller]
    fn check(kind: &str, field: &str, value: impl Into<Value>, expected: &str) {
        let kind = super::super::find(kind).unwrap();
        let field = kind.fields.iter().find(|candidate| candidate.id == field).unwrap();
        let found = match convert(value.into(), field) {
            Ok(value) => format!("{value:?}"),
            Err(why) => {
                assert!(why.zh.contains(field.name.zh.as_ref()) && why.en.contains(field.name.en.as_ref()));
                "!".to_owned()
            }
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn numbers_are_read_from_words() {
        check("sewer_pipe", "length_m", "37.40", "Real(37.4)");
        check("sewer_pipe", "length_m", " 1,095.58 m", "Real(1095.58)");
        check("sewer_pipe", "length_m", "３７．４", "Real(37.4)");
        check("sewer_pipe", "diameter_mm", "DN800", "Int(800)");
        check("sewer_pipe", "diameter_mm", 304.8, "Int(305)");
        check("sewer_pipe", "slope_permille", "-1.8‰", "Real(-1.8)");
    }

    #[test]
    fn two_numbers_are_not_one() {
        check("sewer_pipe", "diameter_mm", "800x600", "!");
        check("sewer_pipe", "diameter_mm", "12,5", "!");
        check("sewer_pipe", "length_m", "far", "!");
        check("sewer_pipe", "length_m", Value::Blob(vec![1]), "!");
    }

    #[test]
    fn what_other_programs_write_for_unknown_becomes_null() {
        check("sewer_pipe", "invert_up_m", -99.0, "Null");
        check("sewer_pipe", "invert_up_m", "-9999", "Null");
        check("sewer_pipe", "invert_up_m", "  ", "Null");
        check("sewer_pipe", "invert_up_m", "NULL", "Null");
        check("sewer_pipe", "diameter_mm", 0_i64, "Null");
        check("sewer_pipe", "material", " ", "Null");
        check("sewer_pipe", "invert_up_m", -1.7e308, "Null");
    }

    #[test]
    fn an_odd_but_possible_number_stays_for_the_check_to_tell() {
        check("sewer_pipe", "invert_up_m", -1.0, "Real(-1.0)");
        check("sewer_pipe", "invert_up_m", -70.0, "Real(-70.0)");
    }

    #[test]
    fn codes_are_read_by_value_name_or_common_word() {
        for word in ["storm", "STORM", "雨水", "Storm", "YS", "1", "雨水管"] {
            check("sewer_pipe", "sewer_type", word, "Text(\"storm\")");
        }
        check("sewer_pipe", "sewer_type", 2.0, "Text(\"foul\")");
        check("sewer_pipe", "sewer_type", "SANITARY", "Text(\"foul\")");
        check("sewer_pipe", "material", "钢筋混凝土", "Text(\"RCP\")");
        check("sewer_pipe", "rating", "Ⅱ级", "Int(2)");
        check("sewer_pipe", "rating", 4_i64, "Int(4)");
        check("sewer_defect", "defect", "破裂", "Text(\"PL\")");
        check("component", "class_code", "雨水井盖", "Text(\"01003\")");
        check("component", "state", "完好", "Text(\"sound\")");
        check("sewer_pipe", "sewer_type", "oil", "!");
    }

    #[test]
    fn states_are_read_in_the_words_of_bureaus() {
        for (words, code) in [
            ("规划", "planned"),
            ("规划中", "planned"),
            ("拟建", "planned"),
            ("建设中", "building"),
            ("在建", "building"),
            ("现状", "in_use"),
            ("运行", "in_use"),
            ("待废弃", "to_retire"),
            ("已废弃", "retired"),
            ("报废", "retired"),
            ("拆除", "retired"),
            ("封堵", "retired"),
        ] {
            check("sewer_pipe", "state", words, &format!("Text(\"{code}\")"));
        }
    }

    #[test]
    fn an_unknown_material_is_none() {
        for words in ["UNKNOWN", "Unk", "不明", "未知"] {
            check("sewer_pipe", "material", words, "Null");
        }
        check("sewer_pipe", "material", "其他", "Text(\"OTH\")");
    }

    #[test]
    fn a_number_that_lost_its_leading_zero_still_finds_its_class() {
        check("component", "class_code", 1003_i64, "Text(\"01003\")");
    }

    #[test]
    fn yes_and_no_are_read_in_both_languages() {
        for word in ["是", "有", "Y", "yes", "TRUE", "1", "压力流"] {
            check("sewer_pipe", "is_pressure", word, "Bool(true)");
        }
        for word in ["否", "无", "N", "no", "false", "0", "重力流"] {
            check("sewer_pipe", "is_pressure", word, "Bool(false)");
        }
        check("sewer_pipe", "is_pressure", "perhaps", "!");
        check("sewer_pipe", "is_pressure", 7_i64, "!");
    }

    #[test]
    fn what_reading_loses_is_known() {
        check_keeps("sewer_pipe", "material", "钢筋混凝土", true);
        check_keeps("sewer_pipe", "material", "RESIDENTIAL-HOUSE", false);
        check_keeps("sewer_pipe", "diameter_mm", "DN800", true);
        check_keeps("sewer_pipe", "diameter_mm", 304.8, false);
        check_keeps("sewer_pipe", "diameter_mm", 9_007_199_254_740_993_i64, true);
        check_keeps("sewer_pipe", "built_year", "1965-06-14", false);
        check_keeps("sewer_pipe", "built_year", 1965_i64, true);
        check_keeps("sewer_pipe", "invert_up_m", "-9999", true);
        check_keeps("kiosk", "checked_on", "2026-11-22T00:00:00", true);
        check_keeps("kiosk", "checked_on", "2026-11-22 08:30", false);
        check_keeps("kiosk", "checked_on", 501_206_400_000_i64, true);
    }

    #[track_caller]
    fn check_keeps(kind: &str, field: &str, value: impl Into<Value>, expected: bool) {
        let kind = super::super::find(kind).unwrap();
        let field = kind.fields.iter().find(|candidate| candidate.id == field).unwrap();
        let value = value.into();
        assert_eq!(keeps(&value, field), expected, "{value:?}");
        let from = if value.as_str().is_some() { FieldType::Text } else { FieldType::Real };
        assert!(expected || may_lose(from, field), "{value:?}");
    }

    #[test]
    fn days_are_read_as_people_write_them() {
        for word in
            ["2026-11-22", "2026/11/22", "2026年11月22日", "20261122", "2026-11-22-08-30", "2026.11.22 08:30:00"]
        {
            check("kiosk", "checked_on", word, "Text(\"2026-11-22\")");
        }
        check("kiosk", "checked_on", 501_206_400_000_i64, "Text(\"1985-11-19\")");
        check("kiosk", "checked_on", 20_261_122_i64, "Text(\"2026-11-22\")");
        check("kiosk", "checked_on", "2026-13-01", "!");
        check("kiosk", "checked_on", "soon", "!");
    }

    #[test]
    fn times_without_a_zone_are_the_bureaus() {
        check("case", "reported_at", "2026-11-22 14:03:27", "Text(\"2026-11-22T06:03:27.000Z\")");
        check("case", "reported_at", "2026-11-22T06:03:27Z", "Text(\"2026-11-22T06:03:27.000Z\")");
    }

    #[test]
    fn a_year_is_taken_from_a_day() {
        check("sewer_pipe", "built_year", "1965-06-14T00:00:00", "Int(1965)");
        check("sewer_pipe", "built_year", 501_206_400_000_i64, "Int(1985)");
        check("sewer_pipe", "built_year", "2006", "Int(2006)");
        check("sewer_pipe", "built_year", 0_i64, "Null");
    }
}
