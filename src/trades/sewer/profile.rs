//! The long profile (纵断面) along a course of pipes: what lies how high at which chainage.
//!
//! A level that nobody recorded is missing here too: nothing is drawn where nothing is known. The one thing that is
//! worked out is a ground or floor from the other and the depth, where all but one of the three are recorded.

mod crossings;

use crate::text::Text;

use self::crossings::crossings;
use super::pipe::{NodeType, Pipe, RowRef, System};
use super::section::Size;
use super::sewers::Sewers;
use super::ways::Course;

/// The code of a manhole at the end of a siphon (倒虹井).
const SIPHON: &str = "siphon";

/// A long profile. Chainages are metres from its beginning, levels metres above the height datum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The nodes in order, one more than reaches.
    pub stations: Vec<Station>,
    /// The pipes in order.
    pub reaches: Vec<Reach>,
    /// Other pipes that cross in plan, by chainage.
    pub crossings: Vec<Crossing>,
    /// Its length, metres.
    pub length_m: f64,
}

/// A node of a profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Station {
    /// Its row; `None` for a node that pipes imply.
    pub row: Option<RowRef>,
    /// Its code; empty for none.
    pub code: Box<str>,
    /// What it is.
    pub node_type: NodeType,
    /// The code of the manhole's kind (`siphon`, `drop` …); empty for none.
    pub well: Box<str>,
    /// Longitude and latitude in degrees.
    pub at: Option<[f64; 2]>,
    /// Where it lies.
    pub chainage_m: f64,
    /// Level of the ground.
    pub ground_m: Option<f64>,
    /// Whether nobody recorded that, but the floor and the depth.
    pub is_ground_derived: bool,
    /// Level of its floor.
    pub floor_m: Option<f64>,
    /// Whether nobody recorded that, but the ground and the depth.
    pub is_floor_derived: bool,
    /// How far the water drops from the reach before to the reach behind; negative where it would have to climb.
    pub drop_m: Option<f64>,
}

impl Station {
    /// What a drawing calls it; `None` for a plain manhole.
    pub fn special_name(&self) -> Option<Text> {
        Some(match (self.node_type, &*self.well) {
            (NodeType::Pump, _) => Text::new("泵站", "Pump"),
            (NodeType::Outfall, _) => Text::new("排放口", "Outfall"),
            (NodeType::Plant, _) => Text::new("污水处理厂", "Plant"),
            (NodeType::Storage, _) => Text::new("调蓄池", "Storage"),
            (_, "siphon") => Text::new("倒虹井", "Siphon"),
            (_, "drop") => Text::new("跌水井", "Drop manhole"),
            (_, "intercepting") => Text::new("截流井", "Interceptor"),
            _ => return None,
        })
    }
}

/// A pipe of a profile. Pairs stand in the order of the profile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// Its row.
    pub row: RowRef,
    /// Its code; empty for none.
    pub code: Box<str>,
    /// What it carries.
    pub system: System,
    /// Its material's code.
    pub material: Box<str>,
    /// Where it begins and ends.
    pub chainages_m: [f64; 2],
    /// Diameter, or height of a section that is no circle, millimetres.
    pub diameter_mm: Option<f64>,
    /// Whether the section is no circle.
    pub is_shaped: bool,
    /// Width of a section that is no circle, millimetres.
    pub width_mm: Option<f64>,
    /// Levels of its invert.
    pub inverts_m: [Option<f64>; 2],
    /// Levels of its crown, the wall left out.
    pub crowns_m: [Option<f64>; 2],
    /// Ground above its crown.
    pub covers_m: [Option<f64>; 2],
    /// Length as the record says, metres.
    pub stated_length_m: Option<f64>,
    /// Fall along the flow, metres a metre over [`Sewers::run_m`]; negative for adverse.
    pub slope: Option<f64>,
    /// Whether the profile runs with its flow.
    pub is_along: bool,
    /// Whether it falls against its flow though it runs by gravity and is no siphon.
    pub is_adverse: bool,
    /// Whether it is under pressure: a main, or a pump.
    pub is_pressure: bool,
    /// Whether it lies between two siphon manholes (倒虹井): it is full and may rise.
    pub is_siphon: bool,
}

