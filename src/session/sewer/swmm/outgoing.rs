//! Rows of the city as the nodes and links of a model.

use std::collections::HashMap;

use crate::geom::crs::Crs;
use crate::geom::measure::{path_length_m, ring_area_m2};
use crate::geom::transform::Transform;
use crate::io::swmm::{Area, Gage, Kept, Layer, Link, LinkKind, Node, NodeKind, positions};
use crate::model::feature::Feature;
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::store::model_text::ModelRow;
use crate::task::{Problem, Problems};
use crate::text;
use crate::text::Text;
use crate::trades::sewer::manning::ROUGHNESS;
use crate::trades::sewer::pipe::{Node as RowNode, NodeType, Pipe, RowReader, RowRef};
use crate::trades::sewer::runnable::{RunKind, RunLink, RunNode, UNKNOWN_MM, make_runnable};
use crate::trades::sewer::sewers::{Joining, Sewers};

use super::Rows;
use crate::session::answer::{Failure, FailureKind};

/// States of what is not in the ground, or no longer used.
const NOT_IN_USE: [&str; 3] = ["planned", "building", "retired"];

/// The network as it goes out.
pub(super) struct Network {
    pub(super) nodes: Vec<Node>,
    pub(super) links: Vec<Link>,
    /// `None` where the subcatchments of the model stay as they are.
    pub(super) areas: Option<Vec<Area>>,
    /// Likewise the rain gages.
    pub(super) gages: Option<Vec<Gage>>,
    pub(super) problems: Problems,
}

/// What users discharge in dry weather, by the node that they join.
#[derive(Debug, Default)]
pub(super) struct DryFlows {
    /// Litres per second by table name and row.
    pub(super) by_row: HashMap<(String, i64), f64>,
    /// All that joins a node, L/s.
    pub(super) total_l_s: f64,
    /// What joins none, m³ a day.
    pub(super) unjoined_m3_per_d: f64,
}

/// Rows that are gathered for a model.
pub(super) struct Outgoing {
    crs: Crs,
    model: Option<i64>,
    nodes: Vec<(RowNode, Node)>,
    links: Vec<(Pipe, Link)>,
    /// Places of the nodes at the ends of links; none where the network has no such node.
    ends: Vec<Option<[usize; 2]>>,
    areas: Option<Vec<Area>>,
    gages: Option<Vec<Gage>>,
    /// Table names of the layers, in the order of [`RowRef::layer`].
    tables: Vec<String>,
    out_of_use: u64,
    problems: Problems,
}

/// One row with its layer's shape.
struct Row<'a> {
    schema: &'a Schema,
    feature: &'a Feature,
}

impl Row<'_> {
    fn value(&self, id: &str) -> &Value {
        let place = self.schema.field_index(id).and_then(|place| self.feature.values.get(place));
        place.unwrap_or(&Value::Null)
    }

    fn number(&self, id: &str) -> Option<f64> {
        self.value(id).as_f64()
    }

    fn words(&self, id: &str) -> Option<String> {
        Some(self.value(id).to_string().trim().to_owned()).filter(|words| !words.is_empty())
    }

    fn is_in_use(&self) -> bool {
        !self.value("state").as_str().is_some_and(|state| NOT_IN_USE.contains(&state))
    }
}

impl Outgoing {
    pub(super) fn new(crs: Crs, model: Option<i64>) -> Self {
        Self {
            crs,
            model,
            nodes: Vec::new(),
            links: Vec::new(),
            ends: Vec::new(),
            areas: None,
            gages: None,
            tables: Vec::new(),
            out_of_use: 0,
            problems: Problems::default(),
        }
    }

    /// Positions of a row in the coordinates of the model.
    fn places(&self, from: &Schema, feature: &Feature) -> Result<Vec<[f64; 2]>, Failure> {
        let places = feature.geometry.as_ref().map(positions).unwrap_or_default();
        // A layer without a place has no coordinate system either.
        if places.is_empty() || from.crs == self.crs {
            return Ok(places);
        }
        let failure =
            |error: crate::geom::crs::CrsError| Failure::new(FailureKind::Data, Text::owned(error.zh(), error.en()));
        let transform = Transform::new(from.crs, self.crs).map_err(failure)?;
        Ok(places.into_iter().filter_map(|at| transform.point(at).ok()).collect())
    }

