//! A model written again: what the city has changed is changed in its text, all else stays to the letter.
//!
//! Elements that are gone go from every section that names them, elements that are new get lines of their own at the end
//! of their sections. Control rules are never rewritten beyond a changed name: that one is named there which is gone is
//! told.

mod mentions;
mod render;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::super::error::ReadError;
use super::inp::{Inp, Section, key, quoted};
use super::lines::{Edited, Form, PUMP_L_S, STORAGE_M2, position};
use super::model::{Model, Names};
use super::network::{Area, Kept, Link, LinkKind, Node, NodeKind};
use super::rows::{Layer, divider_depth, outfall_gate};
use crate::model::value::Value;
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;

/// Manning's n of a conduit of which nothing is known.
pub(super) const MANNING_N: f64 = 0.013;

/// A model's text after the city had its say.
#[derive(Debug, Default)]
pub struct Merge {
    /// The file.
    pub bytes: Vec<u8>,
    /// What somebody should look at before it runs.
    pub problems: Problems,
    /// Elements that came, changed, went.
    pub added: u64,
    /// See `added`.
    pub changed: u64,
    /// See `added`.
    pub removed: u64,
}

/// Writes nodes, links and subcatchments into the text that they came in, or into a [`template`](super::template()).
/// Without `areas` the subcatchments stay as they are.
///
/// # Errors
/// The text is no model, or the work was stopped.
pub fn merge(
    original: &[u8],
    nodes: &[Node],
    links: &[Link],
    areas: Option<&[Area]>,
    task: &mut Task<'_>,
) -> Result<Merge, ReadError> {
    let model = Model::of(Inp::read(original, None, task)?, task)?;
    let mut work = Work::new(&model, nodes, links, areas);
    (0..model.nodes.len()).for_each(|at| work.edit_node(at));
    (0..model.links.len()).for_each(|at| work.edit_link(at));
    (0..model.areas.len()).for_each(|at| work.edit_area(at));
    task.check()?;
    work.mentions();
    task.check()?;
    nodes.iter().filter(|node| node.kept.is_none()).for_each(|node| work.add_node(node));
    links.iter().filter(|link| link.kept.is_none()).for_each(|link| work.add_link(link));
    Ok(work.finish(original))
}

/// A change of the text.
struct Edit {
    at: Range<usize>,
    text: String,
}

/// What a name of the text has become.
enum Now {
    Same,
    Named(String),
    Gone,
}

struct Work<'a> {
    model: &'a Model,
    form: Form,
    /// For each element of the text what it is now; `None` where it is gone.
    nodes: Vec<Option<&'a Node>>,
    links: Vec<Option<&'a Link>>,
    areas: Vec<Option<Option<&'a Area>>>,
    /// Bottom levels by the names of now.
    bottoms_m: HashMap<String, Option<f64>>,
    /// How many links begin at a node, by its name of now.
    begin: HashMap<String, usize>,
    edits: Vec<Edit>,
    new: BTreeMap<Section, Vec<String>>,
    done: Merge,
}

/// For each element of the text the one of now.
fn placed<T>(count: usize, before: usize, all: &[T], kept: impl Fn(&T) -> Option<&Kept>) -> Vec<Option<&T>> {
    let mut found = vec![None; count];
    for element in all {
        let number = kept(element).and_then(|kept| usize::try_from(kept.number).ok());
        let slot = number.and_then(|number| number.checked_sub(before + 1)).and_then(|at| found.get_mut(at));
        slot.into_iter().for_each(|slot| *slot = Some(element));
    }
    found
}

/// How many links begin at each node, as SWMM counts them beside an ideal pump: conduits that rise are turned and begin
/// where they end, and no pump may lift into the node of another.
fn beginnings(links: &[Link]) -> HashMap<String, usize> {
    let mut count: HashMap<String, usize> = HashMap::new();
    for link in links {
        let rises = matches!(link.inverts_m, [Some(up), Some(down)] if up < down) && link.kind == LinkKind::Conduit;
        *count.entry(key(&link.ends[usize::from(rises)])).or_default() += 1;
        if link.kind == LinkKind::Pump {
            *count.entry(key(&link.ends[1])).or_default() += 1;
        }
    }
    count
}

fn has(kept: Option<&Kept>, field: &str) -> bool {
    kept.is_some_and(|kept| kept.changed.contains(field))
}

