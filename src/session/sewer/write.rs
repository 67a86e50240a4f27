//! What the window shows of the sewers goes out: to files, the same as from the command line, and into layers.

use std::collections::BTreeMap;

use crate::geom::crs::Crs;
use crate::io::format::Written;
use crate::kinds::plain_z_order;
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::store::command::{Action, Write};
use crate::store::error::StoreError;
use crate::store::import::{Import, ImportStop, Target};
use crate::task::Task;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::pipe::RowRef;
use crate::trades::sewer::plan::Costs;

use super::board::SewerTopic;
use super::found::Which;
use super::out::OutFile;
use super::profile::{ProfileLook, is_picture};
use super::shown::{SewerShown, ShownTable, cell_words};
use super::{SewerAnswer, SewerAsk, SewerDesk};
use crate::session::Session;
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::JobId;
use crate::session::place;

impl SewerDesk {
    /// Writes an answer to a file: rows, or for a long profile a picture where the ending is one of pictures.
    ///
    /// # Errors
    /// The ending names no format that is written; nothing to write; the file cannot be written; cancelled.
    pub fn write_answer(
        &self,
        answer: &SewerAnswer,
        out: &OutFile,
        look: &ProfileLook,
        task: &mut Task<'_>,
    ) -> Result<Option<Written>, Failure> {
        let written = match answer {
            SewerAnswer::Trace(found) => self.write_trace(found, Which::Pipes, out, task)?,
            SewerAnswer::Path(found) => match &found.course {
                Some(course) => self.write_course(course, out, task)?,
                None => return Err(nothing()),
            },
            SewerAnswer::Longest(course) => self.write_course(course, out, task)?,
            SewerAnswer::Close(found) => self.write_closure(found, out, task)?,
            SewerAnswer::Basins(found) => self.write_basins(found, out, task)?,
            SewerAnswer::Profile(found) => {
                if is_picture(&out.path) {
                    self.draw_profile(found, look, out, task)?;
                    return Ok(None);
                }
                self.write_profile(found, out, task)?
            }
            SewerAnswer::Condition(report) => self.write_rating(report, out, task)?,
            SewerAnswer::Plan(report) => self.write_plan(report, out, task)?,
            SewerAnswer::Check(report) => self.write_findings(report, out, task)?,
            SewerAnswer::Progress(found) => self.write_progress(found, out, task)?,
            SewerAnswer::Cross(report) => self.write_cross(report, out, task)?,
            SewerAnswer::Users(report) => self.write_users(report, out, task)?,
            SewerAnswer::Capacity(report) => self.write_capacity(report, out, task)?,
            SewerAnswer::Inspected(_) => self.write_table(answer, out, task)?,
            SewerAnswer::Summary(_) | SewerAnswer::Pipe(_) | SewerAnswer::Defects(_) => return Err(nothing()),
        };
        Ok(Some(written))
    }

    /// Writes the first table of an answer as a person sees it, without places.
    fn write_table(&self, answer: &SewerAnswer, out: &OutFile, task: &mut Task<'_>) -> Result<Written, Failure> {
        let shown = SewerShown::of(self, answer, task)?;
        let table = shown.tables.first().filter(|table| !table.rows.is_empty()).ok_or_else(nothing)?;
        let schema =
            Schema { geometry: None, ..layer_schema(table, &shown, Text::same(shown.title.get(out.lang)), &|_| false) };
        let rows: Vec<Feature> =
            (1..).zip(layer_rows(table, &shown, out.lang)).map(|(id, row)| Feature { id, ..row }).collect();
        self.write_rows(out, &schema, &rows, task)
    }
}

fn nothing() -> Failure {
    Failure::new(FailureKind::Usage, Text::new("没有可写出的结果", "There is nothing to write"))
}

impl Session {
    /// Asks once more and writes what comes of it: the file has the rows of the moment, not those of the screen.
    pub(super) fn write_sewers(&mut self, ask: SewerAsk, out: OutFile, look: ProfileLook) -> Result<JobId, Failure> {
        let desk = self.sewers()?;
        let title = Text::new("写出管网结果", "Writing what the sewers said");
        Ok(self.jobs.start(title, move |_, mut task| {
            let desk = desk.pinned(&task)?;
            let answer = desk.answer(&ask, &mut task)?;
            let written = desk.write_answer(&answer, &out, &look, &mut task)?;
            let path = out.path.display();
            Ok(Answer::Told(match written {
                Some(written) => {
                    let rows = written.features;
                    text!("已写出 {rows} 行到 {path}", "{rows} rows written to {path}")
                }
                None => text!("已写出到 {path}", "Written to {path}"),
            }))
        }))
    }

