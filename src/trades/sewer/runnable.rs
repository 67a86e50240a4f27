//! From a recorded network to one that a hydraulic model can run: names it can spell, a level for every node, a size and
//! a length for every conduit, one pipe to every outfall. Whatever is made up is told, one problem each; what came out
//! of a model and goes back into it is left as it is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::task::{Problem, Problems};
use crate::text;
use crate::text::Text;

/// Height of a conduit of which nobody knows it, millimetres; a setting, told wherever it is used.
pub const UNKNOWN_MM: f64 = 300.0;
/// Length of the piece between an outfall and the junction that gathers its pipes, and the least of any conduit, metres.
const PIECE_M: f64 = 1.0;
/// Levels that differ by less are the same, metres.
const SAME_M: f64 = 1e-6;

/// What a node becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// Where pipes meet.
    Junction,
    /// Where water leaves.
    Outfall,
    /// Where water waits.
    Storage,
}

/// A node on its way into a model.
#[derive(Clone, Debug, PartialEq)]
pub struct RunNode {
    /// What the record calls it; afterwards a name that a model can spell.
    pub name: String,
    /// Whether it came out of the model that it goes back into.
    pub is_kept: bool,
    /// What it becomes.
    pub kind: RunKind,
    /// Whether it is a plant: water that comes to it leaves the network.
    pub is_plant: bool,
    /// Level of its bottom, metres.
    pub bottom_m: Option<f64>,
    /// Place in the model's coordinates.
    pub place: Option<[f64; 2]>,
}

/// A link on its way into a model.
#[derive(Clone, Debug, PartialEq)]
pub struct RunLink {
    /// As of a node.
    pub name: String,
    /// As of a node.
    pub is_kept: bool,
    /// Whether it is a pipe or channel.
    pub is_conduit: bool,
    /// Places of its nodes, in the direction of flow.
    pub ends: [usize; 2],
    /// Length, metres.
    pub length_m: Option<f64>,
    /// Height of the section, millimetres.
    pub height_mm: Option<f64>,
    /// Levels of its ends, metres.
    pub inverts_m: [Option<f64>; 2],
}

/// A network on its way into a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runnable {
    /// Nodes; made ones stand behind those handed in.
    pub nodes: Vec<RunNode>,
    /// Links, likewise.
    pub links: Vec<RunLink>,
    /// What was made up, and what still stands against a run.
    pub problems: Problems,
}

/// Makes a network runnable. `close_ends`: where water can only stay, an outfall is put.
pub fn make_runnable(nodes: Vec<RunNode>, links: Vec<RunLink>, close_ends: bool) -> Runnable {
    let mut work = Runnable { nodes, links, problems: Problems::default() };
    work.spell();
    work.levels();
    work.sizes();
    work.ends(close_ends);
    work.gather();
    if !work.nodes.is_empty() && !work.nodes.iter().any(|node| node.kind == RunKind::Outfall) {
        let what = Text::new(
            "没有排放口，SWMM 无法运行；可用 --close-ends 把没有出路的节点作为排放口",
            "there is no outfall: SWMM will not run; --close-ends makes outfalls of nodes without a way out",
        );
        work.problems.push(Problem::error("swmm.no-outfall", what));
    }
    work
}

impl Runnable {
    fn warn(&mut self, rule: &'static str, what: Text) {
        self.problems.push(Problem::warning(rule, what));
    }

    /// Gives every new element a name of its own without spaces.
    fn spell(&mut self) {
        let nodes: Vec<(bool, &mut String)> =
            self.nodes.iter_mut().map(|node| (node.is_kept, &mut node.name)).collect();
        let mut renamed = spell(nodes, "N");
        let links: Vec<(bool, &mut String)> =
            self.links.iter_mut().map(|link| (link.is_kept, &mut link.name)).collect();
        renamed.extend(spell(links, "L"));
        for (old, new) in renamed {
            let what = if old.is_empty() {
                text!("没有编号的要素命名为“{new}”", "what has no number is called “{new}”")
            } else {
                text!("“{old}”在模型中写作“{new}”", "“{old}” is spelled “{new}” in the model")
            };
            self.warn("swmm.name", what);
        }
    }

