//! Which of a table's first rows names the columns, and what the columns are called.

use std::collections::{BTreeMap, HashSet};

use crate::io::infer::Seen;
use crate::io::wkt;
use crate::model::value::FieldType;
use crate::text;
use crate::text::Text;

/// Rows above the names that are looked at: titles, departments, dates.
const MOST_TITLES: usize = 10;

/// Where the names of the columns stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::io) struct Header {
    /// Rows before the first row of data.
    pub rows: usize,
    /// The columns' names, one for each column of the widest row.
    pub names: Vec<String>,
    /// What a person should know of it.
    pub understood: Option<Text>,
}

/// Finds the names among the first rows of a table.
pub(in crate::io) fn find(rows: &[Vec<String>]) -> Header {
    let usual = usual_width(rows);
    let is_wide = |row: &Vec<String>| row.iter().filter(|cell| !is_blank(cell)).count() * 2 > usual;
    let titles = rows.iter().take(MOST_TITLES).position(is_wide).unwrap_or(0);
    let Some(first) = rows.get(titles) else { return Header::default() };
    let width = usual.max(filled(first));
    if !names_columns(first, &rows[titles + 1..], width) {
        let understood =
            text!("第一行已经是数据，没有列名；各列按顺序命名", "the first row is data already: columns are numbered");
        return Header { rows: titles, names: numbered(&[], width), understood: Some(understood) };
    }
    if let Some(names) = rows.get(titles + 1).and_then(|second| two_storeys(first, second, &rows[titles + 2..])) {
        let (from, to) = (titles + 1, titles + 2);
        let understood = text!("列名占两行：第 {from}、{to} 行", "rows {from} and {to} together name the columns");
        return Header { rows: titles + 2, names: numbered(&names, width), understood: Some(understood) };
    }
    let row = titles + 1;
    let understood = (titles > 0).then(|| {
        text!(
            "列名在第 {row} 行；它上面的 {titles} 行是标题，不读入",
            "row {row} names the columns; the {titles} above it are titles and are left out"
        )
    });
    Header { rows: titles + 1, names: numbered(first, width), understood }
}

fn is_blank(cell: &str) -> bool {
    cell.trim().is_empty()
}

/// Cells up to the last that says something.
fn filled(row: &[String]) -> usize {
    row.iter().rposition(|cell| !is_blank(cell)).map_or(0, |last| last + 1)
}

/// How wide most rows are that say something.
fn usual_width(rows: &[Vec<String>]) -> usize {
    let mut counts = BTreeMap::new();
    for width in rows.iter().map(|row| filled(row)).filter(|&width| width > 0) {
        *counts.entry(width).or_insert(0) += 1;
    }
    counts.into_iter().max_by_key(|&(width, count)| (count, width)).map_or(0, |(width, _)| width)
}

fn looks(cell: &str) -> FieldType {
    let mut seen = Seen::default();
    seen.see(cell);
    seen.reading().field_type()
}

/// Whether `first` names what stands below it: words over numbers; or, where all is words, words that differ.
fn names_columns(first: &[String], below: &[Vec<String>], width: usize) -> bool {
    let (mut over_numbers, mut numbers) = (0, 0);
    for column in 0..width {
        let cells = below.iter().filter_map(|row| row.get(column)).filter(|cell| !is_blank(cell));
        let (mut all, mut plain) = (0, 0);
        for cell in cells {
            all += 1;
            plain += usize::from(looks(cell) != FieldType::Text);
        }
        if plain * 2 > all {
            numbers += 1;
            let is_name = |cell: &String| looks(cell) == FieldType::Text || is_year_over_others(cell, column, below);
            over_numbers += usize::from(first.get(column).is_some_and(is_name));
        }
    }
    if numbers > 0 {
        return over_numbers * 2 > numbers;
    }
    let words: Vec<&str> = first.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let distinct: HashSet<&str> = words.iter().copied().collect();
    let are_words = words.iter().all(|word| looks(word) == FieldType::Text && !wkt::is_begun(word));
    distinct.len() == words.len() && are_words
}

/// `2019` names a column of figures, but not one of years.
fn is_year_over_others(cell: &str, column: usize, below: &[Vec<String>]) -> bool {
    let is_year = |cell: &String| cell.trim().parse().is_ok_and(|year| (1900..=2100).contains(&year));
    is_year(&cell.to_owned()) && !below.iter().filter_map(|row| row.get(column)).any(is_year)
}

/// Names in two rows, where cells were merged: `坐标` over `X` and `Y`, beside `编号` that is two rows high.
fn two_storeys(upper: &[String], lower: &[String], below: &[Vec<String>]) -> Option<Vec<String>> {
    let cell = |row: &[String], column: usize| row.get(column).map_or("", |cell| cell.trim()).to_owned();
    let width = filled(upper).max(filled(lower));
    let gaps = (0..width).filter(|&column| cell(upper, column).is_empty()).count();
    let is_filled = (0..width).all(|column| !cell(upper, column).is_empty() || !cell(lower, column).is_empty());
    let has_tall = (0..width).any(|column| !cell(upper, column).is_empty() && cell(lower, column).is_empty());
    let are_words = lower.iter().filter(|cell| !is_blank(cell)).all(|cell| looks(cell) == FieldType::Text);
    let has_data = below.iter().any(|row| row.iter().any(|cell| looks(cell) != FieldType::Text));
    if gaps == 0 || !is_filled || !has_tall || !are_words || !has_data {
        return None;
    }
    let mut over = String::new();
    let names = (0..width).map(|column| {
        let (upper, lower) = (cell(upper, column), cell(lower, column));
        if !upper.is_empty() {
            over = upper;
        }
        if lower.is_empty() { over.clone() } else { format!("{over} {lower}") }
    });
    Some(names.collect())
}

fn numbered(names: &[String], width: usize) -> Vec<String> {
    let name = |column: usize| match names.get(column).map(|name| name.trim()) {
        Some(name) if !name.is_empty() => name.split_whitespace().collect::<Vec<_>>().join(" "),
        _ => format!("field_{}", column + 1),
    };
    (0..width).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_names_is_found() {
        check("name,n|a,1|b,2", 1, "name,n");
        check("编号,名称|a1,甲|a2,乙", 1, "编号,名称");
        check("管网表|单位：九江|编号,长度,材质|a,1.5,铸铁", 3, "编号,长度,材质");
        check("a,,n|x,,1", 1, "a,field_2,n");
        check("名称,2019,2020|甲,5,7|乙,6,8", 1, "名称,2019,2020");
    }

    #[test]
    fn a_table_may_begin_with_data() {
        check("1,甲|2,乙", 0, "field_1,field_2");
        check("甲,2019|乙,2020", 0, "field_1,field_2");
        check("甲,甲|乙,丙", 0, "field_1,field_2");
    }

    #[test]
    fn names_may_stand_in_two_rows() {
        check("编号,坐标,,备注|,X,Y,|a,1.5,2.5,好", 2, "编号,坐标 X,坐标 Y,备注");
    }

    #[track_caller]
    fn check(table: &str, rows: usize, names: &str) {
        let table: Vec<Vec<String>> = table.split('|').map(|row| row.split(',').map(str::to_owned).collect()).collect();
        let header = find(&table);
        assert_eq!((header.rows, header.names.join(",").as_str()), (rows, names));
    }
}
