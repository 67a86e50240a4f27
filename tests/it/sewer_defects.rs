//! Reports of defects and their files, asked of the program itself.

use serde_json::json;

use crate::fixture::Desk;

/// The file is the city, or the one that is read.
const IN_USE: (i32, &str) = (2, "usage");
/// The file is somebody's.
const THERE: (i32, &str) = (3, "file");

/// A city with the pipe A of 30 m, and a report of which one row is refused.
fn town() -> Desk {
    let desk = Desk::new();
    let pipe = json!({"type": "Feature",
        "properties": {"code": "A", "sewer_type": "foul", "diameter_mm": 600, "length_m": 30.0},
        "geometry": {"type": "LineString", "coordinates": [[116.0, 29.7], [116.0003, 29.7]]}});
    desk.write("pipes.geojson", json!({"type": "FeatureCollection", "features": [pipe]}).to_string());
    desk.write("report.csv", "pipe,code,grade,start_m,date\nX,PL,1,1,2025-01-01\nA,PL,4,5,2025-01-01\n");
    desk.done(&["new", "c.gpkg"]);
    desk.done(&["import", "pipes.geojson", "--into", "c.gpkg", "--kind", "sewer_pipe"]);
    desk
}

/// The run is refused, and the city is still one.
#[track_caller]
fn refused(desk: &Desk, words: &[&str], (code, kind): (i32, &str)) {
    desk.fails(words, code, kind);
    let summary = desk.run(&["sewer", "summary", "c.gpkg"]);
    assert_eq!(summary.code, 0, "{words:?}: the city is a city no more: {}", summary.err);
}

#[test]
fn the_city_is_never_written_over_by_what_comes_out_of_it() {
    let desk = town();
    let import = ["sewer", "defects", "c.gpkg", "--import", "report.csv"];
    refused(&desk, &[&import[..], &["--rejects", "c.gpkg", "--overwrite"]].concat(), IN_USE);
    refused(&desk, &[&import[..], &["--rejects", "./c.gpkg"]].concat(), IN_USE);
    refused(&desk, &[&import[..], &["--rejects", "report.csv", "--overwrite"]].concat(), IN_USE);
    desk.done(&[&import[..], &["--rejects", "bad.csv"]].concat());
    refused(&desk, &[&import[..], &["--rejects", "bad.csv"]].concat(), THERE);
    refused(&desk, &["import", "report.csv", "--into", "c.gpkg", "--rejects", "bad.csv"], THERE);
    refused(&desk, &["import", "report.csv", "--into", "c.gpkg", "--rejects", "c.gpkg", "--overwrite"], IN_USE);
    for verb in ["rate", "plan", "check", "capacity"] {
        refused(&desk, &["sewer", verb, "c.gpkg", "--out", "./c.gpkg", "--overwrite"], IN_USE);
    }
    refused(&desk, &["export", "c.gpkg", "--layer", "sewer_pipe", "--out", "c.gpkg", "--overwrite"], IN_USE);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(desk.path("c.gpkg"), desk.path("link.gpkg")).expect("a link");
        refused(&desk, &["sewer", "rate", "c.gpkg", "--out", "link.gpkg", "--overwrite"], IN_USE);
    }
}

#[test]
fn numbers_for_programs_have_no_noise_and_say_what_was_seen() {
    let desk = town();
    desk.done(&["sewer", "defects", "c.gpkg", "--import", "report.csv"]);
    desk.write("part.csv", "pipe,code,grade,start_m,date,检测长度\nA,,,,2025-06-01,3\n");
    desk.done(&["sewer", "defects", "c.gpkg", "--import", "part.csv"]);
    let found = desk.json(&["sewer", "rate", "c.gpkg"]);
    let pipe = &found["pipes"][0];
    assert_eq!((pipe["SM"].to_string(), pipe["later_part_on"].as_str()), ("0.0333".to_owned(), Some("2025-06-01")));
}
