//! How pipes find their nodes and their direction: see the head of [`sewers`](super::sewers).

use super::sewers::{DirectionBy, Flow, JoinedBy, Joint, Sewers, square};

/// What surveys write where they know no code, in capitals.
const PLACEHOLDERS: &[&str] = &[
    "-", "--", "/", "\\", "?", ".", "NA", "N/A", "NAN", "NIL", "NONE", "NULL", "UNKNOWN", "TBD", "无", "空", "不详",
    "不明", "未知", "待定", "待查", "待补",
];

/// A doubtful code is believed of a node this near to the end that names it, metres.
const BESIDE_M: f64 = 5.0;

/// Distances that differ by less are equal, metres.
const TIE_M: f64 = 0.001;

/// A code that more nodes have than this is doubtful.
const MOST_NAMESAKES: usize = 16;

/// Whether an end with this code names a node.
fn names_a_node(code: &str) -> bool {
    !code.is_empty() && !is_placeholder(code)
}

/// Whether a code only fills its column: nodes that are meant by it have nothing to do with each other.
fn is_placeholder(code: &str) -> bool {
    let digits = code.strip_prefix('-').unwrap_or(code);
    let is_all = |digit: char| !digits.is_empty() && digits.chars().all(|letter| letter == digit);
    // 0, 000, -1, -99, 9999; a well may well be number 99.
    let is_number =
        is_all('0') || digits == "1" && code != digits || is_all('9') && (code != digits || digits.len() > 3);
    is_number || code.len() <= 8 && PLACEHOLDERS.contains(&&*code.to_uppercase())
}

impl Sewers {
    /// Pipes that touch a node of this code or name it in vain, or end loose at this place.
    pub(super) fn pipes_about(&self, code: &str, at: Option<[f64; 2]>) -> Vec<u32> {
        let named = self.nodes_with_code(code).iter().flat_map(|&node| self.network.edges_around(node));
        let loose = at.map_or(Vec::new(), |at| self.loose_near(at));
        let misnamed = self.misnamed.get(code).into_iter().flatten().copied();
        named.chain(loose).chain(misnamed).collect()
    }

    /// Pipes with an end at this place that no node's row holds.
    fn loose_near(&self, at: [f64; 2]) -> Vec<u32> {
        let Some(plane) = self.plane else { return Vec::new() };
        let [column, row] = square(self.joining, plane.from_lonlat(at));
        let around = (column - 1..=column + 1).flat_map(|column| (row - 1..=row + 1).map(move |row| [column, row]));
        around.filter_map(|square| self.loose.get(&square)).flatten().copied().collect()
    }

    /// Enters the ends of a pipe that another row could hold one day, or strikes them out.
    fn list_ends(&mut self, pipe: u32, is_in: bool) {
        let (Some(plane), Some(held)) = (self.plane, self.pipes.get(pipe as usize).and_then(Option::as_ref)) else {
            return;
        };
        let Some(flow) = held.flow else { return };
        // Who comes in was struck out before: lists of crowded places are not searched for him.
        let enter = |listed: &mut Vec<u32>| {
            if is_in {
                listed.push(pipe);
            } else if let Some(place) = listed.iter().position(|&it| it == pipe) {
                listed.swap_remove(place);
            }
        };
        if flow.joined_by.iter().any(|&by| by != JoinedBy::Record) {
            let ends = [held.pipe.line.first(), held.pipe.line.last()].map(|end| end.map(|&at| plane.from_lonlat(at)));
            let [first, last] = ends.map(|end| end.map(|at| square(self.joining, at)));
            for square in [first, last.filter(|_| last != first)].into_iter().flatten() {
                enter(self.loose.entry(square).or_default());
            }
        }
        if flow.joined_by.contains(&JoinedBy::Place) {
            let codes = [&held.pipe.from_code, &held.pipe.to_code];
            let codes =
                codes.into_iter().enumerate().filter(|(side, code)| *side == 0 || **code != held.pipe.from_code);
            for (_, code) in codes.filter(|(_, code)| !code.is_empty() && !is_placeholder(code)) {
                enter(self.misnamed.entry(code.clone()).or_default());
            }
        }
    }