impl<'a> Work<'a> {
    fn new(model: &'a Model, nodes: &'a [Node], links: &'a [Link], areas: Option<&'a [Area]>) -> Self {
        let (before_links, before_areas) = (model.nodes.len(), model.nodes.len() + model.links.len());
        let areas = match areas {
            None => vec![Some(None); model.areas.len()],
            Some(areas) => {
                let found = placed(model.areas.len(), before_areas, areas, |area| Some(&area.kept));
                found.into_iter().map(|area| area.map(Some)).collect()
            }
        };
        Self {
            model,
            form: Form { units: model.units, has_levels: model.has_levels },
            nodes: placed(model.nodes.len(), 0, nodes, |node| node.kept.as_ref()),
            links: placed(model.links.len(), before_links, links, |link| link.kept.as_ref()),
            areas,
            begin: beginnings(links),
            bottoms_m: nodes.iter().map(|node| (key(&node.name), node.bottom_m)).collect(),
            edits: Vec::new(),
            new: BTreeMap::new(),
            done: Merge::default(),
        }
    }

    fn add(&mut self, section: Section, line: String) {
        self.new.entry(section).or_default().push(line);
    }

    fn tell(&mut self, rule: &'static str, what: Text) {
        self.done.problems.push(Problem::error(rule, what));
    }

    /// Replaces a line by what it is now; nothing happens where it is the same.
    fn put(&mut self, line: usize, edited: Edited<'_>) -> bool {
        let at = self.model.inp.lines[line].range();
        let changed = edited.changed();
        let is_changed = changed.is_some();
        self.edits.extend(changed.map(|text| Edit { at, text }));
        is_changed
    }

    /// Takes out the line that defines an element, with its description.
    fn remove(&mut self, line: u32) {
        let inp = &self.model.inp;
        let line = inp.lines[line as usize];
        let mut at = self.whole(line.range());
        at.start = description_start(&inp.text, at.start);
        self.edits.push(Edit { at, text: String::new() });
    }

    /// A line with its ending.
    fn whole(&self, line: Range<usize>) -> Range<usize> {
        let behind = &self.model.inp.text[line.end..];
        let ending = if behind.starts_with("\r\n") { 2 } else { usize::from(behind.starts_with('\n')) };
        line.start..line.end + ending
    }

    fn drop_line(&mut self, line: usize) {
        let at = self.whole(self.model.inp.lines[line].range());
        self.edits.push(Edit { at, text: String::new() });
    }

    fn edit_node(&mut self, at: usize) {
        let (model, form) = (self.model, self.form);
        let was = &model.nodes[at];
        let Some(node) = self.nodes[at] else {
            self.done.removed += 1;
            return self.remove(was.line);
        };
        let Some(kept) = node.kept.as_ref().filter(|kept| kept.is_moved || !kept.changed.is_empty()) else { return };
        self.done.changed += 1;
        let is = |field: &str| kept.changed.contains(field);
        let kind = match was.section {
            Section::Outfalls => NodeKind::Outfall,
            Section::Storage => NodeKind::Storage,
            _ => NodeKind::Junction,
        };
        if is("node_type") && kind != node.kind {
            self.remove(was.line);
            let (section, line) = form.node(node);
            self.add(section, line);
        } else {
            let words = model.words(was.line);
            let word = |at: usize| words.get(at).copied().unwrap_or_default();
            let mut line = Edited::new(model.inp.line(model.inp.lines[was.line as usize]));
            if is("code") {
                line.set(0, quoted(&node.name), "");
            }
            if is("bottom_level_m") {
                line.set(1, form.maybe(node.bottom_m), "0");
            }
            let first = if was.section == Section::Dividers { divider_depth(word(3)) } else { 2 };
            let behind = [
                ("depth_m", form.maybe(node.depth_m)),
                ("init_depth_m", form.maybe(node.init_depth_m)),
                ("surcharge_depth_m", form.maybe(node.surcharge_depth_m)),
                ("ponded_area_m2", form.square(node.ponded_area_m2)),
            ];
            let room = match kind {
                NodeKind::Junction => 4,
                NodeKind::Storage => 2,
                NodeKind::Outfall => 0,
            };
            for (more, (_, word)) in behind.into_iter().enumerate().take(room).filter(|(_, (field, _))| is(field)) {
                line.set(first + more, word, "0");
            }
            let gate = outfall_gate(word(2));
            if let Some(flap) =
                node.has_flap.filter(|_| is("has_flap") && kind == NodeKind::Outfall && words.len() >= gate)
            {
                line.set(gate, if flap { "YES" } else { "NO" }.to_owned(), "");
            }
            self.put(was.line as usize, line);
        }
        if kept.is_moved && was.place.is_none() {
            node.place.into_iter().for_each(|place| self.add(Section::Coordinates, position(&node.name, place)));
        }
        self.add_flows(node, [is("dry_flow_l_s") && was.dwf.is_none(), is("inflow_l_s") && was.inflow.is_none()]);
        if is("tag") && was.tag.is_none() {
            self.add_tag("Node", &node.name, node.tag.as_ref());
        }
    }

