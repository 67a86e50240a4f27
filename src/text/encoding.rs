//! Encodings of other programs' text: their names, and bytes into words.

use std::borrow::Cow;
use std::fmt;

/// How bytes spell text (WHATWG Encoding Standard; GBK is read as GB18030, which holds it).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// Unicode, eight bits at a time.
    pub const UTF_8: Self = Self(encoding_rs::UTF_8);
    /// The national standard of the mainland, GBK and GB2312 within it.
    pub const GB18030: Self = Self(encoding_rs::GB18030);
    /// Traditional characters.
    pub const BIG5: Self = Self(encoding_rs::BIG5);
    /// What is left when nothing else fits: one character a byte.
    pub const WINDOWS_1252: Self = Self(encoding_rs::WINDOWS_1252);

    /// Reads what people and files write: `GBK`, `cp936`, `936`, `gb2312`, `utf8`, `UTF-8`, `BIG5`, `65001`.
    pub fn parse(words: &str) -> Option<Self> {
        let plain = words.trim().to_ascii_lowercase();
        let number = plain.trim_start_matches("cp").trim_start_matches("ansi").trim_matches([' ', '-', '_']);
        let found = match number {
            "936" | "54936" => encoding_rs::GB18030,
            "950" => encoding_rs::BIG5,
            "932" => encoding_rs::SHIFT_JIS,
            "949" => encoding_rs::EUC_KR,
            "65001" | "utf8" => encoding_rs::UTF_8,
            "1252" | "88591" | "8859_1" => encoding_rs::WINDOWS_1252,
            _ => encoding_rs::Encoding::for_label(plain.as_bytes())
                .or_else(|| encoding_rs::Encoding::for_label(format!("windows-{number}").as_bytes()))?,
        };
        Some(Self(if found == encoding_rs::GBK { encoding_rs::GB18030 } else { found }))
    }

    /// The encoding of this library.
    pub fn codec(self) -> &'static encoding_rs::Encoding {
        self.0
    }

    /// The words that `bytes` spell, and whether some bytes spell nothing (they become `�`).
    pub fn decode(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        self.0.decode_without_bom_handling(bytes)
    }

    /// The words that `bytes` spell where a fixed width may have cut the last character in two: that half is left out.
    pub fn decode_cut(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        self.decode(&bytes[..self.whole_len(bytes)])
    }

    /// How many of these bytes are whole characters.
    pub fn whole_len(self, bytes: &[u8]) -> usize {
        if self == Self::UTF_8 {
            let last = bytes.iter().rposition(|byte| byte & 0xc0 != 0x80).unwrap_or(bytes.len());
            let is_cut = std::str::from_utf8(&bytes[last..]).is_err_and(|error| error.error_len().is_none());
            return if is_cut { last } else { bytes.len() };
        }
        let is_double = self.0 == encoding_rs::GB18030 || self.0 == encoding_rs::BIG5;
        let is_double = is_double || self.0 == encoding_rs::EUC_KR || self.0 == encoding_rs::SHIFT_JIS;
        if !is_double {
            return bytes.len();
        }
        let mut at = 0;
        while at < bytes.len() {
            let is_katakana = self.0 == encoding_rs::SHIFT_JIS && matches!(bytes[at], 0xa0..=0xdf);
            let is_long = self == Self::GB18030 && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
            let len = match bytes[at] {
                0..=0x80 => 1,
                _ if is_katakana => 1,
                _ if is_long => 4,
                _ => 2,
            };
            if at + len > bytes.len() {
                return at;
            }
            at += len;
        }
        at
    }
}

impl From<&'static encoding_rs::Encoding> for Encoding {
    fn from(codec: &'static encoding_rs::Encoding) -> Self {
        Self(if codec == encoding_rs::GBK { encoding_rs::GB18030 } else { codec })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if *self == Self::GB18030 { "GB18030" } else { self.0.name() })
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Encoding({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_an_encoding_is_read() {
        check("GBK cp936 936 GB2312 ANSI 936 gb18030", Encoding::GB18030);
        check("utf8 UTF-8 65001", Encoding::UTF_8);
        check("big5 950 CP950", Encoding::BIG5);
        check("ISO-8859-1 1252 latin1 88591", Encoding::WINDOWS_1252);
        assert_eq!(Encoding::parse("中文"), None);
    }

    #[test]
    fn chinese_comes_out_of_gbk() {
        assert_eq!(Encoding::GB18030.decode(b"\xbe\xc5\xbd\xad"), ("九江".into(), false));
        assert!(Encoding::UTF_8.decode(b"\xbe\xc5").1);
    }

    #[test]
    fn half_a_character_at_the_end_of_a_field_is_left_out() {
        let words = "九江𠮷";
        for encoding in [Encoding::UTF_8, Encoding::GB18030] {
            let (bytes, ..) = encoding.codec().encode(words);
            let bytes = if encoding == Encoding::UTF_8 { words.as_bytes() } else { &bytes };
            for len in 0..=bytes.len() {
                let (whole, is_broken) = encoding.decode_cut(&bytes[..len]);
                assert!(words.starts_with(whole.as_ref()) && !is_broken, "{encoding} {len}: {whole}");
            }
        }
        assert!(Encoding::UTF_8.decode_cut(b"\xe4\xb9 \xe4").1, "what is broken before the end stays a fault");
    }

    #[track_caller]
    fn check(words: &str, expected: Encoding) {
        for word in words.replace("ANSI 936", "ANSI936").split(' ') {
            assert_eq!(Encoding::parse(word), Some(expected), "{word}");
        }
    }
}
