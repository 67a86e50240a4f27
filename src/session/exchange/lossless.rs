//! The text that features had in their file: into the city with an import that wants it kept, out again with an export of
//! the same format.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use crate::geom::crs::Crs;
use crate::io::atomic;
use crate::io::error::ReadError;
use crate::io::format::{self, WriteOptions, Written};
use crate::io::lossless::{self, Around, LosslessWriter, Original, Stood};
use crate::model::feature::Feature;
use crate::model::schema::Schema;
use crate::store::error::StoreError;
use crate::store::import::ImportStop;
use crate::store::reader::Reader;
use crate::store::source_text::{FileText, Member, NewText, RowText};
use crate::task::{Problem, Task};
use crate::text::Text;

use crate::session::answer::Failure;
use crate::session::command::ExportRequest;
use crate::session::export::write_failure;
use crate::session::import::rows::Planned;
use crate::session::import::{Plan, Source};
use crate::session::rows::Rows;

/// Rows that are read at once.
const CHUNK: usize = 500;

/// The features of one file that went in: number in the file, and place in [`Plan::targets`].
pub(in crate::session) type Fed = Vec<(i64, usize)>;

/// What a file loses that is imported like this and exported again; or why its text is not kept although it should.
pub(in crate::session) fn warnings(survey: &format::Survey, keeps: bool) -> Vec<Problem> {
    if keeps {
        let why = lossless::obstacle(survey);
        return why.map(|why| Problem::warning("import.lossless", why)).into_iter().collect();
    }
    lossless::changes(survey)
}