    fn kept(&self, row: Option<ModelRow>) -> Option<Kept> {
        let row = row.filter(|row| Some(row.model) == self.model)?;
        Some(Kept { number: row.number, changed: row.changed, is_moved: row.is_moved })
    }

    pub(super) fn add_nodes(&mut self, rows: Rows) -> Result<(), Failure> {
        let reader = RowReader::nodes(self.tables.len() as u16, &rows.schema);
        self.tables.push(rows.schema.table.clone());
        for (feature, model) in rows.rows {
            let row = Row { schema: &rows.schema, feature: &feature };
            if !row.is_in_use() {
                self.out_of_use += 1;
                continue;
            }
            let record =
                reader.node(feature.id, feature.geometry.as_ref(), &reader.pick(&rows.schema, &feature.values));
            let place = self.places(&rows.schema, &feature)?.first().copied();
            let kept = self.kept(model);
            self.nodes.push((record, node_of(&row, place, kept)));
        }
        Ok(())
    }

    pub(super) fn add_pipes(&mut self, rows: Rows) -> Result<(), Failure> {
        let reader = RowReader::pipes(self.tables.len() as u16, &rows.schema);
        self.tables.push(rows.schema.table.clone());
        for (feature, model) in rows.rows {
            let row = Row { schema: &rows.schema, feature: &feature };
            if !row.is_in_use() {
                self.out_of_use += 1;
                continue;
            }
            let record =
                reader.pipe(feature.id, feature.geometry.as_ref(), &reader.pick(&rows.schema, &feature.values));
            let places = self.places(&rows.schema, &feature)?;
            let kept = self.kept(model);
            self.links.push((record, link_of(&row, &places, kept)));
        }
        Ok(())
    }

    /// Subcatchments, those too that were drawn since the model came in.
    pub(super) fn add_areas(&mut self, rows: &Rows) -> Result<(), Failure> {
        let fields = Layer::Areas.fields();
        let mut areas = Vec::new();
        for (feature, model) in &rows.rows {
            let row = Row { schema: &rows.schema, feature };
            let values = fields.iter().map(|field| row.value(&field.id).clone()).collect();
            let mut ring = self.places(&rows.schema, feature)?;
            ring.pop();
            let drawn_m2 = self.degrees(&ring).map(|ring| ring_area_m2(ring).abs());
            let ring = feature.geometry.is_some().then_some(ring);
            areas.push(Area { kept: self.kept(model.clone()), values, ring, drawn_m2 });
        }
        self.areas = Some(areas);
        Ok(())
    }

    /// Positions of the model in degrees.
    fn degrees(&self, places: &[[f64; 2]]) -> Option<Vec<[f64; 2]>> {
        let to_degrees = Transform::new(self.crs, Crs::WGS84).ok()?;
        let places: Option<Vec<[f64; 2]>> = places.iter().map(|at| to_degrees.point(*at).ok()).collect();
        places.filter(|places| places.len() > 2)
    }

    /// Rain gages.
    pub(super) fn add_gages(&mut self, rows: &Rows) -> Result<(), Failure> {
        let fields = Layer::Gages.fields();
        let mut gages = Vec::new();
        for (feature, model) in &rows.rows {
            let row = Row { schema: &rows.schema, feature };
            let values = fields.iter().map(|field| row.value(&field.id).clone()).collect();
            let place = self.places(&rows.schema, feature)?.first().copied();
            gages.push(Gage { kept: self.kept(model.clone()), values, place });
        }
        self.gages = Some(gages);
        Ok(())
    }

