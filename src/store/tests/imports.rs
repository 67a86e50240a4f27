//! Many rows at once, and their undo.

use std::fs;

use super::fixture::{Folder, Rows, add_lamps, content, import, lamp, lamp_city, lamps, run};
use crate::model::feature::Feature;
use crate::store::city::City;
use crate::store::command::{Action, Changed};
use crate::store::create::create_with;
use crate::store::error::StoreError;
use crate::store::import::{Import, ImportStop, Target};
use crate::text::Text;

#[test]
fn an_import_of_a_new_layer_goes_and_comes_back_whole() {
    let (folder, city) = lamp_city();
    let before = content(&city);
    let done = import(&city, lamps("more"), false, some(20_000)).unwrap();
    assert_eq!(done.changed, [Changed::Layer("more".to_owned())]);
    let after = content(&city);
    assert!(after.contains("more"));

    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), before);
    drop(city);
    let city = City::open(&folder.file("九江.gpkg")).unwrap();
    run(&city, Action::Redo).unwrap();
    assert_eq!(content(&city), after);
    let nothing = city.check(&mut crate::task::Task::silent()).unwrap();
    assert_eq!(nothing, []);
}

#[test]
fn appended_rows_go_and_come_back_few_or_many() {
    for count in [10, 12_000] {
        let (_folder, city) = lamp_city();
        add_lamps(&city, &["a", "b"]);
        let before = content(&city);
        import(&city, lamps("lamp"), true, some(count)).unwrap();
        let after = content(&city);
        run(&city, Action::Undo).unwrap();
        assert_eq!(content(&city), before);
        run(&city, Action::Redo).unwrap();
        assert_eq!(content(&city), after);
        assert_eq!(city.check(&mut crate::task::Task::silent()).unwrap(), []);
        run(&city, Action::Undo).unwrap();
        add_lamps(&city, &["c"]);
        assert_eq!(city.reader().unwrap().redo_label().unwrap(), None);
        let hidden = city.probe(|conn| {
            let sql = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'citygrid_hidden_%'";
            conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
        });
        assert_eq!(hidden, 0, "what cannot come back is gone");
    }
}

#[test]
fn a_stopped_import_leaves_every_byte_as_it_was() {
    let (folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    drop(city);
    let path = folder.file("九江.gpkg");
    let before = fs::read(&path).unwrap();
    for (schema, append) in [(lamps("more"), false), (lamps("lamp"), true)] {
        let city = City::open(&path).unwrap();
        let target = Target { schema, append };
        let rows = Rows { target, features: some(30_000), stop: Some(ImportStop::Cancelled) };
        let error = run(&city, Action::Import(Box::new(rows))).unwrap_err();
        assert!(matches!(error, StoreError::Cancelled));
        drop(city);
        assert!(fs::read(&path).unwrap() == before);
        assert_eq!(folder.names(), ["九江.gpkg"]);
    }
}

#[test]
fn an_import_that_panics_is_an_error_and_the_city_goes_on() {
    struct Wild;
    impl Import for Wild {
        fn targets(&self) -> Vec<Target> {
            vec![Target { schema: lamps("wild"), append: false }]
        }
        fn feed(&mut self, sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>) -> Result<(), ImportStop> {
            sink(0, lamp(1, "a"))?;
            panic!("a bug in a format")
        }
    }
    let (_folder, city) = lamp_city();
    let before = content(&city);
    assert_eq!(run(&city, Action::Import(Box::new(Wild))).unwrap_err().kind(), "refused");
    assert_eq!(content(&city), before);
    add_lamps(&city, &["a"]);
}

#[test]
fn one_bad_row_may_be_passed_over() {
    struct Mixed;
    impl Import for Mixed {
        fn targets(&self) -> Vec<Target> {
            vec![Target { schema: lamps("mixed"), append: false }]
        }
        fn feed(&mut self, sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>) -> Result<(), ImportStop> {
            let mut bad = lamp(1, "bad");
            bad.values.clear();
            assert_eq!(sink(0, bad).unwrap_err().kind(), "refused");
            assert_eq!(sink(5, lamp(1, "nowhere")).unwrap_err().kind(), "refused");
            Ok(sink(0, lamp(2, "good"))?)
        }
    }
    let (_folder, city) = lamp_city();
    run(&city, Action::Import(Box::new(Mixed))).unwrap();
    let reader = city.reader().unwrap();
    assert_eq!(reader.count("mixed", &crate::store::query::Query::default()).unwrap(), 1);
    assert_eq!(reader.history().unwrap().last().unwrap().rows, 1);
}

#[test]
fn a_subset_of_fields_may_be_appended_in_another_order() {
    let (_folder, city) = lamp_city();
    let mut schema = lamps("lamp");
    schema.fields.reverse();
    schema.fields.truncate(2);
    let feature = Feature { values: vec!["off".into(), "z".into()], ..lamp(1, "") };
    import(&city, schema, true, vec![feature]).unwrap();
    let found = city.reader().unwrap().feature("lamp", 1).unwrap().unwrap();
    assert_eq!(found.values, [crate::model::value::Value::Null, "z".into(), "off".into()]);
}

#[test]
fn a_new_city_appears_whole_or_not_at_all() {
    let folder = Folder::new();
    let path = folder.file("新城.gpkg");
    let failed = create_with(&path, false, |city| {
        import(city, lamps("lamp"), false, some(100))?;
        Err::<(), _>(StoreError::Refused { what: Text::new("不", "no") })
    });
    assert_eq!(failed.unwrap_err().kind(), "refused");
    assert_eq!(folder.names(), [""; 0]);

    create_with(&path, false, |city| import(city, lamps("lamp"), false, some(100))).unwrap();
    assert_eq!(folder.names(), ["新城.gpkg"]);
    let again = create_with(&path, false, |_| Ok::<_, StoreError>(()));
    assert_eq!(again.unwrap_err().kind(), "exists");

    let open = City::open(&path).unwrap();
    let taken = create_with(&path, true, |_| Ok::<_, StoreError>(()));
    assert_eq!(taken.unwrap_err().kind(), "locked");
    assert_eq!(open.reader().unwrap().layers().unwrap()[0].count, 100);
    drop(open);

    create_with(&path, true, |_| Ok::<_, StoreError>(())).unwrap();
    assert_eq!(City::open(&path).unwrap().reader().unwrap().layers().unwrap(), []);
    assert_eq!(folder.names(), ["新城.gpkg"]);
}

#[test]
fn the_history_of_a_draft_can_be_forgotten() {
    let folder = Folder::new();
    let path = folder.file("样例.gpkg");
    create_with(&path, false, |city| {
        import(city, lamps("lamp"), false, some(10))?;
        run(city, Action::TrimJournal { keep: 0 })
    })
    .unwrap();
    let city = City::open(&path).unwrap();
    let reader = city.reader().unwrap();
    assert_eq!(reader.history().unwrap(), []);
    assert_eq!(reader.undo_label().unwrap(), None);
    assert_eq!(reader.layers().unwrap()[0].count, 10);
    add_lamps(&city, &["a"]);
    assert_eq!(city.check(&mut crate::task::Task::silent()).unwrap(), [], "the chain begins anew");
}

fn some(count: i64) -> Vec<Feature> {
    (1..=count).map(|number| lamp(number % 977, &format!("L{number}"))).collect()
}
