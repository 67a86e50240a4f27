//! EXPR filters compiled to tests on a layer's columns: text is compared once per different value, not once per row.

use crate::index::layer::LayerIndex;
use crate::model::expr::Expr;
use crate::model::schema::Schema;
use crate::model::style::Style;
use crate::model::value::Value;

/// A condition on the rows of one layer, with the three answers of SQL.
#[derive(Debug)]
pub struct Filter(Node);

#[derive(Debug)]
enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    /// An answer for each value in the dictionary of a column.
    Table {
        column: usize,
        answers: Vec<Option<bool>>,
    },
    /// A column with too many values for that.
    Each {
        field: usize,
        test: Expr,
    },
    /// The same for every row.
    Always(Option<bool>),
}

impl Filter {
    /// Compiles `test` for the rows in `index`; field words may be ids or names in either language.
    pub fn compile(test: &Expr, index: &LayerIndex, schema: &Schema) -> Self {
        let resolved = test.clone().resolve(schema).unwrap_or_else(|_| test.clone());
        Self(compile(&resolved, index, schema))
    }

    /// Whether the row in `slot` passes.
    pub fn holds(&self, index: &LayerIndex, slot: u32) -> bool {
        answer(&self.0, index, slot) == Some(true)
    }
}

/// Which features of a layer its style draws at one scale: hover, click and box take only what can be seen.
#[derive(Debug)]
pub struct Drawn {
    /// One for each rule in force; `None` takes everything.
    filters: Vec<Option<Filter>>,
}

impl Drawn {
    /// Compiles the rules that are in force at 1:`denominator`.
    pub fn at(style: &Style, denominator: f64, index: &LayerIndex, schema: &Schema) -> Self {
        let in_force = style.rules.iter().filter(|rule| rule.scale.holds(denominator) && !rule.paints.is_empty());
        let compiled = in_force.map(|rule| rule.filter.as_ref().map(|test| Filter::compile(test, index, schema)));
        Self { filters: compiled.collect() }
    }

    /// Whether the row in `slot` is drawn.
    pub fn holds(&self, index: &LayerIndex, slot: u32) -> bool {
        self.filters.iter().any(|filter| filter.as_ref().is_none_or(|filter| filter.holds(index, slot)))
    }
}

fn compile(test: &Expr, index: &LayerIndex, schema: &Schema) -> Node {
    match test {
        Expr::And(left, right) => Node::And(compile(left, index, schema).into(), compile(right, index, schema).into()),
        Expr::Or(left, right) => Node::Or(compile(left, index, schema).into(), compile(right, index, schema).into()),
        Expr::Not(inner) => Node::Not(compile(inner, index, schema).into()),
        Expr::Compare { field, .. } | Expr::Like { field, .. } | Expr::In { field, .. } | Expr::IsNull { field } => {
            let Some(field) = schema.field_index(field) else { return Node::Always(None) };
            let Some(column) = index.column(field) else { return Node::Always(truth(test, &Value::Null)) };
            let place = index.fields().iter().position(|&kept| kept == field).unwrap_or_default();
            match column.dictionary() {
                Some(words) => {
                    Node::Table { column: place, answers: words.iter().map(|word| truth(test, word)).collect() }
                }
                None => Node::Each { field, test: test.clone() },
            }
        }
    }
}

/// True, false or unknown: unknown is what neither the test nor its opposite holds for.
fn truth(test: &Expr, value: &Value) -> Option<bool> {
    let get = |_: &str| value.clone();
    if test.matches(&get) {
        return Some(true);
    }
    Expr::Not(Box::new(test.clone())).matches(&get).then_some(false)
}

fn answer(node: &Node, index: &LayerIndex, slot: u32) -> Option<bool> {
    match node {
        Node::And(left, right) => match (answer(left, index, slot), answer(right, index, slot)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Node::Or(left, right) => match (answer(left, index, slot), answer(right, index, slot)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Node::Not(inner) => answer(inner, index, slot).map(|holds| !holds),
        Node::Table { column, answers } => answers[index.columns()[*column].code(slot as usize)],
        Node::Each { field, test } => truth(test, &index.value(slot, *field)),
        Node::Always(known) => *known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::index::layer::LayerIndexBuilder;
    use crate::model::schema::Field;
    use crate::text::Text;

    #[test]
    fn a_compiled_filter_says_what_the_words_say() {
        let kinds = [("storm", "雨水", "Storm"), ("foul", "污水", "Foul")];
        let schema = Schema {
            table: "pipe".into(),
            name: Text::same("pipe"),
            kind: "pipe".into(),
            geometry: None,
            crs: Crs::WEB_MERCATOR,
            z_order: 0,
            fields: vec![Field::coded("kind", "类别", "Kind", &kinds), Field::int("dn", "管径", "Diameter")],
        };
        let values = [Value::Null, "storm".into(), "foul".into()];
        let sizes = [Value::Null, Value::Int(300), Value::Int(800)];
        let mut builder = LayerIndexBuilder::new(&schema, &["kind".to_owned(), "dn".to_owned()]);
        let mut ids = 0..;
        for kind in &values {
            for size in &sizes {
                builder.push(ids.next().unwrap(), None, &[kind.clone(), size.clone()], &Some);
            }
        }
        let index = builder.finish();
        for words in [
            "kind = 'storm'",
            "类别 = '雨水' AND 管径 >= 600",
            "NOT (kind = 'foul' OR dn < 500)",
            "dn IS NULL OR kind IN ('foul', '雨水')",
            "NOT kind LIKE '%st%'",
            "nothing = 3",
        ] {
            let test = Expr::parse(words).unwrap();
            let (filter, resolved) = (Filter::compile(&test, &index, &schema), test.clone().resolve(&schema));
            for slot in 0..index.slots() {
                let get = |field: &str| schema.field_index(field).map_or(Value::Null, |at| index.value(slot, at));
                let want = resolved.as_ref().is_ok_and(|test| test.matches(&get));
                assert_eq!(filter.holds(&index, slot), want, "{words} in row {slot}");
            }
        }
    }
}
