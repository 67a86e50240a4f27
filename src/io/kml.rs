//! Reading KML and KMZ: placemarks with their folder, name, description, time and own values.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::archive::{self, Archive};
use super::error::ReadError;
use super::format::{self, CrsOrigin, ReadOptions, Sink, Survey};
use super::gather::{Gather, Homes};
use super::source::Source;
use super::words::{Row, WordColumns, WordPlan, packed, unpacked};
use super::xml_read::{self, XmlReader};
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::value::Value;
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;
use crate::text::encoding::Encoding;

mod parse;
mod write;

use parse::{Parser, Piece, Placemark};
pub(super) use write::{create, create_zipped};

/// Placemarks between two reports.
const REPORT: i64 = 256;
/// The column for the folders that a placemark is in.
const FOLDER: &str = "folder";

/// Whether a file that begins like this is KML.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    xml_read::is_begun(beginning, "kml")
}

/// Whether a file that begins like this may be KMZ: any archive, if the ending of its name says so too.
pub(super) fn is_begun_zipped(beginning: &[u8]) -> bool {
    archive::is_begun(beginning)
}

/// All that the second pass needs.
struct Plan {
    words: WordPlan,
    homes: Homes,
    /// The encoding, where the documents do not say it themselves.
    encoding: Option<Encoding>,
}

/// The first pass over a document.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let source = Source::open(path)?;
    survey_of(&[source], "kml", path, options, task)
}

/// The first pass over an archive with documents in it.
pub(super) fn survey_zipped(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let sources = documents(path, task)?;
    survey_of(&sources, "kmz", path, options, task)
}

/// The second pass over a document.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let source = Source::open(path)?;
    read_from(&[source], path, survey, task, sink)
}

/// The second pass over an archive.
pub(super) fn read_zipped(
    path: &Path,
    survey: &Survey,
    task: &mut Task,
    sink: &mut Sink<'_>,
) -> Result<Problems, ReadError> {
    let sources = documents(path, task)?;
    read_from(&sources, path, survey, task, sink)
}

/// The documents of an archive, `doc.kml` first: it may do no more than name the others.
fn documents(path: &Path, task: &mut Task) -> Result<Vec<Source>, ReadError> {
    let mut archive = Archive::open(path)?;
    let names = archive.names().iter().enumerate();
    let mut found: Vec<(bool, usize)> = names
        .filter(|(_, name)| name.to_ascii_lowercase().ends_with(".kml"))
        .map(|(index, name)| (!name.eq_ignore_ascii_case("doc.kml"), index))
        .collect();
    found.sort_unstable();
    if found.is_empty() {
        let first = Text::new("压缩包里没有 KML 文件", "the archive holds no KML");
        return Err(ReadError::NothingUsable { first });
    }
    found.into_iter().map(|(_, index)| archive.source(index, task)).collect()
}

fn survey_of(
    sources: &[Source],
    format: &str,
    path: &Path,
    options: &ReadOptions,
    task: &mut Task,
) -> Result<Survey, ReadError> {
    let mut understood = Vec::new();
    let (encoding, mut seen) = xml_read::in_utf8_or_gbk(options.encoding, &mut understood, |encoding| {
        let mut seen = Seen::default();
        sources.iter().try_for_each(|source| seen.look(source, encoding, task))?;
        Ok((encoding, seen))
    })?;
    seen.beside(sources.len() > 1);
    let Seen { words, mut problems, gather, folders, encoding: said, .. } = seen;
    if gather.features() == 0 {
        let first = problems.listed.first().map(|problem| problem.what.clone());
        let first = first.unwrap_or(Text::new("没有地标", "there is no placemark"));
        return Err(ReadError::NothingUsable { first });
    }
    let has_folders = folders.len() > 1;
    let words = words.settle(|name| name != FOLDER || has_folders);
    problems.listed.extend(words.overflow());
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = options.layer_name.clone().or(stem).unwrap_or_default();
    let finish = |values: Vec<Value>| words.values(&unpacked(&values));
    let (layers, homes) = gather.into_layers(&name, &words.fields, options, 0, &finish);
    Ok(Survey {
        format: format::format_named(format).unwrap_or(&format::FORMATS[0]),
        crs: options.crs.unwrap_or(Crs::WGS84),
        crs_origin: if options.crs.is_some() { CrsOrigin::Asked } else { CrsOrigin::Format },
        encoding: said,
        understood,
        layers,
        problems,
        bytes: std::fs::metadata(path)?.len(),
        plan: Arc::new(Plan { words, homes, encoding }),
    })
}

