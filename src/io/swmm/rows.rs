//! A model's elements as rows: their fields, their values in metres and millimetres, their places.

use super::check::Bound;
use super::inp::{Section, key, quoted};
use super::model::{At, Model, number};
use super::shape::{has_height, has_width, section_of};
use crate::model::geometry::Geometry;
use crate::model::schema::Field;
use crate::model::value::Value;

/// The layers that a model becomes, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Junctions, outfalls, storage units, dividers.
    Nodes,
    /// Conduits, pumps, orifices, weirs, outlets.
    Links,
    /// Subcatchments.
    Areas,
    /// Rain gages.
    Gages,
}

impl Layer {
    /// All, in their order.
    pub const ALL: [Self; 4] = [Self::Nodes, Self::Links, Self::Areas, Self::Gages];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Links => "links",
            Self::Areas => "subcatchments",
            Self::Gages => "raingages",
        }
    }

    /// Its columns.
    pub fn fields(self) -> Vec<Field> {
        match self {
            Self::Nodes => node_fields(),
            Self::Links => link_fields(),
            Self::Areas => area_fields(),
            Self::Gages => gage_fields(),
        }
    }
}

fn node_fields() -> Vec<Field> {
    vec![
        Field::text("code", "井号", "Node number"),
        Field::text("node_type", "节点类型", "Node type"),
        Field::text("sewer_type", "排水类型", "Sewer type"),
        Field::real("bottom_level_m", "井底标高", "Bottom level", "m"),
        Field::real("depth_m", "井深", "Depth", "m"),
        Field::real("ground_level_m", "地面标高", "Ground level", "m"),
        Field::bool("has_flap", "拍门", "Flap gate"),
        Field::text("remark", "备注", "Remark"),
        Field::real("dry_flow_l_s", "旱流入流量", "Dry-weather inflow", "L/s"),
        Field::real("inflow_l_s", "直接入流基流", "Direct inflow, baseline", "L/s"),
        Field::real("init_depth_m", "初始水深", "Initial depth", "m"),
        Field::real("surcharge_depth_m", "允许超载水头", "Surcharge depth", "m"),
        Field::real("ponded_area_m2", "积水面积", "Ponded area", "m²"),
        Field::text("outfall_type", "排放口边界", "Outfall boundary"),
        Field::text("outfall_stage", "排放口水位", "Outfall stage"),
        Field::text("storage_curve", "调蓄曲线", "Storage curve"),
        Field::text("tag", "标签", "Tag"),
    ]
}

fn link_fields() -> Vec<Field> {
    vec![
        Field::text("code", "管段编号", "Pipe number"),
        Field::text("link_type", "连接类型", "Link type"),
        Field::text("sewer_type", "排水类型", "Sewer type"),
        Field::text("from_node", "起点井号", "From node"),
        Field::text("to_node", "终点井号", "To node"),
        Field::real("length_m", "长度", "Length", "m"),
        Field::int("diameter_mm", "管径", "Diameter").unit("mm"),
        Field::int("width_mm", "断面宽", "Section width").unit("mm"),
        Field::text("section", "断面形式", "Section"),
        Field::real("manning_n", "粗糙系数 n", "Manning n", ""),
        Field::real("invert_up_m", "起点管底标高", "Upstream invert", "m"),
        Field::real("invert_down_m", "终点管底标高", "Downstream invert", "m"),
        Field::bool("is_pressure", "压力管", "Pressure main"),
        Field::text("remark", "备注", "Remark"),
        Field::text("swmm_shape", "SWMM 断面", "SWMM shape"),
        Field::int("barrels", "孔数", "Barrels"),
        Field::text("device", "构件形式", "Device"),
        Field::text("tag", "标签", "Tag"),
    ]
}

