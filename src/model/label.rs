//! Templates of labels: `YS [{material:code} ]DN{diameter_mm}[ {slope_permille:1}‰]`.
//!
//! `{field}` is a value as a person reads it, `{field:code}` as it is stored, `{field:1}` a number with one decimal,
//! `{name_en|name}` the first of the two that is known. What stands in `[ ]` is left out where a field in it is unknown.

use super::schema::Field;
use super::value::Value;
use crate::text::Lang;

/// One piece of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece<'a> {
    /// Written as they are.
    Words(&'a str),
    /// The first known of some values: see [`alternatives`].
    Value(&'a str),
    /// A template of its own, left out where a field in it is unknown.
    Optional(&'a str),
}

/// Fills `template` with one feature's values, which `get` gives by field id; `None` if a field that is not optional is
/// unknown, or if nothing but blanks is left.
pub fn fill<'a>(template: &str, lang: Lang, get: &dyn Fn(&str) -> Option<(&'a Field, &'a Value)>) -> Option<String> {
    let mut out = String::new();
    for piece in pieces(template) {
        match piece {
            Piece::Words(words) => out.push_str(words),
            Piece::Value(what) => out.push_str(&known(what, lang, get)?),
            Piece::Optional(part) => out.push_str(&fill(part, lang, get).unwrap_or_default()),
        }
    }
    (!out.trim().is_empty()).then_some(out)
}

/// Adds the ids of the fields that `template` needs.
pub fn fields(template: &str, found: &mut Vec<String>) {
    for piece in pieces(template) {
        match piece {
            Piece::Words(_) => {}
            Piece::Value(what) => found.extend(alternatives(what).map(|(field, _)| field.to_owned())),
            Piece::Optional(part) => fields(part, found),
        }
    }
}

/// The pieces of a template. An opening bracket without its end is plain words.
pub fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find(['{', '[']) {
        let close = if rest[open..].starts_with('{') { '}' } else { ']' };
        let Some(length) = rest[open..].find(close) else { break };
        let inside = &rest[open + 1..open + length];
        if open > 0 {
            pieces.push(Piece::Words(&rest[..open]));
        }
        pieces.push(if close == '}' { Piece::Value(inside) } else { Piece::Optional(inside) });
        rest = &rest[open + length + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest));
    }
    pieces
}

/// Field ids with the form in which each is written (`code`, a number of decimals, nothing), best first.
pub fn alternatives(what: &str) -> impl Iterator<Item = (&str, &str)> {
    what.split('|').map(|one| one.split_once(':').unwrap_or((one, "")))
}

fn known<'a>(what: &str, lang: Lang, get: &dyn Fn(&str) -> Option<(&'a Field, &'a Value)>) -> Option<String> {
    alternatives(what).find_map(|(id, form)| {
        let (field, value) = get(id)?;
        let shown = match (form, value.as_f64()) {
            ("code", _) => value.to_string(),
            (decimals, Some(number)) if !decimals.is_empty() => {
                format!("{number:.*}", decimals.parse::<usize>().unwrap_or(0).min(9))
            }
            _ => field.display(value, lang),
        };
        (!shown.trim().is_empty()).then_some(shown)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, lang: Lang, values: [Value; 3], expected: Option<&str>) {
        let schema = [
            Field::coded("material", "管材", "Material", &[("RCP", "钢筋混凝土", "Reinforced concrete")]),
            Field::int("diameter_mm", "管径", "Diameter"),
            Field::real("slope_permille", "坡度", "Gradient", "‰"),
        ];
        let get = |id: &str| {
            let index = schema.iter().position(|field| field.id == id)?;
            Some((&schema[index], &values[index]))
        };
        assert_eq!(fill(template, lang, &get).as_deref(), expected);
    }

    fn whole() -> [Value; 3] {
        [Value::from("RCP"), Value::Int(800), Value::Real(3.4221)]
    }

    #[test]
    fn coded_values_are_written_by_name_in_the_language_of_the_map() {
        check("{material}", Lang::Zh, whole(), Some("钢筋混凝土"));
        check("{material}", Lang::En, whole(), Some("Reinforced concrete"));
    }

    #[test]
    fn pipe_text_has_stored_codes_and_rounded_numbers() {
        let template = "YS [{material:code} ]DN{diameter_mm}[ {slope_permille:1}‰]";
        check(template, Lang::Zh, whole(), Some("YS RCP DN800 3.4‰"));
        check(template, Lang::Zh, [Value::Null, Value::Int(300), Value::Null], Some("YS DN300"));
        check(template, Lang::Zh, [Value::from("RCP"), Value::Null, Value::Null], None);
    }

    #[test]
    fn the_first_known_of_several_fields_is_taken() {
        check("{slope_permille|diameter_mm}", Lang::En, [Value::Null, Value::Int(5), Value::Null], Some("5"));
        check("{nothing|diameter_mm}", Lang::En, [Value::Null, Value::Int(5), Value::Null], Some("5"));
        check("{nothing}", Lang::En, whole(), None);
    }

    #[test]
    fn open_brackets_are_plain_words() {
        check("a { b", Lang::En, whole(), Some("a { b"));
        check("[a", Lang::En, whole(), Some("[a"));
        check("", Lang::En, whole(), None);
    }
}
