//! What comes in from OpenStreetMap files: a small city in both forms, cut and broken ones.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;

use super::super::format::{read, survey};
use super::*;
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::text::Lang;

type Tags = &'static [(&'static str, &'static str)];

/// A file before it is written in one form or the other. Nodes are in hundredths of a degree around (116, 29).
#[derive(Default)]
struct City {
    nodes: Vec<(i64, [i32; 2], Tags)>,
    ways: Vec<(i64, Vec<i64>, Tags)>,
    relations: Vec<(i64, Vec<i64>, Tags)>,
}

/// A road, a building, a lake in two pieces with an island, a shop, a fence that nobody wants, a road cut at the edge.
fn city() -> City {
    let corner = |id: i64, x: i32, y: i32| (id, [x, y], &[][..]);
    City {
        nodes: vec![
            corner(1, 0, 0),
            corner(2, 10, 0),
            corner(3, 10, 10),
            corner(4, 0, 10),
            corner(5, 2, 2),
            corner(6, 4, 2),
            corner(7, 4, 4),
            (
                8,
                [5, 5],
                &[("shop", "bakery"), ("name", "面包店"), ("addr:street", "中山路"), ("addr:housenumber", "12号")],
            ),
        ],
        ways: vec![
            (
                10,
                vec![1, 3],
                &[
                    ("highway", "primary"),
                    ("name", "Zhongshan Rd"),
                    ("name:zh", "中山路"),
                    ("oneway", "yes"),
                    ("width", "26 m"),
                ],
            ),
            (11, vec![5, 6, 7, 5], &[("building", "apartments"), ("building:levels", "6"), ("start_date", "1998-05")]),
            (12, vec![1, 2, 3], &[]),
            (13, vec![1, 4, 3], &[]),
            (14, vec![7, 5, 6, 7], &[]),
            (15, vec![1, 2], &[("barrier", "fence")]),
            (16, vec![4, 3, 99, 2], &[("highway", "service")]),
        ],
        relations: vec![
            (
                20,
                vec![13, 14, 12],
                &[("type", "multipolygon"), ("natural", "water"), ("water", "lake"), ("name", "八里湖")],
            ),
            (21, vec![12, 77], &[("type", "boundary"), ("boundary", "administrative"), ("admin_level", "6")]),
            (22, vec![10], &[("type", "route"), ("route", "bus")]),
        ],
    }
}

const EXPECTED: &str = "
    道路 LineString 2: osm_id, name, name_en, code, road_class, osm_class, lanes, width_m, one_way, surface, maintainer, is_bridge, is_tunnel
      LINESTRING(116.0 29.0,116.1 29.1) way/10|中山路|||arterial|primary||26|true||||
      LINESTRING(116.0 29.1,116.1 29.1) way/16||||lane|service|||||||
    建筑 Polygon 1: osm_id, name, name_en, building_use, osm_class, floors, height_m, built_year, address
      POLYGON((116.02 29.02,116.04 29.02,116.04 29.04,116.02 29.02)) way/11|||residential|apartments|6||1998|
    水系 Polygon 1: osm_id, name, name_en, water_type, maintainer
      POLYGON((116.0 29.0,116.1 29.0,116.1 29.1,116.0 29.1,116.0 29.0),(116.04 29.04,116.04 29.02,116.02 29.02,116.04 29.04)) relation/20|八里湖||lake|
    兴趣点 Point 1: osm_id, name, name_en, category, poi_type, address, phone, operator, opening_hours
      POINT(116.05 29.05) node/8|面包店||shop|bakery|中山路12号|||
    osm.clipped way 16: 1 of its nodes are not in the file; what is there was taken
    osm.open-border relation 21: its border does not close (1 ways are missing): left out
    2 other things with tags belong to none of these layers and are left out: barrier 1, route 1
";

#[test]
fn a_city_comes_in_as_the_layers_of_a_base_map_from_both_forms() {
    let expected = EXPECTED.lines().skip(1).map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line)));
    let expected: String = expected.collect();
    assert_eq!(shown("a.osm.pbf", &pbf(&city())), expected);
    assert_eq!(shown("a.osm", xml(&city()).as_bytes()), expected);
}

#[test]
fn broken_files_are_refused_in_words() {
    let whole = pbf(&city());
    check_refused(&[], expect!["The file is empty"]);
    check_refused(
        &whole[..whole.len() - 5],
        expect!["The file ends in the middle, after 1235 bytes: copy or download it again"],
    );
    let mut garbled = whole.clone();
    let place = garbled.len() - 20;
    garbled[place] ^= 0x55;
    check_refused(&garbled, expect!["The file is damaged: the block at byte 864 is garbled"]);
    check_refused(
        b"<?xml version='1.0'?><osm><node id='1' lat='1'",
        expect!["The file ends in the middle, after 46 bytes: copy or download it again"],
    );
    check_refused(
        b"<osm><node id='1' lat='29' lon='116'></way></osm>",
        expect![
            "The file is not well-formed: line 1 (byte 43): no XML: ill-formed document: expected `</node>`, but `</way>` was found"
        ],
    );
    check_refused(
        b"<osm version='0.6'></osm>",
        expect!["Nothing in the file can be used: there are no roads, water, buildings or the like"],
    );
}

