//! Coordinates as people write them in a cell: `116.0033`, `116°0′12″E`, `东经116度0分12秒`, `116.0033, 29.7`.

use crate::io::infer::{real, without_thousands};

/// The number in a cell: plain, or degrees with minutes and seconds.
pub(in crate::io) fn coordinate(word: &str) -> Option<f64> {
    let word = word.trim();
    let grouped = || real(&without_thousands(word)?, false);
    real(word, false).or_else(grouped).or_else(|| sexagesimal(word)).or_else(|| real(word, true))
}

/// Two coordinates in one cell, in the order in which they stand there.
pub(in crate::io) fn pair(word: &str) -> Option<[f64; 2]> {
    let word = word.trim().trim_matches(['(', ')', '[', ']', '（', '）', '{', '}']);
    let marks: &[char] = if word.contains([',', '，', ';', '；', '|', '、']) {
        &[',', '，', ';', '；', '|', '、']
    } else {
        &[' ', '\t', '/']
    };
    let mut parts = word.split(marks).filter(|part| !part.trim().is_empty());
    let (first, second) = (parts.next()?, parts.next()?);
    let is_pair = parts.next().is_none();
    is_pair.then_some([coordinate(first)?, coordinate(second)?])
}

fn sexagesimal(word: &str) -> Option<f64> {
    let mut numbers: Vec<&str> = Vec::new();
    let (mut is_marked, mut is_negative) = (false, word.starts_with('-'));
    let mut start = None;
    for (at, character) in word.char_indices().chain([(word.len(), ' ')]) {
        if character.is_ascii_digit() || (character == '.' && start.is_some()) {
            start.get_or_insert(at);
            continue;
        }
        if let Some(start) = start.take() {
            numbers.push(&word[start..at]);
        }
        match character {
            '°' | 'º' | '˚' | '度' | ':' | '：' => is_marked = true,
            'S' | 's' | 'W' | 'w' | '南' | '西' => (is_marked, is_negative) = (true, true),
            'N' | 'n' | 'E' | 'e' | '北' | '东' | '经' | '纬' => is_marked = true,
            '′' | '\'' | '’' | '‘' | '分' | '″' | '"' | '”' | '“' | '秒' | ' ' => {}
            '-' if at == 0 => {}
            _ => return None,
        }
    }
    let is_whole = |number: &&str| number.bytes().all(|byte| byte.is_ascii_digit());
    let (last, before) = numbers.split_last()?;
    if !is_marked || numbers.len() > 3 || !before.iter().all(is_whole) {
        return None;
    }
    let parts: Vec<f64> = before.iter().chain([last]).map(|part| part.parse()).collect::<Result<_, _>>().ok()?;
    if parts[0] > 360.0 || parts[1..].iter().any(|&part| part > 60.0) {
        return None;
    }
    let degrees: f64 = parts.iter().zip([1.0, 60.0, 3600.0]).map(|(part, of)| part / of).sum();
    Some(if is_negative { -degrees } else { degrees })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn degrees_are_read_as_people_write_them() {
        for word in
            ["116.5075", "116°30′27″E", "东经116度30分27秒", "E116°30'27\"", "116:30:27", "116°30.45′", "116,5075"]
        {
            check(word, Some(116.5075));
        }
        check("29°42′S", Some(-29.7));
        check("-29°42′", Some(-29.7));
        check("116 30 27", None);
        check("116°75′", None);
        check("K12+300", None);
        check("", None);
    }

    #[test]
    fn two_coordinates_may_share_a_cell() {
        for word in ["116.5,29.7", "(116.5，29.7)", "116.5 29.7", "[116.5; 29.7]", "116°30′, 29°42′"] {
            assert_eq!(pair(word).map(|at| at.map(|n| (n * 10.0).round())), Some([1165.0, 297.0]), "{word}");
        }
        assert_eq!(pair("116.5,29.7,12"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn any_words_are_a_finite_number_or_none(words in "\\PC{0,12}|[0-9.°′″NESW,; -]{0,16}") {
            prop_assert!(coordinate(&words).is_none_or(f64::is_finite));
            let _ = pair(&words);
        }
    }

    #[track_caller]
    fn check(word: &str, expected: Option<f64>) {
        let found = coordinate(word);
        assert!(
            found.is_some() == expected.is_some() && (found.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-9,
            "{word}: {found:?}"
        );
    }
}
