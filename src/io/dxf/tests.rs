//! What comes in from drawings, good and bad, and what goes out to them.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::super::format::{WriteOptions, read, survey, write_file};
use super::*;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Schema;
use crate::text::Lang;

/// A drawing: header variables and entities, each a row of `code=value`.
fn drawing(header: &str, entities: &[&str]) -> Vec<u8> {
    let all = format!(
        "0=SECTION|2=HEADER|{header}|0=ENDSEC|0=SECTION|2=TABLES|0=TABLE|2=LAYER|0=LAYER|2=管线|62=3|0=ENDTAB|0=ENDSEC|\
         0=SECTION|2=BLOCKS|0=BLOCK|2=B|0=LINE|10=0|20=0|11=1|21=1|0=ENDBLK|0=ENDSEC|0=SECTION|2=ENTITIES|{}|0=ENDSEC|0=EOF",
        entities.join("|")
    );
    let pairs = all.split('|').filter_map(|pair| pair.split_once('='));
    pairs.map(|(code, value)| format!("{code:>3}\r\n{value}\r\n")).collect::<String>().into_bytes()
}

const NEW: &str = "9=$ACADVER|1=AC1027";

#[test]
fn lines_areas_points_and_blocks_come_in_with_layer_and_text() {
    check(
        &drawing(
            NEW,
            &[
                "0=LINE|5=A1|8=管线|10=116.0|20=29.0|30=0|11=116.1|21=29.0|31=0",
                "0=LWPOLYLINE|8=0|62=1|90=3|70=1|38=12.5|10=116|20=29|10=116.1|20=29|10=116.1|20=29.1",
                "0=POLYLINE|8=0|66=1|70=8|0=VERTEX|10=116|20=29|30=1|0=VERTEX|10=116|20=29.1|30=2|0=SEQEND",
                "0=INSERT|8=管线|66=1|2=检查井|10=116.05|20=29.05|50=30|0=ATTRIB|2=井号|1=007|0=ATTRIB|2=深度|1=2.5|0=SEQEND",
                "0=MTEXT|8=0|10=116.05|20=29.05|40=0.5|3={\\fSimSun;雨水|1=井}\\P12",
                "0=WIPEOUT|8=0",
                "0=LINE|8=0|67=1|10=0|20=0|11=1|21=1",
            ],
        ),
        expect![[r"
            a_points Point layer, entity, color, text, block, text_height, rotation, 井号, 深度
              POINT(116.05 29.05) 管线|INSERT|3||检查井||30|007|2.5
              POINT(116.05 29.05) 0|MTEXT||雨水井
            12||0.5|||
            a_lines LineString layer, entity, color, handle
              LINESTRING(116.0 29.0,116.1 29.0) 管线|LINE|3|A1
              LINESTRING(116.0 29.0,116.0 29.1) 0|POLYLINE||
            a_polygons Polygon layer, entity, color, elevation
              POLYGON((116.0 29.0,116.1 29.0,116.1 29.1,116.0 29.0)) 0|LWPOLYLINE|1|12.5
            text is read as UTF-8: the file's version AC1027 says so, and the bytes agree
            the file names no unit: read as metres
            closed polylines, circles and hatches are areas, others lines; arcs become short straight pieces, at most 1 cm off
            the numbers are longitudes and latitudes of China: read as WGS 84 degrees
        "]],
    );
}

#[test]
fn what_is_left_out_is_a_problem_that_the_import_tells_of() {
    let entities = ["0=LINE|10=116|20=29|11=116.1|21=29", "0=WIPEOUT|8=0", "0=LINE|67=1|10=0|20=0|11=1|21=1"];
    let (survey, _) = surveyed(&drawing(NEW, &entities)).unwrap();
    let told: Vec<(&str, &str)> = survey.problems.listed.iter().map(|it| (it.rule, it.what.en.as_ref())).collect();
    assert_eq!(told, [("dxf.left-out", "2 things are left out: PAPER SPACE 1, WIPEOUT 1")]);
}

#[test]
fn the_boundaries_of_a_hatch_are_areas_with_holes() {
    // A square as a polyline with a round hole of two arcs, and beside it a half disc of a line and an arc.
    let hatch = "0=HATCH|8=绿地|10=0|20=0|30=0|210=0|220=0|230=1|2=SOLID|70=1|71=0|91=3|\
                 92=7|72=0|73=1|93=4|10=500000|20=3300000|10=500100|20=3300000|10=500100|20=3300100|10=500000|20=3300100|97=0|\
                 92=16|93=2|72=2|10=500050|20=3300050|40=20|50=0|51=180|73=1|72=2|10=500050|20=3300050|40=20|50=180|51=360|73=1|97=0|\
                 92=1|93=2|72=1|10=500200|20=3300000|11=500240|21=3300000|72=2|10=500220|20=3300000|40=20|50=180|51=360|73=0|97=0|\
                 75=0|76=1|98=1|10=500001|20=3300001";
    let (survey, rows) = surveyed(&drawing("9=$INSUNITS|70=6", &[hatch])).unwrap();
    assert_eq!((survey.layers.len(), rows.len()), (1, 1));
    let geo_types::Geometry::MultiPolygon(areas) = rows[0].geometry.as_ref().unwrap().to_geo() else {
        panic!("no areas")
    };
    let [square, disc] = areas.0.as_slice() else { panic!("{areas:?}") };
    let area = |ring: &geo_types::LineString| {
        let doubled: f64 = ring.lines().map(|side| side.start.x * side.end.y - side.end.x * side.start.y).sum();
        doubled.abs() / 2.0
    };
    let circle = std::f64::consts::PI * 400.0;
    let found = [area(square.exterior()), area(&square.interiors()[0]), area(disc.exterior())];
    for (found, expected) in found.into_iter().zip([10_000.0, circle, circle / 2.0]) {
        assert!((found - expected).abs() < expected * 0.005, "{found} is not {expected}");
    }
    // Clockwise arcs count their angles clockwise: the half disc lies above its line.
    assert!(disc.exterior().points().all(|at| at.y() > 3_299_999.999), "{disc:?}");
}

#[test]
fn arcs_and_curves_stay_within_a_centimetre() {
    // A half circle by a bulge, a full circle, an ellipse mirrored by its extrusion, a quarter circle as a rational spline.
    let all = [
        "0=LWPOLYLINE|90=2|70=0|10=500000|20=3300000|42=1|10=500100|20=3300000",
        "0=CIRCLE|10=500050|20=3300000|40=50",
        "0=CIRCLE|10=-500050|20=3300000|40=50|210=0|220=0|230=-1",
        "0=ELLIPSE|10=500050|20=3300000|11=0|21=50|40=1|41=0|42=3.14159265",
        "0=SPLINE|70=4|71=2|72=6|73=3|40=0|40=0|40=0|40=1|40=1|40=1|41=1|41=0.70710678118|41=1|10=500100|20=3300000|10=500100|20=3300050|10=500050|20=3300050",
    ];
    let rows = surveyed(&drawing("9=$INSUNITS|70=6", &all)).unwrap().1;
    assert_eq!(rows.len(), 5);
    for row in rows {
        let mut farthest = 0.0_f64;
        let count = row.geometry.as_ref().unwrap().coord_count();
        let geo = row.geometry.unwrap().to_geo();
        let path: Vec<geo_types::Coord> = match geo {
            geo_types::Geometry::LineString(line) => line.0,
            geo_types::Geometry::Polygon(polygon) => polygon.exterior().0.clone(),
            other => panic!("{other:?}"),
        };
        for pair in path.windows(2) {
            let middle = [f64::midpoint(pair[0].x, pair[1].x), f64::midpoint(pair[0].y, pair[1].y)];
            let radius = (middle[0] - 500_050.0).hypot(middle[1] - 3_300_000.0);
            farthest = farthest.max((radius - 50.0).abs());
        }
        assert!(farthest <= 0.0105 && count >= 12, "{farthest} with {count} positions");
    }
}

#[test]
fn millimetres_are_converted_unless_the_numbers_are_national() {
    let line = |x: f64, y: f64| format!("0=LINE|10={x}|20={y}|11={}|21={y}", x + 1000.0);
    let first = |x: f64, y: f64| {
        let (survey, _) = surveyed(&drawing("9=$INSUNITS|70=4", &[&line(x, y)])).unwrap();
        (survey.layers[0].bounds, survey.crs)
    };
    assert_eq!(first(2000.0, 0.0), (Bounds::new(2.0, 0.0, 3.0, 0.0), Crs::Unknown));
    let zone = (Bounds::new(39_401_000.0, 3_284_000.0, 39_402_000.0, 3_284_000.0), Crs::Epsg(4527));
    assert_eq!(first(39_401_000.0, 3_284_000.0), zone);
}

#[test]
fn chinese_comes_out_of_an_old_drawing_in_gbk() {
    let text = |words: &str| format!("0=TEXT|8=管线|10=116|20=29|1={words}");
    let utf8 =
        drawing("9=$ACADVER|1=AC1015|9=$DWGCODEPAGE|3=ANSI_936", &[&text("雨水检查井"), &text("%%c300\\U+6C61")]);
    let (bytes, ..) = Encoding::GB18030.codec().encode(std::str::from_utf8(&utf8).unwrap());
    let (survey, rows) = surveyed(&bytes).unwrap();
    assert_eq!(survey.encoding, Some(Encoding::GB18030));
    let place = survey.layers[0].fields.iter().position(|field| field.id == "text").unwrap();
    let words: Vec<String> = rows.iter().map(|row| row.values[place].to_string()).collect();
    assert_eq!(words, ["雨水检查井", "⌀300污"]);
}

#[test]
fn what_is_no_drawing_is_refused_in_words() {
    check_refused(
        b"AutoCAD Binary DXF\r\n\x1a\0\0\0",
        expect![
            "Nothing in the file can be used: this is a binary DXF: save it as text (ASCII) DXF in the CAD program"
        ],
    );
    check_refused(
        b"0\nSECTION\n2\nENTITIES\n0\nLINE\n10\n",
        expect!["The file ends in the middle, after 31 bytes: copy or download it again"],
    );
    check_refused(
        b"0\nSECTION\n2\nENTITIES\nLINE\n",
        expect!["The file is not well-formed: line 5 (byte 26): a group code, a whole number, should stand here"],
    );
    check_refused(
        &drawing(NEW, &["0=HATCH|8=0"]),
        expect!["Nothing in the file can be used: there is nothing in the model space that can be read"],
    );
}

#[test]
fn a_spline_that_claims_two_million_points_is_read_for_what_it_has() {
    let claims = "0=SPLINE|70=0|71=3|72=2000000|73=2000000|10=116|20=29|10=116.1|20=29|0=LWPOLYLINE|90=2000000|10=116|20=29|10=117|20=29";
    assert_eq!(surveyed(&drawing(NEW, &[claims])).unwrap().1.len(), 2);
}

#[test]
fn what_is_written_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.dxf");
    let schema = Schema {
        table: "排水管".to_owned(),
        name: Text::same("排水管"),
        kind: "plain".to_owned(),
        geometry: Some(GeometryKind::Collection),
        crs: Crs::Epsg(4527),
        z_order: 0,
        fields: vec![Field::text("code", "编号", "Code")],
    };
    let square = |x: f64| vec![(x, 3_284_000.0), (x + 9.0, 3_284_000.0), (x + 9.0, 3_284_009.0), (x, 3_284_000.0)];
    let with_hole = geo_types::Polygon::new(square(39_401_000.0).into(), vec![square(39_401_001.0).into()]);
    let mut space = crate::model::geometry::WkbWriter::new(true);
    space.head(GeometryKind::LineString, 2);
    space.position(39_401_000.0, 3_284_000.0, 1.0);
    space.position(39_401_001.0, 3_284_000.125, 2.0);
    let geometries = [
        Geometry::point(39_401_000.5, 3_284_000.0),
        Geometry::from_writer(space).unwrap(),
        Geometry::from_geo(&geo_types::Geometry::Polygon(with_hole)),
    ];
    let written = write_file(&path, false, &schema, &WriteOptions::default(), |writer| {
        geometries.iter().try_for_each(|geometry| {
            writer.write(&Feature { id: 1, geometry: Some(geometry.clone()), values: vec![Value::from("7")] })
        })
    });
    let rules: Vec<&str> = written.unwrap().problems.listed.iter().map(|problem| problem.rule).collect();
    assert_eq!(rules, ["dxf.crs", "dxf.attributes", "dxf.holes"]);
    let (survey, rows) = surveyed(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(survey.crs, Crs::Epsg(4527));
    let back: Vec<Geometry> = rows.into_iter().filter_map(|row| row.geometry).collect();
    assert_eq!(back[..2], geometries[..2]);
    assert_eq!(back.iter().filter(|geometry| geometry.kind() == GeometryKind::Polygon).count(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbled_drawings_are_read_or_refused(
        cut in 0.0..1.2_f64,
        changes in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 0..5),
        numbers in proptest::collection::vec(any::<f64>(), 8),
    ) {
        let [a, b, c, d, ..] = numbers[..] else { unreachable!() };
        let wild = format!("0=ARC|10={a}|20={b}|40={c}|50={d}|51=1|0=ELLIPSE|10=0|20=0|11={a}|21={b}|40={c}|41=0|42={d}");
        let spline = "0=SPLINE|70=1|71=2|40=0|40=0|40=0|40=1|40=1|40=1|10=1|20=1|10=2|20=2|10=3|20=1";
        let bulge = format!("0=LWPOLYLINE|70=1|10={a}|20={b}|42={c}|10={d}|20=0|0=TEXT|10=1|20=1|1=字|8=a");
        let mut bytes = drawing(NEW, &[&wild, spline, &bulge]);
        bytes.truncate((bytes.len() as f64 * cut) as usize);
        for (place, byte) in changes {
            let place = (bytes.len() as f64 * place) as usize;
            if let Some(old) = bytes.get_mut(place) {
                *old = byte;
            }
        }
        let _ = surveyed(&bytes);
    }
}

fn surveyed(bytes: &[u8]) -> Result<(Survey, Vec<Feature>), ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.dxf");
    std::fs::write(&path, bytes).unwrap();
    let found = survey(&path, &ReadOptions::default(), &mut Task::silent())?;
    let mut rows = Vec::new();
    read(&path, &found, &mut Task::silent(), &mut |layer, _, feature| {
        assert_eq!(feature.values.len(), found.layers[layer].fields.len());
        rows.push(feature);
        ControlFlow::Continue(())
    })?;
    assert_eq!(rows.len() as u64, found.layers.iter().map(|draft| draft.features).sum::<u64>());
    Ok((found, rows))
}

#[track_caller]
fn check(bytes: &[u8], expected: Expect) {
    let (survey, _) = surveyed(bytes).unwrap();
    let mut out = String::new();
    for draft in &survey.layers {
        let kind = draft.geometry.map_or("none", GeometryKind::geojson_name);
        let fields: Vec<&str> = draft.fields.iter().map(|field| field.id.as_ref()).collect();
        writeln!(out, "{} {kind} {}", draft.name, fields.join(", ")).unwrap();
        for row in &draft.sample {
            let values: Vec<String> = row.values.iter().map(ToString::to_string).collect();
            writeln!(out, "  {:?} {}", row.geometry.as_ref().unwrap(), values.join("|")).unwrap();
        }
    }
    survey.understood.iter().for_each(|said| writeln!(out, "{}", said.get(Lang::En)).unwrap());
    expected.assert_eq(&out);
}

#[track_caller]
fn check_refused(bytes: &[u8], expected: Expect) {
    let error = surveyed(bytes).map(|(survey, _)| survey.layers.len()).unwrap_err();
    expected.assert_eq(error.headline().get(Lang::En));
}
