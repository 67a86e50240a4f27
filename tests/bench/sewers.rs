//! The sewer workbench on made networks of a thousand to a million pipes, beside networkx and igraph where Python has
//! them: `cargo bench --bench city -- --sewers` (`--pipes 100000` for one size).

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use citygrid::analysis::network::Way;
use citygrid::session::command::{CityCommand, Command as Ask};
use citygrid::session::sewer::SewerDesk;
use citygrid::session::{NoWake, Session};
use citygrid::task::Task;
use citygrid::trades::sewer::capacity::{CapacityRules, capacity};
use citygrid::trades::sewer::checks::{self, Settings};
use citygrid::trades::sewer::cjj181::defects::DEFECTS;
use citygrid::trades::sewer::cjj181::{Defect, Rules, Segment, rate};
use citygrid::trades::sewer::sewers::Sewers;
use citygrid::trades::sewer::trace::{Beside, Start, Sums, trace};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::CITYGRID;
use crate::peer::timed;
use crate::ratios::Ratios;

/// Pipes of the networks.
pub(crate) const SIZES: [usize; 4] = [1_000, 35_000, 100_000, 1_000_000];

/// Between two manholes, metres, and its degrees of longitude and latitude.
const STEP_M: f64 = 30.0;
const STEP: [f64; 2] = [STEP_M / 96_700.0, STEP_M / 110_900.0];
const CORNER: [f64; 2] = [115.90, 29.62];

/// Runs of what takes less than a second.
const RUNS: usize = 5;
/// Edits that are measured.
const EDITS: usize = 1_000;

