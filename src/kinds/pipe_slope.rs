//! The gradient that a pipe's record states, beside the inverts and the length that it follows from.

use crate::model::feature::Feature;
use crate::model::schema::Schema;

/// Stated and computed gradients that differ by no more than this are the same but for rounding, per mille.
const ROUNDING: f64 = 0.06;

fn number(schema: &Schema, row: &Feature, field: &str) -> Option<f64> {
    row.values.get(schema.field_index(field)?)?.as_f64()
}

/// What inverts and length of a record make the gradient, per mille; falling is positive. `None` where one is missing.
fn computed(schema: &Schema, row: &Feature) -> Option<f64> {
    let [up_m, down_m] = ["invert_up_m", "invert_down_m"].map(|field| number(schema, row, field));
    let length_m = number(schema, row, "length_m").filter(|length| *length > 0.0)?;
    Some((up_m? - down_m?) / length_m * 1000.0)
}

/// The gradient that a pipe's record has to state after an edit, with the place of its field: where the one stated before
/// was computed from inverts and length, and these have changed. A gradient of another origin is left alone.
pub fn following(schema: &Schema, old: &Feature, new: &Feature) -> Option<(usize, f64)> {
    if schema.kind != "sewer_pipe" {
        return None;
    }
    let field = schema.field_index("slope_permille")?;
    let stated = old.values.get(field)?.as_f64()?;
    let (before, after) = (computed(schema, old)?, computed(schema, new)?);
    let is_followed = (stated - before).abs() <= ROUNDING && new.values.get(field)?.as_f64() == Some(stated);
    let after = (after * 100.0).round() / 100.0;
    (is_followed && before != after && (before - after).abs() > ROUNDING / 10.0).then_some((field, after))
}

/// Whether a stated gradient is another than the computed one, per mille.
pub fn differs(stated: f64, computed: f64) -> bool {
    (stated - computed).abs() > (computed.abs() * 0.05).max(ROUNDING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::model::value::Value;

    /// A pipe of 50 m with these inverts and this gradient.
    fn pipe(schema: &Schema, up_m: f64, down_m: f64, slope: f64) -> Feature {
        let value = |id: &str| match id {
            "invert_up_m" => Value::Real(up_m),
            "invert_down_m" => Value::Real(down_m),
            "length_m" => Value::Real(50.0),
            "slope_permille" => Value::Real(slope),
            _ => Value::Null,
        };
        Feature { id: 1, geometry: None, values: schema.fields.iter().map(|field| value(&field.id)).collect() }
    }

    #[test]
    fn a_gradient_that_was_computed_follows_the_inverts_and_one_that_was_measured_stays() {
        let schema = crate::kinds::find("sewer_pipe").expect("a kind of the list").schema(Crs::WGS84);
        let old = pipe(&schema, 17.15, 17.0, 3.0);
        let new = pipe(&schema, 16.9, 17.0, 3.0);
        let (field, slope) = following(&schema, &old, &new).expect("it follows");
        assert_eq!((&*schema.fields[field].id, slope), ("slope_permille", -2.0));
        assert!(differs(3.0, slope));
        let measured = pipe(&schema, 17.15, 17.0, 4.2);
        assert_eq!(following(&schema, &measured, &pipe(&schema, 16.9, 17.0, 4.2)), None);
        // Who types a gradient means it.
        assert_eq!(following(&schema, &old, &pipe(&schema, 16.9, 17.0, -1.5)), None);
        assert_eq!(following(&schema, &old, &old), None);
    }
}
