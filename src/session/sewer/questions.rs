//! Questions about ways through the sewers: traces, paths, basins, closed pipes, the longest path, long profiles.

use crate::analysis::network::Way;
use crate::task::Task;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::basins::{self, EndsAt, MainWay, terminals};
use crate::trades::sewer::pipe::NodeType;
use crate::trades::sewer::profile::Profile;
use crate::trades::sewer::trace::{self, Amount, Beside, Start, Sums};
use crate::trades::sewer::ways::{self, Course};

use super::SewerDesk;
use super::live::LiveNetwork;
use super::place::{FoundPlace, Members, SewerPlace};
use crate::session::answer::{Failure, FailureKind};

/// Which way a trace runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Against the flow.
    Up,
    /// With it.
    Down,
}

impl Direction {
    fn way(self) -> Way {
        match self {
            Self::Up => Way::Up,
            Self::Down => Way::Down,
        }
    }
}

/// What lies one way of a place.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceAnswer {
    /// Where it began.
    pub from: FoundPlace,
    /// Which way.
    pub direction: Direction,
    /// What was found, nearest first.
    pub members: Members,
    /// What that adds up to.
    pub sums: Sums,
    /// Pipes by number, for what is written of them.
    pub pipes: Vec<u32>,
    /// Nodes by number.
    pub nodes: Vec<u32>,
}

/// A course through the network.
#[derive(Clone, Debug, PartialEq)]
pub struct CourseAnswer {
    /// Its pipes and nodes in order.
    pub course: Course,
    /// What they are called.
    pub members: Members,
    /// What they add up to.
    pub sums: Sums,
    /// What the pipes that were left out because they lie in loops are called; of the longest path alone.
    pub left_out: Vec<Box<str>>,
}

/// The way from one place to another.
#[derive(Clone, Debug, PartialEq)]
pub struct PathAnswer {
    /// Where it begins.
    pub from: FoundPlace,
    /// Where it ends.
    pub to: FoundPlace,
    /// Whether it had to run with the flow.
    pub with_flow: bool,
    /// The shortest; `None` if there is none.
    pub course: Option<CourseAnswer>,
}

/// What drains to one plant, pumping station or outfall.
#[derive(Clone, Debug, PartialEq)]
pub struct BasinAnswer {
    /// What its end is called; `None` for what reaches none.
    pub terminal: Option<Box<str>>,
    /// The end's name; empty for none.
    pub name: Box<str>,
    /// What the end is.
    pub node_type: NodeType,
    /// Longitude and latitude of the end, degrees.
    pub at: Option<[f64; 2]>,
    /// The next end that its own water goes to.
    pub passes_to: Option<Box<str>>,
    /// Length of the pipes that can also reach another end, metres.
    pub shared_m: f64,
    /// Its pipes and nodes.
    pub members: Members,
    /// What they add up to.
    pub sums: Sums,
    /// Pipes by number, for what is written of them.
    pub pipes: Vec<u32>,
}

/// All basins.
#[derive(Clone, Debug, PartialEq)]
pub struct BasinsAnswer {
    /// Where they end.
    pub ends_at: EndsAt,
    /// The longest first; what reaches no end comes last.
    pub basins: Vec<BasinAnswer>,
    /// The whole network: the sum of all basins.
    pub network: Amount,
    /// Pipes that are not in the network: out of use, or without nodes and line.
    pub left_out: Amount,
}

/// What happens if pipes are closed.
#[derive(Clone, Debug, PartialEq)]
pub struct CloseAnswer {
    /// The closed pipes.
    pub closed: Vec<FoundPlace>,
    /// What has no other way out.
    pub backs_up: Members,
    /// What that adds up to.
    pub sums: Sums,
    /// Pipes and metres above the closed pipes whose water goes another way.
    pub relieved: Amount,
    /// Of each closed pipe the other way from where it begins to an outlet, if there is one.
    pub bypasses: Vec<Option<CourseAnswer>>,
    /// Whether dead ends were taken for outlets, since none is recorded below.
    pub by_dead_ends: bool,
    /// Pipes by number that back up, and that go another way.
    pub pipes: [Vec<u32>; 2],
}

