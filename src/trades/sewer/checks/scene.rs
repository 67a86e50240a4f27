//! What the rules look at: the network, the settings, and what several rules want to know of it, worked out once.

use std::cell::OnceCell;

use rustc_hash::FxHashSet;

use crate::analysis::network::Way;

use super::super::joins::{Join, joins};
use super::super::nodes::row_number;
use super::super::pipe::{Node, NodeType, Pipe, RowRef, System};
use super::super::sewers::{Flow, Sewers};
use super::drawing::Drawing;
use super::geometry::Meetings;
use super::segments::SegmentGrid;
use super::settings::Settings;
use super::surveys::Survey;

/// A pipe in use, with what is worked out of it.
#[derive(Clone, Copy)]
pub(super) struct Laid<'a> {
    pub(super) number: u32,
    pub(super) pipe: &'a Pipe,
    pub(super) flow: &'a Flow,
}

/// A part of the network that hangs together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    pub(super) pipes: u32,
    pub(super) length_m: f64,
    pub(super) has_outlet: bool,
}

/// See the module's head.
pub(super) struct Scene<'a> {
    pub(super) sewers: &'a Sewers,
    pub(super) surveys: &'a [Survey],
    pub(super) settings: &'a Settings,
    /// Whether there are rows of nodes at all.
    pub(super) has_nodes: bool,
    /// Whether most ends of pipes name a node: then one that does not is a fault.
    pub(super) is_coded: bool,
    /// Codes that pipes out of use name: their nodes are not alone.
    pub(super) retired_codes: FxHashSet<&'a str>,
    parts: OnceCell<(Vec<u32>, Vec<Part>)>,
    reversed: OnceCell<Vec<bool>>,
    grid: OnceCell<SegmentGrid>,
    meetings: OnceCell<Meetings>,
    joins: OnceCell<Vec<Join>>,
    large_into_small: OnceCell<Vec<[u32; 2]>>,
    drawing: OnceCell<Drawing>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(sewers: &'a Sewers, surveys: &'a [Survey], settings: &'a Settings) -> Self {
        let (mut ends, mut named) = (0_usize, 0_usize);
        let mut retired_codes = FxHashSet::default();
        for (_, pipe) in sewers.pipes() {
            let codes = [&*pipe.from_code, &*pipe.to_code];
            ends += 2;
            named += codes.iter().filter(|code| !code.is_empty()).count();
            if pipe.is_out_of_use {
                retired_codes.extend(codes);
            }
        }
        Self {
            sewers,
            surveys,
            settings,
            has_nodes: sewers.nodes().any(|(_, joint)| joint.row.is_some()),
            is_coded: named * 2 > ends,
            retired_codes,
            parts: OnceCell::new(),
            reversed: OnceCell::new(),
            grid: OnceCell::new(),
            meetings: OnceCell::new(),
            joins: OnceCell::new(),
            large_into_small: OnceCell::new(),
            drawing: OnceCell::new(),
        }
    }

    /// The pipes in use, by number.
    pub(super) fn laid(&self) -> impl Iterator<Item = Laid<'a>> + use<'a> {
        let sewers = self.sewers;
        sewers.pipes().filter_map(move |(number, pipe)| Some(Laid { number, pipe, flow: sewers.flow(number)? }))
    }

    pub(super) fn one(&self, number: u32) -> Option<Laid<'a>> {
        Some(Laid { number, pipe: self.sewers.pipe(number)?, flow: self.sewers.flow(number)? })
    }

    /// The rows of nodes, by number.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, &'a Node)> + use<'a> {
        self.sewers.nodes().filter_map(|(number, joint)| Some((number, joint.row.as_ref()?)))
    }

    pub(super) fn row(&self, node: u32) -> Option<&'a Node> {
        self.sewers.node_row(node)
    }

    pub(super) fn at(&self, node: u32) -> Option<[f64; 2]> {
        self.sewers.node(node)?.at
    }

    /// What a node is called: its code, else its row's number, else its place.
    pub(super) fn node_name(&self, node: u32) -> String {
        self.sewers.node_name(node, row_number).into()
    }

    /// The row to blame for something at a node: its own, else that of a pipe that touches it.
    pub(super) fn row_at(&self, node: u32) -> Option<RowRef> {
        let own = self.row(node).map(|row| row.row);
        own.or_else(|| Some(self.sewers.pipe(self.sewers.network().edges_around(node).next()?)?.row))
    }

    pub(super) fn node_type(&self, node: u32) -> NodeType {
        self.sewers.node_type(node)
    }

    /// Level of the ground at a node.
    pub(super) fn ground_m(&self, node: u32) -> Option<f64> {
        self.row(node)?.ground_m.filter(|&level| self.sewers.is_level(level))
    }

    /// Pipes in use that arrive at a node (`Up`) or leave it (`Down`).
    pub(super) fn pipes_at(&self, node: u32, way: Way) -> impl Iterator<Item = Laid<'a>> + '_ {
        self.sewers.network().edges_at(node, way).filter_map(|pipe| self.one(pipe))
    }

    pub(super) fn degree(&self, node: u32, way: Way) -> usize {
        self.sewers.network().degree(node, way)
    }

    /// The part that a node belongs to.
    pub(super) fn part(&self, node: u32) -> Part {
        let (numbers, parts) = self.parts();
        parts[numbers[node as usize] as usize]
    }

    /// The part of each node, and the parts.
    pub(super) fn parts(&self) -> &(Vec<u32>, Vec<Part>) {
        self.parts.get_or_init(|| {
            let (numbers, count) = self.sewers.network().parts();
            let mut parts = vec![Part::default(); count as usize];
            for (pipe, [from, _]) in self.sewers.network().edges() {
                let part = &mut parts[numbers[from as usize] as usize];
                part.pipes += 1;
                part.length_m += self.sewers.length_m(pipe);
            }
            for (node, _) in self.rows() {
                parts[numbers[node as usize] as usize].has_outlet |= self.sewers.is_outlet(node);
            }
            (numbers, parts)
        })
    }

    /// Whether a pipe was recorded against the flow, by all around it.
    pub(super) fn is_reversed(&self, pipe: u32) -> bool {
        self.reversed.get_or_init(|| super::flow::reversed(self))[pipe as usize]
    }

    /// The drawn lines in pieces, on the plane.
    pub(super) fn grid(&self) -> &SegmentGrid {
        self.grid.get_or_init(|| super::segments::grid_of(self))
    }

    /// Pipes that lie on or across each other.
    pub(super) fn meetings(&self) -> &Meetings {
        self.meetings.get_or_init(|| super::geometry::meetings(self))
    }

    /// Where water passes into a system that it does not belong to.
    pub(super) fn joins(&self) -> &[Join] {
        self.joins.get_or_init(|| joins(self.sewers))
    }

    /// How the drawn lines agree with the nodes that pipes name.
    pub(super) fn drawing(&self) -> &Drawing {
        self.drawing.get_or_init(|| Drawing::of(self))
    }

    /// Where a large pipe runs into a small one: the large one, the small one.
    pub(super) fn large_into_small(&self) -> &[[u32; 2]] {
        self.large_into_small.get_or_init(|| super::sizes::pairs(self))
    }
}

