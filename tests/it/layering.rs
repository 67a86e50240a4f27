//! Who may import whom. The table is the architecture; the test holds it.

use std::collections::BTreeSet;

use crate::fixture::rust_files;

/// Room, and the rooms it may take from. A room that is not named may take from none.
const MAY_USE: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("geom", &[]),
    ("task", &["text"]),
    ("model", &["geom", "text"]),
    ("index", &["geom", "model", "task"]),
    ("io", &["geom", "model", "task", "text"]),
    ("store", &["geom", "model", "task", "text"]),
    ("render", &["geom", "index", "model", "task", "text"]),
    ("analysis", &["geom", "index", "model", "task"]),
    ("kinds", &["geom", "model", "task", "text"]),
    ("trades", &["analysis", "geom", "index", "kinds", "model", "task", "text"]),
    ("sample", &["geom", "kinds", "model", "task", "text"]),
    (
        "session",
        &["analysis", "geom", "index", "io", "kinds", "model", "render", "sample", "store", "task", "text", "trades"],
    ),
    ("cli", &["geom", "kinds", "model", "session", "task", "text", "trades"]),
    ("ui", &["geom", "kinds", "model", "render", "session", "task", "text", "trades"]),
];

#[test]
fn imports_only_run_down() {
    let mut broken = BTreeSet::new();
    for (path, code) in rust_files("src").into_iter().filter(|(path, _)| !path.contains("tests")) {
        let room = room_of(&path);
        let program = code.split("#[cfg(test)]").next().unwrap_or_default();
        for used in rooms_used(program) {
            if !may_use(room, &used) {
                broken.insert(format!("{path}: {room} -> {used}"));
            }
        }
    }
    assert!(broken.is_empty(), "imports that run up or sideways: {broken:#?}");
}

#[test]
fn the_window_and_the_command_line_are_only_named_by_main() {
    let main = rust_files("src").into_iter().find(|(path, _)| path == "main.rs").expect("a main").1;
    assert!(main.contains("citygrid::cli") && !main.contains("citygrid::session"), "{main}");
}

#[test]
fn the_table_knows_every_room() {
    let rooms: BTreeSet<String> = rust_files("src").iter().map(|(path, _)| room_of(path).to_owned()).collect();
    let known = MAY_USE.iter().map(|(room, _)| (*room).to_owned());
    let known: BTreeSet<String> = known.chain(["lib".to_owned(), "main".to_owned()]).collect();
    assert_eq!(rooms, known);
}

#[test]
fn an_import_that_runs_up_is_noticed() {
    let code = "use crate::session::Session; // crate::ui\n/// [`crate::cli`]\nfn f(_: crate::text::Lang) {}\n";
    let used: Vec<String> = rooms_used(code).into_iter().collect();
    assert_eq!(used, ["session", "text"]);
    assert!(!may_use("model", "session") && may_use("model", "text"));
}

fn may_use(room: &str, used: &str) -> bool {
    let allowed = MAY_USE.iter().find(|(name, _)| *name == room).map_or(&[][..], |row| row.1);
    // `text!` is the macro of the room `text`, exported at the crate's root.
    used == room || matches!(room, "lib" | "main") || allowed.contains(&used)
}

/// `kinds/sewer.rs` stands in the room `kinds`; `text.rs` is the room `text`.
fn room_of(path: &str) -> &str {
    path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// Rooms named behind `crate::` in code; comments do not count.
fn rooms_used(code: &str) -> BTreeSet<String> {
    let code = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            // `use crate::{model::…, text::…}`
            Some(group) => found.extend(group.split('}').next().unwrap_or_default().split(',').map(word)),
            None => _ = found.insert(word(rest)),
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

fn word(rest: &str) -> String {
    rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}
