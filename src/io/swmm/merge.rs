//! A model written again: what the city has changed is changed in its text, all else stays to the letter.
//!
//! Elements that are gone go from every section that names them, elements that are new get lines of their own at the end
//! of their sections. Control rules are never rewritten beyond a changed name: that one is named there which is gone is
//! told.

mod areas;
mod links;
mod mentions;
mod nodes;
mod render;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::super::error::ReadError;
use super::inp::{Inp, Section, key, quoted};
use super::lines::{Edited, Form};
use super::model::{Model, Names, short};
use super::network::{Area, Gage, Kept, Link, LinkKind, Node, Written};
use super::rows::Layer;
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
    /// Ids of fields that SWMM has no place for, and how many elements have another value there than they came with.
    pub unplaced: BTreeMap<String, u64>,
}

/// Writes a network into the text that it came in, or into a [`template`](super::template()).
///
/// # Errors
/// The text is no model, or the work was stopped.
pub fn merge(original: &[u8], written: Written<'_>, task: &mut Task<'_>) -> Result<Merge, ReadError> {
    let model = Model::of(Inp::read(original, None, task)?, task)?;
    let mut work = Work::new(&model, written);
    (0..model.nodes.len()).for_each(|at| work.edit_node(at));
    (0..model.links.len()).for_each(|at| work.edit_link(at));
    (0..model.areas.len()).for_each(|at| work.edit_area(at));
    (0..model.gages.len()).for_each(|at| work.edit_gage(at));
    task.check()?;
    work.mentions();
    task.check()?;
    let Written { nodes, links, areas, gages, .. } = written;
    gages.unwrap_or_default().iter().filter(|gage| gage.kept.is_none()).for_each(|gage| work.add_gage(gage));
    nodes.iter().filter(|node| node.kept.is_none()).for_each(|node| work.add_node(node));
    links.iter().filter(|link| link.kept.is_none()).for_each(|link| work.add_link(link));
    areas.unwrap_or_default().iter().filter(|area| area.kept.is_none()).for_each(|area| work.add_area(area));
    work.tell_guesses();
    Ok(work.finish(original))
}

/// A change of the text.
struct Edit {
    at: Range<usize>,
    text: String,
}

/// Which fields of an element are others now; what is left at the end has not been written.
struct Changed<'k>(BTreeSet<&'k str>);

impl<'k> Changed<'k> {
    fn of(kept: Option<&'k Kept>) -> Self {
        Self(kept.into_iter().flat_map(|kept| &kept.changed).map(String::as_str).collect())
    }

    /// Whether a field is another, to be written by who asks.
    fn take(&mut self, field: &str) -> bool {
        self.0.remove(field)
    }

    fn has(&self, field: &str) -> bool {
        self.0.contains(field)
    }

    fn take_all(&mut self, fields: &[&str]) {
        self.0.retain(|field| !fields.contains(field));
    }
}

/// What a name of the text has become.
enum Now {
    Same,
    Named(String),
    Gone,
}

/// Names in capitals: of nodes, of subcatchments, of rain gages, of curves, of time series.
struct NamesNow {
    nodes: BTreeSet<String>,
    areas: BTreeSet<String>,
    gages: BTreeSet<String>,
    curves: BTreeSet<String>,
    series: BTreeSet<String>,
}

impl NamesNow {
    fn of(model: &Model, written: &Written<'_>) -> Self {
        let of_section = |section: Section| {
            let lines = model.inp.lines.iter().filter(|line| line.section == section && !line.is_head);
            lines.filter_map(|line| model.inp.words(*line).first().map(|name| key(name))).collect()
        };
        let code = |values: &[Value]| key(&values.first().unwrap_or(&Value::Null).to_string());
        Self {
            nodes: written.nodes.iter().map(|node| key(&node.name)).collect(),
            areas: match written.areas {
                Some(areas) => areas.iter().map(|area| code(&area.values)).collect(),
                None => model.area_names.keys().cloned().collect(),
            },
            gages: match written.gages {
                Some(gages) => gages.iter().map(|gage| code(&gage.values)).collect(),
                None => model.gage_names.keys().cloned().collect(),
            },
            curves: of_section(Section::Curves),
            series: of_section(Section::Series),
        }
    }
}

struct Work<'a> {
    model: &'a Model,
    form: Form,
    /// For each element of the text what it is now; `None` where it is gone.
    nodes: Vec<Option<&'a Node>>,
    links: Vec<Option<&'a Link>>,
    areas: Vec<Option<Option<&'a Area>>>,
    gages: Vec<Option<Option<&'a Gage>>>,
    written: Written<'a>,
    /// Names of now in capitals.
    names: NamesNow,
    /// Bottom levels by the names of now.
    bottoms_m: HashMap<String, Option<f64>>,
    /// How many links begin at a node, by its name of now.
    begin: HashMap<String, usize>,
    edits: Vec<Edit>,
    new: BTreeMap<Section, Vec<String>>,
    /// What was made up of cross sections: how many, and the first.
    guesses: BTreeMap<links::Guess, (u64, String)>,
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

