//! How drawn lines agree with the nodes that pipes name: lines drawn from their end to their start, and ends that name one
//! node and lie apart.
//!
//! Where nodes have rows, the rows say where they are. A node that pipes alone name lies where most of them end, whichever
//! way each is drawn; one that a single pipe names lies nowhere for certain.

use crate::text;
use crate::text::Text;

use super::super::pipe::RowRef;
use super::super::sewers::{DirectionBy, JoinedBy};
use super::scene::{Laid, Scene};
use super::{Change, Finding, Found};

/// Most ends that are held against each other at one node: more say nothing new.
const MOST_ENDS: usize = 64;

/// See the module's head.
#[derive(Default)]
pub(super) struct Drawing {
    /// Of each pipe whether its line runs from the end that the record names to the start.
    against: Vec<bool>,
    /// Where a node lies that pipes alone name, on the plane; `None` for one that fewer than two name.
    places: Vec<Option<[f64; 2]>>,
}

/// An end of a pipe at a node: the pipe, the recorded side, and where the line has this end and the other one.
struct End<'a> {
    laid: Laid<'a>,
    side: usize,
    here: [f64; 2],
    there: [f64; 2],
}

fn away_m(one: [f64; 2], other: [f64; 2]) -> f64 {
    (one[0] - other[0]).hypot(one[1] - other[1])
}

/// The ends that name a node which has no row.
fn named_ends<'a>(scene: &Scene<'a>, node: u32) -> Vec<End<'a>> {
    let Some(plane) = scene.sewers.plane() else { return Vec::new() };
    let mut ends = Vec::new();
    for pipe in scene.sewers.network().edges_around(node).take(MOST_ENDS) {
        let Some(laid) = scene.one(pipe) else { continue };
        let side = usize::from(laid.flow.nodes[0] != node);
        if laid.flow.joined_by[side] != JoinedBy::MissingNode || laid.flow.nodes[0] == laid.flow.nodes[1] {
            continue;
        }
        let side = laid.side(side);
        let at = |side: usize| laid.drawn_end(side).map(|at| plane.from_lonlat(at));
        if let (Some(here), Some(there)) = (at(side), at(1 - side)) {
            ends.push(End { laid, side, here, there });
        }
    }
    ends
}

/// The place that is nearest to all pipes of a node, whichever way each is drawn.
fn middle(ends: &[End<'_>]) -> Option<[f64; 2]> {
    let sum = |at: [f64; 2]| ends.iter().map(|end| away_m(end.here, at).min(away_m(end.there, at))).sum::<f64>();
    // As drawn before turned: where both fit alike the drawing is right.
    let places = ends.iter().map(|end| end.here).chain(ends.iter().map(|end| end.there));
    let best = places.map(|at| (sum(at), at)).reduce(|best, it| if it.0 < best.0 - 1e-6 { it } else { best });
    best.filter(|_| ends.len() > 1).map(|(_, at)| at)
}

impl Drawing {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let mut places = vec![None; scene.sewers.node_numbers() as usize];
        for (node, _) in scene.sewers.nodes().filter(|(_, joint)| joint.row.is_none() && !joint.code.is_empty()) {
            let ends = named_ends(scene, node);
            places[node as usize] = middle(&ends);
        }
        let mut against = vec![false; scene.sewers.pipe_numbers() as usize];
        for laid in scene.laid().filter(|laid| laid.flow.by == DirectionBy::Record) {
            against[laid.number as usize] = laid.flow.is_drawn_against || is_against(scene, &places, &laid);
        }
        Self { against, places }
    }

    /// Whether a pipe's line runs from its recorded end to its recorded start.
    pub(super) fn is_against(&self, pipe: u32) -> bool {
        self.against[pipe as usize]
    }
}

