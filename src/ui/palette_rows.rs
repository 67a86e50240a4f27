//! What the palette lists for some words: what the session found, then the actions whose names hold the words.

use std::ops::Range;

use crate::session::action::{ACTIONS, Action, ActionId};
use crate::session::state::{Found, FoundTarget};
use crate::text::{Lang, Text, sound};

/// Most actions listed before anything is typed would hide the rest; found things come first then.
const MOST_ACTIONS: usize = 60;

/// One line of the palette.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Heading under which it stands.
    pub(super) group: Text,
    /// Phosphor icon.
    pub(super) icon: &'static str,
    /// What it is called.
    pub(super) title: String,
    /// What and where it is.
    pub(super) detail: String,
    /// Keys, for an action.
    pub(super) keys: &'static str,
    /// What Enter does.
    pub(super) target: FoundTarget,
    /// Whether it is possible now.
    pub(super) is_possible: bool,
}

/// The lines for `words`, in groups. `>` in front leaves only the actions.
pub(super) fn entries(words: &str, found: &[Found], lang: Lang, possible: &dyn Fn(&Action) -> bool) -> Vec<Entry> {
    let only_actions = words.trim_start().starts_with('>');
    let wanted = needles(words);
    let mut entries = Vec::new();
    let mut by_session: Vec<ActionId> = Vec::new();
    for each in found.iter().filter(|_| !only_actions && !wanted.is_empty()) {
        match each.target {
            FoundTarget::Action(id) => by_session.push(id),
            _ => entries.push(of_found(each, lang)),
        }
    }
    let is_wanted = |action: &&Action| {
        action.id != ActionId::Palette && (by_session.contains(&action.id) || matches_action(action, &wanted))
    };
    let mut actions: Vec<&Action> = ACTIONS.iter().filter(is_wanted).take(MOST_ACTIONS).collect();
    let phrase = wanted.join(" ");
    actions.sort_by_key(|action| !holds_phrase(action, &phrase));
    entries.extend(actions.into_iter().map(|action| of_action(action, lang, possible(action))));
    entries
}

/// Whether the words stand in a name just as they were typed: such a name comes first.
fn holds_phrase(action: &Action, phrase: &str) -> bool {
    [&action.name.zh, &action.name.en].iter().any(|name| name.to_lowercase().contains(phrase))
}

/// What has no title of its own is called by what it is: a layer by its name in the language of the window.
fn of_found(found: &Found, lang: Lang) -> Entry {
    let detail = found.detail.get(lang).to_owned();
    let (title, detail) = if found.title.is_empty() { (detail, String::new()) } else { (found.title.clone(), detail) };
    Entry {
        group: found.group.clone(),
        icon: match found.target {
            FoundTarget::Feature(_) => "MAP_PIN",
            FoundTarget::Place(_) => "CROSSHAIR_SIMPLE",
            FoundTarget::Layer(_) => "STACK",
            FoundTarget::Action(_) => "COMMAND",
        },
        title,
        detail,
        keys: "",
        target: found.target.clone(),
        is_possible: true,
    }
}

fn of_action(action: &Action, lang: Lang, is_possible: bool) -> Entry {
    Entry {
        group: Text::new("操作", "Actions"),
        icon: action.icon,
        title: action.name.get(lang).to_owned(),
        detail: action.menu.name().get(lang).to_owned(),
        keys: action.keys.split('/').next().unwrap_or_default(),
        target: FoundTarget::Action(action.id),
        is_possible,
    }
}

/// The words to look for, in lower case.
fn needles(words: &str) -> Vec<String> {
    let words = words.trim_start().trim_start_matches('>');
    words.split_whitespace().map(str::to_lowercase).collect()
}

/// Every word must be in the name of one language; in the Chinese one it may also be meant by its sound.
fn matches_action(action: &Action, wanted: &[String]) -> bool {
    let [zh, en] = [&action.name.zh, &action.name.en].map(|name| name.to_lowercase());
    let in_chinese = |word: &String| zh.contains(word) || (sound::is_sound(word) && sound::sounds_like(&zh, word));
    wanted.iter().all(in_chinese) || wanted.iter().all(|word| en.contains(word))
}

