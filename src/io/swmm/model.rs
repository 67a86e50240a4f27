//! What a SWMM model holds: its nodes, links, subcatchments and rain gages, as places in its text, and what is wrong
//! with them.

use std::collections::HashMap;

use super::super::error::ReadError;
use super::inp::{Inp, Line, Section, key, words};
use super::units::Units;
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;

/// Lines between two looks at whether to go on.
const PATIENCE: usize = 4096;

/// The place of a line in [`Inp::lines`], if there is one.
pub(super) type At = Option<u32>;

/// A junction, outfall, storage unit or divider.
#[derive(Debug)]
pub(super) struct Node {
    pub line: u32,
    pub section: Section,
    pub place: Option<[f64; 2]>,
    pub dwf: At,
    pub inflow: At,
    pub tag: At,
}

/// A conduit, pump, orifice, weir or outlet.
#[derive(Debug)]
pub(super) struct Link {
    pub line: u32,
    pub section: Section,
    /// Places in [`Model::nodes`]; none where the model has no such node.
    pub ends: [Option<u32>; 2],
    pub xsection: At,
    pub tag: At,
    pub vertices: Range32,
}

/// A subcatchment.
#[derive(Debug)]
pub(super) struct Area {
    pub line: u32,
    pub subarea: At,
    pub infiltration: At,
    pub tag: At,
    pub ring: Range32,
}

/// A rain gage.
#[derive(Debug)]
pub(super) struct Gage {
    pub line: u32,
    pub place: Option<[f64; 2]>,
}

/// A run of positions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Range32 {
    start: u32,
    len: u32,
}

impl Range32 {
    /// Those of `all`.
    pub(super) fn of(self, all: &[(u32, [f64; 2])]) -> impl Iterator<Item = [f64; 2]> + '_ {
        all[self.start as usize..(self.start + self.len) as usize].iter().map(|(_, at)| *at)
    }
}

/// Elements of one class by name; of several that share one the first.
pub(super) type Names = HashMap<String, u32>;

/// A whole model.
#[derive(Debug)]
pub(super) struct Model {
    pub inp: Inp,
    pub units: Units,
    /// Whether `FLOW_UNITS` stands in the file.
    pub has_units: bool,
    /// Whether the ends of links are given as levels rather than above the bottom of their node.
    pub has_levels: bool,
    /// The word behind `UNITS` in the section `MAP`, in capitals.
    pub map_units: Option<String>,
    pub nodes: Vec<Node>,
    pub links: Vec<Link>,
    pub areas: Vec<Area>,
    pub gages: Vec<Gage>,
    pub node_names: Names,
    pub link_names: Names,
    pub area_names: Names,
    pub gage_names: Names,
    /// Positions between the ends of links, each with its link.
    pub vertices: Vec<(u32, [f64; 2])>,
    /// Corners of subcatchments, each with its subcatchment.
    pub corners: Vec<(u32, [f64; 2])>,
    pub problems: Problems,
}

/// A number as SWMM writes it.
pub(super) fn number(word: &str) -> Option<f64> {
    word.parse().ok().filter(|number: &f64| number.is_finite())
}

impl Model {
    /// Looks through a text.
    ///
    /// # Errors
    /// Stopped.
    pub(super) fn of(inp: Inp, task: &mut Task<'_>) -> Result<Self, ReadError> {
        let mut model = Self {
            inp,
            units: Units::default(),
            has_units: false,
            has_levels: false,
            map_units: None,
            nodes: Vec::new(),
            links: Vec::new(),
            areas: Vec::new(),
            gages: Vec::new(),
            node_names: Names::new(),
            link_names: Names::new(),
            area_names: Names::new(),
            gage_names: Names::new(),
            vertices: Vec::new(),
            corners: Vec::new(),
            problems: Problems::default(),
        };
        model.collect(task, &mut |model, place, line| model.element(place, line))?;
        model.collect(task, &mut |model, place, line| model.detail(place, line))?;
        model.join_ends();
        model.group_paths();
        model.tell_missing();
        Ok(model)
    }

    /// The words of a line by its place.
    pub(super) fn words(&self, line: u32) -> Vec<&str> {
        self.inp.words(self.inp.lines[line as usize])
    }

    /// The name of the element on a line.
    pub(super) fn name(&self, line: u32) -> &str {
        self.words(line).first().copied().unwrap_or_default()
    }

