//! Defects from a contractor's table: rows held against CJJ 181, grouped into inspections, distances counted from the
//! upstream end, all of it one step of the journal. What the standard does not have is refused row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::geom::crs::Crs;
use crate::io::format::ReadOptions;
use crate::kinds;
use crate::model::feature::Feature;
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::store::command::{Action, Write};
use crate::store::error::StoreError;
use crate::store::import::{Import, ImportStop, Target};
use crate::task::{Problem, Problems, Severity, Task};
use crate::text;
use crate::text::Text;
use crate::trades::sewer::cjj181::record::{Observed, Record, Survey, read};
use crate::trades::sewer::cjj181::{Area, Soil};
use crate::trades::sewer::condition::{Inspection, length_m, pipes_by_code};

use super::SewerDesk;
use super::condition::ConditionRows;
use super::defect_rows::{Entry, INSPECTION, NEEDED, RECORD, entries};
use super::sheet::{Sheet, fitting, read_sheets};
use crate::session::Session;
use crate::session::answer::{Answer, Failure, FailureKind, ImportedLayer};
use crate::session::command::JobId;

/// A table of defects to take in.
#[derive(Clone, Debug, Default)]
pub struct DefectImport {
    /// The file.
    pub path: PathBuf,
    /// How to understand it.
    pub read: ReadOptions,
    /// Their column → our field, over what is guessed.
    pub map: Vec<(String, String)>,
    /// Our field → the value that every row gets.
    pub set: Vec<(String, String)>,
    /// Rows that a person typed, in place of a file: field and words. All of them come in or none.
    pub typed: Vec<Vec<(String, String)>>,
}

/// Rows of one inspection that count from the same end.
struct Visit {
    code: String,
    pipe: String,
    against_flow: bool,
    /// Whether the city has no row for it yet.
    is_new: bool,
    entries: Vec<Entry>,
}

/// What is known of the city while a table is taken in.
struct Known {
    rows: ConditionRows,
    /// Lengths of pipes by code.
    pipes: FxHashMap<String, Option<f64>>,
    /// Places of the latest inspections by the pipe's code.
    latest: FxHashMap<Box<str>, usize>,
    /// Places of defects by the codes of inspection and pipe.
    defects: FxHashMap<(Box<str>, Box<str>), Vec<usize>>,
    today: String,
}

impl Known {
    fn read(desk: &SewerDesk, task: &Task<'_>) -> Result<Self, Failure> {
        let rows = desk.condition_rows()?;
        let pipes = desk.with(task, |live| {
            let known = pipes_by_code(&live.sewers).into_iter();
            known.map(|(code, number)| (code.to_owned(), length_m(&live.sewers, number))).collect()
        })?;
        let mut latest: FxHashMap<Box<str>, usize> = FxHashMap::default();
        for (place, inspection) in rows.inspections.iter().enumerate() {
            let known = latest.entry(inspection.pipe_code.clone()).or_insert(place);
            let day = |place: usize| (&rows.inspections[place].on, rows.inspections[place].row.id);
            if day(place) > day(*known) {
                *known = place;
            }
        }
        let mut defects: FxHashMap<_, Vec<usize>> = FxHashMap::default();
        for (place, finding) in rows.findings.iter().enumerate() {
            defects.entry((finding.inspection_code.clone(), finding.pipe_code.clone())).or_default().push(place);
        }
        Ok(Self { rows, pipes, latest, defects, today: jiff::Zoned::now().date().to_string() })
    }

    /// Defects of an inspection that the city has.
    fn defects_of(&self, code: &str, pipe: &str) -> Vec<DefectKey> {
        let own = self.defects.get(&(code.into(), pipe.into())).into_iter().flatten();
        let key = |place: &usize| {
            let finding = &self.rows.findings[*place];
            Some(key_of(&Observed { row: 0, defect: finding.defect?, clock: finding.clock.to_string() }))
        };
        own.filter_map(key).collect()
    }
}