/// What one network took, milliseconds, by what was asked.
type Times = Vec<(&'static str, f64)>;

/// Measures networks of these sizes, and how the times grow from one to the next.
pub(crate) fn measure(folder: &Path, sizes: &[usize], ratios: &mut Ratios) -> Result<(), Box<dyn Error>> {
    let mut before: Option<(usize, Times)> = None;
    for &pipes in sizes {
        let times = one(&folder.join(format!("sewers-{pipes}")), pipes, ratios)?;
        if let Some((fewer, earlier)) = &before {
            let growth = pipes as f64 / *fewer as f64;
            let ratio = |name: &str, ms: f64| earlier.iter().find(|it| it.0 == name).map(|it| ms / it.1);
            let grown: Vec<String> =
                times.iter().filter_map(|(name, ms)| Some(format!("{name} × {:.1}", ratio(name, *ms)?))).collect();
            println!("    {growth:.1} times the pipes: {}", grown.join(", "));
        }
        before = Some((pipes, times));
    }
    Ok(())
}

fn one(folder: &Path, pipes: usize, ratios: &mut Ratios) -> Result<Times, Box<dyn Error>> {
    let city = folder.join("city.gpkg");
    let outlet = make(folder, pipes)?;
    if !city.exists() {
        for (file, kind) in [("nodes", "sewer_node"), ("pipes", "sewer_pipe")] {
            let path = folder.join(format!("{file}.geojson"));
            let mut command = Command::new(CITYGRID);
            timed(command.arg("import").arg(path).args(["--kind", kind, "--layer", kind, "--into"]).arg(&city))?;
        }
    }
    let theirs = peer(&city, &outlet);
    let (desk, build_ms) = build(&city)?;
    let measured = desk.with(&Task::silent(), |live| {
        let network = live.sewers.network();
        let root = *live.sewers.nodes_with_code(&outlet).first()?;
        let upstream_ms = best(|| network.trace(&[root], Way::Up, |_| true).edges.len());
        Some((upstream_ms, best(|| network.order().nodes.len()), alone(pipes, &live.sewers, root)))
    });
    let measured = measured.map_err(|failure| failure.text.en.to_string())?;
    let (upstream_ms, order_ms, own) = measured.ok_or("the outlet is not in the network")?;
    let mut times = Times::new();
    for (name, what, ours_ms) in [
        ("network from the file", "build_ms", build_ms),
        ("all upstream of the outlet", "upstream_ms", upstream_ms),
        ("order downstream", "order_ms", order_ms),
    ] {
        for library in ["networkx", "igraph"] {
            let theirs = theirs.as_ref().and_then(|json| json[library][what].as_f64());
            ratios.add(&format!("{pipes} pipes: {name}, {library}"), ours_ms, "ms", library, theirs);
        }
        times.push((name, ours_ms));
    }
    times.extend(own);
    Ok(times)
}

/// Reads the network of a city that was just opened; milliseconds of that.
fn build(city: &Path) -> Result<(SewerDesk, f64), Box<dyn Error>> {
    let mut best_ms = f64::INFINITY;
    for _ in 0..3 {
        let mut session = Session::headless(city.with_file_name("settings"), Arc::new(NoWake));
        let opened = session.finish(Ask::City(CityCommand::Open(city.to_owned())), &mut |_| {});
        opened.map_err(|failure| failure.text.en.to_string())?;
        let desk = session.sewers().map_err(|failure| failure.text.en.to_string())?;
        let start = Instant::now();
        let length = desk.with(&Task::silent(), |live| live.sewers.network().edge_count());
        length.map_err(|failure| failure.text.en.to_string())?;
        best_ms = best_ms.min(start.elapsed().as_secs_f64() * 1000.0);
        if best_ms > 2000.0 || best_ms.is_nan() {
            return Ok((desk, best_ms));
        }
    }
    let mut session = Session::headless(city.with_file_name("settings"), Arc::new(NoWake));
    let opened = session.finish(Ask::City(CityCommand::Open(city.to_owned())), &mut |_| {});
    opened.map_err(|failure| failure.text.en.to_string())?;
    Ok((session.sewers().map_err(|failure| failure.text.en.to_string())?, best_ms))
}

/// What no peer has.
fn alone(pipes: usize, sewers: &Sewers, root: u32) -> Times {
    let mut times = Times::new();
    let mut tell = |name: &'static str, ms: f64| {
        println!("{:<44} {ms:>10.3} ms", format!("{pipes} pipes: {name}"));
        times.push((name, ms));
    };
    let beside = Beside::default();
    tell(
        "trace with its sums",
        best(|| {
            let found = trace(sewers, &[Start::Node(root)], Way::Up);
            Sums::of(sewers, &found.pipes, &found.nodes, &beside)
        }),
    );
    let settings = Settings::default();
    tell("all checks", best(|| checks::check(sewers, &[], &settings, |_| true).counts.len()));
    let sources: Vec<(u32, f64)> = sewers.nodes().map(|(node, _)| (node, 0.1)).collect();
    tell("capacity and load", best(|| capacity(sewers, &sources, &CapacityRules::default()).sinks.len()));
    let inspected = inspections(pipes);
    tell(
        "rating after CJJ 181",
        best(|| inspected.iter().map(|(segment, found)| rate(segment, found, Rules::default()).ri.value).sum::<f64>()),
    );
    let mut edited = sewers.clone();
    let numbers: Vec<u32> = sewers.pipes().map(|(pipe, _)| pipe).collect();
    let start = Instant::now();
    for edit in 0..EDITS {
        let Some(mut pipe) = sewers.pipe(numbers[edit * 7919 % numbers.len()]).cloned() else { continue };
        std::mem::swap(&mut pipe.from_code, &mut pipe.to_code);
        edited.set_pipe(pipe);
    }
    tell("an edit", start.elapsed().as_secs_f64() * 1000.0 / EDITS as f64);
    times
}

/// Milliseconds of the fastest of some runs; what takes long runs once.
fn best<T>(mut run: impl FnMut() -> T) -> f64 {
    let mut best_ms = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        std::hint::black_box(run());
        best_ms = best_ms.min(start.elapsed().as_secs_f64() * 1000.0);
        if best_ms > 1000.0 {
            break;
        }
    }
    best_ms
}