/// The parts of `title` that are the words typed, as byte ranges in order; letter case aside.
pub(super) fn marks(title: &str, words: &str) -> Vec<Range<usize>> {
    let letters: Vec<(usize, char)> = title.char_indices().collect();
    let mut marked = vec![false; letters.len()];
    for needle in needles(words) {
        let needle: Vec<char> = needle.chars().collect();
        let hits = letters.windows(needle.len().max(1));
        let starts: Vec<usize> = hits
            .enumerate()
            .filter(|(_, hit)| hit.iter().zip(&needle).all(|((_, letter), wanted)| same(*letter, *wanted)))
            .map(|(start, _)| start)
            .collect();
        for start in starts {
            marked[start..start + needle.len()].fill(true);
        }
    }
    runs(&letters, &marked, title.len())
}

fn same(letter: char, lower: char) -> bool {
    letter == lower || letter.to_lowercase().eq(std::iter::once(lower))
}

fn runs(letters: &[(usize, char)], marked: &[bool], end: usize) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (index, &(start, _)) in letters.iter().enumerate().filter(|(index, _)| marked[*index]) {
        let stop = letters.get(index + 1).map_or(end, |&(next, _)| next);
        match ranges.last_mut() {
            Some(last) if last.end == start => last.end = stop,
            _ => ranges.push(start..stop),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::state::FeatureRef;

    #[test]
    fn actions_are_found_in_both_languages_whatever_is_on_the_screen() {
        check("zoom sel", &["缩放到所选"]);
        check("属性表", &["属性表"]);
        check("> 撤销", &["撤销"]);
        check("> chexiao", &["撤销"]);
        check("quanxuan tuceng", &["全选图层要素"]);
        check("nothing like this", &[]);
    }

    #[test]
    fn what_the_session_found_comes_first_and_its_actions_are_not_listed_twice() {
        let found = [found_lake(), found_action(ActionId::Undo)];
        let entries = entries("撤", &found, Lang::Zh, &|_| true);
        let titles: Vec<&str> = entries.iter().map(|entry| entry.title.as_str()).collect();
        assert_eq!(titles, ["甘棠湖", "撤销"]);
    }

    #[test]
    fn a_sign_for_actions_leaves_places_out() {
        let entries = entries(">", &[found_lake()], Lang::Zh, &|_| true);
        assert!(entries.iter().all(|entry| matches!(entry.target, FoundTarget::Action(_))));
    }

    #[test]
    fn matched_letters_are_marked_wherever_they_stand() {
        let marked = |title: &str, words: &str| -> Vec<String> {
            marks(title, words).into_iter().map(|range| title[range].to_owned()).collect()
        };
        assert_eq!(marked("甘棠公园（环湖）", "甘棠 湖"), ["甘棠", "湖"]);
        assert_eq!(marked("PK-GTH-012", "gth"), ["GTH"]);
        assert_eq!(marked("aaa", "aa"), ["aaa"]);
        assert_eq!(marked("short", "much longer than it"), Vec::<String>::new());
        assert_eq!(marked("İstanbul", "st"), ["st"]);
    }

    #[track_caller]
    fn check(words: &str, expected: &[&str]) {
        let entries = entries(words, &[], Lang::Zh, &|_| true);
        assert_eq!(entries.iter().map(|entry| entry.title.as_str()).collect::<Vec<_>>(), expected);
    }

    fn found_lake() -> Found {
        Found {
            group: Text::new("地点", "Places"),
            title: "甘棠湖".into(),
            detail: Text::new("水面", "Water"),
            target: FoundTarget::Feature(FeatureRef { layer: "water".into(), id: 1 }),
        }
    }

    fn found_action(id: ActionId) -> Found {
        Found { target: FoundTarget::Action(id), ..found_lake() }
    }
}
