//! Backup and check.

use std::fs;

use super::fixture::{add_lamps, content, insert, lamp, lamp_city};
use crate::store::city::City;
use crate::store::command::{Action, Write};
use crate::store::stamp::FileStamp;
use crate::task::{Cancel, Task};
use crate::text::Text;

#[test]
fn a_backup_is_one_consistent_file_while_commands_go_on() {
    let (folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    let copy = folder.file("备份.gpkg");
    for number in 0..30 {
        let action = Action::Edit { deltas: vec![insert("lamp", lamp(number, "x"))], photos: Vec::new() };
        city.submit_then(Write { label: Text::default(), author: String::new(), action }, |done| drop(done.unwrap()));
    }
    city.backup(&copy, false, &mut Task::silent()).unwrap();
    assert_eq!(city.backup(&copy, false, &mut Task::silent()).unwrap_err().kind(), "exists");
    let other = City::open(&copy).unwrap();
    assert_eq!(other.check(&mut Task::silent()).unwrap(), []);
    let (rows, steps) = {
        let reader = other.reader().unwrap();
        (reader.layers().unwrap()[0].count, reader.history().unwrap().len() as u64)
    };
    assert_eq!(steps, rows + 1, "between two commands");
    drop(other);
    assert_eq!(fs::read(&copy).unwrap()[18..20], [1, 1], "not in WAL mode");
    while city.reader().unwrap().history().unwrap().len() < 32 {
        std::thread::yield_now();
    }
    city.backup(&copy, true, &mut Task::silent()).unwrap();
    assert_eq!(content(&City::open(&copy).unwrap()), content(&city));
    let itself = city.backup(&folder.file("九江.gpkg"), true, &mut Task::silent()).unwrap_err();
    assert_eq!(itself.kind(), "exists");
}

#[test]
fn a_cancelled_backup_leaves_nothing() {
    let (folder, city) = lamp_city();
    let cancel = Cancel::default();
    cancel.cancel();
    let error = city.backup(&folder.file("b.gpkg"), false, &mut Task::new(cancel, |_| {})).unwrap_err();
    assert_eq!(error.kind(), "cancelled");
    drop(city);
    assert_eq!(folder.names(), ["九江.gpkg"]);
}

#[test]
fn a_stamp_changes_with_the_content_alone() {
    let (folder, city) = lamp_city();
    drop(city);
    let path = folder.file("九江.gpkg");
    let stamp = FileStamp::read(&path).unwrap();
    let city = City::open(&path).unwrap();
    assert_eq!(*city.stamp_at_open(), stamp);
    content(&city);
    drop(city);
    assert_eq!(FileStamp::read(&path).unwrap(), stamp);
    let city = City::open(&path).unwrap();
    add_lamps(&city, &["a"]);
    drop(city);
    assert_ne!(FileStamp::read(&path).unwrap(), stamp);
}

#[test]
fn planted_damage_is_found() {
    check("UPDATE citygrid_journal SET author = 'x' WHERE step = 2", &["file.journal"]);
    check("DELETE FROM citygrid_journal WHERE step = 2", &["file.journal"]);
    check("DELETE FROM rtree_lamp_geom WHERE id = 1", &["file.index"]);
    check("UPDATE gpkg_ogr_contents SET feature_count = 77", &["file.count"]);
    check(
        "UPDATE gpkg_contents SET min_x = 116, min_y = 0, max_x = 117, max_y = 1 WHERE table_name = 'lamp'",
        &["file.extent"],
    );
    // Other programs round the last digits of an extent.
    check("UPDATE gpkg_contents SET max_x = max_x - 1e-13 WHERE table_name = 'lamp'", &[]);
    check(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('x', 'attributes', 'x')",
        &["file.standard"],
    );
    check(
        "CREATE TABLE note (fid INTEGER PRIMARY KEY, on_layer TEXT, on_id INTEGER);
         INSERT INTO note VALUES (1, 'lamp', 1), (2, 'lamp', 99), (3, 'gone', 1), (4, NULL, NULL);
         INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('note', 'attributes', 'note')",
        &["file.reference", "file.reference"],
    );
    check("SELECT 1", &[]);
}

/// The rules that find something after `sql` was run on a city with three lamps.
#[track_caller]
fn check(sql: &str, expected: &[&str]) {
    let (folder, city) = lamp_city();
    add_lamps(&city, &["a", "b", "c"]);
    add_lamps(&city, &["d"]);
    drop(city);
    let path = folder.file("九江.gpkg");
    rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let city = City::open(&path).unwrap();
    let found = city.check(&mut Task::silent()).unwrap();
    let rules: Vec<_> = found.iter().map(|problem| problem.rule).collect();
    assert_eq!(rules, expected, "{sql}: {found:?}");
}