impl Laid<'_> {
    /// What the pipe is called: its code, else its row's number.
    pub(super) fn name(&self) -> String {
        name_of(self.pipe)
    }

    /// The side of [`Flow::nodes`] where the record begins (0) or ends (1).
    pub(super) fn side(&self, recorded: usize) -> usize {
        if self.flow.is_against_record { 1 - recorded } else { recorded }
    }

    /// Where the recorded start (0) or end (1) is drawn, degrees.
    pub(super) fn drawn_end(&self, recorded: usize) -> Option<[f64; 2]> {
        let is_turned = self.flow.is_drawn_against != self.flow.is_against_record;
        let is_first = (recorded == 0) != is_turned;
        if is_first { self.pipe.line.first().copied() } else { self.pipe.line.last().copied() }
    }

    /// The middle of the drawn line; a place to put a mark on.
    pub(super) fn middle(&self) -> Option<[f64; 2]> {
        let line = &self.pipe.line;
        match line.len() {
            0 => None,
            2 => Some([0, 1].map(|axis| f64::midpoint(line[0][axis], line[1][axis]))),
            count => Some(line[count / 2]),
        }
    }
}

/// Whether what is of two systems may be joined: they are one, or nobody knows.
pub(super) fn may_meet(one: System, other: System) -> bool {
    one == other || one == System::Unknown || other == System::Unknown
}

/// What a pipe is called: its code, else its row's number.
pub(super) fn name_of(pipe: &Pipe) -> String {
    if pipe.code.is_empty() { format!("#{}", pipe.row.id) } else { pipe.code.to_string() }
}
