//! Work on paths of screen positions: simplify, clip, move sideways, cut into dashes, find places along them.

/// Left, top, right, bottom.
pub type Rect = [f32; 4];

/// A place on a path and the path's direction there (a unit vector).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// The place.
    pub at: [f32; 2],
    /// Where the path goes there.
    pub direction: [f32; 2],
}

/// Length of a path.
pub fn length(path: &[[f32; 2]]) -> f32 {
    path.windows(2).map(|pair| distance(pair[0], pair[1])).sum()
}

/// Distance of two positions.
pub fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (b[0] - a[0]).hypot(b[1] - a[1])
}

/// The box around a path.
pub fn bounds(path: &[[f32; 2]]) -> Rect {
    path.iter().fold([f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY], |all, at| {
        [all[0].min(at[0]), all[1].min(at[1]), all[2].max(at[0]), all[3].max(at[1])]
    })
}

/// Twice the area of a ring, above zero where it runs clockwise on the screen.
pub fn twice_area(ring: &[[f32; 2]]) -> f32 {
    let Some((&origin, rest)) = ring.split_first() else { return 0.0 };
    let local = |at: [f32; 2]| [at[0] - origin[0], at[1] - origin[1]];
    rest.windows(2).map(|pair| (local(pair[0]), local(pair[1]))).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

/// Whether `inner` lies in `outer`.
pub fn holds(outer: Rect, inner: Rect) -> bool {
    outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3]
}

/// Whether two boxes share a point.
pub fn overlap(a: Rect, b: Rect) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
}

/// The parts of a line inside `clip`, each with its distance from the line's beginning.
pub fn clip_line(line: &[[f32; 2]], clip: Rect, mut f: impl FnMut(&[[f32; 2]], f32)) {
    let mut part: Vec<[f32; 2]> = Vec::new();
    let (mut walked, mut part_start) = (0.0, 0.0);
    for pair in line.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let step = distance(from, to);
        match clip_segment(from, to, clip) {
            Some([enter, leave]) => {
                if part.is_empty() || enter > 0.0 {
                    flush(&mut part, part_start, &mut f);
                    part_start = walked + step * enter;
                    part.push(between(from, to, enter));
                }
                part.push(between(from, to, leave));
                if leave < 1.0 {
                    flush(&mut part, part_start, &mut f);
                }
            }
            None => flush(&mut part, part_start, &mut f),
        }
        walked += step;
    }
    flush(&mut part, part_start, &mut f);
}

fn flush(part: &mut Vec<[f32; 2]>, start: f32, f: &mut impl FnMut(&[[f32; 2]], f32)) {
    if part.len() > 1 {
        f(part, start);
    }
    part.clear();
}

/// The shares of a segment between which it is inside `clip` (Liang–Barsky).
fn clip_segment(from: [f32; 2], to: [f32; 2], clip: Rect) -> Option<[f32; 2]> {
    let (mut enter, mut leave) = (0.0_f32, 1.0_f32);
    for axis in 0..2 {
        let along = to[axis] - from[axis];
        if along == 0.0 {
            if from[axis] < clip[axis] || from[axis] > clip[axis + 2] {
                return None;
            }
            continue;
        }
        let (a, b) = ((clip[axis] - from[axis]) / along, (clip[axis + 2] - from[axis]) / along);
        enter = enter.max(a.min(b));
        leave = leave.min(a.max(b));
    }
    (enter < leave).then_some([enter, leave])
}

fn between(from: [f32; 2], to: [f32; 2], share: f32) -> [f32; 2] {
    if share >= 1.0 {
        return to;
    }
    [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]
}

/// The part of a ring's inside that is in `clip`, as a ring (Sutherland–Hodgman); bridges run along the clip's edge.
pub fn clip_ring(ring: &[[f32; 2]], clip: Rect) -> Vec<[f32; 2]> {
    let mut ring = ring.to_vec();
    for (edge, limit) in clip.into_iter().enumerate() {
        let (axis, sign) = (edge % 2, if edge < 2 { 1.0 } else { -1.0 });
        let depth = |at: [f32; 2]| (at[axis] - limit) * sign;
        let Some(&last) = ring.last() else { break };
        let (mut before, mut kept) = (last, Vec::with_capacity(ring.len() + 4));
        for at in ring {
            let (was, is) = (depth(before), depth(at));
            if (was >= 0.0) != (is >= 0.0) {
                let mut cross = between(before, at, was / (was - is));
                cross[axis] = limit;
                kept.push(cross);
            }
            if is >= 0.0 {
                kept.push(at);
            }
            before = at;
        }
        ring = kept;
    }
    ring
}

/// The path moved to its right (as one walks along it) by `offset`; sharp corners are cut.
pub fn offset_line(line: &[[f32; 2]], offset: f32) -> Vec<[f32; 2]> {
    let mut line = line.to_vec();
    line.dedup();
    if offset == 0.0 || line.len() < 2 {
        return line;
    }
    let normals: Vec<[f32; 2]> = line.windows(2).map(|pair| right_of(pair[0], pair[1])).collect();
    let at_vertex = |index: usize| {
        let before = normals[index.saturating_sub(1)];
        let after = normals[index.min(normals.len() - 1)];
        let sum = [before[0] + after[0], before[1] + after[1]];
        let length_2 = sum[0] * sum[0] + sum[1] * sum[1];
        // The corner lies at 2 / |sum|² times the sum; a limit keeps hairpins from running away.
        let reach = (2.0 / length_2.max(0.25)).min(2.0) * offset;
        [sum[0] * reach, sum[1] * reach]
    };
    line.iter()
        .enumerate()
        .map(|(index, at)| (at, at_vertex(index)))
        .map(|(at, by)| [at[0] + by[0], at[1] + by[1]])
        .collect()
}