    /// Gives nodes the dry-weather flow of the users that join them; a node that has one of its own keeps it.
    pub(super) fn load(&mut self, flows: &DryFlows) {
        let (mut given, mut kept, mut placed_l_s) = (0_u64, 0_u64, 0.0);
        for (record, node) in &mut self.nodes {
            let table = self.tables.get(usize::from(record.row.layer)).cloned().unwrap_or_default();
            let Some(flow) = flows.by_row.get(&(table, record.row.id)) else { continue };
            placed_l_s += flow;
            if node.dry_flow_l_s.is_some_and(|own| own != 0.0) {
                kept += 1;
                continue;
            }
            given += 1;
            node.dry_flow_l_s = Some(*flow);
            node.kept.as_mut().into_iter().for_each(|kept| _ = kept.changed.insert("dry_flow_l_s".to_owned()));
        }
        let lost_m3 = (flows.total_l_s - placed_l_s).max(0.0) * 86.4 + flows.unjoined_m3_per_d;
        let what = text!(
            "{given} 个节点写入排水户的旱流量；{kept} 个节点原有旱流量，保留不变；没有接入这些节点的排水量 {lost_m3:.1} m³/d",
            "{given} nodes are given the dry-weather flow of their users; {kept} have one of their own and keep it; \
             {lost_m3:.1} m³/d join none of these nodes"
        );
        self.problems.push(Problem::warning("swmm.dry-flow", what));
    }

    /// Joins, repairs and names all of it.
    pub(super) fn finish(mut self, close_ends: bool) -> Network {
        if self.out_of_use > 0 {
            let count = self.out_of_use;
            let what = text!(
                "{count} 个拟建、在建或已废的要素没有写出",
                "{count} features that are planned, being built or retired are left out"
            );
            self.problems.push(Problem::warning("swmm.not-in-use", what));
        }
        self.links.iter_mut().for_each(|(pipe, link)| refill(pipe, link, &mut self.problems));
        self.nodes.iter().for_each(|(_, node)| tell_no_level(node, &mut self.problems));
        self.find_ends();
        self.join();
        let run_nodes = self.nodes.iter().map(|(record, node)| run_node(record, node)).collect();
        let whole: Vec<bool> = self.ends.iter().map(Option::is_some).collect();
        let joined = self.links.iter().zip(&self.ends).filter_map(|((_, link), ends)| Some(run_link(link, (*ends)?)));
        let run_links = joined.collect();
        let run = make_runnable(run_nodes, run_links, close_ends);
        self.problems.append(run.problems);
        let mut nodes: Vec<Node> = self.nodes.into_iter().map(|(_, node)| node).collect();
        let names: Vec<String> = run.nodes.iter().map(|node| node.name.clone()).collect();
        for (at, made) in run.nodes.into_iter().enumerate() {
            take_node(&mut nodes, at, made);
        }
        nodes.iter_mut().for_each(|node| drain(node, &mut self.problems));
        let mut links: Vec<Link> = self.links.into_iter().map(|(_, link)| link).collect();
        let mut made = run.links.into_iter();
        let whole_ones = links.iter_mut().zip(&whole).filter(|(_, whole)| **whole).map(|(link, _)| link);
        for (link, made) in whole_ones.zip(made.by_ref()) {
            take_link(link, made, &names);
        }
        links.extend(made.map(|made| new_link(made, &names)));
        Network { nodes, links, areas: self.areas, gages: self.gages, problems: self.problems }
    }

