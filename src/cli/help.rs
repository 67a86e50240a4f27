//! Help in the language of the reader, and what clap says of wrong words in both.
//!
//! Help texts are written `中文 | English` in `args`, once; here one half is picked before clap prints it.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::words::BadWord;
use crate::text;
use crate::text::{Lang, Text};

/// The command with its help in `lang` alone.
pub(super) fn in_language(command: Command, lang: Lang) -> Command {
    let about = command.get_about().map(|about| pick(about, lang));
    let after = command.get_after_help().map(|after| pick(after, lang));
    let name = command.get_name().to_owned();
    let mut command = command
        .mut_args(|arg| arg_in_language(arg, lang))
        .mut_subcommands(|sub| in_language(sub, lang))
        .subcommand_help_heading(lang.pick("命令", "Verbs"))
        .subcommand_value_name(lang.pick("命令", "VERB"))
        .help_template(template(lang));
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(after) = after {
        // A string that goes on after `\` loses the spaces in front of its first line.
        let examples = || format!("{}:\n  {}", lang.pick("例子", "Examples"), after.trim_start());
        let after = if name == "citygrid" { after.clone() } else { examples() };
        command = command.after_help(after);
    }
    command
}

fn arg_in_language(arg: Arg, lang: Lang) -> Arg {
    let help = arg.get_help().map(|help| pick(help, lang)).unwrap_or_default();
    let heading = match (arg.is_positional(), arg.is_global_set() || arg.get_id() == "version") {
        (true, _) => lang.pick("参数", "Arguments"),
        (false, true) => lang.pick("通用选项", "Options of every verb"),
        (false, false) => lang.pick("选项", "Options"),
    };
    arg.help(help).help_heading(heading)
}

/// The half of every line that is in `lang`; what stands before a `#` belongs to both.
fn pick(words: &StyledStr, lang: Lang) -> String {
    let words = words.to_string();
    let lines = words.lines().map(|line| {
        let (both, halves) = match line.split_once("# ") {
            Some((both, halves)) => (format!("{both}# "), halves),
            None => (String::new(), line),
        };
        let half = halves.rsplit_once(" | ").map_or(halves, |(zh, en)| match lang {
            Lang::Zh => zh,
            Lang::En => en,
        });
        format!("{both}{half}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn template(lang: Lang) -> String {
    let usage = lang.pick("用法", "Usage");
    format!("{{about-with-newline}}\n{usage}: {{usage}}\n\n{{all-args}}{{after-help}}")
}

/// What is wrong with the words, in both languages.
pub(super) fn usage_text(error: &clap::Error) -> Text {
    let zh = usage_zh(error).unwrap_or_else(|| format!("命令写错了：{}", first_line(error)));
    match bad_word(error) {
        Some(bad) => {
            let arg = context(error, ContextKind::InvalidArg).unwrap_or_default();
            let Text { zh, en } = &bad.0;
            text!("{arg}：{zh}", "{arg}: {en}")
        }
        None => Text::owned(zh, first_line(error)),
    }
}

fn bad_word(error: &clap::Error) -> Option<&BadWord> {
    std::error::Error::source(error)?.downcast_ref()
}

fn usage_zh(error: &clap::Error) -> Option<String> {
    let arg = context(error, ContextKind::InvalidArg);
    let hint = context(error, ContextKind::SuggestedArg)
        .or_else(|| context(error, ContextKind::SuggestedSubcommand))
        .map(|near| format!("，是不是 {near}？"))
        .unwrap_or_default();
    Some(match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!("没有“{}”这个命令{hint}", context(error, ContextKind::InvalidSubcommand)?)
        }
        ErrorKind::UnknownArgument => format!("没有 {} 这个选项{hint}", arg?),
        ErrorKind::MissingRequiredArgument => format!("还缺少 {}", arg?),
        ErrorKind::MissingSubcommand => "还缺少命令".to_owned(),
        ErrorKind::ArgumentConflict => {
            format!("{} 不能与 {} 同时使用", arg?, context(error, ContextKind::PriorArg)?)
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = context(error, ContextKind::InvalidValue)?;
            let allowed = context(error, ContextKind::ValidValue).map(|words| format!("，可用：{words}"));
            format!("{} 的值“{value}”不对{}", arg?, allowed.unwrap_or_default())
        }
        ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("{} 缺少值", arg?),
        ErrorKind::InvalidUtf8 => "命令里有不是 UTF-8 的文字".to_owned(),
        _ => return None,
    })
}

fn context(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(word) => Some(word.clone()),
        ContextValue::Strings(words) => Some(words.join("、")),
        _ => None,
    }
}

