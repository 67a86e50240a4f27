//! What is pasted on the map: looked at like a file, since it may hold as much.

use std::path::PathBuf;

use crate::io::paste::Pasted;
use crate::session::Session;
use crate::session::state::NoticeLevel;
use crate::text;
use crate::text::Text;
use crate::text::disk::{Doing, why};

impl Session {
    /// Keeps words from the clipboard as a file for an import, for as long as the session lasts. Words that say no place
    /// become a notice.
    pub fn paste(&mut self, words: &str) -> Option<PathBuf> {
        let name = self.lang().pick("粘贴的要素", "Pasted");
        let what = match Pasted::keep(words, name) {
            Ok(Some(pasted)) => {
                let path = pasted.path();
                self.lists.pasted.push(pasted);
                return Some(path);
            }
            Ok(None) => Text::new(
                "剪贴板里没有能放到地图上的内容：可以是 WKT、GeoJSON、“经度,纬度”，或带坐标列的表格",
                "Nothing on the clipboard has a place: copy WKT, GeoJSON, “lon,lat”, or a table with coordinates",
            ),
            Err(error) => {
                let Text { zh, en } = why(&error, Doing::Writing);
                text!("无法粘贴：{zh}", "It cannot be pasted: {en}")
            }
        };
        self.notify(NoticeLevel::Warning, what, Vec::new());
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::session::command::{Command, ExchangeCommand, ReadOptions};
    use crate::session::test_city::TestCity;

    #[test]
    fn pasted_words_are_looked_at_like_a_file() {
        let mut city = TestCity::without_city();
        assert_eq!(city.session.paste("八里湖新区"), None);
        assert_eq!(city.session.notices().len(), 1);
        let path = city.session.paste("116.0123, 29.7012\n116.0125, 29.7013").expect("two places");
        let survey = ExchangeCommand::Survey { path: path.clone(), read: ReadOptions::default() };
        city.run(Command::Exchange(survey));
        let preview = city.session.take_preview().expect("a preview");
        assert_eq!((preview.path, preview.layers[0].features), (path.clone(), 2));
        drop(city);
        assert!(!path.exists(), "the file goes with the session");
    }
}
