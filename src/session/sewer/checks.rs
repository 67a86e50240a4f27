//! Checks of the sewers: the rules held against the live network and its inspections, with what people have marked as no
//! fault; and the finder of cross connections.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use crate::geom::crs::Crs;
use crate::io::format::Written;
use crate::kinds;
use crate::model::feature::Feature;
use crate::model::geometry::Geometry;
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::task::Task;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::checks::{self, Long, RULES, Rule, Settings, Severity, Survey, SurveyDefect};
use crate::trades::sewer::condition::pipes_by_code;
use crate::trades::sewer::pipe::{RowReader, RowRef};
use crate::trades::sewer::sewers::Sewers;

use super::SewerDesk;
use super::live::LiveNetwork;
use super::out::OutFile;
use crate::session::answer::{Failure, FailureKind};
use crate::session::state::FeatureRef;

/// Kind of the layer that marks are kept in.
pub(super) const EXCUSE: &str = "sewer_excuse";

/// What is to be checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckAsk {
    /// Ids of rules; empty for all.
    pub rules: Vec<String>,
    /// The rules' parameters.
    pub settings: Settings,
}

/// What the checks found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckReport {
    /// What was asked.
    pub ask: CheckAsk,
    /// Findings that nobody has marked: errors, warnings, hints, and of each in the order of the rules and rows.
    pub findings: Vec<FoundFault>,
    /// Findings that are marked as no fault.
    pub excused: Vec<FoundFault>,
    /// Of each rule that was asked how many there are.
    pub counts: Vec<RuleCount>,
    /// Findings that are counted but not listed.
    pub omitted: usize,
    /// What holds of the whole city.
    pub notes: Vec<Text>,
    /// Names under which findings are kept, and the day of each.
    pub campaigns: Vec<(String, String)>,
}

/// How many findings a rule has.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleCount {
    /// The rule.
    pub rule: &'static Rule,
    /// Findings that nobody has marked.
    pub open: usize,
    /// Findings that are marked as no fault.
    pub excused: usize,
}

/// One finding, with names that last.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundFault {
    /// Id of the rule.
    pub rule: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The row it is about.
    pub at: FeatureRef,
    /// Another row that has to do with it.
    pub other: Option<FeatureRef>,
    /// Code of the row; empty for none.
    pub code: String,
    /// Longitude and latitude, degrees.
    pub place: Option<[f64; 2]>,
    /// What is wrong.
    pub what: Text,
    /// What the fix that is offered would do.
    pub fix: Option<Text>,
    /// Why it is no fault, where somebody has said so.
    pub because: Option<String>,
}

/// What tells a finding from others, today and tomorrow: the rule, the layer's table and the row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FaultKey {
    /// Id of the rule.
    pub rule: String,
    /// The row.
    pub at: FeatureRef,
}

impl FoundFault {
    /// Its key.
    pub fn key(&self) -> FaultKey {
        FaultKey { rule: self.rule.to_owned(), at: self.at.clone() }
    }
}

impl CheckAsk {
    /// The rules that are asked for.
    ///
    /// # Errors
    /// There is no such rule.
    pub fn rules(&self) -> Result<Vec<&'static Rule>, Failure> {
        if self.rules.is_empty() {
            return Ok(RULES.iter().collect());
        }
        self.rules.iter().map(|id| known_rule(id)).collect()
    }
}

/// The rule with an id.
pub(super) fn known_rule(id: &str) -> Result<&'static Rule, Failure> {
    Rule::find(id).ok_or_else(|| {
        let (first, last) = (RULES[0].id, RULES[RULES.len() - 1].id);
        let text =
            text!("没有规则“{id}”，规则为 {first} 到 {last}", "There is no rule “{id}”; they are {first} to {last}");
        Failure::new(FailureKind::Usage, text)
    })
}

/// Findings of the rules with the tables that their layer numbers count.
pub(super) struct Checked {
    pub(super) outcome: checks::Outcome,
    pub(super) tables: Vec<String>,
    codes: Vec<String>,
}

impl Checked {
    pub(super) fn at(&self, row: RowRef) -> FeatureRef {
        FeatureRef { layer: self.tables.get(usize::from(row.layer)).cloned().unwrap_or_default(), id: row.id }
    }
}

