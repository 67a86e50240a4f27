//! Where else a model names its elements: places, sections, tags, reports, profiles, rules.

use super::super::inp::{Line, Section, key, name_of, quoted};
use super::super::lines::{Edited, coordinate};
use super::super::model::{Names, number};
use super::super::network::{Area, Link};
use super::super::shape::has_width;
use super::links::is_redrawn;
use super::{Edit, Now, Work, has};
use crate::task::Problem;
use crate::text;

/// The class of an element that a word names.
#[derive(Clone, Copy)]
enum Class {
    Node,
    Link,
    Area,
    Gage,
}

/// Words of a control rule behind which a name stands.
const RULE_WORDS: &[(&str, Class)] = &[
    ("NODE", Class::Node),
    ("LINK", Class::Link),
    ("CONDUIT", Class::Link),
    ("PUMP", Class::Link),
    ("ORIFICE", Class::Link),
    ("WEIR", Class::Link),
    ("OUTLET", Class::Link),
    ("GAGE", Class::Gage),
];

impl<'a> Work<'a> {
    /// Goes through every section that does not define elements.
    pub(super) fn mentions(&mut self) {
        for place in 0..self.model.inp.lines.len() {
            let line = self.model.inp.lines[place];
            if !line.is_head {
                self.mention(place, line);
            }
        }
    }

    fn mention(&mut self, place: usize, line: Line) {
        match line.section {
            Section::Coordinates => self.coordinates(place),
            Section::Vertices => self.path_line(place, Class::Link),
            Section::Polygons => self.path_line(place, Class::Area),
            Section::Dwf => self.flow(place, 2),
            Section::Inflows => self.flow(place, 6),
            Section::Xsections => self.xsection(place),
            Section::Subareas | Section::Infiltration => self.area_detail(place, line),
            Section::OfNodes => self.owned(place, Class::Node, &[]),
            Section::OfLinks => self.owned(place, Class::Link, &[]),
            Section::OfAreas => self.owned(place, Class::Area, &[]),
            Section::Groundwater => self.owned(place, Class::Area, &[(2, Class::Node)]),
            Section::InletUsage => self.owned(place, Class::Link, &[(2, Class::Node)]),
            Section::Dividers => self.owned_by_others(place, &[(2, Class::Link)]),
            Section::Tags => self.tag(place),
            Section::Report => self.report(place),
            Section::Profiles => self.list(place, 1, Class::Link),
            Section::Symbols => self.symbol(place),
            // `name gage` begins a unit hydrograph; its other lines have numbers.
            Section::Hydrographs if self.model.inp.words(line).len() == 2 => {
                self.owned_by_others(place, &[(1, Class::Gage)]);
            }
            Section::Labels => self.label(place),
            Section::Controls => self.rule(place),
            _ => {}
        }
    }

    fn edited(&self, place: usize) -> (Vec<&'a str>, Edited<'a>) {
        let inp = &self.model.inp;
        let line = inp.lines[place];
        (inp.words(line), Edited::new(inp.line(line)))
    }

    /// The element that a word names.
    fn find(&self, class: Class, word: &str) -> Option<usize> {
        let names: &Names = match class {
            Class::Node => &self.model.node_names,
            Class::Link => &self.model.link_names,
            Class::Area => &self.model.area_names,
            Class::Gage => &self.model.gage_names,
        };
        names.get(&key(word)).map(|at| *at as usize)
    }

    fn now(&self, class: Class, word: &str) -> Now {
        let Some(at) = self.find(class, word) else { return Now::Same };
        match class {
            Class::Node => self.node_now(at),
            Class::Link => self.link_now(at),
            Class::Area => self.area_now(at),
            Class::Gage => self.gage_now(at),
        }
    }

    pub(super) fn tell_named(&mut self, section: &str, owner: &str, gone: &str) {
        let what = text!(
            "[{section}] 的“{owner}”引用了已删除的“{gone}”，运行前请修改",
            "“{owner}” in [{section}] names “{gone}”, which is gone: change it before the model is run"
        );
        self.tell("swmm.named", what);
    }

