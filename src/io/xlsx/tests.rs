//! Workbooks as people keep them, and what becomes of them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use tempfile::TempDir;

use super::*;
use crate::io::error::WriteError;
use crate::io::format::{self as formats, WriteOptions, Written};
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::text::Lang;

#[test]
fn a_table_with_titles_days_and_codes_is_read_as_it_was_meant() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let day = Format::new().set_num_format("yyyy/m/d");
    let date = ExcelDateTime::from_ymd(2024, 1, 5).expect("a day");
    sheet.merge_range(0, 0, 0, 5, "九江市检查井台账", &Format::new()).expect("merged");
    sheet.write_row(2, 0, ["编号", "井深", "经度", "纬度", "安装日期", "网格码"]).expect("written");
    sheet.write_row(3, 0, ["0012"]).expect("written");
    sheet.write_row(3, 1, [2.5, 116.0123, 29.7012]).expect("written");
    sheet.write_with_format(3, 4, &date, &day).expect("written");
    sheet.write(3, 5, 36_040_219_900_101_002_f64).expect("written");
    sheet.write_row(5, 0, ["0013", "3"]).expect("written");
    sheet.write(5, 2, Formula::new("=1/0").set_result("#DIV/0!")).expect("written");
    sheet.write_row(5, 5, ["360402199001"]).expect("written");
    book.add_worksheet().set_name("空").expect("named");
    let mut lines = book.add_worksheet();
    lines = lines.set_name("管线").expect("named").set_hidden(true);
    lines.write_row(0, 0, ["名称", "X", "Y"]).expect("written");
    lines.write_row(1, 0, ["甲"]).expect("written");
    lines.write_row(1, 1, [3_288_402.35, 39_401_296.43]).expect("written");
    check(
        "台账.xlsx",
        &book.save_to_buffer().expect("saved"),
        expect![[r#"
        EPSG:4326 Guessed
        * the sheet “管线” is hidden; it is read too
        * sheet “Sheet1”: row 3 names the columns; the 2 above it are titles and are left out
        * sheet “Sheet1”: places are in “经度” (east) and “纬度” (north)
        * sheet “Sheet1”: the numbers are longitudes and latitudes of China: read as WGS 84 degrees
        * sheet “管线”: places are in “Y” (east) and “X” (north)
        * sheet “管线”: “X” is between 3288402.35 and 3288402.35, which can only be north (surveyors' x points north)
        * sheet “管线”: the eastings begin with zone 39: read as CGCS2000, 3-degree zone 39; choose another system if it is Xi'an 1980 or Beijing 1954
        台账_Sheet1 None 2 Point: 编号: Text, 井深: Real, 安装日期: Date, 网格码: Text
        管线 Some(Epsg(4527)) 1 Point: 名称: Text
        4 [116.0123, 29.7012]: 0012|2.5|2024-01-05|36040219900101000
        6 nowhere: 0013|3||360402199001
        2 [39401296.43, 3288402.35]: 甲
        table.rounded-code Some("Sheet1") Some(4) “网格码” is 36040219900101000: a long code that a spreadsheet has rounded; its digits are lost, export the table anew
        table.cell-error Some("Sheet1") Some(6) “经度” is the error #DIV/0!: taken as empty
        table.no-place Some("Sheet1") None no coordinates in 1 of the rows: they come in without a place
        table.guessed-crs Some("管线") None the eastings begin with zone 39: read as CGCS2000, 3-degree zone 39; choose another system if it is Xi'an 1980 or Beijing 1954
    "#]],
    );
}

#[test]
fn a_spreadsheet_of_libreoffice_is_read_too() {
    let cell =
        |kind: &str, words: &str| format!("<table:table-cell {kind}><text:p>{words}</text:p></table:table-cell>");
    let text = |words: &str| cell("office:value-type=\"string\"", words);
    let number = |n: &str| cell(&format!("office:value-type=\"float\" office:value=\"{n}\""), "≈");
    let day = cell("office:value-type=\"date\" office:date-value=\"2024-01-05\"", "5. 1. 24");
    let row = |cells: &[String]| format!("<table:table-row>{}</table:table-row>", cells.concat());
    let rows = [
        row(&[text("名称"), text("经度"), text("纬度"), text("日期")]),
        "<table:table-row table:number-rows-repeated=\"2\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>".to_owned(),
        row(&[text("甲<text:span>乙</text:span>"), number("116.0123"), number("29.7"), day]),
        "<table:table-row table:number-rows-repeated=\"1048573\"><table:table-cell/></table:table-row>".to_owned(),
    ];
    check(
        "台账.ods",
        &ods(&rows.concat()),
        expect![[r"
        EPSG:4326 Guessed
        * places are in “经度” (east) and “纬度” (north)
        * the numbers are longitudes and latitudes of China: read as WGS 84 degrees
        台账 None 1 Point: 名称: Text, 日期: Date
        4 [116.0123, 29.7]: 甲乙|2024-01-05
    "]],
    );
}

#[test]
fn claims_are_not_trusted() {
    let mut book = Workbook::new();
    book.add_worksheet().write(0, 0, "a").expect("written");
    let plain = book.save_to_buffer().expect("saved");
    let bytes = changed(&plain, "xl/sharedStrings.xml", |text| {
        text.replace("uniqueCount=\"1\"", "uniqueCount=\"99999999999\"")
    });
    assert!(matches!(read_whole("a.xlsx", &bytes), Err(ReadError::Damaged { .. })));
    let bomb = changed(&plain, "xl/worksheets/sheet1.xml", |text| text + &" ".repeat(300 << 20));
    assert!(matches!(read_whole("a.xlsx", &bomb), Err(ReadError::TooMuchMemory)));
    let far = changed(&plain, "xl/worksheets/sheet1.xml", |text| {
        text.replace("</sheetData>", "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row></sheetData>")
    });
    assert!(read_whole("a.xlsx", &far).is_err(), "a name, and a cell beyond the columns that are read");
    let wide = "<table:table-row table:number-rows-repeated=\"2000000\"><table:table-cell table:number-columns-repeated=\"4000000000\"/></table:table-row>";
    assert!(matches!(read_whole("a.ods", &ods(wide)), Err(ReadError::NothingUsable { .. })));
}

#[test]
fn what_goes_out_comes_in_again_with_every_digit() {
    let fields = vec![
        Field { name: Text::new("网格码", "Grid code"), ..Field::text("grid", "", "") },
        Field::int("n", "数", "Number"),
        Field::real("r", "长", "Length", "m"),
        Field::bool("b", "启用", "Active"),
        Field::date("d", "日期", "Day"),
        Field::new("t", FieldType::DateTime, "时间", "Time"),
    ];
    let values = vec![
        Value::from("036040219900101002"),
        Value::Int(-7),
        Value::Real(2.25),
        Value::Bool(false),
        Value::from("2026-11-22"),
        Value::from("2026-11-22T06:03:27Z"),
    ];
    let mut geometry = crate::model::geometry::WkbWriter::new(true);
    geometry.head(GeometryKind::Point, 1);
    geometry.position(116.012_345_6, 29.7, 12.5);
    let full = Feature { id: 1, geometry: Geometry::from_writer(geometry).ok(), values };
    let empty = Feature { id: 2, geometry: None, values: vec![Value::Null; 6] };
    let place = Feature { geometry: full.geometry.clone(), ..empty.clone() };
    let (bytes, told) = written(GeometryKind::Point, fields, &[full.clone(), place, empty]);
    assert_eq!((told.features, told.problems.count()), (3, 0));
    let (seen, rows) = read_whole("a.xlsx", &bytes).expect("read");
    let names: Vec<&str> = seen.layers[0].fields.iter().map(|field| field.name.en.as_ref()).collect();
    assert_eq!(names, ["Grid code", "Number", "Length", "Active", "Day", "Time"]);
    assert_eq!((seen.layers.len(), &rows[0].1.values, &rows[0].1.geometry), (1, &full.values, &full.geometry));
    assert!(rows[1].1.values.iter().all(Value::is_null));
}

#[test]
fn a_line_too_long_for_a_cell_is_told_of() {
    let long: Vec<[f64; 2]> = (0..4000).map(|step| [f64::from(step) / 1e4, 0.123_456_7]).collect();
    let feature =
        |line: &[[f64; 2]]| Feature { id: 1, geometry: Some(Geometry::line(line)), values: vec![Value::from("x")] };
    let features = [feature(&long), feature(&long[..2])];
    let (bytes, told) = written(GeometryKind::LineString, vec![Field::text("a", "甲", "A")], &features);
    assert_eq!(told.problems.listed[0].rule, "table.long-cell");
    let (_, rows) = read_whole("a.xlsx", &bytes).expect("read");
    let places: Vec<bool> = rows.iter().map(|(_, feature)| feature.geometry.is_some()).collect();
    assert_eq!(places, [false, true]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_bytes_do_harm(part in 0..3_usize, at in any::<prop::sample::Index>(), bytes in proptest::collection::vec(any::<u8>(), 0..8), len in any::<prop::sample::Index>()) {
        let fields = vec![Field::text("a", "甲", "A"), Field::int("n", "数", "N")];
        let feature = Feature { id: 1, geometry: Some(Geometry::point(1.0, 2.0)), values: vec![Value::from("字"), Value::Int(5)] };
        let (plain, _) = written(GeometryKind::Point, fields, &[feature]);
        let name = ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"][part];
        let inside = changed(&plain, name, |text| {
            let place = (0..=at.index(text.len())).rev().find(|&place| text.is_char_boundary(place)).unwrap_or(0);
            format!("{}{}{}", &text[..place], String::from_utf8_lossy(&bytes), &text[place..])
        });
        let _ = read_whole("a.xlsx", &inside);
        let mut outside = plain.clone();
        let place = at.index(outside.len());
        outside.splice(place..(place + bytes.len()).min(plain.len()), bytes);
        let _ = read_whole("a.xlsx", &outside);
        let _ = read_whole("a.xlsx", &plain[..len.index(plain.len())]);
    }
}

/// What becomes of a file: how it is understood, columns, features, problems.
#[track_caller]
fn check(name: &str, bytes: &[u8], expected: Expect) {
    let (seen, rows) = read_whole(name, bytes).expect("readable");
    let mut said = format!("{} {:?}\n", seen.crs, seen.crs_origin);
    for text in &seen.understood {
        let _ = writeln!(said, "* {}", text.en);
    }
    for layer in &seen.layers {
        let fields: Vec<String> =
            layer.fields.iter().map(|field| format!("{}: {:?}", field.name.zh, field.field_type)).collect();
        let kind = layer.geometry.map_or("rows", GeometryKind::geojson_name);
        let _ = writeln!(said, "{} {:?} {} {kind}: {}", layer.name, layer.crs, layer.features, fields.join(", "));
    }
    for (number, feature) in rows {
        let values: Vec<String> = feature.values.iter().map(ToString::to_string).collect();
        let place = feature.geometry.map_or("nowhere".to_owned(), |geometry| format!("{:?}", geometry.bounds().min));
        let _ = writeln!(said, "{number} {place}: {}", values.join("|"));
    }
    for problem in &seen.problems.listed {
        let _ = writeln!(said, "{} {:?} {:?} {}", problem.rule, problem.layer, problem.feature, problem.what.en);
    }
    expected.assert_eq(&said);
}

pub(super) type Rows = Vec<(i64, Feature)>;

pub(super) fn read_whole(name: &str, bytes: &[u8]) -> Result<(Survey, Rows), ReadError> {
    let (_folder, path) = file(name, bytes);
    let seen = formats::survey(&path, &ReadOptions::default(), &mut Task::silent())?;
    let mut found = Vec::new();
    let mut sink = |_, number, feature| {
        found.push((number, feature));
        ControlFlow::Continue(())
    };
    formats::read(&path, &seen, &mut Task::silent(), &mut sink)?;
    assert_eq!(found.len() as u64, seen.layers.iter().map(|layer| layer.features).sum::<u64>());
    Ok((seen, found))
}

fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    (folder, path)
}

fn written(kind: GeometryKind, fields: Vec<Field>, features: &[Feature]) -> (Vec<u8>, Written) {
    let schema = Schema {
        table: "t".to_owned(),
        name: Text::new("检查井", "Manholes"),
        kind: "plain".to_owned(),
        geometry: Some(kind),
        crs: Crs::WGS84,
        z_order: 0,
        fields,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.xlsx");
    let note = Some(Text::new("虚构数据", "Invented data"));
    let options = WriteOptions { note, lang: Lang::En, ..WriteOptions::default() };
    let done: Result<Written, WriteError> =
        formats::write_file(&path, false, &schema, &options, |writer| writer.write_many(features));
    (std::fs::read(&path).expect("readable"), done.expect("written"))
}

/// The archive with one part changed.
fn changed(bytes: &[u8], name: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut old = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
    let mut new = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for index in 0..old.len() {
        let mut part = old.by_index(index).expect("a part");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut part, &mut text).expect("text");
        let found = part.name().expect("a name").into_owned();
        let text = if found == name { change(text) } else { text };
        new.start_file(found, zip::write::SimpleFileOptions::default()).expect("begun");
        new.write_all(text.as_bytes()).expect("written");
    }
    new.finish().expect("ended").into_inner()
}

/// A spreadsheet of OpenDocument with one sheet of these rows.
fn ods(rows: &str) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    out.start_file("mimetype", stored).expect("begun");
    out.write_all(b"application/vnd.oasis.opendocument.spreadsheet").expect("written");
    out.start_file("content.xml", zip::write::SimpleFileOptions::default()).expect("begun");
    let content = format!(
        "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body><office:spreadsheet><table:table table:name=\"Sheet1\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    out.write_all(content.as_bytes()).expect("written");
    out.finish().expect("ended").into_inner()
}