    /// A level for every node: its own, else that of the lowest pipe, else straight between the nearest node above and the
    /// nearest below that have one, else between the nearest two of any kind. Then the ends of pipes.
    fn levels(&mut self) {
        self.levels_of_pipes();
        let known: Vec<Option<f64>> = self.nodes.iter().map(|node| node.bottom_m).collect();
        if known.iter().any(Option::is_none) {
            let (up, down) = (nearest(&known, &self.links, 0), nearest(&known, &self.links, 1));
            let any = nearest_two(&known, &self.links);
            for (at, any) in any.into_iter().enumerate() {
                let between = up[at].zip(down[at]).map(|(up, down)| [Some(up), Some(down)]);
                self.level_between(at, between.unwrap_or(any), between.is_some());
            }
        }
        for link in self.links.iter_mut().filter(|link| !link.is_kept) {
            for end in 0..2 {
                let bottom = self.nodes[link.ends[end]].bottom_m;
                link.inverts_m[end] = link.inverts_m[end].or(bottom);
            }
        }
    }

    fn levels_of_pipes(&mut self) {
        let mut lowest: Vec<Option<f64>> = vec![None; self.nodes.len()];
        for link in &self.links {
            for end in 0..2 {
                let slot = &mut lowest[link.ends[end]];
                *slot = [*slot, link.inverts_m[end]].into_iter().flatten().reduce(f64::min);
            }
        }
        for (at, lowest) in lowest.into_iter().enumerate() {
            let node = &mut self.nodes[at];
            let Some(lowest) = lowest.filter(|_| !node.is_kept) else { continue };
            let name = &node.name;
            let what = match node.bottom_m {
                None => text!(
                    "节点“{name}”没有井底标高，取最低管底 {lowest:.3} m",
                    "node “{name}” has no bottom level: that of its lowest pipe, {lowest:.3} m, is taken"
                ),
                Some(bottom) if lowest < bottom - SAME_M => text!(
                    "节点“{name}”的井底 {bottom:.3} m 高于管底，改为 {lowest:.3} m",
                    "the bottom of node “{name}”, {bottom:.3} m, lies above a pipe: {lowest:.3} m is taken"
                ),
                Some(_) => continue,
            };
            node.bottom_m = Some(lowest);
            self.warn("swmm.level", what);
        }
    }

    /// The level of a node between the nearest ones that have one, each with its distance; whether one of them lies above
    /// and the other below.
    fn level_between(&mut self, at: usize, near: [Option<(f64, f64)>; 2], is_along: bool) {
        let node = &mut self.nodes[at];
        if node.bottom_m.is_some() || node.is_kept {
            return;
        }
        let name = &node.name;
        let (level, what) = match near {
            [Some((one, away)), Some((other, further))] => {
                let share = if away + further > 0.0 { away / (away + further) } else { 0.0 };
                let level = one + (other - one) * share;
                let what = if is_along {
                    text!(
                        "节点“{name}”没有标高，按上下游直线内插为 {level:.3} m",
                        "node “{name}” has no level: {level:.3} m, straight between the nearest levels above and below"
                    )
                } else {
                    text!(
                        "节点“{name}”没有标高，上游或下游也没有，按最近的两个已知标高内插为 {level:.3} m，请核对",
                        "node “{name}” has no level, nor has anything above it or below it: {level:.3} m, between the                          nearest two levels of any kind; look at it"
                    )
                };
                (level, what)
            }
            [Some((level, _)), None] => {
                let what = text!(
                    "节点“{name}”没有标高，只有一个已知标高可达，取 {level:.3} m",
                    "node “{name}” has no level and one known neighbour: its level, {level:.3} m, is taken"
                );
                (level, what)
            }
            _ => {
                let what = text!(
                    "节点“{name}”没有标高，相连的管网里也没有，写为 0，运行前请补充",
                    "node “{name}” has no level, nor has anything that it hangs together with: 0 is written, fill it in \
                     before the model is run"
                );
                self.problems.push(Problem::error("swmm.no-level", what));
                node.bottom_m = Some(0.0);
                return;
            }
        };
        node.bottom_m = Some(level);
        self.warn("swmm.level", what);
    }

