//! What the words of a text column mean: whole numbers, numbers, days, yes and no; or words.
//!
//! Tables made of text do not say which columns are numbers. A column becomes one only if nothing is lost by it: a
//! code with leading zeros, a telephone number, a section called `1.10` stay the words they are. A person who wants
//! numbers can make them from words; nobody can make words again from rounded numbers.

use std::borrow::Cow;

use crate::model::value::{FieldType, Value};
use crate::task::Problem;
use crate::text;

/// More digits than this and it is a code: spreadsheets round them, and nobody counts so far.
const MOST_DIGITS: usize = 15;
/// From this exponent on, spreadsheets show a whole number as `1.23457E+11`, and save it so.
const ROUNDED_EXPONENT: std::ops::RangeInclusive<u32> = 11..=30;

/// Characters of a day, `2026-11-22`.
const DAY_LEN: usize = 10;

/// What the words of a column have looked like so far. Pieces of a column can be looked at apart and merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    looks: u16,
    /// Fewest and most digits behind the point.
    decimals: (u8, u8),
}

impl Default for Seen {
    fn default() -> Self {
        Self { looks: 0, decimals: (u8::MAX, 0) }
    }
}

/// How the words of a column are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    field: Kind,
    /// Whether numbers are written `1,5`.
    pub decimal_comma: bool,
    /// Whether numbers are written `39,401,502.17`.
    pub thousands: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Text,
    Int,
    Real,
    Bool,
    Date,
    DateTime,
}

const TEXT: u16 = 1;
const INT: u16 = 2;
const POINT: u16 = 4;
const COMMA: u16 = 8;
/// `1,5`: what no separator of thousands looks like.
const SURELY_COMMA: u16 = 16;
/// `1.50`: a fixed number of decimals, or a code.
const FIXED: u16 = 32;
const DATE: u16 = 64;
const DATE_TIME: u16 = 128;
const TRUE_FALSE: u16 = 256;
const YES_NO: u16 = 512;
const SHI_FOU: u16 = 1024;
/// `1,095,000` or `12,345.67`: what no decimal comma looks like.
const THOUSANDS: u16 = 2048;

impl Seen {
    /// Takes note of one cell. Blank cells say nothing.
    pub(super) fn see(&mut self, word: &str) {
        if self.looks & TEXT != 0 {
            return;
        }
        let word = word.trim();
        if let Some(&first) = word.as_bytes().first() {
            self.looks |= match first {
                b'-' | b'0'..=b'9' => self.number_or_day(word.as_bytes()),
                _ => truth(word).map_or(TEXT, |(look, _)| look),
            };
        }
    }

    /// Adds what another piece of the column has looked like.
    pub(super) fn merge(&mut self, other: Self) {
        self.looks |= other.looks;
        self.decimals.0 = self.decimals.0.min(other.decimals.0);
        self.decimals.1 = self.decimals.1.max(other.decimals.1);
    }

    /// The narrowest type that loses nothing of any word.
    pub(super) fn reading(self) -> Reading {
        let only = |allowed: u16| self.looks & !allowed == 0;
        let is_even = self.looks & FIXED == 0 || self.decimals.0 == self.decimals.1;
        let field = match self.looks {
            INT => Kind::Int,
            DATE => Kind::Date,
            looks if looks & DATE_TIME != 0 && only(DATE | DATE_TIME) => Kind::DateTime,
            TRUE_FALSE | YES_NO | SHI_FOU => Kind::Bool,
            looks if looks & POINT != 0 && only(INT | POINT | FIXED) && is_even => Kind::Real,
            looks if looks & SURELY_COMMA != 0 && only(INT | COMMA | SURELY_COMMA | FIXED) && is_even => Kind::Real,
            // `1,234` stands among numbers that are surely written so.
            looks if looks & THOUSANDS != 0 && only(INT | POINT | COMMA | THOUSANDS) => {
                if looks & POINT == 0 {
                    Kind::Int
                } else {
                    Kind::Real
                }
            }
            _ => Kind::Text,
        };
        let thousands = self.looks & THOUSANDS != 0 && field != Kind::Text;
        Reading { field, decimal_comma: field == Kind::Real && !thousands && self.looks & COMMA != 0, thousands }
    }

