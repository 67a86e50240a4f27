//! Which encoding bytes are in: what the file claims, held against what the bytes say.
//!
//! Claims are often wrong: a program writes `UTF-8` beside a table in GBK, or nothing at all. The bytes themselves say
//! much: hardly any other text is valid UTF-8 by chance, and Chinese text consists of common characters only when it is
//! read in the right encoding. What was taken, and why, is said in words.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::Text;
use super::encoding::Encoding;
use crate::text;

/// Bytes kept for the detector of rarer encodings.
const SAMPLE: usize = 1 << 13;

/// What the bytes of many texts say. Texts of ASCII alone say nothing. Pieces can be looked at apart and merged.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Texts with other bytes than ASCII.
    texts: u64,
    utf8: Fit,
    gb: Fit,
    big5: Fit,
    /// Characters of two bytes that stand alone among ASCII: accents rather than Chinese.
    lone: u64,
    sample: Vec<u8>,
}

/// How well the texts fit an encoding.
#[derive(Clone, Copy, Debug, Default)]
struct Fit {
    /// Texts in which every byte means something.
    whole: u64,
    /// Characters that are common in it.
    common: u64,
    /// Other characters.
    rare: u64,
}

impl Fit {
    /// From 0 to 1: how many of the characters are common ones.
    fn share(self) -> f64 {
        self.common as f64 / ((self.common + self.rare) as f64).max(1.0)
    }

    fn merge(&mut self, other: Self) {
        self.whole += other.whole;
        self.common += other.common;
        self.rare += other.rare;
    }
}

impl Evidence {
    /// Takes note of one text: a cell, a line, a block. Half a character at its end is no fault of it.
    pub fn see(&mut self, text: &[u8]) {
        if text.is_ascii() {
            return;
        }
        self.texts += 1;
        self.see_utf8(text);
        see_double(text, &mut self.gb, gb_character);
        self.lone += see_double(text, &mut self.big5, big5_character);
        let room = SAMPLE - self.sample.len();
        if room > text.len() {
            self.sample.extend_from_slice(text);
            self.sample.push(b'\n');
        }
    }

    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.texts += other.texts;
        self.utf8.merge(other.utf8);
        self.gb.merge(other.gb);
        self.big5.merge(other.big5);
        self.lone += other.lone;
        let room = SAMPLE - self.sample.len();
        self.sample.extend_from_slice(&other.sample[..room.min(other.sample.len())]);
    }

    /// How many texts said something.
    pub fn texts(&self) -> u64 {
        self.texts
    }

    /// The encoding that the bytes speak for; none if all is ASCII.
    pub fn guess(&self) -> Option<Encoding> {
        if self.texts == 0 {
            return None;
        }
        if self.is_mostly(self.utf8) {
            // Two-byte characters alone may be GBK by chance: then they are common ones, and in company.
            let is_chance = self.utf8.common == 0 && self.gb.share() == 1.0 && self.lone == 0;
            return Some(if is_chance { Encoding::GB18030 } else { Encoding::UTF_8 });
        }
        let (gb, big5) = (self.gb.share(), self.big5.share());
        if self.is_mostly(self.gb) && gb >= 0.7 && gb >= big5 {
            return Some(Encoding::GB18030);
        }
        if self.is_mostly(self.big5) && big5 >= 0.7 && big5 > gb {
            return Some(Encoding::BIG5);
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(&self.sample, true);
        Some(Encoding::from(detector.guess(Some(b"cn"), Utf8Detection::Deny)))
    }

    /// Whether the bytes speak against an encoding that somebody claims.
    pub fn speaks_against(&self, claimed: Encoding) -> bool {
        let Some(found) = self.guess().filter(|&found| found != claimed) else { return false };
        if found == Encoding::UTF_8 {
            return self.utf8.common > 0 || claimed == Encoding::BIG5;
        }
        if claimed == Encoding::UTF_8 {
            !self.is_mostly(self.utf8)
        } else if claimed == Encoding::GB18030 {
            !self.is_mostly(self.gb) || self.big5.share() > self.gb.share() + 0.3
        } else if claimed == Encoding::BIG5 {
            !self.is_mostly(self.big5) || self.gb.share() > self.big5.share() + 0.3
        } else {
            // Every byte means something in the western encodings: that alone proves nothing.
            found == Encoding::GB18030 && self.lone == 0 && claimed.codec().is_single_byte()
        }
    }

    /// One text in fifty may be broken.
    fn is_mostly(&self, fit: Fit) -> bool {
        fit.whole * 50 >= self.texts * 49
    }

    fn see_utf8(&mut self, text: &[u8]) {
        let Ok(plain) = std::str::from_utf8(&text[..Encoding::UTF_8.whole_len(text)]) else { return };
        self.utf8.whole += 1;
        for character in plain.chars().filter(|character| !character.is_ascii()) {
            if character.len_utf8() > 2 {
                self.utf8.common += 1;
            } else {
                self.utf8.rare += 1;
            }
        }
    }
}