    fn edit_link(&mut self, at: usize) {
        let (model, form) = (self.model, self.form);
        let was = &model.links[at];
        let Some(link) = self.links[at] else {
            self.done.removed += 1;
            return self.remove(was.line);
        };
        let kept = link.kept.as_ref().filter(|kept| kept.is_moved || !kept.changed.is_empty());
        self.done.changed += u64::from(kept.is_some());
        let is = |field: &str| has(kept, field);
        let class = class_of(was.section);
        if is("link_type") && link.kind != class {
            self.remove(was.line);
            return self.redefine_link(was.xsection.is_none(), link);
        }
        let mut line = Edited::new(model.inp.line(model.inp.lines[was.line as usize]));
        if is("code") {
            line.set(0, quoted(&link.name), "");
        }
        for (end, field) in ["from_node", "to_node"].into_iter().enumerate() {
            let now = was.ends[end].map(|node| self.node_now(node as usize));
            match now {
                _ if is(field) => line.set(1 + end, quoted(&link.ends[end]), "?"),
                Some(Now::Named(name)) => line.set(1 + end, name, "?"),
                Some(Now::Gone) => self.tell_end(&link.name, &link.ends[end]),
                Some(Now::Same) | None => {}
            }
        }
        if class == LinkKind::Conduit {
            if is("length_m") {
                line.set(3, form.maybe(link.length_m), "0");
            }
            if is("manning_n") {
                line.set(4, super::lines::plain(link.manning_n.unwrap_or(MANNING_N)), "0");
            }
        }
        let places: &[usize] = match class {
            LinkKind::Conduit => &[5, 6],
            LinkKind::Orifice | LinkKind::Weir => &[4],
            LinkKind::Outlet => &[3],
            LinkKind::Pump => &[],
        };
        for (end, place) in places.iter().enumerate() {
            let field = ["invert_up_m", "invert_down_m"][end];
            if is(field) || (!form.has_levels && self.is_base_moved(at, end, is(["from_node", "to_node"][end]))) {
                let bottom = self.bottoms_m.get(&key(&link.ends[end])).copied().flatten();
                self.tell_below(link, end, bottom);
                line.set(*place, form.offset(link.inverts_m[end], bottom), "0");
            }
        }
        self.put(was.line as usize, line);
        let is_shaped = ["diameter_mm", "width_mm", "section", "barrels"].into_iter().any(is);
        if is_shaped && was.xsection.is_none() {
            form.xsection(link).into_iter().for_each(|line| self.add(Section::Xsections, line));
        }
        if kept.is_some_and(|kept| kept.is_moved) {
            self.add_vertices(link);
        }
        if is("tag") && was.tag.is_none() {
            self.add_tag("Link", &link.name, link.tag.as_ref());
        }
    }

    /// Whether the node that an end is counted from is another, or on another level.
    fn is_base_moved(&self, link: usize, end: usize, is_other: bool) -> bool {
        let node = self.model.links[link].ends[end].and_then(|node| self.nodes[node as usize]);
        is_other || node.is_some_and(|node| has(node.kept.as_ref(), "bottom_level_m"))
    }

    fn redefine_link(&mut self, has_no_section: bool, link: &Link) {
        let is_alone = self.begin.get(&key(&link.ends[0])).is_none_or(|count| *count == 1);
        let (section, line) = self.form.link(link, self.bottoms_of(link), is_alone);
        self.add(section, line);
        self.tell_device(link, is_alone);
        if has_no_section {
            self.form.xsection(link).into_iter().for_each(|line| self.add(Section::Xsections, line));
        }
    }

