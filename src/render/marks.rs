//! Places and shapes of what is stamped on the map: symbols in a crowd, marks along lines.

use super::path::{Rect, Station};
use super::scene::Scene;
use crate::model::style::LineMark;

/// So many symbols of one kind in one view are a crowd.
const CROWD: usize = 2000;

/// From north to south, so that what stands in front covers what is behind. Where many crowd, only the last of those that
/// would cover each other up to a `share` of their size stays. `origin` is the picture's corner on the endless map, so
/// that neighbouring tiles agree about which that is.
pub(super) fn spread(
    mut places: Vec<([f32; 2], f32)>,
    share: f32,
    clip: Rect,
    origin: [f64; 2],
) -> Vec<([f32; 2], f32)> {
    if places.len() <= CROWD {
        places.sort_by(|a, b| a.0[1].total_cmp(&b.0[1]));
        return places;
    }
    let largest = places.iter().fold(0.0_f32, |most, place| most.max(place.1));
    let cell = (largest * share).max(1.0);
    let columns = ((clip[2] - clip[0]) / cell).ceil() as usize + 2;
    let rows = ((clip[3] - clip[1]) / cell).ceil() as usize + 2;
    let phase = [0, 1].map(|axis| (origin[axis] + f64::from(clip[axis])).rem_euclid(f64::from(cell)) as f32);
    let mut cells: Vec<Option<([f32; 2], f32)>> = vec![None; columns * rows];
    for place in places {
        let (x, y) = ((place.0[0] - clip[0] + phase[0]) / cell, (place.0[1] - clip[1] + phase[1]) / cell);
        let index = (y.max(0.0) as usize).min(rows - 1) * columns + (x.max(0.0) as usize).min(columns - 1);
        cells[index] = Some(place);
    }
    cells.into_iter().flatten().collect()
}

/// The outline of one mark: closed for an arrow, lines for the others.
pub(super) fn mark_shapes(mark: LineMark, station: Station, size: f32, out: &mut Scene) {
    let Station { at, direction: [dx, dy] } = station;
    let place = |along: f32, right: f32| [at[0] + dx * along - dy * right, at[1] + dy * along + dx * right];
    let half = size / 2.0;
    match mark {
        LineMark::Arrow => {
            let shape = [(1.1, 0.0), (-0.9, 0.85), (-0.9, -0.85)];
            out.push_path(shape.map(|(along, right)| place(along * half, right * half)), true);
        }
        LineMark::Cross => {
            out.push_path([place(-half, -half), place(half, half)], false);
            out.push_path([place(-half, half), place(half, -half)], false);
        }
        LineMark::Tick => out.push_path([place(0.0, -half), place(0.0, half)], false),
    }
}
