//! Changes and new lines brought together with the text, and the text into bytes again.

use std::collections::BTreeMap;

use super::super::inp::{Section, name_of};
use super::{Edit, Merge, Work};
use crate::task::Problem;
use crate::text;
use crate::text::encoding::Encoding;

impl Work<'_> {
    /// The file as it is now; where nothing has changed, the bytes as they came.
    pub(super) fn finish(mut self, original: &[u8]) -> Merge {
        self.insert();
        if self.edits.is_empty() {
            self.done.bytes = original.to_vec();
            return self.done;
        }
        let text = self.text();
        let inp = &self.model.inp;
        let mut bytes = if inp.has_mark { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        let (encoded, _, has_lost) = inp.encoding.codec().encode(&text);
        if has_lost || inp.encoding == Encoding::UTF_8 {
            bytes.extend_from_slice(text.as_bytes());
        } else {
            bytes.extend_from_slice(&encoded);
        }
        if has_lost {
            let encoding = inp.encoding;
            let what = text!(
                "有的字不能写成 {encoding}，文件改用 UTF-8 编码",
                "{encoding} has no letters for some names: the file is in UTF-8 now"
            );
            self.done.problems.push(Problem::warning("swmm.text", what));
        }
        self.done.bytes = bytes;
        self.done
    }

    /// Puts new lines behind the last of their section; sections that are not there come at the end.
    fn insert(&mut self) {
        let inp = &self.model.inp;
        let ending = if inp.text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut ends: BTreeMap<Section, usize> = BTreeMap::new();
        for line in &inp.lines {
            ends.insert(line.section, line.range().end);
        }
        for (section, lines) in std::mem::take(&mut self.new) {
            let block: String = lines.iter().flat_map(|line| [line.trim_end(), ending]).collect();
            let edit = if let Some(&end) = ends.get(&section) {
                let after = self.whole(end..end).end;
                let after = after_heads(&inp.text, after);
                let is_cut = !inp.text[..after].ends_with('\n');
                Edit { at: after..after, text: if is_cut { format!("{ending}{block}") } else { block } }
            } else {
                let end = inp.text.len();
                let gap = if inp.text.ends_with('\n') { ending.to_owned() } else { ending.repeat(2) };
                Edit { at: end..end, text: format!("{gap}[{}]{ending}{block}", name_of(section)) }
            };
            self.edits.push(edit);
        }
    }

    fn text(&mut self) -> String {
        let text = &self.model.inp.text;
        self.edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
        let mut out = String::with_capacity(text.len() + self.edits.iter().map(|edit| edit.text.len()).sum::<usize>());
        let mut done = 0;
        for edit in &self.edits {
            out.push_str(text.get(done..edit.at.start).unwrap_or_default());
            out.push_str(&edit.text);
            done = done.max(edit.at.end);
        }
        out.push_str(&text[done..]);
        out
    }
}

/// The end of the comments (`;;Name  Elevation`) that stand directly at this place.
fn after_heads(text: &str, start: usize) -> usize {
    let heads = text[start..].split_inclusive('\n').take_while(|line| line.starts_with(";;"));
    start + heads.map(str::len).sum::<usize>()
}
