//! Text into rows and cells (RFC 4180, and what programs make of it).
//!
//! A quote opens a cell only at its beginning; `5" pipe` is words. A quote that nobody closes is words too: one slip of
//! a hand must not swallow the rest of the file.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memrchr};

/// How rows and cells are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) struct Marks {
    /// What stands between cells.
    pub between: Between,
    /// The byte that ends a row.
    pub end: u8,
}

/// What stands between the cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Between {
    /// This byte of ASCII; cells may be quoted.
    Byte(u8),
    /// This character beyond ASCII, `，` say; quotes mean nothing.
    Wide(char),
    /// Nothing: a row is one piece of well-known text, which may go on over several lines.
    Shapes,
}

impl Marks {
    /// Where the last whole row in `bytes` ends, if more may follow; `is_stuck` when waiting for more does not help.
    pub(super) fn last_end(self, bytes: &[u8], is_stuck: bool) -> Option<usize> {
        let delimiter = match self.between {
            Between::Byte(delimiter) => delimiter,
            Between::Wide(_) => return memrchr(self.end, bytes).map(|at| at + 1),
            Between::Shapes => return self.last_shape_end(bytes),
        };
        let (mut from, mut last) = (0, None);
        while let Some(quote) = memchr(b'"', &bytes[from..]).map(|at| from + at) {
            last = memrchr(self.end, &bytes[from..quote]).map(|at| from + at + 1).or(last);
            let opens = quote == 0 || [delimiter, self.end].contains(&bytes[quote - 1]);
            from = match closing(bytes, quote + 1).filter(|_| opens) {
                Some(close) => close + 1,
                None if opens && !is_stuck => return last,
                None => quote + 1,
            };
        }
        memrchr(self.end, &bytes[from..]).map(|at| from + at + 1).or(last)
    }

    fn last_shape_end(self, bytes: &[u8]) -> Option<usize> {
        let mut to = bytes.len();
        while let Some(at) = memrchr(self.end, &bytes[..to]) {
            if goes_on(bytes, at) == Some(false) {
                return Some(at + 1);
            }
            to = at;
        }
        None
    }
}

/// Whether the shape before the end of line `at` goes on behind it; `None` if nothing follows.
fn goes_on(bytes: &[u8], at: usize) -> Option<bool> {
    let next = bytes[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace())?;
    let before = bytes[..at].iter().rfind(|byte| !byte.is_ascii_whitespace());
    Some(matches!(next, b'0'..=b'9' | b'-' | b'+' | b'.' | b'(' | b')' | b',') || matches!(before, Some(b'(' | b',')))
}

/// The quote that closes a cell whose words begin at `from`.
fn closing(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let at = from + memchr(b'"', bytes.get(from..)?)?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

/// The rows of a piece of text that ends with a row.
#[derive(Debug)]
pub(in crate::io) struct Records<'a> {
    text: &'a str,
    at: usize,
    marks: Marks,
    /// Whether the last row had a quote that nobody closes.
    pub has_open_quote: bool,
}

impl<'a> Records<'a> {
    pub(in crate::io) fn new(text: &'a str, marks: Marks) -> Self {
        Self { text, at: 0, marks, has_open_quote: false }
    }

    /// Puts the cells of the next row into `cells`; `false` at the end.
    pub(in crate::io) fn next(&mut self, cells: &mut Vec<Cow<'a, str>>) -> bool {
        cells.clear();
        self.has_open_quote = false;
        if self.at >= self.text.len() {
            return false;
        }
        match self.marks.between {
            Between::Byte(delimiter) => while self.cell(delimiter, cells) {},
            Between::Wide(delimiter) => {
                cells.extend(self.line().split(delimiter).map(Cow::Borrowed));
            }
            Between::Shapes => {
                let bytes = self.text.as_bytes();
                let mut from = self.at;
                let to = loop {
                    match memchr(self.marks.end, &bytes[from..]).map(|at| from + at) {
                        Some(at) if goes_on(bytes, at) == Some(true) => from = at + 1,
                        Some(at) => break at + 1,
                        None => break bytes.len(),
                    }
                };
                cells.push(Cow::Borrowed(self.text[self.at..to].trim()));
                self.at = to;
            }
        }
        true
    }

    fn line(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = memchr(self.marks.end, rest.as_bytes());
        self.at += end.map_or(rest.len(), |end| end + 1);
        without_return(&rest[..end.unwrap_or(rest.len())])
    }

