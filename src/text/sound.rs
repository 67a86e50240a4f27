//! Chinese words by their sound: `gantang`, `gth` and `gantangh` all mean 甘棠湖.

use pinyin::ToPinyin as _;

/// Whether a run of syllables in `text` is spelt by `word`, each in full or by its first letter, the last one possibly
/// begun only. Tones are left out, letter case does not count.
pub fn sounds_like(text: &str, word: &str) -> bool {
    let word = word.to_lowercase();
    let syllables: Vec<&str> = text.chars().filter_map(|c| c.to_pinyin()).map(pinyin::Pinyin::plain).collect();
    !word.is_empty() && (0..syllables.len()).any(|start| spells(&syllables[start..], &word))
}

/// Whether `word` may be meant as a sound at all: Latin letters, two at least.
pub fn is_sound(word: &str) -> bool {
    word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn spells(syllables: &[&str], word: &str) -> bool {
    let Some((first, rest)) = syllables.split_first() else { return word.is_empty() };
    if word.is_empty() || first.starts_with(word) {
        return true;
    }
    let whole = word.strip_prefix(first).is_some_and(|word| spells(rest, word));
    let letter = || first.len() > 1 && word.strip_prefix(&first[..1]).is_some_and(|word| spells(rest, word));
    whole || letter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lake_is_found_by_any_way_to_type_it() {
        for word in ["gantanghu", "gth", "GanTang", "th", "tanghu", "gantangh", "gth"] {
            assert!(sounds_like("甘棠湖", word), "{word}");
        }
        for word in ["", "gh", "hg", "gantanghux", "antang"] {
            assert!(!sounds_like("甘棠湖", word), "{word}");
        }
    }

    #[test]
    fn numbers_between_the_characters_do_not_matter() {
        assert!(sounds_like("庐山北路12号", "lsblh"));
        assert!(!sounds_like("K-121", "k"));
    }
}