    fn number_or_day(&mut self, word: &[u8]) -> u16 {
        if is_date(word) {
            return DATE;
        }
        if is_date_time(word) {
            return DATE_TIME;
        }
        let Some(number) = Number::parse(word) else { return thousands_look(word) };
        let Some(separator) = number.separator else {
            let is_exact = number.exponent.is_none() && number.whole.len() <= MOST_DIGITS;
            let is_minus_zero = word == b"-0";
            return if is_exact && !is_minus_zero {
                INT
            } else if number.exponent.is_some() && number.is_kept() {
                POINT
            } else {
                TEXT
            };
        };
        if !number.is_kept() {
            return TEXT;
        }
        let count = u8::try_from(number.fraction.len()).unwrap_or(u8::MAX);
        if number.exponent.is_none() {
            self.decimals = (self.decimals.0.min(count), self.decimals.1.max(count));
        }
        let ends_in_zero = count > 1 && number.fraction.ends_with(b"0") && number.exponent.is_none();
        let fixed = if ends_in_zero { FIXED } else { 0 };
        let looks_like_thousands = count == 3 && number.whole.len() <= 3 && number.whole != b"0";
        match separator {
            b'.' => POINT | fixed,
            _ if looks_like_thousands => COMMA | fixed,
            _ => COMMA | SURELY_COMMA | fixed,
        }
    }
}

impl Reading {
    /// The type of the column.
    pub(super) fn field_type(self) -> FieldType {
        match self.field {
            Kind::Text => FieldType::Text,
            Kind::Int => FieldType::Int,
            Kind::Real => FieldType::Real,
            Kind::Bool => FieldType::Bool,
            Kind::Date => FieldType::Date,
            Kind::DateTime => FieldType::DateTime,
        }
    }

    /// The value of a cell; nothing for a blank one, and for one that the column's type does not hold.
    pub(super) fn value(self, word: &str) -> Value {
        let plain = word.trim();
        if plain.is_empty() {
            return Value::Null;
        }
        let plain = if self.thousands { Cow::Owned(plain.replace(',', "")) } else { Cow::Borrowed(plain) };
        let plain = plain.as_ref();
        match self.field {
            Kind::Text => Value::Text(word.to_owned()),
            Kind::Int => plain.parse().map_or(Value::Null, Value::Int),
            Kind::Real => real(plain, self.decimal_comma).map_or(Value::Null, Value::Real),
            Kind::Bool => truth(plain).map_or(Value::Null, |(_, yes)| Value::Bool(yes)),
            Kind::DateTime if plain.len() == DAY_LEN => {
                let midnight = format!("{plain}T00:00:00");
                Value::Text(super::clock::instant(&midnight).unwrap_or(midnight))
            }
            Kind::Date | Kind::DateTime => Value::Text(plain.to_owned()),
        }
    }
}

/// What a number looks like in which commas stand between thousands, several of them or with a point behind.
fn thousands_look(word: &[u8]) -> u16 {
    let Some(plain) = std::str::from_utf8(word).ok().and_then(without_thousands) else { return TEXT };
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    if digits > MOST_DIGITS {
        return TEXT;
    }
    if plain.contains('.') { THOUSANDS | POINT } else { THOUSANDS }
}

/// The number without its commas, if they stand between thousands and can be nothing else: `39,401,502.17`, `1,234.5`.
pub(super) fn without_thousands(word: &str) -> Option<String> {
    let (whole, fraction) = word.split_once('.').map_or((word, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut groups = whole.strip_prefix('-').unwrap_or(whole).split(',');
    let are_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()) && are_digits(first))?;
    let rest: Vec<&str> = groups.collect();
    let is_grouped = !first.starts_with('0') && rest.iter().all(|group| group.len() == 3 && are_digits(group));
    let is_sure = rest.len() > 1 || (rest.len() == 1 && fraction.is_some());
    let is_fraction = fraction.is_none_or(|fraction| !fraction.is_empty() && are_digits(fraction));
    (is_grouped && is_sure && is_fraction).then(|| word.replace(',', ""))
}

/// A finite number as people write it: `12.5`, `1e3`, with `comma` also `12,5`.
pub(super) fn real(word: &str, comma: bool) -> Option<f64> {
    let number = if comma { word.replacen(',', ".", 1).parse() } else { word.parse::<f64>() };
    number.ok().filter(|number| number.is_finite())
}

