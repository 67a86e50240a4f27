//! Tables and numbers for people on a terminal.

use unicode_width::UnicodeWidthStr;

/// Widest cell, in columns of the terminal.
const MAX_CELL: usize = 40;

/// A table with a heading, its columns aligned; a Chinese character takes two columns.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    right: Vec<bool>,
}

impl Table {
    /// A table with these headings; those that begin with `>` are of numbers and stand to the right.
    pub(super) fn new<'a>(heads: impl IntoIterator<Item = &'a str>) -> Self {
        let heads: Vec<&str> = heads.into_iter().collect();
        Self {
            right: heads.iter().map(|head| head.starts_with('>')).collect(),
            rows: vec![heads.iter().map(|head| head.trim_start_matches('>').to_owned()).collect()],
        }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| cut(&cell)).collect());
    }

    /// The lines, without trailing spaces.
    pub(super) fn lines(&self) -> String {
        let widths: Vec<usize> = (0..self.right.len()).map(|column| self.width(column)).collect();
        let mut out = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            self.line(row, &widths, &mut out);
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|&width| "─".repeat(width)).collect();
                self.line(&rule, &widths, &mut out);
            }
        }
        out
    }

    fn width(&self, column: usize) -> usize {
        self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
    }

    fn line(&self, row: &[String], widths: &[usize], out: &mut String) {
        let mut line = String::new();
        for ((cell, &width), &right) in row.iter().zip(widths).zip(&self.right) {
            let pad = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = if right { (pad.as_str(), "") } else { ("", pad.as_str()) };
            line.push_str(before);
            line.push_str(cell);
            line.push_str(after);
            line.push_str("  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// One line without control characters, short enough for a cell.
fn cut(cell: &str) -> String {
    let clean: String = cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.width() <= MAX_CELL {
        return clean;
    }
    let mut short = String::new();
    for c in clean.chars() {
        if short.width() + 3 > MAX_CELL {
            break;
        }
        short.push(c);
    }
    short + "…"
}

/// `1,095,580`.
pub(super) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// `1,095.58`: at most so many decimals, none that are zero.
pub(super) fn real(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let (whole, rest) = text.split_once('.').map_or((text, String::new()), |(whole, rest)| (whole, format!(".{rest}")));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    format!("{sign}{}{rest}", grouped(digits))
}

fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[test]
    fn chinese_and_latin_cells_line_up() {
        check(
            &["图层", ">数量"],
            &[&["排水管道", "35,000"], &["kiosk", "337"]],
            expect![[r"
                图层        数量
                ────────  ──────
                排水管道  35,000
                kiosk        337
            "]],
        );
    }

    #[test]
    fn hostile_names_stay_on_their_line() {
        check(
            &["name"],
            &[&["a\nb\u{1b}[31m"], &["长长长长长长长长长长长长长长长长长长长长长长长长"]],
            expect![[r"
                name
                ───────────────────────────────────────
                a b [31m
                长长长长长长长长长长长长长长长长长长长…
            "]],
        );
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!([count(0), count(999), count(1000), count(1_095_580)], ["0", "999", "1,000", "1,095,580"]);
        assert_eq!([real(1095.58, 3), real(-1234.0, 2), real(0.5, 0)], ["1,095.58", "-1,234", "0"]);
    }

    #[track_caller]
    fn check(heads: &[&str], rows: &[&[&str]], expected: Expect) {
        let mut table = Table::new(heads.iter().copied());
        for row in rows {
            table.row(row.iter().map(|&cell| cell.to_owned()));
        }
        expected.assert_eq(&table.lines());
    }
}
