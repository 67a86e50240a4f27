//! Asking for rows.

use std::ops::ControlFlow;

use super::fixture::{add_lamps, edit, insert, lamp, lamp_city};
use crate::model::expr::Expr;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::value::Value;
use crate::store::query::Query;
use crate::store::reader::Reader;
use crate::task::Cancel;

#[test]
fn expressions_choose_rows_as_they_would_in_memory() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a", "B", "50%", "x_y"]);
    let mut odd = lamp(9, "odd");
    odd.values[0] = Value::Null;
    edit(&city, vec![insert("lamp", odd)]).unwrap();
    let reader = city.reader().unwrap();
    let check = |words: &str| {
        let schema = reader.schema("lamp").unwrap();
        let expr = Expr::read(words, &schema).unwrap();
        let mut expected = Vec::new();
        reader
            .query("lamp", &Query::default(), &mut |feature| {
                let get = |word: &str| feature.values[schema.field_index(word).unwrap()].clone();
                if expr.matches(&get) {
                    expected.push(feature.id);
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        let query = Query::filtered(expr);
        assert_eq!(reader.ids("lamp", &query).unwrap(), expected, "{words}");
        assert_eq!(reader.count("lamp", &query).unwrap(), expected.len() as u64, "{words}");
        expected.len()
    };
    assert_eq!(check("height_m >= 1"), 3);
    assert_eq!(check("NOT height_m >= 1"), 1);
    assert_eq!(check("高度 IS NULL"), 1);
    assert_eq!(check("code LIKE 'b'"), 1);
    assert_eq!(check("code LIKE '%\\%'"), 0);
    assert_eq!(check("code LIKE '__%' AND state = '亮'"), 3);
    assert_eq!(check("code IN ('a', 'odd') OR height_m BETWEEN 1 AND 1.5"), 4);
    assert_eq!(check("code = '''; DROP TABLE lamp; --'"), 0);
    let many = (0..300).map(|n| format!("code = 'n{n}'")).collect::<Vec<_>>().join(" OR ");
    assert_eq!(check(&format!("{many} OR code = 'a'")), 1);
    let list = (0..40_000).map(|n| format!("'n{n}'")).collect::<Vec<_>>().join(", ");
    assert_eq!(check(&format!("code IN ({list}, 'B')")), 1);
}

#[test]
fn a_window_finds_exactly_what_touches_it() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a", "b", "c"]);
    let reader = city.reader().unwrap();
    let at = |number: f64| [115.9 + number * 1e-4, 29.7 - number * 1e-5];
    let window = Bounds { min: [at(1.0)[0], at(2.0)[1]], max: [at(2.0)[0], at(1.0)[1]] };
    assert_eq!(reader.ids("lamp", &Query::within(window)).unwrap(), [1, 2]);
    let near = Bounds::new(at(1.0)[0] + 1e-9, 0.0, at(2.0)[0] - 1e-9, 90.0);
    assert_eq!(reader.count("lamp", &Query::within(near)).unwrap(), 0, "closer than the index can tell");
    let mut seen = Vec::new();
    reader
        .scan("lamp", Some(window), &["code".to_owned()], &mut |id, wkb, values| {
            seen.push((id, Geometry::from_wkb(wkb).unwrap().bounds().min, values[0].clone()));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, [(1, at(1.0), "a".into()), (2, at(2.0), "b".into())]);
}

#[test]
fn rows_are_sorted_cut_and_counted() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["b", "c", "a", "a"]);
    let reader = city.reader().unwrap();
    let ids = |order: &str, descending, limit, offset| {
        let query = Query { order: Some((order.to_owned(), descending)), limit, offset, ..Query::default() };
        reader.ids("lamp", &query).unwrap()
    };
    assert_eq!(ids("code", false, None, 0), [3, 4, 1, 2]);
    assert_eq!(ids("编号", true, Some(2), 1), [1, 3]);
    assert_eq!(ids("fid", true, Some(1), 0), [4]);
    assert_eq!(
        reader.rows("lamp", &[4, 99, 1], &["code".to_owned()]).unwrap(),
        [(4, vec!["a".into()]), (1, vec!["b".into()])]
    );
    assert_eq!(reader.features("lamp", &[4, 99, 1]).unwrap().len(), 2);
    assert_eq!(reader.distinct("lamp", "code", 2).unwrap(), [("a".into(), 2), ("b".into(), 1)]);
    let unknown = reader.distinct("lamp", "nothing", 2).unwrap_err();
    assert_eq!(unknown.kind(), "unknown-field");
}

#[test]
fn a_snapshot_sees_one_moment() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    let (now, then) = (city.reader().unwrap(), city.reader().unwrap());
    then.snapshot().unwrap();
    let count = |reader: &Reader| reader.count("lamp", &Query::default()).unwrap();
    let version = now.data_version().unwrap();
    add_lamps(&city, &["b"]);
    assert_eq!((count(&now), count(&then)), (2, 1));
    assert_ne!(now.data_version().unwrap(), version);
}

#[test]
fn a_query_can_be_stopped_and_a_closed_city_says_so() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    let reader = city.reader().unwrap();
    let cancel = Cancel::default();
    reader.stop_with(cancel.clone()).unwrap();
    cancel.cancel();
    let endless = reader.with(|conn| {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(endless.unwrap_err().kind(), "cancelled");
    let nested = city.reader().unwrap();
    nested
        .query("lamp", &Query::default(), &mut |_| {
            assert_eq!(nested.history().unwrap_err().kind(), "refused");
            ControlFlow::Break(())
        })
        .unwrap();
    city.close().unwrap();
    assert_eq!(nested.history().unwrap_err().kind(), "closed");
    assert!(city.reader().is_err_and(|error| error.kind() == "closed"));
}

#[test]
fn closing_ends_a_reader_in_the_middle_of_an_endless_query() {
    let (_folder, city) = lamp_city();
    let reader = city.reader().unwrap();
    std::thread::scope(|scope| {
        let endless = scope.spawn(move || {
            reader.with(|conn| {
                let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
                Ok(conn.query_row(sql, [], |row| row.get::<_, i64>(0))?)
            })
        });
        std::thread::sleep(std::time::Duration::from_millis(50));
        city.close().unwrap();
        assert_eq!(endless.join().unwrap().unwrap_err().kind(), "closed");
    });
}
