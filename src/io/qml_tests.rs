//! Styles in the words of QGIS.

use super::*;
use crate::geom::crs::Crs;
use crate::kinds;
use crate::model::style::{Paint, Size, Stroke};
use crate::text::Lang;

fn rules(kind: &str, style: &Style) -> String {
    let schema = kinds::find(kind).expect("in the list").schema(Crs::CGCS2000);
    let sitter = Sitter { schema: &schema, opacity: 1.0, lang: Lang::Zh, symbols: &|_| Some("<svg/>") };
    write(style, &sitter).expect("a style")
}

/// Filters of the rules, in order.
fn filters(qml: &str) -> Vec<&str> {
    let rules = qml.split("<rule key=\"rule-").skip(1);
    rules.map(|rule| rule.split("filter=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("")).collect()
}

fn line(filter: &str) -> Rule {
    let ink = crate::model::style::Ink::new(0, 0);
    let rule = Rule::all(vec![Paint::Stroke(Stroke::solid(ink, Size::Px(1.0)))]);
    if filter.is_empty() { rule } else { rule.when(filter) }
}

#[test]
fn a_rule_leaves_out_what_the_rules_before_it_take() {
    let ordered = [
        line("diameter_mm >= 600"),
        line("remark IS NULL"),
        line("sewer_type = 'foul'"),
        line("sewer_type = 'storm'"),
        line(""),
    ];
    let qml = self::rules("sewer_pipe", &Style::new(ordered.to_vec(), Vec::new()));
    let before = "coalesce(&quot;diameter_mm&quot; &gt;= 600, FALSE)";
    let both = format!("{before} OR coalesce(&quot;remark&quot; IS NULL, FALSE)");
    let expected = [
        "&quot;diameter_mm&quot; &gt;= 600".to_owned(),
        format!("(&quot;remark&quot; IS NULL) AND NOT ({before})"),
        format!("(&quot;sewer_type&quot; = 'foul') AND NOT ({both})"),
        // Two values of one field are apart anyway.
        format!("(&quot;sewer_type&quot; = 'storm') AND NOT ({both})"),
        "ELSE".to_owned(),
    ];
    assert_eq!(filters(&qml), expected);
}

#[test]
fn scales_of_a_rule_come_along_and_passes_are_levels() {
    let casing = line("diameter_mm > 5").at(ScaleRange::between(500.0, 2_000.0));
    let qml = rules("sewer_pipe", &Style::new(vec![line("").pass(1), casing], Vec::new()));
    assert!(qml.contains("scalemindenom=\"500\" scalemaxdenom=\"2000\""), "{qml}");
    assert!(qml.contains("symbollevels=\"1\""), "{qml}");
    let levels: Vec<&str> = qml.split("pass=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(levels, ["1", "0"], "the first rule is painted over the second");
}

#[test]
fn values_become_categories_and_one_colour_a_single_symbol() {
    let kinds = [line("sewer_type = 'foul'"), line("sewer_type = 'storm'"), line("")];
    let qml = rules("sewer_pipe", &Style::new(kinds.to_vec(), Vec::new()));
    assert!(qml.contains("type=\"categorizedSymbol\"") && qml.contains("attr=\"sewer_type\""), "{qml}");
    assert!(qml.contains("<category value=\"storm\" type=\"string\" symbol=\"1\""), "{qml}");
    assert!(qml.contains("<category value=\"\" type=\"string\" symbol=\"2\""), "{qml}");
    let single = rules("sewer_pipe", &Style::new(vec![line("").at(ScaleRange::closer_than(9e3))], Vec::new()));
    assert!(single.contains("type=\"singleSymbol\""), "{single}");
    assert!(single.contains("hasScaleBasedVisibilityFlag=\"1\" minScale=\"9000\" maxScale=\"0\""), "{single}");
}