impl Reach {
    /// Its size.
    pub fn size(&self) -> Size {
        Size { height_mm: self.diameter_mm, width_mm: self.width_mm, is_shaped: self.is_shaped }
    }

    /// Its length in the profile, as drawn on the map, metres.
    pub fn length_m(&self) -> f64 {
        self.chainages_m[1] - self.chainages_m[0]
    }

    /// The recorded length where it is another than that on the map: by more than 0.1 m and one per cent.
    pub fn other_length_m(&self) -> Option<f64> {
        let drawn_m = self.length_m();
        self.stated_length_m.filter(|stated| (stated - drawn_m).abs() > (drawn_m * 0.01).max(0.1))
    }

    /// Levels of invert and crown at a chainage, straight between the ends; `None` beyond them or where one is missing.
    pub fn levels_at(&self, chainage_m: f64) -> [Option<f64>; 2] {
        [self.inverts_m, self.crowns_m].map(|[from, to]| straight(self.chainages_m, [from?, to?], chainage_m))
    }
}

/// What stands at a place straight between two others; `None` beyond them.
fn straight([from_m, to_m]: [f64; 2], levels_m: [f64; 2], at_m: f64) -> Option<f64> {
    let share = if to_m > from_m { (at_m - from_m) / (to_m - from_m) } else { 0.0 };
    (from_m..=to_m).contains(&at_m).then(|| between(levels_m, share))
}

fn between([from, to]: [f64; 2], share: f64) -> f64 {
    from + share * (to - from)
}

/// How another pipe passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// 上穿: over the pipe of the profile.
    Above,
    /// 下穿: under it.
    Below,
    /// The two would pass through each other.
    Through,
}

impl Passing {
    /// A word for files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
            Self::Through => "through",
        }
    }
}

/// Another pipe where it crosses in plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Crossing {
    /// Its row.
    pub row: RowRef,
    /// Its code; empty for none.
    pub code: Box<str>,
    /// What it carries.
    pub system: System,
    /// Where it crosses.
    pub chainage_m: f64,
    /// Longitude and latitude in degrees.
    pub at: [f64; 2],
    /// Height of its section, millimetres.
    pub diameter_mm: Option<f64>,
    /// Width of a section that is no circle, millimetres.
    pub width_mm: Option<f64>,
    /// Whether the section is no circle.
    pub is_shaped: bool,
    /// Level of its invert there, straight between its ends; `None` unless both are known.
    pub invert_m: Option<f64>,
    /// Level of its crown there, the wall left out.
    pub crown_m: Option<f64>,
    /// How it passes; `None` where a level or a size is missing.
    pub passing: Option<Passing>,
    /// Vertical room between the two, wall thicknesses left out; negative where they would pass through each other.
    pub gap_m: Option<f64>,
}

impl Crossing {
    /// Its size.
    pub fn size(&self) -> Size {
        Size { height_mm: self.diameter_mm, width_mm: self.width_mm, is_shaped: self.is_shaped }
    }
}

impl Profile {
    /// The profile along a course.
    pub fn along(sewers: &Sewers, course: &Course) -> Self {
        let mut chainage_m = 0.0;
        let mut stations: Vec<Station> = Vec::with_capacity(course.nodes.len());
        let mut reaches: Vec<Reach> = Vec::with_capacity(course.pipes.len());
        for (place, &node) in course.nodes.iter().enumerate() {
            stations.push(station(sewers, node, chainage_m));
            let Some(&(pipe, is_along)) = course.pipes.get(place) else { break };
            let end_m = chainage_m + sewers.length_m(pipe);
            reaches.extend(reach(sewers, pipe, is_along, [chainage_m, end_m]));
            chainage_m = end_m;
        }
        for (place, reach) in reaches.iter_mut().enumerate() {
            for side in 0..2 {
                let ground_m = stations.get(place + side).and_then(|station| station.ground_m);
                reach.covers_m[side] = ground_m.zip(reach.crowns_m[side]).map(|(ground, crown)| ground - crown);
            }
        }
        for (place, pair) in reaches.windows(2).enumerate() {
            let levels = pair[0].inverts_m[1].zip(pair[1].inverts_m[0]);
            stations[place + 1].drop_m = levels.map(|(before, behind)| before - behind);
        }
        for (place, reach) in reaches.iter_mut().enumerate() {
            reach.is_siphon = stations[place..].iter().take(2).filter(|station| &*station.well == SIPHON).count() == 2;
            reach.is_adverse &= !reach.is_siphon;
        }
        let crossings = crossings(sewers, course, &reaches);
        Self { stations, reaches, crossings, length_m: chainage_m }
    }