    /// Finds the nodes that links name.
    fn find_ends(&mut self) {
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, (_, node)) in self.nodes.iter().enumerate() {
            places.entry(node.name.to_ascii_uppercase()).or_insert(place);
        }
        let find = |name: &String| places.get(&name.to_ascii_uppercase()).copied();
        let ends = self.links.iter().map(|(_, link)| find(&link.ends[0]).zip(find(&link.ends[1])));
        self.ends = ends.map(|ends| ends.map(|(from, to)| [from, to])).collect();
    }

    /// Joins the pipes that did not come out of the model: as the record says, else where their ends lie. Ends without a
    /// node get one.
    fn join(&mut self) {
        let is_settled = |link: &Link| link.kept.as_ref().is_some_and(|kept| !is_rejoined(kept));
        if self.links.iter().all(|(_, link)| is_settled(link)) {
            return;
        }
        let pipes = self.links.iter().map(|(pipe, _)| pipe.clone()).collect();
        let nodes = self.nodes.iter().map(|(node, _)| node.clone()).collect();
        let sewers = Sewers::new(pipes, nodes, Joining::default());
        let by_row: HashMap<RowRef, usize> =
            self.nodes.iter().enumerate().map(|(at, (node, _))| (node.row, at)).collect();
        let mut implied: HashMap<u32, usize> = HashMap::new();
        let mut lost = Vec::new();
        for at in 0..self.links.len() {
            let (pipe, link) = &self.links[at];
            if is_settled(link) {
                continue;
            }
            let number = sewers.pipe_of_row(pipe.row);
            let Some((number, flow)) = number.and_then(|number| Some((number, *sewers.flow(number)?))) else {
                lost.push(at);
                continue;
            };
            let ends = flow.nodes.map(|node| {
                let joint = sewers.node(node);
                let row = joint.and_then(|joint| joint.row.as_ref()).and_then(|row| by_row.get(&row.row));
                row.copied().unwrap_or_else(|| {
                    *implied.entry(node).or_insert_with(|| {
                        let (code, place) = joint.map_or((String::new(), None), |it| (it.code.to_string(), it.at));
                        self.imply(code, place)
                    })
                })
            });
            self.ends[at] = Some(ends);
            let (_, link) = &mut self.links[at];
            if flow.is_drawn_against {
                link.vertices.reverse();
            }
            link.inverts_m = flow.inverts_m;
            if link.kind == LinkKind::Conduit {
                link.length_m = link.length_m.or(Some(sewers.length_m(number)).filter(|length| *length > 0.0));
            }
        }
        self.leave_out(&lost);
    }

    /// A node of which there is no record, at a place in degrees; where it stands among the nodes.
    fn imply(&mut self, name: String, at: Option<[f64; 2]>) -> usize {
        let what = match (name.is_empty(), at) {
            (true, Some([lon, lat])) => text!(
                "({lon:.6}, {lat:.6}) 处管段的端点没有节点记录，按普通井写出",
                "a pipe ends at ({lon:.6}, {lat:.6}) without a node: written as a junction"
            ),
            _ => text!(
                "管段的端点“{name}”没有节点记录，按普通井写出",
                "pipes end at “{name}”, of which there is no record: written as a junction"
            ),
        };
        self.problems.push(Problem { at, ..Problem::warning("swmm.implied-node", what) });
        let place = at.and_then(|at| Transform::new(Crs::WGS84, self.crs).ok()?.point(at).ok());
        let row = RowRef { layer: u16::MAX, id: self.nodes.len() as i64 };
        self.nodes.push((RowNode { row, ..RowNode::default() }, empty_node(name, place)));
        self.nodes.len() - 1
    }

    fn leave_out(&mut self, lost: &[usize]) {
        for at in lost.iter().rev() {
            self.ends.remove(*at);
            let (pipe, link) = self.links.remove(*at);
            let (id, name) = (pipe.row.id, link.name);
            let what = text!(
                "管段“{name}”（{id}）没有端点也没有位置，没有写出",
                "pipe “{name}” ({id}) has neither nodes nor a place: left out"
            );
            self.problems.push(Problem::error("swmm.no-ends", what));
        }
    }
}

/// Takes what stands in for a length or a size that a pipe of the model has lost: SWMM refuses a zero.
fn refill(pipe: &Pipe, link: &mut Link, problems: &mut Problems) {
    let Some(kept) = link.kept.as_mut().filter(|_| link.kind == LinkKind::Conduit) else { return };
    let name = &link.name;
    if kept.changed.contains("length_m") && link.length_m.is_none() {
        let drawn_m = path_length_m(pipe.line.iter().copied());
        if drawn_m > 0.0 {
            // A record is to the millimetre.
            let drawn_m = ((drawn_m * 1000.0).round() / 1000.0).max(0.001);
            link.length_m = Some(drawn_m);
            let what = text!(
                "管段“{name}”没有填写长度，按图上长度 {drawn_m:.3} m 写出",
                "pipe “{name}” states no length: {drawn_m:.3} m, as it is drawn, is written"
            );
            problems.push(Problem::warning("swmm.size", what));
        } else {
            kept.changed.remove("length_m");
            let what = text!(
                "管段“{name}”没有填写长度，图上也量不出，模型中保留原来的长度，运行前请补充",
                "pipe “{name}” states no length, and none can be measured on the map: the model keeps the old one, fill \
                 it in before the model is run"
            );
            problems.push(Problem::error("swmm.no-length", what));
        }
    }
    let is_irregular = link.section.as_deref() == Some("irregular");
    if kept.changed.contains("diameter_mm") && link.height_mm.is_none() && !is_irregular {
        link.height_mm = Some(UNKNOWN_MM);
        let what = text!(
            "管段“{name}”没有管径，按 {UNKNOWN_MM:.0} mm 写出",
            "pipe “{name}” has no size: {UNKNOWN_MM:.0} mm is written"
        );
        problems.push(Problem::warning("swmm.size", what));
    }
}

