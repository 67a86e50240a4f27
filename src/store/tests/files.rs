//! Opening, closing, refusing.

use std::fs;
use std::time::{Duration, SystemTime};

use super::fixture::{Folder, add_lamps, content, lamp_city};
use crate::store::city::{Access, City, ReadOnlyReason};
use crate::store::create::create_with;
use crate::store::error::StoreError;

#[test]
fn a_city_is_one_file_before_and_after() {
    let (folder, city) = lamp_city();
    add_lamps(&city, &["a", "b"]);
    let before = content(&city);
    city.close().unwrap();
    assert_eq!(folder.names(), ["九江.gpkg"]);
    let header = fs::read(folder.file("九江.gpkg")).unwrap();
    assert_eq!(header[18..20], [1, 1], "not in WAL mode");

    let city = City::open(&folder.file("九江.gpkg")).unwrap();
    assert_eq!(city.access(), Access::ReadWrite);
    assert!(city.is_ours());
    assert_eq!(content(&city), before);
}

#[test]
fn opening_and_reading_change_no_byte() {
    let (folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    drop(city);
    let path = folder.file("九江.gpkg");
    let before = fs::read(&path).unwrap();

    let city = City::open(&path).unwrap();
    content(&city);
    city.reader().unwrap().history().unwrap();
    drop(city);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(folder.names(), ["九江.gpkg"]);
}

#[test]
fn the_second_window_reads_only() {
    let (folder, city) = lamp_city();
    let second = City::open(&folder.file("九江.gpkg")).unwrap();
    assert_eq!(second.access(), Access::ReadOnly(ReadOnlyReason::LockedByOther));
    add_lamps(&city, &["a"]);
    assert_eq!(second.reader().unwrap().layers().unwrap()[0].count, 1, "and sees what the first one does");
    drop(second);
    drop(city);
    let third = City::open(&folder.file("九江.gpkg")).unwrap();
    assert_eq!(third.access(), Access::ReadWrite);
}

#[test]
fn commands_are_durable_in_wal_mode_with_full_flushes() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    let modes = city.probe(|conn| {
        let mode: String = conn.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        let level: i64 = conn.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        (mode, level)
    });
    assert_eq!(modes, ("wal".to_owned(), 2));
}

#[test]
fn a_draft_that_a_killed_program_left_is_tidied_away() {
    let folder = Folder::new();
    let leave = |name: &str, age: Duration| {
        let file = fs::File::create(folder.file(name)).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    };
    leave(".citygrid-old.gpkg", Duration::from_hours(2));
    leave(".citygrid-held.gpkg", Duration::from_hours(2));
    leave(".citygrid-new.gpkg", Duration::from_mins(2));
    leave("mine.gpkg", Duration::from_hours(2));
    let held = rusqlite::Connection::open(folder.file(".citygrid-held.gpkg")).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    create_with(&folder.file("新城.gpkg"), false, |_| Ok::<_, StoreError>(())).unwrap();
    let mut names = folder.names();
    names.retain(|name| !name.ends_with("-journal"));
    assert_eq!(names, [".citygrid-held.gpkg", ".citygrid-new.gpkg", "mine.gpkg", "新城.gpkg"]);
}

#[test]
fn what_cannot_be_made_is_named_with_the_reason() {
    let folder = Folder::new();
    let path = folder.file("没有").join("新城.gpkg");
    let error = create_with(&path, false, |_| Ok::<_, StoreError>(())).unwrap_err();
    let shown = path.display().to_string();
    assert_eq!(error.headline().zh, format!("文件或它的文件夹不存在：{shown}"));
    assert_eq!(error.headline().en, format!("The file or its folder does not exist: {shown}"));
}

#[test]
fn what_is_no_city_says_so() {
    let folder = Folder::new();
    let check = |bytes: &[u8], kind: &str| {
        let path = folder.file("x.gpkg");
        fs::write(&path, bytes).unwrap();
        let error = City::open(&path).err().expect("no city");
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    };
    check(b"hello", "not-sqlite");
    check(b"", "not-a-geopackage");
    check(&[0; 5000], "not-sqlite");
    let plain = folder.file("plain.db");
    rusqlite::Connection::open(&plain).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
    check(&fs::read(&plain).unwrap(), "not-a-geopackage");
    assert!(matches!(City::open(&folder.file("none.gpkg")), Err(StoreError::Io { .. })));
    assert!(matches!(City::create(&plain), Err(StoreError::Exists { .. })));
}
