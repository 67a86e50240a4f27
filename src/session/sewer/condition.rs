//! Condition of sewers after CJJ 181: rows of inspections and defects beside the live network become ratings; kilometres
//! inspected; ratings written into the rows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use geo::{BoundingRect, Contains};

use crate::model::feature::{Delta, Feature};
use crate::model::geometry::Geometry;
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::store::command::{Action, Write};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::task::{Problem, Task};
use crate::text;
use crate::text::Text;
use crate::trades::sewer::cjj181::record::{Record, Survey, read};
use crate::trades::sewer::cjj181::{Defect, Rating, Rules};
use crate::trades::sewer::condition::{
    Conditions, DEFECT_FIELDS, Finding, INSPECTION_FIELDS, Inspection, PipeCondition, Which, conditions, stretch,
};
use crate::trades::sewer::inspected::{By, Inspected, inspected};
use crate::trades::sewer::pipe::{RowReader, RowRef};
use crate::trades::sewer::sewers::Sewers;

use super::SewerDesk;
use super::live::LiveNetwork;
use crate::session::Session;
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::JobId;
use crate::session::look::identify::in_degrees;
use crate::session::state::FeatureRef;

/// The condition of the pipes that were inspected, for panel, table and command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConditionReport {
    /// How the standard was read.
    pub rules: Rules,
    /// One for each pipe that was inspected, by the inspection that counts.
    pub pipes: Vec<RatedPipe>,
    /// Pipes that never were.
    pub never: usize,
    /// Pipes whose row says another grade, or none: what colours pipes by their rows shows those.
    pub unwritten: usize,
    /// Rows that name no pipe, inspections of days to come, and defects that the standard does not have.
    pub problems: Vec<Problem>,
}

impl ConditionReport {
    /// Pipes of which a part alone was seen, and pipes of which a later inspection saw but a part; in words where there are
    /// any.
    pub fn parts(&self) -> Option<Text> {
        let seen = self.pipes.iter().filter(|pipe| pipe.seen_share.is_some()).count();
        let kept = self.pipes.iter().filter(|pipe| !pipe.later_part.is_empty()).count();
        parts_words([seen, kept], self.rules)
    }
}

/// What is said of pipes of which a part alone was seen, and of those of which a later inspection saw but a part.
pub(super) fn parts_words([seen, kept]: [usize; 2], rules: Rules) -> Option<Text> {
    let percent = rules.whole_percent;
    (seen + kept > 0).then(|| {
        text!(
            "部分检测：{seen} 段只检测了管长的一部分（不足 {percent}%），没有更早的全长检测；另有 {kept} 段最近一次只检测了一部分，\
             仍以之前的全长检测为准",
            "Partly inspected: of {seen} pipes only a part was seen (less than {percent} % of the length) and no earlier \
             inspection saw the whole; of {kept} more the last one saw a part, and the earlier one of the whole counts"
        )
    })
}

/// `2025-03-01 (8 %)` of a pipe of which a part was seen; `2024-03-01*` where a later inspection saw but a part.
pub fn day_words(on: &str, seen_share: Option<f64>, has_later_part: bool) -> String {
    let share = seen_share.map(|share| format!(" ({:.0} %)", share * 100.0)).unwrap_or_default();
    format!("{on}{share}{}", if has_later_part { "*" } else { "" })
}

/// The condition of one pipe.
#[derive(Clone, Debug, PartialEq)]
pub struct RatedPipe {
    /// Its row.
    pub at: FeatureRef,
    /// Its code.
    pub code: String,
    /// Its road; empty for not known.
    pub road: String,
    /// The inspection that counts; `None` where defects name none that is there.
    pub inspection: Option<FeatureRef>,
    /// Its code.
    pub inspection_code: String,
    /// Its day, ISO 8601; empty for none.
    pub on: String,
    /// Its method's code; empty for not stated.
    pub method: String,
    /// How many inspections the pipe has.
    pub inspections: usize,
    /// Its line along the flow, longitude and latitude.
    pub line: Vec<[f64; 2]>,
    /// The defects that were rated, with distances from the upstream end.
    pub defects: Vec<RatedDefect>,
    /// What comes of them.
    pub rating: Rating,
    /// How much of the pipe was seen, 0 to 1, where that is clearly less than all.
    pub seen_share: Option<f64>,
    /// The day of a later inspection that saw only a part of the pipe, and so does not count; empty for none.
    pub later_part: String,
    /// Whether nobody recorded the pipe's length: then the drawn one was taken.
    pub is_length_drawn: bool,
}