/// Unit vector to the right of a step on the screen, where y goes downwards.
fn right_of(from: [f32; 2], to: [f32; 2]) -> [f32; 2] {
    let step = distance(from, to).max(f32::MIN_POSITIVE);
    [-(to[1] - from[1]) / step, (to[0] - from[0]) / step]
}

/// The dashes of a line that begins `phase` behind the pattern's start; `pattern` is on, off, on, off …
pub fn dashes(line: &[[f32; 2]], pattern: &[f32], phase: f32, mut f: impl FnMut(&[[f32; 2]])) {
    let period: f32 = pattern.iter().sum::<f32>() * if pattern.len() % 2 == 1 { 2.0 } else { 1.0 };
    if !(period > 0.05 && period.is_finite()) || pattern.iter().any(|&part| part < 0.0) {
        return f(line);
    }
    let (mut index, mut left) = (0, phase.rem_euclid(period));
    while left >= pattern[index % pattern.len()] {
        left -= pattern[index % pattern.len()];
        index += 1;
    }
    left = pattern[index % pattern.len()] - left;
    let mut dash: Vec<[f32; 2]> = line.first().copied().filter(|_| index % 2 == 0).into_iter().collect();
    for pair in line.windows(2) {
        let step = distance(pair[0], pair[1]);
        let mut walked = 0.0;
        while step - walked > left {
            walked += left;
            let at = between(pair[0], pair[1], walked / step);
            if dash.last() != Some(&at) {
                dash.push(at);
            }
            if index % 2 == 0 {
                f(&dash);
                dash.clear();
            }
            index += 1;
            left = pattern[index % pattern.len()].max(0.01);
        }
        left -= step - walked;
        if index % 2 == 0 {
            dash.push(pair[1]);
        }
    }
    if dash.len() > 1 {
        f(&dash);
    }
}

/// The place `walk` pixels from the beginning of a path; its end if that is shorter.
pub fn station(path: &[[f32; 2]], walk: f32) -> Option<Station> {
    let mut left = walk;
    let mut last = None;
    for pair in path.windows(2) {
        let step = distance(pair[0], pair[1]);
        if step == 0.0 {
            continue;
        }
        let direction = [(pair[1][0] - pair[0][0]) / step, (pair[1][1] - pair[0][1]) / step];
        if left <= step {
            return Some(Station { at: between(pair[0], pair[1], (left / step).max(0.0)), direction });
        }
        left -= step;
        last = Some(Station { at: pair[1], direction });
    }
    last
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the numbers compared are exact
mod tests {
    use super::*;

    #[test]
    fn a_line_is_clipped_into_parts_that_know_where_they_begin() {
        let mut parts = Vec::new();
        let line = [[-10.0, 5.0], [20.0, 5.0], [20.0, 8.0], [5.0, 8.0]];
        clip_line(&line, [0.0, 0.0, 10.0, 10.0], |part, start| parts.push((part.to_vec(), start)));
        let want = [(vec![[0.0, 5.0], [10.0, 5.0]], 10.0), (vec![[10.0, 8.0], [5.0, 8.0]], 43.0)];
        assert_eq!(parts, want);
    }

    #[test]
    fn a_ring_is_clipped_to_a_ring() {
        let square = [[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0]];
        let clipped = clip_ring(&square, [0.0, 0.0, 10.0, 10.0]);
        assert_eq!(bounds(&clipped), [0.0, 0.0, 5.0, 5.0]);
        assert_eq!(clip_ring(&square, [6.0, 6.0, 10.0, 10.0]), Vec::<[f32; 2]>::new());
    }

    #[test]
    fn right_of_a_line_to_the_east_is_below_it() {
        assert_eq!(offset_line(&[[0.0, 0.0], [10.0, 0.0]], 3.0), [[0.0, 3.0], [10.0, 3.0]]);
        let corner = offset_line(&[[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]], 2.0);
        assert!((corner[1][0] - 8.0).abs() < 1e-4 && (corner[1][1] - 2.0).abs() < 1e-4, "{corner:?}");
    }

    #[test]
    fn dashes_follow_the_phase_and_go_around_corners() {
        let check = |phase: f32, want: &[&[[f32; 2]]]| {
            let mut got = Vec::new();
            dashes(&[[0.0, 0.0], [5.0, 0.0], [5.0, 5.0]], &[4.0, 2.0], phase, |dash| got.push(dash.to_vec()));
            assert_eq!(got, want);
        };
        check(0.0, &[&[[0.0, 0.0], [4.0, 0.0]], &[[5.0, 1.0], [5.0, 5.0]]]);
        check(5.0, &[&[[1.0, 0.0], [5.0, 0.0]], &[[5.0, 2.0], [5.0, 5.0]]]);
        check(2.0, &[&[[0.0, 0.0], [2.0, 0.0]], &[[4.0, 0.0], [5.0, 0.0], [5.0, 3.0]]]);
    }

    #[test]
    fn a_pattern_of_nothing_is_a_solid_line() {
        let mut count = 0;
        dashes(&[[0.0, 0.0], [1e6, 0.0]], &[0.0, 0.0], 0.0, |_| count += 1);
        assert_eq!(count, 1);
    }

    #[test]
    fn a_station_knows_its_direction() {
        let path = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]];
        assert_eq!(station(&path, 12.0), Some(Station { at: [10.0, 2.0], direction: [0.0, 1.0] }));
        assert_eq!(station(&path, 99.0).map(|station| station.at), Some([10.0, 10.0]));
        assert_eq!(station(&[[1.0, 1.0]], 0.0), None);
    }
}
