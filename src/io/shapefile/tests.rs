//! Shapefiles as people have them: written by this program, broken, packed, in other encodings.

use std::fs;
use std::path::PathBuf;

use expect_test::expect;
use proptest::prelude::*;

use super::super::format::{WriteOptions, read, survey, write_file};
use super::shape::{ShapeFault, shape};
use super::*;
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind, WkbWriter};
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("九江 管道.shp");
    let written = written(&path, &pipes(), &[pipe(1), blank(2), pipe(3)]);
    assert_eq!((written.features, written.problems.count()), (3, 0), "{:?}", written.problems);
    let files = ["cpg", "dbf", "prj", "shp", "shx"];
    let bytes = files.map(|ending| fs::metadata(path.with_extension(ending)).expect("a file").len());
    assert_eq!(written.bytes, bytes.iter().sum::<u64>());
    expect![[r"
        九江 管道 LineString z 3 in EPSG:4548 Declared, UTF-8
        name Text, sort Text, diameter Int, length_m Real, built Date, active Bool
        1 LINESTRING Z (401296.5 3288402.25 12.5, 401300 3288410 11) 环城路; storm; 600; 8.718; 2026-11-22; true
        2 - null; null; null; null; null; null
        3 LINESTRING Z (401296.5 3288402.25 12.5, 401300 3288410 11) 环城路; storm; 600; 8.718; 2026-11-22; true
    "]]
    .assert_eq(&said(&path, &ReadOptions::default()));
}

#[test]
fn what_the_format_cannot_hold_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.shp");
    let theirs = |id: &'static str, name: &'static str| Field { name: Text::same(name), ..Field::text(id, "", "") };
    let schema = Schema {
        fields: vec![theirs("a", "管径类别说明"), theirs("b", "管径类另外"), Field::new("c", FieldType::Blob, "", "")],
        ..pipes()
    };
    let long = "雨".repeat(100);
    let row =
        |geometry| Feature { id: 7, geometry, values: vec![Value::from(long.as_str()), Value::Null, Value::Null] };
    let line = Geometry::line(&[[0.0, 0.0], [1.0, 1.0]]);
    let written = written(&path, &schema, &[row(Some(line)), row(Some(Geometry::point(1.0, 2.0)))]);
    let told: Vec<&str> = written.problems.listed.iter().map(|problem| problem.what.en.as_ref()).collect();
    expect![[r"
        names have at most 10 bytes: “管径类别说明” is written as “管径类”
        names have at most 10 bytes: “管径类另外” is written as “管径_1”
        a .dbf file cannot hold “c”: left out
        a .dbf file cannot hold all of “管径类别说明”: cut, or left empty
        a .dbf file cannot hold all of “管径类别说明”: cut, or left empty
        a shapefile holds one kind of geometry: 1 features of other kinds were left out"]]
    .assert_eq(&told.join("\n"));
    let rows = rows(&path, &ReadOptions::default());
    assert_eq!(rows[0].2.values[0], Value::from("雨".repeat(84)), "cut at the end of a character");
}

#[test]
fn a_table_alone_is_a_layer_without_places() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("表.dbf");
    let schema = Schema { geometry: None, ..pipes() };
    written(&path, &schema, &[Feature { geometry: None, ..pipe(1) }]);
    expect![[r"
        表 - 1 in EPSG:4326 Format, UTF-8
        name Text, sort Text, diameter Int, length_m Real, built Date, active Bool
        1 - 环城路; storm; 600; 8.718; 2026-11-22; true
    "]]
    .assert_eq(&said(&path, &ReadOptions::default()));
}

#[test]
fn rings_become_polygons_in_whatever_order_they_stand() {
    let outer = [[0.0, 0.0], [0.0, 9.0], [9.0, 9.0], [9.0, 0.0], [0.0, 0.0]];
    let hole = [[1.0, 1.0], [4.0, 1.0], [4.0, 4.0], [1.0, 4.0], [1.0, 1.0]];
    let island = [[2.0, 2.0], [2.0, 3.0], [3.0, 3.0], [3.0, 2.0], [2.0, 2.0]];
    let far = outer.map(|[x, y]| [x + 20.0, y]);
    let turned = |ring: [[f64; 2]; 5]| -> [[f64; 2]; 5] { std::array::from_fn(|at| ring[4 - at]) };
    check_rings(&[outer], "1 ring", &[]);
    check_rings(&[turned(outer)], "1 ring", &[]);
    check_rings(&[hole, outer], "2 rings", &[]);
    check_rings(&[hole, far, outer, island], "1 ring | 2 rings | 1 ring", &[]);
    check_rings(&[outer, turned(hole)], "2 rings", &[ShapeFault::RingsAlike]);
    check_rings(&[outer, turned(hole), island], "2 rings | 1 ring", &[ShapeFault::RingsAlike]);
    check_rings(&[outer, far], "1 ring | 1 ring", &[]);
    check_rings(&[far, hole], "1 ring | 1 ring", &[ShapeFault::HoleAlone]);
    // A hole that touches its outer ring, as a courtyard with a gate does.
    let touching = [[0.0, 4.0], [3.0, 3.0], [3.0, 5.0], [0.0, 4.0], [0.0, 4.0]];
    check_rings(&[outer, touching], "2 rings", &[]);
}

#[test]
fn every_type_of_column_is_read() {
    let columns = [("N", b'N', 6, 0), ("F", b'F', 8, 2), ("L", b'L', 1, 0), ("D", b'D', 8, 0), ("LONG", b'N', 20, 0)];
    let cells: [&[&[u8]]; 4] = [
        &[b"   -12", b"  1,5e3 ", b"y", b"20261122", b"36040300000000000001"],
        &[b"******", b"     nan", b"?", b"00000000", b"                   7"],
        &[b"      ", b"        ", b" ", b"        ", b""],
        &[b"12x   ", b"     1.5", b"F", b"20261322", b""],
    ];
    let (_folder, path) = table(&columns, &cells, 0x57, None);
    expect![[r"
        a - 4 in EPSG:4326 Format, UTF-8
        N Int, F Real, L Bool, D Date, LONG Text
        1 - -12; 1500.0; true; 2026-11-22; 36040300000000000001
        2 - null; null; null; null; 7
        3 - null; null; null; null; null
        4 - null; 1.5; false; null; null
        shapefile.bad-number 4
        shapefile.bad-date 4
    "]]
    .assert_eq(&said(&path, &ReadOptions::default()));
}

#[test]
fn chinese_text_is_read_whatever_the_file_claims() {
    let words = ["浔阳区环城路", "濂溪区", "雨水管道"];
    let gbk: Vec<Vec<u8>> = words.iter().map(|word| encoding_rs::GBK.encode(word).0.to_vec()).collect();
    let utf8: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    for (cells, language, cpg) in [
        (&gbk, 0x4d, None),
        (&gbk, 0x57, None),
        (&gbk, 0x57, Some("GBK")),
        (&gbk, 0x57, Some("UTF-8")),
        (&gbk, 0x03, None),
        (&utf8, 0x4d, None),
        (&utf8, 0, Some("utf-8")),
        (&utf8, 0, None),
    ] {
        let cells: Vec<[&[u8]; 1]> = cells.iter().map(|cell| [cell.as_slice()]).collect();
        let cells: Vec<&[&[u8]]> = cells.iter().map(<[_; 1]>::as_slice).collect();
        let (_folder, path) = table(&[("NAME", b'C', 20, 0)], &cells, language, cpg);
        let found = rows(&path, &ReadOptions::default());
        let found: Vec<_> = found.iter().map(|row| row.2.values[0].as_str().unwrap_or_default()).collect();
        assert_eq!(found, words, "{language:x} {cpg:?}");
    }
}

#[test]
fn characters_that_the_width_has_cut_are_no_fault_and_others_are() {
    let cut = &"九江市雨水".as_bytes()[..10];
    let cells: [&[&[u8]]; 3] = [&[cut], &["管道".as_bytes()], &[b"\xe7\xae a   "]];
    let (_folder, path) = table(&[("NAME", b'C', 10, 0)], &cells, 0, Some("UTF-8"));
    expect![[r"
        a - 3 in EPSG:4326 Format, UTF-8
        NAME Text
        1 - 九江市
        2 - 管道
        3 - � a
        shapefile.bad-text 3
    "]]
    .assert_eq(&said(&path, &ReadOptions { encoding: Some(Encoding::UTF_8), ..ReadOptions::default() }));
}

#[test]
fn a_column_in_another_encoding_is_read_as_its_own() {
    let gbk = encoding_rs::GBK.encode("浔阳区").0.to_vec();
    let cells: Vec<&[u8]> = vec!["环城路的雨水管道".as_bytes(), "污水检查井".as_bytes(), &gbk];
    let (_folder, path) =
        table(&[("A", b'C', 24, 0), ("B", b'C', 24, 0), ("C", b'C', 12, 0)], &[&cells], 0, Some("UTF-8"));
    let row = rows(&path, &ReadOptions::default()).remove(0).2;
    assert_eq!(row.values[2], Value::from("浔阳区"));
    let seen = seen(&path, &ReadOptions::default());
    assert!(seen.understood.iter().any(|text| text.en.contains("“C” is in another encoding")), "{:?}", seen.understood);
}

#[test]
fn an_index_that_is_missing_or_wrong_is_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.shp");
    written(&path, &pipes(), &[pipe(1), pipe(2), pipe(3)]);
    let whole = said(&path, &ReadOptions::default());
    let index = path.with_extension("shx");
    let mut bytes = fs::read(&index).expect("readable");
    bytes[104] ^= 0x10;
    fs::write(&index, &bytes).expect("written");
    assert_eq!(said(&path, &ReadOptions::default()), format!("{whole}shapefile.wrong-index\n"));
    fs::remove_file(&index).expect("removed");
    assert_eq!(said(&path, &ReadOptions::default()), whole);
}

#[test]
fn deleted_rows_are_left_out_and_missing_ones_are_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.shp");
    written(&path, &pipes(), &[pipe(1), pipe(2), pipe(3)]);
    let table = path.with_extension("dbf");
    let mut bytes = fs::read(&table).expect("readable");
    let (start, row_len) = (usize::from(bytes[8]), usize::from(bytes[10]));
    bytes[start] = b'*';
    bytes.truncate(start + 2 * row_len);
    fs::write(&table, &bytes).expect("written");
    let rows = rows(&path, &ReadOptions::default());
    assert_eq!(rows.iter().map(|row| row.1).collect::<Vec<_>>(), [2, 3]);
    let seen = seen(&path, &ReadOptions::default());
    let told: Vec<&str> = seen.problems.listed.iter().map(|problem| problem.rule).collect();
    assert_eq!(told, ["shapefile.cut", "shapefile.counts-differ", "shapefile.no-row"]);
    assert!(seen.understood.iter().any(|text| text.en == "1 rows are marked as deleted and left out"));
}

#[test]
fn without_a_description_the_crs_is_guessed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.shp");
    let options = WriteOptions { crs: Some(Crs::Epsg(4527)), ..WriteOptions::default() };
    let fill = |writer: &mut dyn super::super::format::Writer| writer.write(&pipe(1));
    write_file(&path, false, &pipes(), &options, fill).expect("written");
    assert_eq!(seen(&path, &ReadOptions::default()).crs, Crs::Epsg(4527));
    fs::remove_file(path.with_extension("prj")).expect("removed");
    let guessed = seen(&path, &ReadOptions::default());
    assert_eq!((guessed.crs, guessed.crs_origin), (Crs::Epsg(4527), CrsOrigin::Guessed));
    assert_eq!(guessed.problems.listed[0].rule, "shapefile.no-prj");
    let asked = seen(&path, &ReadOptions { crs: Some(Crs::Epsg(2363)), ..ReadOptions::default() });
    assert_eq!((asked.crs, asked.crs_origin), (Crs::Epsg(2363), CrsOrigin::Asked));
}

#[test]
fn several_shapefiles_come_out_of_an_archive_in_gbk() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.shp");
    written(&path, &pipes(), &[pipe(1)]);
    let packed = folder.path().join("数据.zip");
    let entries = ["九江市/雨水管道", "九江市/污水管道"].into_iter().flat_map(|stem| {
        ["shp", "SHX", "dbf", "prj"].map(|ending| {
            let bytes = fs::read(path.with_extension(ending.to_lowercase())).expect("readable");
            (encoding_rs::GBK.encode(&format!("{stem}.{ending}")).0.to_vec(), bytes)
        })
    });
    fs::write(&packed, zipped(entries)).expect("written");
    let seen = seen(&packed, &ReadOptions::default());
    let names: Vec<&str> = seen.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!((names, seen.problems.count()), (vec!["雨水管道", "污水管道"], 0));
    let one = ReadOptions { only: vec!["污水管道".to_owned()], ..ReadOptions::default() };
    assert_eq!(rows(&packed, &one).len(), 1);
    let rows = rows(&packed, &ReadOptions::default());
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn files_are_found_whatever_the_case_of_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("管道.shp");
    written(&path, &pipes(), &[pipe(1)]);
    let whole = said(&path, &ReadOptions::default());
    for ending in ["dbf", "shx", "prj", "cpg"] {
        fs::rename(path.with_extension(ending), path.with_extension(ending.to_uppercase())).expect("renamed");
    }
    assert_eq!(said(&path, &ReadOptions::default()), whole);
    assert_eq!(said(&path.with_extension("DBF"), &ReadOptions::default()), whole);
}

#[test]
fn promises_of_two_million_features_are_not_believed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.shp");
    written(&path, &pipes(), &[pipe(1)]);
    let mut table = fs::read(path.with_extension("dbf")).expect("readable");
    table[4..8].copy_from_slice(&2_000_000_u32.to_le_bytes());
    fs::write(path.with_extension("dbf"), table).expect("written");
    let mut shapes = fs::read(&path).expect("readable");
    shapes[24..28].copy_from_slice(&0x7fff_ffff_u32.to_be_bytes());
    shapes[148..152].copy_from_slice(&2_000_000_u32.to_le_bytes()); // positions of the first line
    fs::write(&path, shapes).expect("written");
    expect![[r"
        a - 1 in EPSG:4326 Format, UTF-8
        name Text, sort Text, diameter Int, length_m Real, built Date, active Bool
        1 - 环城路; storm; 600; 8.718; 2026-11-22; true
        shapefile.cut
        shapefile.cut
        shapefile.bad-shape 1
    "]]
    .assert_eq(&said(&path, &ReadOptions::default()));
}

#[test]
fn a_file_cut_anywhere_is_refused_or_read_for_what_it_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.shp");
    written(&path, &pipes(), &[pipe(1), pipe(2)]);
    for ending in ["shp", "dbf", "shx"] {
        let file = path.with_extension(ending);
        let whole = fs::read(&file).expect("readable");
        for len in 0..whole.len() {
            fs::write(&file, &whole[..len]).expect("written");
            if let Ok(seen) = survey(&path, &ReadOptions::default(), &mut Task::silent()) {
                assert!(seen.layers.iter().map(|layer| layer.features).sum::<u64>() <= 2);
                assert!(seen.problems.count() > 0 || (ending == "dbf" && len + 1 == whole.len()), "{ending} {len}");
            }
        }
        fs::write(&file, &whole).expect("written");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_bytes_make_it_panic(
        ending in prop::sample::select(vec!["shp", "dbf", "shx", "prj", "cpg"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.shp");
        written(&path, &pipes(), &[pipe(1), blank(2), pipe(3)]);
        let file = path.with_extension(ending);
        let mut bytes = fs::read(&file).expect("readable");
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        fs::write(&file, bytes).expect("written");
        if let Ok(seen) = survey(&path, &ReadOptions::default(), &mut Task::silent()) {
            let mut count = 0;
            let mut sink = |layer: usize, _, feature: Feature| {
                assert!(seen.layers[layer].fields.len() == feature.values.len());
                count += 1;
                ControlFlow::Continue(())
            };
            read(&path, &seen, &mut Task::silent(), &mut sink).expect("readable");
            prop_assert_eq!(count, seen.layers.iter().map(|layer| layer.features).sum::<u64>());
        }
    }

    #[test]
    fn no_record_makes_it_panic(kind in 0..32_i32, bytes in prop::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 0..300)) {
        let content = [&kind.to_le_bytes()[..], &bytes].concat();
        let mut faults = Vec::new();
        let made = shape(&content, &mut faults);
        prop_assert!(made.is_err() || kind != 31);
    }
}

/// The rings of each polygon that a record of these rings becomes.
#[track_caller]
fn check_rings(rings: &[[[f64; 2]; 5]], expected: &str, expected_faults: &[ShapeFault]) {
    let mut content = 5_i32.to_le_bytes().to_vec();
    content.extend([0; 32]);
    content.extend((rings.len() as u32).to_le_bytes());
    content.extend((rings.len() as u32 * 5).to_le_bytes());
    (0..rings.len() as u32).for_each(|ring| content.extend((ring * 5).to_le_bytes()));
    rings.iter().flatten().flatten().for_each(|number| content.extend(number.to_le_bytes()));
    let mut faults = Vec::new();
    let made = shape(&content, &mut faults).expect("a shape").expect("a geometry");
    let polygons = match made.to_geo() {
        geo_types::Geometry::Polygon(polygon) => vec![polygon],
        geo_types::Geometry::MultiPolygon(polygons) => polygons.0,
        other => panic!("{other:?}"),
    };
    let counts = polygons.iter().map(|polygon| match polygon.interiors().len() + 1 {
        1 => "1 ring".to_owned(),
        many => format!("{many} rings"),
    });
    assert_eq!((counts.collect::<Vec<_>>().join(" | ").as_str(), faults.as_slice()), (expected, expected_faults));
}

fn pipes() -> Schema {
    let plain = |field: Field| Field { name: Text::same(field.id.to_string()), ..field };
    let fields = [
        Field::text("name", "", ""),
        Field::coded("sort", "类别", "Sort", &[("storm", "雨水", "Storm")]),
        Field::int("diameter", "", ""),
        Field::real("length_m", "", "", "m"),
        Field::date("built", "", ""),
        Field::bool("active", "", ""),
    ];
    Schema {
        table: "pipe".to_owned(),
        name: Text::new("管道", "Pipes"),
        kind: "plain".to_owned(),
        geometry: Some(GeometryKind::LineString),
        crs: Crs::Epsg(4548),
        z_order: 0,
        fields: fields.map(plain).to_vec(),
    }
}

fn pipe(id: i64) -> Feature {
    let mut out = WkbWriter::new(true);
    out.head(GeometryKind::LineString, 2);
    out.position(401_296.5, 3_288_402.25, 12.5);
    out.position(401_300.0, 3_288_410.0, 11.0);
    let values = vec![
        Value::from("环城路"),
        Value::from("storm"),
        Value::Int(600),
        Value::Real(8.718),
        Value::from("2026-11-22"),
        Value::Int(1), // as the city file keeps it
    ];
    Feature { id, geometry: Geometry::from_writer(out).ok(), values }
}

fn blank(id: i64) -> Feature {
    Feature { id, geometry: None, values: vec![Value::Null; 6] }
}

#[track_caller]
fn written(path: &Path, schema: &Schema, features: &[Feature]) -> super::super::format::Written {
    let (first, rest) = features.split_at(1);
    write_file(path, false, schema, &WriteOptions::default(), |writer| {
        writer.write(&first[0])?;
        writer.write_many(rest)
    })
    .expect("written")
}

#[track_caller]
fn seen(path: &Path, options: &ReadOptions) -> Survey {
    survey(path, options, &mut Task::silent()).expect("readable")
}

#[track_caller]
fn rows(path: &Path, options: &ReadOptions) -> Vec<(usize, i64, Feature)> {
    let mut rows = Vec::new();
    let mut sink = |layer, number, feature| {
        rows.push((layer, number, feature));
        ControlFlow::Continue(())
    };
    read(path, &seen(path, options), &mut Task::silent(), &mut sink).expect("readable");
    rows
}

/// What is in a file: its layers and columns, its rows, its problems.
#[track_caller]
fn said(path: &Path, options: &ReadOptions) -> String {
    let seen = seen(path, options);
    let mut said = String::new();
    for layer in &seen.layers {
        let kind = layer.geometry.map_or("-", GeometryKind::geojson_name);
        let z = if layer.has_z { " z" } else { "" };
        let (crs, origin) = (seen.crs, seen.crs_origin);
        let encoding = seen.encoding.map(|encoding| encoding.to_string()).unwrap_or_default();
        said += &format!("{} {kind}{z} {} in {crs} {origin:?}, {encoding}\n", layer.name, layer.features);
        let fields = layer.fields.iter().map(|field| format!("{} {:?}", field.name.zh, field.field_type));
        said += &format!("{}\n", fields.collect::<Vec<_>>().join(", "));
    }
    for (_, number, feature) in rows(path, options) {
        let values = feature.values.iter().map(|value| match value {
            Value::Null => "null".to_owned(),
            Value::Real(number) => format!("{number:?}"),
            other => other.to_string(),
        });
        said += &format!("{number} {} {}\n", words(feature.geometry.as_ref()), values.collect::<Vec<_>>().join("; "));
    }
    for problem in &seen.problems.listed {
        let row = problem.feature.map_or_else(String::new, |row| format!(" {row}"));
        said += &format!("{}{row}\n", problem.rule);
    }
    said
}

fn words(geometry: Option<&Geometry>) -> String {
    struct Positions(Vec<String>);
    impl crate::model::geometry::Visitor for Positions {
        fn path(&mut self, coords: crate::model::geometry::Coords<'_>) {
            for index in 0..coords.len() {
                let [x, y] = coords.xy(index);
                let z = coords.z(index).map_or_else(String::new, |z| format!(" {z}"));
                self.0.push(format!("{x} {y}{z}"));
            }
        }
    }
    let Some(geometry) = geometry else { return "-".to_owned() };
    let mut found = Positions(Vec::new());
    geometry.walk(&mut found);
    let z = if geometry.has_z() { " Z" } else { "" };
    format!("{}{z} ({})", geometry.kind().geojson_name().to_uppercase(), found.0.join(", "))
}

/// A table of these columns (name, type, width, decimals) and cells, with a language byte and a `.cpg` file.
fn table(
    columns: &[(&str, u8, u8, u8)],
    rows: &[&[&[u8]]],
    language: u8,
    cpg: Option<&str>,
) -> (tempfile::TempDir, PathBuf) {
    let row_len = 1 + columns.iter().map(|column| u16::from(column.2)).sum::<u16>();
    let mut bytes = vec![3, 126, 11, 22];
    bytes.extend((rows.len() as u32).to_le_bytes());
    bytes.extend((33 + 32 * columns.len() as u16).to_le_bytes());
    bytes.extend(row_len.to_le_bytes());
    bytes.resize(32, 0);
    bytes[29] = language;
    for (name, letter, width, decimals) in columns {
        let mut head = [0; 32];
        head[..name.len()].copy_from_slice(name.as_bytes());
        (head[11], head[16], head[17]) = (*letter, *width, *decimals);
        bytes.extend(head);
    }
    bytes.push(0x0d);
    for row in rows {
        bytes.push(b' ');
        for (cell, column) in row.iter().zip(columns) {
            let mut cell = cell.to_vec();
            cell.resize(usize::from(column.2), b' ');
            bytes.extend(cell);
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.dbf");
    fs::write(&path, bytes).expect("written");
    if let Some(cpg) = cpg {
        fs::write(path.with_extension("cpg"), cpg).expect("written");
    }
    (folder, path)
}

/// A zip archive whose names are bytes, as Windows programs write them: stored, not packed.
fn zipped(entries: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Vec<u8> {
    let (mut out, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u16);
    for (name, bytes) in entries {
        let offset = out.len() as u32;
        let len = bytes.len() as u32;
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(crc32(&bytes).to_le_bytes());
        common.extend(len.to_le_bytes());
        common.extend(len.to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(&name);
        out.extend(&bytes);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(&name);
        count += 1;
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}
