//! Words from the clipboard that say where something is: GeoJSON, well-known text, coordinates, rows of a spreadsheet.
//! They are kept as a file of that format, so that they come in as any file does.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use tempfile::TempDir;

use super::format::{self, ReadOptions};
use super::table::pair;
use super::{geojson, wkt};
use crate::task::Task;

/// More belongs into a file.
const MOST_BYTES: usize = 64 << 20;

/// A file made of pasted words; it is gone when this is.
#[derive(Debug)]
pub struct Pasted {
    folder: TempDir,
    file: String,
}

impl Pasted {
    /// Keeps the words under this name; nothing if they say no place.
    ///
    /// # Errors
    /// What the disk says.
    pub fn keep(words: &str, name: &str) -> io::Result<Option<Self>> {
        let words = words.trim();
        let Some((ending, words)) = as_file(words).filter(|_| words.len() <= MOST_BYTES) else { return Ok(None) };
        let folder = tempfile::Builder::new().prefix("citygrid-").tempdir()?;
        let pasted = Self { folder, file: format!("{name}.{ending}") };
        std::fs::write(pasted.path(), words)?;
        let seen = format::survey(&pasted.path(), &ReadOptions::default(), &mut Task::silent());
        let has_place = seen.is_ok_and(|seen| seen.layers.iter().any(|layer| layer.geometry.is_some()));
        Ok(has_place.then_some(pasted))
    }

    /// Where the file is.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.file)
    }
}

/// The ending of the format that the words are in, and the words as its reader wants them.
fn as_file(words: &str) -> Option<(&'static str, String)> {
    if geojson::is_begun(words.as_bytes()) {
        return Some(("geojson", words.to_owned()));
    }
    if wkt::is_begun(words) {
        return Some(("wkt", words.to_owned()));
    }
    if let Some(points) = points(words) {
        return Some(("csv", points));
    }
    let is_table = words.contains('\n') && words.contains(['\t', ',', ';']);
    is_table.then(|| (if words.contains('\t') { "tsv" } else { "csv" }, words.to_owned()))
}

/// A table of points, if every line is two coordinates. Latitude may come first where that is certain.
fn points(words: &str) -> Option<String> {
    let mut out = "lon,lat\n".to_owned();
    for line in words.lines().filter(|line| !line.trim().is_empty()) {
        let [a, b] = pair(line)?;
        let is_north_first = a.abs() <= 90.0 && (90.0..=180.0).contains(&b.abs());
        let [x, y] = if is_north_first { [b, a] } else { [a, b] };
        let _ = writeln!(out, "{x},{y}");
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_a_place_becomes_a_file() {
        check("POINT (116 29.7)", Some("贴.wkt"));
        check("SRID=4490;LINESTRING(116 29.7,\n 116.1 29.8)", Some("贴.wkt"));
        check("{\"type\":\"Point\",\"coordinates\":[116,29.7]}", Some("贴.geojson"));
        check(" 29.7012, 116.0123 ", Some("贴.csv"));
        check("116°0′12″E 29°42′N", Some("贴.csv"));
        check("名称\t经度\t纬度\n甲\t116.0\t29.7\n", Some("贴.tsv"));
    }

    #[test]
    fn other_words_do_not() {
        check("八里湖新区", None);
        check("甲,乙\n丙,丁\n", None);
        check("POINT (1", None);
        check("", None);
    }

    #[test]
    fn the_order_of_coordinates_is_seen_where_it_is_certain() {
        assert_eq!(points("29.7, 116\n116 29.7").as_deref(), Some("lon,lat\n116,29.7\n116,29.7\n"));
    }

    #[track_caller]
    fn check(words: &str, expected: Option<&str>) {
        let pasted = Pasted::keep(words, "贴").expect("the disk is there");
        let name = pasted.map(|pasted| pasted.path().file_name().map(|name| name.to_string_lossy().into_owned()));
        assert_eq!(name.flatten().as_deref(), expected, "{words}");
    }
}
