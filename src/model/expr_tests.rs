//! What people type as a filter, and which rows it lets through.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::geom::crs::Crs;

#[test]
fn not_binds_closer_than_and_and_than_or() {
    check("a=1 or b=2 and not c=3", expect!["a = 1 OR b = 2 AND NOT c = 3"]);
    check("(a=1 OR b=2) AND NOT (c=3 AND d=4)", expect!["(a = 1 OR b = 2) AND NOT (c = 3 AND d = 4)"]);
}

#[test]
fn every_kind_of_condition_is_read() {
    check("管径 != -1.5e2", expect!["管径 <> -150.0"]);
    check("a BETWEEN 1 AND 2 AND b = 3", expect!["a >= 1 AND a <= 2 AND b = 3"]);
    check("a NOT BETWEEN 1 AND 2", expect!["NOT (a >= 1 AND a <= 2)"]);
    check("a not like 'x%' and b not in ('1','2')", expect!["NOT a LIKE 'x%' AND NOT b IN ('1', '2')"]);
    check("a IS NOT NULL OR b is null", expect!["NOT a IS NULL OR b IS NULL"]);
    check(
        "a = 'it''s' AND \"管径(mm)\" > 3 AND \"and\" = true",
        expect![[r#"a = 'it''s' AND "管径(mm)" > 3 AND "and" = TRUE"#]],
    );
    check("a = 9223372036854775808", expect!["a = 9.223372036854776e18"]);
}

#[test]
fn punctuation_of_chinese_input_methods_is_taken() {
    check("类别　ＩＮ（‘雨水’，'污水'、＇合流＇）", expect!["类别 IN ('雨水', '污水', '合流')"]);
    check("管径＞＝６００ and “管 径”≠１", expect![[r#"管径 >= 600 AND "管 径" <> 1"#]]);
}

#[test]
fn anything_else_is_an_error_with_its_place() {
    check("1=1; DROP TABLE x", expect!["0: “1”处应为字段名 | a field name should stand at “1”"]);
    check("a=1; DROP TABLE x", expect!["3: “;”处应为AND、OR 或结尾 | AND, OR or the end should stand at “;”"]);
    check("类别 = 雨水", expect!["5: 文字要放在单引号里：'雨水' | text goes into single quotes: '雨水'"]);
    check("a = 'x", expect!["4: 引号没有关闭 | a quote is not closed"]);
    check(
        "(a = 1",
        expect!["6: 条件没有写完，缺少右括号 | the condition ends too early: a closing parenthesis is missing"],
    );
    check("a = NULL", expect!["4: 判断是否为空请写 IS NULL | write IS NULL to ask whether it is unknown"]);
    check("a = 1e999", expect!["4: “1e999”处应为数字或 '文字' | a number or 'text' should stand at “1e999”"]);
    check("a = 1 -- b", expect!["6: “-”处应为AND、OR 或结尾 | AND, OR or the end should stand at “-”"]);
    check("", expect!["0: 条件没有写完，缺少字段名 | the condition ends too early: a field name is missing"]);
}

#[test]
fn deep_nesting_and_long_chains_are_refused() {
    assert!(Expr::parse(&"(".repeat(100_000)).is_err());
    assert!(Expr::parse(&"NOT ".repeat(100_000)).is_err());
    assert!(Expr::parse(&vec!["a = 1"; 100_000].join(" AND ")).is_err());
    assert!(Expr::parse(&vec!["a = 1"; 400].join(" OR ")).is_ok());
}

#[test]
fn the_unknown_never_matches_and_neither_does_its_opposite() {
    let rows = [
        ("nothing = 1", false),
        ("NOT nothing = 1", false),
        ("nothing <> 1", false),
        ("nothing IN (1)", false),
        ("NOT nothing IN (1)", false),
        ("NOT nothing LIKE '%'", false),
        ("nothing = 1 OR int = 7", true),
        ("NOT (nothing = 1 AND int = 8)", true),
        ("nothing IS NULL AND int IS NOT NULL", true),
    ];
    for (words, expected) in rows {
        holds(words, expected);
    }
}

#[test]
fn numbers_compare_across_types_and_text_exactly() {
    let rows = [
        ("int = 7.0 AND real > 7 AND real < 8", true),
        ("big = 9007199254740993", true),
        ("big = 9007199254740992.0", false),
        ("negative > -7.5 AND negative < -6.5", true),
        ("text = 'DN600' AND text <> 'dn600'", true),
        ("text LIKE 'dn_0%'", true),
        ("text LIKE '%0' AND text LIKE '%N%6%' AND NOT text LIKE 'N%'", true),
        ("int LIKE '7'", true),
        ("yes = TRUE AND yes = 1", true),
        ("text = 7 OR text <> 7", false),
    ];
    for (words, expected) in rows {
        holds(words, expected);
    }
}

#[test]
fn names_in_either_language_become_ids_and_codes() {
    read("类别 = '雨水' AND Diameter > 600", expect!["category = 'storm' AND diameter_mm > 600"]);
    read("category IN ('Foul', 'storm', 'other')", expect!["category IN ('foul', 'storm', 'other')"]);
    read("类别 LIKE '雨%'", expect!["category LIKE '雨%' OR category IN ('storm')"]);
    read("等级 = 3", expect!["grade = '3'"]);
    for yes in ["是", "yes", "YES", "true", "'是'", "'Yes'", "1"] {
        let expected = if yes == "1" { "active = 1" } else { "active = TRUE" };
        assert_eq!(shown(Expr::read(&format!("启用 = {yes}"), &pipes())), expected);
    }
    for no in ["否", "no", "FALSE", "'否'"] {
        assert_eq!(shown(Expr::read(&format!("启用 <> {no}"), &pipes())), "active <> FALSE");
    }
}

#[test]
fn fid_is_the_row_number_unless_a_field_is_called_so() {
    read("fid = 8 OR FID IN (1, 2)", expect!["fid = 8 OR fid IN (1, 2)"]);
    read("fid = 'x'", expect!["0: 字段“fid”是数字，不能与文字“x”比较 | field “fid” holds numbers, “x” is text"]);
    let own = Schema { fields: vec![Field::text("no", "fid", "fid")], ..pipes() };
    assert_eq!(shown(Expr::read("fid = '8'", &own)), "no = '8'");
}

#[test]
fn unknown_fields_and_senseless_values_are_refused() {
    read("a = 1", expect!["0: “管道”中没有字段“a” | “Pipes” has no field “a”"]);
    read("diameter_mm > 1 AND 材 = 'PE'", expect!["20: “管道”中没有字段“材” | “Pipes” has no field “材”"]);
    read(
        "diameter_mm = 'PE'",
        expect!["0: 字段“diameter_mm”是数字，不能与文字“PE”比较 | field “diameter_mm” holds numbers, “PE” is text"],
    );
    read("category = 9", expect!["0: 字段“category”是文字，请写成 '9' | field “category” holds text: write '9'"]);
    read(
        "active LIKE 'x'",
        expect!["0: 字段“active”不是文字，不能用 LIKE | LIKE needs text, field “active” holds none"],
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_written_reads_back(expr in exprs()) {
        prop_assert_eq!(Expr::parse(&expr.to_string()), Ok(expr));
    }

    #[test]
    fn no_words_make_it_panic(words in "\\PC*", more in "[a-c'\"(（),<=>!;0-9.eE+ -]{0,40}( AND| OR| NOT| IN| IS)?") {
        let _ = Expr::parse(&words);
        if let Ok(expr) = Expr::parse(&more) {
            expr.matches(&row);
        }
    }
}

fn exprs() -> impl Strategy<Value = Expr> {
    let field = || prop_oneof!["[a-z_]{1,3}", "[雨水管径]{1,3}", "\\PC{1,4}", Just("not".to_owned())];
    let value = || {
        prop_oneof![
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::Real),
            any::<bool>().prop_map(Value::Bool),
            "\\PC{0,6}".prop_map(Value::Text),
        ]
    };
    let comparison = prop_oneof![
        Just(Comparison::Equal),
        Just(Comparison::NotEqual),
        Just(Comparison::Less),
        Just(Comparison::Greater),
        Just(Comparison::AtMost),
        Just(Comparison::AtLeast),
    ];
    let leaf = prop_oneof![
        (field(), comparison, value()).prop_map(|(field, comparison, value)| Expr::Compare {
            field,
            comparison,
            value
        }),
        (field(), "\\PC{0,5}").prop_map(|(field, pattern)| Expr::Like { field, pattern }),
        (field(), proptest::collection::vec(value(), 0..4)).prop_map(|(field, values)| Expr::In { field, values }),
        field().prop_map(|field| Expr::IsNull { field }),
    ];
    leaf.prop_recursive(6, 40, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Expr::And(left.into(), right.into())),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Expr::Or(left.into(), right.into())),
            inner.prop_map(|inner| Expr::Not(inner.into())),
        ]
    })
}

#[track_caller]
fn check(words: &str, expected: Expect) {
    expected.assert_eq(&shown(Expr::parse(words)));
}

#[track_caller]
fn read(words: &str, expected: Expect) {
    expected.assert_eq(&shown(Expr::read(words, &pipes())));
}

fn shown(read: Result<Expr, ExprError>) -> String {
    read.map_or_else(|error| format!("{}: {} | {}", error.at, error.what.zh, error.what.en), |expr| expr.to_string())
}

#[track_caller]
fn holds(words: &str, expected: bool) {
    let expr = Expr::parse(words).expect("an EXPR");
    assert_eq!(expr.matches(&row), expected, "{words}");
}

fn row(field: &str) -> Value {
    match field {
        "int" => Value::Int(7),
        "big" => Value::Int(9_007_199_254_740_993),
        "negative" => Value::Int(-7),
        "real" => Value::Real(7.5),
        "text" => Value::from("DN600"),
        "yes" => Value::Bool(true),
        _ => Value::Null,
    }
}

fn pipes() -> Schema {
    Schema {
        table: "sewer_pipe".to_owned(),
        name: Text::new("管道", "Pipes"),
        kind: "sewer_pipe".to_owned(),
        geometry: None,
        crs: Crs::CGCS2000,
        z_order: 0,
        fields: vec![
            Field::int("diameter_mm", "管径", "Diameter"),
            Field::coded("category", "类别", "Category", &[("storm", "雨水", "Storm"), ("foul", "污水", "Foul")]),
            Field::coded("grade", "等级", "Grade", &[("3", "三级", "Three")]),
            Field::bool("active", "启用", "Active"),
        ],
    }
}