    /// Lowest and highest level of all that is known; `None` if nothing is.
    pub fn levels_m(&self) -> Option<[f64; 2]> {
        self.levels_within([0.0, self.length_m])
    }

    /// Lowest and highest level of what is known from one chainage to another.
    pub fn levels_within(&self, [from_m, to_m]: [f64; 2]) -> Option<[f64; 2]> {
        let stations = self.stations_within([from_m, to_m]).flat_map(|(_, it)| [it.ground_m, it.floor_m]);
        let reaches = self.reaches_within([from_m, to_m]).flat_map(|(_, it)| {
            let [first, last] = [it.chainages_m[0].max(from_m), it.chainages_m[1].min(to_m)];
            // Where the other end is not known, what is drawn is at this one.
            let at_end = [0, 1].map(|side| Some(side).filter(|&side| [first, last][side] == it.chainages_m[side]));
            let ends = at_end.into_iter().flatten().flat_map(|side| [it.inverts_m[side], it.crowns_m[side]]);
            let ends: Vec<Option<f64>> = ends.collect();
            it.levels_at(first).into_iter().chain(it.levels_at(last)).chain(ends)
        });
        let grounds = [from_m, to_m].map(|at_m| self.ground_at(at_m));
        let crossings = self.crossings_within([from_m, to_m]).flat_map(|it| [it.invert_m, it.crown_m]);
        stations.chain(reaches).chain(grounds).chain(crossings).flatten().fold(None, |range, level| {
            let [low, high] = range.unwrap_or([level, level]);
            Some([level.min(low), level.max(high)])
        })
    }

    /// Nodes from one chainage to another, both included, with their numbers.
    pub fn stations_within(&self, [from_m, to_m]: [f64; 2]) -> impl Iterator<Item = (usize, &Station)> {
        let first = self.stations.partition_point(|it| it.chainage_m < from_m);
        (first..).zip(&self.stations[first..]).take_while(move |(_, it)| it.chainage_m <= to_m)
    }

    /// Pipes with some of their length from one chainage to another, with their numbers.
    pub fn reaches_within(&self, [from_m, to_m]: [f64; 2]) -> impl Iterator<Item = (usize, &Reach)> {
        let first = self.reaches.partition_point(|it| it.chainages_m[1] <= from_m);
        (first..).zip(&self.reaches[first..]).take_while(move |(_, it)| it.chainages_m[0] < to_m)
    }

    /// What crosses from one chainage to another, both included.
    pub fn crossings_within(&self, [from_m, to_m]: [f64; 2]) -> impl Iterator<Item = &Crossing> {
        let first = self.crossings.partition_point(|it| it.chainage_m < from_m);
        self.crossings[first..].iter().take_while(move |it| it.chainage_m <= to_m)
    }

    /// Level of the ground at a chainage, straight between two nodes where both have one.
    pub fn ground_at(&self, chainage_m: f64) -> Option<f64> {
        let behind = self.stations.partition_point(|it| it.chainage_m < chainage_m);
        let [from, to] = [self.stations.get(behind.max(1) - 1)?, self.stations.get(behind.max(1))?];
        straight([from.chainage_m, to.chainage_m], [from.ground_m?, to.ground_m?], chainage_m)
    }