fn area_fields() -> Vec<Field> {
    vec![
        Field::text("code", "汇水区编号", "Subcatchment"),
        Field::text("rain_gage", "雨量站", "Rain gage"),
        Field::text("outlet", "出口", "Outlet"),
        Field::real("area_ha", "面积", "Area", "ha"),
        Field::real("impervious_pct", "不透水率", "Impervious", "%"),
        Field::real("width_m", "特征宽度", "Width", "m"),
        Field::real("slope_pct", "坡度", "Slope", "%"),
        Field::real("n_impervious", "不透水区 n", "n, impervious", ""),
        Field::real("n_pervious", "透水区 n", "n, pervious", ""),
        Field::real("store_impervious_mm", "不透水区洼蓄", "Depression storage, impervious", "mm"),
        Field::real("store_pervious_mm", "透水区洼蓄", "Depression storage, pervious", "mm"),
        Field::real("zero_store_pct", "无洼蓄不透水率", "Impervious without storage", "%"),
        Field::text("route_to", "内部汇流", "Routed to"),
        Field::text("infiltration", "下渗参数", "Infiltration"),
        Field::text("tag", "标签", "Tag"),
    ]
}

fn gage_fields() -> Vec<Field> {
    vec![
        Field::text("code", "雨量站编号", "Rain gage"),
        Field::text("format", "数据形式", "Format"),
        Field::text("interval", "时间间隔", "Interval"),
        Field::text("source", "数据来源", "Source"),
    ]
}

/// A length, to the micrometre: what comes of feet and of sums is no longer the number that somebody typed.
pub(super) fn tidy(number: f64) -> f64 {
    let tidied = (number * 1e9).round() / 1e9;
    if tidied == 0.0 { 0.0 } else { tidied }
}

fn text(word: Option<&&str>) -> Value {
    word.filter(|word| !word.is_empty()).map_or(Value::Null, |word| Value::from(*word))
}

/// What the words of a line mean, in the units of its model.
struct Words<'a> {
    words: Vec<&'a str>,
    length_m: f64,
}

impl Words<'_> {
    fn text(&self, at: usize) -> Value {
        text(self.words.get(at))
    }

    fn number(&self, at: usize) -> Option<f64> {
        number(self.words.get(at)?)
    }

    fn metres(&self, at: usize) -> Option<f64> {
        Some(tidy(self.number(at)? * self.length_m))
    }

    /// A number, if it may be so.
    fn held(&self, at: usize, bound: Bound) -> Option<f64> {
        self.number(at).filter(|number| bound.holds(*number))
    }

    /// A number for which zero means that it is not given.
    fn size(&self, at: usize) -> Option<f64> {
        self.metres(at).filter(|size| *size > 0.0)
    }

    fn rest(&self, from: usize) -> Value {
        let rest = self.words.get(from..).unwrap_or_default().iter().map(|word| quoted(word));
        let rest = rest.collect::<Vec<_>>().join(" ");
        if rest.is_empty() { Value::Null } else { rest.into() }
    }
}

/// Where in the line of a divider the numbers of every node begin, behind those of its type.
pub(super) fn divider_depth(kind: &str) -> usize {
    match kind.to_ascii_uppercase().as_str() {
        "CUTOFF" | "TABULAR" => 5,
        "WEIR" => 7,
        _ => 4,
    }
}

/// The level that an outfall runs into, metres, or the name of the curve or series that has it.
fn stage_of(line: &Words<'_>) -> Value {
    let is_fixed = line.words.get(2).is_some_and(|word| word.eq_ignore_ascii_case("FIXED"));
    match line.metres(3).filter(|_| is_fixed) {
        Some(level_m) => super::lines::plain(level_m).into(),
        None => line.text(3),
    }
}

/// Where in the line of an outfall the word about its flap gate stands.
pub(super) fn outfall_gate(kind: &str) -> usize {
    if matches!(kind.to_ascii_uppercase().as_str(), "FREE" | "NORMAL") { 3 } else { 4 }
}

