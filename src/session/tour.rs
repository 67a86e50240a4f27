//! How the window is opened: on which city, on which tour of the map, and what is written down of it.
//!
//! A tour is a list of places that the window visits by itself, a trace is how long everything took: how fast the map is
//! can be measured in the real window, on any machine.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Map, Value as Json, json};

use crate::io::atomic::{Kept, refuse_kept};
use crate::text;
use crate::text::disk::{Doing, why};
use crate::text::{Lang, Text};

use super::answer::{Failure, FailureKind};
use super::export::write_failure;

/// What the window is opened for.
pub struct WindowPlan {
    /// The city; `None` for the last one.
    pub city: Option<PathBuf>,
    /// The language of this window; `None` for the one remembered.
    pub lang: Option<Lang>,
    /// Places to visit, in order.
    pub tour: Vec<TourStep>,
    /// Where times are written down.
    pub trace: Option<Trace>,
    /// Whether the window closes after the last place, or after the first map where there is no tour.
    pub quit: bool,
    /// When the process began.
    pub started: Instant,
}

impl WindowPlan {
    /// The window for a person.
    pub fn on(city: Option<PathBuf>, started: Instant) -> Self {
        Self { city, lang: None, tour: Vec::new(), trace: None, quit: false, started }
    }
}

/// One step of a tour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TourStep {
    /// Jumps to a place at a scale.
    Place {
        /// WGS 84 longitude and latitude of the map's middle, degrees.
        lonlat: [f64; 2],
        /// The scale's denominator.
        denominator: f64,
    },
    /// Drags the map by so many logical pixels to the right and down.
    Pan([f64; 2]),
    /// Zooms about the middle, by a factor above 1 inwards.
    Zoom(f64),
}

impl TourStep {
    /// Reads one line: `{"lon","lat","scale"}`, `{"pan_px":[x,y]}` or `{"zoom":factor}`.
    fn read(line: &str) -> Result<Self, Text> {
        let wrong = |error| text!("不是 JSON 对象：{error}", "not a JSON object: {error}");
        let members: Map<String, Json> = serde_json::from_str(line).map_err(wrong)?;
        let number = |value: &Json| value.as_f64().filter(|number| number.is_finite());
        let of = |name: &str| members.get(name).and_then(number);
        let mut names: Vec<&str> = members.keys().map(String::as_str).collect();
        names.sort_unstable();
        let step = match names[..] {
            ["lat", "lon", "scale"] => {
                of("lon").zip(of("lat")).zip(of("scale")).and_then(|((lon, lat), denominator)| {
                    let is_on_earth = lon.abs() <= 180.0 && lat.abs() <= 85.0 && denominator > 0.0;
                    is_on_earth.then_some(Self::Place { lonlat: [lon, lat], denominator })
                })
            }
            ["pan_px"] => match members["pan_px"].as_array().map(Vec::as_slice) {
                Some([x, y]) => number(x).zip(number(y)).map(|(x, y)| Self::Pan([x, y])),
                _ => None,
            },
            ["zoom"] => of("zoom").filter(|factor| *factor > 0.0).map(Self::Zoom),
            _ => None,
        };
        step.ok_or_else(|| {
            Text::new(
                r#"应为 {"lon":…,"lat":…,"scale":…}、{"pan_px":[x,y]} 或 {"zoom":倍数}"#,
                r#"a step is {"lon":…,"lat":…,"scale":…}, {"pan_px":[x,y]} or {"zoom":factor}"#,
            )
        })
    }
}

/// Reads a tour, one step a line; empty lines and lines that begin with `#` are passed over.
///
/// # Errors
/// The file cannot be read, or a line is no step; it is named.
pub fn read_tour(path: &Path) -> Result<Vec<TourStep>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        let (file, Text { zh, en }) = (path.display(), why(&error, Doing::Reading));
        Failure::new(FailureKind::File, text!("不能读取 {file}：{zh}", "{file} cannot be read: {en}"))
    })?;
    let steps = steps_of(&text).map_err(|(line, Text { zh, en })| {
        let file = path.display();
        let text = text!("{file} 第 {line} 行：{zh}", "{file}, line {line}: {en}");
        Failure::new(FailureKind::Usage, text)
    })?;
    if steps.is_empty() {
        let file = path.display();
        let text = text!("{file} 里没有一个地点", "there is no step in {file}");
        return Err(Failure::new(FailureKind::Usage, text));
    }
    Ok(steps)
}

