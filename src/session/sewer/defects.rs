//! Defects from a contractor's table: rows held against CJJ 181, grouped into inspections, all of it one step of the
//! journal. What the standard does not have is refused row by row, told with its row in the file, and kept in a file of
//! its own if that is wished.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::geom::crs::Crs;
use crate::io::atomic::Kept;
use crate::io::format::ReadOptions;
use crate::kinds;
use crate::model::feature::Feature;
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::store::command::{Action, Write};
use crate::store::error::StoreError;
use crate::store::import::{Import, ImportStop, Target};
use crate::task::Task;
use crate::text;
use crate::text::{Lang, Text};

use super::SewerDesk;
use super::defect_look::Looked;
use super::defect_rejects::write_rejects;
use crate::session::Session;
use crate::session::answer::{Answer, Failure, FailureKind, ImportedLayer};
use crate::session::command::JobId;
use crate::session::export::check_rejects;

/// A table of defects to take in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DefectImport {
    /// The file.
    pub path: PathBuf,
    /// How to understand it.
    pub read: ReadOptions,
    /// Their column → our field, over what is guessed; nothing of ours leaves a column out.
    pub map: Vec<(String, String)>,
    /// Our field → the value that every row gets.
    pub set: Vec<(String, String)>,
    /// Take nothing if one row is refused.
    pub strict: bool,
    /// The file that refused rows go to, with the reasons.
    pub rejects: Option<PathBuf>,
    /// Whether a file that is there may go for them.
    pub replace_rejects: bool,
    /// Rows that a person typed, in place of a file: field and words. All of them come in or none.
    pub typed: Vec<Vec<(String, String)>>,
}

impl Session {
    /// Takes a table of defects in, as one step.
    pub(super) fn import_defects(&mut self, request: DefectImport) -> Result<JobId, Failure> {
        let desk = self.sewers()?;
        let (author, lang) = (self.author(), self.lang());
        let open = self.opened()?;
        if let Some(reason) = &open.view.read_only {
            return Err(Failure::new(FailureKind::File, reason.clone()));
        }
        let (city, follower) = (Arc::clone(&open.city), open.keeper.follower());
        let title = Text::new("导入管道缺陷", "Importing defects");
        Ok(self.jobs.start(title, move |_, mut task| {
            let (feed, mut answer) = plan(&desk, &request, lang, &mut task)?;
            if feed.rows.is_empty() {
                return Ok(answer);
            }
            let file = request.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let label = if request.typed.is_empty() {
                text!("导入缺陷 {file}", "Import defects {file}")
            } else {
                typed_label(&request.typed)
            };
            let write = Write { label, author, action: Action::Import(Box::new(feed)) };
            follower.follow(city.submit_stoppable(write, task.cancel().clone()).wait()?);
            if let Answer::Imported { layers, .. } = &mut answer {
                layers.retain(|layer| layer.features > 0);
            }
            Ok(answer)
        }))
    }
}

/// Reads the table and says what would come of it. Nothing is written yet but the file of refused rows.
fn plan(desk: &SewerDesk, request: &DefectImport, lang: Lang, task: &mut Task<'_>) -> Result<(Ready, Answer), Failure> {
    let _kept = Kept::new(&request.path);
    if let Some(path) = &request.rejects {
        check_rejects(path, request.replace_rejects)?;
    }
    let mut looked = Looked::of(desk, request, task)?;
    looked.require_columns()?;
    let problems = looked.problems_with(&looked.taken);
    let refused = looked.taken.refused_count;
    if refused > 0 && (request.strict || !request.typed.is_empty()) {
        let text = text!(
            "有 {refused} 行不合格，整个没有导入，城市没有改动",
            "{refused} rows are bad; nothing was taken in, the city is unchanged"
        );
        return Err(Failure { problems: problems.listed, ..Failure::new(FailureKind::Data, text) });
    }
    let rejects = match &request.rejects {
        Some(path) => write_rejects(&looked, path, request.replace_rejects, lang)?,
        None => Vec::new(),
    };
    let taken = std::mem::take(&mut looked.taken);
    let counts = [taken.inspections.len(), taken.defects.len()];
    if counts == [0, 0] && taken.repeated == 0 {
        let text = Text::new("没有一行可以导入，城市没有改动", "No row can be taken in; the city is unchanged");
        return Err(Failure { problems: problems.listed, ..Failure::new(FailureKind::Data, text) });
    }
    let targets = [
        target(desk, "sewer_inspection", looked.known.rows.inspection_layers.first())?,
        target(desk, "sewer_defect", looked.known.rows.defect_layers.first())?,
    ];
    let mapped = looked.mapped();
    let layer = |(target, count): (&Target, usize)| ImportedLayer {
        name: target.schema.table.clone(),
        kind: target.schema.kind.clone(),
        features: count as u64,
        mapped: if target.schema.kind == "sewer_defect" { mapped.clone() } else { Vec::new() },
    };
    let layers = targets.iter().zip(counts).map(layer).collect();
    let rows = [&taken.inspections, &taken.defects];
    let rows = (0..).zip(&targets).zip(rows).flat_map(|((at, target), rows)| {
        rows.iter().map(move |values| (at, feature(&target.schema, values))).collect::<Vec<_>>()
    });
    let rows = rows.collect();
    let answer = Answer::Imported { layers, problems, rejects, datum: Vec::new() };
    Ok((Ready { targets: targets.into(), rows }, answer))
}

/// What the undo list calls an inspection that was typed: by its pipe and its day.
pub fn typed_label(rows: &[Vec<(String, String)>]) -> Text {
    let word = |id: &str| {
        let found = rows.first().and_then(|row| row.iter().find(|(field, _)| field == id));
        found.map_or("", |(_, words)| words.as_str()).to_owned()
    };
    let (pipe, on) = (word("pipe_code"), word("inspected_on"));
    text!("录入检测 {pipe} {on}", "Enter inspection {pipe} {on}")
}

/// The layer of a kind that rows go to: the first that is there, else a new one.
fn target(desk: &SewerDesk, kind: &str, known: Option<&Schema>) -> Result<Target, Failure> {
    if let Some(schema) = known {
        return Ok(Target { schema: schema.clone(), append: true });
    }
    let kind = kinds::find(kind).unwrap_or_else(kinds::plain);
    let mut schema = kind.schema(Crs::CGCS2000);
    let taken: BTreeSet<String> =
        desk.city().reader()?.layers()?.iter().map(|info| info.schema.table.to_lowercase()).collect();
    let numbered = (2..).map(|number: u32| format!("{}_{number}", kind.id));
    let mut names = std::iter::once(kind.id.to_owned()).chain(numbered);
    schema.table = names.find(|name| !taken.contains(name)).unwrap_or_default();
    Ok(Target { schema, append: false })
}

fn feature(schema: &Schema, values: &[(&str, Value)]) -> Feature {
    let mut row = vec![Value::Null; schema.fields.len()];
    for (id, value) in values {
        if let Some(place) = schema.field_index(id) {
            row[place].clone_from(value);
        }
    }
    Feature { id: 0, geometry: None, values: row }
}

/// Rows that are ready for the store.
struct Ready {
    targets: Vec<Target>,
    rows: Vec<(usize, Feature)>,
}

impl Import for Ready {
    fn targets(&self) -> Vec<Target> {
        self.targets.clone()
    }

    fn feed(&mut self, sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>) -> Result<(), ImportStop> {
        std::mem::take(&mut self.rows).into_iter().try_for_each(|(target, row)| Ok(sink(target, row)?))
    }
}