/// The course that a long profile follows.
#[derive(Clone, Debug, PartialEq)]
pub enum ProfileCourse {
    /// The shortest between two places.
    Between {
        /// Where it begins.
        from: SewerPlace,
        /// Where it ends.
        to: SewerPlace,
        /// Whether it must run with the flow.
        with_flow: bool,
    },
    /// The shortest between two places that were clicked: with the flow from one to the other or back, else whichever
    /// way pipes run.
    Joining([SewerPlace; 2]),
    /// The main way down to a plant or outfall, or to where it ends.
    Down(SewerPlace),
    /// The longest path to a node, or to any plant or outfall.
    Longest(Option<SewerPlace>),
}

/// A long profile.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileAnswer {
    /// The course.
    pub course: CourseAnswer,
    /// What lies how high along it.
    pub profile: Profile,
    /// Whether the city is invented.
    pub is_sample: bool,
}

impl SewerDesk {
    /// What lies upstream or downstream of a place.
    ///
    /// # Errors
    /// The place names nothing; the city cannot be read; cancelled.
    pub fn trace(&self, from: &SewerPlace, direction: Direction, task: &mut Task<'_>) -> Result<TraceAnswer, Failure> {
        self.with_beside(task, |live, beside| {
            let from = live.find(from)?;
            let trace::Trace { pipes, nodes } = trace::trace(&live.sewers, &[from.start], direction.way());
            let sums = Sums::of(&live.sewers, &pipes, &nodes, beside);
            Ok(TraceAnswer { from, direction, members: live.members(&pipes, &nodes), sums, pipes, nodes })
        })
    }

    /// The shortest way from one place to another. A pipe at either end is part of it.
    ///
    /// # Errors
    /// A place names nothing; with any way allowed, one of them is a pipe; the city cannot be read; cancelled.
    pub fn path(
        &self,
        from: &SewerPlace,
        to: &SewerPlace,
        with_flow: bool,
        task: &mut Task<'_>,
    ) -> Result<PathAnswer, Failure> {
        self.with_beside(task, |live, beside| {
            let (from, to, course) = between(live, from, to, with_flow)?;
            let course = course.map(|course| answer(live, course, &[], beside));
            Ok(PathAnswer { from, to, with_flow, course })
        })
    }

    /// What drains to each plant, pumping station and outfall.
    ///
    /// # Errors
    /// The city cannot be read; cancelled.
    pub fn basins(&self, ends_at: EndsAt, task: &mut Task<'_>) -> Result<BasinsAnswer, Failure> {
        self.with_beside(task, |live, beside| {
            let sewers = &live.sewers;
            let found = basins::basins(sewers, ends_at, beside);
            let (mut network, mut left_out) = (Amount::default(), Amount::default());
            for (pipe, _) in sewers.pipes() {
                let amount = if sewers.flow(pipe).is_some() { &mut network } else { &mut left_out };
                amount.add(sewers.length_m(pipe));
            }
            let basin = |basin: basins::Basin| {
                let joint = basin.terminal.and_then(|node| sewers.node(node));
                let row = joint.and_then(|joint| joint.row.as_ref());
                BasinAnswer {
                    terminal: basin.terminal.map(|node| live.node_name(node)),
                    name: row.map(|row| row.name.clone()).unwrap_or_default(),
                    node_type: row.map(|row| row.node_type).unwrap_or_default(),
                    at: joint.and_then(|joint| joint.at),
                    passes_to: basin.passes_to.map(|node| live.node_name(node)),
                    shared_m: basin.shared_m,
                    members: live.members(&basin.pipes, &basin.nodes),
                    sums: basin.sums,
                    pipes: basin.pipes,
                }
            };
            Ok(BasinsAnswer { ends_at, basins: found.into_iter().map(basin).collect(), network, left_out })
        })
    }

