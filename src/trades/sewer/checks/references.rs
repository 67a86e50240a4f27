//! Rules about who names whom: nodes that are nowhere, pipes that lie twice, numbers that are not unique.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use crate::analysis::network::Way;
use crate::text;
use crate::text::Text;

use super::super::pipe::{Link, Pipe, RowRef};
use super::super::sewers::JoinedBy;
use super::scene::{Laid, Scene, name_of};
use super::{Change, Finding, Found};

/// Fields of the codes where a pipe begins and ends.
pub(super) const END_FIELDS: [&str; 2] = ["from_node", "to_node"];

/// SW01.
pub(super) fn missing_nodes(scene: &Scene<'_>, found: &mut Found) {
    if !scene.has_nodes {
        found.note(Text::new(
            "城市里没有排水节点，井号无从核对",
            "The city has no rows of sewer nodes: what pipes name cannot be looked up",
        ));
    }
    tell_snapped(scene, found);
    for laid in scene.laid() {
        let ends = [0, 1].map(|end| missing_node(scene, &laid, end));
        let at = (0..2).find(|&end| ends[end].is_some()).and_then(|end| laid.drawn_end(end).or_else(|| laid.middle()));
        let mut changes = Vec::new();
        let mut words: Option<Text> = None;
        for (what, change) in ends.into_iter().flatten() {
            changes.extend(change);
            words = Some(match words {
                None => what,
                Some(Text { zh, en }) => {
                    let (more_zh, more_en) = (what.zh, what.en);
                    text!("{zh}；{more_zh}", "{en}; {more_en}")
                }
            });
        }
        if let Some(words) = words {
            let label = Text::new("填写端点所在的井号", "Name the node at the drawn end");
            found.add(Finding::new(laid.pipe.row, at, words).fixed_by(label, changes));
        }
    }
    for (number, pipe) in scene.sewers.pipes() {
        if scene.sewers.flow(number).is_none() && !pipe.is_out_of_use {
            let what = Text::new(
                "既没有画出线位，也没有起止井号，不能入网",
                "It is neither drawn nor does it name its nodes: it is no part of the network",
            );
            found.add(Finding::new(pipe.row, None, what));
        }
    }
}

/// Says how well a network hangs together whose pipes name no nodes.
fn tell_snapped(scene: &Scene<'_>, found: &mut Found) {
    let (_, parts) = scene.parts();
    let whole_m: f64 = parts.iter().map(|part| part.length_m).sum();
    if scene.is_coded || whole_m <= 0.0 {
        return;
    }
    let snap_m = scene.sewers.joining().snap_m;
    let count = parts.iter().filter(|part| part.pipes > 0).count();
    let largest = parts.iter().map(|part| part.length_m).fold(0.0, f64::max) / whole_m * 100.0;
    found.note(text!(
        "多数管段没有井号：端点在 {snap_m:.1} m 内的视为相接，共 {count} 片，最大一片占管长的 {largest:.1}%",
        "Most pipes name no nodes: ends within {snap_m:.1} m count as joined, which makes {count} parts, the largest with \
         {largest:.1} % of the length"
    ));
}

/// What is wrong with one end of a pipe, and the change that mends it.
fn missing_node(scene: &Scene<'_>, laid: &Laid<'_>, end: usize) -> Option<(Text, Option<Change>)> {
    let code = [&laid.pipe.from_code, &laid.pipe.to_code][end];
    let (zh, en) = [("起点", "start"), ("终点", "end")][end];
    match laid.flow.joined_by[laid.side(end)] {
        JoinedBy::Record => None,
        JoinedBy::MissingNode if !scene.has_nodes => None,
        JoinedBy::MissingNode => {
            Some((text!("{zh}井号 {code} 不在节点表中", "The {en} names node {code}, which is nowhere"), None))
        }
        JoinedBy::Place if code.is_empty() && !scene.is_coded => None,
        JoinedBy::Place => {
            let here = scene.node_name(laid.flow.nodes[laid.side(end)]);
            let change = certain_code(scene, laid, end).map(|code| Change::Text(laid.pipe.row, END_FIELDS[end], code));
            let what = if code.is_empty() {
                text!("{zh}没有井号，该处是井 {here}", "The {en} names no node; node {here} lies there")
            } else {
                text!(
                    "{zh}井号 {code} 不在节点表中，该处是井 {here}",
                    "The {en} names node {code}, which is nowhere; node {here} lies there"
                )
            };
            Some((what, change))
        }
        JoinedBy::Nothing => scene
            .has_nodes
            .then(|| (text!("{zh}没有井号，该处也没有井", "The {en} names no node and none lies there"), None)),
    }
}

