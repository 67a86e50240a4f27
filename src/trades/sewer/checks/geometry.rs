//! Rules about where things are drawn: the same place twice, lines on or across each other, ends that miss their node,
//! lengths and angles.

use rustc_hash::FxHashMap;

use crate::analysis::network::Way;
use crate::text;
use crate::text::Text;

use super::super::pipe::{Link, NodeType, System};
use super::super::sewers::JoinedBy;
use super::references::{END_FIELDS, certain_code};
use super::scene::{Laid, Scene, may_meet};
use super::segments::Segment;
use super::{Change, Finding, Found};

/// Two lines that lie on each other for less than this only touch, metres.
const LEAST_OVERLAP_M: f64 = 1.0;
/// As a share of the shorter pipe.
const LEAST_OVERLAP: f64 = 0.2;

/// Pipes that lie on or across each other in plan, at levels where they would touch or that nobody knows.
#[derive(Default)]
pub(super) struct Meetings {
    /// Two pipes, for how many metres they are one line, and where (degrees).
    overlaps: Vec<([u32; 2], f64, [f64; 2])>,
    crossings: Vec<Crossing>,
}

struct Crossing {
    pipes: [u32; 2],
    at: [f64; 2],
    /// Invert of each at the crossing.
    inverts_m: [Option<f64>; 2],
}

/// Finds them. Pipes with the same two nodes are left to the rule about duplicates.
pub(super) fn meetings(scene: &Scene<'_>) -> Meetings {
    let Some(plane) = scene.sewers.plane() else { return Meetings::default() };
    let mut overlaps: FxHashMap<[u32; 2], (f64, [f64; 2])> = FxHashMap::default();
    let mut found = Meetings::default();
    scene.grid().pairs(|first, second| {
        let (first, second) = if first.pipe < second.pipe { (first, second) } else { (second, first) };
        let Some((one, other)) = scene.one(first.pipe).zip(scene.one(second.pipe)) else { return };
        let shared = one.flow.nodes.iter().filter(|node| other.flow.nodes.contains(node)).count();
        if let Some((length_m, at)) = overlap(first, second, scene.settings.same_place_m) {
            let is_twice = shared == 2 && one.pipe.system == other.pipe.system;
            if !is_twice {
                let entry = overlaps.entry([first.pipe, second.pipe]).or_insert((0.0, plane.to_lonlat(at)));
                entry.0 += length_m;
            }
        } else if shared == 0
            && let Some((at, along)) = crossing(first, second)
        {
            let pieces = [(one, first), (other, second)];
            let at_m = [first.along_m + along[0], second.along_m + along[1]];
            let snap_m = scene.sewers.joining().snap_m;
            let ends = [0, 1].map(|side| line_m(scene, pieces[side].0));
            if (0..2).all(|side| at_m[side] > snap_m && at_m[side] < ends[side] - snap_m) {
                let inverts_m = [0, 1].map(|side| invert_at(&pieces[side].0, at_m[side] / ends[side]));
                found.crossings.push(Crossing { pipes: [first.pipe, second.pipe], at: plane.to_lonlat(at), inverts_m });
            }
        }
    });
    found.overlaps = overlaps.into_iter().map(|(pipes, (length_m, at))| (pipes, length_m, at)).collect();
    found.overlaps.sort_by_key(|it| it.0);
    found
}

/// Length of a pipe's line on the plane.
fn line_m(scene: &Scene<'_>, laid: Laid<'_>) -> f64 {
    let Some(plane) = scene.sewers.plane() else { return 0.0 };
    let line: Vec<[f64; 2]> = laid.pipe.line.iter().map(|&at| plane.from_lonlat(at)).collect();
    line.windows(2).map(|pair| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1])).sum()
}

/// Invert at a share of the drawn line.
fn invert_at(laid: &Laid<'_>, share: f64) -> Option<f64> {
    let [up, down] = laid.flow.inverts_m;
    let (first, last) = if laid.flow.is_drawn_against { (down?, up?) } else { (up?, down?) };
    Some(first + (last - first) * share)
}

