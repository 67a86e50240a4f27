//! Rows come, change and go; undo and redo.

use super::fixture::{add_lamps, content, edit, insert, lamp, lamp_city, lamps, run};
use crate::model::feature::Delta;
use crate::model::geometry::Geometry;
use crate::model::value::Value;
use crate::store::city::City;
use crate::store::command::{Action, Changed, Committed};
use crate::store::connect::{self, Mode};
use crate::store::error::StoreError;
use crate::text::Text;

#[test]
fn undo_gives_back_exactly_what_was_there_and_redo_what_came() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a", "b"]);
    let before = content(&city);
    let delete = Delta { layer: "lamp".to_owned(), id: 2, old: None, new: None };
    let done = edit(&city, vec![taller(&city, 1), delete, insert("lamp", lamp(9, "c"))]).unwrap();
    let Changed::Rows(rows) = &done.changed[0] else { panic!("{done:?}") };
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2, 3]);
    let after = content(&city);

    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), before);
    run(&city, Action::Redo).unwrap();
    assert_eq!(content(&city), after);
    assert_eq!(run(&city, Action::Redo).unwrap().step, None, "nothing more to redo");
}

#[test]
fn undo_and_redo_work_tomorrow_morning() {
    let (folder, city) = lamp_city();
    add_lamps(&city, &["a", "b"]);
    let before = content(&city);
    edit(&city, vec![taller(&city, 1)]).unwrap();
    let after = content(&city);
    drop(city);
    let city = City::open(&folder.file("九江.gpkg")).unwrap();
    assert_eq!(city.reader().unwrap().undo_label().unwrap(), Some(Text::new("改动", "Change")));
    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), before);
    drop(city);
    let city = City::open(&folder.file("九江.gpkg")).unwrap();
    run(&city, Action::Redo).unwrap();
    assert_eq!(content(&city), after);
}

#[test]
fn a_new_step_after_undo_drops_what_could_be_redone() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    add_lamps(&city, &["b"]);
    run(&city, Action::Undo).unwrap();
    assert!(city.reader().unwrap().redo_label().unwrap().is_some());
    add_lamps(&city, &["c"]);
    let reader = city.reader().unwrap();
    assert_eq!(reader.redo_label().unwrap(), None);
    assert_eq!(reader.history().unwrap().iter().map(|step| step.step).collect::<Vec<_>>(), [1, 2, 4]);
    assert_eq!(reader.feature("lamp", 2).unwrap(), None, "an id is never used again");
    assert!(reader.feature("lamp", 3).unwrap().is_some());
}

#[test]
fn what_changes_nothing_is_no_step() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    add_lamps(&city, &["b"]);
    run(&city, Action::Undo).unwrap();
    let old = city.reader().unwrap().feature("lamp", 1).unwrap();
    let same = Delta { layer: "lamp".to_owned(), id: 1, old: old.clone(), new: old };
    assert_eq!(edit(&city, vec![same]).unwrap(), nothing());
    assert!(city.reader().unwrap().redo_label().unwrap().is_some(), "and drops nothing that could be redone");
}

fn nothing() -> Committed {
    Committed { step: None, label: Text::default(), changed: Vec::new() }
}

#[test]
fn an_edit_of_what_somebody_else_has_changed_is_refused_whole() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a", "b"]);
    let stale = taller(&city, 1);
    edit(&city, vec![taller(&city, 1)]).unwrap();
    let before = content(&city);
    let error = edit(&city, vec![insert("lamp", lamp(7, "c")), stale]).unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    assert_eq!(content(&city), before);
}

#[test]
fn undo_of_rows_that_another_program_has_changed_is_refused_and_names_them() {
    let (folder, city) = lamp_city();
    add_lamps(&city, &["a", "b"]);
    drop(city);
    let path = folder.file("九江.gpkg");
    let other = connect::open(&path, Mode::ReadWrite).unwrap();
    other.connection().execute("UPDATE lamp SET code = 'x' WHERE fid = 2", []).unwrap();
    drop(other);
    let city = City::open(&path).unwrap();
    let before = content(&city);
    let StoreError::Conflict { what } = run(&city, Action::Undo).unwrap_err() else { panic!() };
    assert_eq!(what.zh, "图层“路灯”的要素 2 已被他人改动");
    assert_eq!(content(&city), before);
}

