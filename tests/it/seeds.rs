//! Small whole files of every format, to be broken: written by the program itself where it writes the format, put
//! together by hand where it only reads it.

use std::fs;
use std::io::{Cursor, Read as _, Write as _};

use citygrid::geom::crs::Crs;
use citygrid::io::format::{FORMATS, Format, WriteOptions, write_file};
use citygrid::io::wkt;
use citygrid::model::feature::Feature;
use citygrid::model::geometry::GeometryKind;
use citygrid::model::schema::{Field, Schema};
use citygrid::model::value::{FieldType, Value};
use citygrid::text::Text;
use exif::experimental::Writer as ExifWriter;
use exif::{Field as ExifField, In, Tag, Value as Raw};
use zip::write::SimpleFileOptions;

/// The files that belong together, by ending; the first is the one that is opened.
pub(crate) type Seed = Vec<(&'static str, Vec<u8>)>;

/// What lies in the layers that are written: one kind each, with and without heights, and two kinds together.
const PLACES: &[(GeometryKind, [&str; 2])] = &[
    (GeometryKind::Point, ["POINT (115.99 29.7)", "POINT Z (116.01 29.71 12.5)"]),
    (GeometryKind::MultiPoint, ["MULTIPOINT ((115.99 29.7), (116 29.7))", "MULTIPOINT ((116 29.7))"]),
    (
        GeometryKind::LineString,
        ["LINESTRING Z (115.99 29.7 1, 116 29.7 2, 116 29.8 3)", "LINESTRING Z (115.9 29.7 0, 116 29.7 0)"],
    ),
    (
        GeometryKind::MultiPolygon,
        [
            "MULTIPOLYGON (((115.9 29.7, 116 29.7, 116 29.8, 115.9 29.7)), ((116.1 29.7, 116.2 29.7, 116.2 29.8, 116.1 29.7)))",
            "MULTIPOLYGON (((115.9 29.7, 116 29.7, 116 29.8, 115.9 29.8, 115.9 29.7), (115.92 29.75, 115.94 29.75, 115.94 29.77, 115.92 29.75)))",
        ],
    ),
    (GeometryKind::Collection, ["POINT (115.99 29.7)", "LINESTRING (115.99 29.7, 116 29.7)"]),
];

/// Some files of this format.
pub(crate) fn seeds(format: &Format) -> Vec<Seed> {
    let by_hand = |bytes: Vec<u8>| vec![vec![(format.endings[0], bytes)]];
    match format.id {
        "shapefile-zip" => shapefiles_in_zip(),
        "xls" => by_hand(workbook_of_1997()),
        "ods" => by_hand(spreadsheet()),
        "osm" => vec![vec![("pbf", pbf())], vec![("osm", OSM_XML.as_bytes().to_vec())]],
        "topojson" => by_hand(TOPOLOGY.as_bytes().to_vec()),
        "swmm" => by_hand(SWMM.as_bytes().to_vec()),
        "photo" => by_hand(photo()),
        _ => PLACES.iter().filter_map(|(kind, places)| written(format, *kind, places)).collect(),
    }
}

/// A layer of this kind in this format; `None` where the format has no room for it.
fn written(format: &Format, kind: GeometryKind, places: &[&str]) -> Option<Seed> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("seed").with_extension(format.endings[0]);
    let written =
        write_file(&path, false, &schema(kind), &WriteOptions::default(), |out| out.write_many(&rows(places)));
    written.ok().filter(|written| written.features > 0)?;
    let files = fs::read_dir(folder.path()).expect("readable").flatten().map(|entry| entry.path());
    let known = ["shp", "dbf", "shx", "prj", "cpg"].into_iter().chain(format.endings.iter().copied());
    let known: Vec<&'static str> = known.collect();
    let mut seed: Seed = files
        .filter_map(|file| {
            let ending = known.iter().find(|it| file.extension().is_some_and(|ending| ending == **it))?;
            Some((*ending, fs::read(&file).expect("readable")))
        })
        .collect();
    seed.sort_by_key(|(ending, _)| (*ending != format.endings[0], *ending));
    Some(seed)
}