/// Whether a spreadsheet has made this of a long code: `3.60402E+16`. The digits that are gone are in no file.
pub(super) fn is_rounded_code(word: &str) -> bool {
    let Some((mantissa, exponent)) = word.trim().split_once("E+") else { return false };
    let is_exponent = exponent.len() == 2 && exponent.parse().is_ok_and(|found| ROUNDED_EXPONENT.contains(&found));
    is_exponent && Number::parse(mantissa.as_bytes()).is_some_and(|number| number.whole.len() == 1)
}

/// What a person is told of such a code.
pub(super) fn rounded_code(row: i64, column: &str, word: &str) -> Problem {
    let word = word.trim();
    let what = text!(
        "“{column}”的值 {word} 是被电子表格舍入过的长编码，原来的数字已丢失，请从原表重新导出",
        "“{column}” is {word}: a long code that a spreadsheet has rounded; its digits are lost, export the table anew"
    );
    Problem::error("table.rounded-code", what).of_feature(row)
}

/// A written number in its parts.
struct Number<'a> {
    word: &'a [u8],
    /// The digits before the point; no zero before other digits.
    whole: &'a [u8],
    separator: Option<u8>,
    fraction: &'a [u8],
    exponent: Option<&'a [u8]>,
}

impl<'a> Number<'a> {
    /// `-12.5e-3`, `-12,5`, `12`.
    fn parse(word: &'a [u8]) -> Option<Self> {
        let digits = |text: &'a [u8]| text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count());
        let (whole, rest) = digits(word.strip_prefix(b"-").unwrap_or(word));
        if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
            return None;
        }
        let (separator, fraction, rest) = match rest {
            [separator @ (b'.' | b','), rest @ ..] => {
                let (fraction, rest) = digits(rest);
                (Some(*separator), fraction, rest)
            }
            _ => (None, &[][..], rest),
        };
        let exponent = match rest {
            [] => None,
            [b'e' | b'E', exponent @ ..] => Some(exponent),
            _ => return None,
        };
        let is_number = |text: &[u8]| !text.is_empty() && text.len() < 4 && text.iter().all(u8::is_ascii_digit);
        let is_exponent =
            exponent.is_none_or(|text| is_number(text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text)));
        (is_exponent && separator.is_some() != fraction.is_empty()).then_some(Self {
            word,
            whole,
            separator,
            fraction,
            exponent,
        })
    }

    /// Whether a 64-bit number keeps every digit of it, and no spreadsheet has rounded it.
    fn is_kept(&self) -> bool {
        let Ok(word) = std::str::from_utf8(self.word) else { return false };
        if is_rounded_code(word) {
            return false;
        }
        let significant = if self.whole == b"0" {
            self.fraction.iter().skip_while(|&&digit| digit == b'0').count()
        } else {
            self.whole.len() + self.fraction.len()
        };
        let Some(number) = real(word, self.separator == Some(b',')) else { return false };
        if significant <= MOST_DIGITS {
            let is_underflow = number == 0.0 && [self.whole, self.fraction].concat().iter().any(|&digit| digit != b'0');
            return !is_underflow;
        }
        let shortest = number.to_string();
        let written = word.replacen(',', ".", 1);
        self.exponent.is_none()
            && written.trim_end_matches('0').trim_end_matches('.') == shortest.trim_end_matches(".0")
    }
}

/// The pair of words that it belongs to, and whether it says yes.
fn truth(word: &str) -> Option<(u16, bool)> {
    if word.len() > 6 {
        return None;
    }
    let is = |known: &str| word.eq_ignore_ascii_case(known);
    match word {
        "是" => Some((SHI_FOU, true)),
        "否" => Some((SHI_FOU, false)),
        _ if is("true") => Some((TRUE_FALSE, true)),
        _ if is("false") => Some((TRUE_FALSE, false)),
        _ if is("yes") => Some((YES_NO, true)),
        _ if is("no") => Some((YES_NO, false)),
        _ => None,
    }
}

