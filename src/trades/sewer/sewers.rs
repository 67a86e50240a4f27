//! The sewer network of a city, alive: every pipe and node row, how they join, and which way the water runs.
//!
//! A pipe begins and ends at the nodes that its record names. Where a record names none, or one that is nowhere, the drawn
//! end is snapped to a node that lies there; where there is none either, a node is *implied*: ends that name the same
//! missing node share it, and so do ends without a name that lie together. Nothing else is joined: two pipes that cross do not meet.
//!
//! Water runs as the record says (from node to node), else by the inverts, else as drawn; [`DirectionBy`] says which of
//! the three it was. Numbers of pipes and nodes are places in this network and hold until the row goes.

use rustc_hash::FxHashMap;

use crate::analysis::network::{Network, Way};
use crate::geom::measure::path_length_m;
use crate::geom::plane::LocalPlane;

use super::pipe::{Node, Pipe, RowRef};

/// Side of the squares that nodes and loose ends are looked for in, metres: a manhole or two in each.
const SQUARE_M: f64 = 8.0;

/// What a bureau may want otherwise; printed on reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joining {
    /// A drawn end this near to a node ends there, metres.
    pub snap_m: f64,
    /// Inverts say the direction before the record does.
    pub trusts_inverts: bool,
}

impl Default for Joining {
    fn default() -> Self {
        Self { snap_m: 0.5, trusts_inverts: false }
    }
}

/// What said which way the water runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DirectionBy {
    /// The record: from node to node.
    Record,
    /// The inverts.
    Inverts,
    /// The drawn line.
    Drawn,
}

/// How an end of a pipe found its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinedBy {
    /// The record names a node that is there.
    Record,
    /// The record names a node that is not there.
    MissingNode,
    /// The drawn end lies at a node.
    Place,
    /// No node is there: the end is its own, or that of pipes which end there too.
    Nothing,
}

/// How one pipe lies in the network. Pairs are in the direction of flow: where water comes in, where it leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// Nodes by number.
    pub nodes: [u32; 2],
    /// Inverts in metres, those left out that only mark a missing value.
    pub inverts_m: [Option<f64>; 2],
    /// What said the direction.
    pub by: DirectionBy,
    /// How each end found its node.
    pub joined_by: [JoinedBy; 2],
    /// Whether the line was drawn against the flow.
    pub is_drawn_against: bool,
    /// Whether the flow runs against the record's order of ends.
    pub is_against_record: bool,
}

/// A node of the network: a row, or what pipes that end there imply.
#[derive(Clone, Debug, Default)]
pub struct Joint {
    /// Its row; `None` for an implied node.
    pub row: Option<Node>,
    /// The code by which pipes name it; empty for none.
    pub code: Box<str>,
    /// Longitude and latitude in degrees; `None` if nobody knows.
    pub at: Option<[f64; 2]>,
}

/// One pipe with all that is worked out of it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) pipe: Pipe,
    length_m: f64,
    pub(super) flow: Option<Flow>,
}

/// See the module's head.
#[derive(Clone, Debug, Default)]
pub struct Sewers {
    pub(super) joining: Joining,
    pub(super) plane: Option<LocalPlane>,
    /// What inverts there are, to know whether 0 m is one.
    pub(super) levels: Levels,
    pub(super) pipes: Vec<Option<Held>>,
    nodes: Vec<Option<Joint>>,
    pipe_of: FxHashMap<RowRef, u32>,
    node_of: FxHashMap<RowRef, u32>,
    by_code: FxHashMap<Box<str>, Vec<u32>>,
    grid: FxHashMap<[i32; 2], Vec<u32>>,
    /// Pipes with an end that no node's row holds, by the squares of their ends.
    pub(super) loose: FxHashMap<[i32; 2], Vec<u32>>,
    /// Pipes that name a node which is nowhere and have found another at that place, by the name.
    pub(super) misnamed: FxHashMap<Box<str>, Vec<u32>>,
    pub(super) network: Network,
    /// Numbers of nodes that are gone.
    free_nodes: Vec<u32>,
    free_pipes: Vec<u32>,
    /// Grows with every change.
    revision: u64,
}

impl Sewers {
    /// The network of these rows.
    pub fn new(pipes: Vec<Pipe>, nodes: Vec<Node>, joining: Joining) -> Self {
        let mut sewers = Self::of_nodes(nodes, joining);
        sewers.lay(vec![pipes]);
        sewers
    }

