//! Reading shapefiles: `.shp` with its `.dbf`, `.shx`, `.prj` and `.cpg`, several of them in a zip archive, or a `.dbf`
//! alone.
//!
//! The first pass looks at the table (types of columns, encoding), then at every record; the second does the same work
//! again and keeps the features. Both cut the rows into batches that several threads read by themselves, so nothing of
//! a file is held but 8 bytes a record.

mod cell;
mod dbf;
mod files;
mod memo;
mod part;
mod prj;
mod records;
mod rings;
mod shape;
mod words;
pub(super) mod write;
mod write_dbf;
mod write_shp;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use self::files::{Files, files_in_archive, files_on_disk};
use self::part::Part;
use self::words::Told;
use super::error::ReadError;
use super::format::{self, CrsOrigin, Draft, ReadOptions, Sink, Survey};
use super::guess_crs::guess_crs;
use super::lanes;
use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::geom::wkt::crs_from_wkt;
use crate::model::geometry::Bounds;
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;
use crate::text::encoding::Encoding;

pub(super) use self::dbf::is_begun as is_table_begun;
pub(super) use self::records::is_begun;

/// All that the second pass needs.
struct Plan {
    parts: Vec<Part>,
}

/// The first pass over a `.shp` file and the files beside it.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    survey_parts(path, vec![files_on_disk(path)?], "shapefile", options, task)
}

/// The first pass over a `.dbf` file; a `.shp` file beside it is read with it.
pub(super) fn survey_table(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let files = files_on_disk(path)?;
    let id = if files.shp.is_some() { "shapefile" } else { "dbf" };
    survey_parts(path, vec![files], id, options, task)
}

/// The first pass over all shapefiles and tables of a zip archive.
pub(super) fn survey_archive(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let files = files_in_archive(path, &options.only, task)?;
    survey_parts(path, files, "shapefile-zip", options, task)
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let plan = survey.plan.downcast_ref::<Plan>().ok_or_else(|| ReadError::NotSupported { path: path.to_owned() })?;
    let what = Text::new("正在读入要素", "Reading the features");
    let total: u64 = plan.parts.iter().map(Part::rows).sum();
    let mut before = 0;
    for part in &plan.parts {
        lanes::in_order(part.batches(), &|batch| part.features(batch), &mut |batch, features| {
            for (layer, number, feature) in features? {
                if sink(layer, number, feature) == ControlFlow::Break(()) {
                    return Err(ReadError::Stopped);
                }
            }
            Ok(task.report(&what, before + part.end_of(batch), Some(total))?)
        })?;
        before += part.rows();
    }
    Ok(Problems::default())
}

fn survey_parts(
    path: &Path,
    files: Vec<Files>,
    id: &str,
    options: &ReadOptions,
    task: &mut Task,
) -> Result<Survey, ReadError> {
    let mut all = All { is_several: files.len() > 1, ..All::default() };
    for files in files {
        all.add(files, options, task)?;
    }
    if all.layers.is_empty() {
        return Err(ReadError::NothingUsable { first: Text::new("没有要素", "there is no feature") });
    }
    let (crs, crs_origin) = all.most_common_crs();
    for (draft, crs_of_draft) in all.layers.iter_mut().zip(&all.crs) {
        draft.crs = Some(crs_of_draft.0).filter(|found| *found != crs);
    }
    Ok(Survey {
        format: format::format_named(id).unwrap_or(&format::FORMATS[0]),
        crs,
        crs_origin,
        encoding: all.encoding,
        understood: all.understood,
        layers: all.layers,
        problems: all.problems,
        bytes: if id == "shapefile-zip" { std::fs::metadata(path)?.len() } else { all.bytes },
        plan: Arc::new(Plan { parts: all.parts }),
    })
}

