//! Nodes written again: their lines, their flows, what is said about them.

use super::super::inp::{Section, key, quoted};
use super::super::lines::{Edited, STORAGE_M2, position, storage_words};
use super::super::network::{Node, NodeKind};
use super::super::rows::{Layer, divider_depth, outfall_gate};
use super::{Changed, Work};
use crate::task::Problem;
use crate::text;

/// Fields that stand in the line that defines a node.
const DEFINING: &[&str] = &[
    "code",
    "bottom_level_m",
    "depth_m",
    "ground_level_m",
    "init_depth_m",
    "surcharge_depth_m",
    "ponded_area_m2",
    "has_flap",
    "outfall_type",
    "outfall_stage",
    "storage_curve",
    "remark",
];

fn kind_of(section: Section) -> NodeKind {
    match section {
        Section::Outfalls => NodeKind::Outfall,
        Section::Storage => NodeKind::Storage,
        Section::Dividers => NodeKind::Divider,
        _ => NodeKind::Junction,
    }
}

impl Work<'_> {
    pub(super) fn edit_node(&mut self, at: usize) {
        let was = &self.model.nodes[at];
        let Some(node) = self.nodes[at] else {
            self.done.removed += 1;
            return self.remove(was.line);
        };
        let Some(kept) = node.kept.as_ref().filter(|kept| kept.is_moved || !kept.changed.is_empty()) else { return };
        self.done.changed += 1;
        let mut left = Changed::of(Some(kept));
        let (was_kind, is_other) = (kind_of(was.section), left.has("node_type"));
        if is_other && was_kind != node.kind && node.kind != NodeKind::Divider {
            self.remove(was.line);
            self.define_node(node);
            if node.kind == NodeKind::Junction {
                let name = &node.name;
                let what = text!(
                    "“{name}”不再是排放口、调蓄池或分流井，按普通井写出",
                    "“{name}” is no outfall, storage unit or divider any more: written as a junction"
                );
                self.done.problems.push(Problem::warning("swmm.type", what));
            }
            left.take_all(DEFINING);
            left.take("node_type");
        } else {
            if is_other && was_kind == node.kind {
                // A manhole, a pump, a plant: all of them are junctions.
                *self.done.unplaced.entry("node_type".to_owned()).or_default() += 1;
                left.take("node_type");
            }
            self.edit_node_line(at, node, &mut left);
        }
        if kept.is_moved && was.place.is_none() {
            node.place.into_iter().for_each(|place| self.add(Section::Coordinates, position(&node.name, place)));
        }
        let [dry, steady, tag] = ["dry_flow_l_s", "inflow_l_s", "tag"].map(|field| left.take(field));
        self.add_flows(node, [dry && was.dwf.is_none(), steady && was.inflow.is_none()]);
        if tag && was.tag.is_none() {
            self.add_tag("Node", &node.name, node.tag.as_ref());
        }
        self.tell_left(Layer::Nodes, &node.name, left);
    }

    fn edit_node_line(&mut self, at: usize, node: &Node, left: &mut Changed<'_>) {
        let (model, form) = (self.model, self.form);
        let was = &model.nodes[at];
        let words = model.words(was.line);
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        if left.take("remark") {
            self.describe(was.line, word(0), node.remark.as_deref());
        }
        let mut line = Edited::new(model.inp.line(model.inp.lines[was.line as usize]));
        if left.take("code") {
            line.set(0, quoted(&node.name), "");
        }
        if left.take("bottom_level_m") {
            line.set(1, form.maybe(node.bottom_m), "0");
        }
        let first = if was.section == Section::Dividers { divider_depth(word(3)) } else { 2 };
        let behind = [
            ("depth_m", form.maybe(node.depth_m)),
            ("init_depth_m", form.maybe(node.init_depth_m)),
            ("surcharge_depth_m", form.maybe(node.surcharge_depth_m)),
            ("ponded_area_m2", form.square(node.ponded_area_m2)),
        ];
        let room = match kind_of(was.section) {
            NodeKind::Junction | NodeKind::Divider => 4,
            NodeKind::Storage => 2,
            NodeKind::Outfall => 0,
        };
        if room > 0 && left.has("depth_m") && node.depth_m.is_some() {
            // The ground is where the depth ends.
            left.take("ground_level_m");
        }
        for (more, (field, word)) in behind.into_iter().enumerate().take(room) {
            if left.take(field) {
                line.set(first + more, word, "0");
            }
        }
        match kind_of(was.section) {
            NodeKind::Outfall => self.edit_outfall(&mut line, node, &words, left),
            NodeKind::Storage if left.take("storage_curve") => self.edit_storage(&mut line, node),
            _ => {}
        }
        self.put(was.line as usize, line);
    }

    /// What an outfall runs into, its gate, and the subcatchment that its water goes to, which stays.
    fn edit_outfall(&mut self, line: &mut Edited<'_>, node: &Node, words: &[&str], left: &mut Changed<'_>) {
        let mut gate = outfall_gate(words.get(2).copied().unwrap_or_default());
        // Asked for both: one alone is no reason not to ask for the other.
        let [kind, stage] = ["outfall_type", "outfall_stage"].map(|field| left.take(field));
        if kind || stage {
            match self.form.boundary(node).filter(|boundary| self.is_known_stage(boundary)) {
                Some(boundary) if boundary.len() > 1 || !stage || node.stage.is_none() => {
                    let behind = words.get(gate..).unwrap_or_default().iter().map(|word| quoted(word));
                    gate = 2 + boundary.len();
                    let tail: Vec<String> = boundary.into_iter().chain(behind).collect();
                    line.set_tail(2, &tail, "0");
                }
                _ => {
                    let word = [&node.boundary, &node.stage].map(|word| word.clone().unwrap_or_default()).join(" ");
                    self.tell_word(&node.name, ("排放口边界", "outfall boundary"), word.trim());
                }
            }
        }
        if left.take("has_flap") {
            line.set(gate, if node.has_flap == Some(true) { "YES" } else { "NO" }.to_owned(), "NO");
        }
    }

    /// Whether the curve or series of a boundary is there.
    fn is_known_stage(&self, boundary: &[String]) -> bool {
        let name = boundary.get(1).map(|name| key(name.trim_matches('"'))).unwrap_or_default();
        match boundary.first().map(String::as_str) {
            Some("TIDAL") => self.names.curves.contains(&name),
            Some("TIMESERIES") => self.names.series.contains(&name),
            _ => true,
        }
    }

    fn edit_storage(&mut self, line: &mut Edited<'_>, node: &Node) {
        if let Some(storage) = storage_words(node).filter(|storage| self.is_known_storage(storage)) {
            line.set_tail(4, &storage, "0");
        } else {
            let word = node.storage.clone().unwrap_or_default();
            self.tell_word(&node.name, ("调蓄曲线", "storage curve"), &word);
        }
    }

    fn is_known_storage(&self, storage: &[String]) -> bool {
        let is_table = storage.first().is_some_and(|word| word.eq_ignore_ascii_case("TABULAR"));
        !is_table || storage.get(1).is_some_and(|name| self.names.curves.contains(&key(name.trim_matches('"'))))
    }

    pub(super) fn add_node(&mut self, node: &Node) {
        self.done.added += 1;
        self.define_node(node);
        node.place.into_iter().for_each(|place| self.add(Section::Coordinates, position(&node.name, place)));
        self.add_flows(node, [true, true]);
        self.add_tag("Node", &node.name, node.tag.as_ref());
    }

    /// The line of a node that the text did not have, or had in another section.
    fn define_node(&mut self, node: &Node) {
        let name = &node.name;
        let mut node = node.clone();
        let boundary = self.form.boundary(&node).filter(|boundary| self.is_known_stage(boundary));
        if node.kind == NodeKind::Outfall && boundary.is_none() {
            let word = node.boundary.take().unwrap_or_default();
            let what = text!(
                "排放口“{name}”的边界“{word}”不完整或曲线不存在，按自由出流 FREE 写出",
                "the boundary of outfall “{name}”, “{word}”, is incomplete or names no curve: FREE is written"
            );
            self.tell("swmm.not-written", what);
        }
        let storage = storage_words(&node).filter(|storage| self.is_known_storage(storage));
        if node.kind == NodeKind::Storage && storage.is_none() {
            node.storage = None;
            let what = text!(
                "调蓄池“{name}”没有曲线，按水面 {STORAGE_M2:.0} m² 写出",
                "storage unit “{name}” has no curve: a surface of {STORAGE_M2:.0} m² is written"
            );
            self.done.problems.push(Problem::warning("swmm.assumed", what));
        }
        if node.kind == NodeKind::Divider {
            let what = text!(
                "分流井“{name}”没有分流管和分流规则，按普通井写出",
                "divider “{name}” does not say what goes where: written as a junction"
            );
            self.tell("swmm.not-written", what);
        }
        let (section, line) = self.form.node(&node);
        self.define(section, line, node.remark.as_ref());
    }

    fn add_flows(&mut self, node: &Node, [dry, steady]: [bool; 2]) {
        let name = quoted(&node.name);
        if let Some(flow) = node.dry_flow_l_s.filter(|flow| dry && *flow != 0.0) {
            if !self.written.flow_note.is_empty() && !self.new.contains_key(&Section::Dwf) {
                self.add(Section::Dwf, format!(";;{}", self.written.flow_note));
            }
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

    pub(super) fn add_tag(&mut self, class: &str, name: &str, tag: Option<&String>) {
        if let Some(tag) = tag.filter(|tag| !tag.is_empty()) {
            self.add(Section::Tags, format!("{class:<10} {:<16} {}", quoted(name), quoted(tag)));
        }
    }
}
