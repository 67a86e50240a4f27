//! Questions about ways through a small sewer network, asked of the program itself.

use serde_json::{Value as Json, json};

use crate::fixture::Desk;

/// ```text
/// A ─P1→ B ─P2→ C ─P3→ S (pump) ─P4→ W (plant)
///        └─P5→ O (outfall)   D ─P6→ C   E ─P7→ F (nowhere)
/// ```
/// A degree of longitude is 96.7 km here: pipes run 100 m east or a little south. X crosses P1 half a metre above it.
fn town() -> Desk {
    let desk = Desk::new();
    let at = |x: f64, y: f64| [116.0 + x / 96_700.0, 29.7 + y / 110_850.0];
    let nodes = [
        ("A", "manhole", at(0.0, 0.0)),
        ("B", "manhole", at(100.0, 0.0)),
        ("C", "manhole", at(200.0, 0.0)),
        ("S", "pump", at(300.0, 0.0)),
        ("W", "plant", at(400.0, 0.0)),
        ("O", "outfall", at(100.0, -100.0)),
        ("D", "manhole", at(200.0, 100.0)),
        ("E", "manhole", at(0.0, 500.0)),
        ("F", "manhole", at(100.0, 500.0)),
        ("P6", "manhole", at(900.0, 900.0)),
    ];
    let node = |(code, node_type, place): (&str, &str, [f64; 2])| {
        json!({"type": "Feature", "properties": {"code": code, "node_type": node_type, "ground_level_m": 20.0},
               "geometry": {"type": "Point", "coordinates": place}})
    };
    let place = |code: &str| nodes.iter().find(|it| it.0 == code).expect("a node").2;
    let pipe = |code: &str, [from, to]: [&str; 2], levels: [Json; 2], size: i64| {
        json!({"type": "Feature",
               "properties": {"code": code, "from_node": from, "to_node": to, "diameter_mm": size, "sewer_type": "foul",
                              "invert_up_m": levels[0], "invert_down_m": levels[1]},
               "geometry": {"type": "LineString", "coordinates": [place(from), place(to)]}})
    };
    let levels = |up: f64, down: f64| [json!(up), json!(down)];
    let pipes = [
        pipe("P1", ["A", "B"], levels(17.0, 16.5), 500),
        pipe("P2", ["B", "C"], levels(16.2, 16.0), 500),
        pipe("P3", ["C", "S"], levels(16.0, 16.1), 600),
        pipe("P4", ["S", "W"], [Json::Null, Json::Null], 300),
        pipe("P5", ["B", "O"], levels(16.4, 16.0), 400),
        pipe("P6", ["D", "C"], levels(17.0, 16.1), 300),
        pipe("P7", ["E", "F"], levels(17.0, 16.9), 300),
        json!({"type": "Feature",
               "properties": {"code": "X", "sewer_type": "storm", "diameter_mm": 300, "invert_up_m": 17.75, "invert_down_m": 17.75},
               "geometry": {"type": "LineString", "coordinates": [at(50.0, -30.0), at(50.0, 30.0)]}}),
    ];
    let collection = |features: Vec<Json>| json!({"type": "FeatureCollection", "features": features}).to_string();
    desk.write("nodes.geojson", collection(nodes.map(node).into()));
    desk.write("pipes.geojson", collection(pipes.into()));
    desk.done(&["new", "c.gpkg"]);
    desk.done(&["import", "nodes.geojson", "--into", "c.gpkg", "--kind", "sewer_node"]);
    desk.done(&["import", "pipes.geojson", "--into", "c.gpkg", "--kind", "sewer_pipe"]);
    desk
}

fn codes(json: &Json) -> Vec<String> {
    let mut codes: Vec<String> =
        json.as_array().expect("a list").iter().map(|it| it.as_str().expect("a code").to_owned()).collect();
    codes.sort();
    codes
}

#[track_caller]
fn near(json: &Json, expected: f64) {
    let number = json.as_f64().expect("a number");
    assert!((number - expected).abs() < 0.002 * expected, "{number} for {expected}");
}

#[test]
fn a_trace_tells_pipes_nodes_and_sums_and_goes_into_a_file() {
    let desk = town();
    let up = desk.json(&["sewer", "trace", "c.gpkg", "--from", "S", "--direction", "up"]);
    assert_eq!((&up["pipes"], &up["nodes"]), (&json!(4), &json!(5)));
    assert_eq!(codes(&up["pipe_codes"]), ["P1", "P2", "P3", "P6"]);
    assert_eq!(codes(&up["node_codes"]), ["A", "B", "C", "D", "S"]);
    near(&up["length_m"], 400.0);
    assert_eq!(up["directions"], json!({"record": 4, "inverts": 0, "drawn": 0}));
    let sizes: Vec<&Json> = up["by_diameter"].as_array().expect("sizes").iter().map(|it| &it["diameter_mm"]).collect();
    assert_eq!(sizes, [&json!(300.0), &json!(500.0), &json!(600.0)]);
    // A point of a pipe takes the pipe and all below it.
    let down =
        ["sewer", "trace", "c.gpkg", "--from", "116.00155,29.70005", "--direction", "down", "--out", "down.geojson"];
    let down = desk.json(&down);
    assert_eq!(codes(&down["pipe_codes"]), ["P2", "P3", "P4"]);
    assert_eq!(down["from"]["is"], "pipe");
    let file: Json = serde_json::from_slice(&desk.read("down.geojson")).expect("JSON");
    assert_eq!(file["features"].as_array().map(Vec::len), Some(3));
    assert_eq!(file["features"][0]["properties"]["direction_by"], "record");
    desk.done(&["sewer", "trace", "c.gpkg", "--from", "S", "--direction", "up", "--nodes", "--out", "up.xlsx"]);
    assert!(desk.files().contains(&"up.xlsx".to_owned()));
}

