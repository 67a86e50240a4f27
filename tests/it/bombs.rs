//! Files made to do harm: archives and documents that grow, nesting without end, headers that promise what is not there.

use std::io::{Cursor, Write as _};
use std::sync::OnceLock;

use citygrid::io::format::FORMATS;
use zip::write::SimpleFileOptions;

use crate::hostile::{Came, try_to_read};
use crate::seeds::{Seed, pbf_block, proto_bytes, proto_number, repacked, seeds};

/// What may come of a file.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// Nothing but a refusal.
    Refused,
    /// A refusal, or what is there together with what is wrong.
    Told,
    /// Anything within the limits.
    Any,
}

use Fate::{Any, Refused, Told};

/// What the packed bombs unpack to.
const UNPACKED_BYTES: usize = 300 << 20;

#[test]
fn archives_that_grow_a_thousandfold_are_refused() {
    let bomb = |entry: &str| packed(&[], entry);
    check("kmz", bomb("doc.kml"), Refused);
    check("zip", bomb("城市.shp"), Refused);
    check("xlsx", packed(&[("[Content_Types].xml", b"<Types/>")], "xl/worksheets/sheet1.xml"), Refused);
    let kind = b"application/vnd.oasis.opendocument.spreadsheet";
    check("ods", packed(&[("mimetype", kind)], "content.xml"), Refused);
    // One archive within the other, both packed.
    let nested = |entry: &str| repacked(vec![(entry.to_owned(), bomb("doc.kml"))]);
    check("kmz", nested("doc.kml"), Refused);
    check("zip", nested("城市.zip"), Refused);
}

#[test]
fn long_words_in_an_archive_stay_within_the_memory() {
    let words = "很长".repeat(1_700_000);
    let placemark = format!(
        "<kml><Placemark><name>{words}</name><Point><coordinates>116,29.7</coordinates></Point></Placemark></kml>"
    );
    check("kmz", deflated("doc.kml", placemark.as_bytes()), Any);
}

#[test]
fn entities_are_not_expanded() {
    let more: String = (1..30).map(|n| format!("<!ENTITY e{n} '&e{};&e{};'>", n - 1, n - 1)).collect();
    for (ending, root, open, close) in [
        ("kml", "kml", "<Placemark><name>", "</name><Point><coordinates>116,29</coordinates></Point></Placemark>"),
        ("gpx", "gpx", "<wpt lat='29' lon='116'><name>", "</name></wpt>"),
        ("osm", "osm", "<node id='1' lat='29' lon='116'><tag k='shop' v='", "'/></node>"),
    ] {
        let bomb = |inner: &str| {
            format!(
                "<?xml version='1.0'?><!DOCTYPE {root} [<!ENTITY e0 '城市城市'>{more}]><{root}>{open}{inner}{close}</{root}>"
            )
        };
        check(ending, bomb("&e29;"), Refused);
        check(ending, bomb("&e29;&e29;").replace("'城市城市'", "SYSTEM 'file:///etc/passwd'"), Refused);
    }
}

