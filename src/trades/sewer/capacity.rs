//! How full the sewers run in dry weather: what users discharge, summed downstream, beside what each pipe carries full.
//!
//! What comes in at sources arrives at sinks, to the last drop. Where a node has several outlets the water is split by a
//! setting; a weir takes none while there is another way, since in dry weather nothing goes over it. A loop is taken as
//! one vessel: all that flows into it flows out of it, and each of its pipes is told with all of it, which is the most
//! that can run there. Pumps and pressure mains pass on what they get. Water ends at a plant, and wherever no pipe leaves.

use crate::analysis::network::{Network, Way};

use super::manning::{FullFlow, ManningRules, NoCapacity, full_flow};
use super::pipe::Link;
use super::sewers::Sewers;

/// How many times the mean the largest flow of sewage is (综合生活污水量变化系数).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Peaking {
    /// The table of GB 50014-2021, with straight lines between its rows: 2.7 up to 5 L/s, 1.5 from 1,000 L/s.
    #[default]
    Gb2021,
    /// 2.7 / Q^0.11, at most 2.3 and at least 1.3: what GBJ 14-87 and GB 50014-2006 have.
    Formula,
    /// The same everywhere.
    Fixed(f64),
}

/// Mean flow in L/s and factor, GB 50014-2021.
const GB_2021: &[(f64, f64)] =
    &[(5.0, 2.7), (15.0, 2.4), (40.0, 2.1), (70.0, 2.0), (100.0, 1.9), (200.0, 1.8), (500.0, 1.6), (1000.0, 1.5)];

impl Peaking {
    /// The factor for a mean flow in L/s.
    pub fn factor(self, mean_l_per_s: f64) -> f64 {
        match self {
            Self::Fixed(factor) => factor,
            Self::Formula => (2.7 / mean_l_per_s.max(1e-9).powf(0.11)).clamp(1.3, 2.3),
            Self::Gb2021 => {
                let between = |pair: &[(f64, f64)]| {
                    let [(low, first), (high, last)] = [pair[0], pair[1]];
                    let share = (mean_l_per_s - low) / (high - low);
                    (mean_l_per_s <= high).then_some(first + (last - first) * share.max(0.0))
                };
                GB_2021.windows(2).find_map(between).unwrap_or(1.5)
            }
        }
    }
}

/// How water is split where a node has several outlets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// In equal parts.
    #[default]
    Equal,
    /// By what the outlets carry full; one without a capacity counts as the mean of the others.
    ByCapacity,
}

/// What a bureau may want otherwise; printed on reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CapacityRules {
    /// How full flow is worked out.
    pub manning: ManningRules,
    /// How the mean becomes the peak.
    pub peaking: Peaking,
    /// How water is split.
    pub split: Split,
}

/// How full one pipe runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PipeLoad {
    /// The pipe's number.
    pub pipe: u32,
    /// What it carries full, or why nobody can say.
    pub full: Result<FullFlow, NoCapacity>,
    /// Mean flow in dry weather, L/s.
    pub mean_l_per_s: f64,
    /// Largest flow in dry weather, L/s.
    pub peak_l_per_s: f64,
    /// Whether it is part of a loop, so that its flow is the most that can be.
    pub is_in_loop: bool,
}

impl PipeLoad {
    /// Largest flow in dry weather to full flow.
    pub fn ratio(&self) -> Option<f64> {
        self.full.ok().map(|full| self.peak_l_per_s / full.l_per_s)
    }
}

/// Where water leaves the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sink {
    /// The node; of a loop without a way out one of its nodes.
    pub node: u32,
    /// Whether water may end there, see [`Sewers::is_outlet`].
    pub is_outlet: bool,
    /// Whether it is a loop that nothing leaves.
    pub is_loop: bool,
    /// Mean flow, L/s.
    pub mean_l_per_s: f64,
}

/// How full the sewers run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CapacityReport {
    /// Every pipe, by number.
    pub pipes: Vec<PipeLoad>,
    /// Where water ends, the largest first; sinks that get nothing are left out.
    pub sinks: Vec<Sink>,
    /// Loops that water flows through.
    pub loops: usize,
    /// Nodes where water was split.
    pub splits: usize,
    /// What came in, L/s.
    pub in_l_per_s: f64,
}