/// What the first pass has seen.
#[derive(Default)]
struct Seen {
    number: i64,
    words: WordColumns,
    gather: Gather,
    problems: Problems,
    /// The folders that placemarks are in, up to two: more is not asked.
    folders: BTreeSet<String>,
    /// That of the first document.
    encoding: Option<Encoding>,
    /// Pictures and links beside the placemarks.
    overlays: u64,
    links: u64,
}

impl Seen {
    fn look(&mut self, source: &Source, encoding: Option<Encoding>, task: &mut Task) -> Result<(), ReadError> {
        let xml = XmlReader::open(source, encoding)?;
        let encoding = xml.encoding();
        self.encoding.get_or_insert(encoding);
        let mut parser = Parser::new(xml);
        while let Some(piece) = parser.next()? {
            match piece {
                Piece::Column(name, field_type) => self.words.declare(&name, field_type),
                Piece::Placemark(placemark) => {
                    self.number += 1;
                    self.placemark(placemark, self.number);
                    if self.number % REPORT == 0 {
                        let what = Text::new("正在检查文件", "Checking the file");
                        task.report(&what, parser.xml.position(), Some(source.len()))?;
                    }
                }
            }
        }
        if !parser.is_kml {
            let first = Text::new("没有 <kml> 元素", "there is no <kml> element");
            return Err(ReadError::NothingUsable { first });
        }
        if parser.xml.had_errors() {
            let what = text!("部分文字不是 {encoding} 编码", "some of the text is not in {encoding}");
            self.problems.push(Problem::warning("kml.text", what));
        }
        self.overlays += parser.overlays;
        self.links += parser.links;
        Ok(task.check()?)
    }

    fn placemark(&mut self, placemark: Placemark, number: i64) {
        if placemark.was_unclosed {
            let what = Text::new("多边形的环没有闭合，已自动闭合", "a ring of a polygon was open and has been closed");
            self.problems.push(Problem::warning("kml.ring-open", what).of_feature(number));
        }
        let row = self.row(&placemark);
        match placemark.place {
            Ok(geometry) => {
                if self.folders.len() < 2 {
                    self.folders.insert(placemark.folder);
                }
                self.words.see(&row, number, &mut self.problems);
                self.gather.see(geometry.as_ref(), || packed(&row));
            }
            Err(fault) => self.problems.push(Problem::error("kml.geometry", fault.text()).of_feature(number)),
        }
    }

    fn row(&mut self, placemark: &Placemark) -> Row {
        let folder = Some((FOLDER, placemark.folder.as_str())).filter(|(_, folder)| !folder.is_empty());
        let values = placemark.values.iter().map(|(name, words)| (name.as_str(), words.as_str()));
        values.chain(folder).filter_map(|(name, words)| Some((self.words.place(name)?, words.to_owned()))).collect()
    }

    /// Tells of what is in the documents beside placemarks. Links between the documents of an archive are followed.
    fn beside(&mut self, is_archive: bool) {
        let count = self.overlays + if is_archive { 0 } else { self.links };
        if count > 0 {
            let what = text!(
                "{count} 个叠加图、照片或网络链接不是要素，未读入",
                "{count} overlays, photos or network links are no features and are left out"
            );
            self.problems.push(Problem::warning("kml.other", what));
        }
    }
}

fn read_from(
    sources: &[Source],
    path: &Path,
    survey: &Survey,
    task: &mut Task,
    sink: &mut Sink<'_>,
) -> Result<Problems, ReadError> {
    let plan = survey.plan.downcast_ref::<Plan>().ok_or_else(|| ReadError::NotSupported { path: path.to_owned() })?;
    let mut number = 0;
    for source in sources {
        read_one(source, plan, &mut number, task, sink)?;
    }
    Ok(Problems::default())
}

fn read_one(
    source: &Source,
    plan: &Plan,
    number: &mut i64,
    task: &mut Task,
    sink: &mut Sink<'_>,
) -> Result<(), ReadError> {
    let mut parser = Parser::new(XmlReader::open(source, plan.encoding)?);
    while let Some(piece) = parser.next()? {
        let Piece::Placemark(placemark) = piece else { continue };
        *number += 1;
        if *number % REPORT == 0 {
            let what = Text::new("正在读入要素", "Reading the features");
            task.report(&what, parser.xml.position(), Some(source.len()))?;
        }
        let Ok(geometry) = placemark.place else { continue };
        let folder = (FOLDER.to_owned(), placemark.folder);
        let named = placemark.values.into_iter().chain([folder]);
        let row: Row = named.filter_map(|(name, words)| Some((plan.words.place(&name)?, words))).collect();
        let (layer, geometry) = plan.homes.put(geometry);
        if sink(layer, *number, Feature { id: 0, geometry, values: plan.words.values(&row) }).is_break() {
            return Err(ReadError::Stopped);
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "kml/tests.rs"]
mod tests;
