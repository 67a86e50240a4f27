//! GPX as receivers and other programs write it.

use std::ops::ControlFlow;

use super::super::format::{WriteOptions, write_file};
use super::*;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::{Field, Schema};

#[test]
fn waypoints_tracks_and_routes_become_layers() {
    let gpx = br#"<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><metadata><name>x</name><time>2020-01-01T00:00:00Z</time></metadata>
<wpt lat="29.7" lon="116.0"><ele>12.5</ele><time>2026-11-22T06:00:00Z</time><name>W1</name><link href="http://a"><text>t</text></link>
<extensions><ogr:code xmlns:ogr="x">007</ogr:code></extensions></wpt>
<rte><name>R</name><rtept lat="29" lon="116"><name>no</name></rtept><rtept lat="30" lon="116"/></rte>
<trk><name>T</name><number>3</number><trkseg><trkpt lat="29" lon="116"><ele>1</ele><time>2026-01-01T00:00:00Z</time></trkpt>
<trkpt lat="29.1" lon="116"><time>2026-01-01T01:00:00Z</time><extensions><hr>90</hr></extensions></trkpt></trkseg><trkseg><trkpt lat="28" lon="116"/><trkpt lat="28.1" lon="116"/></trkseg></trk></gpx>"#;
    let (survey, rows) = read_text(gpx);
    let said: Vec<String> = survey
        .layers
        .iter()
        .map(|draft| {
            let fields: Vec<&str> = draft.fields.iter().map(|field| field.name.zh.as_ref()).collect();
            format!("{} {:?} {} {}", draft.name, draft.geometry, draft.has_z, fields.join(","))
        })
        .collect();
    assert_eq!(
        said,
        [
            "a_waypoints Some(Point) true time,name,link,code",
            "a_tracks Some(MultiLineString) true name,number,begin,end",
            "a_routes Some(LineString) false name",
        ]
    );
    let words = |row: &Feature| row.values.iter().map(ToString::to_string).collect::<Vec<_>>().join("|");
    assert_eq!(words(&rows[0]), "2026-11-22T06:00:00.000Z|W1|http://a|007");
    assert_eq!(words(&rows[1]), "R");
    assert_eq!(words(&rows[2]), "T|3|2026-01-01T00:00:00.000Z|2026-01-01T01:00:00.000Z");
}

#[test]
fn a_position_that_is_none_is_told() {
    let (survey, rows) =
        read_text(b"<gpx><wpt lat=\"116\" lon=\"29\"/><wpt lon=\"1\"/><wpt lat=\"1\" lon=\"2\"/></gpx>");
    let told: Vec<_> = survey.problems.listed.iter().map(|problem| problem.feature).collect();
    assert_eq!((told, rows.len()), (vec![Some(1), Some(2)], 1));
}

#[test]
fn tracks_stand_behind_waypoints_and_areas_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gpx");
    let schema = Schema {
        table: "t".to_owned(),
        name: Text::new("巡查", "Patrol"),
        kind: "plain".to_owned(),
        geometry: Some(GeometryKind::Collection),
        crs: Crs::WGS84,
        z_order: 0,
        fields: vec![Field::text("1 a/b", "", "")],
    };
    let places = [
        Geometry::line(&[[116.0, 29.0], [116.0, 30.0]]),
        Geometry::point(116.0, 29.5),
        Geometry::polygon(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]),
    ];
    let rows = places.map(|it| Feature { id: 1, geometry: Some(it), values: vec![Value::from("<一>")] });
    let written = write_file(&path, false, &schema, &WriteOptions::default(), |writer| writer.write_many(&rows))
        .expect("written");
    assert_eq!((written.features, written.problems.listed[0].rule), (2, "gpx.geometry"));
    let text = std::fs::read_to_string(&path).expect("text");
    assert!(text.find("<wpt ") < text.find("<trk>") && text.contains("<ogr:_1_a_b>&lt;一&gt;</ogr:_1_a_b>"), "{text}");
}

fn read_text(text: &[u8]) -> (Survey, Vec<Feature>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gpx");
    std::fs::write(&path, text).expect("written");
    let looked = survey(&path, &ReadOptions::default(), &mut Task::silent()).expect("readable");
    let mut rows = Vec::new();
    let mut sink = |_, _, feature| {
        rows.push(feature);
        ControlFlow::Continue(())
    };
    read(&path, &looked, &mut Task::silent(), &mut sink).expect("readable");
    (looked, rows)
}
