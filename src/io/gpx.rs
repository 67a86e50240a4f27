//! Reading GPX 1.0 and 1.1: waypoints, tracks and routes, a layer each.

use std::path::Path;
use std::sync::Arc;

use super::error::ReadError;
use super::format::{self, CrsOrigin, Draft, ReadOptions, Sink, Survey};
use super::gather::{Gather, Homes};
use super::source::Source;
use super::words::{Row, WordColumns, WordPlan, packed, unpacked};
use super::xml_read::{self, XmlReader};
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::value::Value;
use crate::task::{Problem, Problems, Task};
use crate::text::Text;
use crate::text::encoding::Encoding;

mod parse;
mod write;

use parse::{Kind, Parser, Thing};
pub(super) use write::create;

/// Things between two reports.
const REPORT: i64 = 64;

/// Whether a file that begins like this is GPX.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    xml_read::is_begun(beginning, "gpx")
}

/// All that the second pass needs: for each kind of thing its columns and its layers.
struct Plan {
    kinds: [Option<(WordPlan, Homes)>; Kind::ALL.len()],
    encoding: Encoding,
}

/// What the first pass has seen of one kind.
#[derive(Default)]
struct Seen {
    words: WordColumns,
    gather: Gather,
}

/// The first pass.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let source = Source::open(path)?;
    let mut understood = Vec::new();
    let (seen, problems, encoding) =
        xml_read::in_utf8_or_gbk(options.encoding, &mut understood, |encoding| look(&source, encoding, task))?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = options.layer_name.clone().or(stem).unwrap_or_default();
    let used = seen.iter().filter(|seen| seen.gather.features() > 0).count();
    if used == 0 {
        let first = problems.listed.first().map(|problem| problem.what.clone());
        let first = first.unwrap_or(Text::new("没有航点、航迹或航线", "there is no waypoint, track or route"));
        return Err(ReadError::NothingUsable { first });
    }
    let mut layers: Vec<Draft> = Vec::new();
    let kinds = std::array::from_fn(|_| None);
    let mut plan = Plan { kinds, encoding };
    for (kind, seen) in Kind::ALL.into_iter().zip(seen) {
        if seen.gather.features() == 0 {
            continue;
        }
        let words = seen.words.settle(|_| true);
        let name = if used == 1 { name.clone() } else { format!("{name}_{}", kind.ending()) };
        let finish = |values: Vec<Value>| words.values(&unpacked(&values));
        let (mut made, homes) = seen.gather.into_layers(&name, &words.fields, options, layers.len(), &finish);
        layers.append(&mut made);
        plan.kinds[kind as usize] = Some((words, homes));
    }
    Ok(Survey {
        format: format::format_named("gpx").unwrap_or(&format::FORMATS[0]),
        crs: options.crs.unwrap_or(Crs::WGS84),
        crs_origin: if options.crs.is_some() { CrsOrigin::Asked } else { CrsOrigin::Format },
        encoding: Some(encoding),
        understood,
        layers,
        problems,
        bytes: source.len(),
        plan: Arc::new(plan),
    })
}

fn look(
    source: &Source,
    encoding: Option<Encoding>,
    task: &mut Task,
) -> Result<([Seen; Kind::ALL.len()], Problems, Encoding), ReadError> {
    let xml = XmlReader::open(source, encoding)?;
    let encoding = xml.encoding();
    let mut parser = Parser::new(xml);
    let mut seen: [Seen; Kind::ALL.len()] = Default::default();
    let (mut problems, mut number) = (Problems::default(), 0);
    while let Some(thing) = parser.next()? {
        number += 1;
        if number % REPORT == 0 {
            let what = Text::new("正在检查文件", "Checking the file");
            task.report(&what, parser.xml.position(), Some(source.len()))?;
        }
        let Thing { kind, values, place } = thing;
        let seen = &mut seen[kind as usize];
        match place {
            Ok(geometry) => {
                let named = values.into_iter();
                let row: Row = named.filter_map(|(name, words)| Some((seen.words.place(&name)?, words))).collect();
                seen.words.see(&row, number, &mut problems);
                seen.gather.see(geometry.as_ref(), || packed(&row));
            }
            Err(what) => problems.push(Problem::error("gpx.geometry", what).of_feature(number)),
        }
    }
    if !parser.is_gpx {
        return Err(ReadError::NothingUsable { first: Text::new("没有 <gpx> 元素", "there is no <gpx> element") });
    }
    task.check()?;
    Ok((seen, problems, encoding))
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let plan = survey.plan.downcast_ref::<Plan>().ok_or_else(|| ReadError::NotSupported { path: path.to_owned() })?;
    let source = Source::open(path)?;
    let mut parser = Parser::new(XmlReader::open(&source, Some(plan.encoding))?);
    let mut number = 0;
    while let Some(thing) = parser.next()? {
        number += 1;
        if number % REPORT == 0 {
            let what = Text::new("正在读入要素", "Reading the features");
            task.report(&what, parser.xml.position(), Some(source.len()))?;
        }
        let (Ok(geometry), Some((words, homes))) = (thing.place, &plan.kinds[thing.kind as usize]) else { continue };
        let named = thing.values.into_iter();
        let row: Row = named.filter_map(|(name, value)| Some((words.place(&name)?, value))).collect();
        let (layer, geometry) = homes.put(geometry);
        if sink(layer, number, Feature { id: 0, geometry, values: words.values(&row) }).is_break() {
            return Err(ReadError::Stopped);
        }
    }
    Ok(Problems::default())
}

#[cfg(test)]
#[path = "gpx/tests.rs"]
mod tests;
