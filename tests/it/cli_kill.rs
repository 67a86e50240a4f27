//! The power goes while somebody works: what was answered is there, the file is whole.
//!
//! `CITYGRID_KILL_ROUNDS=200` makes the test of lost power longer.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::fixture::Desk;

#[test]
fn no_acknowledged_edit_is_lost_when_the_program_is_killed() {
    let rounds = std::env::var("CITYGRID_KILL_ROUNDS").ok().and_then(|it| it.parse().ok()).unwrap_or(20);
    let desk = Desk::new();
    desk.done(&["new", "c.gpkg", "--layer", "note"]);
    let mut known = BTreeMap::new();
    let mut chance = Chance(0x2545_F491_4F6C_DD1D);
    let mut acknowledged = 0;
    for round in 0..rounds {
        let millis = chance.below(250);
        acknowledged += work_until_killed(&desk, &mut known, &mut chance, round, Duration::from_millis(millis));
    }
    assert!(acknowledged > rounds, "only {acknowledged} edits in {rounds} rounds");
    let checked = desk.run(&["check", "c.gpkg"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
}

/// Notes by id, as they were acknowledged.
type Known = BTreeMap<i64, String>;

/// Works by script until the process is killed, then holds the file against what was acknowledged; how many edits were.
#[track_caller]
fn work_until_killed(desk: &Desk, known: &mut Known, chance: &mut Chance, round: u64, life: Duration) -> u64 {
    let mut child = desk.command(&["script", "c.gpkg", "-"]).stdin(Stdio::piped()).spawn().expect("starts");
    let mut stdin = child.stdin.take().expect("piped");
    let mut answers = BufReader::new(child.stdout.take().expect("piped")).lines();
    let killer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(60) + life);
        child.kill().expect("can be killed");
        child.wait_with_output().expect("ends")
    });
    let mut acknowledged = 0;
    let mut last = None;
    loop {
        let step = Step::next(known, chance, &format!("{round}.{acknowledged}"));
        let sent = writeln!(stdin, "{}", step.line()).and_then(|()| stdin.flush());
        let answer = answers.next().and_then(Result::ok).filter(|_| sent.is_ok());
        let Some(answer) = answer.and_then(|line| serde_json::from_str::<Json>(&line).ok()) else {
            last = Some(step).or(last);
            break;
        };
        assert!(answer["error"].is_null(), "{answer}");
        step.apply(known, answer["id"].as_i64().expect("an id"));
        acknowledged += 1;
    }
    let output = killer.join().expect("the killer lives");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(!err.contains("panicked"), "{err}");
    let found = notes(desk);
    let in_flight = last.expect("one was sent last").outcomes(known, &found);
    assert!(in_flight.contains(&found), "round {round}: {found:?} is neither of {in_flight:?}");
    *known = found;
    acknowledged
}

/// One edit of the script.
#[derive(Debug)]
enum Step {
    Add(String),
    Edit(i64, String),
    Delete(i64),
}

impl Step {
    fn next(known: &Known, chance: &mut Chance, word: &str) -> Self {
        let ids: Vec<i64> = known.keys().copied().collect();
        let any = ids.get(chance.below(ids.len().max(1) as u64) as usize).copied();
        match (chance.below(4), any) {
            (0, Some(id)) => Self::Edit(id, format!("改 {word}")),
            (1, Some(id)) if ids.len() > 5 => Self::Delete(id),
            _ => Self::Add(format!("新 {word}")),
        }
    }

    fn line(&self) -> Json {
        match self {
            Self::Add(text) => json!({"note": {"at": [116.0, 29.7], "text": text, "set": {"severity": "low"}}}),
            Self::Edit(id, text) => json!({"edit": {"layer": "note", "id": id, "set": {"text": text}}}),
            Self::Delete(id) => json!({"delete": {"layer": "note", "ids": [id]}}),
        }
    }

    fn apply(&self, known: &mut Known, id: i64) {
        match self {
            Self::Add(text) => assert!(known.insert(id, text.clone()).is_none(), "{id} was given twice"),
            Self::Edit(id, text) => _ = known.insert(*id, text.clone()),
            Self::Delete(id) => _ = known.remove(id),
        }
    }

    /// What may be in the file when nobody heard whether this step was done: it was, or it was not.
    fn outcomes(&self, known: &Known, found: &Known) -> [Known; 2] {
        let mut after = known.clone();
        let new_id = found.keys().find(|id| !known.contains_key(id)).copied().unwrap_or(-1);
        self.apply(&mut after, new_id);
        [known.clone(), after]
    }
}

