//! What every kind's rows are looked at for: missing, unknown, impossible and mistyped values.

use std::borrow::Cow;

use super::kind::Kind;
use crate::model::feature::Feature;
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::task::Problem;
use crate::text;

/// The check that all kinds share; a kind with rules of its own calls it first.
pub(super) fn check(kind: &Kind, feature: &Feature) -> Vec<Problem> {
    let values = feature.values.iter().chain(std::iter::repeat(&Value::Null));
    let found = kind.fields.iter().zip(values).filter_map(|(field, value)| check_value(field, value));
    found.map(|problem| problem.in_layer(kind.id).of_feature(feature.id)).collect()
}

/// The value of one field, null if the feature has none.
pub(super) fn value<'a>(kind: &Kind, feature: &'a Feature, field: &str) -> &'a Value {
    let index = kind.fields.iter().position(|candidate| candidate.id == field);
    debug_assert!(index.is_some(), "{} has no {field}", kind.id);
    index.and_then(|index| feature.values.get(index)).unwrap_or(&Value::Null)
}

/// The number in one field.
pub(super) fn number(kind: &Kind, feature: &Feature, field: &str) -> Option<f64> {
    value(kind, feature, field).as_f64()
}

/// A warning about one feature of a kind.
pub(super) fn warning(kind: &Kind, feature: &Feature, rule: &'static str, what: text::Text) -> Problem {
    Problem::warning(rule, what).in_layer(kind.id).of_feature(feature.id)
}

/// That a row has no value where one is required.
pub fn missing(field: &Field) -> Problem {
    let (zh, en) = (&field.name.zh, &field.name.en);
    Problem::warning("field.missing", text!("缺少“{zh}”", "“{en}” is missing"))
}

fn check_value(field: &Field, value: &Value) -> Option<Problem> {
    let (zh, en) = (&field.name.zh, &field.name.en);
    let empty = value.is_null() || value.as_str().is_some_and(|words| words.trim().is_empty());
    if empty {
        return field.required.then(|| missing(field));
    }
    if !fits(field.field_type, value) {
        return Some(Problem::warning(
            "field.type",
            text!("“{zh}”的值类型不对：{value}", "“{en}” has the wrong type: {value}"),
        ));
    }
    let words = value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed);
    if !field.codes.is_empty() && !field.codes.iter().any(|code| code.value == words) {
        return Some(Problem::warning(
            "field.code",
            text!("“{zh}”没有这个取值：{words}", "“{en}” has no such value: {words}"),
        ));
    }
    let (least, most) = field.range?;
    let number = value.as_f64().filter(|number| !(least..=most).contains(number))?;
    Some(Problem::warning(
        "field.range",
        text!("“{zh}”超出范围 {least}–{most}：{number}", "“{en}” is outside {least}–{most}: {number}"),
    ))
}