/// `2026-11-22`, a day that there is.
pub(super) fn is_date(word: &[u8]) -> bool {
    let &[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = word else { return false };
    let digits = [y0, y1, y2, y3, m0, m1, d0, d1];
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let [y0, y1, y2, y3, m0, m1, d0, d1] = digits.map(|digit| i16::from(digit - b'0'));
    let (year, month, day) = (y0 * 1000 + y1 * 100 + y2 * 10 + y3, m0 * 10 + m1, d0 * 10 + d1);
    jiff::civil::Date::new(year, month as i8, day as i8).is_ok()
}

/// `2026-11-22T06:03:27.000Z`, the form of GeoPackage; fractions may be missing.
pub(super) fn is_date_time(word: &[u8]) -> bool {
    let Some((date, time)) = word.split_at_checked(DAY_LEN) else { return false };
    let pattern = match time.len() {
        10 => "T00:00:00Z",
        14 => "T00:00:00.000Z",
        _ => return false,
    };
    let fits = time.iter().zip(pattern.bytes()).all(|(&byte, want)| match want {
        b'0' => byte.is_ascii_digit(),
        _ => byte == want,
    });
    fits && is_date(date) && time[1..3] < b"24"[..] && time[4] < b'6' && time[7] < b'6'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_stay_the_words_they_are() {
        check("0012 0013", FieldType::Text);
        check("36040219900101001 36040219900101002", FieldType::Text);
        check("1.9 1.10", FieldType::Text);
        check("+86 5", FieldType::Text);
        check("-0", FieldType::Text);
        check("1,234 2,500", FieldType::Text);
        check("1,234,567 1,5", FieldType::Text);
        check("12,34,567.5", FieldType::Text);
        check("360,402,199,001,010,011", FieldType::Text);
        check("12 12a", FieldType::Text);
        check("3.6E+16 12", FieldType::Text);
        check("2024-02-30", FieldType::Text);
        check("0.12345678901234567890123", FieldType::Text);
        check("1e999", FieldType::Text);
        check("是 no", FieldType::Text);
        check("", FieldType::Text);
    }

    #[test]
    fn numbers_days_and_truths_are_found() {
        check("1 -20 0 123456789012345", FieldType::Int);
        check("12.50 3.25 0.00 7", FieldType::Real);
        check("1.0 2.25 3.125", FieldType::Real);
        check("115.98503057123456 29.7", FieldType::Real);
        check("1e-5 2.5e3", FieldType::Real);
        check("1,5 12,25 3", FieldType::Real);
        check("39,401,502.17 3,284,117.4 950.25", FieldType::Real);
        check("1,234,567 1,234 12", FieldType::Int);
        check("2024-02-29 2026-11-22", FieldType::Date);
        check("2026-11-22T06:03:27Z 2026-11-22", FieldType::DateTime);
        check("是 否", FieldType::Bool);
        check("TRUE false", FieldType::Bool);
    }

    #[test]
    fn a_decimal_comma_is_read_where_all_agree() {
        assert_eq!(seen(["1,5", "2,25"]).reading().value(" 2,25 "), Value::Real(2.25));
        assert_eq!(seen(["1,5", "2.25"]).reading().field_type(), FieldType::Text);
    }

    #[test]
    fn commas_between_thousands_are_left_out_of_the_number() {
        let reading = seen(["39,401,502.17", "1,234", "-7"]).reading();
        let values = ["39,401,502.17", "1,234", "-7"].map(|word| reading.value(word));
        assert_eq!(values, [Value::Real(39_401_502.17), Value::Real(1234.0), Value::Real(-7.0)]);
    }

    #[test]
    fn a_code_that_a_spreadsheet_rounded_is_told_of() {
        let is_rounded = ["3.60402E+16", "1.5E+11", "1.5E+03", "3.6e16", "DE+16", "12.5E+16"].map(is_rounded_code);
        assert_eq!(is_rounded, [true, true, false, false, false, false]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn whatever_becomes_a_whole_number_comes_out_as_it_went_in(words in proptest::collection::vec("-?[0-9]{1,18}|[0-9.,eE+-]{1,12}|\\PC{0,6}", 1..4)) {
            let reading = seen(words.iter().map(String::as_str)).reading();
            for word in &words {
                let value = reading.value(word);
                match reading.field_type() {
                    FieldType::Int if !word.trim().is_empty() => prop_assert_eq!(value.to_string(), word.trim().replace(',', "")),
                    FieldType::Text if !word.trim().is_empty() => prop_assert_eq!(&value.to_string(), word),
                    _ => prop_assert_eq!(value.is_null(), word.trim().is_empty()),
                }
            }
        }
    }

    fn seen<'a>(words: impl IntoIterator<Item = &'a str>) -> Seen {
        let mut whole = Seen::default();
        for word in words {
            let mut piece = Seen::default();
            piece.see(word);
            whole.merge(piece);
        }
        whole
    }

    #[track_caller]
    fn check(words: &str, expected: FieldType) {
        assert_eq!(seen(words.split(' ')).reading().field_type(), expected, "{words}");
    }
}
