//! The command line: reads words, asks the session, prints. A contract, written down in `--help`.
//!
//! Results go to standard output (`--json` for programs), messages to standard error. Exit codes: 0 done, 1 the city has
//! findings, 2 wrong words, 3 cannot read or write, 4 bad data refused, 130 stopped.

mod args;
mod city;
mod console;
mod exchange;
mod exchange_args;
mod figures;
mod ground;
mod help;
mod import;
mod import_words;
mod journal;
mod rows;
mod script;
mod sewer;
mod style;
mod table;
mod values;
mod words;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use crate::geom::crs::Crs;
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::{CityCommand, Command};
use crate::session::settings::Settings;
use crate::session::state::NoticeLevel;
use crate::session::tour::{Trace, WindowPlan, read_tour};
use crate::session::{NoWake, Session};
use crate::text;
use crate::text::{Lang, Text};

use args::{OpenArgs, Verb, Words};
use console::{Console, Reply};
use words::WhichCrs;

/// Longest wait for the layers of a city that is open.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens the window; gone where the program was built without one.
pub type Window = fn(WindowPlan) -> ExitCode;

/// Does what the words say; `args` begins with the program's own name, `started` is when the process began.
pub fn run(args: impl IntoIterator<Item = OsString>, window: Option<Window>, started: Instant) -> ExitCode {
    let args = as_typed(args.into_iter().collect());
    let console = console_of(&args);
    let words = match read(&args, console) {
        Ok(words) => words,
        Err(code) => return code,
    };
    let lang = words.global.lang.as_deref().and_then(Lang::from_code);
    let verb = match words.verb {
        None => {
            let plan = WindowPlan { lang, ..WindowPlan::on(None, started) };
            return open_window(Ok(plan), window, console);
        }
        Some(Verb::Open(open)) => {
            let plan = window_plan(open, started).map(|plan| WindowPlan { lang, ..plan });
            return open_window(plan, window, console);
        }
        Some(verb) => verb,
    };
    let quiet = words.global.quiet;
    let mut run = Run::new(Console { quiet, json: words.global.json, ..console });
    if let Err(failure) = run.stop_on_ctrl_c() {
        return run.end(Err(failure));
    }
    let code = match verb {
        Verb::Script(script) => script::run(&mut run, &script),
        verb => {
            let reply = run.whole(verb);
            run.end(reply)
        }
    };
    // Closing joins the file and its journal again; what was acknowledged is durable already.
    let _ = run.finish(Command::City(CityCommand::Close));
    code
}

/// `help import` is `import --help`, and a city's file alone means its window, as a double click does.
fn as_typed(mut args: Vec<OsString>) -> Vec<OsString> {
    let first = args.get(1).cloned().unwrap_or_default();
    if first == "help" {
        args.remove(1);
        args.push("--help".into());
    } else if Path::new(&first).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gpkg")) {
        args.insert(1, "open".into());
    }
    args
}

/// Language and form of the answers, known before the words are understood, since errors need them too.
fn console_of(args: &[OsString]) -> Console {
    let words: Vec<String> = args.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    let behind = words.iter().position(|word| word == "--lang").and_then(|at| words.get(at + 1)).map(String::as_str);
    let typed = behind.or_else(|| words.iter().find_map(|word| word.strip_prefix("--lang=")));
    let lang = typed.and_then(Lang::from_code).unwrap_or_else(system_lang);
    Console { lang, json: words.iter().any(|word| word == "--json"), quiet: false }
}

fn system_lang() -> Lang {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().filter_map(|name| std::env::var(name).ok());
    match set.into_iter().find(|value| !value.is_empty()) {
        Some(value) if value.starts_with("zh") => Lang::Zh,
        // Windows says its language elsewhere; there the program's own setting counts.
        None if cfg!(windows) => Settings::load(&settings_folder()).lang(),
        _ => Lang::En,
    }
}

