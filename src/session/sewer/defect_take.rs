//! What a table of defects comes to: rows grouped into inspections, held against CJJ 181, distances counted from the upstream
//! end; what the city has already is not taken twice.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::SewerDesk;
use super::condition::ConditionRows;
use super::defect_rows::{Entry, INSPECTION};
use crate::model::value::Value;
use crate::session::answer::Failure;
use crate::task::{MOST_PROBLEMS, Problem, Problems, Task};
use crate::text;
use crate::text::Text;
use crate::trades::sewer::cjj181::record::{Observed, Record, Survey, narrow, read};
use crate::trades::sewer::cjj181::{Area, Soil};
use crate::trades::sewer::condition::{Inspection, length_m, pipes_by_code};

/// Rows of one inspection that count from the same end.
pub(super) struct Visit {
    code: String,
    pipe: String,
    against_flow: bool,
    /// Whether the city has no row for it yet.
    is_new: bool,
    /// The day that the city's row for it says.
    on: Option<String>,
    entries: Vec<Entry>,
}

/// What is known of the city while a table is taken in.
pub(super) struct Known {
    pub(super) rows: ConditionRows,
    /// Lengths of pipes by code.
    pipes: FxHashMap<String, Option<f64>>,
    /// Places of the latest inspections by the pipe's code.
    latest: FxHashMap<Box<str>, usize>,
    /// Pipes by the numbers of their inspections.
    numbers: FxHashMap<Box<str>, Vec<String>>,
    /// Places of defects by the codes of inspection and pipe.
    defects: FxHashMap<(Box<str>, Box<str>), Vec<usize>>,
    /// ISO 8601, as days of inspections are.
    pub(super) today: String,
}