/// For how many metres two pieces are one line, and where that begins.
fn overlap(first: &Segment, second: &Segment, tol_m: f64) -> Option<(f64, [f64; 2])> {
    let [a, b] = first.ends;
    let length_m = first.length_m();
    let along = [(b[0] - a[0]) / length_m, (b[1] - a[1]) / length_m];
    let local = second.ends.map(|[x, y]| {
        let (dx, dy) = (x - a[0], y - a[1]);
        [dx * along[0] + dy * along[1], dy * along[0] - dx * along[1]]
    });
    let [low, high] = if local[0][0] <= local[1][0] { local } else { [local[1], local[0]] };
    let span = high[0] - low[0];
    if span < 1e-6 {
        return None;
    }
    let (mut from, mut to) = (low[0].max(0.0), high[0].min(length_m));
    let gain = (high[1] - low[1]) / span;
    if gain.abs() < 1e-9 {
        if low[1].abs() > tol_m {
            return None;
        }
    } else {
        let limits = [-tol_m, tol_m].map(|limit| low[0] + (limit - low[1]) / gain);
        from = from.max(limits[0].min(limits[1]));
        to = to.min(limits[0].max(limits[1]));
    }
    (to - from > 0.1).then(|| (to - from, [a[0] + along[0] * from, a[1] + along[1] * from]))
}

/// Where two pieces cross, and how far along each.
fn crossing(first: &Segment, second: &Segment) -> Option<([f64; 2], [f64; 2])> {
    let ([a, b], [c, d]) = (first.ends, second.ends);
    let (r, s) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let denominator = r[0] * s[1] - r[1] * s[0];
    if denominator.abs() < 1e-12 {
        return None;
    }
    let from = [c[0] - a[0], c[1] - a[1]];
    let t = (from[0] * s[1] - from[1] * s[0]) / denominator;
    let u = (from[0] * r[1] - from[1] * r[0]) / denominator;
    let is_inside = (0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u);
    is_inside.then(|| ([a[0] + r[0] * t, a[1] + r[1] * t], [first.length_m() * t, second.length_m() * u]))
}

/// SW04.
pub(super) fn same_place(scene: &Scene<'_>, found: &mut Found) {
    for (node, row) in scene.rows() {
        let Some(at) = row.at else { continue };
        let near = scene.sewers.nodes_near(at, scene.settings.same_place_m);
        let others = near.into_iter().filter_map(|(other, away_m)| Some((other, away_m, scene.row(other)?)));
        // Of two the later row is told; the same number twice is told by another rule.
        let first = others
            .filter(|(other, _, it)| *other != node && it.row < row.row)
            .find(|(_, _, it)| it.code.is_empty() || it.code != row.code);
        if let Some((other, away_m, it)) = first {
            let name = scene.node_name(other);
            let what =
                text!("与井 {name} 重合，相距 {away_m:.3} m", "It coincides with node {name}, {away_m:.3} m away");
            found.add(Finding::new(row.row, row.at, what).with(it.row));
        }
    }
}

/// SW05.
pub(super) fn overlapping(scene: &Scene<'_>, found: &mut Found) {
    for &(pipes, length_m, at) in &scene.meetings().overlaps {
        let [Some(one), Some(other)] = pipes.map(|pipe| scene.one(pipe)) else { continue };
        let shorter_m = pipes.map(|pipe| scene.sewers.length_m(pipe)).into_iter().fold(f64::INFINITY, f64::min);
        // A gully's pipe may lie over the sewer that it leads to.
        if [&one, &other].iter().any(|laid| scene.node_type(laid.flow.nodes[0]) == NodeType::Inlet) {
            continue;
        }
        let inverts_m = [&one, &other].map(|laid| invert_at(laid, 0.5));
        if length_m < LEAST_OVERLAP_M.max(shorter_m * LEAST_OVERLAP) || clear_m([&one, &other], inverts_m) > Some(0.0) {
            continue;
        }
        let (first, later) = if one.pipe.row < other.pipe.row { (one, other) } else { (other, one) };
        let name = first.name();
        let what = text!("与管段 {name} 重叠 {length_m:.1} m", "It lies on pipe {name} for {length_m:.1} m");
        found.add(Finding::new(later.pipe.row, Some(at), what).with(first.pipe.row));
    }
}