fn read(args: &[OsString], console: Console) -> Result<Words, ExitCode> {
    let command = help::in_language(Words::command(), console.lang);
    let matches = command.try_get_matches_from(args).and_then(|matches| Words::from_arg_matches(&matches));
    matches.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            exit_code(console::print(&error.render().to_string()).map_or(3, |()| 0))
        }
        _ => {
            let hint = console.lang.pick("用 --help 查看说明", "see --help");
            let shown = console.show_failure(&Failure::new(FailureKind::Usage, help::usage_text(&error)));
            console.say(&Text::same(hint));
            exit_code(shown.map_or(3, |()| 2))
        }
    })
}

fn window_plan(open: OpenArgs, started: Instant) -> Result<WindowPlan, Failure> {
    // A bad tour is refused before the trace of the last one goes.
    let tour = open.tour.as_deref().map(read_tour).transpose()?.unwrap_or_default();
    let trace = open.trace.as_deref().map(|path| Trace::create(path, open.city.as_deref())).transpose()?;
    Ok(WindowPlan { tour, trace, quit: open.quit, ..WindowPlan::on(open.city, started) })
}

fn open_window(plan: Result<WindowPlan, Failure>, window: Option<Window>, console: Console) -> ExitCode {
    let no_window = || {
        let text =
            Text::new("这个版本不带窗口，请使用命令（见 --help）", "this build has no window; use a verb (see --help)");
        Failure::new(FailureKind::Usage, text)
    };
    match (window, plan) {
        (Some(window), Ok(plan)) => window(plan),
        (None, Ok(_)) => refuse(&no_window(), console),
        (_, Err(failure)) => refuse(&failure, console),
    }
}

fn refuse(failure: &Failure, console: Console) -> ExitCode {
    exit_code(console.show_failure(failure).map_or(3, |()| failure_code(failure.kind)))
}

fn settings_folder() -> PathBuf {
    Settings::default_folder()
}

fn exit_code(code: u8) -> ExitCode {
    ExitCode::from(code)
}

/// One run of the program: the session, and how to talk.
struct Run {
    session: Session,
    console: Console,
    /// Whether every answer has to fit on one line of output.
    one_line: bool,
}

impl Run {
    fn new(console: Console) -> Self {
        let mut session = Session::headless(settings_folder(), Arc::new(NoWake));
        session.speak(console.lang);
        Self { session, console, one_line: false }
    }

    fn lang(&self) -> Lang {
        self.console.lang
    }

    fn stop_on_ctrl_c(&self) -> Result<(), Failure> {
        let cancel = self.session.cancel_switch();
        ctrlc::set_handler(move || cancel.cancel()).map_err(|error| {
            Failure::new(FailureKind::File, text!("无法接收 Ctrl-C：{error}", "cannot listen for Ctrl-C: {error}"))
        })
    }

    /// Takes a command to its end, with progress on a terminal.
    fn finish(&mut self, command: Command) -> Result<Answer, Failure> {
        let mut progress = self.console.progress();
        let answer = self.session.finish(command, &mut |report| progress.report(report));
        progress.clear();
        answer
    }

    /// The coordinate system that is meant, by a name of the settings' or the open city's too.
    fn crs(&self, which: &WhichCrs) -> Result<Crs, Failure> {
        match which {
            WhichCrs::Known(crs) => Ok(*crs),
            WhichCrs::Named(name) => self.session.crs_named(name),
        }
    }

    /// Opens a city, and waits until its layers are known.
    fn open(&mut self, path: PathBuf) -> Result<(), Failure> {
        self.finish(Command::City(CityCommand::Open(path)))?;
        self.know_layers()
    }

    /// Waits for the list of layers, which a thread of the session reads after the opening.
    fn know_layers(&mut self) -> Result<(), Failure> {
        let since = Instant::now();
        while self.session.city().is_none_or(|city| city.revision == 0) {
            if let Some(notice) = self.session.notices().iter().find(|notice| notice.level == NoticeLevel::Error) {
                return Err(Failure::new(FailureKind::File, notice.text.clone()));
            }
            if since.elapsed() > PATIENCE {
                return Err(city::unexpected());
            }
            std::thread::sleep(Duration::from_millis(1));
            self.session.poll();
        }
        Ok(())
    }

    /// Waits until what is known of the base maps is what the file has.
    fn know_grounds(&mut self) -> Result<(), Failure> {
        let (since, wanted) = (Instant::now(), self.session.grounds()?);
        while self.session.city().is_some_and(|city| city.grounds.len() != wanted.len()) {
            if since.elapsed() > PATIENCE {
                return Err(city::unexpected());
            }
            std::thread::sleep(Duration::from_millis(1));
            self.session.poll();
        }
        Ok(())
    }