/// As [`placed`] for a layer that may not be written at all: its elements stay as they are then.
fn known<T>(
    count: usize,
    before: usize,
    all: Option<&[T]>,
    kept: impl Fn(&T) -> Option<&Kept>,
) -> Vec<Option<Option<&T>>> {
    match all {
        None => (0..count).map(|_| Some(None)).collect(),
        Some(all) => placed(count, before, all, kept).into_iter().map(|it| it.map(Some)).collect(),
    }
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
    fn new(model: &'a Model, written: Written<'a>) -> Self {
        let Written { nodes, links, areas, gages, .. } = written;
        let before_links = model.nodes.len();
        let before_areas = before_links + model.links.len();
        let before_gages = before_areas + model.areas.len();
        Self {
            model,
            form: Form { units: model.units, has_levels: model.has_levels },
            nodes: placed(model.nodes.len(), 0, nodes, |node| node.kept.as_ref()),
            links: placed(model.links.len(), before_links, links, |link| link.kept.as_ref()),
            areas: known(model.areas.len(), before_areas, areas, |area| area.kept.as_ref()),
            gages: known(model.gages.len(), before_gages, gages, |gage| gage.kept.as_ref()),
            written,
            names: NamesNow::of(model, &written),
            begin: beginnings(links),
            bottoms_m: nodes.iter().map(|node| (key(&node.name), node.bottom_m)).collect(),
            edits: Vec::new(),
            new: BTreeMap::new(),
            guesses: BTreeMap::new(),
            done: Merge::default(),
        }
    }

    fn add(&mut self, section: Section, line: String) {
        self.new.entry(section).or_default().push(line);
    }

    fn tell(&mut self, rule: &'static str, what: Text) {
        self.done.problems.push(Problem::error(rule, what));
    }

    /// The word of an option.
    fn option(&self, name: &str) -> Option<&'a str> {
        let inp = &self.model.inp;
        let lines = inp.lines.iter().filter(|line| line.section == Section::Options);
        let mut words = lines.map(|line| inp.words(*line));
        words.find(|words| words.first().is_some_and(|word| word.eq_ignore_ascii_case(name)))?.get(1).copied()
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

    /// Puts what is said about an element above the line that defines it.
    fn describe(&mut self, line: u32, name: &str, remark: Option<&str>) {
        let inp = &self.model.inp;
        let start = inp.lines[line as usize].range().start;
        // What stands there may be the head of a table, or the name once more.
        let is_remark = !self.model.remark(line, name).is_null();
        let begin = if is_remark { description_start(&inp.text, start) } else { start };
        let ending = if inp.text.contains("\r\n") { "\r\n" } else { "\n" };
        let text = remark.map(comment).map_or_else(String::new, |comment| comment + ending);
        if begin < start || !text.is_empty() {
            self.edits.push(Edit { at: begin..start, text });
        }
    }

    /// A new element: the line that defines it below what is said about it.
    fn define(&mut self, section: Section, line: String, remark: Option<&String>) {
        remark.into_iter().for_each(|remark| self.add(section, comment(remark)));
        self.add(section, line);
    }

    /// Tells what is other in the city and stays as it was in the model.
    fn tell_left(&mut self, layer: Layer, name: &str, left: Changed<'_>) {
        let fields = layer.fields();
        let (mut zh, mut en) = (Vec::new(), Vec::new());
        for id in left.0 {
            // The tag or the name says what flows; there is no word for it.
            let field = fields.iter().find(|field| field.id == id && id != "sewer_type");
            match field {
                Some(field) => {
                    zh.push(field.name.zh.clone());
                    en.push(field.name.en.clone());
                }
                None => *self.done.unplaced.entry(id.to_owned()).or_default() += 1,
            }
        }
        if !zh.is_empty() {
            let (name, zh, en) = (short(name), zh.join("、"), en.join(", "));
            let what = text!(
                "“{name}”的{zh}改了，但写不进模型：模型里仍是原来的，运行前请在模型里改",
                "“{name}”: {en} changed and cannot be written; the model keeps what it had, change it there before it is run"
            );
            self.tell("swmm.not-written", what);
        }
    }

    /// Tells a word that SWMM would not take where it stands.
    fn tell_word(&mut self, name: &str, (zh, en): (&str, &str), word: &str) {
        let (name, word) = (short(name), short(word));
        if word.is_empty() {
            let what = text!(
                "“{name}”的{zh}已清空，SWMM 不能没有，模型里仍是原来的",
                "“{name}”: {en} was cleared, which SWMM cannot do without; the model keeps what it had"
            );
            return self.tell("swmm.not-written", what);
        }
        let what = text!(
            "“{name}”的{zh}“{word}”SWMM 读不懂，模型里仍是原来的",
            "“{name}”: SWMM cannot read “{word}” ({en}); the model keeps what it had"
        );
        self.tell("swmm.not-written", what);
    }

    fn drop_line(&mut self, line: usize) {
        let at = self.whole(self.model.inp.lines[line].range());
        self.edits.push(Edit { at, text: String::new() });
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
            Some(Some(area)) if has(area.kept.as_ref(), "code") => Now::Named(quoted(&value(area, "code").to_string())),
            Some(_) => Now::Same,
        }
    }

    fn gage_now(&self, at: usize) -> Now {
        match self.gages[at] {
            None => Now::Gone,
            Some(Some(gage)) if has(gage.kept.as_ref(), "code") => Now::Named(quoted(&code(&gage.values))),
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

/// A value of a subcatchment.
fn value<'v>(area: &'v Area, field: &str) -> &'v Value {
    let place = Layer::Areas.fields().iter().position(|known| known.id == field);
    place.and_then(|place| area.values.get(place)).unwrap_or(&Value::Null)
}

/// The code of an element: the first of its values.
fn code(values: &[Value]) -> String {
    values.first().map_or_else(String::new, |value| value.to_string().trim().to_owned())
}

/// Words as a comment of one line.
fn comment(words: &str) -> String {
    let words = words.split(['\r', '\n']).collect::<Vec<_>>().join(" ");
    format!(";{}", words.trim().trim_start_matches(';'))
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
