//! The sewers as an EPA SWMM model: into the text of the model that they came from, or into one of their own.

mod outgoing;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::geom::crs::Crs;
use crate::io::atomic;
pub use crate::io::swmm::Units;
use crate::io::swmm::{self, Layer};
use crate::model::feature::Feature;
use crate::model::geometry::Bounds;
use crate::model::schema::Schema;
use crate::store::model_text::{ModelInfo, ModelRow};
use crate::store::query::Query;
use crate::store::reader::{LayerInfo, Reader};
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::users::{UserRules, Users};

use super::SewerDesk;
use super::capacity::sources;
use super::users::UserRows;
use crate::session::answer::{Failure, FailureKind};
use crate::session::export::write_failure;
use crate::session::import::read_failure;
use crate::session::snapshot::mapped_bounds;

use outgoing::{DryFlows, Outgoing};

/// What is to be written.
#[derive(Clone, Debug, Default)]
pub struct SwmmRequest {
    /// The file.
    pub path: PathBuf,
    /// Whether an existing file may go.
    pub overwrite: bool,
    /// Layers by table name or name; those of the only network without one.
    pub layers: Vec<String>,
    /// Units of a new model; a model that came in keeps its own.
    pub units: Option<Units>,
    /// Whether nodes without a way out become outfalls.
    pub close_ends: bool,
    /// Whether nodes get the dry-weather flow of the users that join them, and how those join and what they discharge.
    pub loads: Option<UserRules>,
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct SwmmReport {
    /// The model that was written again; `None` for a new one.
    pub model: Option<String>,
    /// Table names of the layers that went in.
    pub layers: Vec<String>,
    /// Nodes in the file.
    pub nodes: usize,
    /// Links in the file.
    pub links: usize,
    /// Length of its conduits, metres.
    pub length_m: f64,
    /// Elements that came since the model came in, that changed, that went.
    pub added: u64,
    /// See `added`.
    pub changed: u64,
    /// See `added`.
    pub removed: u64,
    /// Size of the file.
    pub bytes: u64,
    /// What was made up, and what stands against a run.
    pub problems: Problems,
}

/// Rows of one layer, and what each was in the model.
struct Rows {
    schema: Schema,
    rows: Vec<(Feature, Option<ModelRow>)>,
}

impl SewerDesk {
    /// Writes the sewers as a model of EPA SWMM.
    ///
    /// # Errors
    /// No network or several; units that are not those of the model; the city cannot be read, the file not written.
    pub fn write_swmm(&self, request: &SwmmRequest, task: &mut Task<'_>) -> Result<SwmmReport, Failure> {
        let is_inp = request.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("inp"));
        if !is_inp {
            let name = request.path.display();
            return Err(usage(text!("{name}：文件名应以 .inp 结尾", "{name}: the name of a model ends in .inp")));
        }
        let reader = self.city().reader()?;
        reader.snapshot()?;
        let layers = reader.layers()?;
        let chosen = choose(&layers, &reader.models()?, &request.layers)?;
        let mut outgoing = chosen.outgoing(&reader, task)?;
        let flow_note = self.add_loads(request, &mut outgoing, task)?;
        let network = outgoing.finish(request.close_ends);
        let original = self.original(&reader, &chosen, &network.nodes, request.units)?;
        let written = swmm::Written {
            nodes: &network.nodes,
            links: &network.links,
            areas: network.areas.as_deref(),
            gages: network.gages.as_deref(),
            flow_note: &flow_note,
        };
        let merged = swmm::merge(&original, written, task).map_err(|error| read_failure(&request.path, &error))?;
        atomic::write(&request.path, request.overwrite, |out| Ok(out.write_all(&merged.bytes)?))
            .map_err(|error| write_failure(&error))?;
        let mut problems = network.problems;
        problems.append(merged.problems);
        problems.listed.extend(chosen.unplaced(&merged.unplaced));
        let is_conduit = |link: &&swmm::Link| link.kind == swmm::LinkKind::Conduit;
        Ok(SwmmReport {
            model: chosen.model.as_ref().map(|model| model.name.clone()),
            layers: chosen.layers.iter().map(|info| info.schema.table.clone()).collect(),
            nodes: network.nodes.len(),
            links: network.links.len(),
            length_m: network.links.iter().filter(is_conduit).filter_map(|link| link.length_m).sum(),
            added: merged.added,
            changed: merged.changed,
            removed: merged.removed,
            bytes: merged.bytes.len() as u64,
            problems,
        })
    }

