//! Our conditions, sizes and label templates in QGIS's language of expressions.

use crate::model::expr::Expr;
use crate::model::label::{self, Piece};
use crate::model::schema::{Code, Field, Schema};
use crate::model::style::Size;
use crate::model::value::{FieldType, Value};
use crate::text::Lang;

/// Millimetres of a logical pixel: 96 to the inch.
pub(super) const MM_PER_PX: f64 = 25.4 / 96.0;

/// The scale at which sizes are taken where a program takes but one number.
const USUAL_DENOMINATOR: f64 = 5_000.0;

/// A condition. Unlike ours, QGIS's `LIKE` minds letter case and a backslash in its text means something.
pub(super) fn filter(expr: &Expr, schema: &Schema) -> String {
    let resolved = expr.clone().resolve(schema).unwrap_or_else(|_| expr.clone());
    condition(&resolved, schema)
}

fn condition(expr: &Expr, schema: &Schema) -> String {
    let inner = |expr: &Expr| match expr {
        Expr::And(..) | Expr::Or(..) | Expr::Not(_) => format!("({})", condition(expr, schema)),
        _ => condition(expr, schema),
    };
    match expr {
        Expr::And(left, right) => format!("{} AND {}", inner(left), inner(right)),
        Expr::Or(left, right) => format!("{} OR {}", inner(left), inner(right)),
        Expr::Not(one) => format!("NOT ({})", condition(one, schema)),
        Expr::Compare { field, comparison, value } => {
            format!("{} {} {}", name(field), comparison.sign(), literal(value, schema.field(field)))
        }
        Expr::Like { field, pattern } => format!("{} ILIKE {}", name(field), quoted(pattern)),
        Expr::In { values, .. } if values.is_empty() => "FALSE".to_owned(),
        Expr::In { field, values } => {
            let values: Vec<String> = values.iter().map(|value| literal(value, schema.field(field))).collect();
            format!("{} IN ({})", name(field), values.join(", "))
        }
        Expr::IsNull { field } => format!("{} IS NULL", name(field)),
    }
}

/// A field's name.
pub(super) fn name(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

/// Text as a value.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

fn literal(value: &Value, field: Option<&Field>) -> String {
    match (value, field.map(|field| field.field_type)) {
        (Value::Text(text), Some(FieldType::Date)) => format!("to_date({})", quoted(text)),
        (Value::Text(text), Some(FieldType::DateTime)) => format!("to_datetime({})", quoted(text)),
        (Value::Text(text), _) => quoted(text),
        (Value::Bool(yes), _) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        (Value::Null | Value::Blob(_), _) => "NULL".to_owned(),
        (Value::Int(_) | Value::Real(_), _) => value.to_string(),
    }
}

/// A size as one number of millimetres, and as an expression where it is more than that.
#[derive(Debug, PartialEq)]
pub(super) struct Millimetres {
    pub(super) fixed: f64,
    pub(super) expression: Option<String>,
}

/// Converts a size.
pub(super) fn millimetres(size: &Size) -> Millimetres {
    let fixed = f64::from(usual_px(size)) * MM_PER_PX;
    let expression = (!matches!(size, Size::Px(_))).then(|| format!("({}) * {}", pixels(size), short(MM_PER_PX)));
    Millimetres { fixed, expression }
}

/// Pixels at the usual scale, without fields.
pub(super) fn usual_px(size: &Size) -> f32 {
    size.px(USUAL_DENOMINATOR, USUAL_DENOMINATOR * MM_PER_PX / 1e3, &|_| None).max(0.0)
}

fn pixels(size: &Size) -> String {
    match size {
        Size::Px(px) => px.to_string(),
        Size::ByScale(stops) => by_scale(stops),
        // Metres at 1 : n are 1000 / n millimetres of the map.
        Size::Ground { metres, least } => {
            format!("max({} / @map_scale, {})", short(metres * 1e3 / MM_PER_PX), pixels(least))
        }
        Size::ByField { base, field, per } => {
            format!("({} + coalesce({} / ({}), 0))", pixels(base), name(field), pixels(per))
        }
        Size::Between { values, px, .. } if values[0] >= values[1] => px[1].to_string(),
        Size::Between { field, values: [least, most], px: [from, to] } => {
            format!("scale_linear(coalesce({}, {least}), {least}, {most}, {from}, {to})", name(field))
        }
        Size::Plus(size, more) => format!("({} + {more})", pixels(size)),
    }
}

/// Straight in the logarithm between two scales, as we have it.
fn by_scale(stops: &[(f64, f32)]) -> String {
    let (Some(first), Some(last)) = (stops.first(), stops.last()) else { return "0".to_owned() };
    if stops.len() == 1 {
        return first.1.to_string();
    }
    let mut cases = format!("CASE WHEN @map_scale <= {} THEN {}", first.0, first.1);
    for pair in stops.windows(2) {
        let ([near, far], [from, to]) = ([pair[0].0, pair[1].0], [pair[0].1, pair[1].1]);
        cases.push_str(&format!(
            " WHEN @map_scale <= {far} THEN scale_linear(ln(@map_scale), ln({near}), ln({far}), {from}, {to})"
        ));
    }
    format!("{cases} ELSE {} END", last.1)
}

/// A number without crumbs.
pub(super) fn short(number: f64) -> String {
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A label's template. In QGIS, too, words joined with nothing are nothing: what may be left out is nothing at most.
pub(super) fn template(template: &str, schema: &Schema, lang: Lang) -> String {
    let pieces = label::pieces(template);
    let parts: Vec<String> = pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Words(words) => quoted(words),
            Piece::Value(what) => value(what, schema, lang),
            Piece::Optional(part) => format!("coalesce({}, '')", self::template(part, schema, lang)),
        })
        .collect();
    if parts.is_empty() { "''".to_owned() } else { parts.join(" || ") }
}

