//! `script`: one JSON command a line, one line of JSON back once it is on the disk. A bug report can be replayed.
//!
//! `{"note":{"at":[116,29.7],"text":"…"}}` means what `citygrid note CITY --at 116,29.7 --text …` means: the members
//! become words and go through the same reader, so the two cannot differ.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};
use serde_json::Value as Json;

use super::args::{ScriptArgs, Verb, Words};
use super::console::{Console, Reply, failure_json, print};
use super::{Run, exit_code, failure_code, help, usage};
use crate::session::answer::{Failure, FailureKind};
use crate::task::Cancelled;
use crate::text;
use crate::text::Text;
use crate::text::disk::{Doing, why};

/// Longest line that is read.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// Runs the lines until the end, a failure, or Ctrl-C.
pub(super) fn run(run: &mut Run, args: &ScriptArgs) -> ExitCode {
    run.console = Console { json: true, ..run.console };
    run.one_line = true;
    let lines = run.open(args.city.clone()).and_then(|()| lines_of(&args.file));
    let lines = match lines {
        Ok(lines) => lines,
        Err(failure) => return run.end(Err(failure)),
    };
    let mut worst = 0;
    loop {
        let line = match next(&lines, run) {
            Ok(Some(line)) => line,
            Ok(None) => return exit_code(worst),
            Err(failure) => return run.end(Err(failure)),
        };
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let reply = line_verb(&line, &args.city).and_then(|verb| run.on_open_city(verb));
        let code = answer(run, &reply);
        worst = if worst == 0 { code } else { worst };
        if code > 1 && !args.keep_going {
            return exit_code(code);
        }
    }
}

/// One line back; the exit code that this line alone would have.
fn answer(run: &Run, reply: &Result<Reply, Failure>) -> u8 {
    let (json, code) = match reply {
        Ok(reply) => (reply.json.clone(), u8::from(reply.findings)),
        Err(failure) => (failure_json(failure), failure_code(failure.kind)),
    };
    if let Err(failure) = reply {
        run.console.say(&failure.text);
    }
    let printed = print(&format!("{json}\n"));
    if printed.is_ok() { code } else { failure_code(FailureKind::File) }
}

/// The lines, read by a thread of their own so that Ctrl-C is heard while none comes.
fn lines_of(file: &Path) -> Result<Receiver<io::Result<String>>, Failure> {
    let input: Box<dyn Read + Send> = if file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        let name = file.display();
        let open = File::open(file);
        Box::new(open.map_err(|error| {
            let Text { zh, en } = why(&error, Doing::Reading);
            Failure::new(FailureKind::File, text!("无法读取 {name}：{zh}", "cannot read {name}: {en}"))
        })?)
    };
    let (sender, lines) = sync_channel(16);
    std::thread::spawn(move || {
        let mut input = BufReader::new(input);
        while let Some(line) = read_line(&mut input).transpose() {
            let ends = line.is_err();
            if sender.send(line).is_err() || ends {
                break;
            }
        }
    });
    Ok(lines)
}

fn read_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if input.take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.len() as u64 == MAX_LINE_BYTES {
        return Err(ErrorKind::FileTooLarge.into());
    }
    let line = String::from_utf8(bytes).map_err(|_| ErrorKind::InvalidData)?;
    Ok(Some(line.trim_start_matches('\u{feff}').to_owned()))
}

/// Why a line cannot be read.
fn unread(error: &io::Error) -> Text {
    match error.kind() {
        ErrorKind::FileTooLarge => Text::new("有一行太长", "a line is too long"),
        ErrorKind::InvalidData => Text::new("有一行不是 UTF-8", "a line is not UTF-8"),
        _ => why(error, Doing::Reading),
    }
}

