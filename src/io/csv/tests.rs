//! Tables as people keep them, and what becomes of them.

use std::fmt::Write as _;
use std::path::PathBuf;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::geom::crs::Crs;
use crate::io::format::{self as formats, PlaceColumns, WriteOptions, Written};
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::text::encoding::Encoding;

#[test]
fn an_excel_table_of_manholes_is_read_as_it_was_meant() {
    check(
        "井.csv",
        "\u{feff}编号,井深,经度,纬度,安装日期,启用,备注\r\n0012,2.50,116.0123,29.7012,2024-01-05,是,\"铸铁,\n带锁\"\r\n0013,3.25,116.0125,29.7013,,否,\r\n\r\n0014,,,,,,\r\n"
            .as_bytes(),
        expect![[r"
            EPSG:4326 Guessed
            * text is read as UTF-8: the mark at its beginning says so, and the bytes agree
            * places are in “经度” (east) and “纬度” (north)
            * the numbers are longitudes and latitudes of China: read as WGS 84 degrees
            井 3 Point: 编号: Text, 井深: Real, 安装日期: Date, 启用: Bool, 备注: Text
            2 POINT (116.0123 29.7012): 0012|2.5|2024-01-05|true|铸铁,⏎带锁
            3 POINT (116.0125 29.7013): 0013|3.25||false|
            5 nowhere: 0014||||
            table.no-place None no coordinates in 1 of the rows: they come in without a place
        "]],
    );
}

#[test]
fn semicolons_decimal_commas_and_gbk_are_understood() {
    let (text, ..) = Encoding::GB18030.codec().encode(
        "名称;东坐标;北坐标;高程\n雨水井甲;39401296,43;3288402,35;12,5\n雨水井乙;39401300,10;3288410,75;13,25\n",
    );
    check(
        "点.csv",
        &text,
        expect![[r"
        EPSG:4527 Guessed
        * nothing says how text is encoded; by its bytes it is GB18030
        * semicolons stand between cells (4 columns)
        * places are in “东坐标” (east) and “北坐标” (north)
        * the eastings begin with zone 39: read as CGCS2000, 3-degree zone 39; choose another system if it is Xi'an 1980 or Beijing 1954
        * commas in “高程” are decimal points
        点 2 Point: 名称: Text, 高程: Real
        2 POINT (39401296.43 3288402.35): 雨水井甲|12.5
        3 POINT (39401300.1 3288410.75): 雨水井乙|13.25
        table.guessed-crs None the eastings begin with zone 39: read as CGCS2000, 3-degree zone 39; choose another system if it is Xi'an 1980 or Beijing 1954
    "]],
    );
}

#[test]
fn what_is_wrong_with_a_row_is_told_and_the_row_kept() {
    check(
        "a.csv",
        "grid,x,y,n\n3.60402E+16,116.0,29.7,1\n36040219900101002,0,0,2\nc,abc,29.7,3\nd,116.1,29.8\ne,116.1,29.8,4,5\nf,196.1,29.8,\"6\n"
            .as_bytes(),
        expect![[r#"
            EPSG:4326 Guessed
            * commas stand between cells (4 columns)
            * places are in “x” (east) and “y” (north)
            * the numbers are longitudes and latitudes of China: read as WGS 84 degrees
            a 6 Point: grid: Text, x: Text, y: Real, n: Text
            2 POINT (116 29.7): 3.60402E+16|116.0|29.7|1
            3 nowhere: 36040219900101002|0|0|2
            4 nowhere: c|abc|29.7|3
            5 POINT (116.1 29.8): d|116.1|29.8|
            6 POINT (116.1 29.8): e|116.1|29.8|4
            7 nowhere: f|196.1|29.8|"6
            table.rounded-code Some(2) “grid” is 3.60402E+16: a long code that a spreadsheet has rounded; its digits are lost, export the table anew
            table.bad-place Some(3) its coordinates are 0, 0: taken as no place
            table.bad-place Some(4) “abc” is no coordinate: the row has no place
            table.too-few-cells Some(5) it has only 3 cells for 4 columns
            table.too-many-cells Some(6) it has 5 cells for 4 columns: the rest is left out
            table.open-quote Some(7) a quote is never closed: it is taken as text
            table.bad-place Some(7) (196.1, 29.8) is no longitude and latitude: the row has no place; if it is projected, choose its coordinate system
        "#]],
    );
}

#[test]
fn shapes_may_be_words() {
    check(
        "线.csv",
        b"name\tthe_geom\nmain\tSRID=4490;LINESTRING(116 29.7, 116.1 29.8)\nnone\t\nbad\tLINESTRING(1)\n",
        expect![[r"
            EPSG:4490 Declared
            * tabs stand between cells (2 columns)
            * places are the well-known text in “the_geom”
            * its columns name the coordinate system: CGCS2000 longitude and latitude
            线 3 LineString: name: Text, the_geom: Text
            2 LINESTRING (116 29.7,116.1 29.8): main|SRID=4490;LINESTRING(116 29.7, 116.1 29.8)
            3 nowhere: none|
            4 nowhere: bad|LINESTRING(1)
            table.bad-place Some(4) its geometry cannot be read: a coordinate is missing
            table.no-place None no coordinates in 1 of the rows: they come in without a place
        "]],
    );
    check(
        "a.wkt",
        b"POINT(116 29.7)\nPOINT Z(116.1 29.8 5)\nPOLYGON((0 0,\n 1 0,\n 1 1,0 0))\n",
        expect![[r"
        UNKNOWN Guessed
        * the numbers (about 58, 15) are neither degrees nor a national grid, perhaps a local one: choose it
        a_points 2 Point: 
        a_polygons 1 Polygon: 
        1 POINT (116 29.7): 
        2 POINT Z (116.1 29.8 5): 
        3 POLYGON ((0 0,1 0,1 1,0 0)): 
        table.guessed-crs None the numbers (about 58, 15) are neither degrees nor a national grid, perhaps a local one: choose it
    "]],
    );
}

#[test]
fn every_way_of_writing_text_is_understood() {
    let utf16: Vec<u8> = "\u{feff}名称|数\n甲|1\n乙|2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(
        "a.csv",
        &utf16,
        expect![[r"
            EPSG:4326 Guessed
            * the mark at its beginning says UTF-16LE
            * vertical bars stand between cells (2 columns)
            a 2 rows: 名称: Text, 数: Int
            2 nowhere: 甲|1
            3 nowhere: 乙|2
        "]],
    );
    check(
        "a.csv",
        b"sep=;\r\na;b,c\r\n1;2\r\n",
        expect![[r"
        EPSG:4326 Guessed
        * the line sep=; says what stands between cells
        a 1 rows: a: Int, b,c: Int
        2 nowhere: 1|2
    "]],
    );
    check(
        "a.csv",
        "名称，长度\n甲，5\n乙，6\n".as_bytes(),
        expect![[r"
        EPSG:4326 Guessed
        * nothing says how text is encoded; by its bytes it is UTF-8
        * full-width commas stand between cells (2 columns)
        a 2 rows: 名称: Text, 长度: Int
        2 nowhere: 甲|5
        3 nowhere: 乙|6
    "]],
    );
    check(
        "a.txt",
        b"1,2\r3,4\r",
        expect![[r"
        EPSG:4326 Guessed
        * the first row is data already: columns are numbered
        a 2 rows: field_1: Int, field_2: Int
        1 nowhere: 1|2
        2 nowhere: 3|4
    "]],
    );
}

#[test]
fn the_person_who_asks_is_followed() {
    let folder = file("a.csv", b"a,b,lon,lat\n116,29.7,1,2\n");
    let read = |place, crs| {
        let options = ReadOptions { place: Some(place), crs, ..ReadOptions::default() };
        formats::survey(&folder.1, &options, &mut Task::silent())
    };
    let xy = read(PlaceColumns::Xy("a".to_owned(), "B".to_owned()), Some(Crs::Gcj02)).expect("read");
    let names: Vec<&str> = xy.layers[0].fields.iter().map(|field| field.name.en.as_ref()).collect();
    assert_eq!((names, xy.crs, xy.layers[0].bounds.min), (vec!["lon", "lat"], Crs::Gcj02, [116.0, 29.7]));
    assert_eq!(read(PlaceColumns::Nowhere, None).expect("read").layers[0].geometry, None);
    assert!(read(PlaceColumns::Wkt("z".to_owned()), None).is_err());
}

#[test]
fn rows_beyond_a_block_are_numbered_on() {
    let mut text = "id,lon,lat,words\n".to_owned();
    for row in 2..60_000 {
        let _ = writeln!(text, "{row},116.{row:06},29.7,\"a\nb \"\"{row}\"\"\"");
    }
    text.push_str("x,y,29,\n");
    let folder = file("a.csv", text.as_bytes());
    let seen = formats::survey(&folder.1, &ReadOptions::default(), &mut Task::silent()).expect("read");
    assert_eq!((seen.layers[0].features, seen.problems.listed[0].feature), (59_999, Some(60_000)));
    let features = features(&folder.1, &seen);
    assert_eq!(features.len(), 59_999);
    assert!(features[..59_998].iter().all(|(number, feature)| feature.values[0].to_string() == number.to_string()));
}

#[test]
fn what_goes_out_is_a_table_for_spreadsheets() {
    let fields = vec![Field::text("code", "", ""), Field::real("n", "", "", ""), Field::bool("b", "", "")];
    let value = |code: &str, n| vec![Value::from(code), Value::Real(n), Value::Bool(true)];
    let features = [
        Feature { id: 1, geometry: Some(Geometry::point(116.0, 29.7)), values: value("0012", 2.0) },
        Feature { id: 2, geometry: None, values: value("=a,\"b\"\n", 0.1) },
    ];
    let (text, told) = written("a.csv", GeometryKind::Point, fields.clone(), &features);
    assert_eq!(text, "\u{feff}lon,lat,code,n,b\r\n116,29.7,0012,2.0,true\r\n,,\"=a,\"\"b\"\"\n\",0.1,true\r\n");
    let rules: Vec<&str> = told.problems.listed.iter().map(|problem| problem.rule).collect();
    assert_eq!((told.features, rules), (2, vec!["table.formula", "table.code"]));

    let line = Feature { geometry: Some(Geometry::line(&[[0.0, 0.0], [1.0, 2.0]])), ..features[0].clone() };
    let (text, _) = written("a.tsv", GeometryKind::LineString, fields.clone(), std::slice::from_ref(&line));
    assert_eq!(text, "\u{feff}wkt\tcode\tn\tb\r\nLINESTRING (0 0,1 2)\t0012\t2.0\ttrue\r\n");
    assert_eq!(written("a.wkt", GeometryKind::LineString, fields, &[line]).0, "LINESTRING (0 0,1 2)\r\n");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn words_and_places_come_back(rows in proptest::collection::vec(("[a-z\",;\n\t=中文\u{1f600}]{1,8}", 800_000_000..1_300_000_000_i64, proptest::option::of(any::<i32>())), 1..30)) {
        let fields = vec![Field::text("words", "", ""), Field::int("n", "", "")];
        let features: Vec<Feature> = rows.iter().map(|(words, x, n)| {
            let geometry = Some(Geometry::point(*x as f64 / 1e7, 29.7));
            Feature { id: 0, geometry, values: vec![Value::from(format!("字{words}")), Value::from(n.map(i64::from))] }
        }).collect();
        for name in ["a.csv", "a.tsv"] {
            let (text, _) = written(name, GeometryKind::Point, fields.clone(), &features);
            let folder = file(name, text.as_bytes());
            let seen = formats::survey(&folder.1, &ReadOptions::default(), &mut Task::silent()).expect("read");
            prop_assert_eq!(seen.problems.count(), 0);
            let again = features_of(&folder.1, &seen);
            prop_assert_eq!(again.len(), features.len());
            for (again, feature) in again.iter().zip(&features) {
                prop_assert_eq!(&again.geometry, &feature.geometry);
                prop_assert_eq!(&again.values[0], &feature.values[0]);
                prop_assert_eq!(again.values[1].as_i64(), feature.values[1].as_i64());
            }
        }
    }

    #[test]
    fn no_bytes_do_harm(bytes in proptest::collection::vec(prop_oneof![4 => prop::sample::select(b"a1,;\"\n\r\t.|(".to_vec()), 1 => any::<u8>()], 0..200), name in prop::sample::select(vec!["a.csv", "a.tsv", "a.wkt"])) {
        let folder = file(name, &bytes);
        if let Ok(seen) = formats::survey(&folder.1, &ReadOptions::default(), &mut Task::silent()) {
            let expected: u64 = seen.layers.iter().map(|layer| layer.features).sum();
            prop_assert_eq!(features(&folder.1, &seen).len() as u64, expected);
        }
    }
}

#[test]
fn the_work_can_be_stopped() {
    let folder = file("a.csv", "a,b\n1,2\n".repeat(1000).as_bytes());
    let cancel = crate::task::Cancel::default();
    cancel.cancel();
    let stopped = formats::survey(&folder.1, &ReadOptions::default(), &mut Task::new(cancel, |_| {}));
    assert!(matches!(stopped, Err(ReadError::Cancelled(_))));
}

/// What becomes of a file: how it is understood, columns, features, problems.
#[track_caller]
fn check(name: &str, bytes: &[u8], expected: Expect) {
    let folder = file(name, bytes);
    let seen = formats::survey(&folder.1, &ReadOptions::default(), &mut Task::silent()).expect("readable");
    let mut said = format!("{} {:?}\n", seen.crs, seen.crs_origin);
    for text in &seen.understood {
        let _ = writeln!(said, "* {}", text.en);
    }
    for layer in &seen.layers {
        let fields: Vec<String> =
            layer.fields.iter().map(|field| format!("{}: {:?}", field.name.zh, field.field_type)).collect();
        let kind = layer.geometry.map_or("rows", GeometryKind::geojson_name);
        let _ = writeln!(said, "{} {} {kind}: {}", layer.name, layer.features, fields.join(", "));
    }
    for (number, feature) in features(&folder.1, &seen) {
        let values: Vec<String> = feature.values.iter().map(|value| value.to_string().replace('\n', "⏎")).collect();
        let place = feature.geometry.map_or("nowhere".to_owned(), |geometry| {
            let mut out = Vec::new();
            crate::io::wkt::put_wkt(&geometry, 7, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        });
        let _ = writeln!(said, "{number} {place}: {}", values.join("|"));
    }
    for problem in &seen.problems.listed {
        let _ = writeln!(said, "{} {:?} {}", problem.rule, problem.feature, problem.what.en);
    }
    expected.assert_eq(&said);
}

fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    (folder, path)
}

fn features(path: &Path, seen: &Survey) -> Vec<(i64, Feature)> {
    let mut found = Vec::new();
    let mut sink = |_, number, feature| {
        found.push((number, feature));
        ControlFlow::Continue(())
    };
    formats::read(path, seen, &mut Task::silent(), &mut sink).expect("readable");
    found
}

fn features_of(path: &Path, seen: &Survey) -> Vec<Feature> {
    features(path, seen).into_iter().map(|(_, feature)| feature).collect()
}

fn written(name: &str, kind: GeometryKind, fields: Vec<Field>, features: &[Feature]) -> (String, Written) {
    let schema = Schema {
        table: "t".to_owned(),
        name: Text::same("t"),
        kind: "plain".to_owned(),
        geometry: Some(kind),
        crs: Crs::WGS84,
        z_order: 0,
        fields,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    let done =
        formats::write_file(&path, false, &schema, &WriteOptions::default(), |writer| writer.write_many(features));
    (std::fs::read_to_string(&path).expect("readable"), done.expect("written"))
}

#[test]
fn what_is_no_table_is_refused_whatever_it_is_called() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        let error = format::survey(&path, &ReadOptions::default(), &mut Task::silent()).expect_err("no table");
        assert!(matches!(error, ReadError::NotRead { .. }), "{error}");
        error.headline().en.into_owned()
    };
    let tab = b"!table\r\n!version 300\r\n!charset WindowsSimpChinese\r\n\r\nDefinition Table\r\n";
    assert!(refused("roads.tab", tab).contains("MapInfo"));
    let noise: Vec<u8> = (0..4000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert!(refused("noise.csv", &noise).contains("no text"));
}

#[test]
fn coordinates_with_commas_between_thousands_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.csv");
    let words = "n,x,y,cost\n1,\"39,401,502.17\",\"3,288,402.25\",\"1,250.50\"\n2,\"39,401,612.00\",\"3,288,500.75\",\"12,000.00\"\n";
    std::fs::write(&path, words).expect("written");
    let survey = format::survey(&path, &ReadOptions::default(), &mut Task::silent()).expect("a table");
    assert_eq!(survey.layers[0].bounds.min, [39_401_502.17, 3_288_402.25]);
    assert_eq!(survey.layers[0].sample[1].values[1], crate::model::value::Value::Real(12_000.0));
    assert!(
        survey.understood.iter().any(|text| text.en.contains("stand between thousands")),
        "{:?}",
        survey.understood
    );
}
