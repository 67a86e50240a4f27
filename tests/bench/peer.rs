//! The peers, where they are installed: `ogr2ogr` for files, QGIS for maps.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Seconds that a command takes.
pub(crate) fn timed(command: &mut Command) -> Result<f64, Box<dyn Error>> {
    let start = Instant::now();
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(start.elapsed().as_secs_f64())
}

/// What QGIS took for the same city.
#[derive(Debug)]
pub(crate) struct Qgis {
    /// From the start of the program to its first map, milliseconds.
    pub first_map_ms: f64,
    /// Resident memory, megabytes.
    pub resident_mb: f64,
    /// Milliseconds for each width in the order asked.
    pub draw_ms: Vec<f64>,
}

/// Has QGIS draw views of so many metres' width around a place, 0 for everything; `None` where it is not installed.
pub(crate) fn qgis(city: &Path, size_px: [f64; 2], [lon, lat]: [f64; 2], widths_m: &[f64]) -> Option<Qgis> {
    let mut command = Command::new("/usr/bin/python3");
    command.env("QT_QPA_PLATFORM", "offscreen").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/qgis_peer.py"));
    command.arg(city).args(size_px.map(|side| format!("{side:.0}"))).args([lon, lat].map(|n| n.to_string()));
    command.args(widths_m.iter().map(|width| format!("{width:.0}")));
    let output = command.output().ok().filter(|output| output.status.success())?;
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    let draw_ms =
        widths_m.iter().map(|width| json["draw_ms"][format!("{width:.0}")].as_f64()).collect::<Option<_>>()?;
    Some(Qgis { first_map_ms: json["first_map_ms"].as_f64()?, resident_mb: json["resident_mb"].as_f64()?, draw_ms })
}