impl RatedPipe {
    /// The defects alone, in the order in which the rating counts them.
    pub fn defects(&self) -> Vec<Defect> {
        self.defects.iter().map(|it| it.defect).collect()
    }
}

/// A defect of a pipe.
#[derive(Clone, Debug, PartialEq)]
pub struct RatedDefect {
    /// Its row.
    pub at: FeatureRef,
    /// The defect.
    pub defect: Defect,
    /// Clock position; empty for none.
    pub clock: String,
    /// Name of its photo; empty for none.
    pub photo: String,
    /// The part of the pipe's line that it takes, longitude and latitude; one place for one without a length.
    pub line: Vec<[f64; 2]>,
}

/// Rows of inspections and defects, with the tables that their numbers of layers count.
#[derive(Default)]
pub(super) struct ConditionRows {
    pub(super) inspections: Vec<Inspection>,
    pub(super) findings: Vec<Finding>,
    /// Layers of inspections, then those of defects.
    pub(super) inspection_layers: Vec<Schema>,
    pub(super) defect_layers: Vec<Schema>,
}

impl ConditionRows {
    /// Reads them all.
    pub(super) fn read(reader: &Reader) -> Result<Self, StoreError> {
        let mut rows = Self::default();
        let today = jiff::Zoned::now().date().to_string();
        for info in reader.layers()? {
            match info.schema.kind.as_str() {
                "sewer_inspection" => {
                    let number = rows.inspection_layers.len() as u16;
                    let found = &mut rows.inspections;
                    each_row(reader, &info.schema, number, INSPECTION_FIELDS, &mut |layer, row, values| {
                        let mut inspection = Inspection::of_row(layer, row, values);
                        inspection.is_future = *inspection.on > *today;
                        found.push(inspection);
                    })?;
                    rows.inspection_layers.push(info.schema);
                }
                "sewer_defect" => {
                    let number = rows.defect_layers.len() as u16;
                    let found = &mut rows.findings;
                    each_row(reader, &info.schema, number, DEFECT_FIELDS, &mut |layer, row, values| {
                        found.push(Finding::of_row(layer, row, values));
                    })?;
                    rows.defect_layers.push(info.schema);
                }
                _ => {}
            }
        }
        Ok(rows)
    }

    fn inspection_at(&self, place: usize) -> FeatureRef {
        at(&self.inspection_layers, self.inspections[place].row)
    }
}

fn at(layers: &[Schema], row: RowRef) -> FeatureRef {
    let layer = layers.get(usize::from(row.layer)).map_or_else(String::new, |schema| schema.table.clone());
    FeatureRef { layer, id: row.id }
}

fn each_row(
    reader: &Reader,
    schema: &Schema,
    number: u16,
    wanted: &[&str],
    f: &mut dyn FnMut(&RowReader, RowRef, &[Value]),
) -> Result<(), StoreError> {
    let layer = RowReader::new(number, schema, wanted);
    reader.scan(&schema.table, None, layer.fields(), &mut |id, _, values| {
        f(&layer, RowRef { layer: number, id }, values);
        ControlFlow::Continue(())
    })
}

impl SewerDesk {
    /// Rates the pipes that were inspected; with `pipe` that one alone.
    ///
    /// # Errors
    /// The city cannot be read; there is no such pipe; it was never inspected; cancelled.
    pub fn rate(&self, rules: Rules, pipe: Option<&str>, task: &mut Task<'_>) -> Result<ConditionReport, Failure> {
        task.report(&Text::new("评估管道", "Rating the pipes"), 0, None)?;
        let rows = self.condition_rows()?;
        self.with(task, |live| match pipe {
            None => Ok(report(live, &rows, rules)),
            Some(code) => {
                let is_known = live.sewers.pipes().any(|(_, pipe)| &*pipe.code == code);
                let mut found = report(live, &rows, rules);
                found.pipes.retain(|pipe| pipe.code == code);
                found.problems.clear();
                if found.pipes.is_empty() { Err(never_rated(code, is_known)) } else { Ok(found) }
            }
        })?
    }

