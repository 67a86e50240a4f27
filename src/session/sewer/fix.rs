//! The fixes that checks offer, made in the rows: one step for all that are asked for. Each is worked out anew from the
//! network as it is, so that an old list on a screen mends nothing that is no longer broken.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::feature::{Delta, Feature};
use crate::model::geometry::{Coords, Geometry, GeometryKind, Visitor, WkbWriter};
use crate::model::schema::Schema;
use crate::model::value::{FieldType, Value};
use crate::store::command::Action;
use crate::store::reader::Reader;
use crate::task::Task;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::checks::{Change, Finding};

use super::SewerDesk;
use super::checks::{CheckAsk, Checked, FaultKey, marks};
use super::marks::Ready;
use crate::session::Session;
use crate::session::answer::Failure;
use crate::session::command::JobId;

impl Session {
    /// Makes the fixes that are offered: for these findings, or for all that are found.
    pub(super) fn fix_faults(&mut self, ask: CheckAsk, only: Option<Vec<FaultKey>>) -> Result<JobId, Failure> {
        self.change_sewers(Text::new("处理检查问题", "Mending findings"), move |desk, _, task| {
            desk.fixes(&ask, only.as_deref(), task)
        })
    }
}

impl SewerDesk {
    fn fixes(&self, ask: &CheckAsk, only: Option<&[FaultKey]>, task: &mut Task<'_>) -> Result<Ready, Failure> {
        task.report(&Text::new("检查排水管网", "Checking the sewers"), 0, None)?;
        let reader = self.city().reader()?;
        let marks = marks(&reader)?;
        let checked = self.checked(ask, task)?;
        let key = |finding: &Finding| FaultKey { rule: finding.rule.to_owned(), at: checked.at(finding.element) };
        let wanted: Option<BTreeSet<&FaultKey>> = only.map(|keys| keys.iter().collect());
        let is_wanted = |finding: &&Finding| {
            finding.fix.is_some()
                && !marks.contains_key(&key(finding))
                && wanted.as_ref().is_none_or(|wanted| wanted.contains(&key(finding)))
        };
        let mut mending = Mending { checked: &checked, reader: &reader, rows: BTreeMap::new(), done: BTreeSet::new() };
        let mut mended = 0_usize;
        for finding in checked.outcome.findings.iter().filter(is_wanted) {
            task.check()?;
            let changes = finding.fix.iter().flat_map(|fix| &fix.changes);
            let made = changes.map(|change| mending.make(change)).collect::<Result<Vec<_>, _>>()?;
            mended += usize::from(made.contains(&true));
        }
        let deltas = mending.deltas();
        if deltas.is_empty() {
            return Ok(Ready::Nothing(Text::new("没有可自动处理的问题", "There is nothing that can be mended safely")));
        }
        let rows = deltas.len();
        let label = text!("处理 {mended} 个检查问题（{rows} 行）", "Mend {mended} findings ({rows} rows)");
        Ok(Ready::Step(label, Action::Edit { deltas, photos: Vec::new() }))
    }
}

/// A row as it was and as it will be; `None` for one that goes.
struct Row {
    old: Feature,
    new: Option<Feature>,
}

/// Changes that are being gathered.
struct Mending<'a> {
    checked: &'a Checked,
    reader: &'a Reader,
    /// Rows by table and id.
    rows: BTreeMap<(String, i64), Row>,
    /// Fields that have been changed: two findings do not mend one thing twice.
    done: BTreeSet<(String, i64, &'static str)>,
}