    /// What backs up if pipes are closed, and which way the water could go instead.
    ///
    /// # Errors
    /// A place names nothing, or a node; the city cannot be read; cancelled.
    pub fn close(&self, closed: &[SewerPlace], task: &mut Task<'_>) -> Result<CloseAnswer, Failure> {
        self.with_beside(task, |live, beside| {
            let found: Vec<_> = closed.iter().map(|place| live.find_pipe(place)).collect::<Result<_, _>>()?;
            let (numbers, closed): (Vec<u32>, Vec<FoundPlace>) = found.into_iter().unzip();
            let found = ways::close(&live.sewers, &numbers);
            let sums = Sums::of(&live.sewers, &found.pipes, &found.nodes, beside);
            let mut relieved = Amount::default();
            found.relieved.iter().for_each(|&pipe| relieved.add(live.sewers.length_m(pipe)));
            let bypass = |(_, course): (u32, Option<Course>)| course.map(|course| answer(live, course, &[], beside));
            Ok(CloseAnswer {
                closed,
                backs_up: live.members(&found.pipes, &found.nodes),
                sums,
                relieved,
                bypasses: found.bypasses.into_iter().map(bypass).collect(),
                by_dead_ends: found.by_dead_ends,
                pipes: [found.pipes, found.relieved],
            })
        })
    }

    /// The longest path to a node, or to any plant or outfall.
    ///
    /// # Errors
    /// The place names no node; there is no plant or outfall; the city cannot be read; cancelled.
    pub fn longest(&self, to: Option<&SewerPlace>, task: &mut Task<'_>) -> Result<CourseAnswer, Failure> {
        self.with_beside(task, |live, beside| {
            let (course, left_out) = longest(live, to)?;
            Ok(answer(live, course, &left_out, beside))
        })
    }

    /// The long profile along a course.
    ///
    /// # Errors
    /// A place names nothing; there is no such course; the city cannot be read; cancelled.
    pub fn profile(&self, along: &ProfileCourse, task: &mut Task<'_>) -> Result<ProfileAnswer, Failure> {
        let is_sample = self.is_sample()?;
        self.with_beside(task, |live, beside| {
            let (course, left_out) = match along {
                ProfileCourse::Between { from, to, with_flow } => {
                    let (from, to, course) = between(live, from, to, *with_flow)?;
                    (course.ok_or_else(|| no_way(&from, &to, *with_flow))?, Vec::new())
                }
                ProfileCourse::Joining(ends) => (joining(live, ends)?, Vec::new()),
                ProfileCourse::Down(from) => (down(live, from)?, Vec::new()),
                ProfileCourse::Longest(to) => longest(live, to.as_ref())?,
            };
            if course.pipes.is_empty() {
                let text = Text::new("这里没有可画纵断面的管段", "There is no pipe here to draw a profile of");
                return Err(usage(text));
            }
            let profile = Profile::along(&live.sewers, &course);
            Ok(ProfileAnswer { course: answer(live, course, &left_out, beside), profile, is_sample })
        })
    }
}

fn answer(live: &LiveNetwork, course: Course, left_out: &[u32], beside: &Beside) -> CourseAnswer {
    let pipes: Vec<u32> = course.pipes.iter().map(|(pipe, _)| *pipe).collect();
    CourseAnswer {
        members: live.members(&pipes, &course.nodes),
        sums: Sums::of(&live.sewers, &pipes, &course.nodes, beside),
        left_out: left_out.iter().map(|&pipe| live.pipe_name(pipe)).collect(),
        course,
    }
}

/// Why a path does not exist, and what may help.
pub fn no_way(from: &FoundPlace, to: &FoundPlace, with_flow: bool) -> Failure {
    let (from, to) = (&from.name, &to.name);
    usage(if with_flow {
        text!(
            "从“{from}”顺水流到不了“{to}”；不论流向请用 --any-way",
            "No way leads with the flow from “{from}” to “{to}”; --any-way goes whichever way pipes run"
        )
    } else {
        text!("“{from}”与“{to}”不相连", "“{from}” and “{to}” do not hang together")
    })
}

