//! Workbooks of Excel 97, put together by hand.

use proptest::prelude::*;

use super::tests::read_whole;
use super::xls::record as kind;
use crate::io::error::ReadError;

#[test]
fn an_old_workbook_is_read_with_its_days_and_hundredths() {
    let (seen, rows) = read_whole("台账.xls", &workbook(&sheet())).expect("read");
    let names: Vec<&str> = seen.layers[0].fields.iter().map(|field| field.name.zh.as_ref()).collect();
    let said: Vec<String> = rows
        .iter()
        .map(|(number, feature)| {
            let values: Vec<String> = feature.values.iter().map(ToString::to_string).collect();
            let place = feature.geometry.as_ref().map(|geometry| geometry.bounds().min);
            format!("{number} {place:?} {}", values.join("|"))
        })
        .collect();
    assert_eq!((seen.layers[0].name.as_str(), names), ("台账", vec!["名称", "井深", "日期", "备注"]));
    assert_eq!(said, ["2 Some([116.0123, 29.7]) 雨水井甲|2.5|2024-01-05|合格", "4 None 雨水井甲|3||"]);
    assert_eq!(seen.problems.listed[0].rule, "table.cell-error");
}

#[test]
fn what_cannot_be_read_is_said() {
    let locked = [record(kind::BEGIN, &[0, 6, 5, 0]), record(kind::PASSWORD, &[1, 0])].concat();
    assert!(matches!(read_whole("a.xls", &compound(&locked)), Err(ReadError::NothingUsable { .. })));
    let old = record(kind::BEGIN, &[0, 5, 5, 0]);
    assert!(matches!(read_whole("a.xls", &compound(&old)), Err(ReadError::NothingUsable { .. })));
    assert!(matches!(read_whole("a.xls", &compound(b"")), Err(ReadError::Damaged { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_bytes_do_harm(at in any::<prop::sample::Index>(), bytes in proptest::collection::vec(any::<u8>(), 1..9), len in any::<prop::sample::Index>()) {
        let plain = workbook(&sheet());
        let mut changed = plain.clone();
        let place = at.index(changed.len());
        changed.splice(place..(place + bytes.len()).min(plain.len()), bytes);
        let _ = read_whole("a.xls", &changed);
        let _ = read_whole("a.xls", &plain[..len.index(plain.len())]);
    }
}

/// Names, a row, a blank one, a row with an error.
fn sheet() -> Vec<u8> {
    let at = |row: u16, column: u16, style: u16| [row, column, style].map(u16::to_le_bytes).concat();
    let shared = |row, column, place: u32| {
        record(kind::SHARED_LABEL, &[at(row, column, 0), place.to_le_bytes().to_vec()].concat())
    };
    let number = |row, column, style, number: f64| {
        record(kind::NUMBER, &[at(row, column, style), number.to_le_bytes().to_vec()].concat())
    };
    let rk = |row, column, bits: u32| record(kind::RK, &[at(row, column, 0), bits.to_le_bytes().to_vec()].concat());
    let string_formula = [at(1, 5, 0), vec![0, 0, 0, 0, 0, 0, 0xff, 0xff], vec![0; 8]].concat();
    let pairs = [&[0, 0][..], &((300_u32 << 2) | 3).to_le_bytes(), &[4, 0]].concat();
    let many = [vec![3, 0, 1, 0], pairs[..6].to_vec(), vec![1, 0]].concat();
    [
        record(kind::BEGIN, &[0, 6, 0x10, 0]),
        (0..6_u16).flat_map(|column| shared(0, column, u32::from(column))).collect(),
        shared(1, 0, 6),
        rk(1, 1, (250 << 2) | 3), // hundredths
        number(1, 2, 0, 116.0123),
        number(1, 3, 0, 29.7),
        number(1, 4, 1, 45_296.0),
        record(kind::FORMULA, &string_formula),
        record(kind::STRING, &string("合格", 2)),
        shared(3, 0, 6),
        record(kind::MANY_RK, &many),
        record(kind::TRUTH, &[at(3, 2, 0), vec![0x2a, 1]].concat()),
        record(kind::END, &[]),
    ]
    .concat()
}

/// The workbook with this sheet; the list of strings goes on in a second record, in the middle of a word.
fn workbook(sheet: &[u8]) -> Vec<u8> {
    let words = ["名称", "井深", "经度", "纬度", "日期", "备注"].map(|word| string(word, 2)).concat();
    let last = string("雨水井甲", 2);
    let (start, end) = last.split_at(3 + 4); // two characters of four
    let strings = [&[7, 0, 0, 0, 7, 0, 0, 0][..], &words, start].concat();
    let head = |at: u32| {
        [
            record(kind::BEGIN, &[0, 6, 5, 0]),
            record(kind::FORMAT, &[&[164, 0][..], &string("yyyy\"年\"m\"月\"", 2)].concat()),
            record(kind::STYLE, &[0, 0, 0, 0]),
            record(kind::STYLE, &[0, 0, 164, 0]),
            record(kind::SHEET, &[&at.to_le_bytes()[..], &[0, 0], &string("Sheet1", 1)].concat()),
            record(kind::STRINGS, &strings),
            record(kind::CONTINUE, &[&[1][..], end].concat()),
            record(kind::END, &[]),
        ]
        .concat()
    };
    let at = u32::try_from(head(0).len()).expect("small");
    compound(&[head(at), sheet.to_vec()].concat())
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len()).expect("small");
    [&kind.to_le_bytes()[..], &len.to_le_bytes(), data].concat()
}

fn string(words: &str, len_bytes: usize) -> Vec<u8> {
    let units: Vec<u16> = words.encode_utf16().collect();
    let mut out = units.len().to_le_bytes()[..len_bytes].to_vec();
    out.push(1);
    out.extend(units.into_iter().flat_map(u16::to_le_bytes));
    out
}

/// A compound file with one stream: header, table, directory, stream.
fn compound(stream: &[u8]) -> Vec<u8> {
    let size = stream.len().max(4096);
    let sectors = u32::try_from(size.div_ceil(512)).expect("small");
    let (end, none) = (0xffff_fffe_u32, u32::MAX);
    let mut header = super::cfb::MAGIC.to_vec();
    header.resize(512, 0xff);
    header[30..34].copy_from_slice(&[9, 0, 6, 0]);
    for (at, number) in [(44, 1), (48, 1), (56, 4096), (60, end), (64, 0), (68, end), (72, 0), (76, 0)] {
        header[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    let chain = (3..2 + sectors).chain([end]);
    let table: Vec<u8> = [0xffff_fffd, end]
        .into_iter()
        .chain(chain)
        .chain(std::iter::repeat(none))
        .take(128)
        .flat_map(u32::to_le_bytes)
        .collect();
    let entry = |name: &str, kind: u8, start: u32, size: u32| {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let len = entry.len() + 2;
        entry.resize(128, 0);
        (entry[64], entry[66]) = (len as u8, kind);
        entry[116..120].copy_from_slice(&start.to_le_bytes());
        entry[120..124].copy_from_slice(&size.to_le_bytes());
        entry
    };
    let mut directory = [entry("Root Entry", 5, end, 0), entry("Workbook", 2, 2, size as u32)].concat();
    directory.resize(512, 0);
    let mut padded = stream.to_vec();
    padded.resize(sectors as usize * 512, 0);
    [header, table, directory, padded].concat()
}