    /// Lets `f` see the network and the conditions of its pipes.
    pub(super) fn with_conditions<T>(
        &self,
        rules: Rules,
        task: &Task<'_>,
        f: impl FnOnce(&LiveNetwork, &Conditions, &ConditionRows) -> T,
    ) -> Result<T, Failure> {
        let rows = self.condition_rows()?;
        self.with(task, |live| {
            let found = conditions(&live.sewers, &rows.inspections, &rows.findings, rules, Which::Latest);
            f(live, &found, &rows)
        })
    }

    /// How much was inspected, each metre once.
    ///
    /// # Errors
    /// The city cannot be read, or has no sub-districts to sum by; cancelled.
    pub fn inspected(&self, by: By, task: &mut Task<'_>) -> Result<Inspected, Failure> {
        task.report(&Text::new("统计检测里程", "Adding up what was inspected"), 0, None)?;
        let rows = self.condition_rows()?;
        let streets = if by == By::Street { Streets::read(&self.city().reader()?)? } else { Streets::default() };
        self.with(task, |live| {
            inspected(&live.sewers, &rows.inspections, by, &|pipe| streets.of_pipe(&live.sewers, pipe))
        })
    }

    pub(super) fn condition_rows(&self) -> Result<ConditionRows, Failure> {
        let reader = self.city().reader()?;
        reader.snapshot()?;
        Ok(ConditionRows::read(&reader)?)
    }

    /// What the rows of inspections and pipes have to become for the ratings to stand in them.
    fn rating_deltas(&self, rules: Rules, task: &Task<'_>) -> Result<Vec<Delta>, Failure> {
        let rows = self.condition_rows()?;
        let mut wanted: BTreeMap<String, BTreeMap<i64, Vec<(&str, Value)>>> = BTreeMap::new();
        self.with(task, |live| {
            let found = conditions(&live.sewers, &rows.inspections, &rows.findings, rules, Which::Every);
            for condition in &found.pipes {
                if let Some(place) = condition.inspection {
                    let at = rows.inspection_at(place);
                    wanted.entry(at.layer).or_default().insert(at.id, inspection_values(&condition.rating));
                }
                if let Some(pipe) = live.sewers.pipe(condition.pipe).filter(|_| condition.is_latest) {
                    let on = condition.inspection.map(|place| &*rows.inspections[place].on).unwrap_or_default();
                    let table = live.table(pipe.row).to_owned();
                    wanted.entry(table).or_default().insert(pipe.row.id, pipe_values(&condition.rating, on));
                }
            }
        })?;
        let reader = self.city().reader()?;
        let mut deltas = Vec::new();
        for (table, values) in wanted {
            task.check()?;
            let schema = reader.schema(&table)?;
            let ids: Vec<i64> = values.keys().copied().collect();
            for old in reader.features(&table, &ids)? {
                let mut new = old.clone();
                for (field, value) in values.get(&old.id).into_iter().flatten() {
                    if let Some(slot) = schema.field_index(field).and_then(|index| new.values.get_mut(index)) {
                        slot.clone_from(value);
                    }
                }
                if new != old {
                    deltas.push(Delta { layer: table.clone(), id: old.id, old: Some(old), new: Some(new) });
                }
            }
        }
        Ok(deltas)
    }
}

fn never_rated(code: &str, is_known: bool) -> Failure {
    let text = if is_known {
        text!("管段“{code}”没有检测记录", "The pipe “{code}” was never inspected")
    } else {
        text!("没有管段“{code}”", "There is no pipe “{code}”")
    };
    Failure::new(FailureKind::Usage, text)
}

