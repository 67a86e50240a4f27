//! A value typed by a person, read as its field holds it: coded values by code or by name in either language.

use super::city::type_name;
use super::usage;
use crate::kinds;
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::session::answer::Failure;
use crate::text;
use crate::text::{Lang, Text};

/// The field's place in the schema, and the value; nothing typed is nothing known.
pub(super) fn assignment(schema: &Schema, field: &str, words: &str) -> Result<(usize, Value), Failure> {
    let index = schema.field_index(field).ok_or_else(|| unknown_field(schema, field))?;
    let found = &schema.fields[index];
    if found.read_only {
        let (zh, en) = (&found.name.zh, &found.name.en);
        return Err(usage(text!("“{zh}”由程序填写，不能修改", "“{en}” is filled in by the program")));
    }
    let value = value_of(found, words).map_err(|expected| {
        let (zh, en) = (&found.name.zh, &found.name.en);
        let (want_zh, want_en) = (expected.zh, expected.en);
        usage(text!("“{zh}”不能是“{words}”：{want_zh}", "“{en}” cannot be “{words}”: {want_en}"))
    })?;
    Ok((index, value))
}

fn unknown_field(schema: &Schema, field: &str) -> Failure {
    let known: Vec<&str> = schema.fields.iter().map(|field| field.id.as_ref()).collect();
    let (table, known) = (&schema.table, known.join(" "));
    usage(text!(
        "图层 {table} 没有字段“{field}”，现有：{known}",
        "the layer {table} has no field “{field}”; it has: {known}"
    ))
}

/// The value, or what was expected instead.
fn value_of(field: &Field, words: &str) -> Result<Value, Text> {
    if words.trim().is_empty() {
        return if field.required { Err(Text::new("必填", "it is required")) } else { Ok(Value::Null) };
    }
    if !field.codes.is_empty() {
        return kinds::convert::convert(Value::from(words), field).map_err(|_| one_of(field));
    }
    let value = typed(field.field_type, words)?;
    match (field.range, value.as_f64()) {
        (Some((least, most)), Some(number)) if !(least..=most).contains(&number) => {
            Err(text!("应在 {least} 和 {most} 之间", "it must be between {least} and {most}"))
        }
        _ => Ok(value),
    }
}

fn one_of(field: &Field) -> Text {
    let list = |lang| field.codes.iter().map(|code| format!("{} {}", code.value, code.name.get(lang))).collect();
    let (zh, en): (Vec<String>, Vec<String>) = (list(Lang::Zh), list(Lang::En));
    let (zh, en) = (zh.join("、"), en.join(", "));
    text!("可用：{zh}", "it is one of: {en}")
}

fn typed(field_type: FieldType, words: &str) -> Result<Value, Text> {
    let word = words.trim();
    let value = match field_type {
        FieldType::Text => Some(Value::from(words)),
        FieldType::Bool => truth(word).map(Value::Bool),
        FieldType::Int => word.parse().ok().map(Value::Int),
        FieldType::Real => word.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Real),
        FieldType::Date => word.parse().ok().map(|day: jiff::civil::Date| Value::from(day.to_string())),
        FieldType::DateTime => instant(word).map(Value::from),
        FieldType::Json => serde_json::from_str::<&serde_json::value::RawValue>(word).ok().map(|_| Value::from(word)),
        FieldType::Blob => None,
    };
    value.ok_or_else(|| {
        let Text { zh, en } = type_name(field_type);
        let example = example(field_type);
        text!("应为{zh}{example}", "it must be {en}{example}")
    })
}

fn example(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Date => " (2026-11-22)",
        FieldType::DateTime => " (2026-11-22T06:03:27Z)",
        _ => "",
    }
}

fn truth(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "是" => Some(true),
        "false" | "no" | "n" | "0" | "否" => Some(false),
        _ => None,
    }
}

/// An instant in UTC; one without a zone is meant on the wall's clock.
fn instant(word: &str) -> Option<String> {
    let exact = word.parse::<jiff::Timestamp>().ok();
    let instant = exact.or_else(|| {
        let on_the_wall: jiff::civil::DateTime = word.parse().ok()?;
        Some(on_the_wall.to_zoned(jiff::tz::TimeZone::system()).ok()?.timestamp())
    })?;
    Some(format!("{instant:.3}"))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::geom::crs::Crs;

    #[test]
    fn codes_are_taken_by_value_or_by_name_in_either_language() {
        for word in ["high", "紧急", "HIGH", " High "] {
            check("severity", word, expect!["severity = Text(\"high\")"]);
        }
        check("程度", "worst", expect!["“Severity” cannot be “worst”: it is one of: low Low, high High"]);
    }

    #[test]
    fn numbers_keep_to_their_type_and_range() {
        check("storeys", "3", expect!["storeys = Int(3)"]);
        check("storeys", "3.5", expect!["“Storeys” cannot be “3.5”: it must be int"]);
        check("storeys", "900", expect!["“Storeys” cannot be “900”: it must be between 1 and 200"]);
        check("height_m", "1e999", expect!["“Height” cannot be “1e999”: it must be real"]);
    }

    #[test]
    fn an_empty_word_clears_what_is_not_required() {
        check("height_m", "", expect!["height_m = Null"]);
        check("severity", "", expect!["“Severity” cannot be “”: it is required"]);
    }

    #[test]
    fn days_and_instants_are_checked_and_kept_in_utc() {
        check("due", "2026-11-22", expect![[r#"due = Text("2026-11-22")"#]]);
        check("due", "2026-13-22", expect!["“Due” cannot be “2026-13-22”: it must be date (2026-11-22)"]);
        check("seen", "2026-11-22T14:03:27+08:00", expect![[r#"seen = Text("2026-11-22T06:03:27.000Z")"#]]);
    }

    #[test]
    fn what_the_program_fills_in_is_not_typed() {
        check("fid_of", "1", expect!["“Of” is filled in by the program"]);
        check(
            "nothing",
            "1",
            expect!["the layer t has no field “nothing”; it has: severity storeys height_m due seen fid_of"],
        );
    }

    #[track_caller]
    fn check(field: &str, words: &str, expected: Expect) {
        let schema = schema();
        let got = match assignment(&schema, field, words) {
            Ok((index, value)) => format!("{} = {value:?}", schema.fields[index].id),
            Err(failure) => failure.text.en.into_owned(),
        };
        expected.assert_eq(&got);
    }

    fn schema() -> Schema {
        Schema {
            table: "t".to_owned(),
            name: Text::new("表", "T"),
            kind: "plain".to_owned(),
            geometry: None,
            crs: Crs::WGS84,
            z_order: 0,
            fields: vec![
                Field::coded("severity", "程度", "Severity", &[("low", "一般", "Low"), ("high", "紧急", "High")])
                    .required(),
                Field::int("storeys", "层数", "Storeys").range(1.0, 200.0),
                Field::real("height_m", "高度", "Height", "m"),
                Field::date("due", "期限", "Due"),
                Field::datetime("seen", "时间", "Seen"),
                Field::int("fid_of", "所属", "Of").read_only(),
            ],
        }
    }
}