    /// One verb from the opening of its city to its reply.
    fn whole(&mut self, verb: Verb) -> Result<Reply, Failure> {
        match verb {
            Verb::Kinds(kinds) => city::kinds(&kinds, self.lang()),
            Verb::Demo(demo) => city::demo(self, demo),
            Verb::New(new) => city::new(self, new),
            Verb::Import(import) => import::import_into(self, &import),
            verb => {
                if let Some(path) = city_of(&verb) {
                    self.open(path.to_owned())?;
                }
                self.on_open_city(verb)
            }
        }
    }

    /// One verb on the city that is open.
    fn on_open_city(&mut self, verb: Verb) -> Result<Reply, Failure> {
        match verb {
            Verb::Layers(layers) => city::layers(self, &layers),
            Verb::Kinds(kinds) => city::kinds(&kinds, self.lang()),
            Verb::Ground(ground) => ground::ground(self, &ground),
            Verb::Basemap(basemap) => ground::basemap(self, &basemap),
            Verb::Info(_) => city::info(self),
            Verb::Import(import) => import::import(self, &import),
            Verb::Export(export) => exchange::export(self, export),
            Verb::Render(render) => exchange::render(self, render),
            Verb::Query(query) => rows::query(self, query),
            Verb::Sewer(sewer) => sewer::sewer(self, sewer),
            Verb::Style(style) => style::style(self, style),
            Verb::Note(note) => rows::note(self, note),
            Verb::Edit(edit) => rows::edit(self, &edit),
            Verb::Delete(delete) => rows::delete(self, delete),
            Verb::Check(check) => journal::check(self, &check),
            Verb::Undo(_) => journal::undo(self),
            Verb::Redo(_) => journal::redo(self),
            Verb::History(_) => journal::history(self),
            Verb::Backup(backup) => journal::backup(self, backup),
            Verb::Open(_) | Verb::Demo(_) | Verb::New(_) | Verb::Script(_) => Err(Failure::new(
                FailureKind::Usage,
                Text::new("这个命令不能写在脚本里", "this verb cannot stand in a script"),
            )),
        }
    }

    /// Prints the reply or the failure; the exit code.
    fn end(&self, reply: Result<Reply, Failure>) -> ExitCode {
        let (shown, code) = match &reply {
            Ok(reply) => (self.console.show(reply), u8::from(reply.findings)),
            Err(failure) => (self.console.show_failure(failure), failure_code(failure.kind)),
        };
        exit_code(if shown.is_ok() { code } else { failure_code(FailureKind::File) })
    }
}

/// The city that a verb works on.
fn city_of(verb: &Verb) -> Option<&Path> {
    Some(match verb {
        Verb::Layers(it) => &it.city,
        Verb::Ground(it) => &it.city,
        Verb::Basemap(it) => &it.city,
        Verb::Info(it) => &it.city,
        Verb::Sewer(it) => it.verb.city(),
        Verb::Import(it) => return it.city.as_deref(),
        Verb::Export(it) => &it.city,
        Verb::Render(it) => &it.city,
        Verb::Query(it) => &it.city,
        Verb::Style(it) => &it.city,
        Verb::Note(it) => &it.city,
        Verb::Edit(it) => &it.city,
        Verb::Delete(it) => &it.city,
        Verb::Check(it) => &it.city,
        Verb::Undo(it) | Verb::Redo(it) | Verb::History(it) => &it.city,
        Verb::Backup(it) => &it.city,
        Verb::Script(it) => &it.city,
        Verb::Open(_) | Verb::Demo(_) | Verb::New(_) | Verb::Kinds(_) => return None,
    })
}

fn failure_code(kind: FailureKind) -> u8 {
    match kind {
        FailureKind::Usage => 2,
        FailureKind::File => 3,
        FailureKind::Data | FailureKind::Conflict => 4,
        FailureKind::Cancelled => 130,
    }
}

fn usage(text: Text) -> Failure {
    Failure::new(FailureKind::Usage, text)
}