    /// Gives the nodes what their users discharge, if that is asked for; the words that stand above it in the file.
    fn add_loads(
        &self,
        request: &SwmmRequest,
        outgoing: &mut Outgoing,
        task: &mut Task<'_>,
    ) -> Result<String, Failure> {
        let Some(rules) = &request.loads else { return Ok(String::new()) };
        let UserRows { users, .. } = self.user_rows(task)?;
        let flows = self.with(task, |live| {
            let users = Users::new(&live.sewers, users, rules.clone());
            let mut flows = DryFlows::default();
            for (node, l_s) in sources(&users.node_uses()) {
                let row = live.sewers.node(node).and_then(|joint| joint.row.as_ref()).map(|row| row.row);
                flows.total_l_s += l_s;
                if let Some(row) = row {
                    *flows.by_row.entry((live.table(row).to_owned(), row.id)).or_default() += l_s;
                }
            }
            let unjoined = users.each().filter(|(_, join)| join.node.is_none());
            let loads = unjoined.filter_map(|(user, _)| user.load_m3_per_d(&rules.load));
            flows.unjoined_m3_per_d = loads.map(|load| load.0).sum();
            flows
        })?;
        outgoing.load(&flows);
        let (litres, heads) = (rules.load.litres_per_head, rules.load.heads_per_household);
        Ok(format!(
            "旱流量：排水户记录的日排水量，缺记录时每人每天 {litres} L、每户 {heads} 人；均值，不计变化系数与入渗 | \
             Dry-weather flow of drainage users as recorded, else {litres} L a head and day, {heads} people a household; \
             mean values, no peak factor, no infiltration"
        ))
    }

    /// The text that is written into: that of the model, or a frame for a new one.
    fn original(
        &self,
        reader: &Reader,
        chosen: &Chosen<'_>,
        nodes: &[swmm::Node],
        units: Option<Units>,
    ) -> Result<Vec<u8>, Failure> {
        let text = chosen.model.as_ref().map(|model| reader.model_text(model.id)).transpose()?.flatten();
        if let Some(text) = text {
            check_units(&text, units)?;
            return Ok(text);
        }
        let name = self.city().path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let units = units.or(Units::named("LPS")).unwrap_or_default();
        Ok(swmm::template(&name, units, chosen.map(nodes), chosen.crs().is_geographic()).into_bytes())
    }
}

fn usage(text: Text) -> Failure {
    Failure::new(FailureKind::Usage, text)
}

/// The layers that go out together.
struct Chosen<'a> {
    model: Option<ModelInfo>,
    layers: Vec<&'a LayerInfo>,
}

impl<'a> Chosen<'a> {
    /// These layers. Without its nodes or its links a model is not written into: they would count as deleted.
    fn of(layers: Vec<&'a LayerInfo>, model: Option<ModelInfo>) -> Self {
        let has = |role: Layer| {
            let is_it = |table: &str| layers.iter().any(|info| info.schema.table.eq_ignore_ascii_case(table));
            let of_model = model.iter().flat_map(|model| &model.layers);
            of_model.into_iter().any(|(table, known)| *known == role.name() && is_it(table))
        };
        let had = |role: Layer| model.iter().flat_map(|model| &model.layers).any(|(_, known)| *known == role.name());
        let is_whole = [Layer::Nodes, Layer::Links].into_iter().all(|role| has(role) || !had(role));
        Self { model: model.filter(|_| is_whole), layers }
    }

    /// Their rows.
    fn outgoing(&self, reader: &Reader, task: &Task<'_>) -> Result<Outgoing, Failure> {
        let mut outgoing = Outgoing::new(self.crs(), self.model.as_ref().map(|model| model.id));
        for info in &self.layers {
            task.check()?;
            let rows = || Ok::<_, Failure>(Rows { schema: info.schema.clone(), rows: rows_of(reader, &info.schema)? });
            match role(info, self.model.as_ref()) {
                Some(Layer::Links) => outgoing.add_pipes(rows()?)?,
                Some(Layer::Nodes) => outgoing.add_nodes(rows()?)?,
                Some(Layer::Areas) => outgoing.add_areas(&rows()?)?,
                Some(Layer::Gages) => outgoing.add_gages(&rows()?)?,
                None => {}
            }
        }
        Ok(outgoing)
    }

    /// Values that changed and that SWMM has no place for, in one sentence.
    fn unplaced(&self, counts: &BTreeMap<String, u64>) -> Option<Problem> {
        let named = |id: &str| {
            let fields = self.layers.iter().find_map(|info| info.schema.field(id));
            fields.map_or_else(|| Text::same(id), |field| field.name.clone())
        };
        let list = |lang: Lang| {
            let words = counts.iter().map(|(id, count)| format!("{} {count}", named(id).get(lang)));
            words.collect::<Vec<_>>().join(lang.pick("、", ", "))
        };
        let (zh, en) = (list(Lang::Zh), list(Lang::En));
        let what = text!(
            "SWMM 没有这些字段，改动只留在城市里：{zh}",
            "SWMM has no such fields, what changed there stays in the city alone: {en}"
        );
        (!counts.is_empty()).then(|| Problem::warning("swmm.no-field", what))
    }

    /// The coordinate system of the model: that of its pipes, or of its nodes where it has none.
    fn crs(&self) -> Crs {
        let of_kind = |kind: &str| self.layers.iter().find(|info| info.schema.kind == kind);
        of_kind("sewer_pipe").or_else(|| of_kind("sewer_node")).map_or(Crs::WGS84, |info| info.schema.crs)
    }