    /// A line that belongs to an element and may name others.
    fn owned(&mut self, place: usize, owner: Class, others: &[(usize, Class)]) {
        let (words, mut edited) = self.edited(place);
        let Some(name) = words.first() else { return };
        match self.now(owner, name) {
            Now::Gone => return self.drop_line(place),
            Now::Named(now) => edited.set(0, now, ""),
            Now::Same => {}
        }
        let changed = self.others(place, &words, edited.changed(), others);
        self.replace(place, changed);
    }

    fn owned_by_others(&mut self, place: usize, others: &[(usize, Class)]) {
        let (words, _) = self.edited(place);
        let is_same = |(at, class): &(usize, Class)| {
            words.get(*at).is_none_or(|word| matches!(self.now(*class, word), Now::Same))
        };
        if others.iter().all(is_same) {
            return;
        }
        // A line that has been written already, or taken out, is not written twice.
        let at = self.model.inp.lines[place].range();
        let earlier = self.edits.iter().position(|edit| edit.at.start <= at.start && edit.at.end >= at.end);
        if earlier.is_some_and(|earlier| self.edits[earlier].text.is_empty()) {
            return;
        }
        let before = earlier.map(|earlier| self.edits[earlier].text.clone());
        let changed = self.others(place, &words, before, others);
        match (earlier, changed) {
            (Some(earlier), Some(text)) => self.edits[earlier].text = text,
            (_, changed) => self.replace(place, changed),
        }
    }

    /// The line with the names of others as they are now.
    fn others(
        &mut self,
        place: usize,
        words: &[&str],
        before: Option<String>,
        others: &[(usize, Class)],
    ) -> Option<String> {
        let line = self.model.inp.lines[place];
        let text = before.clone().unwrap_or_else(|| self.model.inp.line(line).to_owned());
        let mut edited = Edited::new(&text);
        for (at, class) in others {
            let Some(word) = words.get(*at) else { continue };
            match self.now(*class, word) {
                Now::Named(now) => edited.set(*at, now, ""),
                Now::Gone => self.tell_named(name_of(line.section), words[0], word),
                Now::Same => {}
            }
        }
        edited.changed().or(before)
    }

    fn replace(&mut self, place: usize, text: Option<String>) {
        let at = self.model.inp.lines[place].range();
        self.edits.extend(text.map(|text| Edit { at, text }));
    }

    fn coordinates(&mut self, place: usize) {
        let (words, mut edited) = self.edited(place);
        let Some(at) = words.first().and_then(|name| self.find(Class::Node, name)) else { return };
        let Some(node) = self.nodes[at] else { return self.drop_line(place) };
        if has(node.kept.as_ref(), "code") {
            edited.set(0, quoted(&node.name), "");
        }
        if node.kept.as_ref().is_some_and(|kept| kept.is_moved) {
            let Some([x, y]) = node.place else { return self.drop_line(place) };
            edited.set(1, coordinate(x), "0");
            edited.set(2, coordinate(y), "0");
        }
        let changed = edited.changed();
        self.replace(place, changed);
    }

    /// A line of a path: those of one that was drawn anew have their lines elsewhere.
    fn path_line(&mut self, place: usize, class: Class) {
        let (words, _) = self.edited(place);
        let Some(at) = words.first().and_then(|name| self.find(class, name)) else { return };
        let is_moved = match class {
            Class::Link => self.links[at].and_then(|link| link.kept.as_ref()).is_some_and(|kept| kept.is_moved),
            _ => self.areas[at].flatten().and_then(|area| area.kept.as_ref()).is_some_and(|kept| kept.is_moved),
        };
        if is_moved { self.drop_line(place) } else { self.owned(place, class, &[]) }
    }

    fn flow(&mut self, place: usize, column: usize) {
        let (words, mut edited) = self.edited(place);
        let Some(at) = words.first().and_then(|name| self.find(Class::Node, name)) else { return };
        let Some(node) = self.nodes[at] else { return self.drop_line(place) };
        let was = &self.model.nodes[at];
        let (line, field, flow) = match column {
            2 => (was.dwf, "dry_flow_l_s", node.dry_flow_l_s),
            _ => (was.inflow, "inflow_l_s", node.inflow_l_s),
        };
        if has(node.kept.as_ref(), "code") {
            edited.set(0, quoted(&node.name), "");
        }
        if line == Some(place as u32) && has(node.kept.as_ref(), field) {
            edited.set(column, flow.map_or_else(|| "0".to_owned(), |flow| self.form.flow(flow)), "1.0");
        }
        let changed = edited.changed();
        self.replace(place, changed);
    }