    /// The pipe before a node and that behind it.
    pub fn beside(&self, station: usize) -> [Option<&Reach>; 2] {
        [station.checked_sub(1).and_then(|before| self.reaches.get(before)), self.reaches.get(station)]
    }

    /// Straight lines over the gaps, from the last invert that is known to the next: ends by chainage and level. What is
    /// there is a guess; levels and slopes of the pipes stay unknown.
    pub fn bridges(&self) -> Vec<[[f64; 2]; 2]> {
        let ends = self.reaches.iter().flat_map(|it| [0, 1].map(|side| (it.chainages_m[side], it.inverts_m[side])));
        let mut bridges = Vec::new();
        let (mut last, mut is_gap): (Option<[f64; 2]>, bool) = (None, false);
        for (chainage_m, invert_m) in ends {
            match (invert_m, last) {
                (None, _) => is_gap = true,
                (Some(level_m), before) => {
                    let here = [chainage_m, level_m];
                    bridges.extend(before.filter(|before| is_gap && before[0] < chainage_m).map(|it| [it, here]));
                    (last, is_gap) = (Some(here), false);
                }
            }
        }
        bridges
    }
}

fn station(sewers: &Sewers, number: u32, chainage_m: f64) -> Station {
    let Some(joint) = sewers.node(number) else { return Station { chainage_m, ..Station::default() } };
    let row = joint.row.as_ref();
    let level = |level: Option<f64>| level.filter(|&level| sewers.is_level(level));
    let (ground_m, floor_m) = row.map_or((None, None), |row| (level(row.ground_m), level(row.bottom_m)));
    let depth_m = row.and_then(|row| row.depth_m).filter(|depth| *depth > 0.0);
    Station {
        row: row.map(|row| row.row),
        code: joint.code.clone(),
        node_type: row.map_or(NodeType::Other, |row| row.node_type),
        well: row.map(|row| row.well.clone()).unwrap_or_default(),
        at: joint.at,
        chainage_m,
        ground_m: ground_m.or_else(|| Some(floor_m? + depth_m?)),
        is_ground_derived: ground_m.is_none() && floor_m.is_some() && depth_m.is_some(),
        floor_m: floor_m.or_else(|| Some(ground_m? - depth_m?)),
        is_floor_derived: floor_m.is_none() && ground_m.is_some() && depth_m.is_some(),
        drop_m: None,
    }
}

fn reach(sewers: &Sewers, number: u32, is_along: bool, chainages_m: [f64; 2]) -> Option<Reach> {
    let (pipe, flow) = (sewers.pipe(number)?, sewers.flow(number)?);
    let mut inverts_m = flow.inverts_m;
    if !is_along {
        inverts_m.reverse();
    }
    let height_m = height_m(pipe);
    let (slope, size) = (sewers.slope(number), Size::of(pipe));
    Some(Reach {
        row: pipe.row,
        code: pipe.code.clone(),
        system: pipe.system,
        material: pipe.material.clone(),
        chainages_m,
        diameter_mm: size.height_mm,
        is_shaped: size.is_shaped,
        width_mm: size.width_mm,
        inverts_m,
        crowns_m: inverts_m.map(|invert| Some(invert? + height_m?)),
        covers_m: [None; 2],
        stated_length_m: pipe.stated_length_m.filter(|stated| *stated > 0.0 && stated.is_finite()),
        slope,
        is_along,
        is_adverse: pipe.is_gravity() && slope.is_some_and(|slope| slope < 0.0),
        is_pressure: !pipe.is_gravity(),
        is_siphon: false,
    })
}

