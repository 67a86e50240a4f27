//! The loads of the pipes as a layer of the city, which map, legend and paper show: made once, then brought up to date.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use jiff::civil::Date;

use crate::geom::crs::Crs;
use crate::kinds;
use crate::model::feature::{Delta, Feature};
use crate::model::geometry::Geometry;
use crate::model::schema::{Code, Schema};
use crate::model::value::Value;
use crate::store::command::Action;
use crate::store::query::Query;
use crate::task::Task;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::manning::NoCapacity;

use super::SewerDesk;
use super::capacity::{CapacityAnswer, CapacityAsk, LoadedPipe};
use super::marks::Ready;
use super::write::Kept;
use crate::session::Session;
use crate::session::answer::Failure;
use crate::session::command::JobId;

/// The kind of the layer.
const LOAD: &str = "sewer_load";

impl Session {
    /// Makes the layer of loads, or brings it up to date, as one step.
    pub(super) fn keep_loads(&mut self, ask: CapacityAsk) -> Result<JobId, Failure> {
        let lang = self.lang();
        self.change_sewers(Text::new("写入负荷图层", "Writing the layer of loads"), move |desk, _, task| {
            let found = desk.capacity(&ask, task)?;
            let basis: Vec<Text> = found.basis();
            let basis: Vec<&str> = basis.iter().map(|words| words.get(lang)).collect();
            let basis = basis.join(lang.pick("；", "; "));
            desk.load_step(&found, &basis, jiff::Zoned::now().date(), task)
        })
    }
}

impl SewerDesk {
    /// The step that writes the loads: what a layer of them has already is changed, not added once more.
    fn load_step(&self, found: &CapacityAnswer, basis: &str, on: Date, task: &mut Task<'_>) -> Result<Ready, Failure> {
        let reader = self.city().reader()?;
        let known = reader.layers()?.into_iter().find(|info| info.schema.kind == LOAD).map(|info| info.schema);
        let schema = known.clone().unwrap_or_else(schema);
        let rows: Vec<Feature> = self.with(task, |live| {
            let line = |pipe: &LoadedPipe| {
                let row = live.row(&pipe.at.layer, pipe.at.id)?;
                let line = live.sewers.line_along(live.sewers.pipe_of_row(row)?);
                (line.len() > 1).then(|| Geometry::line(&line))
            };
            let pipes = (1..).zip(&found.pipes);
            pipes.map(|(id, pipe)| row(&schema, id, (pipe, line(pipe)), basis, on)).collect()
        })?;
        let (pipes, over) = (rows.len(), found.over);
        let label = text!(
            "写入旱流负荷（{pipes} 段，超负荷 {over} 段）",
            "Write dry-weather loads ({pipes} pipes, {over} over full)"
        );
        let Some(schema) = known else {
            return Ok(Ready::Step(label, Action::Import(Box::new(Kept::new(schema, rows)))));
        };
        let mut old = BTreeMap::new();
        reader.query(&schema.table, &Query::default(), &mut |row| {
            if let Some(key) = key(&schema, &row) {
                old.insert(key, row);
            }
            ControlFlow::Continue(())
        })?;
        let deltas = deltas(&schema, old, rows);
        if deltas.is_empty() {
            return Ok(Ready::Nothing(Text::new(
                "没有改动：负荷已经是这样",
                "Nothing changed: the loads were so already",
            )));
        }
        Ok(Ready::Step(label, Action::Edit { deltas, photos: Vec::new() }))
    }
}

/// What turns the old rows into the new ones.
fn deltas(schema: &Schema, mut old: BTreeMap<(String, i64), Feature>, rows: Vec<Feature>) -> Vec<Delta> {
    let delta = |id, old, new| Delta { layer: schema.table.clone(), id, old, new };
    let mut deltas = Vec::new();
    for row in rows {
        match key(schema, &row).and_then(|key| old.remove(&key)) {
            Some(before) => {
                let new = Feature { id: before.id, ..row };
                if new != before {
                    deltas.push(delta(before.id, Some(before), Some(new)));
                }
            }
            None => deltas.push(delta(0, None, Some(Feature { id: 0, ..row }))),
        }
    }
    deltas.extend(old.into_values().map(|gone| delta(gone.id, Some(gone), None)));
    deltas
}

/// The pipe that a row is about.
fn key(schema: &Schema, row: &Feature) -> Option<(String, i64)> {
    let value = |id: &str| row.values.get(schema.field_index(id)?);
    Some((value("on_layer")?.as_str()?.to_owned(), value("on_id")?.as_i64()?))
}

fn schema() -> Schema {
    let mut schema = kinds::find(LOAD).unwrap_or_else(kinds::plain).schema(Crs::WGS84);
    let codes = NoCapacity::ALL.map(|why| Code { value: why.code().into(), name: why.name() });
    for field in schema.fields.iter_mut().filter(|field| field.id == "no_capacity") {
        field.codes = codes.to_vec();
    }
    schema
}

fn row(schema: &Schema, id: i64, (pipe, geometry): (&LoadedPipe, Option<Geometry>), basis: &str, on: Date) -> Feature {
    let load = &pipe.load;
    let rounded = |value: Option<f64>, scale: f64| Value::from(value.map(|value| (value * scale).round() / scale));
    let value = |field: &str| match field {
        "on_code" => pipe.code.as_str().into(),
        "load_ratio" => rounded(load.ratio(), 10_000.0),
        "peak_l_per_s" => rounded(Some(load.peak_l_per_s), 1000.0),
        "mean_l_per_s" => rounded(Some(load.mean_l_per_s), 1000.0),
        "full_l_per_s" => rounded(load.full.ok().map(|full| full.l_per_s), 1000.0),
        "no_capacity" => load.full.err().map(NoCapacity::code).into(),
        "in_loop" => load.is_in_loop.into(),
        "worked_out_on" => on.to_string().into(),
        "load_basis" => basis.into(),
        "on_layer" => pipe.at.layer.as_str().into(),
        "on_id" => pipe.at.id.into(),
        _ => Value::Null,
    };
    Feature { id, geometry, values: schema.fields.iter().map(|field| value(&field.id)).collect() }
}
