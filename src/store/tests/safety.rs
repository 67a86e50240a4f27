//! What must not go wrong: full disks, crashes, files of another age.

use std::fs;

use super::fixture::{Folder, add_lamps, content, edit, import, insert, lamp, lamp_city, lamps, run};
use crate::store::adopt::{FORMAT_KEY, set_setting};
use crate::store::city::{Access, City, ReadOnlyReason};
use crate::store::command::{Action, Write};
use crate::store::migrate::{Format, Migration};
use crate::store::stamp::beside;
use crate::store::writer::Care;
use crate::task::{Cancel, Task};
use crate::text::Text;

#[test]
fn a_full_disk_loses_nothing_and_the_next_try_works() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    let before = content(&city);
    let limit = |pages: i64| {
        city.probe(move |conn| {
            conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0)).unwrap()
        })
    };
    limit(1);
    let much = |count: i64| (1..count).map(|number| lamp(number, &"x".repeat(500))).collect::<Vec<_>>();
    let deltas = much(200).into_iter().map(|feature| insert("lamp", feature)).collect();
    assert_eq!(edit(&city, deltas).unwrap_err().kind(), "disk-full");
    assert_eq!(import(&city, lamps("more"), false, much(20_000)).unwrap_err().kind(), "disk-full");
    assert_eq!(content(&city), before);
    limit(1_000_000);
    import(&city, lamps("more"), false, much(20_000)).unwrap();
    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), before);
    assert_eq!(city.check(&mut Task::silent()).unwrap(), []);
}

#[test]
fn a_stopped_edit_changes_nothing_and_the_next_one_works() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    let before = content(&city);
    let cancel = Cancel::default();
    cancel.cancel();
    let deltas = (1..1000).map(|number| insert("lamp", lamp(number, "x"))).collect();
    let action = Action::Edit { deltas, photos: Vec::new() };
    let write = Write { label: Text::new("改动", "Change"), author: String::new(), action };
    assert_eq!(city.submit_stoppable(write, cancel).wait().unwrap_err().kind(), "cancelled");
    assert_eq!(content(&city), before);
    add_lamps(&city, &["b"]);
    assert_eq!(city.check(&mut Task::silent()).unwrap(), []);
}

#[test]
fn whatever_moment_the_power_fails_every_answered_command_is_there() {
    let (folder, city) = lamp_city();
    let copy = folder.file("copy.gpkg");
    for count in 1..=12 {
        add_lamps(&city, &["a", "b"]);
        // What a crash would leave: the file and its log as they are on the disk. (Reading through another handle
        // would drop this process's locks, so the city is only copied, not looked at, while it is open.)
        let path = folder.file("九江.gpkg");
        fs::copy(&path, &copy).unwrap();
        fs::copy(beside(&path, "-wal"), beside(&copy, "-wal")).unwrap();
        let crashed = City::open(&copy).unwrap();
        assert_eq!(crashed.reader().unwrap().layers().unwrap()[0].count, count * 2);
        assert_eq!(crashed.check(&mut Task::silent()).unwrap(), []);
        drop(crashed);
        assert!(!beside(&copy, "-wal").exists(), "and the crash is tidied up");
    }
}

#[test]
fn a_log_cut_off_anywhere_gives_a_whole_city() {
    let (folder, city) = lamp_city();
    let path = folder.file("九江.gpkg");
    let copy = folder.file("copy.gpkg");
    for code in ["a", "b", "c"] {
        add_lamps(&city, &[code]);
    }
    let (file, log) = (fs::read(&path).unwrap(), fs::read(beside(&path, "-wal")).unwrap());
    for part in 0..40 {
        fs::write(&copy, &file).unwrap();
        fs::write(beside(&copy, "-wal"), &log[..log.len() * part / 40]).unwrap();
        let crashed = City::open(&copy).unwrap();
        let reader = crashed.reader().unwrap();
        let rows = reader.layers().unwrap().first().map_or(0, |layer| layer.count);
        let steps = reader.history().unwrap().len() as u64;
        assert!(steps == rows + 1 || steps == 0, "{rows} rows, {steps} steps");
        assert_eq!(crashed.check(&mut Task::silent()).unwrap(), []);
    }
}

