//! What comes in from topologies: shared arcs, rounding, properties; and what is no topology.

use proptest::prelude::*;

use super::super::format::{read, survey};
use super::*;
use crate::text::Lang;

/// Two squares that share an arc, rounded to hundredths of a degree, with a point beside them.
const TWO: &str = r#"{"type":"Topology","transform":{"scale":[0.01,0.01],"translate":[116,29]},
    "objects":{"街道":{"type":"GeometryCollection","geometries":[
        {"type":"Polygon","id":"a","arcs":[[0,1]],"properties":{"name":"甲","n":1}},
        {"type":"MultiPolygon","id":"b","arcs":[[[-1,2]]],"properties":{"name":null,"n":2}},
        {"type":null,"properties":{"name":"丙"}},
        {"type":"LineString","arcs":[7]}]},
      "点":{"type":"Point","coordinates":[50,50],"properties":{"code":"007"}}},
    "arcs":[[[10,0],[0,10]],[[10,10],[-10,0],[0,-10],[10,0]],[[10,0],[10,0],[0,10],[-10,0]]]}"#;

#[test]
fn objects_become_layers_and_shared_arcs_are_read_in_both_directions() {
    let (survey, rows) = surveyed(TWO).unwrap();
    let named: Vec<String> = survey
        .layers
        .iter()
        .map(|draft| {
            let fields: Vec<String> = draft.fields.iter().map(|it| format!("{} {:?}", it.id, it.field_type)).collect();
            format!("{} {} {}", draft.name, draft.features, fields.join(", "))
        })
        .collect();
    assert_eq!(named, ["街道 3 feature_id Text, name Text, n Int", "点 1 code Text"]);
    let boxes = rows.iter().map(|row| {
        let Bounds { min, max } = row.geometry.as_ref().map_or(Bounds::EMPTY, Geometry::bounds);
        format!("{:.2} {:.2} {:.2} {:.2}", min[0], min[1], max[0], max[1])
    });
    let expected =
        ["116.00 29.00 116.10 29.10", "116.10 29.00 116.20 29.10", "inf inf -inf -inf", "116.50 29.50 116.50 29.50"];
    assert_eq!(boxes.collect::<Vec<_>>(), expected);
    assert_eq!(rows[0].values, [Value::from("a"), Value::from("甲"), Value::Int(1)]);
    assert_eq!(rows[2].values, [Value::Null, Value::from("丙"), Value::Null]);
    let problems: Vec<&str> = survey.problems.listed.iter().map(|problem| problem.rule).collect();
    assert_eq!(problems, ["topojson.bad-geometry"]);
}

#[test]
fn arcs_without_rounding_are_read_as_they_stand() {
    let plain = r#"{"type":"Topology","objects":{"a":{"type":"LineString","arcs":[0]}},"arcs":[[[116,29],[117,30]]]}"#;
    let (survey, _) = surveyed(plain).unwrap();
    assert_eq!(survey.layers[0].bounds, Bounds::new(116.0, 29.0, 117.0, 30.0));
}

#[test]
fn what_is_no_topology_is_refused() {
    let refused = |text: &str| surveyed(text).map(|_| ()).unwrap_err().headline().get(Lang::En).to_owned();
    assert_eq!(refused(&TWO[..200]), "The file ends in the middle, after 200 bytes: copy or download it again");
    assert!(refused(r#"{"type":"Topology","objects":{}}"#).starts_with("Nothing in the file can be used"));
    // One arc of many positions, used again and again.
    let arc: String = (0..4000).map(|x| format!(",[{x},0]")).collect();
    let uses = "0,".repeat(4000);
    let bomb = format!(
        r#"{{"type":"Topology","objects":{{"a":{{"type":"LineString","arcs":[{uses}0]}}}},"arcs":[[[0,0]{arc}]]}}"#
    );
    assert_eq!(refused(&bomb), ReadError::TooMuchMemory.headline().en);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbled_topologies_are_read_or_refused(cut in 0..900_usize, place in 0..900_usize, byte: u8) {
        let mut bytes = TWO.as_bytes().to_vec();
        bytes[place % TWO.len()] = byte;
        bytes.truncate(if cut < 600 { bytes.len() } else { cut - 300 });
        let _ = surveyed_bytes(&bytes);
    }
}

fn surveyed(text: &str) -> Result<(Survey, Vec<Feature>), ReadError> {
    surveyed_bytes(text.as_bytes())
}

fn surveyed_bytes(bytes: &[u8]) -> Result<(Survey, Vec<Feature>), ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.topojson");
    std::fs::write(&path, bytes).unwrap();
    let found = survey(&path, &ReadOptions::default(), &mut Task::silent())?;
    let mut rows = Vec::new();
    read(&path, &found, &mut Task::silent(), &mut |_, _, feature| {
        rows.push(feature);
        ControlFlow::Continue(())
    })?;
    Ok((found, rows))
}
