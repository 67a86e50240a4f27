//! The files that belong together: those of one stem, beside each other in a folder or in an archive.

use std::path::{Path, PathBuf};

use super::super::archive::Archive;
use super::super::error::ReadError;
use super::super::source::Source;
use super::is_begun;
use crate::task::Task;
use crate::text::Text;

/// A description of a CRS or the name of an encoding is never longer.
const MOST_TEXT: u64 = 1 << 16;

/// One shapefile, or a table alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    /// The stem of their names.
    pub name: String,
    /// The shapes.
    pub shp: Option<Source>,
    /// Where the records begin.
    pub shx: Option<Source>,
    /// The table.
    pub dbf: Option<Source>,
    /// Long texts of the table, and whether the file is FoxPro's.
    pub memo: Option<(Source, bool)>,
    /// What describes the CRS.
    pub prj: Option<String>,
    /// What names the encoding.
    pub cpg: Option<String>,
}

impl Files {
    /// Bytes of all of them.
    pub(super) fn bytes(&self) -> u64 {
        let memo = self.memo.as_ref().map(|(memo, _)| memo);
        [self.shp.as_ref(), self.shx.as_ref(), self.dbf.as_ref(), memo].into_iter().flatten().map(Source::len).sum()
    }

    fn put(&mut self, ending: &str, source: Source) -> Result<(), ReadError> {
        match ending {
            "shp" => self.shp = Some(source),
            "shx" => self.shx = Some(source),
            "dbf" => self.dbf = Some(source),
            "dbt" | "fpt" => self.memo = Some((source, ending == "fpt")),
            "prj" => self.prj = Some(text_of(&source)?),
            "cpg" | "cst" => self.cpg = Some(text_of(&source)?),
            _ => {}
        }
        Ok(())
    }

    fn checked(self) -> Result<Self, ReadError> {
        let Some(shp) = &self.shp else { return Ok(self) };
        match shp.read(0, 4)? {
            head if head.is_empty() => Err(ReadError::Empty),
            head if !is_begun(&head) => Err(ReadError::Damaged {
                what: Text::new(".shp 文件头有误", "the head of the .shp file is broken"),
            }),
            _ if shp.len() < super::records::HEAD => Err(ReadError::Truncated { bytes: shp.len() }),
            _ => Ok(self),
        }
    }
}

const ENDINGS: [&str; 8] = ["shp", "shx", "dbf", "dbt", "fpt", "prj", "cpg", "cst"];

/// The file at `path` and those beside it; letter case in names does not count, as on Windows.
pub(super) fn files_on_disk(path: &Path) -> Result<Files, ReadError> {
    let stem = stem_of(path);
    let mut files = Files { name: stem.clone(), ..Files::default() };
    let own_ending = ending_of(path);
    let own_ending = if ENDINGS.contains(&own_ending.as_str()) { own_ending } else { "shp".to_owned() };
    for ending in ENDINGS {
        let found = if ending == own_ending { Some(path.to_owned()) } else { beside(path, &stem, ending) };
        if let Some(found) = found {
            files.put(ending, Source::open(&found)?)?;
        }
    }
    files.checked()
}

fn beside(path: &Path, stem: &str, ending: &str) -> Option<PathBuf> {
    let usual = path.with_extension(ending);
    if usual.is_file() {
        return Some(usual);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut others = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    others.find(|other| ending_of(other) == ending && stem_of(other).to_lowercase() == stem.to_lowercase())
}

/// All shapefiles and tables of an archive whose names are wanted; all if `only` is empty.
pub(super) fn files_in_archive(path: &Path, only: &[String], task: &mut Task) -> Result<Vec<Files>, ReadError> {
    let mut archive = Archive::open(path)?;
    let names: Vec<PathBuf> = archive.names().iter().map(PathBuf::from).collect();
    let is_main = |at: &&PathBuf| {
        let is_of_apple = at.file_name().is_some_and(|name| name.to_string_lossy().starts_with("._"));
        let has_shp = || names.iter().any(|other| ending_of(other) == "shp" && is_same_stem(other, at));
        !is_of_apple && (ending_of(at) == "shp" || (ending_of(at) == "dbf" && !has_shp()))
    };
    let mut all = Vec::new();
    for main in names.iter().filter(is_main) {
        let mut files = Files { name: stem_of(main), ..Files::default() };
        if !only.is_empty() && !only.contains(&files.name) {
            continue;
        }
        for (index, name) in names.iter().enumerate() {
            let ending = ending_of(name);
            if is_same_stem(name, main) && ENDINGS.contains(&ending.as_str()) {
                files.put(&ending, archive.source(index, task)?)?;
            }
        }
        all.push(files.checked()?);
    }
    if all.is_empty() {
        let first = Text::new("压缩包里没有 Shapefile", "there is no shapefile in the archive");
        return Err(ReadError::NothingUsable { first });
    }
    Ok(all)
}

fn is_same_stem(one: &Path, other: &Path) -> bool {
    one.parent() == other.parent() && stem_of(one).to_lowercase() == stem_of(other).to_lowercase()
}

fn stem_of(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn ending_of(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn text_of(source: &Source) -> Result<String, ReadError> {
    let bytes = source.read(0, MOST_TEXT)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    Ok(String::from_utf8_lossy(bytes).trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
}