/// SW33.
pub(super) fn crossings(scene: &Scene<'_>, found: &mut Found) {
    for crossing in &scene.meetings().crossings {
        let [Some(one), Some(other)] = crossing.pipes.map(|pipe| scene.one(pipe)) else { continue };
        let clear_m = clear_m([&one, &other], crossing.inverts_m);
        let systems = [one.pipe.system, other.pipe.system];
        let is_same = systems[0] == systems[1] && systems[0] != System::Unknown;
        // Sewers of two systems cross everywhere and have no manhole in common.
        let may_meet = is_same || systems.contains(&System::Unknown);
        let would_touch = clear_m.map_or(is_same, |clear_m| clear_m < 0.0);
        if !may_meet || !would_touch {
            continue;
        }
        let (first, later) = if one.pipe.row < other.pipe.row { (one, other) } else { (other, one) };
        let name = first.name();
        let what = match clear_m {
            Some(clear_m) => {
                let deep_m = -clear_m;
                text!(
                    "与管段 {name} 相交处没有井，按标高两管重合 {deep_m:.2} m",
                    "It crosses pipe {name} without a node; by their levels they would cut {deep_m:.2} m into each other"
                )
            }
            None => text!(
                "与同类管段 {name} 相交处没有井，标高不明",
                "It crosses pipe {name} of the same system without a node; levels are not known"
            ),
        };
        found.add(Finding::new(later.pipe.row, Some(crossing.at), what).with(first.pipe.row));
    }
}