    fn xsection(&mut self, place: usize) {
        let (words, mut edited) = self.edited(place);
        let Some(at) = words.first().and_then(|name| self.find(Class::Link, name)) else { return };
        let Some(link) = self.links[at] else { return self.drop_line(place) };
        let kept = link.kept.as_ref();
        let before = words.get(1).copied().unwrap_or_default();
        if self.model.links[at].xsection == Some(place as u32) {
            let now = self.shape_now(link, before, is_redrawn(link, before));
            if is_redrawn(link, before) && !has(kept, "swmm_shape") {
                let line = self.drawn_section(link);
                return self.replace(place, line);
            }
            if !now.eq_ignore_ascii_case(before) {
                edited.set(1, now.clone(), "");
            }
            let size = |millimetres: Option<f64>| self.form.maybe(millimetres.map(|size| size / 1000.0));
            if has(kept, "diameter_mm") {
                edited.set(2, size(link.height_mm), "0");
            }
            if has(kept, "width_mm") && has_width(&now) {
                edited.set(3, size(link.width_mm), "0");
            }
            if has(kept, "barrels") {
                edited.set(6, link.barrels.unwrap_or(1).to_string(), "0");
            }
            if has(kept, "is_pressure") {
                self.set_pressure(&mut edited, link, &now);
            }
        }
        if has(kept, "code") {
            edited.set(0, quoted(&link.name), "");
        }
        let changed = edited.changed();
        self.replace(place, changed);
    }

    /// A round pipe becomes a force main, or no longer is one.
    fn set_pressure(&mut self, edited: &mut Edited<'_>, link: &Link, shape: &str) {
        let is_main = shape.eq_ignore_ascii_case("FORCE_MAIN");
        match (link.is_pressure == Some(true), is_main, shape.eq_ignore_ascii_case("CIRCULAR")) {
            (true, false, true) => {
                let is_darcy = self.option("FORCE_MAIN_EQUATION").is_some_and(|word| word.eq_ignore_ascii_case("D-W"));
                // Hazen and Williams want a coefficient, Darcy and Weisbach a height in millimetres or inches.
                let rough = match (is_darcy, self.form.units.is_us) {
                    (false, _) => "130",
                    (true, true) => "0.01",
                    (true, false) => "0.25",
                };
                edited.set(1, "FORCE_MAIN".to_owned(), "");
                edited.set(3, rough.to_owned(), "0");
                let name = &link.name;
                let what = text!(
                    "压力管“{name}”没有压力管糙率，按 {rough} 写出",
                    "pressure main “{name}” has no roughness of its own: {rough} is written"
                );
                self.done.problems.push(Problem::warning("swmm.assumed", what));
            }
            (false, true, _) => {
                edited.set(1, "CIRCULAR".to_owned(), "");
                edited.set(3, "0".to_owned(), "0");
            }
            _ => {}
        }
    }

    /// The place of a rain gage.
    fn symbol(&mut self, place: usize) {
        let (words, mut edited) = self.edited(place);
        let Some(at) = words.first().and_then(|name| self.find(Class::Gage, name)) else { return };
        match self.gage_now(at) {
            Now::Gone => return self.drop_line(place),
            Now::Named(name) => edited.set(0, name, ""),
            Now::Same => {}
        }
        if let Some(gage) = self.gages[at].flatten().filter(|gage| gage.kept.as_ref().is_some_and(|it| it.is_moved)) {
            let Some([x, y]) = gage.place else { return self.drop_line(place) };
            edited.set(1, coordinate(x), "0");
            edited.set(2, coordinate(y), "0");
        }
        let changed = edited.changed();
        self.replace(place, changed);
    }