fn report(live: &LiveNetwork, rows: &ConditionRows, rules: Rules) -> ConditionReport {
    let found = conditions(&live.sewers, &rows.inspections, &rows.findings, rules, Which::Latest);
    let never = live.sewers.pipes().count() - found.pipes.len();
    let is_unwritten = |condition: &&PipeCondition| {
        let grade = i64::from(condition.rating.ri.grade);
        live.sewers.pipe(condition.pipe).is_some_and(|pipe| pipe.rating != Some(grade))
    };
    let unwritten = found.pipes.iter().filter(is_unwritten).count();
    let pipes = found.pipes.into_iter().filter_map(|condition| rated_pipe(live, rows, condition)).collect();
    ConditionReport { rules, pipes, never, unwritten, problems: found.problems }
}

/// A condition with the words that people read.
pub(super) fn rated_pipe(live: &LiveNetwork, rows: &ConditionRows, condition: PipeCondition) -> Option<RatedPipe> {
    let pipe = live.sewers.pipe(condition.pipe)?;
    let inspection = condition.inspection.map(|place| &rows.inspections[place]);
    let word = |of: fn(&Inspection) -> &str| inspection.map(of).unwrap_or_default().to_owned();
    let defects = condition.findings.iter().zip(&condition.defects).map(|(&place, &defect)| {
        let finding = &rows.findings[place];
        let (clock, photo) = (finding.clock.to_string(), finding.photo.to_string());
        let line = stretch(&live.sewers, condition.pipe, defect.start_m(), defect.end_m());
        RatedDefect { at: at(&rows.defect_layers, finding.row), defect, clock, photo, line }
    });
    Some(RatedPipe {
        at: live.feature(pipe.row),
        code: pipe.code.to_string(),
        road: pipe.road.to_string(),
        inspection: condition.inspection.map(|place| rows.inspection_at(place)),
        inspection_code: word(|it| &it.code),
        on: word(|it| &it.on),
        method: word(|it| &it.method),
        inspections: condition.inspections,
        line: live.sewers.line_along(condition.pipe),
        defects: defects.collect(),
        rating: condition.rating,
        seen_share: condition.seen_share,
        later_part: condition.later_part.map(|place| rows.inspections[place].on.to_string()).unwrap_or_default(),
        is_length_drawn: pipe.recorded_length_m().is_none(),
    })
}

/// Fields of an inspection that a rating fills. Four decimals, as reports have them.
fn inspection_values(rating: &Rating) -> Vec<(&'static str, Value)> {
    let number = |value: f64| Value::Real((value * 10_000.0).round() / 10_000.0);
    let density = |value: Option<f64>| value.map_or(Value::Null, number);
    vec![
        ("structure_f", number(rating.structure.value)),
        ("density_sm", density(rating.structure.density)),
        ("ri", number(rating.ri.value)),
        ("repair_grade", Value::Int(rating.ri.grade.into())),
        ("function_g", number(rating.function.value)),
        ("density_ym", density(rating.function.density)),
        ("mi", number(rating.mi.value)),
        ("maintenance_grade", Value::Int(rating.mi.grade.into())),
    ]
}

/// Fields of a pipe that its latest inspection fills: the grade of RI, and the day.
fn pipe_values(rating: &Rating, on: &str) -> Vec<(&'static str, Value)> {
    let mut values = vec![("rating", Value::Int(rating.ri.grade.into()))];
    if !on.is_empty() {
        values.push(("inspected_on", on.into()));
    }
    values
}

/// Sub-districts by their shapes, longitude and latitude.
#[derive(Default)]
struct Streets {
    shapes: Vec<(String, geo::Rect<f64>, geo::Geometry<f64>)>,
    known: RefCell<BTreeMap<u32, Option<String>>>,
}