    /// Unit costs from a table; what is wrong with it becomes a notice.
    pub fn read_costs(&mut self, path: &std::path::Path) -> Option<Costs> {
        let mut task = Task::silent();
        let read = SewerDesk::read_costs(path, &mut task);
        read.map_err(|failure| self.complain(failure, Some(crate::session::deed::Deed::Sewer))).ok()
    }

    /// Makes a layer of what is shown of a topic, as one step.
    pub(super) fn keep_sewers(&mut self, topic: SewerTopic) -> Result<JobId, Failure> {
        let lang = self.lang();
        let shown = self.sewer().shown(topic).cloned().ok_or_else(nothing)?;
        let table = shown.tables.first().ok_or_else(nothing)?;
        let author = self.author();
        let open = self.opened()?;
        if let Some(reason) = &open.view.read_only {
            return Err(Failure::new(FailureKind::File, reason.clone()));
        }
        let name = Text::same(shown.title.get(lang));
        let is_taken = |name: &str| open.view.layer(name).is_some();
        let schema = layer_schema(table, &shown, name.clone(), &is_taken);
        let rows = layer_rows(table, &shown, lang);
        let count = rows.len();
        let (city, follower) = (std::sync::Arc::clone(&open.city), open.keeper.follower());
        let title = Text::new("结果存为图层", "Making a layer of the result");
        Ok(self.jobs.start(title, move |_, task| {
            let name = &schema.name.zh;
            let label = text!("结果存为图层“{name}”（{count} 行）", "Keep the result as layer “{name}” ({count} rows)");
            let feed = Kept::new(schema, rows);
            let write = Write { label: label.clone(), author, action: Action::Import(Box::new(feed)) };
            let committed = city.submit_stoppable(write, task.cancel().clone()).wait()?;
            let step = committed.step.unwrap_or_default();
            follower.follow(committed);
            Ok(Answer::Step { step, label })
        }))
    }
}

fn layer_schema(table: &ShownTable, shown: &SewerShown, name: Text, is_taken: &dyn Fn(&str) -> bool) -> Schema {
    let base = format!("sewer_{}", table.id);
    let numbered = (2..).map(|number| format!("{base}_{number}"));
    let free = std::iter::once(base.clone()).chain(numbered).find(|name| !is_taken(name));
    let has_lines = !shown.drawing.lines.is_empty();
    let geometry = Some(if has_lines { GeometryKind::LineString } else { GeometryKind::Point });
    Schema {
        table: free.unwrap_or(base),
        name,
        kind: "plain".to_owned(),
        geometry,
        crs: Crs::WGS84,
        z_order: plain_z_order(geometry),
        fields: table.fields.clone(),
    }
}

fn layer_rows(table: &ShownTable, shown: &SewerShown, lang: Lang) -> Vec<Feature> {
    let lines: BTreeMap<RowRef, usize> =
        shown.drawing.lines.iter().enumerate().map(|(place, line)| (line.at, place)).collect();
    let points: BTreeMap<RowRef, [f64; 2]> =
        shown.drawing.points.iter().filter_map(|point| Some((point.at?, point.at_world))).collect();
    let row = |(id, row): (i64, &super::shown::ShownRow)| {
        let line = row.at.and_then(|at| lines.get(&at)).map(|&place| {
            let path = shown.drawing.path(&shown.drawing.lines[place]);
            Geometry::line(&path.iter().map(|at| place::lonlat_from_world(*at)).collect::<Vec<_>>())
        });
        let point = || {
            let at = row.place_world.or_else(|| points.get(&row.at?).copied())?;
            let [lon, lat] = place::lonlat_from_world(at);
            Some(Geometry::point(lon, lat))
        };
        let geometry = if lines.is_empty() { point() } else { line };
        let values = row.values.iter().zip(&table.fields).map(|(value, field)| kept_value(value, field, lang));
        Feature { id, geometry, values: values.collect() }
    };
    (1..).zip(&table.rows).map(row).collect()
}

/// A cell as a column of its type holds it, in one language.
fn kept_value(value: &Value, field: &Field, lang: Lang) -> Value {
    match (value, field.field_type) {
        (Value::Text(words), _) => cell_words(words, lang).into(),
        (Value::Int(number), FieldType::Real) => Value::Real(*number as f64),
        _ => value.clone(),
    }
}

/// Rows on their way into a layer of their own.
pub(super) struct Kept {
    target: Target,
    rows: Vec<Feature>,
}

impl Kept {
    /// For a layer that is not there yet.
    pub(super) fn new(schema: Schema, rows: Vec<Feature>) -> Self {
        Self { target: Target { schema, append: false }, rows }
    }
}

impl Import for Kept {
    fn targets(&self) -> Vec<Target> {
        vec![self.target.clone()]
    }

    fn feed(&mut self, sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>) -> Result<(), ImportStop> {
        std::mem::take(&mut self.rows).into_iter().try_for_each(|row| Ok(sink(0, row)?))
    }
}
