//! The finder of cross connections (错混接): where foul water gets into storm sewers and storm water into foul ones, likeliest
//! first, with the evidence and the manhole to open first.
//!
//! A candidate is a place where the record leads water of one system into another ([`joins`]), or a drainage user that its
//! record joins to a storm sewer. Its score, 0 to 1, begins with what meets there and moves with the evidence:
//!
//! | evidence | score |
//! |---|---|
//! | foul into storm 0.55, storm into foul 0.50, combined into storm 0.40, through a shared manhole 0.30, combined into foul without an intercepting well 0.20, a user on a storm sewer 0.35 | begins with |
//! | the sewer above is of one system, by length | up to +0.20 |
//! | what goes on below and what else arrives is of the other system | up to +0.12 |
//! | the water ends at the other system's outlet (plant, outfall) | +0.08 |
//! | the manhole is recorded as the other system's | +0.05 |
//! | sewage of known users comes down in dry weather | +0.05 |
//! | the sewer above is mostly of the receiving system already: one pipe may be recorded wrongly | −0.25 |
//! | one or two pipes below the record returns to the first system: these may be recorded wrongly | −0.25 |
//!
//! Lengths upstream are shared evenly where several pipes leave a node, so that nothing counts twice. A loop is one vessel:
//! all that lies in it and above it is above each of its nodes, and is shared by the pipes that leave it. Water ends at
//! plants: what lies above one is not above what leaves it.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::network::Way;
use crate::analysis::tracer::Tracer;
use crate::text;
use crate::text::Text;

use super::joins::{Join, JoinWay, joins};
use super::lateral::{UserJoinedBy, system_at};
use super::nodes::row_number;
use super::pipe::{NodeType, System};
use super::sewers::Sewers;
use super::users::{NodeUses, Users};

mod above;

use self::above::{Sum, Upstream};

/// Pipes that are followed downstream to see what goes on there.
const AHEAD: usize = 10;
/// Below this share of its own system the sewer above is called mixed.
const PURE: f64 = 0.9;

/// What is known of drainage users.
#[derive(Clone, Debug, Default)]
pub struct Sewage {
    /// What drains into each node.
    pub uses: NodeUses,
    /// Users that their record joins to a storm sewer.
    pub misjoined: Vec<Misjoined>,
}

impl Sewage {
    /// What users say. A user is misjoined where the node that its record names is a storm one in the network.
    pub fn of(sewers: &Sewers, users: &Users) -> Self {
        let misjoined = users.each().filter_map(|(user, join)| {
            let node = join.node.filter(|_| join.by == UserJoinedBy::Record)?;
            let name = if user.name.is_empty() { user.code.clone() } else { user.name.clone() };
            let volume_m3_per_d = users.use_of(user).volume_m3_per_d;
            (system_at(sewers, node) == System::Storm).then_some(Misjoined { node, name, volume_m3_per_d })
        });
        Self { misjoined: misjoined.collect(), uses: users.node_uses() }
    }
}

/// A user on a storm sewer.
#[derive(Clone, Debug, PartialEq)]
pub struct Misjoined {
    /// The node.
    pub node: u32,
    /// What it is called.
    pub name: Box<str>,
    /// What it discharges, m³/d.
    pub volume_m3_per_d: f64,
}

/// One place to look into.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The node where the systems meet.
    pub node: u32,
    /// The pipes that are in the wrong place; none for a user.
    pub pipes: Vec<u32>,
    /// How they meet; `None` for a user.
    pub way: Option<JoinWay>,
    /// The system that the water comes from.
    pub from: System,
    /// The system that it gets into.
    pub to: System,
    /// How likely it is, 0 to 1.
    pub score: f64,
    /// Share of the first system in the sewer above, by length; `None` where nothing lies above.
    pub purity: Option<f64>,
    /// Sewer of the first system above, metres.
    pub upstream_m: f64,
    /// Discharge of known users above, m³/d.
    pub volume_m3_per_d: f64,
    /// What it is, in one sentence.
    pub what: Text,
    /// What speaks for it and against it.
    pub evidence: Vec<Text>,
    /// Where to look first.
    pub open_first: Option<Look>,
}