/// Four defects for every pipe.
fn inspections(pipes: usize) -> Vec<(Segment, Vec<Defect>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(181);
    let segment = Segment { length_m: Some(STEP_M), diameter_mm: Some(600.0), ..Segment::default() };
    let mut defect = || {
        let kind = &DEFECTS[rng.random_range(0..DEFECTS.len())];
        let start_m = rng.random_range(0.0..STEP_M - 2.0);
        Defect::new(kind, 1, start_m, start_m + 1.0)
    };
    (0..pipes).map(|_| (segment, (0..4).filter_map(|_| defect()).collect())).collect()
}

/// Writes the network unless it is there: manholes on a lattice that drain west or south to one corner; two in a hundred
/// have a second outlet, so that ways part and meet again, and two in a thousand of those lead back. The code of the
/// outlet comes back.
fn make(folder: &Path, pipes: usize) -> Result<String, Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let [node_file, pipe_file] = ["nodes", "pipes"].map(|name| folder.join(format!("{name}.geojson")));
    if node_file.exists() && pipe_file.exists() {
        return Ok("N0".to_owned());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(pipes as u64);
    let width = (pipes as f64).sqrt().ceil() as usize;
    let seconds = pipes / 50;
    let nodes = pipes - seconds + 1;
    let place = |node: usize| [node % width, node / width];
    let mut ends: Vec<[usize; 2]> = Vec::with_capacity(pipes);
    for node in 1..nodes {
        let goes_west = node < width || (node % width > 0 && rng.random_bool(0.5));
        ends.push([node, if goes_west { node - 1 } else { node - width }]);
    }
    for second in 0..seconds {
        let node = rng.random_range(width + 1..nodes);
        // The first of a row has no western neighbour.
        let node = if node % width == 0 { node - 1 } else { node };
        let first = ends[node - 1][1];
        let other = if first + 1 == node { node.saturating_sub(width) } else { node - 1 };
        ends.push(if second % 500 == 499 { [other, node] } else { [node, other] });
    }
    let row = |node: usize| {
        let level = 10.0 + (place(node)[0] + place(node)[1]) as f64 * 0.12;
        let values = format!(
            r#""code":"N{node}","node_type":"{}","sewer_type":"foul","ground_level_m":{:.2},"bottom_level_m":{level:.2},"depth_m":3"#,
            if node == 0 { "plant" } else { "manhole" },
            level + 3.0,
        );
        feature(&values, "Point", &lonlat(place(node)))
    };
    write(&node_file, (0..nodes).map(row))?;
    let row = |(number, [from, to]): (usize, [usize; 2])| {
        let level = |node: usize| 10.0 + (place(node)[0] + place(node)[1]) as f64 * 0.12;
        let values = format!(
            r#""code":"P{number}","sewer_type":"foul","diameter_mm":600,"section":"circle","material":"HDPE","length_m":{STEP_M},"from_node":"N{from}","to_node":"N{to}","invert_up_m":{:.2},"invert_down_m":{:.2}"#,
            level(from),
            level(to),
        );
        feature(&values, "LineString", &format!("[{},{}]", lonlat(place(from)), lonlat(place(to))))
    };
    write(&pipe_file, ends.into_iter().enumerate().map(row))?;
    Ok("N0".to_owned())
}

fn feature(values: &str, geometry: &str, coordinates: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{{values}}},"geometry":{{"type":"{geometry}","coordinates":{coordinates}}}}}"#
    )
}

fn lonlat([column, row]: [usize; 2]) -> String {
    format!("[{:.7},{:.7}]", CORNER[0] + column as f64 * STEP[0], CORNER[1] + row as f64 * STEP[1])
}

fn write(path: &PathBuf, rows: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    write!(out, r#"{{"type":"FeatureCollection","features":["#)?;
    for (number, row) in rows.enumerate() {
        write!(out, "{}\n{row}", if number > 0 { "," } else { "" })?;
    }
    writeln!(out, "\n]}}")?;
    Ok(out.flush()?)
}

/// What networkx and igraph take for the same file; `None` where there is no Python.
fn peer(city: &Path, outlet: &str) -> Option<serde_json::Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/network_peer.py");
    let output = Command::new("python3").arg(script).arg(city).arg(outlet).output().ok()?;
    output.status.success().then(|| serde_json::from_slice(&output.stdout).ok()).flatten()
}