impl Model {
    fn line(&self, line: u32) -> Words<'_> {
        Words { words: self.words(line), length_m: self.units.length_m() }
    }

    fn maybe(&self, line: At) -> Words<'_> {
        line.map_or(Words { words: Vec::new(), length_m: 1.0 }, |line| self.line(line))
    }

    /// How many elements a layer has.
    pub(super) fn count(&self, layer: Layer) -> usize {
        match layer {
            Layer::Nodes => self.nodes.len(),
            Layer::Links => self.links.len(),
            Layer::Areas => self.areas.len(),
            Layer::Gages => self.gages.len(),
        }
    }

    /// Place and values of an element.
    pub(super) fn row(&self, layer: Layer, at: usize) -> (Option<Geometry>, Vec<Value>) {
        match layer {
            Layer::Nodes => (self.nodes[at].place.map(|[x, y]| Geometry::point(x, y)), self.node_values(at)),
            Layer::Links => (self.path(at), self.link_values(at)),
            Layer::Areas => (self.outline(at), self.area_values(at)),
            Layer::Gages => (self.gages[at].place.map(|[x, y]| Geometry::point(x, y)), self.gage_values(at)),
        }
    }

    /// The level of a node's bottom, metres.
    pub(super) fn bottom_m(&self, node: usize) -> Option<f64> {
        self.line(self.nodes[node].line).metres(1)
    }

    fn node_values(&self, at: usize) -> Vec<Value> {
        let node = &self.nodes[at];
        let line = self.line(node.line);
        let name = line.words.first().copied().unwrap_or_default();
        let word = |at: usize| line.words.get(at).copied().unwrap_or_default();
        let is = |section: Section| node.section == section;
        // Outfalls have no depth; a divider's stands behind the words of its type.
        let first = match node.section {
            Section::Junctions | Section::Storage => Some(2),
            Section::Dividers => Some(divider_depth(word(3))),
            _ => None,
        };
        let (bottom, depth) = (line.metres(1), first.and_then(|first| line.size(first)));
        let behind = |more: usize| first.and_then(|first| line.metres(first + more)).filter(|size| *size >= 0.0);
        let is_spread = is(Section::Junctions) || is(Section::Dividers);
        let square = line.length_m * line.length_m;
        let area = first
            .filter(|_| is_spread)
            .and_then(|first| line.held(first + 3, Bound::NotNegative))
            .map(|area| tidy(area * square));
        let tag = self.maybe(node.tag).text(2);
        let flow = |line: At, at: usize| self.maybe(line).number(at).map(|flow| tidy(flow * self.units.flow_l_s));
        let gate = is(Section::Outfalls).then(|| word(outfall_gate(word(2))));
        let stage = is(Section::Outfalls) && outfall_gate(word(2)) == 4;
        let kind = match node.section {
            Section::Outfalls => "outfall",
            Section::Storage => "storage",
            Section::Dividers => "divider",
            _ if depth.is_some() => "manhole",
            _ => "junction",
        };
        vec![
            name.into(),
            kind.into(),
            sewer_type(&tag, name).into(),
            bottom.into(),
            depth.into(),
            bottom.zip(depth).map(|(bottom, depth)| tidy(bottom + depth)).into(),
            gate.and_then(yes).into(),
            self.remark(node.line, name),
            flow(node.dwf, 2).into(),
            flow(node.inflow, 6).into(),
            behind(1).into(),
            behind(2).filter(|_| is_spread).into(),
            area.into(),
            if is(Section::Outfalls) { line.text(2) } else { Value::Null },
            if stage { stage_of(&line) } else { Value::Null },
            if is(Section::Storage) { line.rest(4) } else { Value::Null },
            tag,
        ]
    }

    fn link_values(&self, at: usize) -> Vec<Value> {
        let link = &self.links[at];
        let (line, section) = (self.line(link.line), self.maybe(link.xsection));
        let name = line.words.first().copied().unwrap_or_default();
        let shape = section.words.get(1).copied().unwrap_or_default();
        let conduit = link.section == Section::Conduits;
        let has_section = conduit || matches!(link.section, Section::Orifices | Section::Weirs);
        let millimetres = |size: Option<f64>| size.map(|size| Value::Int((size * 1000.0).round() as i64));
        let height = section.size(2).filter(|_| has_section && has_height(shape));
        let width = section.size(3).filter(|_| has_section && has_width(shape));
        let [up, down] = self.inverts(at);
        let tag = self.maybe(link.tag).text(2);
        let (kind, device) = match link.section {
            Section::Pumps => ("pump", line.text(3)),
            Section::Orifices => ("orifice", line.text(3)),
            Section::Weirs => ("weir", line.text(3)),
            Section::Outlets => ("outlet", line.text(4)),
            _ => ("conduit", Value::Null),
        };
        let barrels = section.held(6, Bound::Count).filter(|_| conduit);
        vec![
            name.into(),
            kind.into(),
            self.sewer_type_of_link(at, &tag, name).into(),
            self.end_name(at, 0),
            self.end_name(at, 1),
            line.size(3).filter(|_| conduit).into(),
            millimetres(height).unwrap_or_default(),
            millimetres(width).unwrap_or_default(),
            if has_section && !shape.is_empty() { section_of(shape).into() } else { Value::Null },
            line.held(4, Bound::Positive).filter(|_| conduit).into(),
            up.into(),
            down.into(),
            if shape.eq_ignore_ascii_case("FORCE_MAIN") { Value::Bool(true) } else { Value::Null },
            self.remark(link.line, name),
            if has_section { text(section.words.get(1)) } else { Value::Null },
            barrels.map(|barrels| barrels as i64).into(),
            device,
            tag,
        ]
    }

    /// The levels of a link's ends, metres: of a conduit both, of other devices the one at which water enters.
    fn inverts(&self, at: usize) -> [Option<f64>; 2] {
        let link = &self.links[at];
        let line = self.line(link.line);
        let bottom = |end: usize| link.ends[end].and_then(|node| self.bottom_m(node as usize));
        let level = |end: usize, place: usize| match line.words.get(place).copied() {
            None | Some("*") => bottom(end),
            Some(_) if self.has_levels => line.metres(place),
            Some(_) => Some(tidy(bottom(end)? + line.metres(place)?)),
        };
        match link.section {
            Section::Conduits => [level(0, 5), level(1, 6)],
            Section::Orifices | Section::Weirs => [level(0, 4), None],
            Section::Outlets => [level(0, 3), None],
            _ => [None, None],
        }
    }

    /// The name of the node at an end, as the node itself is written.
    fn end_name(&self, link: usize, end: usize) -> Value {
        match self.links[link].ends[end] {
            Some(node) => self.name(self.nodes[node as usize].line).into(),
            None => self.line(self.links[link].line).text(1 + end),
        }
    }

    fn sewer_type_of_link(&self, at: usize, tag: &Value, name: &str) -> &'static str {
        let own = sewer_type(tag, name);
        if own != "unknown" {
            return own;
        }
        let ends = self.links[at].ends.map(|end| {
            let node = &self.nodes[end? as usize];
            Some(sewer_type(&self.maybe(node.tag).text(2), self.name(node.line)))
        });
        match ends {
            [Some(from), Some(to)] if from == to => from,
            _ => "unknown",
        }
    }

    fn area_values(&self, at: usize) -> Vec<Value> {
        let area = &self.areas[at];
        let (line, sub, infil) = (self.line(area.line), self.maybe(area.subarea), self.maybe(area.infiltration));
        let depth = |at: usize| sub.held(at, Bound::NotNegative).map(|depth| tidy(depth * self.units.rain_mm()));
        vec![
            line.text(0),
            line.text(1),
            line.text(2),
            line.held(3, Bound::NotNegative).map(|area| tidy(area * self.units.area_ha())).into(),
            line.held(4, Bound::Percent).into(),
            line.metres(5).filter(|width| *width >= 0.0).into(),
            line.held(6, Bound::NotNegative).into(),
            sub.held(1, Bound::NotNegative).into(),
            sub.held(2, Bound::NotNegative).into(),
            depth(3).into(),
            depth(4).into(),
            sub.held(5, Bound::Percent).into(),
            sub.rest(6),
            infil.rest(1),
            self.maybe(area.tag).text(2),
        ]
    }

    fn gage_values(&self, at: usize) -> Vec<Value> {
        let line = self.line(self.gages[at].line);
        vec![line.text(0), line.text(1), line.text(2), line.rest(4)]
    }

    /// The description that stands above an element; its own name is none, and the heads of columns are none.
    pub(super) fn remark(&self, line: u32, name: &str) -> Value {
        let own = self.inp.lines[line as usize];
        let is_first = line.checked_sub(1).is_none_or(|before| self.inp.lines[before as usize].is_head);
        let found = self.inp.description(own).filter(|words| key(words) != key(name));
        let is_head_of_table = |words: &String| {
            let first = words.split_whitespace().next().unwrap_or_default();
            is_first && ["name", "link", "node", "subcatch"].iter().any(|word| first.eq_ignore_ascii_case(word))
        };
        found.filter(|words| !is_head_of_table(words)).map_or(Value::Null, Value::from)
    }

    /// The line of a link through its vertices; `None` where fewer than two positions are known.
    fn path(&self, at: usize) -> Option<Geometry> {
        let link = &self.links[at];
        let end = |end: usize| link.ends[end].and_then(|node| self.nodes[node as usize].place);
        let path: Vec<[f64; 2]> = end(0).into_iter().chain(link.vertices.of(&self.vertices)).chain(end(1)).collect();
        (path.len() > 1).then(|| Geometry::line(&path))
    }

    fn outline(&self, at: usize) -> Option<Geometry> {
        let mut ring: Vec<[f64; 2]> = self.areas[at].ring.of(&self.corners).collect();
        ring.dedup();
        if ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        (ring.len() > 2).then(|| Geometry::polygon(&ring))
    }
}