    /// A network without pipes: nodes can be entered while pipes are still read.
    pub fn of_nodes(nodes: Vec<Node>, joining: Joining) -> Self {
        let mut sewers = Self {
            joining,
            plane: LocalPlane::amid(nodes.iter().filter_map(|node| node.at)),
            nodes: Vec::with_capacity(nodes.len()),
            network: Network::with_capacity(nodes.len(), nodes.len()),
            ..Self::default()
        };
        sewers.node_of.reserve(nodes.len());
        sewers.by_code.reserve(nodes.len());
        sewers.grid.reserve(nodes.len());
        for node in nodes {
            let number = sewers.add_joint(Joint { code: node.code.clone(), at: node.at, row: None });
            sewers.node_of.insert(node.row, number);
            if let Some(joint) = &mut sewers.nodes[number as usize] {
                joint.row = Some(node);
            }
        }
        sewers
    }

    /// Lays all pipes of a network that has none yet, in the order of the lists.
    pub fn lay(&mut self, lists: Vec<Vec<Pipe>>) {
        let pipes = || lists.iter().flatten();
        if self.plane.is_none() {
            self.plane = LocalPlane::amid(pipes().filter_map(|pipe| pipe.line.first().copied()));
        }
        pipes().for_each(|pipe| self.levels.count(pipe, true));
        let count = lists.iter().map(Vec::len).sum();
        self.pipes.reserve(count);
        self.pipe_of.reserve(count);
        for pipe in lists.into_iter().flatten() {
            let number = self.hold(pipe);
            self.join(number);
        }
    }

    /// How it was joined.
    pub fn joining(&self) -> Joining {
        self.joining
    }

    /// Grows with every change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Who is joined to whom, by number; edges are pipes and run with the flow.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The sheet of metres that nearness is judged on; `None` while nothing has a place.
    pub fn plane(&self) -> Option<LocalPlane> {
        self.plane
    }

    /// Numbers given to pipes so far: those that are gone are among them.
    pub fn pipe_numbers(&self) -> u32 {
        self.pipes.len() as u32
    }