/// Metres between the lower pipe's crown and the upper one's invert; negative where they would cut into each other.
fn clear_m(pipes: [&Laid<'_>; 2], inverts_m: [Option<f64>; 2]) -> Option<f64> {
    let [one, other] = [0, 1].map(|side| Some((inverts_m[side]?, pipes[side].pipe.diameter_mm? / 1000.0)));
    let ((lower, height_m), (upper, _)) = if one?.0 <= other?.0 { (one?, other?) } else { (other?, one?) };
    Some(upper - lower - height_m)
}

/// SW08.
pub(super) fn dangling(scene: &Scene<'_>, found: &mut Found) {
    for laid in scene.laid().filter(|laid| !laid.pipe.line.is_empty()) {
        let ends = [0, 1].map(|end| dangling_end(scene, &laid, end));
        if let Some(end) = (0..2).find(|&end| ends[end].is_some()) {
            let at = laid.drawn_end(end);
            let mut ends = ends.into_iter().flatten();
            let Some((mut what, change)) = ends.next() else { continue };
            let mut changes: Vec<Change> = change.into_iter().collect();
            for (Text { zh, en }, change) in ends {
                let (first_zh, first_en) = (what.zh, what.en);
                what = text!("{first_zh}；{zh}", "{first_en}; {en}");
                changes.extend(change);
            }
            let label = Text::new("改为端点所在的井号", "Name the node at the drawn end");
            found.add(Finding::new(laid.pipe.row, at, what).fixed_by(label, changes));
        }
    }
    passed_over(scene, found);
}

fn dangling_end(scene: &Scene<'_>, laid: &Laid<'_>, end: usize) -> Option<(Text, Option<Change>)> {
    let plane = scene.sewers.plane()?;
    let (node, joined_by) = (laid.flow.nodes[laid.side(end)], laid.flow.joined_by[laid.side(end)]);
    let (zh, en) = [("起点", "start"), ("终点", "end")][end];
    let place = laid.drawn_end(end)?;
    let here = plane.from_lonlat(place);
    match joined_by {
        JoinedBy::Record => {
            let there = plane.from_lonlat(scene.at(node)?);
            let away_m = (here[0] - there[0]).hypot(here[1] - there[1]);
            if away_m <= scene.settings.same_place_m {
                return None;
            }
            let name = scene.node_name(node);
            let code = certain_code(scene, laid, end).filter(|_| away_m > scene.sewers.joining().snap_m);
            let what = match &code {
                None => text!("{zh}距井 {name} {away_m:.2} m", "The {en} lies {away_m:.2} m from its node {name}"),
                Some(code) => text!(
                    "{zh}距记录的井 {name} {away_m:.2} m，该处是井 {code}",
                    "The {en} lies {away_m:.2} m from the recorded node {name}; node {code} lies there"
                ),
            };
            Some((what, code.map(|code| Change::Text(laid.pipe.row, END_FIELDS[end], code))))
        }
        JoinedBy::Nothing if scene.sewers.network().edges_around(node).count() == 1 => {
            let reach_m = scene.settings.reach_m;
            let fits = |other: u32| {
                let own = scene.row(other).map(|row| row.system);
                let touching = || scene.sewers.network().edges_around(other).filter_map(|pipe| scene.one(pipe));
                own.map_or_else(
                    || touching().any(|it| may_meet(it.pipe.system, laid.pipe.system)),
                    |system| may_meet(system, laid.pipe.system),
                )
            };
            let near = scene.sewers.nodes_near(place, reach_m);
            let near = near.into_iter().find(|(other, _)| *other != node && fits(*other));
            if let Some((other, away_m)) = near {
                let name = scene.node_name(other);
                if away_m < 0.005 {
                    let what = text!(
                        "{zh}悬空：就在井 {name} 的位置，却没有与它相连",
                        "The {en} is loose: it lies on node {name} without being joined to it"
                    );
                    return Some((what, None));
                }
                return Some((
                    text!(
                        "{zh}悬空，井 {name} 在 {away_m:.2} m 处",
                        "The {en} is loose, {away_m:.2} m short of node {name}"
                    ),
                    None,
                ));
            }
            let mut best: Option<(u32, f64)> = None;
            scene.grid().near(here, reach_m, |segment| {
                let (away_m, _) = segment.spot(here);
                let is_fit =
                    scene.sewers.pipe(segment.pipe).is_some_and(|pipe| may_meet(pipe.system, laid.pipe.system));
                if segment.pipe != laid.number && is_fit && away_m <= best.map_or(reach_m, |best| best.1) {
                    best = Some((segment.pipe, away_m));
                }
            });
            let (pipe, away_m) = best?;
            let name = super::scene::name_of(scene.sewers.pipe(pipe)?);
            let what = if away_m < 0.005 {
                text!(
                    "{zh}悬空：就在管段 {name} 上，却没有与它相连",
                    "The {en} is loose: it lies on pipe {name} without being joined to it"
                )
            } else {
                text!("{zh}悬空，距管段 {name} {away_m:.2} m", "The {en} is loose, {away_m:.2} m short of pipe {name}")
            };
            Some((what, None))
        }
        _ => None,
    }
}

/// Nodes that a pipe of their system runs over without being joined to them. Gullies may stand over a sewer.
fn passed_over(scene: &Scene<'_>, found: &mut Found) {
    let Some(plane) = scene.sewers.plane() else { return };
    for (node, row) in scene.rows().filter(|(_, row)| row.node_type != NodeType::Inlet) {
        let Some(at) = row.at.map(|at| plane.from_lonlat(at)) else { continue };
        let mut over: Option<u32> = None;
        scene.grid().near(at, scene.settings.same_place_m, |segment| {
            let (away_m, _) = segment.spot(at);
            let is_other = scene.one(segment.pipe).is_some_and(|laid| {
                !laid.flow.nodes.contains(&node) && laid.pipe.system == row.system && !ends_near(scene, &laid, at)
            });
            if away_m <= scene.settings.same_place_m && is_other {
                over = Some(over.map_or(segment.pipe, |before| before.min(segment.pipe)));
            }
        });
        if let Some(pipe) = over.and_then(|pipe| scene.sewers.pipe(pipe)) {
            let name = super::scene::name_of(pipe);
            let what =
                text!("管段 {name} 从井上经过，却没有与它相连", "Pipe {name} runs over it without being joined to it");
            found.add(Finding::new(row.row, row.at, what).with(pipe.row));
        }
    }
}

/// Whether a pipe begins or ends at a place: then it passes over nothing.
fn ends_near(scene: &Scene<'_>, laid: &Laid<'_>, at: [f64; 2]) -> bool {
    let Some(plane) = scene.sewers.plane() else { return false };
    let ends = [laid.pipe.line.first(), laid.pipe.line.last()].into_iter().flatten();
    let mut ends = ends.map(|&end| plane.from_lonlat(end));
    ends.any(|[x, y]| (x - at[0]).hypot(y - at[1]) <= scene.sewers.joining().snap_m)
}

/// SW09: nodes are put into squares as wide as the distance that makes an outlier; squares that touch are one cluster.
pub(super) fn outliers(scene: &Scene<'_>, found: &mut Found) {
    let Some(plane) = scene.sewers.plane() else { return };
    let placed: Vec<(u32, [f64; 2])> =
        scene.rows().filter_map(|(node, row)| Some((node, plane.from_lonlat(row.at?)))).collect();
    let mut lengths: Vec<f64> =
        scene.laid().map(|laid| scene.sewers.length_m(laid.number)).filter(|it| *it > 0.0).collect();
    if placed.len() < 10 || lengths.is_empty() {
        return;
    }
    let middle = lengths.len() / 2;
    let spacing_m = lengths.select_nth_unstable_by(middle, f64::total_cmp).1.max(1.0);
    let side_m = spacing_m * scene.settings.outlier_spacings.max(1.0);
    let mut squares: FxHashMap<[i32; 2], Vec<u32>> = FxHashMap::default();
    for &(node, [x, y]) in &placed {
        squares.entry([(x / side_m).floor() as i32, (y / side_m).floor() as i32]).or_default().push(node);
    }
    let mut keys: Vec<[i32; 2]> = squares.keys().copied().collect();
    keys.sort_unstable();
    let few = (placed.len() / 200).clamp(1, 5);
    while let Some(start) = keys.pop() {
        let Some(mut nodes) = squares.remove(&start) else { continue };
        let mut open = vec![start];
        while let Some([x, y]) = open.pop() {
            for next in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| [x.saturating_add(dx), y.saturating_add(dy)])) {
                if let Some(more) = squares.remove(&next) {
                    nodes.extend(more);
                    open.push(next);
                }
            }
        }
        for row in nodes.iter().filter(|_| nodes.len() <= few).filter_map(|&node| scene.row(node)) {
            let what = text!(
                "飞点：{side_m:.0} m 之内没有其他管网",
                "An outlier: no other part of the network within {side_m:.0} m"
            );
            found.add(Finding::new(row.row, row.at, what));
        }
    }
}