fn value(what: &str, schema: &Schema, lang: Lang) -> String {
    let parts: Vec<String> = label::alternatives(what).map(|(id, form)| one_value(id, form, schema, lang)).collect();
    match &parts[..] {
        [one] => one.clone(),
        _ => format!("coalesce({})", parts.join(", ")),
    }
}

fn one_value(id: &str, form: &str, schema: &Schema, lang: Lang) -> String {
    let Some(field) = schema.field(id) else { return "NULL".to_owned() };
    let column = name(&field.id);
    if let (Ok(decimals), FieldType::Int | FieldType::Real) = (form.parse::<u8>(), field.field_type) {
        return format!("to_string(round({column}, {decimals}))");
    }
    if field.field_type == FieldType::Bool && form != "code" {
        let [yes, no] = [lang.pick("是", "Yes"), lang.pick("否", "No")];
        return format!("CASE WHEN {column} THEN '{yes}' WHEN NOT {column} THEN '{no}' END");
    }
    if field.codes.is_empty() || form == "code" {
        return format!("nullif(to_string({column}), '')");
    }
    let case = |code: &Code| format!("WHEN {} THEN {}", quoted(&code.value), quoted(code.name.get(lang)));
    let cases: Vec<String> = field.codes.iter().map(case).collect();
    format!("CASE to_string({column}) {} ELSE nullif(to_string({column}), '') END", cases.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;

    fn pipes() -> Schema {
        kinds::find("sewer_pipe").expect("in the list").schema(crate::geom::crs::Crs::CGCS2000)
    }

    #[track_caller]
    fn check(ours: &str, theirs: &str) {
        assert_eq!(filter(&Expr::parse(ours).expect("an EXPR"), &pipes()), theirs);
    }

    #[test]
    fn conditions_mean_the_same_in_qgis() {
        check("管径 >= 600 AND 排水类型 = '雨水'", "\"diameter_mm\" >= 600 AND \"sewer_type\" = 'storm'");
        check("NOT (is_pressure = TRUE OR remark IS NULL)", "NOT (\"is_pressure\" = TRUE OR \"remark\" IS NULL)");
        check("remark LIKE 'a\\b''%'", "\"remark\" ILIKE 'a\\\\b''%'");
        check("管径 = 1 OR width_mm = 2 AND fid = 3", "\"diameter_mm\" = 1 OR (\"width_mm\" = 2 AND \"fid\" = 3)");
    }

    #[test]
    fn sizes_by_scale_and_field_become_expressions() {
        assert_eq!(millimetres(&Size::Px(3.0)), Millimetres { fixed: 0.79375, expression: None });
        let stops = Size::ByScale(vec![(1000.0, 4.0), (9000.0, 2.0)]);
        let size = Size::ByField { base: Box::new(Size::Px(1.5)), field: "dn".into(), per: Box::new(stops) };
        let by_scale = "CASE WHEN @map_scale <= 1000 THEN 4 WHEN @map_scale <= 9000 THEN \
                        scale_linear(ln(@map_scale), ln(1000), ln(9000), 4, 2) ELSE 2 END";
        let expected = format!("((1.5 + coalesce(\"dn\" / ({by_scale}), 0))) * 0.264583");
        assert_eq!(millimetres(&size).expression, Some(expected));
        let road = Size::Ground { metres: 7.5, least: Box::new(Size::Px(1.0)) };
        assert_eq!(millimetres(&road).expression.as_deref(), Some("(max(28346.456693 / @map_scale, 1)) * 0.264583"));
        assert!((millimetres(&road).fixed - 1.5).abs() < 1e-6);
    }

    #[test]
    fn templates_leave_out_what_is_unknown() {
        let words = template("YS[ {material:code}] DN{diameter_mm}[ {slope_permille:1}‰]", &pipes(), Lang::Zh);
        let expected = "'YS' || coalesce(' ' || nullif(to_string(\"material\"), ''), '') || ' DN' || \
                        nullif(to_string(\"diameter_mm\"), '') || \
                        coalesce(' ' || to_string(round(\"slope_permille\", 1)) || '‰', '')";
        assert_eq!(words, expected);
    }
}