/// A model of EPA SWMM with every kind of node and link.
const SWMM: &str = "\
[OPTIONS]
FLOW_UNITS CFS
LINK_OFFSETS ELEVATION
[SUBCATCHMENTS]
S1 RG1 J1 1.5 60 80 0.5 0
[JUNCTIONS]
;街口的井
J1 10.5 2.5 0.25 0 0
\"井 2\" 10 0 0 0 0 ; comment
[OUTFALLS]
O1 8 FIXED 8.25 YES
[STORAGE]
ST1 7 4 1 TABULAR C1 0 0
[DIVIDERS]
D1 9.5 C1 WEIR 10 2 0.5 2 0.1 0 5
[CONDUITS]
C1 J1 \"井 2\" 50 0.013 10.6 * 0 0
[PUMPS]
P1 ST1 O1 * ON 0 0
[ORIFICES]
R1 ST1 J1 SIDE 7.5 0.65 NO 0
[WEIRS]
W1 D1 O1 TRANSVERSE 9.75 1.84 NO 0 0 YES
[OUTLETS]
U1 J1 O1 10.75 FUNCTIONAL/DEPTH 10 0.5 NO
[XSECTIONS]
C1 CIRCULAR 1.5 0 0 0 1
[DWF]
J1 FLOW 0.5
[TAGS]
Node J1 storm
[MAP]
Units Feet
[COORDINATES]
J1 500000 3280000
O1 500110 3280010
[VERTICES]
C1 500020 3280005
[POLYGONS]
S1 500000 3280000
S1 500050 3280000
S1 500050 3280040
";

fn schema(kind: GeometryKind) -> Schema {
    Schema {
        table: "city".to_owned(),
        name: Text::new("城市设施", "Facilities"),
        kind: "plain".to_owned(),
        geometry: Some(kind),
        crs: Crs::WGS84,
        z_order: 0,
        fields: vec![
            Field::int("number", "号", "Number"),
            Field::text("name", "名称", "Name"),
            Field::real("length_m", "长度", "Length", "m"),
            Field::bool("active", "启用", "Active"),
            Field::new("moment", FieldType::DateTime, "时刻", "Moment"),
        ],
    }
}

/// Rows with everything, with nothing and without a place.
fn rows(places: &[&str]) -> Vec<Feature> {
    let full = |number: i64| {
        let moment = Value::from("2026-11-22T06:03:27.000Z");
        vec![Value::Int(number), Value::from("九江 <市> & \"区\""), Value::Real(12.5), Value::Bool(true), moment]
    };
    let places = places.iter().map(|words| Some(wkt::parse(words).expect("a geometry").geometry)).chain([None]);
    let rows = (1..).zip(places);
    rows.map(|(id, geometry)| Feature { id, geometry, values: if id == 2 { vec![Value::Null; 5] } else { full(id) } })
        .collect()
}

fn shapefiles_in_zip() -> Vec<Seed> {
    let format = FORMATS.iter().find(|format| format.id == "shapefile").expect("listed");
    let packed = seeds(format).into_iter().map(|seed| {
        let entries = seed.into_iter().map(|(ending, bytes)| (format!("设施/seed.{ending}"), bytes)).collect();
        vec![("zip", repacked(entries))]
    });
    packed.collect()
}

/// The entries of an archive by name.
pub(crate) fn unpacked(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let len = archive.len();
    let entry = |index| {
        let mut entry = archive.by_index(index).ok()?;
        let (name, mut content) = (entry.name().ok()?.into_owned(), Vec::new());
        entry.read_to_end(&mut content).ok()?;
        Some((name, content))
    };
    (0..len).map(entry).collect()
}

/// An archive of these entries, not compressed: a changed byte is then a changed content.
pub(crate) fn repacked(entries: Vec<(String, Vec<u8>)>) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in entries {
        out.start_file(name, stored).expect("begun");
        out.write_all(&content).expect("written");
    }
    out.finish().expect("ended").into_inner()
}

/// A spreadsheet of OpenDocument with one sheet.
fn spreadsheet() -> Vec<u8> {
    let cell =
        |kind: &str, words: &str| format!("<table:table-cell {kind}><text:p>{words}</text:p></table:table-cell>");
    let text = |words: &str| cell("office:value-type=\"string\"", words);
    let number = |n: &str| cell(&format!("office:value-type=\"float\" office:value=\"{n}\""), n);
    let names = [text("名称"), text("经度"), text("纬度")].concat();
    let row = [text("甲"), number("116.0123"), number("29.7")].concat();
    let blank = "<table:table-row table:number-rows-repeated=\"2\"><table:table-cell/></table:table-row>";
    let rows = format!("<table:table-row>{names}</table:table-row>{blank}<table:table-row>{row}</table:table-row>");
    let content = format!(
        "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body>\
         <office:spreadsheet><table:table table:name=\"台账\">{rows}</table:table></office:spreadsheet></office:body>\
         </office:document-content>"
    );
    let kind = b"application/vnd.oasis.opendocument.spreadsheet".to_vec();
    repacked(vec![("mimetype".to_owned(), kind), ("content.xml".to_owned(), content.into_bytes())])
}

