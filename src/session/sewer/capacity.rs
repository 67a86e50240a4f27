//! How full the sewers of the open city run in dry weather: users, network and pipes brought together, and written to
//! files.

use std::collections::BTreeSet;

use crate::geom::crs::Crs;
use crate::io::format::Written;
use crate::model::expr::Expr;
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::{Code, Field, Schema};
use crate::model::value::Value;
use crate::store::query::Query;
use crate::task::Task;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::capacity::{CapacityReport, CapacityRules, Peaking, PipeLoad, Split, capacity};
use crate::trades::sewer::manning::{NoCapacity, RoughBy};
use crate::trades::sewer::pipe::RowRef;
use crate::trades::sewer::users::{LoadRules, NodeUses, UserRules, Users};

use super::SewerDesk;
use super::live::LiveNetwork;
use super::out::OutFile;
use super::users::UserRows;
use crate::session::answer::Failure;
use crate::session::look::expr_failure;
use crate::session::state::FeatureRef;

/// Seconds of a day, over litres of a cubic metre: m³/d to L/s.
const L_PER_S: f64 = 1.0 / 86.4;

/// What is asked of the capacity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CapacityAsk {
    /// How pipes are judged.
    pub rules: CapacityRules,
    /// How users join and what they discharge.
    pub users: UserRules,
    /// Which pipes are told of; water runs through all of them.
    pub filter: Option<Expr>,
}

/// How full the sewers run, as a report shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CapacityAnswer {
    /// What was asked.
    pub ask: CapacityAsk,
    /// The pipes, the fullest first, then those without a ratio.
    pub pipes: Vec<LoadedPipe>,
    /// Where the water ends, the largest flow first.
    pub sinks: Vec<LoadedSink>,
    /// Of each reason in [`NoCapacity::ALL`] how many of these pipes it keeps from having a capacity.
    pub without: [usize; 12],
    /// How many of these pipes have n of their row, of their material, of the setting.
    pub roughness: [usize; 3],
    /// Length of these pipes, and of those that are more than full, metres.
    pub length_m: f64,
    /// Pipes that are more than full.
    pub over: usize,
    /// Their length, metres.
    pub over_m: f64,
    /// Drainage users, and those that join no node.
    pub users: [usize; 2],
    /// Users of whose discharge nothing is known.
    pub users_without_load: usize,
    /// What comes into the network, mean, L/s.
    pub in_l_per_s: f64,
    /// Discharge of users that join no node, m³/d.
    pub unjoined_m3_per_d: f64,
    /// Loops that water flows through.
    pub loops: usize,
    /// Nodes where it was split.
    pub splits: usize,
}

/// A pipe and how full it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedPipe {
    /// Its row.
    pub at: FeatureRef,
    /// Its code.
    pub code: String,
    /// Code of what it carries.
    pub system: &'static str,
    /// Diameter, mm.
    pub diameter_mm: Option<f64>,
    /// Length, metres.
    pub length_m: f64,
    /// Capacity and load.
    pub load: PipeLoad,
}

/// Where water ends.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedSink {
    /// Its row; `None` for a node that only pipes name.
    pub at: Option<FeatureRef>,
    /// Its code.
    pub code: String,
    /// Its name; empty for none.
    pub name: String,
    /// Whether water may end there.
    pub is_outlet: bool,
    /// Whether it is a loop that nothing leaves.
    pub is_loop: bool,
    /// Mean flow, m³/d.
    pub mean_m3_per_d: f64,
    /// What the plant or pump was designed for, m³/d.
    pub design_m3_per_d: Option<f64>,
}

impl CapacityAnswer {
    /// Whether anything is known to come into the network: where nothing is, a load of nothing says nothing.
    pub fn knows_load(&self) -> bool {
        self.in_l_per_s > 0.0 || self.unjoined_m3_per_d > 0.0
    }