/// A manhole to open, and why that one.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The node.
    pub node: u32,
    /// Why.
    pub why: Text,
}

/// A storm outfall that foul water can reach.
#[derive(Clone, Debug, PartialEq)]
pub struct FoulOutfall {
    /// The outfall.
    pub node: u32,
    /// Storm sewer above it, metres.
    pub storm_m: f64,
    /// Foul sewer above it, metres.
    pub foul_m: f64,
    /// Combined sewer above it, metres.
    pub combined_m: f64,
    /// Nodes above it where other water gets into the storm sewer.
    pub joins: Vec<u32>,
    /// Users on the storm sewer above it.
    pub users: usize,
    /// Their discharge, m³/d.
    pub volume_m3_per_d: f64,
}

/// What the finder found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrossConnections {
    /// Places to look into, likeliest first.
    pub candidates: Vec<Candidate>,
    /// Storm outfalls that foul water can reach, those with the longest foul sewer first.
    pub outfalls: Vec<FoulOutfall>,
}

/// Finds them.
pub fn cross_connections(sewers: &Sewers, sewage: &Sewage) -> CrossConnections {
    let found = joins(sewers);
    let sums = Upstream::of(sewers, &sewage.uses);
    let mut groups: FxHashMap<(u32, System, System), Vec<Join>> = FxHashMap::default();
    for join in &found {
        groups.entry((join.node, join.from, join.to)).or_default().push(*join);
    }
    let mut candidates: Vec<Candidate> = groups.into_values().map(|group| sums.candidate(&group)).collect();
    candidates.extend(sewage.misjoined.iter().map(|user| sums.user(user)));
    candidates.sort_by(|a, b| {
        let sizes = b.score.total_cmp(&a.score).then(b.upstream_m.total_cmp(&a.upstream_m));
        sizes.then((a.node, a.from, a.to).cmp(&(b.node, b.from, b.to)))
    });
    CrossConnections { candidates, outfalls: foul_outfalls(sewers, sewage, &found) }
}