    /// The box of the map, a little larger than what is in it.
    fn map(&self, nodes: &[swmm::Node]) -> [f64; 4] {
        let crs = self.crs();
        let boxes = self.layers.iter().filter_map(|info| mapped_bounds(info.bounds?, info.schema.crs, crs));
        let mut all = boxes.fold(Bounds::EMPTY, |all, bounds| all.union(&bounds));
        nodes.iter().filter_map(|node| node.place).for_each(|at| all.extend(at));
        if all.is_empty() {
            return [0.0, 0.0, 1.0, 1.0];
        }
        let margin = [0, 1].map(|axis| (all.max[axis] - all.min[axis]) * 0.05);
        [all.min[0] - margin[0], all.min[1] - margin[1], all.max[0] + margin[0], all.max[1] + margin[1]]
    }
}

/// What a layer is in a model, by the model or by its kind.
fn role(info: &LayerInfo, model: Option<&ModelInfo>) -> Option<Layer> {
    let named = model.and_then(|model| {
        let (_, role) = model.layers.iter().find(|(table, _)| table.eq_ignore_ascii_case(&info.schema.table))?;
        Layer::ALL.into_iter().find(|layer| layer.name() == role)
    });
    named.or(match info.schema.kind.as_str() {
        "sewer_pipe" => Some(Layer::Links),
        "sewer_node" => Some(Layer::Nodes),
        _ => None,
    })
}

/// Which layers go out, and into which model.
fn choose<'a>(layers: &'a [LayerInfo], models: &[ModelInfo], words: &[String]) -> Result<Chosen<'a>, Failure> {
    let has = |model: &ModelInfo, info: &LayerInfo| {
        model.layers.iter().any(|(table, _)| table.eq_ignore_ascii_case(&info.schema.table))
    };
    let is_sewer = |info: &&LayerInfo| matches!(info.schema.kind.as_str(), "sewer_pipe" | "sewer_node");
    let models: Vec<&ModelInfo> = models.iter().filter(|model| model.format == "swmm").collect();
    let model_of = |info: &LayerInfo| models.iter().position(|model| has(model, info));
    if words.is_empty() {
        // A model may have nodes and no pipes; nodes that came otherwise are no network.
        let is_network = |info: &&LayerInfo| match info.schema.kind.as_str() {
            "sewer_pipe" => true,
            "sewer_node" => model_of(info).is_some(),
            _ => false,
        };
        let networks: BTreeSet<Option<usize>> = layers.iter().filter(is_network).map(model_of).collect();
        let mut networks = networks.into_iter();
        return match (networks.next(), networks.next()) {
            (None, _) => Err(usage(Text::new("城市里没有排水管图层", "the city has no layer of sewer pipes"))),
            (Some(one), None) => {
                let model = one.map(|at| models[at].clone());
                let is_in = |info: &&LayerInfo| model_of(info) == one && (one.is_some() || is_sewer(info));
                Ok(Chosen::of(layers.iter().filter(is_in).collect(), model))
            }
            _ => {
                let names: Vec<&str> = layers.iter().filter(is_sewer).map(|info| info.schema.table.as_str()).collect();
                let names = names.join(", ");
                Err(usage(text!(
                    "城市里有不止一个排水管网，请用 --layers 指定图层：{names}",
                    "the city has more than one network: say with --layers which layers are meant: {names}"
                )))
            }
        };
    }
    let mut chosen = Vec::new();
    for word in words {
        let is_it = |info: &&LayerInfo| info.schema.table == *word || info.state.name.is(word);
        let found = layers.iter().find(is_it);
        chosen.push(found.ok_or_else(|| usage(text!("没有图层“{word}”", "There is no layer “{word}”")))?);
    }
    let of: BTreeSet<usize> = chosen.iter().filter_map(|info| model_of(info)).collect();
    if of.len() > 1 {
        let text = Text::new(
            "这些图层来自不同的模型，请分别导出",
            "these layers come from several models: write one at a time",
        );
        return Err(usage(text));
    }
    if of.is_empty() && !chosen.iter().any(|info| info.schema.kind == "sewer_pipe") {
        return Err(usage(Text::new("这些图层里没有排水管", "there are no sewer pipes among these layers")));
    }
    Ok(Chosen::of(chosen, of.first().map(|at| models[*at].clone())))
}

fn rows_of(reader: &Reader, schema: &Schema) -> Result<Vec<(Feature, Option<ModelRow>)>, Failure> {
    let mut rows = Vec::new();
    reader.query(&schema.table, &Query::default(), &mut |feature| {
        rows.push(feature);
        ControlFlow::Continue(())
    })?;
    let kept = reader.model_rows(schema, &rows)?;
    Ok(rows.into_iter().zip(kept).collect())
}

/// A model that came in keeps its units: curves, rules and rainfall are in them, too.
fn check_units(text: &[u8], wanted: Option<Units>) -> Result<(), Failure> {
    let Some(wanted) = wanted else { return Ok(()) };
    let own = Units::of_model(text);
    if own == wanted {
        return Ok(());
    }
    let (own, wanted) = (own.flow, wanted.flow);
    Err(usage(text!(
        "这个模型以 {own} 为单位，其曲线、规则也是，不能改写为 {wanted}",
        "this model is in {own}, and so are its curves and rules: it cannot be written in {wanted}"
    )))
}

#[cfg(test)]
mod tests;
