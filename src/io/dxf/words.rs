//! Text of drawings: encodings, escapes and the formatting codes of multi-line text.

use std::borrow::Cow;

use crate::text;
use crate::text::encoding::Encoding;
use crate::text::guess::Claim;

/// What the header says about the encoding: from `AC1021` (2007) on it is UTF-8, before that a code page is named.
pub(super) fn claims(version: &str, code_page: &str) -> Vec<Claim> {
    let is_unicode = version.len() == 6 && version.starts_with("AC") && version >= "AC1021";
    if is_unicode {
        let who = text!("文件版本 {version} ", "the file's version {version}");
        return vec![Claim { who, encoding: Encoding::UTF_8 }];
    }
    let named = Encoding::parse(code_page).map(|encoding| Claim {
        who: text!("文件头 $DWGCODEPAGE={code_page} ", "the header's $DWGCODEPAGE={code_page}"),
        encoding,
    });
    named.into_iter().collect()
}

/// The words, and whether some bytes spell nothing.
pub(super) fn words(bytes: &[u8], encoding: Encoding) -> (String, bool) {
    let (words, is_broken) = encoding.decode(bytes);
    (unescaped(&words), is_broken)
}

/// Resolves `\U+4E2D` (Unicode), `\M+5D6D0` (a code page's bytes) and `%%d`.
fn unescaped(words: &str) -> String {
    if !words.contains("\\U+") && !words.contains("\\M+") && !words.contains("%%") {
        return words.to_owned();
    }
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(next) = rest.chars().next() {
        let (found, length) = escape(rest).unwrap_or((Cow::Borrowed(&rest[..next.len_utf8()]), next.len_utf8()));
        out.push_str(&found);
        rest = &rest[length..];
    }
    out
}

/// What an escape at the beginning stands for, and its length.
fn escape(words: &str) -> Option<(Cow<'static, str>, usize)> {
    if let Some(code) = words.strip_prefix("\\U+") {
        let code = u32::from_str_radix(code.get(..4)?, 16).ok()?;
        return Some((char::from_u32(code)?.to_string().into(), 7));
    }
    if let Some(code) = words.strip_prefix("\\M+") {
        let page = match code.as_bytes().first()? {
            b'1' => "932",
            b'2' => "950",
            b'3' => "949",
            b'5' => "936",
            _ => return None,
        };
        let bytes = u16::from_str_radix(code.get(1..5)?, 16).ok()?.to_be_bytes();
        let encoding = Encoding::parse(page)?;
        let (words, is_broken) = encoding.decode(&bytes);
        return (!is_broken).then(|| (words.into_owned().into(), 8));
    }
    let code = words.strip_prefix("%%")?;
    let sign = match code.as_bytes().first()?.to_ascii_lowercase() {
        b'd' => "°",
        b'c' => "⌀",
        b'p' => "±",
        b'%' => "%",
        b'u' | b'o' | b'k' => "",
        _ => return None,
    };
    Some((sign.into(), 3))
}

/// Multi-line text without its formatting: fonts, heights, colours, stacks and braces.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '{' | '}' => {}
            '^' => match characters.next() {
                Some('J') => out.push('\n'),
                Some('I') => out.push('\t'),
                Some(' ') => out.push('^'),
                _ => {}
            },
            '\\' => match characters.next() {
                Some('P' | 'X' | 'N') => out.push('\n'),
                Some('~') => out.push(' '),
                Some(literal @ ('\\' | '{' | '}')) => out.push(literal),
                Some('L' | 'l' | 'O' | 'o' | 'K' | 'k') | None => {}
                Some('S') => {
                    let stack: String = characters.by_ref().take_while(|one| *one != ';').collect();
                    out.push_str(&stack.replace(['^', '#'], "/"));
                }
                Some('f' | 'F' | 'H' | 'h' | 'A' | 'C' | 'c' | 'T' | 'Q' | 'W' | 'p') => {
                    characters.by_ref().take_while(|one| *one != ';').for_each(drop);
                }
                Some(other) => out.extend(['\\', other]),
            },
            other => out.push(other),
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_characters() {
        check(b"\\U+4E5D\\M+5BDAD 45%%d", "九江 45°");
        check(b"%%uDN%%c300%%%", "DN⌀300%");
        check(b"\\U+12 \\M+9 %%z", "\\U+12 \\M+9 %%z");
    }

    #[test]
    fn the_header_tells_the_encoding() {
        let claimed = |version, page| claims(version, page).first().map(|claim| claim.encoding);
        assert_eq!(claimed("AC1015", "ANSI_936"), Some(Encoding::GB18030));
        assert_eq!(claimed("AC1032", "ANSI_936"), Some(Encoding::UTF_8));
        assert_eq!(claimed("AC1009", ""), None);
    }

    #[test]
    fn formatting_is_taken_off_multi_line_text() {
        let all = [
            (r"{\fSimSun|b0|i0|c134|p2;\H2.5;检查井}\PY\~12", "检查井\nY 12"),
            (r"\A1;DN300 \S1/2; \C1;红\\n\{a\}", "DN300 1/2 红\\n{a}"),
            (r"\pxqc;居中\Lx\l", "居中x"),
            (r"断在中间\f", "断在中间"),
        ];
        for (text, expected) in all {
            assert_eq!(plain(text), expected);
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(words(bytes, Encoding::GB18030), (expected.to_owned(), false));
    }
}