    fn sizes(&mut self) {
        let mut told = Vec::new();
        for link in self.links.iter_mut().filter(|link| !link.is_kept) {
            let name = &link.name;
            if link.height_mm.is_none_or(|height| height <= 0.0) {
                link.height_mm = Some(UNKNOWN_MM);
                if link.is_conduit {
                    told.push(text!(
                        "管段“{name}”没有管径，按 {UNKNOWN_MM:.0} mm 写出",
                        "pipe “{name}” has no size: {UNKNOWN_MM:.0} mm is written"
                    ));
                }
            }
            if link.is_conduit && link.length_m.is_none_or(|length| length <= 0.0) {
                link.length_m = Some(PIECE_M);
                told.push(text!(
                    "管段“{name}”没有长度，按 {PIECE_M:.0} m 写出",
                    "pipe “{name}” has no length: {PIECE_M:.0} m is written"
                ));
            }
        }
        told.into_iter().for_each(|what| self.warn("swmm.size", what));
    }

    /// Nodes that water comes to and cannot leave.
    fn ends(&mut self, close_ends: bool) {
        let mut flows = vec![[false; 2]; self.nodes.len()];
        for link in &self.links {
            flows[link.ends[0]][0] = true;
            flows[link.ends[1]][1] = true;
        }
        for (at, [leaves, comes]) in flows.into_iter().enumerate() {
            let node = &mut self.nodes[at];
            if node.is_kept || leaves || !comes || node.kind != RunKind::Junction {
                continue;
            }
            let name = &node.name;
            let what = if node.is_plant {
                text!("污水处理厂“{name}”作为排放口写出", "the plant “{name}” is written as an outfall")
            } else if close_ends {
                text!(
                    "没有出路的节点“{name}”作为排放口写出",
                    "node “{name}” without a way out is written as an outfall"
                )
            } else {
                let what = text!(
                    "水流到节点“{name}”后没有出路；可用 --close-ends 作为排放口写出",
                    "water comes to node “{name}” and cannot leave; --close-ends makes it an outfall"
                );
                self.problems.push(Problem::error("swmm.no-way-out", what));
                continue;
            };
            node.kind = RunKind::Outfall;
            self.warn("swmm.outfall", what);
        }
    }

    /// SWMM lets one link end at an outfall: where more do, they meet in a junction before it.
    fn gather(&mut self) {
        let mut links_of: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (at, link) in self.links.iter().enumerate() {
            link.ends.iter().for_each(|&end| links_of[end].push(at));
        }
        let mut taken = Taken::new(self.nodes.iter().map(|node| &node.name));
        let mut taken_links = Taken::new(self.links.iter().map(|link| &link.name));
        for (at, links) in links_of.into_iter().enumerate() {
            let outfall = self.nodes[at].clone();
            let is_new = !outfall.is_kept || links.iter().any(|&link| !self.links[link].is_kept);
            if outfall.kind != RunKind::Outfall || !is_new || links.len() < 2 {
                continue;
            }
            let name = &outfall.name;
            if links.iter().any(|&link| self.links[link].ends[0] == at || self.links[link].is_kept) {
                let what = text!(
                    "排放口“{name}”连着不止一条管，或有管从它流出，SWMM 无法运行",
                    "more than one link ends at outfall “{name}”, or one begins there: SWMM will not run"
                );
                self.problems.push(Problem::error("swmm.outfall-links", what));
                continue;
            }
            let place = self.nodes.len();
            let junction = taken.free(&format!("{name}_J"));
            let what = text!(
                "排放口“{name}”有 {count} 条管，在前面加节点“{junction}”和 {PIECE_M:.0} m 短管",
                "{count} links end at outfall “{name}”: they meet in a junction “{junction}” with a pipe of \
                 {PIECE_M:.0} m before it",
                count = links.len()
            );
            let height = links.iter().filter_map(|&link| self.links[link].height_mm).reduce(f64::max);
            self.nodes.push(RunNode { name: junction, kind: RunKind::Junction, ..outfall.clone() });
            links.iter().for_each(|&link| self.links[link].ends[1] = place);
            self.links.push(RunLink {
                name: taken_links.free(&format!("{name}_L")),
                is_kept: false,
                is_conduit: true,
                ends: [place, at],
                length_m: Some(PIECE_M),
                height_mm: height.or(Some(UNKNOWN_MM)),
                inverts_m: [outfall.bottom_m; 2],
            });
            self.nodes[place].is_kept = false;
            self.warn("swmm.outfall-links", what);
        }
    }
}

