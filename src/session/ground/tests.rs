//! Base maps under a city: added, seen on the map where their datum says, kept, found again.

use std::path::{Path, PathBuf};

use crate::geom::crs::Crs;
use crate::geom::gcj;
use crate::geom::transform::{degrees_from_mercator, mercator_from_degrees};
use crate::io::picture::write_png;
use crate::text::Lang;

use crate::session::answer::{FailureKind, RenderFrame, RenderRequest};
use crate::session::command::{CityCommand, Command, ExchangeCommand, GroundCommand, ImportRequest};
use crate::session::test_city::TestCity;

/// A place in Jiujiang.
const HERE: [f64; 2] = [115.99, 29.72];
/// Pixels of the picture, and Web Mercator metres of one of them.
const SIDE: u32 = 256;
const PIXEL_M: f64 = 1.0;
const RED: [u8; 4] = [220, 30, 30, 255];
const BLUE: [u8; 4] = [30, 30, 220, 255];

/// Takes a command, and waits until the base maps are read.
fn run(city: &mut TestCity, command: Command) {
    city.run(command);
    // What the keeper has read arrives with the answer or a little later.
    let wanted = city.session.grounds().map_or(0, |grounds| grounds.len());
    city.wait(|session| session.city().is_some_and(|city| city.revision != 0 && city.grounds.len() == wanted));
}

/// A picture around [`HERE`] in Web Mercator, red in the west and blue in the east.
fn picture(city: &TestCity) -> PathBuf {
    let row = (0..SIDE).flat_map(|x| if x < SIDE / 2 { RED } else { BLUE });
    let rgba: Vec<u8> = (0..SIDE).flat_map(|_| row.clone()).collect();
    let mut png = Vec::new();
    write_png(&mut png, [SIDE; 2], &rgba).expect("written");
    let [x, y] = mercator_from_degrees(HERE);
    let half = f64::from(SIDE) * PIXEL_M / 2.0 - PIXEL_M / 2.0;
    city.write("航拍.pgw", format!("{PIXEL_M}\n0\n0\n-{PIXEL_M}\n{}\n{}\n", x - half, y + half));
    city.write("航拍.png", png)
}

/// The colour of the map at WGS 84 degrees.
fn color(city: &TestCity, lonlat: [f64; 2], dark: bool) -> [u8; 4] {
    let path = city.path("map.png");
    let request = RenderRequest {
        path: path.clone(),
        overwrite: true,
        size_px: [401, 401],
        pixel_ratio: 1.0,
        frame: RenderFrame::Around(lonlat, 10.0),
        denominator: None,
        layers: Vec::new(),
        lang: Lang::Zh,
        dark,
        sheet: None,
    };
    city.session.render(&request, &mut |_| {}).expect("drawn");
    let picture = crate::io::picture::decode(&std::fs::read(&path).expect("bytes")).expect("a picture");
    // The scale bar and the arrow stand at the edges.
    let at = (200 * picture.size[0] + 200) * 4;
    picture.rgba[at..at + 4].try_into().expect("a pixel")
}

/// So many metres to the east of the middle of the picture, on the map of the picture.
fn east(metres: f64) -> [f64; 2] {
    let [x, y] = mercator_from_degrees(HERE);
    degrees_from_mercator([x + metres, y])
}

#[track_caller]
fn check_color(got: [u8; 4], expected: [u8; 4]) {
    let is_near = got.iter().zip(expected).all(|(got, expected)| got.abs_diff(expected) <= 2);
    assert!(is_near, "{got:?}, not {expected:?}");
}

#[test]
fn a_base_map_lies_where_its_datum_says_and_is_kept_with_the_city() {
    let mut city = TestCity::new();
    let path = picture(&city);
    run(&mut city, Command::Ground(GroundCommand::Add { path, datum: Some(Crs::WEB_MERCATOR) }));
    let grounds = city.session.grounds().expect("base maps");
    assert_eq!((grounds.len(), grounds[0].name.as_str(), &grounds[0].trouble), (1, "航拍", &None));
    check_color(color(&city, east(-60.0), false), RED);
    check_color(color(&city, east(60.0), false), BLUE);

    // The same numbers as shifted degrees: the picture lies where the shift is taken back, the map stays.
    city.write("航拍.prj", Crs::WEB_MERCATOR.definition_wkt().expect("words"));
    let name = || "航拍".to_owned();
    run(&mut city, Command::Ground(GroundCommand::Datum { name: name(), datum: Crs::Gcj02 }));
    check_color(color(&city, gcj::wgs_from_gcj(east(-60.0)), false), RED);
    check_color(color(&city, gcj::wgs_from_gcj(east(60.0)), false), BLUE);
    let land = color(&city, [HERE[0] + 0.1, HERE[1]], false);
    check_color(color(&city, east(-60.0), false), land);

    // City and picture move together.
    let moved = city.path("moved");
    std::fs::create_dir(&moved).expect("a folder");
    run(&mut city, Command::City(CityCommand::Backup { path: moved.join("九江.gpkg"), overwrite: false }));
    for file in ["航拍.png", "航拍.pgw", "航拍.prj"] {
        std::fs::rename(city.path(file), moved.join(file)).expect("moved");
    }
    let gone = city.session.grounds().expect("base maps");
    assert!(gone[0].trouble.is_some() && gone[0].visible);
    run(&mut city, Command::City(CityCommand::Open(moved.join("九江.gpkg"))));
    assert_eq!(city.session.grounds().expect("base maps")[0].trouble, None);
}