    /// Numbers given to nodes so far.
    pub fn node_numbers(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// A pipe by its number.
    pub fn pipe(&self, number: u32) -> Option<&Pipe> {
        self.held(number).map(|held| &held.pipe)
    }

    /// All pipes, by number.
    pub fn pipes(&self) -> impl Iterator<Item = (u32, &Pipe)> {
        (0..).zip(&self.pipes).filter_map(|(number, held)| Some((number, &held.as_ref()?.pipe)))
    }

    /// How a pipe lies in the network; `None` for one that is out of use, or has neither nodes nor a line.
    pub fn flow(&self, pipe: u32) -> Option<&Flow> {
        self.held(pipe)?.flow.as_ref()
    }

    /// Length of a pipe on the ellipsoid as drawn, metres; as stated where it is not drawn.
    pub fn length_m(&self, pipe: u32) -> f64 {
        self.held(pipe).map_or(0.0, |held| held.length_m)
    }

    /// A pipe's line in the direction of flow, longitude and latitude in degrees.
    pub fn line_along(&self, pipe: u32) -> Vec<[f64; 2]> {
        let Some(held) = self.held(pipe) else { return Vec::new() };
        let mut line = held.pipe.line.clone();
        if held.flow.is_some_and(|flow| flow.is_drawn_against) {
            line.reverse();
        }
        line
    }

    /// Length of a pipe that its fall is spread over, metres: as recorded, since a drawing may be a scheme; as drawn where
    /// nothing is recorded.
    pub fn run_m(&self, pipe: u32) -> f64 {
        self.pipe(pipe).and_then(Pipe::recorded_length_m).unwrap_or_else(|| self.length_m(pipe))
    }

    /// Gradient of a pipe along the flow, metres a metre, over [`Sewers::run_m`]; `None` unless both inverts are known and
    /// it has a length.
    pub fn slope(&self, pipe: u32) -> Option<f64> {
        let [up, down] = self.flow(pipe)?.inverts_m;
        Some((up? - down?) / self.run_m(pipe)).filter(|slope| slope.is_finite())
    }

    /// A node by its number.
    pub fn node(&self, number: u32) -> Option<&Joint> {
        self.nodes.get(number as usize)?.as_ref()
    }

    /// All nodes, implied ones too, by number.
    pub fn nodes(&self) -> impl Iterator<Item = (u32, &Joint)> {
        (0..).zip(&self.nodes).filter_map(|(number, joint)| Some((number, joint.as_ref()?)))
    }

    /// The number of a pipe's row.
    pub fn pipe_of_row(&self, row: RowRef) -> Option<u32> {
        self.pipe_of.get(&row).copied()
    }

    /// The number of a node's row.
    pub fn node_of_row(&self, row: RowRef) -> Option<u32> {
        self.node_of.get(&row).copied()
    }

    /// The nodes with a code: more than one if it is not unique, an implied one if pipes name it and it is nowhere.
    pub fn nodes_with_code(&self, code: &str) -> &[u32] {
        self.by_code.get(code).map_or(&[], Vec::as_slice)
    }

    /// The nodes within `reach_m` of a place (degrees), nearest first.
    pub fn nodes_near(&self, at: [f64; 2], reach_m: f64) -> Vec<(u32, f64)> {
        let Some(plane) = self.plane else { return Vec::new() };
        let place = plane.from_lonlat(at);
        let [low, high] = [-reach_m, reach_m].map(|reach| square(self.joining, [place[0] + reach, place[1] + reach]));
        let mut found = Vec::new();
        let mut look = |node: u32| {
            let Some(other) = self.node(node).and_then(|joint| joint.at) else { return };
            let [x, y] = plane.from_lonlat(other);
            let distance_m = (x - place[0]).hypot(y - place[1]);
            if distance_m <= reach_m {
                found.push((node, distance_m));
            }
        };
        let sides = [0, 1].map(|axis| i64::from(high[axis]) - i64::from(low[axis]) + 1);
        if sides[0].saturating_mul(sides[1]) > self.grid.len() as i64 {
            // From afar the squares are more than what lies in them.
            (0..self.node_numbers()).for_each(look);
        } else {
            for column in low[0]..=high[0] {
                for row in low[1]..=high[1] {
                    self.grid.get(&[column, row]).into_iter().flatten().copied().for_each(&mut look);
                }
            }
        }
        found.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        found
    }

    /// Takes in a pipe's row, new or changed; its number comes back.
    pub fn set_pipe(&mut self, pipe: Pipe) -> u32 {
        self.revision += 1;
        if self.plane.is_none() {
            self.plane = pipe.line.first().copied().map(LocalPlane::at);
        }
        let zero_was_missing = self.levels.zero_is_missing();
        self.levels.count(&pipe, true);
        if let Some(before) = self.pipe_of_row(pipe.row).and_then(|number| self.pipes[number as usize].as_ref()) {
            self.levels.count(&before.pipe, false);
        }
        let number = self.hold(pipe);
        self.join(number);
        self.judge_zero_again(zero_was_missing);
        number
    }

    /// Puts a pipe's row in its place, not joined to anything.
    fn hold(&mut self, pipe: Pipe) -> u32 {
        let drawn_m = path_length_m(pipe.line.iter().copied()) - pipe.gap_m;
        let length_m = if drawn_m > 0.0 { drawn_m } else { pipe.recorded_length_m().unwrap_or_default() };
        let row = pipe.row;
        let held = Some(Held { pipe, length_m, flow: None });
        if let Some(&number) = self.pipe_of.get(&row) {
            self.part(number);
            self.pipes[number as usize] = held;
            return number;
        }
        let number = place_in(&mut self.pipes, &mut self.free_pipes, held);
        self.pipe_of.insert(row, number);
        number
    }

    /// Whether an invert of 0 m is one depends on all the others: if that has turned, pipes with such inverts are joined
    /// anew.
    fn judge_zero_again(&mut self, zero_was_missing: bool) {
        if self.levels.zero_is_missing() == zero_was_missing {
            return;
        }
        let is_zero = |level: Option<f64>| level == Some(0.0);
        let concerned: Vec<u32> = self
            .pipes()
            .filter(|(_, pipe)| is_zero(pipe.invert_up_m) || is_zero(pipe.invert_down_m))
            .map(|(number, _)| number)
            .collect();
        for pipe in concerned {
            self.part(pipe);
            self.join(pipe);
        }
    }

    /// Forgets a pipe's row.
    pub fn remove_pipe(&mut self, row: RowRef) {
        self.revision += 1;
        let Some(number) = self.pipe_of.remove(&row) else { return };
        self.part(number);
        let zero_was_missing = self.levels.zero_is_missing();
        if let Some(held) = self.pipes[number as usize].take() {
            self.levels.count(&held.pipe, false);
        }
        self.free_pipes.push(number);
        self.judge_zero_again(zero_was_missing);
    }

    /// Takes in a node's row, new or changed, and joins the pipes anew that it may concern; its number comes back.
    pub fn set_node(&mut self, node: Node) -> u32 {
        self.revision += 1;
        if self.plane.is_none() {
            self.plane = node.at.map(LocalPlane::at);
        }
        let known = self.node_of.get(&node.row).copied();
        let mut concerned = self.pipes_about(&node.code, node.at);
        if let Some(number) = known {
            let before = self.node(number).map(|joint| joint.code.clone()).unwrap_or_default();
            concerned.extend(self.pipes_about(&before, None));
            concerned.extend(self.network.edges_around(number));
        }
        settle(&mut concerned);
        concerned.iter().for_each(|&pipe| self.part(pipe));
        let (row, joint) = (node.row, Joint { code: node.code.clone(), at: node.at, row: Some(node) });
        let number = match known {
            Some(number) => {
                self.unlist(number);
                self.nodes[number as usize] = Some(joint);
                self.list(number);
                number
            }
            None => self.add_joint(joint),
        };
        self.node_of.insert(row, number);
        concerned.into_iter().for_each(|pipe| self.join(pipe));
        number
    }

    /// Forgets a node's row; pipes that named it imply it from now on.
    pub fn remove_node(&mut self, row: RowRef) {
        self.revision += 1;
        let Some(number) = self.node_of.remove(&row) else { return };
        let code = self.node(number).map(|joint| joint.code.clone()).unwrap_or_default();
        let mut concerned = self.pipes_about(&code, None);
        concerned.extend(self.network.edges_around(number));
        settle(&mut concerned);
        concerned.iter().for_each(|&pipe| self.part(pipe));
        self.drop_joint(number);
        concerned.into_iter().for_each(|pipe| self.join(pipe));
    }

    pub(super) fn held(&self, pipe: u32) -> Option<&Held> {
        self.pipes.get(pipe as usize)?.as_ref()
    }

    pub(super) fn add_joint(&mut self, joint: Joint) -> u32 {
        let number = place_in(&mut self.nodes, &mut self.free_nodes, Some(joint));
        self.network.reach_node(number);
        self.list(number);
        number
    }

    pub(super) fn drop_joint(&mut self, number: u32) {
        self.unlist(number);
        self.nodes[number as usize] = None;
        self.free_nodes.push(number);
    }

    /// Has an implied node lie somewhere else.
    pub(super) fn move_implied(&mut self, number: u32, at: Option<[f64; 2]>) {
        self.unlist(number);
        if let Some(joint) = &mut self.nodes[number as usize] {
            joint.at = at;
        }
        self.list(number);
    }

    /// Enters a node where it is looked for.
    fn list(&mut self, number: u32) {
        let Some(joint) = &self.nodes[number as usize] else { return };
        let square = self.plane.zip(joint.at).map(|(plane, at)| square(self.joining, plane.from_lonlat(at)));
        if !joint.code.is_empty() {
            self.by_code.entry(joint.code.clone()).or_default().push(number);
        }
        if let Some(square) = square {
            self.grid.entry(square).or_default().push(number);
        }
    }

    fn unlist(&mut self, number: u32) {
        let Some(joint) = &self.nodes[number as usize] else { return };
        let square = self.plane.zip(joint.at).map(|(plane, at)| square(self.joining, plane.from_lonlat(at)));
        if let Some(listed) = self.by_code.get_mut(&joint.code) {
            listed.retain(|&it| it != number);
        }
        if let Some(listed) = square.and_then(|square| self.grid.get_mut(&square)) {
            listed.retain(|&it| it != number);
        }
    }

    /// The pipe nearest to a place (degrees), how far it is, and where on its line along the flow, metres.
    pub fn pipe_near(&self, at: [f64; 2], reach_m: f64) -> Option<PipeSpot> {
        let plane = self.plane?;
        let place = plane.from_lonlat(at);
        let mut best: Option<PipeSpot> = None;
        for (number, held) in (0..).zip(&self.pipes) {
            let Some(held) = held.as_ref().filter(|held| held.flow.is_some()) else { continue };
            let limit_m = best.as_ref().map_or(reach_m, |best| best.away_m);
            let Some((away_m, chainage_m)) = spot_on(&held.pipe.line, &plane, place, limit_m) else { continue };
            let is_against = held.flow.is_some_and(|flow| flow.is_drawn_against);
            let chainage_m = if is_against { held.length_m - chainage_m } else { chainage_m };
            best = Some(PipeSpot { pipe: number, away_m, chainage_m });
        }
        best
    }

    /// The node where the water of a pipe leaves it (`Down`) or comes in (`Up`).
    pub fn end_of(&self, pipe: u32, way: Way) -> Option<u32> {
        self.flow(pipe).map(|flow| flow.nodes[usize::from(way == Way::Down)])
    }
}

/// A place on a pipe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PipeSpot {
    /// The pipe's number.
    pub pipe: u32,
    /// Distance of the place from its line, metres.
    pub away_m: f64,
    /// Distance along it in the direction of flow, metres.
    pub chainage_m: f64,
}

