//! What people make of the checks: “not a fault, because …”, and a day's findings kept under a name, to be compared with
//! those of another day. All of it are rows of the city: undone, exported and listed as any others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use geo::Centroid as _;

use crate::geom::crs::Crs;
use crate::kinds;
use crate::model::feature::{Delta, Feature};
use crate::model::geometry::Geometry;
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::store::command::{Action, Write};
use crate::store::error::StoreError;
use crate::store::import::{Import, ImportStop, Target};
use crate::store::reader::Reader;
use crate::task::Task;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::checks::Rule;

use super::SewerDesk;
use super::checks::{
    CheckAsk, CheckReport, EXCUSE, FaultKey, FoundFault, fault_point, fault_values, known_rule, marks,
};
use crate::session::Session;
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::JobId;
use crate::session::look::identify::in_degrees;
use crate::session::state::FeatureRef;

/// Kinds of the layers that campaigns are kept in.
const CAMPAIGN: &str = "sewer_campaign";
const FINDING: &str = "sewer_finding";

/// What has become of a campaign's findings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// The campaign's name.
    pub campaign: String,
    /// The day it was kept.
    pub checked_on: String,
    /// Rule by rule.
    pub rules: Vec<RuleProgress>,
    /// Findings that were not there then.
    pub new: Vec<FoundFault>,
    /// Findings that are there still.
    pub remaining: Vec<FoundFault>,
    /// Findings of then that are gone, as they were kept.
    pub gone: Vec<FoundFault>,
    /// All campaigns that are kept, with the day of each.
    pub campaigns: Vec<(String, String)>,
}

/// What has become of a rule's findings.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleProgress {
    /// The rule.
    pub rule: &'static Rule,
    /// Findings then.
    pub before: usize,
    /// Those that are gone.
    pub fixed: usize,
    /// Those that are marked as no fault since.
    pub excused: usize,
    /// Those that are there still.
    pub remaining: usize,
    /// Findings that were not there then.
    pub new: usize,
}

/// What a job is about to write.
pub(super) enum Ready {
    /// There is nothing to write, and why.
    Nothing(Text),
    /// One step.
    Step(Text, Action),
}

impl Session {
    /// Works a change out in the background and writes it as one step.
    pub(super) fn change_sewers(
        &mut self,
        title: Text,
        make: impl FnOnce(&SewerDesk, &str, &mut Task<'_>) -> Result<Ready, Failure> + Send + 'static,
    ) -> Result<JobId, Failure> {
        let desk = self.sewers()?;
        let author = self.author();
        let open = self.opened()?;
        if let Some(reason) = &open.view.read_only {
            return Err(Failure::new(FailureKind::File, reason.clone()));
        }
        let (city, follower) = (Arc::clone(&open.city), open.keeper.follower());
        Ok(self.jobs.start(title, move |_, mut task| {
            let (label, action) = match make(&desk, &author, &mut task)? {
                Ready::Nothing(words) => return Ok(Answer::Told(words)),
                Ready::Step(label, action) => (label, action),
            };
            let write = Write { label, author, action };
            let committed = city.submit_stoppable(write, task.cancel().clone()).wait()?;
            let (step, label) = (committed.step.unwrap_or_default(), committed.label.clone());
            follower.follow(committed);
            Ok(Answer::Step { step, label })
        }))
    }

    /// Marks a finding as no fault.
    pub(super) fn excuse_fault(&mut self, key: FaultKey, because: String) -> Result<JobId, Failure> {
        let because = because.trim().to_owned();
        if because.is_empty() {
            let text = Text::new("请写明为什么不是错误", "Say why it is no fault");
            return Err(Failure::new(FailureKind::Usage, text));
        }
        self.change_sewers(Text::new("标记非错", "Marking as no fault"), move |desk, author, task| {
            desk.excuse(&key, &because, author, task)
        })
    }

    /// Takes a mark back.
    pub(super) fn accuse_fault(&mut self, key: FaultKey) -> Result<JobId, Failure> {
        self.change_sewers(Text::new("取消非错标记", "Taking a mark back"), move |desk, _, _| desk.accuse(&key))
    }

    /// Keeps today's findings under a name.
    pub(super) fn keep_check(&mut self, campaign: String, ask: CheckAsk) -> Result<JobId, Failure> {
        let campaign = campaign.trim().to_owned();
        if campaign.is_empty() {
            let text = Text::new("检查批次要有名称", "A campaign needs a name");
            return Err(Failure::new(FailureKind::Usage, text));
        }
        self.change_sewers(Text::new("保存检查结果", "Keeping the findings"), move |desk, _, task| {
            desk.campaign_rows(&campaign, &ask, task)
        })
    }
}

impl SewerDesk {
    fn excuse(&self, key: &FaultKey, because: &str, author: &str, task: &mut Task<'_>) -> Result<Ready, Failure> {
        let rule = known_rule(&key.rule)?;
        let reader = self.city().reader()?;
        let schema = crate::session::rows::find_schema(&reader, &key.at.layer)?;
        let key = FaultKey { rule: rule.id.to_owned(), at: FeatureRef { layer: schema.table, id: key.at.id } };
        let ask = CheckAsk { rules: vec![rule.id.to_owned()], ..CheckAsk::default() };
        let report = self.check(&ask, task)?;
        let Some(fault) = report.findings.iter().chain(&report.excused).find(|fault| fault.at == key.at) else {
            let (rule, layer, id) = (rule.id, &key.at.layer, key.at.id);
            let text = text!("{rule} 对 {layer}/{id} 没有报告问题", "{rule} has nothing to say about {layer}/{id}");
            return Err(Failure::new(FailureKind::Usage, text));
        };
        let name = if fault.code.is_empty() { format!("#{}", key.at.id) } else { fault.code.clone() };
        let id = rule.id;
        let label = text!("{name} 的 {id} 非错：{because}", "{id} of {name} is no fault: {because}");
        let values = vec![
            ("rule", rule.id.into()),
            ("on_layer", key.at.layer.as_str().into()),
            ("on_id", Value::Int(key.at.id)),
            ("on_code", fault.code.as_str().into()),
            ("because", because.into()),
            ("author", author.into()),
            ("created", now_utc().into()),
        ];
        match marks(&reader)?.get(&key) {
            Some(mark) if mark.because == because => {
                Ok(Ready::Nothing(Text::new("已经这样标记过", "It is marked so already")))
            }
            Some(mark) => Ok(Ready::Step(label, edit_row(&reader, &mark.at, &values)?)),
            None => Ok(Ready::Step(label, added(&reader, vec![(EXCUSE, vec![(None, values)])])?)),
        }
    }