impl Known {
    pub(super) fn read(desk: &SewerDesk, task: &Task<'_>) -> Result<Self, Failure> {
        let rows = desk.condition_rows()?;
        let pipes = desk.with(task, |live| {
            let known = pipes_by_code(&live.sewers).into_iter();
            known.map(|(code, number)| (code.to_owned(), length_m(&live.sewers, number))).collect()
        })?;
        let mut latest: FxHashMap<Box<str>, usize> = FxHashMap::default();
        let mut numbers: FxHashMap<Box<str>, Vec<String>> = FxHashMap::default();
        for (place, inspection) in rows.inspections.iter().enumerate() {
            if !inspection.code.is_empty() {
                numbers.entry(inspection.code.clone()).or_default().push(inspection.pipe_code.to_string());
            }
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
        Ok(Self { rows, pipes, latest, numbers, defects, today: jiff::Zoned::now().date().to_string() })
    }

    /// The code of a pipe as the city has it: as written, else without full-width letters and digits.
    pub(super) fn pipe_code(&self, words: &str) -> Option<String> {
        let of = |words: &str| self.pipes.get_key_value(words).map(|(code, _)| code.clone());
        of(words).or_else(|| of(narrow(words).trim()))
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
pub(super) struct Taken {
    /// Rows of inspections and of defects: fields and values.
    pub(super) inspections: Vec<Vec<(&'static str, Value)>>,
    pub(super) defects: Vec<Vec<(&'static str, Value)>>,
    /// What there is to tell, row by row.
    pub(super) problems: Problems,
    /// Rows that were refused, up to [`MOST_PROBLEMS`].
    pub(super) refused: Vec<Refused>,
    /// How many were refused, listed or not.
    pub(super) refused_count: usize,
    /// Defects that the city has already.
    pub(super) repeated: usize,
    /// What is to be told of rows, by sheet and number.
    rows: Vec<((usize, i64), Problem)>,
    /// The pipe that each inspection number of the table was first given to.
    numbers: FxHashMap<String, String>,
    inherited: usize,
    undated: bool,
}

/// A row that was refused.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refused {
    /// Place of its sheet.
    pub(super) sheet: usize,
    /// Its number on the sheet, or its line in the file.
    pub(super) number: i64,
    /// Why.
    pub(super) why: Text,
}

/// What is said of a row, with where it is: `第 6 行：…`.
pub(super) fn of_row(sheet: &str, number: i64, what: Text) -> Text {
    let Text { zh, en } = what;
    if sheet.is_empty() {
        text!("第 {number} 行：{zh}", "row {number}: {en}")
    } else {
        text!("工作表“{sheet}”第 {number} 行：{zh}", "sheet “{sheet}”, row {number}: {en}")
    }
}

/// Rows by inspection: those that name one by its code, the others by pipe, day, method and direction.
pub(super) fn visits(entries: Vec<Entry>, known: &Known) -> Vec<Visit> {
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
        let (is_new, on) = (old.is_none(), old.map(|old| old.on.to_string()).filter(|on| !on.is_empty()));
        let place = *places.entry((code.clone(), pipe.clone(), against_flow)).or_insert_with(|| {
            // A second visit under the same code counts from the other end; its row is the first one's.
            let is_first = rowed.insert((code.clone(), pipe.clone()));
            visits.push(Visit { code, pipe, against_flow, is_new: is_new && is_first, on, entries: Vec::new() });
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
    /// Refuses a row. `sheet` is the name of its sheet where there are several.
    pub(super) fn refuse(&mut self, rule: &'static str, refused: Refused, sheet: &str) {
        let Refused { number, why, .. } = &refused;
        let problem = Problem::error(rule, of_row(sheet, *number, why.clone())).of_feature(*number);
        self.tell_of((refused.sheet, *number), problem);
        self.refused_count += 1;
        if self.refused.len() < MOST_PROBLEMS {
            self.refused.push(refused);
        }
    }

    /// Keeps what is to be told of a row until all of them can be told in their order.
    fn tell_of(&mut self, row: (usize, i64), problem: Problem) {
        if self.rows.len() < MOST_PROBLEMS {
            self.rows.push((row, problem));
        } else {
            self.problems.omitted += 1;
        }
    }

    /// Tells something of a row that is taken. `sheet` is the name of its sheet where there are several.
    pub(super) fn warn(&mut self, rule: &'static str, (place, number): (usize, i64), sheet: &str, what: Text) {
        let problem = Problem::warning(rule, of_row(sheet, number, what)).of_feature(number);
        self.tell_of((place, number), problem);
    }

    /// Works one inspection in. `sheet_names` are those of the sheets, empty where there is one alone.
    pub(super) fn take(&mut self, visit: Visit, known: &Known, sheet_names: &[String]) {
        let survey =
            Survey { length_m: known.pipes.get(&visit.pipe).copied().flatten(), against_flow: visit.against_flow };
        let name_of = |sheet: usize| sheet_names.get(sheet).map_or("", String::as_str);
        self.hold_against_the_number(&visit, known, &name_of);
        let (sound, faulty): (Vec<Entry>, Vec<Entry>) = visit.entries.into_iter().partition(Entry::is_sound);
        let records: Vec<Record> = faulty.iter().map(|entry| entry.record.clone()).collect();
        let (observed, faults) = read(&records, survey);
        for (row, fault) in faults {
            let Text { zh, en } = fault.what;
            let pipe = &visit.pipe;
            let what = text!("管段 {pipe}：{zh}", "pipe {pipe}: {en}");
            let Entry { sheet, number, .. } = faulty[row];
            self.refuse(fault.rule, Refused { sheet, number, why: what }, name_of(sheet));
        }
        let first = observed.first().map(|it| &faulty[it.row]).or(sound.first());
        let Some(first) = first else { return };
        if visit.is_new {
            let row = self.inspection(first, &visit.code, known);
            self.inspections.push(row);
        }
        let mut there = known.defects_of(&visit.code, &visit.pipe);
        let mut before: BTreeSet<(DefectKey, String, String)> = BTreeSet::new();
        for one in observed {
            let entry = &faulty[one.row];
            let words = |id: &str| entry.value(id).to_string();
            if !before.insert((key_of(&one), words("photo"), words("description"))) {
                let what = Text::new(
                    "与前面的一行完全相同，没有重复导入",
                    "it says the same as a row before it and is not taken twice",
                );
                self.warn("defects.twice", (entry.sheet, entry.number), name_of(entry.sheet), what);
            } else if let Some(at) = there.iter().position(|key| *key == key_of(&one)) {
                there.swap_remove(at);
                self.repeated += 1;
            } else {
                self.defects.push(defect(&one, entry, &visit.code, &visit.pipe));
            }
        }
    }

    /// Tells where rows say another day than the inspection whose number they give, and where that number is already
    /// one of another pipe.
    fn hold_against_the_number<'a>(&mut self, visit: &Visit, known: &Known, name_of: &dyn Fn(usize) -> &'a str) {
        let Some(first) = visit.entries.first() else { return };
        let (code, pipe) = (&visit.code, &visit.pipe);
        let row = (first.sheet, first.number);
        let other = self.numbers.entry(code.clone()).or_insert_with(|| pipe.clone());
        let other = Some(other.clone()).filter(|other| other != pipe);
        let there = || known.numbers.get(code.as_str())?.iter().find(|it| **it != *pipe).cloned();
        let is_named = !first.words("inspection_code").is_empty();
        if let Some(other) = other.or_else(there).filter(|_| is_named) {
            let what = text!(
                "检测编号 {code} 已用于管段 {other}，这里又用于管段 {pipe}，成了两次检测同一个编号",
                "the inspection number {code} is that of pipe {other} and is given to pipe {pipe} here: two inspections have one number"
            );
            self.warn("defects.number", row, name_of(first.sheet), what);
        }
        let days = || visit.entries.iter().find_map(|entry| entry.value("inspected_on").as_str());
        let Some(on) = visit.on.as_deref().or_else(days).map(str::to_owned) else { return };
        let differs = |entry: &&Entry| entry.value("inspected_on").as_str().is_some_and(|day| day != on);
        if let Some(entry) = visit.entries.iter().find(differs) {
            let day = entry.words("inspected_on");
            let what = text!(
                "检测 {code} 的日期是 {on}，这一行写的是 {day}；按 {on} 计",
                "inspection {code} is dated {on}, this row says {day}; {on} is taken"
            );
            self.warn("defects.date", (entry.sheet, entry.number), name_of(entry.sheet), what);
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
    pub(super) fn tell(&mut self, known: &Known) {
        // What is said of rows comes in their order, whichever of the steps it was that said it.
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort_by_key(|(row, _)| *row);
        rows.into_iter().for_each(|(_, problem)| self.problems.push(problem));
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