    /// What the numbers rest on, for the foot of a report.
    pub fn basis(&self) -> Vec<Text> {
        let LoadRules { litres_per_head, heads_per_household } = self.ask.users.load;
        let manning = &self.ask.rules.manning;
        let table: Vec<String> = manning.roughness.iter().map(|(material, n)| format!("{material} {n}")).collect();
        let table = table.join(", ");
        let (other_zh, other_en) =
            manning.other_n.map_or(("不计算".to_owned(), "none".to_owned()), |n| (n.to_string(), n.to_string()));
        let peaking = peaking_words(self.ask.rules.peaking);
        let split = match self.ask.rules.split {
            Split::Equal => Text::new("平均分配", "in equal parts"),
            Split::ByCapacity => Text::new("按满流能力分配", "by full-flow capacity"),
        };
        let (zh_peak, en_peak, zh_split, en_split) = (peaking.zh, peaking.en, split.zh, split.en);
        vec![
            text!(
                "满流能力按曼宁公式；坡度按记录长度，缺记录时按图上长度；n 取记录值，其次按管材：{table}；其余：{other_zh}",
                "Full flow by Manning; the slope over the recorded length, else over the drawn one; n of the record, else by material: {table}; all others: {other_en}"
            ),
            text!(
                "旱流量取记录排水量，其次按每人每天 {litres_per_head} L、每户 {heads_per_household} 人估算（假定值）；不计地下水入渗",
                "Dry-weather flow as recorded, else {litres_per_head} L a head and day with {heads_per_household} people a household (assumptions); no infiltration"
            ),
            text!(
                "变化系数：{zh_peak}；多出口处{zh_split}；旱流不过堰",
                "Peak factor: {en_peak}; where ways part {en_split}; nothing over weirs in dry weather"
            ),
        ]
    }
}

fn peaking_words(peaking: Peaking) -> Text {
    match peaking {
        Peaking::Gb2021 => Text::new(
            "GB 50014-2021 综合生活污水量变化系数表（2.7–1.5，内插）",
            "table of GB 50014-2021 (2.7 to 1.5, interpolated)",
        ),
        Peaking::Formula => {
            Text::new("Kz = 2.7/Q^0.11，1.3–2.3（GB 50014-2006）", "Kz = 2.7/Q^0.11, 1.3 to 2.3 (GB 50014-2006)")
        }
        Peaking::Fixed(factor) => text!("固定值 {factor}", "{factor} everywhere"),
    }
}

impl SewerDesk {
    /// How full the sewers run.
    ///
    /// # Errors
    /// The filter names a field that no layer of pipes has; the city cannot be read; cancelled.
    pub fn capacity(&self, ask: &CapacityAsk, task: &mut Task<'_>) -> Result<CapacityAnswer, Failure> {
        task.report(&Text::new("计算排水能力", "Working out how full the sewers run"), 0, None)?;
        let UserRows { users, .. } = self.user_rows(task)?;
        let wanted = ask.filter.as_ref().map(|filter| self.wanted_pipes(filter, task)).transpose()?;
        let (mut answer, nodes) = self.with(task, |live| {
            let users = Users::new(&live.sewers, users, ask.users.clone());
            let sources = sources(&users.node_uses());
            let report = capacity(&live.sewers, &sources, &ask.rules);
            let mut answer = CapacityAnswer { ask: ask.clone(), ..CapacityAnswer::default() };
            answer.tell_of_users(&users);
            answer.tell(live, report, wanted.as_ref())
        })?;
        self.add_designs(&mut answer, &nodes)?;
        Ok(answer)
    }

    /// The pipes that a filter lets through.
    fn wanted_pipes(&self, filter: &Expr, task: &Task<'_>) -> Result<BTreeSet<RowRef>, Failure> {
        let layers = self.with(task, |live| {
            let layers = (0_u16..).zip(live.layers.iter()).filter(|(_, layer)| layer.has_pipes);
            layers.map(|(number, layer)| (number, layer.schema.clone())).collect::<Vec<_>>()
        })?;
        let reader = self.city().reader()?;
        let (mut wanted, mut refused, mut is_taken) = (BTreeSet::new(), None, layers.is_empty());
        for (layer, schema) in layers {
            let resolved = filter.clone().resolve(&schema).and_then(|expr| expr.check(&schema).map(|()| expr));
            match resolved {
                Ok(expr) => {
                    is_taken = true;
                    let ids = reader.ids(&schema.table, &Query::filtered(expr))?;
                    wanted.extend(ids.into_iter().map(|id| RowRef { layer, id }));
                }
                Err(error) => refused = Some(expr_failure(&error)),
            }
        }
        refused.filter(|_| !is_taken).map_or(Ok(wanted), Err)
    }