/// The steps, or the number of the first bad line and what is wrong with it.
fn steps_of(text: &str) -> Result<Vec<TourStep>, (usize, Text)> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate();
    let steps = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    steps.map(|(at, line)| TourStep::read(line).map_err(|what| (at + 1, what))).collect()
}

/// Where times are written down: one JSON value a line.
pub struct Trace {
    out: Box<dyn Write + Send>,
    /// Why the rest could not be written.
    broken: Option<io::Error>,
}

/// A view of the map once it was sharp.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeenView {
    /// Views before it, and itself.
    pub number: u64,
    /// The scale's denominator.
    pub denominator: f64,
    /// From the step to the last tile and the last word, milliseconds.
    pub sharp_ms: f64,
    /// Features painted on the tiles in view.
    pub features: usize,
    /// Their positions.
    pub vertices: usize,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("broken", &self.broken).finish_non_exhaustive()
    }
}

impl Trace {
    /// Begins a file, in place of one that is there, unless that is the city to be opened.
    ///
    /// # Errors
    /// The file is the city, or cannot be made.
    pub fn create(path: &Path, city: Option<&Path>) -> Result<Self, Failure> {
        let _kept = city.map(Kept::new);
        refuse_kept(path).map_err(|error| write_failure(&error))?;
        let file = File::create(path).map_err(|error| {
            let (file, Text { zh, en }) = (path.display(), why(&error, Doing::Writing));
            Failure::new(FailureKind::File, text!("不能写入 {file}：{zh}", "{file} cannot be written: {en}"))
        })?;
        Ok(Self::to(BufWriter::new(file)))
    }

    /// Writes elsewhere.
    pub fn to(out: impl Write + Send + 'static) -> Self {
        Self { out: Box::new(out), broken: None }
    }

    /// A frame and what the program's own code took of it.
    pub fn frame(&mut self, number: u64, own_ms: f64) {
        self.line(&json!({ "frame": number, "own_ms": rounded(own_ms) }));
    }

    /// A view that is sharp.
    pub fn view(&mut self, view: SeenView) {
        let SeenView { number, denominator, sharp_ms, features, vertices } = view;
        let (scale, sharp_ms) = (rounded(denominator), rounded(sharp_ms));
        self.line(&json!({
            "view": number, "scale": scale, "sharp_ms": sharp_ms, "features": features, "vertices": vertices,
        }));
    }

    /// The last line: from the start of the process to the first sharp map, if there was one, and memory.
    ///
    /// # Errors
    /// Something could not be written.
    pub fn finish(mut self, start_ms: Option<f64>, frames: u64) -> io::Result<()> {
        self.line(&json!({ "start_ms": start_ms.map(rounded), "rss_mb": resident_mb(), "frames": frames }));
        self.broken.map_or_else(|| self.out.flush(), Err)
    }

    fn line(&mut self, value: &Json) {
        if self.broken.is_none() {
            self.broken = writeln!(self.out, "{value}").err();
        }
    }
}

/// To a thousandth.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

/// What the process holds of the memory, megabytes; `None` where the system does not say it in a file.
fn resident_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kb: f64 = resident.trim().trim_end_matches(" kB").parse().ok()?;
    Some((kb / 102.4).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tour_goes_to_places_drags_and_zooms() {
        let steps = steps_of(
            "# the old town\n{\"lon\":115.99,\"lat\":29.72,\"scale\":2500}\n\n{\"pan_px\":[-300,20.5]}\r\n{\"zoom\":0.5}",
        );
        let place = TourStep::Place { lonlat: [115.99, 29.72], denominator: 2500.0 };
        assert_eq!(steps, Ok(vec![place, TourStep::Pan([-300.0, 20.5]), TourStep::Zoom(0.5)]));
    }

    #[test]
    fn a_bad_line_is_named() {
        for bad in [
            "zoom",
            "{\"zoom\":0}",
            "{\"zoom\":2,\"pan_px\":[1,2]}",
            "{\"pan_px\":[1]}",
            "{\"lon\":115.99,\"lat\":29.72}",
            "{\"lon\":115.99,\"lat\":129.72,\"scale\":2500}",
            "{\"lon\":\"115\",\"lat\":29.72,\"scale\":2500}",
        ] {
            let refused = steps_of(&format!("{{\"zoom\":2}}\n\n{bad}\n"));
            assert_eq!(refused.map_err(|(line, _)| line), Err(3), "{bad}");
        }
    }
}