/// The code of the one node that lies at the drawn end of a pipe; `None` where there is none, or more than one.
pub(super) fn certain_code(scene: &Scene<'_>, laid: &Laid<'_>, end: usize) -> Option<Box<str>> {
    let at = laid.drawn_end(end)?;
    let reach_m = scene.sewers.joining().snap_m;
    let near = scene.sewers.nodes_near(at, reach_m);
    let mut rows = near.iter().filter_map(|(node, _)| scene.row(*node)).filter(|row| !row.code.is_empty());
    let code = rows.next()?.code.clone();
    let is_only = rows.next().is_none() && scene.sewers.nodes_with_code(&code).len() == 1;
    is_only.then_some(code)
}

/// SW02.
pub(super) fn start_is_end(scene: &Scene<'_>, found: &mut Found) {
    for laid in scene.laid() {
        let [from, to] = laid.flow.nodes;
        let codes = [&laid.pipe.from_code, &laid.pipe.to_code];
        if from != to && (codes[0].is_empty() || codes[0] != codes[1]) {
            continue;
        }
        let (node, snap_m) = (scene.node_name(from), scene.sewers.joining().snap_m);
        let is_named = codes.iter().any(|code| !code.is_empty());
        let what = if is_named || scene.sewers.length_m(laid.number) > 2.0 * snap_m {
            text!("起点与终点是同一个井 {node}", "It begins and ends at the same node, {node}")
        } else {
            text!(
                "没有井号且两端都在捕捉距离 {snap_m:.1} m 内，被当作同一个井 {node}",
                "It names no nodes and both its ends lie within the snap distance of {snap_m:.1} m: taken for one node, {node}"
            )
        };
        // The end that is drawn elsewhere, at another node, is the wrong one.
        let away = (0..2).find_map(|end| {
            let code = certain_code(scene, &laid, end)?;
            (code != *codes[end] && !codes[end].is_empty()).then(|| Change::Text(laid.pipe.row, END_FIELDS[end], code))
        });
        let label = Text::new("改为端点所在的井号", "Name the node at the drawn end");
        let change = away.into_iter().collect();
        found.add(Finding::new(laid.pipe.row, laid.middle(), what).fixed_by(label, change));
    }
}

/// SW03.
pub(super) fn twice(scene: &Scene<'_>, found: &mut Found) {
    let conduits =
        scene.laid().filter(|laid| laid.pipe.link == Link::Conduit && laid.flow.nodes[0] != laid.flow.nodes[1]);
    let mut ends: Vec<([u32; 2], u8, RowRef, u32)> = conduits
        .map(|laid| {
            let [a, b] = laid.flow.nodes;
            ([a.min(b), a.max(b)], laid.pipe.system as u8, laid.pipe.row, laid.number)
        })
        .collect();
    ends.sort_unstable();
    for group in ends.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|group| group.len() > 1) {
        let Some(first) = scene.one(group[0].3) else { continue };
        for laid in group[1..].iter().filter_map(|one| scene.one(one.3)) {
            let [from, to] = laid.flow.nodes.map(|node| scene.node_name(node));
            let name = first.name();
            let what = text!(
                "与管段 {name} 重复：都连接 {from} 与 {to}，类型相同",
                "The same as pipe {name}: both join {from} and {to} and are of one system"
            );
            let finding = Finding::new(laid.pipe.row, laid.middle(), what).with(first.pipe.row);
            found.add(copy_fix(finding, is_copy(laid.pipe, first.pipe)));
        }
    }
}