/// What comes of a table.
#[derive(Default)]
struct Taken {
    inspections: Vec<Vec<(&'static str, Value)>>,
    defects: Vec<Vec<(&'static str, Value)>>,
    problems: Problems,
    repeated: usize,
    inherited: usize,
    undated: bool,
}

impl Session {
    /// Takes a table of defects in, as one step.
    pub(super) fn import_defects(&mut self, request: DefectImport) -> Result<JobId, Failure> {
        let desk = self.sewers()?;
        let author = self.author();
        let open = self.opened()?;
        if let Some(reason) = &open.view.read_only {
            return Err(Failure::new(FailureKind::File, reason.clone()));
        }
        let (city, follower) = (Arc::clone(&open.city), open.keeper.follower());
        let title = Text::new("导入管道缺陷", "Importing defects");
        Ok(self.jobs.start(title, move |_, mut task| {
            let (feed, mut answer) = plan(&desk, &request, &mut task)?;
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

/// Reads the table and says what would come of it; nothing is written yet.
fn plan(desk: &SewerDesk, request: &DefectImport, task: &mut Task<'_>) -> Result<(Ready, Answer), Failure> {
    let (sheets, mut told) = if request.typed.is_empty() {
        read_sheets(&request.path, &request.read, task)?
    } else {
        (vec![typed_sheet(&request.typed)], Problems::default())
    };
    let sheets = fitting(sheets, &RECORD, NEEDED, &request.map, &request.set)?;
    let mapped = sheets.first().map(|(sheet, layout)| layout.mapped(sheet, &RECORD)).unwrap_or_default();
    let known = Known::read(desk, task)?;
    let mut taken = Taken::default();
    for (sheet, layout) in &sheets {
        for column in layout.unused(sheet) {
            let what = text!("列“{column}”没有用到", "the column “{column}” is not used");
            taken.problems.push(Problem::warning("defects.column", what));
        }
        let entries = entries(sheet, layout, &|pipe| known.pipes.contains_key(pipe), &mut taken.problems);
        for visit in visits(entries, &known) {
            taken.take(visit, &known);
        }
    }
    taken.tell(&known);
    told.append(std::mem::take(&mut taken.problems));
    let targets = [
        target(desk, "sewer_inspection", known.rows.inspection_layers.first())?,
        target(desk, "sewer_defect", known.rows.defect_layers.first())?,
    ];
    let counts = [taken.inspections.len(), taken.defects.len()];
    let is_refused = !request.typed.is_empty() && told.listed.iter().any(|it| it.severity == Severity::Error);
    if is_refused || counts == [0, 0] && taken.repeated == 0 {
        let text = Text::new("没有一行可以导入，城市没有改动", "No row can be taken in; the city is unchanged");
        return Err(Failure { problems: told.listed, ..Failure::new(FailureKind::Data, text) });
    }
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
    let answer = Answer::Imported { layers, problems: told, rejects: Vec::new(), datum: Vec::new() };
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

/// Typed rows as a sheet whose columns are our fields.
fn typed_sheet(rows: &[Vec<(String, String)>]) -> Sheet {
    let ids: Vec<&str> =
        rows.first().map(|row| row.iter().map(|(field, _)| field.as_str()).collect()).unwrap_or_default();
    let columns = ids.iter().filter_map(|id| RECORD.fields.iter().find(|field| field.id == *id));
    let value = |words: &str| if words.is_empty() { Value::Null } else { words.into() };
    let values = |row: &Vec<(String, String)>| {
        ids.iter()
            .map(|id| row.iter().find(|(field, _)| field == id).map_or(Value::Null, |(_, words)| value(words)))
            .collect()
    };
    let text = |field: &Field| Field { field_type: FieldType::Text, codes: Vec::new(), ..field.clone() };
    Sheet {
        name: String::new(),
        columns: columns.map(text).collect(),
        rows: (1..).zip(rows.iter().map(values)).collect(),
    }
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

/// Rows by inspection: those that name one by its code, the others by pipe, day, method and direction.
fn visits(entries: Vec<Entry>, known: &Known) -> Vec<Visit> {
    let existing: FxHashMap<(&str, &str), &Inspection> =
        known.rows.inspections.iter().map(|it| ((&*it.code, &*it.pipe_code), it)).collect();
    let mut names = Names::of(&known.rows.inspections);
    let mut places: BTreeMap<(String, String, bool), usize> = BTreeMap::new();
    let mut rowed: BTreeSet<(String, String)> = BTreeSet::new();
    let mut visits: Vec<Visit> = Vec::new();
    for entry in entries {
        let (pipe, stated) = (entry.words("pipe_code").to_owned(), entry.words("direction"));
        let code = match entry.words("inspection_code") {
            "" => {
                let on = entry.value("inspected_on").as_str().unwrap_or(&known.today);
                names.code(&pipe, on, entry.words("method"), stated)
            }
            code => code.to_owned(),
        };
        let old = existing.get(&(code.as_str(), pipe.as_str()));
        let against_flow = match stated {
            "" => old.is_some_and(|old| old.against_flow),
            stated => stated == "against",
        };
        let is_new = old.is_none();
        let place = *places.entry((code.clone(), pipe.clone(), against_flow)).or_insert_with(|| {
            // A second visit under the same code counts from the other end; its row is the first one's.
            let is_first = rowed.insert((code.clone(), pipe.clone()));
            visits.push(Visit { code, pipe, against_flow, is_new: is_new && is_first, entries: Vec::new() });
            visits.len() - 1
        });
        visits[place].entries.push(entry);
    }
    visits
}

/// Codes for inspections that have none: the pipe and the day, with a number where that is another one's.
struct Names {
    /// What stands behind each code: pipe, day, method, direction.
    used: FxHashMap<String, [String; 4]>,
}

impl Names {
    fn of(inspections: &[Inspection]) -> Self {
        let used = inspections.iter().map(|it| {
            let direction = if it.against_flow { "against" } else { "" };
            let words = [&*it.pipe_code, &*it.on, &*it.method, direction].map(str::to_owned);
            (it.code.to_string(), words)
        });
        Self { used: used.collect() }
    }

    fn code(&mut self, pipe: &str, on: &str, method: &str, direction: &str) -> String {
        let direction = if direction == "against" { direction } else { "" };
        let own = [pipe, on, method, direction].map(str::to_owned);
        let base = format!("{pipe}-{on}");
        let mut number = 1_u32;
        loop {
            let code = if number == 1 { base.clone() } else { format!("{base}-{number}") };
            match self.used.get(&code) {
                Some(other) if *other != own => number += 1,
                _ => {
                    self.used.insert(code.clone(), own);
                    return code;
                }
            }
        }
    }
}

impl Taken {
    /// Works one inspection in.
    fn take(&mut self, visit: Visit, known: &Known) {
        let survey =
            Survey { length_m: known.pipes.get(&visit.pipe).copied().flatten(), against_flow: visit.against_flow };
        let (sound, faulty): (Vec<Entry>, Vec<Entry>) = visit.entries.into_iter().partition(Entry::is_sound);
        let records: Vec<Record> = faulty.iter().map(|entry| entry.record.clone()).collect();
        let (observed, faults) = read(&records, survey);
        for (row, fault) in faults {
            let Text { zh, en } = fault.what;
            let pipe = &visit.pipe;
            let what = text!("管段 {pipe}：{zh}", "pipe {pipe}: {en}");
            self.problems.push(Problem::error(fault.rule, what).of_feature(faulty[row].number));
        }
        let first = observed.first().map(|it| &faulty[it.row]).or(sound.first());
        let Some(first) = first else { return };
        if visit.is_new {
            let row = self.inspection(first, &visit.code, known);
            self.inspections.push(row);
        }
        let mut there = known.defects_of(&visit.code, &visit.pipe);
        for one in observed {
            if let Some(at) = there.iter().position(|key| *key == key_of(&one)) {
                there.swap_remove(at);
                self.repeated += 1;
            } else {
                self.defects.push(defect(&one, &faulty[one.row], &visit.code, &visit.pipe));
            }
        }
    }

    fn inspection(&mut self, entry: &Entry, code: &str, known: &Known) -> Vec<(&'static str, Value)> {
        let pipe = entry.words("pipe_code");
        let mut row: Vec<(&'static str, Value)> = vec![("code", code.into()), ("pipe_code", pipe.into())];
        row.extend(INSPECTION.iter().map(|id| (*id, entry.value(id).clone())));
        let before = known.latest.get(pipe).map(|place| &known.rows.inspections[*place]);
        for (id, value) in row.iter_mut().filter(|(_, value)| value.is_null()) {
            let inherited = match *id {
                "inspected_on" => {
                    self.undated = true;
                    *value = known.today.as_str().into();
                    continue;
                }
                "area_class" => before.and_then(|it| it.area).map(Area::code),
                "soil_class" => before.and_then(|it| it.soil).map(Soil::code),
                _ => None,
            };
            if let Some(code) = inherited {
                self.inherited += 1;
                *value = code.into();
            }
        }
        row
    }

    /// What was done that no row says.
    fn tell(&mut self, known: &Known) {
        let (repeated, inherited, today) = (self.repeated, self.inherited, &known.today);
        let mut warn = |rule, what| self.problems.push(Problem::warning(rule, what));
        if repeated > 0 {
            let what = text!(
                "{repeated} 处缺陷城市里已有，没有重复导入",
                "{repeated} defects were there already and are not taken twice"
            );
            warn("defects.repeated", what);
        }
        if self.undated {
            let what = text!("没有检测日期的行按今天 {today} 计", "rows without a day are taken as of today, {today}");
            warn("defects.undated", what);
        }
        if inherited > 0 {
            let what = text!(
                "{inherited} 个地区、土质取自同一管段以前的检测",
                "{inherited} values of area and soil are those of the pipe's earlier inspection"
            );
            warn("defects.inherited", what);
        }
    }
}

/// What tells two defects of one inspection apart.
type DefectKey = (&'static str, u8, i64, i64, String);

fn key_of(one: &Observed) -> DefectKey {
    let millimetres = |metres: f64| (metres * 1000.0).round() as i64;
    let defect = &one.defect;
    (defect.kind().code, defect.grade(), millimetres(defect.start_m()), millimetres(defect.end_m()), one.clock.clone())
}

fn defect(one: &Observed, entry: &Entry, code: &str, pipe: &str) -> Vec<(&'static str, Value)> {
    let defect = &one.defect;
    vec![
        ("inspection_code", code.into()),
        ("pipe_code", pipe.into()),
        ("defect", defect.kind().code.into()),
        ("grade", Value::Int(defect.grade().into())),
        ("start_m", defect.start_m().into()),
        ("end_m", defect.end_m().into()),
        ("clock", Some(one.clock.as_str()).filter(|clock| !clock.is_empty()).map(Value::from).unwrap_or_default()),
        ("score", defect.score().into()),
        ("photo", entry.value("photo").clone()),
        ("description", entry.value("description").clone()),
    ]
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