    fn collect(&mut self, task: &mut Task<'_>, take: &mut dyn FnMut(&mut Self, u32, Line)) -> Result<(), ReadError> {
        let what = Text::new("正在读取模型", "Reading the model");
        let total = self.inp.lines.len();
        for place in 0..total {
            if place % PATIENCE == 0 {
                task.report(&what, place as u64, Some(total as u64))?;
            }
            let line = self.inp.lines[place];
            if !line.is_head {
                take(self, place as u32, line);
            }
        }
        Ok(())
    }

    /// First look: what there is.
    fn element(&mut self, line: u32, of: Line) {
        let section = of.section;
        let Self { inp, nodes, links, areas, gages, .. } = self;
        let words = words(inp.line(of));
        let Some(name) = words.first().copied() else { return };
        let names = match section {
            Section::Junctions | Section::Outfalls | Section::Storage | Section::Dividers => {
                nodes.push(Node { line, section, place: None, dwf: None, inflow: None, tag: None });
                (&mut self.node_names, nodes.len())
            }
            Section::Conduits | Section::Pumps | Section::Orifices | Section::Weirs | Section::Outlets => {
                let vertices = Range32::default();
                links.push(Link { line, section, ends: [None; 2], xsection: None, tag: None, vertices });
                (&mut self.link_names, links.len())
            }
            Section::Subcatchments => {
                areas.push(Area { line, subarea: None, infiltration: None, tag: None, ring: Range32::default() });
                (&mut self.area_names, areas.len())
            }
            Section::RainGages => {
                gages.push(Gage { line, place: None });
                (&mut self.gage_names, gages.len())
            }
            Section::Options => return self.option(of),
            Section::Map => {
                if name.eq_ignore_ascii_case("UNITS") {
                    self.map_units = words.get(1).map(|word| word.to_ascii_uppercase());
                }
                return;
            }
            _ => return,
        };
        let (names, count) = names;
        let mut is_new = false;
        names.entry(key(name)).or_insert_with(|| {
            is_new = true;
            count as u32 - 1
        });
        if !is_new {
            let what = text!("“{name}”出现两次", "“{name}” is defined twice");
            self.problems.push(Problem::error("swmm.duplicate", what));
        }
    }

    fn option(&mut self, line: Line) {
        let words = self.inp.words(line);
        let [name, value, ..] = words[..] else { return };
        if name.eq_ignore_ascii_case("FLOW_UNITS") {
            if let Some(units) = Units::named(value) {
                (self.units, self.has_units) = (units, true);
            } else {
                let what = text!(
                    "流量单位“{value}”不认识，按 CFS（英制）读取",
                    "the unit of flow “{value}” is not known: read as CFS, US units"
                );
                self.problems.push(Problem::error("swmm.units", what));
            }
        } else if name.eq_ignore_ascii_case("LINK_OFFSETS") {
            self.has_levels = value.eq_ignore_ascii_case("ELEVATION");
        }
    }

    /// Second look: what is said of them elsewhere.
    fn detail(&mut self, place: u32, line: Line) {
        let words = words(self.inp.line(line));
        let Some(name) = words.first().copied() else { return };
        let find = |names: &Names, name: &str| names.get(&key(name)).map(|at| *at as usize);
        let xy = || Some([number(words.get(1)?)?, number(words.get(2)?)?]);
        let is_flow = || words.get(1).is_some_and(|word| word.eq_ignore_ascii_case("FLOW"));
        let (nodes, links) = (&mut self.nodes, &mut self.links);
        match line.section {
            Section::Coordinates => {
                let Some(node) = find(&self.node_names, name) else { return };
                match xy() {
                    Some(at) => nodes[node].place = Some(at),
                    None => self.bad_place(line),
                }
            }
            Section::Vertices => {
                let Some(link) = find(&self.link_names, name) else { return };
                match xy() {
                    Some(at) => self.vertices.push((link as u32, at)),
                    None => self.bad_place(line),
                }
            }
            Section::Polygons => {
                let Some(area) = find(&self.area_names, name) else { return };
                match xy() {
                    Some(at) => self.corners.push((area as u32, at)),
                    None => self.bad_place(line),
                }
            }
            Section::Symbols => {
                let Some(gage) = find(&self.gage_names, name) else { return };
                match xy() {
                    Some(at) => self.gages[gage].place = Some(at),
                    None => self.bad_place(line),
                }
            }
            Section::Dwf if is_flow() => {
                find(&self.node_names, name).into_iter().for_each(|node| nodes[node].dwf = Some(place));
            }
            Section::Inflows if is_flow() => {
                find(&self.node_names, name).into_iter().for_each(|node| nodes[node].inflow = Some(place));
            }
            Section::Xsections => {
                if let Some(link) = find(&self.link_names, name) {
                    links[link].xsection = Some(place);
                } else {
                    let name = name.to_owned();
                    self.nobody(line.section, &name);
                }
            }
            Section::Subareas => {
                find(&self.area_names, name).into_iter().for_each(|area| self.areas[area].subarea = Some(place));
            }
            Section::Infiltration => {
                find(&self.area_names, name).into_iter().for_each(|area| self.areas[area].infiltration = Some(place));
            }
            Section::Tags => self.tagged(place, &[name, words.get(1).copied().unwrap_or_default()].map(str::to_owned)),
            _ => {}
        }
    }