fn copy_fix(finding: Finding, is_copy: bool) -> Finding {
    let change = finding.other.filter(|_| is_copy).map(|of| Change::DeleteCopy { row: finding.element, of });
    finding.fixed_by(Text::new("删除重复的一条", "Delete the copy"), change.into_iter().collect())
}

fn is_copy(one: &Pipe, other: &Pipe) -> bool {
    Pipe { row: RowRef::default(), ..one.clone() } == Pipe { row: RowRef::default(), ..other.clone() }
}

/// SW06.
pub(super) fn lone_nodes(scene: &Scene<'_>, found: &mut Found) {
    if scene.laid().next().is_none() {
        return;
    }
    for (node, row) in scene.rows() {
        let is_joined = scene.sewers.network().edges_around(node).next().is_some();
        if is_joined || (!row.code.is_empty() && scene.retired_codes.contains(&*row.code)) {
            continue;
        }
        let near = row.at.and_then(|at| nearest_pipe(scene, at));
        let what = match near {
            Some((pipe, away_m)) => text!(
                "孤立：没有管段相连，最近的管段 {pipe} 距 {away_m:.2} m",
                "No pipe reaches it; the nearest, {pipe}, is {away_m:.2} m away"
            ),
            None => Text::new("孤立：没有管段相连", "No pipe reaches it"),
        };
        found.add(Finding::new(row.row, row.at, what));
    }
}

/// The nearest pipe within some metres of a place (degrees).
fn nearest_pipe(scene: &Scene<'_>, at: [f64; 2]) -> Option<(String, f64)> {
    let at = scene.sewers.plane()?.from_lonlat(at);
    let mut best: Option<(u32, f64)> = None;
    scene.grid().near(at, 10.0, |segment| {
        let (away_m, _) = segment.spot(at);
        if away_m <= best.map_or(10.0, |best| best.1) {
            best = Some((segment.pipe, away_m));
        }
    });
    let (pipe, away_m) = best?;
    Some((name_of(scene.sewers.pipe(pipe)?), away_m))
}

/// SW28.
pub(super) fn same_codes(scene: &Scene<'_>, found: &mut Found) {
    let mut pipes: FxHashMap<&str, &Pipe> = FxHashMap::default();
    for (number, pipe) in scene.sewers.pipes().filter(|(_, pipe)| !pipe.code.is_empty()) {
        match pipes.entry(&pipe.code) {
            Entry::Vacant(place) => _ = place.insert(pipe),
            Entry::Occupied(first) => {
                let (code, first) = (&pipe.code, first.get());
                let id = first.row.id;
                let what = text!("管段编号 {code} 与第 {id} 行相同", "Pipe number {code} is that of row {id} too");
                let at = scene.one(number).and_then(|laid| laid.middle()).or_else(|| pipe.line.first().copied());
                found.add(copy_fix(Finding::new(pipe.row, at, what).with(first.row), is_copy(pipe, first)));
            }
        }
    }
    let mut nodes: FxHashMap<&str, u32> = FxHashMap::default();
    for (node, row) in scene.rows().filter(|(_, row)| !row.code.is_empty()) {
        match nodes.entry(&row.code) {
            Entry::Vacant(place) => _ = place.insert(node),
            Entry::Occupied(first) => {
                let Some(first_row) = scene.row(*first.get()) else { continue };
                let (code, id) = (&row.code, first_row.row.id);
                let what = text!("井号 {code} 与第 {id} 行相同", "Node number {code} is that of row {id} too");
                let blank =
                    |row: &super::super::pipe::Node| super::super::pipe::Node { row: RowRef::default(), ..row.clone() };
                let is_unused = scene.degree(node, Way::Up) + scene.degree(node, Way::Down) == 0;
                let is_copy = blank(row) == blank(first_row) && is_unused;
                found.add(copy_fix(Finding::new(row.row, row.at, what).with(first_row.row), is_copy));
            }
        }
    }
}