impl SewerDesk {
    /// Holds the rules against the network.
    ///
    /// # Errors
    /// There is no such rule; the city cannot be read; cancelled.
    pub fn check(&self, ask: &CheckAsk, task: &mut Task<'_>) -> Result<CheckReport, Failure> {
        task.report(&Text::new("检查排水管网", "Checking the sewers"), 0, None)?;
        let marks = marks(&self.city().reader()?)?;
        let checked = self.checked(ask, task)?;
        let mut report = CheckReport { ask: ask.clone(), omitted: checked.outcome.omitted(), ..CheckReport::default() };
        report.notes.clone_from(&checked.outcome.notes);
        report.campaigns = self.campaigns()?;
        let mut excused: BTreeMap<&str, usize> = BTreeMap::new();
        for (finding, code) in checked.outcome.findings.iter().zip(&checked.codes) {
            let mut fault = FoundFault {
                rule: finding.rule,
                severity: finding.severity,
                at: checked.at(finding.element),
                other: finding.other.map(|row| checked.at(row)),
                code: code.clone(),
                place: finding.at,
                what: finding.what.clone(),
                fix: finding.fix.as_ref().map(|fix| fix.label.clone()),
                because: None,
            };
            match marks.get(&fault.key()) {
                None => report.findings.push(fault),
                Some(mark) => {
                    fault.because = Some(mark.because.clone());
                    *excused.entry(fault.rule).or_default() += 1;
                    report.excused.push(fault);
                }
            }
        }
        for count in &checked.outcome.counts {
            let Some(rule) = Rule::find(count.rule) else { continue };
            let excused = excused.get(rule.id).copied().unwrap_or_default();
            report.counts.push(RuleCount { rule, open: count.findings - excused, excused });
        }
        report.findings.sort_by_key(|fault| fault.severity);
        Ok(report)
    }

    /// Holds the rules against the network, with the names of the rows.
    pub(super) fn checked(&self, ask: &CheckAsk, task: &Task<'_>) -> Result<Checked, Failure> {
        let wanted = ask.rules()?;
        let is_wanted = |rule: &Rule| wanted.iter().any(|it| it.id == rule.id);
        let reader = self.city().reader()?;
        self.with(task, |live| {
            let mut tables: Vec<String> = live.layers.iter().map(|layer| layer.schema.table.clone()).collect();
            let surveys = surveys(&reader, &live.sewers, &mut tables)?;
            let outcome = checks::check(&live.sewers, &surveys, &ask.settings, is_wanted);
            let codes = outcome.findings.iter().map(|finding| code_of(live, finding)).collect();
            Ok(Checked { outcome, tables, codes })
        })?
    }

    /// Writes findings as points: a table for people, marks for a map.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_findings(&self, report: &CheckReport, out: &OutFile, task: &mut Task<'_>) -> Result<Written, Failure> {
        let faults = report.findings.iter().chain(&report.excused);
        let rows: Vec<Feature> = (1..).zip(faults).map(|(id, fault)| finding_row(id, fault, out.lang)).collect();
        self.write_rows(out, &findings_schema(), &rows, task)
    }
}

fn code_of(live: &LiveNetwork, finding: &checks::Finding) -> String {
    let code = |row: RowRef| {
        let pipe = live.sewers.pipe_of_row(row).and_then(|pipe| live.sewers.pipe(pipe)).map(|pipe| pipe.code.clone());
        let node =
            || live.sewers.node_of_row(row).and_then(|node| live.sewers.node(node)).map(|node| node.code.clone());
        pipe.or_else(node)
    };
    // An inspection is called after its pipe.
    code(finding.element).or_else(|| code(finding.other?)).unwrap_or_default().into()
}

/// Inspections with their defects; the tables of both are added to those that layer numbers count.
fn surveys(reader: &Reader, sewers: &Sewers, tables: &mut Vec<String>) -> Result<Vec<Survey>, Failure> {
    let (pipes, today) = (pipes_by_code(sewers), jiff::Zoned::now().date().to_string());
    let mut surveys: Vec<Survey> = Vec::new();
    let mut known: FxHashMap<(String, u32), usize> = FxHashMap::default();
    let layers = reader.layers()?;
    let of_kind = |kind: &'static str| layers.iter().map(|info| &info.schema).filter(move |schema| schema.kind == kind);
    for schema in of_kind("sewer_inspection") {
        let wanted = ["code", "pipe_code", "length_inspected_m", "inspected_on"];
        each_row(reader, schema, tables, &wanted, &mut |row, get| {
            let Some(&pipe) = get(1).as_str().and_then(|code| pipes.get(code.trim())) else { return };
            let (code, on) = (get(0).to_string().trim().to_owned(), get(3));
            let on = on.as_str().unwrap_or_default().trim();
            known.insert((code.clone(), pipe), surveys.len());
            surveys.push(Survey {
                row: Some(row),
                pipe,
                code: code.into(),
                on: on.into(),
                is_future: on > today.as_str(),
                length_m: get(2).as_f64(),
                defects: Vec::new(),
            });
        })?;
    }
    let wanted = ["inspection_code", "pipe_code", "defect", "start_m", "end_m", "description"];
    for schema in of_kind("sewer_defect") {
        each_row(reader, schema, tables, &wanted, &mut |row, get| {
            let Some(&pipe) = get(1).as_str().and_then(|code| pipes.get(code.trim())) else { return };
            let (own, described) = (get(2), get(5));
            let word = own.as_str().unwrap_or_default();
            // The mark of a long defect stands before the code, or where the code is a list, before the description.
            let (long, code) = match Long::split(word) {
                (Long::No, code) => (Long::split(described.as_str().unwrap_or_default()).0, code),
                marked => marked,
            };
            let defect =
                SurveyDefect { row, code: code.into(), start_m: get(3).as_f64(), end_m: get(4).as_f64(), long };
            let key = (get(0).to_string().trim().to_owned(), pipe);
            let survey = *known.entry(key).or_insert_with(|| {
                surveys.push(Survey { pipe, ..Survey::default() });
                surveys.len() - 1
            });
            surveys[survey].defects.push(defect);
        })?;
    }
    Ok(surveys)
}