/// Whether the nodes of a pipe lie nearer to the line's other ends, by more than what may be a slip of the pen.
fn is_against(scene: &Scene<'_>, places: &[Option<[f64; 2]>], laid: &Laid<'_>) -> bool {
    let Some(plane) = scene.sewers.plane() else { return false };
    let (mut as_drawn, mut turned) = (0.0, 0.0);
    for side in 0..2 {
        let node = laid.flow.nodes[laid.side(side)];
        let known = places[node as usize].or_else(|| scene.row(node)?.at.map(|at| plane.from_lonlat(at)));
        let ends = [side, 1 - side].map(|end| laid.drawn_end(end).map(|at| plane.from_lonlat(at)));
        if let (Some(known), [Some(own), Some(other)]) = (known, ends) {
            as_drawn += away_m(own, known);
            turned += away_m(other, known);
        }
    }
    turned + scene.settings.apart_m < as_drawn
}

/// Lines that run from the recorded end to the recorded start. What the record says stays; the line is turned, unless the
/// inverts rise along the record: then nobody knows which of them is wrong.
pub(super) fn against_record(scene: &Scene<'_>, laid: &Laid<'_>) -> Option<Finding> {
    if laid.flow.by != DirectionBy::Record || !scene.drawing().is_against(laid.number) {
        return None;
    }
    let [from, to] = laid.flow.nodes.map(|node| scene.node_name(node));
    let rises = matches!(laid.flow.inverts_m, [Some(up), Some(down)] if up < down);
    let what = if rises {
        text!(
            "画线方向与记录相反：记录由 {from} 到 {to}，线由 {to} 画到 {from}，管底也沿画线方向降低",
            "It is drawn against its record, {from} to {to}: the line runs from {to} to {from}, and so does its fall"
        )
    } else {
        text!(
            "画线方向与记录相反：记录由 {from} 到 {to}，线由 {to} 画到 {from}",
            "It is drawn against its record, {from} to {to}: the line runs from {to} to {from}"
        )
    };
    let change = (!rises && laid.pipe.is_gravity()).then_some(Change::TurnLine(laid.pipe.row));
    let label = Text::new("画线掉头", "Turn the line around");
    Some(Finding::new(laid.pipe.row, laid.middle(), what).fixed_by(label, change.into_iter().collect()))
}

/// SW37.
pub(super) fn in_parts(scene: &Scene<'_>, found: &mut Found) {
    for laid in scene.laid().filter(|laid| laid.pipe.gap_m > 0.0) {
        let gap_m = laid.pipe.gap_m;
        let what = text!("图形断成几截，缺口共 {gap_m:.2} m", "It is drawn in parts with {gap_m:.2} m between them");
        found.add(Finding::new(laid.pipe.row, laid.middle(), what));
    }
}

/// Ends that name one node, of which there is no row, and lie apart.
pub(super) fn ends_apart(scene: &Scene<'_>, found: &mut Found) {
    let (drawing, limit_m) = (scene.drawing(), scene.settings.apart_m);
    let Some(plane) = scene.sewers.plane() else { return };
    let mut told: Vec<(RowRef, Finding)> = Vec::new();
    for (node, joint) in scene.sewers.nodes() {
        let Some(place) = drawing.places.get(node as usize).copied().flatten() else { continue };
        let ends = named_ends(scene, node);
        let end_of = |end: &End<'_>| if drawing.is_against(end.laid.number) { end.there } else { end.here };
        let Some(nearest) = ends.iter().min_by(|a, b| away_m(end_of(a), place).total_cmp(&away_m(end_of(b), place)))
        else {
            continue;
        };
        let (code, first, other) = (&joint.code, nearest.laid.name(), nearest.laid.pipe.row);
        for end in ends.iter().filter(|end| end.laid.pipe.row != other) {
            let off_m = away_m(end_of(end), place);
            if off_m <= limit_m {
                continue;
            }
            let (zh, en) = [("起点", "start"), ("终点", "end")][end.side];
            let what = text!(
                "{zh}与管段 {first} 同为井 {code}，位置相差 {off_m:.2} m",
                "Its {en} is node {code}, as an end of pipe {first} is, and lies {off_m:.2} m away from it"
            );
            let at = Some(plane.to_lonlat(end_of(end)));
            told.push((end.laid.pipe.row, Finding::new(end.laid.pipe.row, at, what).with(other)));
        }
    }
    // A pipe with both ends astray is told once, by the first of them.
    told.sort_by_key(|(row, _)| *row);
    told.dedup_by_key(|(row, _)| *row);
    told.into_iter().for_each(|(_, finding)| found.add(finding));
}