/// What the first pass has found in all shapefiles of a file.
#[derive(Default)]
struct All {
    layers: Vec<Draft>,
    /// The CRS of each layer.
    crs: Vec<(Crs, CrsOrigin)>,
    parts: Vec<Part>,
    encoding: Option<Encoding>,
    understood: Vec<Text>,
    problems: Problems,
    bytes: u64,
    /// Whether there are several: then it matters which of them something is said of.
    is_several: bool,
}

impl All {
    fn add(&mut self, files: Files, options: &ReadOptions, task: &mut Task) -> Result<(), ReadError> {
        let name = options.layer_name.clone().filter(|_| !self.is_several).unwrap_or_else(|| files.name.clone());
        let (prj, bytes) = (files.prj.clone(), files.bytes());
        let mut told = Told::default();
        told.parts(&files);
        let mut part = Part::open(files, options.encoding, &mut told, task)?;
        let look = part.look(task)?;
        told.look(&part, &look);
        let (crs, origin) = crs_of(prj.as_deref(), &look.gather.bounds(), options.crs, &mut told)?;
        told.faults(&part, look.faults, Transform::new(crs, Crs::WGS84).ok().as_ref(), look.more_faults);
        let (drafts, homes) =
            look.gather.into_layers(&name, &part.fields(), options, self.layers.len(), &|values| values);
        part.set_homes(homes);
        self.crs.extend(drafts.iter().map(|_| (crs, origin)));
        self.layers.extend(drafts);
        self.encoding = self.encoding.or(part.encoding());
        self.tell(&name, told);
        self.parts.push(part);
        self.bytes += bytes;
        Ok(())
    }

    fn tell(&mut self, name: &str, told: Told) {
        if !self.is_several {
            self.understood = told.understood;
            self.problems = told.problems;
            return;
        }
        let of_layer = |Text { zh, en }: Text| text!("{name}：{zh}", "{name}: {en}");
        self.understood.extend(told.understood.into_iter().map(of_layer));
        let listed = told.problems.listed.into_iter().map(|problem| problem.in_layer(name)).collect();
        self.problems.append(Problems { listed, omitted: told.problems.omitted });
    }

    fn most_common_crs(&self) -> (Crs, CrsOrigin) {
        let mut counts: BTreeMap<String, (usize, Crs, CrsOrigin)> = BTreeMap::new();
        for &(crs, origin) in &self.crs {
            counts.entry(crs.to_string()).or_insert((0, crs, origin)).0 += 1;
        }
        let best = counts.into_values().max_by_key(|(count, ..)| *count);
        best.map_or((Crs::WGS84, CrsOrigin::Format), |(_, crs, origin)| (crs, origin))
    }
}

/// The CRS: the one asked for, the one that the `.prj` file describes, or what the numbers look like.
fn crs_of(
    prj: Option<&str>,
    bounds: &Bounds,
    asked: Option<Crs>,
    told: &mut Told,
) -> Result<(Crs, CrsOrigin), ReadError> {
    if let Some(crs) = asked {
        return Ok((crs, CrsOrigin::Asked));
    }
    if bounds.is_empty() {
        return Ok((Crs::WGS84, CrsOrigin::Format)); // a table: nothing has a place
    }
    if let Some(text) = prj.filter(|text| !text.is_empty()) {
        if let Ok(crs) = crs_from_wkt(text) {
            Ok((crs, CrsOrigin::Declared))
        } else {
            let name = text.split('"').nth(1).unwrap_or(text).chars().take(80).collect();
            Err(ReadError::UnknownCrs { name })
        }
    } else {
        let guess = guess_crs(bounds);
        let Text { zh, en } = guess.why;
        let why = text!("没有 .prj 文件：{zh}", "there is no .prj file: {en}");
        told.problems.push(Problem::warning("shapefile.no-prj", why.clone()));
        told.understood.push(why);
        Ok((guess.crs, CrsOrigin::Guessed))
    }
}

#[cfg(test)]
#[path = "shapefile/tests.rs"]
mod tests;