#[test]
fn a_block_that_unpacks_without_end_is_refused() {
    let bomb = block(b"OSMData", &vec![0; 40 << 20]);
    let mut bytes = header();
    bytes.extend(bomb);
    assert!(bytes.len() < 100_000);
    check_refused(&bytes, expect!["The file is damaged: the block at byte 64 is garbled"]);
}

#[test]
fn a_way_of_two_million_nodes_that_are_not_there_is_read_for_what_it_has() {
    let nodes = (0..2_000_000).collect();
    let lost = City { ways: vec![(1, nodes, &[("highway", "primary")])], ..City::default() };
    let bytes = pbf(&lost);
    assert!(bytes.len() < 10_000);
    check_refused(&bytes, expect!["Nothing in the file can be used: way 1: its nodes are not in the file: left out"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbled_files_are_read_or_refused(
        is_pbf: bool,
        cut in 0.0..1.2_f64,
        changes in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 0..4),
    ) {
        let mut bytes = if is_pbf { raw_pbf(&city()) } else { xml(&city()).into_bytes() };
        bytes.truncate((bytes.len() as f64 * cut) as usize);
        for (place, byte) in changes {
            let place = (bytes.len() as f64 * place) as usize;
            if let Some(old) = bytes.get_mut(place) {
                *old = byte;
            }
        }
        let _ = surveyed("a.osm", &bytes);
    }
}

fn surveyed(name: &str, bytes: &[u8]) -> Result<(Survey, Vec<Vec<Feature>>), ReadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let found = survey(&path, &ReadOptions::default(), &mut Task::silent())?;
    let mut rows = vec![Vec::new(); found.layers.len()];
    read(&path, &found, &mut Task::silent(), &mut |layer, _, feature| {
        rows[layer].push(feature);
        ControlFlow::Continue(())
    })?;
    for (draft, rows) in found.layers.iter().zip(&rows) {
        assert_eq!((draft.features, draft.sample.len()), (rows.len() as u64, rows.len().min(20)));
    }
    Ok((found, rows))
}

fn shown(name: &str, bytes: &[u8]) -> String {
    let (survey, rows) = surveyed(name, bytes).unwrap();
    let mut out = String::new();
    for (draft, rows) in survey.layers.iter().zip(rows) {
        let fields: Vec<&str> = draft.fields.iter().map(|field| field.id.as_ref()).collect();
        let kind = draft.geometry.map_or("none", GeometryKind::geojson_name);
        writeln!(out, "{} {kind} {}: {}", draft.name, draft.features, fields.join(", ")).unwrap();
        for row in rows {
            let values: Vec<String> = row.values.iter().map(ToString::to_string).collect();
            let geometry = row.geometry.as_ref().map(Geometry::to_geo);
            writeln!(out, "  {} {}", words_of(geometry.as_ref()), values.join("|")).unwrap();
        }
    }
    for problem in &survey.problems.listed {
        writeln!(out, "{} {}", problem.rule, problem.what.get(Lang::En)).unwrap();
    }
    writeln!(out, "{}", survey.understood.last().unwrap().get(Lang::En)).unwrap();
    out
}

fn words_of(geometry: Option<&geo_types::Geometry<f64>>) -> String {
    geometry.map_or_else(|| "nowhere".to_owned(), |geometry| format!("{geometry:?}"))
}

#[track_caller]
fn check_refused(bytes: &[u8], expected: Expect) {
    let error = surveyed("a.osm", bytes).map(|(survey, _)| survey.layers.len()).unwrap_err();
    expected.assert_eq(error.headline().get(Lang::En));
}

