//! How fast the program is, beside GDAL and QGIS where they are installed: `cargo bench --bench city`.
//!
//! `--features N` (100,000 at first) makes a city of that size in `--folder F` (the target's own folder), imports it
//! with the program and with `ogr2ogr`, opens it as the window does, and measures until the last tile and the last word
//! of a view are there; QGIS draws the same views. `--city FILE` measures the drawing of any city instead. What is over
//! 20 % worse beside the peer than the ratios in `ratios.tsv` is marked; `--record` keeps the ratios of this run.
//!
//! `--sewers` measures the sewer workbench instead, on 1,000 to 1,000,000 pipes or on `--pipes N`, beside networkx and
//! igraph where Python has them.

#![allow(clippy::print_stdout)] // a benchmark's answer is what it prints

mod draw;
mod make;
mod peer;
mod ratios;
mod sewers;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use peer::timed;
use ratios::Ratios;

/// The program as it is shipped.
const CITYGRID: &str = env!("CARGO_BIN_EXE_citygrid");

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    let word = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let mut ratios = Ratios::kept()?;
    if let Some(city) = word("--city") {
        return draw::measure(Path::new(city), None, &mut ratios);
    }
    let folder = word("--folder").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let keeps = words.iter().any(|word| word == "--record");
    if words.iter().any(|word| word == "--sewers") {
        let pipes = word("--pipes").map(|count| count.replace(['_', ','], "").parse::<usize>()).transpose()?;
        let sizes = pipes.map_or(sewers::SIZES.to_vec(), |pipes| vec![pipes.max(100)]);
        sewers::measure(&folder, &sizes, &mut ratios)?;
        return ratios.finish(keeps);
    }
    let features: usize = word("--features").map_or(Ok(100_000), |count| count.replace(['_', ','], "").parse())?;
    let folder = folder.join(format!("bench-{features}"));
    let files = make::make(&folder, features)?;
    let bytes: u64 = files.iter().filter_map(|path| std::fs::metadata(path).ok()).map(|meta| meta.len()).sum();
    println!("{features} features, {:.1} MB of GeoJSON", bytes as f64 / 1e6);
    let city = folder.join("city.gpkg");
    if !words.iter().any(|word| word == "--draw") || !city.exists() {
        exchange(&folder, &files, &city, features, &mut ratios)?;
    }
    draw::measure(&city, Some(features), &mut ratios)?;
    ratios.finish(keeps)
}

/// Import and export, the peer's after ours in the same run.
fn exchange(
    folder: &Path,
    files: &[PathBuf],
    city: &Path,
    features: usize,
    ratios: &mut Ratios,
) -> Result<(), Box<dyn Error>> {
    for leftover in ["city.gpkg", "peer.gpkg", "ours.geojson", "peer.geojson"] {
        let _ = std::fs::remove_file(folder.join(leftover));
    }
    let peer = folder.join("peer.gpkg");
    let ours = timed(Command::new(CITYGRID).arg("import").args(files).arg("--into").arg(city))?;
    let mut theirs = Some(0.0);
    for file in files {
        let mut command = Command::new("ogr2ogr");
        command.args(["-f", "GPKG", "-append"]).arg(&peer).arg(file);
        theirs = theirs.zip(timed(&mut command).ok()).map(|(sum, more)| sum + more);
    }
    ratios.add(&format!("{features}: import"), ours, "s", "ogr2ogr", theirs);
    let out = [folder.join("ours.geojson"), folder.join("peer.geojson")];
    let ours = timed(Command::new(CITYGRID).arg("export").arg(city).args(["--layer", "pipes", "--out"]).arg(&out[0]))?;
    let mut command = Command::new("ogr2ogr");
    command.args(["-f", "GeoJSON", "-lco", "RFC7946=YES"]).arg(&out[1]).arg(&peer).arg("pipes");
    ratios.add(&format!("{features}: export of the pipes"), ours, "s", "ogr2ogr", timed(&mut command).ok());
    Ok(())
}