#[test]
fn a_newer_format_is_read_and_left_alone() {
    let (folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    drop(city);
    let path = folder.file("九江.gpkg");
    let conn = rusqlite::Connection::open(&path).unwrap();
    set_setting(&conn, FORMAT_KEY, Some("99")).unwrap();
    drop(conn);
    let before = fs::read(&path).unwrap();
    let city = City::open(&path).unwrap();
    assert_eq!(city.access(), Access::ReadOnly(ReadOnlyReason::NewerFormat));
    assert_eq!((city.format_version(), city.reader().unwrap().layers().unwrap()[0].count), (99, 1));
    let error = edit(&city, vec![insert("lamp", lamp(1, "b"))]).unwrap_err();
    assert_eq!(error.kind(), "too-new");
    drop(city);
    assert_eq!(fs::read(&path).unwrap(), before);
}

static NEXT: &[Migration] = &[
    Migration { to: 2, run: |package| Ok(package.connection().execute_batch("ALTER TABLE citygrid_layers ADD a")?) },
    Migration { to: 3, run: |package| Ok(package.connection().execute_batch("ALTER TABLE citygrid_layers ADD b")?) },
];

#[test]
fn the_first_command_migrates_an_older_format_after_a_copy() {
    let (folder, city) = lamp_city();
    add_lamps(&city, &["a"]);
    let before = content(&city);
    drop(city);
    let path = folder.file("九江.gpkg");
    let bytes = fs::read(&path).unwrap();
    let newer = Format { version: 3, migrations: NEXT };
    let city = City::open_as(&path, newer, Care::Durable).unwrap();
    assert_eq!(content(&city), before);
    drop(city);
    assert_eq!(fs::read(&path).unwrap(), bytes, "opening does not migrate");

    let city = City::open_as(&path, newer, Care::Durable).unwrap();
    let refused = run(&city, Action::RemoveLayer("nothing".to_owned())).unwrap_err();
    assert_eq!(refused.kind(), "unknown-layer");
    add_lamps(&city, &["b"]);
    let version = city.probe(|conn| {
        let columns = conn.prepare("SELECT a, b FROM citygrid_layers").is_ok();
        (crate::store::adopt::format_version(conn).unwrap(), columns)
    });
    assert_eq!(version, (Some(3), true));
    drop(city);
    assert!(folder.names().contains(&"九江.v1-backup.gpkg".to_owned()), "{:?}", folder.names());
    let old = City::open(&folder.file("九江.v1-backup.gpkg")).unwrap();
    assert_eq!(content(&old), before);
    let today = City::open(&path).unwrap();
    assert_eq!(today.access(), Access::ReadOnly(ReadOnlyReason::NewerFormat));
}

#[test]
fn another_program_that_writes_makes_the_city_read_only() {
    let (folder, city) = lamp_city();
    drop(city);
    let path = folder.file("九江.gpkg");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let city = City::open(&path).unwrap();
    assert_eq!(city.access(), Access::ReadOnly(ReadOnlyReason::LockedByOther));
    assert_eq!(edit(&city, vec![insert("lamp", lamp(1, "a"))]).unwrap_err().kind(), "locked");
    other.execute_batch("ROLLBACK").unwrap();
    drop(city);
    let city = City::open(&path).unwrap();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    other.execute("DELETE FROM lamp", []).unwrap_err();
    add_lamps(&city, &["a"]);
    other.execute("DELETE FROM lamp", []).unwrap_err();
    drop(other);
    drop(city);
    assert_eq!(folder.names(), ["九江.gpkg"]);
}

#[test]
fn every_queued_command_is_done_before_closing() {
    let (folder, city) = lamp_city();
    let tickets: Vec<_> = (0..50)
        .map(|number| {
            let deltas = vec![insert("lamp", lamp(number, "q"))];
            let action = Action::Edit { deltas, photos: Vec::new() };
            let label = crate::text::Text::new("加灯", "Add a lamp");
            city.submit(crate::store::command::Write { label, author: String::new(), action })
        })
        .collect();
    city.close().unwrap();
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    assert_eq!(edit(&city, Vec::new()).unwrap_err().kind(), "closed");
    let city = City::open(&folder.file("九江.gpkg")).unwrap();
    assert_eq!(city.reader().unwrap().layers().unwrap()[0].count, 50);
}

#[test]
fn a_city_is_shared_among_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<City>();
    sent::<crate::store::reader::Reader>();
    sent::<crate::store::command::Ticket>();
    let _ = Folder::new();
}
