//! Where water of one system passes into another that it does not belong to: storm into foul, foul into storm.
//!
//! At a node every pipe that arrives is held against those that leave; where none leaves, against what the node itself
//! carries. Water ends at a plant: what leaves one is nobody's sewage. Storm and foul sewers share no manhole, not even one
//! where both only begin or end. Storm and foul water may run into a combined sewer. Combined water may pass into a foul
//! sewer through an intercepting or overflow well (截流井、溢流井) or a pump; in a city that does not record kinds of wells
//! nobody can tell, and it is let pass. What is not known is no finding.

use crate::analysis::network::Way;

use super::pipe::{Node, NodeType, System};
use super::sewers::Sewers;

/// One place where systems are joined that should not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join {
    /// The node.
    pub node: u32,
    /// The pipe that is in the wrong place.
    pub pipe: u32,
    /// The system that the water comes from.
    pub from: System,
    /// The system that it passes into.
    pub to: System,
    /// How it passes.
    pub way: JoinWay,
}

/// How water passes from one system into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinWay {
    /// A pipe of one system ends where one of the other goes on.
    Arrives,
    /// A pipe of another system branches off a sewer that goes on.
    Branches,
    /// Both systems run through one manhole, begin there or end there.
    Shares,
    /// A pipe ends at an outlet that is another system's.
    Ends,
}

/// What meets at a node.
#[derive(Default)]
struct Meeting {
    /// Pipes that arrive and say what they carry.
    arriving: Vec<(u32, System)>,
    /// Those that leave.
    leaving: Vec<(u32, System)>,
    /// Whether any pipe arrives, and whether water goes on in any.
    comes: bool,
    goes_on: bool,
}

/// All such places, by node.
pub fn joins(sewers: &Sewers) -> Vec<Join> {
    let has_wells = sewers.nodes().any(|(_, joint)| joint.row.as_ref().is_some_and(|row| !row.well.is_empty()));
    let mut found = Vec::new();
    let mut meeting = Meeting::default();
    for (node, _) in sewers.nodes() {
        let system = |pipe: u32| Some((pipe, sewers.pipe(pipe)?.system)).filter(|it| it.1 != System::Unknown);
        meeting.arriving.clear();
        meeting.arriving.extend(sewers.network().edges_at(node, Way::Up).filter_map(system));
        meeting.leaving.clear();
        meeting.goes_on = !sewers.is_plant(node) && sewers.network().degree(node, Way::Down) > 0;
        if meeting.goes_on {
            meeting.leaving.extend(sewers.network().edges_at(node, Way::Down).filter_map(system));
        }
        meeting.comes = sewers.network().degree(node, Way::Up) > 0;
        let mut systems = meeting.arriving.iter().chain(&meeting.leaving).map(|it| it.1);
        let Some(first) = systems.next() else { continue };
        if meeting.goes_on && systems.all(|system| system == first) {
            continue;
        }
        meeting.judge(sewers.node_row(node), node, has_wells, &mut found);
    }
    found
}

impl Meeting {
    fn judge(&self, row: Option<&Node>, node: u32, has_wells: bool, found: &mut Vec<Join>) {
        let is_bad = |from: System, to: System| match (from, to) {
            (System::Storm, System::Foul) | (System::Foul, System::Storm) => true,
            (System::Combined, System::Storm) => !row.is_some_and(|row| parts_water(&row.well)),
            (System::Combined, System::Foul) => {
                let is_excused = row.is_some_and(|row| {
                    let lifts = matches!(row.node_type, NodeType::Pump | NodeType::Plant | NodeType::Storage);
                    lifts || parts_water(&row.well)
                });
                has_wells && !is_excused
            }
            _ => false,
        };
        if !self.goes_on {
            let own = row.map_or(System::Unknown, |row| row.system);
            let wrong = self.arriving.iter().filter(|(_, from)| is_bad(*from, own));
            found.extend(wrong.map(|&(pipe, from)| Join { node, pipe, from, to: own, way: JoinWay::Ends }));
            let is_plant = row.is_some_and(|row| row.node_type == NodeType::Plant);
            if own == System::Unknown && !is_plant {
                share(node, &self.arriving, found);
            }
            return;
        }
        if !self.comes {
            share(node, &self.leaving, found);
            return;
        }
        let leaves = |system: System| self.leaving.iter().any(|it| it.1 == system);
        let arrives = |system: System| self.arriving.iter().any(|it| it.1 == system);
        for &(pipe, from) in self.arriving.iter().filter(|it| !leaves(it.1)) {
            let to = self.leaving.iter().map(|it| it.1).find(|&to| is_bad(from, to));
            found.extend(to.map(|to| Join { node, pipe, from, to, way: JoinWay::Arrives }));
        }
        for &(pipe, to) in self.leaving.iter().filter(|it| !arrives(it.1)) {
            // What arrives and has a way of its own may still run into this branch.
            let from = self.arriving.iter().map(|it| it.1).find(|&from| leaves(from) && is_bad(from, to));
            found.extend(from.map(|from| Join { node, pipe, from, to, way: JoinWay::Branches }));
        }
        let is_shared = |system: System| arrives(system) && leaves(system);
        if is_shared(System::Storm) && is_shared(System::Foul) {
            share(node, &self.arriving, found);
        }
    }
}

/// Tells of the storm pipes among some that meet foul ones.
fn share(node: u32, pipes: &[(u32, System)], found: &mut Vec<Join>) {
    if pipes.iter().any(|it| it.1 == System::Foul) {
        let storm = pipes.iter().filter(|it| it.1 == System::Storm);
        let way = JoinWay::Shares;
        found.extend(storm.map(|&(pipe, from)| Join { node, pipe, from, to: System::Foul, way }));
    }
}

/// Whether a well is there to part combined water.
fn parts_water(well: &str) -> bool {
    matches!(well, "intercepting" | "overflow")
}

impl System {
    /// What a person reads.
    pub fn name(self) -> crate::text::Text {
        use crate::text::Text;
        match self {
            Self::Storm => Text::new("雨水", "storm"),
            Self::Foul => Text::new("污水", "foul"),
            Self::Combined => Text::new("合流", "combined"),
            Self::Unknown => Text::new("不明", "unknown"),
        }
    }
}