/// Height of the section, if it is one.
fn height_m(pipe: &Pipe) -> Option<f64> {
    pipe.diameter_mm.filter(|size| *size > 0.0).map(|size| size / 1000.0)
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // what is compared is copied or missing
mod tests {
    use super::super::pipe::Node;
    use super::super::sewers::Joining;
    use super::super::ways::shortest;
    use super::*;
    use crate::geom::plane::LocalPlane;

    fn at(x_m: f64, y_m: f64) -> [f64; 2] {
        LocalPlane::at([115.99, 29.71]).to_lonlat([x_m, y_m])
    }

    fn pipe(id: i64, ends: [&str; 2], inverts_m: [f64; 2], line: &[[f64; 2]]) -> Pipe {
        let level = |level: f64| (!level.is_nan()).then_some(level);
        Pipe {
            row: RowRef { layer: 0, id },
            code: format!("P{id}").into(),
            from_code: ends[0].into(),
            to_code: ends[1].into(),
            invert_up_m: level(inverts_m[0]),
            invert_down_m: level(inverts_m[1]),
            diameter_mm: Some(500.0),
            line: line.to_vec(),
            ..Pipe::default()
        }
    }

    fn node(id: i64, code: &str, place: [f64; 2], ground_m: f64, depth_m: f64) -> Node {
        Node {
            row: RowRef { layer: 1, id },
            code: code.into(),
            ground_m: Some(ground_m),
            depth_m: Some(depth_m),
            at: Some(place),
            ..Node::default()
        }
    }

    /// A → B → C of 100 m each with a drop of 0.2 m at B, crossed at 50 m by P3 a metre above and joined at B by P4.
    fn town() -> Sewers {
        let [a, b, c] = [at(0.0, 0.0), at(100.0, 0.0), at(200.0, 0.0)];
        let pipes = vec![
            pipe(1, ["A", "B"], [16.0, 15.5], &[a, b]),
            pipe(2, ["B", "C"], [15.3, 15.4], &[b, c]),
            pipe(3, ["D", "E"], [17.6, 17.4], &[at(50.0, -40.0), at(50.0, 40.0)]),
            pipe(4, ["F", "B"], [f64::NAN, 15.6], &[at(100.0, 60.0), b]),
            pipe(5, ["G", "H"], [f64::NAN, 12.0], &[at(150.0, -40.0), at(150.0, 40.0)]),
        ];
        Sewers::new(pipes, vec![node(1, "A", a, 20.0, 4.0), node(2, "B", b, 19.0, 3.7)], Joining::default())
    }

    fn along(sewers: &Sewers, from: &str, to: &str) -> Profile {
        let [from, to] = [from, to].map(|code| sewers.nodes_with_code(code)[0]);
        Profile::along(sewers, &shortest(sewers, from, to, false).expect("a way"))
    }

    #[test]
    fn a_profile_has_levels_where_they_are_known_and_gaps_elsewhere() {
        let profile = along(&town(), "A", "C");
        let [one, two] = &profile.reaches[..] else { panic!("two reaches") };
        assert_eq!((one.inverts_m, one.crowns_m), ([Some(16.0), Some(15.5)], [Some(16.5), Some(16.0)]));
        assert_eq!(one.covers_m, [Some(3.5), Some(3.0)]);
        assert_eq!((two.covers_m, two.is_adverse, one.is_adverse), ([Some(19.0 - 15.8), None], true, false));
        let [first, second, third] = &profile.stations[..] else { panic!("three stations") };
        assert_eq!((first.floor_m, first.ground_m, first.drop_m), (Some(16.0), Some(20.0), None));
        assert!(second.drop_m.is_some_and(|drop| (drop - 0.2).abs() < 1e-9));
        assert_eq!((third.ground_m, third.floor_m, &*third.code), (None, None, "C"));
        assert!((profile.length_m - 200.0).abs() < 0.5 && third.chainage_m == profile.length_m);
        assert_eq!(profile.levels_m(), Some([15.3, 20.0]));
    }

    #[test]
    fn pipes_that_cross_are_told_with_their_room_and_those_that_join_are_not() {
        let profile = along(&town(), "A", "C");
        let told: Vec<(&str, f64, Option<f64>)> =
            profile.crossings.iter().map(|it| (&*it.code, it.chainage_m.round(), it.gap_m)).collect();
        let [(p3, 50.0, Some(gap_m)), ("P5", 150.0, None)] = told[..] else { panic!("{told:?}") };
        // Its invert is 17.5 there, the crown of P1 16.25.
        assert!(p3 == "P3" && (gap_m - 1.25).abs() < 1e-6, "{gap_m}");
        let passing: Vec<Option<Passing>> = profile.crossings.iter().map(|it| it.passing).collect();
        assert_eq!(passing, [Some(Passing::Above), None]);
        let crown_m = profile.crossings[0].crown_m.expect("a crown");
        assert!((crown_m - 18.0).abs() < 1e-6, "{crown_m}");
    }

    #[test]
    fn a_stretch_of_a_profile_has_its_own_levels() {
        let profile = along(&town(), "A", "C");
        let check = |span: [f64; 2], low_m: f64, high_m: f64| {
            let [low, high] = profile.levels_within(span).expect("levels");
            assert!((low - low_m).abs() < 1e-3 && (high - high_m).abs() < 1e-3, "{span:?}: {low} {high}");
        };
        // Half of the first pipe: its invert in the middle, the ground at A, the crossing.
        check([0.0, 50.0 * profile.length_m / 200.0], 15.75, 20.0);
        check([profile.length_m * 0.6, profile.length_m], 15.32, 15.9);
        assert_eq!(profile.ground_at(profile.length_m * 0.75), None, "nobody knows the ground at C");
        let ground_m = profile.ground_at(profile.length_m / 4.0).expect("ground");
        assert!((ground_m - 19.5).abs() < 1e-3);
        assert_eq!(
            profile.stations_within([1.0, profile.length_m]).map(|(number, _)| number).collect::<Vec<_>>(),
            [1, 2]
        );
        assert_eq!(profile.reaches_within([120.0, 130.0]).map(|(number, _)| number).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn gaps_are_bridged_between_the_inverts_beside_them_and_nowhere_else() {
        let reach =
            |from_m: f64, inverts_m| Reach { chainages_m: [from_m, from_m + 10.0], inverts_m, ..Reach::default() };
        let reaches = vec![
            reach(0.0, [None, Some(9.0)]),
            reach(10.0, [Some(8.9), None]),
            reach(20.0, [None, None]),
            reach(30.0, [Some(8.0), Some(7.9)]),
            reach(40.0, [Some(7.9), None]),
        ];
        let profile = Profile { reaches, length_m: 50.0, ..Profile::default() };
        assert_eq!(profile.bridges(), [[[10.0, 8.9], [30.0, 8.0]]]);
    }

    #[test]
    fn a_siphon_may_rise_and_is_no_fault() {
        let [a, b] = [at(0.0, 0.0), at(100.0, 0.0)];
        let well = |id, code, place| Node { well: "siphon".into(), ..node(id, code, place, 20.0, 5.0) };
        let pipes = || vec![pipe(1, ["A", "B"], [15.0, 15.4], &[a, b])];
        let siphon = Sewers::new(pipes(), vec![well(1, "A", a), well(2, "B", b)], Joining::default());
        let [reach] = &along(&siphon, "A", "B").reaches[..] else { panic!("one") };
        assert_eq!((reach.is_siphon, reach.is_adverse), (true, false));
        let plain = Sewers::new(pipes(), vec![well(1, "A", a), node(2, "B", b, 20.0, 5.0)], Joining::default());
        let [reach] = &along(&plain, "A", "B").reaches[..] else { panic!("one") };
        assert_eq!((reach.is_siphon, reach.is_adverse), (false, true));
    }

    #[test]
    fn against_the_flow_everything_is_the_other_way_round_but_the_fall() {
        let town = town();
        let (down, up) = (along(&town, "A", "B"), along(&town, "B", "A"));
        let ([down], [up]) = (&down.reaches[..], &up.reaches[..]) else { panic!("one reach each") };
        assert_eq!((up.inverts_m, up.slope, up.is_along), ([Some(15.5), Some(16.0)], down.slope, false));
        assert_eq!((up.covers_m, up.is_adverse), ([Some(3.0), Some(3.5)], false));
    }
}