fn next(lines: &Receiver<io::Result<String>>, run: &Run) -> Result<Option<String>, Failure> {
    let cancel = run.session.cancel_switch();
    loop {
        match lines.recv_timeout(Duration::from_millis(50)) {
            Ok(Ok(line)) => return Ok(Some(line)),
            Ok(Err(error)) => {
                let Text { zh, en } = unread(&error);
                return Err(Failure::new(
                    FailureKind::File,
                    text!("脚本读取失败：{zh}", "cannot read the script: {en}"),
                ));
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => return Err(stopped(Cancelled)),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn stopped(_: Cancelled) -> Failure {
    Failure::new(FailureKind::Cancelled, Text::new("已停止，已回答的都已保存", "stopped; what was answered is saved"))
}

/// The verb that a line asks for.
fn line_verb(line: &str, city: &Path) -> Result<Verb, Failure> {
    let json: Json =
        serde_json::from_str(line).map_err(|error| usage(text!("不是 JSON：{error}", "not JSON: {error}")))?;
    let words = words_of(&json, city)?;
    let matches = Words::command().try_get_matches_from(words);
    let words = matches.and_then(|matches| Words::from_arg_matches(&matches));
    let verb = words.map_err(|error| usage(help::usage_text(&error)))?.verb;
    verb.ok_or_else(|| usage(Text::new("还缺少命令", "the verb is missing")))
}

/// A line's members as the words a person would type.
fn words_of(json: &Json, city: &Path) -> Result<Vec<std::ffi::OsString>, Failure> {
    let wrong = || usage(Text::new(r#"每行应为 {"命令":{…}}"#, r#"a line is {"verb":{…}}"#));
    let (name, members) =
        json.as_object().filter(|it| it.len() == 1).and_then(|it| it.iter().next()).ok_or_else(wrong)?;
    let members = members.as_object().ok_or_else(wrong)?;
    let command = Words::command();
    let verb = command
        .find_subcommand(name)
        .ok_or_else(|| usage(text!("没有“{name}”这个命令", "there is no verb “{name}”")))?;
    let mut words = vec!["citygrid".into(), name.into()];
    let mut positionals = Vec::new();
    for arg in verb.get_positionals() {
        match members.get(arg.get_id().as_str()) {
            Some(given) => positionals.extend(texts(given).into_iter().map(Into::into)),
            None if arg.get_id() == "city" => positionals.push(city.into()),
            None => {}
        }
    }
    if name == "import" {
        words.extend(["--into".into(), city.into()]);
    }
    let is_positional = |member: &str| verb.get_positionals().any(|arg| arg.get_id() == member);
    for (member, value) in members.iter().filter(|(member, _)| !is_positional(member)) {
        words.extend(option_words(member, value).into_iter().map(Into::into));
    }
    words.push("--".into());
    words.extend(positionals);
    Ok(words)
}

fn option_words(member: &str, value: &Json) -> Vec<String> {
    let option = format!("--{}", member.replace('_', "-"));
    match value {
        Json::Null | Json::Bool(false) => Vec::new(),
        Json::Bool(true) => vec![option],
        Json::Array(items) if items.iter().all(Json::is_number) => vec![format!("{option}={}", texts(value).join(","))],
        Json::Object(pairs) => {
            pairs.iter().map(|(left, right)| format!("{option}={left}={}", texts(right).join(","))).collect()
        }
        _ => texts(value).into_iter().map(|text| format!("{option}={text}")).collect(),
    }
}

fn texts(value: &Json) -> Vec<String> {
    match value {
        Json::Null => Vec::new(),
        Json::String(text) => vec![text.clone()],
        Json::Array(items) => items.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[test]
    fn members_become_the_words_a_person_would_type() {
        check(
            r#"{"note":{"at":[116,29.5],"text":"井盖 --破损","photo":["a.png","b.png"],"set":{"severity":"high"}}}"#,
            expect![
                "citygrid note --at=116,29.5 --text=井盖 --破损 --photo=a.png --photo=b.png --set=severity=high -- c.gpkg"
            ],
        );
        check(
            r#"{"edit":{"layer":"note","id":3,"set":{"due":null,"text":"=x"}}}"#,
            expect!["citygrid edit --layer=note --id=3 --set=due= --set=text==x -- c.gpkg"],
        );
        check(
            r#"{"backup":{"out":"b.gpkg","overwrite":true}}"#,
            expect!["citygrid backup --overwrite -- c.gpkg b.gpkg"],
        );
        check(
            r#"{"import":{"files":["-odd.geojson"],"layer":null}}"#,
            expect!["citygrid import --into c.gpkg -- -odd.geojson"],
        );
    }

    #[test]
    fn lines_that_are_no_commands_are_refused_with_a_reason() {
        check(r#"{"note":{}"#, expect!["not JSON: EOF while parsing an object at line 1 column 10"]);
        check(r#"["note"]"#, expect![[r#"a line is {"verb":{…}}"#]]);
        check(r#"{"nope":{}}"#, expect!["there is no verb “nope”"]);
        check(r#"{"undo":{"sideways":1}}"#, expect!["unexpected argument '--sideways' found"]);
    }

    #[track_caller]
    fn check(line: &str, expected: Expect) {
        let city = Path::new("c.gpkg");
        let got = line_verb(line, city).map(|_| words_of(&serde_json::from_str(line).unwrap(), city).unwrap());
        let got = match got {
            Ok(words) => words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" "),
            Err(failure) => failure.text.en.into_owned(),
        };
        expected.assert_eq(&got);
    }
}