fn yes(word: &str) -> Option<bool> {
    match word.to_ascii_uppercase().as_str() {
        "YES" => Some(true),
        "NO" => Some(false),
        _ => None,
    }
}

/// What a tag says of the water, or a name by the letters of CJJ 61 before a number (YS storm, WS foul, HS combined).
/// `unknown` where they say nothing, or two things.
fn sewer_type(tag: &Value, name: &str) -> &'static str {
    let tag = tag.as_str().unwrap_or_default().to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| tag.contains(word));
    let of_tag = [
        ("combined", has(&["合流", "combined", "cso"])),
        ("storm", has(&["雨水", "storm"])),
        ("foul", has(&["污水", "sanitary", "foul"])),
    ];
    let mut said: Vec<&str> = of_tag.iter().filter(|(_, is)| *is).map(|(kind, _)| *kind).collect();
    if said.is_empty() {
        said = by_letters(name);
    }
    match said[..] {
        [only] => match only {
            "storm" => "storm",
            "foul" => "foul",
            _ => "combined",
        },
        _ => "unknown",
    }
}

fn by_letters(name: &str) -> Vec<&'static str> {
    let bytes = name.as_bytes();
    let mut found: Vec<&'static str> = Vec::new();
    for at in 0..bytes.len().saturating_sub(2) {
        let is_begin = at == 0 || !bytes[at - 1].is_ascii_alphabetic();
        if is_begin && bytes[at + 2].is_ascii_digit() {
            let kind = match &bytes[at..at + 2] {
                b"YS" => "storm",
                b"WS" => "foul",
                b"HS" => "combined",
                _ => continue,
            };
            if !found.contains(&kind) {
                found.push(kind);
            }
        }
    }
    found
}