/// What stands at the beginning of some bytes.
enum Character {
    /// So many bytes, and whether the character is common.
    Is(usize, bool),
    /// The bytes end before the character does.
    Cut,
    /// No character begins like this.
    Bad,
}

/// Reads `text` by characters of one or more bytes, and says how many of them stand alone.
fn see_double(text: &[u8], fit: &mut Fit, character: fn(&[u8]) -> Character) -> u64 {
    let (mut at, mut common, mut rare, mut run, mut lone) = (0, 0, 0, 0, 0);
    while at < text.len() {
        if text[at] < 0x80 {
            lone += u64::from(run == 1);
            run = 0;
            at += 1;
            continue;
        }
        match character(&text[at..]) {
            Character::Is(len, is_common) => {
                *(if is_common { &mut common } else { &mut rare }) += 1;
                at += len;
                run += 1;
            }
            Character::Cut => break,
            Character::Bad => return lone + u64::from(run == 1),
        }
    }
    *fit = Fit { whole: fit.whole + 1, common: fit.common + common, rare: fit.rare + rare };
    lone + u64::from(run == 1)
}

/// GB 18030: common are the 3,755 characters of the first level of GB 2312, and its signs and full-width letters.
fn gb_character(bytes: &[u8]) -> Character {
    match *bytes {
        [0x80 | 0xff, ..] => Character::Bad,
        [_] => Character::Cut,
        [lead, 0xa1..=0xfe, ..] => Character::Is(2, matches!(lead, 0xa1..=0xa3 | 0xb0..=0xd7)),
        [_, 0x40..=0x7e | 0x80..=0xa0, ..] => Character::Is(2, false),
        [_, 0x30..=0x39] | [_, 0x30..=0x39, 0x81..=0xfe] => Character::Cut,
        [_, 0x30..=0x39, 0x81..=0xfe, 0x30..=0x39, ..] => Character::Is(4, false),
        _ => Character::Bad,
    }
}

/// Big5: common are the 5,401 characters of its first level, and its signs.
fn big5_character(bytes: &[u8]) -> Character {
    match *bytes {
        [0x80 | 0xff, ..] => Character::Bad,
        [_] => Character::Cut,
        [lead, 0x40..=0x7e | 0xa1..=0xfe, ..] => Character::Is(2, matches!(lead, 0xa1..=0xc6)),
        _ => Character::Bad,
    }
}

/// What somebody says about the encoding of a file.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Who says it: "the .cpg file".
    pub who: Text,
    /// What it says.
    pub encoding: Encoding,
}

/// The encoding that was taken.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The encoding.
    pub encoding: Encoding,
    /// Who says what, which was taken and why; nothing where all text is ASCII and it makes no difference.
    pub why: Option<Text>,
}