/// Hands the texts of an import's files to the city. `slots` are the store's targets of those of the plan, `rows` the ids
/// of the rows that came of what was fed, in its order.
///
/// # Errors
/// A file cannot be read again, the city cannot take it, or the person has stopped it.
pub(in crate::session) fn hand_over(
    plan: &Plan,
    slots: &[usize],
    fed: &[Fed],
    rows: &[Vec<i64>],
    task: &mut Task<'_>,
    sink: &mut dyn FnMut(NewText<'_>) -> Result<(), StoreError>,
) -> Result<(), ImportStop> {
    let mut rows: Vec<_> = rows.iter().map(|ids| ids.iter().copied()).collect();
    for (file, (source, fed)) in plan.sources.iter().zip(fed).enumerate() {
        // Of features that share a number, none has a text of its own.
        let mut row_of: BTreeMap<i64, Option<(usize, i64)>> = BTreeMap::new();
        for &(number, place) in fed {
            let row = rows[slots[place]].next().map(|row| (slots[place], row));
            row_of.entry(number).and_modify(|found| *found = None).or_insert(row);
        }
        if lossless::obstacle(&source.survey).is_none() {
            hand_over_file(file, source, &row_of, (plan, slots), task, sink)?;
        }
    }
    Ok(())
}

fn hand_over_file(
    file: usize,
    source: &Source,
    row_of: &BTreeMap<i64, Option<(usize, i64)>>,
    (plan, slots): (&Plan, &[usize]),
    task: &mut Task<'_>,
    sink: &mut dyn FnMut(NewText<'_>) -> Result<(), StoreError>,
) -> Result<(), ImportStop> {
    let mut stop = None;
    let around = lossless::texts(&source.path, &source.survey, task, &mut |number, gap, text| {
        let Some(&Some((target, row))) = row_of.get(&number) else { return ControlFlow::Continue(()) };
        match sink(NewText::Row { file, target, row, number, gap, text }) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                stop = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    let around = match (stop, around) {
        (Some(error), _) => return Err(error.into()),
        (None, Err(ReadError::Cancelled(_))) => return Err(ImportStop::Cancelled),
        (None, Err(error)) => return Err(ImportStop::Refused(error.headline())),
        (None, Ok(around)) => around,
    };
    let Some(Around { head, tail, is_lines }) = around else { return Ok(()) };
    let places: BTreeSet<usize> = source.goes_to.iter().flatten().copied().collect();
    for place in places {
        let members = members(&plan.targets[place]);
        let text = FileText { head: head.clone(), tail: tail.clone(), is_lines, members };
        sink(NewText::File { file, target: slots[place], text: &text })?;
    }
    Ok(())
}

/// For each field of a target where its values stood in the file.
fn members(planned: &Planned) -> Vec<(String, Member)> {
    let fields = planned.target.schema.fields.iter().zip(&planned.columns.sources);
    let member = fields.map(|(field, source)| {
        let member = match source.map(|source| lossless::stood(&planned.theirs[source.column])) {
            None | Some(Stood::Nowhere) => Member::None,
            Some(Stood::Id) => Member::Id,
            Some(Stood::Property(name)) => Member::Property(name),
        };
        (field.id.to_string(), member)
    });
    member.collect()
}

/// The text around a layer's rows, if the layer has one that an export of this kind can keep to; and whether no row has
/// changed since.
///
/// # Errors
/// The city cannot be read.
pub(in crate::session) fn kept(
    reader: &Reader,
    request: &ExportRequest,
    schema: &Schema,
) -> Result<Option<(FileText, bool)>, StoreError> {
    let is_plain = !request.labels && request.profile.is_none() && request.crs.is_none_or(|crs| crs == Crs::WGS84);
    let id = format::format_by_ending(&request.path).map(|format| format.id).filter(|_| is_plain);
    let is_lines = match id {
        Some("geojson") => false,
        Some("geojsonl") => true,
        _ => return Ok(None),
    };
    Ok(reader.file_text(schema)?.filter(|(text, _)| text.is_lines == is_lines))
}

/// Writes rows with the text that they had, in the order of their file; rows that came later stand behind them.
///
/// # Errors
/// The city cannot be read, the file cannot be written, or the person has stopped it.
pub(in crate::session) fn write(
    reader: &Reader,
    request: &ExportRequest,
    (schema, rows): (&Schema, &Rows),
    options: &WriteOptions,
    (text, is_same): (FileText, bool),
    task: &mut Task<'_>,
) -> Result<Written, Failure> {
    let places = reader.text_places(&schema.table)?;
    let mut ids = Vec::new();
    rows.each(reader, &mut |feature| {
        ids.push(feature.id);
        ControlFlow::Continue(())
    })?;
    ids.sort_by_key(|id| (places.get(id).copied().unwrap_or((i64::MAX, i64::MAX)), *id));
    let is_whole = is_same && ids.len() == places.len();
    let around = Around { head: text.head, tail: text.tail, is_lines: text.is_lines };
    let mut stopped: Option<Failure> = None;
    let written = atomic::write(&request.path, request.overwrite, |out| {
        let mut writer = LosslessWriter::new(out, schema, options, around, is_whole)?;
        let (total, what) = (ids.len() as u64, Text::new("写出要素", "Writing features"));
        for (number, chunk) in ids.chunks(CHUNK).enumerate() {
            let read = read(reader, schema, chunk).and_then(|read| {
                task.report(&what, (number * CHUNK) as u64, Some(total))?;
                Ok(read)
            });
            match read {
                Ok(read) => read.iter().try_for_each(|(row, text)| writer.write(row, text.as_ref()))?,
                Err(failure) => {
                    stopped = Some(failure);
                    return Err(std::io::Error::other("stopped").into());
                }
            }
        }
        writer.finish()
    });
    match (stopped, written) {
        (Some(failure), _) => Err(failure),
        (None, Err(error)) => Err(write_failure(&error)),
        (None, Ok(written)) => Ok(written),
    }
}

fn read(reader: &Reader, schema: &Schema, ids: &[i64]) -> Result<Vec<(Feature, Option<Original>)>, Failure> {
    let features = reader.features(&schema.table, ids)?;
    let texts = reader.row_texts(schema, &features)?;
    Ok(features.into_iter().zip(texts.into_iter().map(|text| text.map(original))).collect())
}

fn original(text: RowText) -> Original {
    let RowText { gap, text, is_moved, changed } = text;
    let stood = |member| match member {
        Member::None => Stood::Nowhere,
        Member::Id => Stood::Id,
        Member::Property(name) => Stood::Property(name),
    };
    let changed = changed.into_iter().map(|(place, member)| (place, stood(member))).collect();
    Original { gap, text, is_moved, changed }
}
