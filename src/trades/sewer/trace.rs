//! What lies upstream or downstream of a place, and what that adds up to.

use rustc_hash::FxHashMap;

use crate::analysis::network::Way;

use super::condition::{Conditions, PipeCondition};
use super::pipe::{Link, System};
use super::section::{Size, SizeKey};
use super::sewers::{DirectionBy, Sewers};
use super::users::{NodeUse, NodeUses};

/// Where a trace begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At a node.
    Node(u32),
    /// Anywhere on a pipe: the pipe is part of what is found, since it is never known how much of it lies above.
    Pipe(u32),
}

/// What a trace found, by number, nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Pipes.
    pub pipes: Vec<u32>,
    /// Nodes; one that it began at is among them.
    pub nodes: Vec<u32>,
}

/// All that lies one way of some places.
pub fn trace(sewers: &Sewers, starts: &[Start], way: Way) -> Trace {
    let mut pipes = Vec::new();
    let mut nodes = Vec::new();
    for start in starts {
        match *start {
            Start::Node(node) => nodes.push(node),
            Start::Pipe(pipe) => {
                if let Some(node) = sewers.end_of(pipe, way).filter(|_| !pipes.contains(&pipe)) {
                    pipes.push(pipe);
                    nodes.push(node);
                }
            }
        }
    }
    let found = sewers.network().trace(&nodes, way, |_| true);
    if pipes.is_empty() {
        return Trace { pipes: found.edges, nodes: found.nodes };
    }
    // A pipe that lies in a loop with itself, or above another start, is found again.
    let again: rustc_hash::FxHashSet<u32> = pipes.iter().copied().collect();
    pipes.extend(found.edges.into_iter().filter(|edge| !again.contains(edge)));
    Trace { pipes, nodes: found.nodes }
}

/// Pipes of one sort.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amount {
    /// How many.
    pub pipes: usize,
    /// Their length, metres.
    pub length_m: f64,
}

impl Amount {
    /// Adds a pipe.
    pub fn add(&mut self, length_m: f64) {
        self.pipes += 1;
        self.length_m += length_m;
    }
}

/// What is known of a network's nodes and pipes beside their own rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beside {
    /// Who drains where.
    pub uses: NodeUses,
    /// The CJJ 181 grade of every pipe that has inspections or defects; their rows may not know it yet.
    pub grades: FxHashMap<u32, i64>,
}

impl Beside {
    /// What users and inspections say.
    pub fn new(uses: NodeUses, conditions: &Conditions) -> Self {
        let grade = |condition: &PipeCondition| (condition.pipe, i64::from(condition.rating.ri.grade));
        Self { uses, grades: conditions.pipes.iter().filter(|it| it.is_latest).map(grade).collect() }
    }
}

/// What pipes and nodes add up to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Pipes, pumps and weirs.
    pub pipes: usize,
    /// Nodes, implied ones too.
    pub nodes: usize,
    /// Length of the pipes, metres.
    pub length_m: f64,
    /// By size, the smallest first, those without one last.
    pub by_size: Vec<(Size, Amount)>,
    /// By the material's code, the longest first; empty for pipes that do not say.
    pub by_material: Vec<(Box<str>, Amount)>,
    /// By what they carry, the longest first.
    pub by_system: Vec<(System, Amount)>,
    /// By what said which way the water runs: the record, the inverts, the drawn line.
    pub by_direction: [Amount; 3],
    /// Pumps, orifices, weirs and outlets among the pipes.
    pub devices: usize,
    /// Length of the pipes that were ever looked into, metres.
    pub inspected_m: f64,
    /// Highest CJJ 181 grade among the pipes; `None` if none was rated.
    pub worst_grade: Option<i64>,
    /// Length of the rated pipes by grade, 1 to 4, metres.
    pub graded_m: [f64; 4],
    /// Who drains into the nodes.
    pub uses: NodeUse,
}

impl Sums {
    /// What these pipes and nodes add up to. Grades are those of the inspections; a pipe without any has that of its row.
    pub fn of(sewers: &Sewers, pipes: &[u32], nodes: &[u32], beside: &Beside) -> Self {
        let mut tally = Tally::default();
        // In the order of their rows, which lie in memory that way.
        let mut sorted = pipes.to_vec();
        sorted.sort_unstable();
        sorted.iter().for_each(|&pipe| tally.add(sewers, pipe, beside));
        let mut sums = tally.sums();
        sums.nodes = nodes.len();
        if !beside.uses.is_empty() {
            nodes.iter().filter_map(|node| beside.uses.get(node)).for_each(|it| sums.uses.add(it));
        }
        sums
    }

    /// Share of the length that was ever looked into, 0 to 1; `None` where there is no length.
    pub fn inspected_share(&self) -> Option<f64> {
        Some(self.inspected_m / self.length_m).filter(|share| share.is_finite())
    }
}

