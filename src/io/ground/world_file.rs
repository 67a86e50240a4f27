//! World files: six lines beside a picture that say where it lies, and the `.prj` that says in which system.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::plane::Plane;
use crate::geom::crs::Crs;
use crate::geom::wkt::crs_from_wkt;
use crate::io::error::ReadError;
use crate::model::geometry::Bounds;

/// Longest of both files that is read, bytes.
const MOST_BYTES: u64 = 64 * 1024;

/// The world file beside a picture: `a.pgw`, `a.pngw` or `a.wld` beside `a.png`.
pub(super) fn beside(path: &Path) -> Option<PathBuf> {
    let ending = path.extension()?.to_string_lossy().to_lowercase();
    let letters: Vec<char> = ending.chars().collect();
    let short: String = [letters.first()?, letters.last()?, &'w'].into_iter().collect();
    let endings = [short, format!("{ending}w"), "wld".to_owned()];
    let both = endings.iter().flat_map(|ending| [ending.clone(), ending.to_uppercase()]);
    both.map(|ending| path.with_extension(ending)).find(|file| file.is_file())
}

/// The plane that the world file beside a picture says, with pixel corners at whole numbers.
pub(super) fn plane(path: &Path) -> Option<Plane> {
    let words = text(&beside(path)?)?;
    let numbers: Vec<f64> = words.split_whitespace().filter_map(|word| word.replace(',', ".").parse().ok()).collect();
    let [a, d, b, e, c, f] = <[f64; 6]>::try_from(numbers).ok()?;
    // The last two are the middle of the first pixel.
    Plane::new([c - f64::midpoint(a, b), a, b, f - f64::midpoint(d, e), d, e])
}

/// The system of a picture: the one asked for, the one that the `.prj` says, or degrees where the numbers can be nothing
/// else.
pub(super) fn crs(path: &Path, asked: Option<Crs>, plane: &Plane, size: [f64; 2]) -> Result<Crs, ReadError> {
    if let Some(crs) = asked {
        return Ok(crs);
    }
    if let Some(wkt) = ["prj", "PRJ"].iter().find_map(|ending| text(&path.with_extension(ending))) {
        return crs_from_wkt(&wkt).map_err(|_| ReadError::UnknownCrs { name: wkt.chars().take(60).collect() });
    }
    let mut bounds = Bounds::EMPTY;
    for corner in [[0.0, 0.0], [size[0], 0.0], size, [0.0, size[1]]] {
        bounds.extend(plane.plane_from_px(corner));
    }
    let degrees = Bounds::new(-180.0, -90.0, 180.0, 90.0);
    let is_degrees = degrees.contains(bounds.min) && degrees.contains(bounds.max);
    if is_degrees { Ok(Crs::WGS84) } else { Err(ReadError::UnknownCrs { name: "—".to_owned() }) }
}

fn text(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