    /// Takes one cell; `true` if another follows in the row.
    fn cell(&mut self, delimiter: u8, cells: &mut Vec<Cow<'a, str>>) -> bool {
        let bytes = self.text.as_bytes();
        let start = self.at;
        if bytes.get(start) == Some(&b'"') {
            if let Some(close) = closing(bytes, start + 1) {
                return self.quoted(start + 1, close, delimiter, cells);
            }
            self.has_open_quote = true;
        }
        let end = memchr2(delimiter, self.marks.end, &bytes[start..]).map_or(bytes.len(), |at| start + at);
        let goes_on = bytes.get(end) == Some(&delimiter);
        let words = &self.text[start..end];
        cells.push(Cow::Borrowed(if goes_on { words } else { without_return(words) }));
        self.at = end + 1;
        goes_on
    }

    /// Takes the cell whose words lie between two quotes; words behind the second are taken too.
    fn quoted(&mut self, start: usize, close: usize, delimiter: u8, cells: &mut Vec<Cow<'a, str>>) -> bool {
        let bytes = self.text.as_bytes();
        let after = close + 1;
        let end = memchr2(delimiter, self.marks.end, &bytes[after..]).map_or(bytes.len(), |at| after + at);
        let goes_on = bytes.get(end) == Some(&delimiter);
        let (words, rest) = (&self.text[start..close], &self.text[after..end]);
        let rest = if goes_on { rest } else { without_return(rest) };
        let words = if words.contains('"') { Cow::Owned(words.replace("\"\"", "\"")) } else { Cow::Borrowed(words) };
        cells.push(if rest.trim().is_empty() { words } else { Cow::Owned(words.into_owned() + rest) });
        self.at = end + 1;
        goes_on
    }
}

fn without_return(words: &str) -> &str {
    words.strip_suffix('\r').unwrap_or(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMMA: Marks = Marks { between: Between::Byte(b','), end: b'\n' };

    #[test]
    fn rows_and_cells_are_told_apart() {
        check("a,b\n1,2\n", "a|b/1|2");
        check("a,b\r\n1,2", "a|b/1|2");
        check("\"a,\"\"x\"\"\nb\",2\n", "a,\"x\"\nb|2");
        check("a,\n,\n\n", "a|/|/");
        check("5\" pipe,\"a\"b\n", "5\" pipe|ab");
        check("\"open,1\nb,2\n", "\"open|1/b|2");
    }

    #[test]
    fn a_shape_may_go_on_over_lines() {
        let marks = Marks { between: Between::Shapes, end: b'\n' };
        assert_eq!(
            rows("POINT(1 2)\nLINESTRING(0 0,\n1 1\n)\nPOINT(3\n4)", marks),
            "POINT(1 2)/LINESTRING(0 0,\n1 1\n)/POINT(3\n4)"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]
        /// The `csv` crate agrees wherever text is quoted as the standard wants it.
        #[test]
        fn what_is_well_quoted_is_read_as_others_read_it(table in proptest::collection::vec(proptest::collection::vec("[a\"\n, 中]{0,4}", 2..4), 1..5)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).expect("written");
            }
            let text = String::from_utf8(writer.into_inner().expect("flushed")).expect("UTF-8");
            let expected: Vec<String> = table.iter().map(|row| row.join("|")).collect();
            prop_assert_eq!(rows(&text, COMMA), expected.join("/"));
        }

        #[test]
        fn a_cut_is_where_a_row_ends(text in "[ab\",\n]{0,40}") {
            if let Some(end) = COMMA.last_end(text.as_bytes(), true) {
                let apart = [rows(&text[..end], COMMA), rows(&text[end..], COMMA)];
                let apart: Vec<&str> = apart.iter().map(String::as_str).filter(|rows| !rows.is_empty()).collect();
                let has_open = text.matches('"').count() % 2 == 1;
                prop_assert!(has_open || rows(&text, COMMA).replace('/', "") == apart.concat().replace('/', ""));
            }
        }
    }

    fn rows(text: &str, marks: Marks) -> String {
        let (mut records, mut cells, mut rows) = (Records::new(text, marks), Vec::new(), Vec::new());
        while records.next(&mut cells) {
            rows.push(cells.join("|"));
        }
        rows.join("/")
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(rows(text, COMMA), expected, "{text}");
    }
}