#[derive(Default)]
struct Tally<'a> {
    sums: Sums,
    /// By what tells sizes from each other.
    sizes: FxHashMap<SizeKey, (Size, Amount)>,
    /// A city has a few dozen materials at most that stand in its rows many times over.
    materials: FxHashMap<&'a str, Amount>,
    systems: [Amount; 4],
}

const SYSTEMS: [System; 4] = [System::Storm, System::Foul, System::Combined, System::Unknown];

impl<'a> Tally<'a> {
    fn add(&mut self, sewers: &'a Sewers, number: u32, beside: &Beside) {
        let Some(pipe) = sewers.pipe(number) else { return };
        let (length_m, sums) = (sewers.length_m(number), &mut self.sums);
        sums.pipes += 1;
        sums.length_m += length_m;
        sums.devices += usize::from(pipe.link != Link::Conduit);
        let grade = beside.grades.get(&number).copied();
        if grade.is_some() || !pipe.inspected_on.is_empty() {
            sums.inspected_m += length_m;
        }
        if let Some(grade) = grade.or(pipe.rating) {
            sums.worst_grade = sums.worst_grade.max(Some(grade));
            if let Some(graded_m) = usize::try_from(grade - 1).ok().and_then(|at| sums.graded_m.get_mut(at)) {
                *graded_m += length_m;
            }
        }
        if let Some(flow) = sewers.flow(number) {
            let by = match flow.by {
                DirectionBy::Record => 0,
                DirectionBy::Inverts => 1,
                DirectionBy::Drawn => 2,
            };
            sums.by_direction[by].add(length_m);
        }
        let size = Size::of(pipe);
        self.sizes.entry(size.key()).or_insert((size, Amount::default())).1.add(length_m);
        self.materials.entry(&pipe.material).or_default().add(length_m);
        let system = SYSTEMS.iter().position(|system| *system == pipe.system).unwrap_or(3);
        self.systems[system].add(length_m);
    }