fn xml(city: &City) -> String {
    let mut out = String::from("<?xml version='1.0' encoding='UTF-8'?>\n<osm version=\"0.6\">\n");
    let tags = |tags: Tags| -> String {
        tags.iter().map(|(key, value)| format!("<tag k=\"{key}\" v=\"{value}\"/>")).collect()
    };
    for (id, [x, y], own) in &city.nodes {
        let (lon, lat) = (f64::from(11_600 + x) / 100.0, f64::from(2900 + y) / 100.0);
        writeln!(out, "<node id=\"{id}\" lat=\"{lat}\" lon=\"{lon}\">{}</node>", tags(own)).unwrap();
    }
    for (id, nodes, own) in &city.ways {
        let nodes: String = nodes.iter().map(|node| format!("<nd ref=\"{node}\"/>")).collect();
        writeln!(out, "<way id=\"{id}\">{nodes}{}</way>", tags(own)).unwrap();
    }
    for (id, ways, own) in &city.relations {
        let ways: String = ways.iter().map(|way| format!("<member type=\"way\" ref=\"{way}\" role=\"\"/>")).collect();
        writeln!(
            out,
            "<relation id=\"{id}\"><member type=\"node\" ref=\"1\" role=\"label\"/>{ways}{}</relation>",
            tags(own)
        )
        .unwrap();
    }
    out + "</osm>\n"
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number > 127 {
        out.push(number as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn bytes(out: &mut Vec<u8>, field: u64, content: &[u8]) {
    varint(out, (field << 3) | 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn packed(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    let mut out = Vec::new();
    numbers.into_iter().for_each(|number| varint(&mut out, number));
    out
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn deltas(numbers: impl IntoIterator<Item = i64>) -> Vec<u8> {
    let mut last = 0;
    packed(numbers.into_iter().map(|number| zigzag(number - std::mem::replace(&mut last, number))))
}

fn block_as(kind: &[u8], content: &[u8], is_raw: bool) -> Vec<u8> {
    let mut blob = Vec::new();
    if is_raw {
        bytes(&mut blob, 1, content);
    } else {
        let mut zipped = ZlibEncoder::new(Vec::new(), Compression::default());
        std::io::Write::write_all(&mut zipped, content).unwrap();
        number(&mut blob, 2, content.len() as u64);
        bytes(&mut blob, 3, &zipped.finish().unwrap());
    }
    let mut head = Vec::new();
    bytes(&mut head, 1, kind);
    number(&mut head, 3, blob.len() as u64);
    let mut out = (head.len() as u32).to_be_bytes().to_vec();
    out.extend(head);
    out.extend(blob);
    out
}

fn block(kind: &[u8], content: &[u8]) -> Vec<u8> {
    block_as(kind, content, false)
}

fn header() -> Vec<u8> {
    let mut header = Vec::new();
    bytes(&mut header, 4, b"OsmSchema-V0.6");
    bytes(&mut header, 4, b"DenseNodes");
    block_as(b"OSMHeader", &header, true)
}

fn pbf(city: &City) -> Vec<u8> {
    pbf_as(city, false)
}

/// Not compressed: a changed byte is then a changed content.
fn raw_pbf(city: &City) -> Vec<u8> {
    pbf_as(city, true)
}

/// A block of dense nodes, one of ways, one of relations.
fn pbf_as(city: &City, is_raw: bool) -> Vec<u8> {
    let mut out = header();
    let mut words: Vec<&str> = vec![""];
    let mut word = |word: &'static str| -> u64 {
        let place = words.iter().position(|known| *known == word).unwrap_or_else(|| {
            words.push(word);
            words.len() - 1
        });
        place as u64
    };
    let mut dense = Vec::new();
    bytes(&mut dense, 1, &deltas(city.nodes.iter().map(|(id, ..)| *id)));
    bytes(&mut dense, 8, &deltas(city.nodes.iter().map(|(_, at, _)| i64::from(2900 + at[1]) * 100_000)));
    bytes(&mut dense, 9, &deltas(city.nodes.iter().map(|(_, at, _)| i64::from(11_600 + at[0]) * 100_000)));
    let tags: Vec<u64> = city
        .nodes
        .iter()
        .flat_map(|(_, _, tags)| tags.iter().flat_map(|(key, value)| [key, value]).map(|it| Some(*it)).chain([None]))
        .map(|it| it.map_or(0, &mut word))
        .collect();
    bytes(&mut dense, 10, &packed(tags));
    let mut groups = vec![Vec::new(); 3];
    bytes(&mut groups[0], 2, &dense);
    let mut own_tags = |tags: Tags, element: &mut Vec<u8>| {
        bytes(element, 2, &packed(tags.iter().map(|(key, _)| word(key))));
        bytes(element, 3, &packed(tags.iter().map(|(_, value)| word(value))));
    };
    for (id, nodes, tags) in &city.ways {
        let mut way = Vec::new();
        number(&mut way, 1, *id as u64);
        own_tags(tags, &mut way);
        bytes(&mut way, 8, &deltas(nodes.iter().copied()));
        bytes(&mut groups[1], 3, &way);
    }
    for (id, ways, tags) in &city.relations {
        let mut relation = Vec::new();
        number(&mut relation, 1, *id as u64);
        own_tags(tags, &mut relation);
        bytes(&mut relation, 9, &deltas(std::iter::once(1).chain(ways.iter().copied())));
        bytes(&mut relation, 10, &packed(std::iter::once(0).chain(ways.iter().map(|_| 1))));
        bytes(&mut groups[2], 4, &relation);
    }
    let mut list = Vec::new();
    words.iter().for_each(|word| bytes(&mut list, 1, word.as_bytes()));
    for group in groups {
        let mut content = Vec::new();
        bytes(&mut content, 1, &list);
        bytes(&mut content, 2, &group);
        out.extend(block_as(b"OSMData", &content, is_raw));
    }
    out
}