/// SW18. Pressure mains and pumps may be as long as they like.
pub(super) fn lengths(scene: &Scene<'_>, found: &mut Found) {
    let settings = scene.settings;
    for laid in scene.laid().filter(|laid| laid.pipe.link == Link::Conduit) {
        let plan_m = scene.sewers.length_m(laid.number);
        let fall_m = match laid.flow.inverts_m {
            [Some(up), Some(down)] => up - down,
            _ => 0.0,
        };
        let what = if plan_m == 0.0 {
            Text::new("长度为零", "It has no length")
        } else if plan_m < settings.shortest_m {
            text!("过短：平面长 {plan_m:.3} m", "Too short: {plan_m:.3} m in plan")
        } else if plan_m.hypot(fall_m) > settings.longest_m && laid.pipe.is_gravity() {
            let (length_m, most_m) = (plan_m.hypot(fall_m), settings.longest_m);
            text!("过长：{length_m:.1} m，超过 {most_m:.0} m", "Too long: {length_m:.1} m, more than {most_m:.0} m")
        } else {
            continue;
        };
        found.add(Finding::new(laid.pipe.row, laid.middle(), what));
    }
}

/// SW25.
pub(super) fn stated_lengths(scene: &Scene<'_>, found: &mut Found) {
    for laid in scene.laid().filter(|laid| laid.pipe.line.len() > 1) {
        // Nothing and a mark for "missing" are another finding.
        let Some(stated_m) = laid.pipe.stated_length_m.filter(|stated| *stated > 0.0) else { continue };
        let drawn_m = scene.sewers.length_m(laid.number);
        let tol_m = scene.settings.length_m.max(drawn_m * scene.settings.length_share);
        if (stated_m - drawn_m).abs() <= tol_m || drawn_m == 0.0 {
            continue;
        }
        let what = text!(
            "记录长度 {stated_m:.2} m，图上长度 {drawn_m:.2} m",
            "Recorded as {stated_m:.2} m, drawn as {drawn_m:.2} m"
        );
        // Not mended: of a model the record is true and the drawing a scheme, of a survey it may be the other way.
        found.add(Finding::new(laid.pipe.row, laid.middle(), what));
    }
}