/// Tells a node of the model that has lost its level.
fn tell_no_level(node: &Node, problems: &mut Problems) {
    let is_cleared = node.kept.as_ref().is_some_and(|kept| kept.changed.contains("bottom_level_m"));
    if is_cleared && node.bottom_m.is_none() {
        let name = &node.name;
        let what = text!(
            "节点“{name}”的井底标高已清空，写为 0，运行前请补充",
            "node “{name}” has lost its bottom level: 0 is written, fill it in before the model is run"
        );
        problems.push(Problem::error("swmm.no-level", what));
    }
}

/// Whether a link of the model hangs on other nodes now.
fn is_rejoined(kept: &Kept) -> bool {
    kept.changed.contains("from_node") || kept.changed.contains("to_node")
}

fn node_of(row: &Row<'_>, place: Option<[f64; 2]>, mut kept: Option<Kept>) -> Node {
    let (bottom_m, ground_m) = (row.number("bottom_level_m"), row.number("ground_level_m"));
    let between = ground_m.zip(bottom_m).map(|(ground, bottom)| ground - bottom).filter(|depth| *depth > 0.0);
    let mut depth_m = row.number("depth_m");
    if let Some(kept) = &mut kept {
        let is = |field: &str| kept.changed.contains(field);
        // Who moves the ground or the bottom means the depth between them, unless that was typed as well.
        if (is("ground_level_m") || is("bottom_level_m")) && !is("depth_m") && between.is_some() {
            depth_m = between;
            kept.changed.insert("depth_m".to_owned());
        }
    } else {
        depth_m = depth_m.or(between);
    }
    Node {
        kept,
        kind: match row.value("node_type").as_str() {
            Some("outfall") => NodeKind::Outfall,
            Some("storage") => NodeKind::Storage,
            Some("divider") => NodeKind::Divider,
            _ => NodeKind::Junction,
        },
        bottom_m,
        depth_m,
        init_depth_m: row.number("init_depth_m"),
        surcharge_depth_m: row.number("surcharge_depth_m"),
        ponded_area_m2: row.number("ponded_area_m2"),
        dry_flow_l_s: row.number("dry_flow_l_s"),
        inflow_l_s: row.number("inflow_l_s"),
        has_flap: row.value("has_flap").as_bool(),
        boundary: row.words("outfall_type"),
        stage: row.words("outfall_stage"),
        storage: row.words("storage_curve"),
        tag: row.words("tag"),
        remark: row.words("remark"),
        ..empty_node(row.words("code").unwrap_or_default(), place)
    }
}

fn empty_node(name: String, place: Option<[f64; 2]>) -> Node {
    Node { name, place, ..Node::default() }
}

/// Height and width of a section. The one size of a round pipe may stand in either column; it is its height then.
fn size_of(row: &Row<'_>, kept: &mut Option<Kept>) -> [Option<f64>; 2] {
    let [height, width] = ["diameter_mm", "width_mm"].map(|size| row.number(size).filter(|size| *size > 0.0));
    let is_round = matches!(row.words("section").as_deref(), None | Some("circle"));
    if height.is_some() || width.is_none() || !is_round {
        return [height, width];
    }
    if let Some(kept) = kept
        && kept.changed.remove("width_mm")
    {
        kept.changed.insert("diameter_mm".to_owned());
    }
    [width, None]
}