    /// Of pumps, orifices, weirs and outlets the record knows no more than where they are.
    fn tell_device(&mut self, link: &Link, is_alone: bool) {
        let name = &link.name;
        let what = match link.kind {
            LinkKind::Conduit => return,
            LinkKind::Pump if is_alone => text!(
                "水泵“{name}”没有曲线，按理想泵写出（来多少排多少）",
                "pump “{name}” has no curve: written as an ideal one, which raises whatever comes"
            ),
            LinkKind::Pump => {
                if !self.new.contains_key(&Section::Curves) {
                    let curve = self.form.pump_curve();
                    self.new.insert(Section::Curves, curve.to_vec());
                }
                text!(
                    "水泵“{name}”没有曲线，又与其他连接同一起点，按水深 1 m 时 {PUMP_L_S:.0} L/s 写出，请修改",
                    "pump “{name}” has no curve and begins where other links do: {PUMP_L_S:.0} L/s at a metre of water is \
                     written, change it"
                )
            }
            _ => text!(
                "“{name}”没有流量系数，按 SWMM 的默认值写出",
                "“{name}” has no coefficients: those that SWMM proposes are written"
            ),
        };
        self.done.problems.push(Problem::warning("swmm.assumed", what));
    }

    fn bottoms_of(&self, link: &Link) -> [Option<f64>; 2] {
        [0, 1].map(|end| self.bottoms_m.get(&key(&link.ends[end])).copied().flatten())
    }

    fn tell_end(&mut self, link: &str, node: &str) {
        let what = text!(
            "连接“{link}”的端点“{node}”已删除，模型无法运行",
            "link “{link}” ends at “{node}”, which is gone: the model will not run"
        );
        self.tell("swmm.no-node", what);
    }

    fn tell_below(&mut self, link: &Link, end: usize, bottom_m: Option<f64>) {
        let Some((level, bottom)) = link.inverts_m[end].zip(bottom_m) else { return };
        let has_end = match link.kind {
            LinkKind::Conduit => true,
            LinkKind::Pump => false,
            _ => end == 0,
        };
        if has_end && level < bottom - 1e-6 && !self.form.has_levels {
            let (name, node) = (&link.name, &link.ends[end]);
            let what = text!(
                "连接“{name}”的管底 {level:.3} m 低于“{node}”的井底 {bottom:.3} m，按井底写出",
                "link “{name}” at {level:.3} m lies below the bottom of “{node}”, {bottom:.3} m: written at that bottom"
            );
            self.tell("swmm.below", what);
        }
    }

    fn edit_area(&mut self, at: usize) {
        let was = &self.model.areas[at];
        let Some(now) = self.areas[at] else {
            self.done.removed += 1;
            return self.remove(was.line);
        };
        let Some(area) = now.filter(|area| area.kept.is_moved || !area.kept.changed.is_empty()) else {
            return self.edit_area_line(at, None);
        };
        self.done.changed += 1;
        self.edit_area_line(at, Some(area));
        if area.kept.is_moved {
            let name = value(area, "code").to_string();
            let ring = area.ring.iter().flatten();
            ring.for_each(|corner| self.new.entry(Section::Polygons).or_default().push(position(&name, *corner)));
        }
    }

    /// The line of a subcatchment: names it speaks of, and its own values.
    fn edit_area_line(&mut self, at: usize, area: Option<&Area>) {
        let (model, line) = (self.model, self.model.areas[at].line);
        let words = model.words(line);
        let mut edited = Edited::new(model.inp.line(model.inp.lines[line as usize]));
        let own = area.filter(|area| area.kept.changed.contains("outlet"));
        if own.is_none()
            && let Some(word) = words.get(2)
        {
            match self.outlet_now(word) {
                Now::Named(name) => edited.set(2, name, ""),
                Now::Gone => self.tell_named("SUBCATCHMENTS", words[0], word),
                Now::Same => {}
            }
        }
        for (field, place, unit) in self.area_words() {
            if let Some(area) = area.filter(|area| area.kept.changed.contains(field)) {
                edited.set(place, word_of(value(area, field), unit), "0");
            }
        }
        self.put(line as usize, edited);
    }