    fn tagged(&mut self, place: u32, [class, name]: &[String; 2]) {
        let find = |names: &Names| names.get(&key(name)).map(|at| *at as usize);
        match class.to_ascii_uppercase().as_str() {
            "NODE" => find(&self.node_names).into_iter().for_each(|at| self.nodes[at].tag = Some(place)),
            "LINK" => find(&self.link_names).into_iter().for_each(|at| self.links[at].tag = Some(place)),
            "SUBCATCH" => find(&self.area_names).into_iter().for_each(|at| self.areas[at].tag = Some(place)),
            _ => {}
        }
    }

    fn bad_place(&mut self, line: Line) {
        let words = short(self.inp.line(line));
        let what = text!("“{words}”不是坐标", "“{words}” is no position");
        self.problems.push(Problem::error("swmm.position", what));
    }

    fn nobody(&mut self, section: Section, name: &str) {
        let (name, section) = (short(name), super::inp::name_of(section));
        let what = text!(
            "[{section}] 中的“{name}”在模型里没有定义",
            "[{section}] speaks of “{name}”, which the model does not define"
        );
        self.problems.push(Problem::warning("swmm.unknown-name", what));
    }

    /// Finds the nodes at the ends of links.
    fn join_ends(&mut self) {
        for link in &mut self.links {
            let words = words(self.inp.line(self.inp.lines[link.line as usize]));
            let name = short(words.first().copied().unwrap_or_default());
            for (end, word) in [words.get(1), words.get(2)].into_iter().enumerate() {
                link.ends[end] = word.and_then(|word| self.node_names.get(&key(word)).copied());
                let what = match word {
                    Some(_) if link.ends[end].is_some() => continue,
                    Some(word) => {
                        let word = short(word);
                        text!(
                            "连接“{name}”的端点“{word}”在模型里没有定义",
                            "link “{name}” ends at “{word}”, which the model does not define"
                        )
                    }
                    None => text!("连接“{name}”缺少端点", "link “{name}” lacks an end"),
                };
                self.problems.push(Problem::error("swmm.no-node", what));
            }
        }
    }

    /// Puts the positions of one link, of one subcatchment beside each other, in their order.
    fn group_paths(&mut self) {
        self.vertices.sort_by_key(|(link, _)| *link);
        self.corners.sort_by_key(|(area, _)| *area);
        let runs = |all: &[(u32, [f64; 2])], put: &mut dyn FnMut(u32, Range32)| {
            let mut start = 0;
            for run in all.chunk_by(|(a, _), (b, _)| a == b) {
                put(run[0].0, Range32 { start, len: run.len() as u32 });
                start += run.len() as u32;
            }
        };
        runs(&self.vertices, &mut |link, run| self.links[link as usize].vertices = run);
        runs(&self.corners, &mut |area, run| self.areas[area as usize].ring = run);
    }

    fn tell_missing(&mut self) {
        for node in self.nodes.iter().filter(|node| node.place.is_none()) {
            let name = short(self.inp.words(self.inp.lines[node.line as usize]).first().copied().unwrap_or_default());
            let what = text!("节点“{name}”没有坐标，地图上看不到", "node “{name}” has no coordinates: no map shows it");
            self.problems.push(Problem::warning("swmm.no-place", what));
        }
        if self.inp.is_broken {
            let encoding = self.inp.encoding;
            let what = text!(
                "文字不是 {encoding} 编码，部分字符无法辨认",
                "some text is not in {encoding}: characters are lost"
            );
            self.problems.push(Problem::warning("swmm.text", what));
        }
    }
}

/// The beginning of what may be long.
pub(super) fn short(words: &str) -> String {
    let words = words.trim();
    match words.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words.to_owned(),
    }
}