fn between(
    live: &LiveNetwork,
    from: &SewerPlace,
    to: &SewerPlace,
    with_flow: bool,
) -> Result<(FoundPlace, FoundPlace, Option<Course>), Failure> {
    let sewers = &live.sewers;
    if !with_flow {
        let ((start, from), (end, to)) = (live.find_node(from)?, live.find_node(to)?);
        let course = ways::shortest(sewers, start, end, false);
        return Ok((from, to, course));
    }
    let (from, to) = (live.find(from)?, live.find(to)?);
    // A pipe is passed whole: it comes before what leads on from its lower end, or behind what leads to its upper one.
    let (first, start) = match from.start {
        Start::Node(node) => (None, Some(node)),
        Start::Pipe(pipe) => (Some(pipe), sewers.end_of(pipe, Way::Down)),
    };
    let (last, end) = match to.start {
        Start::Node(node) => (None, Some(node)),
        Start::Pipe(pipe) => (Some(pipe), sewers.end_of(pipe, Way::Up)),
    };
    let course = if let Some(pipe) = first.filter(|pipe| last == Some(*pipe)) {
        sewers.end_of(pipe, Way::Up).map(|start| Course::from_node(sewers, start, [pipe]))
    } else {
        let middle = start.zip(end).and_then(|(start, end)| ways::shortest(sewers, start, end, true));
        middle.and_then(|middle| {
            let start = first.map_or(start, |pipe| sewers.end_of(pipe, Way::Up))?;
            let pipes = first.into_iter().chain(middle.pipes.into_iter().map(|(pipe, _)| pipe)).chain(last);
            Some(Course::from_node(sewers, start, pipes))
        })
    };
    Ok((from, to, course))
}

fn joining(live: &LiveNetwork, [one, other]: &[SewerPlace; 2]) -> Result<Course, Failure> {
    for (from, to) in [(one, other), (other, one)] {
        if let (_, _, Some(course)) = between(live, from, to, true)? {
            return Ok(course);
        }
    }
    let node = |place: &SewerPlace| {
        let found = live.find(place)?;
        let node = match found.start {
            Start::Node(node) => Some(node),
            Start::Pipe(pipe) => live.sewers.end_of(pipe, Way::Down),
        };
        Ok::<_, Failure>((node.unwrap_or_default(), found))
    };
    let ((start, from), (end, to)) = (node(one)?, node(other)?);
    ways::shortest(&live.sewers, start, end, false).ok_or_else(|| no_way(&from, &to, false))
}

/// The main way down from a place: to a plant or outfall; where there is none, to the farthest dead end.
fn down(live: &LiveNetwork, from: &SewerPlace) -> Result<Course, Failure> {
    let sewers = &live.sewers;
    let found = live.find(from)?;
    let (first, node) = match found.start {
        Start::Node(node) => (None, node),
        Start::Pipe(pipe) => (Some(pipe), sewers.end_of(pipe, Way::Down).unwrap_or_default()),
    };
    let start = first.and_then(|pipe| sewers.end_of(pipe, Way::Up)).unwrap_or(node);
    let mut ends = terminals(sewers, EndsAt::Outlets);
    let below = sewers.network().trace(&[node], Way::Down, |_| true).nodes;
    if !below.iter().any(|&node| sewers.is_outlet(node)) {
        ends = below.into_iter().filter(|&node| sewers.network().degree(node, Way::Down) == 0).collect();
    }
    let pipes = MainWay::to(sewers, &ends).down_from(sewers, node).map(|(pipes, _)| pipes).unwrap_or_default();
    Ok(Course::from_node(sewers, start, first.into_iter().chain(pipes)))
}

fn longest(live: &LiveNetwork, to: Option<&SewerPlace>) -> Result<(Course, Vec<u32>), Failure> {
    let ends = match to {
        Some(place) => vec![live.find_node(place)?.0],
        None => terminals(&live.sewers, EndsAt::Outlets),
    };
    if ends.is_empty() {
        let text = Text::new(
            "管网中没有处理厂或排放口，请用 --to 指定节点",
            "The network has no plant and no outfall; name a node with --to",
        );
        return Err(usage(text));
    }
    Ok(ways::longest(&live.sewers, &ends))
}

fn usage(text: Text) -> Failure {
    Failure::new(FailureKind::Usage, text)
}
