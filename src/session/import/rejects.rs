//! What an import refused, kept in a file of its own: number, reason, and the row as it came, to be mended and taken in
//! again.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::geom::crs::Crs;
use crate::io::error::{ReadError, WriteError};
use crate::io::format::{self, WriteOptions};
use crate::io::lossless;
use crate::model::feature::Feature;
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::task::{MOST_PROBLEMS, Problem, Severity, Task};
use crate::text::{Lang, Text};

use super::Source;
use crate::session::exchange::formats;

/// Bytes of text that are kept of features that could not be read.
const MOST_TEXT: usize = 64 << 20;

/// One refused feature.
struct Reject {
    number: i64,
    why: Text,
    /// As it came; `None` where the file's own reader could make nothing of it.
    feature: Option<Feature>,
    /// Its text in the file, where the reader could make nothing of it and the format has one.
    text: Option<String>,
}

/// The refused features of one layer of one file.
struct Pile {
    schema: Schema,
    rejects: Vec<Reject>,
}

/// See the module's head. Beyond [`MOST_PROBLEMS`] nothing is kept.
#[derive(Default)]
pub(super) struct Rejects {
    piles: Vec<Pile>,
    /// Where the piles of the file that is being read begin.
    file: usize,
    /// Its features that came out of the reader. Others have an error too and come in all the same, without their place.
    seen: HashSet<i64>,
    kept: usize,
}

impl Rejects {
    /// Another file comes.
    pub(super) fn begin_file(&mut self, source: &Source) {
        self.file = self.piles.len();
        self.seen.clear();
        self.piles.extend(source.survey.layers.iter().map(|draft| {
            let mut fields =
                vec![Field::int("reject_row", "行号", "Row"), Field::text("reject_reason", "原因", "Reason")];
            fields.extend(draft.fields.iter().cloned());
            Pile {
                schema: Schema {
                    table: draft.name.clone(),
                    name: Text::same(draft.name.clone()),
                    kind: "plain".into(),
                    geometry: draft.geometry,
                    crs: draft.crs.unwrap_or(source.survey.crs),
                    z_order: 0,
                    fields,
                },
                rejects: Vec::new(),
            }
        }));
    }

    /// The reader handed over this feature of the file.
    pub(super) fn see(&mut self, number: i64) {
        self.seen.insert(number);
    }

    /// A feature of a layer of this file.
    pub(super) fn add(&mut self, layer: usize, number: i64, feature: Feature, why: Text) {
        self.push(layer, Reject { number, why, feature: Some(feature), text: None });
    }

    /// What the file's reader itself refused: there is no more of it than its number and the reason.
    pub(super) fn add_unread<'a>(&mut self, problems: impl Iterator<Item = &'a Problem>) {
        let mut last = None;
        for problem in problems.filter(|problem| problem.severity == Severity::Error) {
            let is_lost = |number: &i64| last != Some(*number) && !self.seen.contains(number);
            let Some(number) = problem.feature.filter(is_lost) else { continue };
            last = Some(number);
            self.push(0, Reject { number, why: problem.what.clone(), feature: None, text: None });
        }
    }

    /// Fetches what the file says of those that its reader refused: their values, and their text as it stands there.
    ///
    /// # Errors
    /// The file cannot be read again, or the person has stopped it.
    pub(super) fn add_texts(&mut self, source: &Source, task: &mut Task<'_>) -> Result<(), ReadError> {
        let Some(pile) = self.piles.get_mut(self.file) else { return Ok(()) };
        let unread = pile.rejects.iter_mut().filter(|reject| reject.feature.is_none());
        let mut wanted: BTreeMap<i64, &mut Reject> = unread.map(|reject| (reject.number, reject)).collect();
        let mut room = MOST_TEXT;
        if wanted.is_empty() {
            return Ok(());
        }
        lossless::texts(&source.path, &source.survey, task, &mut |number, _, text| {
            if let Some(reject) = wanted.remove(&number)
                && text.len() <= room
            {
                room -= text.len();
                let values = lossless::values(&source.survey, 0, text);
                reject.feature = values.map(|values| Feature { id: number, geometry: None, values });
                reject.text = Some(String::from_utf8_lossy(text).into_owned());
            }
            if wanted.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(())
    }

    fn push(&mut self, layer: usize, reject: Reject) {
        let Some(pile) = self.piles.get_mut(self.file + layer) else { return };
        if self.kept < MOST_PROBLEMS {
            self.kept += 1;
            pile.rejects.push(reject);
        }
    }

    /// Writes what there is: to `path`, or where several layers have some, each to a file that is called after it too.
    /// The files, and how many features each has.
    /// A file that is there goes only with `replace`.
    pub(super) fn write(self, path: &Path, replace: bool, lang: Lang) -> Result<Vec<(PathBuf, u64)>, WriteError> {
        let piles: Vec<Pile> = self.piles.into_iter().filter(|pile| !pile.rejects.is_empty()).collect();
        let is_one = piles.len() == 1;
        let mut written = Vec::new();
        for mut pile in piles {
            let path = if is_one { path.to_owned() } else { named(path, &pile.schema.table) };
            pile.rejects.sort_by_key(|reject| reject.number);
            let has_choice = formats::writable_by_ending(&path).is_some_and(formats::FileType::has_crs_choice);
            // What nobody knows the place of goes out as it is.
            let crs = if pile.schema.crs == Crs::Unknown { Some(Crs::WGS84).filter(|_| !has_choice) } else { None };
            let crs = crs.or(has_choice.then_some(pile.schema.crs));
            let options = WriteOptions { lang, crs, ..WriteOptions::default() };
            if pile.rejects.iter().any(|reject| reject.text.is_some()) {
                pile.schema.fields.push(Field::text("reject_source", "原文", "Source text"));
            }
            let schema = pile.schema;
            let done = format::write_file(&path, replace, &schema, &options, |writer| {
                pile.rejects.into_iter().try_for_each(|reject| writer.write(&reject.into_row(&schema, lang)))
            })?;
            written.push((path, done.features));
        }
        Ok(written)
    }
}

impl Reject {
    fn into_row(self, schema: &Schema, lang: Lang) -> Feature {
        let (geometry, given) = self.feature.map_or((None, Vec::new()), |feature| (feature.geometry, feature.values));
        let mut values = vec![Value::Int(self.number), Value::from(self.why.get(lang))];
        values.extend(given);
        values.resize(schema.fields.len(), Value::Null);
        if let (Some(text), Some(last)) = (self.text, values.last_mut()) {
            *last = Value::Text(text);
        }
        Feature { id: self.number, geometry, values }
    }
}

/// `rejects.geojson` as `rejects-layer.geojson`.
fn named(path: &Path, layer: &str) -> PathBuf {
    let safe = layer.replace(['/', '\\', ':', '*', '?', '"', '<', '>', '|'], "_");
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    path.with_file_name(format!("{}-{safe}.{}", part(path.file_stem()), part(path.extension())))
}