/// Weighs claims, the strongest first, against the bytes. What was asked for is taken whatever they say.
pub fn decide(asked: Option<Encoding>, claims: &[Claim], evidence: &Evidence) -> Verdict {
    let found = evidence.guess();
    let standing = claims.iter().find(|claim| !evidence.speaks_against(claim.encoding));
    let encoding = asked.or(standing.map(|claim| claim.encoding)).or(found).unwrap_or(Encoding::UTF_8);
    let Some(found) = found else { return Verdict { encoding, why: None } };
    let why = match (asked, standing) {
        (Some(_), _) if found == encoding => {
            text!("文字按指定的 {encoding} 读取，与内容相符", "text is read as {encoding}, as asked; the bytes agree")
        }
        (Some(_), _) => text!(
            "文字按指定的 {encoding} 读取；但内容更像 {found}",
            "text is read as {encoding}, as asked; the bytes look more like {found}"
        ),
        (None, Some(Claim { who: Text { zh, en }, .. })) => text!(
            "文字编码为 {encoding}：{zh}这样写明，内容与之相符",
            "text is read as {encoding}: {en} says so, and the bytes agree"
        ),
        (None, None) if claims.is_empty() => text!(
            "文件没有写明文字编码；按内容判断为 {encoding}",
            "nothing says how text is encoded; by its bytes it is {encoding}"
        ),
        (None, None) => text!("文字编码按内容判断为 {encoding}", "text is read as {encoding}, by its bytes"),
    };
    Verdict { encoding, why: Some(overruled(why, claims, encoding)) }
}

/// Adds the claims that were not followed.
fn overruled(why: Text, claims: &[Claim], taken: Encoding) -> Text {
    claims.iter().filter(|claim| claim.encoding != taken).fold(why, |said, claim| {
        let (Text { zh, en }, Text { zh: who_zh, en: who_en }) = (said, &claim.who);
        let claimed = claim.encoding;
        text!("{zh}；{who_zh}写的却是 {claimed}，未采用", "{en}; {who_en} says {claimed}, which was not followed")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = "九江市|浔阳区|濂溪区|雨水管道（主干）|八里湖新区|污水检查井";
    const TRADITIONAL: &str = "臺北市|雨水下水道|污水處理廠|國民小學|捷運車站|環境保護局";

    #[test]
    fn the_bytes_tell_chinese_encodings_apart() {
        check(NAMES, Encoding::UTF_8);
        check(NAMES, Encoding::GB18030);
        check("九江", Encoding::GB18030);
        check("模型|谩骂", Encoding::GB18030);
        check(TRADITIONAL, Encoding::BIG5);
        check("café|Zürich", Encoding::UTF_8);
        check("café|Zürich|Genève|naïve", Encoding::WINDOWS_1252);
    }

    #[test]
    fn a_claim_stands_until_the_bytes_speak_against_it() {
        let [utf8, gb] = [Encoding::UTF_8, Encoding::GB18030];
        for (claimed, real, expected) in
            [(utf8, gb, gb), (gb, utf8, utf8), (gb, gb, gb), (Encoding::WINDOWS_1252, gb, gb)]
        {
            let claims = [Claim { who: Text::new(".cpg 文件", "the .cpg file"), encoding: claimed }];
            let verdict = decide(None, &claims, &evidence(NAMES, real));
            let is_followed = verdict.why.is_some_and(|why| !why.en.contains("not followed"));
            assert_eq!((verdict.encoding, is_followed), (expected, claimed == expected), "{claimed} {real}");
        }
    }

    #[test]
    fn what_is_asked_for_is_taken_and_doubts_are_said() {
        let verdict = decide(Some(Encoding::BIG5), &[], &evidence(NAMES, Encoding::UTF_8));
        assert_eq!(verdict.encoding, Encoding::BIG5);
        assert!(verdict.why.is_some_and(|why| why.en.ends_with("look more like UTF-8")));
    }

    #[test]
    fn ascii_says_nothing() {
        let verdict = decide(None, &[], &evidence("pipes|roads", Encoding::UTF_8));
        assert_eq!((verdict.encoding, verdict.why), (Encoding::UTF_8, None));
    }

    #[track_caller]
    fn check(words: &str, encoding: Encoding) {
        assert_eq!(evidence(words, encoding).guess(), Some(encoding), "{words}");
    }

    fn evidence(words: &str, encoding: Encoding) -> Evidence {
        let mut all = Evidence::default();
        for word in words.split('|') {
            let mut one = Evidence::default();
            one.see(&encoding.codec().encode(word).0);
            all.merge(&one);
        }
        all
    }
}
