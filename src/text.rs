//! Every text a person meets, in the two languages of the program.
//!
//! A [`Text`] stands where the thing it names is defined, so nothing can be half translated.

use std::borrow::Cow;

pub mod disk;
pub mod encoding;
pub mod guess;
pub mod sound;

/// The language of the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Simplified Chinese, the bureau's own.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The word used in settings and on the command line.
    pub fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// Reads what [`Lang::code`] writes.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The one of two literals that belongs to this language.
    pub fn pick(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// One text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text {
    /// Simplified Chinese.
    pub zh: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
}

impl Text {
    /// A fixed text.
    pub const fn new(zh: &'static str, en: &'static str) -> Self {
        Self { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
    }

    /// A text made while running, usually by [`text!`](crate::text!).
    pub fn owned(zh: String, en: String) -> Self {
        Self { zh: Cow::Owned(zh), en: Cow::Owned(en) }
    }

    /// The same words in both languages: a name from somebody's file, a number.
    pub fn same(word: impl Into<String>) -> Self {
        let word = word.into();
        Self { zh: Cow::Owned(word.clone()), en: Cow::Owned(word) }
    }

    /// The text in `lang`.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }

    /// Whether `word` is this text in either language, letter case aside.
    pub fn is(&self, word: &str) -> bool {
        self.zh == word || self.en.eq_ignore_ascii_case(word)
    }
}

/// A [`Text`] from two format strings that see the same variables.
///
/// ```
/// let n = 3;
/// let text = citygrid::text!("读入 {n} 个", "{n} read");
/// assert_eq!(text.en, "3 read");
/// ```
#[macro_export]
macro_rules! text {
    ($zh:literal, $en:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::text::Text::owned(format!($zh $(, $name = $value)*), format!($en $(, $name = $value)*))
    };
}