/// A workbook of Excel 97 with one sheet of numbers, strings that are shared and one that is not.
fn workbook_of_1997() -> Vec<u8> {
    let record = |kind: u16, data: &[u8]| [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat();
    let string = |words: &str, len_bytes: usize| {
        let units: Vec<u16> = words.encode_utf16().collect();
        let len = units.len().to_le_bytes();
        [&len[..len_bytes], &[1], &units.into_iter().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat()
    };
    let at = |row: u16, column: u16| [row, column, 0].map(u16::to_le_bytes).concat();
    let shared = |row, column, place: u32| record(0xfd, &[at(row, column), place.to_le_bytes().to_vec()].concat());
    let number = |row, column, number: f64| record(0x203, &[at(row, column), number.to_le_bytes().to_vec()].concat());
    let strings = ["名称", "经度", "纬度", "雨水井甲"].map(|word| string(word, 2)).concat();
    let sheet = [
        record(0x809, &[0, 6, 0x10, 0]),
        [shared(0, 0, 0), shared(0, 1, 1), shared(0, 2, 2)].concat(),
        [shared(1, 0, 3), number(1, 1, 116.0123), number(1, 2, 29.7)].concat(),
        record(0x204, &[at(2, 0), string("雨水井乙", 2)].concat()),
        record(0x0a, &[]),
    ];
    let head = |start: u32| {
        let name = [&start.to_le_bytes()[..], &[0, 0], &string("台账", 1)].concat();
        let shared = [&[4, 0, 0, 0, 4, 0, 0, 0][..], &strings].concat();
        [record(0x809, &[0, 6, 5, 0]), record(0x85, &name), record(0xfc, &shared), record(0x0a, &[])].concat()
    };
    compound(&[head(head(0).len() as u32), sheet.concat()].concat())
}

/// A compound file (MS-CFB) with one stream: header, table, directory, stream.
fn compound(stream: &[u8]) -> Vec<u8> {
    let size = stream.len().max(4096);
    let sectors = size.div_ceil(512) as u32;
    let (end, none) = (0xffff_fffe_u32, u32::MAX);
    let mut header = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    header.resize(512, 0xff);
    header[30..34].copy_from_slice(&[9, 0, 6, 0]);
    for (at, number) in [(44, 1), (48, 1), (56, 4096), (60, end), (64, 0), (68, end), (72, 0), (76, 0)] {
        header[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    let numbers = [0xffff_fffd, end].into_iter().chain(3..2 + sectors).chain([end]).chain(std::iter::repeat(none));
    let table: Vec<u8> = numbers.take(128).flat_map(u32::to_le_bytes).collect();
    let entry = |name: &str, kind: u8, start: u32, size: usize| {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let len = entry.len() + 2;
        entry.resize(128, 0);
        (entry[64], entry[66]) = (len as u8, kind);
        entry[116..120].copy_from_slice(&start.to_le_bytes());
        entry[120..124].copy_from_slice(&(size as u32).to_le_bytes());
        entry
    };
    let mut directory = [entry("Root Entry", 5, end, 0), entry("Workbook", 2, 2, size)].concat();
    directory.resize(512, 0);
    let mut padded = stream.to_vec();
    padded.resize(sectors as usize * 512, 0);
    [header, table, directory, padded].concat()
}

const TOPOLOGY: &str = r#"{"type":"Topology","transform":{"scale":[0.01,0.01],"translate":[116,29]},
    "objects":{"街道":{"type":"GeometryCollection","geometries":[
        {"type":"Polygon","id":"a","arcs":[[0,1]],"properties":{"name":"甲","n":1}},
        {"type":"MultiPolygon","id":"b","arcs":[[[-1,2]]],"properties":{"name":null,"n":2}},
        {"type":null,"properties":{"name":"丙"}}]},
      "点":{"type":"Point","coordinates":[50,50],"properties":{"code":"007"}}},
    "arcs":[[[10,0],[0,10]],[[10,10],[-10,0],[0,-10],[10,0]],[[10,0],[10,0],[0,10],[-10,0]]]}"#;

const OSM_XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">
    <node id="1" lat="29.70" lon="116.00"/><node id="2" lat="29.70" lon="116.01"/><node id="3" lat="29.71" lon="116.01"/>
    <node id="8" lat="29.72" lon="116.02"><tag k="shop" v="bakery"/><tag k="name" v="面包店"/></node>
    <way id="10"><nd ref="1"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="name" v="中山路"/></way>
    <way id="11"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="building" v="apartments"/></way>
    <relation id="20"><member type="way" ref="11" role="outer"/><tag k="type" v="multipolygon"/><tag k="natural" v="water"/></relation>
    </osm>"#;

/// The field of a message that is a number.
pub(crate) fn proto_number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// The field of a message that is bytes.
pub(crate) fn proto_bytes(field: u64, content: &[u8]) -> Vec<u8> {
    [varint((field << 3) | 2), varint(content.len() as u64), content.to_vec()].concat()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number > 127 {
        out.push(number as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

/// An extract of OpenStreetMap: a shop, a road and a building, not compressed.
fn pbf() -> Vec<u8> {
    let packed = |numbers: &[u64]| numbers.iter().flat_map(|number| varint(*number)).collect::<Vec<u8>>();
    let deltas = |numbers: &[i64]| {
        let before = std::iter::once(0).chain(numbers.iter().copied());
        let steps = numbers.iter().zip(before).map(|(number, before)| number - before);
        packed(&steps.map(|step| ((step << 1) ^ (step >> 63)) as u64).collect::<Vec<_>>())
    };
    let words = ["", "shop", "bakery", "highway", "primary", "name", "中山路", "building", "yes"];
    let strings: Vec<u8> = words.iter().flat_map(|word| proto_bytes(1, word.as_bytes())).collect();
    let dense = [
        proto_bytes(1, &deltas(&[1, 2, 3])),
        proto_bytes(8, &deltas(&[297_000_000, 297_000_000, 297_100_000])),
        proto_bytes(9, &deltas(&[1_160_000_000, 1_160_100_000, 1_160_100_000])),
        proto_bytes(10, &packed(&[1, 2, 0, 0, 0])),
    ];
    let way = |id: u64, keys: &[u64], values: &[u64], nodes: &[i64]| {
        let tags = [proto_bytes(2, &packed(keys)), proto_bytes(3, &packed(values))].concat();
        proto_bytes(3, &[proto_number(1, id), tags, proto_bytes(8, &deltas(nodes))].concat())
    };
    let ways = [way(10, &[3, 5], &[4, 6], &[1, 3]), way(11, &[7], &[8], &[1, 2, 3, 1])].concat();
    let groups = [proto_bytes(2, &dense.concat()), ways];
    let blocks = groups.map(|group| {
        let content = [proto_bytes(1, &strings), proto_bytes(2, &group)].concat();
        pbf_block(b"OSMData", &proto_bytes(1, &content))
    });
    let header = [proto_bytes(4, b"OsmSchema-V0.6"), proto_bytes(4, b"DenseNodes")].concat();
    [pbf_block(b"OSMHeader", &proto_bytes(1, &header)), blocks.concat()].concat()
}

/// A block of an extract around this blob.
pub(crate) fn pbf_block(kind: &[u8], blob: &[u8]) -> Vec<u8> {
    let head = [proto_bytes(1, kind), proto_number(3, blob.len() as u64)].concat();
    [&(head.len() as u32).to_be_bytes()[..], &head, blob].concat()
}

/// What a phone says of a photo, as a TIFF without a picture.
fn photo() -> Vec<u8> {
    let field = |tag, value| ExifField { tag, ifd_num: In::PRIMARY, value };
    let ascii = |words: &str| Raw::Ascii(vec![words.as_bytes().to_vec()]);
    let angle = |degrees: u32| Raw::Rational(vec![(degrees, 1).into(), (42, 1).into(), (1800, 100).into()]);
    let fields = [
        field(Tag::GPSLatitudeRef, ascii("N")),
        field(Tag::GPSLatitude, angle(29)),
        field(Tag::GPSLongitudeRef, ascii("E")),
        field(Tag::GPSLongitude, angle(115)),
        field(Tag::Model, ascii("HUAWEI Mate 60")),
        field(Tag::DateTimeOriginal, ascii("2026:11:22 14:03:27")),
    ];
    let mut writer = ExifWriter::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut out = Cursor::new(Vec::new());
    writer.write(&mut out, true).expect("written");
    out.into_inner()
}
