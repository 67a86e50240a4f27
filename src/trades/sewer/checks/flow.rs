//! Rules about where the water goes: dead ends, loops, pipes against the flow, parts without an outlet.

use crate::analysis::network::{Network, Way};
use crate::text;
use crate::text::Text;

use super::super::pipe::{NodeType, RowRef};
use super::super::sewers::DirectionBy;
use super::drawing::against_record;
use super::scene::{Laid, Scene};
use super::{Change, Finding, Found};

/// Most codes that one text lists.
const MOST_NAMES: usize = 5;

/// SW07.
pub(super) fn lone_pipes(scene: &Scene<'_>, found: &mut Found) {
    for laid in scene.laid().filter(|laid| laid.flow.nodes[0] != laid.flow.nodes[1]) {
        let part = scene.part(laid.flow.nodes[0]);
        if part.pipes == 1 && !part.has_outlet {
            let what = Text::new(
                "孤立：不与其他管段相连，也不通向排放口",
                "It is joined to no other pipe and leads to no outlet",
            );
            found.add(Finding::new(laid.pipe.row, laid.middle(), what));
        }
    }
}

/// SW15. Pumps pass the water on by a main that may not be recorded; the end of a reversed pipe is told there.
pub(super) fn dead_ends(scene: &Scene<'_>, found: &mut Found) {
    if !scene.has_nodes {
        return;
    }
    for (node, _) in scene.sewers.nodes() {
        let node_type = scene.node_type(node);
        let arriving = scene.degree(node, Way::Up);
        let is_end = arriving > 0 && scene.degree(node, Way::Down) == 0;
        if !is_end || scene.sewers.is_outlet(node) || node_type == NodeType::Pump || scene.part(node).pipes == 1 {
            continue;
        }
        if scene.pipes_at(node, Way::Up).any(|laid| scene.is_reversed(laid.number)) {
            continue;
        }
        let Some(row) = scene.row_at(node) else { continue };
        let (name, run) = (scene.node_name(node), if arriving == 1 { "pipe runs" } else { "pipes run" });
        let what = text!(
            "断头：{arriving} 根管段汇入井 {name}，没有出路，也不是排放口、泵站、处理厂或调蓄池",
            "A dead end: {arriving} {run} into node {name} and none leaves; it is no outfall, pump, plant or storage"
        );
        found.add(Finding::new(row, scene.at(node), what));
    }
}

/// How a reversed pipe is put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Everything turns: line, nodes, inverts.
    All,
    /// Line and inverts agree with the flow; the node codes alone are exchanged.
    Codes,
    /// The neighbours say it, levels do not help.
    Unsure,
}

/// Whether all around a pipe says that it was recorded against the flow: where it ends others end too and none leaves,
/// where it begins others begin and none arrives; and the inverts do not say otherwise.
fn turn(scene: &Scene<'_>, laid: &Laid<'_>) -> Option<Turn> {
    let [from, to] = laid.flow.nodes;
    if laid.flow.by != DirectionBy::Record || !laid.pipe.is_gravity() || from == to {
        return None;
    }
    let ends = scene.degree(to, Way::Down) == 0 && scene.degree(to, Way::Up) > 1;
    let is_source = scene.degree(from, Way::Up) == 0 && scene.degree(from, Way::Down) > 1;
    let may_end = scene.sewers.is_outlet(to) || scene.node_type(to) == NodeType::Pump;
    if !ends || may_end || !(is_source || scene.sewers.is_outlet(from)) {
        return None;
    }
    match laid.flow.inverts_m {
        [Some(up), Some(down)] if down > up => Some(Turn::All),
        [Some(up), Some(down)] if up > down => laid.flow.is_drawn_against.then_some(Turn::Codes),
        _ => Some(Turn::Unsure),
    }
}

/// Of each pipe whether it was recorded against the flow, see [`turn`].
pub(super) fn reversed(scene: &Scene<'_>) -> Vec<bool> {
    let mut reversed = vec![false; scene.sewers.pipe_numbers() as usize];
    for laid in scene.laid() {
        reversed[laid.number as usize] = turn(scene, &laid).is_some();
    }
    reversed
}