    /// What plants and pumps were designed for stands in their rows, not in the network.
    fn add_designs(&self, answer: &mut CapacityAnswer, nodes: &[Schema]) -> Result<(), Failure> {
        let reader = self.city().reader()?;
        let field = ["capacity_m3_per_d".to_owned()];
        for schema in nodes.iter().filter(|schema| schema.field(&field[0]).is_some()) {
            let sinks = answer.sinks.iter_mut();
            for sink in sinks {
                let Some(at) = sink.at.as_ref().filter(|at| at.layer == schema.table) else { continue };
                let rows = reader.rows(&schema.table, &[at.id], &field)?;
                sink.design_m3_per_d = rows.first().and_then(|(_, values)| values.first()?.as_f64());
            }
        }
        Ok(())
    }

    /// Writes the pipes of an answer with their lines.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_capacity(
        &self,
        answer: &CapacityAnswer,
        out: &OutFile,
        task: &mut Task<'_>,
    ) -> Result<Written, Failure> {
        let ending = out.path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let schema = pipe_schema(!matches!(ending.as_str(), "csv" | "tsv" | "xlsx"));
        let has_lines = schema.geometry.is_some();
        let rows: Vec<Feature> = self.with(task, |live| {
            let line = |pipe: &LoadedPipe| {
                let row = live.row(&pipe.at.layer, pipe.at.id)?;
                let line = live.sewers.line_along(live.sewers.pipe_of_row(row)?);
                (has_lines && line.len() > 1).then(|| Geometry::line(&line))
            };
            (1..).zip(&answer.pipes).map(|(id, pipe)| pipe_row(id, pipe, answer.knows_load(), line(pipe))).collect()
        })?;
        self.write_rows(out, &schema, &rows, task)
    }
}

/// What comes into each node, L/s, in the order of the nodes.
pub(super) fn sources(uses: &NodeUses) -> Vec<(u32, f64)> {
    let mut sources: Vec<(u32, f64)> =
        uses.iter().map(|(&node, used)| (node, used.volume_m3_per_d * L_PER_S)).collect();
    sources.sort_by_key(|source| source.0);
    sources
}

impl CapacityAnswer {
    fn tell_of_users(&mut self, users: &Users) {
        for (user, join) in users.each() {
            let load = user.load_m3_per_d(&users.rules().load);
            self.users[0] += 1;
            self.users[1] += usize::from(join.node.is_none());
            self.users_without_load += usize::from(load.is_none());
            self.unjoined_m3_per_d += load.filter(|_| join.node.is_none()).map_or(0.0, |load| load.0);
        }
    }

    /// Takes in what was worked out; the shapes of the layers of nodes come back.
    fn tell(
        mut self,
        live: &LiveNetwork,
        report: CapacityReport,
        wanted: Option<&BTreeSet<RowRef>>,
    ) -> (Self, Vec<Schema>) {
        (self.in_l_per_s, self.loops, self.splits) = (report.in_l_per_s, report.loops, report.splits);
        for load in report.pipes {
            let Some(row) = live.sewers.pipe(load.pipe) else { continue };
            if wanted.is_some_and(|wanted| !wanted.contains(&row.row)) {
                continue;
            }
            let length_m = live.sewers.length_m(load.pipe);
            self.count(&load, length_m);
            self.pipes.push(LoadedPipe {
                at: live.feature(row.row),
                code: row.code.to_string(),
                system: row.system.code(),
                diameter_mm: row.diameter_mm,
                length_m,
                load,
            });
        }
        let key = |pipe: &LoadedPipe| pipe.load.ratio().unwrap_or(-1.0);
        self.pipes.sort_by(|a, b| key(b).total_cmp(&key(a)).then(a.load.pipe.cmp(&b.load.pipe)));
        for sink in report.sinks {
            let joint = live.sewers.node(sink.node);
            let row = joint.and_then(|joint| joint.row.as_ref());
            self.sinks.push(LoadedSink {
                at: row.map(|row| live.feature(row.row)),
                code: joint.map(|joint| joint.code.to_string()).unwrap_or_default(),
                name: row.map(|row| row.name.to_string()).unwrap_or_default(),
                is_outlet: sink.is_outlet,
                is_loop: sink.is_loop,
                mean_m3_per_d: sink.mean_l_per_s / L_PER_S,
                design_m3_per_d: None,
            });
        }
        let nodes = live.layers.iter().filter(|layer| !layer.has_pipes).map(|layer| layer.schema.clone()).collect();
        (self, nodes)
    }

