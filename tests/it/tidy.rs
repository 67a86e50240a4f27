//! What the compiler does not ask of a file: a head, a size, no colours and no files where they do not belong.

use crate::fixture::rust_files;

/// Longest file.
const MAX_FILE_LINES: usize = 600;
/// Longest function.
const MAX_FUNCTION_LINES: usize = 80;

/// Who touches files beside the rooms that are there for it, and why.
const MAY_TOUCH_FILES: &[(&str, &str)] = &[
    ("io/", "reads and writes the formats"),
    ("store/", "is the city file"),
    ("main.rs", "starts the program"),
    ("render/reference.rs", "compares what is painted with kept pictures, in tests alone"),
    ("session/exchange/passport.rs", "sums up the files that went out and come in"),
    ("session/export/redact.rs", "reads an export profile that it is given"),
    ("session/export/tests.rs", "reads what went out"),
    ("session/ground/tests.rs", "moves the base maps that it added"),
    ("session/import/recipe.rs", "reads a recipe that it is given"),
    ("session/map/cache.rs", "what it keeps is made anew whenever it is gone"),
    ("session/map/cache/tests.rs", "breaks what is kept"),
    ("session/settings.rs", "the person's own settings are no part of a city"),
    ("session/sewer/swmm/tests.rs", "reads the models that were written"),
    ("session/test_city.rs", "writes the files that tests take in, and reads what they got"),
    ("session/tour.rs", "reads the list of places that it is given, and writes down what was measured"),
    ("ui/print_dialog/tests.rs", "reads what was printed"),
    ("cli/script.rs", "reads the list of commands that it is given"),
];

#[test]
fn every_file_says_what_it_is_for() {
    check(|_, code| (!code.starts_with("//! ")).then(|| "does not begin with //!".to_owned()));
}

#[test]
fn files_can_be_read_in_one_sitting() {
    check(|_, code| {
        let lines = code.lines().count();
        (lines > MAX_FILE_LINES).then(|| format!("has {lines} lines"))
    });
}

#[test]
fn functions_can_be_seen_at_a_glance() {
    check(|_, code| {
        let long = functions(code).into_iter().filter(|(_, lines)| *lines > MAX_FUNCTION_LINES);
        let named: Vec<String> = long.map(|(name, lines)| format!("{name}: {lines} lines")).collect();
        (!named.is_empty()).then(|| named.join(", "))
    });
}

#[test]
fn colours_stand_in_the_theme() {
    check(|path, code| {
        let found = code.contains(concat!("Color32", "::from_")) && path != "src/ui/theme.rs";
        found.then(|| "makes a colour of its own".to_owned())
    });
}

#[test]
fn files_are_touched_where_that_is_the_job() {
    check(|path, code| {
        let path = path.strip_prefix("src/")?;
        let allowed = MAY_TOUCH_FILES.iter().any(|(room, _)| path.starts_with(room));
        let program = without_tests(code);
        let found = ["std::fs", "fs::", "File::"].into_iter().find(|word| has_word(&program, word));
        found.filter(|_| !allowed).map(|word| format!("touches files: {word}"))
    });
}

#[test]
fn no_path_of_one_machine_stands_in_the_code() {
    // Put together here, so that this file is held to the rule as well.
    let homes = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("C:", r"\Users")];
    check(|_, code| homes.into_iter().find(|home| code.contains(home)).map(|home| format!("names {home}")));
}

#[test]
fn nothing_is_left_to_be_done() {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    check(|_, code| words.into_iter().find(|word| code.contains(word)).map(|word| format!("says {word}")));
}

/// Modules are documented at their head (see above); this is for the ones written inside a file.
#[test]
fn every_public_module_is_documented() {
    check(|path, code| {
        let inline = code.lines().zip(std::iter::once("").chain(code.lines()));
        let mut bare = inline
            .filter(|(line, before)| line.starts_with("pub mod ") && line.ends_with('{') && !before.starts_with("///"));
        bare.next().filter(|_| path.starts_with("src/")).map(|(line, _)| line.to_owned())
    });
}

#[test]
fn the_length_of_a_function_runs_from_its_name_to_its_brace() {
    let code =
        "fn a() {\n    b(\"{\");\n}\n\nimpl X {\n    pub fn c(\n        &self,\n    ) -> u8 {\n        1\n    }\n}\n";
    assert_eq!(functions(code), [("a".to_owned(), 3), ("c".to_owned(), 5)]);
}

/// Holds `rule` against every file of the program and of its tests; it says what is wrong.
#[track_caller]
fn check(rule: impl Fn(&str, &str) -> Option<String>) {
    let mut broken = Vec::new();
    for folder in ["src", "tests"] {
        for (path, code) in rust_files(folder) {
            let path = format!("{folder}/{path}");
            broken.extend(rule(&path, &code).map(|what| format!("{path} {what}")));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Functions and how many lines each has; the code is formatted, so a function ends where its own indent comes back.
fn functions(code: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let starts = lines.iter().enumerate().filter_map(|(at, line)| Some((at, function_name(line)?)));
    let measured = starts.filter_map(|(at, name)| {
        let indent = lines[at].len() - lines[at].trim_start().len();
        let end = format!("{}}}", " ".repeat(indent));
        let one_line = lines[at].ends_with('}') || lines[at].ends_with(';');
        let length = if one_line { 0 } else { lines[at..].iter().position(|line| *line == end)? };
        Some((name, length + 1))
    });
    measured.collect()
}

fn function_name(line: &str) -> Option<String> {
    let line = line.trim_start();
    let qualifiers = ["pub ", "pub(crate) ", "pub(super) ", "const ", "async ", "unsafe "];
    let mut rest = line;
    while let Some(next) = qualifiers.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = next;
    }
    let name = rest.strip_prefix("fn ")?;
    Some(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}

/// The program's part of a file: unit tests stand at its end.
fn without_tests(code: &str) -> String {
    let program = code.split("#[cfg(test)]").next().unwrap_or_default();
    program.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Whether `word` stands in the code as itself, not as the end of another name.
fn has_word(code: &str, word: &str) -> bool {
    let before = |at: usize| code[..at].chars().next_back();
    code.match_indices(word).any(|(at, _)| before(at).is_none_or(|c| !c.is_alphanumeric() && c != '_'))
}
