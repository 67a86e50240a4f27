//! How pipes find their nodes and their direction: see the head of [`sewers`](super::sewers).

use super::sewers::{DirectionBy, Flow, JoinedBy, Joint, Sewers, square};

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
        let enter = |listed: &mut Vec<u32>| {
            listed.retain(|&it| it != pipe);
            listed.extend(is_in.then_some(pipe));
        };
        if flow.joined_by.iter().any(|by| matches!(by, JoinedBy::MissingNode | JoinedBy::Nothing)) {
            for at in [held.pipe.line.first(), held.pipe.line.last()].into_iter().flatten() {
                enter(self.loose.entry(square(self.joining, plane.from_lonlat(*at))).or_default());
            }
        }
        if flow.joined_by.contains(&JoinedBy::Place) {
            for code in [&held.pipe.from_code, &held.pipe.to_code].into_iter().filter(|code| !code.is_empty()) {
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
            if self.is_implied(node) && self.network.edges_around(node).next().is_none() {
                self.drop_joint(node);
            }
        }
    }

    /// Finds a pipe's nodes and its direction.
    pub(super) fn join(&mut self, number: u32) {
        let Some(held) = self.held(number).filter(|held| !held.pipe.is_retired) else { return };
        let pipe = &held.pipe;
        let places = [pipe.line.first().copied(), pipe.line.last().copied()];
        let codes = [pipe.from_code.clone(), pipe.to_code.clone()];
        let inverts_m = [pipe.invert_up_m, pipe.invert_down_m].map(|level| level.filter(|&level| self.is_level(level)));
        let is_gravity = pipe.is_gravity();
        let places = self.drawn_ends(&codes, places);
        let [Some(start), Some(end)] = [0, 1].map(|side| self.end_node(&codes[side], places.0[side])) else { return };
        let is_recorded =
            start.1 == JoinedBy::Record || end.1 == JoinedBy::Record || codes.iter().all(|it| !it.is_empty());
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
        let away_m = |side: usize, from: [f64; 2]| {
            let known = self.nodes_with_code(&codes[side]).iter().filter_map(|&node| self.node(node));
            let known = known.filter(|joint| joint.row.is_some()).filter_map(|joint| joint.at);
            let distances = known.map(|at| plane.from_lonlat(at)).map(|[x, y]| (x - from[0]).hypot(y - from[1]));
            distances.min_by(f64::total_cmp)
        };
        let as_drawn = [away_m(0, first_m), away_m(1, last_m)];
        let turned = [away_m(0, last_m), away_m(1, first_m)];
        let sum = |ways: [Option<f64>; 2]| ways.into_iter().flatten().sum::<f64>();
        if sum(turned) < sum(as_drawn) { ([Some(last), Some(first)], true) } else { (drawn, false) }
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
        let (known, joined_by) = if code.is_empty() {
            (near(&|joint| joint.code.is_empty()), JoinedBy::Nothing)
        } else {
            (self.nodes_with_code(code).first().copied(), JoinedBy::MissingNode)
        };
        if code.is_empty() && place.is_none() {
            return None;
        }
        let node = known.unwrap_or_else(|| self.add_joint(Joint { code: code.into(), at: place, row: None }));
        Some((node, joined_by))
    }

    /// The node's row with a code: of several the one nearest to a place.
    fn row_with_code(&self, code: &str, place: Option<[f64; 2]>) -> Option<u32> {
        let rows: Vec<u32> =
            self.nodes_with_code(code).iter().copied().filter(|&node| !self.is_implied(node)).collect();
        match (&*rows, place) {
            (&[_, _, ..], Some(place)) => self.nearest_of(&rows, place),
            (rows, _) => rows.first().copied(),
        }
    }

    fn nearest_of(&self, nodes: &[u32], place: [f64; 2]) -> Option<u32> {
        let plane = self.plane?;
        let from = plane.from_lonlat(place);
        let away_m = |node: u32| {
            let at = self.node(node).and_then(|joint| joint.at).map(|at| plane.from_lonlat(at));
            at.map_or(f64::INFINITY, |[x, y]| (x - from[0]).hypot(y - from[1]))
        };
        nodes.iter().copied().min_by(|&a, &b| away_m(a).total_cmp(&away_m(b)))
    }

    /// Whether a level is one, rather than a mark for "not known".
    pub fn is_level(&self, level_m: f64) -> bool {
        level_m > -90.0 && level_m < 9000.0 && !(level_m == 0.0 && self.zero_is_missing)
    }
}