fn notes(desk: &Desk) -> Known {
    let rows = desk.rows("c.gpkg", "note");
    let text = |row: &Json| row["properties"]["text"].as_str().expect("a text").to_owned();
    rows.iter().map(|row| (row["id"].as_i64().expect("an id"), text(row))).collect()
}

/// Numbers that look random and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[cfg(unix)]
mod interrupted {
    use std::process::Command;
    use std::time::Duration;

    use serde_json::json;

    use crate::fixture::{Desk, collection, point};

    #[test]
    fn ctrl_c_during_an_import_leaves_the_city_as_it_was() {
        let desk = Desk::new();
        desk.city_with_shops();
        let before = (desk.rows("c.gpkg", "shops"), steps(&desk));
        interrupt(&desk, |desk| drop(desk.run(&["undo", "c.gpkg"])));
        assert_eq!((desk.rows("c.gpkg", "shops"), steps(&desk)), before);
        assert_eq!(desk.json(&["layers", "c.gpkg"]).as_array().map(Vec::len), Some(1));
        desk.done(&["check", "c.gpkg"]);
    }

    #[test]
    fn ctrl_c_during_a_first_import_leaves_no_city() {
        let desk = Desk::new();
        interrupt(&desk, |desk| std::fs::remove_file(desk.path("c.gpkg")).expect("a city to take away"));
        assert_eq!(desk.files(), ["many.geojson"]);
    }

    #[test]
    fn ctrl_c_during_a_long_deletion_leaves_every_row() {
        for rows in [60_000, 200_000, 600_000] {
            let desk = Desk::new();
            write_many(&desk, rows);
            desk.done(&["import", "many.geojson", "--into", "c.gpkg"]);
            let ids = format!("1-{}", rows - 1);
            let mut child =
                desk.command(&["delete", "c.gpkg", "--layer", "many", "--ids", &ids]).spawn().expect("starts");
            std::thread::sleep(Duration::from_millis(250));
            if child.try_wait().expect("can be asked").is_some() {
                continue;
            }
            signal(child.id());
            let code = child.wait_with_output().expect("ends").status.code();
            if code == Some(130) {
                assert_eq!(steps(&desk).len(), 1, "the import alone");
                let info = desk.json(&["layers", "c.gpkg"]);
                assert_eq!(info[0]["features"], rows, "{info}");
                return;
            }
            assert_eq!(code, Some(0));
        }
        panic!("no deletion was slow enough to be interrupted");
    }

    #[test]
    fn ctrl_c_ends_a_script_that_waits_for_its_next_line() {
        let desk = Desk::new();
        desk.city_with_shops();
        let mut command = desk.command(&["script", "c.gpkg", "-"]);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("starts");
        let stdin = child.stdin.take();
        std::thread::sleep(Duration::from_millis(400));
        signal(child.id());
        assert_eq!(child.wait().expect("ends").code(), Some(130));
        drop(stdin);
        assert_eq!(desk.files(), ["c.gpkg", "shops.geojson"]);
    }

    /// Steps of the journal that stand: an import that was faster than the interrupt has been taken back.
    fn steps(desk: &Desk) -> Vec<serde_json::Value> {
        let history = desk.json(&["history", "c.gpkg"]);
        let all = history.as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|step| step["undone"] == false).collect()
    }

    /// Interrupts the import while it works; takes a larger file if it was faster.
    #[track_caller]
    fn interrupt(desk: &Desk, take_back: impl Fn(&Desk)) {
        let words = ["import", "many.geojson", "--into", "c.gpkg"];
        for features in [60_000, 200_000, 600_000] {
            write_many(desk, features);
            let mut child = desk.command(&words).spawn().expect("starts");
            std::thread::sleep(Duration::from_millis(250));
            if child.try_wait().expect("can be asked").is_some() {
                take_back(desk);
                continue;
            }
            signal(child.id());
            let output = child.wait_with_output().expect("ends");
            let err = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(130) => return assert!(!err.is_empty() && !err.contains("panicked"), "{err}"),
                Some(0) => take_back(desk),
                code => panic!("{code:?} {err}"),
            }
        }
        panic!("no import was slow enough to be interrupted");
    }

    /// A file `many.geojson` of so many points.
    fn write_many(desk: &Desk, features: i64) {
        let shops = (0..features).map(|id| point(id, 116.0 + id as f64 * 1e-7, 29.7, json!({"name": "店", "n": id})));
        desk.write("many.geojson", collection(shops.collect()).to_string());
    }

    fn signal(process: u32) {
        let sent = Command::new("kill").args(["-INT", &process.to_string()]).status().expect("kill");
        assert!(sent.success());
    }
}