    pub(super) fn is_implied(&self, node: u32) -> bool {
        self.node(node).is_some_and(|joint| joint.row.is_none())
    }

    /// Takes a pipe out of the network, and nodes that were there for it alone.
    pub(super) fn part(&mut self, pipe: u32) {
        self.list_ends(pipe, false);
        let ends = self.network.ends(pipe);
        self.network.remove_edge(pipe);
        if let Some(held) = self.pipes.get_mut(pipe as usize).and_then(Option::as_mut) {
            held.flow = None;
        }
        for node in ends.into_iter().flatten() {
            if !self.is_implied(node) {
                continue;
            }
            if self.network.edges_around(node).next().is_none() {
                self.drop_joint(node);
            } else {
                self.place_implied(node);
            }
        }
    }

    /// An implied node lies where a pipe ends that implies it; if that one has gone, at the end of another.
    fn place_implied(&mut self, node: u32) {
        let place = |pipe: u32| {
            let flow = self.flow(pipe)?;
            let line = self.held(pipe).map(|held| &held.pipe.line)?;
            let is_first = (flow.nodes[0] == node) != flow.is_drawn_against;
            if is_first { line.first() } else { line.last() }.copied()
        };
        let at = self.node(node).and_then(|joint| joint.at);
        let mut places = self.network.edges_around(node).filter_map(place);
        let first = places.next();
        let stays = at.is_some() && (first == at || places.any(|other| Some(other) == at));
        drop(places);
        if !stays {
            self.move_implied(node, first);
        }
    }

    /// Finds a pipe's nodes and its direction.
    pub(super) fn join(&mut self, number: u32) {
        let Some(held) = self.held(number).filter(|held| !held.pipe.is_out_of_use) else { return };
        let pipe = &held.pipe;
        let places = [pipe.line.first().copied(), pipe.line.last().copied()];
        let codes = [pipe.from_code.clone(), pipe.to_code.clone()];
        let inverts_m = [pipe.invert_up_m, pipe.invert_down_m].map(|level| level.filter(|&level| self.is_level(level)));
        let is_gravity = pipe.is_gravity();
        let places = self.drawn_ends(&codes, places);
        let [Some(start), Some(end)] = [0, 1].map(|side| self.end_node(&codes[side], places.0[side])) else { return };
        let is_recorded =
            start.1 == JoinedBy::Record || end.1 == JoinedBy::Record || codes.iter().all(|code| names_a_node(code));
        let falls = match inverts_m {
            [Some(up), Some(down)] if is_gravity && up != down => Some(up > down),
            _ => None,
        };
        let (by, is_against_record) = match falls {
            Some(falls) if self.joining.trusts_inverts || !is_recorded => (DirectionBy::Inverts, !falls),
            _ if is_recorded => (DirectionBy::Record, false),
            _ => (DirectionBy::Drawn, false),
        };
        let mut flow = Flow {
            nodes: [start.0, end.0],
            inverts_m,
            by,
            joined_by: [start.1, end.1],
            is_drawn_against: places.1,
            is_against_record,
        };
        if is_against_record {
            flow.nodes.reverse();
            flow.inverts_m.reverse();
            flow.joined_by.reverse();
            flow.is_drawn_against = !flow.is_drawn_against;
        }
        self.network.set_edge(number, flow.nodes[0], flow.nodes[1]);
        if let Some(held) = &mut self.pipes[number as usize] {
            held.flow = Some(flow);
        }
        self.list_ends(number, true);
    }