impl Mending<'_> {
    /// Makes one change; `false` where another finding has changed the same already, or it turns out not to be safe.
    fn make(&mut self, change: &Change) -> Result<bool, Failure> {
        let at = self.checked.at(change.row());
        let schema = self.reader.schema(&at.layer)?;
        let touched: &[&'static str] = match change {
            Change::Text(_, field, _) | Change::Number(_, field, _) | Change::Clear(_, field) => &[*field],
            Change::SwapNodes(_) => &["from_node", "to_node"],
            Change::Reverse { .. } => &["from_node", "to_node", "invert_up_m", "invert_down_m", "geometry"],
            Change::TurnLine(_) => &["geometry"],
            Change::DeleteCopy { .. } => &[],
        };
        let keys = touched.iter().map(|field| (at.layer.clone(), at.id, *field));
        if keys.clone().any(|key| self.done.contains(&key)) {
            return Ok(false);
        }
        let place = (at.layer.clone(), at.id);
        if !self.rows.contains_key(&place) {
            let Some(mut old) = self.reader.feature(&at.layer, at.id)? else { return Ok(false) };
            old.values.resize(schema.fields.len(), Value::Null);
            self.rows.insert(place.clone(), Row { new: Some(old.clone()), old });
        }
        if let Change::DeleteCopy { of, .. } = change {
            return self.delete_copy(&place, &self.checked.at(*of));
        }
        let Some(new) = self.rows.get_mut(&place).and_then(|row| row.new.as_mut()) else { return Ok(false) };
        match change {
            Change::Text(_, field, words) => set(&schema, new, field, Value::from(&**words)),
            Change::Number(_, field, number) => set(&schema, new, field, number_for(&schema, field, *number)),
            Change::Clear(_, field) => set(&schema, new, field, Value::Null),
            Change::SwapNodes(_) => swap(&schema, new, ["from_node", "to_node"]),
            Change::Reverse { line, .. } => reverse(&schema, new, *line),
            Change::TurnLine(_) => turn_line(new),
            Change::DeleteCopy { .. } => {}
        }
        self.done.extend(keys);
        Ok(true)
    }

    /// Takes a row away that is another's copy, if it is one in every field.
    fn delete_copy(&mut self, place: &(String, i64), of: &crate::session::state::FeatureRef) -> Result<bool, Failure> {
        let is_gone = self.rows.get(&(of.layer.clone(), of.id)).is_some_and(|row| row.new.is_none());
        let Some(other) = self.reader.feature(&of.layer, of.id)?.filter(|_| !is_gone && of.layer == place.0) else {
            return Ok(false);
        };
        let Some(row) = self.rows.get_mut(place) else { return Ok(false) };
        let filled = |row: &Feature| row.values.iter().filter(|value| !value.is_null()).count();
        let is_copy = row.old.geometry == other.geometry
            && filled(&row.old) == filled(&other)
            && row.old.values.iter().zip(&other.values).all(|(one, other)| one == other);
        if is_copy {
            row.new = None;
        }
        Ok(is_copy)
    }

    fn deltas(self) -> Vec<Delta> {
        let changed = self.rows.into_iter().filter(|(_, row)| row.new.as_ref() != Some(&row.old));
        changed.map(|((layer, id), row)| Delta { layer, id, old: Some(row.old), new: row.new }).collect()
    }
}

fn set(schema: &Schema, row: &mut Feature, field: &str, value: Value) {
    if let Some(slot) = schema.field_index(field).and_then(|index| row.values.get_mut(index)) {
        *slot = value;
    }
}

fn number_for(schema: &Schema, field: &str, number: f64) -> Value {
    match schema.field(field).map(|field| field.field_type) {
        Some(FieldType::Int) => Value::Int(number.round() as i64),
        Some(FieldType::Text) => number.to_string().into(),
        _ => Value::Real(number),
    }
}

fn swap(schema: &Schema, row: &mut Feature, fields: [&str; 2]) {
    if let [Some(one), Some(other)] = fields.map(|field| schema.field_index(field)) {
        row.values.swap(one, other);
    }
}

/// Turns a pipe around: nodes and inverts change places, the gradient its sign, the line its direction.
fn reverse(schema: &Schema, row: &mut Feature, with_line: bool) {
    swap(schema, row, ["from_node", "to_node"]);
    swap(schema, row, ["invert_up_m", "invert_down_m"]);
    if let Some(slope) = schema.field_index("slope_permille").and_then(|index| row.values.get_mut(index))
        && let Some(permille) = slope.as_f64()
    {
        *slope = Value::Real(-permille);
    }
    if with_line {
        turn_line(row);
    }
}

fn turn_line(row: &mut Feature) {
    if let Some(line) = row.geometry.as_ref().and_then(reversed) {
        row.geometry = Some(line);
    }
}

/// A line that runs the other way; `None` for anything else.
fn reversed(geometry: &Geometry) -> Option<Geometry> {
    struct Paths(Vec<Vec<[f64; 3]>>);
    impl Visitor for Paths {
        fn path(&mut self, coords: Coords<'_>) {
            let position = |index: usize| {
                let [x, y] = coords.xy(index);
                [x, y, coords.z(index).unwrap_or_default()]
            };
            self.0.push((0..coords.len()).map(position).collect());
        }
    }
    let mut paths = Paths(Vec::new());
    geometry.walk(&mut paths);
    let mut writer = WkbWriter::new(geometry.has_z());
    match geometry.kind() {
        GeometryKind::LineString => {}
        GeometryKind::MultiLineString => writer.head(GeometryKind::MultiLineString, paths.0.len()),
        _ => return None,
    }
    for path in paths.0.iter().rev() {
        writer.head(GeometryKind::LineString, path.len());
        path.iter().rev().for_each(|[x, y, z]| writer.position(*x, *y, *z));
    }
    Geometry::from_writer(writer).ok()
}