fn link_of(row: &Row<'_>, places: &[[f64; 2]], mut kept: Option<Kept>) -> Link {
    let [height_mm, width_mm] = size_of(row, &mut kept);
    let material = row.value("material").as_str().unwrap_or_default();
    let of_material = ROUGHNESS.iter().find(|(known, _)| *known == material).map(|(_, n)| *n);
    Link {
        kept,
        name: row.words("code").unwrap_or_default(),
        kind: match row.value("link_type").as_str() {
            Some("pump") => LinkKind::Pump,
            Some("orifice") => LinkKind::Orifice,
            Some("weir") => LinkKind::Weir,
            Some("outlet") => LinkKind::Outlet,
            _ => LinkKind::Conduit,
        },
        ends: ["from_node", "to_node"].map(|end| row.words(end).unwrap_or_default()),
        vertices: places.get(1..places.len().saturating_sub(1)).unwrap_or_default().to_vec(),
        length_m: row.number("length_m").filter(|length| *length > 0.0),
        manning_n: row.number("manning_n").filter(|n| *n > 0.0).or(of_material),
        inverts_m: ["invert_up_m", "invert_down_m"].map(|end| row.number(end)),
        section: row.words("section"),
        height_mm,
        width_mm,
        barrels: row.value("barrels").as_i64(),
        is_pressure: row.value("is_pressure").as_bool(),
        shape: row.words("swmm_shape"),
        device: row.words("device"),
        tag: row.words("tag"),
        remark: row.words("remark"),
    }
}

fn run_node(record: &RowNode, node: &Node) -> RunNode {
    RunNode {
        name: node.name.clone(),
        is_kept: node.kept.as_ref().is_some_and(|kept| !kept.changed.contains("code")),
        kind: match node.kind {
            NodeKind::Junction | NodeKind::Divider => RunKind::Junction,
            NodeKind::Outfall => RunKind::Outfall,
            NodeKind::Storage => RunKind::Storage,
        },
        is_plant: record.node_type == NodeType::Plant,
        bottom_m: node.bottom_m,
        place: node.place,
    }
}

fn run_link(link: &Link, ends: [usize; 2]) -> RunLink {
    RunLink {
        name: link.name.clone(),
        is_kept: link.kept.as_ref().is_some_and(|kept| !kept.changed.contains("code")),
        is_conduit: link.kind == LinkKind::Conduit,
        ends,
        length_m: link.length_m,
        height_mm: link.height_mm,
        inverts_m: link.inverts_m,
    }
}

/// Takes over what was made up for a node; nodes that were made stand behind the others.
fn take_node(nodes: &mut Vec<Node>, at: usize, made: RunNode) {
    if at == nodes.len() {
        nodes.push(empty_node(made.name.clone(), made.place));
    }
    let node = &mut nodes[at];
    if made.is_kept {
        return;
    }
    node.name = made.name;
    node.bottom_m = made.bottom_m;
    node.kind = match made.kind {
        RunKind::Junction if node.kind == NodeKind::Divider => NodeKind::Divider,
        RunKind::Junction => NodeKind::Junction,
        RunKind::Outfall => NodeKind::Outfall,
        RunKind::Storage => NodeKind::Storage,
    };
}

/// A new node holds no more water at the beginning than there is room for: SWMM refuses it otherwise.
fn drain(node: &mut Node, problems: &mut Problems) {
    let Some(init_m) = node.init_depth_m.filter(|init| node.kept.is_none() && *init > 0.0) else { return };
    if node.depth_m.is_none_or(|depth| depth < init_m) {
        let name = &node.name;
        let what = text!(
            "节点“{name}”的初始水深 {init_m:.3} m 大于井深，按 0 写出",
            "the initial depth of node “{name}”, {init_m:.3} m, is more than its depth: 0 is written"
        );
        problems.push(Problem::warning("swmm.init-depth", what));
        node.init_depth_m = None;
    }
}

fn take_link(link: &mut Link, made: RunLink, names: &[String]) {
    link.ends = made.ends.map(|end| names[end].clone());
    if made.is_kept {
        return;
    }
    link.name = made.name;
    (link.length_m, link.height_mm, link.inverts_m) = (made.length_m, made.height_mm, made.inverts_m);
}

fn new_link(made: RunLink, names: &[String]) -> Link {
    Link {
        name: made.name,
        ends: made.ends.map(|end| names[end].clone()),
        length_m: made.length_m,
        inverts_m: made.inverts_m,
        height_mm: made.height_mm,
        ..Link::default()
    }
}