/// SW16.
pub(super) fn against(scene: &Scene<'_>, found: &mut Found) {
    for laid in scene.laid() {
        let row = laid.pipe.row;
        let [from, to] = laid.flow.nodes.map(|node| scene.node_name(node));
        let label = Text::new("管段掉头", "Turn the pipe around");
        if let Some(turn) = turn(scene, &laid) {
            let what = text!(
                "方向与上下游相反：{to} 只进不出，{from} 只出不进",
                "It runs against its neighbours: nothing leaves {to}, nothing arrives at {from}"
            );
            let change = match turn {
                Turn::All => Some(Change::Reverse { row, line: !laid.flow.is_drawn_against }),
                Turn::Codes => Some(Change::SwapNodes(row)),
                Turn::Unsure => None,
            };
            found.add(Finding::new(row, laid.middle(), what).fixed_by(label, change.into_iter().collect()));
        } else if laid.flow.by == DirectionBy::Inverts && laid.flow.is_against_record {
            let what = text!(
                "画线方向与管底坡向相反：水应由 {from} 流向 {to}",
                "It was drawn against its fall: water runs from {from} to {to}"
            );
            let [start, end] = laid.flow.nodes;
            let goes_on = scene.degree(end, Way::Down) > 0 || scene.sewers.is_outlet(end);
            let comes = scene.degree(start, Way::Up) > 0;
            let change = (goes_on && comes).then_some(Change::Reverse { row, line: laid.flow.is_drawn_against });
            found.add(Finding::new(row, laid.middle(), what).fixed_by(label, change.into_iter().collect()));
        } else {
            found.add_some(against_record(scene, &laid));
        }
    }
}

/// SW17.
pub(super) fn loops(scene: &Scene<'_>, found: &mut Found) {
    let mut gravity =
        Network::with_capacity(scene.sewers.node_numbers() as usize, scene.sewers.pipe_numbers() as usize);
    for laid in scene.laid().filter(|laid| laid.pipe.is_gravity()) {
        gravity.set_edge(laid.number, laid.flow.nodes[0], laid.flow.nodes[1]);
    }
    let groups = gravity.order().group;
    let mut pipes: Vec<(u32, RowRef, u32)> = Vec::new();
    for (pipe, [from, to]) in gravity.edges() {
        let group = groups[from as usize];
        if group == groups[to as usize] && from != to {
            pipes.extend(scene.one(pipe).map(|laid| (group, laid.pipe.row, pipe)));
        }
    }
    pipes.sort_unstable();
    for group in pipes.chunk_by(|a, b| a.0 == b.0) {
        let Some(first) = scene.one(group[0].2) else { continue };
        let count = group.len();
        let listed = group.iter().take(MOST_NAMES).filter_map(|it| scene.one(it.2)).map(|laid| laid.name());
        let mut names = listed.collect::<Vec<_>>().join(", ");
        if count > MOST_NAMES {
            names.push_str(" …");
        }
        let what = text!("水流成环：{count} 根管段（{names}）", "The flow runs in a loop of {count} pipes ({names})");
        found.add(Finding::new(first.pipe.row, first.middle(), what));
    }
}

/// SW35. A single pipe is another finding.
pub(super) fn no_outlet(scene: &Scene<'_>, found: &mut Found) {
    if !scene.has_nodes {
        return;
    }
    let (numbers, parts) = scene.parts();
    let mut first: Vec<Option<(RowRef, u32)>> = vec![None; parts.len()];
    for laid in scene.laid() {
        let place = &mut first[numbers[laid.flow.nodes[0] as usize] as usize];
        let own = (laid.pipe.row, laid.number);
        *place = Some(place.map_or(own, |before| before.min(own)));
    }
    for (part, first) in parts.iter().zip(first).filter(|(part, _)| part.pipes > 1 && !part.has_outlet) {
        let Some(laid) = first.and_then(|(_, pipe)| scene.one(pipe)) else { continue };
        let (pipes, length_m) = (part.pipes, part.length_m);
        let what = text!(
            "所在的一片管网（{pipes} 段，{length_m:.0} m）没有排放口、处理厂或调蓄池",
            "The part that it belongs to ({pipes} pipes, {length_m:.0} m) has no outfall, plant or storage"
        );
        found.add(Finding::new(laid.pipe.row, laid.middle(), what));
    }
}