/// Works out how full the sewers run; `sources` are nodes with what comes in there, L/s.
pub fn capacity(sewers: &Sewers, sources: &[(u32, f64)], rules: &CapacityRules) -> CapacityReport {
    let full: Vec<Result<FullFlow, NoCapacity>> =
        (0..sewers.pipe_numbers()).map(|pipe| full_flow(sewers, pipe, &rules.manning)).collect();
    let mut run = Run {
        sewers,
        network: sewers.network(),
        split: rules.split,
        mean: vec![0.0; full.len()],
        is_in_loop: vec![false; full.len()],
        full: &full,
        arriving: vec![0.0; sewers.network().node_count().max(sewers.node_numbers() as usize)],
        report: CapacityReport::default(),
    };
    for &(node, l_per_s) in sources {
        if let Some(arriving) = run.arriving.get_mut(node as usize).filter(|_| l_per_s > 0.0 && l_per_s.is_finite()) {
            *arriving += l_per_s;
            run.report.in_l_per_s += l_per_s;
        }
    }
    run.flow_down();
    let Run { mean, is_in_loop, mut report, .. } = run;
    let load = |pipe: u32| {
        let mean_l_per_s = mean[pipe as usize];
        PipeLoad {
            pipe,
            full: full[pipe as usize],
            mean_l_per_s,
            peak_l_per_s: if mean_l_per_s > 0.0 { mean_l_per_s * rules.peaking.factor(mean_l_per_s) } else { 0.0 },
            is_in_loop: is_in_loop[pipe as usize],
        }
    };
    report.pipes = sewers.pipes().map(|(pipe, _)| load(pipe)).collect();
    report.sinks.sort_by(|a, b| b.mean_l_per_s.total_cmp(&a.mean_l_per_s).then(a.node.cmp(&b.node)));
    report
}

struct Run<'a> {
    sewers: &'a Sewers,
    network: &'a Network,
    split: Split,
    full: &'a [Result<FullFlow, NoCapacity>],
    /// Of each pipe its mean flow.
    mean: Vec<f64>,
    is_in_loop: Vec<bool>,
    /// Of each node what has come in.
    arriving: Vec<f64>,
    report: CapacityReport,
}