#[test]
fn an_edited_pipe_changes_the_trace() {
    let desk = town();
    let pipes =
        |desk: &Desk| desk.json(&["sewer", "trace", "c.gpkg", "--from", "S", "--direction", "up"])["pipes"].clone();
    let rows = desk.json(&["query", "c.gpkg", "--layer", "sewer_pipe", "--where", "code = 'P2'"]);
    let row = rows["features"][0]["id"].to_string();
    desk.done(&["edit", "c.gpkg", "--layer", "sewer_pipe", "--id", &row, "--set", "to_node=F"]);
    assert_eq!(pipes(&desk), json!(2));
    desk.done(&["undo", "c.gpkg"]);
    assert_eq!(pipes(&desk), json!(4));
}

#[test]
fn words_that_name_nothing_or_two_things_are_told() {
    let desk = town();
    let trace = |from: &str| {
        ["sewer", "trace", "c.gpkg", "--direction", "up", "--from"]
            .map(str::to_owned)
            .into_iter()
            .chain([from.to_owned()])
            .collect::<Vec<_>>()
    };
    for words in ["nothing", "sewer_pipe/99", "sewer_node/99", "116.5,29.7", "rivers/1"] {
        let words = trace(words);
        desk.fails(&words.iter().map(String::as_str).collect::<Vec<_>>(), 2, "usage");
    }
    // P6 is a node and a pipe.
    let words = trace("P6");
    let both = desk.json(&words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(both["from"]["is"], "node");
    assert!(both["from"]["note"]["en"].as_str().is_some_and(|note| note.contains("pipe:P6")), "{both}");
    let words = trace("pipe:P6");
    assert_eq!(desk.json(&words.iter().map(String::as_str).collect::<Vec<_>>())["pipes"], json!(1));
}

#[test]
fn paths_run_with_the_flow_unless_any_way_will_do() {
    let desk = town();
    let path = desk.json(&["sewer", "path", "c.gpkg", "--from", "A", "--to", "W"]);
    assert_eq!(path["pipe_codes"], json!(["P1", "P2", "P3", "P4"]));
    near(&path["length_m"], 400.0);
    let ran = desk.run(&["sewer", "path", "c.gpkg", "--from", "A", "--to", "D", "--json"]);
    assert_eq!((ran.code, ran.json()["found"].clone()), (1, json!(false)));
    let drawn = desk.run(&["sewer", "profile", "c.gpkg", "--from", "A", "--to", "D", "--json"]);
    assert_eq!((drawn.code, drawn.json()), (1, ran.json()), "who needs the way says the same");
    let any = desk.json(&["sewer", "path", "c.gpkg", "--from", "A", "--to", "D", "--any-way"]);
    assert_eq!((&any["pipe_codes"], &any["against_flow"]), (&json!(["P1", "P2", "P6"]), &json!(1)));
}

#[test]
fn basins_add_up_to_the_whole_network() {
    let desk = town();
    let found = desk.json(&["sewer", "basins", "c.gpkg"]);
    let basins = found["basins"].as_array().expect("basins");
    let sum: f64 = basins.iter().filter_map(|basin| basin["length_m"].as_f64()).sum();
    assert!((sum - found["network"]["length_m"].as_f64().expect("metres")).abs() < 1e-6);
    let of = |end: &str| basins.iter().find(|basin| basin["terminal"] == end).expect("a basin");
    // P1 goes on at the lowest invert, which is P2's, and could also reach the outfall.
    assert_eq!(codes(&of("S")["pipe_codes"]), ["P1", "P2", "P3", "P6"]);
    assert_eq!((codes(&of("O")["pipe_codes"]), &of("S")["passes_to"]), (vec!["P5".to_owned()], &json!("W")));
    near(&of("S")["shared_m"], 100.0);
    assert_eq!(codes(&basins.last().expect("the rest")["pipe_codes"]), ["P7", "X"]);
    let through = desk.json(&["sewer", "basins", "c.gpkg", "--through-pumps", "--out", "b.csv"]);
    assert_eq!(through["basins"][0]["terminal"], "W");
    assert!(String::from_utf8(desk.read("b.csv")).expect("UTF-8").lines().count() == 4);
}

#[test]
fn a_closed_pipe_backs_up_and_a_by_pass_is_told() {
    let desk = town();
    let closed = desk.json(&["sewer", "close", "c.gpkg", "--pipe", "P3"]);
    // A and B can drain to the outfall.
    assert_eq!(codes(&closed["backs_up"]["pipe_codes"]), ["P2", "P6"]);
    assert_eq!(closed["bypasses"], json!([null]));
    let closed = desk.json(&["sewer", "close", "c.gpkg", "--pipe", "P2"]);
    assert_eq!((&closed["bypasses"][0]["pipe_codes"], &closed["backs_up"]["pipes"]), (&json!(["P5"]), &json!(0)));
    let longest = desk.json(&["sewer", "longest", "c.gpkg"]);
    assert_eq!(longest["pipe_codes"], json!(["P1", "P2", "P3", "P4"]));
}

#[test]
fn a_profile_has_levels_crossings_and_faults_and_is_drawn() {
    let desk = town();
    let profile = desk.json(&["sewer", "profile", "c.gpkg", "--down", "A", "--paper", "a2", "--out", "p.svg"]);
    assert_eq!(profile["node_codes"], json!(["A", "B", "C", "S", "W"]));
    let pipes = profile["pipes"].as_array().expect("pipes");
    assert_eq!((&pipes[2]["adverse"], &pipes[0]["adverse"]), (&json!(true), &json!(false)));
    assert_eq!(pipes[3]["invert_m"], json!([null, null]));
    near(&profile["nodes"][1]["drop_m"], 0.3);
    let crossing = &profile["crossings"][0];
    assert_eq!(crossing["pipe"], "X");
    near(&crossing["chainage_m"], 50.0);
    near(&crossing["gap_m"], 0.5);
    let svg = String::from_utf8(desk.read("p.svg")).expect("UTF-8");
    assert!(svg.contains("Long profile A → W") && svg.contains("no inverts") && !svg.contains("invented"));
    desk.done(&["sewer", "profile", "c.gpkg", "--from", "A", "--to", "C", "--exaggeration", "20", "--out", "p.pdf"]);
    assert!(desk.read("p.pdf").starts_with(b"%PDF"));
    desk.done(&["sewer", "profile", "c.gpkg", "--from", "A", "--to", "C", "--out", "p.csv"]);
    let csv = String::from_utf8(desk.read("p.csv")).expect("UTF-8");
    assert_eq!(csv.lines().count(), 1 + 3 + 2 + 1, "{csv}");
    let head = csv.lines().next().expect("a head");
    for column in ["with_flow", "ground_m", "crown_m", "cover_m", "end_cover_m", "slope_permille", "passes", "gap_m"] {
        assert!(head.split(',').any(|it| it == column), "{column} in {head}");
    }
    // 200 m at 1:200 is a metre of paper: pages, each a file of its own, or all in one PDF.
    let pages = ["sewer", "profile", "c.gpkg", "--from", "A", "--to", "C", "--paper", "a4", "--scale", "1:200"];
    let told = desk.json(&[&pages[..], &["--vscale", "100", "--out", "s.svg"]].concat());
    let count = told["pages"].as_u64().expect("a number of pages");
    assert!((4..9).contains(&count), "{count}");
    for page in 1..=count {
        let svg = String::from_utf8(desk.read(&format!("s-{page}.svg"))).expect("UTF-8");
        assert!(svg.contains(&format!("Page {page} of {count}")) && svg.contains("1:200, up 1:100"), "page {page}");
    }
    desk.fails(&[&pages[..], &["--out", "s.svg"]].concat(), 3, "file");
    let told = desk.json(&[&pages[..], &["--out", "s.pdf"]].concat());
    assert_eq!(told["pages"].as_u64(), Some(count));
    assert!(desk.read("s.pdf").starts_with(b"%PDF"));
    let long = ["sewer", "profile", "c.gpkg", "--down", "A", "--paper", "long", "--interpolate", "--out", "l.svg"];
    assert_eq!(desk.json(&long)["pages"], 1);
    desk.fails(&["sewer", "profile", "c.gpkg", "--down", "A", "--paper", "b9", "--out", "x.pdf"], 2, "usage");
    // What is in the file is not told again; a scale may be typed with a full-width colon.
    let whole = desk.run(&["sewer", "profile", "c.gpkg", "--from", "A", "--to", "C"]);
    let short = [&pages[..9], &["--scale", "1：500", "--out", "w.pdf"]].concat();
    let short = desk.run(&short);
    assert_eq!((whole.code, short.code), (0, 0), "{}", short.err);
    assert!(whole.out.contains("Invert in") && !short.out.contains("Invert in"), "{}", short.out);
    let none = desk.run(&["sewer", "profile", "c.gpkg"]);
    assert!(none.code == 2 && ["--from", "--down", "--longest"].iter().all(|it| none.err.contains(it)), "{}", none.err);
    // A file that is there stays, unless it may go.
    desk.fails(&["sewer", "profile", "c.gpkg", "--down", "A", "--paper", "a2", "--out", "p.svg"], 3, "file");
    // No way is an answer, as it is of `path`, and leaves no file.
    let none = desk.run(&["sewer", "profile", "c.gpkg", "--from", "A", "--to", "E", "--out", "q.svg"]);
    assert!(none.code == 1 && !desk.path("q.svg").exists(), "{}{}", none.out, none.err);
}