#[test]
fn a_base_map_is_faded_dimmed_hidden_and_removed() {
    let mut city = TestCity::new();
    let path = picture(&city);
    run(&mut city, Command::Ground(GroundCommand::Add { path: path.clone(), datum: Some(Crs::WEB_MERCATOR) }));
    let name = || "航拍".to_owned();
    let land = color(&city, [HERE[0] + 0.1, HERE[1]], false);
    check_color(color(&city, east(-60.0), true), [121, 17, 17, 255]);
    run(&mut city, Command::Ground(GroundCommand::Dim { name: name(), dim: false }));
    check_color(color(&city, east(-60.0), true), RED);
    run(&mut city, Command::Ground(GroundCommand::Opacity { name: name(), opacity: 0.5 }));
    let half = [0, 1, 2, 3].map(|part| u8::midpoint(land[part], RED[part]));
    check_color(color(&city, east(-60.0), false), half);
    run(&mut city, Command::Ground(GroundCommand::Visible { name: name(), visible: false }));
    check_color(color(&city, east(-60.0), false), land);

    // The same file again gets a name of its own, and lies on top.
    run(&mut city, Command::Ground(GroundCommand::Add { path, datum: Some(Crs::WEB_MERCATOR) }));
    let names = |city: &TestCity| -> Vec<String> {
        city.session.grounds().expect("base maps").into_iter().map(|ground| ground.name).collect()
    };
    assert_eq!(names(&city), ["航拍 2", "航拍"]);
    run(&mut city, Command::Ground(GroundCommand::Raise(name())));
    assert_eq!(names(&city), ["航拍", "航拍 2"]);
    run(&mut city, Command::Ground(GroundCommand::Remove("航拍 2".to_owned())));
    run(&mut city, Command::Ground(GroundCommand::Remove(name())));
    assert_eq!(names(&city), Vec::<String>::new());
}

#[test]
fn a_base_map_of_openstreetmap_is_clipped_to_the_city() {
    let mut city = TestCity::new();
    let [lon, lat] = HERE;
    let ring = format!("[[{lon},{lat}],[{},{lat}],[{},{}],[{lon},{lat}]]", lon + 0.01, lon + 0.01, lat + 0.01);
    let words = format!(
        r#"{{"type":"Feature","properties":{{"name":"a"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}"#
    );
    let area = city.write("范围.geojson", words);
    let import = ImportRequest { paths: vec![area], ..ImportRequest::default() };
    run(&mut city, Command::Exchange(ExchangeCommand::Import(import)));
    let node = |id: u32, east: f64| format!(r#"<node id="{id}" lon="{}" lat="{lat}"/>"#, lon + east);
    let way = |id: u32, refs: [u32; 2], name: &str| {
        let [a, b] = refs;
        format!(
            r#"<way id="{id}"><nd ref="{a}"/><nd ref="{b}"/><tag k="highway" v="primary"/><tag k="name" v="{name}"/></way>"#
        )
    };
    let nodes: String = [(1, 0.0), (2, 0.005), (3, 0.2), (4, 0.21)].map(|(id, east)| node(id, east)).concat();
    let ways = way(10, [1, 2], "城里路") + &way(11, [3, 4], "城外路");
    let file = city.write("江西.osm", format!(r#"<osm version="0.6">{nodes}{ways}</osm>"#));
    while city.session.city().is_none_or(|city| city.home_world().is_none()) {
        city.session.poll();
    }
    let request = city.session.basemap_request(vec![file], 1000.0);
    run(&mut city, Command::Exchange(ExchangeCommand::Import(request)));
    let layers = city.session.layers().expect("layers");
    let layers_before = layers.len();
    let roads = layers.iter().find(|layer| layer.kind.id == "road").expect("roads");
    assert_eq!(roads.count, 1);
    let elsewhere = city.write("湖北.osm", format!(r#"<osm version="0.6">{nodes}{}</osm>"#, way(11, [3, 4], "城外路")));
    let request = city.session.basemap_request(vec![elsewhere], 1000.0);
    let refused = city.try_run(Command::Exchange(ExchangeCommand::Import(request)));
    let failure = refused.expect_err("outside the city");
    assert_eq!(failure.kind, FailureKind::Data);
    assert!(failure.text.zh.contains("文件不在本市范围，相距约 17 公里"), "{}", failure.text.zh);
    assert_eq!(city.session.layers().expect("layers").len(), layers_before);
}

#[test]
fn what_is_no_base_map_is_refused_with_a_reason() {
    let mut city = TestCity::new();
    for (name, bytes) in
        [("a.mbtiles", &b"SQLite format 3\0"[..]), ("a.tif", b"II*\0"), ("a.txt", b"words"), ("b", b"")]
    {
        let path = city.write(name, bytes);
        let added = city.try_run(Command::Ground(GroundCommand::Add { path, datum: None }));
        let failure = added.expect_err("no base map");
        assert!(!failure.text.zh.is_empty(), "{name}");
    }
    let path = Path::new("/nowhere/a.mbtiles").to_owned();
    assert!(city.try_run(Command::Ground(GroundCommand::Add { path, datum: None })).is_err());
    assert!(city.session.grounds().expect("none").is_empty());
}