#[test]
fn nesting_has_an_end() {
    for (ending, root) in [("kml", "kml"), ("gpx", "gpx"), ("osm", "osm")] {
        check(ending, format!("<{root} >{}", "<Folder>".repeat(1_000_000)), Refused);
    }
    let n = 100_000;
    let feature = |properties: &str, geometry: &str| {
        format!(r#"{{"type":"Feature","properties":{properties},"geometry":{geometry}}}"#)
    };
    let point = r#"{"type":"Point","coordinates":[116,29.7]}"#;
    let arrays = format!("{}1{}", "[".repeat(n), "]".repeat(n));
    let objects = format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
    let collections =
        format!("{}{point}{}", r#"{"type":"GeometryCollection","geometries":["#.repeat(n), "]}".repeat(n));
    let features = [
        // A value that is no plain one is kept as the words that it is.
        (feature(&format!("{{\"a\":{arrays}}}"), point), Any),
        (feature(&objects, point), Any),
        (format!(r#"{{"unknown":{arrays},{}"#, &feature("{}", point)[1..]), Any),
        (feature("{}", &format!(r#"{{"type":"Polygon","coordinates":{arrays}}}"#)), Told),
        (feature("{}", &collections), Told),
    ];
    for (feature, fate) in features {
        check("geojson", format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#), fate);
        check("geojsonl", format!("{feature}\n{feature}\n"), fate);
    }
    let topology = |object: &str| format!(r#"{{"type":"Topology","objects":{{"a":{object}}},"arcs":[]}}"#);
    check("topojson", topology(&collections), Told);
    check("topojson", topology(&format!(r#"{{"type":"Polygon","arcs":{arrays}}}"#)), Told);
    check("wkt", format!("{}POINT (1 2){}", "GEOMETRYCOLLECTION (".repeat(n), ")".repeat(n)), Told);
    check("wkt", format!("POLYGON {}", "(".repeat(n)), Told);
}

#[test]
fn two_million_features_are_not_believed() {
    let mut table = seed("dbf");
    table[0].1[4..8].copy_from_slice(&2_000_000_u32.to_le_bytes());
    check_files("dbf records", &table, Told);
    for (name, at, number) in
        [("file", 24, u32::MAX), ("record", 104, 0x7fff_fff0_u32), ("parts", 144, 2_000_000_u32.swap_bytes())]
    {
        let mut lines = seed("shapefile");
        lines[0].1[at..at + 4].copy_from_slice(&number.to_be_bytes());
        check_files(&format!("shapefile {name}"), &lines, Told);
    }
    let mut points = seed("shapefile");
    points[0].1[148..152].copy_from_slice(&2_000_000_u32.to_le_bytes());
    check_files("shapefile points", &points, Told);
    check_files("flatgeobuf", &flatgeobuf(2_000_000), Refused);
    check_files("flatgeobuf", &flatgeobuf(u64::MAX), Refused);
    for size in [0, 1, 100, 2_000_000_u32, u32::MAX] {
        let mut header = seed("flatgeobuf");
        header[0].1[8..12].copy_from_slice(&size.to_le_bytes());
        check_files(&format!("flatgeobuf header {size}"), &header, Refused);
    }
}

#[test]
fn blocks_of_four_gigabytes_are_not_believed() {
    let head = proto_bytes(1, b"OSMHeader");
    let claimed = |len: u64| [&head[..], &proto_number(3, len)].concat();
    let begun = |head: &[u8]| [&(head.len() as u32).to_be_bytes()[..], head, &[0; 900]].concat();
    for len in [2_000_000, 0xffff_ffff, u64::MAX] {
        check("pbf", begun(&claimed(len)), Refused);
    }
    check("pbf", [&u32::MAX.to_be_bytes()[..], &claimed(9), &[0; 900]].concat(), Refused);
    let whole = seed("osm");
    let packed = deflate(&vec![0; 40 << 20]);
    for raw in [0, 2_000_000, 0x7fff_ffff, 40 << 20] {
        let blob = [proto_number(2, raw), proto_bytes(3, &packed)].concat();
        check("pbf", [&whole[0].1[..], &pbf_block(b"OSMData", &blob)].concat(), Refused);
    }
}

#[test]
fn a_geopackage_is_held_to_what_it_holds() {
    let far = [&b"GP\0\x01\xe6\x10\0\0\x01\x02\0\0\0"[..], &u32::MAX.to_le_bytes(), &[0; 32]].concat();
    let blob: String = far.iter().map(|byte| format!("{byte:02x}")).collect();
    let counted = "CREATE TABLE gpkg_ogr_contents (table_name, feature_count);
        INSERT INTO gpkg_ogr_contents VALUES ('city', 2000000)";
    for (script, fate) in [
        (counted.to_owned(), Any),
        (format!("UPDATE city SET geom = x'{blob}'"), Told),
        ("UPDATE gpkg_geometry_columns SET srs_id = 99999999".to_owned(), Any),
        ("UPDATE gpkg_contents SET table_name = 'a\"; DROP TABLE city; --'".to_owned(), Told),
    ] {
        let mut changed = seed("gpkg");
        changed[0].1 = ran(&changed[0].1, &script);
        check_files(&script, &changed, fate);
    }
}

#[test]
fn many_names_take_no_longer_than_they_are() {
    for (ending, text) in many_names(10_000) {
        check(ending, text, Any);
    }
}

/// Files with so many columns, layers, folders or tags, in one thing or each in another.
fn many_names(most: usize) -> Vec<(&'static str, String)> {
    let list = |each: &dyn Fn(usize) -> String, between: &str| (0..most).map(each).collect::<Vec<_>>().join(between);
    let feature = |properties: &str| {
        let place = r#"{"type":"Point","coordinates":[116,29]}"#;
        format!(r#"{{"type":"Feature","properties":{{{properties}}},"geometry":{place}}}"#)
    };
    let wide = feature(&list(&|n| format!("\"名{n}\":{n}"), ","));
    let odd = list(&|n| feature(&format!("\"名{n}\":{n}")), "\n");
    let names = list(&|n| format!("名{n}"), ",");
    let point = "<Point><coordinates>116,29</coordinates></Point>";
    let datum = |n| format!("<Data name='名{n}'><value>{n}</value></Data>");
    let placemark = |inner: &str| format!("<Placemark><ExtendedData>{inner}</ExtendedData>{point}</Placemark>");
    let folder = |n| format!("<Folder><name>{n}</name><Placemark>{point}</Placemark></Folder>");
    let tags = list(&|n| format!("<tag k='名{n}' v='{n}'/>"), "");
    let object = |n| format!(r#"{{"type":"Point","coordinates":[116,29],"properties":{{"名{n}":1}}}}"#);
    let topology = |objects: String| format!(r#"{{"type":"Topology","objects":{{{objects}}},"arcs":[]}}"#);
    let drawn = |n| format!("0\nPOINT\n8\n层{n}\n10\n116.0\n20\n29.7");
    vec![
        ("geojson", format!(r#"{{"type":"FeatureCollection","features":[{wide},{wide}]}}"#)),
        ("geojsonl", odd),
        ("csv", format!("{names}\n{names}\n{names}\n")),
        ("csv", format!("名称,经度,纬度\n\"{}", "甲,116,29\n".repeat(most * 10))),
        ("kml", format!("<kml>{}</kml>", placemark(&list(&datum, "")))),
        ("kml", format!("<kml>{}</kml>", list(&|n| placemark(&datum(n)), ""))),
        ("kml", format!("<kml>{}</kml>", list(&folder, ""))),
        ("osm", format!("<osm><node id='1' lat='29' lon='116'><tag k='shop' v='a'/>{tags}</node></osm>")),
        ("topojson", topology(list(&|n| format!("\"{n}\":{}", object(n)), ","))),
        ("topojson", topology(format!(r#""a":{{"type":"GeometryCollection","geometries":[{}]}}"#, list(&object, ",")))),
        ("dxf", format!("0\nSECTION\n2\nENTITIES\n{}\n0\nENDSEC\n0\nEOF\n", list(&drawn, "\n"))),
    ]
}

/// A file with this ending.
#[track_caller]
fn check(ending: &'static str, bytes: impl Into<Vec<u8>>, fate: Fate) {
    let bytes = bytes.into();
    let begins = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
    check_files(&format!("{ending} {begins}"), &vec![(ending, bytes)], fate);
}

#[track_caller]
fn check_files(name: &str, files: &Seed, fate: Fate) {
    let folder = tempfile::tempdir().expect("a folder");
    let came = try_to_read(name, files, folder.path());
    let is_so = match (fate, &came) {
        (Any, _) | (Refused | Told, Came::Refused(_)) => true,
        (Told, Came::Read(_, problems)) => !problems.is_empty(),
        (Refused, Came::Read(..)) => false,
    };
    assert!(is_so, "{name}: {fate:?} was meant, but {came:?}");
}

/// A whole file of this format: lines, where it has them.
fn seed(id: &str) -> Seed {
    let format = FORMATS.iter().find(|format| format.id == id).expect("listed");
    let seeds = seeds(format);
    seeds[if seeds.len() > 2 { 2 } else { 0 }].clone()
}

/// A FlatGeobuf whose header says that it has so many features.
fn flatgeobuf(claimed: u64) -> Seed {
    let mut seed = seed("flatgeobuf");
    let bytes = &mut seed[0].1;
    let header = 12 + u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize;
    let count = 3_u64.to_le_bytes();
    let found: Vec<usize> = (12..header - 8).filter(|at| bytes[*at..*at + 8] == count).collect();
    assert_eq!(found.len(), 1, "the number of features stands in the header once");
    bytes[found[0]..found[0] + 8].copy_from_slice(&claimed.to_le_bytes());
    seed
}

/// The GeoPackage after some SQL.
fn ran(bytes: &[u8], script: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gpkg");
    std::fs::write(&path, bytes).expect("written");
    let db = rusqlite::Connection::open(&path).expect("SQLite");
    let triggers =
        "SELECT group_concat('DROP TRIGGER \"' || name || '\"', ';') FROM sqlite_master WHERE type = 'trigger'";
    let drops: Option<String> = db.query_row(triggers, [], |row| row.get(0)).expect("a list");
    db.execute_batch(&drops.unwrap_or_default()).expect("no triggers");
    db.execute_batch(&format!("PRAGMA foreign_keys = OFF; {script}"))
        .unwrap_or_else(|error| panic!("{script}: {error}"));
    drop(db);
    std::fs::read(&path).expect("readable")
}

/// An archive of these entries and a last one that is nothing but spaces.
fn packed(before: &[(&str, &[u8])], last: &str) -> Vec<u8> {
    static SPACES: OnceLock<Vec<u8>> = OnceLock::new();
    let spaces = SPACES.get_or_init(|| {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        out.start_file("spaces", SimpleFileOptions::default()).expect("begun");
        let block = vec![b' '; 1 << 16];
        (0..UNPACKED_BYTES / block.len()).for_each(|_| out.write_all(&block).expect("written"));
        out.finish().expect("ended").into_inner()
    });
    let mut spaces = zip::ZipArchive::new(Cursor::new(spaces)).expect("an archive");
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in before {
        out.start_file(*name, stored).expect("begun");
        out.write_all(bytes).expect("written");
    }
    out.raw_copy_file_rename(spaces.by_index(0).expect("an entry"), last).expect("copied");
    out.finish().expect("ended").into_inner()
}

fn deflated(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    out.start_file(name, SimpleFileOptions::default()).expect("begun");
    out.write_all(bytes).expect("written");
    out.finish().expect("ended").into_inner()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).expect("written");
    out.finish().expect("ended")
}