#[test]
fn words_that_look_like_sql_are_words() {
    let (_folder, city) = lamp_city();
    let evil = r#"'; DROP TABLE lamp; --"]%_\"#;
    let mut schema = lamps(evil);
    schema.fields[1].id = evil.into();
    schema.fields[2].id = "select".into();
    run(&city, Action::CreateLayer(schema)).unwrap();
    edit(&city, vec![insert(evil, lamp(1, evil))]).unwrap();
    let reader = city.reader().unwrap();
    let found = reader.feature(evil, 1).unwrap().unwrap();
    assert_eq!(found.values[1], Value::from(evil));
    assert_eq!(reader.search(evil, &[evil.to_owned()], &[evil], 9).unwrap().len(), 1);
    assert_eq!(reader.search(evil, &[evil.to_owned()], &["DROP_TABLE"], 9).unwrap().len(), 0);
    assert_eq!(reader.search(evil, &[evil.to_owned()], &["DROP", "lamp"], 9).unwrap().len(), 1);
    let before = content(&city);
    run(&city, Action::RemoveLayer(evil.to_owned())).unwrap();
    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), before);
    run(&city, Action::Setting { key: evil.to_owned(), value: Some(evil.to_owned()) }).unwrap();
    assert_eq!(city.reader().unwrap().setting(evil).unwrap().as_deref(), Some(evil));
}

#[test]
fn features_that_do_not_fit_are_refused() {
    let (_folder, city) = lamp_city();
    let before = content(&city);
    let mut line = lamp(1, "a");
    line.geometry = Some(Geometry::line(&[[0.0, 0.0], [1.0, 1.0]]));
    let mut short = lamp(1, "a");
    short.values.pop();
    for (delta, kind) in [
        (insert("lamp", line), "refused"),
        (insert("lamp", short), "refused"),
        (insert("nothing", lamp(1, "a")), "unknown-layer"),
        (insert("citygrid_settings", lamp(1, "a")), "unknown-layer"),
    ] {
        assert_eq!(edit(&city, vec![insert("lamp", lamp(2, "b")), delta]).unwrap_err().kind(), kind);
    }
    assert_eq!(content(&city), before);
}

#[test]
fn the_extent_follows_every_edit() {
    let (_folder, city) = lamp_city();
    let extent = |city: &City| city.reader().unwrap().layers().unwrap()[0].bounds;
    assert_eq!(extent(&city), None);
    add_lamps(&city, &["a", "b", "c"]);
    let all = extent(&city).unwrap();
    assert_eq!((all.min[0], all.max[0]), (115.9 + 1e-4, 115.9 + 3.0 * 1e-4));
    edit(&city, vec![Delta { layer: "lamp".to_owned(), id: 3, old: None, new: None }]).unwrap();
    assert_eq!(extent(&city).unwrap().max[0], 115.9 + 2.0 * 1e-4, "exact, though the index keeps f32");
    let far = Geometry::point(-170.25, 80.125);
    let mut moved = city.reader().unwrap().feature("lamp", 1).unwrap().unwrap();
    moved.geometry = Some(far);
    edit(&city, vec![Delta { layer: "lamp".to_owned(), id: 1, old: None, new: Some(moved) }]).unwrap();
    assert_eq!(extent(&city).unwrap().min[0], -170.25);
    run(&city, Action::Undo).unwrap();
    run(&city, Action::Undo).unwrap();
    assert_eq!(extent(&city), Some(all));
}

/// The lamp, made a little taller.
fn taller(city: &City, id: i64) -> Delta {
    let old = city.reader().unwrap().feature("lamp", id).unwrap().unwrap();
    let mut new = old.clone();
    new.values[0] = Value::Real(old.values[0].as_f64().unwrap() + 0.5);
    Delta { layer: "lamp".to_owned(), id, old: Some(old), new: Some(new) }
}