/// The square of the grid that a place on the plane lies in; squares are no smaller than the distances that join.
pub(super) fn square(joining: Joining, [x, y]: [f64; 2]) -> [i32; 2] {
    let side_m = joining.snap_m.max(SQUARE_M);
    [(x / side_m).floor() as i32, (y / side_m).floor() as i32]
}

/// How far a place is from a line and how far along that is, both on the plane; `None` beyond `limit_m`.
fn spot_on(line: &[[f64; 2]], plane: &LocalPlane, place: [f64; 2], limit_m: f64) -> Option<(f64, f64)> {
    let (mut best, mut along_m) = (None, 0.0);
    let mut nearest_m = limit_m;
    let mut points = line.iter().map(|&at| plane.from_lonlat(at));
    let mut last = points.next()?;
    for point in points {
        let [dx, dy] = [point[0] - last[0], point[1] - last[1]];
        let length_m = dx.hypot(dy);
        let share = if length_m > 0.0 {
            (((place[0] - last[0]) * dx + (place[1] - last[1]) * dy) / (length_m * length_m)).clamp(0.0, 1.0)
        } else {
            0.0
        };
        let away_m = (place[0] - last[0] - share * dx).hypot(place[1] - last[1] - share * dy);
        if away_m <= nearest_m {
            nearest_m = away_m;
            best = Some((away_m, along_m + share * length_m));
        }
        along_m += length_m;
        last = point;
    }
    best
}