    fn count(&mut self, load: &PipeLoad, length_m: f64) {
        self.length_m += length_m;
        match load.full {
            Ok(full) => self.roughness[full.n_by as usize] += 1,
            Err(why) => {
                let place = NoCapacity::ALL.iter().position(|it| *it == why);
                place.into_iter().for_each(|place| self.without[place] += 1);
            }
        }
        if load.ratio().is_some_and(|ratio| ratio > 1.0) {
            self.over += 1;
            self.over_m += length_m;
        }
    }
}

impl LoadedPipe {
    /// What said Manning's n, as a word in files.
    pub fn n_by(&self) -> Option<&'static str> {
        self.load.full.ok().map(|full| match full.n_by {
            RoughBy::Record => "record",
            RoughBy::Material => "material",
            RoughBy::Setting => "setting",
        })
    }
}

fn pipe_schema(has_lines: bool) -> Schema {
    let codes = NoCapacity::ALL.map(|why| Code { value: why.code().into(), name: why.name() }).to_vec();
    let systems = crate::kinds::find("sewer_pipe").and_then(|kind| kind.fields.iter().find(|it| it.id == "sewer_type"));
    let system = Field::text("sewer_type", "排水类型", "Sewer type");
    Schema {
        table: "sewer_capacity".to_owned(),
        name: Text::new("排水能力与负荷", "Capacity and load"),
        kind: "plain".to_owned(),
        geometry: has_lines.then_some(GeometryKind::LineString),
        crs: Crs::WGS84,
        z_order: 0,
        fields: vec![
            Field::text("code", "管段编号", "Pipe number"),
            Field { codes: systems.map(|field| field.codes.clone()).unwrap_or_default(), ..system },
            Field::real("diameter_mm", "管径", "Diameter", "mm"),
            Field::real("length_m", "长度", "Length", "m"),
            Field::real("slope_permille", "坡度", "Gradient", "‰"),
            Field::real("manning_n", "粗糙系数 n", "Manning n", ""),
            Field::text("n_by", "n 的依据", "n by"),
            Field::real("full_l_per_s", "满流能力", "Full flow", "L/s"),
            Field::real("velocity_m_per_s", "满流流速", "Full-flow velocity", "m/s"),
            Field::real("mean_l_per_s", "旱流平均流量", "Mean dry-weather flow", "L/s"),
            Field::real("peak_l_per_s", "旱流高峰流量", "Peak dry-weather flow", "L/s"),
            Field::real("load_ratio", "负荷率", "Load ratio", ""),
            Field { codes, ..Field::text("no_capacity", "无法计算的原因", "Why there is no capacity") },
            Field::bool("in_loop", "在环路中", "In a loop"),
            Field::text("layer", "图层", "Layer"),
            Field::int("feature_id", "要素号", "Feature"),
        ],
    }
}

fn pipe_row(id: i64, pipe: &LoadedPipe, knows_load: bool, geometry: Option<Geometry>) -> Feature {
    let load = &pipe.load;
    let full = load.full.ok();
    let rounded = |value: Option<f64>, scale: f64| Value::from(value.map(|value| (value * scale).round() / scale));
    let values = vec![
        pipe.code.as_str().into(),
        pipe.system.into(),
        pipe.diameter_mm.into(),
        rounded(Some(pipe.length_m), 1000.0),
        rounded(full.map(|full| full.slope * 1000.0), 1000.0),
        full.map(|full| full.n).into(),
        pipe.n_by().into(),
        rounded(full.map(|full| full.l_per_s), 1000.0),
        rounded(full.map(|full| full.velocity_m_per_s), 1000.0),
        rounded(Some(load.mean_l_per_s), 1000.0),
        rounded(Some(load.peak_l_per_s), 1000.0),
        rounded(load.ratio().filter(|_| knows_load), 10_000.0),
        load.full.err().map(NoCapacity::code).into(),
        load.is_in_loop.into(),
        pipe.at.layer.as_str().into(),
        pipe.at.id.into(),
    ];
    Feature { id, geometry, values }
}