/// What two names have in common that a model takes for one.
fn key(name: &str) -> String {
    name.to_ascii_uppercase()
}

/// Makes names legal and unique; those that changed, before and after.
fn spell(names: Vec<(bool, &mut String)>, letter: &str) -> Vec<(String, String)> {
    let mut taken = Taken::new(names.iter().filter(|(kept, _)| *kept).map(|(_, name)| &**name));
    let mut renamed = Vec::new();
    for (at, (_, name)) in names.into_iter().enumerate().filter(|(_, (kept, _))| !kept) {
        let plain: String = name
            .trim()
            .chars()
            .filter(|letter| !matches!(letter, ';' | '"') && !letter.is_control())
            .map(|letter| if letter.is_whitespace() { '_' } else { letter })
            .collect();
        let plain = plain.trim_start_matches('[').to_owned();
        let legal = taken.free(&if plain.is_empty() { format!("{letter}{}", at + 1) } else { plain });
        if legal != *name {
            renamed.push((std::mem::replace(name, legal.clone()), legal));
        }
    }
    renamed
}

/// Names that are taken, and of those that were wanted again the next number to try.
struct Taken {
    names: BTreeSet<String>,
    next: BTreeMap<String, u64>,
}

impl Taken {
    fn new<'a>(names: impl Iterator<Item = &'a String>) -> Self {
        Self { names: names.map(|name| key(name)).collect(), next: BTreeMap::new() }
    }

    /// The name, or with a number behind it the first that is not taken; it is then.
    fn free(&mut self, name: &str) -> String {
        if self.names.insert(key(name)) {
            return name.to_owned();
        }
        let next = self.next.entry(key(name)).or_insert(2);
        loop {
            let found = format!("{name}_{next}");
            *next += 1;
            if self.names.insert(key(&found)) {
                return found;
            }
        }
    }
}

/// For each node level and distance of the nearest node with a level from which water comes to it (`side` 0), or to which
/// its water goes (`side` 1); of two that are as near the lower one, so that nothing rises to it.
fn nearest(known: &[Option<f64>], links: &[RunLink], side: usize) -> Vec<Option<(f64, f64)>> {
    let mut ways: Vec<Vec<(usize, f64)>> = vec![Vec::new(); known.len()];
    for link in links {
        ways[link.ends[side]].push((link.ends[1 - side], run_m(link)));
    }
    let mut sources: Vec<(usize, f64)> = (0..).zip(known).filter_map(|(at, level)| Some((at, (*level)?))).collect();
    sources.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let mut found: Vec<Option<(f64, f64)>> = vec![None; known.len()];
    let mut open: BinaryHeap<Reverse<(u64, usize, usize)>> =
        sources.iter().enumerate().map(|(rank, (at, _))| Reverse((0, rank, *at))).collect();
    while let Some(Reverse((away, rank, at))) = open.pop() {
        if found[at].is_some() {
            continue;
        }
        found[at] = Some((sources[rank].1, metres(away)));
        let on = ways[at].iter().filter(|(next, _)| found[*next].is_none());
        open.extend(on.map(|(next, length)| Reverse((away + micrometres(*length), rank, *next))));
    }
    found
}