impl Run<'_> {
    fn flow_down(&mut self) {
        let order = self.network.order();
        let (mut outlets, mut inner) = (Vec::new(), Vec::new());
        for nodes in order.nodes.chunk_by(|a, b| order.group[*a as usize] == order.group[*b as usize]) {
            outlets.clear();
            inner.clear();
            for &node in nodes {
                for pipe in self.network.edges_at(node, Way::Down) {
                    let to = self.network.ends(pipe).map_or(node, |ends| ends[1]);
                    let stays = order.group[to as usize] == order.group[node as usize];
                    if stays { inner.push(pipe) } else { outlets.push(pipe) }
                }
            }
            self.pass_on(nodes, &outlets, &inner);
        }
    }

    /// Lets what has come into a node, or into the nodes of a loop, out again.
    fn pass_on(&mut self, nodes: &[u32], outlets: &[u32], inner: &[u32]) {
        for &pipe in inner {
            self.is_in_loop[pipe as usize] = true;
        }
        let arriving: f64 = nodes.iter().map(|&node| self.arriving[node as usize]).sum();
        let Some(&node) = nodes.first().filter(|_| arriving > 0.0) else { return };
        for &pipe in inner {
            self.mean[pipe as usize] = arriving;
        }
        self.report.loops += usize::from(!inner.is_empty());
        let plant = nodes.iter().copied().find(|&node| self.sewers.is_plant(node));
        if outlets.is_empty() || plant.is_some() {
            let node = plant.unwrap_or(node);
            self.report.sinks.push(Sink {
                node,
                is_outlet: nodes.iter().any(|&node| self.sewers.is_outlet(node)),
                is_loop: !inner.is_empty(),
                mean_l_per_s: arriving,
            });
            return;
        }
        self.let_out(arriving, outlets);
    }

    fn let_out(&mut self, arriving: f64, outlets: &[u32]) {
        let is_weir = |pipe: &u32| self.sewers.pipe(*pipe).is_some_and(|row| row.link == Link::Weir);
        let has_other = outlets.iter().any(|pipe| !is_weir(pipe));
        let open: Vec<u32> = outlets.iter().copied().filter(|pipe| !has_other || !is_weir(pipe)).collect();
        self.report.splits += usize::from(open.len() > 1);
        let known: Vec<f64> = open.iter().filter_map(|&pipe| Some(self.full[pipe as usize].ok()?.l_per_s)).collect();
        let middle = if known.is_empty() { 1.0 } else { known.iter().sum::<f64>() / known.len() as f64 };
        let weight = |pipe: u32| match self.split {
            Split::Equal => 1.0,
            Split::ByCapacity => self.full[pipe as usize].map_or(middle, |full| full.l_per_s),
        };
        let weights: f64 = open.iter().map(|&pipe| weight(pipe)).sum();
        for &pipe in &open {
            let part = arriving * weight(pipe) / weights;
            self.mean[pipe as usize] = part;
            if let Some([_, to]) = self.network.ends(pipe) {
                self.arriving[to as usize] += part;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trades::sewer::pipe::{Node, NodeType, Pipe, RowRef};
    use crate::trades::sewer::sewers::Joining;

    /// Pipes between numbered nodes; each falls 1 % over 100 m.
    fn sewers(edges: &[[u32; 2]], change: impl Fn(usize, &mut Pipe), plants: &[u32]) -> Sewers {
        let pipe = |(id, [from, to]): (usize, &[u32; 2])| {
            let mut pipe = Pipe {
                row: RowRef { layer: 0, id: id as i64 },
                from_code: format!("N{from}").into(),
                to_code: format!("N{to}").into(),
                diameter_mm: Some(300.0),
                section: "circle".into(),
                stated_length_m: Some(100.0),
                invert_up_m: Some(21.0),
                invert_down_m: Some(20.0),
                ..Pipe::default()
            };
            change(id, &mut pipe);
            pipe
        };
        let plant = |number: &u32| Node {
            row: RowRef { layer: 1, id: i64::from(*number) },
            code: format!("N{number}").into(),
            node_type: NodeType::Plant,
            ..Node::default()
        };
        let pipes = edges.iter().enumerate().map(pipe).collect();
        Sewers::new(pipes, plants.iter().map(plant).collect(), Joining::default())
    }

    fn named(sewers: &Sewers, number: u32) -> u32 {
        sewers.nodes_with_code(&format!("N{number}"))[0]
    }

    #[track_caller]
    fn check(sewers: &Sewers, sources: &[(u32, f64)], split: Split, means: &[f64]) -> CapacityReport {
        let sources: Vec<(u32, f64)> = sources.iter().map(|&(node, flow)| (named(sewers, node), flow)).collect();
        let report = capacity(sewers, &sources, &CapacityRules { split, ..CapacityRules::default() });
        let found: Vec<f64> = report.pipes.iter().map(|load| load.mean_l_per_s).collect();
        assert!(found.iter().zip(means).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?} for {means:?}");
        report
    }

    #[test]
    fn loads_add_up_downstream() {
        let town = sewers(&[[0, 2], [1, 2], [2, 3]], |_, _| {}, &[3]);
        let report = check(&town, &[(0, 3.0), (1, 4.0), (2, 1.0)], Split::Equal, &[3.0, 4.0, 8.0]);
        assert_eq!(report.sinks.len(), 1);
        assert!(report.sinks[0].is_outlet && (report.sinks[0].mean_l_per_s - 8.0).abs() < 1e-12);
        // 96.70 L/s full; 8 L/s peaks at 2.7 - 0.3 · 3/10 = 2.61 times that.
        let ratio = report.pipes[2].ratio().expect("it has a capacity");
        assert!((ratio - 8.0 * 2.61 / 96.7008).abs() < 1e-4, "{ratio}");
    }

    #[test]
    fn water_is_split_in_equal_parts_or_by_what_the_outlets_carry() {
        let halves = [[0, 1], [1, 2], [1, 3]];
        let town = sewers(&halves, |_, _| {}, &[]);
        assert_eq!(check(&town, &[(0, 6.0)], Split::Equal, &[6.0, 3.0, 3.0]).splits, 1);
        // Twice the diameter carries 2^(8/3) times as much.
        let town = sewers(&halves, |id, pipe| pipe.diameter_mm = Some(if id == 2 { 600.0 } else { 300.0 }), &[]);
        let share = 1.0 / (1.0 + 2_f64.powf(8.0 / 3.0));
        check(&town, &[(0, 6.0)], Split::ByCapacity, &[6.0, 6.0 * share, 6.0 * (1.0 - share)]);
    }

    #[test]
    fn nothing_goes_over_a_weir_in_dry_weather_and_pressure_mains_pass_all_on() {
        let change = |id: usize, pipe: &mut Pipe| {
            pipe.link = if id == 1 { Link::Weir } else { Link::Conduit };
            pipe.is_pressure = id == 2;
        };
        let town = sewers(&[[0, 1], [1, 2], [1, 3]], change, &[3]);
        let report = check(&town, &[(0, 6.0)], Split::Equal, &[6.0, 0.0, 6.0]);
        assert_eq!(report.pipes[2].full, Err(NoCapacity::Pressure));
        assert_eq!(report.splits, 0);
    }

    #[test]
    fn a_loop_lets_out_what_came_in_and_water_ends_at_a_plant() {
        let town = sewers(&[[0, 1], [1, 2], [2, 1], [2, 3], [3, 4]], |_, _| {}, &[3]);
        let report = check(&town, &[(0, 5.0)], Split::Equal, &[5.0, 5.0, 5.0, 5.0, 0.0]);
        let looped: Vec<bool> = report.pipes.iter().map(|load| load.is_in_loop).collect();
        assert_eq!((report.loops, looped), (1, vec![false, true, true, false, false]));
        let town = sewers(&[[0, 1], [1, 0]], |_, _| {}, &[]);
        let report = check(&town, &[(0, 5.0)], Split::Equal, &[5.0, 5.0]);
        assert!(report.sinks[0].is_loop && !report.sinks[0].is_outlet);
    }

    #[test]
    fn peaks_are_those_of_the_standards_tables() {
        let rounded = |peaking: Peaking, mean: f64| (peaking.factor(mean) * 100.0).round() / 100.0;
        for &(mean, factor) in GB_2021 {
            assert!((Peaking::Gb2021.factor(mean) - factor).abs() < 1e-12);
        }
        assert_eq!([0.5, 10.0, 5000.0].map(|mean| rounded(Peaking::Gb2021, mean)), [2.7, 2.55, 1.5]);
        // The rows of GB 50014-2006 to the digit that it prints.
        for (mean, factor) in
            [(5.0, 2.3), (15.0, 2.0), (40.0, 1.8), (70.0, 1.7), (100.0, 1.6), (200.0, 1.5), (500.0, 1.4), (1000.0, 1.3)]
        {
            assert!((Peaking::Formula.factor(mean) - factor).abs() < 0.051, "{mean}");
        }
        assert_eq!([1e-12, 1e9].map(|mean| rounded(Peaking::Formula, mean)), [2.3, 1.3]);
    }

    /// The slow way: every litre walks down by itself, by halves where the way parts.
    fn walk(edges: &[[u32; 2]], node: u32, litres: f64, mean: &mut [f64]) {
        let outlets: Vec<usize> = (0..edges.len()).filter(|&edge| edges[edge][0] == node).collect();
        for &edge in &outlets {
            let part = litres / outlets.len() as f64;
            mean[edge] += part;
            walk(edges, edges[edge][1], part, mean);
        }
    }

    proptest! {
        #[test]
        fn every_litre_that_comes_in_arrives_at_a_sink(
            edges in prop::collection::vec([0_u32..10, 0_u32..10], 1..25),
            flows in prop::collection::vec(0.0_f64..50.0, 10),
            plant in 0_u32..10,
            by_capacity in any::<bool>(),
        ) {
            let town = sewers(&edges, |id, pipe| pipe.diameter_mm = Some(200.0 + id as f64 * 50.0), &[plant]);
            let split = if by_capacity { Split::ByCapacity } else { Split::Equal };
            let sources: Vec<(u32, f64)> =
                edges.iter().zip(&flows).map(|(edge, &flow)| (named(&town, edge[0]), flow)).collect();
            let report = capacity(&town, &sources, &CapacityRules { split, ..CapacityRules::default() });
            let came: f64 = sources.iter().map(|source| source.1).sum();
            let went: f64 = report.sinks.iter().map(|sink| sink.mean_l_per_s).sum();
            prop_assert!((came - went).abs() < 1e-9 * came.max(1.0), "{} for {}", went, came);
            prop_assert!((came - report.in_l_per_s).abs() < 1e-9);
        }

        #[test]
        fn without_loops_each_pipe_has_what_walks_down_through_it(
            ends in prop::collection::vec([0_u32..9, 0_u32..9], 1..16),
            flows in prop::collection::vec(0.0_f64..50.0, 9),
        ) {
            let edges: Vec<[u32; 2]> =
                ends.iter().filter(|[a, b]| a != b).map(|&[a, b]| [a.min(b), a.max(b)]).collect();
            let town = sewers(&edges, |_, _| {}, &[]);
            let mut mean = vec![0.0; edges.len()];
            let mut sources = Vec::new();
            for (node, &flow) in (0_u32..).zip(&flows).filter(|(node, _)| edges.iter().flatten().any(|it| it == node)) {
                walk(&edges, node, flow, &mut mean);
                sources.push((named(&town, node), flow));
            }
            let report = capacity(&town, &sources, &CapacityRules::default());
            for (load, mean) in report.pipes.iter().zip(mean) {
                prop_assert!((load.mean_l_per_s - mean).abs() < 1e-9);
                prop_assert!(!load.is_in_loop);
            }
        }
    }
}