/// Puts something into the first free place; its number comes back.
fn place_in<T>(places: &mut Vec<Option<T>>, free: &mut Vec<u32>, it: Option<T>) -> u32 {
    if let Some(number) = free.pop() {
        places[number as usize] = it;
        return number;
    }
    places.push(it);
    places.len() as u32 - 1
}

fn settle(numbers: &mut Vec<u32>) {
    numbers.sort_unstable();
    numbers.dedup();
}

/// How many inverts there are, sentinels and zeros left out, and how many of them lie near 0 m.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Levels {
    all: usize,
    near_zero: usize,
}

impl Levels {
    /// Nearer to 0 m than this a level is as good as 0 m, metres.
    const NEAR_M: f64 = 5.0;

    /// Counts the inverts of a pipe in, or out.
    fn count(&mut self, pipe: &Pipe, is_in: bool) {
        let levels = [pipe.invert_up_m, pipe.invert_down_m].into_iter().flatten();
        for level_m in levels.filter(|&level_m| level_m != 0.0 && level_m > -90.0) {
            let step = |count: &mut usize| *count = if is_in { *count + 1 } else { count.saturating_sub(1) };
            step(&mut self.all);
            if level_m.abs() < Self::NEAR_M {
                step(&mut self.near_zero);
            }
        }
    }

    /// Whether an invert of exactly 0 m stands for "not known": half of the others lie far from it, or there are none.
    pub(super) fn zero_is_missing(self) -> bool {
        self.near_zero <= self.all / 2
    }
}