impl Streets {
    fn read(reader: &Reader) -> Result<Self, Failure> {
        let mut shapes = Vec::new();
        for info in reader.layers()?.into_iter().filter(|info| info.schema.kind == "street") {
            let name = info.schema.field_index("name");
            reader.query(&info.schema.table, &crate::store::query::Query::default(), &mut |feature: Feature| {
                let word = name.and_then(|name| feature.values.get(name)).map(ToString::to_string).unwrap_or_default();
                let shape = feature.geometry.as_ref().and_then(|shape: &Geometry| in_degrees(shape, info.schema.crs));
                let shape = shape.as_ref().map(Geometry::to_geo);
                shapes.extend(shape.and_then(|shape| Some((word, shape.bounding_rect()?, shape))));
                ControlFlow::Continue(())
            })?;
        }
        if shapes.is_empty() {
            let text = Text::new(
                "城市里没有街道图层（street），可改用 --by road 按道路统计",
                "The city has no sub-districts (a layer of the kind street); --by road sums by roads",
            );
            return Err(Failure::new(FailureKind::Usage, text));
        }
        Ok(Self { shapes, known: RefCell::default() })
    }

    /// Where the middle of a pipe lies.
    fn of_pipe(&self, sewers: &Sewers, pipe: u32) -> Option<String> {
        let mut known = self.known.borrow_mut();
        known.entry(pipe).or_insert_with(|| self.find(&sewers.pipe(pipe)?.line)).clone()
    }

    fn find(&self, line: &[[f64; 2]]) -> Option<String> {
        let place = match line {
            [] => return None,
            [first, last] => [f64::midpoint(first[0], last[0]), f64::midpoint(first[1], last[1])],
            _ => line[line.len() / 2],
        };
        let point = geo::Point::new(place[0], place[1]);
        let holds = |(_, bounds, shape): &&(String, geo::Rect<f64>, geo::Geometry<f64>)| {
            bounds.contains(&point) && shape.contains(&point)
        };
        self.shapes.iter().find(holds).map(|(name, ..)| name.clone())
    }
}

/// What keeps the row of a defect from being saved: a grade or a clock position that the standard does not have.
pub(in crate::session) fn defect_problems(schema: &Schema, feature: &Feature) -> Vec<(String, Text)> {
    if schema.kind != "sewer_defect" {
        return Vec::new();
    }
    let value = |id: &str| schema.field_index(id).and_then(|index| feature.values.get(index));
    let words = |id: &str| value(id).filter(|it| !it.is_null()).map(ToString::to_string).unwrap_or_default();
    let number = |id: &str| value(id).and_then(Value::as_f64);
    let record = Record {
        code: words("defect"),
        grade: value("grade").and_then(Value::as_i64),
        start_m: number("start_m"),
        end_m: number("end_m"),
        clock: words("clock"),
    };
    let field = |rule: &str| match rule {
        "defect.code" => "defect",
        "defect.grade" => "grade",
        "defect.clock" => "clock",
        "defect.backwards" => "end_m",
        _ => "start_m",
    };
    let (_, faults) = read(&[record], Survey::default());
    faults.into_iter().map(|(_, fault)| (field(fault.rule).to_owned(), fault.what)).collect()
}

impl Session {
    /// Writes the ratings into inspections and pipes, as one step.
    pub(super) fn write_ratings(&mut self, rules: Rules) -> Result<JobId, Failure> {
        let desk = self.sewers()?;
        let author = self.author();
        let open = self.opened()?;
        if let Some(reason) = &open.view.read_only {
            return Err(Failure::new(FailureKind::File, reason.clone()));
        }
        let (city, follower) = (Arc::clone(&open.city), open.keeper.follower());
        let title = Text::new("写入评估结果", "Writing the ratings");
        Ok(self.jobs.start(title, move |_, task| {
            let deltas = desk.rating_deltas(rules, &task)?;
            if deltas.is_empty() {
                let text = Text::new("没有改动：评估结果已经是这样", "Nothing changed: the ratings were so already");
                return Ok(Answer::Told(text));
            }
            let rows = deltas.len();
            let pairs = rules.pairs.code();
            let label = text!(
                "写入 CJJ 181 评估结果（{rows} 行，相邻缺陷规则 {pairs}）",
                "Write CJJ 181 ratings ({rows} rows, pair rule {pairs})"
            );
            let action = Action::Edit { deltas, photos: Vec::new() };
            let write = Write { label, author, action };
            let committed = city.submit_stoppable(write, task.cancel().clone()).wait()?;
            let (step, label) = (committed.step.unwrap_or_default(), committed.label.clone());
            follower.follow(committed);
            Ok(Answer::Step { step, label })
        }))
    }
}