impl Upstream<'_> {
    /// The candidate of all joins of one sort at one node.
    fn candidate(&self, group: &[Join]) -> Candidate {
        let Join { node, from, to, way, .. } = group[0];
        let arrives = |pipe: &u32| self.sewers.end_of(*pipe, Way::Down) == Some(node);
        let above = match way {
            JoinWay::Branches => self.nodes[node as usize],
            _ => self.arriving(group.iter().map(|join| join.pipe).filter(arrives)),
        };
        let mut score = match (from, to, way) {
            (.., JoinWay::Shares) => 0.30,
            (System::Foul, System::Storm, _) => 0.55,
            (System::Storm, System::Foul, _) => 0.50,
            (System::Combined, System::Storm, _) => 0.40,
            _ => 0.20,
        };
        let mut evidence = Vec::new();
        for (weight, words) in [
            Self::above(&above, from, to),
            self.below(group),
            self.outlet(node, to),
            self.recorded(node, from, to),
            dry_weather(&above, from),
        ]
        .into_iter()
        .flatten()
        {
            score += weight;
            evidence.push(words);
        }
        Candidate {
            node,
            pipes: group.iter().map(|join| join.pipe).collect(),
            way: Some(way),
            from,
            to,
            score: (score.clamp(0.0, 1.0) * 1000.0).round() / 1000.0,
            purity: above.share(from),
            upstream_m: above.length_m[from as usize],
            volume_m3_per_d: above.volume,
            what: self.what(node, from, to, way),
            evidence,
            open_first: self.open_first(group, &above),
        }
    }

    fn what(&self, node: u32, from: System, to: System, way: JoinWay) -> Text {
        let (name, from, to) = (self.sewers.node_name(node, row_number), from.name(), to.name());
        let (from_zh, to_zh, from_en, to_en) = (from.zh, to.zh, from.en, to.en);
        match way {
            JoinWay::Arrives => {
                text!("{from_zh}管接入{to_zh}井 {name}", "A {from_en} sewer runs into the {to_en} sewer at {name}")
            }
            JoinWay::Branches => {
                text!(
                    "{from_zh}管在井 {name} 分流入{to_zh}管",
                    "At {name} a {to_en} pipe branches off a {from_en} sewer"
                )
            }
            JoinWay::Shares => {
                text!("{from_zh}管与{to_zh}管共用井 {name}", "{from_en} and {to_en} sewers share the manhole {name}")
            }
            JoinWay::Ends => {
                text!("{from_zh}管的末端 {name} 属于{to_zh}", "A {from_en} sewer ends at {name}, which is {to_en}")
            }
        }
    }

    fn above(above: &Sum, from: System, to: System) -> Option<(f64, Text)> {
        let purity = above.share(from)?;
        let (percent, length_m, system) = (purity * 100.0, above.length_m[from as usize], from.name());
        let (zh, en) = (system.zh, system.en);
        if above.share(to).is_some_and(|share| share > 0.5) {
            let words = text!(
                "上游 {percent:.0}% 才是{zh}管，其余多为接入方：可能是管段类型记错",
                "Only {percent:.0}% of the sewer above is {en}, most is of the receiving system: a pipe may be recorded wrongly"
            );
            return Some((-0.25, words));
        }
        let words = text!(
            "上游 {percent:.0}% 是{zh}管（{length_m:.0} m）",
            "{percent:.0}% of the sewer above is {en} ({length_m:.0} m)"
        );
        Some((0.20 * (2.0 * purity - 1.0).max(0.0), words))
    }

    /// What else arrives and what goes on.
    fn below(&self, group: &[Join]) -> Option<(f64, Text)> {
        let Join { node, from, to, way, .. } = group[0];
        if way == JoinWay::Ends {
            return None;
        }
        let network = self.sewers.network();
        let mut other = Sum::default();
        let is_own = |pipe: u32| group.iter().any(|join| join.pipe == pipe);
        if way != JoinWay::Branches {
            other = self.arriving(network.edges_at(node, Way::Up).filter(|&pipe| !is_own(pipe)));
        }
        let (mut at, mut run) = (node, 0);
        for step in 0..AHEAD {
            let system = |pipe: &u32| self.sewers.pipe(*pipe).map(|pipe| pipe.system);
            let mut leaving = network.edges_at(at, Way::Down);
            let next = if step == 0 { leaving.find(|pipe| system(pipe) == Some(to)) } else { leaving.next() };
            let Some(pipe) = next else { break };
            let carried = system(&pipe).unwrap_or_default();
            if carried == from && run <= 2 {
                let zh = from.name().zh;
                let en = from.name().en;
                let words = text!(
                    "下游 {run} 段之后又是{zh}管：可能是管段类型记错",
                    "After {run} pipes it is a {en} sewer again: they may be recorded wrongly"
                );
                return Some((-0.25, words));
            }
            run += usize::from(carried == to);
            other.length_m[carried as usize] += self.sewers.length_m(pipe);
            let Some([_, end]) = network.ends(pipe) else { break };
            at = end;
        }
        let share = other.share(to)?;
        let (percent, name) = (share * 100.0, to.name());
        let (zh, en) = (name.zh, name.en);
        let words = text!("接入方 {percent:.0}% 是{zh}管", "{percent:.0}% of the receiving sewer is {en}");
        Some((0.12 * share, words))
    }

    fn outlet(&self, node: u32, to: System) -> Option<(f64, Text)> {
        match (to, self.ends[node as usize]) {
            (System::Foul, [true, _]) => {
                Some((0.08, Text::new("下游通向污水处理厂", "It goes on to a treatment plant")))
            }
            (System::Storm, [_, true]) => Some((0.08, Text::new("下游通向排放口", "It goes on to an outfall"))),
            _ => None,
        }
    }

    fn recorded(&self, node: u32, from: System, to: System) -> Option<(f64, Text)> {
        let system = self.sewers.node_row(node)?.system;
        let name = system.name();
        let (zh, en) = (name.zh, name.en);
        if system == to {
            return Some((0.05, text!("井的类型记为{zh}", "The node is recorded as {en}")));
        }
        (system == from)
            .then(|| (0.0, text!("井的类型记为{zh}，与来水一致", "The node is recorded as {en}, as the water is")))
    }

    /// A pure sewer has one place to prove it: the manhole above the join. In a mixed one the manhole that divides what
    /// is foreign in two halves tells most.
    fn open_first(&self, group: &[Join], above: &Sum) -> Option<Look> {
        let Join { node, from, way, pipe, .. } = group[0];
        let main = group.iter().map(|join| join.pipe).max_by(|&a, &b| {
            let length = |pipe: u32| self.pipes[pipe as usize].length_m[from as usize];
            length(a).total_cmp(&length(b)).then(b.cmp(&a))
        })?;
        let network = self.sewers.network();
        let start = match way {
            JoinWay::Branches => node,
            _ => network.ends(main)?[0],
        };
        let season = match from {
            System::Storm => Text::new("雨天看有无大量清水", "in rain, look for clear water"),
            _ => Text::new("晴天看有无污水", "in dry weather, look for sewage"),
        };
        let (season_zh, season_en) = (season.zh, season.en);
        if above.length_m[from as usize] <= 0.0 {
            let why = text!(
                "上游没有管段，两种管就在这口井里相通；{season_zh}",
                "Nothing lies above: the two meet in this manhole; {season_en}"
            );
            return Some(Look { node, why });
        }
        if above.share(from).is_none_or(|share| share >= PURE) {
            let length_m = above.length_m[from as usize];
            let from_node = if way == JoinWay::Branches { network.ends(pipe)?[1] } else { start };
            return Some(Look {
                node: from_node,
                why: text!(
                    "紧邻接点的一口井，上游 {length_m:.0} m 的水都从这里过；{season_zh}",
                    "The manhole next to the join: all of the {length_m:.0} m above runs through it; {season_en}"
                ),
            });
        }
        let total_m = self.pipes[main as usize].length_m[from as usize];
        let node = self.halving(start, from, total_m);
        let part_m = self.nodes[node as usize].length_m[from as usize].min(total_m);
        let rest_m = total_m - part_m;
        Some(Look {
            node,
            why: text!(
                "在这里能把上游分成 {part_m:.0} m 与 {rest_m:.0} m 两半，看一口井排除最多；{season_zh}",
                "It parts the sewer above into {part_m:.0} m and {rest_m:.0} m: one look rules out the most; {season_en}"
            ),
        })
    }

    /// Going up along the longest branch, the node with about half of the system's length above it.
    fn halving(&self, start: u32, system: System, total_m: f64) -> u32 {
        let network = self.sewers.network();
        let length_m = |node: u32| self.nodes[node as usize].length_m[system as usize];
        let (mut best, mut at) = (start, start);
        let mut walked = FxHashSet::default();
        while walked.insert(at) {
            let off_m = |node: u32| (length_m(node) - total_m / 2.0).abs();
            if off_m(at) < off_m(best) {
                best = at;
            }
            if length_m(at) < total_m / 2.0 {
                break;
            }
            let above = network.edges_at(at, Way::Up).max_by(|&a, &b| {
                let length = |pipe: u32| self.pipes[pipe as usize].length_m[system as usize];
                length(a).total_cmp(&length(b)).then(b.cmp(&a))
            });
            let Some([from, _]) = above.and_then(|pipe| network.ends(pipe)) else { break };
            at = from;
        }
        best
    }

    /// A user whose record joins it to a storm sewer.
    fn user(&self, user: &Misjoined) -> Candidate {
        let (name, node) = (&user.name, self.sewers.node_name(user.node, row_number));
        let mut score = 0.35;
        let mut evidence = Vec::new();
        if user.volume_m3_per_d > 0.0 {
            score += 0.05;
            let volume = user.volume_m3_per_d;
            evidence.push(text!("每天排水 {volume:.1} m³", "It discharges {volume:.1} m³ a day"));
        }
        if let Some((weight, words)) = self.outlet(user.node, System::Storm) {
            score += weight;
            evidence.push(words);
        }
        Candidate {
            node: user.node,
            pipes: Vec::new(),
            way: None,
            from: System::Foul,
            to: System::Storm,
            score,
            purity: None,
            upstream_m: 0.0,
            volume_m3_per_d: user.volume_m3_per_d,
            what: text!("排水户“{name}”接入雨水井 {node}", "The user “{name}” is joined to the storm node {node}"),
            evidence,
            open_first: Some(Look {
                node: user.node,
                why: Text::new(
                    "该户接入的井；晴天看支管有无污水",
                    "The manhole that it joins; in dry weather, look at its lateral",
                ),
            }),
        }
    }
}

