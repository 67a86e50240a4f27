//! Joins the pieces of a road into lines long enough for its name.

use std::collections::BTreeMap;

use super::path;

/// A corner sharper than this (cosine of the turn) ends a line.
const SHARPEST: f32 = 0.3;

/// Ends this near each other are one place: half a pixel.
const GRAIN: f32 = 2.0;

type Place = (i32, i32);

/// The pieces joined end to end where they meet without a sharp corner, longest line first.
pub(super) fn join(pieces: Vec<Vec<[f32; 2]>>) -> Vec<Vec<[f32; 2]>> {
    let mut ends: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        for end in [piece.first(), piece.last()].into_iter().flatten() {
            ends.entry(place(*end)).or_default().push(index);
        }
    }
    let mut free: Vec<bool> = pieces.iter().map(|piece| piece.len() > 1).collect();
    let mut lines = Vec::new();
    for start in 0..pieces.len() {
        if !std::mem::take(&mut free[start]) {
            continue;
        }
        let mut line = pieces[start].clone();
        for _ in 0..2 {
            while let Some(next) = follower(&line, &pieces, &ends, &free) {
                free[next] = false;
                extend(&mut line, &pieces[next]);
            }
            line.reverse();
        }
        lines.push(line);
    }
    lines.sort_by(|a, b| path::length(b).total_cmp(&path::length(a)));
    lines
}

fn place(at: [f32; 2]) -> Place {
    ((at[0] * GRAIN).round() as i32, (at[1] * GRAIN).round() as i32)
}

/// The free piece that goes on from the line's end most straightly.
fn follower(
    line: &[[f32; 2]],
    pieces: &[Vec<[f32; 2]>],
    ends: &BTreeMap<Place, Vec<usize>>,
    free: &[bool],
) -> Option<usize> {
    let end = *line.last()?;
    let before = heading(line.iter().rev())?;
    let straightness = |&index: &usize| {
        let piece = &pieces[index];
        let forwards = piece.first().is_some_and(|first| place(*first) == place(end));
        let after = if forwards { heading(piece.iter()) } else { heading(piece.iter().rev()) };
        after.map_or(-1.0, |after| -(before[0] * after[0] + before[1] * after[1]))
    };
    let candidates = ends.get(&place(end))?.iter().copied().filter(|&index| free[index]);
    let best = candidates.max_by(|a, b| straightness(a).total_cmp(&straightness(b)).then(b.cmp(a)))?;
    (straightness(&best) > SHARPEST).then_some(best)
}

/// Unit vector from a path's first position into it, seen over some pixels.
fn heading<'a>(path: impl Iterator<Item = &'a [f32; 2]>) -> Option<[f32; 2]> {
    let mut path = path.copied();
    let first = path.next()?;
    let mut ahead = None;
    for at in path {
        ahead = Some(at);
        if path::distance(first, at) > 4.0 {
            break;
        }
    }
    let ahead = ahead?;
    let step = path::distance(first, ahead).max(f32::MIN_POSITIVE);
    Some([(ahead[0] - first[0]) / step, (ahead[1] - first[1]) / step])
}

fn extend(line: &mut Vec<[f32; 2]>, piece: &[[f32; 2]]) {
    let forwards = piece.first().zip(line.last()).is_some_and(|(first, end)| place(*first) == place(*end));
    if forwards {
        line.extend_from_slice(&piece[1..]);
    } else {
        line.extend(piece.iter().rev().skip(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_in_any_order_and_direction_become_one_line() {
        let pieces = vec![
            vec![[20.0, 0.0], [30.0, 0.0]],
            vec![[20.0, 0.0], [10.0, 1.0]],
            vec![[0.0, 0.0], [10.0, 1.0]],
            vec![[20.0, 0.0], [20.0, 40.0]],
        ];
        let lines = join(pieces);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], [[20.0, 40.0], [20.0, 0.0]].iter().rev().copied().collect::<Vec<_>>());
        assert_eq!(lines[1].len(), 4);
    }

    #[test]
    fn a_ring_road_ends() {
        let pieces = vec![vec![[0.0, 0.0], [50.0, 0.0]], vec![[50.0, 0.0], [90.0, 30.0], [0.0, 0.0]]];
        assert_eq!(join(pieces).iter().map(Vec::len).sum::<usize>(), 4);
    }
}
