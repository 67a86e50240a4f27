//! Where words go: results to standard output, messages and progress to standard error. A reader that went away is no
//! error.

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value as Json, json};

use super::table::count;
use crate::session::answer::Failure;
use crate::task::{Problem, Problems, Report};
use crate::text;
use crate::text::{Lang, Text};

/// Most bytes of an answer that wait for its end; a longer one is passed on as it comes.
const HELD_BYTES: usize = 16 << 20;

/// How the program talks in this run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Console {
    /// Language of everything a person reads.
    pub(super) lang: Lang,
    /// Whether programs read the results.
    pub(super) json: bool,
    /// Whether messages and progress are left out.
    pub(super) quiet: bool,
}

/// What a verb came to.
#[derive(Debug)]
pub(super) struct Reply {
    /// For programs.
    pub(super) json: Json,
    /// For people.
    pub(super) human: Human,
    /// Whether the city has findings (exit code 1).
    pub(super) findings: bool,
}

/// The same for people.
#[derive(Debug)]
pub(super) enum Human {
    /// The result that was asked for: standard output.
    Result(String),
    /// Word that it is done: standard error.
    Message(Text),
    /// Everything was already written.
    Written,
}

impl Reply {
    /// A result: JSON for programs, lines for people.
    pub(super) fn result(json: Json, lines: String) -> Self {
        Self { json, human: Human::Result(lines), findings: false }
    }

    /// Something was done: JSON for programs, a sentence for people.
    pub(super) fn done(json: Json, message: Text) -> Self {
        Self { json, human: Human::Message(message), findings: false }
    }
}

impl Console {
    /// Shows what a verb came to.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn show(self, reply: &Reply) -> io::Result<()> {
        match &reply.human {
            Human::Written => Ok(()),
            _ if self.json => print(&format!("{}\n", reply.json)),
            Human::Result(lines) => print(lines),
            Human::Message(message) => {
                self.say(message);
                Ok(())
            }
        }
    }

    /// Shows why a verb came to nothing.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn show_failure(self, failure: &Failure) -> io::Result<()> {
        let lead = self.lang.pick("错误：", "error: ");
        let problems = Problems { listed: failure.problems.clone(), omitted: 0 };
        let lines = problem_lines(&problems, NumberOf::Feature, self.lang);
        complain(&format!("{lead}{}\n{lines}", failure.text.get(self.lang)));
        if self.json { print(&format!("{}\n", failure_json(failure))) } else { Ok(()) }
    }

    /// A message, unless the run is quiet.
    pub(super) fn say(self, message: &Text) {
        if !self.quiet {
            complain(&format!("{}\n", message.get(self.lang)));
        }
    }

    /// A progress bar, seen on a terminal only.
    pub(super) fn progress(self) -> Progress {
        Progress { bar: None, shown: !self.quiet && io::stderr().is_terminal(), lang: self.lang }
    }
}

/// Writes to standard output at once; a reader that went away ends the writing quietly.
///
/// # Errors
/// Standard output cannot be written (a full disk).
pub(super) fn print(words: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    unless_reader_left(out.write_all(words.as_bytes()).and_then(|()| out.flush()))
}

/// What programs read of a failure.
pub(super) fn failure_json(failure: &Failure) -> Json {
    let mut error = json!({"zh": failure.text.zh, "en": failure.text.en, "kind": failure.kind.code()});
    if !failure.problems.is_empty() {
        error["problems"] = failure.problems.iter().map(problem_json).collect();
    }
    json!({ "error": error })
}

/// What programs read of a problem.
pub(super) fn problem_json(problem: &Problem) -> Json {
    json!({
        "rule": problem.rule,
        "severity": problem.severity.code(),
        "layer": problem.layer,
        "feature": problem.feature,
        "at": problem.at,
        "zh": problem.what.zh,
        "en": problem.what.en,
    })
}

/// What the number in a problem counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum NumberOf {
    /// Features of a file, from 1.
    Feature,
    /// Rows of a layer.
    Row,
}

/// The first problems, a line each, and how many there are beside.
pub(super) fn problem_lines(problems: &Problems, number_of: NumberOf, lang: Lang) -> String {
    let shown = 20;
    let first = problems.listed.iter().take(shown);
    let mut lines: String = first.map(|problem| problem_line(problem, number_of, lang)).collect();
    let more = problems.count().saturating_sub(shown as u64);
    if more > 0 {
        let more = count(more);
        lines.push_str(text!("  …还有 {more} 个\n", "  … and {more} more\n").get(lang));
    }
    lines
}

fn problem_line(problem: &Problem, number_of: NumberOf, lang: Lang) -> String {
    let layer = problem.layer.as_deref().unwrap_or_default();
    // Rows of a table that was taken in are named by the words themselves.
    let is_unsaid = |number: &i64| !problem.what.zh.contains(&format!("第 {number} 行："));
    let feature = problem.feature.filter(is_unsaid).map(|number| match number_of {
        NumberOf::Feature => text!("第 {number} 个要素：", "feature {number}: "),
        NumberOf::Row => text!("第 {number} 行：", "row {number}: "),
    });
    let feature = feature.unwrap_or_default();
    let space = if layer.is_empty() { "" } else { " " };
    format!("  {layer}{space}{}{} [{}]\n", feature.get(lang), problem.what.get(lang), problem.rule)
}

fn complain(words: &str) {
    // Nobody is left to be told when standard error is gone.
    let _ = io::stderr().lock().write_all(words.as_bytes());
}

/// Takes a closed pipe as the reader's wish to stop.
pub(super) fn unless_reader_left(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Shows how far long work is.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    shown: bool,
    lang: Lang,
}

impl Progress {
    /// Shows a report.
    pub(super) fn report(&mut self, report: &Report) {
        if !self.shown {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| ProgressBar::no_length().with_style(style()));
        if let Some(total) = report.total {
            bar.set_length(total);
        }
        bar.set_position(report.done);
        bar.set_message(report.what.get(self.lang).to_owned());
    }

    /// Takes the bar away.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    let template = ProgressStyle::with_template("{msg} {bar:30} {human_pos}/{human_len} {eta}");
    template.unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Standard output that holds an answer back until it is whole, so that a failure is not printed behind half of it;
/// very long answers are passed on as they come.
pub(super) struct Held {
    waiting: Vec<u8>,
    out: Option<BufWriter<io::Stdout>>,
    reader_left: bool,
}

impl Held {
    /// Nothing written yet.
    pub(super) fn new() -> Self {
        Self { waiting: Vec::new(), out: None, reader_left: false }
    }

    /// Passes everything on.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let result = self.pass_on().and_then(|()| self.flush());
        unless_reader_left(result)
    }

    /// Whether the program at the other end of the pipe closed it.
    pub(super) fn reader_left(&self) -> bool {
        self.reader_left
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let out = self.out.get_or_insert_with(|| BufWriter::new(io::stdout()));
        out.write_all(&std::mem::take(&mut self.waiting))
    }
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = if let Some(out) = &mut self.out {
            out.write(bytes)
        } else {
            self.waiting.extend_from_slice(bytes);
            let whole = if self.waiting.len() > HELD_BYTES { self.pass_on() } else { Ok(()) };
            whole.map(|()| bytes.len())
        };
        self.reader_left |= written.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}