/// SW30. Pipes up to DN300 with a drop of more than 0.3 m are excused (GB 50014), and so are gullies and pressure mains.
pub(super) fn sharp_angles(scene: &Scene<'_>, found: &mut Found) {
    let limit = (scene.settings.sharpest_deg - scene.settings.right_angle_deg).max(0.0).to_radians().cos();
    for (node, _) in scene.sewers.nodes() {
        for arriving in scene.pipes_at(node, Way::Up).filter(|laid| laid.pipe.is_gravity()) {
            if scene.node_type(arriving.flow.nodes[0]) == NodeType::Inlet {
                continue;
            }
            let angles = scene.pipes_at(node, Way::Down).filter_map(|leaving| {
                let (back, ahead) = (direction(scene, &arriving, true)?, direction(scene, &leaving, false)?);
                let drop_m = arriving.flow.inverts_m[1].zip(leaving.flow.inverts_m[0]).map(|(down, up)| down - up);
                let is_small = arriving.pipe.diameter_mm.is_some_and(|size| size <= 300.0);
                let is_excused = !leaving.pipe.is_gravity() || (is_small && drop_m.is_some_and(|drop| drop > 0.3));
                Some((back[0] * ahead[0] + back[1] * ahead[1], leaving.name(), is_excused))
            });
            // Where the water has several ways, the straightest counts.
            let Some((cos, name, is_excused)) = angles.min_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
            if cos <= limit || is_excused {
                continue;
            }
            let angle_deg = cos.clamp(-1.0, 1.0).acos().to_degrees();
            let what = text!(
                "与下游管段 {name} 的夹角 {angle_deg:.0}°，水流急转",
                "Its angle with pipe {name} downstream is {angle_deg:.0}°: the water turns sharply"
            );
            found.add(Finding::new(arriving.pipe.row, scene.at(node), what));
        }
    }
}

/// The way from a pipe's lower (or upper) end into the pipe, as a vector of length 1.
fn direction(scene: &Scene<'_>, laid: &Laid<'_>, from_lower: bool) -> Option<[f64; 2]> {
    let plane = scene.sewers.plane()?;
    let line = &laid.pipe.line;
    let is_from_last = from_lower != laid.flow.is_drawn_against;
    let mut positions: Box<dyn Iterator<Item = &[f64; 2]>> =
        if is_from_last { Box::new(line.iter().rev()) } else { Box::new(line.iter()) };
    let first = plane.from_lonlat(*positions.next()?);
    let vectors = positions.map(|&at| plane.from_lonlat(at)).map(|[x, y]| [x - first[0], y - first[1]]);
    let [dx, dy] = vectors.into_iter().find(|[dx, dy]| dx.hypot(*dy) > 0.01)?;
    let length_m = dx.hypot(dy);
    Some([dx / length_m, dy / length_m])
}