/// clap's own words without the usage that it adds below.
fn first_line(error: &clap::Error) -> String {
    let whole = error.render().to_string();
    let first = whole.split("\n\nUsage:").next().unwrap_or_default();
    let first = first.split("\n\nFor more information").next().unwrap_or_default();
    // How to pass a word that begins with a dash as a value is no help to somebody who has mistyped an option.
    let lines = first.lines().filter(|line| !line.trim_start().starts_with("tip: to pass "));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ").trim_start_matches("error: ").replace(" tip: ", "; ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Words;

    #[test]
    fn every_help_text_is_written_in_both_languages() {
        check_both(&Words::command());
    }

    #[test]
    fn help_shows_one_language_at_a_time() {
        let zh = in_language(Words::command(), Lang::Zh).render_help().to_string();
        let en = in_language(Words::command(), Lang::En).render_help().to_string();
        assert!(zh.contains("读入文件") && !zh.contains("take a file in"), "{zh}");
        assert!(en.contains("take a file in") && !en.contains("读入文件"), "{en}");
    }

    #[test]
    fn wrong_words_are_named_in_both_languages() {
        check_error(
            &["citygrid", "impor"],
            "没有“impor”这个命令，是不是 export、import？",
            "unrecognized subcommand 'impor'; some similar subcommands exist: 'export', 'import'",
        );
        check_error(
            &["citygrid", "note", "c.gpkg", "--at", "29,116", "--text", "x"],
            "--at <LON,LAT>：29,116 似乎写反了：先经度后纬度",
            "--at <LON,LAT>: 29,116 looks swapped: longitude comes first",
        );
        check_error(
            &["citygrid", "info"],
            "还缺少 <CITY>",
            "the following required arguments were not provided: <CITY>",
        );
        check_error(
            &["citygrid", "query", "c.gpkg", "--layer", "x", "--limit", "-1"],
            "--limit <N>：“-1”应是 0 或以上的整数",
            "--limit <N>: “-1” must be a whole number, 0 or more",
        );
        check_error(
            &["citygrid", "undo", "c.gpkg", "--sideways"],
            "没有 --sideways 这个选项",
            "unexpected argument '--sideways' found",
        );
    }

    #[test]
    fn a_note_has_one_place() {
        let refused = |words: &[&str]| {
            let words = [&["citygrid", "note", "c.gpkg", "--text", "x"][..], words].concat();
            usage_text(&Words::command().try_get_matches_from(words).expect_err("wrong words"))
        };
        for text in [refused(&[]), refused(&["--at", "116,29", "--on", "kiosk/1"])] {
            assert!(text.zh.contains("--at") && text.zh.contains("--on"), "{text:?}");
            assert!(text.en.contains("--at") && text.en.contains("--on"), "{text:?}");
        }
    }

    #[track_caller]
    fn check_error(words: &[&str], zh: &str, en: &str) {
        let error = Words::command().try_get_matches_from(words).expect_err("wrong words");
        assert_eq!(usage_text(&error), Text::owned(zh.to_owned(), en.to_owned()));
    }

    fn check_both(command: &Command) {
        let helps = command.get_arguments().map(|arg| (arg.get_id().to_string(), arg.get_help()));
        let abouts = std::iter::once((command.get_name().to_owned(), command.get_about()));
        for (name, help) in abouts.chain(helps) {
            let help = help.map(ToString::to_string).unwrap_or_default();
            assert!(help.split(" | ").count() == 2, "{name}: {help}");
        }
        command.get_subcommands().for_each(check_both);
    }
}