    fn tag(&mut self, place: usize) {
        let (words, mut edited) = self.edited(place);
        let [of, name, ..] = &words[..] else { return };
        let class = match of.to_ascii_uppercase().as_str() {
            "NODE" => Class::Node,
            "LINK" => Class::Link,
            "SUBCATCH" => Class::Area,
            "GAGE" => Class::Gage,
            _ => return,
        };
        match self.now(class, name) {
            Now::Gone => return self.drop_line(place),
            Now::Named(now) => edited.set(1, now, ""),
            Now::Same => {}
        }
        let Some(at) = self.find(class, name) else { return };
        let tag = match class {
            Class::Node => self.nodes[at].filter(|node| has(node.kept.as_ref(), "tag")).map(|node| node.tag.clone()),
            Class::Link => self.links[at].filter(|link| has(link.kept.as_ref(), "tag")).map(|link| link.tag.clone()),
            Class::Area => self.areas[at].flatten().and_then(tag_of_area),
            Class::Gage => None,
        };
        match tag {
            Some(None) => return self.drop_line(place),
            Some(Some(tag)) => edited.set(2, quoted(&tag), ""),
            None => {}
        }
        let changed = edited.changed();
        self.replace(place, changed);
    }

    /// `NODES a b c`: what the report is about.
    fn report(&mut self, place: usize) {
        let first = self.model.words(place as u32).first().map(|word| word.to_ascii_uppercase());
        match first.as_deref() {
            Some("NODES" | "NODE") => self.list(place, 1, Class::Node),
            Some("LINKS" | "LINK") => self.list(place, 1, Class::Link),
            Some("SUBCATCHMENTS" | "SUBCATCHMENT") => self.list(place, 1, Class::Area),
            _ => {}
        }
    }

    /// A line that is a list of names from one word on.
    fn list(&mut self, place: usize, from: usize, class: Class) {
        let (words, _) = self.edited(place);
        let mut is_changed = false;
        let mut now: Vec<String> = words.iter().take(from).map(|word| quoted(word)).collect();
        for word in words.iter().skip(from) {
            match self.now(class, word) {
                Now::Same => now.push(quoted(word)),
                Now::Named(name) => {
                    is_changed = true;
                    now.push(name);
                }
                Now::Gone => is_changed = true,
            }
        }
        if is_changed && now.len() == from {
            self.drop_line(place);
        } else if is_changed {
            self.replace(place, Some(now.join(" ")));
        }
    }

    /// `x y "text" node …`: a label may hold on to a node.
    fn label(&mut self, place: usize) {
        let (words, mut edited) = self.edited(place);
        let is_label = words.first().is_some_and(|x| number(x).is_some());
        let Some(anchor) = words.get(3).filter(|_| is_label) else { return };
        match self.now(Class::Node, anchor) {
            Now::Same => return,
            Now::Named(now) => edited.set(3, now, ""),
            Now::Gone => edited.set(3, "\"\"".to_owned(), ""),
        }
        let changed = edited.changed();
        self.replace(place, changed);
    }

    fn rule(&mut self, place: usize) {
        let (words, mut edited) = self.edited(place);
        for (at, pair) in words.windows(2).enumerate() {
            let class = RULE_WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(pair[0]));
            let Some((_, class)) = class else { continue };
            match self.now(*class, pair[1]) {
                Now::Same => {}
                Now::Named(now) => edited.set(at + 1, now, ""),
                Now::Gone => {
                    let (line, gone) = (words.join(" "), &pair[1]);
                    let what = text!(
                        "控制规则“{line}”引用了已删除的“{gone}”，运行前请修改",
                        "the rule “{line}” names “{gone}”, which is gone: change it before the model is run"
                    );
                    self.done.problems.push(Problem::error("swmm.rule", what));
                }
            }
        }
        let changed = edited.changed();
        self.replace(place, changed);
    }
}

/// The tag of a subcatchment, if it is another now.
fn tag_of_area(area: &Area) -> Option<Option<String>> {
    let tag = super::value(area, "tag").to_string();
    has(area.kept.as_ref(), "tag").then(|| Some(tag.trim().to_owned()).filter(|tag| !tag.is_empty()))
}