    fn accuse(&self, key: &FaultKey) -> Result<Ready, Failure> {
        let rule = known_rule(&key.rule)?;
        let reader = self.city().reader()?;
        let layer = crate::session::rows::find_schema(&reader, &key.at.layer)?.table;
        let key = FaultKey { rule: rule.id.to_owned(), at: FeatureRef { layer, id: key.at.id } };
        let marks = marks(&reader)?;
        let Some(mark) = marks.get(&key) else {
            return Ok(Ready::Nothing(Text::new("没有这个标记", "There is no such mark")));
        };
        let old = reader.feature(&mark.at.layer, mark.at.id)?;
        let delta = Delta { layer: mark.at.layer.clone(), id: mark.at.id, old, new: None };
        let (id, row) = (rule.id, key.at.id);
        let label = text!("取消 {id} 对第 {row} 行的非错标记", "Take the mark off {id} of row {row}");
        Ok(Ready::Step(label, Action::Edit { deltas: vec![delta], photos: Vec::new() }))
    }

    fn campaign_rows(&self, campaign: &str, ask: &CheckAsk, task: &mut Task<'_>) -> Result<Ready, Failure> {
        let reader = self.city().reader()?;
        if let Some(before) = kept(&reader, campaign)?.checked_on {
            let text = text!(
                "批次“{campaign}”已于 {before} 保存，请另取名称",
                "The campaign “{campaign}” was kept on {before}: choose another name"
            );
            return Err(Failure::new(FailureKind::Usage, text));
        }
        let report = self.check(ask, task)?;
        let day = jiff::Zoned::now().date().to_string();
        let head = || vec![("campaign", Value::from(campaign)), ("checked_on", day.as_str().into())];
        let count = |count: &super::checks::RuleCount| {
            let numbers = [("findings", count.open), ("excused", count.excused)];
            let numbers = numbers.map(|(field, number)| (field, Value::Int(number as i64)));
            (None, head().into_iter().chain([("rule", count.rule.id.into())]).chain(numbers).collect())
        };
        let finding = |fault: &FoundFault| {
            let fields = ["severity", "on_layer", "on_id", "on_code", "what", "what_en"];
            let values = fields.into_iter().zip(fault_values(fault));
            (fault_point(fault), head().into_iter().chain([("rule", fault.rule.into())]).chain(values).collect())
        };
        let (rules, found) = (report.counts.len(), report.findings.len());
        let rows = vec![
            (CAMPAIGN, report.counts.iter().map(count).collect::<Vec<_>>()),
            (FINDING, report.findings.iter().map(finding).collect()),
        ];
        let label = text!(
            "保存检查批次“{campaign}”：{rules} 条规则，{found} 个问题",
            "Keep the campaign “{campaign}”: {rules} rules, {found} findings"
        );
        Ok(Ready::Step(label, added(&reader, rows)?))
    }