/// The length that a link's fall is spread over, metres.
fn run_m(link: &RunLink) -> f64 {
    link.length_m.filter(|length| *length > 0.0).unwrap_or(PIECE_M)
}

/// Micrometres have an order that numbers with fractions lack.
fn micrometres(metres: f64) -> u64 {
    (metres * 1e6) as u64
}

fn metres(micrometres: u64) -> f64 {
    micrometres as f64 / 1e6
}

/// For each node level and distance of the two nearest nodes with a level, along the links.
fn nearest_two(known: &[Option<f64>], links: &[RunLink]) -> Vec<[Option<(f64, f64)>; 2]> {
    let mut ways: Vec<Vec<(usize, f64)>> = vec![Vec::new(); known.len()];
    for link in links {
        let [from, to] = link.ends;
        let length = run_m(link);
        ways[from].push((to, length));
        ways[to].push((from, length));
    }
    let mut found: Vec<[Option<(usize, f64)>; 2]> = vec![[None; 2]; known.len()];
    let sources = known.iter().enumerate().filter(|(_, level)| level.is_some());
    let mut open: BinaryHeap<Reverse<(u64, usize, usize)>> = sources.map(|(at, _)| Reverse((0, at, at))).collect();
    while let Some(Reverse((away, at, source))) = open.pop() {
        let metres = metres(away);
        let slots = &mut found[at];
        match slots {
            [None, _] => slots[0] = Some((source, metres)),
            [Some((first, _)), None] if *first != source => slots[1] = Some((source, metres)),
            _ => continue,
        }
        // A node with a level of its own lets none through: what lies behind is measured from it.
        if known[at].is_some() && at != source {
            continue;
        }
        for &(next, length) in &ways[at] {
            let is_open = found[next][1].is_none() && found[next][0].is_none_or(|(first, _)| first != source);
            if is_open {
                open.push(Reverse((away + micrometres(length), next, source)));
            }
        }
    }
    let level = |slot: Option<(usize, f64)>| slot.and_then(|(source, away)| Some((known[source]?, away)));
    found.into_iter().map(|slots| slots.map(level)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, bottom_m: Option<f64>) -> RunNode {
        let kind = if name.starts_with('O') { RunKind::Outfall } else { RunKind::Junction };
        RunNode { name: name.into(), is_kept: false, kind, is_plant: false, bottom_m, place: None }
    }

    fn pipe(ends: [usize; 2], length_m: f64) -> RunLink {
        RunLink {
            name: format!("p {}-{}", ends[0], ends[1]),
            is_kept: false,
            is_conduit: true,
            ends,
            length_m: Some(length_m),
            height_mm: Some(300.0),
            inverts_m: [None; 2],
        }
    }

    fn rules(run: &Runnable) -> Vec<&str> {
        run.problems.listed.iter().map(|problem| problem.rule).filter(|rule| *rule != "swmm.name").collect()
    }

    #[test]
    fn missing_levels_lie_straight_between_the_known_ones() {
        let nodes = vec![node("A", Some(10.0)), node("B", None), node("C", None), node("O", Some(8.0))];
        let run = make_runnable(nodes, vec![pipe([0, 1], 10.0), pipe([1, 2], 30.0), pipe([2, 3], 60.0)], false);
        let levels: Vec<f64> = run.nodes.iter().filter_map(|node| node.bottom_m).collect();
        assert_eq!(levels, [10.0, 9.8, 9.2, 8.0]);
        assert_eq!(run.links[1].inverts_m, [Some(9.8), Some(9.2)]);
        assert_eq!(rules(&run), ["swmm.level", "swmm.level"]);
    }

    #[test]
    fn a_missing_level_lies_between_one_above_and_one_below_not_between_two_neighbours_above() {
        let nodes = vec![node("A1", Some(10.0)), node("A2", Some(12.0)), node("B", None), node("O", Some(5.0))];
        let links = vec![pipe([0, 2], 10.0), pipe([1, 2], 10.0), pipe([2, 3], 100.0)];
        let run = make_runnable(nodes, links, false);
        let level = run.nodes[2].bottom_m.expect("a level");
        assert!((level - (10.0 - 5.0 / 11.0)).abs() < 1e-9, "{level}");
        // Nothing known below: it is said.
        let nodes = vec![node("A1", Some(10.0)), node("A2", Some(12.0)), node("O", None)];
        let run = make_runnable(nodes, vec![pipe([0, 2], 10.0), pipe([1, 2], 10.0)], false);
        assert_eq!(run.nodes[2].bottom_m, Some(11.0));
        let said = run.problems.listed.iter().any(|problem| problem.what.en.contains("of any kind"));
        assert!(said, "{:?}", run.problems.listed);
    }

    #[test]
    fn ten_thousand_links_of_one_name_are_numbered_in_turn_in_no_time() {
        let mut names: Vec<String> = vec!["P".to_owned(); 10_000];
        names.push("P_2".to_owned());
        let since = std::time::Instant::now();
        let count = names.len();
        spell(names.iter_mut().map(|name| (false, name)).collect(), "L");
        assert!(since.elapsed().as_secs() < 2, "{:?}", since.elapsed());
        assert_eq!((names[1].as_str(), names[9_999].as_str(), names[count - 1].as_str()), ("P_2", "P_10000", "P_2_2"));
    }

    #[test]
    fn a_level_that_nothing_tells_is_an_error_not_a_guess() {
        let run = make_runnable(vec![node("A", None), node("O", None)], vec![pipe([0, 1], 10.0)], false);
        assert_eq!(rules(&run), ["swmm.no-level", "swmm.no-level"]);
    }

    #[test]
    fn the_bottom_of_a_node_lies_no_higher_than_its_pipes() {
        let mut low = pipe([0, 1], 10.0);
        low.inverts_m = [Some(4.5), Some(4.0)];
        let run = make_runnable(vec![node("A", Some(5.0)), node("O", None)], vec![low], false);
        assert_eq!(run.nodes.iter().map(|node| node.bottom_m).collect::<Vec<_>>(), [Some(4.5), Some(4.0)]);
    }

    #[test]
    fn names_lose_their_spaces_and_stay_different() {
        let nodes = ["井 1", "井_1", "", "[a;b", "o"].map(|name| node(name, Some(1.0))).to_vec();
        let run = make_runnable(nodes, Vec::new(), false);
        let names: Vec<&str> = run.nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["井_1", "井_1_2", "N3", "ab", "o"]);
        let said: Vec<&str> = run.problems.listed.iter().map(|problem| problem.what.en.as_ref()).collect();
        assert_eq!(said[0], "“井 1” is spelled “井_1” in the model");
    }

    #[test]
    fn where_water_cannot_leave_an_outfall_comes_only_if_asked_for() {
        let network = || (vec![node("A", Some(2.0)), node("B", Some(1.0))], vec![pipe([0, 1], 10.0)]);
        let (nodes, links) = network();
        let open = make_runnable(nodes, links, false);
        assert_eq!(rules(&open), ["swmm.no-way-out", "swmm.no-outfall"]);
        let (nodes, links) = network();
        let closed = make_runnable(nodes, links, true);
        assert_eq!((rules(&closed), closed.nodes[1].kind), (vec!["swmm.outfall"], RunKind::Outfall));
    }

    #[test]
    fn pipes_of_one_outfall_meet_before_it() {
        let nodes = vec![node("A", Some(2.0)), node("B", Some(3.0)), node("O", Some(1.0))];
        let run = make_runnable(nodes, vec![pipe([0, 2], 10.0), pipe([1, 2], 20.0)], false);
        assert_eq!(rules(&run), ["swmm.outfall-links"]);
        assert_eq!(run.links.iter().map(|link| link.ends).collect::<Vec<_>>(), [[0, 3], [1, 3], [3, 2]]);
        assert_eq!((run.nodes[3].name.as_str(), run.nodes[3].kind), ("O_J", RunKind::Junction));
    }
}