    fn sums(self) -> Sums {
        let mut sums = self.sums;
        sums.by_size = self.sizes.into_values().collect();
        sums.by_size.sort_by(|(a, _), (b, _)| {
            let mm = |size: Option<f64>| size.unwrap_or(f64::INFINITY);
            let by_height = mm(a.height_mm).total_cmp(&mm(b.height_mm));
            by_height.then(mm(a.width_mm).total_cmp(&mm(b.width_mm))).then(a.is_shaped.cmp(&b.is_shaped))
        });
        sums.by_material = self.materials.into_iter().map(|(code, it)| (code.into(), it)).collect();
        sums.by_material.sort_by(|a, b| b.1.length_m.total_cmp(&a.1.length_m).then_with(|| a.0.cmp(&b.0)));
        sums.by_system = SYSTEMS.into_iter().zip(self.systems).filter(|(_, it)| it.pipes > 0).collect();
        sums.by_system.sort_by(|a, b| b.1.length_m.total_cmp(&a.1.length_m));
        sums
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the numbers compared are exact
mod tests {
    use super::super::pipe::{Pipe, RowRef};
    use super::super::sewers::Joining;
    use super::*;

    /// Pipes `a>b 100 300 storm`: from, to, length, diameter, system.
    fn sewers(pipes: &str) -> Sewers {
        let pipe = |(id, words): (i64, &str)| {
            let words: Vec<&str> = words.split_whitespace().collect();
            let (from, to) = words[0].split_once('>').expect("from>to");
            Pipe {
                row: RowRef { layer: 0, id },
                code: format!("{from}-{to}").into(),
                from_code: from.into(),
                to_code: to.into(),
                stated_length_m: words[1].parse().ok(),
                diameter_mm: words[2].parse().ok(),
                system: System::of_code(words[3]),
                inspected_on: words.get(4).copied().unwrap_or_default().into(),
                rating: words.get(5).and_then(|grade| grade.parse().ok()),
                ..Pipe::default()
            }
        };
        let pipes = (1..).zip(pipes.lines().map(str::trim).filter(|line| !line.is_empty())).map(pipe);
        Sewers::new(pipes.collect(), Vec::new(), Joining::default())
    }

    const TOWN: &str = "
        a>b 10 300 foul 2026-01-02 1
        b>c 20 400 foul 2026-01-02 3
        d>c 30 300 storm
        c>e 40 600 combined
        e>f 50 - foul";

    #[track_caller]
    fn check(from: &str, way: Way, expected: &str) {
        let sewers = sewers(TOWN);
        let pipe = sewers.pipes().find(|(_, pipe)| &*pipe.code == from).map(|(number, _)| Start::Pipe(number));
        let start = pipe.unwrap_or_else(|| Start::Node(sewers.nodes_with_code(from)[0]));
        let found = trace(&sewers, &[start], way);
        let mut codes: Vec<&str> = found.pipes.iter().map(|&it| &*sewers.pipe(it).expect("a pipe").code).collect();
        codes.sort_unstable();
        let mut nodes: Vec<&str> = found.nodes.iter().map(|&it| &*sewers.node(it).expect("a node").code).collect();
        nodes.sort_unstable();
        assert_eq!(format!("{} | {}", codes.join(" "), nodes.join(" ")), expected);
    }

    #[test]
    fn a_point_of_a_pipe_takes_the_pipe_and_all_beyond() {
        check("c", Way::Up, "a-b b-c d-c | a b c d");
        check("c", Way::Down, "c-e e-f | c e f");
        check("c-e", Way::Up, "a-b b-c c-e d-c | a b c d");
        check("c-e", Way::Down, "c-e e-f | e f");
        check("a", Way::Up, " | a");
        check("a-b", Way::Up, "a-b | a");
    }

    #[test]
    fn a_pipe_in_a_loop_is_found_once() {
        let sewers = sewers("a>b 1 300 foul\nb>a 2 300 foul");
        for way in [Way::Up, Way::Down] {
            let found = trace(&sewers, &[Start::Pipe(0)], way);
            assert_eq!((found.pipes.len(), found.nodes.len()), (2, 2));
        }
    }

    #[test]
    fn what_is_found_adds_up_by_size_material_and_system() {
        let sewers = sewers(TOWN);
        let found = trace(&sewers, &[Start::Node(sewers.nodes_with_code("f")[0])], Way::Up);
        let use_of = |households, kitchens| NodeUse { households, users: 1, kitchens, volume_m3_per_d: 0.5 };
        let uses = [("a", use_of(100, 0)), ("c", use_of(7, 1))].map(|(code, it)| (sewers.nodes_with_code(code)[0], it));
        let beside = Beside { uses: uses.into_iter().collect(), ..Beside::default() };
        let sums = Sums::of(&sewers, &found.pipes, &found.nodes, &beside);
        assert_eq!((sums.pipes, sums.nodes, sums.length_m), (5, 6, 150.0));
        let amount = |pipes, length_m| Amount { pipes, length_m };
        let size = |height_mm| Size { height_mm, ..Size::default() };
        let sizes = [
            (size(Some(300.0)), amount(2, 40.0)),
            (size(Some(400.0)), amount(1, 20.0)),
            (size(Some(600.0)), amount(1, 40.0)),
            (size(None), amount(1, 50.0)),
        ];
        assert_eq!(sums.by_size, sizes);
        let systems =
            [(System::Foul, amount(3, 80.0)), (System::Combined, amount(1, 40.0)), (System::Storm, amount(1, 30.0))];
        assert_eq!(sums.by_system, systems);
        assert_eq!(sums.by_material, [("".into(), amount(5, 150.0))]);
        assert_eq!((sums.inspected_m, sums.inspected_share()), (30.0, Some(0.2)));
        assert_eq!((sums.worst_grade, sums.graded_m), (Some(3), [10.0, 0.0, 20.0, 0.0]));
        assert_eq!(sums.uses, NodeUse { households: 107, users: 2, kitchens: 1, volume_m3_per_d: 1.0 });
        assert_eq!(sums.by_direction.map(|it| it.pipes), [5, 0, 0]);
    }

    #[test]
    fn an_inspection_counts_before_its_grade_stands_in_the_pipes_row() {
        let sewers = sewers(TOWN);
        let number = |code: &str| sewers.pipes().find(|(_, pipe)| &*pipe.code == code).map(|it| it.0).expect("there");
        let beside =
            Beside { grades: [(number("b-c"), 1), (number("d-c"), 4)].into_iter().collect(), ..Beside::default() };
        let pipes: Vec<u32> = sewers.pipes().map(|it| it.0).collect();
        let sums = Sums::of(&sewers, &pipes, &[], &beside);
        assert_eq!((sums.inspected_m, sums.worst_grade, sums.graded_m), (60.0, Some(4), [30.0, 0.0, 0.0, 30.0]));
    }

    fn long(pipes: i64) -> Sewers {
        let pipe = |id: i64| Pipe {
            row: RowRef { layer: 0, id },
            from_code: format!("n{id}").into(),
            to_code: format!("n{}", id + 1).into(),
            stated_length_m: Some(1.0),
            ..Pipe::default()
        };
        Sewers::new((0..pipes).map(pipe).collect(), Vec::new(), Joining::default())
    }

    #[test]
    fn four_times_the_pipes_take_about_four_times_as_long() {
        let took = |pipes: i64| {
            let sewers = long(pipes);
            let end = Start::Node(sewers.nodes_with_code(&format!("n{pipes}"))[0]);
            let times = (0..7).map(|_| {
                let since = std::time::Instant::now();
                let found = trace(&sewers, &[end], Way::Up);
                let sums = Sums::of(&sewers, &found.pipes, &found.nodes, &Beside::default());
                assert_eq!((sums.pipes, sums.nodes, sums.length_m), (pipes as usize, pipes as usize + 1, pipes as f64));
                since.elapsed()
            });
            times.min().expect("seven times")
        };
        let (few, many) = (took(10_000), took(40_000));
        // With the square of their number it would be sixteen times as long.
        assert!(many < few * 12, "{few:?} for 10,000 pipes, {many:?} for 40,000");
    }
}