fn fits(field_type: FieldType, value: &Value) -> bool {
    match field_type {
        FieldType::Bool => value.as_bool().is_some(),
        FieldType::Int => value.as_i64().is_some(),
        FieldType::Real => value.as_f64().is_some(),
        FieldType::Text | FieldType::Json => value.as_str().is_some(),
        FieldType::Date => value.as_str().is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok()),
        FieldType::DateTime => value.as_str().is_some_and(|instant| instant.parse::<jiff::Timestamp>().is_ok()),
        FieldType::Blob => matches!(value, Value::Blob(_)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a feature that has only these values, each written as in a file; expects these rules.
    #[track_caller]
    fn check(kind: &str, values: &[(&str, &str)], expected: &[&str]) {
        let kind = super::super::find(kind).unwrap();
        let value_of = |field: &Field| {
            let given = values.iter().find(|(id, _)| *id == field.id)?.1;
            Some(super::super::convert::convert(Value::from(given), field).unwrap_or_else(|_| Value::from(given)))
        };
        let values = kind.fields.iter().map(|field| value_of(field).unwrap_or_default()).collect();
        let found = (kind.check)(kind, &Feature { id: 7, geometry: None, values });
        assert!(found.iter().all(|problem| problem.feature == Some(7) && problem.layer.as_deref() == Some(kind.id)));
        assert_eq!(found.iter().map(|problem| problem.rule).collect::<Vec<_>>(), expected, "{found:#?}");
    }

    const PIPE: [(&str, &str); 2] = [("code", "P1"), ("sewer_type", "storm")];

    #[track_caller]
    fn check_pipe(values: &[(&str, &str)], expected: &[&str]) {
        check("sewer_pipe", &[&PIPE, values].concat(), expected);
    }

    #[test]
    fn a_required_value_that_is_absent_is_told() {
        check("sewer_pipe", &[("code", "P1")], &["field.missing"]);
        check("sewer_pipe", &[("code", " "), ("sewer_type", "storm")], &["field.missing"]);
    }

    #[test]
    fn values_that_are_unknown_impossible_or_of_another_type_are_told() {
        check_pipe(&[("material", "cheese")], &["field.code"]);
        check_pipe(&[("diameter_mm", "20")], &["field.range"]);
        check_pipe(&[("length_m", "long")], &["field.type"]);
        check_pipe(&[("inspected_on", "soon")], &["field.type"]);
        check_pipe(&[("diameter_mm", "800"), ("material", "RCP"), ("length_m", "37.4")], &[]);
    }

    #[test]
    fn a_row_with_fewer_values_than_fields_is_looked_at_too() {
        let kind = super::super::find("bridge").unwrap();
        assert_eq!((kind.check)(kind, &Feature::default()).len(), 2);
    }

    #[test]
    fn gradient_and_levels_of_a_pipe_must_agree() {
        let levels = [("invert_up_m", "16.31"), ("invert_down_m", "16.18"), ("length_m", "38.2")];
        check_pipe(&[&levels[..], &[("slope_permille", "3.4")]].concat(), &[]);
        check_pipe(&[&levels[..], &[("slope_permille", "34")]].concat(), &["pipe.slope"]);
    }

    #[test]
    fn a_pipe_joins_two_nodes() {
        check_pipe(&[("from_node", "A"), ("to_node", "A")], &["pipe.loop"]);
        check_pipe(&[("from_node", "A"), ("to_node", "B")], &[]);
    }

    #[test]
    fn levels_and_depth_of_a_node_must_agree() {
        let node = [("code", "N1"), ("node_type", "manhole"), ("sewer_type", "foul"), ("ground_level_m", "18.62")];
        let with = |more: &[(&'static str, &'static str)]| [&node[..], more].concat();
        check("sewer_node", &with(&[("bottom_level_m", "15.78"), ("depth_m", "2.84")]), &[]);
        check("sewer_node", &with(&[("bottom_level_m", "15.78"), ("depth_m", "3.84")]), &["node.depth"]);
        check("sewer_node", &with(&[("bottom_level_m", "19")]), &["node.bottom-above-ground"]);
    }

    #[test]
    fn codes_of_cells_follow_the_standard() {
        check("cell", &[("code", "360403001001001"), ("street_code", "360403001")], &[]);
        check("cell", &[("code", "36040300100100")], &["cell.code"]);
        check("cell", &[("code", "36040300100100a")], &["cell.code"]);
        check("cell", &[("code", "360403001001001"), ("street_code", "360402001")], &["cell.parent"]);
    }

    #[test]
    fn identifiers_of_components_have_the_digits_of_their_class() {
        let component = |code| [("code", code), ("class_code", "01002"), ("state", "sound")];
        check("component", &component("36040301002000137"), &[]);
        check("component", &component("3604030102000137"), &[]);
        check("component", &component("36040301003000137"), &["component.class"]);
        check("component", &component("360403"), &["component.identifier"]);
        check("component", &component("污污污污污井"), &["component.identifier"]);
    }

    #[test]
    fn a_four_class_kiosk_has_all_four() {
        let three = [("code", "K-121"), ("recyclable_count", "1"), ("food_count", "2"), ("other_count", "2")];
        check("kiosk", &three, &["kiosk.classes"]);
        check("kiosk", &[&three[..], &[("hazardous_count", "1")]].concat(), &[]);
        check("kiosk", &[&three[..], &[("state", "closed")]].concat(), &[]);
        check("kiosk", &[("code", "K-121")], &[]);
    }

    #[test]
    fn a_duct_has_no_more_cables_than_holes() {
        check("cable_duct", &[("code", "D1"), ("holes_total", "6"), ("holes_used", "7")], &["duct.holes"]);
        check("cable_duct", &[("code", "D1"), ("holes_total", "6"), ("holes_used", "6")], &[]);
    }

    #[test]
    fn a_defect_ends_after_it_begins_and_has_a_grade_of_its_table() {
        let defect = [("inspection_code", "I1"), ("pipe_code", "P1"), ("start_m", "5")];
        check("sewer_defect", &[&defect[..], &[("defect", "PL"), ("grade", "4"), ("end_m", "6")]].concat(), &[]);
        check("sewer_defect", &[&defect[..], &[("defect", "TL"), ("grade", "3")]].concat(), &["defect.grade"]);
        check(
            "sewer_defect",
            &[&defect[..], &[("defect", "PL"), ("grade", "1"), ("end_m", "4")]].concat(),
            &["defect.backwards"],
        );
    }

    #[test]
    fn a_case_is_not_closed_before_it_is_reported() {
        let case = [("code", "C1"), ("source", "patrol"), ("state", "closed"), ("description", "x")];
        let times = [("reported_at", "2026-11-22T06:00:00Z"), ("closed_at", "2026-11-21T06:00:00Z")];
        check("case", &[&case[..], &times].concat(), &["case.times"]);
    }
}
