//! Icons by name: `icon("MAP_PIN_PLUS")`. Regular outlines everywhere; filled only for ok, warning and error.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use egui::RichText;

use super::theme;

static TABLE: LazyLock<BTreeMap<&'static str, char>> = LazyLock::new(|| {
    let lines = include_str!("../../assets/fonts/phosphor.codepoints").lines();
    lines.filter_map(|line| line.split_once(' ')).filter_map(|(name, code)| Some((name, read(code)?))).collect()
});

fn read(code: &str) -> Option<char> {
    char::from_u32(u32::from_str_radix(code.trim(), 16).ok()?)
}

/// The character of an icon; a question mark's for a name that is not in the font.
pub fn icon_char(name: &str) -> char {
    TABLE.get(name).or_else(|| TABLE.get("QUESTION")).copied().unwrap_or('?')
}

/// Whether the font has it.
pub fn has_icon(name: &str) -> bool {
    TABLE.contains_key(name)
}

/// An icon at 16, the size of rows and buttons.
pub fn icon(name: &str) -> RichText {
    icon_at(name, 16.0)
}

/// An icon at another size.
pub fn icon_at(name: &str, size: f32) -> RichText {
    RichText::new(icon_char(name)).font(theme::icon_font(size))
}

/// A filled icon: for ok, warning and error alone.
pub fn icon_fill(name: &str) -> RichText {
    RichText::new(icon_char(name)).font(theme::icon_fill_font(16.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::action::ACTIONS;

    #[test]
    fn every_action_has_an_icon_in_the_font() {
        let missing: Vec<_> = ACTIONS.iter().map(|action| action.icon).filter(|name| !has_icon(name)).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }
}