    /// Holds the findings of now against those that were kept under a name, for the rules that were asked both times.
    ///
    /// # Errors
    /// There is no such campaign; see [`SewerDesk::check`].
    pub fn progress(&self, campaign: &str, ask: &CheckAsk, task: &mut Task<'_>) -> Result<Progress, Failure> {
        let kept = kept(&self.city().reader()?, campaign)?;
        let Some(checked_on) = kept.checked_on else {
            let text = text!("没有检查批次“{campaign}”", "There is no campaign “{campaign}”");
            return Err(Failure::new(FailureKind::Usage, text));
        };
        let CheckReport { findings, excused, counts, .. } = self.check(ask, task)?;
        let now: BTreeSet<FaultKey> = findings.iter().map(FoundFault::key).collect();
        let excused: BTreeSet<FaultKey> = excused.iter().map(FoundFault::key).collect();
        let counts = counts.iter().filter(|count| kept.rules.contains(count.rule.id));
        let rules = counts.map(|count| {
            let own = kept.faults.keys().filter(|key| key.rule == count.rule.id);
            let remaining = own.clone().filter(|key| now.contains(key)).count();
            let marked = own.clone().filter(|key| excused.contains(key)).count();
            let before = own.count();
            let new = now.iter().filter(|key| key.rule == count.rule.id && !kept.faults.contains_key(key)).count();
            let fixed = before - remaining - marked;
            RuleProgress { rule: count.rule, before, fixed, excused: marked, remaining, new }
        });
        let rules: Vec<RuleProgress> = rules.collect();
        let is_gone = |(key, _): &(&FaultKey, &FoundFault)| {
            let is_asked = rules.iter().any(|it| it.rule.id == key.rule);
            is_asked && !now.contains(key) && !excused.contains(key)
        };
        let mut gone: Vec<FoundFault> = kept.faults.iter().filter(is_gone).map(|(_, fault)| fault.clone()).collect();
        gone.sort_by_key(|fault| fault.severity);
        let campaigns = self.campaigns()?;
        let asked_then = findings.into_iter().filter(|fault| kept.rules.contains(fault.rule));
        let (remaining, new) = asked_then.partition(|fault| kept.faults.contains_key(&fault.key()));
        Ok(Progress { campaign: campaign.to_owned(), checked_on, rules, new, remaining, gone, campaigns })
    }
}

/// What was kept under a name.
#[derive(Default)]
struct Kept {
    /// The day; `None` if there is no such campaign.
    checked_on: Option<String>,
    rules: BTreeSet<String>,
    faults: BTreeMap<FaultKey, FoundFault>,
}

impl Kept {
    fn keep(&mut self, schema: &Schema, row: &Feature) {
        let value = |id: &str| schema.field_index(id).and_then(|index| row.values.get(index)).cloned();
        let words = |id: &str| value(id).unwrap_or_default().to_string();
        let (Some(id), Some(rule)) = (value("on_id").and_then(|id| id.as_i64()), Rule::find(&words("rule"))) else {
            return;
        };
        let fault = FoundFault {
            rule: rule.id,
            severity: rule.severity,
            at: FeatureRef { layer: words("on_layer"), id },
            other: None,
            code: words("on_code"),
            place: row.geometry.as_ref().and_then(|shape| in_degrees(shape, schema.crs)).and_then(|it| place_of(&it)),
            what: Text::owned(words("what"), words("what_en")),
            fix: None,
            because: None,
        };
        self.faults.insert(fault.key(), fault);
    }
}

fn place_of(shape: &Geometry) -> Option<[f64; 2]> {
    let middle = shape.to_geo().centroid()?;
    Some([middle.x(), middle.y()])
}

fn kept(reader: &Reader, campaign: &str) -> Result<Kept, Failure> {
    let mut kept = Kept::default();
    for info in reader.layers()? {
        let schema = &info.schema;
        if schema.kind != CAMPAIGN && schema.kind != FINDING {
            continue;
        }
        reader.query(&schema.table, &crate::store::query::Query::default(), &mut |row| {
            let value = |id: &str| schema.field_index(id).and_then(|index| row.values.get(index)).cloned();
            let words = |id: &str| value(id).unwrap_or_default().to_string();
            if words("campaign") != campaign {
                return std::ops::ControlFlow::Continue(());
            }
            if schema.kind == CAMPAIGN {
                kept.checked_on = Some(words("checked_on"));
                kept.rules.insert(words("rule"));
            } else {
                kept.keep(schema, &row);
            }
            std::ops::ControlFlow::Continue(())
        })?;
    }
    Ok(kept)
}

type NewRow = (Option<crate::model::geometry::Geometry>, Vec<(&'static str, Value)>);

/// Rows for layers of some kinds; a layer that is not there yet is made in the same step.
fn added(reader: &Reader, rows: Vec<(&'static str, Vec<NewRow>)>) -> Result<Action, Failure> {
    let layers = reader.layers()?;
    let mut feed = NewRows::default();
    for (id, rows) in rows {
        let known = layers.iter().find(|info| info.schema.kind == id).map(|info| info.schema.clone());
        let append = known.is_some();
        let schema = match known {
            Some(schema) => schema,
            None => kinds::find(id).unwrap_or_else(kinds::plain).schema(Crs::CGCS2000),
        };
        let features = rows.into_iter().map(|(geometry, values)| feature(&schema, geometry, values)).collect();
        feed.layers.push((Target { schema, append }, features));
    }
    // One row more in a layer that is there is an edit, which shows in the table at once.
    if let [(Target { schema, append: true }, rows)] = &mut feed.layers[..] {
        let delta = |row: Feature| Delta { layer: schema.table.clone(), id: 0, old: None, new: Some(row) };
        let deltas = std::mem::take(rows).into_iter().map(delta).collect();
        return Ok(Action::Edit { deltas, photos: Vec::new() });
    }
    Ok(Action::Import(Box::new(feed)))
}

fn feature(
    schema: &Schema,
    geometry: Option<crate::model::geometry::Geometry>,
    values: Vec<(&'static str, Value)>,
) -> Feature {
    let mut row = Feature { id: 0, geometry, values: vec![Value::Null; schema.fields.len()] };
    set(schema, &mut row, &values);
    row
}

fn set(schema: &Schema, row: &mut Feature, values: &[(&'static str, Value)]) {
    for (field, value) in values {
        if let Some(slot) = schema.field_index(field).and_then(|index| row.values.get_mut(index)) {
            slot.clone_from(value);
        }
    }
}

fn edit_row(reader: &Reader, at: &FeatureRef, values: &[(&'static str, Value)]) -> Result<Action, Failure> {
    let schema = reader.schema(&at.layer)?;
    let old = reader.feature(&at.layer, at.id)?;
    let new = old.clone().map(|mut row| {
        row.values.resize(schema.fields.len(), Value::Null);
        set(&schema, &mut row, values);
        row
    });
    let delta = Delta { layer: at.layer.clone(), id: at.id, old, new };
    Ok(Action::Edit { deltas: vec![delta], photos: Vec::new() })
}

/// Rows on their way into layers.
#[derive(Default)]
struct NewRows {
    layers: Vec<(Target, Vec<Feature>)>,
}

impl Import for NewRows {
    fn targets(&self) -> Vec<Target> {
        self.layers.iter().map(|(target, _)| target.clone()).collect()
    }

    fn feed(&mut self, sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>) -> Result<(), ImportStop> {
        for (target, (_, rows)) in self.layers.iter_mut().enumerate() {
            for row in std::mem::take(rows) {
                sink(target, row)?;
            }
        }
        Ok(())
    }
}

/// The instant as GeoPackage writes it.
fn now_utc() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Campaigns that are kept, with their day, and how many findings each rule had.
pub(super) fn campaigns(reader: &Reader) -> Result<BTreeMap<String, String>, Failure> {
    let mut found = BTreeMap::new();
    for info in reader.layers()?.into_iter().filter(|info| info.schema.kind == CAMPAIGN) {
        reader.query(&info.schema.table, &crate::store::query::Query::default(), &mut |row| {
            let word = |id: &str| info.schema.field_index(id).and_then(|index| row.values.get(index)).cloned();
            let [name, day] = ["campaign", "checked_on"].map(|id| word(id).unwrap_or_default().to_string());
            found.insert(name, day);
            std::ops::ControlFlow::Continue(())
        })?;
    }
    Ok(found)
}

impl SewerDesk {
    /// Names of the campaigns that are kept, and the day of each.
    ///
    /// # Errors
    /// The city cannot be read.
    pub fn campaigns(&self) -> Result<Vec<(String, String)>, Failure> {
        Ok(campaigns(&self.city().reader()?)?.into_iter().collect())
    }
}