fn each_row(
    reader: &Reader,
    schema: &Schema,
    tables: &mut Vec<String>,
    wanted: &[&str],
    f: &mut dyn FnMut(RowRef, &dyn Fn(usize) -> Value),
) -> Result<(), StoreError> {
    let layer = tables.len() as u16;
    tables.push(schema.table.clone());
    let rows = RowReader::new(layer, schema, wanted);
    reader.scan(&schema.table, None, rows.fields(), &mut |id, _, values| {
        f(RowRef { layer, id }, &|wanted| rows.value(values, wanted).clone());
        ControlFlow::Continue(())
    })
}

/// A mark that something is no fault.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark {
    /// Its own row.
    pub(super) at: FeatureRef,
    pub(super) because: String,
}

/// All marks of the city.
pub(super) fn marks(reader: &Reader) -> Result<BTreeMap<FaultKey, Mark>, Failure> {
    let mut found = BTreeMap::new();
    for info in reader.layers()?.into_iter().filter(|info| info.schema.kind == EXCUSE) {
        let table = info.schema.table.clone();
        let wanted = ["rule", "on_layer", "on_id", "because"];
        each_row(reader, &info.schema, &mut Vec::new(), &wanted, &mut |row, get| {
            let words = |wanted: usize| get(wanted).as_str().unwrap_or_default().to_owned();
            let Some(id) = get(2).as_i64() else { return };
            let key = FaultKey { rule: words(0), at: FeatureRef { layer: words(1), id } };
            found.insert(key, Mark { at: FeatureRef { layer: table.clone(), id: row.id }, because: words(3) });
        })?;
    }
    Ok(found)
}

/// The shape of findings in a file: as they are kept in the city, with what a reader of a file wants besides.
fn findings_schema() -> Schema {
    let kind = kinds::find("sewer_finding").unwrap_or_else(kinds::plain);
    let mut schema = kind.schema(Crs::CGCS2000);
    schema.fields.retain(|field| !matches!(field.id.as_ref(), "campaign" | "checked_on"));
    schema.fields.insert(1, Field::text("rule_name", "规则名称", "Rule's name"));
    schema.fields.push(Field::text("fix", "可自动处理", "Fix that is offered"));
    schema.fields.push(Field::text("because", "非错原因", "No fault, because"));
    schema
}

fn finding_row(id: i64, fault: &FoundFault, lang: Lang) -> Feature {
    let name = Rule::find(fault.rule).map_or_else(String::new, |rule| rule.name.get(lang).to_owned());
    let mut values = vec![fault.rule.into(), name.into()];
    values.extend(fault_values(fault));
    values.push(fault.fix.as_ref().map(|fix| fix.get(lang).to_owned()).into());
    values.push(fault.because.clone().into());
    Feature { id, geometry: fault_point(fault), values }
}

/// What findings in files and in the city have in common: severity, row, code, words.
pub(super) fn fault_values(fault: &FoundFault) -> [Value; 6] {
    [
        fault.severity.code().into(),
        fault.at.layer.as_str().into(),
        Value::Int(fault.at.id),
        fault.code.as_str().into(),
        fault.what.zh.as_ref().into(),
        fault.what.en.as_ref().into(),
    ]
}

pub(super) fn fault_point(fault: &FoundFault) -> Option<Geometry> {
    fault.place.map(|[lon, lat]| Geometry::point(lon, lat))
}