    /// Field, place in the line of a subcatchment, and what the model's unit is in that of the field.
    fn area_words(&self) -> [(&'static str, usize, f64); 7] {
        let units = self.form.units;
        [
            ("code", 0, 1.0),
            ("rain_gage", 1, 1.0),
            ("outlet", 2, 1.0),
            ("area_ha", 3, units.area_ha()),
            ("impervious_pct", 4, 1.0),
            ("width_m", 5, units.length_m()),
            ("slope_pct", 6, 1.0),
        ]
    }

    fn add_node(&mut self, node: &Node) {
        self.done.added += 1;
        let (section, line) = self.form.node(node);
        self.add(section, line);
        if node.kind == NodeKind::Storage {
            let name = &node.name;
            let what = text!(
                "调蓄池“{name}”没有曲线，按水面 {STORAGE_M2:.0} m² 写出",
                "storage unit “{name}” has no curve: a surface of {STORAGE_M2:.0} m² is written"
            );
            self.done.problems.push(Problem::warning("swmm.assumed", what));
        }
        node.place.into_iter().for_each(|place| self.add(Section::Coordinates, position(&node.name, place)));
        self.add_flows(node, [true, true]);
        self.add_tag("Node", &node.name, node.tag.as_ref());
    }

    fn add_flows(&mut self, node: &Node, [dry, steady]: [bool; 2]) {
        let name = quoted(&node.name);
        if let Some(flow) = node.dry_flow_l_s.filter(|flow| dry && *flow > 0.0) {
            self.add(Section::Dwf, format!("{name:<16} FLOW             {}", self.form.flow(flow)));
        }
        if let Some(flow) = node.inflow_l_s.filter(|flow| steady && *flow != 0.0) {
            let flow = self.form.flow(flow);
            self.add(
                Section::Inflows,
                format!("{name:<16} FLOW             \"\"               FLOW     1.0      1.0      {flow}"),
            );
        }
    }

    fn add_tag(&mut self, class: &str, name: &str, tag: Option<&String>) {
        if let Some(tag) = tag.filter(|tag| !tag.is_empty()) {
            self.add(Section::Tags, format!("{class:<10} {:<16} {}", quoted(name), quoted(tag)));
        }
    }

    fn add_link(&mut self, link: &Link) {
        self.done.added += 1;
        let bottoms = self.bottoms_of(link);
        (0..2).for_each(|end| self.tell_below(link, end, bottoms[end]));
        self.redefine_link(true, link);
        self.add_vertices(link);
        self.add_tag("Link", &link.name, link.tag.as_ref());
    }

    fn add_vertices(&mut self, link: &Link) {
        let lines = link.vertices.iter().map(|at| position(&link.name, *at));
        let lines: Vec<String> = lines.collect();
        if !lines.is_empty() {
            self.new.entry(Section::Vertices).or_default().extend(lines);
        }
    }

    fn node_now(&self, at: usize) -> Now {
        match self.nodes[at] {
            None => Now::Gone,
            Some(node) if has(node.kept.as_ref(), "code") => Now::Named(quoted(&node.name)),
            Some(_) => Now::Same,
        }
    }

    fn link_now(&self, at: usize) -> Now {
        match self.links[at] {
            None => Now::Gone,
            Some(link) if has(link.kept.as_ref(), "code") => Now::Named(quoted(&link.name)),
            Some(_) => Now::Same,
        }
    }

    fn area_now(&self, at: usize) -> Now {
        match self.areas[at] {
            None => Now::Gone,
            Some(Some(area)) if area.kept.changed.contains("code") => {
                Now::Named(quoted(&value(area, "code").to_string()))
            }
            Some(_) => Now::Same,
        }
    }

    /// What a subcatchment drains to: a node, or another subcatchment.
    fn outlet_now(&self, word: &str) -> Now {
        let find = |names: &Names| names.get(&key(word)).map(|at| *at as usize);
        match (find(&self.model.node_names), find(&self.model.area_names)) {
            (Some(node), _) => self.node_now(node),
            (None, Some(area)) => self.area_now(area),
            (None, None) => Now::Same,
        }
    }
}

fn class_of(section: Section) -> LinkKind {
    match section {
        Section::Pumps => LinkKind::Pump,
        Section::Orifices => LinkKind::Orifice,
        Section::Weirs => LinkKind::Weir,
        Section::Outlets => LinkKind::Outlet,
        _ => LinkKind::Conduit,
    }
}

/// A value of a subcatchment.
fn value<'v>(area: &'v Area, field: &str) -> &'v Value {
    let place = Layer::Areas.fields().iter().position(|known| known.id == field);
    place.and_then(|place| area.values.get(place)).unwrap_or(&Value::Null)
}

/// A value as a word of the model.
fn word_of(value: &Value, unit: f64) -> String {
    match (value, value.as_f64()) {
        (Value::Text(words), _) => quoted(words),
        (_, Some(number)) => super::lines::plain(number / unit),
        _ => "0".to_owned(),
    }
}

/// Where the comment lines directly before a line begin.
fn description_start(text: &str, start: usize) -> usize {
    let mut begin = start;
    for comment in text[..start].split_inclusive('\n').rev().take(20) {
        let words = comment.trim();
        if !words.starts_with(';') || words.starts_with(";;") {
            break;
        }
        begin -= comment.len();
    }
    begin
}