fn dry_weather(above: &Sum, from: System) -> Option<(f64, Text)> {
    let volume = above.volume;
    (volume > 0.0 && from != System::Storm).then(|| {
        (
            0.05,
            text!(
                "上游排水户每天约 {volume:.0} m³，晴天也有水",
                "Users above discharge about {volume:.0} m³ a day, in dry weather too"
            ),
        )
    })
}

/// Storm outfalls with foul or combined sewer above them, or with users on the storm sewer.
fn foul_outfalls(sewers: &Sewers, sewage: &Sewage, joins: &[Join]) -> Vec<FoulOutfall> {
    let is_into_storm = |join: &&Join| join.to == System::Storm || join.way == JoinWay::Shares;
    let into_storm: FxHashSet<u32> = joins.iter().filter(is_into_storm).map(|join| join.node).collect();
    let mut users: FxHashMap<u32, (usize, f64)> = FxHashMap::default();
    for user in &sewage.misjoined {
        let entry = users.entry(user.node).or_default();
        *entry = (entry.0 + 1, entry.1 + user.volume_m3_per_d);
    }
    let network = sewers.network();
    let mut tracer = Tracer::new(network);
    let mut found = Vec::new();
    let is_storm = |node: u32| {
        let own = sewers.node_row(node).map_or(System::Unknown, |row| row.system);
        let carries = |pipe: u32| sewers.pipe(pipe).map(|pipe| pipe.system) == Some(System::Storm);
        own == System::Storm || (own == System::Unknown && network.edges_at(node, Way::Up).any(carries))
    };
    let outfalls = sewers.nodes().map(|(node, _)| node);
    let outfalls = outfalls.filter(|&node| sewers.node_type(node) == NodeType::Outfall && is_storm(node));
    for node in outfalls {
        let traced = tracer.trace(&[node], Way::Up, |pipe| sewers.passes_on(pipe));
        let mut sum = Sum::default();
        for &pipe in &traced.edges {
            let system = sewers.pipe(pipe).map_or(System::Unknown, |pipe| pipe.system);
            sum.length_m[system as usize] += sewers.length_m(pipe);
        }
        let above = traced.nodes.iter().filter(|&&node| !sewers.is_plant(node)).filter_map(|node| users.get(node));
        let (users, volume) = above.fold((0, 0.0), |sum, user| (sum.0 + user.0, sum.1 + user.1));
        let [storm_m, foul_m, combined_m, _] = sum.length_m;
        if foul_m + combined_m > 0.0 || users > 0 {
            let joins = traced.nodes.iter().copied().filter(|node| into_storm.contains(node)).collect();
            found.push(FoulOutfall { node, storm_m, foul_m, combined_m, joins, users, volume_m3_per_d: volume });
        }
    }
    found.sort_by(|a, b| {
        let foul = (b.foul_m + b.combined_m).total_cmp(&(a.foul_m + a.combined_m));
        foul.then(b.volume_m3_per_d.total_cmp(&a.volume_m3_per_d)).then(a.node.cmp(&b.node))
    });
    found
}
