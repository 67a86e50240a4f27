//! KML as Google Earth, GDAL and other programs write it.

use std::io::Write;
use std::ops::ControlFlow;

use super::*;
use crate::model::geometry::GeometryKind;
use crate::model::value::FieldType;

#[test]
fn placemarks_come_with_folder_name_description_time_and_values() {
    let kml = r##"<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Document><name>城</name>
<Schema name="s" id="s"><SimpleField type="string" name="code"/><SimpleField type="int" name="dn"/></Schema>
<Folder><name>管网</name><Folder><name>雨水</name>
<Placemark><name>一号 &amp; 二号</name><description><![CDATA[<b>旧</b>]]></description>
<TimeStamp><when>2026-11-22T14:00:00+08:00</when></TimeStamp>
<ExtendedData><SchemaData schemaUrl="#s"><SimpleData name="code">007</SimpleData><SimpleData name="dn">600</SimpleData></SchemaData>
<Data name="备注"><displayName>x</displayName><value>好</value></Data></ExtendedData>
<LineString><coordinates>116.0,29.7,0 116.1, 29.8,0
116.2,29.9</coordinates></LineString></Placemark></Folder>
<Placemark><name>三号</name><description>新 <i>管</i></description><LineString><coordinates>116,29 116,30</coordinates></LineString></Placemark>
</Folder></Document></kml>"##;
    let (survey, rows) = read_text(kml.as_bytes());
    let fields: Vec<&str> = survey.layers[0].fields.iter().map(|field| field.name.zh.as_ref()).collect();
    assert_eq!(fields, ["code", "dn", "name", "description", "time", "备注", "folder"]);
    let words: Vec<String> = rows[0].values.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["007", "600", "一号 & 二号", "<b>旧</b>", "2026-11-22T06:00:00.000Z", "好", "管网/雨水"]);
    assert_eq!(rows[1].values[3], Value::from("新 管"));
    assert_eq!(survey.layers[0].fields[1].field_type, FieldType::Int);
    let line = rows[0].geometry.as_ref().expect("a line");
    assert!((line.coord_count(), line.has_z()) == (3, false), "heights of 0 are none");
}

#[test]
fn every_kind_of_geometry_is_read() {
    check("<Point><coordinates>116,29,5</coordinates></Point>", "Point 1 z");
    check("<LinearRing><coordinates>0,0 1,0 1,1 0,0</coordinates></LinearRing>", "LineString 4");
    let polygon = "<Polygon><innerBoundaryIs><LinearRing><coordinates>2,2 3,2 3,3 2,2</coordinates></LinearRing></innerBoundaryIs>
        <outerBoundaryIs><LinearRing><coordinates>0,0 9,0 9,9 0,9</coordinates></LinearRing></outerBoundaryIs></Polygon>";
    check(polygon, "Polygon 9");
    check(&format!("<MultiGeometry>{polygon}</MultiGeometry>"), "MultiPolygon 9");
    check(
        &format!(
            "<MultiGeometry><MultiGeometry>{polygon}</MultiGeometry><Point><coordinates>1,1</coordinates></Point></MultiGeometry>"
        ),
        "GeometryCollection 10",
    );
    check(
        "<gx:Track><when>2026-01-01T00:00:00Z</when><gx:coord>116 29 3</gx:coord><gx:coord>117 29 3</gx:coord></gx:Track>",
        "LineString 2 z",
    );
    check("", "nowhere");
    check("<Point><coordinates>29,116</coordinates></Point>", "kml.geometry");
    check("<Point><coordinates>a,b</coordinates></Point>", "kml.geometry");
    check(
        "<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 1,1</coordinates></LinearRing></outerBoundaryIs></Polygon>",
        "kml.geometry",
    );
    check("<Model/>", "kml.geometry");
}

/// What one placemark becomes, beside another that is always there.
#[track_caller]
fn check(geometry: &str, expected: &str) {
    let kml = format!(
        "<kml><Placemark>{geometry}</Placemark><Placemark><Point><coordinates>1,1</coordinates></Point></Placemark></kml>"
    );
    let (survey, rows) = read_text(kml.as_bytes());
    let said = match (rows.len(), rows.first().map(|row| &row.geometry)) {
        (2, Some(Some(it))) => {
            let z = if it.has_z() { " z" } else { "" };
            format!("{} {}{z}", it.kind().geojson_name(), it.coord_count())
        }
        (2, _) => "nowhere".to_owned(),
        _ => survey.problems.listed.last().map_or(String::new(), |problem| problem.rule.to_owned()),
    };
    assert_eq!(said, expected);
}

#[test]
fn text_in_gbk_is_read_whatever_it_claims() {
    let kml = |said: &str| {
        format!("<?xml version=\"1.0\" encoding=\"{said}\"?><kml><Placemark><name>浔阳区</name></Placemark></kml>")
    };
    for (said, guessed) in [("GB2312", false), ("UTF-8", true)] {
        let bytes = encoding_rs::GBK.encode(&kml(said)).0.into_owned();
        let (survey, rows) = read_text(&bytes);
        assert_eq!(rows[0].values, [Value::from("浔阳区")]);
        assert_eq!((survey.encoding, survey.understood.is_empty()), (Some(Encoding::GB18030), !guessed));
    }
}

#[test]
fn an_archive_is_read_by_its_document_and_a_bomb_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.kmz");
    let zip = |name: &str, text: &[u8]| {
        let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).expect("made"));
        let options = zip::write::SimpleFileOptions::default();
        for (name, text) in [("files/a.png", &b"x"[..]), (name, text)] {
            zip.start_file(name, options).expect("begun");
            zip.write_all(text).expect("written");
        }
        zip.finish().expect("ended");
        format::survey(&path, &ReadOptions::default(), &mut Task::silent())
    };
    let kml = b"<kml><Placemark><Point><coordinates>116,29</coordinates></Point></Placemark></kml>";
    assert_eq!(zip("城/Doc.KML", kml).expect("readable").layers[0].geometry, Some(GeometryKind::Point));
    assert!(matches!(zip("a.txt", kml), Err(ReadError::NothingUsable { .. })));
    assert!(zip("doc.kml", &vec![b' '; 300 << 20]).is_err());
}

#[test]
fn overlays_are_counted_and_other_xml_is_refused() {
    let (survey, _) = read_text(b"<kml><GroundOverlay/><NetworkLink/><Placemark><name>a</name></Placemark></kml>");
    assert_eq!(survey.problems.listed[0].rule, "kml.other");
    let refused = survey_text(b"<html><body/></html>");
    assert!(matches!(refused, Err(ReadError::NothingUsable { .. })));
}

fn survey_text(text: &[u8]) -> Result<Survey, ReadError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.kml");
    std::fs::write(&path, text).expect("written");
    survey(&path, &ReadOptions::default(), &mut Task::silent())
}

fn read_text(text: &[u8]) -> (Survey, Vec<Feature>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.kml");
    std::fs::write(&path, text).expect("written");
    let options = ReadOptions { one_layer: true, ..ReadOptions::default() };
    let looked = survey(&path, &options, &mut Task::silent()).expect("readable");
    let mut rows = Vec::new();
    let mut sink = |_, _, feature| {
        rows.push(feature);
        ControlFlow::Continue(())
    };
    read(&path, &looked, &mut Task::silent(), &mut sink).expect("readable");
    (looked, rows)
}