    /// Where the recorded start and end of a pipe are drawn, and whether that is the other way round: a record may name
    /// its nodes against the line.
    fn drawn_ends(&self, codes: &[Box<str>; 2], drawn: [Option<[f64; 2]>; 2]) -> ([Option<[f64; 2]>; 2], bool) {
        let [Some(first), Some(last)] = drawn else { return (drawn, false) };
        let Some(plane) = self.plane else { return (drawn, false) };
        let [first_m, last_m] = [first, last].map(|at| plane.from_lonlat(at));
        let away_m = |side: usize, end: [f64; 2], from: [f64; 2]| {
            let at = self.node(self.row_with_code(&codes[side], Some(end))?)?.at?;
            let [x, y] = plane.from_lonlat(at);
            Some((x - from[0]).hypot(y - from[1]))
        };
        let as_drawn = [away_m(0, first, first_m), away_m(1, last, last_m)];
        let turned = [away_m(0, last, last_m), away_m(1, first, first_m)];
        // A doubtful code may be believed one way only: the way that more is believed of is meant.
        let known = |ways: &[Option<f64>; 2]| ways.iter().flatten().count();
        if known(&as_drawn) != known(&turned) {
            let is_turned = known(&turned) > known(&as_drawn);
            return if is_turned { ([Some(last), Some(first)], true) } else { (drawn, false) };
        }
        let sum = |ways: [Option<f64>; 2]| ways.into_iter().flatten().sum::<f64>();
        // A tie, which other roundings would break otherwise, is as drawn.
        if sum(turned) < sum(as_drawn) - TIE_M { ([Some(last), Some(first)], true) } else { (drawn, false) }
    }

    /// The node at one end: the row with its code, else a row at its place, else an implied one. An end whose code is
    /// nowhere shares its node with the ends of that code, one without a code with those without one that lie there.
    fn end_node(&mut self, code: &str, place: Option<[f64; 2]>) -> Option<(u32, JoinedBy)> {
        if let Some(node) = self.row_with_code(code, place) {
            return Some((node, JoinedBy::Record));
        }
        let near = place.map_or(Vec::new(), |place| self.nodes_near(place, self.joining.snap_m));
        let near = |is_meant: &dyn Fn(&Joint) -> bool| {
            near.iter().map(|(node, _)| *node).find(|&node| self.node(node).is_some_and(is_meant))
        };
        if let Some(node) = near(&|joint| joint.row.is_some()) {
            return Some((node, JoinedBy::Place));
        }
        let code = if names_a_node(code) { code } else { "" };
        let (known, joined_by) = if code.is_empty() {
            (near(&|joint| joint.code.is_empty()), JoinedBy::Nothing)
        } else {
            let implied = self.nodes_with_code(code).iter().copied().find(|&node| self.is_implied(node));
            (implied, JoinedBy::MissingNode)
        };
        if code.is_empty() && place.is_none() {
            return None;
        }
        let node = known.unwrap_or_else(|| self.add_joint(Joint { code: code.into(), at: place, row: None }));
        Some((node, joined_by))
    }

    /// The node's row with a code: of several the one nearest to a place. A code that fills columns, or that many nodes
    /// have, is believed of a node beside the place alone.
    fn row_with_code(&self, code: &str, place: Option<[f64; 2]>) -> Option<u32> {
        let listed = self.nodes_with_code(code);
        let row = |node: u32| !self.is_implied(node);
        if listed.len() > MOST_NAMESAKES {
            let near = self.nodes_near(place?, BESIDE_M).into_iter().map(|(node, _)| node);
            return near
                .filter(|&node| row(node))
                .find(|&node| self.node(node).is_some_and(|joint| *joint.code == *code));
        }
        let mut rows = listed.iter().copied().filter(|&node| row(node));
        let Some((place, plane)) = place.zip(self.plane) else { return rows.next() };
        let from = plane.from_lonlat(place);
        let away_m = |node: u32| {
            let at = self.node(node).and_then(|joint| joint.at).map(|at| plane.from_lonlat(at));
            at.map_or(f64::INFINITY, |[x, y]| (x - from[0]).hypot(y - from[1]))
        };
        let nearest = rows.min_by(|&a, &b| away_m(a).total_cmp(&away_m(b)))?;
        let away_m = away_m(nearest);
        (away_m <= BESIDE_M || away_m.is_infinite() || !is_placeholder(code)).then_some(nearest)
    }

    /// Whether a level is one, rather than a mark for "not known".
    pub fn is_level(&self, level_m: f64) -> bool {
        level_m > -90.0 && level_m < 9000.0 && !(level_m == 0.0 && self.levels.zero_is_missing())
    }
}
